// `layergate import gitleaks FILE`: the rules of another scanner as a configuration.
import { readWhole } from '../../checkout/whole-file.ts'
import { ConfigError, UsageError } from '../../error.ts'
import { importGitleaks } from '../../policy/gitleaks.ts'
import { uncommanding, visible } from '../../report/escape.ts'
import { plural } from '../../report/phrases.ts'
import { wrap } from '../../report/wrap.ts'
import { sealed } from '../../secrets/last-look.ts'
import type { Command, Host } from '../command.ts'
import { option } from '../help.ts'
import { IMPORT_OPTIONS, parseOptions } from '../options.ts'
import { writeOut } from '../output.ts'

/** Bytes of a file of rules. */
const MAX_FILE = 8 << 20

const help = (): string => `Usage: layergate import gitleaks FILE [--output FILE]

Writes the rules of a configuration of gitleaks as detectors, and its allowlists
as entries of allow, for extends of .layergate.yml. What cannot be carried over
is listed, with the reason, and stands as a comment in the file.

${option('output', 'where it goes (default: standard output)')}

Exit codes: 0 written · 2 the file is no configuration of gitleaks
`

async function run(args: readonly string[], host: Host): Promise<number> {
  const { values, positionals } = parseOptions('import', args, IMPORT_OPTIONS)
  const [from, file, extra] = positionals
  if (from !== 'gitleaks' || file === undefined || extra !== undefined)
    throw new UsageError('Name one file: layergate import gitleaks FILE. See layergate import --help.')
  const found = await readWhole(file, MAX_FILE)
  if (found.text === null) throw new ConfigError(`${file}: the file cannot be read: ${found.why}.`)
  const { text, detectors, allowed, left } = importGitleaks(file, found.text)
  await writeOut(values.output ?? null, text, host)
  const told = [
    `${plural(detectors, 'detector')} and ${plural(allowed, 'allow entry', 'allow entries')} carried over, ${left.length} not${left.length === 0 ? '.' : ':'}`,
    ...left.map((line) => `- ${line}`),
  ]
  process.stderr.write(`${uncommanding(sealed(told.flatMap((line) => wrap(visible(line), '', '  ')).join('\n')))}\n`)
  return 0
}

export const importing: Command = {
  name: 'import',
  overview: [['import gitleaks FILE', 'rules of gitleaks as own detectors']],
  help,
  options: IMPORT_OPTIONS,
  run,
}
