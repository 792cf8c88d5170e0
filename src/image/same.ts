// Several names that are one image: what a build step tags twice is judged once.
import { execFile } from 'node:child_process'
import { UsageError } from '../error.ts'
import { type OpenOptions, openImage } from './open.ts'
import { parseSource } from './source.ts'

const ENGINES = ['docker', 'podman'] as const

/** Ids as the first engine gives them that has all the images; null where none has. */
async function engineIds(names: readonly string[]): Promise<string[] | null> {
  for (const engine of ENGINES) {
    const printed = await new Promise<string | null>((resolve) => {
      execFile(
        engine,
        ['image', 'inspect', '--format', '{{.Id}}', ...names],
        { encoding: 'utf8', timeout: 60_000 },
        (error, stdout) => resolve(error === null ? stdout : null),
      )
    })
    const ids = printed?.split('\n').flatMap((line) => (line.trim() === '' ? [] : [line.trim()])) ?? []
    if (ids.length === names.length) return ids
  }
  return null
}

async function idOf(reference: string, options: OpenOptions): Promise<string> {
  const image = await openImage(reference, options)
  await image.close()
  return image.id
}

/** @throws UsageError where the names are not all those of one image; GateError where one cannot be opened */
export async function oneImageOf(references: readonly string[], options: OpenOptions): Promise<void> {
  if (references.length < 2) return
  const sources = references.map((reference) => parseSource(reference, options.bareNames))
  const named = sources.flatMap((source) => (source.kind === 'engine' ? [source.name] : []))
  const names = named.length === references.length ? named : null
  const ids =
    (names === null ? null : await engineIds(names)) ??
    (await Promise.all(references.map(async (reference) => idOf(reference, options))))
  if (new Set(ids).size === 1) return
  const listed = references.slice(0, 5).map((reference, index) => `${reference} is ${ids[index]}`)
  throw new UsageError(
    `image: the ${references.length} names are not one image (${listed.join(', ')}${references.length > 5 ? ', …' : ''}). One is judged at a time: use the action once for each.`,
  )
}
