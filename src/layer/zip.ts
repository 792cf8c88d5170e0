// zip archives: what their directory lists, by yauzl; and what only a header in front of the data shows, which some readers
// unpack all the same.
import { type Entry, fromBuffer, type ZipFile } from 'yauzl'
import { Feed, PackingError } from '../packing/feed.ts'
import { inflate, inflateAtOnce } from '../packing/native.ts'
import { HEAD, isZipMember, packingOf } from '../packing/signs.ts'
import { decode, type Stream } from '../packing/streams.ts'
import { keep, pieces } from './kept.ts'
import { Stop } from './nested.ts'
import { deliver, type Opening, type Sink } from './opening.ts'

const MEMBER = Buffer.from('PK\x03\x04', 'latin1')
const DIRECTORY = Buffer.from('PK\x01\x02', 'latin1')
const END = Buffer.from('PK\x05\x06', 'latin1')
const DESCRIPTOR = Buffer.from('PK\x07\x08', 'latin1')
const END_LENGTH = 22
/** What members may be packed with, by its number. */
const METHODS: Readonly<Record<number, Stream | 'deflate'>> = { 8: 'deflate', 12: 'bzip2', 93: 'zstd', 95: 'xz' }
/** Members up to this size are inflated in one call. */
const AT_ONCE = 1 << 20
/** A descriptor behind a member's data: its sign, checksum and sizes of eight bytes. */
const MAX_DESCRIPTOR = 24

/** Bytes from one position to another. */
interface Range {
  readonly from: number
  readonly to: number
}

/** Where the directory starts and ends. */
interface Directory extends Range {
  /** The end of the archive. */
  readonly end: number
}

/** The last directory that an end record tells of. Where its offsets count bytes in front that are not there, they are put right. */
function findDirectory(bytes: Buffer): Directory | null {
  for (let at = bytes.lastIndexOf(END); at >= 0; at = at === 0 ? -1 : bytes.lastIndexOf(END, at - 1)) {
    if (at + END_LENGTH > bytes.length) continue
    const end = at + END_LENGTH + bytes.readUInt16LE(at + 20)
    const [count, size, offset] = [
      bytes.readUInt16LE(at + 10),
      bytes.readUInt32LE(at + 12),
      bytes.readUInt32LE(at + 16),
    ]
    if (end > bytes.length || size > at) continue
    if (offset === 0xffff_ffff || count === 0xffff || size === 0xffff_ffff) {
      // zip64: yauzl finds its way by the locator in front.
      const start = bytes.indexOf(DIRECTORY)
      return start === -1 || start > at ? null : { from: start, to: at, end }
    }
    const from = at - size
    if (count > 0 && !bytes.subarray(from, from + 4).equals(DIRECTORY)) continue
    if (offset !== from) moveDirectory(bytes, { from, to: at }, offset - from, at)
    return { from, to: at, end }
  }
  return null
}

/** Takes what stood in front of the archive off all offsets. */
function moveDirectory(bytes: Buffer, { from, to }: Range, shift: number, end: number): void {
  for (let at = from; at + 46 <= to && bytes.subarray(at, at + 4).equals(DIRECTORY); ) {
    bytes.writeUInt32LE(Math.max(0, bytes.readUInt32LE(at + 42) - shift), at + 42)
    at += 46 + bytes.readUInt16LE(at + 28) + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32)
  }
  bytes.writeUInt32LE(from, end + 16)
}

/** One zip that is in memory. */
class ZipReading<S extends Sink> {
  readonly #opening: Opening<S>
  readonly #bytes: Buffer
  /** What members of the directory take, each from its header on. */
  readonly #known: { readonly from: number; to: number }[] = []

  constructor(opening: Opening<S>, bytes: Buffer) {
    this.#opening = opening
    this.#bytes = bytes
  }

  /** @returns where the archive ends */
  async read(): Promise<number> {
    const directory = findDirectory(this.#bytes)
    const end = directory?.end ?? this.#bytes.length
    if (directory !== null) {
      try {
        await this.#readDirectory(this.#bytes.subarray(0, end))
        await this.#aside('the comment', [this.#bytes.subarray(directory.to + END_LENGTH, end)])
      } catch (error) {
        if (error instanceof Stop) throw error
        this.#opening.host.skip(
          `not all of it could be unpacked: ${error instanceof Error ? error.message : 'it is damaged'}`,
        )
      }
    }
    const found = await this.#readGaps(directory?.from ?? end, directory !== null)
    if (directory === null)
      this.#opening.host.skip(found ? 'it is damaged: members were found, its directory was not' : 'it is damaged')
    return end
  }

