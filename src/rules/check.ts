// Runs rules over evidence. What their findings are worth is the policy's business.
import type { Draft, RuleOver } from './rule.ts'

/** What the policy says of a rule. */
interface Setting {
  readonly enabled: boolean
  readonly options: unknown
}

/**
 * Runs the rules that are on. A rule on secrets that is off runs too: a finding of it can have places that are another's.
 * @param settings by rule
 */
export function* check<E>(
  rules: readonly RuleOver<E>[],
  evidence: E,
  settings: Readonly<Record<string, Setting>>,
): Generator<Draft> {
  for (const { meta, check: run } of rules) {
    const setting = settings[meta.id]
    if (setting === undefined || (!setting.enabled && meta.kind === 'rule')) continue
    yield* run(evidence, setting.options)
  }
}
