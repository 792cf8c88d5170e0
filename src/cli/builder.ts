// The build command of the user: run as it was given, with the options that a change asks for.
import { spawn } from 'node:child_process'
import { segmentsOf } from '../shell/edit.ts'
import { quoted } from '../shell/quoted.ts'

/** Lines of the builder's output that are kept: its last words tell what went wrong. */
const MAX_LINES = 200

interface Word {
  /** Quotes taken off. */
  readonly value: string
  readonly pos: number
  readonly end: number
}

interface BuildCall {
  /** Of the whole command. */
  readonly pos: number
  /** Behind `docker build`. */
  readonly end: number
  readonly words: readonly Word[]
}

/** The call of `docker build` or its like in a command. */
function callIn(text: string): BuildCall | null {
  for (const { pos, command } of segmentsOf(text) ?? []) {
    const name = command?.name?.value.replace(/^.*\//, '') ?? ''
    const words: Word[] = (command?.args ?? []).flatMap((arg) => (arg.type === 'Word' ? [arg] : []))
    const at = words.findIndex(({ value }) => value === 'build' || (value === 'bud' && name === 'buildah'))
    const isBuild = at === 0 || (at === 1 && /^(?:builder|buildx|image)$/.test(words[0]?.value ?? ''))
    if (isBuild && /^(?:buildah|docker|nerdctl|podman)$/.test(name))
      return { pos, end: words[at]?.end ?? 0, words: words.slice(at + 1) }
  }
  return null
}

/** An argument of a build, as it is written: `--build-arg NAME`, `--build-arg=NAME=value`. */
function argumentOf(
  text: string,
  { words }: BuildCall,
  name: string,
): { readonly pos: number; readonly end: number; readonly assignment: string | null } | null {
  for (const [index, { value, pos, end }] of words.entries()) {
    const flag = words[index - 1]
    const isBehindFlag = flag?.value === '--build-arg'
    const own = isBehindFlag ? value : (/^--build-arg=(.*)$/s.exec(value)?.[1] ?? null)
    if (own === null || (own !== name && !own.startsWith(`${name}=`))) continue
    const raw = text.slice(pos, end)
    const at = raw.indexOf(`${name}=`)
    // A quote in front of the name belongs behind the sign.
    const quote = /["']$/.exec(raw.slice(0, at))?.[0] ?? ''
    return {
      pos: isBehindFlag ? flag.pos : pos,
      end,
      assignment: own === name ? null : `${name}=${quote}${raw.slice(at + name.length + 1)}`,
    }
  }
  return null
}

const hasSecret = ({ words }: BuildCall, id: string): boolean =>
  words.some(({ value }) =>
    value
      .replace(/^--secret=/, '')
      .split(',')
      .includes(`id=${id}`),
  )

/** `--secret id=npmrc,src=.npmrc` in parts. */
function secretOf(option: string): { readonly id: string; readonly src: string | null; readonly env: string | null } {
  const [, id = '', kind, from = ''] = /^--secret id=([^,]*),(src|env)=(.*)$/s.exec(option) ?? []
  return { id, src: kind === 'src' ? from : null, env: kind === 'env' ? from : null }
}

/** A build with the options of a change, or what is missing for it. */
export type BuildCommand =
  | { readonly command: string; readonly missing: null }
  | { readonly command: null; readonly missing: string }

/**
 * Puts the options that a change asks for into a build command. An argument that becomes a secret is no argument any more: its value
 * is handed over as a variable.
 * @param options as `docker build` takes them: `--secret id=npmrc,src=.npmrc`
 * @param isArgument whether the Dockerfile still has an ARG of that name
 */
export function withOptions(
  command: string,
  options: readonly string[],
  env: NodeJS.ProcessEnv,
  isArgument: (name: string) => boolean,
): BuildCommand {
  const call = callIn(command)
  if (call === null)
    return options.length === 0
      ? { command, missing: null }
      : { command: null, missing: `the build needs ${options.join(' ')}: add it to what --build runs` }
  const variables: string[] = []
  const added: string[] = []
  const gone: { readonly pos: number; readonly end: number }[] = []
  for (const option of options) {
    const { id, src, env: name } = secretOf(option)
    if (hasSecret(call, id)) continue
    if (src === 'FILE')
      return { command: null, missing: `the build needs ${option}, where FILE holds the value: add it to --build` }
    if (name !== null) {
      const argument = argumentOf(command, call, name)
      if (argument !== null && !isArgument(name)) gone.push(argument)
      // Without a value, docker build takes the variable itself.
      if (argument?.assignment != null) variables.push(argument.assignment)
      else if (env[name] === undefined)
        return { command: null, missing: `the build needs ${option}: set the variable ${name}` }
    }
    added.push(` ${option.replace(/^--secret (.*)$/s, (_, value: string) => `--secret ${quoted(value)}`)}`)
  }
  const { pos } = call
  let text = command
  for (const { pos: start, end } of gone.sort((a, b) => b.pos - a.pos))
    text = text.slice(0, start).trimEnd() + text.slice(end)
  const start = text.slice(0, pos) + variables.map((each) => `${each} `).join('')
  return { command: start + text.slice(pos, call.end) + added.join('') + text.slice(call.end), missing: null }
}

export interface Built {
  readonly isDone: boolean
  /** What the builder said last. */
  readonly output: string
  /** `exit code 1`, in words. */
  readonly ending: string
}

/** Runs a build in the current directory with the shell of the machine. @param over rejects when the time of the run is over: then the builder ends too */
export function build(command: string, over: Promise<never>): Promise<Built> {
  return new Promise((resolve) => {
    const child = spawn(command, { shell: true, stdio: ['ignore', 'pipe', 'pipe'] })
    // Whole lines, so that no secret is cut before it is hidden.
    const lines: string[] = []
    let last = ''
    const take = (text: string): void => {
      const [first = '', ...more] = text.split('\n')
      last += first
      for (const line of more) {
        lines.push(last)
        last = line
      }
      if (lines.length > 2 * MAX_LINES) lines.splice(0, MAX_LINES)
    }
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', take)
    over.catch(() => child.kill())
    child.on('error', (error) => resolve({ isDone: false, output: error.message, ending: 'it cannot be started' }))
    child.on('close', (code, signal) =>
      resolve({
        isDone: code === 0,
        output: [...lines, last].join('\n'),
        ending: signal === null ? `exit code ${code}` : `signal ${signal}`,
      }),
    )
  })
}