  async #readDirectory(bytes: Buffer): Promise<void> {
    const zip = await new Promise<ZipFile>((resolve, reject) => {
      // Names are only shown: those that point outside are no danger here, and must not stop the reading.
      fromBuffer(bytes, { lazyEntries: true, decodeStrings: false, validateEntrySizes: false }, (error, file) =>
        error ? reject(error) : resolve(file),
      )
    })
    await new Promise<void>((resolve, reject) => {
      zip.on('entry', (entry: Entry) => {
        this.#entry(entry).then(() => zip.readEntry(), reject)
      })
      zip.on('end', resolve)
      zip.on('error', reject)
      zip.readEntry()
    })
  }

  async #entry(entry: Entry): Promise<void> {
    const name = Buffer.from(entry.fileName as unknown as Buffer).toString('utf8')
    const at = entry.relativeOffsetOfLocalHeader
    const { host } = this.#opening
    if (at + 30 > this.#bytes.length || !this.#bytes.subarray(at, at + 4).equals(MEMBER)) {
      if (!name.endsWith('/')) host.skip('it is not where the directory says', name)
      return
    }
    const start = at + 30 + this.#bytes.readUInt16LE(at + 26) + this.#bytes.readUInt16LE(at + 28)
    const known = { from: at, to: Math.min(this.#bytes.length, start + entry.compressedSize) }
    this.#known.push(known)
    const own = this.#bytes.subarray(at + 30 + this.#bytes.readUInt16LE(at + 26), start)
    await this.#aside(`${name} (beside its data)`, [
      ...extraFields(own),
      ...extraFields(entry.extraFieldRaw),
      entry.fileCommentRaw,
    ])
    if (name.endsWith('/') && entry.compressedSize === 0) return
    if (entry.generalPurposeBitFlag & 1) return host.skip('it is encrypted', name)
    const method = this.#bytes.readUInt16LE(at + 8)
    if (method !== entry.compressionMethod) host.skip('its two headers tell of different compressions', name)
    // What it claims and does not use may be something else.
    known.to =
      start +
      (await this.#member(name, entry.compressionMethod, this.#bytes.subarray(start, start + entry.compressedSize)))
  }

  /** Looks into what is packed beside the data of members: as it stands, it was read with the whole. */
  async #aside(name: string, texts: readonly Buffer[]): Promise<void> {
    const { host, budget, account } = this.#opening
    for (const bytes of texts) {
      if (packingOf(bytes.subarray(0, HEAD), '') === null) continue
      budget.spend(bytes.length, account)
      await deliver(host, name, [bytes])
    }
  }

  /** @returns how many of the bytes belong to it */
  async #member(name: string, method: number, packed: Buffer): Promise<number> {
    const { host, budget, account } = this.#opening
    const stream = METHODS[method]
    if (stream === undefined) {
      if (method !== 0) host.skip(`its compression (method ${method}) is not supported`, name)
      else {
        budget.spend(packed.length, account)
        await deliver(host, name, [packed])
      }
      return packed.length
    }
    const atOnce =
      method === 8 && packed.length < AT_ONCE
        ? inflateAtOnce(packed, 'deflate', Math.min(AT_ONCE * 8, budget.left))
        : null
    if (atOnce !== null) {
      budget.spend(atOnce.bytes.length, account)
      await deliver(host, name, [atOnce.bytes])
      return atOnce.read
    }
    const feed = Feed.of(pieces(packed))
    let held = 0
    const memory = (bytes: number): void => {
      if (bytes > held) budget.hold(bytes - held)
      held = Math.max(held, bytes)
    }
    const inflated = async function* (): AsyncGenerator<Buffer> {
      for await (const chunk of stream === 'deflate' ? inflate(feed, stream) : decode(stream, feed, { memory })) {
        budget.spend(chunk.length, account)
        yield chunk
      }
    }
    try {
      await deliver(host, name, inflated())
    } catch (error) {
      if (!(error instanceof PackingError)) throw error
      host.skip('it does not decompress', name)
    } finally {
      budget.release(held)
    }
    return feed.position
  }

  /** Members that the directory does not list, and other bytes between those that it does. @returns whether there were any */
  async #readGaps(end: number, isWhole: boolean): Promise<boolean> {
    let found = false
    let at = 0
    let lost = 0
    for (const { from, to } of [...this.#known.sort((a, b) => a.from - b.from), { from: end, to: end }]) {
      if (from > at) {
        const left = await this.#readGap({ from: at, to: Math.min(from, end) })
        found ||= left.found
        // A descriptor follows the data of a member; zeros align the next one.
        lost += Math.max(0, left.bytes - (at === 0 ? 0 : MAX_DESCRIPTOR))
      }
      at = Math.max(at, to)
    }
    if (isWhole && lost > 0) this.#opening.host.skip(`${lost} of its bytes belong to no member`)
    return found
  }

  /** @returns how many bytes are none of a member, but for zeros */
  async #readGap({ from, to }: Range): Promise<{ readonly found: boolean; readonly bytes: number }> {
    const gap = this.#bytes.subarray(from, to)
    let found = false
    let [done, bytes] = [0, 0]
    for (let at = gap.indexOf(MEMBER); at !== -1; at = gap.indexOf(MEMBER, Math.max(done, at + 1))) {
      const header = gap.subarray(at)
      if (!isZipMember(header)) continue
      found = true
      bytes += unknownBytes(gap.subarray(done, at))
      done = at + (await this.#localMember(header))
    }
    return { found, bytes: bytes + unknownBytes(gap.subarray(done)) }
  }

  /** A member by the header in front of its data alone. @returns its length with the header */
  async #localMember(bytes: Buffer): Promise<number> {
    const { host } = this.#opening
    const [flags, method, declared] = [bytes.readUInt16LE(6), bytes.readUInt16LE(8), bytes.readUInt32LE(18)]
    const nameEnd = 30 + bytes.readUInt16LE(26)
    const name = bytes.toString('utf8', 30, nameEnd)
    const start = nameEnd + bytes.readUInt16LE(28)
    const length = (flags & 8) === 0 ? declared : Math.max(0, nextSign(bytes, start) - start)
    if ((flags & 1) !== 0) {
      host.skip('it is encrypted', name)
      return start + length
    }
    const data = bytes.subarray(
      start,
      METHODS[method] !== undefined && (flags & 8) !== 0 ? bytes.length : start + length,
    )
    if (name.endsWith('/') && data.length === 0) return start
    return start + (await this.#member(name, method, data))
  }
}

