// The changes that findings propose, where no engine is needed to see them: forms that old engines do not build, and cases in
// which no change is certain. test/engine/remedies.test.ts builds the common ones.
import { describe, expect, it } from 'vitest'
import { parseDockerfile } from '../../src/dockerfile/dockerfile.ts'
import type { Finding } from '../../src/finding/finding.ts'
import { applyEdits } from '../../src/remedy/apply.ts'
import { withoutRemoval } from '../../src/shell/edit.ts'
import { buildImage, type LayerSpec } from '../image-builder.ts'
import { judgeArchive } from '../run-gate.ts'
import { VALUES } from '../values.ts'
import { zip } from '../zip.ts'

const TOKEN = VALUES['github-token']?.() ?? ''
const run = (command: string, files: LayerSpec['files'] = [{ name: 'x', content: 'x' }], args = ''): LayerSpec => ({
  by: `RUN ${args}/bin/sh -c ${command} # buildkit`,
  files,
})
const exec = (command: string, args = ''): LayerSpec => ({
  by: `RUN ${args}${command} # buildkit`,
  files: [{ name: 'x', content: 'x' }],
})
const meta = (by: string): LayerSpec => ({ by, files: null, comment: 'buildkit.dockerfile.v0' })
const copy = (by: string, path: string): LayerSpec => ({
  by: `${by} # buildkit`,
  files: [{ name: path, content: TOKEN }],
})
const ARGS = `|1 TOKEN=${TOKEN} `

async function findingOf(
  dockerfile: string,
  layers: readonly LayerSpec[],
  config: Record<string, unknown> = {},
): Promise<Finding> {
  const { report } = await judgeArchive(await buildImage({ layers, config: { User: '1', ...config } }), { dockerfile })
  const [finding, ...more] = report.findings.filter(({ secret }) => secret !== null)
  expect(report.warnings).toEqual([])
  expect(more).toEqual([])
  if (finding === undefined) throw new Error('no finding')
  return finding
}

/** The Dockerfile with the change made; it must parse. */
function changed(dockerfile: string, { fix }: Finding): string {
  const text = applyEdits(dockerfile, fix?.edits ?? [])
  expect(parseDockerfile('Dockerfile', text).error).toBeNull()
  return text
}

describe('a secret mount', () => {
  it.each<[string, string, readonly LayerSpec[], string]>([
    [
      'in a here-document: the variable is read in its first line',
      'FROM scratch\nARG TOKEN\nRUN <<EOF\nset -e\nnpm ci --token=$TOKEN\nEOF\n',
      [meta(`ARG TOKEN=${TOKEN}`), run('set -e\nnpm ci --token=$TOKEN\n', undefined, ARGS)],
      'FROM scratch\nRUN --mount=type=secret,id=TOKEN <<EOF\nexport TOKEN="$(cat /run/secrets/TOKEN)"\nset -e\nnpm ci --token=$TOKEN\nEOF\n',
    ],
    [
      'for the exec form, and for a script that names its interpreter: as a variable',
      'FROM scratch\nARG TOKEN\nRUN ["/bin/npm", "ci"]\n',
      [meta(`ARG TOKEN=${TOKEN}`), exec('/bin/npm ci', ARGS)],
      'FROM scratch\nRUN --mount=type=secret,id=TOKEN,env=TOKEN ["/bin/npm", "ci"]\n',
    ],
    [
      'where a comment stands inside the instruction: on one line',
      'FROM scratch\nARG TOKEN\nRUN npm ci && \\\n  # why\n  echo $TOKEN\n',
      [meta(`ARG TOKEN=${TOKEN}`), run('npm ci &&   echo $TOKEN', undefined, ARGS)],
      'FROM scratch\nRUN --mount=type=secret,id=TOKEN export TOKEN="$(cat /run/secrets/TOKEN)" && npm ci &&   echo $TOKEN\n',
    ],
    [
      'beside options that are there',
      'FROM scratch\nARG TOKEN\nRUN --mount=type=cache,target=/root/.npm \\\n    npm ci\n',
      [meta(`ARG TOKEN=${TOKEN}`), run('npm ci', undefined, ARGS)],
      'FROM scratch\nRUN --mount=type=cache,target=/root/.npm --mount=type=secret,id=TOKEN \\\n    export TOKEN="$(cat /run/secrets/TOKEN)" && \\\n    npm ci\n',
    ],
  ])('%s', async (_name, dockerfile, layers, expected) => {
    const finding = await findingOf(dockerfile, layers)
    expect(changed(dockerfile, finding)).toBe(expected)
    expect(finding.fix?.build).toEqual(['--secret id=TOKEN,env=TOKEN'])
    expect(finding.remedy).toContain('--mount=type=secret,id=TOKEN')
  })
})

