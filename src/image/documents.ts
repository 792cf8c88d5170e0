// Which files of a source say something of the image, and which nobody else reads: every file is judged as a part of the image,
// searched as text, or belongs to an image that is named in `notJudged`.
import path from 'node:path'
import type { ImageFiles } from './files.ts'

/** A JSON document about the image, as stored. */
export interface ImageDocument {
  /** `index`: the table of the whole source, or any other small JSON file of it; `attestation`: the manifest of one. */
  readonly kind: 'index' | 'manifest' | 'config' | 'attestation'
  /** Its name in the source; null where fields need no name to be told apart. */
  readonly name: string | null
  readonly bytes: Buffer
}

/** A file of the source that is no part of an image: it is searched as it is. */
export interface OtherFile {
  readonly name: string
  readonly kind: 'index' | 'attestation'
  open(): AsyncIterable<Buffer>
}

export interface Documents {
  readonly documents: readonly ImageDocument[]
  readonly others: readonly OtherFile[]
  /** Names of all files of the source. */
  readonly names: readonly string[]
}

/** The names of what an image was put together from. */
export interface Parts {
  readonly documents: readonly { readonly kind: ImageDocument['kind']; readonly name: string }[]
  /** Layers and attestations that are read as such. */
  readonly read: readonly string[]
  /** Manifests of its attestations. */
  readonly attestations: readonly string[]
  /** Manifests, configurations and layers of images that are not judged. */
  readonly elsewhere: readonly string[]
}

/** A larger JSON file is searched as it is stored. */
const MAX_JSON = 1 << 20
/** Bytes of such files that are read as JSON; those beyond are searched as they are stored. */
const MAX_BYTES = 16 << 20

/** JSON that is small; undefined for all else. */
async function readJson(files: ImageFiles, name: string): Promise<{ bytes: Buffer; value: object } | undefined> {
  if ((await files.size(name)) > MAX_JSON) return undefined
  const bytes = await files.read(name)
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'))
    return typeof value === 'object' && value !== null ? { bytes, value } : undefined
  } catch {
    return undefined
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

/** The blobs that a manifest names. */
function* namedBy(manifest: unknown): Generator<string> {
  if (!isRecord(manifest)) return
  const { config, layers } = manifest
  for (const descriptor of [config, ...(Array.isArray(layers) ? (layers as unknown[]) : [])]) {
    const digest = isRecord(descriptor) ? descriptor['digest'] : undefined
    if (typeof digest === 'string') yield `blobs/${digest.replace(':', '/')}`
  }
}

/** Files and, where they are manifests, what these name: by the names under which the bytes lie. */
async function reached(files: ImageFiles, names: readonly string[]): Promise<Set<string>> {
  const found = new Set<string>()
  const add = async (name: string): Promise<string | null> => {
    const real = await files.real(name)
    if (real !== null) found.add(real)
    // What docker save up to 24 keeps beside each layer.
    if (/^[0-9a-f]{64}\/layer\.tar$/.test(name))
      for (const beside of ['json', 'VERSION']) found.add(`${path.posix.dirname(name)}/${beside}`)
    return real
  }
  for (const name of names) {
    const real = await add(name)
    if (real === null) continue
    for (const blob of namedBy((await readJson(files, real))?.value)) await add(blob)
  }
  return found
}

/** Sorts the files of a source. @throws ImageError where one that is named cannot be read */
export async function readDocuments(files: ImageFiles, parts: Parts): Promise<Documents> {
  const names = await files.list()
  const documents: ImageDocument[] = []
  const done = new Set<string>()
  const attested = parts.attestations.map((name) => ({ kind: 'attestation' as const, name }))
  for (const { kind, name } of [...parts.documents, ...attested]) {
    const real = await files.real(name)
    if (real === null || done.has(real)) continue
    done.add(real)
    documents.push({ kind, name: null, bytes: await files.read(real) })
  }
  for (const name of parts.read) {
    const real = await files.real(name)
    if (real !== null) done.add(real)
  }
  const own = await reached(files, parts.read)
  const ofAttestations = await reached(files, parts.attestations)
  const elsewhere = await reached(files, parts.elsewhere)
  const others: OtherFile[] = []
  let left = MAX_BYTES
  for (const name of names) {
    if (done.has(name) || (elsewhere.has(name) && !own.has(name) && !ofAttestations.has(name))) continue
    const json = left <= 0 ? undefined : await readJson(files, name)
    left -= json?.bytes.length ?? 0
    if (json !== undefined)
      documents.push({
        kind: ofAttestations.has(name) ? 'attestation' : 'index',
        name: 'manifests' in json.value ? null : name,
        bytes: json.bytes,
      })
    else others.push({ name, kind: ofAttestations.has(name) ? 'attestation' : 'index', open: () => files.stream(name) })
  }
  return { documents, others, names }
}
