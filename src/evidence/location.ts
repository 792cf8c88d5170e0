// Where a place is, as reports say it.
import type { Location } from '../finding/finding.ts'
import type { Place } from './place.ts'

/** @param hasImage false where a Dockerfile alone was read: which entry of the history it would be depends on the base */
export function locationOf(place: Place, hasImage: boolean): Location {
  if (place.kind === 'history') return hasImage ? { kind: 'history', history: place.index } : { kind: 'image' }
  if (place.kind === 'config') return { kind: 'config', field: place.field }
  if (place.kind === 'attestation')
    return { kind: 'attestation', predicateType: place.predicateType, field: place.field }
  if (place.kind === 'manifest' || place.kind === 'index') return { kind: place.kind, field: place.field }
  if (place.kind === 'tar') return { kind: 'tar', layer: place.layer, path: place.path, field: place.field }
  return {
    kind: 'layer',
    layer: place.version.layer,
    path: place.version.path,
    ...(place.inside === null ? {} : { inside: place.inside }),
    line: place.inside === null ? place.line : null,
    offset: place.offset,
  }
}
