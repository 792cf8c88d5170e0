// Keys of gpg-agent and libgcrypt, told by reading their S-expression: programs hold the same words as formats, `(d%m)`, and are
// no keys. https://git.gnupg.org/cgi-bin/gitweb.cgi?p=gnupg.git;f=agent/keyformat.txt
import { createHash } from 'node:crypto'
import type { Checked } from './detector.ts'

/** The secret numbers: of RSA and curves `d`, of DSA and ElGamal `x`. */
const SECRET = new Set(['d', 'x'])
/** Bytes of the shortest secret number. */
const MIN_SECRET = 20
/** Lists in each other. */
const MAX_DEPTH = 8
/** What the advanced form writes: a bracket, a number in hex, a word, a text in quotes or bars. */
const TOKEN =
  /\s*(?:(?<bracket>[()])|#(?<hex>[0-9A-Fa-f\s]{0,8400})#|(?<word>[A-Za-z0-9_.+/*-]{1,200})|"(?<text>[^"\\]{0,400})"|\|[A-Za-z0-9+/=\s]{0,8400}\|)/y

interface Token {
  readonly bracket?: string
  readonly atom?: Buffer
  readonly end: number
}

/** `11:private-key`: the length, and so many bytes. */
function canonicalToken(text: string, at: number): Token | null {
  if (text[at] === '(' || text[at] === ')') return { bracket: text[at], end: at + 1 }
  const length = /^(\d{1,5}):/.exec(text.slice(at, at + 6))
  if (length === null) return null
  const start = at + length[0].length
  const end = start + Number(length[1])
  return end > text.length ? null : { atom: Buffer.from(text.slice(start, end), 'latin1'), end }
}

function advancedToken(text: string, at: number): Token | null {
  TOKEN.lastIndex = at
  const match = TOKEN.exec(text)
  if (match === null) return null
  const { bracket, hex, word } = match.groups ?? {}
  if (bracket !== undefined) return { bracket, end: TOKEN.lastIndex }
  return {
    atom: hex === undefined ? Buffer.from(word ?? '', 'latin1') : Buffer.from(hex.replace(/\s/g, ''), 'hex'),
    end: TOKEN.lastIndex,
  }
}

interface Expression {
  readonly end: number
  readonly secret: Buffer | null
  readonly isProtected: boolean
}

/** Reads one list to its end; null where it is none, or breaks off. */
function readList(text: string, start: number, tokenAt: typeof canonicalToken): Expression | null {
  let [at, depth] = [start, 0]
  let name = ''
  let count = 0
  let secret: Buffer | null = null
  let isProtected = false
  do {
    const token = tokenAt(text, at)
    if (token === null) return null
    at = token.end
    if (token.bracket !== undefined) {
      depth += token.bracket === '(' ? 1 : -1
      count = 0
    } else if (token.atom !== undefined) {
      count++
      if (count === 1) name = token.atom.toString('latin1')
      else if (count === 2 && SECRET.has(name) && token.atom.length >= MIN_SECRET) secret = token.atom
      if (count === 1 && name === 'protected') isProtected = true
    }
    if (depth > MAX_DEPTH) return null
  } while (depth > 0)
  return { end: at, secret, isProtected }
}

/** @param text from the bracket on, or from `Key: ` in front of it; as latin1 */
export function checkGnupgKey(text: string): Checked | null {
  const start = text.indexOf('(')
  const read = readList(text, start, text.startsWith('Key:') ? advancedToken : canonicalToken)
  if (read === null || (read.secret === null && !read.isProtected)) return null
  const value = text.slice(0, read.end)
  const identity = `key:${createHash('sha256')
    .update(read.secret ?? value)
    .digest('hex')}`
  return read.secret === null
    ? { value, identity, strength: 'harmless', note: 'encrypted with a passphrase' }
    : { value, identity }
}
