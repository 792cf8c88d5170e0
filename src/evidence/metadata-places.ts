// Secrets in what describes an image: the headers of its layers' tars, its documents, the files beside it in an archive. Each
// match with its place.

import type { DockerfileLines } from '../dockerfile/lines.ts'
import type { EntryOrigin, Origin, Owner } from '../dockerfile/origin.ts'
import type { Filesystem, Version } from '../filesystem/filesystem.ts'
import type { ImageDocument } from '../image/documents.ts'
import type { Image } from '../image/image.ts'
import type { LayerScan, TarMatch } from '../layer/layer-scan.ts'
import type { OtherMatch } from '../layer/other-files.ts'
import { fieldName, type JsonPath, jsonText, type Rewrite } from './json-text.ts'
import type { AttestationPlace, ConfigPlace, DocumentPlace, HistoryPlace, TarPlace } from './place.ts'

/** Whose an instruction's setting is, and where it stands. */
export interface SetBy {
  readonly owner: Owner
  readonly lines: DockerfileLines | null
}

const setters = new WeakMap<Origin['history'], ReadonlyMap<string, EntryOrigin>>()

/** The last entry of each keyword, and of each name that an ENV or LABEL sets. */
function settersOf(history: Origin['history']): ReadonlyMap<string, EntryOrigin> {
  const known = setters.get(history)
  if (known !== undefined) return known
  const last = new Map<string, EntryOrigin>()
  for (const entry of history) {
    const { keyword, text } = entry.instruction
    if (keyword === null) continue
    last.set(keyword, entry)
    if (keyword === 'ENV' || keyword === 'LABEL')
      for (const [, name] of text.matchAll(/(?:^|\s)"?([^\s"=]+)"?(?=[= ])/g)) last.set(`${keyword} ${name}`, entry)
  }
  setters.set(history, last)
  return last
}

/** The last instruction that sets a field, or a name in it, tells whose it is. */
export function setBy({ history }: Origin, keyword: string, name: string | null): SetBy {
  const entry = settersOf(history).get(name === null ? keyword : `${keyword} ${name}`)
  return { owner: entry?.owner ?? 'unknown', lines: entry?.lines ?? null }
}

/** The matches in the headers of the layers' tars. */
export function* tarPlaces(
  scans: readonly LayerScan[],
  filesystem: Filesystem,
  origin: Origin,
): Generator<{ match: TarMatch; place: TarPlace }> {
  for (const [layer, scan] of scans.entries()) {
    const from = origin.layers[layer]
    for (const match of scan.metadata) {
      const version = match.entry === null ? null : filesystem.versionOf(layer, match.entry)
      const last = version === null ? null : lastWith(version, match)
      // A whiteout hides another file: its own name is there as long as the layer is.
      const ending = last === null || last.entry.whiteout !== null ? null : last.ending
      yield {
        match,
        place: {
          kind: 'tar',
          layer,
          version,
          path: version?.path ?? '/',
          field: match.field,
          key: match.key,
          state: ending?.state ?? (version !== null && version.entry.whiteout !== null ? 'deleted' : 'present'),
          ending,
          owner: from?.owner ?? 'unknown',
          lines: from?.lines ?? null,
          strength: match.strength,
          name: match.facts['name'] ?? null,
          note: match.note,
        },
      }
    }
  }
}

/** A name goes on where the same path is written again, a target where it leads to the same. */
function lastWith(version: Version, { field }: TarMatch): Version {
  let last = version
  while (
    last.successor !== null &&
    (field === 'name'
      ? last.ending?.state !== 'deleted'
      : field === 'link' && last.successor.entry.link === last.entry.link)
  )
    last = last.successor
  return last
}

type Base<P> = P extends unknown ? Omit<P, 'strength' | 'name' | 'note'> : never
/** A place before it is known what stands there. */
export type PlaceInDocument = Base<ConfigPlace | DocumentPlace | HistoryPlace | AttestationPlace>

/** A document as text to search. */
export interface DocumentText {
  readonly text: string
  /** Offsets in bytes at which a value stands in `text`. */
  find(value: string): Generator<number>
  placeAt(offset: number): PlaceInDocument
  /** A field that only repeats a value of the configuration is not a second place. */
  repeats(place: PlaceInDocument): boolean
}

const PLAIN_KEY = /^[\w.\-/]+$/
const LEGACY = 'container_config'

/** Fields of `config` that an instruction sets, under the names by which people know them. */
const FIELDS: Readonly<Record<string, string>> = {
  ArgsEscaped: '',
  Cmd: 'CMD',
  Domainname: '',
  Entrypoint: 'ENTRYPOINT',
  Env: 'ENV',
  ExposedPorts: 'EXPOSE',
  Healthcheck: 'HEALTHCHECK',
  Hostname: '',
  Image: '',
  Labels: 'LABEL',
  MacAddress: '',
  OnBuild: 'ONBUILD',
  Shell: 'SHELL',
  StopSignal: 'STOPSIGNAL',
  User: 'USER',
  Volumes: 'VOLUME',
  WorkingDir: 'WORKDIR',
}

