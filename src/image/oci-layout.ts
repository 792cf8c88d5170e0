// OCI image layouts, as a directory or a tar: BuildKit `type=oci` and `type=docker`, docker save since 25, skopeo, buildah.
// https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md
import { ImageError } from '../error.ts'
import { readAttestations } from './attestation.ts'
import { choose, describe } from './choose.ts'
import { type ImageConfig, parseConfig } from './config.ts'
import { blobName } from './digest.ts'
import { readDocuments } from './documents.ts'
import type { ImageFiles } from './files.ts'
import type { Choice, Digest, Image, ImageSource } from './image.ts'
import { storedLayer } from './layer.ts'
import { type Contents, type Found, readBlob, readIndex } from './oci-index.ts'
import { isSamePlatform, type Platform, platformName } from './platform.ts'
import { checkDockerManifest } from './two-readers.ts'
import { refuseWindows } from './windows.ts'

/** An image of the index, with what its configuration says. */
interface Present extends Omit<Found, 'manifest'> {
  readonly manifest: NonNullable<Found['manifest']>
  readonly digests: readonly Digest[]
  readonly platform: Platform | null
  /** null where it is absent. */
  readonly config: ImageConfig | null
  /** All its blobs are there: an engine leaves out those of other platforms. */
  readonly isComplete: boolean
}

/** An image whose manifest is not in the source. */
interface Absent extends Omit<Found, 'manifest'> {
  readonly manifest: null
  readonly digests: readonly Digest[]
  readonly platform: Platform | null
}

/** Opens the chosen image of an OCI layout. @throws ImageError */
export async function openOciLayout(
  files: ImageFiles,
  reference: string,
  choice: Choice,
  source: ImageSource = 'oci-layout',
): Promise<Image> {
  const contents = await readIndex(files)
  const { images } = contents
  const present: Present[] = []
  for (const found of images)
    if (found.manifest !== null) present.push(await describePresent(files, found, found.manifest))
  const absent = images.flatMap((found): Absent[] =>
    found.manifest === null
      ? [{ ...found, manifest: null, digests: [found.digest], platform: found.declared[0] ?? null }]
      : [],
  )
  if (present.length === 0) {
    throw new ImageError(
      'no-image',
      `${files.where}: index.json names ${absent.length === 0 ? 'no image' : 'only images whose manifests are missing: the archive is incomplete'}. Save or build the image again.`,
    )
  }
  await checkDockerManifest(files, present)
  const complete = present.filter(({ isComplete }) => isComplete)
  const pool: readonly (Present | Absent)[] =
    choice.platform !== null ? [...present, ...absent] : complete.length > 0 ? complete : present
  const { chosen, notJudged } = choose(files.where, pool, choice)
  if (chosen.manifest === null)
    throw new ImageError(
      'missing-manifest',
      `${files.where}: the manifest ${chosen.digest} is missing from the archive: it is incomplete. Save with --platform.`,
    )
  const leftOut = [...present, ...absent]
    .filter((image) => !pool.includes(image))
    .map((image) => `${describe(image)} (not in the archive)`)
  return openPresent(files, reference, source, chosen, [...notJudged, ...leftOut], contents)
}

/** Reads the configuration of an image. @throws ImageError where the index speaks of another platform */
async function describePresent(
  files: ImageFiles,
  found: Found,
  manifest: NonNullable<Found['manifest']>,
): Promise<Present> {
  const name = blobName(manifest.config.digest)
  const config = (await files.has(name))
    ? parseConfig(await readBlob(files, manifest.config.digest), `${files.where}: ${name}`, files.limits)
    : null
  for (const declared of found.declared) {
    if (config !== null && !isSamePlatform(declared, config.platform))
      throw new ImageError(
        'two-platforms',
        `${files.where}: the index calls ${found.digest.slice(0, 19)}… an image for ${platformName(declared)}, its configuration says ${platformName(config.platform)}: which one runs depends on the engine. Build the image again.`,
      )
  }
  let isComplete = config !== null
  for (const { digest } of manifest.layers) isComplete &&= await files.has(blobName(digest))
  return {
    ...found,
    manifest,
    config,
    isComplete,
    digests: [found.digest, manifest.config.digest],
    platform: found.declared[0] ?? config?.platform ?? null,
  }
}

async function openPresent(
  files: ImageFiles,
  reference: string,
  source: ImageSource,
  { manifest, config, digest, names }: Present,
  notJudged: readonly string[],
  contents: Contents,
): Promise<Image> {
  if (config === null) {
    throw new ImageError(
      'missing-config',
      `${files.where}: the configuration ${manifest.config.digest.slice(0, 19)}… is missing from the archive: it is incomplete. docker save on a containerd store can leave parts out: save with --platform (for example --platform linux/amd64), or copy the image with skopeo and scan that.`,
    )
  }
  refuseWindows(files.where, config.platform)
  if (manifest.layers.length !== config.diffIds.length) {
    throw new ImageError(
      'layer-count',
      `${files.where}: the manifest names ${manifest.layers.length} layers, the configuration ${config.diffIds.length}: the image was changed or is no container image. Save or build it again.`,
    )
  }
  const about = contents.attestations.get(digest) ?? []
  const attested = await readAttestations(files, about, digest)
  const others = contents.images
    .filter((found) => found.digest !== digest)
    .flatMap((found) => [found.digest, ...(contents.attestations.get(found.digest) ?? [])])
  const documents = await readDocuments(files, {
    documents: [
      { kind: 'index', name: 'index.json' },
      { kind: 'manifest', name: blobName(digest) },
      { kind: 'manifest', name: 'manifest.json' },
      { kind: 'config', name: blobName(manifest.config.digest) },
    ],
    read: [...manifest.layers.map((layer) => blobName(layer.digest)), ...attested.flatMap(({ blob }) => blob ?? [])],
    attestations: about.map(blobName),
    elsewhere: others.map(blobName),
  })
  return {
    ...documents,
    reference,
    name: names[0] ?? null,
    source,
    id: manifest.config.digest,
    digest,
    platform: config.platform,
    config,
    annotations: manifest.annotations,
    attestations: attested,
    layers: await Promise.all(
      config.diffIds.map((diffId, layer) => {
        const stored = manifest.layers[layer]
        if (stored === undefined)
          throw new ImageError('layer-count', `${files.where}: layer ${layer} is not in the manifest.`)
        return storedLayer(files, {
          index: layer,
          diffId,
          digest: stored.digest,
          mediaType: stored.mediaType,
          blob: blobName(stored.digest),
        })
      }),
    ),
    notJudged,
    close: () => files.close(),
  }
}
