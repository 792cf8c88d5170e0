// Which history entries came with the base image. What is left of the history in front of a Dockerfile's own instructions is
// the base's only where nothing else can have written it; in doubt it is not known, and counts as the image's own.
import { sameReference } from '../image/reference.ts'
import type { Alignment } from './align.ts'
import type { Dockerfile, Instruction } from './dockerfile.ts'
import { type Builder, type HistoryInstruction, isFiller } from './history.ts'
import { noDockerfile, noProvenance, type Reason } from './reason.ts'

export interface BaseEntries {
  /** History entries from the front that came with the base. */
  readonly count: number
  /** Why entries between them and the own ones can be either; null where there are none. */
  readonly reason: Reason | null
}

/**
 * Milliseconds by which an entry must be older than the build to be the base's by its time: what ONBUILD of the base ran is
 * part of the build, and no job of a hosted runner takes longer than this.
 */
const CLEARLY_OLDER = 6 * 3_600_000

const timeOf = ({ created }: HistoryInstruction): number | null => {
  const time = created === null ? Number.NaN : Date.parse(created)
  // Go writes the year 1 for a time that is not set.
  return Number.isNaN(time) || time < Date.parse('0002-01-01') ? null : time
}

/** Builders write nanoseconds; a whole second in all entries is SOURCE_DATE_EPOCH, or a time that was cut. */
const isWholeSecond = ({ created }: HistoryInstruction): boolean =>
  /T\d\d:\d\d:\d\d(?:\.0+)?(?:Z|[+-]\d\d:\d\d)$/.test(created ?? '')

/** Whether an entry looks like those that the build wrote. */
function looksLike(own: readonly HistoryInstruction[], builder: Builder): (entry: HistoryInstruction) => boolean {
  const kinds = new Set(own.map((entry) => entry.builder))
  return (entry) => {
    if (builder === 'kaniko') return entry.author === 'kaniko'
    const isNote = /^(?:$|buildkit\.dockerfile\.|FROM )/.test(entry.comment ?? '')
    // Only the classic builder leaves an instruction without its word, and never one without a text.
    const isInstruction = entry.keyword !== null || (entry.raw !== '' && kinds.has('classic'))
    return (
      isNote && isInstruction && entry.author !== 'kaniko' && (kinds.has(entry.builder) || entry.builder === 'other')
    )
  }
}

/** Whether the time of an entry tells that it is no part of the build. */
function olderThan(own: readonly HistoryInstruction[]): (entry: HistoryInstruction) => boolean {
  const times = own.flatMap((entry) => timeOf(entry) ?? [])
  if (times.length === 0) return () => false
  const first = times.reduce((least, time) => Math.min(least, time))
  const isEpoch = own.every((entry) => isWholeSecond(entry) && timeOf(entry) === first)
  return (entry) => {
    const time = timeOf(entry)
    if (time === null) return false
    // Under SOURCE_DATE_EPOCH the build writes one time, and the base's own can be later.
    return isEpoch ? Math.abs(first - time) >= CLEARLY_OLDER : first - time >= CLEARLY_OLDER
  }
}

/**
 * Where the entries begin that ONBUILD of the base can have made: they stand between the base's and the own ones, were
 * written by the builder of the own ones, and are as young. No part of the image tells them apart otherwise.
 */
