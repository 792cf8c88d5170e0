// The layers laid over each other: the final tree, and for every path of every layer what became of it.
// https://github.com/opencontainers/image-spec/blob/v1.1.1/layer.md
import { ImageError } from '../error.ts'
import { cleanPath, type ImagePath, resolveLink } from '../image/path.ts'
import type { LayerEntry, LayerScan } from '../layer/layer-scan.ts'

/** `replaced`: the path, or a directory above it, became something else. */
export type FileState = 'present' | 'deleted' | 'overwritten' | 'replaced'

/** What ended a version of a path. */
export interface Ending {
  readonly state: Exclude<FileState, 'present'>
  readonly layer: number
  /** The entry that did it: a whiteout for a deletion, else what took the place. */
  readonly by: ImagePath
}

/** One entry of one layer, and how long it was visible. */
export interface Version {
  readonly path: ImagePath
  readonly layer: number
  /** Index of the entry in its layer. */
  readonly index: number
  readonly entry: LayerEntry
  /** The version whose bytes this one shows: itself, or the target of a hard link. */
  readonly content: Version
  /** null while it is visible in the final tree. */
  ending: Ending | null
  /** What took its place under the same path. */
  successor: Version | null
}

interface Node {
  version: Version | null
  /** null for anything but a directory. */
  children: Map<string, Node> | null
}

/** Links that are followed before a chain of them counts as a loop, as in Linux. */
const MAX_LINKS = 40
/** Characters of link targets, and parts of paths walked anew for a link in the way, in the whole image. Real images need a few million. */
const MAX_LINKED = 60_000_000

/** The final tree and all versions. Built once; reading does not change it. */
export class Filesystem {
  /** By layer, then by index of the entry. */
  readonly versions: readonly (readonly Version[])[]
  readonly #root: Node

  constructor(root: Node, versions: readonly (readonly Version[])[]) {
    this.#root = root
    this.versions = versions
  }

  /** The version of an entry. */
  versionOf(layer: number, index: number): Version {
    const version = this.versions[layer]?.[index]
    if (version === undefined) throw new RangeError(`no entry ${index} in layer ${layer}`)
    return version
  }

