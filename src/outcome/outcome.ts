// What every report is made from: the contract's data, with all secrets hidden, and what only people want to see.
import type { Inventory } from '../evidence/inventory.ts'
import type { Redactor } from '../secrets/redact.ts'
import type { Report } from './contract.ts'

/** The result of one run that reached a verdict. */
export interface Outcome {
  readonly report: Report & { readonly image: NonNullable<Report['image']> }
  /** Lines of the Dockerfile by their number from 1; null without one. */
  readonly source: {
    readonly path: string
    readonly lines: readonly string[]
    /** Numbers of the lines in which something is hidden. */
    readonly hidden: ReadonlySet<number>
  } | null
  /** Instructions of the history by index, as a person would write them. */
  readonly instructions: readonly string[]
  /** Everyone can read what is written: facts that lead to a live key (account, host, user) stay in the JSON report. */
  readonly isPublic: boolean
  /** Lines for the platform's own masking. They never enter a report. */
  readonly masks: readonly string[]
  /** What the final tree holds, where it was asked for. Its texts are the image's: they pass `redactor` before anyone sees them. */
  readonly inventory: Inventory | null
  readonly redactor: Redactor
}
