// What `layergate context` prints.
import type { ContextInspection } from '../context/inspect-context.ts'
import { learned } from '../secrets/last-look.ts'
import { Redactor } from '../secrets/redact.ts'
import type { Scanner } from '../secrets/scanner.ts'
import { visible, visibleJson } from './escape.ts'
import { bytes, number, plural } from './phrases.ts'
import { wrap } from './wrap.ts'

/** Places that are listed; the rest is counted. */
const MAX_LISTED = 20

/** A secret fails, and so does what was not read: nobody knows what it holds. */
export const contextFails = ({ secrets, skipped }: Pick<ContextInspection, 'secrets' | 'skipped'>): boolean =>
  secrets.some(({ severity }) => severity === 'critical' || severity === 'high') ||
  skipped.some(({ isUnread }) => isUnread)

/** Leaving a Dockerfile out of the context takes nothing out of what it builds. */
function dockerfileAdvice(secrets: ContextInspection['secrets']): string[] {
  const places = new Set(
    secrets.flatMap(({ path, line, inDockerfile }) =>
      inDockerfile ? [`${path}${line === null ? '' : `:${line}`}`] : [],
    ),
  )
  if (places.size === 0) return []
  const text = `→ Take it out of ${visible([...places].slice(0, 5).join(', '))}${places.size > 5 ? ` and ${number(places.size - 5)} more` : ''}, and pass it as a build secret (RUN --mount=type=secret): what a Dockerfile says stays in the history of the image, whatever .dockerignore leaves out. layergate lint tells more.`
  return ['', ...wrap(text, '', '  ')]
}

/** @param verbose lists everything */
export function renderContext(inspection: Omit<ContextInspection, 'values'>, verbose: boolean): string {
  const { directory, files, secrets, waste, patterns, ignoreFile, skipped } = inspection
  const most = verbose ? Number.POSITIVE_INFINITY : MAX_LISTED
  const lines: string[] = []
  const head = `${contextFails(inspection) ? 'FAIL' : 'PASS'}  ${visible(directory)} · ${plural(files, 'file')}, ${bytes(inspection.bytes)} in the build context`
  lines.push(...wrap(head, '', '      '))
  if (secrets.length > 0) {
    lines.push('', `COPY . . would take ${plural(secrets.length, 'secret')} along`)
    for (const { path, inside, line, severity, title, redacted } of secrets.slice(0, most)) {
      lines.push(
        ...wrap(
          visible(
            `${path}${line === null ? '' : `:${line}`}${inside === null ? '' : ` (in ${inside})`}  ${title}${redacted === '•••' ? '' : ` ${redacted}`}`,
          ),
          ` ${severity === 'medium' ? '○' : '●'} ${severity.padEnd(9)} `,
          ' '.repeat(13),
        ),
      )
    }
    if (secrets.length > most) lines.push(`   and ${number(secrets.length - most)} more (--verbose)`)
  }
  if (waste.length > 0) {
    lines.push('', 'and what has no business in an image')
    for (const { path, reason, bytes: size } of waste.slice(0, most))
      lines.push(...wrap(visible(`${path} (${bytes(size)}): ${reason}`), ' ○ ', '     '))
    if (waste.length > most) lines.push(`   and ${number(waste.length - most)} more (--verbose)`)
  }
  if (patterns.length > 0) {
    lines.push('', `→ Add to ${visible(ignoreFile)}:`)
    for (const pattern of patterns.slice(0, most)) lines.push(`    ${visible(pattern)}`)
    if (patterns.length > most) lines.push(`    and ${number(patterns.length - most)} more (--verbose)`)
  }
  lines.push(...dockerfileAdvice(secrets))
  if (skipped.length > 0) {
    lines.push('', 'What was not looked into')
    for (const { path, reason, isUnread } of skipped.slice(0, most))
      lines.push(...wrap(visible(`${path}: ${reason}`), isUnread ? ' ● ' : ' ○ ', '     '))
    if (skipped.length > most) lines.push(`   and ${number(skipped.length - most)} more (--verbose)`)
  }
  return `${lines.join('\n')}\n`
}

/** The inspection as it is printed, all that was found hidden in it. */
export function contextText(
  { values, ...shown }: ContextInspection,
  scanner: Scanner,
  { json, verbose }: { readonly json: boolean; readonly verbose: boolean },
): string {
  // Hidden before anything is wrapped: a name that is broken over two lines is not found again.
  const hidden = learned(new Redactor(values), scanner, shown).data(shown)
  return json ? `${visibleJson(hidden)}\n` : renderContext(hidden, verbose)
}
