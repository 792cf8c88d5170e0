// Files of a commit, by the API.
import type { Remote } from '../checkout/base-commit.ts'
import { type Octokit, type Repository, reasonOf, statusOf } from './client.ts'

/** A configuration, a baseline, a Dockerfile: larger ones are refused. */
const MAX_FILE = 64 << 20

/** Reads files as a commit has them; needs the right `contents: read`. */
export function contentsAt(octokit: Octokit, repository: Repository, commit: string): Remote {
  let isReadable = false
  return async (path) => {
    try {
      const { data } = await octokit.rest.repos.getContent({ ...repository, path, ref: commit, mediaType: { format: 'raw' } })
      // A folder comes as a list.
      const content: unknown = data
      return { text: typeof content === 'string' && content.length <= MAX_FILE ? content : null }
    } catch (error) {
      if (statusOf(error) !== 404) return { why: reasonOf(error, 'contents: read') }
    }
    try {
      // A repository that the token may not read looks the same as one without the file.
      if (!isReadable) await octokit.rest.repos.getCommit({ ...repository, ref: commit })
      isReadable = true
      return { text: null }
    } catch (error) {
      return { why: reasonOf(error, 'contents: read') }
    }
  }
}
