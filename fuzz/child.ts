// Runs cases in a process of its own, so that a hang or a crash is seen from outside.
import { CHECKS } from './check.ts'
import { Oracle } from './oracle.ts'

const program = process.argv[2] ?? ''
const oracle = program === '' ? null : new Oracle(program)

process.on('message', (message: { readonly kind: string; readonly seed: number }) => {
  const check = CHECKS[message.kind]
  const answer = check === undefined ? Promise.resolve(`there is no check ${message.kind}`) : check(message.seed, oracle)
  answer.then(
    (problem) => process.send?.({ problem, memory: process.memoryUsage().rss }),
    (error: unknown) => process.send?.({ problem: `the fuzzer breaks: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`, memory: 0 }),
  )
})
