// How a literal is written where its signs are escaped: `accesskey\u003d`, `hooks.slack.com\/`, `%2BACR`.

const code = (c: string): string => c.charCodeAt(0).toString(16).padStart(2, '0')
const upper = (c: string): string => code(c).toUpperCase()

/** Which signs a writer escapes, and how. */
const WRITERS: readonly (readonly [RegExp, (c: string) => string])[] = [
  // PHP, and whoever writes for HTML in JavaScript.
  [/\//g, (c) => `\\${c}`],
  [/\//g, (c) => `\\\\${c}`],
  [/\//g, (c) => `\\u00${upper(c)}`],
  // Gson and Go, and .NET.
  [/[=&<>]/g, (c) => `\\u00${code(c)}`],
  [/[+&<>]/g, (c) => `\\u00${upper(c)}`],
  // Java's properties.
  [/[:=]/g, (c) => `\\${c}`],
  // URLs.
  [/[:/=+]/g, (c) => `%${upper(c)}`],
  [/[:/=+]/g, (c) => `%${code(c)}`],
  // XML and HTML.
  [/[+/=]/g, (c) => `&#x${upper(c)};`],
  [/[+/=]/g, (c) => `&#${c.charCodeAt(0)};`],
  // JSON as a text in JSON.
  [/"/g, (c) => `\\${c}`],
]

/** Other spellings of a literal, none where it has no sign that is escaped. */
export function escapedSpellings(text: string): readonly string[] {
  // Bytes of programs are not escaped.
  if (!/^[\x20-\x7e]+$/.test(text) || !/[A-Za-z]/.test(text) || text.includes('\\')) return []
  // A blank is escaped by URLs alone, and is a plus in forms.
  const blanks = text.startsWith('-----BEGIN ') ? [text.replaceAll(' ', '%20'), text.replaceAll(' ', '+')] : []
  return [...new Set([...WRITERS.map(([signs, write]) => text.replace(signs, write)), ...blanks])].filter(
    (spelling) => spelling !== text,
  )
}
