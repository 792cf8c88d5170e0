// From the verdict to the data of the reports; the one place where everything passes the redactor.

import type { GateError } from '../error.ts'
import type { Evidence } from '../evidence/evidence.ts'
import { type Image, platformName } from '../image/image.ts'
import type { Verdict } from '../policy/judge.ts'
import type { Policy } from '../policy/policy.ts'
import type { Redactor } from '../secrets/redact.ts'
import { VERSION } from '../version.ts'
import type { Report } from './contract.ts'
import type { Outcome } from './outcome.ts'

interface Parts {
  readonly evidence: Evidence
  readonly image: Image
  readonly verdict: Verdict
  readonly policy: Policy
  readonly redactor: Redactor
  readonly values: readonly { readonly value: string }[]
  readonly vouchedFiles: number
  readonly seconds: number
}

const TOOL = { name: 'layergate', version: VERSION } as const

/** Builds the outcome of a run. */
export function buildOutcome({ evidence, image, verdict, policy, redactor, values, vouchedFiles, seconds }: Parts): Outcome {
  const { origin, layers, programs, user } = evidence
  const report: Outcome['report'] = {
    schemaVersion: 1,
    tool: TOOL,
    image: {
      reference: image.reference,
      source: image.source,
      id: image.id,
      digest: image.digest,
      platform: platformName(image.platform),
      created: image.config.created,
      size: layers.reduce((sum, { size }) => sum + size, 0),
      user: { configured: user.configured, uid: user.uid, gid: user.gid, isRoot: user.isRoot },
      base: origin.base === null ? null : { reference: origin.base.reference, digest: origin.base.digest, layers: origin.base.layers, source: origin.base.source },
      distroless: { verdict: programs.distroless, shells: [...programs.shells], packageManagers: [...programs.packageManagers], utilities: [...programs.utilities] },
      layers: layers.map((scan, index) => {
        const from = origin.layers[index]
        const stored = image.layers[index]
        return {
          index,
          diffId: scan.diffId,
          digest: stored?.digest ?? null,
          mediaType: stored?.mediaType ?? null,
          size: scan.size,
          files: scan.entries.filter(({ type, whiteout }) => whiteout === null && (type === 'file' || type === 'hardlink')).length,
          whiteouts: scan.entries.filter(({ whiteout }) => whiteout !== null).length,
          history: from?.history ?? null,
          createdBy: from?.history == null ? null : (image.config.history?.[from.history]?.createdBy ?? null),
          base: from === undefined || from.owner === 'unknown' ? null : from.owner === 'base',
          dockerfile: from?.lines ?? null,
          merged: from?.merged ?? [],
        }
      }),
      history: origin.history.map(({ entry, layer, owner, lines }) => ({
        created: entry.created,
        createdBy: entry.createdBy,
        layer,
        base: owner === 'unknown' ? null : owner === 'base',
        dockerfile: lines,
      })),
    },
    findings: [...verdict.findings],
    verdict: { result: verdict.result, failOn: policy.failOn, counts: verdict.counts, suppressed: verdict.suppressed, new: 0, known: 0 },
    fixed: [],
    warnings: [...verdict.warnings],
    notJudged: [...image.notJudged],
    stats: {
      bytes: layers.reduce((sum, { size }) => sum + size, 0),
      files: layers.reduce((sum, { entries }) => sum + entries.filter(({ type }) => type === 'file').length, 0),
      seconds: Math.round(seconds * 1000) / 1000,
      layersFromCache: 0,
      vouchedFiles,
      skipped: [...evidence.skipped],
    },
  }
  return {
    report: redactor.data(report),
    isPublic: false,
    failing: new Set([...verdict.failing].map(({ fingerprint }) => fingerprint)),
    source: origin.dockerfile === null ? null : { path: origin.dockerfile.path, lines: origin.dockerfile.lines.map((line) => redactor.text(line)) },
    instructions: origin.history.map(({ instruction }) => redactor.text(instruction.display)),
    passed: verdict.passed,
    policy: policy.name,
    values: values.map(({ value }) => value),
  }
}

/** The report of a run that could not reach a verdict. */
export function errorReport(error: GateError, failOn: Report['verdict']['failOn']): Report {
  return {
    schemaVersion: 1,
    tool: TOOL,
    image: null,
    findings: [],
    verdict: { result: 'error', failOn, counts: { critical: 0, high: 0, medium: 0, low: 0, info: 0 }, suppressed: 0, new: 0, known: 0 },
    error: { code: error.code, message: error.message },
    fixed: [],
    warnings: [],
    notJudged: [],
    stats: { bytes: 0, files: 0, seconds: 0, layersFromCache: 0, vouchedFiles: 0, skipped: [] },
  }
}
