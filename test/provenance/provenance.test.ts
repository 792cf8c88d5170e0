// Lines by provenance: exact where the image bears it out, and not used at all where it does not.
import { copyFileSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import zlib from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { Outcome } from '../../src/outcome/outcome.ts'
import { gzipBomb } from '../bombs.ts'
import { useFolder } from '../folder.ts'
import { buildImage, type LayerSpec, sha256, tar } from '../image-builder.ts'
import { judgeArchive, type RunOptions } from '../run-gate.ts'
import { VALUES } from '../values.ts'

const FIXTURES = path.join(import.meta.dirname, '../../fixtures')
const read = (name: string): Buffer => readFileSync(path.join(FIXTURES, name))
const unpacked = (name: string): Buffer => zlib.gunzipSync(read(name))
const DOCKERFILE = read('provenance/Dockerfile').toString()

const linesOf = ({ report }: Outcome): (string | null)[] =>
  report.image.layers.map(
    ({ dockerfile }) =>
      dockerfile &&
      `${dockerfile.startLine}-${dockerfile.endLine} ${dockerfile.certainty}${dockerfile.changed === true ? ' changed' : ''}`,
  )
const codesOf = ({ report }: Outcome): string[] => report.warnings.map(({ code }) => code)

/** The image of fixtures/provenance: a chain of stages, ONBUILD, COPY --link, here-documents, a comment in an instruction. */
const EXACT = ['4-4', '5-5', '11-11', '13-13', '14-18', '19-19', '21-24']
const exact = EXACT.map((lines) => `${lines} exact`)

describe('provenance of BuildKit', () => {
  it.each<[string, string, RunOptions]>([
    ['in the image, SLSA v1', 'provenance/image-provenance.tar', {}],
    [
      'in a metadata file, SLSA v0.2',
      'provenance/image.tar',
      { buildMetadata: path.join(FIXTURES, 'provenance/metadata.json') },
    ],
    [
      'in the text of a metadata file',
      'provenance/image.tar',
      { buildMetadata: read('provenance/metadata.json').toString() },
    ],
    [
      'in the metadata of bake',
      'provenance/image.tar',
      { buildMetadata: JSON.stringify({ app: JSON.parse(read('provenance/metadata.json').toString()), other: {} }) },
    ],
    [
      'in a build record',
      'provenance/image.tar',
      { buildMetadata: path.join(FIXTURES, 'provenance/record.dockerbuild') },
    ],
  ])('%s', async (_name, image, options) => {
    const outcome = await judgeArchive(read(image), { dockerfile: DOCKERFILE, ...options })
    expect(linesOf(outcome)).toEqual(exact)
    expect(codesOf(outcome)).toEqual([])
  })

  it('agrees with the history held against the Dockerfile', async () => {
    expect(linesOf(await judgeArchive(read('provenance/image.tar'), { dockerfile: DOCKERFILE }))).toEqual(
      EXACT.map((lines) => `${lines} aligned`),
    )
  })

  it('of 31 layers: every instruction there is', async () => {
    const dockerfile = read('formats/every-instruction.Dockerfile').toString()
    const archive = unpacked('formats/docker29-containerd.tar.gz')
    const traced = await judgeArchive(archive, {
      dockerfile,
      buildMetadata: unpacked('formats/docker29-provenance.json.gz').toString(),
    })
    const aligned = await judgeArchive(archive, { dockerfile })
    expect(linesOf(traced).map((lines) => lines?.replace('exact', 'aligned') ?? null)).toEqual(linesOf(aligned))
    expect(
      linesOf(traced)
        .slice(1)
        .every((lines) => lines?.endsWith('exact')),
    ).toBe(true)
    expect(traced.report.image.base).toEqual({
      reference: '127.0.0.1:5017/base/bb:1.0',
      digest: expect.stringMatching(/^sha256:5e0a/),
      layers: 1,
      source: 'provenance',
    })
  })

  it('shows a build argument of a stage that is not in the image, at its ARG', async () => {
    const { report } = await judgeArchive(read('provenance/image-provenance.tar'), { dockerfile: DOCKERFILE })
    expect(report.findings.find(({ ruleId }) => ruleId === 'secret-in-attestation')).toMatchObject({
      dockerfile: { path: 'Dockerfile', startLine: 9, certainty: 'exact' },
      location: { kind: 'attestation', predicateType: 'https://slsa.dev/provenance/v1' },
      related: expect.arrayContaining([
        expect.objectContaining({
          role: 'also-in',
          location: expect.objectContaining({ path: '/app/all/secret.txt' }),
        }),
      ]),
    })
  })
})

describe('the file of the checkout', () => {
  const folder = useFolder()
  const { put } = folder
  const pathsOf = (outcome: Outcome): (string | null)[] => [
    ...new Set(outcome.report.image.layers.map(({ dockerfile }) => dockerfile?.path ?? null)),
  ]
  const judge = (options: RunOptions = {}): Promise<Outcome> =>
    judgeArchive(read('provenance/image-provenance.tar'), { checkout: folder.path, ...options })

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
    expect(outcome.report.warnings[0]?.message).toMatch(
      /2 Dockerfiles fit the image alike \(a\/Dockerfile, b\/Dockerfile\)/,
    )
  })

  it('is not taken for one whose few words stand in every Dockerfile', async () => {
    put('other/Dockerfile', 'FROM node\nCOPY . .\n')
    const archive = await buildImage({
      layers: [
        { by: 'RUN /bin/sh -c npm ci # buildkit', files: [{ name: 'y', content: 'y' }] },
        { by: 'COPY . . # buildkit', files: [{ name: 'x', content: 'x' }] },
      ],
    })
    const untold = await judgeArchive(archive, { checkout: folder.path, isNamed: false })
    expect(pathsOf(untold)).toEqual([null])
    expect(untold.report.image.baseReason).toMatch(
      /other\/Dockerfile fits the image, but says too little to be sure of it: name it/,
    )
    expect(
      pathsOf(await judgeArchive(archive, { checkout: folder.path, dockerfile: 'FROM node\nRUN npm ci\nCOPY . .\n' })),
    ).toEqual(['Dockerfile'])
  })

  it('that leaked is told by its content, with the pattern that keeps it out today', async () => {
    copyFileSync(path.join(FIXTURES, 'provenance/Dockerfile'), path.join(folder.path, 'Dockerfile'))
    const token = VALUES['github-token']?.() ?? ''
    const layers: LayerSpec[] = [
      { by: 'COPY . /app # buildkit', files: [{ name: 'app/conf/deep/.env', content: `T=${token}\n` }] },
    ]
    put('elsewhere/renamed.env', `T=${token}\n`)
    put('conf/deep/.env', `T=${token}\n`)
    put('.dockerignore', '# later\n**/.env\n')
    const { report } = await judgeArchive(await buildImage({ layers }), {
      checkout: folder.path,
      dockerfile: 'FROM scratch\nCOPY . /app\n',
    })
    const finding = report.findings.find(({ secret }) => secret !== null)
    expect(finding?.file?.source).toEqual({ path: 'conf/deep/.env', ignoredBy: '**/.env' })
    expect(finding?.remedy).toContain(
      '`**/.env` in .dockerignore (line 2) keeps conf/deep/.env out of the context today',
    )
  })

  it('that leaked is found below what COPY names, whatever it is called there', async () => {
    const token = VALUES['github-token']?.() ?? ''
    const layers: LayerSpec[] = [
      { by: 'COPY conf/ /etc/app/ # buildkit', files: [{ name: 'etc/app/token', content: token }] },
    ]
    put('conf/token', 'x'.repeat(token.length))
    put('conf/other/real', token)
    put('outside', token)
    const { report } = await judgeArchive(await buildImage({ layers }), {
      checkout: folder.path,
      dockerfile: 'FROM scratch\nCOPY conf/ /etc/app/\n',
    })
    expect(report.findings.find(({ secret }) => secret !== null)?.file?.source).toEqual({
      path: 'conf/other/real',
      ignoredBy: null,
    })
  })
})

