// Which paths of an image a person means.
import { minimatch } from 'minimatch'

const PATTERN = /[*?[{]/

/** Whether a path is one of those that are named: the path itself, something below it, or what a pattern fits. */
export function isMeant(path: string, named: readonly string[]): boolean {
  return named.some((name) => {
    const from = name.startsWith('/') ? name : `/${name}`
    if (PATTERN.test(name)) return minimatch(path, from, { dot: true })
    const folder = from.replace(/(?<!\/)\/+$/, '')
    return path === folder || path.startsWith(`${folder}/`)
  })
}
