// The JSON report as a schema: the contract with other programs (docs/REPORT.md), and the data that every other report is
// made from. Names and meanings stay; additions are fine.
import { z } from 'zod'
import { dockerfileSchema, findingSchema } from '../rules/finding.ts'

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
  dockerfile: dockerfileSchema.nullable(),
  merged: z.array(count).readonly().describe('history entries whose files it holds together, where a builder made one layer of several instructions; else empty'),
})

const imageSchema = z.object({
  reference: z.string().describe('as the user named it'),
  source: z.enum(['docker-archive', 'oci-layout', 'engine', 'registry']),
  id: z.string().describe('digest of the configuration'),
  digest: z.string().nullable().describe('digest of the manifest; null for a legacy archive'),
  platform: z.string(),
  created: z.string().nullable(),
  size: count.describe('bytes of all layers, uncompressed'),
  user: z.object({ configured: z.string(), uid: z.number().nullable(), gid: z.number().nullable(), isRoot: z.boolean().nullable() }),
  base: z
    .object({
      reference: z.string(),
      digest: z.string().nullable(),
      layers: count.nullable(),
      source: z.enum(['provenance', 'annotation', 'dockerfile', 'layers', 'history']),
    })
    .nullable(),
  distroless: z.object({ verdict: z.boolean(), shells: z.array(z.string()), packageManagers: z.array(z.string()), utilities: z.array(z.string()) }),
  layers: z.array(layerSchema),
  history: z
    .array(
      z.object({
        created: z.string().nullable(),
        createdBy: z.string(),
        layer: count.nullable().describe('index of the layer it made; null for none or when not known'),
        base: z.boolean().nullable().describe('belongs to the base image; null when not known'),
        dockerfile: dockerfileSchema.nullable(),
      }),
    )
    .describe('oldest first, as in the configuration'),
})

export const reportSchema = z.object({
  schemaVersion: z.literal(1),
  tool: z.object({ name: z.literal('layergate'), version: z.string() }),
  image: imageSchema.nullable().describe('null when it could not be read'),
  findings: z.array(findingSchema),
  verdict: z.object({
    result: z.enum(['pass', 'fail', 'error']),
    failOn: z.enum(['critical', 'high', 'medium', 'low', 'never']),
    counts: z.object({ critical: count, high: count, medium: count, low: count, info: count }),
    suppressed: count,
    new: count,
    known: count,
  }),
  error: z.object({ code: z.string(), message: z.string() }).optional().describe('on verdict error'),
  fixed: z.array(z.string()).describe('fingerprints of the baseline that are gone'),
  warnings: z.array(z.object({ code: z.string(), message: z.string() })),
  notJudged: z.array(z.string()).describe('other images or platforms in the same source'),
  stats: z.object({
    bytes: count,
    files: count,
    seconds: z.number(),
    layersFromCache: count,
    vouchedFiles: count.describe('files whose findings are quiet because their package vouches for the content'),
    skipped: z.array(z.object({ layer: count, path: z.string(), reason: z.string() })).describe('what was not looked into, and why'),
  }),
})

export type Report = z.output<typeof reportSchema>
export type ReportImage = NonNullable<Report['image']>
