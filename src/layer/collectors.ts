// Small files that later steps read, collected while the layer passes by. Data, like detectors.

/** Bytes of one collected file that are kept; a larger one is left out and listed as skipped. */
export const MAX_EXTRACT = 8 << 20

const COLLECTED: readonly RegExp[] = [
  /^\/etc\/(?:passwd|group|os-release)$/,
  /^\/usr\/lib\/os-release$/,
  // Who may become root.
  /^\/etc\/sudoers(?:\.d\/[^/]+)?$/,
]

/** Package databases with checksums of files: kept until the layer is read, since only the records of a few files count. */
const DATABASES: readonly RegExp[] = [
  // dpkg, distroless. What dpkg says of configuration files stands with the packages themselves.
  /^\/var\/lib\/dpkg\/info\/[^/]+\.md5sums$/,
  /^\/var\/lib\/dpkg\/status\.d\/[^/]+\.md5sums$/,
  /^\/var\/lib\/dpkg\/status$/,
  // apk, versions 2 and 3.
  /^\/(?:usr\/)?lib\/apk\/db\/installed$/,
  // Python.
  /\.dist-info\/(?:RECORD|direct_url\.json)$/,
]

/** Whether a file is collected, and what for. */
export function collectorOf(path: string): 'extract' | 'database' | null {
  if (COLLECTED.some((pattern) => pattern.test(path))) return 'extract'
  return DATABASES.some((pattern) => pattern.test(path)) ? 'database' : null
}

/** Bytes of a `package.json` that is read for its name and version. */
export const MAX_MANIFEST = 64 << 10

/** The `package.json` of what npm and its like installed. */
export const isNodeManifest = (path: string): boolean => path.endsWith('/package.json') && /\/node_modules\/(?:@[^/]+\/)?[^/@][^/]*\/package\.json$/.test(path)

/** Whether a `package.json` names a package and its version: people's own folders inside a package have none, or one of a few words. */
export const namesPackage = (text: string): boolean => /"name"\s{0,8}:\s{0,8}"[^"]/.test(text) && /"version"\s{0,8}:\s{0,8}"\d/.test(text)

/** Bytes of a script that is kept, and how many of a layer. */
export const MAX_SCRIPT = 256 << 10
export const MAX_SCRIPTS = 500

/** Files that may be an entrypoint; only those that begin with `#!` are kept. */
const SCRIPTS =
  /^\/(?!usr\/(?:share|lib|include)\/|lib\/|etc\/init\.d\/|proc\/|sys\/)(?:[^/]+\/){0,5}(?=[^/]+$)(?:[^/]*(?:entry-?point|start|run|init|boot|launch|serve|main|cmd)|[^/]+\.(?:sh|bash)$)/i

/** Whether a file may be an entrypoint. */
export const mayBeEntrypoint = (path: string): boolean => SCRIPTS.test(path)
