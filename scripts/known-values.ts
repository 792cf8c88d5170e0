// Finds the public values of published packages and writes src/secrets/known-public.ts: test keys, keys of examples, tokens of
// documentation, which are in every image that installs those packages. Run by hand, where the registries are reached, with apt, pip,
// npm, mvn, cargo and go at hand:
//
//   node scripts/known-values.ts FOLDER [--list] [--tree NAME=DIRECTORY]…
//
// FOLDER keeps what was downloaded. --tree reads an unpacked tree too: `--tree 'CPython 3.13=/usr/local/lib/python3.13'`.
// --list prints each value's kind and place, for a person to look at: what a person could have leaked by mistake (a token that proves
// itself, a password) is never taken.
import { execFile, execFileSync } from 'node:child_process'
import { createReadStream, existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs, promisify } from 'node:util'
import type { Digest, Layer } from '../src/image/image.ts'
import type { LayerMatch } from '../src/layer/layer-scan.ts'
import { scanLayer } from '../src/layer/scan.ts'
import { isKey } from '../src/secrets/detectors/list.ts'
import { publicHash } from '../src/secrets/known.ts'
import { Scanner } from '../src/secrets/scanner.ts'
import { CRATES, DEBIAN, GO, MAVEN, NPM, PYPI } from './known-packages.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { list: { type: 'boolean' }, tree: { type: 'string', multiple: true, default: [] } },
})
const folder = path.resolve(positionals[0] ?? '')
if (positionals.length !== 1) {
  console.error('usage: node scripts/known-values.ts FOLDER [--list] [--tree NAME=DIRECTORY]…')
  process.exit(2)
}

const run = (cwd: string, program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<unknown> =>
  promisify(execFile)(program, args, { cwd, env: { ...process.env, ...env }, maxBuffer: 1 << 28, timeout: 300_000 })

/** How many downloads run at once. */
const AT_ONCE = 6

/** Downloads packages, each once and into a folder of its own. What is not to be had is said. */
async function download(
  registry: string,
  packages: readonly string[],
  fetch: (into: string, name: string) => Promise<unknown>,
): Promise<void> {
  const waiting = [...packages]
  const worker = async (): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const into = folderOf(registry, name)
      if (existsSync(into)) continue
      mkdirSync(into, { recursive: true })
      await fetch(into, name).catch(() => console.error(`${registry} ${name}: not downloaded`))
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}

const folderOf = (registry: string, name: string): string =>
  path.join(folder, registry.replaceAll(' ', '-'), name.replaceAll(/[/@:]/g, '_'))

/** All files below a folder with one of these endings. */
const filesIn = (root: string, ...endings: string[]): string[] =>
  readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && endings.some((ending) => entry.name.endsWith(ending)))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort()

/** A file or a folder as a layer; the tar of a Debian package as the layer itself. */
function layerOf(file: string): Layer {
  const tar = path.join(folder, 'layer.tar')
  if (file.endsWith('.deb')) execFileSync('sh', ['-c', 'dpkg-deb --fsys-tarfile "$1" > "$2"', 'sh', file, tar])
  else execFileSync('tar', ['-C', path.dirname(file), '-cf', tar, path.basename(file)])
  const none = `sha256:${'0'.repeat(64)}` as Digest
  return {
    index: 0,
    diffId: none,
    digest: null,
    mediaType: null,
    storedSize: 0,
    open: () => createReadStream(tar, { highWaterMark: 1 << 20 }),
  } as unknown as Layer
}

/**
 * Tokens that prove themselves, and that a person looked at: they were published on purpose, or so long ago that they open nothing.
 * Go's core file of 2013 holds the environment of whoever made it; the others are of tests.
 */
const LOOKED_AT: Readonly<Record<string, RegExp>> = {
  'aws-secret-key':
    /\/debug\/elf\/testdata\/hello-world-core\.gz$|\/externalaccount\/aws_test\.go$|\/credential\/aws\/backend_test\.go$|\/lib\/console-helpers-test\.js$/,
}

/** What everybody has who has the package: keys, and tokens that only their form tells. No passwords, no token that proves itself. */
function isPublic({ detector, strength }: LayerMatch, where: string): boolean {
  if (LOOKED_AT[detector]?.test(where) === true) return true
  const { generic, guessable } = scanner.catalogue.kindOf(detector)
  if (strength === 'harmless' || generic === true || guessable === true) return false
  return isKey(detector) || strength !== 'proven'
}

