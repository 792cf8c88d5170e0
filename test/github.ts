// A stand-in for GitHub's API: the documented routes that the action uses, with what they answer and refuse.
// https://docs.github.com/en/rest
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { zip } from './zip.ts'

interface User {
  readonly login: string
  readonly type: 'Bot' | 'User'
}

export interface StoredComment {
  id: number
  body: string
  user: User
}

interface Artifact {
  readonly id: number
  readonly name: string
  readonly expired: boolean
  readonly size_in_bytes: number
  readonly created_at: string
  readonly workflow_run: {
    readonly id: number
    readonly head_branch: string
    readonly repository_id: number
    readonly head_repository_id: number
  }
  readonly content: Buffer
}

interface Review {
  readonly commit_id: string
  readonly event: string
  readonly comments: readonly {
    readonly path: string
    readonly line: number
    readonly start_line?: number
    readonly body: string
  }[]
}

export interface Failure {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly message?: string
}

/** The author of what a workflow's own token writes. */
export const BOT: User = { login: 'github-actions[bot]', type: 'Bot' }

const REPOSITORY = { full_name: 'acme/app', id: 1 }

/** One repository, acme/app, with pull request 7. */
export class GitHub {
  comments: StoredComment[] = []
  reviewComments: { body: string; user: User; path: string }[] = []
  reviews: Review[] = []
  /** Texts by `commit:path`; a commit is known when any file of it is. */
  files = new Map<string, string>()
  /** What pull request 7 changes. */
  changes: { filename: string; patch?: string }[] = []
  pulls: {
    number: number
    head: { sha: string; user: User }
    base: { repo: { full_name: string } }
    branch: string
  }[] = []
  artifacts: Artifact[] = []
  runs = new Map<number, { event: string }>()
  requests: string[] = []
  /** Answers in front of the real ones, by `METHOD /path`, each once. */
  failures: { route: RegExp; failure: Failure }[] = []
  mayWrite = true
  mayRead = true
  /** Files come in base64 whatever is asked for. */
  answersInBase64 = false
  viewer: User | null = BOT
  /** Called before a comment is made or changed. */
  onWrite: (() => void) | null = null
  /** In front of each path, as GitHub Enterprise Server has it. */
  prefix = ''
  #server: Server | null = null
  #next = 1

