// Who vouches for a file, which words of a path count, which keys a build generated, which values everybody has.
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { ValueSearch } from '../../src/evidence/repeats.ts'
import { KnownPublic, publicHash } from '../../src/secrets/known.ts'
import {
  buildImage,
  type FileSpec,
  type ImageSpec,
  type LayerSpec,
  type Layout,
  sha256,
  tar,
} from '../image-builder.ts'
import { judgeArchive, type RunOptions } from '../run-gate.ts'
import { VALUES } from '../values.ts'

const value = (name: string): string => VALUES[name]?.() ?? ''
const KEY = `${value('ec-key')}\n`
const md5 = (text: string): string => createHash('md5').update(text).digest('hex')
const base64url = (text: string): string => Buffer.from(sha256(text), 'hex').toString('base64url')

const md5sums = (path: string, content = KEY): FileSpec => ({
  name: 'var/lib/dpkg/info/app.md5sums',
  content: `${md5(content)}  ${path}\n`,
})
const conffiles = (path: string): FileSpec => ({
  name: 'var/lib/dpkg/status',
  content: `Package: app\nConffiles:\n /${path} ${md5(KEY)}\nDescription: app\n`,
})
const apk = (folder: string, name: string): FileSpec => ({
  name: 'lib/apk/db/installed',
  content: `P:app\nF:${folder}\nR:${name}\nZ:Q1${createHash('sha1').update(KEY).digest('base64')}\n\n`,
})
const SITE = 'venv/lib/python3.12/site-packages'
const CRATE = 'usr/local/cargo/registry/src/index.crates.io-1949cf8c6b5b557f/x-1.0.0'
const record = (path: string, content: string): FileSpec => ({
  name: `${SITE}/acme-1.0.dist-info/RECORD`,
  content: `${path},sha256=${base64url(content)},${content.length}\n`,
})
const file = (name: string, content = KEY): FileSpec => ({ name, content })

const crate = [file(`${CRATE}/.cargo-ok`, '{"v":1}'), file(`${CRATE}/Cargo.toml`, '[package]')]
const login = `u = "postgres://app:${value('password')}@db.acme.com/app"\n`
const npmrc = `//registry.npmjs.org/:_authToken=${value('npm-token')}\n`

const copy = (...files: FileSpec[]): LayerSpec => ({ by: 'COPY . / # buildkit', files })
const run = (command: string, ...files: FileSpec[]): LayerSpec => ({
  by: `RUN /bin/sh -c ${command} # buildkit`,
  files,
})

/** An archive of one member, as Debian packages are. */
const ar = (name: string, content: Buffer): Buffer =>
  Buffer.concat([
    Buffer.from(
      `!<arch>\n${`${name}/`.padEnd(16)}${'0'.padEnd(12)}${'0'.padEnd(6)}${'0'.padEnd(6)}${'100644'.padEnd(8)}${String(content.length).padEnd(10)}\`\n`,
    ),
    content,
  ])

async function judge(
  layers: readonly LayerSpec[],
  { layout, overrides, ...options }: RunOptions & { layout?: Layout; overrides?: Record<string, unknown> } = {},
) {
  const spec: ImageSpec = { layers, config: { User: '1000' }, ...(overrides === undefined ? {} : { overrides }) }
  const { report } = await judgeArchive(await buildImage(spec, layout), options)
  const secrets = report.findings.filter(({ secret }) => secret !== null)
  return {
    report,
    result: report.verdict.result,
    severities: secrets.map(({ severity }) => severity).sort(),
    rules: secrets.map(({ ruleId }) => ruleId),
  }
}

