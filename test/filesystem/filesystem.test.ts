// Layers laid over each other, against a model that is slow and obviously right.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { buildFilesystem, type Filesystem } from '../../src/filesystem/filesystem.ts'
import { cleanPath, type ImagePath } from '../../src/image/path.ts'
import type { LayerEntry } from '../../src/layer/layer-scan.ts'

const plain = { mode: 0o644, uid: 0, gid: 0, size: 1, mtime: 0, link: null, whiteout: null, afterEnd: false }
const file = (path: string): LayerEntry => ({ ...plain, path: cleanPath(path), type: 'file' })
const directory = (path: string): LayerEntry => ({ ...plain, path: cleanPath(path), type: 'directory' })
const link = (path: string, target: string): LayerEntry => ({
  ...plain,
  path: cleanPath(path),
  type: 'symlink',
  link: target,
})
const whiteout = (path: string): LayerEntry => ({
  ...plain,
  path: cleanPath(path.replace(/([^/]+)$/, '.wh.$1')),
  type: 'file',
  whiteout: { kind: 'file', hides: cleanPath(path) },
})
const opaque = (path: string): LayerEntry => ({
  ...plain,
  path: cleanPath(`${path}/.wh..wh..opq`),
  type: 'file',
  whiteout: { kind: 'opaque', hides: cleanPath(path) },
})

const layersOf = (...layers: LayerEntry[][]): Filesystem =>
  buildFilesystem(layers.map((entries, index) => ({ index, entries })))
const present = (filesystem: Filesystem): string[] =>
  [...filesystem.present()]
    .filter(({ entry }) => entry.type !== 'directory')
    .map(({ path, layer }) => `${path} ${layer}`)
const fate = (filesystem: Filesystem, layer: number, index: number): string => {
  const { ending } = filesystem.versionOf(layer, index)
  return ending === null ? 'present' : `${ending.state} in ${ending.layer} by ${ending.by}`
}

describe('paths made to cost', () => {
  it.each([
    ['that go down and up again', (next: string) => `${'d/'.repeat(700)}${'../'.repeat(700)}${next}`],
    ['that go far down', (next: string) => `${'d/'.repeat(1000)}${next}`],
  ])('links %s end in an error, not in hours', (_name, to) => {
    const links = [...Array(39).keys()].map((index) =>
      link(`/${index === 0 ? '' : 'd/'.repeat(1000)}l${index}`, to(`l${index + 1}`)),
    )
    const files = [...Array(100_000).keys()].map((index) => file(`/l0/f${index}`))
    expect(() => layersOf([...links, ...files])).toThrow(
      /paths lead through so many symbolic links that no end is in sight/,
    )
  })

  it('many files below a few links are laid over each other', () => {
    const files = Array.from({ length: 50_000 }, (_, index) => file(`/bin/f${index}`))
    expect(layersOf([link('/bin', 'usr/bin'), link('/usr', '/system')], files).find('/system/bin/f49999')?.layer).toBe(
      1,
    )
  })

  it.each([100_000, 200_000])('a path of %d directories is added, found and hidden', (depth) => {
    const deep = `${'/d'.repeat(depth)}/k`
    const filesystem = layersOf([file(deep), link('/l', '/d')], [whiteout(deep)])
    expect(fate(filesystem, 0, 0)).toMatch(/^deleted in 1/)
    expect(filesystem.resolve(cleanPath(`/l${'/d'.repeat(depth - 1)}`))).toHaveLength(2 * depth)
  })
})