type Json = Record<string, unknown>

/** A provenance as BuildKit would write it for the layers, and then changed by a test. */
const BUSYBOX = 'FROM busybox\nCOPY token.txt /token.txt\nRUN rm /token.txt\nUSER 1000\n'

async function hostile(
  change: (provenance: { chains: Json; locations: Json; steps: Json[] }, layers: readonly string[]) => void,
  options: RunOptions = {},
): Promise<Outcome> {
  const dockerfile = BUSYBOX
  const token = VALUES['github-token']?.() ?? ''
  const layers: LayerSpec[] = [
    { by: 'ADD rootfs.tar / # buildkit', files: [{ name: 'bin/x', content: 'x' }] },
    { by: 'COPY token.txt /token.txt # buildkit', files: [{ name: 'token.txt', content: token }] },
    { by: 'RUN /bin/sh -c rm /token.txt # buildkit', files: [{ name: '.wh.token.txt' }] },
    { by: 'USER 1000', files: null, comment: 'buildkit.dockerfile.v0' },
  ]
  const diffIds = await Promise.all(layers.flatMap(({ files }) => (files === null ? [] : [tar(files)]))).then((tars) =>
    tars.map((bytes) => `sha256:${sha256(bytes)}`),
  )
  const chain = (length: number): Json[][] => [diffIds.slice(0, length).map((digest) => ({ digest }))]
  const at = (line: number): Json => ({ locations: [{ ranges: [{ start: { line }, end: { line } }] }] })
  const parts = {
    chains: { 'step0:0': chain(1), 'step1:0': chain(2), 'step2:0': chain(3) } as Json,
    locations: { step0: at(1), step1: at(2), step2: at(3) } as Json,
    steps: [
      {
        id: 'step0',
        op: {
          Op: { source: { identifier: `docker-image://docker.io/library/busybox:latest@sha256:${'b'.repeat(64)}` } },
        },
      },
      { id: 'step1', inputs: ['step0:0'], op: { Op: {} } },
      { id: 'step2', inputs: ['step1:0'], op: { Op: {} } },
    ] as Json[],
  }
  change(parts, diffIds)
  const predicate = {
    buildDefinition: { internalParameters: { buildConfig: { llbDefinition: parts.steps } } },
    runDetails: {
      metadata: {
        buildkit_metadata: {
          source: {
            infos: [{ filename: 'Dockerfile', data: Buffer.from(dockerfile).toString('base64') }],
            locations: parts.locations,
          },
          layers: parts.chains,
        },
      },
    },
  }
  return judgeArchive(
    await buildImage(
      { layers, attestations: [{ predicateType: 'https://slsa.dev/provenance/v1', predicate }] },
      'buildkit-oci',
    ),
    { dockerfile, ...options },
  )
}

