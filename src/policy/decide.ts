// Which policy and which baseline count: those of the checkout, or of the commit that a pull request starts from, laid together
// from the configuration, what it extends, and the words of the user.
import path from 'node:path'
import type { BaseCommit } from '../checkout/base-commit.ts'
import { pathInCheckout } from '../checkout/inside.ts'
import { readWhole } from '../checkout/whole-file.ts'
import { ConfigError, PolicyError, UsageError } from '../error.ts'
import { nearest } from '../nearest.ts'
import type { Authority, GivenBaseline } from './authority.ts'
import { DEFAULT_BASELINE, MAX_BASELINE, parseBaseline } from './baseline.ts'
import { type Config, configSchema } from './config.ts'
import type { Warning } from './judge.ts'
import { loadConfig, MAX_CONFIG, presetConfig } from './load.ts'
import { addedIgnores, baselineLoosenings, type Loosening, looseningsOf } from './loosening.ts'
import { type LayeredConfig, mergeConfigs, type Policy, toPolicy } from './policy.ts'

/** Words of the user that belong to the policy; null: not said. */
export interface PolicySettings {
  readonly config: string | null
  readonly failOn: string | null
  readonly minConfidence: string | null
  /** A file, `default-branch`, `artifact:NAME`, or `none`. */
  readonly baseline: string | null
  /** Seconds of wall clock. */
  readonly timeout: string | null
}

/** Where the decision is made. */
export interface PolicySources {
  /** Root of the checkout. */
  readonly directory: string
  /** The commit whose policy counts; null: that of the checkout. */
  readonly base?: BaseCommit | null
  /** Files of the checkout may be somebody else's: what they name, and where their links lead, stays in it. */
  readonly isConfined?: boolean
  /** The last report of the default branch, by the name of its artifact; null where nothing talks to GitHub. */
  readonly lastReport?:
    | ((
        artifact: string,
        name: string,
      ) => Promise<{ readonly baseline: GivenBaseline | null; readonly reason: string }>)
    | null
}

/** The artifact that holds the reports, where none is named. */
const DEFAULT_ARTIFACT = 'layergate-report'

export const DEFAULT_CONFIGS = ['.layergate.yml', '.layergate.yaml']

/** A path as reports name it: relative to the directory where it lies below it. */
export const named = (directory: string, file: string): string =>
  pathInCheckout(directory, file) ?? path.resolve(directory, file).split(path.sep).join('/')

/** One value of an option, checked by the configuration's own schema. */
function checked<K extends 'fail-on' | 'min-confidence'>(key: K, value: string | null): Pick<Config, K> | object {
  if (value === null) return {}
  const parsed = configSchema.shape[key].safeParse(value)
  if (parsed.success) return { [key]: parsed.data }
  const values = key === 'fail-on' ? ['critical', 'high', 'medium', 'low', 'never'] : ['high', 'medium', 'low']
  const near = nearest(value, values)
  throw new UsageError(
    `${key}: ${JSON.stringify(value)} is none of ${values.join(', ')}.${near === null ? '' : ` Did you mean ${JSON.stringify(near)}?`}`,
  )
}

/** Seconds of wall clock, as a user writes them. @throws UsageError */
export function secondsOf(text: string): number {
  const seconds = Number(text)
  if (/^\d{1,9}$/.test(text) && seconds > 0) return seconds
  throw new UsageError(`timeout: ${JSON.stringify(text)} is no number of seconds, such as 600.`)
}

/** What is asked of a place. */
interface Asked {
  /** The file that names it; null where the user did. */
  readonly from: string | null
  /** Bytes that it may have. */
  readonly most: number
}

/** Where files of the policy are read. */
interface Place {
  /** A file by its path from the root of the checkout, or from anywhere; null where there is none. @throws GateError */
  readonly read: (file: string, asked: Asked) => Promise<string | null>
}

/** @param isConfined what a file of the checkout names, and where its links lead, stays in the checkout: somebody else may have written it */
export const onDisk = (directory: string, isConfined: boolean): Place => ({
  read: async (file, { from, most }) => {
    if (
      isConfined &&
      from !== null &&
      pathInCheckout(directory, from) !== null &&
      pathInCheckout(directory, file) === null
    )
      throw new ConfigError(
        `${from}: ${file} lies outside the checkout, and a file of the checkout may not name it. A workflow names such a file by the input config or baseline.`,
      )
    const found = await readWhole(path.resolve(directory, file), most, isConfined ? directory : null)
    if (found.text !== null || found.isMissing) return found.text
    throw new ConfigError(`${file}: the file cannot be read: ${found.why}.`)
  },
})

/**
 * Files of a commit; what the workflow itself brought and named, with what it extends, counts as it lies on the disk.
 * @param given the file that an input names
 */
function atCommit(directory: string, base: BaseCommit, given: string | null, disk: Place): Place {
  let isBrought = false
  return {
    read: async (file, asked) => {
      const relative = pathInCheckout(directory, file)
      if (relative === null) return disk.read(file, asked)
      const text = await base.read(relative)
      if (text !== null && Buffer.byteLength(text) > asked.most)
        throw new PolicyError(
          `${relative}: the base commit ${base.commit.slice(0, 7)} has it with more than ${asked.most >> 10} KiB.`,
        )
      if (text !== null || !(isBrought || file === given) || (await base.isOfRepository(relative))) return text
      isBrought = true
      return disk.read(file, asked)
    },
  }
}

interface Rules {
  readonly policy: Policy
  readonly baseline: GivenBaseline | null
}

