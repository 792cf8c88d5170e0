// Assignments of passwords and keys whose issuer nobody can tell: `DB_PASSWORD=…`, `"apiKey": "…"`. Here most false alarms
// are born, so the value must look like a secret and the statement like data.
import { entropy, isDrawn, isFiller, isOfPlaceholders } from './checks.ts'
import type { Checked, Found } from './detector.ts'

/** Names that end in one of these words hold something about a secret, not the secret. */
const ABOUT =
  /(?:^|[_.-]|token|secret|passw(?:or)?d|pass|key|credentials?)(?:file|path|dir|url|uri|name|id|ids|ttl|header|type|len|length|size|count|min|max|age|expiry|expires|expiration|timeout|policy|rule|rules|hash|algo|algorithm|regex|pattern|prefix|suffix|label|field|input|prompt|hint|text|message|error|required|enabled|disabled|visible|reset|change|confirm|format|index|endpoint|host|port|version|provider|store|manager|service|class|ref|arn|source|mode|scope|scopes|kind|list|map|set|env|var|key_?id|public|usage|limit|limits|budget|position|offset|created|updated|at|by|for|is|has|no|not|with|from|to|in|on|of|strength|checker|validator|generator|encoder|encryption|sha256|sha1|md5|sum|fingerprint|keyring|tokenizer|tokens|count)$/
/** What a name says of its value. `bypass` and `compass` are other words. */
const NAMES =
  /passw|passphrase|passcode|passkey|pwd|secret|token|key|credential|(?<!by|com|sur|tres)pass\d{0,2}$|(?:^|[_.-])pw\d{0,2}$/
const PUBLIC =
  /public|pubkey|tokeni[sz]|csrf_?(?:cookie|header|field)|secretary|secretion|token_?(?:endpoint|uri|url|type)|max_?tokens|_tokens|tokens_|num_?tokens|(?:bos|eos|pad|unk|mask|sep|cls|special)_?token|checksum|integrity|sha\d|passwordless|gpg_?key/i
const CODE_FILE =
  /\.(?:[cm]?[jt]sx?|vue|svelte|py|pyi|rb|php|java|kt|kts|scala|groovy|go|rs|c|h|cc|cpp|hpp|cs|swift|m|mm|pl|pm|lua|r|ex|exs|erl|clj|hs|ml|dart|html?|css|scss|map|po|mo|pot|md|rst|adoc|xsd|wsdl|svg|tex|vim|el|d|pas|vb|ps1|asm|s|awk|tcl|ipynb|sql)$/i

/** Files in which a value goes on to the end of its line. */
const ENV_FILE = /(?:^|\/)(?:\.env(?:\.[\w.-]+)?|[\w-]+\.env)$/i
const PROPERTIES = /\.prop(?:ertie)?s?$/i

