// How many matches are kept: no flood hides what proves itself, whatever it is written in, and no image takes the memory.
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { fillForm } from '../../src/secrets/form.ts'
import { processScanner } from '../../src/secrets/scanner.ts'
import { buildImage, type LayerSpec } from '../image-builder.ts'
import { judgeArchive } from '../run-gate.ts'
import { fill, random } from '../values.ts'

const scanner = processScanner()
const token = fill('{{github-token}}')
const [awsId, awsSecret] = [fill('{{aws-id}}'), fill('{{aws-secret}}')]
const PUBLIC_ID = `AK${'IA'}IOSFODNN7EXAMPLE`
const UPPER32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index)
const lines = (count: number, line: (index: number) => string): string => `${numbers(count).map(line).join('\n')}\n`
const ids = (count: number): string => lines(count, (index) => `AK${'IA'}${random(16, UPPER32, index + 1000)}`)

const scan = (content: string | Buffer, path = '/app/blob.txt') => {
  const running = scanner.start(path)
  running.push(Buffer.isBuffer(content) ? content : Buffer.from(content, 'latin1'), true)
  return running
}
const proven = (content: string | Buffer, path?: string): string[] =>
  scan(content, path)
    .matches.filter(({ strength }) => strength === 'proven')
    .map(({ value }) => value)

/** What floods a content without proving anything. */
const DECOYS: Readonly<Record<string, string>> = {
  'one public example again and again': `${PUBLIC_ID}\n`.repeat(1500),
  'different examples': lines(1500, (index) => `gh${'p_'}EXAMPLE${random(29, undefined, index + 1)}`),
  'different access key ids': ids(1500),
  'tokens with a wrong checksum': lines(1500, (index) => `gh${'p_'}${random(36, undefined, index + 1)}`),
  'assignments of passwords': lines(1500, (index) => `DB${index}_PASSWORD=${random(12, undefined, index + 1)}-7x`),
  'web tokens that are not signed': lines(
    1500,
    (index) =>
      `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(`{"sub":"${index}"}`).toString('base64url')}.`,
  ),
}

const ENCODINGS: Readonly<Record<string, (text: string) => string | Buffer>> = {
  'a file': (text) => text,
  base64: (text) => `data: ${Buffer.from(text).toString('base64')}\n`,
  'base64 in lines': (text) =>
    (
      Buffer.from(text)
        .toString('base64')
        .match(/.{1,76}/g) ?? []
    ).join('\n'),
  'UTF-16': (text) => Buffer.from(text, 'utf16le'),
  hex: (text) => Buffer.from(text).toString('hex'),
  'gzip in base64': (text) => gzipSync(text).toString('base64'),
}

describe.each(Object.entries(ENCODINGS))('in %s', (_name, encode) => {
  it.each(Object.entries(DECOYS))('a token is found behind %s', (_decoys, decoys) => {
    expect(proven(encode(`${decoys}${token}\n`))).toEqual([token])
  })

  it('a token is found between two floods', () => {
    expect(proven(encode(`${ids(1500)}${token}\n${PUBLIC_ID}\n${ids(1200)}`))).toEqual([token])
  })
})

describe('what is kept of one content', () => {
  it('each detector has its own share: a flood of one leaves the weak matches of others', () => {
    const { matches } = scan(`${ids(3000)}DB_PASSWORD=Tr0ub4dor-3xK\n`)
    expect(matches.filter(({ detector }) => detector === 'generic-assignment').map(({ value }) => value)).toEqual([
      'Tr0ub4dor-3xK',
    ])
    expect(
      matches.filter(({ detector, strength }) => detector === 'aws-access-key' && strength === 'possible'),
    ).toHaveLength(1000)
  })

  it('what is left out is counted by its kind', () => {
    const passwords = (count: number): string =>
      lines(count, (index) => `DB${index}_PASSWORD=${random(12, undefined, index + 1)}-7x`)
    expect([...scan(passwords(1700)).dropped].map(([{ id }, count]) => [id, count])).toEqual([
      ['generic-assignment', 700],
    ])
    expect(scan(passwords(1000)).dropped.size).toBe(0)
  })

  it('one value has a few places, and the rest of them is no loss', () => {
    const { matches, dropped } = scan(`${token}\n`.repeat(3000))
    expect(matches.map(({ line }) => line)).toEqual(numbers(10).map((index) => index + 1))
    expect(dropped.size).toBe(0)
  })

  it('an id and its secret are a pair wherever they stand in a flood of ids', () => {
    const pair = `access_key=${awsId}\nsecret_key=${awsSecret}\n`
    for (const text of [
      `${ids(5000)}${pair}`,
      `${pair}${ids(5000)}`,
      `${ids(2500)}${pair}${ids(2500)}`,
      `${ids(70_000)}${pair}`,
    ])
      expect(proven(text)).toEqual([awsSecret])
  })

  it('all that is likely is kept', () => {
    const text = lines(4000, (index) => fillForm('glpat-{64:20}', index + 1))
    expect(scan(text).matches.length).toBeGreaterThan(3900)
    expect(scan(text).dropped.size).toBe(0)
  })

  it('the line of a match is right, in whatever order matches come', () => {
    const text = `${'x\n'.repeat(100_000)}${token}\n${'y\n'.repeat(1_200_000)}data: ${Buffer.from(`T=${fill('{{npm-token}}')}`).toString('base64')}\nz: ${fill('{{gitlab-token}}')}\n`
    expect(scan(text).matches.map(({ line }) => line)).toEqual([100_001, 1_300_002, 1_300_003])
  })
})

