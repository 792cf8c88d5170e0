// `docker save` archives that have a manifest.json and no OCI index: Docker ≤ 24, buildah and podman, kaniko, ko, crane,
// Jib, Bazel, buildpacks. https://github.com/moby/moby/blob/v28.0.4/image/tarexport/tarexport.go
import * as z from 'zod'
import { ImageError } from '../error.ts'
import { choose } from './choose.ts'
import { type ImageConfig, parseConfig } from './config.ts'
import { type Digest, digestOf } from './digest.ts'
import { readDocuments } from './documents.ts'
import { cleanName, type ImageFiles } from './files.ts'
import { asGoReads, DOCKER_MANIFEST_SHAPE } from './go-fields.ts'
import type { Choice, Image } from './image.ts'
import { parseJson } from './json.ts'
import { storedLayer } from './layer.ts'
import type { Platform } from './platform.ts'
import { refuseWindows } from './windows.ts'

const names = z
  .array(z.string())
  .nullish()
  .transform((value) => value ?? [])
const manifestSchema = z.array(z.object({ Config: z.string(), RepoTags: names, Layers: names }))

type Entry = z.output<typeof manifestSchema>[number]

interface Candidate {
  /** The name of its configuration. */
  readonly file: string
  readonly names: readonly string[]
  readonly layers: readonly string[]
  readonly config: ImageConfig
  readonly platform: Platform
  readonly digests: readonly [Digest]
}

/** Reads manifest.json. @throws ImageError */
export async function readDockerManifest(files: ImageFiles): Promise<Entry[]> {
  const where = `${files.where}: manifest.json`
  const parsed = manifestSchema.safeParse(
    asGoReads(parseJson(await files.read('manifest.json'), where, files.limits), DOCKER_MANIFEST_SHAPE, where),
  )
  if (!parsed.success)
    throw new ImageError('bad-manifest', `${where} is no docker save manifest. Save the image again.`)
  return parsed.data
}

async function candidateOf(files: ImageFiles, { Config, RepoTags, Layers }: Entry): Promise<Candidate> {
  if (!(await files.has(Config))) {
    throw new ImageError(
      'missing-config',
      `${files.where}: the configuration ${Config} is missing from the archive: it is incomplete. docker save on a containerd store can leave parts out: save with --platform (for example --platform linux/amd64).`,
    )
  }
  const bytes = await files.read(Config)
  const config = parseConfig(bytes, `${files.where}: ${Config}`, files.limits)
  return {
    file: Config,
    names: RepoTags,
    layers: Layers,
    config,
    platform: config.platform,
    digests: [digestOf(bytes)],
  }
}

/** Two entries with one configuration and the same layers are one image under two names. */
function merged(candidates: readonly Candidate[]): Candidate[] {
  const images = new Map<string, Candidate>()
  for (const candidate of candidates) {
    const key = JSON.stringify([candidate.digests[0], candidate.layers.map(cleanName)])
    const earlier = images.get(key)
    images.set(key, { ...candidate, names: [...new Set([...(earlier?.names ?? []), ...candidate.names])] })
  }
  return [...images.values()]
}

/** Opens the chosen image of a docker save archive. @throws ImageError */
export async function openDockerArchive(files: ImageFiles, reference: string, choice: Choice): Promise<Image> {
  const manifest = await readDockerManifest(files)
  if (manifest.length === 0)
    throw new ImageError('no-image', `${files.where}: manifest.json names no image. Save the image again.`)
  const candidates: Candidate[] = []
  for (const entry of manifest) candidates.push(await candidateOf(files, entry))
  const all = merged(candidates)
  const { chosen, notJudged } = choose(files.where, all, choice)
  const { config, layers } = chosen
  refuseWindows(files.where, config.platform)
  if (layers.length !== config.diffIds.length) {
    throw new ImageError(
      'layer-count',
      `${files.where}: manifest.json names ${layers.length} layers, the configuration ${config.diffIds.length}: the archive is incomplete or was changed. Save the image again.`,
    )
  }
  const documents = await readDocuments(files, {
    documents: [
      { kind: 'manifest', name: 'manifest.json' },
      { kind: 'config', name: chosen.file },
    ],
    read: layers,
    attestations: [],
    elsewhere: all.filter((candidate) => candidate !== chosen).flatMap(({ file, layers: blobs }) => [file, ...blobs]),
  })
  return {
    ...documents,
    reference,
    name: chosen.names[0] ?? null,
    source: 'docker-archive',
    id: chosen.digests[0],
    digest: null,
    platform: config.platform,
    config,
    annotations: {},
    attestations: [],
    layers: await Promise.all(
      config.diffIds.map((diffId, index) =>
        storedLayer(files, { index, diffId, digest: null, mediaType: null, blob: layers[index] ?? '' }),
      ),
    ),
    notJudged,
    close: () => files.close(),
  }
}
