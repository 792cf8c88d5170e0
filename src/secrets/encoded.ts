// Text in another form inside a window: UTF-16 made narrow, base64 joined over line breaks, and whether it can be text at all.
import type { Kernel } from './prefilter/kernel.ts'

/** Groups of three bytes: shorter text holds no credential. */
const MIN_DECODED_QUADS = 7
/** Parts of one base64 text are at most this far apart: a line break and its indentation. */
const MAX_GAP = 14

/** The first of four base64 characters, where the bytes they stand for begin with printable text, a tab or a line break. */
const STARTS_TEXT = Uint8Array.from({ length: 256 }, (_, c) => (/[C-Za-f]/.test(String.fromCharCode(c)) && !/[EFGH]/.test(String.fromCharCode(c)) ? 1 : 0))

/** Whether from `skip` on, `MIN_DECODED_QUADS` groups of four characters in a row can stand for text. */
function mayBeText(text: (index: number) => number, length: number, skip: number): boolean {
  let run = 0
  for (let i = skip; i < length; i += 4) {
    run = STARTS_TEXT[text(i)] === 1 ? run + 1 : 0
    if (run >= MIN_DECODED_QUADS) return true
  }
  return false
}

/**
 * Where the groups of four may begin in a base64 text whose first characters may not belong to it. None for a hash, a path
 * or a symbol name, which decode to no text, nor to the structure that a DER key begins with.
 */
export function alignments(text: string): number[] {
  const found = [0, 1, 2, 3].filter((skip) => mayBeText((index) => text.charCodeAt(index), text.length, skip))
  return /^M[ICH]/.test(text) && !found.includes(0) ? [0, ...found] : found
}

export function narrow(bytes: Buffer, bigEndian: boolean): Buffer {
  const text = Buffer.alloc(bytes.length >> 1)
  for (let i = 0; i < text.length; i++) text[i] = bytes[2 * i + (bigEndian ? 1 : 0)] ?? 0
  return text
}

/** Base64 texts of a window: runs, those that a line break parts joined. */
export function base64Texts(kernel: Kernel, from: number, length: number): { position: number; length: number; text: string }[] {
  const runs: { start: number; end: number }[] = []
  kernel.base64Runs(length, (position, run) => runs.push({ start: position, end: position + run }))
  const texts: { position: number; length: number; text: string }[] = []
  const { window } = kernel
  for (let i = 0; i < runs.length; i++) {
    const first = runs[i]
    if (first === undefined) continue
    const continues = first.end < length && (window[first.end] === 10 || window[first.end] === 13 || window[first.end] === 92)
    if (!continues && window[first.start] !== 77 && ![0, 1, 2, 3].some((skip) => mayBeText((index) => window[first.start + index] ?? 0, first.end - first.start, skip))) continue
    let end = first.end
    let text = window.toString('latin1', first.start, end)
    let joined = false
    for (;;) {
      const rest = /^(?:\\n|\\r|[\s"'+]){1,14}(?=[A-Za-z0-9+/=])/.exec(window.toString('latin1', end, Math.min(length, end + MAX_GAP + 1)))
      if (rest === null) break
      const next = runs[i + 1]
      const at = end + rest[0].length
      if (next !== undefined && next.start === at) {
        text += window.toString('latin1', next.start, next.end)
        end = next.end
        i++
        joined = true
        continue
      }
      // The last line of a block is shorter than a run.
      const tail = joined || first.end - first.start >= 60 ? /^[A-Za-z0-9+/_-]{1,80}/.exec(window.toString('latin1', at, Math.min(length, at + 80)))?.[0] : undefined
      if (tail !== undefined) {
        text += tail
        end = at + tail.length
      }
      break
    }
    if (end > from) texts.push({ position: first.start, length: end - first.start, text })
  }
  return texts
}
