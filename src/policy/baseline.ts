// What was there before: findings of an earlier run, by place and value. Known ones do not fail; those that are gone are fixed.
import * as z from 'zod'
import { ConfigError } from '../error.ts'
import type { Location } from '../finding/finding.ts'

/** One finding of an earlier run. */
const entrySchema = z.object({
  rule: z.string().max(100),
  title: z.string().max(500),
  place: z
    .string()
    .max(4500)
    .describe(
      'path in the image, field of the configuration, history or image; for people, and to tell equal values of one place apart',
    ),
  fingerprints: z.array(z.string().max(64)).min(1).max(1000).describe('of all its places, that of the finding first'),
  valueHash: z
    .string()
    .max(64)
    .nullable()
    .describe('hash of the value under the salt; of a password 16 bits of it; null where there is no secret'),
  since: z.iso.date().nullable().describe('when it came into the baseline'),
})
export type BaselineEntry = z.output<typeof entrySchema>

/** What one run found, as a later run compares with it. */
export const recordSchema = z.object({
  salt: z.string().min(16).max(128).describe('of the hashes; it may be public'),
  findings: z.array(entrySchema).max(100_000),
})

/** The file `.layergate-baseline.json`. */
const baselineFileSchema = z.strictObject({
  schemaVersion: z.literal(1),
  salt: recordSchema.shape.salt,
  images: z.record(z.string().max(500), recordSchema.shape.findings).describe('findings by the name of the image'),
})
export type BaselineFile = z.output<typeof baselineFileSchema>

/** What a JSON report says of itself as a baseline. */
const reportSchema = z.object({
  schemaVersion: z.literal(1),
  tool: z.object({ name: z.literal('layergate') }),
  name: z.string(),
  baseline: z.object({ record: recordSchema }),
})

/** A baseline for one image, and where it came from. */
export interface Baseline {
  /** In words: a file, a run. */
  readonly name: string
  readonly salt: string
  readonly findings: readonly BaselineEntry[]
}

export const DEFAULT_BASELINE = '.layergate-baseline.json'

/** Larger ones are no baseline of ours. */
export const MAX_BASELINE = 64 << 20

/** Places of one finding that count; they come in the order of their reach. */
export const MAX_PLACES = 1000

/** Reads a baseline file, or a JSON report as one. @throws ConfigError */
export function parseBaseline(file: string, text: string): BaselineFile {
  if (text.length > MAX_BASELINE)
    throw new ConfigError(`${file}: a baseline of more than ${MAX_BASELINE >> 20} MiB is not read.`)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new ConfigError(`${file}: the baseline is no valid JSON. Write it anew: layergate baseline create IMAGE.`, {
      cause,
    })
  }
  const report = reportSchema.safeParse(value)
  if (report.success)
    return {
      schemaVersion: 1,
      salt: report.data.baseline.record.salt,
      images: { [report.data.name]: report.data.baseline.record.findings },
    }
  const parsed = baselineFileSchema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new ConfigError(
    `${file}: this is no baseline: ${issue === undefined ? '' : `${issue.path.join('.')}: ${issue.message}. `}Write it anew: layergate baseline create IMAGE.`,
  )
}

/** The file as it is committed: stable order, one entry to a few lines. */
export const renderBaseline = ({ salt, images }: BaselineFile): string =>
  `${JSON.stringify({ schemaVersion: 1, salt, images: Object.fromEntries(Object.entries(images).sort(([a], [b]) => (a < b ? -1 : 1))) }, null, 2)}\n`

/** The part of a baseline that speaks of an image: that of its name, and of no other image. */
export const sectionOf = ({ images }: BaselineFile, name: string): readonly BaselineEntry[] | null =>
  Object.hasOwn(images, name) ? (images[name] ?? null) : null

/** The place of a finding without numbers that another build changes. */
export function placeOf(location: Location): string {
  switch (location.kind) {
    case 'layer':
      return `${location.path}${location.inside === undefined ? '' : `!/${location.inside}`}`
    case 'config':
    case 'attestation':
    case 'manifest':
    case 'index':
      return location.field
    case 'tar':
      return `${location.path} (${location.field} in the tar)`
    default:
      return location.kind
  }
}

/** Compares places of this run with those of a baseline. */
export class Comparison {
  readonly #baseline: Baseline
  readonly #byFingerprint = new Map<string, BaselineEntry[]>()
  readonly #byPlace = new Map<string, BaselineEntry[]>()
  readonly #seen = new Set<BaselineEntry>()

  constructor(baseline: Baseline) {
    this.#baseline = baseline
    const add = (map: Map<string, BaselineEntry[]>, key: string, entry: BaselineEntry): void => {
      const known = map.get(key)
      if (known === undefined) map.set(key, [entry])
      else known.push(entry)
    }
    for (const entry of baseline.findings) {
      for (const fingerprint of entry.fingerprints) add(this.#byFingerprint, fingerprint, entry)
      if (entry.valueHash !== null) add(this.#byPlace, [entry.rule, entry.place, entry.valueHash].join('\0'), entry)
    }
  }

  /**
   * Whether the baseline has the place with this value. Of equal places (two tokens in one file) each has a number in its
   * fingerprint, which moves when one of them goes: the value tells them apart.
   */
  knows(fingerprint: string, rule: string, place: string, value: string | null): boolean {
    const entry =
      this.#byFingerprint.get(fingerprint)?.find((candidate) => candidate.valueHash === value) ??
      (value === null ? undefined : this.#byPlace.get([rule, place, value].join('\0'))?.[0])
    if (entry === undefined) return false
    this.#seen.add(entry)
    return true
  }

  /** Entries that no place of this run is. @param isRun whether a rule was run: of the others nothing is known */
  fixed(isRun: (rule: string) => boolean): BaselineEntry[] {
    return this.#baseline.findings.filter((entry) => !this.#seen.has(entry) && isRun(entry.rule))
  }
}
