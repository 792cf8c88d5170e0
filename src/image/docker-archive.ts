// `docker save` archives that have a manifest.json and no OCI index: Docker ≤ 24, buildah and podman, kaniko, ko, crane,
// Jib, Bazel, buildpacks. https://github.com/moby/moby/blob/v28.0.4/image/tarexport/tarexport.go
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { ImageError } from '../error.ts'
import { choose } from './choose.ts'
import { parseConfig, parseJson } from './config.ts'
import { readDocuments } from './documents.ts'
import type { ImageFiles } from './files.ts'
import type { Choice, Digest, Image } from './image.ts'
import { storedLayer } from './layer.ts'
import { refuseWindows } from './windows.ts'

const manifestSchema = z.array(
  z.object({
    Config: z.string(),
    RepoTags: z
      .array(z.string())
      .nullish()
      .transform((value) => value ?? []),
    Layers: z
      .array(z.string())
      .nullish()
      .transform((value) => value ?? []),
  }),
)

export type DockerManifest = z.output<typeof manifestSchema>

const digestOf = (bytes: Buffer): Digest => `sha256:${createHash('sha256').update(bytes).digest('hex')}`

/** Reads manifest.json. @throws ImageError */
export async function readDockerManifest(files: ImageFiles): Promise<DockerManifest> {
  const parsed = manifestSchema.safeParse(parseJson(await files.read('manifest.json'), `${files.where}: manifest.json`))
  if (!parsed.success) throw new ImageError('bad-manifest', `${files.where}: manifest.json is no docker save manifest. Save the image again.`)
  return parsed.data
}

/** Opens the chosen image of a docker save archive. @throws ImageError */
export async function openDockerArchive(files: ImageFiles, reference: string, choice: Choice, architecture: string): Promise<Image> {
  const manifest = await readDockerManifest(files)
  if (manifest.length === 0) throw new ImageError('no-image', `${files.where}: manifest.json names no image. Save the image again.`)
  const candidates = await Promise.all(
    manifest.map(async ({ Config, RepoTags, Layers }) => {
      if (!(await files.has(Config))) {
        throw new ImageError(
          'missing-config',
          `${files.where}: the configuration ${Config} is missing from the archive: it is incomplete. docker save on a containerd store can leave parts out: save with --platform (for example --platform linux/amd64).`,
        )
      }
      const bytes = await files.read(Config)
      const config = parseConfig(bytes, `${files.where}: ${Config}`)
      return { file: Config, names: RepoTags, layers: Layers, config, platform: config.platform, digests: [digestOf(bytes)] as [Digest] }
    }),
  )
  const { chosen, notJudged } = choose(files.where, candidates, choice, architecture)
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
    elsewhere: candidates.filter((candidate) => candidate !== chosen).flatMap(({ file, layers: blobs }) => [file, ...blobs]),
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
    layers: await Promise.all(config.diffIds.map((diffId, index) => storedLayer(files, { index, diffId, digest: null, mediaType: null, blob: layers[index] ?? '' }))),
    notJudged,
    close: () => files.close(),
  }
}
