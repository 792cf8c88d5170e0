// Builds OCI layouts piece by piece, with whatever a hostile or careless builder puts into them.
import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { type FileSpec, sha256, tar } from './image-builder.ts'

export const OCI = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
} as const

export interface Descriptor {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
  readonly [more: string]: unknown
}

const bytesOf = (content: unknown): Buffer =>
  Buffer.isBuffer(content) ? content : Buffer.from(typeof content === 'string' ? content : JSON.stringify(content))

export interface ImageParts {
  readonly files?: readonly FileSpec[]
  readonly architecture?: string
  readonly user?: string
  /** Over the configuration. */
  readonly config?: Readonly<Record<string, unknown>>
  /** Over the manifest. */
  readonly manifest?: Readonly<Record<string, unknown>>
  readonly configType?: string
  readonly layerType?: string
}

/** A layout: blobs, and what index.json names. */
export class Layout {
  readonly blobs = new Map<string, Buffer>()
  readonly index: Descriptor[] = []
  /** More files, such as manifest.json. */
  readonly more: Record<string, Buffer | string> = {}

  /** Stores a blob. */
  blob(content: unknown, mediaType: string, more: object = {}, algorithm = 'sha256'): Descriptor {
    const bytes = bytesOf(content)
    const hex = createHash(algorithm).update(bytes).digest('hex')
    this.blobs.set(`blobs/${algorithm}/${hex}`, bytes)
    return { mediaType, digest: `${algorithm}:${hex}`, size: bytes.length, ...more }
  }

  /** Stores an image of one layer. @returns what an index names it by, its configuration and its layer */
  async image(
    parts: ImageParts = {},
    more: object = {},
  ): Promise<{ readonly descriptor: Descriptor; readonly config: Descriptor; readonly layer: Descriptor }> {
    const {
      files = [{ name: 'a', content: 'x' }],
      architecture = 'amd64',
      user = '1000',
      config = {},
      manifest = {},
      configType = OCI.config,
      layerType = OCI.layer,
    } = parts
    const bytes = await tar(files)
    const layer = this.blob(bytes, layerType)
    const stored = this.blob(
      {
        architecture,
        os: 'linux',
        config: { User: user },
        rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(bytes)}`] },
        history: [{ created_by: 'COPY a /a' }],
        ...config,
      },
      configType,
    )
    const descriptor = this.blob(
      { schemaVersion: 2, mediaType: OCI.manifest, config: stored, layers: [layer], ...manifest },
      OCI.manifest,
      more,
    )
    return { descriptor, config: stored, layer }
  }

  /** All files by their names. */
  files(): Record<string, Buffer> {
    const own = {
      'oci-layout': '{"imageLayoutVersion":"1.0.0"}',
      'index.json': JSON.stringify({ schemaVersion: 2, manifests: this.index }),
      ...this.more,
    }
    return Object.fromEntries([
      ...Object.entries(own).map(([name, content]) => [name, Buffer.from(content)] as const),
      ...this.blobs,
    ])
  }

  /** As a tar. */
  archive(): Promise<Buffer> {
    return tar(Object.entries(this.files()).map(([name, content]) => ({ name, content })))
  }

  /** Into a directory. */
  async write(directory: string): Promise<void> {
    await writeFiles(directory, this.files())
  }
}

/** Writes files below a directory. */
export async function writeFiles(directory: string, files: Readonly<Record<string, Buffer | string>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(path.join(directory, path.dirname(name)), { recursive: true })
    await writeFile(path.join(directory, name), content)
  }
}
