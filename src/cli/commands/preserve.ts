// `layergate preserve IMAGE --to CASE`: an evidence folder; `--verify CASE` holds it against its checksums.
import { access } from 'node:fs/promises'
import path from 'node:path'
import { UsageError } from '../../error.ts'
import { versionsOf, withCase } from '../../forensics/case.ts'
import { preserve, SUMS, verify } from '../../forensics/preserve.ts'
import { timelineOf } from '../../forensics/timeline.ts'
import { runGate } from '../../gate.ts'
import { splitImage, splitPrefix } from '../../image/source.ts'
import { visible } from '../../report/escape.ts'
import { bodyFile, filesJson, timelineCsv, timelineJson } from '../../report/files.ts'
import { renderHistory } from '../../report/history.ts'
import { renderJson, sealedReport } from '../../report/json.ts'
import { plural } from '../../report/phrases.ts'
import { prepare } from '../../settings.ts'
import { VERSION } from '../../version.ts'
import type { Command, Host } from '../command.ts'
import { asWithScan, option } from '../help.ts'
import { oneImage, PRESERVE_OPTIONS, parseOptions, settingsOf, surroundingsOf } from '../options.ts'
import { withProgress, writeOut } from '../output.ts'

const help = (): string => `Usage: layergate preserve IMAGE --to DIR [options]
       layergate preserve --verify DIR

Writes an evidence folder: the image as it was received (an archive or a layout
directory), report.json, history.txt, files.json, timeline.json, timeline.csv,
bodyfile.txt, tool.json, and ${SUMS} over all, whose checksum is printed:
write it down where nobody can change it. --verify says what is missing, was
changed or added since.

${option('to', 'a new or empty folder')}
${option('verify')}
${asWithScan('dockerfile', 'context', 'build-metadata', 'target', 'config', 'image', 'platform', 'timeout')}

Exit codes: 0 written, or nothing changed · 1 something changed · 2 it could not
be written or read
`

/** Columns of history.txt. */
const WIDTH = 120

async function run(args: readonly string[], host: Host): Promise<number> {
  const { values, positionals } = parseOptions('preserve', args, PRESERVE_OPTIONS)
  if (values.verify !== undefined) {
    if (positionals.length > 0 || values.to !== undefined)
      throw new UsageError('--verify takes a folder and nothing else. See layergate preserve --help.')
    return verifyCase(values.verify, host)
  }
  const reference = oneImage('preserve', positionals)
  const { to } = values
  if (to === undefined) throw new UsageError('Name a folder: layergate preserve IMAGE --to DIR.')
  const digest = await withProgress(host, async (hooks) => {
    const prepared = await prepare(reference, settingsOf(values), surroundingsOf(hooks))
    const outcome = await runGate(prepared)
    const texts = await withCase(prepared, async (inspection) => {
      const versions = versionsOf(inspection, { paths: [], layer: null, isHidden: false, hasSecret: false }, () => true)
      const moments = await timelineOf(inspection, versions, prepared.now)
      const { redactor } = inspection
      const tool = {
        tool: { name: 'layergate', version: VERSION, node: process.version },
        preserved: prepared.now.toISOString(),
        image: { reference, id: inspection.image.id, digest: inspection.image.digest },
      }
      return new Map([
        ['report.json', sealedReport(renderJson(outcome.report))],
        ['history.txt', sealedReport(renderHistory(outcome, prepared.now, { width: WIDTH, verbose: true }))],
        ['files.json', filesJson(versions, redactor)],
        ['timeline.json', timelineJson(moments, redactor)],
        ['timeline.csv', timelineCsv(moments, redactor)],
        ['bodyfile.txt', bodyFile(versions, redactor)],
        ['tool.json', `${JSON.stringify(tool, null, 2)}\n`],
      ])
    })
    return preserve(await fileOf(reference), texts, to)
  })
  await writeOut(null, `${visible(`Wrote the case ${to}. SHA-256 of its ${SUMS}: ${digest}`)}\n`, host)
  return 0
}

/** The file or folder of an image: `oci:PATH:TAG` names an image of it, too. */
async function fileOf(reference: string): Promise<string> {
  const { rest } = splitPrefix(reference)
  const isThere = await access(path.resolve(rest)).then(
    () => true,
    () => false,
  )
  return path.resolve(isThere ? rest : (splitImage(rest)?.path ?? rest))
}

async function verifyCase(folder: string, host: Host): Promise<number> {
  const { files, problems, digest } = await verify(folder)
  const lines = [
    ...problems.map((problem) => visible(problem)),
    problems.length === 0
      ? `${plural(files, 'file')} as they were written. SHA-256 of ${SUMS}: ${digest}`
      : `${plural(problems.length, 'file')} not as written. SHA-256 of ${SUMS}: ${digest}`,
  ]
  await writeOut(null, `${lines.join('\n')}\n`, host)
  return problems.length === 0 ? 0 : 1
}

export const preserving: Command = {
  name: 'preserve',
  overview: [['preserve IMAGE --to DIR', 'an evidence folder, with checksums over all']],
  help,
  options: PRESERVE_OPTIONS,
  run,
}
