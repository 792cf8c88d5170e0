// Which image of a source is judged: the only one, or the one that is named. What is not judged never passes silently.
import { describe, expect, it } from 'vitest'
import { type Descriptor, Layout, OCI } from '../layout-builder.ts'
import { readArchive } from '../open-image.ts'

const named = (name: string, more: object = {}): object => ({
  annotations: { 'io.containerd.image.name': name, ...more },
})
const platform = (architecture: string, os = 'linux', more: object = {}): object => ({
  platform: { os, architecture, ...more },
})
const EMPTY = 'application/vnd.oci.empty.v1+json'
const IN_TOTO = 'application/vnd.in-toto+json'

/** A layout whose index names what `make` returns. */
async function layoutOf(make: (layout: Layout) => Promise<readonly Descriptor[]>): Promise<Buffer> {
  const layout = new Layout()
  layout.index.push(...(await make(layout)))
  return layout.archive()
}

/** What BuildKit stores beside an image: by its newer form an artifact, by its older one with an image's configuration. */
function attestation(
  layout: Layout,
  about: Descriptor,
  configType: string = EMPTY,
  content = '{"_type":"x"}',
): Descriptor {
  const statement = layout.blob(content, IN_TOTO)
  const config = layout.blob(
    configType === EMPTY
      ? '{}'
      : {
          architecture: 'unknown',
          os: 'unknown',
          config: {},
          rootfs: { type: 'layers', diff_ids: [statement.digest] },
        },
    configType,
  )
  return layout.blob({ schemaVersion: 2, config, layers: [statement] }, OCI.manifest, {
    platform: { os: 'unknown', architecture: 'unknown' },
    annotations: { 'vnd.docker.reference.type': 'attestation-manifest', 'vnd.docker.reference.digest': about.digest },
  })
}

describe('several images', () => {
  const two = (): Promise<Buffer> =>
    layoutOf(async (layout) => [
      (await layout.image({}, platform('amd64'))).descriptor,
      (await layout.image({ architecture: 'arm64' }, platform('arm64'))).descriptor,
    ])

  it('none is picked, not even the one for this machine', async () => {
    await expect(readArchive(await two())).rejects.toThrow(
      /holds several images, and one is judged: name it with --image or --platform\. It holds: sha256:\S+ \(linux\/amd64\); sha256:\S+ \(linux\/arm64\)\.$/,
    )
  })

  it.each([
    ['linux/amd64', 'amd64'],
    ['linux/arm64', 'arm64'],
  ])('the platform %s is named', async (name, architecture) => {
    const image = await readArchive(await two(), { platform: name })
    expect(image.platform.architecture).toBe(architecture)
    expect(image.notJudged).toHaveLength(1)
  })

  it('one image under two names is one image', async () => {
    const bytes = await layoutOf(async (layout) => {
      const { descriptor } = await layout.image()
      return [
        { ...descriptor, ...named('docker.io/demo/app:1') },
        { ...descriptor, ...named('docker.io/demo/app:latest') },
      ]
    })
    const image = await readArchive(bytes)
    expect([image.name, image.notJudged]).toEqual(['docker.io/demo/app:1', []])
    expect((await readArchive(bytes, { image: 'demo/app' })).layers).toHaveLength(1)
  })

  it.each(['demo/app:1', 'docker.io/demo/app:1', '1'])('is named as %s', async (name) => {
    const bytes = await layoutOf(async (layout) => [
      (await layout.image({}, named('docker.io/demo/app:1', { 'org.opencontainers.image.ref.name': '1' }))).descriptor,
      (await layout.image({ user: '2' }, named('docker.io/demo/app:2', { 'org.opencontainers.image.ref.name': '2' })))
        .descriptor,
    ])
    const image = await readArchive(bytes, { image: name })
    expect([image.config.run.User, image.notJudged]).toEqual(['1000', ['docker.io/demo/app:2 (linux/amd64)']])
  })

  it('variants of one architecture are two images', async () => {
    const bytes = await layoutOf(async (layout) => [
      (await layout.image({ architecture: 'arm', user: '6' }, platform('arm', 'linux', { variant: 'v6' }))).descriptor,
      (await layout.image({ architecture: 'arm', user: '7' }, platform('arm', 'linux', { variant: 'v7' }))).descriptor,
    ])
    await expect(readArchive(bytes, { platform: 'linux/arm' })).rejects.toThrow(/several images/)
    expect((await readArchive(bytes, { platform: 'linux/arm/v7' })).config.run.User).toBe('7')
  })
})

