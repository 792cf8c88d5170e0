// What the command does: finds what is asked for, runs it, and says why it could not. How a run starts and ends is main.ts's.
import { UsageError } from '../error.ts'
import { nearest } from '../nearest.ts'
import { presentable } from '../settings.ts'
import { VERSION } from '../version.ts'
import type { Command, Host } from './command.ts'
import { baseline } from './commands/baseline.ts'
import { cat } from './commands/cat.ts'
import { context } from './commands/context.ts'
import { detectors } from './commands/detectors.ts'
import { diff } from './commands/diff.ts'
import { explain } from './commands/explain.ts'
import { files } from './commands/files.ts'
import { fix } from './commands/fix.ts'
import { hash } from './commands/hash.ts'
import { history } from './commands/history.ts'
import { ignore } from './commands/ignore.ts'
import { importing } from './commands/import.ts'
import { init } from './commands/init.ts'
import { lint } from './commands/lint.ts'
import { preserving } from './commands/preserve.ts'
import { recover } from './commands/recover.ts'
import { rules } from './commands/rules.ts'
import { scan } from './commands/scan.ts'
import { schema } from './commands/schema.ts'
import { timeline } from './commands/timeline.ts'
import { print } from './output.ts'

/** In the order of `layergate --help`. */
export const COMMANDS: readonly Command[] = [
  scan,
  fix,
  history,
  timeline,
  files,
  cat,
  recover,
  preserving,
  lint,
  baseline,
  diff,
  context,
  rules,
  detectors,
  explain,
  ignore,
  hash,
  importing,
  init,
  schema,
]

/** Where the words on a command begin. */
const ABOUT_AT = 33

export const helpOfAll =
  (): string => `layergate ${VERSION}: the gate that a container image passes on its way out of CI.

Usage
${COMMANDS.flatMap(({ overview }) => overview.map(([usage, about]) => `  layergate ${usage}`.padEnd(ABOUT_AT + 2) + about)).join('\n')}

IMAGE is an archive (docker save, buildx type=docker or type=oci, buildah,
kaniko, ko, crane; plain or compressed), an OCI layout directory, - for standard
input, or the name of an image of a local engine (docker, else podman). Where CI
is set, a name without a path is always an engine's. Prefixes force one:
docker-archive:, oci-archive:, oci-layout:, oci: (oci:PATH:TAG), engine: and
dir: (of skopeo).

  layergate COMMAND --help         options of a command
  layergate --version

Exit codes: 0 the image passes · 1 the policy fails it · 2 nothing was judged
`

export const NOTHING_JUDGED = ' (exit 2: nothing was judged)'

const findCommand = (name: string | undefined): Command | undefined => COMMANDS.find((command) => command.name === name)

/** Runs one command. @returns the exit code; an error is one line on standard error */
export async function runCommand(args: readonly string[], host: Host): Promise<number> {
  try {
    return await dispatch(args, host)
  } catch (error) {
    sayError(error)
    return 2
  }
}

export function sayError(error: unknown): void {
  const { message, code } = presentable(error)
  process.stderr.write(`layergate: ${message}${code === 'usage' ? '' : NOTHING_JUDGED}\n`)
}

async function dispatch([name, ...rest]: readonly string[], host: Host): Promise<number> {
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    await print((findCommand(rest[0])?.help ?? helpOfAll)())
    return name === undefined ? 2 : 0
  }
  if (name === '--version' || name === '-V' || name === 'version') {
    await print(`${VERSION}\n`)
    return 0
  }
  const command = findCommand(name)
  if (command === undefined) {
    const known = COMMANDS.map((each) => each.name)
    const near = nearest(name, known)
    throw new UsageError(
      `There is no command ${JSON.stringify(name)}.${near === null ? '' : ` Did you mean ${near}?`} Commands: ${known.join(', ')}. See layergate --help.`,
    )
  }
  if (rest.includes('--help') || rest.includes('-h')) {
    await print(command.help())
    return 0
  }
  return command.run(rest, host)
}
