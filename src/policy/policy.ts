// The policy of one run: presets, files, environment and options laid over each other.
import { ConfigError } from '../error.ts'
import type { Confidence, Severity } from '../finding/finding.ts'
import { type Limits, limitsOf } from '../limits.ts'
import { nearest } from '../nearest.ts'
import { RULES } from '../rules/list.ts'
import { GROUPS } from '../secrets/detectors/list.ts'
import type { AllowEntry } from './allow.ts'
import type { Config, FailOn, IgnoreEntry } from './config.ts'
import type { OwnDetector } from './own-detectors.ts'

interface RuleSetting {
  /** null: as the finding says. */
  readonly severity: Severity | null
  readonly enabled: boolean
  readonly options: Readonly<Record<string, unknown>>
}

export interface Policy {
  /** Where it comes from, for reports: `.layergate.yml` or `recommended`. */
  readonly name: string
  readonly failOn: FailOn
  /** What decides the verdict: `failOn`, or where that is `never` what it would be otherwise. */
  readonly threshold: Exclude<FailOn, 'never'>
  /** A file, `default-branch`, `artifact:NAME`, `none`; null where nobody said. */
  readonly baseline: string | null
  readonly minConfidence: { readonly secret: Confidence; readonly rule: Confidence }
  readonly rules: Readonly<Record<string, RuleSetting>>
  readonly base: 'report' | 'fail' | 'ignore'
  readonly ownBases: readonly string[]
  readonly skipped: 'report' | 'fail'
  readonly ignore: readonly IgnoreEntry[]
  readonly detectors: readonly OwnDetector[]
  readonly allow: readonly AllowEntry[]
  readonly limits: Limits
  readonly salt: string | null
}

/** A configuration, with what `fail-on: never` took the place of. */
export interface LayeredConfig extends Config {
  readonly threshold?: Exclude<FailOn, 'never'> | undefined
}

const thresholdOf = ({ threshold, 'fail-on': failOn }: LayeredConfig): LayeredConfig['threshold'] =>
  failOn === undefined || failOn === 'never' ? threshold : failOn

/** Lays configurations over each other; later ones win, entries of lists add up, rules merge by key and detectors by id. */
export function mergeConfigs(configs: readonly LayeredConfig[]): LayeredConfig {
  let sum: LayeredConfig = {}
  for (const config of configs) {
    sum = {
      ...sum,
      ...config,
      threshold: thresholdOf(config) ?? sum.threshold,
      rules: mergeRules(sum.rules ?? {}, config.rules ?? {}),
      ignore: [...(sum.ignore ?? []), ...(config.ignore ?? [])],
      'own-bases': [...(sum['own-bases'] ?? []), ...(config['own-bases'] ?? [])],
      detectors: [
        ...new Map([...(sum.detectors ?? []), ...(config.detectors ?? [])].map((each) => [each.id, each])).values(),
      ],
      allow: [...(sum.allow ?? []), ...(config.allow ?? [])],
      limits: { ...sum.limits, ...config.limits },
      'min-confidence': { ...bothConfidences(sum['min-confidence']), ...bothConfidences(config['min-confidence']) },
    }
  }
  return sum
}

type Rules = NonNullable<Config['rules']>

/** A bare severity keeps the options that an earlier configuration gave. */
function mergeRules(earlier: Rules, later: Rules): Rules {
  const merged: Record<string, unknown> = { ...earlier }
  for (const [id, setting] of Object.entries(later)) merged[id] = { ...asObject(earlier[id]), ...asObject(setting) }
  return merged as Rules
}

const asObject = (setting: unknown): Record<string, unknown> =>
  typeof setting === 'string'
    ? { severity: setting }
    : typeof setting === 'object' && setting !== null
      ? (setting as Record<string, unknown>)
      : {}

const bothConfidences = (
  value: Config['min-confidence'],
): { secrets?: Confidence | undefined; rules?: Confidence | undefined } =>
  typeof value === 'string' ? { secrets: value, rules: value } : (value ?? {})

/** Turns a merged configuration into a policy. @throws ConfigError where its parts do not go together */
export function toPolicy(name: string, config: LayeredConfig): Policy {
  const confidence = bothConfidences(config['min-confidence'])
  const hashed = [...(config.ignore ?? []), ...(config.allow ?? [])]
  if (config.salt === undefined && hashed.some(({ value }) => value !== undefined))
    throw new ConfigError(
      `${name}: entries with a value need a salt in the configuration, since their hashes are made with it: layergate init writes one (salt: 32 random characters).`,
    )
  const detectors = config.detectors ?? []
  checkDetectors(name, config.allow ?? [], detectors)
  return {
    name,
    failOn: config['fail-on'] ?? 'high',
    threshold: thresholdOf(config) ?? 'high',
    baseline: config.baseline ?? null,
    minConfidence: { secret: confidence.secrets ?? 'high', rule: confidence.rules ?? 'medium' },
    rules: Object.fromEntries(RULES.map((rule) => [rule.meta.id, ruleSetting(rule, config)])),
    base: config.base ?? 'report',
    ownBases: config['own-bases'] ?? [],
    skipped: config.skipped ?? 'report',
    ignore: config.ignore ?? [],
    detectors,
    allow: config.allow ?? [],
    limits: limitsOf(config.limits ?? {}),
    salt: config.salt ?? null,
  }
}

function ruleSetting({ meta, options }: (typeof RULES)[number], config: Config): RuleSetting {
  const { severity, ...given } = asObject(config.rules?.[meta.id])
  // A list of allowed bases makes an unknown base a finding too.
  const inherited = meta.id === 'base-unknown' ? { allow: asObject(config.rules?.['base-not-allowed'])['allow'] } : {}
  const parsed = options?.parse({ ...inherited, ...given }) ?? {}
  return {
    severity: severity === undefined || severity === 'off' ? null : (severity as Severity),
    enabled: severity === undefined ? meta.enabled : severity !== 'off',
    options: parsed as Record<string, unknown>,
  }
}

/** @throws ConfigError where an entry names a detector that there is not: it would allow nothing, and nobody would know */
function checkDetectors(name: string, allow: readonly AllowEntry[], own: readonly OwnDetector[]): void {
  const ids = [...GROUPS.flatMap(({ detectors }) => detectors), ...own].map(({ id }) => id)
  const known = new Set(ids)
  for (const id of allow.flatMap(({ detector }) => [detector ?? []].flat())) {
    if (known.has(id)) continue
    const near = nearest(id, ids)
    throw new ConfigError(
      `${name}: allow: there is no detector ${JSON.stringify(id)}.${near === null ? '' : ` Did you mean ${near}?`} layergate detectors lists them.`,
    )
  }
}
