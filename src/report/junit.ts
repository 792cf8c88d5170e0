// JUnit XML, which nearly every CI shows as tests: one test a rule, a failure for each finding that fails.
// https://github.com/testmoapp/junitxml
import type { Finding } from '../finding/finding.ts'
import type { Outcome } from '../outcome/outcome.ts'
import { xml } from './escape.ts'
import { lineName, shownFindings } from './phrases.ts'

const failure = (finding: Finding): string =>
  `      <failure type="${finding.severity}" message="${xml(`${finding.title} (${lineName(finding)})`)}">${xml(finding.message)} ${xml(finding.remedy)}</failure>`

const note = (finding: Finding): string => `${finding.severity}: ${xml(lineName(finding))}: ${xml(finding.message)}`

function testcase(rule: string, findings: readonly Finding[]): string {
  const failing = findings.filter(({ fails }) => fails)
  const others = findings.filter(({ fails }) => !fails)
  const inside = [
    ...failing.map(failure),
    ...(others.length === 0 ? [] : [`      <system-out>${others.map(note).join('\n')}</system-out>`]),
  ]
  const head = `    <testcase classname="layergate" name="${xml(rule)}"`
  return inside.length === 0 ? `${head}/>` : `${head}>\n${inside.join('\n')}\n    </testcase>`
}

function suite(
  name: string,
  counts: { readonly tests: number; readonly failures: number; readonly errors: number },
  cases: readonly string[],
  seconds: number,
): string {
  const numbers = `tests="${counts.tests}" failures="${counts.failures}" errors="${counts.errors}"`
  const body = cases.length === 0 ? '' : `${cases.join('\n')}\n`
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="Layergate" ${numbers}>\n  <testsuite name="${xml(name)}" ${numbers} time="${seconds.toFixed(3)}">\n${body}  </testsuite>\n</testsuites>\n`
}

/** Renders the report. Findings that do not fail stand in the output of the rule's test. */
export function renderJunit({ report }: Outcome): string {
  const findings = shownFindings(report)
  const rules = [...new Set([...findings.map(({ ruleId }) => ruleId), ...report.verdict.passed])].sort()
  const failing = new Set(findings.filter(({ fails }) => fails).map(({ ruleId }) => ruleId))
  return suite(
    report.name,
    { tests: rules.length, failures: failing.size, errors: 0 },
    rules.map((rule) =>
      testcase(
        rule,
        findings.filter(({ ruleId }) => ruleId === rule),
      ),
    ),
    report.stats.seconds,
  )
}

/** What is written when nothing was judged: a test that could not run. */
export const renderJunitError = (error: { readonly code: string; readonly message: string }, name: string): string =>
  suite(
    name,
    { tests: 1, failures: 0, errors: 1 },
    [
      `    <testcase classname="layergate" name="image">\n      <error type="${xml(error.code)}" message="${xml(error.message)}"/>\n    </testcase>`,
    ],
    0,
  )
