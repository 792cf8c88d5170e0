// What a command is, and what it has of the process around it.
import type { parseArgs } from 'node:util'
import type { Watchdog } from '../watchdog.ts'

/** The clock of the run, and what became of standard output. Directory, environment and streams are those of the process. */
export interface Host extends Pick<Watchdog, 'over' | 'within'> {
  /** Why standard output took no more; null while it does. */
  readonly lost: () => string | null
}

type CommandOptions = NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>['options']>

export interface Command {
  readonly name: string
  /** Its lines in `layergate --help`: how it is called, and what it does in a few words. */
  readonly overview: readonly (readonly [usage: string, about: string])[]
  readonly help: () => string
  readonly options: CommandOptions
  /** @returns the exit code @throws GateError */
  readonly run: (args: readonly string[], host: Host) => number | Promise<number>
}
