// No regular expression that an image or a pull request feeds is exponential, or more than linear beyond its bounded window.
// All of src/ are tried on texts that are made from their own syntax trees, and their steps are counted: no clock is asked.
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { dearInWindow, growing } from '../src/expressions/cost.ts'
import { StepCounter } from '../src/expressions/steps.ts'
import { DETECTORS } from '../src/secrets/detectors/list.ts'
import { processScanner } from '../src/secrets/scanner.ts'
import { findExpressions } from './expressions/find.ts'

/** Expressions that grow faster than their text, with what bounds that text. */
const BOUNDED: Readonly<Record<string, string>> = {
  [String.raw`/(?: --[a-z]{1,20}(?:=\S{0,1000})?){1,20}$/`]:
    'twenty options at most, and 1,000 characters that its caller looks at',
  [String.raw`/(?:ansible_(?:ssh_|become_|sudo_|su_)?pass(?:word)?|vault_\w*(?:pass(?:word)?|secret|token))$/`]:
    'a name of at most 120 characters',
  [String.raw`/(?=^<!-- layergate:memory |\s*$(?![\s\S]))/m`]: 'a comment of GitHub, 65,536 characters at most',
  [String.raw`/(?:^|\/)layergate(?:\/[\w/-]*)?@|^\.\/$/`]: 'layergate init: a workflow file of the person who runs it',
  [String.raw`/(\{[^}]+\})/`]: 'forms that are written in our own detectors',
  [String.raw`/\$\{\{.*?\}\}/g`]: 'layergate init: a workflow file of the person who runs it',
  [String.raw`/\/(?:opt\/conda|miniconda3?|anaconda3?|miniforge3?)\/pkgs\/.+\.(?:conda|tar\.bz2)$/`]:
    'a path: limits.path-bytes, 4,096 characters',
  [String.raw`/\B(?=(?:\d{3})+$)/g`]: 'the digits of one number',
  [String.raw`/^:?\w*(?:api_key|rubygems|token)\w*$/`]: 'a name of at most 120 characters',
  [String.raw`/^<details>[\s\S]*?^<\/details>\s*/gm`]: 'a comment of GitHub, 65,536 characters at most',
}

const ALL = [
  ...new Map(
    findExpressions(path.join(import.meta.dirname, '..', 'src')).map((found) => [
      `/${found.source}/${found.flags}`,
      found,
    ]),
  ).entries(),
]

describe('the checker', () => {
  it.each([
    ['exponential', '^(?:[a-z]+[A-Z]?)+$', ''],
    ['exponential', '^(a|a)*$', ''],
    ['exponential', '(x+x+)+y', ''],
    ['exponential', '^(?:\\w+\\s?)*$', ''],
    ['cubic', 'a\\s*b?\\s*c?\\s*d', ''],
    ['quadratic', '\\s+$', ''],
    ['quadratic', '^\\s*(.+?)\\s*=', ''],
    ['quadratic', '<!--[\\s\\S]*?-->', 'g'],
    ['quadratic', '"(?:[^"\\\\]|\\\\.)*"', 'gs'],
    ['quadratic', '(?<=\\n[^\\n]*)x', ''],
  ])('knows what is %s: %s', (_kind, source, flags) => {
    expect(growing(source, flags)).not.toBeNull()
  })

  it.each([
    '^[a-z]+(?:[A-Z][a-z]+)*[A-Z]?$',
    '(?<!\\s)\\s+$',
    '^\\s*(\\S.*)$',
    'a{0,40}b{0,40}c',
    '"(?:[^"\\\\]|\\\\.)*(?:"|\\\\?$)',
    '(["\'])(?:(?!\\1).)*\\1',
  ])('takes %s for linear', (source) => {
    expect(growing(source, 's')).toBeNull()
  })

  it('counts what a machine does step by step', () => {
    expect(new StepCounter('a+b', '', false).count('b')).toBeLessThan(10)
    for (const [source, text] of [
      ['^(?:ab|cd)+$', 'abcdab'],
      ['(?<=x{1,3})(y|z)\\1$', 'xxyy'],
      ['^(?:a{2,3}|b){2}c', 'aabc'],
    ] as const)
      expect(new RegExp(source).test(text)).toBe(true)
  })

  it('finds all there are, with those that are put together', () => {
    expect(ALL.length).toBeGreaterThan(900)
    expect(ALL.some(([text]) => text.includes('redacted|sample'))).toBe(true)
  })
})

describe('each expression is linear in its text', () => {
  it.each(ALL)('%s', (text, { source, flags }) => {
    const cost = growing(source, flags)
    if (BOUNDED[text] === undefined) expect(cost).toBeNull()
    else expect(cost, 'it is linear: take it off the list').not.toBeNull()
  })

  it('the list of exceptions names what there is', () => {
    const known = new Set(ALL.map(([text]) => text))
    expect(Object.keys(BOUNDED).filter((text) => !known.has(text))).toEqual([])
  })
})

describe('each detector is cheap within its window', () => {
  const patterns = DETECTORS.flatMap(({ id, pattern, glued, window = 256 }) =>
    [pattern, ...(glued === undefined ? [] : [glued])].map((each) => [id, each, window] as const),
  )
  it.each(patterns)('%s', (_id, { source, flags }, window) => {
    expect(dearInWindow(source, flags, window)).toBeNull()
  })
})

describe('what once did not end', () => {
  const scanner = processScanner()
  it.each([
    ['a password of letters', `DB_PASSWORD=${'kxqvnwzrmtbphjydgfsclauieo'.repeat(8)}!\n`],
    ['a key of capitals and letters', `apiKey: "${'aBcD'.repeat(55)}-"`],
    ['many assignments', `${'PASSWORD='.repeat(50_000)}\n`],
    ['a line of one word', `token=${'a'.repeat(2_000_000)}`],
    ['quotes that do not end', `secret: "${"'".repeat(500_000)}`],
    ['white space', `password =${' '.repeat(1_000_000)}x`],
  ])('%s', (_name, text) => {
    const scan = scanner.start('/app/.env')
    scan.push(Buffer.from(text), true)
    expect(scan.matches.length).toBeLessThan(2)
  })
})
