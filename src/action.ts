// The GitHub Action: the same gate, with annotations, job summary, outputs and the pull-request comment.
import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import * as core from '@actions/core'
import { type GateError, UsageError } from './error.ts'
import { runGate } from './gate.ts'
import { updateComment } from './github/comment.ts'
import { type RunContext, readContext } from './github/event.ts'
import { nearest } from './policy/load.ts'
import { toAnnotations } from './report/annotations.ts'
import { errorReport } from './report/build.ts'
import { renderErrorSection, renderSection } from './report/comment.ts'
import { visible } from './report/escape.ts'
import { renderJson } from './report/json.ts'
import type { Outcome } from './report/outcome.ts'
import { renderSarif } from './report/sarif.ts'
import { renderErrorSummary, renderSummary } from './report/summary.ts'
import { renderTerminal } from './report/terminal.ts'
import { shownFindings } from './report/words.ts'
import { SEVERITIES } from './rules/finding.ts'
import { overlay, prepare, presentable, settingsFromEnvironment } from './settings.ts'

/** The inputs of action.yml. */
const INPUTS = [
  'image',
  'config',
  'dockerfile',
  'context',
  'build-metadata',
  'target',
  'fail-on',
  'min-confidence',
  'image-name',
  'platform',
  'comment',
  'token',
  'report-directory',
]

const COMMENT_MODES = ['auto', 'always', 'never'] as const

/** Lines of values that the runner is told to mask: long enough, and no structure that stands in other texts too. */
const MIN_MASKED = 8
const MAX_MASKED = 200

/** The runner passes unknown inputs on with a warning that nobody reads. */
function checkInputs(env: Readonly<Record<string, string | undefined>>): void {
  for (const name of Object.keys(env)) {
    const input = /^INPUT_(.+)$/.exec(name)?.[1]?.toLowerCase()
    if (input === undefined || INPUTS.includes(input)) continue
    const near = nearest(input, INPUTS)
    throw new UsageError(`There is no input ${JSON.stringify(input)}.${near === null ? '' : ` Did you mean ${JSON.stringify(near)}?`} Inputs: ${INPUTS.join(', ')}.`)
  }
}

const input = (name: string): string | null => core.getInput(name) || null

