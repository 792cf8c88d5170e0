// Runs the bundled action the way a runner runs it: inputs as INPUT_*, the GITHUB_* files, an event, a workspace.
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

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
export const PULL: Event = { name: 'pull_request', payload: { repository, pull_request: { number: 7, head: { sha: HEAD }, base: { sha: BASE } } } }
export const PUSH: Event = { name: 'push', payload: { repository, ref: 'refs/heads/main' } }
export const SCHEDULE: Event = { name: 'schedule', payload: { repository, schedule: '0 4 * * 1' } }
export const MERGE_GROUP: Event = { name: 'merge_group', payload: { repository, merge_group: { base_sha: BASE, head_sha: HEAD } } }
export const workflowRun = (run: object): Event => ({
  name: 'workflow_run',
  payload: {
    repository,
    workflow_run: { id: 900, event: 'pull_request', head_sha: HEAD, head_branch: 'feature', head_repository: { owner: { login: 'contributor' } }, ...run },
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

  /** Runs dist/action.js in a workspace that holds the Dockerfile of the trap. */
  async run(inputs: Record<string, string>, { env = {}, event = PULL, files = {}, prepare }: RunOptions = {}): Promise<Run> {
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
    const all = Object.fromEntries(Object.entries({ token: 'a-token-of-the-runner', ...inputs }).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]))
    const child = spawn(process.execPath, [path.join(ROOT, 'dist/action.js')], {
      cwd: workspace,
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
    })
    let stdout = ''
    child.stdout.on('data', (chunk) => {
      stdout += String(chunk)
    })
    child.stderr.on('data', (chunk) => {
      stdout += String(chunk)
    })
    const status = await new Promise<number | null>((resolve) => child.on('close', resolve))
    const outputs = Object.fromEntries([...readFileSync(output, 'utf8').matchAll(/^(.+?)<<(\S+)\n([\s\S]*?)\n\2$/gm)].map(([, name = '', , value = '']) => [name, value]))
    return { status, stdout, outputs, summary: readFileSync(summary, 'utf8'), workspace }
  }
}
