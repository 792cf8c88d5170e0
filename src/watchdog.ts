// The wall clock of a run. The main thread ends the run by itself where it still answers; where it does not (a long synchronous
// step, a runaway expression), a thread beside it tells why and ends the process.
import { Worker } from 'node:worker_threads'
import { GateError } from './error.ts'
import { LIMITS, raise } from './limits.ts'

/** Who has the end of the run in hand. */
const RUNNING = 0
const ENDED_BY_MAIN = 1
const ENDED_FROM_BESIDE = 2
const DONE = 3

/** Milliseconds: how often both threads look, when the main one is taken for stuck, how long telling and leaving may take. */
const TICK = 200
const GRACE = 600
const TELLING = 120_000
const LEAVING = 10_000

/** What the thread says where the main one cannot: each text with `%s` for the seconds. */
export interface LastWords {
  /** 1 or 2: where the line goes. */
  readonly stream: 1 | 2
  readonly line: string
  /** Files, and what is put at their end. */
  readonly files: readonly { readonly file: string; readonly text: string }[]
}

export interface Watchdog {
  /** Rejects with a GateError `timeout` when the time is over. */
  readonly over: Promise<never>
  /** The run may take so many seconds from its start. */
  within(seconds: number): void
  isOver(): boolean
  /** The run has ended. */
  stop(): void
}

/** Text of the error, with `%s` for the seconds. */
export const TOO_LONG = `The run took longer than %s seconds ${raise('seconds')}`

interface Shared {
  readonly state: Int32Array
  /** Milliseconds since the epoch, and seconds in all. */
  readonly times: Float64Array
  readonly words: LastWords
  readonly constants: {
    readonly [name in
      | 'RUNNING'
      | 'ENDED_BY_MAIN'
      | 'ENDED_FROM_BESIDE'
      | 'TICK'
      | 'GRACE'
      | 'TELLING'
      | 'LEAVING']: number
  }
}

/** Runs in the thread beside the main one, from its own text: it may use nothing of this file. */
function guard(): void {
  const { appendFileSync, writeSync } = process.getBuiltinModule('node:fs')
  const shared: Shared = process.getBuiltinModule('node:worker_threads').workerData
  const { state, times, words, constants } = shared
  const attempt = (work: () => void): void => {
    try {
      work()
    } catch {
      // Nothing else is left to say it.
    }
  }
  const tell = (): void => {
    const say = (text: string): string => text.replaceAll('%s', String(times[1]))
    attempt(() => writeSync(words.stream, say(words.line)))
    for (const { file, text } of words.files) attempt(() => appendFileSync(file, say(text)))
  }
  const leave = (): void => {
    clearInterval(clock)
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), constants.LEAVING)
    attempt(() => {
      // A debugger reaches the main thread in the middle of a loop or of an expression. Node's own word on its way out is not ours.
      const session = new (process.getBuiltinModule('node:inspector').Session)()
      session.connectToMainThread()
      session.post('Runtime.evaluate', {
        expression: "process.getBuiltinModule('node:fs').closeSync(2); process.reallyExit(2)",
      })
    })
  }
  const clock = setInterval(() => {
    const late = Date.now() - (times[0] ?? 0)
    if (late < constants.GRACE) return
    if (Atomics.compareExchange(state, 0, constants.RUNNING, constants.ENDED_FROM_BESIDE) === constants.RUNNING) {
      tell()
      leave()
    } else if (Atomics.load(state, 0) === constants.ENDED_BY_MAIN && late > constants.TELLING) leave()
  }, constants.TICK)
}

/** setTimeout and dates have their limits; a year is no wall clock. */
const MAX_SECONDS = 365 * 24 * 3600

/** Starts the clock. @param leaving milliseconds that the process has for leaving, before it is killed */
export function watch(words: LastWords, { leaving = LEAVING }: { readonly leaving?: number } = {}): Watchdog {
  const started = Date.now()
  const state = new Int32Array(new SharedArrayBuffer(4))
  const times = new Float64Array(new SharedArrayBuffer(16))
  const within = (seconds: number): void => {
    const bounded = Math.min(seconds, MAX_SECONDS)
    times[1] = bounded
    times[0] = started + bounded * 1000
  }
  within(LIMITS.seconds.value)
  const shared: Shared = {
    state,
    times,
    words,
    constants: { RUNNING, ENDED_BY_MAIN, ENDED_FROM_BESIDE, TICK, GRACE, TELLING, LEAVING: leaving },
  }
  const worker = new Worker(`(${guard.toString()})()`, {
    eval: true,
    workerData: shared,
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2, stackSizeMb: 1 },
  })
  worker.unref()
  // A thread that cannot be had is no reason not to judge: the main thread has its own clock.
  worker.on('error', () => {})
  let reject: (error: GateError) => void = () => {}
  const over = new Promise<never>((_, refuse) => {
    reject = refuse
  })
  over.catch(() => {})
  const look = (): void => {
    if (Date.now() < (times[0] ?? 0) || Atomics.compareExchange(state, 0, RUNNING, ENDED_BY_MAIN) !== RUNNING) return
    setTimeout(() => process.exit(2), TELLING - leaving).unref()
    reject(new GateError('timeout', TOO_LONG.replaceAll('%s', String(times[1]))))
  }
  const clock = setInterval(look, TICK)
  clock.unref()
  return {
    over,
    within,
    isOver: () => Atomics.load(state, 0) === ENDED_BY_MAIN,
    stop: () => {
      Atomics.store(state, 0, DONE)
      clearInterval(clock)
    },
  }
}
