// An access key id of AWS and its secret in two variables, labels or fields of one history entry: each text is searched by itself,
// so that only here the two are one credential.
import type { SecretMatch } from '../secrets/match.ts'
import { redactValue } from '../secrets/redact.ts'
import type { Place } from './place.ts'

/** A value with its places, as leaks are collected. */
interface Held {
  match: SecretMatch
  readonly places: readonly Place[]
}

/** What two values that belong together share: the environment, the labels, an entry of the history. null for a place that holds one value alone. */
function containerOf(place: Place): string | null {
  if (place.kind === 'history') return `history ${place.index}`
  if (place.kind !== 'config') return null
  return /^(?:Env|Labels|Annotations)(?=\.)/.exec(place.field)?.[0] ?? null
}

const containersOf = ({ places }: Held): ReadonlySet<string> => new Set(places.flatMap((place) => containerOf(place) ?? []))

/**
 * Pairs ids with secrets where one of each stands in a container. The secret is proven by its id then.
 * @returns the ids that stand nowhere but beside their secret: they are no leak of their own
 */
export function pairKeys<H extends Held>(held: readonly H[]): ReadonlySet<H> {
  const ids = held.filter(({ match }) => match.detector === 'aws-access-key' && match.strength !== 'harmless')
  const secrets = held.filter(({ match }) => match.detector === 'aws-secret-key' && match.strength !== 'harmless')
  const paired = new Set<H>()
  if (ids.length === 0 || secrets.length === 0) return paired
  for (const secret of secrets) {
    const own = containersOf(secret)
    const beside = ids.filter((id) => [...containersOf(id)].some((container) => own.has(container)))
    const rivals = secrets.filter((other) => other !== secret && [...containersOf(other)].some((container) => own.has(container)))
    const [id] = beside
    if (id === undefined || beside.length > 1 || rivals.length > 0) continue
    secret.match = {
      ...secret.match,
      strength: 'proven',
      facts: { ...secret.match.facts, ...id.match.facts, keyId: redactValue(id.match.value, false) },
      companion: id.match.value,
    }
    // The history repeats what ENV and LABEL set.
    const isSet = id.places.some((place) => place.kind === 'config' && own.has(containerOf(place) ?? ''))
    if (id.places.every((place) => own.has(containerOf(place) ?? '') || (isSet && place.kind === 'history'))) paired.add(id)
  }
  return paired
}
