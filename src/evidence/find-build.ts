// What is known of the build that made an image: its provenance, the Dockerfile in the checkout, the files that were copied.

import {
  type BuildContext,
  type ContextFile,
  type Copied,
  findNamedSource,
  findSource,
  readContext,
  searchContext,
} from '../checkout/build-context.ts'
import { readSource, type SourceFile, searchDockerfiles } from '../checkout/checkout.ts'
import { type Dockerfile, flagValue, type Instruction, parseDockerfile, stageOf } from '../dockerfile/dockerfile.ts'
import { findOrigin, type Origin } from '../dockerfile/origin.ts'
import { ancestorsOf, stageNamed } from '../dockerfile/stages.ts'
import { ConfigError } from '../error.ts'
import type { Image } from '../image/image.ts'
import { readBuildDocuments } from '../provenance/documents.ts'
import { engineProvenance } from '../provenance/engine.ts'
import { MAX_PROVENANCE, type Provenance, readProvenance } from '../provenance/provenance.ts'
import { fileKey } from './evidence.ts'
import type { Leak } from './leak.ts'

export interface BuildOptions {
  /** Dockerfiles that were named, or the one that lies where one is looked for. */
  readonly dockerfiles: readonly SourceFile[]
  /** The user named them. */
  readonly isNamed: boolean
  /** The stage that was built; null where nobody said. */
  readonly target: string | null
  /** Root of the checkout; null for none: then nothing is searched. */
  readonly checkout: string | null
  /** The build context, relative to the root of the checkout; null where it was not named. */
  readonly context: string | null
  /** A file that `--metadata-file` wrote, its text, or a build record. */
  readonly buildMetadata: string | null
  readonly temporary: string
}

export interface Build {
  readonly origin: Origin
  readonly provenances: readonly Provenance[]
  readonly warnings: readonly { readonly code: string; readonly message: string }[]
}

const MIB = 1 << 20

/** Provenance of the image itself. Attestations that could not be read are said. */
function attested(image: Image): { provenances: Provenance[]; problems: string[] } {
  const provenances: Provenance[] = []
  const problems: string[] = []
  for (const { predicateType, document, statement, problem } of image.attestations) {
    const where = `the attestation ${predicateType} of the image`
    if (problem !== null) problems.push(`${where} ${problem}`)
    if (problem !== null || document === null || !/slsa/.test(predicateType)) continue
    if (document.length > MAX_PROVENANCE) {
      problems.push(`${where} has more than ${MAX_PROVENANCE / MIB} MiB`)
      continue
    }
    const result = readProvenance(statement, where)
    if ('provenance' in result) provenances.push({ ...result.provenance, isOfImage: true })
    else problems.push(result.problem)
  }
  return { provenances, problems }
}

const hasLines = (provenances: readonly Provenance[]): boolean =>
  provenances.some(({ dockerfile }) => dockerfile !== null)

/** Finds provenance and Dockerfile. Files of the checkout are searched only where those at hand do not fit. @throws ConfigError */
export async function findBuild(image: Image, options: BuildOptions): Promise<Build> {
  const { provenances, problems } = attested(image)
  if (options.buildMetadata !== null) {
    const documents = await readBuildDocuments(options.buildMetadata, options.checkout ?? '.', options.temporary)
    // What the user named goes first.
    provenances.unshift(...documents.provenances)
    problems.push(...documents.problems)
  }
  if (image.source === 'engine' && !hasLines(provenances)) {
    const recorded = await engineProvenance(image.reference.replace(/^engine:/, ''))
    if (recorded !== null) provenances.push(recorded)
  }
  const parsed = (files: readonly SourceFile[]): Dockerfile[] =>
    files.map(({ path, text }) => parseDockerfile(path, text))
  const dockerfiles = parsed(options.dockerfiles)
  let known = dockerfiles
  const originWith = (found: readonly Dockerfile[], all: readonly Dockerfile[] | null): Origin =>
    findOrigin({
      config: image.config,
      annotations: image.annotations,
      layers: image.layers,
      ids: [image.id, image.digest],
      provenances,
      dockerfiles,
      found,
      all,
      isNamed: options.isNamed,
      target: options.target,
    })
  let origin = originWith([], null)
  const isChanged = origin.warnings.some(({ code }) => code === 'dockerfile-changed')
  const hasNone = origin.history.every(({ lines }) => lines === null)
  // What came with the base rests on there being no other Dockerfile that could have made it.
  const needsAll =
    origin.base?.doubt != null ||
    origin.layers.some(({ owner, certainty }) => owner === 'unknown' || certainty === 'aligned')
  if ((isChanged || (hasNone && !options.isNamed) || needsAll) && options.checkout !== null) {
    const search = await searchDockerfiles(options.checkout)
    const all = parsed(search.files)
    const given = new Set(options.dockerfiles.map(({ path }) => path))
    known = [...dockerfiles, ...all.filter(({ path }) => !given.has(path))]
    const candidates = [...parsed(await namedByProvenance(options.checkout, provenances)), ...all]
    const more = candidates.filter(
      ({ path }, index) => !given.has(path) && candidates.findIndex((other) => other.path === path) === index,
    )
    const isWanted = isChanged || (hasNone && !options.isNamed)
    const searched = originWith(isWanted ? more : [], search.isWhole ? all : null)
    // Where nothing fits, the file at hand tells best why.
    if (
      !isWanted ||
      isChanged ||
      options.dockerfiles.length === 0 ||
      searched.history.some(({ lines }) => lines !== null)
    )
      origin = searched
  }
  assertTarget(options.target, origin, options.isNamed ? dockerfiles : known)
  return {
    origin,
    provenances,
    warnings: [
      ...problems.map((problem) => ({ code: 'attestation-not-used', message: `${capital(problem)}.` })),
      ...origin.warnings,
    ],
  }
}

