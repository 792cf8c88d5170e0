// A real engine for tests, where the machine has one; setup.ts starts it.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { inject } from 'vitest'

/** Why there is no engine here; null when there is one. */
export function missingEngine(): string | null {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'it takes Linux and root to start one'
  for (const program of ['dockerd', 'docker', 'busybox'])
    if (spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0) return `${program} is not installed`
  return null
}

/** Debian's client builds with BuildKit by itself; others need a plugin. */
export const CLIENT = existsSync('/usr/bin/docker') ? '/usr/bin/docker' : 'docker'

/** Whether there is an engine to test with. */
export const hasEngine = (): boolean => inject('engine') !== ''

export interface Engine {
  /** A folder of the test's own. */
  readonly work: string
  readonly host: string
  docker(
    args: readonly string[],
    env?: Record<string, string>,
  ): { readonly status: number | null; readonly stdout: string; readonly stderr: string }
  /** Writes `root.tar` into a folder: busybox and some of its applets. */
  writeRoot(folder: string): void
  /** Removes the folder. */
  leave(): void
}

const APPLETS = ['cat', 'chmod', 'cp', 'echo', 'id', 'mkdir', 'rm', 'sh', 'test', 'wc']

/** The engine that all tests share, with a folder of one's own. Leave it. */
export function joinEngine(): Engine {
  const host = inject('engine')
  const work = mkdtempSync(path.join(tmpdir(), 'layergate-with-engine-'))
  return {
    work,
    host,
    docker: (args, env = {}) =>
      spawnSync(CLIENT, args, {
        encoding: 'utf8',
        env: { ...process.env, DOCKER_HOST: host, ...env },
        cwd: work,
        maxBuffer: 1 << 26,
      }),
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
    leave: () => rmSync(work, { recursive: true, force: true }),
  }
}
