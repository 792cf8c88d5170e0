// For every layer and history entry: the instruction and line that made it, and whether it is the image's own or came
// with the base. What is not known stays unknown, with a reason.

import type { HistoryEntry, ImageConfig } from '../image/config.ts'
import type { Digest } from '../image/image.ts'
import { cleanPath } from '../image/path.ts'
import type { Provenance } from '../provenance/provenance.ts'
import { type Alignment, alignBest } from './align.ts'
import { type BaseImage, baseImageOf } from './base-image.ts'
import type { Dockerfile, Instruction, Stage } from './dockerfile.ts'
import { type HistoryInstruction, pairLayers, readHistoryEntry } from './history.ts'
import type { DockerfileLines } from './lines.ts'
import { type BaseCertainty, choiceDoubt, type Owned, type Owner, ownershipOf } from './ownership.ts'
import { noDockerfile, noProvenance, type Reason } from './reason.ts'
import { type Trace, trace } from './trace.ts'

export type { BaseImage } from './base-image.ts'
export type { BaseCertainty, Owner } from './ownership.ts'

interface LayerOrigin {
  /** Index of the history entry, null when it cannot be paired. */
  readonly history: number | null
  /** null when not known, and for a layer that a builder merged from several instructions. */
  readonly instruction: HistoryInstruction | null
  /** The instruction as the Dockerfile has it. */
  readonly source: Instruction | null
  /** The working directory that its instruction started in, as far as the history tells. */
  readonly workdir: string
  readonly owner: Owner
  readonly certainty: BaseCertainty
  readonly lines: DockerfileLines | null
  /** History entries whose files the layer holds together, for a builder that makes one layer of several instructions. */
  readonly merged: readonly number[]
}

export interface EntryOrigin {
  readonly instruction: HistoryInstruction
  /** The instruction as the Dockerfile has it. */
  readonly source: Instruction | null
  readonly entry: HistoryEntry
  /** The working directory that it started in, as far as the history tells. */
  readonly workdir: string
  /** Index of the layer it made, null for none or when not known. */
  readonly layer: number | null
  readonly owner: Owner
  readonly certainty: BaseCertainty
  readonly lines: DockerfileLines | null
}

export interface Origin {
  /** The one whose lines these are, be it the checkout's or the provenance's. */
  readonly dockerfile: Dockerfile | null
  readonly layers: readonly LayerOrigin[]
  readonly history: readonly EntryOrigin[]
  readonly base: BaseImage | null
  /** Why nothing tells base from own, in some layers or in all; null where that is known. What is not known counts as own. */
  readonly baseReason: Reason | null
  /** Lines of the last instruction of a kind in the stage that was built, such as USER. */
  readonly lastLines: (keyword: string) => DockerfileLines | null
  /** Lines of an instruction of `dockerfile`; null while that is not known to be the one that was built. */
  readonly linesOf: (instruction: Instruction) => DockerfileLines | null
  /** The FROM line of the stage that was built. */
  readonly from: DockerfileLines | null
  /** The stage of `dockerfile` that was built; null where that is not known. */
  readonly stage: Stage | null
  /** That stage and those that it builds on, the lowest first. */
  readonly stages: readonly Stage[]
  /** Why lines are not known; null when they are. */
  readonly reason: Reason | null
  /** Provenance that was not used, and Dockerfiles that changed since the build. */
  readonly warnings: readonly { readonly code: string; readonly message: string }[]
}

export interface OriginSources {
  readonly config: ImageConfig
  readonly annotations: Readonly<Record<string, string>>
  readonly layers: readonly { readonly diffId: Digest; readonly digest: Digest | null }[]
  /** Digests of the image: of its configuration and its manifest. */
  readonly ids: readonly (string | null)[]
  /** The most trusted first. */
  readonly provenances: readonly Provenance[]
  /** Dockerfiles of the checkout that may have built the image. */
  readonly dockerfiles: readonly Dockerfile[]
  /** Further ones that a search of the checkout brought. */
  readonly found?: readonly Dockerfile[]
  /** The user named them: then a Dockerfile without a RUN or COPY of its own is believed too. */
  readonly isNamed: boolean
  /** All Dockerfiles of the checkout; null where it was not searched, or not to its end. */
  readonly all: readonly Dockerfile[] | null
  /** The stage that was built; null where nobody said. */
  readonly target: string | null
}

/** Instructions that make no files: a layer paired with one holds what earlier instructions made. */
const METADATA = new Set([
  'ARG',
  'CMD',
  'ENTRYPOINT',
  'ENV',
  'EXPOSE',
  'HEALTHCHECK',
  'LABEL',
  'MAINTAINER',
  'ONBUILD',
  'SHELL',
  'STOPSIGNAL',
  'USER',
  'VOLUME',
])

/** The reason where there is nothing to hold the history against. */
export const NO_DOCKERFILE = noDockerfile('no Dockerfile was given')

/** What is known of the build, from provenance or from the alignment alone. */
interface Known {
  readonly dockerfile: Dockerfile
  readonly alignment: Alignment | null
  readonly traced: Trace | null
  readonly certainty: DockerfileLines['certainty']
  readonly changed: boolean
}

