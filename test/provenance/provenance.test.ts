// Lines by provenance: exact where the image bears it out, and not used at all where it does not.
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import zlib from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { Outcome } from '../../src/report/outcome.ts'
import { useFolder } from '../folder.ts'
import { buildImage, type LayerSpec, sha256, tar } from '../image-builder.ts'
import { judgeArchive, type RunOptions } from '../run-gate.ts'
import { VALUES } from '../values.ts'

const FIXTURES = path.join(import.meta.dirname, '../../fixtures')
const read = (name: string): Buffer => readFileSync(path.join(FIXTURES, name))
const unpacked = (name: string): Buffer => zlib.gunzipSync(read(name))
const DOCKERFILE = read('provenance/Dockerfile').toString()

const linesOf = ({ report }: Outcome): (string | null)[] =>
  report.image.layers.map(({ dockerfile }) => dockerfile && `${dockerfile.startLine}-${dockerfile.endLine} ${dockerfile.certainty}${dockerfile.changed === true ? ' changed' : ''}`)
const codesOf = ({ report }: Outcome): string[] => report.warnings.map(({ code }) => code)

/** The image of fixtures/provenance: a chain of stages, ONBUILD, COPY --link, here-documents, a comment in an instruction. */
const EXACT = ['4-4', '5-5', '11-11', '13-13', '14-18', '19-19', '21-24']
const exact = EXACT.map((lines) => `${lines} exact`)

describe('provenance of BuildKit', () => {
  it.each<[string, string, RunOptions]>([
    ['in the image, SLSA v1', 'provenance/image-provenance.tar', {}],
    ['in a metadata file, SLSA v0.2', 'provenance/image.tar', { buildMetadata: path.join(FIXTURES, 'provenance/metadata.json') }],
    ['in the text of a metadata file', 'provenance/image.tar', { buildMetadata: read('provenance/metadata.json').toString() }],
    ['in the metadata of bake', 'provenance/image.tar', { buildMetadata: JSON.stringify({ app: JSON.parse(read('provenance/metadata.json').toString()), other: {} }) }],
    ['in a build record', 'provenance/image.tar', { buildMetadata: path.join(FIXTURES, 'provenance/record.dockerbuild') }],
  ])('%s', async (_name, image, options) => {
    const outcome = await judgeArchive(read(image), { dockerfile: DOCKERFILE, ...options })
    expect(linesOf(outcome)).toEqual(exact)
    expect(codesOf(outcome)).toEqual([])
  })

  it('agrees with the history held against the Dockerfile', async () => {
    expect(linesOf(await judgeArchive(read('provenance/image.tar'), { dockerfile: DOCKERFILE }))).toEqual(EXACT.map((lines) => `${lines} aligned`))
  })

  it('of 31 layers: every instruction there is', async () => {
    const dockerfile = read('formats/every-instruction.Dockerfile').toString()
    const archive = unpacked('formats/docker29-containerd.tar.gz')
    const traced = await judgeArchive(archive, { dockerfile, buildMetadata: unpacked('formats/docker29-provenance.json.gz').toString() })
    const aligned = await judgeArchive(archive, { dockerfile })
    expect(linesOf(traced).map((lines) => lines?.replace('exact', 'aligned') ?? null)).toEqual(linesOf(aligned))
    expect(
      linesOf(traced)
        .slice(1)
        .every((lines) => lines?.endsWith('exact')),
    ).toBe(true)
    expect(traced.report.image.base).toEqual({ reference: '127.0.0.1:5017/base/bb:1.0', digest: expect.stringMatching(/^sha256:5e0a/), layers: 1, source: 'provenance' })
  })

  it('shows a build argument of a stage that is not in the image, at its ARG', async () => {
    const { report } = await judgeArchive(read('provenance/image-provenance.tar'), { dockerfile: DOCKERFILE })
    expect(report.findings.find(({ ruleId }) => ruleId === 'secret-in-attestation')).toMatchObject({
      dockerfile: { path: 'Dockerfile', startLine: 9, certainty: 'exact' },
      location: { kind: 'attestation', predicateType: 'https://slsa.dev/provenance/v1' },
      related: expect.arrayContaining([expect.objectContaining({ role: 'also-in', location: expect.objectContaining({ path: '/app/all/secret.txt' }) })]),
    })
  })
})

