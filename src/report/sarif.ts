// SARIF 2.1.0 for code scanning. https://docs.oasis-open.org/sarif/sarif/v2.1.0/ and the platform's own limits:
// https://docs.github.com/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning

import type { Finding, Related, Severity } from '../finding/finding.ts'
import type { LintResult } from '../lint.ts'
import type { Outcome } from '../outcome/outcome.ts'
import { RULES } from '../rules/list.ts'
import type { Redactor } from '../secrets/redact.ts'
import { HOME, VERSION } from '../version.ts'
import { visible, visibleJson } from './escape.ts'
import { placeName } from './phrases.ts'
import { type KnownFiles, placeInRepository } from './repository-place.ts'

/** Results of one run that the platform takes. */
const MAX_RESULTS = 5000
const MAX_RELATED = 50

const LEVELS: Record<Severity, string> = {
  critical: 'error',
  high: 'error',
  medium: 'warning',
  low: 'note',
  info: 'note',
}
/** The platform sorts by this number: 9 and more is critical, 7 high, 4 medium. */
const SECURITY_SEVERITY: Record<Severity, string> = {
  critical: '9.5',
  high: '8.0',
  medium: '5.5',
  low: '2.5',
  info: '0.5',
}

/** What a result may point at. */
interface Files extends KnownFiles {
  /** Lines of the Dockerfile, all secrets hidden. */
  readonly lines: readonly string[]
  readonly redactor: Redactor
}

/** Characters of an instruction that are quoted. */
const MAX_SNIPPET = 2000

const uri = (path: string): string => path.split('/').map(encodeURIComponent).join('/')

const visibleLines = (lines: readonly string[], redactor: Redactor): string =>
  redactor.cut(lines.map(visible).join('\n'), MAX_SNIPPET)

function physical(at: Finding['dockerfile'], files: Files): object {
  const { path, lines } = placeInRepository(at, files)
  if (lines === null) return { artifactLocation: { uri: uri(path) } }
  const snippet =
    path === files.dockerfile
      ? visibleLines(files.lines.slice(lines.startLine - 1, lines.endLine), files.redactor)
      : null
  return {
    artifactLocation: { uri: uri(path) },
    region: {
      startLine: lines.startLine,
      endLine: lines.endLine,
      ...(snippet === null ? {} : { snippet: { text: snippet } }),
    },
  }
}

function logical(location: Finding['location']): object[] {
  if (location.kind !== 'layer' && location.kind !== 'tar')
    return [{ name: visible(placeName(location)), kind: 'object' }]
  return [
    { name: `layer ${location.layer}`, kind: 'module' },
    {
      name: visible(location.path),
      fullyQualifiedName: visible(`layer ${location.layer}:${location.path}`),
      kind: 'resource',
    },
  ]
}

const ROLE_TEXT: Record<Related['role'], string> = {
  'added-by': 'added by',
  'also-in': 'also in',
  'hidden-by': 'hidden by',
  'overwritten-by': 'overwritten by',
  'run-by': 'run by',
  base: 'base image',
}

function toResult(finding: Finding, files: Files): object {
  const related = finding.related
    .filter(({ dockerfile }) => dockerfile !== null && dockerfile.changed !== true)
    .slice(0, MAX_RELATED)
  const links = related.map(
    ({ role, location }, id) =>
      `[${ROLE_TEXT[role]} ${visible(placeName(location)).replace(/[[\]\\]/g, '\\$&')}](${id + 1})`,
  )
  const start =
    finding.dockerfile === null
      ? 'line not known: '
      : finding.dockerfile.changed === true
        ? `line ${finding.dockerfile.startLine} of the Dockerfile as it was built: `
        : ''
  return {
    ruleId: finding.ruleId,
    ruleIndex: RULES.findIndex(({ meta }) => meta.id === finding.ruleId),
    level: LEVELS[finding.severity],
    message: {
      text: `${start}${visible(finding.message)}${links.length === 0 ? '' : ` See: ${links.join(', ')}.`} ${visible(finding.remedy)}`,
    },
    locations: [{ physicalLocation: physical(finding.dockerfile, files), logicalLocations: logical(finding.location) }],
    ...(related.length === 0
      ? {}
      : {
          relatedLocations: related.map(({ role, location, dockerfile }, id) => ({
            id: id + 1,
            physicalLocation: physical(dockerfile, files),
            logicalLocations: logical(location),
            message: { text: `${ROLE_TEXT[role]} ${visible(placeName(location))}` },
          })),
        }),
    // The platform tells alerts apart by the first alone; else all of one rule on one line would be one alert.
    partialFingerprints: { primaryLocationLineHash: `${finding.fingerprint}:1`, 'layergate/v1': finding.fingerprint },
    ...(finding.status === null ? {} : { baselineState: finding.status === 'new' ? 'new' : 'unchanged' }),
    properties: {
      severity: finding.severity,
      confidence: finding.confidence,
      origin: finding.origin,
      'security-severity': SECURITY_SEVERITY[finding.severity],
    },
  }
}

