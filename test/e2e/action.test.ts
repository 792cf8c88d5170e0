// The bundled action the way a runner runs it, against a local stand-in for GitHub's API: verdict, annotations, outputs, files.
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { upsertSection } from '../../src/report/comment.ts'
import { BOT, GitHub } from '../github.ts'
import { buildImage } from '../image-builder.ts'
import { BASE, CLEAN, HEAD, IMAGE, PUSH, ROOT, type Run, Runner, type RunOptions } from '../run-action.ts'
import { fill, VALUES } from '../values.ts'

const api = new GitHub()
let runner: Runner
const runAction = (inputs: Record<string, string>, options?: RunOptions): Promise<Run> => runner.run(inputs, options)
/** The bundled file, as a process of its own. */
const runBundle = (inputs: Record<string, string>, options?: RunOptions): Promise<Run> => runner.spawn(inputs, options)

beforeAll(async () => {
  runner = new Runner(await api.start())
})
afterAll(() => {
  api.stop()
  runner.remove()
})
beforeEach(() => {
  api.reset()
  // The base commit has a file, and no policy of its own.
  api.files.set(`${BASE}:README.md`, 'an app')
})

describe('a pull request that leaks a secret', () => {
  it('fails on the right line, with summary, outputs, reports and one comment', async () => {
    const { status, stdout, outputs, summary } = await runBundle({ image: IMAGE })
    expect(status).toBe(1)
    expect(stdout).toMatch(
      /^::error title=GitHub token stays in the image,file=Dockerfile,line=5,endLine=5::\/app\/secret\.txt line 2 is in layer 3, added by this line\. Line 7 \(RUN rm \/app\/secret\.txt\) hides it/m,
    )
    expect(outputs).toMatchObject({
      verdict: 'fail',
      'findings-count': '1',
      'critical-count': '1',
      'high-count': '0',
      'medium-count': '0',
      'low-count': '0',
      'info-count': '0',
    })
    expect(JSON.parse(readFileSync(outputs['report'] ?? '', 'utf8'))).toMatchObject({ verdict: { result: 'fail' } })
    expect(JSON.parse(readFileSync(outputs['sarif'] ?? '', 'utf8'))).toMatchObject({ version: '2.1.0' })
    expect(outputs['report']).toContain('/temp/layergate/')
    expect(readFileSync(outputs['summary'] ?? '', 'utf8').trim()).toBe(summary.trim())
    expect(summary).toMatch(/^## ❌ .* leaks a secret/)
    expect(api.comments).toHaveLength(1)
    expect(api.comments[0]?.body).toMatch(/^<!-- layergate -->/)
    expect(api.comments[0]?.body).toContain(
      `[\`Dockerfile:5\`](https://github.com/acme/app/blob/${HEAD}/Dockerfile#L5)`,
    )
  })

  it('edits its comment in place, and turns it to clean', async () => {
    await runAction({ image: IMAGE })
    api.files.set(`${BASE}:.layergate.yml`, 'rules: { deleted-secret: off }\n')
    await runAction({ image: IMAGE })
    expect(api.comments).toHaveLength(1)
    expect(api.comments[0]?.body).toContain('✅')
    expect(api.comments[0]?.body).not.toContain('❌')
  })

  it('leaves a comment alone that only carries the marker', async () => {
    api.addComment('<!-- layergate -->\nmine', { login: 'mallory', type: 'User' })
    api.addComment('<!-- layergate -->\nof another robot', { login: 'renovate[bot]', type: 'Bot' })
    await runAction({ image: IMAGE })
    expect(api.comments[0]?.body).toBe('<!-- layergate -->\nmine')
    expect(api.comments[1]?.body).toContain('of another robot')
    expect(api.comments).toHaveLength(3)
  })

  it('leaves one comment with both sections when another job writes at the same time', async () => {
    api.onWrite = () => {
      api.onWrite = null
      api.addComment(upsertSection(null, 'other', () => 'of the other job'))
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
    expect(stdout).toMatch(
      /^::notice::No comment on the pull request: the token may not do that: give the job `permissions: pull-requests: write`/m,
    )
    expect(summary).not.toBe('')
  })

  it('without a token says so, and talks to nobody', async () => {
    const { status, stdout } = await runAction({ image: IMAGE, token: '', 'policy-from': 'head' })
    expect(status).toBe(1)
    expect(stdout).toContain('::notice::No comment on the pull request: the action has no token.')
    expect(api.requests).toEqual([])
  })

  it('tells the runner to mask the values, and prints none of them elsewhere', async () => {
    const token = VALUES['github-token']?.() ?? ''
    const file = path.join(runner.folder, 'planted.tar')
    writeFileSync(
      file,
      await buildImage({
        layers: [
          {
            by: `COPY ${token} /k # buildkit`,
            files: [{ name: `k/${token}`, content: fill('{{ec-key}}\n{{github-token}}') }],
          },
        ],
      }),
    )
    const { stdout, summary, outputs } = await runBundle({ image: file })
    expect(stdout).toContain(`::add-mask::${token}`)
    const rest = stdout
      .split('\n')
      .filter((line) => !line.startsWith('::add-mask::'))
      .join('\n')
    for (const text of [
      rest,
      summary,
      readFileSync(outputs['report'] ?? '', 'utf8'),
      readFileSync(outputs['sarif'] ?? '', 'utf8'),
      api.comments[0]?.body ?? '',
    ])
      expect(text).not.toContain(token)
  })
})

describe('a secret in the name of the image', () => {
  const token = VALUES['github-token']?.() ?? ''
  const texts = ({ stdout, summary, outputs }: Run): string[] => [
    stdout.replace(/^::add-mask::.*$/gm, ''),
    summary,
    ...Object.values(outputs),
    readFileSync(outputs['report'] ?? '', 'utf8'),
    ...api.comments.map(({ body }) => body),
    ...api.comments.map(({ body }) =>
      Buffer.from(/layergate:image ([\w-]*)/.exec(body)?.[1] ?? '', 'base64url').toString('utf8'),
    ),
  ]

  it('is in no output, no name of a report, no section of the comment', async () => {
    const run = await runAction(
      { image: `./${token}.tar` },
      { prepare: (workspace) => copyFileSync(IMAGE, path.join(workspace, `${token}.tar`)) },
    )
    expect(run.status).toBe(1)
    expect(run.outputs['report']).toMatch(/\/ghp_[\w.-]+-[0-9a-f]{8}\/report\.json$/)
    for (const text of texts(run))
      for (let at = 0; at + 10 <= token.length; at++) expect(text).not.toContain(token.slice(at, at + 10))
  })

  it('is in no output either when there is no such image', async () => {
    const run = await runAction({ image: `./${token}.tar` })
    expect(run.status).toBe(2)
    for (const text of texts(run))
      for (let at = 0; at + 10 <= token.length; at++) expect(text).not.toContain(token.slice(at, at + 10))
  })
})

describe('with what the build says of itself', () => {
  const folder = path.join(ROOT, 'fixtures/provenance')
  it('annotates the file that was built, by the metadata of the build', async () => {
    const { status, stdout } = await runAction(
      {
        image: path.join(folder, 'image.tar'),
        'build-metadata': readFileSync(path.join(folder, 'metadata.json'), 'utf8'),
      },
      { files: { 'app.Dockerfile': readFileSync(path.join(folder, 'Dockerfile'), 'utf8') } },
    )
    expect(status).toBe(1)
    expect(stdout).toMatch(/::error title=GitHub token stays in the image,file=app\.Dockerfile,line=19,endLine=19::/)
  })

  it('annotates no file where the one that was built is not in the checkout', async () => {
    const { status, stdout } = await runAction({
      image: path.join(folder, 'image.tar'),
      'build-metadata': path.join(folder, 'metadata.json'),
    })
    expect(status).toBe(1)
    expect(stdout).toMatch(/::error title=GitHub token stays in the image::.*\(line 19 of Dockerfile as it was built\)/)
    expect(stdout).not.toMatch(/file=Dockerfile/)
  })
})

describe('a push, a clean image', () => {
  it('passes without a comment', async () => {
    const { status, outputs } = await runAction({ image: CLEAN })
    expect(status).toBe(0)
    expect(outputs).toMatchObject({ verdict: 'pass', 'findings-count': '0' })
    expect(api.comments).toEqual([])
  })

  it('asks the API for nothing outside a pull request', async () => {
    expect((await runAction({ image: IMAGE }, { event: PUSH })).status).toBe(1)
    expect(api.requests).toEqual([])
  })

  it('comments when it must always', async () => {
    await runAction({ image: CLEAN, comment: 'always' })
    expect(api.comments[0]?.body).toContain('✅')
  })
})

describe('what cannot be judged', () => {
  it('is an error with its own verdict, never the last green one', async () => {
    api.addComment('<!-- layergate -->\n', BOT)
    const { status, stdout, outputs, summary } = await runBundle({ image: './nothing.tar' })
    expect(status).toBe(2)
    expect(stdout).toMatch(
      /^::error title=Layergate could not judge the image::.*nothing\.tar: no such file or directory/m,
    )
    expect(outputs['verdict']).toBe('error')
    expect(outputs['sarif']).toBeUndefined()
    expect(JSON.parse(readFileSync(outputs['report'] ?? '', 'utf8'))).toMatchObject({
      verdict: { result: 'error' },
      error: { code: 'not-found' },
    })
    expect(summary).toMatch(/could not be read/)
    expect(api.comments[0]?.body).toContain('could not be read')
  })

  it('a clean archive that a pull request commits under the name of the image is not looked at', async () => {
    const bytes = readFileSync(CLEAN)
    for (const env of [{}, { CI: 'false' }]) {
      const { status, stdout, outputs } = await runAction(
        { image: 'my-app:gate' },
        {
          env: { PATH: '/nonexistent', ...env },
          prepare: (workspace) => writeFileSync(path.join(workspace, 'my-app:gate'), bytes),
        },
      )
      expect(stdout).toMatch(
        /my-app:gate: no engine has an image of that name .* There is a file \.\/my-app:gate, but in a workflow a name without a path is an engine's image/,
      )
      expect(status).toBe(2)
      expect(outputs['verdict']).toBe('error')
    }
    const named = await runAction(
      { image: './my-app:gate' },
      { prepare: (workspace) => writeFileSync(path.join(workspace, 'my-app:gate'), bytes) },
    )
    expect(named.status).toBe(0)
  })

  it.each([
    [{ image: IMAGE, dockerfil: 'Dockerfile' }, /There is no input "dockerfil"\. Did you mean "dockerfile"\?/],
    [{ image: '' }, /The input "image" is missing/],
    [{ image: IMAGE, comment: 'sometimes' }, /comment: "sometimes" is none of auto, always, never/],
    [{ image: IMAGE, 'fail-on': 'hi' }, /fail-on: "hi" is none of/],
    [{ image: IMAGE, target: 'runtime' }, /target runtime: Dockerfile has no stage of that name\. Its stages: 0\./],
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
    expect((await runAction({ image: IMAGE }, { files, event: PUSH })).status).toBe(0)
    expect((await runAction({ image: IMAGE }, { files, event: PUSH, env: { LAYERGATE_FAIL_ON: 'high' } })).status).toBe(
      1,
    )
    expect(
      (
        await runAction(
          { image: IMAGE, 'fail-on': 'never' },
          { files, event: PUSH, env: { LAYERGATE_FAIL_ON: 'high' } },
        )
      ).status,
    ).toBe(0)
  })
})

describe('action.yml', () => {
  const action = parse(readFileSync(path.join(ROOT, 'action.yml'), 'utf8')) as {
    inputs: Record<string, { description?: string; default?: string; required?: boolean }>
    outputs: Record<string, { description?: string }>
    runs: { using: string; main: string }
  }

  it('documents every input and output, all empty by default but the token', () => {
    for (const { description } of [...Object.values(action.inputs), ...Object.values(action.outputs)])
      expect(description).toMatch(/\w{3}/)
    const defaults = Object.entries(action.inputs).filter(([name]) => name !== 'image' && name !== 'token')
    for (const [name, { default: value }] of defaults) expect([name, value]).toEqual([name, ''])
    expect(action.runs).toEqual({ using: 'node24', main: 'dist/action.js' })
  })

  it('has the inputs that the action takes', async () => {
    const { stdout } = await runAction({ image: '', nosuch: 'x' })
    expect(/Inputs: (.*)\./.exec(stdout)?.[1]?.split(', ').sort()).toEqual(Object.keys(action.inputs).sort())
  })
})
