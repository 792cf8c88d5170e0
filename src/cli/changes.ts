// Files of the checkout that are changed: what they were, what they become, and the way back.
import { rmSync, writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { readWhole } from '../checkout/whole-file.ts'
import { ConfigError, reasonOf, UsageError } from '../error.ts'
import { applyEdits, type Change, withPatterns } from '../remedy/apply.ts'
import type { Fix } from '../remedy/remedy.ts'

/** Bytes of a file that is changed. */
const MAX_FILE = 1 << 20

/** A file that is to be changed: of the checkout, and no link of it that leads elsewhere. */
async function read(path: string): Promise<string | null> {
  const found = await readWhole(resolve(path), MAX_FILE, process.cwd())
  if (found.text === null && !found.isMissing) throw new ConfigError(`${path}: the file cannot be read: ${found.why}.`)
  if (found.text?.includes('\ufffd') === true)
    throw new ConfigError(`${path}: the file is no UTF-8, and would not stay as it is: change it by hand.`)
  return found.text
}

/** What some fixes make of the files as they lie there. @throws ConfigError where one cannot be changed */
export async function changesOf(fixes: readonly Fix[]): Promise<Change[]> {
  const changes: Change[] = []
  const paths = new Set(fixes.map(({ path }) => path))
  for (const path of paths) {
    const before = await read(path)
    if (before === null) throw new ConfigError(`${path}: the Dockerfile is gone.`)
    const edits = fixes.filter((fix) => fix.path === path).flatMap((fix) => fix.edits)
    changes.push({ path, before, after: applyEdits(before, edits) })
  }
  const ignoring = fixes.flatMap(({ ignore }) => ignore ?? [])
  for (const path of new Set(ignoring.map((ignore) => ignore.path))) {
    const before = await read(path)
    const patterns = ignoring.filter((ignore) => ignore.path === path).flatMap((ignore) => ignore.patterns)
    changes.push({ path, before, after: withPatterns(before, [...new Set(patterns)]) })
  }
  return changes.filter(({ before, after }) => before !== after)
}

/** @param flag `wx` for a file that is to be new: a link in its place is not followed */
export async function write(path: string, text: string, flag: 'w' | 'wx' = 'w'): Promise<void> {
  try {
    await writeFile(path, text, { flag })
  } catch (error) {
    throw new UsageError(`${path}: the file cannot be written: ${reasonOf(error)}.`)
  }
}

export async function make(changes: readonly Change[]): Promise<void> {
  for (const { path, before, after } of changes) await write(path, after, before === null ? 'wx' : 'w')
}

/** Puts the files back as they were; also as the last thing that a process does. */
export function takeBack(changes: readonly Change[]): void {
  for (const { path, before } of changes)
    if (before === null) rmSync(path, { force: true })
    else writeFileSync(path, before)
}
