// The job summary in Markdown: verdict in words, findings by Dockerfile line, layers, what passed, what was ignored, what
// was not looked into.
import type { Finding, Severity } from '../finding/finding.ts'
import type { Report } from '../outcome/contract.ts'
import { fixParts } from '../outcome/fix.ts'
import type { Outcome } from '../outcome/outcome.ts'
import { entryFor, entryLines } from '../policy/ignore-entry.ts'
import { oneLine } from '../shell/words.ts'
import { cell, code, fenceFor, markdown, prose, visible } from './escape.ts'
import { type Failure, failureHeadline } from './failure.ts'
import {
  bytes,
  byVerdict,
  duration,
  factsOf,
  failingFirst,
  groupByFile,
  groupByLine,
  hiddenBy,
  hiderOf,
  ignoredFindings,
  knownFindings,
  layerOf,
  layerTally,
  lineName,
  number,
  otherPlaceName,
  otherPlacesText,
  placeName,
  plural,
  referenceName,
  remediesOf,
  sharedChange,
  shownFindings,
  sourceLine,
  subjectOf,
  tally,
  untoldBase,
  verbOf,
} from './phrases.ts'
import { countParts, countsOf, headline, loosenedSentences, passedCount, ruleOfVerdict } from './verdict.ts'

/** The platform refuses a summary of more than 1 MiB. */
const MAX_SUMMARY = 1_000_000
const MAX_LOOSENED = 20
/** Characters of a name, of a source line over its findings, of an instruction in the table of layers. */
const MAX_NAME = 200
const MAX_SOURCE = 160
const MAX_INSTRUCTION = 90
/** Other places of a value that are named. */
const MAX_PLACES = 5
/** Findings for which an entry is written. */
const MAX_ACCEPTED = 10
export const ICONS: Record<Severity, string> = { critical: '🔴', high: '🟠', medium: '🟡', low: '🔵', info: '⚪' }

/** How much is told; less where the whole is too much for the platform. */
interface Measure {
  readonly findings: number
  readonly layers: number
  readonly listed: number
  readonly fixes: boolean
}

/** The least is left out first: layers and lists before findings, what to change before what was found. */
const MEASURES: readonly Measure[] = [
  { findings: 200, layers: 150, listed: 50, fixes: true },
  { findings: 200, layers: 20, listed: 20, fixes: true },
  { findings: 100, layers: 0, listed: 10, fixes: false },
  { findings: 20, layers: 0, listed: 5, fixes: false },
  { findings: 3, layers: 0, listed: 0, fixes: false },
]
export const FULL = MEASURES[0] as Measure

/** Renders the summary; what is too much for the platform is left out, the least grave first, and said. */
export function renderSummary(outcome: Outcome): string {
  for (const measure of MEASURES) {
    const text = compose(outcome, measure)
    if (Buffer.byteLength(text) <= MAX_SUMMARY) return text
  }
  return `## ${headline(outcome.report, code(outcome.redactor.cut(outcome.report.image.reference, MAX_NAME)))}\n\n${MEASURES_LEFT}\n`
}

const MEASURES_LEFT =
  'The platform takes no summary of this size: some of it is left out here. The JSON report has all.'

