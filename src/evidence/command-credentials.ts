// Credentials that a command is given in its words, where the history and every process list show them.
import { decodeText, isPlaceholder, isUsualPassword } from '../secrets/checks.ts'
import { type KnownValue, wordsBefore } from '../secrets/redact.ts'
import { optionsIn } from '../shell/options.ts'
import type { ShellCommand } from '../shell/script.ts'
import type { ShellWord } from '../shell/words.ts'
import { accountPasswords } from './account-passwords.ts'
import type { Step } from './steps.ts'

export interface CommandCredential {
  /** How it is given, without its value: `curl -u`. */
  readonly by: string
  /** The credential alone; variables as written. */
  readonly value: string
  /** `usual`: a literal that everybody tries first. */
  readonly kind: 'literal' | 'usual' | 'variable'
  /** What must be hidden where the command is quoted. */
  readonly hidden: readonly string[]
}

/** Variables whose values are credentials, set in front of a command. Sorted. */
const VARIABLES = new Set([
  'ANSIBLE_VAULT_PASSWORD',
  'ARM_CLIENT_SECRET',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AZURE_CLIENT_SECRET',
  'CARGO_REGISTRY_TOKEN',
  'CI_JOB_TOKEN',
  'DIGITALOCEAN_TOKEN',
  'DOCKER_PASSWORD',
  'GH_TOKEN',
  'GITHUB_TOKEN',
  'GITLAB_TOKEN',
  'HF_TOKEN',
  'HOMEBREW_GITHUB_API_TOKEN',
  'MYSQL_PWD',
  'NODE_AUTH_TOKEN',
  'NPM_TOKEN',
  'NUGET_API_KEY',
  'PGPASSWORD',
  'REDISCLI_AUTH',
  'RESTIC_PASSWORD',
  'SENTRY_AUTH_TOKEN',
  'SNYK_TOKEN',
  'SONAR_TOKEN',
  'SSHPASS',
  'SUDO_PASSWORD',
  'TWINE_PASSWORD',
  'VAULT_TOKEN',
])

interface Given {
  readonly by: string
  readonly word: ShellWord
}

const part = (word: ShellWord, value: string): ShellWord => ({ ...word, value })

/** `user:password`, without a user alone or an empty password. */
function passwordOf(word: ShellWord | null): ShellWord | null {
  const at = word?.value.indexOf(':') ?? -1
  return word === null || at === -1 || at + 1 === word.value.length ? null : part(word, word.value.slice(at + 1))
}

/** The password in a header: Basic, Bearer, PRIVATE-TOKEN, X-Api-Key. */
function inHeader(word: ShellWord): ShellWord | null {
  const match =
    /^(?:authorization:\s*(?:basic|bearer|token|apikey)\s+|(?:private-token|job-token|x-api-key|x-auth-token|x-vault-token|api-key|apikey):\s*)(\S.*)$/is.exec(
      word.value.trim(),
    )
  return match?.[1] === undefined ? null : part(word, match[1])
}

