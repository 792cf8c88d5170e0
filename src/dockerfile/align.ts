// Which Dockerfile instruction made which history entry, without provenance: the history is laid beside the Dockerfile
// from the end, by keyword, and the texts are held against each other. A wrong line is worse than none: whatever does not
// fit exactly, or fits in two ways, gives a reason and no lines.
import { type Chain, type ChainStep, chainsOf } from './chain.ts'
import { type Dockerfile, type Instruction, type Stage, stageOf } from './dockerfile.ts'
import { textFits } from './fits.ts'
import { appendedEntries, type Builder, builderOf, type HistoryInstruction, isFiller } from './history.ts'
import { jsonWords, letters } from './patterns.ts'
import { noDockerfile, noProvenance, noStage, type Reason, wrongDockerfile } from './reason.ts'

export interface Alignment {
  readonly dockerfile: Dockerfile
  /** The stage that was built; the last of those that fit alike. */
  readonly stage: Stage
  /** It and the stages that it builds on, the lowest first. */
  readonly stages: readonly Stage[]
  /** Who wrote the build's own entries. */
  readonly builder: Builder
  /** The instruction of each history entry whose line is known. What ONBUILD triggered stands at the FROM that triggered it. */
  readonly instructions: ReadonlyMap<number, Instruction>
  /** History entries from the front that belong to the base image. */
  readonly baseEntries: number
  /** History entries from this one on are own; between the two it is not known. */
  readonly ownFrom: number
  /** Own RUN, COPY and ADD whose text was compared: what the alignment rests on. */
  readonly weight: number
  /** Letters and digits of their texts: `COPY . .` alone could be anybody's. */
  readonly letters: number
  /** The image that the first FROM of the chain names, and that FROM; null where several fit. */
  readonly base: { readonly reference: string; readonly from: Instruction } | null
  /** Why some lines are not known; null when all are. */
  readonly reason: Reason | null
  /** Why what is left of the history need not be the base's: FROM can name a stage that the history does not rule out. */
  readonly doubt: string | null
}

export type Aligned = { readonly alignment: Alignment } | { readonly reason: Reason }

/** Far more than people write; a chain of stages is followed to its end. */
const MAX_STAGES = 500
/** Instructions of all stages, in all ways to read them, that are held against an entry: seconds. */
const MAX_COMPARISONS = 300_000

/** What is left of them. */
interface Effort {
  left: number
}

/** What buildpacks write for their layers. https://github.com/buildpacks/lifecycle */
const BUILDPACKS =
  /^(?:Buildpacks |Application (?:Layer|Slice)|Software Bill-of-Materials|Layer: '[^']*', Created by buildpack)/

/** Why no Dockerfile can fit a history; null when one might. */
function unfit(history: readonly HistoryInstruction[]): string | null {
  const last = history.at(-1)
  if (last === undefined) return 'the image has no history'
  const comment = last.comment ?? ''
  if (/^merge sha256:/.test(comment)) return 'the image was squashed: one layer holds what all instructions made'
  if (/^Imported from/.test(comment) && history.length === 1)
    return 'the image was imported: its history names no instruction'
  const tool =
    /^(?:ko|Jib)$/.exec(last.author ?? '')?.[0] ??
    (/^bazel build /.test(last.raw) ? 'Bazel' : BUILDPACKS.test(last.raw) ? 'Buildpacks' : null)
  if (tool !== null) return `the image was built by ${tool}, without a Dockerfile`
  if (history.every(({ raw }) => raw === '')) return "the image's history is empty"
  return null
}

/** The builder writes nothing for FROM, and something for ONBUILD only where it is not BuildKit. */
const leavesEntry = (keyword: string, builder: Builder): boolean =>
  keyword !== 'FROM' && (keyword !== 'ONBUILD' || builder !== 'buildkit')

const makesFiles = ({ keyword }: Instruction): boolean => keyword === 'RUN' || keyword === 'COPY' || keyword === 'ADD'

