// What a pull request, or a step that runs its code, may not decide: whose policy counts, which files are read, what inputs say.
import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Report } from '../../src/outcome/contract.ts'
import { BOT, GitHub } from '../github.ts'
import { buildImage } from '../image-builder.ts'
import { BASE, CLEAN, HEAD, IMAGE, PULL, PUSH, type Run, Runner, type RunOptions, workflowRun } from '../run-action.ts'

const api = new GitHub()
let runner: Runner
const run = (inputs: Record<string, string>, options?: RunOptions): Promise<Run> => runner.run(inputs, options)

/** A policy without which the trap passes. */
const OFF = 'rules: { deleted-secret: off }\n'
const NEVER = { '.layergate.yml': 'fail-on: never\n' }
const SHA = 'a'.repeat(40)

beforeAll(async () => {
  runner = new Runner(await api.start())
})
afterAll(() => {
  api.stop()
  runner.remove()
})
beforeEach(() => {
  api.reset()
  api.files.set(`${BASE}:README.md`, 'an app')
})

describe('an event that does not say where it starts from', () => {
  it.each<[string, RunOptions, RegExp]>([
    [
      'has no base',
      { event: { name: 'pull_request', payload: { pull_request: { number: 7, head: { sha: HEAD } } } } },
      /The event pull_request names no base commit: nobody can tell/,
    ],
    [
      'is not there',
      { env: { GITHUB_EVENT_PATH: '/nowhere/event.json' } },
      /cannot be read: no such file or directory/,
    ],
    ['is no object', { event: { name: 'merge_group', payload: ['x'] } }, /holds no event/],
    ['has no name', { event: { name: '', payload: {} } }, /GITHUB_EVENT_NAME is not set/],
  ])('%s: nothing is judged, by no policy', async (_name, options, message) => {
    const done = await run({ image: CLEAN }, { ...options, files: NEVER })
    expect(done.status).toBe(2)
    expect(done.outputs['verdict']).toBe('error')
    expect(done.stdout.match(/^::error.*$/gm)).toEqual([expect.stringMatching(message)])
    expect(done.stdout).toContain('::error title=Layergate judged nothing because the policy could not be read::')
    expect(done.summary).toMatch(/was not judged: the policy could not be read/)
    expect((await run({ image: IMAGE, 'policy-from': 'head' }, { ...options, files: NEVER })).status).toBe(0)
  })

  it('a run after another follows the default branch, not what it checked out', async () => {
    api.files.set(`${SHA}:README.md`, 'main')
    expect((await run({ image: IMAGE }, { event: workflowRun({}), files: NEVER })).status).toBe(1)
    api.files.set(`${SHA}:.layergate.yml`, OFF)
    expect((await run({ image: IMAGE }, { event: workflowRun({}) })).status).toBe(0)
  })
})

