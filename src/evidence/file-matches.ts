// The matches of the files of all layers, each with every path that shows its bytes and what became of it there.
import type { Origin } from '../dockerfile/origin.ts'
import type { Filesystem, Version } from '../filesystem/filesystem.ts'
import type { LayerMatch, LayerScan } from '../layer/layer-scan.ts'
import type { ContentHashes } from '../packages/database.ts'
import type { FilePlace } from './place.ts'

/** Hard links to one file that count as places of what it holds. */
const MAX_LINKS = 500

/** The matches of files, each with all paths that show its bytes. */
export function* fileMatches(
  scans: readonly LayerScan[],
  filesystem: Filesystem,
  origin: Origin,
  hashes: ReadonlyMap<string, ContentHashes>,
): Generator<{ match: LayerMatch; version: Version; places: FilePlace[] }> {
  const links = new Map<Version, Version[]>()
  for (const versions of filesystem.versions) {
    for (const version of versions) {
      if (version.content === version) continue
      const known = links.get(version.content)
      if (known === undefined) links.set(version.content, [version])
      else if (known.length < MAX_LINKS) known.push(version)
    }
  }
  /** The identities that a version's bytes hold. */
  const identities = new Map<Version, Set<string>>()
  for (const [layer, scan] of scans.entries()) {
    for (const match of scan.matches) {
      const version = filesystem.versionOf(layer, match.entry)
      identities.set(version, (identities.get(version) ?? new Set()).add(match.identity))
    }
  }
  for (const [layer, scan] of scans.entries()) {
    for (const match of scan.matches) {
      const version = filesystem.versionOf(layer, match.entry)
      const places = [version, ...(links.get(version) ?? [])].map((shown): FilePlace => {
        let last = shown
        while (
          last.ending?.state === 'overwritten' &&
          last.successor !== null &&
          identities.get(last.successor.content)?.has(match.identity)
        )
          last = last.successor
        const from = origin.layers[shown.layer]
        return {
          kind: 'file',
          version: shown,
          inside: match.inside,
          line: match.line,
          offset: match.offset,
          encoding: match.encoding,
          state: last.ending?.state ?? 'present',
          ending: last.ending,
          owner: from?.owner ?? 'unknown',
          lines: from?.lines ?? null,
          strength: match.strength,
          name: match.facts['name'] ?? null,
          note: match.note,
          hashes: hashes.get(`${version.layer}:${version.index}`) ?? null,
        }
      })
      yield { match, version, places }
    }
  }
}
