// Builds image archives in memory as the builders write them (measured layouts: docker save up to 24 and from 25,
// BuildKit, buildah, kaniko, buildpacks), for tests that need an image of their own.
import { createHash } from 'node:crypto'
import zlib from 'node:zlib'
import { type Header, pack } from 'tar-stream'
import type { Layer } from '../src/image/image.ts'

export interface FileSpec {
  /** As it stands in the tar: no slash in front. */
  readonly name: string
  readonly content?: string | Buffer
  readonly type?: 'file' | 'directory' | 'symlink' | 'link'
  readonly link?: string
  readonly mode?: number
  readonly uid?: number
  /** Seconds since 1970. */
  readonly mtime?: number
}

export interface LayerSpec {
  /** `created_by` of its history entry. */
  readonly by: string
  /** null: an instruction that makes no layer. */
  readonly files: readonly FileSpec[] | null
  readonly comment?: string
  /** Entries behind the end of its tar. */
  readonly behind?: readonly FileSpec[]
  /** When it was made; null: its entry does not say. */
  readonly created?: string | null
}

export interface ImageSpec {
  readonly layers: readonly LayerSpec[]
  /** The `config` object of the image configuration. */
  readonly config?: Record<string, unknown>
  /** Merged over the image configuration: `os`, `history`, `rootfs` … */
  readonly overrides?: Record<string, unknown>
  readonly name?: string
  /** Attestations beside the image, as BuildKit stores them: only in layout `buildkit-oci`. */
  readonly attestations?: readonly AttestationSpec[]
}

export interface AttestationSpec {
  readonly predicateType: string
  readonly predicate: unknown
  /** Digest of the image manifest that the statement is about; the image's own where none is given. */
  readonly about?: string
  /** Stored in the place of the statement: damaged or hostile. */
  readonly raw?: Buffer
}

export type Layout = 'docker-20' | 'docker-28' | 'containerd' | 'buildkit-oci' | 'buildah' | 'kaniko' | 'buildpacks'
export const LAYOUTS: readonly Layout[] = [
  'docker-20',
  'docker-28',
  'containerd',
  'buildkit-oci',
  'buildah',
  'kaniko',
  'buildpacks',
]

export const sha256 = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex')

type Entry = { readonly header: Header; readonly content: Buffer }

async function pipeToBuffer(entries: readonly Entry[]): Promise<Buffer> {
  const stream = pack()
  const chunks: Buffer[] = []
  const done = new Promise<void>((resolve, reject) => {
    stream.on('data', (chunk) => chunks.push(chunk as Buffer))
    stream.on('end', resolve)
    stream.on('error', reject)
  })
  for (const { header, content } of entries) stream.entry(header, content)
  stream.finalize()
  await done
  return Buffer.concat(chunks)
}

/** A tar of the files, in their order. */
export const tar = (files: readonly FileSpec[]): Promise<Buffer> =>
  pipeToBuffer(
    files.map(
      ({
        name,
        content = '',
        type = name.endsWith('/') ? 'directory' : 'file',
        link,
        mode,
        uid = 0,
        mtime = 1_767_225_600,
      }) => {
        const bytes = type === 'file' ? Buffer.from(content as string) : Buffer.alloc(0)
        return {
          header: {
            name,
            type,
            mode: mode ?? (type === 'directory' ? 0o755 : 0o644),
            uid,
            gid: 0,
            mtime: new Date(mtime * 1000),
            size: bytes.length,
            ...(link === undefined ? {} : { linkname: link }),
            // To cut a long name in two, which pack() tries first, takes a time that grows with its square.
            ...(name.length > 1000 ? { pax: {} } : {}),
          } as Header,
          content: bytes,
        }
      },
    ),
  )

const tarOf = (files: Readonly<Record<string, Buffer | string | { readonly link: string }>>): Promise<Buffer> =>
  tar(
    Object.entries(files).map(([name, content]) =>
      typeof content === 'object' && 'link' in content
        ? { name, type: 'symlink', link: content.link }
        : { name, content: content as Buffer | string },
    ),
  )

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))

