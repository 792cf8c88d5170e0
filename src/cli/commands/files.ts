// `layergate files IMAGE [PATH|GLOB]…`: every version of every path, also what a later layer hides.
import { versionsOf, withCase } from '../../forensics/case.ts'
import { isMeant } from '../../forensics/select.ts'
import { filesJson, renderFiles } from '../../report/files.ts'
import { prepare } from '../../settings.ts'
import type { Command, Host } from '../command.ts'
import { asWithScan, list, option, options } from '../help.ts'
import {
  FILES_OPTIONS,
  formOf,
  imageAndPaths,
  layerNumber,
  parseOptions,
  settingsOf,
  surroundingsOf,
} from '../options.ts'
import { withProgress, writeOut } from '../output.ts'

const FORMS = { terminal: renderFiles, json: filesJson } as const

const help = (): string => `Usage: layergate files IMAGE [PATH|GLOB]… [options]

Lists the entries of all layers: present, deleted, overwritten and replaced,
with mode, owner, size, time, layer and line of the Dockerfile. A PATH stands
for itself and all below it.

${options('layer', 'deleted', 'secrets')}
${asWithScan('dockerfile', 'context', 'build-metadata', 'target', 'config', 'image', 'platform', 'timeout')}
${option('format', list(Object.keys(FORMS)), 'NAME')}
${option('json')}

Exit codes: 0 printed · 2 the image could not be read
`

async function run(args: readonly string[], host: Host): Promise<number> {
  const { values, positionals } = parseOptions('files', args, FILES_OPTIONS)
  const render = formOf<(typeof FORMS)[keyof typeof FORMS]>(FORMS, values)
  const { reference, paths } = imageAndPaths('files', positionals)
  const selection = {
    paths,
    layer: layerNumber(values.layer),
    isHidden: values.deleted === true,
    hasSecret: values.secrets === true,
  }
  const text = await withProgress(host, async (hooks) =>
    withCase(await prepare(reference, settingsOf(values), surroundingsOf(hooks)), async (inspection) =>
      render(versionsOf(inspection, selection, isMeant), inspection.redactor),
    ),
  )
  await writeOut(null, text, host)
  return 0
}

export const files: Command = {
  name: 'files',
  overview: [['files IMAGE [PATH]', 'files of all layers, hidden ones too']],
  help,
  options: FILES_OPTIONS,
  run,
}
