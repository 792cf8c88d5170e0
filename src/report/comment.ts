// The pull-request comment: one, found again by a hidden marker, edited in place; each image has its section in it.
import * as z from 'zod'
import type { Finding } from '../finding/finding.ts'
import type { Report } from '../outcome/contract.ts'
import type { Outcome } from '../outcome/outcome.ts'
import { cutText } from '../secrets/last-look.ts'
import { cell, code, markdown, prose } from './escape.ts'
import { type Failure, failureHeadline } from './failure.ts'
import {
  byVerdict,
  factsOf,
  groupByFile,
  hiddenBy,
  hiderOf,
  lineName,
  number,
  otherPlaceName,
  otherPlacesText,
  placeName,
  remediesOf,
  shortPath,
  subjectOf,
  toldFindings,
  verbOf,
} from './phrases.ts'
import {
  closing,
  FULL,
  fixBlock,
  folded,
  ICONS,
  layersSection,
  loosenedSection,
  othersTitle,
  strong,
  untoldSection,
} from './summary.ts'
import { countParts, headline, isMild, passedCount, ruleOfVerdict } from './verdict.ts'

/** Found at the start of our comment. */
export const COMMENT_MARKER = '<!-- layergate -->'
/** The platform's limit in characters. */
const MAX_COMMENT = 65_536
/** Leaves room for several images. */
const MAX_SECTION = 28_000
const MAX_ROWS = 10
/** Characters of the second line of a finding. */
const MAX_SENTENCE = 260
/** Other places of a value that one row names. */
const MAX_PLACES = 3
/** Kinds of secrets that one row names. */
const MAX_KINDS = 5

export interface CommentContext {
  /** Links to a file at the commit, `https://github.com/OWNER/REPO/blob/SHA`; null for none. */
  readonly blobUrl: string | null
  readonly runUrl: string | null
  /** The commit that is judged. */
  readonly commit: string | null
  /** Who says it, in Markdown, where it is not this run itself. */
  readonly source: string | null
}

const sectionStart = (key: string): string => `<!-- layergate:image ${key} -->`
const SECTION_END = '<!-- layergate:end -->'

/** A key that names the image of a section and cannot end the comment that holds it. */
const sectionKey = (name: string): string => Buffer.from(name).toString('base64url')

function link(finding: Finding, { blobUrl }: CommentContext): string {
  const at = finding.dockerfile
  if (at === null) return code(placeName(finding.location))
  const name = code(`${at.path}:${at.startLine}`)
  const lines = at.startLine === at.endLine ? `L${at.startLine}` : `L${at.startLine}-L${at.endLine}`
  if (at.changed === true) return `${name} as built`
  // A path that leads out of the repository would lead the link there too.
  return blobUrl === null || at.path.startsWith('/') || at.path.split('/').includes('..')
    ? name
    : `[${name}](${blobUrl}/${at.path.split('/').map(encodeURIComponent).join('/')}#${lines})`
}

/** What to do about one finding, or about the secrets of one file. */
function whatToDo(outcome: Outcome, group: readonly Finding[], context: CommentContext): string {
  const [finding] = group
  if (finding === undefined) return ''
  if (group.length === 1) return `- ${link(finding, context)} ${prose(finding.remedy)}${fixBlock(outcome, finding)}`
  const { own, common } = remediesOf(group)
  return `- ${link(finding, context)} ${prose([...new Set([...own, common])].join(' '))}${fixBlock(outcome, finding)}`
}

/** The first sentence where it is short; what is long is below, in the folded part. */
function firstSentence(text: string): string {
  const sentence = /^.*?[.:](?=\s|$)/.exec(text)?.[0] ?? text
  return sentence.length > MAX_SENTENCE || sentence.split('`').length % 2 === 0 ? '' : sentence.replace(/:$/, '.')
}

