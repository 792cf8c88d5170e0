// Values that a configuration allows: no finding, wherever they stand. For what an organisation publishes itself, such as the test
// keys that it gives to everyone; what is a secret is revoked, and one finding is accepted by `ignore`.
import { createHmac } from 'node:crypto'
import { minimatch } from 'minimatch'
import * as z from 'zod'
import type { Allows } from '../evidence/quiet.ts'
import { searching } from '../expressions/anchored.ts'
import { growing } from '../expressions/cost.ts'
import { PatternError } from '../expressions/dialect.ts'

const MAX_HASHES = 5000
const HASH = /^hmac-sha256:[0-9a-f]{64}$/

const oneOrMore = (each: z.ZodString) => z.union([each, z.array(each).min(1).max(MAX_HASHES)])

/** Why a pattern of values cannot be taken; null where it can. */
function problemOf(pattern: string): string | null {
  try {
    return growing(searching(pattern).source, '') === null
      ? null
      : 'it takes longer and longer for longer values: give its repetitions an end, and no two beside each other that take the same characters'
  } catch (error) {
    if (error instanceof PatternError) return error.message
    throw error
  }
}

export const allowSchema = z
  .strictObject({
    value: oneOrMore(
      z.string().regex(HASH, 'a value is written as layergate hash prints it: hmac-sha256: and 64 hex digits'),
    )
      .optional()
      .describe('these values, by their hashes under the salt: layergate hash prints one'),
    pattern: z
      .string()
      .min(1)
      .max(2000)
      .superRefine((pattern, context) => {
        const problem = problemOf(pattern)
        if (problem !== null)
          context.addIssue({ code: 'custom', message: `the pattern cannot be taken: ${problem}`, input: pattern })
      })
      .optional()
      .describe('values in which this regular expression is found; ^ and $ stand for their ends'),
    detector: oneOrMore(z.string().min(1)).optional().describe('what these detectors find'),
    path: oneOrMore(z.string().min(1)).optional().describe('in files whose path fits, such as /app/test/**'),
    reason: z.string().min(3).describe('why these are no secrets'),
    expires: z.iso.date().optional().describe('last day on which this entry counts, YYYY-MM-DD'),
  })
  .refine((entry) => [entry.value, entry.pattern, entry.detector, entry.path].some((given) => given !== undefined), {
    message: 'an allow entry needs a value, a pattern, a detector or a path',
  })

export type AllowEntry = z.output<typeof allowSchema>

/** What an entry allows, in a few words. */
export const scopeOfAllow = ({ value, pattern, detector, path }: AllowEntry): string =>
  [
    value === undefined ? [] : [`${[value].flat().length} values`],
    pattern === undefined ? [] : [`values like ${pattern}`],
    detector === undefined ? [] : [`what ${[detector].flat().join(', ')} finds`],
    path === undefined ? [] : [`in ${[path].flat().join(', ')}`],
  ]
    .flat()
    .join(' ')

interface Ready {
  readonly hashes: ReadonlySet<string> | null
  readonly pattern: RegExp | null
  readonly detectors: ReadonlySet<string> | null
  readonly paths: readonly string[] | null
  readonly reason: string
}

const listOf = (given: string | readonly string[] | undefined): readonly string[] | null =>
  given === undefined ? null : [given].flat()

/** What the entries allow that still count. @param salt of their hashes */
export function allowing(entries: readonly AllowEntry[], salt: string | null, now: Date): Allows {
  const today = now.toISOString().slice(0, 10)
  const ready = entries
    .filter(({ expires }) => expires === undefined || expires >= today)
    .map(({ value, pattern, detector, path, reason }): Ready => {
      const [hashes, detectors] = [listOf(value), listOf(detector)]
      return {
        hashes: hashes === null ? null : new Set(hashes),
        pattern: pattern === undefined ? null : searching(pattern),
        detectors: detectors === null ? null : new Set(detectors),
        paths: listOf(path),
        reason,
      }
    })
  const hashOf = (text: string): string =>
    `hmac-sha256:${createHmac('sha256', salt ?? '')
      .update(text)
      .digest('hex')}`
  return ({ detector, value, identity }, path) => {
    // Most values are asked about at no entry: hashes are made when one wants them.
    let made: readonly string[] | null = null
    const hashed = (): readonly string[] => {
      made ??= [hashOf(value), ...(identity === value ? [] : [hashOf(identity)])]
      return made
    }
    const allows = ({ hashes, pattern, detectors, paths }: Ready): boolean =>
      (detectors === null || detectors.has(detector)) &&
      (paths === null ||
        (path !== null && paths.some((each) => minimatch(path, each.replace(/^(?!\/)/, '/'), { dot: true })))) &&
      (pattern === null || pattern.test(value)) &&
      (hashes === null || hashed().some((hash) => hashes.has(hash)))
    return ready.find(allows)?.reason ?? null
  }
}
