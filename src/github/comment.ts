// Keeps the one pull-request comment up to date. The only code that talks to GitHub's API.
import { getOctokit } from '@actions/github'
import { COMMENT_MARKER, upsertSection } from '../report/comment.ts'

type Octokit = ReturnType<typeof getOctokit>

export interface PullRequest {
  readonly owner: string
  readonly repo: string
  readonly number: number
}

export type CommentResult = { readonly done: 'created' | 'updated' | 'unchanged' | 'not-needed' } | { readonly done: 'refused'; readonly reason: string }

/** Two jobs of a matrix write at once: each looks again whether its section is there. */
const ATTEMPTS = 4
const MAX_PAGES = 30

/** Who the token is: its login, or null for a token of an app, which may not ask. */
async function ownLogin(octokit: Octokit): Promise<string | null> {
  try {
    return (await octokit.rest.users.getAuthenticated()).data.login
  } catch {
    return null
  }
}

interface Comment {
  readonly id: number
  readonly body: string
}

/** Our comment: the marker in front, and written by us, not by someone who copied the marker. */
async function findComment(octokit: Octokit, { owner, repo, number }: PullRequest, login: string | null): Promise<Comment | null> {
  for (let page = 1; page <= MAX_PAGES; page++) {
    const { data } = await octokit.rest.issues.listComments({ owner, repo, issue_number: number, per_page: 100, page })
    const found = data.find(({ body, user }) => body?.startsWith(COMMENT_MARKER) && (login === null ? user?.type === 'Bot' : user?.login === login))
    if (found !== undefined) return { id: found.id, body: found.body ?? '' }
    if (data.length < 100) return null
  }
  return null
}

/**
 * Writes the section of one image into the comment.
 * @param mode `auto`: only when there is something to say or an earlier comment to correct
 * @returns what was done; a refusal is a result, not an error
 */
export async function updateComment(
  token: string,
  pull: PullRequest,
  reference: string,
  section: string,
  mode: { readonly always: boolean; readonly hasNews: boolean },
  pause: (ms: number) => Promise<void>,
): Promise<CommentResult> {
  const octokit = getOctokit(token)
  try {
    const login = await ownLogin(octokit)
    let result: CommentResult = { done: 'unchanged' }
    let created: number | null = null
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const existing = await findComment(octokit, pull, login)
      if (existing === null && !mode.always && !mode.hasNews) return { done: 'not-needed' }
      const { owner, repo, number } = pull
      // Another job made its comment at the same time: the older one stays, with both sections.
      if (created !== null && existing !== null && existing.id !== created) {
        await octokit.rest.issues.deleteComment({ owner, repo, comment_id: created })
        created = null
      }
      const body = upsertSection(existing?.body ?? null, reference, section)
      if (existing?.body.trim() === body.trim()) return result
      if (existing === null) {
        created = (await octokit.rest.issues.createComment({ owner, repo, issue_number: number, body })).data.id
        result = { done: 'created' }
      } else {
        await octokit.rest.issues.updateComment({ owner, repo, comment_id: existing.id, body })
        if (result.done !== 'created') result = { done: 'updated' }
      }
      await pause(200 * (attempt + 1))
    }
    return result
  } catch (error) {
    return { done: 'refused', reason: reasonOf(error) }
  }
}

function reasonOf(error: unknown): string {
  const status = typeof error === 'object' && error !== null && 'status' in error ? Number(error.status) : null
  if (status === 401) return 'the token is not valid'
  if (status === 403 || status === 404) return 'the token may not write comments: give the job `permissions: pull-requests: write` (a pull request from a fork never has it)'
  return error instanceof Error ? error.message : 'GitHub did not answer'
}
