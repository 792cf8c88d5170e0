// Files of an archive that are no part of an image: they are searched like files of a layer, archives in them are opened.
import { ImageError } from '../error.ts'
import type { OtherFile } from '../image/documents.ts'
import { type Limits, raise } from '../limits.ts'
import type { SecretMatch } from '../secrets/match.ts'
import type { Scanner } from '../secrets/scanner.ts'
import { Content } from './content.ts'
import type { Skipped } from './layer-scan.ts'
import { NestedBudget } from './nested.ts'

/** More of these than anyone would read. */
const MAX_SKIPPED = 500

/** A secret in such a file. */
export interface OtherMatch extends SecretMatch {
  readonly file: Pick<OtherFile, 'name' | 'kind'>
  /** Path inside the nested archives; null for the file's own bytes. */
  readonly inside: string | null
}

export interface OtherScan {
  readonly matches: readonly OtherMatch[]
  readonly skipped: readonly Skipped[]
}

/** Reads the files from their first byte to their last. @throws ImageError where one cannot be read */
export async function scanOtherFiles(
  files: readonly OtherFile[],
  scanner: Scanner,
  limits: Limits,
): Promise<OtherScan> {
  const budget = new NestedBudget(limits)
  const matches: OtherMatch[] = []
  const skipped: Skipped[] = []
  let notListed = 0
  for (const file of files) {
    const skip = (path: string, reason: string): void => {
      if (skipped.length < MAX_SKIPPED) skipped.push({ path, reason })
      else notListed++
    }
    const content = new Content(skip, scanner, budget, file.name, [], 0)
    for await (const chunk of file.open()) await content.push(chunk, false)
    await content.end()
    for (const match of content.matches) matches.push({ ...match, file: { name: file.name, kind: file.kind } })
    if (matches.length > limits.matches)
      throw new ImageError(
        'too-many-matches',
        `${file.name}: the files beside the image hold more than ${limits.matches} secrets ${raise('matches')}`,
      )
  }
  if (notListed > 0) skipped.push({ path: '/', reason: `${notListed} more files of the archive` })
  return { matches, skipped }
}
