// Values that everybody has: test keys and examples that published packages ship. They are quiet wherever they stand, and hide
// no other value.
import { createHash } from 'node:crypto'
import { KNOWN_PUBLIC } from './known-public.ts'

/** What a value is known by: half a hash, which nobody finds a second value for by chance. @param identity of the match */
export const publicHash = (identity: string): string => createHash('sha256').update(identity).digest('hex').slice(0, 16)

/** Known public values, each with the package that it was found in. */
export class KnownPublic {
  readonly #text: string
  /** Made when the first value is asked about. */
  #sources: Map<string, string> | null = null

  /** @param text lines of `SOURCE: HASH HASH …` */
  constructor(text: string = KNOWN_PUBLIC) {
    this.#text = text
  }

  #read(): Map<string, string> {
    const lines = this.#text.trim().split('\n')
    this.#sources ??= new Map(
      lines.flatMap((line) =>
        (line.split(': ')[1] ?? '').split(' ').map((hash) => [hash, line.split(': ')[0] ?? ''] as const),
      ),
    )
    return this.#sources
  }

  /** The package that published a value: `Debian libgnutls30`; null for one that is not known. @param identity of the match */
  sourceOf(identity: string): string | null {
    return this.#read().get(publicHash(identity)) ?? null
  }

  /** All hashes. */
  hashes(): readonly string[] {
    return [...this.#read().keys()]
  }
}
