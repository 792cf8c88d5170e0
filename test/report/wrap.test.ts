// Lines of 80 columns, whatever is written in them.
import fc from 'fast-check'
import stringWidth from 'string-width'
import { afterEach, describe, expect, it } from 'vitest'
import { columns, cutToColumns, fitTo, lineWidth, pad, WIDTH, wrap } from '../../src/report/wrap.ts'
import { plainRedactor } from '../../src/secrets/last-look.ts'

const TEXTS = {
  words: 'a b '.repeat(100),
  'one long word': 'x'.repeat(1000),
  Chinese: '\u4f60\u597d\u4e16\u754c'.repeat(60),
  'Chinese between words': 'layer \u4f60\u597d\u4e16\u754c holds '.repeat(20),
  emoji: '\u{1f469}\u200d\u{1f469}\u200d\u{1f467} \u{1f1e9}\u{1f1ea} \u{1f680}'.repeat(30),
  'letters with marks': 'e\u0301'.repeat(300),
  'a letter with a thousand marks': `a${'\u0301'.repeat(1000)} b`,
  'in colour': `\x1b[1m${'word '.repeat(40)}\x1b[0m`,
}

describe.each(Object.entries(TEXTS))('%s', (_name, text) => {
  it.each([
    ['', ''],
    ['    ', '    '],
    [' \u25cf high  ', '    '],
  ])('stays within the width behind %j, and nothing is lost', (first, rest) => {
    const lines = wrap(text, first, rest)
    for (const line of lines) expect(columns(line)).toBeLessThanOrEqual(WIDTH)
    const together = lines.map((line, index) => line.slice((index === 0 ? first : rest).length)).join('')
    expect(together.replace(/ /g, '')).toBe(text.replace(/ /g, ''))
  })

  it('is shortened to the columns that there are', () => {
    for (const room of [1, 10, 33])
      expect(columns(cutToColumns(plainRedactor(), text.replaceAll('\x1b', ''), room))).toBeLessThanOrEqual(
        Math.max(room, 2),
      )
  })
})

it('never parts what is one sign: a family, a flag, a letter and its mark', () => {
  const family = '\u{1f469}\u200d\u{1f469}\u200d\u{1f467}'
  for (const line of wrap(family.repeat(100), '', '')) expect(line.replaceAll(family, '')).toBe('')
})

it('takes no longer for one long word than for many short ones', () => {
  expect(wrap('x'.repeat(2_000_000), '', '')).toHaveLength(25_000)
})

it.each([
  ['ab', 'ab  '],
  ['\u4f60', '\u4f60  '],
  ['e\u0301', 'e\u0301   '],
  ['abcdef', 'abcdef'],
])('fills %j up to four columns', (text, padded) => {
  expect(pad(text, 4, 'end')).toBe(padded)
  expect(pad(text, 4, 'start')).toBe(padded.endsWith(' ') ? `${padded.slice(text.length)}${text}` : text)
})

it('counts columns as string-width does, which takes too long to load', () => {
  const letters = (from: number, to: number) =>
    fc.integer({ min: from, max: to }).map((code) => String.fromCodePoint(code))
  const unit = fc.oneof(
    letters(0x20, 0x7e),
    letters(0xa1, 0x17f),
    letters(0x400, 0x4ff),
    letters(0x3041, 0x30ff),
    letters(0x4e00, 0x9fff),
    letters(0xac00, 0xd7a3),
    letters(0x1f300, 0x1f64f),
    fc.constantFrom(
      'e\u0301',
      '\u200b',
      '\u{1f469}\u200d\u{1f467}',
      '\u{1f1e9}\u{1f1ea}',
      '\u25cf',
      '\u2026',
      '\uff21',
      '\u00ad',
      '\x1b[31m',
      '\x1b[0m',
      '\u2764\ufe0f',
    ),
  )
  fc.assert(
    fc.property(fc.array(unit, { maxLength: 12 }), (parts) => {
      expect(columns(parts.join(''))).toBe(stringWidth(parts.join('')))
    }),
    { numRuns: 3000 },
  )
})

describe('the width of the terminal', () => {
  afterEach(() => fitTo(undefined))

  it.each([
    [undefined, 80],
    [20, 60],
    [72, 72],
    [100, 100],
    [300, 120],
  ])('%s columns: lines of %i', (own, expected) => {
    fitTo(own)
    expect(lineWidth()).toBe(expected)
    const lines = wrap('word '.repeat(200), '', '  ')
    expect(Math.max(...lines.map(columns))).toBeLessThanOrEqual(expected)
    expect(Math.max(...lines.map(columns))).toBeGreaterThan(expected - 6)
  })
})
