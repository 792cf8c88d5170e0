// What a pull request shows, and what it cannot switch off: the action against the stand-in of GitHub's API, event by
// event.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Report } from '../../src/outcome/contract.ts'
import { BOT, GitHub } from '../github.ts'
import { buildImage } from '../image-builder.ts'
import {
  BASE,
  CLEAN,
  DOCKERFILE,
  HEAD,
  IMAGE,
  MERGE_GROUP,
  PULL,
  PUSH,
  ROOT,
  type Run,
  Runner,
  type RunOptions,
  SCHEDULE,
  workflowRun,
} from '../run-action.ts'
import { fill, VALUES } from '../values.ts'

const api = new GitHub()
let runner: Runner
const run = (inputs: Record<string, string>, options?: RunOptions): Promise<Run> => runner.run(inputs, options)
const reportOf = ({ outputs }: Run): Report => JSON.parse(readFileSync(outputs['report'] ?? '', 'utf8')) as Report
const comment = (): string => api.comments[0]?.body ?? ''

/** A policy without which the trap passes. */
const OFF = 'rules: { deleted-secret: off }\n'

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

describe('the verdict is the same whatever the event and the token', () => {
  it.each([
    ['a pull request', PULL, {}],
    ['a push', PUSH, {}],
    ['a merge group', MERGE_GROUP, {}],
    ['a schedule', SCHEDULE, {}],
    ['a pull request with LAYERGATE_KEY', PULL, { LAYERGATE_KEY: 'a key of the organisation' }],
  ])('%s', async (_name, event, env) => {
    const done = await run({ image: IMAGE }, { event, env })
    expect(done.status).toBe(1)
    expect(done.outputs).toMatchObject({ verdict: 'fail', 'critical-count': '1' })
    expect(done.summary).toMatch(/^## ❌ .* leaks a secret/)
    expect(api.comments).toHaveLength(event === PULL ? 1 : 0)
  })

  it.each([
    ['a fork', { GITHUB_ACTOR: 'contributor' }],
    ['Dependabot', { GITHUB_ACTOR: 'dependabot[bot]' }],
  ])('of %s, whose token only reads: a notice that names the right, and nothing else fails', async (_name, env) => {
    api.mayWrite = false
    const done = await run({ image: IMAGE, suggestions: 'true' }, { env })
    expect(done.status).toBe(1)
    expect(done.stdout).toMatch(/^::notice::No comment on the pull request: .*`permissions: pull-requests: write`/m)
    expect(done.stdout).toMatch(/^::error title=GitHub token stays in the image,file=Dockerfile,line=5/m)
    expect(done.summary).toContain('leaks a secret')
    expect((await run({ image: CLEAN }, { env })).status).toBe(0)
  })
})

describe('the pull request cannot switch off its own gate', () => {
  const loosened = /This pull request (adds 1 ignore and lowers 1 rule)\./

  it('is judged by the configuration of the base commit, and says what it loosens', async () => {
    api.files.set(`${BASE}:.layergate.yml`, 'extends: recommended\n')
    const files = { '.layergate.yml': `${OFF}ignore: [{ rule: root-user, reason: "let me in" }]\n` }
    const done = await run({ image: IMAGE }, { files })
    expect(done.status).toBe(1)
    expect(reportOf(done).policy).toMatchObject({
      from: 'base',
      commit: BASE,
      loosened: [{ kind: 'ignore' }, { kind: 'rule', text: 'rule deleted-secret: high by default → off' }],
    })
    for (const text of [comment(), done.summary, done.stdout]) expect(text).toMatch(loosened)
    // At the head, before the findings.
    expect(comment().search(loosened)).toBeLessThan(comment().indexOf('GitHub token'))
    expect((await run({ image: IMAGE, 'policy-from': 'head' }, { files })).status).toBe(0)
  })

  it.each([
    ['a configuration that the pull request adds', {}, { '.layergate.yml': OFF }],
    ['one that it deletes', { '.layergate.yml': 'fail-on: low\n' }, {}],
    [
      'a file that its configuration extends',
      { '.layergate.yml': 'extends: ./policy.yml\n', 'policy.yml': '{}\n' },
      { '.layergate.yml': 'extends: ./policy.yml\n', 'policy.yml': OFF },
    ],
    [
      'a comment in the Dockerfile',
      { Dockerfile: DOCKERFILE },
      {
        Dockerfile: DOCKERFILE.replace(
          'COPY secret.txt',
          '# layergate-ignore: deleted-secret it is nothing\nCOPY secret.txt',
        ),
      },
    ],
  ])('%s', async (_name, before, after) => {
    for (const [name, text] of Object.entries(before)) api.files.set(`${BASE}:${name}`, text)
    expect((await run({ image: IMAGE }, { files: after })).status).toBe(1)
  })

  it('a comment of the base counts for what it was written for, and for nothing else', async () => {
    const accepted = DOCKERFILE.replace(
      'COPY secret.txt',
      '# layergate-ignore: deleted-secret path=/app/secret.txt a test value\nCOPY secret.txt',
    )
    api.files.set(`${BASE}:Dockerfile`, accepted)
    const done = await run({ image: IMAGE }, { files: { Dockerfile: `# moved down\n\n${accepted}` } })
    expect(done.status).toBe(0)
    expect(reportOf(done).findings[0]?.suppressed).toEqual({ by: 'inline', reason: 'a test value', expires: null })
    // The same comment above another instruction accepts nothing there.
    api.files.set(
      `${BASE}:Dockerfile`,
      DOCKERFILE.replace(
        'COPY serve.sh',
        '# layergate-ignore: deleted-secret path=/app/secret.txt a test value\nCOPY serve.sh',
      ),
    )
    expect((await run({ image: IMAGE }, { files: { Dockerfile: accepted } })).status).toBe(1)
  })

  it('reads the base by git where the checkout has it, and asks nobody then', async () => {
    const git = (workspace: string, ...args: string[]): string =>
      execFileSync('git', ['-C', workspace, '-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }).trim()
    const base = { sha: '' }
    const event = {
      name: 'pull_request',
      payload: { repository: { private: false }, pull_request: { number: 7, head: { sha: HEAD }, base } },
    }
    const prepare = (workspace: string): void => {
      git(workspace, 'init', '-q')
      writeFileSync(path.join(workspace, 'real.yml'), 'fail-on: low\n')
      execFileSync('ln', ['-s', 'real.yml', path.join(workspace, '.layergate.yml')])
      git(workspace, 'add', '-A')
      git(workspace, 'commit', '-q', '-m', 'base')
      base.sha = git(workspace, 'rev-parse', 'HEAD')
      writeFileSync(path.join(workspace, 'real.yml'), OFF)
      git(workspace, 'commit', '-q', '-a', '-m', 'head')
    }
    // The event is written after the workspace is prepared, so that it names the commit.
    const done = await run({ image: IMAGE, comment: 'never', token: '' }, { event, prepare })
    expect(done.status).toBe(1)
    expect(reportOf(done)).toMatchObject({ policy: { from: 'base', commit: base.sha }, verdict: { failOn: 'low' } })
    expect(api.requests).toEqual([])
  })

  it('in a merge group too', async () => {
    expect((await run({ image: IMAGE }, { event: MERGE_GROUP, files: { '.layergate.yml': OFF } })).status).toBe(1)
    api.files.set(`${BASE}:.layergate.yml`, OFF)
    expect((await run({ image: IMAGE }, { event: MERGE_GROUP })).status).toBe(0)
  })

  it('whatever form the API gives a file in', async () => {
    api.answersInBase64 = true
    api.files.set(`${BASE}:.layergate.yml`, OFF)
    expect((await run({ image: IMAGE })).status).toBe(0)
  })

  it.each([
    [
      'without the right to read',
      { mayRead: false },
      {},
      /the policy of the base commit bbbbbbb cannot be read: .*contents: read/,
    ],
    [
      'without a token',
      {},
      { token: '' },
      /cannot be read: the checkout does not have it, and there is no token to ask for it/,
    ],
  ])('%s nothing is judged', async (_name, state, inputs, message) => {
    Object.assign(api, state)
    const done = await run({ image: CLEAN, ...inputs })
    expect(done.status).toBe(2)
    expect(done.stdout).toMatch(message)
    expect(done.outputs['verdict']).toBe('error')
  })

  it('a configuration that a step of the workflow brought counts as it lies there', async () => {
    const prepare = (workspace: string): void => {
      execFileSync('git', ['-C', workspace, 'init', '-q'])
      execFileSync('git', ['-C', workspace, 'add', 'Dockerfile'])
      writeFileSync(path.join(workspace, 'central.yml'), 'extends: ./common.yml\n')
      writeFileSync(path.join(workspace, 'common.yml'), OFF)
    }
    expect((await run({ image: IMAGE, config: 'central.yml' }, { prepare })).status).toBe(0)
    // One of the pull request's own does not.
    expect(
      (
        await run(
          { image: IMAGE, config: 'own.yml' },
          {
            prepare: (workspace) => {
              writeFileSync(path.join(workspace, 'own.yml'), OFF)
              execFileSync('git', ['-C', workspace, 'init', '-q'])
              execFileSync('git', ['-C', workspace, 'add', '-A'])
            },
          },
        )
      ).status,
    ).toBe(1)
  })

  it('a wrong configuration in the pull request is an error before it is merged', async () => {
    const done = await run({ image: CLEAN }, { files: { '.layergate.yml': 'fail-on: hihg\n' } })
    expect(done.status).toBe(2)
    expect(done.stdout).toMatch(/\.layergate\.yml:1:\d+: .*Did you mean "high"/)
  })
})

describe('only what is new', () => {
  const baseline = (image: string): string => {
    const file = path.join(runner.folder, `baseline-${path.basename(path.dirname(image))}.json`)
    execFileSync(
      process.execPath,
      [path.join(ROOT, 'dist/cli.js'), 'baseline', 'create', image, '--output', file, '--name', 'image'],
      { cwd: runner.folder },
    )
    const text = readFileSync(file, 'utf8')
    execFileSync('rm', [file])
    return text
  }

  it('what the baseline of the base commit knows does not fail', async () => {
    api.files.set(`${BASE}:.layergate-baseline.json`, baseline(IMAGE))
    const done = await run({ image: IMAGE }, { files: { '.layergate-baseline.json': baseline(IMAGE) } })
    expect(done.status).toBe(0)
    expect(done.outputs).toMatchObject({ verdict: 'pass', 'new-count': '0', 'known-count': '1', 'fixed-count': '0' })
    expect(done.stdout).not.toMatch(/^::(?:error|warning)/m)
    expect(done.summary).toMatch(/adds nothing new/)
    // Nothing new to say: no comment.
    expect(api.comments).toEqual([])
    expect((await run({ image: IMAGE }, { env: { LAYERGATE_KEY: 'another key' } })).outputs['verdict']).toBe('pass')
  })

  it('a baseline that the pull request brings takes effect after the merge', async () => {
    const done = await run({ image: IMAGE }, { files: { '.layergate-baseline.json': baseline(IMAGE) } })
    expect(done.status).toBe(1)
    expect(comment()).toContain('This pull request adds 1 known finding.')
  })

  it('what is gone is said', async () => {
    api.files.set(`${BASE}:.layergate-baseline.json`, baseline(IMAGE))
    const done = await run({ image: CLEAN, comment: 'always' })
    expect(done.outputs).toMatchObject({ 'fixed-count': '1' })
    for (const text of [done.summary, done.stdout, comment()]) expect(text).toMatch(/1 fixed/)
    expect(reportOf(done).fixed).toHaveLength(1)
  })

  describe('against the last report of the default branch', () => {
    const report = async (): Promise<string> =>
      readFileSync((await run({ image: IMAGE }, { event: PUSH })).outputs['report'] ?? '', 'utf8')
    const inputs = { image: IMAGE, baseline: 'default-branch' }

    it('takes that of a push', async () => {
      api.addArtifact('layergate-report', { 'image-1/report.json': await report() }, { id: 501, event: 'push' })
      const done = await run(inputs)
      expect(done.status).toBe(0)
      expect(reportOf(done).baseline.name).toBe('main, run 501')
    })

    it('never that of a pull request, or of a fork whose branch has the same name', async () => {
      const text = await report()
      api.addArtifact('layergate-report', { 'report.json': text }, { id: 601, event: 'pull_request' })
      api.addArtifact('layergate-report', { 'report.json': text }, { id: 602, event: 'push', isFork: true })
      api.addArtifact('layergate-report', { 'report.json': text }, { id: 603, event: 'push', branch: 'other' })
      const done = await run(inputs)
      expect(done.status).toBe(1)
      expect(done.stdout).toMatch(
        /no report of the default branch to compare with, so all counts as new: no push to main left an artifact layergate-report/,
      )
    })

    it('without the right to read artifacts all is new, and the right is named', async () => {
      api.failNext(/GET .*\/actions\/artifacts$/, { status: 403 })
      const done = await run(inputs)
      expect(done.status).toBe(1)
      expect(done.stdout).toContain('`permissions: actions: read`')
    })
  })
})

describe('one comment', () => {
  it('says what was fixed, and by which commit', async () => {
    await run({ image: IMAGE, name: 'app' })
    expect(comment()).toMatch(
      /^<!-- layergate -->\n<!-- layergate:image \w+ -->\n### ❌ `app` leaks a secret\n\n\*\*1 critical\*\*/,
    )
    await run({ image: CLEAN, name: 'app' })
    expect(api.comments).toHaveLength(1)
    expect(comment()).toMatch(/### ✅ `app` is clean/)
    expect(comment()).toMatch(
      /\*\*Fixed in this pull request\*\*\n- ✅ GitHub token stays in the image: `Dockerfile:5` since fffffff/,
    )
  })

  it('two jobs of a matrix at once: both sections stand, in one comment', async () => {
    const runs = await Promise.all(
      ['one', 'two', 'three'].map((name, index) =>
        runner.spawn({ image: index === 1 ? CLEAN : IMAGE, name, comment: 'always' }),
      ),
    )
    expect(runs.map(({ status }) => status)).toEqual([1, 0, 1])
    expect(api.comments).toHaveLength(1)
    for (const name of ['one', 'two', 'three']) expect(comment()).toContain(`\`${name}\``)
    // What fails stands above what passes.
    expect(comment().indexOf('`three` leaks')).toBeLessThan(comment().indexOf('`two` is clean'))
  })

  it('a comment that a person deletes meanwhile is written anew', async () => {
    api.addComment('<!-- layergate -->\n', BOT)
    api.onWrite = () => {
      api.onWrite = null
      api.comments.length = 0
    }
    const done = await run({ image: IMAGE })
    expect(done.stdout).not.toContain('No comment')
    expect(comment()).toContain('leaks a secret')
  })

  it('stays below the limit with seventy thousand characters of findings, and loses no section', async () => {
    api.addComment(
      `<!-- layergate -->\n${Array.from({ length: 12 }, (_, index) => `<!-- layergate:image ${Buffer.from(`image-${index}`).toString('base64url')} -->\n### ❌ \`image-${index}\` leaks\n\ncounts\n\n<details><summary>What to do</summary>\n\n${'long text '.repeat(580)}\n\n</details>\n<!-- layergate:end -->`).join('\n\n')}\n`,
    )
    expect(comment().length).toBeGreaterThan(70_000)
    const done = await run({ image: IMAGE, name: 'mine' })
    expect(done.stdout).not.toContain('No comment')
    expect(comment().length).toBeLessThanOrEqual(65_536)
    expect(comment()).toContain('`mine` leaks a secret')
    for (let index = 0; index < 12; index++) expect(comment()).toContain(`\`image-${index}\` leaks`)
  })

  it.each([
    ['with its own token of an app', { login: 'acme-gate[bot]', type: 'Bot' as const }],
    ['with a token of a person', { login: 'platform', type: 'User' as const }],
  ])('%s finds its own comment again', async (_name, viewer) => {
    api.viewer = viewer
    await run({ image: IMAGE })
    await run({ image: IMAGE })
    expect(api.comments).toHaveLength(1)
    expect(api.comments[0]?.user).toEqual(viewer)
  })
})

describe('a server that is busy', () => {
  it('a rate limit is waited for', async () => {
    api.failNext(/POST .*\/comments$/, { status: 429, headers: { 'retry-after': '1' } })
    api.failNext(/GET .*\/comments$/, {
      status: 403,
      headers: { 'retry-after': '1' },
      message: 'You have exceeded a secondary rate limit',
    })
    const done = await run({ image: IMAGE })
    expect(done.stdout).not.toContain('No comment')
    expect(api.comments).toHaveLength(1)
  })

  it('but not for an hour: the verdict stands, and a notice says why there is no comment', async () => {
    api.failNext(/GET .*\/issues\/7\/comments$/, { status: 429, headers: { 'retry-after': '3600' } })
    const done = await run({ image: IMAGE })
    expect(done.status).toBe(1)
    expect(done.stdout).toMatch(/^::notice::No comment on the pull request: GitHub limits the requests of this token/m)
  })

  it('errors of the server are tried again, a comment is never made twice', async () => {
    api.failNext(/GET .*\/comments$/, { status: 502 }, { status: 503 })
    api.failNext(/POST .*\/comments$/, { status: 500 })
    await run({ image: IMAGE })
    expect(api.comments).toHaveLength(1)
  })

  it('and where it stays down the policy of the base cannot be read: nothing is judged', async () => {
    api.failNext(/GET .*\/contents\//, ...Array.from({ length: 8 }, () => ({ status: 500 })))
    const done = await run({ image: CLEAN })
    expect(done.status).toBe(2)
    expect(done.stdout).toMatch(/cannot be read: GitHub did not answer \(HTTP 500\)/)
  })
})

describe('GitHub Enterprise Server', () => {
  it('is asked at its own address, and linked to', async () => {
    api.prefix = '/api/v3'
    const url = runner.api
    const done = await run(
      { image: IMAGE },
      { env: { GITHUB_API_URL: `${url}/api/v3`, GITHUB_SERVER_URL: 'https://git.acme.example' } },
    )
    expect(done.stdout).not.toContain('No comment')
    expect(comment()).toContain(`https://git.acme.example/acme/app/blob/${HEAD}/Dockerfile#L5`)
    expect(comment()).not.toContain('github.com/acme')
  })
})

describe('suggestions', () => {
  const patch = `@@ -1,9 +1,9 @@\n${DOCKERFILE.trimEnd()
    .split('\n')
    .map((line, index) => `${index < 3 ? ' ' : '+'}${line}`)
    .join('\n')}`

  it('are the changed lines, once', async () => {
    api.changes = [{ filename: 'Dockerfile', patch }]
    await run({ image: IMAGE, suggestions: 'true' })
    expect(api.reviews).toMatchObject([
      {
        commit_id: HEAD,
        event: 'COMMENT',
        comments: [{ path: 'Dockerfile', start_line: 5, line: 7, side: 'RIGHT', start_side: 'RIGHT' }],
      },
    ])
    expect(api.reviews[0]?.comments[0]?.body).toContain(
      '```suggestion\nRUN --mount=type=secret,id=secret.txt,target=/app/secret.txt \\\n    sh /app/serve.sh --check /app/secret.txt\n```',
    )
    await run({ image: IMAGE, suggestions: 'true' })
    expect(api.reviews).toHaveLength(1)
  })

  it.each([
    ['lines that the diff does not show', [{ filename: 'Dockerfile', patch: '@@ -1,3 +1,3 @@\n # a\n-b\n+c' }]],
    [
      'lines that differ from the checkout',
      [{ filename: 'Dockerfile', patch: patch.replace('COPY secret.txt', 'COPY another.txt') }],
    ],
    ['a file that the pull request leaves alone', [{ filename: 'other', patch }]],
    ['a diff that is too large to be shown', [{ filename: 'Dockerfile' }]],
  ])('not for %s', async (_name, changes) => {
    api.changes = changes
    await run({ image: IMAGE, suggestions: 'true' })
    expect(api.reviews).toEqual([])
  })

  it('not unless asked for', async () => {
    api.changes = [{ filename: 'Dockerfile', patch }]
    await run({ image: IMAGE })
    expect(api.reviews).toEqual([])
  })
})

describe('the companion of pull requests from forks', () => {
  const pull = {
    number: 7,
    head: { sha: HEAD, user: { login: 'contributor', type: 'User' as const } },
    base: { repo: { full_name: 'acme/app' } },
    branch: 'feature',
  }
  const inputs = { 'report-artifact': 'layergate-*' }
  let report = ''
  beforeEach(async () => {
    api.mayWrite = false
    report = readFileSync((await run({ image: IMAGE, name: 'app' })).outputs['report'] ?? '', 'utf8')
    api.mayWrite = true
    api.requests = []
    api.pulls = [pull]
  })
  const changed = (edit: (value: Report) => void): string => {
    const value = JSON.parse(report) as Report
    edit(value)
    return JSON.stringify(value)
  }

  it('posts what the run found, and says whose word it is', async () => {
    api.addArtifact(
      'layergate-report',
      { 'app-1/report.json': report, 'app-1/report.sarif': '{}' },
      { id: 900, event: 'pull_request' },
    )
    const done = await run(inputs, { event: workflowRun({}) })
    expect(done.status).toBe(0)
    expect(comment()).toMatch(/### ❌ `app` leaks a secret/)
    expect(comment()).toContain(`https://github.com/acme/app/blob/${HEAD}/Dockerfile#L5`)
    expect(comment()).toMatch(/As the run of the pull request reports it/)
    expect(
      api.requests.filter(
        (line) => !/^(?:GET|POST) \/(?:graphql|blob|repos\/acme\/app\/(?:pulls|issues|actions))/.test(line),
      ),
    ).toEqual([])
  })

  it.each<[string, Partial<typeof pull>]>([
    ['another commit at its head', { head: { ...pull.head, sha: 'e'.repeat(40) } }],
    ['another owner', { head: { ...pull.head, user: { login: 'mallory', type: 'User' } } }],
    ['another repository below it', { base: { repo: { full_name: 'acme/other' } } }],
  ])('not on a pull request with %s', async (_name, other) => {
    api.pulls = [{ ...pull, ...other }]
    api.addArtifact('layergate-report', { 'report.json': report }, { id: 900, event: 'pull_request' })
    const done = await run(inputs, { event: workflowRun({}) })
    expect(api.comments).toEqual([])
    expect(done.stdout).toContain('No open pull request has the commit fffffff at its head')
  })

  it('takes only what is a report, whole, and does not contradict itself', async () => {
    const pass = changed((value) => {
      value.verdict.result = 'pass'
    })
    const none = changed((value) => {
      value.findings = []
    })
    const files = {
      'a.json': '{',
      'b.json': '{"schemaVersion":1}',
      'c.json': pass,
      'd.json': none,
      '../../e.json': report,
    }
    api.addArtifact('layergate-a', files, { id: 900, event: 'pull_request' })
    api.addArtifact('layergate-b', {}, { id: 900, event: 'pull_request', size: 20 << 20 })
    api.addArtifact('layergate-c', {}, { id: 900, event: 'pull_request', content: Buffer.from('no zip at all') })
    api.addArtifact('other', { 'report.json': report }, { id: 900, event: 'pull_request' })
    const { stdout, status } = await run(inputs, { event: workflowRun({}) })
    expect(status).toBe(0)
    expect(api.comments).toEqual([])
    for (const what of [
      /layergate-b is not posted: more than 16 MiB/,
      /layergate-c is not posted: no valid zip/,
      /layergate-a.* is not posted/,
    ])
      expect(stdout).toMatch(what)
    api.artifacts = []
    api.addArtifact(
      'layergate-a',
      { 'a.json': '{', 'b.json': '{"schemaVersion":1}', 'c.json': pass, 'd.json': none },
      { id: 900, event: 'pull_request' },
    )
    const again = await run(inputs, { event: workflowRun({}) })
    expect(api.comments).toEqual([])
    for (const what of [
      /a\.json is not posted: no valid JSON/,
      /b\.json is not posted: no report of this program/,
      /c\.json is not posted: it contradicts itself: its verdict/,
      /d\.json is not posted: it contradicts itself: its counts/,
    ])
      expect(again.stdout).toMatch(what)
  })

  it('what a report says has no effect but to be shown', async () => {
    const evil = changed((value) => {
      const [finding] = value.findings
      if (finding?.dockerfile == null) throw new Error('no finding')
      value.name = 'x</details>\n<!-- layergate:end -->\n# hi @team'
      finding.title = '[click](https://evil.example) <img src=x onerror=alert(1)> @acme/owners\n::error::x'
      finding.dockerfile.path = '../../../../mallory/phish'
    })
    api.addArtifact('layergate-report', { 'report.json': evil }, { id: 900, event: 'pull_request' })
    const { stdout } = await run(inputs, { event: workflowRun({}) })
    expect(comment()).not.toMatch(/\]\(https:\/\/evil|<img|(?<!<!-- -->)@acme|@team\b(?!`)|mallory\/phish\)/)
    expect(comment()).not.toMatch(/^# hi/m)
    expect(comment().match(/^<!-- layergate:end -->$/gm)).toHaveLength(1)
    expect(stdout).not.toMatch(/^::error::x/m)
  })

  it.each([
    ['a push', workflowRun({ event: 'push' }), 0, /started by push, not by a pull request/],
    ['a pull request itself', PULL, 2, /report-artifact is for workflows with on: workflow_run/],
  ])('has nothing to say of %s', async (_name, event, status, message) => {
    const done = await run(inputs, { event })
    expect(done.status).toBe(status)
    expect(done.stdout).toMatch(message)
    expect(api.comments).toEqual([])
  })

  it('without the rights says which', async () => {
    api.mayRead = false
    const done = await run(inputs, { event: workflowRun({}) })
    expect(done.status).toBe(0)
    expect(done.stdout).toMatch(/^::warning title=Layergate::Nothing is posted: .*actions: read, pull-requests: write/m)
  })
})

describe('roll-out', () => {
  it('fail-on never shows what would fail, and fails nothing', async () => {
    const done = await run({ image: IMAGE, 'fail-on': 'never' })
    expect(done.status).toBe(0)
    expect(done.outputs['verdict']).toBe('fail')
    expect(done.stdout).toMatch(/^WOULD FAIL {2}1 critical/m)
    expect(done.stdout).not.toMatch(/^::error/m)
    expect(done.stdout).toMatch(/^::warning title=GitHub token/m)
    for (const text of [done.summary, comment()]) expect(text).toMatch(/⚠️ .* would fail: it leaks a secret/)
  })

  it('would fail where the configuration would', async () => {
    api.files.set(`${BASE}:.layergate.yml`, 'fail-on: low\n')
    expect(reportOf(await run({ image: IMAGE, 'fail-on': 'never' })).verdict).toMatchObject({
      failOn: 'never',
      threshold: 'low',
      result: 'fail',
    })
  })
})

describe('what never fails', () => {
  it('a summary is written whatever goes wrong', async () => {
    for (const inputs of [{ image: './nothing.tar' }, { image: IMAGE, comment: 'sometimes' }, { image: '' }] as Record<
      string,
      string
    >[]) {
      const { summary, status } = await run(inputs)
      expect(status).toBe(2)
      expect(summary).toMatch(/could not be read|was not judged: the inputs are wrong/)
    }
  })

  it('a value of an image is in no output of any kind, comment and suggestions included', async () => {
    const token = VALUES['github-token']?.() ?? ''
    const dockerfile = `FROM scratch\nARG T=${token}\nCOPY k /k\nRUN rm /k\n`
    const file = path.join(runner.folder, 'planted.tar')
    writeFileSync(
      file,
      await buildImage({
        layers: [
          { by: 'COPY k /k # buildkit', files: [{ name: 'k', content: fill('{{github-token}}') }] },
          { by: 'RUN /bin/sh -c rm /k # buildkit', files: [{ name: '.wh.k' }] },
        ],
      }),
    )
    api.changes = [{ filename: 'Dockerfile', patch: `@@ -0,0 +1,4 @@\n${dockerfile.trimEnd().replace(/^/gm, '+')}` }]
    const done = await run({ image: file, suggestions: 'true' }, { files: { Dockerfile: dockerfile } })
    const log = done.stdout
      .split('\n')
      .filter((line) => !line.startsWith('::add-mask::'))
      .join('\n')
    for (const text of [
      log,
      done.summary,
      comment(),
      JSON.stringify(api.reviews),
      readFileSync(done.outputs['report'] ?? '', 'utf8'),
      readFileSync(done.outputs['sarif'] ?? '', 'utf8'),
    ])
      expect(text).not.toContain(token)
  })
})