export interface BuiltLayer {
  readonly plain: Buffer
  readonly diffId: string
}

/** The parts of an image, before they are put into a layout. */
export async function buildParts({
  layers,
  config = {},
  overrides = {},
}: ImageSpec): Promise<{ layers: BuiltLayer[]; config: Buffer }> {
  const built: BuiltLayer[] = []
  for (const { files, behind } of layers) {
    if (files === null) continue
    const plain = Buffer.concat([await tar(files), ...(behind === undefined ? [] : [await tar(behind)])])
    built.push({ plain, diffId: sha256(plain) })
  }
  const whole = {
    architecture: 'amd64',
    os: 'linux',
    created: '2026-01-01T00:00:00Z',
    config,
    rootfs: { type: 'layers', diff_ids: built.map(({ diffId }) => `sha256:${diffId}`) },
    history: layers.map(({ by, files, comment, created = '2026-01-01T00:00:00Z' }) => ({
      ...(created === null ? {} : { created }),
      created_by: by,
      ...(comment === undefined
        ? by.endsWith('# buildkit')
          ? { comment: 'buildkit.dockerfile.v0' }
          : {}
        : { comment }),
      ...(files === null ? { empty_layer: true } : {}),
    })),
    ...overrides,
  }
  return { layers: built, config: json(whole) }
}

