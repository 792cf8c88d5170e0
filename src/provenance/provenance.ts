// BuildKit's provenance: the bytes of the Dockerfile, and step by step its lines and the layers it made. Two versions of
// the predicate hold the same in other places.
// https://docs.docker.com/build/metadata/attestations/slsa-definitions/
import * as z from 'zod'

/** First and last line, from 1. */
export interface LineRange {
  readonly startLine: number
  readonly endLine: number
}

export interface Provenance {
  /** Where it was read, for messages: `attestation of the image`, `build.json`. */
  readonly where: string
  /** The Dockerfile that was built; null where the provenance holds none (mode=min). */
  readonly dockerfile: { readonly name: string; readonly bytes: Buffer } | null
  /** The stage that was asked for; null for the last. */
  readonly target: string | null
  /** By step, the lines of each instruction that it stands for. */
  readonly lines: ReadonlyMap<string, readonly LineRange[]>
  /** Whole stacks of layers, lowest first, each with the step that made its last layer. */
  readonly chains: readonly { readonly step: string; readonly digests: readonly string[] }[]
  /** Steps that are images: reference and digest. */
  readonly images: ReadonlyMap<string, BaseName>
  /** Images that the build took in. */
  readonly materials: readonly BaseName[]
  /** Where the Dockerfile lies in its repository, relative to the root; null when not known. */
  readonly repositoryPath: string | null
  /** Where the build context lies in its repository; null when not known. */
  readonly contextPath: string | null
  /** It lies inside the image: whoever writes an image writes it too, so it tells lines, and proves nothing about the base. */
  readonly isOfImage?: true
  /** Digests of the image, its configuration or its manifest, that stand beside the provenance where it was read. */
  readonly imageDigests: readonly string[]
}

export interface BaseName {
  readonly reference: string
  readonly digest: string | null
}

export type ReadProvenance = { readonly provenance: Provenance } | { readonly problem: string }

/** A larger one is no provenance of a Dockerfile. Bytes. */
export const MAX_PROVENANCE = 32 << 20
/** Steps, chains and lines that are followed; a build has hundreds. */
const MAX_STEPS = 20_000
const MAX_CHAIN = 1024

/** Images that build and inspect, and are in no image that they make: the frontend that `# syntax=` names, the SBOM scanner. */
const TOOLS = /^pkg:docker\/(?:docker\.io\/)?docker\/(?:dockerfile(?:-upstream)?|buildkit-syft-scanner)[@?]/

const text = z.string().optional().catch(undefined)
const texts = z.record(z.string(), z.unknown()).optional().catch(undefined)
const line = z.object({ line: z.int().min(1) })
const locations = z
  .object({
    locations: z
      .array(
        z.object({ sourceIndex: z.int().optional(), ranges: z.array(z.object({ start: line, end: line })).optional() }),
      )
      .nullish()
      .transform((value) => value ?? []),
  })
  .nullable()

const buildkitSchema = z.object({
  source: z
    .object({
      infos: z
        .array(z.object({ filename: text, language: text, data: z.string().optional() }))
        .nullish()
        .transform((value) => value ?? []),
      locations: z
        .record(z.string(), locations)
        .nullish()
        .transform((value) => value ?? {}),
    })
    .optional(),
  layers: z
    .record(z.string(), z.array(z.array(z.object({ digest: z.string() }))).nullable())
    .nullish()
    .transform((value) => value ?? {}),
  vcs: texts,
})
const stepsSchema = z.array(
  z.object({
    id: z.string(),
    op: z
      .object({
        Op: z
          .object({ source: z.object({ identifier: z.string() }).optional() })
          .loose()
          .nullish(),
      })
      .loose()
      .optional(),
  }),
)
const materialsSchema = z.array(z.object({ uri: z.string(), digest: z.record(z.string(), z.string()).optional() }))

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
/** The value at a path of keys. */
const at = (value: unknown, ...keys: readonly string[]): unknown =>
  keys.reduce<unknown>((sum, key) => (isObject(sum) ? sum[key] : undefined), value)

