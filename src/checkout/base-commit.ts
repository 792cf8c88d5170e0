// The files of the commit that a pull request starts from: by the git of the checkout where it has that commit, else by
// whoever else can tell.
import { ConfigError } from '../error.ts'
import { commitOf, fileAt, isTracked } from './git.ts'

/** A commit whose files decide what passes. */
export interface BaseCommit {
  readonly commit: string
  /** A file of the commit; null where there is none. @throws GateError when it cannot be told */
  readonly read: (path: string) => Promise<string | null>
  /** Whether a file of the workspace belongs to the repository; else a step of the workflow put it there. */
  readonly isOfRepository: (path: string) => Promise<boolean>
}

/** Another way to a file of the commit: its text, null where there is none, or in words why it cannot be told. */
export type Remote = (path: string) => Promise<{ readonly text: string | null } | { readonly why: string }>

/**
 * The commit that decides. Each file is read once.
 * @param directory root of the checkout
 * @param remote null where there is no other way
 */
export function baseCommit(directory: string, commit: string, remote: Remote | null): BaseCommit {
  const local = commitOf(directory, commit)
  const files = new Map<string, Promise<string | null>>()
  const read = async (path: string): Promise<string | null> => {
    const known = (await local) === null ? undefined : await fileAt(directory, commit, path)
    if (known !== undefined) return known
    const found = remote === null ? { why: 'the checkout does not have it, and there is no token to ask for it' } : await remote(path)
    if ('text' in found) return found.text
    throw new ConfigError(
      `${path}: the policy of the base commit ${commit.slice(0, 7)} cannot be read: ${found.why}. Check out with fetch-depth: 0, or give the action a token with contents: read; policy-from: head takes the pull request's own.`,
    )
  }
  return {
    commit,
    read: (path) => {
      const reading = files.get(path) ?? read(path)
      files.set(path, reading)
      return reading
    },
    // Where git cannot tell, the file is taken for the pull request's.
    isOfRepository: async (path) => (await isTracked(directory, path)) ?? true,
  }
}
