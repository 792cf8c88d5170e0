// `layergate rules`: lists the rules.
import { RULES } from '../../rules/list.ts'
import type { Command } from '../command.ts'
import { noArguments } from '../options.ts'
import { print } from '../output.ts'

async function run(args: readonly string[]): Promise<number> {
  noArguments('rules', args)
  const width = Math.max(...RULES.map(({ meta }) => meta.id.length))
  const lines = RULES.map(
    ({ meta }) => `${meta.id.padEnd(width)}  ${(meta.enabled ? meta.severity : 'off').padEnd(8)}  ${meta.title}\n`,
  )
  await print(`${'rule'.padEnd(width)}  severity  title\n${lines.join('')}`)
  return 0
}

export const rules: Command = {
  name: 'rules',
  overview: [['rules', 'lists the rules']],
  help: () => 'Usage: layergate rules\n\nLists the rules with their severity by default.\n',
  options: {},
  run,
}