const scanner = new Scanner()
const found = new Map<string, { readonly hash: string; readonly source: string }>()

async function take(source: string, files: readonly string[]): Promise<void> {
  for (const file of files) {
    try {
      const scan = await scanLayer(layerOf(file), scanner, source)
      for (const match of scan.matches) {
        const where = `${scan.entries[match.entry]?.path}${match.inside === null ? '' : `!/${match.inside}`}`
        const isTaken = isPublic(match, where.split('!/')[0] ?? '') || isPublic(match, where)
        if (values.list === true && match.strength !== 'harmless' && match.strength !== 'possible')
          console.log(`${isTaken ? 'public' : 'left  '} ${match.strength} ${match.detector} ${source} ${where}`)
        const hash = publicHash(match.identity)
        if (isTaken && !found.has(hash)) found.set(hash, { hash, source })
      }
    } catch (error) {
      console.error(`${file}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
}

await download('Debian', DEBIAN, (into, name) => run(into, 'apt-get', ['download', name]))
await download('PyPI', PYPI, (into, name) =>
  run(into, 'pip', ['download', '-q', '--no-deps', '--only-binary', ':all:', '-d', into, name]),
)
await download('npm', NPM, (into, name) => run(into, 'npm', ['pack', '--silent', name]))
await download('Maven', MAVEN, (into, name) =>
  run(into, 'mvn', [
    '-q',
    'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy',
    `-Dartifact=${name.split(':').length === 2 ? `${name}:LATEST` : name}`,
    `-DoutputDirectory=${into}`,
  ]),
)
// What a crate depends on comes with it, so all are fetched into one folder: each .crate once.
await download('crates', CRATES, async (into, name) => {
  writeFileSync(
    path.join(into, 'Cargo.toml'),
    `[package]\nname = "known"\nversion = "0.0.0"\n[lib]\npath = "none.rs"\n[dependencies]\n${name} = "*"\n`,
  )
  await run(into, 'cargo', ['fetch', '-q'], { CARGO_HOME: path.join(folder, 'cargo') })
})
await download('Go', GO, (into, name) =>
  run(into, 'go', ['mod', 'download', name.includes('@') ? name : `${name}@latest`], {
    GOMODCACHE: into,
    GOFLAGS: '-modcacherw',
  }),
)

for (const name of DEBIAN) await take(`Debian ${name}`, filesIn(folderOf('Debian', name), '.deb'))
for (const name of PYPI) await take(`PyPI ${name}`, filesIn(folderOf('PyPI', name), '.whl'))
for (const name of NPM) await take(`npm ${name}`, filesIn(folderOf('npm', name), '.tgz'))
for (const name of MAVEN) await take(`Maven ${name}`, filesIn(folderOf('Maven', name), '.jar'))
for (const file of filesIn(path.join(folder, 'cargo'), '.crate'))
  await take(`crates ${path.basename(file, '.crate').replace(/-\d[^-]*(?:-(?:alpha|beta|rc|pre)[^/]*)?$/, '')}`, [file])
for (const name of GO) await take(`Go ${name.split('@')[0]}`, filesIn(folderOf('Go', name), '.zip'))
for (const tree of values.tree) {
  const [name = '', directory = ''] = tree.split('=')
  if (!statSync(directory).isDirectory()) throw new Error(`${directory} is no directory`)
  await take(name, [path.resolve(directory)])
}
rmSync(path.join(folder, 'layer.tar'), { force: true })

const bySource = new Map<string, string[]>()
for (const { hash, source } of found.values()) bySource.set(source, [...(bySource.get(source) ?? []), hash].sort())
const lines = [...bySource].map(([source, hashes]) => `${source}: ${hashes.join(' ')}`).sort()
writeFileSync(
  path.join(import.meta.dirname, '../src/secrets/known-public.ts'),
  `// Written by scripts/known-values.ts on ${new Date().toISOString().slice(0, 10)}: values that published packages hold, and that are public by it. Each line is
// a package and the first 8 bytes of the SHA-256 of each value (of a key, of what it decodes to). Read by known.ts.
export const KNOWN_PUBLIC = \`
${lines.join('\n')}
\`
`,
)
console.log(`${found.size} values of ${bySource.size} packages`)
