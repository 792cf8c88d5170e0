// What a file's content is searched for, all that describes an image is searched for: every place, with the token packed or
// written in another way. Each is found there and never shown, neither as it was written nor unpacked.
import zlib from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { renderJson } from '../src/report/json.ts'
import { renderSarif } from '../src/report/sarif.ts'
import { renderSummary } from '../src/report/summary.ts'
import { renderTerminal } from '../src/report/terminal.ts'
import { type Entry, extended, inHeader, type OciSpec, ociArchive, statement, tarOf } from './archive.ts'
import { sha256 } from './image-builder.ts'
import { judgeArchive } from './run-gate.ts'
import { fill } from './values.ts'

const TOKEN = fill('{{github-token}}')
const NOTE = `the deploy user's token is ${TOKEN} and rotates`

const escaped = (write: (code: string) => string): string =>
  TOKEN.replace('_', write('5f')).replace(/(?<=.{9})./, (c) => write(c.charCodeAt(0).toString(16)))

/** Texts that stand for the token: printable ASCII, without quotes, so that they can stand anywhere. */
const TEXTS: Readonly<Record<string, string>> = {
  plain: TOKEN,
  base64: Buffer.from(NOTE).toString('base64'),
  'base64 for URLs': Buffer.from(`~~?>${NOTE}`).toString('base64url'),
  'base64 of base64': Buffer.from(Buffer.from(NOTE).toString('base64')).toString('base64'),
  'base64 of UTF-16': Buffer.from(NOTE, 'utf16le').toString('base64'),
  hex: Buffer.from(NOTE).toString('hex'),
  'gzip in base64': zlib.gzipSync(NOTE).toString('base64'),
  'gzip in hex': zlib.gzipSync(NOTE).toString('hex'),
  'zlib in base64': zlib.deflateSync(NOTE).toString('base64'),
  'percent signs': escaped((code) => `%${code}`),
  'escapes of JSON': escaped((code) => `\\u00${code}`),
  'escapes of C': escaped((code) => `\\x${code}`),
  'escapes of HTML': escaped((code) => `&#x${code};`),
}

/** Bytes that stand for it, where a place takes any. */
const BYTES: Readonly<Record<string, Buffer>> = {
  gzip: zlib.gzipSync(NOTE),
  zlib: zlib.deflateSync(NOTE),
  zstd: zlib.zstdCompressSync(Buffer.from(NOTE)),
  'UTF-16, little end first': Buffer.from(NOTE, 'utf16le'),
  'UTF-16, big end first': Buffer.from(NOTE, 'utf16le').swap16(),
}

