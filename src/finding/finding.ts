// A finding as every report shows it: part of the contract of the JSON report (docs/REPORT.md).
import * as z from 'zod'
import { TAR_FIELDS } from '../layer/layer-scan.ts'
import type { Strength } from '../secrets/detector.ts'

export const SEVERITIES = ['critical', 'high', 'medium', 'low', 'info'] as const
const CONFIDENCES = ['high', 'medium', 'low'] as const

export const severitySchema = z.enum(SEVERITIES)
export const confidenceSchema = z.enum(CONFIDENCES)

export type Severity = z.output<typeof severitySchema>
export type Confidence = z.output<typeof confidenceSchema>

/** How grave a secret is that nothing but its match tells of. */
export const SEVERITY_OF: Readonly<Record<Strength, Severity>> = {
  proven: 'critical',
  likely: 'high',
  possible: 'medium',
  harmless: 'low',
}

/** Whether `a` is at least as grave as `b`. */
export const atLeast = (a: Severity, b: Severity): boolean => SEVERITIES.indexOf(a) <= SEVERITIES.indexOf(b)
export const atLeastAsSure = (a: Confidence, b: Confidence): boolean => CONFIDENCES.indexOf(a) <= CONFIDENCES.indexOf(b)

export const dockerfileSchema = z.object({
  path: z.string(),
  startLine: z.number().int().min(1),
  endLine: z.number().int().min(1),
  certainty: z
    .enum(['exact', 'aligned'])
    .describe('exact: from provenance; aligned: the history held against the Dockerfile'),
  changed: z
    .literal(true)
    .optional()
    .describe('the lines are those of the Dockerfile that was built; no file of the checkout has its content'),
})

export const baseCertaintySchema = z
  .enum(['proven', 'aligned'])
  .nullable()
  // Reports of earlier versions have none.
  .default(null)
  .describe(
    "proven: the digests of the base's layers are known; aligned: what is left of the history in front of the Dockerfile's instructions",
  )

/** A change after which the finding is gone. */
const fixSchema = z.object({
  path: z.string().describe('the Dockerfile'),
  edits: z
    .array(
      z.object({
        startLine: z.number().int().min(1),
        endLine: z.number().int().min(1),
        lines: z.array(z.string()).readonly(),
      }),
    )
    .readonly()
    .describe('lines and what takes their place; none: they go'),
  ignore: z
    .object({ path: z.string(), patterns: z.array(z.string()).readonly() })
    .nullable()
    .describe('patterns for .dockerignore'),
  build: z.array(z.string()).readonly().describe('options that docker build then takes'),
})

export const locationSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('layer'),
    layer: z.number().int().min(0),
    path: z.string().describe('absolute path in the image'),
    inside: z.string().optional().describe('path inside nested archives, joined by !/'),
    line: z.number().int().min(1).nullable(),
    offset: z.number().int().min(0).nullable().describe('bytes from the start of the file'),
  }),
  z.object({ kind: z.literal('history'), history: z.number().int().min(0) }),
  z.object({
    kind: z.literal('config'),
    field: z
      .string()
      .describe(
        'Env.NAME, Labels.NAME, Annotations.NAME (of the manifest), Cmd, Entrypoint, Healthcheck, OnBuild, User, WorkingDir, …; any other key by its path',
      ),
  }),
  z.object({ kind: z.literal('attestation'), predicateType: z.string(), field: z.string() }),
  z.object({
    kind: z.literal('manifest'),
    field: z.string().describe('path in the manifest, layers[0].annotations.NAME'),
  }),
  z.object({
    kind: z.literal('index'),
    field: z
      .string()
      .describe(
        'path in the index, manifests[0].annotations.NAME; of another file of the archive its name, then the path',
      ),
  }),
  z.object({
    kind: z.literal('tar').describe("in a layer's tar, beside the contents of its files"),
    layer: z.number().int().min(0),
    path: z.string().describe('of the entry; / for what speaks of none or of all'),
    field: z.enum(TAR_FIELDS),
  }),
  z.object({ kind: z.literal('image') }),
])
export type Location = z.output<typeof locationSchema>

const fileState = z.enum(['present', 'deleted', 'overwritten', 'replaced'])

const relatedSchema = z.object({
  role: z.enum(['added-by', 'also-in', 'hidden-by', 'overwritten-by', 'run-by', 'base']),
  location: locationSchema,
  dockerfile: dockerfileSchema.nullable(),
  fingerprint: z.string().optional().describe('of an also-in place'),
  state: fileState.optional().describe('of an also-in place in a file'),
})
export type Related = z.output<typeof relatedSchema>

export const findingSchema = z.object({
  ruleId: z.string(),
  severity: severitySchema,
  confidence: confidenceSchema,
  title: z.string(),
  message: z.string().describe('what, where, which line; never the secret'),
  remedy: z.string().describe('what to do in this case'),
  steps: z
    .array(z.string())
    .readonly()
    .optional()
    .describe('remedy, step by step; reports of earlier versions have none'),
  fingerprint: z.string().describe('names the place, not the value; survives rebuilds'),
  fix: fixSchema.nullable().describe('the change itself, where one is certain'),
  location: locationSchema,
  dockerfile: dockerfileSchema.nullable(),
  related: z.array(relatedSchema),
  file: z
    .object({
      state: fileState,
      mode: z.string().describe('octal'),
      uid: z.number(),
      gid: z.number(),
      size: z.number(),
      sha256: z.string().nullable(),
      package: z.string().nullable(),
      source: z
        .object({ path: z.string(), ignoredBy: z.string().nullable() })
        .nullable()
        .describe(
          'the file of the checkout with the same content, and the pattern of .dockerignore that keeps it out today',
        ),
    })
    .nullable(),
  secret: z
    .object({
      detector: z.string(),
      title: z
        .string()
        .optional()
        .describe('what it is, without where: GitHub token; reports of earlier versions have none'),
      redacted: z.string(),
      length: z.number().int(),
      keyedHash: z.string().nullable().describe('HMAC-SHA-256 under the salt; null for passwords'),
      tag: z.string().describe('16 bits that tell values of one report apart'),
      ignoreValue: z
        .string()
        .optional()
        .describe('what `value` of an ignore entry takes, under the salt of the configuration; not there without one'),
      occurrences: z.number().int().min(1),
      strength: z
        .enum(['proven', 'likely', 'possible', 'harmless'])
        .optional()
        .describe('how sure the match alone is; the severity follows from it and from where the value stands'),
      facts: z.record(z.string(), z.string()),
    })
    .nullable(),
  references: z.array(z.object({ name: z.string(), url: z.string() })),
  origin: z.enum(['own', 'base', 'unknown']),
  originCertainty: baseCertaintySchema.describe('of origin base; null for any other'),
  fails: z.boolean().describe('it is one of those that decide a verdict of fail'),
  status: z.enum(['new', 'known']).nullable().describe('known: the baseline has it; null without a baseline'),
  pending: z
    .object({
      by: z.enum(['config', 'inline']),
      reason: z.string(),
      expires: z.string().nullable(),
      isWhole: z.boolean().describe('at all its places'),
    })
    .nullable()
    .default(null)
    .describe('what accepts it once the pull request is merged; the policy of the base commit does not have it yet'),
  suppressed: z
    .object({ by: z.enum(['config', 'inline']), reason: z.string(), expires: z.string().nullable() })
    .nullable(),
})
export type Finding = z.output<typeof findingSchema>
