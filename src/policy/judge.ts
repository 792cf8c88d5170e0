// Judges what the rules found: settings of rules, ignores, the base, and the verdict.
import { createHash } from 'node:crypto'
import type { BaseCertainty, BaseImage } from '../dockerfile/origin.ts'
import { atLeast, atLeastAsSure, type Finding, type Location, SEVERITIES, type Severity } from '../finding/finding.ts'
import { matchesReference } from '../image/reference-pattern.ts'
import { findRule } from '../rules/list.ts'
import type { Draft, PlaceOfFinding, RuleOver } from '../rules/rule.ts'
import type { Redactor } from '../secrets/redact.ts'
import { type Baseline, type BaselineEntry, Comparison, MAX_PLACES, placeOf } from './baseline.ts'
import { type IgnoreEntry, scopeOfEntry } from './config.ts'
import { acceptsAt, type InlineIgnore, isExpired, liesAt } from './inline.ts'
import type { Policy } from './policy.ts'

export interface Warning {
  readonly code: string
  readonly message: string
}

export interface Verdict {
  readonly result: 'pass' | 'fail'
  /** Worst first; suppressed ones last. */
  readonly findings: readonly Finding[]
  readonly counts: Readonly<Record<Severity, number>>
  readonly suppressed: number
  readonly warnings: readonly Warning[]
  /** Rules that were on and found nothing. */
  readonly passed: readonly string[]
  /** What a later run compares with: the findings that are not suppressed. */
  readonly record: readonly BaselineEntry[]
  /** Findings of the baseline that are gone. */
  readonly fixed: readonly BaselineEntry[]
}

const hash = (parts: readonly string[]): string =>
  createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 32)

/** A place with its fingerprint and what covers it. */
interface Judged {
  readonly index: number
  readonly place: PlaceOfFinding
  readonly fingerprint: string
  /** The baseline has it; null without one. */
  readonly isKnown: boolean | null
  /** The base quiets it: it came with the base, and does not prove itself where that is not proven. */
  readonly isQuiet: boolean
  readonly cover: Accepting | { readonly kind: 'off' } | { readonly kind: 'base' } | null
}

/** An entry or a comment that accepts a place. */
interface Accepting {
  readonly kind: 'ignore'
  readonly by: 'config' | 'inline'
  readonly entry: IgnoreEntry | InlineIgnore
}

interface Judgeable {
  readonly base: BaseImage | null
  readonly baseCertainty: (location: Location) => BaseCertainty
  readonly now: Date
}

/** Entries and comments that the commit below does not have yet. */
interface Pending {
  /** As the checkout has it. */
  readonly salt: string | null
  readonly ignore: readonly IgnoreEntry[]
  readonly inline: readonly InlineIgnore[]
}

export const NOTHING_PENDING: Pending = { salt: null, ignore: [], inline: [] }

interface Terms {
  readonly policy: Policy
  /** Comments of the Dockerfile that count. */
  readonly inline: readonly InlineIgnore[]
  /** What a pull request accepts: it counts after the merge. */
  readonly pending: Pending
  /** null: there is none. */
  readonly baseline: Baseline | null
  /** Of the hashes in the record. */
  readonly salt: string
  readonly redactor: Redactor
}

/**
 * Judges what the rules found.
 * @param rules those that were run
 * @param drafts what they found
 */
