// `layergate fix` in a checkout: what it changes, what it leaves, and what it says.
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { useFolder } from '../folder.ts'
import { buildImage, type LayerSpec } from '../image-builder.ts'
import { type Done, layergate } from '../in-process.ts'
import { VALUES } from '../values.ts'

const TOKEN = VALUES['github-token']?.() ?? ''
const NPM = VALUES['npm-token']?.() ?? ''
const folder = useFolder()

const fix = (...args: readonly string[]): Promise<Done> =>
  layergate(['fix', 'image.tar', ...args], {
    directory: folder.path,
    env: { PATH: process.env['PATH'] ?? '', HOME: folder.path, TMPDIR: folder.path },
  })
const read = (name: string): string => readFileSync(path.join(folder.path, name), 'utf8')

const LAYERS: readonly LayerSpec[] = [
  {
    by: 'COPY .npmrc .env /app/ # buildkit',
    files: [
      { name: 'app/.npmrc', content: `//registry.npmjs.org/:_authToken=${NPM}\n` },
      { name: 'app/.env', content: `GITHUB_TOKEN=${TOKEN}\n` },
    ],
  },
  { by: 'RUN /bin/sh -c cd /app && npm ci # buildkit', files: [{ name: 'y', content: 'y' }] },
  {
    by: 'RUN /bin/sh -c rm /app/.npmrc /app/.env # buildkit',
    files: [{ name: 'app/.wh..npmrc' }, { name: 'app/.wh..env' }],
  },
]
const DOCKERFILE =
  '# the app\nFROM scratch\nCOPY .npmrc .env /app/\n\nRUN cd /app && npm ci\nRUN rm /app/.npmrc /app/.env\n'
const FIXED = '# the app\nFROM scratch\n\nRUN --mount=type=secret,id=npmrc,target=/app/.npmrc cd /app && npm ci\n'

beforeEach(async () => {
  writeFileSync(path.join(folder.path, 'image.tar'), await buildImage({ layers: LAYERS, config: { User: '1' } }))
  folder.put('Dockerfile', DOCKERFILE)
})

