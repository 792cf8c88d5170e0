// What package managers leave behind, measured in the layer.
import type { Evidence } from '../../evidence/evidence.ts'
import type { Step } from '../../evidence/steps.ts'
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

interface Cache {
  readonly name: string
  readonly path: RegExp
  /** Programs that fill it. */
  readonly by: RegExp
  readonly remedy: string
}

const HOME = String.raw`\/(?:root|home\/[^/]+|var\/www|app|usr\/src\/app)`
const CACHES: readonly Cache[] = [
  {
    name: 'apk’s package cache',
    path: /^\/var\/cache\/apk\/|^\/etc\/apk\/cache\//,
    by: /^apk$/,
    remedy: 'Write apk add --no-cache.',
  },
  {
    name: 'apt’s downloaded packages',
    path: /^\/var\/cache\/apt\//,
    by: /^(?:apt|apt-get|aptitude)$/,
    remedy: 'End the RUN with apt-get clean, or mount it: --mount=type=cache,target=/var/cache/apt.',
  },
  {
    name: 'apt’s package lists',
    path: /^\/var\/lib\/apt\/lists\//,
    by: /^(?:apt|apt-get|aptitude)$/,
    remedy: 'End the same RUN with rm -rf /var/lib/apt/lists/*.',
  },
  {
    name: 'Cargo’s registry',
    path: /\/\.?cargo\/registry\/(?:cache|index)\//,
    by: /^cargo$/,
    remedy: 'Build in a stage of its own, or mount it: --mount=type=cache,target=/usr/local/cargo/registry.',
  },
  {
    name: 'Composer’s cache',
    path: new RegExp(`^${HOME}\\/\\.(?:composer|cache\\/composer)\\/`),
    by: /^(?:composer|php)$/,
    remedy: 'Mount it: --mount=type=cache,target=/root/.composer/cache, or end the RUN with composer clear-cache.',
  },
  {
    name: 'conda’s packages',
    path: /\/(?:opt\/conda|miniconda3?|anaconda3?|miniforge3?)\/pkgs\/.+\.(?:conda|tar\.bz2)$/,
    by: /^(?:conda|mamba|micromamba)$/,
    remedy: 'End the RUN with conda clean -afy.',
  },
  {
    name: 'Go’s build cache',
    path: new RegExp(`^${HOME}\\/\\.cache\\/go-build\\/|^\\/go\\/pkg\\/mod\\/cache\\/`),
    by: /^go$/,
    remedy: 'Build in a stage of its own, or mount it: --mount=type=cache,target=/root/.cache/go-build.',
  },
  {
    name: 'npm’s cache',
    path: new RegExp(`^${HOME}\\/\\.npm\\/_cacache\\/`),
    by: /^(?:npm|npx|node)$/,
    remedy: 'Mount it: --mount=type=cache,target=/root/.npm, or end the RUN with npm cache clean --force.',
  },
  {
    name: 'pip’s cache',
    path: new RegExp(`^${HOME}\\/\\.cache\\/(?:pip|uv)\\/`),
    by: /^(?:pip\d?|python[\d.]*|uv)$/,
    remedy: 'Write pip install --no-cache-dir, or mount it: --mount=type=cache,target=/root/.cache/pip.',
  },
  {
    name: 'yarn’s cache',
    path: new RegExp(
      `^${HOME}\\/\\.(?:cache\\/yarn|yarn\\/(?:berry\\/)?cache)\\/|^\\/usr\\/local\\/share\\/\\.cache\\/yarn\\/`,
    ),
    by: /^yarn$/,
    remedy: 'End the RUN with yarn cache clean, or mount it: --mount=type=cache,target=/usr/local/share/.cache.',
  },
  {
    name: 'yum’s cache',
    path: /^\/var\/cache\/(?:yum|dnf|libdnf5)\//,
    by: /^(?:yum|dnf5?|microdnf|tdnf)$/,
    remedy: 'End the RUN with dnf clean all (yum clean all).',
  },
  {
    name: 'zypper’s cache',
    path: /^\/var\/cache\/zypp\//,
    by: /^zypper$/,
    remedy: 'End the RUN with zypper clean --all.',
  },
]

/** One test for nearly all paths. */
const ANY_CACHE = new RegExp(CACHES.map(({ path }) => path.source).join('|'))

/** Less is an empty directory's lock file, and no news. */
const MIN_BYTES = 256 << 10

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`

interface Left {
  bytes: number
  files: number
  hiddenIn: number | null
}

/** Bytes of each cache in a layer. */
function leftIn({ layers, filesystem }: Evidence, layer: number): Map<Cache, Left> {
  const found = new Map<Cache, Left>()
  for (const [index, entry] of (layers[layer]?.entries ?? []).entries()) {
    if (entry.type !== 'file' || entry.size === 0 || entry.whiteout !== null) continue
    if (!ANY_CACHE.test(entry.path)) continue
    const cache = CACHES.find(({ path }) => path.test(entry.path))
    if (cache === undefined) continue
    const left = found.get(cache) ?? { bytes: 0, files: 0, hiddenIn: null }
    left.bytes += entry.size
    left.files++
    left.hiddenIn ??= filesystem.versionOf(layer, index).ending?.layer ?? null
    found.set(cache, left)
  }
  return found
}

/** The command of a RUN that fills a cache: the last one that can have. */
const filler = ({ commands }: Step, { by }: Cache): ShellCommand | null =>
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
