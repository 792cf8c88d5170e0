// How well the detectors tell credentials from what only looks like one, and what they cost:
//
//   node bench/detectors.ts CREDENTIALS.jsonl [PACKAGES [DOCKERFILES.jsonl]]
//
// CREDENTIALS.jsonl holds labelled texts, one JSON object a line: { id, source, provider, text, label, secret_value, path }.
// PACKAGES is a folder of published packages; it is filled by name with npm pack and pip download where it is empty or not
// given. DOCKERFILES.jsonl holds real Dockerfiles, { text }, whose placeholders must stay quiet.
//
// Prints recall by provider and by source: texts in which the credential is found at all, and at medium or above. Then what
// is reported in the packages, the alarms over Dockerfiles, and the throughput with 45 detectors and with all.
// --misses lists each credential that is not found, with the reason why where one is known; --alarms lists each alarm.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { openImage } from '../src/image/open.ts'
import { scanLayer } from '../src/layer/scan.ts'
import { DEFAULT_LIMITS } from '../src/limits.ts'
import { DETECTORS, FILE_DETECTORS } from '../src/secrets/detectors/list.ts'
import type { SecretMatch } from '../src/secrets/match.ts'
import { Scanner } from '../src/secrets/scanner.ts'
import { archiveOf, sh, sha256 } from './archive.ts'

const NPM =
  'lodash react react-dom express axios typescript webpack aws-sdk @aws-sdk/client-s3 firebase googleapis stripe openai next vue @angular/core eslint moment puppeteer-core mongodb pg mysql2 ioredis jsonwebtoken passport node-forge crypto-js swagger-ui-dist @slack/web-api twilio discord.js @azure/storage-blob @azure/identity three antd jquery bootstrap monaco-editor @babel/core prettier'
const PIP =
  'boto3 botocore requests urllib3 django flask numpy pandas scipy cryptography paramiko pyjwt google-cloud-storage google-auth azure-storage-blob azure-identity kubernetes ansible awscli sqlalchemy psycopg2-binary pymongo redis celery twisted tornado scrapy openai anthropic langchain transformers stripe sentry-sdk jupyterlab apache-airflow matplotlib scikit-learn streamlit fastapi'

interface Labelled {
  readonly id: string
  readonly source: string
  readonly provider: string
  readonly rule: string
  readonly text: string
  readonly label: 'secret' | 'not-secret'
  readonly secret_value?: string | null
  readonly path?: string | null
}

/** Why a credential that a rule set labels is held to be none, or to be another part's work. */
const REASONS: readonly (readonly [reason: string, holds: (row: Labelled) => boolean])[] = [
  [
    'an id or a domain, public by design',
    ({ rule }) => /Account ID|client_id|S3 Bucket|Firebase Domain|Google Multi|age\.1$/.test(rule),
  ],
  ['a publishable key', ({ text }) => /pk_(?:live|test)_/.test(text)],
  [
    'filler: one character again and again',
    ({ secret_value: value, text }) => /x{8}|X{6}|Z{12}|a{16}|0{10}|(.)\1{11}/.test(value ?? text),
  ],
  [
    'an unsigned token, or one of which parts are missing',
    ({ provider, text }) => provider === 'jwt' && text.split('.').length < 3,
  ],
  ['encrypted: no leak', ({ rule }) => /travisci\.2$/.test(rule)],
  ['a certificate, which is public', ({ rule }) => /privatekey-p12/.test(rule)],
  [
    'user, password and host are those of an example',
    ({ text }) =>
      /(?:user|username):(?:pass|password|secret\d*)@(?:example|\w+\.example|host|localhost|yelp)/.test(text),
  ],
  [
    'bare hex or letters beside the name of a small vendor',
    ({ rule }) =>
      /kingfisher\.(?:bitcoinaverage|centralstationcrm|detectlanguage|finage|hiveage|securitytrails|signaturit|web3storage)/.test(
        rule,
      ),
  ],
  [
    'a password without a form',
    ({ source, provider, rule }) =>
      source === 'whispers' || source === 'leaky-repo' || provider === 'basic-auth-url' || /CURL/.test(rule),
  ],
]

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { misses: { type: 'boolean' }, alarms: { type: 'boolean' } },
})
const [credentials, given, dockerfiles] = positionals
const scanner = new Scanner()

