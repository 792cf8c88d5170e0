// The command as a person runs it. What it does is asked in this process; that the bundle does it too, on the Node of the machine and on
// Node 24, in processes of their own.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import zlib from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildImage, tar } from '../image-builder.ts'
import { type Done, layergate as run } from '../in-process.ts'
import { VALUES } from '../values.ts'

const ROOT = path.join(import.meta.dirname, '../..')
const CLI = path.join(ROOT, 'dist/cli.js')
const TRAP = ['fixtures/deleted-secret/image.tar', '--dockerfile', 'fixtures/deleted-secret/Dockerfile']

/** The Node that runs these tests (24), and that of the machine where it is another. */
const NODES = [...new Set([process.execPath, ...whichNode()])]

function whichNode(): string[] {
  const paths = (process.env['PATH'] ?? '').split(':').filter((folder) => !folder.includes('node_modules'))
  for (const folder of paths) {
    const { status } = spawnSync(path.join(folder, 'node'), ['--version'])
    if (status === 0) return [path.join(folder, 'node')]
  }
  return []
}

let work = ''
beforeAll(() => {
  work = mkdtempSync(path.join(tmpdir(), 'layergate-cli-'))
})
afterAll(() => rmSync(work, { recursive: true, force: true }))

/** What each run may see of the machine. */
const environment = (): Record<string, string> => ({ PATH: process.env['PATH'] ?? '', HOME: work, TMPDIR: work })

const layergate = (
  args: readonly string[],
  { cwd = ROOT, env = {} }: { cwd?: string; env?: Record<string, string> } = {},
): Promise<Done> => run(args, { directory: cwd, env: { ...environment(), ...env } })

/** The bundled command as a process of its own. */
function spawned(args: readonly string[], { node = process.execPath, input }: { node?: string; input?: Buffer } = {}) {
  const { status, stdout, stderr } = spawnSync(node, [CLI, ...args], {
    cwd: ROOT,
    encoding: 'utf8',
    env: environment(),
    ...(input === undefined ? {} : { input }),
    maxBuffer: 1 << 26,
  })
  return { status, stdout, stderr }
}

describe.each(NODES)('with %s', (node) => {
  it('catches the secret that the Dockerfile deleted, on its line', () => {
    const { status, stdout, stderr } = spawned(['scan', ...TRAP], { node })
    expect(stderr).toBe('')
    expect(status).toBe(1)
    expect(stdout).toMatch(
      /fixtures\/deleted-secret\/Dockerfile:5 {3}COPY secret\.txt \/app\/\n ● critical {2}deleted-secret {3}GitHub token ghp_….{4}\n/,
    )
    expect(stdout).toContain('fixtures/deleted-secret/Dockerfile:7   RUN rm /app/secret.txt   hides it in')
  })

  it('passes a clean image, in one line', () => {
    const { status, stdout } = spawned(['scan', 'fixtures/clean/image.tar'], { node })
    expect(status).toBe(0)
    expect(stdout).toMatch(/^PASS {2}fixtures\/clean\/image\.tar \(archive\) · 2 layers/)
  })

  it.each(['classic-builder.tar.gz', 'buildah.tar.gz', 'oci-zstd.tar.gz', 'oci-gzip.tar.zst'])('reads %s', (name) => {
    const { status, stdout } = spawned(['scan', `fixtures/formats/${name}`, ...TRAP.slice(1), '--format', 'json'], {
      node,
    })
    expect(status).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({
      findings: [
        {
          ruleId: 'deleted-secret',
          dockerfile: { startLine: 5 },
          related: [{ role: 'hidden-by', dockerfile: { startLine: 7 } }],
        },
      ],
    })
  })
})

