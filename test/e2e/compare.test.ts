// `layergate baseline` and `layergate diff` as a person runs them.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Difference } from '../../src/outcome/compare.ts'
import { buildImage, type LayerSpec } from '../image-builder.ts'
import { type Done, layergate as run } from '../in-process.ts'
import { fill, VALUES } from '../values.ts'

let work = ''

const layergate = (...args: readonly string[]): Promise<Done> =>
  run(args, { directory: work, env: { PATH: process.env['PATH'] ?? '', HOME: work, TMPDIR: work } })

const passwd = (account: string, more = ''): LayerSpec => ({
  by: '/bin/sh -c #(nop) ADD file:1 in / ',
  files: [
    { name: 'etc/passwd', content: `root:x:0:0:::\n${account}:x:10:10:::\n` },
    {
      name: 'var/lib/dpkg/status',
      content: `Package: curl\nStatus: install ok installed\nVersion: 8.1\n\nPackage: zlib1g\nVersion: 1.3\n${more}`,
    },
  ],
})
const OLD: readonly LayerSpec[] = [
  passwd('old'),
  {
    by: 'COPY a /app/ # buildkit',
    files: [
      { name: 'app/a', content: 'one' },
      { name: 'app/same', content: 'same' },
      { name: 'app/gone', content: 'x' },
      { name: 'app/node_modules/@acme/x/package.json', content: '{"version":"1.0.0"}' },
      { name: 'usr/lib/ruby/gems/3.3.0/specifications/rack-3.0.1.gemspec', content: '' },
      { name: 'usr/lib/python3/dist-packages/requests-2.31.0.dist-info/METADATA', content: '' },
    ],
  },
]
const NEW: readonly LayerSpec[] = [
  passwd('app', '\nPackage: jq\nVersion: 1.7\n'),
  {
    by: 'COPY a /app/ # buildkit',
    files: [
      { name: 'app/a', content: 'two' },
      { name: 'app/same', content: 'same', mtime: 1_790_000_000 },
      { name: 'app/mode', content: 'm', mode: 0o777 },
      { name: 'app/node_modules/@acme/x/package.json', content: '{"version":"1.1.0"}' },
      { name: 'app/node_modules/y/package.json', content: 'no JSON' },
      { name: 'usr/lib/python3/dist-packages/requests-2.32.0.dist-info/METADATA', content: '' },
    ],
  },
  { by: 'COPY .env /app/ # buildkit', files: [{ name: 'app/.env', content: fill('T={{github-token}}\n') }] },
]

beforeAll(async () => {
  work = mkdtempSync(path.join(tmpdir(), 'layergate-compare-'))
  const secret = fill('{{github-token}}')
  writeFileSync(
    path.join(work, 'old.tar'),
    await buildImage({ layers: OLD, config: { User: 'old', Env: ['A=1', 'B=2'] } }),
  )
  writeFileSync(
    path.join(work, 'new.tar'),
    await buildImage({ layers: NEW, config: { User: 'app', Env: ['A=1', `B=${secret}`], Entrypoint: ['/app/a'] } }),
  )
})
afterAll(() => rmSync(work, { recursive: true, force: true }))
beforeEach(() => rmSync(path.join(work, '.layergate-baseline.json'), { force: true }))