describe('the file of the checkout', () => {
  const folder = useFolder()
  const { put } = folder
  const pathsOf = (outcome: Outcome): (string | null)[] => [...new Set(outcome.report.image.layers.map(({ dockerfile }) => dockerfile?.path ?? null))]
  const judge = (options: RunOptions = {}): Promise<Outcome> => judgeArchive(read('provenance/image-provenance.tar'), { checkout: folder.path, ...options })

  it('is the one that has the bytes that were built', async () => {
    put('Dockerfile', 'FROM scratch\nCOPY other /\n')
    put('docker/app.Dockerfile', DOCKERFILE)
    const outcome = await judge({ dockerfile: 'FROM scratch\nCOPY other /\n' })
    expect(pathsOf(outcome)).toEqual(['docker/app.Dockerfile'])
    expect(linesOf(outcome)).toEqual(exact)
  })

  it('may have other line ends', async () => {
    const outcome = await judge({ dockerfile: DOCKERFILE.replaceAll('\n', '\r\n') })
    expect(linesOf(outcome)).toEqual(exact)
    expect(codesOf(outcome)).toEqual([])
  })

  it('that changed since is not annotated: the lines are those of the build', async () => {
    const outcome = await judge({ dockerfile: `# one line more\n${DOCKERFILE}` })
    expect(linesOf(outcome)).toEqual(exact.map((lines) => `${lines} changed`))
    expect(codesOf(outcome)).toEqual(['dockerfile-changed'])
  })

  it('is not guessed where two have the bytes', async () => {
    put('a/Dockerfile', DOCKERFILE)
    put('b/Dockerfile', DOCKERFILE)
    const outcome = await judge()
    expect(linesOf(outcome)).toEqual(exact.map((lines) => `${lines} changed`))
    expect(outcome.report.warnings[0]?.message).toMatch(/the same as a\/Dockerfile and b\/Dockerfile: name the one/)
  })

  it('that fits is found among many, without provenance', async () => {
    put('a/Dockerfile', 'FROM scratch\nCOPY a /a\n')
    put('deploy/Containerfile.app', DOCKERFILE)
    put('node_modules/x/Dockerfile', DOCKERFILE)
    const outcome = await judgeArchive(read('provenance/image.tar'), { checkout: folder.path, isNamed: false })
    expect(pathsOf(outcome)).toEqual(['deploy/Containerfile.app'])
  })

  it('is not known where two fit alike', async () => {
    put('a/Dockerfile', DOCKERFILE)
    put('b/Dockerfile', `${DOCKERFILE}# other\n`)
    const outcome = await judgeArchive(read('provenance/image.tar'), { checkout: folder.path, isNamed: false })
    expect(pathsOf(outcome)).toEqual([null])
    expect(outcome.report.warnings[0]?.message).toMatch(/2 Dockerfiles fit the image alike \(a\/Dockerfile, b\/Dockerfile\)/)
  })

  it('is not taken for one whose few words stand in every Dockerfile', async () => {
    put('other/Dockerfile', 'FROM node\nCOPY . .\n')
    const archive = await buildImage({
      layers: [
        { by: 'RUN /bin/sh -c npm ci # buildkit', files: [{ name: 'y', content: 'y' }] },
        { by: 'COPY . . # buildkit', files: [{ name: 'x', content: 'x' }] },
      ],
    })
    expect(pathsOf(await judgeArchive(archive, { checkout: folder.path, isNamed: false }))).toEqual([null])
    expect(pathsOf(await judgeArchive(archive, { checkout: folder.path, dockerfile: 'FROM node\nRUN npm ci\nCOPY . .\n' }))).toEqual(['Dockerfile'])
  })

  it('that leaked is told by its content, with the pattern that keeps it out today', async () => {
    copyFileSync(path.join(FIXTURES, 'provenance/Dockerfile'), path.join(folder.path, 'Dockerfile'))
    const token = VALUES['github-token']?.() ?? ''
    const layers: LayerSpec[] = [{ by: 'COPY . /app # buildkit', files: [{ name: 'app/conf/deep/.env', content: `T=${token}\n` }] }]
    put('elsewhere/renamed.env', `T=${token}\n`)
    put('conf/deep/.env', `T=${token}\n`)
    put('.dockerignore', '# later\n**/.env\n')
    const { report } = await judgeArchive(await buildImage({ layers }), { checkout: folder.path, dockerfile: 'FROM scratch\nCOPY . /app\n' })
    const finding = report.findings.find(({ secret }) => secret !== null)
    expect(finding?.file?.source).toEqual({ path: 'conf/deep/.env', ignoredBy: '**/.env' })
    expect(finding?.remedy).toContain('`**/.env` in .dockerignore (line 2) keeps conf/deep/.env out of the context today')
  })

  it('that leaked is found below what COPY names, whatever it is called there', async () => {
    const token = VALUES['github-token']?.() ?? ''
    const layers: LayerSpec[] = [{ by: 'COPY conf/ /etc/app/ # buildkit', files: [{ name: 'etc/app/token', content: token }] }]
    put('conf/token', 'x'.repeat(token.length))
    put('conf/other/real', token)
    put('outside', token)
    const { report } = await judgeArchive(await buildImage({ layers }), { checkout: folder.path, dockerfile: 'FROM scratch\nCOPY conf/ /etc/app/\n' })
    expect(report.findings.find(({ secret }) => secret !== null)?.file?.source).toEqual({ path: 'conf/other/real', ignoredBy: null })
  })
})