describe('an image', () => {
  const layer = (files: Readonly<Record<string, string>>): LayerSpec => ({
    by: 'COPY . /app # buildkit',
    files: Object.entries(files).map(([name, content]) => ({ name, content })),
  })
  const judged = async (layers: readonly LayerSpec[], policy = '', config: object = {}) =>
    (await judgeArchive(await buildImage({ layers, config: { User: '1', ...config } }), { policy })).report

  it('that fills a file with decoys fails for its token, and says what was left out', async () => {
    const report = await judged([layer({ 'app/blob.txt': `${ids(1700)}${token}` })])
    expect(report.verdict.result).toBe('fail')
    expect(report.stats.skipped).toMatchObject([
      { path: '/app/blob.txt', reason: expect.stringMatching(/left out: \d+ of AWS access key/) },
    ])
    expect(report.findings.map(({ ruleId }) => ruleId)).toContain('content-not-inspected')
  })

  it('that fills it with decoys alone fails where what is skipped does', async () => {
    expect((await judged([layer({ 'app/blob.txt': ids(1700) })])).verdict.result).toBe('pass')
    expect((await judged([layer({ 'app/blob.txt': ids(1700) })], 'skipped: fail\n')).verdict.result).toBe('fail')
    expect((await judged([layer({ 'app/blob.txt': ids(900) })], 'skipped: fail\n')).verdict.result).toBe('pass')
  })

  it('that floods a variable, a label or the history fails for its token', async () => {
    const flood = `${ids(100)}${token}`
    for (const config of [{ Env: [`X=${flood}`] }, { Labels: { x: flood } }])
      expect((await judged([layer({ x: '1' })], '', config)).verdict.result).toBe('fail')
    expect(
      (
        await judged([
          { by: `RUN echo ${flood.replaceAll('\n', ' ')} # buildkit`, files: [{ name: 'x', content: '1' }] },
        ])
      ).verdict.result,
    ).toBe('fail')
  })

  it('keeps every value of a text that reports quote, however many there are', () => {
    const values = scanner.scanText(`${ids(1500)}${token}`).map(({ value }) => value)
    expect(new Set(values).size).toBe(1501)
    expect(values.at(-1)).toBe(token)
  })

  it('with many files of decoys keeps a few of each: a password in a file behind them still counts', async () => {
    const files = Object.fromEntries(
      numbers(5).map((index) => [
        `app/${index}.txt`,
        lines(1000, (line) => `P${line}_PASSWORD=${random(12, undefined, index * 1000 + line + 1)}-7x`),
      ]),
    )
    const report = await judged([layer({ ...files, 'app/.env': 'DB_PASSWORD=Tr0ub4dor-3xK\n' })])
    expect(
      report.findings.filter(({ location }) => location.kind === 'layer' && location.path === '/app/.env'),
    ).toHaveLength(1)
    expect(report.stats.skipped.map(({ path }) => path)).toEqual([
      '/app/1.txt',
      '/app/2.txt',
      '/app/3.txt',
      '/app/4.txt',
    ])
  })

  it('with more matches than the limit is an error that names it; at the limit it is judged', async () => {
    const layers = [layer({ a: lines(3, (index) => fillForm('glpat-{64:20}', index + 1)), b: fill('{{npm-token}}') })]
    expect((await judged(layers, 'limits: { matches: 4 }\n')).verdict.result).toBe('fail')
    await expect(judged(layers, 'limits: { matches: 3 }\n')).rejects.toMatchObject({
      code: 'too-many-matches',
      message: expect.stringMatching(/layer 0 has more than 3 .*\(limits\.matches\)/),
    })
  })

  it('whose configuration has more than the limit is an error too', async () => {
    const Env = numbers(5).map((index) => `T${index}=${fillForm('glpat-{64:20}', index + 1)}`)
    await expect(judged([layer({ x: '1' })], 'limits: { matches: 4 }\n', { Env })).rejects.toThrow(/limits\.matches/)
  })

  it('has one limit for its files and its configuration together', async () => {
    const token = (index: number): string => fillForm('glpat-{64:20}', index + 1)
    const files = [layer({ a: lines(10, token) })]
    expect((await judged(files, 'limits: { matches: 12 }\n')).verdict.result).toBe('fail')
    await expect(
      judged(files, 'limits: { matches: 12 }\n', { Env: numbers(3).map((index) => `T${index}=${token(index + 20)}`) }),
    ).rejects.toThrow(/limits\.matches/)
  })
})
