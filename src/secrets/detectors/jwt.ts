// JSON web tokens, told by what they decode to, sorted by id. RFC 7519
import { createHmac } from 'node:crypto'
import { decodeJson } from '../checks.ts'
import type { Checked, Detector, Fill, Found } from '../detector.ts'

type Claims = Readonly<Record<string, unknown>>

/** Payloads that documentation shows everywhere. */
const DEMO_SUBJECTS = new Set(['1234567890', '123456789'])

/** Keys that documentation signs its examples with. */
const DEMO_KEYS = [
  'secret',
  'your-256-bit-secret',
  'key',
  'password',
  'test',
  'a-string-secret-at-least-256-bits-long',
  'your-384-bit-secret',
  'your-512-bit-secret',
]

function isSignedWithDemoKey(token: string): boolean {
  const end = token.lastIndexOf('.')
  const signature = token.slice(end + 1)
  const hash = { 43: 'sha256', 64: 'sha384', 86: 'sha512' }[signature.length]
  return (
    hash !== undefined &&
    DEMO_KEYS.some((key) => createHmac(hash, key).update(token.slice(0, end)).digest('base64url') === signature)
  )
}

const text = (claims: Claims, name: string): string => (typeof claims[name] === 'string' ? claims[name] : '')

/** Which issuer's token it is; the first that fits. */
const KINDS: Readonly<Record<string, (claims: Claims) => boolean>> = {
  'azure-access-token': (claims) =>
    /^https:\/\/(?:sts\.windows\.net|login\.microsoftonline\.com)\//.test(text(claims, 'iss')),
  'kubernetes-service-account-token': (claims) =>
    text(claims, 'iss') === 'kubernetes/serviceaccount' ||
    'kubernetes.io' in claims ||
    text(claims, 'sub').startsWith('system:serviceaccount:'),
  'supabase-service-key': (claims) => /^supabase/.test(text(claims, 'iss')) && typeof claims['role'] === 'string',
}

const kindOf = (claims: Claims): string | null => Object.entries(KINDS).find(([, is]) => is(claims))?.[0] ?? null

/** Characters of an issuer that helps anyone: what is longer is none. */
const MAX_ISSUER = 120

function factsOf(claims: Claims): Record<string, string> {
  const facts: Record<string, string> = {}
  const { iss: issuer, exp: expiry } = claims
  if (typeof issuer === 'string' && issuer !== '' && issuer.length <= MAX_ISSUER) facts['issuer'] = issuer
  if (typeof expiry === 'number' && expiry > 0 && expiry < 1e11)
    facts['expires'] = new Date(expiry * 1000).toISOString()
  const subject = text(claims, 'sub')
  if (subject.startsWith('system:serviceaccount:'))
    facts['serviceAccount'] = subject.slice('system:serviceaccount:'.length)
  if (typeof claims['tid'] === 'string') facts['tenant'] = claims['tid']
  if (typeof claims['ref'] === 'string') facts['project'] = claims['ref']
  return facts
}

/** Three parts of base64url: JSON with `alg`, JSON, signature. Five parts are JWE: ciphertext. */
function checkJwt({ value }: Found, kind: string | null): Checked | null {
  const [head, body, signature] = value.split('.')
  const header = decodeJson(head ?? '')
  const claims = decodeJson(body ?? '')
  if (header === null || claims === null || typeof header['alg'] !== 'string' || kindOf(claims) !== kind) return null
  const facts = factsOf(claims)
  if (header['alg'].toLowerCase() === 'none' || (signature ?? '').length < 16)
    return { strength: 'harmless', note: signature === undefined ? 'its signature is missing' : 'not signed', facts }
  if (DEMO_SUBJECTS.has(text(claims, 'sub')) || claims['name'] === 'John Doe')
    return { strength: 'harmless', note: 'a public example', facts }
  if (isSignedWithDemoKey(value))
    return { strength: 'harmless', note: 'a public example: its key is that of every tutorial', facts }
  // The anonymous key of a project stands in every web page of it.
  if (kind === 'supabase-service-key' && claims['role'] === 'anon')
    return { strength: 'harmless', note: 'the anonymous key, which is public', facts }
  return { facts }
}

