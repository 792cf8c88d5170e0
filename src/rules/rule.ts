// What a rule is: its metadata, its options and one check over the evidence.
import type * as z from 'zod'
import type { BuildEvidence, Evidence } from '../evidence/evidence.ts'
import type { Confidence, Finding, Severity } from '../finding/finding.ts'

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
  /** Its severity in the strict policy, where that is another; it is on there. */
  readonly strict?: Severity
  /** Rules of hadolint that find the same: their comments in a Dockerfile count. https://github.com/hadolint/hadolint#rules */
  readonly hadolint?: readonly string[]
}

/**
 * A finding as seen from one of its places. What the policy adds (status, suppression) and what follows from the place
 * (fingerprint) is not here.
 */
export interface PlacedFinding
  extends Omit<
    Finding,
    | 'fingerprint'
    | 'fails'
    | 'originCertainty'
    | 'status'
    | 'pending'
    | 'suppressed'
    | 'references'
    | 'remedy'
    | 'steps'
  > {
  /** What to do; of several steps each by itself, so that findings that are shown together can share them. */
  readonly remedy: string | readonly string[]
}

/** What the policy needs of a place to choose the one that a finding is shown at. */
export interface PlaceOfFinding extends Pick<PlacedFinding, 'ruleId' | 'location' | 'origin' | 'dockerfile'> {
  /** What names the place for the fingerprint: no layer numbers, no line numbers, no values. */
  readonly identity: readonly string[]
  /** What is found there proves itself: a base that is not proven does not quiet it. */
  readonly isProven?: boolean
}

/** What a rule yields: a finding that can be shown at each of its places, first the one that is easiest to reach. */
export interface Draft {
  readonly places: readonly [PlaceOfFinding, ...PlaceOfFinding[]]
  /** The finding as seen from one place; made only for the one that is shown, since a value can stand in thousands. */
  seenFrom(place: number): PlacedFinding
  /** Hash of the value under a salt, for comparing runs; of a password 16 bits of it. null where there is no secret. */
  readonly hashOf: ((salt: string) => string) | null
  /** What tells the value; not there where there is no secret. */
  readonly detector?: string
}

/** A rule over some evidence. */
export interface RuleOver<E, Options = unknown> {
  readonly meta: RuleMeta
  /** Options beside `severity`; they must all have defaults. */
  readonly options?: z.ZodObject
  check(evidence: E, options: Options): Iterable<Draft>
}

/** A rule that looks at the image. */
export type Rule<Options = unknown> = RuleOver<Evidence, Options>
/** A rule that needs no image: `layergate lint` runs it on a Dockerfile. Where there is an image, it looks at it too. */
export type BuildRule<Options = unknown> = RuleOver<BuildEvidence, Options>

