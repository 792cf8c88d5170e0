// However a run ends, it is no pass that was not judged, and one line says why: signals, full disks, closed pipes, missing files,
// a clock that runs out.
import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { GitHub } from '../github.ts'
import { BASE, CLEAN, IMAGE, PUSH, ROOT, type Run, Runner, type RunOptions } from '../run-action.ts'

const api = new GitHub()
let runner: Runner
let bin = ''
const run = (inputs: Record<string, string>, options?: RunOptions): Promise<Run> => runner.spawn(inputs, options)
const CLI = path.join(ROOT, 'dist/cli.js')
/** A stack trace, or what Node says before it dies. */
const TRACE = /^\s+at .*:\d+:\d+|node:internal|Node\.js v|Native stack/m

/** An engine that does what a script does: each in a folder of its own, since many run at once. */
const engine = (script: string): Record<string, string> => {
  const folder = mkdtempSync(path.join(bin, 'engine-'))
  for (const name of ['docker', 'podman']) {
    writeFileSync(path.join(folder, name), `#!/bin/sh\n${script}\n`)
    chmodSync(path.join(folder, name), 0o755)
  }
  return { PATH: `${folder}:${process.env['PATH']}` }
}

beforeAll(async () => {
  runner = new Runner(await api.start())
  bin = mkdtempSync(path.join(tmpdir(), 'layergate-bin-'))
})
afterAll(() => {
  api.stop()
  runner.remove()
  rmSync(bin, { recursive: true })
})
beforeEach(() => {
  api.reset()
  api.files.set(`${BASE}:README.md`, 'an app')
})

describe('the action', () => {
  it('after its time tells it everywhere, and ends', async () => {
    const done = await run({ image: 'app:1', timeout: '1' }, { env: engine('exec sleep 60') })
    expect(done.status).toBe(2)
    expect(done.stdout.match(/^::error.*$/gm)).toEqual([
      expect.stringMatching(
        /^::error title=Layergate judged nothing because the run took too long::The run took longer than 1 seconds \(limits\.seconds\)/,
      ),
    ])
    expect(done.outputs['verdict']).toBe('error')
    expect(JSON.parse(readFileSync(done.outputs['report'] ?? '', 'utf8'))).toMatchObject({
      verdict: { result: 'error' },
      error: { code: 'timeout' },
    })
    for (const text of [done.summary, api.comments[0]?.body ?? ''])
      expect(text).toMatch(/was not judged: the run took too long/)
  })

  it('after its time ends also where nothing answers any more, with line, output and summary', async () => {
    const block = path.join(bin, 'block.cjs')
    writeFileSync(block, "if (require('node:worker_threads').isMainThread) setTimeout(() => { for (;;) {} }, 300)\n")
    const done = await run(
      { image: 'app:1', timeout: '1' },
      { env: { ...engine('exec sleep 60'), NODE_OPTIONS: `--require ${block}` } },
    )
    expect(done.status).toBe(2)
    expect(done.stdout.trim()).toMatch(
      /^::error title=Layergate judged nothing because the run took too long::The run took longer than 1 seconds \(limits\.seconds\).*$/,
    )
    expect(done.outputs['verdict']).toBe('error')
    expect(done.summary).toMatch(/was not judged: the run took too long/)
  })

  it('takes the time from the configuration too, that of the base commit', async () => {
    api.files.set(`${BASE}:.layergate.yml`, 'limits: { seconds: 1 }\n')
    const done = await run(
      { image: 'app:1' },
      { env: engine('exec sleep 60'), files: { '.layergate.yml': 'limits: { seconds: 500 }\n' } },
    )
    expect(done.stdout).toContain('longer than 1 seconds')
    expect(done.status).toBe(2)
  })

  it.each(['0', '-1', 'soon', '1e9', '1.5', '9'.repeat(20)])('%s is no time', async (timeout) => {
    const done = await runner.run({ image: CLEAN, timeout }, { event: PUSH })
    expect(done.status).toBe(2)
    expect(done.stdout).toMatch(/timeout: ".*" is no number of seconds, such as 600/)
  })

  it.concurrent.each(['INT', 'TERM', 'HUP'])('a signal %s ends it with one line', async (signal) => {
    const done = await run({ image: 'app:1' }, { event: PUSH, env: engine(`kill -${signal} $PPID; exec sleep 60`) })
    expect(done.status).toBe(2)
    expect(done.stdout).toContain(
      `::error title=Layergate judged nothing because the run was ended::The run was ended by SIG${signal} before its verdict.`,
    )
    expect(done.outputs['verdict']).toBe('error')
    expect(done.summary).toMatch(/was not judged: the run was ended/)
    expect(done.stdout).not.toMatch(TRACE)
  })

  it.concurrent.each<[string, RunOptions, number]>([
    ['the file of outputs is missing', { env: { GITHUB_OUTPUT: '/nowhere/output' } }, 2],
    ['the file of outputs is full', { env: { GITHUB_OUTPUT: '/dev/full' } }, 2],
    ['the summary is missing', { env: { GITHUB_STEP_SUMMARY: '/nowhere/summary' } }, 0],
    ['the summary is full', { env: { GITHUB_STEP_SUMMARY: '/dev/full' } }, 0],
    ['both are missing', { env: { GITHUB_OUTPUT: '/nowhere/output', GITHUB_STEP_SUMMARY: '/nowhere/summary' } }, 2],
    ['there is no temporary directory', { env: { RUNNER_TEMP: '/dev/null/nowhere' } }, 2],
  ])('%s: no stack trace, and no pass that is not told', async (_name, options, status) => {
    const done = await run({ image: CLEAN }, { event: PUSH, ...options })
    expect(done.status).toBe(status)
    expect(done.stdout).not.toMatch(TRACE)
    expect((await runner.run({ image: IMAGE }, { event: PUSH, ...options })).status).not.toBe(0)
  })

  it.concurrent('a folder for reports that is a file is an error', async () => {
    const done = await run({ image: CLEAN, 'report-directory': path.join(ROOT, 'package.json') }, { event: PUSH })
    expect(done.status).toBe(2)
    expect(done.stdout).not.toMatch(TRACE)
    expect(done.outputs['verdict']).toBe('error')
  })

  it.concurrent('a log that nobody reads changes no verdict', async () => {
    for (const [image, status] of [
      [CLEAN, 0],
      [IMAGE, 1],
    ] as const) {
      const child = spawn(process.execPath, [path.join(ROOT, 'dist/action.js')], {
        cwd: bin,
        env: {
          PATH: process.env['PATH'],
          GITHUB_ACTIONS: 'true',
          GITHUB_EVENT_NAME: 'push',
          GITHUB_WORKSPACE: bin,
          RUNNER_TEMP: bin,
          INPUT_IMAGE: image,
        },
        stdio: ['ignore', 'pipe', 'ignore'],
      })
      child.stdout.destroy()
      expect(await new Promise((resolve) => child.on('close', resolve))).toBe(status)
    }
  })
})

