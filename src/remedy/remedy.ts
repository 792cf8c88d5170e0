// What to do about the leaks of an image: the very lines, changed. One plan for all of them, each leak upon what is planned for those
// before. https://docs.docker.com/build/building/secrets/
import type { Dockerfile } from '../dockerfile/dockerfile.ts'
import type { BuildEvidence as Evidence } from '../evidence/evidence.ts'
import { isExpired, type Leak } from '../evidence/leak.ts'
import { instructionsOfImage } from './built.ts'
import { type Edit, Plan } from './plan.ts'
import { NotCertain, Planner } from './planner.ts'

/** A change that makes the leak go away: it must build, and its image must be clean. */
export interface Fix {
  /** The Dockerfile, relative to the root of the checkout. */
  readonly path: string
  readonly edits: readonly Edit[]
  /** Lines for .dockerignore. */
  readonly ignore: { readonly path: string; readonly patterns: readonly string[] } | null
  /** Options that `docker build` then takes. */
  readonly build: readonly string[]
}

export interface Remedy {
  /** null where no change is certain. */
  readonly fix: Fix | null
  /** What a person has to decide, in a sentence; null where there is a change, or nothing to add. */
  readonly why: string | null
}

/** Leaks of one image that are planned for; nobody pastes more. */
const MAX_PLANNED = 200

/** A leak whose change is certain, with the instructions that it changes. */
interface Planned {
  readonly leak: Leak
  readonly asked: Plan['asked']
}

/** Plans for all leaks, one after the other, each upon what is planned for those before. */
function planAll(evidence: Evidence, dockerfile: Dockerfile): ReadonlyMap<Leak, Remedy> {
  const instructions = instructionsOfImage(evidence)
  let ids: ReadonlyMap<string, string> = new Map()
  const remedies = new Map<Leak, Remedy>()
  const planned: Planned[] = []
  let plan = new Plan(dockerfile)
  const worth = evidence.leaks.filter(
    ({ strength, facts }) => strength !== 'harmless' && !isExpired(facts, evidence.now),
  )
  // A stage of its own leaves nothing to change beside it: first comes what needs none.
  for (const mayMakeStage of [false, true]) {
    for (const leak of worth.slice(0, MAX_PLANNED)) {
      if (planned.some((each) => each.leak === leak)) continue
      try {
        const next = new Planner(evidence, leak, instructions, plan.begin(), new Map(ids)).run(mayMakeStage)
        ;({ plan, ids } = next)
      } catch (error) {
        if (!(error instanceof NotCertain)) throw error
        remedies.set(leak, { fix: null, why: error.message === '' ? null : error.message })
        continue
      }
      planned.push({ leak, asked: plan.asked })
    }
  }
  const edits = plan.edits()
  for (const group of groupsOf(planned)) {
    const touched = new Set(group.flatMap(({ asked }) => [...asked.touched]))
    const own = edits.filter(({ startLine }) => touched.has(startLine))
    const patterns = [...new Set(group.flatMap(({ asked }) => [...asked.ignore]))]
    const fix: Fix | null =
      own.length === 0 && patterns.length === 0
        ? null
        : {
            path: dockerfile.path,
            edits: own,
            ignore: patterns.length === 0 ? null : { path: plan.ignoreFile, patterns },
            build: [...new Set(group.flatMap(({ asked }) => [...asked.build]))],
          }
    for (const { leak } of group) remedies.set(leak, { fix, why: null })
  }
  return remedies
}

/** Leaks that change an instruction together have one change. */
function groupsOf(planned: readonly Planned[]): Planned[][] {
  let groups: Planned[][] = []
  for (const each of planned) {
    const touches = (group: readonly Planned[]): boolean =>
      group.some(({ asked }) => [...each.asked.touched].some((line) => asked.touched.has(line)))
    const together = groups.filter(touches)
    groups = [...groups.filter((group) => !together.includes(group)), [...together.flat(), each]]
  }
  return groups
}

const NOTHING: Remedy = { fix: null, why: null }
/** The plan is made once for an image, however many findings ask. */
const plans = new WeakMap<Evidence, ReadonlyMap<Leak, Remedy>>()

/** @returns a change after which the leak is gone, with all that has to change with it; or why none is certain */
export function remedyFor(evidence: Evidence, leak: Leak): Remedy {
  const { dockerfile, reason, layers } = evidence.origin
  if (dockerfile === null || reason !== null || layers.some(({ lines }) => lines?.changed === true)) return NOTHING
  const known = plans.get(evidence) ?? planAll(evidence, dockerfile)
  plans.set(evidence, known)
  return known.get(leak) ?? NOTHING
}
