// The report for a person at a terminal: the verdict first, findings by Dockerfile line, what to do in the imperative,
// in the width of the terminal.
import { styleText } from 'node:util'
import type { Finding, Severity } from '../finding/finding.ts'
import type { Report } from '../outcome/contract.ts'
import { fixParts } from '../outcome/fix.ts'
import type { Outcome } from '../outcome/outcome.ts'
import { uncommanding, visible } from './escape.ts'
import {
  bytes,
  duration,
  factsOf,
  groupByFile,
  groupByLine,
  hiddenBy,
  ignoredFindings,
  inherited,
  knownFindings,
  layerOf,
  layerTally,
  lineName,
  number,
  otherPlaceName,
  otherPlaces,
  placeName,
  plural,
  readAs,
  referenceName,
  remediesOf,
  sharedChange,
  shownFindings,
  sourceLine,
  subjectOf,
  toldFindings,
  untoldBase,
  verbOf,
} from './phrases.ts'
import { countParts, isMild, loosenedSentences, passedCount, ruleOfVerdict } from './verdict.ts'
import { columns, cutToColumns, lineWidth, wrap } from './wrap.ts'

/** Ignored findings, skipped files and warnings that are named; the rest is counted. */
const MAX_LISTED = 10
/** Findings at one line that are told in full. */
const MAX_AT_LINE = 10
/** Secrets of one file. */
const MAX_IN_FILE = 20

/** Other places of a value that are named; of each where a file holds several. */
const MAX_PLACES = 5
const MAX_PLACES_IN_FILE = 2

/** Lines of a change that are shown. */
const MAX_FIX = 16

/** Characters of the instruction that hides a file. */
const MAX_HIDER = 44

/** What the layer that brought a file does to it. */
const SAME_LAYER = { deleted: 'removes', overwritten: 'overwrites', replaced: 'replaces' } as const

/** Columns of a heading that the place may take. */
const MAX_PLACE = 60

export interface TerminalOptions {
  readonly color: boolean
  /** Lists what is only counted otherwise. */
  readonly verbose: boolean
  /** Lists what was found and is no finding. */
  readonly showQuiet?: boolean
}

type Paint = (style: Parameters<typeof styleText>[0], text: string) => string

const STYLES: Record<Severity, Parameters<typeof styleText>[0]> = {
  critical: ['bold', 'red'],
  high: 'red',
  medium: 'yellow',
  low: 'cyan',
  info: 'gray',
}

/** Renders the whole report. */
export function renderTerminal(outcome: Outcome, { color, verbose, showQuiet = false }: TerminalOptions): string {
  const paint: Paint = color
    ? (style, text) => styleText(style, text, { validateStream: false })
    : (_style, text) => text
  const { report } = outcome
  const { image, verdict, stats } = report
  const shown = verbose ? shownFindings(report) : toldFindings(report)
  const name = `${visible(referenceName(image))} (${readAs(image.source)})`
  if (
    shown.length === 0 &&
    report.warnings.length === 0 &&
    stats.skipped.length === 0 &&
    report.policy.loosened.length === 0 &&
    report.baseline.fixed.length === 0 &&
    !verbose &&
    !showQuiet
  ) {
    const known = knownFindings(report).length
    const ignored = `${known === 0 ? '' : `, ${known} known`}${verdict.suppressed === 0 ? '' : `, ${verdict.suppressed} ignored`}`
    const told = wrapBehind(
      `${name} · ${plural(image.layers.length, 'layer')}, ${bytes(image.size)}, ${plural(verdict.passed.length, 'rule')}, ${known === 0 ? '0 findings' : 'nothing new'}${ignored} · ${duration(stats.seconds)}`,
      [{ text: 'PASS', style: ['bold', 'green'] }, { text: '  ' }],
      '      ',
      paint,
    )
    return `${told.join('\n')}\n`
  }
  const untold = untoldBase(report)
  const lines: string[] = [
    ...(untold === null
      ? []
      : [...wrap(visible(`${untold.what} ${untold.how}`), '', '  ').map((line) => paint('yellow', line)), '']),
    ...wrap(`${name} · ${image.platform} · ${bytes(image.size)} · ${layerTally(image)}`, '', '  '),
    '',
  ]
  const isFail = verdict.result === 'fail'
  const counts = countParts(report, (text) => text, '0 findings').join(' · ')
  const right = visible(ruleOfVerdict(report, (text) => text))
  const word = isMild(report) ? 'WOULD FAIL' : isFail ? 'FAIL' : 'PASS'
  const head = `${paint(['bold', isMild(report) ? 'yellow' : isFail ? 'red' : 'green'], word)}  ${counts}`
  const room = lineWidth() - word.length - 2 - columns(counts) - columns(right)
  if (room >= 2) lines.push(`${head}${' '.repeat(room)}${paint('gray', right)}`)
  else lines.push(head, ...wrap(right, '      ', '      ').map((line) => paint('gray', line)))
  const loosened = loosenedSentences(report)
  if (loosened !== null)
    lines.push(
      '',
      ...wrap(`${loosened.what} ${loosened.when}`, '', '').map((line) => paint('yellow', line)),
      ...report.policy.loosened
        .slice(0, verbose ? undefined : MAX_LISTED)
        .flatMap(({ text }) => wrap(visible(text), '  ', '    ')),
    )
  for (const { at, findings } of groupByLine(shown)) {
    lines.push('', ...heading(outcome, at, findings, paint))
    const groups = groupByFile(findings)
    const told = groups.slice(0, verbose ? groups.length : MAX_AT_LINE)
    for (const group of told) lines.push(...describe(outcome, group, paint, verbose))
    const left = findings.length - told.flat().length
    if (left > 0) lines.push(`  and ${left} more here (--verbose)`)
  }
  if (shown.length > 0) lines.push('', ...legend(shown))
  lines.push('', ...footer(outcome, verbose, showQuiet))
  return uncommanding(`${lines.join('\n')}\n`)
}

