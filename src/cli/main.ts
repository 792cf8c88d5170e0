#!/usr/bin/env node
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { type BaseCommit, baseCommit } from '../checkout/base-commit.ts'
import { commitOf } from '../checkout/git.ts'
import { inspectContext } from '../context/inspect-context.ts'
import { guardEnding } from '../ending.ts'
import { codeOf, reasonOf, UsageError } from '../error.ts'
import type { Progress } from '../evidence/inspect.ts'
import { runGate } from '../gate.ts'
import { readContext } from '../github/event.ts'
import { lintDockerfile } from '../lint.ts'
import { nearest } from '../nearest.ts'
import type { Outcome } from '../outcome/outcome.ts'
import { secondsOf } from '../policy/decide.ts'
import { contextFails, contextText } from '../report/context.ts'
import { uncommanding, visibleJson } from '../report/escape.ts'
import { FORMS, type Form } from '../report/forms.ts'
import { renderHistory } from '../report/history.ts'
import { sealedReport } from '../report/json.ts'
import { renderLint, renderLintJson } from '../report/lint.ts'
import { renderLintSarif } from '../report/sarif.ts'
import { isMild } from '../report/verdict.ts'
import { bytes } from '../report/words.ts'
import { sealed } from '../secrets/last-look.ts'
import { processScanner } from '../secrets/scanner.ts'
import { nameOf, prepare, prepareLint, presentable } from '../settings.ts'
import { VERSION } from '../version.ts'
import { TOO_LONG, watch } from '../watchdog.ts'
import { baselineCommand } from './commands/baseline.ts'
import { diffCommand } from './commands/diff.ts'
import { proposeWorkflow } from './commands/init-github.ts'
import { explain, listDetectors, listRules, noArguments, schema } from './commands/lists.ts'
import { CONTEXT_OPTIONS, HISTORY_OPTIONS, type Hooks, INIT_OPTIONS, LINT_OPTIONS, oneImage, parseOptions, SCAN_OPTIONS, settingsOf, surroundingsOf } from './options.ts'
import { HELP, HELPS, LINT_FORMATS, TEMPLATE } from './texts.ts'

const NOTHING_JUDGED = ' (exit 2: nothing was judged)'

/** Why standard output took no more; null while it does. */
let lost: string | null = null

const watchdog = watch({ stream: 2, line: `layergate: ${TOO_LONG}${NOTHING_JUDGED}\n`, files: [] })

/** Seconds that the user gives, before any policy is read. */
function limitTo(timeout: string | undefined): void {
  const given = timeout ?? process.env['LAYERGATE_TIMEOUT']
  if (given) watchdog.within(secondsOf(given))
}

/** Runs one command. @returns the exit code */
async function main(args: readonly string[]): Promise<number> {
  const [command, ...rest] = args
  if (command === undefined || command === '--help' || command === '-h' || command === 'help') {
    const help = rest[0] === undefined ? HELP : (HELPS[rest[0]] ?? HELP)
    process.stdout.write(help)
    return command === undefined ? 2 : 0
  }
  if (command === '--version' || command === '-V' || command === 'version') {
    process.stdout.write(`${VERSION}\n`)
    return 0
  }
  if (!Object.hasOwn(HELPS, command)) {
    const near = nearest(command, Object.keys(HELPS))
    throw new UsageError(
      `There is no command ${JSON.stringify(command)}.${near === null ? '' : ` Did you mean ${near}?`} Commands: ${Object.keys(HELPS).join(', ')}. See layergate --help.`,
    )
  }
  if (rest.includes('--help') || rest.includes('-h')) {
    process.stdout.write(HELPS[command] ?? HELP)
    return 0
  }
  switch (command) {
    case 'scan':
      return scan(rest)
    case 'rules':
      return listRules(rest)
    case 'detectors':
      return listDetectors(rest)
    case 'explain':
      return explain(rest)
    case 'init':
      return init(rest)
    case 'history':
      return history(rest)
    case 'context':
      return inspect(rest)
    case 'lint':
      return lint(rest)
    case 'baseline':
      return withProgress((hooks) => baselineCommand(rest, hooks, new Date()))
    case 'diff':
      return diff(rest)
    default:
      return schema(rest)
  }
}

interface Target {
  readonly form: Form
  /** null: standard output. */
  readonly file: string | null
}

