// One run of the gate, from what the user named to the verdict. This page is the whole story; each step has its folder.
import { createHash, randomBytes } from 'node:crypto'
import { parseDockerfile } from './dockerfile/dockerfile.ts'
import type { Origin } from './dockerfile/origin.ts'
import type { KnownIndicators } from './evidence/evidence.ts'
import type { BuildOptions } from './evidence/find-build.ts'
import { inspect, type Progress, whyNoLines } from './evidence/inspect.ts'
import { takeInventory } from './evidence/inventory.ts'
import { unreadWarnings } from './evidence/steps.ts'
import type { Image } from './image/image.ts'
import { type OpenOptions, openImage } from './image/open.ts'
import { buildOutcome } from './outcome/build-outcome.ts'
import type { Outcome } from './outcome/outcome.ts'
import { allowing } from './policy/allow.ts'
import type { Authority, GivenBaseline } from './policy/authority.ts'
import { type Baseline, sectionOf } from './policy/baseline.ts'
import { agreedIgnores, type InlineIgnore, readInlineIgnores } from './policy/inline.ts'
import { judge, type Warning } from './policy/judge.ts'
import type { Loosening } from './policy/loosening.ts'
import type { Policy } from './policy/policy.ts'
import { check } from './rules/check.ts'
import { RULES } from './rules/list.ts'
import type { Scanner } from './secrets/scanner.ts'

export interface GateOptions {
  /** What the user named: a file, a directory, `-`, a name. */
  readonly reference: string
  readonly open: OpenOptions
  readonly policy: Policy
  readonly build: BuildOptions
  readonly now: Date
  /** What the image is called from build to build. */
  readonly name: string
  /** Findings of earlier runs, with where they come from; null for none. */
  readonly baseline: GivenBaseline | null
  /** Where the policy comes from. */
  readonly authority: Authority
  /** What was found out about policy and baseline before the image was opened. */
  readonly warnings: readonly Warning[]
  /** Overrides the salt of the policy for `keyedHash`; the verdict does not depend on it. */
  readonly key: string | null
  readonly onProgress: (progress: Progress) => void
  /** Compiled once for all images of a process. */
  readonly scanner: Scanner
  /** Also takes stock of the final tree, for comparing it with an image that shares these diff IDs. */
  readonly inventory?: { readonly shared: ReadonlySet<string> }
  /** Indicators that a responder brings; `scanner` looks for their texts. */
  readonly iocs?: KnownIndicators
}

/** Opens, inspects, checks, judges. @throws GateError */
export async function runGate(options: GateOptions): Promise<Outcome> {
  const started = performance.now()
  const { policy, authority, scanner } = options
  const image = await openImage(options.reference, options.open)
  try {
    const salts = saltsOf(image, options)
    const inspection = await inspect(image, {
      ...options,
      limits: policy.limits,
      salt: salts.keyed,
      quoted: policyTexts(options),
      allows: allowing(policy.allow, policy.salt, options.now),
    })
    const { evidence, redactor, build } = inspection
    const inline = await inlineIgnores(build.origin, options)
    const baseline = chooseBaseline(options)
    const drafts = check(RULES, evidence, policy.rules)
    const verdict = judge(RULES, drafts, evidence, {
      policy,
      inline: inline.ignores,
      pending: {
        ...(authority.from === 'base' ? authority.pending : { salt: null, ignore: [] }),
        inline: inline.pending,
      },
      baseline: baseline.chosen,
      salt: salts.record,
      redactor,
    })
    // Where nothing was found, nobody asked for a line.
    const noLines =
      verdict.findings.length > 0 || options.build.isNamed ? whyNoLines(options.build, build.origin) : null
    const warnings = [
      ...verdict.warnings,
      ...inline.problems.map((message) => ({ code: 'ignore-not-read', message: `${message}.` })),
      ...unreadWarnings(evidence.steps),
      ...options.warnings,
      ...baseline.warnings,
      ...build.warnings,
      ...(noLines === null ? [] : [{ code: 'lines-not-known', message: noLines }]),
    ]
    const shared = options.inventory?.shared
    return buildOutcome({
      inspection,
      verdict: { ...verdict, warnings },
      name: options.name,
      policy,
      authority,
      loosenings: [...(authority.from === 'base' ? authority.loosenings : []), ...inline.loosenings],
      baseline: baseline.chosen?.name ?? null,
      salt: salts.record,
      inventory: shared === undefined ? null : await takeInventory(image, evidence, shared),
      scanner,
      seconds: (performance.now() - started) / 1000,
    })
  } finally {
    await image.close()
  }
}