  /** What the final tree shows at a path; links in directories and at the end are followed. null where there is nothing. */
  find(path: string): Version | null {
    const resolved = this.resolve(cleanPath(path))
    return resolved === null ? null : (nodeAt(this.#root, resolved)?.version ?? null)
  }

  /** The path with all links followed; null where it does not lead to something, or in a loop. */
  resolve(path: ImagePath): ImagePath | null {
    const walk = new PathWalk(path)
    let node = this.#root
    for (let name = walk.next(); name !== null; name = walk.next()) {
      const next = node.children?.get(name)
      if (next === undefined) return null
      node = next
      if (next.version?.entry.type !== 'symlink') continue
      if (!walk.follow(next.version.entry.link ?? '')) return null
      node = this.#root
    }
    return walk.path
  }

  /** The versions of one layer that the final tree still shows, in the order of its tar. */
  *presentIn(layer: number): Generator<Version> {
    for (const version of this.versions[layer] ?? [])
      if (version.ending === null && version.entry.whiteout === null) yield version
  }

  /** All versions of the final tree, in order of their paths' parts. */
  *present(): Generator<Version> {
    const stack: Node[] = [this.#root]
    while (stack.length > 0) {
      const node = stack.pop()
      if (node?.version) yield node.version
      if (node?.children)
        for (const name of [...node.children.keys()].sort().reverse())
          stack.push(node.children.get(name) ?? { version: null, children: null })
    }
  }
}

/**
 * The parts of a path one after the other, with links laid in. Nothing is shifted or joined on the way: a path of a hundred
 * thousand parts costs as much as it is long.
 */
class PathWalk {
  #parts: readonly string[]
  #at = 0
  #links = 0

  constructor(path: ImagePath) {
    this.#parts = partsOf(path)
  }

  /** The next part; null at the end. */
  next(): string | null {
    return this.#parts[this.#at++] ?? null
  }

  /** Whether parts are left behind the one that was taken last. */
  get hasMore(): boolean {
    return this.#at < this.#parts.length
  }

  /** The path up to the part that was taken last. */
  get path(): ImagePath {
    return `/${this.#parts.slice(0, this.#at).join('/')}` as ImagePath
  }

  /** Goes on at the root with the target of the link that was taken last. @returns false in a loop */
  follow(target: string): boolean {
    if (++this.#links > MAX_LINKS) return false
    this.#parts = [...partsOf(resolveLink(this.path, target)), ...this.#parts.slice(this.#at)]
    this.#at = 0
    return true
  }

  /** Parts that are to be walked anew since a link was followed. */
  get length(): number {
    return this.#parts.length
  }
}

const partsOf = (path: string): string[] => path.split('/').filter((part) => part !== '')

function nodeAt(root: Node, path: ImagePath): Node | null {
  let node: Node | undefined = root
  for (const part of path.split('/')) if (part !== '') node = node?.children?.get(part)
  return node ?? null
}

/** Ends all versions at and below a node. Iterative: hostile trees are deep. */
function end(node: Node, ending: Ending): void {
  const stack = [node]
  while (stack.length > 0) {
    const current = stack.pop()
    if (current === undefined) return
    if (current.version !== null && current.version.ending === null) current.version.ending = ending
    if (current.children !== null) for (const child of current.children.values()) stack.push(child)
  }
}

/** What is left of `MAX_LINKED`. */
interface LinkBudget {
  left: number
}

/** Lays the layers over each other, lowest first. @throws ImageError where links are made to be walked without end */
export function buildFilesystem(scans: readonly Pick<LayerScan, 'entries'>[]): Filesystem {
  const root: Node = { version: null, children: new Map() }
  const links = { left: MAX_LINKED }
  const versions = scans.map(({ entries }, layer) => {
    // Whiteouts apply to lower layers only, wherever they stand in the tar.
    for (const { path, whiteout, afterEnd } of entries)
      if (whiteout !== null && !afterEnd) hide(root, whiteout, { state: 'deleted', layer, by: path })
    return entries.map((entry, position) => add(root, entry, layer, position, links))
  })
  return new Filesystem(root, versions)
}

function hide(root: Node, { kind, hides }: NonNullable<LayerEntry['whiteout']>, ending: Ending): void {
  const directory =
    kind === 'opaque' ? nodeAt(root, hides) : nodeAt(root, hides.slice(0, hides.lastIndexOf('/')) as ImagePath)
  if (directory?.children == null) return
  if (kind === 'opaque') {
    for (const child of directory.children.values()) end(child, ending)
    directory.children.clear()
    return
  }
  const name = hides.slice(hides.lastIndexOf('/') + 1)
  const child = directory.children.get(name)
  if (child === undefined) return
  end(child, ending)
  directory.children.delete(name)
}

function makeVersion(
  entry: LayerEntry,
  layer: number,
  index: number,
  content: Version | null,
  ending: Ending | null,
): Version {
  const version = { path: entry.path, layer, index, entry, ending, successor: null } as unknown as {
    content: Version
  } & Version
  version.content = content ?? version
  return version
}

function add(root: Node, entry: LayerEntry, layer: number, index: number, links: LinkBudget): Version {
  // Neither is ever on disk; the bytes of both are in the layer.
  if (entry.whiteout !== null || entry.afterEnd)
    return makeVersion(entry, layer, index, null, { state: 'deleted', layer, by: entry.path })
  const target =
    entry.type === 'hardlink' && entry.link !== null ? nodeAt(root, entry.link as ImagePath)?.version : null
  const version = makeVersion(entry, layer, index, target?.content ?? null, null)
  const { node, blockedBy } = makeDirectories(root, entry.path, layer, links)
  if (blockedBy !== null) {
    version.ending = { state: 'replaced', layer, by: blockedBy }
    return version
  }
  const before = node.version
  if (entry.type === 'directory') {
    if (before !== null && before.ending === null)
      before.ending = { state: node.children === null ? 'replaced' : 'overwritten', layer, by: entry.path }
    node.children ??= new Map()
  } else {
    const sameKind =
      before !== null && node.children === null && (before.entry.type === 'symlink') === (entry.type === 'symlink')
    if (node.children !== null || before !== null)
      end(node, { state: sameKind ? 'overwritten' : 'replaced', layer, by: entry.path })
    node.children = null
  }
  if (before !== null) before.successor = version
  node.version = version
  return version
}

/** The node of a path; directories that have no entry are made, a file in the way gives way, links are followed. */
function makeDirectories(
  root: Node,
  path: ImagePath,
  layer: number,
  links: LinkBudget,
): { node: Node; blockedBy: ImagePath | null } {
  const walk = new PathWalk(path)
  let node = root
  for (let name = walk.next(); name !== null; name = walk.next()) {
    if (node.children === null) {
      // A file where a directory is needed: extractors put the directory in its place.
      end(node, { state: 'replaced', layer, by: path })
      node.version = null
      node.children = new Map()
    }
    let next = node.children.get(name)
    if (next === undefined) {
      next = { version: null, children: walk.hasMore ? new Map() : null }
      node.children.set(name, next)
    }
    if (walk.hasMore && next.version?.entry.type === 'symlink') {
      const target = next.version.entry.link ?? ''
      if (!walk.follow(target)) return { node: next, blockedBy: walk.path }
      links.left -= target.length + walk.length
      if (links.left < 0)
        throw new ImageError(
          'too-many-links',
          `layer ${layer}: paths lead through so many symbolic links that no end is in sight. Build the image without loops of links.`,
        )
      node = root
      continue
    }
    node = next
  }
  return { node, blockedBy: null }
}
