// A JSON document as text to search: every key and every value on a line of its own, a value behind its key, so that a match
// tells where it stands. It walks the text itself and loses nothing: of two equal keys both are there, numbers as written.

/** The way to a value from the document's root. */
export type JsonPath = readonly (string | number)[]

export interface JsonText {
  readonly text: string
  /** Offsets in bytes at which a value stands in `text`. */
  find(value: string): Generator<number>
  /** What stands at an offset in bytes, and in which line of the text there, from 1. */
  locate(offset: number): { readonly path: JsonPath; readonly line: number }
}

/** What is searched in the place of a value: another text, or nothing where it is searched elsewhere. */
export type Rewrite = (path: () => JsonPath, value: string) => string | null

interface Node {
  readonly parent: Node | null
  readonly key: string | number
  readonly depth: number
}

interface Container {
  readonly node: Node
  readonly isArray: boolean
  index: number
  /** The key whose value comes next; null for none. */
  key: string | null
  /** The key is not yet among the pieces. */
  isPending: boolean
}

/** Keys and values of one document; an SBOM of a large image has some ten thousand. What is beyond is searched as stored. */
const MAX_PIECES = 500_000
/** What is nested deeper stands at its ancestor of this depth. */
const MAX_DEPTH = 64
const LINE_FEED = 10
/** No text goes on from one piece to the next. */
const SEPARATOR = '\n\x1e\n'
const ROOT: Node = { parent: null, key: '', depth: 0 }
const STRUCTURE = /[\s,:{}[\]"]/
const ORDINARY = /^(?:-?\d[\d.eE+-]{0,40}|true|false|null)$/

function pathOf(node: Node): JsonPath {
  const path: (string | number)[] = []
  for (let at: Node | null = node; at?.parent; at = at.parent) path.push(at.key)
  return path.reverse()
}

/** The index of a string's closing quote; the end of the text where there is none. */
function stringEnd(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at !== -1; at = text.indexOf('"', at + 1)) {
    let slashes = 0
    while (text[at - 1 - slashes] === '\\' && at - slashes > from) slashes++
    if (slashes % 2 === 0) return at
  }
  return text.length
}

function unquoted(raw: string): string {
  if (!raw.includes('\\')) return raw
  try {
    return String(JSON.parse(`"${raw}"`))
  } catch {
    return raw
  }
}

/** Collects the pieces of one document. */
class Pieces {
  readonly starts: number[] = []
  readonly nodes: Node[] = []
  readonly parts: string[] = []
  readonly #rewrite: Rewrite
  readonly #stack: Container[] = []
  #offset = 0

  constructor(rewrite: Rewrite) {
    this.#rewrite = rewrite
  }

  add(node: Node, text: string): void {
    this.starts.push(this.#offset)
    this.nodes.push(node)
    this.parts.push(text)
    this.#offset += Buffer.byteLength(text) + SEPARATOR.length
  }

  get #top(): Container | undefined {
    return this.#stack.at(-1)
  }

  /** The node of the value that comes next. */
  #next(): Node {
    const top = this.#top
    if (top === undefined || top.node.depth >= MAX_DEPTH) return top?.node ?? ROOT
    return { parent: top.node, key: top.isArray ? top.index : (top.key ?? ''), depth: top.node.depth + 1 }
  }

  /** A key without a text behind it stands alone. */
  #settle(node: Node): void {
    const top = this.#top
    if (top?.isPending !== true || top.key === null) return
    top.isPending = false
    this.add(node, top.key)
  }

  #value(value: string): void {
    const node = this.#next()
    const top = this.#top
    const text = this.#rewrite(() => pathOf(node), value)
    if (text === null) {
      if (top !== undefined) top.isPending = false
      return
    }
    if (text !== value || text.includes('\n') || top?.isPending !== true || top.key === null) {
      this.#settle(node)
      this.add(node, text)
      return
    }
    top.isPending = false
    // The prefix is no part of the argument's name.
    this.add(node, `${top.key.replace(/^build-arg:/, '')}=${text}`)
  }

  /** Takes a document apart. */
  walk(text: string): void {
    let at = 0
    while (at < text.length) {
      if (this.parts.length >= MAX_PIECES) {
        this.add(ROOT, text.slice(at))
        return
      }
      at = this.#step(text, at)
    }
    this.#settle(this.#next())
  }

  #step(text: string, at: number): number {
    const character = text[at]
    const top = this.#top
    if (character === '{' || character === '[') {
      const node = this.#next()
      this.#settle(node)
      this.#stack.push({ node, isArray: character === '[', index: 0, key: null, isPending: false })
      return at + 1
    }
    if (character === '}' || character === ']') {
      this.#settle(this.#next())
      this.#stack.pop()
      return at + 1
    }
    if (character === '"') {
      const end = stringEnd(text, at + 1)
      const value = unquoted(text.slice(at + 1, end))
      if (top !== undefined && !top.isArray && /^\s*:/.test(text.slice(end + 1, end + 64))) {
        this.#settle(this.#next())
        top.key = value
        top.isPending = true
      } else this.#value(value)
      return end + 1
    }
    if (character === ',' && top !== undefined) top.index++
    let end = at
    while (end < text.length && !STRUCTURE.test(text[end] ?? '')) end++
    if (end === at) return at + 1
    const node = this.#next()
    this.#settle(node)
    const other = text.slice(at, end)
    if (!ORDINARY.test(other)) this.add(node, other)
    return end
  }
}

/** @param rewrite says what of a value is searched; all of it by default */
export function jsonText(document: string, rewrite: Rewrite = (_path, value) => value): JsonText {
  const pieces = new Pieces(rewrite)
  pieces.walk(document)
  return textOf(pieces)
}

/** What is no JSON, as a text without fields. */
export function plainText(text: string): JsonText {
  const pieces = new Pieces((_path, value) => value)
  pieces.add(ROOT, text)
  return textOf(pieces)
}

function textOf({ starts, nodes, parts }: Pieces): JsonText {
  const text = parts.join(SEPARATOR)
  const bytes = Buffer.from(text)
  return {
    text,
    *find(value) {
      const wanted = Buffer.from(value)
      for (let at = bytes.indexOf(wanted); at !== -1; at = bytes.indexOf(wanted, at + wanted.length)) yield at
    },
    locate: (position) => {
      let [low, high] = [0, starts.length - 1]
      while (low < high) {
        const middle = Math.ceil((low + high) / 2)
        if ((starts[middle] ?? 0) <= position) low = middle
        else high = middle - 1
      }
      return {
        path: pathOf(nodes[low] ?? ROOT),
        get line() {
          let lines = 1
          for (let at = starts[low] ?? 0; at < position; at++) if (bytes[at] === LINE_FEED) lines++
          return lines
        },
      }
    },
  }
}

/** A path as it is written: `a.b[0]`, with keys that `plain` does not take in brackets. */
export function fieldName(path: JsonPath, plain: RegExp): string {
  let name = ''
  for (const key of path) {
    if (typeof key === 'number') name += `[${key}]`
    else if (plain.test(key)) name += name === '' ? key : `.${key}`
    else name += `[${JSON.stringify(key)}]`
  }
  return name
}