/** An archive of the image in one of the layouts. */
export async function buildImage(spec: ImageSpec, layout: Layout = 'docker-20'): Promise<Buffer> {
  const { layers, config } = await buildParts(spec)
  const name = spec.name ?? 'demo/app:1'
  const id = sha256(config)
  const gzipped = layers.map(({ plain }) => zlib.gzipSync(plain))
  switch (layout) {
    case 'docker-20': {
      const files: Record<string, Buffer | string | { link: string }> = {}
      const first = new Map<string, string>()
      const names = layers.map(({ plain, diffId }, index) => {
        const folder = sha256(`${index}${diffId}`)
        files[`${folder}/VERSION`] = '1.0'
        files[`${folder}/json`] = json({ id: folder })
        // The same layer again is a link to the first.
        const before = first.get(diffId)
        files[`${folder}/layer.tar`] = before === undefined ? plain : { link: `../${before}/layer.tar` }
        if (before === undefined) first.set(diffId, folder)
        return `${folder}/layer.tar`
      })
      return tarOf({
        ...files,
        [`${id}.json`]: config,
        'manifest.json': json([{ Config: `${id}.json`, RepoTags: [name], Layers: names }]),
        repositories: json({}),
      })
    }
    case 'docker-28':
    case 'containerd':
    case 'buildkit-oci': {
      const blobs = layout === 'docker-28' ? layers.map(({ plain }) => plain) : gzipped
      const mediaType = `application/vnd.oci.image.layer.v1.tar${layout === 'docker-28' ? '' : '+gzip'}`
      const manifest = json({
        schemaVersion: 2,
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: `sha256:${id}`, size: config.length },
        layers: blobs.map((blob) => ({ mediaType, digest: `sha256:${sha256(blob)}`, size: blob.length })),
      })
      const files: Record<string, Buffer | string> = Object.fromEntries(
        [config, manifest, ...blobs].map((blob) => [`blobs/sha256/${sha256(blob)}`, blob]),
      )
      const attested = layout === 'buildkit-oci' ? (spec.attestations ?? []) : []
      const statements = attested.map(({ predicateType, predicate, about, raw }) => ({
        predicateType,
        bytes:
          raw ??
          json({
            _type: 'https://in-toto.io/Statement/v1',
            predicateType,
            subject: [{ name: 'pkg:docker/x', digest: { sha256: about ?? sha256(manifest) } }],
            predicate,
          }),
      }))
      const attestation = json({
        schemaVersion: 2,
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        config: {
          mediaType: 'application/vnd.oci.empty.v1+json',
          digest: `sha256:${sha256('{}')}`,
          size: 2,
          data: 'e30=',
        },
        layers: statements.map(({ predicateType, bytes }) => ({
          mediaType: 'application/vnd.in-toto+json',
          digest: `sha256:${sha256(bytes)}`,
          size: bytes.length,
          annotations: { 'in-toto.io/predicate-type': predicateType },
        })),
      })
      if (statements.length > 0)
        for (const blob of [attestation, ...statements.map(({ bytes }) => bytes)])
          files[`blobs/sha256/${sha256(blob)}`] = blob
      const index = json({
        schemaVersion: 2,
        manifests: [
          {
            mediaType: 'application/vnd.oci.image.manifest.v1+json',
            digest: `sha256:${sha256(manifest)}`,
            size: manifest.length,
            annotations: {
              'io.containerd.image.name': `docker.io/${name}`,
              'org.opencontainers.image.ref.name': name.split(':')[1] ?? '',
            },
          },
          ...(statements.length === 0
            ? []
            : [
                {
                  mediaType: 'application/vnd.oci.image.manifest.v1+json',
                  digest: `sha256:${sha256(attestation)}`,
                  size: attestation.length,
                  platform: { os: 'unknown', architecture: 'unknown' },
                  annotations: {
                    'vnd.docker.reference.type': 'attestation-manifest',
                    'vnd.docker.reference.digest': `sha256:${sha256(manifest)}`,
                  },
                },
              ]),
        ],
      })
      const sorted = Object.fromEntries(Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1)))
      const docker =
        layout === 'buildkit-oci'
          ? {}
          : {
              'manifest.json': json([
                {
                  Config: `blobs/sha256/${id}`,
                  RepoTags: [name],
                  Layers: blobs.map((blob) => `blobs/sha256/${sha256(blob)}`),
                },
              ]),
            }
      return tarOf({ ...sorted, 'index.json': index, ...docker, 'oci-layout': json({ imageLayoutVersion: '1.0.0' }) })
    }
    case 'buildah': {
      const files = Object.fromEntries(layers.map(({ plain, diffId }) => [`${diffId}.tar`, plain]))
      const links = Object.fromEntries(
        layers.map(({ diffId }, index) => [`${sha256(`${index}`)}/layer.tar`, { link: `../${diffId}.tar` }]),
      )
      return tarOf({
        ...files,
        [`${id}.json`]: config,
        ...links,
        'manifest.json': json([{ Config: `${id}.json`, RepoTags: [name], Layers: Object.keys(links) }]),
      })
    }
    case 'kaniko':
      return tarOf({
        [`sha256:${id}`]: config,
        ...Object.fromEntries(gzipped.map((blob) => [`${sha256(blob)}.tar.gz`, blob])),
        'manifest.json': json([
          { Config: `sha256:${id}`, RepoTags: [name], Layers: gzipped.map((blob) => `${sha256(blob)}.tar.gz`) },
        ]),
      })
    case 'buildpacks':
      return tarOf({
        ...Object.fromEntries(layers.map(({ plain, diffId }) => [`/sha256:${diffId}.tar`, plain])),
        [`${id}.json`]: config,
        'manifest.json': json([
          { Config: `${id}.json`, RepoTags: [name], Layers: layers.map(({ diffId }) => `/sha256:${diffId}.tar`) },
        ]),
      })
  }
}

/** Writes the checksum of the tar header at the start of `bytes` anew, after a test changed the header. */
export function signHeader(bytes: Buffer): void {
  let sum = 8 * 32
  for (let i = 0; i < 512; i++) if (i < 148 || i >= 156) sum += bytes[i] ?? 0
  bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
}

/** A layer whose tar is given, in chunks; its digest is not checked. */
export const layerOf = (bytes: Buffer, chunk = 1 << 20): Layer => ({
  index: 0,
  diffId: `sha256:${'0'.repeat(64)}`,
  digest: null,
  mediaType: null,
  storedSize: bytes.length,
  open: async function* () {
    for (let at = 0; at < bytes.length; at += chunk) yield bytes.subarray(at, at + chunk)
  },
})
