// Runs cases in a process of its own, so that a hang or a crash is seen from outside.
import { KINDS } from './check.ts'
import { Oracle } from './oracle.ts'
import { Random } from './random.ts'

const program = process.argv[2] ?? ''
const oracle = program === '' ? null : new Oracle(program)

async function run(kind: string, seed: number): Promise<string | null> {
  const known = KINDS[kind]
  return known === undefined ? `there is no kind ${kind}` : known.check(known.make(new Random(seed)), oracle)
}

process.on('message', ({ kind, seed }: { readonly kind: string; readonly seed: number }) => {
  run(kind, seed).then(
    (problem) => process.send?.({ problem, memory: process.memoryUsage().rss }),
    (error: unknown) =>
      process.send?.({
        problem: `the fuzzer breaks: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
        memory: 0,
      }),
  )
})
