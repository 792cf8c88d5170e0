// What may be derived from a layer's bytes beyond the bytes themselves: members of archives inside it. The budget bounds
// it; what the budget left out is listed.

import zlib from 'node:zlib'
import { type Entry, fromBuffer, type ZipFile } from 'yauzl'
import type { Limits } from '../limits.ts'

/** Unpacked bytes for each packed byte, once there are more than `RATIO_FLOOR`. */
const MAX_RATIO = 200
const RATIO_FLOOR = 16 << 20
/** Zip archives are held in memory; larger ones are left out. */
export const MAX_ZIP = 96 << 20
/** Members of a zip that are inflated at once. */
const MAX_MEMBER = 64 << 20

export type Packing = 'gzip' | 'zstd' | 'zip' | 'tar'

/** Archives that are recognised and not opened. */
const CLOSED: readonly (readonly [RegExp, string])[] = [
  [/^\xfd7zXZ\0/, 'xz'],
  [/^BZh[1-9]1AY&SY/, 'bzip2'],
  [/^7z\xbc\xaf\x27\x1c/, '7z'],
  [/^Rar!\x1a\x07/, 'rar'],
]

/** Tells an archive by its first bytes. */
export function packingOf(head: Buffer): Packing | { readonly closed: string } | null {
  if (head[0] === 0x1f && head[1] === 0x8b && head[2] === 8) return 'gzip'
  if (head.length > 4 && head.readUInt32LE(0) === 0xfd2fb528) return 'zstd'
  if (head.length > 4 && head.readUInt32LE(0) === 0x04034b50) return 'zip'
  if (head.length >= 512 && head.toString('latin1', 257, 262) === 'ustar') return 'tar'
  const start = head.toString('latin1', 0, 10)
  const closed = CLOSED.find(([magic]) => magic.test(start))
  return closed === undefined ? null : { closed: closed[1] }
}

/** The budget of one layer. */
export class NestedBudget {
  /** Archives in archives in archives: how deep. */
  readonly depth: number
  /** Bytes that all archives of one layer may unpack to. */
  readonly #bytes: number
  #left: number

  constructor(limits: Limits) {
    this.depth = limits['nested-depth']
    this.#bytes = limits['nested-bytes']
    this.#left = this.#bytes
  }

  /**
   * Takes unpacked bytes off the budget.
   * @param packed bytes read from this archive so far
   * @param unpacked bytes it gave so far, these included
   * @returns why to stop, or null
   */
  spend(bytes: number, packed: number, unpacked: number): string | null {
    this.#left -= bytes
    if (this.#left < 0) return `the archives of this layer unpack to more than ${this.#bytes} bytes`
    if (unpacked > RATIO_FLOOR && unpacked > packed * MAX_RATIO) return `it unpacks to more than ${MAX_RATIO} times its size`
    return null
  }

  /** How many bytes may still be unpacked. */
  get left(): number {
    return Math.max(0, this.#left)
  }
}

/** Opens a zip that is in memory and hands its members to `onMember`, one after the other. Rejects when it is damaged. */
export async function eachZipMember(bytes: Buffer, budget: NestedBudget, onMember: (name: string, content: Buffer | null, reason: string) => Promise<void>): Promise<void> {
  const zip = await new Promise<ZipFile>((resolve, reject) => {
    // Names are only shown: those that point outside are no danger here, and must not stop the reading.
    fromBuffer(bytes, { lazyEntries: true, decodeStrings: false, validateEntrySizes: false }, (error, file) => (error ? reject(error) : resolve(file)))
  })
  let unpacked = 0
  await new Promise<void>((resolve, reject) => {
    const member = async (entry: Entry): Promise<void> => {
      const name = Buffer.from(entry.fileName as unknown as Buffer).toString('utf8')
      if (name.endsWith('/')) return
      if (entry.generalPurposeBitFlag & 1) return onMember(name, null, 'it is encrypted')
      if (entry.compressionMethod !== 0 && entry.compressionMethod !== 8) return onMember(name, null, `its compression (method ${entry.compressionMethod}) is not supported`)
      const start = await new Promise<number>((done, fail) => {
        zip.readLocalFileHeader(entry, { minimal: true }, (error, header) => (error ? fail(error) : done(header.fileDataStart)))
      })
      const packed = bytes.subarray(start, start + entry.compressedSize)
      let content = packed
      if (entry.compressionMethod === 8) {
        try {
          content = zlib.inflateRawSync(packed, { maxOutputLength: Math.max(1, Math.min(MAX_MEMBER, budget.left)) })
        } catch (error) {
          const tooLarge = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
          return onMember(name, null, tooLarge ? `it unpacks to more than ${Math.min(MAX_MEMBER, budget.left)} bytes` : 'it does not decompress')
        }
      }
      unpacked += content.length
      const stop = budget.spend(content.length, bytes.length, unpacked)
      if (stop !== null) throw new Error(stop)
      await onMember(name, content, '')
    }
    zip.on('entry', (entry: Entry) => {
      member(entry).then(() => zip.readEntry(), reject)
    })
    zip.on('end', resolve)
    zip.on('error', reject)
    zip.readEntry()
  })
}
