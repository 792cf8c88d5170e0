// A provenance held against the image and its history: lines that both agree on. What contradicts the history is another
// image's or made up, and is not used at all: it must never move a finding to a wrong line, nor call own layers the base's.

import type { Digest } from '../image/image.ts'
import { layersOf } from '../provenance/layers.ts'
import type { BaseName, LineRange, Provenance } from '../provenance/provenance.ts'
import { type Alignment, align } from './align.ts'
import { type Dockerfile, type Instruction, parseDockerfile } from './dockerfile.ts'
import type { HistoryInstruction } from './history.ts'

export interface Trace {
  readonly provenance: Provenance
  /** The Dockerfile of the provenance. */
  readonly dockerfile: Dockerfile
  /** The history against that Dockerfile; null where it does not fit. */
  readonly alignment: Alignment | null
  /** By layer; null for those of the base, and where steps share a stack. */
  readonly instructions: readonly (Instruction | null)[]
  /** Layers of the base, from the bottom, on which the provenance and the history agree; null where nothing confirms them. */
  readonly baseLayers: number | null
  readonly base: BaseName | null
  /** The digests of the layers are those of the image, or that of the image itself is known to be the build's. */
  readonly isVerified: boolean
}

const within = (range: LineRange, { startLine, endLine }: Instruction): boolean =>
  startLine <= range.startLine && range.endLine <= endLine

const decode = (bytes: Buffer): string => bytes.toString('utf8')

/**
 * @param ids digests of the image: of its configuration and its manifest
 * @param pairing for each layer the index of its history entry
 * @returns the trace, or why the provenance is not used
 */
export function trace(
  provenance: Provenance,
  layers: readonly { readonly diffId: Digest; readonly digest: Digest | null }[],
  ids: readonly (string | null)[],
  history: readonly HistoryInstruction[],
  pairing: readonly (number | null)[],
): { readonly trace: Trace } | { readonly problem: string } {
  const { where } = provenance
  const ignored = (why: string): { problem: string } => ({ problem: `${where} ${why}: it was not used for lines` })
  if (provenance.dockerfile === null) return ignored('holds no Dockerfile (mode=min)')
  const dockerfile = parseDockerfile(
    provenance.repositoryPath ?? provenance.dockerfile.name,
    decode(provenance.dockerfile.bytes),
  )
  if (dockerfile.error !== null || dockerfile.stages.length === 0)
    return ignored('holds a Dockerfile that does not build')
  const mapped = layersOf(provenance, layers)
  if (mapped === null) return ignored('names other layers than the image has')
  // Stores pack layers anew: then what was written beside the provenance can say that it is this image's.
  const isVerified = mapped.isVerified || provenance.imageDigests.some((digest) => ids.includes(digest))
  const aligned = align(dockerfile, history, provenance.target ?? String(dockerfile.stages.length - 1))
  const alignment = 'alignment' in aligned ? aligned.alignment : null
  if (!isVerified && alignment === null) return ignored('names other layers than the image has')

  const all = dockerfile.stages.flatMap(({ fromInstruction, instructions }) => [fromInstruction, ...instructions])
  const instructions: (Instruction | null)[] = []
  for (const [index, ranges] of mapped.lines.entries()) {
    const entry = pairing[index] ?? null
    const candidates = all.filter((instruction) => ranges.some((range) => within(range, instruction)))
    const expected = entry === null ? undefined : alignment?.instructions.get(entry)
    const [only] = candidates
    if (expected !== undefined && only !== undefined && !candidates.includes(expected))
      return ignored(
        `says that line ${only.startLine} made layer ${index}, and the history says line ${expected.startLine}`,
      )
    if (expected !== undefined) instructions.push(expected)
    else if (only === undefined || candidates.length > 1) instructions.push(null)
    else {
      const keyword = entry === null ? null : (history[entry]?.keyword ?? null)
      // ONBUILD of the base runs at the FROM that triggers it.
      if (keyword !== null && only.keyword !== keyword && only.keyword !== 'FROM')
        return ignored(
          `says that line ${only.startLine} (${only.keyword}) made layer ${index}, which the history calls ${keyword}`,
        )
      if (!isVerified) return ignored('names other layers than the image has')
      instructions.push(only)
    }
  }
  const count = mapped.base?.layers ?? 0
  const owned = pairing.findIndex(
    (entry, index) => index < count && entry !== null && alignment !== null && entry >= alignment.ownFrom,
  )
  if (owned !== -1) return ignored(`says that layer ${owned} came with the base, and the history that it did not`)
  return {
    trace: {
      provenance,
      dockerfile,
      alignment,
      instructions,
      baseLayers: alignment === null ? null : count,
      base: mapped.base,
      isVerified,
    },
  }
}
