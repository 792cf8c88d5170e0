// What package managers wrote down of the files of one layer: dpkg, apk and Python keep a checksum for each. Read once the
// layer's matches are known, and only for the files that have one: a database of millions of lines leaves nothing behind.
import { ImageError } from '../error.ts'
import type { ContentHashes, Extract, LayerEntry } from '../layer/layer-scan.ts'
import { raise } from '../limits.ts'
import { baseName, cleanPath, parentOf } from './path.ts'

/** A line of a package database about one file. It proves nothing by itself: who wrote it counts (evidence/vouching.ts). */
export interface PackageRecord {
  /** What wrote it. */
  readonly kind: 'dpkg' | 'apk' | 'python'
  /** `dpkg openssl`. */
  readonly package: string
  readonly algorithm: keyof ContentHashes
  /** Hexadecimal. */
  readonly checksum: string
}

/** By entry of the layer. */
export type LayerRecords = ReadonlyMap<number, readonly PackageRecord[]>

/** `/bin`, `/sbin` and `/lib*` are links into `/usr` on merged systems: both names are one. */
const merged = (path: string): string => path.replace(/^\/usr(?=\/(?:bin|sbin|lib|lib64|lib32|libx32)\/)/, '')

/** Records of one file that are kept: it has one, or one for each of a few databases. */
const MAX_RECORDS = 16

/** Takes one line. @param record made only where the file is wanted; null where the line is no record after all */
type Add = (path: string, record: () => PackageRecord | null) => void

/**
 * Reads the records of some files of a layer.
 * @param databases the package databases that the layer itself holds
 * @param wanted entries whose records are read
 * @param budget lines that the databases may have
 * @param where names the layer in errors
 * @throws ImageError when they have more
 */
export function readLayerRecords(databases: readonly Extract[], entries: readonly LayerEntry[], wanted: Iterable<number>, budget: number, where: string): LayerRecords {
  const found = new Map<number, PackageRecord[]>()
  const byPath = new Map<string, number[]>()
  for (const index of wanted) {
    const path = merged(entries[index]?.path ?? '/')
    byPath.set(path, [...(byPath.get(path) ?? []), index])
  }
  if (byPath.size === 0) return found
  let lines = 0
  const add: Add = (path, make) => {
    if (++lines > budget) throw new ImageError('too-many-records', `${where}: its package databases name more than ${budget} files ${raise('records')}`)
    // What is installed lies below the root: a path that climbs (`../`) is no path of an entry, and finds none.
    const indices = byPath.get(merged(path.startsWith('/') ? path : `/${path}`))
    const record = indices === undefined ? null : make()
    if (indices === undefined || record === null) return
    for (const index of indices) {
      const records = found.get(index)
      if (records === undefined) found.set(index, [record])
      else if (records.length < MAX_RECORDS) records.push(record)
    }
  }
  const pathOf = ({ entry }: Extract): string => entries[entry]?.path ?? '/'
  // A package that was installed from a directory or a URL was made here: its own record proves nothing.
  const madeHere = new Set(databases.flatMap((database) => /^(.*)\/direct_url\.json$/.exec(pathOf(database))?.[1] ?? []))
  for (const database of databases) {
    const path = pathOf(database)
    const folder = parentOf(cleanPath(path))
    if (path.endsWith('.md5sums')) readMd5sums(baseName(path).replace(/(?::[^:]*)?\.md5sums$/, ''), database.content, add)
    else if (path.endsWith('/dpkg/status')) readConffiles(database.content, add)
    else if (path.endsWith('/apk/db/installed')) readApk(database.content, add)
    else if (path.endsWith('.dist-info/RECORD') && !madeHere.has(folder)) readRecord(baseName(folder).replace(/\.dist-info$/, ''), parentOf(folder), database.content, add)
  }
  return found
}

/** The lines of a file, one after the other. */
function* linesOf(content: Buffer): Generator<string> {
  const text = content.toString('utf8')
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('\n', at)
    yield text.slice(at, end === -1 ? text.length : end)
    if (end === -1) return
    at = end + 1
  }
}

/** dpkg: `<md5>  usr/bin/x`. https://www.debian.org/doc/debian-policy/ap-pkg-controlfields.html */
function readMd5sums(name: string, content: Buffer, add: Add): void {
  for (const line of linesOf(content)) {
    const checksum = line.slice(0, 32)
    add(line.slice(32).replace(/^\s+(?:\.\/)?/, ''), () => (/^[0-9a-f]{32}$/.test(checksum) ? { kind: 'dpkg', package: `dpkg ${name}`, algorithm: 'md5', checksum } : null))
  }
}

/** dpkg: `Package: x`, then below `Conffiles:` ` /etc/x <md5>`. https://manpages.debian.org/dpkg-query */
function readConffiles(content: Buffer, add: Add): void {
  let name = ''
  let inside = false
  for (const line of linesOf(content)) {
    if (line.startsWith('Package: ')) name = line.slice('Package: '.length)
    if (!line.startsWith(' ')) inside = line === 'Conffiles:'
    const match = inside ? /^ (\/\S.*) ([0-9a-f]{32})(?: obsolete)?$/.exec(line) : null
    const [, path, checksum] = match ?? []
    const owner = `dpkg ${name}`
    if (path !== undefined && checksum !== undefined) add(path, () => ({ kind: 'dpkg', package: owner, algorithm: 'md5', checksum }))
  }
}

/** apk: P: package, F: directory, R: file, Z: checksum (`Q1` and base64 of the SHA-1). https://wiki.alpinelinux.org/wiki/Apk_spec */
function readApk(content: Buffer, add: Add): void {
  let name = ''
  let directory = ''
  let file = ''
  for (const line of linesOf(content)) {
    const value = line.slice(2)
    const owner = `apk ${name}`
    if (line.startsWith('P:')) name = value
    else if (line.startsWith('F:')) directory = value
    else if (line.startsWith('R:')) file = value
    else if (line.startsWith('Z:Q1'))
      add(`${directory}/${file}`, () => ({ kind: 'apk', package: owner, algorithm: 'sha1', checksum: Buffer.from(value.slice(2), 'base64').toString('hex') }))
  }
}

/** Python wheels: `path,sha256=<base64url>,size`. https://packaging.python.org/specifications/recording-installed-packages/ */
function readRecord(name: string, sitePackages: string, content: Buffer, add: Add): void {
  for (const line of linesOf(content)) {
    const end = line.indexOf(',sha256=')
    if (end === -1) continue
    add(`${sitePackages}/${line.slice(0, end).replace(/^"|"$/g, '')}`, () => {
      const checksum = /^,sha256=([A-Za-z0-9_-]+),\d*\r?$/.exec(line.slice(end))?.[1]
      return checksum === undefined ? null : { kind: 'python', package: `python ${name}`, algorithm: 'sha256', checksum: Buffer.from(checksum, 'base64url').toString('hex') }
    })
  }
}
