// Paths inside an image: absolute, `/`-separated, without `.`, `..` and doubled slashes; never outside the root.

/** A cleaned absolute path of the image. */
export type ImagePath = string & { readonly __imagePath: true }

export const ROOT = '/' as ImagePath

/** Cleans the name of a tar entry or a link target: `./a//b/../c` is `/a/c`, `../../etc` is `/etc`. */
export function cleanPath(name: string): ImagePath {
  // Nearly all names of real layers are clean but for the slash at the end.
  const parts: string[] = []
  for (const part of name.split('/')) {
    if (part === '' || part === '.') continue
    if (part === '..') parts.pop()
    else parts.push(part)
  }
  return `/${parts.join('/')}` as ImagePath
}

/** Resolves a link target against the directory of the link. */
export const resolveLink = (from: ImagePath, target: string): ImagePath => cleanPath(target.startsWith('/') ? target : `${parentOf(from)}/${target}`)

export const parentOf = (path: ImagePath): ImagePath => (path.slice(0, path.lastIndexOf('/')) || '/') as ImagePath

export const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

/** Extends a directory by a name; the root has no slash to double. */
export const childOf = (directory: ImagePath, name: string): ImagePath => (directory === '/' ? `/${name}` : `${directory}/${name}`) as ImagePath
