// Small files that later steps read, collected while the layer passes by. Data, like detectors.

/** Bytes of one collected file that are kept; a larger one is left out and listed as skipped. */
export const MAX_EXTRACT = 8 << 20

const COLLECTED: readonly RegExp[] = [
  /^\/etc\/(?:passwd|group|os-release)$/,
  /^\/usr\/lib\/os-release$/,
  // Package databases with checksums of files: dpkg, distroless, apk (v2 and v3), Python.
  /^\/var\/lib\/dpkg\/info\/[^/]+\.md5sums$/,
  /^\/var\/lib\/dpkg\/status\.d\/[^/]+$/,
  // Who may become root.
  /^\/etc\/sudoers(?:\.d\/[^/]+)?$/,
  // What dpkg says of configuration files stands with the packages themselves.
  /^\/var\/lib\/dpkg\/status$/,
  /^\/(?:usr\/)?lib\/apk\/db\/installed$/,
  /\.dist-info\/(?:RECORD|direct_url\.json)$/,
]

/** Whether a file is collected. */
export const isCollected = (path: string): boolean => COLLECTED.some((pattern) => pattern.test(path))

/** Bytes of a script that is kept, and how many of a layer. */
export const MAX_SCRIPT = 256 << 10
export const MAX_SCRIPTS = 500

/** Files that may be an entrypoint; only those that begin with `#!` are kept. */
const SCRIPTS =
  /^\/(?!usr\/(?:share|lib|include)\/|lib\/|etc\/init\.d\/|proc\/|sys\/)(?:[^/]+\/){0,5}(?=[^/]+$)(?:[^/]*(?:entry-?point|start|run|init|boot|launch|serve|main|cmd)|[^/]+\.(?:sh|bash)$)/i

/** Whether a file may be an entrypoint. */
export const mayBeEntrypoint = (path: string): boolean => SCRIPTS.test(path)
