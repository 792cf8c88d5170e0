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
  /** Counts only when at least so many characters of tokens (`A-Za-z0-9_.+/=~-`, and `%\&#;` of their escapes), or of the value, follow; 0 by default, up to 24. */
  readonly run?: number
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

/** Puts a text together: `{hex:32}` and the like are filled in, differently each time. */
export type Fill = (form: string) => string
/** A text with forms, or what puts one together; a file where the path counts. */
export type Sample =
  | string
  | ((fill: Fill) => string)
  | { readonly path: string; readonly text: string | ((fill: Fill) => string) }

/** What is said of a kind of credential. */
export interface About {
  /** In words, stable: `github-token`. */
  readonly id: string
  /** Who gives it out, or the program that reads it. */
  readonly issuer: string
  /** What it is called in a sentence: `GitHub token`. */
  readonly title: string
  /** What whoever holds it can do or read. */
  readonly opens: string
  /** What to do with a leaked one, in the imperative. */
  readonly revoke: string
  /** What to do in the build, in the imperative, where a build secret is no answer: no build needs it. */
  readonly instead?: string
  /** The vendor's page on it. */
  readonly docs: string
  /** How a match is told from text that looks like one, beyond its form. */
  readonly proof?: string
  /** What must be found; tests try each. */
  readonly examples: readonly Sample[]
  /** What looks like it and must stay quiet. */
  readonly quiet?: readonly Sample[]
}

/** What a match says of its kind. */
export interface SecretKind extends About {
  readonly strength: Strength
  /** A password or another value that could be guessed: it is never shown, not even in part, and gets no hash. */
  readonly guessable?: boolean
  /** Yields to any other detector that matches the same characters. */
  readonly generic?: boolean
  /** No secret: a sign of a compromise, which a rule of its own tells. */
  readonly isIndicator?: boolean
  /** Only the name beside the value tells whose it is: it yields to a form that only its issuer uses. */
  readonly context?: boolean
}

/** A kind of credential that is told by its text. */
export interface Detector extends SecretKind {
  /** How it is written, for people; null where no form says it all. */
  readonly forms?: readonly string[]
  /** Search starts here; each at least three bytes. */
  readonly literals: readonly (string | LiteralSpec)[]
  /**
   * Names of the issuer in lower case. Where a value of 16 or more characters is assigned to what is called a key, token or
   * the like, search starts at such a name in front of it.
   */
  readonly names?: readonly string[]
  /**
   * Sticky pattern that is tried where the literal starts. It may look back (`(?<=…)`) up to 96 characters. The value is the
   * group `before` (looked back at) followed by the group `value`, else by the whole match.
   */
  readonly pattern: RegExp
  /** No letter, digit or `_` may stand before the value, but for an escape (`\n`, `%3D`) or a length byte. */
  readonly alone?: boolean
  /** Characters, by their codes, that do not stand in front of the literal. */
  readonly notAfter?: readonly number[]
  /** The value begins in front of the literal: where it stands alone is known only with the match. */
  readonly looksBack?: boolean
  /** The pattern without its right border, where a checksum tells a token that touches other text: names, the bytes of a program. */
  readonly glued?: RegExp
  /** Characters behind the literal that the pattern and check may see; 256 by default, up to 16,384. */
  readonly window?: number
  readonly check?: (found: Found) => Checked | null
}

/** A value in a file, before the scanner gives it its place. */
export interface FileValue extends Checked {
  readonly value: string
  /** Characters from the start of the text to the value. */
  readonly at: number
}

/** A kind of credential that is told by the file that holds it: its name decides, its text is parsed. */
export interface FileDetector extends SecretKind {
  /** Base names in lower case, and endings that start with `.`, of the files that are read. */
  readonly names: readonly string[]
  /** What the whole path must look like too. */
  readonly path?: RegExp
  /** Finds the values; `text` is the start of the file, 8 MiB at most, as latin1: no step may be more than linear. */
  readonly parse: (text: string, path: string) => Iterable<FileValue>
}
