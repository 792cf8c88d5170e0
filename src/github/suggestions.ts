// Review comments with the changed lines themselves, where these are part of the pull request: one click takes them.
import { readSource } from '../checkout/checkout.ts'
import type { Finding } from '../finding/finding.ts'
import type { Outcome } from '../outcome/outcome.ts'
import { code, fenceFor, markdown, prose } from '../report/escape.ts'
import { toldFindings } from '../report/phrases.ts'
import { type Octokit, ownLogin, type PullRequest, pages, reasonOf } from './client.ts'

const MAX_SUGGESTIONS = 10
/** Lines that one suggestion replaces. */
const MAX_SPAN = 20

interface Suggestion {
  readonly path: string
  readonly startLine: number
  readonly endLine: number
  readonly body: string
  /** Found again by it, so that it is not repeated. */
  readonly marker: string
}

/** Lines of the new file that a unified diff shows, with their text. */
function linesOfPatch(patch: string): Map<number, string> {
  const lines = new Map<number, string>()
  let next = 0
  for (const line of patch.split('\n')) {
    const hunk = /^@@ -\d+(?:,\d+)? \+(\d+)/.exec(line)
    if (hunk !== null) next = Number(hunk[1])
    else if (line.startsWith('+') || line.startsWith(' ')) lines.set(next++, line.slice(1))
  }
  return lines
}

/** Whether the diff shows the lines as the checkout has them; lines that follow each other are in one hunk. */
function isShown(
  shown: ReadonlyMap<number, string>,
  source: readonly string[],
  startLine: number,
  endLine: number,
): boolean {
  for (let line = startLine; line <= endLine; line++)
    if (shown.get(line)?.replace(/\r$/, '') !== source[line - 1]) return false
  return true
}

/** A fence that no line of the change can close. */
function fenced(lines: readonly string[]): string {
  const fence = fenceFor(lines.join('\n'), 3)
  return `${fence}suggestion\n${lines.map((line) => `${line}\n`).join('')}${fence}`
}

/** The lines from the first to the last that change, as they are to be; null where the change reaches too far. */
function changedLines(
  { edits }: NonNullable<Finding['fix']>,
  source: readonly string[],
): { startLine: number; endLine: number; lines: string[] } | null {
  const sorted = [...edits].sort((a, b) => a.startLine - b.startLine)
  const [startLine, endLine] = [sorted[0]?.startLine ?? 0, sorted.at(-1)?.endLine ?? 0]
  if (startLine === 0 || endLine - startLine >= MAX_SPAN) return null
  const lines: string[] = []
  for (let line = startLine; line <= endLine; ) {
    const edit = sorted.find((each) => each.startLine === line)
    lines.push(...(edit?.lines ?? [source[line - 1] ?? '']))
    line = (edit?.endLine ?? line) + 1
  }
  return { startLine, endLine, lines }
}

/** Characters that stand for something hidden, or that cannot be seen: what is suggested must be what can be committed. */
const NOT_COMMITTED = /[\u2022\u2026]|[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/

/** The change of a finding, where the pull request shows all its lines. */
function suggestionOf(
  finding: Finding,
  shown: ReadonlyMap<number, string>,
  source: readonly string[],
  redactor: Outcome['redactor'],
): Suggestion | null {
  const { fix, fingerprint, title, remedy } = finding
  const change = fix === null ? null : changedLines(fix, source)
  if (fix === null || change === null || !isShown(shown, source, change.startLine, change.endLine)) return null
  const { startLine, endLine, lines } = change
  if (lines.some((line) => NOT_COMMITTED.test(line) || redactor.text(line) !== line)) return null
  const more = [
    ...(fix.ignore === null
      ? []
      : [`Also add ${fix.ignore.patterns.map(code).join(', ')} to ${code(fix.ignore.path)}.`]),
    ...(fix.build.length === 0 ? [] : [`Build with ${code(fix.build.join(' '))}.`]),
  ]
  const marker = `<!-- layergate:suggestion ${fingerprint} -->`
  return {
    path: fix.path,
    startLine,
    endLine,
    marker,
    body: [marker, `**${markdown(title)}.** ${[prose(remedy), ...more].join(' ')}`, fenced(lines)].join('\n\n'),
  }
}

/** @returns how many were posted; a refusal is a result, not an error */
export async function postSuggestions(
  octokit: Octokit,
  pull: PullRequest,
  commit: string,
  outcome: Outcome,
  directory: string,
): Promise<{ readonly posted: number } | { readonly refused: string }> {
  const findings = toldFindings(outcome.report).filter(
    ({ fix, dockerfile }) => fix !== null && fix.edits.length > 0 && dockerfile?.changed !== true,
  )
  const paths = [...new Set(findings.flatMap(({ fix }) => (fix === null ? [] : [fix.path])))]
  if (paths.length === 0) return { posted: 0 }
  const where = { owner: pull.owner, repo: pull.repo, pull_number: pull.number }
  try {
    const patches = new Map<string, ReadonlyMap<number, string>>()
    for await (const files of pages((page) => octokit.rest.pulls.listFiles({ ...where, ...page }))) {
      for (const { filename, patch } of files)
        if (paths.includes(filename) && patch !== undefined) patches.set(filename, linesOfPatch(patch))
      if (patches.size === paths.length) break
    }
    const suggestions: Suggestion[] = []
    for (const path of paths) {
      const [shown, text] = [patches.get(path), await readSource(directory, path)]
      if (shown === undefined || text === null) continue
      const source = text.split(/\r?\n/)
      for (const finding of findings) {
        const suggestion = finding.fix?.path === path ? suggestionOf(finding, shown, source, outcome.redactor) : null
        // Of several changes of the same lines the first is suggested.
        if (
          suggestion !== null &&
          !suggestions.some(
            (other) =>
              other.path === path && other.startLine <= suggestion.endLine && suggestion.startLine <= other.endLine,
          )
        )
          suggestions.push(suggestion)
      }
    }
    if (suggestions.length === 0) return { posted: 0 }
    const login = await ownLogin(octokit)
    const earlier: string[] = []
    for await (const comments of pages((page) => octokit.rest.pulls.listReviewComments({ ...where, ...page })))
      earlier.push(...comments.filter(({ user }) => user?.login === login).map(({ body }) => body))
    const fresh = suggestions
      .filter(({ marker }) => !earlier.some((body) => body.startsWith(marker)))
      .slice(0, MAX_SUGGESTIONS)
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
