// The image configuration, narrowed once from whatever builders write (null for lists, missing fields, old keys).
// https://github.com/opencontainers/image-spec/blob/v1.1.1/config.md
import { z } from 'zod'
import { ImageError } from '../error.ts'
import type { Digest, Platform } from './image.ts'

const optional = <T extends z.ZodType>(schema: T) => schema.nullish().transform((value) => value ?? null)
const strings = z
  .array(z.string())
  .nullish()
  .transform((value) => value ?? [])
const digest = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/, 'no sha256 digest')
  .transform((value) => value as Digest)

const historySchema = z.object({
  created: optional(z.string()),
  created_by: optional(z.string()),
  author: optional(z.string()),
  comment: optional(z.string()),
  empty_layer: optional(z.boolean()),
})

const healthcheckSchema = z.object({ Test: strings })

const runSchema = z.object({
  User: optional(z.string()),
  Env: strings,
  Cmd: optional(z.array(z.string())),
  Entrypoint: optional(z.array(z.string())),
  Labels: z
    .record(z.string(), z.string())
    .nullish()
    .transform((value) => value ?? {}),
  OnBuild: strings,
  Healthcheck: optional(healthcheckSchema),
  WorkingDir: optional(z.string()),
  Shell: optional(z.array(z.string())),
  ExposedPorts: z
    .record(z.string(), z.unknown())
    .nullish()
    .transform((value) => Object.keys(value ?? {})),
})

const configSchema = z.object({
  os: z.string().default('linux'),
  architecture: z.string().default('unknown'),
  variant: optional(z.string()),
  created: optional(z.string()),
  author: optional(z.string()),
  comment: optional(z.string()),
  container_config: z.unknown().optional(),
  config: runSchema.nullish().transform((value) => value ?? runSchema.parse({})),
  rootfs: z
    .object({
      diff_ids: z
        .array(digest)
        .nullish()
        .transform((value) => value ?? []),
    })
    .nullish()
    .transform((value) => value ?? { diff_ids: [] }),
  history: z
    .array(historySchema)
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

/** Parses a JSON blob of an image. @throws ImageError that names the blob */
export function parseJson(bytes: Buffer, where: string): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch (cause) {
    throw new ImageError('bad-json', `${where} is not valid JSON: the archive is damaged. Save or build the image again.`, { cause })
  }
}

/** @throws ImageError when the configuration lacks what the image spec demands */
export function parseConfig(bytes: Buffer, where: string): ImageConfig {
  const parsed = configSchema.safeParse(parseJson(bytes, where))
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw new ImageError(
      'bad-config',
      `${where}: ${issue?.path.join('.') || 'the configuration'}: ${issue?.message ?? 'wrong'}: no image configuration. Save or build the image again.`,
    )
  }
  const raw = parsed.data
  return {
    platform: { os: raw.os, architecture: raw.architecture, variant: raw.variant },
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
