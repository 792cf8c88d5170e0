// Which lines made which layer, by provenance: chains of layers are compared by their position, since stores name the same
// layer by other digests (compressed, uncompressed, compressed anew).
import type { Digest } from '../image/image.ts'
import type { BaseName, LineRange, Provenance } from './provenance.ts'

export interface ProvenanceLayers {
  /** By layer: the lines of every step whose stack ends there; several where steps share a stack. */
  readonly lines: readonly (readonly LineRange[])[]
  /** Layers from the bottom that are an image the build started from; null when there was none. */
  readonly base: (BaseName & { readonly layers: number }) | null
  /** The digests are those of the image. Where they are not, the layers were packed anew, or the provenance is another image's. */
  readonly isVerified: boolean
}

/** Instructions that can share a stack; more tell nothing any more. */
const MAX_RANGES = 64

function add(ranges: LineRange[], more: readonly LineRange[]): void {
  for (const range of more) {
    if (
      ranges.length < MAX_RANGES &&
      !ranges.some(({ startLine, endLine }) => startLine === range.startLine && endLine === range.endLine)
    )
      ranges.push(range)
  }
}

type LayerNames = readonly { readonly diffId: Digest; readonly digest: Digest | null }[]

/** @returns null where no step has as many layers as the image */
export function layersOf({ chains, lines, images }: Provenance, layers: LayerNames): ProvenanceLayers | null {
  const whole = chains.filter(({ digests }) => digests.length === layers.length)
  const names = (digests: readonly string[], by: (layer: LayerNames[number]) => string | null): boolean =>
    digests.every((digest, index) => layers[index] !== undefined && by(layers[index]) === digest)
  const verified = whole.find(
    ({ digests }) => names(digests, ({ diffId }) => diffId) || names(digests, ({ digest }) => digest),
  )
  const distinct = new Set(whole.map(({ digests }) => digests.join()))
  const full = verified ?? (distinct.size === 1 ? whole[0] : undefined)
  if (full === undefined || layers.length === 0) return null
  // All layers of a stack identify it: empty layers are alike, and a copy of --link has a stack of its own.
  const prefixes = new Map<string, number>()
  let prefix = ''
  full.digests.forEach((digest, index) => {
    prefix += `${digest},`
    prefixes.set(prefix, index)
  })
  const found: LineRange[][] = full.digests.map(() => [])
  let base: ProvenanceLayers['base'] = null
  for (const { step, digests } of chains) {
    const index = prefixes.get(digests.map((digest) => `${digest},`).join(''))
    if (index === undefined) continue
    const image = images.get(step)
    if (image === undefined) add(found[index] ?? [], lines.get(step) ?? [])
    else if (base === null || base.layers <= index) base = { ...image, layers: index + 1 }
  }
  return { lines: found, base, isVerified: verified !== undefined }
}
