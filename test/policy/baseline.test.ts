// Known, new and fixed: what survives a rebuild, and what does not.
import { describe, expect, it } from 'vitest'
import type { Outcome } from '../../src/outcome/outcome.ts'
import type { GivenBaseline } from '../../src/policy/authority.ts'
import { type BaselineFile, parseBaseline, renderBaseline } from '../../src/policy/baseline.ts'
import { renderJson } from '../../src/report/json.ts'
import { buildImage, type LayerSpec } from '../image-builder.ts'
import { judgeArchive, type RunOptions } from '../run-gate.ts'
import { fill, random, VALUES } from '../values.ts'

const base: LayerSpec = { by: '/bin/sh -c #(nop) ADD file:1 in / ', files: [{ name: 'bin/', mode: 0o755 }] }
const copy = (path: string, content: string): LayerSpec => ({
  by: `COPY ${path} /app/ # buildkit`,
  files: [{ name: `app/${path}`, content: fill(content) }],
})
const run = (command: string): LayerSpec => ({
  by: `RUN /bin/sh -c ${command} # buildkit`,
  files: [{ name: `made-${command.length}`, content: command }],
})

const judged = async (layers: readonly LayerSpec[], options: RunOptions = {}): Promise<Outcome> =>
  judgeArchive(await buildImage({ layers, config: { User: '1' } }), options)

/** What a run found as the baseline of another. */
const baselineOf = ({ report }: Outcome): GivenBaseline => ({
  name: 'of before',
  file: { schemaVersion: 1, salt: report.baseline.record.salt, images: { image: report.baseline.record.findings } },
})

const statuses = ({ report }: Outcome): string[] => report.findings.map(({ ruleId, status }) => `${ruleId} ${status}`)
const LEAKING = [
  base,
  copy('a.env', 'TOKEN={{github-token}}\n'),
  run('curl -k https://acme.example/x -o /x'),
  run('chmod 777 /srv'),
]

describe('what was there before does not fail', () => {
  it('and what comes is new', async () => {
    const before = await judged(LEAKING)
    expect(before.report.verdict).toMatchObject({ result: 'fail', new: 0, known: 0 })
    const baseline = baselineOf(before)
    const same = await judged(LEAKING, { baseline })
    expect(same.report.verdict).toMatchObject({ result: 'pass', new: 0 })
    expect(same.report.findings.every(({ status }) => status === 'known')).toBe(true)
    const more = await judged([...LEAKING, copy('b.env', 'OTHER={{gitlab-token}}\n')], { baseline })
    expect(more.report.verdict).toMatchObject({ result: 'fail', new: 1 })
    expect(more.report.findings.find(({ status }) => status === 'new')).toMatchObject({
      location: { path: '/app/b.env' },
      fails: true,
    })
    const less = await judged(
      LEAKING.filter((layer) => !layer.by.includes('a.env')),
      { baseline },
    )
    expect(less.report.baseline.fixed).toMatchObject([{ rule: 'secret-in-image', place: '/app/a.env' }])
    expect(less.report.fixed).toHaveLength(1)
  })

  it.each<[string, readonly LayerSpec[], RunOptions]>([
    [
      'a rebuild, with other times and digests',
      [
        base,
        ...LEAKING.slice(1).map((layer) => ({
          ...layer,
          files: layer.files?.map((file) => ({ ...file, mtime: 1_800_000_000 })) ?? null,
        })),
      ],
      {},
    ],
    ['layers in another order', [base, ...LEAKING.slice(1).reverse()], {}],
    ['more layers below', [base, run('true'), run('echo more'), ...LEAKING.slice(1)], {}],
    [
      'another file in front of it in its layer',
      [
        base,
        { by: 'COPY . /app/ # buildkit', files: [{ name: 'app/0', content: 'x' }, ...(LEAKING[1]?.files ?? [])] },
        ...LEAKING.slice(2),
      ],
      {},
    ],
    ['a key of the organisation', LEAKING, { key: 'a key that only some runs have' }],
    ['no key', LEAKING, { key: null }],
    ['another salt in the policy', LEAKING, { policy: `salt: ${'f'.repeat(32)}\n` }],
  ])('%s changes nothing', async (_name, layers, options) => {
    const after = await judged(layers, { ...options, baseline: baselineOf(await judged(LEAKING)) })
    expect(after.report.verdict).toMatchObject({ result: 'pass', new: 0 })
    expect(after.report.fixed).toEqual([])
  })

  it('lines that moved and a stage of another name change nothing', async () => {
    const dockerfile = (stage: string, lines: string): string =>
      `${lines}FROM busybox AS ${stage}\nRUN curl -k https://acme.example/tool -o /tool && chmod +x /tool\nFROM busybox\nCOPY --from=${stage} /tool /tool\nCOPY a.env /app/\n`
    const layers: LayerSpec[] = [
      base,
      { by: 'COPY /tool /tool # buildkit', files: [{ name: 'tool', content: 'x' }] },
      copy('a.env', 'TOKEN={{github-token}}\n'),
    ]
    const before = await judged(layers, { dockerfile: dockerfile('build', '') })
    const after = await judged(layers, {
      dockerfile: dockerfile('compile', '# moved\n\n\n'),
      baseline: baselineOf(before),
    })
    expect(before.report.findings.length).toBeGreaterThan(1)
    expect(after.report.findings.map(({ dockerfile: at }) => at?.startLine)).not.toEqual(
      before.report.findings.map(({ dockerfile: at }) => at?.startLine),
    )
    expect(after.report.verdict).toMatchObject({ result: 'pass', new: 0 })
    expect(after.report.fixed).toEqual([])
  })
})

