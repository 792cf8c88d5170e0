// Certificates that nobody checks: for one command, or for everything that ever runs in the container.
import type { Evidence } from '../evidence/evidence.ts'
import type { ShellCommand } from '../shell/script.ts'
import { placed } from './placed.ts'
import { REFERENCES, type Rule, type RuleMeta } from './rule.ts'

const meta: RuleMeta = {
  id: 'tls-verification-off',
  title: 'TLS certificates are not verified',
  description: 'A command, an environment variable or a configuration switches the check of TLS certificates off.',
  remedy: 'Remove the option, and add the missing CA certificate to the trust store.',
  severity: 'medium',
  confidence: 'high',
  kind: 'rule',
  references: [REFERENCES.owaspSupplyChain, REFERENCES.attackSupplyChain],
  enabled: true,
}

/** Variables that switch the check off, and the values that do. */
const VARIABLES: Readonly<Record<string, RegExp>> = {
  CURL_INSECURE: /^(?:1|true)$/i,
  GIT_SSL_NO_VERIFY: /^(?!0$|false$|$)/i,
  GOINSECURE: /./,
  GONOSUMDB: /./,
  NODE_TLS_REJECT_UNAUTHORIZED: /^0$/,
  NPM_CONFIG_STRICT_SSL: /^false$/i,
  PIP_TRUSTED_HOST: /./,
  PYTHONHTTPSVERIFY: /^0$/,
  YARN_ENABLE_STRICT_SSL: /^false$/i,
  npm_config_strict_ssl: /^false$/i,
}

/** Options of one command that switch the check off. Names sorted. */
const OPTIONS: Readonly<Record<string, (args: readonly string[]) => string | null>> = {
  'apt-get': aptOption,
  apt: aptOption,
  bundle: (args) => (args.includes('config') && args.some((arg) => /ssl_verify_mode/.test(arg)) && args.includes('0') ? 'ssl_verify_mode 0' : null),
  conda: (args) => (args.includes('--insecure') || (args.includes('ssl_verify') && args.some((arg) => /^(?:false|no)$/i.test(arg))) ? 'ssl_verify false' : null),
  curl: (args) =>
    args.find((arg) => arg === '--insecure' || arg === '--proxy-insecure' || (/^-[A-Za-z#]+$/.test(arg) && !arg.startsWith('--') && shortFlags(arg).includes('k'))) ?? null,
  dnf: yumOption,
  gem: (args) => args.find((arg) => /^:?ssl_verify_mode/.test(arg)) ?? null,
  git: (args) => {
    const pair = args.find((arg) => /^http\.(?:.*\.)?sslverify=(?:false|0|no|off)$/i.test(arg))
    const key = args.findIndex((arg) => /^http\.(?:.*\.)?sslverify$/i.test(arg))
    return pair ?? (key !== -1 && /^(?:false|0|no|off)$/i.test(args[key + 1] ?? '') ? 'http.sslVerify false' : null)
  },
  npm: strictSsl,
  pip: trustedHost,
  pip3: trustedHost,
  pnpm: strictSsl,
  wget: (args) => args.find((arg) => arg === '--no-check-certificate') ?? null,
  yarn: strictSsl,
  yum: yumOption,
}

function aptOption(args: readonly string[]): string | null {
  return args.find((arg) => /Acquire::https(?:::[^:=]+)?::Verify-(?:Peer|Host)=(?:false|0|no)/i.test(arg)) ?? null
}

function yumOption(args: readonly string[]): string | null {
  return args.find((arg) => /(?:^|=)sslverify=(?:0|false|no)$/i.test(arg)) ?? null
}

function strictSsl(args: readonly string[]): string | null {
  const key = args.findIndex((arg) => /^(?:--)?strict-ssl$/.test(arg))
  return (
    args.find((arg) => /^(?:--)?strict-ssl=false$/.test(arg)) ??
    (args.includes('--no-strict-ssl') ? '--no-strict-ssl' : key !== -1 && args[key + 1] === 'false' ? 'strict-ssl false' : null)
  )
}

function trustedHost(args: readonly string[]): string | null {
  return args.find((arg) => /^--trusted-host(?:=|$)/.test(arg)) ?? null
}

/** Letters of clustered short options, up to the one that takes the rest as its value. */
function shortFlags(arg: string): string {
  const letters = arg.slice(1)
  const value = letters.search(/[AbcCdDeEFHmKoPQrtTuUwxXyYz]/)
  return value === -1 ? letters : letters.slice(0, value + 1)
}

function switchedOff({ name, args, assignments }: ShellCommand): string | null {
  const words = args.map((arg) => arg ?? '')
  const variable = assignments.find((assignment) => VARIABLES[assignment.name]?.test(assignment.value))
  if (variable !== undefined) return `${variable.name}=${variable.value}`
  const nodeFlags = name === 'python' || name === 'python3' ? (words[0] === '-m' && words[1] === 'pip' ? trustedHost(words) : null) : null
  return OPTIONS[name]?.(words) ?? nodeFlags
}

/** A setting that the command leaves behind, for every later run. */
const isLasting = ({ name, args }: ShellCommand): boolean =>
  ['bundle', 'conda', 'git', 'npm', 'pip', 'pip3', 'pnpm', 'yarn'].includes(name) && args.includes('config') && !args.includes('-c')

export const tlsVerificationOff: Rule = {
  meta,
  *check({ image, origin, runs }: Evidence) {
    for (const pair of image.config.run.Env) {
      const split = pair.indexOf('=')
      const name = pair.slice(0, split)
      if (split === -1 || !VARIABLES[name]?.test(pair.slice(split + 1))) continue
      const entry = origin.history.findLast(({ instruction }) => instruction.keyword === 'ENV' && instruction.text.includes(name))
      yield placed(meta, {
        title: 'TLS certificates are not verified in the container',
        severity: 'high',
        message: `ENV ${pair} stays in the image: whatever runs in the container takes any certificate.`,
        remedy: `Remove ${name} from ENV, and add the missing CA certificate to the trust store of the image.`,
        location: { kind: 'config', field: `Env.${name}` },
        dockerfile: entry?.lines ?? null,
        origin: entry?.owner ?? 'unknown',
        identity: [`Env.${name}`],
      })
    }
    for (const run of runs) {
      const seen = new Set<string>()
      for (const command of run.commands) {
        const option = switchedOff(command)
        if (option === null || seen.has(`${command.name} ${option}`)) continue
        seen.add(`${command.name} ${option}`)
        const lasting = isLasting(command)
        yield placed(meta, {
          severity: lasting ? 'high' : 'medium',
          message: lasting
            ? `RUN sets ${option} with ${command.name} config: it stays in the image, and ${command.name} takes any certificate from then on.`
            : `RUN uses ${command.name === '' ? '' : `${command.name} with `}${option}: it takes any certificate, so anyone on the way can change what it downloads.`,
          remedy: `Remove ${option}, and add the missing CA certificate to the trust store (COPY it to /usr/local/share/ca-certificates and run update-ca-certificates).`,
          location: { kind: 'history', history: run.entry.entry.index },
          dockerfile: run.entry.lines,
          origin: run.entry.owner,
          identity: [command.name, option],
        })
      }
    }
  },
}
