// What the runner takes from the action: masks, the log, annotations, the job summary, files of its own.
import { createHash, randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import * as core from '@actions/core'
import { toAnnotations } from './report/annotations.ts'
import { visible } from './report/escape.ts'
import type { Outcome } from './report/outcome.ts'

/** Lines of values that the runner is told to mask: long enough, and no structure that stands in other texts too. */
const MIN_MASKED = 8
const MAX_MASKED = 200

/** A second line of defence: the runner hides these values wherever they are printed. */
export function maskValues(values: readonly string[]): void {
  const lines = new Set(values.flatMap((value) => value.split(/\r?\n|\\n/)).map((line) => line.trim()))
  let masked = 0
  for (const line of lines) {
    if (line.length < MIN_MASKED || /^-----|^[{}[\]",:\s]+$/.test(line)) continue
    if (masked++ >= MAX_MASKED) return
    core.setSecret(line)
  }
}

/** A folder of its own for each image, so that several in one job keep their reports. */
export async function reportFolder(parent: string, reference: string): Promise<string> {
  const name = `${path
    .basename(reference)
    .replace(/[^\w.-]+/g, '-')
    .slice(0, 60)}-${createHash('sha256').update(reference).digest('hex').slice(0, 8)}`
  const folder = path.resolve(parent, name)
  await mkdir(folder, { recursive: true })
  return folder
}

/** Prints lines in which nothing is a command, whatever an image says. */
export function print(text: string): void {
  const token = randomBytes(16).toString('hex')
  core.info(`::stop-commands::${token}`)
  core.info(text)
  core.info(`::${token}::`)
}

/** Annotations on the Dockerfile's lines; what goes beyond the platform's limits is counted, with a link. */
export function annotate(outcome: Outcome, runUrl: string | null): void {
  const { annotations, left } = toAnnotations(outcome)
  for (const { level, title, message, file, startLine, endLine } of annotations) {
    const properties = { title, ...(file === null ? {} : { file }), ...(startLine === null ? {} : { startLine }), ...(endLine === null ? {} : { endLine }) }
    if (level === 'error') core.error(message, properties)
    else if (level === 'warning') core.warning(message, properties)
    else core.notice(message, properties)
  }
  if (left > 0)
    core.notice(`${left} more ${left === 1 ? 'is' : 'are'} in the job summary${runUrl === null ? '' : ` (${runUrl})`}: the platform shows ten annotations of a kind.`, {
      title: 'Layergate',
    })
}

/** Always written, also when nothing else may be. */
export async function writeSummary(text: string): Promise<void> {
  if (!process.env['GITHUB_STEP_SUMMARY']) return
  try {
    await core.summary.addRaw(text, true).write()
  } catch (error) {
    core.warning(`The job summary cannot be written: ${visible(error instanceof Error ? error.message : String(error))}`)
  }
}