function find(text: string, where: string): readonly SecretMatch[] {
  const scan = scanner.start(where)
  scan.push(Buffer.from(text, 'utf8'), true)
  return scan.matches
}

/** Matches that touch the labelled value; without one, any. */
function hits(row: Labelled): readonly SecretMatch[] {
  const matches = find(row.text, row.path ?? '')
  const value = row.secret_value ?? ''
  const at = value === '' ? -1 : Buffer.from(row.text).indexOf(value)
  return at === -1
    ? matches
    : matches.filter(({ offset, length }) => offset < at + Buffer.byteLength(value) && at < offset + length)
}

const percent = (part: number, whole: number): string => (whole === 0 ? '' : `${((100 * part) / whole).toFixed(0)} %`)

function table(
  title: string,
  rows: readonly Labelled[],
  key: (row: Labelled) => string,
  found: ReadonlyMap<string, readonly SecretMatch[]>,
): void {
  console.log(
    `\n${title.padEnd(20)} ${'secrets'.padStart(8)} ${'found'.padStart(8)} ${''.padStart(6)} ${'≥ medium'.padStart(9)}   not secrets, reported at medium or above`,
  )
  for (const name of [...new Set(rows.map(key))].sort()) {
    const own = rows.filter((row) => key(row) === name)
    const secrets = own.filter(({ label }) => label === 'secret')
    const others = own.filter(({ label }) => label !== 'secret')
    const any = secrets.filter(({ id }) => (found.get(id) ?? []).length > 0).length
    const real = (row: Labelled): boolean => (found.get(row.id) ?? []).some(({ strength }) => strength !== 'harmless')
    const alarms = others.filter(real).length
    console.log(
      `${name.padEnd(20)} ${String(secrets.length).padStart(8)} ${String(any).padStart(8)} ${percent(any, secrets.length).padStart(6)} ${String(secrets.filter(real).length).padStart(9)}   ${others.length === 0 ? '' : `${alarms} of ${others.length}`}`,
    )
  }
}

function recall(file: string): void {
  const rows = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Labelled)
  const found = new Map(rows.map((row) => [row.id, hits(row)]))
  const isProvider = ({ provider }: Labelled): boolean => provider !== 'generic-password'
  table('provider', rows, ({ provider }) => provider, found)
  table('source', rows.filter(isProvider), ({ source }) => source, found)
  const secrets = rows.filter((row) => row.label === 'secret' && isProvider(row))
  const any = secrets.filter(({ id }) => (found.get(id) ?? []).length > 0)
  console.log(
    `\nprovider credentials found: ${any.length} of ${secrets.length}, ${percent(any.length, secrets.length)}`,
  )
  const missed = secrets.filter((row) => !any.includes(row))
  const reasonOf = (row: Labelled): string => REASONS.find(([, holds]) => holds(row))?.[0] ?? 'missed'
  for (const reason of [...new Set(missed.map(reasonOf))].sort())
    console.log(`  ${String(missed.filter((row) => reasonOf(row) === reason).length).padStart(3)} ${reason}`)
  if (values.misses === true)
    for (const row of missed)
      console.log(
        `\n${row.id} ${row.rule} (${row.provider}): ${reasonOf(row)}\n  ${row.text.slice(0, 200).replace(/\n/g, '\n  ')}`,
      )
}

function packagesFolder(): string {
  const folder = given ?? mkdtempSync(path.join(tmpdir(), 'layergate-packages-'))
  mkdirSync(folder, { recursive: true })
  if (readdirSync(folder).length > 0) return folder
  console.log(`\nfetching packages to ${folder}`)
  for (const name of NPM.split(' ')) execFileSync('npm', ['pack', '--silent', name], { cwd: folder, stdio: 'ignore' })
  execFileSync('pip', ['download', '-q', '--no-deps', '-d', folder, ...PIP.split(' ')], { stdio: 'ignore' })
  return folder
}