/** Why a stage does not fit. */
interface Miss {
  readonly reason: string
  /** The history has other instructions: no way of writing them would make it fit. */
  readonly isOther: boolean
}

const TOO_LONG: Miss = { reason: 'it has too many instructions', isOther: false }

/** Whether the step can have written the entry; null when it can. */
function mismatch(
  { ran, at, shell }: ChainStep,
  entry: HistoryInstruction,
  builder: Builder,
  escapeCharacter: string,
): Miss | null {
  const isOther =
    (builder === 'buildkit' || builder === 'classic') && entry.keyword !== null && entry.keyword !== ran.keyword
  if (builder === 'buildkit' && entry.builder === 'classic')
    return {
      reason: `line ${at.startLine} is ${ran.keyword}, where the image's history has an entry of another builder`,
      isOther,
    }
  // The classic builder writes the exec form without a word that tells it is a RUN.
  const isBareExec = entry.keyword === null && ran.keyword === 'RUN' && entry.raw !== '' && jsonWords(ran.text) !== null
  if (!isBareExec && entry.keyword !== ran.keyword)
    return {
      reason: `line ${at.startLine} is ${ran.keyword}, where the image's history has ${entry.keyword ?? 'an entry of another builder'}`,
      isOther,
    }
  if (textFits(ran, entry, { escapeCharacter, shell, isBuildah: builder === 'buildah' })) return null
  return { reason: `line ${at.startLine} (${ran.keyword}) differs from what the image was built with`, isOther }
}

/** One way to lay a stage beside the history. */
interface Fit {
  readonly chain: Chain
  readonly pairs: ReadonlyMap<number, Instruction>
  readonly baseEntries: number
  readonly ownFrom: number
  /** Own RUN, COPY and ADD that fit. */
  readonly making: readonly Instruction[]
  readonly doubt: string | null
}

const nameOf = ({ name, index }: Stage): string => name ?? String(index)

/**
 * The ways in which a stage fits: one, where FROM can be read in one way alone; else the one that goes on through a stage
 * which an argument can name, if the history holds what that stage runs.
 */
function fitStage(
  dockerfile: Dockerfile,
  stage: Stage,
  history: readonly HistoryInstruction[],
  effort: Effort,
): readonly Fit[] | Miss {
  if (effort.left <= 0) return TOO_LONG
  const { chains, isWhole } = chainsOf(dockerfile, stage)
  const results = chains.map((chain) => fitChain(dockerfile, chain, history, effort))
  const fits = results.filter((result): result is Fit => 'chain' in result)
  const [first] = fits
  const onImage = results.at(-1)
  if (first === undefined || onImage === undefined)
    return onImage === undefined || 'chain' in onImage
      ? { reason: 'the stage has no instructions', isOther: false }
      : onImage
  if (chains.length === 1) return fits
  const most = 'chain' in onImage ? onImage.pairs.size : 0
  // Stages without an instruction leave nothing to tell them by, and nothing to take for the base's.
  const through = fits.filter(({ chain, pairs }) => chain.chosen.length > 0 && pairs.size > most)
  if (through.length > 0) {
    const longest = through.reduce((best, fit) => (fit.pairs.size > best.pairs.size ? fit : best))
    // A way that stops at a stage which the longest goes on through is no other one.
    const others = through.filter(({ chain: { stages } }) =>
      stages.some((own, index) => own !== longest.chain.stages.at(index - stages.length)),
    )
    if (others.length === 0 && isWhole) return [longest]
    return [longest, ...others].map((fit) => ({
      ...fit,
      doubt: `FROM of line ${stage.fromInstruction.startLine} can name ${longest.chain.chosen.map(nameOf).join(' and ')} or another stage`,
    }))
  }
  const empty = fits.filter(({ chain }) => chain.chosen.length > 0)
  const meant = empty.find(({ chain }) =>
    chain.chosen.every((chosen) => chain.stages.some(({ from }) => from.toLowerCase() === chosen.name)),
  )
  const fit = meant ?? fits.at(-1) ?? first
  const ruledOut = results.every((result) => 'chain' in result || result.isOther)
  const at = chains.at(-1)?.stages[0]
  return [
    {
      ...fit,
      doubt:
        ruledOut && isWhole
          ? null
          : `FROM ${at?.fromInstruction.text ?? ''} of line ${at?.fromInstruction.startLine ?? 1} can name the stage ${(chains.at(-1)?.open ?? []).slice(0, 4).map(nameOf).join(' or ')}`,
    },
  ]
}

