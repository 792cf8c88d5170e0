// `layergate recover IMAGE [PATH|GLOB]… --to DIR`: what layers hold, byte for byte, also what later ones hide.
import { pack } from 'tar-stream'
import { UsageError } from '../../error.ts'
import { versionsOf, withCase } from '../../forensics/case.ts'
import { type Plan, planOf, recoverOne, recoverTar, recoverTo } from '../../forensics/recover.ts'
import { isMeant } from '../../forensics/select.ts'
import { visible } from '../../report/escape.ts'
import { renderFiles } from '../../report/files.ts'
import { bytes, plural } from '../../report/phrases.ts'
import { wrap } from '../../report/wrap.ts'
import { prepare } from '../../settings.ts'
import type { Command, Host } from '../command.ts'
import { asWithScan, option, options } from '../help.ts'
import { imageAndPaths, layerNumber, parseOptions, RECOVER_OPTIONS, settingsOf, surroundingsOf } from '../options.ts'
import { withProgress, writeOut } from '../output.ts'
import { writeBytes } from '../raw.ts'

const help = (): string => `Usage: layergate recover IMAGE [PATH|GLOB]… [--to DIR|-] [options]

Writes every version that any layer holds of the paths (none: of all), deleted,
overwritten and replaced ones too, byte for byte, under names of its own, with
manifest.json: path, layer, state, mode, owner, time, SHA-256, instruction and
line of each. Nothing of the image is run, no link is followed, no device made.
Without --to it lists what it would write.

${option('to')}
${options('deleted', 'secrets', 'layer')}
${asWithScan('dockerfile', 'context', 'build-metadata', 'target', 'config', 'image', 'platform', 'timeout')}

Exit codes: 0 written, or listed · 2 it could not be, or there is no such file
`

async function writeTar(add: (put: (name: string, content: Buffer) => void) => Promise<void>): Promise<void> {
  const archive = pack()
  const chunks: Buffer[] = []
  archive.on('data', (chunk) => {
    chunks.push(chunk as Buffer)
  })
  const ended = new Promise<void>((resolve, reject) => {
    archive.on('end', () => resolve())
    archive.on('error', reject)
  })
  await add((name, content) => {
    archive.entry({ name, mode: 0o600, mtime: new Date(0) }, content)
  })
  archive.finalize()
  await ended
  await writeBytes(Buffer.concat(chunks))
}

async function run(args: readonly string[], host: Host): Promise<number> {
  const { values, positionals } = parseOptions('recover', args, RECOVER_OPTIONS)
  const { reference, paths } = imageAndPaths('recover', positionals)
  const selection = {
    paths,
    layer: layerNumber(values.layer),
    isHidden: values.deleted === true,
    hasSecret: values.secrets === true,
  }
  const { to } = values
  if (to === '-' && process.env['GITHUB_ACTIONS'] === 'true')
    throw new UsageError('--to - is refused in a workflow: its log would keep what is recovered. Name a folder.')
  if (to === '-' && process.stdout.isTTY === true)
    throw new UsageError('--to - writes bytes, and standard output is a terminal: send it to a file or a pipe.')
  const text = await withProgress(host, async (hooks) =>
    withCase(await prepare(reference, settingsOf(values), surroundingsOf(hooks)), async (inspection) => {
      const versions = versionsOf(inspection, selection, isMeant)
      const plan: Plan = planOf(versions)
      if (to === undefined) return `${renderFiles(versions, inspection.redactor)}--to DIR writes them.\n`
      if (versions.length === 0) throw new UsageError('There is no such file in any layer, so nothing was written.')
      if (to !== '-') {
        await recoverTo(inspection, plan, to)
        return `${wrap(
          visible(
            `Wrote ${plural(plan.files.size, 'file')} (${bytes(plan.bytes)}) of ${plural(versions.length, 'entry', 'entries')} and manifest.json to ${to}.`,
          ),
          '',
          '  ',
        ).join('\n')}\n`
      }
      if (plan.files.size === 1)
        await recoverOne(inspection, plan, (chunk) => void process.stdout.write(Buffer.from(chunk)))
      else await writeTar((put) => recoverTar(inspection, plan, put))
      return ''
    }),
  )
  if (text !== '') await writeOut(null, text, host)
  return 0
}

export const recover: Command = {
  name: 'recover',
  overview: [['recover IMAGE --to DIR', 'files that layers hide, byte for byte']],
  help,
  options: RECOVER_OPTIONS,
  run,
}
