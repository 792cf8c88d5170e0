// What was found and is no finding, with the reason why: so that nobody has to take a silence on trust.
import type { SecretMatch } from '../secrets/match.ts'
import type { Place } from './place.ts'

/** Why the configuration allows a value; null where it does not. @param path of the file in the image, null for other text */
export type Allows = (match: Pick<SecretMatch, 'detector' | 'value' | 'identity'>, path: string | null) => string | null

export const ALLOWS_NOTHING: Allows = () => null

/** A value that is no finding. */
export interface Quiet {
  /**
   * `known-public`: a published package holds this value, so everybody has it; `package`: the package that installed the file
   * vouches for its content; `allowed`: the configuration allows the value.
   */
  readonly why: 'known-public' | 'package' | 'allowed'
  /** The package, or the reason that the configuration gives. */
  readonly source: string
  /** What it would have been called. */
  readonly title: string
  readonly detector: string
  readonly place: Place
}

/** Values that are listed; all are counted. */
const MAX_LISTED = 2000

/** Collects what is quiet. */
export class QuietList {
  readonly list: Quiet[] = []
  readonly #counted = { 'known-public': new Set<string>(), package: new Set<string>(), allowed: new Set<string>() }

  /** @param key what is counted once: a value, or a file */
  add(quiet: Omit<Quiet, 'place'>, places: readonly Place[], key: string): void {
    this.#counted[quiet.why].add(key)
    for (const place of places) if (this.list.length < MAX_LISTED) this.list.push({ ...quiet, place })
  }

  /** How many there are of a kind. */
  count(why: Quiet['why']): number {
    return this.#counted[why].size
  }
}
