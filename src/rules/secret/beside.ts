// Secrets that a Dockerfile says and the configuration of its image does not: what a here-document writes into the image, what
// stages say that it is only made with, and comments. `layergate lint` tells them; in an image the files and attestations do.
import type { BesideSecret } from '../../evidence/described.ts'
import type { BuildEvidence } from '../../evidence/evidence.ts'
import { isExpired } from '../../evidence/leak.ts'
import { SEVERITY_OF, type Severity } from '../../finding/finding.ts'
import type { Draft, PlacedFinding } from '../rule.ts'
import { whatOf } from './leak-words.ts'

const RULE: Readonly<Record<BesideSecret['where'], string>> = {
  file: 'secret-in-image',
  stage: 'secret-in-attestation',
  comment: 'secret-in-attestation',
}

/** No image has a comment: it is a leak of the repository, and of provenance that is pushed. */
function severityOf({ where, match }: BesideSecret, now: Date): Severity {
  const severity = isExpired(match.facts, now) ? 'low' : SEVERITY_OF[match.strength]
  if (where !== 'comment') return severity
  return severity === 'critical' || severity === 'high' ? 'medium' : 'low'
}

function messageOf({ where, keyword, name, lines }: BesideSecret, what: string): string {
  const at = lines === null ? '' : ` (${lines.path}:${lines.startLine})`
  if (where === 'file')
    return `The here-document of ${keyword}${at} writes ${what} into ${name}: everyone who can pull the image can read it.`
  const said =
    where === 'comment'
      ? `A comment of the Dockerfile${at}`
      : `${keyword}${name === '' ? '' : ` in the stage ${name}`}${at}`
  return `${said} holds ${what}: the repository has it, ${where === 'stage' ? 'the build cache has it, ' : ''}and provenance of mode=max, which is pushed with the image, records the Dockerfile.`
}

const TITLE: Readonly<Record<BesideSecret['where'], string>> = {
  file: 'in a here-document',
  stage: 'in a build stage',
  comment: 'in a comment of the Dockerfile',
}

const CHANGE: Readonly<Record<BesideSecret['where'], string>> = {
  file: 'Give it to the container when it starts, or mount it where the build needs it (RUN --mount=type=secret).',
  stage: 'Pass it as a build secret (RUN --mount=type=secret), never as ARG, ENV or text of a command.',
  comment: 'Delete the comment.',
}

function seenFrom(evidence: BuildEvidence, secret: BesideSecret): PlacedFinding {
  const { where, kind: detector, match, lines } = secret
  const { value, facts, note, strength } = match
  const { what, told } = whatOf({ detector, value, facts, note }, 1, evidence)
  return {
    ruleId: RULE[where],
    severity: severityOf(secret, evidence.now),
    confidence: strength === 'possible' ? 'medium' : 'high',
    title: `${detector.title} ${TITLE[where]}`,
    message: messageOf(secret, what),
    remedy: strength === 'harmless' ? CHANGE[where] : [`${detector.revoke}.`, CHANGE[where]],
    fix: null,
    location: { kind: 'image' },
    dockerfile: lines,
    related: [],
    file: null,
    secret: told,
    origin: 'own',
  }
}

/** Those of one rule; none where there is an image. */
export function* besideOf(evidence: BuildEvidence, ruleId: string): Generator<Draft> {
  for (const secret of evidence.beside) {
    const { where, match, name, lines } = secret
    if (RULE[where] !== ruleId) continue
    yield {
      places: [
        {
          ruleId,
          location: { kind: 'image' },
          origin: 'own',
          dockerfile: lines,
          identity: [match.detector, where, name, match.facts['name'] ?? ''],
        },
      ],
      seenFrom: () => seenFrom(evidence, secret),
      hashOf: null,
      detector: match.detector,
    }
  }
}
