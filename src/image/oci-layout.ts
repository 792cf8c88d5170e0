// OCI image layouts, as a directory or a tar: BuildKit `type=oci` and `type=docker`, docker save since 25, skopeo, buildah.
// https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { ImageError } from '../error.ts'
import { readAttestations } from './attestation.ts'
import { choose } from './choose.ts'
import { parseConfig, parseJson } from './config.ts'
import { readDockerManifest } from './docker-archive.ts'
import { readDocuments } from './documents.ts'
import type { ImageFiles } from './files.ts'
import type { Choice, Digest, Image, Platform } from './image.ts'
import { storedLayer } from './layer.ts'
import { refuseWindows } from './windows.ts'

const annotations = z
  .record(z.string(), z.string())
  .nullish()
  .transform((value) => value ?? {})
const digest = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/, 'no sha256 digest')
  .transform((value) => value as Digest)

const descriptorSchema = z.object({
  mediaType: z.string().default(''),
  digest,
  size: z.number(),
  annotations,
  platform: z
    .object({
      os: z.string(),
      architecture: z.string(),
      variant: z
        .string()
        .nullish()
        .transform((value) => value ?? null),
    })
    .nullish()
    .transform((value) => value ?? null),
})
const indexSchema = z.object({
  manifests: z
    .array(descriptorSchema)
    .nullish()
    .transform((value) => value ?? []),
})
const manifestSchema = z.object({
  config: descriptorSchema,
  layers: z
    .array(descriptorSchema)
    .nullish()
    .transform((value) => value ?? []),
  annotations,
  subject: z
    .object({ digest: z.string() })
    .nullish()
    .transform((value) => value ?? null),
})

type Descriptor = z.output<typeof descriptorSchema>

/** An index may hold indexes; no builder nests them deeper than two. */
const MAX_DEPTH = 4
const ATTESTATION = 'vnd.docker.reference.type'
const ATTESTED = 'vnd.docker.reference.digest'

const blobName = (of: Digest): string => `blobs/sha256/${of.slice(7)}`

/** Reads a blob and checks it against its digest. */
async function readBlob(files: ImageFiles, of: Digest): Promise<Buffer> {
  const bytes = await files.read(blobName(of))
  const actual = createHash('sha256').update(bytes).digest('hex')
  if (`sha256:${actual}` !== of)
    throw new ImageError(
      'digest-mismatch',
      `${files.where}: ${blobName(of)} does not match its name: its bytes are sha256:${actual}. The archive is damaged or was changed: save or build the image again.`,
    )
  return bytes
}

function parse<T extends z.ZodType>(schema: T, bytes: Buffer, where: string): z.output<T> {
  const parsed = schema.safeParse(parseJson(bytes, where))
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new ImageError('bad-manifest', `${where}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'wrong'}: no OCI manifest. Save or build the image again.`)
}

interface Found {
  readonly names: readonly string[]
  readonly platform: Platform | null
  readonly digests: readonly [Digest, ...Digest[]]
  readonly manifest: z.output<typeof manifestSchema> | null
}

/** Manifests of attestations, by the digest of the image that they are about. */
type Attestations = Map<string, Digest[]>

const addAttestation = (attestations: Attestations, about: string | undefined, digest: Digest): void => {
  if (about !== undefined) attestations.set(about, [...(attestations.get(about) ?? []), digest])
}

/** All images below an index; attestations are collected beside. A manifest whose blob is absent has `manifest: null`. */
async function* images(files: ImageFiles, descriptors: readonly Descriptor[], names: readonly string[], depth: number, attestations: Attestations): AsyncGenerator<Found> {
  for (const descriptor of descriptors) {
    if (descriptor.annotations[ATTESTATION] === 'attestation-manifest') {
      addAttestation(attestations, descriptor.annotations[ATTESTED], descriptor.digest)
      continue
    }
    const own = descriptor.annotations['io.containerd.image.name'] ?? descriptor.annotations['org.opencontainers.image.ref.name']
    const called = own === undefined ? names : [own]
    if (!(await files.has(blobName(descriptor.digest)))) {
      yield { names: called, platform: descriptor.platform, digests: [descriptor.digest], manifest: null }
      continue
    }
    const bytes = await readBlob(files, descriptor.digest)
    const where = `${files.where}: ${blobName(descriptor.digest)}`
    const document = parseJson(bytes, where)
    if (typeof document === 'object' && document !== null && 'manifests' in document) {
      if (depth >= MAX_DEPTH) throw new ImageError('too-deep', `${files.where}: indexes are nested deeper than ${MAX_DEPTH}. Save or build the image again.`)
      yield* images(files, parse(indexSchema, bytes, where).manifests, called, depth + 1, attestations)
      continue
    }
    const manifest = parse(manifestSchema, bytes, where)
    if (!isImage(manifest)) {
      addAttestation(attestations, manifest.subject?.digest, descriptor.digest)
      continue
    }
    yield { names: called, platform: descriptor.platform, digests: [descriptor.digest, manifest.config.digest], manifest }
  }
}

