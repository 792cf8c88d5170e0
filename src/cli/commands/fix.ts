// `layergate fix IMAGE`: makes the changes that the findings propose, in the files of the checkout.
import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { createTwoFilesPatch } from 'diff'
import { readWhole } from '../../checkout/whole-file.ts'
import { ConfigError, reasonOf, UsageError } from '../../error.ts'
import type { Finding } from '../../finding/finding.ts'
import { runGate } from '../../gate.ts'
import type { Outcome } from '../../outcome/outcome.ts'
import { applyEdits, withPatterns } from '../../remedy/apply.ts'
import { uncommanding, visible } from '../../report/escape.ts'
import { plural } from '../../report/phrases.ts'
import { wrap } from '../../report/wrap.ts'
import { sealed } from '../../secrets/last-look.ts'
import { prepare } from '../../settings.ts'
import type { Command, Host } from '../command.ts'
import { asWithScan, option } from '../help.ts'
import { FIX_OPTIONS, oneImage, parseOptions, settingsOf, surroundingsOf } from '../options.ts'
import { print, withProgress } from '../output.ts'

/** Bytes of a file that is changed. */
const MAX_FILE = 1 << 20

const help = (): string => `Usage: layergate fix IMAGE [options]

Makes the changes that the findings of an image propose, in the Dockerfile and
.dockerignore of the current directory. Only changes that are certain are made:
what a person has to decide is listed. Build the image anew, and scan it.

${option('dry-run')}
${option('patch')}
${asWithScan('dockerfile', 'context', 'build-metadata', 'target', 'config', 'image', 'platform', 'timeout')}

Exit codes: 0 all that fails has a change · 1 something that fails has none ·
2 the image or a file could not be read or written
`

type Fix = NonNullable<Finding['fix']>

interface Change {
  readonly path: string
  /** null: there is no such file yet. */
  readonly before: string | null
  readonly after: string
}

/** The changes of all findings, each once. */
function fixesOf({ report }: Outcome): Fix[] {
  const open = report.findings.flatMap(({ fix, suppressed }) => (fix === null || suppressed !== null ? [] : [fix]))
  return [...new Map(open.map((fix) => [JSON.stringify(fix), fix])).values()]
}

/** A file that is to be changed: of the checkout, and no link of it that leads elsewhere. */
async function read(path: string): Promise<string | null> {
  const found = await readWhole(resolve(path), MAX_FILE, process.cwd())
  if (found.text === null && !found.isMissing) throw new ConfigError(`${path}: the file cannot be read: ${found.why}.`)
  if (found.text?.includes('\ufffd') === true)
    throw new ConfigError(`${path}: the file is no UTF-8, and would not stay as it is: change it by hand.`)
  return found.text
}

async function changesOf(fixes: readonly Fix[]): Promise<Change[]> {
  const changes: Change[] = []
  const paths = new Set(fixes.map(({ path }) => path))
  for (const path of paths) {
    const before = await read(path)
    if (before === null) throw new ConfigError(`${path}: the Dockerfile is gone.`)
    const edits = fixes.filter((fix) => fix.path === path).flatMap((fix) => fix.edits)
    changes.push({ path, before, after: applyEdits(before, edits) })
  }
  const ignoring = fixes.flatMap(({ ignore }) => ignore ?? [])
  for (const path of new Set(ignoring.map((ignore) => ignore.path))) {
    const before = await read(path)
    const patterns = ignoring.filter((ignore) => ignore.path === path).flatMap((ignore) => ignore.patterns)
    changes.push({ path, before, after: withPatterns(before, [...new Set(patterns)]) })
  }
  return changes.filter(({ before, after }) => before !== after)
}

const patchOf = (changes: readonly Change[]): string =>
  changes
    .map(({ path, before, after }) =>
      createTwoFilesPatch(before === null ? '/dev/null' : `a/${path}`, `b/${path}`, before ?? '', after).replace(
        /^=+\n/,
        '',
      ),
    )
    .join('')

/** One thing on lines of its own. */
const item = (text: string): string[] => wrap(visible(text), '  ', '    ')

async function run(args: readonly string[], host: Host): Promise<number> {
  const { values, positionals } = parseOptions('fix', args, FIX_OPTIONS)
  const reference = oneImage('fix', positionals)
  if (values['dry-run'] === true && values.patch !== undefined)
    throw new UsageError('--dry-run and --patch: name one of them.')
  const outcome = await withProgress(host, async (hooks) =>
    runGate(await prepare(reference, settingsOf(values), surroundingsOf(hooks))),
  )
  const fixes = fixesOf(outcome)
  const changes = await changesOf(fixes)
  const left = outcome.report.findings.filter(({ fails, fix }) => fails && fix === null)
  const isDry = values['dry-run'] === true
  const lines: string[] = []
  if (values.patch !== undefined && changes.length > 0) {
    const patch = patchOf(changes)
    if (outcome.redactor.text(patch) !== patch)
      throw new UsageError(
        'A line that goes holds a secret, so that a patch would hold it too: layergate fix without --patch changes the files themselves.',
      )
    await write(values.patch, patch)
    lines.push(...wrap(`Wrote ${visible(values.patch)}: git apply takes it.`, '', '  '))
  } else if (!isDry)
    for (const { path, before, after } of changes) await write(path, after, before === null ? 'wx' : 'w')
  for (const { path, before, after } of changes) {
    const verb = isDry || values.patch !== undefined ? 'Would change' : before === null ? 'Wrote' : 'Changed'
    lines.push(`${verb} ${visible(path)}:`, ...outcome.redactor.lines(linesOf(before ?? '', after)))
  }
  if (changes.length === 0) lines.push('Nothing to change.')
  for (const { code, message } of outcome.report.warnings)
    if (code === 'lines-not-known')
      lines.push(...wrap(visible(`${message} If it was changed since, build the image anew.`), '', '  '))
  const build = [...new Set(fixes.flatMap((fix) => fix.build))]
  if (build.length > 0) lines.push('docker build then takes:', ...build.map((each) => `  ${visible(each)}`))
  if (left.length > 0) {
    lines.push(`${plural(left.length, 'finding')} without a certain change:`)
    for (const finding of left) {
      const at = finding.dockerfile === null ? '' : `${finding.dockerfile.path}:${finding.dockerfile.startLine}: `
      lines.push(...item(`${at}${finding.title} (${finding.ruleId}). ${finding.remedy}`))
    }
  }
  await print(uncommanding(sealed(`${lines.join('\n')}\n`)))
  return left.length > 0 ? 1 : 0
}

/** Lines that go and lines that come, as they are printed: values in them are hidden. */
function linesOf(before: string, after: string): string[] {
  const patch = createTwoFilesPatch('', '', before, after, undefined, undefined, { context: 0 })
  return patch
    .split('\n')
    .slice(4)
    .filter((line) => /^[+-]/.test(line))
    .map((line) => `  ${visible(`${line.charAt(0)} ${line.substring(1)}`.trimEnd())}`)
}

/** @param flag `wx` for a file that is to be new: a link in its place is not followed */
async function write(path: string, text: string, flag: 'w' | 'wx' = 'w'): Promise<void> {
  try {
    await writeFile(path, text, { flag })
  } catch (error) {
    throw new UsageError(`${path}: the file cannot be written: ${reasonOf(error)}.`)
  }
}

export const fix: Command = {
  name: 'fix',
  overview: [['fix IMAGE', 'makes the changes that the findings propose']],
  help,
  options: FIX_OPTIONS,
  run,
}
