// Addresses that nobody should have to build from.

import { onStep } from '../placed.ts'
import { type BuildRule, REFERENCES, type RuleMeta } from '../rule.ts'
import { suspiciousAddresses } from './suspicious.ts'

const meta: RuleMeta = {
  id: 'suspicious-url',
  title: 'A download from nobody in particular',
  description: 'The build or a start command fetches from a paste site, a bare address, a tunnel, Tor or dynamic DNS.',
  remedy: 'Fetch from a host that somebody answers for, and check what comes against a checksum.',
  severity: 'medium',
  confidence: 'high',
  kind: 'rule',
  references: [REFERENCES.attackTransfer],
  enabled: true,
  strict: 'high',
}

export const suspiciousUrl: BuildRule = {
  meta,
  *check({ steps, cut }) {
    for (const step of steps) {
      if (step.of !== 'image' || !/^(?:RUN|ADD|CMD|ENTRYPOINT|HEALTHCHECK)$/.test(step.keyword ?? '')) continue
      const [first] = suspiciousAddresses(step.text)
      if (first === undefined) continue
      yield onStep(meta, step, {
        message: `${step.keyword} names ${cut(first.url, 80)}, ${first.what}: anyone can stand behind it tomorrow.`,
        remedy:
          'Fetch from a host that somebody answers for, by https and with a checksum, or keep the file in the repository.',
        identity: [first.url],
      })
    }
  },
}
