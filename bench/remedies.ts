// Whether the changes that findings propose cure: each Dockerfile is built by a real engine, all its changes are made as they are printed,
// it is built again, its container is started where it has an entrypoint, and its image is scanned.
//
//   node bench/remedies.ts [--only TEXT]
//
// Needs root, dockerd, docker and busybox. Prints a line for each case and the counts; exits with 1 where a change breaks a build or a
// container, or leaves its leak.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Report } from '../src/outcome/contract.ts'
import { applyEdits, withPatterns } from '../src/remedy/apply.ts'
import { CASES, type RemedyCase } from './remedy-cases.ts'

const CLI = path.join(import.meta.dirname, '../dist/cli.js')
const only = process.argv[process.argv.indexOf('--only') + 1]
const work = mkdtempSync(path.join(tmpdir(), 'layergate-remedies-'))
const host = `unix://${work}/sock`
const env = { ...process.env, DOCKER_HOST: host, DOCKER_BUILDKIT: '1' }
const daemon = spawn(
  'dockerd',
  [
    ...['--data-root', `${work}/data`, '--exec-root', `${work}/exec`, '--pidfile', `${work}/pid`, '-H', host],
    ...['--iptables=false', '--bridge=none', '--storage-driver=vfs'],
  ],
  { stdio: 'ignore' },
)

/** Debian's client builds with BuildKit by itself; others need a plugin. */
const CLIENT = existsSync('/usr/bin/docker') ? '/usr/bin/docker' : 'docker'
const docker = (args: readonly string[], more: Record<string, string> = {}) =>
  spawnSync(CLIENT, args, { encoding: 'utf8', env: { ...env, ...more }, maxBuffer: 1 << 26 })

const APPLETS = [
  'cat',
  'chmod',
  'chown',
  'cp',
  'echo',
  'env',
  'grep',
  'id',
  'mkdir',
  'mv',
  'rm',
  'sed',
  'sh',
  'test',
  'touch',
  'wc',
]

function writeRoot(folder: string): void {
  const links = APPLETS.map((applet) => `ln -sf busybox root/bin/${applet}`).join(' && ')
  const made = spawnSync(
    'sh',
    [
      '-c',
      `mkdir -p root/bin root/tmp root/etc root/root && echo app:x:1000:1000::/:/bin/sh > root/etc/passwd && echo app:x:1000: > root/etc/group && cp "$(command -v busybox)" root/bin/ && ${links} && tar -C root -cf root.tar . && rm -r root`,
    ],
    { cwd: folder },
  )
  if (made.status !== 0) throw new Error('busybox is needed')
}

type Result = 'cured' | 'no change' | 'breaks the build' | 'breaks the container' | 'leaks still' | 'not built'

function scan(image: string, folder: string): Report {
  const { stdout } = spawnSync(process.execPath, [CLI, 'scan', image, '--format', 'json'], {
    cwd: folder,
    encoding: 'utf8',
    env,
    maxBuffer: 1 << 26,
  })
  return JSON.parse(stdout) as Report
}

/** What a container prints and how it ends; null where the image starts nothing. */
function start(image: string, { run }: RemedyCase): string | null {
  if (run === undefined) return null
  const { status, stdout } = docker(['run', '--rm', '--network', 'none', ...run, image])
  return `${status} ${stdout}`
}

function tryCase(one: RemedyCase, index: number): { result: Result; detail: string } {
  const folder = path.join(work, `case-${index}`)
  mkdirSync(folder)
  writeRoot(folder)
  for (const [file, content] of Object.entries({ Dockerfile: one.dockerfile, ...one.files })) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true })
    writeFileSync(path.join(folder, file), content)
  }
  const image = `layergate-bench:${index}`
  const build = (options: readonly string[], more: Record<string, string> = {}) =>
    docker(['build', '--network', 'host', '-t', image, ...options, folder], more)
  const args = Object.entries(one.args ?? {})
  const first = build(args.flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]))
  if (first.status !== 0) return { result: 'not built', detail: first.stderr.slice(-300) }
  const before = start(image, one)
  const leaks = scan(image, folder).findings.filter(({ secret, severity }) => secret !== null && severity !== 'low')
  if (leaks.length === 0) return { result: 'not built', detail: 'nothing leaks' }
  const without = leaks.filter(({ fix }) => fix === null)
  if (without.length > 0) return { result: 'no change', detail: without[0]?.remedy ?? '' }

  const fixes = [...new Map(leaks.map(({ fix }) => [JSON.stringify(fix), fix])).values()].filter((fix) => fix !== null)
  const changed = applyEdits(
    one.dockerfile,
    fixes.flatMap(({ edits }) => edits),
  )
  writeFileSync(path.join(folder, 'Dockerfile'), changed)
  for (const { ignore } of fixes)
    if (ignore !== null) {
      const file = path.join(folder, ignore.path)
      one.files['.dockerignore'] = withPatterns(one.files['.dockerignore'] ?? null, ignore.patterns)
      writeFileSync(file, one.files['.dockerignore'])
    }
  writeFileSync(path.join(work, 'literal'), one.literal ?? '')
  const options = fixes
    .flatMap((fix) => fix.build)
    .flatMap((option) => option.replace('src=FILE', `src=${path.join(work, 'literal')}`).split(' '))
    .map((word) => word.replace(/src=(?!\/)/, `src=${folder}/`))
  const second = build(options, { ...one.args, ...one.variables })
  if (second.status !== 0) return { result: 'breaks the build', detail: `${changed}\n${second.stderr.slice(-400)}` }
  const after = start(image, one)
  if (after !== before) return { result: 'breaks the container', detail: `${before} is now ${after}\n${changed}` }
  const left = scan(image, folder).findings.filter(({ secret, severity }) => secret !== null && severity !== 'low')
  if (left.length > 0) return { result: 'leaks still', detail: `${left[0]?.message}\n${changed}` }
  return { result: 'cured', detail: '' }
}

const counts = new Map<Result, number>()
try {
  for (let i = 0; i < 150 && docker(['info']).status !== 0; i++)
    await new Promise((resolve) => setTimeout(resolve, 200))
  for (const [index, one] of CASES.entries()) {
    if (only !== undefined && process.argv.includes('--only') && !one.name.includes(only)) continue
    const { result, detail } = tryCase(one, index)
    counts.set(result, (counts.get(result) ?? 0) + 1)
    const isWrong = result !== 'cured' && (result !== 'no change' || one.wants === 'change')
    console.log(
      `${isWrong ? 'WRONG' : 'ok   '} ${result.padEnd(20)} ${one.name}${result === 'cured' ? '' : `\n        ${detail.replaceAll('\n', '\n        ')}`}`,
    )
    if (isWrong) process.exitCode = 1
    docker(['image', 'rm', '-f', `layergate-bench:${index}`])
  }
  console.log([...counts].map(([result, count]) => `${count} ${result}`).join(', '))
} finally {
  const stopped = new Promise((resolve) => daemon.on('exit', resolve))
  daemon.kill()
  await stopped
  spawnSync('sh', ['-c', `umount ${work}/exec/netns/default 2>/dev/null`])
  rmSync(work, { recursive: true, force: true })
}
