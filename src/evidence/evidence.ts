// All that the rules may look at: what was read from the image and what follows from it. Read-only.
import type { EntryOrigin, Origin } from '../dockerfile/origin.ts'
import type { Filesystem } from '../filesystem/filesystem.ts'
import type { Programs } from '../filesystem/programs.ts'
import type { RunUser } from '../filesystem/users.ts'
import type { Image } from '../image/image.ts'
import type { LayerScan, Skipped } from '../layer/layer-scan.ts'
import { parseScript, type ShellCommand } from '../shell/script.ts'
import type { Leak } from './leak.ts'

/** The commands of one RUN instruction. */
export interface RunCommands {
  readonly entry: EntryOrigin
  /** The text that was read, as a person would write it. */
  readonly text: string
  readonly commands: readonly ShellCommand[]
}

export interface Evidence {
  readonly image: Pick<Image, 'config' | 'digest' | 'id' | 'name' | 'platform' | 'reference'>
  readonly layers: readonly LayerScan[]
  readonly filesystem: Filesystem
  readonly origin: Origin
  readonly leaks: readonly Leak[]
  readonly user: RunUser
  /** Accounts of the image that are not root, for remedies. */
  readonly accounts: readonly { readonly name: string; readonly uid: number }[]
  readonly programs: Programs
  readonly runs: readonly RunCommands[]
  readonly skipped: readonly (Skipped & { readonly layer: number })[]
  /** The day of the run: expiry depends on it. */
  readonly now: Date
  /** HMAC-SHA-256 of a value under this run's salt, `hmac-sha256:…`. */
  readonly keyedHash: (value: string) => string
}

/** Characters of all RUN texts of an image that are parsed: far more than people write, and no more than seconds take. */
const MAX_RUN_TEXT = 1 << 20

/** RUN instructions of the history as commands; from the Dockerfile where the line is known, since it says more. */
export function readRuns(origin: Origin): RunCommands[] {
  const lines = origin.dockerfile?.lines ?? []
  let left = MAX_RUN_TEXT
  return origin.history.flatMap((entry): RunCommands[] => {
    if (entry.instruction.keyword !== 'RUN') return []
    const source = entry.lines === null ? null : lines.slice(entry.lines.startLine - 1, entry.lines.endLine).join('\n')
    const text = entry.instruction.text.startsWith('/dev/pipes/') && source !== null ? heredocBody(source) : entry.instruction.text
    left -= text.length
    return left < 0 ? [] : [{ entry, text, commands: parseScript(text).commands }]
  })
}

/** The body of `RUN <<EOF`, which BuildKit leaves out of the history when it starts with `#!`. */
const heredocBody = (source: string): string => source.split('\n').slice(1, -1).join('\n')
