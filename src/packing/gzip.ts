// gzip by RFC 1952: members one after the other, each with a header that may hold a name, a comment and more.
import { type Feed, PackingError } from './feed.ts'
import { inflate } from './native.ts'

const FHCRC = 2
const FEXTRA = 4
const FNAME = 8
const FCOMMENT = 16
/** A name or comment of more than this is none. */
const MAX_FIELD = 1 << 20

/** Whether a gzip member may start here: the method is deflate, no reserved flag is set. */
export const isGzip = (head: Buffer): boolean =>
  head[0] === 0x1f && head[1] === 0x8b && head[2] === 8 && ((head[3] ?? 0xff) & 0xe0) === 0

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
      if (end === -1 && (text.length < length || length > MAX_FIELD))
        throw new PackingError('its gzip header does not end')
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
    yield* inflate(feed, 'deflate')
    const trailer = await feed.take(8)
    if (trailer.length < 8) throw new PackingError('unexpected end of file')
  } while (isGzip(await feed.peek(4)))
}
