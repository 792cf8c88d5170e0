// The compiled table of the literals of all detectors, made when the project is built: to compile it takes longer than to
// scan a small image.
import { createHash } from 'node:crypto'
import { inflateRawSync } from 'node:zlib'
import { PREBUILT_KEY, PREBUILT_TABLE } from './prebuilt-table.ts'
import type { Literal } from './table-builder.ts'

/** What a table is made for: the literals in their order, with all that the kernel asks of them. */
export function keyOf(literals: readonly Literal[]): string {
  const text = literals
    .map(({ text, ignoreCase, assignment, run }) => `${text}\0${Number(ignoreCase)}${Number(assignment)}${run}`)
    .join('\0')
  return createHash('sha256').update(text, 'latin1').digest('hex')
}

/** The table of these literals; null where the prebuilt one is of others. */
export const prebuiltTable = (literals: readonly Literal[]): Uint8Array | null =>
  keyOf(literals) === PREBUILT_KEY ? inflateRawSync(Buffer.from(PREBUILT_TABLE, 'base64')) : null
