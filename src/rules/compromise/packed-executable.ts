// A program whose code cannot be read before it runs.
import { REFERENCES, type Rule, type RuleMeta } from '../rule.ts'
import { inFiles } from './signs.ts'

const meta: RuleMeta = {
  id: 'packed-executable',
  title: 'A packed program',
  description: 'A program of the image is packed with UPX: scanners see nothing of what it does.',
  remedy: 'Unpack it with upx -d, or build it without.',
  severity: 'low',
  confidence: 'high',
  kind: 'rule',
  references: [REFERENCES.attackPacking],
  enabled: true,
  strict: 'medium',
}

export const packedExecutable: Rule = {
  meta,
  *check(evidence) {
    yield* inFiles(meta, evidence, {
      // UPX itself, and what only holds the text.
      isMeant: (version) =>
        evidence.layers[version.layer]?.programs.some(
          ([entry, kind]) => entry === version.index && (kind === 'elf' || kind === 'busybox' || kind === 'bash'),
        ) === true && !/\/upx(?:-ucl)?$/.test(version.path),
      remedy:
        'Build the program without UPX, or unpack it (upx -d): layers are compressed anyway, and no scanner sees into it.',
      hiddenSeverity: 'low',
    })
  },
}
