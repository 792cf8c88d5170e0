// What the action does: judges the image of its inputs, and publishes it: annotations, job summary, outputs, the pull-request comment.
// It takes inputs and context from the environment of the process, and writes where the runner says; how a run ends is main.ts's.
import path from 'node:path'
import * as core from '@actions/core'
import { type BaseCommit, baseCommit } from '../checkout/base-commit.ts'
import { type GateError, PolicyError, UsageError } from '../error.ts'
import { SEVERITIES } from '../finding/finding.ts'
import { runGate } from '../gate.ts'
import { lastReport } from '../github/artifacts.ts'
import { changesOnlyDocumentation } from '../github/changes.ts'
import { type Clock, connect, type Octokit } from '../github/client.ts'
import { updateComment } from '../github/comment.ts'
import { contentsAt } from '../github/contents.ts'
import { type RunContext, readContext } from '../github/event.ts'
import { postSuggestions } from '../github/suggestions.ts'
import { oneImageOf } from '../image/same.ts'
import { errorReport } from '../outcome/build-outcome.ts'
import type { Report } from '../outcome/contract.ts'
import type { Outcome } from '../outcome/outcome.ts'
import { secondsOf } from '../policy/decide.ts'
import { renderErrorSection, renderSection } from '../report/comment.ts'
import { visible } from '../report/escape.ts'
import { renderJson } from '../report/json.ts'
import { toldFindings } from '../report/phrases.ts'
import { renderSarif } from '../report/sarif.ts'
import { renderErrorSummary, renderSummary } from '../report/summary.ts'
import { renderTerminal } from '../report/terminal.ts'
import { isMild } from '../report/verdict.ts'
import { nameOf, prepare, presentable, type Settings, type Surroundings } from '../settings.ts'
import type { Watchdog } from '../watchdog.ts'
import { postReports } from './companion.ts'
import { checkInputs, choice, input, namesOf, readSettings } from './inputs.ts'
import {
  annotate,
  annotateFailure,
  attempt,
  maskValues,
  print,
  reportFolder,
  tellFailure,
  writeReport,
  writeSummary,
} from './runner.ts'

const COMMENT_MODES = ['auto', 'always', 'never'] as const
const SOURCES = ['base', 'head'] as const
const SWITCHES = ['true', 'false'] as const

const reportDirectory = (): string =>
  input('report-directory') ?? path.join(process.env['RUNNER_TEMP'] ?? '/tmp', 'layergate')

/** What one run was asked for, checked before anything is read. */
interface Order {
  readonly comment: (typeof COMMENT_MODES)[number]
  readonly suggestions: boolean
  readonly from: (typeof SOURCES)[number]
  /** null without a token. */
  readonly octokit: Octokit | null
  readonly clock: Clock
  readonly context: RunContext
  readonly directory: string
}

function readOrder(clock: Clock): Order {
  const token = input('token')
  return {
    comment: choice('comment', COMMENT_MODES, 'auto'),
    suggestions: choice('suggestions', SWITCHES, 'false') === 'true',
    // Any step before this one can set a variable, also one that runs the pull request's own code.
    from: choice('policy-from', SOURCES, 'base', ''),
    octokit: token === null ? null : connect(token, clock),
    clock,
    context: readContext(process.env),
    directory: path.resolve(process.env['GITHUB_WORKSPACE'] || process.cwd()),
  }
}

/** Writes the section of an image; what GitHub refuses is a notice, and changes nothing. */
async function comment(
  { comment: mode, octokit, clock, context }: Order,
  name: string,
  render: (earlier: string | null) => string,
  hasNews: boolean,
): Promise<void> {
  if (mode === 'never' || context.pull === null) return
  if (octokit === null) {
    core.notice('No comment on the pull request: the action has no token.')
    return
  }
  const result = await updateComment(octokit, context.pull, name, render, { always: mode === 'always', hasNews }, clock)
  if (result.done === 'refused')
    core.notice(
      `No comment on the pull request: ${visible(result.reason)}. Annotations and the job summary say the same.`,
    )
}

async function suggest({ suggestions, octokit, context, directory }: Order, outcome: Outcome): Promise<void> {
  if (!suggestions || context.pull === null || context.commit === null || octokit === null) return
  const result = await postSuggestions(octokit, context.pull, context.commit, outcome, directory)
  if ('refused' in result) core.notice(`No suggestions on the pull request: ${visible(result.refused)}.`)
  else if (result.posted > 0)
    core.info(`${result.posted} ${result.posted === 1 ? 'suggestion is' : 'suggestions are'} on the pull request.`)
}

/** The commit whose policy counts: that which a pull request or a merge group starts from. @throws PolicyError where nobody can tell */
function commitOfPolicy({ from, octokit, context, directory }: Order): BaseCommit | null {
  const { isProposed, baseCommit: commit, proposed, repository, event, problem } = context
  if (from === 'head' || !isProposed) return null
  if (commit === null)
    throw new PolicyError(
      `${event === '' ? 'GITHUB_EVENT_NAME is not set' : `The event ${event} names no base commit`}${problem === null ? '' : ` (${problem})`}: nobody can tell whose policy counts, and that of what is proposed does not. Run on an event that names it; policy-from: head takes the checkout's own.`,
    )
  return baseCommit(
    directory,
    commit,
    octokit === null || repository === null ? null : contentsAt(octokit, repository, commit),
    proposed,
  )
}

