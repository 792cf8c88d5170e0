// The configuration: what it means, and what a mistake in it says.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { matchesReference } from '../../src/image/reference-pattern.ts'
import { loadConfig, parseConfigText } from '../../src/policy/load.ts'
import { toPolicy } from '../../src/policy/policy.ts'
import { buildImage } from '../image-builder.ts'
import { judgeArchive } from '../run-gate.ts'
import { fill, random, VALUES } from '../values.ts'

describe('a mistake is told with its place and the nearest right name', () => {
  it.each([
    ['fail_on: high\n', '.layergate.yml:1:1: unknown key "fail_on". Did you mean "fail-on"?'],
    [
      'extends: recommended\nrules:\n  delted-secret: high\n',
      '.layergate.yml:3:3: there is no rule "delted-secret". Did you mean "deleted-secret"?',
    ],
    [
      'fail-on: hihg\n',
      '.layergate.yml:1:10: fail-on: "hihg" is none of critical, high, medium, low, never. Did you mean "high"?',
    ],
    [
      'rules:\n  root-user: hihg\n',
      '.layergate.yml:2:14: rules.root-user: "hihg" is neither off, nor a severity (critical, high, medium, low, info), nor an object with the rule\'s options. Did you mean "high"?',
    ],
    [
      'rules:\n  base-not-allowed:\n    alow: [x]\n',
      '.layergate.yml:3:5: unknown key "alow" in rules.base-not-allowed. Did you mean "allow"?',
    ],
    ['ignore:\n  - rule: root-user\n', '.layergate.yml:2:5: ignore.0.reason is missing.'],
    ['ignore:\n  - rule: root-usr\n    reason: because\n', 'Did you mean "root-user"?'],
    ['ignore:\n  - reason: for everything\n', 'an ignore entry needs a rule, a path, a fingerprint or a value'],
    ['ignore:\n  - rule: root-user\n    reason: because\n    expires: soon\n', '.layergate.yml:4:14: ignore.0.expires'],
    ['a: [1\n', 'no valid YAML'],
    ['- a\n', '.layergate.yml:1:1'],
  ])('%j', (text, message) => {
    expect(() => parseConfigText('.layergate.yml', text)).toThrow(message)
  })

  it('an unknown preset, a file that is not there, files that extend each other', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'layergate-config-'))
    const write = (name: string, text: string) => writeFile(path.join(folder, name), text)
    await write('a.yml', 'extends: ./b.yml\n')
    await write('b.yml', 'extends: ./a.yml\n')
    await write('c.yml', 'extends: strickt\n')
    await write('d.yml', 'extends: ./nothing.yml\n')
    await expect(loadConfig(path.join(folder, 'a.yml'))).rejects.toThrow('leads back to itself')
    await expect(loadConfig(path.join(folder, 'c.yml'))).rejects.toThrow('Did you mean "strict"?')
    await expect(loadConfig(path.join(folder, 'd.yml'))).rejects.toThrow(
      'nothing.yml: the configuration cannot be read: no such file',
    )
    await rm(folder, { recursive: true })
  })
})

describe('configurations over each other', () => {
  it('the later wins, rules keep the options of the earlier, ignores add up', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'layergate-config-'))
    await writeFile(
      path.join(folder, 'org.yml'),
      'extends: strict\nrules:\n  base-not-allowed: { allow: ["acme/*"] }\nignore: [{ rule: root-user, reason: organisation }]\n',
    )
    await writeFile(
      path.join(folder, 'own.yml'),
      'extends: ./org.yml\nfail-on: critical\nrules:\n  base-not-allowed: low\nignore: [{ rule: missing-user, reason: own }]\n',
    )
    const policy = toPolicy('own.yml', await loadConfig(path.join(folder, 'own.yml')))
    expect(policy).toMatchObject({
      failOn: 'critical',
      skipped: 'fail',
      minConfidence: { secret: 'medium', rule: 'medium' },
    })
    expect(policy.rules['base-not-allowed']).toMatchObject({ severity: 'low', options: { allow: ['acme/*'] } })
    expect(policy.ignore.map(({ reason }) => reason)).toEqual(['organisation', 'own'])
    await rm(folder, { recursive: true })
  })
})

