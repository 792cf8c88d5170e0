// How a pattern that may match anywhere is tried where its fixed text stands: the search for the text is one pass for all patterns.
//
//   \bacme[_-]token\s*=\s*(\w{20})   is searched for   token   and tried as   (?<=\bacme[_-])token\s*=\s*(?<value>\w{20})
import type { AST } from '@eslint-community/regexpp'
import { PatternError, parsePattern } from './dialect.ts'
import { charactersOf, isOneCharacter } from './steps.ts'

/** Characters of a fixed text at least. */
const MIN_LITERAL = 3
/** Characters of a fixed text that are searched for at most. */
const MAX_LITERAL = 32
/** What a pattern may look back at. */
const MAX_BEFORE = 96
/** The window of a pattern without an end. */
const OPEN_WINDOW = 2048
const MIN_WINDOW = 256
const MAX_WINDOW = 16_384

export interface Anchored {
  readonly literals: readonly { readonly text: string; readonly ignoreCase: boolean }[]
  /** Of a sticky expression without flags, tried where a literal starts; its groups are `before` and `value`. */
  readonly source: string
  /** The part of it that looks back. */
  readonly before: string
  /** Characters from the literal on that it may see. */
  readonly window: number
}

interface Modes {
  readonly ignoreCase: boolean
  readonly dotAll: boolean
  readonly multiline: boolean
}

/** An element of the pattern's outermost sequence. */
interface Item {
  readonly node: AST.Element
  readonly modes: Modes
  /** It belongs to the value. */
  readonly isValue: boolean
}

const NO_MODES: Modes = { ignoreCase: false, dotAll: false, multiline: false }

function modesIn(node: AST.Node, modes: Modes): Modes {
  if (node.type !== 'Group' || node.modifiers === null) return modes
  const { add, remove } = node.modifiers
  return {
    ignoreCase: add.ignoreCase || (modes.ignoreCase && remove?.ignoreCase !== true),
    dotAll: add.dotAll || (modes.dotAll && remove?.dotAll !== true),
    multiline: add.multiline || (modes.multiline && remove?.multiline !== true),
  }
}

const hex = (code: number): string => `\\x${code.toString(16).padStart(2, '0')}`

/** A class of the characters of a table. */
function classOf(fits: Uint8Array): string {
  const ranges: string[] = []
  for (let from = 0; from < fits.length; from++) {
    if (fits[from] !== 1) continue
    let to = from
    while (fits[to + 1] === 1) to++
    ranges.push(from === to ? hex(from) : `${hex(from)}-${hex(to)}`)
    from = to
  }
  return ranges.length === 0 ? '[^\\x00-\\xff]' : `[${ranges.join('')}]`
}

const isLetter = (code: number): boolean => (code >= 65 && code <= 90) || (code >= 97 && code <= 122)

class Renderer {
  /** The group whose text is the value. */
  readonly #value: AST.CapturingGroup | null

  constructor(value: AST.CapturingGroup | null) {
    this.#value = value
  }

  alternatives(alternatives: readonly AST.Alternative[], modes: Modes): string {
    return alternatives
      .map(({ elements }) => elements.map((element) => this.element(element, modes)).join(''))
      .join('|')
  }

  element(node: AST.Element | AST.QuantifiableElement, modes: Modes): string {
    if (node.type === 'Character')
      return modes.ignoreCase && isLetter(node.value)
        ? `[${String.fromCharCode(node.value & 0xdf, node.value | 0x20)}]`
        : isLetter(node.value) || (node.value >= 48 && node.value <= 57)
          ? String.fromCharCode(node.value)
          : hex(node.value)
    if (node.type === 'CharacterSet') return node.kind === 'any' && modes.dotAll ? '[\\s\\S]' : node.raw
    if (node.type === 'CharacterClass') return modes.ignoreCase ? classOf(charactersOf(node, 'i')) : node.raw
    if (node.type === 'Quantifier') {
      const { min, max, greedy, element } = node
      const times =
        max === Number.POSITIVE_INFINITY
          ? min === 0
            ? '*'
            : min === 1
              ? '+'
              : `{${min},}`
          : min === max
            ? `{${min}}`
            : `{${min},${max}}`
      const inner = this.element(element, modes)
      const body = isOneCharacter(element) || /^\((?!\?[=!<])/.test(inner) ? inner : `(?:${inner})`
      return `${body}${times}${greedy ? '' : '?'}`
    }
    if (node.type === 'Group') return `(?:${this.alternatives(node.alternatives, modesIn(node, modes))})`
    if (node.type === 'CapturingGroup')
      return `(${node === this.#value ? '?<value>' : '?:'}${this.alternatives(node.alternatives, modes)})`
    if (node.type === 'Assertion') return this.#assertion(node, modes)
    throw new PatternError('it refers back to what a group matched')
  }

  #assertion(node: AST.Assertion, modes: Modes): string {
    if (node.kind === 'word') return node.negate ? '\\B' : '\\b'
    if (node.kind === 'start') return modes.multiline ? '(?<![^\\n])' : '(?<![\\s\\S])'
    if (node.kind === 'end') return modes.multiline ? '(?![^\\r\\n])' : '(?![\\s\\S])'
    if (node.kind !== 'lookahead' && node.kind !== 'lookbehind') return node.raw
    const inside = this.alternatives(node.alternatives, modes)
    return `(?${node.kind === 'lookbehind' ? '<' : ''}${node.negate ? '!' : '='}${inside})`
  }
}

