// `layergate detectors [ID]`: the kinds of credentials that are found.
import { UsageError } from '../../error.ts'
import { nearest } from '../../nearest.ts'
import { detectorData, renderDetector, renderDetectorList, renderDetectorsPage } from '../../report/detectors.ts'
import { visibleJson } from '../../report/escape.ts'
import { GROUPS } from '../../secrets/detectors/list.ts'
import type { Command } from '../command.ts'
import { DETECTORS_OPTIONS, formOf, parseOptions } from '../options.ts'
import { print } from '../output.ts'

const FORMS: Readonly<Record<string, () => string>> = {
  terminal: renderDetectorList,
  json: () => `${visibleJson(detectorData())}\n`,
  markdown: renderDetectorsPage,
}

async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseOptions('detectors', args, DETECTORS_OPTIONS)
  const [id, extra] = positionals
  const render = formOf(FORMS, values.markdown === true ? { ...values, format: 'markdown' } : values)
  if (extra !== undefined)
    throw new UsageError(
      `One detector at a time: ${JSON.stringify(extra)} is one too many. See layergate detectors --help.`,
    )
  await print(id === undefined ? render() : renderDetector(find(id)))
  return 0
}

function find(id: string) {
  const all = GROUPS.flatMap(({ detectors }) => detectors)
  const detector = all.find((known) => known.id === id)
  if (detector !== undefined) return detector
  const near = nearest(
    id,
    all.map((known) => known.id),
  )
  throw new UsageError(
    `There is no detector ${JSON.stringify(id)}.${near === null ? '' : ` Did you mean ${near}?`} layergate detectors lists them.`,
  )
}

const help = (): string => `Usage: layergate detectors [ID] [--format terminal|json|markdown]

Lists the kinds of credentials that are found, by issuer; with ID says of one
how it is told, what it opens and how it is revoked. --json and --markdown are
short for --format json and --format markdown.
`

export const detectors: Command = {
  name: 'detectors',
  overview: [['detectors [ID]', 'kinds of credentials that are found']],
  help,
  options: DETECTORS_OPTIONS,
  run,
}
