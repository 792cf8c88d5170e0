// What the user named: which of a file, a directory, standard input and an engine's image a text stands for. In a workflow a
// pull request could commit a file that is called like the image: there, only what is written like a file is one.
import { UsageError } from '../error.ts'

/** How names without a path are taken: at a terminal a file comes first, in a workflow they are an engine's. */
export type BareNames = 'file-first' | 'engine'

/** Prefixes of skopeo, podman and buildah, and our own for an engine. */
const PREFIXES = ['docker-archive', 'oci-archive', 'oci-layout', 'oci', 'dir', 'engine'] as const
type Prefix = (typeof PREFIXES)[number]

export type Form = Exclude<Prefix, 'engine'>

/** `either`: a file where there is one, else an engine's image. */
export type Source =
  | { readonly kind: 'stdin'; readonly form: Form | null }
  | { readonly kind: 'file'; readonly path: string; readonly form: Form | null }
  | { readonly kind: 'engine' | 'either'; readonly name: string }

const ARCHIVE = /\.(?:tar(?:\.(?:gz|zst|xz|bz2))?|tgz)$/

/** Written like a file, whether there is one or not. */
const isPath = (name: string): boolean => /^\.{0,2}\//.test(name) || ARCHIVE.test(name)

/** Splits the prefix off a reference; null where it has none. */
export function splitPrefix(reference: string): { readonly prefix: Prefix | null; readonly rest: string } {
  const prefix = PREFIXES.find((known) => reference.startsWith(`${known}:`)) ?? null
  return { prefix, rest: prefix === null ? reference : reference.slice(prefix.length + 1) }
}

/** @throws UsageError for what names nothing */
export function parseSource(reference: string, bareNames: BareNames): Source {
  const { prefix, rest } = splitPrefix(reference)
  if (rest === '')
    throw new UsageError(
      'No image is named: name an archive, an OCI layout directory, an image of a local engine, or - for standard input.',
    )
  if (rest === '-' && prefix !== 'engine') return { kind: 'stdin', form: prefix }
  if (rest.startsWith('-'))
    throw new UsageError(
      `${JSON.stringify(rest)} looks like an option, not like an image. Write options before the image, a file as ./${rest}.`,
    )
  if (/^(?:registry:|docker:\/\/)/.test(reference)) {
    throw new UsageError(
      `${reference}: images in registries are not read directly. Load it (docker pull) or copy it: skopeo copy docker://NAME oci-archive:image.tar, then scan image.tar.`,
    )
  }
  if (prefix === 'engine') return { kind: 'engine', name: rest }
  if (prefix !== null || isPath(rest)) return { kind: 'file', path: rest, form: prefix }
  return { kind: bareNames === 'engine' ? 'engine' : 'either', name: rest }
}

/** `PATH:NAME`, as skopeo writes an image of an archive or layout; null where there is no name. */
export function splitImage(path: string): { readonly path: string; readonly image: string } | null {
  const colon = path.indexOf(':')
  return colon <= 0 || colon === path.length - 1 ? null : { path: path.slice(0, colon), image: path.slice(colon + 1) }
}
