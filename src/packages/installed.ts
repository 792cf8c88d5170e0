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

/** Where package managers put what they install: the package's folder, and the file that stands for its metadata. */
const PLACES: readonly {
  readonly pattern: RegExp
  readonly metadata: (match: RegExpExecArray) => readonly string[]
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
  },
]

const NODE = /^.*\/node_modules\/(?:@[^/]+\/)?[^/@][^/]*(?=\/)/

/**
 * Which of some files belong to an installed package.
 * @param files entries that are asked about
 * @param manifests paths of the `package.json` that name a package and its version
 * @returns by entry: what the path says from the package's folder on
 */
export function findInstalled(
  entries: readonly Entry[],
  files: Iterable<number>,
  manifests: ReadonlySet<string>,
): ReadonlyMap<number, string> {
  const found = new Map<number, string>()
  let paths: Set<string> | null = null
  const has = (path: string): boolean => {
    paths ??= new Set(
      entries.flatMap(({ path: own, type, whiteout }) => (type === 'file' && whiteout === null ? [own] : [])),
    )
    return paths.has(path)
  }
  for (const index of files) {
    const path = entries[index]?.path ?? '/'
    const node = NODE.exec(path)?.[0]
    if (node !== undefined && manifests.has(`${node}/package.json`)) found.set(index, path.slice(node.length))
    for (const { pattern, metadata } of PLACES) {
      const match = found.has(index) ? null : pattern.exec(path)
      if (match !== null && metadata(match).every(has)) found.set(index, path.slice(match[0].length - 1))
    }
  }
  return found
}
