// The instructions of a build with what is in force at each: the stage that became the image, or another one.
import type { Instruction, Stage } from '../dockerfile/dockerfile.ts'
import { ancestorsOf } from '../dockerfile/stages.ts'
import type { BuildEvidence as Evidence } from '../evidence/evidence.ts'
import { filledIn, type Step } from '../evidence/steps.ts'
import { cleanPath } from '../image/path.ts'

/** One instruction with what was in force there. */
export interface BuiltInstruction {
  readonly source: Instruction
  /** The layer of the image that it made; null for none, and in other stages. */
  readonly layer: number | null
  /** Its commands; null where they are not known. */
  readonly step: Step | null
  /** null where the base of another stage decides. */
  readonly workdir: string | null
  /** false also where that is not known. */
  readonly isRoot: boolean
}

const isRootUser = (text: string): boolean => /^(?:root|0)?(?::|$)/.test(text.trim())

/** The instructions of the image that the Dockerfile shows, oldest first. */
export function instructionsOfImage({ origin, steps }: Evidence): BuiltInstruction[] {
  const byLine = new Map(
    steps.flatMap((step) =>
      step.source !== null && step.of === 'image' ? [[step.source.startLine, step] as const] : [],
    ),
  )
  let isRoot = true
  const found: BuiltInstruction[] = []
  for (const { instruction, source, owner, layer, workdir } of origin.history) {
    if (source !== null && owner !== 'base' && source.keyword === instruction.keyword)
      found.push({ source, layer, step: byLine.get(source.startLine) ?? null, workdir, isRoot })
    if (instruction.keyword === 'USER') isRoot = isRootUser(instruction.text)
  }
  return found
}

/**
 * The instructions of a stage that the image copies from, with those of the stages that it builds on.
 * @returns null where some of them are not known
 */
export function instructionsOfStage({ origin, steps }: Evidence, stage: Stage): BuiltInstruction[] | null {
  const { dockerfile } = origin
  if (dockerfile === null) return null
  const chain = [...ancestorsOf(dockerfile, stage), stage]
  const own = steps.filter((step) => step.of === 'stage' && step.stage !== null && chain.includes(step.stage))
  const names = new Set(own.map((step) => step.stage))
  if (chain.some((each) => each.instructions.length > 0 && !names.has(each))) return null
  let workdir: string | null = chain[0]?.from === 'scratch' ? '/' : null
  // Docker's own images, which have no slash in their names, build as root.
  let isRoot = chain[0] !== undefined && !chain[0].from.includes('/')
  return own.flatMap((step): BuiltInstruction[] => {
    const { source, keyword, text } = step
    if (source === null) return []
    const before = { source, layer: null, step, workdir, isRoot }
    if (keyword === 'WORKDIR') {
      const to = filledIn(text.trim().replace(/^(["'])(.*)\1$/, '$2'), step.variables)
      workdir = to.includes('$') ? null : to.startsWith('/') ? cleanPath(to) : workdir && cleanPath(`${workdir}/${to}`)
    }
    if (keyword === 'USER') isRoot = isRootUser(text)
    return [before]
  })
}
