// GitHub's API as this program uses it: patient within reason, and never in the way of the verdict.
import { getOctokit } from '@actions/github'

export type Octokit = ReturnType<typeof getOctokit>

export interface Repository {
  readonly owner: string
  readonly repo: string
}

export interface PullRequest extends Repository {
  readonly number: number
}

/** Tries of one request that fails on the server's side. */
const TRIES = 4
/** All waiting of one run, in ms: a job must not hang on a comment. */
const MAX_WAIT = 60_000
const TIMEOUT = 30_000

export interface Clock {
  readonly now: () => number
  readonly pause: (ms: number) => Promise<void>
}

export const CLOCK: Clock = { now: () => Date.now(), pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)) }

interface Failure {
  readonly status: number
  /** A server said so; else there was none to say anything. */
  readonly isAnswer: boolean
  readonly headers: Readonly<Record<string, string | number | undefined>>
  readonly message: string
}

function failureOf(error: unknown): Failure {
  if (typeof error !== 'object' || error === null)
    return { status: 0, isAnswer: false, headers: {}, message: String(error) }
  const response =
    'response' in error && typeof error.response === 'object' && error.response !== null ? error.response : null
  const headers =
    response !== null && 'headers' in response && typeof response.headers === 'object' && response.headers !== null
      ? response.headers
      : {}
  return {
    status: 'status' in error ? Number(error.status) : 0,
    isAnswer: response !== null,
    headers: headers as Failure['headers'],
    message: error instanceof Error ? error.message : '',
  }
}

export const statusOf = (error: unknown): number => failureOf(error).status

const isLimited = ({ status, headers, message }: Failure): boolean =>
  status === 429 ||
  (status === 403 &&
    (headers['retry-after'] !== undefined ||
      String(headers['x-ratelimit-remaining']) === '0' ||
      /rate limit/i.test(message)))

/**
 * How long to wait before the next try, in ms; null for no other try. A rate limit says it; a write that may have been done
 * is not done again.
 */
function waitFor(failure: Failure, method: string, attempt: number, now: number): number | null {
  if (isLimited(failure)) {
    const after = Number(failure.headers['retry-after'])
    const reset = Number(failure.headers['x-ratelimit-reset'])
    if (Number.isFinite(after)) return Math.max(0, after) * 1000
    return Number.isFinite(reset) ? Math.max(0, reset * 1000 - now) + 500 : 1000 * 2 ** attempt
  }
  const isOurs = failure.status > 0 && failure.status < 500
  return isOurs || (method === 'POST' && failure.status !== 0) ? null : 400 * 2 ** attempt
}

/** A client that waits for rate limits and repeats what the server failed to answer, a minute in all. */
export function connect(token: string, clock: Clock = CLOCK): Octokit {
  const octokit = getOctokit(token, { baseUrl: process.env['GITHUB_API_URL'] ?? 'https://api.github.com' })
  let left = MAX_WAIT
  octokit.hook.wrap('request', async (request, options) => {
    for (let attempt = 0; ; attempt++) {
      try {
        return await request({ ...options, request: { ...options.request, signal: AbortSignal.timeout(TIMEOUT) } })
      } catch (error) {
        const isQuery = options.url === '/graphql'
        const wait = waitFor(failureOf(error), isQuery ? 'GET' : options.method, attempt, clock.now())
        if (wait === null || attempt + 1 >= TRIES || wait > left) throw error
        left -= wait
        await clock.pause(wait)
      }
    }
  })
  return octokit
}

/** Why GitHub refused, for a person. @param permission what the job needs, `pull-requests: write` */
export function reasonOf(error: unknown, permission: string): string {
  const failure = failureOf(error)
  if (isLimited(failure)) return 'GitHub limits the requests of this token, and the wait is too long'
  if (failure.status === 401) return 'the token is not valid'
  if (failure.status === 403 || failure.status === 404)
    return `the token may not do that: give the job \`permissions: ${permission}\` (a pull request from a fork, and one of Dependabot, has a token that only reads)`
  if (failure.status >= 500 || failure.status === 0)
    return `GitHub did not answer (${failure.isAnswer ? `HTTP ${failure.status}` : failure.message.split('\n')[0]})`
  return `GitHub refused it (HTTP ${failure.status}: ${failure.message.split('\n')[0]})`
}

/** Pages of a list, and entries of one. */
const MAX_PAGES = 30
const PAGE = 100

/** A list of the API, page by page: no page is asked for that nobody takes. */
export async function* pages<T>(
  list: (page: { readonly per_page: number; readonly page: number }) => Promise<{ readonly data: T[] }>,
): AsyncGenerator<T[]> {
  for (let page = 1; page <= MAX_PAGES; page++) {
    const { data } = await list({ per_page: PAGE, page })
    yield data
    if (data.length < PAGE) return
  }
}

/** The author of what the default token of a workflow writes. */
const DEFAULT_AUTHOR = 'github-actions[bot]'

/** Who the token is, as the author of what it writes. */
export async function ownLogin(octokit: Octokit): Promise<string> {
  try {
    const { viewer } = await octokit.graphql<{ viewer: { login: string } }>('query { viewer { login } }')
    return viewer.login
  } catch {
    // A token of an app may not ask the older way.
    return octokit.rest.users.getAuthenticated().then(
      ({ data }) => data.login,
      () => DEFAULT_AUTHOR,
    )
  }
}