describe('formats and outputs', () => {
  it('several at once', async () => {
    const [json, sarif, markdown] = ['r.json', 'r.sarif', 'r.md'].map((name) => path.join(work, name)) as [
      string,
      string,
      string,
    ]
    const { status, stdout } = await layergate([
      'scan',
      ...TRAP,
      '--format',
      'terminal',
      '--format',
      `json=${json}`,
      '--format',
      `sarif=${sarif}`,
      '--format',
      `markdown=${markdown}`,
    ])
    expect(status).toBe(1)
    expect(stdout).toMatch(/^FAIL {2}1 critical/m)
    expect(JSON.parse(readFileSync(json, 'utf8'))).toMatchObject({ schemaVersion: 1, verdict: { result: 'fail' } })
    expect(JSON.parse(readFileSync(sarif, 'utf8'))).toMatchObject({ version: '2.1.0' })
    expect(readFileSync(markdown, 'utf8')).toMatch(/^## ❌ `fixtures\/deleted-secret\/image\.tar` leaks a secret/)
  })

  it('one to a file', async () => {
    const file = path.join(work, 'one.json')
    expect((await layergate(['scan', ...TRAP, '--format', 'json', '--output', file])).stdout).toBe('')
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ tool: { name: 'layergate' } })
  })

  it('from standard input, with nothing left behind', async () => {
    const { status } = spawned(['scan', '-', ...TRAP.slice(1)], {
      input: readFileSync(path.join(ROOT, 'fixtures/deleted-secret/image.tar')),
    })
    expect(status).toBe(1)
  })

  it('colour only where it is asked for', async () => {
    expect((await layergate(['scan', ...TRAP])).stdout).not.toContain('\x1b')
    expect((await layergate(['scan', ...TRAP], { env: { FORCE_COLOR: '1' } })).stdout).toContain('\x1b')
    expect((await layergate(['scan', ...TRAP, '--no-color'], { env: { FORCE_COLOR: '1' } })).stdout).not.toContain(
      '\x1b',
    )
  })
})

