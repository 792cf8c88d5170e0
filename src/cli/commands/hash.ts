// `layergate hash`: a value as an entry of `allow` names it. The value comes from standard input, so that no shell remembers it.
import { UsageError } from '../../error.ts'
import { keyedHash } from '../../evidence/inspect.ts'
import { onDisk, readPolicy } from '../../policy/decide.ts'
import { compileOwn } from '../../policy/own-detectors.ts'
import { entropy, isPlaceholder } from '../../secrets/checks.ts'
import { isKey } from '../../secrets/detectors/list.ts'
import { useDetectors } from '../../secrets/scanner.ts'
import { isWordLike } from '../../secrets/word-like.ts'
import type { Command } from '../command.ts'
import { asWithScan } from '../help.ts'
import { HASH_OPTIONS, parseOptions, settingsOf } from '../options.ts'
import { print } from '../output.ts'

/** Bytes of a value. */
const MAX_VALUE = 1 << 16
/** A shorter value, or one of fewer bits a character, could be guessed from its hash, and the salt is public. */
const MIN_LENGTH = 16
const MIN_ENTROPY = 3

const help = (): string => `Usage: layergate hash [--config FILE] < FILE

Reads one value from standard input and prints its hash under the salt of the
configuration, for value of an allow entry. The value is printed nowhere. What
could be guessed from its hash (a password, a short value) is refused: use
pattern, or detector and path.

${asWithScan('config')}

Exit codes: 0 printed · 2 the value is refused, or there is no salt
`

async function readValue(): Promise<string> {
  if (process.stdin.isTTY === true)
    throw new UsageError('The value comes from standard input, which is a terminal: layergate hash < FILE')
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of process.stdin) {
    size += (chunk as Buffer).length
    if (size > MAX_VALUE) throw new UsageError(`The value on standard input has more than ${MAX_VALUE} bytes.`)
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks)
    .toString('latin1')
    .replace(/\r?\n$/, '')
}

/** Why a value cannot be hashed; null where it can. */
function whyNot(value: string): string | null {
  if (value === '') return 'There is no value on standard input.'
  if (value.includes('\n') && !value.startsWith('-----BEGIN '))
    return 'Standard input holds several lines: give one value, or one key in PEM.'
  if (value.length < MIN_LENGTH || entropy(value) < MIN_ENTROPY || isWordLike(value) || isPlaceholder(value))
    return `The value could be guessed from its hash, and the salt is public: it takes ${MIN_LENGTH} characters or more that look drawn. Allow it by pattern, or by detector and path.`
  return null
}

async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseOptions('hash', args, HASH_OPTIONS)
  // What stands there may be the value: it is not repeated.
  if (positionals.length > 0)
    throw new UsageError(
      'layergate hash takes no value as an argument, since shells remember it: layergate hash < FILE',
    )
  const { salt, name, detectors } = await readPolicy(settingsOf(values), onDisk(process.cwd(), false), true)
  if (salt === null)
    throw new UsageError(`${name}: it has no salt, and hashes are made with it: layergate init writes one.`)
  const value = await readValue()
  const why = whyNot(value)
  if (why !== null) throw new UsageError(why)
  // A key is the same key in PEM and in DER, on one line or on many.
  const [match] = useDetectors(compileOwn(detectors)).scanText(value)
  const identity = match !== undefined && isKey(match.detector) ? match.identity : value
  await print(`${keyedHash(salt)(identity)}\n`)
  return 0
}

export const hash: Command = {
  name: 'hash',
  overview: [['hash < FILE', 'a value as an allow entry names it']],
  help,
  options: HASH_OPTIONS,
  run,
}
