// The files of the commit that a pull request starts from: by the git of the checkout where it has that commit, else by the API.
import { commitOf, fileAt, isTracked } from '../checkout/git.ts'
import { ConfigError } from '../error.ts'
import type { BaseCommit } from '../settings.ts'
import { type Octokit, type Repository, reasonOf, statusOf } from './client.ts'

/** A configuration, a baseline, a Dockerfile: larger ones are refused. */
const MAX_FILE = 64 << 20

interface Remote {
  readonly octokit: Octokit
  readonly repository: Repository
}

async function contentAt({ octokit, repository }: Remote, commit: string, path: string): Promise<string | null> {
  try {
    const { data } = await octokit.rest.repos.getContent({ ...repository, path, ref: commit, mediaType: { format: 'raw' } })
    // A folder comes as a list.
    const content: unknown = data
    return typeof content === 'string' && content.length <= MAX_FILE ? content : null
  } catch (error) {
    if (statusOf(error) !== 404) throw error
    // A repository that the token may not read looks the same as one without the file.
    await octokit.rest.repos.getCommit({ ...repository, ref: commit })
    return null
  }
}

/**
 * The commit that decides. Each file is read once.
 * @param directory root of the checkout
 * @param remote null without a token
 */
export function baseCommit(directory: string, commit: string, remote: Remote | null): BaseCommit {
  const local = commitOf(directory, commit)
  const files = new Map<string, Promise<string | null>>()
  const read = async (path: string): Promise<string | null> => {
    const known = (await local) === null ? undefined : await fileAt(directory, commit, path)
    if (known !== undefined) return known
    if (remote === null) throw unreadable(path, commit, 'the checkout does not have it, and there is no token to ask for it')
    try {
      return await contentAt(remote, commit, path)
    } catch (error) {
      throw unreadable(path, commit, reasonOf(error, 'contents: read'))
    }
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

const unreadable = (path: string, commit: string, why: string): ConfigError =>
  new ConfigError(
    `${path}: the policy of the base commit ${commit.slice(0, 7)} cannot be read: ${why}. Check out with fetch-depth: 0, or give the action a token with contents: read; policy-from: head takes the pull request's own.`,
  )