type Json = Record<string, unknown>

/** A provenance as BuildKit would write it for the layers, and then changed by a test. */
async function hostile(change: (provenance: { chains: Json; locations: Json; steps: Json[] }, layers: readonly string[]) => void): Promise<Outcome> {
  const dockerfile = 'FROM busybox\nCOPY token.txt /token.txt\nRUN rm /token.txt\nUSER 1000\n'
  const token = VALUES['github-token']?.() ?? ''
  const layers: LayerSpec[] = [
    { by: 'ADD rootfs.tar / # buildkit', files: [{ name: 'bin/x', content: 'x' }] },
    { by: 'COPY token.txt /token.txt # buildkit', files: [{ name: 'token.txt', content: token }] },
    { by: 'RUN /bin/sh -c rm /token.txt # buildkit', files: [{ name: '.wh.token.txt' }] },
    { by: 'USER 1000', files: null, comment: 'buildkit.dockerfile.v0' },
  ]
  const diffIds = await Promise.all(layers.flatMap(({ files }) => (files === null ? [] : [tar(files)]))).then((tars) => tars.map((bytes) => `sha256:${sha256(bytes)}`))
  const chain = (length: number): Json[][] => [diffIds.slice(0, length).map((digest) => ({ digest }))]
  const at = (line: number): Json => ({ locations: [{ ranges: [{ start: { line }, end: { line } }] }] })
  const parts = {
    chains: { 'step0:0': chain(1), 'step1:0': chain(2), 'step2:0': chain(3) } as Json,
    locations: { step0: at(1), step1: at(2), step2: at(3) } as Json,
    steps: [
      { id: 'step0', op: { Op: { source: { identifier: `docker-image://docker.io/library/busybox:latest@sha256:${'b'.repeat(64)}` } } } },
      { id: 'step1', inputs: ['step0:0'], op: { Op: {} } },
      { id: 'step2', inputs: ['step1:0'], op: { Op: {} } },
    ] as Json[],
  }
  change(parts, diffIds)
  const predicate = {
    buildDefinition: { internalParameters: { buildConfig: { llbDefinition: parts.steps } } },
    runDetails: {
      metadata: {
        buildkit_metadata: { source: { infos: [{ filename: 'Dockerfile', data: Buffer.from(dockerfile).toString('base64') }], locations: parts.locations }, layers: parts.chains },
      },
    },
  }
  return judgeArchive(await buildImage({ layers, attestations: [{ predicateType: 'https://slsa.dev/provenance/v1', predicate }] }, 'buildkit-oci'), { dockerfile })
}

