// The wall clock: whatever the main thread does, the run ends with 2 and one line.
import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { useFolder } from './folder.ts'

const folder = useFolder()

/** Runs a script that watches itself for one second, and tells its end as the fronts do. */
async function runFor(work: string): Promise<{ code: number | null; output: string; told: string; graceful: string }> {
  const told = path.join(folder.path, 'told')
  const graceful = path.join(folder.path, 'graceful')
  for (const file of [told, graceful]) writeFileSync(file, '')
  const script = path.join(folder.path, 'run.ts')
  writeFileSync(
    script,
    `import { appendFileSync } from 'node:fs'
import { watch } from ${JSON.stringify(path.join(import.meta.dirname, '../src/watchdog.ts'))}
const watchdog = watch({ stream: 2, line: 'LATE %s\\n', files: [{ file: ${JSON.stringify(told)}, text: 'told %s' }] })
process.exitCode = 2
watchdog.within(1)
const work = async (): Promise<unknown> => { ${work} }
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
  it.each([
    ['an expression that doubles with every letter', "/^(?:[a-z]+[A-Z]?)+$/.test('a'.repeat(60) + '!')"],
    ['one that replaces', "('a'.repeat(60) + '!').replace(/^(?:[a-z]+[A-Z]?)+$/g, '')"],
    ['a loop', 'for (;;) {}'],
    ['a loop behind a wait', 'await null; for (;;) {}'],
    ['a loop in a timer', 'setTimeout(() => { for (;;) {} }, 10); await new Promise(() => {})'],
    ['a loop that catches everything', 'for (;;) { try { for (;;) {} } catch {} finally { for (;;) {} } }'],
    ['promises without an end', 'for (;;) await null'],
    ['a lock that nobody opens', 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)'],
    ['a sort that compares for ever', 'Array.from({ length: 1e6 }, (_, i) => i).sort(() => { for (;;) {} })'],
  ])('where the main thread does not answer: %s', async (_name, work) => {
    expect(await runFor(work)).toEqual({ code: 2, output: 'LATE 1\n', told: 'told 1', graceful: '' })
  })

  it.each([
    ['a promise that nobody settles', 'await new Promise(() => setInterval(() => {}, 1000))'],
    ['a program that does not end', "await new Promise((resolve) => process.getBuiltinModule('node:child_process').execFile('sleep', ['100'], resolve))"],
  ])('where it does, it can tell more: %s', async (_name, work) => {
    const { graceful, ...rest } = await runFor(work)
    expect(rest).toEqual({ code: 2, output: '', told: '' })
    expect(graceful).toMatch(/^The run took longer than 1 seconds \(limits\.seconds\)/)
  })
})

it('what ends in time is left alone', async () => {
  expect(await runFor('await new Promise((resolve) => setTimeout(resolve, 100))')).toEqual({ code: 0, output: '', told: '', graceful: '' })
})

it('what no interrupt reaches is ended from beside: no pass, the line and the files say it', async () => {
  const { code, output, told } = await runFor("process.getBuiltinModule('node:child_process').execFileSync('sleep', ['100'])")
  expect(code).not.toBe(0)
  expect(output).toBe('LATE 1\n')
  expect(told).toBe('told 1')
})
