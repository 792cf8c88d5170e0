// One window of bytes and the searches over it: by the WebAssembly kernel, or by plain JavaScript where the engine has
// no SIMD. Both give the same hits in the same order (test/secrets/prefilter.test.ts).
import { PREFILTER_WASM_BASE64 } from './kernel-wasm.ts'
import { MIN_VALUE, READ_AHEAD, RECORD_BYTES } from './layout.ts'
import { plainKernel } from './plain.ts'
import { prebuiltTable } from './prebuilt.ts'
import type { Kernel } from './search.ts'
import { buildLiteralSet, ChainError, type Literal } from './table-builder.ts'

const RECORDS = 4096

interface Exports {
  readonly memory: WebAssembly.Memory
  heapBase(): number
  resumeAt(): number
  scan(
    set: number,
    base: number,
    from: number,
    end: number,
    out: number,
    outEnd: number,
    minValue: number,
    valueClasses: number,
  ): number
  utf16Runs(base: number, end: number, out: number, outEnd: number, minBlocks: number): number
  base64Runs(base: number, end: number, out: number, outEnd: number, minBlocks: number): number
  countByte(from: number, end: number, value: number): number
}

/** The table of literals that are not ours alone; null where the kernel cannot take them, and the plain search has to. */
function builtTable(literals: readonly Literal[]): Uint8Array | null {
  try {
    return buildLiteralSet(literals).image
  } catch (error) {
    if (error instanceof ChainError) return null
    throw error
  }
}

/** Compiles the literals for a window of `size` bytes. `simd: false` takes the plain search. */
export function buildKernel(literals: readonly Literal[], size: number, simd = true): Kernel {
  const bytes = Buffer.from(PREFILTER_WASM_BASE64, 'base64')
  if (!simd || !WebAssembly.validate(bytes)) return plainKernel(literals, size)
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes))
  const kernel = instance.exports as unknown as Exports
  const image = prebuiltTable(literals) ?? builtTable(literals)
  if (image === null) return plainKernel(literals, size)

  const set = kernel.heapBase()
  const window = (set + image.length + 63) & ~63
  const out = (window + size + READ_AHEAD + 63) & ~63
  const outEnd = out + RECORDS * RECORD_BYTES
  kernel.memory.grow(Math.ceil((outEnd - kernel.memory.buffer.byteLength) / 65536))
  new Uint8Array(kernel.memory.buffer).set(image, set)
  const records = new Uint32Array(kernel.memory.buffer, out, (outEnd - out) / 4)
  const record = (index: number): number => records[index] ?? 0

  return {
    window: Buffer.from(kernel.memory.buffer, window, size),
    scan(from, end, onHit) {
      for (let at = window + from; at < window + end; at = kernel.resumeAt()) {
        const count = kernel.scan(set, window, at, window + end, out, outEnd, MIN_VALUE, 0)
        for (let i = 0; i < count * 4; i += 4) onHit(record(i), record(i + 1), record(i + 2), record(i + 3))
      }
    },
    utf16Runs(end, onRun) {
      const count = kernel.utf16Runs(window, window + end, out, outEnd, 2)
      for (let i = 0; i < count * 2; i += 2) onRun(record(i), record(i + 1) & ~1, (record(i + 1) & 1) === 1)
    },
    base64Runs(end, onRun) {
      const count = kernel.base64Runs(window, window + end, out, outEnd, 2)
      for (let i = 0; i < count * 2; i += 2) onRun(record(i), record(i + 1))
    },
    lines: (from, end) => kernel.countByte(window + from, window + end, 10),
  }
}
