// Checksums of chosen entries, in a second reading of their layer.
import { createHash } from 'node:crypto'
import { extract as createExtract } from 'tar-stream'
import type { Layer } from '../image/image.ts'
import type { ContentHashes } from './layer-scan.ts'

/** Hashes entries by their index in the tar. The layer was read and verified before. */
export async function hashEntries(layer: Layer, wanted: ReadonlySet<number>): Promise<Map<number, ContentHashes>> {
  const found = new Map<number, ContentHashes>()
  const extract = createExtract({ allowUnknownFormat: true } as never)
  let index = -1
  extract.on('entry', (header, stream, next) => {
    index++
    // As in the scan: the stream of a directory need not end.
    if (header.type === 'directory') {
      next()
      return
    }
    const own = index
    const hashes = wanted.has(own) ? { md5: createHash('md5'), sha1: createHash('sha1'), sha256: createHash('sha256') } : null
    stream.on('data', (chunk) => {
      if (hashes !== null) for (const hash of Object.values(hashes)) hash.update(chunk as Buffer)
    })
    stream.on('end', () => {
      if (hashes !== null) found.set(own, { md5: hashes.md5.digest('hex'), sha1: hashes.sha1.digest('hex'), sha256: hashes.sha256.digest('hex') })
      next()
    })
    stream.resume()
  })
  const finished = new Promise<void>((resolve, reject) => {
    extract.on('finish', resolve)
    extract.on('error', reject)
  })
  finished.catch(() => {}) // awaited below
  for await (const chunk of layer.open()) {
    if (!extract.write(chunk)) await Promise.race([new Promise<void>((resolve) => extract.once('drain', () => resolve())), finished])
  }
  extract.end(undefined)
  await finished
  return found
}
