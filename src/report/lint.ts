// What `layergate lint` prints: lines that editors read, JSON for programs.

import type { Finding } from '../finding/finding.ts'
import type { LintResult } from '../lint.ts'
import { VERSION } from '../version.ts'
import { visible, visibleJson } from './escape.ts'
import { plural, tally } from './phrases.ts'
import { wrap } from './wrap.ts'

const INDENT = '    '

function order(a: Finding, b: Finding): number {
  return (a.dockerfile?.startLine ?? 0) - (b.dockerfile?.startLine ?? 0)
}

/** The other lines that the same value stands on: `also on lines 6, 8 and 10`. */
function alsoLines({ dockerfile, related }: Finding): string[] {
  const own = dockerfile?.startLine
  const lines = [
    ...new Set(
      related.flatMap(({ role, dockerfile: at }) =>
        role === 'also-in' && at !== null && at.startLine !== own ? [at.startLine] : [],
      ),
    ),
  ].sort((x, y) => x - y)
  if (lines.length === 0) return []
  const last = lines.length > 1 ? ` and ${lines.pop()}` : ''
  return wrap(`also on ${last === '' ? 'line' : 'lines'} ${lines.join(', ')}${last}`, INDENT, `${INDENT}  `)
}

/** `Dockerfile:5: medium: message [rule]`, as compilers write, so that editors and problem matchers find the line. */
export function renderLint(results: readonly LintResult[], { verbose }: { readonly verbose: boolean }): string {
  const lines: string[] = []
  for (const { path, verdict } of results) {
    const shown = verdict.findings
      .filter(({ suppressed, severity }) => suppressed === null && (verbose || severity !== 'info'))
      .sort(order)
    for (const finding of shown) {
      const { dockerfile, severity, message, ruleId, remedy } = finding
      lines.push(
        visible(`${dockerfile?.path ?? path}:${dockerfile?.startLine ?? 1}: ${severity}: ${message} [${ruleId}]`),
      )
      lines.push(...alsoLines(finding))
      if (remedy !== '') lines.push(...wrap(`→ ${visible(remedy)}`, INDENT, `${INDENT}  `))
    }
    const accepted = verdict.findings.filter(({ suppressed }) => suppressed !== null)
    for (const { dockerfile, ruleId, suppressed } of verbose ? accepted : [])
      lines.push(
        visible(
          `${dockerfile?.path ?? path}:${dockerfile?.startLine ?? 1}: accepted: ${ruleId}${suppressed?.expires == null ? '' : ` until ${suppressed.expires}`} (${suppressed?.reason})`,
        ),
      )
    for (const { message } of verdict.warnings) lines.push(...wrap(visible(message), 'note: ', '      '))
    const info = verdict.findings.filter(
      ({ suppressed, severity }) => suppressed === null && severity === 'info',
    ).length
    const counts = tally(verdict.counts)
    const rest = [
      counts === '' ? 'nothing found' : counts,
      `${plural(verdict.passed.length, 'rule')} passed`,
      ...(accepted.length === 0 ? [] : [`${accepted.length} accepted`]),
      ...(info === 0 || verbose ? [] : [`${info} for information (--verbose)`]),
    ]
    lines.push(`${verdict.result === 'fail' ? 'FAIL' : 'PASS'}  ${visible(path)} · ${rest.join(' · ')}`)
  }
  return `${lines.join('\n')}\n`
}

/** The same for programs: findings as in the JSON report of an image. */
export const renderLintJson = (results: readonly LintResult[]): string =>
  `${visibleJson({
    schemaVersion: 1,
    tool: { name: 'layergate', version: VERSION },
    files: results.map(({ path, verdict }) => ({
      path,
      verdict: { result: verdict.result, counts: verdict.counts, suppressed: verdict.suppressed },
      findings: verdict.findings,
      warnings: verdict.warnings,
    })),
  })}\n`
