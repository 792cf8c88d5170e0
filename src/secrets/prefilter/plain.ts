// The same searches in plain JavaScript: the fall-back for engines without WebAssembly SIMD, and the kernel's test.

import { MIN_VALUE } from './layout.ts'
import type { Kernel } from './search.ts'
import type { Literal } from './table-builder.ts'

const COMPARED = 16
const isIdentifier = (c: number): boolean =>
  (c >= 48 && c <= 57) || (c >= 65 && c <= 90) || (c >= 97 && c <= 122) || c === 95 || c === 46 || c === 45
const isQuote = (c: number): boolean =>
  c === 34 || c === 39 || c === 96 || c === 41 || c === 91 || c === 93 || c === 92 || /\s/.test(String.fromCharCode(c))
const isStringQuote = (c: number): boolean => c === 34 || c === 39 || c === 96
const isStringPrefix = (c: number): boolean => c === 64 || 'bflnru'.includes(String.fromCharCode(c | 32))
const isOperator = (c: number): boolean => c === 61 || c === 58 || c === 62 || c === 44 || c === 124
const isValue = (c: number): boolean => c > 32 && c < 127 && !`"'\`,;(){}<>`.includes(String.fromCharCode(c))
const isBase64 = (c: number): boolean =>
  (c >= 48 && c <= 57) || (c >= 65 && c <= 90) || (c >= 97 && c <= 122) || c === 43 || c === 47 || c === 45 || c === 95
const isToken = (c: number): boolean => isIdentifier(c) || '+/=~%\\&#;'.includes(String.fromCharCode(c))
const fold = (c: number): number => (c >= 65 && c <= 90 ? c | 32 : c)

interface Compiled {
  readonly bytes: Buffer
  readonly id: number
  readonly ignoreCase: boolean
  readonly assignment: boolean
  readonly run: number
}

/** Groups the literals by their first three bytes, letters folded. */
function compile(literals: readonly Literal[]): Map<number, Compiled[]> {
  const groups = new Map<number, Compiled[]>()
  literals.forEach(({ text, ignoreCase, assignment, run }, id) => {
    const bytes = Buffer.from((ignoreCase ? text.toLowerCase() : text).slice(0, COMPARED), 'latin1')
    const key = (fold(bytes[0] ?? 0) << 16) | (fold(bytes[1] ?? 0) << 8) | fold(bytes[2] ?? 0)
    groups.set(key, [
      ...(groups.get(key) ?? []),
      { bytes, id, ignoreCase, assignment, run: text.length > COMPARED ? 0 : run },
    ])
  })
  return groups
}

export function plainKernel(literals: readonly Literal[], size: number): Kernel {
  const window = Buffer.alloc(size + 64)
  const groups = compile(literals)
  const at = (position: number): number => window[position] ?? 0
  const skip = (from: number, stop: number, test: (c: number) => boolean): number => {
    let p = from
    while (p < stop && test(at(p))) p++
    return p
  }
  const matches = ({ bytes, ignoreCase }: Compiled, position: number): boolean => {
    for (let k = 0; k < bytes.length; k++) {
      const c = at(position + k)
      if ((ignoreCase ? fold(c) : c) !== bytes[k]) return false
    }
    return true
  }
  const assigned = (from: number, end: number, least: number): { start: number; length: number } | null => {
    const name = skip(from, Math.min(end, from + 24), isIdentifier)
    const operator = skip(name, Math.min(end, name + 16), isQuote)
    const behind = skip(operator, Math.min(end, operator + 3), isOperator)
    if (behind === operator) return null
    const before = skip(behind, Math.min(end, behind + 16), isQuote)
    // The prefix of a string: b'…', u"…", @"…".
    const start = before + 1 < end && isStringPrefix(at(before)) && isStringQuote(at(before + 1)) ? before + 2 : before
    const last = start > behind ? at(start - 1) : 0
    const quote = isStringQuote(last) ? last : 0
    // A value in quotes goes on to the next of them.
    const goesOn = (c: number): boolean => isValue(c) || (quote !== 0 && c !== quote && c > 32)
    const length = skip(start, Math.min(end, start + 160), goesOn) - start
    return length >= least ? { start, length } : null
  }
  return {
    window: window.subarray(0, size),
    scan(from, end, onHit) {
      for (let p = Math.max(0, from - COMPARED); p + 3 <= end; p++) {
        const group = groups.get((fold(at(p)) << 16) | (fold(at(p + 1)) << 8) | fold(at(p + 2)))
        if (group === undefined) continue
        for (const literal of group) {
          if (p + literal.bytes.length > end || !matches(literal, p)) continue
          const behind = p + literal.bytes.length
          if (
            !literal.assignment &&
            skip(behind, Math.min(end, behind + literal.run), isToken) !== behind + literal.run
          )
            continue
          const value = literal.assignment
            ? assigned(behind, end, Math.max(MIN_VALUE, literal.run))
            : { start: 0, length: 0 }
          if (value !== null) onHit(p, literal.id, value.start, value.length)
        }
      }
    },
    utf16Runs(end, onRun) {
      const isPair = (p: number, high: number): boolean =>
        at(p + high) === 0 && at(p + 1 - high) >= 9 && at(p + 1 - high) < 127
      for (let p = 0; p + 1 < end; ) {
        const high = at(p + 1) === 0 ? 1 : 0
        let stop = p
        while (stop + 2 <= end && isPair(stop, high)) stop += 2
        if (stop - p >= 32) onRun(p, stop - p, high === 0)
        p = stop > p ? stop : p + 1
      }
    },
    base64Runs(end, onRun) {
      for (let p = 0; p < end; p++) {
        const stop = skip(p, end, isBase64)
        if (stop - p >= 32) onRun(p, stop - p)
        p = stop
      }
    },
    lines(from, end) {
      let count = 0
      for (let p = from; p < end; p++) if (at(p) === 10) count++
      return count
    },
  }
}
