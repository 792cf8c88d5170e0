// Measures that a detector's time grows with its text and no faster: node bench/detector-cost.ts [ID…]
//
// For each detector, the letters that cost it most are repeated to 512 kB and to 1 MB; the larger may take at most two and a
// half times as long, in the processor's time of this process. Prints the dearest ten and those that grow faster, and exits
// with 1 when there is one of these.
import type { Detector } from '../src/secrets/detector.ts'
import { DETECTORS } from '../src/secrets/detectors/list.ts'
import { Scanner } from '../src/secrets/scanner.ts'
import { samples } from '../test/detector-samples.ts'

const textOf = (literal: Detector['literals'][number]): string => (typeof literal === 'string' ? literal : literal.text)

/** Times below are noise of the machine. */
const NO_MATTER = 60 // ms a megabyte
const MOST = 2.5
/** A busy machine makes one measurement wrong, not all of these. */
const ROUNDS = 6

/** Letters that a detector likes: its literals and names, and what stands in its examples. */
function worstLetters({ literals, names = [], examples }: Detector): string[] {
  const texts = samples(examples).map(({ text }) => text)
  const starts = [...literals.map(textOf), ...names.map((name) => `${name}_api_key=`)]
  const tails = texts.map((text) => text.slice(-24, -1)).filter((text) => text !== '')
  return [
    starts.join(''),
    ...starts.slice(0, 3).flatMap((start) => [start, `${start}${tails[0] ?? 'a1B'}`, `${start}a`]),
  ].filter((text) => text !== '')
}

/** Milliseconds of the processor for a text of one unit again and again, the best of a few. */
function cost(scanner: Scanner, unit: string, bytes: number, rounds: number): number {
  const text = Buffer.from(unit.repeat(Math.ceil(bytes / unit.length)).slice(0, bytes), 'latin1')
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < rounds; round++) {
    const started = process.cpuUsage()
    scanner.start('/x').push(text, true)
    const { user, system } = process.cpuUsage(started)
    best = Math.min(best, (user + system) / 1000)
  }
  return best
}

/** The unit that costs a detector most. */
function worstUnit(scanner: Scanner, detector: Detector): string {
  const costs = worstLetters(detector).map((unit) => ({ unit, ms: cost(scanner, unit, 32_768, 1) }))
  return costs.reduce((worst, each) => (each.ms > worst.ms ? each : worst)).unit
}

function ratioOf(scanner: Scanner, unit: string): { ratio: number; ms: number } {
  const once = (): { ratio: number; ms: number } => {
    const ms = cost(scanner, unit, 1 << 20, 1)
    return { ms, ratio: ms < NO_MATTER ? 0 : ms / cost(scanner, unit, 1 << 19, 1) }
  }
  let least = once()
  for (let round = 1; round < ROUNDS && least.ratio > MOST; round++) {
    const next = once()
    if (next.ratio < least.ratio) least = next
  }
  return least
}

const ids = process.argv.slice(2)
const rows = DETECTORS.filter(({ id }) => ids.length === 0 || ids.includes(id)).map((detector) => {
  const scanner = new Scanner([detector], true, [])
  return { id: detector.id, ...ratioOf(scanner, worstUnit(scanner, detector)) }
})
const faster = rows.filter(({ ratio }) => ratio > MOST)
process.stdout.write('The dearest, milliseconds for 1 MB of the letters that cost them most:\n')
for (const { id, ms, ratio } of rows.sort((a, b) => b.ms - a.ms).slice(0, 10))
  process.stdout.write(
    `${id.padEnd(36)} ${ms.toFixed(0).padStart(6)} ms   ${ratio === 0 ? '' : `${ratio.toFixed(1)} times 512 kB`}\n`,
  )
for (const { id, ratio } of faster)
  process.stdout.write(`${id} takes ${ratio.toFixed(1)} times as long for twice the text\n`)
process.stdout.write(`${rows.length} detectors, ${faster.length} that grow faster than their text\n`)
process.exitCode = faster.length === 0 ? 0 : 1
