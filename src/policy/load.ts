// Reads configuration files. A mistake in one is an error that names its line and column and the nearest right name.
import path from 'node:path'
import { distance } from 'fastest-levenshtein'
import { type Document, isMap, isNode, LineCounter, parseDocument } from 'yaml'
import type { z } from 'zod'
import { readRegular } from '../checkout/regular-file.ts'
import { ConfigError, GateError } from '../error.ts'
import { LIMITS } from '../limits.ts'
import { RULES } from '../rules/list.ts'
import { type Config, configSchema, PRESETS } from './config.ts'
import { type LayeredConfig, mergeConfigs } from './policy.ts'

/** A file may extend a file that extends a file; deeper is a loop. */
const MAX_EXTENDS = 8
const TOP_KEYS = Object.keys(configSchema.shape)

type Issue = z.core.$ZodIssue

/** The nearest of several names, where one is near enough to be meant. */
export function nearest(name: string, names: readonly string[]): string | null {
  const [best] = names.map((candidate) => ({ candidate, far: distance(name, candidate) })).sort((a, b) => a.far - b.far)
  return best !== undefined && best.far <= Math.max(2, Math.floor(name.length / 3)) ? best.candidate : null
}

const didYouMean = (name: string, names: readonly string[]): string => {
  const near = nearest(name, names)
  return near === null ? '' : ` Did you mean ${JSON.stringify(near)}?`
}

/** Names that may stand where an unknown one does. */
function namesAt(where: readonly PropertyKey[]): readonly string[] {
  if (where.length === 0) return TOP_KEYS
  if (where[0] === 'rules' && where.length === 1) return RULES.map(({ meta }) => meta.id)
  if (where[0] === 'rules') return ['severity', ...Object.keys(RULES.find(({ meta }) => meta.id === where[1])?.options?.shape ?? {})]
  if (where[0] === 'ignore') return ['rule', 'path', 'fingerprint', 'reason', 'expires']
  if (where[0] === 'limits') return Object.keys(LIMITS)
  return ['secrets', 'rules']
}

/** Where a key or value stands in the text, `line:column`. */
function positionOf(document: Document, lines: LineCounter, where: readonly PropertyKey[], key?: string): string {
  for (let length = where.length; length >= 0; length--) {
    const node: unknown = length === 0 ? document.contents : document.getIn(where.slice(0, length) as (string | number)[], true)
    if (!isNode(node)) continue
    const pair = key !== undefined && isMap(node) ? node.items.find((item) => isNode(item.key) && String(item.key) === key) : undefined
    const target = pair !== undefined && isNode(pair.key) ? pair.key : node
    const start = target.range?.[0]
    if (start === undefined) continue
    const { line, col } = lines.linePos(start)
    return `${line}:${col}`
  }
  return '1:1'
}

/** A union's own message says nothing: the branch that came furthest does. */
function deepest(issue: Issue): Issue {
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return issue
  const branches = issue.errors.map((errors) => errors[0]).filter((error) => error !== undefined)
  const structural = branches.find((error) => error.code === 'unrecognized_keys' || error.path.length > 0)
  return structural === undefined ? issue : { ...deepest(structural), path: [...issue.path, ...structural.path] }
}

function explain(found: Issue, value: unknown): string {
  const issue = deepest(found)
  const name = issue.path.join('.')
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0] ?? ''
    const what =
      issue.path[0] === 'rules' && issue.path.length === 1 ? `there is no rule ${JSON.stringify(key)}.` : `unknown key ${JSON.stringify(key)}${name === '' ? '' : ` in ${name}`}.`
    return `${what}${didYouMean(key, namesAt(issue.path))}`
  }
  const given = issue.path.reduce<unknown>((sum, key) => (typeof sum === 'object' && sum !== null ? (sum as Record<PropertyKey, unknown>)[key] : undefined), value)
  if (issue.code === 'invalid_value') {
    const values = issue.values.map(String)
    return `${name}: ${JSON.stringify(given)} is none of ${values.join(', ')}.${didYouMean(String(given), values)}`
  }
  if (issue.path[0] === 'rules' && issue.path.length === 2)
    return `${name}: ${JSON.stringify(given)} is neither off, nor a severity (critical, high, medium, low, info), nor an object with the rule's options.${didYouMean(String(given), ['off', 'critical', 'high', 'medium', 'low', 'info'])}`
  if (issue.code === 'invalid_type' && given === undefined) return `${name} is missing.`
  return `${name === '' ? '' : `${name}: `}${issue.message}.`
}

