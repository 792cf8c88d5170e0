// What the detectors find, for people: the list, one of them, and the page docs/detectors.md.
import { SEVERITY_OF } from '../finding/finding.ts'
import type { Detector, FileDetector } from '../secrets/detector.ts'
import { GROUPS } from '../secrets/detectors/list.ts'
import { describeForm } from '../secrets/form.ts'
import { wrap } from './wrap.ts'

type AnyDetector = Detector | FileDetector

/** By which words or bytes a credential is told, in plain text. */
function formsOf(detector: AnyDetector): string[] {
  if ('parse' in detector) return [`files named or ending in ${detector.names.map((name) => `\`${name}\``).join(', ')}`]
  const names = detector.names === undefined ? '' : ` beside ${detector.names.map((name) => `\`${name}\``).join(', ')}`
  return (detector.forms ?? []).map((form) => `${describeForm(form)}${names}`)
}

/** The severity of a match that nothing else tells more of. */
const severityOf = ({ strength }: AnyDetector): string => SEVERITY_OF[strength]

/** The groups, and behind them what the configuration brings. */
const groupsWith = (own: readonly Detector[]): typeof GROUPS =>
  own.length === 0 ? GROUPS : [...GROUPS, { title: 'Of the configuration', detectors: own }]

/** `layergate detectors`: one line each. */
export function renderDetectorList(own: readonly Detector[]): string {
  const listed = groupsWith(own)
  const all = listed.flatMap(({ detectors }) => detectors)
  const width = Math.max(...all.map(({ id }) => id.length))
  const groups = listed.flatMap(({ title, detectors }) => [
    '',
    title,
    ...detectors.map(
      (detector) => `  ${detector.id.padEnd(width)}  ${severityOf(detector).padEnd(8)}  ${detector.title}`,
    ),
  ])
  return `${all.length} detectors; layergate detectors ID tells more of one\n${groups.join('\n')}\n`
}

/** `layergate detectors ID`. */
export function renderDetector(detector: AnyDetector): string {
  const lines = (label: string, text: string): string[] =>
    wrap(text.replaceAll('`', ''), `${label.padEnd(10)}`, ' '.repeat(10))
  return `${[
    `${detector.title} (${detector.id})`,
    '',
    ...lines('issuer', detector.issuer),
    ...lines('opens', detector.opens),
    ...formsOf(detector).flatMap((form, index) => lines(index === 0 ? 'form' : '', form)),
    ...(detector.proof === undefined ? [] : lines('check', detector.proof)),
    ...lines('severity', severityOf(detector)),
    ...lines('revoke', detector.revoke),
    ...(detector.docs === '' ? [] : [`page      ${detector.docs}`]),
  ].join('\n')}\n`
}

/** What a program may want of each, for `--json`. */
export const detectorData = (own: readonly Detector[]): unknown =>
  groupsWith(own).flatMap(({ title: group, detectors }) =>
    detectors.map((detector) => ({
      id: detector.id,
      group,
      issuer: detector.issuer,
      title: detector.title,
      severity: severityOf(detector),
      opens: detector.opens,
      revoke: detector.revoke,
      docs: detector.docs,
      check: detector.proof ?? null,
      ...('parse' in detector
        ? { files: detector.names }
        : {
            forms: detector.forms ?? [],
            names: detector.names ?? [],
            literals: detector.literals.map((literal) => (typeof literal === 'string' ? literal : literal.text)),
          }),
    })),
  )

const cell = (text: string): string => text.replaceAll('|', '\\|').replace(/</g, '&lt;')

/** The page docs/detectors.md: of ours alone. */
export function renderDetectorsPage(): string {
  const count = GROUPS.reduce((sum, { detectors }) => sum + detectors.length, 0)
  const groups = GROUPS.map(({ title, detectors }) => {
    const rows = detectors.map((detector) => {
      const forms = formsOf(detector)
      const told = [
        ...forms.slice(0, 4),
        ...(forms.length > 4 ? [`and ${forms.length - 4} more`] : []),
        ...(detector.proof === undefined ? [] : [`_checked:_ ${detector.proof}`]),
      ]
      return `| \`${detector.id}\` | **${cell(detector.title)}**, ${cell(detector.issuer)}. Opens ${cell(detector.opens)}. | ${cell(told.join('; '))} | ${severityOf(detector)} | [${cell(detector.revoke)}](${detector.docs}) |`
    })
    return `## ${title}\n\n| id | what | told by | severity | when it leaked |\n|---|---|---|---|---|\n${rows.join('\n')}`
  })
  return `# Detectors

<!-- Generated: node dist/cli.js detectors --markdown > docs/detectors.md -->

${count} kinds of credentials. \`layergate detectors\` lists them, \`layergate detectors ID\` tells more of one, \`--json\` gives all of it to a program. How they are built and checked stands in [ARCHITECTURE.md](ARCHITECTURE.md); how well they do is measured by \`bench/detectors.ts\`.

_Severity_ is what a match has that nothing else tells more of. A checksum, a decoded key, or an id with its secret beside it makes it critical; a public example, an expired token, an encrypted key or a test credential makes it low; a file that its package's own record vouches for is quiet, but for tokens that prove themselves.

${groups.join('\n\n')}
`
}
