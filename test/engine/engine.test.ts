// A real image, built and saved by a real engine, where the machine has one.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Report } from '../../src/outcome/contract.ts'
import { VALUES } from '../values.ts'
import { type Engine, hasEngine, joinEngine } from './engine.ts'

const ROOT = path.join(import.meta.dirname, '../..')
const CLI = path.join(ROOT, 'dist/cli.js')

let engine: Engine

/** Each line of it is a case: what the classic builder and BuildKit make of it must align. */
const DOCKERFILE = `ARG NAME=base
FROM scratch AS base
ADD root.tar /
ONBUILD RUN echo t > /t
FROM \${NAME}
ARG TOKEN=x
ENV A="b c" D=$TOKEN
LABEL "a b"="c" e=f
SHELL ["/bin/sh", "-e", "-c"]
WORKDIR app
COPY token.txt \\
  # a comment
  /token.txt
RUN echo one > /one && \\
    echo two > /two
RUN ["/bin/rm", "/token.txt"]
EXPOSE 80
VOLUME /data
HEALTHCHECK CMD test -f "/one"
USER 1000
CMD echo "$A" \\
  x
`

describe.skipIf(!hasEngine())('an image of a running engine', () => {
  beforeAll(async () => {
    engine = joinEngine()
    const context = path.join(engine.work, 'context')
    engine.writeRoot(context)
    writeFileSync(path.join(context, 'token.txt'), `${VALUES['gitlab-token']?.()}\n`)
    writeFileSync(path.join(context, 'Dockerfile'), DOCKERFILE)
  })
  afterAll(() => engine.leave())

  it.each(['0', '1'])('built with DOCKER_BUILDKIT=%s: the deleted file is found on its line', (buildkit) => {
    const built = engine.docker(['build', '--network', 'host', '-t', `layergate-test:${buildkit}`, 'context'], {
      DOCKER_BUILDKIT: buildkit,
    })
    expect(built.status, built.stderr).toBe(0)
    // Files of other tests that run beside this one are none of its business.
    const temporary = mkdtempSync(path.join(tmpdir(), 'layergate-engine-'))
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [CLI, 'scan', `layergate-test:${buildkit}`, '--format', 'json'],
      {
        cwd: path.join(engine.work, 'context'),
        encoding: 'utf8',
        env: { ...process.env, DOCKER_HOST: engine.host, TMPDIR: temporary, RUNNER_TEMP: temporary },
        maxBuffer: 1 << 26,
      },
    )
    expect(stderr).toBe('')
    expect(status).toBe(1)
    const report = JSON.parse(stdout) as Report
    expect(report).toMatchObject({
      image: { source: 'engine' },
      findings: [
        {
          ruleId: 'deleted-secret',
          dockerfile: { path: 'Dockerfile', startLine: 11, endLine: 13 },
          file: { state: 'deleted', source: { path: 'token.txt' } },
          related: [{ role: 'hidden-by', dockerfile: { startLine: 16 } }],
        },
      ],
    })
    const lines = report.image?.history.map(({ dockerfile }) => `${dockerfile?.startLine}-${dockerfile?.endLine}`)
    const after = [
      '5-5',
      '6-6',
      '7-7',
      '8-8',
      '9-9',
      '10-10',
      '11-13',
      '14-15',
      '16-16',
      '17-17',
      '18-18',
      '19-19',
      '20-20',
      '21-22',
    ]
    // The classic builder notes ONBUILD itself too.
    expect(lines).toEqual(buildkit === '1' ? ['3-3', ...after] : ['3-3', '4-4', ...after])
    expect(readdirSync(temporary)).toEqual([])
    rmSync(temporary, { recursive: true })
  })

  it('takes a name without a tag for that of latest, whatever other tags there are', () => {
    engine.docker(['tag', 'layergate-test:0', 'layergate-test:latest'])
    const { status, stdout } = spawnSync(process.execPath, [CLI, 'scan', 'layergate-test', '--format', 'json'], {
      encoding: 'utf8',
      env: { ...process.env, DOCKER_HOST: engine.host },
      maxBuffer: 1 << 26,
    })
    expect(status).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({
      name: 'layergate-test',
      image: { source: 'engine', reference: 'layergate-test' },
      notJudged: [],
    })
  })

  it('says that the engine has no image of the name', () => {
    const { status, stderr } = spawnSync(process.execPath, [CLI, 'scan', 'layergate-test:none'], {
      encoding: 'utf8',
      env: { ...process.env, DOCKER_HOST: engine.host },
    })
    expect(status).toBe(2)
    expect(stderr).toMatch(/no engine has an image of that name \(docker: .+; podman.+\)/)
  })
})
