// From the verdict to the data of the reports; the one place where everything passes the redactor.
import { createHash } from 'node:crypto'
import type { Dockerfile } from '../dockerfile/dockerfile.ts'
import type { GateError } from '../error.ts'
import type { Inspection } from '../evidence/inspect.ts'
import type { Inventory } from '../evidence/inventory.ts'
import { locationOf } from '../evidence/location.ts'
import type { Quiet } from '../evidence/quiet.ts'
import type { Finding } from '../finding/finding.ts'
import { platformName } from '../image/platform.ts'
import type { Authority } from '../policy/authority.ts'
import type { Verdict } from '../policy/judge.ts'
import type { Loosening } from '../policy/loosening.ts'
import type { Policy } from '../policy/policy.ts'
import { learned } from '../secrets/last-look.ts'
import type { Redactor } from '../secrets/redact.ts'
import type { Scanner } from '../secrets/scanner.ts'
import { VERSION } from '../version.ts'
import type { Report } from './contract.ts'
import { withoutHiddenFix } from './fix.ts'
import type { Outcome } from './outcome.ts'

interface Parts {
  readonly inspection: Inspection
  readonly verdict: Verdict
  readonly name: string
  readonly policy: Policy
  readonly authority: Authority
  readonly loosenings: readonly Loosening[]
  /** What was compared with. */
  readonly baseline: string | null
  readonly salt: string
  readonly inventory: Inventory | null
  /** Looks once more through all that will be shown. */
  readonly scanner: Scanner
  readonly seconds: number
}

/** Of a record that holds nothing. */
const NO_SALT = '0'.repeat(32)

const TOOL = { name: 'layergate', version: VERSION } as const

/** Builds the outcome of a run. */
export function buildOutcome({
  inspection: { evidence, image, redactor: known, masks, leaks },
  verdict,
  name,
  policy,
  authority,
  loosenings,
  baseline,
  salt,
  inventory,
  scanner,
  seconds,
}: Parts): Outcome {
  const { origin, layers, programs, user } = evidence
  const withStatus = (status: Finding['status']): number =>
    verdict.findings.filter((finding) => finding.suppressed === null && finding.status === status).length
  const report: Outcome['report'] = {
    schemaVersion: 1,
    tool: TOOL,
    name,
    image: {
      reference: image.reference,
      source: image.source,
      id: image.id,
      digest: image.digest,
      platform: platformName(image.platform),
      created: image.config.created,
      size: layers.reduce((sum, { size }) => sum + size, 0),
      user: { configured: user.configured, uid: user.uid, gid: user.gid, isRoot: user.isRoot },
      base:
        origin.base === null
          ? null
          : {
              reference: origin.base.reference,
              digest: origin.base.digest,
              layers: origin.base.layers,
              source: origin.base.source,
            },
      baseReason: origin.baseReason?.text ?? null,
      baseMissing: origin.baseReason?.missing ?? null,
      distroless: {
        verdict: programs.distroless,
        shells: [...programs.shells],
        packageManagers: [...programs.packageManagers],
        utilities: [...programs.utilities],
      },
      layers: layers.map((scan, index) => {
        const from = origin.layers[index]
        const stored = image.layers[index]
        return {
          index,
          diffId: scan.diffId,
          digest: stored?.digest ?? null,
          mediaType: stored?.mediaType ?? null,
          size: scan.size,
          files: scan.entries.filter(
            ({ type, whiteout }) => whiteout === null && (type === 'file' || type === 'hardlink'),
          ).length,
          whiteouts: scan.entries.filter(({ whiteout }) => whiteout !== null).length,
          history: from?.history ?? null,
          createdBy: from?.history == null ? null : (image.config.history?.[from.history]?.createdBy ?? null),
          base: from === undefined || from.owner === 'unknown' ? null : from.owner === 'base',
          baseCertainty: from?.certainty ?? null,
          dockerfile: from?.lines ?? null,
          merged: from?.merged ?? [],
        }
      }),
      history: origin.history.map(({ entry, layer, owner, certainty, lines }) => ({
        created: entry.created,
        createdBy: entry.createdBy,
        layer,
        base: owner === 'unknown' ? null : owner === 'base',
        baseCertainty: certainty,
        dockerfile: lines,
      })),
    },
    findings: [...verdict.findings],
    verdict: {
      result: verdict.result,
      failOn: policy.failOn,
      threshold: policy.threshold,
      counts: verdict.counts,
      suppressed: verdict.suppressed,
      new: withStatus('new'),
      known: withStatus('known'),
      passed: [...verdict.passed],
    },
    policy: {
      name: policy.name,
      from: authority.from,
      commit: authority.from === 'base' ? authority.commit : null,
      loosened: loosenings.map((each) => ({ ...each })),
    },
    baseline: { name: baseline, fixed: [...verdict.fixed], record: { salt, findings: [...verdict.record] } },
    fixed: verdict.fixed.flatMap(({ fingerprints }) => fingerprints.slice(0, 1)),
    quiet: leaks.quiet.list.map(quietData),
    warnings: [...verdict.warnings],
    notJudged: [...image.notJudged],
    stats: {
      bytes: layers.reduce((sum, { size }) => sum + size, 0),
      files: layers.reduce((sum, { entries }) => sum + entries.filter(({ type }) => type === 'file').length, 0),
      seconds: Math.round(seconds * 1000) / 1000,
      layersFromCache: 0,
      vouchedFiles: leaks.quiet.count('package'),
      knownPublic: leaks.quiet.count('known-public'),
      allowed: leaks.quiet.count('allowed'),
      skipped: [...evidence.skipped],
    },
  }
  const { dockerfile } = origin
  const redactor = learned(
    known,
    scanner,
    report,
    dockerfile?.lines ?? [],
    origin.history.map(({ instruction }) => instruction.display),
    inventory,
  )
  const findings = report.findings.map((finding) => withoutHiddenFix(finding, dockerfile?.lines ?? [], redactor))
  return {
    report: redactor.data({ ...report, findings }),
    isPublic: false,
    source: dockerfile === null ? null : sourceOf(dockerfile, redactor),
    instructions: origin.history.map(({ instruction }) => redactor.text(instruction.display)),
    masks,
    inventory,
    redactor,
  }
}

