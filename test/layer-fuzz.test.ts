// Damaged bytes anywhere: the scan of a layer always ends, with a result or with a clear error.
import zlib from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ImageError } from '../src/error.ts'
import { scanLayer } from '../src/layer/scan.ts'
import { processScanner } from '../src/secrets/scanner.ts'
import { type FileSpec, layerOf, tar } from './image-builder.ts'
import { VALUES } from './values.ts'
import { zip } from './zip.ts'

const scanner = processScanner()
const token = VALUES['github-token']?.() ?? ''

/** The scan of a layer in chunks of the given size; `hangs` when it does not end in time. */
async function scan(bytes: Buffer, chunk = 1 << 20): Promise<string> {
  let timer: NodeJS.Timeout | undefined
  const hangs = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve('hangs'), 5000)
  })
  const result = scanLayer(layerOf(bytes, chunk), scanner, 'test').then(
    ({ matches }) => `ends with ${matches.length}`,
    (error: unknown) => (error instanceof ImageError ? 'refuses' : `breaks: ${String(error)}`),
  )
  const first = await Promise.race([result, hangs])
  clearTimeout(timer)
  return first
}

const inner: FileSpec[] = [
  { name: 'd/' },
  { name: 'd/key', content: token },
  { name: 'l', type: 'symlink', link: 'd/key' },
  { name: `${'deep/'.repeat(40)}file`, content: 'x'.repeat(2000) },
]

async function archives(): Promise<Record<string, Buffer>> {
  const plain = await tar(inner)
  const zipped = zip({ 'a/key': Buffer.from(token), b: Buffer.alloc(5000), 'c.tgz': zlib.gzipSync(plain) })
  return {
    tar: plain,
    'tar.gz': zlib.gzipSync(plain),
    'tar.zst': zlib.zstdCompressSync(plain),
    zip: zipped,
    'zip in tar.gz': zlib.gzipSync(await tar([{ name: 'x.zip', content: zipped }])),
  }
}

/** Where bytes are changed, to what, and where the content is cut. */
const damage = fc.record({
  at: fc.array(fc.tuple(fc.nat(60_000), fc.nat(255)), { maxLength: 4 }),
  cut: fc.option(fc.nat(60_000), { nil: null }),
})

function damaged(bytes: Buffer, { at, cut }: { at: [number, number][]; cut: number | null }): Buffer {
  const copy = Buffer.from(bytes)
  for (const [position, value] of at) copy[position % copy.length] = value
  return cut === null ? copy : copy.subarray(0, cut % copy.length)
}

describe('a damaged archive inside a layer', () => {
  it.each(['tar', 'tar.gz', 'tar.zst', 'zip', 'zip in tar.gz'])('%s', async (name) => {
    const whole = (await archives())[name] ?? Buffer.alloc(0)
    expect(await scan(await tar([{ name: 'x', content: whole }]))).toMatch(/^ends with [1-9]/)
    await fc.assert(
      fc.asyncProperty(damage, async (how) => {
        expect(
          await scan(
            await tar([
              { name: 'x', content: damaged(whole, how) },
              { name: 'after', content: token },
            ]),
          ),
        ).toMatch(/^ends with [1-9]/)
      }),
      { numRuns: 80 },
    )
  })
})

describe('a damaged layer', () => {
  it('ends with a result or with one clear error, in chunks of any size', async () => {
    const whole = await tar([...inner, { name: 'x.tgz', content: zlib.gzipSync(await tar(inner)) }])
    await fc.assert(
      fc.asyncProperty(damage, fc.constantFrom(1 << 20, 4096, 1000, 512), async (how, chunk) => {
        expect(await scan(damaged(whole, how), chunk)).toMatch(/^(?:ends with \d+|refuses)$/)
      }),
      { numRuns: 200 },
    )
  })
})
