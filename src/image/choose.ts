// Picks the one image to judge where a source holds several.
import { ImageError, UsageError } from '../error.ts'
import { type Choice, type Digest, type Platform, platformName } from './image.ts'
import { sameReference } from './reference.ts'

/** What a reader knows of an image before it opens it. */
export interface Candidate {
  readonly names: readonly string[]
  readonly platform: Platform | null
  /** Digests by which the user may name it: configuration, manifest. */
  readonly digests: readonly Digest[]
}

const ARCHITECTURES: Record<string, string> = { x64: 'amd64', arm64: 'arm64', arm: 'arm', ia32: '386', ppc64: 'ppc64le', s390x: 's390x', riscv64: 'riscv64' }

/** One line that names a candidate. */
function describe({ names, platform, digests }: Candidate): string {
  const what = names.length > 0 ? names.join(', ') : (digests[0] ?? 'unnamed')
  return platform === null ? what : `${what} (${platformName(platform)})`
}

function parsePlatform(text: string): Platform {
  const [os, architecture, variant, ...rest] = text.split('/')
  if (!os || !architecture || rest.length > 0) throw new UsageError(`--platform ${JSON.stringify(text)}: write it as os/architecture, for example linux/amd64.`)
  return { os, architecture, variant: variant ?? null }
}

const fits = (wanted: Platform, has: Platform | null): boolean =>
  has !== null && wanted.os === has.os && wanted.architecture === has.architecture && (wanted.variant === null || wanted.variant === has.variant)

/**
 * `--image`, `--platform`, else the only one, else the host's platform.
 * @returns the chosen one and the others in words
 * @throws ImageError `several-images` that lists them
 */
export function choose<C extends Candidate>(where: string, candidates: readonly C[], { image, platform }: Choice, architecture: string): { chosen: C; notJudged: string[] } {
  const list = candidates.map(describe).join('; ')
  let left = candidates
  if (image !== null) {
    left = left.filter(
      ({ names, digests }) =>
        names.some((name) => name === image || sameReference(name, image)) ||
        digests.some((digest) => digest === image || (image.length >= 12 && digest.slice(7).startsWith(image.replace(/^sha256:/, '')))),
    )
    if (left.length === 0) throw new ImageError('no-such-image', `${where} holds no image ${JSON.stringify(image)}. It holds: ${list}.`)
  }
  if (platform !== null) {
    const wanted = parsePlatform(platform)
    left = left.filter((candidate) => fits(wanted, candidate.platform))
    if (left.length === 0) throw new ImageError('no-such-platform', `${where} holds no image for ${platform}. It holds: ${list}.`)
  }
  if (left.length > 1) {
    const host: Platform = { os: 'linux', architecture: ARCHITECTURES[architecture] ?? architecture, variant: null }
    const own = left.filter((candidate) => fits(host, candidate.platform))
    if (own.length >= 1) left = own
  }
  const [chosen] = left
  if (chosen === undefined || left.length > 1) {
    throw new ImageError('several-images', `${where} holds several images: name one with --image or --platform. It holds: ${list}.`)
  }
  return { chosen, notJudged: candidates.filter((candidate) => candidate !== chosen).map(describe) }
}