describe('how sure it is that something came with the base', () => {
  const token = VALUES['github-token']?.() ?? ''
  const dockerfile = 'FROM busybox\nRUN make\nUSER 1000\n'
  const layers: LayerSpec[] = [
    { by: 'ADD rootfs.tar / # buildkit', files: [{ name: 'etc/token', content: token }] },
    { by: 'COPY . /app # buildkit', files: [{ name: 'app/x', content: 'x' }] },
    { by: 'RUN /bin/sh -c make # buildkit', files: [{ name: 'app/y', content: 'y' }] },
    { by: 'USER 1000', files: null, comment: 'buildkit.dockerfile.v0' },
  ]
  /** The provenance of a build on a base of one or two layers. @param named what the layers are called */
  const provenance = async (base: number, named: (diffId: string) => string = (diffId) => diffId): Promise<Json> => {
    const tars = await Promise.all(layers.flatMap(({ files }) => (files === null ? [] : [tar(files)])))
    const chain = (length: number): Json[][] => [
      tars.slice(0, length).map((bytes) => ({ digest: named(`sha256:${sha256(bytes)}`) })),
    ]
    const at = (line: number): Json => ({ locations: [{ ranges: [{ start: { line }, end: { line } }] }] })
    return {
      buildConfig: {
        llbDefinition: [
          {
            id: 'step0',
            op: {
              Op: {
                source: { identifier: `docker-image://docker.io/library/busybox:latest@sha256:${'b'.repeat(64)}` },
              },
            },
          },
          ...[1, 2].map((step) => ({ id: `step${step}`, op: { Op: {} } })),
        ],
      },
      metadata: {
        'https://mobyproject.org/buildkit@v1#metadata': {
          source: {
            infos: [{ filename: 'Dockerfile', data: Buffer.from(dockerfile).toString('base64') }],
            locations: { step0: at(1), step1: at(1), step2: at(2) },
          },
          layers: { 'step0:0': chain(base), ...(base === 1 ? { 'step1:0': chain(2) } : {}), 'step2:0': chain(3) },
        },
      },
    }
  }
  const certainties = ({ report }: Outcome): string[] =>
    report.image.layers.map(({ base, baseCertainty }) => `${base} ${baseCertainty}`)
  const judge = async (metadata: Json | null, isAttested = false): Promise<Outcome> =>
    judgeArchive(
      await buildImage(
        {
          config: { User: '1000' },
          layers,
          ...(isAttested && metadata !== null
            ? { attestations: [{ predicateType: 'https://slsa.dev/provenance/v0.2', predicate: metadata }] }
            : {}),
        },
        'buildkit-oci',
      ),
      { dockerfile, buildMetadata: isAttested || metadata === null ? null : JSON.stringify(metadata) },
    )
  const other = (diffId: string): string => `sha256:${sha256(diffId)}`

  it('the metadata of the build proves the base: what proves itself there is shown, and does not fail', async () => {
    const outcome = await judge({ 'buildx.build.provenance': await provenance(1) })
    expect(certainties(outcome)).toEqual(['true proven', 'false null', 'false null'])
    expect(outcome.report.findings.filter(({ secret }) => secret !== null)).toMatchObject([
      { origin: 'base', originCertainty: 'proven', fails: false, severity: 'critical' },
    ])
    expect(outcome.report.verdict.result).toBe('pass')
  })

  it('the same as an attestation inside the image does not: whoever forges an image forges it too', async () => {
    const outcome = await judge(await provenance(1), true)
    expect(certainties(outcome)).toEqual(['true aligned', 'false null', 'false null'])
    expect(outcome.report.findings.filter(({ secret }) => secret !== null)).toMatchObject([
      { origin: 'base', originCertainty: 'aligned', fails: true, severity: 'critical' },
    ])
    expect(outcome.report.verdict.result).toBe('fail')
  })

  it('it tells what ONBUILD of the base ran', async () => {
    expect(certainties(await judge({ 'buildx.build.provenance': await provenance(1) }))).toEqual([
      'true proven',
      'false null',
      'false null',
    ])
    expect(certainties(await judge({ 'buildx.build.provenance': await provenance(2) }))).toEqual([
      'true proven',
      'true proven',
      'false null',
    ])
  })

  it('digests of other layers prove nothing: the layers may have been packed anew, or be those of another build', async () => {
    const outcome = await judge({ 'buildx.build.provenance': await provenance(1, other) })
    expect(certainties(outcome)[0]).not.toMatch(/proven/)
    expect(outcome.report.verdict.result).toBe('fail')
  })

  it('but for where the metadata says that it is of this image', async () => {
    const { report } = await judge(null)
    const metadata = {
      'buildx.build.provenance': await provenance(1, other),
      'containerimage.config.digest': report.image.id,
      'containerimage.digest': 'sha256:0',
    }
    expect(certainties(await judge(metadata))).toEqual(['true proven', 'false null', 'false null'])
    expect(
      certainties(await judge({ ...metadata, 'containerimage.config.digest': `sha256:${'d'.repeat(64)}` }))[0],
    ).not.toMatch(/proven/)
  })

  it('nothing but the history tells nothing of what is as young as the build', async () => {
    const outcome = await judge(null)
    expect(certainties(outcome)).toEqual(['true aligned', 'null null', 'false null'])
    expect(outcome.report.image.baseReason).toMatch(/ONBUILD/)
    expect(outcome.report.verdict.result).toBe('fail')
  })

  it('an annotation names a base, and proves none', async () => {
    const outcome = await judge(null)
    expect(outcome.report.image.base).toMatchObject({ reference: 'busybox', source: 'dockerfile' })
    expect(outcome.report.findings.find(({ secret }) => secret !== null)).toMatchObject({
      originCertainty: 'aligned',
      fails: true,
    })
  })
})

