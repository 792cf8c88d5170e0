// What npm, pnpm and yarn install. They keep no checksums of files.
import type { PackageDatabase } from './database.ts'

const PACKAGE = /\/node_modules\/((?:@[^/]+\/)?[^/@.][^/]*)\/package\.json$/
/** Bytes of one package.json; those of a large one are passed over. */
const MOST = 256 << 10
/** Characters of a version; what is longer is none. */
const MAX_VERSION = 100

function versionIn(manifest: string): string | null {
  try {
    const value: unknown = JSON.parse(manifest)
    return typeof value === 'object' &&
      value !== null &&
      'version' in value &&
      typeof value.version === 'string' &&
      value.version.length <= MAX_VERSION
      ? value.version
      : null
  } catch {
    return null
  }
}

export const NPM: PackageDatabase = {
  packages: {
    most: (path) => (PACKAGE.test(path) ? MOST : 0),
    read: (path, text, add) => {
      const name = PACKAGE.exec(path)?.[1]
      const version = name === undefined ? null : versionIn(text ?? '')
      if (name !== undefined && version !== null) add(`npm ${name}`, version)
    },
  },
}
