// What one history entry says: the instruction, its text, and whether the classic builder, BuildKit or buildah wrote it.
import type { HistoryEntry } from '../image/config.ts'

const KEYWORDS = new Set([
  'ADD',
  'ARG',
  'CMD',
  'COPY',
  'ENTRYPOINT',
  'ENV',
  'EXPOSE',
  'FROM',
  'HEALTHCHECK',
  'LABEL',
  'MAINTAINER',
  'ONBUILD',
  'RUN',
  'SHELL',
  'STOPSIGNAL',
  'USER',
  'VOLUME',
  'WORKDIR',
])

export interface HistoryInstruction {
  readonly index: number
  /** null where the text names no instruction (docker commit, ko, Bazel). */
  readonly keyword: string | null
  /** The instruction's arguments; for RUN the command, build arguments and shell left out. */
  readonly text: string
  /** As in the history, without its keyword and the builder's mark: build arguments and shell are still there. */
  readonly raw: string
  /** Build arguments that stand before a RUN command, `NAME=value`. */
  readonly buildArgs: readonly string[]
  /** As a person would write it: the entry without the builder's trimmings. */
  readonly display: string
  readonly builder: 'buildkit' | 'classic' | 'other'
  readonly author: string | null
  readonly comment: string | null
  /** When it was made, as the configuration has it. */
  readonly created: string | null
}

export type Builder = 'buildah' | 'buildkit' | 'classic' | 'kaniko'

/** Who wrote the last entries, which are the build's own. */
export function builderOf(history: readonly HistoryInstruction[]): Builder {
  const last = history.at(-1)
  if (last?.author === 'kaniko') return 'kaniko'
  if (/^FROM /.test(last?.comment ?? '')) return 'buildah'
  return last?.builder === 'buildkit' ? 'buildkit' : 'classic'
}

/**
 * How many entries at the end no Dockerfile has: the classic builder, buildah and podman write a LABEL for `--label`, OpenShift
 * an ENV and a LABEL of its own. BuildKit and kaniko write none.
 */
export function appendedEntries(history: readonly HistoryInstruction[]): number {
  const last = history.at(-1)
  if (last?.keyword !== 'LABEL' || last.builder !== 'classic') return 0
  const before = history.at(-2)
  return before?.keyword === 'ENV' && /^"?OPENSHIFT_BUILD_/.test(before.text) ? 2 : 1
}

/** An entry that BuildKit makes up, at the end, for each layer that a base without a history left over. */
export const isFiller = ({ comment }: { readonly comment: string | null }): boolean =>
  /^buildkit\.exporter\./.test(comment ?? '')

/** A shell with its options before a command: `/bin/sh -c `, `/bin/bash -o pipefail -ec `. */
const SHELL = String.raw`\/(?:[\w.-]+\/)*[\w.-]+ (?:-[\w-]+ (?:[a-z]+ )?)*?-[a-z]*c `
const SHELL_INSIDE = new RegExp(`(?:^|\\s)${SHELL}`)
const SHELL_IN_FRONT = new RegExp(`^${SHELL}`)
const CLASSIC_RUN = new RegExp(`^(?:\\|\\d+ |\\|force-mtime|${SHELL})`)

const splitArgs = (text: string): string[] => text.split(/ (?=\w+=)/).filter((arg) => arg !== '')

/** Takes `|N A=… B=…` off the front. Values may hold spaces: the shell's path ends them. */
function splitBuildArgs(text: string): { args: string[]; rest: string } {
  const count = /^\|(\d+) /.exec(text)
  if (count === null) return { args: [], rest: text.replace(/^\|force-mtime[^ ]* /, '') }
  const behind = text.slice(count[0].length)
  const shell = behind.search(SHELL_INSIDE)
  if (shell === -1) {
    // The exec form has no shell: what follows the last argument is the program.
    const last = [...behind.matchAll(/(?<!\S)(?=\S*\w=)\S+ (?=\S)/g)].at(-1)
    if (last === undefined) return { args: splitArgs(behind), rest: '' }
    const end = last.index + last[0].length
    return { args: splitArgs(behind.slice(0, end - 1)), rest: behind.slice(end) }
  }
  return {
    args: splitArgs(behind.slice(0, shell)),
    rest: behind.slice(shell).trimStart(),
  }
}

