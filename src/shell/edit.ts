// Takes a command out of shell text and leaves the rest as it was written.
import { type Command, parse } from 'unbash'

/** More is no RUN that a person would want rewritten. */
const MAX_TEXT = 16 << 10

export interface Segment {
  readonly pos: number
  readonly end: number
  readonly command: Command | null
  /** `||`, `&` or a pipe stands beside it: taking it out would change what the rest does. */
  readonly isBound: boolean
}

/** The commands at the top of a script, in their order; null for text that is no whole script. */
export function segmentsOf(text: string): Segment[] | null {
  if (text.length > MAX_TEXT) return null
  const root = parse(text)
  if ((root.errors?.length ?? 0) > 0) return null
  return root.commands.flatMap(({ command, background }): Segment[] => {
    if (command.type !== 'AndOr')
      return [
        {
          pos: command.pos,
          end: command.end,
          command: command.type === 'Command' ? command : null,
          isBound: background === true,
        },
      ]
    return command.commands.map((part, index) => ({
      pos: part.pos,
      end: part.end,
      command: part.type === 'Command' ? part : null,
      isBound: background === true || command.operators[index] === '||' || command.operators[index - 1] === '||',
    }))
  })
}

/** Commands that are taken out: programs, and how many words in front of their files are none (`chmod 600 FILE`). */
interface Kind {
  readonly programs: RegExp
  readonly skips: number
}

const REMOVALS: Kind = { programs: /^(?:\/bin\/)?(?:rm|shred|unlink)$/, skips: 0 }
const MODES: Kind = { programs: /^(?:\/bin\/)?(?:chmod|chown|chgrp)$/, skips: 1 }

/**
 * Takes `rm` of certain files out of a script.
 * @param isTarget whether an operand of rm is such a file
 * @returns the script; empty when nothing else was in it; null when there is no such rm that could be taken out
 */
export const withoutRemoval = (text: string, isTarget: (operand: string) => boolean): string | null =>
  without(text, isTarget, REMOVALS)

/** The same for `chmod`, `chown` and `chgrp`. */
export const withoutModes = (text: string, isTarget: (operand: string) => boolean): string | null =>
  without(text, isTarget, MODES)

function without(text: string, isTarget: (operand: string) => boolean, { programs, skips }: Kind): string | null {
  const segments = segmentsOf(text)
  if (segments === null) return null
  const at = segments.findIndex(
    ({ command }) =>
      command !== null &&
      programs.test(command.name?.value ?? '') &&
      command.args.some((arg) => arg.type === 'Word' && isTarget(arg.value)),
  )
  const segment = segments[at]
  if (segment?.command == null || segment.isBound) return null
  const words = segment.command.args.filter((arg) => arg.type === 'Word')
  const operands = words.filter(({ value }) => !value.startsWith('-')).slice(skips)
  const others = operands.filter(({ value }) => !isTarget(value))
  if (others.length > 0) {
    let rest = text
    for (const { pos, end } of operands.filter(({ value }) => isTarget(value)).reverse())
      rest = rest.slice(0, pos).replace(/(?<![ \t])[ \t]+$/, '') + rest.slice(end)
    return rest
  }
  const [before, after] = [segments[at - 1], segments[at + 1]]
  if (before !== undefined) return text.slice(0, before.end) + text.slice(segment.end)
  return after === undefined ? '' : text.slice(after.pos)
}
