// Checks that tell a real credential from text that looks like one: checksums, decoders, placeholders, entropy.
import zlib from 'node:zlib'

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

const crcTable = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1
  return c >>> 0
})

/** CRC-32 (ISO 3309). node:zlib has it since 20.15 and 22.2; tokens are short, so a table serves everywhere. */
export function crc32(text: string): number {
  const native = (zlib as { crc32?: (data: string) => number }).crc32
  if (native !== undefined) return native(text)
  let c = 0xffffffff
  for (const byte of Buffer.from(text)) c = (crcTable[(c ^ byte) & 255] ?? 0) ^ (c >>> 8)
  return (c ^ 0xffffffff) >>> 0
}

/**
 * GitHub and npm tokens end in the CRC-32 of their random part, in base 62, six digits.
 * https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/
 */
export function base62Checksum(random: string): string {
  let n = crc32(random)
  let digits = ''
  do {
    digits = (BASE62[n % 62] ?? '') + digits
    n = Math.floor(n / 62)
  } while (n > 0)
  return digits.padStart(6, '0')
}

/**
 * The account number that is encoded in an AWS access key id of the current form.
 * @param id 20 characters, of which the last 16 are base 32
 */
export function awsAccount(id: string): string | null {
  let bits = 0n
  for (const c of id.slice(4, 14)) {
    const digit = BASE32.indexOf(c)
    if (digit === -1) return null
    bits = (bits << 5n) | BigInt(digit)
  }
  const account = ((bits >> 2n) & 0x7fffffffff80n) >> 7n
  return account < 1_000_000_000_000n ? account.toString().padStart(12, '0') : null
}

/** Bits per character of the text's own distribution. */
export function entropy(text: string): number {
  const counts = new Map<string, number>()
  for (const c of text) counts.set(c, (counts.get(c) ?? 0) + 1)
  let bits = 0
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length)
  return bits
}

/** Decodes base64 of either alphabet; null for text that is none. */
export function decodeBase64(text: string): Buffer | null {
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(text)) return null
  return Buffer.from(text, 'base64')
}

/** Decodes base64 that holds text, such as `user:password`; null where it holds other bytes. */
export function decodeText(text: string): string | null {
  const decoded = decodeBase64(text)?.toString('utf8') ?? null
  return decoded === null || /[\0-\x08\x0e-\x1f\ufffd]/.test(decoded) ? null : decoded
}

/** Decodes base64url JSON, such as the header of a JWT; null for anything but an object. */
export function decodeJson(text: string): Record<string, unknown> | null {
  const decoded = decodeText(text)
  if (decoded === null) return null
  try {
    const value: unknown = JSON.parse(decoded)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null
  } catch {
    return null
  }
}

const PLACEHOLDER = new RegExp(
  [
    '^(?:x+|\\*+|\\.+|-+|_+|#+|0+|1+|a+|n/?a|none|null|nil|undefined|true|false|yes|no|empty|unset|todo|tbd|dummy|fake|mock|foo|bar|baz|foobar|test(?:ing)?|default|secret|password|passwd|passw0rd|pass|pwd|token|user(?:name)?|admin|root|guest|postgres|mysql|redis|string|value|key)\\d{0,3}!?$',
    'example',
    'change[-_ ]?(?:me|it|this)',
    'replace[-_ ]?(?:me|with|this)',
    'place[-_ ]?holder',
    'your[-_ ]?(?:own|secret|password|passwd|token|api|key|access|client|github|account|auth|pass|private|personal|db|app|bot)',
    'my[-_ ]?(?:secret|password|token|api[-_ ]?key|pass)\\d*$',
    'insert[-_ ]',
    '[-_ ]here\\b',
    'enter[-_ ]',
    'redacted',
    'sample',
    'dummy',
    'not[-_ ]?(?:a[-_ ]?)?(?:real|secret)',
    'fake',
    'lorem',
    'hunter2',
    'deadbeef',
    'letmein',
    'abcdef',
    '12345678',
    '01234567',
    '87654321',
    'xxxx',
    '\\*\\*\\*',
    '\\.\\.\\.',
    '(.)\\1{5,}',
    'qwerty',
  ].join('|'),
  'i',
)

/** Passwords that come with programs and tutorials: whoever tries, tries these first. They are words of every text, too. */
const USUAL_PASSWORD =
  /^(?:(?:an?|my|our|some|the|your)[-_ ])?(?:p[a@]ss(?:w[o0]rd|wd|w)?|pwd|pw|s[e3]cr[e3]t|user(?:name)?|adm[i1]n|root|guest|t[e3]st|postgres|mysql|redis|mongo|rabbitmq|changeme|p|x+|\*+|\.+|foo|bar|baz|12345?6?7?8?|qwerty|default|oauth2?|x-oauth-basic|token|key|login|credentials?|my[-_]?pass(?:word)?|some[-_]?pass(?:word)?|db_?pass(?:word)?)\d{0,3}$/i

export const isUsualPassword = (password: string): boolean => USUAL_PASSWORD.test(password)