export function judge(
  rules: readonly Pick<RuleOver<never>, 'meta'>[],
  drafts: Iterable<Draft>,
  evidence: Judgeable,
  { policy, inline, pending, baseline, salt, redactor }: Terms,
): Verdict {
  const used = new Set<IgnoreEntry | InlineIgnore>()
  const counted = new Map<string, number>()
  const { base } = evidence
  const ownBase = base !== null && policy.ownBases.some((pattern) => matchesReference(pattern, base))

  /** The same identity again gets a number, so that every place has its own fingerprint. */
  const fingerprintOf = ({ ruleId, identity }: PlaceOfFinding): string => {
    const parts = [ruleId, ...identity.map((part) => redactor.text(part))]
    const count = counted.get(parts.join('\0')) ?? 0
    counted.set(parts.join('\0'), count + 1)
    return hash(count === 0 ? parts : [...parts, String(count)])
  }
  const failsInBase = policy.base === 'fail' || ownBase
  const isInherited = ({ origin, location, isProven }: PlaceOfFinding): boolean =>
    origin === 'base' && !(isProven === true && evidence.baseCertainty(location) !== 'proven')
  /** What accepts a place, of some entries and comments. */
  const acceptedBy = (
    entries: readonly IgnoreEntry[],
    comments: readonly InlineIgnore[],
    place: PlaceOfFinding,
    fingerprint: string,
    draft: Draft,
    value: string | null,
  ): Accepting | null => {
    const entry = entries.find(
      (candidate) => !isExpired(candidate, evidence.now) && covers(candidate, place, fingerprint, value),
    )
    const accepts = (candidate: InlineIgnore): boolean =>
      !isExpired(candidate, evidence.now) &&
      acceptsAt(candidate, place.ruleId, place.dockerfile, {
        location: place.location,
        detector: draft.detector ?? null,
      })
    const cover = entry ?? comments.find(accepts)
    if (cover === undefined) return null
    used.add(cover)
    return { kind: 'ignore', by: entry === undefined ? 'inline' : 'config', entry: cover }
  }
  const coverOf = (place: PlaceOfFinding, fingerprint: string, draft: Draft, value: string | null): Judged['cover'] => {
    if (policy.rules[place.ruleId]?.enabled !== true) return { kind: 'off' }
    if (isInherited(place) && policy.base === 'ignore' && !ownBase) return { kind: 'base' }
    return acceptedBy(policy.ignore, inline, place, fingerprint, draft, value)
  }
  /** What accepts a finding after the merge. */
  const pendingOf = (open: readonly Judged[], lead: Judged, draft: Draft): Finding['pending'] => {
    const value = ignoreValue(draft, pending)
    const accepting = open.map(({ place, fingerprint }) =>
      acceptedBy(pending.ignore, pending.inline, place, fingerprint, draft, value),
    )
    const first = accepting[open.indexOf(lead)] ?? accepting.find((each) => each !== null)
    return first == null
      ? null
      : {
          by: first.by,
          reason: first.entry.reason,
          expires: first.entry.expires ?? null,
          isWhole: accepting.every((each) => each !== null),
        }
  }
  const comparison = baseline === null ? null : new Comparison(baseline)

  const findings: Finding[] = []
  const record = new Map<Finding, BaselineEntry>()
  const found = new Set<string>()
  for (const draft of drafts) {
    const old = baseline === null ? null : (draft.hashOf?.(baseline.salt) ?? null)
    const value = ignoreValue(draft, policy)
    const judged = draft.places.map((place, index): Judged => {
      const fingerprint = fingerprintOf(place)
      const isKnown =
        comparison === null
          ? null
          : index >= MAX_PLACES ||
            comparison.knows(fingerprint, place.ruleId, redactor.text(placeOf(place.location)), old)
      return {
        index,
        place,
        fingerprint,
        isKnown,
        isQuiet: isInherited(place) && !failsInBase,
        cover: coverOf(place, fingerprint, draft, value),
      }
    })
    const lead = leadOf(judged)
    if (lead === null) continue
    found.add(lead.place.ruleId)
    const made = toFinding(
      lead,
      judged,
      draft,
      policy,
      value,
      lead.place.origin === 'base' ? evidence.baseCertainty(lead.place.location) : null,
      lead.cover === null
        ? pendingOf(
            judged.filter(({ cover }) => cover === null),
            lead,
            draft,
          )
        : null,
    )
    const finding = made.suppressed === null && fails(made, policy, lead.isQuiet) ? failing(made, failsInBase) : made
    findings.push(finding)
    if (finding.suppressed === null)
      record.set(finding, {
        rule: finding.ruleId,
        title: redactor.text(finding.title),
        place: redactor.text(placeOf(finding.location)),
        fingerprints: [lead, ...judged.filter((each) => each !== lead)]
          .slice(0, MAX_PLACES)
          .map(({ fingerprint }) => fingerprint),
        valueHash: draft.hashOf?.(salt) ?? null,
        since: null,
      })
  }
  const sorted = findings.sort(
    (a, b) =>
      Number(a.suppressed !== null) - Number(b.suppressed !== null) ||
      SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity),
  )
  const shown = sorted.filter(({ suppressed }) => suppressed === null)
  return {
    result: sorted.some((finding) => finding.fails) ? 'fail' : 'pass',
    findings: sorted,
    counts: Object.fromEntries(
      SEVERITIES.map((severity) => [severity, shown.filter((finding) => finding.severity === severity).length]),
    ) as Record<Severity, number>,
    suppressed: sorted.length - shown.length,
    warnings: [
      ...ignoreWarnings(policy, used, evidence.now),
      ...inlineWarnings(inline, rules, policy, used, evidence.now),
    ],
    record: shown.flatMap((finding) => record.get(finding) ?? []),
    fixed:
      comparison?.fixed((id) => policy.rules[id]?.enabled === true && rules.some(({ meta }) => meta.id === id)) ?? [],
    passed: rules.map(({ meta }) => meta.id).filter((id) => policy.rules[id]?.enabled === true && !found.has(id)),
  }
}

