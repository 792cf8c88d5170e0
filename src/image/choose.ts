// Picks the one image to judge where a source holds several.
import { ImageError, UsageError } from '../error.ts'
import { hexOf } from './digest.ts'
import type { Choice, Digest } from './image.ts'
import { type Platform, platformName } from './platform.ts'
import { sameReference } from './reference.ts'

/** What a reader knows of an image before it opens it. */
export interface Candidate {
  readonly names: readonly string[]
  /** Shorter names by which a layout knows it: a tag alone. */
  readonly aliases?: readonly string[]
  readonly platform: Platform | null
  /** Digests by which the user may name it: configuration, manifest. */
  readonly digests: readonly Digest[]
}

/** Images that an error lists. */
const MAX_LISTED = 20

/** One line that names a candidate. */
export function describe({ names, platform, digests }: Candidate): string {
  const what = names.length > 0 ? names.join(', ') : (digests[0] ?? 'unnamed')
  return platform === null ? what : `${what} (${platformName(platform)})`
}

function parsePlatform(text: string): Platform {
  const [os, architecture, variant, ...rest] = text.split('/')
  if (!os || !architecture || rest.length > 0)
    throw new UsageError(`--platform ${JSON.stringify(text)}: write it as os/architecture, for example linux/amd64.`)
  return { os, architecture, variant: variant ?? null }
}

const fits = (wanted: Platform, has: Platform | null): boolean =>
  has !== null &&
  wanted.os === has.os &&
  wanted.architecture === has.architecture &&
  (wanted.variant === null || wanted.variant === has.variant)

const isNamed = ({ names, aliases = [], digests }: Candidate, image: string): boolean =>
  names.some((name) => name === image || sameReference(name, image)) ||
  aliases.includes(image) ||
  digests.some(
    (digest) => digest === image || (image.length >= 12 && hexOf(digest).startsWith(image.replace(/^sha\d+:/, ''))),
  )

/**
 * `--image`, `--platform`, else the only one. None is picked silently: what is not judged would pass.
 * @returns the chosen one and the others in words
 * @throws ImageError `several-images` that lists them
 */
export function choose<C extends Candidate>(
  where: string,
  candidates: readonly C[],
  { image, platform }: Choice,
): { chosen: C; notJudged: string[] } {
  const list =
    candidates.slice(0, MAX_LISTED).map(describe).join('; ') +
    (candidates.length > MAX_LISTED ? `; and ${candidates.length - MAX_LISTED} more` : '')
  let left = candidates
  if (image !== null) {
    left = left.filter((candidate) => isNamed(candidate, image))
    if (left.length === 0)
      throw new ImageError('no-such-image', `${where} holds no image ${JSON.stringify(image)}. It holds: ${list}.`)
  }
  if (platform !== null) {
    const wanted = parsePlatform(platform)
    left = left.filter((candidate) => fits(wanted, candidate.platform))
    if (left.length === 0)
      throw new ImageError('no-such-platform', `${where} holds no image for ${platform}. It holds: ${list}.`)
  }
  const [chosen] = left
  if (chosen === undefined || left.length > 1) {
    throw new ImageError(
      'several-images',
      `${where} holds several images, and one is judged: name it with --image or --platform. It holds: ${list}.`,
    )
  }
  return { chosen, notJudged: candidates.filter((candidate) => candidate !== chosen).map(describe) }
}
