// How a run ends that nobody planned to end: by a signal, by an error that nothing caught, by having nothing left to do. It is
// never a pass, and it is one line, never a stack trace.
import { presentable } from './settings.ts'

export interface Ending {
  /** The verdict is told; what follows changes nothing. */
  settle(code: number): void
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** @param tell says why nothing was judged, at once and without waiting for anything */
export function guardEnding(tell: (code: string, message: string) => void): Ending {
  let isTold = false
  process.exitCode = 2
  const end = (code: string, message: string): never => {
    if (!isTold) {
      isTold = true
      tell(code, message)
    }
    process.exit(2)
  }
  const onError = (error: unknown): never => end('internal', presentable(error).message)
  process.on('uncaughtException', onError)
  process.on('unhandledRejection', onError)
  for (const signal of SIGNALS)
    process.on(signal, () => end('interrupted', `The run was ended by ${signal} before its verdict.`))
  process.on('exit', () => {
    if (isTold) return
    isTold = true
    tell('internal', 'The run ended before its verdict: this is a fault of Layergate.')
  })
  // What prints to nobody is no reason for another verdict.
  process.stderr.on('error', () => {})
  return {
    settle: (code) => {
      isTold = true
      process.exitCode = code
    },
  }
}
