// What is found, and which of several readings of the same bytes tells most.
import type { SecretKind, Strength } from './detector.ts'
import { redactValue } from './redact.ts'

export type Encoding = 'raw' | 'base64' | 'base32' | 'hex' | 'gzip' | 'utf-16' | 'utf-32'

/** A secret in a content: plain data. Holds the value: it never leaves the program but through the redactor. */
export interface SecretMatch {
  /** The id of its detector. */
  readonly detector: string
  readonly value: string
  /** What makes two matches the same secret. */
  readonly identity: string
  readonly strength: Strength
  /** Bytes from the start of the content. */
  readonly offset: number
  /** Bytes that the match takes there. */
  readonly length: number
  /** Line from 1; null for content that is no text. */
  readonly line: number | null
  readonly encoding: Encoding
  readonly facts: Readonly<Record<string, string>>
  readonly note: string | null
  /** What stands with the secret and is hidden like it: the id of a key pair, the base64 around a token. */
  readonly companion: string | null
}

/** A match with its end, while others may still take its place. */
export interface Candidate extends Omit<SecretMatch, 'detector'> {
  readonly detector: SecretKind
  readonly end: number
}

/** A token that names its issuer says more than one that the name beside it tells, that more than a login, and that more than a bare assignment. */
const rank = ({ generic, guessable, context }: SecretKind): number => (generic ? 0 : guessable ? 1 : context ? 2 : 3)

/** Of two readings of one value the surer one tells more; what is harmless by one is so by both. */
const worth = ({ strength }: Candidate): number => ['possible', 'likely', 'harmless', 'proven'].indexOf(strength)

/** Above zero where the first of two readings of the same bytes tells more than the second, below it where it tells less. */
export const compareReadings = (a: Candidate, b: Candidate): number =>
  rank(a.detector) - rank(b.detector) || worth(a) - worth(b)

/** A secret that the id of its pair proves: it tells the id, and hides it too. */
export const provenBy = <M extends Omit<SecretMatch, 'detector'>>(
  secret: M,
  id: Pick<SecretMatch, 'value' | 'facts'>,
): M => ({
  ...secret,
  strength: 'proven',
  facts: { ...secret.facts, ...id.facts, keyId: redactValue(id.value, false) },
  companion: id.value,
})

/** Bytes between the two halves of a key pair, at most. */
const NEAR = 2048

/**
 * An AWS key id and a secret near it are one credential, proven by standing together.
 * @param matches in order of position
 */
export function pairAwsKeys(matches: readonly Candidate[]): readonly Candidate[] {
  const secrets = matches.filter(
    ({ detector, strength }) =>
      (detector.id === 'aws-secret-key' || detector.id === 'aws-credentials-file') && strength !== 'harmless',
  )
  if (secrets.length === 0) return matches
  const ids = matches.filter(({ detector, strength }) => detector.id === 'aws-access-key' && strength !== 'harmless')
  const paired = new Map<Candidate, Candidate>()
  const used = new Set<Candidate>()
  let first = 0
  for (const secret of secrets) {
    while (first < ids.length && (ids[first]?.offset ?? 0) <= secret.offset - NEAR) first++
    const id = ids[first]
    if (id === undefined || id.offset >= secret.offset + NEAR) continue
    first++
    paired.set(secret, id)
    used.add(id)
  }
  return matches
    .filter((match) => !used.has(match))
    .map((match) => {
      const id = paired.get(match)
      return id === undefined ? match : provenBy(match, id)
    })
}