function jwt(claims: string, fill: Fill): string {
  const part = (json: string): string => Buffer.from(fill(json)).toString('base64url')
  return `${part('{"alg":"RS256","typ":"JWT"}')}.${part(claims)}.${fill('{64:86}')}`
}

type Kind = Pick<Detector, 'id' | 'issuer' | 'title' | 'opens' | 'revoke' | 'docs'>

const jwtDetector = (about: Kind, kind: string | null, example: string, quiet: Detector['quiet']): Detector => ({
  ...about,
  forms: ['eyJ{64:10+}.eyJ{64:8+}.{64:16+}'],
  proof: 'its parts decode to JSON; unsigned, expired and public examples are low',
  // `{"`, `{ "` and `{` with a line break, in base64.
  literals: ['eyJ', 'eyAi', 'ewog', 'ewoJ', 'ew0K'].map((literal) => ({ text: literal, run: 20 })),
  pattern:
    /(?:eyJ|eyAi|ewo[gJ]|ew0K)[A-Za-z0-9_-]{10,2000}\.(?:eyJ|eyAi|ewo[gJ]|ew0K|e30)[A-Za-z0-9_-]{0,6000}(?:\.[A-Za-z0-9_-]{0,2000})?(?![A-Za-z0-9_-]|\.[A-Za-z0-9_-])/y,
  alone: true,
  window: 8192,
  strength: 'likely',
  examples: [(fill) => jwt(example, fill)],
  ...(quiet === undefined ? {} : { quiet }),
  notAfter: [...'./+-'].map((c) => c.charCodeAt(0)),
  check: (found) => checkJwt(found, kind),
})

export const JWTS: readonly Detector[] = [
  jwtDetector(
    {
      id: 'azure-access-token',
      issuer: 'Microsoft Entra',
      title: 'Microsoft Entra access token',
      opens: 'what the person or application may do in the tenant, for an hour',
      revoke: 'Revoke the sessions of its owner in Entra',
      docs: 'https://learn.microsoft.com/entra/identity-platform/access-tokens',
    },
    'azure-access-token',
    '{"iss":"https://sts.windows.net/{uuid}/","exp":4076576000,"tid":"{uuid}"}',
    undefined,
  ),
  jwtDetector(
    {
      id: 'jwt',
      issuer: 'any (RFC 7519)',
      title: 'JSON web token',
      opens: 'what its issuer grants to its subject, until it ends',
      revoke: 'Revoke the session or rotate the key that signed it',
      docs: 'https://www.rfc-editor.org/rfc/rfc7519',
    },
    null,
    '{"sub":"{d:8}","iat":1761000000,"exp":4076576000}',
    [
      'eyJ{64:40}.eyJ{64:40}',
      () =>
        `${Buffer.from('{"alg":"RSA-OAEP","enc":"A256GCM"}').toString('base64url')}.${'a'.repeat(40)}.${'b'.repeat(16)}.${'c'.repeat(40)}.${'d'.repeat(22)}`,
    ],
  ),
  jwtDetector(
    {
      id: 'kubernetes-service-account-token',
      issuer: 'Kubernetes',
      title: 'Kubernetes service account token',
      opens: 'the cluster with the rights of the service account',
      revoke: 'Delete the secret of the service account, and make a new one',
      docs: 'https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/',
    },
    'kubernetes-service-account-token',
    '{"iss":"kubernetes/serviceaccount","kubernetes.io/serviceaccount/namespace":"prod","sub":"system:serviceaccount:prod:{a:6}"}',
    undefined,
  ),
  jwtDetector(
    {
      id: 'supabase-service-key',
      issuer: 'Supabase',
      title: 'Supabase service key',
      opens: 'all data of the project, past its row level security',
      revoke: 'Rotate the JWT secret in the Supabase settings',
      docs: 'https://supabase.com/docs/guides/api/api-keys',
    },
    'supabase-service-key',
    '{"iss":"supabase","ref":"{a:20}","role":"service_role","iat":1661000000,"exp":4076576000}',
    undefined,
  ),
]
