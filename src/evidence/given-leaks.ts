// A credential among the words of a command that a detector knows too: one leak, and one finding.
import type { Origin } from '../dockerfile/origin.ts'
import { accountCredentials, type CommandCredential, credentialsOf } from './command-credentials.ts'
import type { Leak } from './leak.ts'
import type { Step } from './steps.ts'

export interface GivenLeaks {
  /** Whether a credential of a step is the value of a leak, which tells it. */
  isTold(step: Step, credential: CommandCredential): boolean
  /** Whether a command is given the value of a leak as a literal: then it is a credential, whatever it looks like. */
  isGiven(leak: Leak): boolean
}

/** Shorter texts stand in others by chance. */
const MIN_PART = 8

/** Whether a credential is a value, holds it, or is a part of it: a detector may take a URL whole, or the words of a header. */
export function isSameValue({ value, hidden }: Pick<CommandCredential, 'value' | 'hidden'>, other: string): boolean {
  if (value === other || hidden.includes(other)) return true
  return (other.length >= MIN_PART && value.includes(other)) || (value.length >= MIN_PART && other.includes(value))
}

/** Holds the commands of steps against leaks. */
export function givenLeaks(
  steps: readonly Step[],
  leaks: readonly Leak[],
  { history }: Pick<Origin, 'history'>,
): GivenLeaks {
  const bySource = new Map(
    history.flatMap(({ source, entry }) => (source === null ? [] : [[source, entry.index] as const])),
  )
  const byEntry = new Map<number, Leak[]>()
  for (const leak of leaks) {
    for (const place of leak.places) {
      if (place.kind !== 'history') continue
      const known = byEntry.get(place.index)
      if (known === undefined) byEntry.set(place.index, [leak])
      else known.push(leak)
    }
  }
  const leaksOf = ({ location, source }: Step): readonly Leak[] => {
    const index = location.kind === 'history' ? location.history : source === null ? undefined : bySource.get(source)
    return index === undefined ? [] : (byEntry.get(index) ?? [])
  }
  const given = new Set<Leak>()
  for (const step of steps) {
    const own = leaksOf(step)
    if (own.length === 0) continue
    for (const credential of step.commands.flatMap((command) => [
      ...credentialsOf(command),
      ...accountCredentials(command),
    ]))
      if (credential.kind === 'literal')
        for (const leak of own) if (leak.strength !== 'harmless' && isSameValue(credential, leak.value)) given.add(leak)
  }
  return {
    // The value of a variable is a leak where the variable is set.
    isTold: (step, credential) =>
      (credential.kind === 'variable' ? leaks : leaksOf(step)).some(({ value }) => isSameValue(credential, value)),
    isGiven: (leak) => given.has(leak),
  }
}
