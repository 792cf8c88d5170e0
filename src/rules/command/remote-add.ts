// ADD of a URL takes whatever is there on the day of the build.
import type { Step } from '../../evidence/steps.ts'
import { onStep } from '../placed.ts'
import { type BuildRule, REFERENCES, type RuleMeta } from '../rule.ts'

const meta: RuleMeta = {
  id: 'remote-add',
  title: 'ADD of a URL without a checksum',
  description:
    'ADD fetches a URL without --checksum, or a Git repository without a commit: what is there on the day of the build is in the image.',
  remedy: 'Write ADD --checksum=sha256:… URL, or name the commit of the repository.',
  severity: 'low',
  confidence: 'high',
  kind: 'rule',
  references: [REFERENCES.cis49, REFERENCES.owaspSupplyChain, REFERENCES.addReference],
  enabled: true,
}

const isGit = (word: string): boolean => /^(?:git@|git:\/\/|ssh:\/\/git@)|^https?:\/\/[^?#]+\.git(?:[?#]|$)/i.test(word)
const hasCommit = (word: string): boolean =>
  /[#?&](?:[^#]{0,500}\b(?:ref|commit|checksum)=)?[0-9a-f]{40}(?:[:&]|$)|[?&](?:checksum|commit)=[0-9a-f]{40}/i.test(
    word,
  )

/** Files and directories have a word in front of the hash. */
const OF_A_URL = /^[0-9a-f]{64} in /

/** The URL that an ADD takes as it comes; null for none. */
function unchecked({ text, flags, variables }: Step): string | null {
  const sources = text
    .split(/\s+/)
    .slice(0, -1)
    .map((word) => word.replace(/^["'[]+|(?<!["',\]])["',\]]+$/g, ''))
    .map((word) => word.replace(/\$\{?(\w+)\}?/g, (whole, name: string) => variables.get(name) ?? whole))
  const git = sources.find((word) => isGit(word) && !hasCommit(word))
  if (git !== undefined) return git
  if (flags?.some((flag) => flag.startsWith('--checksum='))) return null
  return sources.find((word) => /^(?:https?|ftp):\/\//i.test(word) && !isGit(word)) ?? null
}

export const remoteAdd: BuildRule = {
  meta,
  *check({ steps }) {
    for (const step of steps) {
      if (step.keyword !== 'ADD') continue
      if (OF_A_URL.test(step.text)) {
        yield onStep(meta, step, {
          message:
            'ADD fetches a URL, which the classic builder keeps no word of, without a checksum: whatever is there on the day of the build is in the image.',
          remedy: 'Build with BuildKit, and write ADD --checksum=sha256:<sha256> URL …',
          identity: ['URL', step.text.replace(/^[0-9a-f]+ /, '')],
        })
        continue
      }
      const url = unchecked(step)
      if (url === null) continue
      const git = isGit(url)
      // The history leaves --checksum out.
      const sure = step.flags !== null || git
      yield onStep(meta, step, {
        confidence: sure ? 'high' : 'low',
        message: `ADD fetches ${url} ${git ? 'without a commit' : 'without a checksum'}${sure ? '' : ', as far as the history tells'}: whatever is there on the day of the build is in the image.`,
        remedy: git
          ? `Name the commit: ${url.replace(/#.*$/s, '')}#<40 hex digits>.`
          : `Write ADD --checksum=sha256:<sha256> ${url} …`,
        identity: [url],
      })
    }
  },
}
