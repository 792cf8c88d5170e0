// A mounted secret is in no layer, unless the RUN writes it there.
import type { Evidence } from '../../evidence/evidence.ts'
import type { Step } from '../../evidence/steps.ts'
import { optionsIn } from '../../shell/options.ts'
import type { ShellCommand } from '../../shell/script.ts'
import { quote } from '../command/quote.ts'
import { onCommand, onStep } from '../placed.ts'
import { REFERENCES, type Rule, type RuleMeta } from '../rule.ts'

const meta: RuleMeta = {
  id: 'secret-mount-copied',
  title: 'A mounted secret is written into the layer',
  description:
    'A RUN mounts a secret and writes it to a file that stays in its layer: then it is as public as a copied one.',
  remedy: 'Let the command read the mounted file, or mount it at the path where it is looked for (target=…).',
  severity: 'high',
  confidence: 'high',
  kind: 'rule',
  references: [REFERENCES.cis410, REFERENCES.buildSecrets, REFERENCES.layers, REFERENCES.attackCredentials],
  enabled: true,
}

interface Mount {
  readonly id: string
  /** Where it lies during the RUN; null for one that is a variable alone. */
  readonly target: string | null
  readonly variable: string | null
}

/** The secrets that a RUN mounts. */
function mountsOf({ flags }: Step): Mount[] {
  return (flags ?? []).flatMap((flag) => {
    if (!flag.startsWith('--mount=')) return []
    const fields = new Map(
      flag
        .slice(8)
        .split(',')
        .map((field) => field.split(/=(.*)/s) as [string, string | undefined]),
    )
    if (fields.get('type') !== 'secret') return []
    const given = fields.get('target') ?? fields.get('dst') ?? fields.get('destination')
    const id = fields.get('id') ?? (given ?? '').replace(/^.*\//, '')
    const variable = fields.get('env') ?? null
    return [{ id, target: given ?? (variable === null ? `/run/secrets/${id}` : null), variable }]
  })
}

/** Whether a word holds the mounted secret: its path, its variable, or what a command reads from it. */
function holds(text: string, { target, variable }: Mount): boolean {
  if (target !== null && text.includes(target)) return true
  return variable !== null && new RegExp(`\\$\\{?${variable.replace(/\W/g, '')}\\b`).test(text)
}

/** Programs that write what they read, whole or in part; what others write is of their own making. */
const PASSES = /^(?:awk|base64|cat|cut|dd|echo|envsubst|head|jq|printf|sed|sort|tac|tail|tee|tr|xargs)$/

/** The files that a command writes the secret to. */
function writtenBy(command: ShellCommand, mount: Mount, variables: ReadonlySet<string>): string[] {
  const { name, args, writes, reads, fedBy, input } = command
  const operands = optionsIn(command).operands.map(({ value }) => value)
  const inVariable = (text: string): boolean =>
    [...variables].some((variable) => new RegExp(`\\$\\{?${variable}\\b`).test(text))
  const has = (texts: readonly string[]): boolean => texts.some((text) => holds(text, mount) || inVariable(text))
  const words = args.map(({ value }) => value)
  if (
    /^(?:cp|install|mv|ln|rsync)$/.test(name) &&
    has(operands.slice(0, -1)) &&
    !(name === 'ln' && optionsIn(command).has('-s', '--symbolic'))
  ) {
    const last = operands.at(-1) ?? ''
    return [last, `${last.replace(/\/$/, '')}/${(mount.target ?? '').replace(/^.*\//, '')}`]
  }
  const fed = has([
    ...words,
    ...reads,
    input ?? '',
    ...fedBy.flatMap((feeder) => [...feeder.args.map(({ value }) => value), ...feeder.reads, feeder.input ?? '']),
  ])
  if (!fed) return []
  if (name === 'tee') return fedBy.every((feeder) => PASSES.test(feeder.name)) ? operands : []
  if (name === 'sed' && optionsIn(command).has('-i', '--in-place')) return operands.slice(-1)
  if (name === 'git' && words.includes('config') && words.includes('--global')) return ['/root/.gitconfig']
  if (/^(?:npm|pnpm)$/.test(name) && words.includes('config') && words.includes('set')) return ['/root/.npmrc']
  if (name === 'pip' && words.includes('config'))
    return ['/root/.config/pip/pip.conf', '/root/.pip/pip.conf', '/etc/pip.conf']
  if (!PASSES.test(name) || !fedBy.every((feeder) => PASSES.test(feeder.name))) return []
  return writes.filter((path) => !path.startsWith('/dev/') && path !== mount.target)
}

/** What a command copies as it is: the secret can be mounted in the place of the copy. Others write it among other text. */
const isCopy = ({ name, fedBy }: ShellCommand): boolean =>
  /^(?:cat|cp|dd|install|mv|rsync)$/.test(name) || (name === 'tee' && fedBy.every((feeder) => feeder.name === 'cat'))

function remedyFor(command: ShellCommand, { id }: Mount, path: string): string {
  if (isCopy(command))
    return `Change the secret. Mount it where it is looked for, and write it nowhere: --mount=type=secret,id=${id},target=${path}.`
  const other = /\.npmrc$/.test(path)
    ? 'npm also reads `${NAME}` in an .npmrc from the environment, so that the file needs no secret.'
    : `Or write it where no layer keeps it: --mount=type=tmpfs,target=${path.slice(0, Math.max(1, path.lastIndexOf('/')))}.`
  return `Change the secret. The file is more than the secret: make the whole file the secret, and mount it, --mount=type=secret,id=${id},target=${path}. ${other}`
}

/** The path of the layer's file that a written one is; null where the layer does not hold it. */
function inLayer(
  { layers }: Evidence,
  { layer, variables }: Step,
  path: string,
  workdir: string,
): { path: string; bytes: number } | null {
  if (layer === null) return null
  const home = path.replace(/^~(?=\/)|^\$\{?HOME\}?/, variables.get('HOME') ?? '/root')
  const wanted = home.startsWith('/') ? home : `${workdir.replace(/\/$/, '')}/${home.replace(/^\.\//, '')}`
  const clean = wanted.replace(/\/{2,}/g, '/')
  const entry = layers[layer]?.entries.find(
    (candidate) =>
      candidate.path === clean && candidate.whiteout === null && candidate.type === 'file' && candidate.size > 0,
  )
  return entry === undefined ? null : { path: entry.path, bytes: entry.size }
}

export const secretMountCopied: Rule = {
  meta,
  *check(evidence) {
    for (const step of evidence.steps) {
      if (step.layer === null) continue
      const workdir = evidence.origin.layers[step.layer]?.workdir ?? '/'
      for (const mount of mountsOf(step)) {
        const tainted = new Set<string>()
        const told = new Set<string>()
        for (const command of step.commands) {
          for (const { name, value } of command.assignments) if (holds(value.value, mount)) tainted.add(name)
          for (const written of writtenBy(command, mount, tainted)) {
            const file = inLayer(evidence, step, written, workdir)
            if (file === null || told.has(file.path)) continue
            told.add(file.path)
            yield onCommand(meta, step, command, {
              message: `RUN mounts the secret ${mount.id} and writes it to ${file.path} (${quote(evidence.cut, command)}): the file is in layer ${step.layer} (${file.bytes} bytes), for everyone who can pull the image.`,
              remedy: remedyFor(command, mount, file.path),
              identity: [mount.id, file.path],
            })
          }
        }
        if (told.size > 0) continue
        // A program that was given the secret can have written it itself: the layer tells.
        const leak = evidence.leaks.find(
          ({ places, strength }) =>
            strength !== 'harmless' &&
            places.some(
              (place) =>
                place.kind === 'file' &&
                place.version.content.layer === step.layer &&
                place.version.path !== mount.target,
            ),
        )
        const place = leak?.places.find(
          (candidate) => candidate.kind === 'file' && candidate.version.content.layer === step.layer,
        )
        if (leak === undefined || place?.kind !== 'file') continue
        yield onStep(meta, step, {
          confidence: 'medium',
          message: `RUN mounts the secret ${mount.id}, and its layer ${step.layer} holds a secret in ${place.version.path}: what the RUN runs may have written it there.`,
          remedy: `Look into ${place.version.path}. Let the command read /run/secrets/${mount.id} and write it nowhere.`,
          identity: [mount.id, place.version.path],
        })
      }
    }
  },
}