describe('layergate baseline', () => {
  const file = (): { images: Record<string, { rule: string; since: string }[]>; salt: string } =>
    JSON.parse(readFileSync(path.join(work, '.layergate-baseline.json'), 'utf8'))

  it('create, scan, update, show: what is known no longer fails', async () => {
    expect((await layergate('scan', 'new.tar')).status).toBe(1)
    expect(await layergate('baseline', 'create', 'new.tar')).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/\.layergate-baseline\.json: 1 finding of new\. Known ones no longer fail/),
    })
    const known = await layergate('scan', 'new.tar')
    expect(known.status).toBe(0)
    expect(known.stdout).toMatch(/nothing new, 1 known/)
    expect((await layergate('scan', 'new.tar', '--baseline', 'none')).status).toBe(1)
    expect((await layergate('baseline', 'show')).stdout).toMatch(
      /^new: 1 finding\n {2}\d{4}-\d\d-\d\d {2}secret-in-env/,
    )
    const { salt } = file()
    // The secret is gone: update takes it out.
    expect((await layergate('scan', 'old.tar', '--name', 'new')).stdout).toMatch(/1 fixed/)
    expect((await layergate('baseline', 'update', 'old.tar', '--name', 'new')).stdout).toMatch(
      /0 findings of new, 0 new, 1 gone/,
    )
    expect(file().salt).toBe(salt)
  })

  it('update takes in what is new, with --prune only takes out what is gone', async () => {
    await layergate('baseline', 'create', 'old.tar', '--name', 'app')
    expect((await layergate('baseline', 'update', 'new.tar', '--name', 'app', '--prune')).stdout).toMatch(
      /0 findings of app, 0 new, 0 gone; 1 new one is not\s+taken/,
    )
    expect((await layergate('baseline', 'update', 'new.tar', '--name', 'app')).stdout).toMatch(
      /1 finding of app, 1 new, 0 gone/,
    )
    expect((await layergate('baseline', 'update', 'new.tar', '--name', 'other')).stdout).toMatch(/1 finding of other/)
    expect(Object.keys(file().images)).toEqual(['app', 'other'])
  })

  it('reads a JSON report as well', async () => {
    await layergate('scan', 'new.tar', '--format', 'json=report.json')
    expect((await layergate('baseline', 'create', 'report.json')).status).toBe(0)
    expect((await layergate('scan', 'new.tar')).status).toBe(0)
    expect((await layergate('scan', 'new.tar', '--baseline', 'report.json')).status).toBe(0)
  })

  it('keeps the images apart: a second one has its own section, and what it has no section for is new', async () => {
    await layergate('baseline', 'create', 'old.tar')
    // Without a section of its own nothing of another image is known.
    expect(await layergate('scan', 'new.tar')).toMatchObject({
      status: 1,
      stdout: expect.stringContaining('has no entries for new'),
    })
    expect((await layergate('baseline', 'update', 'new.tar')).stdout).toMatch(/1 finding of new, 1 new, 0 gone/)
    expect(Object.entries(file().images).map(([name, entries]) => [name, entries.length])).toEqual([
      ['new', 1],
      ['old', 0],
    ])
    expect((await layergate('scan', 'new.tar')).status).toBe(0)
    // What is known of one is new in another.
    expect((await layergate('scan', 'new.tar', '--name', 'old')).status).toBe(1)
    expect((await layergate('scan', 'new.tar', '--name', 'third')).status).toBe(1)
    expect((await layergate('scan', 'new.tar', '--name', 'constructor')).status).toBe(1)
    await layergate('baseline', 'update', 'old.tar', '--name', 'third')
    expect(Object.keys(file().images)).toEqual(['new', 'old', 'third'])
    expect((await layergate('baseline', 'update', '.layergate-baseline.json')).stderr).toMatch(
      /this is a baseline, no report of one image/,
    )
  })

  it.each([
    [['baseline'], /Name one: layergate baseline create/],
    [['baseline', 'update', 'new.tar'], /there is no baseline to update: layergate baseline create new\.tar/],
    [['baseline', 'show'], /there is no baseline/],
    [['baseline', 'create', 'nothing.tar'], /nothing\.tar: no such file/],
    [['baseline', 'create', 'nothing.json'], /nothing\.json: there is no such report/],
    [['scan', 'new.tar', '--baseline', 'nothing.json'], /nothing\.json: there is no such baseline/],
    [['scan', 'new.tar', '--baseline', 'default-branch'], /is the action's: the command reads a file/],
  ])('%j', async (args, message) => {
    const { status, stderr } = await layergate(...args)
    expect(stderr).toMatch(message)
    expect(status).toBe(2)
    expect(existsSync(path.join(work, '.layergate-baseline.json'))).toBe(false)
  })

  it('leaves a file that is there alone', async () => {
    await layergate('baseline', 'create', 'old.tar')
    expect(await layergate('baseline', 'create', 'new.tar')).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/is there already: layergate baseline update new\.tar/),
    })
  })
})

