// What a change of the policy lets pass that did not pass before. The pull request that makes it is judged without it.
import { SEVERITIES, type Severity } from '../finding/finding.ts'
import { RULES } from '../rules/list.ts'
import { type AllowEntry, scopeOfAllow } from './allow.ts'
import type { BaselineEntry, BaselineFile } from './baseline.ts'
import { type IgnoreEntry, scopeOfEntry } from './config.ts'
import type { Policy } from './policy.ts'

export interface Loosening {
  readonly kind: 'ignore' | 'rule' | 'setting' | 'baseline'
  /** What changes, in words: `rule pipe-to-shell: medium → off`. */
  readonly text: string
}

const CONFIDENCE = ['low', 'medium', 'high'] as const
const BASE = ['fail', 'report', 'ignore'] as const

const describeIgnore = (entry: IgnoreEntry): string =>
  `ignores ${scopeOfEntry(entry)}${entry.expires === undefined ? '' : ` until ${entry.expires}`}: “${entry.reason}”`

/** What an entry accepts, without the words about it. */
const scopeOf = ({ rule, path, fingerprint }: IgnoreEntry): string => JSON.stringify([rule, path, fingerprint])

/** Whether an entry accepts no more than one of the others does. */
const isCovered = (entry: IgnoreEntry, others: readonly IgnoreEntry[]): boolean =>
  others.some(
    (other) =>
      scopeOf(other) === scopeOf(entry) &&
      (other.value === undefined || other.value === entry.value) &&
      (other.expires === undefined || (entry.expires !== undefined && entry.expires <= other.expires)),
  )

/** How much a rule says: off is less than any severity. */
const rankOf = (id: string, { rules }: Policy): { rank: number; word: string } => {
  const setting = rules[id]
  const own: Severity = setting?.severity ?? RULES.find(({ meta }) => meta.id === id)?.meta.severity ?? 'info'
  return setting?.enabled === true
    ? { rank: SEVERITIES.length - SEVERITIES.indexOf(own), word: setting.severity ?? `${own} by default` }
    : { rank: 0, word: 'off' }
}

function ruleLoosenings(before: Policy, after: Policy): Loosening[] {
  return RULES.flatMap(({ meta: { id } }): Loosening[] => {
    const [old, now] = [rankOf(id, before), rankOf(id, after)]
    if (now.rank < old.rank) return [{ kind: 'rule', text: `rule ${id}: ${old.word} → ${now.word}` }]
    // A severity of one's own for what a finding says by itself can be lower for some of them.
    if (
      now.rank > 0 &&
      before.rules[id]?.severity === null &&
      after.rules[id]?.severity != null &&
      now.rank === old.rank
    )
      return [{ kind: 'rule', text: `rule ${id}: as each finding says → ${now.word}` }]
    const [a, b] = [before.rules[id]?.options ?? {}, after.rules[id]?.options ?? {}]
    return now.rank === 0 || JSON.stringify(a) === JSON.stringify(b)
      ? []
      : [{ kind: 'rule', text: `rule ${id}: other options` }]
  })
}

function settingLoosenings(before: Policy, after: Policy): Loosening[] {
  const found: string[] = []
  const severities = [...SEVERITIES].reverse()
  const isLess = <T>(order: readonly T[], old: T, now: T): boolean => order.indexOf(now) > order.indexOf(old)
  if (after.failOn === 'never' ? before.failOn !== 'never' : isLess(severities, before.threshold, after.threshold))
    found.push(`fail-on: ${before.failOn} → ${after.failOn}`)
  for (const kind of ['secret', 'rule'] as const)
    if (isLess(CONFIDENCE, before.minConfidence[kind], after.minConfidence[kind]))
      found.push(`min-confidence of ${kind}s: ${before.minConfidence[kind]} → ${after.minConfidence[kind]}`)
  if (isLess(BASE, before.base, after.base)) found.push(`base: ${before.base} → ${after.base}`)
  if (before.skipped === 'fail' && after.skipped === 'report') found.push('skipped: fail → report')
  const gone = before.ownBases.filter((pattern) => !after.ownBases.includes(pattern))
  if (gone.length > 0) found.push(`own-bases: without ${gone.join(', ')}`)
  if (
    after.limits['nested-bytes'] < before.limits['nested-bytes'] ||
    after.limits['nested-depth'] < before.limits['nested-depth']
  )
    found.push('limits: less of nested archives is read')
  return found.map((text) => ({ kind: 'setting', text }))
}

