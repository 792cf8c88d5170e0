// The configuration, .layergate.yml: one schema, from which the JSON Schema and the defaults come.
import * as z from 'zod'
import { confidenceSchema, SEVERITIES, severitySchema } from '../finding/finding.ts'
import { LIMITS, type LimitName } from '../limits.ts'
import { RULES } from '../rules/list.ts'
import { allowSchema } from './allow.ts'
import { ownDetectorsSchema } from './own-detectors.ts'

const failOn = z.enum([...SEVERITIES.slice(0, 4), 'never'] as ['critical', 'high', 'medium', 'low', 'never'])

/** `off`, a severity, or an object with the severity and the rule's own options. */
function ruleSchema(options: z.ZodObject | undefined): z.ZodType {
  const settings = z.strictObject({
    severity: z.union([z.literal('off'), severitySchema]).optional(),
    ...(options?.partial().shape ?? {}),
  })
  return z.union([z.literal('off'), severitySchema, settings])
}

const rulesSchema = z.strictObject(
  Object.fromEntries(
    RULES.map(({ meta, options }) => [meta.id, ruleSchema(options).optional().describe(meta.description)]),
  ),
)

const ruleIds = RULES.map(({ meta }) => meta.id) as [string, ...string[]]

const ignoreSchema = z
  .strictObject({
    rule: z.enum(ruleIds).optional().describe('the rule whose findings are ignored; none: every rule'),
    path: z.string().min(1).optional().describe('pattern of the path in the image, such as /app/test/**'),
    fingerprint: z
      .union([z.string().min(8), z.array(z.string().min(8)).min(1).max(500)])
      .optional()
      .describe('fingerprint of one finding, as the JSON report shows it, or a list: those of all its places'),
    value: z
      .string()
      .regex(
        /^(?:hmac-sha256:(?:[0-9a-f]{32}){1,2}|tag:[0-9a-f]{4})$/,
        'a value is written as a report has it: hmac-sha256:… (ignoreValue or keyedHash), of a password tag:…',
      )
      .optional()
      .describe(
        'that value alone, by its hash under the salt: hmac-sha256:…, of a password tag:…, as secret.ignoreValue of the JSON report shows it; another value at the place is not ignored',
      ),
    reason: z.string().min(3).describe('why this is no problem; shown in every report'),
    expires: z.iso.date().optional().describe('last day on which this entry counts, YYYY-MM-DD'),
  })
  .refine((entry) => [entry.rule, entry.path, entry.fingerprint, entry.value].some((given) => given !== undefined), {
    message: 'an ignore entry needs a rule, a path, a fingerprint or a value',
  })

const minConfidence = z.union([
  confidenceSchema,
  z.strictObject({ secrets: confidenceSchema.optional(), rules: confidenceSchema.optional() }),
])

const limitSchemas = Object.fromEntries(
  Object.entries(LIMITS).map(([name, { about }]) => [
    name,
    (name === 'nested-depth' ? z.int().min(0).max(16) : z.int().positive()).optional().describe(about),
  ]),
) as Record<LimitName, z.ZodOptional<z.ZodInt>>

export const configSchema = z.strictObject({
  extends: z
    .union([z.string(), z.array(z.string()).max(64)])
    .optional()
    .describe('recommended, strict, or the path of another configuration; later ones win'),
  'fail-on': failOn.optional().describe('findings of this severity or worse fail the image; default high'),
  'min-confidence': minConfidence
    .optional()
    .describe('findings of less confidence never fail; default: secrets high, rules medium'),
  rules: rulesSchema.optional().describe('per rule: off, a severity, or an object with severity and options'),
  base: z
    .enum(['report', 'fail', 'ignore'])
    .optional()
    .describe('what findings in layers of the base image do; default report: shown, never failing'),
  'own-bases': z
    .array(z.string())
    .optional()
    .describe('base images that are judged like own layers, such as ghcr.io/acme/**'),
  skipped: z.enum(['report', 'fail']).optional().describe('what archives that could not be opened do; default report'),
  ignore: z.array(ignoreSchema).optional().describe('findings that are accepted, each with a reason'),
  detectors: ownDetectorsSchema.optional().describe('detectors of your own, for tokens that only you issue'),
  allow: z
    .array(allowSchema)
    .max(5000)
    .optional()
    .describe('values that are no secrets, each with a reason: they are no finding, and --show-quiet lists them'),
  limits: z.strictObject(limitSchemas).optional().describe('limits that keep hostile images from taking the machine'),
  baseline: z
    .string()
    .min(1)
    .optional()
    .describe(
      'findings of an earlier run, which do not fail: a file, default-branch, artifact:NAME, or none; default: .layergate-baseline.json, where there is one',
    ),
  salt: z
    .string()
    .min(16)
    .optional()
    .describe('makes hashes of secrets comparable between runs; public, written by layergate init'),
})

export type Config = z.output<typeof configSchema>
export type IgnoreEntry = z.output<typeof ignoreSchema>
/** What an entry names, in a few words. */
export const scopeOfEntry = ({ rule, path, fingerprint, value }: IgnoreEntry): string => {
  const [firstFingerprint, ...more] = [fingerprint ?? []].flat()
  const short =
    firstFingerprint === undefined
      ? ''
      : `${firstFingerprint.slice(0, 12)}${more.length === 0 ? '' : ` and ${more.length} more`}`
  return [rule, path, short, value].filter(Boolean).join(' ')
}

export type FailOn = z.output<typeof failOn>

/** The configurations that `extends` knows by name. */
export const PRESETS: Readonly<Record<string, Config>> = {
  recommended: {
    'fail-on': 'high',
    'min-confidence': { secrets: 'high', rules: 'medium' },
    base: 'report',
    skipped: 'report',
  },
  strict: {
    'fail-on': 'medium',
    'min-confidence': { secrets: 'medium', rules: 'medium' },
    base: 'report',
    skipped: 'fail',
    rules: Object.fromEntries(
      RULES.flatMap(({ meta: { id, strict } }) => (strict === undefined ? [] : [[id, strict]])),
    ),
  },
}