/** Characters that an element matches at most. */
function longest(node: AST.Element | AST.QuantifiableElement): number {
  if (isOneCharacter(node)) return 1
  if (node.type === 'Quantifier') return node.max === 0 ? 0 : node.max * longest(node.element)
  if (node.type === 'Group' || node.type === 'CapturingGroup')
    return Math.max(0, ...node.alternatives.map(({ elements }) => sum(elements.map(longest))))
  return 0
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0)

/** All groups that capture, in the order of their brackets. */
function* groupsOf(node: AST.Node): Generator<AST.CapturingGroup> {
  if (node.type === 'CapturingGroup') yield node
  if ('alternatives' in node)
    for (const alternative of node.alternatives as AST.Alternative[]) yield* groupsOf(alternative)
  if (node.type === 'Alternative') for (const element of node.elements) yield* groupsOf(element)
  if (node.type === 'Quantifier') yield* groupsOf(node.element)
}

function chosenGroup(pattern: AST.Pattern, capture: number | string | null): AST.CapturingGroup | null {
  const groups = [...groupsOf(pattern)]
  if (capture === null) return groups[0] ?? null
  if (capture === 0) return null
  const group = typeof capture === 'number' ? groups[capture - 1] : groups.find(({ name }) => name === capture)
  if (group === undefined) throw new PatternError(`it has no group ${JSON.stringify(capture)}`)
  return group
}

/** The outermost sequence, groups of one alternative opened. */
function flatten(
  elements: readonly AST.Element[],
  modes: Modes,
  value: AST.CapturingGroup | null,
  isValue: boolean,
): Item[] {
  return elements.flatMap((node): Item[] => {
    const [only, ...more] = node.type === 'Group' || node.type === 'CapturingGroup' ? node.alternatives : []
    if (only === undefined || more.length > 0) return [{ node, modes, isValue: isValue || node === value }]
    return flatten(only.elements, modesIn(node, modes), value, isValue || node === value)
  })
}

interface Literal {
  readonly text: string
  readonly ignoreCase: boolean
}

/** The fixed text that a sequence begins with. */
function leading(items: readonly Item[]): Literal {
  let [text, ignoreCase] = ['', false]
  for (const { node, modes } of items) {
    // What stands between characters without taking any.
    if (node.type === 'Assertion' && text === '') continue
    if (node.type !== 'Character' || text.length === MAX_LITERAL) break
    text += String.fromCharCode(node.value)
    ignoreCase ||= modes.ignoreCase && isLetter(node.value)
  }
  return { text: ignoreCase ? text.toLowerCase() : text, ignoreCase }
}

/** The fixed texts of which one stands at an item; none where there is no such text. */
function literalsAt(items: readonly Item[], at: number, value: AST.CapturingGroup | null): Literal[] {
  const item = items[at]
  if (item === undefined) return []
  const { node, modes } = item
  if (node.type === 'Character') {
    const found = leading(items.slice(at))
    return found.text.length < MIN_LITERAL ? [] : [found]
  }
  const group = node.type === 'Quantifier' && node.min > 0 ? node.element : node
  if (group.type !== 'Group' && group.type !== 'CapturingGroup') return []
  const found = group.alternatives.map(({ elements }) => {
    const inner = flatten(elements, modesIn(group, modes), value, item.isValue)
    const own = leading(inner)
    // What an alternative of characters alone begins goes on behind the group.
    const isWhole = node === group && own.text.length === inner.length
    const rest = isWhole ? leading(items.slice(at + 1)) : { text: '', ignoreCase: false }
    const ignoreCase = own.ignoreCase || rest.ignoreCase
    const text = (own.text + rest.text).slice(0, MAX_LITERAL)
    return { text: ignoreCase ? text.toLowerCase() : text, ignoreCase }
  })
  return found.every(({ text }) => text.length >= MIN_LITERAL) ? found : []
}

/** Whether the value's group is inside an item that is not opened. */
const holdsValue = ({ node }: Item, value: AST.CapturingGroup | null): boolean =>
  value !== null && [...groupsOf(node)].includes(value)

interface Place {
  readonly at: number
  readonly literals: readonly Literal[]
  readonly score: number
}

/** Long texts are rare, and rare ones are cheap; what needs no look back is cheaper still. */
const scoreOf = (literals: readonly Literal[], at: number): number =>
  Math.min(8, ...literals.map(({ text }) => text.length)) - (at === 0 ? 0 : 1)

/**
 * A pattern as it is tried at its fixed text.
 * @param pattern of ECMAScript, RE2 or PCRE
 * @param capture the group that is the value, by number or name; 0 for the whole match; null for the first group, or the whole match where there is none
 * @param keywords words of which one is in the fixed text; empty for any text
 * @throws PatternError
 */
