// One content: a file's bytes, or what an archive in it unpacks to. Scans it, and looks into it.

import { BEFORE_SIGN, HEAD, type Packing, packingOf } from '../packing/signs.ts'
import type { ContentScan } from '../secrets/content-scan.ts'
import type { Scanner } from '../secrets/scanner.ts'
import type { LayerIndicator, LayerMatch, ProgramKind } from './layer-scan.ts'
import type { NestedBudget } from './nested.ts'
import type { Sink, UnpackerHost } from './opening.ts'
import { isStream, Unpacker } from './unpacker.ts'

/** A sign with the place inside nested archives. */
type ContentIndicator = Omit<LayerIndicator, 'entry'>
/** A match with the place inside nested archives. */
type ContentMatch = Omit<LayerMatch, 'entry'>

/** Says which matches were left out. */
function leftOut(dropped: ContentScan['dropped']): string {
  const kinds = [...dropped].sort(([, a], [, b]) => b - a)
  const named = kinds.slice(0, 3).map(([{ title }, count]) => `${count} of ${title}`)
  return `it holds more matches that prove nothing than are kept; left out: ${named.join(', ')}${kinds.length > 3 ? ` and of ${kinds.length - 3} more kinds` : ''}`
}

/** What an archive in base64 or hex is called. */
const ENCODED = '(base64)'

/** Signs that are kept of one content: one is enough to look into it. */
const MAX_INDICATORS = 100

const NOTHING: Buffer = Buffer.alloc(0)

/** Told what was not looked into. */
export type Skip = (path: string, reason: string) => void

/** The scan of one content. */
export class Content implements Sink {
  readonly #own: ContentMatch[] = []
  /** Those of what was unpacked, which may come before its own. */
  readonly #nested: ContentMatch[] = []
  /** Signs of a compromise in it and in what it unpacks to. */
  readonly indicators: ContentIndicator[] = []
  program: ProgramKind | null = null
  readonly #skip: Skip
  readonly #scanner: Scanner
  readonly #budget: NestedBudget
  readonly #path: string
  /** Names of the members that lead here, outermost first. */
  readonly #inside: readonly string[]
  /** Archives around it; half of one more where it came out of a compressed stream, which is one with the archive that it holds. */
  readonly #depth: number
  readonly #isUnpacked: boolean
  readonly #scan: ContentScan
  #head: Buffer | null = NOTHING
  #isScript = false
  /** The last bytes before those that come next, in which a sign may stand. */
  #tail = NOTHING
  /** Bytes that were handed to be looked into. */
  #position = 0
  #ended = false
  #unpacker: Unpacker<Content> | null = null

  /** @param isUnpacked its name is that of what it was unpacked from */
  constructor(
    skip: Skip,
    scanner: Scanner,
    budget: NestedBudget,
    path: string,
    inside: readonly string[],
    depth: number,
    isUnpacked = false,
  ) {
    this.#skip = skip
    this.#scanner = scanner
    this.#budget = budget
    this.#path = path
    this.#inside = inside
    this.#depth = depth
    this.#isUnpacked = isUnpacked
    this.#scan = scanner.start(inside.at(-1) ?? path)
  }

