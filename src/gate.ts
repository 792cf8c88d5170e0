// One run of the gate, from what the user named to the verdict. This page is the whole story; each step has its folder.
import { createHash, createHmac, randomBytes } from 'node:crypto'
import { type BuildOptions, findBuild, findSources } from './build.ts'
import { parseDockerfile } from './dockerfile/dockerfile.ts'
import { NO_DOCKERFILE, type Origin } from './dockerfile/origin.ts'
import { externalImages } from './dockerfile/references.ts'
import { attestationTexts } from './evidence/attestation-text.ts'
import { hiddenInCommands } from './evidence/command-credentials.ts'
import { certaintyAt, type Evidence, environmentOf } from './evidence/evidence.ts'
import { givenLeaks } from './evidence/given-leaks.ts'
import { takeInventory } from './evidence/inventory.ts'
import { collectLeaks } from './evidence/leak.ts'
import { type Step, stepsOfImage, unreadWarnings } from './evidence/steps.ts'
import { Vouching } from './evidence/vouching.ts'
import { buildFilesystem } from './filesystem/filesystem.ts'
import { findPrograms } from './filesystem/programs.ts'
import { parsePasswd, readCollected, resolveUser } from './filesystem/users.ts'
import type { Image } from './image/image.ts'
import { type OpenOptions, openImage } from './image/open.ts'
import { hashEntries } from './layer/hash.ts'
import type { LayerScan } from './layer/layer-scan.ts'
import { scanOtherFiles } from './layer/other-files.ts'
import { scanLayer } from './layer/scan.ts'
import type { ContentHashes } from './packages/database.ts'
import type { Authority, GivenBaseline } from './policy/authority.ts'
import { type Baseline, sectionOf } from './policy/baseline.ts'
import { agreedIgnores, type InlineIgnore, readInlineIgnores } from './policy/inline.ts'
import { judge, type Verdict, type Warning } from './policy/judge.ts'
import type { Loosening } from './policy/loosening.ts'
import type { Policy } from './policy/policy.ts'
import { buildOutcome } from './report/build.ts'
import type { Outcome } from './report/outcome.ts'
import { RULES } from './rules/list.ts'
import { tokensIn, valuesIn } from './secrets/last-look.ts'
import { masksOf } from './secrets/masks.ts'
import { Redactor } from './secrets/redact.ts'
import type { Scanner } from './secrets/scanner.ts'

/** How far the reading is. */
export interface Progress {
  readonly layer: number
  readonly layers: number
  /** Uncompressed bytes read so far, of all layers. */
  readonly bytes: number
  /** Stored bytes of the layers that are done, of all. */
  readonly share: number
}

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
}