/** Stages of a Dockerfile that are listed. */
const MAX_LISTED = 20

/** A stage that no Dockerfile has is a mistake of whoever named it. Where provenance tells the lines, it does not matter. @throws ConfigError */
function assertTarget(target: string | null, { history }: Origin, dockerfiles: readonly Dockerfile[]): void {
  if (target === null || dockerfiles.length === 0 || history.some(({ lines }) => lines !== null)) return
  if (dockerfiles.some(({ stages }) => stageOf(stages, target) !== null)) return
  const [first, second] = dockerfiles
  const names = first?.stages.slice(0, MAX_LISTED).map(({ name, index }) => name ?? String(index)) ?? []
  throw new ConfigError(
    second !== undefined
      ? `--target ${target}: none of ${dockerfiles.length} Dockerfiles has a stage of that name. Name one with --dockerfile.`
      : `--target ${target}: ${first?.path} has no stage of that name. Its stages: ${names.join(', ')}${(first?.stages.length ?? 0) > MAX_LISTED ? ', …' : ''}.`,
  )
}

/** The files that the provenances say were built, whatever they are called. */
async function namedByProvenance(checkout: string, provenances: readonly Provenance[]): Promise<SourceFile[]> {
  const files: SourceFile[] = []
  for (const { repositoryPath } of provenances) {
    if (repositoryPath === null || repositoryPath.split('/').includes('..')) continue
    const text = await readSource(checkout, repositoryPath)
    if (text !== null) files.push({ path: repositoryPath, text })
  }
  return files
}

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1)

/** Leaks whose files are looked for in the checkout. */
const MAX_TRACED = 200

const isCopy = ({ keyword }: Instruction): boolean => keyword === 'COPY' || keyword === 'ADD'

/** The instructions that took what one copied from the build context: itself, or those of the stage that it copies from. */
function copiesBehind(dockerfile: Dockerfile, instruction: Instruction): readonly Instruction[] {
  if (!isCopy(instruction)) return []
  const from = flagValue(instruction, 'from')
  if (from === null) return [instruction]
  const stage = stageNamed(dockerfile, from)
  if (stage === null) return []
  return [...ancestorsOf(dockerfile, stage), stage]
    .flatMap(({ instructions }) => instructions)
    .filter((each) => isCopy(each) && flagValue(each, 'from') === null)
}

/** A file of the image, with the instructions that may have taken it from the build context. */
interface Traced {
  readonly key: string
  readonly copies: readonly Copied[]
}

function tracedFiles(leaks: readonly Leak[], origin: Origin, dockerfile: Dockerfile): Traced[] {
  const traced = new Map<string, Traced>()
  for (const place of leaks.flatMap(({ places }) => places)) {
    if (traced.size >= MAX_TRACED) break
    if (place.kind !== 'file' || place.hashes === null) continue
    const { layer, index, entry, path } = place.version.content
    const key = fileKey(layer, index)
    const { source, workdir = '/' } = origin.layers[layer] ?? {}
    if (source == null || traced.has(key)) continue
    const file = { path, size: entry.size, sha256: place.hashes.sha256 }
    const copies = copiesBehind(dockerfile, source).map((instruction) => ({
      instruction,
      workdir: instruction === source ? workdir : null,
      file,
    }))
    if (copies.length > 0) traced.set(key, { key, copies })
  }
  return [...traced.values()]
}

/**
 * The files of the checkout that leaked, by the key of the file in the image.
 * @param leaks only places that a COPY or ADD of the build context made are looked at
 */
export async function findSources(
  leaks: readonly Leak[],
  { origin, provenances }: Build,
  { checkout, context }: BuildOptions,
): Promise<Map<string, ContextFile>> {
  const found = new Map<string, ContextFile>()
  const { dockerfile } = origin
  if (checkout === null || dockerfile === null) return found
  const traced = tracedFiles(leaks, origin, dockerfile)
  if (traced.length === 0) return found
  for (const candidate of await contextsOf(checkout, dockerfile.path, context, provenances, traced))
    for (const { key, copies } of traced)
      for (const copied of copies) {
        if (found.has(key)) break
        const source = await findSource(checkout, candidate, copied)
        if (source !== null) found.set(key, source)
      }
  return found
}

/**
 * The directories that may be the build context: the one in which most files lie where the instructions say. Several only where
 * none does.
 */
async function contextsOf(
  checkout: string,
  dockerfile: string,
  named: string | null,
  provenances: readonly Provenance[],
  traced: readonly Traced[],
): Promise<BuildContext[]> {
  const read = (directory: string): Promise<BuildContext> => readContext(checkout, directory, dockerfile)
  if (named !== null) return [await read(named)]
  const folder = dockerfile.includes('/') ? dockerfile.slice(0, dockerfile.lastIndexOf('/')) : ''
  const contexts: BuildContext[] = []
  for (const directory of new Set([...provenances.flatMap(({ contextPath }) => contextPath ?? []), '', folder]))
    contexts.push(await read(directory))
  const all = traced.flatMap(({ copies }) => copies)
  let best: { readonly candidate: BuildContext; readonly count: number } | null = null
  for (const candidate of contexts) {
    let count = 0
    for (const copied of all) if ((await findNamedSource(checkout, candidate, copied)) !== null) count++
    if (count > (best?.count ?? 0)) best = { candidate, count }
  }
  if (best !== null) return [best.candidate]
  const directory = await searchContext(checkout, all)
  return directory === null ? contexts : [await read(directory), ...contexts]
}