/** Hex digits by which a quiet value is named. */
const ID_LENGTH = 12

function quietData({ why, source, detector, title, place }: Quiet): NonNullable<Report['quiet']>[number] {
  const location = locationOf(place, true)
  const id = createHash('sha256')
    .update(JSON.stringify([why, detector, location]))
    .digest('hex')
    .slice(0, ID_LENGTH)
  return { id, why, source, detector, title, location, dockerfile: place.lines }
}

function sourceOf({ path, lines }: Dockerfile, redactor: Redactor): Outcome['source'] {
  const shown = redactor.lines(lines)
  return {
    path: redactor.name(path),
    lines: shown,
    hidden: new Set(shown.flatMap((line, index) => (line === lines[index] ? [] : [index + 1]))),
  }
}

/** The report of a run that could not reach a verdict. */
export function errorReport(error: GateError, name: string): Report {
  return {
    schemaVersion: 1,
    tool: TOOL,
    name,
    image: null,
    findings: [],
    verdict: {
      result: 'error',
      failOn: 'high',
      threshold: 'high',
      counts: { critical: 0, high: 0, medium: 0, low: 0, info: 0 },
      suppressed: 0,
      new: 0,
      known: 0,
      passed: [],
    },
    policy: { name: 'not read', from: 'checkout', commit: null, loosened: [] },
    baseline: { name: null, fixed: [], record: { salt: NO_SALT, findings: [] } },
    error: { code: error.code, message: error.message },
    fixed: [],
    warnings: [],
    notJudged: [],
    stats: { bytes: 0, files: 0, seconds: 0, layersFromCache: 0, vouchedFiles: 0, knownPublic: 0, skipped: [] },
  }
}