/** Artifacts (signatures, charts, attestations without the annotation) have another configuration type. */
function isImage({ config, layers }: z.output<typeof manifestSchema>): boolean {
  if (/in-toto/.test(layers[0]?.mediaType ?? '')) return false
  return config.mediaType === '' || /image\.config|container\.image/.test(config.mediaType)
}

/** Opens the chosen image of an OCI layout. @throws ImageError */
export async function openOciLayout(files: ImageFiles, reference: string, choice: Choice, architecture: string): Promise<Image> {
  const index = parse(indexSchema, await files.read('index.json'), `${files.where}: index.json`)
  const all: Found[] = []
  const attestations: Attestations = new Map()
  for await (const found of images(files, index.manifests, [], 0, attestations)) all.push(found)
  const present = await withPlatforms(
    files,
    all.filter(({ manifest }) => manifest !== null),
  )
  const absent = all.filter(({ manifest }) => manifest === null)
  if (present.length === 0) {
    throw new ImageError(
      'no-image',
      `${files.where}: index.json names ${absent.length === 0 ? 'no image' : 'only images whose manifests are missing: the archive is incomplete'}. Save or build the image again.`,
    )
  }
  const { chosen, notJudged } = choose(files.where, [...present, ...(choice.platform === null ? [] : absent)], choice, architecture)
  const { manifest } = chosen
  if (manifest === null)
    throw new ImageError('missing-manifest', `${files.where}: the manifest ${chosen.digests[0]} is missing from the archive: it is incomplete. Save with --platform.`)
  await checkDockerManifest(files, present)
  if (!(await files.has(blobName(manifest.config.digest)))) {
    throw new ImageError(
      'missing-config',
      `${files.where}: the configuration ${manifest.config.digest.slice(0, 19)}… is missing from the archive: it is incomplete. docker save on a containerd store can leave parts out: save with --platform (for example --platform linux/amd64), or copy the image with skopeo and scan that.`,
    )
  }
  const config = parseConfig(await readBlob(files, manifest.config.digest), `${files.where}: ${blobName(manifest.config.digest)}`)
  refuseWindows(files.where, config.platform)
  if (manifest.layers.length !== config.diffIds.length) {
    throw new ImageError(
      'layer-count',
      `${files.where}: the manifest names ${manifest.layers.length} layers, the configuration ${config.diffIds.length}: the image was changed or is no container image. Save or build it again.`,
    )
  }
  const about = attestations.get(chosen.digests[0]) ?? []
  const attested = await readAttestations(files, about, chosen.digests[0])
  const others = all.filter((found) => found.digests[0] !== chosen.digests[0]).flatMap((found) => [found.digests[0], ...(attestations.get(found.digests[0]) ?? [])])
  const documents = await readDocuments(files, {
    documents: [
      { kind: 'index', name: 'index.json' },
      { kind: 'manifest', name: blobName(chosen.digests[0]) },
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
    name: chosen.names[0] ?? null,
    source: 'oci-layout',
    id: manifest.config.digest,
    digest: chosen.digests[0],
    platform: config.platform,
    config,
    annotations: manifest.annotations,
    attestations: attested,
    layers: await Promise.all(
      config.diffIds.map((diffId, layer) => {
        const stored = manifest.layers[layer]
        if (stored === undefined) throw new ImageError('layer-count', `${files.where}: layer ${layer} is not in the manifest.`)
        return storedLayer(files, { index: layer, diffId, digest: stored.digest, mediaType: stored.mediaType, blob: blobName(stored.digest) })
      }),
    ),
    notJudged: [...notJudged, ...(choice.platform === null ? absent.map((found) => `${found.names.join(', ') || found.digests[0]} (not in the archive)`) : [])],
    close: () => files.close(),
  }
}

/** Fills in platforms that only the configuration names (one image in an index of one has no platform there). */
async function withPlatforms(files: ImageFiles, found: readonly Found[]): Promise<Found[]> {
  return Promise.all(
    found.map(async (image) => {
      const name = image.manifest === null ? null : blobName(image.manifest.config.digest)
      if (image.platform !== null || name === null || !(await files.has(name))) return image
      return { ...image, platform: parseConfig(await files.read(name), `${files.where}: ${name}`).platform }
    }),
  )
}

/**
 * docker load takes manifest.json on one store and index.json on the other: an archive must not show them different images.
 */
async function checkDockerManifest(files: ImageFiles, found: readonly Found[]): Promise<void> {
  if (!(await files.has('manifest.json'))) return
  const known = new Set(found.map(({ manifest }) => manifest?.config.digest.slice(7)))
  for (const { Config } of await readDockerManifest(files)) {
    const hex = /([0-9a-f]{64})(?:\.json)?$/.exec(Config)?.[1]
    if (hex === undefined || !known.has(hex)) {
      throw new ImageError(
        'two-images',
        `${files.where}: manifest.json names another image (${Config}) than index.json: which one is loaded depends on the store. Save the image again.`,
      )
    }
  }
}