function parseTargets(formats: readonly string[], output: string | undefined): Target[] {
  const targets = (formats.length === 0 ? ['terminal'] : formats).map((text): Target => {
    const [name = '', ...rest] = text.split('=')
    const form = FORMS.find((known) => known.name === name)
    if (form === undefined) {
      const names = FORMS.map((known) => known.name)
      const near = nearest(name, names)
      throw new UsageError(`--format ${name}: there is no such format.${near === null ? '' : ` Did you mean ${near}?`} Formats: ${names.join(', ')}.`)
    }
    return { form, file: rest.length === 0 ? null : rest.join('=') }
  })
  const open = targets.filter(({ file }) => file === null)
  if (output !== undefined) {
    if (open.length !== 1) throw new UsageError('--output goes with one format; write several as --format json=FILE --format sarif=FILE.')
    return targets.map((target) => (target.file === null ? { ...target, file: output } : target))
  }
  if (open.length > 1) throw new UsageError(`Only one format can go to standard output; write the others to files: --format ${open[1]?.form.name}=FILE.`)
  return targets
}

async function history(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseOptions('history', args, HISTORY_OPTIONS)
  const reference = oneImage('history', positionals)
  const { outcome, now } = await withProgress(async (hooks) => {
    const prepared = await prepare(reference, settingsOf(values), surroundingsOf(hooks))
    return { outcome: await runGate(prepared), now: prepared.now }
  })
  const { image, findings, warnings } = outcome.report
  const columns = process.stdout.isTTY === true ? process.stdout.columns : 80
  const text = values.json === true ? `${visibleJson({ image, findings, warnings })}\n` : renderHistory(outcome, now, { width: columns, verbose: values.verbose === true })
  await write(null, text)
  return 0
}

/** Shows how far a reading is, and takes the line away again. */
async function withProgress<T>(work: (hooks: Hooks) => Promise<T>): Promise<T> {
  const progress = progressLine()
  try {
    return await work({ onProgress: progress.show, onLimit: watchdog.within })
  } finally {
    progress.clear()
  }
}

async function diff(args: readonly string[]): Promise<number> {
  const { text, file } = await withProgress((hooks) => diffCommand(args, hooks))
  await write(file, text)
  return 0
}

async function inspect(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseOptions('context', args, CONTEXT_OPTIONS)
  const [directory = '.', extra] = positionals
  limitTo(values.timeout)
  if (extra !== undefined) throw new UsageError(`One directory at a time: ${JSON.stringify(extra)} is one too many. See layergate context --help.`)
  const found = await inspectContext(process.cwd(), directory, values.dockerfile ?? null, processScanner())
  const text = contextText(found, processScanner(), { json: values.json === true, verbose: values.verbose === true })
  await write(null, text)
  return contextFails(found) ? 1 : 0
}

async function lint(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseOptions('lint', args, LINT_OPTIONS)
  const format = LINT_FORMATS.find((known) => known === (values.format ?? 'terminal'))
  if (format === undefined) throw new UsageError(`--format ${values.format}: there is no such format. Formats: ${LINT_FORMATS.join(', ')}.`)
  limitTo(values.timeout)
  const { files, policy } = await prepareLint(positionals, settingsOf(values), process.cwd())
  watchdog.within(policy.limits.seconds)
  const scanner = processScanner()
  const now = new Date()
  const results = files.map((file) => lintDockerfile(file, policy, scanner, now))
  const text = format === 'json' ? renderLintJson(results) : format === 'sarif' ? renderLintSarif(results) : renderLint(results, { verbose: values.verbose === true })
  await write(values.output ?? null, text)
  return policy.failOn !== 'never' && results.some(({ verdict }) => verdict.result === 'fail') ? 1 : 0
}

async function scan(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseOptions('scan', args, SCAN_OPTIONS)
  const targets = parseTargets(values.format ?? [], values.output)
  const reference = oneImage('scan', positionals)
  const settings = settingsOf(values)
  limitTo(values.timeout)
  let outcome: Outcome
  let configPath: string | null
  const judged = withProgress(async (hooks) => {
    const base = await commitOfPolicy(values['policy-from'])
    const prepared = await prepare(reference, settings, { ...surroundingsOf(hooks), base })
    // What is printed in a workflow is as public as its repository.
    return { outcome: { ...(await runGate(prepared)), isPublic: process.env['GITHUB_ACTIONS'] === 'true' && readContext(process.env).isPublic }, configPath: prepared.configPath }
  })
  try {
    ;({ outcome, configPath } = await Promise.race([judged, watchdog.over]))
  } catch (error) {
    const shown = presentable(error)
    for (const { form, file } of targets) if (form.renderError !== null) await write(file, form.renderError(shown, reference, nameOf(reference, settings)))
    throw error
  }
  const color = values['no-color'] !== true && process.env['NO_COLOR'] === undefined && (process.stdout.isTTY === true || (process.env['FORCE_COLOR'] ?? '0') !== '0')
  for (const { form, file } of targets)
    await write(file, form.render(outcome, { color: color && file === null, verbose: values.verbose === true, configPath, commit: commitOfRun(process.env), now: new Date() }))
  return outcome.report.verdict.result === 'fail' && !isMild(outcome.report) ? 1 : 0
}

