// `layergate scan IMAGE`: judges an image, and writes what was found in as many forms as are asked for.

import { type BaseCommit, baseCommit } from '../../checkout/base-commit.ts'
import { commitOf } from '../../checkout/git.ts'
import { UsageError } from '../../error.ts'
import type { KnownIndicators } from '../../evidence/evidence.ts'
import { detectorsOfIocs, readIocs } from '../../forensics/iocs.ts'
import { runGate } from '../../gate.ts'
import { readContext } from '../../github/event.ts'
import type { Outcome } from '../../outcome/outcome.ts'
import { compileOwn } from '../../policy/own-detectors.ts'
import { FORMS, type Form } from '../../report/forms.ts'
import { isMild } from '../../report/verdict.ts'
import { useDetectors } from '../../secrets/scanner.ts'
import { nameOf, type Prepared, prepare, presentable } from '../../settings.ts'
import type { Command, Host } from '../command.ts'
import { options, TEXT_AT } from '../help.ts'
import { limitTo, noSuchFormat, oneImage, parseOptions, SCAN_OPTIONS, settingsOf, surroundingsOf } from '../options.ts'
import { withProgress, writeOut } from '../output.ts'

const help = (): string => `Usage: layergate scan IMAGE [options]

${options('dockerfile', 'context', 'build-metadata', 'target', 'config', 'fail-on', 'min-confidence', 'image', 'platform', 'name', 'baseline', 'policy-from', 'timeout', 'format')}
${FORMS.map(({ name, about }) => `${' '.repeat(TEXT_AT)}${name.padEnd(16)}${about}`).join('\n')}
${options('json', 'output', 'verbose', 'show-quiet', 'ioc', 'no-color')}

Every option but --format, --json, --output, --verbose, --show-quiet and
--no-color can come
from the environment: LAYERGATE_FAIL_ON and so on. It wins over the
configuration, options win over both.

  docker save my-app | layergate scan -
  layergate scan image.tar --format json=report.json --format sarif=report.sarif

Exit codes: 0 the image passes · 1 the policy fails it · 2 nothing was judged
`

interface Target {
  readonly form: Form
  /** null: standard output. */
  readonly file: string | null
}

function parseTargets(formats: readonly string[], output: string | undefined): Target[] {
  const targets = (formats.length === 0 ? ['terminal'] : formats).map((text): Target => {
    const [name = '', ...rest] = text.split('=')
    const form = FORMS.find((known) => known.name === name)
    if (form === undefined)
      throw noSuchFormat(
        name,
        FORMS.map((known) => known.name),
      )
    return { form, file: rest.length === 0 ? null : rest.join('=') }
  })
  const open = targets.filter(({ file }) => file === null)
  if (output !== undefined) {
    if (open.length !== 1)
      throw new UsageError('--output goes with one format; write several as --format json=FILE --format sarif=FILE.')
    return targets.map((target) => (target.file === null ? { ...target, file: output } : target))
  }
  if (open.length > 1)
    throw new UsageError(
      `Only one format can go to standard output; write the others to files: --format ${open[1]?.form.name}=FILE.`,
    )
  return targets
}

async function run(args: readonly string[], host: Host): Promise<number> {
  const { values, positionals } = parseOptions('scan', args, SCAN_OPTIONS)
  const targets = parseTargets([...(values.format ?? []), ...(values.json === true ? ['json'] : [])], values.output)
  const reference = oneImage('scan', positionals)
  const settings = settingsOf(values)
  limitTo(values.timeout, host)
  let outcome: Outcome
  let configPath: string | null
  try {
    ;({ outcome, configPath } = await withProgress(host, async (hooks) => {
      const base = await commitOfPolicy(values['policy-from'])
      const iocs = values.ioc === undefined ? null : await readIocs(values.ioc)
      const own = await prepare(reference, settings, { ...surroundingsOf(hooks), base })
      const prepared = iocs === null ? own : withIocs(own, iocs)
      // What is printed in a workflow is as public as its repository.
      const isPublic = process.env['GITHUB_ACTIONS'] === 'true' && readContext(process.env).isPublic
      return { outcome: { ...(await runGate(prepared)), isPublic }, configPath: prepared.configPath }
    }))
  } catch (error) {
    const shown = presentable(error)
    for (const { form, file } of targets)
      if (form.renderError !== null)
        await writeOut(file, form.renderError(shown, reference, nameOf(reference, settings)), host)
    throw error
  }
  const color = values['no-color'] !== true && isColorWanted(process.env)
  const common = {
    verbose: values.verbose === true,
    showQuiet: values['show-quiet'] === true,
    configPath,
    commit: commitOfRun(process.env),
    now: new Date(),
  }
  for (const { form, file } of targets)
    await writeOut(file, form.render(outcome, { ...common, color: color && file === null }), host)
  return outcome.report.verdict.result === 'fail' && !isMild(outcome.report) ? 1 : 0
}

/** The run with the texts of the indicators among what is searched for. */
const withIocs = (prepared: Prepared, iocs: KnownIndicators): Prepared => ({
  ...prepared,
  iocs,
  scanner: useDetectors([...compileOwn(prepared.policy.detectors), ...detectorsOfIocs(iocs)]),
})

/** At a terminal, or where FORCE_COLOR asks for it. */
const isColorWanted = ({ NO_COLOR, FORCE_COLOR = '0' }: NodeJS.ProcessEnv): boolean =>
  NO_COLOR === undefined && (process.stdout.isTTY === true || FORCE_COLOR !== '0')

/** The commit that a run is about, as GitLab and GitHub name it. */
const commitOfRun = (env: NodeJS.ProcessEnv): string | null =>
  [env['CI_COMMIT_SHA'], env['GITHUB_SHA']].find((sha) => /^[0-9a-f]{40,64}$/.test(sha ?? '')) ?? null

/** The commit of `--policy-from`: a revision that git knows here, or `base`, that of the event of a workflow. */
async function commitOfPolicy(given: string | undefined): Promise<BaseCommit | null> {
  const from = given ?? process.env['LAYERGATE_POLICY_FROM'] ?? 'head'
  if (from === 'head') return null
  const revision = from === 'base' ? readContext(process.env).baseCommit : from
  const commit = revision === null ? null : await commitOf(process.cwd(), revision)
  if (commit === null)
    throw new UsageError(
      revision === null
        ? '--policy-from base: the event names no base commit. Name a revision, such as origin/main.'
        : `--policy-from ${revision}: git does not know that commit here. Fetch it first: git fetch origin ${/^[0-9a-f]{40}$/.test(revision) ? revision : revision.replace(/^origin\//, '')}.`,
    )
  return baseCommit(process.cwd(), commit, null)
}

export const scan: Command = {
  name: 'scan',
  overview: [['scan IMAGE [options]', 'reads every layer and judges the image']],
  help,
  options: SCAN_OPTIONS,
  run,
}