/** Equal but for the line ends, which Git may change: line numbers are the same. */
const sameText = (a: string, b: string): boolean =>
  a === b || a.replace(/\r\n/g, '\n').replace(/^\ufeff/, '') === b.replace(/\r\n/g, '\n').replace(/^\ufeff/, '')

/** The file of the checkout that is the Dockerfile of a provenance; null where none is, or several are. */
function fileOf(traced: Trace, dockerfiles: readonly Dockerfile[]): Dockerfile | null {
  const same = dockerfiles.filter(({ text }) => sameText(text, traced.dockerfile.text))
  return (
    same.find(({ path }) => path === traced.provenance.repositoryPath) ?? (same.length === 1 ? (same[0] ?? null) : null)
  )
}

/** The first provenance that the image bears out, and why others were not used. */
function firstTrace(
  { provenances, layers, ids }: OriginSources,
  history: readonly HistoryInstruction[],
  pairing: readonly (number | null)[],
): { traced: Trace | null; problems: string[] } {
  const problems: { where: string; problem: string }[] = []
  for (const provenance of provenances) {
    if (provenance.dockerfile === null) continue
    const result = trace(provenance, layers, ids, history, pairing)
    if ('problem' in result) problems.push({ where: provenance.where, problem: result.problem })
    // A metadata file of several builds holds one for each: those of the others are no problem.
    else
      return {
        traced: result.trace,
        problems: problems.filter(({ where }) => where !== provenance.where).map(({ problem }) => problem),
      }
  }
  return { traced: null, problems: problems.map(({ problem }) => problem) }
}

/**
 * Finds the origin of every layer: by provenance where the image bears it out, else by holding the history against the
 * Dockerfiles.
 */
export function findOrigin(sources: OriginSources): Origin {
  const { config, dockerfiles, found = [], target } = sources
  const files = [...dockerfiles, ...found]
  const history = (config.history ?? []).map(readHistoryEntry)
  const { traced, problems } = firstTrace(sources, history, pairLayers(config.diffIds.length, config.history))
  const warnings = problems.map((message) => ({ code: 'provenance-not-used', message: `${message}.` }))
  const aligned =
    traced === null
      ? files.length === 0
        ? { reason: NO_DOCKERFILE }
        : alignBest(dockerfiles, history, target, found)
      : null
  let known: Known | null = null
  if (traced !== null) {
    const file = fileOf(traced, files)
    const dockerfile = file === null ? traced.dockerfile : { ...traced.dockerfile, path: file.path }
    known = { dockerfile, alignment: traced.alignment, traced, certainty: 'exact', changed: file === null }
    if (file === null) warnings.push(changedWarning(traced, dockerfile.path, files))
  } else if (aligned !== null && 'alignment' in aligned) {
    known = {
      dockerfile: aligned.alignment.dockerfile,
      alignment: aligned.alignment,
      traced: null,
      certainty: 'aligned',
      changed: false,
    }
  }
  const alignment = known?.alignment ?? null
  const isWhole = alignment !== null && alignment.reason === null && alignment.ownFrom === alignment.baseEntries
  const pairing = pairLayers(config.diffIds.length, config.history, isWhole ? alignment.ownFrom : null)
  const isMerged = pairing.some((index) => index !== null && METADATA.has(history[index]?.keyword ?? ''))
  const merges =
    isMerged && traced === null ? noProvenance('the builder merged the layers of several instructions') : null
  const missing =
    pairing.every((index) => index === null) && pairing.length > 0
      ? noProvenance('the history has no entry for some layers: the base image may have none')
      : null
  const reason =
    known === null
      ? aligned !== null && 'reason' in aligned
        ? aligned.reason
        : null
      : (alignment?.reason ?? merges ?? (traced === null ? missing : null))
  const ownership = ownershipOf({
    ...sources,
    history: history.map((entry, index) => ({ ...entry, empty: config.history?.[index]?.empty ?? false })),
    pairing,
    alignment,
    traced,
    reason,
  })
  const linesOf = linesIn(known)
  // What an image says of its own base is a claim: a Dockerfile of the checkout that says something else wins over it.
  const isClaim = traced !== null && traced.provenance.isOfImage === true && known?.changed === true && files.length > 0
  const entries = originsOfEntries(config, history, pairing, known, ownership.entries)
  const layers = originsOfLayers(entries, pairing, ownership.layers, traced, isMerged, linesOf)
  const own =
    alignment === null
      ? []
      : [...alignment.instructions].sort(([a], [b]) => a - b).map(([, instruction]) => instruction)
  const count = layers.some(({ owner }) => owner === 'unknown')
    ? null
    : layers.filter(({ owner }) => owner === 'base').length
  return {
    dockerfile: known?.dockerfile ?? (files.length === 1 ? (files[0] ?? null) : null),
    layers,
    history: entries,
    base: isClaim
      ? claimedBase(traced, count, alignBest(dockerfiles, history, target, found))
      : baseImageOf(
          sources,
          count,
          traced,
          alignment,
          linesOf(alignment?.base?.from),
          alignment === null ? null : choiceDoubt(alignment, sources),
        ),
    baseReason: ownership.reason,
    lastLines: (keyword) => linesOf(own.findLast((instruction) => instruction.keyword === keyword)),
    linesOf,
    from: linesOf(alignment?.stage.fromInstruction),
    stage: alignment?.stage ?? null,
    stages: alignment?.stages ?? [],
    reason,
    warnings,
  }
}