/** `pkg:docker/ghcr.io%2Facme/base@1.0?platform=…`, as package URLs name images. https://github.com/package-url/purl-spec */
function imageOfPurl(uri: string, digest: string | undefined): BaseName | null {
  const match = /^pkg:(?:docker|oci)\/([^?#]+)/.exec(uri)
  if (match?.[1] === undefined) return null
  try {
    const [name = '', version] = match[1].split(/@(?=[^@]*$)/)
    const tag = version === undefined ? '' : decodeURIComponent(version)
    return {
      reference: `${decodeURIComponent(name)}${tag === '' ? '' : tag.startsWith('sha256:') ? `@${tag}` : `:${tag}`}`,
      digest: digest === undefined ? null : `sha256:${digest}`,
    }
  } catch {
    return null
  }
}

/** `docker-image://docker.io/library/node:22@sha256:…`, or a layout that stands for an image. */
function imageOfStep(identifier: string): BaseName | null {
  const match = /^(?:docker-image|oci-layout):\/\/([^@]+)(?:@(sha256:[0-9a-f]{64}))?$/.exec(identifier)
  return match?.[1] === undefined ? null : { reference: match[1], digest: match[2] ?? null }
}

const joinPath = (...parts: readonly string[]): string =>
  parts.flatMap((part) => part.split('/').filter((name) => name !== '' && name !== '.')).join('/')

function pathsOf(
  name: string,
  vcs: Record<string, unknown> | undefined,
  source: unknown,
): Pick<Provenance, 'repositoryPath' | 'contextPath'> {
  const directory = vcs?.['localdir:dockerfile']
  const context = vcs?.['localdir:context']
  if (typeof directory === 'string')
    return {
      repositoryPath: joinPath(directory, name),
      contextPath: typeof context === 'string' ? joinPath(context) : null,
    }
  // A Git context: `https://github.com/acme/app.git#branch:folder`; the name is the path below the folder.
  const uri = at(source, 'uri')
  const folder = typeof uri === 'string' ? /^[^#]*#[^:]*:(.+)$/.exec(uri)?.[1] : undefined
  if (typeof uri === 'string' && /[#.]git|^git/.test(uri))
    return { repositoryPath: joinPath(folder ?? '', name), contextPath: joinPath(folder ?? '') }
  return { repositoryPath: null, contextPath: null }
}

/**
 * Reads a provenance: an in-toto statement or its bare predicate, SLSA v1 or v0.2.
 * @param where what messages call it
 * @returns the provenance, or what is wrong with it
 */
export function readProvenance(document: unknown, where: string): ReadProvenance {
  const predicate = isObject(document) && isObject(document['predicate']) ? document['predicate'] : document
  if (!isObject(predicate)) return { problem: `${where} is no provenance` }
  const isV1 = isObject(predicate['buildDefinition'])
  const definition = isV1
    ? at(predicate, 'buildDefinition', 'internalParameters', 'buildConfig', 'llbDefinition')
    : at(predicate, 'buildConfig', 'llbDefinition')
  const buildkit = isV1
    ? at(predicate, 'runDetails', 'metadata', 'buildkit_metadata')
    : at(predicate, 'metadata', 'https://mobyproject.org/buildkit@v1#metadata')
  const args = isV1
    ? at(predicate, 'buildDefinition', 'externalParameters', 'request', 'args')
    : at(predicate, 'invocation', 'parameters', 'args')
  const source = isV1
    ? at(predicate, 'buildDefinition', 'externalParameters', 'configSource')
    : at(predicate, 'invocation', 'configSource')
  const materials = materialsSchema.safeParse(
    (isV1 ? at(predicate, 'buildDefinition', 'resolvedDependencies') : predicate['materials']) ?? [],
  )
  const metadata = buildkitSchema.safeParse(buildkit ?? {})
  const steps = stepsSchema.safeParse(definition ?? [])
  if (!materials.success || !metadata.success || !steps.success)
    return { problem: `${where} is not of the form that BuildKit writes` }
  const { source: sources, layers, vcs } = metadata.data
  // What one frontend reads is one file: the first; steps of others have no lines here.
  const info = sources?.infos[0]
  const lines = new Map<string, LineRange[]>()
  for (const [step, found] of Object.entries(sources?.locations ?? {}).slice(0, MAX_STEPS)) {
    const own = (found?.locations ?? []).filter(
      ({ sourceIndex, ranges }) => (sourceIndex ?? 0) === 0 && ranges !== undefined && ranges.length > 0,
    )
    lines.set(
      step,
      own.map(({ ranges = [] }) =>
        ranges.reduce(
          (sum, { start, end }) => ({
            startLine: Math.min(sum.startLine, start.line),
            endLine: Math.max(sum.endLine, end.line),
          }),
          {
            startLine: Number.POSITIVE_INFINITY,
            endLine: 0,
          },
        ),
      ),
    )
  }
  const chains = Object.entries(layers)
    .slice(0, MAX_STEPS)
    .flatMap(([output, stacks]) =>
      (stacks ?? [])
        .filter((stack) => stack.length <= MAX_CHAIN)
        .map((stack) => ({ step: output.replace(/:\d+$/, ''), digests: stack.map(({ digest }) => digest) })),
    )
  const images = new Map<string, BaseName>()
  for (const { id, op } of steps.data.slice(0, MAX_STEPS)) {
    const image = imageOfStep(op?.Op?.source?.identifier ?? '')
    if (image !== null) images.set(id, image)
  }
  const target = at(args, 'target')
  const name = info?.filename ?? 'Dockerfile'
  return {
    provenance: {
      where,
      dockerfile: info?.data === undefined ? null : { name, bytes: Buffer.from(info.data, 'base64') },
      target: typeof target === 'string' && target !== '' ? target : null,
      lines,
      chains,
      images,
      materials: materials.data.flatMap(({ uri, digest }) =>
        TOOLS.test(uri) ? [] : (imageOfPurl(uri, digest?.['sha256']) ?? []),
      ),
      ...pathsOf(name, vcs, source),
      imageDigests: [],
    },
  }
}
