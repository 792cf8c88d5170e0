// What the runner is asked to mask: a second line of defence against what later steps print. Each mask blanks its text in every later
// line and drops every output that holds it: so only what nobody writes but as the secret is one.
import type { SecretKind, Strength } from './detector.ts'
import { isOfWords, isWordLike } from './word-like.ts'

interface Masked {
  readonly detector: SecretKind
  readonly value: string
  readonly strength: Strength
}

/** Shorter lines stand in other texts too. */
const MIN_MASKED = 8
/** The runner compares every line of the log with every mask. */
const MAX_MASKED = 200
const ORDER: readonly Strength[] = ['proven', 'likely', 'possible']

/** A line that is structure: a PEM header, a brace, a name beside a value that is masked itself. */
const STRUCTURE =
  /^-----|^[{}[\]()",:;\s]*$|^["']?[\w-]+["']?\s*[:=]\s*(?:[{["']\s*)?$|^(?:Proc-Type|DEK-Info|Comment|Version|Encryption|Public-Lines|Private-Lines|PuTTY-User-Key-File-\d):/

function isMaskable(line: string): boolean {
  if (line.length < MIN_MASKED || STRUCTURE.test(line) || /[^\x20-\x7e]/.test(line)) return false
  return !isWordLike(line) && !isOfWords(line)
}

/** Lines to mask, those of the worst findings first. @param values of findings; what is harmless is none */
export function masksOf(values: readonly Masked[]): string[] {
  const lines = new Set<string>()
  for (const strength of ORDER)
    for (const { value } of values.filter((each) => each.strength === strength)) {
      // Bytes are no text that a step prints.
      if (/[^\x09\x0a\x0d\x20-\x7e]/.test(value)) continue
      const own = value.split(/\r?\n|\\r|\\n/).map((line) => line.trim())
      for (const line of own) if (isMaskable(line) && lines.size < MAX_MASKED) lines.add(line)
    }
  return [...lines]
}
