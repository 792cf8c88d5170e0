// The fields of a tar header block, as Go's archive/tar reads them, since every engine reads layers with it. What it refuses, or
// what others read in another way, has no value here. https://pkg.go.dev/archive/tar
import { decodeName } from './path.ts'

export const BLOCK = 512

/** Bytes up to the first zero. */
function field(block: Buffer, from: number, length: number): Buffer {
  const end = block.indexOf(0, from)
  return block.subarray(from, end === -1 || end > from + length ? from + length : end)
}

/** A name; see `decodeName` for bytes that are no UTF-8. */
export const nameField = (block: Buffer, from: number, length: number): string => decodeName(field(block, from, length))

/** An octal or base-256 number; null where it is none, or readers differ on it. */
export function numberField(block: Buffer, from: number, length: number): number | null {
  if (((block[from] ?? 0) & 0x80) !== 0) {
    if (block[from] !== 0x80) return null
    let sum = 0
    for (let i = from + 1; i < from + length; i++) sum = sum * 256 + (block[i] ?? 0)
    return Number.isSafeInteger(sum) ? sum : null
  }
  const end = from + length
  let at = from
  const pad = block[at]
  if (pad === 32 || pad === 0) while (at < end && block[at] === pad) at++
  let sum = 0
  for (; at < end; at++) {
    const digit = (block[at] ?? 0) - 48
    if (digit < 0 || digit > 7) break
    sum = sum * 8 + digit
  }
  for (; at < end; at++) if (block[at] !== 32 && block[at] !== 0) return null
  return Number.isSafeInteger(sum) ? sum : null
}

/** Where a header has its checksum. */
const SUM = 148
const SUM_END = 156

/** The sum of a header's bytes, its own field taken for blanks. */
export function checksum(block: Buffer): number {
  let sum = (SUM_END - SUM) * 32
  for (let i = 0; i < SUM; i++) sum += block[i] ?? 0
  for (let i = SUM_END; i < BLOCK; i++) sum += block[i] ?? 0
  return sum
}

/** The same of signed bytes, as old archives have it. */
export const signedChecksum = (block: Buffer): number =>
  block.reduce((sum, byte, at) => (byte > 127 && (at < SUM || at >= SUM_END) ? sum - 256 : sum), checksum(block))

/** Whether bytes are zeros alone. */
export function isZero(bytes: Buffer, from = 0, to = bytes.length): boolean {
  for (let i = from; i < to; i++) if (bytes[i] !== 0) return false
  return true
}

/** Writes the checksum anew. */
export function sign(block: Buffer): void {
  block.write(`${checksum(block).toString(8).padStart(6, '0')}\0 `, SUM, 'latin1')
}

/** What stands in front of the name; null where Go takes old GNU times for it and others do not. */
export function prefixField(block: Buffer): string | null {
  const magic = block.toString('latin1', 257, 265)
  if (magic.startsWith('ustar\0')) {
    const isStar = block.toString('latin1', 508, 512) === 'tar\0'
    // star keeps times behind 131 bytes of it.
    return isStar && block[345 + 130] !== 0 ? null : nameField(block, 345, 155)
  }
  if (magic !== 'ustar  \0') return ''
  const isTime = (at: number): boolean =>
    block[at] === 0 || ((block[at] ?? 0) & 0x80) !== 0 || numberField(block, at, 12) !== null
  return isTime(345) && isTime(357) ? '' : null
}

/** The records of an extended header by their keys; null for one that Go refuses. */
export function paxRecords(data: Buffer): Map<string, string> | null {
  const records = new Map<string, string>()
  for (let at = 0; at < data.length; ) {
    const space = data.indexOf(32, at)
    const digits = space === -1 || space - at > 9 ? '' : data.toString('latin1', at, space)
    const end = at + (/^\d+$/.test(digits) ? Number(digits) : 0)
    if (end - at < 5 || end > data.length || end <= space + 1 || data[end - 1] !== 10) return null
    const equals = data.indexOf(61, space + 1)
    if (equals === -1 || equals >= end - 1 || equals === space + 1) return null
    const key = data.toString('utf8', space + 1, equals)
    const value = data.subarray(equals + 1, end - 1)
    if (key.includes('\0') || (/^(?:path|linkpath|uname|gname)$/.test(key) && value.includes(0))) return null
    records.set(key, key === 'path' || key === 'linkpath' ? decodeName(value) : value.toString('utf8'))
    at = end
  }
  return records
}