describe('provenance that is not true', () => {
  const where = (outcome: Outcome): unknown => {
    const finding = outcome.report.findings.find(({ ruleId }) => ruleId === 'deleted-secret')
    return [outcome.report.verdict.result, finding?.dockerfile?.startLine, finding?.origin, finding?.dockerfile?.certainty]
  }

  it('is told from one that is', async () => {
    const outcome = await hostile(() => {})
    expect(where(outcome)).toEqual(['fail', 2, 'own', 'exact'])
    expect(outcome.report.image.base).toMatchObject({ layers: 1, source: 'provenance' })
  })

  it.each<[string, Parameters<typeof hostile>[0]]>([
    ['moves a layer to another line', ({ locations }) => Object.assign(locations, { step1: locations['step2'], step2: locations['step1'] })],
    ['calls own layers the base', ({ chains }) => Object.assign(chains, { 'step0:0': chains['step1:0'] })],
    ['calls every layer the base', ({ chains }) => Object.assign(chains, { 'step0:0': chains['step2:0'] })],
    [
      'has the layers of another image',
      ({ chains }, [first = '']) =>
        Object.assign(chains, JSON.parse(JSON.stringify(chains).replaceAll(first, `sha256:${'c'.repeat(64)}`)) as Json, {
          'step9:0': [[{ digest: 'x' }, { digest: 'y' }, { digest: 'z' }]],
        }),
    ],
    ['has lines beyond the file', ({ locations }) => Object.assign(locations, { step1: { locations: [{ ranges: [{ start: { line: 900 }, end: { line: 900 } }] }] } })],
    ['has lines that are none', ({ locations }) => Object.assign(locations, { step1: { locations: [{ ranges: [{ start: { line: -1 }, end: { line: 'x' } }] }] } })],
    [
      'has steps that lead back to themselves',
      ({ steps }) => {
        for (const step of steps) Object.assign(step, { inputs: ['step2:0'] })
      },
    ],
    ['has a chain without end', ({ chains }) => Object.assign(chains, { 'step3:0': [Array.from({ length: 5000 }, () => ({ digest: 'x' }))] })],
    [
      'has no steps at all',
      ({ chains }) => {
        for (const key of Object.keys(chains)) delete chains[key]
      },
    ],
  ])('%s: the finding stays where it belongs', async (_name, change) => {
    expect(String(where(await hostile(change)))).toMatch(/^fail,2,own,(?:exact|aligned)$/)
  })

  it.each<[string, { readonly about?: string; readonly raw?: Buffer; readonly predicate?: unknown }, RegExp]>([
    ['is about another image', { about: 'f'.repeat(64) }, /is about another image/],
    ['is no JSON', { raw: Buffer.from('{"_type": ') }, /is no in-toto statement/],
    ['has 50 MB', { raw: Buffer.from(JSON.stringify({ predicateType: 'https://slsa.dev/provenance/v1', predicate: { x: 'x'.repeat(50_000_000) } })) }, /more than 32 MiB/],
    ['is of another form', { predicate: { runDetails: { metadata: { buildkit_metadata: { layers: 7 } } }, buildDefinition: {} } }, /not of the form/],
  ])('%s: said, and the lines are aligned', async (_name, { about, raw, predicate = {} }, expected) => {
    const token = VALUES['github-token']?.() ?? ''
    const layers: LayerSpec[] = [{ by: 'COPY t /t # buildkit', files: [{ name: 't', content: token }] }]
    const attestations = [{ predicateType: 'https://slsa.dev/provenance/v1', predicate, ...(about === undefined ? {} : { about }), ...(raw === undefined ? {} : { raw }) }]
    const outcome = await judgeArchive(await buildImage({ layers, attestations }, 'buildkit-oci'), { dockerfile: 'FROM scratch\nCOPY t /t\n' })
    expect(linesOf(outcome)).toEqual(['2-2 aligned'])
    expect(outcome.report.warnings.map(({ message }) => message).join()).toMatch(expected)
    expect(outcome.report.verdict.result).toBe('fail')
  })

  it.each([
    ['of another image', () => unpacked('formats/docker29-provenance.json.gz').toString(), /names other layers than the image has/],
    ['without lines', () => JSON.stringify({ 'buildx.build.provenance': { buildType: 'x', buildConfig: {} } }), /mode=min/],
    ['without provenance', () => '{"image.name": "x"}', /holds no provenance/],
    ['that is no JSON', () => '{"image.name": ', /is no JSON/],
  ])('build metadata %s is a warning', async (_name, text, expected) => {
    const outcome = await judgeArchive(read('provenance/image.tar'), { dockerfile: DOCKERFILE, buildMetadata: text() })
    expect(linesOf(outcome)).toEqual(EXACT.map((lines) => `${lines} aligned`))
    expect(outcome.report.warnings.map(({ message }) => message).join()).toMatch(expected)
  })

  it.each([
    ['that unpacks without end', () => zlib.gzipSync(Buffer.alloc(300 << 20)), /is no build record/],
    ['that is another archive', () => read('provenance/image.tar'), /holds no provenance/],
    ['that is cut off', () => read('provenance/record.dockerbuild').subarray(0, 4000), /is no build record/],
    ['that is no text', () => Buffer.from('\x7fELF'), /is no JSON/],
  ])('a build record %s is a warning', async (_name, bytes, expected) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'layergate-record-'))
    try {
      writeFileSync(path.join(folder, 'x.dockerbuild'), bytes())
      const outcome = await judgeArchive(read('provenance/image.tar'), { dockerfile: DOCKERFILE, buildMetadata: path.join(folder, 'x.dockerbuild') })
      expect(linesOf(outcome)).toEqual(EXACT.map((lines) => `${lines} aligned`))
      expect(outcome.report.warnings.map(({ message }) => message).join()).toMatch(expected)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  it('build metadata that is not there is an error', async () => {
    await expect(judgeArchive(read('provenance/image.tar'), { buildMetadata: '/nowhere/build.json' })).rejects.toThrow(
      /\/nowhere\/build\.json: the build metadata cannot be read \(ENOENT\)/,
    )
  })

  it('in which a secret stands is searched all the same, also when it is about another image', async () => {
    const attestations = [{ predicateType: 'https://slsa.dev/provenance/v1', predicate: { x: VALUES['github-token']?.() }, about: 'f'.repeat(64) }]
    const { report } = await judgeArchive(await buildImage({ layers: [{ by: 'COPY t /t # buildkit', files: [{ name: 't', content: 't' }] }], attestations }, 'buildkit-oci'))
    expect(report.findings.map(({ ruleId }) => ruleId)).toContain('secret-in-attestation')
  })
})
