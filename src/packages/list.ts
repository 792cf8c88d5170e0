// All package databases that are read.
import { APK } from './apk.ts'
import type { AddPackage, PackageDatabase } from './database.ts'
import { DPKG } from './dpkg.ts'
import { GEM } from './gem.ts'
import { NPM } from './npm.ts'
import { PYTHON } from './python.ts'

export const PACKAGE_DATABASES: readonly PackageDatabase[] = [DPKG, APK, PYTHON, NPM, GEM]

/** Whether a file holds records of others: it is kept until its layer is read. */
export const holdsRecords = (path: string): boolean =>
  PACKAGE_DATABASES.some(({ records }) => records?.wants(path) === true)

/** Bytes up to which the text of a file tells which packages are installed; 0 for a file that tells nothing by its text. */
export const packageTextLimit = (path: string): number =>
  Math.max(...PACKAGE_DATABASES.map(({ packages }) => packages?.most(path) ?? 0))

/** Takes the packages that a file of the final tree tells of. */
export function addPackages(path: string, text: string | null, add: AddPackage): void {
  for (const { packages } of PACKAGE_DATABASES) packages?.read(path, text, add)
}
