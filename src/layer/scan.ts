// Reads one layer from its first byte to its last: entries, secrets, the small files that later steps need. tar-stream
// reads the tar; our own header walk runs beside it as a guard, and both must see the same entries.
import { createHash } from 'node:crypto'
import type { Header } from 'tar-stream'
import { ImageError } from '../error.ts'
import type { Layer } from '../image/image.ts'
import { baseName, childOf, cleanPath, type ImagePath, isSameName, parentOf } from '../image/path.ts'
import { TarGuard } from '../image/tar-guard.ts'
import type { TarHeader } from '../image/tar-walk.ts'
import { DEFAULT_LIMITS, type Limits, raise } from '../limits.ts'
import type { ContentHashes, DatabaseFile } from '../packages/database.ts'
import { findInstalled, isNodeManifest, MAX_MANIFEST, namesPackage } from '../packages/installed.ts'
import { readLayerRecords } from '../packages/records.ts'
import { Asides } from '../packing/asides.ts'
import type { Scanner } from '../secrets/scanner.ts'
import { collectorOf, MAX_EXTRACT, MAX_SCRIPT, MAX_SCRIPTS, mayBeEntrypoint } from './collectors.ts'
import { Content } from './content.ts'
import { HeaderText } from './header-text.ts'
import {
  type EntryType,
  type Extract,
  LAYER_SCAN_VERSION,
  type LayerEntry,
  type LayerIndicator,
  type LayerMatch,
  type LayerScan,
  type ProgramKind,
  type Skipped,
  type TarMatch,
} from './layer-scan.ts'
import { NestedBudget } from './nested.ts'
import { type EntryStream, type Next, TarEntries } from './tar-entries.ts'

/** More of these than anyone would read: the rest is counted in one line. */
const MAX_SKIPPED = 500

const TYPES: Record<string, EntryType> = {
  file: 'file',
  'contiguous-file': 'file',
  link: 'hardlink',
  symlink: 'symlink',
  directory: 'directory',
}

/**
 * Tells whiteouts by name alone, as containerd and Docker do: of any type, directories too. At the root, names that begin with
 * `.wh..wh.` are what AUFS left behind, and skipped.
 * https://github.com/moby/moby/blob/v28.0.4/pkg/archive/diff.go
 */
function whiteoutOf(path: ImagePath): LayerEntry['whiteout'] {
  const name = baseName(path)
  if (!name.startsWith('.wh.')) return null
  const parent = parentOf(path)
  if (name === '.wh..wh..opq') return { kind: 'opaque', hides: parent }
  return {
    kind: 'file',
    hides: childOf(parent, parent === '/' && name.startsWith('.wh..wh.') ? '.wh..wh.' : name.slice(4)),
  }
}

/** Whiteouts of a directory itself or of the one above: containerd refuses them, Docker deletes what nobody meant. */
const NO_WHITEOUT = /(?:^|\/)\.wh\.(?:\.{1,2})?$/

function entryOf(header: Header, guarded: TarHeader): LayerEntry {
  const path = cleanPath(guarded.name)
  const type =
    guarded.type === 'directory'
      ? 'directory'
      : (TYPES[header.type ?? ''] ?? (header.type === null || header.type === undefined ? 'file' : 'device'))
  const whiteout = whiteoutOf(path)
  const id = (own: string | undefined, fallback: number | undefined): number => {
    const parsed = own === undefined ? (fallback ?? 0) : Number.parseInt(own, 10)
    return Number.isSafeInteger(parsed) ? parsed : 0
  }
  return {
    path,
    type: whiteout === null ? type : 'file',
    mode: (header.mode ?? 0) & 0o7777,
    uid: id(guarded.pax?.get('uid'), header.uid),
    gid: id(guarded.pax?.get('gid'), header.gid),
    size: guarded.size,
    mtime: Math.floor((header.mtime?.getTime() ?? 0) / 1000) || 0,
    link: type === 'hardlink' ? cleanPath(guarded.linkName) : type === 'symlink' ? guarded.linkName : null,
    whiteout,
    afterEnd: guarded.afterEnd,
  }
}

/** Files up to this size keep their pieces until it is known whether they hold a match: no second reading for their checksums. */
const MAX_KEPT = 16 << 20

/** Bytes that keeping a file takes besides its content. */
const EXTRACT_OVERHEAD = 256

/** Checksums of content that is in memory. */
function hashesOf(pieces: readonly Buffer[]): ContentHashes {
  const hex = (algorithm: string): string =>
    pieces.reduce((hash, piece) => hash.update(piece), createHash(algorithm)).digest('hex')
  return { md5: hex('md5'), sha1: hex('sha1'), sha256: hex('sha256') }
}

/** Told now and then how far the reading is: uncompressed bytes of this layer. */
export type OnProgress = (bytes: number) => void

