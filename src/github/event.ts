// What the runner says about the run: the event, the repository, the commit.
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import type { PullRequest } from './comment.ts'

const eventSchema = z.object({
  repository: z.object({ private: z.boolean() }).optional().catch(undefined),
  pull_request: z.object({ number: z.number(), head: z.object({ sha: z.string() }) }).optional(),
})

export interface RunContext {
  readonly pull: PullRequest | null
  /** Links to files at the commit that is judged. */
  readonly blobUrl: string | null
  readonly runUrl: string | null
  /** Everyone can read the run and its comments; so it is taken to be where the event does not say. */
  readonly isPublic: boolean
}

/** Reads GITHUB_* variables and the event file. What is missing is null. */
export function readContext(env: Readonly<Record<string, string | undefined>>): RunContext {
  const [owner, repo] = (env['GITHUB_REPOSITORY'] ?? '').split('/')
  const server = env['GITHUB_SERVER_URL'] ?? 'https://github.com'
  const event = readEvent(env['GITHUB_EVENT_PATH'])
  const sha = event?.pull_request?.head.sha ?? env['GITHUB_SHA']
  const home = owner && repo ? `${server}/${owner}/${repo}` : null
  return {
    isPublic: event?.repository?.private !== true,
    pull: owner && repo && event?.pull_request !== undefined ? { owner, repo, number: event.pull_request.number } : null,
    blobUrl: home !== null && sha ? `${home}/blob/${sha}` : null,
    runUrl: home !== null && env['GITHUB_RUN_ID'] ? `${home}/actions/runs/${env['GITHUB_RUN_ID']}` : null,
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
