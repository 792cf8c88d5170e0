// The options of the commands, and what is made of them.
import { parseArgs } from 'node:util'
import { UsageError } from '../error.ts'
import { nearest } from '../nearest.ts'
import { NO_SETTINGS, overlay, type Settings, type Surroundings, settingsFromEnvironment } from '../settings.ts'

/** What says which image is opened, and what built it. */
const IMAGE_OPTIONS = {
  config: { type: 'string' },
  dockerfile: { type: 'string', multiple: true },
  context: { type: 'string' },
  'build-metadata': { type: 'string' },
  target: { type: 'string' },
  image: { type: 'string' },
  platform: { type: 'string' },
  timeout: { type: 'string' },
} as const

export const SCAN_OPTIONS = {
  ...IMAGE_OPTIONS,
  'fail-on': { type: 'string' },
  'min-confidence': { type: 'string' },
  name: { type: 'string' },
  baseline: { type: 'string' },
  'policy-from': { type: 'string' },
  format: { type: 'string', multiple: true },
  output: { type: 'string' },
  verbose: { type: 'boolean' },
  'no-color': { type: 'boolean' },
} as const

export const HISTORY_OPTIONS = { ...IMAGE_OPTIONS, verbose: SCAN_OPTIONS.verbose, json: { type: 'boolean' } } as const

export const CONTEXT_OPTIONS = { timeout: IMAGE_OPTIONS.timeout, dockerfile: { type: 'string' }, verbose: { type: 'boolean' }, json: { type: 'boolean' } } as const

export const LINT_OPTIONS = {
  config: SCAN_OPTIONS.config,
  timeout: SCAN_OPTIONS.timeout,
  'fail-on': SCAN_OPTIONS['fail-on'],
  'min-confidence': SCAN_OPTIONS['min-confidence'],
  format: { type: 'string' },
  output: SCAN_OPTIONS.output,
  verbose: SCAN_OPTIONS.verbose,
} as const

export const BASELINE_OPTIONS = { ...IMAGE_OPTIONS, name: SCAN_OPTIONS.name, output: SCAN_OPTIONS.output, prune: { type: 'boolean' } } as const

export const DIFF_OPTIONS = {
  config: SCAN_OPTIONS.config,
  timeout: SCAN_OPTIONS.timeout,
  image: SCAN_OPTIONS.image,
  platform: SCAN_OPTIONS.platform,
  format: { type: 'string' },
  output: SCAN_OPTIONS.output,
  verbose: SCAN_OPTIONS.verbose,
} as const

export const INIT_OPTIONS = { github: { type: 'boolean' } } as const

export const DETECTORS_OPTIONS = { json: { type: 'boolean' }, markdown: { type: 'boolean' } } as const

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

interface OptionValues {
  readonly config?: string | undefined
  readonly dockerfile?: string[] | undefined
  readonly context?: string | undefined
  readonly 'build-metadata'?: string | undefined
  readonly target?: string | undefined
  readonly failOn?: string | undefined
  readonly minConfidence?: string | undefined
  readonly image?: string | undefined
  readonly platform?: string | undefined
  readonly name?: string | undefined
  readonly baseline?: string | undefined
  readonly timeout?: string | undefined
}

/** Options over the environment. */
export const settingsOf = (values: OptionValues): Settings =>
  overlay(NO_SETTINGS, settingsFromEnvironment(process.env), {
    config: values.config ?? null,
    dockerfile: values.dockerfile?.join('\n') ?? null,
    context: values.context ?? null,
    buildMetadata: values['build-metadata'] ?? null,
    target: values.target ?? null,
    failOn: values.failOn ?? null,
    minConfidence: values.minConfidence ?? null,
    image: values.image ?? null,
    platform: values.platform ?? null,
    baseline: values.baseline ?? null,
    name: values.name ?? null,
    timeout: values.timeout ?? null,
  })

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
