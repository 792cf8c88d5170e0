// Private keys, told by decoding them: PEM (PKCS#1, PKCS#8, SEC 1), DER, OpenSSH, PuTTY, PGP. A header line alone is in
// hundreds of programs and is no key. RFC 7468, RFC 5958, https://cvsweb.openbsd.org/src/usr.bin/ssh/PROTOCOL.key
import { createHash, createPrivateKey, type KeyObject } from 'node:crypto'
import { decodeBase64, fillerKind } from './checks.ts'
import type { Checked } from './detector.ts'

const identityOf = (bytes: Buffer): string => `key:${createHash('sha256').update(bytes).digest('hex')}`

/** Facts of a key: kind and size, nothing that helps to find the key itself. */
function keyFacts(key: KeyObject): Record<string, string> {
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {}
  const size = namedCurve ?? (modulusLength === undefined ? '' : `${modulusLength} bits`)
  return { key: [key.asymmetricKeyType ?? 'unknown', size].filter(Boolean).join(' ') }
}

/** The header of the DER value at `at`: its tag, and where its content begins and ends; null where it does not fit. */
function derHeader(bytes: Buffer, at: number): { tag: number; start: number; end: number } | null {
  const tag = bytes[at]
  const first = bytes[at + 1]
  if (tag === undefined || first === undefined) return null
  const count = first < 0x80 ? 0 : first & 0x7f
  if (count > 3 || (first & 0x80 && count === 0) || at + 2 + count > bytes.length) return null
  const length = count === 0 ? first : bytes.readUIntBE(at + 2, count)
  const start = at + 2 + count
  return start + length > bytes.length ? null : { tag, start, end: start + length }
}

/** Where the SEQUENCE at the start of `bytes` ends; null where there is none, or it claims more than there is. */
function sequenceEnd(bytes: Buffer): number | null {
  const header = derHeader(bytes, 0)
  return header?.tag === 0x30 ? header.end : null
}

/**
 * Which forms a DER structure can have, by its first values: what follows the version is the algorithm (PKCS#8), a number
 * (PKCS#1, DSA) or an octet string (SEC 1). Cheap, so that bytes made to look like keys cost no decoding.
 */
function derForms(der: Buffer): readonly ('pkcs8' | 'pkcs1' | 'sec1')[] {
  const whole = derHeader(der, 0)
  const version = whole === null ? null : derHeader(der, whole.start)
  const next = version?.tag === 2 ? derHeader(der, version.end) : null
  if (next === null) return []
  const behind = derHeader(der, next.end)
  if (next.tag === 0x30) return behind?.tag === 4 ? ['pkcs8'] : []
  if (next.tag === 2) return behind?.tag === 2 ? ['pkcs1', 'pkcs8'] : []
  return next.tag === 4 ? ['sec1'] : []
}

/** Reads a DER private key of any of the three forms. */
function derKey(der: Buffer): KeyObject | null {
  for (const type of derForms(der)) {
    try {
      return createPrivateKey({ key: der, format: 'der', type })
    } catch {
      // Not this form: the next one decides.
    }
  }
  return null
}

/**
 * What follows `-----BEGIN … PRIVATE KEY-----`, up to the end line. The body may be JSON-escaped, quoted, indented or
 * broken by string concatenation.
 * @param before what stands in front of the header, such as the time of a log line
 */
export function checkPem(written: string, given: string, before = ''): Checked | null {
  // In a form a blank is a plus.
  const label = written.replaceAll('+', ' ')
  const body = withoutPrefix(given, before)
  const checked = decodePem(label, body)
  return checked === null ? null : { ...checked, value: canonicalPem(label, body) }
}

/** Digits and letters made alike: the shape of a time. */
const shape = (text: string): string => text.replace(/\d/g, '0')

