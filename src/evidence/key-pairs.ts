// An access key id of AWS and its secret in two variables, labels or fields of one history entry: each text is searched by itself,
// so that only here the two are one credential.
import { provenBy, type SecretMatch } from '../secrets/match.ts'
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

/** Which of some values stand in each container. */
function byContainer<H extends Held>(held: readonly H[]): Map<string, Set<H>> {
  const found = new Map<string, Set<H>>()
  for (const each of held) {
    for (const place of each.places) {
      const container = containerOf(place)
      if (container === null) continue
      const known = found.get(container)
      if (known === undefined) found.set(container, new Set([each]))
      else known.add(each)
    }
  }
  return found
}

/**
 * Pairs ids with secrets where one of each stands in a container. The secret is proven by its id then.
 * @returns the ids that stand nowhere but beside their secret: they are no leak of their own
 */
export function pairKeys<H extends Held>(held: readonly H[]): ReadonlySet<H> {
  const ids = byContainer(
    held.filter(({ match }) => match.detector === 'aws-access-key' && match.strength !== 'harmless'),
  )
  const secrets = byContainer(
    held.filter(({ match }) => match.detector === 'aws-secret-key' && match.strength !== 'harmless'),
  )
  const paired = new Set<H>()
  for (const secret of new Set([...secrets.values()].flatMap((each) => [...each]))) {
    const own = new Set(secret.places.flatMap((place) => containerOf(place) ?? []))
    // With two of either in one place nobody knows which is whose.
    if ([...own].some((container) => (secrets.get(container)?.size ?? 0) > 1 || (ids.get(container)?.size ?? 0) > 1))
      continue
    const [id, other] = new Set([...own].flatMap((container) => [...(ids.get(container) ?? [])]))
    if (id === undefined || other !== undefined) continue
    secret.match = provenBy(secret.match, id.match)
    // The history repeats what ENV and LABEL set.
    const isSet = id.places.some((place) => place.kind === 'config' && own.has(containerOf(place) ?? ''))
    if (id.places.every((place) => own.has(containerOf(place) ?? '') || (isSet && place.kind === 'history')))
      paired.add(id)
  }
  return paired
}
