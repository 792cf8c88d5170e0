// One daemon for all tests that need an engine, in a temporary folder of its own.
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { TestProject } from 'vitest/node'
import { CLIENT, missingEngine } from './engine.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** DOCKER_HOST of the daemon; empty where there is none. */
    engine: string
  }
}

export default async function setup({ provide }: TestProject): Promise<(() => Promise<void>) | undefined> {
  const reason = missingEngine()
  if (reason !== null) {
    console.log(`the tests with a real engine are skipped: ${reason}`)
    provide('engine', '')
    return undefined
  }
  const work = mkdtempSync(path.join(tmpdir(), 'layergate-engine-'))
  const host = `unix://${work}/sock`
  const daemon = spawn(
    'dockerd',
    [
      '--data-root',
      `${work}/data`,
      '--exec-root',
      `${work}/exec`,
      '--pidfile',
      `${work}/pid`,
      '-H',
      host,
      '--iptables=false',
      '--bridge=none',
      '--storage-driver=vfs',
    ],
    { stdio: 'ignore' },
  )
  const isUp = (): boolean => spawnSync(CLIENT, ['info'], { env: { ...process.env, DOCKER_HOST: host } }).status === 0
  for (let i = 0; i < 150 && !isUp(); i++) await new Promise((resolve) => setTimeout(resolve, 200))
  provide('engine', host)
  return async () => {
    const stopped = new Promise((resolve) => daemon.on('exit', resolve))
    daemon.kill()
    await stopped
    spawnSync('sh', ['-c', `umount ${work}/exec/netns/default 2>/dev/null`])
    rmSync(work, { recursive: true, force: true })
  }
}
