// From an image to all that is known of it: the scan of each layer, the build that made it, what leaks. Every command that looks
// at an image takes this way; nothing here judges.
import { createHmac } from 'node:crypto'
import { NO_DOCKERFILE, type Origin } from '../dockerfile/origin.ts'
import { externalImages } from '../dockerfile/references.ts'
import { buildFilesystem } from '../filesystem/filesystem.ts'
import { findPrograms } from '../filesystem/programs.ts'
import { parsePasswd, readCollected, resolveUser } from '../filesystem/users.ts'
import type { Image } from '../image/image.ts'
import { hashEntries } from '../layer/hash.ts'
import type { LayerScan } from '../layer/layer-scan.ts'
import { type OtherScan, scanOtherFiles } from '../layer/other-files.ts'
import { scanLayer } from '../layer/scan.ts'
import type { Limits } from '../limits.ts'
import type { ContentHashes } from '../packages/database.ts'
import { tokensIn, valuesIn } from '../secrets/last-look.ts'
import { masksOf } from '../secrets/masks.ts'
import { Redactor } from '../secrets/redact.ts'
import type { Scanner } from '../secrets/scanner.ts'
import { attestationTexts } from './attestation-text.ts'
import { hiddenInCommands } from './command-credentials.ts'
import { type BuiltImage, certaintyAt, type Evidence, environmentOf, type KnownIndicators } from './evidence.ts'
import { type Build, type BuildOptions, findBuild, findSources } from './find-build.ts'
import { givenLeaks } from './given-leaks.ts'
import { collectLeaks, type Leaks } from './leak.ts'
import type { Allows } from './quiet.ts'
import { type Step, stepsOfImage } from './steps.ts'
import { Vouching } from './vouching.ts'

/** How far the reading is. */
export interface Progress {
  readonly layer: number
  readonly layers: number
  /** Uncompressed bytes read so far, of all layers. */
  readonly bytes: number
  /** Stored bytes of the layers that are done, of all. */
  readonly share: number
}

export interface InspectOptions {
  /** What the user named, for errors. */
  readonly reference: string
  readonly limits: Limits
  readonly build: BuildOptions
  /** Compiled once for all images of a process. */
  readonly scanner: Scanner
  readonly now: Date
  /** Of `keyedHash`. */
  readonly salt: string
  /** What else the reports quote: tokens in it are hidden too. */
  readonly quoted: string
  readonly onProgress: (progress: Progress) => void
  /** What the configuration allows. */
  readonly allows: Allows
  /** Indicators that a responder brings. */
  readonly iocs?: KnownIndicators
}

/** All bytes of an image, read and searched. Plain data. */
export interface ImageScan {
  /** By the layers of the image. */
  readonly layers: readonly LayerScan[]
  /** What the archive holds beside the image. */
  readonly others: OtherScan
}

export interface Inspection {
  readonly evidence: Evidence
  readonly image: Image
  readonly build: Build
  /** Knows all that no output may show. */
  readonly redactor: Redactor
  /** Lines for the platform's own masking. */
  readonly masks: readonly string[]
  readonly leaks: Leaks
}

/** Reads an image, and lays together what is known of it. @throws GateError */
export async function inspect(image: Image, options: InspectOptions): Promise<Inspection> {
  // Before the layers are read, which takes long: what the user named may not be there.
  const build = await findBuild(image, options.build)
  // What all matches of the image come to is bounded, those of its layers and those of what describes it.
  const bounded = options.scanner.bounded(options.limits.matches)
  return learn(image, build, await scanImage(image, bounded, options), bounded, options)
}

/** Reads every layer, and the files beside the image. @param bounded the scanner of this image @throws ImageError */
export async function scanImage(
  image: Image,
  bounded: Scanner,
  { reference, limits, onProgress }: Pick<InspectOptions, 'reference' | 'limits' | 'onProgress'>,
): Promise<ImageScan> {
  const layers: LayerScan[] = []
  const stored = image.layers.reduce((sum, { storedSize }) => sum + storedSize, 0)
  let [kept, bytes, done] = [0, 0, 0]
  for (const layer of image.layers) {
    const before = bytes
    const scan = await scanLayer(
      layer,
      bounded,
      reference,
      { ...limits, 'extract-bytes': limits['extract-bytes'] - kept },
      (read) =>
        onProgress({
          layer: layer.index,
          layers: image.layers.length,
          bytes: before + read,
          share: stored === 0 ? 1 : (done + Math.min(read, layer.storedSize)) / stored,
        }),
    )
    bytes += scan.size
    done += layer.storedSize
    kept += scan.extracts.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0)
    layers.push(scan)
  }
  return { layers, others: await scanOtherFiles(image.others, bounded, limits) }
}

