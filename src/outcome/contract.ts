// The JSON report as a schema: the contract with other programs (docs/REPORT.md), and the data that every other report is
// made from. Names and meanings stay; additions are fine.
import * as z from 'zod'
import { MISSING } from '../dockerfile/reason.ts'
import { baseCertaintySchema, dockerfileSchema, findingSchema, locationSchema } from '../finding/finding.ts'
import { recordSchema } from '../policy/baseline.ts'

const count = z.number().int().min(0)

const layerSchema = z.object({
  index: count,
  diffId: z.string(),
  digest: z.string().nullable(),
  mediaType: z.string().nullable(),
  size: count.describe('bytes, uncompressed'),
  files: count,
  whiteouts: count,
  history: count.nullable().describe('index of its history entry; null when it cannot be paired'),
  createdBy: z.string().nullable(),
  base: z.boolean().nullable().describe('belongs to the base image; null when not known'),
  baseCertainty: baseCertaintySchema,
  dockerfile: dockerfileSchema.nullable(),
  merged: z
    .array(count)
    .readonly()
    .describe(
      'history entries whose files it holds together, where a builder made one layer of several instructions; else empty',
    ),
})

const imageSchema = z.object({
  reference: z.string().describe('as the user named it'),
  source: z
    .enum(['docker-archive', 'oci-layout', 'dir', 'engine', 'registry'])
    .describe('dir: a directory as skopeo writes it'),
  id: z.string().describe('digest of the configuration'),
  digest: z.string().nullable().describe('digest of the manifest; null for a legacy archive'),
  platform: z.string(),
  created: z.string().nullable(),
  size: count.describe('bytes of all layers, uncompressed'),
  user: z.object({
    configured: z.string(),
    uid: z.number().nullable(),
    gid: z.number().nullable(),
    isRoot: z.boolean().nullable(),
  }),
  base: z
    .object({
      reference: z.string(),
      digest: z.string().nullable(),
      layers: count.nullable(),
      source: z.enum(['provenance', 'annotation', 'dockerfile', 'layers', 'history']),
    })
    .nullable(),
  baseReason: z
    .string()
    .nullable()
    .default(null)
    .describe('why nothing tells base from own in some layers, which then count as own; null where it is known of all'),
  baseMissing: z
    .enum(MISSING)
    .nullable()
    .default(null)
    .describe(
      'what would tell: the Dockerfile that was built (other-dockerfile: those at hand do not fit), its stage, or provenance',
    ),
  distroless: z.object({
    verdict: z.boolean(),
    shells: z.array(z.string()),
    packageManagers: z.array(z.string()),
    utilities: z.array(z.string()),
  }),
  layers: z.array(layerSchema),
  history: z
    .array(
      z.object({
        created: z.string().nullable(),
        createdBy: z.string(),
        layer: count.nullable().describe('index of the layer it made; null for none or when not known'),
        base: z.boolean().nullable().describe('belongs to the base image; null when not known'),
        baseCertainty: baseCertaintySchema,
        dockerfile: dockerfileSchema.nullable(),
      }),
    )
    .describe('oldest first, as in the configuration'),
})

const policySchema = z.object({
  name: z.string(),
  from: z.enum(['checkout', 'base']).describe('base: the files of the commit that the pull request starts from'),
  commit: z
    .string()
    .regex(/^[0-9a-f]{40,64}$/)
    .nullable()
    .describe('that commit; null for the checkout'),
  loosened: z
    .array(z.object({ kind: z.enum(['ignore', 'rule', 'setting', 'baseline']), text: z.string() }))
    .describe('what the checkout would let pass beyond the base; it has no effect yet'),
})

const baselineSchema = z.object({
  name: z.string().nullable().describe('what was compared with; null for none'),
  fixed: recordSchema.shape.findings.describe('findings of it that are gone'),
  record: recordSchema.describe('this run, as a later one compares with it'),
})

export const reportSchema = z.object({
  schemaVersion: z.literal(1),
  tool: z.object({ name: z.literal('layergate'), version: z.string() }),
  name: z.string().describe('what the image is called from build to build: without the tag of a commit'),
  image: imageSchema.nullable().describe('null when it could not be read'),
  findings: z.array(findingSchema),
  verdict: z.object({
    result: z.enum(['pass', 'fail', 'error']),
    failOn: z.enum(['critical', 'high', 'medium', 'low', 'never']),
    threshold: z
      .enum(['critical', 'high', 'medium', 'low'])
      .describe('what decided: failOn, or where that is never what it would be otherwise; then fail means: would fail'),
    counts: z.object({ critical: count, high: count, medium: count, low: count, info: count }),
    suppressed: count,
    new: count,
    known: count,
    passed: z.array(z.string()).describe('rules that were on and found nothing'),
  }),
  policy: policySchema,
  baseline: baselineSchema,
  error: z.object({ code: z.string(), message: z.string() }).optional().describe('on verdict error'),
  fixed: z.array(z.string()).describe('fingerprints of the baseline that are gone'),
  quiet: z
    .array(
      z.object({
        id: z.string().describe('names the place and the kind, never the value'),
        why: z.enum(['known-public', 'package', 'allowed']),
        source: z.string().describe('the package, or the reason that the configuration gives'),
        detector: z.string(),
        title: z.string(),
        location: locationSchema,
        dockerfile: dockerfileSchema.nullable(),
      }),
    )
    .optional()
    .describe('what was found and is no finding, 2,000 places at most; reports of earlier versions have none'),
  warnings: z.array(z.object({ code: z.string(), message: z.string() })),
  notJudged: z.array(z.string()).describe('other images or platforms in the same source'),
  stats: z.object({
    bytes: count,
    files: count,
    seconds: z.number(),
    layersFromCache: count,
    vouchedFiles: count.describe('files whose findings are quiet because their package vouches for the content'),
    allowed: count.optional().describe('values that are quiet because the configuration allows them'),
    knownPublic: count.describe('values that are quiet because published packages hold them: test keys, examples'),
    skipped: z
      .array(
        z.object({
          layer: count.nullable().describe('null: a file of the archive beside the layers'),
          path: z.string(),
          reason: z.string(),
        }),
      )
      .describe('what was not looked into, and why'),
  }),
})

export type Report = z.output<typeof reportSchema>
export type ReportImage = NonNullable<Report['image']>
