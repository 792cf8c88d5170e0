// What a change brought, for a person at a terminal and for a comment.
import type { Change, Difference, FileChange } from '../outcome/compare.ts'
import { cutText } from '../secrets/last-look.ts'
import { cell, code, markdown, uncommanding, visible } from './escape.ts'
import { bytes, number, plural } from './phrases.ts'
import { wrap } from './wrap.ts'

const MAX_LISTED = 40
/** Characters of a value that changed. */
const MAX_VALUE = 200

const signed = (count: number): string => `${count < 0 ? '−' : '+'}${bytes(Math.abs(count))}`
const short = (text: string): string => cutText(text, MAX_VALUE)

const changeText = ({ name, old, new: now }: Change): string =>
  old === null
    ? `+ ${name} ${short(now ?? '')}`
    : now === null
      ? `- ${name} ${short(old)}`
      : `~ ${name} ${short(old)} → ${short(now)}`

const fileText = ({ path, change, bytes: size, what }: FileChange): string =>
  change === 'added'
    ? `+ ${path} ${bytes(size)}`
    : change === 'removed'
      ? `- ${path}`
      : `~ ${path} ${[...what.filter((each) => each !== 'content' || size === 0), ...(size === 0 ? [] : [signed(size)])].join(', ')}`

interface Part {
  readonly title: string
  readonly lines: readonly string[]
}

/** The parts that hold something, largest files first. */
function partsOf(difference: Difference): Part[] {
  const { findings, facts, packages, accounts, settings, files } = difference
  const count = (change: FileChange['change']): number => (files ?? []).filter((file) => file.change === change).length
  const sorted = [...(files ?? [])].sort((a, b) => Math.abs(b.bytes) - Math.abs(a.bytes) || (a.path < b.path ? -1 : 1))
  const parts: Part[] = [
    {
      title: `Findings: ${findings.new.length} new, ${findings.fixed.length} fixed, ${findings.same} the same`,
      lines: [
        ...findings.new.map(({ rule, title, place }) => `+ ${rule}: ${title} (${place})`),
        ...findings.fixed.map(({ rule, title, place }) => `- ${rule}: ${title} (${place})`),
      ],
    },
    { title: 'Image', lines: facts.map(changeText) },
    { title: `Packages: ${packages?.length ?? 0} changed`, lines: (packages ?? []).map(changeText) },
    { title: 'Accounts', lines: (accounts ?? []).map(changeText) },
    { title: 'Configuration', lines: (settings ?? []).map(changeText) },
    {
      title: `Files: ${number(count('added'))} added, ${number(count('removed'))} removed, ${number(count('changed'))} changed`,
      lines: sorted.map(fileText),
    },
  ]
  return parts.filter(({ lines }, index) => lines.length > 0 || index === 0)
}

const sizes = ({ old, new: now }: Difference): string =>
  `${bytes(old.size)} → ${bytes(now.size)} (${signed(now.size - old.size)}) · ${plural(old.layers, 'layer')} → ${now.layers}`

/** For a terminal. @param verbose lists everything */
export function renderDiff(difference: Difference, verbose: boolean): string {
  const lines = [
    ...wrap(visible(`${difference.old.reference} → ${difference.new.reference}`), '', '  '),
    ...wrap(sizes(difference), '', ''),
  ]
  for (const { title, lines: own } of partsOf(difference)) {
    const most = verbose ? own.length : MAX_LISTED
    lines.push(
      '',
      title,
      ...own.slice(0, most).flatMap((line) => wrap(visible(line), '  ', '    ')),
      ...(own.length > most ? [`  and ${number(own.length - most)} more (--verbose)`] : []),
    )
  }
  for (const note of difference.notes) lines.push('', ...wrap(visible(note), '', ''))
  return uncommanding(`${lines.join('\n')}\n`)
}

/** For a comment or a job summary. */
export function renderDiffMarkdown(difference: Difference): string {
  const parts = partsOf(difference).map(({ title, lines }) => {
    const items = lines
      .slice(0, MAX_LISTED)
      .map((line) => `| ${markdown(line.slice(0, 1))} | ${cell(code(line.slice(2)))} |`)
    const more = lines.length > MAX_LISTED ? `\n\n…and ${number(lines.length - MAX_LISTED)} more.` : ''
    return lines.length === 0
      ? `**${title}**`
      : `<details open><summary>${title}</summary>\n\n| | |\n|---|---|\n${items.join('\n')}${more}\n\n</details>`
  })
  return [
    `### ${code(difference.old.reference)} → ${code(difference.new.reference)}`,
    sizes(difference),
    ...parts,
    ...difference.notes.map(markdown),
  ]
    .join('\n\n')
    .concat('\n')
}
