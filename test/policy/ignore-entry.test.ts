// An entry that is put into a configuration: the file stays as it is, but for the new lines.
import { describe, expect, it } from 'vitest'
import type { Finding } from '../../src/finding/finding.ts'
import { entryFor, withEntry } from '../../src/policy/ignore-entry.ts'
import { parseConfigText } from '../../src/policy/load.ts'

const ENTRY = { rule: 'secret-in-image', fingerprint: '0123456789abcdef', reason: "it's fine: #1" } as const
const LINES = (indent: string): string =>
  `${indent}# about it\n${indent}- rule: secret-in-image\n${indent}  fingerprint: 0123456789abcdef\n${indent}  reason: "it's fine: #1"\n`
const put = (text: string | null): string => withEntry('.layergate.yml', text, ENTRY, 'about it')

describe('a configuration with one more entry', () => {
  it.each<[string, string | null, string]>([
    ['that is not there yet', null, `extends: recommended\n\nignore:\n${LINES('  ')}`],
    ['that is empty', '', `ignore:\n${LINES('  ')}`],
    [
      'without entries',
      '# ours\nextends: strict # for now\nfail-on:   high',
      `# ours\nextends: strict # for now\nfail-on:   high\n\nignore:\n${LINES('  ')}`,
    ],
    [
      'with entries between other keys',
      'ignore: # known ones\n    -   path: /a # first\n        reason:   because\n\n    # the second\n    - rule: root-user\n      reason: >-\n        a long\n        one\n\n# what fails\nfail-on: high\n',
      `ignore: # known ones\n    -   path: /a # first\n        reason:   because\n\n    # the second\n    - rule: root-user\n      reason: >-\n        a long\n        one\n${LINES('    ')}\n# what fails\nfail-on: high\n`,
    ],
    [
      'with entries at the left border',
      'ignore:\n- path: /a\n  reason: "because" # really\nfail-on: high\n',
      `ignore:\n- path: /a\n  reason: "because" # really\n${LINES('')}fail-on: high\n`,
    ],
    [
      'with the line ends of Windows',
      'fail-on: high\r\nignore:\r\n  - path: /a\r\n    reason: because\r\n',
      `fail-on: high\r\nignore:\r\n  - path: /a\r\n    reason: because\r\n${LINES('  ').replaceAll('\n', '\r\n')}`,
    ],
  ])('%s', (_, text, expected) => {
    expect(put(text)).toBe(expected)
    expect(parseConfigText('.layergate.yml', put(text)).ignore?.at(-1)).toEqual(ENTRY)
  })

  it.each([
    ['on one line', 'ignore: [{ path: /a, reason: because }]\n', /write it by hand/],
    ['that are empty', 'ignore: []\n', /write it by hand/],
    ['of an anchor', 'ignore:\n  - &a { path: /a, reason: because }\n  - *a\n', /write it by hand/],
    ['in a file that is no configuration', 'fail-on: hihg\n', /Did you mean "high"/],
  ])('entries %s are an error', (_, text, message) => {
    expect(() => put(text)).toThrow(message)
  })
})

describe('the entry of a finding', () => {
  const place = (fingerprint: string): Finding['related'][number] => ({
    role: 'also-in',
    location: { kind: 'image' },
    dockerfile: null,
    fingerprint,
  })
  const finding = (related: Finding['related'], ignoreValue?: string): Finding =>
    ({
      ruleId: 'deleted-secret',
      fingerprint: 'a'.repeat(32),
      related,
      secret: { ...(ignoreValue === undefined ? {} : { ignoreValue }) },
    }) as unknown as Finding
  const VALUE = `hmac-sha256:${'0'.repeat(32)}`

  it('names its rule where it has one place', () => {
    expect(entryFor(finding([]), 'why', '2027-01-01')).toEqual({
      rule: 'deleted-secret',
      fingerprint: 'a'.repeat(32),
      reason: 'why',
      expires: '2027-01-01',
    })
  })

  it('names all its places, which can belong to other rules', () => {
    expect(entryFor(finding([place('b'), place('c')], VALUE), 'why', null)).toEqual({
      fingerprint: ['a'.repeat(32), 'b', 'c'],
      value: VALUE,
      reason: 'why',
    })
  })

  it('names the value alone where it has very many', () => {
    const many = Array.from({ length: 40 }, (_, index) => place(String(index)))
    expect(entryFor(finding(many, VALUE), 'why', null)).toEqual({ value: VALUE, reason: 'why' })
    // Sixteen bits of a password are those of other values too.
    expect(entryFor(finding(many, 'tag:0123'), 'why', null).fingerprint).toHaveLength(41)
  })
})