describe('words in what package managers installed', () => {
  const words = `const password = "${value('password')}Zq81"\n`
  const source = file('app/node_modules/x/lib/index.js', words)
  const own = { name: 'app/node_modules/x/package.json', content: '{"name":"x","version":"1.0.0"}' }
  it.each([
    ['npm ci', run('npm ci', source, own), 0],
    ['npm install with flags', run('cd /app && npm install --omit=dev', source, own), 0],
    ['yarn alone', run('yarn --frozen-lockfile', source, own), 0],
    ['pnpm', run('pnpm i', source, own), 0],
    ['a base', run('true', source, own), 1],
    ['npm run', run('npm run build', source, own), 1],
    ['a COPY of node_modules', copy(source, own), 1],
    ['npm, of a folder that is no package', run('npm ci', source), 1],
    ['npm, beside the packages', run('npm ci', file('app/lib/index.js', words), own), 1],
    [
      'npm, in a file that people write',
      run('npm ci', file('app/node_modules/x/.env', `DB_PASSWORD=${value('password')}Zq81\n`), own),
      1,
    ],
  ])('%s', async (_about, layer, count) => {
    expect((await judge([layer])).severities).toHaveLength(count)
  })

  it('a token and a key stay', async () => {
    expect(
      await judge([run('npm ci', file('app/node_modules/x/lib/index.js', value('github-token')), own)]),
    ).toMatchObject({ severities: ['critical'] })
    expect(await judge([run('npm ci', file('app/node_modules/x/lib/id.pem'), own)])).toMatchObject({
      severities: ['critical'],
    })
  })

  const DOCKERFILE = (command: string): string =>
    `FROM scratch AS build\nRUN ${command}\nFROM scratch\nCOPY --from=build /app /app\nCOPY --from=build /venv /venv\n`
  const staged = (path: string, ...files: FileSpec[]): LayerSpec => ({ by: `COPY ${path} ${path} # buildkit`, files })
  const ofStages = (
    command: string,
    files: readonly FileSpec[],
    python: readonly FileSpec[],
  ): ReturnType<typeof judge> =>
    judge([staged('/app', ...files), staged('/venv', ...python)], { dockerfile: DOCKERFILE(command) })
  const config = `password = "${value('password')}Zq92"\n`
  const python = [file(`${SITE}/acme/api.py`, config), record('acme/api.py', config)]

  it('a stage that calls the manager is as good', async () => {
    expect((await ofStages('npm ci && pip install acme', [source, own], python)).severities).toEqual([])
  })

  it.each([
    ['a stage that calls none', 'make', 2],
    ['a stage that calls another', 'npm ci && apt-get install -y x', 1],
    ['a stage that writes records by hand', 'pip install acme && npm ci && cp x /venv/x.dist-info/RECORD', 2],
  ])('but not %s', async (_about, command, count) => {
    expect((await ofStages(command, [source, own], python)).severities).toHaveLength(count)
  })

  it('and a token stays there', async () => {
    const token = `token = "${value('github-token')}"\n`
    expect(
      (await ofStages('pip install acme', [], [file(`${SITE}/acme/api.py`, token), record('acme/api.py', token)]))
        .severities,
    ).toEqual(['critical'])
  })
})

describe('a record that somebody brought', () => {
  const OPENED = 'opt/app/id.pem'
  const cases: [about: string, layers: readonly LayerSpec[], options: Parameters<typeof judge>[1]][] = [
    ['md5sums by COPY', [copy(file(OPENED), md5sums(OPENED))], {}],
    ['Conffiles by COPY', [copy(file(OPENED), conffiles(OPENED))], {}],
    ['the database of apk by COPY', [copy(file(OPENED), apk('opt/app', 'id.pem'))], {}],
    [
      'md5sums of distroless by COPY',
      [copy(file(OPENED), { name: 'var/lib/dpkg/status.d/app.md5sums', content: `${md5(KEY)}  ${OPENED}\n` })],
      {},
    ],
    [
      'by ADD of an archive above a base',
      [run('true', file('base', 'x')), { by: 'ADD own.tar / # buildkit', files: [file(OPENED), md5sums(OPENED)] }],
      {},
    ],
    [
      'by ADD of an archive as the lowest layer',
      [{ by: 'ADD own.tar / # buildkit', files: [file(OPENED), md5sums(OPENED)] }],
      {},
    ],
    ['a path that climbs', [copy(file(OPENED), md5sums(`../../../../${OPENED}`))], {}],
    [
      'a path that climbs, in a RUN of apt',
      [run('apt-get install -y curl', file(OPENED), md5sums(`../${OPENED}`))],
      {},
    ],
    [
      'removed later',
      [
        copy(file(OPENED), md5sums(OPENED)),
        run('rm /var/lib/dpkg/info/app.md5sums', file('var/lib/dpkg/info/.wh.app.md5sums', '')),
      ],
      {},
    ],
    [
      'for a file that an earlier layer brought',
      [copy(file(OPENED)), run('apt-get install -y curl', md5sums(OPENED))],
      {},
    ],
    [
      'for a file that a later RUN of apt writes',
      [copy(md5sums(OPENED)), run('apt-get install -y curl', file(OPENED))],
      {},
    ],
    ['by a RUN that only copies', [run('cp -a /mnt/root/. /', file(OPENED), md5sums(OPENED))], {}],
    [
      'by a RUN that unpacks',
      [run('curl -sSf https://acme.example/x.tgz | tar -xz -C /', file(OPENED), md5sums(OPENED))],
      {},
    ],
    [
      'by a RUN of apt that writes the record by hand',
      [
        run(
          `apt-get install -y curl && md5sum ${OPENED} > /var/lib/dpkg/info/app.md5sums`,
          file(OPENED),
          md5sums(OPENED),
        ),
      ],
      {},
    ],
    [
      'by a RUN of a program of that name that lies elsewhere',
      [run('/opt/app/apt-get install -y curl', file(OPENED), md5sums(OPENED))],
      {},
    ],
    ['by a RUN that only speaks of apt', [run('echo apt-get install -y curl', file(OPENED), md5sums(OPENED))], {}],
    ['by a RUN of another package manager', [run('apk add curl', file(OPENED), md5sums(OPENED))], {}],
    ['by a script that is not read', [run('./build.sh', file(OPENED), md5sums(OPENED))], {}],
    ['in an image without a history', [copy(file(OPENED), md5sums(OPENED))], { overrides: { history: [] } }],
    [
      'in a squashed image',
      [copy(file(OPENED), md5sums(OPENED))],
      { overrides: { history: [{ created_by: 'COPY . /' }, { created_by: 'RUN apt-get install -y curl' }] } },
    ],
  ]
  it.each(cases)('%s', async (_about, layers, options) => {
    expect(await judge(layers, options)).toMatchObject({ result: 'fail', severities: ['critical'] })
  })
})

