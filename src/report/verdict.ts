// The first lines of every report that people read: what happened, in words.

import type { Finding, Severity } from '../finding/finding.ts'
import { SEVERITIES } from '../finding/finding.ts'
import type { Report } from '../outcome/contract.ts'
import { describeLoosenings } from '../policy/loosening.ts'
import { number, plural, shownFindings, tally } from './phrases.ts'

/** What the image does that decides the verdict: `leaks 2 secrets`, `breaks the policy`. */
function offence({ findings }: Report): string {
  const leaks = findings.filter(({ fails, secret }) => fails && secret !== null).length
  return leaks === 0 ? 'breaks the policy' : leaks === 1 ? 'leaks a secret' : `leaks ${number(leaks)} secrets`
}

/** The image fails, and `fail-on: never` lets the job go on. */
export const isMild = ({ verdict }: Report): boolean => verdict.result === 'fail' && verdict.failOn === 'never'

/** `❌ my-app leaks a secret`. @param name the image's name, marked up as the report does */
export function headline(report: Report, name: string): string {
  const { verdict } = report
  if (isMild(report)) return `⚠️ ${name} would fail: it ${offence(report)}`
  if (verdict.result === 'fail') return `❌ ${name} ${offence(report)}`
  const shown = shownFindings(report)
  if (shown.length === 0) return `✅ ${name} is clean`
  return shown.every(({ status }) => status === 'known') ? `✅ ${name} adds nothing new` : `✅ ${name} passes`
}

/** How many findings there are of each severity. */
export const countsOf = (findings: readonly Finding[]): Record<Severity, number> =>
  Object.fromEntries(
    SEVERITIES.map((severity) => [severity, findings.filter((finding) => finding.severity === severity).length]),
  ) as Record<Severity, number>

/** `1 critical new`, `3 medium known`, `2 fixed`; without a baseline the counts alone. @param strong marks up what is new @param none what is said where there is nothing */
export function countParts(report: Report, strong: (text: string) => string, none = 'no findings'): string[] {
  const { verdict, baseline } = report
  const open = report.findings.filter(({ suppressed }) => suppressed === null)
  const [fresh, known] = [
    tally(countsOf(open.filter(({ status }) => status !== 'known'))),
    tally(countsOf(open.filter(({ status }) => status === 'known'))),
  ]
  if (baseline.name === null) return [fresh === '' ? none : strong(fresh)]
  return [
    fresh === '' ? 'nothing new' : `${strong(fresh)} new`,
    ...(verdict.known === 0 ? [] : [`${known} known`]),
    ...(baseline.fixed.length === 0 ? [] : [`${baseline.fixed.length} fixed`]),
  ]
}

/** `.layergate.yml fails on high`, and what that means where it never fails. */
export const ruleOfVerdict = ({ policy, verdict }: Report, name: (text: string) => string): string =>
  `${name(policy.name)} ${verdict.failOn === 'never' ? `never fails (it would on ${verdict.threshold})` : `fails on ${verdict.failOn}`}`

/** What the pull request loosens, in one sentence, and since when it counts; null for nothing. @param code marks up what a person can type */
export function loosenedSentences(
  { policy }: Report,
  code: (text: string) => string = (text) => text,
): { readonly what: string; readonly when: string } | null {
  if (policy.loosened.length === 0) return null
  return {
    what: `This pull request ${describeLoosenings(policy.loosened)}.`,
    when: `That takes effect after the merge: this run follows the policy of the base commit${policy.commit === null ? '' : ` ${policy.commit.slice(0, 7)}`}. ${code('policy-from: head')} tries it.`,
  }
}

/** `7 rules passed`. */
export const passedCount = ({ verdict }: Report): string => `${plural(verdict.passed.length, 'rule')} passed`
