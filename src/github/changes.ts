// What a pull request changes, as far as it decides whether there is something to say.
import { type Octokit, type PullRequest, pages } from './client.ts'

/** Texts for people, and the pictures in them: no image is another one for them. */
const TEXT = /\.(?:md|mdx|markdown|rst|adoc|asciidoc)$/i
const PAPERS = /(?:^|\/)(?:LICEN[CS]E|NOTICE|AUTHORS|CONTRIBUTORS|CHANGELOG|CODEOWNERS|README)(?:\.\w+)?$/i
const PICTURES = /^docs?\/.*\.(?:txt|png|jpe?g|gif|svg|webp|pdf)$/i

const isDocumentation = (file: string): boolean => TEXT.test(file) || PAPERS.test(file) || PICTURES.test(file)

/** Whether a pull request changes documentation and nothing else; where that cannot be told, it is taken to change more. */
export async function changesOnlyDocumentation(
  octokit: Octokit,
  { owner, repo, number }: PullRequest,
): Promise<boolean> {
  let seen = 0
  try {
    for await (const files of pages((page) =>
      octokit.rest.pulls.listFiles({ owner, repo, pull_number: number, ...page }),
    )) {
      for (const { filename, previous_filename: before } of files)
        if (![filename, before ?? filename].every(isDocumentation)) return false
      seen += files.length
    }
  } catch {
    return false
  }
  return seen > 0
}
