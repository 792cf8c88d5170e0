// What package managers leave behind, measured in the layer.
import type { Evidence } from '../../evidence/evidence.ts'
import type { Step } from '../../evidence/steps.ts'
import { cacheOf, type PackageCache } from '../../packages/caches.ts'
import type { ShellCommand } from '../../shell/script.ts'
import { onCommand, onStep } from '../placed.ts'
import { REFERENCES, type Rule, type RuleMeta } from '../rule.ts'

const meta: RuleMeta = {
  id: 'package-cache-left',
  title: 'A package cache stays in the layer',
  description:
    'A layer holds lists or archives that a package manager keeps for the next time; nothing in a container asks for them.',
  remedy: 'Remove the cache in the same RUN, or mount it: RUN --mount=type=cache,target=…',
  severity: 'info',
  confidence: 'high',
  kind: 'rule',
  references: [REFERENCES.buildPractices],
  enabled: true,
  strict: 'low',
  hadolint: ['DL3009', 'DL3019', 'DL3032', 'DL3036', 'DL3040', 'DL3042', 'DL3060'],
}

/** Less is an empty directory's lock file, and no news. */
const MIN_BYTES = 256 << 10

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`

interface Left {
  bytes: number
  files: number
  hiddenIn: number | null
}

/** Bytes of each cache in a layer. */
function leftIn({ layers, filesystem }: Evidence, layer: number): Map<PackageCache, Left> {
  const found = new Map<PackageCache, Left>()
  for (const [index, entry] of (layers[layer]?.entries ?? []).entries()) {
    if (entry.type !== 'file' || entry.size === 0 || entry.whiteout !== null) continue
    const cache = cacheOf(entry.path)
    if (cache === null) continue
    const left = found.get(cache) ?? { bytes: 0, files: 0, hiddenIn: null }
    left.bytes += entry.size
    left.files++
    left.hiddenIn ??= filesystem.versionOf(layer, index).ending?.layer ?? null
    found.set(cache, left)
  }
  return found
}

/** The command of a RUN that fills a cache: the last one that can have. */
const filler = ({ commands }: Step, { by }: PackageCache): ShellCommand | null =>
  commands.findLast(({ name }) => by.test(name)) ?? null

export const packageCacheLeft: Rule = {
  meta,
  *check(evidence) {
    for (const step of evidence.steps) {
      if (step.layer === null || step.of !== 'image' || step.owner === 'base') continue
      for (const [cache, { bytes, files, hiddenIn }] of leftIn(evidence, step.layer)) {
        if (bytes < MIN_BYTES) continue
        const own = {
          message: `${step.keyword ?? 'The step'} leaves ${cache.name} in layer ${step.layer}: ${megabytes(bytes)} in ${files} ${files === 1 ? 'file' : 'files'}${hiddenIn === null ? '' : `; layer ${hiddenIn} hides it, and the bytes stay`}.`,
          remedy: cache.remedy,
          identity: [cache.name],
        }
        const command = filler(step, cache)
        yield command === null ? onStep(meta, step, own) : onCommand(meta, step, command, own)
      }
    }
  },
}
