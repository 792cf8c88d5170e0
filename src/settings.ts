// What both fronts do with the user's words: settings from a file, LAYERGATE_* variables and options, laid over each
// other in this order, and turned into the options of a run.
import { access, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import type { BuildOptions } from './build.ts'
import { findDockerfiles, type SourceFile } from './checkout/checkout.ts'
import { ConfigError, GateError, ImageError, UsageError } from './error.ts'
import type { GateOptions, Progress } from './gate.ts'
import { type Config, configSchema } from './policy/config.ts'
import { loadConfig, nearest, presetConfig } from './policy/load.ts'
import { mergeConfigs, type Policy, toPolicy } from './policy/policy.ts'
import { visible } from './report/escape.ts'
import { Redactor } from './secrets/redact.ts'
import { Scanner } from './secrets/scanner.ts'

/** Words of the user, by the name of the option; null: not said. */
export interface Settings {
  readonly config: string | null
  /** One on a line. */
  readonly dockerfile: string | null
  readonly target: string | null
  readonly failOn: string | null
  readonly minConfidence: string | null
  readonly image: string | null
  readonly platform: string | null
  readonly context: string | null
  readonly buildMetadata: string | null
}

export const NO_SETTINGS: Settings = {
  config: null,
  dockerfile: null,
  target: null,
  failOn: null,
  minConfidence: null,
  image: null,
  platform: null,
  context: null,
  buildMetadata: null,
}

/** Settings that LAYERGATE_* variables give. */
export function settingsFromEnvironment(env: Readonly<Record<string, string | undefined>>): Settings {
  const read = (name: string): string | null => env[`LAYERGATE_${name}`] || null
  return {
    config: read('CONFIG'),
    dockerfile: read('DOCKERFILE'),
    target: read('TARGET'),
    failOn: read('FAIL_ON'),
    minConfidence: read('MIN_CONFIDENCE'),
    image: read('IMAGE'),
    platform: read('PLATFORM'),
    context: read('CONTEXT'),
    buildMetadata: read('BUILD_METADATA'),
  }
}

/** Lays settings over each other; later ones win. */
export const overlay = (...all: readonly Settings[]): Settings =>
  all.reduce((sum, settings) => Object.fromEntries(Object.entries(settings).map(([key, value]) => [key, value ?? sum[key as keyof Settings]])) as unknown as Settings)

export interface Surroundings {
  readonly directory: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdin: AsyncIterable<Buffer>
  readonly onProgress: (progress: Progress) => void
}

const DEFAULT_CONFIGS = ['.layergate.yml', '.layergate.yaml']

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  )

const isDirectory = (file: string): Promise<boolean> =>
  stat(file).then(
    (info) => info.isDirectory(),
    () => false,
  )

/** One value of an option, checked by the configuration's own schema. */
function checked<K extends 'fail-on' | 'min-confidence'>(key: K, value: string | null): Pick<Config, K> | object {
  if (value === null) return {}
  const parsed = configSchema.shape[key].safeParse(value)
  if (parsed.success) return { [key]: parsed.data }
  const values = key === 'fail-on' ? ['critical', 'high', 'medium', 'low', 'never'] : ['high', 'medium', 'low']
  const near = nearest(value, values)
  throw new UsageError(`${key}: ${JSON.stringify(value)} is none of ${values.join(', ')}.${near === null ? '' : ` Did you mean ${JSON.stringify(near)}?`}`)
}

async function readConfiguration(settings: Settings, directory: string): Promise<{ name: string; config: Config }> {
  if (settings.config !== null) {
    if (/^(?:recommended|strict)$/.test(settings.config)) return { name: settings.config, config: presetConfig(settings.config) }
    return { name: settings.config, config: await loadConfig(path.resolve(directory, settings.config)) }
  }
  for (const name of DEFAULT_CONFIGS) if (await exists(path.join(directory, name))) return { name, config: await loadConfig(path.join(directory, name)) }
  return { name: 'recommended', config: presetConfig('recommended') }
}

/** A path as reports name it: relative to the directory where it lies below it. */
function named(directory: string, file: string): string {
  const relative = path.relative(directory, file)
  return (relative.startsWith('..') ? file : relative).split(path.sep).join('/')
}