describe('no change is proposed', () => {
  it.each<[string, string, readonly LayerSpec[], Record<string, unknown>]>([
    [
      'where a RUN writes the secret into a file that stays',
      'FROM scratch\nARG TOKEN\nRUN echo $TOKEN > /t\n',
      [meta(`ARG TOKEN=${TOKEN}`), run('echo $TOKEN > /t', [{ name: 't', content: TOKEN }], ARGS)],
      {},
    ],
    [
      'where a COPY needs the argument',
      'FROM scratch\nARG TOKEN\nCOPY $TOKEN /x\n',
      [meta(`ARG TOKEN=${TOKEN}`), { by: `COPY ${TOKEN} /x # buildkit`, files: [{ name: 'x', content: 'x' }] }],
      {},
    ],
    [
      'for a file of another stage',
      'FROM scratch AS a\nFROM scratch\nCOPY --from=a /t /t\n',
      [copy('COPY /t /t', 't')],
      {},
    ],
    ['for what an archive held', 'FROM scratch\nADD files.tar.gz /\n', [copy('ADD files.tar.gz /', 't')], {}],
    [
      'for the command that is run',
      `FROM scratch\nCOPY x /x\nCMD ["app", "--token=${TOKEN}"]\n`,
      [{ by: 'COPY x /x # buildkit', files: [{ name: 'x', content: 'x' }] }, meta(`CMD ["app" "--token=${TOKEN}"]`)],
      { Cmd: ['app', `--token=${TOKEN}`] },
    ],
    [
      'where removing the file decides what else runs',
      'FROM scratch\nCOPY . /\nRUN rm /t || true\n',
      [copy('COPY . /', 't'), run('rm /t || true', [{ name: '.wh.t' }])],
      {},
    ],
    [
      'for a path that no option of RUN can name',
      'FROM scratch\nCOPY . /\nRUN cat "/a b" && rm "/a b"\n',
      [copy('COPY . /', 'a b'), run('cat "/a b" && rm "/a b"', [{ name: '.wh.a b' }])],
      {},
    ],
  ])('%s', async (_name, dockerfile, layers, config) => {
    const finding = await findingOf(dockerfile, layers, config)
    expect(finding.fix).toBeNull()
    expect(finding.remedy).toMatch(
      /^Delete the token in the GitHub settings\. .+ Delete pushed tags and the build cache: they keep it\.$/,
    )
  })

  it('for a variable whose name is none', async () => {
    const finding = await findingOf(
      `FROM scratch\nENV A((=${TOKEN}\nRUN true\n`,
      [meta(`ENV A((=${TOKEN}`), run('true')],
      { Env: [`A((=${TOKEN}`] },
    )
    expect(finding.fix).toBeNull()
  })
})

describe('rm is taken out of a script', () => {
  const target = (operand: string): boolean => operand === '/t'
  it.each([
    ['a && rm /t', 'a'],
    ['rm -f /t && a', 'a'],
    ['a && rm -rf /t && b', 'a && b'],
    ['a && \\\n  rm /t && \\\n  b', 'a && \\\n  b'],
    ['a; rm /t; b', 'a; b'],
    ['rm /t', ''],
    ['rm /t /other', 'rm /other'],
    ['rm /other /t', 'rm /other'],
    ['shred -u /t && a', 'a'],
    ['rm /t || true', null],
    ['a || rm /t', null],
    ['rm /t &', null],
    ['rm /other', null],
    ['if x; then rm /t; fi', null],
    ['a && (rm /t)', null],
    ['a "', null],
  ])('%j', (text, expected) => {
    expect(withoutRemoval(text, target)).toBe(expected)
  })
})

