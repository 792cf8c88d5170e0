// What a detector is: data that says how an issued credential looks, where its search starts and how it is checked.

/**
 * How sure a match is, from which severity follows (docs/ARCHITECTURE.md):
 * `proven`: a checksum fits, it decodes to an unencrypted key, or id and secret stand together;
 * `likely`: a prefix or structure that only this kind of credential has;
 * `possible`: a generic assignment, or an identifier that is half of a credential;
 * `harmless`: a public example, expired, encrypted, or a test credential.
 */
export type Strength = 'proven' | 'likely' | 'possible' | 'harmless'

export interface LiteralSpec {
  readonly text: string
  readonly ignoreCase?: boolean
  /** Counts only when an assignment of six or more bytes follows: `name = value`, `"name": "value"`, `<name>value`. */
  readonly assignment?: boolean
}

/** A match of a detector's pattern, before its check. */
export interface Found {
  readonly value: string
  readonly groups: Readonly<Record<string, string | undefined>>
  /** Up to 96 characters before the literal. */
  readonly before: string
  /** What follows the value, as far as the detector's window goes. */
  readonly after: string
  /** The path of the file, empty for other text. */
  readonly path: string
  /** The content has no NUL in its first bytes. */
  readonly isText: boolean
}

/** What a check says: the match stands, with changes; null lets it fall. */
export interface Checked {
  readonly strength?: Strength
  /** The secret itself where it is more or less than the matched value. */
  readonly value?: string
  /** What makes two matches the same secret, where the text can differ (a key in PEM and in DER). */
  readonly identity?: string
  /** What helps the person on call and is no secret itself: account, user, host, expiry. */
  readonly facts?: Readonly<Record<string, string>>
  /** A clause for the message, such as `encrypted`. */
  readonly note?: string
}

export interface Detector {
  /** In words, stable: `github-token`. */
  readonly id: string
  /** What it is called in a sentence: `GitHub token`. */
  readonly title: string
  /** Where the issuer describes the format. */
  readonly docs: string
  /** What to do with a leaked one, in the imperative. */
  readonly revoke: string
  /** Search starts here; each at least three bytes. */
  readonly literals: readonly (string | LiteralSpec)[]
  /**
   * Sticky pattern that is tried where the literal starts. It may look back (`(?<=…)`) up to 96 characters. The value is the
   * group `before` (looked back at) followed by the group `value`, else by the whole match.
   */
  readonly pattern: RegExp
  /** Characters behind the literal that the pattern and check may see; 256 by default, up to 16,384. */
  readonly window?: number
  readonly strength: Strength
  /** A password or another value that could be guessed: it is never shown, not even in part, and gets no hash. */
  readonly guessable?: boolean
  /** Yields to any other detector that matches the same characters. */
  readonly generic?: boolean
  readonly check?: (found: Found) => Checked | null
}