/** The commit that a run is about, as GitLab and GitHub name it. */
const commitOfRun = (env: NodeJS.ProcessEnv): string | null => [env['CI_COMMIT_SHA'], env['GITHUB_SHA']].find((sha) => /^[0-9a-f]{40,64}$/.test(sha ?? '')) ?? null

/** The commit of `--policy-from`: a revision that git knows here, or `base`, that of the event of a workflow. */
async function commitOfPolicy(given: string | undefined): Promise<BaseCommit | null> {
  const from = given ?? process.env['LAYERGATE_POLICY_FROM'] ?? 'head'
  if (from === 'head') return null
  const revision = from === 'base' ? readContext(process.env).baseCommit : from
  const commit = revision === null ? null : await commitOf(process.cwd(), revision)
  if (commit === null)
    throw new UsageError(
      revision === null
        ? '--policy-from base: the event names no base commit. Name a revision, such as origin/main.'
        : `--policy-from ${revision}: git does not know that commit here. Fetch it first: git fetch origin ${/^[0-9a-f]{40}$/.test(revision) ? revision : revision.replace(/^origin\//, '')}.`,
    )
  return baseCommit(process.cwd(), commit, null)
}

async function write(file: string | null, given: string): Promise<void> {
  const text = sealedReport(given)
  if (file === null) {
    // Also a name of a file can look like a command to the runner of a workflow.
    await new Promise<void>((resolve) => process.stdout.write(uncommanding(text), () => resolve()))
    if (lost !== null) throw new UsageError(`standard output: the report cannot be written (${lost}).`)
    return
  }
  try {
    await writeFile(file, text)
  } catch (error) {
    throw new UsageError(`${file}: the report cannot be written: ${reasonOf(error)}.`)
  }
}

/** One moving line on a terminal for what lasts longer than a second. */
function progressLine(): { show: (progress: Progress) => void; clear: () => void } {
  if (process.stderr.isTTY !== true) return { show: () => {}, clear: () => {} }
  const started = performance.now()
  let last = started
  let shown = false
  return {
    show: ({ layer, layers, bytes: read, share }) => {
      const now = performance.now()
      if (now - started < 1000 || now - last < 100) return
      last = now
      shown = true
      const speed = read / ((now - started) / 1000)
      process.stderr.write(`\r\x1b[K${layer + 1} of ${layers} layers · ${Math.round(share * 100)} % · ${bytes(speed)}/s`)
    },
    clear: () => {
      if (shown) process.stderr.write('\r\x1b[K')
      shown = false
    },
  }
}

async function init(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseOptions('init', args, INIT_OPTIONS)
  noArguments('init', positionals)
  if (values.github === true) {
    const { patch, notes } = await proposeWorkflow(process.cwd())
    for (const note of notes) process.stderr.write(`${sealed(note)}\n`)
    await new Promise<void>((resolve) => process.stdout.write(sealed(patch), () => resolve()))
    return 0
  }
  try {
    await writeFile('.layergate.yml', TEMPLATE(randomBytes(16).toString('hex')), { flag: 'wx' })
  } catch (error) {
    throw new UsageError(codeOf(error) === 'EEXIST' ? '.layergate.yml is there already: it was left as it is.' : `.layergate.yml cannot be written: ${reasonOf(error)}.`)
  }
  process.stdout.write('Wrote .layergate.yml.\n')
  return 0
}

const ending = guardEnding((_code, message) => sayFailure(message))

function sayFailure(message: string): void {
  process.stderr.write(`layergate: ${message}${NOTHING_JUDGED}\n`)
}

// A reader that closes early (`layergate scan … | head -1`) does not turn the verdict; a full disk does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') lost = error.code ?? 'unknown error'
})

/** Milliseconds in which a command that is out of time may still write what it was asked for. */
const LAST_WORDS = 3000

const running = main(process.argv.slice(2))
const overdue = watchdog.over.catch(async (error: unknown) => {
  await new Promise((resolve) => setTimeout(resolve, LAST_WORDS))
  throw error
})

Promise.race([running, overdue])
  .then(async (code) => {
    // An error of the stream comes a turn later.
    await new Promise((resolve) => setImmediate(resolve))
    if (lost !== null) throw new UsageError(`standard output cannot be written (${lost}).`)
    return code
  })
  .catch((error: unknown) => {
    const { message, code } = presentable(error)
    process.stderr.write(`layergate: ${message}${code === 'usage' ? '' : NOTHING_JUDGED}\n`)
    return 2
  })
  .then((code) => {
    ending.settle(code)
    // What took too long may still run.
    if (watchdog.isOver()) process.exit(code)
    watchdog.stop()
  })
