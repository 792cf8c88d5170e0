// Code Quality of GitLab: findings in a merge request and on its changed lines.
// https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
import type { Severity } from '../finding/finding.ts'
import type { Outcome } from '../outcome/outcome.ts'
import { visible, visibleJson } from './escape.ts'
import { placeInRepository } from './repository-place.ts'

const SEVERITIES: Record<Severity, string> = {
  critical: 'blocker',
  high: 'critical',
  medium: 'major',
  low: 'minor',
  info: 'info',
}

/**
 * Renders the report. Suppressed findings are left out: the platform would show them.
 * @param configPath where a finding points whose line and Dockerfile are not known
 */
export function renderGitlab({ report, source }: Outcome, configPath: string | null): string {
  const files = { dockerfile: source?.path ?? null, config: configPath }
  const findings = report.findings.filter(({ suppressed }) => suppressed === null)
  return `${visibleJson(
    findings.map(({ ruleId, severity, fingerprint, message, remedy, dockerfile }) => {
      const { path, lines } = placeInRepository(dockerfile, files)
      return {
        description: `${visible(message)} ${visible(remedy)}`,
        check_name: ruleId,
        fingerprint,
        severity: SEVERITIES[severity],
        location: { path, lines: { begin: lines?.startLine ?? 1 } },
      }
    }),
  )}\n`
}