/** What the signs in front of findings mean, of those that are there. */
function legend(shown: readonly Finding[]): string[] {
  const fails = shown.some((finding) => finding.fails)
  const others = shown.some((finding) => !finding.fails)
  return [
    [fails ? ' ● fails the image' : '', others ? ' ○ is shown, and does not fail' : ''].filter(Boolean).join('  '),
  ]
}

function heading(
  outcome: Outcome,
  at: Finding['dockerfile'] | { path: string; startLine: number } | null,
  findings: readonly Finding[],
  paint: Paint,
): string[] {
  if (at === null)
    return [paint('bold', findings.some(({ location }) => layerOf(location) !== null) ? 'line not known' : 'image')]
  const whole = visible(`${at.path}:${at.startLine}`)
  const where = cutToColumns(outcome.redactor, whole, MAX_PLACE, 'end')
  const source = visible(sourceLine(outcome, at) ?? '')
  const changed = findings.some(({ dockerfile }) => dockerfile?.changed === true)
  const isProven = findings.every(({ originCertainty }) => originCertainty === 'proven')
  const base = findings.every(({ origin }) => origin === 'base')
    ? isProven
      ? '   (base image)'
      : '   (base image, not proven)'
    : changed
      ? '   (as built)'
      : ''
  const room = lineWidth() - columns(where) - 3 - base.length
  return [`${paint('bold', where)}   ${cutToColumns(outcome.redactor, source, room)}${base}`]
}

/** One finding, or the secrets of one file: each with its own line, what holds for all once. */
function describe(outcome: Outcome, group: readonly Finding[], paint: Paint, verbose: boolean): string[] {
  const [finding] = group
  if (finding === undefined) return []
  const text =
    finding.secret === null
      ? wrap(visible(finding.message), '    ', '    ')
      : secretLines(outcome, finding, group.length > 1)
  const fix = fixLines(outcome, finding, paint)
  const id = (each: Finding): string[] => (verbose ? [`    id ${each.fingerprint.slice(0, 12)}`] : [])
  if (group.length === 1) return [...headOf(finding, paint), ...text, ...id(finding), ...advice(finding.remedy), ...fix]
  const { own, common } = remediesOf(group)
  const shown = group.slice(0, verbose ? group.length : MAX_IN_FILE)
  const path = finding.location.kind === 'layer' ? finding.location.path : ''
  const heads = shown.flatMap((each, index) => {
    const line =
      each.location.kind === 'layer' && each.location.line !== null ? [`${path} line ${each.location.line}`] : [path]
    const details = [...line, ...factsOf(outcome, each)].join(' · ')
    return [
      ...headOf(each, paint),
      ...(details === '' ? [] : wrap(visible(details), '    ', '    ')),
      ...alsoLines(each, MAX_PLACES_IN_FILE),
      ...id(each),
      ...advice(own[index] ?? ''),
    ]
  })
  const left = group.length - shown.length
  return [
    ...heads,
    ...(left > 0 ? [`    and ${left} more in this file (--verbose)`] : []),
    ...wrap(group.length === 2 ? 'both of them:' : `all ${group.length} of them:`, '    ', '    '),
    ...text,
    ...advice(common),
    ...fix,
  ]
}

