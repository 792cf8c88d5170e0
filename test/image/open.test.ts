// One image in every form in which builders and tools hand it over: the same layers, whatever the form.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import zlib from 'node:zlib'
import { extract } from 'tar-stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Image } from '../../src/image/image.ts'
import { openImage } from '../../src/image/open.ts'
import { DEFAULT_LIMITS } from '../../src/limits.ts'
import { buildImage, buildParts, LAYOUTS, sha256, tar } from '../image-builder.ts'

const SPEC = {
  layers: [
    { by: 'COPY a /a # buildkit', files: [{ name: 'a', content: 'one' }] },
    { by: 'RUN /bin/sh -c true # buildkit', files: [] },
    { by: 'RUN /bin/sh -c true # buildkit', files: [] },
    { by: 'USER 1000', files: null },
  ],
  config: { User: '1000' },
}

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'layergate-open-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const nothing = (async function* (): AsyncGenerator<Buffer> {})()
const options = {
  image: null,
  platform: null,
  temporary: tmpdir(),
  stdin: nothing,
  limits: DEFAULT_LIMITS,
  bareNames: 'file-first',
} as const

async function read(image: Image): Promise<string[]> {
  const layers: string[] = []
  for (const layer of image.layers) {
    const chunks: Buffer[] = []
    for await (const chunk of layer.open()) chunks.push(Buffer.from(chunk))
    layers.push(sha256(Buffer.concat(chunks)))
  }
  await image.close()
  return layers
}

let files = 0
async function fileOf(bytes: Buffer): Promise<string> {
  const file = path.join(folder, `image-${files++}.bin`)
  await writeFile(file, bytes)
  return file
}

describe('every form of archive', () => {
  it.each(LAYOUTS)('%s', async (layout) => {
    const { layers, config } = await buildParts(SPEC)
    const image = await openImage(await fileOf(await buildImage(SPEC, layout)), options)
    expect(image.id).toBe(`sha256:${sha256(config)}`)
    expect(await read(image)).toEqual(layers.map(({ diffId }) => diffId))
  })

  it.each(['gzip', 'zstd'] as const)('packed whole with %s', async (packing) => {
    const archive = await buildImage(SPEC, 'containerd')
    const packed = packing === 'gzip' ? zlib.gzipSync(archive) : zlib.zstdCompressSync(archive)
    const image = await openImage(await fileOf(packed), options)
    expect(await read(image)).toHaveLength(3)
  })

  it('from standard input', async () => {
    const archive = await buildImage(SPEC)
    const stdin = (async function* () {
      for (let at = 0; at < archive.length; at += 1000) yield archive.subarray(at, at + 1000)
    })()
    const image = await openImage('-', { ...options, stdin })
    expect(await read(image)).toHaveLength(3)
  })

  it('an OCI layout directory', async () => {
    const directory = path.join(folder, 'layout')
    const reader = extract()
    reader.on('entry', (header, stream, next) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk) => chunks.push(chunk as Buffer))
      stream.on('end', () => {
        const file = path.join(directory, header.name)
        mkdir(path.dirname(file), { recursive: true })
          .then(() => writeFile(file, Buffer.concat(chunks)))
          .then(() => next())
      })
    })
    await new Promise<void>((resolve) => {
      reader.on('finish', resolve)
      void buildImage(SPEC, 'buildkit-oci').then((bytes) => reader.end(bytes))
    })
    const image = await openImage(directory, options)
    expect(image.source).toBe('oci-layout')
    expect(await read(image)).toHaveLength(3)
  })
})

describe('images that real builders made', () => {
  const fixtures = path.join(import.meta.dirname, '../../fixtures')
  it.each([
    'deleted-secret/image.tar',
    'formats/classic-builder.tar.gz',
    'formats/buildah.tar.gz',
    'formats/oci-zstd.tar.gz',
    'formats/oci-gzip.tar.zst',
    'clean/image.tar',
  ])('%s', async (name) => {
    const image = await openImage(path.join(fixtures, name), options)
    expect((await read(image)).map((digest) => `sha256:${digest}`)).toEqual(image.config.diffIds)
  })
})

