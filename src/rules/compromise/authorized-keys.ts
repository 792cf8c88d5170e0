// Whoever has the other half of a key logs in.
import { REFERENCES, type Rule, type RuleMeta } from '../rule.ts'
import { onVersion, presentFiles } from './file-finding.ts'

const meta: RuleMeta = {
  id: 'authorized-keys',
  title: 'A key that lets somebody log in',
  description: 'The image holds authorized_keys: whoever has the other half of a key logs in by SSH.',
  remedy: 'Take it out; mount the file when a container starts that is to be logged in to.',
  severity: 'high',
  confidence: 'high',
  kind: 'rule',
  references: [REFERENCES.attackAuthorizedKeys],
  enabled: true,
}

const KEYS = /\/\.ssh\/authorized_keys2?$|^\/etc\/(?:ssh|dropbear)\/authorized_keys(?:\/[^/]+|\.d\/[^/]+)?$/
const KEY =
  /(?:^|\s)(?:ssh-(?:rsa|ed25519|dss)|ecdsa-sha2-nistp\d{3}|sk-(?:ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com) AAAA/

export const authorizedKeys: Rule = {
  meta,
  *check(evidence) {
    for (const version of presentFiles(evidence)) {
      if (!KEYS.test(version.path)) continue
      const keys = (evidence.collected(version.path) ?? '')
        .split('\n')
        .filter((line) => !/^\s*#/.test(line) && KEY.test(line))
      if (keys.length === 0) continue
      const user = /^\/(?:home\/)?([^/]+)\/\.ssh\//.exec(version.path)?.[1] ?? 'an account'
      yield onVersion(meta, evidence, version, {
        message: `${version.path} lets ${keys.length === 1 ? 'the owner of one key' : `the owners of ${keys.length} keys`} log in as ${user}, in every container of this image.`,
        remedy:
          'Take it out of the image. A container that is to be logged in to gets the file when it starts, by a mount.',
        identity: ['authorized_keys'],
      })
    }
  },
}
