// Provenance of an image in the local engine, which keeps a record of every build even where the image carries none.
// https://docs.docker.com/reference/cli/docker/buildx/history/inspect/attachment/
import { execFile } from 'node:child_process'
import { isObject, MAX_PROVENANCE, type Provenance, readProvenance } from './provenance.ts'

/** Milliseconds for one call; the record is a convenience and must not hold the gate up. */
const TIMEOUT = 10_000
/** The newest builds that are looked at. */
const MAX_RECORDS = 20
/** The name of a record, which cannot be taken for an option. */
const REF = /^\w[\w./-]*$/

/** Runs docker without a shell; null where it fails. */
const docker = (args: readonly string[]): Promise<string | null> =>
  new Promise((resolve) => {
    execFile('docker', [...args], { timeout: TIMEOUT, maxBuffer: MAX_PROVENANCE, encoding: 'utf8' }, (error, stdout) =>
      resolve(error === null ? stdout : null),
    )
  })

const parse = (text: string | null): unknown => {
  try {
    return text === null ? null : JSON.parse(text)
  } catch {
    return null
  }
}

/** The record of the build that made an image, and its digest: as the engine notes it, else by the digests that records list. */
async function findRecord(name: string): Promise<{ readonly ref: string; readonly id: string } | null> {
  const image = parse(await docker(['image', 'inspect', '--format', '{{json .}}', name]))
  if (!isObject(image)) return null
  const identity = isObject(image['Identity']) ? image['Identity'] : {}
  const [build] = Array.isArray(identity['Build']) ? identity['Build'] : []
  const id = image['Id']
  if (typeof id !== 'string') return null
  if (isObject(build) && typeof build['Ref'] === 'string' && REF.test(build['Ref'])) return { ref: build['Ref'], id }
  const listed = (await docker(['buildx', 'history', 'ls', '--format', 'json'])) ?? ''
  for (const line of listed.split('\n').slice(0, MAX_RECORDS)) {
    const record = parse(line)
    const ref = isObject(record) ? record['ref'] : null
    if (typeof ref !== 'string' || !REF.test(ref)) continue
    const details = parse(await docker(['buildx', 'history', 'inspect', '--format', 'json', ref]))
    const attachments = isObject(details) && Array.isArray(details['Attachments']) ? details['Attachments'] : []
    if (attachments.some((attachment) => isObject(attachment) && attachment['Digest'] === id)) return { ref, id }
  }
  return null
}

/** @returns the provenance of an image's build; null where the engine keeps none */
export async function engineProvenance(name: string): Promise<Provenance | null> {
  if (name.startsWith('-')) return null
  const record = await findRecord(name)
  if (record === null) return null
  const result = readProvenance(
    parse(await docker(['buildx', 'history', 'inspect', 'attachment', '--type', 'provenance', record.ref])),
    "the engine's build record",
  )
  return 'provenance' in result ? { ...result.provenance, imageDigests: [record.id] } : null
}
