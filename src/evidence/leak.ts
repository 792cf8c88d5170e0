// Every secret value once, with all the places where it stands: files of layers, the configuration, the history.

import type { DockerfileLines } from '../dockerfile/lines.ts'
import type { Origin } from '../dockerfile/origin.ts'
import { squeeze } from '../dockerfile/patterns.ts'
import type { FileState, Filesystem } from '../filesystem/filesystem.ts'
import type { LayerScan } from '../layer/layer-scan.ts'
import type { OtherMatch } from '../layer/other-files.ts'
import type { ContentHashes } from '../packages/database.ts'
import type { SecretKind, Strength } from '../secrets/detector.ts'
import { KnownPublic } from '../secrets/known.ts'
import { isIssued, knownValues } from '../secrets/last-look.ts'
import type { SecretMatch } from '../secrets/match.ts'
import { type KnownValue, wordsBefore } from '../secrets/redact.ts'
import type { Scanner } from '../secrets/scanner.ts'
import { isWordLike } from '../secrets/word-like.ts'
import type { AttestationText } from './attestation-text.ts'
import { fileMatches } from './file-matches.ts'
import { pairKeys } from './key-pairs.ts'
import {
  type Documented,
  type DocumentText,
  documentTexts,
  otherPlace,
  type PlaceInDocument,
  setBy,
  tarPlaces,
} from './metadata-places.ts'
import type { AttestationPlace, ConfigPlace, HistoryPlace, Place } from './place.ts'
import { ALLOWS_NOTHING, type Allows, QuietList } from './quiet.ts'
import { ValueSearch } from './repeats.ts'
import { narrowed } from './value-lines.ts'
import { rankOf, type Vouching } from './vouching.ts'

/** One secret and where it stands; the place that is easiest to reach comes first. */
export interface Leak {
  readonly detector: SecretKind
  readonly value: string
  readonly strength: Strength
  readonly facts: Readonly<Record<string, string>>
  readonly note: string | null
  readonly places: readonly [Place, ...Place[]]
}

/** Whether the value says that its time is over. */
export const isExpired = (facts: Leak['facts'], now: Date): boolean =>
  facts['expires'] !== undefined && new Date(facts['expires']) < now

export interface Leaks {
  readonly leaks: readonly Leak[]
  /** What the redactor hides: the values of all leaks, and the tokens that a package vouches for. */
  readonly values: readonly KnownValue[]
  /** What was found and is no finding. */
  readonly quiet: QuietList
}

/** Fields of one attestation that one value is listed at. */
const MAX_FIELDS = 50
/** Values that are looked for in documents: more would take minutes, and each is a finding already. */
const MAX_SEARCHED = 1000
/** A shorter value could be any word: it is not searched for elsewhere. */
const MIN_SEARCHED = 8

/** Fields of the configuration that an instruction sets; the others mostly repeat one of these, without its line. */
const SET_FIELD = /^(?:[A-Z]|author$|comment$|container_config$)/

/**
 * environment > other configuration > history > attestation > manifest, index and what else the configuration says > present >
 * overwritten, replaced > deleted > files beside the image, then the lowest layer; of one state files before the headers of the tar.
 */
function reach(place: Place): number {
  if (place.kind === 'config' && SET_FIELD.test(place.field)) return place.field.startsWith('Env.') ? 0 : 1
  if (place.kind === 'history') return 2
  if (place.kind === 'attestation') return 3
  if (place.kind !== 'file' && place.kind !== 'tar') return place.kind === 'index' && place.isBeside ? 8 : 4
  const states: Record<FileState, number> = { present: 5, overwritten: 6, replaced: 6, deleted: 7 }
  return states[place.state] + (place.kind === 'tar' ? 0.5 : 0)
}

function compare(a: Place, b: Place): number {
  const layerOf = (place: Place): number =>
    place.kind === 'file'
      ? place.version.layer
      : place.kind === 'tar'
        ? place.layer
        : place.kind === 'history'
          ? place.index
          : 0
  return (
    reach(a) - reach(b) ||
    layerOf(a) - layerOf(b) ||
    (a.kind === 'file' && b.kind === 'file' ? a.version.index - b.version.index || a.offset - b.offset : 0)
  )
}

interface Collected {
  /** Of the match that is surest of all with this identity. */
  kind: SecretKind
  match: SecretMatch
  places: Place[]
}

