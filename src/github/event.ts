// What the runner says about the run: the event, the repository, the commits.

import { readFileSync, statSync } from 'node:fs'
import * as z from 'zod'
import { codeOf, reasonOf } from '../error.ts'
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
    .optional()
    .catch(undefined),
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
  /** The commit whose files decide: a pull request's base, a merge group's, the default branch's. null where it is not known. */
  readonly baseCommit: string | null
  /** The checkout may hold what somebody else proposes: its own policy must not decide. */
  readonly isProposed: boolean
  /** Why the event does not tell more; null where it was read. */
  readonly problem: string | null
  /** Commits of what is proposed: its head, the merge of it. */
  readonly proposed: readonly string[]
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

/** Events of pull requests, under the names that GitHub, Gitea and Forgejo have for them, and of the merge queue. */
const OF_PROPOSAL = /^(?:pull_request|merge_group)/
/** Events that a pull request can cause, and that run on the default branch: its commit is GITHUB_SHA. */
const ON_DEFAULT_BRANCH = /^(?:workflow_run|issue_comment)$/

type Variables = Readonly<Record<string, string | undefined>>

/** Whose files decide, and what is judged by them. */
function proposalOf(
  env: Variables,
  payload: Payload | null,
): Pick<RunContext, 'baseCommit' | 'isProposed' | 'proposed'> {
  const name = env['GITHUB_EVENT_NAME'] ?? ''
  const sha = env['GITHUB_SHA'] ?? ''
  const { pull_request: pull, merge_group: group, workflow_run: run } = payload ?? {}
  const heads = [pull?.head.sha, run?.head_sha].flatMap((commit) => commit ?? [])
  if (ON_DEFAULT_BRANCH.test(name))
    return {
      isProposed: true,
      baseCommit: /^[0-9a-f]{40,64}$/.test(sha) ? sha : null,
      proposed: heads.filter((commit) => commit !== sha),
    }
  // Without a name nothing tells that it is no pull request.
  const isProposed =
    name === '' ||
    OF_PROPOSAL.test(name) ||
    pull !== undefined ||
    group !== undefined ||
    (env['GITHUB_HEAD_REF'] ?? '') !== ''
  // On this event it is the commit of the base.
  const isMerge = isProposed && name !== 'pull_request_target'
  return {
    isProposed,
    baseCommit: pull?.base?.sha ?? group?.base_sha ?? null,
    proposed: isMerge ? [...heads, sha] : heads,
  }
}

/** Reads GITHUB_* variables and the event file. What is missing is null. */
export function readContext(env: Variables): RunContext {
  const [owner, repo] = (env['GITHUB_REPOSITORY'] ?? '').split('/')
  const server = env['GITHUB_SERVER_URL'] ?? 'https://github.com'
  const { payload, problem } = readEvent(env['GITHUB_EVENT_PATH'])
  const commit = payload?.pull_request?.head.sha ?? (env['GITHUB_SHA'] || null)
  const home = owner && repo ? `${server}/${owner}/${repo}` : null
  const run = payload?.workflow_run
  return {
    event: env['GITHUB_EVENT_NAME'] ?? '',
    repository: owner && repo ? { owner, repo } : null,
    defaultBranch: payload?.repository?.default_branch ?? null,
    isPublic: payload?.repository?.private !== true,
    pull:
      owner && repo && payload?.pull_request !== undefined
        ? { owner, repo, number: payload.pull_request.number }
        : null,
    commit,
    ...proposalOf(env, payload),
    problem,
    triggeredBy:
      run === undefined
        ? null
        : {
            id: run.id,
            event: run.event,
            headSha: run.head_sha,
            headBranch: run.head_branch,
            headOwner: run.head_repository?.owner.login ?? null,
          },
    blobUrl: home !== null && commit ? `${home}/blob/${commit}` : null,
    repositoryUrl: home,
    runUrl: home !== null && env['GITHUB_RUN_ID'] ? `${home}/actions/runs/${env['GITHUB_RUN_ID']}` : null,
    workflowFile: /^[^/]+\/[^/]+\/(\.github\/workflows\/[^@]+)@/.exec(env['GITHUB_WORKFLOW_REF'] ?? '')?.[1] ?? null,
  }
}

type Payload = z.output<typeof eventSchema>

/** Larger ones GitHub does not send. */
const MAX_EVENT = 64 << 20

function readEvent(file: string | undefined): { readonly payload: Payload | null; readonly problem: string | null } {
  if (!file) return { payload: null, problem: 'GITHUB_EVENT_PATH is not set' }
  let value: unknown
  try {
    const info = statSync(file)
    if (!info.isFile() || info.size > MAX_EVENT)
      return { payload: null, problem: 'the file of GITHUB_EVENT_PATH is no event' }
    value = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    return {
      payload: null,
      problem: `the file of GITHUB_EVENT_PATH cannot be read: ${codeOf(error) === '' ? 'it is no valid JSON' : reasonOf(error)}`,
    }
  }
  const parsed = eventSchema.safeParse(value)
  return parsed.success
    ? { payload: parsed.data, problem: null }
    : { payload: null, problem: 'the file of GITHUB_EVENT_PATH holds no event' }
}