export function anchored(pattern: string, capture: number | string | null, keywords: readonly string[]): Anchored {
  const tree = parsePattern(pattern)
  const value = chosenGroup(tree, capture)
  const [only, ...more] = tree.alternatives
  const all: Item[] =
    only !== undefined && more.length === 0
      ? flatten(only.elements, NO_MODES, value, value === null)
      : // Alternatives of the whole pattern are one element: a group around them.
        [{ node: asGroup(tree), modes: NO_MODES, isValue: value === null }]
  // What may stand in front, and needs not, changes nothing: the search goes on from the next element.
  const optional = (item: Item | undefined): boolean =>
    item !== undefined &&
    !item.isValue &&
    !holdsValue(item, value) &&
    item.node.type === 'Quantifier' &&
    item.node.min === 0
  const items = all.slice(all.findIndex((item) => !optional(item))).map(bounded)
  const places = items.flatMap((_, at): Place[] => {
    const literals = literalsAt(items, at, value)
    if (literals.length === 0 || sum(items.slice(0, at).map(({ node }) => longest(node))) > MAX_BEFORE) return []
    return items.slice(0, at).some((item) => holdsValue(item, value))
      ? []
      : [{ at, literals, score: scoreOf(literals, at) }]
  })
  const isBehind = ({ at }: Place): boolean =>
    items.slice(0, at).some(({ isValue }) => isValue) && !items.slice(at).some(({ isValue }) => isValue)
  const wanted = places.filter(
    ({ literals }) =>
      keywords.length === 0 ||
      literals.every(({ text }) => keywords.some((word) => text.toLowerCase().includes(word.toLowerCase()))),
  )
  const usable = wanted.filter((place) => !isBehind(place))
  const best = usable.sort((a, b) => b.score - a.score || a.at - b.at)[0]
  if (best === undefined) throw new PatternError(whyNone(wanted.length > 0, places.length > 0))
  const [before, after] = [items.slice(0, best.at), items.slice(best.at)]
  const isLong = sum(after.map(({ node }) => longest(node)))
  return {
    literals: [...new Map(best.literals.map((each) => [`${each.text} ${each.ignoreCase}`, each])).values()],
    source: sourceOf(before, after, value),
    before: rendered(before, value),
    window: isLong === Number.POSITIVE_INFINITY ? OPEN_WINDOW : Math.min(MAX_WINDOW, Math.max(MIN_WINDOW, isLong + 8)),
  }
}

/** What stands in front without an end is looked back at so far. */
const MAX_OPEN = 64

/** The first element with an end. */
function bounded(item: Item, at: number): Item {
  const { node } = item
  if (at > 0 || node.type !== 'Quantifier' || node.max !== Number.POSITIVE_INFINITY || !isOneCharacter(node.element))
    return item
  return { ...item, node: { ...node, max: Math.max(MAX_OPEN, node.min) } }
}

const whyNone = (isBehind: boolean, hasText: boolean): string =>
  isBehind
    ? 'its fixed text stands behind the value, and must be in it or in front of it'
    : hasText
      ? 'none of its keywords is in a fixed text of it'
      : `it has no fixed text of ${MIN_LITERAL} characters that every match holds within its first ${MAX_BEFORE}, and the search starts at such a text`

/** A pattern that is searched for anywhere in a text, in the words of ECMAScript. @throws PatternError */
export const searching = (pattern: string): RegExp =>
  new RegExp(new Renderer(null).alternatives(parsePattern(pattern).alternatives, NO_MODES))

function asGroup(tree: AST.Pattern): AST.Element {
  return { ...tree, type: 'Group', modifiers: null } as unknown as AST.Group
}

function rendered(items: readonly Item[], value: AST.CapturingGroup | null): string {
  const renderer = new Renderer(value)
  return items.map(({ node, modes }) => renderer.element(node, modes)).join('')
}

/** Looks back at what stands in front of the literal, and names the value. */
function sourceOf(before: readonly Item[], after: readonly Item[], value: AST.CapturingGroup | null): string {
  const render = (items: readonly Item[]): string => rendered(items, value)
  const [outside, inside] = [before.filter(({ isValue }) => !isValue), before.filter(({ isValue }) => isValue)]
  const start = after.findIndex(({ isValue }) => isValue)
  const end = after.findLastIndex(({ isValue }) => isValue)
  const look =
    before.length === 0 ? '' : `(?<=${render(outside)}${inside.length === 0 ? '' : `(?<before>${render(inside)})`})`
  if (start === -1) return `${look}${render(after)}`
  const parts = [after.slice(0, start), after.slice(start, end + 1), after.slice(end + 1)]
  const [lead = '', secret = '', tail = ''] = parts.map((part) => render(part))
  // The group itself may be the element, with its alternatives.
  const isNamed = after.slice(start, end + 1).some(({ node }) => node === value)
  return `${look}${lead}${isNamed ? secret : `(?<value>${secret})`}${tail}`
}
