// Where a command prints and writes. Everything goes through the last look for secrets.
import { writeFile } from 'node:fs/promises'
import { reasonOf, UsageError } from '../error.ts'
import type { Progress } from '../evidence/inspect.ts'
import { uncommanding } from '../report/escape.ts'
import { sealedReport } from '../report/json.ts'
import { bytes } from '../report/phrases.ts'
import type { Host } from './command.ts'
import type { Hooks } from './options.ts'

/** Prints a text, and returns once it is written. */
export const print = (text: string): Promise<void> =>
  new Promise((resolve) => process.stdout.write(text, () => resolve()))

/** @param file null for standard output @throws UsageError where it cannot be written */
export async function writeOut(file: string | null, given: string, host: Host): Promise<void> {
  const text = sealedReport(given)
  if (file === null) {
    // A file's name can look like a command to the runner of a workflow, too.
    await print(uncommanding(text))
    const lost = host.lost()
    if (lost !== null) throw new UsageError(`standard output: the report cannot be written (${lost}).`)
    return
  }
  try {
    await writeFile(file, text)
  } catch (error) {
    throw new UsageError(`${file}: the report cannot be written: ${reasonOf(error)}.`)
  }
}

/** Reads an image within the time of the run; shows how far it is, and takes the line away again. @throws GateError `timeout` */
export async function withProgress<T>(host: Host, work: (hooks: Hooks) => Promise<T>): Promise<T> {
  const progress = progressLine()
  try {
    return await Promise.race([work({ onProgress: progress.show, onLimit: host.within }), host.over])
  } finally {
    progress.clear()
  }
}

/** One moving line on a terminal for what lasts longer than a second. */
function progressLine(): { show: (progress: Progress) => void; clear: () => void } {
  if (process.stderr.isTTY !== true) return { show: () => {}, clear: () => {} }
  const started = performance.now()
  let last = started
  let shown = false
  return {
    show: ({ layer, layers, bytes: read, share }) => {
      const now = performance.now()
      if (now - started < 1000 || now - last < 100) return
      last = now
      shown = true
      const speed = read / ((now - started) / 1000)
      process.stderr.write(
        `\r\x1b[K${layer + 1} of ${layers} layers · ${Math.round(share * 100)} % · ${bytes(speed)}/s`,
      )
    },
    clear: () => {
      if (shown) process.stderr.write('\r\x1b[K')
      shown = false
    },
  }
}
