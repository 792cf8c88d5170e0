// What holds for every detector: where its search may start, and what it may cost.
import { type AST, RegExpParser } from '@eslint-community/regexpp'
import { describe, expect, it } from 'vitest'
import type { Detector } from '../../src/secrets/detector.ts'
import { DETECTORS } from '../../src/secrets/detectors/list.ts'
import { TRIGGERS } from '../../src/secrets/name-index.ts'
import { Scanner } from '../../src/secrets/scanner.ts'
import { samples } from '../detector-samples.ts'

const parser = new RegExpParser()
const textOf = (literal: Detector['literals'][number]): string => (typeof literal === 'string' ? literal : literal.text)

/** Characters that an element can take, at most. */
function most(element: AST.Element | AST.Alternative): number {
  if (element.type === 'Alternative') return element.elements.reduce((sum, each) => sum + most(each), 0)
  if (element.type === 'Quantifier') return element.max * most(element.element)
  if (element.type === 'Group' || element.type === 'CapturingGroup') return Math.max(...element.alternatives.map(most))
  return element.type === 'Assertion' ? 0 : 1
}

/** The first elements that take characters, of each alternative: what stands where the literal stands. */
function firsts(alternatives: readonly AST.Alternative[]): AST.Element[] {
  return alternatives.flatMap(({ elements }): AST.Element[] => {
    const first = elements.find(({ type }) => type !== 'Assertion')
    if (first === undefined) return []
    return first.type === 'Group' || first.type === 'CapturingGroup' ? firsts(first.alternatives) : [first]
  })
}

function lookbehinds(pattern: AST.Pattern): AST.LookbehindAssertion[] {
  const found: AST.LookbehindAssertion[] = []
  const visit = (elements: readonly AST.Element[]): void => {
    for (const element of elements) {
      if (element.type === 'Assertion' && element.kind === 'lookbehind') found.push(element)
      if ('alternatives' in element) for (const alternative of element.alternatives) visit(alternative.elements)
      if (element.type === 'Quantifier') visit([element.element as AST.Element])
    }
  }
  for (const { elements } of pattern.alternatives) visit(elements)
  return found
}

describe('the search is anchored', () => {
  it.each(DETECTORS.map((detector) => [detector.id, detector] as const))('%s', (_id, { pattern, literals, names, window = 256 }) => {
    expect(pattern.sticky).toBe(true)
    // At a literal of three bytes or more, or at a name in front of an assigned value.
    expect(literals.length + (names ?? []).length).toBeGreaterThan(0)
    for (const text of [...literals.map(textOf), ...(names ?? [])]) expect(text.length, text).toBeGreaterThanOrEqual(3)
    expect(window).toBeLessThanOrEqual(16_384)
    const parsed = parser.parsePattern(pattern.source, 0, pattern.source.length, false)
    // No optional and no lazy run at the start: what a sticky pattern starts with is there or the attempt is over. The
    // assignments' own detector takes the whole window, and its check reads it.
    for (const first of firsts(parsed.alternatives)) {
      if (first.type === 'Quantifier') expect({ min: first.min, greedy: first.greedy }, pattern.source).toEqual({ min: expect.toSatisfy((min: number) => min > 0), greedy: true })
    }
    for (const { alternatives } of lookbehinds(parsed)) expect(Math.max(...alternatives.map(most)), 'it looks back').toBeLessThanOrEqual(240)
  })

  it('names are found behind words that an assignment follows', () => {
    for (const trigger of TRIGGERS) expect(trigger).toMatchObject({ assignment: true, run: 16 })
  })
})

/** Letters that a detector likes: its literals and names, and what stands in its examples. */
function worstLetters({ literals, names = [], examples }: Detector): string[] {
  const texts = samples(examples).map(({ text }) => text)
  const starts = [...literals.map(textOf), ...names.map((name) => `${name}_api_key=`)]
  const tails = texts.map((text) => text.slice(-24, -1)).filter((text) => text !== '')
  return [starts.join(''), ...starts.slice(0, 3).flatMap((start) => [start, `${start}${tails[0] ?? 'a1B'}`, `${start}a`])].filter((text) => text !== '')
}

/** Milliseconds for a text of one unit again and again, the best of a few. */
function cost(scanner: Scanner, unit: string, bytes: number, rounds: number): number {
  const text = Buffer.from(unit.repeat(Math.ceil(bytes / unit.length)).slice(0, bytes), 'latin1')
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < rounds; round++) {
    const started = performance.now()
    scanner.start('/x').push(text, true)
    best = Math.min(best, performance.now() - started)
  }
  return best
}

/** The unit that costs a detector most. */
function worstUnit(scanner: Scanner, detector: Detector): string {
  const costs = worstLetters(detector).map((unit) => ({ unit, ms: cost(scanner, unit, 32_768, 1) }))
  return costs.reduce((worst, each) => (each.ms > worst.ms ? each : worst)).unit
}

/** Times below are noise of the machine. */
const NO_MATTER = 60 // ms a megabyte

describe('twice the text takes at most two and a half times as long', () => {
  it.each(DETECTORS.map((detector) => [detector.id, detector] as const))('%s, on 1 MB of the letters that cost it most', { timeout: 120_000 }, (_id, detector) => {
    const scanner = new Scanner([detector], true, [])
    const unit = worstUnit(scanner, detector)
    const ratio = (): number => {
      const whole = cost(scanner, unit, 1 << 20, 1)
      return whole < NO_MATTER ? 0 : whole / cost(scanner, unit, 1 << 19, 1)
    }
    // A busy machine makes one measurement wrong, not four in a row.
    let least = ratio()
    for (let round = 0; round < 3 && least > 2.5; round++) least = Math.min(least, ratio())
    expect(least, JSON.stringify(unit.slice(0, 60))).toBeLessThanOrEqual(2.5)
  })
})