function fitChain(
  dockerfile: Dockerfile,
  chain: Chain,
  history: readonly HistoryInstruction[],
  effort: Effort,
): Fit | Miss {
  const builder = builderOf(history)
  if (builder === 'kaniko') return fitKaniko(dockerfile, chain, history, effort)
  const fit = fitSteps(dockerfile, chain, chain.steps, history, builder, effort)
  // buildah (1.28) does not run what ONBUILD of a stage leaves for the next.
  if ('chain' in fit || builder !== 'buildah' || !chain.steps.some(({ isTriggered }) => isTriggered)) return fit
  return fitSteps(
    dockerfile,
    chain,
    chain.steps.filter(({ isTriggered }) => !isTriggered),
    history,
    builder,
    effort,
  )
}

function fitSteps(
  dockerfile: Dockerfile,
  chain: Chain,
  steps: readonly ChainStep[],
  history: readonly HistoryInstruction[],
  builder: Builder,
  effort: Effort,
): Fit | Miss {
  const own = steps.filter(({ ran }) => leavesEntry(ran.keyword, builder))
  const baseEntries = history.length - own.length
  if (baseEntries < 0)
    return {
      reason: `it has ${own.length} instructions, the image's history only ${history.length} entries`,
      isOther: builder === 'buildkit' || builder === 'classic',
    }
  const [root] = chain.stages
  if (root.from.toLowerCase() === 'scratch' && baseEntries > 0)
    return {
      reason: 'it starts from scratch, but the image has more history than it has instructions',
      isOther: builder === 'buildkit' || builder === 'classic',
    }
  const pairs = new Map<number, Instruction>()
  let miss: Miss | null = null
  for (let i = own.length - 1; i >= 0; i--) {
    const step = own[i]
    const entry = history[baseEntries + i]
    if (step === undefined || entry === undefined) continue
    const found = mismatch(step, entry, builder, dockerfile.escapeCharacter)
    // The first reason is what people are told; whether the instructions are others is asked of all, where FROM can name several stages.
    if (effort.left-- <= 0 || (found !== null && chain.chosen.length === 0)) return found ?? TOO_LONG
    if (found?.isOther === true) return { reason: miss?.reason ?? found.reason, isOther: true }
    miss ??= found
    pairs.set(entry.index, step.at)
  }
  return (
    miss ?? {
      chain,
      pairs,
      baseEntries,
      ownFrom: baseEntries,
      making: own.flatMap(({ ran }) => (makesFiles(ran) ? [ran] : [])),
      doubt: null,
    }
  )
}

/**
 * kaniko writes entries only for steps that changed something, each with the text of the instruction: they are a
 * subsequence. An entry that could stand at two instructions has no line.
 */
