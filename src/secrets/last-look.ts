// The last line of defence: what leaves the program is searched once more for tokens and keys of issuers, which nobody can guess and
// which stand nowhere by chance. What a run knows is hidden before, in its own data; this finds what it did not look for:
// the words of an error, a name, an argument.
import { GateError } from '../error.ts'
import type { Catalogue } from './catalogue.ts'
import type { SecretKind } from './detector.ts'
import type { SecretMatch } from './match.ts'
import { type KnownValue, Redactor, wordsBefore } from './redact.ts'
import { processScanner, type Scanner } from './scanner.ts'

/** An issuer gave it out and its form tells: no word, no password, nothing that only its name tells. */
export const isIssued = ({ generic, guessable, context }: SecretKind): boolean =>
  generic !== true && guessable !== true && context !== true

/** What the redactor has to know of a match in a text. */
export function knownValues(
  catalogue: Catalogue,
  { detector, value, companion, facts }: SecretMatch,
  text: string | null,
): KnownValue[] {
  const guessable = catalogue.kindOf(detector).guessable === true
  const name = facts['name']
  const after = [
    ...(name === undefined ? [] : [name.toLowerCase()]),
    ...(text === null || !guessable ? [] : wordsBefore(text, value)),
  ]
  return [{ value, guessable, after }, ...(companion === null ? [] : [{ value: companion, guessable, after }])]
}

/** All values that stand in a text. */
export const valuesIn = (scanner: Scanner, text: string): KnownValue[] =>
  scanner.scanText(text).flatMap((match) => knownValues(scanner.catalogue, match, text))

/** The tokens and keys of issuers in a text. */
export const tokensIn = (scanner: Scanner, text: string): KnownValue[] =>
  scanner
    .scanText(text)
    .filter(
      ({ detector, strength }) =>
        isIssued(scanner.catalogue.kindOf(detector)) && (strength === 'proven' || strength === 'likely'),
    )
    .flatMap((match) => knownValues(scanner.catalogue, match, text))

/** Shorter texts hold no token. */
const MIN_TEXT = 12

/** Adds all strings of plain data, names of fields too. */
function collectTexts(value: unknown, found: Set<string>): void {
  if (typeof value === 'string') {
    if (value.length >= MIN_TEXT) found.add(value)
  } else if (Array.isArray(value)) for (const item of value) collectTexts(item, found)
  else if (value instanceof Map) for (const pair of value) collectTexts(pair, found)
  else if (typeof value === 'object' && value !== null)
    for (const [key, item] of Object.entries(value)) {
      collectTexts(key, found)
      collectTexts(item, found)
    }
}

/** A redactor that also knows the tokens in data that is about to be shown. */
export function learned(redactor: Redactor, scanner: Scanner, ...data: readonly unknown[]): Redactor {
  const texts = new Set<string>()
  collectTexts(data, texts)
  return redactor.with(tokensIn(scanner, [...texts].join('\n')))
}

const finder = (text: string): KnownValue[] => tokensIn(processScanner(), text)

/** The redactor of what no run has read: it knows no values, and finds the tokens in what it cuts. */
export const plainRedactor = (): Redactor => new Redactor([], finder)

/** Shortens a text that no run knows, such as the words of an engine: tokens in it are hidden first. */
export const cutText: Redactor['cut'] = (text, most, from) => plainRedactor().cut(text, most, from)

/**
 * A text as it may be written.
 * @param render writes data as JSON: its structure stays whatever is hidden in it; null for a text
 * @throws GateError when a token cannot be hidden: then nothing is written
 */
export function sealed(text: string, render: ((data: unknown) => string) | null = null): string {
  const found = finder(text)
  if (found.length === 0) return text
  const redactor = new Redactor(found)
  const result = render === null ? redactor.text(text) : render(redactor.data(JSON.parse(text)))
  if (finder(result).length > 0)
    throw new GateError(
      'internal',
      'a token would have been printed that could not be hidden: nothing is written. This is a fault of Layergate: please report it without the token.',
    )
  return result
}
