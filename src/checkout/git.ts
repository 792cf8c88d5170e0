// Files of another commit, by the git of the machine: read, never checked out, no filter or hook of the repository runs.
import { execFile } from 'node:child_process'
import path from 'node:path'

/** A policy or a Dockerfile is not larger. */
const MAX_FILE = 64 << 20
const MAX_LINKS = 5

/** Standard output of git; null where it fails, for whatever reason. */
function git(directory: string, args: readonly string[]): Promise<Buffer | null> {
  return new Promise((resolve) => {
    execFile(
      'git',
      ['-C', directory, '-c', 'core.fsmonitor=false', ...args],
      // Nothing is fetched on the way: a partial clone would ask the server for each file.
      { encoding: 'buffer', maxBuffer: MAX_FILE, env: { ...process.env, GIT_TERMINAL_PROMPT: '0', GIT_NO_LAZY_FETCH: '1', GIT_OPTIONAL_LOCKS: '0', LC_ALL: 'C' } },
      (error, stdout) => resolve(error === null ? stdout : null),
    )
  })
}

/** The full id of a commit; null where the repository at hand does not have it. */
export async function commitOf(directory: string, revision: string): Promise<string | null> {
  if (revision.startsWith('-')) return null
  const id = (await git(directory, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`]))?.toString('latin1').trim()
  return id !== undefined && /^[0-9a-f]{40,64}$/.test(id) ? id : null
}

/** Whether git tracks a file of the checkout; null where that cannot be told. */
export async function isTracked(directory: string, file: string): Promise<boolean | null> {
  const listed = await git(directory, ['ls-files', '-z', '--', `:(literal)${file}`])
  return listed === null ? null : listed.length > 0
}

/**
 * A file as a commit has it, links followed within the repository.
 * @param commit full id, of a commit that is there
 * @returns null where the commit has no such file; undefined where git could not tell
 */
export async function fileAt(directory: string, commit: string, file: string): Promise<string | null | undefined> {
  let name = path.posix.normalize(file)
  for (let hop = 0; hop <= MAX_LINKS; hop++) {
    if (name.startsWith('/') || name.startsWith('../')) return null
    const entry = (await git(directory, ['ls-tree', '-z', '--full-tree', commit, '--', `:(literal)${name}`]))?.toString('utf8')
    if (entry === undefined) return undefined
    const [, mode, type, object] = /^(\d{6}) (\w+) ([0-9a-f]+)\t/.exec(entry) ?? []
    if (object === undefined || type !== 'blob') return null
    const content = await git(directory, ['cat-file', 'blob', object])
    if (content === null) return undefined
    if (mode !== '120000') return content.toString('utf8')
    name = path.posix.join(path.posix.dirname(name), content.toString('utf8'))
  }
  return null
}
