// What both fronts do with the user's words: settings from a file, LAYERGATE_* variables and options, laid over each
// other in this order, and turned into the options of a run.
import { access, stat } from 'node:fs/promises'
import path from 'node:path'
import { findDockerfiles, type SourceFile } from './checkout/checkout.ts'
import { leadsOut, pathInCheckout } from './checkout/inside.ts'
import { readWhole } from './checkout/whole-file.ts'
import { ConfigError, GateError, ImageError, UsageError } from './error.ts'
import type { BuildOptions } from './evidence/find-build.ts'
import type { Progress } from './evidence/inspect.ts'
import type { GateOptions } from './gate.ts'
import { stableName } from './image/name.ts'
import { SETTINGS, type SettingName, type SettingSource } from './option-table.ts'
import { DEFAULT_CONFIGS, decide, isPreset, named, onDisk, type PolicySources, readPolicy } from './policy/decide.ts'
import { compileOwn } from './policy/own-detectors.ts'
import type { Policy } from './policy/policy.ts'
import { visible } from './report/escape.ts'
import { cutText, valuesIn } from './secrets/last-look.ts'
import { Redactor } from './secrets/redact.ts'
import { processScanner, type Scanner, useDetectors } from './secrets/scanner.ts'

/** Words of the user, by the name of the option; null: not said. `dockerfile` names one on a line. */
export type Settings = Readonly<Record<SettingName, string | null>>

const settingsBy = (read: (source: SettingSource) => string | null): Settings =>
  Object.fromEntries(SETTINGS.map((source) => [source.setting, read(source)])) as Record<SettingName, string | null>

export const NO_SETTINGS: Settings = settingsBy(() => null)

/** Settings that LAYERGATE_* variables give. */
export const settingsFromEnvironment = (env: Readonly<Record<string, string | undefined>>): Settings =>
  settingsBy(({ variable }) => env[variable] || null)

/** Settings that the options of a command give. */
export const settingsFromOptions = (values: Readonly<Record<string, unknown>>): Settings =>
  settingsBy(({ option }) => {
    const given = values[option]
    return Array.isArray(given) ? given.join('\n') : typeof given === 'string' ? given : null
  })

/** Settings that the inputs of the action give. */
export const settingsFromInputs = (input: (name: string) => string | null): Settings =>
  settingsBy((source) => input(source.input))

/** Lays settings over each other; later ones win. */
export const overlay = (...all: readonly Settings[]): Settings =>
  all.reduce(
    (sum, settings) =>
      Object.fromEntries(
        Object.entries(settings).map(([key, value]) => [key, value ?? sum[key as keyof Settings]]),
      ) as unknown as Settings,
  )

/** What a run has around it. */
export interface Surroundings extends PolicySources {
  readonly env: Readonly<Record<string, string | undefined>>
  /** The run belongs to the action: names without a path are never files of the checkout, whatever the environment says. */
  readonly isAction?: boolean
  readonly stdin: AsyncIterable<Buffer>
  readonly onProgress: (progress: Progress) => void
  /** Called with the seconds that the run may take, as soon as the policy says. */
  readonly onLimit?: (seconds: number) => void
}

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

/** Bytes of a Dockerfile that was named. */
const MAX_DOCKERFILE = 1 << 20

async function readDockerfiles(settings: Settings, directory: string, isConfined: boolean): Promise<SourceFile[]> {
  const files = settings.dockerfile?.split('\n').flatMap((name) => (name.trim() === '' ? [] : [name.trim()])) ?? []
  if (files.length === 0 && !(await exists(path.join(directory, 'Dockerfile')))) return []
  return Promise.all(
    (files.length === 0 ? ['Dockerfile'] : files).map(async (name) => {
      const file = path.resolve(directory, name)
      const found = await readWhole(file, MAX_DOCKERFILE, isConfined ? directory : null)
      if (found.text === null) throw new ConfigError(`${name}: the Dockerfile cannot be read: ${found.why}.`)
      return { path: named(directory, file), text: found.text }
    }),
  )
}

