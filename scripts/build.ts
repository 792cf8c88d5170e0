// Bundles the two fronts into dist/: readable, reproducible, nothing to install. npm run build
import { build } from 'esbuild'

await build({
  entryPoints: { cli: 'src/cli.ts', action: 'src/action.ts' },
  outdir: 'dist',
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  // One byte a character: Node reads and compiles it faster.
  charset: 'ascii',
  legalComments: 'eof',
  // Bundled CommonJS packages ask for require.
  banner: { js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);" },
  logLevel: 'warning',
})
