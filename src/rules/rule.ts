// What a rule is: its metadata, its options and one check over the evidence.
import type { z } from 'zod'
import type { Evidence } from '../evidence/evidence.ts'
import type { Confidence, Finding, Severity } from './finding.ts'

export interface Reference {
  readonly name: string
  readonly url: string
}

export interface RuleMeta {
  /** In words: `deleted-secret`. Names its page docs/rules/ID.md and its cases test/rules/ID/. */
  readonly id: string
  readonly title: string
  /** What it finds, in one sentence. */
  readonly description: string
  /** What to do, in general. */
  readonly remedy: string
  /** By default; a finding can have another. */
  readonly severity: Severity
  readonly confidence: Confidence
  /** Rules on secrets have their own least confidence in the policy. */
  readonly kind: 'secret' | 'rule'
  readonly references: readonly Reference[]
  /** Whether it is on in the recommended policy. */
  readonly enabled: boolean
}

/**
 * A finding as seen from one of its places. What the policy adds (status, suppression) and what follows from the place
 * (fingerprint) is not here.
 */
export type PlacedFinding = Omit<Finding, 'fingerprint' | 'status' | 'suppressed' | 'references'>

/** What the policy needs of a place to choose the one that a finding is shown at. */
export interface PlaceOfFinding extends Pick<PlacedFinding, 'ruleId' | 'location' | 'origin'> {
  /** What names the place for the fingerprint: no layer numbers, no line numbers, no values. */
  readonly identity: readonly string[]
}

/** What a rule yields: a finding that can be shown at each of its places, first the one that is easiest to reach. */
export interface Draft {
  readonly places: readonly [PlaceOfFinding, ...PlaceOfFinding[]]
  /** The finding as seen from one place; made only for the one that is shown, since a value can stand in thousands. */
  seenFrom(place: number): PlacedFinding
}

export interface Rule<Options = unknown> {
  readonly meta: RuleMeta
  /** Options beside `severity`; they must all have defaults. */
  readonly options?: z.ZodObject
  check(evidence: Evidence, options: Options): Iterable<Draft>
}

const CIS = 'https://www.cisecurity.org/benchmark/docker'
export const REFERENCES = {
  cis41: { name: 'CIS Docker 4.1', url: CIS },
  cis42: { name: 'CIS Docker 4.2', url: CIS },
  cis410: { name: 'CIS Docker 4.10', url: CIS },
  owaspUser: { name: 'OWASP Docker Security, rule 2', url: 'https://cheatsheetseries.owasp.org/cheatsheets/Docker_Security_Cheat_Sheet.html#rule-2-set-a-user' },
  owaspSupplyChain: {
    name: 'OWASP Docker Security, rule 13',
    url: 'https://cheatsheetseries.owasp.org/cheatsheets/Docker_Security_Cheat_Sheet.html#rule-13-enhance-supply-chain-security',
  },
  buildSecrets: { name: 'Docker build secrets', url: 'https://docs.docker.com/build/building/secrets/' },
  layers: { name: 'OCI image layers', url: 'https://github.com/opencontainers/image-spec/blob/v1.1.1/layer.md' },
  attackCredentials: { name: 'MITRE ATT&CK T1552.001', url: 'https://attack.mitre.org/techniques/T1552/001/' },
  attackSupplyChain: { name: 'MITRE ATT&CK T1195.002', url: 'https://attack.mitre.org/techniques/T1195/002/' },
} as const satisfies Record<string, Reference>