/** What an image shows, read. */
export interface Shown {
  readonly image: Documented
  readonly scans: readonly LayerScan[]
  readonly filesystem: Filesystem
  readonly origin: Origin
  readonly attestations: readonly AttestationText[]
  readonly vouching: Vouching
  /** Checksums of entries by `layer:index`. */
  readonly hashes: ReadonlyMap<string, ContentHashes>
  readonly others: readonly OtherMatch[]
  readonly scanner: Scanner
  /** What the configuration allows; nothing by default. */
  readonly allows?: Allows
}

/** Collects the leaks of the whole image. */
export function collectLeaks({
  image,
  scans,
  filesystem,
  origin,
  attestations,
  vouching,
  hashes,
  others,
  scanner,
  allows = ALLOWS_NOTHING,
}: Shown): Leaks {
  const { catalogue } = scanner
  const byIdentity = new Map<string, Collected>()
  const values: KnownValue[] = []
  const known = new KnownPublic()
  const quiet = new QuietList()
  const add = (match: SecretMatch, all: readonly Place[], text: string | null = null): void => {
    const kind = catalogue.kindOf(match.detector)
    const about = { title: kind.title, detector: kind.id }
    // What everybody has is hidden nowhere either.
    const published = known.sourceOf(match.identity)
    if (published !== null) {
      quiet.add({ why: 'known-public', source: published, ...about }, all, match.identity)
      return
    }
    const places = all.filter((place) => {
      const reason = allows(match, place.kind === 'file' ? place.version.path : null)
      if (reason !== null) quiet.add({ why: 'allowed', source: reason, ...about }, [place], match.identity)
      return reason === null
    })
    // A password in the manual of a package is a word that the whole report may need.
    if (all.length > 0 || isIssued(kind)) values.push(...knownValues(catalogue, match, text))
    if (places.length === 0) return
    const collected = byIdentity.get(match.identity)
    if (collected === undefined) byIdentity.set(match.identity, { kind, match, places: [...places] })
    else {
      if (rankOf(match.strength) > rankOf(collected.match.strength)) Object.assign(collected, { kind, match })
      collected.places.push(...places)
    }
  }

  for (const found of fileMatches(scans, filesystem, origin, hashes)) {
    const { content } = found.version
    const kind = catalogue.kindOf(found.match.detector)
    const { match, vouchedBy } = vouching.weigh(kind, found.match, content)
    if (vouchedBy !== null)
      quiet.add(
        { why: 'package', source: vouchedBy, title: kind.title, detector: kind.id },
        found.places,
        `${content.layer}:${content.index}`,
      )
    add(
      match,
      vouchedBy !== null ? [] : found.places.map((place) => ({ ...place, strength: match.strength, note: match.note })),
    )
  }
  const texts = configTexts(image, origin)
  for (const text of texts) {
    for (const match of scanner.scanText(text.text))
      add(
        match,
        [{ ...text.place, strength: match.strength, name: match.facts['name'] ?? null, note: match.note }],
        text.text,
      )
  }
  for (const attestation of attestations) {
    for (const match of scanner.scanText(attestation.text))
      add(match, [attestationPlace(attestation, match.offset, match, origin)], attestation.text)
  }
  for (const { match, place } of tarPlaces(scans, filesystem, origin)) add(match, [place])
  const isRepeated = (match: SecretMatch): boolean =>
    byIdentity.get(match.identity)?.places.some(({ kind }) => kind !== 'file' && kind !== 'tar') === true
  const documents = documentTexts(image, origin)
  for (const document of documents) {
    for (const match of scanner.scanText(document.text)) {
      const place = document.placeAt(match.offset)
      add(match, document.repeats(place) && isRepeated(match) ? [] : [placed(place, match)], document.text)
    }
  }
  for (const match of others) add(match, isRepeated(match) ? [] : [placed(otherPlace(match), match)])
  values.push(...addKnownValues([...byIdentity.values()], texts, attestations, documents, origin))

  const collected = [...byIdentity.values()]
  const told = pairKeys(collected)
  const leaks = collected
    .filter((each) => !told.has(each))
    .map(({ kind, match, places }): Leak => {
      const [first, ...rest] = dedupe(places.sort(compare)).map((place) => atItsLine(place, match.value, origin))
      if (first === undefined) throw new RangeError('a leak without a place')
      return {
        detector: kind,
        value: match.value,
        strength: match.strength,
        facts: match.facts,
        note: match.note,
        places: [first, ...rest],
      }
    })
  return {
    leaks: leaks.sort((a, b) => compare(a.places[0], b.places[0])),
    values,
    quiet,
  }
}

