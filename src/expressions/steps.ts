// A backtracking matcher that counts its steps, as V8's does them without shortcuts: the same count on every machine, so that
// what is exponential or quadratic shows without a clock.
import { type AST, RegExpParser } from '@eslint-community/regexpp'

type Op =
  | { readonly op: 'set'; readonly fits: Uint8Array; readonly back: boolean }
  | {
      readonly op: 'run'
      readonly fits: Uint8Array
      readonly back: boolean
      readonly min: number
      readonly max: number
      readonly greedy: boolean
    }
  | { readonly op: 'split'; to: number; other: number }
  | { readonly op: 'jump'; to: number }
  | { readonly op: 'zero'; readonly register: number }
  /** Goes on with the loop's body or behind it, by how often it ran and whether the last time took anything. */
  | {
      readonly op: 'loop'
      readonly register: number
      readonly min: number
      readonly max: number
      readonly greedy: boolean
      readonly body: number
      out: number
    }
  | { readonly op: 'save'; readonly register: number }
  | { readonly op: 'again'; readonly from: number; readonly to: number; readonly back: boolean }
  | { readonly op: 'edge'; readonly kind: 'start' | 'end' | 'word'; readonly negate: boolean }
  | { readonly op: 'look'; readonly program: readonly Op[]; readonly negate: boolean }
  | { readonly op: 'done' }

/** More steps than anything linear takes. */
export const MAX_STEPS = 500_000
/** What a bound of a repetition comes down to where it is to be told from none. */
const SMALL = 16

const isWord = (c: number): boolean => (c >= 48 && c <= 57) || (c >= 65 && c <= 90) || c === 95 || (c >= 97 && c <= 122)

type OneCharacter = AST.Character | AST.CharacterSet | AST.CharacterClass | AST.ExpressionCharacterClass

/** Whether an element takes exactly one character. */
export const isOneCharacter = (node: AST.Node): node is OneCharacter =>
  ['Character', 'CharacterSet', 'CharacterClass', 'ExpressionCharacterClass'].includes(node.type)

const known = new Map<string, Uint8Array>()

/** Which of the first 256 characters an element takes. */
export function charactersOf(node: OneCharacter, flags: string): Uint8Array {
  const key = `${flags} ${node.raw}`
  const found = known.get(key) ?? charactersFor(node, flags)
  known.set(key, found)
  return found
}

function charactersFor(node: OneCharacter, flags: string): Uint8Array {
  const pattern = new RegExp(`^(?:${node.raw})$`, flags.replace(/[gym]/g, ''))
  return Uint8Array.from({ length: 256 }, (_, c) => (pattern.test(String.fromCharCode(c)) ? 1 : 0))
}

class Compiler {
  readonly registers = { count: 0 }
  readonly #flags: string
  readonly #isSmall: boolean
  readonly #groups = new Map<AST.CapturingGroup, number>()

  constructor(flags: string, isSmall: boolean) {
    this.#flags = flags
    this.#isSmall = isSmall
  }

