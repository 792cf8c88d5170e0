// Certificates that nobody checks: for one command, or for everything that ever runs in the container.
import { readVariables, type Step } from '../evidence/steps.ts'
import { optionsIn } from '../shell/options.ts'
import type { ShellCommand } from '../shell/script.ts'
import { onCommand, onStep, placed } from './placed.ts'
import { quote } from './quote.ts'
import { type BuildRule, REFERENCES, type RuleMeta } from './rule.ts'

const meta: RuleMeta = {
  id: 'tls-verification-off',
  title: 'TLS certificates are not verified',
  description: 'A command, an environment variable or a configuration switches the check of TLS certificates or SSH host keys off.',
  remedy: 'Remove the option, and add the missing CA certificate to the trust store.',
  severity: 'medium',
  confidence: 'high',
  kind: 'rule',
  references: [REFERENCES.owaspSupplyChain, REFERENCES.nistImage, REFERENCES.attackAdversary, REFERENCES.attackSupplyChain],
  enabled: true,
}

const OFF = /^(?:0|false|no|off|never|none|f|n)$/i
const ON = /^(?:1|true|yes|on|always|t|y)$/i

/** Modules that anyone can publish: their checksums are not asked for. */
const OPEN_MODULES = /(?:^|,)\*(?:$|,)|github\.com(?:$|,|\/\*)/
const MAVEN = /-Dmaven\.wagon\.http\.ssl\.(?:insecure|allowall)=true/

/** Variables that switch the check off, and the values that do. Names sorted. */
const VARIABLES: Readonly<Record<string, RegExp>> = {
  AWS_CLI_NO_VERIFY_SSL: ON,
  COMPOSER_DISABLE_TLS: ON,
  CONDA_SSL_VERIFY: OFF,
  CURL_INSECURE: ON,
  DOCKER_TLS_VERIFY: /^0$/,
  GIT_SSH_COMMAND: /StrictHostKeyChecking[= ](?:no|off)/i,
  GIT_SSL_NO_VERIFY: /^(?!0$|false$|no$|off$|$)/i,
  GOFLAGS: /-insecure\b/,
  GOINSECURE: /./,
  GONOSUMCHECK: OPEN_MODULES,
  GONOSUMDB: OPEN_MODULES,
  GOSUMDB: /^off$/,
  JAVA_OPTS: MAVEN,
  JAVA_TOOL_OPTIONS: MAVEN,
  MAVEN_CLI_OPTS: MAVEN,
  MAVEN_OPTS: MAVEN,
  NODE_TLS_REJECT_UNAUTHORIZED: /^0$/,
  NPM_CONFIG_STRICT_SSL: OFF,
  PERL_LWP_SSL_VERIFY_HOSTNAME: /^0$/,
  PIP_TRUSTED_HOST: /./,
  PYTHONHTTPSVERIFY: /^0$/,
  SSL_VERIFY: OFF,
  UV_INSECURE_HOST: /./,
  VAULT_SKIP_VERIFY: ON,
  YARN_ENABLE_STRICT_SSL: OFF,
  npm_config_strict_ssl: OFF,
}

const switchesOff = (name: string, value: string): boolean => Object.hasOwn(VARIABLES, name) && VARIABLES[name]?.test(value) === true

type Check = (command: ShellCommand) => string | null

const flag =
  (...names: string[]): Check =>
  (command) => {
    const options = optionsIn(command)
    const name = names.find((wanted) =>
      options.options.some((option) => option.name === wanted || (wanted.startsWith('--') && options.has(wanted) && option.name.length >= 8 && wanted.startsWith(option.name))),
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
      return at === -1 ? key.test(word) && off.test(words[index + 1] ?? '') : key.test(word.slice(0, at)) && off.test(word.slice(at + 1))
    })
      ? shown
      : null
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

const apt: Check = (command) =>
  optionsIn(command)
    .values('-o', '--option')
    .find(({ value }) => /^Acquire::https?(?:::[^:=]+)?::Verify-(?:Peer|Host)=/i.test(value) && OFF.test(value.replace(/^.*=\s*"?|"$/g, '')))?.value ?? null
const yum = first(setting(/(?:^|\.)sslverify$/, OFF, 'sslverify=0'), (command) =>
  optionsIn(command)
    .values('--setopt')
    .some(({ value }) => /(?:^|\.)sslverify=(?:0|false|no)$/i.test(value))
    ? 'sslverify=0'
    : null,
)
const strictSsl = first(setting(/^(?:--)?strict-ssl$/, OFF, 'strict-ssl false'), setting(/^enableStrictSsl$/, OFF, 'enableStrictSsl false'), flag('--no-strict-ssl'))
const pip: Check = first(flag('--trusted-host'), setting(/(?:^|\.)trusted-host$/, /./, 'trusted-host'))
const hostKeys: Check = ({ args }) => {
  const at = args.findIndex(({ value }) => /^(?:-o)?\s*StrictHostKeyChecking(?:[= ](?:no|off))?$/i.test(value))
  const text = at === -1 ? '' : `${args[at]?.value}=${args[at + 1]?.value ?? ''}`
  return /StrictHostKeyChecking[= ]+(?:no|off)/i.test(text) ? 'StrictHostKeyChecking=no' : null
}
const registry = first(setting(/^--(?:src-|dest-)?tls-verify$/, OFF, '--tls-verify=false'), flag('--insecure-registry', '--insecure'))
const git: Check = first(setting(/^http\.(?:.*\.)?sslverify$/i, OFF, 'http.sslVerify false'), (command) =>
  optionsIn(command)
    .values('-c', '--config')
    .some(({ value }) => /^core\.sshCommand=.*StrictHostKeyChecking[= ](?:no|off)/i.test(value))
    ? 'StrictHostKeyChecking=no'
    : null,
)
const maven: Check = ({ args }) => args.find(({ value }) => /^-Dmaven\.wagon\.http\.ssl\.(?:insecure|allowall)=true$/.test(value))?.value ?? null

