// What runs by itself: jobs of cron, units, scripts of login. It is told where it does what no honest one has to.
import type { Evidence } from '../../evidence/evidence.ts'
import { REFERENCES, type Reference, type Rule, type RuleMeta } from '../rule.ts'
import { onVersion, presentFiles } from './file-finding.ts'
import { suspicionsIn } from './suspicious.ts'

const CRON =
  /^\/etc\/(?:cron(?:tab|\.d\/[^/]+|\.(?:hourly|daily|weekly|monthly)\/[^/]+)|crontabs\/[^/]+|periodic\/[^/]+\/[^/]+)$|^\/var\/spool\/cron\/(?:crontabs\/)?[^/]+$/
const INIT =
  /^\/(?:etc|usr\/lib|lib)\/systemd\/system\/[^/]+\.(?:service|timer)$|^\/etc\/(?:rc\.local|rc\.d\/rc\.local|profile|profile\.d\/[^/]+|bash\.bashrc|init\.d\/[^/]+|local\.d\/[^/]+|supervisor\/conf\.d\/[^/]+)$|^\/(?:root|home\/[^/]+)\/\.(?:bashrc|bash_profile|bash_login|profile|zshrc|zprofile)$|\/(?:site|dist)-packages\/(?:[^/]+\.pth|sitecustomize\.py|usercustomize\.py)$/

const metaOf = (id: string, title: string, description: string, reference: Reference): RuleMeta => ({
  id,
  title,
  description,
  remedy: 'Take it out, find out who brought it, and rebuild from a source that you trust.',
  severity: 'high',
  confidence: 'high',
  kind: 'rule',
  references: [reference],
  enabled: true,
})

const ruleOver = (meta: RuleMeta, paths: RegExp): Rule => ({
  meta,
  *check(evidence: Evidence) {
    for (const version of presentFiles(evidence)) {
      if (!paths.test(version.path)) continue
      const text = evidence.collected(version.path)
      const why = text === null ? [] : suspicionsIn(text)
      if (why.length === 0 || evidence.isVouched(version.layer, version.path)) continue
      yield onVersion(meta, evidence, version, {
        message: `${version.path} runs by itself, and ${why.join('; ')}.`,
        remedy: `Take it out, and find out who brought it: layergate cat IMAGE ${version.path}, layergate timeline IMAGE.`,
        identity: ['runs by itself'],
      })
    }
  },
})

export const cronPersistence: Rule = ruleOver(
  metaOf(
    'cron-persistence',
    'A job of cron that calls out',
    'A job of cron downloads and runs something, opens a shell to somebody, or starts a program from a directory that anyone may write.',
    REFERENCES.attackCron,
  ),
  CRON,
)

export const initPersistence: Rule = ruleOver(
  metaOf(
    'init-persistence',
    'A start script that calls out',
    'A unit, an init script or a script of login downloads and runs something, opens a shell to somebody, or starts a program from a directory that anyone may write.',
    REFERENCES.attackBoot,
  ),
  INIT,
)
