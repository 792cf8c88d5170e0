// The documents of an image as Go's decoder takes them, since every engine is written in Go: it takes `user` for the field
// `User`, whatever the case. One such key is read as the field; two keys for one field are two images, and refused.
// https://pkg.go.dev/encoding/json#Unmarshal
import { ImageError } from '../error.ts'

/** What a value is to Go: a struct with its fields, a list, or null for what has no fields (a map keeps its keys apart). */
export type Shape = Struct | { readonly list: Shape } | null

interface Struct {
  /** Fields by their name without case. */
  readonly fields: ReadonlyMap<string, { readonly name: string; readonly shape: Shape }>
}

/** Folds a key as Go does. Of the characters beyond ASCII, two fold into ASCII: long s and the Kelvin sign. */
const fold = (key: string): string =>
  key
    .replaceAll('\u017f', 's')
    .replaceAll('\u212a', 'k')
    .replace(/[A-Z]/g, (c) => c.toLowerCase())

/** @param plain names of fields without fields of their own, parted by blanks */
const struct = (plain: string, nested: Readonly<Record<string, Shape>> = {}): Struct => ({
  fields: new Map([
    ...plain.split(' ').map((name) => [fold(name), { name, shape: null }] as const),
    ...Object.entries(nested).map(([name, shape]) => [fold(name), { name, shape }] as const),
  ]),
})

// https://github.com/opencontainers/image-spec/blob/v1.1.1/specs-go/v1/descriptor.go
const DESCRIPTOR = struct('mediaType digest size urls annotations data artifactType', {
  platform: struct('architecture os os.version os.features variant'),
})

/** A manifest or an index: which one it is shows when it is read. */
export const MANIFEST_SHAPE = struct('schemaVersion mediaType artifactType annotations fsLayers', {
  config: DESCRIPTOR,
  layers: { list: DESCRIPTOR },
  manifests: { list: DESCRIPTOR },
  subject: DESCRIPTOR,
})

// https://github.com/moby/moby/blob/v28.0.4/api/types/container/config.go
const CONTAINER = struct(
  'Hostname Domainname User AttachStdin AttachStdout AttachStderr ExposedPorts Tty OpenStdin StdinOnce Env Cmd ArgsEscaped Image Volumes WorkingDir Entrypoint NetworkDisabled MacAddress OnBuild Labels StopSignal StopTimeout Shell',
  { Healthcheck: struct('Test Interval Timeout StartPeriod StartInterval Retries') },
)

// https://github.com/moby/moby/blob/v28.0.4/image/image.go
export const CONFIG_SHAPE = struct(
  'id parent comment created container docker_version author architecture variant os os.version os.features Size',
  {
    config: CONTAINER,
    container_config: CONTAINER,
    rootfs: struct('type diff_ids'),
    history: { list: struct('created author created_by comment empty_layer') },
  },
)

// https://github.com/moby/moby/blob/v28.0.4/image/tarexport/tarexport.go
export const DOCKER_MANIFEST_SHAPE: Shape = { list: struct('Config RepoTags Layers Parent', { LayerSources: null }) }

/**
 * The document with every field under its own name.
 * @throws ImageError `duplicate-key` where two keys stand for one field
 */
export function asGoReads(value: unknown, shape: Shape, where: string): unknown {
  if (shape === null || typeof value !== 'object' || value === null) return value
  if ('list' in shape) return Array.isArray(value) ? value.map((item) => asGoReads(item, shape.list, where)) : value
  if (Array.isArray(value)) return value
  const seen = new Map<string, string>()
  return Object.fromEntries(
    Object.entries(value).map(([key, item]): [string, unknown] => {
      const field = shape.fields.get(fold(key))
      if (field === undefined) return [key, item]
      const earlier = seen.get(field.name)
      if (earlier !== undefined) {
        throw new ImageError(
          'duplicate-key',
          `${where} holds ${JSON.stringify(earlier)} and ${JSON.stringify(key)}: engines take both for ${field.name}, and which one counts depends on the reader. Build the image again.`,
        )
      }
      seen.set(field.name, key)
      return [field.name, asGoReads(item, field.shape, where)]
    }),
  )
}
