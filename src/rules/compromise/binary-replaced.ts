// A program of the system that a file of the build takes the place of.
import type { Evidence } from '../../evidence/evidence.ts'
import { REFERENCES, type Rule, type RuleMeta } from '../rule.ts'
import { onVersion } from './file-finding.ts'

const meta: RuleMeta = {
  id: 'binary-replaced',
  title: 'A program of the system is another one now',
  description:
    'An instruction that calls no package manager writes a program over one that a lower layer has in a directory of the system.',
  remedy: 'Put your own programs into /usr/local/bin or a directory of their own.',
  severity: 'medium',
  confidence: 'medium',
  kind: 'rule',
  references: [REFERENCES.attackBinary],
  enabled: true,
  strict: 'high',
}

/** What moves and changes files, and nothing else. */
const HANDWORK =
  /^(?:cp|mv|install|chmod|chown|chgrp|touch|rm|mkdir|cat|echo|printf|true|test|\[|cd|set|export|dd|tee|base64|xxd|curl|wget|sha256sum|ls|strip|sed|head|tail|sleep|sync)?$/

const SYSTEM = /^\/(?:usr\/)?(?:s?bin|lib\w{0,4})\/(?:[^/]+\/){0,2}[^/]+$/

/** Whether a RUN calls a package manager, or something that may call one: a script, make, another program than those of the shell's daily work. */
function mayInstall({ steps }: Evidence, layer: number): boolean {
  const made = steps.filter((step) => step.layer === layer)
  return (
    made.length === 0 ||
    made.some(
      ({ commands, unread }) =>
        unread !== null || commands.length === 0 || !commands.every(({ name }) => HANDWORK.test(name)),
    )
  )
}

export const binaryReplaced: Rule = {
  meta,
  *check(evidence) {
    const { filesystem, layers, origin } = evidence
    const kinds = layers.map(({ programs }) => new Map(programs))
    for (const [layer, versions] of filesystem.versions.entries())
      for (const { path, entry, successor, index, ending } of versions) {
        if (successor === null || ending?.state !== 'overwritten' || successor.layer === layer) continue
        if (entry.type !== 'file' || successor.entry.type !== 'file' || !SYSTEM.test(path)) continue
        if (kinds[layer]?.get(index) === undefined || kinds[successor.layer]?.get(successor.index) === undefined)
          continue
        const from = origin.layers[successor.layer]
        const keyword = from?.instruction?.keyword ?? ''
        if (from?.owner === 'base' || !/^(?:COPY|ADD|RUN)$/.test(keyword)) continue
        if (keyword === 'RUN' && mayInstall(evidence, successor.layer)) continue
        if (evidence.isVouched(successor.layer, path)) continue
        yield onVersion(meta, evidence, successor, {
          message: `${path} came with layer ${layer}; ${keyword} in layer ${successor.layer} put another program in its place. Whoever calls it by its name runs that.`,
          remedy: `Put it into /usr/local/bin under its own name. If it must be there, install it as a package, so that its checksum is on record.`,
          identity: ['replaced'],
        })
      }
  },
}
