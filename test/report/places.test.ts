// Words speak of the place that they stand beside: what hides a copy hides that copy alone, and every place of a value is
// named with its line, in all that people read.
import { describe, expect, it } from 'vitest'
import type { Outcome } from '../../src/outcome/outcome.ts'
import { toAnnotations } from '../../src/report/annotations.ts'
import { renderSection } from '../../src/report/comment.ts'
import { renderSummary } from '../../src/report/summary.ts'
import { renderTerminal } from '../../src/report/terminal.ts'
import { buildImage, type LayerSpec } from '../image-builder.ts'
import { judgeArchive } from '../run-gate.ts'
import { fill } from '../values.ts'

const SECRET = fill('T={{github-token}}\n')
const layer = (by: string, ...files: { name: string; content?: string }[]): LayerSpec => ({
  by: `${by.replace(/^RUN /, 'RUN /bin/sh -c ')} # buildkit`,
  files,
})
const secret = (name: string): { name: string; content: string } => ({ name, content: SECRET })

/** What people read of an image, each on one line. The Dockerfile has a line for each layer, from its second on. */
async function said(
  layers: readonly LayerSpec[],
  { env, lines = true }: { env?: string; lines?: boolean } = {},
): Promise<Record<'terminal' | 'summary' | 'comment' | 'annotation', string>> {
  const dockerfile = [
    'FROM scratch',
    ...layers.map(({ by }) => by.replace(' # buildkit', '').replace('/bin/sh -c ', '')),
  ].join('\n')
  const archive = await buildImage({ layers, config: { User: '1', ...(env === undefined ? {} : { Env: [env] }) } })
  const outcome: Outcome = await judgeArchive(archive, { dockerfile: lines ? `${dockerfile}\n` : null })
  const flat = (text: string): string => text.replace(/\s+/g, ' ')
  return {
    terminal: flat(renderTerminal(outcome, { color: false, verbose: false })),
    // The table of layers tells what each does, whatever a finding says.
    summary: flat(renderSummary(outcome).replace(/<details><summary>Layers[\s\S]*$/, '')),
    comment: flat(
      renderSection(outcome, { blobUrl: null, runUrl: null, commit: null, source: null }, null).replace(
        /<details>[\s\S]*$/,
        '',
      ),
    ),
    annotation: flat(
      toAnnotations(outcome)
        .annotations.map(({ message }) => message)
        .join('\n'),
    ),
  }
}

const HIDING = /\bhid(?:es|den)\b|\boverwrites\b/

