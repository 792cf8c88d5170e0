// Whether a file is one of the checkout: by its name, and by where its links lead.
import { realpathSync } from 'node:fs'
import { realpath } from 'node:fs/promises'
import path from 'node:path'

type Paths = Pick<typeof path, 'relative' | 'isAbsolute' | 'sep'>

/**
 * The way from a directory to what lies in it or below, with `/`; null for what lies elsewhere. `..x` and `...` are names like
 * any other.
 */
export function relativeWithin(directory: string, file: string, paths: Paths = path): string | null {
  const relative = paths.relative(directory, file)
  const leaves = relative === '..' || relative.startsWith(`..${paths.sep}`) || paths.isAbsolute(relative)
  return leaves ? null : relative.split(paths.sep).join('/')
}

/** Whether a relative path with `/` stays below where it starts, whatever is in the middle of it. */
export const staysWithin = (relative: string): boolean => !/^(?:\.\.(?:\/|$)|\/)/.test(path.posix.normalize(relative))

/** The real path of as much of a path as there is. */
function realOf(file: string): string {
  let [at, rest] = [file, '']
  for (;;) {
    try {
      return path.join(realpathSync(at), rest)
    } catch {
      const parent = path.dirname(at)
      if (parent === at) return file
      rest = path.join(path.basename(at), rest)
      at = parent
    }
  }
}

/**
 * The path of a file in the checkout, with `/`, whichever of their names the file and the root are called by (`/tmp` is
 * `/private/tmp` on some machines); null for a file that lies elsewhere.
 */
export function pathInCheckout(root: string, file: string): string | null {
  const full = path.resolve(root, file)
  return relativeWithin(root, full) ?? relativeWithin(realOf(root), full) ?? relativeWithin(realOf(root), realOf(full))
}

/** Whether symbolic links lead from a file of the checkout to one outside it. What is not there leads nowhere. */
export async function leadsOut(root: string, file: string): Promise<boolean> {
  try {
    return relativeWithin(await realpath(root), await realpath(file)) === null
  } catch {
    return false
  }
}
