// Packed layers and archives are read to their last byte: several members and frames, other compressions, and whatever stands
// behind the data, which no reader would look at.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import zlib from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decompress, sniff } from '../../src/image/compression.ts'
import { openImage } from '../../src/image/open.ts'
import { limitsOf } from '../../src/limits.ts'
import { buildImage } from '../image-builder.ts'

const fixtures = path.resolve(import.meta.dirname, '../../fixtures/packings')
const fixture = async (name: string): Promise<Buffer> => readFile(path.join(fixtures, name))
const nothing = (async function* (): AsyncGenerator<Buffer> {})()

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'layergate-packed-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const optionsOf = (spoolBytes?: number) => ({
  image: null,
  platform: null,
  temporary: folder,
  bareNames: 'file-first' as const,
  stdin: nothing,
  limits: limitsOf({ 'spool-bytes': spoolBytes }),
})

/** What bytes unpack to, told by their first bytes and fed in small pieces. */
async function unpacked(bytes: Buffer): Promise<string> {
  const source = (async function* (): AsyncGenerator<Buffer> {
    for (let at = 0; at < bytes.length; at += 100) yield bytes.subarray(at, at + 100)
  })()
  const chunks: Buffer[] = []
  for await (const chunk of decompress(source, sniff(bytes.subarray(0, 512)), 'layer 3'))
    chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString('latin1')
}

describe('a layer', () => {
  it.each(['tar-gzip', 'tar-xz', 'tar-bzip2', 'tar-zstd'])('%s unpacks to the tar', async (name) => {
    expect(await unpacked(await fixture(`${name}.bin`))).toBe(
      zlib.gunzipSync(await fixture('tar-gzip.bin')).toString('latin1'),
    )
  })

  it.each([
    ['gzip of two members', 'gzip-two-members'],
    ['zstd of two frames', 'zstd-two-frames'],
    ['zstd that begins with a frame to be skipped', 'zstd-skippable-first'],
    ['zstd with frames to be skipped between and behind (zstd:chunked)', 'zstd-skippable-between'],
    ['pzstd', 'pzstd'],
    ['xz of two streams', 'xz-two-streams'],
    ['xz with zeros between', 'xz-padded'],
    ['xz of many blocks', 'xz-blocks'],
    ['xz with SHA-256', 'xz-sha256'],
    ['bzip2 of two streams', 'bzip2-two-streams'],
  ])('%s is read whole', async (_name, file) => {
    expect(
      (await unpacked(await fixture(`${file}.bin`))).endsWith(
        zlib.gunzipSync(await fixture('gzip.bin')).toString('latin1'),
      ),
    ).toBe(true)
  })

  const KINDS = ['tar-gzip', 'tar-xz', 'tar-bzip2', 'tar-zstd']
  const behind: readonly (readonly [string, Buffer])[] = [
    ['text', Buffer.from('hidden behind the end')],
    ['a zero and text', Buffer.from('\0 hidden behind the end')],
    ['zeros and a stream', Buffer.concat([Buffer.alloc(16), zlib.gzipSync('hidden')])],
    ['a stream of another kind', zlib.brotliCompressSync('hidden')],
    ['half a sign', Buffer.from([0x28, 0xb5])],
  ]
  it.each(KINDS.flatMap((kind) => behind.map(([what, bytes]) => [kind, what, bytes] as const)))(
    '%s with %s behind it is refused',
    async (kind, _what, bytes) => {
      await expect(unpacked(Buffer.concat([await fixture(`${kind}.bin`), bytes]))).rejects.toThrow(
        /^layer 3 holds \d+ bytes behind its compressed data, which no reader would look at\./,
      )
    },
  )

  it.each(KINDS)('%s that breaks off is refused, wherever', async (kind) => {
    const whole = await fixture(`${kind}.bin`)
    for (let length = 30; length < whole.length; length += 41)
      await expect(unpacked(whole.subarray(0, length))).rejects.toThrow(
        /^layer 3 does not decompress .* truncated or damaged/,
      )
  })

  it.each([
    [
      'a filter of xz',
      'xz-x86',
      /layer 3 cannot be decompressed \(xz: its filter \(x86\) is not supported\)\. Build or convert the image with gzip or zstd/,
    ],
    ['lzip', 'tar-lzip', /compressed in a way that is not supported/],
    ['lz4', 'lz4', /compressed in a way that is not supported/],
  ])('%s is named and refused', async (_name, file, message) => {
    await expect(unpacked(await fixture(`${file}.bin`))).rejects.toThrow(message)
  })
})

describe('a whole archive', () => {
  it.each(['image.tar.xz', 'image.tar.bz2', 'image.tar.zst'])('%s is opened', async (name) => {
    const image = await openImage(path.join(fixtures, name), optionsOf())
    let bytes = 0
    for await (const chunk of image.layers[0]?.open() ?? []) bytes += chunk.length
    await image.close()
    expect(bytes).toBe(10_240)
    expect(await readdir(folder)).toEqual([])
  })

  it('is spooled up to the limit, and refused beyond it', async () => {
    const archive = await buildImage({
      layers: [{ by: 'COPY a /a # buildkit', files: [{ name: 'a', content: Buffer.alloc(300_000) }] }],
      config: { User: '1' },
    })
    const file = path.join(folder, 'a.tar.gz')
    await writeFile(file, zlib.gzipSync(archive))
    await (await openImage(file, optionsOf(archive.length))).close()
    const refused = /more than 200000 bytes would be written to .* \(limits\.spool-bytes\)\. Raise the limit/
    await expect(openImage(file, optionsOf(200_000))).rejects.toThrow(refused)
    const stdin = (async function* (): AsyncGenerator<Buffer> {
      for (let at = 0; at < archive.length; at += 10_000) yield archive.subarray(at, at + 10_000)
    })()
    await expect(openImage('-', { ...optionsOf(200_000), stdin })).rejects.toThrow(
      /standard input: more than 200000 bytes/,
    )
    await rm(file)
    expect(await readdir(folder)).toEqual([])
  })

  it('a bomb ends at the limit', async () => {
    const file = path.join(folder, 'bomb.tar.gz')
    await writeFile(file, zlib.gzipSync(Buffer.alloc(64 << 20)))
    await expect(openImage(file, optionsOf(1 << 20))).rejects.toThrow(/limits\.spool-bytes/)
    await rm(file)
  })
})
