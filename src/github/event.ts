// What the runner says about the run: the event, the repository, the commits.
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import type { PullRequest, Repository } from './client.ts'

const sha = z.string().regex(/^[0-9a-f]{40,64}$/)
const name = z.string().max(300)

const eventSchema = z.object({
  repository: z.object({ private: z.boolean(), default_branch: name.optional() }).optional().catch(undefined),
  pull_request: z
    .object({
      number: z.number().int().positive(),
      head: z.object({ sha }),
      base: z.object({ sha }).optional().catch(undefined),
    })
    .optional(),
  merge_group: z.object({ base_sha: sha }).optional().catch(undefined),
  workflow_run: z
    .object({
      id: z.number().int().positive(),
      event: name,
      head_sha: sha,
      head_branch: name.nullable().catch(null),
      head_repository: z
        .object({ owner: z.object({ login: name }) })
        .nullable()
        .catch(null),
    })
    .optional()
    .catch(undefined),
})

/** The run that a workflow_run event speaks of. */
export interface TriggeringRun {
  readonly id: number
  readonly event: string
  readonly headSha: string
  readonly headBranch: string | null
  /** Who owns the repository that the commit comes from. */
  readonly headOwner: string | null
}

export interface RunContext {
  readonly event: string
  readonly repository: Repository | null
  readonly defaultBranch: string | null
  readonly pull: PullRequest | null
  /** The commit that is judged: a pull request's own head, not the merge of it. */
  readonly commit: string | null
  /** The commit whose files decide: a pull request's base, a merge group's. null where the event has none. */
  readonly baseCommit: string | null
  readonly triggeredBy: TriggeringRun | null
  /** Links to files at the commit that is judged. */
  readonly blobUrl: string | null
  readonly repositoryUrl: string | null
  readonly runUrl: string | null
  /** The workflow's file in the repository. */
  readonly workflowFile: string | null
  /** Everyone can read the run and its comments; so it is taken to be where the event does not say. */
  readonly isPublic: boolean
}

/** Reads GITHUB_* variables and the event file. What is missing is null. */
export function readContext(env: Readonly<Record<string, string | undefined>>): RunContext {
  const [owner, repo] = (env['GITHUB_REPOSITORY'] ?? '').split('/')
  const server = env['GITHUB_SERVER_URL'] ?? 'https://github.com'
  const event = readEvent(env['GITHUB_EVENT_PATH'])
  const commit = event?.pull_request?.head.sha ?? (env['GITHUB_SHA'] || null)
  const home = owner && repo ? `${server}/${owner}/${repo}` : null
  const run = event?.workflow_run
  return {
    event: env['GITHUB_EVENT_NAME'] ?? '',
    repository: owner && repo ? { owner, repo } : null,
    defaultBranch: event?.repository?.default_branch ?? null,
    isPublic: event?.repository?.private !== true,
    pull: owner && repo && event?.pull_request !== undefined ? { owner, repo, number: event.pull_request.number } : null,
    commit,
    baseCommit: event?.pull_request?.base?.sha ?? event?.merge_group?.base_sha ?? null,
    triggeredBy:
      run === undefined ? null : { id: run.id, event: run.event, headSha: run.head_sha, headBranch: run.head_branch, headOwner: run.head_repository?.owner.login ?? null },
    blobUrl: home !== null && commit ? `${home}/blob/${commit}` : null,
    repositoryUrl: home,
    runUrl: home !== null && env['GITHUB_RUN_ID'] ? `${home}/actions/runs/${env['GITHUB_RUN_ID']}` : null,
    workflowFile: /^[^/]+\/[^/]+\/(\.github\/workflows\/[^@]+)@/.exec(env['GITHUB_WORKFLOW_REF'] ?? '')?.[1] ?? null,
  }
}

function readEvent(file: string | undefined): z.output<typeof eventSchema> | null {
  if (!file) return null
  try {
    return eventSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return null
  }
}
