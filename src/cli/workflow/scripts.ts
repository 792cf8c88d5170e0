// Scripts of a workflow: the gate comes behind what builds, and before what pushes. Make, scripts of the repository and compose are
// followed to the builds that they start.
import path from 'node:path'
import { isScalar } from 'yaml'
import { optionsIn } from '../../shell/options.ts'
import { parseScript, type ShellCommand } from '../../shell/script.ts'
import { composeImages, type ReadFile } from './compose.ts'
import { type BuildStep, dockerfileOf, gateStep, joined } from './gate-step.ts'
import { type Edit, EXPRESSION, type Job, textAt, type WorkflowBuild, type WorkflowStep, whereIs } from './job.ts'

/** Variables of a script as a workflow's expressions; null where the value is not known outside the script. */
function asExpression(word: string, env: ReadonlySet<string>): string | null {
  let isKnown = true
  const text = word.replace(/\$(?:\{(\w+)\}|(\w+))|\$[({].*/g, (_, braced?: string, bare?: string) => {
    const name = braced ?? bare ?? ''
    if (name === 'GITHUB_SHA') return '${{ github.sha }}'
    if (/^GITHUB_\w+$/.test(name)) return `\${{ github.${name.slice(7).toLowerCase()} }}`
    if (env.has(name)) return `\${{ env.${name} }}`
    isKnown = false
    return ''
  })
  return isKnown ? text : null
}

const BUILDERS: Readonly<Record<string, RegExp>> = {
  buildah: /^(?:bud|build)$/,
  docker: /^(?:build|buildx build|image build|builder build)$/,
  nerdctl: /^build$/,
  podman: /^(?:build|image build)$/,
}

/** What a command of an engine does: `build`, `buildx build`, `push`. */
function verbOf(command: ShellCommand): string {
  const words = optionsIn(command).operands.map(({ value }) => value)
  return /^(?:buildx|image|builder)$/.test(words[0] ?? '') ? words.slice(0, 2).join(' ') : (words[0] ?? '')
}

const isBuild = (command: ShellCommand): boolean => BUILDERS[command.name]?.test(verbOf(command)) === true
const isPush = (command: ShellCommand): boolean =>
  /^(?:docker|podman|nerdctl|buildah)$/.test(command.name) && /push$/.test(verbOf(command))

/** A script: the gate comes behind its build, and before what pushes. */
export async function ofScript(
  job: Job,
  step: WorkflowStep,
  script: string,
  env: ReadonlySet<string>,
  action: string,
  notes: string[],
  read: ReadFile,
): Promise<Edit[]> {
  const where = whereIs(job, step)
  const expressions: string[] = []
  // Expressions are filled in before any shell sees them: to it they are words.
  const text = script.replace(EXPRESSION, (whole) => `__EXPRESSION_${expressions.push(whole) - 1}__`)
  const restored = (word: string): string =>
    word.replace(/__EXPRESSION_(\d+)__/g, (_, index: string) => expressions[Number(index)] ?? '')
  const { commands } = parseScript(text, new Map())
  const edits: Edit[] = []
  for (const command of commands.filter(isBuild)) {
    const options = optionsIn(command)
    const tag = options.value('-t', '--tag')
    const image = tag === null ? null : asExpression(tag.value, env)
    const output = /(?:^|,)dest=([^,]+)/.exec(options.value('-o', '--output')?.value ?? '')?.[1]
    if (image === null && output === undefined) {
      notes.push(
        `${where}: ${tag === null ? 'the build has no tag' : `the tag ${restored(tag.value)} is known to the script alone`}: put the gate behind that step, with the image's name.`,
      )
      continue
    }
    const skipped = options.operands.slice(verbOf(command).split(' ').length)
    const build: BuildStep = {
      image: restored(output ?? image ?? ''),
      dockerfile: dockerfileOf(
        skipped[0]?.value ?? null,
        options.value('-f', '--file')?.value ?? null,
        textAt(step.node, 'working-directory'),
      ),
      name: null,
      context: joined(textAt(step.node, 'working-directory'), skipped[0]?.value ?? null),
      target: options.value('--target')?.value ?? null,
      platform: null,
      metadata: null,
    }
    const lines = gateStep(action, build, job, step.indent)
    if (options.has('--push')) {
      notes.push(
        `${where}: it builds and pushes in one command: build with --load instead of --push, put the gate behind it, and push then.`,
      )
      continue
    }
    const push = commands.find((other) => isPush(other) && other.position > command.position)
    if (push === undefined) edits.push({ before: step.end, lines })
    else edits.push(...splitScript(job, step, text, push, lines, where, notes))
  }
  const directory = textAt(step.node, 'working-directory') ?? ''
  for (const command of commands) edits.push(...(await ofOther(job, step, command, directory, action, notes, read)))
  return edits
}

/** Builds of a script, as far as their words are known outside it. @param directory that the step works in */
export function scriptBuilds(script: string, directory: string | null, where: string): WorkflowBuild[] {
  const text = script.replace(EXPRESSION, '__EXPRESSION__')
  const isKnown = (word: string): boolean => !/__EXPRESSION__|[$`]/.test(word)
  return parseScript(text, new Map())
    .commands.filter(isBuild)
    .flatMap((command): WorkflowBuild[] => {
      const options = optionsIn(command)
      const context = options.operands[verbOf(command).split(' ').length]?.value
      const file = options.value('-f', '--file')?.value
      const target = options.value('--target')?.value
      if (context === undefined || [context, file, target].some((word) => word !== undefined && !isKnown(word)))
        return []
      const words = command.args.map(({ value }) => value)
      const args = words.flatMap((word, index) =>
        words[index - 1] === '--build-arg' ? [word] : (/^--build-arg=(.*)$/s.exec(word)?.[1] ?? []),
      )
      const tag = options.value('-t', '--tag')?.value
      return [
        {
          where,
          name: tag !== undefined && isKnown(tag) ? tag.replace(/:[^/]*$/, '') : null,
          dockerfile: joined(directory, file ?? null),
          context: joined(directory, context),
          target: target ?? null,
          args: args.map((arg) => (isKnown(arg) ? arg : (arg.split('=')[0] ?? arg))),
        },
      ]
    })
}

/** The build that a line of a Makefile or a script starts, and where. */
interface Started {
  readonly file: string
  readonly line: number
  /** null where a variable decides. */
  readonly image: string | null
  readonly pushes: boolean
}

/** Lines of a file that are looked at. */
const MAX_LINES = 5000

/** The first build in a Makefile or a script. */
function startedIn(file: string, text: string): Started | null {
  const lines = text.split('\n').slice(0, MAX_LINES)
  for (const [index, line] of lines.entries()) {
    // `$(NAME)` of make is no command of the shell.
    const plain = line
      .trim()
      .replace(/^[@-]+/, '')
      .replace(/\$\((\w+)\)/g, '${$1}')
    if (!/\b(?:docker|podman|nerdctl|buildah)\b/.test(plain)) continue
    const command = parseScript(plain, new Map()).commands.find(isBuild)
    if (command === undefined) continue
    const tag = optionsIn(command).value('-t', '--tag')?.value ?? null
    return {
      file,
      line: index + 1,
      image: tag === null || /[$`]/.test(tag) ? null : tag,
      pushes:
        optionsIn(command).has('--push') ||
        lines.some((other) => /\b(?:docker|podman|nerdctl|buildah)\s+push\b/.test(other)),
    }
  }
  return null
}

