// The files of the checkout: read, never run, and no link is followed. What is large or many is left out, and said.

import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { lstat, opendir } from 'node:fs/promises'
import path from 'node:path'
import { reasonOf } from '../error.ts'
import { leadsOut } from './inside.ts'
import { readWhole } from './whole-file.ts'

export interface SourceFile {
  /** Relative to the root of the checkout, with `/`. */
  readonly path: string
  readonly text: string
}

export interface CheckoutEntry {
  /** Relative to the directory that was walked, with `/`. */
  readonly path: string
  readonly kind: 'file' | 'directory' | 'other'
}

/** Folders that hold what tools put there, and no Dockerfile of the project. */
const SKIPPED = new Set(['.git', 'node_modules'])
/** Entries that a search looks at: in a repository, and in any other directory, which may be somebody's home. */
const MAX_ENTRIES = { repository: 200_000, other: 5_000 }
/** Dockerfiles that it reads, bytes of one. */
const MAX_DOCKERFILES = 200
const MAX_DOCKERFILE = 256 << 10

/** Whether a file is a Dockerfile by its name, without the directories above it. */
export const isDockerfile = (name: string): boolean =>
  /^(?:Docker|Container)file[^/]*$|\.(?:docker|container)file$/i.test(name) && !/\.dockerignore$/i.test(name)

/**
 * The entries below a directory, sorted within each directory so that every run sees the same ones.
 * @param enter whether to look into a directory
 * @param missed told of what is not walked: a directory that cannot be read, `.` for what is beyond the limit
 */
export async function* walk(
  root: string,
  enter: (directory: string) => boolean,
  limit = MAX_ENTRIES.repository,
  missed: (directory: string, reason: string) => void = () => {},
): AsyncGenerator<CheckoutEntry> {
  const relativeTo = (full: string): string => path.relative(root, full).split(path.sep).join('/')
  const left = [root]
  let seen = 0
  for (let directory = left.pop(); directory !== undefined; directory = left.pop()) {
    const entries = []
    try {
      for await (const entry of await opendir(directory)) {
        entries.push(entry)
        if (seen + entries.length > limit) break
      }
    } catch (error) {
      missed(relativeTo(directory) || '.', `it cannot be read: ${reasonOf(error)}`)
      continue
    }
    entries.sort((a, b) => (a.name < b.name ? -1 : 1))
    const below: string[] = []
    for (const entry of entries) {
      if (seen++ >= limit) {
        missed('.', `it has more than ${limit} entries; the rest was not looked at`)
        return
      }
      const full = path.join(directory, entry.name)
      const relative = relativeTo(full)
      const kind = entry.isFile() ? 'file' : entry.isDirectory() ? 'directory' : 'other'
      yield { path: relative, kind }
      if (kind === 'directory' && enter(relative)) below.push(full)
    }
    left.push(...below.reverse())
  }
}

/** Bytes of a regular file; null where there is none, or it is a link. */
export async function sizeOf(file: string): Promise<number | null> {
  try {
    const info = await lstat(file)
    return info.isFile() ? info.size : null
  } catch {
    return null
  }
}

/** Reads a small text file; null where there is none, or it is a link, lies behind one that leads out of the checkout, or is too large. */
export async function readSource(root: string, relative: string): Promise<string | null> {
  const file = path.join(root, relative)
  return (await sizeOf(file)) === null ? null : (await readWhole(file, MAX_DOCKERFILE, root)).text
}

/** All Dockerfiles of a checkout: `Dockerfile*`, `Containerfile*`, `*.Dockerfile`. */
export const findDockerfiles = async (root: string): Promise<SourceFile[]> => (await searchDockerfiles(root)).files

/** @returns the Dockerfiles, and whether these are all: none is a link or too large, and the search came to its end */
export async function searchDockerfiles(
  root: string,
): Promise<{ readonly files: SourceFile[]; readonly isWhole: boolean }> {
  const found: SourceFile[] = []
  let isWhole = true
  let seen = 0
  const isRepository = (await lstat(path.join(root, '.git')).catch(() => null)) !== null
  const limit = isRepository ? MAX_ENTRIES.repository : MAX_ENTRIES.other
  for await (const entry of walk(root, (directory) => !SKIPPED.has(path.posix.basename(directory)), limit)) {
    isWhole &&= ++seen < limit
    if (entry.kind === 'directory' || !isDockerfile(path.posix.basename(entry.path))) continue
    const text = entry.kind === 'file' ? await readSource(root, entry.path) : null
    if (text === null) isWhole = false
    else found.push({ path: entry.path, text })
    if (found.length >= MAX_DOCKERFILES) return { files: sorted(found), isWhole: false }
  }
  return { files: sorted(found), isWhole }
}

const sorted = (files: readonly SourceFile[]): SourceFile[] => files.toSorted((a, b) => (a.path < b.path ? -1 : 1))

/** SHA-256 of a regular file of the checkout in hexadecimal; null where it cannot be read, or a link above it leads out. */
export async function sha256Of(root: string, file: string): Promise<string | null> {
  if (await leadsOut(root, file)) return null
  const hash = createHash('sha256')
  try {
    for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer)
    return hash.digest('hex')
  } catch {
    return null
  }
}