describe('layergate diff', () => {
  it('says what the change brought', async () => {
    const { status, stdout } = await layergate('diff', 'old.tar', 'new.tar')
    expect(status).toBe(0)
    for (const line of [
      /^Findings: 1 new, 0 fixed, 0 the same\n {2}\+ secret-in-env: GitHub token in an environment variable \(Env\.B\)$/m,
      /^ {2}~ user old \(uid 10\) → app \(uid 10\)$/m,
      /^Packages: 4 changed\n {2}\+ dpkg jq 1\.7\n {2}- gem rack 3\.0\.1\n {2}~ npm @acme\/x 1\.0\.0 → 1\.1\.0\n {2}~ python requests 2\.31\.0 → 2\.32\.0$/m,
      /^ {2}\+ app 10:10$/m,
      /^ {2}\+ Entrypoint \["\/app\/a"\]$/m,
      /^Files: 4 added, 3 removed, 4 changed$/m,
      /^ {2}~ \/app\/a/m,
    ])
      expect(stdout).toMatch(line)
    // The same content from another build is no change.
    expect(stdout).not.toContain('/app/same')
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  })

  it('shows no secret, in no form', async () => {
    for (const format of ['terminal', 'json', 'markdown'])
      expect((await layergate('diff', 'old.tar', 'new.tar', '--format', format)).stdout).not.toContain(
        VALUES['github-token']?.() ?? '',
      )
  })

  it('shows no value of a variable that is called a secret, recognised or not', async () => {
    const image = async (value: string, name: string): Promise<void> =>
      writeFileSync(
        path.join(work, name),
        await buildImage({ layers: OLD, config: { Env: [`API_KEY=${value}`, `MODE=${value}`] } }),
      )
    await image('four', 'a.tar')
    await image('five', 'b.tar')
    const { stdout } = await layergate('diff', 'a.tar', 'b.tar')
    expect(stdout).toMatch(/~ Env\.API_KEY ••• → •••\n {2}~ Env\.MODE four → five/)
  })

  it('calls no base lost or new where the Dockerfile at hand fits one image alone', async () => {
    const dockerfile = path.join(work, 'Dockerfile')
    writeFileSync(dockerfile, 'FROM ghcr.io/acme/base:1\nCOPY a /app/\nCOPY .env /app/\n')
    try {
      for (const sides of [
        ['old.tar', 'new.tar'],
        ['new.tar', 'old.tar'],
      ]) {
        const { facts, notes } = JSON.parse(
          (await layergate('diff', ...sides, '--format', 'json')).stdout,
        ) as Difference
        expect(facts.map(({ name }) => name)).not.toContain('base')
        expect(notes.join()).toMatch(
          /The base of old\.tar is not known, so bases are not compared: Dockerfile does not fit/,
        )
      }
      // Where both are known they are compared, and from scratch is no base.
      await layergate('scan', 'new.tar', '--dockerfile', 'Dockerfile', '--format', 'json=known.json')
      writeFileSync(dockerfile, 'FROM ghcr.io/acme/base:2\nCOPY a /app/\nCOPY .env /app/\n')
      expect(
        (JSON.parse((await layergate('diff', 'known.json', 'new.tar', '--format', 'json')).stdout) as Difference).facts,
      ).toContainEqual({
        name: 'base',
        old: 'ghcr.io/acme/base:1',
        new: 'ghcr.io/acme/base:2',
      })
    } finally {
      rmSync(dockerfile)
    }
  })

  it('of an image and itself nothing', async () => {
    const same = JSON.parse((await layergate('diff', 'new.tar', 'new.tar', '--format', 'json')).stdout) as Difference
    expect(same).toMatchObject({
      findings: { new: [], fixed: [], same: 1 },
      facts: [],
      packages: [],
      accounts: [],
      settings: [],
      files: [],
    })
  })

  it('of two reports what reports tell, and says what they do not', async () => {
    for (const name of ['old', 'new']) await layergate('scan', `${name}.tar`, '--format', `json=${name}.json`)
    const { stdout } = await layergate('diff', 'old.json', 'new.json')
    expect(stdout).toContain('Findings: 1 new, 0 fixed, 0 the same')
    expect(stdout).toMatch(/A report lists no files/)
    expect((await layergate('diff', 'old.tar', 'new.json')).stdout).toContain('Findings: 1 new')
    // The other way round what was new is fixed.
    expect((await layergate('diff', 'new.json', 'old.json')).stdout).toContain('Findings: 0 new, 1 fixed, 0 the same')
  })

  it.each([
    [['diff', 'old.tar'], /Name two images or reports/],
    [['diff', 'old.tar', '-'], /save them to files/],
    [['diff', 'old.tar', 'nothing.json'], /nothing\.json: the report cannot be read: no such file or directory/],
    [['diff', 'old.tar', 'new.tar', '--format', 'yaml'], /there is no such format/],
  ])('%j', async (args, message) => {
    expect(await layergate(...args)).toMatchObject({ status: 2, stderr: expect.stringMatching(message) })
  })
})

describe('layergate scan --policy-from', () => {
  it('takes the policy of a revision of git', async () => {
    const git = (...args: string[]): void =>
      void spawnSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], { cwd: work })
    git('init', '-q')
    git('commit', '-q', '--allow-empty', '-m', 'base')
    writeFileSync(path.join(work, '.layergate.yml'), 'rules: { secret-in-env: off, secret-in-image: off }\n')
    expect((await layergate('scan', 'new.tar')).status).toBe(0)
    const base = await layergate('scan', 'new.tar', '--policy-from', 'HEAD')
    expect(base.status).toBe(1)
    expect(base.stdout.replace(/\s+/g, ' ')).toContain(
      'This pull request lowers 2 rules. That takes effect after the merge',
    )
    expect(await layergate('scan', 'new.tar', '--policy-from', 'nothing')).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/git does not know that commit here/),
    })
    expect((await layergate('scan', 'new.tar', '--policy-from', '--upload-pack=x')).status).toBe(2)
    rmSync(path.join(work, '.layergate.yml'))
  })
})
