// What a build runs for a stage, from the image at its bottom to its last instruction, in each way that FROM can be read:
// an argument can make it name a stage or an image, and which one it was only the history tells.
import type { Dockerfile, Instruction, Stage } from './dockerfile.ts'
import { jsonWords } from './patterns.ts'
import { parentOf } from './stages.ts'

/** One step of a build: what ran, and the instruction at whose lines it stands. */
export interface ChainStep {
  readonly ran: Instruction
  readonly at: Instruction
  /** An earlier stage's ONBUILD left it. */
  readonly isTriggered: boolean
  readonly shell: readonly string[] | null
}

export interface Chain {
  /** The lowest stage, whose FROM names an image, first. */
  readonly stages: readonly [Stage, ...Stage[]]
  readonly steps: readonly ChainStep[]
  /** An argument was taken to name one of these stages. */
  readonly chosen: readonly Stage[]
  /** Stages that an argument of the lowest FROM can name, where it was taken to name an image. */
  readonly open: readonly Stage[]
}

/** Ways to read one stage; people leave two or three open. */
const MAX_CHAINS = 8

/** The stages of a chain. */
type Path = Pick<Chain, 'stages' | 'chosen' | 'open'>

function pathsOf(dockerfile: Dockerfile, stage: Stage): { readonly paths: readonly Path[]; readonly isWhole: boolean } {
  const parent = parentOf(dockerfile, stage)
  if (parent.kind === 'image') return { paths: [{ stages: [stage], chosen: [], open: [] }], isWhole: true }
  const onTop = (path: Path, chosen: readonly Stage[]): Path => ({
    ...path,
    stages: [...path.stages, stage],
    chosen: [...path.chosen, ...chosen],
  })
  if (parent.kind === 'stage') {
    const below = pathsOf(dockerfile, parent.stage)
    return { ...below, paths: below.paths.map((path) => onTop(path, [])) }
  }
  const image: Path = { stages: [stage], chosen: [], open: parent.stages }
  const paths: Path[] = []
  let isWhole = true
  for (const candidate of parent.stages) {
    if (paths.length >= MAX_CHAINS) return { paths: [...paths, image], isWhole: false }
    const below = pathsOf(dockerfile, candidate)
    isWhole &&= below.isWhole && paths.length + below.paths.length <= MAX_CHAINS
    paths.push(...below.paths.slice(0, MAX_CHAINS - paths.length).map((path) => onTop(path, [candidate])))
  }
  return { paths: [...paths, image], isWhole }
}

/** What runs, stage by stage: what ONBUILD of the one below left, then the stage's own instructions. */
function stepsOf(stages: readonly Stage[]): ChainStep[] {
  const steps: ChainStep[] = []
  let shell: readonly string[] | null = null
  stages.forEach((stage, index) => {
    const triggers = stages[index - 1]?.instructions.flatMap(({ trigger }) => trigger ?? []) ?? []
    const ran = [
      ...triggers.map((trigger) => ({ ran: trigger, at: stage.fromInstruction, isTriggered: true })),
      ...stage.instructions.map((instruction) => ({ ran: instruction, at: instruction, isTriggered: false })),
    ]
    for (const step of ran) {
      steps.push({ ...step, shell })
      if (step.ran.keyword === 'SHELL') shell = jsonWords(step.ran.text)
    }
  })
  return steps
}

/**
 * All ways to read a stage, the one where FROM names an image last; a single one where no argument decides.
 * @returns the ways, and whether there are no more than are followed
 */
export function chainsOf(
  dockerfile: Dockerfile,
  stage: Stage,
): { readonly chains: readonly Chain[]; readonly isWhole: boolean } {
  const { paths, isWhole } = pathsOf(dockerfile, stage)
  return { chains: paths.map((path) => ({ ...path, steps: stepsOf(path.stages) })), isWhole }
}