describe('the policy of the base commit', () => {
  it.each(['..shared/p.yml', '.../p.yml', './..p.yml', 'a/../..b.yml'])(
    'also where it is called %s',
    async (config) => {
      api.files.set(`${BASE}:${path.posix.normalize(config)}`, 'fail-on: low\n')
      const done = await run({ image: IMAGE, config }, { files: { [config]: OFF } })
      expect(done.status).toBe(1)
    },
  )

  it('also by an absolute path, and by another name of the workspace', async () => {
    api.files.set(`${BASE}:p.yml`, 'fail-on: low\n')
    const alias = path.join(runner.folder, 'alias')
    const prepare = (workspace: string): void => {
      rmSync(alias, { force: true })
      symlinkSync(workspace, alias)
    }
    expect(
      (await run({ image: IMAGE, config: path.join(alias, 'p.yml') }, { files: { 'p.yml': OFF }, prepare })).status,
    ).toBe(1)
    expect(
      (
        await run(
          { image: IMAGE, config: 'p.yml' },
          { files: { 'p.yml': OFF }, prepare, env: { GITHUB_WORKSPACE: `${alias}/` } },
        )
      ).status,
    ).toBe(1)
  })

  it('is not told by variables, which any step can set', async () => {
    for (const [name, value] of [
      ['LAYERGATE_FAIL_ON', 'never'],
      ['LAYERGATE_POLICY_FROM', 'head'],
      ['LAYERGATE_CONFIG', '.layergate.yml'],
      ['LAYERGATE_MIN_CONFIDENCE', 'high'],
      ['LAYERGATE_BASELINE', 'none'],
    ] as const) {
      const done = await run({ image: IMAGE }, { files: NEVER, env: { [name]: value } })
      expect([name, done.status]).toEqual([name, 1])
      expect(done.stdout).toMatch(new RegExp(`^::warning title=Layergate::${name} is not read here`, 'm'))
    }
  })

  it('a mistake in it is told as the base commit’s, at no line of the checkout', async () => {
    api.files.set(`${BASE}:.layergate.yml`, 'fail-on: hihg\n')
    const done = await run({ image: CLEAN })
    expect(done.status).toBe(2)
    expect(done.stdout).toMatch(
      /^::error title=Layergate judged nothing because the configuration is wrong::In the base commit bbbbbbb: \.layergate\.yml:1:10/m,
    )
  })
})

describe('what a pull request commits in place of a file', () => {
  it.each<[string, (workspace: string) => void, Record<string, string>, RegExp]>([
    [
      'a link out, for the configuration',
      (workspace) => symlinkSync('/proc/self/environ', path.join(workspace, '.layergate.yml')),
      {},
      /\.layergate\.yml: .*a symbolic link leads out of the checkout/,
    ],
    [
      'a link out above it',
      (workspace) => symlinkSync('/proc/self', path.join(workspace, 'ci')),
      { config: 'ci/environ' },
      /ci\/environ: .*leads out of the checkout/,
    ],
    [
      'a way out, to extend',
      (workspace) =>
        writeFileSync(path.join(workspace, '.layergate.yml'), 'extends: ../../../../../../../proc/self/environ\n'),
      {},
      /lies outside the checkout/,
    ],
    [
      'a device for a baseline',
      (workspace) => writeFileSync(path.join(workspace, '.layergate.yml'), 'baseline: /dev/zero\n'),
      {},
      /\/dev\/zero lies outside the checkout/,
    ],
    [
      'a pipe for a baseline',
      (workspace) => execFileSync('mkfifo', [path.join(workspace, '.layergate-baseline.json')]),
      {},
      /\.layergate-baseline\.json: .*named pipe/,
    ],
    [
      'a link out for the baseline',
      (workspace) => symlinkSync('/etc/passwd', path.join(workspace, '.layergate-baseline.json')),
      {},
      /\.layergate-baseline\.json: .*leads out/,
    ],
    [
      'a pipe for the Dockerfile',
      (workspace) => {
        rmSync(path.join(workspace, 'Dockerfile'))
        execFileSync('mkfifo', [path.join(workspace, 'Dockerfile')])
      },
      {},
      /Dockerfile: the Dockerfile cannot be read: it is a named pipe/,
    ],
    [
      'a link out for a Dockerfile',
      (workspace) => symlinkSync('/etc/hosts', path.join(workspace, 'app.Dockerfile')),
      { dockerfile: 'app.Dockerfile' },
      /app\.Dockerfile: .*leads out/,
    ],
    [
      'a pipe for the metadata',
      (workspace) => execFileSync('mkfifo', [path.join(workspace, 'm.json')]),
      { 'build-metadata': 'm.json' },
      /m\.json: the build metadata is no file/,
    ],
    [
      'a link out for the metadata',
      (workspace) => symlinkSync('/etc/hosts', path.join(workspace, 'm.json')),
      { 'build-metadata': 'm.json' },
      /m\.json: a symbolic link of the build metadata leads out/,
    ],
    [
      'a link out for the context',
      (workspace) => symlinkSync('/etc', path.join(workspace, 'ctx')),
      { context: 'ctx' },
      /ctx: a symbolic link of the build context leads out/,
    ],
  ])('%s: an error that names it, and shows nothing of what it leads to', async (_name, prepare, inputs, message) => {
    const marker = 'marker-of-the-environment'
    const done = await run({ image: CLEAN, ...inputs }, { prepare, env: { SOME_VARIABLE: marker }, event: PUSH })
    expect(done.status).toBe(2)
    expect(done.stdout).toMatch(message)
    for (const text of [done.stdout, done.summary]) expect(text).not.toMatch(/marker-of|localhost|root:x/)
  })

  it('links that stay in the checkout are followed', async () => {
    const prepare = (workspace: string): void => symlinkSync('real.yml', path.join(workspace, '.layergate.yml'))
    expect((await run({ image: IMAGE }, { prepare, files: { 'real.yml': OFF }, event: PUSH })).status).toBe(0)
  })
})

