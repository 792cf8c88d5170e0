// Patterns of people, tried where their fixed text stands: they find what a search for the pattern finds.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { anchored, searching } from '../../src/expressions/anchored.ts'
import { dearInWindow } from '../../src/expressions/cost.ts'
import { globOf } from '../../src/expressions/glob.ts'

/** All values that an anchored pattern finds in a text. */
function valuesIn(pattern: string, text: string, capture: number | string | null = null): string[] {
  const { literals, source } = anchored(pattern, capture, [])
  const expression = new RegExp(source, 'y')
  const found: string[] = []
  for (let at = 0; at < text.length; at++) {
    if (
      !literals.some(({ text: sought, ignoreCase }) => {
        const here = text.slice(at, at + sought.length)
        return (ignoreCase ? here.toLowerCase() : here) === sought
      })
    )
      continue
    expression.lastIndex = at
    const match = expression.exec(text)
    if (match !== null) found.push(`${match.groups?.['before'] ?? ''}${match.groups?.['value'] ?? match[0]}`)
  }
  return found
}

const TOKEN = 'k7Qz9mXw2Rt5Lp8Vb3Nc'

describe('where the search starts', () => {
  it.each([
    ['acme_[A-Za-z0-9]{20}', ['acme_']],
    ['(?i)acme[-_]token', ['acme']],
    ['\\bid=\\d{1,9};secret=\\w+', [';secret=']],
    ['(?:ghp|gho)_\\w{20}', ['ghp_', 'gho_']],
    ['(?:sk|pk)_live_\\w{20}', ['sk_live_', 'pk_live_']],
    ['A3T[A-Z]|AKIA|ASIA', ['A3T', 'AKIA', 'ASIA']],
    ['[\\w.-]{0,50}?(?:adafruit)\\s*=\\s*(\\w{32})', ['adafruit']],
    ['(?P<x>foo[[:alnum:]]+)bar', ['foo']],
    ['\\Qa.b.c\\E\\d', ['a.b.c']],
  ])('%s: %j', (pattern, texts) => {
    expect(anchored(pattern, null, []).literals.map(({ text }) => text)).toEqual(texts)
  })

  it('is at a keyword, where one is named', () => {
    expect(anchored('acmecorp[-_]deploy=(\\w+)', null, []).literals[0]?.text).toBe('acmecorp')
    expect(anchored('acmecorp[-_]deploy=(\\w+)', null, ['deploy']).literals[0]?.text).toBe('deploy=')
    expect(() => anchored('acme=(\\w+)', null, ['other'])).toThrow('none of its keywords is in a fixed text of it')
  })
})

