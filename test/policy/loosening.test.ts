// What a change of the policy loosens, and what it does not.
import { describe, expect, it } from 'vitest'
import { parseDockerfile } from '../../src/dockerfile/dockerfile.ts'
import { PRESETS } from '../../src/policy/config.ts'
import { acceptsAt, agreedIgnores, readInlineIgnores } from '../../src/policy/inline.ts'
import { parseConfigText } from '../../src/policy/load.ts'
import { describeLoosenings, looseningsOf } from '../../src/policy/loosening.ts'
import { mergeConfigs, type Policy, toPolicy } from '../../src/policy/policy.ts'

const policy = (text: string): Policy =>
  toPolicy('x', mergeConfigs([PRESETS['recommended'] ?? {}, parseConfigText('x', text)]))

describe('loosened', () => {
  it.each([
    ['', 'ignore: [{ rule: root-user, reason: because }]', 'ignores root-user: “because”'],
    [
      'ignore: [{ rule: root-user, reason: because, expires: 2027-01-01 }]',
      'ignore: [{ rule: root-user, reason: because, expires: 2028-01-01 }]',
      'ignores root-user until 2028-01-01',
    ],
    [
      `salt: ${'f'.repeat(16)}\nignore: [{ rule: deleted-secret, value: 'tag:0123', reason: because }]`,
      'ignore: [{ rule: deleted-secret, reason: because }]',
      'ignores deleted-secret: “because”',
    ],
    [
      `salt: ${'f'.repeat(16)}\nignore: [{ value: 'tag:0123', reason: because }]`,
      `salt: ${'f'.repeat(16)}\nignore: [{ value: 'tag:0124', reason: because }]`,
      'ignores tag:0124: “because”',
    ],
    [
      'ignore: [{ rule: root-user, path: /a, reason: because }]',
      'ignore: [{ rule: root-user, reason: because }]',
      'ignores root-user',
    ],
    ['', 'rules: { pipe-to-shell: off }', 'rule pipe-to-shell: medium by default → off'],
    ['rules: { root-user: high }', 'rules: { root-user: low }', 'rule root-user: high → low'],
    ['', 'rules: { secret-in-image: high }', 'rule secret-in-image: as each finding says → high'],
    [
      'rules: { base-not-allowed: { allow: [a] } }',
      'rules: { base-not-allowed: { allow: [a, b] } }',
      'rule base-not-allowed: other options',
    ],
    ['', 'fail-on: critical', 'fail-on: high → critical'],
    ['fail-on: low', 'fail-on: never', 'fail-on: low → never'],
    ['min-confidence: low', '', 'min-confidence of secrets: low → high'],
    ['base: fail', '', 'base: fail → report'],
    ['', 'base: ignore', 'base: report → ignore'],
    ['skipped: fail', '', 'skipped: fail → report'],
    ['own-bases: [a]', '', 'own-bases: without a'],
    [
      'detectors: [{ id: acme, pattern: "acme_[a-z]{20}" }]',
      'detectors: [{ id: acme, pattern: "acme_[a-z]{30}" }]',
      'detector acme: it looks for something else',
    ],
    ['detectors: [{ id: acme, pattern: "acme_[a-z]{20}" }]', '', 'detector acme: taken out'],
    [
      'detectors: [{ id: acme, pattern: "acme_[a-z]{20}" }]',
      'detectors: [{ id: acme, pattern: "acme_[a-z]{20}", severity: low }]',
      'detector acme: it looks for something else',
    ],
    ['', 'allow: [{ path: /app/test/**, reason: because }]', 'allows in /app/test/**: “because”'],
    [
      'allow: [{ pattern: ^test_, detector: slack-token, reason: because }]',
      'allow: [{ pattern: ^test, detector: slack-token, reason: because }]',
      'allows values like ^test what slack-token finds',
    ],
    ['', 'limits: { nested-depth: 0 }', 'limits: less of nested archives is read'],
  ])('%j to %j', (before, after, text) => {
    expect(
      looseningsOf(policy(before), policy(after))
        .map((each) => each.text)
        .join('\n'),
    ).toContain(text)
  })
})

