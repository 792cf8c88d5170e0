// Compiles the prefilter kernel and writes it as a TypeScript module: npm run build:wasm
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'

execFileSync(
  process.execPath,
  [
    'node_modules/assemblyscript/bin/asc.js',
    'src/secrets/prefilter/kernel/prefilter.ts',
    '--config',
    'asconfig.json',
    '--target',
    'release',
  ],
  {
    stdio: 'inherit',
  },
)
const lines =
  readFileSync('build/prefilter.wasm')
    .toString('base64')
    .match(/.{1,110}/g) ?? []
writeFileSync(
  'src/secrets/prefilter/kernel-wasm.ts',
  `// Generated from kernel/prefilter.ts by scripts/build-wasm.ts; do not edit.\nexport const PREFILTER_WASM_BASE64 =\n${lines.map((line) => `  '${line}'`).join(' +\n')}\n`,
)
