// Why one finding is what it is: what was found, how that is told, every place, what to do.
import type { Finding } from '../finding/finding.ts'
import type { Report } from '../outcome/contract.ts'
import { findRule } from '../rules/list.ts'
import { allDetectors } from '../secrets/scanner.ts'
import { renderDetector } from './detectors.ts'
import { visible } from './escape.ts'
import { lineName, otherPlaceName, otherPlaces, placeName, plural } from './phrases.ts'
import { wrap } from './wrap.ts'

/** What makes a match more or less than its form says. */
const STRENGTHS: Readonly<Record<NonNullable<NonNullable<Finding['secret']>['strength']>, string>> = {
  proven: 'It proves itself: a checksum fits, it decodes to a key, or an id stands beside its secret.',
  likely: 'Only this kind of credential is written so.',
  possible: 'Its form alone could be something else: the name in front of it, or its place, makes it a finding.',
  harmless: 'It is an example, expired, encrypted, or of a test: no access.',
}

const ORIGINS: Readonly<Record<Finding['origin'], string>> = {
  own: 'An instruction of this Dockerfile brought it.',
  base: 'It came with the base image.',
  unknown: 'Whether it came with the base is not known, so it counts as own.',
}

function howFound({ secret, ruleId, message }: Finding): string[] {
  if (secret === null) {
    const rule = findRule(ruleId)
    return [...wrap(visible(message), '  ', '  '), ...(rule === null ? [] : wrap(rule.meta.description, '  ', '  '))]
  }
  const detector = allDetectors().find(({ id }) => id === secret.detector)
  const facts = Object.entries(secret.facts).map(([name, value]) => `${name} ${value}`)
  return [
    ...wrap(visible(message), '  ', '  '),
    ...(secret.strength === undefined ? [] : wrap(STRENGTHS[secret.strength], '  ', '  ')),
    ...(facts.length === 0 ? [] : wrap(visible(`It says of itself: ${facts.join(', ')}.`), '  ', '  ')),
    '',
    ...(detector === undefined
      ? []
      : renderDetector(detector)
          .trimEnd()
          .split('\n')
          .map((line) => (line === '' ? '' : `  ${line}`))),
  ]
}

function verdictOf({ fails, suppressed, status, severity, confidence }: Finding): string {
  const outcome =
    suppressed !== null
      ? `is accepted (“${suppressed.reason}”)`
      : status === 'known'
        ? 'is known to the baseline, and does not fail'
        : fails
          ? 'fails the image'
          : 'is shown, and does not fail'
  return `${severity}, confidence ${confidence}: it ${outcome}.`
}

/** Places that are listed. */
const MAX_PLACES = 50

/** `layergate explain ID IMAGE`. */
export function renderExplanation(finding: Finding): string {
  const { places, left } = otherPlaces(finding, MAX_PLACES)
  const steps = finding.steps ?? [finding.remedy]
  const at = finding.dockerfile === null ? '' : `${lineName(finding)}, `
  return `${[
    ...wrap(visible(finding.title), '', '  '),
    ...wrap(visible(`${finding.ruleId} · ${verdictOf(finding)}`), '', '  '),
    '',
    'How it is told',
    ...howFound(finding),
    '',
    'Where it is',
    ...wrap(visible(`${at}${placeName(finding.location)}`), '  ', '    '),
    ...places.flatMap((place) => wrap(visible(otherPlaceName(place)), '  ', '    ')),
    ...(left > 0 ? [`  and ${plural(left, 'more place')}`] : []),
    ...wrap(ORIGINS[finding.origin], '  ', '  '),
    '',
    'What to do',
    ...steps.flatMap((step, index) => wrap(visible(step), `  ${index + 1}. `, '     ')),
    ...(finding.fix === null ? [] : wrap('layergate fix IMAGE makes the change.', '     ', '     ')),
    '',
    ...wrap(`To accept it: layergate ignore ${finding.fingerprint.slice(0, 12)} IMAGE --reason …`, '', '  '),
    `More: layergate explain ${finding.ruleId}`,
  ].join('\n')}\n`
}

const WHY_QUIET = {
  'known-public': (source: string) => [
    `${source} publishes this value, so everybody has it: it is a test key or an example, and opens nothing.`,
    'Layergate knows it by its hash, wherever it stands. Another value beside it is not hidden by that.',
  ],
  package: (source: string) => [
    `The file is as ${source} brought it: the package manager that installed it recorded its checksum in the same layer.`,
    'A token that proves itself is reported all the same.',
  ],
  allowed: (source: string) => [`The configuration allows it: “${source}”.`],
} as const

/** `layergate explain ID IMAGE` of what is no finding. */
export function renderQuiet({
  title,
  detector,
  why,
  source,
  location,
  dockerfile,
}: NonNullable<Report['quiet']>[number]): string {
  const at = dockerfile === null ? '' : `${dockerfile.path}:${dockerfile.startLine}, `
  return `${[
    ...wrap(visible(`${title} (${detector}): no finding`), '', '  '),
    '',
    'Why it is quiet',
    ...WHY_QUIET[why](source).flatMap((text) => wrap(visible(text), '  ', '  ')),
    '',
    'Where it is',
    ...wrap(visible(`${at}${placeName(location)}`), '  ', '    '),
    '',
    `How the kind is told: layergate explain ${detector}`,
  ].join('\n')}\n`
}