describe('a secret that COPY --from takes along', () => {
  const NPM = VALUES['npm-token']?.() ?? ''
  const taken = (by: string, ...paths: string[]): LayerSpec => ({
    by: `${by} # buildkit`,
    files: paths.map((name) => ({ name, content: name.endsWith('.npmrc') ? `//r.example/:_authToken=${NPM}\n` : 'x' })),
  })
  const FINAL = 'FROM scratch\nCOPY --from=build /app /srv\n'
  const layers = [taken('COPY /app /srv', 'srv/.npmrc', 'srv/out.js')]
  it.each<[string, string, string, readonly LayerSpec[]]>([
    [
      'is mounted in its stage where a program reads it',
      `FROM node AS build\nWORKDIR /app\nCOPY . .\nRUN npm ci\n${FINAL}`,
      `FROM node AS build\nWORKDIR /app\nCOPY . .\nRUN --mount=type=secret,id=npmrc,target=/app/.npmrc npm ci\n${FINAL}`,
      layers,
    ],
    [
      'goes from the COPY that names it',
      `FROM node AS build\nWORKDIR /app\nCOPY package.json .npmrc ./\nRUN npm ci && npm run build\n${FINAL}`,
      `FROM node AS build\nWORKDIR /app\nCOPY package.json ./\nRUN --mount=type=secret,id=npmrc,target=/app/.npmrc npm ci && npm run build\n${FINAL}`,
      layers,
    ],
    [
      'is removed at the end of its stage where a RUN makes it',
      `FROM node AS build\nWORKDIR /app\nARG T\nRUN echo "//r.example/:_authToken=$T" > .npmrc && npm ci\n${FINAL}`,
      `FROM node AS build\nWORKDIR /app\nARG T\nRUN echo "//r.example/:_authToken=$T" > .npmrc && npm ci\nRUN rm /app/.npmrc\n${FINAL}`,
      layers,
    ],
    [
      'is removed at the end of its stage where nobody can tell what reads it',
      `FROM node AS build\nWORKDIR /app\nCOPY . .\nRUN make\n${FINAL}`,
      `FROM node AS build\nWORKDIR /app\nCOPY . .\nRUN make\nRUN rm /app/.npmrc\n${FINAL}`,
      layers,
    ],
    [
      'stays where the stage runs as another user, who may not remove it',
      `FROM node AS build\nWORKDIR /app\nCOPY . .\nUSER node\nRUN make\n${FINAL}`,
      '',
      layers,
    ],
    [
      'stays where another stage takes it by its name',
      `FROM node AS build\nWORKDIR /app\nCOPY . .\nRUN make\nFROM node AS test\nCOPY --from=build /app/.npmrc /\n${FINAL}`,
      '',
      layers,
    ],
    [
      'stays where an image that is not built here has it',
      'FROM scratch\nCOPY --from=registry.example/build:1 /app /srv\n',
      '',
      layers,
    ],
  ])('%s', async (_, dockerfile, expected, of) => {
    const found = await findingOf(dockerfile, of)
    if (expected === '') expect(found.fix).toBeNull()
    else expect(changed(dockerfile, found)).toBe(expected)
  })
})

describe('a file that goes with its folder', () => {
  it.each<[string, string, string]>([
    [
      'is mounted, and the folder is removed after the RUN that reads it',
      'RUN check /conf/pay.ini && rm -rf /conf',
      'RUN --mount=type=secret,id=pay.ini,target=/conf/pay.ini check /conf/pay.ini\nRUN rm -rf /conf',
    ],
    ['leaves the removal as it is where nothing reads it', 'RUN rm -rf /conf /tmp/x', 'RUN rm -rf /conf /tmp/x'],
  ])('%s', async (_, command, expected) => {
    const dockerfile = `FROM scratch\nCOPY conf /conf\n${command}\n`
    const found = await findingOf(dockerfile, [
      { by: 'COPY conf /conf # buildkit', files: [{ name: 'conf/pay.ini', content: TOKEN }] },
      run(command.slice(4), [{ name: '.wh.conf' }]),
    ])
    expect(changed(dockerfile, found)).toBe(`FROM scratch\nCOPY conf /conf\n${expected}\n`)
    expect(found.fix?.ignore).toEqual({ path: '.dockerignore', patterns: ['conf/pay.ini'] })
  })
})

