// Reports that other runs left as artifacts: of the default branch, to compare with, and of a pull request's run, to comment.
// A report is data of whoever ran the job: small, whole, in the form of the contract, or not taken.
import { minimatch } from 'minimatch'
import yauzl from 'yauzl'
import { SEVERITIES } from '../finding/finding.ts'
import { MATCH_OPTIONS } from '../image/reference-pattern.ts'
import { type Report, reportSchema } from '../outcome/contract.ts'
import type { GivenBaseline } from '../policy/authority.ts'
import { cutText } from '../secrets/last-look.ts'
import { type Octokit, type Repository, reasonOf } from './client.ts'

/** Bytes of one artifact as stored, of one report in it, of all that are read. */
const MAX_ARTIFACT = 16 << 20
const MAX_REPORT = 32 << 20
const MAX_ALL = 64 << 20
const MAX_ENTRIES = 200
const MAX_ARTIFACTS = 50
/** Runs of the default branch that are looked at. */
const MAX_RUNS = 10
const MAX_NAME = 500
/** What one report may hold, and arrays and objects in each other in it: ours has ten. */
const MAX_FINDINGS = 20_000
const MAX_DEPTH = 64

/** A report, or why a file is none. */
export type FoundReport =
  | { readonly file: string; readonly report: Report }
  | { readonly file: string; readonly problem: string }

/** What contradicts itself was not written by this program. */
function contradiction({ verdict, findings, error, image, name }: Report): string | null {
  const open = findings.filter(({ suppressed }) => suppressed === null)
  if (name.length > MAX_NAME) return 'the name of the image is too long'
  if (findings.length > MAX_FINDINGS) return `it has more than ${MAX_FINDINGS} findings`
  if (verdict.result === 'error')
    return error === undefined || findings.length > 0 ? 'an error without words, or with findings' : null
  if (image === null) return 'a verdict without an image'
  if (
    SEVERITIES.some(
      (severity) => verdict.counts[severity] !== open.filter((finding) => finding.severity === severity).length,
    )
  )
    return 'its counts are not those of its findings'
  if ((verdict.result === 'fail') !== open.some(({ fails }) => fails)) return 'its verdict is not that of its findings'
  return null
}

/** Whether arrays and objects of a JSON text lie too deep in each other. */
function isDeep(text: string): boolean {
  let depth = 0
  let isInString = false
  for (let at = 0; at < text.length; at++) {
    const c = text[at]
    if (isInString) {
      if (c === '\\') at++
      else if (c === '"') isInString = false
    } else if (c === '"') isInString = true
    else if (c === '[' || c === '{') depth++
    else if (c === ']' || c === '}') depth--
    if (depth > MAX_DEPTH) return true
  }
  return false
}

function readReport(file: string, text: string): FoundReport {
  let value: unknown
  try {
    if (isDeep(text)) return { file, problem: `more than ${MAX_DEPTH} arrays and objects in each other` }
    value = JSON.parse(text)
  } catch {
    return { file, problem: 'no valid JSON' }
  }
  const parsed = reportSchema.safeParse(value)
  if (!parsed.success)
    return { file, problem: `no report of this program's form (${parsed.error.issues[0]?.path.join('.') ?? ''})` }
  const problem = contradiction(parsed.data)
  return problem === null ? { file, report: parsed.data } : { file, problem: `it contradicts itself: ${problem}` }
}

const openZip = (zip: Buffer): Promise<yauzl.ZipFile> =>
  new Promise((resolve, reject) =>
    yauzl.fromBuffer(zip, { lazyEntries: true, validateEntrySizes: true }, (error, file) =>
      file === undefined ? reject(error) : resolve(file),
    ),
  )

