// All that the rules may look at: what was read from the image and what follows from it. Read-only.
import type { ContextFile } from '../checkout/build-context.ts'
import type { DockerfileLines } from '../dockerfile/lines.ts'
import type { BaseCertainty, BaseImage, Origin } from '../dockerfile/origin.ts'
import type { ExternalImage } from '../dockerfile/references.ts'
import type { Filesystem } from '../filesystem/filesystem.ts'
import type { Programs } from '../filesystem/programs.ts'
import type { Account, RunUser } from '../filesystem/users.ts'
import type { Location } from '../finding/finding.ts'
import type { Image } from '../image/image.ts'
import type { LayerScan, Skipped } from '../layer/layer-scan.ts'
import type { Redactor } from '../secrets/redact.ts'
import type { BesideSecret } from './described.ts'
import type { GivenLeaks } from './given-leaks.ts'
import type { Leak } from './leak.ts'
import { readVariables, type Step } from './steps.ts'

/** A variable of the environment of every process of a container. */
export interface EnvironmentVariable {
  readonly name: string
  readonly value: string
  /** The ENV that sets it last; null where that is not known. */
  readonly step: Step | null
}

/** What is known of a build, with or without the image that it made. */
export interface BuildEvidence {
  /** In the order in which they ran, those of other stages first. */
  readonly steps: readonly Step[]
  readonly environment: readonly EnvironmentVariable[]
  readonly base: BaseImage | null
  /** The other images that the build takes something from. */
  readonly takenFrom: readonly ExternalImage[]
  /** How sure it is that a place came with the base; null where it did not, or that is not known. */
  readonly baseCertainty: (location: Location) => BaseCertainty
  readonly user: RunUser
  /** Where the last USER and the FROM of the stage stand. */
  readonly userLines: DockerfileLines | null
  readonly fromLines: DockerfileLines | null
  /** Of the image, or of the one that the Dockerfile describes. */
  readonly origin: Origin
  readonly leaks: readonly Leak[]
  /** Which leaks are credentials among the words of commands. */
  readonly given: GivenLeaks
  /** Secrets of a Dockerfile that the configuration of its image does not have; none where there is an image, which tells them itself. */
  readonly beside: readonly BesideSecret[]
  /** None where only a Dockerfile is known. */
  readonly layers: readonly LayerScan[]
  /** Files of the checkout that files of the image were copied from, by `layer:entry`. */
  readonly sources: ReadonlyMap<string, ContextFile>
  /** HMAC-SHA-256 of a value under this run's salt, `hmac-sha256:…`. */
  readonly keyedHash: (value: string) => string
  /** Accounts of the image that are not root, for remedies. */
  readonly accounts: readonly Account[]
  /** The image; null where only its Dockerfile is known. */
  readonly built: BuiltImage | null
  /** The day of the run: expiry depends on it. */
  readonly now: Date
  /** Hides what no output may show, then shortens: whatever a rule quotes goes through it. */
  readonly cut: Redactor['cut']
}

/** What only an image that was built tells. */
export interface BuiltImage {
  readonly image: Pick<Image, 'config' | 'digest' | 'id' | 'name' | 'platform' | 'reference'>
  readonly filesystem: Filesystem
  /** The text of a small file of the final tree that was collected; null for any other. */
  readonly collected: (path: string) => string | null
  readonly programs: Programs
  /** Whether the package that installed a file vouches for its content: then it is the vendor's. Asked of files in which something was found. */
  readonly isVouched: (layer: number, path: string) => boolean
  /** What was not looked into; without a layer it is a file of the archive. */
  readonly skipped: readonly (Skipped & { readonly layer: number | null })[]
}

/** What a responder knows of an attack. */
export interface KnownIndicators {
  /** MD5, SHA-1 or SHA-256 of files, in lower case. */
  readonly hashes: ReadonlySet<string>
  /** Names and absolute paths of files. */
  readonly names: ReadonlySet<string>
  /** Domains, addresses and URLs, which are searched for in contents. */
  readonly texts: readonly string[]
}

export interface Evidence extends BuildEvidence, BuiltImage {
  readonly built: BuiltImage
  /** What a responder knows of an attack, with the checksums of the list that files have, by `layer:entry`; null for none. */
  readonly iocs: (KnownIndicators & { readonly found: ReadonlyMap<string, string> }) | null
}

/** How sure it is that a place came with the base: a field of the configuration as sure as what is least sure. */
export function certaintyAt({ layers, history }: Origin, location: Location): BaseCertainty {
  if (location.kind === 'layer') return layers[location.layer]?.certainty ?? null
  if (location.kind === 'history') return history[location.history]?.certainty ?? null
  const all = [...layers, ...history].map(({ certainty }) => certainty)
  return all.includes('aligned') ? 'aligned' : all.includes('proven') ? 'proven' : null
}

/** Names a file of a layer. */
export const fileKey = (layer: number, entry: number): string => `${layer}:${entry}`

/** The environment that ENV instructions leave, each variable with the last that sets it. */
export function environmentOf(steps: readonly Step[]): EnvironmentVariable[] {
  const found = new Map<string, EnvironmentVariable>()
  for (const step of steps) {
    if (step.keyword !== 'ENV' || step.of !== 'image') continue
    for (const { name, value } of readVariables('ENV', step.text))
      if (value !== null) found.set(name, { name, value, step })
  }
  return [...found.values()]
}