describe('inputs that are not ours', () => {
  it.each([
    ['of a composite action around this one', { registry: 'ghcr.io', dir: '.', tags: 'a' }],
    ['that look like ours, where ours is given', { platforms: 'linux/amd64', platform: 'linux/amd64', images: 'a' }],
    ['that say nothing', { dockerfiles: '' }],
  ])('%s have no effect', async (_name, inputs) => {
    const done = await run({ image: CLEAN, ...inputs }, { event: PUSH })
    expect(done.status).toBe(0)
    expect(/^::warning title=Layergate::No input of this action/m.test(done.stdout)).toBe(!('dockerfiles' in inputs))
  })

  it.each([
    ['fail_on', 'fail-on'],
    ['min-confidense', 'min-confidence'],
    ['base-line', 'baseline'],
    ['dockerfile-path', 'dockerfile'],
    ['report_directory', 'report-directory'],
    ['policyfrom', 'policy-from'],
  ])('%s is refused: it is nearly %s', async (name, near) => {
    const done = await run({ image: CLEAN, [name]: 'x' }, { event: PUSH })
    expect(done.status).toBe(2)
    expect(done.stdout).toContain(`Did you mean "${near}"?`)
  })
})

describe('several names in the input image', () => {
  it('of one image are judged as one', async () => {
    const copy = path.join(runner.folder, 'copy.tar')
    writeFileSync(copy, readFileSync(IMAGE))
    const done = await run({ image: `${IMAGE}\n\n  ${copy}\n` }, { event: PUSH })
    expect(done.status).toBe(1)
    expect(done.summary).toContain('leaks a secret')
  })

  it('of two are an error that says what each is', async () => {
    const done = await run({ image: `${IMAGE}\n${CLEAN}` }, { event: PUSH })
    expect(done.status).toBe(2)
    expect(done.stdout).toMatch(
      /the 2 names are not one image \(.*image\.tar is sha256:\w+, .*image\.tar is sha256:\w+\)\. One is judged at a time/,
    )
  })

  it('of an engine are told by its ids', async () => {
    const docker = (id: string): RunOptions => ({
      event: PUSH,
      prepare: (workspace) => {
        const script = `#!/bin/sh\nif [ "$2" = inspect ]; then shift 4; for name in "$@"; do echo "sha256:${id}"; done; else cat ${JSON.stringify(IMAGE)}; fi\n`
        writeFileSync(path.join(workspace, 'docker'), script, { mode: 0o755 })
      },
    })
    const bin = (options: RunOptions): RunOptions => ({ ...options, env: { PATH: `.:${process.env['PATH']}` } })
    expect((await run({ image: 'app:1\napp:latest' }, bin(docker('0123')))).status).toBe(1)
    const two = await run({ image: 'app:1\napp:2' }, bin(docker('$name')))
    expect(two.status).toBe(2)
    expect(two.stdout).toMatch(/app:1 is sha256:app:1, app:2 is sha256:app:2/)
  })
})

