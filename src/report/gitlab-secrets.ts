// The secret detection report of GitLab: leaks in its vulnerability report and approval policies.
// https://gitlab.com/gitlab-org/security-products/security-report-schemas (secret-detection-report-format.json)
import type { Severity } from '../finding/finding.ts'
import type { Outcome } from '../outcome/outcome.ts'
import { HOME, VERSION } from '../version.ts'
import { visible, visibleJson } from './escape.ts'
import { placeInRepository } from './repository-place.ts'

/** The version of the schema that this fits. */
const SCHEMA_VERSION = '15.2.4'
/** What GitLab's own analyzer writes where no commit is known: the schema asks for one. */
const NO_COMMIT = '0000000'
/** Characters that the schema takes. */
const MAX_NAME = 255
const MAX_SOLUTION = 7000

const SEVERITIES: Record<Severity, string> = {
  critical: 'Critical',
  high: 'High',
  medium: 'Medium',
  low: 'Low',
  info: 'Info',
}

/** `2026-11-23T12:00:00`, in UTC. */
const timeOf = (date: Date): string => date.toISOString().slice(0, 19)

/**
 * Renders the secrets of the report; what else was found is for Code Quality. Suppressed findings are left out.
 * @param commit what was built; null where it is not known
 */
export function renderGitlabSecrets(
  { report, source, redactor }: Outcome,
  {
    configPath,
    commit,
    now,
  }: { readonly configPath: string | null; readonly commit: string | null; readonly now: Date },
): string {
  const files = { dockerfile: source?.path ?? null, config: configPath }
  const program = { id: 'layergate', name: 'Layergate', url: HOME, vendor: { name: 'Layergate' }, version: VERSION }
  return `${visibleJson({
    version: SCHEMA_VERSION,
    scan: {
      analyzer: program,
      scanner: program,
      type: 'secret_detection',
      start_time: timeOf(new Date(now.getTime() - report.stats.seconds * 1000)),
      end_time: timeOf(now),
      status: 'success',
    },
    vulnerabilities: report.findings.flatMap(
      ({ ruleId, severity, fingerprint, title, message, remedy, dockerfile, secret, suppressed }) => {
        if (secret === null || suppressed !== null) return []
        const { path, lines } = placeInRepository(dockerfile, files)
        return [
          {
            id: fingerprint,
            name: redactor.cut(visible(title), MAX_NAME),
            description: visible(message),
            severity: SEVERITIES[severity],
            solution: redactor.cut(visible(remedy), MAX_SOLUTION),
            identifiers: [
              {
                type: 'layergate_detector',
                name: `Layergate detector ${secret.detector}`,
                value: secret.detector,
                url: `${HOME}/blob/main/docs/detectors.md`,
              },
              {
                type: 'layergate_rule',
                name: `Layergate rule ${ruleId}`,
                value: ruleId,
                url: `${HOME}/blob/main/docs/rules/${ruleId}.md`,
              },
            ],
            location: {
              file: path,
              commit: { sha: commit ?? NO_COMMIT },
              ...(lines === null ? {} : { start_line: lines.startLine, end_line: lines.endLine }),
            },
          },
        ]
      },
    ),
  })}\n`
}
