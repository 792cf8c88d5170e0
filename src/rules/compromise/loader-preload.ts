// A library that every program of the image loads first.

import { onStep, placed } from '../placed.ts'
import { REFERENCES, type Rule, type RuleMeta } from '../rule.ts'
import { collectedFile, onVersion } from './file-finding.ts'

const meta: RuleMeta = {
  id: 'loader-preload',
  title: 'A library is loaded into every program',
  description:
    '/etc/ld.so.preload or LD_PRELOAD loads a library into every program: it sees and changes all that they do.',
  remedy: 'Take it out, or say with an ignore entry what it is for.',
  severity: 'high',
  confidence: 'high',
  kind: 'rule',
  references: [REFERENCES.attackPreload],
  enabled: true,
}

const FILE = '/etc/ld.so.preload'

/** Allocators, monitors and test tools that are meant to be loaded so. */
const USUAL =
  /(?:jemalloc|tcmalloc|mimalloc|snmalloc|hoard|faketime|eatmydata|nss_wrapper|fakeroot|fakechroot|gcompat|memusage|[atu]san|heaptrack|gomp|stdc\+\+|iconv|segfault|ddtrace|datadog|dd_|otel|newrelic|appdynamics|dynatrace|oneagent|libnuma|libcuda|libhugetlbfs|umem|proxychains|torsocks|stdbuf|libintl|libvips|libhoard)[\w.+-]{0,60}(?:\s|$|:)/i

export const loaderPreload: Rule = {
  meta,
  *check(evidence) {
    const file = collectedFile(evidence, FILE)
    const named = file?.text.split('\n').filter((line) => /^\s*[^#\s]/.test(line)) ?? []
    if (file !== null && named.length > 0 && !evidence.isVouched(file.version.layer, FILE))
      yield onVersion(meta, evidence, file.version, {
        message: `${FILE} loads ${evidence.cut(named.map((line) => line.trim()).join(', '), 100)} into every program of the image, set-uid ones too. No package writes this file.`,
        remedy: `Take ${FILE} out, and look at the library: layergate files IMAGE ${(named[0] ?? '').trim()}.`,
        identity: [FILE],
      })
    for (const { name, value, step } of evidence.environment) {
      if (
        name !== 'LD_PRELOAD' ||
        value.trim() === '' ||
        value.split(/[\s:]+/).every((each) => each === '' || USUAL.test(`${each} `))
      )
        continue
      const finding = {
        severity: 'medium' as const,
        confidence: 'medium' as const,
        message: `LD_PRELOAD loads ${evidence.cut(value, 80)} into every program of the container.`,
        remedy: 'Take it out, or set it for the one program that needs it.',
        identity: ['LD_PRELOAD', value],
      }
      yield step === null
        ? placed(meta, {
            ...finding,
            location: { kind: 'config', field: 'Env.LD_PRELOAD' },
            dockerfile: null,
            origin: 'unknown',
          })
        : onStep(meta, step, finding)
    }
  },
}