/** Unpacks packages as npm and pip install them; what dist-info records say stays with them. */
function install(folder: string, to: string): void {
  const site = path.join(to, 'usr/local/lib/python3.11/site-packages')
  mkdirSync(site, { recursive: true })
  for (const name of readdirSync(folder).sort()) {
    const file = path.join(folder, name)
    if (name.endsWith('.whl')) sh(`cd ${site} && python3 -m zipfile -e ${file} .`)
    if (name.endsWith('.tar.gz')) sh(`tar -C ${site} -xzf ${file}`)
    if (!name.endsWith('.tgz')) continue
    const target = path.join(to, 'app/node_modules', name.replace(/-\d[\w.-]*\.tgz$/, ''))
    mkdirSync(target, { recursive: true })
    sh(`tar -C ${target} --strip-components=1 -xzf ${file}`)
  }
}

interface Finding {
  readonly ruleId: string
  readonly severity: string
  readonly message: string
  readonly location: { readonly path?: string; readonly line?: number | null }
  readonly secret: { readonly detector: string; readonly redacted: string } | null
}

/** Judges a folder as the layer of an image, and says what is reported of secrets. */
async function judge(title: string, tree: string, work: string): Promise<void> {
  const layer = path.join(work, 'layer.tar')
  sh(`chmod -R u+rwX ${tree}; tar -C ${tree} -cf ${layer} .`)
  archiveOf(layer, await sha256(layer), path.join(work, 'image.tar'))
  const cli = path.resolve(import.meta.dirname, '../dist/cli.js')
  sh(
    `${process.execPath} ${cli} scan ${path.join(work, 'image.tar')} --format json=${path.join(work, 'report.json')}; true`,
  )
  const report = JSON.parse(readFileSync(path.join(work, 'report.json'), 'utf8')) as { findings: Finding[] }
  const secrets = report.findings.filter(({ secret }) => secret !== null)
  const count = (severity: string): number => secrets.filter((finding) => finding.severity === severity).length
  console.log(
    `\n${title}, ${(statSync(layer).size / 1e6).toFixed(0)} MB: ${count('critical')} critical, ${count('high')} high, ${count('medium')} medium, ${count('low')} low`,
  )
  const kinds = secrets.map(({ severity, secret }) => `${severity} ${secret?.detector}`)
  for (const kind of [...new Set(kinds)].sort())
    console.log(`  ${String(kinds.filter((each) => each === kind).length).padStart(5)} ${kind}`)
  if (values.alarms !== true) return
  for (const { severity, secret, location } of secrets)
    if (severity === 'critical' || severity === 'high')
      console.log(`  ${severity} ${secret?.detector} ${secret?.redacted} ${location.path}:${location.line}`)
}

