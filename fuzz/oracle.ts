// Go's readers as a process that answers line by line; absent where there is no Go.
import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import * as z from 'zod'

const list = <T extends z.ZodType>(schema: T) =>
  z
    .array(schema)
    .nullish()
    .transform((value) => value ?? [])
const answerSchema = z.object({
  error: z.string(),
  entries: list(
    z.object({ name: z.string().nullable(), flag: z.string(), link: z.string().nullable(), size: z.number() }),
  ),
  user: z.string(),
  env: list(z.string()),
  layers: list(z.string()),
  os: z.string(),
})

export type Answer = z.output<typeof answerSchema>

/** The built program; null where it cannot be built. */
export function buildOracle(folder: string): string | null {
  const program = path.join(folder, 'oracle')
  try {
    execFileSync('go', ['build', '-o', program, '.'], { cwd: path.join(import.meta.dirname, 'oracle'), stdio: 'pipe' })
    return program
  } catch {
    return null
  }
}

/** A running oracle. */
export class Oracle {
  readonly #process: ChildProcessWithoutNullStreams
  readonly #lines: AsyncIterator<string>
  readonly #reader: Interface
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'layergate-fuzz-'))

  constructor(program: string) {
    this.#process = spawn(program)
    this.#reader = createInterface({ input: this.#process.stdout })
    this.#lines = this.#reader[Symbol.asyncIterator]()
  }

  /** What Go makes of these bytes. */
  async ask(kind: 'tar' | 'config', bytes: Buffer): Promise<Answer> {
    const file = path.join(this.#folder, 'input')
    writeFileSync(file, bytes)
    this.#process.stdin.write(`${kind} ${file}\n`)
    const { value, done } = await this.#lines.next()
    if (done === true) throw new Error('the oracle ended')
    return answerSchema.parse(JSON.parse(value))
  }

  close(): void {
    this.#reader.close()
    this.#process.kill()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
