// Runs a front (the command, the action) in this process, as if it had one of its own: what it takes of the process is set, and put
// back. One after the other, since there is one process.
import { Readable } from 'node:stream'
import { runCommand } from '../src/cli/run.ts'

export interface Around {
  readonly env: NodeJS.ProcessEnv
  readonly directory: string
  readonly stdin?: Buffer
}

export interface Done {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
  /** Both streams, in the order of what was written. */
  readonly printed: string
}

let last: Promise<unknown> = Promise.resolve()

export function inProcess(around: Around, work: () => Promise<number>): Promise<Done> {
  const done = last.then(() => alone(around, work))
  last = done.catch(() => {})
  return done
}

async function alone({ env, directory, stdin = Buffer.alloc(0) }: Around, work: () => Promise<number>): Promise<Done> {
  const { stdout, stderr } = process
  const before = {
    env: process.env,
    directory: process.cwd(),
    stdin: Object.getOwnPropertyDescriptor(process, 'stdin'),
    stdout: stdout.write,
    stderr: stderr.write,
  }
  const texts = { stdout: '', stderr: '', printed: '' }
  const take =
    (stream: 'stdout' | 'stderr') =>
    (text: string | Uint8Array, ...rest: unknown[]): boolean => {
      texts[stream] += String(text)
      texts.printed += String(text)
      const written = rest.find((each) => typeof each === 'function') as (() => void) | undefined
      written?.()
      return true
    }
  process.env = { ...env }
  process.chdir(directory)
  Object.defineProperty(process, 'stdin', { value: Readable.from([stdin]), configurable: true })
  stdout.write = take('stdout') as typeof stdout.write
  stderr.write = take('stderr') as typeof stderr.write
  try {
    return { status: await work(), ...texts }
  } finally {
    process.env = before.env
    process.chdir(before.directory)
    if (before.stdin !== undefined) Object.defineProperty(process, 'stdin', before.stdin)
    stdout.write = before.stdout
    stderr.write = before.stderr
  }
}

/** The command with a clock that never runs out, and a standard output that takes everything. */
export const layergate = (args: readonly string[], around: Around): Promise<Done> =>
  inProcess(around, () => runCommand(args, { over: new Promise<never>(() => {}), within: () => {}, lost: () => null }))
