// Passwords and keys of nobody's form, in the files in which people keep their settings: there a value that looks drawn is real.
import type { BuildEvidence as Evidence } from '../../evidence/evidence.ts'
import type { Leak } from '../../evidence/leak.ts'
import type { Place } from '../../evidence/place.ts'
import { baseName } from '../../image/path.ts'
import { entropy, isFiller, isPlaceholder } from '../../secrets/checks.ts'
import { isWordLike } from '../../secrets/word-like.ts'

/** Names of files that people write to hold settings. */
const SETTINGS =
  /^\.env(?:rc)?(?:\.[\w.-]{1,60})?$|^[\w-]{1,60}\.env$|^(?:[\w-]{1,60}\.)?(?:secrets?|credentials?)(?:\.(?:ya?ml|json|toml|ini|properties|conf|cfg|env|txt|xml))?$|^application[\w.-]{0,60}\.(?:ya?ml|properties)$|^[\w.-]{1,80}\.tfvars(?:\.json)?$|^(?:docker-)?compose[\w.-]{0,60}\.ya?ml$/i
/** Templates of them, with values that are to be filled in. */
const TEMPLATE =
  /(?:^|[._-])(?:default|defaults|demo|dist|example|examples|in|sample|samples|schema|template|test|testing|tmpl|tpl)(?:[._-]|$)/i
/** Folders of what somebody else wrote, and of tests. */
const FOREIGN =
  /\/(?:node_modules|site-packages|dist-packages|vendor|third_party|gems|testdata|tests?|__tests__|fixtures|examples?|samples?|docs?|spec)\//i

/** Whether a file is one that people write to hold settings. @param path in the image */
export const isSettingsFile = (path: string): boolean =>
  SETTINGS.test(baseName(path)) && !TEMPLATE.test(baseName(path)) && !FOREIGN.test(path)

/** Shorter values are guessed, and stand in texts by chance. */
const MIN_LENGTH = 8
/** Bits per character that a short drawn value has at least. */
const MIN_ENTROPY = 2.7

/** Whether a value passes every test: neither short, nor a word, nor a default or a placeholder. */
export const isDrawnValue = (value: string): boolean =>
  value.length >= MIN_LENGTH &&
  entropy(value) >= MIN_ENTROPY &&
  !isWordLike(value) &&
  !isPlaceholder(value) &&
  !isFiller(value)

function isOwnSetting(place: Place, { origin }: Evidence): boolean {
  if (place.owner === 'base') return false
  if (place.kind === 'config') return place.field.startsWith('Env.')
  if (place.kind !== 'file' || place.inside !== null || !isSettingsFile(place.version.path)) return false
  const layer = origin.layers[place.version.content.layer]
  return /^(?:COPY|ADD)$/.test(layer?.source?.keyword ?? layer?.instruction?.keyword ?? '')
}

/** Whether a generic leak is the value of a setting that somebody means: in a file of settings that COPY or ADD brought, or in ENV. */
export const isSetting = ({ detector, value, places }: Leak, evidence: Evidence): boolean =>
  detector.id === 'generic-assignment' && isDrawnValue(value) && places.some((place) => isOwnSetting(place, evidence))
