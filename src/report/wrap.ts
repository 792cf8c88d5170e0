// Text in lines of 80 columns.
import { stripVTControlCharacters } from 'node:util'

export const WIDTH = 80

/** Breaks text at spaces; long words are broken too, so that nothing scrolls sideways. @param first begins the first line, `rest` the others */
export function wrap(text: string, first: string, rest: string): string[] {
  const lines: string[] = []
  let line = first
  let empty = true
  for (const word of text.split(' ')) {
    let left = word
    if (!empty && stripVTControlCharacters(line).length + 1 + left.length > WIDTH) {
      lines.push(line)
      line = rest
      empty = true
    }
    while (line.length + left.length + (empty ? 0 : 1) > WIDTH) {
      const room = Math.max(1, WIDTH - line.length)
      lines.push(line + left.slice(0, room))
      left = left.slice(room)
      line = rest
      empty = true
    }
    line += empty ? left : ` ${left}`
    empty = false
  }
  return [...lines, line]
}
