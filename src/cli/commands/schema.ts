// `layergate schema report|config`: the JSON Schema of what is written and of what is read.
import * as z from 'zod'
import { UsageError } from '../../error.ts'
import { configSchema } from '../../policy/config.ts'
import { reportJsonSchema } from '../../report/json.ts'
import type { Command } from '../command.ts'
import { noArguments } from '../options.ts'
import { print } from '../output.ts'

async function run([name, ...rest]: readonly string[]): Promise<number> {
  noArguments('schema', rest)
  if (name !== 'report' && name !== 'config')
    throw new UsageError('Name one: layergate schema report, or layergate schema config.')
  const value =
    name === 'report'
      ? reportJsonSchema()
      : { title: 'Layergate configuration', ...z.toJSONSchema(configSchema, { io: 'input' }) }
  await print(`${JSON.stringify(value, null, 2)}\n`)
  return 0
}

export const schema: Command = {
  name: 'schema',
  overview: [['schema report|config', 'prints a JSON Schema']],
  help: () =>
    'Usage: layergate schema report|config\n\nPrints the JSON Schema of the JSON report or of .layergate.yml.\n',
  options: {},
  run,
}
