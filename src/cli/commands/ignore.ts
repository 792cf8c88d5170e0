// `layergate ignore ID IMAGE --reason TEXT`: accepts a finding in the configuration.
import { resolve } from 'node:path'
import { readWhole } from '../../checkout/whole-file.ts'
import { ConfigError, UsageError } from '../../error.ts'
import { DEFAULT_CONFIGS } from '../../policy/decide.ts'
import { entryFor, withEntry } from '../../policy/ignore-entry.ts'
import { isDate } from '../../policy/inline.ts'
import { MAX_CONFIG } from '../../policy/load.ts'
import { uncommanding, visible } from '../../report/escape.ts'
import { entryComment, lineName, plural } from '../../report/phrases.ts'
import { wrap } from '../../report/wrap.ts'
import { sealed } from '../../secrets/last-look.ts'
import { write } from '../changes.ts'
import type { Command, Host } from '../command.ts'
import { asWithScan, option } from '../help.ts'
import { IGNORE_OPTIONS, parseOptions, settingsOf } from '../options.ts'
import { print } from '../output.ts'
import { findingById, isFingerprint, reportOf } from '../reports.ts'

const help = (): string => `Usage: layergate ignore ID IMAGE|REPORT.json --reason TEXT [--until DATE]

Accepts a finding: writes an entry for all its places into .layergate.yml, and
leaves the rest of the file as it is. ID is its fingerprint, or the beginning of
it; the JSON report and layergate scan --verbose have it. A secret that is real
is revoked, not accepted.

${option('reason')}
${option('until')}
${asWithScan('config', 'dockerfile', 'context', 'build-metadata', 'target', 'image', 'platform', 'timeout')}

Exit codes: 0 written · 2 no such finding, or the file cannot be changed
`

async function run(args: readonly string[], host: Host): Promise<number> {
  const { values, positionals } = parseOptions('ignore', args, IGNORE_OPTIONS)
  const [id, source, extra] = positionals
  if (id === undefined || source === undefined || extra !== undefined)
    throw new UsageError(
      'Name a finding and where it is: layergate ignore ID IMAGE --reason TEXT. See layergate ignore --help.',
    )
  if (!isFingerprint(id))
    throw new UsageError(
      `${JSON.stringify(id)} is no fingerprint: those are 32 letters and digits, and six are enough.`,
    )
  const { reason, until = null } = values
  if (reason === undefined || reason.trim().length < 3)
    throw new UsageError('--reason is missing: say why this is no problem. Every report shows it.')
  if (until !== null && !isDate(until)) throw new UsageError(`--until ${until}: write a day as YYYY-MM-DD.`)
  const finding = findingById(await reportOf(source, settingsOf(values), host), id)
  if (finding.suppressed !== null)
    throw new UsageError(`${id} is accepted already: “${visible(finding.suppressed.reason)}”.`)
  const { file, text } = await configuration(values.config ?? null)
  const entry = entryFor(finding, reason.trim(), until)
  await write(file, withEntry(file, text, entry, entryComment(finding)), text === null ? 'wx' : 'w')
  const places = [entry.fingerprint ?? []].flat().length
  await print(
    uncommanding(
      sealed(
        `${[
          ...wrap(
            visible(
              `Wrote ${file}: it accepts “${finding.title}” (${lineName(finding)}) at ${plural(places, 'place')}.`,
            ),
            '',
            '  ',
          ),
          ...(finding.secret === null
            ? []
            : wrap('If the secret is real, revoke it all the same: the image keeps it.', '', '')),
          ...wrap('On a pull request that follows the policy of its base, this counts after the merge.', '', ''),
        ].join('\n')}\n`,
      ),
    ),
  )
  return 0
}

/** The configuration that is changed, which lies in the current directory. */
async function configuration(given: string | null): Promise<{ readonly file: string; readonly text: string | null }> {
  for (const file of given === null ? DEFAULT_CONFIGS : [given]) {
    const found = await readWhole(resolve(file), MAX_CONFIG, process.cwd())
    if (found.text !== null) return { file, text: found.text }
    if (!found.isMissing) throw new ConfigError(`${file}: the file cannot be read: ${found.why}.`)
  }
  return { file: given ?? DEFAULT_CONFIGS[0] ?? '.layergate.yml', text: null }
}

export const ignore: Command = {
  name: 'ignore',
  overview: [['ignore ID IMAGE --reason TEXT', 'accepts a finding']],
  help,
  options: IGNORE_OPTIONS,
  run,
}