  async start(): Promise<string> {
    const server = createServer((request, response) => void this.#answer(request, response))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    this.#server = server
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  stop(): void {
    this.#server?.close()
  }

  reset(): void {
    Object.assign(this, {
      comments: [],
      reviewComments: [],
      reviews: [],
      files: new Map(),
      changes: [],
      pulls: [],
      artifacts: [],
      runs: new Map(),
      requests: [],
      failures: [],
    })
    Object.assign(this, {
      mayWrite: true,
      mayRead: true,
      viewer: BOT,
      onWrite: null,
      prefix: '',
      answersInBase64: false,
    })
    this.#next = 1
  }

  /** Fails the next requests of a route, in this order. */
  failNext(route: RegExp, ...failures: readonly Failure[]): void {
    this.failures.push(...failures.map((failure) => ({ route, failure })))
  }

  addComment(body: string, user: User = BOT): StoredComment {
    const comment = { id: this.#next++, body, user }
    this.comments.push(comment)
    return comment
  }

  /** An artifact of a run, with files in its zip. */
  addArtifact(
    name: string,
    files: Readonly<Record<string, string>>,
    run: {
      id: number
      event: string
      branch?: string
      isFork?: boolean
      size?: number
      content?: Buffer
      date?: string
    },
  ): void {
    const content =
      run.content ?? zip(Object.fromEntries(Object.entries(files).map(([file, text]) => [file, Buffer.from(text)])))
    this.runs.set(run.id, { event: run.event })
    this.artifacts.push({
      id: this.#next++,
      name,
      expired: false,
      size_in_bytes: run.size ?? content.length,
      created_at: run.date ?? '2026-11-24T00:00:00Z',
      workflow_run: {
        id: run.id,
        head_branch: run.branch ?? 'main',
        repository_id: REPOSITORY.id,
        head_repository_id: run.isFork === true ? 99 : REPOSITORY.id,
      },
      content,
    })
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = ''
    for await (const chunk of request) text += String(chunk)
    const { method = 'GET' } = request
    const url = new URL(request.url ?? '/', 'http://localhost')
    const whole = decodeURIComponent(url.pathname)
    const send = (status: number, data: unknown, headers: Readonly<Record<string, string>> = {}): void => {
      response
        .writeHead(status, { 'content-type': 'application/json', ...headers })
        .end(data === null ? '' : JSON.stringify(data))
    }
    this.requests.push(`${method} ${whole}`)
    const failure = this.failures.find(({ route }) => route.test(`${method} ${whole}`))
    if (failure !== undefined) {
      this.failures.splice(this.failures.indexOf(failure), 1)
      send(failure.failure.status, { message: failure.failure.message ?? 'refused' }, failure.failure.headers)
      return
    }
    if (whole === '/blob/artifact') {
      const artifact = this.artifacts.find(({ id }) => String(id) === url.searchParams.get('id'))
      response.writeHead(200, { 'content-type': 'application/zip' }).end(artifact?.content)
      return
    }
    if (!whole.startsWith(this.prefix) && whole !== '/api/graphql') {
      send(404, { message: 'Not Found' })
      return
    }
    const path = whole.slice(whole === '/api/graphql' ? '/api'.length : this.prefix.length)
    const json = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
    this.#route(method, path, url.searchParams, json, send, response, request)
  }

  #route(
    method: string,
    path: string,
    query: URLSearchParams,
    json: Record<string, unknown>,
    send: (status: number, data: unknown, headers?: Record<string, string>) => void,
    response: ServerResponse,
    request: IncomingMessage,
  ): unknown {
    const refused = { message: 'Resource not accessible by integration' }
    if (path === '/graphql')
      return this.viewer === null ? send(403, refused) : send(200, { data: { viewer: { login: this.viewer.login } } })
    if (path === '/user') return send(403, refused)
    const rest = /^\/repos\/acme\/app(\/.*)$/.exec(path)?.[1]
    if (rest === undefined) return send(404, { message: 'Not Found' })
    const paged = <T>(all: readonly T[]): T[] => {
      const size = Number(query.get('per_page') ?? 30)
      return all.slice((Number(query.get('page') ?? 1) - 1) * size, Number(query.get('page') ?? 1) * size)
    }
    const content = /^\/contents\/(.*)$/.exec(rest)?.[1]
    if (content !== undefined) {
      const found = this.files.get(`${query.get('ref')}:${content}`)
      if (!this.mayRead || found === undefined) return send(404, { message: 'Not Found' })
      if (this.answersInBase64 || !/raw/.test(request.headers.accept ?? ''))
        return send(200, { encoding: 'base64', content: Buffer.from(found).toString('base64') })
      return response.writeHead(200, { 'content-type': 'application/vnd.github.raw; charset=utf-8' }).end(found)
    }
    const commit = /^\/commits\/(\w+)$/.exec(rest)?.[1]
    if (commit !== undefined)
      return this.mayRead && [...this.files.keys()].some((key) => key.startsWith(`${commit}:`))
        ? send(200, { sha: commit })
        : send(404, { message: 'Not Found' })
    if (method === 'GET' && rest === '/pulls') {
      const [, branch] = (query.get('head') ?? '').split(':')
      return send(200, paged(this.pulls.filter((pull) => pull.branch === branch)))
    }
    if (method === 'GET' && rest === '/pulls/7/files') return send(200, paged(this.changes))
    if (method === 'GET' && rest === '/pulls/7/comments') return send(200, paged(this.reviewComments))
    if (method === 'GET' && rest === '/issues/7/comments') return send(200, paged(this.comments))
    if (method === 'GET' && rest === '/actions/artifacts') {
      const all = this.artifacts.filter(({ name }) => name === query.get('name'))
      return this.mayRead ? send(200, { total_count: all.length, artifacts: paged(all) }) : send(403, refused)
    }
    const run = Number(/^\/actions\/runs\/(\d+)$/.exec(rest)?.[1])
    if (this.runs.has(run)) return send(200, { id: run, ...this.runs.get(run) })
    const runOfArtifacts = Number(/^\/actions\/runs\/(\d+)\/artifacts$/.exec(rest)?.[1])
    if (this.runs.has(runOfArtifacts)) {
      const all = this.artifacts.filter(({ workflow_run }) => workflow_run.id === runOfArtifacts)
      return this.mayRead ? send(200, { total_count: all.length, artifacts: paged(all) }) : send(403, refused)
    }
    const download = Number(/^\/actions\/artifacts\/(\d+)\/zip$/.exec(rest)?.[1])
    if (this.artifacts.some(({ id }) => id === download))
      return send(302, null, { location: `http://${request.headers.host}/blob/artifact?id=${download}` })
    if (!this.mayWrite) return send(403, refused)
    return this.#write(method, rest, json, send)
  }

  #write(
    method: string,
    rest: string,
    json: Record<string, unknown>,
    send: (status: number, data: unknown) => void,
  ): unknown {
    if (method === 'POST' && rest === '/pulls/7/reviews') {
      const review = json as unknown as Review
      this.reviews.push(review)
      this.reviewComments.push(...review.comments.map(({ body, path }) => ({ body, path, user: this.viewer ?? BOT })))
      return send(200, { id: this.#next++ })
    }
    const body = String(json['body'] ?? '')
    if (body.length > 65_536) return send(422, { message: 'Body is too long (maximum is 65536 characters)' })
    if (method === 'POST' && /^\/issues\/7\/comments$/.test(rest)) {
      this.onWrite?.()
      return send(201, this.addComment(body, this.viewer ?? BOT))
    }
    const id = Number(/^\/issues\/comments\/(\d+)$/.exec(rest)?.[1])
    if (method === 'PATCH') this.onWrite?.()
    const comment = this.comments.find((candidate) => candidate.id === id)
    if (comment === undefined) return send(404, { message: 'Not Found' })
    if (method === 'DELETE') {
      this.comments.splice(this.comments.indexOf(comment), 1)
      return send(204, null)
    }
    comment.body = body
    return send(200, comment)
  }
}
