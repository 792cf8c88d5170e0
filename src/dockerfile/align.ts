// Which Dockerfile instruction made which history entry, without provenance: the history is laid beside the Dockerfile
// from the end, by keyword, and the texts are held against each other. A wrong line is worse than none: whatever does not
// fit exactly, or fits in two ways, gives a reason and no lines.
import { type Dockerfile, type Instruction, parentStage, type Stage } from './dockerfile.ts'
import { textFits } from './fits.ts'
import type { HistoryInstruction } from './history.ts'
import { jsonWords, letters } from './words.ts'

export interface Alignment {
  readonly dockerfile: Dockerfile
  /** The stage that was built; the last of those that fit alike. */
  readonly stage: Stage
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
  readonly reason: string | null
}

export type Aligned = { readonly alignment: Alignment } | { readonly reason: string }

/** Far more than people write; a chain of stages is followed to its end. */
const MAX_STAGES = 500

/** One step of a build: what ran, and the instruction at whose lines it stands. */
interface Step {
  readonly ran: Instruction
  readonly at: Instruction
  /** An earlier stage's ONBUILD left it. */
  readonly isTriggered: boolean
  readonly shell: readonly string[] | null
}

interface Chain {
  readonly root: Stage
  readonly steps: readonly Step[]
  readonly shell: readonly string[] | null
}

/** The steps of a stage, those of the stages that it builds on first. */
function chainOf(dockerfile: Dockerfile, stage: Stage): Chain {
  const parent = parentStage(dockerfile, stage)
  const below: Chain = parent === null ? { root: stage, steps: [], shell: null } : chainOf(dockerfile, parent)
  const triggered = parent === null ? [] : parent.instructions.flatMap(({ trigger }) => (trigger === null ? [] : [{ ran: trigger, at: stage.fromInstruction, isTriggered: true }]))
  const steps = [...below.steps]
  let { shell } = below
  for (const step of [...triggered, ...stage.instructions.map((instruction) => ({ ran: instruction, at: instruction, isTriggered: false }))]) {
    steps.push({ ...step, shell })
    if (step.ran.keyword === 'SHELL') shell = jsonWords(step.ran.text)
  }
  return { root: below.root, steps, shell }
}

type Builder = 'buildah' | 'buildkit' | 'classic' | 'kaniko'

/** Who wrote the last entries, which are the build's own. */
function builderOf(history: readonly HistoryInstruction[]): Builder {
  const last = history.at(-1)
  if (last?.author === 'kaniko') return 'kaniko'
  if (/^FROM /.test(last?.comment ?? '')) return 'buildah'
  return last?.builder === 'buildkit' ? 'buildkit' : 'classic'
}

/** Why no Dockerfile can fit a history; null when one might. */
function unfit(history: readonly HistoryInstruction[]): string | null {
  const last = history.at(-1)
  if (last === undefined) return 'the image has no history'
  const comment = last.comment ?? ''
  if (/^merge sha256:/.test(comment)) return 'the image was squashed: one layer holds what all instructions made'
  if (/^Imported from/.test(comment) && history.length === 1) return 'the image was imported: its history names no instruction'
  const tool = /^(?:ko|Jib)$/.exec(last.author ?? '')?.[0] ?? (/^bazel build /.test(last.raw) ? 'Bazel' : null)
  if (tool !== null) return `the image was built by ${tool}, without a Dockerfile`
  if (history.every(({ raw }) => raw === '')) return "the image's history is empty"
  return null
}

/** The builder writes nothing for FROM, and something for ONBUILD only where it is not BuildKit. */
const leavesEntry = (keyword: string, builder: Builder): boolean => keyword !== 'FROM' && (keyword !== 'ONBUILD' || builder !== 'buildkit')

const makesFiles = ({ keyword }: Instruction): boolean => keyword === 'RUN' || keyword === 'COPY' || keyword === 'ADD'