/** One finding, or the secrets of one file, by their kinds. */
function row(outcome: Outcome, group: readonly Finding[], context: CommentContext): string {
  const [finding] = group
  if (finding === undefined) return ''
  const { secret, location } = finding
  const facts = factsOf(outcome, finding)
  const hider = hiderOf(finding)
  const where =
    location.kind === 'layer'
      ? ` in ${code(shortPath(location.path))}`
      : location.kind === 'tar'
        ? ` (${location.field} of ${code(location.path)})`
        : ''
  const hiding =
    hider !== null && location.kind === 'layer'
      ? `; ${hider} ${verbOf(hiddenBy(finding)?.role ?? 'hidden-by')} it, layer ${location.layer} keeps it`
      : ''
  const others = [
    ...new Set(
      group
        .map((each) => otherPlacesText(each, MAX_PLACES, (place) => code(otherPlaceName(place))))
        .filter((text) => text !== ''),
    ),
  ]
  const also =
    others[0] === undefined
      ? ''
      : others.length === 1
        ? `; also in ${others[0]}`
        : '; they are in other places too: see the job summary'
  const kinds = [...new Set(group.map(subjectOf))]
  if (group.length > 1) {
    const named = kinds.slice(0, MAX_KINDS).map(markdown).join(', ')
    return `| ${ICONS[finding.severity]} | ${cell(`**${number(group.length)} secrets**${where}: ${named}${kinds.length > MAX_KINDS ? ` and ${kinds.length - MAX_KINDS} more kinds` : ''}${hiding}${also}`)} | ${cell(link(finding, context))} |`
  }
  const what =
    secret === null
      ? [`**${markdown(finding.title)}**`, prose(firstSentence(finding.message))]
          .filter((line) => line !== '')
          .join('<br>')
      : `**${markdown(subjectOf(finding))}**${secret.redacted === '•••' ? '' : ` ${code(secret.redacted)}`}${facts.length === 0 ? '' : ` (${markdown(facts.join(', '))})`}${where}${hiding}${also}`
  return `| ${ICONS[finding.severity]} | ${cell(what)} | ${cell(link(finding, context))} |`
}

/** What a section remembers of the pushes before: what was open, and what was fixed since the comment is there. */
const memorySchema = z.object({
  open: z.array(z.tuple([z.string().max(64), z.string().max(200), z.string().max(300)])).max(200),
  fixed: z.array(z.tuple([z.string().max(64), z.string().max(200), z.string().max(300), z.string().max(40)])).max(100),
})
type Memory = z.output<typeof memorySchema>

const NOTHING: Memory = { open: [], fixed: [] }
/** Characters of a title and a place that are remembered; of the head of a section. */
const MAX_TITLE = 200
const MAX_PLACE = 300
const MAX_HEAD = 400
const MAX_OPEN = 60
const MAX_FIXED = 15
/** Characters of it in the comment. */
const MAX_MEMORY = 6000
const MEMORY = /^<!-- layergate:memory ([\w-]*) -->$/m

/** Anyone who may edit comments may have changed it: what is no memory of ours is none. */
function readMemory(section: string | null): Memory {
  const text = MEMORY.exec(section ?? '')?.[1]
  if (text === undefined) return NOTHING
  try {
    return memorySchema.parse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')))
  } catch {
    return NOTHING
  }
}

/** The memory as a comment that nobody sees; the least grave is forgotten where it would take too much room. */
function writeMemory(memory: Memory): string {
  const text = Buffer.from(JSON.stringify(memory)).toString('base64url')
  if (text.length <= MAX_MEMORY || memory.open.length + memory.fixed.length === 0)
    return `<!-- layergate:memory ${text} -->`
  return writeMemory(
    memory.open.length > memory.fixed.length
      ? { ...memory, open: memory.open.slice(0, -1) }
      : { ...memory, fixed: memory.fixed.slice(0, -1) },
  )
}

