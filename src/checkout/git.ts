// Files of another commit, by the git of the machine: read, never checked out, no filter or hook of the repository runs.
import { execFile } from 'node:child_process'
import path from 'node:path'
import { PolicyError } from '../error.ts'
import { staysWithin } from './inside.ts'

/** A policy or a Dockerfile is not larger. */
const MAX_FILE = 64 << 20
const MAX_LINKS = 5

/** A bare repository that a commit holds as files is none; nor does what replaces objects count. */
const OPTIONS = ['-c', 'core.fsmonitor=false', '-c', 'safe.bareRepository=explicit']

/** Standard output of git; null where it fails, for whatever reason. */
function git(directory: string, args: readonly string[]): Promise<Buffer | null> {
  return new Promise((resolve) => {
    execFile(
      'git',
      ['-C', directory, ...OPTIONS, ...args],
      {
        encoding: 'buffer',
        maxBuffer: MAX_FILE,
        // Nothing is fetched on the way: a partial clone would ask the server for each file.
        env: {
          ...process.env,
          GIT_TERMINAL_PROMPT: '0',
          GIT_NO_LAZY_FETCH: '1',
          GIT_OPTIONAL_LOCKS: '0',
          GIT_NO_REPLACE_OBJECTS: '1',
          LC_ALL: 'C',
        },
      },
      (error, stdout) => resolve(error === null ? stdout : null),
    )
  })
}

/** The full id of a commit; null where the repository at hand does not have it. */
export async function commitOf(directory: string, revision: string): Promise<string | null> {
  if (revision.startsWith('-')) return null
  const id = (await git(directory, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`]))
    ?.toString('latin1')
    .trim()
  return id !== undefined && /^[0-9a-f]{40,64}$/.test(id) ? id : null
}

/** `a/b/c` as `a`, `a/b`. */
const parentsOf = (file: string): string[] =>
  file
    .split('/')
    .slice(0, -1)
    .map((_, index, parts) => parts.slice(0, index + 1).join('/'))

/**
 * Whether a file of the checkout is one that git brought: itself, in whatever case, or as part of a submodule or by a link above
 * it that git tracks. null where git does not say.
 */
export async function isTracked(directory: string, file: string): Promise<boolean | null> {
  const listed = await git(directory, ['ls-files', '-z', '--', `:(literal,icase)${file}`])
  if (listed === null) return null
  if (listed.length > 0) return true
  for (const parent of parentsOf(file)) {
    // A directory lists what is in it, a link or a submodule itself.
    const own = (await git(directory, ['ls-files', '-z', '--', `:(literal,icase)${parent}`]))?.toString('utf8')
    if (own === undefined) return null
    if (own.split('\0').some((name) => name.toLowerCase() === parent.toLowerCase())) return true
  }
  return false
}

interface Entry {
  readonly mode: string
  readonly object: string
}

/** An entry of a commit by its path; null where there is none, undefined where git could not tell. */
async function entryAt(directory: string, commit: string, name: string): Promise<Entry | null | undefined> {
  const listed = (await git(directory, ['ls-tree', '-z', '--full-tree', commit, '--', `:(literal)${name}`]))?.toString(
    'utf8',
  )
  if (listed === undefined) return undefined
  const [, mode, object] = /^(\d{6}) \w+ ([0-9a-f]+)\t/.exec(listed) ?? []
  return mode === undefined || object === undefined ? null : { mode, object }
}

const LINK = '120000'
const SUBMODULE = '160000'
const DIRECTORY = '040000'

/** The first link or submodule on the way to a path that a commit does not have as such. */
async function obstacle(
  directory: string,
  commit: string,
  name: string,
): Promise<{ readonly parent: string; readonly entry: Entry } | null | undefined> {
  for (const parent of parentsOf(name)) {
    const entry = await entryAt(directory, commit, parent)
    if (entry === undefined) return undefined
    if (entry === null) return null
    if (entry.mode !== DIRECTORY) return { parent, entry }
  }
  return null
}

/**
 * A file as a commit has it, links followed within the repository.
 * @param commit full id, of a commit that is there
 * @returns null where the commit has no such file; undefined where git could not tell
 * @throws PolicyError where the path leads out of the repository or into a submodule
 */
export async function fileAt(directory: string, commit: string, file: string): Promise<string | null | undefined> {
  const fail = (why: string): never => {
    throw new PolicyError(
      `${file}: the base commit ${commit.slice(0, 7)} does not hold it: ${why}. Commit the file itself.`,
    )
  }
  let name = path.posix.normalize(file)
  for (let hop = 0; hop <= MAX_LINKS; hop++) {
    if (!staysWithin(name)) return fail('a symbolic link leads out of the repository')
    let entry = await entryAt(directory, commit, name)
    let rest = ''
    if (entry === null) {
      const found = await obstacle(directory, commit, name)
      if (found === undefined || found === null) return found
      rest = name.slice(found.parent.length)
      name = found.parent
      entry = found.entry
      if (entry.mode !== LINK && entry.mode !== SUBMODULE) return null
    }
    if (entry === undefined) return undefined
    if (entry.mode === SUBMODULE) return fail(`${name} is a submodule`)
    if (entry.mode === DIRECTORY) return null
    const content = await git(directory, ['cat-file', 'blob', entry.object])
    if (content === null) return undefined
    if (entry.mode !== LINK) return content.toString('utf8')
    const target = content.toString('utf8')
    if (target.startsWith('/')) return fail('a symbolic link leads out of the repository')
    name = path.posix.join(path.posix.dirname(name), target) + rest
  }
  return fail('its symbolic links do not end')
}