describe('a record of the package manager that made the layer', () => {
  const PATH = 'usr/lib/x/test.key'
  it.each([
    ['apt-get', 'apt-get update && apt-get install -y --no-install-recommends libx', md5sums(PATH)],
    ['apt, with a variable', 'DEBIAN_FRONTEND=noninteractive apt -y install $PACKAGES', md5sums(PATH)],
    [
      'apt-get among other commands',
      'set -eux; apt-get update; apt-get install -y libx; curl -o /x https://x.example; make install; rm -rf /var/lib/apt/lists/*',
      md5sums(PATH),
    ],
    ['apt-get in a branch', 'if ! command -v x; then apt-get install -y libx; fi', md5sums(PATH)],
    ['dpkg', 'dpkg -i /tmp/libx.deb', md5sums(PATH)],
    ['aptitude, for a configuration file', 'aptitude install -y libx', conffiles(PATH)],
    ['an upgrade', 'apt-get update && apt-get -y dist-upgrade', md5sums(PATH)],
    ['apk', 'apk add --no-cache libx', apk('usr/lib/x', 'test.key')],
    ['the helper of minideb', 'install_packages libx', md5sums(PATH)],
  ])('%s', async (_about, command, database) => {
    expect(await judge([run(command, file(PATH), database)])).toMatchObject({ result: 'pass', severities: [] })
  })

  it('vouches for no token that proves itself', async () => {
    const token = `token: ${value('github-token')}\n`
    expect(await judge([run('apt-get install -y libx', file(PATH, token), md5sums(PATH, token))])).toMatchObject({
      result: 'fail',
      severities: ['critical'],
    })
  })

  it('vouches in a base image', async () => {
    const { result, report } = await judge(
      [
        { by: 'ADD rootfs.tar / # buildkit', files: [file(PATH), md5sums(PATH)] },
        { by: 'RUN /bin/sh -c make -C /src all # buildkit', files: [file('made', 'x')] },
      ],
      { dockerfile: 'FROM debian:12\nRUN make -C /src all\n' },
    )
    expect([result, report.stats.vouchedFiles]).toEqual(['pass', 1])
  })

  it('counts what it vouches for not as skipped', async () => {
    const packed = '7z\xbc\xaf\x27\x1c'.repeat(200)
    const seven = Buffer.from(packed, 'latin1')
    const database = {
      name: 'var/lib/dpkg/info/x.md5sums',
      content: `${createHash('md5').update(seven).digest('hex')}  usr/share/x/data.7z\n`,
    }
    const of = async (layer: LayerSpec): Promise<number> => (await judge([layer])).report.stats.skipped.length
    const data = { name: 'usr/share/x/data.7z', content: seven }
    expect(await of(run('apt-get install -y x', data, database))).toBe(0)
    expect(await of(copy(data, database))).toBe(await of(copy(data)))
  })
})

