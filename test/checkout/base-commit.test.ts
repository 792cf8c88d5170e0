// The files of a commit as git has them: links, submodules, pointers, and what only looks like a file of the workflow.
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { baseCommit } from '../../src/checkout/base-commit.ts'
import { useFolder } from '../folder.ts'

const folder = useFolder()
const gitIn = (directory: string, ...args: string[]): string =>
  execFileSync(
    'git',
    [
      '-C',
      directory,
      '-c',
      'user.name=t',
      '-c',
      'user.email=t@example.com',
      '-c',
      'protocol.file.allow=always',
      ...args,
    ],
    {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  ).trim()
const git = (...args: string[]): string => gitIn(folder.path, ...args)
const link = (target: string, name: string): void => {
  mkdirSync(path.dirname(path.join(folder.path, name)), { recursive: true })
  symlinkSync(target, path.join(folder.path, name))
}
/** Makes a repository whose commit has these files, and a submodule at `sub` where asked for. */
function repository(): string {
  git('init', '-q')
  folder.put('real/p.yml', 'real\n')
  folder.put('..shared/p.yml', 'dots\n')
  folder.put('lfs.yml', 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n')
  link('real/p.yml', 'inner.yml')
  link('real', 'alias')
  link('../alias', 'deep/er')
  link('../outside.yml', 'out.yml')
  link('/etc/passwd', 'absolute.yml')
  link('../..', 'up')
  link('loop.yml', 'loop.yml')
  git('update-index', '--add', '--cacheinfo', `160000,${'1'.repeat(40)},sub`)
  git('add', '-A', '--', '.', ':!sub')
  git('commit', '-q', '-m', 'x')
  return git('rev-parse', 'HEAD')
}

describe('read from the commit', () => {
  it.each<[string, string | null]>([
    ['real/p.yml', 'real\n'],
    ['./real/../real/p.yml', 'real\n'],
    ['inner.yml', 'real\n'],
    ['alias/p.yml', 'real\n'],
    ['deep/er/p.yml', 'real\n'],
    ['..shared/p.yml', 'dots\n'],
    ['none.yml', null],
    ['real', null],
    ['real/p.yml/below', null],
    ['alias/none.yml', null],
  ])('%s', async (name, text) => {
    const id = repository()
    expect(await baseCommit(folder.path, id, null).read(name)).toBe(text)
  })

  it.each([
    ['out.yml', /a symbolic link leads out of the repository/],
    ['absolute.yml', /a symbolic link leads out of the repository/],
    ['up/p.yml', /a symbolic link leads out of the repository/],
    ['../p.yml', /leads out of the repository/],
    ['loop.yml', /symbolic links do not end/],
    ['sub/p.yml', /sub is a submodule/],
    ['sub', /sub is a submodule/],
    ['lfs.yml', /pointer of Git LFS/],
  ])('%s is refused', async (name, why) => {
    const id = repository()
    await expect(baseCommit(folder.path, id, null).read(name)).rejects.toThrow(why)
  })

  it('nothing that replaces an object counts', async () => {
    const id = repository()
    folder.put('other', 'replaced\n')
    const other = git('hash-object', '-w', 'other')
    git('replace', git('rev-parse', `${id}:real/p.yml`), other)
    expect(await baseCommit(folder.path, id, null).read('real/p.yml')).toBe('real\n')
  })

  it('a bare repository that the commit itself holds is none', async () => {
    const id = repository()
    const bare = path.join(folder.path, 'bare')
    gitIn(folder.path, 'clone', '-q', '--bare', '.', 'bare')
    await expect(baseCommit(bare, id, null).read('real/p.yml')).rejects.toThrow(/the checkout does not have it/)
  })
})

describe('a file that a step of the workflow brought is not of the repository', () => {
  const brought = async (name: string, judged: readonly string[] = []): Promise<boolean> =>
    !(await baseCommit(folder.path, git('rev-parse', 'HEAD'), null, judged).isOfRepository(name))

  it('but all that git has a hand in is', async () => {
    repository()
    folder.put('central.yml', 'x')
    folder.put('Own.yml', 'x')
    git('add', '--', 'central.yml', 'Own.yml')
    folder.put('new/central.yml', 'x')
    folder.put('.gitignore', 'ignored.yml\n')
    folder.put('ignored.yml', 'x')
    git('add', '-N', 'new')
    const own = [
      'central.yml',
      'Own.yml',
      'own.yml',
      'inner.yml',
      'alias/p.yml',
      'deep/er/anything.yml',
      'sub/policy.yml',
      'sub/deep/policy.yml',
      'new/central.yml',
    ]
    for (const name of own) expect([name, await brought(name)]).toEqual([name, false])
    git('rm', '-q', '--cached', '-r', 'new')
    for (const name of ['new/central.yml', 'ignored.yml', 'not-there.yml'])
      expect([name, await brought(name)]).toEqual([name, true])
  })

  it.each([
    ['assume-unchanged', '--assume-unchanged'],
    ['skip-worktree', '--skip-worktree'],
  ])('%s changes nothing', async (_name, flag) => {
    repository()
    git('update-index', flag, 'real/p.yml')
    expect(await brought('real/p.yml')).toBe(false)
  })

  it('a checkout of the pull request in a folder is its own; one of another commit is not', async () => {
    repository()
    folder.put('nested/policy.yml', 'x')
    const nested = path.join(folder.path, 'nested')
    gitIn(nested, 'init', '-q')
    gitIn(nested, 'add', '-A')
    gitIn(nested, 'commit', '-q', '-m', 'x')
    const head = gitIn(nested, 'rev-parse', 'HEAD')
    expect(await brought('nested/policy.yml', [head])).toBe(false)
    expect(await brought('nested/policy.yml', ['f'.repeat(40)])).toBe(true)
  })

  it('where git cannot tell, it is', async () => {
    repository()
    const base = baseCommit(folder.path, git('rev-parse', 'HEAD'), null)
    rmSync(path.join(folder.path, '.git'), { recursive: true })
    expect(await base.isOfRepository('anything.yml')).toBe(true)
  })
})
