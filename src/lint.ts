// The rules that need no image, on Dockerfiles, and what their text leaks: for editors, pre-commit hooks and repositories that are about to build.
import { createHash } from 'node:crypto'
import type { SourceFile } from './checkout/checkout.ts'
import { type Dockerfile, type Instruction, parseDockerfile } from './dockerfile/dockerfile.ts'
import type { DockerfileLines } from './dockerfile/lines.ts'
import { externalImages, possibleBases } from './dockerfile/references.ts'
import { ancestorsOf } from './dockerfile/stages.ts'
import { ConfigError } from './error.ts'
import { hiddenInCommands } from './evidence/command-credentials.ts'
import { describedBy } from './evidence/described.ts'
import { type BuildEvidence, environmentOf } from './evidence/evidence.ts'
import { givenLeaks } from './evidence/given-leaks.ts'
import { keyedHash } from './evidence/inspect.ts'
import { type Step, stepsOfDockerfile, unreadWarnings } from './evidence/steps.ts'
import { resolveUser } from './filesystem/users.ts'
import { withoutHiddenFix } from './outcome/fix.ts'
import { readInlineIgnores } from './policy/inline.ts'
import { judge, NOTHING_PENDING, type Verdict } from './policy/judge.ts'
import type { Policy } from './policy/policy.ts'
import { check } from './rules/check.ts'
import { BUILD_RULES } from './rules/list.ts'
import { knownValues, tokensIn, valuesIn } from './secrets/last-look.ts'
import { type KnownValue, Redactor } from './secrets/redact.ts'
import type { Scanner } from './secrets/scanner.ts'

export interface LintResult {
  readonly path: string
  /** Of the Dockerfile, all credentials hidden. */
  readonly lines: readonly string[]
  readonly verdict: Verdict
  readonly redactor: Redactor
}

/** The user that the last USER names, variables filled in where their value is known. */
function configuredUser(steps: readonly Step[]): { configured: string; step: Step | null } {
  const step = steps.findLast(({ keyword, of }) => keyword === 'USER' && of === 'image') ?? null
  if (step === null) return { configured: '', step }
  const text = step.text.trim().replace(/^(["'])(.*)\1$/, '$2')
  return {
    configured: text.replace(
      /\$(?:(\w+)|\{(\w+)(?::?-([^}]{0,1000}))?\})/g,
      (whole, bare?: string, braced?: string, other?: string) =>
        step.variables.get(bare ?? braced ?? '') ?? other ?? whole,
    ),
    step,
  }
}

/** What a Dockerfile alone tells. */
function evidenceOf(
  dockerfile: Dockerfile,
  salt: string,
  scanner: Scanner,
  now: Date,
): { readonly read: Omit<BuildEvidence, 'cut'>; readonly values: readonly KnownValue[] } {
  const target = dockerfile.stages.at(-1)
  if (target === undefined) throw new ConfigError(`${dockerfile.path}: it has no FROM: it is no Dockerfile.`)
  const linesOf = ({ startLine, endLine }: Instruction): DockerfileLines => ({
    path: dockerfile.path,
    startLine,
    endLine,
    certainty: 'exact',
  })
  const steps = stepsOfDockerfile(dockerfile, target, linesOf)
  const own = [...ancestorsOf(dockerfile, target), target]
  const [root = target] = own
  const isOpen = /[$]/.test(root.from)
  const { configured, step } = configuredUser(steps)
  const fromLines = linesOf(target.fromInstruction)
  const { origin, leaks, beside } = describedBy(dockerfile, own, steps, linesOf, scanner)
  const read: Omit<BuildEvidence, 'cut'> = {
    origin,
    leaks: leaks.leaks,
    given: givenLeaks(steps, leaks.leaks, origin),
    beside,
    layers: [],
    sources: new Map(),
    keyedHash: keyedHash(salt),
    steps,
    environment: environmentOf(steps),
    base:
      isOpen || /^scratch$/i.test(root.from)
        ? null
        : {
            reference: root.from,
            digest: /@(sha256:[0-9a-f]{64})$/.exec(root.from)?.[1] ?? null,
            layers: null,
            source: 'dockerfile',
            lines: linesOf(root.fromInstruction),
            doubt: null,
          },
    takenFrom: [
      ...(isOpen ? possibleBases(dockerfile, target, linesOf) : []),
      ...externalImages({ dockerfile, stage: target, stages: own, linesOf }, []),
    ],
    baseCertainty: () => null,
    user: resolveUser(configured, null, null),
    userLines: step?.lines ?? null,
    fromLines,
    accounts: [],
    built: null,
    now,
  }
  return {
    read,
    values: [...leaks.values, ...beside.flatMap(({ match }) => knownValues(scanner.catalogue, match, dockerfile.text))],
  }
}

/** Checks one Dockerfile. @throws ConfigError for a text that the builder would refuse */
export function lintDockerfile({ path, text }: SourceFile, policy: Policy, scanner: Scanner, now: Date): LintResult {
  const dockerfile = parseDockerfile(path, text)
  if (dockerfile.error !== null) throw new ConfigError(`${path}: ${dockerfile.error}.`)
  const salt = policy.salt ?? createHash('sha256').update(text).digest('hex')
  const { read, values } = evidenceOf(dockerfile, salt, scanner, now)
  const redactor = new Redactor(
    [...values, ...valuesIn(scanner, text), ...tokensIn(scanner, path), ...hiddenInCommands(read.steps)],
    (quoted) => tokensIn(scanner, quoted),
  )
  const evidence: BuildEvidence = { ...read, cut: (quoted, most, from) => redactor.cut(quoted, most, from) }
  const inline = readInlineIgnores(dockerfile)
  const verdict = judge(BUILD_RULES, check(BUILD_RULES, evidence, policy.rules), evidence, {
    policy,
    inline: inline.ignores,
    pending: NOTHING_PENDING,
    baseline: null,
    salt: '',
    redactor,
  })
  const warnings = [
    ...verdict.warnings,
    ...inline.problems.map((message) => ({ code: 'ignore-not-read', message: `${message}.` })),
    ...unreadWarnings(evidence.steps),
  ]
  return {
    path: redactor.name(path),
    redactor,
    lines: redactor.lines(dockerfile.lines),
    verdict: {
      ...verdict,
      findings: redactor.data(verdict.findings.map((finding) => withoutHiddenFix(finding, dockerfile.lines, redactor))),
      warnings: redactor.data(warnings),
    },
  }
}