describe('a RECORD of a wheel', () => {
  const aws = `aws_access_key_id = ${value('aws-id')}\naws_secret_access_key = ${value('aws-secret')}\n`
  it.each([
    ['a key', KEY, 'fail', 'critical'],
    ['a key pair of AWS', aws, 'fail', 'critical'],
    ['a token with a checksum', `t = "${value('github-token')}"\n`, 'fail', 'critical'],
    ['a key of Stripe', `t = "${value('stripe-key')}"\n`, 'pass', 'medium'],
    ['a token of Slack', `t = "${value('slack-token')}"\n`, 'pass', 'medium'],
    ['a connection string', `u = "postgres://app:${value('password')}@db.acme.com/app"\n`, 'pass', 'medium'],
  ])('written by pip: %s', async (_about, content, result, severity) => {
    const judged = await judge([
      run('/venv/bin/pip install acme', file(`${SITE}/acme/config.py`, content), record('acme/config.py', content)),
    ])
    expect(judged).toMatchObject({ result, severities: [severity] })
    if (severity === 'medium')
      expect(judged.report.findings.find(({ secret }) => secret !== null)?.message).toContain(
        'as python acme-1.0 was published',
      )
  })

  it.each([
    ['COPY', copy],
    ['a RUN that copies', (...files: FileSpec[]) => run('cp -a /build/venv /venv', ...files)],
    ['apt-get', (...files: FileSpec[]) => run('apt-get install -y python3', ...files)],
  ])('brought by %s lowers nothing', async (_about, by) => {
    const content = `t = "${value('stripe-key')}"\n`
    expect(await judge([by(file(`${SITE}/acme/config.py`, content), record('acme/config.py', content))])).toMatchObject(
      { result: 'fail', severities: ['high'] },
    )
  })

  it.each([
    'pip install acme',
    'python3 -m pip install acme',
    'uv sync --frozen',
    'poetry install',
    'pipx install acme',
    'conda install -y acme',
    'pdm sync',
  ])('%s is a package manager', async (command) => {
    const content = `t = "${value('stripe-key')}"\n`
    expect(
      await judge([run(command, file(`${SITE}/acme/config.py`, content), record('acme/config.py', content))]),
    ).toMatchObject({ result: 'pass' })
  })

  it('speaks for what Python compiles of a source too', async () => {
    const content = `u = "postgres://app:${value('password')}@db.acme.com/app"\n`
    const compiled = Buffer.concat([Buffer.from([0xcb, 0x0d, 0x0d, 0x0a, 0, 0, 0, 0]), Buffer.from(`\0\0${content}\0`)])
    const files = [
      file(`${SITE}/acme/config.py`, content),
      { name: `${SITE}/acme/__pycache__/config.cpython-312.pyc`, content: compiled },
      record('acme/config.py', content),
    ]
    expect(await judge([run('pip install acme', ...files)])).toMatchObject({ result: 'pass', severities: ['medium'] })
    expect(
      await judge([run('pip install acme', files[1] ?? file(''), record('acme/config.py', content))]),
    ).toMatchObject({ result: 'fail' })
  })
})

