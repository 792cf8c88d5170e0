// What switches the check of certificates off, by program: variables, options and files, with the values as each program reads
// them. `0` is off for one and, since it is set at all, on for the next. Names are sorted.
import { optionsIn } from '../../shell/options.ts'
import type { ShellCommand } from '../../shell/script.ts'

/** Words that most programs take for no, and for yes. */
const OFF = /^(?:0|false|no|off|never|none|f|n)$/i
const ON = /^(?:1|true|yes|on|always|t|y)$/i
/** What Go's strconv.ParseBool takes; anything else is an error. */
const GO_TRUE = /^(?:1|t|T|true|TRUE|True)$/
const GO_FALSE = /^(?:0|f|F|false|FALSE|False)$/
/** npm takes any other word, `no` and `off` too, for true, and an empty variable for none. */
const NPM_FALSE = /^(?:false|0+)$/
/** Bundler makes a number of it, of a word 0, and takes no bit of it for no check. */
const BUNDLER_NONE = /^(?![1-9\s])./
/** A boolean of Git: empty is false. */
const GIT_FALSE = /^(?:false|no|off|0*)$/i
/** Programs that ask whether a variable is there, or not empty, whatever its value is. */
const SET = /^/
const FILLED = /./

/** Modules that anyone can publish: their checksums are not asked for. */
const OPEN_MODULES = /(?:^|,)\*(?:$|,)|github\.com(?:$|,|\/\*)/
const MAVEN =
  /-D(?:maven\.wagon\.http\.ssl\.(?:insecure|allowall)=true|aether\.connector\.https\.securityMode=insecure)/

const VARIABLES: Readonly<Record<string, RegExp>> = {
  ADAL_PYTHON_SSL_NO_VERIFY: FILLED,
  ANSIBLE_GALAXY_IGNORE: ON,
  ANSIBLE_HOST_KEY_CHECKING: OFF,
  ARGOCD_OPTS: /--insecure\b(?!=false)/,
  AZURE_CLI_DISABLE_CONNECTION_VERIFICATION: FILLED,
  BUNDLE_SSL_VERIFY_MODE: BUNDLER_NONE,
  CLOUDSDK_AUTH_DISABLE_SSL_VALIDATION: ON,
  CONDA_SSL_VERIFY: OFF,
  CONSUL_HTTP_SSL_VERIFY: GO_FALSE,
  // Any value, `0` too, switches the check on.
  DOCKER_TLS_VERIFY: /^$/,
  ETCDCTL_INSECURE_SKIP_TLS_VERIFY: GO_TRUE,
  GIT_SSH_COMMAND: /StrictHostKeyChecking[= ](?:no|off|false)/i,
  GIT_SSL_NO_VERIFY: SET,
  GOFLAGS: /-insecure\b/,
  GOINSECURE: FILLED,
  GONOSUMDB: OPEN_MODULES,
  GOSUMDB: /^off$/,
  HELM_KUBEINSECURE_SKIP_TLS_VERIFY: GO_TRUE,
  JAVA_OPTS: MAVEN,
  JAVA_TOOL_OPTIONS: MAVEN,
  MAVEN_ARGS: MAVEN,
  MAVEN_CLI_OPTS: MAVEN,
  MAVEN_OPTS: MAVEN,
  NODE_TLS_REJECT_UNAUTHORIZED: /^0$/,
  NOMAD_SKIP_VERIFY: GO_TRUE,
  // Perl takes the empty text for false too.
  PERL_LWP_SSL_VERIFY_HOSTNAME: /^0?$/,
  PIP_TRUSTED_HOST: FILLED,
  PYTHONHTTPSVERIFY: /^0$/,
  SSL_VERIFY: OFF,
  UV_INSECURE_HOST: FILLED,
  VAULT_SKIP_VERIFY: GO_TRUE,
  YARN_ENABLE_STRICT_SSL: NPM_FALSE,
  YARN_STRICT_SSL: NPM_FALSE,
}

/** npm reads its variables in any case. */
const IN_ANY_CASE: readonly { readonly name: RegExp; readonly off: RegExp }[] = [
  { name: /^npm_config_strict_ssl$/i, off: NPM_FALSE },
]