async function packages(folder: string): Promise<void> {
  const work = mkdtempSync(path.join(tmpdir(), 'layergate-bench-'))
  try {
    const tree = path.join(work, 'tree')
    install(folder, tree)
    await judge(`${readdirSync(folder).length} published packages as they are installed`, tree, work)
    sh(`find ${tree} -name RECORD -delete`)
    await judge('the same without the records of pip', tree, work)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

function alarmsOver(file: string): void {
  const texts = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map(
      (line) => JSON.parse(line) as { readonly text?: string; readonly dockerfile?: string; readonly content?: string },
    )
    .map(({ text, dockerfile, content }) => text ?? dockerfile ?? content ?? '')
  const found = texts.flatMap((text) => find(text, 'Dockerfile'))
  const of = (strength: SecretMatch['strength']): number => found.filter((match) => match.strength === strength).length
  console.log(
    `\n${texts.length} real Dockerfiles: ${of('proven')} critical, ${of('likely')} high, ${of('possible')} medium, ${of('harmless')} low`,
  )
  if (values.alarms === true)
    for (const match of found.filter(({ strength }) => strength !== 'harmless'))
      console.log(`  ${match.strength} ${match.detector} ${JSON.stringify(match.value.slice(0, 60))}`)
}

/** MB/s of `run` for each set of detectors, in turns, so that a slow minute of the machine slows both. */
async function compare(
  what: string,
  megabytes: number,
  sets: readonly (readonly [string, Scanner])[],
  rounds: number,
  run: (of: Scanner) => Promise<void> | void,
): Promise<void> {
  const rates = new Map<string, number[]>()
  for (let round = 0; round < rounds; round++) {
    for (const [name, of] of sets) {
      const started = performance.now()
      await run(of)
      rates.set(name, [...(rates.get(name) ?? []), (megabytes * 1000) / (performance.now() - started)])
    }
  }
  for (const [name, each] of rates)
    console.log(
      `  ${what.padEnd(34)} ${name.padEnd(14)} ${([...each].sort((a, b) => a - b)[rounds >> 1] ?? 0).toFixed(0).padStart(5)} MB/s`,
    )
}

/** What about 45 detectors cost and what all do: the whole reading of a layer as the gate does it, and the scan alone. */
async function throughput(folder: string): Promise<void> {
  const generic = DETECTORS.filter((detector) => detector.generic === true)
  const some = [
    ...generic,
    ...DETECTORS.filter((detector, index) => detector.generic !== true && index % 9 === 0),
  ].slice(0, 45)
  const sets = [
    ['45 detectors', new Scanner(some, true, [])],
    [`${DETECTORS.length + FILE_DETECTORS.length} detectors`, scanner],
  ] as const
  console.log('\nthroughput, in turns, medians')
  const work = mkdtempSync(path.join(tmpdir(), 'layergate-bench-'))
  try {
    const layer = path.join(work, 'layer.tar')
    sh(
      `tar -cf ${layer} --ignore-failed-read /usr/lib/python3 /usr/lib/x86_64-linux-gnu /usr/bin ${path.resolve('node_modules')}; true`,
    )
    archiveOf(layer, await sha256(layer), path.join(work, 'image.tar'))
    const megabytes = statSync(layer).size / 1e6
    await compare(`a layer, as the gate reads it, ${megabytes.toFixed(0)} MB`, megabytes, sets, 5, async (of) => {
      const image = await openImage(path.join(work, 'image.tar'), {
        image: null,
        platform: null,
        temporary: work,
        bareNames: 'file-first',
        stdin: (async function* () {})(),
        limits: DEFAULT_LIMITS,
      })
      for (const each of image.layers) await scanLayer(each, of, 'bench')
      await image.close()
    })
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
  const samples: [string, Buffer][] = [
    [
      'the scan alone, JavaScript',
      execFileSync('sh', ['-c', `cat ${path.join(folder, '*.tgz')} | gzip -dc | head -c 150000000`], {
        maxBuffer: 1 << 28,
      }),
    ],
    [
      'the scan alone, programs',
      execFileSync('sh', ['-c', 'cat /usr/bin/* /usr/lib/x86_64-linux-gnu/*.so* 2>/dev/null | head -c 150000000'], {
        maxBuffer: 1 << 28,
      }),
    ],
  ]
  for (const [what, bytes] of samples) {
    await compare(what, bytes.length / 1e6, sets, 9, (of) => {
      const scan = of.start('/x')
      for (let at = 0; at < bytes.length; at += 1 << 20)
        scan.push(bytes.subarray(at, at + (1 << 20)), at + (1 << 20) >= bytes.length)
    })
  }
}

if (credentials === undefined) {
  console.error('usage: node bench/detectors.ts CREDENTIALS.jsonl [PACKAGES [DOCKERFILES.jsonl]]')
  process.exit(2)
}
console.log(`${DETECTORS.length} detectors of texts, ${FILE_DETECTORS.length} of files`)
recall(credentials)
const folder = packagesFolder()
await packages(folder)
if (dockerfiles !== undefined) alarmsOver(dockerfiles)
await throughput(folder)
