// Whose a layer or history entry is: the image's own, or the base's, and how sure that is. It never calls an own one the base's.

import { type Alignment, align, MIN_LETTERS } from './align.ts'
import { baseEntriesOf } from './base.ts'
import type { Dockerfile } from './dockerfile.ts'
import { type HistoryInstruction, isFiller } from './history.ts'
import { noProvenance, type Reason } from './reason.ts'
import type { Trace } from './trace.ts'

export type Owner = 'own' | 'base' | 'unknown'

/**
 * How sure it is that something came with the base. `proven`: the digests of the base's layers are known. `aligned`: it is what is
 * left of the history in front of the Dockerfile's instructions. null: it is not the base's, or that is not known.
 */
export type BaseCertainty = 'proven' | 'aligned' | null

export interface Owned {
  readonly owner: Owner
  readonly certainty: BaseCertainty
}

export interface Ownership {
  /** By layer, lowest first. */
  readonly layers: readonly Owned[]
  /** By history entry. */
  readonly entries: readonly Owned[]
  /** Why it is not known of some layers; null where it is of all. */
  readonly reason: Reason | null
}

export interface OwnershipSources {
  readonly history: readonly (HistoryInstruction & { readonly empty: boolean })[]
  /** For each layer the index of its history entry. */
  readonly pairing: readonly (number | null)[]
  readonly alignment: Alignment | null
  readonly traced: Trace | null
  /** Why there is no alignment. */
  readonly reason: Reason | null
  /** Dockerfiles that the user named, or the one that lies where one is looked for. */
  readonly dockerfiles: readonly Dockerfile[]
  readonly isNamed: boolean
  /** All Dockerfiles of the checkout; null where they are not known. */
  readonly all: readonly Dockerfile[] | null
}

const OWN: Owned = { owner: 'own', certainty: null }
const UNKNOWN: Owned = { owner: 'unknown', certainty: null }
const PROVEN: Owned = { owner: 'base', certainty: 'proven' }
const ALIGNED: Owned = { owner: 'base', certainty: 'aligned' }

/** Why the Dockerfile that fits need not be the one that was built; null where it was named, or is the only one. */
export function choiceDoubt(
  alignment: Alignment,
  { dockerfiles, isNamed, all }: Pick<OwnershipSources, 'dockerfiles' | 'isNamed' | 'all'>,
): string | null {
  if (isNamed) return null
  if (all === null) return 'not all Dockerfiles of the checkout are known, and none was named'
  const paths = new Set([...dockerfiles, ...all].map(({ path }) => path))
  if (paths.size > 1) return `the checkout has ${paths.size} Dockerfiles, and none was named`
  // Metadata alone could fit by chance, and what it leaves over would be called the base's.
  return alignment.weight > 0
    ? null
    : `${alignment.dockerfile.path} has no RUN, COPY or ADD to tell it by, and was not named`
}

/** Another Dockerfile of the checkout made what lies below: then it is the author's own, in two steps. */
function lowerDoubt(alignment: Alignment, { history, dockerfiles, all }: OwnershipSources): string | null {
  const below = history.slice(0, alignment.baseEntries)
  const seen = new Set([alignment.dockerfile.path])
  for (const dockerfile of [...dockerfiles, ...(all ?? [])]) {
    if (seen.has(dockerfile.path)) continue
    seen.add(dockerfile.path)
    const result = align(dockerfile, below, null)
    if ('alignment' in result && result.alignment.letters >= MIN_LETTERS)
      return `${dockerfile.path} of this checkout fits what lies below the instructions of ${alignment.dockerfile.path}`
  }
  return null
}

/** From the provenance: layers by their number, the other entries by the history. */
function traced(
  { history, pairing }: OwnershipSources,
  { alignment, baseLayers, isVerified, provenance }: Trace,
): Ownership {
  if (alignment === null || baseLayers === null)
    return {
      layers: pairing.map(() => UNKNOWN),
      entries: history.map(() => UNKNOWN),
      reason: noProvenance(`${provenance.where} and the history of the image do not fit together`),
    }
  const base = isVerified && provenance.isOfImage !== true ? PROVEN : ALIGNED
  const layers = pairing.map((_, layer) => (layer < baseLayers ? base : OWN))
  const { count } = baseEntriesOf(alignment, history, null, true)
  const entries = history.map((_, index): Owned => {
    const layer = pairing.indexOf(index)
    if (layer !== -1) return layers[layer] ?? UNKNOWN
    return index >= alignment.ownFrom ? OWN : index < count ? base : UNKNOWN
  })
  return { layers, entries, reason: null }
}

/** Finds out whose everything is. */
export function ownershipOf(sources: OwnershipSources): Ownership {
  const { history, pairing, alignment } = sources
  if (sources.traced !== null) return traced(sources, sources.traced)
  if (alignment === null)
    return { layers: pairing.map(() => UNKNOWN), entries: history.map(() => UNKNOWN), reason: sources.reason }
  const making = history.filter(({ empty }) => !empty)
  const isComplete = making.length === pairing.length && !making.some(isFiller)
  const doubt = choiceDoubt(alignment, sources) ?? lowerDoubt(alignment, sources)
  const { count, reason } = baseEntriesOf(alignment, history, doubt, isComplete)
  const entries = history.map((entry, index) =>
    isFiller(entry) ? UNKNOWN : index >= alignment.ownFrom ? OWN : index < count ? ALIGNED : UNKNOWN,
  )
  // Layers without an entry lie below those of the own instructions, if all of these are known.
  const own = making.filter((entry) => entry.index >= alignment.ownFrom && !isFiller(entry)).length
  const isWhole =
    reason === null &&
    alignment.reason === null &&
    alignment.ownFrom === alignment.baseEntries &&
    making.length <= pairing.length
  const layers = pairing.map((index, layer): Owned => {
    if (index !== null) return entries[index] ?? UNKNOWN
    return isWhole && layer < pairing.length - own ? ALIGNED : UNKNOWN
  })
  return {
    layers,
    entries,
    reason: layers.every(({ owner }) => owner !== 'unknown')
      ? null
      : (reason ?? alignment.reason ?? noProvenance('the history does not tell what made each layer')),
  }
}
