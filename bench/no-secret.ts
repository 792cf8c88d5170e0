// Searches every output for every secret that is known to be in the images: node bench/no-secret.ts IMAGES TRUTHS [DOCKERFILES]
//
// IMAGES and TRUTHS as for bench/truth.ts. Runs the bundled command with each format, in a workflow's environment too, and looks for
// each value raw, in base64, URL- and JSON-escaped, line by line for keys. Exits with 1 when one is found.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { samples } from './samples.ts'

interface Truth {
  readonly dockerfile?: string | null
  readonly findings?: readonly { readonly kind: string; readonly secret?: string }[]
}

const [images = '', truths = '', dockerfiles = path.dirname(truths)] = process.argv.slice(2)
if (images === '' || truths === '') {
  console.error('usage: node bench/no-secret.ts IMAGES TRUTHS [DOCKERFILES]')
  process.exit(2)
}
const root = path.resolve(import.meta.dirname, '..')
const work = mkdtempSync(path.join(tmpdir(), 'layergate-no-secret-'))

/** A key is known by each of its lines. */
const partsOf = (secret: string): string[] =>
  secret
    .replace(/\\n/g, '\n')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.length >= 6 && !line.startsWith('-----'))

function formsOf(value: string): string[] {
  const base64 = [0, 1, 2].map((shift) =>
    Buffer.from('x'.repeat(shift) + value)
      .toString('base64')
      .slice(shift === 0 ? 0 : 4, -4),
  )
  return [value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1), ...base64].filter((form) => form.length >= 6)
}

let [outputs, searched, leaks] = [0, 0, 0]
try {
  for (const { file, truth, dockerfile: named } of samples<Truth>(images, truths, dockerfiles)) {
    const values = [...new Set((truth.findings ?? []).filter(({ kind }) => !kind.startsWith('ioc-') && kind !== 'same-secret').flatMap(({ secret }) => partsOf(secret ?? '')))]
    if (values.length === 0) continue
    const image = path.resolve(images, file)
    const texts: [string, string][] = []
    for (const format of ['terminal', 'json', 'sarif', 'markdown']) {
      const { stdout, stderr } = spawnSync(
        process.execPath,
        [path.join(root, 'dist/cli.js'), 'scan', image, '--format', format, '--verbose', ...(named === null ? [] : ['--dockerfile', named])],
        { encoding: 'utf8', cwd: work, maxBuffer: 1 << 28 },
      )
      texts.push([format, stdout + stderr])
    }
    const told = spawnSync(process.execPath, [path.join(root, 'dist/cli.js'), 'history', image, '--verbose', ...(named === null ? [] : ['--dockerfile', named])], {
      encoding: 'utf8',
      cwd: work,
      maxBuffer: 1 << 28,
    })
    texts.push(['history', told.stdout + told.stderr])
    const baseline = path.join(work, 'baseline.json')
    rmSync(baseline, { force: true })
    for (const args of [
      ['baseline', 'create', image, '--output', baseline],
      ['baseline', 'show', baseline],
      ['diff', path.join(root, 'fixtures/clean/image.tar'), image, '--verbose'],
      ['diff', path.join(root, 'fixtures/clean/image.tar'), image, '--format', 'markdown'],
      ['diff', image, path.join(root, 'fixtures/clean/image.tar'), '--format', 'json'],
    ]) {
      const done = spawnSync(process.execPath, [path.join(root, 'dist/cli.js'), ...args], { encoding: 'utf8', cwd: work, maxBuffer: 1 << 28 })
      texts.push([args.slice(0, 2).join(' '), done.stdout + done.stderr])
    }
    texts.push(['baseline file', existsSync(baseline) ? readFileSync(baseline, 'utf8') : ''])
    const summary = path.join(work, 'summary')
    const output = path.join(work, 'output')
    for (const name of [summary, output]) writeFileSync(name, '')
    const env = {
      PATH: process.env['PATH'],
      GITHUB_ACTIONS: 'true',
      GITHUB_STEP_SUMMARY: summary,
      GITHUB_OUTPUT: output,
      GITHUB_WORKSPACE: work,
      RUNNER_TEMP: work,
      INPUT_IMAGE: image,
      ...(named === null ? {} : { INPUT_DOCKERFILE: named }),
    }
    const { stdout, stderr } = spawnSync(process.execPath, [path.join(root, 'dist/action.js')], { encoding: 'utf8', cwd: work, env, maxBuffer: 1 << 28 })
    texts.push([
      'action log',
      (stdout + stderr)
        .split('\n')
        .filter((line) => !line.startsWith('::add-mask::'))
        .join('\n'),
    ])
    texts.push(['job summary', readFileSync(summary, 'utf8')], ['action outputs', readFileSync(output, 'utf8')])
    for (const [name, text] of texts) {
      outputs++
      for (const value of values) {
        searched++
        const form = formsOf(value).find((candidate) => text.includes(candidate))
        if (form === undefined) continue
        leaks++
        console.log(
          `LEAK  ${file} ${name}: a value of ${value.length} characters, near: ${text.slice(Math.max(0, text.indexOf(form) - 60), text.indexOf(form)).replace(/\s+/g, ' ')}`,
        )
      }
    }
    console.log(`${file.padEnd(42)} ${values.length} values in ${texts.length} outputs`)
  }
} finally {
  rmSync(work, { recursive: true, force: true })
}
console.log(`${outputs} outputs, ${searched} searches, ${leaks} leaks`)
process.exitCode = leaks === 0 ? 0 : 1
