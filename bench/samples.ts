// Images of which the truth is known: NAME.tar beside NAME.json, and the Dockerfile that the truth names.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

export interface Sample<Truth> {
  /** `NAME.tar`. */
  readonly file: string
  readonly truth: Truth
  /** Absolute; null where the truth names none, or it is not there. */
  readonly dockerfile: string | null
}

/** The samples of a folder, sorted; images without a truth are left out. */
export function* samples<Truth extends { readonly dockerfile?: string | null }>(
  images: string,
  truths: string,
  dockerfiles: string,
): Generator<Sample<Truth>> {
  for (const file of readdirSync(images)
    .filter((name) => name.endsWith('.tar'))
    .sort()) {
    const truthFile = path.join(truths, file.replace(/\.tar$/, '.json'))
    if (!existsSync(truthFile)) continue
    const truth = JSON.parse(readFileSync(truthFile, 'utf8')) as Truth
    const dockerfile = truth.dockerfile ? path.resolve(dockerfiles, truth.dockerfile) : null
    yield { file, truth, dockerfile: dockerfile !== null && existsSync(dockerfile) ? dockerfile : null }
  }
}
