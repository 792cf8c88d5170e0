// The cases of the fuzzer, each with what must hold. A check answers with what is wrong, or null.
import { createHash } from 'node:crypto'
import { GateError } from '../src/error.ts'
import { parseConfig } from '../src/image/config.ts'
import { cleanPath, decodeName } from '../src/image/path.ts'
import type { LayerEntry } from '../src/layer/layer-scan.ts'
import { scanLayer } from '../src/layer/scan.ts'
import type { Outcome } from '../src/outcome/outcome.ts'
import { renderJson } from '../src/report/json.ts'
import { renderSarif } from '../src/report/sarif.ts'
import { renderSummary } from '../src/report/summary.ts'
import { renderTerminal } from '../src/report/terminal.ts'
import { Scanner } from '../src/secrets/scanner.ts'
import { layerOf } from '../test/image-builder.ts'
import { judgeArchive } from '../test/run-gate.ts'
import { configText } from './document-case.ts'
import { imageCase } from './image-case.ts'
import type { Answer, Oracle } from './oracle.ts'
import type { Random } from './random.ts'
import { tarCase } from './tar-case.ts'

/** What a case is made of: plain data, so that one that failed can be kept. */
export interface Input {
  readonly bytes: Buffer
  readonly dockerfile: string | null
  /** Planted in the bytes; null for none. */
  readonly token: string | null
  /** Where the token is, in words. */
  readonly where: string
}

/** One kind of cases. */
interface Kind {
  readonly make: (random: Random) => Input
  /** @returns what is wrong, or null */
  readonly check: (input: Input, oracle: Oracle | null) => Promise<string | null>
}

/** What the gate leaves out must not pass either. */
const STRICT = 'skipped: fail\n'
/** Characters of a token that no output may hold in a row: four at its start and end are shown. */
const WINDOW = 10

/** The verdict, or the code of the error; anything but a GateError is a fault. */
async function judged(archive: Buffer, dockerfile: string | null): Promise<Outcome | GateError | string> {
  try {
    return await judgeArchive(archive, { dockerfile, policy: STRICT, isNamed: dockerfile !== null })
  } catch (error) {
    return error instanceof GateError
      ? error
      : `breaks with ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
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
          terminal: renderTerminal(outcome, { color: false, verbose: true, showQuiet: true }).replace(/\n\s*/g, ''),
        }
  for (const [form, text] of Object.entries(texts)) {
    for (let at = 0; at + WINDOW <= token.length; at++)
      if (text.includes(token.slice(at, at + WINDOW)))
        return `${form} prints ${WINDOW} characters of the token from ${at} on`
  }
  return null
}

/** A token that is planted anywhere is found, or the run is not a pass; and it is not printed. */
async function checkPlanted({ bytes, dockerfile, token, where }: Input): Promise<string | null> {
  const outcome = await judged(bytes, dockerfile)
  if (typeof outcome === 'string') return `${where}: ${outcome}`
  if (!(outcome instanceof GateError) && outcome.report.verdict.result === 'pass') return `${where}: passes`
  // An error's message is shown by presentable, which hides what it knows.
  const leak = outcome instanceof GateError || token === null ? null : leaked(outcome, token)
  return leak === null ? null : `${where}: ${leak}`
}

/** An archive with bytes changed ends in a verdict or in one clear error. */
async function checkChanged({ bytes, dockerfile }: Input): Promise<string | null> {
  const outcome = await judged(bytes, dockerfile)
  return typeof outcome === 'string'
    ? outcome
    : outcome instanceof GateError && outcome.code === 'internal'
      ? outcome.message
      : null
}

const kindOf = (flag: string): string | null =>
  ({
    '0': 'file',
    '\0': 'file',
    '7': 'file',
    '1': 'hardlink',
    '2': 'symlink',
    '3': 'device',
    '4': 'device',
    '5': 'directory',
    '6': 'device',
  })[flag] ?? null

/** A name as bytes in base64. */
const decoded = (name: string | null): string => decodeName(Buffer.from(name ?? '', 'base64'))

function differs(ours: readonly LayerEntry[], theirs: Answer['entries']): string | null {
  const own = ours.filter(({ afterEnd }) => !afterEnd)
  if (own.length !== theirs.length) return `${own.length} entries, Go has ${theirs.length}`
  for (const [index, entry] of own.entries()) {
    const other = theirs[index]
    if (other === undefined) return 'an entry is missing'
    const path = cleanPath(decoded(other.name))
    if (entry.path !== path) return `entry ${index} is ${JSON.stringify(entry.path)}, for Go ${JSON.stringify(path)}`
    const kind = kindOf(other.flag)
    if (kind !== null && entry.whiteout === null && entry.type !== kind)
      return `${entry.path} is a ${entry.type}, for Go a ${kind}`
    if (kind === 'file' && entry.size !== other.size)
      return `${entry.path} has ${entry.size} bytes, for Go ${other.size}`
    if (kind === 'symlink' && entry.whiteout === null && entry.link !== decoded(other.link))
      return `${entry.path} leads to ${JSON.stringify(entry.link)}, for Go to ${JSON.stringify(decoded(other.link))}`
  }
  return null
}

const scanner = new Scanner()

/** A layer that we take has the entries that Go unpacks. */
async function checkEntries({ bytes: tar }: Input, oracle: Oracle | null): Promise<string | null> {
  let entries: readonly LayerEntry[]
  try {
    entries = (await scanLayer(layerOf(tar), scanner, 'fuzz')).entries
  } catch (error) {
    return error instanceof GateError
      ? null
      : `breaks with ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
  }
  const answer = await oracle?.ask('tar', tar)
  return answer === undefined || answer.error !== '' ? null : differs(entries, answer.entries)
}

/** A configuration that we take says the same to Go. */
async function checkConfiguration({ bytes }: Input, oracle: Oracle | null): Promise<string | null> {
  let ours: ReturnType<typeof parseConfig>
  try {
    ours = parseConfig(bytes, 'fuzz')
  } catch (error) {
    return error instanceof GateError
      ? null
      : `breaks with ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
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
    if (JSON.stringify(own) !== JSON.stringify(other))
      return `${key} is ${JSON.stringify(own)}, for Go ${JSON.stringify(other)}: ${bytes.toString()}`
  return null
}

const bare = (bytes: Buffer): Input => ({ bytes, dockerfile: null, token: null, where: '' })

function changed(bytes: Buffer, random: Random): Buffer {
  const copy = Buffer.from(bytes)
  for (let i = random.int(6); i >= 0; i--) copy[random.int(copy.length)] = random.int(256)
  return random.chance(1, 4) ? copy.subarray(0, random.int(copy.length)) : copy
}

export const KINDS: Readonly<Record<string, Kind>> = {
  plantedToken: {
    make: (random) => {
      const { archive, ...rest } = imageCase(random)
      return { bytes: archive, ...rest }
    },
    check: checkPlanted,
  },
  changedBytes: {
    make: (random) => {
      const { archive, dockerfile } = imageCase(random)
      return { ...bare(changed(archive, random)), dockerfile }
    },
    check: checkChanged,
  },
  sameEntries: { make: (random) => bare(tarCase(random)), check: checkEntries },
  sameConfiguration: {
    make: (random) => {
      const diffIds = Array.from(
        { length: random.int(3) },
        () => `sha256:${createHash('sha256').update(random.bytes(8)).digest('hex')}`,
      )
      return bare(Buffer.from(configText(diffIds, random)))
    },
    check: checkConfiguration,
  },
}
