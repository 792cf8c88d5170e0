// Files of a commit, by the API.
import type { Remote } from '../checkout/base-commit.ts'
import { type Octokit, type Repository, reasonOf, statusOf } from './client.ts'

/** A configuration, a baseline, a Dockerfile: larger ones are refused. */
const MAX_FILE = 64 << 20

/** The text of an answer: raw as asked for, or in base64 as older servers give it. A folder, which is no file, comes as a list. */
function textOf(data: unknown): Awaited<ReturnType<Remote>> {
  const content =
    data instanceof ArrayBuffer
      ? Buffer.from(data).toString('utf8')
      : typeof data === 'object' &&
          data !== null &&
          'encoding' in data &&
          data.encoding === 'base64' &&
          'content' in data &&
          typeof data.content === 'string'
        ? Buffer.from(data.content, 'base64').toString('utf8')
        : data
  if (Array.isArray(content)) return { text: null }
  if (
    typeof content === 'object' &&
    content !== null &&
    'type' in content &&
    (content.type === 'symlink' || content.type === 'submodule')
  )
    return {
      why:
        content.type === 'symlink'
          ? 'it is a symbolic link that leads to no file of the repository'
          : 'it is a submodule',
    }
  if (typeof content !== 'string') return { why: 'GitHub answered in a form that is not known' }
  return content.length <= MAX_FILE ? { text: content } : { why: `it has more than ${MAX_FILE >> 20} MiB` }
}

/** What keeps a path from leading to a file: a link or a submodule above it. null where nothing is known to. */
async function obstacleAbove(
  octokit: Octokit,
  repository: Repository,
  commit: string,
  path: string,
): Promise<string | null> {
  const parts = path.split('/').slice(0, -1)
  for (let length = 1; length <= parts.length; length++) {
    const parent = parts.slice(0, length).join('/')
    try {
      const { data } = await octokit.rest.repos.getContent({ ...repository, path: parent, ref: commit })
      if (!Array.isArray(data) && (data.type === 'symlink' || data.type === 'submodule'))
        return `${parent} is a ${data.type === 'symlink' ? 'symbolic link' : 'submodule'}`
    } catch {
      return null
    }
  }
  return null
}

/** Reads files as a commit has them; needs the right `contents: read`. */
export function contentsAt(octokit: Octokit, repository: Repository, commit: string): Remote {
  let isReadable = false
  return async (path) => {
    try {
      const { data } = await octokit.rest.repos.getContent({
        ...repository,
        path,
        ref: commit,
        mediaType: { format: 'raw' },
      })
      return textOf(data)
    } catch (error) {
      if (statusOf(error) !== 404) return { why: reasonOf(error, 'contents: read') }
    }
    const obstacle = await obstacleAbove(octokit, repository, commit, path)
    if (obstacle !== null) return { why: obstacle }
    try {
      // A repository that the token may not read looks the same as one without the file.
      if (!isReadable)
        await octokit.rest.repos
          .getCommit({ ...repository, ref: commit })
          .catch(() => octokit.rest.repos.getContent({ ...repository, path: '', ref: commit }))
      isReadable = true
      return { text: null }
    } catch (error) {
      return { why: reasonOf(error, 'contents: read') }
    }
  }
}
