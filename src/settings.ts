// What both fronts do with the user's words: settings from a file, LAYERGATE_* variables and options, laid over each
// other in this order, and turned into the options of a run.
import { access, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import type { BuildOptions } from './build.ts'
import { findDockerfiles, type SourceFile } from './checkout/checkout.ts'
import { ConfigError, GateError, ImageError, UsageError } from './error.ts'
import type { Authority, GateOptions, GivenBaseline, Progress } from './gate.ts'
import { stableName } from './image/name.ts'
import { DEFAULT_BASELINE, parseBaseline } from './policy/baseline.ts'
import { type Config, configSchema } from './policy/config.ts'
import type { Warning } from './policy/judge.ts'
import { loadConfig, nearest, presetConfig } from './policy/load.ts'
import { baselineLoosenings, type Loosening, looseningsOf } from './policy/loosening.ts'
import { type LayeredConfig, mergeConfigs, type Policy, toPolicy } from './policy/policy.ts'
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
  /** A file, `default-branch`, `artifact:NAME`, or `none`. */
  readonly baseline: string | null
  /** What the image is called in reports, comment, baseline and SARIF. */
  readonly name: string | null
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
  baseline: null,
  name: null,
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
    baseline: read('BASELINE'),
    name: read('NAME'),
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
  /** The commit whose policy counts; null: that of the checkout. */
  readonly base?: BaseCommit | null
  /** The last report of the default branch, by the name of its artifact; null where nothing talks to GitHub. */
  readonly lastReport?: ((artifact: string, name: string) => Promise<{ readonly baseline: GivenBaseline | null; readonly reason: string }>) | null
}

/** A commit whose files decide what passes. */
export interface BaseCommit {
  readonly commit: string
  /** A file of the commit; null where there is none. @throws GateError when it cannot be told */
  readonly read: (path: string) => Promise<string | null>
  /** Whether a file of the workspace belongs to the repository; else a step of the workflow put it there. */
  readonly isOfRepository: (path: string) => Promise<boolean>
}

/** The artifact that holds the reports, where none is named. */
const DEFAULT_ARTIFACT = 'layergate-report'

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

/** Where files of the policy are read. */
interface Place {
  /** A file by its path from the root of the checkout, or from anywhere; null where there is none. @throws GateError */
  readonly read: (file: string) => Promise<string | null>
}

const onDisk = (directory: string): Place => ({
  read: async (file) => {
    try {
      return await readFile(path.resolve(directory, file), 'utf8')
    } catch (cause) {
      const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error'
      if (code === 'ENOENT' || code === 'ENOTDIR') return null
      throw new ConfigError(`${file}: the configuration cannot be read: ${code}.`, { cause })
    }
  },
})

/** Files of a commit; what the workflow itself brought and named counts as it lies on the disk. */
function atCommit(directory: string, base: BaseCommit, isNamed: (file: string) => boolean): Place {
  const disk = onDisk(directory)
  return {
    read: async (file) => {
      const relative = named(directory, path.resolve(directory, file))
      if (path.isAbsolute(relative)) return disk.read(file)
      const text = await base.read(relative)
      if (text !== null || !isNamed(file)) return text
      return (await base.isOfRepository(relative)) ? null : disk.read(file)
    },
  }
}

interface Rules {
  readonly policy: Policy
  readonly baseline: GivenBaseline | null
}

const isPreset = (name: string): boolean => /^(?:recommended|strict)$/.test(name)

/** The policy that the settings and the configuration make. @throws GateError */
async function readPolicy(settings: Settings, place: Place, isRequired: boolean): Promise<Policy> {
  const { name, config } = await readConfiguration(settings.config, place, isRequired)
  return toPolicy(
    name,
    mergeConfigs([
      config,
      checked('fail-on', settings.failOn),
      checked('min-confidence', settings.minConfidence),
      settings.baseline === null ? {} : { baseline: settings.baseline },
    ]),
  )
}

async function readConfiguration(given: string | null, { read }: Place, isRequired: boolean): Promise<{ name: string; config: LayeredConfig }> {
  if (given !== null && isPreset(given)) return { name: given, config: presetConfig(given) }
  const orThrow = async (file: string): Promise<string> => {
    const text = await read(file)
    if (text === null) throw new ConfigError(`${file}: the configuration cannot be read: no such file.`)
    return text
  }
  for (const name of given === null ? DEFAULT_CONFIGS : [given])
    if ((given !== null && isRequired) || (await read(name)) !== null) return { name, config: await loadConfig(name, orThrow) }
  return { name: 'recommended', config: presetConfig('recommended') }
}

/** The baseline that the policy names, or the file that lies where one is looked for. @throws GateError */
async function readBaseline({ baseline }: Policy, { read }: Place, isRequired: boolean): Promise<GivenBaseline | null> {
  if (baseline === 'none') return null
  const file = baseline ?? DEFAULT_BASELINE
  const text = await read(file)
  if (text !== null) return { name: file, file: parseBaseline(file, text) }
  if (baseline !== null && isRequired) throw new ConfigError(`${file}: there is no such baseline. layergate baseline create IMAGE writes one; baseline: none goes without.`)
  return null
}

