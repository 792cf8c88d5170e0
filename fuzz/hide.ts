// The ways to put a token where a reader may miss it: forms of text, packings, and packings in packings.
import zlib from 'node:zlib'
import { crc32 } from '../src/secrets/checks.ts'
import { zip } from '../test/zip.ts'
import { BASE62, LOWER, type Random } from './random.ts'
import { rawTar } from './raw-tar.ts'

/** A token whose checksum proves it. */
export function provenToken(random: Random): string {
  const body = random.text(30, BASE62)
  let rest = crc32(body)
  let digits = ''
  for (let i = 0; i < 6; i++) {
    digits = (BASE62[rest % 62] ?? '') + digits
    rest = Math.floor(rest / 62)
  }
  return `gh${'p_'}${body}${digits}`
}

const wrapped = (text: string, width: number, indent: string): string =>
  text.replace(new RegExp(`.{1,${width}}`, 'g'), (line) => `${indent}${line}\n`)

/** Text that holds no secret. */
export const filler = (random: Random, length: number): string => {
  let text = ''
  while (text.length < length)
    text += `${random.text(2 + random.int(9), LOWER)}${random.pick([' ', '\n', ', ', ' = ', '\t'])}`
  return text.slice(0, length)
}

/** Characters behind which a token stands alone. */
const before = (random: Random): string =>
  random.pick(['TOKEN=', 'token: ', '"', "'", '', ' ', '\n', 'x = "', 'https://x:', '//registry/:_authToken=', '\0'])

const hex = (code: number): string => code.toString(16).padStart(2, '0')
/** Ways to escape a letter. */
const LETTERS: readonly [(code: number) => string, ...((code: number) => string)[]] = [
  (code) => `\\u00${hex(code)}`,
  (code) => `\\x${hex(code)}`,
  (code) => `%${hex(code).toUpperCase()}`,
  (code) => `&#${code};`,
  (code) => `\\u{${hex(code)}}`,
]

/** A text or binary content with the token in it. */
function textWith(token: string, random: Random): { bytes: Buffer; how: string } {
  const lead = filler(
    random,
    random.pick([0, 0, 10, 300, 5000, (1 << 20) - 20 - random.int(60), (1 << 20) + random.int(40_000)]),
  )
  const tail = filler(random, random.pick([0, 0, 1, 40, 20_000]))
  const value = `${before(random)}${token}`
  const plain = `${lead}\n${value}\n${tail}`
  switch (random.int(17)) {
    case 0:
    case 1:
    case 2:
      return { bytes: Buffer.from(plain), how: 'text' }
    case 3:
      return {
        bytes: Buffer.concat([
          random.bytes(random.int(3000)),
          Buffer.from(`\0${token}\0`),
          random.bytes(random.int(3000)),
        ]),
        how: 'binary',
      }
    case 4:
      return { bytes: Buffer.from(`\ufeff${plain}`, 'utf16le'), how: 'UTF-16' }
    case 5:
      return {
        bytes: Buffer.from(
          `${lead}\ndata: ${Buffer.from(`${filler(random, random.int(30))}\n${value}\n${filler(random, 40)}`).toString('base64')}\n${tail}`,
        ),
        how: 'base64',
      }
    case 6: {
      const width = random.pick([64, 76])
      const indent = random.pick(['', '  ', '    '])
      return {
        bytes: Buffer.from(
          `${lead}\n${wrapped(Buffer.from(`${filler(random, 100 + random.int(100))}\n${value}\n${filler(random, 100)}`).toString('base64'), width, indent)}${tail}`,
        ),
        how: 'base64 in lines',
      }
    }
    case 7:
      return {
        bytes: Buffer.from(`${lead}\nhex=${Buffer.from(`user and ${value} end`).toString('hex')}\n${tail}`),
        how: 'hex',
      }
    case 8: {
      const packed = zlib
        .gzipSync(Buffer.from(`${filler(random, random.int(200))}\n${value}\n${filler(random, random.int(500))}`))
        .toString('base64')
      return {
        bytes: Buffer.from(`${lead}\nrelease: ${packed}${random.pick(['\n', '\nkind: Secret\n', '"\n', ''])}${tail}`),
        how: 'gzip in base64',
      }
    }
    case 9:
      return {
        bytes: Buffer.from(
          JSON.stringify({ note: lead.slice(0, 1000), auth: { token, user: 'x' } }, null, random.pick([0, 2])),
        ),
        how: 'JSON',
      }
    case 10: {
      const write = random.pick(LETTERS)
      const at = random.int(token.length)
      const escaped = [...token]
        .map((c, index) => (index === at || random.chance(1, 8) ? write(c.charCodeAt(0)) : c))
        .join('')
      return { bytes: Buffer.from(`${lead}\nx = "${escaped}"\n${tail}`), how: 'letters escaped' }
    }
    case 11:
      return {
        bytes: Buffer.from(
          `${lead}\nrun -EncodedCommand ${Buffer.from(`${filler(random, 20 + random.int(30))}\n${value}\n`, 'utf16le').toString('base64')}\n${tail}`,
        ),
        how: 'base64 of UTF-16',
      }
    case 12:
      return {
        bytes: Buffer.from(
          `${lead}\nz: ${zlib.deflateSync(Buffer.from(`${filler(random, 60)}\n${value}\n`)).toString('base64')}\n${tail}`,
        ),
        how: 'zlib in base64',
      }
    case 13: {
      const lines = `${filler(random, random.int(30))} ${token} ${filler(random, 30)}`
        .replaceAll('=', '=3D')
        .replace(new RegExp(`.{${20 + random.int(50)}}`, 'g'), '$&=\n')
      return {
        bytes: Buffer.from(`${lead}\nContent-Transfer-Encoding: quoted-printable\n\n${lines}\n${tail}`),
        how: 'quoted-printable',
      }
    }
    case 14:
      return {
        bytes: Buffer.concat([
          random.bytes(random.int(5000)),
          Buffer.from('\nstream\r\n'),
          zlib.deflateSync(Buffer.from(plain)),
          Buffer.from('\r\nendstream\n'),
          random.bytes(random.int(500)),
        ]),
        how: 'a stream of a PDF',
      }
    case 15:
      return {
        bytes: Buffer.from(`${lead}\nk=${zlib.gzipSync(Buffer.from(value)).toString('hex')}\n${tail}`),
        how: 'gzip in hex',
      }
    default:
      return {
        bytes: Buffer.from(`${lead}\nurl=https%3A%2F%2Fx%3A${token}%40example.com\n${tail}`),
        how: 'URL encoding',
      }
  }
}