function triggeredFrom(
  { builder, baseEntries, ownFrom, instructions, base }: Alignment,
  history: readonly HistoryInstruction[],
  isComplete: boolean,
): number {
  const written = history.slice(ownFrom).filter((entry) => !isFiller(entry))
  const [first] = written
  // buildah notes the image at the entry that it starts with.
  const noted = /^FROM (\S+)$/.exec(first?.comment ?? '')?.[1]
  if (builder === 'buildah' && noted !== undefined && base !== null && sameReference(noted, base.reference))
    return baseEntries
  const isAlike = looksLike(written, builder)
  let from = baseEntries
  // The first entry of a whole history is the base's: an image of nothing but ONBUILD is none that people build on.
  const lowest = isComplete ? 1 : 0
  while (from > lowest) {
    const entry = history[from - 1]
    if (entry === undefined || !isAlike(entry)) break
    from--
  }
  // Layers of COPY --link are made apart: one out of the cache can be older than the base.
  const own = written.filter(({ index }) => instructions.get(index)?.flags.includes('--link') !== true)
  if (!history.slice(from, baseEntries).every(olderThan(own))) return from
  // What waits for the next build is in the history where the base was not built by BuildKit.
  const waiting = history.slice(0, baseEntries).findLastIndex(({ keyword }) => keyword === 'ONBUILD')
  return waiting === -1 ? baseEntries : Math.max(from, waiting + 1)
}

const STAGE_LINE = /^\s*FROM\s/i
/** One that a builder would take: `from os import path` of a script is none. */
const WHOLE_STAGE_LINE = /^\s*FROM\s+(?:--\S+\s+)*\S+(?:\s+AS\s+\S+)?\s*[\\`]?$/i
const FILE_LINE = /^\s*(?:ADD|COPY|FROM|RUN)\s/

/** Why another reader could see other stages or instructions than we do; null where none could. */
function structureDoubt({ lines, stages }: Dockerfile): string | null {
  const starts = new Set(stages.map(({ fromInstruction }) => fromInstruction.startLine))
  const odd = lines.findIndex((line, index) =>
    starts.has(index + 1) ? !STAGE_LINE.test(line) : WHOLE_STAGE_LINE.test(line),
  )
  if (odd !== -1) return `line ${odd + 1} reads like a FROM and is none, or the other way round`
  const split = stages.find(({ fromInstruction: { startLine, endLine } }) => startLine !== endLine)
  if (split !== undefined) return `the FROM of line ${split.fromInstruction.startLine} goes over several lines`
  // The history keeps no body of these: where it ends rests on our reading alone.
  const hides = ({ keyword, documents }: Instruction): boolean =>
    documents.some(
      ({ content }) =>
        (keyword !== 'RUN' || content.startsWith('#!')) && content.split('\n').some((line) => FILE_LINE.test(line)),
    )
  const hiding = stages.flatMap(({ instructions }) => instructions).find(hides)
  return hiding === undefined
    ? null
    : `the here-document of line ${hiding.startLine} holds lines that read like instructions`
}

const quoted = (dockerfile: Dockerfile, { base }: Alignment): boolean =>
  base !== null &&
  new RegExp(`["'${dockerfile.escapeCharacter === '`' ? '`' : '\\\\'}]`).test(base.from.text.split(/\s+/)[0] ?? '') &&
  !/[:/@]/.test(base.reference)

/**
 * @param history all entries
 * @param choice why the Dockerfile need not be the one that was built; null where it was named, or is the only one
 * @param isComplete the history has an entry for every layer
 */
export function baseEntriesOf(
  alignment: Alignment,
  history: readonly HistoryInstruction[],
  choice: string | null,
  isComplete: boolean,
): BaseEntries {
  const { dockerfile, baseEntries } = alignment
  if (alignment.base?.reference.toLowerCase() === 'scratch') return { count: 0, reason: null }
  if (choice !== null) return { count: 0, reason: noDockerfile(choice) }
  const why =
    alignment.doubt ??
    structureDoubt(dockerfile) ??
    (quoted(dockerfile, alignment) ? 'the name after FROM is quoted' : null)
  if (why !== null) return { count: 0, reason: noProvenance(why) }
  const count = triggeredFrom(alignment, history, isComplete)
  return {
    count,
    reason:
      count === baseEntries
        ? null
        : noProvenance(
            'nothing tells what the base image brought from what its ONBUILD ran, or an instruction that is gone from the Dockerfile',
          ),
  }
}
