// What an image says of its own making: in-toto statements (provenance, SBOM) in manifests of their own beside the image's.
// https://docs.docker.com/build/metadata/attestations/attestation-storage/
import * as z from 'zod'
import { ImageError } from '../error.ts'
import type { Limits } from '../limits.ts'
import { algorithmOf, blobName, type Digest, digestOf, digestSchema, hexOf } from './digest.ts'
import type { ImageFiles } from './files.ts'
import { parseJson } from './json.ts'

export interface Attestation {
  /** `https://slsa.dev/provenance/v1`, `https://spdx.dev/Document`. */
  readonly predicateType: string
  /** Its name in the source where all of it is in `document` and `envelope`; null where its bytes are searched as those of any file. */
  readonly blob: string | null
  /** The statement; null where it cannot be read. */
  readonly document: Buffer | null
  /** What a signed statement was taken out of, as stored; null where it is not signed. */
  readonly envelope: Buffer | null
  /** The same as JSON; undefined where it is none. */
  readonly statement: unknown
  /** Why nothing may be concluded from it; null when all is well. It is searched for secrets all the same. */
  readonly problem: string | null
}

const manifestSchema = z.object({
  subject: z.object({ digest: z.string() }).nullish(),
  layers: z
    .array(
      z.object({
        mediaType: z.string().default(''),
        digest: digestSchema,
        annotations: z.record(z.string(), z.string()).nullish(),
      }),
    )
    .nullish(),
})
const statementSchema = z
  .object({ subject: z.array(z.object({ digest: z.record(z.string(), z.string()) }).loose()).nullish() })
  .loose()
const envelopeSchema = z.object({ payloadType: z.string(), payload: z.string() })

/** Statements, and bytes of them, that are read as such; those beyond are searched like any other file of the source. */
const MAX_STATEMENTS = 64
const MAX_BYTES = 64 << 20

/** @returns undefined for what is no JSON, or reads in two ways @throws ImageError where it is nested beyond the limit */
function parse(bytes: Buffer, limits: Limits): unknown {
  try {
    return parseJson(bytes, 'an attestation of the image', limits)
  } catch (error) {
    if (error instanceof ImageError && error.code === 'too-deep') throw error
    return undefined
  }
}

/** A signed envelope holds the statement in base64. https://github.com/secure-systems-lab/dsse */
function unwrap(bytes: Buffer, mediaType: string, limits: Limits): Buffer {
  if (!/dsse/.test(mediaType)) return bytes
  const envelope = envelopeSchema.safeParse(parse(bytes, limits))
  return envelope.success ? Buffer.from(envelope.data.payload, 'base64') : bytes
}

/**
 * Reads the attestations of one image. What is damaged or about another image is returned with its problem; manifests that
 * are absent were left out on purpose, as `docker save --platform` does.
 * @param manifests digests of the manifests that say they are about the image
 */
export async function readAttestations(
  files: ImageFiles,
  manifests: readonly Digest[],
  image: Digest,
): Promise<Attestation[]> {
  let left = MAX_BYTES
  const { limits } = files
  const read = async (digest: Digest, predicateType: string, mediaType: string): Promise<Attestation> => {
    const blob = blobName(digest)
    const unread = (problem: string): Attestation => ({
      predicateType,
      blob: null,
      document: null,
      envelope: null,
      statement: undefined,
      problem,
    })
    if (!(await files.has(blob))) return unread('is missing from the archive')
    const size = await files.size(blob)
    if (size > left)
      return unread(`cannot be read: with its ${size} bytes the attestations have more than ${MAX_BYTES}`)
    left -= size
    let stored: Buffer
    try {
      stored = await files.read(blob)
    } catch (error) {
      return unread(`cannot be read: ${error instanceof Error ? error.message : String(error)}`)
    }
    const document = unwrap(stored, mediaType, limits)
    const parsed = parse(document, limits)
    const told = (problem: string | null): Attestation => ({
      predicateType,
      blob,
      document,
      envelope: document === stored ? null : stored,
      statement: parsed,
      problem,
    })
    if (digestOf(stored, digest) !== digest) return told('does not match its digest: it was changed or is damaged')
    const statement = statementSchema.safeParse(parsed)
    if (!statement.success) return told('is no in-toto statement')
    const subjects = statement.data.subject ?? []
    if (subjects.length > 0 && !subjects.some((subject) => subject.digest[algorithmOf(image)] === hexOf(image)))
      return told('is about another image')
    return told(null)
  }
  const found: Attestation[] = []
  for (const digest of manifests) {
    if (found.length >= MAX_STATEMENTS) break
    if (!(await files.has(blobName(digest)))) continue
    const bytes = await files.read(blobName(digest)).catch(() => Buffer.alloc(0))
    const manifest = manifestSchema.safeParse(parse(bytes, limits))
    if (!manifest.success || digestOf(bytes, digest) !== digest) {
      found.push({
        predicateType: 'unknown',
        blob: null,
        document: null,
        envelope: null,
        statement: undefined,
        problem: 'has a manifest that is damaged',
      })
      continue
    }
    for (const { digest: blob, mediaType, annotations } of manifest.data.layers ?? []) {
      if (!/in-toto|dsse/.test(mediaType) || found.length >= MAX_STATEMENTS) continue
      found.push(
        await read(
          blob,
          annotations?.['in-toto.io/predicate-type'] ?? annotations?.['predicateType'] ?? 'unknown',
          mediaType,
        ),
      )
    }
  }
  return found
}
