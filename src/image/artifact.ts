// What can be run, and what only lies beside it: signatures, attestations, bills of material, charts. Told by what a manifest
// holds, never by an annotation: whoever calls an image an attestation must not keep it from being judged.
import * as z from 'zod'
import { ImageError } from '../error.ts'
import { sniff } from './compression.ts'
import { blobName, type Digest } from './digest.ts'
import type { ImageFiles } from './files.ts'
import { asGoReads, CONFIG_SHAPE } from './go-fields.ts'
import { parseJson } from './json.ts'

interface Descriptor {
  readonly mediaType: string
  readonly digest: Digest
}

/** Types that say that a blob is a layer, plain or packed, of OCI and of Docker. */
const LAYER_TYPE = /\btar\b|\.layer\.|rootfs/
const CONFIG_TYPE = /image\.config|container\.image/
const rootfsSchema = z.object({ rootfs: z.object({ diff_ids: z.array(z.string()).min(1) }) })

/** Whether a blob is an archive, whatever its type claims: some engines unpack by content. */
async function isArchive(files: ImageFiles, { mediaType, digest }: Descriptor): Promise<boolean> {
  if (LAYER_TYPE.test(mediaType)) return true
  const name = blobName(digest)
  if (!(await files.has(name))) return false
  for await (const head of files.stream(name)) return sniff(head) !== 'unknown'
  return false
}

async function isConfiguration(files: ImageFiles, { mediaType, digest }: Descriptor): Promise<boolean> {
  if (mediaType === '' || CONFIG_TYPE.test(mediaType)) return true
  const name = blobName(digest)
  if (!(await files.has(name))) return false
  const where = `${files.where}: ${name}`
  try {
    return rootfsSchema.safeParse(
      asGoReads(parseJson(await files.read(name), where, files.limits), CONFIG_SHAPE, where),
    ).success
  } catch (error) {
    if (error instanceof ImageError && error.code === 'bad-json') return false
    throw error
  }
}

/** Whether an engine could make a container of it: an image configuration, and layers that can be unpacked, or none. */
export async function isImage(
  files: ImageFiles,
  { config, layers }: { readonly config: Descriptor; readonly layers: readonly Descriptor[] },
): Promise<boolean> {
  if (!(await isConfiguration(files, config))) return false
  if (layers.length === 0) return true
  for (const layer of layers) if (await isArchive(files, layer)) return true
  return false
}