const REPORT_OF_BRANCH = /^(?:default-branch|artifact:(.+))$/

/** The last report of the default branch. Without one, all is new, and that is said. */
async function branchBaseline(baseline: string, name: string, lastReport: Surroundings['lastReport']): Promise<{ baseline: GivenBaseline | null; reason: string }> {
  if (lastReport == null) throw new UsageError(`baseline: ${baseline} is the action's: the command reads a file.`)
  return lastReport(REPORT_OF_BRANCH.exec(baseline)?.[1] ?? DEFAULT_ARTIFACT, name)
}

interface Decided extends Rules {
  readonly authority: Authority
  readonly warnings: readonly Warning[]
}

/** Policy and baseline of the checkout, or of the commit that decides, and what the checkout would loosen. @throws GateError */
async function decide(settings: Settings, name: string, { directory, base = null, lastReport }: Surroundings): Promise<Decided> {
  const disk = onDisk(directory)
  const own = await readPolicy(settings, disk, true)
  const isOfBranch = (policy: Policy): boolean => policy.baseline !== null && REPORT_OF_BRANCH.test(policy.baseline)
  const finish = async (policy: Policy, place: Place, authority: (baseline: GivenBaseline | null) => Promise<Authority>): Promise<Decided> => {
    const fromBranch = isOfBranch(policy) ? await branchBaseline(policy.baseline ?? '', name, lastReport) : null
    const baseline = fromBranch === null ? await readBaseline(policy, place, base === null) : fromBranch.baseline
    const warnings =
      fromBranch !== null && fromBranch.baseline === null
        ? [{ code: 'no-baseline', message: `There is no report of the default branch to compare with, so all counts as new: ${fromBranch.reason}.` }]
        : []
    return { policy, baseline, authority: await authority(baseline), warnings }
  }
  if (base === null) return finish(own, disk, async () => ({ from: 'checkout' }))
  const commit = atCommit(directory, base, (file) => file === settings.config || file === settings.baseline)
  const policy = await readPolicy(settings, commit, false)
  return finish(policy, commit, async (baseline) => {
    const changed = isOfBranch(own) ? null : await readBaseline(own, disk, true)
    const known = isOfBranch(policy) ? [] : baselineLoosenings(baseline?.file ?? null, changed?.file ?? null)
    const other: Loosening[] = own.baseline !== policy.baseline && isOfBranch(own) ? [{ kind: 'setting', text: `baseline: ${policy.baseline ?? 'none'} → ${own.baseline}` }] : []
    return { from: 'base', commit: base.commit, read: base.read, loosenings: [...looseningsOf(policy, own), ...known, ...other] }
  })
}

/** What `layergate lint` reads: the files that are named, all Dockerfiles of a directory, else those of the checkout. @throws GateError */
export async function prepareLint(names: readonly string[], settings: Settings, directory: string): Promise<{ readonly files: readonly SourceFile[]; readonly policy: Policy }> {
  const policy = await readPolicy(settings, onDisk(directory), true)
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

/** A run as its fronts start it. */
export interface Prepared extends GateOptions {
  /** The configuration, a file of the repository where a finding points that has no line; null where there is none. */
  readonly configPath: string | null
}

/** Characters of a name. */
const MAX_NAME = 200

/** What an image is called from build to build. */
export const nameOf = (reference: string, settings: Settings): string => (settings.name ?? stableName(reference, settings)).slice(0, MAX_NAME)

/** Reads the files that the settings name. @throws GateError */
export async function prepare(reference: string, settings: Settings, surroundings: Surroundings): Promise<Prepared> {
  const { directory, env, stdin, onProgress } = surroundings
  const temporary = env['RUNNER_TEMP'] ?? env['TMPDIR'] ?? '/tmp'
  const name = nameOf(reference, settings)
  const { policy, baseline, authority, warnings } = await decide(settings, name, surroundings)
  return {
    reference,
    name,
    open: { image: settings.image, platform: settings.platform, temporary, architecture: process.arch, stdin },
    policy,
    baseline,
    authority,
    warnings,
    build: await readBuild(settings, directory, temporary),
    now: new Date(),
    key: env['LAYERGATE_KEY'] || null,
    onProgress,
    configPath: await configPath(settings, directory),
  }
}

/** The configuration where it is a file of the repository. */
async function configPath({ config }: Settings, directory: string): Promise<string | null> {
  const files = config === null || isPreset(config) ? DEFAULT_CONFIGS : [named(directory, path.resolve(directory, config))]
  for (const file of files) if (!path.isAbsolute(file) && (await exists(path.join(directory, file)))) return file
  return null
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