/** What was open in the section before and is gone now, with the commit that did it, the latest first. */
function fixedSince({ findings }: Report, { open, fixed }: Memory, commit: string): Memory['fixed'] {
  const now = new Set(
    findings.flatMap(({ fingerprint, related }) => [
      fingerprint,
      ...related.flatMap((place) => place.fingerprint ?? []),
    ]),
  )
  const gone = open
    .filter(([fingerprint]) => !now.has(fingerprint))
    .map(([...words]): Memory['fixed'][number] => [...words, commit])
  const earlier = fixed.filter(
    ([fingerprint]) => !now.has(fingerprint) && !gone.some(([other]) => other === fingerprint),
  )
  return [...gone, ...earlier].slice(0, MAX_FIXED)
}

/** The section of one image. @param earlier the section that stands there, null for none */
export function renderSection(outcome: Outcome, context: CommentContext, earlier: string | null): string {
  const { report, redactor } = outcome
  const told = toldFindings(report)
  const fixed = fixedSince(report, readMemory(earlier), context.commit?.slice(0, 7) ?? '')
  const memory: Memory = {
    open: told
      .slice(0, MAX_OPEN)
      .map((finding) => [
        finding.fingerprint,
        redactor.cut(finding.title, MAX_TITLE),
        redactor.cut(lineName(finding), MAX_PLACE),
      ]),
    fixed,
  }
  const run = context.runUrl === null ? '' : ` · [run](${context.runUrl})`
  const { failing, others } = byVerdict(report)
  const groups = groupByFile(failing)
  const quiet = groupByFile(others)
  const fixedBefore = fixed.map(
    ([, title, place, commit]) =>
      `- ✅ ${markdown(title)}: ${code(place)}${commit === '' ? '' : ` since ${/^[0-9a-f]{7}$/.test(commit) ? commit : code(commit)}`}`,
  )
  const front = [
    `### ${headline(report, code(report.name))}`,
    `${countParts(report, strong).join(' · ')} · ${passedCount(report)}${run}`,
    loosenedSection(report),
    untoldSection(report),
    isMild(report) ? `Nothing fails: ${ruleOfVerdict(report, code)}.` : '',
  ]
  const back = [
    fixedBefore.length === 0 ? '' : `**Fixed in this pull request**\n${fixedBefore.join('\n')}`,
    layersSection(outcome, FULL),
    folded(
      report.baseline.name === null ? 'Ignored, warnings and not looked at' : 'Known, ignored and not looked at',
      closing(report, FULL),
    ),
    context.source === null ? '' : `<sub>${context.source}</sub>`,
    `<sub>${code(report.image.id.slice(0, 19))} · ${code(report.image.platform)} · policy ${code(report.policy.name)}${report.policy.commit === null ? '' : ` of ${code(report.policy.commit.slice(0, 7))}`} · Layergate ${code(report.tool.version)}</sub>`,
    writeMemory(memory),
  ]
  for (const rows of [MAX_ROWS, 5, 2]) {
    const tableOf = (of: readonly (readonly Finding[])[]): string => {
      const shown = of.slice(0, rows)
      const left = of.flat().length - shown.flat().length
      return shown.length === 0
        ? ''
        : `| | what | where |\n|---|---|---|\n${shown.map((group) => row(outcome, group, context)).join('\n')}${left > 0 ? `\n\n…and ${number(left)} more: see the job summary.` : ''}`
    }
    const shown = [...groups, ...quiet].slice(0, rows)
    const table = tableOf(groups)
    const rest = folded(othersTitle(others), tableOf(quiet))
    const todo = folded('What to do', shown.map((group) => whatToDo(outcome, group, context)).join('\n'))
    const whole = [...front, table, todo, rest, ...back].filter((part) => part !== '').join('\n\n')
    if (whole.length <= MAX_SECTION) return whole
    const short = withoutDetails([...front, table, ...back].filter((part) => part !== '').join('\n\n'))
    if (short.length <= MAX_SECTION) return short
  }
  return redactor.cut([...front.slice(0, 2), DETAILS_LEFT, writeMemory(memory)].join('\n\n'), MAX_SECTION)
}

