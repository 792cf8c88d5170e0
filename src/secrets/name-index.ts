// Names of issuers, found in the few dozen bytes in front of a value that is assigned to a key or token. There are hundreds
// of names: to search all bytes for them would cost more than the whole of the rest.
import { isDrawn } from './checks.ts'
import type { Detector, LiteralSpec } from './detector.ts'

/** What a value is called that a name in front of it may tell; each with an assignment behind it. */
export const TRIGGERS: readonly LiteralSpec[] = [
  'key',
  'token',
  'secret',
  'passw',
  'auth',
  'api',
  '_pat',
  'cred',
  'login',
].map((text) => ({
  text,
  ignoreCase: true,
  assignment: true,
  run: 16,
}))

/** Bytes in front of the trigger that may hold the name. */
const REACH = 48
/** Shortest value. */
const MIN_LENGTH = 16

const fold = (c: number): number => (c >= 65 && c <= 90 ? c | 32 : c)
const isToken = (c: number): boolean =>
  (c >= 48 && c <= 57) ||
  (c >= 65 && c <= 90) ||
  (c >= 97 && c <= 122) ||
  c === 35 ||
  c === 37 ||
  c === 38 ||
  c === 43 ||
  c === 45 ||
  c === 46 ||
  c === 47 ||
  c === 58 ||
  c === 61 ||
  c === 92 ||
  c === 95

/** Bytes of the value that are looked at. */
const SEEN = 64

/** Whether what is assigned can be a token: its characters, and a digit or letters that are no words among the first ones. */
function mayBeToken(window: Buffer, from: number, length: number): boolean {
  let [end, digits] = [from, 0]
  for (const limit = from + Math.min(length, SEEN); end < limit; end++) {
    const c = window[end] ?? 0
    if (!isToken(c)) break
    if (c >= 48 && c <= 57) digits++
  }
  return end - from >= MIN_LENGTH && (digits > 0 || isDrawn(window.toString('latin1', from, end)))
}

const isUpper = (c: number): boolean => c >= 65 && c <= 90
const isLower = (c: number): boolean => c >= 97 && c <= 122
const BACKSLASH = 92
const PERCENT = 37

/** Whether a word starts here: behind a sign or digit, at a hump (`accessKey`, `AWSKey`), or behind an escape (`\\n`, `%3D`). */
function startsWord(window: Buffer, at: number): boolean {
  const [before, first] = [window[at - 1] ?? 0, window[at] ?? 0]
  if (!isUpper(before) && !isLower(before)) return true
  if (isUpper(first) && (isLower(before) || isLower(window[at + 1] ?? 0))) return true
  return (
    window[at - 2] === BACKSLASH ||
    window[at - 3] === PERCENT ||
    (window[at - 6] === BACKSLASH && window[at - 5] === 117)
  )
}

export class NameIndex {
  readonly #byStart = new Map<number, { readonly bytes: Buffer; readonly detector: Detector }[]>()

  constructor(detectors: readonly Detector[]) {
    for (const detector of detectors) {
      for (const name of detector.names ?? []) {
        const bytes = Buffer.from(name, 'latin1')
        const start = NameIndex.#key(bytes, 0)
        this.#byStart.set(start, [...(this.#byStart.get(start) ?? []), { bytes, detector }])
      }
    }
  }

  static #key(bytes: Buffer, at: number): number {
    return (fold(bytes[at] ?? 0) << 16) | (fold(bytes[at + 1] ?? 0) << 8) | fold(bytes[at + 2] ?? 0)
  }

  /** Calls back for each name in front of a value, with its place in the window. */
  find(
    window: Buffer,
    trigger: number,
    value: number,
    length: number,
    onName: (detector: Detector, position: number) => void,
  ): void {
    if (!mayBeToken(window, value, length)) return
    for (let at = Math.max(0, trigger - REACH); at < value; at++) {
      for (const { bytes, detector } of this.#byStart.get(NameIndex.#key(window, at)) ?? []) {
        let same = 3
        while (same < bytes.length && fold(window[at + same] ?? 0) === bytes[same]) same++
        if (same === bytes.length && startsWord(window, at)) onName(detector, at)
      }
    }
  }
}