describe('no loosening', () => {
  it.each([
    ['', ''],
    ['', 'fail-on: low'],
    ['', 'rules: { root-user: high }'],
    ['rules: { pipe-to-shell: off }', ''],
    ['ignore: [{ rule: root-user, reason: because }]', 'ignore: [{ rule: root-user, reason: other words }]'],
    [
      'ignore: [{ rule: root-user, reason: because }]',
      'ignore: [{ rule: root-user, reason: because, expires: 2027-01-01 }]',
    ],
    ['ignore: [{ rule: root-user, reason: because }]', ''],
    [
      'ignore: [{ rule: deleted-secret, reason: because }]',
      `salt: ${'f'.repeat(16)}\nignore: [{ rule: deleted-secret, value: 'tag:0123', reason: because }]`,
    ],
    ['fail-on: never', 'fail-on: high'],
    ['', 'skipped: fail'],
    ['', 'limits: { nested-depth: 8 }'],
  ])('%j to %j', (before, after) => {
    expect(looseningsOf(policy(before), policy(after))).toEqual([])
  })

  it('is counted in one sentence', () => {
    expect(describeLoosenings([{ kind: 'ignore' }, { kind: 'rule' }, { kind: 'ignore' }])).toBe(
      'adds 2 ignores and lowers 1 rule',
    )
    expect(describeLoosenings([{ kind: 'setting' }, { kind: 'rule' }, { kind: 'baseline' }])).toBe(
      'lowers 1 rule, loosens 1 setting and adds 1 known finding',
    )
  })
})

