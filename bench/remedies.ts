// Whether the changes that findings propose cure: each Dockerfile is built by a real engine, its changes are made as they are printed (each
// alone, and all together), it is built again, its container is started where it has an entrypoint, and its image is scanned. Where no
// change is proposed, the advice must say what it has to.
//
//   node bench/remedies.ts [--only TEXT] [--write]      # --write: the table in bench/RESULTS.md
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

function writeArchive(folder: string, { name, path: inside, content }: NonNullable<RemedyCase['archive']>): void {
  const from = path.join(folder, '.archive')
  mkdirSync(path.dirname(path.join(from, inside)), { recursive: true })
  writeFileSync(path.join(from, inside), content)
  spawnSync('tar', ['-C', from, '-cf', path.join(folder, name), inside])
  rmSync(from, { recursive: true })
}

type Result =
  | 'cured'
  | 'no change'
  | 'says too little'
  | 'breaks the build'
  | 'breaks the container'
  | 'leaks still'
  | 'not built'

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

type Fix = NonNullable<Report['findings'][number]['fix']>

/** Builds, scans, changes, builds, starts and scans. */
class Trial {
  readonly #one: RemedyCase
  readonly #folder: string
  readonly #image: string

  constructor(one: RemedyCase, index: number) {
    this.#one = one
    this.#folder = path.join(work, `case-${index}`)
    this.#image = `layergate-bench:${index}`
    mkdirSync(path.join(this.#folder, one.context ?? '.'), { recursive: true })
    writeRoot(path.join(this.#folder, one.context ?? '.'))
  }

  #write(): void {
    const { dockerfile, files } = this.#one
    for (const [file, content] of Object.entries({ Dockerfile: dockerfile, ...files })) {
      mkdirSync(path.dirname(path.join(this.#folder, file)), { recursive: true })
      writeFileSync(path.join(this.#folder, file), content)
    }
    if (this.#one.archive !== undefined) writeArchive(this.#folder, this.#one.archive)
  }

  #build(options: readonly string[], more: Record<string, string> = {}) {
    const context = path.join(this.#folder, this.#one.context ?? '.')
    const file = path.join(this.#folder, 'Dockerfile')
    return docker(['build', '--network', 'host', '-t', this.#image, '-f', file, ...options, context], more)
  }

  /** The image with some changes. */
  #attempt(
    fixes: readonly Fix[],
    before: string | null,
    gone: ReadonlySet<string>,
  ): { result: Result; detail: string } {
    this.#write()
    const { dockerfile, files, literal, args, variables } = this.#one
    const edits = fixes.flatMap((fix) => fix.edits)
    const changed = applyEdits(dockerfile, edits)
    writeFileSync(path.join(this.#folder, 'Dockerfile'), changed)
    const ignored = new Map<string, string[]>()
    for (const { ignore } of fixes)
      if (ignore !== null) ignored.set(ignore.path, [...(ignored.get(ignore.path) ?? []), ...ignore.patterns])
    for (const [file, patterns] of ignored)
      writeFileSync(path.join(this.#folder, file), withPatterns(files[file] ?? null, patterns))
    writeFileSync(path.join(work, 'literal'), literal ?? '')
    const options = fixes
      .flatMap((fix) => fix.build)
      .flatMap((option) => option.replace('src=FILE', `src=${path.join(work, 'literal')}`).split(' '))
      .map((word) => word.replace(/src=(?!\/)/, `src=${this.#folder}/`))
    const second = this.#build([...options, ...this.#arguments(changed)], { ...args, ...variables })
    for (const file of ignored.keys()) rmSync(path.join(this.#folder, file))
    if (second.status !== 0) return { result: 'breaks the build', detail: `${changed}\n${second.stderr.slice(-400)}` }
    const after = start(this.#image, this.#one)
    if (after !== before) return { result: 'breaks the container', detail: `${before} is now ${after}\n${changed}` }
    const left = leaksOf(scan(this.#image, this.#folder)).find(({ fingerprint }) => gone.has(fingerprint))
    return left === undefined
      ? { result: 'cured', detail: '' }
      : { result: 'leaks still', detail: `${left.message}\n${changed}` }
  }

  /** Arguments that the Dockerfile still takes. */
  #arguments(dockerfile: string): string[] {
    return Object.entries(this.#one.args ?? {})
      .filter(([name]) => new RegExp(`^ARG .*\\b${name}\\b`, 'm').test(dockerfile))
      .flatMap(([name, value]) => ['--build-arg', `${name}=${value}`])
  }

  run(): { result: Result; detail: string; patches: number } {
    this.#write()
    const first = this.#build(this.#arguments(this.#one.dockerfile))
    if (first.status !== 0) return { result: 'not built', detail: first.stderr.slice(-300), patches: 0 }
    const before = start(this.#image, this.#one)
    const leaks = leaksOf(scan(this.#image, this.#folder))
    if (leaks.length === 0) return { result: 'not built', detail: 'nothing leaks', patches: 0 }
    const without = leaks.find(({ fix }) => fix === null)
    if (without !== undefined) {
      const { says } = this.#one
      return says === undefined || says.test(without.remedy)
        ? { result: 'no change', detail: without.remedy, patches: 0 }
        : { result: 'says too little', detail: `${without.remedy}\n${says}`, patches: 0 }
    }
    const fixes = [...new Map(leaks.map(({ fix }) => [JSON.stringify(fix), fix])).values()].filter(
      (fix) => fix !== null,
    )
    const goneWith = (some: readonly Fix[]): Set<string> => {
      const texts = new Set(some.map((fix) => JSON.stringify(fix)))
      return new Set(leaks.filter(({ fix }) => texts.has(JSON.stringify(fix))).map(({ fingerprint }) => fingerprint))
    }
    for (const some of [fixes, ...(fixes.length > 1 ? fixes.map((fix) => [fix]) : [])]) {
      const tried = this.#attempt(some, before, goneWith(some))
      if (tried.result !== 'cured') return { ...tried, patches: fixes.length }
    }
    return { result: 'cured', detail: '', patches: fixes.length }
  }

  clean(): void {
    docker(['image', 'rm', '-f', this.#image])
  }
}

const leaksOf = ({ findings }: Report): Report['findings'] =>
  findings.filter(({ secret, severity }) => secret !== null && severity !== 'low')

interface Line {
  readonly name: string
  readonly result: Result
  readonly detail: string
}

/** What is said where nothing is changed, without what every remedy says. */
const reasonIn = (remedy: string): string =>
  remedy
    .replace(/ Delete pushed tags and the build cache: they keep it\.$/, '')
    .replace(/^(?:Revoke|Delete|Change|Replace)[^.]*\. /, '')

function renderTable(lines: readonly Line[], patches: number): string {
  const count = (result: Result): number => lines.filter((line) => line.result === result).length
  const of = (result: Result): readonly Line[] => lines.filter((line) => line.result === result)
  return `# Results

## Whether the changes cure

\`npm run bench:remedies -- --write\`, with Docker 20.10 and its BuildKit: ${lines.length} Dockerfiles that leak (\`bench/remedy-cases.ts\`). Each is built,
its changes are made as they are printed (${patches} of them, each alone and all of an image together), it is built again, its container is started before and
after, and its image is scanned.

| result | Dockerfiles |
|---|---|
| cured: it builds, the container does the same, nothing leaks | ${count('cured')} |
| no change is proposed, and the advice says what it has to | ${count('no change')} |
| the advice says too little | ${count('says too little')} |
| the build breaks | ${count('breaks the build')} |
| the container does something else | ${count('breaks the container')} |
| it still leaks | ${count('leaks still')} |

## Where no change is proposed, and what the remedy says

| Dockerfile | what the remedy says |
|---|---|
${of('no change')
  .map(({ name, detail }) => `| ${name} | ${reasonIn(detail).replaceAll('|', '\\|')} |`)
  .join('\n')}

## Cured

${of('cured')
  .map(({ name }) => `- ${name}`)
  .join('\n')}
`
}

const lines: Line[] = []
let patches = 0
try {
  for (let i = 0; i < 150 && docker(['info']).status !== 0; i++)
    await new Promise((resolve) => setTimeout(resolve, 200))
  for (const [index, one] of CASES.entries()) {
    if (only !== undefined && process.argv.includes('--only') && !one.name.includes(only)) continue
    const trial = new Trial(one, index)
    const { result, detail, patches: made } = trial.run()
    trial.clean()
    patches += made
    lines.push({ name: one.name, result, detail })
    const isWrong = result !== 'cured' && (result !== 'no change' || one.wants === 'change')
    console.log(
      `${isWrong ? 'WRONG' : 'ok   '} ${result.padEnd(20)} ${one.name}${result === 'cured' ? '' : `\n        ${detail.replaceAll('\n', '\n        ')}`}`,
    )
    if (isWrong) process.exitCode = 1
  }
  const results = new Set(lines.map(({ result }) => result))
  console.log(
    [...results].map((result) => `${lines.filter((line) => line.result === result).length} ${result}`).join(', '),
    `· ${patches} patches`,
  )
  if (process.argv.includes('--write'))
    writeFileSync(path.join(import.meta.dirname, 'RESULTS.md'), renderTable(lines, patches))
} finally {
  const stopped = new Promise((resolve) => daemon.on('exit', resolve))
  daemon.kill()
  await stopped
  spawnSync('sh', ['-c', `umount ${work}/exec/netns/default 2>/dev/null`])
  rmSync(work, { recursive: true, force: true })
}