describe('several images in one archive', () => {
  const two = async (): Promise<string> => {
    const first = await buildParts(SPEC)
    const second = await buildParts({ ...SPEC, config: { User: '2' } })
    const files = [first, second].flatMap(({ layers, config }) => [
      { name: `${sha256(config)}.json`, content: config },
      ...layers.map(({ plain, diffId }, index) => ({
        name: `${sha256(config)}${index}${diffId}/layer.tar`,
        content: plain,
      })),
    ])
    const manifest = [first, second].map(({ layers, config }, index) => ({
      Config: `${sha256(config)}.json`,
      RepoTags: [`demo/app:${index + 1}`],
      Layers: layers.map(({ diffId }, at) => `${sha256(config)}${at}${diffId}/layer.tar`),
    }))
    return fileOf(await tar([...files, { name: 'manifest.json', content: JSON.stringify(manifest) }]))
  }

  it('asks which one, and lists them', async () => {
    await expect(openImage(await two(), options)).rejects.toThrow(
      /several images, and one is judged: name it with --image or --platform\. It holds: demo\/app:1 \(linux\/amd64\); demo\/app:2 \(linux\/amd64\)\.$/,
    )
  })

  it('takes the one that is named, in any form of its name, and says what was not judged', async () => {
    const image = await openImage(await two(), { ...options, image: 'docker.io/demo/app:2' })
    expect(image.config.run.User).toBe('2')
    expect(image.notJudged).toEqual(['demo/app:1 (linux/amd64)'])
    await image.close()
  })

  it('says which there are when the name is not among them', async () => {
    await expect(openImage(await two(), { ...options, image: 'demo/other' })).rejects.toThrow(
      /holds no image "demo\/other"/,
    )
  })
})

/** Changes one file of an archive; null removes it. */
async function changed(archive: Buffer, change: (name: string, content: Buffer) => Buffer | null): Promise<string> {
  const files: { name: string; content: Buffer }[] = []
  const reader = extract()
  reader.on('entry', (header, stream, next) => {
    const chunks: Buffer[] = []
    stream.on('data', (chunk) => chunks.push(chunk as Buffer))
    stream.on('end', () => {
      const content = change(header.name, Buffer.concat(chunks))
      if (content !== null) files.push({ name: header.name, content })
      next()
    })
    stream.resume()
  })
  await new Promise<void>((resolve) => {
    reader.on('finish', resolve)
    reader.end(archive)
  })
  return fileOf(await tar(files))
}

const openAndRead = async (file: string): Promise<string[]> => read(await openImage(file, options))