describe('words of a path', () => {
  const env = `STRIPE_KEY=${value('stripe-key')}\n`
  const manifest = (folder: string): FileSpec => file(`${folder}/package.json`, '{ "name": "x", "version": "1.2.3" }')
  it.each([
    ['/vendor/docs', [file('app/vendor/docs/id.pem')]],
    ['/vendor/test_key', [file('vendor/test_key')]],
    ['.env in /vendor/docs', [file('app/vendor/docs/.env', env)]],
    ['node_modules without a manifest', [file('app/node_modules/x/test/id.pem')]],
    [
      'a manifest without a version',
      [file('app/node_modules/x/test/id.pem'), file('app/node_modules/x/package.json', '{ "name": "x" }')],
    ],
    [
      'a manifest of the package around it',
      [file('app/node_modules/x/node_modules/y/test/id.pem'), manifest('app/node_modules/x')],
    ],
    ['.env in the test data of a package', [file('app/node_modules/x/test/.env', env), manifest('app/node_modules/x')]],
    [
      '.npmrc in the documentation of a package',
      [
        file('app/node_modules/x/docs/.npmrc', `//registry.acme.com/:_authToken=${value('stripe-key')}\n`),
        manifest('app/node_modules/x'),
      ],
    ],
    [
      'credentials in the examples of a package',
      [file('app/node_modules/x/examples/credentials', env), manifest('app/node_modules/x')],
    ],
    [
      'application.yml in the examples of a package',
      [
        file('app/node_modules/x/examples/application.yml', `stripe: ${value('stripe-key')}\n`),
        manifest('app/node_modules/x'),
      ],
    ],
    ['a key beside the sources of a package', [file('app/node_modules/x/lib/id.pem'), manifest('app/node_modules/x')]],
    [
      'a key in the documentation of a package',
      [file('app/node_modules/x/docs/server.key'), manifest('app/node_modules/x')],
    ],
    ['the tests of the application itself', [file('app/test/id.pem'), manifest('app')]],
    ['site-packages without a RECORD', [file(`${SITE}/acme/tests/id.pem`)]],
    ['a RECORD of another content', [file(`${SITE}/acme/tests/id.pem`), record('acme/tests/id.pem', 'other')]],
    ['gems without a gemspec', [file('usr/lib/ruby/gems/3.1.0/gems/x-1.0/test/id.pem')]],
    ['a folder called like a crate', [file(`${CRATE}/tests/id.pem`), file(`${CRATE}/Cargo.toml`, 'x')]],
    ['a folder called go', [file('home/me/go/src/app/id.pem')]],
    ['a library of Python that is none', [file('app/lib/python3.12/test/id.pem')]],
    ['documentation of no package', [file('usr/share/doc/app/examples/id.txt')]],
    ['what Python compiled of no package', [file(`${SITE}/acme/tests/__pycache__/keys.cpython-312.pyc`)]],
    ['a file that people write, in a crate', [file(`${CRATE}/.npmrc`, npmrc), ...crate]],
    ['a module of Go that nobody downloaded', [file('root/go/pkg/mod/acme.com/x@v1.0.0/testdata/id.pem')]],
  ])('lower nothing: %s', async (_about, files) => {
    expect(await judge([copy(...files)])).toMatchObject({ result: 'fail' })
  })

  it.each([
    ['npm', [file('app/node_modules/x/test/id.pem'), manifest('app/node_modules/x')]],
    ['npm, in a scope', [file('app/node_modules/@acme/x/test/fixtures/id.pem'), manifest('app/node_modules/@acme/x')]],
    ['a README of npm', [file('app/node_modules/x/README.md', env), manifest('app/node_modules/x')]],
    ['pip', [file(`${SITE}/acme/tests/id.pem`), record('acme/tests/id.pem', KEY)]],
    [
      'a gem',
      [
        file('usr/lib/ruby/gems/3.1.0/gems/x-1.0/test/id.pem'),
        file('usr/lib/ruby/gems/3.1.0/specifications/x-1.0.gemspec', 'Gem'),
      ],
    ],
    [
      'composer',
      [
        file('app/vendor/acme/x/tests/id.pem'),
        file('app/vendor/acme/x/composer.json', '{}'),
        file('app/vendor/composer/installed.json', '{}'),
      ],
    ],
    [
      'Go',
      [
        file('root/go/pkg/mod/acme.com/x@v1.0.0/testdata/id.pem'),
        file('root/go/pkg/mod/cache/download/acme.com/x/@v/v1.0.0.ziphash', 'h1:x'),
      ],
    ],
    ['a crate, its sources too', [file(`${CRATE}/src/tls.rs`), ...crate]],
    [
      'a crate that cargo vendor brought',
      [
        file('app/vendor/x/src/tls.rs'),
        file('app/vendor/x/.cargo-checksum.json', '{}'),
        file('app/vendor/x/Cargo.toml', '[package]'),
      ],
    ],
    [
      'the library of Go',
      [
        file('usr/local/go/src/crypto/tls/tls.go'),
        file('usr/local/go/src/runtime/proc.go', 'x'),
        file('usr/local/go/src/go.mod', 'module std'),
      ],
    ],
    [
      'the library of Python',
      ['ssl.py', 'os.py', 'site.py', 'encodings/__init__.py'].map((name) =>
        file(`usr/lib/python3.12/${name}`, name === 'ssl.py' ? KEY : 'x'),
      ),
    ],
    [
      'the documentation of a package of Debian',
      [file('usr/share/doc/app/examples/id.txt'), file('usr/share/doc/app/copyright', 'x')],
    ],
    [
      'the tests of MariaDB',
      ['lib/mtr_cases.pm', 'main/grant.test', 'std_data/server.key'].map((name) =>
        file(`usr/share/mysql/mysql-test/${name}`, name.endsWith('.key') ? KEY : 'x'),
      ),
    ],
    [
      'what Python compiled of the tests of a package',
      [file(`${SITE}/acme/tests/__pycache__/keys.cpython-312.pyc`), record('acme/x.py', 'x')],
    ],
    [
      'a login in the code of a package of npm',
      [file('app/node_modules/x/lib/a.js', login), manifest('app/node_modules/x')],
    ],
  ])('lower inside an installed package: %s', async (_about, files) => {
    expect(await judge([copy(...files)])).toMatchObject({ result: 'pass', severities: ['medium'] })
  })

  it('lower a login in a manual page, and no token of an issuer', async () => {
    const page = 'usr/share/man/man5/app.conf.5'
    expect(await judge([copy(file(page, login))])).toMatchObject({ result: 'pass' })
    expect(await judge([copy(file(page, `${value('stripe-key')}\n`))])).toMatchObject({ result: 'fail' })
    expect(await judge([copy(file('usr/share/man/app.conf', login))])).toMatchObject({ result: 'fail' })
  })

  it.each([
    [
      'an issuer’s token in the code of a package of npm',
      [file('app/node_modules/x/lib/a.js', `${value('stripe-key')}\n`), manifest('app/node_modules/x')],
    ],
    [
      'a login in the settings of a package of npm',
      [file('app/node_modules/x/config.json', login), manifest('app/node_modules/x')],
    ],
  ])('do not lower %s', async (_about, files) => {
    expect(await judge([copy(...files)])).toMatchObject({ result: 'fail' })
  })

  it('show a generic value in documentation, and fail no policy for it', async () => {
    const readme = file('app/node_modules/x/README.md', `const password = "${value('password')}Zq81"\n`)
    expect(await judge([copy(readme, manifest('app/node_modules/x'))], { policy: 'extends: strict' })).toMatchObject({
      severities: ['low'],
    })
    expect(await judge([copy(readme)], { policy: 'extends: strict' })).toMatchObject({ severities: ['medium'] })
  })

  it.each([
    ['a changelog', 'usr/share/doc/x/changelog', 'password', 'deb', 'low'],
    ['a manual', 'usr/share/man/man1/x.1', 'password', 'deb', 'low'],
    ['a page of info', 'usr/share/info/x.info', 'password', 'rpm.deb', 'low'],
    ['what is no manual', 'usr/share/x/settings.ini', 'password', 'deb', 'medium'],
    ['a package under another name', 'usr/share/doc/x/changelog', 'password', 'ar', 'medium'],
    ['a token', 'usr/share/doc/x/changelog', 'github-token', 'deb', 'critical'],
  ])(
    'lower a generic value in the manual of a package that was downloaded: %s',
    async (_about, member, kind, ending, severity) => {
      const text = kind === 'password' ? `const password = "${value('password')}Zq81"\n` : value(kind)
      const archive = ar('data.tar', await tar([{ name: member, content: text }]))
      expect(
        await judge([run('apt-get install -y x', { name: `var/cache/apt/archives/x.${ending}`, content: archive })], {
          policy: 'extends: strict',
        }),
      ).toMatchObject({
        severities: [severity],
      })
    },
  )

  it('a package that lies there as it was downloaded is as the files that were installed from it', async () => {
    const text = `login = "https://svc:${value('password')}Zq81@git.internal/x"\n`
    const deb = (content: string, member = 'usr/lib/x/settings.py'): Promise<Buffer> =>
      tar([{ name: member, content }]).then((data) => ar('data.tar', data))
    const of = async (downloaded: Buffer, ...installed: FileSpec[]): Promise<readonly string[]> =>
      (
        await judge([
          run('apt-get install -y x', ...installed, { name: 'var/cache/apt/archives/x.deb', content: downloaded }),
        ])
      ).severities
    const installed = [file('usr/lib/x/settings.py', text), md5sums('usr/lib/x/settings.py', text)]
    expect(await of(await deb(text), ...installed)).toEqual([])
    // It was not installed, another value was, it lies elsewhere, or nobody vouches for what was.
    expect(await of(await deb(text))).toEqual(['high'])
    expect(await of(await deb(text.replace('svc', 'app').replace('Zq81', 'Zq82')), ...installed)).toEqual(['high'])
    expect(await of(await deb(text, 'usr/lib/y/settings.py'), ...installed)).toEqual(['high'])
    expect(await of(await deb(text), file('usr/lib/x/settings.py', text))).toEqual(['high'])
  })

  it('lower no token that proves itself', async () => {
    expect(
      await judge([copy(file('app/node_modules/x/README.md', value('github-token')), manifest('app/node_modules/x'))]),
    ).toMatchObject({
      result: 'fail',
      severities: ['critical'],
    })
  })
})

