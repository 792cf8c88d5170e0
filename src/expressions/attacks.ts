// Texts that are dear to a pattern, made from its own syntax tree: what each of its repetitions repeats, again and again, behind
// what leads there, and in front of what it does not expect.
import type { AST } from '@eslint-community/regexpp'
import { charactersOf, isOneCharacter, type StepCounter } from './steps.ts'

/** A text of any length. */
export interface Attack {
  readonly prefix: string
  readonly unit: string
  readonly suffix: string
}

/** @param length of the repeated part, in characters */
export const textOf = ({ prefix, unit, suffix }: Attack, length: number): string =>
  prefix + unit.repeat(Math.max(1, Math.floor(length / unit.length))) + suffix

/** Repetitions that can be pumped. */
const MIN_MAX = 16
/** Characters that few patterns expect. */
const UNEXPECTED = ['\x00', '!', '\nx']
/** Texts of one pattern. */
const MAX_ATTACKS = 200

type One = Parameters<typeof charactersOf>[0]
function* nodesOf(node: AST.Node): Generator<AST.Node> {
  yield node
  if ('alternatives' in node && Array.isArray(node.alternatives))
    for (const alternative of node.alternatives as AST.Node[]) yield* nodesOf(alternative)
  if (node.type === 'Alternative') for (const element of node.elements) yield* nodesOf(element)
  if (node.type === 'Quantifier') yield* nodesOf(node.element)
}

class Samples {
  readonly #flags: string
  readonly #sets = new Map<One, Uint8Array>()
  readonly #sorted = new Map<One, string[]>()
  /** How many elements take each character. */
  readonly #shared = new Uint16Array(256)

  constructor(pattern: AST.Pattern, flags: string) {
    this.#flags = flags
    for (const node of nodesOf(pattern))
      if (isOneCharacter(node))
        for (const [c, fits] of this.#set(node).entries()) this.#shared[c] = (this.#shared[c] ?? 0) + fits
  }

  #set(node: One): Uint8Array {
    const known = this.#sets.get(node) ?? charactersOf(node, this.#flags)
    this.#sets.set(node, known)
    return known
  }

  /** The characters of an element that most others take too, the most shared first. */
  characters(node: One, count: number): string[] {
    const sorted = this.#sorted.get(node) ?? this.#sort(this.#set(node))
    this.#sorted.set(node, sorted)
    return sorted.slice(0, count)
  }

  #sort(set: Uint8Array): string[] {
    return Array.from({ length: 256 }, (_, c) => c)
      .filter((c) => set[c] === 1)
      .sort((a, b) => (this.#shared[b] ?? 0) - (this.#shared[a] ?? 0) || Math.abs(a - 97) - Math.abs(b - 97))
      .map((c) => String.fromCharCode(c))
  }

  /** The characters that most elements take. */
  mostShared(count: number): string[] {
    return [...this.#shared.entries()]
      .sort(([, a], [, b]) => b - a)
      .slice(0, count)
      .map(([c]) => String.fromCharCode(c))
  }

  /** A short text that an element takes, by the number of its alternative and of its character. */
  one(node: AST.Node, alternative = 0, character = 0): string {
    if (isOneCharacter(node)) {
      const characters = this.characters(node, character + 1)
      return characters.at(-1) ?? ''
    }
    if (node.type === 'Alternative')
      return node.elements.map((element) => this.one(element, alternative, character)).join('')
    if (node.type === 'Quantifier')
      return this.one(node.element, alternative, character).repeat(
        Math.min(Math.max(node.min, node.max === 0 ? 0 : 1), 400),
      )
    if (node.type === 'Group' || node.type === 'CapturingGroup' || node.type === 'Pattern') {
      const chosen = node.alternatives[alternative % node.alternatives.length]
      return chosen === undefined ? '' : this.one(chosen, alternative, character)
    }
    return ''
  }
}

/** What leads to an element, and what follows it, on the way through its parents. */
function around(node: AST.Node, samples: Samples): { before: string; after: string } {
  let [before, after] = ['', '']
  for (
    let child: AST.Node = node, parent = node.parent;
    parent !== null && parent !== undefined;
    child = parent, parent = parent.parent
  ) {
    if (parent.type !== 'Alternative') continue
    const index = parent.elements.indexOf(child as AST.Element)
    const text = (elements: readonly AST.Element[]): string =>
      elements
        .map((element) => (element.type === 'Quantifier' && element.min === 0 ? '' : samples.one(element)))
        .join('')
    before = text(parent.elements.slice(0, index)) + before
    after += text(parent.elements.slice(index + 1))
  }
  return { before, after }
}

/** Short texts of what follows a repetition. */
function followers(node: AST.Quantifier, samples: Samples): string[] {
  const { parent } = node
  if (parent?.type !== 'Alternative') return []
  const next = parent.elements[parent.elements.indexOf(node) + 1]
  return next === undefined ? [] : [0, 1].map((alternative) => samples.one(next, alternative))
}

export function attacksOf({ pattern, flags }: StepCounter): Attack[] {
  const samples = new Samples(pattern, flags)
  const attacks = new Map<string, Attack>()
  const add = (prefix: string, unit: string, suffix: string): void => {
    if (unit !== '' && attacks.size < MAX_ATTACKS)
      attacks.set(JSON.stringify([prefix, unit, suffix]), { prefix, unit, suffix })
  }
  for (const node of nodesOf(pattern)) {
    if (node.type !== 'Quantifier' || node.max < MIN_MAX) continue
    const { before, after } = around(node, samples)
    const units = new Set(
      [0, 1, 2].flatMap((alternative) => [0, 1].map((character) => samples.one(node.element, alternative, character))),
    )
    for (const unit of units) {
      for (const suffix of ['', ...UNEXPECTED, `${after.slice(0, -1)}\x00`, `\n${before}`]) add(before, unit, suffix)
      // Again and again from the start: each start may look to the end.
      add('', before + unit, '\x00')
      add('', `${before}${unit}${after.slice(0, -1)}`, '\x00')
      add('\x00', unit, '\x00')
      add('', `\n${before}${unit}`, '\x00')
    }
    for (const suffix of UNEXPECTED) add('', before, suffix)
    // What follows may be taken by the repetition too.
    for (const follower of followers(node, samples)) add(before, follower, '\x00')
  }
  const shared = samples.mostShared(4)
  for (const a of shared) for (const b of shared) for (const prefix of ['', '\x00']) add(prefix, a + b, '\x00')
  for (const choice of [0, 1, 2]) {
    const whole = samples.one(pattern, choice)
    add('', whole.slice(0, -1), '\x00')
    add('', whole, '\x00')
  }
  return [...attacks.values()]
}
