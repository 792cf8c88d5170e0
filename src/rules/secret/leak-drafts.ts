// How a leak is reported: as one finding, seen from each of its places. The rules on secrets share it; each takes the leaks
// whose first place is its own.

import { createHmac } from 'node:crypto'
import { patternOf } from '../../checkout/dockerignore.ts'
import { contextPath, copySources } from '../../dockerfile/copy.ts'
import { flagValue } from '../../dockerfile/dockerfile.ts'
import type { DockerfileLines } from '../../dockerfile/lines.ts'
import { type BuildEvidence as Evidence, fileKey } from '../../evidence/evidence.ts'
import { isExpired, type Leak } from '../../evidence/leak.ts'
import { locationOf } from '../../evidence/location.ts'
import type { AttestationPlace, ConfigPlace, FilePlace, HistoryPlace, Place } from '../../evidence/place.ts'
import type { Confidence, Related, Severity } from '../../finding/finding.ts'
import { baseName } from '../../image/path.ts'
import { cacheOf } from '../../packages/caches.ts'
import { type Fix, type Remedy, remedyFor } from '../../remedy/remedy.ts'
import { oneLine } from '../../shell/words.ts'
import type { Draft, PlacedFinding } from '../rule.ts'
import { configChange, instructionChange, MOUNT } from './advice.ts'
import { isGenerated, makesKey } from './generated.ts'
import { whatOf } from './leak-words.ts'
import { documentMessage, metadataChange, metadataTitle, tarMessage } from './metadata-leak.ts'
import { isSetting } from './settings.ts'

/** The rule that a place of a leak belongs to. */
function ruleOf(evidence: Evidence, leak: Leak, place: Place): string {
  if (isGenerated(leak, place, evidence)) return 'generated-key'
  if (place.kind === 'history') return 'secret-in-history'
  if (place.kind === 'attestation') return 'secret-in-attestation'
  if (place.kind === 'config') return place.field.startsWith('Env.') ? 'secret-in-env' : 'secret-in-config'
  if (place.kind === 'manifest' || place.kind === 'index') return 'secret-in-config'
  return place.state === 'present' ? 'secret-in-image' : 'deleted-secret'
}

/** The leaks of one rule. */
export function* leaksOf(evidence: Evidence, ruleId: string): Generator<Draft> {
  for (const leak of evidence.leaks)
    if (ruleOf(evidence, leak, leak.places[0]) === ruleId) yield draftOf(evidence, leak)
}

function draftOf(evidence: Evidence, leak: Leak): Draft {
  const [first, ...rest] = leak.places.map((place) => ({
    ruleId: ruleOf(evidence, leak, place),
    location: locationOf(place, evidence.built !== null),
    origin: place.owner,
    dockerfile: place.lines,
    identity: identityOf(evidence, leak, place),
    isProven: leak.strength === 'proven' && !isGenerated(leak, place, evidence) && !isExpired(leak.facts, evidence.now),
  }))
  if (first === undefined) throw new RangeError('a leak without a place')
  return {
    places: [first, ...rest],
    seenFrom: (index) => seenFrom(evidence, leak, leak.places[index] ?? leak.places[0]),
    hashOf: (salt) => hashOf(leak, salt),
    detector: leak.detector.id,
  }
}

/** A password could be guessed from its hash: 16 bits tell another one and no more. */
function hashOf({ value, detector }: Leak, salt: string): string {
  const hash = createHmac('sha256', salt).update(value).digest('hex')
  return detector.guessable === true ? hash.slice(-4) : hash.slice(0, 32)
}

/** Whether an own instruction removes the file by name: who does that knew what it was. */
function removedByName(place: Place, evidence: Evidence): boolean {
  if (place.kind !== 'file' || place.ending?.state !== 'deleted') return false
  const remover = evidence.origin.layers[place.ending.layer]
  if (remover === undefined || remover.owner === 'base' || place.owner === 'base') return false
  const text = remover.source?.text ?? remover.instruction?.text ?? ''
  const name = baseName(place.version.path)
  return /\b(?:rm|shred|unlink)\b/.test(text) && name.length > 1 && text.includes(name)
}

