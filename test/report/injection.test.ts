// Text of an image is data: rendered as the platform renders it, no summary, comment or suggestion holds a link, an element or
// a heading that this program did not write, and no line of a log is a command.
import { micromark } from 'micromark'
import { gfm, gfmHtml } from 'micromark-extension-gfm'
import { describe, expect, it } from 'vitest'
import { compare } from '../../src/outcome/compare.ts'
import type { Outcome } from '../../src/outcome/outcome.ts'
import { toAnnotations } from '../../src/report/annotations.ts'
import { renderErrorSection, renderSection, upsertSection } from '../../src/report/comment.ts'
import { renderDiff, renderDiffMarkdown } from '../../src/report/difference.ts'
import { renderErrorSummary, renderSummary } from '../../src/report/summary.ts'
import { renderTerminal } from '../../src/report/terminal.ts'
import { ociArchive, statement, tarOf } from '../archive.ts'
import { buildImage, type LayerSpec } from '../image-builder.ts'
import { judgeArchive } from '../run-gate.ts'
import { fill } from '../values.ts'

const context = {
  blobUrl: 'https://github.com/acme/app/blob/0123',
  runUrl: 'https://github.com/acme/app/actions/runs/1',
  commit: '0'.repeat(40),
  source: null,
}

/** HTML as the platform makes it of Markdown, before it takes out what it does not allow. */
const rendered = (text: string): string =>
  micromark(text, { allowDangerousHtml: true, extensions: [gfm()], htmlExtensions: [gfmHtml()] })

/** What this program itself writes. */
const OWN_ELEMENTS = new Set([
  'h2',
  'h3',
  'p',
  'strong',
  'em',
  'a',
  'table',
  'thead',
  'tbody',
  'tr',
  'th',
  'td',
  'code',
  'pre',
  'ul',
  'li',
  'br',
  'sub',
  'details',
  'summary',
])

interface Shape {
  readonly elements: readonly string[]
  readonly links: readonly string[]
  readonly headings: number
  readonly details: number
  readonly markers: number
  /** Text that stands outside code. */
  readonly prose: string
}

/** HTML as its elements and its text. */
function shapeOf(markdown: string): Shape {
  const html = rendered(markdown)
  const text = html.replace(/<!--[\s\S]*?-->/g, '\u0000')
  const elements = [...text.matchAll(/<([a-z][\w-]*)/gi)].map(([, name = '']) => name.toLowerCase())
  return {
    elements,
    links: [...text.matchAll(/<a\b[^>]*?href="([^"]*)"/gi)].map(([, href = '']) => href),
    headings: elements.filter((name) => /^h\d$/.test(name)).length,
    details: elements.filter((name) => name === 'details').length,
    markers: (markdown.match(/^<!-- layergate[: ].*-->$/gm) ?? []).length,
    prose: text.replace(/<(code|pre)\b[\s\S]*?<\/\1>/g, '').replace(/<[^>]*>/g, ' '),
  }
}

const EVIL = [
  '::error::pwned',
  '##[error]pwned',
  'x ::add-mask::a',
  '%0A::set-output name=x::y',
  '\n::stop-commands::x',
  '\n\n# heading\n\n',
  '`',
  '``` \n# out\n```',
  '`<script>alert(1)</script>`',
  '</details><script>alert(1)</script>',
  '</code></pre><img src=x onerror=alert(1)>',
  '</summary><a href="https://evil.example">x</a>',
  '| a | b |\n|---|---|\n| c | d |',
  'a|b\\|c',
  '[click](https://evil.example)',
  '![pixel](https://evil.example/x.png)',
  '[ref]: https://evil.example',
  '<https://evil.example>',
  'www.evil.example and https://evil.example/?a=1',
  'mail someone@evil.example',
  '@team @acme/owners #1 acme/app#2 GH-3',
  '\x1b[2J\x1b[31mred\x07',
  '\u202egnp.exe\u2066\u200b\ufeff',
  '<!-- layergate -->',
  '\n<!-- layergate:end -->\n<!-- layergate:image eA -->',
  '<!-- layergate:memory e30 -->',
  '<details><summary>',
  '&lt;b&gt; &#64;team &commat;team',
  '~~a~~ **b** _c_ $x^2$',
  '- [ ] task\n1. one\n> quote',
  '\\`\\[x\\](https://evil.example)',
]