/** Opens, scans, lays the layers over each other, finds lines, checks, judges. @throws GateError */
export async function runGate(options: GateOptions): Promise<Outcome> {
  const started = performance.now()
  const image = await openImage(options.reference, options.open)
  try {
    const scanner = options.scanner.bounded(options.policy.limits.matches)
    // First, since what the user named may not be there.
    const build = await findBuild(image, options.build)
    const layers = await scanLayers(image, scanner, options)
    const filesystem = buildFilesystem(layers)
    const { origin } = build
    const attestations = image.attestations.flatMap(attestationTexts)
    const hashes = await hashesOfMatches(image, layers)
    const others = await scanOtherFiles(image.others, scanner, options.policy.limits)
    const steps = stepsOfImage(origin)
    const vouching = new Vouching(layers, origin, steps, hashes)
    const { leaks, values, vouchedFiles, knownPublic } = collectLeaks(image, layers, filesystem, origin, attestations, vouching, hashes, others.matches, scanner)
    scanner.assertBounded(`The configuration of ${options.reference}`)
    const redactor = new Redactor(
      // The limit of matches is the image's: what is searched so that it can be hidden does not count.
      [
        ...values,
        ...hiddenInCommands(steps),
        ...dockerfileTexts(options.build, origin).flatMap((text) => valuesIn(options.scanner, text)),
        ...tokensIn(options.scanner, policyTexts(options)),
      ],
      (text) => tokensIn(options.scanner, text),
    )
    const collected = (path: string): string | null => readCollected(filesystem, layers, path)
    const passwd = collected('/etc/passwd')
    // Runs are compared under the salt that all of them see; the key of one organisation is for its own reports.
    const recordSalt = options.baseline?.file.salt ?? options.policy.salt ?? createHash('sha256').update(image.id).digest('hex').slice(0, 32)
    const salt = options.key ?? options.policy.salt ?? randomBytes(16).toString('hex')
    const evidence: Evidence = {
      image,
      layers,
      filesystem,
      origin,
      leaks,
      given: givenLeaks(steps, leaks, origin),
      beside: [],
      sources: await findSources(leaks, build, options.build),
      steps,
      environment: environmentOfImage(image, steps),
      base: origin.base,
      takenFrom: externalImages(origin, build.provenances),
      baseCertainty: (location) => certaintyAt(origin, location),
      user: resolveUser(image.config.run.User ?? '', passwd, collected('/etc/group')),
      userLines: origin.lastLines('USER'),
      fromLines: origin.from,
      accounts: parsePasswd(passwd ?? '').filter(({ uid }) => uid !== 0),
      collected,
      programs: findPrograms(filesystem, layers),
      skipped: [
        ...layers.flatMap(({ skipped }, layer) => skipped.flatMap((part) => (vouching.vouchesFor(layer, part.path) ? [] : [{ layer, ...part }]))),
        ...others.skipped.map((part) => ({ layer: null, ...part })),
      ],
      now: options.now,
      cut: (text, most, from) => redactor.cut(text, most, from),
      get built() {
        return evidence
      },
      keyedHash: (value) => `hmac-sha256:${createHmac('sha256', salt).update(value).digest('hex')}`,
    }
    const inline = await inlineIgnores(origin, options)
    const baseline = chooseBaseline(options)
    const verdict = judge(RULES, evidence, { policy: options.policy, inline: inline.ignores, baseline: baseline.chosen, salt: recordSalt, redactor })
    // Where nothing was found, nobody asked for a line.
    const warnings = [
      ...verdict.warnings,
      ...inline.problems.map((message) => ({ code: 'ignore-not-read', message: `${message}.` })),
      ...unreadWarnings(steps),
      ...options.warnings,
      ...baseline.warnings,
      ...build.warnings,
      ...(verdict.findings.length > 0 || options.build.isNamed ? lineWarnings(options.build, origin) : []),
    ]
    return buildOutcome({
      evidence,
      image,
      verdict: { ...verdict, warnings } satisfies Verdict,
      name: options.name,
      policy: options.policy,
      authority: options.authority,
      loosenings: [...(options.authority.from === 'base' ? options.authority.loosenings : []), ...inline.loosenings],
      baseline: baseline.chosen?.name ?? null,
      salt: recordSalt,
      inventory: options.inventory === undefined ? null : await takeInventory(image, layers, filesystem, passwd, options.inventory.shared),
      redactor,
      scanner: options.scanner,
      masks: masksOf(leaks),
      vouchedFiles,
      knownPublic,
      seconds: (performance.now() - started) / 1000,
    })
  } finally {
    await image.close()
  }
}

/** The comments that count: all of the Dockerfile, or those that the commit below agrees with. */
async function inlineIgnores(
  { dockerfile }: Origin,
  { authority, now }: GateOptions,
): Promise<{ ignores: readonly InlineIgnore[]; problems: readonly string[]; loosenings: readonly Loosening[] }> {
  if (dockerfile === null) return { ignores: [], problems: [], loosenings: [] }
  const { ignores, problems } = readInlineIgnores(dockerfile)
  if (authority.from === 'checkout' || ignores.length === 0) return { ignores, problems, loosenings: [] }
  const isInRepository = !dockerfile.path.startsWith('/') && !dockerfile.path.split('/').includes('..')
  const text = isInRepository ? await authority.read(dockerfile.path) : null
  const agreed = agreedIgnores(ignores, dockerfile, text === null ? null : parseDockerfile(dockerfile.path, text), now)
  return {
    ignores: agreed.ignores,
    problems: [
      ...problems,
      ...agreed.tooWide.map(
        ({ path, line, rule }) =>
          `${path}:${line}: the comment accepts ${rule} in all that the instruction below it brings, also in files that come later: it does not count here. Name a path of the image (path=/app/test/**) or a detector (detector=ID) behind the rule`,
      ),
    ],
    loosenings: agreed.added.map(({ rule, line, reason }) => ({ kind: 'ignore', text: `ignores ${rule} at ${dockerfile.path}:${line}: “${reason}”` })),
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
        message: `The baseline ${baseline.name} says nothing of ${name}, so all is new. It has: ${Object.keys(file.images).slice(0, 10).join(', ')}. layergate baseline update adds it; name tells what an image is called.`,
      },
    ],
  }
}

