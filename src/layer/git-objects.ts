// git's objects: loose ones are zlib streams with a header, packs hold many of them, most as what differs from another.
// https://git-scm.com/docs/gitformat-pack
import { createHash } from 'node:crypto'
import zlib from 'node:zlib'
import { Feed, PackingError } from '../packing/feed.ts'
import { inflate } from '../packing/native.ts'
import { keep, pieces } from './kept.ts'
import { Stop } from './nested.ts'
import { deliver, type Opening, type Sink } from './opening.ts'

const TYPES: Readonly<Record<number, string>> = { 1: 'commit', 2: 'tree', 3: 'blob', 4: 'tag' }
const OFFSET_DELTA = 6
const NAMED_DELTA = 7
/** Objects up to this size are held in memory, and others built on them. */
const MAX_OBJECT = 16 << 20
/** What objects that others are built on may take at once. */
const MAX_BASES = 32 << 20
/** Objects that are built on one by its name; git writes places into the packs that it keeps. */
const MAX_NAMED = 200_000
const LOOSE = /(?:^|\/)objects\/[0-9a-f]{2}\/[0-9a-f]{38,62}$/

/** The content of a loose object, without the header that git puts in front. */
export function withoutGitHeader(path: string, bytes: Buffer): Buffer {
  if (!LOOSE.test(path)) return bytes
  const header = /^(?:blob|tree|commit|tag) \d+\0/.exec(bytes.toString('latin1', 0, 32))
  return header === null ? bytes : bytes.subarray(header[0].length)
}

/** An object in memory, that others may be built on. */
interface PackObject {
  /** Its number in the pack. */
  readonly index: number
  readonly type: string
  readonly bytes: Buffer
  readonly id: string
}

/** Where the objects of a pack are, in few bytes for each: there may be millions. */
class PackIndex {
  count = 0
  #at = new Int32Array(1024)
  #data = new Int32Array(1024)
  #size = new Int32Array(1024)
  #child = new Int32Array(1024)
  #sibling = new Int32Array(1024)
  readonly #byId = new Map<string, number[]>()
  #named = 0
  /** Deltas whose base is not known. */
  waiting = 0

