// Reads one layer from its first byte to its last: entries, secrets, the small files that later steps need. tar-stream
// reads the tar; our own header walk runs beside it as a guard, and both must see the same entries.
import { createHash } from 'node:crypto'
import type { Transform } from 'node:stream'
import zlib from 'node:zlib'
import { extract as createExtract, type Header } from 'tar-stream'
import { ImageError } from '../error.ts'
import { baseName, childOf, cleanPath, type ImagePath, parentOf } from '../filesystem/path.ts'
import { decompressor } from '../image/compression.ts'
import type { Layer } from '../image/image.ts'
import { TarGuard, type TarHeader } from '../image/tar-walk.ts'
import type { ContentScan, Scanner } from '../secrets/scanner.ts'
import { isCollected, MAX_EXTRACT } from './collectors.ts'
import type { ContentHashes, EntryType, Extract, LayerEntry, LayerMatch, LayerScan, ProgramKind, Skipped } from './layer-scan.ts'
import { eachZipMember, NESTED_LIMITS, NestedBudget, type NestedLimits, type Packing, packingOf } from './nested.ts'

export interface ScanLimits {
  /** Uncompressed bytes of one layer. */
  readonly layerBytes: number
  /** Entries of one layer. */
  readonly entries: number
  readonly nested: NestedLimits
}

export const SCAN_LIMITS: ScanLimits = { layerBytes: 64 * 2 ** 30, entries: 3_000_000, nested: NESTED_LIMITS }

/** More of these than anyone would read: the rest is counted in one line. */
const MAX_SKIPPED = 500
const HEAD = 512

const TYPES: Record<string, EntryType> = { file: 'file', 'contiguous-file': 'file', link: 'hardlink', symlink: 'symlink', directory: 'directory' }

/** Tells whiteouts by name alone: builders write them with any type, size and link name. */
function whiteoutOf(path: ImagePath): LayerEntry['whiteout'] | 'metadata' {
  const name = baseName(path)
  if (!name.startsWith('.wh.')) return null
  const parent = parentOf(path)
  if (name === '.wh..wh..opq') return { kind: 'opaque', hides: parent }
  if (name.startsWith('.wh..wh.')) return 'metadata'
  return { kind: 'file', hides: childOf(parent, name.slice(4)) }
}

function entryOf(header: Header, guarded: TarHeader): LayerEntry {
  const pax = (header.pax ?? {}) as Record<string, string>
  const path = cleanPath(pax['GNU.sparse.name'] ?? header.name)
  const type = guarded.type === 'directory' ? 'directory' : (TYPES[header.type ?? ''] ?? (header.type === null || header.type === undefined ? 'file' : 'device'))
  const whiteout = type === 'directory' ? null : whiteoutOf(path)
  const id = (own: string | undefined, fallback: number | undefined): number => {
    const parsed = own === undefined ? (fallback ?? 0) : Number.parseInt(own, 10)
    return Number.isSafeInteger(parsed) ? parsed : 0
  }
  return {
    path,
    type: whiteout === null ? type : 'file',
    mode: (header.mode ?? 0) & 0o7777,
    uid: id(pax['uid'], header.uid),
    gid: id(pax['gid'], header.gid),
    size: guarded.size,
    mtime: Math.floor((header.mtime?.getTime() ?? 0) / 1000) || 0,
    link: type === 'hardlink' ? cleanPath(header.linkname ?? '') : type === 'symlink' ? (header.linkname ?? '') : null,
    whiteout: whiteout === 'metadata' ? { kind: 'file', hides: childOf(parentOf(path), '.wh..wh.') } : whiteout,
    afterEnd: guarded.afterEnd,
  }
}

/** Files up to this size keep their pieces until it is known whether they hold a match: no second reading for their checksums. */
const MAX_KEPT = 16 << 20

/** Checksums of content that is in memory. */
function hashesOf(pieces: readonly Buffer[]): ContentHashes {
  const hex = (algorithm: string): string => pieces.reduce((hash, piece) => hash.update(piece), createHash(algorithm)).digest('hex')
  return { md5: hex('md5'), sha1: hex('sha1'), sha256: hex('sha256') }
}

