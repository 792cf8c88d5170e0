// A real image, built and saved by a real engine, where the machine has one.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { VALUES } from '../values.ts'

const ROOT = path.join(import.meta.dirname, '../..')
const CLI = path.join(ROOT, 'dist/cli.js')

/** Why there is no engine here; null when there is one. */
function missing(): string | null {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'it takes Linux and root to start one'
  for (const program of ['dockerd', 'docker', 'busybox']) if (spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0) return `${program} is not installed`
  return null
}

const reason = missing()
if (reason !== null) console.log(`the tests with a real engine are skipped: ${reason}`)

let work = ''
let daemon: ChildProcess | null = null
let host = ''
/** Debian's client builds with BuildKit by itself; others need a plugin. */
const CLIENT = existsSync('/usr/bin/docker') ? '/usr/bin/docker' : 'docker'
const docker = (args: readonly string[], env: Record<string, string> = {}) =>
  spawnSync(CLIENT, args, { encoding: 'utf8', env: { ...process.env, DOCKER_HOST: host, ...env }, cwd: work })

describe.skipIf(reason !== null)('an image of a running engine', () => {
  beforeAll(async () => {
    work = mkdtempSync(path.join(tmpdir(), 'layergate-engine-'))
    host = `unix://${work}/sock`
    daemon = spawn(
      'dockerd',
      ['--data-root', `${work}/data`, '--exec-root', `${work}/exec`, '--pidfile', `${work}/pid`, '-H', host, '--iptables=false', '--bridge=none', '--storage-driver=vfs'],
      { stdio: 'ignore' },
    )
    for (let i = 0; i < 60 && docker(['info']).status !== 0; i++) await new Promise((resolve) => setTimeout(resolve, 500))
    mkdirSync(path.join(work, 'context'))
    writeFileSync(path.join(work, 'context/token.txt'), `${VALUES['gitlab-token']?.()}\n`)
    spawnSync(
      'sh',
      ['-c', 'mkdir -p root/bin && cp "$(command -v busybox)" root/bin/ && ln -sf busybox root/bin/sh && ln -sf busybox root/bin/rm && tar -C root -cf root.tar . && rm -r root'],
      { cwd: path.join(work, 'context') },
    )
    writeFileSync(path.join(work, 'context/Dockerfile'), 'FROM scratch\nADD root.tar /\nCOPY token.txt /token.txt\nRUN ["/bin/rm", "/token.txt"]\nUSER 1000\n')
  })
  afterAll(async () => {
    const stopped = new Promise((resolve) => daemon?.on('exit', resolve))
    daemon?.kill()
    await stopped
    spawnSync('sh', ['-c', `umount ${work}/exec/netns/default 2>/dev/null`])
    rmSync(work, { recursive: true, force: true })
  })

  it.each(['0', '1'])('built with DOCKER_BUILDKIT=%s: the deleted file is found on its line', (buildkit) => {
    const built = docker(['build', '--network', 'host', '-t', `layergate-test:${buildkit}`, 'context'], { DOCKER_BUILDKIT: buildkit })
    expect(built.status, built.stderr).toBe(0)
    const before = readdirSync(tmpdir())
    const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, 'scan', `layergate-test:${buildkit}`, '--format', 'json'], {
      cwd: path.join(work, 'context'),
      encoding: 'utf8',
      env: { ...process.env, DOCKER_HOST: host },
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
    const { status, stderr } = spawnSync(process.execPath, [CLI, 'scan', 'layergate-test:none'], { encoding: 'utf8', env: { ...process.env, DOCKER_HOST: host } })
    expect(status).toBe(2)
    expect(stderr).toMatch(/no engine has an image of that name \(docker: .+; podman.+\)/)
  })
})
