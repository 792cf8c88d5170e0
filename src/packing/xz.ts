// xz by the WebAssembly of xz-decompress (xz-embedded), driven step by step: its own stream holds one lock for all contents and
// does not tell what stands behind the data. The headers of a stream say where it ends.
//
// https://tukaani.org/xz/xz-file-format.txt
import zlib from 'node:zlib'
import xzPackage from 'xz-decompress'
import { type Feed, PackingError, UnsupportedPacking } from './feed.ts'

/** What a dictionary may take; the decoder refuses more. */
const MAX_DICTIONARY = 64 << 20
/** Bytes of a block's check, by its type. */
const CHECK_SIZES = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64]
/** Checks that the decoder knows: none, CRC32, CRC64. */
const KNOWN_CHECKS = [0, 1, 4]
const WITHOUT_CHECK = Buffer.from('fd377a585a000000ff12d941', 'hex')
const FILTERS: Readonly<Record<number, string>> = {
  3: 'delta',
  4: 'x86',
  5: 'PowerPC',
  6: 'Itanium',
  7: 'ARM',
  8: 'ARM Thumb',
  9: 'SPARC',
  10: 'ARM64',
  11: 'RISC-V',
}
const LZMA2 = 0x21

/** Whether a stream starts here: its header of 12 bytes has a checksum. */
export const isXz = (head: Buffer): boolean =>
  head.length >= 12 &&
  head.toString('latin1', 0, 6) === '\xfd7zXZ\0' &&
  zlib.crc32(head.subarray(6, 8)) === head.readUInt32LE(8)

const broken = (): PackingError => new PackingError('unexpected end of file')

/** Told how much memory a block takes; throws when that is too much. */
export type OnDictionary = (bytes: number) => void

async function all(feed: Feed, length: number): Promise<Buffer> {
  const bytes = await feed.take(length)
  if (bytes.length < length) throw broken()
  return bytes
}

/** A number of seven bits a byte, the lowest first. */
function number(bytes: Buffer, at: number): { readonly value: number; readonly end: number } {
  let [value, weight, end] = [0, 1, at]
  for (; ; weight *= 128) {
    const byte = bytes[end++]
    if (byte === undefined || end - at > 9) throw new PackingError('a header is damaged')
    value += (byte & 127) * weight
    if (byte < 128) return { value, end }
  }
}

/** Looks at the filters of a block. @returns the size of its dictionary in bytes */
function dictionaryOf(header: Buffer): number {
  const flags = header[1] ?? 0
  let at = 2
  for (const flag of [0x40, 0x80]) if ((flags & flag) !== 0) at = number(header, at).end
  const id = number(header, at)
  if (id.value !== LZMA2)
    throw new UnsupportedPacking(`its filter (${FILTERS[id.value] ?? `number ${id.value}`}) is not supported`)
  const bits = header[number(header, id.end).end] ?? 0
  return bits >= 40 ? 2 ** 32 : (2 + (bits & 1)) * 2 ** ((bits >> 1) + 11)
}

/** The chunks of one block's data, which ends with a zero byte. @returns bytes */
async function* blockData(feed: Feed): AsyncGenerator<Buffer, number> {
  for (let size = 0; ; ) {
    const control = (await feed.peek(1))[0]
    if (control === undefined) throw broken()
    if (control === 0) {
      yield await feed.take(1)
      return size + 1
    }
    if (control > 2 && control < 128) throw new PackingError('its data is damaged')
    const headerLength = control < 128 ? 3 : control < 192 ? 5 : 6
    const header = await feed.peek(headerLength)
    if (header.length < headerLength) throw broken()
    const length = headerLength + header.readUInt16BE(control < 128 ? 1 : 3) + 1
    yield await all(feed, length)
    size += length
  }
}

/** The index behind the blocks, and the footer. */
async function* tail(feed: Feed): AsyncGenerator<Buffer> {
  let [size, left, ended] = [1, -1, false]
  yield await all(feed, 1)
  while (!ended) {
    const bytes: number[] = []
    do bytes.push((await all(feed, 1))[0] ?? 0)
    while ((bytes.at(-1) ?? 0) >= 128)
    const encoded = Buffer.from(bytes)
    yield encoded
    size += encoded.length
    left = left === -1 ? number(encoded, 0).value * 2 : left - 1
    ended = left === 0
  }
  yield await all(feed, ((4 - (size % 4)) % 4) + 4 + 12)
}

