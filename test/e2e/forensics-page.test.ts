// Each command of the responder's page runs on the image of the fixtures, and does what the page says.
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { useFolder } from '../folder.ts'
import { type Done, layergate } from '../in-process.ts'

const ROOT = path.join(import.meta.dirname, '../..')
const PAGE = readFileSync(path.join(ROOT, 'docs/FORENSICS.md'), 'utf8')
const COMMANDS = [...PAGE.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block = '']) => block.trim().split('\n'))
const folder = useFolder()

const run = (command: string): Promise<Done> =>
  layergate(command.replace(/^layergate /, '').split(' '), {
    directory: folder.path,
    env: { PATH: process.env['PATH'] ?? '', HOME: folder.path, TMPDIR: folder.path },
  })

beforeEach(() => {
  copyFileSync(path.join(ROOT, 'fixtures/deleted-secret/image.tar'), path.join(folder.path, 'image.tar'))
})

describe('docs/FORENSICS.md', () => {
  it('has commands that all run, in their order', async () => {
    expect(COMMANDS.length).toBeGreaterThan(10)
    for (const command of COMMANDS) {
      const done = await run(command)
      expect(done, command).toMatchObject({ status: 0, stderr: '' })
      expect(done.stdout, command).not.toBe('')
    }
    expect(readdirSync(path.join(folder.path, 'recovered'))).toEqual(['000001-secret.txt', 'manifest.json'])
  })

  it('names every rule on a compromise by a page that is there', () => {
    for (const [, page = ''] of PAGE.matchAll(/\]\((rules\/[\w-]+\.md)\)/g))
      expect(readFileSync(path.join(ROOT, 'docs', page), 'utf8')).toContain('# ')
  })
})

describe('layergate preserve', () => {
  it('keeps the image as it was received, and sees every change', async () => {
    const written = await run('layergate preserve image.tar --to case')
    const digest = /SHA256SUMS: ([0-9a-f]{64})/.exec(written.stdout)?.[1]
    expect(digest).toBeDefined()
    const at = (name: string): string => path.join(folder.path, 'case', name)
    expect(readFileSync(at('image/image.tar')).equals(readFileSync(path.join(folder.path, 'image.tar')))).toBe(true)
    for (const name of ['report.json', 'files.json', 'timeline.json', 'tool.json'])
      JSON.parse(readFileSync(at(name), 'utf8'))
    expect((await run('layergate preserve --verify case')).stdout).toContain(digest)
    writeFileSync(at('history.txt'), 'another')
    writeFileSync(at('note.txt'), 'mine')
    const changed = await run('layergate preserve --verify case')
    expect(changed.status).toBe(1)
    expect(changed.stdout).toContain('history.txt: it was changed')
    expect(changed.stdout).toContain('note.txt: it was added')
  })

  it.each([
    ['layergate preserve image.tar', 'Name a folder'],
    ['layergate preserve --verify nothing', 'this is no case'],
    ['layergate preserve --verify case image.tar', '--verify takes a folder and nothing else'],
  ])('says why not: %s', async (command, why) => {
    const done = await run(command)
    expect(done.status).toBe(2)
    expect(done.stderr).toContain(why)
  })
})
