// Named values of configuration files, in whatever of the usual forms they are written: INI, properties, YAML, TOML, JSON,
// XML. Lines are read one by one: what cannot be parsed as a whole (a file that is cut off, a template) still shows its
// values, each with its place.

/** One value of a file and the name that it has there. */
export interface NamedValue {
  /** As written, without quotes. */
  readonly name: string
  readonly value: string
  /** Characters from the start of the text. */
  readonly at: number
  /** Text before the name on its line, or of the tag around it. */
  readonly lead: string
}

/** `name = value`, `"name": "value"`, `name: value`, `export NAME=value`, `'name' => 'value'`. */
const LINE =
  /^(?=[^\n]{1,180}?[=:])(?<lead>[^\n=:"'#;]{0,40}?["']?)(?<name>[\w.:/@+-]{1,120}?)["']?[ \t]{0,8}(?:=>|:=|[=:])[ \t]{0,8}(?<quote>["']?)(?<value>[^\n\r]{1,4000})/gm
/** JSON on one line holds many. */
const JSON_PAIR = /"(?<name>[\w.:/@+-]{1,120})"\s{0,8}:\s{0,8}"(?<value>(?:[^"\\\n]|\\.){1,4000})"/g
/** `<name attribute="x">value</name>`. */
const XML_ELEMENT = /<(?<name>[\w.:-]{1,80})(?<lead>[^<>]{0,200})>\s{0,40}(?<value>[^<>]{1,4000}?)\s{0,40}<\//g
/** `<add key="name" value="value"/>`. */
const XML_PAIR =
  /<\w{1,40}\s[^<>]{0,80}?\b(?:key|name)\s?=\s?"(?<name>[^"<>]{1,120})"[^<>]{0,80}?\bvalue\s?=\s?"(?<value>[^"<>]{1,4000})"/gi

/** Blanks XML comments, and keeps every place. */
function withoutComments(text: string): string {
  const parts: string[] = []
  let done = 0
  for (let start = text.indexOf('<!--'); start !== -1; start = text.indexOf('<!--', done)) {
    const end = text.indexOf('-->', start + 4)
    if (end === -1) break
    parts.push(text.slice(done, start), text.slice(start, end + 3).replace(/[^\n]/g, ' '))
    done = end + 3
  }
  return parts.join('') + text.slice(done)
}

function* matches(pattern: RegExp, text: string): Generator<NamedValue> {
  for (const match of text.matchAll(pattern)) {
    const { name = '', value = '', lead = '', quote = '' } = match.groups ?? {}
    const end =
      quote === ''
        ? value.replace(/(?<!\s)\s+[#;].*$/s, '').trimEnd()
        : value.slice(0, Math.max(0, value.indexOf(quote) === -1 ? value.length : value.indexOf(quote)))
    if (end === '') continue
    yield { name, value: end, at: match.index + match[0].lastIndexOf(value), lead }
  }
}

/** All named values of a text, in order within each form. @param text the start of a file */
export function* namedValues(text: string): Generator<NamedValue> {
  const isXml = /^\s{0,80}(?:<\?xml|<!--|<\w)/.test(text)
  if (isXml) {
    // Comments hold examples; what stands behind them keeps its place.
    const live = withoutComments(text)
    yield* matches(XML_ELEMENT, live)
    yield* matches(XML_PAIR, live)
    return
  }
  if (/^\s{0,80}(?:\{|\[\s{0,80}[{["\d])/.test(text)) {
    yield* matches(JSON_PAIR, text)
    return
  }
  yield* matches(LINE, text)
}