describe('a mistake in the configuration', () => {
  it.each([
    ['a wrong word', 'extends: recommended\nfail-on: hihg\n', 2],
    ['a wrong key', '\n\nrulez: {}\n', 3],
    ['no YAML', 'a: [1\n', 2],
    ['a rule that there is not', 'rules:\n  root-user: high\n  nothing: high\n', 3],
    ['an ignore without a reason', 'ignore:\n  - rule: root-user\n', 2],
  ])('%s is told at its line, and not as an image that could not be read', async (_name, text, line) => {
    const done = await run({ image: CLEAN }, { files: { '.layergate.yml': text } })
    expect(done.status).toBe(2)
    expect(done.stdout).toMatch(
      new RegExp(
        `^::error title=Layergate judged nothing because the configuration is wrong,file=\\.layergate\\.yml,line=${line}::`,
        'm',
      ),
    )
    for (const shown of [done.summary, api.comments[0]?.body ?? '']) {
      expect(shown).toMatch(/was not judged: the configuration is wrong/)
      expect(shown).not.toMatch(/could not be read/)
    }
  })

  it('in a file that it extends is told there', async () => {
    const done = await run(
      { image: CLEAN },
      { files: { '.layergate.yml': 'extends: ./ci/p.yml\n', 'ci/p.yml': 'fail-on: x\n' } },
    )
    expect(done.stdout).toMatch(/,file=ci\/p\.yml,line=1::ci\/p\.yml:1:10/)
  })
})

describe('a pull request that changes documentation alone', () => {
  const passing = async (): Promise<string> => {
    const file = path.join(runner.folder, 'shown.tar')
    writeFileSync(
      file,
      await buildImage({
        config: {},
        layers: [{ by: 'RUN /bin/sh -c chmod 777 /srv # buildkit', files: [{ name: 'srv/', mode: 0o777 }] }],
      }),
    )
    return file
  }
  const change = (...names: readonly string[]): void => {
    api.changes = names.map((filename) => ({ filename, patch: '@@ -1 +1 @@\n-a\n+b' }))
  }

  it.each<[string, readonly string[], number]>([
    ['README.md', ['README.md'], 0],
    ['a guide with its pictures', ['docs/guide.rst', 'docs/img/a.png', 'CHANGELOG'], 0],
    ['the licence', ['LICENSE.txt'], 0],
    ['a text and a source', ['README.md', 'src/app.js'], 1],
    ['a Dockerfile among the documents', ['docs/Dockerfile'], 1],
    ['a text that programs read', ['requirements.txt'], 1],
    ['nothing that is listed', [], 1],
  ])('%s', async (_name, names, comments) => {
    change(...names)
    const done = await run({ image: await passing() })
    expect(done.outputs).toMatchObject({ verdict: 'pass' })
    expect(done.outputs['findings-count']).not.toBe('0')
    expect(api.comments).toHaveLength(comments)
  })

  it('is told what fails, what it asks for always, and what an earlier comment said', async () => {
    change('README.md')
    await run({ image: IMAGE })
    expect(api.comments).toHaveLength(1)
    await run({ image: await passing(), name: 'image' })
    expect(api.comments[0]?.body).toContain('✅')
    api.comments = []
    await run({ image: await passing(), comment: 'always' })
    expect(api.comments).toHaveLength(1)
  })
})

