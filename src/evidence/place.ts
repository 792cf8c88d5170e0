// Where a secret stands: in a file of a layer, the configuration, the history, or what is said of the image.

import type { DockerfileLines } from '../dockerfile/lines.ts'
import type { Owner } from '../dockerfile/origin.ts'
import type { Ending, FileState, Version } from '../filesystem/filesystem.ts'
import type { TarField } from '../layer/layer-scan.ts'
import type { ContentHashes } from '../packages/database.ts'
import type { Strength } from '../secrets/detector.ts'
import type { SecretMatch } from '../secrets/match.ts'

interface AnyPlace {
  readonly owner: Owner
  readonly lines: DockerfileLines | null
  /** What the match there was worth. */
  readonly strength: Strength
  /** The name beside the value, such as that of a variable; null for none. */
  readonly name: string | null
  readonly note: string | null
}

export interface FilePlace extends AnyPlace {
  readonly kind: 'file'
  readonly version: Version
  readonly inside: string | null
  readonly line: number | null
  readonly offset: number
  readonly encoding: SecretMatch['encoding']
  /** The state of the value at this path: a copy with other permissions goes on where the first ends. */
  readonly state: FileState
  readonly ending: Ending | null
  readonly hashes: ContentHashes | null
}

export interface ConfigPlace extends AnyPlace {
  readonly kind: 'config'
  /** `Env.NAME`, `Labels.NAME`, `Annotations.NAME` (of the manifest), `Cmd`, … */
  readonly field: string
}

export interface HistoryPlace extends AnyPlace {
  readonly kind: 'history'
  readonly index: number
}

export interface AttestationPlace extends AnyPlace {
  readonly kind: 'attestation'
  readonly predicateType: string
  /** Path of the value in the predicate, `buildDefinition.externalParameters.request.args["build-arg:TOKEN"]`. */
  readonly field: string
}

interface ManifestPlace extends AnyPlace {
  readonly kind: 'manifest'
  readonly field: string
}

interface IndexPlace extends AnyPlace {
  readonly kind: 'index'
  readonly field: string
  /** In a file beside the image, that is in its archive but never pushed. */
  readonly isBeside: boolean
}

/** In the manifest, in the index, or in another file of the archive that the image was read from. */
export type DocumentPlace = ManifestPlace | IndexPlace

/** In a layer's tar, beside the contents of its files. */
export interface TarPlace extends AnyPlace {
  readonly kind: 'tar'
  readonly layer: number
  /** The entry; null for what speaks of none or of all. */
  readonly version: Version | null
  readonly path: string
  readonly field: TarField
  /** Key of the PAX record or extended attribute; null for other fields. */
  readonly key: string | null
  readonly state: FileState
  readonly ending: Ending | null
}

export type Place = FilePlace | ConfigPlace | HistoryPlace | AttestationPlace | DocumentPlace | TarPlace
