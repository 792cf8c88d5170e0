// `layergate explain RULE`: the page of a rule; with a finding and its image, how it was told.
import { existsSync, readFileSync } from 'node:fs'
import { UsageError } from '../../error.ts'
import { nearest } from '../../nearest.ts'
import { renderDetector } from '../../report/detectors.ts'
import { uncommanding } from '../../report/escape.ts'
import { renderExplanation, renderQuiet } from '../../report/explanation.ts'
import { findRule, RULES } from '../../rules/list.ts'
import { sealed } from '../../secrets/last-look.ts'
import type { Command, Host } from '../command.ts'
import { asWithScan } from '../help.ts'
import { EXPLAIN_OPTIONS, parseOptions, settingsOf } from '../options.ts'
import { print } from '../output.ts'
import { findingById, isFingerprint, quietById, reportOf } from '../reports.ts'
import { detectorsOf } from './detectors.ts'

/** docs/ lies beside dist/, which this is bundled to, and beside src/. */
const PAGES = ['../docs/rules/', '../../../docs/rules/']

async function run(args: readonly string[], host: Host): Promise<number> {
  const { values, positionals } = parseOptions('explain', args, EXPLAIN_OPTIONS)
  const [id, source, extra] = positionals
  if (id === undefined)
    throw new UsageError('Nothing is named. Usage: layergate explain RULE; layergate rules lists them.')
  if (extra !== undefined)
    throw new UsageError(`layergate explain takes no ${JSON.stringify(extra)}. See layergate explain --help.`)
  if (source !== undefined) {
    const report = await reportOf(source, settingsOf(values), host)
    const quiet = quietById(report, id)
    await print(uncommanding(sealed(quiet === null ? renderExplanation(findingById(report, id)) : renderQuiet(quiet))))
    return 0
  }
  const detector = (await detectorsOf(values.config ?? null)).find((known) => known.id === id)
  await print(findRule(id) === null && detector !== undefined ? renderDetector(detector) : pageOf(id))
  return 0
}

function pageOf(id: string): string {
  const rule = findRule(id)
  if (rule === null) {
    if (isFingerprint(id))
      throw new UsageError(
        `${id} is a fingerprint: name where the finding is, too: layergate explain ${id} IMAGE, or a JSON report.`,
      )
    const near = nearest(
      id,
      RULES.map(({ meta }) => meta.id),
    )
    throw new UsageError(
      `There is no rule ${JSON.stringify(id)}.${near === null ? '' : ` Did you mean ${near}?`} layergate rules lists them.`,
    )
  }
  const { meta } = rule
  const page = PAGES.map((folder) => new URL(`${folder}${meta.id}.md`, import.meta.url)).find((url) => existsSync(url))
  const text =
    page === undefined ? `${meta.title}\n\n${meta.description}\n\n${meta.remedy}` : readFileSync(page, 'utf8').trim()
  return `${text}\n`
}

const help = (): string => `Usage: layergate explain RULE|DETECTOR
       layergate explain ID IMAGE|REPORT.json

Says what a rule finds, why that matters, and what to write instead; how a kind
of credential is told. With the fingerprint of a finding (its beginning is
enough) and the image or a JSON report: how it was told, where it is everywhere,
and what to do; with the ID of what is quiet (layergate scan --show-quiet): why.

${asWithScan('config', 'dockerfile', 'context', 'build-metadata', 'target', 'image', 'platform', 'timeout')}

Exit codes: 0 explained · 2 there is nothing of that name
`

export const explain: Command = {
  name: 'explain',
  overview: [
    ['explain RULE', 'says what a rule finds, why, and what to do'],
    ['explain ID IMAGE', 'says how a finding was told, and where it is'],
  ],
  help,
  options: EXPLAIN_OPTIONS,
  run,
}