/**
 * The place that a finding is shown at: the first that nothing covers, new ones first and own ones before those of the base;
 * else the first that an ignore entry covers. null: the finding is off.
 */
function leadOf(judged: readonly Judged[]): Judged | null {
  const uncovered = judged.filter(({ cover }) => cover === null)
  const added = uncovered.filter(({ isKnown }) => isKnown === false)
  const open = added.length > 0 ? added : uncovered
  return open.find(({ isQuiet }) => !isQuiet) ?? open[0] ?? judged.find(({ cover }) => cover?.kind === 'ignore') ?? null
}

function covers(
  { rule, path, fingerprint, value }: IgnoreEntry,
  place: PlaceOfFinding,
  own: string,
  ownValue: string | null,
): boolean {
  if (rule !== undefined && rule !== place.ruleId) return false
  if (fingerprint !== undefined && ![fingerprint].flat().includes(own)) return false
  if (value !== undefined && shortValue(value) !== ownValue) return false
  return path === undefined || liesAt(place.location, path)
}

/** Characters of a hash that tell values apart. */
const HASH_LENGTH = 32

/** A value as an ignore entry names it: the hash under the configuration's salt, of a password sixteen bits of it. null without a salt. */
function ignoreValue({ hashOf }: Draft, { salt }: Pick<Policy, 'salt'>): string | null {
  if (salt === null || hashOf === null) return null
  const keyedHash = hashOf(salt)
  return keyedHash.length < HASH_LENGTH ? `tag:${keyedHash}` : `hmac-sha256:${keyedHash.slice(0, HASH_LENGTH)}`
}

/** As reports have it, a hash has more characters. */
const shortValue = (value: string): string => value.replace(/^(hmac-sha256:.{32}).*$/, '$1')

function toFinding(
  lead: Judged,
  judged: readonly Judged[],
  draft: Draft,
  policy: Policy,
  value: string | null,
  originCertainty: BaseCertainty,
  pending: Finding['pending'],
): Finding {
  const placed = draft.seenFrom(lead.index)
  const fingerprints = new Map(judged.map(({ place, fingerprint }) => [JSON.stringify(place.location), fingerprint]))
  const setting = policy.rules[placed.ruleId]
  const rule = findRule(placed.ruleId)
  // What a rule says for information alone, though it can find worse, stays that under every policy.
  const own = placed.severity === 'info' && rule?.meta.severity !== 'info' ? null : (setting?.severity ?? null)
  // What `skipped: fail` promises holds whatever severity the rule has otherwise.
  const severity =
    placed.ruleId === 'content-not-inspected' && policy.skipped === 'fail'
      ? worse(own ?? placed.severity, policy.threshold)
      : (own ?? placed.severity)
  const told = typeof placed.remedy === 'string' ? [placed.remedy] : placed.remedy
  const steps = pending === null ? told : [pendingText(pending, lead.fingerprint), ...told]
  return {
    ...placed,
    remedy: steps.join(' '),
    steps,
    originCertainty,
    severity,
    secret: placed.secret === null || value === null ? placed.secret : { ...placed.secret, ignoreValue: value },
    related: placed.related.map((related) => {
      if (related.role !== 'also-in') return related
      const fingerprint = fingerprints.get(JSON.stringify(related.location))
      return fingerprint === undefined ? related : { ...related, fingerprint }
    }),
    fingerprint: lead.fingerprint,
    references: [...(rule?.meta.references ?? [])],
    fails: false,
    status: lead.isKnown === null ? null : lead.isKnown ? 'known' : 'new',
    pending,
    suppressed:
      lead.cover?.kind === 'ignore'
        ? { by: lead.cover.by, reason: lead.cover.entry.reason, expires: lead.cover.entry.expires ?? null }
        : null,
  }
}

