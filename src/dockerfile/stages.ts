// How the stages of a Dockerfile hang together: what a FROM can name, and what a stage takes from others and from images.
import { type Dockerfile, flagValue, type Instruction, parentStage, type Stage, stagesNamed } from './dockerfile.ts'
import { fitsPattern, literal, type Pattern, patternsOf } from './patterns.ts'

/** What a FROM names: one earlier stage, an image, or either, where an argument decides. */
export type Parent =
  | { readonly kind: 'stage'; readonly stage: Stage }
  | { readonly kind: 'image' }
  /** The arguments of the build can make it name one of these stages, or an image. */
  | { readonly kind: 'open'; readonly stages: readonly Stage[] }

/** What FROM names as it is written, quotes and escapes taken off, variables left open. */
const writtenParent = ({ escapeCharacter }: Dockerfile, { fromInstruction }: Stage): Pattern =>
  patternsOf(fromInstruction.text.split(/\s+/)[0] ?? '', escapeCharacter)[0] ?? ['']

/** What the FROM of a stage can name, whatever `--build-arg` says. No name of a stage has a colon, a slash or an at sign. */
export function parentOf(dockerfile: Dockerfile, stage: Stage): Parent {
  const written = writtenParent(dockerfile, stage).map((part) => part.toLowerCase())
  if (written.some((part) => /[:/@]/.test(part))) return { kind: 'image' }
  const meant = dockerfile.stages
    .slice(0, stage.index)
    .filter(({ name }) => name !== null && fitsPattern(written, name))
  const last = meant.at(-1)
  if (last === undefined) return { kind: 'image' }
  return literal(written) === null ? { kind: 'open', stages: meant } : { kind: 'stage', stage: last }
}

/** The stages that a stage builds on, the lowest first; an argument counts with its default. */
export function ancestorsOf(dockerfile: Dockerfile, stage: Stage): Stage[] {
  const found: Stage[] = []
  for (let parent = parentStage(dockerfile, stage); parent !== null; parent = parentStage(dockerfile, parent))
    found.push(parent)
  return found.reverse()
}

/** The stage that `--from=` names. */
export const stageNamed = (dockerfile: Dockerfile, name: string): Stage | null =>
  (/^(?:0|[1-9]\d{0,8})$/.test(name) ? dockerfile.stages[Number(name)] : undefined) ??
  stagesNamed(dockerfile, name.toLowerCase())[0] ??
  null

/** A stage or image whose files an instruction takes. */
interface Taken {
  readonly instruction: Instruction
  /** As written, quotes taken off. */
  readonly name: string
  /** The stage that it names; null for an image, or a context that the command line names. */
  readonly stage: Stage | null
}

/** `from=` of `--mount=type=bind,from=NAME,…`, whose parts may be quoted. */
const mountedFrom = (flag: string): string[] =>
  flag.startsWith('--mount=')
    ? flag
        .slice(8)
        .split(',')
        .flatMap((part) => /^from=(.*)$/i.exec(part.replace(/["']/g, ''))?.[1] ?? [])
    : []

/** What the instructions of a stage take with `COPY --from=` and `RUN --mount=from=`; what a parent's ONBUILD runs included. */
export function takenBy(dockerfile: Dockerfile, stage: Stage): Taken[] {
  const triggered = parentStage(dockerfile, stage)?.instructions.flatMap(({ trigger }) => trigger ?? []) ?? []
  return [...triggered, ...stage.instructions].flatMap((instruction) => {
    const from = /^(?:COPY|ADD)$/.test(instruction.keyword) ? flagValue(instruction, 'from') : null
    const names = [
      ...(from === null ? [] : [from]),
      ...(instruction.keyword === 'RUN' ? instruction.flags.flatMap(mountedFrom) : []),
    ]
    return names
      .map((name) =>
        /["'\\`]/.test(name) ? (patternsOf(name.replaceAll('$', '\\$'), '\\')[0] ?? [name]).join('') : name,
      )
      .filter((name) => name !== '')
      .map((name) => ({ instruction, name, stage: stageNamed(dockerfile, name) }))
  })
}

/** The stages that a FROM can name, with the arguments that are not known. */
export function parentsOf(dockerfile: Dockerfile, stage: Stage): readonly Stage[] {
  const parent = parentOf(dockerfile, stage)
  return parent.kind === 'stage' ? [parent.stage] : parent.kind === 'open' ? parent.stages : []
}

/**
 * All stages that a stage is made with, itself left out: those it builds on, copies from and mounts.
 * @param parents what FROM names; by default what its arguments' defaults make of it
 */
export function stagesOf(
  dockerfile: Dockerfile,
  built: Stage,
  parents = (stage: Stage): readonly (Stage | null)[] => [parentStage(dockerfile, stage)],
): Set<Stage> {
  const found = new Set<Stage>()
  const open = [built]
  for (let stage = open.pop(); stage !== undefined; stage = open.pop()) {
    for (const other of [...parents(stage), ...takenBy(dockerfile, stage).map((taken) => taken.stage)]) {
      if (other === null || other === built || found.has(other)) continue
      found.add(other)
      open.push(other)
    }
  }
  return found
}
