// Recovery phrases of wallets (BIP-39): words of a list whose last bits are a checksum of the others.
// https://github.com/bitcoin/bips/blob/master/bip-0039.mediawiki
import { createHash } from 'node:crypto'
import { wordlist } from '@scure/bip39/wordlists/english.js'

const BITS = 11
const LENGTHS: ReadonlySet<number> = new Set([12, 15, 18, 21, 24])
/** Phrases of tests and manuals repeat a word: `abandon abandon … about`. */
const MIN_DISTINCT = 8

let numbers: ReadonlyMap<string, number> | null = null

/** The bits of the words; null where one is no word of the list. */
function bitsOf(words: readonly string[]): string | null {
  numbers ??= new Map(wordlist.map((word, index) => [word, index]))
  let bits = ''
  for (const word of words) {
    const number = numbers.get(word)
    if (number === undefined) return null
    bits += number.toString(2).padStart(BITS, '0')
  }
  return bits
}

/** What a row of words is: a phrase whose checksum fits, one that nobody drew, or none. */
export function phraseKind(words: readonly string[]): 'phrase' | 'sample' | null {
  if (!LENGTHS.has(words.length)) return null
  const bits = bitsOf(words)
  if (bits === null) return null
  // One bit of checksum for 32 bits of entropy.
  const size = (bits.length * 32) / 33
  const entropy = Buffer.from((bits.slice(0, size).match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)))
  const sum = createHash('sha256').update(entropy).digest()[0] ?? 0
  if (
    bits.slice(size) !==
    sum
      .toString(2)
      .padStart(8, '0')
      .slice(0, bits.length - size)
  )
    return null
  return new Set(words).size < MIN_DISTINCT ? 'sample' : 'phrase'
}

/** A phrase whose checksum fits, for examples. @param entropy 16 bytes, hex */
export function phraseOf(entropy: string): string {
  const bytes = Buffer.from(entropy, 'hex')
  const sum = (createHash('sha256').update(bytes).digest()[0] ?? 0).toString(2).padStart(8, '0')
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('') + sum.slice(0, bytes.length / 4)
  return (bits.match(/.{11}/g) ?? []).map((word) => wordlist[Number.parseInt(word, 2)] ?? '').join(' ')
}
