// Keystores: whether they hold a private key, and whether one of the passwords that everybody knows opens them.
import { createHash } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import type { Checked } from './detector.ts'

/** Passwords of tutorials and tools: Java's, Google Cloud's, Android's, none. */
const USUAL_PASSWORDS = [
  'changeit',
  '',
  'changeme',
  'password',
  'secret',
  '123456',
  'notasecret',
  'android',
  'test',
  'keystore',
]

const identityOf = (bytes: Buffer): string => `keystore:${createHash('sha256').update(bytes).digest('hex')}`

/** What is said of a keystore with a key: critical where a usual password opens it, else it is encrypted. */
const judged = (bytes: Buffer, opens: string | null): Checked => ({
  value: bytes.toString('latin1'),
  identity: identityOf(bytes),
  ...(opens === null
    ? { strength: 'harmless', note: 'encrypted with a password of its own' }
    : { strength: 'proven', note: opens === '' ? 'it has no password' : 'a password that everybody tries opens it' }),
})

/** Java's own check: SHA-1 of the password in UTF-16, a fixed text and all before the last 20 bytes. */
function opensJks(bytes: Buffer, password: string): boolean {
  const utf16 = Buffer.from(password, 'utf16le').swap16()
  const digest = createHash('sha1').update(utf16).update('Mighty Aphrodite').update(bytes.subarray(0, -20)).digest()
  return digest.equals(bytes.subarray(-20))
}

/**
 * A JKS or JCEKS file. One that holds certificates alone, as every JDK has one, is no secret.
 * @param text the whole file, as latin1
 */
export function checkJavaKeystore(text: string): Checked | null {
  const bytes = Buffer.from(text, 'latin1')
  if (bytes.length < 32) return null
  const count = bytes.readUInt32BE(8)
  // The tag of the first entry: 1 is a private key, 2 a certificate, 3 a secret key.
  if (count === 0 || count > 10_000) return null
  let at = 12
  for (let entry = 0; entry < count && at + 6 < bytes.length; entry++) {
    const tag = bytes.readUInt32BE(at)
    if (tag === 1 || tag === 3)
      return judged(bytes, USUAL_PASSWORDS.find((password) => opensJks(bytes, password)) ?? null)
    if (tag !== 2) return null
    const alias = bytes.readUInt16BE(at + 4)
    const type = at + 6 + alias + 8
    if (type + 2 > bytes.length) return null
    const length = type + 2 + bytes.readUInt16BE(type)
    if (length + 4 > bytes.length) return null
    at = length + 4 + bytes.readUInt32BE(length)
  }
  return null
}

/** pkcs8ShroudedKeyBag and keyBag, RFC 7292. */
const KEY_BAGS = [Buffer.from('060b2a864886f70d010c0a0102', 'hex'), Buffer.from('060b2a864886f70d010c0a0101', 'hex')]

function opensPkcs12(bytes: Buffer, passphrase: string): boolean {
  try {
    createSecureContext({ pfx: bytes, passphrase })
    return true
  } catch {
    return false
  }
}

/**
 * A PKCS #12 file, from its SEQUENCE on; what lies behind its end is left out.
 * @param text as latin1
 */
export function checkPkcs12(text: string): Checked | null {
  const all = Buffer.from(text, 'latin1')
  const length = all[1] === 0x82 ? all.readUInt16BE(2) + 4 : all.length
  const bytes = all.subarray(0, length)
  // Bags of certificates are encrypted as a whole; keys are so one by one, and their kind can be read.
  if (!KEY_BAGS.some((bag) => bytes.includes(bag))) return null
  return judged(
    bytes,
    length > all.length ? null : (USUAL_PASSWORDS.find((password) => opensPkcs12(bytes, password)) ?? null),
  )
}
