// What `layergate context` prints.
import type { ContextInspection } from '../checkout/inspect-context.ts'
import { visible } from './escape.ts'
import { bytes, number, plural } from './words.ts'
import { wrap } from './wrap.ts'

/** Places that are listed; the rest is counted. */
const MAX_LISTED = 20

export const contextFails = ({ secrets }: Pick<ContextInspection, 'secrets'>): boolean => secrets.some(({ severity }) => severity === 'critical' || severity === 'high')

/** @param verbose lists everything */
export function renderContext(inspection: Omit<ContextInspection, 'values'>, verbose: boolean): string {
  const { directory, files, secrets, waste, patterns, ignoreFile, skipped } = inspection
  const most = verbose ? Number.POSITIVE_INFINITY : MAX_LISTED
  const lines: string[] = []
  const head = `${contextFails(inspection) ? 'FAIL' : 'PASS'}  ${visible(directory)} · ${plural(files, 'file')}, ${bytes(inspection.bytes)} in the build context`
  lines.push(...wrap(head, '', '      '))
  if (secrets.length > 0) {
    lines.push('', `COPY . . would take ${plural(secrets.length, 'secret')} along`)
    for (const { path, line, severity, title, redacted } of secrets.slice(0, most)) {
      lines.push(
        ...wrap(
          visible(`${path}${line === null ? '' : `:${line}`}  ${title}${redacted === '•••' ? '' : ` ${redacted}`}`),
          ` ${severity === 'medium' ? '○' : '●'} ${severity.padEnd(9)} `,
          ' '.repeat(13),
        ),
      )
    }
    if (secrets.length > most) lines.push(`   and ${number(secrets.length - most)} more (--verbose)`)
  }
  if (waste.length > 0) {
    lines.push('', 'and what has no business in an image')
    for (const { path, reason, bytes: size } of waste.slice(0, most)) lines.push(...wrap(visible(`${path} (${bytes(size)}): ${reason}`), ' ○ ', '     '))
    if (waste.length > most) lines.push(`   and ${number(waste.length - most)} more (--verbose)`)
  }
  if (patterns.length > 0) {
    lines.push('', `→ Add to ${visible(ignoreFile)}:`)
    for (const pattern of patterns.slice(0, most)) lines.push(`    ${visible(pattern)}`)
    if (patterns.length > most) lines.push(`    and ${number(patterns.length - most)} more (--verbose)`)
  }
  if (skipped.length > 0) lines.push('', ...wrap(`${plural(skipped.length, 'file')} could not be read: ${visible(skipped.slice(0, 5).join(', '))}`, '', '  '))
  return `${lines.join('\n')}\n`
}