/**
 * Scans a layer. All its bytes are read and verified, or it throws.
 * @throws ImageError
 */
export async function scanLayer(
  layer: Layer,
  scanner: Scanner,
  where: string,
  limits: Limits = DEFAULT_LIMITS,
  onProgress: OnProgress = () => {},
): Promise<LayerScan> {
  const label = `${where}: layer ${layer.index}`
  const reading = new LayerReading(scanner, label, limits)
  const guarded: TarHeader[] = []
  const headers = new HeaderText(scanner, label, limits, (reason) => reading.skip('/', reason))
  const guard = new TarGuard(label, limits, (header) => guarded.push(header), headers)
  const entries = new TarEntries((header, stream, next) => {
    const expected = guarded.shift()
    if (expected === undefined || !isSameName(expected.name, header.name)) {
      next(
        new ImageError(
          'not-a-tar',
          `${label}: two readers of its tar see different entries near ${JSON.stringify(header.name)}: it is damaged or made to deceive. Build the image again.`,
        ),
      )
      return
    }
    try {
      reading.entry(header, expected, stream, next)
    } catch (error) {
      next(error instanceof Error ? error : new Error(String(error)))
    }
  })

  const asides = new Asides()
  let size = 0
  try {
    for await (const chunk of layer.open((bytes) => asides.add(bytes))) {
      size += chunk.length
      if (size > limits['layer-bytes'])
        throw new ImageError(
          'too-large',
          `${label} unpacks to more than ${limits['layer-bytes']} bytes ${raise('layer-bytes')}`,
        )
      const passed = guard.push(chunk)
      const busy = passed.length > 0 ? entries.write(passed) : null
      if (busy !== null) await busy
      if (entries.failure !== null) break
      onProgress(size)
    }
    guard.end()
    await entries.end()
  } catch (error) {
    entries.destroy(error instanceof Error ? error : new Error(String(error)))
    throw error
  }
  if (entries.failure !== null) throw tarError(entries.failure, label)
  headers.end()
  await reading.headers(headers)
  const beside = await reading.asides(asides)
  return { ...reading.result(layer, size), metadata: [...headers.matches, ...beside] }
}

function tarError(error: Error, label: string): Error {
  if (error instanceof ImageError) return error
  return new ImageError(
    'truncated',
    `${label}: its tar is damaged (${error.message}). Save or build the image again.`,
    { cause: error },
  )
}

/** Signs of a compromise that are kept of a layer. */
const MAX_INDICATORS = 5000

/** What one layer's reading collects. */
class LayerReading {
  readonly #scanner: Scanner
  readonly #label: string
  readonly #limits: Limits
  readonly #budget: NestedBudget
  readonly #entries: LayerEntry[] = []
  readonly #matches: LayerMatch[] = []
  readonly #indicators: LayerIndicator[] = []
  readonly #hashes = new Map<number, ContentHashes>()
  readonly #extracts: Extract[] = []
  #extractBytes = 0
  /** Package databases, until the layer is read. */
  readonly #databases: DatabaseFile[] = []
  /** Paths of the `package.json` of installed packages. */
  readonly #manifests = new Set<string>()
  /** Entries that hold a match, or were not looked into wholly. */
  readonly #noted = new Set<number>()
  #scripts = 0
  readonly #programs = new Map<number, ProgramKind>()
  readonly #skipped: Skipped[] = []
  #notListed = 0

  constructor(scanner: Scanner, label: string, limits: Limits) {
    this.#scanner = scanner
    this.#label = label
    this.#limits = limits
    this.#budget = new NestedBudget(limits)
  }

