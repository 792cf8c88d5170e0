// A short run of the fuzzer with the same seeds each time, and every case that failed once. `npm run fuzz` goes on without end.
import { readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { KINDS } from '../fuzz/check.ts'
import { readCase } from '../fuzz/corpus.ts'
import { buildOracle, Oracle } from '../fuzz/oracle.ts'
import { Random } from '../fuzz/random.ts'

const CORPUS = path.join(import.meta.dirname, '../fixtures/fuzz')
const program = buildOracle(tmpdir())
const oracle = program === null ? null : new Oracle(program)
afterAll(() => oracle?.close())

describe('cases of the fuzzer', () => {
  it.each(Object.keys(KINDS))('%s, 100 seeds', async (name) => {
    const kind = KINDS[name]
    const problems: string[] = []
    for (let seed = 0; seed < 100; seed++) {
      const problem = await kind?.check(kind.make(new Random(seed)), oracle)
      if (problem !== null) problems.push(`${name}:${seed} ${problem}`)
    }
    expect(problems).toEqual([])
  })
})

describe('cases that failed once', () => {
  it.each(readdirSync(CORPUS))('%s', async (file) => {
    const { kind, input } = readCase(readFileSync(path.join(CORPUS, file)))
    expect(await KINDS[kind]?.check(input, oracle)).toBe(null)
  })
})
