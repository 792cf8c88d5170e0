// Keeps the one pull-request comment up to date.
import { COMMENT_MARKER, upsertSection } from '../report/comment.ts'
import { sealed } from '../secrets/last-look.ts'
import { CLOCK, type Clock, type Octokit, ownLogin, type PullRequest, pages, reasonOf, statusOf } from './client.ts'

export type CommentResult =
  | { readonly done: 'created' | 'updated' | 'unchanged' | 'not-needed' }
  | { readonly done: 'refused'; readonly reason: string }

/** Writes until the section stands: another job writes the same comment at the same time. */
const ATTEMPTS = 6
/** A job that read the comment before our write has written by then, in ms; each job waits a little differently. */
const SETTLING = 900

interface Comment {
  readonly id: number
  readonly body: string
}

/** Our comments, the oldest first: the marker in front, and written by us, not by someone who copied the marker. */
async function findComments(octokit: Octokit, { owner, repo, number }: PullRequest, login: string): Promise<Comment[]> {
  const found: Comment[] = []
  for await (const comments of pages((page) =>
    octokit.rest.issues.listComments({ owner, repo, issue_number: number, ...page }),
  ))
    for (const { id, body, user } of comments)
      if (body?.startsWith(COMMENT_MARKER) && user?.login === login) found.push({ id, body })
  return found.sort((a, b) => a.id - b.id)
}

export interface CommentMode {
  /** Also where there is nothing to say. */
  readonly always: boolean
  /** There is something to say. */
  readonly hasNews: boolean
}

/**
 * Writes the section of one image into the comment. Jobs that write at once each look again whether their section stands; of
 * two comments that were made at once the older stays, with both sections.
 * @param render makes the section from the one that stands there
 * @returns what was done; a refusal is a result, not an error
 */
export async function updateComment(
  octokit: Octokit,
  pull: PullRequest,
  name: string,
  render: (earlier: string | null) => string,
  mode: CommentMode,
  { pause }: Clock = CLOCK,
): Promise<CommentResult> {
  const { owner, repo, number } = pull
  try {
    const login = await ownLogin(octokit)
    let result: CommentResult = { done: 'unchanged' }
    let created: number | null = null
    let isSettled = false
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const [existing, ...others] = await findComments(octokit, pull, login)
      if (existing === undefined && !mode.always && !mode.hasNews) return { done: 'not-needed' }
      if (
        created !== null &&
        existing !== undefined &&
        existing.id !== created &&
        others.some(({ id }) => id === created)
      ) {
        await octokit.rest.issues.deleteComment({ owner, repo, comment_id: created })
        created = null
      }
      const body = sealed(upsertSection(existing?.body ?? null, name, render))
      if (existing?.body.trim() === body.trim()) {
        if (isSettled || result.done === 'unchanged') return result
        isSettled = true
      } else {
        isSettled = false
        try {
          if (existing === undefined) {
            created = (await octokit.rest.issues.createComment({ owner, repo, issue_number: number, body })).data.id
            result = { done: 'created' }
          } else {
            await octokit.rest.issues.updateComment({ owner, repo, comment_id: existing.id, body })
            if (result.done !== 'created') result = { done: 'updated' }
          }
        } catch (error) {
          // Deleted by somebody meanwhile, or not known whether it was written: the next look tells.
          const status = statusOf(error)
          const isGone = status === 404 && existing !== undefined
          if ((!isGone && status < 500) || attempt === ATTEMPTS - 1) throw error
        }
      }
      await pause(SETTLING * (0.5 + Math.random()))
    }
    return result
  } catch (error) {
    return { done: 'refused', reason: reasonOf(error, 'pull-requests: write') }
  }
}
