// The pull-request comment: one, found again by a hidden marker, edited in place; each image has its section in it.
import type { Finding } from '../rules/finding.ts'
import { cell, code, markdown, prose } from './escape.ts'
import type { Outcome } from './outcome.ts'
import { closing, fixBlock, headline, ICONS, layersSection } from './summary.ts'
import { factsOf, groupByFile, hiderOf, number, placeName, plural, remediesOf, shownFindings, subjectOf, tally } from './words.ts'

/** Found at the start of our comment. */
export const COMMENT_MARKER = '<!-- layergate -->'
/** The platform's limit in characters. */
const MAX_COMMENT = 65_536
/** Leaves room for several images. */
const MAX_SECTION = 28_000
const MAX_ROWS = 10
/** Kinds of secrets that one row names. */
const MAX_KINDS = 5

export interface CommentContext {
  /** Links to a file at the commit, `https://github.com/OWNER/REPO/blob/SHA`; null for none. */
  readonly blobUrl: string | null
  readonly runUrl: string | null
}

const sectionStart = (key: string): string => `<!-- layergate:image ${key} -->`
const SECTION_END = '<!-- layergate:end -->'

/** A key that names the image of a section and cannot end the comment that holds it. */
const sectionKey = (reference: string): string => Buffer.from(reference.replace(/:[0-9a-f]{7,64}$/, '')).toString('base64url')

function link(finding: Finding, { blobUrl }: CommentContext): string {
  const at = finding.dockerfile
  if (at === null) return code(placeName(finding.location))
  const name = code(`${at.path}:${at.startLine}`)
  const lines = at.startLine === at.endLine ? `L${at.startLine}` : `L${at.startLine}-L${at.endLine}`
  if (at.changed === true) return `${name} as built`
  return blobUrl === null ? name : `[${name}](${blobUrl}/${at.path.split('/').map(encodeURIComponent).join('/')}#${lines})`
}

/** What to do about one finding, or about the secrets of one file. */
function whatToDo(outcome: Outcome, group: readonly Finding[], context: CommentContext): string {
  const [finding] = group
  if (finding === undefined) return ''
  if (group.length === 1) return `- ${link(finding, context)} ${prose(finding.remedy)}${fixBlock(outcome, finding)}`
  const { own, common } = remediesOf(group)
  return `- ${link(finding, context)} ${prose([...new Set([...own, common])].join(' '))}${fixBlock(outcome, finding)}`
}

/** One finding, or the secrets of one file, by their kinds. */
function row(outcome: Outcome, group: readonly Finding[], context: CommentContext): string {
  const [finding] = group
  if (finding === undefined) return ''
  const { secret, location } = finding
  const facts = factsOf(outcome, finding)
  const hider = hiderOf(finding)
  const where = location.kind === 'layer' ? ` in ${code(location.path)}` : ''
  const hiding = hider !== null && location.kind === 'layer' ? `; ${hider} hides it, layer ${location.layer} keeps it` : ''
  const kinds = [...new Set(group.map(subjectOf))]
  if (group.length > 1) {
    const named = kinds.slice(0, MAX_KINDS).map(markdown).join(', ')
    return `| ${ICONS[finding.severity]} | ${cell(`**${number(group.length)} secrets**${where}: ${named}${kinds.length > MAX_KINDS ? ` and ${kinds.length - MAX_KINDS} more kinds` : ''}${hiding}`)} | ${cell(link(finding, context))} |`
  }
  const what =
    secret === null
      ? `**${markdown(finding.title)}**`
      : `**${markdown(subjectOf(finding))}**${secret.redacted === '•••' ? '' : ` ${code(secret.redacted)}`}${facts.length === 0 ? '' : ` (${markdown(facts.join(', '))})`}${where}${hiding}`
  return `| ${ICONS[finding.severity]} | ${cell(what)} | ${cell(link(finding, context))} |`
}

/** The section of one image. */
export function renderSection(outcome: Outcome, context: CommentContext): string {
  const { report, passed, policy } = outcome
  const shown = shownFindings(report)
  const groups = groupByFile(shown)
  const told = groups.slice(0, MAX_ROWS)
  const left = shown.length - told.flat().length
  const counts = tally(report.verdict.counts)
  const run = context.runUrl === null ? '' : ` · [run](${context.runUrl})`
  const parts = [
    `### ${headline(outcome)}`,
    `${counts === '' ? 'no findings' : `**${counts}**`} · ${plural(passed.length, 'rule')} passed${run}`,
    shown.length === 0
      ? ''
      : `| | what | where |\n|---|---|---|\n${told.map((group) => row(outcome, group, context)).join('\n')}${left > 0 ? `\n\n…and ${number(left)} more: see the job summary.` : ''}`,
    shown.length === 0 ? '' : `<details><summary>What to do</summary>\n\n${told.map((group) => whatToDo(outcome, group, context)).join('\n')}\n\n</details>`,
    layersSection(outcome),
    closing(report) === '' ? '' : `<details><summary>Ignored, warnings and not looked at</summary>\n\n${closing(report)}\n\n</details>`,
    `<sub>${code(report.image.id.slice(0, 19))} · ${code(report.image.platform)} · policy ${code(policy)} · Layergate ${report.tool.version}</sub>`,
  ].filter((part) => part !== '')
  const whole = parts.join('\n\n')
  if (whole.length <= MAX_SECTION) return whole
  return [...parts.filter((part) => !part.startsWith('<details>')), 'The details did not fit: see the job summary.'].join('\n\n').slice(0, MAX_SECTION)
}

/** The section of an image that could not be read: no green one may stay. */
export const renderErrorSection = (reference: string, message: string): string => `### ⚠️ ${code(reference)} could not be read\n\n${markdown(message)}\n\nNothing was judged.`

/** Puts a section into the comment: into its place where the image has one, else at the end. */
export function upsertSection(existing: string | null, reference: string, section: string): string {
  const start = sectionStart(sectionKey(reference))
  const own = `${start}\n${section}\n${SECTION_END}`
  const others = (existing ?? '')
    .split(/(?=<!-- layergate:image )/)
    .slice(1)
    .map((text) => text.trim())
  const index = others.findIndex((text) => text.startsWith(start))
  const sections = index === -1 ? [...others, own] : others.map((text, at) => (at === index ? own : text))
  const body = `${COMMENT_MARKER}\n${sections.join('\n\n')}\n`
  return body.length <= MAX_COMMENT ? body : `${COMMENT_MARKER}\n${own}\n`
}