/** A place in an instruction of several lines, at those of the value. */
function atItsLine(place: Place, value: string, { dockerfile }: Origin): Place {
  if (place.kind !== 'history' && place.kind !== 'config') return place
  const name = place.kind === 'config' ? place.field.replace(/^(?:Env|Labels)\./, '') : (place.name ?? '')
  return { ...place, lines: narrowed(dockerfile, place.lines, value, name) }
}

/** A place with what stands there. */
const placed = (place: PlaceInDocument, match: SecretMatch): Place => ({
  ...place,
  strength: match.strength,
  name: match.facts['name'] ?? null,
  note: match.note,
})

function dedupe(places: readonly Place[]): Place[] {
  const seen = new Set<string>()
  return places.filter((place) => {
    const key = keyOf(place)
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}

function keyOf(place: Place): string {
  switch (place.kind) {
    case 'file':
      return `${place.version.layer}:${place.version.index}:${place.inside}:${place.offset}`
    case 'tar':
      return `tar ${place.layer}:${place.version?.index}:${place.field}:${place.key}`
    case 'history':
      return `history ${place.index}`
    case 'attestation':
      return `${place.predicateType} ${place.field}`
    default:
      return `${place.kind} ${place.field}`
  }
}

interface Text {
  readonly text: string
  readonly place: Omit<ConfigPlace, 'strength' | 'name' | 'note'> | Omit<HistoryPlace, 'strength' | 'name' | 'note'>
}

/** All texts of the configuration and the history. A legacy `container_config` only repeats them. */
function configTexts(image: Documented, origin: Origin): Text[] {
  const { run, author, comment } = image.config
  const field = (name: string, text: string, from: Pick<ConfigPlace, 'owner' | 'lines'>): Text => ({
    text,
    place: { kind: 'config', field: name, ...from },
  })
  const split = (pair: string): [string, string] => [pair.slice(0, Math.max(0, pair.indexOf('='))), pair]
  return [
    ...run.Env.map(split).map(([name, pair]) => field(`Env.${name}`, pair, setBy(origin, 'ENV', name))),
    ...Object.entries(run.Labels).map(([name, value]) =>
      field(`Labels.${name}`, `${name}=${value}`, setBy(origin, 'LABEL', name)),
    ),
    ...Object.entries(image.annotations).map(([name, value]) =>
      field(`Annotations.${name}`, `${name}=${value}`, { owner: 'own', lines: null }),
    ),
    ...(run.Cmd === null ? [] : [field('Cmd', run.Cmd.join(' '), setBy(origin, 'CMD', null))]),
    ...(run.Entrypoint === null
      ? []
      : [field('Entrypoint', run.Entrypoint.join(' '), setBy(origin, 'ENTRYPOINT', null))]),
    ...(run.Healthcheck === null
      ? []
      : [field('Healthcheck', run.Healthcheck.Test.join(' '), setBy(origin, 'HEALTHCHECK', null))]),
    ...run.OnBuild.map((text) => field('OnBuild', text, leftBy(origin, text))),
    ...(author === null ? [] : [field('author', author, setBy(origin, 'MAINTAINER', null))]),
    ...(comment === null ? [] : [field('comment', comment, setBy(origin, '', null))]),
    ...origin.history.map(
      ({ entry, owner, lines }): Text => ({
        text: [entry.createdBy, entry.comment, entry.author].filter((text) => text !== null).join('\n'),
        place: { kind: 'history', index: entry.index, owner, lines },
      }),
    ),
  ]
}

/** Which ONBUILD left a trigger: BuildKit writes no history for it, so that only the Dockerfile tells. */
function leftBy({ history, stage, linesOf }: Origin, trigger: string): Pick<ConfigPlace, 'owner' | 'lines'> {
  const entry = history.findLast(
    ({ instruction: { keyword, text } }) => keyword === 'ONBUILD' && squeeze(text) === squeeze(trigger),
  )
  if (entry !== undefined) return { owner: entry.owner, lines: entry.lines }
  const [written, again] =
    stage?.instructions.filter(({ keyword, text }) => keyword === 'ONBUILD' && squeeze(text) === squeeze(trigger)) ?? []
  return written === undefined
    ? { owner: 'unknown', lines: null }
    : { owner: 'own', lines: again === undefined ? linesOf(written) : null }
}

/** The statement is about this image: whatever it shows is the image's own. */
function attestationPlace(
  attestation: AttestationText,
  offset: number,
  match: SecretMatch,
  origin: Origin,
): AttestationPlace {
  const { field, line } = attestation.locate(offset)
  return {
    kind: 'attestation',
    predicateType: attestation.predicateType,
    field,
    owner: 'own',
    lines: attestedLines(field, line, origin),
    strength: match.strength,
    name: match.facts['name'] ?? null,
    note: match.note,
  }
}

/** A build argument stands at its ARG; what the Dockerfile itself says, at the instruction that says it. */
function attestedLines(field: string, line: number, { dockerfile, linesOf }: Origin): DockerfileLines | null {
  const instructions = dockerfile?.stages.flatMap((stage) => stage.instructions) ?? []
  const name = /build-arg:([\w.-]+)/.exec(field)?.[1]
  const argument =
    name === undefined
      ? undefined
      : instructions.find(
          ({ keyword, text }) => keyword === 'ARG' && text.split(/\s+/).some((word) => word.split('=')[0] === name),
        )
  if (argument !== undefined) return linesOf(argument)
  if (!/\binfos\[0\]\.data$/.test(field)) return null
  const said = instructions.find(({ startLine, endLine }) => startLine <= line && line <= endLine)
  const lines = said === undefined ? null : linesOf(said)
  return lines?.certainty === 'exact' ? lines : null
}

/** A value that was found anywhere is also looked for where no detector would know it: `echo VALUE > file`. */
function addKnownValues(
  collected: readonly Collected[],
  texts: readonly Text[],
  attestations: readonly AttestationText[],
  documents: readonly DocumentText[],
  origin: Origin,
): KnownValue[] {
  const values: KnownValue[] = []
  let searched = 0
  for (const { kind, match, places } of collected) {
    if (match.value.length < MIN_SEARCHED || match.strength === 'harmless') continue
    const isSearched = searched++ < MAX_SEARCHED
    for (const attestation of isSearched ? attestations : []) {
      let found = 0
      for (const offset of attestation.find(match.value)) {
        if (found++ >= MAX_FIELDS) break
        places.push(attestationPlace(attestation, offset, match, origin))
      }
    }
    // Tags and names are full of words that could be a password, too.
    if (kind.guessable !== true && kind.generic !== true) {
      for (const document of isSearched ? documents : []) {
        let found = 0
        for (const offset of document.find(match.value)) {
          if (found++ >= MAX_FIELDS) break
          const place = document.placeAt(offset)
          if (!document.repeats(place)) places.push(placed(place, match))
        }
      }
    }
  }
  addRepeats(collected, texts, values)
  return values
}

/** Configuration and history repeat values in fields and entries without number: all values are looked for at once. */
function addRepeats(collected: readonly Collected[], texts: readonly Text[], values: KnownValue[]): void {
  const byValue = new Map<
    string,
    { readonly match: SecretMatch; readonly places: Place[]; readonly isWord: boolean; readonly known: Set<string> }[]
  >()
  for (const { kind, match, places } of collected) {
    if (match.strength === 'harmless') continue
    const isWord = kind.guessable === true && isWordLike(match.value)
    const known = new Set(
      places.flatMap((place) => (place.kind === 'config' || place.kind === 'history' ? [keyOf(place)] : [])),
    )
    byValue.set(match.value, [...(byValue.get(match.value) ?? []), { match, places, isWord, known }])
  }
  const search = new ValueSearch(byValue.keys())
  for (const { text, place } of texts) {
    for (const value of new Set([...search.in(text)].map((found) => found.value))) {
      for (const { match, places, isWord, known } of byValue.get(value) ?? []) {
        const added: Place = { ...place, strength: match.strength, name: null, note: match.note }
        // A word is the value only where it stands as one: `FROM app-prod:1` does not leak the password `app-prod`.
        if (known.has(keyOf(added)) || (isWord && wordsBefore(text, value).length === 0)) continue
        known.add(keyOf(added))
        places.push(added)
        if (isWord) values.push({ value, guessable: true, after: wordsBefore(text, value) })
      }
    }
  }
}