/** What a person who accepted a finding in the pull request itself has to know. */
const pendingText = ({ reason, isWhole }: NonNullable<Finding['pending']>, fingerprint: string): string =>
  `This pull request accepts it${isWhole ? '' : ' at some of its places'} (“${reason}”), which counts after the merge. To merge now, put the entry for all its places into .layergate.yml in a pull request of its own, and merge that first: \`layergate ignore ${fingerprint.slice(0, 12)} IMAGE --reason …\` writes it.`

/** A severity that fails. */
const worse = (severity: Severity, threshold: Policy['threshold']): Severity =>
  atLeast(severity, threshold) ? severity : threshold

function fails(finding: Finding, { threshold, minConfidence }: Policy, isQuiet: boolean): boolean {
  if (finding.status === 'known' || isQuiet) return false
  const kind = findRule(finding.ruleId)?.meta.kind ?? 'rule'
  return atLeast(finding.severity, threshold) && atLeastAsSure(finding.confidence, minConfidence[kind])
}

/** How a base is proven: then what is in it is the business of who builds it. */
const HOW_TO_PROVE =
  'Nothing proves that the base brought it: name what docker buildx build --metadata-file wrote (--build-metadata, input build-metadata), built with BUILDX_METADATA_PROVENANCE=max, and what the base brought no longer fails.'

const NOT_PROVEN = ' (base, not proven)'

/** A finding that fails; where only a proven base would quiet it, it says so. */
function failing(finding: Finding, failsInBase: boolean): Finding {
  if (finding.origin !== 'base' || failsInBase) return { ...finding, fails: true }
  return {
    ...finding,
    fails: true,
    title: `${finding.title}${NOT_PROVEN}`,
    message: `${finding.message} It came with the base, which is not proven.`,
    remedy: `${finding.remedy} ${HOW_TO_PROVE}`,
    steps: [...(finding.steps ?? []), HOW_TO_PROVE],
    secret: finding.secret === null ? null : { ...finding.secret, title: `${finding.secret.title ?? ''}${NOT_PROVEN}` },
  }
}

function ignoreWarnings(policy: Policy, used: ReadonlySet<IgnoreEntry | InlineIgnore>, now: Date): Warning[] {
  return policy.ignore.flatMap((entry): Warning[] => {
    const what = scopeOfEntry(entry)
    if (isExpired(entry, now))
      return [
        {
          code: 'expired-ignore',
          message: `The ignore entry for ${what} expired on ${entry.expires}: it no longer hides anything (“${entry.reason}”).`,
        },
      ]
    return used.has(entry)
      ? []
      : [
          {
            code: 'unused-ignore',
            message: `The ignore entry for ${what} matched nothing: remove it (“${entry.reason}”).`,
          },
        ]
  })
}

/** Comments that no longer count, and those that match nothing though their rule was run. */
function inlineWarnings(
  inline: readonly InlineIgnore[],
  rules: readonly Pick<RuleOver<never>, 'meta'>[],
  policy: Policy,
  used: ReadonlySet<IgnoreEntry | InlineIgnore>,
  now: Date,
): Warning[] {
  // What counts only after the merge is a copy of the same comment.
  const keyOf = ({ path, line, rule }: InlineIgnore): string => JSON.stringify([path, line, rule])
  const usedComments = new Set([...used].flatMap((entry) => ('line' in entry ? [keyOf(entry)] : [])))
  return inline.flatMap((ignore): Warning[] => {
    const where = `The comment in ${ignore.path}:${ignore.line} for ${ignore.rule}`
    if (isExpired(ignore, now))
      return [
        {
          code: 'expired-ignore',
          message: `${where} expired on ${ignore.expires}: it no longer hides anything (“${ignore.reason}”).`,
        },
      ]
    const isRun = rules.some(({ meta }) => meta.id === ignore.rule) && policy.rules[ignore.rule]?.enabled === true
    return ignore.isForeign || !isRun || usedComments.has(keyOf(ignore))
      ? []
      : [{ code: 'unused-ignore', message: `${where} matched nothing: remove it (“${ignore.reason}”).` }]
  })
}
