// Numbers, sizes and places as people read them; shared by all reports.
import type { Finding, Location, Severity } from '../finding/finding.ts'
import { SEVERITIES } from '../finding/finding.ts'
import type { Report, ReportImage } from '../outcome/contract.ts'
import { changedWith } from '../outcome/fix.ts'
import type { Outcome } from '../outcome/outcome.ts'
import { visible } from './escape.ts'

/** `78.1 MB`, with decimal units as registries use them. */
export function bytes(count: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB']
  let value = count
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`
}

/** What the name of an image was taken for. */
export const readAs = (source: ReportImage['source']): string =>
  ({
    'docker-archive': 'archive',
    'oci-layout': 'OCI layout',
    dir: 'directory of skopeo',
    engine: 'local engine',
    registry: 'registry',
  })[source]

export const number = (count: number): string => String(count).replace(/\B(?=(?:\d{3})+$)/g, ',')
export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${number(count)} ${count === 1 ? one : many}`

/** `0.29 s`. */
export const duration = (seconds: number): string => `${seconds < 10 ? seconds.toFixed(2) : seconds.toFixed(0)} s`

/** `1 critical · 3 medium`; empty for none. */
export const tally = (counts: Report['verdict']['counts'], separator = ' · '): string =>
  SEVERITIES.filter((severity) => counts[severity] > 0)
    .map((severity) => `${counts[severity]} ${severity}`)
    .join(separator)

/** Characters of a path that leave room for a line beside it. */
const MAX_PATH = 48

/** A path with its middle left out where it is long: where it begins and what it is called stay. */
export function shortPath(path: string): string {
  if (path.length <= MAX_PATH) return path
  const parts = path.split('/')
  const last = parts.splice(-1)
  const first = parts.splice(0, path.startsWith('/') ? 2 : 1)
  const left = (): number => [...first, '…', ...last].join('/').length
  while (parts.length > 0 && left() + (parts.at(-1)?.length ?? 0) < MAX_PATH) last.unshift(...parts.splice(-1))
  return parts.length === 0 ? path : [...first, '…', ...last].join('/')
}

/** Where a finding is, in the image: `/app/.env line 2 in layer 3`. */
export function placeName(location: Location): string {
  switch (location.kind) {
    case 'layer':
      return `${location.path}${location.inside === undefined ? '' : `!/${location.inside}`}${location.line === null ? '' : ` line ${location.line}`} in layer ${location.layer}`
    case 'history':
      return `history entry ${location.history}`
    case 'config':
      return `configuration: ${location.field}`
    case 'attestation':
      return `attestation ${location.predicateType}: ${location.field}`
    case 'manifest':
    case 'index':
      return `${location.kind}: ${location.field}`
    case 'tar':
      return `${location.path} (${location.field} in the tar) in layer ${location.layer}`
    case 'image':
      return 'the image'
  }
}

/** Where to look for a finding: `Dockerfile:7`, else its place in the image. */
export const lineName = ({ dockerfile, location }: Finding): string =>
  dockerfile === null ? placeName(location) : `${dockerfile.path}:${dockerfile.startLine}`

/** The comment above an entry that accepts a finding: one line. */
export const entryComment = (finding: Finding): string => visible(`${finding.title}: ${lineName(finding)}`)

/** The image as it was named; a dash is standard input. */
export const referenceName = ({ reference }: Pick<ReportImage, 'reference'>): string =>
  reference === '-' ? 'standard input' : reference

/** `5 base layers + 3 own`, `2 own layers + 3 not known`. */
export function layerTally({ layers }: ReportImage): string {
  const count = (base: boolean | null): number => layers.filter((layer) => layer.base === base).length
  const kinds = [
    { count: count(true), name: 'base' },
    { count: count(false), name: 'own' },
    { count: count(null), name: 'not known' },
  ].filter((kind) => kind.count > 0)
  const [first, ...rest] = kinds
  if (first === undefined || (rest.length === 0 && first.name !== 'base')) return plural(layers.length, 'layer')
  return [plural(first.count, `${first.name} layer`), ...rest.map((kind) => `${kind.count} ${kind.name}`)].join(' + ')
}

const NAME_DOCKERFILE =
  'Name the Dockerfile that was built (--dockerfile, input dockerfile), or build with provenance (mode=max).'
/** What a person does about what is missing. */
const WAYS: Readonly<Record<NonNullable<ReportImage['baseMissing']>, string>> = {
  dockerfile: NAME_DOCKERFILE,
  'other-dockerfile': NAME_DOCKERFILE,
  stage: 'Name the stage that was built (--target, input target), or build with provenance (mode=max).',
  provenance: 'Build with provenance (mode=max).',
}

/**
 * That nothing tells base from own, and what would; null where it is known, or where nothing was found in what is not.
 */
export function untoldBase(report: Report): { readonly what: string; readonly how: string } | null {
  const { image } = report
  if (image === null || image.baseReason === null || toldFindings(report).every(({ origin }) => origin !== 'unknown'))
    return null
  const unknown = image.layers.filter(({ base }) => base === null).length
  const which =
    unknown === image.layers.length
      ? 'every layer counts as own'
      : `${unknown} of ${plural(image.layers.length, 'layer')} may be the base's and count as own`
  const subject =
    image.base === null
      ? 'Nothing tells base from own'
      : `Nothing tells the layers of the base, ${image.base.reference}, from own ones`
  return {
    what: `${subject}: ${which}.`,
    how: `Reason: ${image.baseReason}. ${WAYS[image.baseMissing ?? 'provenance']}`,
  }
}

/** Where something came with the base, how sure that is. */
export const inherited = ({ originCertainty }: Finding, what: string): string =>
  originCertainty === 'proven' ? `inherited from the ${what}` : `inherited from the ${what}, which is not proven`

/** Findings that are to be changed at one place of the Dockerfile, or that have no line. */
export interface Group {
  /** null: no line is known. */
  readonly at: { readonly path: string; readonly startLine: number; readonly endLine: number } | null
  readonly findings: readonly Finding[]
}

const rank = (severity: Severity): number => SEVERITIES.indexOf(severity)

/** Groups findings by Dockerfile line: what fails first, then the worst; within one severity in the order of the lines. */
export function groupByLine(findings: readonly Finding[]): Group[] {
  const groups = new Map<string, { at: Group['at']; findings: Finding[] }>()
  for (const finding of findings) {
    const at = finding.dockerfile
    const key = at === null ? '' : `${at.path}:${at.startLine}`
    const group = groups.get(key)
    if (group === undefined)
      groups.set(key, {
        at: at === null ? null : { path: at.path, startLine: at.startLine, endLine: at.endLine },
        findings: [finding],
      })
    else group.findings.push(finding)
  }
  const worst = (group: Group): number =>
    Math.min(...group.findings.map(({ severity, fails }) => rank(severity) + (fails ? 0 : SEVERITIES.length)))
  return [...groups.values()].sort(
    (a, b) =>
      worst(a) - worst(b) ||
      Number(a.at === null) - Number(b.at === null) ||
      (a.at?.startLine ?? 0) - (b.at?.startLine ?? 0),
  )
}

/** Findings to show in the order of the reports, without ignored ones and mere information. */
export const shownFindings = ({ findings }: Report): Finding[] =>
  findings.filter(({ suppressed, severity }) => suppressed === null && severity !== 'info')
/** Those that the baseline does not have. */
export const toldFindings = (report: Report): Finding[] =>
  shownFindings(report).filter(({ status }) => status !== 'known')
/** Those that are told, what fails first, also where something graver merely is shown. */
export const failingFirst = (report: Report): Finding[] =>
  toldFindings(report).toSorted((a, b) => Number(b.fails) - Number(a.fails))
/** Those that are told, by what they do to the verdict. */
export function byVerdict(report: Report): {
  readonly failing: readonly Finding[]
  readonly others: readonly Finding[]
} {
  const told = toldFindings(report)
  return { failing: told.filter(({ fails }) => fails), others: told.filter(({ fails }) => !fails) }
}
export const knownFindings = (report: Report): Finding[] =>
  shownFindings(report).filter(({ status }) => status === 'known')
export const ignoredFindings = ({ findings }: Report): Finding[] =>
  findings.filter(({ suppressed }) => suppressed !== null)

/** The source line of a finding as the Dockerfile has it; null where it is not at hand. */
export function sourceLine(
  { source }: Outcome,
  at: { readonly path: string; readonly startLine: number } | null,
): string | null {
  if (at === null || source === null || source.path !== at.path) return null
  return source.lines[at.startLine - 1]?.trim() ?? null
}

/** The relation that hides the file that a finding is shown at; what hides another place of its value is not it. */
export function hiddenBy({ file, related }: Finding): Finding['related'][number] | null {
  const [first] = related
  if (file === null || file.state === 'present' || first === undefined) return null
  return first.role === 'hidden-by' || first.role === 'overwritten-by' ? first : null
}

/** What a relation does to a file. */
export const verbOf = (role: Finding['related'][number]['role']): 'hides' | 'overwrites' =>
  role === 'hidden-by' ? 'hides' : 'overwrites'

/** A place of a value beside the one that its finding is shown at. */
export interface OtherPlace {
  /** `Dockerfile:7`; null where its line is not known. */
  readonly line: string | null
  /** `/app/.env line 2 in layer 3`. */
  readonly place: string
  /** `, deleted later`; empty for what is there to see. */
  readonly state: string
}

/** The other places of a finding's value, as many as asked for, and how many more there are. */
export function otherPlaces(
  { related, secret }: Finding,
  most: number,
): { readonly places: readonly OtherPlace[]; readonly left: number } {
  const also = related.filter(({ role }) => role === 'also-in')
  const places = also.slice(0, most).map(
    ({ dockerfile, location, state }): OtherPlace => ({
      line: dockerfile === null ? null : `${dockerfile.path}:${dockerfile.startLine}`,
      place: placeName(location),
      state: state === undefined || state === 'present' ? '' : `, ${state} later`,
    }),
  )
  return { places, left: Math.max(also.length, (secret?.occurrences ?? 1) - 1) - places.length }
}

/** `Dockerfile:2 (/app/.env line 1 in layer 3, deleted later)`. */
export const otherPlaceName = ({ line, place, state }: OtherPlace): string =>
  line === null ? `${place}${state}` : `${line} (${place}${state})`

/** `A, B and 3 more places`; empty for no other place. @param shown writes one of them */
export function otherPlacesText(
  finding: Finding,
  most: number,
  shown: (place: OtherPlace) => string = otherPlaceName,
): string {
  const { places, left } = otherPlaces(finding, most)
  if (places.length === 0) return left > 0 ? plural(left, 'more place') : ''
  const names = places.map(shown)
  const last = left > 0 ? plural(left, 'more place') : names.length > 1 ? names.pop() : undefined
  return `${names.join(', ')}${last === undefined ? '' : ` and ${last}`}`
}

/** What a finding is about, without where it is: `GitHub token` of `GitHub token stays in the image`. */
export const subjectOf = ({ title, secret }: Finding): string => secret?.title ?? title

/** The layer that a place is in; null for what is in none. */
export const layerOf = (location: Location): number | null =>
  location.kind === 'layer' || location.kind === 'tar' ? location.layer : null

/** What helps the person on call: account, kind of key, issuer, host and user, expiry. Nothing where everyone reads it. */
export function factsOf({ isPublic }: Outcome, { secret }: Finding): string[] {
  if (isPublic || secret === null) return []
  return Object.entries(secret.facts)
    .filter(([key]) => key !== 'name')
    .map(
      ([key, value]) =>
        `${key.replace(/([a-z])([A-Z])/g, (_, a: string, b: string) => `${a} ${b.toLowerCase()}`)} ${value}`,
    )
}

/** `line 9`, or `layer 4` where its line is not known: what hides a finding's file; null for none. */
export function hiderOf(finding: Finding): string | null {
  const hidden = hiddenBy(finding)
  if (hidden?.location.kind !== 'layer') return null
  return hidden.dockerfile === null ? `layer ${hidden.location.layer}` : `line ${hidden.dockerfile.startLine}`
}

/** That another finding shows the change of this one too; null where it has none, or shows its own. */
export function sharedChange({ report }: Outcome, finding: Finding): string | null {
  const first = changedWith(report.findings, finding)
  if (first === null) return null
  const { dockerfile } = first
  return `The change ${dockerfile === null ? `of "${first.title}"` : `at ${dockerfile.path}:${dockerfile.startLine}`} covers this one too.`
}

/** The secrets of one file in one layer stand together: one place, one change. Everything else stands alone. */
export function groupByFile(findings: readonly Finding[]): Finding[][] {
  const groups = new Map<string, Finding[]>()
  for (const [index, finding] of findings.entries()) {
    const { location, secret, ruleId, origin } = finding
    const key =
      secret !== null && location.kind === 'layer'
        ? `${location.layer} ${location.path} ${location.inside ?? ''} ${ruleId} ${origin} ${JSON.stringify(hiddenBy(finding)?.location ?? null)}`
        : `alone ${index}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [finding])
    else group.push(finding)
  }
  return [...groups.values()]
}

/** What to do about each of a group, and what to do about all: the steps that all remedies end with. */
export function remediesOf(group: readonly Finding[]): { readonly own: readonly string[]; readonly common: string } {
  const steps = group.map(({ remedy, steps: given }) => given ?? [remedy])
  let same = 0
  const last = (back: number): string | undefined => steps[0]?.at(-1 - back)
  while (last(same) !== undefined && steps.every((each) => each.length > same && each.at(-1 - same) === last(same)))
    same++
  // Where all say the same there is nothing of one's own.
  return {
    own: steps.map((each) => each.slice(0, each.length - same).join(' ')),
    common: (steps[0] ?? []).slice((steps[0] ?? []).length - same).join(' '),
  }
}
