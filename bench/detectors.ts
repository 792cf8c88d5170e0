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
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { Content } from '../src/layer/content.ts'
import { NESTED_LIMITS, NestedBudget } from '../src/layer/nested.ts'
import { DETECTORS, FILE_DETECTORS } from '../src/secrets/detectors/list.ts'
import { Scanner, type SecretMatch } from '../src/secrets/scanner.ts'

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
  ['an id or a domain, public by design', ({ rule }) => /Account ID|client_id|S3 Bucket|Firebase Domain|Google Multi|age\.1$/.test(rule)],
  ['a publishable key', ({ text }) => /pk_(?:live|test)_/.test(text)],
  ['filler: one character again and again', ({ secret_value: value, text }) => /x{8}|X{6}|Z{12}|a{16}|0{10}|(.)\1{11}/.test(value ?? text)],
  ['an unsigned token, or one of which parts are missing', ({ provider, text }) => provider === 'jwt' && text.split('.').length < 3],
  ['encrypted: no leak', ({ rule }) => /travisci\.2$/.test(rule)],
  ['a certificate, which is public', ({ rule }) => /privatekey-p12/.test(rule)],
  ['user, password and host are those of an example', ({ text }) => /(?:user|username):(?:pass|password|secret\d*)@(?:example|\w+\.example|host|localhost|yelp)/.test(text)],
  [
    'bare hex or letters beside the name of a small vendor',
    ({ rule }) => /kingfisher\.(?:bitcoinaverage|centralstationcrm|detectlanguage|finage|hiveage|securitytrails|signaturit|web3storage)/.test(rule),
  ],
  ['a password without a form', ({ source, provider, rule }) => source === 'whispers' || source === 'leaky-repo' || provider === 'basic-auth-url' || /CURL/.test(rule)],
]

const { values, positionals } = parseArgs({ allowPositionals: true, options: { misses: { type: 'boolean' }, alarms: { type: 'boolean' } } })
const [credentials, given, dockerfiles] = positionals
const scanner = new Scanner()

function find(text: string, where: string): SecretMatch[] {
  const scan = scanner.start(where)
  scan.push(Buffer.from(text, 'utf8'), true)
  return scan.matches
}

/** Matches that touch the labelled value; without one, any. */
function hits(row: Labelled): SecretMatch[] {
  const matches = find(row.text, row.path ?? '')
  const value = row.secret_value ?? ''
  const at = value === '' ? -1 : Buffer.from(row.text).indexOf(value)
  return at === -1 ? matches : matches.filter(({ offset, length }) => offset < at + Buffer.byteLength(value) && at < offset + length)
}

const percent = (part: number, whole: number): string => (whole === 0 ? '' : `${((100 * part) / whole).toFixed(0)} %`)

function table(title: string, rows: readonly Labelled[], key: (row: Labelled) => string, found: ReadonlyMap<string, readonly SecretMatch[]>): void {
  console.log(`\n${title.padEnd(20)} ${'secrets'.padStart(8)} ${'found'.padStart(8)} ${''.padStart(6)} ${'≥ medium'.padStart(9)}   not secrets, reported at medium or above`)
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
  console.log(`\nprovider credentials found: ${any.length} of ${secrets.length}, ${percent(any.length, secrets.length)}`)
  const missed = secrets.filter((row) => !any.includes(row))
  const reasonOf = (row: Labelled): string => REASONS.find(([, holds]) => holds(row))?.[0] ?? 'missed'
  for (const reason of [...new Set(missed.map(reasonOf))].sort()) console.log(`  ${String(missed.filter((row) => reasonOf(row) === reason).length).padStart(3)} ${reason}`)
  if (values.misses === true)
    for (const row of missed) console.log(`\n${row.id} ${row.rule} (${row.provider}): ${reasonOf(row)}\n  ${row.text.slice(0, 200).replace(/\n/g, '\n  ')}`)
}

function packagesFolder(): string {
  const folder = given ?? mkdtempSync(path.join(tmpdir(), 'layergate-packages-'))
  mkdirSync(folder, { recursive: true })
  if (existsSync(folder) && readdirSync(folder).length > 0) return folder
  console.log(`\nfetching packages to ${folder}`)
  for (const name of NPM.split(' ')) execFileSync('npm', ['pack', '--silent', name], { cwd: folder, stdio: 'ignore' })
  execFileSync('pip', ['download', '-q', '--no-deps', '-d', folder, ...PIP.split(' ')], { stdio: 'ignore' })
  return folder
}

