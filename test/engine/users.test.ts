// Who a container really runs as, asked of a real engine, against what the report says.
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Report } from '../../src/outcome/contract.ts'
import { type Engine, hasEngine, joinEngine } from './engine.ts'

const CLI = path.join(import.meta.dirname, '../../dist/cli.js')

let engine: Engine

const BASE = 'FROM scratch\nADD root.tar /\n'

function reportOf(image: string): Report {
  const { stdout } = spawnSync(process.execPath, [CLI, 'scan', image, '--format', 'json'], {
    cwd: path.join(engine.work, 'context'),
    encoding: 'utf8',
    env: { ...process.env, DOCKER_HOST: engine.host },
    maxBuffer: 1 << 26,
  })
  return JSON.parse(stdout) as Report
}

describe.skipIf(!hasEngine())('the user of a container', () => {
  beforeAll(async () => {
    engine = joinEngine()
    engine.writeRoot(path.join(engine.work, 'context'))
  })
  afterAll(() => engine.leave())

  it.each([
    ['none', ''],
    ['a name', 'USER app\n'],
    ['a number', 'USER 1000\n'],
    ['a number without an account', 'USER 4711\n'],
    ['a number and a group', 'USER 1000:20\n'],
    ['a name and a group', 'USER app:app\n'],
    ['root', 'USER root\n'],
    ['zero', 'USER 0:0\n'],
    ['a variable with a default', 'ARG UID=1234\nUSER ${UID}\n'],
    ['a variable of the environment', 'ENV RUNAS=app\nUSER $RUNAS\n'],
    ['a second name for root', 'RUN echo toor:x:0:0::/:/bin/sh >> /etc/passwd\nUSER toor\n'],
    ['a name that is not there', 'USER ghost\n'],
    ['a group that is not there', 'USER app:ghosts\n'],
  ])('%s', (name, lines) => {
    const image = `layergate-user:${name.replaceAll(' ', '-')}`
    writeFileSync(path.join(engine.work, 'context/Dockerfile'), `${BASE}${lines}`)
    const built = engine.docker(['build', '--network', 'host', '-t', image, 'context'])
    expect(built.status, built.stderr).toBe(0)
    const { findings, image: facts } = reportOf(image)
    const rules = findings.filter(({ severity }) => severity !== 'info').map(({ ruleId }) => ruleId)
    const run = engine.docker(['run', '--rm', '--network', 'none', image, '/bin/sh', '-c', 'id -u; id -g'])
    const isRefused = /unable to find (?:user|group)/.test(run.stderr)
    if (run.status === 0 || isRefused) expect(rules.includes('user-unknown')).toBe(isRefused)
    else expect(rules.includes('user-unknown')).toBe(/ghost/.test(lines))
    if (isRefused) return
    if (run.status === 0) {
      const [uid, gid] = run.stdout.trim().split('\n').map(Number)
      expect(facts?.user).toMatchObject({ uid, gid, isRoot: uid === 0 })
      expect(rules.some((rule) => rule === 'root-user' || rule === 'missing-user')).toBe(uid === 0)
    } else
      console.log(
        `no container could be run here (${run.stderr.trim().split('\n').at(-1)}): only the build was checked`,
      )
  })
})