async function scanLayers(image: Image, scanner: Scanner, { policy, onProgress, reference }: GateOptions): Promise<LayerScan[]> {
  const scans: LayerScan[] = []
  let kept = 0
  const stored = image.layers.reduce((sum, { storedSize }) => sum + storedSize, 0)
  let bytes = 0
  let done = 0
  for (const layer of image.layers) {
    const before = bytes
    const scan = await scanLayer(layer, scanner, reference, { ...policy.limits, 'extract-bytes': policy.limits['extract-bytes'] - kept }, (read) =>
      onProgress({ layer: layer.index, layers: image.layers.length, bytes: before + read, share: stored === 0 ? 1 : (done + Math.min(read, layer.storedSize)) / stored }),
    )
    bytes += scan.size
    done += layer.storedSize
    kept += scan.extracts.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0)
    scans.push(scan)
  }
  return scans
}

/**
 * Checksums of the files with a match, by `layer:entry`. The scan has those of files up to 16 MiB; larger ones
 * are read a second time, and only where a package record could vouch for them.
 */
async function hashesOfMatches(image: Image, layers: readonly LayerScan[]): Promise<Map<string, ContentHashes>> {
  const hashes = new Map<string, ContentHashes>()
  for (const [index, scan] of layers.entries()) {
    for (const [entry, own] of scan.hashes) hashes.set(`${index}:${entry}`, own)
    const missing = new Set(scan.records.flatMap(([entry]) => (hashes.has(`${index}:${entry}`) ? [] : [entry])))
    const layer = image.layers[index]
    if (missing.size === 0 || layer === undefined) continue
    for (const [entry, own] of await hashEntries(layer, missing)) hashes.set(`${index}:${entry}`, own)
  }
  return hashes
}

/** Everything of a Dockerfile that a report could quote. */
const dockerfileTexts = ({ dockerfiles }: BuildOptions, { dockerfile }: Origin): string[] => [
  ...new Set([...dockerfiles.map(({ text }) => text), ...(dockerfile === null ? [] : [dockerfile.text])]),
]

/** What people wrote into policy and baseline, which reports quote. */
const policyTexts = ({ policy, authority, baseline, name }: GateOptions): string =>
  [
    name,
    ...policy.ignore.map(({ reason }) => reason),
    ...(authority.from === 'base' ? authority.loosenings.map(({ text }) => text) : []),
    ...Object.values(baseline?.file.images ?? {}).flatMap((entries) => entries.flatMap(({ title, place }) => [title, place])),
  ].join('\n')

/** The environment of the configuration, each variable with the ENV that sets it. */
function environmentOfImage(image: Image, steps: readonly Step[]): Evidence['environment'] {
  const set = new Map(environmentOf(steps).map(({ name, step }) => [name, step]))
  return image.config.run.Env.flatMap((pair) => {
    const at = pair.indexOf('=')
    const name = pair.slice(0, at)
    return at === -1 ? [] : [{ name, value: pair.slice(at + 1), step: set.get(name) ?? null }]
  })
}

/** Why lines are not known, where there is a Dockerfile that could have told them. */
function lineWarnings({ isNamed, target }: BuildOptions, origin: Origin): Warning[] {
  if (origin.reason === null || origin.reason === NO_DOCKERFILE) return []
  return [
    {
      code: 'lines-not-known',
      message: `Lines are not known: ${origin.reason}.${/does not fit/.test(origin.reason) && target === null && !isNamed ? ' Name the right one with --dockerfile.' : ''}`,
    },
  ]
}
