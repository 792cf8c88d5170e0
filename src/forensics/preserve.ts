// An evidence folder: the image as it was received, what was told of it, and checksums over all, so that anybody can see later that
// nothing changed.
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { copyFile, lstat, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { ConfigError, reasonOf, UsageError } from '../error.ts'

/** Checksums of all other files, as `sha256sum -c` reads them. */
export const SUMS = 'SHA256SUMS'
/** Files of one case. */
const MAX_FILES = 100_000

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

/** All regular files below a folder, by their path from there, sorted. @throws ConfigError for a link: a case has none */
async function filesBelow(folder: string): Promise<string[]> {
  const found: string[] = []
  const waiting = ['']
  for (let below = waiting.pop(); below !== undefined; below = waiting.pop()) {
    for (const entry of await readdir(path.join(folder, below), { withFileTypes: true })) {
      const name = path.posix.join(below, entry.name)
      if (entry.isDirectory()) waiting.push(name)
      else if (entry.isFile()) found.push(name)
      else throw new ConfigError(`${path.join(folder, name)}: it is no regular file, and a case holds nothing else.`)
      if (found.length > MAX_FILES) throw new ConfigError(`${folder}: it holds more than ${MAX_FILES} files.`)
    }
  }
  return found.sort()
}

/** Copies an archive, or a layout directory. @throws UsageError where the image is no file */
async function copyImage(source: string, target: string): Promise<void> {
  const info = await lstat(source).catch(() => null)
  if (info?.isFile() === true) {
    await mkdir(target)
    await copyFile(source, path.join(target, path.basename(source)))
    return
  }
  if (info?.isDirectory() !== true)
    throw new UsageError(
      `${source}: only a file or a layout directory can be preserved as it is. Save the image first: docker save ${source} -o image.tar`,
    )
  for (const name of await filesBelow(source)) {
    const file = path.join(target, path.basename(source), name)
    await mkdir(path.dirname(file), { recursive: true })
    await copyFile(path.join(source, name), file)
  }
}

/**
 * Writes a case.
 * @param texts what is told of the image, by the names of their files
 * @param folder is made; one that is there must be empty
 * @returns the checksum of SHA256SUMS: the one digest over all
 * @throws UsageError
 */
export async function preserve(source: string, texts: ReadonlyMap<string, string>, folder: string): Promise<string> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    if ((await readdir(folder)).length > 0)
      throw new UsageError(`${folder}: the folder is not empty, and nothing in it is overwritten: name a new one.`)
    await copyImage(source, path.join(folder, 'image'))
    for (const [name, text] of texts) await writeFile(path.join(folder, name), text, { flag: 'wx', mode: 0o600 })
    const lines: string[] = []
    for (const name of await filesBelow(folder)) lines.push(`${await sha256Of(path.join(folder, name))}  ${name}\n`)
    await writeFile(path.join(folder, SUMS), lines.join(''), { flag: 'wx', mode: 0o600 })
    return await sha256Of(path.join(folder, SUMS))
  } catch (error) {
    if (error instanceof UsageError || error instanceof ConfigError) throw error
    throw new UsageError(`${folder}: the case cannot be written: ${reasonOf(error)}.`)
  }
}

export interface Verified {
  readonly files: number
  /** What is not as it was written: one line each. */
  readonly problems: readonly string[]
  readonly digest: string
}

/** Holds a case against its checksums. @throws ConfigError where it is none */
export async function verify(folder: string): Promise<Verified> {
  let text: string
  try {
    text = await readFile(path.join(folder, SUMS), 'utf8')
  } catch {
    throw new ConfigError(`${folder}: this is no case: it has no ${SUMS}.`)
  }
  const expected = new Map<string, string>()
  for (const line of text.split('\n')) {
    const [, sum, name] = /^([0-9a-f]{64}) {2}(.+)$/.exec(line) ?? []
    if (sum !== undefined && name !== undefined) expected.set(name, sum)
    else if (line !== '') throw new ConfigError(`${folder}/${SUMS}: a line is no checksum.`)
  }
  const problems: string[] = []
  const there = new Set((await filesBelow(folder)).filter((name) => name !== SUMS))
  for (const [name, sum] of expected) {
    if (!there.has(name)) problems.push(`${name}: it is missing`)
    else if ((await sha256Of(path.join(folder, name))) !== sum) problems.push(`${name}: it was changed`)
  }
  for (const name of there) if (!expected.has(name)) problems.push(`${name}: it was added`)
  return { files: expected.size, problems: problems.sort(), digest: await sha256Of(path.join(folder, SUMS)) }
}
