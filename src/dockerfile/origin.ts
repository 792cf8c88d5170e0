// For every layer and history entry: the instruction and line that made it, and whether it is the image's own or came
// with the base. What is not known stays unknown, with a reason.
import type { HistoryEntry, ImageConfig } from '../image/config.ts'
import { align } from './align.ts'
import type { Dockerfile, Instruction } from './dockerfile.ts'
import { type HistoryInstruction, pairLayers, readHistoryEntry } from './history.ts'

export type Owner = 'own' | 'base' | 'unknown'

/** Lines of the Dockerfile. `exact`: from provenance; `aligned`: history held against the Dockerfile. */
export interface DockerfileLines {
  readonly path: string
  readonly startLine: number
  readonly endLine: number
  readonly certainty: 'exact' | 'aligned'
}

interface LayerOrigin {
  /** Index of the history entry, null when it cannot be paired. */
  readonly history: number | null
  readonly instruction: HistoryInstruction | null
  readonly owner: Owner
  readonly lines: DockerfileLines | null
}

export interface EntryOrigin {
  readonly instruction: HistoryInstruction
  readonly entry: HistoryEntry
  /** Index of the layer it made, null for none or when not known. */
  readonly layer: number | null
  readonly owner: Owner
  readonly lines: DockerfileLines | null
}

interface BaseImage {
  readonly reference: string
  readonly digest: string | null
  /** How many layers it has; null when not known. */
  readonly layers: number | null
  readonly source: 'provenance' | 'annotation' | 'dockerfile' | 'layers' | 'history'
  /** The FROM line. */
  readonly lines: DockerfileLines | null
}

export interface Origin {
  readonly dockerfile: Dockerfile | null
  readonly layers: readonly LayerOrigin[]
  readonly history: readonly EntryOrigin[]
  readonly base: BaseImage | null
  /** Lines of the last instruction of a kind in the stage that was built, such as USER. */
  readonly lastLines: (keyword: string) => DockerfileLines | null
  /** The FROM line of the stage that was built. */
  readonly from: DockerfileLines | null
  /** Why lines are not known; null when they are. */
  readonly reason: string | null
}

/** Instructions that make no files: a layer paired with one holds what earlier instructions made. */
const METADATA = new Set(['ARG', 'CMD', 'ENTRYPOINT', 'ENV', 'EXPOSE', 'HEALTHCHECK', 'LABEL', 'MAINTAINER', 'ONBUILD', 'SHELL', 'STOPSIGNAL', 'USER', 'VOLUME'])

/**
 * Finds the origin of every layer.
 * @param dockerfile null where there is none
 * @param target the stage that was built, null for the last
 */
export function findOrigin(config: ImageConfig, annotations: Readonly<Record<string, string>>, dockerfile: Dockerfile | null, target: string | null): Origin {
  const history = (config.history ?? []).map(readHistoryEntry)
  const pairing = pairLayers(config.diffIds.length, config.history)
  const merged = pairing.some((index) => index !== null && METADATA.has(history[index]?.keyword ?? ''))
  const aligned = dockerfile === null ? { reason: 'no Dockerfile was given' } : align(dockerfile, history, target)
  const alignment = 'alignment' in aligned ? aligned.alignment : null
  const reason = alignment === null ? ('reason' in aligned ? aligned.reason : null) : merged ? 'the builder merged the layers of several instructions' : null

  const linesOf = (instruction: Instruction | undefined): DockerfileLines | null =>
    instruction === undefined || dockerfile === null ? null : { path: dockerfile.path, startLine: instruction.startLine, endLine: instruction.endLine, certainty: 'aligned' }
  const ownerOf = (index: number | null): Owner => (alignment === null || index === null ? 'unknown' : index < alignment.baseEntries ? 'base' : 'own')

  const entries = history.map((read, index): EntryOrigin => {
    // The exec form of the classic builder is known as a RUN only once its line is.
    const isRun = read.keyword === null && alignment?.instructions.get(index)?.keyword === 'RUN'
    const instruction: HistoryInstruction = isRun ? { ...read, keyword: 'RUN', display: `RUN ${read.text}` } : read
    const layer = pairing.indexOf(index)
    const [entry] = (config.history ?? []).slice(index)
    if (entry === undefined) throw new RangeError(`no history entry ${index}`)
    return { instruction, entry, layer: layer === -1 ? null : layer, owner: ownerOf(index), lines: linesOf(alignment?.instructions.get(index)) }
  })
  const layers = pairing.map((index): LayerOrigin => {
    const entry = index === null ? undefined : entries[index]
    const isMerged = METADATA.has(entry?.instruction.keyword ?? '') || (merged && entry?.owner === 'own')
    return { history: index, instruction: entry?.instruction ?? null, owner: ownerOf(index), lines: isMerged ? null : (entry?.lines ?? null) }
  })
  const own = alignment === null ? [] : [...alignment.instructions.values()]
  return {
    dockerfile,
    layers,
    history: entries,
    base: baseOf(
      layers,
      config.history ?? [],
      annotations,
      alignment === null || dockerfile === null ? null : { reference: alignment.base.reference, lines: linesOf(alignment.base.from) },
    ),
    lastLines: (keyword) => linesOf(own.findLast((instruction) => instruction.keyword === keyword)),
    from: linesOf(alignment?.stage.fromInstruction),
    reason,
  }
}

function baseOf(
  layers: readonly LayerOrigin[],
  history: readonly HistoryEntry[],
  annotations: Readonly<Record<string, string>>,
  named: { reference: string; lines: DockerfileLines | null } | null,
): BaseImage | null {
  const count = layers.some(({ owner }) => owner === 'unknown') ? null : layers.filter(({ owner }) => owner === 'base').length
  const annotated = annotations['org.opencontainers.image.base.name']
  if (annotated !== undefined && annotated !== '') {
    return { reference: annotated, digest: annotations['org.opencontainers.image.base.digest'] ?? null, layers: count, source: 'annotation', lines: named?.lines ?? null }
  }
  // buildah writes the base into a comment: a name, or the id of an intermediate image.
  const commented = history.map(({ comment }) => /^FROM (\S+)/.exec(comment ?? '')?.[1]).find((name) => name !== undefined && !/^[0-9a-f]{12,64}$/.test(name))
  if (commented !== undefined) return { reference: commented, digest: null, layers: count, source: 'history', lines: named?.lines ?? null }
  if (named === null || named.reference.toLowerCase() === 'scratch' || /[$]/.test(named.reference)) return null
  const digest = /@(sha256:[0-9a-f]{64})$/.exec(named.reference)?.[1] ?? null
  return { reference: named.reference, digest, layers: count, source: 'dockerfile', lines: named.lines }
}
