// What the gate says of trees that the world publishes and anybody may copy into an image: all of it is public, so hardly any of it
// is a finding. The trees are made by the ordinary clients from what scripts/known-values.ts downloaded:
//
//   node bench/published.ts FOLDER [--only NAME] [--alarms] [--tree NAME=DIRECTORY]…
//
// FOLDER is the folder of scripts/known-values.ts. --tree judges an unpacked tree too, such as a runtime. --alarms lists each finding
// of medium or above.
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { archiveOf, sh, sha256 } from './archive.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string' },
    alarms: { type: 'boolean' },
    tree: { type: 'string', multiple: true, default: [] },
  },
})
const [folder] = positionals
if (folder === undefined) {
  console.error('usage: node bench/published.ts FOLDER [--only NAME] [--alarms] [--tree NAME=DIRECTORY]…')
  process.exit(2)
}

const filesIn = (root: string, ending: string): string[] =>
  !existsSync(root)
    ? []
    : readdirSync(root, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
        .map((entry) => path.join(entry.parentPath, entry.name))
        .sort()

const from = (registry: string, ending: string): string[] => filesIn(path.join(folder, registry), ending)

/** Each kind of tree, made below a root. */
const TREES: Readonly<Record<string, (root: string) => void>> = {
  'pip, its default install': (root) => {
    const site = path.join(root, 'usr/local/lib/python3.11/site-packages')
    mkdirSync(site, { recursive: true })
    for (const wheel of from('PyPI', '.whl')) sh(`python3 -m zipfile -e '${wheel}' '${site}'`)
    sh(`cd '${site}' && python3 -m compileall -q -j 2 . >/dev/null 2>&1; true`)
  },
  'npm, node_modules': (root) => {
    for (const file of from('npm', '.tgz')) {
      const target = path.join(root, 'app/node_modules', path.basename(file).replace(/-\d[\w.-]*\.tgz$/, ''))
      mkdirSync(target, { recursive: true })
      sh(`tar -C '${target}' --strip-components=1 -xzf '${file}'`)
    }
  },
  'Maven, jars beside an app': (root) => {
    mkdirSync(path.join(root, 'app/lib'), { recursive: true })
    for (const file of from('Maven', '.jar')) cpSync(file, path.join(root, 'app/lib', path.basename(file)))
  },
  'cargo, its registry': (root) => {
    const target = path.join(root, 'usr/local/cargo/registry/src/index.crates.io-1949cf8c6b5b557f')
    mkdirSync(target, { recursive: true })
    for (const file of from('cargo', '.crate')) {
      sh(`tar -C '${target}' -xzf '${file}'`)
      // As cargo marks what it has unpacked.
      writeFileSync(path.join(target, path.basename(file, '.crate'), '.cargo-ok'), '{"v":1}')
    }
  },
  'Go, its module cache': (root) => {
    const target = path.join(root, 'go/pkg/mod')
    mkdirSync(target, { recursive: true })
    for (const file of from('Go', '.zip').filter((name) => name.includes('/cache/download/'))) {
      sh(`python3 -m zipfile -e '${file}' '${target}'`)
      // The checksum that the go command keeps of each module.
      const [, below = ''] = /\/(cache\/download\/.*)\.zip$/.exec(file) ?? []
      mkdirSync(path.dirname(path.join(target, below)), { recursive: true })
      cpSync(file.replace(/\.zip$/, '.ziphash'), path.join(target, `${below}.ziphash`))
    }
  },
  'Debian, without its records': (root) => {
    mkdirSync(root, { recursive: true })
    for (const file of from('Debian', '.deb')) sh(`dpkg-deb -x '${file}' '${root}'`)
  },
}

interface Finding {
  readonly ruleId: string
  readonly severity: string
  readonly message: string
  readonly location: { readonly path?: string; readonly inside?: string; readonly line?: number | null }
  readonly secret: { readonly detector: string; readonly redacted: string } | null
}

/** The rules on compromise, of which none should find anything here. */
const SIGNS =
  /^(?:authorized-keys|binary-replaced|cron-persistence|crypto-miner|data-after-archive-end|extra-root-account|hidden-executable|init-persistence|loader-preload|reverse-shell|suspicious-url|web-shell)$/

async function judge(name: string, tree: string, work: string): Promise<void> {
  const [layer, image, report] = ['layer.tar', 'image.tar', 'report.json'].map((file) => path.join(work, file))
  if (layer === undefined || image === undefined || report === undefined) return
  sh(`tar -C '${tree}' --mode=u+rwX -cf '${layer}' .`)
  archiveOf(layer, await sha256(layer), image)
  const cli = path.resolve(import.meta.dirname, '../dist/cli.js')
  const config = path.join(work, 'config.yml')
  // Gigabytes of sources with their tests hold more than an image does.
  writeFileSync(config, 'limits: { matches: 50000 }\n')
  sh(`${process.execPath} ${cli} scan '${image}' --config '${config}' --format json='${report}' >/dev/null; true`)
  const { findings, stats, error } = JSON.parse(readFileSync(report, 'utf8')) as {
    error?: { message: string }
    findings: Finding[]
    stats: { knownPublic: number }
  }
  if (error !== undefined) throw new Error(error.message)
  const secrets = findings.filter(({ secret }) => secret !== null)
  const gigabytes = statSync(layer).size / 1e9
  const count = (severity: string): number => secrets.filter((finding) => finding.severity === severity).length
  console.log(
    `${name.padEnd(28)} ${gigabytes.toFixed(2).padStart(6)} GB ${String(count('critical')).padStart(4)} critical ${String(count('high')).padStart(4)} high ${String(count('medium')).padStart(5)} medium (${(count('medium') / gigabytes).toFixed(0)} per GB), ${stats.knownPublic} known public`,
  )
  const signs = findings.filter(({ ruleId, severity }) => SIGNS.test(ruleId) && /critical|high|medium/.test(severity))
  if (signs.length > 0) console.log(`  ${signs.length} signs of a compromise`)
  for (const { severity, ruleId, message } of values.alarms === true ? signs : [])
    console.log(`  ${severity} ${ruleId} ${message}`)
  for (const { severity, secret, location } of values.alarms === true ? secrets : [])
    if (severity !== 'low')
      console.log(
        `  ${severity} ${secret?.detector} ${secret?.redacted} ${location.path}${location.inside === undefined ? '' : `!/${location.inside}`}:${location.line}`,
      )
  for (const file of [layer, image]) rmSync(file)
}

const trees: [string, (root: string) => void][] = [
  ...Object.entries(TREES),
  ...values.tree.map((given): [string, (root: string) => void] => {
    const [name = '', directory = ''] = given.split('=')
    return [name, (root) => cpSync(directory, path.join(root, directory), { recursive: true, verbatimSymlinks: true })]
  }),
]
for (const [name, make] of trees) {
  if (values.only !== undefined && !name.includes(values.only)) continue
  const work = mkdtempSync(path.join(tmpdir(), 'layergate-published-'))
  try {
    make(path.join(work, 'tree'))
    await judge(name, path.join(work, 'tree'), work)
  } finally {
    sh(`chmod -R u+rwX '${work}'; true`)
    rmSync(work, { recursive: true, force: true })
  }
}
