// gzip by RFC 1952: members one after the other, each with a header that may hold a name, a comment and more.
import zlib from 'node:zlib'
import { type Feed, PackingError } from './feed.ts'
import { inflate } from './native.ts'

const FHCRC = 2
const FEXTRA = 4
const FNAME = 8
const FCOMMENT = 16
/** A name or comment of more than this is none. */
const MAX_FIELD = 1 << 20

/** Bytes of a small member. */
const SMALL = 1 << 14

/** Whether a gzip member may start here: the method is deflate, no reserved flag is set. */
export const isGzip = (head: Buffer): boolean => head[0] === 0x1f && head[1] === 0x8b && head[2] === 8 && ((head[3] ?? 0xff) & 0xe0) === 0

/** Told of the texts that a header holds. */
type OnAside = (bytes: Buffer) => void

/** Takes the header of one member. */
async function header(feed: Feed, onAside: OnAside): Promise<void> {
  const fixed = await feed.take(10)
  const flags = fixed[3] ?? 0
  if (fixed.length < 10 || !isGzip(fixed)) throw new PackingError('its gzip header is damaged')
  if ((flags & FEXTRA) !== 0) onAside(await feed.take((await feed.take(2)).readUInt16LE(0)))
  for (const flag of [FNAME, FCOMMENT]) {
    if ((flags & flag) === 0) continue
    for (let length = 64; ; length *= 2) {
      const text = await feed.peek(length)
      const end = text.indexOf(0)
      if (end === -1 && (text.length < length || length > MAX_FIELD)) throw new PackingError('its gzip header does not end')
      if (end === -1) continue
      onAside(await feed.take(end + 1))
      break
    }
  }
  if ((flags & FHCRC) !== 0) await feed.skip(2)
}

/**
 * Inflates all members; what stands behind the last is left in the feed.
 * @throws PackingError
 */
export async function* gunzip(feed: Feed, onAside: OnAside = () => {}): AsyncGenerator<Buffer> {
  do {
    try {
      await header(feed, onAside)
    } catch (error) {
      throw error instanceof PackingError ? error : new PackingError('its gzip header breaks off', { cause: error })
    }
    const small = await smallMember(feed)
    if (small !== null) yield small
    else yield* inflate(feed, 'deflate')
    const trailer = await feed.take(8)
    if (trailer.length < 8) throw new PackingError('unexpected end of file')
  } while (isGzip(await feed.peek(4)))
}

/** A member that is small and at hand, in one call: a stream of its own takes more than it. */
async function smallMember(feed: Feed): Promise<Buffer | null> {
  const atHand = await feed.atHand()
  const small = inflateRawAtOnce(atHand, SMALL)
  if (small === null || small.read === 0) return null
  await feed.skip(small.read)
  return small.bytes
}

/**
 * Inflates raw deflate in one call.
 * @returns the bytes, and how many of the packed ones are its own; null where it does not end, does not decode or gives more than `most`
 */
export function inflateRawAtOnce(packed: Buffer, most: number): { readonly bytes: Buffer; readonly read: number } | null {
  try {
    const result = zlib.inflateRawSync(packed, { maxOutputLength: Math.max(1, most), info: true } as zlib.ZlibOptions)
    const { buffer, engine } = result as unknown as { buffer: Buffer; engine: { bytesWritten: number } }
    return { bytes: buffer, read: engine.bytesWritten }
  } catch {
    return null
  }
}

/**
 * Inflates a small file at once.
 * @returns null where that does not do: it is damaged, too large, or bytes are left behind it
 */
export function gunzipAtOnce(bytes: Buffer, most: number): Buffer | null {
  return atOnce(zlib.gunzipSync, bytes, most)
}

/** As `gunzipAtOnce`, for a zlib stream. */
export function inflateAtOnce(bytes: Buffer, most: number): Buffer | null {
  return atOnce(zlib.inflateSync, bytes, most)
}

function atOnce(inflateSync: (bytes: Buffer, options: zlib.ZlibOptions) => unknown, bytes: Buffer, most: number): Buffer | null {
  try {
    const result = inflateSync(bytes, { maxOutputLength: Math.max(1, most), info: true })
    const { buffer, engine } = result as { buffer: Buffer; engine: { bytesWritten: number } }
    return engine.bytesWritten === bytes.length ? buffer : null
  } catch {
    return null
  }
}
