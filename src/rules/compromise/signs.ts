// Rules whose signs the scanner finds in contents, and that commands of the build can hold too.
import type { BuildEvidence } from '../../evidence/evidence.ts'
import type { Version } from '../../filesystem/filesystem.ts'
import type { LayerIndicator } from '../../layer/layer-scan.ts'
import { indicatorOf, indicatorsIn, ruleOfIndicator } from '../../secrets/indicators.ts'
import { onStep } from '../placed.ts'
import type { Draft, RuleMeta } from '../rule.ts'
import { isDocumentation, onVersion } from './file-finding.ts'

/** Instructions whose text runs. */
const RUNS = /^(?:RUN|CMD|ENTRYPOINT|HEALTHCHECK|ONBUILD|SHELL|ENV)$/

interface Told {
  /** Which files may hold such a thing; `name` is that of the innermost member of an archive. */
  readonly isMeant: (version: Version, sign: string, name: string) => boolean
  readonly remedy: string
  /** Of a file that a later layer hides. */
  readonly hiddenSeverity?: 'medium' | 'low'
}

/** Findings in commands of the build. */
export function* inSteps(meta: RuleMeta, { steps }: BuildEvidence, remedy: string): Generator<Draft> {
  for (const step of steps) {
    if (step.of !== 'image' || !RUNS.test(step.keyword ?? '')) continue
    const [first] = indicatorsIn(step.text).filter(({ detector }) => ruleOfIndicator(detector.id) === meta.id)
    if (first === undefined) continue
    yield onStep(meta, step, {
      message: `${step.keyword}: ${first.detector.title}.`,
      remedy,
      identity: [first.detector.id, step.keyword ?? ''],
    })
  }
}

/** Findings in files of all layers, one for each file. */
export function* inFiles(
  meta: RuleMeta,
  evidence: BuildEvidence,
  { isMeant, remedy, hiddenSeverity = 'medium' }: Told,
): Generator<Draft> {
  const { built } = evidence
  if (built === null) return
  for (const [layer, { indicators }] of evidence.layers.entries()) {
    const byEntry = new Map<number, LayerIndicator[]>()
    for (const each of indicators)
      if (ruleOfIndicator(each.detector) === meta.id)
        byEntry.set(each.entry, [...(byEntry.get(each.entry) ?? []), each])
    for (const [entry, found] of byEntry) {
      const version = built.filesystem.versionOf(layer, entry)
      const inner = found.filter(({ inside, detector }) => {
        const name = inside === null ? version.path : `/${inside.split('!/').at(-1)}`
        return !isDocumentation(name) && isMeant(version, detector, name)
      })
      const [first] = inner
      if (first === undefined || isDocumentation(version.path)) continue
      if (built.isVouched(layer, version.path)) continue
      const says = [...new Set(inner.map(({ detector }) => indicatorOf(detector)?.title ?? detector))]
      const { ending } = version
      yield onVersion(meta, evidence, version, {
        message: `${version.path}${first.inside === null ? '' : `!/${first.inside}`}${first.line === null ? '' : `, line ${first.line}`}: ${says.join('; ')}.${ending === null ? '' : ` Layer ${ending.layer} hides it; the bytes stay in layer ${layer}.`}`,
        remedy,
        identity: [...new Set(inner.map(({ detector }) => detector))].sort(),
        line: first.inside === null ? first.line : null,
        inside: first.inside,
        ...(ending === null ? {} : { severity: hiddenSeverity }),
      })
    }
  }
}