describe('the command', () => {
  const shell = async (
    line: string,
    env: Record<string, string> = {},
  ): Promise<{ status: number | null; stdout: string; stderr: string }> => {
    const child = spawn(
      'bash',
      ['--norc', '-o', 'pipefail', '-c', line.replaceAll('layergate', `${process.execPath} ${CLI}`)],
      {
        cwd: bin,
        env: { PATH: process.env['PATH'], TMPDIR: bin, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    )
    const texts = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr'] as const)
      child[name].on('data', (chunk) => {
        texts[name] += String(chunk)
      })
    return { status: await new Promise((resolve) => child.on('close', resolve)), ...texts }
  }

  it.concurrent.each([
    ['scan', 'layergate scan app:1 --timeout 1'],
    ['history', 'layergate history app:1 --timeout 1'],
    ['diff', `layergate diff ${CLEAN} app:1 --timeout 1`],
    ['baseline', 'layergate baseline create app:1 --timeout 1'],
    ['by a variable', 'LAYERGATE_TIMEOUT=1 layergate scan app:1'],
  ])('ends after its time: %s', async (_name, line) => {
    const { status, stderr } = await shell(line, engine('exec sleep 60'))
    expect(stderr).toMatch(
      /^layergate: The run took longer than 1 seconds \(limits\.seconds\)\. Raise the limit .* \(exit 2: nothing was judged\)\n$/,
    )
    expect(status).toBe(2)
  })

  it.concurrent('after its time writes the reports that it was asked for', async () => {
    const { status } = await shell('layergate scan app:1 --timeout 1 --format json=late.json', engine('exec sleep 60'))
    expect(status).toBe(2)
    expect(JSON.parse(readFileSync(path.join(bin, 'late.json'), 'utf8'))).toMatchObject({
      verdict: { result: 'error' },
      error: { code: 'timeout' },
    })
  })

  it.concurrent.each([
    [
      'a reader that closes early',
      `layergate scan ${IMAGE} --format json | head -c 1 >/dev/null; exit \${PIPESTATUS[0]}`,
      1,
    ],
    ['a reader that closes at once', `layergate scan ${CLEAN} | true; exit \${PIPESTATUS[0]}`, 0],
    ['a full disk behind standard output', `layergate scan ${CLEAN} --format json >/dev/full`, 2],
    ['a full disk behind a list', 'layergate rules >/dev/full', 2],
    ['a full disk behind a report', `layergate scan ${CLEAN} --format json=/dev/full`, 2],
    ['a report where nothing can be written', `layergate scan ${CLEAN} --format json=/dev/null/report.json`, 2],
    ['a closed standard output', `layergate scan ${IMAGE} >&-`, 1],
    ['a closed standard error', 'layergate scan nothing.tar 2>&-', 2],
    ['a full disk behind standard error', 'layergate scan nothing.tar 2>/dev/full', 2],
  ])('%s', async (_name, line, status) => {
    const done = await shell(line)
    expect(done.status).toBe(status)
    expect(done.stderr).not.toMatch(TRACE)
  })

  it.concurrent.each(['INT', 'TERM', 'HUP'])('a signal %s ends it with one line', async (signal) => {
    const { status, stderr } = await shell('layergate scan app:1', engine(`kill -${signal} $PPID; exec sleep 60`))
    expect(status).toBe(2)
    expect(stderr).toMatch(
      new RegExp(
        `^layergate: The run was ended by SIG${signal} before its verdict\\. \\(exit 2: nothing was judged\\)\\n$`,
      ),
    )
  })

  it.concurrent('reads no pipe in place of a policy, a Dockerfile or a baseline', async () => {
    const folder = path.join(bin, 'pipes')
    mkdirSync(folder)
    spawnSync(
      'mkfifo',
      ['.layergate.yml', 'Dockerfile', 'b.json'].map((name) => path.join(folder, name)),
    )
    for (const line of [
      `layergate scan ${CLEAN}`,
      `layergate scan ${CLEAN} --config strict`,
      `layergate scan ${CLEAN} --baseline b.json --config strict`,
      'layergate lint Dockerfile',
      `layergate baseline update ${CLEAN} --output b.json --config strict`,
    ])
      expect(await shell(`cd pipes && ${line}`)).toMatchObject({
        status: 2,
        stderr: expect.stringContaining('named pipe'),
      })
  })
})