/** Told now and then how far the reading is: uncompressed bytes of this layer. */
export type OnProgress = (bytes: number) => void

/**
 * Scans a layer. All its bytes are read and verified, or it throws.
 * @throws ImageError
 */
export async function scanLayer(layer: Layer, scanner: Scanner, where: string, limits: ScanLimits = SCAN_LIMITS, onProgress: OnProgress = () => {}): Promise<LayerScan> {
  const label = `${where}: layer ${layer.index}`
  const reading = new LayerReading(scanner, label, limits)
  const guarded: TarHeader[] = []
  const guard = new TarGuard(label, (header) => guarded.push(header))
  const extract = createExtract({ allowUnknownFormat: true } as never)
  let failure: Error | null = null
  const closed = new Promise<void>((resolve) => {
    extract.on('error', (error: Error) => {
      failure ??= error
      resolve()
    })
    extract.on('close', () => resolve())
    extract.on('finish', resolve)
  })
  extract.on('entry', (header, stream, next) => {
    const expected = guarded.shift()
    stream.on('error', () => {}) // reported by the extract stream itself
    if (expected === undefined || expected.name !== header.name) {
      next(
        new ImageError(
          'not-a-tar',
          `${label}: two readers of its tar see different entries near ${JSON.stringify(header.name)}: it is damaged or made to deceive. Build the image again.`,
        ),
      )
      return
    }
    try {
      reading.entry(header, expected, stream as unknown as EntryStream, next)
    } catch (error) {
      next(error instanceof Error ? error : new Error(String(error)))
    }
  })

  let size = 0
  try {
    for await (const chunk of layer.open()) {
      size += chunk.length
      if (size > limits.layerBytes)
        throw new ImageError('too-large', `${label} unpacks to more than ${limits.layerBytes} bytes (limits.layer-bytes). Raise the limit if the image is meant to be this large.`)
      guard.push(chunk)
      if (!extract.write(chunk)) await Promise.race([new Promise<void>((resolve) => extract.once('drain', resolve)), closed])
      if (failure !== null) break
      onProgress(size)
    }
    guard.end()
    if (failure === null) extract.end(undefined)
    await closed
  } catch (error) {
    extract.destroy(error instanceof Error ? error : new Error(String(error)))
    throw error
  }
  if (failure !== null) throw tarError(failure, label)
  return reading.result(layer, size)
}

function tarError(error: Error, label: string): Error {
  if (error instanceof ImageError) return error
  return new ImageError('truncated', `${label}: its tar is damaged (${error.message}). Save or build the image again.`, { cause: error })
}

/** The part of a streamx Readable that is used. */
interface EntryStream {
  on(event: 'data', listener: (chunk: Buffer) => void): void
  on(event: 'end', listener: () => void): void
  pause(): void
  resume(): void
}

type Next = (error?: Error | null) => void

/** What one layer's reading collects. */
class LayerReading {
  readonly #scanner: Scanner
  readonly #label: string
  readonly #limits: ScanLimits
  readonly #budget: NestedBudget
  readonly #entries: LayerEntry[] = []
  readonly #matches: LayerMatch[] = []
  readonly #hashes = new Map<number, ContentHashes>()
  readonly #extracts: Extract[] = []
  readonly #programs = new Map<number, ProgramKind>()
  readonly #skipped: Skipped[] = []
  #notListed = 0

  constructor(scanner: Scanner, label: string, limits: ScanLimits) {
    this.#scanner = scanner
    this.#label = label
    this.#limits = limits
    this.#budget = new NestedBudget(limits.nested)
  }

  result(layer: Layer, size: number): LayerScan {
    const skipped = this.#notListed === 0 ? this.#skipped : [...this.#skipped, { path: '/', reason: `${this.#notListed} more files` }]
    return {
      index: layer.index,
      diffId: layer.diffId,
      size,
      entries: this.#entries,
      matches: this.#matches,
      hashes: this.#hashes,
      extracts: this.#extracts,
      programs: this.#programs,
      skipped,
    }
  }

