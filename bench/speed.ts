// How fast the gate reads, beside openssl and gzip on the same bytes: node bench/speed.ts [DIRECTORY …]
//
// Packs the directories (by default what this machine has under /usr/lib and node_modules, up to 700 MB) into one layer, as
// a docker save archive, plain and with a gzip layer, and runs the bundled command over it as a user would: one process,
// everything on. Prints MB/s (10^6 bytes of the uncompressed layer), peak memory, and the ratio to `openssl dgst -sha256`
// and `gzip -dc`. Median of five; figures move by a fifth from run to run on a shared machine, the ratios less.
import { spawnSync } from 'node:child_process'
import { createReadStream, createWriteStream, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { archiveOf, sh, sha256 } from './archive.ts'

const RUNS = 5
const MOST = 700e6
const directories =
  process.argv.length > 2
    ? process.argv.slice(2)
    : ['/usr/lib/python3', '/usr/lib/x86_64-linux-gnu', '/usr/share', path.resolve('node_modules')]
const work = mkdtempSync(path.join(tmpdir(), 'layergate-bench-'))

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

interface Timed {
  readonly seconds: number
  readonly peak: number
}

/** Runs a command; GNU time's -v where there is one tells the peak of its memory. */
function timed(command: readonly string[]): Timed {
  const runs = Array.from({ length: RUNS }, (): Timed => {
    const started = performance.now()
    const { stderr } = spawnSync('/usr/bin/time', ['-f', '%M', ...command], {
      encoding: 'utf8',
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, NO_COLOR: '1' },
    })
    return {
      seconds: (performance.now() - started) / 1000,
      peak: Number(/(\d+)\s*$/.exec(stderr ?? '')?.[1] ?? 0) / 1000,
    }
  })
  return { seconds: median(runs.map(({ seconds }) => seconds)), peak: Math.max(...runs.map(({ peak }) => peak)) }
}

try {
  const layer = path.join(work, 'layer.tar')
  sh(`tar -cf - --ignore-failed-read ${directories.join(' ')} 2>/dev/null | head -c ${MOST} > ${layer}.cut || true`)
  // Cutting a tar leaves its last entry broken: pack what came out whole.
  sh(
    `mkdir -p ${work}/tree && tar -C ${work}/tree -xf ${layer}.cut 2>/dev/null; rm ${layer}.cut; tar -C ${work}/tree -cf ${layer} . && rm -rf ${work}/tree`,
  )
  await pipeline(createReadStream(layer), createWriteStream(`${layer}.copy`))
  rmSync(`${layer}.copy`)
  const bytes = statSync(layer).size
  const diffId = await sha256(layer)
  sh(`gzip -kn ${layer}`)
  archiveOf(layer, diffId, path.join(work, 'plain.tar'))
  archiveOf(`${layer}.gz`, diffId, path.join(work, 'gzip.tar'))
  const rate = ({ seconds }: Timed): number => bytes / 1e6 / seconds
  const cli = path.resolve(import.meta.dirname, '../dist/cli.js')
  const node = process.execPath
  const openssl = timed(['openssl', 'dgst', '-sha256', layer])
  const gzip = timed(['gzip', '-dc', `${layer}.gz`])
  const rows: [string, Timed, string][] = [
    ['openssl dgst -sha256', openssl, ''],
    ['gzip -dc', gzip, ''],
    ['layergate, plain layer', timed([node, cli, 'scan', path.join(work, 'plain.tar')]), 'openssl'],
    [
      'layergate, plain, one core',
      timed(['taskset', '-c', '0', node, cli, 'scan', path.join(work, 'plain.tar')]),
      'openssl',
    ],
    ['layergate, gzip layer', timed([node, cli, 'scan', path.join(work, 'gzip.tar')]), 'gzip'],
  ]
  console.log(`${(bytes / 1e6).toFixed(0)} MB in one layer, Node ${process.version}, median of ${RUNS}`)
  for (const [name, result, beside] of rows) {
    const ratio =
      beside === '' ? '' : `  ${(rate(result) / rate(beside === 'gzip' ? gzip : openssl)).toFixed(2)} x ${beside}`
    console.log(
      `${name.padEnd(28)} ${rate(result).toFixed(0).padStart(6)} MB/s  ${result.peak.toFixed(0).padStart(5)} MB peak${ratio}`,
    )
  }
  const small = timed([node, cli, 'scan', path.resolve(import.meta.dirname, '../fixtures/deleted-secret/image.tar')])
  console.log(`start to finish, 2 MB image: ${small.seconds.toFixed(2)} s`)
} finally {
  rmSync(work, { recursive: true, force: true })
}
