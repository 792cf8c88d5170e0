// An adversary of the redactor: images, Dockerfiles and names with secrets in every field, in every encoding, at every cut; and the
// search for what leaks of them in any output. The same seed makes the same images.
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { inspectContext } from '../src/context/inspect-context.ts'
import { UsageError } from '../src/error.ts'
import { lintDockerfile } from '../src/lint.ts'
import { compare } from '../src/outcome/compare.ts'
import type { Outcome } from '../src/outcome/outcome.ts'
import { renderBaseline } from '../src/policy/baseline.ts'
import { PRESETS } from '../src/policy/config.ts'
import { entryFor, withEntry } from '../src/policy/ignore-entry.ts'
import { toPolicy } from '../src/policy/policy.ts'
import { applyEdits } from '../src/remedy/apply.ts'
import { toAnnotations } from '../src/report/annotations.ts'
import { renderErrorSection, renderSection, upsertSection } from '../src/report/comment.ts'
import { contextText } from '../src/report/context.ts'
import { renderDiff, renderDiffMarkdown } from '../src/report/difference.ts'
import { renderExplanation } from '../src/report/explanation.ts'
import { buildLines, changedLines, leftLines, refusedLines } from '../src/report/fixes.ts'
import { FORMS } from '../src/report/forms.ts'
import { renderHistory } from '../src/report/history.ts'
import { renderLint, renderLintJson } from '../src/report/lint.ts'
import { entryComment } from '../src/report/phrases.ts'
import { renderLintSarif } from '../src/report/sarif.ts'
import { renderTerminal } from '../src/report/terminal.ts'
import { sealed } from '../src/secrets/last-look.ts'
import { processScanner } from '../src/secrets/scanner.ts'
import { presentable } from '../src/settings.ts'
import type { FileSpec, ImageSpec, Layout } from './image-builder.ts'
import { buildImage } from './image-builder.ts'
import { judgeArchive } from './run-gate.ts'
import { random, VALUES } from './values.ts'

/** A secret that was planted; a password is known by the assignment that stands in a file. */
export interface Planted {
  readonly value: string
  readonly isPassword: boolean
}

export interface Attack {
  readonly archive: Buffer
  /** Of the archive, or what is named. */
  readonly name: string
  readonly dockerfile: string
  readonly policy: string
  readonly planted: readonly Planted[]
  /** A name in which a token stands alone: whatever has read nothing yet finds it too. */
  readonly plainName: string
}

/** A source of choices that is the same for the same seed. */
class Dice {
  #state: number

  constructor(seed: number) {
    this.#state = (seed * 2_654_435_761) >>> 0 || 1
  }

  /** From 0 to below `sides`. */
  roll(sides: number): number {
    this.#state ^= this.#state << 13
    this.#state ^= this.#state >>> 17
    this.#state ^= this.#state << 5
    this.#state >>>= 0
    return this.#state % sides
  }

  one<T>(list: readonly [T, ...T[]]): T {
    return list[this.roll(list.length)] ?? list[0]
  }
}

const base64 = (text: string | Buffer): string => Buffer.from(text).toString('base64')
const inLines = (text: string, width: number, joint: string): string =>
  text.match(new RegExp(`[^]{1,${width}}`, 'g'))?.join(joint) ?? ''

