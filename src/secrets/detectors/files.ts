// Credentials told by the file or statement they stand in: logins, connection strings, command lines, assignments.

import { checkAssignment } from '../assignment.ts'
import { decodeText, entropy, isFiller, isPlaceholder } from '../checks.ts'
import type { Checked, Detector, Found } from '../detector.ts'

const ASSIGNMENT_WORDS = [
  'passw',
  'passphrase',
  '_pass',
  '-pass',
  'pwd',
  'secret',
  'token',
  'apikey',
  'api_key',
  'api-key',
  'access_key',
  'accesskey',
  'access-key',
  'private_key',
  'privatekey',
  'auth_key',
  'authkey',
  'encryption_key',
  'encryptionkey',
  'signing_key',
  'master_key',
  'masterkey',
  'credential',
  'client_key',
  'storage_key',
  'jwt_key',
  'app_key',
  'appkey',
]

const LOCAL_HOST = /^(?:localhost|127\.\d+\.\d+\.\d+|\[?::1\]?|0\.0\.0\.0|host\.docker\.internal)(?::|\/|$)/i
const EXAMPLE_HOST =
  /(?:^|[.@])(?:example|test|invalid|local(?:domain)?)(?:\.(?:com|org|net|io))?(?::|\/|$)|^(?:host|hostname|server|your[-.]|my[-.]|some|url|domain|ip)|[<>${}%*[\]]/i
/** Passwords of the examples in RFC 2617, 6749 and 7617. */
const RFC_EXAMPLES = new Set(['7Fjfp0ZBr1KtDRbnfVdmIw', 'Circle Of Life', 'gX1fBat3bV', 'open sesame', 'opensesame'])
const COMMON_PASSWORD =
  /^(?:pass|password|passwd|passw0rd|pwd|secret|user|username|admin|root|guest|test|postgres|mysql|redis|mongo|rabbitmq|changeme|pw|p|x+|\*+|\.+|foo|bar|baz|123456?|1234|qwerty|default|oauth2?|x-oauth-basic|token|key|login|credentials?|my[-_]?pass(?:word)?|some[-_]?pass(?:word)?|db_?pass(?:word)?)$/i

