// `layergate lint [DOCKERFILE…]`: the rules that need no image.
import { type LintResult, lintDockerfile } from '../../lint.ts'
import { renderLint, renderLintJson } from '../../report/lint.ts'
import { renderLintSarif } from '../../report/sarif.ts'
import { prepareLint } from '../../settings.ts'
import type { Command, Host } from '../command.ts'
import { list, option, options } from '../help.ts'
import { formOf, LINT_OPTIONS, limitTo, parseOptions, settingsOf } from '../options.ts'
import { writeOut } from '../output.ts'

/** The forms of what `lint` prints. */
const FORMS: Readonly<Record<string, (results: readonly LintResult[], verbose: boolean) => string>> = {
  terminal: (results, verbose) => renderLint(results, { verbose }),
  json: renderLintJson,
  sarif: renderLintSarif,
}

const help = (): string => `Usage: layergate lint [DOCKERFILE…|DIR…] [options]

Looks for secrets and runs the rules on commands, users and base images on
Dockerfiles alone: for editors and pre-commit hooks. No image is read; layergate
scan tells more.
Without a name all Dockerfiles below the current directory are checked.

${options('config', 'fail-on', 'min-confidence', 'timeout')}
${option('format', list(Object.keys(FORMS)), 'NAME')}
${option('json')}
${option('output', 'where it goes (default: standard output)')}
${option('verbose', 'shows what is for information, and what is accepted')}

A comment on the line above accepts a finding, here and in layergate scan:
  # layergate-ignore: RULE [path=PATTERN] [detector=ID] reason [until DATE]
Those of hadolint (# hadolint ignore=DL3009) count for the same rules.

Exit codes: 0 passes · 1 the policy fails it · 2 it could not be read
`

async function run(args: readonly string[], host: Host): Promise<number> {
  const { values, positionals } = parseOptions('lint', args, LINT_OPTIONS)
  const render = formOf(FORMS, values)
  limitTo(values.timeout, host)
  const { files, policy, scanner } = await prepareLint(positionals, settingsOf(values), process.cwd())
  host.within(policy.limits.seconds)
  const now = new Date()
  const results = files.map((file) => lintDockerfile(file, policy, scanner, now))
  await writeOut(values.output ?? null, render(results, values.verbose === true), host)
  return policy.failOn !== 'never' && results.some(({ verdict }) => verdict.result === 'fail') ? 1 : 0
}

export const lint: Command = {
  name: 'lint',
  overview: [['lint [DOCKERFILE…]', 'the rules that need no image, before a build']],
  help,
  options: LINT_OPTIONS,
  run,
}
