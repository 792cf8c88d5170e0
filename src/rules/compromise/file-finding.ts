// What the rules on compromise share: a finding on a file of a layer, and which files tell nothing.
import type { BuildEvidence, Evidence } from '../../evidence/evidence.ts'
import type { Version } from '../../filesystem/filesystem.ts'
import type { Severity } from '../../finding/finding.ts'
import { placed } from '../placed.ts'
import type { Draft, RuleMeta } from '../rule.ts'

/** Documentation, and what is written in it: examples of attacks are no attacks. */
const DOCUMENTATION =
  /^\/usr\/(?:local\/)?share\/(?:doc|man|info|vim|nano|highlight|bash-completion|licenses)\/|\/(?:docs?|man)\/|\.(?:md|mdx|rst|adoc|markdown|1|5|8|1\.gz|8\.gz|yar|yara|po|mo|map|d\.ts|ipynb)$|\/(?:README|CHANGE|NEWS|HISTORY)[^/]*$/i

/** Where packages are installed, and what of them is data: lists of attacks that a scanner or a filter looks for. Nothing runs it. */
const INSTALLED = /\/(?:site-packages|dist-packages|node_modules|gems|vendor)\//
const DATA = /\.(?:ya?ml|json|jsonl|txt|csv|tsv|xml|html?|toml|ini|cfg|rules|tmpl|snap|svg|css|dat|pickle|parquet)$/i

export const isDocumentation = (path: string): boolean =>
  DOCUMENTATION.test(path) || (INSTALLED.test(path) && DATA.test(path))

interface FileFinding {
  readonly message: string
  readonly remedy: string
  readonly identity: readonly string[]
  readonly line?: number | null
  readonly inside?: string | null
  readonly severity?: Severity
  readonly title?: string
}

/** A finding on one version of a file. */
export function onVersion(
  meta: RuleMeta,
  { origin }: BuildEvidence,
  { path, layer }: Version,
  { line = null, inside = null, ...own }: FileFinding,
): Draft {
  const from = origin.layers[layer]
  return placed(meta, {
    ...own,
    location: { kind: 'layer', layer, path, ...(inside === null ? {} : { inside }), line, offset: null },
    dockerfile: from?.lines ?? null,
    origin: from?.owner ?? 'unknown',
    identity: [...own.identity, path],
  })
}

/** Files of the final tree that are regular, each once. */
export function* presentFiles({ filesystem }: Pick<Evidence, 'filesystem'>): Generator<Version> {
  for (const version of filesystem.present()) if (version.entry.type === 'file') yield version
}

/** The text of a file of the final tree, with the version that shows it; null where there is none that was collected. */
export function collectedFile(
  evidence: Evidence,
  path: string,
): { readonly version: Version; readonly text: string } | null {
  const version = evidence.filesystem.find(path)
  const text = evidence.collected(path)
  return version === null || text === null ? null : { version, text }
}
