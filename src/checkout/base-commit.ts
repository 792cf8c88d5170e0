// The files of the commit that a pull request starts from: by the git of the checkout where it has that commit, else by
// whoever else can tell.
import path from 'node:path'
import { PolicyError } from '../error.ts'
import { commitOf, fileAt, isTracked } from './git.ts'
import { notContent } from './whole-file.ts'

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
 * @param judged commits of the pull request: a checkout of one of them in a folder of the workspace is its own
 */
export function baseCommit(
  directory: string,
  commit: string,
  remote: Remote | null,
  judged: readonly string[] = [],
): BaseCommit {
  const local = commitOf(directory, commit)
  const files = new Map<string, Promise<string | null>>()
  const find = async (file: string): Promise<string | null> => {
    const known = (await local) === null ? undefined : await fileAt(directory, commit, file)
    if (known !== undefined) return known
    const found =
      remote === null
        ? { why: 'the checkout does not have it, and there is no token to ask for it' }
        : await remote(file)
    if ('text' in found) return found.text
    throw new PolicyError(
      `${file}: the policy of the base commit ${commit.slice(0, 7)} cannot be read: ${found.why}. Check out with fetch-depth: 0, or give the action a token with contents: read; policy-from: head takes the pull request's own.`,
    )
  }
  const read = async (file: string): Promise<string | null> => {
    const text = await find(file)
    const why = text === null ? null : notContent(text)
    if (why !== null) throw new PolicyError(`${file}: the base commit ${commit.slice(0, 7)} does not hold it: ${why}.`)
    return text
  }
  /** Whether a folder of the workspace is a checkout of the pull request that git was asked for a second time. */
  const isItsCheckout = async (folder: string): Promise<boolean> =>
    judged.includes((await commitOf(folder, 'HEAD')) ?? '')
  return {
    commit,
    read: (file) => {
      const reading = files.get(file) ?? read(file)
      files.set(file, reading)
      return reading
    },
    isOfRepository: async (file) => {
      // Where git cannot tell, the file is taken for the pull request's.
      if ((await isTracked(directory, file)) ?? true) return true
      const folder = path.dirname(path.join(directory, file))
      return (await isTracked(folder, path.basename(file))) === true && (await isItsCheckout(folder))
    },
  }
}
