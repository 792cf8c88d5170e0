// Whether a file belongs to an installed package: the package's own metadata lies beside it, in the same layer. Words in a
// path prove nothing: `/vendor/docs` is anybody's folder.

/** What is asked of an entry of a layer. */
interface Entry {
  readonly path: string
  readonly type: string
  readonly whiteout: object | null
}

/** Bytes of a `package.json` that is read for its name and version. */
export const MAX_MANIFEST = 64 << 10

/** The `package.json` of what npm and its like installed. */
export const isNodeManifest = (path: string): boolean =>
  path.endsWith('/package.json') && /\/node_modules\/(?:@[^/]+\/)?[^/@][^/]*\/package\.json$/.test(path)

/** Whether a `package.json` names a package and its version: people's own folders inside a package have none, or one of a few words. */
export const namesPackage = (text: string): boolean =>
  /"name"\s{0,8}:\s{0,8}"[^"]/.test(text) && /"version"\s{0,8}:\s{0,8}"\d/.test(text)

/** Where a file is in the package that it belongs to. */
export interface InPackage {
  /** From the package's folder on, with a slash in front. */
  readonly path: string
  /** The cache of a package manager or the library of a language: nobody writes there but those who publish it. */
  readonly isPublished: boolean
}

/** Where package managers put what they install: the package's folder, and the file that stands for its metadata. */
const PLACES: readonly {
  readonly pattern: RegExp
  readonly metadata: (match: RegExpExecArray) => readonly string[]
  readonly isPublished?: true
  /** The part of the folder's path that tells what the file is. */
  readonly kept?: string
}[] = [
  // Ruby: gems/NAME-VERSION beside specifications/NAME-VERSION.gemspec.
  {
    pattern: /^(.*)\/gems\/([^/]+-\d[^/]*)\//,
    metadata: ([, root, name]) => [`${root}/specifications/${name}.gemspec`],
  },
  // PHP: vendor/NAME/PACKAGE with its composer.json, and what composer wrote of all.
  {
    pattern: /^(.*\/vendor)\/([^/]+\/[^/]+)\//,
    metadata: ([, root, name]) => [`${root}/${name}/composer.json`, `${root}/composer/installed.json`],
  },
  // Go: pkg/mod/PATH@VERSION, and the checksum of the module that was downloaded.
  {
    pattern: /^(.*\/pkg\/mod)\/((?!cache\/)[^@]{1,500})@([^/]{1,255})\//,
    metadata: ([, root, name, version]) => [`${root}/cache/download/${name}/@v/${version}.ziphash`],
    isPublished: true,
  },
  // Rust: registry/src/INDEX/NAME-VERSION as cargo unpacked it, and what cargo vendor wrote.
  {
    pattern: /^(.*\/registry\/src\/[^/]+\/[^/]+-\d[^/]*)\//,
    metadata: ([, root]) => [`${root}/.cargo-ok`, `${root}/Cargo.toml`],
    isPublished: true,
  },
  {
    pattern: /^(.*\/vendor\/[^/]+)\//,
    metadata: ([, root]) => [`${root}/.cargo-checksum.json`, `${root}/Cargo.toml`],
    isPublished: true,
  },
  // What a Debian package documents: its copyright lies beside it.
  {
    pattern: /^(.*\/usr\/(?:local\/)?share)\/doc\/([^/]+)\//,
    metadata: ([, root, name]) => [`${root}/doc/${name}/copyright`],
    kept: '/doc/',
  },
  // The tests of MySQL and MariaDB, which packages bring whole.
  {
    pattern: /^(.*\/mysql-test)\//,
    metadata: ([, root]) => [`${root}/lib/mtr_cases.pm`, `${root}/main/grant.test`],
    isPublished: true,
  },
  // The library of Go, with its tests.
  {
    pattern: /^(.*\/go(?:-\d[\d.]*)?)\/(?:src|test|api|misc|lib|doc)\//,
    metadata: ([, root]) => [`${root}/src/runtime/proc.go`, `${root}/src/go.mod`],
    isPublished: true,
  },
  // The library of Python, with its tests.
  {
    pattern: /^(.*\/lib\/(?:python|pypy)\d\.\d+)\/(?!(?:site|dist)-packages\/)/,
    metadata: ([, root]) => [`${root}/os.py`, `${root}/site.py`, `${root}/encodings/__init__.py`],
    isPublished: true,
  },
]

/** What Python compiled of a package: RECORD has no checksum of it, so that its metadata alone speaks for it. */
const SITE = /^(.*\/(?:site|dist)-packages)\/([^/]+)(?=\/)/
const METADATA = /^(.*\/(?:site|dist)-packages)\/([^/]+?)(?:-\d[^/]*)?\.(?:dist-info\/RECORD|egg-info\/PKG-INFO)$/

/** Names of Python packages are the same in any case, and with `-`, `_` or `.`. */
const plainName = (name: string): string => name.toLowerCase().replaceAll(/[-_.]+/g, '_')

const NODE = /^.*\/node_modules\/(?:@[^/]+\/)?[^/@][^/]*(?=\/)/

/**
 * Which of some files belong to an installed package.
 * @param files entries that are asked about
 * @param manifests paths of the `package.json` that name a package and its version
 * @returns by entry
 */
export function findInstalled(
  entries: readonly Entry[],
  files: Iterable<number>,
  manifests: ReadonlySet<string>,
): ReadonlyMap<number, InPackage> {
  const found = new Map<number, InPackage>()
  let paths: Set<string> | null = null
  const has = (path: string): boolean => {
    paths ??= new Set(
      entries.flatMap(({ path: own, type, whiteout }) => (type === 'file' && whiteout === null ? [own] : [])),
    )
    return paths.has(path)
  }
  /** Names of the packages that lie in a folder of Python packages, by that folder. */
  let sites: Map<string, string[]> | null = null
  const isOfSite = ([, root = '', top = '']: RegExpExecArray): boolean => {
    if (sites === null) {
      sites = new Map()
      for (const { path, type, whiteout } of entries) {
        const [, site = '', name = ''] = type === 'file' && whiteout === null ? (METADATA.exec(path) ?? []) : []
        if (name !== '') sites.set(site, [...(sites.get(site) ?? []), plainName(name)])
      }
    }
    const own = plainName(top)
    // A package of a namespace has its name too: google/auth of google-auth.
    return (sites.get(root) ?? []).some((name) => name === own || name.startsWith(`${own}_`))
  }
  for (const index of files) {
    const path = entries[index]?.path ?? '/'
    const node = NODE.exec(path)?.[0]
    if (node !== undefined && manifests.has(`${node}/package.json`))
      found.set(index, { path: path.slice(node.length), isPublished: false })
    for (const { pattern, metadata, isPublished = false, kept = '/' } of PLACES) {
      const match = found.has(index) ? null : pattern.exec(path)
      if (match !== null && metadata(match).every(has))
        found.set(index, { path: kept + path.slice(match[0].length), isPublished })
    }
    const site = found.has(index) || !path.endsWith('.pyc') ? null : SITE.exec(path)
    if (site !== null && isOfSite(site)) found.set(index, { path: path.slice(site[0].length), isPublished: false })
  }
  return found
}
