// Compilers and headers in the image that runs.
import type { Evidence } from '../../evidence/evidence.ts'
import type { Version } from '../../filesystem/filesystem.ts'
import { installs, packagesIn } from '../../shell/packages.ts'
import { onCommand, placed } from '../placed.ts'
import type { Draft } from '../rule.ts'
import { REFERENCES, type Rule, type RuleMeta } from '../rule.ts'

const meta: RuleMeta = {
  id: 'build-tools-left',
  title: 'Tools of the build stay in the image',
  description:
    'The final image holds compilers or headers that own layers brought: they serve the build, and whoever breaks in.',
  remedy: 'Build in a stage of its own and copy the result, or remove the tools in the RUN that installs them.',
  severity: 'low',
  confidence: 'high',
  kind: 'rule',
  references: [REFERENCES.cis43, REFERENCES.buildPractices],
  enabled: false,
  strict: 'low',
}

const COMPILERS =
  /^\/usr\/(?:local\/)?bin\/(?:(?:[\w-]+-linux-gnu-)?(?:gcc|g\+\+|cpp|ld|as)(?:-[\d.]+)?|cc|c\+\+|clang(?:\+\+)?(?:-\d+)?|make|cmake|rustc|cargo|ghc|javac|gfortran|nasm|yasm|meson|ninja)$/
/** dpkg's list of a package of headers. */
const HEADERS = /^\/var\/lib\/dpkg\/info\/([\w.+-]+-dev)(?::\w+)?\.list$/

interface Found {
  readonly tools: string[]
  readonly version: Version
}

/** Tools of the final tree by the layer that brought them. */
function toolsOf({ filesystem, origin, steps }: Evidence): Map<number, Found> {
  const found = new Map<number, Found>()
  for (const [layer, { owner }] of origin.layers.entries()) {
    // Where it is not known whose a layer is, only a RUN that installs packages can have brought them.
    const step = owner === 'unknown' ? steps.find((candidate) => candidate.layer === layer) : undefined
    if (owner !== 'own' && step?.commands.some((command) => packagesIn(command)?.action === 'install') !== true)
      continue
    for (const version of filesystem.presentIn(layer)) {
      const name = COMPILERS.test(version.path) ? version.path.replace(/^.*\//, '') : HEADERS.exec(version.path)?.[1]
      if (name === undefined) continue
      const own = found.get(layer) ?? { tools: [], version }
      own.tools.push(name)
      found.set(layer, own)
    }
  }
  return found
}

export const buildToolsLeft: Rule = {
  meta,
  *check(evidence): Generator<Draft> {
    for (const [layer, { tools, version }] of toolsOf(evidence)) {
      const step = evidence.steps.find((candidate) => candidate.of === 'image' && candidate.layer === layer)
      const command =
        step?.commands.find(
          (candidate) =>
            installs(candidate, (name) =>
              /-dev(?:el)?$|^(?:build-essential|build-base|gcc|g\+\+|make|clang|cmake|musl-dev)$/.test(name),
            ) !== null,
        ) ?? step?.commands.find((candidate) => packagesIn(candidate)?.action === 'install')
      const shown = [...new Set(tools)]
      const own = {
        message: `Layer ${layer} leaves ${shown.slice(0, 4).join(', ')}${shown.length > 4 ? ` and ${shown.length - 4} more tools of the build` : ''} in the image.`,
        remedy:
          'Build in a stage of its own and COPY --from the result, or remove them in the RUN that installs them (apt-get purge --auto-remove, apk del .build-deps).',
        identity: ['build-tools', step?.keyword ?? ''],
      }
      if (step !== undefined && command !== undefined) yield onCommand(meta, step, command, own)
      else
        yield placed(meta, {
          ...own,
          location: { kind: 'layer', layer, path: version.path, line: null, offset: null },
          dockerfile: evidence.origin.layers[layer]?.lines ?? null,
          origin: 'own',
        })
    }
  },
}
