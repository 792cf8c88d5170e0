// `layergate diff OLD NEW`: what a change brought.
import { UsageError } from '../../error.ts'
import { type GateOptions, runGate } from '../../gate.ts'
import { openImage } from '../../image/open.ts'
import { compare, type Difference, type Side } from '../../outcome/compare.ts'
import { renderDiff, renderDiffMarkdown } from '../../report/difference.ts'
import { visibleJson } from '../../report/escape.ts'
import { plainRedactor } from '../../secrets/last-look.ts'
import { prepare } from '../../settings.ts'
import type { Command, Host } from '../command.ts'
import { asWithScan, list, option } from '../help.ts'
import { DIFF_OPTIONS, formOf, type Hooks, parseOptions, settingsOf, surroundingsOf } from '../options.ts'
import { withProgress, writeOut } from '../output.ts'
import { isReport, readReport } from '../reports.ts'

const FORMS: Readonly<Record<string, (difference: Difference, verbose: boolean) => string>> = {
  terminal: renderDiff,
  json: (difference) => `${visibleJson(difference)}\n`,
  markdown: renderDiffMarkdown,
}

const help = (): string => `Usage: layergate diff OLD NEW [options]

Says what a change brought: findings, user, base, packages (dpkg, apk, npm,
Python, gems), accounts, configuration, files and size. OLD and NEW are images
as with layergate scan, or JSON reports, which list no files.

${asWithScan('config', 'image', 'platform', 'timeout')}
${option('format', list(Object.keys(FORMS)), 'NAME')}
${option('json')}
${option('output', 'where it goes (default: standard output)')}
${option('verbose', 'lists everything')}

Exit codes: 0 compared · 2 one of them could not be read
`

async function sideOfReport(name: string): Promise<Side> {
  return { report: await readReport(name), inventory: null, redactor: plainRedactor() }
}

async function diffIdsOf(side: Side | GateOptions): Promise<ReadonlySet<string>> {
  if ('report' in side) return new Set()
  const image = await openImage(side.reference, side.open)
  try {
    return new Set(image.layers.map(({ diffId }) => diffId))
  } finally {
    await image.close()
  }
}

async function run(args: readonly string[], host: Host): Promise<number> {
  const { values, positionals } = parseOptions('diff', args, DIFF_OPTIONS)
  const [oldName, newName, extra] = positionals
  if (oldName === undefined || newName === undefined || extra !== undefined)
    throw new UsageError('Name two images or reports: layergate diff OLD NEW. See layergate diff --help.')
  if ([oldName, newName].some((name) => /^(?:[a-z-]+:)?-$/.test(name)))
    throw new UsageError('layergate diff reads both images twice: save them to files instead of a pipe.')
  const render = formOf(FORMS, values)
  const difference = await withProgress(host, (hooks) => compareSides(oldName, newName, values, hooks))
  await writeOut(values.output ?? null, render(difference, values.verbose === true), host)
  return 0
}

async function compareSides(
  oldName: string,
  newName: string,
  values: Readonly<Record<string, unknown>>,
  hooks: Hooks,
): Promise<Difference> {
  const surroundings = surroundingsOf(hooks)
  const settings = { ...settingsOf(values), baseline: 'none' }
  const sideOf = (name: string): Promise<Side | GateOptions> =>
    isReport(name) ? sideOfReport(name) : prepare(name, settings, surroundings)
  // One after the other, so that an error of the first comes first.
  const old = await sideOf(oldName)
  const now = await sideOf(newName)
  const oldIds = await diffIdsOf(old)
  const newIds = await diffIdsOf(now)
  const shared = new Set([...oldIds].filter((id) => newIds.has(id)))
  const first = await judged(old, null, shared)
  // Under the salt of the first, so that values can be compared.
  const second = await judged(now, first.report.baseline.record.salt, shared)
  return compare(first, second)
}

async function judged(side: Side | GateOptions, salt: string | null, shared: ReadonlySet<string>): Promise<Side> {
  if ('report' in side) return side
  const { report, inventory, redactor } = await runGate({
    ...side,
    baseline: salt === null ? null : { name: 'the other image', file: { schemaVersion: 1, salt, images: {} } },
    inventory: { shared },
  })
  return { report, inventory, redactor }
}

export const diff: Command = {
  name: 'diff',
  overview: [['diff OLD NEW', 'what a change brought: two images or reports']],
  help,
  options: DIFF_OPTIONS,
  run,
}