/** What to do, behind an arrow; nothing where there is nothing to say. */
const advice = (text: string): string[] => (text === '' ? [] : wrap(visible(text), '    → ', '      '))

function headOf(finding: Finding, paint: Paint): string[] {
  const fails = finding.fails
  const label =
    finding.secret === null
      ? finding.title
      : `${subjectOf(finding)}${finding.secret.redacted === '•••' ? '' : ` ${finding.secret.redacted}`}`
  const { severity } = finding
  const lead = [
    { text: ` ${fails ? '●' : '○'} ` },
    { text: severity, style: STYLES[severity] },
    { text: `${' '.repeat(9 - severity.length)} ${finding.ruleId.padEnd(16)} ` },
  ]
  return wrapBehind(visible(label), lead, ' '.repeat(6), paint)
}

interface Piece {
  readonly text: string
  readonly style?: Parameters<Paint>[0]
}

/** Wraps a text behind words of which some have a colour. */
function wrapBehind(text: string, lead: readonly Piece[], rest: string, paint: Paint): string[] {
  const plain = lead.map((piece) => piece.text).join('')
  const [first = '', ...others] = wrap(text, plain, rest)
  return [
    lead.map((piece) => (piece.style === undefined ? piece.text : paint(piece.style, piece.text))).join('') +
      first.slice(plain.length),
    ...others,
  ]
}

/** The change itself; a long one is in the summary and the JSON report. */
function fixLines(outcome: Outcome, finding: Finding, paint: Paint): string[] {
  const shared = sharedChange(outcome, finding)
  if (shared !== null) return wrap(visible(shared), '      ', '        ')
  const parts = fixParts(outcome, finding)
  if (parts.reduce((sum, { lines }) => sum + lines.length, 0) > MAX_FIX)
    return ['      (the changed lines are in the JSON report and the job summary)']
  return parts.flatMap(({ title, lines }) => [
    ...wrap(visible(title), '      ', '        '),
    // Whole lines, however long they are: people copy them.
    ...lines.map((line) => paint(line.startsWith('+') ? 'green' : 'red', `        ${visible(line)}`)),
  ])
}

/** Where the secret is, and what hid it; facts that help the person on call. */
function secretLines(outcome: Outcome, finding: Finding, isGroup: boolean): string[] {
  const { location } = finding
  const facts = isGroup ? [] : factsOf(outcome, finding)
  const lines: string[] = []
  if (location.kind === 'layer') {
    const inside = location.inside === undefined ? '' : ` (in ${location.inside})`
    const line = location.line === null || isGroup ? '' : ` (line ${location.line})`
    lines.push(
      ...wrap(
        visible(
          `in ${location.path}${inside}${line}, added ${finding.dockerfile === null || finding.origin === 'base' ? '' : 'by this line '}in layer ${location.layer}${finding.origin === 'base' ? `, ${inherited(finding, 'base')}` : ''}${finding.file?.source == null ? '' : ` (${finding.file.source.path} of the checkout)`}${facts.length > 0 ? ` · ${facts.join(', ')}` : ''}`,
        ),
        '    ',
        '    ',
      ),
    )
  } else lines.push(...wrap(visible(finding.message), '    ', '    '))
  const hidden = hiddenBy(finding)
  if (hidden?.location.kind === 'layer' && location.kind === 'layer') {
    const at = hidden.dockerfile
    const source = sourceLine(outcome, at) ?? ''
    const cut = cutToColumns(outcome.redactor, source, MAX_HIDER)
    lines.push(
      ...wrap(
        visible(
          `${at === null ? `layer ${hidden.location.layer}` : `${at.path}:${at.startLine}   ${cut}  `} ${verbOf(hidden.role)} it${at === null ? '' : ` in layer ${hidden.location.layer}`}; the bytes stay in layer ${location.layer}`,
        ),
        '    ',
        '    ',
      ),
    )
  } else if (location.kind === 'layer' && finding.file !== null && finding.file.state !== 'present')
    lines.push(
      ...wrap(
        `the same layer ${SAME_LAYER[finding.file.state]} it again; the bytes stay in layer ${location.layer}`,
        '    ',
        '    ',
      ),
    )
  if (!isGroup) lines.push(...alsoLines(finding, MAX_PLACES))
  return lines
}

