// What is read of an image is plain data: a copy that went through a file or another process gives the same report.
import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { deserialize, serialize } from 'node:v8'
import { describe, expect, it } from 'vitest'
import { findBuild } from '../../src/evidence/find-build.ts'
import { type ImageScan, type InspectOptions, learn, scanImage } from '../../src/evidence/inspect.ts'
import { openImage } from '../../src/image/open.ts'
import { DEFAULT_LIMITS } from '../../src/limits.ts'
import { PRESETS } from '../../src/policy/config.ts'
import { judge, NOTHING_PENDING } from '../../src/policy/judge.ts'
import { mergeConfigs, toPolicy } from '../../src/policy/policy.ts'
import { check } from '../../src/rules/check.ts'
import { RULES } from '../../src/rules/list.ts'
import { processScanner } from '../../src/secrets/scanner.ts'

const FIXTURES = path.resolve(import.meta.dirname, '../../fixtures')
const ARCHIVES = [
  'clean/image.tar',
  'deleted-secret/image.tar',
  ...readdirSync(path.join(FIXTURES, 'formats')).flatMap((name) =>
    /\.tar\.(?:gz|zst)$/.test(name) ? [`formats/${name}`] : [],
  ),
]

const policy = toPolicy('.layergate.yml', mergeConfigs([PRESETS['strict'] ?? {}]))

/** All that is found in an image by what was read of it, as the report has it. */
async function findingsOf(file: string, copy: (scan: ImageScan) => ImageScan): Promise<string> {
  const image = await openImage(file, {
    image: null,
    platform: null,
    temporary: tmpdir(),
    stdin: (async function* () {})(),
    limits: DEFAULT_LIMITS,
    bareNames: 'file-first',
  })
  try {
    const options: InspectOptions = {
      reference: file,
      limits: DEFAULT_LIMITS,
      build: {
        dockerfiles: [],
        isNamed: false,
        target: null,
        checkout: null,
        context: null,
        buildMetadata: null,
        temporary: tmpdir(),
      },
      scanner: processScanner(),
      now: new Date('2026-11-26T00:00:00Z'),
      salt: 'salt',
      quoted: '',
      onProgress: () => {},
      allows: () => null,
    }
    const build = await findBuild(image, options.build)
    const bounded = options.scanner.bounded(options.limits.matches)
    const { evidence, redactor, leaks } = await learn(
      image,
      build,
      copy(await scanImage(image, bounded, options)),
      bounded,
      options,
    )
    const verdict = judge(RULES, check(RULES, evidence, policy.rules), evidence, {
      policy,
      inline: [],
      pending: NOTHING_PENDING,
      baseline: null,
      salt: 'salt',
      redactor,
    })
    return JSON.stringify([
      verdict,
      evidence.skipped,
      evidence.programs,
      evidence.user,
      leaks.quiet.list,
      leaks.values.map(({ value }) => value),
    ])
  } finally {
    await image.close()
  }
}

describe.each(ARCHIVES)('the scan of %s', (name) => {
  const file = path.join(FIXTURES, name)

  it('gives the same report from a copy through JSON', async () => {
    expect(await findingsOf(file, (scan) => JSON.parse(JSON.stringify(scan)) as ImageScan)).toBe(
      await findingsOf(file, (scan) => scan),
    )
  })

  it('gives the same report from a copy through V8', async () => {
    expect(await findingsOf(file, (scan) => deserialize(serialize(scan)) as ImageScan)).toBe(
      await findingsOf(file, (scan) => scan),
    )
  })
})

it('a scan that lost its matches gives another report', async () => {
  const file = path.join(FIXTURES, 'deleted-secret/image.tar')
  const without = await findingsOf(file, (scan) => ({
    ...scan,
    layers: scan.layers.map((layer) => ({ ...layer, matches: [] })),
  }))
  expect(without).not.toBe(await findingsOf(file, (scan) => scan))
})