describe('comments of the Dockerfile, as another commit agrees with them', () => {
  const NOW = new Date('2026-11-24')
  const IN_IMAGE = {
    location: { kind: 'layer', layer: 1, path: '/app/test/key.pem', line: 1, offset: 0 },
    detector: 'private-key',
  } as const
  /** Whether the comment of the head counts at the last line. */
  const counts = (base: string | null, head: string, found: Parameters<typeof acceptsAt>[3] = IN_IMAGE): boolean => {
    const dockerfile = parseDockerfile('Dockerfile', head)
    const { ignores } = agreedIgnores(
      readInlineIgnores(dockerfile).ignores,
      dockerfile,
      base === null ? null : parseDockerfile('Dockerfile', base),
      NOW,
    )
    const line = head.trimEnd().split('\n').length
    return ignores.some((ignore) =>
      acceptsAt(ignore, ignore.rule, { path: 'Dockerfile', startLine: line, endLine: line }, found),
    )
  }
  const pipe = (command: string, until = ''): string =>
    `FROM a\n# layergate-ignore: pipe-to-shell ours${until}\nRUN ${command}\n`

  it.each<[string, string | null, string, boolean]>([
    ['the same', pipe('curl a | sh'), pipe('curl a | sh'), true],
    ['elsewhere in the file', pipe('curl a | sh'), `# x\n\n${pipe('curl   a | sh')}`, true],
    ['with other words', pipe('curl a | sh'), pipe('curl a | sh').replace('ours', 'theirs'), true],
    ['above another command', pipe('curl a | sh'), pipe('curl b | sh'), false],
    ['no comment there', pipe('curl a | sh').replace('# layergate', '# '), pipe('curl a | sh'), false],
    ['for another rule', pipe('curl a | sh').replace('pipe-to-shell', 'root-user'), pipe('curl a | sh'), false],
    ['no such file', null, pipe('curl a | sh'), false],
    [
      'no longer after its day',
      pipe('curl a | sh', ' until 2026-11-23'),
      pipe('curl a | sh', ' until 2027-01-01'),
      false,
    ],
    [
      'one for the whole file, on a new line',
      '# hadolint global ignore=DL4006\nFROM a\nRUN curl a | sh\n'.replace('RUN curl a | sh\n', ''),
      '# hadolint global ignore=DL4006\nFROM a\nRUN curl b | sh\n',
      true,
    ],
    [
      'a new version of the base',
      '# layergate-ignore: missing-user ours\nFROM node:22\n',
      '# layergate-ignore: missing-user ours\nFROM node:24@sha256:abc\n',
      true,
    ],
    [
      'another base',
      '# layergate-ignore: missing-user ours\nFROM node:22\n',
      '# layergate-ignore: missing-user ours\nFROM evil:22\n',
      false,
    ],
    [
      'a new version where the rule is about bases',
      '# layergate-ignore: base-not-pinned ours\nFROM node:22\n'.replace('base-not-pinned', 'base-not-allowed'),
      '# layergate-ignore: base-not-allowed ours\nFROM node:24\n',
      false,
    ],
  ])('%s', (_name, base, head, expected) => {
    expect(counts(base, head)).toBe(expected)
  })

  const copy = (scope: string, instruction = 'COPY . /app', rule = 'secret-in-image'): string =>
    `FROM a\n# layergate-ignore: ${rule} ${scope}a test key\n${instruction}\n`
  const at = (path: string, detector = 'private-key'): Parameters<typeof acceptsAt>[3] => ({
    location: { kind: 'layer', layer: 1, path, line: 1, offset: 0 },
    detector,
  })
  const KEY = at('/app/test/key.pem')

  it.each<[string, string, string, Parameters<typeof acceptsAt>[3], boolean]>([
    ['all that a COPY brings', copy(''), copy(''), KEY, false],
    ['all that an ADD brings', copy('', 'ADD a.tar /'), copy('', 'ADD a.tar /'), KEY, false],
    ['all that it brings from a stage', copy('', 'COPY --from=b / /'), copy('', 'COPY --from=b / /'), KEY, false],
    ['all in lower case', copy('', 'copy . /app'), copy('', 'copy . /app'), KEY, false],
    ['all that it deleted', copy('', 'COPY . /', 'deleted-secret'), copy('', 'COPY . /', 'deleted-secret'), KEY, false],
    ['a path', copy('path=/app/test/** '), copy('path=/app/test/** '), KEY, true],
    ['a path without its slash', copy('path=app/test/** '), copy('path=app/test/** '), KEY, true],
    [
      'a path with a space',
      copy('path="/app/my test/**" '),
      copy('path="/app/my test/**" '),
      at('/app/my test/x'),
      true,
    ],
    ['another path', copy('path=/app/test/** '), copy('path=/app/test/** '), at('/app/.env'), false],
    [
      'a path, of a place that has none',
      copy('path=/app/** '),
      copy('path=/app/** '),
      { location: { kind: 'config', field: 'Env.A' }, detector: 'private-key' },
      false,
    ],
    ['a detector', copy('detector=private-key '), copy('detector=private-key '), KEY, true],
    [
      'another detector',
      copy('detector=private-key '),
      copy('detector=private-key '),
      at('/app/test/key.pem', 'github-token'),
      false,
    ],
    ['both', copy('detector=private-key path=/app/test/* '), copy('detector=private-key path=/app/test/* '), KEY, true],
    ['a path that the base does not name', copy('path=/app/test/** '), copy('path=/app/** '), KEY, false],
    ['a path where the base accepts all', copy(''), copy('path=/app/test/** '), KEY, false],
    ['all where the base names a path', copy('path=/app/test/** '), copy(''), KEY, false],
    ['a RUN, which writes what it says', copy('', 'RUN make-key'), copy('', 'RUN make-key'), KEY, true],
    [
      'a RUN with a path where the base accepts all of it',
      copy('', 'RUN make-key'),
      copy('path=/app/test/** ', 'RUN make-key'),
      KEY,
      true,
    ],
    [
      'a rule that is on no secret',
      copy('', 'COPY . /app', 'world-writable'),
      copy('', 'COPY . /app', 'world-writable'),
      { ...KEY, detector: null },
      true,
    ],
  ])('%s', (_name, base, head, found, expected) => {
    expect(counts(base, head, found)).toBe(expected)
  })

  it('those that are too wide are named, and none is added by them', () => {
    const dockerfile = parseDockerfile('Dockerfile', copy(''))
    expect(agreedIgnores(readInlineIgnores(dockerfile).ignores, dockerfile, dockerfile, NOW)).toMatchObject({
      ignores: [],
      added: [],
      tooWide: [{ line: 2, rule: 'secret-in-image' }],
    })
  })

  it.each([
    ['detector=privat-key test', 'names "privat-key", which is no detector (did you mean private-key?)'],
    ['path=/app/**', 'gives no reason'],
    ['path=/app/** until 2027-99-01 test', 'where a day is due'],
  ])('a mistake is told: %s', (text, problem) => {
    expect(
      readInlineIgnores(
        parseDockerfile('Dockerfile', `FROM a\n# layergate-ignore: secret-in-image ${text}\nCOPY . /\n`),
      ).problems.join(),
    ).toContain(problem)
  })

  it('those that are added are counted, longer ones too', () => {
    const dockerfile = parseDockerfile('Dockerfile', pipe('curl a | sh', ' until 2028-01-01'))
    const added = (base: string): number =>
      agreedIgnores(readInlineIgnores(dockerfile).ignores, dockerfile, parseDockerfile('Dockerfile', base), NOW).added
        .length
    expect(added(pipe('curl a | sh', ' until 2027-01-01'))).toBe(1)
    expect(added(pipe('curl a | sh', ' until 2029-01-01'))).toBe(0)
    expect(added(pipe('curl a | sh'))).toBe(0)
  })
})