function gravity(leak: Leak, place: Place, evidence: Evidence): { severity: Severity; confidence: Confidence } {
  if (isGenerated(leak, place, evidence)) return { severity: 'medium', confidence: 'medium' }
  if (leak.strength === 'harmless' || isExpired(leak.facts, evidence.now))
    return { severity: 'low', confidence: 'high' }
  if (leak.strength === 'proven') return { severity: 'critical', confidence: 'high' }
  if (leak.strength === 'likely') return { severity: 'high', confidence: 'high' }
  if (evidence.given.isGiven(leak) || isSetting(leak, evidence)) return { severity: 'high', confidence: 'high' }
  if (leak.places.some((other) => removedByName(other, evidence)) && leak.detector.generic)
    return { severity: 'high', confidence: 'high' }
  return { severity: 'medium', confidence: 'medium' }
}

/** Characters of an instruction that a message names, and of a RUN that a remedy shows. */
const MAX_INSTRUCTION = 60
const MAX_MOUNT = 120

/** `layer 3 (COPY . /app, Dockerfile:7)`. */
function layerName(evidence: Evidence, layer: number): string {
  const origin = evidence.origin.layers[layer]
  const instruction = origin?.instruction?.display
  const merged = origin?.merged ?? []
  const parts = [
    instruction === undefined ? mergedName(evidence, merged) : evidence.cut(oneLine(instruction), MAX_INSTRUCTION),
    origin?.lines ? `${origin.lines.path}:${origin.lines.startLine}` : '',
    origin?.owner === 'base' ? 'base image' : '',
  ].filter(Boolean)
  return parts.length === 0 ? `layer ${layer}` : `layer ${layer} (${parts.join(', ')})`
}

/** `merged from 3 instructions, Dockerfile:12-17`: a layer of several is never said to be of one. */
function mergedName({ origin }: Evidence, merged: readonly number[]): string {
  if (merged.length < 2) return ''
  const lines = merged.flatMap((index) => origin.history[index]?.lines ?? [])
  const [first, last] = [lines[0], lines.at(-1)]
  return `merged from ${merged.length} instructions${first === undefined || last === undefined ? '' : `, ${first.path}:${first.startLine}-${last.endLine}`}`
}

function fileMessage(evidence: Evidence, place: FilePlace, what: string): string {
  const { version, ending } = place
  const inside = place.inside === null ? '' : ` (in ${place.inside})`
  const line = place.line === null || place.inside !== null ? '' : ` line ${place.line}`
  const added = `${version.path}${inside}${line} holds ${what}, added in ${layerName(evidence, version.layer)}`
  if (version.entry.afterEnd)
    return `${added} behind the end of its tar: it is never on disk, but in every copy of the layer.`
  if (place.state === 'present' || ending === null) return `${added}.`
  const verb = { deleted: 'hides it', overwritten: 'overwrites it', replaced: 'replaces it' }[place.state]
  if (ending.layer === version.layer)
    return `${added}; the same layer ${verb} again, but its bytes stay in the layer: anyone who can pull the image can read them.`
  return `${added}; ${layerName(evidence, ending.layer)} ${verb}, but does not erase it: the bytes stay in layer ${version.layer}, and anyone who can pull the image can read them.`
}

function messageOf(evidence: Evidence, leak: Leak, place: Place, what: string): string {
  if (place.kind === 'file') return fileMessage(evidence, place, what)
  if (place.kind === 'config')
    return `${fieldName(place)} holds ${what}: everyone who can pull the image can read its configuration.`
  if (place.kind === 'attestation') return attestationMessage(place, what)
  if (place.kind === 'manifest' || place.kind === 'index') return documentMessage(place, what)
  if (place.kind === 'tar') return tarMessage(place, what, (layer) => layerName(evidence, layer))
  const instruction = evidence.origin.history[place.index]?.instruction
  const argument = instruction?.buildArgs.some((arg) => arg.includes(leak.value)) || instruction?.keyword === 'ARG'
  const lines = place.lines === null ? '' : ` (${place.lines.path}:${place.lines.startLine})`
  return `The history entry of ${instruction?.keyword ?? 'an instruction'}${lines} holds ${what}${argument ? ', given as a build argument' : ''}: docker history shows it to everyone who can pull the image.`
}