const offValue = (name: string): RegExp | undefined =>
  Object.hasOwn(VARIABLES, name) ? VARIABLES[name] : IN_ANY_CASE.find((each) => each.name.test(name))?.off

/** Whether a variable of this value switches the check of the program that reads it off. */
export const switchesOff = (name: string, value: string): boolean => offValue(name)?.test(value) === true

/** Why a value that says the opposite switches the check off; empty where the value says it itself. */
export function whyOff(name: string, value: string): string {
  const off = offValue(name)
  if (off === SET && (OFF.test(value) || value === '')) return ' (it is enough that it is set)'
  return off === FILLED && OFF.test(value) ? ' (any value does that)' : ''
}

type Check = (command: ShellCommand) => string | null

const flag =
  (...names: string[]): Check =>
  (command) => {
    const options = optionsIn(command)
    const name = names.find((wanted) =>
      options.options.some(
        (option) =>
          option.name === wanted ||
          (wanted.startsWith('--') && options.has(wanted) && option.name.length >= 8 && wanted.startsWith(option.name)),
      ),
    )
    // `--insecure=false` switches nothing off.
    return name === undefined || OFF.test(options.value(name)?.value ?? '') ? null : name
  }

/** A setting of the form `key value` or `key=value`, as words of a command have it. */
const setting =
  (key: RegExp, off: RegExp, shown: string): Check =>
  ({ args }) => {
    const words = args.map(({ value }) => value)
    return words.some((word, index) => {
      const at = word.indexOf('=')
      const next = words[index + 1]
      return at === -1
        ? key.test(word) && next !== undefined && off.test(next)
        : key.test(word.slice(0, at)) && off.test(word.slice(at + 1))
    })
      ? shown
      : null
  }

/** An option whose value is part of the word: with a space the next word is an operand. */
const joined =
  (key: RegExp, off: RegExp, shown: string): Check =>
  ({ args }) =>
    args.some(
      ({ value }) =>
        value.includes('=') && key.test(value.replace(/=.*$/s, '')) && off.test(value.replace(/^[^=]*=/, '')),
    )
      ? shown
      : null

/** A check of a command that has one of some words in front of what it sets: `npm install strict-ssl` installs a package. */
const behind =
  (verbs: RegExp, check: Check): Check =>
  (command) => {
    const at = command.args.findIndex(({ value }) => verbs.test(value))
    return at === -1 ? null : check({ ...command, args: command.args.slice(at + 1) })
  }

const first =
  (...checks: readonly Check[]): Check =>
  (command) => {
    for (const check of checks) {
      const found = check(command)
      if (found !== null) return found
    }
    return null
  }

const CONFIG = /^(?:config|c|set)$/

const apt: Check = (command) =>
  optionsIn(command)
    .values('-o', '--option')
    .find(
      ({ value }) =>
        /^Acquire::https?(?:::[^:=]+)?::Verify-(?:Peer|Host)=/i.test(value) &&
        /^(?:no|false|without|off|disable|0)$/i.test(value.replace(/^.*=\s*"?|"$/g, '')),
    )?.value ?? null
