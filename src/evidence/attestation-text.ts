// An attestation as text to search: every key and string of its JSON with the name of its field, so that a match tells where it
// stands. Provenance holds build arguments, environments of commands and the Dockerfile itself.
import type { Attestation } from '../image/attestation.ts'
import { fieldName, type JsonPath, jsonText, plainText, type Rewrite } from './json-text.ts'

export interface AttestationText {
  readonly predicateType: string
  readonly text: string
  /** Offsets in bytes at which a value stands in `text`. */
  find(value: string): Generator<number>
  /** The field whose text stands at an offset in bytes, and the line in it, from 1. */
  locate(offset: number): { readonly field: string; readonly line: number }
}

const PLAIN_KEY = /^[\w-]+$/

/** Asked for what does not belong: a pattern over all of a long text needs a stack as long. */
const isBase64 = (value: string): boolean => value.length >= 4 && !/[^A-Za-z0-9+/_=\s-]/.test(value)

/** The files that a provenance holds in base64 are read as text. */
const withFiles: Rewrite = (path, value) =>
  isBase64(value) && /\binfos\[\d+\]\.data$/.test(nameOf(path()))
    ? Buffer.from(value, 'base64').toString('utf8')
    : value

/** Fields of a statement are told as those of its predicate. */
const nameOf = (path: JsonPath): string =>
  fieldName(path[0] === 'predicate' && path.length > 1 ? path.slice(1) : path, PLAIN_KEY)

/** A statement, and the envelope of a signed one: what else it says, such as the ids of keys. */
export function attestationTexts({ predicateType, document, envelope, statement }: Attestation): AttestationText[] {
  const texts = [
    // What is no JSON is searched as it is stored: as one text without a field.
    ...(document === null
      ? []
      : [
          statement === undefined
            ? plainText(document.toString('utf8'))
            : jsonText(document.toString('utf8'), withFiles),
        ]),
    ...(envelope === null ? [] : [jsonText(envelope.toString('utf8'), withoutPayload)]),
  ]
  return texts.map(({ text, find, locate }) => ({
    predicateType,
    text,
    find,
    locate: (offset) => {
      const { path, line } = locate(offset)
      return { field: nameOf(path), line }
    },
  }))
}

/** The payload is the statement; what is not its base64 alone is searched as it stands, too. */
const withoutPayload: Rewrite = (path, value) => {
  const [key, ...below] = path()
  return key === 'payload' && below.length === 0 && isBase64(value) && !/=[^=\s]/.test(value) ? null : value
}