/** What of an image tells its documents. */
export type Documented = Pick<Image, 'config' | 'annotations' | 'documents' | 'names'>

/** All documents of an image, but for what `collectLeaks` knows by better names. */
export const documentTexts = (image: Documented, origin: Origin): DocumentText[] => [
  ...image.documents.map((document) => documentText(document, image, origin)),
  namesText(image.names),
]

function documentText(document: ImageDocument, image: Documented, origin: Origin): DocumentText {
  const { text, find, locate } = jsonText(document.bytes.toString('utf8'), knownOf(document.kind, image))
  return {
    text,
    find,
    placeAt: (offset) => placeOf(document, locate(offset).path, origin),
    repeats: (place) => document.name !== null || (place.kind === 'config' && place.field === LEGACY),
  }
}

function placeOf({ kind, name }: ImageDocument, path: JsonPath, origin: Origin): PlaceInDocument {
  const [first, second, ...below] = path
  if (kind === 'config') {
    const entry =
      first === 'history' && typeof second === 'number'
        ? origin.history.find((one) => one.entry.index === second)
        : undefined
    if (entry !== undefined)
      return { kind: 'history', index: entry.entry.index, owner: entry.owner, lines: entry.lines }
    if (first === LEGACY) return { kind: 'config', field: LEGACY, owner: 'unknown', lines: null }
    const keyword =
      first === 'config' && typeof second === 'string' && Object.hasOwn(FIELDS, second) ? FIELDS[second] : undefined
    if (keyword === undefined || second === undefined)
      return { kind: 'config', field: fieldName(path, PLAIN_KEY), owner: 'unknown', lines: null }
    return { kind: 'config', field: fieldName([second, ...below], PLAIN_KEY), ...setBy(origin, keyword, null) }
  }
  const field = `${name === null ? '' : `${name}: `}${fieldName(path, PLAIN_KEY)}`
  if (kind === 'attestation') return { kind, predicateType: 'manifest', field, owner: 'own', lines: null }
  return kind === 'index'
    ? { kind, field, isBeside: name !== null, owner: 'own', lines: null }
    : { kind, field, owner: 'own', lines: null }
}

/** Leaves out what is searched under its own name: variables, labels, commands, history, annotations. */
function knownOf(kind: ImageDocument['kind'], { config, annotations }: Documented): Rewrite {
  if (kind === 'manifest')
    return (path, value) =>
      isAt(path(), ['annotations'], 2) &&
      Object.hasOwn(annotations, String(path()[1])) &&
      annotations[String(path()[1])] === value
        ? null
        : value
  if (kind !== 'config') return (_path, value) => value
  const { run, author, comment, history } = config
  const known = new Set<string>([
    ...run.Env,
    ...(run.Cmd ?? []),
    ...(run.Entrypoint ?? []),
    ...(run.Healthcheck?.Test ?? []),
    ...run.OnBuild,
    ...(history ?? []).flatMap((entry) => [entry.createdBy, entry.author ?? '', entry.comment ?? '']),
    author ?? '',
    comment ?? '',
  ])
  return (way, value) => {
    const path = way()
    if (isAt(path, ['config', 'Labels'], 3))
      return Object.hasOwn(run.Labels, String(path[2])) && run.Labels[String(path[2])] === value ? null : value
    const isKnown =
      (isAt(path, ['config'], 3) && /^(?:Env|Cmd|Entrypoint|OnBuild)$/.test(String(path[1]))) ||
      isAt(path, ['config', 'Healthcheck', 'Test'], 4) ||
      (isAt(path, ['history'], 3) && /^(?:created_by|author|comment)$/.test(String(path[2]))) ||
      (path.length === 1 && /^(?:author|comment)$/.test(String(path[0])))
    return isKnown && known.has(value) ? null : value
  }
}

const isAt = (path: JsonPath, start: JsonPath, length: number): boolean =>
  path.length === length && start.every((key, index) => path[index] === key)

/** The names of an archive's files. */
function namesText(names: readonly string[]): DocumentText {
  const { text, find } = jsonText(JSON.stringify(names))
  return {
    text,
    find,
    placeAt: () => ({ kind: 'index', field: 'names of files', isBeside: true, owner: 'own', lines: null }),
    repeats: () => true,
  }
}

/** The place of a match in a file beside the image. */
export function otherPlace({ file, inside }: OtherMatch): PlaceInDocument {
  const field = `${file.name}${inside === null ? '' : `!/${inside}`}`
  return file.kind === 'attestation'
    ? { kind: 'attestation', predicateType: 'file', field, owner: 'own', lines: null }
    : { kind: 'index', field, isBeside: true, owner: 'own', lines: null }
}