describe('a key that the build generated', () => {
  const HOST = 'etc/ssh/ssh_host_ecdsa_key'
  const SNAKEOIL = 'etc/ssl/private/ssl-cert-snakeoil.key'
  const postinst = (name: string): FileSpec => file(`var/lib/dpkg/info/${name}.postinst`, '#!/bin/sh\n')
  it.each([
    ['a host key of openssh-server', run('apt-get install -y openssh-server', file(HOST))],
    ['a host key of ssh-keygen -A', run('apk add openssh && ssh-keygen -A', file(HOST))],
    [
      'a host key that ssh-keygen names',
      run('ssh-keygen -q -N "" -t ecdsa -f /etc/ssh/ssh_host_ecdsa_key', file(HOST)),
    ],
    ['a host key that is made anew', run('rm /etc/ssh/ssh_host_* && dpkg-reconfigure openssh-server', file(HOST))],
    [
      'snakeoil as what another package depends on',
      run('apt-get install -y some-mail-server', file(SNAKEOIL), postinst('ssl-cert')),
    ],
    ['snakeoil of its program', run('make-ssl-cert generate-default-snakeoil', file(SNAKEOIL))],
    [
      'a key that openssl names',
      run(
        'openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -keyout /etc/nginx/ssl/localhost.key -out /x',
        file('etc/nginx/ssl/localhost.key'),
      ),
    ],
  ])('%s', async (_about, layer) => {
    expect(await judge([layer])).toMatchObject({ result: 'pass', rules: ['generated-key'] })
  })

  it.each([
    ['a key that COPY brings', copy(file('etc/nginx/ssl/localhost.key'))],
    ['a host key that COPY brings', copy(file(HOST), postinst('openssh-server'))],
    ['a key that RUN copies', run('cp /mnt/localhost.key /etc/nginx/ssl/', file('etc/nginx/ssl/localhost.key'))],
    ['a host key that RUN downloads', run('curl -o /etc/ssh/ssh_host_ecdsa_key https://acme.example/key', file(HOST))],
    [
      'a key where openssl makes another',
      run('openssl genrsa -out /etc/other.key 2048', file('etc/nginx/ssl/localhost.key')),
    ],
    ['snakeoil where another package is installed', run('apt-get install -y curl', file(SNAKEOIL))],
    ['a host key of a script that is not read', run('./setup.sh', file(HOST))],
    ['a key of the application', run('apt-get install -y openssh-server', file('app/ssh_host_ecdsa_key'))],
  ])('is none: %s', async (_about, layer) => {
    expect(await judge([layer])).toMatchObject({ result: 'fail', severities: ['critical'] })
  })

  it('stays one in a layer that is one of several RUN', async () => {
    const layers: LayerSpec[] = [
      { by: 'RUN apt-get install -y openssh-server', files: null },
      { by: 'CMD ["/usr/sbin/sshd"]', files: [file(HOST)] },
    ]
    expect(await judge(layers)).toMatchObject({ result: 'pass' })
    expect(await judge([{ by: 'COPY . /etc/ssh', files: null }, ...layers])).toMatchObject({ result: 'fail' })
  })
})

