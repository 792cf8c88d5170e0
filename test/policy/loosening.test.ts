// What a change of the policy loosens, and what it does not.
import { describe, expect, it } from 'vitest'
import { parseDockerfile } from '../../src/dockerfile/dockerfile.ts'
import { PRESETS } from '../../src/policy/config.ts'
import { acceptsAt, agreedIgnores, readInlineIgnores } from '../../src/policy/inline.ts'
import { parseConfigText } from '../../src/policy/load.ts'
import { describeLoosenings, looseningsOf } from '../../src/policy/loosening.ts'
import { mergeConfigs, type Policy, toPolicy } from '../../src/policy/policy.ts'

const policy = (text: string): Policy => toPolicy('x', mergeConfigs([PRESETS['recommended'] ?? {}, parseConfigText('x', text)]))

describe('loosened', () => {
  it.each([
    ['', 'ignore: [{ rule: root-user, reason: because }]', 'ignores root-user: “because”'],
    [
      'ignore: [{ rule: root-user, reason: because, expires: 2027-01-01 }]',
      'ignore: [{ rule: root-user, reason: because, expires: 2028-01-01 }]',
      'ignores root-user until 2028-01-01',
    ],
    ['ignore: [{ rule: root-user, path: /a, reason: because }]', 'ignore: [{ rule: root-user, reason: because }]', 'ignores root-user'],
    ['', 'rules: { pipe-to-shell: off }', 'rule pipe-to-shell: medium by default → off'],
    ['rules: { root-user: high }', 'rules: { root-user: low }', 'rule root-user: high → low'],
    ['', 'rules: { secret-in-image: high }', 'rule secret-in-image: as each finding says → high'],
    ['rules: { base-not-allowed: { allow: [a] } }', 'rules: { base-not-allowed: { allow: [a, b] } }', 'rule base-not-allowed: other options'],
    ['', 'fail-on: critical', 'fail-on: high → critical'],
    ['fail-on: low', 'fail-on: never', 'fail-on: low → never'],
    ['min-confidence: low', '', 'min-confidence of secrets: low → high'],
    ['base: fail', '', 'base: fail → report'],
    ['', 'base: ignore', 'base: report → ignore'],
    ['skipped: fail', '', 'skipped: fail → report'],
    ['own-bases: [a]', '', 'own-bases: without a'],
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
    ['ignore: [{ rule: root-user, reason: because }]', 'ignore: [{ rule: root-user, reason: because, expires: 2027-01-01 }]'],
    ['ignore: [{ rule: root-user, reason: because }]', ''],
    ['fail-on: never', 'fail-on: high'],
    ['', 'skipped: fail'],
    ['', 'limits: { nested-depth: 8 }'],
  ])('%j to %j', (before, after) => {
    expect(looseningsOf(policy(before), policy(after))).toEqual([])
  })

  it('is counted in one sentence', () => {
    expect(describeLoosenings([{ kind: 'ignore' }, { kind: 'rule' }, { kind: 'ignore' }])).toBe('adds 2 ignores and lowers 1 rule')
    expect(describeLoosenings([{ kind: 'setting' }, { kind: 'rule' }, { kind: 'baseline' }])).toBe('lowers 1 rule, loosens 1 setting and adds 1 known finding')
  })
})

describe('comments of the Dockerfile, as another commit agrees with them', () => {
  const NOW = new Date('2026-11-24')
  /** Whether the comment of the head counts at the last line. */
  const counts = (base: string | null, head: string): boolean => {
    const dockerfile = parseDockerfile('Dockerfile', head)
    const { ignores } = agreedIgnores(readInlineIgnores(dockerfile).ignores, dockerfile, base === null ? null : parseDockerfile('Dockerfile', base), NOW)
    const line = head.trimEnd().split('\n').length
    return ignores.some((ignore) => acceptsAt(ignore, ignore.rule, { path: 'Dockerfile', startLine: line, endLine: line }))
  }
  const pipe = (command: string, until = ''): string => `FROM a\n# layergate-ignore: pipe-to-shell ours${until}\nRUN ${command}\n`

  it.each<[string, string | null, string, boolean]>([
    ['the same', pipe('curl a | sh'), pipe('curl a | sh'), true],
    ['elsewhere in the file', pipe('curl a | sh'), `# x\n\n${pipe('curl   a | sh')}`, true],
    ['with other words', pipe('curl a | sh'), pipe('curl a | sh').replace('ours', 'theirs'), true],
    ['above another command', pipe('curl a | sh'), pipe('curl b | sh'), false],
    ['no comment there', pipe('curl a | sh').replace('# layergate', '# '), pipe('curl a | sh'), false],
    ['for another rule', pipe('curl a | sh').replace('pipe-to-shell', 'root-user'), pipe('curl a | sh'), false],
    ['no such file', null, pipe('curl a | sh'), false],
    ['no longer after its day', pipe('curl a | sh', ' until 2026-11-23'), pipe('curl a | sh', ' until 2027-01-01'), false],
    [
      'one for the whole file, on a new line',
      '# hadolint global ignore=DL4006\nFROM a\nRUN curl a | sh\n'.replace('RUN curl a | sh\n', ''),
      '# hadolint global ignore=DL4006\nFROM a\nRUN curl b | sh\n',
      true,
    ],
    ['a new version of the base', '# layergate-ignore: missing-user ours\nFROM node:22\n', '# layergate-ignore: missing-user ours\nFROM node:24@sha256:abc\n', true],
    ['another base', '# layergate-ignore: missing-user ours\nFROM node:22\n', '# layergate-ignore: missing-user ours\nFROM evil:22\n', false],
    [
      'a new version where the rule is about bases',
      '# layergate-ignore: base-not-pinned ours\nFROM node:22\n'.replace('base-not-pinned', 'base-not-allowed'),
      '# layergate-ignore: base-not-allowed ours\nFROM node:24\n',
      false,
    ],
  ])('%s', (_name, base, head, expected) => {
    expect(counts(base, head)).toBe(expected)
  })

  it('those that are added are counted, longer ones too', () => {
    const dockerfile = parseDockerfile('Dockerfile', pipe('curl a | sh', ' until 2028-01-01'))
    const added = (base: string): number => agreedIgnores(readInlineIgnores(dockerfile).ignores, dockerfile, parseDockerfile('Dockerfile', base), NOW).added.length
    expect(added(pipe('curl a | sh', ' until 2027-01-01'))).toBe(1)
    expect(added(pipe('curl a | sh', ' until 2029-01-01'))).toBe(0)
    expect(added(pipe('curl a | sh'))).toBe(0)
  })
})
