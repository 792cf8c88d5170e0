// Programs that run code: what they run, by their words.
import { optionsIn } from './options.ts'
import { isShell, parseScript, type ShellCommand } from './script.ts'
import type { ShellWord } from './words.ts'

export type Run =
  | { readonly kind: 'input' }
  | { readonly kind: 'file'; readonly word: ShellWord }
  | { readonly kind: 'code'; readonly word: ShellWord }

interface Interpreter {
  readonly names: RegExp
  /** Options whose value is code. */
  readonly code: RegExp
  /** Options that take a value which is no code. */
  readonly values: RegExp
}

const INTERPRETERS: readonly Interpreter[] = [
  {
    names: /^(?:(?:ba|da|a|z|k|mk|tc|c|fi)?sh)$/,
    code: /^-[a-zA-Z]*c$/,
    values: /^(?:[-+][a-zA-Z]*[oO]|--rcfile|--init-file)$/,
  },
  { names: /^(?:python|pypy)[\d.]*$/, code: /^-[a-zA-Z]*c$/, values: /^-[WX]$/ },
  { names: /^perl[\d.]*$/, code: /^-\w*[eE]$/, values: /^$/ },
  { names: /^ruby[\d.]*$/, code: /^-\w*e$/, values: /^-[rI]$/ },
  {
    names: /^(?:node|nodejs|bun|deno)$/,
    code: /^(?:-[a-z]*[ep]|--eval|--print|eval)$/,
    values: /^(?:-r|--require|--import)$/,
  },
  { names: /^php[\d.]*$/, code: /^-\w*r$/, values: /^-[cdz]$/ },
  { names: /^(?:pwsh|powershell)(?:\.exe)?$/i, code: /^-(?:c|command)$/i, values: /^-(?:executionpolicy|ep|ex)$/i },
  { names: /^(?:lua[\d.]*|luajit|Rscript|osascript|groovy|tclsh[\d.]*)$/, code: /^-e$/, values: /^-l$/ },
]

const interpreterOf = (name: string): Interpreter | null => INTERPRETERS.find(({ names }) => names.test(name)) ?? null

/** Whether a program runs code that it is given. */
export const isInterpreter = (name: string): boolean => interpreterOf(name) !== null

/** Names of standard input. */
const INPUT = /^(?:-|\/dev\/(?:stdin|fd\/0)|\/proc\/self\/fd\/0)$/

/** `su app`, `sudo -i`: a shell that reads its commands from the input, where none is named. */
function startsShell(command: ShellCommand): boolean {
  const { name, args, replaced } = command
  const options = optionsIn(command)
  // Without a program behind their options they stand as they are.
  if (/^(?:sudo|doas)$/.test(name)) return options.has('-s', '-i', '--shell', '--login')
  if (name === 'parallel')
    return options.operands.every(({ value }) => /^\d+%?$/.test(value)) && !options.has('--version', '--help')
  if (name !== 'su' && name !== 'runuser') return false
  // `xargs su -c`: the code is put behind it.
  if (/^(?:-\w*c|--command)$/.test(args.at(-1)?.value ?? '')) return replaced === ''
  if (options.has('-c', '--command', '--help', '--version', '-h', '-V')) return false
  return (
    options.operands.filter(({ value }) => value !== '-').length <= 1 && (name === 'su' || !options.has('-u', '--user'))
  )
}

/** Whether code runs what xargs puts into it: `sh -c '{}'`, `sh -c 'eval "$0"'`; not where it is an argument in it. */
function runsInput(name: string, code: string, replaced: string | null): boolean {
  if (replaced === null) return false
  if (code === replaced) return true
  if (!isShell(name)) return false
  const isInput = (word: string): boolean =>
    replaced === '' ? /^\$(?:[@*\d]|\{[@*\d]\})$/.test(word) : word === replaced
  return parseScript(code).commands.some(
    ({ program, name: inner, args }) =>
      isInput(program) || (inner === 'eval' && args.some(({ value }) => isInput(value))),
  )
}

/** What an interpreter runs; null for a program that is none, or one that runs a module or prints its version. */
export function runOf(command: ShellCommand): Run | null {
  const { name, program, args, replaced } = command
  if (name === 'eval')
    return args[0] === undefined ? null : { kind: 'code', word: args.find(({ kind }) => kind !== 'literal') ?? args[0] }
  if (name === 'source' || name === '.')
    return args[0] === undefined
      ? null
      : INPUT.test(args[0].value)
        ? { kind: 'input' }
        : { kind: 'file', word: args[0] }
  if (startsShell(command) || (replaced !== null && replaced !== '' && program === replaced)) return { kind: 'input' }
  const interpreter = interpreterOf(name)
  if (interpreter === null) return null
  for (let at = 0; at < args.length; at++) {
    const word = args[at]
    if (word === undefined) break
    const { value } = word
    if (INPUT.test(value) || (isShell(name) && /^-[a-z]*s$/.test(value))) return { kind: 'input' }
    const code = args[at + 1]
    if (interpreter.code.test(value)) {
      if (code === undefined) return replaced === '' ? { kind: 'input' } : null
      return runsInput(name, code.value, replaced) ? { kind: 'input' } : { kind: 'code', word: code }
    }
    if (/^(?:-m|--version|-V|-v|--help|-h|-i)$/.test(value) && !isShell(name)) return null
    if (interpreter.values.test(value)) at++
    else if (value === '--') return code === undefined ? { kind: 'input' } : { kind: 'file', word: code }
    // What PowerShell is given is a command, unless it is a script.
    else if (/^(?:pwsh|powershell)/i.test(name) && !/^[-+]|\.ps1$/i.test(value)) return { kind: 'code', word }
    else if (!/^[-+]./.test(value) && value !== '') return { kind: 'file', word }
  }
  return { kind: 'input' }
}