describe('known public values', () => {
  it('are told by half a hash, each with its source', () => {
    const known = new KnownPublic(`Debian x: 0011223344556677 8899aabbccddeeff\nPyPI y: ${publicHash('key:1')}`)
    expect([known.sourceOf('key:1'), known.sourceOf('key:2')]).toEqual(['PyPI y', null])
  })

  it('are each of the published form, and none twice', () => {
    const hashes = new KnownPublic().hashes()
    expect(hashes.length).toBeGreaterThan(100)
    expect(hashes.every((hash) => /^[0-9a-f]{16}$/.test(hash))).toBe(true)
    expect(new Set(hashes).size).toBe(hashes.length)
  })
})

describe('values that are looked for in all texts', () => {
  it('stand where they stand', () => {
    const search = new ValueSearch(['first-value', 'first-value-longer', 'other-value', 'short'])
    expect(
      [...search.in('a first-value-longer, other-value, short first-value')].map(
        ({ value: found, at }) => `${found} ${at}`,
      ),
    ).toEqual(['first-value 2', 'first-value-longer 2', 'other-value 22', 'first-value 41'])
    expect([...search.in('')]).toEqual([])
    expect([...new ValueSearch(['aaaaaaaa']).in('a'.repeat(24))].map(({ at }) => at)).toEqual([0, 8, 16])
  })

  it('end for 10,000 values in 10,000 texts', () => {
    const values = Array.from({ length: 10_000 }, (_, index) => sha256(`${index}`))
    const search = new ValueSearch(values)
    let found = 0
    for (let entry = 0; entry < 10_000; entry++)
      for (const { value: own } of search.in(`ENV A_${entry}=${values[entry]} B=${sha256(`b${entry}`)}`))
        if (own === values[entry]) found++
    expect(found).toBe(10_000)
  })

  it('end for values that all start alike', () => {
    const values = Array.from({ length: 2000 }, (_, index) => 'a'.repeat(8 + index))
    expect([...new ValueSearch(values).in('a'.repeat(100_000))].length).toBeGreaterThan(0)
  })

  it('are told whose they are, for 10,000 variables and 10,000 entries of the history', async () => {
    const names = Array.from({ length: 10_000 }, (_, index) => `NAME_${index}`)
    const layers: LayerSpec[] = [
      copy(file('app/x', 'x')),
      ...names.map((name): LayerSpec => ({ by: `ENV ${name}=1 # buildkit`, files: null })),
      { by: `ENV TOKEN=${value('github-token')} # buildkit`, files: null },
    ]
    const spec: ImageSpec = {
      layers,
      config: { User: '1000', Env: [...names.map((name) => `${name}=1`), `TOKEN=${value('github-token')}`] },
    }
    const { report } = await judgeArchive(await buildImage(spec), {
      dockerfile: `FROM debian:12\nCOPY . /\n${names.map((name) => `ENV ${name}=1\n`).join('')}ENV TOKEN=${value('github-token')}\n`,
    })
    expect(report.findings.find(({ ruleId }) => ruleId === 'secret-in-env')?.dockerfile?.startLine).toBe(10_003)
  })
})

