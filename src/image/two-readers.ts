// docker load takes manifest.json on one store and index.json on the other, podman the first that it finds, old engines
// `repositories`: an archive that has more than one of them must show the same image in each. Bytes are compared, never names.
import { createHash } from 'node:crypto'
import * as z from 'zod'
import { ImageError } from '../error.ts'
import { algorithmOf, blobName, type Digest, digestOf } from './digest.ts'
import { readDockerManifest } from './docker-archive.ts'
import { cleanName, type ImageFiles } from './files.ts'
import { parseJson } from './json.ts'
import { sameReference } from './reference.ts'

/** An image as index.json shows it. */
interface Indexed {
  readonly names: readonly string[]
  readonly manifest: {
    readonly config: { readonly digest: Digest }
    readonly layers: readonly { readonly digest: Digest }[]
  }
  readonly config: { readonly diffIds: readonly Digest[] } | null
}

type Entry = Awaited<ReturnType<typeof readDockerManifest>>[number]

const differ = (where: string, what: string): ImageError =>
  new ImageError(
    'two-images',
    `${where}: manifest.json names another image (${what}) than index.json: which one is loaded depends on the store. Save the image again.`,
  )

/** The image whose configuration has the bytes that the entry names. */
async function imageOf(files: ImageFiles, { Config }: Entry, images: readonly Indexed[]): Promise<Indexed | undefined> {
  // A configuration that was left out cannot be loaded from either.
  if (!(await files.has(Config)))
    return images.find(
      ({ manifest, config }) => config === null && cleanName(Config) === blobName(manifest.config.digest),
    )
  const bytes = await files.read(Config)
  return images.find(({ manifest }) => digestOf(bytes, manifest.config.digest) === manifest.config.digest)
}

/** Whether a file has the bytes of a layer, as stored or unpacked. */
async function isLayer(files: ImageFiles, name: string, stored: Digest, diffId: Digest | undefined): Promise<boolean> {
  if (cleanName(name) === blobName(stored)) return true
  if (!(await files.has(name))) return false
  const wanted = diffId === undefined ? [stored] : [stored, diffId]
  const hashes = wanted.map((digest) => createHash(algorithmOf(digest)))
  for await (const chunk of files.stream(name)) for (const hash of hashes) hash.update(chunk)
  return hashes.some((hash, index) => wanted[index]?.endsWith(`:${hash.digest('hex')}`))
}

/** @throws ImageError `two-images` where manifest.json and index.json differ */
export async function checkDockerManifest(files: ImageFiles, images: readonly Indexed[]): Promise<void> {
  if (!(await files.has('manifest.json'))) return
  for (const entry of await readDockerManifest(files)) {
    const image = await imageOf(files, entry, images)
    if (image === undefined) throw differ(files.where, entry.Config)
    const { layers } = image.manifest
    if (entry.Layers.length !== layers.length)
      throw differ(files.where, `${entry.Layers.length} layers instead of ${layers.length}`)
    for (const [index, { digest }] of layers.entries()) {
      const name = entry.Layers[index] ?? ''
      if (!(await isLayer(files, name, digest, image.config?.diffIds[index])))
        throw differ(files.where, `layer ${index}: ${name}`)
    }
    for (const tag of entry.RepoTags) {
      const called = images.filter(({ names }) => names.some((name) => sameReference(name, tag)))
      if (called.length > 0 && !called.includes(image)) throw differ(files.where, tag)
    }
  }
}

const repositoriesSchema = z.record(z.string(), z.record(z.string(), z.string()).nullable()).nullable()

/**
 * `repositories` counts where there is no manifest.json: engines before 1.10 wrote it, later ones still read it.
 * https://github.com/moby/moby/blob/v28.0.4/image/tarexport/load.go
 */
export async function checkRepositories(files: ImageFiles): Promise<void> {
  if (!(await files.has('repositories'))) return
  const where = `${files.where}: repositories`
  const parsed = repositoriesSchema.safeParse(parseJson(await files.read('repositories'), where, files.limits))
  if (!parsed.success)
    throw new ImageError('bad-manifest', `${where} is no list of names, tags and layers. Save the image again.`)
  const names = Object.keys(parsed.data ?? {})
  if (names.length > 0 && !(await files.has('manifest.json')))
    throw new ImageError(
      'two-images',
      `${where} names ${JSON.stringify(names[0])} beside index.json: which one is loaded depends on the engine. Save the image again.`,
    )
}
