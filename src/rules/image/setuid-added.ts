// Programs that run as somebody else than who starts them.
import type { BuildEvidence, BuiltImage } from '../../evidence/evidence.ts'
import type { Severity } from '../../finding/finding.ts'
import { packagesIn } from '../../shell/packages.ts'
import type { ShellWord } from '../../shell/words.ts'
import { quote } from '../command/quote.ts'
import { onCommand, onStep, placed } from '../placed.ts'
import { type BuildRule, REFERENCES, type RuleMeta } from '../rule.ts'
import { copyMode, modeChange } from './mode-change.ts'

const meta: RuleMeta = {
  id: 'setuid-added',
  title: 'A program gets more rights than its user',
  description: 'The build sets the setuid or setgid bit on a program, or gives it capabilities.',
  remedy: 'Leave the bit out; give the container the one capability that it needs when it starts.',
  severity: 'medium',
  confidence: 'high',
  kind: 'rule',
  references: [REFERENCES.cis48, REFERENCES.owaspPrivileges, REFERENCES.nistImage, REFERENCES.attackSetuid],
  enabled: true,
  strict: 'high',
}

/** Capabilities that a service asks for and that lead no further. */
const MILD = new Set(['cap_net_bind_service', 'cap_ipc_lock', 'cap_net_raw', 'cap_sys_nice', 'cap_wake_alarm'])

/** A directory's setgid bit gives new files its group, and nobody rights. */
function isDirectory({ built }: BuildEvidence, { value }: ShellWord): boolean | null {
  const version = built?.filesystem.find(value) ?? null
  return version === null ? null : version.content.entry.type === 'directory'
}

/** Whether the final tree has nothing at a path, or a file without the bits. */
function isTakenBack({ filesystem }: BuiltImage, { value, kind }: ShellWord): boolean {
  if (kind !== 'literal' || !value.startsWith('/') || /[*?[{]/.test(value)) return false
  const version = filesystem.find(value)
  return version === null || (version.content.entry.mode & 0o6000) === 0
}

export const setuidAdded: BuildRule = {
  meta,
  *check(evidence) {
    const { steps, built } = evidence
    const told = new Set<string>()
    for (const step of steps) {
      if (step.of !== 'image') continue
      const copy = copyMode(step)
      if (copy !== null && (copy.mode.setuid || copy.mode.setgid))
        yield onStep(meta, step, {
          message: `${copy.written} sets the ${copy.mode.setuid ? 'setuid' : 'setgid'} bit on what is copied.`,
          remedy: 'Leave the first digit out of the mode.',
          identity: [copy.written],
        })
      for (const command of step.commands) {
        const change = modeChange(command)
        if (change !== null && (change.mode.setuid || change.mode.setgid)) {
          const files = change.paths.filter((path) => isDirectory(evidence, path) !== true && !change.isDirectory)
          if (built !== null) for (const { value } of change.paths) told.add(value)
          // Without the image, nobody can tell a directory from a file: the setgid bit alone is mostly for one.
          const severity: Severity = change.mode.setuid ? 'medium' : built === null ? 'info' : 'medium'
          const gone = built !== null && files.every((path) => isTakenBack(built, path))
          if (files.length === 0 || gone) continue
          yield onCommand(meta, step, command, {
            severity,
            message: `RUN sets the ${change.mode.setuid ? 'setuid' : 'setgid'} bit (${quote(evidence.cut, command)}): whoever starts ${files[0]?.value} runs it with the rights of its ${change.mode.setuid ? 'owner' : 'group'}.`,
            remedy:
              'Leave the bit out. Where the program needs one right of root, give the container that capability when it starts (--cap-add), and forbid the rest with --security-opt=no-new-privileges.',
            identity: [change.written, files[0]?.value ?? ''],
          })
        }
        if (command.name === 'setcap') {
          const words = command.args.map(({ value }) => value).filter((value) => !value.startsWith('-'))
          const given = words.find((value) => /\+|=/.test(value))
          if (given === undefined || command.args.some(({ value }) => value === '-r')) continue
          const names = given.toLowerCase().match(/cap_\w+|\ball\b/g) ?? []
          const mild = names.length > 0 && names.every((name) => MILD.has(name))
          yield onCommand(meta, step, command, {
            severity: mild ? 'info' : 'medium',
            message: `RUN gives ${words.at(-1)} ${given} (${quote(evidence.cut, command)}): whoever starts it has ${mild ? 'that right' : 'rights of root'}.`,
            remedy: `Give the container the capability when it starts (--cap-add), or listen on a port above 1023.`,
            identity: ['setcap', given, words.at(-1) ?? ''],
          })
        }
      }
    }
    if (built === null) return
    // Files that came with the bit: copied, or unpacked. Those of packages are the package's.
    for (const step of steps) {
      const { layer } = step
      if (layer === null || step.owner !== 'own' || step.of !== 'image') continue
      if (
        step.commands.some(
          (command) =>
            packagesIn(command) !== null ||
            command.name === 'dpkg' ||
            command.name === 'rpm' ||
            command.name === 'chmod',
        )
      )
        continue
      for (const version of built.filesystem.presentIn(layer)) {
        const { entry } = version
        if (
          entry.type !== 'file' ||
          (entry.mode & 0o6000) === 0 ||
          (entry.mode & 0o111) === 0 ||
          told.has(version.path)
        )
          continue
        yield placed(meta, {
          message: `${version.path} has the ${(entry.mode & 0o4000) !== 0 ? 'setuid' : 'setgid'} bit (mode ${entry.mode.toString(8).padStart(4, '0')}, ${entry.uid === 0 ? 'owned by root' : `uid ${entry.uid}`}) and is new in layer ${layer}.`,
          remedy: `Take the bit off in the same layer: COPY --chmod=755, or chmod u-s,g-s ${version.path}.`,
          location: { kind: 'layer', layer, path: version.path, line: null, offset: null },
          dockerfile: step.lines,
          origin: step.owner,
          identity: ['setuid', version.path],
        })
      }
    }
  },
}