async function readBuild(
  settings: Settings,
  { directory, isConfined = false }: Surroundings,
  temporary: string,
): Promise<BuildOptions> {
  const { context } = settings
  if (context !== null && !(await isDirectory(path.resolve(directory, context))))
    throw new ConfigError(`${context}: the build context is no directory.`)
  if (isConfined)
    for (const [what, name] of [
      ['context', context],
      ['metadata', settings.buildMetadata],
    ] as const)
      if (
        name !== null &&
        pathInCheckout(directory, name) !== null &&
        (await leadsOut(directory, path.resolve(directory, name)))
      )
        throw new ConfigError(`${name}: a symbolic link of the build ${what} leads out of the checkout.`)
  return {
    dockerfiles: await readDockerfiles(settings, directory, isConfined),
    isNamed: settings.dockerfile !== null,
    target: settings.target,
    checkout: directory,
    context: context === null ? null : named(directory, path.resolve(directory, context)),
    buildMetadata: settings.buildMetadata,
    temporary,
  }
}

/** What `layergate lint` reads: the files that are named, all Dockerfiles of a directory, else those of the checkout. @throws GateError */
export async function prepareLint(
  names: readonly string[],
  settings: Settings,
  directory: string,
): Promise<{ readonly files: readonly SourceFile[]; readonly policy: Policy; readonly scanner: Scanner }> {
  const policy = await readPolicy(settings, onDisk(directory, false), true)
  const files: SourceFile[] = []
  for (const name of names.length === 0 ? ['.'] : names) {
    const absolute = path.resolve(directory, name)
    if (await isDirectory(absolute)) {
      const found = await findDockerfiles(absolute)
      if (found.length === 0)
        throw new UsageError(`${name}: there is no Dockerfile in it or below. Name one: layergate lint FILE.`)
      files.push(...found.map((file) => ({ path: named(directory, path.join(absolute, file.path)), text: file.text })))
    } else files.push(...(await readDockerfiles({ ...settings, dockerfile: name }, directory, false)))
  }
  return { files, policy, scanner: useDetectors(compileOwn(policy.detectors)) }
}

/** A run as its fronts start it. */
export interface Prepared extends GateOptions {
  /** The configuration, a file of the repository where a finding points that has no line; null where there is none. */
  readonly configPath: string | null
}

/** Characters of a name. */
const MAX_NAME = 200

/** What an image is called from build to build. */
export const nameOf = (reference: string, settings: Settings): string =>
  cutText(settings.name ?? stableName(reference, settings), MAX_NAME)

/** Whether something else than a person runs this: every CI sets one of them. */
const isUnattended = ({ CI, GITHUB_ACTIONS }: Surroundings['env']): boolean =>
  GITHUB_ACTIONS === 'true' || (CI !== undefined && !/^(?:|0|false)$/i.test(CI))

/** Reads the files that the settings name. @throws GateError */
export async function prepare(reference: string, settings: Settings, surroundings: Surroundings): Promise<Prepared> {
  const { directory, env, stdin, onProgress, isAction = false } = surroundings
  const temporary = env['RUNNER_TEMP'] ?? env['TMPDIR'] ?? '/tmp'
  const name = nameOf(reference, settings)
  const { policy, baseline, authority, warnings } = await decide(settings, name, surroundings)
  surroundings.onLimit?.(policy.limits.seconds)
  return {
    reference,
    name,
    open: {
      image: settings.image,
      platform: settings.platform,
      temporary,
      stdin,
      limits: policy.limits,
      bareNames: isAction || isUnattended(env) ? 'engine' : 'file-first',
    },
    policy,
    baseline,
    authority,
    warnings,
    build: await readBuild(settings, surroundings, temporary),
    now: new Date(),
    key: env['LAYERGATE_KEY'] || null,
    onProgress,
    scanner: useDetectors(compileOwn(policy.detectors)),
    configPath: await configPath(settings, directory),
  }
}

/** The configuration where it is a file of the repository. */
async function configPath({ config }: Settings, directory: string): Promise<string | null> {
  const files =
    config === null || isPreset(config) ? DEFAULT_CONFIGS : [named(directory, path.resolve(directory, config))]
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
      : new ImageError(
          'internal',
          `an unexpected error stopped the run: ${error instanceof Error ? error.message : String(error)}. Nothing was judged.`,
          { cause: error },
        )
  return new GateError(
    known.code,
    visible(new Redactor(valuesIn(processScanner(), known.message)).text(known.message)),
    { cause: error, at: known.at },
  )
}
