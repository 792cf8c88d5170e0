// The image configuration, narrowed once from whatever builders write (null for lists, missing fields, old keys).
// https://github.com/opencontainers/image-spec/blob/v1.1.1/config.md
import * as z from 'zod'
import { ImageError } from '../error.ts'
import { DEFAULT_LIMITS, type Limits } from '../limits.ts'
import { type Digest, digestSchema } from './digest.ts'
import { asGoReads, CONFIG_SHAPE } from './go-fields.ts'
import { parseJson } from './json.ts'
import type { Platform } from './platform.ts'
import { UNKNOWN } from './platform.ts'

const optional = <T extends z.ZodType>(schema: T) => schema.nullish().transform((value) => value ?? null)
/** Where Go expects a string, null leaves it empty. */
const text = z
  .string()
  .nullable()
  .transform((value) => value ?? '')
const strings = z
  .array(text)
  .nullish()
  .transform((value) => value ?? [])
/** A command: engines also take one string for a list of one. https://github.com/moby/moby/blob/v28.0.4/api/types/strslice/strslice.go */
const command = z
  .union([z.array(text), z.string().transform((value) => [value])])
  .nullish()
  .transform((value) => value ?? null)

/** Docker allows 127 layers; what sets only metadata comes on top. */
const MAX_HISTORY = 12_000

const historySchema = z.object({
  created: optional(z.string()),
  created_by: optional(z.string()),
  author: optional(z.string()),
  comment: optional(z.string()),
  empty_layer: optional(z.boolean()),
})
const noHistory = historySchema.parse({})

const healthcheckSchema = z.object({ Test: strings })

const runSchema = z.object({
  User: optional(z.string()),
  Env: strings,
  Cmd: command,
  Entrypoint: command,
  Labels: z
    .record(z.string(), text)
    .nullish()
    .transform((value) => value ?? {}),
  OnBuild: strings,
  Healthcheck: optional(healthcheckSchema),
  WorkingDir: optional(z.string()),
  Shell: command,
  ExposedPorts: z
    .record(z.string(), z.unknown())
    .nullish()
    .transform((value) => Object.keys(value ?? {})),
})

const configSchema = z.object({
  os: optional(z.string()),
  architecture: optional(z.string()),
  variant: optional(z.string()),
  created: optional(z.string()),
  author: optional(z.string()),
  comment: optional(z.string()),
  container_config: z.unknown().optional(),
  config: runSchema.nullish().transform((value) => value ?? runSchema.parse({})),
  rootfs: z
    .object({
      diff_ids: z
        .array(digestSchema)
        .nullish()
        .transform((value) => value ?? []),
    })
    .nullish()
    .transform((value) => value ?? { diff_ids: [] }),
  history: z
    .array(historySchema.nullable().transform((value) => value ?? noHistory))
    .nullish()
    .transform((value) => value ?? null),
})

type RawConfig = z.output<typeof configSchema>

export interface HistoryEntry {
  /** Position from 0, oldest first, as in the configuration. */
  readonly index: number
  readonly created: string | null
  readonly createdBy: string
  readonly author: string | null
  readonly comment: string | null
  /** The instruction made no layer. */
  readonly empty: boolean
}

export interface ImageConfig {
  readonly platform: Platform
  readonly created: string | null
  readonly author: string | null
  readonly comment: string | null
  readonly run: RawConfig['config']
  /** `container_config` as JSON: what old builders left of the last container; it mostly repeats the rest. */
  readonly legacy: string | null
  readonly diffIds: readonly Digest[]
  /** null where the configuration has no history at all. */
  readonly history: readonly HistoryEntry[] | null
}

/** @throws ImageError when the configuration lacks what the image spec demands */
export function parseConfig(bytes: Buffer, where: string, limits: Limits = DEFAULT_LIMITS): ImageConfig {
  const parsed = configSchema.safeParse(asGoReads(parseJson(bytes, where, limits), CONFIG_SHAPE, where))
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw new ImageError(
      'bad-config',
      `${where}: ${issue?.path.join('.') || 'the configuration'}: ${issue?.message ?? 'wrong'}: no image configuration. Save or build the image again.`,
    )
  }
  const raw = parsed.data
  if ((raw.history?.length ?? 0) > MAX_HISTORY)
    throw new ImageError(
      'too-much-history',
      `${where}: its history has ${raw.history?.length} entries; up to ${MAX_HISTORY} are read, and no builder writes so many. Build the image again.`,
    )
  return {
    platform: { os: raw.os || 'linux', architecture: raw.architecture || UNKNOWN, variant: raw.variant },
    created: raw.created,
    author: raw.author,
    comment: raw.comment,
    run: raw.config,
    legacy: raw.container_config == null ? null : JSON.stringify(raw.container_config),
    diffIds: raw.rootfs.diff_ids,
    history:
      raw.history?.map((entry, index) => ({
        index,
        created: entry.created,
        createdBy: entry.created_by ?? '',
        author: entry.author,
        comment: entry.comment,
        empty: entry.empty_layer ?? false,
      })) ?? null,
  }
}
