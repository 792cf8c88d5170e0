// How often bytes and trigrams occur in what layers hold: the rarest three bytes of a literal are what the kernel looks for.
import { BYTES, TRIGRAMS } from './trigrams.ts'

export interface FrequencyModel {
  /** Share of all bytes, 0 to 1. */
  byte(value: number): number
  /** How often it occurs, in any unit; the first byte in the low bits. */
  trigram(value: number): number
}

/** The model of the sample that `trigrams.ts` was counted in. */
export function measuredFrequencies(): FrequencyModel {
  // What the sample did not show occurs too.
  const byte = (value: number): number => ((BYTES[value] ?? 0) + 1) / 1e5
  /** Occurrences in a million bytes. */
  const counts = new Map(
    TRIGRAMS.flatMap(([log2, text]) =>
      [...text.matchAll(/[\s\S]{3}/g)].map(([trigram]) => [trigram, 1.5 * 2 ** log2] as const),
    ),
  )
  return {
    byte,
    // What is not in the table is rarer than all that are; how much rarer its bytes tell.
    trigram: (value) =>
      counts.get(String.fromCharCode(value & 255, (value >> 8) & 255, value >> 16)) ??
      1e5 * byte(value & 255) * byte((value >> 8) & 255) * byte(value >> 16),
  }
}