describe('what a layer does to those below', () => {
  it('a whiteout hides a file, and names the layer that did it', () => {
    const filesystem = layersOf([file('/app/.env')], [whiteout('/app/.env')])
    expect(fate(filesystem, 0, 0)).toBe('deleted in 1 by /app/.wh..env')
    expect(present(filesystem)).toEqual([])
  })

  it('a whiteout of a directory hides what lies below it', () => {
    expect(fate(layersOf([file('/a/b/c')], [whiteout('/a')]), 0, 0)).toBe('deleted in 1 by /.wh.a')
  })

  it('whiteouts apply to lower layers only, wherever they stand in the tar', () => {
    const before = layersOf([file('/k')], [whiteout('/k'), file('/k')])
    const after = layersOf([file('/k')], [file('/k'), whiteout('/k')])
    for (const filesystem of [before, after]) expect(present(filesystem)).toEqual(['/k 1'])
  })

  it('an opaque directory hides all that lower layers have in it, and nothing of its own', () => {
    const filesystem = layersOf([file('/d/old'), file('/e')], [opaque('/d'), file('/d/new')])
    expect(present(filesystem)).toEqual(['/d/new 1', '/e 0'])
    expect(fate(filesystem, 0, 0)).toBe('deleted in 1 by /d/.wh..wh..opq')
  })

  it('an opaque root hides everything', () => {
    expect(present(layersOf([file('/a'), file('/b/c')], [opaque('/'), file('/d')]))).toEqual(['/d 1'])
  })

  it('a file in place of a directory takes its files along, and the other way round', () => {
    expect(fate(layersOf([file('/d/x')], [file('/d')]), 0, 0)).toBe('replaced in 1 by /d')
    expect(fate(layersOf([file('/d')], [file('/d/x')]), 0, 0)).toBe('replaced in 1 by /d/x')
    expect(fate(layersOf([file('/d')], [link('/d', 'x')]), 0, 0)).toBe('replaced in 1 by /d')
  })

  it('a directory entry over a directory changes its mode and keeps its files', () => {
    expect(present(layersOf([directory('/d'), file('/d/x')], [directory('/d')]))).toEqual(['/d/x 0'])
  })

  it('the same path twice in one layer: the last wins, the first is overwritten in that layer', () => {
    const filesystem = layersOf([file('/a'), file('/a'), file('/a')])
    expect([0, 1, 2].map((index) => fate(filesystem, 0, index))).toEqual([
      'overwritten in 0 by /a',
      'overwritten in 0 by /a',
      'present',
    ])
  })

  it('entries go through links in directories, as when they are unpacked', () => {
    const filesystem = layersOf([directory('/usr/bin'), link('/bin', 'usr/bin')], [file('/bin/sh')])
    expect(filesystem.find('/usr/bin/sh')?.layer).toBe(1)
    expect(filesystem.find('/bin/sh')?.layer).toBe(1)
  })

  it('links lead nowhere outside the root, and loops end', () => {
    const filesystem = layersOf([
      link('/out', '../../../../etc/passwd'),
      link('/a', 'b'),
      link('/b', 'a'),
      file('/etc/passwd'),
    ])
    expect(filesystem.find('/out')?.path).toBe('/etc/passwd')
    expect(filesystem.find('/a')).toBeNull()
    expect(present(layersOf([link('/a', 'a')], [file('/a/x')]))).toEqual(['/a 0'])
  })

  it('a hard link shows the bytes of its target, also after the target is gone', () => {
    const hard: LayerEntry = { ...plain, path: cleanPath('/backup'), type: 'hardlink', link: '/key' }
    const filesystem = layersOf([file('/key'), hard], [whiteout('/key')])
    expect(filesystem.find('/backup')?.content.path).toBe('/key')
  })
})

/** The model: a map of paths, with everything looked up by walking over all of it. */
function model(layers: readonly LayerEntry[][]): string[] {
  let files = new Map<string, number>()
  const below = (path: string, top: string): boolean => top === '/' || path.startsWith(`${top}/`)
  layers.forEach((entries, layer) => {
    for (const { whiteout: hidden } of entries) {
      if (hidden === null) continue
      files = new Map(
        [...files].filter(
          ([path]) => !(below(path, hidden.hides) || (hidden.kind === 'file' && path === hidden.hides)),
        ),
      )
    }
    for (const entry of entries) {
      if (entry.whiteout !== null) continue
      for (const path of [...files.keys()])
        if (below(path, entry.path) && entry.type !== 'directory') files.delete(path)
      for (const path of [...files.keys()]) if (below(entry.path, path)) files.delete(path)
      if (entry.type === 'directory') files.delete(entry.path)
      else files.set(entry.path, layer)
    }
  })
  return [...files].map(([path, layer]) => `${path} ${layer}`).sort()
}

const path = fc
  .array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 3 })
  .map((parts) => `/${parts.join('/')}` as ImagePath)
const entry = fc.oneof(
  { weight: 4, arbitrary: path.map(file) },
  path.map(directory),
  { weight: 2, arbitrary: path.map(whiteout) },
  path.map(opaque),
)

describe('any layers', () => {
  it('give the tree of the model', () => {
    fc.assert(
      fc.property(fc.array(fc.array(entry, { maxLength: 6 }), { maxLength: 6 }), (layers) => {
        expect(present(layersOf(...layers)).sort()).toEqual(model(layers))
      }),
      { numRuns: 1500 },
    )
  })

  it('give every entry that is not in the final tree an ending in its own layer or a later one', () => {
    fc.assert(
      fc.property(fc.array(fc.array(entry, { maxLength: 6 }), { maxLength: 6 }), (layers) => {
        const filesystem = layersOf(...layers)
        const shown = new Set(filesystem.present())
        for (const version of filesystem.versions.flat()) {
          expect(version.ending === null).toBe(shown.has(version))
          if (version.ending !== null) expect(version.ending.layer).toBeGreaterThanOrEqual(version.layer)
        }
      }),
      { numRuns: 500 },
    )
  })
})
