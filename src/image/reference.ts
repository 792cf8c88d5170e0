// Image references, normalised as Docker does: `busybox` is docker.io/library/busybox:latest.
// https://github.com/distribution/reference/blob/v0.6.0/normalize.go

export interface Reference {
  /** Registry and repository, such as `docker.io/library/busybox`. */
  readonly name: string
  readonly tag: string | null
  readonly digest: string | null
}

/** Splits and normalises a reference; null for text that is none. */
export function parseReference(text: string): Reference | null {
  const match =
    /^([A-Za-z0-9][A-Za-z0-9._\-:/[\]]*?)(?::([\w][\w.-]{0,127}))?(?:@([a-z0-9+._-]+:[0-9a-fA-F]{32,}))?$/.exec(text)
  if (match?.[1] === undefined) return null
  const path = match[1]
  const slash = path.indexOf('/')
  const first = slash === -1 ? '' : path.slice(0, slash)
  const hasDomain = first.includes('.') || first.includes(':') || first === 'localhost' || /[A-Z]/.test(first)
  const domain = hasDomain ? (first === 'index.docker.io' ? 'docker.io' : first) : 'docker.io'
  const rest = hasDomain ? path.slice(slash + 1) : path
  const repository = domain === 'docker.io' && !rest.includes('/') ? `library/${rest}` : rest
  return { name: `${domain}/${repository}`, tag: match[2] ?? null, digest: match[3] ?? null }
}

/** The full form with `latest` where neither tag nor digest is given. */
function fullReference({ name, tag, digest }: Reference): string {
  return `${name}${tag !== null ? `:${tag}` : digest === null ? ':latest' : ''}${digest !== null ? `@${digest}` : ''}`
}

/** Whether two texts name the same image. */
export function sameReference(a: string, b: string): boolean {
  const [left, right] = [parseReference(a), parseReference(b)]
  return left !== null && right !== null && fullReference(left) === fullReference(right)
}
