// Builds that the workflows of a repository make, as a command to run here.
import path from 'node:path'
import { readWhole } from '../../checkout/whole-file.ts'
import { UsageError } from '../../error.ts'
import { quoted } from '../../shell/quoted.ts'
import { nameFromTag } from './build-push.ts'
import { isText, joined } from './gate-step.ts'
import {
  type Job,
  MAX_WORKFLOW,
  mapAt,
  parseWorkflow,
  stepsOf,
  textAt,
  type WorkflowBuild,
  type WorkflowStep,
  whereIs,
  workflowFiles,
} from './job.ts'
import { scriptBuilds } from './scripts.ts'

/** `build-args` of docker/build-push-action. */
const argumentsIn = (text: string | null): string[] =>
  (text ?? '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => /^\w+=/.test(line))
    .map((line) => (line.includes('${{') ? line.slice(0, line.indexOf('=')) : line))

function buildsOfStep(job: Job, step: WorkflowStep): WorkflowBuild[] {
  const where = whereIs(job, step)
  if (/^docker\/build-push-action@/i.test(textAt(step.node, 'uses') ?? '')) {
    const inputs = mapAt(step.node, 'with')
    return [
      {
        where,
        name: nameFromTag(textAt(inputs, 'tags')),
        dockerfile: textAt(inputs, 'file'),
        context: joined(textAt(inputs, 'context')),
        target: textAt(inputs, 'target'),
        args: argumentsIn(textAt(inputs, 'build-args')),
      },
    ]
  }
  const run: unknown = step.node.get('run', true)
  return isText(run) ? scriptBuilds(run.value, textAt(step.node, 'working-directory'), where) : []
}

/** All builds of the workflows, in the order of their files. @param directory root of the repository */
async function buildsIn(directory: string): Promise<WorkflowBuild[]> {
  const builds: WorkflowBuild[] = []
  for (const file of await workflowFiles(directory)) {
    const { text } = await readWhole(path.join(directory, file), MAX_WORKFLOW, directory)
    const jobs = text === null ? [] : (parseWorkflow(file, text)?.jobs ?? [])
    builds.push(...jobs.flatMap((job) => stepsOf(job).flatMap((step) => buildsOfStep(job, step))))
  }
  return builds
}

/** `app` of `ghcr.io/acme/app:1`. */
const shortName = (reference: string): string => reference.split('/').at(-1)?.split(/[:@]/)[0] ?? reference

/**
 * The command that builds an image as a workflow does.
 * @param reference what the image is called here
 * @throws UsageError where no workflow builds it, or several builds could be meant
 */
export async function buildCommandOf(directory: string, reference: string): Promise<string> {
  const builds = await buildsIn(directory)
  const named = builds.filter(({ name }) => name !== null && shortName(name) === shortName(reference))
  const [build, other] = named.length > 0 ? named : builds
  if (build === undefined)
    throw new UsageError(
      '--build workflow: no workflow of .github/workflows builds an image in a way that can be read: write the command, --build "docker build -t IMAGE ."',
    )
  if (other !== undefined)
    throw new UsageError(
      `--build workflow: several builds could make ${reference} (${builds.map(({ where }) => where).join('; ')}): write the command, --build "docker build -t ${reference} ."`,
    )
  const { dockerfile, context, target, args, where } = build
  if ([dockerfile, context, target].some((word) => word?.includes('${{') === true))
    throw new UsageError(`${where}: only the workflow knows what it builds: write the command with --build.`)
  return [
    ...['docker build -t', quoted(reference)],
    ...(dockerfile === null ? [] : ['-f', quoted(dockerfile)]),
    ...(target === null ? [] : ['--target', quoted(target)]),
    ...args.flatMap((arg) => ['--build-arg', quoted(arg)]),
    quoted(context ?? '.'),
  ].join(' ')
}
