// docker load on one store, docker load on the other, podman, skopeo: an archive must show all of them the same image, told by
// bytes and never by names.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { type FileSpec, sha256, tar } from '../image-builder.ts'
import { type Descriptor, Layout, OCI } from '../layout-builder.ts'
import { readArchive, readImage } from '../open-image.ts'

const NAME = 'docker.io/demo/app:1'
const blob = ({ digest }: Descriptor): string => digest.replace(/^(sha\d+):/, 'blobs/$1/')
const entryOf = ({ config, layer }: { config: Descriptor; layer: Descriptor }, more: object = {}): object => ({
  Config: blob(config),
  RepoTags: ['demo/app:1'],
  Layers: [blob(layer)],
  ...more,
})

/** A layout of one image, with what docker load reads beside it. */
async function both(
  change: (layout: Layout, image: { config: Descriptor; layer: Descriptor }) => object[] | Promise<object[]>,
): Promise<Buffer> {
  const layout = new Layout()
  const image = await layout.image({}, { annotations: { 'io.containerd.image.name': NAME } })
  layout.index.push(image.descriptor)
  layout.more['manifest.json'] = JSON.stringify(await change(layout, image))
  return layout.archive()
}

/** The one layer of the archives below. */
const layer = await tar([{ name: 'a', content: 'x' }])

const evil = { files: [{ name: 'evil', content: 'y' }], user: '0' }

