// The inputs of the action: which there are, what they may say, and what the environment adds to them.
import * as core from '@actions/core'
import { UsageError } from '../error.ts'
import { nearest } from '../nearest.ts'
import { SETTINGS, variableOf } from '../option-table.ts'
import { visible } from '../report/escape.ts'
import { cutText } from '../secrets/last-look.ts'
import { overlay, type Settings, settingsFromEnvironment, settingsFromInputs } from '../settings.ts'

/** The inputs of action.yml: those of the action alone, and settings. */
const INPUTS = [
  'image',
  'comment',
  'suggestions',
  'report-artifact',
  'token',
  'report-directory',
  'policy-from',
  ...SETTINGS.map((source) => source.input),
]

/** What an input says; null for nothing. */
export const input = (name: string): string | null => core.getInput(name) || null

/** The names in the input `image`, one on a line. */
export const namesOf = (text: string): string[] =>
  text.split(/\r?\n/).flatMap((line) => (line.trim() === '' ? [] : [line.trim()]))

/** Foreign inputs that a warning names, and characters of each. */
const MAX_FOREIGN = 10
const MAX_NAME = 100

/**
 * The runner passes unknown inputs on with a warning that nobody reads: what is nearly one of ours is refused. Other runners hand
 * the inputs of the action around this one inward, and any step may set such a variable: they are named, and have no effect.
 */
export function checkInputs(env: Readonly<Record<string, string | undefined>>): void {
  const given = (name: string): boolean => (env[`INPUT_${name.toUpperCase()}`] ?? '') !== ''
  const foreign = Object.keys(env).flatMap((name) => {
    const found = /^INPUT_(.+)$/.exec(name)?.[1]?.toLowerCase()
    return found === undefined || INPUTS.includes(found) || !given(found) ? [] : [found]
  })
  for (const name of foreign) {
    const near = nearest(name, INPUTS)
    // Where ours is given too, the other is somebody else's.
    if (near !== null && !given(near))
      throw new UsageError(
        `There is no input ${JSON.stringify(visible(cutText(name, MAX_NAME)))}. Did you mean ${JSON.stringify(near)}? Inputs: ${INPUTS.join(', ')}.`,
      )
  }
  if (foreign.length === 0) return
  const names = foreign.slice(0, MAX_FOREIGN).map((name) => JSON.stringify(visible(cutText(name, MAX_NAME))))
  const rest = foreign.length - names.length
  core.warning(
    `No input of this action, and without effect: ${names.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}. Inputs: ${INPUTS.join(', ')}.`,
    { title: 'Layergate' },
  )
}

/** One of the words that an input takes. */
export function choice<T extends string>(
  name: string,
  words: readonly T[],
  fallback: T,
  variable: string | undefined = process.env[variableOf(name)],
): T {
  const given = input(name) ?? (variable || fallback)
  const known = words.find((word) => word === given)
  if (known !== undefined) return known
  const near = nearest(given, words)
  throw new UsageError(
    `${name}: ${JSON.stringify(given)} is none of ${words.join(', ')}.${near === null ? '' : ` Did you mean ${JSON.stringify(near)}?`}`,
  )
}

/** @param isProposed it is the policy of a base commit that counts */
export function readSettings(isProposed: boolean): Settings {
  // The variable LAYERGATE_IMAGE names what is judged, as the input image does.
  return overlay(
    { ...settingsFromEnvironment(isProposed ? withoutPolicy(process.env) : process.env), image: null },
    settingsFromInputs(input),
  )
}

/** Settings that loosen: where somebody else's code may have run before, only inputs give them. */
const OF_POLICY = ['config', 'fail-on', 'min-confidence', 'baseline']

function withoutPolicy(env: Readonly<Record<string, string | undefined>>): Record<string, string | undefined> {
  const left = { ...env }
  for (const name of [...OF_POLICY, 'policy-from']) {
    if (left[variableOf(name)] && input(name) === null)
      core.warning(
        `${variableOf(name)} is not read here, since any step of the job can set it: use the input ${name}.`,
        { title: 'Layergate' },
      )
    delete left[variableOf(name)]
  }
  return left
}
