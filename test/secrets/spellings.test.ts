// The same secret, written in other ways: letters escaped, packed and encoded, wider than a byte. Each is found in a file, at its
// place, and shown neither as it was written nor decoded.
import zlib from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { renderJson } from '../../src/report/json.ts'
import { renderTerminal } from '../../src/report/terminal.ts'
import { type Entry, ociArchive, tarOf } from '../archive.ts'
import { judgeArchive } from '../run-gate.ts'
import { fill } from '../values.ts'
import { zip } from '../zip.ts'

const hex = (c: string): string => c.charCodeAt(0).toString(16).padStart(2, '0')
const each = (text: string, write: (c: string) => string): string => [...text].map(write).join('')
/** One letter in so many is escaped, the first among them. */
const some = (text: string, write: (c: string) => string): string =>
  [...text].map((c, at) => (at % 9 === 0 && /\w/.test(c) ? write(c) : c)).join('')

const URL_PASSWORD = fill('{{password}}')
const SECRETS: Readonly<
  Record<string, { readonly text: string; readonly detector: string; readonly values: readonly string[] }>
> = {
  'a token': {
    text: `token: ${fill('{{github-token}}')}`,
    detector: 'github-token',
    values: [fill('{{github-token}}')],
  },
  'another token': {
    text: `use ${fill('{{stripe-key}}')} there`,
    detector: 'stripe-key',
    values: [fill('{{stripe-key}}')],
  },
  'a login in an address': {
    text: `db = postgres://app:${URL_PASSWORD}@db.internal:5432/app`,
    detector: 'connection-string',
    values: [URL_PASSWORD],
  },
  'a key pair': {
    text: fill('aws_access_key_id = {{aws-id}}\naws_secret_access_key = {{aws-secret}}\n'),
    detector: 'aws-secret-key',
    values: [fill('{{aws-secret}}')],
  },
  'a private key': {
    text: fill('{{pkcs8-key}}\n'),
    detector: 'private-key',
    values: [fill('{{pkcs8-key}}').split('\n')[1] ?? ''],
  },
}

/** Ways to write any text. */
const WRITTEN: Readonly<Record<string, (text: string) => string>> = {
  'letters escaped as in JSON': (text) => some(text, (c) => `\\u00${hex(c)}`),
  'all escaped as in JSON': (text) => each(text, (c) => `\\u00${hex(c)}`),
  'letters escaped as in C': (text) => some(text, (c) => `\\x${hex(c)}`),
  'letters escaped in octal': (text) => some(text, (c) => `\\${c.charCodeAt(0).toString(8).padStart(3, '0')}`),
  'letters escaped as code points of JavaScript': (text) => some(text, (c) => `\\u{${hex(c)}}`),
  'letters escaped with percent signs': (text) => some(text, (c) => `%${hex(c)}`),
  'all escaped with percent signs': (text) => each(text, (c) => `%${hex(c).toUpperCase()}`),
  'letters as entities of HTML': (text) => some(text, (c) => `&#${c.charCodeAt(0)};`),
  'letters as entities in hex': (text) => some(text, (c) => `&#x${hex(c)};`),
  'quoted-printable': (text) =>
    `Content-Transfer-Encoding: quoted-printable\n\n${text.replaceAll('=', '=3D').replace(/(.{40})/g, '$1=\n')}`,
  base32: (text) => base32(Buffer.from(`the note is: ${text}`)),
  'base64 of UTF-16, as PowerShell takes it': (text) =>
    `powershell -EncodedCommand ${Buffer.from(`# ${text}`, 'utf16le').toString('base64')}`,
  'hex of UTF-16': (text) => Buffer.from(text, 'utf16le').toString('hex'),
  'gzip in hex': (text) => zlib.gzipSync(text).toString('hex'),
  'hex of xxd': (text) =>
    (
      Buffer.from(text)
        .toString('hex')
        .match(/.{1,60}/g) ?? []
    ).join('\n'),
  'zlib in base64': (text) => `data: ${zlib.deflateSync(text).toString('base64')}`,
  'zstd in base64': (text) => `data: "${zlib.zstdCompressSync(Buffer.from(text)).toString('base64')}"`,
  'base64 of base64': (text) => Buffer.from(Buffer.from(`note: ${text}`).toString('base64')).toString('base64'),
}

function base32(bytes: Buffer): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  return (bits.match(/.{5}/g) ?? [])
    .map((group) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[Number.parseInt(group, 2)])
    .join('')
}

function chunk(type: string, data: Buffer): Buffer {
  const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  checksum.writeUInt32BE(zlib.crc32(Buffer.concat([Buffer.from(type), data])))
  return Buffer.concat([length, Buffer.from(type), data, checksum])
}
const png = (type: string, front: string, text: string): Buffer =>
  Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', Buffer.alloc(13)),
    chunk(type, Buffer.concat([Buffer.from(front, 'latin1'), zlib.deflateSync(text)])),
    chunk('IEND', Buffer.alloc(0)),
  ])
