// The bundled action the way a runner runs it: inputs as INPUT_*, the GITHUB_* files, and a local stand-in for the routes of
// GitHub's API that it uses.
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { upsertSection } from '../../src/report/comment.ts'
import { buildImage } from '../image-builder.ts'
import { fill, VALUES } from '../values.ts'

const ROOT = path.join(import.meta.dirname, '../..')
const IMAGE = path.join(ROOT, 'fixtures/deleted-secret/image.tar')

interface Comment {
  id: number
  body: string
  user: { login: string; type: string }
}

/** The routes of the API that the action uses. */
const api = { comments: [] as Comment[], requests: [] as string[], mayWrite: true, onPost: null as (() => void) | null }

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  return text
}

const server = createServer((request, response) => {
  void bodyOf(request).then((text) => {
    const { method, url = '' } = request
    api.requests.push(`${method} ${url.split('?')[0]}`)
    const answer = (status: number, data: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(data))
    }
    const bot = { login: 'github-actions[bot]', type: 'Bot' }
    if (url === '/user') return answer(403, { message: 'Resource not accessible by integration' })
    if (method === 'GET' && url.startsWith('/repos/acme/app/issues/7/comments')) return answer(200, api.comments)
    if (!api.mayWrite) return answer(403, { message: 'Resource not accessible by integration' })
    if (method === 'POST' && url === '/repos/acme/app/issues/7/comments') {
      api.onPost?.()
      const comment = { id: api.comments.length + 1, body: (JSON.parse(text) as { body: string }).body, user: bot }
      api.comments.push(comment)
      return answer(201, comment)
    }
    const id = Number(/^\/repos\/acme\/app\/issues\/comments\/(\d+)$/.exec(url)?.[1])
    const comment = api.comments.find((candidate) => candidate.id === id)
    if (method === 'DELETE' && comment !== undefined) {
      api.comments.splice(api.comments.indexOf(comment), 1)
      return answer(204, null)
    }
    if (method !== 'PATCH' || comment === undefined) return answer(404, { message: 'Not Found' })
    comment.body = (JSON.parse(text) as { body: string }).body
    return answer(200, comment)
  })
})