describe('manifest.json beside index.json', () => {
  it.each([
    ['the same image', (_: Layout, image: { config: Descriptor; layer: Descriptor }) => [entryOf(image)]],
    [
      'two names of it',
      (_: Layout, image: { config: Descriptor; layer: Descriptor }) => [
        entryOf(image),
        entryOf(image, { RepoTags: ['demo/app:latest'] }),
      ],
    ],
    [
      'its bytes under other names',
      (layout: Layout, image: { config: Descriptor; layer: Descriptor }) => {
        layout.more['c.json'] = layout.blobs.get(blob(image.config)) ?? ''
        layout.more['0/layer.tar'] = layout.blobs.get(blob(image.layer)) ?? ''
        return [{ Config: 'c.json', RepoTags: ['demo/app:1'], Layers: ['./0//layer.tar'] }]
      },
    ],
    ['no image', () => []],
  ])('%s', async (_name, change) => {
    expect((await readArchive(await both(change))).name).toBe(NAME)
  })

  it.each([
    [
      'another configuration under the name of the right one',
      async (layout: Layout, image: { config: Descriptor; layer: Descriptor }) => {
        const parts = new Layout()
        const other = await parts.image(evil)
        layout.more[`x/${image.config.digest.slice(7)}.json`] = parts.blobs.get(blob(other.config)) ?? ''
        return [entryOf(image, { Config: `x/${image.config.digest.slice(7)}.json` })]
      },
      /names another image \(x\/[0-9a-f]{64}\.json\) than index\.json/,
    ],
    [
      'a configuration that is not there',
      (_: Layout, image: { config: Descriptor; layer: Descriptor }) => [entryOf(image, { Config: 'c.json' })],
      /names another image \(c\.json\)/,
    ],
    [
      'another image of the archive, that the index does not name',
      async (layout: Layout) => [entryOf(await layout.image(evil))],
      /names another image/,
    ],
    [
      'the image, and another one behind it',
      async (layout: Layout, image: { config: Descriptor; layer: Descriptor }) => [
        entryOf(image),
        entryOf(await layout.image(evil), { RepoTags: ['demo/other:1'] }),
      ],
      /names another image/,
    ],
    [
      'another layer under the right configuration',
      async (layout: Layout, image: { config: Descriptor; layer: Descriptor }) => [
        entryOf(image, { Layers: [blob((await layout.image(evil)).layer)] }),
      ],
      /names another image \(layer 0: blobs/,
    ],
    [
      'a layer under a name that looks right',
      (layout: Layout, image: { config: Descriptor; layer: Descriptor }) => {
        layout.more[`x/${blob(image.layer)}`] = 'other bytes'
        return [entryOf(image, { Layers: [`x/${blob(image.layer)}`] })]
      },
      /names another image \(layer 0: x\/blobs/,
    ],
    [
      'a layer more',
      (_: Layout, image: { config: Descriptor; layer: Descriptor }) => [
        entryOf(image, { Layers: [blob(image.layer), blob(image.layer)] }),
      ],
      /2 layers instead of 1/,
    ],
    [
      'no layers',
      (_: Layout, image: { config: Descriptor; layer: Descriptor }) => [entryOf(image, { Layers: null })],
      /0 layers instead of 1/,
    ],
  ])('%s is refused', async (_name, change, message) => {
    await expect(readArchive(await both(change))).rejects.toThrow(message)
    await expect(readArchive(await both(change))).rejects.toMatchObject({ code: 'two-images' })
  })

  it('refuses one tag for two images, whichever the user names', async () => {
    const layout = new Layout()
    const one = await layout.image({}, { annotations: { 'io.containerd.image.name': 'docker.io/demo/app:1' } })
    const two = await layout.image(evil, { annotations: { 'io.containerd.image.name': 'docker.io/demo/app:2' } })
    layout.index.push(one.descriptor, two.descriptor)
    layout.more['manifest.json'] = JSON.stringify([
      entryOf(one, { RepoTags: ['demo/app:2'] }),
      entryOf(two, { RepoTags: ['demo/app:1'] }),
    ])
    await expect(readArchive(await layout.archive(), { image: 'demo/app:1' })).rejects.toThrow(
      /names another image \(demo\/app:2\)/,
    )
  })

  it('is held against the index whatever prefix asks for', async () => {
    const bytes = await both(async (layout) => [entryOf(await layout.image(evil))])
    const folder = await mkdtemp(path.join(tmpdir(), 'layergate-two-'))
    await writeFile(`${folder}/i.tar`, bytes)
    for (const prefix of ['docker-archive:', 'oci-archive:', ''])
      await expect(readImage(`${prefix}${folder}/i.tar`)).rejects.toThrow(/names another image/)
    await rm(folder, { recursive: true })
  })
})

describe('repositories', () => {
  const withRepositories = async (text: string, isDocker: boolean): Promise<Buffer> => {
    const layout = new Layout()
    const image = await layout.image()
    layout.index.push(image.descriptor)
    layout.more['repositories'] = text
    if (isDocker) layout.more['manifest.json'] = JSON.stringify([entryOf(image)])
    return layout.archive()
  }

  it.each([
    ['beside manifest.json, which comes first', '{"demo/app":{"1":"0123"}}', true],
    ['that names nothing', '{}', false],
    ['that is null', 'null', false],
  ])('%s is fine', async (_name, text, isDocker) => {
    expect((await readArchive(await withRepositories(text, isDocker))).layers).toHaveLength(1)
  })

  it.each([
    [
      'that names an image beside index.json alone',
      '{"demo/app":{"1":"0123"}}',
      false,
      /names "demo\/app" beside index\.json/,
    ],
    ['that is a list', '[]', true, /is no list of names, tags and layers/],
    ['that is no JSON', '{', true, /is not valid JSON/],
  ])('%s is refused', async (_name, text, isDocker, message) => {
    await expect(readArchive(await withRepositories(text, isDocker))).rejects.toThrow(message)
  })
})

describe('entries of an archive that readers find differently', () => {
  /** A docker archive of one image, with entries in front and behind. */
  async function archiveWith(before: readonly FileSpec[], behind: readonly FileSpec[] = []): Promise<Buffer> {
    const config = JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      config: {},
      rootfs: { diff_ids: [`sha256:${sha256(layer)}`] },
    })
    const manifest = JSON.stringify([{ Config: 'c.json', RepoTags: null, Layers: ['l/layer.tar'] }])
    return tar([
      ...before,
      { name: 'c.json', content: config },
      { name: 'l/layer.tar', content: layer },
      { name: 'manifest.json', content: manifest },
      ...behind,
    ])
  }
  it.each([
    ['the same entry twice', [{ name: 'l/layer.tar', content: layer }], []],
    ['a name in another case', [{ name: 'Manifest.json', content: '[]' }], [{ name: 'MANIFEST.JSON', content: '{}' }]],
    ['a directory twice', [{ name: 'l/' }], [{ name: 'l/' }]],
    ['a link to a layer', [{ name: 'm/layer.tar', type: 'symlink', link: '../l/layer.tar' }], []],
    ['a hard link to a layer', [], [{ name: 'm/layer.tar', type: 'link', link: 'l/layer.tar' }]],
    [
      'the same link twice',
      [{ name: 'm', type: 'symlink', link: 'l/layer.tar' }],
      [{ name: 'm', type: 'symlink', link: 'l/layer.tar' }],
    ],
    ['names with ./ and // in front', [{ name: './/x', content: 'x' }], []],
  ] satisfies [string, FileSpec[], FileSpec[]][])('%s is fine', async (_name, before, behind) => {
    expect((await readArchive(await archiveWith(before, behind))).layers).toHaveLength(1)
  })

  it.each([
    ['another manifest.json', [], [{ name: 'manifest.json', content: '[]' }], /"manifest\.json" is there twice/],
    [
      'another one of equal length',
      [{ name: 'l/layer.tar', content: Buffer.alloc(layer.length, 1) }],
      [],
      /"l\/layer\.tar" is there twice, with different content/,
    ],
    ['another one behind ./', [], [{ name: './manifest.json', content: '[]' }], /"manifest\.json" is there twice/],
    ['another one behind a slash', [{ name: '/manifest.json', content: '[]' }], [], /"manifest\.json" is there twice/],
    ['another one of two slashes', [{ name: 'l//layer.tar', content: 'x' }], [], /is there twice/],
    [
      'a way upwards',
      [],
      [{ name: 'l/../manifest.json', content: '[]' }],
      /"l\/\.\.\/manifest\.json" is a name that leads upwards/,
    ],
    ['a way out', [{ name: '../manifest.json', content: '[]' }], [], /is a name that leads upwards/],
    [
      'a link called manifest.json',
      [{ name: 'manifest.json', type: 'symlink', link: 'other.json' }],
      [],
      /"manifest\.json" is a link and no file/,
    ],
    [
      'a hard link called index.json',
      [{ name: 'index.json', type: 'link', link: 'c.json' }],
      [],
      /"index\.json" is a link and no file/,
    ],
    [
      'a link called repositories',
      [],
      [{ name: './repositories', type: 'symlink', link: 'c.json' }],
      /"repositories" is a link and no file/,
    ],
    [
      'a file and a link of one name',
      [{ name: 'c.json', type: 'symlink', link: 'd.json' }],
      [],
      /"c\.json" is there twice/,
    ],
    [
      'two links of one name',
      [{ name: 'm', type: 'symlink', link: 'l/layer.tar' }],
      [{ name: 'm', type: 'symlink', link: 'c.json' }],
      /"m" is there twice/,
    ],
    [
      'an entry below a link',
      [{ name: 'd', type: 'symlink', link: '.' }],
      [{ name: 'd/manifest.json', content: '[]' }],
      /"d\/manifest\.json" lies below "d", which is no directory/,
    ],
    [
      'an entry below a link that comes later',
      [{ name: 'd/manifest.json', content: '[]' }],
      [{ name: 'd', type: 'symlink', link: '.' }],
      /lies below "d"/,
    ],
    [
      'an entry far below a link',
      [{ name: 'd', type: 'symlink', link: '/' }],
      [{ name: 'd/e/f/manifest.json', content: '[]' }],
      /lies below "d"/,
    ],
    ['an entry below a file', [{ name: 'c.json/manifest.json', content: '[]' }], [], /lies below "c\.json"/],
    ['a directory below a link', [{ name: 'd', type: 'symlink', link: '.' }], [{ name: 'd/e/' }], /lies below "d"/],
    [
      'a directory called manifest.json',
      [],
      [{ name: 'manifest.json/' }],
      /"manifest\.json" is a file and a directory/,
    ],
    ['a file called like a directory', [{ name: 'c.json/' }], [], /"c\.json" is a file and a directory/],
  ] satisfies [string, FileSpec[], FileSpec[], RegExp][])('%s is refused', async (_name, before, behind, message) => {
    await expect(readArchive(await archiveWith(before, behind))).rejects.toThrow(message)
  })
})