/** The base where only the image itself names it, and its Dockerfile is none of the checkout's. */
function claimedBase(traced: Trace, layers: number | null, aligned: ReturnType<typeof alignBest>): BaseImage | null {
  const alignment = 'alignment' in aligned ? aligned.alignment : null
  const written = alignment?.doubt == null ? (alignment?.base?.reference ?? null) : null
  const digest = (reference: string): string | null => /@(sha256:[0-9a-f]{64})$/.exec(reference)?.[1] ?? null
  if (written !== null && !written.includes('$'))
    return { reference: written, digest: digest(written), layers, source: 'dockerfile', lines: null, doubt: null }
  if (traced.base === null) return null
  const doubt = `${traced.provenance.where} lies inside the image, and its Dockerfile is none of the checkout's`
  return { ...traced.base, layers: traced.baseLayers, source: 'provenance', lines: null, doubt }
}

/** Lines of the checkout's file, or of the Dockerfile that was built. */
function changedWarning(
  { dockerfile: { text }, provenance }: Trace,
  path: string,
  files: readonly Dockerfile[],
): Origin['warnings'][number] {
  const several = files.filter((file) => sameText(file.text, text)).map((file) => file.path)
  return {
    code: 'dockerfile-changed',
    message: `The Dockerfile that was built (${path}, by ${provenance.where}) ${several.length > 1 ? `is the same as ${several.slice(0, 4).join(' and ')}: name the one that was built with --dockerfile` : 'is not in the checkout: it changed since the build, or was made for it'}. Lines are those of the build; no file is annotated.`,
  }
}

type LinesOf = (instruction: Instruction | null | undefined) => DockerfileLines | null

const linesIn =
  (known: Known | null): LinesOf =>
  (instruction) =>
    instruction == null || known === null
      ? null
      : {
          path: known.dockerfile.path,
          startLine: instruction.startLine,
          endLine: instruction.endLine,
          certainty: known.certainty,
          ...(known.changed ? { changed: true as const } : {}),
        }

function originsOfEntries(
  config: ImageConfig,
  history: readonly HistoryInstruction[],
  pairing: readonly (number | null)[],
  known: Known | null,
  owned: readonly Owned[],
): EntryOrigin[] {
  let workdir = '/'
  return history.map((read, index): EntryOrigin => {
    const startedIn = workdir
    if (read.keyword === 'WORKDIR')
      workdir = cleanPath(read.text.startsWith('/') ? read.text : `${workdir}/${read.text}`)
    const layer = pairing.indexOf(index)
    const source =
      (layer === -1 ? null : known?.traced?.instructions[layer]) ?? known?.alignment?.instructions.get(index) ?? null
    // The exec form of the classic builder is known as a RUN only once its line is.
    const isRun = read.keyword === null && source?.keyword === 'RUN'
    const instruction: HistoryInstruction = isRun ? { ...read, keyword: 'RUN', display: `RUN ${read.text}` } : read
    const entry = config.history?.[index]
    const own = owned[index]
    if (entry === undefined || own === undefined) throw new RangeError(`no history entry ${index}`)
    return {
      instruction,
      source,
      entry,
      workdir: startedIn,
      layer: layer === -1 ? null : layer,
      ...own,
      lines: linesIn(known)(source),
    }
  })
}

function originsOfLayers(
  entries: readonly EntryOrigin[],
  pairing: readonly (number | null)[],
  owned: readonly Owned[],
  traced: Trace | null,
  isMerged: boolean,
  linesOf: LinesOf,
): LayerOrigin[] {
  let before = -1
  return pairing.map((index, layer): LayerOrigin => {
    const entry = index === null ? undefined : entries[index]
    const own = owned[layer]
    if (own === undefined) throw new RangeError(`no layer ${layer}`)
    const merged = METADATA.has(entry?.instruction.keyword ?? '')
      ? entries
          .slice(before + 1, (index ?? -1) + 1)
          .flatMap(({ instruction }, at) => (METADATA.has(instruction.keyword ?? '') ? [] : [before + 1 + at]))
      : []
    if (index !== null) before = index
    const isOneOfMerged =
      merged.length > 0 ||
      METADATA.has(entry?.instruction.keyword ?? '') ||
      (isMerged && traced === null && own.owner === 'own')
    const source = isOneOfMerged ? null : (traced?.instructions[layer] ?? entry?.source ?? null)
    return {
      history: index,
      instruction: isOneOfMerged ? null : (entry?.instruction ?? null),
      source,
      workdir: entry?.workdir ?? '/',
      ...own,
      lines: linesOf(source),
      merged,
    }
  })
}
