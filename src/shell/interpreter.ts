// Programs that run code: what they run, by their words.
import { isShell, type ShellCommand } from './script.ts'
import type { ShellWord } from './words.ts'

export type Run = { readonly kind: 'input' } | { readonly kind: 'file'; readonly word: ShellWord } | { readonly kind: 'code'; readonly word: ShellWord }

interface Interpreter {
  readonly names: RegExp
  /** Options whose value is code. */
  readonly code: RegExp
  /** Options that take a value which is no code. */
  readonly values: RegExp
}

const INTERPRETERS: readonly Interpreter[] = [
  { names: /^(?:(?:ba|da|a|z|k|mk|tc|c|fi)?sh)$/, code: /^-[a-zA-Z]*c$/, values: /^(?:[-+][a-zA-Z]*[oO]|--rcfile|--init-file)$/ },
  { names: /^(?:python|pypy)[\d.]*$/, code: /^-[a-zA-Z]*c$/, values: /^-[WX]$/ },
  { names: /^perl[\d.]*$/, code: /^-\w*[eE]$/, values: /^$/ },
  { names: /^ruby[\d.]*$/, code: /^-\w*e$/, values: /^-[rI]$/ },
  { names: /^(?:node|nodejs|bun|deno)$/, code: /^(?:-[a-z]*[ep]|--eval|--print|eval)$/, values: /^(?:-r|--require|--import)$/ },
  { names: /^php[\d.]*$/, code: /^-\w*r$/, values: /^-[cdz]$/ },
  { names: /^(?:pwsh|powershell)(?:\.exe)?$/i, code: /^-(?:c|command)$/i, values: /^-(?:executionpolicy|ep|ex)$/i },
  { names: /^(?:lua[\d.]*|luajit|Rscript|osascript|groovy|tclsh[\d.]*)$/, code: /^-e$/, values: /^-l$/ },
]

const interpreterOf = (name: string): Interpreter | null => INTERPRETERS.find(({ names }) => names.test(name)) ?? null

/** Whether a program runs code that it is given. */
export const isInterpreter = (name: string): boolean => interpreterOf(name) !== null

/** What an interpreter runs; null for a program that is none, or one that runs a module or prints its version. */
export function runOf({ name, args }: ShellCommand): Run | null {
  if (name === 'eval') return args[0] === undefined ? null : { kind: 'code', word: args.find(({ kind }) => kind !== 'literal') ?? args[0] }
  if (name === 'source' || name === '.') return args[0] === undefined ? null : args[0].value === '/dev/stdin' ? { kind: 'input' } : { kind: 'file', word: args[0] }
  const interpreter = interpreterOf(name)
  if (interpreter === null) return null
  for (let at = 0; at < args.length; at++) {
    const word = args[at]
    if (word === undefined) break
    const { value } = word
    if (value === '-' || value === '/dev/stdin' || (isShell(name) && /^-[a-z]*s$/.test(value))) return { kind: 'input' }
    const code = args[at + 1]
    if (interpreter.code.test(value)) return code === undefined ? null : { kind: 'code', word: code }
    if (/^(?:-m|--version|-V|-v|--help|-h|-i)$/.test(value) && !isShell(name)) return null
    if (interpreter.values.test(value)) at++
    else if (value === '--') return code === undefined ? { kind: 'input' } : { kind: 'file', word: code }
    // What PowerShell is given is a command, unless it is a script.
    else if (/^(?:pwsh|powershell)/i.test(name) && !/^[-+]|\.ps1$/i.test(value)) return { kind: 'code', word }
    else if (!/^[-+]./.test(value) && value !== '') return { kind: 'file', word }
  }
  return { kind: 'input' }
}
