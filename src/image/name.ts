// What an image is called from one build to the next: without the tag or digest that every commit changes.

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

/** `my-app:3f2a91c` and `my-app:latest` are `my-app`; `my-app:debug` stays; `./out/image.tar` is `image`. */
export function stableName(reference: string, { image, platform, target, dockerfile }: Distinction): string {
  const bare = reference.replace(/^(?:docker-archive|oci-archive|oci-layout|engine):/, '').replace(/@sha256:[0-9a-f]+$/i, '')
  const isFile = /^\.{0,2}\/|\.(?:tar|tgz|oci)(?:\.\w+)?$/i.test(bare) || bare !== reference.replace(/^engine:/, '').replace(/@sha256:[0-9a-f]+$/i, '')
  const colon = bare.lastIndexOf(':')
  const named = !isFile && colon > bare.lastIndexOf('/') ? [bare.slice(0, colon), stableTag(bare.slice(colon + 1))].filter((part) => part !== '').join(':') : bare
  const name =
    bare === '-'
      ? 'image'
      : isFile
        ? (bare
            .replace(/(?<!\/)\/+$/, '')
            .split('/')
            .at(-1)
            ?.replace(/\.(?:tar|tgz|oci|gz|zst)+/gi, '') ?? bare)
        : named
  const file = dockerfile?.split('\n')[0]?.trim().replace(/^\.\//, '')
  const more = [image, platform, target, file === 'Dockerfile' ? undefined : file].filter((part) => part != null && part !== '')
  return [name === '' ? 'image' : name, ...(more.length === 0 ? [] : [`(${more.join(', ')})`])].join(' ')
}
