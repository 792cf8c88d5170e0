// `layergate init --github`: finds the steps that build images, and writes the patch that puts the gate behind them.
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { createTwoFilesPatch } from 'diff'
import { isMap, isScalar, isSeq, LineCounter, parseDocument, type YAMLMap } from 'yaml'
import { findDockerfiles } from '../checkout/checkout.ts'
import { commitOf } from '../checkout/git.ts'
import { readWhole } from '../checkout/whole-file.ts'
import { stableName } from '../image/name.ts'
import { visible } from '../report/escape.ts'
import { optionsIn } from '../shell/options.ts'
import { parseScript, type ShellCommand } from '../shell/script.ts'
import { REPOSITORY, VERSION } from '../version.ts'

export interface Proposal {
  /** A unified diff for `git apply`; empty where there is nothing to change. */
  readonly patch: string
  /** What was found, and what a person has to decide. */
  readonly notes: readonly string[]
}

const WORKFLOWS = '.github/workflows'
const CHECKOUT = 'actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0'

/** A build that a step makes. */
interface BuildStep {
  /** What the gate reads: an image's name or a file. */
  readonly image: string
  readonly dockerfile: string | null
  readonly target: string | null
  /** Output of the step with the build's metadata. */
  readonly metadata: string | null
}

interface Edit {
  /** The line before which lines are put, from 0. */
  readonly before: number
  readonly lines: readonly string[]
}

const EXPRESSION = /\$\{\{.*?\}\}/g

/** The pinned action, by the commit of this very program where it lies in a repository of its own. */
async function ownAction(): Promise<string> {
  // What lies beside dist/, where this is bundled to.
  const root = path.join(import.meta.dirname, '..')
  const commit = existsSync(path.join(root, '.git')) ? await commitOf(root, 'HEAD') : null
  return `${REPOSITORY}@${commit ?? '0'.repeat(40)} # v${VERSION}${commit === null ? ': put the full commit of the release here' : ''}`
}

const textAt = (map: YAMLMap | null, key: string): string | null => {
  const node: unknown = map?.get(key, true)
  return isScalar(node) && node.value !== null ? String(node.value).trim() : null
}

const mapAt = (map: YAMLMap | null, key: string): YAMLMap | null => {
  const node: unknown = map?.get(key, true)
  return isMap(node) ? (node as YAMLMap) : null
}

/** `my-app:${{ github.sha }}` of the first line of tags; the first tag of docker/metadata-action where its output is meant. */
function firstTag(tags: string | null): string | null {
  const [first] = tags?.split(/[\n,]/).map((tag) => tag.trim()) ?? []
  if (first === undefined || first === '') return null
  const output = /^\$\{\{\s*steps\.([\w-]+)\.outputs\.tags\s*\}\}$/.exec(first)?.[1]
  return output === undefined ? first : `\${{ fromJSON(steps.${output}.outputs.json).tags[0] }}`
}

