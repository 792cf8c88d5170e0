// Every decoder takes what is its own and leaves the rest: no byte behind a stream, between two or in a broken one goes unseen.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import zlib from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Feed } from '../../src/packing/feed.ts'
import { decode, type Stream } from '../../src/packing/streams.ts'
import { unzstd } from '../../src/packing/zstd.ts'

const fixture = (name: string): Buffer =>
  readFileSync(path.resolve(import.meta.dirname, `../../fixtures/packings/${name}.bin`))

/** One stream of each kind, of the same text. */
const conf = zlib.gunzipSync(fixture('gzip'))
const STREAMS: Readonly<Record<Stream, Buffer>> = {
  gzip: fixture('gzip'),
  zstd: fixture('zstd'),
  xz: fixture('xz'),
  bzip2: fixture('bzip2'),
  zlib: fixture('zlib'),
  brotli: fixture('brotli'),
}
const KINDS = Object.keys(STREAMS) as Stream[]
/** Formats of which several follow each other as one. */
const JOINED: readonly Stream[] = ['gzip', 'zstd', 'xz', 'bzip2']

interface Decoded {
  readonly text: string
  readonly left: string
  readonly error: string | null
}

function feedOf(bytes: Buffer, piece: number): Feed {
  let at = 0
  return new Feed(async () => {
    if (at >= bytes.length) return null
    at += piece
    return bytes.subarray(at - piece, at)
  })
}

async function decoded(
  bytes: Buffer,
  unpack: (feed: Feed) => AsyncIterable<Buffer>,
  piece = 1 << 20,
): Promise<Decoded> {
  const feed = feedOf(bytes, piece)
  const [chunks, left]: [Buffer[], Buffer[]] = [[], []]
  let error: string | null = null
  try {
    for await (const chunk of unpack(feed)) chunks.push(chunk)
  } catch (caught) {
    error = (caught as Error).name
  }
  for (let chunk = await feed.next(); chunk !== null; chunk = await feed.next()) left.push(chunk)
  return { text: Buffer.concat(chunks).toString(), left: Buffer.concat(left).toString('latin1'), error }
}

const text = conf.toString()

describe.each(KINDS)('%s', (kind) => {
  const stream = STREAMS[kind]
  const unpack = (feed: Feed): AsyncIterable<Buffer> => decode(kind, feed)

  it.each([1 << 20, 1000, 61, 1])('decodes, in pieces of %i', async (piece) => {
    expect(await decoded(stream, unpack, piece)).toEqual({ text, left: '', error: null })
  })

  it.each([1 << 20, 61, 1])('leaves what stands behind, in pieces of %i', async (piece) => {
    expect(await decoded(Buffer.concat([stream, Buffer.from('and more')]), unpack, piece)).toEqual({
      text,
      left: 'and more',
      error: null,
    })
  })

  it('says that it breaks off, wherever, or leaves what is none', async () => {
    for (let length = 1; length < stream.length; length += 7) {
      const { error, left } = await decoded(stream.subarray(0, length), unpack)
      expect(error ?? left).not.toBe('')
    }
  })

  it.runIf(JOINED.includes(kind))('several are one', async () => {
    expect(await decoded(Buffer.concat([stream, stream, stream]), unpack, 100)).toEqual({
      text: text.repeat(3),
      left: '',
      error: null,
    })
  })

  it('a broken one behind a whole one is left or an error', async () => {
    const broken = Buffer.from(stream)
    broken.fill(0xff, 12)
    const { text: found, left, error } = await decoded(Buffer.concat([stream, broken]), unpack)
    expect(found.startsWith(text)).toBe(true)
    expect(error !== null || left.length === broken.length).toBe(true)
  })

  it('any damage ends', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(stream.length - 1), fc.nat(255)), { minLength: 1, maxLength: 5 }),
        async (changes) => {
          const bytes = Buffer.from(stream)
          for (const [at, value] of changes) bytes[at] = value
          expect([null, 'PackingError', 'UnsupportedPacking']).toContain((await decoded(bytes, unpack)).error)
        },
      ),
      { numRuns: 100 },
    )
  })
})

describe('zstd', () => {
  const frame = (content: string): Buffer => zlib.zstdCompressSync(Buffer.from(content))
  const skippable = (content: string, kind = 0): Buffer => {
    const head = Buffer.alloc(8)
    head.writeUInt32LE(0x184d2a50 + kind)
    head.writeUInt32LE(content.length, 4)
    return Buffer.concat([head, Buffer.from(content)])
  }

  it.each([
    [
      'skippable frames around',
      [skippable('a'), frame('one'), skippable('', 15), frame('two'), skippable('toc')],
      'onetwo',
    ],
    ['an empty frame between', [frame('one'), frame(''), frame('two')], 'onetwo'],
    ['only a skippable frame', [skippable('nothing else')], ''],
    [
      'hundreds of frames',
      Array.from({ length: 500 }, (_, index) => frame(`${index},`)),
      Array.from({ length: 500 }, (_, index) => `${index},`).join(''),
    ],
  ])('%s', async (_name, frames, expected) => {
    for (const isNative of [true, false]) {
      expect(await decoded(Buffer.concat(frames), (feed) => unzstd(feed, undefined, undefined, isNative), 50)).toEqual({
        text: expected,
        left: '',
        error: null,
      })
    }
  })

  it('hands out what the frames to be skipped hold', async () => {
    const asides: string[] = []
    await decoded(Buffer.concat([skippable('first'), frame('x'), skippable('last')]), (feed) =>
      decode('zstd', feed, { aside: (bytes) => asides.push(bytes.toString()) }),
    )
    expect(asides).toEqual(['first', 'last'])
  })

  it('a frame that wants more memory than there should be is refused before it is decoded', async () => {
    const huge = Buffer.from('28b52ffd00a0090000', 'hex') // a window of a gigabyte
    expect(await decoded(huge, (feed) => unzstd(feed))).toMatchObject({ error: 'UnsupportedPacking' })
  })

  it('JavaScript decodes as node:zlib does', async () => {
    const content = Buffer.concat(
      Array.from({ length: 3000 }, (_, index) =>
        createHash('sha256')
          .update(String(index % 700))
          .digest(),
      ),
    )
    const packed = Buffer.concat([zlib.zstdCompressSync(content), zlib.zstdCompressSync(conf)])
    const of = async (isNative: boolean): Promise<Decoded> =>
      decoded(packed, (feed) => unzstd(feed, undefined, undefined, isNative), 5000)
    expect(await of(false)).toEqual(await of(true))
  })
})

describe('gzip', () => {
  it('hands out name, comment and extra fields', async () => {
    const head = Buffer.from([0x1f, 0x8b, 8, 4 | 8 | 16, 0, 0, 0, 0, 0, 3])
    const member = Buffer.concat([
      head,
      Buffer.from('\x05\0extra', 'latin1'),
      Buffer.from('name\0comment\0'),
      zlib.gzipSync('x').subarray(10),
    ])
    const asides: string[] = []
    const result = await decoded(
      Buffer.concat([member, member]),
      (feed) => decode('gzip', feed, { aside: (bytes) => asides.push(bytes.toString()) }),
      3,
    )
    expect(result).toEqual({ text: 'xx', left: '', error: null })
    expect(asides).toEqual(['extra', 'name\0', 'comment\0', 'extra', 'name\0', 'comment\0'])
  })
})
