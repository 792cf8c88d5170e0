// Certificates that nobody checks: for one command, or for everything that ever runs in the container.
import { readVariables, type Step } from '../../evidence/steps.ts'
import { optionsIn } from '../../shell/options.ts'
import type { ShellCommand } from '../../shell/script.ts'
import { onCommand, onStep, placed } from '../placed.ts'
import { type BuildRule, REFERENCES, type RuleMeta } from '../rule.ts'
import { quote } from './quote.ts'
import { optionOff, SETTINGS_FILES, switchesOff, whyOff } from './tls-switches.ts'

const meta: RuleMeta = {
  id: 'tls-verification-off',
  title: 'TLS certificates are not verified',
  description:
    'A command, an environment variable or a configuration switches the check of TLS certificates or SSH host keys off.',
  remedy: 'Remove the option, and add the missing CA certificate to the trust store.',
  severity: 'medium',
  confidence: 'high',
  kind: 'rule',
  references: [
    REFERENCES.owaspSupplyChain,
    REFERENCES.nistImage,
    REFERENCES.attackAdversary,
    REFERENCES.attackSupplyChain,
  ],
  enabled: true,
  strict: 'high',
}

const assigned = (name: string, value: string): string => `${name}=${value === '' ? '""' : value}`

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
    [...args, ...fedBy.flatMap((feeder) => [...feeder.args])].map(({ value }) => value).join(' ') +
    (command.input ?? '') +
    fedBy.map(({ input }) => input ?? '').join('')
  for (const path of targets) {
    const file = SETTINGS_FILES.find((known) => known.path.test(path) && known.line.test(text))
    if (file !== undefined) return { path, shown: file.shown }
  }
  return null
}

/** Programs whose settings stay behind. */
const CONFIGURES =
  /^(?:bundle|composer|conda|gcloud|git|kubectl|mamba|micromamba|npm|oc|pip|pip3|pnpm|yarn|yum-config-manager)$/

/** A setting that the command leaves behind, for every later run. */
const isLasting = ({ name, args }: ShellCommand): boolean =>
  (CONFIGURES.test(name) && args.some(({ value }) => value === 'config' || value === '--save' || value === 'set')) ||
  name === 'yum-config-manager'

/** @returns the option, why it is one where its value does not say so, and whether it outlasts the command */
function offIn(command: ShellCommand): { option: string; why: string; lasting: boolean } | null {
  const { name, args, assignments } = command
  const variable = assignments.find((assignment) => switchesOff(assignment.name, assignment.value.value))
  if (variable !== undefined)
    return {
      option: assigned(variable.name, variable.value.value),
      why: whyOff(variable.name, variable.value.value),
      lasting: false,
    }
  const kept =
    name === 'go' && args[0]?.value === 'env' && args[1]?.value === '-w'
      ? args.find(({ value }) => switchesOff(value.replace(/=.*$/s, ''), value.replace(/^[^=]*=/, '')))
      : undefined
  if (kept !== undefined) return { option: kept.value, why: '', lasting: true }
  const file = writtenSetting(command)
  if (file !== null) return { option: `${file.shown} in ${file.path}`, why: '', lasting: true }
  const option = optionOff(command)
  return option === null ? null : { option, why: '', lasting: isLasting(command) }
}

/** ARG and ENV of the steps that do not reach the final environment. */
function* ofSteps(
  steps: readonly Step[],
  told: ReadonlySet<string>,
): Generator<{ step: Step; name: string; value: string }> {
  for (const step of steps) {
    if (step.keyword !== 'ENV' && step.keyword !== 'ARG') continue
    for (const { name, value } of readVariables(step.keyword, step.text))
      if (value !== null && switchesOff(name, value) && !told.has(name)) yield { step, name, value }
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
        message: `ENV ${assigned(name, value)}${whyOff(name, value)} stays in the image: whatever runs in the container takes any certificate.`,
        remedy: `Remove ${name} from ENV, and add the missing CA certificate to the trust store of the image.`,
        location: { kind: 'config', field: `Env.${name}` },
        dockerfile: step?.lines ?? null,
        origin: step?.owner ?? 'unknown',
        identity: [`Env.${name}`],
      })
    }
    for (const { step, name, value } of ofSteps(steps, told))
      yield onStep(meta, step, {
        message: `${step.keyword} ${assigned(name, value)}${whyOff(name, value)}: commands of the build that read it take any certificate.`,
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
            ? `RUN sets ${off.option}${off.why} (${quote(cut, command)}): it stays in the image, and what reads it takes any certificate from then on.`
            : `RUN uses ${off.option}${off.why} (${quote(cut, command)}): the command takes any certificate, so anyone on the way can change what it gets.`,
          remedy: `Remove ${off.option}, and add the missing CA certificate to the trust store (COPY it to /usr/local/share/ca-certificates and run update-ca-certificates).`,
          identity: [command.name, off.option],
        })
      }
    }
  },
}
