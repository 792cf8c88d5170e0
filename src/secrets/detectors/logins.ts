// Credentials told by the statement they stand in: logins, connection strings, command lines, assignments; sorted by id.

import { checkAssignment } from '../assignment.ts'
import { decodeText, entropy, isDrawn, isFiller, isOfPlaceholders, isPlaceholder, isUsualPassword } from '../checks.ts'
import type { Checked, Detector, Found } from '../detector.ts'
import { isSampleAccount, RFC_EXAMPLES, TEMPLATE, weighPassword } from './passwords.ts'

const ASSIGNMENT_WORDS = [
  'passw',
  'passphrase',
  '_pass',
  '-pass',
  'bpass',
  'lpass',
  'ppass',
  'rpass',
  // Words of their own, with what stands in front.
  ...['\n', '\t', ' ', '.', '"', "'", '('].map((border) => `${border}pass`),
  ...['\n', ' ', '/', '"', '(', '-'].map((border) => `${border}pw`),
  'pwd',
  'secret',
  'token',
  'apikey',
  'api_key',
  'api-key',
  'api key',
  'secret key',
  'access key',
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

/** What stands between a scheme and a login, as it is and as it is escaped. */
const SCHEME_ENDS = [
  '://',
  ':\\/\\/',
  '%3A%2F%2F',
  '%3a%2f%2f',
  '\\://',
  ':\\\\/\\\\/',
  ':\\u002F\\u002F',
  ':\\u002f\\u002f',
]

const LOCAL_HOST = /^(?:localhost|127\.\d+\.\d+\.\d+|\[?::1\]?|0\.0\.0\.0|host\.docker\.internal)(?::|\/|$)/i
/** Hosts of documentation: reserved names (RFC 2606), and words for a host. */
const EXAMPLE_HOST =
  /(?:^|[.@])(?:example|test|invalid|local(?:domain)?|(?:my|our|some|your)?[-]?company(?:[-]?name)?(?=\.))(?:\.(?:com|org|net|io|edu))?(?::|\/|$)|^(?:host(?:name)?|server(?:name)?|domain|url|ip|address|your[-.]?\w*|my[-.]?(?:host|server|db|domain|site)\w*|some[-.]?(?:host|server|domain|where)\w*)\d?(?:\.(?:com|org|net|io|tld))?(?::|\/|$)|[<>${}%*[\]]/i
/** user:password@host: real when the password is no filler and the host is one that can be reached. */
function checkUserinfo({ groups }: Found): Checked | null {
  const { user = '', value: password = '', host = '' } = groups
  const decoded = password.includes('%') ? decodeURIComponentSafely(password) : password
  // Text that stands for a value, or is to be replaced by one.
  if (
    decoded.length < 3 ||
    TEMPLATE.test(password) ||
    /[<>]|^:|\.\.\.|^[*xX.]+$/.test(password) ||
    /[<>${}%*[\]]/.test(host) ||
    /[<>${}%]/.test(user.slice(0, 2))
  )
    return null
  // A quote in a password is no end of a string, nor the start of the next.
  if (/["'](?:[,:;)\]}=&|]|$)|(?:^|[,:;([{=&|])["']/.test(password)) return null
  const isExample = EXAMPLE_HOST.test(host)
  const isUsual = isUsualPassword(decoded) || decoded === user || isSampleAccount(user, decoded)
  // The token stands in the user's place: `https://TOKEN:x-oauth-basic@github.com`.
  if (/^x-oauth(?:-basic|-token)?$|^oauth2?$/.test(decoded) && user.length >= 20 && !isPlaceholder(user))
    return { value: user, facts: { host } }
  // A token can stand in the user's place: only what reads like a name is shown.
  const facts = { ...(user.length >= 20 && /\d/.test(user) ? {} : { user }), host }
  if (isExample) return { strength: 'harmless', note: 'for a host of examples', facts }
  if (isUsual) return { strength: 'harmless', note: 'a default password', facts }
  if (isPlaceholder(decoded.replace(/^\$+/, '')))
    return { strength: 'harmless', note: 'it reads like an example', facts }
  if (LOCAL_HOST.test(host))
    return {
      strength: isLocalDefault(decoded) ? 'harmless' : 'possible',
      note: 'for a service on the same host',
      facts,
    }
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
  password.length >= 4 &&
  !RFC_EXAMPLES.has(password) &&
  !isPlaceholder(password) &&
  !isUsualPassword(password) &&
  !/^[-$<{%]/.test(password)

/** The password of a command line; a lone word without digit, capital or sign is taken for a placeholder. */
function checkCommandLine({ value }: Found): Checked | null {
  const bare = value.replace(/^(["'])(.*)\1$/, '$2')
  if (
    !usable(bare) ||
    bare.length < 6 ||
    isOfPlaceholders(bare) ||
    /^[a-z_-]+$|^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$/.test(bare) ||
    /[/\\]{2}|^\/|\.(?:txt|json|key|pem|conf)$/.test(bare)
  )
    return null
  return { value: bare }
}

export const LOGINS: readonly Detector[] = [
  {
    id: 'authorization-header',
    title: 'Token in an authorization header',
    issuer: 'any (RFC 6750)',
    opens: 'the service that the header is sent to',
    docs: 'https://www.rfc-editor.org/rfc/rfc6750',
    revoke: 'Revoke the token at the service that the header is sent to',
    examples: [
      'curl -H "Authorization: Token {hex:40}" https://api.acme.io',
      'Authorization: Bearer {62:40}',
      'Authorization: OAuth {hex:64}',
      '{"key":"Authorization","value":"Bearer {62:40}"}',
    ],
    quiet: ['Authorization: Bearer <token>', 'Authorization: Bearer $TOKEN', 'Authorization: Bearer eyJhbGciOi...'],
    literals: [{ text: 'uthorization', ignoreCase: true }],
    pattern:
      /uthorization["'\\]{0,3}\s{0,2}[:=,]\s{0,2}(?:"value"\s{0,2}:\s{0,2})?["'`\\]{0,2}(?:Bearer|OAuth|Token|ApiKey|Api-Key|Key|SSWS|Splunk|GenieKey)\s{1,2}(?:token=)?["\\]{0,2}(?<value>[A-Za-z0-9_.~+/=-]{20,400})(?![A-Za-z0-9_.~+/=-])/iy,
    window: 480,
    strength: 'possible',
    context: true,
    check: ({ value, path }) => {
      if (!(/\d.*\d/.test(value) && /[A-Za-z].*[A-Za-z]/.test(value)) && !isDrawn(value)) return null
      if (isPlaceholder(value) || isFiller(value)) return null
      // In a command of the history it is used; in a file of a package it may be documentation.
      return path === '' ? { strength: 'likely' } : {}
    },
  },
  {
    id: 'basic-authorization',
    issuer: 'any (RFC 7617)',
    opens: 'the service that the header is sent to',
    examples: [(fill) => `Authorization: Basic ${Buffer.from(fill('svc:{62:8}-{62:6}7')).toString('base64')}`],
    quiet: ['Authorization: Basic <credentials>', 'Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=='],
    title: 'Basic authorization header',
    docs: 'https://www.rfc-editor.org/rfc/rfc7617',
    revoke: 'Change the password that the header carries',
    literals: [
      { text: 'uthorization', ignoreCase: true },
      { text: 'extraheader', ignoreCase: true },
    ],
    pattern: /(?:uthorization|extraheader)[\w\s"'=:\\-]{0,40}?basic\s{1,3}(?<value>[A-Za-z0-9+/]{8,400}={0,2})/iy,
    window: 480,
    strength: 'likely',
    guessable: true,
    check: ({ value }) => {
      const login = decodeText(value)
      const split = login?.indexOf(':') ?? -1
      return login !== null && split >= 0 && usable(login.slice(split + 1))
        ? { facts: { user: login.slice(0, split) } }
        : null
    },
  },
  {
    id: 'command-line-password',
    issuer: 'any',
    opens: 'the service that the command talks to',
    examples: [
      'mysql -h db -u app -p{62:8}-{62:5}7 -e x',
      'curl -u svc:{62:14} https://db.acme.io',
      'sshpass -p {62:14} ssh x',
      'docker login -u x -p {62:14} r.acme.io',
    ],
    quiet: [
      'mysql -u root -p',
      'curl -u $USER:$PASS https://x',
      'docker login --password-stdin',
      'docker login --username user --password=DOCKER_PASSWORD r.acme.io',
    ],
    title: 'Password on a command line',
    docs: 'https://docs.docker.com/build/building/secrets/',
    revoke: 'Change the password',
    literals: [
      'mysql',
      'sshpass',
      'curl ',
      'wget ',
      'docker login',
      'podman login',
      'helm ',
      '--password',
      '--passwd',
      '--passphrase',
      '--passphrase',
      'pass:',
      '--token',
      '--oauth2-bearer',
      '--secret',
      '--client-secret',
      '--api-key',
      '--apikey',
      '--access-token',
      '--auth-token',
    ].map((text) => ({ text })),
    pattern:
      /(?:(?:mysql|mysqldump|mysqladmin|mariadb)\b[^\n;|&]{0,160}?\s-p(?<mysql>["']?[^\s"'-][^\s"']{3,80})|sshpass\s+-p\s*(?<ssh>[^\s]{4,80})|curl\s[^\n;|&]{0,160}?(?:-u|--user)[\s=]["']?[^\s:"']{1,60}:(?<curl>[^\s"']{4,120})|wget\s[^\n;|&]{0,160}?--(?:http-|ftp-)?password[\s=]["']?(?<wget>[^\s"']{4,120})|(?:docker|podman|helm)\s[^\n;|&]{0,160}?(?:-p|--password)[\s=]["']?(?<login>[^\s"']{4,120})|--(?:password|passwd|passphrase|token|oauth2-bearer|(?:client-)?secret|api-?key|(?:access|auth)-token)[\s=](?<long>["']?[^\s"']{6,120}["']?))/y,
    strength: 'likely',
    guessable: true,
    generic: true,
    check: (found) => {
      const { mysql, ssh, curl, wget, login, long } = found.groups
      const value = mysql ?? ssh ?? curl ?? wget ?? login ?? long
      const checked = value === undefined ? null : checkCommandLine({ ...found, value })
      if (checked === null) return null
      // An option with a value stands in every manual page: outside history and scripts it is shown, not failed.
      return long !== undefined
        ? entropy(checked.value ?? '') > 3 && /\d/.test(checked.value ?? '')
          ? { ...checked, strength: 'possible' }
          : null
        : checked
    },
  },
  {
    id: 'connection-string',
    issuer: 'any',
    opens: 'the database or queue that it names',
    examples: [
      'postgres://svc:{62:12}7@db.acme.io/app',
      'mongodb+srv://svc:{62:12}7@c0.ab1cd.mongodb.net/app',
      'redis://:{62:14}7@cache.acme.io:6379',
      'postgres://svc:$z{62:8}!{62:4}@db.acme.io/app',
      'mysql://svc:{62:5}$z{62:6}7@db.acme.io/app',
      'postgres://svc:%24{62:6}%40{62:6}@db.acme.io/app',
      'amqp://svc:{62:300}@mq.acme.io',
      'DATABASE_URL=mysql://svc:{62:5}"{62:7}7@db.acme.io/app',
      'mongodb://svc:{62:12}7@db1.acme.io:27017,db2.acme.io:27017/app?replicaSet=x',
      'postgis://svc:{62:12}7@db.acme.io/app',
      'timescaledb://svc:{62:12}7@db.acme.io/app',
      'mqtts://svc:{62:12}7@mq.acme.io',
    ],
    quiet: [
      'postgres://user:${PASSWORD}@db/app',
      'postgres://db.acme.io/app',
      'postgres://user:$PASSWORD@db.acme.io/app',
      'postgres://user:$DB_PASS$SUFFIX@db.acme.io/app',
      'postgres://user:{password}@db.acme.io/app',
      'postgres://user:%s@db.acme.io/app',
      'postgres://user:%(password)s@db.acme.io/app',
      'postgres://user:%DBPASS%@db.acme.io/app',
      '["URL=redis://cache.acme.io:6379","MAIL=ops@acme.io"]',
      "'postgres://user:' + password + '@db.acme.io'",
    ],
    title: 'Connection string with a password',
    docs: 'https://www.rfc-editor.org/rfc/rfc3986#section-3.2.1',
    revoke: 'Change the password of the account',
    literals: SCHEME_ENDS,
    pattern:
      /(?<=(?<![a-z0-9])(?:amqps?|bolt|cassandra|clickhouse|cockroachdb|couchbases?|couchdb|db2|elasticsearch|firebird|hive|imaps?|influxdb|informix|kafka|ldaps?|mariadb|memcached?|mongodb|mqtts?|mssql|mysql2?|nats|neo4j|opensearch|oracle|pgsql|pop3s?|postgis|postgres(?:ql)?|presto|pulsar|redis-sentinel|rediss?|redshift|rethinkdb|rtsps?|scylla|singlestore|smtps?|snowflake|socks[45]h?|sqlserver|stomp|sybase|tidb|timescaledb|trino|vertica|vnc|wss?)(?:\+[a-z0-9]{2,16})?):\/\/(?<user>[^\s:/@"'<>]{0,80}):(?<value>[^\s/,"'<>]{1,1024}|[^\s/<>]{1,1024})@(?<host>[^\s/"'`?#,;)<>@]{2,120})/y,
    window: 1280,
    strength: 'likely',
    guessable: true,
    check: checkUserinfo,
  },
  {
    id: 'curl-option',
    title: 'Password in a call of libcurl',
    issuer: 'curl',
    opens: 'the server that the call talks to',
    docs: 'https://curl.se/libcurl/c/CURLOPT_USERPWD.html',
    revoke: 'Change the password',
    examples: [
      'curl_setopt($ch, CURLOPT_USERPWD, "svc:{62:12}");',
      "curl_easy_setopt(curl, CURLOPT_PASSWORD, '{62:14}');",
    ],
    quiet: [
      'curl_setopt($ch, CURLOPT_USERPWD, $login);',
      'curl_easy_setopt(curl, CURLOPT_PASSWORD, "secret");',
      'CURLOPT_PASSWORD, "${PW}"',
      "'CURLOPT_PASSWORD', 'CURLOPT_READDATA',",
    ],
    literals: ['CURLOPT_'],
    pattern:
      /CURLOPT_(?:(?:PROXY)?USERPWD|(?:PROXY|KEY|SSLKEY|SSLCERT)?PASSW(?:OR)?D)["']?\s{0,4}(?:,|=>)\s{0,4}["'](?:[^:"'\s]{1,60}:)?(?<value>[^"'\s$<>{]{4,120})["']/y,
    strength: 'likely',
    guessable: true,
    // Lists of constants hold its name and the next one.
    check: ({ value }) => (/^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$/.test(value) ? null : weighPassword(value, false, {})),
  },
  {
    id: 'generic-assignment',
    issuer: 'any',
    opens: 'whatever the name beside it says',
    examples: [
      'DB_PASSWORD={62:8}-{62:6}7',
      'id: ops\npw: {62:8}-{62:6}7',
      'db.pass={62:8}-{62:6}7',
      'DBPASS={62:8}-{62:6}7',
      'Secret Key: {62:32}',
      "password = b'{62:8}-{62:6}7'",
      'var password = @"{62:8}-{62:6}7";',
      'static char password[] = "{62:8}-{62:6}7";',
      'if (password == "{62:8}-{62:6}7") {',
      ":password          => '{62:8}-{62:6}7',",
      'jwt_secret: "{62:3}`{62:2}}\'{62:4})T;{62:2}\\5]{62:4}&k>{62:2}??]"',
      'password = "m)x({62:3}>-_${62:4}"',
      '(pass:{62:8}-{62:6}7)',
      'ssh -pw={62:8}-{62:6}7',
      { path: 'page.html', text: '<a href="https://api.acme.io/get?token={62:40}&x=1">' },
      { path: 'app.properties', text: 'db.password={62:8}-{62:6}7\n' },
    ],
    quiet: [
      'INFO_ENTER=Confirm the passphrase:\nERR_CANNOT_READ_2=Unable-2 to read it',
      { path: 'messages.properties', text: 'error.password=OAuth2-based realm failed to log in\n' },
      'open static var credential: URLCredential?',
      'com.acme:aws-secret-cache:jar:1.0.1',
      'if (token == "{62:8}-{62:6}7") {',
      'if (password == expected_1-2) {',
      'password = getPassword(user)',
      'token_type=bearer',
      'bypass: {62:8}-{62:6}7',
      'compass={62:8}-{62:6}7',
    ],
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
    issuer: 'any',
    opens: 'the host that the entry names',
    examples: ['machine github.com\n  login bot\n  password {62:12}7\n'],
    quiet: ['machine host login user password password'],
    title: 'Login in a netrc file',
    docs: 'https://www.gnu.org/software/inetutils/manual/html_node/The-_002enetrc-file.html',
    revoke: 'Change the password or revoke the token',
    literals: ['machine '],
    pattern:
      /machine\s+(?<host>[A-Za-z0-9.:-]{3,120})\s+login\s+(?<user>\S{1,100})\s+(?:account\s+\S+\s+)?password\s+(?<value>[^\s"'\\;&|]{3,250})/y,
    window: 600,
    strength: 'likely',
    guessable: true,
    check: ({ value, groups: { host = '', user = '' } }) =>
      weighPassword(value, EXAMPLE_HOST.test(host), { user, host }),
  },
  {
    id: 'sql-connection-string',
    issuer: 'any',
    opens: 'the database that it names',
    examples: [
      'Server=db.acme.io;Database=app;User Id=svc;Password={62:12}7;',
      'Server=db.acme.io;Database=app;User Id=svc;Password={62:5}$z{62:6}7;',
      'Server=db.acme.io;User Id=svc;Pwd=$z{62:6}-{62:6}7;',
      'Server=db.acme.io;User Id=svc;Password={62:400};',
      "Server=db.acme.io;User Id=svc;Password='{62:5};{62:6}7';",
      'jdbc:postgresql://db.acme.io/app?user=svc&password={62:6}%24{62:6}',
    ],
    quiet: [
      'Server=db;Password=${PW};',
      'Server=db.acme.io;User Id=svc;Password=$PW;',
      'Server=db.acme.io;Password=%PW%;',
      "Server=db.acme.io;Password='$PW';",
    ],
    title: 'Database connection string with a password',
    docs: 'https://learn.microsoft.com/dotnet/framework/data/adonet/connection-string-syntax',
    revoke: 'Change the password of the database account',
    literals: ['password=', 'pwd=', 'password ='].map((text) => ({ text, ignoreCase: true })),
    pattern:
      /(?<=(?:jdbc:[a-z0-9]{2,16}:[^\s"'<>]{1,70}[?&;]|(?:Server|Data Source|Host|Addr(?:ess)?|Initial Catalog|Database|User(?: ?ID)?|Uid)\s{0,2}=[^;\n"']{1,80};[^\n]{0,40}))(?:password|pwd) ?=(?:'(?<single>[^'"\n\r]{3,200})'|(?<value>[^;"'\s&<>]{3,1024}))/iy,
    window: 1280,
    strength: 'likely',
    guessable: true,
    check: ({ value: whole, groups, before }) => {
      const value = groups['single'] ?? whole
      const host =
        /(?:Server|Data Source|Host|Addr(?:ess)?)\s*=\s*([^;]+)/i.exec(before)?.[1] ??
        /jdbc:\w+:\/\/([^/?;]+)/i.exec(before)?.[1]
      const user = /\b(?:User(?: ?ID)?|Uid)\s{0,2}=\s{0,2}([^;]{1,80})/i.exec(before)?.[1] ?? ''
      const facts = host === undefined ? {} : { host }
      const checked = isSampleAccount(user, value)
        ? { strength: 'harmless' as const, note: 'an account of samples', facts }
        : weighPassword(value, host !== undefined && EXAMPLE_HOST.test(host), facts)
      if (checked === null) return null
      const isLocal = host !== undefined && (LOCAL_HOST.test(host) || host.startsWith('.') || /\(local/i.test(host))
      return { ...checked, value, ...(checked.strength === undefined && isLocal ? { strength: 'possible' } : {}) }
    },
  },
  {
    id: 'url-credentials',
    issuer: 'any (RFC 3986)',
    opens: 'the host that the URL names',
    examples: ['https://deploy:{62:12}7@git.acme.io/x.git'],
    quiet: ['https://user:password@example.com/path', 'http://proxy.acme.io:8080/a@b'],
    title: 'URL with a password',
    docs: 'https://www.rfc-editor.org/rfc/rfc3986#section-3.2.1',
    revoke: 'Change the password or revoke the token',
    literals: SCHEME_ENDS,
    pattern:
      /(?<=(?<![a-z0-9])(?:git\+)?(?:https?|s?ftps?|ssh|git|svn)):\/\/(?<user>[^\s:/@"'<>()[\]{}|\\^`,;?#]{0,80}):(?<value>[^\s:/"'<>()[\]{}|\\^`,;?#]{1,200})@(?<host>[^\s/"'`?#,;)<>@]{3,120})/y,
    strength: 'likely',
    guessable: true,
    check: (found) => (found.path.endsWith('.lock') && isFiller(found.value) ? null : checkUserinfo(found)),
  },
]