/** Where the value is too, each place on a line of its own. */
function alsoLines(finding: Finding, most: number): string[] {
  const { places, left } = otherPlaces(finding, most)
  return [
    ...places.flatMap((place) => wrap(visible(`also in ${otherPlaceName(place)}`), '    ', '      ')),
    ...(left > 0 ? [`    ${places.length === 0 ? 'also' : 'and'} in ${plural(left, 'more place')}`] : []),
  ]
}

function footer({ report }: Outcome, verbose: boolean, showQuiet: boolean): string[] {
  const { stats, warnings, notJudged } = report
  const ignored = ignoredFindings(report)
  const parts = [passedCount(report)]
  if (report.verdict.counts.info > 0)
    parts.push(`${report.verdict.counts.info} for information${verbose ? '' : ' (--verbose)'}`)
  if (ignored.length > 0) parts.push(`${ignored.length} ignored`)
  if (stats.vouchedFiles > 0) parts.push(`${plural(stats.vouchedFiles, 'file')} vouched for by packages`)
  if (stats.knownPublic > 0) parts.push(`${plural(stats.knownPublic, 'known public value')}`)
  if ((stats.allowed ?? 0) > 0) parts.push(`${plural(stats.allowed ?? 0, 'allowed value')}`)
  if (stats.skipped.length > 0)
    parts.push(
      `${number(stats.skipped.length)} of ${number(stats.files)} files not looked into${verbose ? '' : ' (--verbose)'}`,
    )
  parts.push(`${bytes(stats.bytes)} read in ${duration(stats.seconds)}`)
  const list = (title: string, items: readonly string[], always: boolean): string[] => {
    if (items.length === 0 || (!always && !verbose)) return []
    const most = verbose ? items.length : MAX_LISTED
    return [
      '',
      title,
      ...items.slice(0, most).flatMap((item) => wrap(visible(item), '  ', '    ')),
      ...(items.length > most ? [`  and ${items.length - most} more (--verbose)`] : []),
    ]
  }
  return [
    ...wrap(parts.join(' · '), '', ''),
    ...list(
      'For information',
      report.findings
        .filter(({ severity, suppressed }) => severity === 'info' && suppressed === null)
        .map(
          ({ ruleId, message, dockerfile }) =>
            `${dockerfile === null ? '' : `${dockerfile.path}:${dockerfile.startLine} `}${ruleId}: ${message}`,
        ),
      false,
    ),
    ...list(
      `Known (${report.baseline.name ?? ''})`,
      knownFindings(report).map((finding) => `${finding.severity} ${finding.ruleId} ${lineName(finding)}`),
      true,
    ),
    ...list(
      'Fixed',
      report.baseline.fixed.map(({ rule, title, place }) => `${rule}: ${title}, ${place}`),
      true,
    ),
    ...list(
      'Ignored',
      ignored.map(
        ({ ruleId, location, suppressed }) =>
          `${ruleId}${location.kind === 'layer' || location.kind === 'tar' ? ` ${location.path}` : ''}: “${suppressed?.reason}”${suppressed?.expires == null ? '' : `, until ${suppressed.expires}`}`,
      ),
      true,
    ),
    ...list(
      'Warnings',
      warnings.map(({ message }) => message),
      true,
    ),
    ...(showQuiet ? quietLines(report) : []),
    ...list('Not judged', notJudged, true),
    ...list(
      'Not looked into',
      stats.skipped.map(({ layer, path, reason }) => `${layer === null ? '' : `layer ${layer} `}${path}: ${reason}`),
      false,
    ),
  ]
}

const WHY_QUIET = {
  'known-public': (source: string) => `public: ${source} holds it`,
  package: (source: string) => `${source} vouches for the file`,
  allowed: (source: string) => `allowed: “${source}”`,
} as const

/** `--show-quiet`: one line for each place. */
function quietLines({ quiet = [] }: Report): string[] {
  if (quiet.length === 0) return ['', 'Quiet: nothing was found that is no finding.']
  return [
    '',
    'Quiet (layergate explain ID IMAGE tells more)',
    ...quiet.flatMap(({ id, why, source, title, location }) =>
      wrap(visible(`${id} ${title}, ${placeName(location)}: ${WHY_QUIET[why](source)}`), '  ', '    '),
    ),
  ]
}
