// The step of the gate, and what a build tells it.
import { existsSync } from 'node:fs'
import path from 'node:path'
import { isScalar, type YAMLMap } from 'yaml'
import { commitOf } from '../../checkout/git.ts'
import { REPOSITORY, VERSION } from '../../version.ts'
import { type Job, keysOf, mapAt } from './job.ts'

/** A build that a step makes. */
export interface BuildStep {
  /** What the gate reads: an image's name or a file. */
  readonly image: string
  readonly dockerfile: string | null
  /** What it is called beside others of the same job; null for one alone. */
  readonly name: string | null
  /** The build context; null for the root of the checkout. */
  readonly context: string | null
  readonly target: string | null
  /** Which of several platforms is judged; null where there is one. */
  readonly platform: string | null
  /** Output of the step with the build's metadata. */
  readonly metadata: string | null
}

/** Stands where the commit of a release belongs: no runner takes it, so that it cannot be merged unnoticed. */
const NO_COMMIT = 'PUT-THE-COMMIT-OF-THE-RELEASE-HERE'

/** The pinned action, by the commit of this very program where it lies in a repository of its own. */
export async function ownAction(): Promise<string> {
  // What lies beside dist/, where this is bundled to.
  const root = path.join(import.meta.dirname, import.meta.dirname.endsWith('workflow') ? '../../..' : '..')
  const commit = existsSync(path.join(root, '.git')) ? await commitOf(root, 'HEAD') : null
  return `${REPOSITORY}@${commit ?? NO_COMMIT} # v${VERSION}`
}

export const joined = (...parts: (string | null)[]): string | null => {
  const known = parts.filter(
    (part): part is string => part !== null && part !== '' && part !== '.' && !/^(?:https?:|git@|\$\{\{)/.test(part),
  )
  return known.length === 0 ? null : path.posix.normalize(known.join('/'))
}

/** Where the Dockerfile lies; null for the one at the root, which the gate finds by itself. */
export function dockerfileOf(context: string | null, file: string | null, directory: string | null): string | null {
  const found =
    file === null
      ? joined(directory, context) === null
        ? null
        : joined(directory, context, 'Dockerfile')
      : joined(directory, file)
  return found === 'Dockerfile' ? null : found
}

/** Keys of a matrix, by which its jobs differ. */
function matrixKeys(node: YAMLMap): string[] {
  const matrix = mapAt(mapAt(node, 'strategy'), 'matrix')
  const include: unknown = matrix?.get('include', true)
  const included = Array.isArray((include as { items?: unknown } | undefined)?.items)
    ? (include as { items: unknown[] }).items.flatMap((item) => keysOf(item as YAMLMap))
    : []
  const own = keysOf(matrix).filter((key) => key !== 'include' && key !== 'exclude')
  return own.length > 0 ? own : [...new Set(included)].slice(0, 3)
}

/** What the image of each job of a matrix is called; null where there is no matrix. */
const nameOf = ({ node, name }: Pick<Job, 'name' | 'node'>): string | null => {
  const keys = matrixKeys(node)
  return keys.length === 0 ? null : [name, ...keys.map((key) => `\${{ matrix.${key} }}`)].join('-')
}

/** The step of the gate. */
export function gateStep(
  action: string,
  { image, name: own, dockerfile, context, target, platform, metadata }: BuildStep,
  job: Pick<Job, 'name' | 'node'> | null,
  indent: string,
): string[] {
  const ofMatrix = job === null ? null : nameOf(job)
  const name = ofMatrix === null ? own : own === null ? ofMatrix : `${ofMatrix}-${own}`
  const inputs = { image, name, platform, dockerfile, context, target, 'build-metadata': metadata }
  return [
    `${indent}- uses: ${action}`,
    `${indent}  with:`,
    ...Object.entries(inputs).flatMap(([key, value]) => (value === null ? [] : [`${indent}    ${key}: ${value}`])),
  ]
}

export const isText = (node: unknown): node is { readonly value: string } =>
  isScalar(node) && typeof node.value === 'string'
