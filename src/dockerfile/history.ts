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
}

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
  const make = (keyword: string | null, text: string, buildArgs: readonly string[], builder: HistoryInstruction['builder'], whole = text): HistoryInstruction => ({
    index: entry.index,
    keyword,
    text,
    raw: whole,
    buildArgs,
    display: keyword === null ? raw : `${keyword} ${text}`.trim(),
    builder,
    author: entry.author,
    comment: entry.comment,
  })
  if (nop !== null) {
    const text = raw.slice(nop[0].length).trim()
    const keyword = /^[A-Z]+/.exec(text)?.[0] ?? ''
    return KEYWORDS.has(keyword) ? make(keyword, text.slice(keyword.length).trim(), [], 'classic') : make(null, text, [], 'classic')
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

/**
 * Pairs layers with the history entries that made them.
 * @returns for each layer the index of its entry; null where they cannot be paired
 */
export function pairLayers(layers: number, history: readonly HistoryEntry[] | null): (number | null)[] {
  const making = (history ?? []).filter(({ empty }) => !empty)
  return Array.from({ length: layers }, (_, layer) => (making.length === layers ? (making[layer]?.index ?? null) : null))
}
