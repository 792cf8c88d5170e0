// The images below the index of an OCI layout, and the attestations beside them.
// https://github.com/opencontainers/image-spec/blob/v1.1.1/image-index.md
import * as z from 'zod'
import { ImageError } from '../error.ts'
import { isImage } from './artifact.ts'
import { blobName, type Digest, digestOf, digestSchema } from './digest.ts'
import type { ImageFiles } from './files.ts'
import { asGoReads, MANIFEST_SHAPE } from './go-fields.ts'
import { parseJson } from './json.ts'
import type { Platform } from './platform.ts'

const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '')
const annotations = z
  .record(z.string(), text)
  .nullish()
  .transform((value) => value ?? {})
const platformSchema = z
  .object({
    os: text,
    architecture: text,
    variant: text.transform((value) => value || null),
  })
  .nullish()
  .transform((value) => (value == null || (value.os === '' && value.architecture === '') ? null : value))

const descriptorSchema = z.object({
  mediaType: text,
  digest: digestSchema,
  size: z.number(),
  annotations,
  platform: platformSchema,
})
const descriptors = z
  .array(descriptorSchema)
  .nullish()
  .transform((value) => value ?? [])
const indexSchema = z.object({ manifests: descriptors })
const manifestSchema = z.object({
  config: descriptorSchema,
  layers: descriptors,
  annotations,
  subject: z
    .object({ digest: z.string() })
    .nullish()
    .transform((value) => value ?? null),
})
const typeSchema = z.object({ mediaType: text })

type Descriptor = z.output<typeof descriptorSchema>
type Manifest = z.output<typeof manifestSchema>

/** An image that an index names. */
export interface Found {
  readonly names: readonly string[]
  readonly aliases: readonly string[]
  /** As the index declares it; several descriptors may name one image. */
  readonly declared: readonly Platform[]
  /** Of the manifest. */
  readonly digest: Digest
  /** null where the blob is absent. */
  readonly manifest: Manifest | null
}

/** An index may hold indexes; no builder nests them deeper than two. */
const MAX_DEPTH = 4
/** Manifests and indexes that are looked at. */
const MAX_DESCRIPTORS = 20_000
const ATTESTATION = 'vnd.docker.reference.type'
const ATTESTED = 'vnd.docker.reference.digest'

const INDEX_TYPE = /^application\/vnd\.(?:oci\.image\.index\.v1|docker\.distribution\.manifest\.list\.v2)\+json$/
const MANIFEST_TYPE = /^application\/vnd\.(?:oci\.image\.manifest\.v1|docker\.distribution\.manifest\.v2)\+json$/

/** Reads a blob and checks it against its digest. @throws ImageError */
export async function readBlob(files: ImageFiles, digest: Digest): Promise<Buffer> {
  const bytes = await files.read(blobName(digest))
  const actual = digestOf(bytes, digest)
  if (actual !== digest)
    throw new ImageError(
      'digest-mismatch',
      `${files.where}: ${blobName(digest)} does not match its name: its bytes are ${actual}. The archive is damaged or was changed: save or build the image again.`,
    )
  return bytes
}

function checked<T extends z.ZodType>(schema: T, document: unknown, where: string): z.output<T> {
  const parsed = schema.safeParse(document)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new ImageError(
    'bad-manifest',
    `${where}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'wrong'}: no OCI manifest. Save or build the image again.`,
  )
}

/**
 * Reads a document that is an index or a manifest. One that can be read as both, or is called another than it is, shows two
 * readers two images. https://github.com/opencontainers/image-spec/security/advisories/GHSA-77vh-xpmg-72qh
 */
function readDocument(
  files: ImageFiles,
  bytes: Buffer,
  type: string,
  where: string,
): { readonly index: readonly Descriptor[] } | { readonly manifest: Manifest } {
  const document = asGoReads(parseJson(bytes, where, files.limits), MANIFEST_SHAPE, where)
  const has = (key: string): boolean => typeof document === 'object' && document !== null && key in document
  const isIndex = has('manifests')
  const types = [type, checked(typeSchema, document, where).mediaType]
  if (
    (isIndex && (has('config') || has('layers') || has('fsLayers'))) ||
    types.some((name) => (isIndex ? MANIFEST_TYPE : INDEX_TYPE).test(name))
  )
    throw new ImageError(
      'two-images',
      `${where} can be read as an index and as a manifest: which one counts depends on the reader. Build the image again.`,
    )
  return isIndex
    ? { index: checked(indexSchema, document, where).manifests }
    : { manifest: checked(manifestSchema, document, where) }
}

/** All that an index names. */
export interface Contents {
  readonly images: readonly Found[]
  /** Manifests of attestations, by the digest of the image that they are about. */
  readonly attestations: ReadonlyMap<string, readonly Digest[]>
}

