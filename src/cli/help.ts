// The help of options, made from their table.
import { OPTIONS, type OptionName } from '../option-table.ts'
import { wrap } from '../report/wrap.ts'

/** Where the text of an option begins. */
export const TEXT_AT = 25

/** `--fail-on SEVERITY`. */
const usageOf = (name: OptionName, value: string | null = OPTIONS[name].value): string =>
  `--${name}${value === null ? '' : ` ${value}`}`

/** An option and what it does, `text` instead of what the table says. */
export function option(name: OptionName, text: string = OPTIONS[name].help, value?: string): string {
  const usage = `  ${usageOf(name, value)}`
  return wrap(
    text,
    usage
      .padEnd(TEXT_AT - 2)
      .padEnd(usage.length + 2)
      .padEnd(TEXT_AT),
    ' '.repeat(TEXT_AT),
  ).join('\n')
}

export const options = (...names: readonly OptionName[]): string => names.map((name) => option(name)).join('\n')

/** Options that are those of another command. */
export const asWithScan = (...names: readonly OptionName[]): string =>
  [
    ...wrap(names.map((name) => usageOf(name).replace(' ', '·')).join(', '), '  ', '  ').map((line) =>
      line.replaceAll('·', ' '),
    ),
    `${' '.repeat(TEXT_AT)}as with layergate scan`,
  ].join('\n')

/** `terminal, json or sarif`. */
export const list = (words: readonly string[]): string => `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
