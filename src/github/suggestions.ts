// Review comments with the changed lines themselves, where these are part of the pull request: one click takes them.
import { readSource } from '../checkout/checkout.ts'
import { markdown } from '../report/escape.ts'
import type { Outcome } from '../report/outcome.ts'
import { toldFindings } from '../report/words.ts'
import type { Finding } from '../rules/finding.ts'
import { type Octokit, ownLogin, type PullRequest, reasonOf } from './client.ts'

const MAX_SUGGESTIONS = 10
const MAX_PAGES = 30

interface Suggestion {
  readonly path: string
  readonly startLine: number
  readonly endLine: number
  readonly body: string
  /** Found again by it, so that it is not repeated. */
  readonly marker: string
}

/** Lines of the new file that a unified diff shows, with their text. */
export function linesOfPatch(patch: string): Map<number, string> {
  const lines = new Map<number, string>()
  let next = 0
  for (const line of patch.split('\n')) {
    const hunk = /^@@ -\d+(?:,\d+)? \+(\d+)/.exec(line)
    if (hunk !== null) next = Number(hunk[1])
    else if (line.startsWith('+') || line.startsWith(' ')) lines.set(next++, line.slice(1))
  }
  return lines
}

/** The number of the hunk is not needed: lines of one comment follow each other in the diff. */
function isShown(shown: ReadonlyMap<number, string>, source: readonly string[], startLine: number, endLine: number): boolean {
  for (let line = startLine; line <= endLine; line++) if (shown.get(line)?.replace(/\r$/, '') !== source[line - 1]) return false
  return true
}

/** A fence that no line of the change can close. */
function fenced(lines: readonly string[]): string {
  const longest = Math.max(2, ...lines.flatMap((line) => [...line.matchAll(/`+/g)].map(([run]) => run.length)))
  const fence = '`'.repeat(longest + 1)
  return `${fence}suggestion\n${lines.map((line) => `${line}\n`).join('')}${fence}`
}

/** A change of one place alone that holds nothing hidden: what is suggested must be what can be committed. */
function suggestionOf(finding: Finding, shown: ReadonlyMap<number, string>, source: readonly string[]): Suggestion | null {
  const { fix, fingerprint, title, remedy } = finding
  const [edit] = fix?.edits ?? []
  if (fix === null || edit === undefined || fix.edits.length !== 1) return null
  const { startLine, endLine, lines } = edit
  if (lines.some((line) => /[•…]|[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/.test(line)) || !isShown(shown, source, startLine, endLine)) return null
  const more = [...(fix.ignore === null ? [] : [`\`${fix.ignore.path}\` also takes a line.`]), ...(fix.build.length === 0 ? [] : [`Build with ${markdown(fix.build.join(' '))}.`])]
  const marker = `<!-- layergate:suggestion ${fingerprint} -->`
  return { path: fix.path, startLine, endLine, marker, body: [marker, `**${markdown(title)}.** ${markdown(remedy)} ${more.join(' ')}`.trim(), fenced(lines)].join('\n\n') }
}

/** @returns how many were posted; a refusal is a result, not an error */
export async function postSuggestions(
  octokit: Octokit,
  pull: PullRequest,
  commit: string,
  outcome: Outcome,
  directory: string,
): Promise<{ readonly posted: number } | { readonly refused: string }> {
  const findings = toldFindings(outcome.report).filter(({ fix, dockerfile }) => fix !== null && fix.edits.length === 1 && dockerfile?.changed !== true)
  const paths = [...new Set(findings.flatMap(({ fix }) => (fix === null ? [] : [fix.path])))]
  if (paths.length === 0) return { posted: 0 }
  const where = { owner: pull.owner, repo: pull.repo, pull_number: pull.number }
  try {
    const patches = new Map<string, ReadonlyMap<number, string>>()
    for (let page = 1; page <= MAX_PAGES && patches.size < paths.length; page++) {
      const { data } = await octokit.rest.pulls.listFiles({ ...where, per_page: 100, page })
      for (const { filename, patch } of data) if (paths.includes(filename) && patch !== undefined) patches.set(filename, linesOfPatch(patch))
      if (data.length < 100) break
    }
    const suggestions: Suggestion[] = []
    for (const path of paths) {
      const [shown, text] = [patches.get(path), await readSource(directory, path)]
      if (shown === undefined || text === null) continue
      const source = text.split(/\r?\n/)
      for (const finding of findings) {
        const suggestion = finding.fix?.path === path ? suggestionOf(finding, shown, source) : null
        // Of several changes of the same lines the first is suggested.
        if (suggestion !== null && !suggestions.some((other) => other.path === path && other.startLine <= suggestion.endLine && suggestion.startLine <= other.endLine))
          suggestions.push(suggestion)
      }
    }
    if (suggestions.length === 0) return { posted: 0 }
    const login = await ownLogin(octokit)
    const earlier: string[] = []
    for (let page = 1; page <= MAX_PAGES; page++) {
      const { data } = await octokit.rest.pulls.listReviewComments({ ...where, per_page: 100, page })
      earlier.push(...data.filter(({ user }) => user?.login === login).map(({ body }) => body))
      if (data.length < 100) break
    }
    const fresh = suggestions.filter(({ marker }) => !earlier.some((body) => body.startsWith(marker))).slice(0, MAX_SUGGESTIONS)
    if (fresh.length === 0) return { posted: 0 }
    await octokit.rest.pulls.createReview({
      ...where,
      commit_id: commit,
      event: 'COMMENT',
      comments: fresh.map(({ path, startLine, endLine, body }) => ({
        path,
        body,
        line: endLine,
        side: 'RIGHT',
        ...(startLine === endLine ? {} : { start_line: startLine, start_side: 'RIGHT' }),
      })),
    })
    return { posted: fresh.length }
  } catch (error) {
    return { refused: reasonOf(error, 'pull-requests: write') }
  }
}
