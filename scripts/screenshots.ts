// Makes the pictures of docs/: the job summary and the comment as the platform renders them, at the width of a desk and of a
// phone: node scripts/screenshots.ts. Needs Chromium (Debian: chromium, fonts-noto-color-emoji).
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { micromark } from 'micromark'
import { gfm, gfmHtml } from 'micromark-extension-gfm'
import type { Outcome } from '../src/outcome/outcome.ts'
import { renderSection, upsertSection } from '../src/report/comment.ts'
import { renderSummary } from '../src/report/summary.ts'
import { buildImage, type LayerSpec } from '../test/image-builder.ts'
import { judgeArchive } from '../test/run-gate.ts'
import { fill } from '../test/values.ts'

const DOCS = path.join(import.meta.dirname, '../docs')
const CSS = readFileSync(fileURLToPath(import.meta.resolve('github-markdown-css/github-markdown-light.css')), 'utf8')
const CHROMIUM = process.env['CHROMIUM'] ?? 'chromium'

const DOCKERFILE = `FROM node:22-slim
WORKDIR /app
COPY . /app
RUN npm ci
RUN rm /app/.env
RUN curl -fsSL https://get.acme.example/tool.sh | sh
CMD ["node", "server.js"]
`
const node = {
  by: '/bin/sh -c #(nop) ADD file:1 in / ',
  files: [{ name: 'etc/passwd', content: 'root:x:0:0:::\nnode:x:1000:1000:::\n' }],
}
const LAYERS: readonly LayerSpec[] = [
  node,
  { by: 'WORKDIR /app', files: [{ name: 'app/' }], comment: 'buildkit.dockerfile.v0' },
  {
    by: 'COPY . /app # buildkit',
    files: [
      { name: 'app/server.js', content: 'serve()' },
      { name: 'app/.env', content: fill('GITHUB_TOKEN={{github-token}}\n') },
    ],
  },
  {
    by: 'RUN /bin/sh -c npm ci # buildkit',
    files: [{ name: 'app/node_modules/x/index.js', content: 'x'.repeat(90_000) }],
  },
  { by: 'RUN /bin/sh -c rm /app/.env # buildkit', files: [{ name: 'app/.wh..env' }] },
  {
    by: 'RUN /bin/sh -c curl -fsSL https://get.acme.example/tool.sh | sh # buildkit',
    files: [{ name: 'usr/local/bin/tool', content: 'tool', mode: 0o755 }],
  },
  { by: 'CMD ["node" "server.js"]', files: null, comment: 'buildkit.dockerfile.v0' },
]

/** What is shown: an image that leaks, in a pull request that also loosens the policy, and one that leaks no longer. */
async function sample(): Promise<{ summary: string; comment: string }> {
  const env = ['PATH=/usr/bin', 'NODE_VERSION=22']
  const options = { dockerfile: DOCKERFILE, name: 'shop' }
  const archive = await buildImage({ layers: LAYERS, config: { Env: env, WorkingDir: '/app' }, name: 'shop:3f2a91c' })
  const before = await judgeArchive(
    await buildImage({
      layers: [...LAYERS.slice(0, 2), ...LAYERS.slice(3, 4), ...LAYERS.slice(5)],
      config: { Env: env, WorkingDir: '/app' },
    }),
    {
      ...options,
      dockerfile: DOCKERFILE.replace('COPY . /app\n', '').replace('RUN rm /app/.env\n', ''),
    },
  )
  const { record } = before.report.baseline
  const made = await judgeArchive(archive, {
    ...options,
    baseline: {
      name: '.layergate-baseline.json',
      file: { schemaVersion: 1, salt: record.salt, images: { shop: record.findings } },
    },
  })
  const outcome: Outcome = {
    ...made,
    report: {
      ...made.report,
      image: { ...made.report.image, reference: 'shop:3f2a91c' },
      stats: { ...made.report.stats, seconds: 0.29 },
      policy: {
        name: '.layergate.yml',
        from: 'base',
        commit: '7c1d0e4'.padEnd(40, '0'),
        loosened: [
          { kind: 'ignore', text: 'ignores secret-in-image /app/test/**: “test keys”' },
          { kind: 'rule', text: 'rule pipe-to-shell: medium by default → off' },
        ],
      },
    },
  }
  const context = {
    blobUrl: 'https://github.com/acme/shop/blob/3f2a91c',
    runUrl: 'https://github.com/acme/shop/actions/runs/42',
    commit: '3f2a91c'.padEnd(40, '0'),
    source: null,
  }
  const clean = await judgeArchive(await buildImage({ layers: LAYERS.slice(0, 2), config: { User: '1000' } }), {
    dockerfile: 'FROM node:22-slim\nWORKDIR /app\n',
    name: 'worker',
  })
  const leaking = await judgeArchive(await buildImage({ layers: LAYERS.slice(0, 3), config: { User: '1000' } }), {
    dockerfile: DOCKERFILE.split('\n').slice(0, 3).join('\n'),
    name: 'worker',
  })
  const first = upsertSection(null, 'worker', (earlier) => renderSection(leaking, context, earlier))
  const second = upsertSection(first, 'worker', (earlier) => renderSection(clean, context, earlier))
  return {
    summary: renderSummary(outcome),
    comment: upsertSection(second, 'shop', (earlier) => renderSection(outcome, context, earlier)),
  }
}

/** A page as the platform shows it. */
const page = (markdown: string): string => {
  const html = micromark(markdown, { allowDangerousHtml: true, extensions: [gfm()], htmlExtensions: [gfmHtml()] })
  return `<!doctype html><meta charset="utf-8"><style>${CSS} body { margin: 0; padding: 16px } .markdown-body { font-family: "DejaVu Sans", sans-serif, "Noto Color Emoji"; font-size: 14px }</style><body><article class="markdown-body">${html}</article>`
}

function shoot(html: string, file: string, width: number, height: number): void {
  const folder = mkdtempSync(path.join(tmpdir(), 'layergate-pictures-'))
  try {
    writeFileSync(path.join(folder, 'page.html'), html)
    execFileSync(
      CHROMIUM,
      [
        '--headless',
        '--no-sandbox',
        '--disable-gpu',
        '--hide-scrollbars',
        `--window-size=${width},${height}`,
        `--screenshot=${file}`,
        `file://${path.join(folder, 'page.html')}`,
      ],
      { stdio: 'ignore' },
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const { summary, comment } = await sample()
for (const [name, markdown, heights] of [
  ['summary', summary, [770, 1120]],
  ['comment', comment, [690, 870]],
] as const) {
  shoot(page(markdown), path.join(DOCS, `${name}.png`), 900, heights[0])
  shoot(page(markdown), path.join(DOCS, `${name}-narrow.png`), 420, heights[1])
}
process.stdout.write('Wrote the pictures of docs/.\n')
