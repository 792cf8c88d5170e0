// Puts archives together byte by byte, for what no builder writes: unknown keys of every document, headers of tars with anything in
// them, files that belong to nothing.
import { type Header, pack } from 'tar-stream'
import { sha256, signHeader, tar } from './image-builder.ts'

export type Json = Record<string, unknown>

export interface Entry {
  readonly name: string
  readonly content?: string
  readonly type?: 'file' | 'directory' | 'symlink' | 'link'
  readonly linkname?: string
  readonly uname?: string
  readonly gname?: string
  /** Records of an extended header. */
  readonly pax?: Readonly<Record<string, string>>
}

/** A tar as tar-stream writes it. */
export async function tarOf(entries: readonly Entry[]): Promise<Buffer> {
  const stream = pack()
  const chunks: Buffer[] = []
  const done = new Promise<void>((resolve, reject) => {
    stream.on('data', (chunk) => chunks.push(chunk as Buffer))
    stream.on('end', resolve)
    stream.on('error', reject)
  })
  for (const { content = '', ...header } of entries)
    stream.entry({ mode: 0o644, mtime: new Date(1_767_225_600_000), ...header } as unknown as Header, content)
  stream.finalize()
  await done
  return Buffer.concat(chunks)
}

/** Writes into the first header of a tar, and signs it anew. */
export function inHeader(bytes: Buffer, at: number, text: string): Buffer {
  bytes.write(text, at, 'latin1')
  signHeader(bytes)
  return bytes
}

/** An extended header with its data as given: `x` for the next entry, `g` for all, `L` and `K` for long names and links. */
export async function extended(flag: string, data: string | Buffer): Promise<Buffer> {
  const bytes = await tar([{ name: 'PaxHeaders.0/x', content: Buffer.from(data as string) }])
  bytes.write(flag, 156, 'latin1')
  signHeader(bytes)
  return bytes.subarray(0, 512 + Math.ceil(Buffer.byteLength(data) / 512) * 512)
}

/** A PAX record with its length. */
export function record(key: string, value: string): string {
  const body = ` ${key}=${value}\n`
  const size = Buffer.byteLength(body)
  let length = size + String(size).length
  while (String(length).length + size !== length) length = String(length).length + size
  return `${length}${body}`
}

interface Statement {
  readonly mediaType?: string
  readonly predicateType?: string
  readonly bytes: Buffer | string
  readonly annotations?: Json
}

export interface OciSpec {
  /** Tars of the layers. */
  readonly layers?: readonly Buffer[]
  /** `created_by` of each layer. */
  readonly by?: readonly string[]
  /** Merged over each document. */
  readonly config?: Json
  readonly run?: Json
  readonly history?: Json
  readonly manifest?: Json
  readonly layerDescriptor?: Json
  readonly configDescriptor?: Json
  readonly index?: Json
  readonly descriptor?: Json
  /** Statements of each attestation manifest. */
  readonly attestations?: readonly (readonly Statement[])[]
  /** The index lies below another one. */
  readonly isNested?: Json
  /** Further files of the archive. */
  readonly files?: Readonly<Record<string, Buffer | string>>
  readonly layout?: Json
}

const bytesOf = (value: unknown): Buffer =>
  Buffer.isBuffer(value) ? value : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))

/** An OCI archive of one image. */
export async function ociArchive(spec: OciSpec): Promise<Buffer> {
  const layers = spec.layers ?? [await tarOf([{ name: 'app/x', content: 'x' }])]
  const blobs: Record<string, Buffer> = {}
  const put = (value: unknown): { digest: string; size: number } => {
    const bytes = bytesOf(value)
    blobs[`blobs/sha256/${sha256(bytes)}`] = bytes
    return { digest: `sha256:${sha256(bytes)}`, size: bytes.length }
  }
  const config = {
    architecture: 'amd64',
    os: 'linux',
    config: { User: '1000', ...spec.run },
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => `sha256:${sha256(layer)}`) },
    history: layers.map((_, index) => ({
      created_by: spec.by?.[index] ?? 'COPY . /app # buildkit',
      comment: 'buildkit.dockerfile.v0',
      ...(index === 0 ? spec.history : {}),
    })),
    ...spec.config,
  }
  const manifest = {
    schemaVersion: 2,
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...put(config), ...spec.configDescriptor },
    layers: layers.map((layer) => ({
      mediaType: 'application/vnd.oci.image.layer.v1.tar',
      ...put(layer),
      ...spec.layerDescriptor,
    })),
    ...spec.manifest,
  }
  const image = put(manifest)
  const attested = (spec.attestations ?? []).map((statements) => ({
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    ...put({
      schemaVersion: 2,
      config: { mediaType: 'application/vnd.oci.empty.v1+json', ...put('{}') },
      layers: statements.map(
        ({
          mediaType = 'application/vnd.in-toto+json',
          predicateType = 'https://example.com/x',
          bytes,
          annotations,
        }) => ({
          mediaType,
          ...put(bytes),
          annotations: { 'in-toto.io/predicate-type': predicateType, ...annotations },
        }),
      ),
    }),
    annotations: { 'vnd.docker.reference.type': 'attestation-manifest', 'vnd.docker.reference.digest': image.digest },
  }))
  const index = {
    schemaVersion: 2,
    manifests: [{ mediaType: 'application/vnd.oci.image.manifest.v1+json', ...image, ...spec.descriptor }, ...attested],
    ...spec.index,
  }
  const outer =
    spec.isNested === undefined
      ? index
      : {
          schemaVersion: 2,
          manifests: [{ mediaType: 'application/vnd.oci.image.index.v1+json', ...put({ ...index, ...spec.isNested }) }],
        }
  const files = {
    ...blobs,
    'index.json': bytesOf(outer),
    'oci-layout': bytesOf({ imageLayoutVersion: '1.0.0', ...spec.layout }),
    ...spec.files,
  }
  return tar(Object.entries(files).map(([name, content]) => ({ name, content })))
}

/** A statement about an image that is not named: it is about every image. */
export const statement = (more: Json = {}): string =>
  JSON.stringify({
    _type: 'https://in-toto.io/Statement/v1',
    predicateType: 'https://example.com/x',
    predicate: { a: 1 },
    ...more,
  })