const DETAILS_LEFT = 'The details did not fit: see the job summary.'

/** A section without its folded parts. */
const withoutDetails = (section: string): string => {
  const short = section.replace(/^<details>[\s\S]*?^<\/details>\s*/gm, '')
  return short === section || section.includes(DETAILS_LEFT)
    ? short
    : short.replace(/(?=^<!-- layergate:memory |\s*$(?![\s\S]))/m, `\n\n${DETAILS_LEFT}\n\n`)
}

/** A section with less in it: without what is folded, without its memory, its first two lines alone. null: it cannot be shorter. */
function shorter(section: string): string | null {
  const candidates = [
    withoutDetails(section),
    section.replace(MEMORY, '').trimEnd(),
    `${cutText(section.split('\n\n').slice(0, 2).join('\n\n'), MAX_HEAD)}\n\n${DETAILS_LEFT}`,
  ]
  return candidates.find((candidate) => candidate.length < section.length) ?? null
}

/** Characters of an error in the comment. */
const MAX_MESSAGE = 2000

/** The section of an image that was not judged: no green one may stay. */
export function renderErrorSection(name: string, failure: Failure, earlier: string | null): string {
  const memory = readMemory(earlier)
  return [
    `### ⚠️ ${failureHeadline(code(name), failure.code)}`,
    markdown(cutText(failure.message, MAX_MESSAGE)),
    'Nothing was judged.',
    ...(memory === NOTHING ? [] : [writeMemory(memory)]),
  ].join('\n\n')
}

interface Section {
  readonly key: string
  readonly text: string
}

/** The sections of a comment, by the key of their image. A person who edits it in a browser leaves other line ends. */
function sectionsOf(comment: string | null): Section[] {
  return [
    ...(comment ?? '')
      .replace(/\r\n?/g, '\n')
      .matchAll(/^<!-- layergate:image ([\w-]*) -->\n([\s\S]*?)\n<!-- layergate:end -->$/gm),
  ].map(([, key = '', text = '']) => ({
    key,
    text,
  }))
}

/** What a section says first tells where it stands: what fails before what could not be read before what passes. */
const rankOf = ({ text }: Section): number =>
  Math.max(0, ['### ❌', '### ⚠️', '### ✅'].indexOf(text.slice(0, text.indexOf(' ', 4))))

const assemble = (sections: readonly Section[]): string =>
  `${COMMENT_MARKER}\n${sections.map(({ key, text }) => `${sectionStart(key)}\n${text}\n${SECTION_END}`).join('\n\n')}\n`

/**
 * Puts the section of an image into the comment. What is too much for the platform loses its folded parts, the section that
 * has most first; no section is lost where a hundred are not too many.
 * @param existing the comment as it stands, null for none
 * @param render makes the section from the one that stands there
 */
export function upsertSection(
  existing: string | null,
  name: string,
  render: (earlier: string | null) => string,
): string {
  const key = sectionKey(name)
  const before = sectionsOf(existing)
  const own = { key, text: render(before.find((section) => section.key === key)?.text ?? null) }
  const sections = [...before.filter((section) => section.key !== key), own].sort(
    (a, b) => rankOf(a) - rankOf(b) || (a.key < b.key ? -1 : 1),
  )
  for (;;) {
    const body = assemble(sections)
    if (body.length <= MAX_COMMENT) return body
    const [longest] = sections.toSorted((a, b) => b.text.length - a.text.length)
    if (longest === undefined) return body
    const text = shorter(longest.text)
    if (text === null) sections.splice(sections.indexOf(longest === own ? (sections.at(-1) ?? longest) : longest), 1)
    else sections[sections.indexOf(longest)] = { key: longest.key, text }
  }
}
