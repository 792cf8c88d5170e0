// Text in lines of the terminal's width: Chinese characters and emoji take two, marks on letters none.
import { stripVTControlCharacters } from 'node:util'
import { eastAsianWidth } from 'get-east-asian-width'
import type { Redactor } from '../secrets/redact.ts'

/** Columns of what is no terminal, and the least and the most that lines are filled to. */
export const WIDTH = 80
const LEAST = 60
const MOST = 120

let width = WIDTH

/** Columns of a line. */
export const lineWidth = (): number => width

/** Fills lines to the width of the terminal that this process writes to. @param own its columns; undefined where it is none */
export function fitTo(own: number | undefined): void {
  width = own === undefined ? WIDTH : Math.min(MOST, Math.max(LEAST, own))
}

/** Text of which each code unit takes one column: ASCII, and the signs that our own sentences hold. */
const PLAIN = /^[\x20-\x7e\u00b7\u2022\u2026\u2192\u25cb\u25cf]*$/
/** What takes no column of its own. */
const NO_WIDTH = /^[\p{Mark}\p{Format}\p{Control}\p{Surrogate}\p{Default_Ignorable_Code_Point}]+$/u
/** In front of what is seen. */
const UNSEEN = /^[\p{Mark}\p{Format}\p{Control}\p{Surrogate}\p{Default_Ignorable_Code_Point}]+/u

/** Its flag is newer than what the compiler is told of. */
const EMOJI = '^\\p{RGI_Emoji}$'

/** Made where they are needed: loading them takes longer than most reports. */
let segmenter: Intl.Segmenter | null = null
let emoji: RegExp | null = null

/** What stands together in one place, and is never parted. */
function graphemes(text: string): Intl.Segments {
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' })
  return segmenter.segment(text)
}

function columnsOf(grapheme: string): number {
  if (NO_WIDTH.test(grapheme)) return 0
  emoji ??= new RegExp(EMOJI, 'v')
  return emoji.test(grapheme) ? 2 : eastAsianWidth(grapheme.replace(UNSEEN, '').codePointAt(0) ?? 0)
}

/** Columns that a text takes in a terminal; its colours take none. */
export function columns(text: string): number {
  if (PLAIN.test(text)) return text.length
  const shown = stripVTControlCharacters(text)
  if (PLAIN.test(shown)) return shown.length
  let sum = 0
  for (const { segment } of graphemes(shown)) sum += columnsOf(segment)
  return sum
}

/** Code units of text that are looked at for each column: letters may carry that many marks. */
const MARKS = 16

/** The first part of a text that fits, one grapheme at least. */
function fitting(text: string, room: number): string {
  const head = text.slice(0, Math.max(1, room) + 1)
  if (PLAIN.test(head)) return head.slice(0, Math.max(1, room))
  let [end, used] = [0, 0]
  for (const { segment } of graphemes(text.slice(0, MOST * MARKS))) {
    used += columnsOf(segment)
    if (used > room && end > 0) break
    end += segment.length
  }
  return text.slice(0, end)
}

const fits = (text: string, room: number): boolean =>
  text === '' || (room > 0 && text.length <= MOST * MARKS && columns(text) <= room)

/** Fills a text with blanks up to so many columns. */
export const pad = (text: string, to: number, side: 'start' | 'end'): string => {
  const blanks = ' '.repeat(Math.max(0, to - columns(text)))
  return side === 'end' ? text + blanks : blanks + text
}

/** Shortens a text to so many columns; values in it are hidden first. */
export function cutToColumns(redactor: Redactor, text: string, room: number, from?: 'start' | 'end'): string {
  let most = Math.max(1, room)
  for (;;) {
    const shown = redactor.cut(text, most, from)
    const over = columns(shown) - room
    if (over <= 0 || most === 1) return shown
    most = Math.max(1, most - Math.ceil(over / 2))
  }
}

/** Breaks text at spaces; long words are broken too, so that nothing scrolls sideways. @param first begins the first line, `rest` the others */
export function wrap(text: string, first: string, rest: string): string[] {
  const lines: string[] = []
  let line = first
  let empty = true
  for (const word of text.split(' ')) {
    let left = word
    if (!empty && !fits(left, width - columns(line) - 1)) {
      lines.push(line)
      line = rest
      empty = true
    }
    while (!fits(left, width - columns(line) - (empty ? 0 : 1))) {
      const part = fitting(left, width - columns(line))
      lines.push(line + part)
      left = left.slice(part.length)
      line = rest
      empty = true
    }
    line += empty ? left : ` ${left}`
    empty = false
  }
  return [...lines, line]
}