describe('what an engine left out of its archive', () => {
  const without = async (
    drop: (name: string, arm: { descriptor: Descriptor; config: Descriptor; layer: Descriptor }) => boolean,
  ): Promise<Buffer> => {
    const layout = new Layout()
    const amd = await layout.image({}, platform('amd64'))
    const arm = await layout.image(
      { architecture: 'arm64', files: [{ name: 'other', content: 'y' }] },
      platform('arm64'),
    )
    layout.index.push(amd.descriptor, arm.descriptor)
    for (const name of layout.blobs.keys()) if (drop(name, arm)) layout.blobs.delete(name)
    return layout.archive()
  }
  const is = (name: string, { digest }: Descriptor): boolean => name.endsWith(digest.slice(7))

  it.each([
    [
      'all of a platform',
      (name: string, arm: { descriptor: Descriptor; config: Descriptor; layer: Descriptor }) =>
        is(name, arm.descriptor) || is(name, arm.config) || is(name, arm.layer),
    ],
    ['its manifest', (name: string, arm: { descriptor: Descriptor }) => is(name, arm.descriptor)],
    ['its configuration', (name: string, arm: { config: Descriptor }) => is(name, arm.config)],
    ['its layers', (name: string, arm: { layer: Descriptor }) => is(name, arm.layer)],
  ])('%s is listed and does not count', async (_name, drop) => {
    const image = await readArchive(await without(drop))
    expect(image.platform.architecture).toBe('amd64')
    expect(image.notJudged).toEqual([expect.stringMatching(/^sha256:\S+ \(linux\/arm64\) \(not in the archive\)$/)])
  })

  it('is an error when it is named', async () => {
    const bytes = await without((name, { layer }) => is(name, layer))
    await expect(readArchive(bytes, { platform: 'linux/arm64' })).rejects.toThrow(
      /layer 0 .* is missing from the archive/,
    )
  })
})

describe('what lies beside an image and cannot be run', () => {
  const beside = (make: (layout: Layout, image: Descriptor) => Descriptor | Promise<Descriptor>): Promise<Buffer> =>
    layoutOf(async (layout) => {
      const { descriptor } = await layout.image({}, named('docker.io/demo/app:1'))
      return [descriptor, await make(layout, descriptor)]
    })
  const signature = (layout: Layout, type: string, content = '{"critical":{}}'): Descriptor => {
    const payload = layout.blob(content, type)
    return layout.blob(
      {
        schemaVersion: 2,
        config: layout.blob(
          {
            architecture: '',
            os: '',
            history: [{}],
            rootfs: { type: 'layers', diff_ids: [payload.digest] },
            config: {},
          },
          OCI.config,
        ),
        layers: [payload],
      },
      OCI.manifest,
    )
  }

  it.each([
    ['an attestation of BuildKit', (layout: Layout, image: Descriptor) => attestation(layout, image)],
    [
      'an attestation of an older BuildKit',
      (layout: Layout, image: Descriptor) => attestation(layout, image, OCI.config),
    ],
    [
      'a signature of cosign',
      (layout: Layout) => signature(layout, 'application/vnd.dev.cosign.simplesigning.v1+json'),
    ],
    ['an attestation of cosign', (layout: Layout) => signature(layout, 'application/vnd.dsse.envelope.v1+json')],
    ['a bill of material of cosign', (layout: Layout) => signature(layout, 'text/spdx', 'SPDXVersion: SPDX-2.3\n')],
    [
      'a bundle of sigstore',
      (layout: Layout, image: Descriptor) =>
        layout.blob(
          {
            config: layout.blob('{}', EMPTY),
            layers: [layout.blob('{}', 'application/vnd.dev.sigstore.bundle.v0.3+json')],
            subject: image,
          },
          OCI.manifest,
        ),
    ],
    [
      'a chart of Helm, whose layer is an archive',
      (layout: Layout) =>
        layout.blob(
          {
            config: layout.blob('{"name":"x"}', 'application/vnd.cncf.helm.config.v1+json'),
            layers: [layout.blob('x', 'application/vnd.cncf.helm.chart.content.v1.tar+gzip')],
          },
          OCI.manifest,
        ),
    ],
    [
      'an attestation that is damaged',
      (layout: Layout, image: Descriptor) => {
        const descriptor = attestation(layout, image)
        layout.blobs.set(`blobs/sha256/${descriptor.digest.slice(7)}`, Buffer.from('{'))
        return descriptor
      },
    ],
  ])('%s does not count', async (_name, make) => {
    const image = await readArchive(await beside(make))
    expect([image.name, image.notJudged]).toEqual(['docker.io/demo/app:1', []])
  })

  const annotated = { annotations: { 'vnd.docker.reference.type': 'attestation-manifest' } }
  const evil = { files: [{ name: 'evil', content: 'y' }] }
  it.each([
    [
      'an image that is called an attestation',
      async (layout: Layout) => (await layout.image(evil, annotated)).descriptor,
    ],
    [
      'one whose layers are called statements',
      async (layout: Layout) => (await layout.image({ ...evil, layerType: IN_TOTO }, annotated)).descriptor,
    ],
    [
      'one whose layers are called a bill of material',
      async (layout: Layout) => (await layout.image({ ...evil, layerType: 'text/spdx' })).descriptor,
    ],
    [
      'one whose configuration is called empty',
      async (layout: Layout) => (await layout.image({ ...evil, configType: EMPTY })).descriptor,
    ],
    [
      'one whose types are both others',
      async (layout: Layout) =>
        (await layout.image({ ...evil, configType: 'application/x', layerType: 'application/y' }, annotated))
          .descriptor,
    ],
    [
      'one that says to be about another',
      async (layout: Layout, image: Descriptor) =>
        (await layout.image({ ...evil, manifest: { subject: image } })).descriptor,
    ],
    [
      'one with a statement among its layers',
      async (layout: Layout) => {
        const statement = layout.blob('{}', IN_TOTO)
        const { layer, config } = await layout.image(evil)
        return layout.blob({ config, layers: [statement, layer] }, OCI.manifest, annotated)
      },
    ],
  ])('%s counts as not judged', async (_name, make) => {
    await expect(readArchive(await beside(make))).rejects.toThrow(/holds several images/)
  })

  it('is judged where it is alone', async () => {
    expect(
      (await readArchive(await layoutOf(async (layout) => [(await layout.image(evil, annotated)).descriptor]))).layers,
    ).toHaveLength(1)
  })
})

