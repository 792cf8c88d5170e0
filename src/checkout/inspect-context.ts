// What `COPY . .` would take along, before any build: secrets, told by content, and what has no business in an image, told
// by its place.
import { createReadStream } from 'node:fs'
import { lstat } from 'node:fs/promises'
import path from 'node:path'
import { ConfigError } from '../error.ts'
import { SEVERITIES, SEVERITY_OF, type Severity } from '../rules/finding.ts'
import { knownValues } from '../secrets/last-look.ts'
import type { SecretMatch } from '../secrets/match.ts'
import { type KnownValue, redactValue } from '../secrets/redact.ts'
import type { Scanner } from '../secrets/scanner.ts'
import { readContext } from './build-context.ts'
import { sizeOf, walk } from './checkout.ts'
import { hasExceptions, ignoredBy, patternOf } from './dockerignore.ts'

interface ContextSecret {
  /** Relative to the context. */
  readonly path: string
  readonly line: number | null
  readonly severity: Severity
  readonly title: string
  /** `•••` for what is not shown at all. */
  readonly redacted: string
}

interface ContextWaste {
  readonly path: string
  /** Why it has no business in an image. */
  readonly reason: string
  /** Bytes, with all that lies below. */
  readonly bytes: number
}

export interface ContextInspection {
  readonly directory: string
  /** The file that holds the patterns; it need not exist. */
  readonly ignoreFile: string
  readonly hasIgnoreFile: boolean
  readonly files: number
  readonly bytes: number
  readonly secrets: readonly ContextSecret[]
  readonly waste: readonly ContextWaste[]
  /** Patterns that would leave all of it out. */
  readonly patterns: readonly string[]
  /** Files that could not be read or were too many. */
  readonly skipped: readonly string[]
  /** Values that were seen, for hiding them in what is printed. */
  readonly values: readonly KnownValue[]
}

/** By path; the first that fits says why. Directories end in a slash and cover all below. */
const WASTE: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [/(?:^|\/)\.git\/$/, 'the whole history of the repository, with every secret that was ever in it'],
  [/(?:^|\/)(?:\.hg|\.svn)\/$/, 'the history of the repository'],
  [/(?:^|\/)\.(?:ssh|gnupg|aws|azure|gcloud|kube|docker)\/$/, 'credentials of the person or job that builds'],
  [/(?:^|\/)\.env(?:\.[\w-]+)?$/, 'settings of one environment, often with secrets'],
  [/(?:^|\/)(?:id_(?:rsa|dsa|ecdsa|ed25519)|[^/]+\.(?:pem|key|p12|pfx|jks|keystore|kdbx))$/, 'a key, or a store of keys'],
  [/(?:^|\/)(?:\.netrc|\.pgpass|\.git-credentials|\.pypirc|\.htpasswd)$/, 'a file of credentials'],
  [/(?:^|\/)\.terraform\/$|\.tfstate(?:\.backup)?$|\.tfvars$/, 'state and variables of Terraform hold secrets in the clear'],
  [/(?:^|\/)node_modules\/$/, 'modules of the machine that builds: install them in the image'],
  [/(?:^|\/)(?:\.venv|venv|__pycache__|\.tox|\.mypy_cache|\.pytest_cache)\/$/, 'what Python leaves on the machine that builds'],
  [/(?:^|\/)(?:\.idea|\.vscode)\/$|(?:^|\/)\.DS_Store$/, 'settings of an editor or of a desktop'],
  [/(?:^|\/)(?:coverage|\.nyc_output)\/$/, 'results of tests'],
  [/\.(?:sql|dump|bak)(?:\.gz)?$/, 'a dump or a backup, often with real data'],
  [/\.log$/, 'a log'],
]

/** Entries that are walked, in the context and below what is left out of it. */
const MAX_FILES = 200_000
const MAX_LISTED = 500

async function scanFile(file: string, name: string, scanner: Scanner): Promise<readonly SecretMatch[]> {
  const scan = scanner.start(`/${name}`)
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) scan.push(chunk as Buffer, false)
  scan.push(Buffer.alloc(0), true)
  return scan.matches
}

/** Bytes of all files below a directory. */
async function bytesBelow(directory: string): Promise<number> {
  let bytes = 0
  for await (const entry of walk(directory, () => true, MAX_FILES)) {
    if (entry.kind === 'file') bytes += (await sizeOf(path.join(directory, entry.path))) ?? 0
  }
  return bytes
}

/**
 * Looks at a build context as the builder would send it.
 * @param root where paths start; `directory` and `dockerfile` are relative to it
 * @throws ConfigError when the directory cannot be read
 */
export async function inspectContext(root: string, directory: string, dockerfile: string | null, scanner: Scanner): Promise<ContextInspection> {
  const base = path.resolve(root, directory)
  const info = await lstat(base).catch(() => null)
  if (info?.isDirectory() !== true) throw new ConfigError(`${directory}: is no directory that can be read. Name the build context: layergate context DIR.`)
  const context = await readContext(root, directory, dockerfile)
  const { dockerignore } = context
  const secrets: ContextSecret[] = []
  const waste: ContextWaste[] = []
  const skipped: string[] = []
  const values: KnownValue[] = []
  let [files, bytes] = [0, 0]
  const wasted: string[] = []
  const isBelowWaste = (name: string): boolean => wasted.some((parent) => name.startsWith(parent))
  const enter = (name: string): boolean => (ignoredBy(dockerignore, name) === null || hasExceptions(dockerignore)) && !isBelowWaste(`${name}/`)
  for await (const { path: name, kind } of walk(base, enter, MAX_FILES)) {
    if (kind === 'other' || ignoredBy(dockerignore, name) !== null) continue
    const reason = WASTE.find(([pattern]) => pattern.test(kind === 'directory' ? `${name}/` : name))?.[1]
    const full = path.join(base, name)
    if (kind === 'directory') {
      if (reason === undefined) continue
      const size = await bytesBelow(full)
      wasted.push(`${name}/`)
      waste.push({ path: `${name}/`, reason, bytes: size })
      bytes += size
      continue
    }
    if (name === '.dockerignore') continue
    files++
    const size = (await sizeOf(full)) ?? 0
    bytes += size
    let matches: readonly SecretMatch[] = []
    try {
      matches = await scanFile(full, name, scanner)
    } catch {
      skipped.push(name)
    }
    const real = matches.filter(({ strength }) => strength !== 'harmless')
    for (const match of matches) values.push(...knownValues(match, null))
    const seen = new Set<string>()
    for (const { detector, line, strength, value, identity } of real) {
      // The same value on the same line, or in the same binary, is listed once.
      const key = `${identity} ${line}`
      if (seen.has(key)) continue
      seen.add(key)
      if (secrets.length < MAX_LISTED)
        secrets.push({ path: name, line, severity: SEVERITY_OF[strength], title: detector.title, redacted: redactValue(value, detector.guessable === true) })
    }
    if (reason !== undefined && real.length === 0) waste.push({ path: name, reason, bytes: size })
  }
  secrets.sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) || (a.path < b.path ? -1 : a.path > b.path ? 1 : (a.line ?? 0) - (b.line ?? 0)))
  return {
    directory,
    ignoreFile: context.ignoreFile,
    hasIgnoreFile: dockerignore.length > 0,
    files,
    bytes,
    secrets,
    waste,
    patterns: [...new Set([...secrets.map(({ path: name }) => patternOf(name)), ...waste.map(({ path: name }) => patternOf(name))])],
    skipped,
    values,
  }
}
