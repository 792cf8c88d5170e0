// What a name stands for: in a workflow, a pull request could commit a file that is called like the image.
import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stableName } from '../../src/image/name.ts'
import { parseSource } from '../../src/image/source.ts'
import { buildImage } from '../image-builder.ts'
import { Layout, OCI, writeFiles } from '../layout-builder.ts'
import { readImage } from '../open-image.ts'

let folder = ''
const before = process.cwd()
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'layergate-source-'))
  process.chdir(folder)
})
afterAll(async () => {
  process.chdir(before)
  await rm(folder, { recursive: true, force: true })
})

describe('a name', () => {
  it.each([
    ['app', 'either', 'engine'],
    ['my-app:gate', 'either', 'engine'],
    ['ghcr.io/acme/app@sha256:0123', 'either', 'engine'],
    ['out/image', 'either', 'engine'],
    ['image.oci', 'either', 'engine'],
    ['backup.gz', 'either', 'engine'],
    ['.hidden', 'either', 'engine'],
    ['..app', 'either', 'engine'],
    ['image.tar.old', 'either', 'engine'],
    ['./app', 'file', 'file'],
    ['../app', 'file', 'file'],
    ['/srv/app', 'file', 'file'],
    ['image.tar', 'file', 'file'],
    ['out/image.tgz', 'file', 'file'],
    ['image.tar.gz', 'file', 'file'],
    ['image.tar.zst', 'file', 'file'],
    ['image.tar.xz', 'file', 'file'],
    ['image.tar.bz2', 'file', 'file'],
    ['docker-archive:app', 'file', 'file'],
    ['oci:app:1', 'file', 'file'],
    ['dir:app', 'file', 'file'],
    ['engine:app.tar', 'engine', 'engine'],
    ['engine:./app', 'engine', 'engine'],
    ['-', 'stdin', 'stdin'],
    ['oci-archive:-', 'stdin', 'stdin'],
  ])('%s: at a terminal %s, in a workflow %s', (name, atTerminal, inWorkflow) => {
    expect([parseSource(name, 'file-first').kind, parseSource(name, 'engine').kind]).toEqual([atTerminal, inWorkflow])
  })

  it.each([
    ['', /No image is named/],
    ['engine:', /No image is named/],
    ['--output', /looks like an option/],
    ['engine:--output', /looks like an option/],
    ['engine:-', /looks like an option/],
    ['docker-archive:-x', /looks like an option/],
    ['docker://debian', /images in registries are not read directly/],
    ['registry:debian', /images in registries are not read directly/],
  ])('%j is refused', (name, message) => {
    for (const bareNames of ['file-first', 'engine'] as const)
      expect(() => parseSource(name, bareNames)).toThrow(message)
  })

  it.each([
    ['oci:out/app:1', 'app'],
    ['dir:out/app', 'app'],
    ['oci-archive:app.tar', 'app'],
    ['app.tar.xz', 'app'],
    ['oci:out/images:web', 'images:web'],
    ['docker-archive:out.tar:demo/app:3f2a91c', 'out:demo/app'],
    ['engine:my-app:latest', 'my-app'],
    ['my-app:debug-3f2a91c', 'my-app:debug'],
  ])('%s is called %s from build to build', (reference, name) => {
    expect(stableName(reference, { image: null, platform: null, target: null, dockerfile: null })).toBe(name)
  })
})