const contentOf = async (zip: yauzl.ZipFile, entry: yauzl.Entry): Promise<string> => {
  const stream = await new Promise<NodeJS.ReadableStream>((resolve, reject) =>
    zip.openReadStream(entry, (error, found) => (found === undefined ? reject(error) : resolve(found))),
  )
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of stream) {
    size += (chunk as Buffer).length
    if (size > MAX_REPORT) throw new RangeError('too large')
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** The reports in a zip: every file `*.json` but SARIF. Nothing is written to the disk. */
async function readReports(artifact: string, zip: Buffer): Promise<FoundReport[]> {
  const found: FoundReport[] = []
  let opened: yauzl.ZipFile
  try {
    opened = await openZip(zip)
  } catch {
    return [{ file: artifact, problem: 'no valid zip' }]
  }
  let left = MAX_ALL
  let entries = 0
  try {
    for await (const entry of opened.eachEntry()) {
      const file = cutText(`${artifact}/${entry.fileName}`, MAX_NAME)
      if (++entries > MAX_ENTRIES) return [...found, { file, problem: `more than ${MAX_ENTRIES} files` }]
      if (!/\.json$/i.test(entry.fileName)) continue
      if (entry.uncompressedSize > MAX_REPORT || entry.uncompressedSize > left) {
        found.push({ file, problem: `more than ${MAX_REPORT >> 20} MiB` })
        continue
      }
      left -= entry.uncompressedSize
      found.push(readReport(file, await contentOf(opened, entry)))
    }
  } catch {
    found.push({ file: artifact, problem: 'a damaged zip' })
  }
  return found
}

async function download(
  octokit: Octokit,
  repository: Repository,
  artifact: { readonly id: number; readonly name: string; readonly size_in_bytes: number },
): Promise<FoundReport[]> {
  if (artifact.size_in_bytes > MAX_ARTIFACT)
    return [{ file: artifact.name, problem: `more than ${MAX_ARTIFACT >> 20} MiB` }]
  const { data } = await octokit.rest.actions.downloadArtifact({
    ...repository,
    artifact_id: artifact.id,
    archive_format: 'zip',
  })
  return readReports(artifact.name, Buffer.from(data as ArrayBuffer))
}

/** The reports that one run left. @param pattern of the artifacts' names @throws RequestError */
export async function reportsOfRun(
  octokit: Octokit,
  repository: Repository,
  run: number,
  pattern: string,
): Promise<FoundReport[]> {
  const { data } = await octokit.rest.actions.listWorkflowRunArtifacts({ ...repository, run_id: run, per_page: 100 })
  const wanted = data.artifacts.filter(({ name, expired }) => !expired && minimatch(name, pattern, MATCH_OPTIONS))
  const found: FoundReport[] = []
  for (const artifact of wanted.slice(0, MAX_ARTIFACTS)) found.push(...(await download(octokit, repository, artifact)))
  return found
}

/**
 * The last report of an image that a push to the default branch left. Runs of pull requests are never taken, though a fork's
 * branch can have the same name.
 */
export async function lastReport(
  octokit: Octokit,
  repository: Repository,
  branch: string,
  artifact: string,
  name: string,
): Promise<{ readonly baseline: GivenBaseline | null; readonly reason: string }> {
  try {
    const { data } = await octokit.rest.actions.listArtifactsForRepo({ ...repository, name: artifact, per_page: 100 })
    const own = data.artifacts
      .filter(
        ({ expired, workflow_run: run }) =>
          !expired && run?.head_branch === branch && run.head_repository_id === run.repository_id,
      )
      .sort((a, b) => (b.created_at ?? '').localeCompare(a.created_at ?? '') || b.id - a.id)
    for (const candidate of own.slice(0, MAX_RUNS)) {
      const run = candidate.workflow_run?.id
      if (
        run === undefined ||
        (await octokit.rest.actions.getWorkflowRun({ ...repository, run_id: run })).data.event !== 'push'
      )
        continue
      for (const found of await download(octokit, repository, candidate)) {
        if (!('report' in found) || found.report.name !== name || found.report.verdict.result === 'error') continue
        const { record } = found.report.baseline
        return {
          baseline: {
            name: `${branch}, run ${run}`,
            file: { schemaVersion: 1, salt: record.salt, images: { [name]: record.findings } },
          },
          reason: '',
        }
      }
    }
    return { baseline: null, reason: `no push to ${branch} left an artifact ${artifact} with a report of ${name}` }
  } catch (error) {
    return { baseline: null, reason: reasonOf(error, 'actions: read') }
  }
}
