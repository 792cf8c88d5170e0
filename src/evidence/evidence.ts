// All that the rules may look at: what was read from the image and what follows from it. Read-only.
import type { ContextFile } from '../checkout/build-context.ts'
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
  /** Files of the checkout that files of the image were copied from, by `layer:entry`. */
  readonly sources: ReadonlyMap<string, ContextFile>
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

/** Names a file of a layer. */
export const fileKey = (layer: number, entry: number): string => `${layer}:${entry}`

/** Characters of all RUN texts of an image that are parsed: far more than people write, and no more than seconds take. */
const MAX_RUN_TEXT = 1 << 20

/** RUN instructions of the history as commands; from the Dockerfile where the line is known, since it says more. */
export function readRuns(origin: Origin): RunCommands[] {
  let left = MAX_RUN_TEXT
  return origin.history.flatMap((entry): RunCommands[] => {
    if (entry.instruction.keyword !== 'RUN') return []
    // BuildKit leaves the body of a here-document that starts with `#!` out of the history.
    const text = entry.instruction.text.startsWith('/dev/pipes/') ? (entry.source?.documents[0]?.content ?? entry.instruction.text) : entry.instruction.text
    left -= text.length
    return left < 0 ? [] : [{ entry, text, commands: parseScript(text).commands }]
  })
}
