// The images that a build takes something from, beside the base: what COPY --from= and RUN --mount=from= name, and the FROM of
// build stages. Anybody who can write to one of them writes into the image.
import { sameReference } from '../image/reference.ts'
import type { Provenance } from '../provenance/provenance.ts'
import { chainsOf } from './chain.ts'
import { type Dockerfile, type Instruction, parentStage, type Stage } from './dockerfile.ts'
import type { DockerfileLines } from './lines.ts'
import { parentsOf, stagesOf, takenBy } from './stages.ts'

export interface ExternalImage {
  /** As written; a variable without a value stands in it as it is written. */
  readonly reference: string
  /** From provenance; null where that does not say. */
  readonly digest: string | null
  /** `content`: its files are taken; `base`: the image can be built on it, as arguments decide; `stage`: another stage is built on it. */
  readonly use: 'content' | 'base' | 'stage'
  /** COPY, RUN, FROM. */
  readonly keyword: string
  /** An argument decides what it is. */
  readonly isOpen: boolean
  readonly lines: DockerfileLines | null
}

type LinesOf = (instruction: Instruction) => DockerfileLines | null

/** Images that one Dockerfile names again and again are listed once for each line. */
const MAX_IMAGES = 1000

/** What is known of the build: the Dockerfile, the stage, and those that it builds on, the lowest first. */
interface Built {
  readonly dockerfile: Dockerfile | null
  readonly stage: Stage | null
  readonly stages: readonly Stage[]
  readonly linesOf: LinesOf
}

/** Lists them for the stage that was built; where that is not known, for the last one of the Dockerfile at hand. */
export function externalImages(
  { dockerfile, stage: known, stages: own, linesOf }: Built,
  provenances: readonly Provenance[],
): ExternalImage[] {
  const built = known ?? dockerfile?.stages.at(-1) ?? null
  if (dockerfile === null || built === null) return []
  const materials = provenances.flatMap((provenance) => provenance.materials)
  const found: ExternalImage[] = []
  const add = (reference: string, use: ExternalImage['use'], instruction: Instruction): void => {
    if (/^scratch$/i.test(reference) || found.length >= MAX_IMAGES) return
    const digest =
      materials.find((material) => sameReference(material.reference, reference.replace(/@sha256:.*$/s, '')))?.digest ??
      null
    found.push({
      reference,
      digest,
      use,
      keyword: instruction.keyword,
      isOpen: /[$]/.test(reference),
      lines: linesOf(instruction),
    })
  }
  const made = new Set([
    ...own,
    built,
    ...stagesOf(dockerfile, built, (stage) => (own.includes(stage) ? [] : parentsOf(dockerfile, stage))),
  ])
  for (const stage of dockerfile.stages) {
    if (!made.has(stage)) continue
    for (const { name, stage: taken, instruction } of takenBy(dockerfile, stage))
      if (taken === null) add(name, 'content', instruction)
  }
  const [base] = own
  for (const stage of dockerfile.stages)
    if (stage !== base && parentStage(dockerfile, stage) === null) add(stage.from, 'stage', stage.fromInstruction)
  return found
}

/** For a Dockerfile alone, whose FROM has an argument without a value: the images that it can be built on, through stages that it can name. */
export function possibleBases(dockerfile: Dockerfile, built: Stage, linesOf: LinesOf): ExternalImage[] {
  const roots = [...new Set(chainsOf(dockerfile, built).chains.map(({ stages: [root] }) => root))]
  const known = roots.filter(({ from }) => !/[$]/.test(from))
  return (known.length > 0 ? known : roots)
    .filter(({ from }) => !/^scratch$/i.test(from))
    .map(({ from, fromInstruction }) => ({
      reference: from,
      digest: null,
      use: 'base',
      keyword: 'FROM',
      isOpen: /[$]/.test(from),
      lines: linesOf(fromInstruction),
    }))
}
