// The files of a build context, read as a layer with them would be: archives are opened within the same budget, and what is not
// looked into is listed. Regular files alone: links are sent as links, and a pipe would be waited for.

import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import path from 'node:path'
import { reasonOf } from '../error.ts'
import { weighInPackage } from '../evidence/vouching.ts'
import { cleanPath } from '../image/path.ts'
import { Content } from '../layer/content.ts'
import type { LayerEntry, LayerMatch } from '../layer/layer-scan.ts'
import { NestedBudget } from '../layer/nested.ts'
import { DEFAULT_LIMITS } from '../limits.ts'
import { findInstalled, isNodeManifest, MAX_MANIFEST, namesPackage } from '../packages/installed.ts'
import type { Scanner } from '../secrets/scanner.ts'

/** What was not looked into. */
export interface ContextSkipped {
  /** Relative to the context; members of archives behind `!/`, `.` for the context itself. */
  readonly path: string
  readonly reason: string
  /** Not even its bytes were read. */
  readonly isUnread: boolean
}

/** A secret of a file; `entry` is the number that `read` gave the file. */
export type ContextMatch = LayerMatch

const CHUNK = 1 << 20
/** More of these than anyone would read: the rest is counted in one line. */
const MAX_SKIPPED = 500

/** Neither follows a link nor waits for the writer of a pipe. */
const HOW = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0)

async function readPiece(handle: FileHandle): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(CHUNK)
  const { bytesRead } = await handle.read(buffer, 0, CHUNK, null)
  return buffer.subarray(0, bytesRead)
}

/** Reads one file after the other. */
export class ContextScan {
  readonly #base: string
  readonly #scanner: Scanner
  readonly #budget = new NestedBudget(DEFAULT_LIMITS)
  readonly #entries: LayerEntry[] = []
  readonly #matches: ContextMatch[] = []
  readonly #manifests = new Set<string>()
  readonly #skipped: ContextSkipped[] = []
  #notListed = 0
  #hasUnread = false

  /** @param base the directory that paths are relative to */
  constructor(base: string, scanner: Scanner) {
    this.#base = base
    this.#scanner = scanner
  }

  skip(name: string, reason: string, isUnread: boolean): void {
    this.#hasUnread ||= isUnread
    if (this.#skipped.length < MAX_SKIPPED) this.#skipped.push({ path: name, reason, isUnread })
    else this.#notListed++
  }

  get skipped(): readonly ContextSkipped[] {
    return this.#notListed === 0
      ? this.#skipped
      : [...this.#skipped, { path: '.', reason: `${this.#notListed} more files`, isUnread: this.#hasUnread }]
  }

  /** What was found, each match as what it is worth where it stands. */
  matches(): readonly ContextMatch[] {
    const installed = findInstalled(this.#entries, new Set(this.#matches.map(({ entry }) => entry)), this.#manifests)
    return this.#matches.map((match) =>
      weighInPackage(
        this.#scanner.catalogue.kindOf(match.detector),
        match,
        this.#entries[match.entry]?.path ?? '/',
        installed.get(match.entry) ?? null,
      ),
    )
  }

  /** The path of a file, by the number of its match. */
  pathOf({ entry }: ContextMatch): string {
    return this.#entries[entry]?.path.slice(1) ?? ''
  }

  /** Reads a file. @returns its bytes; null where it could not be read */
  async read(name: string): Promise<number | null> {
    let handle: FileHandle
    try {
      handle = await open(path.join(this.#base, name), HOW)
    } catch (error) {
      this.skip(name, `it cannot be read: ${reasonOf(error)}`, true)
      return null
    }
    try {
      const info = await handle.stat()
      if (!info.isFile()) return null
      return await this.#scan(name, info.size, handle)
    } finally {
      await handle.close()
    }
  }

  async #scan(name: string, size: number, handle: FileHandle): Promise<number | null> {
    const file = cleanPath(`/${name}`)
    const entry =
      this.#entries.push({
        path: file,
        type: 'file',
        mode: 0,
        uid: 0,
        gid: 0,
        size,
        mtime: 0,
        link: null,
        whiteout: null,
        afterEnd: false,
      }) - 1
    const skip = (where: string, reason: string): void => this.skip(where.slice(1), reason, false)
    const content = new Content(skip, this.#scanner, this.#budget, file, [], 0)
    let [bytes, isRead] = [0, true]
    const take = async (): Promise<Buffer> => {
      try {
        return await readPiece(handle)
      } catch (error) {
        isRead = false
        this.skip(name, `it cannot be read to its end: ${reasonOf(error)}`, true)
        return Buffer.alloc(0)
      }
    }
    let piece = await take()
    if (piece.length <= MAX_MANIFEST && isNodeManifest(file) && namesPackage(piece.toString('latin1')))
      this.#manifests.add(file)
    while (piece.length > 0) {
      const next = piece.length < CHUNK && bytes + piece.length === size ? Buffer.alloc(0) : await take()
      bytes += piece.length
      await content.push(piece, next.length === 0)
      piece = next
    }
    await content.end()
    // A value that stands raw in an archive and in its member is reported once, by the member.
    const members = new Set(content.matches.filter(({ inside }) => inside !== null).map(({ identity }) => identity))
    for (const match of content.matches)
      if (match.inside !== null || !members.has(match.identity)) this.#matches.push({ ...match, entry })
    return isRead ? bytes : null
  }
}