  add(at: number, data: number, size: number): number {
    if (this.count === this.#at.length) {
      const grown = (array: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> => {
        const larger = new Int32Array(array.length * 2)
        larger.set(array)
        return larger
      }
      this.#at = grown(this.#at)
      this.#data = grown(this.#data)
      this.#size = grown(this.#size)
      this.#child = grown(this.#child)
      this.#sibling = grown(this.#sibling)
    }
    this.#at[this.count] = at
    this.#data[this.count] = data
    this.#size[this.count] = size
    this.#child[this.count] = -1
    this.#sibling[this.count] = -1
    return this.count++
  }

  entry(index: number): { readonly data: number; readonly size: number } {
    return { data: this.#data[index] ?? 0, size: this.#size[index] ?? 0 }
  }

  /** Notes what an object is built on. @returns whether that can be */
  buildOn(index: number, base: number | string): boolean {
    if (typeof base === 'string') {
      if (++this.#named > MAX_NAMED) return false
      const others = this.#byId.get(base)
      if (others === undefined) this.#byId.set(base, [index])
      else others.push(index)
      this.waiting++
      return true
    }
    const parent = this.#find(base)
    if (parent === -1) return false
    this.#sibling[index] = this.#child[parent] ?? -1
    this.#child[parent] = index
    this.waiting++
    return true
  }

  /** Whether anything is built on an object. */
  hasChildren({ index, id }: { readonly index: number; readonly id: string }): boolean {
    return (this.#child[index] ?? -1) !== -1 || this.#byId.has(id)
  }

  /** One object that is built on another, and has not been taken yet; -1 for none. */
  take({ index, id }: { readonly index: number; readonly id: string }): number {
    const child = this.#child[index] ?? -1
    if (child !== -1) {
      this.#child[index] = this.#sibling[child] ?? -1
      this.waiting--
      return child
    }
    const named = this.#byId.get(id)
    const next = named?.pop()
    if (named?.length === 0) this.#byId.delete(id)
    if (next === undefined) return -1
    this.waiting--
    return next
  }

  /** The object that starts at a place. */
  #find(at: number): number {
    let [low, high] = [0, this.count - 1]
    while (low <= high) {
      const middle = (low + high) >> 1
      const value = this.#at[middle] ?? 0
      if (value === at) return middle
      if (value < at) low = middle + 1
      else high = middle - 1
    }
    return -1
  }
}

class Pack<S extends Sink> {
  readonly #opening: Opening<S>
  readonly #bytes: Buffer
  readonly #index = new PackIndex()
  #unread = 0
  #why = ''

  constructor(opening: Opening<S>, bytes: Buffer) {
    this.#opening = opening
    this.#bytes = bytes
  }

  /** @returns where the pack ends */
  async read(): Promise<number> {
    const count = this.#bytes.readUInt32BE(8)
    /** Whole objects: number and kind. */
    const whole: number[] = []
    let at = 12
    for (let i = 0; i < count; i++) at = await this.#entry(at, whole)
    for (const packed of whole) {
      const index = Math.floor(packed / 8)
      const type = TYPES[packed % 8] ?? ''
      const { bytes } = this.#inflate(this.#index.entry(index))
      const root = { index, type, bytes, id: idOf(type, bytes) }
      if (this.#index.hasChildren(root)) await this.#family(root)
    }
    if (this.#index.waiting > 0) this.#leaveOut(this.#index.waiting, 'what they are built on is not in the pack')
    if (this.#unread > 0)
      this.#opening.host.skip(`${this.#unread} objects of the git pack could not be read: ${this.#why}`)
    return at + 20
  }

  #leaveOut(count: number, why: string): void {
    if (this.#unread === 0) this.#why = why
    this.#unread += count
  }

  /** One object of the pack: whole ones are read, others wait for what they are built on. @returns where the next one starts */
  async #entry(at: number, whole: number[]): Promise<number> {
    const { type, size, end } = this.#header(at)
    let data = end
    let base: number | string | null = null
    if (type === OFFSET_DELTA) {
      const offset = this.#offset(end)
      base = at - offset.value
      data = offset.end
    } else if (type === NAMED_DELTA) {
      data = end + 20
      base = this.#bytes.toString('hex', end, data)
    } else if (TYPES[type] === undefined) throw new PackingError('its git pack is damaged')
    if (size > MAX_OBJECT) return this.#large({ data, size }, TYPES[type] ?? null)
    const { bytes, end: next } = this.#inflate({ data, size })
    const index = this.#index.add(at, data, size)
    if (base !== null) {
      if (!this.#index.buildOn(index, base)) this.#leaveOut(1, 'what they are built on is not in the pack')
      return next
    }
    whole.push(index * 8 + type)
    const name = TYPES[type] ?? ''
    await this.#emit({ index, type: name, bytes, id: idOf(name, bytes) })
    return next
  }

  /** An object that is too large to build others on is read piece by piece. @param type null for what differs from another */
  async #large({ data, size }: { readonly data: number; readonly size: number }, type: string | null): Promise<number> {
    const feed = Feed.of(pieces(this.#bytes.subarray(data)))
    const { host, budget, account } = this.#opening
    const inflated = async function* (): AsyncGenerator<Buffer> {
      for await (const chunk of inflate(feed, 'zlib')) {
        budget.spend(chunk.length, account)
        yield chunk
      }
    }
    if (type !== null) await deliver(host, `${type} of ${size} bytes`, inflated())
    else {
      for await (const _ of inflated());
      this.#leaveOut(1, `one has ${size} bytes (at most ${MAX_OBJECT} are put together)`)
    }
    return data + feed.position
  }

  async #emit({ type, bytes, id }: PackObject): Promise<void> {
    this.#opening.budget.spend(bytes.length, this.#opening.account)
    await deliver(this.#opening.host, `${type} ${id}`, [bytes])
  }

  /** All that is built on an object, and on that. */
  async #family(root: PackObject): Promise<void> {
    const stack = [root]
    let held = root.bytes.length
    for (let base = stack.at(-1); base !== undefined; base = stack.at(-1)) {
      const child = this.#index.take(base)
      if (child === -1 || !this.#index.hasChildren(base)) {
        stack.pop()
        held -= base.bytes.length
      }
      if (child === -1) continue
      try {
        const bytes = applyDelta(base.bytes, this.#inflate(this.#index.entry(child)).bytes)
        const object = { index: child, type: base.type, bytes, id: idOf(base.type, bytes) }
        await this.#emit(object)
        if (!this.#index.hasChildren(object)) continue
        held += bytes.length
        if (held > MAX_BASES) throw new Stop('objects of its git pack take too much memory')
        stack.push(object)
      } catch (error) {
        if (!(error instanceof PackingError)) throw error
        this.#leaveOut(1, error.message)
      }
    }
  }

  #inflate({ data, size }: { readonly data: number; readonly size: number }): {
    readonly bytes: Buffer
    readonly end: number
  } {
    try {
      const result = zlib.inflateSync(this.#bytes.subarray(data), {
        maxOutputLength: size + 1,
        info: true,
      } as zlib.ZlibOptions)
      const { buffer, engine } = result as unknown as { buffer: Buffer; engine: { bytesWritten: number } }
      return { bytes: buffer, end: data + engine.bytesWritten }
    } catch (cause) {
      throw new PackingError('its git pack is damaged', { cause })
    }
  }

  #header(from: number): { readonly type: number; readonly size: number; readonly end: number } {
    let at = from
    let byte = this.#bytes[at++] ?? 0
    const type = (byte >> 4) & 7
    let size = byte & 15
    for (let weight = 16; byte >= 128 && at - from < 8; weight *= 128) {
      byte = this.#bytes[at++] ?? 0
      size += (byte & 127) * weight
    }
    return { type, size, end: at }
  }

  #offset(from: number): { readonly value: number; readonly end: number } {
    let at = from
    let byte = this.#bytes[at++] ?? 0
    let value = byte & 127
    while (byte >= 128 && at - from < 8) {
      byte = this.#bytes[at++] ?? 0
      value = (value + 1) * 128 + (byte & 127)
    }
    return { value, end: at }
  }
}

const idOf = (type: string, bytes: Buffer): string =>
  createHash('sha1').update(`${type} ${bytes.length}\0`).update(bytes).digest('hex')

/** Builds an object from another and what differs: pieces of the other by place and length, and new bytes. */
function applyDelta(base: Buffer, delta: Buffer): Buffer {
  const damaged = (): PackingError => new PackingError('what differs does not fit')
  let at = 0
  const number = (): number => {
    let [value, weight, byte] = [0, 1, 128]
    for (; byte >= 128 && weight < 2 ** 49; weight *= 128) {
      byte = delta[at++] ?? 0
      value += (byte & 127) * weight
    }
    return value
  }
  if (number() !== base.length) throw damaged()
  const size = number()
  if (size > MAX_OBJECT) throw new PackingError(`one has ${size} bytes (at most ${MAX_OBJECT} are put together)`)
  const out = Buffer.allocUnsafe(size)
  let done = 0
  while (at < delta.length) {
    const operation = delta[at++] ?? 0
    let [source, from, length] = [delta, at, operation]
    if (operation >= 128) {
      source = base
      from = 0
      length = 0
      for (let i = 0; i < 4; i++) if ((operation & (1 << i)) !== 0) from += (delta[at++] ?? 0) * 256 ** i
      for (let i = 0; i < 3; i++) if ((operation & (16 << i)) !== 0) length += (delta[at++] ?? 0) * 256 ** i
      if (length === 0) length = 0x10000
    } else at += operation
    if (operation === 0 || from + length > source.length || done + length > size) throw damaged()
    source.copy(out, done, from, from + length)
    done += length
  }
  if (done !== size) throw damaged()
  return out
}

/** What stands behind the pack is left in the feed. */
export async function openGitPack<S extends Sink>(opening: Opening<S>): Promise<void> {
  await keep(opening.feed, opening.budget, 'git packs', async (bytes) => {
    const end = await new Pack(opening, bytes).read()
    opening.feed.unread(Buffer.from(bytes.subarray(end)))
  })
}

/** A pack behind lines that name what is in it. */
export async function openGitBundle<S extends Sink>(opening: Opening<S>): Promise<void> {
  const at = (await opening.feed.peek(1 << 20)).indexOf('\n\nPACK')
  if (at === -1) throw new PackingError('its git bundle is damaged')
  await opening.feed.skip(at + 2)
  await openGitPack(opening)
}
