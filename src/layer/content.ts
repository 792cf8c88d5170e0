// One content: a file's bytes, or what an archive in it unpacks to. Scans it, and looks into it.
import type { ContentScan } from '../secrets/content-scan.ts'
import type { Scanner } from '../secrets/scanner.ts'
import type { LayerMatch, ProgramKind } from './layer-scan.ts'
import { type NestedBudget, packingOf } from './nested.ts'
import { type Sink, Unpacker } from './unpacker.ts'

/** Bytes that tell what a content is. */
const HEAD = 512

/** A match with the place inside nested archives. */
type ContentMatch = Omit<LayerMatch, 'entry'>

/** Told what was not looked into. */
export type Skip = (path: string, reason: string) => void

/** The scan of one content. */
export class Content implements Sink {
  readonly matches: ContentMatch[] = []
  program: ProgramKind | null = null
  readonly #skip: Skip
  readonly #scanner: Scanner
  readonly #budget: NestedBudget
  readonly #path: string
  /** Names of the members that lead here, outermost first. */
  readonly #inside: readonly string[]
  readonly #depth: number
  readonly #scan: ContentScan
  #head: Buffer | null = Buffer.alloc(0)
  #ended = false
  #unpacker: Unpacker<Content> | null = null

  constructor(skip: Skip, scanner: Scanner, budget: NestedBudget, path: string, inside: readonly string[], depth: number) {
    this.#skip = skip
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
    if (this.#scan.dropped > 0) this.#skip(this.where, `it holds more matches than are kept; ${this.#scan.dropped} were left out`)
    if (this.#scan.overBudget) this.#skip(this.where, 'its packed texts (gzip in base64) unpack to more than 64 MiB; the rest was left out')
    return this.#unpacker?.end() ?? null
  }

  #open(head: Buffer): void {
    const packing = packingOf(head)
    if (packing === null) return
    if (typeof packing === 'object') {
      this.#skip(this.where, `archives packed with ${packing.closed} are not opened`)
      return
    }
    if (this.#depth >= this.#budget.depth) {
      this.#skip(this.where, `archives nested deeper than ${this.#budget.depth} are not opened`)
      return
    }
    this.#unpacker = new Unpacker(packing, this.#budget, {
      skip: (reason, member) => this.#skip(member === undefined ? this.where : `${this.where}!/${member}`, reason),
      content: (member) => new Content(this.#skip, this.#scanner, this.#budget, this.#path, member === null ? this.#inside : [...this.#inside, member], this.#depth + 1),
      done: (content) => {
        for (const match of content.matches) this.matches.push(match)
      },
    })
  }
}
