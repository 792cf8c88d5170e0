// Reads configuration files. A mistake in one is an error that names its line and column and the nearest right name.
import path from 'node:path'
import { type Document, isMap, isNode, LineCounter, parseDocument } from 'yaml'
import type * as z from 'zod'
import { notContent, readWhole } from '../checkout/whole-file.ts'
import { ConfigError } from '../error.ts'
import { LIMITS } from '../limits.ts'
import { nearest } from '../nearest.ts'
import { RULES } from '../rules/list.ts'
import { allowSchema } from './allow.ts'
import { type Config, configSchema, PRESETS } from './config.ts'
import { ownDetectorsSchema } from './own-detectors.ts'
import { type LayeredConfig, mergeConfigs } from './policy.ts'

/** Bytes of one configuration. */
export const MAX_CONFIG = 1 << 20
/** A file may extend a file that extends a file; deeper, and more files in all, is no policy that a person follows. */
const MAX_DEPTH = 8
const MAX_FILES = 64
const DETECTOR_KEYS = Object.keys(ownDetectorsSchema.element.shape)
const ALLOW_KEYS = Object.keys(allowSchema.shape)
const TOP_KEYS = Object.keys(configSchema.shape)

type Issue = z.core.$ZodIssue

const didYouMean = (name: string, names: readonly string[]): string => {
  const near = nearest(name, names)
  return near === null ? '' : ` Did you mean ${JSON.stringify(near)}?`
}

/** Names that may stand where an unknown one does. */
function namesAt(where: readonly PropertyKey[]): readonly string[] {
  if (where.length === 0) return TOP_KEYS
  if (where[0] === 'rules' && where.length === 1) return RULES.map(({ meta }) => meta.id)
  if (where[0] === 'rules')
    return ['severity', ...Object.keys(RULES.find(({ meta }) => meta.id === where[1])?.options?.shape ?? {})]
  if (where[0] === 'ignore') return ['rule', 'path', 'fingerprint', 'value', 'reason', 'expires']
  if (where[0] === 'limits') return Object.keys(LIMITS)
  if (where[0] === 'detectors') return DETECTOR_KEYS
  if (where[0] === 'allow') return ALLOW_KEYS
  return ['secrets', 'rules']
}

interface Position {
  readonly line: number
  readonly col: number
}

/** Where a key or value stands in the text. */
function positionOf(document: Document, lines: LineCounter, where: readonly PropertyKey[], key?: string): Position {
  for (let length = where.length; length >= 0; length--) {
    const node: unknown =
      length === 0 ? document.contents : document.getIn(where.slice(0, length) as (string | number)[], true)
    if (!isNode(node)) continue
    const pair =
      key !== undefined && isMap(node)
        ? node.items.find((item) => isNode(item.key) && String(item.key) === key)
        : undefined
    const target = pair !== undefined && isNode(pair.key) ? pair.key : node
    const start = target.range?.[0]
    if (start === undefined) continue
    return lines.linePos(start)
  }
  return { line: 1, col: 1 }
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
      issue.path[0] === 'rules' && issue.path.length === 1
        ? `there is no rule ${JSON.stringify(key)}.`
        : `unknown key ${JSON.stringify(key)}${name === '' ? '' : ` in ${name}`}.`
    return `${what}${didYouMean(key, namesAt(issue.path))}`
  }
  const given = issue.path.reduce<unknown>(
    (sum, key) => (typeof sum === 'object' && sum !== null ? (sum as Record<PropertyKey, unknown>)[key] : undefined),
    value,
  )
  if (issue.code === 'invalid_value') {
    const values = issue.values.map(String)
    return `${name}: ${JSON.stringify(given)} is none of ${values.join(', ')}.${didYouMean(String(given), values)}`
  }
  if (issue.path[0] === 'rules' && issue.path.length === 2)
    return `${name}: ${JSON.stringify(given)} is neither off, nor a severity (critical, high, medium, low, info), nor an object with the rule's options.${didYouMean(String(given), ['off', 'critical', 'high', 'medium', 'low', 'info'])}`
  if (issue.code === 'invalid_type' && given === undefined) return `${name} is missing.`
  return `${name === '' ? '' : `${name}: `}${issue.message}.`
}

const wrongAt = (file: string, { line, col }: Position, what: string): ConfigError =>
  new ConfigError(`${file}:${line}:${col}: ${what}`, { at: { file, line } })

function parseYaml(file: string, text: string, lineCounter: LineCounter): Document {
  const why = notContent(text)
  if (why !== null) throw new ConfigError(`${file}: ${why}.`)
  try {
    return parseDocument(text, { lineCounter, prettyErrors: false })
  } catch (cause) {
    throw new ConfigError(`${file}: no valid YAML: it is nested too deeply.`, { cause, at: { file, line: 1 } })
  }
}

