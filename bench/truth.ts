// Holds the gate against images of which the truth is known: node bench/truth.ts IMAGES TRUTHS [DOCKERFILES]
//
// IMAGES holds NAME.tar, TRUTHS NAME.json with what is true of it: layers with their lines, findings with value, state,
// adding and hiding layer and line, facts of the final file system. Prints a line for each image and totals; exits with 1
// when anything differs. Values are compared through the keyed hash of the JSON report: it is the report that is tested.
import { createHmac } from 'node:crypto'
import path from 'node:path'
import { GateError } from '../src/error.ts'
import { runGate } from '../src/gate.ts'
import { sameReference } from '../src/image/reference.ts'
import type { Outcome } from '../src/outcome/outcome.ts'
import { NO_SETTINGS, prepare } from '../src/settings.ts'
import { samples } from './samples.ts'

interface TruthFinding {
  readonly kind: string
  readonly secret?: string
  readonly state?: string
  readonly path?: string
  readonly addedByLine?: number | null
  readonly removedByLine?: number | null
  readonly where?: {
    readonly layer?: number
    readonly history?: number | readonly number[]
    readonly alsoInLayers?: readonly number[]
  }
  readonly removedIn?: { readonly layer: number; readonly entry: string } | null
}

interface Truth {
  readonly name: string
  readonly dockerfile?: string | null
  readonly diffIds?: readonly string[]
  readonly whiteouts?: readonly (readonly [number, string])[]
  readonly findings?: readonly TruthFinding[]
  readonly layers?: number | readonly { readonly layer: number; readonly lines: readonly [number, number] | null }[]
  readonly mustBeClean?: boolean
  readonly rulesExpected?: readonly string[]
  readonly policy?: {
    readonly distroless: boolean
    readonly user: string
    readonly base: string
    readonly shells: readonly string[]
    readonly packageManagers: readonly string[]
  }
}

const KEY = 'a key for this comparison alone'
const [images = '', truths = '', dockerfiles = path.dirname(truths)] = process.argv.slice(2)
if (images === '' || truths === '') {
  console.error('usage: node bench/truth.ts IMAGES TRUTHS [DOCKERFILES]')
  process.exit(2)
}

type Found = Outcome['report']['findings'][number]

/** The forms in which a value may have been matched. */
function hashesOf(value: string): Set<string> {
  const forms = [
    value,
    value.trim(),
    `${value.trim()}\n`,
    JSON.stringify(value).slice(1, -1),
    JSON.stringify(value.trim()).slice(1, -1),
    value.trim().replace(/=+$/, ''),
    value.replace(/\\n/g, '\n').trim(),
  ]
  return new Set(forms.map((form) => createHmac('sha256', KEY).update(form).digest('hex')))
}

const holds = (finding: Found, value: string): boolean =>
  [...hashesOf(value)].some(
    (hash) =>
      finding.secret !== null &&
      (finding.secret.keyedHash === `hmac-sha256:${hash}` ||
        (finding.secret.keyedHash === null && hash.endsWith(finding.secret.tag))),
  )

interface Seen {
  readonly location: Found['location']
  readonly state: string | null
  readonly lines: Found['dockerfile']
}

const placesOf = (finding: Found): Seen[] => [
  { location: finding.location, state: finding.file?.state ?? null, lines: finding.dockerfile },
  ...finding.related
    .filter(({ role }) => role === 'also-in')
    .map(({ location, state, dockerfile }) => ({ location, state: state ?? null, lines: dockerfile })),
]

const covers = (lines: Found['dockerfile'], line: number): boolean =>
  lines !== null && lines.startLine <= line && line <= lines.endLine

function checkFinding(truth: TruthFinding, { report }: Outcome, hasDockerfile: boolean): string[] {
  const { secret = '' } = truth
  const finding = report.findings.find((candidate) => holds(candidate, secret))
  if (finding === undefined) return [`${truth.kind} ${truth.path ?? `history ${truth.where?.history}`}: not found`]
  const problems: string[] = []
  const places = placesOf(finding)
  const place =
    truth.path === undefined
      ? places.find(
          ({ location }) => location.kind === 'history' && [truth.where?.history].flat().includes(location.history),
        )
      : (places.find(
          ({ location }) =>
            location.kind === 'layer' && location.path === `/${truth.path}` && location.layer === truth.where?.layer,
        ) ?? null)
  if (place == null) return [`${truth.kind} ${truth.path ?? 'history'}: found elsewhere only`]
  const what = `${truth.kind} ${truth.path ?? 'history'}`
  if (truth.path !== undefined && place.state !== truth.state)
    problems.push(`${what}: state ${place.state}, true is ${truth.state}`)
  if (hasDockerfile && truth.addedByLine != null && !covers(place.lines, truth.addedByLine))
    problems.push(`${what}: added by line ${place.lines?.startLine ?? 'unknown'}, true is ${truth.addedByLine}`)
  if (truth.removedIn != null) {
    const hider = finding.related.find(
      ({ role, location }) =>
        role === 'hidden-by' &&
        location.kind === 'layer' &&
        location.layer === truth.removedIn?.layer &&
        location.path === `/${truth.removedIn.entry}`,
    )
    if (hider === undefined)
      problems.push(`${what}: hiding layer ${truth.removedIn.layer} (${truth.removedIn.entry}) is not named`)
    else if (hasDockerfile && truth.removedByLine != null && !covers(hider.dockerfile, truth.removedByLine))
      problems.push(
        `${what}: hidden by line ${hider.dockerfile?.startLine ?? 'unknown'}, true is ${truth.removedByLine}`,
      )
  }
  return problems
}

