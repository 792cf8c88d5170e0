// Whether two commits report the same: runs the bundled command of both over a folder of images and compares the JSON reports.
//
//   node scripts/compare-dist.ts OLD_COMMIT FOLDER [NEW_COMMIT]
//
// Without NEW_COMMIT, dist/ of the working tree is the new one. `stats`, the version and fields that only the new
// one has are left out: they may differ. Prints each
// image that is reported differently, with the fields, and exits 1 where there is one.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

const [oldCommit, folder, newCommit] = process.argv.slice(2)
if (oldCommit === undefined || folder === undefined)
  throw new Error('usage: node scripts/compare-dist.ts OLD_COMMIT FOLDER [NEW_COMMIT]')
const work = mkdtempSync(path.join(tmpdir(), 'layergate-compare-'))

/** dist/cli.js of a commit, as a file that can be run. */
function commandOf(commit: string, name: string): string {
  const file = path.join(work, `${name}.mjs`)
  writeFileSync(file, execFileSync('git', ['show', `${commit}:dist/cli.js`], { maxBuffer: 1 << 26 }))
  return file
}

/** The report without what may differ; the error where there is none. */
function reportOf(command: string, image: string): unknown {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [command, 'scan', path.resolve(folder ?? '.', image), '--format', 'json'],
    {
      cwd: work,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      env: { PATH: process.env['PATH'], LAYERGATE_KEY: 'the same for both' },
    },
  )
  if (stdout === '') return { status, stderr }
  const { stats: _stats, tool: _tool, ...rest } = JSON.parse(stdout) as Record<string, unknown>
  return { status, ...rest }
}

/** Paths of fields that differ, at most 20. */
function differences(a: unknown, b: unknown, at = ''): string[] {
  if (JSON.stringify(a) === JSON.stringify(b)) return []
  // A field that is new changes nothing of what was there.
  if (a === undefined && at !== '') return []
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null)
    return [`${at}: ${JSON.stringify(a)?.slice(0, 200)} is now ${JSON.stringify(b)?.slice(0, 200)}`]
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>]
  return [...new Set([...Object.keys(left), ...Object.keys(right)])]
    .flatMap((key) => differences(left[key], right[key], `${at}.${key}`))
    .slice(0, 20)
}

try {
  const before = commandOf(oldCommit, 'old')
  const after = newCommit === undefined ? path.resolve('dist/cli.js') : commandOf(newCommit, 'new')
  let [same, different] = [0, 0]
  for (const image of readdirSync(folder).filter((name) => /\.tar(?:\.\w+)?$/.test(name))) {
    const found = differences(reportOf(before, image), reportOf(after, image))
    if (found.length === 0) same++
    else {
      different++
      console.log(`${image}\n${found.map((line) => `  ${line}`).join('\n')}`)
    }
  }
  console.log(`${same} reported the same, ${different} differently`)
  process.exitCode = different === 0 ? 0 : 1
} finally {
  rmSync(work, { recursive: true, force: true })
}
