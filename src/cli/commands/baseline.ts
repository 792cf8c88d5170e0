// `layergate baseline`: writes, renews and shows what was there before.
import { writeFile } from 'node:fs/promises'
import { readWhole } from '../../checkout/whole-file.ts'
import { ConfigError, reasonOf, UsageError } from '../../error.ts'
import { runGate } from '../../gate.ts'
import {
  type BaselineEntry,
  type BaselineFile,
  DEFAULT_BASELINE,
  MAX_BASELINE,
  parseBaseline,
  renderBaseline,
  sectionOf,
} from '../../policy/baseline.ts'
import { uncommanding, visible } from '../../report/escape.ts'
import { plural } from '../../report/phrases.ts'
import { wrap } from '../../report/wrap.ts'
import { sealed } from '../../secrets/last-look.ts'
import { prepare } from '../../settings.ts'
import type { Command, Host } from '../command.ts'
import { asWithScan, option } from '../help.ts'
import { BASELINE_OPTIONS, type Hooks, oneImage, parseOptions, settingsOf, surroundingsOf } from '../options.ts'
import { print, withProgress } from '../output.ts'

const help = (): string => `Usage: layergate baseline create IMAGE|REPORT [options]
       layergate baseline update IMAGE|REPORT [options]
       layergate baseline show [FILE]

Writes what an image holds now into .layergate-baseline.json: known findings are
shown and no longer fail, new ones do, fixed ones are listed. The file holds
places and hashes, never a value; commit it. REPORT is a JSON report.

${option('prune')}
${option('output', 'where it is (default: .layergate-baseline.json)')}
${option('name', 'what the image is called in it')}
${asWithScan('config', 'dockerfile', 'context', 'build-metadata', 'target', 'image', 'platform', 'timeout')}

Exit codes: 0 done · 2 it could not be read or written
`

const ACTIONS = ['create', 'update', 'show'] as const

async function readIfThere(file: string): Promise<string | null> {
  const found = await readWhole(file, MAX_BASELINE)
  if (found.text === null && !found.isMissing)
    throw new ConfigError(`${file}: the baseline cannot be read: ${found.why}.`)
  return found.text
}

interface Found {
  readonly name: string
  readonly salt: string
  readonly findings: readonly BaselineEntry[]
}

/** What an image holds now, or what a JSON report says that it held. */
async function find(source: string, given: BaselineFile | null, options: Options, hooks: Hooks): Promise<Found> {
  if (/\.json$/i.test(source)) {
    const text = await readIfThere(source)
    if (text === null) throw new UsageError(`${source}: there is no such report.`)
    const { salt, images } = parseBaseline(source, text)
    const [first, second] = Object.entries(images)
    if (first === undefined || second !== undefined)
      throw new UsageError(`${source}: this is a baseline, no report of one image: name an image or its JSON report.`)
    const [name, findings] = first
    return { name: options.name ?? name, salt, findings }
  }
  // Without a baseline, so that the policy's own settings do not get in the way.
  const prepared = await prepare(source, { ...settingsOf(options), baseline: 'none' }, surroundingsOf(hooks))
  const outcome = await runGate({
    ...prepared,
    baseline: given === null ? null : { name: 'baseline', file: { ...given, images: {} } },
  })
  return { name: outcome.report.name, ...outcome.report.baseline.record }
}

type Options = ReturnType<typeof parseOptions<typeof BASELINE_OPTIONS>>['values']

async function run(args: readonly string[], host: Host): Promise<number> {
  const { values, positionals } = parseOptions('baseline', args, BASELINE_OPTIONS)
  const [word, ...rest] = positionals
  const action = ACTIONS.find((known) => known === word)
  if (action === undefined)
    throw new UsageError(
      `Name one: layergate baseline create IMAGE, layergate baseline update IMAGE, or layergate baseline show.`,
    )
  const file = values.output ?? DEFAULT_BASELINE
  if (action === 'show') return show(rest[0] ?? file)
  const source = oneImage(`baseline ${action}`, rest)
  const text = await readIfThere(file)
  if (action === 'create' && text !== null)
    throw new UsageError(`${file} is there already: layergate baseline update ${source} renews it.`)
  if (action === 'update' && text === null)
    throw new UsageError(`${file}: there is no baseline to update: layergate baseline create ${source} writes one.`)
  const old = text === null ? null : parseBaseline(file, text)
  const found = await withProgress(host, (hooks) => find(source, old, values, hooks))
  if (old !== null && old.salt !== found.salt && Object.keys(old.images).length > 1)
    throw new UsageError(
      `${file}: the report hashes values under another salt than the baseline: update it from the image.`,
    )
  const key = found.name
  const before = (old === null ? null : sectionOf(old, key)) ?? []
  const isComparable = old?.salt === found.salt
  const isOld = (entry: BaselineEntry): BaselineEntry | undefined =>
    before.find(
      (other) =>
        (!isComparable || other.valueHash === entry.valueHash) &&
        (entry.fingerprints.every((fingerprint) => other.fingerprints.includes(fingerprint)) ||
          (isComparable && entry.valueHash !== null && other.rule === entry.rule && other.place === entry.place)),
    )
  const today = new Date().toISOString().slice(0, 10)
  const kept = found.findings.filter((entry) => values.prune !== true || isOld(entry) !== undefined)
  const entries = kept.map((entry) => ({ ...entry, since: isOld(entry)?.since ?? today }))
  const result: BaselineFile = { schemaVersion: 1, salt: found.salt, images: { ...old?.images, [key]: entries } }
  try {
    await writeFile(
      file,
      sealed(renderBaseline(result), (data) => `${JSON.stringify(data, null, 2)}\n`),
    )
  } catch (error) {
    throw new UsageError(`${file}: the baseline cannot be written: ${reasonOf(error)}.`)
  }
  const fresh = entries.filter((entry) => isOld(entry) === undefined).length
  const gone = before.filter((entry) => !entries.some((other) => isOld(other) === entry)).length
  const left = found.findings.length - kept.length
  await print(
    uncommanding(
      sealed(
        `${wrap(
          visible(
            `${file}: ${plural(entries.length, 'finding')} of ${key}${old === null ? '' : `, ${fresh} new, ${gone} gone`}${left === 0 ? '' : `; ${left} new ${left === 1 ? 'one is' : 'ones are'} not taken (--prune)`}. Known ones no longer fail; commit the file.`,
          ),
          '',
          '',
        ).join('\n')}\n`,
      ),
    ),
  )
  return 0
}

async function show(file: string): Promise<number> {
  const text = await readIfThere(file)
  if (text === null) throw new UsageError(`${file}: there is no baseline: layergate baseline create IMAGE writes one.`)
  const { images } = parseBaseline(file, text)
  const lines = Object.entries(images).flatMap(([name, entries]) => [
    `${visible(name)}: ${plural(entries.length, 'finding')}`,
    ...entries.flatMap(({ rule, title, place, since, fingerprints }) =>
      wrap(
        visible(`${since ?? '          '}  ${rule}  ${title}: ${place} (${fingerprints[0] ?? ''})`),
        '  ',
        '              ',
      ),
    ),
  ])
  await print(uncommanding(sealed(`${lines.join('\n')}\n`)))
  return 0
}

export const baseline: Command = {
  name: 'baseline',
  overview: [['baseline create IMAGE', 'accepts what is there now; new findings fail']],
  help,
  options: BASELINE_OPTIONS,
  run,
}