const pdf = (end: string, text: string): Buffer =>
  Buffer.concat([
    Buffer.from(`%PDF-1.7${end}4 0 obj <</Filter/FlateDecode>>${end}stream${end}`),
    zlib.deflateSync(text),
    Buffer.from(`${end}endstream${end}`),
  ])
function utf32(text: string, order: 'LE' | 'BE'): Buffer {
  const bytes = Buffer.alloc(4 * (text.length + 1))
  for (const [index, code] of [0xfeff, ...Buffer.from(text)].entries())
    bytes[order === 'LE' ? 'writeUInt32LE' : 'writeUInt32BE'](code, 4 * index)
  return bytes
}

/** Containers of any text. */
const PACKED: Readonly<Record<string, (text: string) => Buffer | Promise<Buffer>>> = {
  'a PDF': (text) => pdf('\n', text),
  'a PDF with line ends of Windows': (text) => pdf('\r\n', text),
  'a compressed comment of a PNG': (text) => png('zTXt', 'Comment\0\0', text),
  'an international comment of a PNG': (text) => png('iTXt', 'Comment\0\x01\0en\0Note\0', text),
  'a colour profile of a PNG': (text) => png('iCCP', 'icc\0\0', text),
  'zlib with a window of 512 bytes': (text) => zlib.deflateSync(text, { windowBits: 9 }),
  'zlib with a window of 4 KiB': (text) => zlib.deflateSync(text, { windowBits: 12 }),
  'UTF-32, little end first': (text) => utf32(text, 'LE'),
  'UTF-32, big end first': (text) => utf32(text, 'BE'),
  'a zip in base64': async (text) => Buffer.from(`data: ${zip({ 'a.txt': Buffer.from(text) }).toString('base64')}\n`),
  'a zip in hex': async (text) => Buffer.from(zip({ 'a.txt': Buffer.from(text) }).toString('hex')),
  'a tar.gz in base64': async (text) =>
    Buffer.from(
      zlib
        .gzipSync(await tarOf([{ name: 'a.txt', content: text }]))
        .toString('base64')
        .replace(/(.{76})/g, '$1\n'),
    ),
  'a tar in base64': async (text) =>
    Buffer.from((await tarOf([{ name: 'a.txt', content: text }])).toString('base64').replace(/(.{76})/g, '$1\n')),
}

const image = async (content: Buffer | string): Promise<Buffer> =>
  ociArchive({
    layers: [await tarOf([{ name: 'app/settings', content: content as unknown as NonNullable<Entry['content']> }])],
  })

async function check(content: Buffer | string, { detector, values }: (typeof SECRETS)[string]): Promise<void> {
  const outcome = await judgeArchive(await image(content))
  const found = outcome.report.findings.filter(({ secret }) => secret !== null)
  expect(found.map(({ secret }) => secret?.detector)).toContain(detector)
  expect(found[0]?.location).toMatchObject({ kind: 'layer', path: expect.stringMatching(/^\/app\/settings/) })
  for (const output of [renderJson(outcome.report), renderTerminal(outcome, { color: false, verbose: true })])
    for (const value of [...values, content.toString('latin1').slice(0, 400)])
      expect(output.replace(/\s/g, '')).not.toContain(value.replace(/\s/g, ''))
}

describe.each(Object.entries(SECRETS))('%s', (_what, secret) => {
  it.each(Object.entries(WRITTEN))('is found as %s', (_way, write) => check(write(secret.text), secret))
  it.each(Object.entries(PACKED))('is found in %s', async (_way, pack) => check(await pack(secret.text), secret))
})

describe('what is escaped and holds no secret is quiet', () => {
  const quiet: Readonly<Record<string, string>> = {
    'ranges of letters in a pattern': 'const name = /[\\u0041-\\u005A\\u0061-\\u007A_$][\\u0030-\\u0039]*/u',
    'formats of C': 'printf("%5d %4d %64s %2d%%\\n", a, b, c, d)',
    'names in protocol buffers': "b'\\x08\\x61ll_conf\\x18\\x01 \\x03(\\x0b\\x32\\x17.user_token'",
    'an address of the web': 'https://example.com/a%20b?q=%C3%A9t%C3%A9&next=%2Fhome%2Ftoken%3D1',
    'characters of HTML': '<p>it&#39;s &#8220;secret&#8221;: &#x3C;password&#x3E;</p>',
    'colours of a terminal': 'echo -e "\\033[1mtoken\\033[0m \\x1b[31mpassword\\x1b[0m"',
    'words at the ends of lines': 'read the stream\nthen write the stream\r\nx\n',
    'a mail': 'Content-Transfer-Encoding: quoted-printable\n\nDie L=C3=B6sung: siehe=\n unten, Passwort folgt\n',
    'capitals and digits': 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567ABCDEFGHIJKLMNOPQRSTUVWXYZ234567',
  }
  it.each(Object.entries(quiet))('%s', async (_what, text) => {
    const { report } = await judgeArchive(await image(text))
    expect(report.findings.filter(({ secret }) => secret !== null)).toEqual([])
    expect(report.stats.skipped).toEqual([])
  })
})
