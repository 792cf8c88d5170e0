// An image of a running engine: `docker image save`, else `podman image save`, through a pipe and never a shell.
import { spawn } from 'node:child_process'
import { ImageError } from '../error.ts'
import { cutText } from '../secrets/last-look.ts'
import { parseReference } from './reference.ts'

const ENGINES = ['docker', 'podman'] as const
type Engine = (typeof ENGINES)[number]

/** Bytes of an engine's error text that are quoted. */
const MAX_MESSAGE = 300
/** Of which the last line is. */
const MAX_KEPT = 64 << 10

class EngineRefused extends Error {}

/** The archive that one engine writes; throws EngineRefused with the reason when it writes none. */
async function* save(engine: Engine, name: string): AsyncGenerator<Buffer> {
  const child = spawn(engine, ['image', 'save', name], { stdio: ['ignore', 'pipe', 'pipe'] })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-MAX_KEPT)
  })
  const ended = new Promise<{ code: number | null; error: NodeJS.ErrnoException | null }>((resolve) => {
    child.on('error', (error) => resolve({ code: null, error }))
    child.on('close', (code) => resolve({ code, error: null }))
  })
  try {
    for await (const chunk of child.stdout) yield chunk as Buffer
    const { code, error } = await ended
    if (error !== null)
      throw new EngineRefused(
        error.code === 'ENOENT' ? `${engine} is not installed` : `${engine} cannot be started (${error.code})`,
      )
    if (code !== 0)
      throw new EngineRefused(
        `${engine}: ${cutText(stderr.trim().split('\n').at(-1) ?? '', MAX_MESSAGE) || `ended with code ${code}`}`,
      )
  } finally {
    child.kill()
  }
}

/** A name without a tag is that of `latest`, as for `docker run`: `docker save NAME` would save every tag. It may also be an id. */
function namesFor(name: string): string[] {
  const reference = parseReference(name)
  return reference !== null && reference.tag === null && reference.digest === null && !/^[0-9a-f]{64}$/.test(name)
    ? [`${name}:latest`, name]
    : [name]
}

/** Asks the engines in turn; `spoolTo` stores the archive. @throws ImageError that says why each engine did not serve */
export async function saveFromEngine<T>(
  name: string,
  spoolTo: (archive: AsyncIterable<Buffer>) => Promise<T>,
): Promise<T> {
  const reasons: string[] = []
  for (const engine of ENGINES) {
    let reason = ''
    for (const full of namesFor(name)) {
      try {
        return await spoolTo(save(engine, full))
      } catch (error) {
        if (!(error instanceof EngineRefused)) throw error
        reason = error.message
      }
    }
    reasons.push(reason)
  }
  throw new ImageError(
    'no-engine',
    `${name}: no engine has an image of that name (${reasons.join('; ')}). Name a local image, an archive or an OCI layout.`,
  )
}
