// Lines: exactly right, or none with a reason.

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { align, alignBest } from '../../src/dockerfile/align.ts'
import { contextPath } from '../../src/dockerfile/copy.ts'
import { parseDockerfile } from '../../src/dockerfile/dockerfile.ts'
import { readHistoryEntry } from '../../src/dockerfile/history.ts'
import { findOrigin, type Origin } from '../../src/dockerfile/origin.ts'
import { type HistoryEntry, type ImageConfig, parseConfig } from '../../src/image/config.ts'
import { openImage } from '../../src/image/open.ts'
import { DEFAULT_LIMITS } from '../../src/limits.ts'
import { buildParts, type LayerSpec } from '../image-builder.ts'

const FIXTURES = path.join(import.meta.dirname, '../../fixtures')
const nothing = (async function* (): AsyncGenerator<Buffer> {})()

/** The first lines of all layers, or the reason why there are none. */
const originOf = (config: ImageConfig, dockerfile: string | null, target: string | null = null): Origin =>
  findOrigin({
    config,
    annotations: {},
    layers: config.diffIds.map((diffId) => ({ diffId, digest: null })),
    ids: [],
    provenances: [],
    dockerfiles: dockerfile === null ? [] : [parseDockerfile('Dockerfile', dockerfile)],
    isNamed: true,
    all: null,
    target,
  })

async function lines(
  dockerfile: string,
  layers: readonly LayerSpec[],
  target: string | null = null,
): Promise<(number | null)[] | string> {
  const { config } = await buildParts({ layers })
  const origin = originOf(parseConfig(config, 'test'), dockerfile, target)
  return origin.reason?.text ?? origin.layers.map((layer) => layer.lines?.startLine ?? null)
}

const made = (by: string): LayerSpec => ({ by, files: [{ name: 'x', content: by }] })
const empty = (by: string): LayerSpec => ({ by, files: null, comment: 'buildkit.dockerfile.v0' })
const base = [made('/bin/sh -c #(nop) ADD file:1 in / '), { by: '/bin/sh -c #(nop)  CMD ["sh"]', files: null }]

describe('images of real builders', () => {
  it('every instruction there is, in 31 layers, saved by Docker 29 from its containerd store', async () => {
    const image = await openImage(path.join(FIXTURES, 'formats/docker29-containerd.tar.gz'), {
      image: null,
      platform: null,
      temporary: '/tmp',
      bareNames: 'file-first',
      limits: DEFAULT_LIMITS,
      stdin: nothing,
    })
    const origin = originOf(
      image.config,
      readFileSync(path.join(FIXTURES, 'formats/every-instruction.Dockerfile'), 'utf8'),
    )
    await image.close()
    const single = [...Array.from({ length: 20 }, (_, index) => 48 + index), 76].map((line) => `${line}-${line}`)
    expect(origin.layers.map(({ lines: own }) => own && `${own.startLine}-${own.endLine}`)).toEqual([
      null,
      '21-21',
      '22-22',
      '24-25',
      '26-26',
      '27-31',
      '32-34',
      '35-38',
      '39-42',
      '43-47',
      ...single,
    ])
  })

  it.each([
    ['deleted-secret/image.tar', [null, 3, 4, 5, 6, 7]],
    // The classic builder makes no layer for a RUN that changes nothing.
    ['formats/classic-builder.tar.gz', [null, 3, 4, 5, 7]],
    ['formats/buildah.tar.gz', [null, 4, 5, 6, 7]],
    ['formats/oci-zstd.tar.gz', [null, 3, 4, 5, 6, 7]],
  ])('%s', async (name, expected) => {
    const image = await openImage(path.join(FIXTURES, name), {
      image: null,
      platform: null,
      temporary: '/tmp',
      stdin: nothing,
      limits: DEFAULT_LIMITS,
      bareNames: 'file-first',
    })
    const origin = originOf(image.config, readFileSync(path.join(FIXTURES, 'deleted-secret/Dockerfile'), 'utf8'))
    await image.close()
    expect(origin.reason).toBeNull()
    expect(origin.layers.map((layer) => layer.lines?.startLine ?? null)).toEqual(expected)
    expect(origin.layers.map(({ owner }) => owner)).toEqual(['base', ...expected.slice(1).map(() => 'own')])
  })
})

