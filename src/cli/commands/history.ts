// `layergate history IMAGE`: the image as a table.
import { runGate } from '../../gate.ts'
import type { Outcome } from '../../outcome/outcome.ts'
import { visibleJson } from '../../report/escape.ts'
import { renderHistory } from '../../report/history.ts'
import { prepare } from '../../settings.ts'
import type { Command, Host } from '../command.ts'
import { asWithScan, list, option } from '../help.ts'
import { formOf, HISTORY_OPTIONS, oneImage, parseOptions, settingsOf, surroundingsOf } from '../options.ts'
import { withProgress, writeOut } from '../output.ts'

const FORMS: Readonly<Record<string, (outcome: Outcome, now: Date, verbose: boolean) => string>> = {
  terminal: (outcome, now, verbose) =>
    renderHistory(outcome, now, { width: process.stdout.isTTY === true ? process.stdout.columns : 80, verbose }),
  json: ({ report: { image, findings, warnings } }) => `${visibleJson({ image, findings, warnings })}\n`,
}

const help = (): string => `Usage: layergate history IMAGE [options]

Prints every history entry with its layer, size, age, line of the Dockerfile,
instruction, whether it is the base's or own, and what the gate found in it.

${asWithScan('dockerfile', 'context', 'build-metadata', 'target', 'config', 'image', 'platform', 'timeout')}
${option('verbose', 'instructions are not cut')}
${option('format', list(Object.keys(FORMS)), 'NAME')}
${option('json', 'short for --format json: image, findings and warnings')}

Exit codes: 0 printed · 2 the image could not be read
`

async function run(args: readonly string[], host: Host): Promise<number> {
  const { values, positionals } = parseOptions('history', args, HISTORY_OPTIONS)
  const render = formOf(FORMS, values)
  const reference = oneImage('history', positionals)
  const { outcome, now } = await withProgress(host, async (hooks) => {
    const prepared = await prepare(reference, settingsOf(values), surroundingsOf(hooks))
    return { outcome: await runGate(prepared), now: prepared.now }
  })
  await writeOut(null, render(outcome, now, values.verbose === true), host)
  return 0
}

export const history: Command = {
  name: 'history',
  overview: [['history IMAGE', 'the image as a table: layers, lines, findings']],
  help,
  options: HISTORY_OPTIONS,
  run,
}