/** The file of the repository that a command runs: a Makefile, or a script. */
function fileOf(command: ShellCommand, directory: string): readonly string[] {
  const { name, program, args } = command
  const at = (file: string): string => path.posix.normalize(path.posix.join(directory, file))
  if (name === 'make' || name === 'gmake') {
    const options = optionsIn(command)
    const folder = options.value('-C', '--directory')?.value ?? ''
    const named = options.value('-f', '--file')?.value
    return (named === undefined ? ['GNUmakefile', 'makefile', 'Makefile'] : [named]).map((file) =>
      at(path.posix.join(folder, file)),
    )
  }
  const script = /^(?:ba|da|z)?sh$/.test(name)
    ? args.find(({ value }) => !value.startsWith('-'))?.value
    : program.includes('/')
      ? program
      : undefined
  return script === undefined || script.startsWith('/') || /[$`]/.test(script) ? [] : [at(script)]
}

/** Builds that a command starts in another file: make, a script, compose. */
async function ofOther(
  job: Job,
  step: WorkflowStep,
  command: ShellCommand,
  directory: string,
  action: string,
  notes: string[],
  read: ReadFile,
): Promise<Edit[]> {
  const where = whereIs(job, step)
  const compose = composeCommand(command)
  if (compose !== null) {
    if (/(?:^| )--push(?: |$)/.test(compose.join(' '))) {
      notes.push(
        `${where}: compose builds and pushes in one command: build without --push, put the gate behind it, and push then.`,
      )
      return []
    }
    const images = await composeImages(compose, directory, read)
    if (images.length === 0)
      notes.push(
        `${where}: compose builds images: put the gate behind that step, once for each, with a name: of its own.`,
      )
    for (const { service, image } of images)
      if (image === null)
        notes.push(
          `${where}: the service ${service} of compose has no image: of its own: write one, and put the gate behind that step.`,
        )
    return images.flatMap(({ image, service, ...where }): Edit[] => {
      if (image === null) return []
      const name = images.length > 1 ? service : null
      return [
        {
          before: step.end,
          lines: gateStep(action, { ...where, image, name, platform: null, metadata: null }, job, step.indent),
        },
      ]
    })
  }
  for (const file of fileOf(command, directory)) {
    const text = await read(file)
    const started = text === null ? null : startedIn(file, text)
    if (started === null) continue
    const { image, line, pushes } = started
    if (image === null || pushes) {
      notes.push(
        `${where}: ${[command.name, ...command.args.map(({ value }) => value)].join(' ')} builds an image (${file}:${line})${pushes ? ', and pushes it: build and push in two steps' : ''}: put the gate behind that step${image === null ? ", with the image's name" : `, with image: ${image}`}.`,
      )
      return []
    }
    const build = { image, name: null, dockerfile: null, context: null, target: null, platform: null, metadata: null }
    return [{ before: step.end, lines: gateStep(action, build, job, step.indent) }]
  }
  return []
}

/** The words behind `docker compose build`, or behind `docker compose` where `up --build` builds; null for anything else. */
function composeCommand({ name, args }: ShellCommand): string[] | null {
  const words = args.map(({ value }) => value)
  const own =
    name === 'docker-compose'
      ? words
      : /^(?:docker|podman|nerdctl)$/.test(name) && words[0] === 'compose'
        ? words.slice(1)
        : null
  if (own === null) return null
  return own.includes('build') || (own.includes('up') && own.includes('--build')) ? own : null
}

/** Cuts a script in front of the line that pushes. */
function splitScript(
  job: Job,
  step: WorkflowStep,
  text: string,
  push: ShellCommand,
  gate: readonly string[],
  where: string,
  notes: string[],
): Edit[] {
  const node: unknown = step.node.get('run', true)
  const header = isScalar(node) && node.range != null ? job.lineOf(node.range[0]) : null
  const at = text.slice(0, push.position).split('\n').length - 1
  const before = text.split('\n').slice(0, at)
  const own = text.split('\n')[at] ?? ''
  const isSplittable =
    isScalar(node) &&
    node.type === 'BLOCK_LITERAL' &&
    header !== null &&
    own.trimStart().startsWith(push.program) &&
    !/(?:\\|&&|\|\||\|)\s*$/.test(before.at(-1) ?? '')
  // What a script sets for itself is gone in the next step.
  if (!isSplittable || before.some((line) => /^\s*(?:export\s+|cd\s|pushd\s|\w+=)/.test(line))) {
    notes.push(`${where}: one script builds and pushes: cut it in two steps, and put the gate between them.`)
    return []
  }
  const more = ['working-directory', 'shell', 'env', 'if'].filter((key) => step.node.has(key))
  if (more.length > 0) notes.push(`${where}: the second half of the cut step needs ${more.join(', ')} of the first.`)
  return [{ before: header + 1 + at, lines: [...gate, `${step.indent}- run: |`] }]
}