/** By program; names sorted. */
const COMMANDS: Readonly<Record<string, Check>> = {
  apk: flag('--no-verify', '--no-check-certificate'),
  apt,
  'apt-get': apt,
  aria2c: setting(/^--check-certificate$/, OFF, '--check-certificate=false'),
  aws: flag('--no-verify-ssl'),
  buildah: registry,
  bundle: setting(/(?:^|[._])ssl_verify_mode$/i, /^(?:0|none)$/i, 'ssl_verify_mode 0'),
  composer: first(setting(/^(?:disable-tls)$/, ON, 'disable-tls true'), setting(/^secure-http$/, OFF, 'secure-http false')),
  conda: first(setting(/^ssl_verify$/, OFF, 'ssl_verify false'), flag('--insecure', '-k')),
  crane: flag('--insecure'),
  curl: flag('-k', '--insecure', '--proxy-insecure', '--doh-insecure'),
  dnf: yum,
  docker: flag('--insecure-registry'),
  gem: setting(/^:?ssl_verify_mode:?$/, /^0$/, 'ssl_verify_mode 0'),
  git,
  go: flag('-insecure'),
  helm: flag('--insecure-skip-tls-verify'),
  http: setting(/^--verify$/, OFF, '--verify=no'),
  https: setting(/^--verify$/, OFF, '--verify=no'),
  kubectl: flag('--insecure-skip-tls-verify'),
  mamba: setting(/^ssl_verify$/, OFF, 'ssl_verify false'),
  microdnf: yum,
  mvn: maven,
  npm: strictSsl,
  oc: flag('--insecure-skip-tls-verify'),
  oras: flag('--insecure'),
  pip: pip,
  pip3: pip,
  pnpm: strictSsl,
  podman: registry,
  rsync: hostKeys,
  scp: hostKeys,
  sftp: hostKeys,
  skopeo: registry,
  ssh: hostKeys,
  svn: flag('--trust-server-cert', '--trust-server-cert-failures'),
  uv: flag('--allow-insecure-host'),
  wget: first(flag('--no-check-certificate'), setting(/^check[_-]?certificate$/i, OFF, 'check_certificate=off')),
  yarn: strictSsl,
  yum,
  'yum-config-manager': yum,
}

