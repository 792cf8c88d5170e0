// What anyone may write, anyone may replace: a script, a configuration, the application itself.
import type { BuildEvidence } from '../../evidence/evidence.ts'
import type { Step } from '../../evidence/steps.ts'
import type { ShellWord } from '../../shell/words.ts'
import { quote } from '../command/quote.ts'
import { onCommand, onStep } from '../placed.ts'
import { type BuildRule, REFERENCES, type RuleMeta } from '../rule.ts'
import { copyMode, modeChange } from './mode-change.ts'

const meta: RuleMeta = {
  id: 'world-writable',
  title: 'Anyone in the container may write it',
  description: 'A file or directory is made writable for every user, or the umask lets new ones be.',
  remedy: 'Give it to the user that needs it: COPY --chown, chown, chmod u+w or g+w.',
  severity: 'medium',
  confidence: 'high',
  kind: 'rule',
  references: [REFERENCES.owaspPrivileges, REFERENCES.nistImage, REFERENCES.attackPermissions],
  enabled: true,
  strict: 'high',
}

/** What is meant to be written by all, or is no file of the image. */
const MEANT = /^\/(?:dev|proc|sys)\//

/** A umask that leaves the right to write with others. */
const opensToAll = (umask: string): boolean => /^[0-7]{1,4}$/.test(umask) && (Number.parseInt(umask, 8) & 0o002) === 0

/** Whether the image bears it out: null where it cannot tell. */
function isWritable({ built }: BuildEvidence, { value, kind }: ShellWord): boolean | null {
  if (built === null || kind !== 'literal' || !value.startsWith('/') || /[*?[{]/.test(value)) return null
  const version = built.filesystem.find(value)
  // A volume, or gone again: nobody writes there.
  if (version === null) return false
  const { mode, type } = version.content.entry
  return (mode & 0o002) !== 0 && (mode & 0o1000) === 0 && type !== 'device'
}

function concerned(evidence: BuildEvidence, step: Step, paths: readonly ShellWord[]): string[] | null {
  // `… | xargs chmod 777`
  if (paths.length === 0) return ['what it is given']
  const open = paths.filter(({ value }) => !MEANT.test(value))
  if (open.length === 0) return null
  const left = step.of === 'stage' ? [] : open.filter((path) => isWritable(evidence, path) !== false)
  return left.length === 0 ? null : left.map(({ value }) => value)
}

export const worldWritable: BuildRule = {
  meta,
  *check(evidence) {
    for (const step of evidence.steps) {
      const copy = copyMode(step)
      if (copy?.mode.worldWritable && !copy.mode.sticky && step.of === 'image')
        yield onStep(meta, step, {
          message: `${copy.written} lets every user of the container change what is copied to ${copy.paths[0]?.value ?? ''}.`,
          remedy: `Write --chmod=${copy.written.endsWith('666') ? '644' : '755'}, and --chown=USER where the container’s user has to write there.`,
          identity: [step.keyword ?? '', copy.paths[0]?.value ?? ''],
        })
      for (const command of step.commands) {
        if (command.name === 'umask' && opensToAll(command.args[0]?.value ?? '') && step.of === 'image') {
          yield onCommand(meta, step, command, {
            message: `RUN sets the umask to ${command.args[0]?.value}: every user may write what the commands behind it make.`,
            remedy: 'Leave the umask at 022, and give single files to the user that needs them.',
            identity: ['umask'],
          })
          continue
        }
        const change = modeChange(command)
        if (change === null || !change.mode.worldWritable || change.mode.sticky) continue
        const paths = concerned(evidence, step, change.paths)
        if (paths === null) continue
        yield onCommand(meta, step, command, {
          message: `RUN lets every user of the container change ${paths.slice(0, 3).join(', ')}${paths.length > 3 ? ` and ${paths.length - 3} more` : ''} (${quote(evidence.cut, command)}): who breaks into one process can plant code for the next.`,
          remedy: `Give it to the user that needs it instead: chown USER ${paths[0]}${paths[0] === '/tmp' || paths[0] === '/var/tmp' ? '; a temporary directory takes chmod 1777' : ', or chmod g+w with a group of its own'}.`,
          identity: [change.written, ...paths],
        })
      }
    }
  },
}