describe('a report of a fork', () => {
  const pull = {
    number: 7,
    head: { sha: HEAD, user: { login: 'contributor', type: 'User' as const } },
    base: { repo: { full_name: 'acme/app' } },
    branch: 'feature',
  }
  const post = (text: string): Promise<Run> => {
    api.addArtifact('layergate-report', { 'report.json': text }, { id: 900, event: 'pull_request' })
    return run({ 'report-artifact': 'layergate-*' }, { event: workflowRun({}) })
  }
  let report = ''
  beforeAll(async () => {
    api.files.set(`${BASE}:README.md`, 'an app')
    report = readFileSync(
      (await run({ image: IMAGE, name: 'app', comment: 'never' }, { event: PULL })).outputs['report'] ?? '',
      'utf8',
    )
  })
  beforeEach(() => {
    api.pulls = [pull]
  })
  const changed = (edit: (value: Report) => void): string => {
    const value = JSON.parse(report) as Report
    edit(value)
    return JSON.stringify(value)
  }
  const edits: [string, (value: Report) => void][] = [
    [
      'a commit that is markup',
      (value) => Object.assign(value.policy, { from: 'base', commit: '@acme/[x](https://evil.example)' }),
    ],
    ['a commit that is an object', (value) => Object.assign(value.policy, { commit: { toString: 'x' } })],
    ['numbers that are none', (value) => Object.assign(value.verdict.counts, { critical: '1' })],
    ['numbers beyond all numbers', (value) => Object.assign(value.stats, { bytes: 1e300 })],
    ['a severity of its own', (value) => Object.assign(value.findings[0] ?? {}, { severity: '<img src=x>' })],
    ['a list that is an object', (value) => Object.assign(value, { findings: { length: 1 } })],
    ['a list of layers that is none', (value) => Object.assign(value.image ?? {}, { layers: 'x' })],
    ['a name without an end', (value) => Object.assign(value, { name: 'x'.repeat(100_000) })],
    [
      'more findings than one reads',
      (value) => Object.assign(value, { findings: Array.from({ length: 20_001 }, () => value.findings[0]) }),
    ],
  ]
  it.each(edits)('%s is not posted', async (_name, edit) => {
    const done = await post(changed(edit))
    expect(done.status).toBe(0)
    expect(done.stdout).toMatch(/report\.json is not posted/)
    expect(api.comments).toEqual([])
  })

  it.each([
    ['arrays in arrays', `{"schemaVersion":1,"x":${'['.repeat(5_000_000)}`],
    ['objects in objects', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`],
    ['a text beside JSON', '<html>'],
    ['null', 'null'],
  ])('%s is not posted', async (_name, text) => {
    const done = await post(text)
    expect(done.status).toBe(0)
    expect(done.stdout).toMatch(/report\.json is not posted/)
    expect(api.comments).toEqual([])
  })

  it('keys that every object has, and texts that steer, are shown or left out', async () => {
    const text = changed((value) => {
      value.policy = { ...value.policy, name: '@acme <!-- layergate:end -->', from: 'base', commit: 'c'.repeat(40) }
      value.tool.version = '1 <b>@acme</b>'
      value.warnings = [{ code: 'x', message: '@acme [a](https://evil.example)\n::error::x' }]
      if (value.image !== null)
        value.image.history[0] = {
          created: null,
          createdBy: 'RUN '.repeat(100_000),
          layer: null,
          base: null,
          baseCertainty: null,
          dockerfile: null,
        }
    }).replace(
      '{"schemaVersion"',
      '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"schemaVersion"',
    )
    const done = await post(text)
    expect(done.stdout).not.toMatch(/is not posted|^::error/m)
    const body = api.comments[0]?.body ?? ''
    expect(body).toContain('`app` leaks a secret')
    // Between backticks nothing has an effect.
    expect(body.replace(/`+[^`]*`+/g, '')).not.toMatch(/\]\(https:\/\/evil|<b>|(?<!<!-- -->)@acme/)
    expect(body.match(/^<!-- layergate:end -->$/gm)).toHaveLength(1)
  })

  it('an error that it tells at length is cut', async () => {
    api.addComment('<!-- layergate -->\n', BOT)
    const text = changed((value) => {
      value.verdict = { ...value.verdict, result: 'error' }
      Object.assign(value, {
        findings: [],
        image: null,
        error: { code: 'constructor', message: `x @acme ${'y'.repeat(500_000)}` },
      })
    })
    const done = await post(text)
    expect(done.stdout).not.toMatch(/is not posted/)
    expect(api.comments[0]?.body).toMatch(/`app` could not be read/)
    expect(api.comments[0]?.body.length).toBeLessThan(5000)
  })
})