/** Whether the step can have written the entry; a reason when it cannot. */
function mismatch({ ran, at, shell }: Step, entry: HistoryInstruction, builder: Builder, escapeCharacter: string): string | null {
  const differs = `line ${at.startLine} (${ran.keyword}) differs from what the image was built with`
  if (builder === 'buildkit' && entry.builder === 'classic') return `line ${at.startLine} is ${ran.keyword}, where the image's history has an entry of another builder`
  // The classic builder writes the exec form without a word that tells it is a RUN.
  const isBareExec = entry.keyword === null && ran.keyword === 'RUN' && entry.raw !== '' && jsonWords(ran.text) !== null
  if (!isBareExec && entry.keyword !== ran.keyword) return `line ${at.startLine} is ${ran.keyword}, where the image's history has ${entry.keyword ?? 'an entry of another builder'}`
  return textFits(ran, entry, { escapeCharacter, shell, isBuildah: builder === 'buildah' }) ? null : differs
}

/** One way to lay a stage beside the history. */
interface Fit {
  readonly stage: Stage
  readonly root: Stage
  readonly pairs: ReadonlyMap<number, Instruction>
  readonly baseEntries: number
  readonly ownFrom: number
  /** Own RUN, COPY and ADD that fit. */
  readonly making: readonly Instruction[]
}

function fitStage(dockerfile: Dockerfile, stage: Stage, history: readonly HistoryInstruction[]): Fit | { reason: string } {
  const { root, steps } = chainOf(dockerfile, stage)
  const builder = builderOf(history)
  if (builder === 'kaniko') return fitKaniko(dockerfile, stage, root, steps, history)
  const fit = fitSteps(dockerfile, stage, root, steps, history, builder)
  // buildah (1.28) does not run what ONBUILD of a stage leaves for the next.
  if ('stage' in fit || builder !== 'buildah' || !steps.some(({ isTriggered }) => isTriggered)) return fit
  return fitSteps(
    dockerfile,
    stage,
    root,
    steps.filter(({ isTriggered }) => !isTriggered),
    history,
    builder,
  )
}

function fitSteps(dockerfile: Dockerfile, stage: Stage, root: Stage, steps: readonly Step[], history: readonly HistoryInstruction[], builder: Builder): Fit | { reason: string } {
  const own = steps.filter(({ ran }) => leavesEntry(ran.keyword, builder))
  const baseEntries = history.length - own.length
  if (baseEntries < 0) return { reason: `it has ${own.length} instructions, the image's history only ${history.length} entries` }
  if (root.from.toLowerCase() === 'scratch' && baseEntries > 0) return { reason: 'it starts from scratch, but the image has more history than it has instructions' }
  const pairs = new Map<number, Instruction>()
  for (let i = own.length - 1; i >= 0; i--) {
    const step = own[i]
    const entry = history[baseEntries + i]
    if (step === undefined || entry === undefined) continue
    const reason = mismatch(step, entry, builder, dockerfile.escapeCharacter)
    if (reason !== null) return { reason }
    pairs.set(entry.index, step.at)
  }
  return { stage, root, pairs, baseEntries, ownFrom: baseEntries, making: own.flatMap(({ ran }) => (makesFiles(ran) ? [ran] : [])) }
}

/**
 * kaniko writes entries only for steps that changed something, each with the text of the instruction: they are a
 * subsequence. An entry that could stand at two instructions has no line.
 */
function fitKaniko(dockerfile: Dockerfile, stage: Stage, root: Stage, steps: readonly Step[], history: readonly HistoryInstruction[]): Fit | { reason: string } {
  const fits = (step: Step | undefined, entry: HistoryInstruction | undefined): boolean =>
    step !== undefined && entry !== undefined && mismatch(step, entry, 'kaniko', dockerfile.escapeCharacter) === null
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
  const missing = steps.find(({ ran }, position) => (ran.keyword === 'COPY' || ran.keyword === 'ADD') && !used.has(position))
  if (missing !== undefined) return { reason: `line ${missing.at.startLine} (${missing.ran.keyword}) is not in the image's history` }
  if (pairs.size === 0) return { reason: 'none of its instructions is in the history' }
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
  return { stage, root, pairs: sure, baseEntries, ownFrom: index + 1, making: [...sure.values()] }
}