describe('a new value at a known place is new', () => {
  const token = (seed: number): string => `dop_${'v1_'}${random(64, '0123456789abcdef', seed)}`

  it('and the old one is fixed', async () => {
    const before = await judged([base, copy('a.env', `T=${token(1)}\n`)])
    const after = await judged([base, copy('a.env', `T=${token(2)}\n`)], { baseline: baselineOf(before) })
    expect(statuses(after)).toEqual(['secret-in-image new'])
    expect(after.report.fixed).toHaveLength(1)
  })

  it('of two at one place the one that stays is known, whichever goes', async () => {
    const both = await judged([base, copy('a.txt', `${token(1)}\n${token(2)}\n`)])
    expect(both.report.findings).toHaveLength(2)
    for (const seed of [1, 2]) {
      const after = await judged([base, copy('a.txt', `${token(seed)}\n`)], { baseline: baselineOf(both) })
      expect(statuses(after)).toEqual(['secret-in-image known'])
      expect(after.report.fixed).toHaveLength(1)
    }
    const swapped = await judged([base, copy('a.txt', `${token(2)}\n${token(1)}\n`)], { baseline: baselineOf(both) })
    expect(swapped.report.verdict).toMatchObject({ new: 0, known: 2 })
  })

  it('of a password sixteen bits are kept, and no more', async () => {
    const url = (seed: number): LayerSpec =>
      copy('a.env', `DATABASE_URL=postgres://svc:${random(14, 'abcdefghjkmnpqrstuvwxyz23456789', seed)}@db.acme.io/x\n`)
    const before = await judged([base, url(1)])
    expect(before.report.baseline.record.findings.map(({ valueHash }) => valueHash)).toEqual([
      expect.stringMatching(/^[0-9a-f]{4}$/),
    ])
    expect(statuses(await judged([base, url(1)], { baseline: baselineOf(before) }))).toEqual(['secret-in-image known'])
    expect(statuses(await judged([base, url(2)], { baseline: baselineOf(before) }))).toEqual(['secret-in-image new'])
  })

  it('a value that comes to a second place is new there, at the line that brought it', async () => {
    const before = await judged(LEAKING)
    const after = await judged([...LEAKING, copy('copy.env', 'TOKEN={{github-token}}\n')], {
      baseline: baselineOf(before),
    })
    const leak = after.report.findings.find(({ secret }) => secret !== null)
    expect(leak).toMatchObject({ status: 'new', location: { path: '/app/copy.env' }, fails: true })
    expect(after.report.fixed).toEqual([])
  })
})

describe('what a baseline does not say', () => {
  it('a rule that is off is not fixed, and an ignored finding neither', async () => {
    const baseline = baselineOf(await judged(LEAKING))
    for (const policy of [
      'rules: { secret-in-image: off, world-writable: off }\n',
      'ignore: [{ rule: secret-in-image, reason: a test }]\n',
    ])
      expect((await judged(LEAKING, { policy, baseline })).report.fixed).toEqual([])
  })

  it('an image that it does not name is new as a whole, and that is said', async () => {
    const { file } = baselineOf(await judged(LEAKING))
    const two: BaselineFile = { ...file, images: { one: file.images['image'] ?? [], two: [] } }
    const other = await judged(LEAKING, { baseline: { name: 'of before', file: two }, name: 'three' })
    expect(other.report.verdict.result).toBe('fail')
    expect(other.report.warnings).toMatchObject([
      { code: 'not-in-baseline', message: expect.stringContaining('has no entries for three') },
    ])
    // Also where it speaks of one image alone: another one's findings accept nothing.
    const alone = await judged(LEAKING, { baseline: { name: 'of before', file }, name: 'three' })
    expect(alone.report.verdict.result).toBe('fail')
    expect(alone.report.warnings).toMatchObject([{ code: 'not-in-baseline' }])
  })

  it('names like those of every object are names', async () => {
    const { file } = baselineOf(await judged(LEAKING))
    const text = renderBaseline({ ...file, images: { a: [], b: [] } })
    expect(
      (await judged(LEAKING, { baseline: { name: 'x', file: parseBaseline('x', text) }, name: 'constructor' })).report
        .verdict.result,
    ).toBe('fail')
  })
})

describe('the file', () => {
  it('reads what it writes, and a report too', async () => {
    const outcome = await judged(LEAKING)
    const { file } = baselineOf(outcome)
    expect(parseBaseline('x.json', renderBaseline(file))).toEqual(file)
    expect(parseBaseline('report.json', renderJson(outcome.report)).images).toEqual(file.images)
  })

  it('holds no value, in no form', async () => {
    const outcome = await judged([
      base,
      copy('a.env', 'TOKEN={{github-token}}\nP=postgres://u:{{password}}@db.acme.io/x\n'),
    ])
    const text = renderBaseline(baselineOf(outcome).file)
    for (const value of [VALUES['github-token']?.() ?? '', VALUES['password']?.() ?? ''])
      for (const form of [value, Buffer.from(value).toString('base64').slice(0, -3)]) expect(text).not.toContain(form)
  })

  it.each([
    ['{', 'no valid JSON'],
    ['{}', 'this is no baseline'],
    ['{"schemaVersion":1,"salt":"short","images":{}}', 'this is no baseline: salt'],
    ['{"schemaVersion":1,"salt":"0123456789abcdef","images":{"a":[{"rule":"x"}]}}', 'images.a.0.title'],
  ])('%s is refused', (text, message) => {
    expect(() => parseBaseline('b.json', text)).toThrow(message)
    expect(() => parseBaseline('b.json', text)).toThrow('layergate baseline create IMAGE')
  })
})
