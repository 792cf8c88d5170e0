// `layergate explain RULE`: the page of a rule.
import { existsSync, readFileSync } from 'node:fs'
import { UsageError } from '../../error.ts'
import { nearest } from '../../nearest.ts'
import { findRule, RULES } from '../../rules/list.ts'
import type { Command } from '../command.ts'
import { noArguments } from '../options.ts'
import { print } from '../output.ts'

/** docs/ lies beside dist/, which this is bundled to, and beside src/. */
const PAGES = ['../docs/rules/', '../../../docs/rules/']

async function run([id, ...rest]: readonly string[]): Promise<number> {
  noArguments('explain', rest)
  if (id === undefined)
    throw new UsageError('No rule is named. Usage: layergate explain RULE; layergate rules lists them.')
  const rule = findRule(id)
  if (rule === null) {
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
  await print(`${text}\n`)
  return 0
}

export const explain: Command = {
  name: 'explain',
  overview: [['explain RULE', 'says what a rule finds, why, and what to do']],
  help: () => 'Usage: layergate explain RULE\n\nSays what a rule finds, why that matters, and what to write instead.\n',
  options: {},
  run,
}
