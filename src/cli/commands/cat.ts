// `layergate cat IMAGE PATH`: the bytes of one version of a file.
import { ConfigError, UsageError } from '../../error.ts'
import { type FileVersion, isRegular, versionsOf, withCase } from '../../forensics/case.ts'
import { planOf, recoverOne } from '../../forensics/recover.ts'
import { prepare } from '../../settings.ts'
import type { Command, Host } from '../command.ts'
import { asWithScan, option } from '../help.ts'
import { CAT_OPTIONS, layerNumber, parseOptions, settingsOf, surroundingsOf } from '../options.ts'
import { withProgress, writeOut } from '../output.ts'
import { writeBytes } from '../raw.ts'

/** Bytes of a text that is searched for secrets before it is printed. */
const MAX_TEXT = 64 << 20

const help = (): string => `Usage: layergate cat IMAGE PATH [--layer N] [--show-secrets]

Prints a file of the image: as the final tree shows it, else as the last layer
that had it did; with --layer as that layer brought it. Secrets are hidden.

${option('layer', 'the version of this layer, counted from 0')}
${option('show-secrets')}
${asWithScan('config', 'image', 'platform', 'timeout')}

Exit codes: 0 printed · 2 there is no such file, or it is no text
`

/** The version that is meant: the one that is shown, else the last one. */
function versionOf(versions: readonly FileVersion[], path: string, layer: number | null): FileVersion {
  const found = versions.findLast(({ state }) => state === 'present') ?? versions.at(-1)
  const where = layer === null ? 'any layer' : `layer ${layer}`
  if (found === undefined)
    throw new ConfigError(`${path}: there is no such file in ${where}. layergate files IMAGE lists what there is.`)
  if (!isRegular(found))
    throw new ConfigError(
      `${path}: it is a ${found.entry.type}${found.entry.link === null ? '' : ` to ${found.entry.link}`}, not a file.`,
    )
  return found
}

async function run(args: readonly string[], host: Host): Promise<number> {
  const { values, positionals } = parseOptions('cat', args, CAT_OPTIONS)
  const [reference, path, extra] = positionals
  if (reference === undefined || path === undefined || extra !== undefined)
    throw new UsageError('Name an image and one path: layergate cat IMAGE PATH. See layergate cat --help.')
  const isRaw = values['show-secrets'] === true
  if (isRaw && process.env['GITHUB_ACTIONS'] === 'true')
    throw new UsageError('--show-secrets is refused in a workflow: its log would keep the secret.')
  const from = path.startsWith('/') ? path : `/${path}`
  const layer = layerNumber(values.layer)
  const { content, hidden } = await withProgress(host, async (hooks) =>
    withCase(await prepare(reference, settingsOf(values), surroundingsOf(hooks)), async (inspection) => {
      const shown = layer === null ? inspection.evidence.filesystem.find(from) : null
      const selection = { paths: [], layer, isHidden: false, hasSecret: false }
      const versions = versionsOf(inspection, selection, () => true).filter(
        ({ path: own }) => own === (shown?.path ?? from),
      )
      const plan = planOf([versionOf(versions, from, layer)])
      const pieces: Buffer[] = []
      if (plan.bytes > MAX_TEXT)
        throw new ConfigError(
          `${from}: it has ${plan.bytes} bytes: layergate recover IMAGE ${from} --to DIR writes it.`,
        )
      await recoverOne(inspection, plan, (chunk) => pieces.push(Buffer.from(chunk)))
      const bytes = Buffer.concat(pieces)
      return { content: bytes, hidden: isRaw ? '' : inspection.redactor.text(textOf(from, bytes)) }
    }),
  )
  if (isRaw) await writeBytes(content)
  else await writeOut(null, hidden, host)
  return 0
}

/** @throws ConfigError for what is no text: nobody can tell what of it would be a secret */
function textOf(path: string, bytes: Buffer): string {
  if (bytes.subarray(0, 8192).includes(0))
    throw new ConfigError(
      `${path}: it is no text. layergate recover IMAGE ${path} --to DIR writes it byte for byte, --show-secrets prints it.`,
    )
  return bytes.toString('utf8')
}

export const cat: Command = {
  name: 'cat',
  overview: [['cat IMAGE PATH', 'a file of the final tree or of one layer']],
  help,
  options: CAT_OPTIONS,
  run,
}