/** Takes the shell off the front of a RUN command: `/bin/sh -c`, `/bin/bash -o pipefail -c`. */
const withoutShell = (text: string): string => text.replace(SHELL_IN_FRONT, '')

/** Reads one entry. */
export function readHistoryEntry(entry: HistoryEntry): HistoryInstruction {
  const raw = entry.createdBy.replace(/(?<!\s)\s+# buildkit$/, '').trim()
  const buildkit = /^buildkit\./.test(entry.comment ?? '') || /# buildkit$/.test(entry.createdBy.trim())
  const nop = /^[^#]{0,80}#\(nop\)\s+/.exec(raw)
  const make = (
    keyword: string | null,
    text: string,
    buildArgs: readonly string[],
    builder: HistoryInstruction['builder'],
    whole = text,
  ): HistoryInstruction => ({
    index: entry.index,
    keyword,
    text,
    raw: whole,
    buildArgs,
    display: keyword === null ? raw : `${keyword} ${text}`.trim(),
    builder,
    author: entry.author,
    comment: entry.comment,
    created: entry.created,
  })
  if (nop !== null) {
    const text = raw.slice(nop[0].length).trim()
    const keyword = /^[A-Z]+/.exec(text)?.[0] ?? ''
    return KEYWORDS.has(keyword)
      ? make(keyword, text.slice(keyword.length).trim(), [], 'classic')
      : make(null, text, [], 'classic')
  }
  const keyword = /^[A-Z]+(?=\s|$)/.exec(raw)?.[0] ?? ''
  if (KEYWORDS.has(keyword)) {
    const text = raw.slice(keyword.length).trim()
    if (keyword !== 'RUN') return make(keyword, text, [], buildkit ? 'buildkit' : 'other')
    const { args, rest } = splitBuildArgs(text)
    return make('RUN', withoutShell(rest), args, buildkit ? 'buildkit' : 'other', text)
  }
  if (CLASSIC_RUN.test(raw)) {
    const { args, rest } = splitBuildArgs(raw)
    return make('RUN', withoutShell(rest), args, 'classic', raw)
  }
  return make(null, raw, [], 'other')
}

/** History entries from the front whose layers are known, by their position from the top of a part of the layers. */
const pairTop = (pairs: (number | null)[], top: number, entries: readonly HistoryEntry[]): void => {
  entries.forEach(({ index }, at) => {
    const layer = top - entries.length + at
    if (layer >= 0) pairs[layer] = index
  })
}

/**
 * Pairs layers with the history entries that made them.
 *
 * A base without a history (nix, jib, rules_oci, docker import) leaves more layers than entries. BuildKit then fills the history
 * up at its end, so that the numbers are the same and nothing else is: the entries of the build are those of the top layers.
 * https://github.com/moby/buildkit/blob/v0.32.0/exporter/containerimage/writer.go (normalizeLayersAndHistory)
 * @param ownFrom the history entry from which on all are of the build's own instructions; null where that is not known
 * @returns for each layer the index of its entry; null where they cannot be paired
 */
export function pairLayers(
  layers: number,
  history: readonly HistoryEntry[] | null,
  ownFrom: number | null = null,
): (number | null)[] {
  const making = (history ?? []).filter(({ empty }) => !empty)
  const pairs = Array.from({ length: layers }, (): number | null => null)
  const fillers = making.filter(isFiller).length
  if (making.length === layers && (fillers === 0 || fillers === layers)) pairTop(pairs, layers, making)
  else if (making.length === layers) pairFilled(pairs, making)
  else if (making.length < layers && fillers === 0 && ownFrom !== null)
    pairTop(
      pairs,
      layers,
      making.filter(({ index }) => index >= ownFrom),
    )
  return pairs
}

/** From the top, what BuildKit wrote for its own layers; what it made up, and what stands in front of both, stays open. */
function pairFilled(pairs: (number | null)[], making: readonly HistoryEntry[]): void {
  const last = making.findLastIndex(isFiller)
  const above = making.slice(last + 1)
  pairTop(pairs, pairs.length, above)
  const first = making.slice(0, last + 1).findLastIndex((entry) => !isFiller(entry)) + 1
  const written = making.slice(0, first)
  const other =
    written.findLastIndex((entry) => isFiller(entry) || !/^buildkit\.dockerfile\./.test(entry.comment ?? '')) + 1
  pairTop(pairs, pairs.length - above.length, written.slice(other))
}
