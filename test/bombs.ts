// Packings of megabytes of zeros, put together instead of compressed: a piece that is compressed once is repeated.
import zlib from 'node:zlib'
import type { PackedMember } from './zip.ts'

const MEGABYTE = Buffer.alloc(1 << 20)
/** A piece that may stand any number of times in a row. */
const PIECE = zlib.deflateRawSync(MEGABYTE, { level: 9, finishFlush: zlib.constants.Z_FULL_FLUSH })
/** An empty last block. */
const END = Buffer.from([3, 0])

const zeros = (megabytes: number): Buffer => Buffer.concat([...Array.from({ length: megabytes }, () => PIECE), END])

function crcOf(megabytes: number): number {
  let crc = 0
  for (let i = 0; i < megabytes; i++) crc = zlib.crc32(MEGABYTE, crc)
  return crc
}

/** What `zip` takes for a member that is packed already. */
export const zerosMember = (megabytes: number): PackedMember => ({
  packed: zeros(megabytes),
  crc: crcOf(megabytes),
  size: megabytes << 20,
})

export function gzipBomb(megabytes: number): Buffer {
  const trailer = Buffer.alloc(8)
  trailer.writeUInt32LE(crcOf(megabytes))
  trailer.writeUInt32LE(megabytes << 20, 4)
  return Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]), zeros(megabytes), trailer])
}

export function zlibBomb(megabytes: number): Buffer {
  const trailer = Buffer.alloc(4)
  // Adler-32 of zeros: the second sum counts the bytes.
  trailer.writeUInt16BE((megabytes << 20) % 65_521)
  trailer.writeUInt16BE(1, 2)
  return Buffer.concat([Buffer.from([0x78, 0xda]), zeros(megabytes), trailer])
}
