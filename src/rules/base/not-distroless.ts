import { placed } from '../placed.ts'
import type { Rule, RuleMeta } from '../rule.ts'

const meta: RuleMeta = {
  id: 'not-distroless',
  title: 'The image has a shell or a package manager',
  description: 'The final image holds a shell or a package manager, told by what is executable there.',
  remedy: 'Ship a stage that starts from a distroless base or from scratch, with only what the application needs.',
  severity: 'medium',
  confidence: 'high',
  kind: 'rule',
  references: [{ name: 'Distroless images', url: 'https://github.com/GoogleContainerTools/distroless' }],
  enabled: false,
  strict: 'medium',
}

/** Names that one message lists. */
const MAX_NAMED = 6

export const notDistroless: Rule = {
  meta,
  *check({ programs, origin }) {
    if (programs.distroless) return
    const found = [...programs.shells, ...programs.packageManagers]
    const named = found.slice(0, MAX_NAMED).join(', ')
    yield placed(meta, {
      message: `The final image holds ${programs.shells.length > 0 ? 'a shell' : ''}${programs.shells.length > 0 && programs.packageManagers.length > 0 ? ' and ' : ''}${programs.packageManagers.length > 0 ? 'a package manager' : ''}: ${named}${found.length > MAX_NAMED ? ` and ${found.length - MAX_NAMED} more` : ''}.`,
      remedy: meta.remedy,
      location: { kind: 'image' },
      dockerfile: origin.from,
      origin: 'own',
      identity: ['programs'],
    })
  },
}
