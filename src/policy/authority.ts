// Who decides what passes, and what was known before.
import type { BaselineFile } from './baseline.ts'
import type { IgnoreEntry } from './config.ts'
import type { Loosening } from './loosening.ts'

/** A baseline as it was given: a file of many images, or the record of one run. */
export interface GivenBaseline {
  /** In words: a file, a run. */
  readonly name: string
  readonly file: BaselineFile
}

/** The files of the checkout, or those of the commit that a pull request starts from. */
export type Authority =
  | { readonly from: 'checkout' }
  | {
      readonly from: 'base'
      readonly commit: string
      /** A file at that commit; null where there is none. @throws GateError when it cannot be told */
      readonly read: (path: string) => Promise<string | null>
      /** What the configuration and the baseline of the checkout would let pass. */
      readonly loosenings: readonly Loosening[]
      /** Entries that the checkout adds, and its salt. */
      readonly pending: { readonly salt: string | null; readonly ignore: readonly IgnoreEntry[] }
    }