/** Parses the text of a configuration. @throws ConfigError with file, line, column */
export function parseConfigText(file: string, text: string): Config {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const [broken] = document.errors
  if (broken !== undefined) {
    const { line, col } = lines.linePos(broken.pos[0])
    throw new ConfigError(`${file}:${line}:${col}: no valid YAML: ${broken.message.split('\n')[0]}.`)
  }
  let value: unknown
  try {
    value = document.toJS({ maxAliasCount: 100 }) ?? {}
  } catch (cause) {
    throw new ConfigError(`${file}: its YAML aliases expand without end.`, { cause })
  }
  const parsed = configSchema.safeParse(value)
  if (parsed.success) return parsed.data
  const [first] = parsed.error.issues
  if (first === undefined) throw new ConfigError(`${file}: is no valid configuration.`)
  const issue = deepest(first)
  const key = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined
  throw new ConfigError(`${file}:${positionOf(document, lines, issue.path, key)}: ${explain(first, value)}`)
}

/** What a configuration extends, laid below it. */
async function withExtended(file: string, config: Config, read: (file: string) => Promise<string>, depth: number): Promise<Config[]> {
  if (depth > MAX_EXTENDS) throw new ConfigError(`${file}: extends is nested deeper than ${MAX_EXTENDS} files: it leads back to itself.`)
  const named = config.extends === undefined ? [] : [config.extends].flat()
  const below: Config[] = []
  for (const name of named) {
    const preset = PRESETS[name]
    if (preset !== undefined) below.push(preset)
    else if (!/[./\\]/.test(name))
      throw new ConfigError(
        `${file}: extends: there is no preset ${JSON.stringify(name)}.${didYouMean(name, Object.keys(PRESETS))} Presets: ${Object.keys(PRESETS).join(', ')}; a file is written with its path, such as ./policy.yml.`,
      )
    else {
      const other = path.join(path.dirname(file), name)
      below.push(...(await withExtended(other, parseConfigText(other, await readConfig(other, read)), read, depth + 1)))
    }
  }
  const { extends: _extends, ...own } = config
  return [...below, own]
}

async function readConfig(file: string, read: (file: string) => Promise<string>): Promise<string> {
  try {
    return await read(file)
  } catch (cause) {
    if (cause instanceof GateError) throw cause
    throw new ConfigError(`${file}: the configuration cannot be read: ${cause instanceof Error && 'code' in cause ? String(cause.code) : 'no such file'}.`, { cause })
  }
}

/**
 * Loads a configuration file with all that it extends, over the recommended preset.
 * @throws ConfigError
 */
export async function loadConfig(file: string, read: (file: string) => Promise<string> = readRegular): Promise<LayeredConfig> {
  const config = parseConfigText(file, await readConfig(file, read))
  return mergeConfigs([PRESETS['recommended'] ?? {}, ...(await withExtended(file, config, read, 0))])
}

/** The configuration of a preset alone. @throws ConfigError when there is none of that name */
export function presetConfig(name: string): LayeredConfig {
  const preset = PRESETS[name]
  if (preset === undefined) throw new ConfigError(`There is no preset ${JSON.stringify(name)}.${didYouMean(name, Object.keys(PRESETS))}`)
  return mergeConfigs([PRESETS['recommended'] ?? {}, preset])
}