/** The password of a URL, or a token alone in front of its host. */
function inUrl(word: ShellWord): ShellWord | null {
  const match = /\b[a-z][a-z0-9+.-]{0,30}:\/\/([^\s/@:'"]{0,200})(?::([^\s'"]{0,1000}))?@[^\s@/]/i.exec(word.value)
  if (match === null) return null
  if (match[2] !== undefined && match[2] !== '') return part(word, match[2])
  const user = match[1] ?? ''
  return /^(?:[\w-]{20,}|\$\{?\w{0,100}(?:TOKEN|PAT|SECRET|PASSWORD|KEY)\w{0,100}\}?)$/i.test(user)
    ? part(word, user)
    : null
}

/** A token among the query of a URL. */
function inQuery(word: ShellWord): ShellWord | null {
  const match =
    /^https?:\/\/[^\s?]*\?(?:[^\s]*&)?(?:access_token|private_token|token|api_?key|apikey|auth|password|secret|sig)=([^&#\s]{8,})/i.exec(
      word.value,
    )
  return match?.[1] === undefined ? null : part(word, match[1])
}

/** What stands behind a character in a word. */
function after(word: ShellWord | null, character: string): ShellWord | null {
  const at = word?.value.indexOf(character) ?? -1
  return word === null || at === -1 ? null : part(word, word.value.slice(at + 1))
}

/** Options of programs whose value is a password. */
const PASSWORDS: Readonly<Record<string, readonly string[]>> = {
  'ansible-galaxy': ['--token', '--api-key'],
  argocd: ['--password', '--auth-token'],
  az: ['-p', '--password'],
  buildah: ['--password'],
  cargo: ['--token'],
  curl: ['--oauth2-bearer', '--pass', '--proxy-pass'],
  docker: ['-p', '--password'],
  dotnet: ['-p', '--password', '-k', '--api-key'],
  gpg: ['--passphrase'],
  gpg2: ['--passphrase'],
  helm: ['-p', '--password'],
  'huggingface-cli': ['--token'],
  keytool: ['-storepass', '-keypass', '-srcstorepass', '-deststorepass'],
  ldapsearch: ['-w'],
  mongo: ['-p', '--password'],
  mongosh: ['-p', '--password'],
  mysql: ['--password'],
  mysqladmin: ['--password'],
  mysqldump: ['--password'],
  mariadb: ['--password'],
  nerdctl: ['-p', '--password'],
  nuget: ['-Password', '-password'],
  podman: ['-p', '--password'],
  poetry: [],
  'redis-cli': ['-a', '--pass'],
  skopeo: ['-p', '--password'],
  sqlcmd: ['-P'],
  sshpass: ['-p'],
  svn: ['--password'],
  twine: ['-p', '--password'],
  wget: ['--password', '--http-password', '--ftp-password', '--proxy-password'],
}
/** Options whose value is `user:password`. */
const LOGINS: Readonly<Record<string, readonly string[]>> = {
  buildah: ['--creds'],
  curl: ['-u', '--user', '-U', '--proxy-user'],
  podman: ['--creds'],
  skopeo: ['--creds', '--src-creds', '--dest-creds'],
}

/** Words after a verb: `aws configure set KEY VALUE` and its like. */
function inWords({ name, args }: ShellCommand): Given[] {
  const words = args.filter(({ value }) => !/^--?(?:g|global|location|local|system|profile)\b/.test(value))
  const text = words.map(({ value }) => value)
  const at = (index: number): Given[] =>
    words[index] === undefined
      ? []
      : [
          {
            by: `${name} ${text
              .slice(0, index)
              .filter((word) => !word.includes('://'))
              .slice(0, 3)
              .join(' ')}`,
            word: words[index],
          },
        ]
  if (
    name === 'aws' &&
    text[0] === 'configure' &&
    text[1] === 'set' &&
    /secret_access_key|session_token/.test(text[2] ?? '')
  )
    return at(3)
  if (/^(?:npm|pnpm|yarn)$/.test(name) && (text[0] === 'set' || (text[0] === 'config' && text[1] === 'set'))) {
    const keyAt = text.indexOf('set') + 1
    const [key = '', joined] = (text[keyAt] ?? '').split(/=(.*)/s)
    if (!/(?:_authToken|_password|_auth|npmAuthToken|npmAuthIdent)$/.test(key)) return []
    const word = words[keyAt]
    return joined === undefined || joined === ''
      ? at(keyAt + 1)
      : word === undefined
        ? []
        : [{ by: `${name} config set ${key.replace(/^.*:/, '')}`, word: part(word, joined) }]
  }
  if (name === 'composer' && text[0] === 'config') {
    if (/^http-basic\./.test(text[1] ?? '')) return at(3)
    if (/^(?:github-oauth|gitlab-token|gitlab-oauth|bearer|bitbucket-oauth)\./.test(text[1] ?? ''))
      return at(text.length - 1)
  }
  if (name === 'bundle' && text[0] === 'config') {
    const value = words.at(-1)
    return value !== undefined && text.length >= 3 && /[./]/.test(text.at(-2) ?? '') && value.value.includes(':')
      ? [{ by: 'bundle config', word: passwordOf(value) ?? value }]
      : []
  }
  if (name === 'poetry' && text[0] === 'config')
    return /^http-basic\./.test(text[1] ?? '') ? at(3) : /^pypi-token\./.test(text[1] ?? '') ? at(2) : []
  if (name === 'mysqladmin') {
    const verb = text.indexOf('password')
    return verb === -1 ? [] : at(verb + 1)
  }
  if (name === 'vault' && text[0] === 'login') return at(1)
  if (name === 'rabbitmqctl' && /^(?:add_user|change_password)$/.test(text[0] ?? '')) return at(2)
  if (name === 'htpasswd')
    return args.some(({ value }) => /^-\w*b/.test(value)) && words.at(-1) !== undefined
      ? [{ by: 'htpasswd -b', word: words.at(-1) as ShellWord }]
      : []
  return []
}

function given(command: ShellCommand): Given[] {
  const { name, args, assignments, fedBy, input } = command
  const options = optionsIn(command)
  const found: Given[] = []
  const add = (by: string, word: ShellWord | null): void => {
    if (word !== null && word.value !== '') found.push({ by, word })
  }
  for (const { name: variable, value } of assignments) if (VARIABLES.has(variable)) add(`${variable}=`, value)
  for (const option of Object.hasOwn(LOGINS, name) ? (LOGINS[name] ?? []) : [])
    for (const value of options.values(option)) add(`${name} ${option}`, passwordOf(value))
  const isLogin =
    !/^(?:docker|podman|nerdctl|skopeo|buildah|helm)$/.test(name) ||
    args.some(({ value }) => /^(?:login|repo|registry)$/.test(value))
  if (isLogin && !(name === 'docker' && !args.some(({ value }) => value === 'login')))
    for (const option of Object.hasOwn(PASSWORDS, name) ? (PASSWORDS[name] ?? []) : [])
      for (const value of options.values(option)) add(`${name} ${option}`, value)
  if (/^(?:curl|wget|http|https|xh)$/.test(name))
    for (const value of [...options.values('-H', '--header'), ...(/^http|^xh/.test(name) ? options.operands : [])])
      add(`${name} with a header`, inHeader(value))
  // `-pPASSWORD` is one word: with a space it is the name of a database.
  if (/^(?:mysql\w*|mariadb\w*)$/.test(name))
    for (const word of args) if (/^-p./.test(word.value)) add(`${name} -p`, part(word, word.value.slice(2)))
  if (/^(?:7z|7za|7zr)$/.test(name))
    for (const word of args) if (/^-p./.test(word.value)) add(`${name} -p`, part(word, word.value.slice(2)))
  if (name === 'openssl')
    for (const word of args) if (/^pass:./.test(word.value)) add('openssl pass:', part(word, word.value.slice(5)))
  if (name === 'zip' || name === 'unzip') add(`${name} -P`, options.value('-P'))
  if (name === 'lftp') add('lftp -u', after(options.value('-u', '--user'), ','))
  if (name === 'smbclient') add('smbclient -U', after(options.value('-U', '--user'), '%'))
  if (name === 'sqlplus')
    for (const word of options.operands)
      add(
        'sqlplus',
        /^[^/@\s]+\/[^@\s]+@/.test(word.value) ? part(word, word.value.replace(/^[^/]*\/|@.*$/gs, '')) : null,
      )
  if (/^(?:curl|wget|http|https|git|pip\d?)$/.test(name))
    for (const word of args) add(`${name} with a URL`, inQuery(word))
  found.push(...inWords(command))
  // Echo and printf only say it: what reads it is the command.
  if (!/^(?:echo|printf|sed|grep|awk)$/.test(name)) for (const word of args) add(`${name} with a URL`, inUrl(word))
  if (args.some(({ value }) => value === '--password-stdin' || value === '--with-token')) {
    const echo = fedBy.at(-1)
    const last = echo !== undefined && /^(?:echo|printf)$/.test(echo.name) ? (echo.args.at(-1) ?? null) : null
    if (last !== null) add(`${name} --password-stdin`, part(last, last.value.trim()))
    if (input !== null && input.trim() !== '')
      add(`${name} --password-stdin`, {
        value: input.trim(),
        kind: /\$/.test(input) ? 'variable' : 'literal',
        position: command.position,
      })
  }
  // What npm reads from its .npmrc.
  const targets = name === 'tee' ? options.operands.map(({ value }) => value) : command.writes
  if (targets.some((path) => /\.npmrc$|\.yarnrc(?:\.yml)?$/.test(path)))
    for (const word of [...args, ...fedBy.flatMap((feeder) => feeder.args)]) {
      const token = /(?:_authToken|_password|_auth|npmAuthToken)\s*[=:]\s*"?([^\s"\\]+)/.exec(word.value)?.[1]
      if (token !== undefined) add('.npmrc', part(word, token))
    }
  // `machine HOST login USER password VALUE`, as a .netrc has it.
  if (/^(?:echo|printf|cat)$/.test(name))
    for (const word of [
      ...args,
      ...(input === null ? [] : [{ value: input, kind: 'literal', position: command.position } as const]),
    ]) {
      const password =
        /\bmachine\s{1,20}\S{1,200}[\s\\n]{1,20}login\s{1,20}\S{1,200}[\s\\n]{1,20}password\s{1,20}([^\s\\'"]+)/.exec(
          word.value,
        )?.[1]
      if (password !== undefined) add('.netrc', part(word, password))
    }
  return found
}

/** Shorter values are hidden with what stands around them. */
const MIN_ALONE = 3

/** Whether the value is no credential: empty, filler, a path, where a secret is mounted. */
const isNone = (value: string): boolean =>
  /^(?:\/run\/secrets\/|\$\(?<?\s*(?:cat\s+)?"?\/run\/secrets\/)/.test(value) ||
  /\/run\/secrets\//.test(value) ||
  /^(?:true|false|null|none|-|\*+|x{3,}|[.\u2026]{3,}|@\S+)$/i.test(value)

/** The credentials of a command's words. */
export function credentialsOf(command: ShellCommand): CommandCredential[] {
  const seen = new Set<string>()
  return given(command).flatMap(({ by, word }): CommandCredential[] => {
    const { value } = word
    if (
      seen.has(value) ||
      isNone(value) ||
      (word.kind === 'literal' && !isUsualPassword(value) && isPlaceholder(value))
    )
      return []
    seen.add(value)
    const rest = value.replace(/\$(?:\{[^}]{0,1000}\}|\(.{0,1000}\)|\w+)|`[^`]{0,1000}`/gs, '')
    // A variable is reported where it is set.
    if (word.kind !== 'literal' && (rest === '' || word.kind === 'open' || !command.text.includes(value)))
      return [{ by, value, kind: 'variable', hidden: [] }]
    if (/^[$%{<]/.test(value) || /^%\w+%$/.test(value)) return [{ by, value, kind: 'variable', hidden: [] }]
    const decoded = decodeText(value)
    const usual = isUsualPassword(value)
    return [
      {
        by,
        value,
        kind: usual ? 'usual' : 'literal',
        hidden:
          value.length < MIN_ALONE
            ? phrasesOf(command.text, value)
            : [value, ...(decoded?.includes(':') ? [decoded.slice(decoded.indexOf(':') + 1)] : [])],
      },
    ]
  })
}

/** The passwords among a command's words that it gives to accounts. */
export const accountCredentials = (command: ShellCommand): CommandCredential[] =>
  accountPasswords(command).flatMap(({ how, value, kind }) =>
    kind !== 'literal' || value === null || value === '' ? [] : [{ by: how, value, kind, hidden: [value] }],
  )

/** A value of a letter or two is hidden with the word that holds it. */
function phrasesOf(text: string, value: string): string[] {
  return text.split(/\s+/).flatMap((word, index, all) => {
    if (!word.includes(value)) return []
    return word.replace(/^["']|["']$/g, '') === value ? [`${all[index - 1] ?? ''} ${word}`.trim()] : [word]
  })
}

/** What no output may show of the words of commands, in the form of the redactor. */
export const hiddenInCommands = (steps: readonly Step[]): readonly KnownValue[] =>
  steps.flatMap(({ commands }) =>
    commands.flatMap((command) => {
      const texts = [command, ...command.fedBy].flatMap(({ text, input }) => [text, ...(input === null ? [] : [input])])
      return [...credentialsOf(command).flatMap(({ hidden }) => hidden), ...passwordTexts(command)].map((value) => ({
        value,
        guessable: true as const,
        after: texts.flatMap((text) => wordsBefore(text, value)),
      }))
    }),
  )

/** Passwords of accounts; one of a letter or two with the account in front. */
const passwordTexts = (command: ShellCommand): string[] =>
  accountPasswords(command).flatMap(({ account, value }) =>
    value === null || value === '' || /^[$]\{?[A-Za-z_]\w*\}?$/.test(value)
      ? []
      : value.length >= MIN_ALONE
        ? [value]
        : account === null
          ? []
          : [`${account}:${value}`],
  )
