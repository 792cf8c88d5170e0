// The options of a command as its program reads them: clustered, `--x=y`, `--x y`, abbreviated.
import type { ShellCommand } from './script.ts'
import type { ShellWord } from './words.ts'

interface Syntax {
  /** Letters of short options that take a value. */
  readonly short?: string
  /** Names of long options that take a value, without `--`. */
  readonly long?: readonly string[]
  /** Long options with one dash, as find, openssl and Java have them. */
  readonly single?: boolean
}

const words = (text: string): string[] => text.split(' ')

const APT: Syntax = {
  short: 'atoch',
  long: words('option target-release default-release config-file host-architecture'),
}
const YUM: Syntax = {
  short: 'cdeRx',
  long: words(
    'config debuglevel errorlevel rpmverbosity enablerepo disablerepo repo repoid exclude installroot releasever setopt disableplugin enableplugin forcearch repofrompath',
  ),
}
const PIP: Syntax = {
  short: 'rcietfpb',
  long: words(
    'requirement constraint index-url extra-index-url find-links target prefix root src upgrade-strategy trusted-host proxy timeout retries cert client-cert cache-dir log python platform abi only-binary no-binary progress-bar editable global-option config-settings build exists-action',
  ),
}
const NPM: Syntax = {
  short: 'C',
  long: words(
    'registry prefix cache userconfig globalconfig workspace omit include loglevel tag otp access fetch-retries fetch-timeout',
  ),
}
const SSH: Syntax = { short: 'bcDEeFIiJLlmOopQRSWw' }
const MYSQL: Syntax = {
  short: 'uhPSDeG',
  long: words('user host port socket database execute default-character-set defaults-file protocol'),
}
const POSTGRES: Syntax = {
  short: 'hpUdcftFjnNTLoRvW',
  long: words('host port username dbname command file set output'),
}
const USERS: Syntax = {
  short: 'bcdDefgGkKpPrRsuZ',
  long: words(
    'base-dir comment home-dir home expiredate inactive gid groups skel key password root prefix shell uid selinux-user login ingroup gecos firstuid lastuid',
  ),
}

/** Image engines: builds, logins, runs. */
const ENGINE: Syntax = {
  short: 'uptfHvewlocm',
  long: words(
    'username password volume env name tag file target output platform build-arg build-context secret ssh label annotation cache-from cache-to iidfile metadata-file network progress builder add-host attest allow call cgroup-parent isolation memory provenance sbom shm-size ulimit host context config log-level format authfile creds',
  ),
}

/** By program; one that is not here has options without values. Names sorted. */
const SYNTAX: Readonly<Record<string, Syntax>> = {
  addgroup: { short: 'g', long: words('gid firstgid lastgid') },
  adduser: { short: 'hgsGuk', long: words('home shell ingroup gid uid gecos firstuid lastuid conf') },
  apk: { short: 'ptX', long: words('repository root keys-dir virtual cache-dir repositories-file wait arch timeout') },
  apt: APT,
  'apt-get': APT,
  aria2c: {
    short: 'odixjsk',
    long: words(
      'out dir input-file checksum http-user http-passwd header max-connection-per-server split min-split-size',
    ),
  },
  aws: { long: words('region profile output endpoint-url query ca-bundle') },
  az: { short: 'upg', long: words('username password tenant name resource-group') },
  buildah: ENGINE,
  chmod: { long: words('reference') },
  chown: { long: words('reference from') },
  chpst: { short: 'uUbenmodfclt/' },
  conda: { short: 'npc', long: words('name prefix channel file') },
  cp: { short: 'tS', long: words('target-directory suffix') },
  curl: {
    short: 'AbcCdDeEFHhKmoPQrTtuUwxXyYz',
    long: words(
      'user-agent cookie cookie-jar continue-at data data-raw data-binary data-urlencode dump-header referer cert form header config max-time output ftp-port quote range upload-file telnet-option user proxy-user write-out proxy request speed-limit speed-time time-cond retry retry-delay retry-max-time connect-timeout cacert capath ciphers interface limit-rate max-redirs max-filesize output-dir resolve unix-socket url key pass oauth2-bearer preproxy socks5 tls-max create-file-mode json proto proto-redir doh-url hostpubmd5 pinnedpubkey noproxy variable netrc-file stderr trace trace-ascii connect-to',
    ),
  },
  dnf: YUM,
  dnf5: YUM,
  docker: ENGINE,
  dotnet: { short: 'upk', long: words('username password api-key source name configfile') },
  dpkg: { short: 'D', long: words('root admindir instdir') },
  gem: { short: 'vsiPnp', long: words('version source install-dir bindir platform trust-policy http-proxy') },
  git: {
    short: 'cCbojuemF',
    long: words(
      'branch depth jobs origin config recurse-submodules reference git-dir work-tree exec-path shallow-since filter template separate-git-dir upload-pack file message',
    ),
  },
  gpg: {
    short: 'oruN',
    long: words(
      'keyserver keyring output recipient local-user homedir keyserver-options passphrase passphrase-file pinentry-mode batch-size primary-keyring trust-model',
    ),
  },
  helm: { short: 'npu', long: words('username password version namespace repo') },
  install: { short: 'mogtS', long: words('mode owner group target-directory suffix') },
  keytool: { single: true },
  ldapsearch: { short: 'DwHbshp' },
  lftp: { short: 'upe', long: words('user port') },
  make: { short: 'CfIjloW', long: words('directory file makefile include-dir old-file what-if new-file') },
  mariadb: MYSQL,
  microdnf: YUM,
  mkdir: { short: 'm', long: words('mode context') },
  mongo: { short: 'up', long: words('username password host port authenticationDatabase eval') },
  mongosh: { short: 'up', long: words('username password host port authenticationDatabase eval') },
  mysql: MYSQL,
  mysqladmin: MYSQL,
  mysqldump: MYSQL,
  nuget: { single: true },
  npm: NPM,
  openssl: { single: true },
  pip: PIP,
  pip3: PIP,
  pipx: { long: words('index-url pip-args python spec') },
  pnpm: NPM,
  podman: ENGINE,
  psql: POSTGRES,
  'redis-cli': { short: 'ahpnu', long: words('pass user') },
  runuser: { short: 'ucsgGw', long: words('user command shell group supp-group session-command') },
  rpm: { short: 'rD', long: words('root define dbpath prefix relocate') },
  scp: SSH,
  skopeo: { short: 'up', long: words('username password creds src-creds dest-creds') },
  smbclient: { short: 'Uc', long: words('user command') },
  ssh: SSH,
  'ssh-keygen': { short: 'tbfNPCm' },
  sshpass: { short: 'pfdP' },
  su: { short: 'csgGw', long: words('command shell group supp-group session-command') },
  svn: { long: words('username password config-dir') },
  tar: {
    short: 'fCbTXIHKNV',
    long: words(
      'file directory strip-components exclude transform owner group mode use-compress-program files-from exclude-from warning',
    ),
  },
  twine: { short: 'up', long: words('username password repository repository-url') },
  unzip: { short: 'dxP' },
  useradd: USERS,
  usermod: USERS,
  uv: { long: words('index-url extra-index-url index default-index python requirement target allow-insecure-host') },
  wget: {
    short: 'OoaPeUtTwQBDARlIXiY',
    long: words(
      'output-document output-file append-output directory-prefix execute user-agent tries timeout wait quota base domains accept reject level input-file proxy user password http-user http-password ftp-user ftp-password header post-data post-file method body-data body-file ca-certificate ca-directory certificate private-key secure-protocol limit-rate retry-on-http-error waitretry dns-timeout connect-timeout read-timeout cut-dirs progress referer save-cookies load-cookies proxy-user proxy-password',
    ),
  },
  yarn: NPM,
  yum: YUM,
  zypper: { short: 'pRct', long: words('repo from root config plus-repo gpg-auto-import') },
}