function checkImage(truth: Truth, outcome: Outcome, hasDockerfile: boolean): { checks: number; problems: string[] } {
  const { report } = outcome
  const problems: string[] = []
  let checks = 0
  const check = (ok: boolean, text: string): void => {
    checks++
    if (!ok) problems.push(text)
  }
  if (truth.diffIds !== undefined)
    check(
      JSON.stringify(report.image.layers.map(({ diffId }) => diffId)) === JSON.stringify(truth.diffIds),
      'diff IDs differ',
    )
  if (truth.whiteouts !== undefined) {
    for (const layer of report.image.layers)
      check(
        layer.whiteouts === truth.whiteouts.filter(([index]) => index === layer.index).length,
        `layer ${layer.index}: ${layer.whiteouts} whiteouts`,
      )
  }
  if (Array.isArray(truth.layers)) {
    for (const { layer, lines } of truth.layers as Exclude<Truth['layers'], number | undefined>) {
      const own = report.image.layers[layer]?.dockerfile ?? null
      check(
        lines === null ? own === null : own?.startLine === lines[0] && own.endLine === lines[1],
        `layer ${layer}: lines ${own === null ? 'unknown' : `${own.startLine}-${own.endLine}`}, true is ${lines?.join('-')}`,
      )
    }
  }
  const real = (truth.findings ?? []).filter(
    ({ kind, secret }) => secret !== undefined && !kind.startsWith('ioc-') && kind !== 'same-secret',
  )
  for (const finding of real) {
    checks++
    problems.push(...checkFinding(finding, outcome, hasDockerfile))
  }
  const grave = report.findings.filter(
    ({ secret, severity }) => secret !== null && severity !== 'low' && severity !== 'info',
  )
  if (truth.mustBeClean === true)
    check(
      grave.length === 0,
      `must be clean, but: ${grave.map(({ ruleId, secret }) => `${ruleId} ${secret?.detector}`).join(', ')}`,
    )
  else if (truth.findings !== undefined) {
    const extra = grave.filter((finding) => !real.some(({ secret = '' }) => holds(finding, secret)))
    check(extra.length === 0, `not in the truth: ${extra.map(({ message }) => message.slice(0, 90)).join('; ')}`)
  }
  if (truth.policy !== undefined) {
    const { distroless, user, base } = report.image
    const cleanPath = (name: string): string => `/${name}`.replace(/^\/(?=(?:bin|sbin)\/)/, '/')
    check(distroless.verdict === truth.policy.distroless, `distroless ${distroless.verdict}`)
    check(user.configured === truth.policy.user, `user ${user.configured}`)
    for (const shell of truth.policy.shells)
      check(distroless.shells.includes(cleanPath(shell)), `shell ${shell} not listed`)
    for (const manager of truth.policy.packageManagers)
      check(distroless.packageManagers.includes(cleanPath(manager)), `package manager ${manager} not listed`)
    if (hasDockerfile && truth.policy.base !== 'scratch')
      check(
        base !== null && sameReference(base.reference.replace(/^localhost\//, ''), truth.policy.base),
        `base ${base?.reference}`,
      )
  }
  for (const rule of truth.rulesExpected ?? [])
    check(
      report.findings.some(({ ruleId }) => ruleId === rule),
      `rule ${rule} found nothing`,
    )
  return { checks, problems }
}

let [all, wrong, bytes, ms] = [0, 0, 0, 0]
for (const { file, truth, dockerfile } of samples<Truth>(images, truths, dockerfiles)) {
  const started = performance.now()
  try {
    const options = await prepare(
      path.join(images, file),
      {
        ...NO_SETTINGS,
        dockerfile,
        config: 'recommended',
        image: truth.name === 'd29-save-two' ? 'demo/all:d29' : null,
        platform: truth.name === 'bk-oci-multiplatform' ? 'linux/amd64' : null,
      },
      {
        directory: '/',
        env: { LAYERGATE_KEY: KEY, TMPDIR: process.env['TMPDIR'] },
        stdin: process.stdin,
        onProgress: () => {},
      },
    )
    const outcome = await runGate(options)
    const { checks, problems } = checkImage(truth, outcome, dockerfile !== null)
    const took = performance.now() - started
    all += checks
    wrong += problems.length
    bytes += outcome.report.stats.bytes
    ms += took
    console.log(
      `${problems.length === 0 ? 'ok   ' : 'DIFF '} ${file.padEnd(42)} ${String(checks).padStart(4)} checks  ${(outcome.report.stats.bytes / 1e6).toFixed(1).padStart(6)} MB  ${took.toFixed(0).padStart(5)} ms`,
    )
    for (const problem of problems) console.log(`        ${problem}`)
  } catch (error) {
    if (!(error instanceof GateError)) throw error
    const expected = /INCOMPLETE/.test(file)
    all++
    if (!expected) wrong++
    console.log(`${expected ? 'ok   ' : 'DIFF '} ${file.padEnd(42)} refused: ${error.message.slice(0, 120)}`)
  }
}
console.log(`${all} checks, ${wrong} differ; ${(bytes / 1e6).toFixed(0)} MB in ${(ms / 1000).toFixed(1)} s`)
process.exitCode = wrong === 0 ? 0 : 1