const fieldName = ({ field }: ConfigPlace): string => {
  if (field.startsWith('Env.')) return `The environment variable ${field.slice(4)}`
  if (field.startsWith('Labels.')) return `The label ${field.slice(7)}`
  if (field.startsWith('Annotations.')) return `The annotation ${field.slice(12)} of the manifest`
  return `The ${field} of the configuration`
}

function attestationMessage({ predicateType, field, lines }: AttestationPlace, what: string): string {
  const kind = /slsa/.test(predicateType)
    ? 'provenance'
    : /spdx|cyclonedx/i.test(predicateType)
      ? 'SBOM'
      : 'attestation'
  const argument = /build-arg:/.test(field) ? ', given as a build argument' : ''
  return `The ${kind} of the image${field === '' ? '' : ` (${field})`} holds ${what}${argument}${lines === null ? '' : `, from ${lines.path}:${lines.startLine}`}: it is pushed with the image, and docker buildx imagetools inspect shows it to everyone who can pull.`
}

/** What is kept elsewhere, however the Dockerfile is changed. */
const PURGE = 'Delete pushed tags and the build cache: they keep it.'

/** What to do, step by step: the change itself is the finding's fix. */
function remedyOf(evidence: Evidence, leak: Leak, place: Place, { fix, why }: Remedy): readonly string[] {
  const revoke = leak.strength === 'harmless' ? [] : [`${leak.detector.revoke}.`]
  if (place.owner === 'base')
    return [
      `Inherited from the base image${evidence.origin.base === null ? '' : ` ${evidence.origin.base.reference}`}: tell who builds it, and take a base without it.`,
      ...revoke,
    ]
  if (isGenerated(leak, place, evidence))
    return [
      'Every container of this image has the same key. Delete it in the RUN that installs the package and make one when the container starts.',
    ]
  const cache = place.kind === 'file' ? cacheOf(place.version.path) : null
  if (cache?.emptiedBy != null)
    return [`It is one of ${cache.name}, which a distribution publishes: no container needs it. ${cache.remedy}`]
  const change = changeOf(evidence, leak, place, fix)
  return leak.strength === 'harmless'
    ? [change]
    : [...revoke, change, ...(why === null || partOfProgram(place) !== null ? [] : [why]), PURGE]
}

