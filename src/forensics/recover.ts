// Writes versions of files byte for byte, under names of our own: no name, link or device of the image has a say on the disk.
import { createHash, type Hash } from 'node:crypto'
import { closeSync, constants, openSync, writeSync } from 'node:fs'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { reasonOf, UsageError } from '../error.ts'
import type { Inspection } from '../evidence/inspect.ts'
import { readContents } from '../layer/hash.ts'
import { VERSION } from '../version.ts'
import { contentOf, type FileVersion, isRegular, layerOf } from './case.ts'

/** Files and bytes that one call writes. */
const MAX_FILES = 200_000
const MAX_BYTES = 64 * 2 ** 30
/** Characters of a name that come from the image. */
const MAX_NAME = 80

/** One version in the manifest. Texts are as they stand in the image: the manifest belongs to the evidence. */
interface ManifestEntry {
  /** In the folder; null for what has no bytes: directories, links, devices. */
  readonly file: string | null
  readonly path: string
  readonly layer: number
  readonly diffId: string
  readonly state: FileVersion['state']
  readonly type: string
  readonly mode: string
  readonly uid: number
  readonly gid: number
  readonly mtime: string | null
  readonly size: number
  readonly sha256: string | null
  readonly link: string | null
  readonly hiddenInLayer: number | null
  readonly instruction: string | null
  readonly dockerfile: FileVersion['lines']
  readonly hiddenBy: FileVersion['hiddenBy']
  readonly secrets: readonly string[]
}

/** A name that is one on every file system, and no other entry's: `0007-passwd`. */
const safeName = (number: number, name: string): string => {
  const base = (name.split('/').at(-1) ?? '').replace(/[^A-Za-z0-9._-]+/g, '_').slice(-MAX_NAME)
  return `${String(number).padStart(6, '0')}-${base.replace(/^[.-]+/, '_') || '_'}`
}

/** Seconds since 1970 as a date; null for what no date can be made of. */
export const isoTime = (seconds: number): string | null => {
  const date = new Date(seconds * 1000)
  return Number.isNaN(date.getTime()) ? null : date.toISOString()
}

export const octal = (mode: number): string => mode.toString(8).padStart(4, '0')

/** What is written, before anything is. */
export interface Plan {
  readonly versions: readonly FileVersion[]
  /** By `layer:entry` of the bytes: the name of their file. */
  readonly files: ReadonlyMap<string, string>
  readonly bytes: number
}

const keyOf = ({ layer, index }: { readonly layer: number; readonly index: number }): string => `${layer}:${index}`

/** @throws UsageError where it is more than one call writes */
export function planOf(versions: readonly FileVersion[]): Plan {
  const files = new Map<string, string>()
  let bytes = 0
  for (const version of versions) {
    if (!isRegular(version)) continue
    const key = keyOf(contentOf(version))
    if (files.has(key)) continue
    files.set(key, safeName(files.size + 1, version.path))
    bytes += version.version.content.entry.size
  }
  if (files.size > MAX_FILES || bytes > MAX_BYTES)
    throw new UsageError(
      `These are ${files.size} files with ${bytes} bytes, and one call writes ${MAX_FILES} files with ${MAX_BYTES} bytes at most: name paths, or --layer N.`,
    )
  return { versions, files, bytes }
}

/** Reads the bytes of a plan, file by file. @param open called before the first byte of a file */
async function readPlan(
  { image, evidence }: Inspection,
  { files }: Plan,
  open: (file: string) => { readonly write: (chunk: Buffer) => void; readonly close: () => void },
): Promise<ReadonlyMap<string, string>> {
  const checksums = new Map<string, string>()
  const byLayer = new Map<number, Set<number>>()
  for (const key of files.keys()) {
    const [layer = 0, index = 0] = key.split(':').map(Number)
    byLayer.set(layer, (byLayer.get(layer) ?? new Set()).add(index))
  }
  for (const [index, wanted] of byLayer) {
    await readContents(layerOf(image.layers, index), (entry) => {
      if (!wanted.has(entry)) return null
      const key = keyOf({ layer: index, index: entry })
      const file = files.get(key) ?? ''
      const hash: Hash = createHash('sha256')
      const target = open(file)
      let size = 0
      return {
        take: (chunk) => {
          hash.update(chunk)
          size += chunk.length
          target.write(chunk)
        },
        done: () => {
          target.close()
          const expected = evidence.filesystem.versionOf(index, entry).entry.size
          if (size !== expected) throw new RangeError(`${file} has ${size} bytes, and the image says ${expected}`)
          checksums.set(key, hash.digest('hex'))
        },
      }
    })
  }
  return checksums
}