describe('what cannot be read whole is refused, with one clear line', () => {
  const single = { ...SPEC, layers: SPEC.layers.slice(0, 1) }
  it.each([
    [
      'a layer that is missing',
      async () => changed(await buildImage(single), (name, content) => (name.endsWith('layer.tar') ? null : content)),
      /layer 0 \(sha256:[0-9a-f]{12}…\) is missing from the archive/,
    ],
    [
      'a layer that is missing from an OCI archive',
      async () =>
        changed(await buildImage(single, 'containerd'), (_name, content) => (content[0] === 0x1f ? null : content)),
      /layer 0 .* is missing/,
    ],
    [
      'a layer that was changed',
      async () =>
        changed(await buildImage(single), (name, content) =>
          name.endsWith('layer.tar') ? Buffer.concat([content, Buffer.alloc(512)]) : content,
        ),
      /does not match its diff ID/,
    ],
    [
      'a compressed layer that was changed',
      async () =>
        changed(await buildImage(single, 'containerd'), (_name, content) =>
          content[0] === 0x1f ? zlib.gzipSync(zlib.gunzipSync(content), { level: 1, memLevel: 1 }) : content,
        ),
      /does not match its digest/,
    ],
    [
      'a compressed layer that is cut',
      async () =>
        changed(await buildImage(single, 'containerd'), (_name, content) =>
          content[0] === 0x1f ? content.subarray(0, 60) : content,
        ),
      /does not decompress/,
    ],
    [
      'bytes behind a compressed layer',
      async () => {
        const { layers, config } = await buildParts(single)
        const blob = Buffer.concat([zlib.gzipSync(layers[0]?.plain ?? ''), Buffer.from('\0 hidden behind the end')])
        return fileOf(
          await tar([
            { name: 'config.json', content: config },
            { name: 'layer.tar.gz', content: blob },
            {
              name: 'manifest.json',
              content: JSON.stringify([{ Config: 'config.json', RepoTags: null, Layers: ['layer.tar.gz'] }]),
            },
          ]),
        )
      },
      /holds 23 bytes behind its compressed data/,
    ],
    [
      'a damaged layer in xz',
      async () =>
        changed(await buildImage(single), (name, content) =>
          name.endsWith('layer.tar') ? Buffer.from(`\xfd7zXZ\0${'x'.repeat(600)}`, 'latin1') : content,
        ),
      /does not decompress \(xz: /,
    ],
    [
      'a configuration that is missing',
      async () =>
        changed(await buildImage(single), (name, content) => (/^[0-9a-f]{64}\.json$/.test(name) ? null : content)),
      /configuration .* is missing/,
    ],
    [
      'fewer layers than diff IDs',
      async () =>
        changed(await buildImage(single), (name, content) =>
          name === 'manifest.json'
            ? Buffer.from(content.toString().replace(/"Layers":\[[^\]]*\]/, '"Layers":null'))
            : content,
        ),
      /names 0 layers, the configuration 1/,
    ],
    [
      'a Windows image',
      async () => fileOf(await buildImage({ ...single, overrides: { os: 'windows' } })),
      /is a Windows image/,
    ],
    [
      'a manifest that is no JSON',
      async () =>
        changed(await buildImage(single), (name, content) => (name === 'manifest.json' ? Buffer.from('{') : content)),
      /manifest\.json is not valid JSON/,
    ],
    [
      'an index and a manifest that name different images',
      async () =>
        changed(await buildImage(single, 'containerd'), (name, content) =>
          name === 'manifest.json' ? Buffer.from(content.toString().replace(/[0-9a-f]{64}/, '0'.repeat(64))) : content,
        ),
      /names another image/,
    ],
    ['a truncated archive', async () => fileOf((await buildImage(single)).subarray(0, 3000)), /truncated/],
    ['an empty file', async () => fileOf(Buffer.alloc(0)), /is empty/],
    ['a text file', async () => fileOf(Buffer.from('hello\n'.repeat(200))), /is no image archive/],
    [
      'a tar that is no image',
      async () => fileOf(await tar([{ name: 'a', content: 'b' }])),
      /neither index\.json \(OCI\) nor manifest\.json/,
    ],
    ['a directory that is no layout', async () => folder, /the directory is no OCI layout/],
    ['a file that is not there', async () => path.join(folder, 'nothing.tar'), /no such file or directory/],
    [
      'the same file twice',
      async () =>
        fileOf(
          Buffer.concat([
            (await tar([{ name: 'manifest.json', content: '[]' }])).subarray(0, 1024),
            await buildImage(single),
          ]),
        ),
      /"manifest\.json" is there twice, with different content/,
    ],
  ])('%s', async (_name, file, message) => {
    await expect(openAndRead(await file())).rejects.toThrow(message)
    const error = await openAndRead(await file()).catch((caught: Error) => caught)
    expect(error).toMatchObject({ name: 'ImageError' })
    expect(String((error as Error).message)).not.toMatch(/\n/)
  })

  it('leaves no temporary file behind', async () => {
    const temporary = await mkdtemp(path.join(folder, 'tmp-'))
    const packed = await fileOf(zlib.gzipSync(await buildImage(single)))
    const image = await openImage(packed, { ...options, temporary })
    const { readdir } = await import('node:fs/promises')
    expect(await readdir(temporary)).toEqual([])
    await read(image)
    expect((await readFile(packed)).length).toBeGreaterThan(0)
  })
})
