// Which Dockerfile instruction made which history entry, without provenance: the history is laid beside the Dockerfile
// from the end, by keyword, and the texts are held against each other. A wrong line is worse than none: whatever does not
// fit exactly gives a reason and no lines.
import { type Dockerfile, type Instruction, parentStage, type Stage } from './dockerfile.ts'
import type { HistoryInstruction } from './history.ts'

export interface Alignment {
  /** The stage that was built. */
  readonly stage: Stage
  /** The instruction of each history entry; entries of the base have none. */
  readonly instructions: ReadonlyMap<number, Instruction>
  /** History entries from the front that belong to the base image. */
  readonly baseEntries: number
  /** The image that the first FROM of the chain names, and that FROM. */
  readonly base: { readonly reference: string; readonly from: Instruction }
}

/** The instructions of a stage, those of the stages that it builds on first. */
function chainOf(dockerfile: Dockerfile, stage: Stage): { root: Stage; instructions: Instruction[] } {
  const parent = parentStage(dockerfile, stage)
  if (parent === null) return { root: stage, instructions: [...stage.instructions] }
  const { root, instructions } = chainOf(dockerfile, parent)
  return { root, instructions: [...instructions, ...stage.instructions] }
}

const squeeze = (text: string): string => text.replace(/\s+/g, ' ').trim()

/** Whether the history's text can come from the instruction. Only what the builder keeps as written is compared. */
function textFits(instruction: Instruction, entry: HistoryInstruction): boolean {
  const { keyword } = instruction
  if (entry.builder === 'other') return true
  if (keyword === 'RUN') return runFits(instruction.text, entry.text)
  if ((keyword === 'COPY' || keyword === 'ADD') && !instruction.text.includes('<<')) {
    const words = (text: string): string[] => squeeze(text.replace(/^\[|\]$/g, '').replace(/[",]/g, ' ')).split(' ')
    const written = words(instruction.text).at(-1) ?? ''
    if (/[$\\]/.test(written) || entry.builder !== 'buildkit') return true
    const built = words(entry.text).at(-1) ?? ''
    return built === written || built.replace(/\/$/, '').endsWith(written.replace(/^\.?\/?|\/$/g, ''))
  }
  if (keyword === 'WORKDIR' || keyword === 'USER' || keyword === 'EXPOSE') {
    if (/[$"']/.test(instruction.text)) return true
    return (
      squeeze(entry.text).includes(
        squeeze(instruction.text)
          .replace(/^\.?\/|\/$/g, '')
          .split(' ')[0] ?? '',
      ) || /^map\[/.test(entry.text)
    )
  }
  return true
}

/** The words of `RUN ["a", "b"]` as builders write them into the history; null for the shell form. */
function execText(text: string): string | null {
  if (!text.startsWith('[')) return null
  try {
    const words: unknown = JSON.parse(text)
    return Array.isArray(words) ? words.join(' ') : null
  } catch {
    return null
  }
}

/** The classic builder writes the exec form without a word that tells it is a RUN. */
const isBareExec = (instruction: Instruction, entry: HistoryInstruction): boolean =>
  entry.keyword === null && instruction.keyword === 'RUN' && entry.text !== '' && execText(instruction.text.trim()) === entry.text

function runFits(written: string, built: string): boolean {
  const text = squeeze(written)
  const history = squeeze(built)
  if (text.startsWith('<<')) {
    if (history.startsWith('/dev/pipes/')) return true
    const body = squeeze(written.slice(written.indexOf('\n') + 1))
    return body.startsWith(history) || history.includes(body.slice(0, 40)) || squeeze(history).startsWith(text.split(' ')[0] ?? '')
  }
  const exec = execText(text)
  // The shell that the words begin with is taken off a history entry; buildah keeps the brackets.
  if (exec !== null) return history !== '' && (squeeze(exec).endsWith(history) || history.includes(squeeze(exec)) || history.startsWith('['))
  return history === text || history.endsWith(text)
}

/** What the builder writes into the history for an instruction: nothing for FROM, and for ONBUILD only by the classic builder. */
const leavesEntry = (keyword: string, classic: boolean): boolean => keyword !== 'FROM' && (keyword !== 'ONBUILD' || classic)

function fitStage(dockerfile: Dockerfile, stage: Stage, history: readonly HistoryInstruction[]): { alignment: Alignment } | { reason: string } {
  const { root, instructions } = chainOf(dockerfile, stage)
  const classic = !history.some(({ builder }) => builder === 'buildkit')
  const own = instructions.filter(({ keyword }) => leavesEntry(keyword, classic))
  const baseEntries = history.length - own.length
  if (baseEntries < 0) return { reason: `it has ${own.length} instructions, the image's history only ${history.length} entries` }
  if (root.from.toLowerCase() === 'scratch' && baseEntries > 0) return { reason: 'it starts from scratch, but the image has more history than it has instructions' }
  const pairs = new Map<number, Instruction>()
  for (let i = own.length - 1; i >= 0; i--) {
    const instruction = own[i]
    const entry = history[baseEntries + i]
    if (instruction === undefined || entry === undefined) continue
    if (entry.keyword !== instruction.keyword && !isBareExec(instruction, entry))
      return { reason: `line ${instruction.startLine} is ${instruction.keyword}, where the image's history has ${entry.keyword ?? 'an entry of another builder'}` }
    if (!textFits(instruction, entry)) return { reason: `line ${instruction.startLine} (${instruction.keyword}) differs from what the image was built with` }
    pairs.set(entry.index, instruction)
  }
  return { alignment: { stage, instructions: pairs, baseEntries, base: { reference: root.from, from: root.fromInstruction } } }
}

/**
 * Aligns a Dockerfile with an image's history.
 * @param target the stage that was built, null for the last
 * @returns the alignment, or why there is none
 */
export function align(dockerfile: Dockerfile, history: readonly HistoryInstruction[], target: string | null): { alignment: Alignment } | { reason: string } {
  const { path, stages } = dockerfile
  const wanted = target === null ? null : (stages.findLast(({ name, index }) => name === target.toLowerCase() || String(index) === target) ?? null)
  if (target !== null && wanted === null) return { reason: `${path} has no stage ${JSON.stringify(target)}` }
  const last = wanted ?? stages.at(-1)
  if (last === undefined) return { reason: `${path} has no FROM` }
  if (history.length === 0) return { reason: 'the image has no history' }
  const first = fitStage(dockerfile, last, history)
  if ('alignment' in first || wanted !== null) return 'alignment' in first ? first : { reason: `${path} does not fit the image: ${first.reason}` }
  const others = stages.slice(0, -1).flatMap((stage) => {
    const fit = fitStage(dockerfile, stage, history)
    return 'alignment' in fit && fit.alignment.instructions.size > 0 ? [fit.alignment] : []
  })
  const longest = Math.max(0, ...others.map(({ instructions }) => instructions.size))
  const best = others.filter(({ instructions }) => instructions.size === longest)
  const [only] = best
  if (only !== undefined && best.length === 1) return { alignment: only }
  return { reason: best.length > 1 ? `several stages of ${path} fit the image: name the one that was built with --target` : `${path} does not fit the image: ${first.reason}` }
}
