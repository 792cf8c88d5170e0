// How a secret is reported that stands in what describes an image: its manifest, its index, the headers of a layer's tar.
import type { DocumentPlace, TarPlace } from '../../evidence/place.ts'
import type { TarField } from '../../layer/layer-scan.ts'

/** Each part of a tar: in a title, in a sentence about an entry, and what to do about it. */
const TAR_PARTS: Readonly<
  Record<TarField, { readonly title: string; readonly part: string; readonly change: string }>
> = {
  name: { title: 'the name of a file', part: 'The name', change: 'Rename the file where it is made or copied from.' },
  link: {
    title: 'the target of a link',
    part: 'The target of the link',
    change: 'Make the link lead elsewhere: its target is text that is stored in the layer.',
  },
  xattr: {
    title: 'an extended attribute',
    part: 'An extended attribute',
    change: 'Take the attribute off the file (setfattr -x) before it is copied.',
  },
  comment: {
    title: 'a comment of the tar',
    part: 'A comment on',
    change: 'Build the layer with a tool that writes no comments into it.',
  },
  pax: {
    title: 'a record of the tar',
    part: 'A PAX record on',
    change: 'Build the layer with a tool that writes no such records into it.',
  },
  owner: {
    title: 'the name of an owner',
    part: 'The name of the owner or group',
    change: 'Give the file another owner.',
  },
  header: {
    title: 'a header of the tar',
    part: 'The header',
    change: 'Build the layer with a tool that leaves unused bytes of its headers empty.',
  },
  padding: {
    title: 'the padding of the tar',
    part: 'The padding behind',
    change: 'Build the layer with a tool that fills up with zeros.',
  },
  packing: {
    title: 'the compression of a layer',
    part: 'What the compression (a comment, a frame to be skipped)',
    change: 'Compress the layer with a tool that writes nothing beside the data.',
  },
}

export const metadataTitle = (place: DocumentPlace | TarPlace): string =>
  place.kind === 'tar'
    ? TAR_PARTS[place.field].title
    : `the image's ${place.kind === 'index' && place.isBeside ? 'archive' : place.kind}`

export const metadataChange = (place: DocumentPlace | TarPlace): string =>
  place.kind === 'tar'
    ? TAR_PARTS[place.field].change
    : 'Take it out of the names, tags and annotations that the builder is given: they are public to all who can pull the image.'

export function documentMessage(place: DocumentPlace, what: string): string {
  const { kind, field } = place
  if (kind === 'index' && place.isBeside)
    return `The archive holds ${what} beside the image (${field}): everyone who gets the archive can read it.`
  return `The ${kind} of the image (${field}) holds ${what}: everyone who gets the image can read it.`
}

/** `The target of the link /app/current holds a GitHub token ghp_…, added in layer 3 (COPY . /app).` @param layerName names a layer with its instruction */
export function tarMessage(
  { field, key, path, version, layer, state, ending }: TarPlace,
  what: string,
  layerName: (layer: number) => string,
): string {
  const { part } = TAR_PARTS[field]
  const named = key === null || field === 'comment' || field === 'owner' ? '' : ` (${key})`
  const of = version === null ? 'of the tar' : field === 'link' || / (?:on|behind)$/.test(part) ? path : `of ${path}`
  const added = `${part}${named} ${of} holds ${what}, added in ${layerName(layer)}`.replace(
    / (?:on|behind) of /,
    ' of ',
  )
  if (state === 'present' || ending === null) return `${added}.`
  const verb = { deleted: 'hides', overwritten: 'overwrites', replaced: 'replaces' }[state]
  const by = ending.layer === layer ? 'the same layer' : layerName(ending.layer)
  return `${added}; ${by} ${verb} the entry, but does not erase it: it stays in layer ${layer}, and anyone who can pull the image can read it.`
}
