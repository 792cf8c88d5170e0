// Comments of a Dockerfile that accept a finding: `# layergate-ignore: RULE [path=PATTERN] [detector=ID] reason`, and those of
// hadolint for the rules that correspond. https://github.com/hadolint/hadolint#ignoring-rules
import { minimatch } from 'minimatch'
import type { Dockerfile, Instruction } from '../dockerfile/dockerfile.ts'
import type { DockerfileLines } from '../dockerfile/lines.ts'
import type { Location } from '../finding/finding.ts'
import { MATCH_OPTIONS } from '../image/reference-pattern.ts'
import { nearest } from '../nearest.ts'
import { RULES } from '../rules/list.ts'
import { GROUPS } from '../secrets/detectors/list.ts'

/** What a comment accepts of what a rule finds at its lines; null: all of it. */
interface Scope {
  /** Pattern of the path in the image. */
  readonly inImage: string | null
  readonly detector: string | null
}

export interface InlineIgnore extends Scope {
  readonly rule: string
  readonly reason: string
  /** Last day on which it counts, YYYY-MM-DD; null for no end. */
  readonly expires: string | null
  readonly path: string
  /** The comment's line. */
  readonly line: number
  /** The lines whose findings it accepts. */
  readonly startLine: number
  readonly endLine: number
  /** It accepts what starts on its first line alone: it stands inside an instruction. */
  readonly isPart: boolean
  /** Comments of another tool are no mistake when they match nothing. */
  readonly isForeign: boolean
  /** Whether the lines' text is what was accepted; not every text is where the Dockerfile of another commit decides. */
  readonly agreesAt: (startLine: number, endLine: number) => boolean
}

const DETECTOR_IDS: ReadonlySet<string> = new Set(GROUPS.flatMap(({ detectors }) => detectors.map(({ id }) => id)))

/** What hadolint's rules are called here. */
const HADOLINT: ReadonlyMap<string, string> = new Map(
  RULES.flatMap(({ meta: { id, hadolint = [] } }) => hadolint.map((code) => [code, id] as const)),
)

interface Comment extends Scope {
  readonly rules: readonly { readonly rule: string; readonly reason: string }[]
  readonly expires: string | null
  readonly isForeign: boolean
  readonly isGlobal: boolean
  readonly problem: string | null
}

/** A date of the calendar. */
export const isDate = (text: string): boolean =>
  !Number.isNaN(Date.parse(`${text}T00:00:00Z`)) && new Date(`${text}T00:00:00Z`).toISOString().startsWith(text)

