// Runs the action the way a runner runs it: inputs as INPUT_*, the GITHUB_* files, an event, a workspace. In this process, since most
// tests ask what it does; as the bundled file in a process of its own, where they ask how it starts and ends.
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { runAction } from '../src/action/run.ts'
import type { Clock } from '../src/github/client.ts'
import { inProcess } from './in-process.ts'

export const ROOT = path.join(import.meta.dirname, '..')
/** The image of the trap: its Dockerfile deletes a secret. */
export const IMAGE = path.join(ROOT, 'fixtures/deleted-secret/image.tar')
export const CLEAN = path.join(ROOT, 'fixtures/clean/image.tar')
export const DOCKERFILE = readFileSync(path.join(ROOT, 'fixtures/deleted-secret/Dockerfile'), 'utf8')

export const HEAD = 'f'.repeat(40)
export const BASE = 'b'.repeat(40)

export interface Event {
  readonly name: string
  readonly payload: object
}

const repository = { private: false, default_branch: 'main' }

/** A pull request of the repository itself, from a fork, or by Dependabot: what differs is the token's rights. */
export const PULL: Event = {
  name: 'pull_request',
  payload: { repository, pull_request: { number: 7, head: { sha: HEAD }, base: { sha: BASE } } },
}
export const PUSH: Event = { name: 'push', payload: { repository, ref: 'refs/heads/main' } }
export const SCHEDULE: Event = { name: 'schedule', payload: { repository, schedule: '0 4 * * 1' } }
export const MERGE_GROUP: Event = {
  name: 'merge_group',
  payload: { repository, merge_group: { base_sha: BASE, head_sha: HEAD } },
}
export const workflowRun = (run: object): Event => ({
  name: 'workflow_run',
  payload: {
    repository,
    workflow_run: {
      id: 900,
      event: 'pull_request',
      head_sha: HEAD,
      head_branch: 'feature',
      head_repository: { owner: { login: 'contributor' } },
      ...run,
    },
  },
})

export interface Run {
  readonly status: number | null
  readonly stdout: string
  readonly outputs: Record<string, string>
  readonly summary: string
  readonly workspace: string
}

export interface RunOptions {
  readonly env?: Record<string, string>
  readonly event?: Event
  /** Of the workspace, beside the Dockerfile of the trap. */
  readonly files?: Record<string, string>
  /** Prepares the workspace, as git or a step of the workflow would. */
  readonly prepare?: (workspace: string) => void
}

export class Runner {
  readonly #work = mkdtempSync(path.join(tmpdir(), 'layergate-action-'))
  /** Where the stand-in listens. */
  readonly api: string
  #runs = 0

  constructor(api: string) {
    this.api = api
  }

  get folder(): string {
    return this.#work
  }

  remove(): void {
    rmSync(this.#work, { recursive: true, force: true })
  }

  /** A job of its own: its folder, its workspace with the Dockerfile of the trap, its environment. */
  #job(inputs: Record<string, string>, { env = {}, event = PULL, files = {}, prepare }: RunOptions): Job {
    const folder = path.join(this.#work, String(this.#runs++))
    const workspace = path.join(folder, 'workspace')
    mkdirSync(path.join(folder, 'temp'), { recursive: true })
    mkdirSync(workspace)
    for (const [name, content] of Object.entries({ Dockerfile: DOCKERFILE, ...files })) {
      mkdirSync(path.dirname(path.join(workspace, name)), { recursive: true })
      writeFileSync(path.join(workspace, name), content)
    }
    prepare?.(workspace)
    const output = path.join(folder, 'output')
    const summary = path.join(folder, 'summary')
    for (const file of [output, summary]) writeFileSync(file, '')
    const eventFile = path.join(folder, 'event.json')
    writeFileSync(eventFile, JSON.stringify(event.payload))
    const all = Object.fromEntries(
      Object.entries({ token: 'a-token-of-the-runner', ...inputs }).map(([name, value]) => [
        `INPUT_${name.toUpperCase()}`,
        value,
      ]),
    )
    return {
      workspace,
      output,
      summary,
      env: {
        PATH: process.env['PATH'],
        GITHUB_ACTIONS: 'true',
        GITHUB_OUTPUT: output,
        GITHUB_STEP_SUMMARY: summary,
        GITHUB_EVENT_PATH: eventFile,
        GITHUB_EVENT_NAME: event.name,
        GITHUB_REPOSITORY: 'acme/app',
        GITHUB_SHA: 'a'.repeat(40),
        GITHUB_RUN_ID: '42',
        GITHUB_SERVER_URL: 'https://github.com',
        GITHUB_API_URL: this.api,
        GITHUB_WORKSPACE: workspace,
        RUNNER_TEMP: path.join(folder, 'temp'),
        ...all,
        ...env,
      },
    }
  }

  /** Runs the action in this process. */
  async run(inputs: Record<string, string>, options: RunOptions = {}): Promise<Run> {
    const job = this.#job(inputs, options)
    const { status, printed } = await inProcess({ env: job.env, directory: job.workspace }, () =>
      runAction({ over: new Promise<never>(() => {}), within: () => {}, onPhase: () => {}, clock: QUICK }),
    )
    return resultOf(job, status, printed)
  }

  /** Runs dist/action.js as a runner does: a process of its own. */
  async spawn(inputs: Record<string, string>, options: RunOptions = {}): Promise<Run> {
    const job = this.#job(inputs, options)
    const child = spawn(process.execPath, [path.join(ROOT, 'dist/action.js')], { cwd: job.workspace, env: job.env })
    let stdout = ''
    child.stdout.on('data', (chunk) => {
      stdout += String(chunk)
    })
    child.stderr.on('data', (chunk) => {
      stdout += String(chunk)
    })
    return resultOf(job, await new Promise<number | null>((resolve) => child.on('close', resolve)), stdout)
  }
}

interface Job {
  readonly workspace: string
  readonly output: string
  readonly summary: string
  readonly env: NodeJS.ProcessEnv
}

function resultOf({ workspace, output, summary }: Job, status: number | null, stdout: string): Run {
  const outputs = Object.fromEntries(
    [...readFileSync(output, 'utf8').matchAll(/^(.+?)<<(\S+)\n([\s\S]*?)\n\2$/gm)].map(
      ([, name = '', , value = '']) => [name, value],
    ),
  )
  return { status, stdout, outputs, summary: readFileSync(summary, 'utf8'), workspace }
}

/** Waits happen in their order, a hundred times as fast. */
const QUICK: Clock = { now: () => Date.now(), pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms / 100)) }