describe('settings', () => {
  it('file < variable < option', async () => {
    const cwd = path.join(work, 'settings')
    mkdirSync(cwd)
    writeFileSync(path.join(cwd, '.layergate.yml'), 'fail-on: never\n')
    const image = path.join(ROOT, 'fixtures/deleted-secret/image.tar')
    expect((await layergate(['scan', image], { cwd })).status).toBe(0)
    expect((await layergate(['scan', image], { cwd, env: { LAYERGATE_FAIL_ON: 'critical' } })).status).toBe(1)
    expect(
      (await layergate(['scan', image, '--fail-on', 'never'], { cwd, env: { LAYERGATE_FAIL_ON: 'critical' } })).status,
    ).toBe(0)
    expect((await layergate(['scan', image, '--config', 'strict'], { cwd })).status).toBe(1)
  })

  it('init writes a configuration that is valid, and leaves one that is there', async () => {
    const cwd = path.join(work, 'init')
    mkdirSync(cwd)
    expect((await layergate(['init'], { cwd })).status).toBe(0)
    expect(readFileSync(path.join(cwd, '.layergate.yml'), 'utf8')).toMatch(/^# yaml-language-server: \$schema=/)
    expect((await layergate(['scan', path.join(ROOT, 'fixtures/clean/image.tar')], { cwd })).status).toBe(0)
    expect(await layergate(['init'], { cwd })).toMatchObject({
      status: 2,
      stderr: 'layergate: .layergate.yml is there already: it was left as it is.\n',
    })
  })

  it('the Dockerfile of the directory is taken, and a wrong one gives no lines', async () => {
    const cwd = path.join(work, 'dockerfile')
    mkdirSync(cwd)
    const image = path.join(ROOT, 'fixtures/deleted-secret/image.tar')
    writeFileSync(path.join(cwd, 'Dockerfile'), readFileSync(path.join(ROOT, 'fixtures/deleted-secret/Dockerfile')))
    expect((await layergate(['scan', image], { cwd })).stdout).toContain('Dockerfile:5   COPY secret.txt')
    writeFileSync(path.join(cwd, 'Dockerfile'), 'FROM busybox\nRUN something else\n')
    const { stdout } = await layergate(['scan', image], { cwd })
    expect(stdout).toContain('line not known')
    expect(stdout).toContain('Lines are not known: Dockerfile does not fit the image')
  })
})

describe('the other commands', () => {
  it.each([
    [['--version'], /^\d+\.\d+\.\d+\n$/],
    [['--help'], /Exit codes: 0 the image passes/],
    [['scan', '--help'], /--dockerfile FILE/],
    [['rules'], /deleted-secret +high +Secret in a file/],
    [['explain', 'pipe-to-shell'], /## After[\s\S]*sha256sum -c/],
    [['schema', 'config'], /"fail-on"/],
    [['schema', 'report'], /"schemaVersion"/],
  ])('%j', async (args, output) => {
    const { status, stdout } = await layergate(args)
    expect(status).toBe(0)
    expect(stdout).toMatch(output)
  })

  it('detectors lists them all, and tells of one how it is told, what it opens and how it is revoked', async () => {
    const all = await layergate(['detectors'])
    expect(all.status).toBe(0)
    expect(all.stdout).toMatch(
      /^\d{3} detectors;[\s\S]+Cloud providers\n {2}alibaba-[\s\S]+ {2}github-token +high +GitHub token\n/,
    )
    const one = await layergate(['detectors', 'npm-token'])
    expect(one.stdout).toMatch(
      /^npm access token \(npm-token\)[\s\S]+npm_ 36 letters and digits\n[\s\S]+CRC-32[\s\S]+revoke +Revoke the token/,
    )
    expect(JSON.parse((await layergate(['detectors', '--json'])).stdout)).toContainEqual(
      expect.objectContaining({ id: 'pgpass', files: expect.arrayContaining(['.pgpass']) }),
    )
    const unknown = await layergate(['detectors', 'npm-tokn'])
    expect(unknown).toMatchObject({ status: 2, stdout: '' })
    expect(unknown.stderr).toContain('There is no detector "npm-tokn". Did you mean npm-token?')
  })

  it('docs/detectors.md is what the detectors say', async () => {
    expect((await layergate(['detectors', '--markdown'])).stdout).toBe(
      readFileSync(path.join(ROOT, 'docs/detectors.md'), 'utf8'),
    )
  })

  it('prints the schema that is committed', async () => {
    expect((await layergate(['schema', 'config'])).stdout).toBe(
      readFileSync(path.join(ROOT, 'schema/layergate.schema.json'), 'utf8'),
    )
  })
})

describe('lines', () => {
  const folder = path.join(ROOT, 'fixtures/provenance')
  const linesOf = (stdout: string): (number | null)[] =>
    (JSON.parse(stdout) as { image: { layers: { dockerfile: { startLine: number } | null }[] } }).image.layers.map(
      ({ dockerfile }) => dockerfile?.startLine ?? null,
    )

  it.each([
    ['the attestation of the image', ['image-provenance.tar']],
    ['a metadata file', ['image.tar', '--build-metadata', 'metadata.json']],
    ['a build record', ['image.tar', '--build-metadata', 'record.dockerbuild']],
    ['the history alone', ['image.tar']],
  ])('from %s', async (_name, args) => {
    const { status, stdout, stderr } = await layergate(['scan', ...args, '--format', 'json'], { cwd: folder })
    expect(stderr).toBe('')
    expect(status).toBe(1)
    expect(linesOf(stdout)).toEqual([4, 5, 11, 13, 14, 19, 21])
  })

  it('of the Dockerfile that fits, of several that are named', async () => {
    const other = path.join(ROOT, 'fixtures/deleted-secret/Dockerfile')
    const { stdout } = await layergate(
      ['scan', 'image.tar', '--dockerfile', other, '--dockerfile', 'Dockerfile', '--format', 'json'],
      { cwd: folder },
    )
    expect(linesOf(stdout)).toEqual([4, 5, 11, 13, 14, 19, 21])
  })

  it('history prints the image as a table, with what was found and what hides it', async () => {
    const { status, stdout } = await layergate(['history', 'image.tar'], { cwd: folder })
    expect(status).toBe(0)
    expect(stdout).toMatch(
      /\nlines of Dockerfile, aligned\n[\s\S]*\n +5 {2}6\.1 kB .* 19 +own +1 critical {2}COPY \. \/app\/all\n/,
    )
    expect(stdout).toMatch(/ 6 {2}3\.1 kB .* 21-24 +own +hides 1 /)
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  })

  it('context says what a build would take along, and fails on a secret', async () => {
    const token = VALUES['github-token']?.() ?? ''
    mkdirSync(path.join(work, 'context'))
    writeFileSync(path.join(work, 'context/app.env'), `TOKEN=${token}\n`)
    const found = await layergate(['context', 'context'], { cwd: work })
    expect(found.status).toBe(1)
    expect(found.stdout).toContain('→ Add to context/.dockerignore:\n    app.env\n')
    expect(found.stdout).not.toContain(token)
    const json = await layergate(['context', 'context', '--json'], { cwd: work })
    expect(JSON.parse(json.stdout)).toMatchObject({ secrets: [{ path: 'app.env', line: 1 }], patterns: ['app.env'] })
    writeFileSync(path.join(work, 'context/.dockerignore'), 'app.env\n')
    expect(await layergate(['context', 'context'], { cwd: work })).toMatchObject({
      status: 0,
      stdout: 'PASS  context · 1 file, 8 bytes in the build context\n',
    })
  })
})

describe('bad input: one clear line, exit code 2', () => {
  const token = VALUES['github-token']?.() ?? ''
  const file = (name: string, content: Buffer | string): string => {
    const to = path.join(work, name)
    writeFileSync(to, content)
    return to
  }
  const spec = { layers: [{ by: 'COPY a /a # buildkit', files: [{ name: 'a', content: 'b' }] }] }
  it.each<[string, () => string[] | Promise<string[]>, RegExp]>([
    ['no such file', () => ['scan', './nothing.tar'], /nothing\.tar: no such file or directory/],
    ['a directory that is no layout', () => ['scan', './docs'], /docs: the directory is no OCI layout/],
    [
      'a directory that is called like an image',
      () => ['scan', 'docs'],
      /docs: no engine has an image of that name .* There is a directory \.\/docs, but it is no OCI layout/,
    ],
    [
      'build metadata that is not there',
      () => ['scan', ...TRAP, '--build-metadata', 'nothing.json'],
      /nothing\.json: the build metadata cannot be read: no such file or directory/,
    ],
    [
      'build metadata that is a directory',
      () => ['scan', ...TRAP, '--build-metadata', 'docs'],
      /docs: the build metadata is no file/,
    ],
    [
      'a context that is no directory',
      () => ['scan', ...TRAP, '--context', 'README.md'],
      /README\.md: the build context is no directory/,
    ],
    [
      'a context to look at that is not there',
      () => ['context', 'nothing'],
      /nothing: is no directory that can be read/,
    ],
    [
      'an unknown option of history',
      () => ['history', 'x.tar', '--dockerfil', 'y'],
      /no option --dockerfil\. Did you mean --dockerfile\? See layergate history --help/,
    ],
    ['history of nothing', () => ['history'], /Usage: layergate history IMAGE/],
    ['a text file', () => ['scan', 'README.md'], /README\.md is no image archive/],
    [
      'a stage that the Dockerfile does not have',
      () => [
        'scan',
        'fixtures/deleted-secret/image.tar',
        '--dockerfile',
        'fixtures/provenance/Dockerfile',
        '--target',
        'tset',
      ],
      /--target tset: fixtures\/provenance\/Dockerfile has no stage of that name\. Its stages: /,
    ],
    [
      'a report that is to be a directory',
      () => ['scan', ...TRAP, '--output', 'docs'],
      /docs: the report cannot be written: it is a directory, no file/,
    ],
    [
      'a report in a folder that is not there',
      () => ['scan', ...TRAP, '--output', 'nothing/report'],
      /nothing\/report: the report cannot be written: no such file or directory/,
    ],
    [
      'a report below a file',
      () => ['scan', ...TRAP, '--output', 'README.md/report'],
      /the report cannot be written: a part of its path is no directory/,
    ],
    [
      'a report to compare with that is not there',
      () => ['diff', 'a.json', 'b.json'],
      /a\.json: the report cannot be read: no such file or directory\. Name a report/,
    ],
    [
      'a Dockerfile with a misspelt instruction',
      () => ['lint', file('Misspelt', 'FROM scratch\nRUNN true\n')],
      /line 2: RUNN is no instruction \(did you mean RUN\?\)/,
    ],
    ['an empty file', () => ['scan', file('empty.tar', '')], /is empty/],
    [
      'a truncated tar',
      () => [
        'scan',
        file('cut.tar', readFileSync(path.join(ROOT, 'fixtures/deleted-secret/image.tar')).subarray(0, 1_500_000)),
      ],
      /truncated/,
    ],
    [
      'a truncated packed tar',
      () => [
        'scan',
        file('cut.tar.gz', readFileSync(path.join(ROOT, 'fixtures/formats/buildah.tar.gz')).subarray(0, 500_000)),
      ],
      /does not decompress/,
    ],
    [
      'a layer that does not match',
      async () => {
        const archive = await buildImage(spec)
        archive[archive.indexOf('b\0\0\0')] = 99
        return ['scan', file('changed.tar', archive)]
      },
      /does not match its diff ID/,
    ],
    [
      'a damaged packing',
      () => ['scan', file('a.tar.xz', Buffer.concat([Buffer.from('fd377a585a00', 'hex'), Buffer.alloc(600)]))],
      /does not decompress \(xz: its header is damaged\)/,
    ],
    [
      'an unknown packing',
      () => ['scan', file('a.7z', Buffer.concat([Buffer.from('377abcaf271c', 'hex'), Buffer.alloc(600)]))],
      /not packed with gzip, zstd, xz or bzip2/,
    ],
    [
      'a Windows image',
      async () => ['scan', file('windows.tar', await buildImage({ ...spec, overrides: { os: 'windows' } }))],
      /Windows image/,
    ],
    [
      'a name with no engine',
      () => ['scan', 'no-such-image:1'],
      /no-such-image:1: no engine has an image of that name \(docker/,
    ],
    ['a name that starts with a dash', () => ['scan', '--', '-x'], /looks like an option/],
    [
      'an unknown option',
      () => ['scan', 'x', '--dockerfle', 'y'],
      /There is no option --dockerfle\. Did you mean --dockerfile\?/,
    ],
    ['an unknown command', () => ['scn'], /There is no command "scn"\. Did you mean scan\?/],
    ['an unknown format', () => ['scan', 'x', '--format', 'sarf'], /Did you mean sarif\?/],
    ['two formats on standard output', () => ['scan', 'x', '--format', 'json', '--format', 'sarif'], /Only one format/],
    ['a wrong severity', () => ['scan', ...TRAP, '--fail-on', 'hi'], /"hi" is none of critical/],
    [
      'a broken configuration',
      () => ['scan', ...TRAP, '--config', file('bad.yml', 'rules:\n  root-usr: high\n')],
      /bad\.yml:2:3: there is no rule "root-usr"\. Did you mean "root-user"\?/,
    ],
    [
      'a Dockerfile that is not there',
      () => ['scan', 'fixtures/clean/image.tar', '--dockerfile', 'nope'],
      /nope: the Dockerfile cannot be read: no such file/,
    ],
    ['an unknown rule', () => ['explain', 'root'], /There is no rule "root"/],
    ['no image', () => ['scan'], /No image is named/],
    [
      'a name that holds a secret',
      async () => ['scan', file('named.tar', (await tar([{ name: `x/${token}`, content: 'y' }])).subarray(0, 512))],
      /needs 1 bytes, but the file ends before/,
    ],
  ])('%s', async (_name, args, message) => {
    const { status, stdout, stderr } = await layergate(await args(), { env: { PATH: '/nonexistent' } })
    expect(stderr).toMatch(message)
    expect(stderr).toMatch(/^layergate: .*\n$/)
    expect(stderr).not.toMatch(/\n\s+at |node:internal/)
    expect(stderr).not.toContain(token)
    expect(stdout).toBe('')
    expect(status).toBe(2)
  })

  it('a report in JSON says that nothing was judged, and no SARIF is written', async () => {
    const sarif = path.join(work, 'none.sarif')
    const { status, stdout } = await layergate(['scan', 'README.md', '--format', 'json', '--format', `sarif=${sarif}`])
    expect(status).toBe(2)
    expect(JSON.parse(stdout)).toMatchObject({
      verdict: { result: 'error' },
      error: { code: 'not-an-image' },
      findings: [],
      image: null,
    })
    expect(() => readFileSync(sarif)).toThrow('ENOENT')
  })
})

describe('a packed archive from standard input', () => {
  it('is unpacked and read', async () => {
    const packed = zlib.gzipSync(
      await buildImage({
        layers: [{ by: 'COPY a /a # buildkit', files: [{ name: 'a', content: 'b' }] }],
        config: { User: '1' },
      }),
    )
    expect(spawned(['scan', '-'], { input: packed }).status).toBe(0)
  })
})