describe('layergate fix', () => {
  it('changes Dockerfile and .dockerignore, says what the build then takes, and shows no secret', async () => {
    const { status, stdout, stderr } = await fix()
    expect(stderr).toBe('')
    expect(status).toBe(0)
    expect(read('Dockerfile')).toBe(FIXED)
    expect(read('.dockerignore')).toBe('.npmrc\n.env\n')
    expect(stdout).toContain('Changed Dockerfile:\n  - COPY .npmrc .env /app/\n')
    expect(stdout).toContain('docker build then takes:\n  --secret id=npmrc,src=.npmrc\n')
    for (const secret of [TOKEN, NPM]) expect(stdout).not.toContain(secret)
  })

  it('a second time changes nothing, and says that the image is an old one', async () => {
    await fix()
    const { status, stdout } = await fix()
    expect(status).toBe(1)
    expect(stdout).toMatch(/^Nothing to change\.\n/)
    expect(stdout.replace(/\s+/g, ' ')).toContain('If it was changed since, build the image anew.')
    expect([read('Dockerfile'), read('.dockerignore')]).toEqual([FIXED, '.npmrc\n.env\n'])
  })

  it('--dry-run changes no file', async () => {
    const { status, stdout } = await fix('--dry-run')
    expect(status).toBe(0)
    expect(stdout).toContain('Would change Dockerfile:\n  - COPY')
    expect(read('Dockerfile')).toBe(DOCKERFILE)
    expect(existsSync(path.join(folder.path, '.dockerignore'))).toBe(false)
  })

  it('--patch writes what git apply takes, and changes no other file', async () => {
    spawnSync('git', ['init', '-q'], { cwd: folder.path })
    expect((await fix('--patch', 'fix.patch')).status).toBe(0)
    expect(read('Dockerfile')).toBe(DOCKERFILE)
    const applied = spawnSync('git', ['apply', 'fix.patch'], { cwd: folder.path, encoding: 'utf8' })
    expect(applied.stderr).toBe('')
    expect([read('Dockerfile'), read('.dockerignore')]).toEqual([FIXED, '.npmrc\n.env\n'])
  })

  it('keeps line ends, and what .dockerignore has', async () => {
    folder.put('Dockerfile', DOCKERFILE.replaceAll('\n', '\r\n'))
    folder.put('.dockerignore', '# ours\r\n.env\r\ndist')
    await fix()
    expect(read('Dockerfile')).toBe(FIXED.replaceAll('\n', '\r\n'))
    expect(read('.dockerignore')).toBe('# ours\r\n.env\r\ndist\r\n.npmrc\r\n')
  })

  it('writes no patch that would hold a secret', async () => {
    const layers = [{ by: `ENV TOKEN=${TOKEN} MODE=fast`, files: null, comment: 'buildkit.dockerfile.v0' }]
    const copied = { by: 'COPY x /x # buildkit', files: [{ name: 'x', content: 'x' }] }
    const archive = await buildImage({ layers: [copied, ...layers], config: { User: '1', Env: [`TOKEN=${TOKEN}`] } })
    writeFileSync(path.join(folder.path, 'image.tar'), archive)
    folder.put('Dockerfile', `FROM scratch\nCOPY x /x\nENV TOKEN=${TOKEN} MODE=fast\n`)
    const { status, stderr } = await fix('--patch', 'fix.patch')
    expect(status).toBe(2)
    expect(stderr).toMatch(/a patch would hold it too: layergate fix without --patch/)
    expect(stderr).not.toContain(TOKEN)
    expect(existsSync(path.join(folder.path, 'fix.patch'))).toBe(false)
    const done = await fix()
    expect(done.status).toBe(0)
    expect(done.stdout).not.toContain(TOKEN)
    expect(read('Dockerfile')).toBe('FROM scratch\nCOPY x /x\nENV MODE=fast\n')
  })

  it('lists what a person has to decide, and exits with 1', async () => {
    const copied = { by: 'COPY . /srv # buildkit', files: [{ name: 'srv/config.js', content: `key = '${TOKEN}'\n` }] }
    writeFileSync(path.join(folder.path, 'image.tar'), await buildImage({ layers: [copied], config: { User: '1' } }))
    folder.put('Dockerfile', 'FROM scratch\nCOPY . /srv\n')
    const { status, stdout } = await fix()
    expect(status).toBe(1)
    expect(stdout.replace(/\s+/g, ' ')).toMatch(
      /Nothing to change\. 1 finding without a certain change: Dockerfile:2: GitHub token in the image .* Take the value out of the file/,
    )
    expect(read('Dockerfile')).toBe('FROM scratch\nCOPY . /srv\n')
  })

  it.each<[string, (outside: string) => void]>([
    ['a link to a file outside', (outside) => symlinkSync(outside, path.join(folder.path, '.dockerignore'))],
    [
      'a link to a file outside that is not there yet',
      (outside) => symlinkSync(`${outside}.new`, path.join(folder.path, '.dockerignore')),
    ],
    ['a directory', () => mkdirSync(path.join(folder.path, '.dockerignore'))],
  ])('writes nothing through %s', async (_name, put) => {
    const outside = path.join(mkdtempSync(path.join(tmpdir(), 'layergate-outside-')), 'rc')
    writeFileSync(outside, 'as it was\n')
    put(outside)
    expect((await fix()).status).toBe(2)
    expect(readFileSync(outside, 'utf8')).toBe('as it was\n')
    expect(existsSync(`${outside}.new`)).toBe(false)
    rmSync(path.dirname(outside), { recursive: true })
  })

  it('changes no file that is no UTF-8', async () => {
    writeFileSync(path.join(folder.path, 'Dockerfile'), Buffer.from(DOCKERFILE.replace('the app', 'caf\xe9'), 'latin1'))
    expect(await fix()).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('Dockerfile: the file is no UTF-8'),
    })
  })

  describe('--build', () => {
    const CLEAN: readonly LayerSpec[] = [
      {
        by: 'RUN --mount=type=secret,id=npmrc,target=/app/.npmrc /bin/sh -c cd /app && npm ci # buildkit',
        files: [{ name: 'y', content: 'y' }],
      },
    ]
    /** A builder that makes the image of one Dockerfile or the other, as their lines say. */
    const builder = async (whenFixed: string, dockerfile = DOCKERFILE): Promise<void> => {
      folder.put('Dockerfile', dockerfile)
      const leaky = await buildImage({ layers: LAYERS, config: { User: '1' } })
      writeFileSync(path.join(folder.path, 'leaky.tar'), leaky)
      writeFileSync(path.join(folder.path, 'clean.tar'), await buildImage({ layers: CLEAN, config: { User: '1' } }))
      folder.put(
        'docker',
        `#!/bin/sh\necho "$@" >> said\necho "password: ${TOKEN}"\nif grep -q '^COPY .npmrc' Dockerfile; then cp leaky.tar image.tar; else ${whenFixed}; fi\n`,
      )
      chmodSync(path.join(folder.path, 'docker'), 0o755)
    }
    const BUILD = './docker build -t x .'

    it('builds and scans before and after, with the options for secrets, and says what changed', async () => {
      await builder('cp clean.tar image.tar')
      const { status, stdout, stderr } = await fix('--build', BUILD)
      expect(stderr).toBe('')
      expect(status).toBe(0)
      expect(read('said')).toBe('build -t x .\nbuild --secret id=npmrc,src=.npmrc -t x .\n')
      expect([read('Dockerfile'), read('.dockerignore')]).toEqual([FIXED, '.npmrc\n.env\n'])
      expect(stdout).toContain('Built and scanned before and after: both findings are gone, and there is no new')
      expect(stdout).toContain('Findings: 0 new, 2 fixed, 0 the same')
    })

    it('takes back what does not build, with the words of the builder, secrets hidden', async () => {
      await builder('echo "npm: cannot reach the registry" >&2; exit 3')
      const { status, stdout } = await fix('--build', BUILD)
      expect(status).toBe(1)
      expect(read('Dockerfile')).toBe(DOCKERFILE)
      expect(existsSync(path.join(folder.path, '.dockerignore'))).toBe(false)
      expect(stdout.replace(/\s+/g, ' ')).toMatch(
        /Nothing to change\. Taken back: the change of Dockerfile:3, .*\. The build fails with it \(exit code 3\): .*npm: cannot reach the registry/,
      )
      expect(stdout).not.toContain(TOKEN)
    })

    it('takes back what leaves the leak', async () => {
      await builder('cp leaky.tar image.tar')
      const { status, stdout } = await fix('--build', BUILD)
      expect(status).toBe(1)
      expect(read('Dockerfile')).toBe(DOCKERFILE)
      expect(stdout.replace(/\s+/g, ' ')).toContain('It builds, but this is still there: ')
    })

    it('keeps the changes that work where another does not, and builds what is kept', async () => {
      const first = LAYERS[0]
      const two = [
        { by: 'COPY build.env / # buildkit', files: [{ name: 'build.env', content: `TOKEN=${TOKEN}\n` }] },
        { by: 'RUN /bin/sh -c rm /build.env # buildkit', files: [{ name: '.wh.build.env' }] },
        ...(first === undefined
          ? []
          : [{ ...first, by: 'COPY .npmrc /app/ # buildkit', files: first.files?.slice(0, 1) ?? [] }]),
        { by: 'RUN /bin/sh -c rm /app/.npmrc # buildkit', files: [{ name: 'app/.wh..npmrc' }] },
      ]
      const dockerfile = 'FROM scratch\nCOPY build.env /\nRUN rm /build.env\nCOPY .npmrc /app/\nRUN rm /app/.npmrc\n'
      await builder('exit 1', dockerfile)
      writeFileSync(path.join(folder.path, 'leaky.tar'), await buildImage({ layers: two, config: { User: '1' } }))
      writeFileSync(
        path.join(folder.path, 'half.tar'),
        await buildImage({ layers: two.slice(2), config: { User: '1' } }),
      )
      folder.put(
        'docker',
        "#!/bin/sh\ngrep -q '^COPY .npmrc' Dockerfile || exit 1\nif grep -q '^COPY build.env' Dockerfile; then cp leaky.tar image.tar; else cp half.tar image.tar; fi\necho built >> said\n",
      )
      const { status, stdout } = await fix('--build', BUILD)
      expect(status).toBe(1)
      expect(read('Dockerfile')).toBe('FROM scratch\nCOPY .npmrc /app/\nRUN rm /app/.npmrc\n')
      expect(read('.dockerignore')).toBe('build.env\n')
      expect(stdout.replace(/\s+/g, ' ')).toMatch(/the finding is gone.*Taken back: the change of Dockerfile:4, npm/)
      expect(read('said').split('\n').filter(Boolean)).toHaveLength(3)
    })

    it('a build that fails before anything is changed is an error', async () => {
      await builder('exit 1')
      folder.put('docker', '#!/bin/sh\necho no space left\nexit 1\n')
      expect(await fix('--build', BUILD)).toMatchObject({
        status: 2,
        stderr: expect.stringContaining('the build fails before anything is changed (exit code 1): no space left'),
      })
      expect(read('Dockerfile')).toBe(DOCKERFILE)
    })

    it('an image that cannot be judged afterwards is an error, and the files are as they were', async () => {
      await builder('echo none > image.tar')
      expect((await fix('--build', BUILD)).status).toBe(2)
      expect(read('Dockerfile')).toBe(DOCKERFILE)
      expect(existsSync(path.join(folder.path, '.dockerignore'))).toBe(false)
    })

    it('a run that is ended in the middle leaves the files as they were', async () => {
      await builder('kill -TERM $(cat pid); sleep 5')
      folder.put('run.sh', '#!/bin/sh\necho $$ > pid\nexec "$@"\n')
      const { status } = spawnSync(
        'sh',
        ['run.sh', process.execPath, path.resolve('dist/cli.js'), 'fix', 'image.tar', '--build', BUILD],
        { cwd: folder.path, env: { PATH: process.env['PATH'] ?? '', HOME: folder.path, TMPDIR: folder.path } },
      )
      expect(status).toBe(2)
      expect(read('said').split('\n').filter(Boolean)).toHaveLength(2)
      expect(read('Dockerfile')).toBe(DOCKERFILE)
      expect(existsSync(path.join(folder.path, '.dockerignore'))).toBe(false)
    })
  })

  it.each([
    [['--build', 'x', '--patch', 'x'], /--build and --patch: name one of them/],
    [['--dry-run', '--patch', 'x'], /name one of them/],
    [['--patch', 'nothing/x'], /nothing\/x: the file cannot be written: no such file or directory/],
  ])('%j is an error', async (args, message) => {
    expect(await fix(...args)).toMatchObject({ status: 2, stderr: expect.stringMatching(message) })
    expect(read('Dockerfile')).toBe(DOCKERFILE)
  })
})