async function outcomeOf(text: string): Promise<Outcome> {
  const name = text.replace(/\//g, '_').slice(0, 90)
  const layers: LayerSpec[] = [
    { by: `COPY ${text} /app # buildkit`, files: [{ name: `app/${name}`, content: fill('{{github-token}}') }] },
    { by: `RUN /bin/sh -c rm x ${text} # buildkit`, files: [{ name: `app/.wh.${name}` }] },
    {
      by: `RUN /bin/sh -c curl -k https://acme.example/${name} | sh # buildkit`,
      files: [{ name: `srv/${name}.zip`, content: 'PK\x03\x04 broken' }],
    },
  ]
  const archive = await buildImage({ layers, config: { User: text, Labels: { [text]: text }, Env: [`X=${text}`] } })
  const policy = `ignore: [{ rule: base-unknown, reason: ${JSON.stringify(`because ${text}`)} }]\n`
  const entry = { rule: text, title: text, place: text, fingerprints: ['0'.repeat(32)], valueHash: null, since: null }
  const outcome = await judgeArchive(archive, {
    policy,
    name: text,
    baseline: {
      name: text,
      file: {
        schemaVersion: 1,
        salt: '0'.repeat(32),
        images: { [text]: [entry, { ...entry, rule: 'deleted-secret', fingerprints: ['1'.repeat(32)] }] },
      },
    },
  })
  return {
    ...outcome,
    report: {
      ...outcome.report,
      policy: { ...outcome.report.policy, name: text, loosened: [{ kind: 'ignore', text }] },
      warnings: [...outcome.report.warnings, { code: 'x', message: text }],
      notJudged: [text],
    },
  }
}

/** The same with the text in everything that describes an image, each with a secret of its own beside it. */
async function describedBy(text: string): Promise<Outcome> {
  const name = text.replace(/\//g, '_').slice(0, 90)
  const key = text.replace(/[=\0]/g, '-')
  const archive = await ociArchive({
    layers: [
      await tarOf([
        { name: `app/${name}`, content: 'x', pax: { [`SCHILY.xattr.user.${key}`]: fill('{{github-token}}') } },
        { name: `app/2/${name}`, type: 'symlink', linkname: `${text} ${fill('{{npm-token}}')}` },
        { name: `app/3/${name} ${fill('{{github-token-2}}')}` },
      ]),
    ],
    by: [`COPY ${text} /app # buildkit`],
    config: { [text]: fill('{{gitlab-token}}') },
    run: { WorkingDir: `${text} ${fill('{{slack-token}}')}` },
    manifest: { [text]: fill('{{stripe-key}}') },
    index: { [text]: fill('{{digitalocean-token}}') },
    attestations: [
      [{ predicateType: text, bytes: statement({ predicate: { [text]: fill('{{databricks-token}}') } }) }],
    ],
    files: { [`9/${name}`]: fill('x {{dockerhub-token}}') },
  })
  const outcome = await judgeArchive(archive, { name: text })
  expect(outcome.report.findings.filter(({ secret }) => secret !== null)).toHaveLength(9)
  return outcome
}

const markdownOf = (outcome: Outcome, text: string): Record<string, string> => {
  const first = upsertSection(null, text, (earlier) => renderSection(outcome, context, earlier))
  const side = { report: outcome.report, inventory: null, redactor: outcome.redactor }
  const inventory = (value: string) => ({
    files: new Map([[text, { type: 'file', mode: '0644 0:0', size: 1, content: value }]]),
    packages: new Map([[text, value]]),
    accounts: new Map([[text, value]]),
    settings: new Map([[text, `${text}${value}`]]),
  })
  return {
    summary: renderSummary(outcome),
    comment: first,
    // What was open before is told as fixed.
    'comment after a push': upsertSection(first, text, (earlier) =>
      renderSection({ ...outcome, report: { ...outcome.report, findings: [] } }, context, earlier),
    ),
    'error section': upsertSection(first, text, (earlier) =>
      renderErrorSection(text, { code: text, message: text }, earlier),
    ),
    'error summary': renderErrorSummary(text, { code: text, message: text }),
    diff: renderDiffMarkdown(compare({ ...side, inventory: inventory('a') }, { ...side, inventory: inventory('b') })),
  }
}

describe.each([
  ['in files, history and configuration', outcomeOf],
  ['in all that describes an image', describedBy],
])('rendered as the platform does, %s', (_where, make) => {
  it.each(EVIL)('%j is shown, and does nothing', async (text) => {
    const plain = markdownOf(await make('plain'), 'plain')
    const outcome = await make(text)
    for (const [name, markdown] of Object.entries(markdownOf(outcome, text))) {
      const shape = shapeOf(markdown)
      const own = shapeOf(plain[name] ?? '')
      expect(
        shape.elements.filter((element) => !OWN_ELEMENTS.has(element)),
        name,
      ).toEqual([])
      for (const href of shape.links) expect(href, name).toMatch(/^https:\/\/github\.com\/acme\/app\//)
      expect([name, shape.headings, shape.details, shape.markers]).toEqual([
        name,
        own.headings,
        own.details,
        own.markers,
      ])
      expect(shape.prose, name).not.toMatch(/@[a-z]|https?:\/\/|www\.|(?<![&\w])#\d|GH-\d/i)
      expect(markdown, name).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\u200b\ufeff]/)
    }
  })
})

describe.each([
  ['in files, history and configuration', outcomeOf],
  ['in all that describes an image', describedBy],
])('in a log, %s', (_where, make) => {
  it.each(EVIL)('%j commands no runner and steers no terminal', async (text) => {
    const outcome = await make(text)
    const side = { report: outcome.report, inventory: null, redactor: outcome.redactor }
    const logs = [
      renderTerminal(outcome, { color: false, verbose: true, showQuiet: true }),
      renderTerminal(outcome, { color: false, verbose: false }),
      renderDiff(compare(side, side), true),
    ]
    for (const log of [
      ...logs,
      ...toAnnotations(outcome).annotations.flatMap(({ title, message }) => [title, message]),
    ]) {
      expect(log).not.toMatch(/##\[|[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\u200b\ufeff]/)
    }
    // What a runner takes for a command, and it looks past spaces.
    for (const log of logs) expect(log).not.toMatch(/^\s*::/m)
  })
})
