// docker/bake-action: its targets are written in a language of its own, so that the gate is put by hand, and what to put is said.
import type { ReadFile } from './compose.ts'
import { listAt, mapAt, type WorkflowStep } from './job.ts'

const FILES = ['docker-bake.hcl', 'docker-bake.json', 'docker-bake.override.hcl']

/** The targets of a bake file, as far as they are named in it. */
function targetsIn(text: string): string[] {
  const hcl = [...text.matchAll(/^target "([\w.-]{1,100})" \{/gm)].map(([, name = '']) => name)
  if (hcl.length > 0) return hcl
  try {
    const { target } = JSON.parse(text) as { target?: object }
    return Object.keys(target ?? {})
  } catch {
    return []
  }
}

/** What a person has to do for a step that bakes. */
export async function ofBake(step: WorkflowStep, where: string, read: ReadFile): Promise<string> {
  const inputs = mapAt(step.node, 'with')
  const named = listAt(inputs, 'files') ?? FILES
  const chosen = listAt(inputs, 'targets') ?? []
  const found: string[] = []
  for (const file of named) found.push(...targetsIn((await read(file).catch(() => null)) ?? ''))
  const targets = (chosen.length > 0 ? chosen : found).filter((target) => target !== '' && !target.startsWith('_'))
  return `${where}: it builds with docker/bake-action${targets.length === 0 ? '' : ` (${targets.join(', ')})`}: let it load: true, and put a step of the gate for each image behind it, each with a name: of its own; push then.`
}