/** Runs are compared under the salt that all of them see; the key of one organisation is for its own reports. */
const saltsOf = (
  { id }: Image,
  { baseline, policy, key }: GateOptions,
): { readonly record: string; readonly keyed: string } => ({
  record: baseline?.file.salt ?? policy.salt ?? createHash('sha256').update(id).digest('hex').slice(0, 32),
  keyed: key ?? policy.salt ?? randomBytes(16).toString('hex'),
})

/** The comments that count: all of the Dockerfile, or those that the commit below agrees with. */
async function inlineIgnores(
  { dockerfile }: Origin,
  { authority, now }: GateOptions,
): Promise<{
  readonly ignores: readonly InlineIgnore[]
  /** Those that the commit below does not have. */
  readonly pending: readonly InlineIgnore[]
  readonly problems: readonly string[]
  readonly loosenings: readonly Loosening[]
}> {
  if (dockerfile === null) return { ignores: [], pending: [], problems: [], loosenings: [] }
  const { ignores, problems } = readInlineIgnores(dockerfile)
  if (authority.from === 'checkout' || ignores.length === 0) return { ignores, pending: [], problems, loosenings: [] }
  const isInRepository = !dockerfile.path.startsWith('/') && !dockerfile.path.split('/').includes('..')
  const text = isInRepository ? await authority.read(dockerfile.path) : null
  const agreed = agreedIgnores(ignores, dockerfile, text === null ? null : parseDockerfile(dockerfile.path, text), now)
  return {
    ignores: agreed.ignores,
    pending: agreed.added,
    problems: [
      ...problems,
      ...agreed.tooWide.map(
        ({ path, line, rule }) =>
          `${path}:${line}: the comment accepts ${rule} in all that the instruction below it brings, also in files that come later: it does not count here. Name a path of the image (path=/app/test/**) or a detector (detector=ID) behind the rule`,
      ),
    ],
    loosenings: agreed.added.map(({ rule, line, reason }) => ({
      kind: 'ignore',
      text: `ignores ${rule} at ${dockerfile.path}:${line}: “${reason}”`,
    })),
  }
}

/** What the baseline says of this image. */
function chooseBaseline({ baseline, name }: GateOptions): { chosen: Baseline | null; warnings: Warning[] } {
  if (baseline === null) return { chosen: null, warnings: [] }
  const { file } = baseline
  const findings = sectionOf(file, name)
  const chosen = { name: baseline.name, salt: file.salt, findings: findings ?? [] }
  if (findings !== null || Object.keys(file.images).length === 0) return { chosen, warnings: [] }
  return {
    chosen,
    warnings: [
      {
        code: 'not-in-baseline',
        message: `The baseline ${baseline.name} has no entries for ${name}: there was nothing to compare with, and every finding counts. It has entries for ${Object.keys(file.images).slice(0, 10).join(', ')}. layergate baseline update adds this image; the input or option name says what an image is called.`,
      },
    ],
  }
}

/** What people wrote into policy and baseline, which reports quote. */
const policyTexts = ({ policy, authority, baseline, name }: GateOptions): string =>
  [
    name,
    ...policy.ignore.map(({ reason }) => reason),
    ...(authority.from === 'base' ? authority.loosenings.map(({ text }) => text) : []),
    ...Object.values(baseline?.file.images ?? {}).flatMap((entries) =>
      entries.flatMap(({ title, place }) => [title, place]),
    ),
  ].join('\n')
