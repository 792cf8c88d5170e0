// What `COPY . .` would take along, before any build: secrets, told by content, and what has no business in an image, told
// by its place.
import { lstat } from 'node:fs/promises'
import path from 'node:path'
import { readContext } from '../checkout/build-context.ts'
import { isDockerfile, sizeOf, walk } from '../checkout/checkout.ts'
import { hasExceptions, ignoredBy, patternOf } from '../checkout/dockerignore.ts'
import { ConfigError } from '../error.ts'
import { SEVERITIES, SEVERITY_OF, type Severity } from '../finding/finding.ts'
import type { Catalogue } from '../secrets/catalogue.ts'
import { KnownPublic } from '../secrets/known.ts'
import { knownValues } from '../secrets/last-look.ts'
import { type KnownValue, redactValue } from '../secrets/redact.ts'
import type { Scanner } from '../secrets/scanner.ts'
import { ContextScan, type ContextSkipped } from './context-scan.ts'

interface ContextSecret {
  /** Relative to the context. */
  readonly path: string
  /** Path inside nested archives; null for the file's own bytes. */
  readonly inside: string | null
  readonly line: number | null
  readonly severity: Severity
  readonly title: string
  /** `•••` for what is not shown at all. */
  readonly redacted: string
  /** It is written in a Dockerfile: no pattern takes it out of the image's history. */
  readonly inDockerfile: boolean
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
  /** What was not looked into. */
  readonly skipped: readonly ContextSkipped[]
  /** Values that were seen, for hiding them in what is printed. */
  readonly values: readonly KnownValue[]
}

/** By path; the first that fits says why. Directories end in a slash and cover all below. */
const WASTE: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [/(?:^|\/)\.git\/$/, 'the whole history of the repository, with every secret that was ever in it'],
  [/(?:^|\/)(?:\.hg|\.svn)\/$/, 'the history of the repository'],
  [/(?:^|\/)\.(?:ssh|gnupg|aws|azure|gcloud|kube|docker)\/$/, 'credentials of the person or job that builds'],
  [/(?:^|\/)\.env(?:\.[\w-]+)?$/, 'settings of one environment, often with secrets'],
  [
    /(?:^|\/)(?:id_(?:rsa|dsa|ecdsa|ed25519)|[^/]+\.(?:pem|key|p12|pfx|jks|keystore|kdbx))$/,
    'a key, or a store of keys',
  ],
  [/(?:^|\/)(?:\.netrc|\.pgpass|\.git-credentials|\.pypirc|\.htpasswd)$/, 'a file of credentials'],
  [
    /(?:^|\/)\.terraform\/$|\.tfstate(?:\.backup)?$|\.tfvars$/,
    'state and variables of Terraform hold secrets in the clear',
  ],
  [/(?:^|\/)node_modules\/$/, 'modules of the machine that builds: install them in the image'],
  [
    /(?:^|\/)(?:\.venv|venv|__pycache__|\.tox|\.mypy_cache|\.pytest_cache)\/$/,
    'what Python leaves on the machine that builds',
  ],
  [/(?:^|\/)(?:\.idea|\.vscode)\/$|(?:^|\/)\.DS_Store$/, 'settings of an editor or of a desktop'],
  [/(?:^|\/)(?:coverage|\.nyc_output)\/$/, 'results of tests'],
  [/\.(?:sql|dump|bak)(?:\.gz)?$/, 'a dump or a backup, often with real data'],
  [/\.log$/, 'a log'],
]

/** Entries that are walked. */
const MAX_FILES = 200_000
const MAX_LISTED = 500

/** The context and its Dockerfile as paths from `root`, whatever the user wrote. */
async function placesOf(
  root: string,
  directory: string,
  dockerfile: string | null,
): Promise<{ readonly context: string; readonly dockerfile: string | null }> {
  const relative = (file: string): string => path.relative(root, file).split(path.sep).join('/')
  const base = path.resolve(root, directory)
  const usual = path.join(base, 'Dockerfile')
  if (dockerfile !== null) return { context: relative(base), dockerfile: relative(path.resolve(root, dockerfile)) }
  return { context: relative(base), dockerfile: (await sizeOf(usual)) === null ? null : relative(usual) }
}

/** What has no business in an image, with the bytes below it. */
class Waste {
  readonly found: { path: string; reason: string; bytes: number }[] = []

