// The options of the commands, and what is made of them.
import { parseArgs } from 'node:util'
import { UsageError } from '../error.ts'
import { nearest } from '../nearest.ts'
import { OPTIONS, type OptionName } from '../option-table.ts'
import { secondsOf } from '../policy/decide.ts'
import { overlay, type Settings, type Surroundings, settingsFromEnvironment, settingsFromOptions } from '../settings.ts'
import type { Host } from './command.ts'

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
      return [
        name,
        value === null ? { type: 'boolean' } : { type: 'string', ...('multiple' in rest ? { multiple: true } : {}) },
      ]
    }),
  ) as { [Each in Name]: ParsedAs<Each> }

/** What says which image is opened, and what built it. */
const IMAGE = ['config', 'dockerfile', 'context', 'build-metadata', 'target', 'image', 'platform', 'timeout'] as const
/** A command that writes one form alone: `--json` is short for `--format json`. */
const ONE_FORMAT = { ...of('json'), format: { type: 'string' } } as const

export const SCAN_OPTIONS = of(
  ...IMAGE,
  'fail-on',
  'min-confidence',
  'name',
  'baseline',
  'policy-from',
  'format',
  'json',
  'output',
  'verbose',
  'show-quiet',
  'ioc',
  'no-color',
)
export const HISTORY_OPTIONS = { ...of(...IMAGE, 'verbose'), ...ONE_FORMAT }
export const CONTEXT_OPTIONS = { ...of('timeout', 'verbose'), ...ONE_FORMAT, dockerfile: { type: 'string' } } as const
export const LINT_OPTIONS = {
  ...of('config', 'timeout', 'fail-on', 'min-confidence', 'output', 'verbose'),
  ...ONE_FORMAT,
}
export const BASELINE_OPTIONS = of(...IMAGE, 'name', 'output', 'prune')
export const DIFF_OPTIONS = { ...of('config', 'timeout', 'image', 'platform', 'output', 'verbose'), ...ONE_FORMAT }
export const FIX_OPTIONS = of(...IMAGE, 'build', 'dry-run', 'patch')
export const IGNORE_OPTIONS = of(...IMAGE, 'reason', 'until')
export const EXPLAIN_OPTIONS = of(...IMAGE)
export const FILES_OPTIONS = { ...of(...IMAGE, 'layer', 'deleted', 'secrets'), ...ONE_FORMAT }
export const CAT_OPTIONS = of('config', 'image', 'platform', 'timeout', 'layer', 'show-secrets')
export const RECOVER_OPTIONS = of(...IMAGE, 'to', 'layer', 'deleted', 'secrets')
export const PRESERVE_OPTIONS = of(...IMAGE, 'to', 'verify')
export const TIMELINE_OPTIONS = { ...of(...IMAGE, 'verbose'), ...ONE_FORMAT }
export const HASH_OPTIONS = of('config')
export const IMPORT_OPTIONS = of('output')
export const INIT_OPTIONS = of('github')
export const DETECTORS_OPTIONS = { ...of('config', 'markdown'), ...ONE_FORMAT }

/** Parses the arguments of a command. @throws UsageError that names the nearest option */
export function parseOptions<T extends NonNullable<Parameters<typeof parseArgs>[0]>['options'] & object>(
  command: string,
  args: readonly string[],
  options: T,
) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true })
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const unknown = /'(--?[\w-]+)/.exec(message)?.[1]
    const near = unknown === undefined ? null : nearest(unknown.replace(/^-+/, ''), Object.keys(options))
    if (unknown !== undefined && /unknown/i.test(message))
      throw new UsageError(
        `There is no option ${unknown}.${near === null ? '' : ` Did you mean --${near}?`} See layergate ${command} --help.`,
      )
    throw new UsageError(`${message.split('.')[0]}. See layergate ${command} --help.`)
  }
}

/** The one image that is named. */
export function oneImage(command: string, [reference, extra]: readonly string[]): string {
  if (reference === undefined)
    throw new UsageError(`No image is named. Usage: layergate ${command} IMAGE; see layergate ${command} --help.`)
  if (extra !== undefined)
    throw new UsageError(
      `One image at a time: ${JSON.stringify(extra)} is one too many. See layergate ${command} --help.`,
    )
  if (/^(?:[a-z-]+:)?-$/.test(reference) && process.stdin.isTTY === true)
    throw new UsageError(
      `- reads the image from standard input, which is a terminal: docker save my-app | layergate ${command} -`,
    )
  return reference
}

/** The image that is named first, and paths in it. */
export function imageAndPaths(
  command: string,
  positionals: readonly string[],
): { readonly reference: string; readonly paths: readonly string[] } {
  const [reference, ...paths] = positionals
  return { reference: oneImage(command, reference === undefined ? [] : [reference]), paths }
}

/** The number of a layer; null where none is given. @throws UsageError */
export function layerNumber(given: string | undefined): number | null {
  if (given === undefined) return null
  if (/^\d{1,5}$/.test(given)) return Number(given)
  throw new UsageError(`--layer ${given}: write a number; layergate history IMAGE counts them, the lowest is 0.`)
}

/** @throws UsageError where a command that takes no arguments gets one */
export function noArguments(command: string, args: readonly string[]): void {
  if (args[0] !== undefined)
    throw new UsageError(`layergate ${command} takes no ${JSON.stringify(args[0])}. See layergate ${command} --help.`)
}

/** The form that a command writes, of those that it has. @throws UsageError where it has no such form */
export function formOf<Form>(
  forms: Readonly<Record<string, Form>>,
  { format, json }: { readonly format?: string; readonly json?: boolean },
): Form {
  const name = format ?? (json === true ? 'json' : 'terminal')
  if (json === true && name !== 'json') throw new UsageError(`--json and --format ${name}: name one of them.`)
  const form = Object.hasOwn(forms, name) ? forms[name] : undefined
  if (form === undefined) throw noSuchFormat(name, Object.keys(forms))
  return form
}

export function noSuchFormat(name: string, known: readonly string[]): UsageError {
  const near = nearest(name, known)
  return new UsageError(
    `--format ${name}: there is no such format.${near === null ? '' : ` Did you mean ${near}?`} Formats: ${known.join(', ')}.`,
  )
}

/** Starts the clock that the user gives, before any policy is read. @throws UsageError */
export function limitTo(timeout: string | undefined, host: Host): void {
  const given = timeout ?? process.env['LAYERGATE_TIMEOUT']
  if (given) host.within(secondsOf(given))
}

/** Options over the environment. */
export const settingsOf = (values: Readonly<Record<string, unknown>>): Settings =>
  overlay(settingsFromEnvironment(process.env), settingsFromOptions(values))

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