/** Files of a policy in memory, and how often each is read. */
function policyOf(files: Readonly<Record<string, string>>): {
  load: (file: string) => ReturnType<typeof loadConfig>
  reads: Map<string, number>
} {
  const reads = new Map<string, number>()
  const read = async (file: string): Promise<string> => {
    reads.set(file, (reads.get(file) ?? 0) + 1)
    return files[file] ?? Promise.reject(new Error(`no ${file}`))
  }
  return { load: (file) => loadConfig(file, read), reads }
}

describe('files that extend files', () => {
  const names = (count: number, prefix = 'f'): string[] =>
    Array.from({ length: count }, (_, index) => `./${prefix}${index}.yml`)
  const list = (all: readonly string[]): string => `extends: [${all.join(', ')}]\n`

  it('each is read once, however many ways lead to it', async () => {
    // Eight levels of six files, each of which extends all of the next: 6^8 ways.
    const files = Object.fromEntries(
      Array.from({ length: 8 }, (_, level) =>
        names(6, `l${level}-`).map((name) => [
          name.slice(2),
          level === 7 ? 'fail-on: low\n' : list(names(6, `l${level + 1}-`)),
        ]),
      ).flat(),
    )
    const { load, reads } = policyOf(files)
    expect(await load('l0-0.yml')).toMatchObject({ 'fail-on': 'low' })
    expect([...reads.values()].every((count) => count === 1)).toBe(true)
  })

  it.each<[string, Record<string, string>, RegExp]>([
    ['itself', { 'a.yml': list(['./a.yml']) }, /a\.yml: extends leads back to itself: a\.yml → a\.yml\./],
    ['itself by another spelling', { 'a.yml': list(['./x/../a.yml']) }, /leads back to itself: a\.yml → a\.yml\./],
    [
      'each other',
      { 'a.yml': list(['./b.yml']), 'b.yml': list(['strict', './a.yml']) },
      /b\.yml: extends leads back to itself: a\.yml → b\.yml → a\.yml\./,
    ],
    [
      'a circle below',
      { 'a.yml': list(['./b.yml']), 'b.yml': list(['./c.yml']), 'c.yml': list(['./b.yml']) },
      /c\.yml: extends leads back to itself: b\.yml → c\.yml → b\.yml\./,
    ],
    [
      'all of each other',
      Object.fromEntries(names(8).map((name) => [name.slice(2), list(names(8))])),
      /leads back to itself/,
    ],
    [
      'ever deeper',
      Object.fromEntries(names(30).map((name, index) => [name.slice(2), list([`./f${index + 1}.yml`])])),
      /nested deeper than 8 files/,
    ],
    [
      'more files than anyone follows',
      {
        'a.yml': list(names(2, 'b')),
        ...Object.fromEntries(names(2, 'b').map((name, index) => [name.slice(2), list(names(40, `c${index}-`))])),
        ...Object.fromEntries(
          [0, 1].flatMap((index) => names(40, `c${index}-`).map((name) => [name.slice(2), '{}\n'])),
        ),
      },
      /more than 64 files/,
    ],
    ['a long list', { 'a.yml': list(names(70)) }, /a\.yml:1:10: extends/],
  ])('%s is refused', async (_name, files, message) => {
    const { load } = policyOf(files)
    await expect(load('a.yml' in files ? 'a.yml' : 'f0.yml')).rejects.toThrow(message)
  })

  it('what comes twice counts where it comes last, and its ignores once', async () => {
    const { load } = policyOf({
      'a.yml': list(['./low.yml', './high.yml', './low.yml']),
      'low.yml': 'fail-on: low\nignore: [{ rule: root-user, reason: one }]\n',
      'high.yml': 'fail-on: high\n',
    })
    const config = await load('a.yml')
    expect(config['fail-on']).toBe('low')
    expect(config.ignore).toHaveLength(1)
  })

  it('a file that is called like a preset is a file', async () => {
    const { load } = policyOf({ 'a.yml': list(['strict', './strict']), strict: 'fail-on: critical\n' })
    expect(await load('a.yml')).toMatchObject({ 'fail-on': 'critical', skipped: 'fail' })
  })

  it.each([
    ['nested beyond measure', `${'['.repeat(20_000)}`],
    ['a pointer of Git LFS', 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n'],
  ])('%s is an error that names the file', async (_name, text) => {
    await expect(policyOf({ 'a.yml': text }).load('a.yml')).rejects.toThrow(/^a\.yml/)
  })
})

describe('patterns of images', () => {
  it.each([
    ['node', 'node:22', true],
    ['node:22-*', 'docker.io/library/node:22-slim', true],
    ['node:22-*', 'node:20-slim', false],
    ['docker.io/library/node', 'index.docker.io/library/node', true],
    ['gcr.io/distroless/**', 'gcr.io/distroless/static-debian12:nonroot', true],
    ['acme/*', 'ghcr.io/acme/app', false],
    ['ghcr.io/acme/**', 'ghcr.io/acme/base/node:1', true],
    ['**:latest', 'debian', true],
    ['*:latest', 'ghcr.io/a/b/c', true],
    ['node@sha256:*', 'node:22', false],
    ['localhost:5000/x:1', 'localhost:5000/x:1', true],
  ])('%s against %s: %s', (pattern, reference, fits) => {
    expect(matchesReference(pattern, { reference, digest: null })).toBe(fits)
  })
})

const token = VALUES['github-token']?.() ?? ''
const leaking = () =>
  buildImage({
    config: { User: '1000' },
    layers: [
      { by: 'COPY test/key.txt /app/test/key.txt # buildkit', files: [{ name: 'app/test/key.txt', content: token }] },
      { by: 'COPY b /app/b # buildkit', files: [{ name: 'app/b', content: token }] },
    ],
  })

describe('ignoring', () => {
  it('a leak is quiet only when all its places are ignored; else the first open one leads', async () => {
    const one = await judgeArchive(await leaking(), {
      policy: 'ignore:\n  - path: /app/test/**\n    reason: test data\n',
    })
    expect(one.report.verdict.result).toBe('fail')
    expect(one.report.findings[0]?.location).toMatchObject({ path: '/app/b' })
    const all = await judgeArchive(await leaking(), {
      policy: 'ignore:\n  - path: /app/**\n    rule: secret-in-image\n    reason: revoked\n    expires: 2026-11-23\n',
    })
    expect(all.report.verdict).toMatchObject({ result: 'pass', suppressed: 1, counts: { critical: 0 } })
    expect(all.report.findings[0]?.suppressed).toEqual({ by: 'config', reason: 'revoked', expires: '2026-11-23' })
  })

  it('by fingerprint, which survives other layers below and other values', async () => {
    const { report } = await judgeArchive(await leaking())
    const fingerprint = report.findings[0]?.fingerprint ?? ''
    const other = report.findings[0]?.related[0]?.fingerprint ?? ''
    const rebuilt = await buildImage({
      config: { User: '1000' },
      layers: [
        { by: 'RUN /bin/sh -c true # buildkit', files: [{ name: 'x', content: 'y' }] },
        {
          by: 'COPY test/key.txt /app/test/key.txt # buildkit',
          files: [{ name: 'app/test/key.txt', content: `\n\n${VALUES['github-token-2']?.()}` }],
        },
      ],
    })
    const again = await judgeArchive(rebuilt)
    expect(again.report.findings[0]?.fingerprint).toBe(fingerprint)
    const policy = `ignore:\n  - { fingerprint: ${fingerprint}, reason: known }\n  - { fingerprint: ${other}, reason: known }\n`
    expect((await judgeArchive(await leaking(), { policy })).report.verdict.result).toBe('pass')
  })

  describe('by value', () => {
    const SALT = `salt: ${'0123456789abcdef'.repeat(2)}\n`
    const at = (value: string, name = 'app/key.txt') =>
      buildImage({
        config: { User: '1000' },
        layers: [{ by: 'COPY . /app # buildkit', files: [{ name, content: value }] }],
      })
    const other = VALUES['github-token-2']?.() ?? ''
    const PASSWORD = (seed: number): string =>
      `DATABASE_URL=postgres://svc:${random(14, 'abcdefghjkmnpqrstuvwxyz23456789', seed)}@db.acme.io/x\n`
    /** The entry that accepts what an image holds. */
    const entryOf = async (content: string, salt = SALT): Promise<string> =>
      (await judgeArchive(await at(content), { policy: salt })).report.findings[0]?.secret?.ignoreValue ?? 'none'
    const result = async (
      image: Promise<Buffer>,
      entry: string,
      salt = SALT,
      key: string | null = null,
    ): Promise<string> =>
      (await judgeArchive(await image, { policy: `${salt}ignore: [{ ${entry}, reason: a test }]\n`, key })).report
        .verdict.result

    it.each<[string, () => Promise<Buffer>, (value: string) => string, string]>([
      ['the value alone', () => at(token), (value) => `value: '${value}'`, 'pass'],
      ['the value at another place', () => at(token, 'etc/b'), (value) => `value: '${value}'`, 'pass'],
      ['the value at its path', () => at(token), (value) => `path: /app/**, value: '${value}'`, 'pass'],
      ['the value at another path', () => at(token), (value) => `path: /srv/**, value: '${value}'`, 'fail'],
      ['another value at its path', () => at(other), (value) => `path: /app/**, value: '${value}'`, 'fail'],
      [
        'another value beside it',
        () => at(`${token}\n${other}\n`),
        (value) => `path: /app/**, value: '${value}'`,
        'fail',
      ],
      [
        'the whole hash, as keyedHash shows it',
        () => at(token),
        (value) => `value: '${value}${'0'.repeat(32)}'`,
        'pass',
      ],
    ])('%s', async (_name, image, entry, expected) => {
      expect(await result(image(), entry(await entryOf(token)))).toBe(expected)
    })

    it('of a password by sixteen bits', async () => {
      const value = await entryOf(PASSWORD(1))
      expect(value).toMatch(/^tag:[0-9a-f]{4}$/)
      expect(await result(at(PASSWORD(1)), `value: '${value}'`)).toBe('pass')
      expect(await result(at(PASSWORD(2)), `value: '${value}'`)).toBe('fail')
    })

    it('under the salt of the configuration, whatever key an organisation has', async () => {
      const value = await entryOf(token)
      expect(await result(at(token), `value: '${value}'`, SALT, 'a key of the organisation')).toBe('pass')
      expect(await result(at(token), `value: '${value}'`, SALT.replace('0123', '9999'))).toBe('fail')
    })

    it('by fingerprint as well: a later value at the place is not accepted', async () => {
      const { report } = await judgeArchive(await at(token), { policy: SALT })
      const entry = `fingerprint: ${report.findings[0]?.fingerprint}, value: '${report.findings[0]?.secret?.ignoreValue}'`
      expect(await result(at(token), entry)).toBe('pass')
      expect(await result(at(other), entry)).toBe('fail')
    })

    it('without a salt is an error that says so; without one no report offers it', async () => {
      await expect(result(at(token), "value: 'tag:0123'", '')).rejects.toThrow(/entries with a value need a salt/)
      expect(await entryOf(token, '')).toBe('none')
    })

    it.each(['hmac-sha256:xyz', 'tag:12345', 'sha256:00', 'AKIA'])('%s is no value', (value) => {
      expect(() => parseConfigText('p.yml', `ignore: [{ value: '${value}', reason: a test }]\n`)).toThrow(
        /p\.yml:1:\d+: ignore\.0\.value/,
      )
    })
  })

  it('an expired entry hides nothing, an unused one is reported', async () => {
    const { report } = await judgeArchive(await leaking(), {
      policy:
        'ignore:\n  - path: /app/**\n    reason: for a while\n    expires: 2026-11-22\n  - rule: root-user\n    reason: never needed\n',
    })
    expect(report.verdict.result).toBe('fail')
    expect(report.warnings.map(({ code, message }) => `${code}: ${message}`)).toEqual([
      'expired-ignore: The ignore entry for /app/** expired on 2026-11-22: it no longer hides anything (“for a while”).',
      'unused-ignore: The ignore entry for root-user matched nothing: remove it (“never needed”).',
    ])
  })
})

describe('the gate', () => {
  it('fail-on gates and does not filter; a rule that is off is gone', async () => {
    const never = await judgeArchive(await leaking(), { policy: 'fail-on: never\n' })
    expect(never.report.verdict).toMatchObject({
      result: 'fail',
      failOn: 'never',
      threshold: 'high',
      counts: { critical: 1 },
    })
    const off = await judgeArchive(await leaking(), { policy: 'rules:\n  secret-in-image: off\n' })
    expect(off.report.findings).toEqual([])
  })

  it('a severity of the policy replaces that of the finding', async () => {
    const { report } = await judgeArchive(await leaking(), { policy: 'rules:\n  secret-in-image: low\n' })
    expect(report.findings[0]?.severity).toBe('low')
    expect(report.verdict.result).toBe('pass')
  })

  /** A Slack token, which only its form tells. */
  const likely = `SLACK_TOKEN=${fill('{{slack-token}}')}\n`
  const inBase = (content = likely) =>
    buildImage({
      config: { User: '1000' },
      layers: [
        { by: '/bin/sh -c #(nop) ADD file:1 in / ', files: [{ name: 'etc/token', content }] },
        { by: 'COPY x /x # buildkit', files: [{ name: 'x', content: 'x' }] },
      ],
    })
  const dockerfile = 'FROM ghcr.io/acme/base:1\nCOPY x /x\n'

  it.each([
    ['', 'pass', 1],
    ['base: fail\n', 'fail', 1],
    ['base: ignore\n', 'pass', 0],
    ["own-bases: ['ghcr.io/acme/**']\n", 'fail', 1],
    ["own-bases: ['ghcr.io/other/**']\n", 'pass', 1],
  ])('what is in the base: %j', async (policy, result, findings) => {
    const { report } = await judgeArchive(await inBase(), { dockerfile, policy })
    expect(report.verdict.result).toBe(result)
    expect(report.findings).toHaveLength(findings)
    if (findings > 0)
      expect(report.findings[0]).toMatchObject({
        origin: 'base',
        originCertainty: 'aligned',
        dockerfile: { startLine: 1 },
      })
  })

  it.each(['', 'base: ignore\n', 'base: report\n', "own-bases: ['ghcr.io/other/**']\n"])(
    'what proves itself is not quieted by a base that is not proven: %j',
    async (policy) => {
      const { report } = await judgeArchive(await inBase(token), { dockerfile, policy })
      expect(report.verdict.result).toBe('fail')
      expect(report.findings).toMatchObject([
        { origin: 'base', originCertainty: 'aligned', fails: true, severity: 'critical' },
      ])
      expect(report.findings[0]?.title).toMatch(/\(base, not proven\)$/)
      expect(report.findings[0]?.remedy).toMatch(/--metadata-file/)
    },
  )

  it('a base that is judged as own needs no proof, and is not told to bring one', async () => {
    const { report } = await judgeArchive(await inBase(token), { dockerfile, policy: 'base: fail\n' })
    expect(report.findings[0]?.title).not.toMatch(/not proven/)
    expect(report.findings[0]?.remedy).not.toMatch(/provenance/)
  })

  it('an ignore with a reason still accepts it', async () => {
    const { report } = await judgeArchive(await inBase(token), {
      dockerfile,
      policy: 'ignore:\n  - { rule: secret-in-image, path: /etc/token, reason: revoked }\n',
    })
    expect(report.verdict.result).toBe('pass')
  })

  it('strict fails on what the recommended policy shows', async () => {
    const image = await buildImage({
      config: {},
      layers: [{ by: 'COPY x /x # buildkit', files: [{ name: 'x', content: 'x' }] }],
    })
    expect((await judgeArchive(image)).report.verdict.result).toBe('pass')
    expect((await judgeArchive(image, { policy: 'extends: strict\n' })).report.verdict.result).toBe('fail')
  })
})