/** Harmless matches in great number. */
const decoys = (random: Random): Buffer =>
  Buffer.from(
    Array.from({ length: 1200 }, () => `AK${'IA'}${random.text(16, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567')}\n`).join(''),
  )

const skippable = (data: Buffer): Buffer => {
  const head = Buffer.alloc(8)
  head.writeUInt32LE(0x184d2a50, 0)
  head.writeUInt32LE(data.length, 4)
  return Buffer.concat([head, data])
}

/** Cuts a content in pieces. */
const pieces = (bytes: Buffer, random: Random): Buffer[] => {
  const at = random.int(bytes.length + 1)
  return [bytes.subarray(0, at), bytes.subarray(at)]
}

export function gzipWith(bytes: Buffer, random: Random): Buffer {
  if (random.chance(1, 3)) return Buffer.concat(pieces(bytes, random).map((piece) => zlib.gzipSync(piece)))
  const packed = zlib.gzipSync(bytes, { level: random.int(10) })
  return random.chance(1, 4) ? Buffer.concat([packed, Buffer.alloc(random.int(600))]) : packed
}

export function zstdWith(bytes: Buffer, random: Random): Buffer {
  const frames = random.chance(1, 2) ? pieces(bytes, random) : [bytes]
  return Buffer.concat([
    ...(random.chance(1, 3) ? [skippable(random.bytes(random.int(40)))] : []),
    ...frames.flatMap((frame) => [
      zlib.zstdCompressSync(frame),
      ...(random.chance(1, 3) ? [skippable(Buffer.from('toc'))] : []),
    ]),
  ])
}

/** Puts a content into an archive. */
function pack(bytes: Buffer, random: Random): { bytes: Buffer; how: string } {
  switch (random.int(7)) {
    case 0:
    case 1:
      return { bytes: gzipWith(bytes, random), how: 'gzip' }
    case 2:
      return { bytes: zstdWith(bytes, random), how: 'zstd' }
    case 3: {
      const archive = zip({ [`${random.text(5, LOWER)}.txt`]: bytes, other: Buffer.from('nothing') })
      return {
        bytes: random.chance(1, 2) ? archive : Buffer.concat([Buffer.from('#!/usr/bin/env python3\n'), archive]),
        how: 'zip',
      }
    }
    case 4:
      return {
        bytes: rawTar(
          [
            { name: 'a', content: Buffer.from('x') },
            { name: 'dir/b', content: bytes, form: random.pick(['ustar', 'gnu', 'pax']) },
          ],
          random.pick([0, 1, 2, 18]),
        ),
        how: 'tar',
      }
    case 5:
      return { bytes: zlib.deflateSync(bytes), how: 'zlib' }
    default:
      return { bytes: gzipWith(rawTar([{ name: 'etc/x', content: bytes }]), random), how: 'tar.gz' }
  }
}

/** A content that holds the token somewhere, up to three packings deep. */
export function contentWith(token: string, random: Random): { bytes: Buffer; how: string } {
  let { bytes, how } = textWith(token, random)
  if (random.chance(1, 6)) {
    bytes = random.chance(1, 2)
      ? Buffer.concat([decoys(random), bytes])
      : Buffer.concat([bytes, Buffer.from('\n'), decoys(random)])
    how = `${how} beside decoys`
  }
  for (let depth = random.pick([0, 0, 0, 1, 1, 2, 3]); depth > 0; depth--) {
    const outer = pack(bytes, random)
    bytes = outer.bytes
    how = `${how} in ${outer.how}`
  }
  return { bytes, how }
}
