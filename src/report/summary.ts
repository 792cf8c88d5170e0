// The job summary in Markdown: verdict in words, findings by Dockerfile line, layers, what passed, what was ignored, what
// was not looked into.
import type { Finding, Severity } from '../rules/finding.ts'
import type { Report } from './contract.ts'
import { cell, code, markdown, prose, visible } from './escape.ts'
import { fixParts } from './fix.ts'
import type { Outcome } from './outcome.ts'
import {
  bytes,
  duration,
  factsOf,
  groupByFile,
  groupByLine,
  hiddenBy,
  hiderOf,
  ignoredFindings,
  layerTally,
  number,
  placeName,
  plural,
  remediesOf,
  shownFindings,
  sourceLine,
  subjectOf,
  tally,
} from './words.ts'

/** The platform refuses a summary of more than 1 MiB. */
const MAX_SUMMARY = 1_000_000
export const ICONS: Record<Severity, string> = { critical: '🔴', high: '🟠', medium: '🟡', low: '🔵', info: '⚪' }

const MAX_FINDINGS = 200
const MAX_LAYERS = 150

/** The first line: what happened, in words. */
export function headline({ report, failing }: Outcome): string {
  const { image, verdict } = report
  const name = code(image.reference)
  if (verdict.result === 'pass') return shownFindings(report).length === 0 ? `✅ ${name} is clean` : `✅ ${name} passes`
  const leaks = report.findings.filter(({ fingerprint, secret }) => failing.has(fingerprint) && secret !== null).length
  return leaks > 0 ? `❌ ${name} leaks ${leaks === 1 ? 'a secret' : `${number(leaks)} secrets`}` : `❌ ${name} breaks the policy`
}

/** Renders the summary; what is too much for the platform is left out, the least grave first, and said. */
export function renderSummary(outcome: Outcome): string {
  const { report } = outcome
  const { image, verdict, stats } = report
  const parts = [
    `## ${headline(outcome)}`,
    `${tally(verdict.counts) === '' ? 'No findings' : `**${tally(verdict.counts)}**`} · ${plural(outcome.passed.length, 'rule')} passed · ${layerTally(image)}, ${bytes(image.size)} · policy ${code(outcome.policy)} fails on ${verdict.failOn}`,
    findingsSection(outcome),
    layersSection(outcome),
    closing(report),
    `<sub>${code(image.id)} · ${code(image.platform)} · ${bytes(stats.bytes)} read in ${duration(stats.seconds)} · Layergate ${report.tool.version}</sub>`,
  ]
  const whole = parts.filter((part) => part !== '').join('\n\n')
  if (Buffer.byteLength(whole) <= MAX_SUMMARY) return `${whole}\n`
  return `${parts
    .filter((_, index) => index !== 3)
    .join('\n\n')
    .slice(0, MAX_SUMMARY / 4)}\n\n…the rest did not fit: see the JSON report.\n`
}

/** The report of a run that could not read the image. */
export function renderErrorSummary(reference: string, message: string): string {
  return `## ⚠️ ${code(reference)} could not be read\n\n${markdown(message)}\n\nNothing was judged: this is neither a pass nor a fail.\n`
}

function findingsSection(outcome: Outcome): string {
  const shown = shownFindings(outcome.report)
  if (shown.length === 0) return ''
  const rows = groupByLine(shown.slice(0, MAX_FINDINGS)).flatMap(({ at, findings }) => {
    const source = sourceLine(outcome, at)
    const title = at === null ? '### Line not known' : `### ${code(`${at.path}:${at.startLine}`)}${source === null ? '' : ` ${code(source.slice(0, 160))}`}`
    return [
      title,
      ...groupByFile(findings).map((group) => {
        const [finding] = group
        if (finding === undefined) return ''
        if (group.length > 1) return groupItem(outcome, group)
        const also = finding.related.filter(({ role }) => role === 'also-in')
        const others = (finding.secret?.occurrences ?? 1) - 1
        const more =
          also.length === 0
            ? ''
            : ` Also in ${also
                .slice(0, 5)
                .map(({ location }) => code(placeName(location)))
                .join(', ')}${others > 5 ? ` and ${number(others - 5)} more places` : ''}.`
        const facts = factsOf(outcome, finding)
        return `- ${ICONS[finding.severity]} **${finding.severity}** · ${code(finding.ruleId)} · ${prose(finding.message)}${facts.length === 0 ? '' : ` (${markdown(facts.join(', '))})`}${more}\n  <br>→ ${prose(finding.remedy)}${fixBlock(outcome, finding)}`
      }),
    ]
  })
  const left = shown.length - MAX_FINDINGS
  return [...rows, ...(left > 0 ? [`…and ${plural(left, 'finding')} more: see the JSON report.`] : [])].join('\n\n')
}

