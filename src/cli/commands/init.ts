// `layergate init`: writes a configuration, or the patch that puts the gate into the workflows.
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { codeOf, reasonOf, UsageError } from '../../error.ts'
import { sealed } from '../../secrets/last-look.ts'
import { REPOSITORY } from '../../version.ts'
import type { Command } from '../command.ts'
import { option } from '../help.ts'
import { INIT_OPTIONS, noArguments, parseOptions } from '../options.ts'
import { print } from '../output.ts'
import { proposeWorkflow } from '../workflow/propose.ts'

const help = (): string => `Usage: layergate init [--github]

Writes .layergate.yml with the recommended policy into the current directory.
An existing file is left alone.

${option('github')}

Exit codes: 0 done · 2 it could not be read or written
`

/** The configuration that is written. */
const TEMPLATE = (
  salt: string,
): string => `# yaml-language-server: $schema=https://raw.githubusercontent.com/${REPOSITORY}/main/schema/layergate.schema.json
# What the gate lets pass. All keys: docs/CONFIGURATION.md of Layergate.
extends: recommended

# critical, high, medium, low or never
fail-on: high

# Per rule: off, a severity, or an object with options. layergate rules lists them.
# rules:
#   missing-user: high
#   base-not-allowed:
#     allow: ['gcr.io/distroless/**', 'docker.io/library/node:22-*']

# What is accepted, with a reason. An entry that matches nothing is reported.
# ignore:
#   - rule: secret-in-image
#     path: /app/test/fixtures/**
#     reason: test keys, revoked
#     expires: 2027-06-30

# Makes hashes of secrets comparable between runs. It may be public.
salt: ${salt}
`

async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseOptions('init', args, INIT_OPTIONS)
  noArguments('init', positionals)
  if (values.github === true) {
    const { patch, notes } = await proposeWorkflow(process.cwd())
    for (const note of notes) process.stderr.write(`${sealed(note)}\n`)
    await print(sealed(patch))
    return 0
  }
  try {
    await writeFile('.layergate.yml', TEMPLATE(randomBytes(16).toString('hex')), { flag: 'wx' })
  } catch (error) {
    throw new UsageError(
      codeOf(error) === 'EEXIST'
        ? '.layergate.yml is there already: it was left as it is.'
        : `.layergate.yml cannot be written: ${reasonOf(error)}.`,
    )
  }
  await print('Wrote .layergate.yml.\n')
  return 0
}

export const init: Command = {
  name: 'init',
  overview: [['init [--github]', 'writes .layergate.yml, or a workflow patch']],
  help,
  options: INIT_OPTIONS,
  run,
}