function readComment(text: string): Comment | null {
  const foreign = /^#\s*hadolint\s+(global\s+)?ignore\s*=\s*([A-Z0-9,\s]+)/.exec(text)
  if (foreign !== null) {
    const codes = (foreign[2] ?? '').split(/[\s,]+/).filter((code) => HADOLINT.has(code))
    return {
      rules: codes.map((code) => ({ rule: HADOLINT.get(code) ?? '', reason: `hadolint ignore=${code}` })),
      expires: null,
      inImage: null,
      detector: null,
      isForeign: true,
      isGlobal: foreign[1] !== undefined,
      problem: null,
    }
  }
  const own = /^#\s*layergate[-: ]ignore\b[:=]?\s*(.*)$/s.exec(text)
  if (own === null) return null
  const [, names = '', all = ''] = /^(\S*)\s*(.*)$/s.exec(own[1] ?? '') ?? []
  const { inImage, detector, rest } = scopeIn(all)
  const until = /\buntil[\s=]+(\S+)/.exec(rest)
  const expires = until?.[1]?.replace(/(?<![.,;)])[.,;)]+$/, '') ?? null
  const reason = rest
    .replace(until?.[0] ?? '', '')
    .replace(/^(?:reason=|[-\u2013\u2014:\s(])+|(?<![\s(])[\s(]+$/g, '')
    .trim()
  const ids = names.split(',').filter((id) => id !== '')
  const unknown = ids.find((id) => !RULES.some(({ meta }) => meta.id === id))
  const near =
    unknown === undefined
      ? null
      : nearest(
          unknown,
          RULES.map(({ meta }) => meta.id),
        )
  const problem =
    ids.length === 0
      ? 'names no rule'
      : unknown !== undefined
        ? `names ${JSON.stringify(unknown)}, which is no rule${near === null ? '' : ` (did you mean ${near}?)`}`
        : expires !== null && !isDate(expires)
          ? `has ${JSON.stringify(expires)} where a day is due (until YYYY-MM-DD)`
          : (detectorProblem(detector) ?? (reason.length < 3 ? 'gives no reason' : null))
  return {
    rules: ids.map((rule) => ({ rule, reason })),
    expires,
    inImage,
    detector,
    isForeign: false,
    isGlobal: false,
    problem,
  }
}

/** `path=PATTERN`, `path="a pattern"`, `detector=ID` in front of the reason. */
const OPTION = /^(path|detector)=(?:"([^"]*)"|(\S+))\s*/

function scopeIn(text: string): Scope & { readonly rest: string } {
  const found: { path?: string; detector?: string } = {}
  let rest = text
  for (let option = OPTION.exec(rest); option !== null; option = OPTION.exec(rest)) {
    const [whole, name, quoted, bare] = option
    found[name === 'path' ? 'path' : 'detector'] = quoted ?? bare ?? ''
    rest = rest.slice(whole.length)
  }
  return { inImage: found.path ?? null, detector: found.detector ?? null, rest }
}

function detectorProblem(detector: string | null): string | null {
  if (detector === null || DETECTOR_IDS.has(detector)) return null
  const near = nearest(detector, [...DETECTOR_IDS])
  return `names ${JSON.stringify(detector)}, which is no detector${near === null ? '' : ` (did you mean ${near}?)`}`
}

/** Whether a place in the image is one of a pattern. */
export const liesAt = (location: Location, pattern: string): boolean =>
  (location.kind === 'layer' || location.kind === 'tar') &&
  minimatch(location.path, pattern.startsWith('/') || pattern.startsWith('**') ? pattern : `/${pattern}`, MATCH_OPTIONS)

/** All comments of a Dockerfile that accept findings, and what is wrong with those that do not. */
export function readInlineIgnores(dockerfile: Dockerfile): {
  readonly ignores: InlineIgnore[]
  readonly problems: string[]
} {
  const { lines, path } = dockerfile
  const instructions: Pick<Instruction, 'startLine' | 'endLine' | 'documents'>[] = [
    ...dockerfile.globals,
    ...dockerfile.stages.flatMap((stage) => [stage.fromInstruction, ...stage.instructions]),
  ]
  // Here-documents hold text of their own.
  const inDocument = new Set(
    instructions.flatMap(({ documents }) =>
      documents.flatMap(({ content, startLine }) =>
        content
          .split('\n')
          .slice(0, -1)
          .map((_, index) => startLine + index),
      ),
    ),
  )
  const ignores: InlineIgnore[] = []
  const problems: string[] = []
  /** For each line the next that is neither empty nor a comment. */
  const next: number[] = []
  for (let line = lines.length; line >= 1; line--)
    next[line] = /^\s*(?:#|$)/.test(lines[line - 1] ?? '') ? (next[line + 1] ?? lines.length + 1) : line
  const starting = new Map(instructions.map((instruction) => [instruction.startLine, instruction]))
  lines.forEach((text, index) => {
    const line = index + 1
    const comment = text.trimStart().startsWith('#') && !inDocument.has(line) ? readComment(text.trim()) : null
    if (comment === null) return
    if (comment.problem !== null) {
      problems.push(
        `${path}:${line}: the comment ${comment.problem}: it accepts nothing. Write # layergate-ignore: RULE reason`,
      )
      return
    }
    const below = next[line + 1] ?? lines.length + 1
    const whole = starting.get(below)
    const range = comment.isGlobal
      ? { startLine: 1, endLine: lines.length }
      : { startLine: below, endLine: whole?.endLine ?? below }
    for (const { rule, reason } of comment.rules)
      ignores.push({
        rule,
        reason,
        expires: comment.expires,
        inImage: comment.inImage,
        detector: comment.detector,
        path,
        line,
        ...range,
        isPart: whole === undefined && !comment.isGlobal,
        isForeign: comment.isForeign,
        agreesAt: () => true,
      })
  })
  return { ignores, problems }
}

/** What accepts findings counts up to and with its last day. */
export const isExpired = ({ expires }: { readonly expires?: string | null | undefined }, now: Date): boolean =>
  expires != null && now.toISOString().slice(0, 10) > expires

/** Text of lines without what a continuation, an indentation or a comment changes. */
function textOf(lines: readonly string[], startLine: number, endLine: number, isBase: boolean): string {
  return lines
    .slice(startLine - 1, endLine)
    .map((line) =>
      line
        .trim()
        .replace(/(?<!\s)\s*\\$/, '')
        .replace(/^&&\s*|(?<!\s)\s*&&$/g, '')
        .replace(/\s+/g, ' '),
    )
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) =>
      isBase || !/^FROM /i.test(line) ? line : line.replace(/^(FROM (?:--\S+ )*[^\s:@]+(?::\d+\/[^\s:@]+)?)\S*/i, '$1'),
    )
    .join('\n')
}

