// Bundles the two fronts into dist/: readable, reproducible, nothing to install; and the licences of what is in them. npm run build
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { build } from 'esbuild'

const { metafile } = await build({
  entryPoints: { cli: 'src/cli/main.ts', action: 'src/action/main.ts' },
  outdir: 'dist',
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  // One byte a character: Node reads and compiles it faster.
  charset: 'ascii',
  legalComments: 'eof',
  metafile: true,
  // Bundled CommonJS packages ask for require.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
  logLevel: 'warning',
})

// A single other character, and each takes two bytes, which costs a fifth of the time to start. esbuild escapes those of strings;
// those of comments and regular expressions are escaped here.
for (const file of Object.keys(metafile.outputs)) {
  const text = readFileSync(file, 'utf8')
  writeFileSync(
    file,
    text.replace(/[^\x00-\x7f]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`),
  )
}

/** The folder of the package that a bundled file is of; null for a file of our own. */
const packageOf = (file: string): string | null => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? null

/** What a package says of its licence: its name and version, the licence's SPDX id, the text. */
function licenceOf(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as {
    name: string
    version: string
    license?: string
  }
  const files = readdirSync(folder)
    .filter((file) => /^(?:licen[cs]e|copying|notice)(?:[.-].*)?$/i.test(file))
    .sort()
    .map((file) => path.join(folder, file))
  // A person has read what the package says of its licence elsewhere.
  const read = path.join('scripts/licences', `${name.replace('/', '-')}.txt`)
  if (files.length === 0 && existsSync(read)) files.push(read)
  if (files.length === 0 || license === undefined)
    throw new Error(
      `${folder}: the package is bundled and has no licence text. Take another, or write what it says into ${read}.`,
    )
  const texts = files.map((file) => readFileSync(file, 'utf8').replace(/\r\n/g, '\n').trim())
  return `${name} ${version} (${license})\n\n${texts.join('\n\n')}\n`
}

const folders = [...new Set(Object.keys(metafile.inputs).flatMap((file) => packageOf(file) ?? []))]
const licences = [...new Set(folders.map(licenceOf))].sort()
writeFileSync(
  'dist/licenses.txt',
  `What dist/ has of other packages, with their licences.\n\n${licences.join(`\n${'-'.repeat(80)}\n\n`)}`,
)
