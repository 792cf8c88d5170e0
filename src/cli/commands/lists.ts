// Commands that tell what the program knows: its rules, its detectors, a rule's page, its schemas.
import { existsSync, readFileSync } from 'node:fs'
import * as z from 'zod'
import { UsageError } from '../../error.ts'
import { nearest } from '../../nearest.ts'
import { configSchema } from '../../policy/config.ts'
import { detectorData, renderDetector, renderDetectorList, renderDetectorsPage } from '../../report/detectors.ts'
import { visibleJson } from '../../report/escape.ts'
import { reportJsonSchema } from '../../report/json.ts'
import { findRule, RULES } from '../../rules/list.ts'
import { GROUPS } from '../../secrets/detectors/list.ts'
import { DETECTORS_OPTIONS, parseOptions } from '../options.ts'

/** @throws UsageError where a command that takes nothing gets something */
export function noArguments(command: string, args: readonly string[]): void {
  if (args[0] !== undefined) throw new UsageError(`layergate ${command} takes no ${JSON.stringify(args[0])}. See layergate ${command} --help.`)
}

/** `layergate rules`. @returns the exit code */
export function listRules(args: readonly string[]): number {
  noArguments('rules', args)
  const width = Math.max(...RULES.map(({ meta }) => meta.id.length))
  process.stdout.write(`${'rule'.padEnd(width)}  severity  title\n`)
  for (const { meta } of RULES) process.stdout.write(`${meta.id.padEnd(width)}  ${(meta.enabled ? meta.severity : 'off').padEnd(8)}  ${meta.title}\n`)
  return 0
}

/** `layergate detectors [ID]`. @returns the exit code */
export function listDetectors(args: readonly string[]): number {
  const { values, positionals } = parseOptions('detectors', args, DETECTORS_OPTIONS)
  const [id, extra] = positionals
  if (extra !== undefined) throw new UsageError(`One detector at a time: ${JSON.stringify(extra)} is one too many. See layergate detectors --help.`)
  if (id !== undefined) {
    const all = GROUPS.flatMap(({ detectors }) => detectors)
    const detector = all.find((known) => known.id === id)
    const near = nearest(
      id,
      all.map((known) => known.id),
    )
    if (detector === undefined) throw new UsageError(`There is no detector ${JSON.stringify(id)}.${near === null ? '' : ` Did you mean ${near}?`} layergate detectors lists them.`)
    process.stdout.write(renderDetector(detector))
    return 0
  }
  process.stdout.write(values.json === true ? `${visibleJson(detectorData())}\n` : values.markdown === true ? renderDetectorsPage() : renderDetectorList())
  return 0
}

/** `layergate explain RULE`. @returns the exit code */
export function explain([id, ...rest]: readonly string[]): number {
  noArguments('explain', rest)
  if (id === undefined) throw new UsageError('No rule is named. Usage: layergate explain RULE; layergate rules lists them.')
  const rule = findRule(id)
  if (rule === null) {
    const near = nearest(
      id,
      RULES.map(({ meta }) => meta.id),
    )
    throw new UsageError(`There is no rule ${JSON.stringify(id)}.${near === null ? '' : ` Did you mean ${near}?`} layergate rules lists them.`)
  }
  const { meta } = rule
  // Beside dist/, where this is bundled to.
  const page = new URL(`../docs/rules/${meta.id}.md`, import.meta.url)
  const text = existsSync(page) ? readFileSync(page, 'utf8').trim() : `${meta.title}\n\n${meta.description}\n\n${meta.remedy}`
  process.stdout.write(`${text}\n`)
  return 0
}

/** `layergate schema report|config`. @returns the exit code */
export function schema([name, ...rest]: readonly string[]): number {
  noArguments('schema', rest)
  if (name !== 'report' && name !== 'config') throw new UsageError('Name one: layergate schema report, or layergate schema config.')
  const value = name === 'report' ? reportJsonSchema() : { title: 'Layergate configuration', ...z.toJSONSchema(configSchema, { io: 'input' }) }
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
  return 0
}