/** Text that stands for a value: `${VAR}`, `$(cmd)`, `{{ x }}`, `%VAR%`, `<token>`, `@x@`, `ENC[…]`, format strings. */
const REFERENCE =
  /^\$[A-Za-z_({]|\$\{[\w.:?+=/ -]{0,80}(?:\}|$)|\$\([^()]{0,80}(?:\)|$)|\{\{[^{}]{0,80}(?:\}\}|$)|^%[A-Za-z_]+%$|^%[sdv(]|^<[^>]*>$|^@[A-Za-z_.-]+@?$|^\{[^}]*\}$|^ENC[[(]|^vault:|^ssm:|^arn:|^secret:|^env[:.]|^file:|^[{[]|\\\(|#\{[^{}]{0,80}(?:\}|$)|%\(\w{0,80}(?:\)|$)|<%/

/** Words of values that somebody is to fill in, and of the defaults that everybody tries. */
const FILLED_IN =
  /example|sample|dummy|testing|test|fake|mock|foo(?:bar)?|bar|baz|lorem|ipsum|hunter2|letmein|qwerty\w{0,4}|asdf(?:gh)?\w{0,3}|change(?:[-_ ]?(?:me|it|this))?|replace|place[-_ ]?holder|insert|enter|redacted|default|secret|pass(?:w(?:or)?d|wd)?|p[a@][s$]{2}w[o0]rd|pwd|token|value|string|key|admin|root|user(?:name)?|your|our|my|the|some|this|here|with|not|real|valid|invalid|deadbeef|cafebabe|abc(?:def\w{0,3})?|xyz|12345(?:6(?:7(?:8(?:90?)?)?)?)?|1234|0123(?:4567\w{0,3})?|87654321|\d{4}(?!\d)|(.)\1{3,}/gi
/** Characters that are left of a value where it is more than such words. */
const MIN_LEFT = 5

/**
 * Whether nothing is left of a value without the words of examples: `my-secret-key-2024`, `changeme123`. A password that somebody
 * chose may have such a word in it.
 */
export function isOfPlaceholders(value: string): boolean {
  if (REFERENCE.test(value)) return true
  const left = value.replace(FILLED_IN, '')
  if (left === value) return PLACEHOLDER.test(value)
  const kinds = [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z0-9]/].filter((kind) => kind.test(left)).length
  return left.replace(/[^A-Za-z0-9]/g, '').length < MIN_LEFT - 1 || left.length < MIN_LEFT || kinds < 2
}

/** Whether a value is a placeholder, a reference to another place, or filler. */
export const isPlaceholder = (value: string): boolean => REFERENCE.test(value) || PLACEHOLDER.test(value)

/** Changes between letters and digits that no words have. */
const DRAWN_CHANGES = 4
/** Words of code that are written as one, `getUserName`, and what may come first, `URLOf`. */
const JOINED_WORDS = /^(?:[a-z]+|[A-Z][a-z]+|[A-Z]+)(?:[A-Z][a-z]{2,})*$/
/** One of these words, of three letters or more. */
const LONG_WORD = /[A-Z]?[a-z]{2,}|[A-Z]{3,}/g

/** Whether letters read like words: each long one has a vowel. */
const areWords = (letters: string): boolean =>
  JOINED_WORDS.test(letters) &&
  (letters.match(LONG_WORD) ?? []).every((word) => word.length < 3 || /[aeiouy]/i.test(word))

/**
 * Whether letters and digits look drawn by chance, as tokens do and words do not: digits and letters of both cases, or without
 * one of these what reads like no words. Of twelve drawn letters and digits two in a thousand do not, of twenty one in ten thousand.
 */
export function isDrawn(text: string): boolean {
  const [digits, small, large] = [/\d/.test(text), /[a-z]/.test(text), /[A-Z]/.test(text)]
  if (digits && small && large) return true
  if (digits) return (text.match(/\d(?=[A-Za-z])|[A-Za-z](?=\d)/g)?.length ?? 0) >= DRAWN_CHANGES
  return small && large && !text.split(/[^A-Za-z]+/).every((part) => part === '' || areWords(part))
}

/** Whether a text may be drawn by chance: it has a digit, or its letters read like no words. */
export const mayBeDrawn = (text: string): boolean => /\d/.test(text) || isDrawn(text)

/** Runs that people type: the alphabet, the digits, the keyboard's rows. */
const TYPED =
  /abcdefgh|01234567|12345678|23456789|87654321|98765432|qwertyui|asdfghjk|zxcvbnm|deadbeef|cafebabe|1a2b3c4d|a1b2c3d4/i
const EXAMPLE_WORD =
  /example|sample|dummy|testing|t3st(?:ing|key|token)|faketoken|fakekey|notreal|not_real|yourtoken|abcd1234|1234abcd/i

/** How much of a text goes up or down by one at a distance of one to three: `a1b2c3`, `9F8E7D`. Letters folded. */
function stepped(token: string): number {
  const text = token.toLowerCase().replace(/[^a-z0-9]/g, '')
  if (text.length < 12) return 0
  let steps = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    for (let distance = 1; distance <= 3; distance++) {
      if (Math.abs(code - text.charCodeAt(i - distance)) === 1) {
        steps++
        break
      }
    }
  }
  return steps / text.length
}

/**
 * Whether a random-looking token is filler (too few different characters, `xxxx`, words for a value that is to be filled
 * in), or reads like an example that somebody made up (runs of the alphabet, the word itself). By chance one in ten
 * thousand does.
 */
export function fillerKind(token: string): 'filler' | 'example' | null {
  if (EXAMPLE_WORD.test(token)) return 'example'
  // Short tokens and those of two alphabets repeat by chance; see bench/detectors.ts for what the bound costs.
  if (
    entropy(token) < Math.min(2.6, Math.log2(token.length) * 0.62) ||
    /x{6,}|(.)\1{7,}|placeholder|redacted|your[-_]|change[-_]?me|insert[-_]|[-_]here\b/i.test(token)
  )
    return 'filler'
  if (TYPED.test(token)) return 'example'
  const bound = /^[0-9a-f-]+$/i.test(token) ? 0.7 : 0.55
  return stepped(token) >= bound ? 'example' : null
}

/** Whether a random-looking token is filler or an example. */
export const isFiller = (token: string): boolean => fillerKind(token) !== null