/** Takes off what a log or a quotation puts before each line: it stands before the header too. */
function withoutPrefix(body: string, before: string): string {
  const prefix = before.slice(before.lastIndexOf('\n') + 1)
  if (prefix === '' || !/\d|[>|#*/]/.test(prefix)) return body
  const lines = body.split('\n')
  const has = (line: string): boolean => shape(line.slice(0, prefix.length)) === shape(prefix)
  return lines.length > 2 && lines.slice(1, -1).every(has)
    ? [lines[0], ...lines.slice(1).map((line) => (has(line) ? line.slice(prefix.length) : line))].join('\n')
    : body
}

/** The key as a PEM file has it, however it was quoted: the same key has the same value everywhere. */
function canonicalPem(label: string, body: string): string {
  const lines = body
    .replace(/(?<!\\)\\+[rnt]/g, '\n')
    .split('\n')
    .map((line) => line.replace(/^[\s"'+]+/, '').replace(/(?<![\s"'+\\])[\s"'+\\]+$/, ''))
  return [`-----BEGIN ${label}-----`, ...lines.filter((line) => line !== ''), `-----END ${label}-----`].join('\n')
}

/** Takes the joints out of a text that code puts together: `"one" + "two"`. */
const withoutQuotes = (text: string): string => text.replace(/["'`]\s{0,80}(?:[+.&,\\]\s{0,80})?["'`]/g, '\n')

function decodePem(label: string, body: string): Checked | null {
  const unescaped = body.replace(/\\r|\\n|\\t|\\\\n/g, '\n')
  if (/Proc-Type: 4,ENCRYPTED/.test(unescaped)) return encrypted(unescaped)
  if (label.startsWith('PGP')) return checkPgp(unescaped)
  const base64 = withoutQuotes(unescaped)
    .replace(/^[ \t"'+]*(?:[A-Za-z-]+: .*)$/gm, '')
    .replace(/[^A-Za-z0-9+/=]/g, '')
  if (base64.length < 64) return null
  const bytes = decodeBase64(base64)
  if (bytes === null) return null
  if (bytes.toString('latin1', 0, OPENSSH_MAGIC.length) === OPENSSH_MAGIC) return checkOpenSsh(bytes)
  const length = sequenceEnd(bytes)
  if (length === null || bytes.length - length > 2)
    return base64.length >= 64 && fillerKind(base64) !== 'filler' && !/\.\.\.|\u2026/.test(body)
      ? { strength: 'harmless', note: 'it does not decode: cut off, or made up' }
      : null
  const der = bytes.subarray(0, length)
  if (label.startsWith('ENCRYPTED')) return encrypted(base64)
  const key = derKey(der)
  // A body whose length fits but that OpenSSL does not take (an exotic curve, DSA with odd sizes) is likely still a key.
  return key === null
    ? { strength: 'likely', identity: identityOf(der) }
    : { strength: 'proven', identity: identityOf(der), facts: keyFacts(key) }
}

const encrypted = (body: string): Checked => ({
  strength: 'harmless',
  note: 'encrypted with a passphrase',
  identity: identityOf(Buffer.from(body.replace(/\s/g, ''))),
})

const OPENSSH_MAGIC = 'openssh-key-v1\0'

function checkOpenSsh(bytes: Buffer): Checked | null {
  let at = OPENSSH_MAGIC.length
  const string = (): Buffer | null => {
    if (at + 4 > bytes.length) return null
    const length = bytes.readUInt32BE(at)
    if (at + 4 + length > bytes.length) return null
    at += 4 + length
    return bytes.subarray(at - length, at)
  }
  const cipher = string()?.toString('latin1')
  string() // the name of the key derivation function
  string() // its options
  at += 4 // number of keys
  const publicKey = string()
  const privatePart = string()
  if (cipher === undefined || publicKey === null || privatePart === null) return null
  const typeLength = publicKey.length >= 4 ? publicKey.readUInt32BE(0) : 0
  const facts = { key: publicKey.toString('latin1', 4, Math.min(4 + typeLength, 60)).replace(/[^\w@.-]/g, '') }
  if (cipher !== 'none')
    return { strength: 'harmless', note: 'encrypted with a passphrase', facts, identity: identityOf(bytes) }
  return { strength: 'proven', facts, identity: identityOf(bytes) }
}

/** A secret-key packet (tag 5 or 7) whose string-to-key usage says whether it is encrypted. RFC 9580, sections 4 and 5.5.3 */
function checkPgp(text: string): Checked | null {
  const body = text
    .replace(/^(?:Version|Comment|Hash|MessageID|Charset):.*$/gm, '')
    .replace(/\n=[A-Za-z0-9+/]{4}\s*$/, '')
    .replace(/[^A-Za-z0-9+/=]/g, '')
  const bytes = body.length < 64 ? null : decodeBase64(body)
  const tag = bytes === null || bytes[0] === undefined ? 0 : bytes[0] & 0x40 ? bytes[0] & 0x3f : (bytes[0] >> 2) & 0x0f
  if (bytes === null || (tag !== 5 && tag !== 7)) return null
  return { strength: 'likely', identity: identityOf(bytes) }
}

/**
 * A DER key in bytes, starting at its SEQUENCE.
 * @param bytes as latin1 text, from the first byte of the key
 */
export function checkDer(bytes: string): Checked | null {
  const data = Buffer.from(bytes, 'latin1')
  const length = sequenceEnd(data)
  if (length === null) return null
  const key = derKey(data.subarray(0, length))
  return key === null
    ? null
    : {
        strength: 'proven',
        value: bytes.slice(0, length),
        identity: identityOf(data.subarray(0, length)),
        facts: keyFacts(key),
      }
}

/** A whole PEM in base64, as in a kubeconfig or a Kubernetes secret. */
export function checkBase64Pem(base64: string): Checked | null {
  const text = decodeBase64(base64)?.toString('latin1') ?? ''
  const match = /-----BEGIN ([A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?)-----((?:(?!-----)[\s\S])+)-----END /.exec(text)
  return match?.[1] === undefined ? null : decodePem(match[1], match[2] ?? '')
}

/** A PuTTY key file. https://tartarus.org/~simon/putty-snapshots/htmldoc/AppendixC.html */
export function checkPutty(text: string): Checked | null {
  const encryption = /Encryption: (\S+)/.exec(text)?.[1]
  const start = text.search(/(?<=Private-Lines: \d{1,6})\s/)
  const end = text.search(/Private-(?:MAC|Hash)/)
  const lines = start === -1 ? '' : text.slice(start, end > start ? end : undefined).replace(/\s/g, '')
  if (encryption === undefined || !/^[A-Za-z0-9+/=]{40,}$/.test(lines)) return null
  const identity = identityOf(Buffer.from(lines))
  return encryption === 'none'
    ? { strength: 'proven', identity }
    : { strength: 'harmless', note: 'encrypted with a passphrase', identity }
}