describe('alignment', () => {
  it('counts continuations, comments inside them and here-documents to their instruction', async () => {
    const dockerfile = 'FROM base\nRUN a && \\\n  # why\n  b\nRUN <<EOF\nc\nEOF\nCOPY <<X /x\nt\nX\nRUN d\n'
    const layers = [
      ...base,
      made('RUN /bin/sh -c a &&   b # buildkit'),
      made('RUN /bin/sh -c c\n # buildkit'),
      made('COPY <<X /x # buildkit'),
      made('RUN /bin/sh -c d # buildkit'),
    ]
    expect(await lines(dockerfile, layers)).toEqual([null, 2, 5, 8, 11])
  })

  it('goes through the stages that a stage builds on', async () => {
    const dockerfile = 'ARG V=1\nFROM base:$V AS one\nRUN a\nFROM other AS two\nRUN z\nFROM one\nRUN b\n'
    expect(
      await lines(dockerfile, [...base, made('RUN /bin/sh -c a # buildkit'), made('RUN /bin/sh -c b # buildkit')]),
    ).toEqual([null, 3, 7])
  })

  it('takes the stage that is named, or the only one that fits', async () => {
    const dockerfile = 'FROM base AS one\nRUN a\nFROM base AS two\nRUN b\nCOPY c /c\n'
    const layers = [...base, made('RUN /bin/sh -c a # buildkit')]
    expect(await lines(dockerfile, layers, 'one')).toEqual([null, 2])
    expect(await lines(dockerfile, layers)).toEqual([null, 2])
    expect(await lines(dockerfile, layers, 'three')).toMatch(/no stage "three"/)
  })

  it('takes values of arguments for wildcards where the builder fills them in', async () => {
    const dockerfile = 'FROM base\nARG DIR=/srv\nENV A=$DIR\nWORKDIR $DIR\nCOPY x $DIR/\n'
    expect(
      await lines(dockerfile, [
        ...base,
        empty('ARG DIR=/srv'),
        empty('ENV A=/srv'),
        made('WORKDIR /srv'),
        made('COPY x /srv/ # buildkit'),
      ]),
    ).toEqual([null, 4, 5])
  })

  it.each([
    [
      'an instruction more than the image has',
      'FROM base\nRUN a\nRUN b\nRUN c\nCOPY d /d\nUSER 1\n',
      /instructions, the image's history only/,
    ],
    ['another order', 'FROM base\nCOPY c /c\nRUN a\n', /line 3 is RUN, where the image's history has COPY/],
    ['a changed command', 'FROM base\nRUN other\nCOPY c /c\n', /line 2 \(RUN\) differs/],
    ['a changed target', 'FROM base\nRUN a\nCOPY c /elsewhere\n', /line 3 \(COPY\) differs/],
    ['a start from scratch that the image has not', 'FROM scratch\nRUN a\nCOPY c /c\n', /starts from scratch/],
    ['no FROM', '# nothing\n', /has no FROM/],
  ])('abstains at %s', async (_name, dockerfile, reason) => {
    expect(
      await lines(dockerfile, [...base, made('RUN /bin/sh -c a # buildkit'), made('COPY c /c # buildkit')]),
    ).toMatch(reason)
  })

  it('gives no instruction to layers when the history has fewer entries than there are layers', async () => {
    const { config } = await buildParts({
      layers: [made('a'), made('b')],
      overrides: { history: [{ created_by: 'COPY a /a # buildkit' }] },
    })
    const origin = originOf(parseConfig(config, 'test'), null)
    expect(origin.layers.map(({ history, instruction }) => [history, instruction])).toEqual([
      [null, null],
      [null, null],
    ])
  })

  it('gives no line to a layer that a builder merged from several instructions', async () => {
    const layers = [
      ...base,
      { by: '/bin/sh -c #(nop) COPY dir:1 in /x ', files: null },
      { by: '/bin/sh -c rm /x/y', files: null },
      made('/bin/sh -c #(nop) CMD ["x"]'),
    ]
    expect(await lines('FROM base\nCOPY x /x\nRUN rm /x/y\nCMD ["x"]\n', layers)).toMatch(/merged/)
  })
})

describe('what does not decide', () => {
  const entry = (createdBy: string, more: Partial<HistoryEntry> = {}): HistoryEntry => ({
    index: 0,
    created: null,
    createdBy,
    author: null,
    comment: null,
    empty: false,
    ...more,
  })
  const result = (dockerfile: string, entries: readonly HistoryEntry[], target: string | null = null): unknown => {
    const aligned = align(
      parseDockerfile('Dockerfile', dockerfile),
      entries.map((one, index) => readHistoryEntry({ ...one, index })),
      target,
    )
    return 'alignment' in aligned
      ? [...aligned.alignment.instructions]
          .map(([index, { startLine }]) => [index, startLine])
          .concat(aligned.alignment.reason === null ? [] : [[-1, -1]])
      : aligned.reason.text
  }

  it('two stages that fit: a line is known where they agree', () => {
    const dockerfile = 'FROM base AS one\nRUN a\nRUN b\nFROM base AS two\nRUN b\n'
    const entries = [
      entry('ADD x / # buildkit'),
      entry('RUN /bin/sh -c a # buildkit'),
      entry('RUN /bin/sh -c b # buildkit'),
    ]
    expect(result(dockerfile, entries)).toEqual([[-1, -1]])
    expect(result(dockerfile, entries, 'two')).toEqual([[2, 5]])
    expect(result(dockerfile, entries, 'ONE')).toEqual([
      [2, 3],
      [1, 2],
    ])
  })

  it('a stage that another only carries on is the same in both', () => {
    const dockerfile = 'FROM base AS one\nRUN a\nFROM one AS same\n'
    expect(result(dockerfile, [entry('x'), entry('RUN /bin/sh -c a # buildkit')])).toEqual([[1, 2]])
  })

  it('what ONBUILD of a stage leaves stands at the FROM that runs it', () => {
    const dockerfile = 'FROM base AS one\nONBUILD RUN t\nRUN a\nFROM one\nRUN b\nFROM one\nRUN c\n'
    const buildkit = [
      entry('x'),
      entry('RUN /bin/sh -c a # buildkit'),
      entry('RUN /bin/sh -c t # buildkit'),
      entry('RUN /bin/sh -c c # buildkit'),
    ]
    expect(result(dockerfile, buildkit)).toEqual([
      [3, 7],
      [2, 6],
      [1, 3],
    ])
    const classic = [
      entry('x'),
      entry('/bin/sh -c #(nop)  ONBUILD RUN t'),
      entry('/bin/sh -c a'),
      entry('/bin/sh -c t'),
      entry('/bin/sh -c c'),
    ]
    expect(result(dockerfile, classic)).toEqual([
      [4, 7],
      [3, 6],
      [2, 3],
      [1, 2],
    ])
  })

  it('kaniko writes only what changed something: what could be two instructions has no line', () => {
    const kaniko = (text: string): HistoryEntry => entry(text, { author: 'kaniko' })
    const dockerfile = 'FROM base\nENV A=b\nCOPY x /x\nRUN a\nRUN same\nRUN same\nCMD ["x"]\n'
    expect(result(dockerfile, [entry('x'), kaniko('COPY x /x'), kaniko('RUN a')])).toEqual([
      [1, 3],
      [2, 4],
    ])
    expect(result(dockerfile, [entry('x'), kaniko('COPY x /x'), kaniko('RUN same')])).toEqual([[1, 3]])
    expect(result(dockerfile, [entry('x'), kaniko('RUN a')])).toMatch(/line 3 \(COPY\) is not in the image's history/)
  })

  it.each([
    ['an image without history', [], /no history/],
    ['a squashed image', [entry('RUN a'), entry('', { comment: 'merge sha256:1 to sha256:2' })], /squashed/],
    ['an imported image', [entry('', { comment: 'Imported from -' })], /imported/],
    ['an image of ko', [entry('ko build ko://x', { author: 'ko' })], /by ko, without a Dockerfile/],
    ['an image of Bazel', [entry('bazel build //x')], /by Bazel, without a Dockerfile/],
    [
      'an image of buildpacks',
      [
        entry("Layer: 'node', Created by buildpack: x@1"),
        entry('Application Slice: 1'),
        entry('Buildpacks Process Types'),
      ],
      /by Buildpacks, without a Dockerfile/,
    ],
    [
      'an image of buildpacks with a bill of materials on top',
      [entry('Buildpacks Launcher'), entry('Software Bill-of-Materials')],
      /by Buildpacks/,
    ],
    ['an empty history', [entry(''), entry('')], /history is empty/],
    [
      'a container that was committed on top',
      [entry('RUN /bin/sh -c a # buildkit'), entry('sh -c "touch /x"')],
      /an entry of another builder/,
    ],
  ])('%s', (_name, entries, reason) => {
    expect(result('FROM base\nRUN a\n', entries)).toMatch(reason)
  })

  it('a Dockerfile that was not named, and has no RUN or COPY: what it leaves over is not called the base', async () => {
    const { config } = await buildParts({
      layers: [...base, made('/bin/sh -c #(nop) COPY file:2 in /x '), empty('CMD ["x"]')],
    })
    const origin = (isNamed: boolean): Origin =>
      findOrigin({
        config: parseConfig(config, 'test'),
        annotations: {},
        layers: [],
        ids: [],
        provenances: [],
        dockerfiles: [parseDockerfile('Dockerfile', 'FROM base\nCMD ["x"]\n')],
        isNamed,
        all: null,
        target: null,
      })
    expect(origin(false).layers.map(({ owner }) => owner)).toEqual(['unknown', 'unknown'])
    expect(origin(true).layers.map(({ owner }) => owner)).toEqual(['base', 'base'])
  })

  it('an annotation that names another base than the FROM line', async () => {
    const { config } = await buildParts({ layers: [...base, made('COPY x /x # buildkit')] })
    const baseOf = (name: string, from: string): unknown =>
      findOrigin({
        config: parseConfig(config, 'test'),
        annotations: { 'org.opencontainers.image.base.name': name, 'org.opencontainers.image.base.digest': 'sha256:1' },
        layers: [],
        ids: [],
        provenances: [],
        dockerfiles: [parseDockerfile('Dockerfile', `FROM ${from}\nCOPY x /x\n`)],
        isNamed: true,
        all: null,
        target: null,
      }).base
    expect(baseOf('docker.io/library/node:22', 'node:22')).toMatchObject({
      reference: 'docker.io/library/node:22',
      digest: 'sha256:1',
      source: 'annotation',
    })
    expect(baseOf('docker.io/library/node:22', 'evil/base')).toMatchObject({
      reference: 'evil/base',
      digest: null,
      source: 'dockerfile',
    })
    expect(baseOf('docker.io/library/node:22', '$BASE')).toMatchObject({
      reference: 'docker.io/library/node:22',
      source: 'annotation',
    })
  })

  it('of several Dockerfiles the one that explains most; none where two explain as much', () => {
    const history = [entry('x'), entry('RUN /bin/sh -c a # buildkit'), entry('COPY b /b # buildkit')].map(
      (one, index) => readHistoryEntry({ ...one, index }),
    )
    const files = ['FROM x\nCOPY b /b\n', 'FROM x\nRUN a\nCOPY b /b\n', 'FROM x\nRUN other\n'].map((text, index) =>
      parseDockerfile(`${index}/Dockerfile`, text),
    )
    expect(alignBest(files, history, null)).toMatchObject({ alignment: { dockerfile: { path: '1/Dockerfile' } } })
    const [, fits] = files
    expect(
      alignBest(fits === undefined ? [] : [fits, { ...fits, path: 'copy/Dockerfile' }], history, null),
    ).toMatchObject({
      reason: {
        text: expect.stringMatching(/2 Dockerfiles fit the image alike \(1\/Dockerfile, copy\/Dockerfile\)/),
        missing: 'dockerfile',
      },
    })
    expect(alignBest(files.slice(2), history, null)).toMatchObject({
      reason: { text: expect.stringMatching(/2\/Dockerfile does not fit/) },
    })
  })
})

describe('a history entry', () => {
  const entry = (createdBy: string, comment: string | null = null): HistoryEntry => ({
    index: 0,
    created: null,
    createdBy,
    author: null,
    comment,
    empty: false,
  })
  it.each([
    ['RUN /bin/sh -c echo a # buildkit', 'RUN', 'echo a', []],
    ['RUN |2 A=one B=two words /bin/bash -o pipefail -ec make # buildkit', 'RUN', 'make', ['A=one', 'B=two words']],
    ['/bin/sh -c #(nop)  ENV A=b', 'ENV', 'A=b', []],
    ['/bin/sh -e -c #(nop) COPY file:1 in /app/ ', 'COPY', 'file:1 in /app/', []],
    ['|1 T=x /bin/sh -c apk add y', 'RUN', 'apk add y', ['T=x']],
    ['WORKDIR /app', 'WORKDIR', '/app', []],
    ['bazel build //app', null, 'bazel build //app', []],
    ['', null, '', []],
  ])('%j', (createdBy, keyword, text, buildArgs) => {
    expect(readHistoryEntry(entry(createdBy))).toMatchObject({ keyword, text, buildArgs })
  })
})

describe('the file of the build context that a COPY brought in', () => {
  it.each([
    ['.env /app/.env', '/app/.env', '.env'],
    ['netrc /root/.netrc', '/root/.netrc', 'netrc'],
    ['. /app', '/app/config/.env', 'config/.env'],
    ['./conf/ /etc/app/', '/etc/app/tls/k.pem', 'conf/tls/k.pem'],
    ['["a b", "c.key", "/keys/"]', '/keys/c.key', 'c.key'],
    ['*.pem /certs/', '/certs/x.pem', 'x.pem'],
    ['a.tf b.tfstate ./', '/infra/b.tfstate', 'b.tfstate'],
  ])('COPY %s brings %s', (text, path, expected) => {
    expect(contextPath({ text }, path)).toBe(expected)
  })
})