  #group(group: AST.CapturingGroup): number {
    const known = this.#groups.get(group) ?? this.registers.count
    if (!this.#groups.has(group)) {
      this.#groups.set(group, known)
      this.registers.count += 2
    }
    return known
  }

  alternatives(alternatives: readonly AST.Alternative[], back: boolean): Op[] {
    const [first, ...rest] = alternatives.map(({ elements }) => {
      const branch: Op[] = []
      for (const element of back ? elements.toReversed() : elements)
        branch.push(...shifted(this.#element(element, back), branch.length))
      return branch
    })
    const program: Op[] = []
    const exits: { op: 'jump'; to: number }[] = []
    for (const branch of [first ?? [], ...rest].slice(0, -1)) {
      const split: Op = { op: 'split', to: program.length + 1, other: 0 }
      const exit = { op: 'jump' as const, to: 0 }
      const at = program.length + 1
      program.push(split, ...shifted(branch, at), exit)
      exits.push(exit)
      split.other = program.length
    }
    const last = rest.at(-1) ?? first ?? []
    program.push(...shifted(last, program.length))
    for (const exit of exits) exit.to = program.length
    return program
  }

  #element(node: AST.Element | AST.QuantifiableElement, back: boolean): Op[] {
    if (isOneCharacter(node)) return [{ op: 'set', fits: charactersOf(node, this.#flags), back }]
    if (node.type === 'Group') return this.alternatives(node.alternatives, back)
    if (node.type === 'CapturingGroup') {
      const register = this.#group(node)
      const [from, to] = back ? [register + 1, register] : [register, register + 1]
      return [
        { op: 'save', register: from },
        ...shifted(this.alternatives(node.alternatives, back), 1),
        { op: 'save', register: to },
      ]
    }
    if (node.type === 'Quantifier') return this.#quantifier(node, back)
    if (node.type === 'Backreference') {
      const [group] = [node.resolved].flat()
      if (group === undefined) return []
      const register = this.#group(group)
      return [{ op: 'again', from: register, to: register + 1, back }]
    }
    if (node.kind === 'lookahead' || node.kind === 'lookbehind')
      return [
        {
          op: 'look',
          program: [...this.alternatives(node.alternatives, node.kind === 'lookbehind'), { op: 'done' }],
          negate: node.negate,
        },
      ]
    return [{ op: 'edge', kind: node.kind, negate: node.kind === 'word' && node.negate }]
  }

  #quantifier({ element, greedy, ...given }: AST.Quantifier, back: boolean): Op[] {
    const small = (count: number): number =>
      this.#isSmall && count !== Number.POSITIVE_INFINITY ? Math.min(count, SMALL) : count
    const [min, max] = [small(given.min), small(given.max)]
    if (isOneCharacter(element))
      return [{ op: 'run', fits: charactersOf(element, this.#flags), back, min, max, greedy }]
    const register = this.registers.count
    this.registers.count += 2
    const body = this.#element(element, back)
    const loop: Op = { op: 'loop', register, min, max, greedy, body: 2, out: body.length + 3 }
    return [{ op: 'zero', register }, loop, ...shifted(body, 2), { op: 'jump', to: 1 }]
  }
}

function shifted(program: readonly Op[], by: number): Op[] {
  return program.map((op): Op => {
    if (op.op === 'jump') return { ...op, to: op.to + by }
    if (op.op === 'split') return { ...op, to: op.to + by, other: op.other + by }
    return op.op === 'loop' ? { ...op, body: op.body + by, out: op.out + by } : op
  })
}

interface State {
  readonly at: number
  readonly position: number
  readonly registers: Int32Array
}

interface Retry {
  readonly at: number
  position: number
  readonly registers: Int32Array
  /** How many characters a run may still give back, or take. */
  left: number
}

const copyOf = (registers: Int32Array): Int32Array => (registers.length === 0 ? registers : registers.slice())

export class StepCounter {
  readonly pattern: AST.Pattern
  readonly flags: string
  readonly #program: readonly Op[]
  readonly #registers: number
  #steps = 0

  /** @param isSmall bounds of repetitions are taken for small ones: what is left to grow has no bound */
  constructor(source: string, flags: string, isSmall: boolean) {
    this.flags = flags
    this.pattern = new RegExpParser().parsePattern(source, 0, source.length, {
      unicode: flags.includes('u'),
      unicodeSets: flags.includes('v'),
    })
    const compiler = new Compiler(flags, isSmall)
    this.#program = [...compiler.alternatives(this.pattern.alternatives, false), { op: 'done' }]
    this.#registers = compiler.registers.count
  }

  /** Steps to find all matches of a text, `MAX_STEPS` at most; those of the first place alone where the pattern is sticky. */
  count(text: string): number {
    this.#steps = 0
    const isSticky = this.flags.includes('y')
    const isGlobal = this.flags.includes('g')
    const [first] = this.#program
    for (let start = 0; start <= text.length && this.#steps < MAX_STEPS; start++) {
      // As most starts end: at their first character, after one step.
      if (first?.op === 'set' && !isSticky && first.fits[text.charCodeAt(start)] !== 1) {
        this.#steps++
        continue
      }
      const end = this.#run(this.#program, text, start, new Int32Array(this.#registers).fill(-1))
      if (isSticky || (end !== null && !isGlobal)) break
      if (end !== null && end > start) start = end - 1
    }
    return Math.min(this.#steps, MAX_STEPS)
  }

  #run(program: readonly Op[], text: string, start: number, given: Int32Array): number | null {
    const retries: Retry[] = []
    let [at, position, registers] = [0, start, given]
    const keep = (where: number, left: number): void => {
      retries.push({ at: where, position, registers: copyOf(registers), left })
    }
    for (;;) {
      if (++this.#steps > MAX_STEPS) return null
      const op = program[at]
      let fits = true
      if (op === undefined) throw new Error('a program ends with done')
      if (op.op === 'done') return position
      if (op.op === 'set') {
        const c = text.charCodeAt(op.back ? position - 1 : position)
        fits = op.fits[c] === 1
        position += op.back ? -1 : 1
      } else if (op.op === 'run') {
        const step = op.back ? -1 : 1
        const wanted = op.greedy ? op.max : op.min
        let taken = 0
        while (taken < wanted && op.fits[text.charCodeAt(op.back ? position - 1 : position)] === 1) {
          position += step
          taken++
          this.#steps++
        }
        fits = taken >= op.min
        if (fits && (op.greedy ? taken > op.min : taken < op.max)) keep(at, op.greedy ? taken - op.min : op.max - taken)
      } else if (op.op === 'split') {
        keep(op.other, 0)
        at = op.to - 1
      } else if (op.op === 'jump') at = op.to - 1
      else if (op.op === 'zero') {
        registers[op.register] = 0
        registers[op.register + 1] = -1
      } else if (op.op === 'loop') {
        const times = registers[op.register] ?? 0
        const isStuck = registers[op.register + 1] === position && times >= op.min
        registers[op.register] = times + 1
        registers[op.register + 1] = position
        if (times < op.min) at = op.body - 1
        else if (times >= op.max || isStuck) at = op.out - 1
        else {
          keep(op.greedy ? op.out : op.body, 0)
          at = (op.greedy ? op.body : op.out) - 1
        }
      } else if (op.op === 'save') registers[op.register] = position
      else if (op.op === 'again') {
        const known = text.slice(registers[op.from] ?? 0, registers[op.to] ?? 0)
        this.#steps += known.length
        fits = op.back ? text.endsWith(known, position) : text.startsWith(known, position)
        position += op.back ? -known.length : known.length
      } else if (op.op === 'edge') fits = this.#isEdge(op.kind, text, position) !== op.negate
      else fits = (this.#run(op.program, text, position, registers) !== null) !== op.negate
      at++
      if (fits) continue
      const retry = this.#next(program, text, retries)
      if (retry === null) return null
      ;({ at, position, registers } = retry)
    }
  }

  /** Takes the last choice back: a run gives one character back, or takes one more. */
  #next(program: readonly Op[], text: string, retries: Retry[]): State | null {
    for (;;) {
      const retry = retries.pop()
      if (retry === undefined) return null
      const op = program[retry.at]
      if (op?.op !== 'run' || retry.left === 0) return retry
      this.#steps++
      const forward = op.back ? -1 : 1
      if (!op.greedy && op.fits[text.charCodeAt(op.back ? retry.position - 1 : retry.position)] !== 1) continue
      retry.position += op.greedy ? -forward : forward
      const state = { at: retry.at + 1, position: retry.position, registers: copyOf(retry.registers) }
      if (--retry.left > 0) retries.push(retry)
      return state
    }
  }

  #isEdge(kind: 'start' | 'end' | 'word', text: string, position: number): boolean {
    const isMultiline = this.flags.includes('m')
    if (kind === 'start') return position === 0 || (isMultiline && text[position - 1] === '\n')
    if (kind === 'end') return position === text.length || (isMultiline && text[position] === '\n')
    return isWord(text.charCodeAt(position - 1)) !== isWord(text.charCodeAt(position))
  }
}
