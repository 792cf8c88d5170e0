// `layergate context`: what COPY . . would take along, before any build.
import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import zlib from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { type ContextInspection, inspectContext } from '../../src/context/inspect-context.ts'
import { contextFails, renderContext } from '../../src/report/context.ts'
import { processScanner } from '../../src/secrets/scanner.ts'
import { useFolder } from '../folder.ts'
import { tar } from '../image-builder.ts'
import { fill, VALUES } from '../values.ts'
import { zip } from '../zip.ts'

const folder = useFolder()
const { put } = folder
const inspect = (dockerfile: string | null = null): Promise<ContextInspection> =>
  inspectContext(folder.path, '.', dockerfile, processScanner())
const token = VALUES['github-token']?.() ?? ''

describe('a build context', () => {
  it('shows secrets, what has no business in an image, and the lines that leave both out', async () => {
    put('src/main.ts', 'export {}\n')
    put('config/prod.env', `A=b\nTOKEN=${token}\n`)
    put('.git/objects/ab', 'x'.repeat(1000))
    put('server.pem', 'no key in it')
    put('app.log', 'log')
    const found = await inspect()
    expect(found.secrets).toMatchObject([
      { path: 'config/prod.env', line: 2, severity: 'critical', title: 'GitHub token' },
    ])
    expect(found.waste.map(({ path: name }) => name)).toEqual(['.git/', 'app.log', 'server.pem'])
    expect(found.waste[0]).toMatchObject({ bytes: 1000 })
    expect(found.patterns).toEqual(['config/prod.env', '.git', 'app.log', 'server.pem'])
    expect(contextFails(found)).toBe(true)
    const text = renderContext(found, false)
    expect(text).not.toContain(token)
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
    // The lines that it says, written, leave nothing.
    put('.dockerignore', `${found.patterns.join('\n')}\n`)
    expect(await inspect()).toMatchObject({ secrets: [], waste: [], patterns: [] })
  })

  it('is what .dockerignore leaves of it, with exceptions, and with a file of its own for a Dockerfile', async () => {
    put('secrets/a', token)
    put('secrets/b', token)
    put('.dockerignore', 'secrets\n!secrets/b\n')
    expect((await inspect()).secrets.map(({ path: name }) => name)).toEqual(['secrets/b'])
    put('app.Dockerfile', 'FROM scratch\n')
    put('app.Dockerfile.dockerignore', 'secrets\n')
    expect(await inspect('app.Dockerfile')).toMatchObject({ secrets: [], ignoreFile: 'app.Dockerfile.dockerignore' })
  })

  it('escapes names that would be patterns, and follows no link', async () => {
    put('[a]*.txt', token)
    symlinkSync('/etc/passwd', path.join(folder.path, 'link.pem'))
    expect(await inspect()).toMatchObject({ patterns: ['\\[a\\]\\*.txt'], waste: [] })
  })

  it('that is no directory is an error', async () => {
    await expect(inspectContext(folder.path, 'none', null, processScanner())).rejects.toThrow(
      /none: is no directory that can be read/,
    )
  })
})

