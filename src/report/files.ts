// The files of an image with all their states, and its times, for people and programs.
import { type FileVersion, isRegular } from '../forensics/case.ts'
import { isoTime, octal } from '../forensics/recover.ts'
import type { Moment } from '../forensics/timeline.ts'
import type { Redactor } from '../secrets/redact.ts'
import { visible, visibleJson } from './escape.ts'
import { bytes, number, plural } from './phrases.ts'
import { wrap } from './wrap.ts'

const SIGNS: Readonly<Record<FileVersion['state'], string>> = {
  present: ' ',
  deleted: '-',
  overwritten: '~',
  replaced: '/',
}
const TYPES: Readonly<Record<FileVersion['entry']['type'], string>> = {
  file: '-',
  hardlink: '-',
  symlink: 'l',
  directory: 'd',
  device: 'c',
}

/** `-rwsr-xr-x`, as ls writes it. */
function modeText({ entry: { type, mode } }: FileVersion): string {
  const letters = 'rwxrwxrwx'
  const bits = [...letters].map((letter, index) => ((mode >> (8 - index)) & 1 ? letter : '-'))
  const special = (at: number, bit: number, letter: string): void => {
    if ((mode & bit) !== 0) bits[at] = bits[at] === 'x' ? letter : letter.toUpperCase()
  }
  special(2, 0o4000, 's')
  special(5, 0o2000, 's')
  special(8, 0o1000, 't')
  return `${TYPES[type]}${bits.join('')}`
}

const sizeOf = (version: FileVersion): number => (isRegular(version) ? version.version.content.entry.size : 0)

/** `deleted in layer 5 (Dockerfile:9)`. */
function endOf({ state, hiddenIn, hiddenBy }: FileVersion): string {
  if (state === 'present') return ''
  const line = hiddenBy === null ? '' : ` (${hiddenBy.path}:${hiddenBy.startLine})`
  return `  ${state} in layer ${hiddenIn}${line}`
}

const linkOf = ({ entry }: FileVersion): string => (entry.link === null ? '' : ` -> ${entry.link}`)

/** One line each, as `ls -l` has them, with the layer and the line of the Dockerfile. */
export function renderFiles(versions: readonly FileVersion[], redactor: Redactor): string {
  if (versions.length === 0) return 'There is no such file in any layer.\n'
  const cells = versions.map((version) => [
    SIGNS[version.state],
    modeText(version),
    `${version.entry.uid}:${version.entry.gid}`,
    bytes(sizeOf(version)),
    (isoTime(version.entry.mtime) ?? '').slice(0, 16).replace('T', ' '),
    String(version.layer),
    version.lines === null ? '' : `:${version.lines.startLine}`,
  ])
  const widths = (cells[0] ?? []).map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)))
  const rightward = new Set([3, 5])
  const rows = versions.map((version, index) => {
    const row = (cells[index] ?? []).map((cell, column) =>
      rightward.has(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
    )
    const found = version.secrets.length === 0 ? '' : `  ! ${version.secrets.join(', ')}`
    return visible(redactor.text(`${row.join(' ')} ${version.path}${linkOf(version)}${endOf(version)}${found}`))
  })
  const hidden = versions.filter(({ state }) => state !== 'present').length
  const total = versions.reduce((sum, version) => sum + sizeOf(version), 0)
  return `${[
    ...rows,
    '',
    ...wrap(
      `${plural(versions.length, 'entry', 'entries')}, ${number(hidden)} of them hidden: - deleted, ~ overwritten, / replaced. ${bytes(total)}. ! holds a secret. Columns: mode, owner, size, time, layer, line.`,
      '',
      '',
    ),
  ].join('\n')}\n`
}

/** For programs; secrets in names are hidden. */
export function filesJson(versions: readonly FileVersion[], redactor: Redactor): string {
  const files = versions.map((version) => ({
    path: version.path,
    type: version.entry.type,
    state: version.state,
    layer: version.layer,
    hiddenInLayer: version.hiddenIn,
    mode: octal(version.entry.mode),
    uid: version.entry.uid,
    gid: version.entry.gid,
    size: sizeOf(version),
    mtime: isoTime(version.entry.mtime),
    link: version.entry.link,
    dockerfile: version.lines,
    hiddenBy: version.hiddenBy,
    secrets: version.secrets,
  }))
  return `${visibleJson(redactor.data({ schemaVersion: 1, files }))}\n`
}

/** Files of one layer within one minute that are told in one line. */
const MIN_GROUP = 4

interface Line {
  readonly time: string
  readonly place: string
  readonly what: string
}

const marksOf = ({ marks }: Moment): string => (marks.length === 0 ? '' : ` [${marks.join(', ')}]`)