describe('what a package manager keeps', () => {
  it('goes at the end of the RUN that fetched it, and nobody is told to revoke it', async () => {
    const dockerfile = 'FROM scratch\nRUN apt-get update && apt-get install -y curl\n'
    const found = await findingOf(dockerfile, [
      run('apt-get update && apt-get install -y curl', [
        { name: 'var/lib/apt/lists/deb.example_Packages', content: TOKEN },
      ]),
    ])
    expect(changed(dockerfile, found)).toBe(
      'FROM scratch\nRUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*\n',
    )
    expect(found.remedy).toMatch(/^It is one of apt’s package lists, which a distribution publishes/)
    expect(found.remedy).not.toMatch(/Delete the token|Revoke/)
  })
})

describe('where no change is certain, the remedy says what a person has to decide', () => {
  const env = (by: string, path = 'app/.env'): LayerSpec => ({
    by: `${by} # buildkit`,
    files: [{ name: path, content: `TOKEN=${TOKEN}\n` }],
  })
  const gone = (command: string, path = 'app/.env'): LayerSpec => {
    const at = path.lastIndexOf('/')
    return run(command, [{ name: `${path.slice(0, at + 1)}.wh.${path.slice(at + 1)}` }])
  }
  it.each<[string, string, readonly LayerSpec[], RegExp]>([
    [
      'a RUN that changes it',
      'FROM scratch\nCOPY app.ini /app/app.ini\nRUN sed -i s/a/b/ /app/app.ini && serve /app/app.ini && rm /app/app.ini\n',
      [
        env('COPY app.ini /app/app.ini', 'app/app.ini'),
        gone('sed -i s/a/b/ /app/app.ini && serve /app/app.ini && rm /app/app.ini', 'app/app.ini'),
      ],
      /RUN in line 3 writes to it or around it, and a mount cannot be written to\./,
    ],
    [
      'a RUN that starts code of the project',
      'FROM scratch\nWORKDIR /app\nCOPY . .\nRUN make && rm .env\n',
      [meta('WORKDIR /app'), env('COPY . .'), gone('make && rm .env')],
      /Nobody can tell whether RUN in line 4 reads it: if so, mount it there\./,
    ],
    [
      'a file that the container may read',
      'FROM scratch\nWORKDIR /app\nCOPY . .\nCMD ["serve"]\n',
      [meta('WORKDIR /app'), env('COPY . .'), meta('CMD ["serve"]')],
      /If the container reads it when it runs, give it the variables then: `docker run --env-file \.env`; compose: `env_file: \.env`; Kubernetes/,
    ],
    [
      'a key that nothing in the build reads',
      'FROM scratch\nCOPY id_rsa /root/.ssh/id_rsa\n',
      [copy('COPY id_rsa /root/.ssh/id_rsa', 'root/.ssh/id_rsa')],
      /If the container reads it when it runs, mount it then/,
    ],
    [
      'code that holds a value',
      'FROM scratch\nCOPY . /srv\nCMD ["node", "/srv/config.js"]\n',
      [env('COPY . /srv', 'srv/config.js'), meta('CMD ["node" "/srv/config.js"]')],
      /Take the value out of the file, and let the program read it from its environment/,
    ],
    [
      'what ADD unpacks',
      'FROM scratch\nADD home.tar.gz /\n',
      [env('ADD home.tar.gz /', 'home/app/conf')],
      /Take \/home\/app\/conf out of the archive home\.tar\.gz, which ADD unpacks\./,
    ],
    [
      'another stage that takes it too',
      'FROM busybox AS build\nCOPY pay.ini /\nRUN cat /pay.ini\nFROM scratch\nCOPY --from=build /out /out\nCOPY . /app\nRUN rm /app/pay.ini\n',
      [
        { by: 'COPY /out /out # buildkit', files: [{ name: 'out', content: 'x' }] },
        env('COPY . /app', 'app/pay.ini'),
        gone('rm /app/pay.ini', 'app/pay.ini'),
      ],
      /COPY in line 2 takes it too\./,
    ],
    [
      'RUNs that mean something else in one shell',
      'FROM scratch\nRUN cd /opt && make-key > /tmp/key\nRUN use /tmp/key && rm /tmp/key\n',
      [
        run('cd /opt && make-key > /tmp/key', [{ name: 'tmp/key', content: TOKEN }]),
        run('use /tmp/key && rm /tmp/key', [{ name: 'tmp/.wh.key' }]),
      ],
      /Make and remove it in one RUN: lines 2 to 3\./,
    ],
    [
      'a folder that only this COPY makes',
      'FROM scratch\nCOPY deploy.env /conf/deploy.env\nRUN rm /conf/deploy.env\nRUN touch /conf/ready\n',
      [
        env('COPY deploy.env /conf/deploy.env', 'conf/deploy.env'),
        gone('rm /conf/deploy.env', 'conf/deploy.env'),
        run('touch /conf/ready'),
      ],
      /COPY makes \/conf too, which RUN in line 4 may need\./,
    ],
    [
      'a folder that the RUN which removes the file needs too',
      'FROM scratch\nCOPY deploy.env /conf/deploy.env\nRUN rm /conf/deploy.env && touch /conf/ready\n',
      [
        env('COPY deploy.env /conf/deploy.env', 'conf/deploy.env'),
        run('rm /conf/deploy.env && touch /conf/ready', [{ name: 'conf/.wh.deploy.env' }, { name: 'conf/ready' }]),
      ],
      /COPY makes \/conf too, which RUN in line 3 may need\./,
    ],
    [
      'a stage of its own that would lose what was made elsewhere',
      'FROM busybox\nWORKDIR /app\nRUN make-key > /tmp/key\nRUN adduser app\nCOPY a.txt .\nRUN use /tmp/key > out && rm /tmp/key\n',
      [
        { by: '/bin/sh -c #(nop) ADD file:1 in / ', files: [{ name: 'bin/sh', content: 'x' }] },
        meta('WORKDIR /app'),
        run('make-key > /tmp/key', [{ name: 'tmp/key', content: TOKEN }]),
        run('adduser app', [{ name: 'etc/passwd', content: 'app' }]),
        { by: 'COPY a.txt . # buildkit', files: [{ name: 'app/a.txt', content: 'a' }] },
        run('use /tmp/key > out && rm /tmp/key', [{ name: 'tmp/.wh.key' }, { name: 'app/out', content: 'o' }]),
      ],
      /Build with it in a stage of its own \(lines up to 6\), and copy from that what the image needs\./,
    ],
  ])('%s', async (_name, dockerfile, layers, why) => {
    const finding = await findingOf(dockerfile, layers)
    expect(finding.fix).toBeNull()
    expect(finding.remedy).toMatch(why)
  })

  it('what is no worse than low has no change', async () => {
    const layers = [
      {
        by: 'COPY .npmrc /app/ # buildkit',
        files: [{ name: 'app/.npmrc', content: 'x=redis://:secret@cache.acme.io\n' }],
      },
    ]
    const { report } = await judgeArchive(await buildImage({ layers, config: { User: '1' } }), {
      dockerfile: 'FROM scratch\nCOPY .npmrc /app/\n',
    })
    expect(report.findings.filter(({ secret }) => secret !== null)).toMatchObject([{ severity: 'low', fix: null }])
  })
})