describe('what is found', () => {
  it.each([
    ['the whole match', 'acme_\\w{20}', `x acme_${TOKEN} y`, [`acme_${TOKEN}`]],
    ['the first group', 'acme=(\\w{20})', `acme=${TOKEN}`, [TOKEN]],
    ['a value that begins before the text', '(\\d{3}-acme-\\w{5})', 'id 123-acme-abcde', ['123-acme-abcde']],
    ['whatever its case', '(?i)ACME_(\\w{20})', `aCmE_${TOKEN}`, [TOKEN]],
    ['a part whatever its case', 'acme_(?i:TOKEN)_(\\w{20})', `acme_tOkEn_${TOKEN} ACME_TOKEN_${TOKEN}`, [TOKEN]],
    [
      'flags up to the end of the group',
      '(?:acme(?i)KEY)=(\\w+)',
      'acmekey=abc acmeKEY=def ACMEkey=ghi',
      ['abc', 'def'],
    ],
    ['a case that is switched off', '(?i)acme_(?-i:KEY)=(\\w+)', 'ACME_KEY=abc acme_key=def', ['abc']],
    ['at the start and the end of a line', '(?m)^acme=(\\w+)$', 'acme=abc\nx acme=def\nacme=ghi z', ['abc']],
    ['at a border of words', '\\bacme_(\\w{3})\\b', 'acme_abc xacme_def acme_ghij', ['abc']],
    ['a class of POSIX', 'acme_([[:xdigit:]]{4})', 'acme_12aF acme_xyz1', ['12aF']],
    ['a bracket in a class', 'acme_([]a]+)', 'acme_]a]b', [']a]']],
    ['behind what may stand in front', '[\\w.]*acme=(\\w+)', 'my.acme=abc', ['abc']],
  ])('%s', (_name, pattern, text, values) => {
    expect(valuesIn(pattern, text)).toEqual(values)
  })

  it('a group by its name or number', () => {
    const text = 'acme abc:def'
    expect(valuesIn('acme (?<user>\\w+):(?<pass>\\w+)', text, 'pass')).toEqual(['def'])
    expect(valuesIn('acme (\\w+):(\\w+)', text, 2)).toEqual(['def'])
    expect(valuesIn('acme (\\w+):(\\w+)', text, 0)).toEqual([text])
    expect(() => anchored('acme (\\w+)', 2, [])).toThrow('it has no group 2')
  })

  it('is what a search finds, for any pattern of these pieces', () => {
    const piece = fc.constantFrom('[a-c]', '\\d', '[-_ ]', 'x', 'b{0,2}', '(?:a|1)', '\\s?', '[^q]')
    const pieces = (most: number): fc.Arbitrary<string> =>
      fc.array(piece, { maxLength: most }).map((all) => all.join(''))
    fc.assert(
      fc.property(
        pieces(3),
        pieces(3),
        pieces(2),
        fc.boolean(),
        fc.string({ unit: fc.constantFrom('a', 'b', '1', '-', ' ', 'x', 'key', 'KEY', 'q'), maxLength: 20 }),
        (before, inside, behind, anyCase, text) => {
          const pattern = `${anyCase ? '(?i)' : ''}${before}key(${inside})${behind}`
          const isFound = searching(pattern).test(text)
          const native = new RegExp(`${before}key(${inside})${behind}`, anyCase ? 'i' : '').test(text)
          expect(isFound).toBe(native)
          expect(valuesIn(pattern, text).length > 0).toBe(native)
        },
      ),
      { numRuns: 2000 },
    )
  })
})

describe('what cannot be taken', () => {
  it.each([
    ['[A-Za-z0-9]{40}', 'no fixed text of 3 characters'],
    ['ab[0-9]+', 'no fixed text of 3 characters'],
    ['.{97}token=\\w+', 'no fixed text of 3 characters'],
    ['(\\w+)acme', 'its fixed text stands behind the value'],
    ['token=(\\w+', 'it is no regular expression'],
    ['token=(\\w+)\\1', 'refers back'],
    ['token=(?P<a>\\w)(?P=a)', 'refers back'],
    ['token=\\p{L}+', '\\p is not taken'],
    ['töken=\\w+', 'is no ASCII character'],
    ['token=[[:letter:]]', 'is no class of characters'],
    ['token=[abc', 'does not end'],
    ['token)', 'closes what none opened'],
    ['(?U)token=.*', 'the flag U'],
  ])('%s', (pattern, why) => {
    expect(() => anchored(pattern, null, [])).toThrow(why)
  })

  it.each(['token=(?:\\w+\\s?)+;', 'token=(a+)+$', 'token=(?:a|a)*b'])('%s takes too long', (pattern) => {
    const { source, window } = anchored(pattern, null, [])
    expect(dearInWindow(source, 'y', window)).not.toBeNull()
  })
})

describe('paths as globs', () => {
  it.each([
    ['(?:^|/)\\.env$', '**/.env'],
    ['\\.env$', '**/*.env'],
    ['^config/prod\\.yml$', '**/config/prod.yml'],
    ['node_modules/', '**/*node_modules/**'],
    ['vendor/.*\\.go$', '**/*vendor/**/*.go'],
    ['go\\.mod$', '**/*go.mod'],
    ['(^|/)(a|b)\\.json$', ['**/a.json', '**/b.json']],
    ['(?:^|/)node_modules(?:/.*)?$', ['**/node_modules', '**/node_modules/**']],
    ['src/[^/]+/x$', '**/*src/?*/x'],
    ['[a-z]+', null],
    ['a(?=b)', null],
    ['(', null],
  ])('%s', (expression, glob) => {
    expect(globOf(expression)).toEqual(glob)
  })
})
