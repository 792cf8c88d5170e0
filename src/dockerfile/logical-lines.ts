// The text of a Dockerfile as logical lines: parser directives, comments, continuations and here-documents, read as
// BuildKit reads them, since a line that is off by one accuses the wrong person.
// https://docs.docker.com/reference/dockerfile/#parser-directives and #here-documents

export interface HereDocument {
  readonly name: string
  /** `<<-`: leading tabs are taken off its lines. */
  readonly chomp: boolean
  /** As written, with line ends. */
  readonly content: string
  /** Physical line of its first line, from 1. */
  readonly startLine: number
}

/** From which character on a text stands on which physical line, in the order of both. */
export type LineStarts = readonly { readonly offset: number; readonly line: number }[]

export interface LogicalLine {
  /** One instruction, continuations joined, comments between them left out. */
  readonly text: string
  readonly documents: readonly HereDocument[]
  readonly starts: LineStarts
  /** Physical lines from 1. */
  readonly startLine: number
  readonly endLine: number
}

export type Escape = '\\' | '`'

export interface LogicalLines {
  readonly escapeCharacter: Escape
  readonly lines: readonly LogicalLine[]
  /** Why the builder would refuse the text; null when it would not. */
  readonly error: string | null
}

const DIRECTIVE = /^#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(\S(?:.*\S)?)\s*$/
const DIRECTIVES = new Set(['check', 'escape', 'syntax'])
const CONTINUED: Readonly<Record<Escape, RegExp>> = { '\\': /(?:([^\\])|^)\\[ \t]*$/, '`': /(?:([^`])|^)`[ \t]*$/ }

const isComment = (line: string): boolean => /^\s*#/.test(line)
const isBlank = (line: string): boolean => line.trim() === ''

/** Reads the directives at the top. They end at the first line that is none, be it a comment or empty. */
function readEscape(lines: readonly string[]): { escapeCharacter: Escape; error: string | null } {
  let escapeCharacter: Escape = '\\'
  const seen = new Set<string>()
  for (const line of lines) {
    const match = DIRECTIVE.exec(line.trimStart())
    const name = match?.[1]?.toLowerCase()
    if (name === undefined || !DIRECTIVES.has(name)) break
    if (seen.has(name)) return { escapeCharacter, error: `the parser directive ${name} stands there twice` }
    seen.add(name)
    if (name !== 'escape') continue
    const value = match?.[2]
    if (value !== '\\' && value !== '`')
      return { escapeCharacter, error: 'the parser directive escape takes \\ or ` alone' }
    escapeCharacter = value
  }
  return { escapeCharacter, error: null }
}

/**
 * Splits a line at spaces outside quotes; quotes and escapes stay in the words, and `<<` keeps the spaces behind it.
 * Here-documents are recognised by these words, whatever the escape character of the file is.
 */
function rawWords(line: string): string[] {
  const words: string[] = []
  let word = ''
  for (let at = 0; at < line.length; at++) {
    const char = line[at] ?? ''
    if (char === "'" || char === '"') {
      let end = at + 1
      while (end < line.length && line[end] !== char) end += char === '"' && line[end] === '\\' ? 2 : 1
      // An open quote: the builder takes no here-document from such a line.
      if (end >= line.length) return []
      word += line.slice(at, end + 1)
      at = end
    } else if (char === '\\') {
      word += line.slice(at, at + 2)
      at++
    } else if (char === '<' && line[at + 1] === '<') {
      const spaces = /^\s*/.exec(line.slice(at + 2))?.[0] ?? ''
      word += `<<${spaces}`
      at += 1 + spaces.length
    } else if (/\s/.test(char)) {
      if (word !== '') words.push(word)
      word = ''
    } else word += char
  }
  return word === '' ? words : [...words, word]
}

/** The here-documents that a line opens, in their order. */
function openedBy(line: string): Pick<HereDocument, 'name' | 'chomp'>[] {
  return rawWords(line).flatMap((word) => {
    const match = /^\d*<<(-?)\s*([^<\s][^<]*)$/.exec(word)
    if (match?.[2] === undefined) return []
    const name = match[2].replace(/\\(.)/g, '$1').replace(/(["'])(.*?)\1/g, '$2')
    return name === '' || (/\s/.test(name) && !/["'\\]/.test(match[2])) ? [] : [{ name, chomp: match[1] === '-' }]
  })
}

/** Only these take here-documents, directly or as the instruction of an ONBUILD, and not in their JSON form. */
function takesDocuments(text: string): boolean {
  const match = /^\s*(?:ONBUILD\s+)?(?:ADD|COPY|RUN)\s+(.*)$/is.exec(text)
  return match !== null && !(match[1] ?? '').replace(/^(?:--\S+\s+)+/, '').startsWith('[')
}

/** Reads the text. Never throws: what the builder would refuse is in `error`, with the lines before it. */
export function readLogicalLines(text: string): LogicalLines {
  const physical = text.replace(/^\ufeff/, '').split('\n')
  if (physical.at(-1) === '') physical.pop()
  const bare = physical.map((line) => line.replace(/(?<!\r)\r+$/, ''))
  const { escapeCharacter, error } = readEscape(bare)
  const continued = CONTINUED[escapeCharacter]
  const lines: LogicalLine[] = []
  for (let at = 0; at < bare.length; at++) {
    const first = (bare[at] ?? '').trimStart()
    if (isComment(first) || isBlank(first)) continue
    const startLine = at + 1
    let joined = ''
    const starts: { offset: number; line: number }[] = []
    const add = (part: string): void => {
      starts.push({ offset: joined.length, line: at + 1 })
      joined += part.replace(continued, '$1')
    }
    let open = continued.test(first)
    add(first)
    while (open && at + 1 < bare.length) {
      const next = bare[++at] ?? ''
      if (isComment(next) || isBlank(next)) continue
      open = continued.test(next)
      add(next)
    }
    const documents: HereDocument[] = []
    if (joined.includes('<<') && takesDocuments(joined)) {
      for (const opened of openedBy(joined)) {
        const from = at + 1
        let end = from
        while (end < bare.length && (opened.chomp ? (bare[end] ?? '').replace(/^\t+/, '') : bare[end]) !== opened.name)
          end++
        if (end >= bare.length)
          return { escapeCharacter, lines, error: `line ${startLine}: the here-document ${opened.name} has no end` }
        documents.push({
          ...opened,
          startLine: from + 1,
          content: physical
            .slice(from, end)
            .map((line) => `${line}\n`)
            .join(''),
        })
        at = end
      }
    }
    if (joined.trim() !== '') lines.push({ text: joined, documents, starts, startLine, endLine: at + 1 })
  }
  return { escapeCharacter, lines, error }
}
