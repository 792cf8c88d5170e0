// `layergate init --github`: finds the steps that build images, and writes the patch that puts the gate behind them.
import path from 'node:path'
import { createTwoFilesPatch } from 'diff'
import { isMap, isSeq, type YAMLMap } from 'yaml'
import { findDockerfiles } from '../../checkout/checkout.ts'
import { readWhole } from '../../checkout/whole-file.ts'
import { visible } from '../../report/escape.ts'
import { ofBake } from './bake.ts'
import { ofBuildPush } from './build-push.ts'
import type { ReadFile } from './compose.ts'
import { gateStep, isText, ownAction } from './gate-step.ts'
import {
  type Edit,
  type Job,
  keysOf,
  MAX_WORKFLOW,
  mapAt,
  parseWorkflow,
  stepsOf,
  textAt,
  WORKFLOWS,
  whereIs,
  workflowFiles,
} from './job.ts'
import { permissionEdits } from './permissions.ts'
import { ofScript } from './scripts.ts'

export interface Proposal {
  /** A unified diff for `git apply`; empty where there is nothing to change. */
  readonly patch: string
  /** What was found, and what a person has to decide. */
  readonly notes: readonly string[]
}

const CHECKOUT = 'actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0'

async function jobEdits(
  job: Job,
  env: ReadonlySet<string>,
  action: string,
  notes: string[],
  read: ReadFile,
): Promise<Edit[]> {
  const steps = stepsOf(job)
  if (steps.some(({ node }) => /(?:^|\/)layergate(?:\/[\w/-]*)?@|^\.\/$/.test(textAt(node, 'uses') ?? ''))) {
    notes.push(`${job.file}: job ${job.name} has the gate already.`)
    return []
  }
  const edits: Edit[] = []
  for (const step of steps) {
    const uses = textAt(step.node, 'uses') ?? ''
    if (/^docker\/build-push-action@/i.test(uses)) edits.push(...ofBuildPush(job, step, action, notes))
    if (/^docker\/bake-action@/i.test(uses)) notes.push(await ofBake(step, whereIs(job, step), read))
    const own = mapAt(step.node, 'env')
    const known = new Set([...env].filter((name) => own?.has(name) !== true))
    const run: unknown = step.node.get('run', true)
    if (isText(run)) edits.push(...(await ofScript(job, step, run.value, known, action, notes, read)))
  }
  return edits.length === 0 ? [] : [...permissionEdits(job, notes), ...edits]
}

/** The patch of one workflow. */
async function patchOf(file: string, text: string, action: string, notes: string[], read: ReadFile): Promise<string> {
  const parsed = parseWorkflow(file, text)
  if (parsed === null) {
    notes.push(`${file}: it is no valid YAML, and was left out.`)
    return ''
  }
  const { workflow, jobs } = parsed
  const edits: Edit[] = []
  for (const job of jobs) {
    const env = new Set([...keysOf(mapAt(workflow, 'env')), ...keysOf(mapAt(job.node, 'env'))])
    edits.push(...(await jobEdits(job, env, action, notes, read)))
  }
  if (edits.length === 0) return ''
  const on: unknown = workflow.get('on')
  const events = isMap(on) ? keysOf(on as YAMLMap) : isSeq(on) ? on.items.map(String) : [String(on)]
  if (!events.includes('pull_request'))
    notes.push(
      `${file}: it does not run on pull_request: findings reach no pull request. Add it to on:, and push only on other events.`,
    )
  const result = text.split('\n')
  for (const { before, removes = 0, lines: added } of edits.toReversed().sort((a, b) => b.before - a.before))
    result.splice(before, removes, ...added)
  return createTwoFilesPatch(`a/${file}`, `b/${file}`, text, result.join('\n'), undefined, undefined, {
    context: 3,
  }).replace(/^=+\n/, '')
}

/** A workflow of its own, for a repository that builds its images elsewhere or not yet. */
function newWorkflow(dockerfiles: readonly string[], action: string): string {
  const jobs = dockerfiles.flatMap((file, index) => {
    const directory = path.posix.dirname(file)
    const name =
      directory === '.' ? 'app' : (directory.split('/').at(-1) ?? 'app').toLowerCase().replace(/[^a-z0-9._-]/g, '-')
    return [
      `  gate-${index === 0 && dockerfiles.length === 1 ? 'image' : `${name}-${index + 1}`}:`,
      '    runs-on: ubuntu-latest',
      '    permissions:',
      '      contents: read',
      '      pull-requests: write # the comment; leave it out and annotations and summary still work',
      '    steps:',
      `      - uses: ${CHECKOUT}`,
      '        with:',
      '          persist-credentials: false',
      `      - run: docker build -t ${name}:gate -f ${JSON.stringify(file)} ${JSON.stringify(directory)}`,
      ...gateStep(
        action,
        {
          image: `${name}:gate`,
          dockerfile: file === 'Dockerfile' && dockerfiles.length === 1 ? null : file,
          name: null,
          context: directory === '.' ? null : directory,
          target: null,
          platform: null,
          metadata: null,
        },
        null,
        '      ',
      ),
    ]
  })
  return [
    'name: Image gate',
    'on:',
    '  pull_request:',
    '  push:',
    '    branches: [main]',
    'permissions: {}',
    'jobs:',
    ...jobs,
    '',
  ].join('\n')
}

const MAX_NEW = 10

/** Looks through a repository. @param directory its root */
export async function proposeWorkflow(directory: string): Promise<Proposal> {
  const action = await ownAction()
  const notes: string[] = []
  const read: ReadFile = async (file) => (await readWhole(path.join(directory, file), MAX_WORKFLOW, directory)).text
  const patches: string[] = []
  for (const file of await workflowFiles(directory)) {
    const { text } = await readWhole(path.join(directory, file), MAX_WORKFLOW)
    if (text === null) continue
    const patch = await patchOf(file, text, action, notes, read)
    if (patch !== '') patches.push(patch)
  }
  const dockerfiles = (await findDockerfiles(directory)).map((file) => file.path)
  if (patches.length === 0 && notes.length === 0 && dockerfiles.length > 0) {
    if (dockerfiles.length > MAX_NEW)
      notes.push(
        `${dockerfiles.length - MAX_NEW} more Dockerfiles have no job yet: ${dockerfiles.slice(MAX_NEW, MAX_NEW + 5).join(', ')}.`,
      )
    notes.push('No workflow builds an image: the patch adds one that does.')
    const text = newWorkflow(dockerfiles.slice(0, MAX_NEW), action)
    patches.push(
      createTwoFilesPatch('/dev/null', `b/${WORKFLOWS}/image-gate.yml`, '', text, undefined, undefined, {
        context: 3,
      }).replace(/^=+\n/, ''),
    )
  } else if (patches.length === 0 && notes.length === 0)
    notes.push('There is neither a workflow that builds an image nor a Dockerfile: there is nothing to gate.')
  return { patch: patches.join(''), notes: notes.map(visible) }
}
