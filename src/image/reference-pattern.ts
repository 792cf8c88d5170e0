// Patterns of image references in a policy: `docker.io/library/node:22-*`, `gcr.io/distroless/**`, `node@sha256:…`.
// Name, tag and digest are matched apart, after both sides are normalised as Docker does.
import { minimatch } from 'minimatch'
import { parseReference } from './reference.ts'

export const MATCH_OPTIONS = { dot: true, nocomment: true, nonegate: true } as const

/** Splits a pattern into name, tag and digest; a port's colon belongs to the name. */
function splitPattern(pattern: string): { name: string; tag: string | null; digest: string | null } {
  const [front = '', digest = null] = pattern.split('@')
  const colon = front.lastIndexOf(':')
  const hasTag = colon > front.lastIndexOf('/')
  return { name: hasTag ? front.slice(0, colon) : front, tag: hasTag ? front.slice(colon + 1) : null, digest }
}

/** `node` is `docker.io/library/node`, `acme/*` is `docker.io/acme/*`; a name with wildcards in its first part stays. */
function normalName(name: string): string {
  const [first = '', ...rest] = name.split('/')
  if (name === '*') return '**'
  if (/[*?[{]/.test(first) || first.includes('.') || first.includes(':') || first === 'localhost') return name
  return rest.length === 0 ? `docker.io/library/${name}` : `docker.io/${name}`
}

/** Whether an image fits a pattern. A pattern without a tag fits every tag, one without a digest every digest. */
export function matchesReference(
  pattern: string,
  image: { readonly reference: string; readonly digest: string | null },
): boolean {
  const reference = parseReference(image.reference)
  if (reference === null) return false
  const wanted = splitPattern(pattern)
  const match = (text: string | null, glob: string | null): boolean =>
    glob === null || (text !== null && minimatch(text, glob, MATCH_OPTIONS))
  const tag = reference.tag ?? (reference.digest === null ? 'latest' : null)
  return (
    match(reference.name, normalName(wanted.name)) &&
    match(tag, wanted.tag) &&
    match(reference.digest ?? image.digest, wanted.digest)
  )
}
