// An image that is taken apart: opened, read and laid out, and kept open, since what it holds is read once more.

import { randomBytes } from 'node:crypto'
import type { DockerfileLines } from '../dockerfile/lines.ts'
import { type Inspection, inspect } from '../evidence/inspect.ts'
import { ALLOWS_NOTHING } from '../evidence/quiet.ts'
import type { FileState, Version } from '../filesystem/filesystem.ts'
import type { GateOptions } from '../gate.ts'
import type { Layer } from '../image/image.ts'
import { openImage } from '../image/open.ts'
import type { LayerEntry } from '../layer/layer-scan.ts'

/** One entry of one layer, with who made it and what became of it. */
export interface FileVersion {
  readonly version: Version
  readonly path: string
  readonly layer: number
  readonly entry: LayerEntry
  readonly state: FileState
  /** The layer that hid it; null while it is visible. */
  readonly hiddenIn: number | null
  /** Lines of the instruction that brought it, and of the one that hid it. */
  readonly lines: DockerfileLines | null
  readonly hiddenBy: DockerfileLines | null
  /** What the gate found in it, by the ids of the detectors. */
  readonly secrets: readonly string[]
}

/** @param work is done while the image is open @throws GateError */
export async function withCase<T>(options: GateOptions, work: (inspection: Inspection) => Promise<T>): Promise<T> {
  const image = await openImage(options.reference, options.open)
  try {
    return await work(
      await inspect(image, {
        ...options,
        limits: options.policy.limits,
        salt: randomBytes(16).toString('hex'),
        quoted: '',
        // Nothing is accepted here: whoever takes an image apart wants to see it.
        allows: ALLOWS_NOTHING,
      }),
    )
  } finally {
    await image.close()
  }
}

/** What of an image is meant. */
export interface Selection {
  /** Paths, directories with all below them, or patterns; empty: everything. */
  readonly paths: readonly string[]
  readonly layer: number | null
  /** Only what the final tree does not show. */
  readonly isHidden: boolean
  /** Only what holds a secret. */
  readonly hasSecret: boolean
}

/** All versions of all paths, by path and then by layer; whiteouts are told by what they hide. */
export function versionsOf(
  { evidence: { filesystem, origin }, leaks }: Inspection,
  { paths, layer, isHidden, hasSecret }: Selection,
  matches: (path: string, patterns: readonly string[]) => boolean,
): FileVersion[] {
  const secrets = new Map<Version, Set<string>>()
  for (const { detector, places } of leaks.leaks)
    for (const place of places)
      if (place.kind === 'file') {
        const known = secrets.get(place.version) ?? new Set()
        secrets.set(place.version, known.add(detector.id))
      }
  const linesOf = (index: number | null): DockerfileLines | null =>
    index === null ? null : (origin.layers[index]?.lines ?? null)
  const found: FileVersion[] = []
  for (const [index, versions] of filesystem.versions.entries()) {
    if (layer !== null && index !== layer) continue
    for (const version of versions) {
      const { entry, path, ending } = version
      if (entry.whiteout !== null) continue
      // A directory that a later layer names again is shown as before.
      if (isHidden && (ending === null || (entry.type === 'directory' && ending.state === 'overwritten'))) continue
      if (paths.length > 0 && !matches(path, paths)) continue
      const own = secrets.get(version)
      if (hasSecret && own === undefined) continue
      found.push({
        version,
        path,
        layer: index,
        entry,
        state: ending?.state ?? 'present',
        hiddenIn: ending?.layer ?? null,
        lines: linesOf(index),
        hiddenBy: linesOf(ending?.layer ?? null),
        secrets: [...(own ?? [])].sort(),
      })
    }
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : a.layer - b.layer))
}

/** The layer that holds the bytes of a version, and the entry there: those of the target for a hard link. */
export const contentOf = ({
  version: { content },
}: FileVersion): { readonly layer: number; readonly index: number } => ({
  layer: content.layer,
  index: content.index,
})

export const isRegular = ({ entry: { type } }: FileVersion): boolean => type === 'file' || type === 'hardlink'

/** The layers of an image by their number. */
export const layerOf = (layers: readonly Layer[], index: number): Layer => {
  const layer = layers[index]
  if (layer === undefined) throw new RangeError(`no layer ${index}`)
  return layer
}