/** Scans what a folder of packages holds, archives opened, as the gate does. */
async function packages(folder: string): Promise<void> {
  const counts = { proven: 0, likely: 0, possible: 0, harmless: 0 }
  const kinds = new Map<string, number>()
  let skipped = 0
  for (const name of readdirSync(folder).sort()) {
    const budget = new NestedBudget({ ...NESTED_LIMITS, bytes: 4 * 2 ** 30 })
    const content = new Content(() => skipped++, scanner, budget, `/${name}`, [], 0)
    const bytes = readFileSync(path.join(folder, name))
    for (let at = 0; at < bytes.length; at += 1 << 20) await content.push(bytes.subarray(at, at + (1 << 20)), at + (1 << 20) >= bytes.length)
    await content.end()
    // A value counts once for each package: so a report does.
    for (const match of new Map(content.matches.map((each) => [each.identity, each])).values()) {
      counts[match.strength]++
      const kind = `${match.strength} ${match.detector.id}`
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
      if (values.alarms === true && (match.strength === 'proven' || match.strength === 'likely'))
        console.log(`  ${match.strength} ${match.detector.id} ${name}!/${match.inside}:${match.line} ${JSON.stringify(match.value.slice(0, 60))} ${match.note ?? ''}`)
    }
  }
  console.log(
    `\n${readdirSync(folder).length} published packages: ${counts.proven} critical, ${counts.likely} high, ${counts.possible} medium, ${counts.harmless} low (${skipped} members not looked into)`,
  )
  for (const [kind, count] of [...kinds].sort((a, b) => b[1] - a[1])) console.log(`  ${String(count).padStart(5)} ${kind}`)
}

function alarmsOver(file: string): void {
  const texts = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { readonly text?: string; readonly dockerfile?: string; readonly content?: string })
    .map(({ text, dockerfile, content }) => text ?? dockerfile ?? content ?? '')
  const found = texts.flatMap((text) => find(text, 'Dockerfile'))
  const of = (strength: SecretMatch['strength']): number => found.filter((match) => match.strength === strength).length
  console.log(`\n${texts.length} real Dockerfiles: ${of('proven')} critical, ${of('likely')} high, ${of('possible')} medium, ${of('harmless')} low`)
  if (values.alarms === true)
    for (const match of found.filter(({ strength }) => strength !== 'harmless')) console.log(`  ${match.strength} ${match.detector.id} ${JSON.stringify(match.value.slice(0, 60))}`)
}

/** MB/s over the files of a folder, all in memory, with the first detectors of a list. */
function throughput(folder: string): void {
  const bytes = readdirSync(folder)
    .filter((name) => /\.(?:tgz|whl)$/.test(name))
    .slice(0, 60)
    .map((name) => readFileSync(path.join(folder, name)))
  const unpacked = Buffer.from(execFileSync('sh', ['-c', `cat ${path.join(folder, '*.tgz')} | gzip -dc | head -c 200000000`], { maxBuffer: 1 << 28 }))
  const sets: [string, Scanner][] = [
    [
      '45 detectors',
      new Scanner(
        DETECTORS.filter((_, index) => index % Math.ceil(DETECTORS.length / 45) === 0),
        true,
        [],
      ),
    ],
    [`${DETECTORS.length + FILE_DETECTORS.length} detectors`, scanner],
  ]
  const rates = new Map<string, number[]>()
  for (let round = 0; round < 7; round++) {
    for (const [name, of] of sets) {
      const started = performance.now()
      const scan = of.start('/x')
      for (let at = 0; at < unpacked.length; at += 1 << 20) scan.push(unpacked.subarray(at, at + (1 << 20)), at + (1 << 20) >= unpacked.length)
      rates.set(name, [...(rates.get(name) ?? []), unpacked.length / 1e3 / (performance.now() - started)])
    }
  }
  console.log(`\nthroughput of the scan alone over ${(unpacked.length / 1e6).toFixed(0)} MB of JavaScript (${bytes.length} archives), median of 7, in turns`)
  for (const [name, each] of rates) console.log(`  ${name.padEnd(16)} ${([...each].sort((a, b) => a - b)[3] ?? 0).toFixed(0)} MB/s`)
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
throughput(folder)
