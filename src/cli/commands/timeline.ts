// `layergate timeline IMAGE`: what an image tells of time, in order.
import { type FileVersion, versionsOf, withCase } from '../../forensics/case.ts'
import { type Moment, timelineOf } from '../../forensics/timeline.ts'
import { bodyFile, renderTimeline, timelineCsv, timelineJson } from '../../report/files.ts'
import type { Redactor } from '../../secrets/redact.ts'
import { prepare } from '../../settings.ts'
import type { Command, Host } from '../command.ts'
import { asWithScan, list, option } from '../help.ts'
import { formOf, oneImage, parseOptions, settingsOf, surroundingsOf, TIMELINE_OPTIONS } from '../options.ts'
import { withProgress, writeOut } from '../output.ts'

interface Told {
  readonly moments: readonly Moment[]
  readonly versions: readonly FileVersion[]
  readonly redactor: Redactor
  readonly isWhole: boolean
}

const FORMS: Readonly<Record<string, (told: Told) => string>> = {
  terminal: ({ moments, redactor, isWhole }) => renderTimeline(moments, redactor, isWhole),
  json: ({ moments, redactor }) => timelineJson(moments, redactor),
  csv: ({ moments, redactor }) => timelineCsv(moments, redactor),
  bodyfile: ({ versions, redactor }) => bodyFile(versions, redactor),
}

const help = (): string => `Usage: layergate timeline IMAGE [options]

Tells in order what the image says of time: its history and layers, files in
every state, logs of package managers, certificates, reflogs of git, histories
of shells, logs, provenance. Times that were clamped, lie in the future, or are
newer than the layer are marked. bodyfile is what mactime and plaso read.

${asWithScan('dockerfile', 'context', 'build-metadata', 'target', 'config', 'image', 'platform', 'timeout')}
${option('verbose', 'a line for each file')}
${option('format', list(Object.keys(FORMS)), 'NAME')}
${option('json')}

Exit codes: 0 printed · 2 the image could not be read
`

async function run(args: readonly string[], host: Host): Promise<number> {
  const { values, positionals } = parseOptions('timeline', args, TIMELINE_OPTIONS)
  const render = formOf(FORMS, values)
  const reference = oneImage('timeline', positionals)
  const text = await withProgress(host, async (hooks) => {
    const prepared = await prepare(reference, settingsOf(values), surroundingsOf(hooks))
    return withCase(prepared, async (inspection) => {
      const all = { paths: [], layer: null, isHidden: false, hasSecret: false }
      const versions = versionsOf(inspection, all, () => true)
      const moments = await timelineOf(inspection, versions, prepared.now)
      return render({ moments, versions, redactor: inspection.redactor, isWhole: values.verbose === true })
    })
  })
  await writeOut(null, text, host)
  return 0
}

export const timeline: Command = {
  name: 'timeline',
  overview: [['timeline IMAGE', 'what the image tells of time, in order']],
  help,
  options: TIMELINE_OPTIONS,
  run,
}
