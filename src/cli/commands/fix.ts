// `layergate fix IMAGE`: makes the changes that the findings propose, in the files of the checkout.
import { UsageError } from '../../error.ts'
import { findingsWith } from '../../outcome/fix.ts'
import type { Outcome } from '../../outcome/outcome.ts'
import { patchOf } from '../../remedy/apply.ts'
import type { Fix } from '../../remedy/remedy.ts'
import { uncommanding, visible } from '../../report/escape.ts'
import { buildLines, changedLines, leftLines, type Mode, provedLines, refusedLines } from '../../report/fixes.ts'
import { wrap } from '../../report/wrap.ts'
import { sealed } from '../../secrets/last-look.ts'
import type { Settings } from '../../settings.ts'
import { changesOf, make, write } from '../changes.ts'
import type { Command, Host } from '../command.ts'
import { asWithScan, option } from '../help.ts'
import { FIX_OPTIONS, oneImage, parseOptions, settingsOf } from '../options.ts'
import { print } from '../output.ts'
import { prove } from '../proof.ts'
import { judgeImage } from '../reports.ts'
import { buildCommandOf } from '../workflow/builds.ts'

const help = (): string => `Usage: layergate fix IMAGE [options]

Makes the changes that the findings of an image propose, in the Dockerfile and
.dockerignore of the current directory. Only changes that are certain are made:
what a person has to decide is listed. Build the image anew, and scan it; or
let --build do both, and prove it.

${option('build')}
${option('dry-run')}
${option('patch')}
${asWithScan('dockerfile', 'context', 'build-metadata', 'target', 'config', 'image', 'platform', 'timeout')}

Exit codes: 0 all that fails has a change · 1 something that fails has none, or
it was taken back · 2 the image or a file could not be read or written
`

/** The changes of all findings, each once. */
function fixesOf({ report }: Outcome): Fix[] {
  const open = report.findings.flatMap(({ fix, suppressed }) => (fix === null || suppressed !== null ? [] : [fix]))
  return [...new Map(open.map((fix) => [JSON.stringify(fix), fix])).values()]
}

async function run(args: readonly string[], host: Host): Promise<number> {
  const { values, positionals } = parseOptions('fix', args, FIX_OPTIONS)
  const reference = oneImage('fix', positionals)
  const given = (['build', 'dry-run', 'patch'] as const).filter((name) => values[name] !== undefined)
  if (given.length > 1) throw new UsageError(`${given.map((name) => `--${name}`).join(' and ')}: name one of them.`)
  if (values.build !== undefined) {
    const command = values.build === 'workflow' ? await buildCommandOf(process.cwd(), reference) : values.build
    return runProved(reference, command, settingsOf(values), host)
  }
  const outcome = await judgeImage(reference, settingsOf(values), host)
  const fixes = fixesOf(outcome)
  const changes = await changesOf(fixes)
  const mode: Mode = values['dry-run'] === true ? 'dry-run' : values.patch === undefined ? 'change' : 'patch'
  const lines: string[] = []
  if (values.patch !== undefined && changes.length > 0) {
    const patch = patchOf(changes)
    if (outcome.redactor.text(patch) !== patch)
      throw new UsageError(
        'A line that goes holds a secret, so that a patch would hold it too: layergate fix without --patch changes the files themselves.',
      )
    await write(values.patch, patch)
    lines.push(...wrap(`Wrote ${visible(values.patch)}: git apply takes it.`, '', '  '))
  } else if (mode === 'change') await make(changes)
  const left = outcome.report.findings.filter(({ fails, fix }) => fails && fix === null)
  lines.push(...changedLines(outcome, changes, mode), ...buildLines(fixes), ...leftLines(left))
  await say(lines)
  return left.length > 0 ? 1 : 0
}

const say = (lines: readonly string[]): Promise<void> => print(uncommanding(sealed(`${lines.join('\n')}\n`)))

/** Builds and scans before and after. */
async function runProved(reference: string, command: string, settings: Settings, host: Host): Promise<number> {
  const { outcome, kept, changes, refused, difference } = await prove(reference, command, settings, host, fixesOf)
  const { findings } = outcome.report
  const cured = new Set(findingsWith(findings, kept))
  const left = findings.filter((finding) => finding.fails && !cured.has(finding))
  const lines = [
    ...changedLines(outcome, changes, 'change'),
    ...buildLines(kept),
    ...(difference === null ? [] : provedLines(outcome, kept, difference)),
    ...refused.flatMap((each) => refusedLines(outcome, each)),
    ...leftLines(left.filter(({ fix }) => fix === null)),
  ]
  await say(lines)
  return left.length > 0 ? 1 : 0
}

export const fix: Command = {
  name: 'fix',
  overview: [['fix IMAGE', 'makes the changes that the findings propose']],
  help,
  options: FIX_OPTIONS,
  run,
}
