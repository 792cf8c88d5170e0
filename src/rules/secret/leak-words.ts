// A secret as findings show it: in words, and as data. Never the value.
import type { BuildEvidence } from '../../evidence/evidence.ts'
import { isExpired, type Leak } from '../../evidence/leak.ts'
import type { Finding } from '../../finding/finding.ts'
import { redactValue } from '../../secrets/redact.ts'

/**
 * `a GitHub token ghp_…9Zk2 (expired 2025-01-01)`, and the same for programs.
 * @param occurrences places where it stands
 */
export function whatOf(
  { detector, value, facts, note }: Pick<Leak, 'detector' | 'value' | 'facts' | 'note'>,
  occurrences: number,
  { keyedHash: hash, now }: Pick<BuildEvidence, 'keyedHash' | 'now'>,
): { readonly what: string; readonly told: NonNullable<Finding['secret']> } {
  const guessable = detector.guessable === true
  const redacted = redactValue(value, guessable)
  const notes = [note, isExpired(facts, now) ? `expired ${facts['expires']?.slice(0, 10)}` : null].filter(
    (each) => each !== null,
  )
  const subject = detector.title.replace(
    /^(?:Password|Registry|Login|Private|Connection|Database|Basic|JSON)/,
    (word) => (word === 'JSON' ? word : word.toLowerCase()),
  )
  const article = /^[AEIOaeio]|^SQL|^npm|^SSH/.test(subject) && !/^[Oo]ne/.test(subject) ? 'an' : 'a'
  const keyedHash = hash(value)
  return {
    what: `${article} ${subject}${guessable ? '' : ` ${redacted}`}${notes.length === 0 ? '' : ` (${notes.join('; ')})`}`,
    told: {
      detector: detector.id,
      title: detector.title,
      redacted,
      length: value.length,
      keyedHash: guessable ? null : keyedHash,
      tag: keyedHash.slice(-4),
      occurrences,
      facts,
    },
  }
}
