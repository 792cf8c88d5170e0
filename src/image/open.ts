// From what the user named to an open image: recognised by content, never by name.
import { type FileHandle, open as openFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { ImageError, reasonOf, UsageError } from '../error.ts'
import type { Limits } from '../limits.ts'
import { Asides } from '../packing/asides.ts'
import { tarFiles } from './archive-files.ts'
import { CHUNK, decompress, sniff } from './compression.ts'
import { directoryFiles } from './directory-files.ts'
import { openDockerArchive } from './docker-archive.ts'
import type { OtherFile } from './documents.ts'
import { saveFromEngine } from './engine.ts'
import type { ImageFiles } from './files.ts'
import type { Choice, Image } from './image.ts'
import { openOciLayout } from './oci-layout.ts'
import { asLayout, isSkopeoDirectory } from './skopeo-directory.ts'
import { type BareNames, type Form, parseSource, splitImage } from './source.ts'
import { spool } from './spool.ts'
import { checkRepositories } from './two-readers.ts'

export interface OpenOptions extends Choice {
  /** Where pipes and packed archives are spooled to. */
  readonly temporary: string
  readonly stdin: AsyncIterable<Buffer>
  readonly limits: Limits
  readonly bareNames: BareNames
}

/**
 * Opens an image: a file, a directory with `oci-layout`, `-` for standard input, or a name for an engine. A prefix
 * (`docker-archive:`, `oci-archive:`, `oci-layout:`, `oci:`, `dir:`, `engine:`) forces one.
 * @throws ImageError that says why the source did not serve
 */
export async function openImage(reference: string, options: OpenOptions): Promise<Image> {
  const source = parseSource(reference, options.bareNames)
  switch (source.kind) {
    case 'stdin':
      return openHandle(
        await spool(options.stdin, 'standard input', options),
        'standard input',
        reference,
        options,
        source.form,
      )
    case 'file':
      return openPath(source.path, reference, options, source.form)
    case 'either': {
      const info = await stat(source.name).catch(() => null)
      if (info === null || (info.isDirectory() && !(await isLayout(source.name, options))))
        return openEngine(source.name, reference, options)
      return openPath(source.name, reference, options, null)
    }
    case 'engine':
      return openEngine(source.name, reference, options)
  }
}

async function openEngine(name: string, reference: string, options: OpenOptions): Promise<Image> {
  let handle: FileHandle
  try {
    handle = await saveFromEngine(name, (archive) => spool(archive, name, options))
  } catch (error) {
    if (!(error instanceof ImageError) || error.code !== 'no-engine') throw error
    const info = await stat(name).catch(() => null)
    if (info === null) throw error
    const why =
      options.bareNames === 'engine'
        ? `There is a file ./${name}, but in a workflow a name without a path is an engine's image: write ./${name} if you mean the file.`
        : `There is a directory ./${name}, but it is no OCI layout.`
    throw new ImageError(error.code, `${error.message} ${why}`, { cause: error })
  }
  return { ...(await openHandle(handle, name, reference, options, null)), source: 'engine' }
}

/** @param form what a prefix says that it is */
async function openPath(named: string, reference: string, options: OpenOptions, form: Form | null): Promise<Image> {
  const whole = await stat(named).catch(() => null)
  const split = whole === null && form !== null ? splitImage(named) : null
  const info = split === null ? whole : await stat(split.path).catch(() => null)
  if (info === null)
    throw new ImageError(
      'not-found',
      `${named}: no such file or directory. Name an archive that docker save or buildx wrote, an OCI layout directory or a local image.`,
    )
  const file = split?.path ?? named
  if (split !== null && options.image !== null && options.image !== split.image)
    throw new UsageError(
      `${reference} names the image ${JSON.stringify(split.image)}, --image another one: ${JSON.stringify(options.image)}. Say it once.`,
    )
  const chosen = split === null ? options : { ...options, image: split.image }
  return info.isDirectory() ? openDirectory(file, reference, chosen) : openArchive(file, reference, chosen, form)
}

const isLayout = async (directory: string, { limits }: OpenOptions): Promise<boolean> => {
  const files = await directoryFiles(directory, limits)
  return (await files.has('index.json')) || (await files.has('oci-layout')) || (await isSkopeoDirectory(files))
}

async function openDirectory(directory: string, reference: string, options: OpenOptions): Promise<Image> {
  const files = await directoryFiles(directory, options.limits)
  if (await isSkopeoDirectory(files)) return openOciLayout(await asLayout(files), reference, options, 'dir')
  if (!(await files.has('index.json'))) {
    const hint = (await files.has('manifest.json'))
      ? ' It looks like an unpacked docker save archive: name the tar itself.'
      : ''
    throw new ImageError('not-a-layout', `${directory}: the directory is no OCI layout: it has no index.json.${hint}`)
  }
  await checkRepositories(files)
  return openOciLayout(files, reference, options)
}

async function openArchive(file: string, reference: string, options: OpenOptions, form: Form | null): Promise<Image> {
  const handle = await openFile(file, 'r').catch((cause: NodeJS.ErrnoException) => {
    throw new ImageError('not-readable', `${file}: cannot be read: ${reasonOf(cause)}.`, { cause })
  })
  const info = await handle.stat()
  if (info.isFile()) return openHandle(handle, file, reference, options, form)
  try {
    // A named pipe, as in `layergate scan <(docker save app)`; a device never ends.
    if (!info.isFIFO())
      throw new ImageError(
        'not-readable',
        `${file} is no file, directory or pipe. Name an archive, an OCI layout or a local image.`,
      )
    return await openHandle(
      await spool(
        handle.createReadStream({ highWaterMark: CHUNK, autoClose: false }) as AsyncIterable<Buffer>,
        file,
        options,
      ),
      file,
      reference,
      options,
      form,
    )
  } finally {
    await handle.close()
  }
}

/** Opens an archive that lies in an open file; closes the file when that fails. */
async function openHandle(
  handle: FileHandle,
  where: string,
  reference: string,
  options: OpenOptions,
  form: Form | null,
): Promise<Image> {
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
      const packed = handle.createReadStream({
        start: 0,
        highWaterMark: CHUNK,
        autoClose: false,
      }) as AsyncIterable<Buffer>
      current = await spool(
        decompress(packed, compression, where, { aside: (bytes) => asides.add(bytes) }),
        where,
        options,
      )
      await handle.close()
    }
    const image = await openTar(await tarFiles(where, current, options.limits), reference, options, form)
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
  if (asides.leftOut > 0)
    throw new ImageError(
      'too-large',
      'The compression of the archive holds more than 16 MiB of comments and frames to be skipped. Save the image again.',
    )
  if (bytes === null) return []
  return [{ name: 'the compression of the archive', kind: 'index', open: () => pieces(bytes) }]
}

async function* pieces(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes
}

async function openTar(files: ImageFiles, reference: string, options: OpenOptions, form: Form | null): Promise<Image> {
  const isOci = await files.has('index.json')
  const isDocker = await files.has('manifest.json')
  await checkRepositories(files)
  // Where there are both, they are held against each other, whichever was asked for.
  if (isOci && (isDocker || form !== 'docker-archive')) return openOciLayout(files, reference, options)
  if (isDocker && form !== 'oci-archive') return openDockerArchive(files, reference, options)
  throw new ImageError(
    'not-an-image',
    `${files.where} is a tar, but no image archive: it has ${isOci || isDocker ? 'not the file that the prefix asks for' : 'neither index.json (OCI) nor manifest.json (docker save)'}. ${path.basename(files.where).includes('layer') ? 'A single layer is not enough: ' : ''}Save the image with docker save or buildx --output type=oci,dest=image.tar.`,
  )
}
