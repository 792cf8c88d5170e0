// Posts what a run of a pull request found, from a workflow_run: for pull requests from forks, whose own token only reads.
// The report is data of the pull request: nothing of it is run, checked out or believed beyond what it says of itself.
import { readHistoryEntry } from '../dockerfile/history.ts'
import { UsageError } from '../error.ts'
import { reportsOfRun } from '../github/artifacts.ts'
import { type Clock, type Octokit, type PullRequest, type Repository, reasonOf } from '../github/client.ts'
import { updateComment } from '../github/comment.ts'
import type { RunContext, TriggeringRun } from '../github/event.ts'
import type { Report } from '../outcome/contract.ts'
import type { Outcome } from '../outcome/outcome.ts'
import { renderErrorSection, renderSection } from '../report/comment.ts'
import { toldFindings } from '../report/phrases.ts'
import { cutText, plainRedactor } from '../secrets/last-look.ts'

/** What was done, in words for the log. */
export interface Posted {
  readonly done: readonly string[]
  readonly problems: readonly string[]
}

const MAX_IMAGES = 20
/** Characters of an instruction that are read. */
const MAX_INSTRUCTION = 4096

/** The open pull requests whose head is the commit of the run: by branch and owner, then by the commit itself. */
async function pullsOf(
  octokit: Octokit,
  { owner, repo }: Repository,
  { headSha, headBranch, headOwner }: TriggeringRun,
): Promise<PullRequest[]> {
  if (headBranch === null || headOwner === null) return []
  const { data } = await octokit.rest.pulls.list({
    owner,
    repo,
    state: 'open',
    head: `${headOwner}:${headBranch}`,
    per_page: 100,
  })
  return data
    .filter(
      ({ head, base }) =>
        head.sha === headSha &&
        head.user?.login === headOwner &&
        base.repo.full_name.toLowerCase() === `${owner}/${repo}`.toLowerCase(),
    )
    .map(({ number }) => ({ owner, repo, number }))
}

/** A report as the comment takes it. */
function outcomeOf(report: Report, image: NonNullable<Report['image']>, isPublic: boolean): Outcome {
  return {
    report: { ...report, image },
    isPublic,
    source: null,
    instructions: image.history.map(
      ({ createdBy, created }, index) =>
        readHistoryEntry({
          index,
          created,
          createdBy: cutText(createdBy, MAX_INSTRUCTION),
          author: null,
          comment: null,
          empty: false,
        }).display,
    ),
    masks: [],
    inventory: null,
    redactor: plainRedactor(),
  }
}

/** @param pattern of the artifacts' names @throws UsageError outside a workflow_run */
export async function postReports(
  octokit: Octokit,
  context: RunContext,
  pattern: string,
  always: boolean,
  clock: Clock,
): Promise<Posted> {
  const { triggeredBy: run, repository, repositoryUrl } = context
  if (context.event !== 'workflow_run' || run === null || repository === null)
    throw new UsageError(
      'report-artifact is for workflows with on: workflow_run, which post what the run of a pull request found. To judge an image, name it in the input image.',
    )
  if (run.event !== 'pull_request')
    return {
      done: [`The run was started by ${run.event}, not by a pull request: there is nothing to comment.`],
      problems: [],
    }
  try {
    const pulls = await pullsOf(octokit, repository, run)
    if (pulls.length === 0)
      return {
        done: [`No open pull request has the commit ${run.headSha.slice(0, 7)} at its head: nothing is posted.`],
        problems: [],
      }
    const found = await reportsOfRun(octokit, repository, run.id, pattern)
    const problems = found.flatMap((each) =>
      'problem' in each ? [`${each.file} is not posted: ${each.problem}.`] : [],
    )
    const reports = found.flatMap((each) => ('report' in each ? [each.report] : []))
    if (found.length === 0)
      problems.push(`The run left no artifact ${pattern}: upload the output report of the gate under that name.`)
    if (reports.length > MAX_IMAGES)
      problems.push(`${reports.length - MAX_IMAGES} of ${reports.length} reports are not posted.`)
    const runUrl = repositoryUrl === null ? null : `${repositoryUrl}/actions/runs/${run.id}`
    const comment = {
      blobUrl: repositoryUrl === null ? null : `${repositoryUrl}/blob/${run.headSha}`,
      runUrl,
      commit: run.headSha,
      source: `As the run of the pull request reports it; what counts is ${runUrl === null ? 'its status' : `[its status](${runUrl})`}.`,
    }
    const done: string[] = []
    for (const pull of pulls) {
      for (const report of reports.slice(0, MAX_IMAGES)) {
        const { image, name, error } = report
        const outcome = image === null ? null : outcomeOf(report, image, context.isPublic)
        const result = await updateComment(
          octokit,
          pull,
          name,
          (earlier) =>
            outcome === null
              ? renderErrorSection(name, error ?? { code: '', message: '' }, earlier)
              : renderSection(outcome, comment, earlier),
          {
            always,
            hasNews:
              report.verdict.result !== 'pass' || toldFindings(report).length > 0 || report.policy.loosened.length > 0,
          },
          clock,
        )
        if (result.done === 'refused') problems.push(`No comment on #${pull.number}: ${result.reason}.`)
        else
          done.push(
            `The comment on #${pull.number} is ${result.done === 'not-needed' ? 'not needed' : result.done} for ${name}.`,
          )
      }
    }
    return { done, problems }
  } catch (error) {
    return { done: [], problems: [`Nothing is posted: ${reasonOf(error, 'actions: read, pull-requests: write')}.`] }
  }
}