describe('a RUN that needs a file', () => {
  const whole = async (command: string, path = 'app/.npmrc'): Promise<Finding> => {
    const at = path.lastIndexOf('/')
    return findingOf(`FROM scratch\nWORKDIR /app\nCOPY . .\nRUN ${command}\nRUN rm /${path}\n`, [
      meta('WORKDIR /app'),
      { by: 'COPY . . # buildkit', files: [{ name: path, content: TOKEN }] },
      run(command),
      run(`rm /${path}`, [{ name: `${path.slice(0, at + 1)}.wh.${path.slice(at + 1)}` }]),
    ])
  }
  it.each([
    ['names it', 'cat .npmrc'],
    ['names it by its path', 'cat /app/.npmrc'],
    ['names it behind an option', 'curl -K=.npmrc https://acme.io'],
    ['reads it as its input', 'wc -c < .npmrc'],
    ['names it by a pattern', 'cat .np*'],
    ['runs a program that reads it by itself', 'npm ci'],
    ['runs such a program in another directory than the file, and then in this', 'cd /app && npm ci'],
  ])('%s', async (_name, command) => {
    expect((await whole(command)).fix?.edits[0]?.lines.join('\n')).toContain('target=/app/.npmrc')
  })

  it.each([
    ['names another file whose name ends alike', 'cat worker.npmrc'],
    ['runs such a program elsewhere', 'cd /srv && npm ci'],
    ['asks for a version', 'npm --version'],
    ['has nothing to do with it', 'apt-get install -y curl'],
  ])('is none that %s', async (_name, command) => {
    const { fix } = await whole(command)
    expect(fix).not.toBeNull()
    expect(JSON.stringify(fix)).not.toContain('mount')
  })
})