/** Lays together what was read of an image and what is known of its build. @param bounded the scanner of this image @throws ImageError */
export async function learn(
  image: Image,
  build: Build,
  { layers, others }: ImageScan,
  bounded: Scanner,
  options: Omit<InspectOptions, 'onProgress'>,
): Promise<Inspection> {
  const { origin } = build
  const filesystem = buildFilesystem(layers)
  const hashes = await hashesOfMatches(image, layers)
  const steps = stepsOfImage(origin)
  const vouching = new Vouching(layers, origin, steps, hashes)
  const attestations = image.attestations.flatMap(attestationTexts)
  const leaks = collectLeaks({
    image,
    scans: layers,
    filesystem,
    origin,
    attestations,
    vouching,
    hashes,
    others: others.matches,
    scanner: bounded,
    allows: options.allows,
  })
  bounded.assertBounded(`The configuration of ${options.reference}`)
  // What is only searched so that it can be hidden does not count.
  const redactor = new Redactor(
    [
      ...leaks.values,
      ...hiddenInCommands(steps),
      ...dockerfileTexts(options.build, origin).flatMap((text) => valuesIn(options.scanner, text)),
      ...tokensIn(options.scanner, options.quoted),
    ],
    (text) => tokensIn(options.scanner, text),
  )
  const collected = (path: string): string | null => readCollected(filesystem, layers, path)
  const passwd = collected('/etc/passwd')
  const built: BuiltImage = {
    image,
    filesystem,
    collected,
    programs: findPrograms(filesystem, layers),
    isVouched: (layer, path) => vouching.vouchesFor(layer, path),
    skipped: [
      ...layers.flatMap(({ skipped }, layer) =>
        skipped.flatMap((part) => (vouching.vouchesFor(layer, part.path) ? [] : [{ layer, ...part }])),
      ),
      ...others.skipped.map((part) => ({ layer: null, ...part })),
    ],
  }
  const { iocs } = options
  const evidence: Evidence = {
    ...built,
    iocs: iocs === undefined ? null : { ...iocs, found: await filesWithHash(image, layers, iocs.hashes) },
    built,
    layers,
    origin,
    leaks: leaks.leaks,
    given: givenLeaks(steps, leaks.leaks, origin),
    beside: [],
    sources: await findSources(leaks.leaks, build, options.build),
    steps,
    environment: environmentOfImage(image, steps),
    base: origin.base,
    takenFrom: externalImages(origin, build.provenances),
    baseCertainty: (location) => certaintyAt(origin, location),
    user: resolveUser(image.config.run.User ?? '', passwd, collected('/etc/group')),
    userLines: origin.lastLines('USER'),
    fromLines: origin.from,
    accounts: parsePasswd(passwd ?? '').filter(({ uid }) => uid !== 0),
    now: options.now,
    cut: (text, most, from) => redactor.cut(text, most, from),
    keyedHash: keyedHash(options.salt),
  }
  return { evidence, image, build, redactor, masks: masksOf(leaks.leaks), leaks }
}

/** HMAC-SHA-256 of values under a salt. */
export const keyedHash =
  (salt: string) =>
  (value: string): string =>
    `hmac-sha256:${createHmac('sha256', salt).update(value).digest('hex')}`

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

/** Files with one of these checksums, by `layer:entry`: every layer is read once more. */
async function filesWithHash(
  image: Image,
  layers: readonly LayerScan[],
  wanted: ReadonlySet<string>,
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>()
  if (wanted.size === 0) return found
  for (const [index, { entries }] of layers.entries()) {
    const files = new Set(entries.flatMap(({ type, size }, entry) => (type === 'file' && size > 0 ? [entry] : [])))
    const layer = image.layers[index]
    if (files.size === 0 || layer === undefined) continue
    for (const [entry, hashes] of await hashEntries(layer, files)) {
      const hash = Object.values(hashes).find((each) => wanted.has(each))
      if (hash !== undefined) found.set(`${index}:${entry}`, hash)
    }
  }
  return found
}

/** Everything of a Dockerfile that a report could quote. */
const dockerfileTexts = ({ dockerfiles }: BuildOptions, { dockerfile }: Origin): string[] => [
  ...new Set([...dockerfiles.map(({ text }) => text), ...(dockerfile === null ? [] : [dockerfile.text])]),
]

/** The environment of the configuration, each variable with the ENV that sets it. */
function environmentOfImage(image: Image, steps: readonly Step[]): Evidence['environment'] {
  const set = new Map(environmentOf(steps).map(({ name, step }) => [name, step]))
  return image.config.run.Env.flatMap((pair) => {
    const at = pair.indexOf('=')
    const name = pair.slice(0, at)
    return at === -1 ? [] : [{ name, value: pair.slice(at + 1), step: set.get(name) ?? null }]
  })
}

/** Why lines are not known, where there is a Dockerfile that could have told them; null where they are, or nobody can tell. */
export function whyNoLines(
  { isNamed, target }: Pick<BuildOptions, 'isNamed' | 'target'>,
  origin: Origin,
): string | null {
  if (origin.reason === null || origin.reason === NO_DOCKERFILE) return null
  const { text, missing } = origin.reason
  return `Lines are not known: ${text}.${missing === 'other-dockerfile' && target === null && !isNamed ? ' Name the right one with --dockerfile.' : ''}`
}