export const isPreset = (name: string): boolean => /^(?:recommended|strict)$/.test(name)

/** The policy that the settings and the configuration make. @throws GateError */
export async function readPolicy(settings: PolicySettings, place: Place, isRequired: boolean): Promise<Policy> {
  const { name, config } = await readConfiguration(settings.config, place, isRequired)
  return toPolicy(
    name,
    mergeConfigs([
      config,
      checked('fail-on', settings.failOn),
      checked('min-confidence', settings.minConfidence),
      settings.baseline === null ? {} : { baseline: settings.baseline },
      settings.timeout === null ? {} : { limits: { seconds: secondsOf(settings.timeout) } },
    ]),
  )
}

async function readConfiguration(
  given: string | null,
  { read }: Place,
  isRequired: boolean,
): Promise<{ name: string; config: LayeredConfig }> {
  if (given !== null && isPreset(given)) return { name: given, config: presetConfig(given) }
  const orThrow = async (file: string, from: string | null): Promise<string> => {
    const text = await read(file, { from, most: MAX_CONFIG })
    if (text === null) throw new ConfigError(`${file}: the configuration cannot be read: no such file.`)
    return text
  }
  for (const name of given === null ? DEFAULT_CONFIGS : [given])
    if ((given !== null && isRequired) || (await read(name, { from: null, most: MAX_CONFIG })) !== null)
      return { name, config: await loadConfig(name, orThrow) }
  return { name: 'recommended', config: presetConfig('recommended') }
}

/** The baseline that the policy names, or the file that lies where one is looked for. @throws GateError */
async function readBaseline(
  { baseline, name }: Policy,
  given: string | null,
  { read }: Place,
  isRequired: boolean,
): Promise<GivenBaseline | null> {
  if (baseline === 'none') return null
  const file = baseline ?? DEFAULT_BASELINE
  const text = await read(file, { from: given === null ? name : null, most: MAX_BASELINE })
  if (text !== null) return { name: file, file: parseBaseline(file, text) }
  if (baseline !== null && isRequired)
    throw new ConfigError(
      `${file}: there is no such baseline. layergate baseline create IMAGE writes one; baseline: none goes without.`,
    )
  return null
}

const REPORT_OF_BRANCH = /^(?:default-branch|artifact:(.+))$/

/** The last report of the default branch. Without one, all is new, and that is said. */
async function branchBaseline(
  baseline: string,
  name: string,
  lastReport: PolicySources['lastReport'],
): Promise<{ baseline: GivenBaseline | null; reason: string }> {
  if (lastReport == null) throw new UsageError(`baseline: ${baseline} is the action's: the command reads a file.`)
  return lastReport(REPORT_OF_BRANCH.exec(baseline)?.[1] ?? DEFAULT_ARTIFACT, name)
}

interface Decided extends Rules {
  readonly authority: Authority
  readonly warnings: readonly Warning[]
}

/** A mistake in the files of the commit is none of the checkout's, whose lines it does not name. */
async function ofCommit<T>({ commit }: BaseCommit, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (cause) {
    if (cause instanceof ConfigError)
      throw new ConfigError(`In the base commit ${commit.slice(0, 7)}: ${cause.message}`, { cause })
    throw cause
  }
}

/** Policy and baseline of the checkout, or of the commit that decides, and what the checkout would loosen. @throws GateError */
export async function decide(
  settings: PolicySettings,
  name: string,
  { directory, base = null, isConfined = false, lastReport }: PolicySources,
): Promise<Decided> {
  const disk = onDisk(directory, isConfined)
  const own = await readPolicy(settings, disk, true)
  const isOfBranch = (policy: Policy): boolean => policy.baseline !== null && REPORT_OF_BRANCH.test(policy.baseline)
  const finish = async (
    policy: Policy,
    place: Place,
    authority: (baseline: GivenBaseline | null) => Promise<Authority>,
  ): Promise<Decided> => {
    const fromBranch = isOfBranch(policy) ? await branchBaseline(policy.baseline ?? '', name, lastReport) : null
    const baseline =
      fromBranch === null ? await readBaseline(policy, settings.baseline, place, base === null) : fromBranch.baseline
    const warnings =
      fromBranch !== null && fromBranch.baseline === null
        ? [
            {
              code: 'no-baseline',
              message: `There is no report of the default branch to compare with, so all counts as new: ${fromBranch.reason}.`,
            },
          ]
        : []
    return { policy, baseline, authority: await authority(baseline), warnings }
  }
  if (base === null) return finish(own, disk, async () => ({ from: 'checkout' }))
  const policy = await ofCommit(base, () =>
    readPolicy(settings, atCommit(directory, base, settings.config, disk), false),
  )
  return finish(policy, atCommit(directory, base, settings.baseline, disk), async (baseline) => {
    const changed = isOfBranch(own) ? null : await readBaseline(own, settings.baseline, disk, true)
    const known = isOfBranch(policy) ? [] : baselineLoosenings(baseline?.file ?? null, changed?.file ?? null)
    const other: Loosening[] =
      own.baseline !== policy.baseline && isOfBranch(own)
        ? [{ kind: 'setting', text: `baseline: ${policy.baseline ?? 'none'} → ${own.baseline}` }]
        : []
    return {
      from: 'base',
      commit: base.commit,
      read: base.read,
      loosenings: [...looseningsOf(policy, own), ...known, ...other],
      pending: { salt: own.salt, ignore: addedIgnores(policy, own) },
    }
  })
}