/** user:password@host: real when the password is no filler and the host is one that can be reached. */
function checkUserinfo({ groups }: Found): Checked | null {
  const { user = '', value: password = '', host = '' } = groups
  const decoded = password.includes('%') ? decodeURIComponentSafely(password) : password
  if (decoded.length < 3 || isPlaceholder(decoded) || /[$<>{}`\\]|^%|^:|\.\.\.|^\*+$/.test(password) || /[<>${}%]/.test(user.slice(0, 2))) return null
  if (EXAMPLE_HOST.test(host)) return null
  const facts = { user, host: host.slice(0, 120) }
  if (COMMON_PASSWORD.test(decoded) || decoded === user) return { strength: 'harmless', note: 'a default password', facts }
  if (LOCAL_HOST.test(host)) return { strength: isLocalDefault(decoded) ? 'harmless' : 'possible', note: 'for a service on the same host', facts }
  return { facts }
}

const isLocalDefault = (password: string): boolean => password.length < 8 && entropy(password) < 2.6

function decodeURIComponentSafely(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const usable = (password: string): boolean =>
  password.length >= 4 && !RFC_EXAMPLES.has(password) && !isPlaceholder(password) && !COMMON_PASSWORD.test(password) && !/^[-$<{%]/.test(password)

/** The password of a command line; a lone word without digit, capital or sign is taken for a placeholder. */
function checkCommandLine({ value }: Found): Checked | null {
  const bare = value.replace(/^(["'])(.*)\1$/, '$2')
  if (!usable(bare) || bare.length < 6 || /^[a-z_-]+$/.test(bare) || /[/\\]{2}|^\/|\.(?:txt|json|key|pem|conf)$/.test(bare)) return null
  return { value: bare }
}

export const FILES: readonly Detector[] = [
  {
    id: 'basic-authorization',
    title: 'Basic authorization header',
    docs: 'https://www.rfc-editor.org/rfc/rfc7617',
    revoke: 'Change the password that the header carries',
    literals: [
      { text: 'uthorization', ignoreCase: true },
      { text: 'extraheader', ignoreCase: true },
    ],
    pattern: /[\w\s"'=:\\-]{0,40}?basic\s{1,3}(?<value>[A-Za-z0-9+/]{8,400}={0,2})/iy,
    window: 480,
    strength: 'likely',
    guessable: true,
    check: ({ value }) => {
      const login = decodeText(value)
      const split = login?.indexOf(':') ?? -1
      return login !== null && split >= 0 && usable(login.slice(split + 1)) ? { facts: { user: login.slice(0, split) } } : null
    },
  },
  {
    id: 'command-line-password',
    title: 'Password on a command line',
    docs: 'https://docs.docker.com/build/building/secrets/',
    revoke: 'Change the password',
    literals: ['mysql', 'sshpass', 'curl ', 'wget ', 'docker login', 'podman login', 'helm ', '--password', '--passwd', '--token'].map((text) => ({ text })),
    pattern:
      /(?:(?:mysql|mysqldump|mysqladmin|mariadb)\b[^\n;|&]{0,160}?\s-p(?<mysql>["']?[^\s"'-][^\s"']{3,80})|sshpass\s+-p\s*(?<ssh>[^\s]{4,80})|curl\s[^\n;|&]{0,160}?(?:-u|--user)[\s=]["']?[^\s:"']{1,60}:(?<curl>[^\s"']{4,120})|wget\s[^\n;|&]{0,160}?--(?:http-|ftp-)?password[\s=]["']?(?<wget>[^\s"']{4,120})|(?:docker|podman|helm)\s[^\n;|&]{0,160}?(?:-p|--password)[\s=]["']?(?<login>[^\s"']{4,120})|--(?:password|passwd|token)[\s=](?<long>["']?[^\s"']{6,120}["']?))/y,
    strength: 'likely',
    guessable: true,
    generic: true,
    check: (found) => {
      const { mysql, ssh, curl, wget, login, long } = found.groups
      const value = mysql ?? ssh ?? curl ?? wget ?? login ?? long
      const checked = value === undefined ? null : checkCommandLine({ ...found, value })
      if (checked === null) return null
      // An option with a value stands in every manual page: outside history and scripts it is shown, not failed.
      return long !== undefined ? (entropy(checked.value ?? '') > 3 && /\d/.test(checked.value ?? '') ? { ...checked, strength: 'possible' } : null) : checked
    },
  },
  {
    id: 'connection-string',
    title: 'Connection string with a password',
    docs: 'https://www.rfc-editor.org/rfc/rfc3986#section-3.2.1',
    revoke: 'Change the password of the account',
    literals: ['://'],
    pattern:
      /(?<=(?<![a-z0-9])(?:postgres(?:ql)?|mysql2?|mariadb|mongodb|rediss?|amqps?|sqlserver|mssql|clickhouse|cockroachdb|ldaps?|nats|kafka|smtps?|influxdb|neo4j|bolt|couchdb|oracle|db2|snowflake)(?:\+[a-z0-9]{2,16})?):\/\/(?<user>[^\s:/@"'<>]{0,80}):(?<value>[^\s/@"'<>]{1,120})@(?<host>[^\s/"'?#,;)<>]{2,120})/y,
    strength: 'likely',
    guessable: true,
    check: checkUserinfo,
  },
  {
    id: 'generic-assignment',
    title: 'Password or key in an assignment',
    docs: 'https://docs.docker.com/build/building/secrets/',
    revoke: 'Change the password or revoke the key',
    literals: ASSIGNMENT_WORDS.map((text) => ({ text, ignoreCase: true, assignment: true })),
    pattern: /[\s\S]{3,256}/y,
    strength: 'possible',
    guessable: true,
    generic: true,
    check: checkAssignment,
  },
  {
    id: 'netrc-login',
    title: 'Login in a netrc file',
    docs: 'https://www.gnu.org/software/inetutils/manual/html_node/The-_002enetrc-file.html',
    revoke: 'Change the password or revoke the token',
    literals: ['machine '],
    pattern: /machine\s+(?<host>[A-Za-z0-9.:-]{3,120})\s+login\s+(?<user>\S{1,100})\s+(?:account\s+\S+\s+)?password\s+(?<value>[^\s"'\\;&|]{3,250})/y,
    window: 600,
    strength: 'likely',
    guessable: true,
    check: ({ value, groups: { host = '', user = '' } }) => (usable(value) && !EXAMPLE_HOST.test(host) ? { facts: { user, host } } : null),
  },
  {
    id: 'sql-connection-string',
    title: 'Database connection string with a password',
    docs: 'https://learn.microsoft.com/dotnet/framework/data/adonet/connection-string-syntax',
    revoke: 'Change the password of the database account',
    literals: ['password=', 'pwd='].map((text) => ({ text, ignoreCase: true })),
    pattern:
      /(?<=(?:Server|Data Source|Host|Addr(?:ess)?|Initial Catalog|Database|User(?: ?ID)?|Uid)\s{0,2}=[^;\n"']{1,80};[^\n"']{0,40})(?:password|pwd)=(?<value>[^;"'\s&<>]{3,100})/iy,
    strength: 'likely',
    guessable: true,
    check: ({ value, before }) => {
      if (!usable(value)) return null
      const host = /(?:Server|Data Source|Host|Addr(?:ess)?)\s*=\s*([^;]+)/i.exec(before)?.[1]
      return host !== undefined && (LOCAL_HOST.test(host) || host.startsWith('.') || /\(local/i.test(host)) ? { strength: 'possible' } : {}
    },
  },
  {
    id: 'url-credentials',
    title: 'URL with a password',
    docs: 'https://www.rfc-editor.org/rfc/rfc3986#section-3.2.1',
    revoke: 'Change the password or revoke the token',
    literals: ['://'],
    pattern:
      /(?<=(?<![a-z0-9])(?:git\+)?(?:https?|s?ftps?|ssh|git|svn)):\/\/(?<user>[^\s:/@"'<>()[\]{}|\\^`,;?#]{0,80}):(?<value>[^\s:/@"'<>()[\]{}|\\^`,;?#]{1,200})@(?<host>[^\s/"'?#,;)<>]{3,120})/y,
    strength: 'likely',
    guessable: true,
    check: (found) => (found.path.endsWith('.lock') && isFiller(found.value) ? null : checkUserinfo(found)),
  },
]
