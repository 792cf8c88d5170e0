// The cases of the fuzzer, each with what must hold. A check answers with what is wrong, or null.
import { createHash } from 'node:crypto'
import { GateError } from '../src/error.ts'
import { cleanPath } from '../src/filesystem/path.ts'
import { parseConfig } from '../src/image/config.ts'
import type { LayerEntry } from '../src/layer/layer-scan.ts'
import { scanLayer } from '../src/layer/scan.ts'
import { renderJson } from '../src/report/json.ts'
import type { Outcome } from '../src/report/outcome.ts'
import { renderSarif } from '../src/report/sarif.ts'
import { renderSummary } from '../src/report/summary.ts'
import { renderTerminal } from '../src/report/terminal.ts'
import { Scanner } from '../src/secrets/scanner.ts'
import { layerOf } from '../test/image-builder.ts'
import { judgeArchive } from '../test/run-gate.ts'
import { configText } from './document-case.ts'
import { imageCase } from './image-case.ts'
import type { Answer, Oracle } from './oracle.ts'
import { Random } from './random.ts'
import { tarCase } from './tar-case.ts'

/** A check of one kind of cases. @returns what is wrong with the case of a seed, or null */
type Check = (seed: number, oracle: Oracle | null) => Promise<string | null>

/** What the gate leaves out must not pass either. */
const STRICT = 'skipped: fail\n'
/** Characters of a token that no output may hold in a row: four at its start and end are shown. */
const WINDOW = 10

/** The verdict, or the code of the error; anything but a GateError is a fault. */
async function judged(archive: Buffer, dockerfile: string | null): Promise<Outcome | GateError | string> {
  try {
    return await judgeArchive(archive, { dockerfile, policy: STRICT, isNamed: dockerfile !== null })
  } catch (error) {
    return error instanceof GateError ? error : `breaks with ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
  }
}

/** Where a token can be read in what a run prints. */
function leaked(outcome: Outcome | GateError, token: string): string | null {
  const texts =
    outcome instanceof GateError
      ? { error: outcome.message }
      : {
          json: renderJson(outcome.report),
          sarif: renderSarif(outcome, '.layergate.yml'),
          summary: renderSummary(outcome),
          terminal: renderTerminal(outcome, { color: false, verbose: true }).replace(/\n\s*/g, ''),
        }
  for (const [form, text] of Object.entries(texts)) {
    for (let at = 0; at + WINDOW <= token.length; at++) if (text.includes(token.slice(at, at + WINDOW))) return `${form} prints ${WINDOW} characters of the token from ${at} on`
  }
  return null
}

/** A token that is planted anywhere is found, or the run is not a pass; and it is not printed. */
const plantedToken: Check = async (seed) => {
  const { archive, dockerfile, token, where } = imageCase(new Random(seed))
  const outcome = await judged(archive, dockerfile)
  if (typeof outcome === 'string') return `${where}: ${outcome}`
  if (!(outcome instanceof GateError) && outcome.report.verdict.result === 'pass') return `${where}: passes`
  // An error's message is shown by presentable, which hides what it knows.
  const leak = outcome instanceof GateError ? null : leaked(outcome, token)
  return leak === null ? null : `${where}: ${leak}`
}

/** An archive with bytes changed ends in a verdict or in one clear error. */
const changedBytes: Check = async (seed) => {
  const random = new Random(seed)
  const { archive, dockerfile } = imageCase(random)
  const bytes = Buffer.from(archive)
  for (let i = random.int(6); i >= 0; i--) bytes[random.int(bytes.length)] = random.int(256)
  const cut = random.chance(1, 4) ? bytes.subarray(0, random.int(bytes.length)) : bytes
  const outcome = await judged(cut, dockerfile)
  return typeof outcome === 'string' ? outcome : outcome instanceof GateError && outcome.code === 'internal' ? outcome.message : null
}

const kindOf = (flag: string): string | null =>
  ({ '0': 'file', '\0': 'file', '7': 'file', '1': 'hardlink', '2': 'symlink', '3': 'device', '4': 'device', '5': 'directory', '6': 'device' })[flag] ?? null

const decoded = (base64: string | null): string => Buffer.from(base64 ?? '', 'base64').toString('utf8')

function differs(ours: readonly LayerEntry[], theirs: Answer['entries']): string | null {
  const own = ours.filter(({ afterEnd }) => !afterEnd)
  if (own.length !== theirs.length) return `${own.length} entries, Go has ${theirs.length}`
  for (const [index, entry] of own.entries()) {
    const other = theirs[index]
    if (other === undefined) return 'an entry is missing'
    const path = cleanPath(decoded(other.name))
    if (entry.path !== path) return `entry ${index} is ${JSON.stringify(entry.path)}, for Go ${JSON.stringify(path)}`
    const kind = kindOf(other.flag)
    if (kind !== null && entry.whiteout === null && entry.type !== kind) return `${entry.path} is a ${entry.type}, for Go a ${kind}`
    if (kind === 'file' && entry.size !== other.size) return `${entry.path} has ${entry.size} bytes, for Go ${other.size}`
    if (kind === 'symlink' && entry.whiteout === null && entry.link !== decoded(other.link))
      return `${entry.path} leads to ${JSON.stringify(entry.link)}, for Go to ${JSON.stringify(decoded(other.link))}`
  }
  return null
}

const scanner = new Scanner()

/** A layer that we take has the entries that Go unpacks. */
const sameEntries: Check = async (seed, oracle) => {
  const tar = tarCase(new Random(seed))
  let entries: readonly LayerEntry[]
  try {
    entries = (await scanLayer(layerOf(tar), scanner, 'fuzz')).entries
  } catch (error) {
    return error instanceof GateError ? null : `breaks with ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
  }
  const answer = await oracle?.ask('tar', tar)
  return answer === undefined || answer.error !== '' ? null : differs(entries, answer.entries)
}

/** A configuration that we take says the same to Go. */
const sameConfiguration: Check = async (seed, oracle) => {
  const random = new Random(seed)
  const diffIds = Array.from({ length: random.int(3) }, () => `sha256:${createHash('sha256').update(random.bytes(8)).digest('hex')}`)
  const bytes = Buffer.from(configText(diffIds, random))
  let ours: ReturnType<typeof parseConfig>
  try {
    ours = parseConfig(bytes, 'fuzz')
  } catch (error) {
    return error instanceof GateError ? null : `breaks with ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
  }
  const theirs = await oracle?.ask('config', bytes)
  if (theirs === undefined || theirs.error !== '') return null
  const pairs: [string, unknown, unknown][] = [
    ['User', ours.run.User ?? '', theirs.user],
    ['Env', ours.run.Env, theirs.env],
    ['diff_ids', ours.diffIds, theirs.layers],
    ['os', ours.platform.os, theirs.os === '' ? 'linux' : theirs.os],
  ]
  for (const [key, own, other] of pairs)
    if (JSON.stringify(own) !== JSON.stringify(other)) return `${key} is ${JSON.stringify(own)}, for Go ${JSON.stringify(other)}: ${bytes.toString()}`
  return null
}

export const CHECKS: Readonly<Record<string, Check>> = { plantedToken, changedBytes, sameEntries, sameConfiguration }
