// All detectors. To add one, add it to the file of its group; nothing else is needed.
import type { Detector } from '../detector.ts'
import { CLOUD } from './cloud.ts'
import { CODE } from './code.ts'
import { FILES } from './files.ts'
import { KEYS } from './keys.ts'
import { SERVICES } from './services.ts'

export const DETECTORS: readonly Detector[] = [...CLOUD, ...CODE, ...FILES, ...KEYS, ...SERVICES]