const placeOf = ({ layer, lines }: Moment): string =>
  [layer === null ? '' : `layer ${layer}`, lines === null ? '' : `${lines.path}:${lines.startLine}`]
    .filter((part) => part !== '')
    .join(', ')

/** Files that a layer brought within a minute are one line. */
function linesOf(moments: readonly Moment[], isWhole: boolean): Line[] {
  const lines: Line[] = []
  for (let at = 0; at < moments.length; ) {
    const moment = moments[at]
    if (moment === undefined) break
    const minute = moment.time.slice(0, 16)
    let end = at + 1
    const isSame = (other: Moment | undefined): boolean =>
      other?.kind === 'file' &&
      other.layer === moment.layer &&
      other.time.slice(0, 16) === minute &&
      other.marks.join() === moment.marks.join() &&
      other.what === moment.what
    if (moment.kind === 'file' && !isWhole) while (isSame(moments[end])) end++
    const count = end - at
    const what =
      count >= MIN_GROUP
        ? `${number(count)} files, from ${moment.path} to ${moments[end - 1]?.path}`
        : `${moment.path === null ? '' : `${moment.path}: `}${moment.what}`
    const shown = count >= MIN_GROUP ? [moment] : moments.slice(at, end)
    for (const each of shown)
      lines.push({
        time: each.time,
        place: placeOf(each),
        what: `${each.kind} ${count >= MIN_GROUP ? what : `${each.path === null ? '' : `${each.path}: `}${each.what}`}${marksOf(each)}`,
      })
    at = end
  }
  return lines
}

/** @param isWhole every file has a line of its own */
export function renderTimeline(moments: readonly Moment[], redactor: Redactor, isWhole: boolean): string {
  if (moments.length === 0) return 'Nothing in this image tells a time.\n'
  const lines = linesOf(moments, isWhole)
  let day = ''
  const rows = lines.flatMap(({ time, place, what }): string[] => {
    const [date = '', clock = ''] = time
      .replace(/\.\d+Z$/, '')
      .replace(/Z$/, '')
      .split('T')
    const heading = date === day ? [] : [...(day === '' ? [] : ['']), date]
    day = date
    return [
      ...heading,
      ...wrap(visible(redactor.text(`${place === '' ? '' : `${place}: `}${what}`)), `  ${clock}  `, '            '),
    ]
  })
  const marked = new Set(moments.flatMap(({ marks }) => marks))
  const legend = [
    ...(marked.has('1970') ? ['1970: no time was kept'] : []),
    ...(marked.has('clamped') ? ['clamped: one time for all files, as SOURCE_DATE_EPOCH sets it'] : []),
    ...(marked.has('newer-than-layer') ? ['newer-than-layer: changed after its layer was made'] : []),
    ...(marked.has('future') ? ['future: after today'] : []),
  ]
  return `${[...rows, '', ...wrap([`All times are UTC.`, ...legend].join(' '), '', '')].join('\n')}\n`
}

export const timelineJson = (moments: readonly Moment[], redactor: Redactor): string =>
  `${visibleJson(redactor.data({ schemaVersion: 1, moments: moments.map((moment) => ({ ...moment })) }))}\n`

/** RFC 4180. What a table program would take for a formula gets an apostrophe. */
const cell = (text: string): string => {
  const safe = visible(text).replace(/^(?=[=+\-@])/, "'")
  return /[",\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

export function timelineCsv(moments: readonly Moment[], redactor: Redactor): string {
  const rows = moments.map(({ time, kind, layer, path, what, lines, marks }) =>
    [
      time,
      kind,
      layer === null ? '' : String(layer),
      path ?? '',
      what,
      lines === null ? '' : `${lines.path}:${lines.startLine}`,
      marks.join(' '),
    ].map((text) => cell(redactor.text(text))),
  )
  return `${[['time', 'kind', 'layer', 'path', 'what', 'dockerfile', 'marks'], ...rows].map((row) => row.join(',')).join('\r\n')}\r\n`
}

/** The body file of The Sleuth Kit 3, which mactime and plaso read: an image keeps the time of change alone. https://wiki.sleuthkit.org/index.php?title=Body_file */
export function bodyFile(versions: readonly FileVersion[], redactor: Redactor): string {
  const rows = versions.map((version) => {
    const { entry, layer, state, path } = version
    const name = visible(redactor.text(`${path}${linkOf(version)}`)).replaceAll('|', '\\x7c')
    const note = state === 'present' ? `layer ${layer}` : `layer ${layer}, ${state}`
    const time = Math.trunc(entry.mtime)
    return `0|${name} (${note})|0|${modeText(version)}|${entry.uid}|${entry.gid}|${sizeOf(version)}|0|${time}|0|0`
  })
  return `${rows.join('\n')}\n`
}
