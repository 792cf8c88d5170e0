// What a real BuildKit says of its builds against what the history alone tells: the same lines. Takes `docker buildx` with a
// builder that keeps provenance (BuildKit 0.11 or newer), named by LAYERGATE_TEST_BUILDER.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Report } from '../../src/outcome/contract.ts'

const CLI = path.join(import.meta.dirname, '../../dist/cli.js')
const builder = process.env['LAYERGATE_TEST_BUILDER'] ?? ''
const isThere =
  builder !== '' &&
  spawnSync('docker', ['buildx', 'inspect', builder]).status === 0 &&
  spawnSync('sh', ['-c', 'command -v busybox']).status === 0
if (!isThere)
  console.log('the tests that compare with provenance are skipped: no builder is named by LAYERGATE_TEST_BUILDER')

const ROOT = 'FROM scratch AS root\nCOPY busybox /bin/busybox\nRUN ["/bin/busybox", "--install", "/bin"]\n'

const CASES: [name: string, dockerfile: string, options: readonly string[]][] = [
  [
    'continuations, comments, here-documents',
    `${ROOT}RUN echo a > /a && \\\n  # why\n\n    echo b > /b\nRUN <<EOF\nset -e\necho c > /c\nEOF\nRUN <<'X'\n#!/bin/sh\necho d > /d\nX\nRUN cat <<ONE <<-TWO > /e\n1\nONE\n\t2\n\tTWO\nCOPY <<F /f\ntext\nF\n`,
    [],
  ],
  [
    'stages on stages, ONBUILD, names by arguments',
    `ARG NAME=one\n${ROOT}FROM root AS one\nONBUILD RUN echo t > /t\nONBUILD COPY a.txt /t.txt\nFROM \${NAME} AS two\nARG V=1\nRUN echo $V > /v\nFROM two\nRUN echo last > /last\n`,
    [],
  ],
  [
    'a target that is not the last',
    `${ROOT}FROM root AS app\nRUN echo x > /x\nFROM root AS other\nRUN echo y > /y\nCOPY a.txt /\n`,
    ['--target', 'app'],
  ],
  [
    'the same instruction twice, and layers that are alike',
    `${ROOT}RUN true\nRUN true\nWORKDIR /w\nRUN echo same > /same\nRUN echo same > /same\nRUN true\n`,
    [],
  ],
  [
    'COPY --link, --from, --parents, --chown',
    `${ROOT}FROM root\nCOPY --link a.txt b.txt /x/\nCOPY --from=root --chown=1:2 /bin/sh /bin/s2\nCOPY --parents ./a.txt /p/\nCOPY --link a.txt /l\nADD a.txt \\\n  b.txt /many/\n`,
    [],
  ],
  [
    'SHELL, arguments, variables, labels, USER',
    `${ROOT}SHELL ["/bin/sh", "-e", "-c"]\nARG TOKEN\nARG A=1 B="two words"\nENV X=$A Y="$B and more" Z\\ =q\nENV OLD style value\nLABEL a.b="c d" "e f"=g\nRUN echo "$TOKEN" | wc -c > /n\nRUN ["/bin/sh", "-c", "echo \\"$X\\" > /q"]\nWORKDIR sub/dir\nWORKDIR ../other\nEXPOSE 80 90/udp\nVOLUME ["/data", "/l og"]\nSTOPSIGNAL SIGTERM\nHEALTHCHECK --interval=3s CMD wget -q "http://x/" || exit 1\nUSER \${U:-1000}:1000\nENTRYPOINT ["/bin/sh", "-c"]\nCMD echo "$X" 'é' \\t\n`,
    ['--build-arg', 'TOKEN=some words here'],
  ],
  ['escape directive', `# escape=\`\n${ROOT}RUN echo a > /a && \`\n    echo b > /b\nCOPY a.txt \`\n  /x\n`, []],
]

let work = ''
function lines(image: string, options: readonly string[]): string[] {
  const { stdout, stderr } = spawnSync(process.execPath, [CLI, 'history', image, '--json', ...options], {
    cwd: work,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  })
  expect(stderr).toBe('')
  const { image: read, warnings } = JSON.parse(stdout) as Pick<Report, 'image' | 'warnings'>
  expect(warnings).toEqual([])
  return (read?.history ?? []).map(
    ({ createdBy, dockerfile }) =>
      `${createdBy.slice(0, 40)} ${dockerfile?.certainty} ${dockerfile?.startLine}-${dockerfile?.endLine}`,
  )
}

describe.skipIf(!isThere)('the history tells the same lines as provenance', () => {
  beforeAll(() => {
    work = mkdtempSync(path.join(tmpdir(), 'layergate-buildkit-'))
    spawnSync('sh', ['-c', 'cp "$(command -v busybox)" busybox && echo a > a.txt && echo b > b.txt'], { cwd: work })
  })
  afterAll(() => rmSync(work, { recursive: true, force: true }))

  it.each(CASES)('%s', (_name, dockerfile, options) => {
    writeFileSync(path.join(work, 'Dockerfile'), dockerfile)
    const build = (output: string, more: readonly string[]): void => {
      const { status, stderr } = spawnSync(
        'docker',
        ['buildx', 'build', '--builder', builder, '-o', `${output}`, ...options, ...more, '.'],
        { cwd: work, encoding: 'utf8' },
      )
      expect(status, stderr).toBe(0)
    }
    build('type=oci,dest=exact.tar', ['--provenance=mode=max'])
    build('type=docker,dest=plain.tar', ['--provenance=false', '--metadata-file', 'metadata.json'])
    const exact = lines('exact.tar', [])
    expect(exact.every((line) => line.includes(' exact '))).toBe(true)
    const target = options[0] === '--target' ? options : []
    expect(lines('plain.tar', target).map((line) => line.replace(' aligned ', ' exact '))).toEqual(exact)
  })
})