const plain = (entry: Partial<Entry> = {}): Promise<Buffer> => tarOf([{ name: 'app/x', content: 'x', ...entry }])
const oci = (spec: OciSpec): Promise<Buffer> => ociArchive(spec)
const layered = async (bytes: Promise<Buffer>): Promise<Buffer> => ociArchive({ layers: [await bytes] })
/** A name may not hold a slash where one component is meant; what base64 writes with one stands in two. */
const named = (text: string): Promise<Buffer> => layered(plain({ name: `app/${text}` }))
/** A record of a PAX header with any bytes for its value. */
function rawRecord(key: string, value: Buffer): Buffer {
  const size = value.length + key.length + 3
  let length = size + String(size).length
  while (String(length).length + size !== length) length = String(length).length + size
  return Buffer.concat([Buffer.from(`${length} ${key}=`, 'latin1'), value, Buffer.from('\n')])
}
function member(bytes: Buffer, extra: Buffer): Buffer {
  const length = Buffer.from([extra.length & 255, extra.length >> 8])
  return Buffer.concat([
    Buffer.from([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 3]),
    length,
    extra,
    zlib.gzipSync(bytes).subarray(10),
  ])
}
function skippable(bytes: Buffer): Buffer {
  const head = Buffer.from('502a4d1800000000', 'hex')
  head.writeUInt32LE(bytes.length, 4)
  return Buffer.concat([head, bytes])
}
async function packed(pack: (tar: Buffer) => Buffer): Promise<Buffer> {
  const tar = await plain()
  return ociArchive({
    layers: [pack(tar)],
    config: { rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(tar)}`] } },
  })
}
/** A stored member of a zip with an extra field and a comment. */
function zipWith(extra: Buffer, comment: Buffer): Buffer {
  const body = Buffer.from('x')
  const local = Buffer.alloc(30)
  local.writeUInt32LE(0x04034b50, 0)
  local.writeUInt16LE(20, 4)
  local.writeUInt32LE(zlib.crc32(body), 14)
  local.writeUInt32LE(1, 18)
  local.writeUInt32LE(1, 22)
  local.writeUInt16LE(1, 26)
  local.writeUInt16LE(extra.length, 28)
  const central = Buffer.alloc(46)
  central.writeUInt32LE(0x02014b50, 0)
  local.copy(central, 6, 4, 30)
  central.writeUInt16LE(0, 30)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(1, 8)
  end.writeUInt16LE(1, 10)
  end.writeUInt32LE(47, 12)
  end.writeUInt32LE(32 + extra.length, 16)
  end.writeUInt16LE(comment.length, 20)
  return Buffer.concat([local, Buffer.from('a'), extra, body, central, Buffer.from('a'), end, comment])
}

/** Places that take text. */
const TEXT_PLACES: Readonly<Record<string, (text: string) => Promise<Buffer>>> = {
  'the name of a file': named,
  'the target of a link': (text) => layered(plain({ type: 'symlink', linkname: `/${text}`, content: '' })),
  'an extended attribute': (text) => layered(plain({ pax: { 'SCHILY.xattr.user.note': text } })),
  'a comment of the tar': (text) => layered(plain({ pax: { comment: text } })),
  'the name of the owner': (text) => layered(plain({ pax: { uname: text } })),
  'a label': (text) => oci({ run: { Labels: { note: text } } }),
  'the name of a label': (text) => oci({ run: { Labels: { [text]: 'x' } } }),
  'a variable': (text) => oci({ run: { Env: [`NOTE=${text}`] } }),
  'the command': (text) => oci({ run: { Cmd: ['sh', '-c', `echo ${text}`] } }),
  'an unknown key of the configuration': (text) => oci({ config: { 'x-team': { note: text } } }),
  'the history': (text) => oci({ by: [`RUN echo ${text}`] }),
  'the author of a history entry': (text) => oci({ history: { author: text } }),
  'an annotation of the manifest': (text) => oci({ manifest: { annotations: { note: text } } }),
  'an annotation of the index': (text) => oci({ index: { annotations: { note: text } } }),
  'data in a descriptor': (text) =>
    oci({ configDescriptor: { data: Buffer.from(`{"note":${JSON.stringify(text)}}`).toString('base64') } }),
  'a predicate of an attestation': (text) =>
    oci({ attestations: [[{ bytes: statement({ predicate: { note: text } }) }]] }),
  'the name of a key of an attestation': (text) =>
    oci({ attestations: [[{ bytes: statement({ predicate: { [text]: 1 } }) }]] }),
}

/** Places that take any bytes; text too. */
const BYTE_PLACES: Readonly<Record<string, (bytes: Buffer) => Promise<Buffer>>> = {
  'an extended attribute': async (bytes) =>
    layered(
      Promise.resolve(Buffer.concat([await extended('x', rawRecord('SCHILY.xattr.user.blob', bytes)), await plain()])),
    ),
  'the space behind the data of a file': async (bytes) => {
    const tar = await tarOf([{ name: 'app/x', content: 'x' }])
    bytes.copy(tar, 520)
    return layered(Promise.resolve(tar))
  },
  'the space behind a name': async (bytes) => {
    // What is longer does not fit.
    const part = bytes.length <= 80 ? bytes : null
    return layered(
      part === null
        ? plain({ name: `app/${TOKEN}` })
        : plain().then((tar) => inHeader(tar, 16, part.toString('latin1'))),
    )
  },
  'an extra field of gzip': (bytes) => packed((tar) => member(tar, bytes)),
  'a frame of zstd to be skipped': (bytes) =>
    packed((tar) => Buffer.concat([skippable(bytes), zlib.zstdCompressSync(tar)])),
  'an extra field of a zip': async (bytes) =>
    layered(plain({ name: 'app/a.zip', content: zipWith(bytes, Buffer.alloc(0)) as unknown as string })),
  'the comment of a zip': async (bytes) =>
    layered(plain({ name: 'app/a.zip', content: zipWith(Buffer.alloc(0), bytes) as unknown as string })),
  'a file of the archive that nobody reads': (bytes) => oci({ files: { 'notes.bin': bytes } }),
  'a layer of an attestation that is no statement': (bytes) =>
    oci({ attestations: [[{ mediaType: 'application/octet-stream', bytes }]] }),
}

async function check(archive: Buffer, written: string): Promise<void> {
  const outcome = await judgeArchive(archive)
  const found = outcome.report.findings.filter(({ secret }) => secret !== null)
  expect(found.map(({ secret }) => secret?.detector)).toContain('github-token')
  expect(outcome.report.verdict.result).toBe('fail')
  const outputs = [
    renderJson(outcome.report),
    renderSarif(outcome, '.layergate.yml'),
    renderSummary(outcome),
    renderTerminal(outcome, { color: false, verbose: true }),
  ]
  for (const text of outputs)
    for (const value of [TOKEN, written]) expect(text.replace(/\s/g, '')).not.toContain(value.replace(/\s/g, ''))
}

/** A slash stands in base64 too: behind the slash of a path nobody can tell where packed text begins. */
const isUnclear = (place: string, packing: string): boolean =>
  place === 'the name of a file' && packing === 'zlib in base64'

describe.each(Object.entries(TEXT_PLACES))('in %s', (place, build) => {
  it.each(Object.entries(TEXTS).filter(([packing]) => !isUnclear(place, packing)))(
    'a token in %s is found and not shown',
    async (_packing, text) => {
      await check(await build(text), text)
    },
  )
})

describe.each(Object.entries(BYTE_PLACES))('in %s', (_place, build) => {
  const texts = Object.entries(TEXTS).map(([name, text]) => [name, Buffer.from(text)] as const)
  it.each([...texts, ...Object.entries(BYTES)])('a token in %s is found and not shown', async (_packing, bytes) => {
    await check(await build(bytes), bytes.toString('latin1'))
  })
})
