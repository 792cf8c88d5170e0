// What package managers wrote down of the files of one layer. Read once the layer's matches are known, and only for the files
// that have one: a database of millions of lines leaves nothing behind.
import { ImageError } from '../error.ts'
import { raise } from '../limits.ts'
import type { AddRecord, DatabaseFile, PackageRecord } from './database.ts'
import { PACKAGE_DATABASES } from './list.ts'

/** `/bin`, `/sbin` and `/lib*` are links into `/usr` on merged systems: both names are one. */
export const merged = (path: string): string => path.replace(/^\/usr(?=\/(?:bin|sbin|lib|lib64|lib32|libx32)\/)/, '')

/** Records of one file that are kept: it has one, or one for each of a few databases. */
const MAX_RECORDS = 16

/**
 * Reads the records of some files of a layer.
 * @param files the package databases that the layer itself holds
 * @param wanted entries whose records are read, with their paths
 * @param budget lines that the databases may have
 * @param where names the layer in errors
 * @returns by entry
 * @throws ImageError when they have more
 */
export function readLayerRecords(
  files: readonly DatabaseFile[],
  wanted: Iterable<readonly [entry: number, path: string]>,
  budget: number,
  where: string,
): Map<number, readonly PackageRecord[]> {
  const found = new Map<number, PackageRecord[]>()
  const byPath = new Map<string, number[]>()
  for (const [entry, path] of wanted) {
    const key = merged(path)
    byPath.set(key, [...(byPath.get(key) ?? []), entry])
  }
  if (byPath.size === 0) return found
  let lines = 0
  const add: AddRecord = (path, make) => {
    if (++lines > budget)
      throw new ImageError(
        'too-many-records',
        `${where}: its package databases name more than ${budget} files ${raise('records')}`,
      )
    // What is installed lies below the root: a path that climbs (`../`) is no path of an entry, and finds none.
    const entries = byPath.get(merged(path.startsWith('/') ? path : `/${path}`))
    const record = entries === undefined ? null : make()
    if (entries === undefined || record === null) return
    for (const entry of entries) {
      const records = found.get(entry)
      if (records === undefined) found.set(entry, [record])
      else if (records.length < MAX_RECORDS) records.push(record)
    }
  }
  for (const { records } of PACKAGE_DATABASES)
    records?.read(
      files.filter(({ path }) => records.wants(path)),
      add,
    )
  return found
}
