// The changes that findings propose: each is made, built by a real engine, and its image is clean.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseDockerfile } from '../../src/dockerfile/dockerfile.ts'
import type { Report } from '../../src/outcome/contract.ts'
import { applyEdits } from '../../src/remedy/apply.ts'
import { VALUES } from '../values.ts'
import { CLIENT, type Engine, hasEngine, joinEngine } from './engine.ts'

const CLI = path.join(import.meta.dirname, '../../dist/cli.js')

const token = VALUES['github-token']?.() ?? ''
const NPMRC = `//registry.npmjs.org/:_authToken=${VALUES['npm-token']?.()}\n`
/** Prints the token, which stands in no file of the context. */
const MAKE = `#!/bin/sh\necho ${token.slice(0, 9)}${'"'}${'"'}${token.slice(9)}\n`
const BASE = 'FROM scratch\nADD root.tar /\n'

interface Case {
  readonly name: string
  readonly dockerfile: string
  readonly files: Record<string, string>
  readonly args?: readonly string[]
  /** What `docker build` is given as secrets, by id. */
  readonly secrets?: Record<string, string>
  /** The Dockerfile with the change made. */
  readonly becomes: string
  readonly ignores?: string
}

const CASES: readonly Case[] = [
  {
    name: 'COPY . takes a file that nothing needs: .dockerignore',
    dockerfile: `${BASE}WORKDIR /app\nCOPY . .\nRUN rm config/.env\nCMD ["sh"]\n`,
    files: { 'config/.env': `TOKEN=${token}\n`, 'x.txt': 'x' },
    becomes: `${BASE}WORKDIR /app\nCOPY . .\nCMD ["sh"]\n`,
    ignores: 'config/.env',
  },
  {
    name: 'COPY . takes a file that a RUN needs: it mounts it, and the rm goes out of the chain',
    dockerfile: `${BASE}WORKDIR /app\nCOPY . .\nRUN wc -c .npmrc > /len && \\\n    rm -f .npmrc && \\\n    echo done\nCMD ["sh"]\n`,
    files: { '.npmrc': NPMRC },
    secrets: { npmrc: NPMRC },
    becomes: `${BASE}WORKDIR /app\nCOPY . .\nRUN --mount=type=secret,id=npmrc,target=/app/.npmrc \\\n    wc -c .npmrc > /len && \\\n    echo done\nCMD ["sh"]\n`,
    ignores: '.npmrc',
  },
  {
    name: 'a file that COPY names: the COPY goes, the RUN mounts it, the RUN that only removes goes',
    dockerfile: `${BASE}COPY .npmrc /root/.npmrc\nRUN wc -c < /root/.npmrc > /len\nRUN rm /root/.npmrc\n`,
    files: { '.npmrc': NPMRC },
    secrets: { npmrc: NPMRC },
    becomes: `${BASE}RUN --mount=type=secret,id=npmrc,target=/root/.npmrc wc -c < /root/.npmrc > /len\n`,
    ignores: '.npmrc',
  },
  {
    name: 'one of several sources of a COPY',
    dockerfile: `${BASE}COPY a.txt token.txt /app/\nRUN rm /app/token.txt\n`,
    files: { 'a.txt': 'a', 'token.txt': token },
    becomes: `${BASE}COPY a.txt /app/\n`,
    ignores: 'token.txt',
  },
  {
    name: 'one of several sources in the JSON form',
    dockerfile: `${BASE}COPY --chown=1:1 ["a.txt", "token.txt", "/my app/"]\nRUN rm "/my app/token.txt"\n`,
    files: { 'a.txt': 'a', 'token.txt': token },
    becomes: `${BASE}COPY --chown=1:1 ["a.txt","/my app/"]\n`,
    ignores: 'token.txt',
  },
  {
    name: 'an argument that a RUN names',
    dockerfile: `${BASE}ARG VERSION=1 TOKEN\nRUN test -n "$TOKEN" && \\\n    echo "$VERSION" > /version\n`,
    files: {},
    args: [`TOKEN=${token}`],
    secrets: { TOKEN: token },
    becomes: `${BASE}ARG VERSION=1\nRUN --mount=type=secret,id=TOKEN \\\n    export TOKEN="$(cat /run/secrets/TOKEN)" && \\\n    test -n "$TOKEN" && \\\n    echo "$VERSION" > /version\n`,
  },
  {
    name: 'an argument that a RUN names after USER: the secret is readable for it',
    dockerfile: `${BASE}USER 1000\nARG TOKEN\nRUN test -n "$TOKEN"\n`,
    files: {},
    args: [`TOKEN=${token}`],
    secrets: { TOKEN: token },
    becomes: `${BASE}USER 1000\nRUN --mount=type=secret,id=TOKEN,mode=0444 \\\n    export TOKEN="$(cat /run/secrets/TOKEN)" && \\\n    test -n "$TOKEN"\n`,
  },
  {
    name: 'a variable that the build needs',
    dockerfile: `${BASE}ENV MODE=prod TOKEN=${token}\nRUN test -n "$TOKEN"\nCMD ["sh"]\n`,
    files: {},
    secrets: { TOKEN: token },
    becomes: `${BASE}ENV MODE=prod\nRUN --mount=type=secret,id=TOKEN export TOKEN="$(cat /run/secrets/TOKEN)" && test -n "$TOKEN"\nCMD ["sh"]\n`,
  },
  {
    name: 'a variable that only the container needs',
    dockerfile: `${BASE}ENV TOKEN ${token}\nCMD ["sh"]\n`,
    files: {},
    becomes: `${BASE}CMD ["sh"]\n`,
  },
  {
    name: 'a token in the text of a command',
    dockerfile: `${BASE}RUN echo '${token}' | wc -c > /len\n`,
    files: {},
    secrets: { 'github-token': token },
    becomes: `${BASE}RUN --mount=type=secret,id=github-token echo "$(cat /run/secrets/github-token)" | wc -c > /len\n`,
  },
  {
    name: 'made in one RUN and removed in another: joined',
    dockerfile: `${BASE}COPY make.sh /\nRUN sh /make.sh > /tmp/key\n# it is needed here\nRUN wc -c /tmp/key > /len\nRUN rm /tmp/key\n`,
    files: { 'make.sh': MAKE },
    becomes: `${BASE}COPY make.sh /\nRUN sh /make.sh > /tmp/key && \\\n    wc -c /tmp/key > /len && \\\n    rm /tmp/key\n# it is needed here\n`,
  },
  {
    name: 'two files that one COPY names: one change, each RUN mounts what it reads',
    dockerfile: `${BASE}COPY .npmrc deploy.env /app/\nRUN mkdir -p /app && wc -c < /app/.npmrc > /len\nRUN . /app/deploy.env && test -n "$TOKEN"\nRUN rm /app/.npmrc /app/deploy.env\n`,
    files: { '.npmrc': NPMRC, 'deploy.env': `TOKEN=${token}\n` },
    secrets: { npmrc: NPMRC, 'deploy.env': `TOKEN=${token}\n` },
    becomes: `${BASE}RUN --mount=type=secret,id=npmrc,target=/app/.npmrc mkdir -p /app && wc -c < /app/.npmrc > /len\nRUN --mount=type=secret,id=deploy.env,target=/app/deploy.env . /app/deploy.env && test -n "$TOKEN"\n`,
    ignores: '.npmrc\ndeploy.env',
  },
  {
    name: 'two files, each with an rm of its own in one RUN',
    dockerfile: `${BASE}COPY a.env b.env x.txt /\nRUN rm /a.env && rm /b.env && echo done > /done\n`,
    files: { 'a.env': `TOKEN=${token}\n`, 'b.env': NPMRC, 'x.txt': 'x' },
    becomes: `${BASE}COPY x.txt /\nRUN echo done > /done\n`,
    ignores: 'a.env\nb.env',
  },
  {
    name: 'two arguments that one RUN names: both are mounted',
    dockerfile: `${BASE}ARG A\nARG B\nRUN test -n "$A" && test -n "$B" && echo "$A" | wc -c > /len\n`,
    files: {},
    args: [`A=${token}`, `B=${VALUES['npm-token']?.()}`],
    secrets: { A: token, B: VALUES['npm-token']?.() ?? '' },
    becomes: `${BASE}RUN --mount=type=secret,id=A --mount=type=secret,id=B \\\n    export A="$(cat /run/secrets/A)" && \\\n    export B="$(cat /run/secrets/B)" && \\\n    test -n "$A" && test -n "$B" && echo "$A" | wc -c > /len\n`,
  },
  {
    name: 'a key whose mode is set: the mount has one, and chmod goes',
    dockerfile: `${BASE}COPY deploy_key /root/.ssh/id_rsa\nRUN chmod 600 /root/.ssh/id_rsa && wc -c < /root/.ssh/id_rsa > /len && rm /root/.ssh/id_rsa\n`,
    files: { deploy_key: `${VALUES['ec-key']?.()}\n` },
    secrets: { id_rsa: `${VALUES['ec-key']?.()}\n` },
    becomes: `${BASE}RUN --mount=type=secret,id=id_rsa,target=/root/.ssh/id_rsa wc -c < /root/.ssh/id_rsa > /len\n`,
    ignores: 'deploy_key',
  },
]