/** Splits a value off the text behind the operator: quoted up to its quote, else up to white space, in a file of variables up to the end of its line. */
function assignedValue(text: string, isEnv: boolean): { value: string; quote: string; rest: string } | null {
  if (isEnv && !/^["'`\\]/.test(text)) {
    const line = /^[^\n\r]{1,240}/.exec(text)?.[0] ?? ''
    const value = (/^(.*?)\s#/.exec(line)?.[1] ?? line).trimEnd()
    return value === '' ? null : { value, quote: '', rest: '' }
  }
  const quoted = /^(\\?["'`])((?:(?!\1)[^\n\r]){1,240})\1/.exec(text)
  if (quoted?.[2] !== undefined) return { value: quoted[2], quote: quoted[1] ?? '', rest: text.slice(quoted[0].length) }
  const bare = /^[^\s"'`,;(){}<>\\]{1,240}/.exec(text)
  return bare === null ? null : { value: bare[0], quote: '', rest: text.slice(bare[0].length) }
}

/** Whether an unquoted value stands in data (a .env, YAML, INI, shell line) rather than in an expression of code. */
function isData(value: string, rest: string, path: string): boolean {
  if (CODE_FILE.test(path)) return false
  if (/^[({[.]|^[ \t]*(?:[+*?<]|\|\||&&|==|\()/.test(rest)) return false
  return (
    !/^[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)+$/.test(value) &&
    !/^(?:new|await|function|lambda|self|this|process|os|std|string|str|int|bool|boolean|bytes?|char|const|var|let|final|static|void|null|type|optional|any|object)\b/i.test(
      value,
    )
  )
}

/** Signs of every kind between letters, as generators of secrets draw them: no text, path, format or code has so many. */
const isFullOfSigns = (value: string): boolean =>
  value.length >= 16 &&
  /[A-Za-z]{2}/.test(value) &&
  new Set(value.match(/[^A-Za-z0-9_./:,\s-]/g) ?? []).size >= 5 &&
  !/\)[.({;]|\(\)|&&|\|\||%[sd]|\\[dwsn]|<\/|\$\w/.test(value) &&
  entropy(value) >= 3.5

/** Character classes of a value: lower, upper, digit, other. */
const classes = (value: string): number =>
  [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z0-9]/].filter((pattern) => pattern.test(value)).length

/** Several lower-case words joined by signs, or a dotted or slashed name: a label, not a secret. */
const isName = (value: string): boolean =>
  !isDrawn(value.replace(/\d{1,2}$/, '')) &&
  (/^[A-Za-z]+(?:[-_.:/\s][A-Za-z]+)*[-_.:/?]?\d{0,2}$/.test(value) ||
    /^[a-z]+([A-Z][a-z]+)+\d?$/.test(value) ||
    /^[A-Z][A-Z0-9_]+$/.test(value) ||
    /^[A-Za-z]+$/.test(value))

const isStructured = (value: string): boolean =>
  /^(?:\d{1,4}[-/.:]){2,}\d|^\d+(?:\.\d+)*[a-z%]*$|^v?\d+\.\d+|^#[0-9a-f]{3,8}$|^[\w.+-]+@[\w-]+\.[\w.]+$|^(?:\.{0,2}|~|[A-Za-z]:)[/\\]|^[a-z][a-z0-9+.-]*:\/\/|^(?:data|urn|sha\d+|md5|bcrypt|pbkdf2|argon2\w*|scrypt)[:$]|^\$(?:[0-9a-z-]+)\$|^[0-9a-f]{8}-[0-9a-f]{4}-|^0x[0-9a-f]+$|^[\w-]+\.(?:json|ya?ml|xml|txt|js|py|so|dll|exe|pem|key|crt|conf|cfg|ini|html?|png|svg)$|^&|^\^|[\\|]{2}|\[[^\]]*\]|^\*|=>|;$|:(?:jar|pom|war):/i.test(
    value,
  )

/** Whether a value looks like a password or key that somebody uses, and not like a word, a name, a format or code. */
export function looksSecret(value: string, isPassword: boolean, quoted: boolean): boolean {
  if (value.length < 6 || value.length > 200 || isOfPlaceholders(value) || isStructured(value) || isName(value))
    return false
  if (/\s/.test(value)) return false
  if (isPassword) {
    if (/^\d+$/.test(value)) return false
    // A password people chose: mixed enough, or long.
    return value.length >= 8 ? classes(value) >= 2 && entropy(value) >= 2.4 : classes(value) >= 3 && quoted
  }
  if (value.length >= 12 && classes(value) >= 3 && /\d/.test(value) && entropy(value) >= 3.2 && !isFiller(value))
    return true
  if (quoted && isFullOfSigns(value)) return true
  return value.length >= 16 && /\d/.test(value) && /[A-Za-z]/.test(value) && entropy(value) >= 3 && !isFiller(value)
}

/** `dbPasswordFile` is `db_password_file`. */
const snakeCase = (name: string): string => name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase()

/** The check of the generic detector: `before` ends where the keyword starts. */
export function checkAssignment({ value: found, before: front, path, isText }: Found): Checked | null {
  if (!isText) return null
  // An option of openssl: the rule on words of commands tells it.
  if (/-pass(?:in|out)?["']?$/.test(front)) return null
  // A short keyword is looked for with what stands in front of it.
  const border = /^[\s"'./(]/.exec(found)?.[0] ?? ''
  const [text, before] = [found.slice(border.length), front + border]
  const statement =
    /^((?:[A-Za-z]{3,7} (?=key\b))?[A-Za-z0-9_.-]*)([[\])"'`\s\\]{0,16})(=>|:=|[=:>,|]{1,3})(\s{0,16}(?:[bflnru@](?=["']))?\\?)(?=["'`]|\S)/i.exec(
      text,
    )
  if (statement === null) return null
  const [whole, tail = '', , operator = '', gap = ''] = statement
  const isComparison = /^={2,3}$/.test(operator)
  if (
    (isComparison && !/^["'`]/.test(text.slice(whole.length))) ||
    /^(?:!=|,|\||>>)/.test(operator) ||
    (operator === '>' && !/<[\w:.-]*$/.test(before + tail.slice(0, 0)) && !/^[\w.-]*>/.test(text))
  )
    return null
  const name = (/(?<![A-Za-z0-9_.-])[A-Za-z0-9_.-]*$/.exec(before)?.[0] ?? '') + tail
  const short = name.split('.').at(-1) ?? name
  if (ABOUT.test(snakeCase(short)) || PUBLIC.test(name) || short.length > 60) return null
  // An escaped quote ends where the next escaped one stands: code inside JSON, as in source maps.
  const isEscaped = whole.endsWith('\\') && /^["'`]/.test(text.slice(whole.length, whole.length + 1))
  const assigned = assignedValue(
    text.slice(whole.length - (isEscaped ? 1 : 0)),
    (operator === '=' && ENV_FILE.test(path)) || (/^[=:]$/.test(operator) && PROPERTIES.test(path)),
  )
  if (assigned === null) return null
  const { value, quote, rest } = assigned
  // The value of a query is data in the text of a program too.
  const isQuery = /[?&](?:[\w.-]{0,40}[_.-])?$/.test(before) && operator === '='
  if (quote === '' && !isQuery && !isData(value, operator === '>' ? '' : rest, path)) return null
  // What stands on the next line is an assignment of its own.
  if (quote === '' && gap.includes('\n') && /^[A-Za-z_][\w.-]*[=:]/.test(value)) return null
  if (quote !== '' && /^\s*(?:\+|\.\s*\w|%|\[)/.test(rest) && CODE_FILE.test(path)) return null
  if (!NAMES.test(snakeCase(short))) return null
  const isPassword = /pass|pwd|credential|(?:^|[_.-])pw$/i.test(short)
  if (isComparison && !isPassword) return null
  const secret = isQuery ? (/^[^&#]+/.exec(value)?.[0] ?? value) : value
  if (!looksSecret(secret, isPassword, quote !== '')) return null
  if (secret.toLowerCase() === short.toLowerCase()) return null
  // The selector of a field.
  if (CODE_FILE.test(path) && /^[#.][A-Za-z_][\w-]*$/.test(secret)) return null
  return { value: secret, facts: { name } }
}
