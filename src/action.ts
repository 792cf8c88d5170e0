// The GitHub Action: the same gate, with annotations, job summary, outputs and the pull-request comment.
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import * as core from '@actions/core'
import { type BaseCommit, baseCommit } from './checkout/base-commit.ts'
import { postReports } from './companion.ts'
import { type GateError, UsageError } from './error.ts'
import { runGate } from './gate.ts'
import { lastReport } from './github/artifacts.ts'
import { connect, type Octokit } from './github/client.ts'
import { updateComment } from './github/comment.ts'
import { contentsAt } from './github/contents.ts'
import { type RunContext, readContext } from './github/event.ts'
import { postSuggestions } from './github/suggestions.ts'
import { nearest } from './policy/load.ts'
import { errorReport } from './report/build.ts'
import { renderErrorSection, renderSection } from './report/comment.ts'
import { visible } from './report/escape.ts'
import { renderJson } from './report/json.ts'
import type { Outcome } from './report/outcome.ts'
import { renderSarif } from './report/sarif.ts'
import { renderErrorSummary, renderSummary } from './report/summary.ts'
import { renderTerminal } from './report/terminal.ts'
import { isMild } from './report/verdict.ts'
import { toldFindings } from './report/words.ts'
import { SEVERITIES } from './rules/finding.ts'
import { annotate, maskValues, print, reportFolder, writeSummary } from './runner.ts'
import { nameOf, overlay, prepare, presentable, type Settings, type Surroundings, settingsFromEnvironment } from './settings.ts'

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
  'name',
  'policy-from',
  'baseline',
  'comment',
  'suggestions',
  'report-artifact',
  'token',
  'report-directory',
]

const COMMENT_MODES = ['auto', 'always', 'never'] as const
const SOURCES = ['base', 'head'] as const
/** Events that start from a commit that is not theirs to change. */
const EVENTS_WITH_BASE = /^(?:pull_request|pull_request_target|merge_group)$/
const SWITCHES = ['true', 'false'] as const

/** The runner passes unknown inputs on with a warning that nobody reads. */
function checkInputs(env: Readonly<Record<string, string | undefined>>): void {
  for (const name of Object.keys(env)) {
    const input = /^INPUT_(.+)$/.exec(name)?.[1]?.toLowerCase()
    if (input === undefined || INPUTS.includes(input)) continue
    const near = nearest(input, INPUTS)
    throw new UsageError(`There is no input ${JSON.stringify(input)}.${near === null ? '' : ` Did you mean ${JSON.stringify(near)}?`} Inputs: ${INPUTS.join(', ')}.`)
  }
}

/** Where a finding points that has no line, where the repository has neither Dockerfile nor configuration. */
const DEFAULT_CONFIG = '.layergate.yml'

const input = (name: string): string | null => core.getInput(name) || null

const reportDirectory = (): string => input('report-directory') ?? path.join(process.env['RUNNER_TEMP'] ?? '/tmp', 'layergate')

/** One of the words that an input takes. */
function choice<T extends string>(name: string, words: readonly T[], fallback: T): T {
  const given = input(name) ?? process.env[`LAYERGATE_${name.toUpperCase().replaceAll('-', '_')}`] ?? fallback
  const known = words.find((word) => word === given)
  if (known !== undefined) return known
  const near = nearest(given, words)
  throw new UsageError(`${name}: ${JSON.stringify(given)} is none of ${words.join(', ')}.${near === null ? '' : ` Did you mean ${JSON.stringify(near)}?`}`)
}

/** What one run was asked for, checked before anything is read. */
interface Order {
  readonly comment: (typeof COMMENT_MODES)[number]
  readonly suggestions: boolean
  readonly from: (typeof SOURCES)[number]
  /** null without a token. */
  readonly octokit: Octokit | null
  readonly context: RunContext
  readonly directory: string
}

function readOrder(): Order {
  const token = input('token')
  return {
    comment: choice('comment', COMMENT_MODES, 'auto'),
    suggestions: choice('suggestions', SWITCHES, 'false') === 'true',
    from: choice('policy-from', SOURCES, 'base'),
    octokit: token === null ? null : connect(token),
    context: readContext(process.env),
    directory: process.env['GITHUB_WORKSPACE'] || process.cwd(),
  }
}

/** Writes the section of an image; what GitHub refuses is a notice, and changes nothing. */
async function comment({ comment: mode, octokit, context }: Order, name: string, render: (earlier: string | null) => string, hasNews: boolean): Promise<void> {
  if (mode === 'never' || context.pull === null) return
  if (octokit === null) {
    core.notice('No comment on the pull request: the action has no token.')
    return
  }
  const result = await updateComment(octokit, context.pull, name, render, { always: mode === 'always', hasNews })
  if (result.done === 'refused') core.notice(`No comment on the pull request: ${visible(result.reason)}. Annotations and the job summary say the same.`)
}

async function suggest({ suggestions, octokit, context, directory }: Order, outcome: Outcome): Promise<void> {
  if (!suggestions || context.pull === null || context.commit === null || octokit === null) return
  const result = await postSuggestions(octokit, context.pull, context.commit, outcome, directory)
  if ('refused' in result) core.notice(`No suggestions on the pull request: ${visible(result.refused)}.`)
  else if (result.posted > 0) core.info(`${result.posted} ${result.posted === 1 ? 'suggestion is' : 'suggestions are'} on the pull request.`)
}

