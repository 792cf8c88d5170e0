// Indicators that a responder brings: hashes, names, domains, addresses, one a line.
import { readWhole } from '../checkout/whole-file.ts'
import { ConfigError } from '../error.ts'
import type { KnownIndicators } from '../evidence/evidence.ts'
import type { Detector } from '../secrets/detector.ts'

/** Bytes and lines of a file of indicators. */
const MAX_FILE = 4 << 20
const MAX_LINES = 20_000

/** A line of the file, by what it is. */
interface Ioc {
  readonly kind: 'hash' | 'name' | 'domain' | 'address' | 'url'
  readonly value: string
}

/** Text that hides from mail filters what it names: `hxxp://evil[.]example`. */
const refanged = (line: string): string =>
  line
    .replace(/\[\.\]|\(\.\)|\[dot\]/gi, '.')
    .replace(/^hxxp/i, 'http')
    .replace(/\[:\]/g, ':')

function iocOf(line: string): Ioc | null {
  const value = refanged(line)
  if (/^(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})$/i.test(value)) return { kind: 'hash', value: value.toLowerCase() }
  if (/^https?:\/\/\S{4,500}$/i.test(value)) return { kind: 'url', value }
  if (/^\d{1,3}(?:\.\d{1,3}){3}$|^(?:[0-9a-f]{0,4}:){3,7}[0-9a-f]{1,4}$/i.test(value)) return { kind: 'address', value }
  if (/^\/\S/.test(value)) return { kind: 'name', value }
  // What ends in letters and has a dot is a domain, unless it ends as files do.
  if (
    /^(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24}$/i.test(value) &&
    !/\.(?:sh|py|pl|so|exe|elf|bin|php|jsp|aspx|js|ko|service|conf|dll|ps1|txt|log|zip|tar|gz)$/i.test(value)
  )
    return { kind: 'domain', value: value.toLowerCase() }
  return /^[^\s/]{3,255}$/.test(value) ? { kind: 'name', value } : null
}

/** Reads a file of indicators. @throws ConfigError */
export async function readIocs(file: string): Promise<KnownIndicators> {
  const found = await readWhole(file, MAX_FILE)
  if (found.text === null) throw new ConfigError(`${file}: the indicators cannot be read: ${found.why}.`)
  return parseIocs(file, found.text)
}

/** Indicators, one a line, `#` for a comment. @param file its name, for errors @throws ConfigError that names the line */
export function parseIocs(file: string, content: string): KnownIndicators {
  const [hashes, names, texts] = [new Set<string>(), new Set<string>(), new Set<string>()]
  const lines = content.split(/\r?\n/)
  if (lines.length > MAX_LINES) throw new ConfigError(`${file}: it has more than ${MAX_LINES} lines.`)
  for (const [index, line] of lines.entries()) {
    const text = line.replace(/(?:^|\s)#.*$/, '').trim()
    if (text === '') continue
    const ioc = iocOf(text)
    if (ioc === null)
      throw new ConfigError(
        `${file}:${index + 1}: this is no hash, name, domain, address or URL: one indicator a line, # for a comment.`,
      )
    if (ioc.kind === 'hash') hashes.add(ioc.value)
    else if (ioc.kind === 'name') names.add(ioc.value)
    else texts.add(ioc.value)
  }
  if (hashes.size + names.size + texts.size === 0) throw new ConfigError(`${file}: it holds no indicator.`)
  return { hashes, names, texts: [...texts] }
}

/** What the scanner looks for in every content. */
export const detectorsOfIocs = ({ texts }: KnownIndicators): readonly Detector[] =>
  texts.map((text): Detector => {
    const escaped = text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
    return {
      id: `known-indicator:${text}`,
      issuer: '',
      title: text,
      opens: '',
      revoke: '',
      docs: '',
      strength: 'likely',
      isIndicator: true,
      literals: [{ text: text.toLowerCase().slice(0, 64), ignoreCase: true }],
      // A name within a longer one is another: evil.example is no part of notevil.example.
      pattern: new RegExp(`(?<![\\w-])${escaped}(?![\\w-]|\\.\\w)`, 'iy'),
      examples: [],
    }
  })
