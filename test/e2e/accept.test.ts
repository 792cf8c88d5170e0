// A person accepts a finding: on the branch that is judged by the policy of its base, and with the command that writes the entry.
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { useFolder } from '../folder.ts'
import { buildImage } from '../image-builder.ts'
import { type Done, layergate } from '../in-process.ts'
import { VALUES } from '../values.ts'

const TOKEN = VALUES['github-token']?.() ?? ''
const folder = useFolder()
const DOCKERFILE = 'FROM scratch\nCOPY a.txt /a.txt\nCOPY b.txt /b.txt\nRUN rm /b.txt\n'

const run = (...args: readonly string[]): Promise<Done> =>
  layergate([...args], {
    directory: folder.path,
    env: { PATH: process.env['PATH'] ?? '', HOME: folder.path, TMPDIR: folder.path },
  })
const git = (...args: readonly string[]): void => {
  const { status, stderr } = spawnSync(
    'git',
    ['-c', 'user.name=t', '-c', 'user.email=t@example.com', '-c', 'commit.gpgsign=false', ...args],
    { cwd: folder.path, encoding: 'utf8' },
  )
  if (status !== 0) throw new Error(stderr)
}
const commit = (): void => {
  git('add', '-A')
  git('commit', '-q', '--allow-empty', '-m', 'x')
}
const scan = async (...args: readonly string[]) => {
  const { status, stdout, stderr } = await run('scan', 'image.tar', '--format', 'json', ...args)
  expect(stderr).toBe('')
  return { status, report: JSON.parse(stdout) }
}
const text = (done: Done): string => done.stdout.replace(/\s+/g, ' ')

beforeEach(async () => {
  const image = await buildImage({
    layers: [
      { by: 'COPY a.txt /a.txt # buildkit', files: [{ name: 'a.txt', content: TOKEN }] },
      { by: 'COPY b.txt /b.txt # buildkit', files: [{ name: 'b.txt', content: TOKEN }] },
      { by: 'RUN /bin/sh -c rm /b.txt # buildkit', files: [{ name: '.wh.b.txt' }] },
    ],
    config: { User: '1' },
  })
  writeFileSync(path.join(folder.path, 'image.tar'), image)
  folder.put('.gitignore', 'image.tar\n')
  folder.put('Dockerfile', DOCKERFILE)
  folder.put('.layergate.yml', '# ours\nfail-on: high\n')
})

describe('layergate ignore', () => {
  it('accepts a finding at all its places, at the first try', async () => {
    const { status, report } = await scan()
    expect(status).toBe(1)
    const [{ fingerprint, related }] = report.findings
    const done = await run(
      'ignore',
      fingerprint.slice(0, 8),
      'image.tar',
      '--reason',
      'of a test',
      '--until',
      '2999-12-31',
    )
    expect(done).toMatchObject({ status: 0, stderr: '' })
    expect(text(done)).toMatch(
      /^Wrote \.layergate\.yml: it accepts “GitHub token in the image” \(Dockerfile:2\) at 2 places\./,
    )
    const others = related.flatMap((place: { fingerprint?: string }) => place.fingerprint ?? [])
    expect(readFileSync(path.join(folder.path, '.layergate.yml'), 'utf8')).toBe(
      `# ours\nfail-on: high\n\nignore:\n  # GitHub token in the image: Dockerfile:2\n  - fingerprint:\n${[fingerprint, ...others].map((each) => `      - ${each}\n`).join('')}    reason: of a test\n    expires: 2999-12-31\n`,
    )
    const after = await scan()
    expect(after).toMatchObject({ status: 0, report: { warnings: [] } })
  })

  it('takes the JSON report of an earlier run', async () => {
    await run('scan', 'image.tar', '--format', 'json=report.json')
    const id = JSON.parse(readFileSync(path.join(folder.path, 'report.json'), 'utf8')).findings[0].fingerprint
    expect((await run('ignore', id, 'report.json', '--reason', 'of a test')).status).toBe(0)
    expect((await scan()).status).toBe(0)
    expect(await run('ignore', id, 'image.tar', '--reason', 'again')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('is accepted already: “of a test”'),
    })
  })

  it.each<[string, readonly string[], RegExp]>([
    ['no image', ['0123456789'], /Name a finding and where it is/],
    ['no reason', ['0123456789', 'image.tar'], /--reason is missing/],
    ['a rule', ['secret-in-image', 'image.tar', '--reason', 'because'], /is no fingerprint/],
    ['what no finding has', ['0123456789', 'image.tar', '--reason', 'because'], /No finding has the fingerprint/],
    ['no day', ['0123456789', 'image.tar', '--reason', 'because', '--until', 'soon'], /--until soon: write a day/],
    [
      'no day of the calendar',
      ['0123456789', 'image.tar', '--reason', 'because', '--until', '2026-13-01'],
      /write a day/,
    ],
  ])('%s is an error, and nothing is written', async (_, args, message) => {
    expect(await run('ignore', ...args)).toMatchObject({ status: 2, stderr: expect.stringMatching(message) })
    expect(readFileSync(path.join(folder.path, '.layergate.yml'), 'utf8')).toBe('# ours\nfail-on: high\n')
  })
})