describe('where a file and an image could be meant', () => {
  it('a file comes first at a terminal, and is never looked at in a workflow', async () => {
    await writeFile('my-app:gate', await buildImage({ layers: [{ by: 'COPY . /', files: [{ name: 'a' }] }] }))
    expect((await readImage('my-app:gate')).source).toBe('docker-archive')
    await expect(readImage('my-app:gate', { bareNames: 'engine' })).rejects.toThrow(
      /^my-app:gate: no engine has an image of that name \(.*\)\. .* There is a file \.\/my-app:gate, but in a workflow a name without a path is an engine's image: write \.\/my-app:gate if you mean the file\.$/,
    )
    expect((await readImage('./my-app:gate', { bareNames: 'engine' })).source).toBe('docker-archive')
    expect((await readImage('docker-archive:my-app:gate', { bareNames: 'engine' })).source).toBe('docker-archive')
  })

  it('a layout directory comes first at a terminal, and is never looked at in a workflow', async () => {
    const layout = new Layout()
    layout.index.push((await layout.image()).descriptor)
    await layout.write('service')
    expect((await readImage('service')).source).toBe('oci-layout')
    await expect(readImage('service', { bareNames: 'engine' })).rejects.toThrow(
      /There is a file \.\/service, but in a workflow/,
    )
  })

  it('a directory that is no layout is no image: an engine is asked', async () => {
    await mkdir('app')
    await expect(readImage('app')).rejects.toThrow(
      /no engine has an image of that name .* There is a directory \.\/app, but it is no OCI layout\.$/,
    )
    await expect(readImage('./app')).rejects.toThrow(/the directory is no OCI layout/)
  })

  it('neither: the engines say why', async () => {
    await expect(readImage('nothing')).rejects.toThrow(/^nothing: no engine has an image of that name/)
    await expect(readImage('nothing.tar', { bareNames: 'engine' })).rejects.toThrow(
      /^nothing\.tar: no such file or directory/,
    )
  })
})

describe('an image inside what is named, as skopeo writes it', () => {
  const two = async (): Promise<Layout> => {
    const layout = new Layout()
    for (const [tag, user] of [
      ['1', '1001'],
      ['2', '1002'],
    ] as const)
      layout.index.push(
        (await layout.image({ user }, { annotations: { 'org.opencontainers.image.ref.name': tag } })).descriptor,
      )
    return layout
  }

  it.each(['oci:two:2', 'oci-layout:two:2', 'oci-archive:two.tar:2'])('%s', async (reference) => {
    const layout = await two()
    await layout.write('two')
    await writeFile('two.tar', await layout.archive())
    expect((await readImage(reference)).config.run.User).toBe('1002')
    await expect(readImage(reference.replace(/:2$/, ''))).rejects.toThrow(/holds several images/)
    await expect(readImage(reference.replace(/:2$/, ':3'))).rejects.toThrow(/holds no image "3"/)
    await expect(readImage(reference, { image: '1' })).rejects.toThrow(/names the image "2", --image another one: "1"/)
  })

  it('docker-archive:PATH:NAME', async () => {
    await writeFile('named.tar', await buildImage({ layers: [{ by: 'COPY . /', files: [] }], name: 'demo/app:1' }))
    expect((await readImage('docker-archive:named.tar:demo/app:1')).name).toBe('demo/app:1')
    await expect(readImage('docker-archive:named.tar:demo/app:2')).rejects.toThrow(/holds no image "demo\/app:2"/)
  })

  it('a colon in the name of a file belongs to it', async () => {
    await (await two()).write('with:colon')
    await expect(readImage('oci:with:colon')).rejects.toThrow(/holds several images/)
  })
})

describe('a directory of skopeo', () => {
  /** As `skopeo copy … dir:` lays it out. */
  const write = async (
    directory: string,
    change: (files: Record<string, Buffer | string>) => void = () => {},
  ): Promise<void> => {
    const layout = new Layout()
    const { descriptor } = await layout.image()
    const blobs = [...layout.blobs].map(([name, bytes]) => [path.basename(name), bytes] as const)
    const manifest = path.basename(descriptor.digest.replace(':', '/'))
    const files = {
      version: 'Directory Transport Version: 1.1\n',
      ...Object.fromEntries(blobs.map(([name, bytes]) => [name === manifest ? 'manifest.json' : name, bytes])),
    }
    change(files)
    await writeFiles(directory, files)
  }

  it('is read', async () => {
    await write('skopeo')
    for (const reference of ['skopeo', './skopeo', 'dir:skopeo'])
      expect(await readImage(reference)).toMatchObject({ source: 'dir', layers: [{ index: 0 }] })
  })

  it('with several platforms, the one that is named', async () => {
    const layout = new Layout()
    const amd = await layout.image({}, { platform: { os: 'linux', architecture: 'amd64' } })
    const arm = await layout.image(
      { architecture: 'arm64', user: '7' },
      { platform: { os: 'linux', architecture: 'arm64' } },
    )
    const manifests = [amd, arm].map(({ descriptor }) => descriptor.digest.slice(7))
    const files = Object.fromEntries(
      [...layout.blobs].map(([name, bytes]) => [
        manifests.includes(path.basename(name)) ? `${path.basename(name)}.manifest.json` : path.basename(name),
        bytes,
      ]),
    )
    await writeFiles('all', {
      ...files,
      'manifest.json': JSON.stringify({
        schemaVersion: 2,
        mediaType: OCI.index,
        manifests: [amd.descriptor, arm.descriptor],
      }),
    })
    expect((await readImage('dir:all', { platform: 'linux/arm64' })).config.run.User).toBe('7')
    await expect(readImage('dir:all')).rejects.toThrow(/holds several images/)
  })

  it('with a changed layer is refused', async () => {
    await write('changed', (files) => {
      for (const name of Object.keys(files))
        if (/^[0-9a-f]{64}$/.test(name) && (files[name]?.length ?? 0) > 1024) files[name] = Buffer.alloc(1536)
    })
    await expect(readImage('dir:changed')).rejects.toThrow(/does not match its digest/)
  })

  it('an unpacked docker save archive is none', async () => {
    await writeFiles('unpacked', { 'manifest.json': '[{"Config":"c.json"}]' })
    await expect(readImage('./unpacked')).rejects.toThrow(/looks like an unpacked docker save archive/)
  })
})

