// bzip2, block by block: what a layer holds may be larger than memory, and what stands behind a stream must be seen. The
// packages that there are take the whole content at once or pass over what follows (docs/DEPENDENCIES.md).
//
// Julian Seward's decompress.c defines the format; it is described in https://github.com/dsnet/compress/blob/master/doc/bzip2-format.pdf.
import { type Feed, PackingError } from './feed.ts'

const BLOCK = 0x314159265359
const END = 0x177245385090
const GROUP = 50
const MAX_BITS = 20
/** Bytes handed on at once. */
const OUT = 1 << 18
/** Bytes that are at hand before a block is tried; one that needs more is tried again with twice as many. */
const AHEAD = 1 << 20
/** More than a block can have: 900,000 symbols of 20 bits, and tables. */
const MOST_AHEAD = 1 << 22

/** Whether a stream starts here: its level, and a block or the end of an empty one. */
export function isBzip2(head: Buffer): boolean {
  if (head.length < 10 || head.toString('latin1', 0, 3) !== 'BZh' || (head[3] ?? 0) < 0x31 || (head[3] ?? 0) > 0x39)
    return false
  const mark = head.readUIntBE(4, 6)
  return mark === BLOCK || mark === END
}

/** The block goes on behind the bytes at hand. */
class NeedsMore extends Error {}

const damaged = (what: string): PackingError => new PackingError(`its ${what} is damaged`)

/** Bits of a buffer, the highest of each byte first. */
class Bits {
  readonly #bytes: Buffer
  /** In bits. */
  at: number

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes
    this.at = at
  }

  /** The next bits, 24 at most. */
  read(count: number): number {
    const value = this.peek(count)
    this.at += count
    if (this.at > this.#bytes.length * 8) throw new NeedsMore()
    return value
  }

  /** The next bits without taking them; zeros behind the end. */
  peek(count: number): number {
    const byte = this.at >>> 3
    const bytes = this.#bytes
    const four =
      ((bytes[byte] ?? 0) << 24) |
      ((bytes[byte + 1] ?? 0) << 16) |
      ((bytes[byte + 2] ?? 0) << 8) |
      (bytes[byte + 3] ?? 0)
    return (four << (this.at & 7)) >>> (32 - count)
  }

  mark(): number {
    return this.read(24) * 2 ** 24 + this.read(24)
  }
}

/** One Huffman code: for each length the last value, and where its symbols begin. */
interface Code {
  readonly least: number
  readonly limit: Int32Array
  readonly base: Int32Array
  readonly symbols: Uint16Array
}

function readCode(bits: Bits, count: number): Code {
  const lengths = new Uint8Array(count)
  let length = bits.read(5)
  for (let i = 0; i < count; i++) {
    for (;;) {
      if (length < 1 || length > MAX_BITS) throw damaged('table of codes')
      if (bits.read(1) === 0) break
      length += bits.read(1) === 0 ? 1 : -1
    }
    lengths[i] = length
  }
  const symbols = new Uint16Array(count)
  const limit = new Int32Array(MAX_BITS + 2).fill(-1)
  const base = new Int32Array(MAX_BITS + 2)
  let [next, code, least] = [0, 0, 0]
  for (let bitsLong = 1; bitsLong <= MAX_BITS; bitsLong++) {
    base[bitsLong] = next - code
    for (let symbol = 0; symbol < count; symbol++) {
      if (lengths[symbol] !== bitsLong) continue
      symbols[next++] = symbol
      code++
      if (least === 0) least = bitsLong
    }
    limit[bitsLong] = code - 1
    code *= 2
  }
  return { least, limit, base, symbols }
}

/** Which of the codes the next 50 symbols use, for the whole block. */
function readSelectors(bits: Bits, codes: number): Uint8Array {
  const count = bits.read(15)
  if (count === 0) throw damaged('list of selectors')
  const order = Array.from({ length: codes }, (_, index) => index)
  return Uint8Array.from({ length: count }, () => {
    let index = 0
    while (bits.read(1) === 1) if (++index >= codes) throw damaged('list of selectors')
    const [code] = order.splice(index, 1)
    order.unshift(code ?? 0)
    return code ?? 0
  })
}

/** Which byte values occur. */
function readValues(bits: Bits): number[] {
  const ranges = bits.read(16)
  const values: number[] = []
  for (let range = 0; range < 16; range++) {
    if ((ranges & (0x8000 >> range)) === 0) continue
    const used = bits.read(16)
    for (let i = 0; i < 16; i++) if ((used & (0x8000 >> i)) !== 0) values.push(range * 16 + i)
  }
  if (values.length === 0) throw damaged('table of values')
  return values
}

