// The change itself, as lines taken away and lines put in their place. Nothing that is hidden stands among the lines: whoever pastes
// one would paste what stands for a secret.
import type { Finding } from '../finding/finding.ts'
import type { Redactor } from '../secrets/redact.ts'
import type { Outcome } from './outcome.ts'

export interface FixPart {
  /** `Dockerfile:5`, `.dockerignore`, or the command. */
  readonly title: string
  /** Lines that go and lines that come, with `-` and `+` in front; none for the command. */
  readonly lines: readonly string[]
}

/** Names that are given a value in a line of a Dockerfile, each with whether the value is hidden. */
const assignments = (line: string): { name: string; isHidden: boolean }[] =>
  [...line.matchAll(/(?:^|\s)["']?([A-Za-z_][\w.-]*)=("[^"]*"|'[^']*'|\S*)/g)].map(([, name = '', value = '']) => ({
    name,
    isHidden: /\u2026|\u2022\u2022\u2022/.test(value),
  }))

/** The findings that some changes are for. */
export function findingsWith(
  findings: readonly Finding[],
  fixes: readonly NonNullable<Finding['fix']>[],
): readonly Finding[] {
  const texts = new Set(fixes.map((fix) => JSON.stringify(fix)))
  return findings.filter(({ fix }) => fix !== null && texts.has(JSON.stringify(fix)))
}

/**
 * The finding whose change is also that of another one, since their lines are changed together.
 * @returns null where the finding is the first with its change
 */
export function changedWith(findings: readonly Finding[], finding: Finding): Finding | null {
  if (finding.fix === null) return null
  const first = findingsWith(findings, [finding.fix]).find(({ suppressed }) => suppressed === null)
  return first === undefined || first.fingerprint === finding.fingerprint ? null : first
}

/** The parts of a finding's change, in the order in which they are made; none where no change is certain. It is told once. */
export function fixParts({ source, report }: Outcome, finding: Finding): FixPart[] {
  const { fix } = finding
  if (fix === null) return []
  if (changedWith(report.findings, finding) !== null) return []
  const edit = ({ startLine, endLine, lines }: (typeof fix.edits)[number]): FixPart => {
    const at = `${fix.path}:${startLine}`
    const old = source === null || source.path !== fix.path ? [] : source.lines.slice(startLine - 1, endLine)
    const shown = old.filter((_line, index) => source?.hidden.has(startLine + index) !== true)
    const gone = old
      .filter((line) => !shown.includes(line))
      .flatMap((line) => assignments(line).flatMap(({ name, isHidden }) => (isHidden ? [name] : [])))
    const title =
      shown.length === old.length
        ? at
        : `${at}: ${gone.length === 0 ? 'the line with the secret' : [...new Set(gone)].join(', ')} goes`
    return { title, lines: [...shown.map((line) => `- ${line}`), ...lines.map((line) => `+ ${line}`)] }
  }
  return [
    ...fix.edits.map(edit),
    ...(fix.ignore === null
      ? []
      : [{ title: fix.ignore.path, lines: fix.ignore.patterns.map((pattern) => `+ ${pattern}`) }]),
    ...(fix.build.length === 0 ? [] : [{ title: `docker build ${fix.build.join(' ')} …`, lines: [] }]),
  ]
}

/**
 * A finding whose change holds nothing that is hidden. Where a line that would come holds another secret, the change is told in
 * words: which assignment goes, and that the rest of its line stays.
 * @param lines of the Dockerfile
 */
export function withoutHiddenFix(finding: Finding, lines: readonly string[], redactor: Redactor): Finding {
  const { fix } = finding
  if (fix === null) return finding
  const isHidden = (texts: readonly string[]): boolean =>
    redactor.lines(texts).some((text, index) => text !== texts[index])
  const bad = fix.edits.filter((edit) => isHidden(edit.lines))
  if (bad.length === 0 && !isHidden(fix.ignore?.patterns ?? []) && !isHidden(fix.build)) return finding
  const sentences = bad.map((edit) => {
    const left = new Set(edit.lines.flatMap((line) => assignments(line).map(({ name }) => name)))
    const names = [
      ...new Set(
        lines.slice(edit.startLine - 1, edit.endLine).flatMap((line) => assignments(line).map(({ name }) => name)),
      ),
    ].filter((name) => !left.has(name))
    const what =
      names.length === 0
        ? 'change only what this finding names'
        : `only ${names.join(' and ')} ${names.length === 1 ? 'goes' : 'go'}`
    return `In ${fix.path}:${edit.startLine}, ${what}: another secret stands there too, so that the changed line is not shown.`
  })
  return {
    ...finding,
    fix: null,
    remedy: [finding.remedy, ...sentences].join(' '),
    ...(finding.steps === undefined ? {} : { steps: [...finding.steps, ...sentences] }),
  }
}
