// What a regular expression costs on the texts that are dearest to it. Steps are counted, no clock is asked: the answer is the same
// on every machine. Our own expressions are held to it by tests, those of a configuration when it is read.
import { type Attack, attacksOf, textOf } from './attacks.ts'
import { MAX_STEPS, StepCounter } from './steps.ts'

/** Lengths of the texts that are held against each other. */
const [SHORT, LONG] = [128, 512]
/** Steps a character that do not matter, however they grow. */
const CHEAP = 40
/** What is linear takes as many steps a character for the long text as for the short one. */
const MOST = 2
/** Steps a character within a detector's window. */
const MOST_IN_WINDOW = 150

/** The text for which an expression takes more steps a character the longer it is; null where there is none: it is linear. */
export function growing(source: string, flags: string): Attack | null {
  const counter = new StepCounter(source, flags, true)
  for (const attack of attacksOf(counter)) {
    const [short, long] = [textOf(attack, SHORT), textOf(attack, LONG)]
    const steps = counter.count(long)
    if (steps / long.length < CHEAP) continue
    const ratio = steps / long.length / (counter.count(short) / short.length)
    if (steps >= MAX_STEPS || ratio > MOST) return attack
  }
  return null
}

/** The text of a window for which an expression that is tried at one place takes too many steps; null where there is none. */
export function dearInWindow(source: string, flags: string, window: number): Attack | null {
  const counter = new StepCounter(source, flags, false)
  return (
    attacksOf(counter).find((attack) => {
      const text = textOf(attack, window)
      return counter.count(text) / text.length >= MOST_IN_WINDOW
    }) ?? null
  )
}
