// A command as messages quote it: on one line, its credentials hidden, cut between words.
import type { BuildEvidence } from '../../evidence/evidence.ts'
import type { ShellCommand } from '../../shell/script.ts'
import { oneLine } from '../../shell/words.ts'

const MAX_QUOTED = 90

/** A command, in backquotes. */
export const quote = (cut: BuildEvidence['cut'], { text }: ShellCommand): string =>
  `\`${cut(oneLine(text), MAX_QUOTED, 'words').replaceAll('`', "'")}\``
