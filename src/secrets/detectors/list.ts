// All detectors, by the kind of their issuer. To add one, add it to the file of its group; nothing else is needed.
import type { Detector, FileDetector } from '../detector.ts'
import { INDICATORS } from '../indicators.ts'
import { AI } from './ai.ts'
import { AZURE } from './azure.ts'
import { CLOUD } from './cloud.ts'
import { CODE } from './code.ts'
import { DATA } from './data.ts'
import { FILES } from './files.ts'
import { HOSTING } from './hosting.ts'
import { JWTS } from './jwt.ts'
import { KEYS } from './keys.ts'
import { LOGINS } from './logins.ts'
import { MANAGERS } from './managers.ts'
import { MESSAGING } from './messaging.ts'
import { OBSERVABILITY } from './observability.ts'
import { PACKAGES } from './packages.ts'
import { PAYMENTS } from './payments.ts'
import { STATEMENTS } from './statements.ts'
import { WORK } from './work.ts'

/** The groups, in the order in which people read them. */
export const GROUPS: readonly { readonly title: string; readonly detectors: readonly (Detector | FileDetector)[] }[] = [
  { title: 'Cloud providers', detectors: CLOUD },
  { title: 'Microsoft Azure', detectors: AZURE },
  { title: 'Hosting and networks', detectors: HOSTING },
  { title: 'Code, CI and developer tools', detectors: CODE },
  { title: 'Package and image registries', detectors: PACKAGES },
  { title: 'AI', detectors: AI },
  { title: 'Messaging and mail', detectors: MESSAGING },
  { title: 'Payment and currencies', detectors: PAYMENTS },
  { title: 'Observability', detectors: OBSERVABILITY },
  { title: 'Secrets managers and identity', detectors: MANAGERS },
  { title: 'Databases and data', detectors: DATA },
  { title: 'Office, design, content', detectors: WORK },
  { title: 'JSON web tokens', detectors: JWTS },
  { title: 'Private keys and keystores', detectors: KEYS },
  { title: 'Logins and assignments', detectors: [...LOGINS, ...STATEMENTS].sort((a, b) => (a.id < b.id ? -1 : 1)) },
  { title: 'Files whose place and form make them secret', detectors: FILES },
]

const KEY_IDS = new Set(KEYS.map(({ id }) => id))

/** Whether a detector finds private keys: libraries ship those of their tests. */
export const isKey = (id: string): boolean => KEY_IDS.has(id)

const isFile = (detector: Detector | FileDetector): detector is FileDetector => 'parse' in detector

/** Those that recognise a credential by its text. */
export const DETECTORS: readonly Detector[] = GROUPS.flatMap(({ detectors }) =>
  detectors.filter((detector): detector is Detector => !isFile(detector)),
)

/** All that is searched for in texts: credentials, and signs of a compromise. */
export const SEARCHED: readonly Detector[] = [...DETECTORS, ...INDICATORS]

/** Those that recognise a credential by the file that holds it. */
export const FILE_DETECTORS: readonly FileDetector[] = GROUPS.flatMap(({ detectors }) => detectors.filter(isFile))
