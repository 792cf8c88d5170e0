// A real image, built and saved by a real engine, where the machine has one.
import { spawnSync } from 'node:child_process'
import { readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Engine, missingEngine, startEngine } from '../engine.ts'
import { VALUES } from '../values.ts'

const ROOT = path.join(import.meta.dirname, '../..')
const CLI = path.join(ROOT, 'dist/cli.js')

const reason = missingEngine()
if (reason !== null) console.log(`the tests with a real engine are skipped: ${reason}`)

let engine: Engine

describe.skipIf(reason !== null)('an image of a running engine', () => {
  beforeAll(async () => {
    engine = await startEngine()
    const context = path.join(engine.work, 'context')
    engine.writeRoot(context)
    writeFileSync(path.join(context, 'token.txt'), `${VALUES['gitlab-token']?.()}\n`)
    writeFileSync(path.join(context, 'Dockerfile'), 'FROM scratch\nADD root.tar /\nCOPY token.txt /token.txt\nRUN ["/bin/rm", "/token.txt"]\nUSER 1000\n')
  })
  afterAll(() => engine.stop())

  it.each(['0', '1'])('built with DOCKER_BUILDKIT=%s: the deleted file is found on its line', (buildkit) => {
    const built = engine.docker(['build', '--network', 'host', '-t', `layergate-test:${buildkit}`, 'context'], { DOCKER_BUILDKIT: buildkit })
    expect(built.status, built.stderr).toBe(0)
    const before = readdirSync(tmpdir())
    const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, 'scan', `layergate-test:${buildkit}`, '--format', 'json'], {
      cwd: path.join(engine.work, 'context'),
      encoding: 'utf8',
      env: { ...process.env, DOCKER_HOST: engine.host },
      maxBuffer: 1 << 26,
    })
    expect(stderr).toBe('')
    expect(status).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({
      image: { source: 'engine' },
      findings: [
        { ruleId: 'deleted-secret', dockerfile: { path: 'Dockerfile', startLine: 3 }, file: { state: 'deleted' }, related: [{ role: 'hidden-by', dockerfile: { startLine: 4 } }] },
      ],
    })
    expect(readdirSync(tmpdir()).filter((name) => !before.includes(name) && name.startsWith('layergate-'))).toEqual([])
  })

  it('says that the engine has no image of the name', () => {
    const { status, stderr } = spawnSync(process.execPath, [CLI, 'scan', 'layergate-test:none'], { encoding: 'utf8', env: { ...process.env, DOCKER_HOST: engine.host } })
    expect(status).toBe(2)
    expect(stderr).toMatch(/no engine has an image of that name \(docker: .+; podman.+\)/)
  })
})
