// Which package vouches for a file: the package manager's own record, when its checksum equals the content's. Such a
// file is vendor content, not a leak.
import type { ContentHashes, LayerScan } from '../layer/layer-scan.ts'
import { baseName, cleanPath, parentOf } from './path.ts'

interface PackageRecord {
  readonly package: string
  readonly algorithm: keyof ContentHashes
  /** Hexadecimal. */
  readonly checksum: string
}

/** Records of files by their path. */
export class PackageRecords {
  readonly #byPath: ReadonlyMap<string, readonly PackageRecord[]>

  constructor(byPath: ReadonlyMap<string, readonly PackageRecord[]>) {
    this.#byPath = byPath
  }

  /** Whether any record names the path; only then are checksums worth computing. */
  knows(path: string): boolean {
    return this.#byPath.has(merged(path))
  }

  /** The package whose record has this checksum for the path; null for none. */
  voucher(path: string, hashes: ContentHashes): string | null {
    return this.#byPath.get(merged(path))?.find(({ algorithm, checksum }) => hashes[algorithm] === checksum)?.package ?? null
  }
}

/** `/bin`, `/sbin` and `/lib*` are links into `/usr` on merged systems: both names are one. */
const merged = (path: string): string => path.replace(/^\/usr(?=\/(?:bin|sbin|lib|lib64|lib32|libx32)\/)/, '')

/** Reads the package databases of all layers. */
export function readPackageRecords(scans: readonly LayerScan[]): PackageRecords {
  const byPath = new Map<string, PackageRecord[]>()
  const add = (path: string, record: PackageRecord): void => {
    const key = merged(cleanPath(path))
    const known = byPath.get(key)
    if (known === undefined) byPath.set(key, [record])
    else known.push(record)
  }
  // A package that was installed from a directory or a URL was made here: its own record proves nothing.
  const madeHere = new Set(
    scans.flatMap(({ entries, extracts }) =>
      extracts
        .map(({ entry }) => entries[entry]?.path ?? '/')
        .filter((path) => path.endsWith('/direct_url.json'))
        .map((path) => parentOf(path as never)),
    ),
  )
  for (const { entries, extracts } of scans) {
    for (const { entry, content } of extracts) {
      const path = entries[entry]?.path
      if (path === undefined) continue
      if (path.endsWith('.md5sums')) readMd5sums(baseName(path).replace(/(?::[^:]*)?\.md5sums$/, ''), content, add)
      else if (path.endsWith('/dpkg/status')) readConffiles(content, add)
      else if (path.endsWith('/apk/db/installed')) readApk(content, add)
      else if (path.endsWith('.dist-info/RECORD') && !madeHere.has(parentOf(path))) readRecord(parentOf(parentOf(path)), content, add)
    }
  }
  return new PackageRecords(byPath)
}

type Add = (path: string, record: PackageRecord) => void

/** dpkg: `<md5>  usr/bin/x`. https://www.debian.org/doc/debian-policy/ap-pkg-controlfields.html */
function readMd5sums(name: string, content: Buffer, add: Add): void {
  for (const line of content.toString('utf8').split('\n')) {
    const match = /^([0-9a-f]{32})\s+(.+)$/.exec(line)
    if (match?.[1] !== undefined && match[2] !== undefined) add(match[2], { package: `dpkg ${name}`, algorithm: 'md5', checksum: match[1] })
  }
}

/** dpkg: `Package: x`, then below `Conffiles:` ` /etc/x <md5>`. https://manpages.debian.org/dpkg-query */
function readConffiles(content: Buffer, add: Add): void {
  let name = ''
  let inside = false
  for (const line of content.toString('utf8').split('\n')) {
    if (line.startsWith('Package: ')) name = line.slice('Package: '.length)
    if (!line.startsWith(' ')) inside = line === 'Conffiles:'
    const match = inside ? /^ (\/\S.*) ([0-9a-f]{32})(?: obsolete)?$/.exec(line) : null
    if (match?.[1] !== undefined && match[2] !== undefined) add(match[1], { package: `dpkg ${name}`, algorithm: 'md5', checksum: match[2] })
  }
}

/** apk: P: package, F: directory, R: file, Z: checksum (`Q1` and base64 of the SHA-1). https://wiki.alpinelinux.org/wiki/Apk_spec */
function readApk(content: Buffer, add: Add): void {
  let name = ''
  let directory = ''
  let file = ''
  for (const line of content.toString('utf8').split('\n')) {
    const value = line.slice(2)
    if (line.startsWith('P:')) name = value
    else if (line.startsWith('F:')) directory = value
    else if (line.startsWith('R:')) file = value
    else if (line.startsWith('Z:Q1')) add(`${directory}/${file}`, { package: `apk ${name}`, algorithm: 'sha1', checksum: Buffer.from(value.slice(2), 'base64').toString('hex') })
  }
}

/** Python wheels: `path,sha256=<base64url>,size`. https://packaging.python.org/specifications/recording-installed-packages/ */
function readRecord(sitePackages: string, content: Buffer, add: Add): void {
  let name = ''
  const lines = content.toString('utf8').split('\n')
  name = lines.find((line) => line.includes('.dist-info/'))?.replace(/\.dist-info\/.*$/s, '') ?? 'python package'
  for (const line of lines) {
    const match = /^"?(.+?)"?,sha256=([A-Za-z0-9_-]+),\d*\r?$/.exec(line)
    if (match?.[1] !== undefined && match[2] !== undefined)
      add(`${sitePackages}/${match[1]}`, { package: `python ${name}`, algorithm: 'sha256', checksum: Buffer.from(match[2], 'base64url').toString('hex') })
  }
}