function manifestOf(
  { image, evidence: { origin, layers }, redactor }: Inspection,
  { versions, files }: Plan,
  checksums: ReadonlyMap<string, string>,
): string {
  const shown = (text: string | undefined): string | null => (text === undefined ? null : redactor.text(text))
  const entries = versions.map((version): ManifestEntry => {
    const { entry, layer } = version
    const key = isRegular(version) ? keyOf(contentOf(version)) : ''
    return {
      file: files.get(key) ?? null,
      path: version.path,
      layer,
      diffId: layers[layer]?.diffId ?? '',
      state: version.state,
      type: entry.type,
      mode: octal(entry.mode),
      uid: entry.uid,
      gid: entry.gid,
      mtime: isoTime(entry.mtime),
      size: isRegular(version) ? version.version.content.entry.size : 0,
      sha256: checksums.get(key) ?? null,
      link: entry.link,
      hiddenInLayer: version.hiddenIn,
      // What a responder reads out loud: the bytes are in the files.
      instruction: shown(origin.layers[layer]?.instruction?.display),
      dockerfile: version.lines,
      hiddenBy: version.hiddenBy,
      secrets: version.secrets,
    }
  })
  const about = {
    schemaVersion: 1,
    tool: { name: 'layergate', version: VERSION },
    image: { reference: image.reference, id: image.id, digest: image.digest },
    entries,
  }
  return `${JSON.stringify(about, null, 2)}\n`
}

/** Nobody but the person who runs this reads or changes it, and what is there already is never written to. */
function createFile(folder: string, name: string): number {
  return openSync(
    path.join(folder, name),
    constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
    0o600,
  )
}

function writeAll(file: number, chunk: Buffer): void {
  for (let at = 0; at < chunk.length; ) at += writeSync(file, chunk, at)
}

/**
 * Writes all versions of a plan into a folder, with manifest.json.
 * @param folder is made; one that is there must be empty
 * @throws UsageError where it cannot be written
 */
export async function recoverTo(inspection: Inspection, plan: Plan, folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const [first] = await readdir(folder)
    if (first !== undefined)
      throw new UsageError(`${folder}: the folder is not empty, and nothing in it is overwritten: name a new one.`)
    const checksums = await readPlan(inspection, plan, (name) => {
      const file = createFile(folder, name)
      return { write: (chunk) => writeAll(file, chunk), close: () => closeSync(file) }
    })
    await writeFile(path.join(folder, 'manifest.json'), manifestOf(inspection, plan, checksums), {
      flag: 'wx',
      mode: 0o600,
    })
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(`${folder}: what was recovered cannot be written: ${reasonOf(error)}.`)
  }
}

/** Hands on the bytes of the one file of a plan. */
export async function recoverOne(inspection: Inspection, plan: Plan, write: (chunk: Buffer) => void): Promise<void> {
  await readPlan(inspection, plan, () => ({ write, close: () => {} }))
}

/** All versions of a plan as members of a tar, each in memory for a moment, with manifest.json behind them. */
export async function recoverTar(
  inspection: Inspection,
  plan: Plan,
  add: (name: string, content: Buffer) => void,
): Promise<void> {
  let pieces: Buffer[] = []
  const checksums = await readPlan(inspection, plan, (name) => ({
    // The bytes of a chunk are used again.
    write: (chunk) => pieces.push(Buffer.from(chunk)),
    close: () => {
      add(name, Buffer.concat(pieces))
      pieces = []
    },
  }))
  add('manifest.json', Buffer.from(manifestOf(inspection, plan, checksums)))
}