const yum = first(setting(/(?:^|\.)sslverify$/, /^(?:0|false|no|off)$/i, 'sslverify=0'), (command) =>
  optionsIn(command)
    .values('--setopt')
    .some(({ value }) => /(?:^|\.)sslverify=(?:0|false|no|off)$/i.test(value))
    ? 'sslverify=0'
    : null,
)
const strictSsl = first(
  setting(/^--strict-ssl$/, NPM_FALSE, 'strict-ssl false'),
  behind(CONFIG, setting(/^strict-ssl$/, NPM_FALSE, 'strict-ssl false')),
  behind(CONFIG, setting(/^enableStrictSsl$/, NPM_FALSE, 'enableStrictSsl false')),
  flag('--no-strict-ssl'),
)
const pip: Check = first(
  flag('--trusted-host'),
  behind(/^config$/, setting(/(?:^|\.)trusted-host$/, FILLED, 'trusted-host')),
)
const hostKeys: Check = ({ args }) => {
  const at = args.findIndex(({ value }) => /^(?:-o)?\s*StrictHostKeyChecking(?:[= ](?:no|off|false))?$/i.test(value))
  const text = at === -1 ? '' : `${args[at]?.value}=${args[at + 1]?.value ?? ''}`
  return /StrictHostKeyChecking[= ]+(?:no|off|false)/i.test(text) ? 'StrictHostKeyChecking=no' : null
}
const registry = first(
  joined(/^--(?:src-|dest-)?tls-verify$/, GO_FALSE, '--tls-verify=false'),
  flag('--insecure-registry', '--insecure'),
)
const git: Check = first(setting(/^http\.(?:.*\.)?sslverify$/i, GIT_FALSE, 'http.sslVerify false'), (command) =>
  optionsIn(command)
    .values('-c', '--config')
    .some(({ value }) => /^core\.sshCommand=.*StrictHostKeyChecking[= ](?:no|off|false)/i.test(value))
    ? 'StrictHostKeyChecking=no'
    : null,
)
const maven: Check = ({ args }) => args.find(({ value }) => MAVEN.test(value))?.value ?? null
const conda = first(
  behind(/^config$/, setting(/^ssl_verify$/, /^(?:<?false>?|no|off|0|n)$/i, 'ssl_verify false')),
  joined(/^--ssl-verify$/, /^<?false>?$/i, '--ssl-verify=false'),
)
const zypper: Check = ({ args }) =>
  args.some(({ value }) => /[?&]ssl_verify=no(?:&|$)/.test(value)) ? 'ssl_verify=no' : null

const COMMANDS: Readonly<Record<string, Check>> = {
  'ansible-galaxy': flag('--ignore-certs', '-c'),
  apk: flag('--no-verify', '--no-check-certificate'),
  apt,
  'apt-get': apt,
  aria2c: joined(/^--check-certificate$/, /^false$/, '--check-certificate=false'),
  aws: flag('--no-verify-ssl'),
  buildah: registry,
  bundle: behind(/^config$/, setting(/(?:^|[._])ssl_verify_mode$/i, BUNDLER_NONE, 'ssl_verify_mode 0')),
  composer: behind(
    /^config$/,
    first(
      setting(/^disable-tls$/, /^(?:true|1)$/, 'disable-tls true'),
      setting(/^secure-http$/, /^(?:false|0)$/, 'secure-http false'),
    ),
  ),
  conda: first(conda, flag('--insecure', '-k')),
  crane: flag('--insecure'),
  curl: flag('-k', '--insecure', '--proxy-insecure', '--doh-insecure'),
  deno: flag('--unsafely-ignore-certificate-errors'),
  dnf: yum,
  dnf5: yum,
  docker: first(joined(/^--tlsverify$/, GO_FALSE, '--tlsverify=false'), flag('--insecure-registry')),
  dockerd: flag('--insecure-registry'),
  gcloud: setting(/^auth\/disable_ssl_validation$/, ON, 'auth/disable_ssl_validation true'),
  gem: setting(/^:?ssl_verify_mode:?$/, /^0$/, 'ssl_verify_mode 0'),
  git,
  go: flag('-insecure'),
  helm: flag('--insecure-skip-tls-verify', '--kube-insecure-skip-tls-verify'),
  hg: flag('--insecure'),
  http: setting(/^--verify$/, /^(?:no|false)$/i, '--verify=no'),
  https: setting(/^--verify$/, /^(?:no|false)$/i, '--verify=no'),
  kubectl: flag('--insecure-skip-tls-verify'),
  lftp: ({ args }) =>
    args.some(({ value }) => /ssl:verify-certificate(?:\/[^\s/]{1,253})?\s{1,8}(?:no|false|off|0)\b/i.test(value))
      ? 'ssl:verify-certificate no'
      : null,
  mamba: first(conda, flag('--insecure', '-k')),
  microdnf: yum,
  micromamba: conda,
  mvn: maven,
  npm: strictSsl,
  oc: flag('--insecure-skip-tls-verify'),
  opkg: flag('--no-check-certificate'),
  oras: flag('--insecure'),
  // The installer of Composer.
  php: ({ args }) => (args.some(({ value }) => value === '--disable-tls') ? '--disable-tls' : null),
  pip,
  pip3: pip,
  pnpm: strictSsl,
  podman: registry,
  rsync: hostKeys,
  scp: hostKeys,
  sftp: hostKeys,
  skopeo: registry,
  ssh: hostKeys,
  svn: flag('--trust-server-cert', '--trust-server-cert-failures'),
  tdnf: yum,
  uv: flag('--allow-insecure-host', '--trusted-host'),
  wget: first(
    flag('--no-check-certificate'),
    setting(/^(?:--)?check[_-]?certificate$/i, /^(?:off|no|0|quiet)$/i, 'check_certificate=off'),
  ),
  yarn: strictSsl,
  yum,
  'yum-config-manager': yum,
  zypper,
}

