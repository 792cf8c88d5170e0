// git's objects: loose ones are zlib streams with a header, packs hold many of them, most as what differs from another.
// https://git-scm.com/docs/gitformat-pack
import { createHash } from 'node:crypto'
import zlib from 'node:zlib'
import { PackingError } from '../packing/feed.ts'
import { keep } from './kept.ts'
import { Stop } from './nested.ts'
import { deliver, type Opening, type Sink } from './unpacker.ts'

const TYPES: Readonly<Record<number, string>> = { 1: 'commit', 2: 'tree', 3: 'blob', 4: 'tag' }
const OFFSET_DELTA = 6
const NAMED_DELTA = 7
/** Objects are held in memory; larger ones are left out. */
const MAX_OBJECT = 32 << 20
/** What objects that others are built on may take at once. */
const MAX_BASES = 48 << 20
const LOOSE = /(?:^|\/)objects\/[0-9a-f]{2}\/[0-9a-f]{38,62}$/

/** The content of a loose object, without the header that git puts in front. */
export function withoutGitHeader(path: string, bytes: Buffer): Buffer {
  if (!LOOSE.test(path)) return bytes
  const header = /^(?:blob|tree|commit|tag) \d+\0/.exec(bytes.toString('latin1', 0, 32))
  return header === null ? bytes : bytes.subarray(header[0].length)
}

interface PackEntry {
  readonly type: number
  /** Where its data starts. */
  readonly data: number
  readonly size: number
}

/** An object in memory, that others may be built on. */
interface PackObject {
  readonly type: string
  readonly bytes: Buffer
  readonly at: number
  readonly id: string
}

class Pack<S extends Sink> {
  readonly #opening: Opening<S>
  readonly #bytes: Buffer
  /** Objects by the place in the pack, or the id, of what they are built on. */
  readonly #children = new Map<number | string, PackEntry[]>()
  readonly #roots: { readonly type: string; readonly entry: PackEntry; readonly at: number; readonly id: string }[] = []
  #unread = 0
  #why = ''

  constructor(opening: Opening<S>, bytes: Buffer) {
    this.#opening = opening
    this.#bytes = bytes
  }

  /** @returns where the pack ends */
  async read(): Promise<number> {
    const count = this.#bytes.readUInt32BE(8)
    let at = 12
    for (let i = 0; i < count; i++) at = await this.#entry(at)
    for (const { type, entry, at: place, id } of this.#roots) {
      if (!this.#children.has(place) && !this.#children.has(id)) continue
      await this.#family({ type, bytes: this.#inflate(entry).bytes, at: place, id })
    }
    for (const waiting of this.#children.values()) this.#leaveOut(waiting.length, 'what they are built on is not in the pack')
    if (this.#unread > 0) this.#opening.host.skip(`${this.#unread} objects of the git pack could not be read: ${this.#why}`)
    return at + 20
  }

  #leaveOut(count: number, why: string): void {
    if (this.#unread === 0) this.#why = why
    this.#unread += count
  }

  /** One object of the pack: whole ones are read, others wait for what they are built on. @returns where the next one starts */
  async #entry(at: number): Promise<number> {
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
    const entry: PackEntry = { type, data, size }
    const { bytes, end: next } = this.#inflate(entry)
    if (base !== null) {
      this.#children.set(base, [...(this.#children.get(base) ?? []), { ...entry, type: at }])
      return next
    }
    const name = TYPES[type] ?? ''
    const id = idOf(name, bytes)
    this.#roots.push({ type: name, entry, at, id })
    await this.#emit({ type: name, bytes, at, id })
    return next
  }

  async #emit({ type, bytes, id }: PackObject): Promise<void> {
    this.#opening.budget.spend(bytes.length, this.#opening.account)
    await deliver(this.#opening.host, `${type} ${id}`, [bytes])
  }

  /** All that is built on an object, and on that. */
  async #family(root: PackObject): Promise<void> {
    const stack: { readonly base: PackObject; readonly children: PackEntry[] }[] = []
    let held = 0
    const enter = (base: PackObject): void => {
      const children = [...(this.#children.get(base.at) ?? []), ...(this.#children.get(base.id) ?? [])]
      this.#children.delete(base.at)
      this.#children.delete(base.id)
      if (children.length === 0) return
      held += base.bytes.length
      if (held > MAX_BASES) throw new Stop('objects of its git pack take too much memory')
      stack.push({ base, children })
    }
    enter(root)
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const child = top.children.pop()
      if (top.children.length === 0) {
        stack.pop()
        held -= top.base.bytes.length
      }
      if (child === undefined) continue
      try {
        const bytes = applyDelta(top.base.bytes, this.#inflate(child).bytes)
        const object = { type: top.base.type, bytes, at: child.type, id: idOf(top.base.type, bytes) }
        await this.#emit(object)
        enter(object)
      } catch (error) {
        if (!(error instanceof PackingError)) throw error
        this.#leaveOut(1, error.message)
      }
    }
  }

  #inflate({ data, size }: PackEntry): { readonly bytes: Buffer; readonly end: number } {
    if (size > MAX_OBJECT) throw new PackingError(`its git pack holds an object of ${size} bytes (at most ${MAX_OBJECT} are read)`)
    try {
      const result = zlib.inflateSync(this.#bytes.subarray(data), { maxOutputLength: size + 1, info: true } as zlib.ZlibOptions)
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

const idOf = (type: string, bytes: Buffer): string => createHash('sha1').update(`${type} ${bytes.length}\0`).update(bytes).digest('hex')

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
  if (size > MAX_OBJECT) throw new PackingError(`one has ${size} bytes (at most ${MAX_OBJECT} are read)`)
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
