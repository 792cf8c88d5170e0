// What holds for every detector: where its search may start. What it costs, bench/detector-cost.ts measures.
import { type AST, RegExpParser } from '@eslint-community/regexpp'
import { describe, expect, it } from 'vitest'
import type { Detector } from '../../src/secrets/detector.ts'
import { DETECTORS } from '../../src/secrets/detectors/list.ts'
import { TRIGGERS } from '../../src/secrets/name-index.ts'

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
  it.each(DETECTORS.map((detector) => [detector.id, detector] as const))(
    '%s',
    (_id, { pattern, literals, names, window = 256 }) => {
      expect(pattern.sticky).toBe(true)
      // At a literal of three bytes or more, or at a name in front of an assigned value.
      expect(literals.length + (names ?? []).length).toBeGreaterThan(0)
      for (const text of [...literals.map(textOf), ...(names ?? [])])
        expect(text.length, text).toBeGreaterThanOrEqual(3)
      expect(window).toBeLessThanOrEqual(16_384)
      const parsed = parser.parsePattern(pattern.source, 0, pattern.source.length, false)
      // No optional and no lazy run at the start: what a sticky pattern starts with is there or the attempt is over. The
      // assignments' own detector takes the whole window, and its check reads it.
      for (const first of firsts(parsed.alternatives)) {
        if (first.type === 'Quantifier')
          expect({ min: first.min, greedy: first.greedy }, pattern.source).toEqual({
            min: expect.toSatisfy((min: number) => min > 0),
            greedy: true,
          })
      }
      for (const { alternatives } of lookbehinds(parsed))
        expect(Math.max(...alternatives.map(most)), 'it looks back').toBeLessThanOrEqual(240)
    },
  )

  it('names are found behind words that an assignment follows', () => {
    for (const trigger of TRIGGERS) expect(trigger).toMatchObject({ assignment: true, run: 16 })
  })
})