/** The option or setting by which a command switches the check off; null for none. */
export function optionOff(command: ShellCommand): string | null {
  const { name, args } = command
  if (/^python[\d.]*$/.test(name))
    return args[0]?.value === '-m' && args[1]?.value === 'pip'
      ? pip({ ...command, name: 'pip', args: args.slice(2) })
      : null
  return Object.hasOwn(COMMANDS, name) ? (COMMANDS[name]?.(command) ?? null) : null
}

/** Files of settings, and lines of theirs that switch the check off. */
export const SETTINGS_FILES: readonly { readonly path: RegExp; readonly line: RegExp; readonly shown: string }[] = [
  {
    path: /(?:^|\/)(?:\.npmrc|npmrc|\.yarnrc)$/,
    line: /strict-ssl\s{0,8}[= ]\s{0,8}"?(?:false|0)\b/i,
    shown: 'strict-ssl=false',
  },
  { path: /(?:^|\/)\.yarnrc\.yml$/, line: /enableStrictSsl:\s*(?:false|0)\b/i, shown: 'enableStrictSsl: false' },
  { path: /(?:^|\/)(?:pip\.conf|pip\.ini)$/, line: /trusted-host\s*=/i, shown: 'trusted-host' },
  { path: /(?:^|\/)\.?curlrc$/, line: /(?:^|\s)-?-?(?:insecure|k)\b/, shown: 'insecure' },
  {
    path: /(?:^|\/)\.?wgetrc$/,
    line: /check_?certificate\s*=\s*(?:off|no|0|quiet)\b/i,
    shown: 'check_certificate=off',
  },
  {
    path: /(?:^|\/)\.gitconfig$|^\/etc\/gitconfig$/,
    line: /sslverify\s*=\s*(?:false|0|no|off)/i,
    shown: 'sslVerify=false',
  },
  {
    path: /(?:^|\/)(?:yum|dnf)\.conf$|\.repo$/,
    line: /sslverify\s*=\s*(?:0|false|no|off)|[?&]ssl_verify=no\b/i,
    shown: 'sslverify=0',
  },
  {
    path: /(?:^|\/)apt\.conf(?:\.d\/|$)/,
    line: /Verify-(?:Peer|Host)"?\s{0,8}[=" ]{1,8}\s{0,8}"?(?:false|0|no|off|without|disable)/i,
    shown: 'Verify-Peer false',
  },
  { path: /(?:^|\/)\.?gemrc$/, line: /ssl_verify_mode:?\s*0/, shown: 'ssl_verify_mode: 0' },
  { path: /(?:^|\/)\.?condarc$/, line: /ssl_verify:\s*(?:false|no|off|0)/i, shown: 'ssl_verify: false' },
  {
    path: /(?:^|\/)containers\/registries\.conf(?:\.d\/|$)/,
    line: /^[ \t]{0,8}insecure\s{0,8}=\s{0,8}true/m,
    shown: 'insecure = true',
  },
  {
    path: /(?:^|\/)docker\/daemon\.json$/,
    line: /"insecure-registries"\s{0,8}:\s{0,8}\[\s{0,8}"/,
    shown: 'insecure-registries',
  },
  {
    path: /\/\.ssh\/config$|\/ssh_config(?:\.d\/|$)/,
    line: /StrictHostKeyChecking[= ]+(?:no|off|false)/i,
    shown: 'StrictHostKeyChecking no',
  },
]
