// What an image is called from one build to the next: without the tag or digest that every commit changes.
import { splitImage, splitPrefix } from './source.ts'

/** Parts of a tag that change from build to build: commits, numbers of runs, versions, dates, pull requests. */
const VOLATILE = /^(?:(?=.*\d)[0-9a-f]{7,64}|[0-9a-f]{40}|\d{4,}|v?\d+(?:\.\d+)*|latest|sha|pr|refs|merge)$/i

/** A tag without what changes; empty where nothing is left. */
const stableTag = (tag: string): string =>
  tag
    .split(/[-_+]/)
    .filter((part) => part !== '' && !VOLATILE.test(part))
    .join('-')

/** Settings that tell images of one name apart. */
interface Distinction {
  readonly image: string | null
  readonly platform: string | null
  readonly target: string | null
  readonly dockerfile: string | null
}

/** `name:tag` without what changes. */
function stableReference(reference: string): string {
  const colon = reference.lastIndexOf(':')
  if (colon <= reference.lastIndexOf('/')) return reference
  return [reference.slice(0, colon), stableTag(reference.slice(colon + 1))].filter((part) => part !== '').join(':')
}

/** The last part of a path, without the endings of archives. */
const fileName = (file: string): string =>
  file
    .replace(/(?<!\/)\/+$/, '')
    .split('/')
    .at(-1)
    ?.replace(/\.(?:tar|tgz|oci|gz|zst|xz|bz2)+/gi, '') ?? file

/** A name that is written like a file, or with a prefix that says so; `oci:PATH:TAG` names an image inside it. */
function nameOfFile(file: string, isPrefixed: boolean): string {
  const inside = isPrefixed ? splitImage(file) : null
  if (inside === null) return fileName(file)
  const image = stableReference(`:${inside.image}`).replace(/^:/, '')
  return [fileName(inside.path), image].filter((part) => part !== '').join(':')
}

/** `my-app:3f2a91c` and `my-app:latest` are `my-app`; `my-app:debug` stays; `./out/image.tar` is `image`. */
export function stableName(reference: string, { image, platform, target, dockerfile }: Distinction): string {
  const { prefix, rest } = splitPrefix(reference)
  const bare = rest.replace(/@sha256:[0-9a-f]+$/i, '')
  const isPrefixed = prefix !== null && prefix !== 'engine'
  const isFile = isPrefixed || /^\.{0,2}\/|\.(?:tar|tgz|oci)(?:\.\w+)?$/i.test(bare)
  const name = bare === '-' ? 'image' : isFile ? nameOfFile(bare, isPrefixed) : stableReference(bare)
  const file = dockerfile?.split('\n')[0]?.trim().replace(/^\.\//, '')
  const more = [image, platform, target, file === 'Dockerfile' ? undefined : file].filter(
    (part) => part != null && part !== '',
  )
  return [name === '' ? 'image' : name, ...(more.length === 0 ? [] : [`(${more.join(', ')})`])].join(' ')
}