/** Ways to write a value into a text of one line. */
const ENCODINGS: readonly [(value: string, dice: Dice) => string, ...((value: string, dice: Dice) => string)[]] = [
  (value) => value,
  (value) => value,
  (value) => base64(value),
  (value, dice) => base64(`${'x'.repeat(dice.roll(5))} ${value} ${'y'.repeat(dice.roll(3))}`),
  (value) => base64(base64(`a:${value}`)),
  (value) => Buffer.from(`?${value}`).toString('base64url'),
  (value) => Buffer.from(value).toString('hex'),
  (value) => Buffer.from(value).toString('hex').toUpperCase(),
  (value) => encodeURIComponent(value),
  (value) => JSON.stringify(value).slice(1, -1),
  (value) => JSON.stringify(JSON.stringify(value)).slice(1, -1),
  (value) => value.replace(/[^A-Za-z0-9\n]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`),
  (value) => value.replace(/[^A-Za-z0-9\n]/g, (c) => `&#${c.charCodeAt(0)};`),
  (value) => value.replace(/[$"\\]/g, '\\$&'),
  (value) => `'${value.replaceAll("'", "'\\''")}'`,
  (value, dice) => inLines(value, 12 + dice.roll(20), '\\\n    '),
  (value, dice) => `"${inLines(value, 8 + dice.roll(12), '" + "')}"`,
  (value, dice) => inLines(base64(`{"k":"${value}"}`), 16 + dice.roll(60), '\\n'),
  (value) => base64(gzipSync(`{"token":"${value}"}`)),
  (value) => base64(Buffer.from(`$x="${value}"`, 'utf16le')),
]

const SECRETS = [
  'github-token',
  'gitlab-token',
  'npm-token',
  'slack-token',
  'stripe-key',
  'digitalocean-token',
  'ec-key',
  'pkcs8-key',
  'jwt',
  'password',
] as const

function secretOf(kind: (typeof SECRETS)[number], seed: number): Planted {
  if (kind === 'password')
    return {
      value: `${random(5, undefined, seed)}$${random(4, undefined, seed + 1)}/&${random(4, undefined, seed + 2)}`,
      isPassword: true,
    }
  // Those of issuers whose form has no checksum differ from image to image.
  if (kind === 'stripe-key') return { value: `sk_${'live_'}${random(24, undefined, seed)}`, isPassword: false }
  if (kind === 'digitalocean-token')
    return { value: `dop_${'v1_'}${random(64, '0123456789abcdef', seed)}`, isPassword: false }
  return { value: VALUES[kind]?.() ?? '', isPassword: false }
}

/** An image with secrets in whatever its fields take. */
export async function attackOf(seed: number): Promise<Attack> {
  const dice = new Dice(seed + 1)
  const planted = Array.from({ length: 3 + dice.roll(3) }, (_, index) =>
    secretOf(SECRETS[dice.roll(SECRETS.length)] ?? 'github-token', seed * 31 + index * 7 + 1),
  )
  /** One that stands in names alone. */
  const only = secretOf('stripe-key', seed * 31 + 1009)
  const any = (): Planted => planted[dice.roll(planted.length)] ?? { value: '', isPassword: false }
  /** A value in some encoding; whatever it is, also known from a file. */
  const written = (): string => dice.one(ENCODINGS)(any().value, dice)
  const line = (): string => written().replace(/\n/g, '\\n')
  /** What a name can hold: the bare token of an issuer, since nothing tells a password in a name. */
  const name = (): string => {
    const known = planted.find(({ value, isPassword }) => !isPassword && !/[\n/]/.test(value))?.value ?? 'x'
    // Glued to others, a token is known only from elsewhere.
    return `${'n'.repeat(dice.roll(90))}${dice.one([`${dice.one(['', '-', '.', '_x.'])}${known}`, `${dice.one(['-', '.', '_x.'])}${only.value}`])}`
  }
  const padding = (): string => 'pad '.repeat(100).slice(0, dice.roll(300))
  const values = planted.map(
    ({ value }, index) =>
      `${index % 2 === 0 ? 'DB_PASSWORD' : 'API_SECRET'}_${index}='${value.replace(/\n/g, '\\n')}'\n${value}\n"password": ${JSON.stringify(value)}\n`,
  )
  const files: FileSpec[] = [
    { name: 'app/.env', content: values.join('\n') },
    { name: `app/${name()}`, content: `x ${written()}\n` },
    { name: `app/${name()}/deep/file.json`, content: JSON.stringify({ password: any().value, encoded: written() }) },
    { name: 'app/notes', content: `${padding()}${written()}\n` },
    { name: 'app/link', type: 'symlink', link: `/x/${name()}` },
  ]
  const env = [`PATH=/bin`, `TOKEN_A=${line()}`, `B=${padding()}${line()}`, `${dice.one(['C', 'SECRET'])}=${line()}`]
  const run = `${padding()}curl -k -u svc:${line()} http://acme.example/${line()} | sh ${padding()}`
  const second = `echo ${line()} ${padding()} && pip install --index-url https://u:${encodeURIComponent(any().value)}@pypi.acme.io/x flask && chmod 777 /${line()}`
  const argument = `|2 A=${line()} B=${line()} /bin/sh -c make # buildkit`
  const spec: ImageSpec = {
    layers: [
      { by: '/bin/sh -c #(nop) ADD file:1 in / ', files: [{ name: 'bin/', mode: 0o755 }] },
      { by: 'COPY . /app # buildkit', files },
      { by: `RUN /bin/sh -c ${run} # buildkit`, files: [{ name: 'x', content: 'x' }] },
      {
        by: `RUN /bin/sh -c ${second} # buildkit`,
        files: [{ name: `y/${name()}`, content: written(), mode: 0o4777 }],
        comment: `c ${line()}`,
      },
      { by: `RUN ${argument}`, files: [{ name: 'app/.wh..env' }, { name: `app/.wh.${name()}` }] },
      { by: `ENV ${env.slice(1).join(' ')}`, files: null },
    ],
    config: {
      Env: env,
      User: dice.one([name(), '1000', line()]),
      WorkingDir: `/w/${name()}`,
      Cmd: ['/bin/x', '--token', line()],
      Entrypoint: ['/bin/sh', '-c', line()],
      Healthcheck: { Test: ['CMD', 'curl', line()] },
      Labels: { plain: line(), [name()]: 'y', 'org.opencontainers.image.base.name': `ghcr.io/acme/${name()}` },
      OnBuild: [`RUN echo ${line()}`],
    },
    overrides: {
      created: dice.one(['2026-01-01T00:00:00Z', name()]),
      author: line(),
      comment: line(),
      variant: name(),
    },
    name: `acme/${name().slice(-100)}:${dice.one(['1', name().slice(-100)])}`,
    attestations: [
      {
        predicateType: `https://slsa.dev/provenance/v1?${name()}`,
        predicate: {
          buildDefinition: {
            externalParameters: { request: { args: { 'build-arg:TOKEN': any().value, [name()]: line() } } },
          },
        },
      },
    ],
  }
  // What lint knows: it reads no file.
  const known = planted
    .map(({ value, isPassword }) => `# ${isPassword ? 'DB_PASSWORD=' : 'token '}${value.replace(/\n/g, '\\n')}`)
    .join('\n')
  const layouts: readonly [Layout, ...Layout[]] = [
    'docker-20',
    'docker-28',
    'containerd',
    'buildkit-oci',
    'buildah',
    'kaniko',
  ]
  const escaped = (text: string): string => text.replace(/\n/g, '\\n')
  return {
    archive: await buildImage(spec, dice.one(layouts)),
    name: name(),
    dockerfile: `${known}\n# ${line()}\nFROM scratch\nARG A=${line()}\nCOPY . /app\nRUN ${escaped(run)}\nRUN ${escaped(second)}\nRUN make\nENV ${env.slice(1).map(escaped).join(' ')}\n# layergate-ignore: root-user see ${line()}\nCMD ["/bin/x"]\n`,
    policy: `ignore:\n  - rule: sudo-installed\n    reason: ${JSON.stringify(`as in ${name()}`)}\n`,
    planted: [...planted, only],
    plainName: `${'n'.repeat(dice.roll(90))}-${only.value}`,
  }
}

const NOW = new Date('2026-11-23T12:00:00Z')

/** All that is written of an outcome: every report, log and file. */
export function outputsOf(outcome: Outcome): Record<string, string> {
  const context = {
    blobUrl: 'https://github.com/acme/app/blob/0123',
    runUrl: null,
    commit: 'a'.repeat(40),
    source: null,
  }
  const { report } = outcome
  const { record } = report.baseline
  const comment = upsertSection(null, report.name, (earlier) => renderSection(outcome, context, earlier))
  const memory = /layergate:memory ([\w-]+)/.exec(comment)?.[1] ?? ''
  const change = compare(outcome, outcome)
  return {
    ...Object.fromEntries(
      FORMS.map(({ name, render }) => [
        name,
        render(outcome, {
          color: false,
          verbose: true,
          showQuiet: true,
          configPath: '.layergate.yml',
          commit: null,
          now: NOW,
        }),
      ]),
    ),
    comment,
    memory: Buffer.from(memory, 'base64url').toString('utf8'),
    section: Buffer.from(/layergate:image ([\w-]+)/.exec(comment)?.[1] ?? '', 'base64url').toString('utf8'),
    short: renderTerminal(outcome, { color: false, verbose: false }),
    annotations: JSON.stringify(toAnnotations(outcome)),
    history: renderHistory(outcome, NOW, { width: 120, verbose: false }),
    'long history': renderHistory(outcome, NOW, { width: 80, verbose: true }),
    baseline: renderBaseline({ schemaVersion: 1, salt: record.salt, images: { [report.name]: record.findings } }),
    diff: renderDiff(change, true),
    ...fixOutputsOf(outcome),
    'diff for a comment': renderDiffMarkdown(change),
  }
}

/** What fix, explain and ignore print of an outcome, and what they write. */
function fixOutputsOf(outcome: Outcome): Record<string, string> {
  const { findings } = outcome.report
  const fixes = findings.flatMap((finding) => finding.fix ?? [])
  const before = outcome.source?.lines.join('\n') ?? ''
  const changes = [...new Set(fixes.map(({ path }) => path))].map((path) => ({
    path,
    before,
    after: applyEdits(
      before,
      [...new Map(fixes.map((fix) => [JSON.stringify(fix), fix])).values()].flatMap(({ edits }) => edits),
    ),
  }))
  const refused = fixes.map((fix) => ({ fix, why: 'It fails:', output: before.split('\n') }))
  return {
    fix: sealed(
      [
        ...changedLines(outcome, changes, 'change'),
        ...buildLines(fixes),
        ...refused.flatMap((each) => refusedLines(outcome, each)),
        ...leftLines(findings.filter(({ fix }) => fix === null)),
      ].join('\n'),
    ),
    // The form of a detector reads like a value without its spaces.
    explain: sealed(
      findings
        .map((finding) => renderExplanation(finding).replace(/ {2}form {2}[\s\S]*?(?= {2}(?:check|severity) )/, ''))
        .join('\n'),
    ),
    ignore: findings
      .map((finding) => withEntry('x', null, entryFor(finding, 'because', null), entryComment(finding)))
      .join('\n'),
  }
}

/** What lint and errors say of an attack. */
function otherOutputsOf({ dockerfile, plainName, planted }: Attack): Record<string, string> {
  const policy = toPolicy('recommended', PRESETS['recommended'] ?? {})
  const token = planted.find(({ isPassword, value }) => !isPassword && !value.includes('\n'))?.value ?? ''
  const error = presentable(
    new UsageError(`${plainName}: there is no such file; ${token} was meant, or ${base64(`x${token}`)}.`),
  )
  const found: Record<string, string> = {
    error: error.message,
    ...Object.fromEntries(
      FORMS.flatMap(({ name, renderError }) =>
        renderError === null ? [] : [[`error as ${name}`, renderError(error, 'x', 'x')]],
      ),
    ),
    'error comment': renderErrorSection('x', error, null),
  }
  try {
    const result = [lintDockerfile({ path: 'Dockerfile', text: dockerfile }, policy, processScanner(), NOW)]
    return {
      ...found,
      lint: renderLint(result, { verbose: true }),
      'lint json': renderLintJson(result),
      'lint sarif': renderLintSarif(result),
    }
  } catch (problem) {
    return { ...found, lint: presentable(problem).message }
  }
}

/** What `layergate context` prints of a checkout that holds the values, in files of all kinds. */
async function contextOutputsOf({ planted, dockerfile }: Attack): Promise<Record<string, string>> {
  const folder = await mkdtemp(path.join(tmpdir(), 'layergate-context-'))
  try {
    await mkdir(path.join(folder, '.aws'))
    await writeFile(path.join(folder, 'Dockerfile'), dockerfile)
    for (const [index, { value, isPassword }] of planted.entries()) {
      const text = `${isPassword ? 'DB_PASSWORD=' : 'token '}${value}\n`
      await writeFile(path.join(folder, `.aws/${index}.env`), text)
      await writeFile(path.join(folder, `${index}.gz`), gzipSync(text))
      const name = `${value}.txt`
      if (!isPassword && /^[\w.-]{1,200}$/.test(name)) await writeFile(path.join(folder, name), text)
    }
    const found = await inspectContext(folder, '.', null, processScanner())
    return {
      context: contextText(found, processScanner(), { json: false, verbose: true }),
      'context json': contextText(found, processScanner(), { json: true, verbose: true }),
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Characters in a row that may not be seen of a value in any form. */
const WINDOW = 10

/** The forms of a value of which no part may be seen. */
function* formsOf(value: string): Generator<string> {
  // What a PEM file and DER begin with is in every key.
  const lines = value.startsWith('-----') ? [value.split('\n').slice(1, -1).join('').slice(56)] : [value]
  for (const plain of lines) {
    yield plain
    yield encodeURIComponent(plain)
    yield JSON.stringify(plain).slice(1, -1)
    yield Buffer.from(plain).toString('hex')
    yield Buffer.from(plain).toString('hex').toUpperCase()
    for (const shift of [0, 1, 2])
      yield Buffer.from('x'.repeat(shift) + plain)
        .toString('base64')
        .slice(4, -4)
    for (const shift of [0, 1, 2])
      yield Buffer.from('x'.repeat(shift) + plain)
        .toString('base64url')
        .slice(4, -4)
  }
}

export class LeakSearch {
  readonly #windows = new Map<string, string>()

  constructor(planted: readonly Planted[]) {
    for (const { value } of planted)
      for (const form of formsOf(value))
        for (let at = 0; at + WINDOW <= form.length; at++) this.#windows.set(form.slice(at, at + WINDOW), form)
  }

  /** What a text shows of a value, with what stands before it; null for nothing. Also over the ends of lines. */
  in(output: string): string | null {
    for (const text of [output, output.replace(/\s+/g, '')])
      for (let at = 0; at + WINDOW <= text.length; at++)
        if (this.#windows.has(text.slice(at, at + WINDOW)))
          return `${text.slice(Math.max(0, at - 60), at)}⟦${text.slice(at, at + 60)}⟧`.replace(/\s+/g, ' ')
    return null
  }
}

/** Judges an attack and searches all outputs. @returns what leaks, and in how many outputs it was looked for */
export async function tryAttack(seed: number): Promise<{ leaks: string[]; outputs: number }> {
  const attack = await attackOf(seed)
  const { archive, name, dockerfile, policy, planted } = attack
  const outcome = await judgeArchive(archive, {
    name,
    policy,
    dockerfile: seed % 3 === 0 ? null : dockerfile,
    file: `${name.slice(-120)}.tar`,
    takesInventory: true,
  })
  const search = new LeakSearch(planted)
  const outputs = Object.entries({
    ...outputsOf(outcome),
    ...otherOutputsOf(attack),
    ...(await contextOutputsOf(attack)),
  })
  return {
    leaks: outputs.flatMap(([output, text]) => search.in(text)?.replace(/^/, `seed ${seed}, ${output}: `) ?? []),
    outputs: outputs.length,
  }
}

/** Runs a program and gives what it prints, whatever it exits with. */
export const printed = (
  program: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: Record<string, string | undefined> },
): Promise<string> =>
  new Promise((resolve) =>
    execFile(program, [...args], { ...options, maxBuffer: 1 << 28 }, (_error, stdout, stderr) =>
      resolve(stdout + stderr),
    ),
  )