const joined = (...parts: (string | null)[]): string | null => {
  const known = parts.filter(
    (part): part is string => part !== null && part !== '' && part !== '.' && !/^(?:https?:|git@|\$\{\{)/.test(part),
  )
  return known.length === 0 ? null : path.posix.normalize(known.join('/'))
}

/** Where the Dockerfile lies; null for the one at the root, which the gate finds by itself. */
function dockerfileOf(context: string | null, file: string | null, directory: string | null): string | null {
  const found =
    file === null
      ? joined(directory, context) === null
        ? null
        : joined(directory, context, 'Dockerfile')
      : joined(directory, file)
  return found === 'Dockerfile' ? null : found
}

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

interface Job {
  readonly file: string
  readonly name: string
  readonly node: YAMLMap
  readonly workflow: YAMLMap
  readonly lines: readonly string[]
  readonly lineOf: (offset: number) => number
}

interface WorkflowStep {
  readonly node: YAMLMap
  /** First line, from 0, and the line behind the last that says something. */
  readonly start: number
  readonly end: number
  readonly indent: string
}

function stepsOf({ node, lines, lineOf }: Job): WorkflowStep[] {
  const steps: unknown = node.get('steps', true)
  // On one line there is nowhere to put another step.
  if (!isSeq(steps) || steps.flow === true) return []
  return steps.items.flatMap((item): WorkflowStep[] => {
    if (!isMap(item) || item.range == null) return []
    let start = lineOf(item.range[0])
    while (start > 0 && !/^\s*-/.test(lines[start] ?? '')) start--
    let end = lineOf(item.range[1] - 1) + 1
    while (end > start + 1 && /^\s*(?:#.*)?$/.test(lines[end - 1] ?? '')) end--
    return [{ node: item as YAMLMap, start, end, indent: /^\s*/.exec(lines[start] ?? '')?.[0] ?? '' }]
  })
}

/** The step of the gate. */
function gateStep(action: string, { image, dockerfile, target, metadata }: BuildStep, indent: string): string[] {
  return [
    `${indent}- uses: ${action}`,
    `${indent}  with:`,
    `${indent}    image: ${image}`,
    ...(dockerfile === null ? [] : [`${indent}    dockerfile: ${dockerfile}`]),
    ...(target === null ? [] : [`${indent}    target: ${target}`]),
    ...(metadata === null ? [] : [`${indent}    build-metadata: ${metadata}`]),
  ]
}

/** Keys that a build for the gate has otherwise, or has no use for. */
const OTHER_KEYS = new Set([
  'push',
  'load',
  'tags',
  'labels',
  'annotations',
  'outputs',
  'platforms',
  'provenance',
  'sbom',
  'cache-to',
  'attests',
])

/** docker/build-push-action: what it loads is judged; what it pushes is built, loaded and judged before. */
function ofBuildPush(job: Job, step: WorkflowStep, action: string, notes: string[]): Edit[] {
  const where = `${job.file}: job ${job.name}`
  const inputs = mapAt(step.node, 'with')
  const context = textAt(inputs, 'context')
  const common = { dockerfile: dockerfileOf(context, textAt(inputs, 'file'), null), target: textAt(inputs, 'target') }
  const id = textAt(step.node, 'id')
  const metadata = id === null ? null : `\${{ steps.${id}.outputs.metadata }}`
  const file = /(?:^|[\s,])dest=([^\s,]+)/.exec(textAt(inputs, 'outputs') ?? '')?.[1]
  if (file !== undefined)
    return [{ before: step.end, lines: gateStep(action, { image: file, ...common, metadata }, step.indent) }]
  const tag = firstTag(textAt(inputs, 'tags'))
  const pushes = /^(?!false$).+/.test(textAt(inputs, 'push') ?? '')
  if (textAt(inputs, 'load') === 'true' && !pushes && tag !== null)
    return [{ before: step.end, lines: gateStep(action, { image: tag, ...common, metadata }, step.indent) }]
  // Build and load, judge, and let the step build again from the cache and push.
  const image = `${
    stableName((tag ?? 'app').replace(EXPRESSION, '').replace(/[:/-]+$/, '') || 'app', {
      image: null,
      platform: null,
      target: null,
      dockerfile: null,
    })
      .split('/')
      .at(-1)
      ?.split(':')[0] ?? 'app'
  }:gate`
  const kept = (inputs?.items ?? []).flatMap((pair): string[] => {
    const { key, value } = pair as unknown as {
      key: { range?: [number, number, number] | null }
      value: { range?: [number, number, number] | null } | null
    }
    if (!isScalar(key) || OTHER_KEYS.has(String(key.value)) || key.range == null || value?.range == null) return []
    const last = Math.max(job.lineOf(key.range[0]), job.lineOf(value.range[1] - 1))
    return job.lines.slice(job.lineOf(key.range[0]), last + 1).filter((line) => line.trim() !== '')
  })
  if (inputs !== null && inputs.flow === true) {
    notes.push(
      `${where}: its build step is written on one line: put a step before it that builds with load: true, and the gate behind that.`,
    )
    return []
  }
  if ((textAt(inputs, 'platforms') ?? '').includes(','))
    notes.push(`${where}: it builds for several platforms; the gate judges the runner's own.`)
  const gateId = `gate-build${id === null ? '' : `-${id}`}`
  return [
    {
      before: step.start,
      lines: [
        `${step.indent}# Built and judged before it is pushed; the step below builds it again from the cache.`,
        `${step.indent}- uses: ${textAt(step.node, 'uses') ?? ''}`,
        `${step.indent}  id: ${gateId}`,
        `${step.indent}  with:`,
        ...kept.map((line) => `${step.indent}    ${line.trimStart().startsWith('-') ? '  ' : ''}${dedent(line, kept)}`),
        `${step.indent}    load: true`,
        `${step.indent}    tags: ${image}`,
        ...gateStep(action, { image, ...common, metadata: `\${{ steps.${gateId}.outputs.metadata }}` }, step.indent),
      ],
    },
  ]
}

/** A line without the indentation that all of several have. */
function dedent(line: string, all: readonly string[]): string {
  const common = Math.min(...all.map((each) => /^\s*/.exec(each)?.[0].length ?? 0))
  return line.slice(common)
}

/** A script: the gate comes behind its build, and before what pushes. */
function ofScript(
  job: Job,
  step: WorkflowStep,
  script: string,
  env: ReadonlySet<string>,
  action: string,
  notes: string[],
): Edit[] {
  const where = `${job.file}: job ${job.name}`
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
      target: options.value('--target')?.value ?? null,
      metadata: null,
    }
    const lines = gateStep(action, build, step.indent)
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
  return edits
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

/** What the gate needs beyond what the job has, least rights only. */
function permissionEdits(job: Job, notes: string[]): Edit[] {
  const own: unknown = job.node.get('permissions', true)
  const line = (offset: number): number => job.lineOf(offset)
  const first = job.node.items[0] as unknown as { key?: { range?: [number, number, number] | null } } | undefined
  const at = first?.key?.range?.[0]
  if (at === undefined) return []
  const indent = ' '.repeat(at - job.lines.slice(0, line(at)).reduce((sum, text) => sum + text.length + 1, 0))
  const wanted = 'pull-requests: write # the comment of the gate; leave it out and annotations and summary still work'
  if (isMap(own)) {
    if (own.has('pull-requests')) return []
    const item = own.items[0] as unknown as { key: { range?: [number, number, number] | null } } | undefined
    if (item?.key.range == null) {
      notes.push(
        `${job.file}: job ${job.name} has no permissions at all: the gate needs contents: read, and pull-requests: write for its comment.`,
      )
      return []
    }
    const column = /^\s*/.exec(job.lines[line(item.key.range[0])] ?? '')?.[0] ?? `${indent}  `
    return [{ before: line(item.key.range[0]), lines: [`${column}${wanted}`] }]
  }
  if (isScalar(own)) return []
  const above: unknown = job.workflow.get('permissions', true)
  if (isScalar(above) && above.value === 'write-all') return []
  const inherited = isMap(above)
    ? above.items.map(
        (pair) => `${String((pair as { key: unknown }).key)}: ${String((pair as { value: unknown }).value)}`,
      )
    : []
  const [start = 0, end = 0] = job.node.range ?? []
  const ghcr = job.lines.slice(line(start), line(end) + 1).some((text) => /ghcr\.io/.test(text)) && !isMap(above)
  const rights = [
    ...new Set([
      ...(inherited.some((right) => right.startsWith('contents:')) ? [] : ['contents: read']),
      ...inherited,
      ...(ghcr ? ['packages: write'] : []),
    ]),
  ].filter((right) => !right.startsWith('pull-requests:'))
  if (inherited.includes('pull-requests: write')) return []
  if (!isMap(above))
    notes.push(
      `${job.file}: job ${job.name} gets permissions of its own; what else it does with GITHUB_TOKEN needs its right there.`,
    )
  return [
    {
      before: line(at),
      lines: [`${indent}permissions:`, ...rights.map((right) => `${indent}  ${right}`), `${indent}  ${wanted}`],
    },
  ]
}

function jobEdits(job: Job, env: ReadonlySet<string>, action: string, notes: string[]): Edit[] {
  const steps = stepsOf(job)
  if (steps.some(({ node }) => /(?:^|\/)layergate(?:\/[\w/-]*)?@|^\.\/$/.test(textAt(node, 'uses') ?? ''))) {
    notes.push(`${job.file}: job ${job.name} has the gate already.`)
    return []
  }
  const edits = steps.flatMap((step): Edit[] => {
    const uses = textAt(step.node, 'uses') ?? ''
    if (/^docker\/build-push-action@/i.test(uses)) return ofBuildPush(job, step, action, notes)
    if (/^docker\/bake-action@/i.test(uses))
      notes.push(
        `${job.file}: job ${job.name} builds with docker/bake-action: build with load: true and put the gate behind it, a step for each image.`,
      )
    const script = textAt(step.node, 'run')
    const own = mapAt(step.node, 'env')
    const known = new Set([...env].filter((name) => own?.has(name) !== true))
    return script === null
      ? []
      : ofScript(job, step, String((step.node.get('run', true) as { value: unknown }).value), known, action, notes)
  })
  return edits.length === 0 ? [] : [...permissionEdits(job, notes), ...edits]
}

const keysOf = (map: YAMLMap | null): string[] =>
  (map?.items ?? []).map((pair) => String((pair as { key: unknown }).key))

/** The patch of one workflow. */
function patchOf(file: string, text: string, action: string, notes: string[]): { patch: string; builds: boolean } {
  const counter = new LineCounter()
  const document = parseDocument(text, { lineCounter: counter })
  if (document.errors.length > 0 || !isMap(document.contents)) {
    notes.push(`${file}: it is no valid YAML, and was left out.`)
    return { patch: '', builds: false }
  }
  const workflow = document.contents as unknown as YAMLMap
  const lines = text.split('\n')
  const edits: Edit[] = []
  for (const pair of mapAt(workflow, 'jobs')?.items ?? []) {
    const { key, value } = pair as { key: unknown; value: unknown }
    if (!isMap(value)) continue
    const node = value as YAMLMap
    const env = new Set([...keysOf(mapAt(workflow, 'env')), ...keysOf(mapAt(node, 'env'))])
    edits.push(
      ...jobEdits(
        { file, name: String(key), node, workflow, lines, lineOf: (offset) => counter.linePos(offset).line - 1 },
        env,
        action,
        notes,
      ),
    )
  }
  if (edits.length === 0) return { patch: '', builds: false }
  const on: unknown = workflow.get('on')
  const events = isMap(on) ? keysOf(on as YAMLMap) : isSeq(on) ? on.items.map(String) : [String(on)]
  if (!events.includes('pull_request'))
    notes.push(
      `${file}: it does not run on pull_request: findings reach no pull request. Add it to on:, and push only on other events.`,
    )
  const result = [...lines]
  for (const { before, lines: added } of edits.sort((a, b) => b.before - a.before)) result.splice(before, 0, ...added)
  return {
    patch: createTwoFilesPatch(`a/${file}`, `b/${file}`, text, result.join('\n'), undefined, undefined, {
      context: 3,
    }).replace(/^=+\n/, ''),
    builds: true,
  }
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
          target: null,
          metadata: null,
        },
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
/** Bytes of a workflow: GitHub takes no larger one. */
const MAX_WORKFLOW = 1 << 20

/** Looks through a repository. @param directory its root */
export async function proposeWorkflow(directory: string): Promise<Proposal> {
  const action = await ownAction()
  const notes: string[] = []
  const names = (await readdir(path.join(directory, WORKFLOWS)).catch(() => []))
    .filter((name) => /\.ya?ml$/.test(name))
    .sort()
  const patches: string[] = []
  for (const name of names) {
    const file = `${WORKFLOWS}/${name}`
    const { text } = await readWhole(path.join(directory, file), MAX_WORKFLOW)
    if (text === null) continue
    const { patch } = patchOf(file, text, action, notes)
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
