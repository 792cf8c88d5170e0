// A JSON report that an earlier run wrote, or that of an image which is judged now; and one finding of it.
import { readFile } from 'node:fs/promises'
import { codeOf, reasonOf, UsageError } from '../error.ts'
import type { Finding } from '../finding/finding.ts'
import { type GateOptions, runGate } from '../gate.ts'
import { type Report, reportSchema } from '../outcome/contract.ts'
import type { Outcome } from '../outcome/outcome.ts'
import { prepare, type Settings } from '../settings.ts'
import type { Host } from './command.ts'
import { surroundingsOf } from './options.ts'
import { withProgress } from './output.ts'

export type JudgedReport = Report & { readonly image: NonNullable<Report['image']> }

export const isReport = (name: string): boolean => /\.json$/i.test(name)

/** @throws UsageError where a file is no report of a judged image */
export async function readReport(file: string): Promise<JudgedReport> {
  let value: unknown
  try {
    value = JSON.parse(await readFile(file, 'utf8'))
  } catch (cause) {
    throw new UsageError(
      `${file}: the report cannot be read: ${codeOf(cause) === '' ? 'it is no valid JSON' : reasonOf(cause)}. Name a report that layergate scan --format json=FILE wrote, or an image.`,
    )
  }
  const parsed = reportSchema.safeParse(value)
  if (!parsed.success || parsed.data.image === null)
    throw new UsageError(
      `${file}: this is no report of a judged image. Write one: layergate scan IMAGE --format json=${file}.`,
    )
  return { ...parsed.data, image: parsed.data.image }
}

/** Judges an image within the time of the run. @param more replaces options @throws GateError */
export const judgeImage = (
  reference: string,
  settings: Settings,
  host: Host,
  more: Partial<GateOptions> = {},
): Promise<Outcome> =>
  withProgress(host, async (hooks) =>
    runGate({ ...(await prepare(reference, settings, surroundingsOf(hooks))), ...more }),
  )

/** The report that a name stands for. @param source a JSON report, or an image */
export async function reportOf(source: string, settings: Settings, host: Host): Promise<Report> {
  if (isReport(source)) return readReport(source)
  return (await judgeImage(source, settings, host)).report
}

/** Characters by which a finding can be named. */
const MIN_ID = 6
/** Findings that are listed where several have the same beginning. */
const MAX_LISTED = 5

/** Whether a word can be the beginning of a fingerprint. */
export const isFingerprint = (word: string): boolean => word.length >= MIN_ID && /^[0-9a-f]{1,32}$/.test(word)

/** What is quiet under an id, or one that begins so; null for none. */
export const quietById = ({ quiet = [] }: Report, id: string): NonNullable<Report['quiet']>[number] | null =>
  quiet.find((each) => each.id.startsWith(id)) ?? null

/** The finding that has a place with this fingerprint, or with one that begins so. @throws UsageError where none has, or several do */
export function findingById({ findings }: Report, id: string): Finding {
  const found = findings.filter(({ fingerprint, related }) =>
    [fingerprint, ...related.map((place) => place.fingerprint ?? '')].some((each) => each.startsWith(id)),
  )
  const [first, second] = found
  if (first !== undefined && second === undefined) return first
  throw new UsageError(
    first === undefined
      ? `No finding has the fingerprint ${id}: the JSON report has them (findings[].fingerprint).`
      : `${found.length} findings have a fingerprint that begins with ${id}: ${found
          .slice(0, MAX_LISTED)
          .map(({ fingerprint }) => fingerprint)
          .join(', ')}. Write more of it.`,
  )
}