  skip(path: string, reason: string): void {
    if (this.#skipped.length < MAX_SKIPPED) this.#skipped.push({ path, reason })
    else this.#notListed++
  }

  /** One entry of the layer's own tar. */
  entry(header: Header, guarded: TarHeader, stream: EntryStream, next: Next): void {
    const entry = entryOf(header, guarded)
    const index = this.#entries.push(entry) - 1
    if (index >= this.#limits.entries)
      throw new ImageError(
        'too-many-entries',
        `${this.#label} has more than ${this.#limits.entries} entries (limits.entries). Raise the limit if the image is meant to be this large.`,
      )
    // tar-stream never ends the stream of a directory that claims a size; it has no data either way.
    if (header.type === 'directory') {
      next()
      return
    }
    if (guarded.size === 0) {
      stream.on('end', () => next())
      stream.resume()
      return
    }
    const content = new Content(this, this.#scanner, this.#budget, entry.path, [], 0)
    const isExtract = isCollected(entry.path) && guarded.size <= MAX_EXTRACT
    if (!isExtract && isCollected(entry.path)) this.skip(entry.path, `its ${guarded.size} bytes are too many for a package database or user list`)
    let received = 0
    const pieces: Buffer[] = []
    const fail = (error: unknown): void => next(error instanceof Error ? error : new Error(String(error)))
    stream.on('data', (chunk) => {
      received += chunk.length
      if (guarded.size <= MAX_KEPT) pieces.push(chunk)
      try {
        if (received === chunk.length) this.#noteProgram(index, entry, chunk)
        const busy = content.push(chunk, received === guarded.size)
        if (busy === null) return
        stream.pause()
        busy.then(() => stream.resume(), fail)
      } catch (error) {
        fail(error)
      }
    })
    stream.on('end', () => {
      const finish = (): void => {
        if (content.matches.length > 0) {
          // What a plain archive shows raw and in its member is told once, by the member.
          const members = new Set(content.matches.filter(({ inside }) => inside !== null).map(({ identity }) => identity))
          for (const match of content.matches) if (match.inside !== null || !members.has(match.identity)) this.#matches.push({ ...match, entry: index })
          if (guarded.size <= MAX_KEPT) this.#hashes.set(index, hashesOf(pieces))
        }
        if (content.program !== null && this.#programs.get(index) === 'elf') this.#programs.set(index, content.program)
        if (isExtract) this.#extracts.push({ entry: index, content: Buffer.concat(pieces) })
        next()
      }
      const ending = content.end()
      if (ending === null) finish()
      else ending.then(finish, fail)
    })
  }

  #noteProgram(index: number, entry: LayerEntry, head: Buffer): void {
    if ((entry.mode & 0o111) === 0) return
    if (head.length >= 4 && head.readUInt32BE(0) === 0x7f454c46) this.#programs.set(index, 'elf')
    else if (head[0] === 0x23 && head[1] === 0x21) this.#programs.set(index, 'script')
  }
}

/** A match with the place inside nested archives. */
type ContentMatch = Omit<LayerMatch, 'entry'>

/** One content: an entry's bytes, or what an archive in it unpacks to. Scans it and looks into it. */
class Content {
  readonly matches: ContentMatch[] = []
  program: ProgramKind | null = null
  readonly #reading: LayerReading
  readonly #scanner: Scanner
  readonly #budget: NestedBudget
  readonly #path: string
  /** Names of the members that lead here, outermost first. */
  readonly #inside: readonly string[]
  readonly #depth: number
  readonly #scan: ContentScan
  #head: Buffer | null = Buffer.alloc(0)
  #ended = false
  #unpacker: Unpacker | null = null

  constructor(reading: LayerReading, scanner: Scanner, budget: NestedBudget, path: string, inside: readonly string[], depth: number) {
    this.#reading = reading
    this.#scanner = scanner
    this.#budget = budget
    this.#path = path
    this.#inside = inside
    this.#depth = depth
    this.#scan = scanner.start(inside.at(-1) ?? path)
  }

  get where(): string {
    return this.#inside.length === 0 ? this.#path : `${this.#path}!/${this.#inside.join('!/')}`
  }

  /** @returns a promise to wait for before more is pushed, or null */
  push(chunk: Buffer, last: boolean): Promise<void> | null {
    this.#scan.push(chunk, last)
    if (last) this.#ended = true
    let pending = chunk
    if (this.#head !== null) {
      pending = this.#head.length === 0 ? chunk : Buffer.concat([this.#head, chunk])
      if (pending.length < HEAD && !last) {
        this.#head = Buffer.from(pending)
        return null
      }
      this.#head = null
      this.#open(pending)
    }
    return this.#unpacker?.write(pending, last) ?? null
  }

  /** @returns a promise to wait for, or null when all is done */
  end(): Promise<void> | null {
    if (!this.#ended) {
      const busy = this.push(Buffer.alloc(0), true)
      if (busy !== null) return busy.then(() => this.end() ?? undefined)
    }
    this.program = this.#scan.program
    for (const match of this.#scan.matches) this.matches.push({ ...match, inside: this.#inside.length === 0 ? null : this.#inside.join('!/') })
    if (this.#scan.dropped > 0) this.#reading.skip(this.where, `it holds more matches than are kept; ${this.#scan.dropped} were left out`)
    return this.#unpacker?.end() ?? null
  }

  #open(head: Buffer): void {
    const packing = packingOf(head)
    if (packing === null) return
    if (typeof packing === 'object') {
      this.#reading.skip(this.where, `archives packed with ${packing.closed} are not opened`)
      return
    }
    if (this.#depth >= this.#budget.limits.depth) {
      this.#reading.skip(this.where, `archives nested deeper than ${this.#budget.limits.depth} are not opened`)
      return
    }
    this.#unpacker = new Unpacker(packing, this.#budget, {
      skip: (reason, member) => this.#reading.skip(member === undefined ? this.where : `${this.where}!/${member}`, reason),
      content: (member) => new Content(this.#reading, this.#scanner, this.#budget, this.#path, member === null ? this.#inside : [...this.#inside, member], this.#depth + 1),
      done: (content) => {
        for (const match of content.matches) this.matches.push(match)
      },
    })
  }
}

interface UnpackerHost {
  skip(reason: string, member?: string): void
  /** A new content below this one; null for the single content of a compressed file. */
  content(member: string | null): Content
  done(content: Content): void
}

/** Unpacks one archive as its bytes come in. A damaged archive is listed, and its raw bytes have been read all the same. */
class Unpacker {
  readonly #packing: Packing
  readonly #budget: NestedBudget
  readonly #host: UnpackerHost
  #packed = 0
  #unpacked = 0
  #stopped = false
  #zip: Buffer[] = []
  #stream: Transform | ReturnType<typeof createExtract> | null = null
  /** Settles when all that was unpacked is scanned; null when there is nothing to wait for. */
  #finished: Promise<void> | null = null

  constructor(packing: Packing, budget: NestedBudget, host: UnpackerHost) {
    this.#packing = packing
    this.#budget = budget
    this.#host = host
  }

  #stop(reason: string): void {
    if (this.#stopped) return
    this.#stopped = true
    this.#zip = []
    this.#host.skip(reason)
    this.#stream?.destroy(new Error(reason))
  }

  write(chunk: Buffer, last: boolean): Promise<void> | null {
    this.#packed += chunk.length
    if (this.#stopped) return null
    if (this.#packing === 'zip') {
      if (this.#packed > this.#budget.limits.zipBytes) this.#stop(`zip archives of more than ${this.#budget.limits.zipBytes} bytes are not opened`)
      else this.#zip.push(last && this.#zip.length === 0 ? chunk : Buffer.from(chunk))
      return null
    }
    if (this.#packing === 'gzip' && last && this.#stream === null && chunk.length < 1 << 18) return this.#gunzipAtOnce(chunk)
    this.#stream ??= this.#packing === 'tar' ? this.#openTar() : this.#openCompressed(this.#packing)
    const stream = this.#stream
    // The chunk is a view of a buffer that others read too; streams keep it, nobody writes to it.
    if (stream.write(chunk)) return null
    const drained = new Promise<void>((resolve) => stream.once('drain', resolve))
    return this.#finished === null ? drained : Promise.race([drained, this.#finished])
  }

  end(): Promise<void> | null {
    if (this.#packing === 'zip') return this.#stopped ? null : this.#unzip()
    if (this.#stream !== null && !this.#stopped) this.#stream.end(undefined)
    return this.#finished
  }

  /** Small compressed files are many (manual pages, changelogs): one call each. */
  #gunzipAtOnce(chunk: Buffer): Promise<void> | null {
    let bytes: Buffer
    try {
      bytes = zlib.gunzipSync(chunk, { maxOutputLength: Math.max(1, Math.min(this.#budget.left, 32 << 20)) })
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') {
        this.#stream = this.#openCompressed('gzip')
        this.#stream.write(chunk)
        return null
      }
      this.#stop('it does not decompress')
      return null
    }
    const stop = this.#budget.spend(bytes.length, chunk.length, bytes.length)
    if (stop !== null) {
      this.#stop(stop)
      return null
    }
    const content = this.#host.content(null)
    this.#finished = settle([() => content.push(bytes, true), () => content.end()], () => this.#host.done(content))
    return this.#finished
  }

  #openCompressed(packing: 'gzip' | 'zstd'): Transform {
    const stream = decompressor(packing)
    const content = this.#host.content(null)
    this.#finished = (async () => {
      try {
        for await (const chunk of stream as AsyncIterable<Buffer>) {
          this.#unpacked += chunk.length
          const stop = this.#budget.spend(chunk.length, this.#packed, this.#unpacked)
          if (stop !== null) {
            this.#stop(stop)
            break
          }
          await content.push(chunk, false)
        }
      } catch {
        this.#stop('it does not decompress to its end')
      }
      await content.end()
      this.#host.done(content)
    })()
    return stream
  }

  #openTar(): ReturnType<typeof createExtract> {
    const extract = createExtract({ allowUnknownFormat: true } as never)
    extract.on('entry', (header, stream, next) => {
      if (header.type === 'directory') {
        next()
        return
      }
      const member = this.#host.content(cleanPath(header.name).slice(1))
      const source = stream as unknown as EntryStream & { on(event: 'error', listener: () => void): void }
      source.on('error', () => {})
      source.on('data', (chunk) => {
        this.#unpacked += chunk.length
        // A plain tar gives no more than it holds, and the bytes of a packed one are counted where it is unpacked.
        const busy = member.push(chunk, false)
        if (busy === null) return
        source.pause()
        void busy.then(() => source.resume())
      })
      source.on('end', () => {
        const done = (): void => {
          this.#host.done(member)
          next()
        }
        const ending = member.end()
        if (ending === null) done()
        else void ending.then(done)
      })
      if (header.size === 0) source.resume()
    })
    this.#finished = new Promise<void>((resolve) => {
      extract.on('error', () => {
        this.#stop('its tar is damaged')
        resolve()
      })
      extract.on('close', () => resolve())
      extract.on('finish', resolve)
    })
    return extract
  }

  async #unzip(): Promise<void> {
    const bytes = this.#zip.length === 1 ? (this.#zip[0] ?? Buffer.alloc(0)) : Buffer.concat(this.#zip)
    this.#zip = []
    try {
      await eachZipMember(bytes, this.#budget, async (name, content, reason) => {
        if (content === null) return this.#host.skip(reason, name)
        const member = this.#host.content(name)
        await member.push(content, true)
        await member.end()
        this.#host.done(member)
      })
    } catch (error) {
      this.#host.skip(error instanceof Error ? `not all of it could be unpacked: ${error.message}` : 'it is damaged')
    }
  }
}

/** Runs steps that may or may not have to be waited for. */
function settle(steps: readonly (() => Promise<void> | null)[], then: () => void): Promise<void> | null {
  for (let i = 0; i < steps.length; i++) {
    const busy = steps[i]?.() ?? null
    if (busy !== null) return busy.then(() => settle(steps.slice(i + 1), then) ?? undefined)
  }
  then()
  return null
}
