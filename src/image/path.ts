// Paths inside an image: absolute, `/`-separated, without `.`, `..` and doubled slashes; never outside the root.
import { isUtf8 } from 'node:buffer'

/** A cleaned absolute path of the image. */
export type ImagePath = string & { readonly __imagePath: true }

/** A part that a clean path has not: an empty one, `.` or `..`. */
const UNCLEAN = /(?:^|\/)\.{0,2}(?:\/|$)/

/** Cleans the name of a tar entry or a link target: `./a//b/../c` is `/a/c`, `../../etc` is `/etc`. */
export function cleanPath(name: string): ImagePath {
  // As most names are: nothing to leave out but what stands at both ends.
  const inner = name.slice(
    name.startsWith('./') ? 2 : name.startsWith('/') ? 1 : 0,
    name.endsWith('/') ? -1 : undefined,
  )
  if (!UNCLEAN.test(inner)) return `/${inner}` as ImagePath
  const parts: string[] = []
  for (const part of name.split('/')) {
    if (part === '' || part === '.') continue
    if (part === '..') parts.pop()
    else parts.push(part)
  }
  return `/${parts.join('/')}` as ImagePath
}

/** Resolves a link target against the directory of the link. */
export const resolveLink = (from: ImagePath, target: string): ImagePath =>
  cleanPath(target.startsWith('/') ? target : `${parentOf(from)}/${target}`)

export const parentOf = (path: ImagePath): ImagePath => (path.slice(0, path.lastIndexOf('/')) || '/') as ImagePath

export const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

/** Extends a directory by a name; the root has no slash to double. */
export const childOf = (directory: ImagePath, name: string): ImagePath =>
  (directory === '/' ? `/${name}` : `${directory}/${name}`) as ImagePath

/** How many directories and files a path names on its way. */
export function countParts(path: string): number {
  let parts = 0
  let inside = false
  for (let at = 0; at < path.length; at++) {
    const isSlash = path.charCodeAt(at) === 47
    if (!isSlash && !inside) parts++
    inside = !isSlash
  }
  return parts
}

const LOSSY = '\ufffd'

/**
 * The name that bytes stand for. Linux takes any bytes: those that are no UTF-8 become halves of characters (U+DC80 to U+DCFF),
 * which no UTF-8 stands for, so that two names stay two. Reports show them as `\\xe9`.
 */
export function decodeName(bytes: Buffer): string {
  const text = bytes.toString('utf8')
  if (!text.includes(LOSSY) || isUtf8(bytes)) return text
  let name = ''
  for (let at = 0; at < bytes.length; ) {
    const length = [1, 2, 3, 4].find((count) => at + count <= bytes.length && isUtf8(bytes.subarray(at, at + count)))
    name +=
      length === undefined ? String.fromCharCode(0xdc00 + (bytes[at] ?? 0)) : bytes.toString('utf8', at, at + length)
    at += length ?? 1
  }
  return name
}

/** A name of tar-stream's, which takes U+FFFD for bytes that are no UTF-8, is this one. */
export const isSameName = (name: string, lossy: string): boolean =>
  name === lossy || (/[\udc80-\udcff]/u.test(name) && bytesOfName(name).toString('utf8') === lossy)

/** The bytes that a decoded name stands for. */
function bytesOfName(name: string): Buffer {
  return Buffer.concat(
    name
      .split(/([\udc80-\udcff])/u)
      .map((part) =>
        /^[\udc80-\udcff]$/u.test(part) ? Buffer.from([part.charCodeAt(0) - 0xdc00]) : Buffer.from(part),
      ),
  )
}