function compose(outcome: Outcome, measure: Measure): string {
  const { report } = outcome
  const { image, stats } = report
  const parts = [
    `## ${headline(report, code(referenceName(image)))}`,
    untoldSection(report),
    `${countParts(report, strong).join(' · ')} · ${passedCount(report)} · ${layerTally(image)}, ${bytes(image.size)} · policy ${ruleOfVerdict(report, code)}`,
    loosenedSection(report),
    findingsSection(outcome, measure),
    acceptSection(report),
    measure === FULL ? '' : MEASURES_LEFT,
    layersSection(outcome, measure),
    closing(report, measure),
    passedSection(report),
    `<sub>${code(image.id)} · ${code(image.platform)} · ${bytes(stats.bytes)} read in ${duration(stats.seconds)} · Layergate ${report.tool.version}</sub>`,
  ]
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

export const strong = (text: string): string => `**${text}**`

/** What the pull request would let pass, at the head of all that speaks of it. */
export function loosenedSection(report: Report): string {
  const sentences = loosenedSentences(report, (text) => `\`${text}\``)
  if (sentences === null) return ''
  const items = report.policy.loosened.slice(0, MAX_LOOSENED).map(({ text }) => `- ${markdown(text)}`)
  const left = report.policy.loosened.length - items.length
  return `⚠️ **${sentences.what}** ${sentences.when}\n\n<details><summary>What it loosens</summary>\n\n${items.join('\n')}${left > 0 ? `\n- …and ${left} more` : ''}\n\n</details>`
}

/** Where every layer counts as own, it says so first. */
export function untoldSection(report: Report): string {
  const untold = untoldBase(report)
  return untold === null ? '' : `⚠️ **${markdown(untold.what)}** ${markdown(untold.how)}`
}

/** What would accept a finding, to paste: nothing of it is meant for secrets that are real. */
function acceptSection(report: Report): string {
  // What the pull request accepts itself is pasted first.
  const told = failingFirst(report)
    .toSorted((a, b) => Number(b.pending !== null) - Number(a.pending !== null))
    .slice(0, MAX_ACCEPTED)
  if (told.length === 0) return ''
  const lined = told.find(({ dockerfile, location }) => dockerfile !== null && location.kind === 'layer')
  const path =
    lined?.location.kind === 'layer' && /^[\w./@+-]+$/.test(lined.location.path) ? lined.location.path : '/in/the/image'
  const example = `${lined?.ruleId ?? 'RULE'} path=${path}`
  const entries = told.flatMap((finding) => [
    `  # ${visible(subjectOf(finding))}`,
    ...entryLines(
      finding.pending === null
        ? entryFor(finding, 'why this is no problem', 'YYYY-MM-DD')
        : entryFor(finding, finding.pending.reason, finding.pending.expires),
      '  ',
    ).map(visible),
  ])
  const fence = fenceFor(entries.join('\n'), 3)
  return folded(
    'To accept one of these',
    `In the configuration, with a reason (a real secret is revoked, not accepted); ${code('layergate ignore ID REPORT.json --reason …')} writes it:\n\n${fence}yaml\nignore:\n${entries.join('\n')}\n${fence}\n\nor on the line above, in the Dockerfile: ${code(`# layergate-ignore: ${example} reason until YYYY-MM-DD`)}. Above \`COPY\` and \`ADD\` it needs the path (or \`detector=ID\`) to count on a pull request.`,
  )
}

const passedSection = ({ verdict }: Report): string =>
  verdict.passed.length === 0 ? '' : folded('Passed', verdict.passed.map(code).join(' '))

/** A part that is closed until someone opens it. */
export const folded = (title: string, content: string): string =>
  content === '' ? '' : `<details><summary>${title}</summary>\n\n${content}\n\n</details>`

/** The report of a run that judged nothing. */
export function renderErrorSummary(reference: string, failure: Failure): string {
  return `## ⚠️ ${failureHeadline(code(reference), failure.code)}\n\n${markdown(failure.message)}\n\nNothing was judged: this is neither a pass nor a fail.\n`
}

/** What fails, open; the rest, folded with its counts. */
function findingsSection(outcome: Outcome, measure: Measure): string {
  const { failing, others } = byVerdict(outcome.report)
  const left = failing.length + others.length - measure.findings
  const parts = [
    findingRows(outcome, failing.slice(0, measure.findings), measure),
    folded(
      othersTitle(others),
      findingRows(outcome, others.slice(0, Math.max(0, measure.findings - failing.length)), measure),
    ),
    left > 0 ? `…and ${plural(left, 'finding')} more: see the JSON report.` : '',
  ]
  return parts.filter((part) => part !== '').join('\n\n')
}

/** `3 findings do not fail the image: 1 medium, 2 low`. */
export const othersTitle = (others: readonly Finding[]): string =>
  `${plural(others.length, 'finding')} ${others.length === 1 ? 'does' : 'do'} not fail the image: ${tally(countsOf(others), ', ')}`

function findingRows(outcome: Outcome, shown: readonly Finding[], measure: Measure): string {
  const rows = groupByLine(shown).flatMap(({ at, findings }) => {
    const source = sourceLine(outcome, at)
    const title =
      at === null
        ? '### Line not known'
        : `### ${code(`${at.path}:${at.startLine}`)}${source === null ? '' : ` ${code(outcome.redactor.cut(source, MAX_SOURCE))}`}`
    return [
      title,
      ...groupByFile(findings).map((group) => {
        const [finding] = group
        if (finding === undefined) return ''
        if (group.length > 1) return groupItem(outcome, group, measure)
        const also = otherPlacesText(finding, MAX_PLACES, (place) => code(otherPlaceName(place)))
        const more = also === '' ? '' : ` Also in ${also}.`
        const facts = factsOf(outcome, finding)
        return `- ${ICONS[finding.severity]} **${finding.severity}${finding.fails ? ', fails' : ''}** · ${code(finding.ruleId)} · ${prose(finding.message)}${facts.length === 0 ? '' : ` (${markdown(facts.join(', '))})`}${more}${advice(finding.remedy)}${measure.fixes ? fixBlock(outcome, finding) : ''}`
      }),
    ]
  })
  return rows.join('\n\n')
}

/** What to do, behind an arrow; nothing where there is nothing to say. */
const advice = (text: string): string => (text === '' ? '' : `\n  <br>→ ${prose(text)}`)

/** The secrets of one file: where they are and what to do once, then each on a line of its own. */
function groupItem(outcome: Outcome, group: readonly Finding[], { fixes }: Measure): string {
  const [first] = group
  if (first === undefined) return ''
  const { own, common } = remediesOf(group)
  const layer = first.location.kind === 'layer' ? `, layer ${first.location.layer}` : ''
  const hider = hiderOf(first)
  const hiding =
    hider === null ? '' : `; ${hider} ${verbOf(hiddenBy(first)?.role ?? 'hidden-by')} the file, the layer keeps it`
  const each = group.map((finding, index) => {
    const line =
      finding.location.kind === 'layer' && finding.location.line !== null ? `line ${finding.location.line}` : ''
    const shown = finding.secret === null || finding.secret.redacted === '•••' ? '' : code(finding.secret.redacted)
    const details = [line, shown, ...factsOf(outcome, finding).map(markdown)].filter(Boolean).join(', ')
    const also = otherPlacesText(finding, MAX_PLACES, (place) => code(otherPlaceName(place)))
    return `  - ${ICONS[finding.severity]} **${finding.severity}${finding.fails ? ', fails' : ''}** · ${code(finding.ruleId)} · ${markdown(subjectOf(finding))}${details === '' ? '' : ` (${details})`}${also === '' ? '' : `, also in ${also}`}${own[index] ? `: ${prose(own[index])}` : ''}`
  })
  return `- **${plural(group.length, 'secret')} in ${code(first.location.kind === 'layer' ? `${first.location.path}${first.location.inside === undefined ? '' : `!/${first.location.inside}`}` : '')}**${layer}${hiding}${advice(common)}\n${each.join('\n')}${fixes ? fixBlock(outcome, first) : ''}`
}

/** The change as a block, indented so that it stays within its list item; each part in one fence that its text cannot close. */
export function fixBlock(outcome: Outcome, finding: Finding): string {
  const shared = sharedChange(outcome, finding)
  if (shared !== null) return `\n\n  ${prose(shared)}`
  const text = fixParts(outcome, finding).flatMap(({ title, lines }) => [`# ${visible(title)}`, ...lines.map(visible)])
  if (text.length === 0) return ''
  const fence = fenceFor(text.join('\n'), 3)
  return `\n\n  ${fence}diff\n${text.map((line) => `  ${line}`).join('\n')}\n  ${fence}`
}

/** The layers as a table: whose they are, where a secret enters and where it is hidden. */
export function layersSection({ report, instructions, redactor }: Outcome, { layers: most }: Measure): string {
  const { layers } = report.image
  if (layers.length === 0 || most === 0) return ''
  const shown = shownFindings(report)
  const found = (layer: number): string => {
    const here = shown.filter(({ location }) => layerOf(location) === layer)
    const secrets = here.filter(({ secret }) => secret !== null)
    const hides = shown.filter(({ related }) =>
      related.some(
        ({ role, location }) =>
          (role === 'hidden-by' || role === 'overwritten-by') && location.kind === 'layer' && location.layer === layer,
      ),
    ).length
    return [
      secrets[0] === undefined
        ? ''
        : `${ICONS[secrets[0].severity]} adds ${secrets.length === 1 ? 'a secret' : `${number(secrets.length)} secrets`}`,
      here.length > secrets.length ? plural(here.length - secrets.length, 'finding') : '',
      hides > 0 ? `hides ${hides === 1 ? 'one' : number(hides)}` : '',
    ]
      .filter(Boolean)
      .join(', ')
  }
  const rows = layers.slice(0, most).map((layer) => {
    const text = layer.history === null ? (layer.createdBy ?? '') : (instructions[layer.history] ?? '')
    const where =
      layer.base === true
        ? layer.baseCertainty === 'proven'
          ? 'base'
          : 'base, not proven'
        : layer.dockerfile === null
          ? ''
          : cell(code(`${layer.dockerfile.path}:${layer.dockerfile.startLine}`))
    return `| ${layer.index} | ${bytes(layer.size)} | ${where} | ${text === '' ? '' : cell(code(redactor.cut(oneLine(text), MAX_INSTRUCTION)))} | ${found(layer.index)} |`
  })
  const more = layers.length > most ? `\n\n…and ${plural(layers.length - most, 'layer')} more.` : ''
  return folded('Layers', `| layer | size | line | instruction | |\n|--:|--:|---|---|---|\n${rows.join('\n')}${more}`)
}

/** What is known, fixed, ignored, not looked into, not judged, and warnings. */
export function closing(report: Report, { listed }: Measure): string {
  const { stats, warnings, notJudged, baseline } = report
  const info = report.findings.filter(({ severity, suppressed }) => severity === 'info' && suppressed === null)
  const list = (title: string, items: readonly string[]): string =>
    items.length === 0
      ? ''
      : `**${title}**\n${items
          .slice(0, listed)
          .map((item) => `- ${item}`)
          .join('\n')}${items.length > listed ? `\n- …and ${number(items.length - listed)} more` : ''}`
  const parts = [
    list(
      'Warnings',
      warnings.map(({ message }) => markdown(message)),
    ),
    list(
      'Fixed',
      baseline.fixed.map(({ rule, title, place }) => `✅ ${markdown(title)} in ${code(place)} (${code(rule)})`),
    ),
    list(
      `Known, by ${code(baseline.name ?? '')}`,
      knownFindings(report).map(
        (finding) =>
          `${ICONS[finding.severity]} ${markdown(finding.title)}: ${code(lineName(finding))} (${code(finding.ruleId)})`,
      ),
    ),
    list(
      'Ignored',
      ignoredFindings(report).map(
        ({ ruleId, location, suppressed }) =>
          `${code(ruleId)} ${code(placeName(location))}: ${markdown(suppressed?.reason ?? '')}${suppressed?.expires == null ? '' : ` (until ${markdown(suppressed.expires)})`}`,
      ),
    ),
    list(
      'Information',
      info.map(({ message }) => prose(message)),
    ),
    list(
      'Not looked into',
      stats.skipped.map(
        ({ layer, path, reason }) => `${layer === null ? '' : `layer ${layer} `}${code(path)}: ${markdown(reason)}`,
      ),
    ),
    list(
      'Not judged',
      notJudged.map((name) => code(name)),
    ),
    stats.knownPublic === 0
      ? ''
      : `${plural(stats.knownPublic, 'value')} that published packages hold ${stats.knownPublic === 1 ? 'is' : 'are'} quiet.`,
    (stats.allowed ?? 0) === 0
      ? ''
      : `${plural(stats.allowed ?? 0, 'value')} that the configuration allows ${stats.allowed === 1 ? 'is' : 'are'} quiet.`,
    stats.vouchedFiles === 0
      ? ''
      : `${plural(stats.vouchedFiles, 'file')} that a package vouches for ${stats.vouchedFiles === 1 ? 'is' : 'are'} quiet.`,
  ]
  return parts.filter((part) => part !== '').join('\n\n')
}