/** Lays several fits over each other: what they agree on is known. */
function agree(dockerfile: Dockerfile, fits: readonly [Fit, ...Fit[]], entries: number): Alignment {
  const last = fits.at(-1) ?? fits[0]
  const instructions = new Map<number, Instruction>()
  for (const [index, instruction] of last.pairs) {
    if (fits.every(({ pairs }) => pairs.get(index)?.startLine === instruction.startLine)) instructions.set(index, instruction)
  }
  const boundaries = fits.map(({ baseEntries }) => baseEntries)
  const isOne = fits.every(({ root }) => root.from === last.root.from && root.fromInstruction.startLine === last.root.fromInstruction.startLine)
  const certain = fits.length === 1 || (instructions.size === last.pairs.size && new Set(boundaries).size === 1)
  return {
    dockerfile,
    stage: last.stage,
    instructions,
    baseEntries: Math.min(...boundaries, entries),
    ownFrom: Math.max(...fits.map(({ ownFrom }) => ownFrom)),
    weight: Math.min(...fits.map(({ making }) => making.length)),
    letters: Math.min(...fits.map(({ making }) => making.reduce((sum, { text }) => sum + letters(text).length, 0))),
    base: isOne ? { reference: last.root.from, from: last.root.fromInstruction } : null,
    reason: certain ? null : `several stages of ${dockerfile.path} fit the image: name the one that was built with --target`,
  }
}

/**
 * Aligns a Dockerfile with an image's history.
 * @param target the stage that was built; null where nobody said: then every stage that fits must agree on a line
 * @returns the alignment, or why there is none
 */
export function align(dockerfile: Dockerfile, history: readonly HistoryInstruction[], target: string | null): Aligned {
  const { path, stages } = dockerfile
  if (dockerfile.error !== null) return { reason: `${path} is no Dockerfile that builds: ${dockerfile.error}` }
  const wanted = target === null ? null : (stages.findLast(({ name, index }) => name === target.toLowerCase() || String(index) === target) ?? null)
  if (target !== null && wanted === null) return { reason: `${path} has no stage ${JSON.stringify(target)}` }
  if (stages.length === 0) return { reason: `${path} has no FROM` }
  if (stages.length > MAX_STAGES) return { reason: `${path} has more than ${MAX_STAGES} stages` }
  const why = unfit(history)
  if (why !== null) return { reason: why }
  const candidates = wanted === null ? stages : [wanted]
  const results = candidates.map((stage) => fitStage(dockerfile, stage, history))
  const fits = results.filter((result): result is Fit => 'stage' in result && result.pairs.size > 0)
  const [first, ...rest] = fits
  if (first !== undefined) return { alignment: agree(dockerfile, [first, ...rest], history.length) }
  const own = results.at(-1)
  return { reason: `${path} does not fit the image: ${own !== undefined && 'reason' in own ? own.reason : 'the stage has no instructions that the history could show'}` }
}

/** Letters that a Dockerfile which nobody named must have in common with the history: `COPY . .` could be anybody's. */
const MIN_LETTERS = 12

/**
 * Picks among several Dockerfiles the one that fits. One that explains more RUN, COPY and ADD than every other wins;
 * where two explain as much, none does.
 * @param found further ones that a search brought
 */
export function alignBest(dockerfiles: readonly Dockerfile[], history: readonly HistoryInstruction[], target: string | null, found: readonly Dockerfile[] = []): Aligned {
  const results = dockerfiles.map((dockerfile) => align(dockerfile, history, target))
  const [only] = results
  if (only !== undefined && results.length + found.length === 1) return only
  const searched = found.map((dockerfile) => align(dockerfile, history, target)).filter((result) => 'reason' in result || result.alignment.letters >= MIN_LETTERS)
  const fits = [...results, ...searched].flatMap((result) => ('alignment' in result ? [result.alignment] : []))
  const most = Math.max(-1, ...fits.map(({ weight }) => weight))
  const best = fits.filter(({ weight }) => weight === most)
  const [winner] = best
  if (winner !== undefined && best.length === 1) return { alignment: winner }
  const all = [...dockerfiles, ...found]
  const names = (best.length > 0 ? best.map(({ dockerfile }) => dockerfile.path) : all.map(({ path }) => path)).slice(0, 4).join(', ')
  if (best.length > 1)
    return { reason: `${best.length} Dockerfiles fit the image alike (${names}${best.length > 4 ? ', …' : ''}): name the one that it was built from with --dockerfile` }
  return { reason: `none of ${all.length} Dockerfiles fits the image (${names}${all.length > 4 ? ', …' : ''})` }
}
