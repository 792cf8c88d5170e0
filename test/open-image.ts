// Opens images of tests as the gate does, and reads them whole.
import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Image } from '../src/image/image.ts'
import { type OpenOptions, openImage } from '../src/image/open.ts'
import { DEFAULT_LIMITS } from '../src/limits.ts'

const nothing = (async function* (): AsyncGenerator<Buffer> {})()

const OPEN: OpenOptions = {
  image: null,
  platform: null,
  temporary: tmpdir(),
  stdin: nothing,
  limits: DEFAULT_LIMITS,
  bareNames: 'file-first',
}

/** Opens an image and reads all its layers. @returns the image, closed */
export async function readImage(reference: string, options: Partial<OpenOptions> = {}): Promise<Image> {
  const image = await openImage(reference, { ...OPEN, ...options })
  try {
    for (const layer of image.layers) {
      const hash = createHash('sha256')
      for await (const chunk of layer.open()) hash.update(chunk)
    }
  } finally {
    await image.close()
  }
  return image
}

/** The same of an archive in memory. */
export async function readArchive(bytes: Buffer, options: Partial<OpenOptions> = {}): Promise<Image> {
  const folder = await mkdtemp(path.join(tmpdir(), 'layergate-read-'))
  try {
    await writeFile(path.join(folder, 'image.tar'), bytes)
    return await readImage(path.join(folder, 'image.tar'), options)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
