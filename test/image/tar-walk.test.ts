// Our header walk and tar-stream must see the same entries, whatever the archive and however it is cut.
import fc from 'fast-check'
import { extract } from 'tar-stream'
import { describe, expect, it } from 'vitest'
import { TarGuard } from '../../src/image/tar-guard.ts'
import { indexTar, type TarHeader } from '../../src/image/tar-walk.ts'
import { DEFAULT_LIMITS } from '../../src/limits.ts'
import { type FileSpec, signHeader, tar } from '../image-builder.ts'

async function withTarStream(bytes: Buffer): Promise<{ name: string; size: number; offset: number }[]> {
  const entries: { name: string; size: number; offset: number }[] = []
  const reader = extract({ allowUnknownFormat: true } as never)
  await new Promise<void>((resolve, reject) => {
    reader.on('entry', (header, stream, next) => {
      entries.push({
        name: header.name,
        size: header.type === 'directory' ? 0 : (header.size ?? 0),
        offset: (header as unknown as { byteOffset: number }).byteOffset,
      })
      stream.on('end', () => next())
      stream.resume()
    })
    reader.on('finish', resolve)
    reader.on('error', reject)
    reader.end(bytes)
  })
  return entries
}

const withIndex = (bytes: Buffer): Promise<TarHeader[]> =>
  indexTar('test', bytes.length, async (offset, length) => bytes.subarray(offset, offset + length), DEFAULT_LIMITS)

function withGuard(bytes: Buffer, cuts: readonly number[]): TarHeader[] {
  const entries: TarHeader[] = []
  const guard = new TarGuard('test', DEFAULT_LIMITS, (header) => entries.push(header))
  let at = 0
  for (const cut of [...cuts].sort((a, b) => a - b)) {
    const end = Math.min(bytes.length, cut)
    if (end > at) guard.push(bytes.subarray(at, end))
    at = Math.max(at, end)
  }
  guard.push(bytes.subarray(at))
  guard.end()
  return entries
}

const name = fc
  .array(fc.stringMatching(/^[a-zA-Z0-9._ äß€-]{1,60}$/), { minLength: 1, maxLength: 6 })
  .map((parts) => parts.join('/').replace(/^[ /]+/, 'x'))
  .filter((text) => text !== '')
const file: fc.Arbitrary<FileSpec> = fc.oneof(
  fc.record({ name, content: fc.uint8Array({ maxLength: 3000 }).map((bytes) => Buffer.from(bytes)) }),
  fc.record({ name: name.map((text) => `${text}/`) }),
  fc.record({ name, type: fc.constantFrom('symlink' as const, 'link' as const), link: name }),
)

describe('the header walk', () => {
  it('sees the entries that tar-stream sees, in one piece and cut anywhere', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(file, { maxLength: 12 }),
        fc.array(fc.nat(60_000), { maxLength: 8 }),
        async (files, cuts) => {
          const bytes = await tar(files)
          const expected = await withTarStream(bytes)
          const simple = ({ name: own, size, offset }: TarHeader) => ({ name: own, size, offset })
          expect((await withIndex(bytes)).map(simple)).toEqual(expected)
          expect(withGuard(bytes, cuts).map(simple)).toEqual(expected)
        },
      ),
      { numRuns: 150 },
    )
  })

  it('agrees with tar-stream on damaged headers: the same entries, or an error', async () => {
    const bytes = await tar([
      { name: 'a', content: 'one' },
      { name: 'b/' },
      { name: `${'long/'.repeat(40)}c`, content: 'three' },
    ])
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(255), async (at, value) => {
        const damaged = Buffer.from(bytes)
        damaged[at] = value
        const own = await withIndex(damaged).catch(() => null)
        const theirs = await withTarStream(damaged).catch(() => null)
        // Ours may refuse what tar-stream takes; it never takes what tar-stream sees otherwise.
        if (own !== null) expect(own.map((entry) => entry.name)).toEqual(theirs?.map((entry) => entry.name))
      }),
      { numRuns: 400 },
    )
  })

  it('tells entries behind the end of the archive', async () => {
    const bytes = Buffer.concat([
      await tar([{ name: 'a', content: 'x' }]),
      await tar([{ name: 'hidden', content: 'y' }]),
    ])
    expect((await withIndex(bytes)).map((entry) => [entry.name, entry.afterEnd])).toEqual([
      ['a', false],
      ['hidden', true],
    ])
  })

  it('refuses an extended header of absurd size before reading it', async () => {
    const bytes = await tar([{ name: 'x'.repeat(300), content: 'y' }])
    bytes.write('77777777777', 124, 'latin1')
    signHeader(bytes)
    await expect(withIndex(bytes)).rejects.toThrow(/extended header of 8589934591 bytes/)
  })

  it('takes the long name, not the cut one in the header, to tell a directory', async () => {
    // GNU tar puts the first 100 bytes of a long name into the header: here they end in a slash.
    const name = `${'a'.repeat(99)}/file`
    const long = await tar([{ name: '././@LongLink', content: `${name}\0` }])
    long[156] = 76
    const file = await tar([{ name: 'x', content: 'data' }])
    file.write(name.slice(0, 100), 0, 'latin1')
    for (const header of [long, file]) {
      signHeader(header)
    }
    const bytes = Buffer.concat([long.subarray(0, 1024), file])
    expect((await withIndex(bytes)).map((entry) => [entry.name, entry.type, entry.size])).toEqual([[name, 'file', 4]])
    expect((await withTarStream(bytes)).map((entry) => entry.name)).toEqual([name])
  })
})
