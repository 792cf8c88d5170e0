// Whatever stands in a Dockerfile or a history: nothing throws, lines lie within the file, and the time stays small.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { align } from '../../src/dockerfile/align.ts'
import { parseDockerfile } from '../../src/dockerfile/dockerfile.ts'
import { readHistoryEntry } from '../../src/dockerfile/history.ts'
import { readProvenance } from '../../src/provenance/provenance.ts'

const WORDS = [
  'FROM',
  'RUN',
  'COPY',
  'ENV',
  'ARG',
  'ONBUILD',
  'SHELL',
  'scratch',
  'AS',
  'a',
  'A=b',
  '$A',
  '${A:-',
  '}',
  '"',
  "'",
  '\\',
  '\n',
  '\\\n',
  '<<E',
  'E',
  '#',
  '# escape=`',
  '`\n',
  '[',
  ']',
  ',',
  '--x=y',
  ' ',
  '\t',
  '\r\n',
  '/bin/sh -c ',
  '|2 ',
  '#(nop) ',
]
const text = fc.array(fc.constantFrom(...WORDS), { maxLength: 60 }).map((words) => words.join(''))
const history = (entries: readonly string[]) =>
  entries.map((createdBy, index) =>
    readHistoryEntry({ index, created: null, createdBy, author: null, comment: null, empty: false }),
  )

describe('a Dockerfile of any text', () => {
  it('gives instructions in their order, within the file', () => {
    fc.assert(
      fc.property(text, (source) => {
        const { stages, lines } = parseDockerfile('Dockerfile', source)
        let before = 0
        for (const { startLine, endLine } of stages.flatMap(({ fromInstruction, instructions }) => [
          fromInstruction,
          ...instructions,
        ])) {
          expect(startLine).toBeGreaterThan(before)
          expect(endLine).toBeGreaterThanOrEqual(startLine)
          expect(endLine).toBeLessThanOrEqual(lines.length)
          before = endLine
        }
      }),
      { numRuns: 2000 },
    )
  })

  it('aligns with any history, or not, and gives only lines that it has', () => {
    fc.assert(
      fc.property(text, fc.array(text, { maxLength: 6 }), (source, entries) => {
        const dockerfile = parseDockerfile('Dockerfile', `FROM x\n${source}`)
        const result = align(dockerfile, history(entries), null)
        if ('alignment' in result)
          for (const index of result.alignment.instructions.keys()) expect(index).toBeLessThan(entries.length)
      }),
      { numRuns: 2000 },
    )
  })

  it.each([
    ['variables that are never closed', `FROM x\nENV A=${'${'.repeat(100_000)}\n`, ['ENV A=']],
    [
      'arguments of arguments',
      `${Array.from({ length: 60 }, (_, index) => `ARG A${index + 1}=$A${index}$A${index}`)
        .join('\n')
        .replace('$A0$A0', 'xx')}\nFROM $A60\nRUN a\n`,
      ['RUN a'],
    ],
    ['a shell without end', `FROM x\nRUN a\n`, [`${' /a -a'.repeat(100_000)} a`, `RUN ${' --a=b'.repeat(100_000)} a`]],
    [
      'a hundred thousand names',
      `FROM x\nARG ${Array.from({ length: 100_000 }, (_, index) => `A${index}`).join(' ')}\n`,
      [`ARG ${'x'.repeat(1_000_000)}`],
    ],
    ['many words with variables', `FROM x\nLABEL ${'a=$A '.repeat(100_000)}\n`, [`LABEL ${'a=1 '.repeat(100_000)}`]],
    [
      'many stages on stages',
      `FROM x AS s0\n${Array.from({ length: 499 }, (_, index) => `FROM s${index} AS s${index + 1}\nRUN a\n`).join('')}`,
      Array.from({ length: 600 }, () => 'RUN a'),
    ],
    [
      'stages that an argument can name',
      Array.from({ length: 499 }, (_, index) => `FROM \${A} AS s${index}\nRUN a\n`).join(''),
      Array.from({ length: 600 }, () => 'RUN a'),
    ],
    [
      'long stages on stages, the lowest of which an argument names',
      `FROM x AS s0\nRUN a\nFROM y AS s00\nRUN a\n${Array.from({ length: 490 }, (_, index) => `FROM ${index === 0 ? 's${A}' : `t${index - 1}`} AS t${index}\n${'RUN a\n'.repeat(20)}`).join('')}`,
      Array.from({ length: 10_000 }, () => 'RUN a'),
    ],
  ])('takes little time: %s', (_name, source, entries) => {
    const started = performance.now()
    align(parseDockerfile('Dockerfile', source), history(entries), null)
    // Seconds on any machine; without bounds it would be minutes.
    expect(performance.now() - started).toBeLessThan(20_000)
  })
})

describe('a provenance of any JSON', () => {
  it('is read, or is a problem', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const nested = {
          buildDefinition: { internalParameters: { buildConfig: { llbDefinition: value } } },
          runDetails: { metadata: { buildkit_metadata: value } },
        }
        for (const document of [value, { predicate: value }, nested])
          expect(readProvenance(document, 'it')).toSatisfy(
            (result: object) => 'provenance' in result || 'problem' in result,
          )
      }),
    )
  })

  it('names the images that went into the build, and not the tools that built', () => {
    const uris = [
      'pkg:docker/docker/dockerfile@1?platform=linux%2Famd64',
      'pkg:docker/ghcr.io%2Facme/base@1.0',
      'pkg:docker/docker/buildkit-syft-scanner@stable-1',
      'pkg:github/acme/app@main',
    ]
    const result = readProvenance({ materials: uris.map((uri) => ({ uri, digest: { sha256: 'a'.repeat(64) } })) }, 'it')
    expect('provenance' in result && result.provenance.materials).toEqual([
      { reference: 'ghcr.io/acme/base:1.0', digest: `sha256:${'a'.repeat(64)}` },
    ])
  })

  it.each([
    [
      {
        metadata: {
          'https://mobyproject.org/buildkit@v1#metadata': {
            vcs: { 'localdir:dockerfile': 'app/docker', 'localdir:context': 'app' },
            source: { infos: [{ filename: 'Dockerfile', data: '' }] },
          },
        },
      },
      'app/docker/Dockerfile',
      'app',
    ],
    [
      {
        buildDefinition: { externalParameters: { configSource: { uri: 'git://127.0.0.1/app.git#master:app' } } },
        runDetails: {
          metadata: { buildkit_metadata: { source: { infos: [{ filename: 'docker/prod.Dockerfile', data: '' }] } } },
        },
      },
      'app/docker/prod.Dockerfile',
      'app',
    ],
    [{ invocation: { configSource: { uri: 'https://github.com/acme/app.git#refs/heads/main' } } }, 'Dockerfile', ''],
    [{ invocation: { configSource: { entryPoint: 'Dockerfile' } } }, null, null],
  ])('knows where the Dockerfile lies in its repository: %#', (document, repositoryPath, contextPath) => {
    const result = readProvenance(document, 'it')
    expect('provenance' in result && [result.provenance.repositoryPath, result.provenance.contextPath]).toEqual([
      repositoryPath,
      contextPath,
    ])
  })
})