describe('which Dockerfile of the checkout', () => {
  const folder = useFolder()
  const { put } = folder
  const token = VALUES['slack-token']?.() ?? ''
  const old = { created: '2025-06-01T00:00:00.5Z' }
  const layers: LayerSpec[] = [
    { by: '/bin/sh -c #(nop) ADD file:1 in / ', files: [{ name: 'bin/sh', content: 'x' }], ...old },
    {
      by: '/bin/sh -c #(nop) COPY dir:2 in /app/ ',
      files: [{ name: 'app/.env', content: `SLACK_TOKEN=${token}\n` }],
      ...old,
    },
    { by: 'RUN /bin/sh -c make -C /app all # buildkit', files: [{ name: 'app/y', content: 'y' }] },
  ]
  const TAIL = 'FROM acme/base:1\nRUN make -C /app all\n'
  const judge = async (options: RunOptions = {}): Promise<string[]> => {
    const { report } = await judgeArchive(await buildImage({ config: { User: '1000' }, layers }), {
      checkout: folder.path,
      dockerfile: TAIL,
      isNamed: false,
      ...options,
    })
    return [
      ...report.image.layers.map(({ base }) => (base === null ? '?' : base ? 'base' : 'own')),
      report.verdict.result,
      report.image.baseReason ?? '',
    ]
  }

  it('the only one there is tells what came with the base', async () => {
    put('Dockerfile', TAIL)
    put('node_modules/x/Dockerfile', 'FROM x\n')
    expect(await judge()).toEqual(['base', 'base', 'own', 'pass', ''])
  })

  it.each<[string, string, string]>([
    ['the real one lies in docker/', 'docker/Dockerfile', 'FROM acme/base:1\nCOPY . /app/\nRUN make -C /app all\n'],
    ['one that does not fit', 'docker/Dockerfile', 'FROM other\nRUN something else\n'],
    ['a step before', 'Dockerfile.base', 'FROM alpine\nCOPY . /app/\n'],
    ['of another name', 'deploy/app.Dockerfile', 'FROM other\n'],
    ['for podman', 'Containerfile', 'FROM other\n'],
    ['one that does not build', 'old/Dockerfile', 'RUN make\n'],
  ])('beside another it tells nothing, and what may be own counts as own: %s', async (_name, file, text) => {
    put('Dockerfile', TAIL)
    put(file, text)
    const [first, second, , result, reason] = await judge()
    expect([first, second, result]).toEqual(['?', '?', 'fail'])
    expect(reason).toMatch(/none was named/)
  })

  it('the one that is named counts', async () => {
    put('Dockerfile', TAIL)
    put('docker/Dockerfile', 'FROM other\nRUN something else\n')
    expect(await judge({ isNamed: true })).toEqual(['base', 'base', 'own', 'pass', ''])
  })

  it('but for what another one of the checkout made before', async () => {
    put('Dockerfile', TAIL)
    put('Dockerfile.base', 'FROM alpine\nCOPY a-folder-of-the-app another-one /app/\n')
    const [first, second, , result, reason] = await judge({ isNamed: true })
    expect([first, second, result]).toEqual(['?', '?', 'fail'])
    expect(reason).toMatch(/^Dockerfile\.base of this checkout fits/)
  })

  it('a link, or one that is too large to read, may be another', async () => {
    put('Dockerfile', TAIL)
    symlinkSync('/etc/hostname', path.join(folder.path, 'Dockerfile.link'))
    expect((await judge())[4]).toMatch(/not all Dockerfiles/)
    rmSync(path.join(folder.path, 'Dockerfile.link'))
    put('big/Dockerfile', `FROM x\n${'# more\n'.repeat(60_000)}`)
    expect((await judge())[4]).toMatch(/not all Dockerfiles/)
  })

  it('the base of one that need not be the built one satisfies no allow list', async () => {
    put('Dockerfile', TAIL)
    put('docker/Dockerfile', 'FROM other\nRUN something else\n')
    const policy = 'rules:\n  base-not-allowed: { allow: [acme/base] }\n'
    const rules = async (options: RunOptions): Promise<string[]> => {
      const { report } = await judgeArchive(
        await buildImage({ config: { User: '1000' }, layers: layers.slice(0, 1).concat(layers.slice(2)) }),
        {
          checkout: folder.path,
          dockerfile: TAIL,
          policy,
          ...options,
        },
      )
      return report.findings.map(({ ruleId }) => ruleId)
    }
    expect(await rules({ isNamed: false })).toEqual(['base-unknown'])
    expect(await rules({ isNamed: true })).toEqual([])
  })
})