let engine: Engine

function scan(image: string, folder: string): Report {
  const { stdout } = spawnSync(process.execPath, [CLI, 'scan', image, '--format', 'json'], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, DOCKER_HOST: engine.host },
    maxBuffer: 1 << 26,
  })
  return JSON.parse(stdout) as Report
}

describe.skipIf(!hasEngine())('the change that a finding proposes builds, and its image is clean', () => {
  beforeAll(async () => {
    engine = joinEngine()
  })
  afterAll(() => engine.leave())

  it.each(CASES)('$name', ({ name, dockerfile, files, args = [], secrets = {}, becomes, ignores }) => {
    const id = `remedy-${CASES.findIndex((one) => one.name === name)}`
    const folder = path.join(engine.work, id)
    engine.writeRoot(folder)
    for (const [file, content] of Object.entries({ ...files, Dockerfile: dockerfile })) {
      mkdirSync(path.dirname(path.join(folder, file)), { recursive: true })
      writeFileSync(path.join(folder, file), content)
    }
    const build = (tag: string, options: readonly string[]) =>
      engine.docker(['build', '--network', 'host', '-t', tag, ...options, folder], { DOCKER_BUILDKIT: '1' })
    const first = build(
      `${id}:leaks`,
      args.flatMap((arg) => ['--build-arg', arg]),
    )
    expect(first.status, first.stderr).toBe(0)
    const leaks = scan(`${id}:leaks`, folder).findings.filter(({ secret }) => secret !== null)
    expect(leaks.length).toBeGreaterThan(0)
    for (const { fix, remedy } of leaks) expect(fix, remedy).not.toBeNull()
    // Leaks that are dealt with together have the same change.
    const fixes = [...new Map(leaks.map(({ fix }) => [JSON.stringify(fix), fix])).values()].filter(
      (fix) => fix !== null,
    )

    const changed = applyEdits(
      dockerfile,
      fixes.flatMap(({ edits }) => edits),
    )
    expect(changed).toBe(becomes)
    expect(parseDockerfile('Dockerfile', changed).error).toBeNull()
    const patterns = fixes.flatMap(({ ignore }) => ignore?.patterns ?? [])
    expect(patterns.sort().join('\n')).toBe(ignores ?? '')
    writeFileSync(path.join(folder, 'Dockerfile'), changed)
    if (patterns.length > 0)
      writeFileSync(
        path.join(folder, fixes.find(({ ignore }) => ignore !== null)?.ignore?.path ?? ''),
        `${patterns.join('\n')}\n`,
      )
    const given = Object.entries(secrets).flatMap(([secret, value]) => {
      writeFileSync(path.join(engine.work, `${id}-${secret}`), value)
      return ['--secret', `id=${secret},src=${path.join(engine.work, `${id}-${secret}`)}`]
    })
    const options = fixes.flatMap(({ build: own }) => own).map((option) => /id=([^,]+)/.exec(option)?.[1])
    expect(options.sort()).toEqual(Object.keys(secrets).sort())
    const second = build(`${id}:clean`, given)
    expect(second.status, second.stderr).toBe(0)
    const after = scan(`${id}:clean`, folder)
    expect(after.findings.filter(({ secret }) => secret !== null).map(({ message }) => message)).toEqual([])
    expect(after.verdict.result).toBe('pass')
  })

  it('layergate fix --build turns a red image green, and proves it', () => {
    const folder = path.join(engine.work, 'proof')
    engine.writeRoot(folder)
    const files = {
      Dockerfile: `FROM scratch AS build\nADD root.tar /\nWORKDIR /app\nCOPY . .\nRUN wc -c < .npmrc > len\n\nFROM scratch\nADD root.tar /\nARG TOKEN\nRUN test -n "$TOKEN"\nCOPY --from=build /app /srv\nUSER 1000\nENTRYPOINT ["cat", "/srv/len"]\n`,
      '.npmrc': NPMRC,
      '.dockerignore': 'Dockerfile\n',
    }
    for (const [file, content] of Object.entries(files)) writeFileSync(path.join(folder, file), content)
    const command = (...args: readonly string[]) =>
      spawnSync(process.execPath, [CLI, ...args], {
        cwd: folder,
        encoding: 'utf8',
        env: { ...process.env, DOCKER_HOST: engine.host, DOCKER_BUILDKIT: '1', TOKEN: token },
      })
    const build = `${CLIENT} build --network host -t layergate-test:proof --build-arg TOKEN .`
    const { status, stdout, stderr } = command('fix', 'layergate-test:proof', '--build', build)
    expect(stderr).toBe('')
    expect(status, stdout).toBe(0)
    expect(stdout).toContain('Built and scanned before and after: both findings are gone')
    expect(stdout).toMatch(
      /Files: 0 added, 1 removed, 1 changed\n {2}(?:~ \/srv\/\.dockerignore .*\n {2})?- \/srv\/\.npmrc\n/,
    )
    for (const secret of [token, NPMRC.trim()]) expect(stdout).not.toContain(secret)
    expect(readFileSync(path.join(folder, 'Dockerfile'), 'utf8')).toContain(
      'RUN --mount=type=secret,id=npmrc,target=/app/.npmrc wc -c < .npmrc > len',
    )
    expect(command('scan', 'layergate-test:proof').status).toBe(0)
    const started = engine.docker(['run', '--rm', '--network', 'none', 'layergate-test:proof'])
    expect(started.stdout.trim()).toBe(String(NPMRC.length))
  })

  it('a red pull request turns green: scan, fix, build, scan', () => {
    const folder = path.join(engine.work, 'story')
    engine.writeRoot(folder)
    const files = {
      Dockerfile: `${BASE}WORKDIR /app\nARG TOKEN\nCOPY . .\nRUN test -n "$TOKEN" && wc -c < .npmrc > len\nRUN rm .npmrc\nUSER 1000\nENTRYPOINT ["cat", "len"]\n`,
      '.npmrc': NPMRC,
      '.dockerignore': 'Dockerfile\n',
    }
    for (const [file, content] of Object.entries(files)) writeFileSync(path.join(folder, file), content)
    const command = (...args: readonly string[]) => {
      const { status, stdout } = spawnSync(process.execPath, [CLI, ...args], {
        cwd: folder,
        encoding: 'utf8',
        env: { ...process.env, DOCKER_HOST: engine.host },
      })
      return { status, stdout }
    }
    const build = (...args: readonly string[]) =>
      engine.docker(['build', '--network', 'host', '-t', 'layergate-test:story', ...args, folder], {
        DOCKER_BUILDKIT: '1',
      })
    const start = () => engine.docker(['run', '--rm', '--network', 'none', 'layergate-test:story']).stdout.trim()

    expect(build('--build-arg', `TOKEN=${token}`).status).toBe(0)
    const length = start()
    expect(length).toBe(String(NPMRC.length))
    expect(command('scan', 'layergate-test:story').status).toBe(1)
    const fixed = command('fix', 'layergate-test:story')
    expect(fixed.status, fixed.stdout).toBe(0)
    writeFileSync(path.join(engine.work, 'story-token'), token)
    const again = build(
      '--secret',
      `id=TOKEN,src=${engine.work}/story-token`,
      '--secret',
      `id=npmrc,src=${folder}/.npmrc`,
    )
    expect(again.status, again.stderr).toBe(0)
    const after = command('scan', 'layergate-test:story')
    expect(after.status, after.stdout).toBe(0)
    // The container does what it did.
    expect(start()).toBe(length)
  })
})