/** Own detectors that are gone or say another thing, and what is allowed beside what was. */
function valueLoosenings(before: Policy, after: Policy): Loosening[] {
  const looks = (policy: Policy): Map<string, string> =>
    new Map(
      policy.detectors.map(({ id, pattern, capture, path, entropy, severity }) => [
        id,
        JSON.stringify([pattern, capture, path, entropy, severity]),
      ]),
    )
  const now = looks(after)
  const changed = [...looks(before)].flatMap(([id, look]): Loosening[] =>
    now.get(id) === look
      ? []
      : [{ kind: 'setting', text: `detector ${id}: ${now.has(id) ? 'it looks for something else' : 'taken out'}` }],
  )
  const scope = ({ reason: _reason, ...entry }: AllowEntry): string => JSON.stringify(entry)
  const known = new Set(before.allow.map(scope))
  const allowed = after.allow
    .filter((entry) => !known.has(scope(entry)))
    .map((entry): Loosening => ({ kind: 'ignore', text: `allows ${scopeOfAllow(entry)}: “${entry.reason}”` }))
  return [...changed, ...allowed]
}

/** Values at places that a later baseline knows of an image, and an earlier one does not. */
export function baselineLoosenings(before: BaselineFile | null, after: BaselineFile | null): Loosening[] {
  const keysOf = (image: string, { fingerprints, valueHash }: BaselineEntry): string[] =>
    fingerprints.map((each) => JSON.stringify([image, each, valueHash]))
  const entriesOf = (file: BaselineFile | null): { image: string; entry: BaselineEntry }[] =>
    Object.entries(file?.images ?? {}).flatMap(([image, entries]) => entries.map((entry) => ({ image, entry })))
  const known = new Set(entriesOf(before).flatMap(({ image, entry }) => keysOf(image, entry)))
  const sameSalt = before === null || after === null || before.salt === after.salt
  const added = entriesOf(after).filter(
    ({ image, entry }) => !sameSalt || keysOf(image, entry).some((key) => !known.has(key)),
  )
  return added.map(({ image, entry: { rule, place } }) => ({
    kind: 'baseline',
    text: `the baseline knows ${rule} in ${place} of ${image}`,
  }))
}

/** Entries of `after` that accept more than those of `before`. */
export const addedIgnores = (before: Policy, after: Policy): IgnoreEntry[] =>
  after.ignore.filter((entry) => !isCovered(entry, before.ignore))

/** What `after` lets pass that `before` does not. */
export function looseningsOf(before: Policy, after: Policy): Loosening[] {
  const ignores = addedIgnores(before, after).map(
    (entry): Loosening => ({ kind: 'ignore', text: describeIgnore(entry) }),
  )
  return [
    ...ignores,
    ...valueLoosenings(before, after),
    ...ruleLoosenings(before, after),
    ...settingLoosenings(before, after),
  ]
}

/** `adds 2 ignores and lowers 1 rule`. */
export function describeLoosenings(loosenings: readonly { readonly kind: Loosening['kind'] }[]): string {
  const count = (kind: Loosening['kind']): number => loosenings.filter((each) => each.kind === kind).length
  const words = (kind: Loosening['kind'], verb: string, one: string, many = `${one}s`): string[] =>
    count(kind) === 0 ? [] : [`${verb} ${count(kind)} ${count(kind) === 1 ? one : many}`]
  const parts = [
    ...words('ignore', 'adds', 'ignore'),
    ...words('rule', 'lowers', 'rule'),
    ...words('setting', 'loosens', 'setting'),
    ...words('baseline', 'adds', 'known finding'),
  ]
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`
}