/** The commit whose policy counts: that which a pull request or a merge group starts from. */
function commitOfPolicy({ from, octokit, context, directory }: Order): BaseCommit | null {
  if (from === 'head' || context.baseCommit === null) {
    if (from === 'base' && EVENTS_WITH_BASE.test(context.event)) core.warning('The event names no base commit: the policy is that of the checkout.', { title: 'Layergate' })
    return null
  }
  const { repository } = context
  return baseCommit(directory, context.baseCommit, octokit === null || repository === null ? null : contentsAt(octokit, repository, context.baseCommit))
}

const reportsOfBranch =
  ({ octokit, context: { repository, defaultBranch } }: Order): NonNullable<Surroundings['lastReport']> =>
  async (artifact, name) => {
    if (octokit === null || repository === null || defaultBranch === null) return { baseline: null, reason: 'the action has no token, or the event names no default branch' }
    return lastReport(octokit, repository, defaultBranch, artifact, name)
  }

function readSettings(): Settings {
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
    baseline: input('baseline'),
    name: input('name'),
  }
  return overlay({ ...settingsFromEnvironment(process.env), image: null }, own)
}

/** @returns the exit code */
async function run(): Promise<number> {
  checkInputs(process.env)
  const order = readOrder()
  const artifact = input('report-artifact')
  if (artifact !== null) return post(order, artifact)
  const reference = input('image') ?? process.env['LAYERGATE_IMAGE'] ?? null
  if (reference === null) throw new UsageError('The input "image" is missing: name an image of the local engine, an archive or an OCI layout.')
  const settings = readSettings()
  const name = nameOf(reference, settings)
  try {
    const prepared = await prepare(reference, settings, {
      directory: order.directory,
      env: process.env,
      isAction: true,
      stdin: process.stdin,
      onProgress: () => {},
      base: commitOfPolicy(order),
      lastReport: reportsOfBranch(order),
    })
    const outcome = { ...(await runGate(prepared)), isPublic: order.context.isPublic }
    maskValues(outcome.values)
    await publish(reference, outcome, prepared.configPath ?? order.context.workflowFile, order)
    return outcome.report.verdict.result === 'fail' && !isMild(outcome.report) ? 1 : 0
  } catch (error) {
    await publishError(reference, name, presentable(error), order)
    return 2
  }
}

/** Posts what another run found. */
async function post({ octokit, context, comment: mode }: Order, artifact: string): Promise<number> {
  if (octokit === null) throw new UsageError('report-artifact needs a token: leave the input token at its default.')
  const { done, problems } = await postReports(octokit, context, artifact, mode === 'always')
  for (const text of done) core.info(visible(text))
  for (const text of problems) core.warning(visible(text), { title: 'Layergate' })
  return 0
}

async function publish(reference: string, outcome: Outcome, configPath: string | null, order: Order): Promise<void> {
  const { report } = outcome
  const { verdict } = report
  print(renderTerminal(outcome, { color: false, verbose: false }))
  annotate(outcome, order.context.runUrl)
  await writeSummary(renderSummary(outcome))
  const folder = await reportFolder(reportDirectory(), reference)
  const files = { report: path.join(folder, 'report.json'), sarif: path.join(folder, 'report.sarif'), summary: path.join(folder, 'summary.md') }
  await writeFile(files.report, renderJson(report))
  await writeFile(files.summary, renderSummary(outcome))
  await writeFile(files.sarif, renderSarif(outcome, configPath ?? DEFAULT_CONFIG))
  core.setOutput('verdict', verdict.result)
  core.setOutput(
    'findings-count',
    SEVERITIES.reduce((sum, severity) => sum + verdict.counts[severity], 0),
  )
  for (const severity of SEVERITIES) core.setOutput(`${severity}-count`, verdict.counts[severity])
  // Without a baseline all is new.
  core.setOutput('new-count', report.baseline.name === null ? SEVERITIES.reduce((sum, severity) => sum + verdict.counts[severity], 0) : verdict.new)
  core.setOutput('known-count', verdict.known)
  core.setOutput('fixed-count', report.fixed.length)
  core.setOutput('report', files.report)
  core.setOutput('sarif', files.sarif)
  core.setOutput('summary', files.summary)
  const hasNews = verdict.result === 'fail' || toldFindings(report).length > 0 || report.policy.loosened.length > 0
  await comment(order, report.name, (earlier) => renderSection(outcome, { ...order.context, source: null }, earlier), hasNews)
  await suggest(order, outcome)
}

async function publishError(reference: string, name: string, error: GateError, order: Order): Promise<void> {
  core.error(error.message, { title: 'Layergate could not judge the image' })
  core.setOutput('verdict', 'error')
  await writeSummary(renderErrorSummary(reference, error.message))
  const folder = await reportFolder(reportDirectory(), reference)
  const file = path.join(folder, 'report.json')
  await writeFile(file, renderJson(errorReport(error, name)))
  core.setOutput('report', file)
  await comment(order, name, (earlier) => renderErrorSection(name, error.message, earlier), true)
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
    const { message } = presentable(error)
    core.error(message, { title: 'Layergate could not run' })
    core.setOutput('verdict', 'error')
    return writeSummary(renderErrorSummary(input('image') ?? 'The image', message))
  },
)
