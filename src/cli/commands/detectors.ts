// `layergate detectors [ID]`: the kinds of credentials that are found.
import { UsageError } from '../../error.ts'
import { nearest } from '../../nearest.ts'
import { onDisk, readPolicy } from '../../policy/decide.ts'
import { compileOwn } from '../../policy/own-detectors.ts'
import { detectorData, renderDetector, renderDetectorList, renderDetectorsPage } from '../../report/detectors.ts'
import { visibleJson } from '../../report/escape.ts'
import type { Detector, FileDetector } from '../../secrets/detector.ts'
import { GROUPS } from '../../secrets/detectors/list.ts'
import type { Command } from '../command.ts'
import { DETECTORS_OPTIONS, formOf, parseOptions, settingsOf } from '../options.ts'
import { print } from '../output.ts'

const FORMS: Readonly<Record<string, (own: readonly Detector[]) => string>> = {
  terminal: renderDetectorList,
  json: (own) => `${visibleJson(detectorData(own))}\n`,
  markdown: renderDetectorsPage,
}

/** The detectors of the configuration. @throws ConfigError */
const ownDetectors = async (config: string | null): Promise<readonly Detector[]> =>
  compileOwn((await readPolicy({ ...settingsOf({}), config }, onDisk(process.cwd(), false), true)).detectors)

/** All detectors that a run here has. @throws ConfigError */
export const detectorsOf = async (config: string | null): Promise<readonly (Detector | FileDetector)[]> => [
  ...GROUPS.flatMap(({ detectors }) => detectors),
  ...(await ownDetectors(config)),
]

async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseOptions('detectors', args, DETECTORS_OPTIONS)
  const [id, extra] = positionals
  const render = formOf(FORMS, values.markdown === true ? { ...values, format: 'markdown' } : values)
  if (extra !== undefined)
    throw new UsageError(
      `One detector at a time: ${JSON.stringify(extra)} is one too many. See layergate detectors --help.`,
    )
  const config = values.config ?? null
  await print(
    id === undefined ? render(await ownDetectors(config)) : renderDetector(find(id, await detectorsOf(config))),
  )
  return 0
}

function find(id: string, all: readonly (Detector | FileDetector)[]) {
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

const help = (): string => `Usage: layergate detectors [ID] [--config FILE]
                           [--format terminal|json|markdown]

Lists the kinds of credentials that are found, by issuer; with ID says of one
how it is told, what it opens and how it is revoked. Those of the configuration
are among them. --json and --markdown are
short for --format json and --format markdown.
`

export const detectors: Command = {
  name: 'detectors',
  overview: [['detectors [ID]', 'kinds of credentials that are found']],
  help,
  options: DETECTORS_OPTIONS,
  run,
}
