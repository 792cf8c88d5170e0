// The wall clock: whatever the main thread does, the run ends with 2 and one line.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

const work = mkdtempSync(path.join(tmpdir(), 'layergate-watchdog-'))
afterAll(() => rmSync(work, { recursive: true, force: true }))

/** Runs a script that watches itself, and tells its end as the fronts do. */
async function runFor(
  task: string,
  seconds: number,
): Promise<{ code: number | null; output: string; told: string; graceful: string }> {
  const own = mkdtempSync(path.join(work, 'run-'))
  const told = path.join(own, 'told')
  const graceful = path.join(own, 'graceful')
  for (const file of [told, graceful]) writeFileSync(file, '')
  const script = path.join(own, 'run.ts')
  writeFileSync(
    script,
    `import { appendFileSync } from 'node:fs'
import { watch } from ${JSON.stringify(path.join(import.meta.dirname, '../src/watchdog.ts'))}
const watchdog = watch({ stream: 2, line: 'LATE %s\\n', files: [{ file: ${JSON.stringify(told)}, text: 'told %s' }] }, { leaving: 1000 })
process.exitCode = 2
watchdog.within(${seconds})
const work = async (): Promise<unknown> => { ${task} }
Promise.race([work(), watchdog.over]).then(() => { watchdog.stop(); process.exitCode = 0 }, (error: Error) => {
  appendFileSync(${JSON.stringify(graceful)}, error.message)
  process.exit(2)
})
`,
  )
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script])
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)))
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { code, output, told: readFileSync(told, 'utf8'), graceful: readFileSync(graceful, 'utf8') }
}

describe('after its time a run ends with 2 and one line', () => {
  it.concurrent('what no interrupt reaches is ended from beside: no pass, the line and the files say it', async () => {
    const { code, output, told } = await runFor(
      "process.getBuiltinModule('node:child_process').execFileSync('sleep', ['100'])",
      0.2,
    )
    expect(code).not.toBe(0)
    expect(output).toBe('LATE 0.2\n')
    expect(told).toBe('told 0.2')
  })

  it.concurrent.each([
    ['an expression that doubles with every letter', "/^(?:[a-z]+[A-Z]?)+$/.test('a'.repeat(60) + '!')"],
    ['one that replaces', "('a'.repeat(60) + '!').replace(/^(?:[a-z]+[A-Z]?)+$/g, '')"],
    ['a loop', 'for (;;) {}'],
    ['a loop behind a wait', 'await null; for (;;) {}'],
    ['a loop in a timer', 'setTimeout(() => { for (;;) {} }, 10); await new Promise(() => {})'],
    ['a loop that catches everything', 'for (;;) { try { for (;;) {} } catch {} finally { for (;;) {} } }'],
    ['promises without an end', 'for (;;) await null'],
    ['a lock that nobody opens', 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)'],
    ['a sort that compares for ever', 'Array.from({ length: 1e6 }, (_, i) => i).sort(() => { for (;;) {} })'],
  ])('where the main thread does not answer: %s', async (_name, task) => {
    expect(await runFor(task, 0.2)).toEqual({ code: 2, output: 'LATE 0.2\n', told: 'told 0.2', graceful: '' })
  })

  it.each([
    ['a promise that nobody settles', 'await new Promise(() => setInterval(() => {}, 1000))'],
    [
      'a program that does not end',
      "await new Promise((resolve) => process.getBuiltinModule('node:child_process').execFile('sleep', ['100'], resolve))",
    ],
  ])('where it does, it can tell more: %s', async (_name, task) => {
    const { graceful, ...rest } = await runFor(task, 0.2)
    expect(rest).toEqual({ code: 2, output: '', told: '' })
    expect(graceful).toMatch(/^The run took longer than 0.2 seconds \(limits\.seconds\)/)
  })
})

it('what ends in time is left alone', async () => {
  expect(await runFor('await new Promise((resolve) => setTimeout(resolve, 100))', 10)).toEqual({
    code: 0,
    output: '',
    told: '',
    graceful: '',
  })
})