describe('what COPY takes is what is read', () => {
  /** Files in directories that begin with a dot, or that hold what tools put there. */
  it.each([
    ['.aws/credentials', '[default]\naws_access_key_id = {{aws-id}}\naws_secret_access_key = {{aws-secret}}\n'],
    ['.ssh/id_ed25519', '{{pkcs8-key}}\n'],
    [
      '.docker/config.json',
      `{"auths":{"ghcr.io":{"auth":"${Buffer.from(`bot:${VALUES['password']?.()}`).toString('base64')}"}}}`,
    ],
    ['.git/config', '[remote "origin"]\n\turl = https://bot:{{github-token}}@github.com/acme/app.git\n'],
    ['.git/hooks/pre-push', '#!/bin/sh\nexport GITHUB_TOKEN={{github-token}}\n'],
    ['.config/gh/hosts.yml', 'github.com:\n  oauth_token: {{github-token}}\n'],
    ['.npmrc', '//registry.npmjs.org/:_authToken={{npm-token}}\n'],
    ['sub/.terraform/terraform.tfstate', '{"token":"{{gitlab-token}}"}'],
    ['node_modules/acme-client/.env', 'STRIPE_KEY={{stripe-key}}\n'],
    ['.dockerignore', '# {{github-token}}\nnothing\n'],
    ['.idea/workspace.xml', '<option value="{{slack-token}}"/>'],
  ])('%s', async (name, text) => {
    put(name, fill(text))
    const found = await inspect()
    expect(found.secrets.map((secret) => secret.path)).toEqual([name])
    expect(contextFails(found)).toBe(true)
    expect(found.skipped).toEqual([])
    const rendered = renderContext(found, true)
    expect(rendered).toContain(name)
    expect(rendered).toMatch(/^FAIL/)
  })

  const CONF = Buffer.from(`TOKEN=${token}\n`)
  /** Archives, opened with the code that opens those of layers. */
  it.each<[string, () => Buffer | Promise<Buffer>, string | null]>([
    ['lib/app.jar', () => zip({ 'META-INF/app.properties': CONF }), 'META-INF/app.properties'],
    ['dist.zip', () => zip({ 'app/.env': CONF }), 'app/.env'],
    ['backup.tar', () => tar([{ name: 'etc/app.conf', content: CONF }]), 'etc/app.conf'],
    ['backup.tar.gz', async () => zlib.gzipSync(await tar([{ name: 'etc/app.conf', content: CONF }])), 'etc/app.conf'],
    ['acme-1.0-py3-none-any.whl', () => zip({ 'acme/settings.py': CONF }), 'acme/settings.py'],
    ['dump.gz', () => zlib.gzipSync(CONF), null],
    [
      'war/outer.war',
      () => zip({ 'WEB-INF/lib/inner.jar': zip({ 'app.properties': CONF }) }),
      'WEB-INF/lib/inner.jar!/app.properties',
    ],
    [
      '.git/objects/0a/0123456789abcdef0123456789abcdef012345',
      () => zlib.deflateSync(Buffer.concat([Buffer.from(`blob ${CONF.length}\0`), CONF])),
      null,
    ],
  ])('%s', async (name, content, inside) => {
    mkdirSync(path.dirname(path.join(folder.path, name)), { recursive: true })
    writeFileSync(path.join(folder.path, name), await content())
    const found = await inspect()
    expect(found.secrets).toMatchObject([{ path: name, inside, severity: 'critical' }])
    if (inside !== null) expect(renderContext(found, true).replace(/\s+/g, '')).toContain(`(in${inside})`)
  })

  it('a file of several megabytes is read to its end', async () => {
    put('big.txt', `${'line of a log\n'.repeat(250_000)}TOKEN=${token}\n`)
    expect((await inspect()).secrets).toMatchObject([{ path: 'big.txt', line: 250_001 }])
  })

  it('what is not looked into is listed, and does not fail', async () => {
    writeFileSync(
      path.join(folder.path, 'x.7z'),
      Buffer.concat([Buffer.from([0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c, 0, 4]), Buffer.alloc(600, 7)]),
    )
    let nested = zip({ conf: Buffer.from('x') })
    for (let depth = 0; depth < 6; depth++) nested = zip({ 'a.zip': nested })
    writeFileSync(path.join(folder.path, 'deep.zip'), nested)
    const found = await inspect()
    expect(found.skipped.map(({ path: name }) => name.split('!/')[0])).toEqual(['deep.zip', 'x.7z'])
    expect(contextFails(found)).toBe(false)
    expect(renderContext(found, false)).toMatch(/What was not looked into\n ○ deep\.zip/)
  })

  it('what cannot be read is no pass', async () => {
    // No name that JavaScript can give back.
    writeFileSync(Buffer.concat([Buffer.from(`${folder.path}/caf`), Buffer.from([0xe9])]), 'x')
    const found = await inspect()
    expect(found.skipped).toMatchObject([{ isUnread: true, reason: 'it cannot be read: no such file or directory' }])
    expect(contextFails(found)).toBe(true)
    expect(renderContext(found, false)).toMatch(/^FAIL/)
  })

  it('pipes are not waited for, and links are not followed', async () => {
    execFileSync('mkfifo', [path.join(folder.path, 'pipe')])
    put('elsewhere/real.env', `TOKEN=${token}\n`)
    mkdirSync(path.join(folder.path, 'context'))
    symlinkSync('../elsewhere', path.join(folder.path, 'context/link'))
    symlinkSync('../elsewhere/real.env', path.join(folder.path, 'context/link.env'))
    execFileSync('mkfifo', [path.join(folder.path, 'context/pipe')])
    expect(await inspectContext(folder.path, 'context', null, processScanner())).toMatchObject({
      secrets: [],
      files: 0,
      skipped: [],
    })
  })

  it('test data of an installed package is medium at most, unless a token proves itself', async () => {
    put('node_modules/tls-kit/package.json', '{"name":"tls-kit","version":"1.0.0"}')
    put('node_modules/tls-kit/test/fixtures/server.key', fill('{{pkcs8-key}}\n'))
    put('mine/test/fixtures/server.key', fill('{{ec-key}}\n'))
    put('node_modules/tls-kit/test/token.txt', token)
    expect((await inspect()).secrets.map(({ path: name, severity }) => `${severity} ${name}`)).toEqual([
      'critical mine/test/fixtures/server.key',
      'critical node_modules/tls-kit/test/token.txt',
      'medium node_modules/tls-kit/test/fixtures/server.key',
    ])
  })
})