interface Option {
  /** With its dashes, in full. */
  readonly name: string
  /** null where it takes none. */
  readonly value: ShellWord | null
}

export interface Options {
  readonly options: readonly Option[]
  /** Words that are no options and no option's value. */
  readonly operands: readonly ShellWord[]
  /** Whether one of several options is there; GNU's abbreviations of the long ones count. */
  has(...names: string[]): boolean
  /** The value of the last of several options; null for none. */
  value(...names: string[]): ShellWord | null
  /** The values of all of them. */
  values(...names: string[]): ShellWord[]
}

/** Shorter abbreviations stand for several options. */
const MIN_ABBREVIATION = 8

const isNamed = (written: string, name: string, whole: ReadonlySet<string>): boolean =>
  written === name ||
  (name.startsWith('--') &&
    written.length >= MIN_ABBREVIATION &&
    written.startsWith('--') &&
    !whole.has(written) &&
    name.startsWith(written))

function* optionsOf(
  args: readonly ShellWord[],
  { short = '', long = [], single = false }: Syntax,
  operands: ShellWord[],
): Generator<Option> {
  const whole = new Set(long.map((name) => `--${name}`))
  for (let at = 0; at < args.length; at++) {
    const word = args[at]
    if (word === undefined) return
    const { value: text } = word
    if (text === '--') {
      operands.push(...args.slice(at + 1))
      return
    }
    const part = (from: number): ShellWord => ({ ...word, value: text.slice(from) })
    const equals = text.indexOf('=')
    if (text.startsWith('--') || (single && /^-./.test(text))) {
      const name = equals === -1 ? text : text.slice(0, equals)
      if (equals !== -1) yield { name, value: part(equals + 1) }
      else if (single) yield { name, value: args[at + 1] ?? null }
      else if (long.some((known) => isNamed(name, `--${known}`, whole))) yield { name, value: args[++at] ?? null }
      else yield { name, value: null }
    } else if (/^-./.test(text)) {
      for (let i = 1; i < text.length; i++) {
        const letter = text[i] ?? ''
        if (!short.includes(letter)) yield { name: `-${letter}`, value: null }
        else {
          yield { name: `-${letter}`, value: i + 1 < text.length ? part(i + 1) : (args[++at] ?? null) }
          break
        }
      }
    } else operands.push(word)
  }
}

const read = new WeakMap<ShellCommand, Options>()

/** Reads the options of a command. */
export function optionsIn(command: ShellCommand): Options {
  const known = read.get(command)
  if (known !== undefined) return known
  const operands: ShellWord[] = []
  const syntax = (Object.hasOwn(SYNTAX, command.name) ? SYNTAX[command.name] : undefined) ?? {}
  // What is an option of its own is no abbreviation of another: --output of --output-dir.
  const whole = new Set(syntax.long?.map((name) => `--${name}`))
  const options = [...optionsOf(command.args, syntax, operands)]
  const values = (...names: string[]): ShellWord[] =>
    options.flatMap(({ name, value }) =>
      value !== null && names.some((wanted) => isNamed(name, wanted, whole)) ? [value] : [],
    )
  const result: Options = {
    options,
    operands,
    has: (...names) => options.some(({ name }) => names.some((wanted) => isNamed(name, wanted, whole))),
    values,
    value: (...names) => values(...names).at(-1) ?? null,
  }
  read.set(command, result)
  return result
}