async function readDockerfiles(settings: Settings, directory: string): Promise<SourceFile[]> {
  const files = settings.dockerfile?.split('\n').flatMap((name) => (name.trim() === '' ? [] : [name.trim()])) ?? []
  if (files.length === 0 && !(await exists(path.join(directory, 'Dockerfile')))) return []
  return Promise.all(
    (files.length === 0 ? ['Dockerfile'] : files).map(async (name) => {
      const file = path.resolve(directory, name)
      try {
        return { path: named(directory, file), text: await readFile(file, 'utf8') }
      } catch (cause) {
        throw new ConfigError(`${name}: the Dockerfile cannot be read (${cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error'}).`, { cause })
      }
    }),
  )
}

async function readBuild(settings: Settings, directory: string, temporary: string): Promise<BuildOptions> {
  const { context } = settings
  if (context !== null && !(await isDirectory(path.resolve(directory, context)))) throw new ConfigError(`${context}: the build context is no directory.`)
  return {
    dockerfiles: await readDockerfiles(settings, directory),
    isNamed: settings.dockerfile !== null,
    target: settings.target,
    checkout: directory,
    context: context === null ? null : named(directory, path.resolve(directory, context)),
    buildMetadata: settings.buildMetadata,
    temporary,
  }
}

/** The policy that the settings and the configuration make. @throws GateError */
async function readPolicy(settings: Settings, directory: string): Promise<Policy> {
  const { name, config } = await readConfiguration(settings, directory)
  return toPolicy(name, mergeConfigs([config, checked('fail-on', settings.failOn), checked('min-confidence', settings.minConfidence)]))
}

/** What `layergate lint` reads: the files that are named, all Dockerfiles of a directory, else those of the checkout. @throws GateError */
export async function prepareLint(names: readonly string[], settings: Settings, directory: string): Promise<{ readonly files: readonly SourceFile[]; readonly policy: Policy }> {
  const policy = await readPolicy(settings, directory)
  const files: SourceFile[] = []
  for (const name of names.length === 0 ? ['.'] : names) {
    const absolute = path.resolve(directory, name)
    if (await isDirectory(absolute)) {
      const found = await findDockerfiles(absolute)
      if (found.length === 0) throw new UsageError(`${name}: there is no Dockerfile in it or below. Name one: layergate lint FILE.`)
      files.push(...found.map((file) => ({ path: named(directory, path.join(absolute, file.path)), text: file.text })))
    } else files.push(...(await readDockerfiles({ ...settings, dockerfile: name }, directory)))
  }
  return { files, policy }
}

/** Reads the files that the settings name. @throws GateError */
export async function prepare(reference: string, settings: Settings, { directory, env, stdin, onProgress }: Surroundings): Promise<GateOptions & { readonly configPath: string }> {
  const temporary = env['RUNNER_TEMP'] ?? env['TMPDIR'] ?? '/tmp'
  const policy = await readPolicy(settings, directory)
  return {
    reference,
    open: { image: settings.image, platform: settings.platform, temporary, architecture: process.arch, stdin },
    policy,
    build: await readBuild(settings, directory, temporary),
    now: new Date(),
    key: env['LAYERGATE_KEY'] || null,
    onProgress,
    configPath: settings.config !== null && !/^(?:recommended|strict)$/.test(settings.config) ? settings.config : (DEFAULT_CONFIGS[0] ?? '.layergate.yml'),
  }
}

/**
 * Any error as one that can be shown: one line, nothing invisible in it, no secret that a path or a name carried. What is
 * no GateError is a fault of this program, or of the machine.
 */
export function presentable(error: unknown): GateError {
  const known =
    error instanceof GateError
      ? error
      : new ImageError('internal', `an unexpected error stopped the run: ${error instanceof Error ? error.message : String(error)}. Nothing was judged.`, { cause: error })
  const found = new Scanner().scanText(known.message).map(({ value, detector }) => ({ value, guessable: detector.guessable === true }))
  return new GateError(known.code, visible(new Redactor(found).text(known.message)), { cause: error })
}
