// A command as messages quote it: on one line, cut between words. The redactor hides what it knows later, which takes whole
// values: so none is cut, and the credentials among the words go first.
import { credentialsOf } from '../evidence/command-credentials.ts'
import type { ShellCommand } from '../shell/script.ts'
import { oneLine } from '../shell/words.ts'

const MAX_QUOTED = 90

/** A command, in backquotes. */
export function quote(command: ShellCommand): string {
  let { text } = command
  for (const { hidden } of credentialsOf(command)) for (const value of hidden) text = text.replaceAll(value, '•••')
  return `\`${oneLine(text, MAX_QUOTED).replaceAll('`', "'")}\``
}
