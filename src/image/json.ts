// JSON of an image, read as every engine reads it or not at all. Two readers that pick different ones of two equal keys see two
// images: such documents are refused. JSON.parse knows the grammar; what it lets pass is looked for here.
import { ImageError } from '../error.ts'
import { type Limits, raise } from '../limits.ts'
import { cutText } from '../secrets/last-look.ts'

/** What a walk over the text of a document tells. */
interface Walk {
  readonly tooDeep: boolean
  /** The first key that an object holds twice, with its line. */
  readonly duplicate: { readonly key: string; readonly line: number } | null
}

const QUOTE = 34
const COMMA = 44
const OPEN_LIST = 91
const BACKSLASH = 92
const CLOSE_LIST = 93
const OPEN_OBJECT = 123
const CLOSE_OBJECT = 125

/** The position behind the string that starts at `at`. */
function endOfString(text: string, at: number): number {
  let end = at + 1
  while (end < text.length) {
    const c = text.charCodeAt(end)
    if (c === QUOTE) return end + 1
    end += c === BACKSLASH ? 2 : 1
  }
  return text.length
}

/** Escapes: of a backslash, of a whole character beyond 16 bits, of half a one. */
const ESCAPES = /\\\\|\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|\\u[dD][89a-fA-F][\da-fA-F]{2}/g

/** The text with halves of characters replaced, as Go replaces them. */
const whole = (text: string): string =>
  /\\u[dD][89a-fA-F]/.test(text) ? text.replace(ESCAPES, (found) => (found.length === 6 ? '\\ufffd' : found)) : text

/** A key without its escapes. */
function keyOf(quoted: string): string {
  if (!quoted.includes('\\')) return quoted.slice(1, -1)
  try {
    return String(JSON.parse(quoted))
  } catch {
    return quoted
  }
}

/** Walks a document without recursion and without building it: what is nested a million deep must not be built. */
function walk(text: string, maxDepth: number): Walk {
  /** The keys of each open object; null for an array. */
  const open: (Set<string> | null)[] = []
  let duplicate: Walk['duplicate'] = null
  let isKey = false
  for (let at = 0; at < text.length; ) {
    const c = text.charCodeAt(at)
    if (c === QUOTE) {
      const end = endOfString(text, at)
      const keys = open.at(-1)
      if (isKey && keys != null && duplicate === null) {
        const key = keyOf(text.slice(at, end))
        if (keys.has(key)) duplicate = { key, line: text.slice(0, at).split('\n').length }
        keys.add(key)
      }
      isKey = false
      at = end
      continue
    }
    if (c === OPEN_OBJECT || c === OPEN_LIST) {
      if (open.length >= maxDepth) return { tooDeep: true, duplicate: null }
      open.push(c === OPEN_OBJECT ? new Set() : null)
      isKey = c === OPEN_OBJECT
    } else if (c === CLOSE_OBJECT || c === CLOSE_LIST) {
      open.pop()
      isKey = false
    } else if (c === COMMA) isKey = open.at(-1) != null
    at++
  }
  return { tooDeep: false, duplicate }
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Parses a JSON document of an image: UTF-8 without a mark, no key twice in an object, nested no deeper than the limit.
 * @param where names the document in errors
 * @throws ImageError `bad-json`, `duplicate-key` or `too-deep`
 */
export function parseJson(bytes: Buffer, where: string, limits: Limits): unknown {
  const bad = (what: string, cause?: unknown): ImageError =>
    new ImageError(
      'bad-json',
      `${where} is not valid JSON${what}: the archive is damaged. Save or build the image again.`,
      { cause },
    )
  let text: string
  try {
    text = whole(decoder.decode(bytes))
  } catch (cause) {
    throw bad(' (it is no UTF-8)', cause)
  }
  const { tooDeep, duplicate } = walk(text, limits['json-depth'])
  if (tooDeep)
    throw new ImageError(
      'too-deep',
      `${where} nests arrays and objects deeper than ${limits['json-depth']} ${raise('json-depth')}`,
    )
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw bad('', cause)
  }
  if (duplicate !== null) {
    const key = cutText(duplicate.key, 60)
    throw new ImageError(
      'duplicate-key',
      `${where}: line ${duplicate.line} holds the key ${JSON.stringify(key)} a second time: which one counts depends on the reader. Build the image again.`,
    )
  }
  return value
}