  /** What was found, its own first; complete when the end is. What a plain archive shows raw and in its member is told once, by the member. */
  get matches(): readonly ContentMatch[] {
    if (this.#nested.length === 0) return this.#own
    const depth = this.#inside.length === 0 ? null : this.#inside.join('!/')
    const members = new Set(this.#nested.filter(({ inside }) => inside !== depth).map(({ identity }) => identity))
    return [...this.#own.filter(({ identity }) => !members.has(identity)), ...this.#nested]
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
      const told = packingOf(pending, this.#isUnpacked ? '' : (this.#inside.at(-1) ?? this.#path))
      this.#isScript = pending[0] === 0x23 && pending[1] === 0x21
      if (told !== null) this.#unpacker = new Unpacker(told, this.#host(), this.#budget, 0, this.#isScript)
    }
    return this.#look(pending, last)
  }

  /** Hands bytes to the unpacker; where there is none yet, from the first sign of packed content on. */
  #look(chunk: Buffer, last: boolean): Promise<void> | null {
    const signs = this.#scan.takeSigns()
    const start = this.#position
    this.#position += chunk.length
    if (this.#unpacker !== null) {
      for (const sign of signs) this.#unpacker.sign(sign)
      return this.#unpacker.write(chunk, last)
    }
    const [first] = signs
    if (first === undefined) {
      if (!last) this.#keepTail(chunk)
      return null
    }
    const from = start - this.#tail.length
    const at = Math.max(from, first.at)
    this.#unpacker = new Unpacker(null, this.#host(), this.#budget, at, this.#isScript)
    for (const sign of signs) this.#unpacker.sign(sign)
    return this.#unpacker.write(
      at < start ? Buffer.concat([this.#tail.subarray(at - from), chunk]) : chunk.subarray(at - start),
      last,
    )
  }

  /** The next piece may bring signs that stand in what was not searched yet. */
  #keepTail(chunk: Buffer): void {
    const length = Math.min(this.#tail.length + chunk.length, this.#position - this.#scan.searched + BEFORE_SIGN)
    // A large piece is there when the next one comes; small ones are put together.
    this.#tail =
      length <= chunk.length
        ? chunk.subarray(chunk.length - length)
        : Buffer.concat([this.#tail, chunk]).subarray(-length)
  }

  /** @returns a promise to wait for, or null when all is done */
  end(): Promise<void> | null {
    if (!this.#ended) {
      const busy = this.push(NOTHING, true)
      if (busy !== null) return busy.then(() => this.end() ?? undefined)
    }
    this.program = this.#scan.program
    const inside = this.#inside.length === 0 ? null : this.#inside.join('!/')
    for (const match of this.#scan.matches) this.#own.push({ ...match, inside })
    for (const sign of this.#scan.indicators) this.indicators.push({ ...sign, inside })
    if (this.#scan.dropped.size > 0) this.#skip(this.where, leftOut(this.#scan.dropped))
    if (this.#scan.isLong)
      this.#skip(this.where, 'only its first 8 MiB were read as the kind of file that its name tells')
    if (this.#scan.isCut)
      this.#skip(
        this.where,
        'a packed text (gzip in base64, an archive in base64 or hex) of more than 1 MiB was read to there; the rest was left out',
      )
    if (this.#scan.leftSigns) this.#skip(this.where, 'it holds more signs of archives than are looked into')
    if (this.#scan.overBudget)
      this.#skip(this.where, 'its packed texts (gzip in base64) unpack to more than 64 MiB; the rest was left out')
    const archives = this.#scan.takeArchives()
    const ending = this.#unpacker?.end() ?? null
    return archives.length === 0 ? ending : this.#openArchives(archives, ending)
  }

  /** Opens archives that stood here in base64 or hex. */
  async #openArchives(archives: readonly Buffer[], ending: Promise<void> | null): Promise<void> {
    await ending
    const host = this.#host()
    const reason = host.tooDeep('zip')
    if (reason !== null) {
      host.skip(reason)
      return
    }
    for (const bytes of archives) {
      const content = host.content(ENCODED)
      await content.push(bytes, true)
      await content.end()
      host.done(content)
    }
  }

  #host(): UnpackerHost<Content> {
    let depth = this.#depth
    return {
      path: this.#inside.at(-1) ?? this.#path,
      skip: (reason, member) => this.#skip(member === undefined ? this.where : `${this.where}!/${member}`, reason),
      tooDeep: (packing: Packing) => {
        if (this.#depth >= this.#budget.depth) return `archives nested deeper than ${this.#budget.depth} are not opened`
        depth = !isStream(packing)
          ? Math.floor(this.#depth) + 1
          : Number.isInteger(this.#depth)
            ? this.#depth + 0.5
            : this.#depth + 1
        return null
      },
      content: (member) =>
        new Content(
          this.#skip,
          this.#scanner,
          this.#budget,
          this.#path,
          member === null ? this.#inside : [...this.#inside, member],
          depth,
          member === null,
        ),
      done: (content) => {
        for (const match of content.matches) this.#nested.push(match)
        if (this.indicators.length < MAX_INDICATORS) this.indicators.push(...content.indicators)
      },
    }
  }
}