describe('what a pull request accepts itself', () => {
  beforeEach(() => {
    git('init', '-q', '-b', 'main')
    commit()
  })

  it('an entry counts after the merge, and the finding says so and what to do now', async () => {
    const { report } = await scan()
    await run('ignore', report.findings[0].fingerprint, 'image.tar', '--reason', 'of a test')
    const before = await scan('--policy-from', 'main')
    expect(before.status).toBe(1)
    expect(before.report.warnings).toEqual([])
    expect(before.report.findings[0]).toMatchObject({
      fails: true,
      suppressed: null,
      pending: { by: 'config', reason: 'of a test', expires: null, isWhole: true },
    })
    expect(before.report.findings[0].remedy).toMatch(
      /^This pull request accepts it \(“of a test”\), which counts after the merge\. To merge now, put the entry for all its places into \.layergate\.yml in a pull request of its own, and merge that first: `layergate ignore [0-9a-f]{12} IMAGE --reason …` writes it\./,
    )
    commit()
    expect((await scan('--policy-from', 'main')).status).toBe(0)
  })

  it('an entry for one of its places says that it is one of several', async () => {
    const { report } = await scan()
    folder.put(
      '.layergate.yml',
      `fail-on: high\nignore:\n  - fingerprint: ${report.findings[0].fingerprint}\n    reason: of a test\n`,
    )
    const { report: now } = await scan('--policy-from', 'main')
    expect(now.findings[0].pending).toMatchObject({ isWhole: false })
    expect(now.findings[0].remedy).toContain('accepts it at some of its places (“of a test”)')
  })

  it('a comment counts after the merge, and nobody is told that it matched nothing', async () => {
    folder.put(
      'Dockerfile',
      DOCKERFILE.replace('COPY a.txt', '# layergate-ignore: secret-in-image path=/a.txt of a test\nCOPY a.txt'),
    )
    const { status, report } = await scan('--policy-from', 'main')
    expect(status).toBe(1)
    expect(report.warnings).toEqual([])
    expect(report.findings[0].pending).toMatchObject({ by: 'inline', reason: 'of a test', isWhole: false })
  })

  it('what accepts something else changes nothing', async () => {
    folder.put('.layergate.yml', 'fail-on: high\nignore:\n  - path: /other\n    reason: of a test\n')
    const { report } = await scan('--policy-from', 'main')
    expect(report.findings[0]).toMatchObject({ pending: null, fails: true })
    expect(report.findings[0].remedy).not.toContain('This pull request')
  })
})

describe('layergate explain with a finding', () => {
  it('says how it was told, where it is everywhere, and what to do; never the value', async () => {
    const { report } = await scan()
    const done = await run('explain', report.findings[0].fingerprint.slice(0, 8), 'image.tar')
    expect(done.status).toBe(0)
    expect(text(done)).toMatch(
      /It proves itself: a checksum fits.*form ghp_ 36 letters and digits.*Where it is Dockerfile:2, \/a\.txt line 1 in layer 0 Dockerfile:3 \(\/b\.txt line 1 in layer 1, deleted later\).*What to do 1\. Delete the token/,
    )
    expect(done.stdout).not.toContain(TOKEN)
  })

  it.each<[readonly string[], RegExp]>([
    [['explain', 'github-token'], /^GitHub token \(github-token\)/],
    [['explain', 'root-user'], /^# /],
  ])('%j', async (args, expected) => {
    expect((await run(...args)).stdout).toMatch(expected)
  })

  it('a fingerprint alone is an error that says what is missing', async () => {
    expect(await run('explain', '0123456789')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('name where the finding is, too'),
    })
  })
})
