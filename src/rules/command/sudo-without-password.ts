// A user that can become root by asking is root.
import { optionsIn } from '../../shell/options.ts'
import type { ShellCommand } from '../../shell/script.ts'
import { onCommand, placed } from '../placed.ts'
import { type BuildRule, REFERENCES, type RuleMeta } from '../rule.ts'

const meta: RuleMeta = {
  id: 'sudo-without-password',
  title: 'sudo needs no password',
  description: 'A user of the image can run anything as root: sudoers has NOPASSWD for it.',
  remedy: 'Remove the sudoers line, and do what needs root in the build.',
  severity: 'medium',
  confidence: 'high',
  kind: 'rule',
  references: [REFERENCES.cis41, REFERENCES.owaspPrivileges, REFERENCES.attackSudo],
  enabled: true,
  strict: 'high',
}

/** Text that grants: no comment, and a tag of a rule. Doas calls it `nopass`. */
const grants = (text: string): boolean =>
  text.split(/\n|\\n/).some((line) => !/^\s*#/.test(line) && /\bNOPASSWD\s*:|^\s*permit\s[^\n]*\bnopass\b/.test(line))

/** Whether what is granted is anything, and not some commands. */
const grantsAll = (text: string): boolean =>
  text
    .split(/\n|\\n/)
    .some(
      (line) =>
        grants(line) &&
        (!/NOPASSWD/.test(line) ||
          /NOPASSWD\s{0,80}:(?:[^#]{0,1000},)?\s{0,80}(?:\w{1,40}:\s{0,80}){0,8}ALL\b/.test(line)),
    )

/** The text that a command puts into a file of sudo or doas; null for none that grants anything. */
function grantedBy(command: ShellCommand): string | null {
  const { name, args, writes, fedBy, input } = command
  const { operands } = optionsIn(command)
  const targets =
    name === 'tee' || name === 'sed'
      ? operands.map(({ value }) => value)
      : name === 'visudo'
        ? ['/etc/sudoers']
        : writes
  if (!targets.some((path) => /\/sudoers(?:\.d\/|$)|\/doas(?:\.conf|\.d\/)/.test(path))) return null
  const texts = [...args, ...fedBy.flatMap((feeder) => [...feeder.args])].map(({ value }) => value)
  // sed changes what it finds: `s/NOPASSWD:ALL//` takes it out.
  if (name === 'sed')
    return texts.map((text) => text.replace(/^s(.)(?:(?!\1).)*\1((?:(?!\1).)*)\1.*$/s, '$2')).find(grants) ?? null
  const all = [texts.join(' '), input ?? '', ...fedBy.map((feeder) => feeder.input ?? '')]
  return all.find(grants) ?? null
}

export const sudoWithoutPassword: BuildRule = {
  meta,
  *check({ steps, built, layers, origin }) {
    const remedy =
      'Remove the line: what needs root belongs into the build (RUN is root), or into an entrypoint that starts as root and drops to a user.'
    let told = false
    for (const step of steps) {
      if (step.of !== 'image') continue
      for (const command of step.commands) {
        const text = grantedBy(command)
        if (text === null) continue
        told = true
        yield onCommand(meta, step, command, {
          severity: grantsAll(text) ? 'medium' : 'low',
          message: grantsAll(text)
            ? 'RUN lets a user run anything as root without a password (NOPASSWD): the container’s user is root in all but name.'
            : 'RUN lets a user run some commands as root without a password (NOPASSWD): each of them can be a way to root.',
          remedy,
          identity: ['NOPASSWD', command.name],
        })
      }
    }
    if (built === null || told) return
    // What COPY brought is seen in the image alone.
    const files = layers.flatMap(({ extracts }, layer) =>
      extracts.map(({ entry, text }) => ({ version: built.filesystem.versionOf(layer, entry), text })),
    )
    for (const { version, text } of files) {
      const { path } = version
      if (version.ending !== null || !/^\/etc\/sudoers(?:\.d\/[^/]+)?$/.test(path) || !grants(text)) continue
      const layer = origin.layers[version.layer]
      yield placed(meta, {
        severity: grantsAll(text) ? 'medium' : 'low',
        message: `${path} lets a user run ${grantsAll(text) ? 'anything' : 'some commands'} as root without a password (NOPASSWD).`,
        remedy,
        location: { kind: 'layer', layer: version.layer, path, line: null, offset: null },
        dockerfile: layer?.lines ?? null,
        origin: layer?.owner ?? 'unknown',
        identity: ['NOPASSWD', path],
      })
    }
  },
}