/** The instruction that a secret of the history or of an attestation is written in; an argument is one of ARG, wherever it is used. */
function instructionOf(
  { origin }: Evidence,
  { value }: Leak,
  place: HistoryPlace | AttestationPlace,
): { keyword: string | null; text: string } {
  if (place.kind === 'history') {
    const instruction = origin.history[place.index]?.instruction
    if (instruction?.buildArgs.some((argument) => argument.includes(value))) return { keyword: 'ARG', text: '' }
    return { keyword: instruction?.keyword ?? null, text: instruction?.text ?? '' }
  }
  const [, argument] = /\["?(build-arg|label):/.exec(place.field) ?? []
  if (argument !== undefined) return { keyword: argument === 'label' ? 'LABEL' : 'ARG', text: '' }
  const line = place.lines?.startLine ?? 0
  const source = origin.dockerfile?.stages
    .flatMap(({ instructions }) => instructions)
    .find(({ startLine, endLine }) => startLine <= line && line <= endLine)
  return { keyword: source?.keyword ?? null, text: source?.text ?? '' }
}

/** The RUN that mounts the secret once the change is made; empty where none does. */
function mountingLine({ detector }: Leak, place: Place, fix: Fix | null): string {
  const lines = (fix?.edits ?? [])
    .map((edit) => edit.lines.join('\n').replace(/\\\n/g, ''))
    .filter((text) => text.includes(MOUNT.slice(4)))
  const own =
    place.kind === 'file'
      ? [`target=${place.version.path}`, `/${baseName(place.version.path)}`]
      : [`id=${place.name ?? detector.id}`, `id=${detector.id}`]
  const found = lines.find((text) => own.some((option) => text.includes(option)))
  return oneLine(found ?? (place.kind === 'file' || lines.length !== 1 ? '' : (lines[0] ?? '')))
}

function changeOf(evidence: Evidence, leak: Leak, place: Place, fix: Fix | null): string {
  const line = mountingLine(leak, place, fix)
  // A command that holds another secret is not one to paste.
  const mounted = line === '' || evidence.cut(line, line.length) !== line ? '' : ` \`${evidence.cut(line, MAX_MOUNT)}\``
  if (place.kind === 'config') return configChange(place.field, mounted)
  if (place.kind === 'history' || place.kind === 'attestation') {
    const { keyword, text } = instructionOf(evidence, leak, place)
    return instructionChange(keyword, { name: place.name, mounted, text })
  }
  if (place.kind !== 'file') return metadataChange(place)
  const ownWords = partOfProgram(place) ?? madeKey(evidence, leak, place)
  if (ownWords !== null) return ownWords
  const { instead } = leak.detector
  const layer = evidence.origin.layers[place.version.layer]
  const { source } = layer ?? {}
  const keyword = source?.keyword ?? layer?.instruction?.keyword
  if (keyword === 'COPY' || keyword === 'ADD') return copyChange(evidence, leak, place, keyword, mounted, fix)
  if (keyword === 'RUN') {
    if (instead !== undefined && place.state === 'present') return `${instead}.`
    if (fix?.edits.some(({ lines }) => lines.some((line) => /^FROM /i.test(line))))
      return 'Build with it in a stage of its own and copy only the result into the image.'
    if (fix !== null && place.state === 'deleted') return 'Make, use and remove it in one RUN: then it is in no layer.'
    return `Read it from${mounted === '' ? ` ${MOUNT}` : mounted} in the RUN that needs it, and write it to no file of the image.`
  }
  return instead === undefined
    ? `Leave the file out of the image; what the build needs comes from ${MOUNT}.`
    : `${instead}.`
}

/** What ADD unpacks. */
const ARCHIVE = /\.(?:tar|tgz|txz|tbz2?)(?:\.\w+)?$/
/** Files that the application is made of: it needs them, without the value. */
const SOURCE_CODE =
  /\.(?:[cm]?[jt]sx?|cc|cpp|cs|exs?|go|html?|java|kt|lua|php|pl|py|rb|rs|scala|sh|sql|svelte|swift|vue)$/

/** Archives that are programs. */
const PROGRAM_ARCHIVE = /\.(?:aar|apk|ear|egg|gem|jar|nupkg|pyz|war|whl)$/i
/** Names of what a compiler makes, where a file has an ending. */
const COMPILED = /^[^.]+$|\.(?:dll|dylib|exe|node|so(?:\.\d+)*|wasm|class|pyc)$/i

const READ_IT = 'let the program read it from its environment or a mounted file when the container starts'

/** What to do about a value in the code of the application: it is needed, without the value. null for any other file. */
function partOfProgram(place: Place): string | null {
  if (place.kind !== 'file' || place.state !== 'present') return null
  const { path, entry } = place.version
  const name = baseName(path)
  if (place.inside !== null)
    return PROGRAM_ARCHIVE.test(path)
      ? `It is in ${place.inside} of ${name}: take the value out where ${name} is built, and ${READ_IT}.`
      : null
  if (SOURCE_CODE.test(path)) return `Take the value out of the file, and ${READ_IT}.`
  const isBinary = place.line === null && COMPILED.test(name) && ((entry.mode & 0o111) !== 0 || name.includes('.'))
  return isBinary ? `It is compiled into ${name}: take the value out of its source, and ${READ_IT}.` : null
}

/** What to do about a key that a RUN of the image itself made; null where none did. */
function madeKey(evidence: Evidence, leak: Leak, place: FilePlace): string | null {
  if (place.state !== 'present' || !makesKey(evidence, leak, place)) return null
  return 'Every container of this image has the same key, and so has everyone who can pull it. Make the key when the container starts, or mount one then.'
}

/** A secret that came with what a COPY took from another stage. */
function stageChange(stage: string, { detector }: Leak, mounted: string, fix: Fix | null): string {
  if (fix?.edits.some(({ lines }) => lines.some((line) => line.startsWith('RUN rm '))))
    return `Remove it at the end of the stage ${stage}: what is gone there before COPY --from is in no image.`
  if (fix !== null && mounted !== '')
    return `Let the stage ${stage} mount it, so that COPY --from finds none:${mounted}.`
  return `Copy only what the image needs from ${stage}${detector.instead === undefined ? `, and let that stage read the secret from ${MOUNT}` : ''}.`
}

function copyChange(
  evidence: Evidence,
  leak: Leak,
  place: FilePlace,
  keyword: string,
  mounted: string,
  fix: Fix | null,
): string {
  const { detector } = leak
  const { origin, sources } = evidence
  const layer = origin.layers[place.version.layer]
  const source = layer?.source ?? null
  const stage = source === null ? null : flagValue(source, 'from')
  if (stage !== null) return stageChange(stage, leak, mounted, fix)
  const archive = source === null ? undefined : copySources(source).find((name) => ARCHIVE.test(name))
  if (keyword === 'ADD' && archive !== undefined)
    return `Take ${place.version.path} out of the archive ${archive}, which ADD unpacks.`
  const use =
    detector.instead !== undefined
      ? `. ${detector.instead}.`
      : mounted === ''
        ? `; what the build needs comes from ${MOUNT}.`
        : `; the RUN that needs it mounts it:${mounted}.`
  const known = sources.get(fileKey(place.version.content.layer, place.version.content.index))
  const from = known === undefined || known.path === known.inContext ? '' : ` It is ${known.path} of the checkout.`
  if (known?.ignoredBy != null)
    return `\`${known.ignoredBy.pattern}\` in ${known.ignoreFile} (line ${known.ignoredBy.line}) keeps ${known.path} out of the context today: build the image anew${use}`
  const text = source ?? (layer?.instruction?.builder === 'buildkit' ? layer.instruction : null)
  const path =
    known?.inContext ??
    (text === null ? baseName(place.version.path) : contextPath(text, place.version.path, layer?.workdir))
  const isNamed = source !== null && copySources(source).includes(path)
  const how = isNamed ? `and take it out of this ${keyword}` : `so that ${keyword} leaves it out`
  return `Add \`${patternOf(path)}\` to ${known?.ignoreFile ?? '.dockerignore'} ${how}${use}${from}`
}

/** Places of one leak that a finding lists; `occurrences` counts them all. */
const MAX_RELATED = 500

function relatedOf(evidence: Evidence, leak: Leak, lead: Place): Related[] {
  const layerLines = (layer: number): DockerfileLines | null => evidence.origin.layers[layer]?.lines ?? null
  const related: Related[] = []
  const hiders = new Set<string>()
  const addEnding = (place: Place): void => {
    if (
      (place.kind !== 'file' && place.kind !== 'tar') ||
      place.ending === null ||
      place.ending.layer === place.version?.layer
    )
      return
    const { layer, by, state } = place.ending
    const role = state === 'deleted' ? 'hidden-by' : 'overwritten-by'
    const key = `${role} ${layer} ${by}`
    if (hiders.has(key)) return
    hiders.add(key)
    related.push({
      role,
      location: { kind: 'layer', layer, path: by, line: null, offset: null },
      dockerfile: layerLines(layer),
    })
  }
  addEnding(lead)
  for (const place of leak.places) {
    if (place === lead) continue
    if (related.length >= MAX_RELATED) break
    related.push({
      role: 'also-in',
      location: locationOf(place, evidence.built !== null),
      dockerfile: place.lines,
      ...(place.kind === 'file' || place.kind === 'tar' ? { state: place.state } : {}),
    })
    addEnding(place)
  }
  return related
}

/** What names a place whatever the layers' numbers, the lines and the value are. */
function identityOf(evidence: Evidence, leak: Leak, place: Place): string[] {
  const name = place.name ?? ''
  if (place.kind === 'file') return [leak.detector.id, place.version.path, place.inside ?? '', name]
  if (place.kind === 'config') return [leak.detector.id, place.field, name]
  if (place.kind === 'attestation') return [leak.detector.id, place.predicateType, withoutDigests(place.field), name]
  if (place.kind === 'manifest' || place.kind === 'index')
    return [leak.detector.id, place.kind, withoutDigests(place.field), name]
  if (place.kind === 'tar') return [leak.detector.id, place.path, `tar ${place.field}`, place.key ?? '', name]
  return [leak.detector.id, historyIdentity(evidence, place), name]
}

/** Blobs are named by what is in them: another build has other names. */
const withoutDigests = (field: string): string => field.replace(/\b[0-9a-f]{64}\b/g, '…')

const historyIdentity = (evidence: Evidence, place: HistoryPlace): string => {
  const instruction = evidence.origin.history[place.index]?.instruction
  return `${instruction?.keyword ?? ''} ${instruction?.text ?? ''}`
}

/** What it is, without where. */
const subjectOf = ({ detector }: Leak, generated: boolean): string =>
  generated ? `${detector.title} that a package made when it was installed` : detector.title

function titleOf(leak: Leak, place: Place, generated: boolean): string {
  const title = subjectOf(leak, generated)
  if (generated) return title
  if (place.kind === 'history') return `${title} in the image's history`
  if (place.kind === 'attestation') return `${title} in an attestation of the image`
  if (place.kind === 'config')
    return place.field.startsWith('Env.')
      ? `${title} in an environment variable`
      : `${title} in the image's configuration`
  if (place.kind !== 'file') return `${title} in ${metadataTitle(place)}`
  return place.state === 'present' ? `${title} in the image` : `${title} stays in the image`
}

/** What came with the base stands at its FROM, but for a layer that no history tells of. */
const fromLines = ({ origin }: Evidence, place: Place): DockerfileLines | null =>
  place.kind === 'file' && origin.layers[place.version.layer]?.history === null ? null : (origin.base?.lines ?? null)

const NO_REMEDY: Remedy = { fix: null, why: null }

function seenFrom(evidence: Evidence, leak: Leak, place: Place): PlacedFinding {
  const { what, told } = whatOf(leak, leak.places.length, evidence)
  const entry = place.kind === 'file' || place.kind === 'tar' ? (place.version?.entry ?? null) : null
  const generated = isGenerated(leak, place, evidence)
  const remedy = place.owner === 'base' ? NO_REMEDY : remedyFor(evidence, leak)
  const source =
    place.kind === 'file'
      ? evidence.sources.get(fileKey(place.version.content.layer, place.version.content.index))
      : undefined
  return {
    ruleId: ruleOf(evidence, leak, place),
    ...gravity(leak, place, evidence),
    title: titleOf(leak, place, generated),
    message:
      messageOf(evidence, leak, place, what) +
      (generated ? ' The script of a package made it in the build: all containers share it.' : ''),
    remedy: remedyOf(evidence, leak, place, remedy),
    fix: remedy.fix,
    location: locationOf(place, evidence.built !== null),
    dockerfile: place.owner === 'base' ? fromLines(evidence, place) : place.lines,
    related: relatedOf(evidence, leak, place),
    file:
      (place.kind === 'file' || place.kind === 'tar') && entry !== null
        ? {
            state: place.state,
            mode: entry.mode.toString(8).padStart(4, '0'),
            uid: entry.uid,
            gid: entry.gid,
            size: place.kind === 'file' ? place.version.content.entry.size : entry.size,
            // Who has the hash of a file with a password in it can try passwords.
            sha256: place.kind === 'file' && leak.detector.guessable !== true ? (place.hashes?.sha256 ?? null) : null,
            package: null,
            source: source === undefined ? null : { path: source.path, ignoredBy: source.ignoredBy?.pattern ?? null },
          }
        : null,
    secret: { ...told, title: subjectOf(leak, generated), strength: leak.strength },
    origin: place.owner,
  }
}
