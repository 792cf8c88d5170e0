// Where in the repository a finding points, for platforms that show findings on files.
import type { Finding } from '../finding/finding.ts'

/** Where a finding points that has no other file of the repository. */
const FALLBACK = '.layergate.yml'

/** A file of the repository: what lies elsewhere has no alert on it. */
const isInside = (path: string): boolean => path !== '' && !path.startsWith('/') && !path.split('/').includes('..')

/** Files of the repository that a report knows. */
export interface KnownFiles {
  readonly dockerfile: string | null
  readonly config: string | null
}

/** @returns the file, and the lines in it; null where they are not known, or are those of a Dockerfile that has changed since */
export function placeInRepository(
  at: Finding['dockerfile'],
  files: KnownFiles,
): { readonly path: string; readonly lines: { readonly startLine: number; readonly endLine: number } | null } {
  if (at === null || at.changed === true || !isInside(at.path))
    return {
      path: [files.dockerfile, files.config].find((path) => path !== null && isInside(path)) ?? FALLBACK,
      lines: null,
    }
  return { path: at.path, lines: { startLine: at.startLine, endLine: at.endLine } }
}
