// The entry of `ignore` that accepts a finding, and a configuration with it: everything else in the file stays as it is.
import { isMap, isScalar, isSeq, LineCounter, parseDocument, stringify } from 'yaml'
import { ConfigError } from '../error.ts'
import type { Finding } from '../finding/finding.ts'
import type { IgnoreEntry } from './config.ts'
import { parseConfigText } from './load.ts'

/** Places that an entry lists where its value can be named instead. */
const MAX_PLACES = 20

/**
 * Accepts a finding at all its places. Two places can belong to two rules, so that only an entry for one place names its rule.
 * @param expires the last day on which it counts, YYYY-MM-DD; null for no end
 */
export function entryFor(
  { ruleId, fingerprint, related, secret }: Finding,
  reason: string,
  expires: string | null,
): IgnoreEntry {
  const others = related.flatMap((place) =>
    place.role === 'also-in' && place.fingerprint !== undefined ? [place.fingerprint] : [],
  )
  const { ignoreValue } = secret ?? {}
  // The value alone holds for any number of places.
  if (others.length > MAX_PLACES && ignoreValue?.startsWith('hmac-') === true)
    return { value: ignoreValue, reason, ...(expires === null ? {} : { expires }) }
  return {
    ...(others.length === 0 ? { rule: ruleId as NonNullable<IgnoreEntry['rule']> } : {}),
    fingerprint: others.length === 0 ? fingerprint : [...new Set([fingerprint, ...others])],
    ...(ignoreValue === undefined ? {} : { value: ignoreValue }),
    reason,
    ...(expires === null ? {} : { expires }),
  }
}

/** The lines of an entry as an item of a list. @param indent in front of the dash */
export function entryLines(entry: IgnoreEntry, indent: string): string[] {
  const [first = '', ...rest] = stringify(entry, { lineWidth: 0 }).trimEnd().split('\n')
  return [`${indent}- ${first}`, ...rest.map((line) => `${indent}  ${line}`)]
}

/**
 * A configuration with one more entry, behind those that it has.
 * @param text null where there is no such file
 * @param about a comment above the entry: one line
 * @throws ConfigError where the file is no configuration, or writes its entries on one line
 */
export function withEntry(file: string, text: string | null, entry: IgnoreEntry, about: string): string {
  if (text === null) return `extends: recommended\n\nignore:\n  # ${about}\n${entryLines(entry, '  ').join('\n')}\n`
  const before = parseConfigText(file, text)
  const end = text.includes('\r\n') ? '\r\n' : '\n'
  const whole = text === '' || text.endsWith('\n') ? text : `${text}${end}`
  const { at, indent, isFirst } = placeFor(file, whole)
  const lines = [
    ...(isFirst ? [...(whole === '' ? [] : ['']), 'ignore:'] : []),
    `${indent}# ${about}`,
    ...entryLines(entry, indent),
  ]
  const after = `${whole.slice(0, at)}${lines.map((line) => `${line}${end}`).join('')}${whole.slice(at)}`
  const known = parseConfigText(file, after).ignore ?? []
  if (JSON.stringify(known) !== JSON.stringify([...(before.ignore ?? []), entry])) throw cannotWrite(file)
  return after
}

const cannotWrite = (file: string): ConfigError =>
  new ConfigError(`${file}: the entry cannot be put behind the others as they are written: write it by hand.`)

/** Where the next entry goes, in characters from the start. */
function placeFor(
  file: string,
  text: string,
): { readonly at: number; readonly indent: string; readonly isFirst: boolean } {
  const lines = new LineCounter()
  const { contents } = parseDocument(text, { lineCounter: lines })
  const pair = isMap(contents) ? contents.items.find(({ key }) => isScalar(key) && key.value === 'ignore') : undefined
  if (pair === undefined) return { at: text.length, indent: '  ', isFirst: true }
  const list = pair.value
  const last = isSeq(list) ? list.items.at(-1) : undefined
  if (!isSeq(list) || list.flow === true || !isMap(last) || list.range == null || last.range == null)
    throw cannotWrite(file)
  const valueEnd = last.range[1]
  const newline = text.indexOf('\n', text[valueEnd - 1] === '\n' ? valueEnd - 1 : valueEnd)
  return {
    at: newline === -1 ? text.length : newline + 1,
    indent: ' '.repeat(lines.linePos(list.range[0]).col - 1),
    isFirst: false,
  }
}