describe('an attestation of the image that names its base', () => {
  const OTHER = BUSYBOX.replace('busybox', 'evil.example/base:1')

  it.each<[string, string | null, string, string[]]>([
    ['is borne out by the Dockerfile of the checkout', BUSYBOX, 'busybox', []],
    ['is judged', BUSYBOX, 'debian', ['base-not-allowed']],
    ['does not count where a Dockerfile that fits names another', OTHER, 'busybox', ['base-not-allowed']],
    ['does not count against one either', OTHER, 'evil.example/**', []],
    [
      'is no proof where no Dockerfile of the checkout fits',
      'FROM scratch\nCOPY other /\n',
      'busybox',
      ['base-unknown'],
    ],
    ['is all that is known without a Dockerfile', null, 'busybox', []],
  ])('%s', async (_what, dockerfile, pattern, found) => {
    const { report } = await hostile(() => {}, {
      dockerfile,
      policy: `rules:\n  base-not-allowed: { allow: ['${pattern}'] }\n`,
    })
    expect(report.findings.flatMap(({ ruleId }) => (ruleId.startsWith('base-') ? [ruleId] : []))).toEqual(found)
  })
})

describe('provenance that is not true', () => {
  const where = (outcome: Outcome): unknown => {
    const finding = outcome.report.findings.find(({ ruleId }) => ruleId === 'deleted-secret')
    return [
      outcome.report.verdict.result,
      finding?.dockerfile?.startLine,
      finding?.origin,
      finding?.dockerfile?.certainty,
    ]
  }

  it('is told from one that is', async () => {
    const outcome = await hostile(() => {})
    expect(where(outcome)).toEqual(['fail', 2, 'own', 'exact'])
    expect(outcome.report.image.base).toMatchObject({ layers: 1, source: 'provenance' })
  })

  it.each<[string, Parameters<typeof hostile>[0]]>([
    [
      'moves a layer to another line',
      ({ locations }) => Object.assign(locations, { step1: locations['step2'], step2: locations['step1'] }),
    ],
    ['calls own layers the base', ({ chains }) => Object.assign(chains, { 'step0:0': chains['step1:0'] })],
    ['calls every layer the base', ({ chains }) => Object.assign(chains, { 'step0:0': chains['step2:0'] })],
    [
      'has the layers of another image',
      ({ chains }, [first = '']) =>
        Object.assign(
          chains,
          JSON.parse(JSON.stringify(chains).replaceAll(first, `sha256:${'c'.repeat(64)}`)) as Json,
          {
            'step9:0': [[{ digest: 'x' }, { digest: 'y' }, { digest: 'z' }]],
          },
        ),
    ],
    [
      'has lines beyond the file',
      ({ locations }) =>
        Object.assign(locations, {
          step1: { locations: [{ ranges: [{ start: { line: 900 }, end: { line: 900 } }] }] },
        }),
    ],
    [
      'has lines that are none',
      ({ locations }) =>
        Object.assign(locations, { step1: { locations: [{ ranges: [{ start: { line: -1 }, end: { line: 'x' } }] }] } }),
    ],
    [
      'has steps that lead back to themselves',
      ({ steps }) => {
        for (const step of steps) Object.assign(step, { inputs: ['step2:0'] })
      },
    ],
    [
      'has a chain without end',
      ({ chains }) => Object.assign(chains, { 'step3:0': [Array.from({ length: 5000 }, () => ({ digest: 'x' }))] }),
    ],
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
    [
      'has 50 MB',
      {
        raw: Buffer.from(
          JSON.stringify({ predicateType: 'https://slsa.dev/provenance/v1', predicate: { x: 'x'.repeat(50_000_000) } }),
        ),
      },
      /more than 32 MiB/,
    ],
    [
      'is of another form',
      { predicate: { runDetails: { metadata: { buildkit_metadata: { layers: 7 } } }, buildDefinition: {} } },
      /not of the form/,
    ],
  ])('%s: said, and the lines are aligned', async (_name, { about, raw, predicate = {} }, expected) => {
    const token = VALUES['github-token']?.() ?? ''
    const layers: LayerSpec[] = [{ by: 'COPY t /t # buildkit', files: [{ name: 't', content: token }] }]
    const attestations = [
      {
        predicateType: 'https://slsa.dev/provenance/v1',
        predicate,
        ...(about === undefined ? {} : { about }),
        ...(raw === undefined ? {} : { raw }),
      },
    ]
    const outcome = await judgeArchive(await buildImage({ layers, attestations }, 'buildkit-oci'), {
      dockerfile: 'FROM scratch\nCOPY t /t\n',
    })
    expect(linesOf(outcome)).toEqual(['2-2 aligned'])
    expect(outcome.report.warnings.map(({ message }) => message).join()).toMatch(expected)
    expect(outcome.report.verdict.result).toBe('fail')
  })

  it.each([
    [
      'of another image',
      () => unpacked('formats/docker29-provenance.json.gz').toString(),
      /names other layers than the image has/,
    ],
    [
      'without lines',
      () => JSON.stringify({ 'buildx.build.provenance': { buildType: 'x', buildConfig: {} } }),
      /mode=min/,
    ],
    ['without provenance', () => '{"image.name": "x"}', /holds no provenance/],
    ['that is no JSON', () => '{"image.name": ', /is no JSON/],
  ])('build metadata %s is a warning', async (_name, text, expected) => {
    const outcome = await judgeArchive(read('provenance/image.tar'), { dockerfile: DOCKERFILE, buildMetadata: text() })
    expect(linesOf(outcome)).toEqual(EXACT.map((lines) => `${lines} aligned`))
    expect(outcome.report.warnings.map(({ message }) => message).join()).toMatch(expected)
  })

  it.each([
    ['that unpacks without end', () => gzipBomb(300), /is no build record/],
    ['that is another archive', () => read('provenance/image.tar'), /holds no provenance/],
    ['that is cut off', () => read('provenance/record.dockerbuild').subarray(0, 4000), /is no build record/],
    ['that is no text', () => Buffer.from('\x7fELF'), /is no JSON/],
  ])('a build record %s is a warning', async (_name, bytes, expected) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'layergate-record-'))
    try {
      writeFileSync(path.join(folder, 'x.dockerbuild'), bytes())
      const outcome = await judgeArchive(read('provenance/image.tar'), {
        dockerfile: DOCKERFILE,
        buildMetadata: path.join(folder, 'x.dockerbuild'),
      })
      expect(linesOf(outcome)).toEqual(EXACT.map((lines) => `${lines} aligned`))
      expect(outcome.report.warnings.map(({ message }) => message).join()).toMatch(expected)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  it('build metadata that is not there is an error', async () => {
    await expect(judgeArchive(read('provenance/image.tar'), { buildMetadata: '/nowhere/build.json' })).rejects.toThrow(
      /\/nowhere\/build\.json: the build metadata cannot be read: no such file or directory/,
    )
  })

  it('in which a secret stands is searched all the same, also when it is about another image', async () => {
    const attestations = [
      {
        predicateType: 'https://slsa.dev/provenance/v1',
        predicate: { x: VALUES['github-token']?.() },
        about: 'f'.repeat(64),
      },
    ]
    const { report } = await judgeArchive(
      await buildImage(
        { layers: [{ by: 'COPY t /t # buildkit', files: [{ name: 't', content: 't' }] }], attestations },
        'buildkit-oci',
      ),
    )
    expect(report.findings.map(({ ruleId }) => ruleId)).toContain('secret-in-attestation')
  })
})