describe('what lies in a layout directory', () => {
  const layoutAt = async (directory: string): Promise<{ directory: string; layer: string }> => {
    const layout = new Layout()
    const { descriptor, layer } = await layout.image()
    layout.index.push(descriptor)
    await layout.write(directory)
    return { directory, layer: path.join(directory, 'blobs/sha256', layer.digest.slice(7)) }
  }
  /** In the place of a file, something else. */
  const replaced = async (file: string, make: (file: string) => Promise<unknown> | unknown): Promise<void> => {
    await rm(file)
    await make(file)
  }
  const pipe = (file: string): unknown => execFileSync('mkfifo', [file])

  it('links to files inside it are followed', async () => {
    const { directory, layer } = await layoutAt('inside')
    await writeFiles(directory, { 'store/layer': await readFile(layer) })
    await replaced(layer, (file) => symlink('../../store/layer', file))
    expect((await readImage('./inside')).layers).toHaveLength(1)
    await symlink('inside', 'alias')
    expect((await readImage('./alias')).layers).toHaveLength(1)
  })

  it.each([
    ['a pipe for index.json', 'index.json', pipe, /index\.json is no regular file/],
    ['a pipe for oci-layout, of a name without a path', 'index.json', pipe, /no regular file/],
    [
      'a link to a pipe',
      'index.json',
      async (file: string) => symlink('pipe', file).then(() => pipe(path.join(path.dirname(file), 'pipe'))),
      /no regular file/,
    ],
    ['a directory for index.json', 'index.json', mkdir, /index\.json is no regular file/],
    [
      'a link to a device',
      'index.json',
      (file: string) => symlink('/dev/zero', file),
      /is a link that leads out of the layout/,
    ],
    [
      'a link out of it',
      'index.json',
      (file: string) => symlink('/etc/hostname', file),
      /is a link that leads out of the layout/,
    ],
    [
      'a link to itself',
      'index.json',
      (file: string) => symlink('index.json', file),
      /cannot be read: its symbolic links run in a circle/,
    ],
    ['a link to nothing', 'index.json', (file: string) => symlink('nothing', file), /has no index\.json/],
  ])('%s is refused and not waited for', async (name, file, make, message) => {
    const directory = `layout-${name.replaceAll(/\W/g, '-')}`
    await layoutAt(directory)
    await replaced(path.join(directory, file), make)
    await expect(readImage(`./${directory}`)).rejects.toThrow(message)
  })

  it.each([
    ['a pipe', pipe, /is no regular file/],
    [
      'a link to a layer elsewhere',
      (file: string) => writeFile('elsewhere', 'x').then(() => symlink(path.resolve('elsewhere'), file)),
      /leads out of the layout/,
    ],
    ['a directory', mkdir, /is no regular file/],
  ])('%s in the place of a layer', async (name, make, message) => {
    const { directory, layer } = await layoutAt(`blob-${name.replaceAll(/\W/g, '-')}`)
    await replaced(layer, make)
    await expect(readImage(`./${directory}`)).rejects.toThrow(message)
  })

  it('a named pipe as the image itself is read to its end', async () => {
    await writeFile('real.tar', await buildImage({ layers: [{ by: 'COPY . /', files: [{ name: 'a' }] }] }))
    pipe('pipe')
    const { spawn } = await import('node:child_process')
    const writer = spawn('sh', ['-c', 'cat real.tar > pipe'])
    expect((await readImage('./pipe')).layers).toHaveLength(1)
    writer.kill()
  })

  it('a device as the image is refused', async () => {
    await expect(readImage('/dev/zero')).rejects.toThrow(/\/dev\/zero is no file, directory or pipe/)
  })
})