function fitKaniko(
  dockerfile: Dockerfile,
  chain: Chain,
  history: readonly HistoryInstruction[],
  effort: Effort,
): Fit | Miss {
  const { steps } = chain
  const fits = (step: ChainStep | undefined, entry: HistoryInstruction | undefined): boolean =>
    step !== undefined &&
    entry !== undefined &&
    effort.left-- > 0 &&
    mismatch(step, entry, 'kaniko', dockerfile.escapeCharacter) === null
  const pairs = new Map<number, number>()
  let at = steps.length - 1
  let index = history.length - 1
  for (; index >= 0 && history[index]?.author === 'kaniko'; index--) {
    let found = at
    while (found >= 0 && !fits(steps[found], history[index])) found--
    if (found < 0) break
    pairs.set(index, found)
    at = found - 1
  }
  const used = new Set(pairs.values())
  const missing = steps.find(
    ({ ran }, position) => (ran.keyword === 'COPY' || ran.keyword === 'ADD') && !used.has(position),
  )
  if (missing !== undefined)
    return {
      reason: `line ${missing.at.startLine} (${missing.ran.keyword}) is not in the image's history`,
      isOther: false,
    }
  if (pairs.size === 0) return { reason: 'none of its instructions is in the history', isOther: false }
  // The same entries from the front: what lands elsewhere is not certain.
  const sure = new Map<number, Instruction>()
  let from = 0
  for (const entry of [...pairs.keys()].sort((a, b) => a - b)) {
    while (from < steps.length && !fits(steps[from], history[entry])) from++
    const step = steps[from]
    if (step !== undefined && pairs.get(entry) === from) sure.set(entry, step.at)
    from++
  }
  // What kaniko wrote before them can be the base's, or of an instruction that was changed since.
  const baseEntries = history.findLastIndex(({ author }) => author !== 'kaniko') + 1
  return { chain, pairs: sure, baseEntries, ownFrom: index + 1, making: [...sure.values()], doubt: null }
}

/** Lays several fits over each other: what they agree on is known. */
function agree(
  dockerfile: Dockerfile,
  fits: readonly [Fit, ...Fit[]],
  history: readonly HistoryInstruction[],
): Alignment {
  const last = fits.at(-1) ?? fits[0]
  const [root] = last.chain.stages
  const instructions = new Map<number, Instruction>()
  for (const [index, instruction] of last.pairs) {
    if (fits.every(({ pairs }) => pairs.get(index)?.startLine === instruction.startLine))
      instructions.set(index, instruction)
  }
  const boundaries = fits.map(({ baseEntries }) => baseEntries)
  const isOne = fits.every(
    ({ chain: { stages } }) =>
      stages[0].from === root.from && stages[0].fromInstruction.startLine === root.fromInstruction.startLine,
  )
  const certain = fits.length === 1 || (instructions.size === last.pairs.size && new Set(boundaries).size === 1)
  return {
    dockerfile,
    stage: last.chain.stages.at(-1) ?? root,
    stages: last.chain.stages,
    builder: builderOf(history),
    instructions,
    baseEntries: Math.min(...boundaries, history.length),
    ownFrom: Math.max(...fits.map(({ ownFrom }) => ownFrom)),
    weight: Math.min(...fits.map(({ making }) => making.length)),
    letters: Math.min(...fits.map(({ making }) => making.reduce((sum, { text }) => sum + letters(text).length, 0))),
    base: isOne ? { reference: root.from, from: root.fromInstruction } : null,
    reason: certain
      ? null
      : noStage(`several stages of ${dockerfile.path} fit the image: name the one that was built with --target`),
    doubt: fits.find(({ doubt }) => doubt !== null)?.doubt ?? null,
  }
}

/** The history without what the builder wrote behind the last instruction: as it is first, then without labels of the command line. */
function readings(history: readonly HistoryInstruction[]): (readonly HistoryInstruction[])[] {
  const written = history.every(isFiller)
    ? history
    : history.slice(0, history.findLastIndex((entry) => !isFiller(entry)) + 1)
  const appended = appendedEntries(written)
  return [written, ...Array.from({ length: appended }, (_, index) => written.slice(0, written.length - index - 1))]
}

/**
 * Aligns a Dockerfile with an image's history.
 * @param target the stage that was built; null where nobody said: then every stage that fits must agree on a line
 * @returns the alignment, or why there is none
 */
