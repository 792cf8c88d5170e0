// Made-up credentials of the right form, put together here so that none stands in a file. Each is its own at every call site
// that asks by another seed.
import { generateKeyPairSync } from 'node:crypto'
import { crc32 } from '../src/secrets/checks.ts'

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** Random-looking text that is the same for the same seed. */
export function random(length: number, alphabet = BASE62, seed = 1): string {
  let state = (seed * 2_654_435_761) >>> 0 || 1
  return Array.from({ length }, () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    return alphabet[state % alphabet.length]
  }).join('')
}

function base62Checksum(text: string): string {
  let n = crc32(text)
  let digits = ''
  do {
    digits = (BASE62[n % 62] ?? '') + digits
    n = Math.floor(n / 62)
  } while (n > 0)
  return digits.padStart(6, '0')
}

const HEX = '0123456789abcdef'
const BASE64 = `${BASE62}+/`
const URL64 = `${BASE62}-_`
const UPPER32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

const withChecksum = (prefix: string, seed: number): string => {
  const body = random(30, BASE62, seed)
  return prefix + body + base62Checksum(body)
}

const key = (type: 'pkcs8' | 'sec1'): string =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'pem', type }).toString()
const once = new Map<string, string>()
const cached = (name: string, make: () => string): string => {
  const known = once.get(name) ?? make()
  once.set(name, known)
  return known
}
const jwtPart = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** Credentials by name, as cases write them: `{{github-token}}`. */
export const VALUES: Readonly<Record<string, () => string>> = {
  'aws-id': () => `AK${'IA'}${random(16, UPPER32, 7)}`,
  'aws-secret': () => random(40, BASE64, 8),
  'databricks-token': () => `da${'pi'}${random(32, HEX, 9)}`,
  'digitalocean-token': () => `dop_${'v1_'}${random(64, HEX, 10)}`,
  'dockerhub-token': () => `dckr_${'pat_'}${random(27, URL64, 11)}`,
  'ec-key': () => cached('ec', () => key('sec1')).trim(),
  'github-token': () => withChecksum(`gh${'p_'}`, 2),
  'github-token-2': () => withChecksum(`gh${'p_'}`, 3),
  'gitlab-token': () => `glp${'at-'}${random(20, URL64, 12)}`,
  jwt: () =>
    `${jwtPart({ alg: 'HS256', typ: 'JWT' })}.${jwtPart({ sub: '8231', iat: 1_761_000_000, exp: 4_076_576_000 })}.${random(43, URL64, 13)}`,
  'npm-token': () => withChecksum(`np${'m_'}`, 4),
  password: () => `${random(6, BASE62, 14)}-${random(8, BASE62, 15)}7`,
  'password-2': () => `${random(6, BASE62, 42)}-${random(8, BASE62, 43)}7`,
  'password-3': () => `${random(6, BASE62, 46)}-${random(8, BASE62, 47)}7`,
  'pkcs8-key': () => cached('pkcs8', () => key('pkcs8')).trim(),
  'slack-token': () =>
    `xo${'xb-'}${random(12, '123456789', 16)}-${random(13, '123456789', 17)}-${random(24, BASE62, 18)}`,
  'stripe-key': () => `sk_${'live_'}${random(24, BASE62, 19)}`,
}

/** Fills in `{{name}}`, and `{{base64:name}}` in base64. */
export const fill = (text: string): string =>
  text.replace(/\{\{(base64:)?([\w-]+)\}\}/g, (_whole, base64: string | undefined, name: string) => {
    if (name === 'filler') return 'x'.repeat(300_000)
    const make = VALUES[name]
    if (make === undefined) throw new Error(`no value ${name}`)
    return base64 === undefined ? make() : Buffer.from(make()).toString('base64')
  })