describe('digests and layers of other kinds', () => {
  const layoutWith = async (parts: Parameters<Layout['image']>[0], drop = false): Promise<string> => {
    const layout = new Layout()
    const { descriptor, layer } = await layout.image(parts)
    layout.index.push(descriptor)
    if (drop) layout.blobs.delete(`blobs/sha256/${layer.digest.slice(7)}`)
    const directory = await mkdtemp(path.join(folder, 'kinds-'))
    await layout.write(directory)
    return directory
  }

  it.each(['sha512', 'sha384'])('%s', async (algorithm) => {
    const layout = new Layout()
    const { layer, config } = await layout.image()
    const bytes = layout.blobs.get(`blobs/sha256/${layer.digest.slice(7)}`) ?? ''
    const own = layout.blob(bytes, OCI.layer, {}, algorithm)
    const configuration = layout.blob(
      JSON.parse(
        String(layout.blobs.get(`blobs/sha256/${config.digest.slice(7)}`)).replace(
          /"diff_ids":\[[^\]]*\]/,
          `"diff_ids":["${own.digest}"]`,
        ),
      ) as object,
      OCI.config,
      {},
      algorithm,
    )
    layout.index.push(layout.blob({ config: configuration, layers: [own] }, OCI.manifest, {}, algorithm))
    const directory = await mkdtemp(path.join(folder, 'sha-'))
    await layout.write(directory)
    expect(await readImage(directory)).toMatchObject({
      id: configuration.digest,
      layers: [{ digest: own.digest, diffId: own.digest }],
    })
    await writeFiles(directory, { [`blobs/${algorithm}/${own.digest.slice(7)}`]: Buffer.alloc(1024) })
    await expect(readImage(directory)).rejects.toThrow(/does not match its digest/)
  })

  it.each([
    'md5:d41d8cd98f00b204e9800998ecf8427e',
    `sha256:${'A'.repeat(64)}`,
    'sha256:../../../etc/passwd',
    `sha512:${'0'.repeat(64)}`,
  ])('the digest %s is none', async (digest) => {
    await expect(
      readImage(await layoutWith({ manifest: { layers: [{ mediaType: OCI.layer, digest, size: 1 }] } })),
    ).rejects.toThrow(/layers\.0\.digest: no digest by sha256 or sha512/)
  })

  it.each([
    [
      'a foreign layer of Docker',
      'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
      true,
      /layer 0 .* is a foreign layer, which archives leave out/,
    ],
    [
      'one that may not be handed on',
      'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
      true,
      /is a foreign layer/,
    ],
    [
      'an encrypted layer',
      'application/vnd.oci.image.layer.v1.tar+gzip+encrypted',
      false,
      /layer 0 .* is encrypted: nothing in it can be judged/,
    ],
    ['an encrypted layer that is not there', 'application/vnd.oci.image.layer.v1.tar+encrypted', true, /is encrypted/],
    ['a layer that is not there', OCI.layer, true, /is missing from the archive/],
  ])('%s is named for what it is', async (_name, layerType, drop, message) => {
    await expect(readImage(await layoutWith({ layerType }, drop))).rejects.toThrow(message)
  })

  it('a foreign layer that is there is a layer', async () => {
    expect(
      (await readImage(await layoutWith({ layerType: 'application/vnd.oci.image.layer.nondistributable.v1.tar' })))
        .layers,
    ).toHaveLength(1)
  })
})
