// RUN with the rights or the network of the machine that builds.
import { onStep } from '../placed.ts'
import { type BuildRule, REFERENCES, type RuleMeta } from '../rule.ts'

const meta: RuleMeta = {
  id: 'privileged-build',
  title: 'A RUN that is not kept apart from the machine that builds',
  description: 'RUN --security=insecure runs with all rights of the builder, RUN --network=host in its network.',
  remedy: 'Remove the flag.',
  severity: 'medium',
  confidence: 'high',
  kind: 'rule',
  references: [REFERENCES.owaspPrivileges, REFERENCES.nistImage, REFERENCES.attackEscape],
  enabled: true,
  strict: 'high',
}

const FLAGS: readonly { readonly flag: RegExp; readonly says: string; readonly remedy: string }[] = [
  {
    flag: /^--security=["']?insecure/,
    says: 'runs with all rights of the builder: what it runs can take over the machine and the builds of others',
    remedy: 'Remove --security=insecure; what needs it (mounting, loading modules) belongs outside the build.',
  },
  {
    flag: /^--network=["']?host/,
    says: 'runs in the network of the machine that builds: what it runs reaches services that listen for that machine alone',
    remedy: 'Remove --network=host; fetch over the build’s own network, or mount what the command needs.',
  },
]

export const privilegedBuild: BuildRule = {
  meta,
  *check({ steps }) {
    for (const step of steps) {
      if (step.keyword !== 'RUN') continue
      for (const { flag, says, remedy } of FLAGS) {
        const written = step.flags?.find((candidate) => flag.test(candidate))
        if (written !== undefined)
          yield onStep(meta, step, { message: `RUN ${written} ${says}.`, remedy, identity: [written] })
      }
    }
  },
}