/** Files of settings, and lines of theirs that switch the check off. */
const FILES: readonly { readonly path: RegExp; readonly line: RegExp; readonly shown: string }[] = [
  { path: /(?:^|\/)(?:\.npmrc|npmrc|\.yarnrc)$/, line: /strict-ssl\s{0,8}[= ]\s{0,8}"?false/i, shown: 'strict-ssl=false' },
  { path: /(?:^|\/)\.yarnrc\.yml$/, line: /enableStrictSsl:\s*false/i, shown: 'enableStrictSsl: false' },
  { path: /(?:^|\/)(?:pip\.conf|pip\.ini)$/, line: /trusted-host\s*=/i, shown: 'trusted-host' },
  { path: /(?:^|\/)\.?curlrc$/, line: /(?:^|\s)-?-?(?:insecure|k)\b/, shown: 'insecure' },
  { path: /(?:^|\/)\.?wgetrc$/, line: /check_certificate\s*=\s*off/i, shown: 'check_certificate=off' },
  { path: /(?:^|\/)\.gitconfig$|^\/etc\/gitconfig$/, line: /sslverify\s*=\s*(?:false|0|no|off)/i, shown: 'sslVerify=false' },
  { path: /(?:^|\/)(?:yum|dnf)\.conf$|\.repo$/, line: /sslverify\s*=\s*(?:0|false|no)/i, shown: 'sslverify=0' },
  { path: /(?:^|\/)apt\.conf(?:\.d\/|$)/, line: /Verify-(?:Peer|Host)"?\s{0,8}[=" ]{1,8}\s{0,8}"?(?:false|0|no)/i, shown: 'Verify-Peer false' },
  { path: /(?:^|\/)\.?gemrc$/, line: /ssl_verify_mode:?\s*0/, shown: 'ssl_verify_mode: 0' },
  { path: /(?:^|\/)\.?condarc$/, line: /ssl_verify:\s*(?:false|no)/i, shown: 'ssl_verify: false' },
  { path: /\/\.ssh\/config$|\/ssh_config(?:\.d\/|$)/, line: /StrictHostKeyChecking[= ]+(?:no|off)/i, shown: 'StrictHostKeyChecking no' },
]

/** The files that a command writes text to, with the text. */
function writtenSetting(command: ShellCommand): { path: string; shown: string } | null {
  const { name, args, writes, fedBy } = command
  const targets =
    name === 'tee'
      ? optionsIn(command).operands.map(({ value }) => value)
      : name === 'sed'
        ? optionsIn(command)
            .operands.slice(-1)
            .map(({ value }) => value)
        : writes
  const text =
    [...args, ...fedBy.flatMap((feeder) => [...feeder.args])].map(({ value }) => value).join(' ') + (command.input ?? '') + fedBy.map(({ input }) => input ?? '').join('')
  for (const path of targets) {
    const file = FILES.find((known) => known.path.test(path) && known.line.test(text))
    if (file !== undefined) return { path, shown: file.shown }
  }
  return null
}

/** Programs whose settings stay behind. */
const CONFIGURES = /^(?:bundle|composer|conda|git|mamba|npm|pip|pip3|pnpm|yarn|yum-config-manager)$/

/** A setting that the command leaves behind, for every later run. */
const isLasting = ({ name, args }: ShellCommand): boolean =>
  (CONFIGURES.test(name) && args.some(({ value }) => value === 'config' || value === '--save' || value === 'set')) || name === 'yum-config-manager'

function offIn(command: ShellCommand): { option: string; lasting: boolean } | null {
  const { name, args, assignments } = command
  const variable = assignments.find((assignment) => switchesOff(assignment.name, assignment.value.value))
  if (variable !== undefined) return { option: `${variable.name}=${variable.value.value}`, lasting: false }
  const kept =
    name === 'go' && args[0]?.value === 'env' && args[1]?.value === '-w'
      ? args.find(({ value }) => switchesOff(value.replace(/=.*$/s, ''), value.replace(/^[^=]*=/, '')))
      : undefined
  if (kept !== undefined) return { option: kept.value, lasting: true }
  const file = writtenSetting(command)
  if (file !== null) return { option: `${file.shown} in ${file.path}`, lasting: true }
  const isModule = /^python[\d.]*$/.test(name) && args[0]?.value === '-m' && args[1]?.value === 'pip'
  const option = isModule ? pip({ ...command, name: 'pip', args: args.slice(2) }) : Object.hasOwn(COMMANDS, name) ? (COMMANDS[name]?.(command) ?? null) : null
  return option === null ? null : { option, lasting: isLasting(command) }
}

/** ARG and ENV of the steps that do not reach the final environment. */
function* ofSteps(steps: readonly Step[], told: ReadonlySet<string>): Generator<{ step: Step; name: string; value: string }> {
  for (const step of steps) {
    if (step.keyword !== 'ENV' && step.keyword !== 'ARG') continue
    for (const { name, value } of readVariables(step.keyword, step.text)) if (value !== null && switchesOff(name, value) && !told.has(name)) yield { step, name, value }
  }
}

export const tlsVerificationOff: BuildRule = {
  meta,
  *check({ steps, environment, cut }) {
    const told = new Set<string>()
    for (const { name, value, step } of environment) {
      if (!switchesOff(name, value)) continue
      told.add(name)
      yield placed(meta, {
        title: 'TLS certificates are not verified in the container',
        severity: 'high',
        message: `ENV ${name}=${value} stays in the image: whatever runs in the container takes any certificate.`,
        remedy: `Remove ${name} from ENV, and add the missing CA certificate to the trust store of the image.`,
        location: { kind: 'config', field: `Env.${name}` },
        dockerfile: step?.lines ?? null,
        origin: step?.owner ?? 'unknown',
        identity: [`Env.${name}`],
      })
    }
    for (const { step, name, value } of ofSteps(steps, told))
      yield onStep(meta, step, {
        message: `${step.keyword} ${name}=${value}: commands of the build that read it take any certificate.`,
        remedy: `Remove ${name}, and add the missing CA certificate to the trust store of the build.`,
        identity: [step.keyword ?? '', name],
      })
    for (const step of steps) {
      const seen = new Set<string>()
      for (const command of step.commands) {
        const off = offIn(command)
        if (off === null || seen.has(`${command.name} ${off.option}`)) continue
        seen.add(`${command.name} ${off.option}`)
        const lasting = off.lasting && step.of === 'image'
        yield onCommand(meta, step, command, {
          severity: lasting ? 'high' : 'medium',
          message: lasting
            ? `RUN sets ${off.option} (${quote(cut, command)}): it stays in the image, and what reads it takes any certificate from then on.`
            : `RUN uses ${off.option} (${quote(cut, command)}): the command takes any certificate, so anyone on the way can change what it gets.`,
          remedy: `Remove ${off.option}, and add the missing CA certificate to the trust store (COPY it to /usr/local/share/ca-certificates and run update-ca-certificates).`,
          identity: [command.name, off.option],
        })
      }
    }
  },
}