const isOnSecrets = (rule: string): boolean => RULES.some(({ meta }) => meta.id === rule && meta.kind === 'secret')

/** A comment that accepts every secret that a COPY or ADD brings, also in files that come later. */
const isTooWide = ({ rule, inImage, detector, startLine }: InlineIgnore, dockerfile: Dockerfile): boolean =>
  inImage === null &&
  detector === null &&
  isOnSecrets(rule) &&
  dockerfile.stages.some(({ instructions }) =>
    instructions.some(
      (each) => each.startLine <= startLine && startLine <= each.endLine && /^(?:COPY|ADD)$/i.test(each.keyword),
    ),
  )

/**
 * The comments of a Dockerfile as another commit agrees with them: each accepts only text that the same comment accepts there.
 * A new version in FROM changes nothing, but for the rules on bases. What is too wide counts on neither side.
 * @param agreed the Dockerfile of the other commit; null: there is none, and nothing is accepted
 */
export function agreedIgnores(
  ignores: readonly InlineIgnore[],
  dockerfile: Dockerfile,
  agreed: Dockerfile | null,
  now: Date,
): { readonly ignores: InlineIgnore[]; readonly added: InlineIgnore[]; readonly tooWide: InlineIgnore[] } {
  const others =
    agreed === null
      ? []
      : readInlineIgnores(agreed).ignores.filter((ignore) => !isExpired(ignore, now) && !isTooWide(ignore, agreed))
  const tooWide = ignores.filter((ignore) => isTooWide(ignore, dockerfile))
  const own = ignores.filter((ignore) => !tooWide.includes(ignore))
  const isPartOf = (part: string | null, whole: string | null): boolean => whole === null || part === whole
  const covers = (
    other: InlineIgnore,
    { rule, inImage, detector }: InlineIgnore,
    startLine: number,
    endLine: number,
  ): boolean => {
    if (
      other.rule !== rule ||
      agreed === null ||
      !isPartOf(inImage, other.inImage) ||
      !isPartOf(detector, other.detector)
    )
      return false
    // One for the whole file holds for new lines too.
    if (other.isForeign && other.startLine === 1 && other.endLine === agreed.lines.length) return true
    const isBase = rule.startsWith('base-')
    const text = textOf(dockerfile.lines, startLine, endLine, isBase)
    return `\n${textOf(agreed.lines, other.startLine, other.endLine, isBase)}\n`.includes(`\n${text}\n`)
  }
  const limited = own.map(
    (ignore): InlineIgnore => ({
      ...ignore,
      agreesAt: (startLine, endLine) => others.some((other) => covers(other, ignore, startLine, endLine)),
    }),
  )
  const added = own.filter(
    (ignore) =>
      !others.some(
        (other) =>
          (other.expires === null || (ignore.expires !== null && ignore.expires <= other.expires)) &&
          covers(other, ignore, ignore.startLine, ignore.endLine),
      ),
  )
  return { ignores: limited, added, tooWide }
}

/** What a comment is asked about: a place of a finding, and the detector of its value; null where there is none. */
interface FoundAt {
  readonly location: Location
  readonly detector: string | null
}

/** Whether a comment accepts what a rule finds at certain lines. */
export function acceptsAt(
  { rule, path, inImage, detector, startLine, endLine, isPart, agreesAt }: InlineIgnore,
  ruleId: string,
  lines: Pick<DockerfileLines, 'path' | 'startLine' | 'endLine'> | null,
  found: FoundAt,
): boolean {
  if ((detector !== null && detector !== found.detector) || (inImage !== null && !liesAt(found.location, inImage)))
    return false
  if (lines === null || rule !== ruleId || lines.path !== path || !agreesAt(lines.startLine, lines.endLine))
    return false
  return isPart ? lines.startLine === startLine : lines.startLine >= startLine && lines.endLine <= endLine
}