/** The extra fields of a header: all together, and the data of each. APPNOTE, section 4.5 */
function extraFields(bytes: Buffer): Buffer[] {
  const found = [bytes]
  for (let at = 0; at + 4 < bytes.length; at += 4 + bytes.readUInt16LE(at + 2))
    found.push(bytes.subarray(at + 4, at + 4 + bytes.readUInt16LE(at + 2)))
  return found
}

/** Where the next header or descriptor stands. */
function nextSign(bytes: Buffer, from: number): number {
  const next = [MEMBER, DESCRIPTOR, DIRECTORY].map((sign) => bytes.indexOf(sign, from)).filter((at) => at !== -1)
  return Math.min(bytes.length, ...next)
}

/** Bytes that are not zero, from the first to the last. Blocks that sign a whole archive (Android) are known. */
function unknownBytes(bytes: Buffer): number {
  const first = bytes.findIndex((byte) => byte !== 0)
  if (first === -1 || bytes.includes('APK Sig Block 42', 0, 'latin1')) return 0
  return bytes.length - first
}

/** What stands behind the archive is left in the feed. */
export async function openZip<S extends Sink>(opening: Opening<S>): Promise<void> {
  await keep(opening.feed, opening.budget, 'zip archives', async (bytes) => {
    const end = await new ZipReading(opening, bytes).read()
    // The bytes live on: what was kept is given back at once.
    opening.feed.unread(Buffer.from(bytes.subarray(end)))
  })
}
