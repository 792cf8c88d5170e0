// A word as a command gets it: quotes taken off, variables filled in where their value is known.
import type { DoubleQuotedChild, Word, WordPart } from 'unbash'

/** Values of variables by name; one that is not there is not known. */
export type Variables = Pick<ReadonlyMap<string, string>, 'get' | 'has'> & Iterable<readonly [string, string]>

export interface ShellWord {
  /** Variables that are not known, and substitutions, stand as written. */
  readonly value: string
  /** `literal`: as written; `variable`: it holds one, known or not; `open`: what a command prints is part of it. */
  readonly kind: 'literal' | 'variable' | 'open'
  /** Where it stands in the text of the whole script. */
  readonly position: number
}

const KINDS = ['literal', 'variable', 'open'] as const
type Kind = (typeof KINDS)[number]

/** Characters of one word; variables of variables can grow without end. */
const MAX_WORD = 64 << 10

/** A `\` at the end of a line and a quoted `$`, `"`, `` ` `` or `\`: what double quotes leave of them. */
const unescapeDouble = (text: string): string =>
  text.replace(/\\([$`"\\\n])/g, (_, char: string) => (char === '\n' ? '' : char))

interface Part {
  readonly value: string
  readonly kind: Kind
}

function partValue(part: WordPart | DoubleQuotedChild, variables: Variables): Part {
  switch (part.type) {
    case 'DoubleQuoted':
    case 'LocaleString':
      return join(
        part.parts.map((inner) =>
          inner.type === 'Literal'
            ? { value: unescapeDouble(inner.text), kind: 'literal' }
            : partValue(inner, variables),
        ),
      )
    case 'SimpleExpansion':
      return { value: variables.get(part.text.slice(1)) ?? part.text, kind: 'variable' }
    case 'ParameterExpansion': {
      const known = part.prefix === undefined && part.index === undefined ? variables.get(part.parameter) : undefined
      const { operation } = part
      if (operation === undefined) return { value: known ?? part.text, kind: 'variable' }
      if (operation.type !== 'Default') return { value: part.text, kind: 'variable' }
      const isSet = known !== undefined && !(known === '' && operation.operator.startsWith(':'))
      if (operation.operator.endsWith('+')) return { value: part.text, kind: 'variable' }
      if (isSet) return { value: known, kind: 'variable' }
      return operation.operator.endsWith('?')
        ? { value: part.text, kind: 'variable' }
        : { value: wordOf(operation.operand, variables).value, kind: 'variable' }
    }
    case 'CommandExpansion':
    case 'ProcessSubstitution':
      return { value: part.text, kind: 'open' }
    case 'SingleQuoted':
    case 'AnsiCQuoted':
    case 'Literal':
      return { value: part.value, kind: 'literal' }
    default:
      return { value: part.text, kind: 'literal' }
  }
}

const join = (parts: readonly Part[]): Part => ({
  value: parts.map(({ value }) => value).join(''),
  kind: KINDS[Math.max(0, ...parts.map(({ kind }) => KINDS.indexOf(kind)))] ?? 'literal',
})

/** A word of the grammar, with `offset` added to its position. */
export function wordOf(word: Word, variables: Variables, offset = 0): ShellWord {
  const { value, kind } =
    word.parts === undefined
      ? { value: word.value, kind: 'literal' as const }
      : join(word.parts.map((part) => partValue(part, variables)))
  return { value: value.length > MAX_WORD ? word.value.slice(0, MAX_WORD) : value, kind, position: offset + word.pos }
}

/** A word that stands for itself. */
export const literalWord = (value: string, position = 0): ShellWord => ({ value, kind: 'literal', position })

/** A text on one line. */
export const oneLine = (text: string): string =>
  text
    .replace(/\\?(?<![^\S\n])[^\S\n]*\n\s*/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