describe('hostile package databases', () => {
  const lines = (count: number): string =>
    Array.from({ length: count }, (_, index) => `${'0'.repeat(32)}  usr/share/x/${index}`).join('\n')
  it('are read up to the limit of their lines', async () => {
    const layer = run('apt-get install -y x', file('usr/lib/x/test.key'), {
      name: 'var/lib/dpkg/info/x.md5sums',
      content: lines(1001),
    })
    await expect(judge([layer], { policy: 'limits: { records: 1000 }' })).rejects.toThrow(
      /name more than 1000 files \(limits\.records\)/,
    )
    expect(await judge([layer], { policy: 'limits: { records: 1001 }' })).toMatchObject({ result: 'fail' })
  })

  it('are kept up to the limit of their bytes', async () => {
    const layer = run(
      'apt-get install -y x',
      { name: 'var/lib/dpkg/info/x.md5sums', content: lines(100) },
      { name: 'var/lib/dpkg/info/y.md5sums', content: lines(100) },
    )
    await expect(judge([layer], { policy: 'limits: { extract-bytes: 8000 }' })).rejects.toThrow(
      /too large together \(limits\.extract-bytes\)/,
    )
    expect(await judge([layer], { policy: 'limits: { extract-bytes: 20000 }' })).toMatchObject({ result: 'pass' })
  })

  it('leave nothing behind but the records of what was found', async () => {
    const layer = run('apt-get install -y x', file('usr/lib/x/test.key'), {
      name: 'var/lib/dpkg/info/x.md5sums',
      content: `${lines(100_000)}\n${md5(KEY)}  usr/lib/x/test.key\n`,
    })
    expect(await judge([layer, layer, layer])).toMatchObject({ result: 'pass', severities: [] })
  })
})
