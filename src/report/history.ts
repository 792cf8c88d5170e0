// The whole image as a table, the lowest layer first: size, age, line, instruction, base or own, and what was found there.
import type { Finding } from '../finding/finding.ts'
import type { Outcome } from '../outcome/outcome.ts'
import { visible } from './escape.ts'
import { bytes, layerOf, layerTally, plural, referenceName, shownFindings, tally } from './phrases.ts'
import { countsOf } from './verdict.ts'
import { columns, cutToColumns, pad, wrap } from './wrap.ts'

const HEADINGS = ['layer', 'size', 'age', 'line', 'from', 'found', 'instruction'] as const
const FROM = HEADINGS.indexOf('from')
/** Columns that the instruction has at least. */
const MIN_INSTRUCTION = 12

/** `3 d`, `2 y`; empty when not known. Builders write 1970 and year 1 where they leave the time out. */
function age(created: string | null, now: Date): string {
  const seconds = created === null ? Number.NaN : (now.getTime() - new Date(created).getTime()) / 1000
  if (!Number.isFinite(seconds) || seconds < 0 || seconds > 45 * 365 * 86_400) return ''
  const units: readonly (readonly [string, number])[] = [
    ['y', 365 * 86_400],
    ['mo', 30 * 86_400],
    ['d', 86_400],
    ['h', 3600],
    ['min', 60],
  ]
  for (const [unit, length] of units) {
    const count = Math.floor(seconds / length)
    if (count >= 1) return `${count} ${unit}`
  }
  return 'now'
}

/** `1 critical`, `hides 1`: what is in a layer or history entry. */
function foundIn(findings: readonly Finding[], layer: number | null, entry: number | null): string {
  const here = findings.filter(
    ({ location, related }) =>
      (layer !== null && layerOf(location) === layer) ||
      (location.kind === 'history' && location.history === entry) ||
      related.some(
        ({ role, location: other }) =>
          role === 'also-in' &&
          ((layer !== null && layerOf(other) === layer) || (other.kind === 'history' && other.history === entry)),
      ),
  )
  const hides = findings.filter(({ related }) =>
    related.some(
      ({ role, location }) =>
        /^(?:hidden|overwritten)-by$/.test(role) && location.kind === 'layer' && location.layer === layer,
    ),
  ).length
  return [tally(countsOf(here), ', '), hides === 0 ? '' : `hides ${hides}`].filter(Boolean).join(', ')
}

/**
 * @param width columns of the terminal
 * @param verbose instructions are not cut
 */
export function renderHistory(
  outcome: Outcome,
  now: Date,
  { width, verbose }: { readonly width: number; readonly verbose: boolean },
): string {
  const { report, instructions, redactor } = outcome
  const { image } = report
  const findings = shownFindings(report)
  const from = (base: boolean | null): string => (base === null ? '?' : base ? 'base' : 'own')
  const lines = (at: { readonly startLine: number; readonly endLine: number } | null): string =>
    at === null ? '' : at.startLine === at.endLine ? String(at.startLine) : `${at.startLine}-${at.endLine}`
  const rows = image.history.map((entry, index): string[] => {
    const layer = entry.layer === null ? null : (image.layers[entry.layer] ?? null)
    return [
      layer === null ? '' : String(layer.index),
      layer === null ? '' : bytes(layer.size),
      age(entry.created, now),
      lines(entry.dockerfile),
      from(entry.base),
      foundIn(findings, layer?.index ?? null, index),
      `${(layer?.merged.length ?? 0) > 0 ? `(layer of ${layer?.merged.length} instructions above) ` : ''}${visible((instructions[index] ?? '').replace(/\s+/g, ' '))}`,
    ]
  })
  const unpaired = image.layers
    .filter(({ history }) => history === null)
    .map((layer) => [
      String(layer.index),
      bytes(layer.size),
      '',
      '',
      from(layer.base),
      foundIn(findings, layer.index, null),
      '(no history entry)',
    ])
  const all = [[...HEADINGS], ...rows, ...unpaired]
  const widths = HEADINGS.slice(0, -1).map((_, column) => Math.max(...all.map((row) => columns(row[column] ?? ''))))
  const room = Math.max(MIN_INSTRUCTION, width - widths.reduce((sum, own) => sum + own + 2, 0))
  const text = all.map((row) => {
    const cells = widths.map((own, column) => pad(row[column] ?? '', own, column < 2 ? 'start' : 'end'))
    const last = row.at(-1) ?? ''
    return [...cells, verbose ? last : cutToColumns(redactor, last, room)].join('  ').trimEnd()
  })
  const base =
    image.base === null
      ? ''
      : `\nbase ${visible(image.base.reference)}${image.base.digest === null ? '' : `@${image.base.digest.slice(0, 19)}…`} (known by ${image.base.source}${image.layers.some((layer) => layer.base === null) ? '; which layers are its is not known' : ''})`
  const at = image.history.find(({ dockerfile }) => dockerfile !== null)?.dockerfile
  const file =
    at == null ? '' : `\nlines of ${visible(at.path)}${at.changed === true ? ' as it was built' : ''}, ${at.certainty}`
  const warnings = report.warnings
    .filter(({ code }) => /lines|dockerfile|provenance|attestation/.test(code))
    .flatMap(({ message }) => ['', ...wrap(visible(message), '', '  ')])
  const inTable = findings.filter(({ location }) => layerOf(location) !== null || location.kind === 'history')
  const elsewhere = findings.length - inTable.length
  const found = [
    ...(inTable.length === 0 ? [] : [tally(countsOf(inTable))]),
    ...(elsewhere === 0 ? [] : [`${inTable.length === 0 ? '' : 'and '}${elsewhere} not of a layer (layergate scan)`]),
  ].join(' ')
  const counts = `\n${plural(image.layers.length, 'layer')} of ${plural(image.history.length, 'instruction')}${found === '' ? '' : ` · found: ${found}`}\n`
  const legend = all.some((row) => row[FROM] === '?') ? '\n?  base or own: not known, and counted as own\n' : ''
  return `${visible(referenceName(image))} · ${image.platform} · ${bytes(image.size)} · ${layerTally(image)}${base}${file}\n\n${text.join('\n')}\n${counts}${legend}${warnings.map((line) => `${line}\n`).join('')}`
}