/** Reads one block behind its mark into `block`, each value in its lowest eight bits. */
function readBlock(bits: Bits, block: Uint32Array): { readonly length: number; readonly origin: number } {
  bits.read(16)
  bits.read(16)
  if (bits.read(1) === 1) throw new PackingError('it is of a form that no program has written since 1996')
  const origin = bits.read(24)
  const values = readValues(bits)
  const codeCount = bits.read(3)
  if (codeCount < 2 || codeCount > 6) throw damaged('number of codes')
  const selectors = readSelectors(bits, codeCount)
  const codes = Array.from({ length: codeCount }, () => readCode(bits, values.length + 2))
  const endOfBlock = values.length + 1
  const order = Uint8Array.from(values)
  let [length, group, left, run, weight] = [0, 0, 0, 0, 1]
  let code = codes[0]
  for (;;) {
    if (left === 0) {
      const selector = selectors[group++]
      code = selector === undefined ? undefined : codes[selector]
      left = GROUP
    }
    if (code === undefined) throw damaged('list of selectors')
    left--
    const symbol = readSymbol(bits, code)
    if (symbol < 2) {
      run += weight << symbol
      weight *= 2
      if (run > block.length) throw damaged('run of values')
      continue
    }
    if (run > 0) {
      if (length + run > block.length) throw damaged('run of values')
      block.fill(order[0] ?? 0, length, length + run)
      length += run
      run = 0
    }
    weight = 1
    if (symbol === endOfBlock) break
    if (length >= block.length) throw damaged('length')
    const value = order[symbol - 1] ?? 0
    order.copyWithin(1, 0, symbol - 1)
    order[0] = value
    block[length++] = value
  }
  if (length > 0 && origin >= length) throw damaged('starting point')
  return { length, origin }
}

function readSymbol(bits: Bits, { least, limit, base, symbols }: Code): number {
  const ahead = bits.peek(MAX_BITS)
  for (let length = least; length <= MAX_BITS && length > 0; length++) {
    const value = ahead >>> (MAX_BITS - length)
    if (value > (limit[length] ?? -1)) continue
    bits.at += length
    bits.read(0)
    return symbols[value + (base[length] ?? 0)] ?? 0
  }
  throw damaged('code')
}

/** Puts the bytes of a block back into their order: the highest 24 bits of each say which comes next. */
function undoSorting(block: Uint32Array, length: number): void {
  const starts = new Uint32Array(257)
  for (let i = 0; i < length; i++) {
    const value = (block[i] ?? 0) & 255
    starts[value + 1] = (starts[value + 1] ?? 0) + 1
  }
  for (let value = 0; value < 256; value++) starts[value + 1] = (starts[value + 1] ?? 0) + (starts[value] ?? 0)
  for (let i = 0; i < length; i++) {
    const value = (block[i] ?? 0) & 255
    const at = starts[value] ?? 0
    starts[value] = at + 1
    block[at] = ((block[at] ?? 0) | (i << 8)) >>> 0
  }
}

/** The bytes of a block: four equal ones are followed by how many more there are. */
function* expand(block: Uint32Array, length: number, origin: number): Generator<Buffer> {
  let out = Buffer.allocUnsafe(OUT + 512)
  let size = 0
  let position = (block[origin] ?? 0) >>> 8
  let [previous, equal] = [-1, 0]
  for (let i = 0; i < length; i++) {
    const entry = block[position] ?? 0
    position = entry >>> 8
    const value = entry & 255
    if (equal === 4) {
      out.fill(previous, size, size + value)
      size += value
      equal = 0
      previous = -1
    } else {
      equal = value === previous ? equal + 1 : 1
      previous = value
      out[size++] = value
    }
    if (size < OUT) continue
    yield out.subarray(0, size)
    out = Buffer.allocUnsafe(OUT + 512)
    size = 0
  }
  if (size > 0) yield out.subarray(0, size)
}

/** Reads marks and blocks of one stream, and leaves in the feed what stands behind it. */
async function* oneStream(feed: Feed, blockOf: (length: number) => Uint32Array): AsyncGenerator<Buffer> {
  const level = ((await feed.take(4))[3] ?? 0x30) - 0x30
  const block = blockOf(100_000 * level)
  /** Bits of the first byte that belong to what was before. */
  let shift = 0
  for (let ahead = AHEAD; ; ) {
    const bytes = await feed.peek(ahead)
    const bits = new Bits(bytes, shift)
    try {
      const mark = bits.mark()
      if (mark === END) {
        bits.read(16)
        bits.read(16)
        await feed.skip(Math.ceil(bits.at / 8))
        return
      }
      if (mark !== BLOCK) throw damaged('mark of a block')
      const { length, origin } = readBlock(bits, block)
      undoSorting(block, length)
      yield* expand(block, length, origin)
    } catch (error) {
      if (!(error instanceof NeedsMore)) throw error
      if (bytes.length < ahead) throw new PackingError('unexpected end of file')
      if (ahead >= MOST_AHEAD) throw damaged('block')
      ahead *= 2
      continue
    }
    await feed.skip(bits.at >>> 3)
    shift = bits.at & 7
    ahead = AHEAD
  }
}

/**
 * Decodes all streams; what stands behind the last is left in the feed.
 * @throws PackingError when one breaks off or does not decode
 */
export async function* bunzip2(feed: Feed): AsyncGenerator<Buffer> {
  let memory = new Uint32Array(0)
  const blockOf = (length: number): Uint32Array => {
    if (length > memory.length) memory = new Uint32Array(length)
    return memory.subarray(0, length)
  }
  do yield* oneStream(feed, blockOf)
  while (isBzip2(await feed.peek(10)))
}