/** The secrets of one file: where they are and what to do once, then each on a line of its own. */
function groupItem(outcome: Outcome, group: readonly Finding[]): string {
  const [first] = group
  if (first === undefined) return ''
  const { own, common } = remediesOf(group)
  const layer = first.location.kind === 'layer' ? `, layer ${first.location.layer}` : ''
  const hider = hiderOf(first)
  const hiding = hider === null ? '' : `; ${hider} ${hiddenBy(first)?.role === 'hidden-by' ? 'hides' : 'overwrites'} the file, the layer keeps it`
  const each = group.map((finding, index) => {
    const line = finding.location.kind === 'layer' && finding.location.line !== null ? `line ${finding.location.line}` : ''
    const shown = finding.secret === null || finding.secret.redacted === '•••' ? '' : code(finding.secret.redacted)
    const details = [line, shown, ...factsOf(outcome, finding).map(markdown)].filter(Boolean).join(', ')
    return `  - ${ICONS[finding.severity]} **${finding.severity}** · ${code(finding.ruleId)} · ${markdown(subjectOf(finding))}${details === '' ? '' : ` (${details})`}${own[index] ? `: ${prose(own[index])}` : ''}`
  })
  return `- **${plural(group.length, 'secret')} in ${code(first.location.kind === 'layer' ? `${first.location.path}${first.location.inside === undefined ? '' : `!/${first.location.inside}`}` : '')}**${layer}${hiding}\n  <br>→ ${prose(common)}\n${each.join('\n')}${fixBlock(outcome, first)}`
}

/** The change as a block, indented so that it stays within its list item; each part in one fence that its text cannot close. */
export function fixBlock(outcome: Outcome, finding: Finding): string {
  const text = fixParts(outcome, finding).flatMap(({ title, lines }) => [`# ${visible(title)}`, ...lines.map(visible)])
  if (text.length === 0) return ''
  const longest = Math.max(2, ...text.flatMap((line) => [...line.matchAll(/`+/g)].map(([run]) => run.length)))
  const fence = '`'.repeat(longest + 1)
  return `\n\n  ${fence}diff\n${text.map((line) => `  ${line}`).join('\n')}\n  ${fence}`
}

/** The layers as a table: where a secret enters and where it is hidden. */
export function layersSection({ report, instructions }: Outcome): string {
  const { layers } = report.image
  if (layers.length === 0) return ''
  const found = (layer: number): string => {
    const shown = shownFindings(report)
    const enters = shown.filter(({ location }) => location.kind === 'layer' && location.layer === layer).length
    const hides = shown.filter(({ related }) =>
      related.some(({ role, location }) => (role === 'hidden-by' || role === 'overwritten-by') && location.kind === 'layer' && location.layer === layer),
    ).length
    return [enters > 0 ? `${plural(enters, 'finding')}` : '', hides > 0 ? `hides ${hides}` : ''].filter(Boolean).join(', ')
  }
  const rows = layers.slice(0, MAX_LAYERS).map((layer) => {
    const text = layer.history === null ? (layer.createdBy ?? '') : (instructions[layer.history] ?? '')
    const where = layer.base === true ? 'base' : layer.dockerfile === null ? '' : cell(code(`${layer.dockerfile.path}:${layer.dockerfile.startLine}`))
    return `| ${layer.index} | ${bytes(layer.size)} | ${where} | ${text === '' ? '' : cell(code(text.replace(/\s+/g, ' ').slice(0, 90)))} | ${found(layer.index)} |`
  })
  const more = layers.length > MAX_LAYERS ? `\n\n…and ${plural(layers.length - MAX_LAYERS, 'layer')} more.` : ''
  return `<details><summary>Layers</summary>\n\n| layer | size | line | instruction | |\n|---|---|---|---|---|\n${rows.join('\n')}${more}\n\n</details>`
}

/** What was ignored, not looked into, not judged, and warnings. */
export function closing(report: Report): string {
  const { stats, warnings, notJudged } = report
  const ignored = ignoredFindings(report)
  const info = report.findings.filter(({ severity, suppressed }) => severity === 'info' && suppressed === null)
  const list = (title: string, items: readonly string[]): string =>
    items.length === 0
      ? ''
      : `**${title}**\n${items
          .slice(0, 50)
          .map((item) => `- ${item}`)
          .join('\n')}${items.length > 50 ? `\n- …and ${items.length - 50} more` : ''}`
  const parts = [
    list(
      'Warnings',
      warnings.map(({ message }) => markdown(message)),
    ),
    list(
      'Ignored',
      ignored.map(
        ({ ruleId, location, suppressed }) =>
          `${code(ruleId)} ${code(placeName(location))}: ${markdown(suppressed?.reason ?? '')}${suppressed?.expires == null ? '' : ` (until ${suppressed.expires})`}`,
      ),
    ),
    list(
      'Information',
      info.map(({ message }) => prose(message)),
    ),
    list(
      'Not looked into',
      stats.skipped.map(({ layer, path, reason }) => `layer ${layer} ${code(path)}: ${markdown(reason)}`),
    ),
    list(
      'Not judged',
      notJudged.map((name) => code(name)),
    ),
    stats.vouchedFiles === 0 ? '' : `${plural(stats.vouchedFiles, 'file')} that a package vouches for ${stats.vouchedFiles === 1 ? 'is' : 'are'} quiet.`,
  ]
  return parts.filter((part) => part !== '').join('\n\n')
}
