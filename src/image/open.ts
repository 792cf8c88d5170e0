// From what the user named to an open image: recognised by content, never by name.
import { type FileHandle, open as openFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { ImageError, UsageError } from '../error.ts'
import type { Limits } from '../limits.ts'
import { Asides } from '../packing/asides.ts'
import { CHUNK, decompress, sniff } from './compression.ts'
import { openDockerArchive } from './docker-archive.ts'
import type { OtherFile } from './documents.ts'
import { saveFromEngine } from './engine.ts'
import { directoryFiles, type ImageFiles, tarFiles } from './files.ts'
import type { Choice, Image } from './image.ts'
import { openOciLayout } from './oci-layout.ts'
import { spool } from './spool.ts'

export interface OpenOptions extends Choice {
  /** Where pipes and packed archives are spooled to. */
  readonly temporary: string
  /** Node's name of the processor, to pick one platform of several. */
  readonly architecture: string
  readonly stdin: AsyncIterable<Buffer>
  readonly limits: Limits
}

const PREFIXES = ['docker-archive:', 'oci-archive:', 'oci-layout:', 'engine:'] as const

/**
 * Opens an image: a file, a directory with `oci-layout`, `-` for standard input, or a name for an engine. A prefix
 * (`docker-archive:`, `oci-archive:`, `oci-layout:`, `engine:`) forces one.
 * @throws ImageError that says why the source did not serve
 */
export async function openImage(reference: string, options: OpenOptions): Promise<Image> {
  const prefix = PREFIXES.find((known) => reference.startsWith(known))
  const name = prefix === undefined ? reference : reference.slice(prefix.length)
  if (name === '') throw new UsageError('No image is named: name an archive, an OCI layout directory, an image of a local engine, or - for standard input.')
  if (name === '-' && prefix !== 'engine:') return openHandle(await spool(options.stdin, 'standard input', options), 'standard input', reference, options, prefix)
  if (name.startsWith('-')) throw new UsageError(`${JSON.stringify(name)} looks like an option, not like an image. Write options before the image, a file as ./${name}.`)
  if (reference.startsWith('registry:') || reference.startsWith('docker://')) {
    throw new UsageError(
      `${reference}: images in registries are not read directly. Load it (docker pull) or copy it: skopeo copy docker://NAME oci-archive:image.tar, then scan image.tar.`,
    )
  }
  const found = prefix === 'engine:' ? null : await stat(name).catch(() => null)
  if (found?.isDirectory()) return openDirectory(name, reference, options)
  if (found !== null) return openArchive(name, reference, options, prefix)
  if (prefix !== undefined && prefix !== 'engine:') throw new ImageError('not-found', `${name}: no such file or directory.`)
  if (prefix === undefined && looksLikePath(name))
    throw new ImageError('not-found', `${name}: no such file or directory. Name an archive that docker save or buildx wrote, an OCI layout directory or a local image.`)
  const handle = await saveFromEngine(name, (archive) => spool(archive, name, options))
  return { ...(await openHandle(handle, name, reference, options, undefined)), source: 'engine' }
}

const looksLikePath = (name: string): boolean => name.startsWith('/') || name.startsWith('./') || name.startsWith('../') || /\.(tar|tgz|gz|zst|xz|bz2|oci)$/.test(name)

async function openDirectory(directory: string, reference: string, options: OpenOptions): Promise<Image> {
  const files = directoryFiles(directory)
  if (!(await files.has('index.json'))) {
    const hint = (await files.has('manifest.json')) ? ' It looks like an unpacked docker save archive: name the tar itself.' : ''
    throw new ImageError('not-a-layout', `${directory}: the directory is no OCI layout: it has no index.json.${hint}`)
  }
  return openOciLayout(files, reference, options, options.architecture)
}

async function openArchive(file: string, reference: string, options: OpenOptions, prefix: string | undefined): Promise<Image> {
  const handle = await openFile(file, 'r').catch((cause: NodeJS.ErrnoException) => {
    throw new ImageError('not-readable', `${file}: cannot be read (${cause.code ?? cause.message}).`, { cause })
  })
  const info = await handle.stat()
  if (info.isFile()) return openHandle(handle, file, reference, options, prefix)
  // A named pipe, as in `layergate scan <(docker save app)`.
  try {
    return await openHandle(
      await spool(handle.createReadStream({ highWaterMark: CHUNK, autoClose: false }) as AsyncIterable<Buffer>, file, options),
      file,
      reference,
      options,
      prefix,
    )
  } finally {
    await handle.close()
  }
}

/** Opens an archive that lies in an open file; closes the file when that fails. */
async function openHandle(handle: FileHandle, where: string, reference: string, options: OpenOptions, prefix: string | undefined): Promise<Image> {
  let current = handle
  try {
    const head = Buffer.alloc(512)
    const { bytesRead } = await handle.read(head, 0, head.length, 0)
    if (bytesRead === 0) throw new ImageError('empty', `${where} is empty. Save or build the image again.`)
    const compression = sniff(head.subarray(0, bytesRead))
    if (compression === 'unknown') {
      throw new ImageError(
        'not-an-image',
        `${where} is no image archive: it is no tar, and not packed with gzip, zstd, xz or bzip2. Name an archive that docker save or buildx wrote, or an OCI layout directory.`,
      )
    }
    const asides = new Asides()
    if (compression !== 'none') {
      const packed = handle.createReadStream({ start: 0, highWaterMark: CHUNK, autoClose: false }) as AsyncIterable<Buffer>
      current = await spool(decompress(packed, compression, where, { aside: (bytes) => asides.add(bytes) }), where, options)
      await handle.close()
    }
    const image = await openTar(await tarFiles(where, current), reference, options, prefix)
    return { ...image, others: [...image.others, ...besideData(asides)] }
  } catch (error) {
    await current.close().catch(() => {})
    await handle.close().catch(() => {})
    throw error
  }
}

/** What the compression of the whole archive holds beside the data is searched as a file of the archive is. */
function besideData(asides: Asides): OtherFile[] {
  const bytes = asides.bytes()
  if (asides.leftOut > 0) throw new ImageError('too-large', 'The compression of the archive holds more than 16 MiB of comments and frames to be skipped. Save the image again.')
  if (bytes === null) return []
  return [{ name: 'the compression of the archive', kind: 'index', open: () => pieces(bytes) }]
}

async function* pieces(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes
}

async function openTar(files: ImageFiles, reference: string, options: OpenOptions, prefix: string | undefined): Promise<Image> {
  const isOci = await files.has('index.json')
  const isDocker = await files.has('manifest.json')
  if (isOci && prefix !== 'docker-archive:') return openOciLayout(files, reference, options, options.architecture)
  if (isDocker && prefix !== 'oci-archive:') return openDockerArchive(files, reference, options, options.architecture)
  throw new ImageError(
    'not-an-image',
    `${files.where} is a tar, but no image archive: it has ${isOci || isDocker ? 'not the file that the prefix asks for' : 'neither index.json (OCI) nor manifest.json (docker save)'}. ${path.basename(files.where).includes('layer') ? 'A single layer is not enough: ' : ''}Save the image with docker save or buildx --output type=oci,dest=image.tar.`,
  )
}
