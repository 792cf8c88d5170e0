#!/usr/bin/env node
// The command `layergate`: how a run starts and ends. What it does is in run.ts.
import { guardEnding } from '../ending.ts'
import { UsageError } from '../error.ts'
import { fitTo } from '../report/wrap.ts'
import { TOO_LONG, watch } from '../watchdog.ts'
import { NOTHING_JUDGED, runCommand, sayError } from './run.ts'

/** Why standard output took no more; null while it does. */
let lost: string | null = null
// A reader that closes early (`layergate scan … | head -1`) does not turn the verdict; a full disk does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') lost = error.code ?? 'unknown error'
})

fitTo(process.stdout.isTTY === true ? process.stdout.columns : undefined)

const ending = guardEnding((_code, message) => {
  process.stderr.write(`layergate: ${message}${NOTHING_JUDGED}\n`)
})
const watchdog = watch({ stream: 2, line: `layergate: ${TOO_LONG}${NOTHING_JUDGED}\n`, files: [] })

/** Milliseconds in which a command that is out of time may still write what it was asked for. */
const LAST_WORDS = 3000

const running = runCommand(process.argv.slice(2), { over: watchdog.over, within: watchdog.within, lost: () => lost })
const overdue = watchdog.over.catch(async (error: unknown) => {
  await new Promise((resolve) => setTimeout(resolve, LAST_WORDS))
  throw error
})

Promise.race([running, overdue])
  .then(async (code) => {
    // An error of the stream comes a turn later.
    await new Promise((resolve) => setImmediate(resolve))
    if (lost !== null && code !== 2) throw new UsageError(`standard output cannot be written (${lost}).`)
    return code
  })
  .catch((error: unknown) => {
    sayError(error)
    return 2
  })
  .then((code) => {
    ending.settle(code)
    // What took too long may still run.
    if (watchdog.isOver()) process.exit(code)
    watchdog.stop()
  })
