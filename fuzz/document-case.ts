// Configurations of images on which readers of JSON may disagree: keys twice, in another case, in another spelling, of other types.
import { provenToken } from './hide.ts'
import type { Random } from './random.ts'

/** A value and the text that stands for it in JSON. */
const VALUES: readonly [string, ...string[]] = [
  '"0"',
  '"root"',
  '"1000"',
  'null',
  '""',
  '0',
  'true',
  '[]',
  '{}',
  '["A=1"]',
  '"\\u0030"',
  '"\\ud800"',
  '1e3',
  '[null]',
  '["x",null]',
]

/** Spellings that Go takes for one key, and some that it does not. */
function spelled(key: string, random: Random): string {
  return random.pick([
    key,
    key,
    key.toLowerCase(),
    key.toUpperCase(),
    key.replace(/s/i, '\u017f'),
    key.replace(/k/i, '\u212a'),
    `${key} `,
    `\\u00${key.charCodeAt(0).toString(16)}${key.slice(1)}`,
    `${key}\\u0000`,
  ])
}

/** The text of a configuration. @param diffIds of its layers */
export function configText(diffIds: readonly string[], random: Random): string {
  const pairs = (known: readonly (readonly [string, string])[], extra: readonly [string, ...string[]]): string => {
    const all = known.map(
      ([key, value]) =>
        `"${random.chance(1, 12) ? spelled(key, random) : key}":${random.chance(1, 12) ? random.pick(VALUES) : value}`,
    )
    for (let more = random.pick([0, 0, 1, 2]); more > 0; more--)
      all.push(`"${spelled(random.pick(extra), random)}":${random.pick(VALUES)}`)
    return `{${(random.chance(1, 2) ? random.shuffle(all) : all).join(',')}}`
  }
  const run = pairs(
    [
      ['User', '"1000"'],
      ['Env', '["PATH=/bin"]'],
      ['Cmd', '["/bin/app"]'],
      ['Labels', pairs([['maintainer', '"x"']], ['MAINTAINER', 'maintainer', 'note'])],
    ],
    ['User', 'Env', 'Cmd', 'Entrypoint', 'Labels', 'WorkingDir'],
  )
  const rootfs = pairs(
    [
      ['type', '"layers"'],
      ['diff_ids', JSON.stringify(diffIds)],
    ],
    ['diff_ids', 'type'],
  )
  const history = JSON.stringify(diffIds.map(() => ({ created_by: 'COPY . / # buildkit' })))
  const text = pairs(
    [
      ['architecture', '"amd64"'],
      ['os', '"linux"'],
      ['config', run],
      ['rootfs', rootfs],
      ['history', history],
    ],
    ['config', 'os', 'rootfs', 'history', 'Config', `note ${provenToken(random)}`],
  )
  return random.pick(['', '', '', '\ufeff', ' ']) + text + random.pick(['', '', '', '\n', ' x', '{}', '\0'])
}
