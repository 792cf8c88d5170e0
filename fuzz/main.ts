// npm run fuzz: cases without end, each made from its seed alone. `--minutes 60`, `--seed 1`, `--only plantedToken`,
// `--once KIND:SEED` for one case again, `--keep FOLDER` for cases that fail as files; those of mended faults belong into
// fixtures/fuzz. Ends with 1 when a case failed.
import { type ChildProcess, fork } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { KINDS } from './check.ts'
import { writeCase } from './corpus.ts'
import { buildOracle } from './oracle.ts'
import { Random } from './random.ts'

/** A case that takes longer hangs, ms. */
const PATIENCE = 60_000
/** Resident memory of a process that ran one case after the other, bytes. */
const MAX_MEMORY = 1 << 30

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    once: { type: 'string' },
    keep: { type: 'string' },
  },
})
const folder = mkdtempSync(path.join(tmpdir(), 'layergate-fuzz-'))
const oracle = buildOracle(folder)
console.log(
  oracle === null
    ? 'Go is not at hand: what its readers make of an input is not compared.'
    : "Inputs are compared with what Go's readers make of them.",
)

let child: ChildProcess | null = null

/** Runs a case. @returns what is wrong, or null */
function run(kind: string, seed: number): Promise<string | null> {
  child ??= fork(path.join(import.meta.dirname, 'child.ts'), [oracle ?? ''], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const current = child
  return new Promise((resolve) => {
    const done = (problem: string | null, keep: boolean): void => {
      clearTimeout(timer)
      current.removeAllListeners()
      if (!keep) {
        current.kill('SIGKILL')
        child = null
      }
      resolve(problem)
    }
    const timer = setTimeout(() => done(`not done after ${PATIENCE / 1000} s`, false), PATIENCE)
    current.once('message', (answer: { readonly problem: string | null; readonly memory: number }) => {
      const problem =
        answer.problem ?? (answer.memory > MAX_MEMORY ? `the process holds ${answer.memory >> 20} MB` : null)
      done(problem, problem === null)
    })
    current.once('exit', (code, signal) => done(`the process ended (${code ?? signal})`, false))
    current.send({ kind, seed })
  })
}

const failures: string[] = []
let cases = 0
async function tryCase(kind: string, seed: number): Promise<void> {
  const problem = await run(kind, seed)
  cases++
  if (problem === null) return
  failures.push(`${kind}:${seed}`)
  const made = KINDS[kind]?.make(new Random(seed))
  if (values.keep !== undefined && made !== undefined)
    writeFileSync(path.join(values.keep, `${kind}-${seed}.json.gz`), writeCase(kind, made))
  console.log(`FAIL ${kind}:${seed} ${problem}`)
}

if (values.once !== undefined) {
  const [kind = '', seed = '0'] = values.once.split(':')
  await tryCase(kind, Number(seed))
} else {
  const kinds = values.only === undefined ? Object.keys(KINDS) : values.only.split(',')
  const end = Date.now() + Number(values.minutes) * 60_000
  for (let seed = Number(values.seed); Date.now() < end; seed++) for (const kind of kinds) await tryCase(kind, seed)
}
;(child as ChildProcess | null)?.kill()
rmSync(folder, { recursive: true, force: true })
console.log(
  `${cases} cases, ${failures.length} failed${failures.length === 0 ? '' : `: ${failures.slice(0, 50).join(' ')}`}`,
)
process.exitCode = failures.length === 0 ? 0 : 1