export function align(dockerfile: Dockerfile, history: readonly HistoryInstruction[], target: string | null): Aligned {
  const { path, stages } = dockerfile
  if (dockerfile.error !== null)
    return { reason: noDockerfile(`${path} is no Dockerfile that builds: ${dockerfile.error}`) }
  const wanted = target === null ? null : stageOf(stages, target)
  if (target !== null && wanted === null) return { reason: noStage(`${path} has no stage ${JSON.stringify(target)}`) }
  if (stages.length === 0) return { reason: noDockerfile(`${path} has no FROM`) }
  if (stages.length > MAX_STAGES) return { reason: noProvenance(`${path} has more than ${MAX_STAGES} stages`) }
  const why = unfit(history)
  if (why !== null) return { reason: noProvenance(why) }
  const candidates = wanted === null ? stages : [wanted]
  const effort = { left: MAX_COMPARISONS }
  let problem: string | null = null
  for (const reading of readings(history)) {
    const results = candidates.map((stage) => fitStage(dockerfile, stage, reading, effort))
    // A stage that was not looked at to its end could fit too.
    if (effort.left <= 0)
      return {
        reason: noStage(
          `${path} has too many instructions in too many stages to hold all against the history: name the stage that was built with --target`,
        ),
      }
    const [first, ...rest] = results
      .flatMap((result) => ('reason' in result ? [] : result))
      .filter(({ pairs }) => pairs.size > 0)
    if (first !== undefined) return { alignment: agree(dockerfile, [first, ...rest], reading) }
    const own = results.at(-1)
    problem ??=
      own !== undefined && 'reason' in own ? own.reason : 'the stage has no instructions that the history could show'
  }
  return { reason: wrongDockerfile(`${path} does not fit the image: ${problem}`) }
}

/** Letters that a Dockerfile which nobody named must have in common with the history: `COPY . .` could be anybody's. */
export const MIN_LETTERS = 12

/**
 * Picks among several Dockerfiles the one that fits. One that explains more RUN, COPY and ADD than every other wins;
 * where two explain as much, none does.
 * @param found further ones that a search brought
 */
export function alignBest(
  dockerfiles: readonly Dockerfile[],
  history: readonly HistoryInstruction[],
  target: string | null,
  found: readonly Dockerfile[] = [],
): Aligned {
  const results = dockerfiles.map((dockerfile) => align(dockerfile, history, target))
  const [only] = results
  if (only !== undefined && results.length + found.length === 1) return only
  const alignmentsOf = (all: readonly Aligned[]): Alignment[] =>
    all.flatMap((result) => ('alignment' in result ? [result.alignment] : []))
  const searched = alignmentsOf(found.map((dockerfile) => align(dockerfile, history, target)))
  const fits = [...alignmentsOf(results), ...searched.filter((alignment) => alignment.letters >= MIN_LETTERS)]
  const most = Math.max(-1, ...fits.map(({ weight }) => weight))
  const best = fits.filter(({ weight }) => weight === most)
  const [winner] = best
  if (winner !== undefined && best.length === 1) return { alignment: winner }
  const all = [...dockerfiles, ...found]
  const names = (best.length > 0 ? best.map(({ dockerfile }) => dockerfile.path) : all.map(({ path }) => path))
    .slice(0, 4)
    .join(', ')
  if (best.length > 1)
    return {
      reason: noDockerfile(
        `${best.length} Dockerfiles fit the image alike (${names}${best.length > 4 ? ', …' : ''}): name the one that it was built from with --dockerfile`,
      ),
    }
  const [short] = searched
  if (short !== undefined)
    return {
      reason: noDockerfile(
        `${short.dockerfile.path} fits the image, but says too little to be sure of it: name it with --dockerfile if it was built from that`,
      ),
    }
  return {
    reason: wrongDockerfile(
      `none of ${all.length} Dockerfiles fits the image (${names}${all.length > 4 ? ', …' : ''})`,
    ),
  }
}
