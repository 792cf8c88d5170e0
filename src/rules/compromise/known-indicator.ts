// What the responder knows of an attack, found in the image.
import type { BuildEvidence } from '../../evidence/evidence.ts'
import { baseName } from '../../image/path.ts'
import { onStep } from '../placed.ts'
import { REFERENCES, type Rule, type RuleMeta } from '../rule.ts'
import { onVersion } from './file-finding.ts'

const meta: RuleMeta = {
  id: 'known-indicator',
  title: 'A known indicator of compromise',
  description: 'The image holds a hash, name, domain, address or URL of the list that --ioc names.',
  remedy: 'Take the image out of use, find out who brought it, and rebuild from a source that you trust.',
  severity: 'critical',
  confidence: 'high',
  kind: 'rule',
  references: [REFERENCES.attackTransfer],
  enabled: true,
}

const REMEDY =
  'Take the image out of use, and find out who brought it: layergate timeline IMAGE, layergate recover IMAGE PATH --to DIR.'
/** The sign of a text of the list. */
const SIGN = 'known-indicator:'

function* texts(
  evidence: BuildEvidence,
): Generator<{ layer: number; entry: number; line: number | null; text: string }> {
  for (const [layer, { indicators }] of evidence.layers.entries())
    for (const { detector, entry, line, inside } of indicators)
      if (detector.startsWith(SIGN))
        yield { layer, entry, line: inside === null ? line : null, text: detector.slice(SIGN.length) }
}

export const knownIndicator: Rule = {
  meta,
  *check(evidence) {
    const { filesystem, iocs } = evidence
    for (const { layer, entry, line, text } of texts(evidence)) {
      const version = filesystem.versionOf(layer, entry)
      yield onVersion(meta, evidence, version, {
        message: `${version.path}${line === null ? '' : `, line ${line}`} names ${text}, which the list of indicators has.`,
        remedy: REMEDY,
        identity: [text],
        line,
      })
    }
    if (iocs === null) return
    for (const step of evidence.steps) {
      const text =
        step.of === 'image'
          ? iocs.texts.find((each) => step.text.toLowerCase().includes(each.toLowerCase()))
          : undefined
      if (text !== undefined)
        yield onStep(meta, step, {
          message: `${step.keyword} names ${text}, which the list of indicators has.`,
          remedy: REMEDY,
          identity: [text],
        })
    }
    for (const versions of filesystem.versions)
      for (const version of versions) {
        const { path, entry } = version
        if (entry.whiteout !== null || entry.type === 'directory') continue
        const name = iocs.names.has(path) ? path : iocs.names.has(baseName(path)) ? baseName(path) : null
        const hash = iocs.found.get(`${version.layer}:${version.index}`) ?? null
        if (name === null && hash === null) continue
        yield onVersion(meta, evidence, version, {
          message: `${path} ${hash === null ? `is called ${name}` : `has the checksum ${hash}`}, which the list of indicators has.`,
          remedy: REMEDY,
          identity: [hash ?? name ?? ''],
        })
      }
  },
}