describe('a document that can be read as two', () => {
  const clean = async (layout: Layout): Promise<Descriptor> => (await layout.image()).descriptor
  it.each([
    [
      'a manifest that names manifests',
      async (layout: Layout) =>
        (await layout.image({ ...evil, manifest: { manifests: [await clean(layout)] } })).descriptor,
    ],
    [
      'an index that has layers',
      async (layout: Layout) => layout.blob({ manifests: [await clean(layout)], layers: [] }, OCI.index),
    ],
    [
      'an index that is called a manifest',
      async (layout: Layout) => layout.blob({ manifests: [await clean(layout)] }, OCI.manifest),
    ],
    [
      'an index that calls itself a manifest',
      async (layout: Layout) => layout.blob({ mediaType: OCI.manifest, manifests: [await clean(layout)] }, OCI.index),
    ],
    [
      'a manifest that is called an index',
      async (layout: Layout) => ({ ...(await clean(layout)), mediaType: OCI.index }),
    ],
    [
      'a manifest that calls itself a list of Docker',
      async (layout: Layout) =>
        (await layout.image({ manifest: { mediaType: 'application/vnd.docker.distribution.manifest.list.v2+json' } }))
          .descriptor,
    ],
    [
      'an index with layers of the first schema',
      async (layout: Layout) => layout.blob({ manifests: [await clean(layout)], fsLayers: [] }, OCI.index),
    ],
  ])('%s is refused', async (_name, make) => {
    const layout = new Layout()
    layout.index.push(await make(layout))
    await expect(readArchive(await layout.archive())).rejects.toThrow(/can be read as an index and as a manifest/)
  })

  it('an index of an index is fine', async () => {
    const layout = new Layout()
    layout.index.push(
      layout.blob({ schemaVersion: 2, mediaType: OCI.index, manifests: [await clean(layout)] }, OCI.index),
    )
    expect((await readArchive(await layout.archive())).layers).toHaveLength(1)
  })
})