  result(layer: Layer, size: number): Omit<LayerScan, 'metadata'> {
    this.#scanner.assertBounded(this.#label)
    const skipped =
      this.#notListed === 0 ? this.#skipped : [...this.#skipped, { path: '/', reason: `${this.#notListed} more files` }]
    return {
      version: LAYER_SCAN_VERSION,
      diffId: layer.diffId,
      size,
      entries: this.#entries,
      matches: this.#matches,
      indicators: this.#indicators,
      hashes: [...this.#hashes],
      records: [...readLayerRecords(this.#databases, this.#notedPaths(), this.#limits.records, this.#label)],
      installed: [...findInstalled(this.#entries, this.#noted, this.#manifests)],
      extracts: this.#extracts,
      programs: [...this.#programs],
      skipped,
    }
  }

  /** Looks into what the headers of the tar pack. */
  async headers(headers: HeaderText): Promise<void> {
    const skip = (_: string, reason: string): void => this.skip('/', `the headers of its tar: ${reason}`)
    const leftOut = await headers.packed(() => new Content(skip, this.#scanner, this.#budget, '/', [], 0))
    if (leftOut > 0) this.skip('/', `the headers of its tar: ${leftOut} values that may be packed were not looked into`)
  }

  /** Searches what the compression holds beside the tar. */
  async asides(asides: Asides): Promise<TarMatch[]> {
    if (asides.leftOut > 0)
      this.skip('/', `its compression holds ${asides.leftOut} bytes beside the data that were not looked into`)
    const bytes = asides.bytes()
    if (bytes === null) return []
    const content = new Content(
      (_, reason) => this.skip('/', `what its compression holds beside the data: ${reason}`),
      this.#scanner,
      this.#budget,
      '/',
      [],
      0,
    )
    await content.push(bytes, true)
    await content.end()
    return content.matches.map(({ inside: _, ...match }) => ({ ...match, entry: null, field: 'packing', key: null }))
  }

  skip(path: string, reason: string): void {
    if (this.#skipped.length < MAX_SKIPPED) this.#skipped.push({ path, reason })
    else this.#notListed++
  }

  /** One entry of the layer's own tar. */
  entry(header: Header, guarded: TarHeader, stream: EntryStream, next: Next): void {
    this.#scanner.assertBounded(this.#label)
    const entry = entryOf(header, guarded)
    if (NO_WHITEOUT.test(entry.path))
      throw new ImageError(
        'bad-whiteout',
        `${this.#label}: ${JSON.stringify(entry.path)} is a whiteout of no file, which engines take differently. Build the image again.`,
      )
    const index = this.#entries.push(entry) - 1
    if (index >= this.#limits.entries)
      throw new ImageError(
        'too-many-entries',
        `${this.#label} has more than ${this.#limits.entries} entries ${raise('entries')}`,
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
    const skip = (where: string, reason: string): void => {
      this.#noted.add(index)
      this.skip(where, reason)
    }
    const content = new Content(skip, this.#scanner, this.#budget, entry.path, [], 0)
    const collector = collectorOf(entry.path)
    const isExtract = collector !== null && guarded.size <= MAX_EXTRACT
    if (!isExtract && collector !== null)
      skip(entry.path, `its ${guarded.size} bytes are too many for a package database or user list`)
    const isScript =
      !isExtract && guarded.size <= MAX_SCRIPT && this.#scripts < MAX_SCRIPTS && mayBeEntrypoint(entry.path)
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
        const { matches } = content
        if (matches.length > 0) {
          for (const match of matches) this.#matches.push({ ...match, entry: index })
          this.#noted.add(index)
        }
        if (content.indicators.length > 0) {
          this.#noted.add(index)
          for (const sign of content.indicators)
            if (this.#indicators.length < MAX_INDICATORS) this.#indicators.push({ ...sign, entry: index })
        }
        if (guarded.size <= MAX_KEPT && this.#noted.has(index)) this.#hashes.set(index, hashesOf(pieces))
        if (content.program !== null && this.#programs.get(index) === 'elf') this.#programs.set(index, content.program)
        if (isExtract && collector === 'database')
          this.#databases.push({ path: entry.path, content: this.#joined(pieces) })
        else if (isExtract) this.#extracts.push({ entry: index, text: this.#joined(pieces).toString('utf8') })
        else if (isScript && pieces[0]?.subarray(0, 2).toString() === '#!') {
          this.#scripts++
          this.#extracts.push({ entry: index, text: this.#joined(pieces).toString('utf8') })
        } else if (
          guarded.size <= MAX_MANIFEST &&
          isNodeManifest(entry.path) &&
          namesPackage(Buffer.concat(pieces).toString('latin1'))
        )
          this.#manifests.add(entry.path)
      }
      const goOn = (): void => {
        try {
          finish()
        } catch (error) {
          fail(error)
          return
        }
        next()
      }
      const ending = content.end()
      if (ending === null) goOn()
      else ending.then(goOn, fail)
    })
  }

  /** The content of a small file that is kept, as long as all of them together are small. */
  #joined(pieces: readonly Buffer[]): Buffer {
    const content = Buffer.concat(pieces)
    this.#extractBytes += content.length + EXTRACT_OVERHEAD
    if (this.#extractBytes > this.#limits['extract-bytes'])
      throw new ImageError(
        'too-large',
        `${this.#label}: the package databases, user lists and scripts of the image are too large together ${raise('extract-bytes')}`,
      )
    return content
  }

  *#notedPaths(): Generator<readonly [number, string]> {
    for (const entry of this.#noted) yield [entry, this.#entries[entry]?.path ?? '/']
  }

  #noteProgram(index: number, entry: LayerEntry, head: Buffer): void {
    if ((entry.mode & 0o111) === 0) return
    if (head.length >= 4 && head.readUInt32BE(0) === 0x7f454c46) this.#programs.set(index, 'elf')
    else if (head[0] === 0x23 && head[1] === 0x21) this.#programs.set(index, 'script')
  }
}
