// An attestation as text to search: every string of its JSON on lines of its own, with the name of its field, so that a
// match tells where it stands. Provenance holds build arguments, environments of commands and the Dockerfile itself.
import type { Attestation } from '../image/attestation.ts'

export interface AttestationText {
  readonly predicateType: string
  readonly text: string
  /** Offsets in bytes at which a value stands in `text`. */
  find(value: string): Generator<number>
  /** The field whose text stands at an offset in bytes, and the line in it, from 1. */
  locate(offset: number): { readonly field: string; readonly line: number }
}

/** Strings of one document; an SBOM of a large image has some ten thousand. */
const MAX_STRINGS = 500_000
const MAX_DEPTH = 64
const LINE_FEED = 10
const PLAIN_KEY = /^[\w-]+$/

interface Leaf {
  readonly field: string
  readonly name: string
  /** null for what is nested too deep to be followed. */
  readonly value: string | null
}

function* leavesOf(value: unknown, field: string, name: string, depth: number): Generator<Leaf> {
  if (typeof value === 'string') {
    yield { field, name, value }
    return
  }
  if (typeof value !== 'object' || value === null) return
  if (depth > MAX_DEPTH) {
    yield { field, name: '', value: null }
    return
  }
  for (const [key, item] of Object.entries(value)) {
    const own = Array.isArray(value) ? `${field}[${key}]` : PLAIN_KEY.test(key) ? (field === '' ? key : `${field}.${key}`) : `${field}[${JSON.stringify(key)}]`
    // A key can hold a value too: `//registry/:_authToken=…`.
    yield* leavesOf(item, own, Array.isArray(value) ? '' : key.replace(/^build-arg:/, ''), depth + 1)
  }
}

/** The files that a provenance holds in base64, read as text. */
const decoded = ({ field, value }: Leaf): string | null => (value !== null && /\binfos\[\d+\]\.data$/.test(field) ? Buffer.from(value, 'base64').toString('utf8') : null)

/** @returns null for a document that could not be read at all */
export function attestationText({ predicateType, document, statement }: Attestation): AttestationText | null {
  if (document === null) return null
  const raw = document.toString('utf8')
  // What is no JSON is searched as it is stored: as one text without a field.
  const root = typeof statement === 'object' && statement !== null && 'predicate' in statement ? statement.predicate : (statement ?? raw)
  const starts: number[] = []
  const fields: string[] = []
  const parts: string[] = []
  let offset = 0
  let count = 0
  const add = (field: string, text: string): void => {
    starts.push(offset)
    fields.push(field)
    parts.push(text)
    offset += Buffer.byteLength(text) + 1
  }
  for (const leaf of leavesOf(root, '', '', 0)) {
    if (count++ >= MAX_STRINGS || leaf.value === null) {
      // Whatever is left is searched as it is stored.
      add('', raw)
      break
    }
    const file = decoded(leaf)
    add(leaf.field, file ?? (leaf.name === '' || leaf.value.includes('\n') ? leaf.value : `${leaf.name}=${leaf.value}`))
  }
  const text = parts.join('\n')
  const bytes = Buffer.from(text)
  return {
    predicateType,
    text,
    *find(value) {
      const wanted = Buffer.from(value)
      for (let at = bytes.indexOf(wanted); at !== -1; at = bytes.indexOf(wanted, at + wanted.length)) yield at
    },
    locate: (position) => {
      let [low, high] = [0, starts.length - 1]
      while (low < high) {
        const middle = Math.ceil((low + high) / 2)
        if ((starts[middle] ?? 0) <= position) low = middle
        else high = middle - 1
      }
      return { field: fields[low] ?? '', line: bytes.subarray(starts[low] ?? 0, position).filter((byte) => byte === LINE_FEED).length + 1 }
    },
  }
}