  /** The directory of these that a path lies in. */
  above(name: string): { bytes: number } | undefined {
    return this.found.find((one) => one.path.endsWith('/') && name.startsWith(one.path))
  }

  /** @param name directories end in a slash */
  add(name: string, bytes: number): void {
    const reason = this.above(name) === undefined ? WASTE.find(([pattern]) => pattern.test(name))?.[1] : undefined
    if (reason !== undefined) this.found.push({ path: name, reason, bytes })
  }
}

/** The secrets of the files, each once for a value and line, the worst first. */
function secretsOf(
  scan: ContextScan,
  dockerfile: string | null,
  catalogue: Catalogue,
): { readonly secrets: ContextSecret[]; readonly values: KnownValue[] } {
  const known = new KnownPublic()
  const secrets: ContextSecret[] = []
  const values: KnownValue[] = []
  const seen = new Set<string>()
  for (const match of scan.matches()) {
    values.push(...knownValues(catalogue, match, null))
    const { inside, strength, value, identity } = match
    const name = scan.pathOf(match)
    const line = inside === null ? match.line : null
    const key = JSON.stringify([name, inside, identity, line])
    if (strength === 'harmless' || seen.has(key) || known.sourceOf(identity) !== null) continue
    seen.add(key)
    const kind = catalogue.kindOf(match.detector)
    secrets.push({
      path: name,
      inside,
      line,
      severity: SEVERITY_OF[strength],
      title: kind.title,
      redacted: redactValue(value, kind.guessable === true),
      inDockerfile: name === dockerfile || isDockerfile(path.posix.basename(name)),
    })
  }
  const order = (a: ContextSecret, b: ContextSecret): number =>
    SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
    (a.path < b.path ? -1 : a.path > b.path ? 1 : (a.line ?? 0) - (b.line ?? 0))
  return { secrets: secrets.sort(order), values }
}

/**
 * Looks at a build context as the builder would send it.
 * @param root where paths start; `directory` and `dockerfile` are relative to it
 * @throws ConfigError when the directory cannot be read
 */
export async function inspectContext(
  root: string,
  directory: string,
  dockerfile: string | null,
  scanner: Scanner,
): Promise<ContextInspection> {
  const base = path.resolve(root, directory)
  const info = await lstat(base).catch(() => null)
  if (info?.isDirectory() !== true)
    throw new ConfigError(
      `${directory}: is no directory that can be read. Name the build context: layergate context DIR.`,
    )
  const places = await placesOf(root, directory, dockerfile)
  const context = await readContext(root, places.context, places.dockerfile)
  const { dockerignore } = context
  const scan = new ContextScan(base, scanner)
  const waste = new Waste()
  const sizes = new Map<string, number>()
  const enter = (name: string): boolean => ignoredBy(dockerignore, name) === null || hasExceptions(dockerignore)
  for await (const { path: name, kind } of walk(base, enter, MAX_FILES, (missed, reason) =>
    scan.skip(missed, reason, true),
  )) {
    if (kind === 'other' || ignoredBy(dockerignore, name) !== null) continue
    if (kind === 'directory') {
      waste.add(`${name}/`, 0)
      continue
    }
    const bytes = (await scan.read(name)) ?? (await sizeOf(path.join(base, name))) ?? 0
    sizes.set(name, bytes)
    const above = waste.above(name)
    if (above !== undefined) above.bytes += bytes
  }
  const { secrets, values } = secretsOf(
    scan,
    places.dockerfile === null ? null : path.posix.relative(places.context, places.dockerfile),
    scanner.catalogue,
  )
  const told = new Set(secrets.map((secret) => secret.path))
  for (const [name, bytes] of sizes) if (!told.has(name)) waste.add(name, bytes)
  const listed = waste.found.sort((a, b) => (a.path < b.path ? -1 : 1))
  const left = secrets.filter(({ path: name, inDockerfile }) => !inDockerfile && waste.above(name) === undefined)
  return {
    directory,
    ignoreFile: context.ignoreFile,
    hasIgnoreFile: dockerignore.length > 0,
    files: sizes.size,
    bytes: [...sizes.values()].reduce((sum, size) => sum + size, 0),
    secrets: secrets.slice(0, MAX_LISTED),
    waste: listed,
    patterns: [
      ...new Set([
        ...left.map(({ path: name }) => patternOf(name)),
        ...listed.map(({ path: name }) => patternOf(name)),
      ]),
    ],
    skipped: scan.skipped,
    values,
  }
}