function maskValues(values: readonly string[]): void {
  const lines = new Set(values.flatMap((value) => value.split(/\r?\n|\\n/)).map((line) => line.trim()))
  let masked = 0
  for (const line of lines) {
    if (line.length < MIN_MASKED || /^-----|^[{}[\]",:\s]+$/.test(line)) continue
    if (masked++ >= MAX_MASKED) return
    core.setSecret(line)
  }
}

/** A folder of its own for each image, so that several in one job keep their reports. */
async function reportFolder(reference: string): Promise<string> {
  const parent = input('report-directory') ?? path.join(process.env['RUNNER_TEMP'] ?? '/tmp', 'layergate')
  const name = `${path
    .basename(reference)
    .replace(/[^\w.-]+/g, '-')
    .slice(0, 60)}-${createHash('sha256').update(reference).digest('hex').slice(0, 8)}`
  const folder = path.resolve(parent, name)
  await mkdir(folder, { recursive: true })
  return folder
}

function annotate(outcome: Outcome): void {
  const { annotations, left } = toAnnotations(outcome)
  for (const { level, title, message, file, startLine, endLine } of annotations) {
    const properties = { title, ...(file === null ? {} : { file }), ...(startLine === null ? {} : { startLine }), ...(endLine === null ? {} : { endLine }) }
    if (level === 'error') core.error(message, properties)
    else if (level === 'warning') core.warning(message, properties)
    else core.notice(message, properties)
  }
  for (const { message } of outcome.report.warnings) core.warning(visible(message), { title: 'Layergate' })
  if (left > 0) core.info(`${left} more findings are in the job summary: the platform shows ten annotations of a kind.`)
}

/** Always written, also when nothing else may be. */
async function writeSummary(text: string): Promise<void> {
  if (!process.env['GITHUB_STEP_SUMMARY']) return
  try {
    await core.summary.addRaw(text, true).write()
  } catch (error) {
    core.warning(`The job summary cannot be written: ${visible(error instanceof Error ? error.message : String(error))}`)
  }
}

async function comment(reference: string, section: string, context: RunContext, hasNews: boolean): Promise<void> {
  const mode = input('comment') ?? process.env['LAYERGATE_COMMENT'] ?? 'auto'
  const known = COMMENT_MODES.find((candidate) => candidate === mode)
  if (known === undefined) throw new UsageError(`comment: ${JSON.stringify(mode)} is none of ${COMMENT_MODES.join(', ')}.`)
  const token = input('token')
  if (known === 'never' || context.pull === null) return
  if (token === null) {
    core.notice('No comment on the pull request: the action has no token.')
    return
  }
  const result = await updateComment(token, context.pull, reference, section, { always: known === 'always', hasNews }, (ms) => new Promise((resolve) => setTimeout(resolve, ms)))
  if (result.done === 'refused') core.notice(`No comment on the pull request: ${visible(result.reason)}. Annotations and the job summary say the same.`)
}

/** @returns the exit code */
async function run(): Promise<number> {
  checkInputs(process.env)
  const reference = input('image') ?? process.env['LAYERGATE_IMAGE'] ?? null
  if (reference === null) throw new UsageError('The input "image" is missing: name an image of the local engine, an archive or an OCI layout.')
  const context = readContext(process.env)
  try {
    const own = {
      config: input('config'),
      dockerfile: input('dockerfile'),
      context: input('context'),
      buildMetadata: input('build-metadata'),
      target: input('target'),
      failOn: input('fail-on'),
      minConfidence: input('min-confidence'),
      image: input('image-name'),
      platform: input('platform'),
    }
    const settings = overlay({ ...settingsFromEnvironment(process.env), image: null }, own)
    const prepared = await prepare(reference, settings, {
      directory: process.env['GITHUB_WORKSPACE'] ?? process.cwd(),
      env: process.env,
      stdin: process.stdin,
      onProgress: () => {},
    })
    const outcome = { ...(await runGate(prepared)), isPublic: context.isPublic }
    maskValues(outcome.values)
    await publish(reference, outcome, prepared.configPath, context)
    return outcome.report.verdict.result === 'fail' ? 1 : 0
  } catch (error) {
    await publishError(reference, presentable(error), context)
    return 2
  }
}

async function publish(reference: string, outcome: Outcome, configPath: string, context: RunContext): Promise<void> {
  const { report } = outcome
  const { verdict } = report
  core.info(renderTerminal(outcome, { color: false, verbose: false }))
  annotate(outcome)
  const folder = await reportFolder(reference)
  const files = { report: path.join(folder, 'report.json'), sarif: path.join(folder, 'report.sarif') }
  await writeFile(files.report, renderJson(report))
  await writeFile(files.sarif, renderSarif(outcome, configPath))
  core.setOutput('verdict', verdict.result)
  core.setOutput(
    'findings-count',
    SEVERITIES.reduce((sum, severity) => sum + verdict.counts[severity], 0),
  )
  for (const severity of SEVERITIES) core.setOutput(`${severity}-count`, verdict.counts[severity])
  core.setOutput('report', files.report)
  core.setOutput('sarif', files.sarif)
  await writeSummary(renderSummary(outcome))
  await comment(reference, renderSection(outcome, context), context, shownFindings(report).length > 0 || verdict.result === 'fail')
}

async function publishError(reference: string, error: GateError, context: RunContext): Promise<void> {
  core.error(error.message, { title: 'Layergate could not judge the image' })
  core.setOutput('verdict', 'error')
  const folder = await reportFolder(reference)
  const file = path.join(folder, 'report.json')
  await writeFile(file, renderJson(errorReport(error, 'high')))
  core.setOutput('report', file)
  await writeSummary(renderErrorSummary(reference, error.message))
  await comment(reference, renderErrorSection(reference, error.message), context, true)
}

// A run that ends before its verdict, for whatever reason, is no pass.
process.exitCode = 2
let settled = false
process.on('exit', () => {
  if (!settled) core.error('The run ended before its verdict: this is a fault of Layergate. Nothing was judged.', { title: 'Layergate could not run' })
})

run().then(
  (code) => {
    settled = true
    process.exitCode = code
  },
  (error: unknown) => {
    settled = true
    core.error(presentable(error).message, { title: 'Layergate could not run' })
    core.setOutput('verdict', 'error')
  },
)