let work = ''
let url = ''
beforeAll(async () => {
  work = mkdtempSync(path.join(tmpdir(), 'layergate-action-'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.close()
  rmSync(work, { recursive: true, force: true })
})
beforeEach(() => {
  Object.assign(api, { comments: [], requests: [], mayWrite: true, onPost: null })
})

interface Run {
  readonly status: number | null
  readonly stdout: string
  readonly outputs: Record<string, string>
  readonly summary: string
}

let runs = 0
/** Runs dist/action.js in a workspace that holds the Dockerfile of the trap. */
async function runAction(
  inputs: Record<string, string>,
  { env = {}, pull = true, files = {} }: { env?: Record<string, string>; pull?: boolean; files?: Record<string, string> } = {},
): Promise<Run> {
  const folder = path.join(work, String(runs++))
  const workspace = path.join(folder, 'workspace')
  mkdirSync(path.join(folder, 'temp'), { recursive: true })
  mkdirSync(workspace)
  writeFileSync(path.join(workspace, 'Dockerfile'), readFileSync(path.join(ROOT, 'fixtures/deleted-secret/Dockerfile')))
  for (const [name, content] of Object.entries(files)) writeFileSync(path.join(workspace, name), content)
  const output = path.join(folder, 'output')
  const summary = path.join(folder, 'summary')
  const event = path.join(folder, 'event.json')
  for (const file of [output, summary]) writeFileSync(file, '')
  writeFileSync(event, JSON.stringify(pull ? { pull_request: { number: 7, head: { sha: 'f'.repeat(40) } } } : { ref: 'refs/heads/main' }))
  const all = Object.fromEntries(Object.entries({ token: 'a-token-of-the-runner', ...inputs }).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]))
  const child = spawn(process.execPath, [path.join(ROOT, 'dist/action.js')], {
    cwd: workspace,
    env: {
      PATH: process.env['PATH'],
      GITHUB_ACTIONS: 'true',
      GITHUB_OUTPUT: output,
      GITHUB_STEP_SUMMARY: summary,
      GITHUB_EVENT_PATH: event,
      GITHUB_EVENT_NAME: pull ? 'pull_request' : 'push',
      GITHUB_REPOSITORY: 'acme/app',
      GITHUB_SHA: 'a'.repeat(40),
      GITHUB_RUN_ID: '42',
      GITHUB_SERVER_URL: 'https://github.com',
      GITHUB_API_URL: url,
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
  return { status, stdout, outputs, summary: readFileSync(summary, 'utf8') }
}

describe('a pull request that leaks a secret', () => {
  it('fails on the right line, with summary, outputs, reports and one comment', async () => {
    const { status, stdout, outputs, summary } = await runAction({ image: IMAGE })
    expect(status).toBe(1)
    expect(stdout).toMatch(
      /^::error title=GitHub token stays in the image,file=Dockerfile,line=5,endLine=5::\/app\/secret\.txt line 2 is in layer 3, added by this line\. Line 7 \(RUN rm \/app\/secret\.txt\) hides it/m,
    )
    expect(outputs).toMatchObject({ verdict: 'fail', 'findings-count': '1', 'critical-count': '1', 'high-count': '0', 'medium-count': '0', 'low-count': '0', 'info-count': '0' })
    expect(JSON.parse(readFileSync(outputs['report'] ?? '', 'utf8'))).toMatchObject({ verdict: { result: 'fail' } })
    expect(JSON.parse(readFileSync(outputs['sarif'] ?? '', 'utf8'))).toMatchObject({ version: '2.1.0' })
    expect(outputs['report']).toContain('/temp/layergate/')
    expect(summary).toMatch(/^## ❌ .* leaks a secret/)
    expect(api.comments).toHaveLength(1)
    expect(api.comments[0]?.body).toMatch(/^<!-- layergate -->/)
    expect(api.comments[0]?.body).toContain(`[\`Dockerfile:5\`](https://github.com/acme/app/blob/${'f'.repeat(40)}/Dockerfile#L5)`)
  })

  it('edits its comment in place, and turns it to clean', async () => {
    await runAction({ image: IMAGE })
    await runAction({ image: IMAGE, config: '.layergate.yml' }, { files: { '.layergate.yml': 'rules: { deleted-secret: off }\n' } })
    expect(api.comments).toHaveLength(1)
    expect(api.comments[0]?.body).toContain('✅')
    expect(api.comments[0]?.body).not.toContain('❌')
  })

  it('leaves a comment alone that only carries the marker', async () => {
    api.comments.push({ id: 1, body: '<!-- layergate -->\nmine', user: { login: 'mallory', type: 'User' } })
    await runAction({ image: IMAGE })
    expect(api.comments[0]?.body).toBe('<!-- layergate -->\nmine')
    expect(api.comments).toHaveLength(2)
  })

  it('leaves one comment with both sections when another job writes at the same time', async () => {
    api.onPost = () => {
      api.comments.push({ id: 1, body: upsertSection(null, 'other:1', () => 'of the other job'), user: { login: 'github-actions[bot]', type: 'Bot' } })
      api.onPost = null
    }
    await runAction({ image: IMAGE })
    expect(api.comments).toHaveLength(1)
    expect(api.comments[0]?.body).toContain('of the other job')
    expect(api.comments[0]?.body).toContain('leaks a secret')
  })

  it('without the right to comment gives a notice, and the verdict is the same', async () => {
    api.mayWrite = false
    const { status, stdout, summary } = await runAction({ image: IMAGE })
    expect(status).toBe(1)
    expect(stdout).toMatch(/^::notice::No comment on the pull request: the token may not do that: give the job `permissions: pull-requests: write`/m)
    expect(summary).not.toBe('')
  })

  it('without a token says so, and talks to nobody', async () => {
    const { status, stdout } = await runAction({ image: IMAGE, token: '' })
    expect(status).toBe(1)
    expect(stdout).toContain('::notice::No comment on the pull request: the action has no token.')
    expect(api.requests).toEqual([])
  })

  it('tells the runner to mask the values, and prints none of them elsewhere', async () => {
    const token = VALUES['github-token']?.() ?? ''
    const file = path.join(work, 'planted.tar')
    writeFileSync(file, await buildImage({ layers: [{ by: `COPY ${token} /k # buildkit`, files: [{ name: `k/${token}`, content: fill('{{ec-key}}\n{{github-token}}') }] }] }))
    const { stdout, summary, outputs } = await runAction({ image: file })
    expect(stdout).toContain(`::add-mask::${token}`)
    const rest = stdout
      .split('\n')
      .filter((line) => !line.startsWith('::add-mask::'))
      .join('\n')
    for (const text of [rest, summary, readFileSync(outputs['report'] ?? '', 'utf8'), readFileSync(outputs['sarif'] ?? '', 'utf8'), api.comments[0]?.body ?? ''])
      expect(text).not.toContain(token)
  })
})

describe('with what the build says of itself', () => {
  const folder = path.join(ROOT, 'fixtures/provenance')
  it('annotates the file that was built, by the metadata of the build', async () => {
    const { status, stdout } = await runAction(
      { image: path.join(folder, 'image.tar'), 'build-metadata': readFileSync(path.join(folder, 'metadata.json'), 'utf8') },
      { files: { 'app.Dockerfile': readFileSync(path.join(folder, 'Dockerfile'), 'utf8') } },
    )
    expect(status).toBe(1)
    expect(stdout).toMatch(/::error title=GitHub token stays in the image,file=app\.Dockerfile,line=19,endLine=19::/)
  })

  it('annotates no file where the one that was built is not in the checkout', async () => {
    const { status, stdout } = await runAction({ image: path.join(folder, 'image.tar'), 'build-metadata': path.join(folder, 'metadata.json') })
    expect(status).toBe(1)
    expect(stdout).toMatch(/::error title=GitHub token stays in the image::.*\(line 19 of Dockerfile as it was built\)/)
    expect(stdout).not.toMatch(/file=Dockerfile/)
  })
})

describe('a push, a clean image', () => {
  it('passes without a comment', async () => {
    const { status, outputs } = await runAction({ image: path.join(ROOT, 'fixtures/clean/image.tar') })
    expect(status).toBe(0)
    expect(outputs).toMatchObject({ verdict: 'pass', 'findings-count': '0' })
    expect(api.comments).toEqual([])
  })

  it('asks the API for nothing outside a pull request', async () => {
    expect((await runAction({ image: IMAGE }, { pull: false })).status).toBe(1)
    expect(api.requests).toEqual([])
  })

  it('comments when it must always', async () => {
    await runAction({ image: path.join(ROOT, 'fixtures/clean/image.tar'), comment: 'always' })
    expect(api.comments[0]?.body).toContain('✅')
  })
})

describe('what cannot be judged', () => {
  it('is an error with its own verdict, never the last green one', async () => {
    api.comments.push({ id: 1, body: '<!-- layergate -->\n', user: { login: 'github-actions[bot]', type: 'Bot' } })
    const { status, stdout, outputs, summary } = await runAction({ image: './nothing.tar' })
    expect(status).toBe(2)
    expect(stdout).toMatch(/^::error title=Layergate could not judge the image::.*nothing\.tar: no such file or directory/m)
    expect(outputs['verdict']).toBe('error')
    expect(outputs['sarif']).toBeUndefined()
    expect(JSON.parse(readFileSync(outputs['report'] ?? '', 'utf8'))).toMatchObject({ verdict: { result: 'error' }, error: { code: 'not-found' } })
    expect(summary).toMatch(/could not be read/)
    expect(api.comments[0]?.body).toContain('could not be read')
  })

  it.each([
    [{ image: IMAGE, dockerfil: 'Dockerfile' }, /There is no input "dockerfil"\. Did you mean "dockerfile"\?/],
    [{ image: '' }, /The input "image" is missing/],
    [{ image: IMAGE, comment: 'sometimes' }, /comment: "sometimes" is none of auto, always, never/],
    [{ image: IMAGE, 'fail-on': 'hi' }, /fail-on: "hi" is none of/],
  ])('%j', async (inputs, message) => {
    const { status, stdout, outputs } = await runAction(inputs)
    expect(stdout).toMatch(message)
    expect(status).toBe(2)
    expect(outputs['verdict']).toBe('error')
  })
})

describe('settings', () => {
  it('file < variable < input', async () => {
    const files = { '.layergate.yml': 'fail-on: never\n' }
    expect((await runAction({ image: IMAGE }, { files })).status).toBe(0)
    expect((await runAction({ image: IMAGE }, { files, env: { LAYERGATE_FAIL_ON: 'high' } })).status).toBe(1)
    expect((await runAction({ image: IMAGE, 'fail-on': 'never' }, { files, env: { LAYERGATE_FAIL_ON: 'high' } })).status).toBe(0)
  })
})

describe('action.yml', () => {
  const action = parse(readFileSync(path.join(ROOT, 'action.yml'), 'utf8')) as {
    inputs: Record<string, { description?: string; default?: string; required?: boolean }>
    outputs: Record<string, { description?: string }>
    runs: { using: string; main: string }
  }

  it('documents every input and output, all empty by default but the token', () => {
    for (const { description } of [...Object.values(action.inputs), ...Object.values(action.outputs)]) expect(description).toMatch(/\w{3}/)
    const defaults = Object.entries(action.inputs).filter(([name]) => name !== 'image' && name !== 'token')
    for (const [name, { default: value }] of defaults) expect([name, value]).toEqual([name, ''])
    expect(action.runs).toEqual({ using: 'node24', main: 'dist/action.js' })
  })

  it('has the inputs that the action takes', async () => {
    const { stdout } = await runAction({ image: IMAGE, nosuch: 'x' })
    expect(/Inputs: (.*)\./.exec(stdout)?.[1]?.split(', ').sort()).toEqual(Object.keys(action.inputs).sort())
  })
})