it('a stage of its own, where nothing outside the working directory is lost', async () => {
  const dockerfile =
    'FROM busybox\nWORKDIR /app\nRUN make-key > /tmp/key\nCOPY a.txt .\nRUN use /tmp/key > out && rm /tmp/key\nCMD ["sh"]\n'
  const finding = await findingOf(dockerfile, [
    { by: '/bin/sh -c #(nop) ADD file:1 in / ', files: [{ name: 'bin/sh', content: 'x' }] },
    meta('WORKDIR /app'),
    run('make-key > /tmp/key', [{ name: 'tmp/key', content: TOKEN }]),
    { by: 'COPY a.txt . # buildkit', files: [{ name: 'app/a.txt', content: 'a' }] },
    run('use /tmp/key > out && rm /tmp/key', [{ name: 'tmp/.wh.key' }, { name: 'app/out', content: 'o' }]),
    meta('CMD ["sh"]'),
  ])
  expect(changed(dockerfile, finding)).toBe(
    'FROM busybox AS build\nWORKDIR /app\nRUN make-key > /tmp/key\nCOPY a.txt .\nRUN use /tmp/key > out && rm /tmp/key\n\nFROM busybox\nWORKDIR /app\nCOPY --from=build /app .\nCMD ["sh"]\n',
  )
})

describe('what the file is decides what is to be done', () => {
  const KEY = `${VALUES['ec-key']?.()}\n`
  const said = async (by: string, file: NonNullable<LayerSpec['files']>[number], more: readonly LayerSpec[] = []) =>
    (
      await findingOf(`FROM scratch\n${by}\n`, [
        { by: by.startsWith('RUN') ? run(by.slice(4)).by : `${by} # buildkit`, files: [file] },
        ...more,
      ])
    ).remedy

  it('compiled into a program', async () => {
    const content = `\x7fELF\0\0\x01key\0${TOKEN}\0\0`
    expect(await said('COPY server /usr/bin/server', { name: 'usr/bin/server', content, mode: 0o755 })).toMatch(
      /It is compiled into server: take the value out of its source, and let the program read it from its environment/,
    )
  })

  it('inside a program that is an archive', async () => {
    const content = zip({ 'BOOT-INF/classes/application.properties': Buffer.from(`token=${TOKEN}\n`) })
    expect(await said('COPY app.jar /app.jar', { name: 'app.jar', content })).toMatch(
      /It is in BOOT-INF\/classes\/application\.properties of app\.jar: take the value out where app\.jar is built/,
    )
  })

  it.each([
    ['RUN openssl req -x509 -nodes -newkey ec -keyout /etc/app/tls.key -out /etc/app/tls.crt', 'etc/app/tls.key'],
    ['RUN openssl genrsa -out /etc/app/tls.key', 'etc/app/tls.key'],
    ['RUN ssh-keygen -t ed25519 -N "" -f /srv/id_key', 'srv/id_key'],
  ])('%s: every container has the same key', async (by, name) => {
    expect(await said(by, { name, content: KEY })).toMatch(
      /Every container of this image has the same key, .* Make the key when the container starts, or mount one then\./,
    )
  })
})
