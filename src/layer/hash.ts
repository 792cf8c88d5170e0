// Chosen entries of a layer, in a second reading of it.
import { createHash } from 'node:crypto'
import type { Layer } from '../image/image.ts'
import { TarGuard } from '../image/tar-guard.ts'
import { NO_LIMITS } from '../limits.ts'
import type { ContentHashes } from '../packages/database.ts'
import { TarEntries } from './tar-entries.ts'

/** Takes the content of one entry. */
export interface Taker {
  readonly take: (chunk: Buffer) => void
  readonly done: () => void
}

/** Reads a layer again. @param takerOf for the entry of an index in the tar; null: it is passed over */
export async function readContents(layer: Layer, takerOf: (index: number) => Taker | null): Promise<void> {
  let index = -1
  const entries = new TarEntries((header, stream, next) => {
    index++
    // As in the scan: the stream of a directory need not end.
    if (header.type === 'directory') {
      next()
      return
    }
    const taker = takerOf(index)
    let failure: Error | null = null
    const guarded = (work: () => void): void => {
      try {
        if (failure === null) work()
      } catch (error) {
        failure = error instanceof Error ? error : new Error(String(error))
      }
    }
    stream.on('data', (chunk) => guarded(() => taker?.take(chunk)))
    stream.on('end', () => {
      guarded(() => taker?.done())
      next(failure)
    })
    stream.resume()
  })
  const guard = new TarGuard('the second reading', NO_LIMITS, () => {})
  for await (const chunk of layer.open()) {
    const passed = guard.push(chunk)
    const busy = passed.length > 0 ? entries.write(passed) : null
    if (busy !== null) await busy
    if (entries.failure !== null) break
  }
  await entries.end()
  if (entries.failure !== null) throw entries.failure
}

/** Hashes entries by their index in the tar. The layer was read and verified before. */
export async function hashEntries(layer: Layer, wanted: ReadonlySet<number>): Promise<Map<number, ContentHashes>> {
  const found = new Map<number, ContentHashes>()
  await readContents(layer, (index) => {
    if (!wanted.has(index)) return null
    const hashes = { md5: createHash('md5'), sha1: createHash('sha1'), sha256: createHash('sha256') }
    return {
      take: (chunk) => {
        for (const hash of Object.values(hashes)) hash.update(chunk)
      },
      done: () =>
        found.set(index, {
          md5: hashes.md5.digest('hex'),
          sha1: hashes.sha1.digest('hex'),
          sha256: hashes.sha256.digest('hex'),
        }),
    }
  })
  return found
}

/** Checksums of entries, and the content of a few small ones, by their index in the tar: for comparing images. */
export async function readEntries(
  layer: Layer,
  hashed: ReadonlySet<number>,
  texts: ReadonlySet<number>,
): Promise<{ readonly checksums: ReadonlyMap<number, string>; readonly contents: ReadonlyMap<number, string> }> {
  const checksums = new Map<number, string>()
  const contents = new Map<number, string>()
  await readContents(layer, (index) => {
    const hash = hashed.has(index) ? createHash('sha256') : null
    const chunks: Buffer[] | null = texts.has(index) ? [] : null
    if (hash === null && chunks === null) return null
    return {
      take: (chunk) => {
        hash?.update(chunk)
        // The bytes of a chunk are used again.
        chunks?.push(Buffer.from(chunk))
      },
      done: () => {
        if (hash !== null) checksums.set(index, hash.digest('hex'))
        if (chunks !== null) contents.set(index, Buffer.concat(chunks).toString('utf8'))
      },
    }
  })
  return { checksums, contents }
}
