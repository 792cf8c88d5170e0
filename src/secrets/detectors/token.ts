// The common case of a detector: a token with a prefix that only its issuer uses.
import { isFiller } from '../checks.ts'
import type { Checked, Detector, Found, LiteralSpec } from '../detector.ts'

interface Token {
  readonly id: string
  readonly title: string
  readonly docs: string
  readonly revoke: string
  readonly literals: readonly (string | LiteralSpec)[]
  /** Source of the pattern from the literal on; borders are added. */
  readonly pattern: string
  readonly strength?: Detector['strength']
  readonly window?: number
  readonly check?: (found: Found) => Checked | null
}

/**
 * A token that stands alone: no letter, digit or `_` before it, none of its alphabet behind it. Filler such as
 * `ghp_xxxxxxxx` falls.
 */
export function token({ pattern, strength = 'likely', check, ...rest }: Token): Detector {
  return {
    ...rest,
    pattern: new RegExp(`(?<![A-Za-z0-9_])${pattern}(?![A-Za-z0-9_-])`, 'y'),
    strength,
    check: (found) => (isFiller(found.groups['random'] ?? found.value) ? null : check === undefined ? {} : check(found)),
  }
}