const CIS = 'https://www.cisecurity.org/benchmark/docker'
export const REFERENCES = {
  cis41: { name: 'CIS Docker 4.1', url: CIS },
  cis42: { name: 'CIS Docker 4.2', url: CIS },
  cis410: { name: 'CIS Docker 4.10', url: CIS },
  cis43: { name: 'CIS Docker 4.3', url: CIS },
  cis47: { name: 'CIS Docker 4.7', url: CIS },
  cis48: { name: 'CIS Docker 4.8', url: CIS },
  cis49: { name: 'CIS Docker 4.9', url: CIS },
  cis411: { name: 'CIS Docker 4.11', url: CIS },
  cis56: { name: 'CIS Docker 5.6', url: CIS },
  owaspPrivileges: {
    name: 'OWASP Docker Security, rule 4',
    url: 'https://cheatsheetseries.owasp.org/cheatsheets/Docker_Security_Cheat_Sheet.html#rule-4-prevent-in-container-privilege-escalation',
  },
  nistImage: { name: 'NIST SP 800-190, 4.1', url: 'https://doi.org/10.6028/NIST.SP.800-190' },
  buildPractices: {
    name: 'Docker build best practices',
    url: 'https://docs.docker.com/build/building/best-practices/',
  },
  addReference: { name: 'Dockerfile reference, ADD', url: 'https://docs.docker.com/reference/dockerfile/#add' },
  attackShell: { name: 'MITRE ATT&CK T1059.004', url: 'https://attack.mitre.org/techniques/T1059/004/' },
  attackProtocol: { name: 'MITRE ATT&CK T1095', url: 'https://attack.mitre.org/techniques/T1095/' },
  attackWebShell: { name: 'MITRE ATT&CK T1505.003', url: 'https://attack.mitre.org/techniques/T1505/003/' },
  attackHijacking: { name: 'MITRE ATT&CK T1496', url: 'https://attack.mitre.org/techniques/T1496/' },
  attackPacking: { name: 'MITRE ATT&CK T1027.002', url: 'https://attack.mitre.org/techniques/T1027/002/' },
  attackPreload: { name: 'MITRE ATT&CK T1574.006', url: 'https://attack.mitre.org/techniques/T1574/006/' },
  attackAuthorizedKeys: { name: 'MITRE ATT&CK T1098.004', url: 'https://attack.mitre.org/techniques/T1098/004/' },
  attackAccount: { name: 'MITRE ATT&CK T1136.001', url: 'https://attack.mitre.org/techniques/T1136/001/' },
  attackCron: { name: 'MITRE ATT&CK T1053.003', url: 'https://attack.mitre.org/techniques/T1053/003/' },
  attackBoot: { name: 'MITRE ATT&CK T1037', url: 'https://attack.mitre.org/techniques/T1037/' },
  attackTransfer: { name: 'MITRE ATT&CK T1105', url: 'https://attack.mitre.org/techniques/T1105/' },
  attackHidden: { name: 'MITRE ATT&CK T1564.001', url: 'https://attack.mitre.org/techniques/T1564/001/' },
  attackMasquerade: { name: 'MITRE ATT&CK T1036.005', url: 'https://attack.mitre.org/techniques/T1036/005/' },
  attackBinary: { name: 'MITRE ATT&CK T1554', url: 'https://attack.mitre.org/techniques/T1554/' },
  attackSetuid: { name: 'MITRE ATT&CK T1548.001', url: 'https://attack.mitre.org/techniques/T1548/001/' },
  attackSudo: { name: 'MITRE ATT&CK T1548.003', url: 'https://attack.mitre.org/techniques/T1548/003/' },
  attackRemote: { name: 'MITRE ATT&CK T1021.004', url: 'https://attack.mitre.org/techniques/T1021/004/' },
  attackAdversary: { name: 'MITRE ATT&CK T1557', url: 'https://attack.mitre.org/techniques/T1557/' },
  attackPermissions: { name: 'MITRE ATT&CK T1222.002', url: 'https://attack.mitre.org/techniques/T1222/002/' },
  attackAccounts: { name: 'MITRE ATT&CK T1078.003', url: 'https://attack.mitre.org/techniques/T1078/003/' },
  attackEscape: { name: 'MITRE ATT&CK T1611', url: 'https://attack.mitre.org/techniques/T1611/' },
  owaspUser: {
    name: 'OWASP Docker Security, rule 2',
    url: 'https://cheatsheetseries.owasp.org/cheatsheets/Docker_Security_Cheat_Sheet.html#rule-2-set-a-user',
  },
  owaspSupplyChain: {
    name: 'OWASP Docker Security, rule 13',
    url: 'https://cheatsheetseries.owasp.org/cheatsheets/Docker_Security_Cheat_Sheet.html#rule-13-enhance-supply-chain-security',
  },
  buildSecrets: { name: 'Docker build secrets', url: 'https://docs.docker.com/build/building/secrets/' },
  layers: { name: 'OCI image layers', url: 'https://github.com/opencontainers/image-spec/blob/v1.1.1/layer.md' },
  attackCredentials: { name: 'MITRE ATT&CK T1552.001', url: 'https://attack.mitre.org/techniques/T1552/001/' },
  attackSupplyChain: { name: 'MITRE ATT&CK T1195.002', url: 'https://attack.mitre.org/techniques/T1195/002/' },
} as const satisfies Record<string, Reference>