describe('the advice', () => {
  it.each(['Dockerfile', 'docker/app.Dockerfile', 'Containerfile', 'Dockerfile.dev', 'build/Dockerfile'])(
    'for a secret in %s is to take it out of it',
    async (name) => {
      put(name, `FROM scratch\nENV GITHUB_TOKEN=${token}\n`)
      const found = await inspect()
      expect(found.secrets).toMatchObject([{ path: name, line: 2, inDockerfile: true }])
      expect(found.patterns).toEqual([])
      const text = renderContext(found, false)
      expect(text).not.toContain('→ Add to')
      expect(text.replace(/\s+/g, ' ')).toContain(`→ Take it out of ${name}:2, and pass it as a build secret`)
    },
  )

  it('holds for the Dockerfile that is named, whatever it is called', async () => {
    put('ci/image.txt', `FROM scratch\nARG T=${token}\n`)
    put('app.env', `T=${token}\n`)
    const found = await inspect('ci/image.txt')
    expect(found.patterns).toEqual(['app.env'])
    expect(found.secrets.map(({ path: name, inDockerfile }) => [name, inDockerfile])).toEqual([
      ['app.env', false],
      ['ci/image.txt', true],
    ])
  })

  it('names a directory once, not each file in it', async () => {
    put('.aws/credentials', fill('[default]\naws_access_key_id = {{aws-id}}\naws_secret_access_key = {{aws-secret}}\n'))
    put('.git/config', `[x]\n\turl = https://bot:${token}@github.com/a/b\n`)
    put('src/.aws/config', `token = ${token}\n`)
    const found = await inspect()
    expect(found.patterns).toEqual(['.aws', '.git', 'src/.aws'])
    put('.dockerignore', `${found.patterns.join('\n')}\n`)
    expect(await inspect()).toMatchObject({ secrets: [], waste: [], patterns: [] })
  })
})

describe('the patterns that count', () => {
  it('are those beside the Dockerfile of the context', async () => {
    put('Dockerfile', 'FROM scratch\n')
    put('a.env', `T=${token}\n`)
    put('.dockerignore', 'a.env\n')
    expect((await inspect()).secrets).toEqual([])
    put('Dockerfile.dockerignore', 'b.env\n')
    expect(await inspect()).toMatchObject({ secrets: [{ path: 'a.env' }], ignoreFile: 'Dockerfile.dockerignore' })
  })

  it('count for a context that is named by its whole path, and from elsewhere', async () => {
    put('app/a.env', `T=${token}\n`)
    put('app/.dockerignore', 'a.env\n')
    put('other/x', 'x')
    const from = (root: string, directory: string): Promise<ContextInspection> =>
      inspectContext(root, directory, null, processScanner())
    expect((await from('/', path.join(folder.path, 'app'))).secrets).toEqual([])
    expect((await from(path.join(folder.path, 'other'), path.join(folder.path, 'app'))).secrets).toEqual([])
    expect((await from(path.join(folder.path, 'other'), '../app')).secrets).toEqual([])
  })

  it('with an exception take along what lies in a directory that is kept out', async () => {
    put('.ssh/id_rsa', fill('{{pkcs8-key}}\n'))
    put('.ssh/other', fill('{{ec-key}}\n'))
    put('.dockerignore', '.ssh\n!.ssh/other\n')
    expect((await inspect()).secrets.map(({ path: name }) => name)).toEqual(['.ssh/other'])
  })
})
