// The options of the commands, and what is made of them.
import { parseArgs } from 'node:util'
import { UsageError } from '../error.ts'
import { nearest } from '../nearest.ts'
import { OPTIONS, type OptionName } from '../option-table.ts'
import { overlay, type Settings, type Surroundings, settingsFromEnvironment, settingsFromOptions } from '../settings.ts'

type ParsedAs<Name extends OptionName> = (typeof OPTIONS)[Name] extends { readonly value: null }
  ? { type: 'boolean' }
  : (typeof OPTIONS)[Name] extends { readonly multiple: true }
    ? { type: 'string'; multiple: true }
    : { type: 'string' }

/** Options of the table as `parseArgs` takes them. */
const of = <Name extends OptionName>(...names: readonly Name[]): { [Each in Name]: ParsedAs<Each> } =>
  Object.fromEntries(
    names.map((name) => {
      const { value, ...rest } = OPTIONS[name]
      return [name, value === null ? { type: 'boolean' } : { type: 'string', ...('multiple' in rest ? { multiple: true } : {}) }]
    }),
  ) as { [Each in Name]: ParsedAs<Each> }

/** What says which image is opened, and what built it. */
const IMAGE = ['config', 'dockerfile', 'context', 'build-metadata', 'target', 'image', 'platform', 'timeout'] as const
/** Where a command writes one form alone. */
const ONE_FORMAT = { format: { type: 'string' } } as const

export const SCAN_OPTIONS = of(...IMAGE, 'fail-on', 'min-confidence', 'name', 'baseline', 'policy-from', 'format', 'output', 'verbose', 'no-color')
export const HISTORY_OPTIONS = of(...IMAGE, 'verbose', 'json')
export const CONTEXT_OPTIONS = { ...of('timeout', 'verbose', 'json'), dockerfile: { type: 'string' } } as const
export const LINT_OPTIONS = { ...of('config', 'timeout', 'fail-on', 'min-confidence', 'output', 'verbose'), ...ONE_FORMAT }
export const BASELINE_OPTIONS = of(...IMAGE, 'name', 'output', 'prune')
export const DIFF_OPTIONS = { ...of('config', 'timeout', 'image', 'platform', 'output', 'verbose'), ...ONE_FORMAT }
export const INIT_OPTIONS = of('github')
export const DETECTORS_OPTIONS = of('json', 'markdown')

/** Parses the arguments of a command. @throws UsageError that names the nearest option */
export function parseOptions<T extends NonNullable<Parameters<typeof parseArgs>[0]>['options'] & object>(command: string, args: readonly string[], options: T) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true })
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const unknown = /'(--?[\w-]+)/.exec(message)?.[1]
    const near = unknown === undefined ? null : nearest(unknown.replace(/^-+/, ''), Object.keys(options))
    if (unknown !== undefined && /unknown/i.test(message))
      throw new UsageError(`There is no option ${unknown}.${near === null ? '' : ` Did you mean --${near}?`} See layergate ${command} --help.`)
    throw new UsageError(`${message.split('.')[0]}. See layergate ${command} --help.`)
  }
}

/** The one image that is named. */
export function oneImage(command: string, [reference, extra]: readonly string[]): string {
  if (reference === undefined) throw new UsageError(`No image is named. Usage: layergate ${command} IMAGE; see layergate ${command} --help.`)
  if (extra !== undefined) throw new UsageError(`One image at a time: ${JSON.stringify(extra)} is one too many. See layergate ${command} --help.`)
  if (/^(?:[a-z-]+:)?-$/.test(reference) && process.stdin.isTTY === true)
    throw new UsageError(`- reads the image from standard input, which is a terminal: docker save my-app | layergate ${command} -`)
  return reference
}

/** Options over the environment. */
export const settingsOf = (values: Readonly<Record<string, unknown>>): Settings => overlay(settingsFromEnvironment(process.env), settingsFromOptions(values))

/** What a run tells while it goes on. */
export type Hooks = Pick<Surroundings, 'onProgress' | 'onLimit'>

/** What a command has around it. Where CI runs it, the files of the checkout may be somebody else's. */
export const surroundingsOf = (hooks: Hooks): Surroundings => ({
  directory: process.cwd(),
  env: process.env,
  stdin: process.stdin,
  isConfined: Boolean(process.env['CI']),
  ...hooks,
})
