// Which files are the checkout's: names that look like ways out, links that are ways out, and what is no file at all.
import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { findDockerfiles, readSource, sha256Of } from '../../src/checkout/checkout.ts'
import { leadsOut, pathInCheckout, relativeWithin, staysWithin } from '../../src/checkout/inside.ts'
import { readWhole } from '../../src/checkout/whole-file.ts'
import { useFolder } from '../folder.ts'

describe('a name', () => {
  it.each<[string, string | null]>([
    ['p.yml', 'p.yml'],
    ['./p.yml', 'p.yml'],
    ['..shared/p.yml', '..shared/p.yml'],
    ['...', '...'],
    ['.../p.yml', '.../p.yml'],
    ['..x', '..x'],
    ['a/../..b/p.yml', '..b/p.yml'],
    ['a/../../root/p.yml', 'p.yml'],
    ['/root/p.yml', 'p.yml'],
    ['/root//a/./p.yml', 'a/p.yml'],
    ['..', null],
    ['../p.yml', null],
    ['a/../../p.yml', null],
    ['/rooted/p.yml', null],
    ['/etc/passwd', null],
  ])('%s', (file, expected) => {
    for (const root of ['/root', '/root/', '/other/../root']) expect(pathInCheckout(root, file)).toBe(expected)
  })

  it.each<[string, string | null]>([
    ['C:\\ws\\..shared\\p.yml', '..shared/p.yml'],
    ['C:\\ws\\a\\p.yml', 'a/p.yml'],
    ['c:\\WS\\p.yml', 'p.yml'],
    ['C:\\ws\\..\\p.yml', null],
    ['D:\\ws\\p.yml', null],
    ['\\\\server\\share\\p.yml', null],
  ])('%s, as Windows has it', (file, expected) => {
    expect(relativeWithin('C:\\ws', file, path.win32)).toBe(expected)
  })

  it.each([
    ['..x/y', true],
    ['...', true],
    ['a/../b', true],
    ['', true],
    ['..', false],
    ['../x', false],
    ['a/../../x', false],
    ['/x', false],
  ])('%s stays below where it starts: %s', (relative, expected) => {
    expect(staysWithin(relative)).toBe(expected)
  })
})

describe('links', () => {
  const folder = useFolder()
  const checkout = (): string => {
    folder.put('outside/secret', 'of the machine')
    folder.put('ws/real/p.yml', 'fail-on: low\n')
    const root = path.join(folder.path, 'ws')
    symlinkSync('real/p.yml', path.join(root, 'inner.yml'))
    symlinkSync('../outside/secret', path.join(root, 'out.yml'))
    symlinkSync('inner.yml', path.join(root, 'twice.yml'))
    symlinkSync('out.yml', path.join(root, 'twice-out.yml'))
    symlinkSync('../outside', path.join(root, 'dir'))
    symlinkSync('real', path.join(root, 'alias'))
    symlinkSync('loop.yml', path.join(root, 'loop.yml'))
    symlinkSync('/proc/self/environ', path.join(root, 'environ'))
    symlinkSync(root, path.join(folder.path, 'workspace'))
    return root
  }

  it.each<[string, string | null]>([
    ['real/p.yml', 'fail-on: low\n'],
    ['inner.yml', 'fail-on: low\n'],
    ['twice.yml', 'fail-on: low\n'],
    ['alias/p.yml', 'fail-on: low\n'],
    ['out.yml', null],
    ['twice-out.yml', null],
    ['dir/secret', null],
    ['loop.yml', null],
    ['environ', null],
  ])('%s', async (name, text) => {
    const root = checkout()
    expect((await readWhole(path.join(root, name), 100, root)).text).toBe(text)
    // Called by another name of the workspace it is the same file.
    expect((await readWhole(path.join(root, name), 100, path.join(folder.path, 'workspace/'))).text).toBe(text)
  })

  it('what the workflow names outside the checkout is read', async () => {
    const root = checkout()
    expect((await readWhole(path.join(folder.path, 'outside/secret'), 100, root)).text).toBe('of the machine')
  })

  it('a workspace that is itself a link holds its files under both names', () => {
    const root = checkout()
    const link = path.join(folder.path, 'workspace')
    for (const [from, file] of [
      [root, path.join(link, 'real/p.yml')],
      [link, path.join(root, 'real/p.yml')],
      [`${link}/`, path.join(root, 'real/not-there.yml')],
    ] as const)
      expect(pathInCheckout(from, file)).toMatch(/^real\//)
  })

  it('no source, hash or Dockerfile comes from behind one', async () => {
    const root = checkout()
    writeFileSync(path.join(folder.path, 'outside/Dockerfile'), 'FROM scratch\n')
    expect(await readSource(root, 'dir/Dockerfile')).toBeNull()
    expect(await readSource(root, 'out.yml')).toBeNull()
    expect(await sha256Of(root, path.join(root, 'dir/secret'))).toBeNull()
    expect(await leadsOut(root, path.join(root, 'dir/secret'))).toBe(true)
    expect(await findDockerfiles(root)).toEqual([])
  })
})

describe('what is no file', () => {
  const folder = useFolder()
  it.each([
    ['a named pipe', (file: string) => execFileSync('mkfifo', [file]), /named pipe/],
    ['a directory', (file: string) => mkdirSync(file), /directory/],
    ['a device', (file: string) => symlinkSync('/dev/zero', file), /device/],
    ['a device that blocks', (file: string) => symlinkSync('/dev/tty', file), /device|ENXIO|socket/],
    ['a file beyond the bound', (file: string) => writeFileSync(file, 'x'.repeat(5000)), /more than 4 KiB/],
    ['a file without an end', (file: string) => symlinkSync('/dev/urandom', file), /device/],
  ])('%s is refused at once', async (_name, make, why) => {
    const file = path.join(folder.path, 'x')
    make(file)
    expect(await readWhole(file, 4096)).toMatchObject({ text: null, isMissing: false, why: expect.stringMatching(why) })
  })

  it('up to the bound it is read, and what is not there is missing', async () => {
    folder.put('x', 'y'.repeat(4096))
    expect((await readWhole(path.join(folder.path, 'x'), 4096)).text).toHaveLength(4096)
    for (const name of ['none', 'x/below'])
      expect(await readWhole(path.join(folder.path, name), 4096)).toMatchObject({ text: null, isMissing: true })
  })
})