interface Run {
  readonly id: string
  readonly results: readonly object[]
  readonly warnings: readonly { readonly code: string; readonly message: string }[]
  readonly properties: object
}

const tooMany = (count: number): Run['warnings'][number] => ({
  code: 'results-left-out',
  message: `${count - MAX_RESULTS} of ${count} results are left out, the least grave: the platform shows ${MAX_RESULTS}. The JSON report has all.`,
})

/** One run of SARIF: the rules, and what they found. */
function renderRun({ id, results, warnings, properties }: Run): string {
  return `${visibleJson({
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'Layergate',
            semanticVersion: VERSION,
            informationUri: HOME,
            rules: RULES.map(({ meta }) => ({
              id: meta.id,
              name: meta.id.replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase()),
              shortDescription: { text: meta.title },
              fullDescription: { text: meta.description },
              help: {
                text: `${meta.description} ${meta.remedy}`,
                markdown: `${meta.description}\n\n**What to do:** ${meta.remedy}\n\n${meta.references.map(({ name, url }) => `- [${name}](${url})`).join('\n')}`,
              },
              helpUri: `${HOME}/blob/main/docs/rules/${meta.id}.md`,
              defaultConfiguration: { level: LEVELS[meta.severity] },
              properties: {
                'security-severity': SECURITY_SEVERITY[meta.severity],
                precision: meta.confidence === 'high' ? 'high' : 'medium',
                tags: ['security', 'container', meta.kind === 'secret' ? 'secret' : 'hardening'],
              },
            })),
          },
        },
        automationDetails: { id },
        invocations: [
          {
            executionSuccessful: true,
            toolConfigurationNotifications: [
              ...warnings,
              ...(results.length > MAX_RESULTS ? [tooMany(results.length)] : []),
            ].map(({ code, message }) => ({
              level: 'warning',
              descriptor: { id: code },
              message: { text: visible(message) },
            })),
          },
        ],
        results: results.slice(0, MAX_RESULTS),
        properties,
      },
    ],
  })}\n`
}

/** What `layergate lint` found, as SARIF. */
export function renderLintSarif(results: readonly LintResult[]): string {
  return renderRun({
    id: 'layergate/lint/',
    results: results.flatMap(({ path, lines, verdict, redactor }) =>
      verdict.findings
        .filter(({ suppressed }) => suppressed === null)
        .map((finding) => toResult(finding, { dockerfile: path, config: path, lines, redactor })),
    ),
    warnings: results.flatMap(({ verdict }) => verdict.warnings),
    properties: {},
  })
}

/**
 * Renders SARIF. Suppressed findings are left out: the platform would open them as alerts.
 * @param configPath where a result points whose line and Dockerfile are not known
 */
export function renderSarif({ report, source, redactor }: Outcome, configPath: string | null): string {
  const { image } = report
  const files: Files = { dockerfile: source?.path ?? null, config: configPath, lines: source?.lines ?? [], redactor }
  const results = report.findings.filter(({ suppressed }) => suppressed === null)
  return renderRun({
    id: `layergate/${report.name.replace(/[^\w./:-]+/g, '-')}/`,
    results: results.map((finding) => toResult(finding, files)),
    warnings: report.warnings,
    properties: {
      image: image.reference,
      name: report.name,
      verdict: report.verdict.result,
      fixed: report.fixed,
      loosened: report.policy.loosened.map(({ text }) => text),
      id: image.id,
      digest: image.digest,
      platform: image.platform,
    },
  })
}
