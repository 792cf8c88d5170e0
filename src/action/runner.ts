// What the runner takes from the action: masks, the log, annotations, the job summary, files of its own.
import { createHash, randomBytes } from 'node:crypto'
import { appendFileSync } from 'node:fs'
import { appendFile, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import * as core from '@actions/core'
import type { FileLine } from '../error.ts'
import type { Outcome } from '../outcome/outcome.ts'
import { toAnnotations } from '../report/annotations.ts'
import { visible } from '../report/escape.ts'
import { type Failure, failureTitle } from '../report/failure.ts'
import { sealedReport } from '../report/json.ts'
import { renderErrorSummary } from '../report/summary.ts'
import { cutText, sealed } from '../secrets/last-look.ts'

/** A second line of defence: the runner hides these lines wherever they are printed. @param masks see secrets/masks.ts */
export function maskValues(masks: readonly string[]): void {
  for (const line of masks) core.setSecret(line)
}

/** Characters of its name that tell the image. */
const MAX_FOLDER = 60

/** A folder of its own for each image, so that several in one job keep their reports. @param shown the reference without its secrets, where a run knows them */
export async function reportFolder(parent: string, reference: string, shown = reference): Promise<string> {
  const name = `${cutText(path.basename(shown), MAX_FOLDER).replace(/[^\w.-]+/g, '-')}-${createHash('sha256').update(reference).digest('hex').slice(0, 8)}`
  const folder = path.resolve(parent, name)
  await mkdir(folder, { recursive: true })
  return folder
}

/** Writes a report as a file of the job. */
export const writeReport = (file: string, text: string): Promise<void> => writeFile(file, sealedReport(text))

/** Prints lines in which nothing is a command, whatever an image says. */
export function print(text: string): void {
  const token = randomBytes(16).toString('hex')
  core.info(`::stop-commands::${token}`)
  core.info(sealed(text))
  core.info(`::${token}::`)
}

/** Annotations on the Dockerfile's lines; what goes beyond the platform's limits is counted, with a link. */
export function annotate(outcome: Outcome, runUrl: string | null): void {
  const { annotations, left } = toAnnotations(outcome)
  for (const { level, title, message, file, startLine, endLine } of annotations) {
    const properties = {
      title: sealed(title),
      ...(file === null ? {} : { file }),
      ...(startLine === null ? {} : { startLine }),
      ...(endLine === null ? {} : { endLine }),
    }
    if (level === 'error') core.error(sealed(message), properties)
    else if (level === 'warning') core.warning(sealed(message), properties)
    else core.notice(sealed(message), properties)
  }
  if (left > 0)
    core.notice(
      `${left} more ${left === 1 ? 'is' : 'are'} in the job summary${runUrl === null ? '' : ` (${runUrl})`}: the platform shows ten annotations of a kind.`,
      {
        title: 'Layergate',
      },
    )
}

/** Always written, also when nothing else may be. */
export async function writeSummary(text: string): Promise<void> {
  const file = process.env['GITHUB_STEP_SUMMARY']
  if (!file) return
  try {
    await appendFile(file, `${sealed(text)}\n`)
  } catch (error) {
    core.warning(
      `The job summary cannot be written: ${visible(error instanceof Error ? error.message : String(error))}`,
    )
  }
}

/** One line that says why nothing was judged, at the line of the file that is wrong. */
export function annotateFailure({ code, message, at = null }: Failure & { readonly at?: FileLine | null }): void {
  core.error(message, {
    title: failureTitle(code),
    ...(at === null || /^[/\\]|^[A-Za-z]:/.test(at.file) ? {} : { file: at.file, startLine: at.line }),
  })
}

/** Does what can fail without the verdict: where it does, a warning says so. */
export async function attempt(what: string, work: () => unknown): Promise<void> {
  try {
    await work()
  } catch (error) {
    core.warning(`${what} cannot be written: ${visible(error instanceof Error ? error.message : String(error))}`)
  }
}

/** The files that say that nothing was judged, and what is put at their end; for when nothing else can be done. */
export function filesOfFailure(
  reference: string,
  failure: Failure,
): { readonly file: string; readonly text: string }[] {
  const { GITHUB_OUTPUT: output, GITHUB_STEP_SUMMARY: summary } = process.env
  return [
    ...(output ? [{ file: output, text: 'verdict<<layergate_end\nerror\nlayergate_end\n' }] : []),
    ...(summary ? [{ file: summary, text: renderErrorSummary(reference, failure) }] : []),
  ]
}

/** Says that nothing was judged without waiting for anything. */
export function tellFailure(reference: string, failure: Failure): void {
  annotateFailure(failure)
  for (const { file, text } of filesOfFailure(reference, failure)) {
    try {
      appendFileSync(file, sealed(text))
    } catch {
      // The line and the exit code say it.
    }
  }
}