const reportsOfBranch =
  ({ octokit, context: { repository, defaultBranch } }: Order): NonNullable<Surroundings['lastReport']> =>
  async (artifact, name) => {
    if (octokit === null || repository === null || defaultBranch === null)
      return { baseline: null, reason: 'the action has no token, or the event names no default branch' }
    return lastReport(octokit, repository, defaultBranch, artifact, name)
  }

/** What a run takes of the process around it, beside the environment. */
export interface Host extends Pick<Watchdog, 'over' | 'within'> {
  /** Waits for the server, and for other jobs that write the same comment. */
  readonly clock: Clock
  /** @param isJudging what takes too long is told as the verdict of the image */
  readonly onPhase: (isJudging: boolean) => void
}

/** What the image is called when nothing has a better name. */
export const imageOfInputs = (): string => namesOf(input('image') ?? '')[0] ?? 'The image'

/** Runs the action once. @returns the exit code */
export async function runAction(host: Host): Promise<number> {
  try {
    return await run(host)
  } catch (error) {
    const { code, message } = presentable(error)
    tellFailure(imageOfInputs(), { code, message })
    return 2
  }
}

async function run(host: Host): Promise<number> {
  checkInputs(process.env)
  const order = readOrder(host.clock)
  const artifact = input('report-artifact')
  if (artifact !== null) return post(order, artifact)
  const references = namesOf(input('image') ?? process.env['LAYERGATE_IMAGE'] ?? '')
  const [reference] = references
  if (reference === undefined)
    throw new UsageError(
      'The input "image" is missing: name an image of the local engine, an archive or an OCI layout.',
    )
  const settings = readSettings(order.from === 'base' && order.context.isProposed)
  const name = nameOf(reference, settings)
  try {
    host.onPhase(true)
    const { outcome, configPath } = await Promise.race([judgeImage(references, settings, order, host), host.over])
    host.onPhase(false)
    await publish(reference, outcome, configPath ?? order.context.workflowFile, order)
    return outcome.report.verdict.result === 'fail' && !isMild(outcome.report) ? 1 : 0
  } catch (error) {
    await publishError(reference, name, presentable(error), order)
    return 2
  }
}

async function judgeImage(
  references: readonly string[],
  settings: Settings,
  order: Order,
  host: Host,
): Promise<{ outcome: Outcome; configPath: string | null }> {
  if (settings.timeout !== null) host.within(secondsOf(settings.timeout))
  const prepared = await prepare(references[0] ?? '', settings, {
    directory: order.directory,
    env: process.env,
    isAction: true,
    stdin: process.stdin,
    onProgress: () => {},
    onLimit: host.within,
    base: commitOfPolicy(order),
    isConfined: true,
    lastReport: reportsOfBranch(order),
  })
  await oneImageOf(references, prepared.open)
  const outcome = { ...(await runGate(prepared)), isPublic: order.context.isPublic }
  maskValues(outcome.masks)
  return { outcome, configPath: prepared.configPath }
}

/** Posts what another run found. */
async function post({ octokit, clock, context, comment: mode }: Order, artifact: string): Promise<number> {
  if (octokit === null) throw new UsageError('report-artifact needs a token: leave the input token at its default.')
  const { done, problems } = await postReports(octokit, context, artifact, mode === 'always', clock)
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
  const folder = await reportFolder(reportDirectory(), reference, report.image.reference)
  const files = {
    report: path.join(folder, 'report.json'),
    sarif: path.join(folder, 'report.sarif'),
    summary: path.join(folder, 'summary.md'),
  }
  await writeReport(files.report, renderJson(report))
  await writeReport(files.summary, renderSummary(outcome))
  await writeReport(files.sarif, renderSarif(outcome, configPath))
  core.setOutput('verdict', verdict.result)
  core.setOutput(
    'findings-count',
    SEVERITIES.reduce((sum, severity) => sum + verdict.counts[severity], 0),
  )
  for (const severity of SEVERITIES) core.setOutput(`${severity}-count`, verdict.counts[severity])
  // Without a baseline all is new.
  core.setOutput(
    'new-count',
    report.baseline.name === null
      ? SEVERITIES.reduce((sum, severity) => sum + verdict.counts[severity], 0)
      : verdict.new,
  )
  core.setOutput('known-count', verdict.known)
  core.setOutput('fixed-count', report.fixed.length)
  core.setOutput('report', files.report)
  core.setOutput('sarif', files.sarif)
  core.setOutput('summary', files.summary)
  await comment(
    order,
    report.name,
    (earlier) => renderSection(outcome, { ...order.context, source: null }, earlier),
    await hasNews(report, order),
  )
  await suggest(order, outcome)
}

/** Whether there is something to say. What merely was there before is none of the business of a change of the documentation. */
async function hasNews(report: Report, { comment: mode, octokit, context: { pull } }: Order): Promise<boolean> {
  if (report.verdict.result === 'fail' || report.policy.loosened.length > 0) return true
  if (toldFindings(report).length === 0) return false
  return (
    mode !== 'auto' ||
    octokit === null ||
    pull === null ||
    report.baseline.name !== null ||
    !(await changesOnlyDocumentation(octokit, pull))
  )
}

async function publishError(reference: string, name: string, error: GateError, order: Order): Promise<void> {
  annotateFailure(error)
  await attempt('The output verdict', () => core.setOutput('verdict', 'error'))
  await writeSummary(renderErrorSummary(reference, error))
  await attempt('The report', async () => {
    const file = path.join(await reportFolder(reportDirectory(), reference), 'report.json')
    await writeReport(file, renderJson(errorReport(error, name)))
    core.setOutput('report', file)
  })
  await comment(order, name, (earlier) => renderErrorSection(name, error, earlier), true)
}
