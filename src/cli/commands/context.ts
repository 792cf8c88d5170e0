// `layergate context [DIR]`: what COPY . . would take along, before a build.
import { inspectContext } from '../../context/inspect-context.ts'
import { UsageError } from '../../error.ts'
import { onDisk, readPolicy } from '../../policy/decide.ts'
import { compileOwn } from '../../policy/own-detectors.ts'
import { contextFails, contextText } from '../../report/context.ts'
import { useDetectors } from '../../secrets/scanner.ts'
import type { Command, Host } from '../command.ts'
import { list, option } from '../help.ts'
import { CONTEXT_OPTIONS, formOf, limitTo, parseOptions, settingsOf } from '../options.ts'
import { writeOut } from '../output.ts'

const FORMS: Readonly<Record<string, { readonly json: boolean }>> = { terminal: { json: false }, json: { json: true } }

const help = (): string => `Usage: layergate context [DIR] [options]

Says what COPY . . would take along from a build context (default: the current
directory): secrets, in archives too, and what has no business in an image, with
the lines for .dockerignore. What was not looked into is listed. Detectors of
.layergate.yml count too.

${option('dockerfile', 'FILE.dockerignore is used where there is one (default: the Dockerfile of DIR)')}
${option('timeout', 'what takes longer is an error (default: 3600)')}
${option('verbose', 'lists everything')}
${option('format', list(Object.keys(FORMS)), 'NAME')}
${option('json')}

Exit codes: 0 no secret · 1 a secret (high or critical), or a file that could
not be read · 2 the directory could not be read
`

async function run(args: readonly string[], host: Host): Promise<number> {
  const { values, positionals } = parseOptions('context', args, CONTEXT_OPTIONS)
  const [directory = '.', extra] = positionals
  const form = formOf(FORMS, values)
  limitTo(values.timeout, host)
  if (extra !== undefined)
    throw new UsageError(
      `One directory at a time: ${JSON.stringify(extra)} is one too many. See layergate context --help.`,
    )
  const { detectors } = await readPolicy(settingsOf({}), onDisk(process.cwd(), false), true)
  const scanner = useDetectors(compileOwn(detectors))
  const found = await inspectContext(process.cwd(), directory, values.dockerfile ?? null, scanner)
  await writeOut(null, contextText(found, scanner, { ...form, verbose: values.verbose === true }), host)
  return contextFails(found) ? 1 : 0
}

export const context: Command = {
  name: 'context',
  overview: [['context [DIR]', 'what COPY . . would take, before a build']],
  help,
  options: CONTEXT_OPTIONS,
  run,
}