/** The bytes of one stream. Where the decoder does not know its check, the check is left out. */
async function* oneStream(feed: Feed, onDictionary: OnDictionary): AsyncGenerator<Buffer> {
  const start = await all(feed, 12)
  if (!isXz(start)) throw new PackingError('its header is damaged')
  const check = (start[7] ?? 0) & 15
  const isKnown = KNOWN_CHECKS.includes(check)
  yield isKnown ? start : WITHOUT_CHECK
  for (;;) {
    const size = (await feed.peek(1))[0]
    if (size === undefined) throw broken()
    if (size === 0) break
    const header = await all(feed, (size + 1) * 4)
    const dictionary = dictionaryOf(header)
    if (dictionary > MAX_DICTIONARY)
      throw new UnsupportedPacking(`it takes more than ${MAX_DICTIONARY} bytes of memory`)
    onDictionary(dictionary)
    yield header
    const length = yield* blockData(feed)
    yield await all(feed, (4 - (length % 4)) % 4)
    const sum = await all(feed, CHECK_SIZES[check] ?? 0)
    if (isKnown) yield sum
  }
  for await (const piece of tail(feed)) if (isKnown) yield piece
}

interface Exports {
  readonly memory: WebAssembly.Memory
  create_context(): number
  destroy_context(context: number): void
  supply_input(context: number, length: number): void
  get_next_output(context: number): number
}

/** Words at the start of a context: the size of its two buffers, and for each where it lies, what is done and what is there. */
const [SIZE, INPUT, INPUT_AT, INPUT_SIZE, OUTPUT, OUTPUT_AT] = [0, 1, 2, 3, 4, 5]

let loading: Promise<Exports> | null = null

/** The package hands out a stream alone; the module that it has loaded stands beside it. */
async function load(): Promise<Exports> {
  const { XzReadableStream } = xzPackage as unknown as {
    XzReadableStream: {
      _getModuleInstance(): Promise<void>
      _moduleInstance: { exports: Readonly<Record<string, unknown>> }
    }
  }
  await XzReadableStream._getModuleInstance()
  const { exports } = XzReadableStream._moduleInstance
  const known: Readonly<Record<string, unknown>> = exports
  for (const name of ['create_context', 'destroy_context', 'supply_input', 'get_next_output']) {
    if (typeof known[name] !== 'function')
      throw new Error(`xz-decompress has no ${name}: it is of another version than this program was built with.`)
  }
  return exports as unknown as Exports
}

/**
 * Decodes all streams and the zeros that may pad them; what stands behind is left in the feed.
 * @throws PackingError when one breaks off or does not decode
 */
export async function* unxz(feed: Feed, onDictionary: OnDictionary = () => {}): AsyncGenerator<Buffer> {
  loading ??= load()
  const wasm = await loading
  do {
    const context = wasm.create_context()
    if (context === 0) throw new PackingError('there is no memory left for it')
    try {
      for await (const bytes of oneStream(feed, onDictionary)) {
        for (let at = 0; at < bytes.length; ) at += yield* step(wasm, context, bytes.subarray(at))
      }
    } finally {
      wasm.destroy_context(context)
    }
    if ((await feed.peek(4)).equals(Buffer.alloc(4))) await feed.skipZeros()
  } while (isXz(await feed.peek(12)))
}

/** Hands bytes to the decoder until it has taken them. @returns how many */
function* step(wasm: Exports, context: number, bytes: Buffer): Generator<Buffer, number> {
  // The memory may grow, and its buffer change, with every call.
  const words = (): Uint32Array => new Uint32Array(wasm.memory.buffer, context, 8)
  const word = (index: number): number => words()[index] ?? 0
  const piece = bytes.subarray(0, word(SIZE))
  new Uint8Array(wasm.memory.buffer, word(INPUT), piece.length).set(piece)
  wasm.supply_input(context, piece.length)
  for (let full = true; full || word(INPUT_AT) < word(INPUT_SIZE); ) {
    const result = wasm.get_next_output(context)
    const length = word(OUTPUT_AT)
    full = length === word(SIZE)
    const out = length === 0 ? null : Buffer.from(new Uint8Array(wasm.memory.buffer, word(OUTPUT), length))
    words()[OUTPUT_AT] = 0
    if (out !== null) yield out
    // 0: it goes on; 1: the stream has ended; 8: it waits for more.
    if (result !== 0 && result !== 1 && result !== 8) throw new PackingError('its data is damaged')
    if (result !== 0) break
  }
  return piece.length
}
