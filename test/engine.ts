// A real engine for the end-to-end tests, where the machine has one: a daemon of its own in a temporary folder.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** Why there is no engine here; null when there is one. */
export function missingEngine(): string | null {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'it takes Linux and root to start one'
  for (const program of ['dockerd', 'docker', 'busybox']) if (spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0) return `${program} is not installed`
  return null
}

/** Debian's client builds with BuildKit by itself; others need a plugin. */
const CLIENT = existsSync('/usr/bin/docker') ? '/usr/bin/docker' : 'docker'

export interface Engine {
  /** A folder of its own, removed with the engine. */
  readonly work: string
  readonly host: string
  docker(args: readonly string[], env?: Record<string, string>): { readonly status: number | null; readonly stdout: string; readonly stderr: string }
  /** Writes `root.tar` into a folder: busybox and some of its applets. */
  writeRoot(folder: string): void
  stop(): Promise<void>
}

const APPLETS = ['cat', 'cp', 'echo', 'id', 'mkdir', 'rm', 'sh', 'test', 'wc']

/** Starts an engine. Stop it. */
export async function startEngine(): Promise<Engine> {
  const work = mkdtempSync(path.join(tmpdir(), 'layergate-engine-'))
  const host = `unix://${work}/sock`
  const daemon = spawn(
    'dockerd',
    ['--data-root', `${work}/data`, '--exec-root', `${work}/exec`, '--pidfile', `${work}/pid`, '-H', host, '--iptables=false', '--bridge=none', '--storage-driver=vfs'],
    { stdio: 'ignore' },
  )
  const docker: Engine['docker'] = (args, env = {}) =>
    spawnSync(CLIENT, args, { encoding: 'utf8', env: { ...process.env, DOCKER_HOST: host, ...env }, cwd: work, maxBuffer: 1 << 26 })
  for (let i = 0; i < 60 && docker(['info']).status !== 0; i++) await new Promise((resolve) => setTimeout(resolve, 500))
  return {
    work,
    host,
    docker,
    writeRoot: (folder) => {
      mkdirSync(folder, { recursive: true })
      const links = APPLETS.map((applet) => `ln -sf busybox root/bin/${applet}`).join(' && ')
      spawnSync(
        'sh',
        [
          '-c',
          `mkdir -p root/bin root/tmp root/etc && echo app:x:1000:1000::/:/bin/sh > root/etc/passwd && echo app:x:1000: > root/etc/group && cp "$(command -v busybox)" root/bin/ && ${links} && tar -C root -cf root.tar . && rm -r root`,
        ],
        { cwd: folder },
      )
    },
    stop: async () => {
      const stopped = new Promise((resolve) => daemon.on('exit', resolve))
      daemon.kill()
      await stopped
      spawnSync('sh', ['-c', `umount ${work}/exec/netns/default 2>/dev/null`])
      rmSync(work, { recursive: true, force: true })
    },
  }
}
