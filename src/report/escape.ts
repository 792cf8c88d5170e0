// Text from an image is data: it must neither steer a terminal, nor a workflow, nor Markdown, nor HTML, nor the direction
// of text. Each output has its own way to make it harmless.
import { INVISIBLE } from '../characters.ts'

const CONTROL = /[\x00-\x1f\x7f-\x9f]/g

/** Bytes of a name that are no UTF-8: see `decodeName`. */
const BYTES = /[\udc80-\udcff]/gu

const NAMES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\x1b': '\\e' }
const hex = (c: string, width: number): string => (c.codePointAt(0) ?? 0).toString(16).padStart(width, '0')

/** The old form of a workflow command, which a runner obeys anywhere in a line. https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs */
const OLD_COMMAND = /##(?=\[)/g

/** One line of plain text in which nothing is invisible, and nothing in the middle of it commands a runner. */
export function visible(text: string): string {
  return text
    .replace(CONTROL, (c) => NAMES[c] ?? `\\x${hex(c, 2)}`)
    .replace(INVISIBLE, (c) => `\\u{${hex(c, 4)}}`)
    .replace(BYTES, (c) => `\\x${hex(c, 4).slice(2)}`)
    .replace(OLD_COMMAND, '#\\x23')
}

/** Lines none of which a runner takes for a command: one that starts with `::` is. */
export const uncommanding = (text: string): string => text.replace(/^([^\S\r\n]*):(?=:)/gm, '$1\\x3a')

/** JSON whose invisible characters are written as escapes: the same data, harmless in a terminal or a diff. */
export const visibleJson = (value: unknown): string =>
  JSON.stringify(value, null, 2)
    // Half a character is written as an escape; many readers of JSON refuse it.
    .replace(/(?<!\\)((?:\\\\)*)\\udc([89a-f][0-9a-f])/g, '$1\\\\x$2')
    .replace(INVISIBLE, (c) => `\\u${hex(c, 4)}`)
    .replace(/[\x7f-\x9f]/g, (c) => `\\u${hex(c, 4)}`)
    .replace(OLD_COMMAND, '#\\u0023')

/** Text or the value of an attribute in XML, which has no character for U+FFFE and U+FFFF. */
export const xml = (text: string): string =>
  visible(text).replace(/[&<>"'\ufffe\uffff]/g, (c) => (c < '\ufffe' ? `&#${c.charCodeAt(0)};` : `\\u{${hex(c, 4)}}`))

/** Markdown that shows the text as it is: no markup, no HTML, no mention, no link. */
export function markdown(text: string): string {
  return visible(text)
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/[\\`*_{}[\]()#+!|~$]/g, '\\$&')
    .replace(/@(?=\w)/g, '@<!-- -->')
    .replace(/\\#(?=\d)/g, '\\#<!-- -->')
    .replace(/\bGH(?=-\d)/gi, '$&<!-- -->')
    .replace(/\b(https?|ftp|mailto)(?=:)/gi, '$1<!-- -->')
    .replace(/\bwww(?=\.)/gi, 'www<!-- -->')
}

/** Backticks that no run of them in a text can close, `least` at least. */
export const fenceFor = (text: string, least: number): string =>
  '`'.repeat(Math.max(least, ...[...text.matchAll(/`+/g)].map(([run]) => run.length + 1)))

/** A code span. Backticks inside get a longer fence. */
export function code(text: string): string {
  const shown = visible(text)
  const fence = fenceFor(shown, 1)
  const pad = shown.startsWith('`') || shown.endsWith('`') || shown === '' ? ' ' : ''
  return `${fence}${pad}${shown}${pad}${fence}`
}

/** Markdown as the cell of a table, where a pipe ends the cell, in code too. */
export const cell = (text: string): string => text.replace(/(?<!\\)\|/g, '\\|')

/** A sentence of ours in which backticks mark code; everything between them is shown as it is. */
export const prose = (text: string): string =>
  text
    .split('`')
    .map((part, index, parts) => (index % 2 === 1 && index < parts.length - 1 ? code(part) : markdown(part)))
    .join('')