describe('a copy that is there', () => {
  it.each<[string, readonly LayerSpec[], string]>([
    [
      'of a file that is removed',
      [layer('COPY a /a', secret('a')), layer('RUN cp /a /b', secret('b')), layer('RUN rm /a', { name: '.wh.a' })],
      'Dockerfile:2 (/a line 1 in layer 0, deleted later)',
    ],
    [
      'of a file that is written over',
      [
        layer('COPY a /a', secret('a')),
        layer('RUN cp /a /b', secret('b')),
        layer('RUN echo > /a', { name: 'a', content: 'x' }),
      ],
      'Dockerfile:2 (/a line 1 in layer 0, overwritten later)',
    ],
    [
      'of a directory that becomes a file',
      [
        layer('COPY d /d', { name: 'd/' }, secret('d/a')),
        layer('RUN cp /d/a /b', secret('b')),
        layer('RUN rm -r /d && touch /d', { name: 'd', content: 'x' }),
      ],
      'Dockerfile:2 (/d/a line 1 in layer 0, replaced later)',
    ],
    [
      'that mv made: the old name is gone in the same layer',
      [layer('COPY a /a', secret('a')), layer('RUN mv /a /b', secret('b'), { name: '.wh.a' })],
      'Dockerfile:2 (/a line 1 in layer 0, deleted later)',
    ],
    [
      'beside another',
      [layer('COPY a /a', secret('a')), layer('COPY a /b', secret('b'))],
      'Dockerfile:3 (/b line 1 in layer 1)',
    ],
    [
      'in the tree of a directory that is removed',
      [
        layer('COPY d /d', { name: 'd/' }, secret('d/a')),
        layer('COPY d/a /b', secret('b')),
        layer('RUN rm -r /d', { name: '.wh.d' }),
      ],
      'Dockerfile:2 (/d/a line 1 in layer 0, deleted later)',
    ],
  ])('%s', async (_about, layers, other) => {
    const texts = await said(layers)
    for (const [name, text] of Object.entries(texts)) {
      expect(text, name).not.toMatch(HIDING)
      expect(text, name).toContain(`lso in ${name === 'summary' || name === 'comment' ? '`' : ''}${other}`)
    }
  })

  it('in the environment', async () => {
    const value = SECRET.slice(2).trim()
    const layers = [
      layer('COPY a /a', secret('a')),
      layer('RUN rm /a', { name: '.wh.a' }),
      { by: `ENV T=${value}`, files: null, comment: 'buildkit.dockerfile.v0' },
    ]
    const texts = await said(layers, { env: `T=${value}` })
    for (const [name, text] of Object.entries(texts)) {
      expect(text, name).not.toMatch(HIDING)
      expect(text, name).toContain('Dockerfile:2 (/a line 1 in layer 0, deleted later)')
    }
  })
})

describe('a file that is hidden', () => {
  it('is told by what hides it, not by what hides its copy', async () => {
    const layers = [
      layer('COPY a /a', secret('a')),
      layer('RUN cp /a /b', secret('b')),
      layer('RUN rm /b', { name: '.wh.b' }),
      layer('RUN rm /a', { name: '.wh.a' }),
    ]
    const { terminal, annotation, comment } = await said(layers)
    expect(terminal).toContain('Dockerfile:5 RUN rm /a hides it in layer 3; the bytes stay in layer 0')
    expect(terminal).toContain('also in Dockerfile:3 (/b line 1 in layer 1, deleted later)')
    expect(annotation).toContain('Line 5 (RUN rm /a) hides it but does not erase it')
    expect(comment).toContain(
      'line 5 hides it, layer 0 keeps it; also in `Dockerfile:3 (/b line 1 in layer 1, deleted later)`',
    )
    expect(terminal.match(/hides it/g)).toHaveLength(1)
  })

  it('is told without lines where none is known', async () => {
    const layers = [
      layer('COPY a /a', secret('a')),
      layer('RUN cp /a /b', secret('b')),
      layer('RUN rm /a /b', { name: '.wh.a' }, { name: '.wh.b' }),
    ]
    const { terminal } = await said(layers, { lines: false })
    expect(terminal).toContain('layer 2 hides it; the bytes stay in layer 0')
    expect(terminal).toContain('also in /b line 1 in layer 1, deleted later')
  })

  it('by another COPY is written over, in the comment too', async () => {
    const { comment, terminal } = await said([
      layer('COPY a /a', secret('a')),
      layer('COPY b /a', { name: 'a', content: 'x' }),
    ])
    expect(comment).toContain('line 3 overwrites it, layer 0 keeps it')
    expect(terminal).toContain('overwrites it in layer 1; the bytes stay in layer 0')
  })

  it('in the layer that brought it', async () => {
    const { terminal } = await said([layer('RUN make', secret('a'), { name: 'a', content: 'x' })])
    expect(terminal).toContain('the same layer overwrites it again; the bytes stay in layer 0')
  })
})

describe('many places', () => {
  const layers = Array.from({ length: 8 }, (_, index) => layer(`COPY a /${index}`, secret(String(index))))

  it('are named in their order, as many as fit, and counted', async () => {
    const { terminal, summary, comment, annotation } = await said(layers)
    expect(terminal).toMatch(
      /also in Dockerfile:3 \(\/1 line 1 in layer 1\) (?:also in Dockerfile:\d \(.*?\) ){4}and in 2 more places/,
    )
    expect(summary).toMatch(
      /Also in `Dockerfile:3 \(\/1 line 1 in layer 1\)`(?:, `Dockerfile:\d .*?`){4} and 2 more places\./,
    )
    for (const text of [comment, annotation])
      expect(text).toMatch(/lso in `?Dockerfile:3 .*?Dockerfile:4 .*?Dockerfile:5 .*? and 4 more places/)
  })

  it('of the secrets of one file: each with its own', async () => {
    const two = { name: 'a', content: `${SECRET}${fill('S={{stripe-key}}\n')}` }
    const { terminal, summary } = await said([
      layer('COPY a /a', two),
      layer('COPY b /b', secret('b')),
      layer('COPY c /c', { name: 'c', content: fill('S={{stripe-key}}\n') }),
    ])
    expect(terminal).toMatch(
      /GitHub token .*? also in Dockerfile:3 \(\/b line 1 in layer 1\) .*Stripe secret key .*? also in Dockerfile:4 \(\/c line 1 in layer 2\)/,
    )
    expect(summary).toMatch(/GitHub token .*?, also in `Dockerfile:3 .*Stripe secret key .*?, also in `Dockerfile:4 /)
  })
})

it('no arrow without advice', async () => {
  const env = fill('A={{github-token}}\nB={{stripe-key}}\nPASSWORD=changeme\n')
  for (const texts of [
    await said([
      layer('COPY . /app', { name: 'app/.env', content: env }),
      layer('RUN rm /app/.env', { name: 'app/.wh..env' }),
    ]),
    await said([layer('COPY . /app', { name: 'app/.env', content: env })], { lines: false }),
    await said([layer('RUN make', { name: 'etc/x', content: env })]),
  ])
    for (const [name, text] of Object.entries(texts)) expect(text, name).not.toMatch(/→\s*(?:$|[→●○-]|<br>)/)
})
