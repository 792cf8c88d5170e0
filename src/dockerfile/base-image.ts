// What the base image is called, and how that is known.
import type { HistoryEntry, ImageConfig } from '../image/config.ts'
import { sameReference } from '../image/reference.ts'
import type { BaseName, Provenance } from '../provenance/provenance.ts'
import type { Alignment } from './align.ts'
import type { DockerfileLines } from './lines.ts'
import type { Trace } from './trace.ts'

export interface BaseImage {
  readonly reference: string
  readonly digest: string | null
  /** How many layers it has; null when not known. */
  readonly layers: number | null
  readonly source: 'provenance' | 'annotation' | 'dockerfile' | 'layers' | 'history'
  /** The FROM line. */
  readonly lines: DockerfileLines | null
  /** Why it need not be the base: its name rests on a Dockerfile that may not be the one that was built. null: it is. */
  readonly doubt: string | null
}

/** The image that a build took in under the name that FROM has; the only one where no FROM is known. */
function materialOf(provenances: readonly Provenance[], named: string | null): BaseName | null {
  const materials = provenances.flatMap((provenance) => provenance.materials)
  if (named !== null)
    return materials.find(({ reference }) => sameReference(reference, named.replace(/@sha256:.*$/s, ''))) ?? null
  const [only] = materials
  return materials.length === 1 ? (only ?? null) : null
}

interface Note {
  readonly index: number
  /** null: the id of an image without a name. */
  readonly name: string | null
}

const noteOf = ({ index, comment }: HistoryEntry): Note[] => {
  const name = /^FROM (\S+)/.exec(comment ?? '')?.[1]
  return name === undefined ? [] : [{ index, name: /^[0-9a-f]{12,64}$/.test(name) ? null : name }]
}

/**
 * buildah notes in the history which image it went on from: the base at the first own entry, then intermediate images. One that
 * was found in its cache can have a name too, which is not the base's.
 */
function notedBase(history: readonly HistoryEntry[], alignment: Alignment | null): string | null {
  const notes = history.flatMap(noteOf)
  if (alignment !== null) {
    const [first, ...rest] = notes.filter(({ index }) => index >= alignment.ownFrom)
    return first !== undefined && (first.index === alignment.ownFrom || rest.length === 0) ? first.name : null
  }
  const before = history.findLastIndex((entry) => noteOf(entry).length === 0)
  const run = notes.filter(({ index }) => index > before)
  const names = new Set(run.flatMap(({ name }) => name ?? []))
  return names.size === 1 ? (run[0]?.name ?? null) : null
}

interface Sources {
  readonly annotations: Readonly<Record<string, string>>
  readonly config: ImageConfig
  readonly provenances: readonly Provenance[]
}

/**
 * By provenance, the manifest's annotations, what buildah notes in the history, the FROM line.
 * @param layers how many came with it; null when not known
 * @param doubt why the Dockerfile may not be the one that was built
 */
export function baseImageOf(
  { annotations, config, provenances }: Sources,
  layers: number | null,
  traced: Trace | null,
  alignment: Alignment | null,
  lines: DockerfileLines | null,
  doubt: string | null,
): BaseImage | null {
  const sure = { layers, lines, doubt: null }
  if (traced !== null && traced.base !== null)
    return {
      ...sure,
      reference: traced.base.reference,
      digest: traced.base.digest,
      layers: traced.baseLayers,
      source: 'provenance',
    }
  const written = alignment?.doubt == null ? (alignment?.base?.reference ?? null) : null
  const named = written !== null && /[$]/.test(written) ? null : written
  const annotated = annotations['org.opencontainers.image.base.name'] ?? ''
  // Anybody can write an annotation: it adds to what the FROM line says and does not contradict it.
  if (annotated !== '' && (named === null || sameReference(annotated, named.replace(/@sha256:.*$/s, '')))) {
    // With layers, buildah notes the digest of an intermediate image.
    const isIntermediate = (config.history ?? []).some((entry) => noteOf(entry).some(({ name }) => name === null))
    return {
      ...sure,
      reference: annotated,
      digest: isIntermediate ? null : (annotations['org.opencontainers.image.base.digest'] ?? null),
      source: 'annotation',
    }
  }
  const noted = notedBase(config.history ?? [], alignment)
  if (noted !== null) return { ...sure, reference: noted, digest: null, source: 'history' }
  if (named?.toLowerCase() === 'scratch') return null
  const material = materialOf(provenances, named)
  if (material !== null)
    return { ...sure, reference: material.reference, digest: material.digest, source: 'provenance' }
  if (named === null) return null
  return {
    ...sure,
    reference: named,
    digest: /@(sha256:[0-9a-f]{64})$/.exec(named)?.[1] ?? null,
    source: 'dockerfile',
    doubt,
  }
}