describe('the platform of the index and of the configuration', () => {
  it.each([
    ['x86_64', 'amd64'],
    ['aarch64', 'arm64'],
    ['AMD64', 'amd64'],
    ['armhf', 'arm'],
    ['i386', '386'],
  ])('%s is %s', async (declared, architecture) => {
    expect(
      (
        await readArchive(
          await layoutOf(async (layout) => [(await layout.image({ architecture }, platform(declared))).descriptor]),
        )
      ).layers,
    ).toHaveLength(1)
  })

  it('variants are not compared, and what one does not name fits', async () => {
    for (const [more, config] of [
      [platform('arm64', 'linux', { variant: 'v8' }), {}],
      [platform('arm64'), { variant: 'v8' }],
      [platform('arm64', ''), {}],
      [{ platform: null }, {}],
      [platform('arm64'), { architecture: undefined }],
    ] as const)
      expect(
        (
          await readArchive(
            await layoutOf(async (layout) => [
              (await layout.image({ architecture: 'arm64', config }, more)).descriptor,
            ]),
          )
        ).layers,
      ).toHaveLength(1)
  })

  it.each([
    ['another architecture', platform('arm64')],
    ['another system', platform('amd64', 'freebsd')],
    ['unknown, as attestations have it', platform('unknown', 'unknown')],
    ['a 32-bit relative', platform('386')],
    ['Windows', platform('amd64', 'windows')],
  ])('%s is refused', async (_name, more) => {
    await expect(
      readArchive(await layoutOf(async (layout) => [(await layout.image({}, more)).descriptor])),
    ).rejects.toThrow(/the index calls sha256:\S+ an image for .*, its configuration says linux\/amd64/)
  })

  it('one that is right does not cover one that is wrong', async () => {
    const bytes = await layoutOf(async (layout) => {
      const { descriptor } = await layout.image()
      return [
        { ...descriptor, ...platform('amd64') },
        { ...descriptor, ...platform('arm64') },
      ]
    })
    await expect(readArchive(bytes, { platform: 'linux/amd64' })).rejects.toThrow(/an image for linux\/arm64/)
  })
})
