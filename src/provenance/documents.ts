// Provenance that lies beside an image: what `--metadata-file` wrote, that text itself (an output of build-push-action), or
// the record of a build (`docker buildx history export`, a .dockerbuild file).
// https://docs.docker.com/reference/cli/docker/buildx/build/#metadata-file
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import path from 'node:path'
import * as z from 'zod'
import { ConfigError, reasonOf } from '../error.ts'
import { tarFiles } from '../image/archive-files.ts'
import { CHUNK, decompress, sniff } from '../image/compression.ts'
import type { ImageFiles } from '../image/files.ts'
import { parseJson } from '../image/json.ts'
import { spool } from '../image/spool.ts'
import { DEFAULT_LIMITS } from '../limits.ts'
import { isObject, MAX_PROVENANCE, type Provenance, type ReadProvenance, readProvenance } from './provenance.ts'

export interface BuildDocuments {
  readonly provenances: readonly Provenance[]
  /** Why something gave no provenance. */
  readonly problems: readonly string[]
}

/** `buildx.build.provenance`, and with several platforms `buildx.build.provenance/linux/amd64`. */
const PROVENANCE_KEY = /^buildx\.build\.provenance(?:\/|$)/

interface Found {
  readonly document: unknown
  readonly imageDigests: readonly string[]
}

/** What was built: with the docker driver the digest of the configuration, else that of the manifest. */
const digestsIn = (metadata: Record<string, unknown>): string[] =>
  ['containerimage.config.digest', 'containerimage.digest'].flatMap((key) =>
    typeof metadata[key] === 'string' ? [metadata[key]] : [],
  )

/** The provenances in a metadata file; bake writes one object for each target. */
function inMetadata(value: unknown, depth = 0): Found[] {
  if (!isObject(value)) return []
  const own = Object.entries(value).flatMap(([key, document]) =>
    PROVENANCE_KEY.test(key) ? [{ document, imageDigests: digestsIn(value) }] : [],
  )
  if (own.length > 0 || depth > 0) return own
  if ('predicate' in value || 'buildDefinition' in value || 'buildConfig' in value)
    return [{ document: value, imageDigests: [] }]
  return Object.values(value).flatMap((target) => inMetadata(target, depth + 1))
}

function fromJson(text: string, where: string): BuildDocuments {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { provenances: [], problems: [`${where} is no JSON, as --metadata-file writes it`] }
  }
  const results = inMetadata(value).map(({ document, imageDigests }): ReadProvenance => {
    const result = readProvenance(document, where)
    return 'problem' in result ? result : { provenance: { ...result.provenance, imageDigests } }
  })
  const provenances = results.flatMap((result) => ('provenance' in result ? [result.provenance] : []))
  const problems = results.flatMap((result) => ('problem' in result ? [result.problem] : []))
  if (results.length === 0) problems.push(`${where} holds no provenance`)
  else if (provenances.length > 0 && provenances.every(({ dockerfile }) => dockerfile === null))
    problems.push(`${where} holds a provenance without lines (mode=min)`)
  return { provenances, problems }
}

const indexSchema = z.object({ manifests: z.array(z.object({ digest: z.string().regex(/^sha256:[0-9a-f]{64}$/) })) })
const manifestSchema = z.object({
  layers: z
    .array(z.object({ mediaType: z.string().default(''), digest: z.string().regex(/^sha256:[0-9a-f]{64}$/) }))
    .nullish(),
})

/** The in-toto blobs of a build record, which is an OCI layout. */
async function fromRecord(files: ImageFiles, where: string): Promise<BuildDocuments> {
  const json = async (name: string): Promise<unknown> =>
    parseJson(await files.read(name), `${where}: ${name}`, files.limits)
  const blob = (digest: string): string => `blobs/sha256/${digest.slice(7)}`
  const problems: string[] = []
  const provenances: Provenance[] = []
  try {
    const { manifests } = indexSchema.parse(await json('index.json'))
    for (const { digest } of manifests.slice(0, 64)) {
      for (const layer of manifestSchema.parse(await json(blob(digest))).layers ?? []) {
        if (!/in-toto/.test(layer.mediaType)) continue
        if ((await files.size(blob(layer.digest))) > MAX_PROVENANCE)
          problems.push(`${where} holds a provenance of more than ${MAX_PROVENANCE >> 20} MiB`)
        else {
          const result = readProvenance(await json(blob(layer.digest)), where)
          if ('provenance' in result) provenances.push(result.provenance)
        }
      }
    }
  } catch {
    problems.push(`${where} is no build record, as docker buildx history export writes it`)
  }
  if (provenances.length === 0 && problems.length === 0) problems.push(`${where} holds no provenance`)
  return { provenances, problems }
}

/**
 * Reads what the user named.
 * @param value a path, or the text of a metadata file
 * @param directory where a relative path starts
 * @param temporary for unpacking a build record
 * @throws ConfigError when the file cannot be read; a file that holds no provenance is a problem, no error
 */
export async function readBuildDocuments(value: string, directory: string, temporary: string): Promise<BuildDocuments> {
  if (value.trimStart().startsWith('{'))
    return value.length > MAX_PROVENANCE * 2
      ? { provenances: [], problems: ['the build metadata is too large'] }
      : fromJson(value, 'the build metadata')
  // A pipe without a writer would be waited for.
  const handle = await open(path.resolve(directory, value), constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch(
    (cause: unknown) => {
      throw new ConfigError(
        `${value}: the build metadata cannot be read: ${reasonOf(cause)}. Name the file that --metadata-file wrote, or a .dockerbuild record.`,
        { cause },
      )
    },
  )
  try {
    const info = await handle.stat()
    if (!info.isFile())
      throw new ConfigError(
        `${value}: the build metadata is no file. Name the file that --metadata-file wrote, or a .dockerbuild record.`,
      )
    const head = Buffer.alloc(512)
    const { bytesRead } = await handle.read(head, 0, head.length, 0)
    const compression = sniff(head.subarray(0, bytesRead))
    const isText = /^\s*[{[]/.test(head.subarray(0, bytesRead).toString('latin1'))
    if (!isText && compression !== 'unknown') {
      const source = handle.createReadStream({
        start: 0,
        highWaterMark: CHUNK,
        autoClose: false,
      }) as AsyncIterable<Buffer>
      return await openRecord(
        () =>
          spool(decompress(source, compression, value), value, { temporary, limits: { 'spool-bytes': MAX_RECORD } }),
        value,
      )
    }
    if (info.size > MAX_PROVENANCE * 2)
      return { provenances: [], problems: [`${value} has ${info.size} bytes, more than a provenance of a Dockerfile`] }
    return fromJson((await handle.readFile()).toString('utf8'), value)
  } finally {
    await handle.close()
  }
}

/** Bytes that a build record unpacks to; a real one has some hundred kilobytes. */
const MAX_RECORD = 256 << 20

async function openRecord(unpack: () => ReturnType<typeof spool>, where: string): Promise<BuildDocuments> {
  let files: ImageFiles
  try {
    files = await tarFiles(where, await unpack(), DEFAULT_LIMITS)
  } catch {
    return { provenances: [], problems: [`${where} is no build record, as docker buildx history export writes it`] }
  }
  try {
    return await fromRecord(files, where)
  } finally {
    await files.close()
  }
}
