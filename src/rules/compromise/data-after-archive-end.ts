// Files behind the end of a layer's tar.
import { REFERENCES, type Rule, type RuleMeta } from '../rule.ts'
import { onVersion } from './file-finding.ts'

const meta: RuleMeta = {
  id: 'data-after-archive-end',
  title: 'Files behind the end of a layer',
  description:
    'The tar of a layer goes on behind its end: no engine unpacks what is there, and whoever pulls the image has it.',
  remedy: 'Build the image again with a builder that you trust; layergate recover writes what is there.',
  severity: 'high',
  confidence: 'high',
  kind: 'rule',
  references: [REFERENCES.attackHidden],
  enabled: true,
}

/** The table of contents of eStargz, which stands there by design. https://github.com/containerd/stargz-snapshotter/blob/main/docs/estargz.md */
const INDEX = '/stargz.index.json'

export const dataAfterArchiveEnd: Rule = {
  meta,
  *check(evidence) {
    for (const versions of evidence.filesystem.versions) {
      const hidden = versions.filter(({ entry, path }) => entry.afterEnd && path !== INDEX)
      const [first] = hidden
      if (first === undefined) continue
      yield onVersion(meta, evidence, first, {
        message: `Layer ${first.layer} goes on behind the end of its tar, with ${hidden.length === 1 ? 'one entry' : `${hidden.length} entries`}: ${first.path}. No engine unpacks it, and no builder writes it.`,
        remedy: `Build the image again with a builder that you trust. layergate recover IMAGE --layer ${first.layer} --to DIR writes what is there.`,
        identity: ['after end'],
      })
    }
  },
}
