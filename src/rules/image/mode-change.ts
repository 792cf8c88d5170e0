// Commands and instructions that give files a mode.
import type { Step } from '../../evidence/steps.ts'
import type { Mode } from '../../shell/modes.ts'
import { readMode } from '../../shell/modes.ts'
import { optionsIn } from '../../shell/options.ts'
import type { ShellCommand } from '../../shell/script.ts'
import type { ShellWord } from '../../shell/words.ts'

interface ModeChange {
  readonly mode: Mode
  readonly written: string
  readonly paths: readonly ShellWord[]
  /** It makes directories. */
  readonly isDirectory: boolean
}

/** The mode that a command gives files, and which files; null for none. */
export function modeChange(command: ShellCommand): ModeChange | null {
  const { name, args } = command
  const options = optionsIn(command)
  if (name === 'chmod') {
    // `-x` takes a permission away: it looks like an option and is none.
    const words = args.filter(({ value }) => !/^--|^-[RcfvhHLP]+$/.test(value))
    const [first, ...paths] = words
    const mode = first === undefined ? null : readMode(first.value)
    return first === undefined || mode === null
      ? null
      : { mode, written: `chmod ${first.value}`, paths, isDirectory: false }
  }
  if (name === 'install' || name === 'mkdir') {
    const given = options.value('-m', '--mode')
    const mode = given === null ? null : readMode(given.value)
    if (given === null || mode === null) return null
    const isDirectory = name === 'mkdir' || options.has('-d', '--directory')
    return {
      mode,
      written: `${name} -m ${given.value}`,
      paths: isDirectory ? options.operands : options.operands.slice(-1),
      isDirectory,
    }
  }
  return null
}

/** The mode of COPY --chmod or ADD --chmod. */
export function copyMode({ keyword, flags, text }: Step): ModeChange | null {
  if (keyword !== 'COPY' && keyword !== 'ADD') return null
  const written = (flags ?? [...(text.match(/--chmod=\S+/g) ?? [])])
    .find((flag) => flag.startsWith('--chmod='))
    ?.slice(8)
  const mode = written === undefined ? null : readMode(written.replace(/["']/g, ''))
  if (written === undefined || mode === null) return null
  const target = text.trim().split(/\s+/).at(-1) ?? ''
  return {
    mode,
    written: `${keyword} --chmod=${written}`,
    paths: [{ value: target, kind: /\$/.test(target) ? 'variable' : 'literal', position: 0 }],
    isDirectory: false,
  }
}