/** Parses the text of a configuration. @throws ConfigError with file, line, column */
export function parseConfigText(file: string, text: string): Config {
  const lines = new LineCounter()
  const document = parseYaml(file, text, lines)
  const [broken] = document.errors
  if (broken !== undefined)
    throw wrongAt(file, lines.linePos(broken.pos[0]), `no valid YAML: ${broken.message.split('\n')[0]}.`)
  let value: unknown
  try {
    value = document.toJS({ maxAliasCount: 100 }) ?? {}
  } catch (cause) {
    throw new ConfigError(`${file}: its YAML aliases expand without end.`, { cause, at: { file, line: 1 } })
  }
  const parsed = configSchema.safeParse(value)
  if (parsed.success) return parsed.data
  const [first] = parsed.error.issues
  if (first === undefined) throw new ConfigError(`${file}: is no valid configuration.`, { at: { file, line: 1 } })
  const issue = deepest(first)
  const key = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined
  throw wrongAt(file, positionOf(document, lines, issue.path, key), explain(first, value))
}

/** Reads a file of a policy by its path. @param from the file that extends it; null for the first @throws GateError */
type ReadConfig = (file: string, from: string | null) => Promise<string>

const readText: ReadConfig = async (file) => {
  const found = await readWhole(file, MAX_CONFIG)
  if (found.text === null) throw new ConfigError(`${file}: the configuration cannot be read: ${found.why}.`)
  return found.text
}

/** One configuration of many, by its file or the name of a preset. */
interface Named {
  readonly name: string
  readonly config: Config
}

/** Of a configuration that comes twice the later one counts: what it says is said again there. */
const onceEach = (all: readonly Named[]): Named[] =>
  [...new Map(all.toReversed().map((each) => [each.name, each])).values()].reverse()

/** Follows what configurations extend. Each file is read once, however often it is named. */
class Extending {
  readonly #read: ReadConfig
  readonly #known = new Map<string, Named[]>()

  constructor(read: ReadConfig) {
    this.#read = read
  }

  /** A file with all that it extends below it, lowest first. @param above the files that lead to it @throws ConfigError */
  async layers(file: string, above: readonly string[]): Promise<Named[]> {
    const known = this.#known.get(file)
    if (known !== undefined) return known
    const from = above.at(-1) ?? null
    if (above.includes(file))
      throw new ConfigError(
        `${from}: extends leads back to itself: ${[...above.slice(above.indexOf(file)), file].join(' → ')}.`,
      )
    if (above.length > MAX_DEPTH) throw new ConfigError(`${from}: extends is nested deeper than ${MAX_DEPTH} files.`)
    if (this.#known.size + above.length >= MAX_FILES)
      throw new ConfigError(`${from}: extends leads to more than ${MAX_FILES} files.`)
    const { extends: names, ...config } = parseConfigText(file, await this.#read(file, from))
    const below: Named[] = []
    for (const name of [names ?? []].flat()) below.push(...(await this.#extended(name, file, [...above, file])))
    const layers = onceEach([...below, { name: file, config }])
    this.#known.set(file, layers)
    return layers
  }

  async #extended(name: string, file: string, above: readonly string[]): Promise<Named[]> {
    const preset = Object.hasOwn(PRESETS, name) ? PRESETS[name] : undefined
    if (preset !== undefined) return [{ name: `the preset ${name}`, config: preset }]
    if (!/[./\\]/.test(name))
      throw new ConfigError(
        `${file}: extends: there is no preset ${JSON.stringify(name)}.${didYouMean(name, Object.keys(PRESETS))} Presets: ${Object.keys(PRESETS).join(', ')}; a file is written with its path, such as ./policy.yml.`,
      )
    return this.layers(path.join(path.dirname(file), name), above)
  }
}

/**
 * Loads a configuration file with all that it extends, over the recommended preset.
 * @throws ConfigError
 */
export async function loadConfig(file: string, read: ReadConfig = readText): Promise<LayeredConfig> {
  const layers = await new Extending(read).layers(file, [])
  return mergeConfigs([PRESETS['recommended'] ?? {}, ...layers.map(({ config }) => config)])
}

/** The configuration of a preset alone. @throws ConfigError when there is none of that name */
export function presetConfig(name: string): LayeredConfig {
  const preset = PRESETS[name]
  if (preset === undefined)
    throw new ConfigError(`There is no preset ${JSON.stringify(name)}.${didYouMean(name, Object.keys(PRESETS))}`)
  return mergeConfigs([PRESETS['recommended'] ?? {}, preset])
}