/** Walks the index of a layout. */
class IndexReading {
  readonly #files: ImageFiles
  readonly #images = new Map<Digest, Found>()
  readonly #attestations = new Map<string, Digest[]>()
  #seen = 0

  constructor(files: ImageFiles) {
    this.#files = files
  }

  result(): Contents {
    return { images: [...this.#images.values()], attestations: this.#attestations }
  }

  /** @param names of what holds these descriptors: they go on to images without a name of their own */
  async read(
    descriptors: readonly Descriptor[],
    names: Pick<Found, 'names' | 'aliases'>,
    depth: number,
  ): Promise<void> {
    const { where } = this.#files
    for (const descriptor of descriptors) {
      if (++this.#seen > MAX_DESCRIPTORS)
        throw new ImageError(
          'too-many-images',
          `${where}: its index names more than ${MAX_DESCRIPTORS} manifests. Save the image alone.`,
        )
      await this.#readOne(descriptor, namesOf(descriptor, names), depth)
    }
  }

  async #readOne(descriptor: Descriptor, names: Pick<Found, 'names' | 'aliases'>, depth: number): Promise<void> {
    const { digest } = descriptor
    // An attestation is one by what it holds: the annotation only tells what it is about.
    const about =
      descriptor.annotations[ATTESTATION] === 'attestation-manifest'
        ? (descriptor.annotations[ATTESTED] ?? null)
        : undefined
    if (!(await this.#files.has(blobName(digest)))) {
      if (about === undefined) this.#add({ ...names, declared: platformsOf(descriptor), digest, manifest: null })
      else this.#attest(about, digest)
      return
    }
    const document = about === undefined ? await this.#document(descriptor) : await this.#documentIfWhole(descriptor)
    if (document === null) this.#attest(about ?? null, digest)
    else if ('index' in document) {
      if (depth >= MAX_DEPTH)
        throw new ImageError(
          'too-deep',
          `${this.#files.where}: indexes are nested deeper than ${MAX_DEPTH}. Save or build the image again.`,
        )
      await this.read(document.index, names, depth + 1)
    } else if (await isImage(this.#files, document.manifest))
      this.#add({ ...names, declared: platformsOf(descriptor), digest, manifest: document.manifest })
    else this.#attest(about ?? document.manifest.subject?.digest ?? null, digest)
  }

  async #document({ digest, mediaType }: Descriptor): Promise<ReturnType<typeof readDocument>> {
    return readDocument(
      this.#files,
      await readBlob(this.#files, digest),
      mediaType,
      `${this.#files.where}: ${blobName(digest)}`,
    )
  }

  /** null for what no engine could run: a damaged attestation hides nothing, and is told of where attestations are read. */
  async #documentIfWhole(descriptor: Descriptor): Promise<ReturnType<typeof readDocument> | null> {
    try {
      return await this.#document(descriptor)
    } catch (error) {
      if (error instanceof ImageError && /^(?:digest-mismatch|bad-json|bad-manifest)$/.test(error.code)) return null
      throw error
    }
  }

  /** One image may have several names, each with a descriptor of its own. */
  #add(found: Found): void {
    const earlier = this.#images.get(found.digest)
    const union = <T>(a: readonly T[] | undefined, b: readonly T[]): T[] => [...new Set([...(a ?? []), ...b])]
    this.#images.set(found.digest, {
      ...found,
      names: union(earlier?.names, found.names),
      aliases: union(earlier?.aliases, found.aliases),
      declared: union(earlier?.declared, found.declared),
    })
  }

  #attest(about: string | null, digest: Digest): void {
    if (about !== null) this.#attestations.set(about, [...(this.#attestations.get(about) ?? []), digest])
  }
}

const platformsOf = ({ platform }: Descriptor): Platform[] => (platform === null ? [] : [platform])

function namesOf(
  { annotations: own }: Descriptor,
  inherited: Pick<Found, 'names' | 'aliases'>,
): Pick<Found, 'names' | 'aliases'> {
  const full = own['io.containerd.image.name']
  const short = own['org.opencontainers.image.ref.name']
  if (full === undefined && short === undefined) return inherited
  return full === undefined
    ? { names: short === undefined ? [] : [short], aliases: [] }
    : { names: [full], aliases: short === undefined ? [] : [short] }
}

/** Reads `index.json` and all below it. @throws ImageError */
export async function readIndex(files: ImageFiles): Promise<Contents> {
  const where = `${files.where}: index.json`
  const document = readDocument(files, await files.read('index.json'), '', where)
  if (!('index' in document))
    throw new ImageError('bad-manifest', `${where} names no manifests: no OCI index. Save or build the image again.`)
  const reading = new IndexReading(files)
  await reading.read(document.index, { names: [], aliases: [] }, 0)
  return reading.result()
}
