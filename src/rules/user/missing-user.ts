import { placed } from '../placed.ts'
import { type BuildRule, REFERENCES, type RuleMeta } from '../rule.ts'
import { bringsDropper, dropsPrivileges, madeUser, userAdvice } from './user.ts'

const meta: RuleMeta = {
  id: 'missing-user',
  title: 'No USER: the container runs as root',
  description: 'The image sets no user, so the container runs as root.',
  remedy: 'Add a USER with a numeric id that is not 0.',
  severity: 'medium',
  confidence: 'high',
  kind: 'rule',
  references: [REFERENCES.cis41, REFERENCES.owaspUser, REFERENCES.nistImage, REFERENCES.attackEscape],
  enabled: true,
  strict: 'high',
}

/** Bases that set a user by themselves, by the name that says so. */
const NONROOT_BASE = /:(?:[\w.-]*-)?nonroot\b|^cgr\.dev\/chainguard\/|^dhi\.io\//

export const missingUser: BuildRule = {
  meta,
  *check(evidence) {
    const { user, built, base, fromLines } = evidence
    if (user.configured !== '') return
    const at = {
      location: { kind: 'config', field: 'User' },
      dockerfile: fromLines,
      origin: 'own',
      identity: ['User'],
    } as const
    // The base image is not at hand: a USER of its own is not known.
    if (built === null && base !== null && NONROOT_BASE.test(base.reference)) return
    const drop = dropsPrivileges(evidence)
    if (drop !== null) {
      yield placed(meta, {
        ...at,
        severity: 'info',
        message: `The image sets no USER, and its entrypoint ${drop.script ?? drop.by} drops from root to ${drop.to ?? 'another user'} (${drop.by}): the service does not run as root, docker exec and what the entrypoint does before do.`,
        remedy:
          'Nothing, where the entrypoint needs root for a moment. Kubernetes refuses it under runAsNonRoot: set runAsUser there.',
      })
      return
    }
    if (built === null && bringsDropper(evidence)) {
      yield placed(meta, {
        ...at,
        severity: 'info',
        confidence: 'low',
        message:
          'No USER in the last stage, and the build brings a program that drops from root to another user (gosu, su-exec): the entrypoint may do so. The image tells: layergate scan.',
        remedy: 'Nothing, where the entrypoint drops. Else write USER with a number before CMD.',
      })
      return
    }
    const made = madeUser(evidence)
    const line = made?.step.lines
    const unused =
      made === null
        ? ''
        : ` ${line == null ? 'The build' : `Line ${line.startLine}`} makes the user ${made.name}; no USER names it.`
    yield placed(meta, {
      ...at,
      ...(built === null ? { confidence: 'low' as const } : {}),
      message:
        built === null
          ? `No USER in the last stage: the container runs as root unless ${base?.reference ?? 'the base image'} sets another user.${unused}`
          : `The image sets no USER: the container runs as root.${unused}`,
      remedy: userAdvice(evidence),
    })
  },
}
