// The adversary of the redactor: node bench/no-secret.ts [IMAGES TRUTHS [DOCKERFILES]] [--attacks N]
//
// Makes 500 images with secrets in every field, encoding, cut and wrap (test/adversary.ts), and judges every sample whose truth is known
// (IMAGES and TRUTHS as for bench/truth.ts). Looks in every report, log, file and environment file for ten characters in a row of any
// value: raw, and in its base64, hex, URL and JSON forms. Exits with 1 when one is found.
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { GateError } from '../src/error.ts'
import { runGate } from '../src/gate.ts'
import { isWordLike } from '../src/secrets/word-like.ts'
import { NO_SETTINGS, prepare } from '../src/settings.ts'
import { attackOf, LeakSearch, outputsOf, type Planted, printed, tryAttack } from '../test/adversary.ts'
import { samples } from './samples.ts'

interface Truth {
  readonly dockerfile?: string | null
  readonly findings?: readonly { readonly kind: string; readonly secret?: string }[]
}

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { attacks: { type: 'string', default: '500' } },
})
const [images = '', truths = '', dockerfiles = path.dirname(truths)] = positionals
/** Attacks that the action itself is run on: it starts a process, which takes longer. */
const ACTION_RUNS = 10
const root = path.resolve(import.meta.dirname, '..')
const work = mkdtempSync(path.join(tmpdir(), 'layergate-no-secret-'))

let [outputs, leaks] = [0, 0]
function report(found: readonly string[]): void {
  leaks += found.length
  for (const leak of found) console.log(`LEAK  ${leak}`)
}

/** All that the action prints and writes: the log without the masks, the summary, the outputs, the reports and their folders. */
async function actionOutputs(
  image: string,
  workspace: string,
  more: Record<string, string>,
): Promise<Record<string, string>> {
  const files = ['GITHUB_STEP_SUMMARY', 'GITHUB_OUTPUT', 'GITHUB_ENV'].map(
    (name) => [name, path.join(workspace, `.${name}`)] as const,
  )
  for (const [, file] of files) writeFileSync(file, '')
  const reports = path.join(workspace, '.reports')
  const env = {
    PATH: process.env['PATH'],
    GITHUB_ACTIONS: 'true',
    GITHUB_EVENT_NAME: 'push',
    GITHUB_WORKSPACE: workspace,
    RUNNER_TEMP: workspace,
    INPUT_IMAGE: image,
    'INPUT_REPORT-DIRECTORY': reports,
    ...Object.fromEntries(files),
    ...more,
  }
  const log = await printed(process.execPath, [path.join(root, 'dist/action.js')], { cwd: workspace, env })
  const written = existsSync(reports) ? readdirSync(reports, { recursive: true, encoding: 'utf8' }) : []
  return {
    'action log': log.replace(/^::add-mask::.*$/gm, ''),
    ...Object.fromEntries(files.map(([name, file]) => [name, readFileSync(file, 'utf8')])),
    'names of reports': written.join('\n'),
    ...Object.fromEntries(
      written
        .filter((name) => /\.\w+$/.test(name))
        .map((name) => [path.basename(name), readFileSync(path.join(reports, name), 'utf8')]),
    ),
  }
}

function searchAll(label: string, planted: readonly Planted[], texts: Record<string, string>): void {
  const search = new LeakSearch(planted)
  outputs += Object.keys(texts).length
  report(Object.entries(texts).flatMap(([name, text]) => search.in(text)?.replace(/^/, `${label}, ${name}: `) ?? []))
}

async function attack(count: number): Promise<void> {
  for (let seed = 0; seed < count; seed++) {
    const result = await tryAttack(seed)
    outputs += result.outputs
    report(result.leaks)
  }
  for (let seed = 0; seed < Math.min(ACTION_RUNS, count); seed++) {
    const { archive, name, plainName, dockerfile, planted } = await attackOf(seed)
    const workspace = path.join(work, String(seed))
    // A workspace of its own, and a name that is a secret.
    cpSync(path.join(root, 'fixtures/clean'), workspace, { recursive: true })
    const file = `${name.slice(-200)}.tar`
    writeFileSync(path.join(workspace, file), archive)
    writeFileSync(path.join(workspace, 'Dockerfile'), dockerfile)
    searchAll(`action ${seed}`, planted, await actionOutputs(`./${file}`, workspace, { INPUT_NAME: name }))
    searchAll(`action ${seed}, no such image`, planted, await actionOutputs(`./${plainName}.tar`, workspace, {}))
  }
}

/** A key is known by its lines; a password that is a word is looked for where it is a password only, which no window tells. */
const plantedOf = (truth: Truth): Planted[] =>
  (truth.findings ?? [])
    .filter(({ kind, secret }) => secret !== undefined && !kind.startsWith('ioc-') && kind !== 'same-secret')
    .map(({ secret = '' }) => ({ value: secret.replace(/\\n/g, '\n').trim(), isPassword: false }))
    .filter(({ value }) => !isWordLike(value))

async function searchSamples(): Promise<void> {
  for (const { file, truth, dockerfile } of samples<Truth>(images, truths, dockerfiles)) {
    const planted = plantedOf(truth)
    if (planted.length === 0) continue
    const image = path.resolve(images, file)
    const workspace = mkdtempSync(path.join(work, 'sample-'))
    const surroundings = { directory: workspace, env: { TMPDIR: work }, stdin: process.stdin, onProgress: () => {} }
    try {
      searchAll(
        file,
        planted,
        outputsOf(await runGate(await prepare(image, { ...NO_SETTINGS, dockerfile }, surroundings))),
      )
    } catch (error) {
      if (!(error instanceof GateError)) throw error
      console.log(`${file}: ${error.message}`)
    }
    searchAll(
      file,
      planted,
      await actionOutputs(image, workspace, dockerfile === null ? {} : { INPUT_DOCKERFILE: dockerfile }),
    )
    console.log(`${file.padEnd(42)} ${planted.length} values`)
  }
}

try {
  await attack(Number(options.attacks))
  if (images !== '' && truths !== '') await searchSamples()
} finally {
  rmSync(work, { recursive: true, force: true })
}
console.log(`${outputs} outputs, ${leaks} leaks`)
process.exitCode = leaks === 0 ? 0 : 1
