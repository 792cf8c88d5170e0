// Own or the base's: an own layer is never called the base's, whatever FROM says; in doubt it is not known, and counts as own.
import { describe, expect, it } from 'vitest'
import { parseDockerfile } from '../../src/dockerfile/dockerfile.ts'
import { findOrigin, type Origin } from '../../src/dockerfile/origin.ts'
import { parseConfig } from '../../src/image/config.ts'
import { buildParts, type LayerSpec } from '../image-builder.ts'

const LONG_AGO = '2025-06-01T08:00:00.123456789Z'
const NOW = '2026-01-01T12:00:00.123456789Z'

const at = (created: string | null, ...layers: LayerSpec[]): LayerSpec[] =>
  layers.map((layer) => ({ ...layer, created }))
/** An entry of BuildKit that makes a layer. */
const made = (by: string, more: Partial<LayerSpec> = {}): LayerSpec => ({
  by: `${by} # buildkit`,
  files: [{ name: 'x', content: by }],
  comment: 'buildkit.dockerfile.v0',
  ...more,
})
const run = (command: string): LayerSpec => made(`RUN /bin/sh -c ${command}`)
const empty = (by: string): LayerSpec => ({ by, files: null, comment: 'buildkit.dockerfile.v0' })
const nop = (by: string, files = true): LayerSpec => ({
  by: `/bin/sh -c #(nop) ${by}`,
  files: files ? [{ name: 'x', content: by }] : null,
  comment: '',
})
/** What the classic builder made of alpine, long ago. */
const ALPINE = at(LONG_AGO, nop('ADD file:1 in / '), nop(' CMD ["/bin/sh"]', false))
const COPY = made('COPY . /app')
const MAKE = run('make')
const CMD = empty('CMD ["/app"]')

async function originOf(
  dockerfile: string,
  layers: readonly LayerSpec[],
  others: readonly string[] = [],
): Promise<Origin> {
  const { config } = await buildParts({ layers })
  const image = parseConfig(config, 'test')
  return findOrigin({
    config: image,
    annotations: {},
    layers: image.diffIds.map((diffId) => ({ diffId, digest: null })),
    ids: [],
    provenances: [],
    dockerfiles: [parseDockerfile('Dockerfile', dockerfile)],
    all: others.map((text, index) => parseDockerfile(`other-${index}/Dockerfile`, text)),
    isNamed: true,
    target: null,
  })
}

/** `base`, `own:3`, `?`: whose each layer is, with its line. */
const ownersOf = ({ layers }: Origin): string =>
  layers
    .map(({ owner, certainty, lines }) =>
      owner === 'base'
        ? `base${certainty === 'aligned' ? '' : ` ${certainty}`}`
        : owner === 'own'
          ? `own:${lines?.startLine ?? '-'}`
          : '?',
    )
    .join(' ')

describe('FROM an own stage through an argument', () => {
  const history = [...ALPINE, ...at(NOW, COPY, MAKE, CMD)]
  it.each([
    [
      'an argument of the platform',
      'FROM alpine AS base-amd64\nCOPY . /app\nFROM base-${TARGETARCH}\nRUN make\nCMD ["/app"]\n',
    ],
    [
      'an argument without a default',
      'ARG V\nFROM alpine AS app-prod\nCOPY . /app\nFROM app-${V}\nRUN make\nCMD ["/app"]\n',
    ],
    ['all of the name', 'ARG STAGE\nFROM alpine AS prod\nCOPY . /app\nFROM $STAGE\nRUN make\nCMD ["/app"]\n'],
    [
      'a default that the command line replaced',
      'ARG STAGE=test\nFROM alpine AS prod\nCOPY . /app\nFROM alpine AS test\nRUN test\nFROM ${STAGE}\nRUN make\nCMD ["/app"]\n',
    ],
    ['a default within FROM', 'FROM alpine AS prod\nCOPY . /app\nFROM ${STAGE:-prod}\nRUN make\nCMD ["/app"]\n'],
    [
      'two arguments',
      'ARG A\nARG B\nFROM alpine AS app-linux-amd64\nCOPY . /app\nFROM app-$A-$B\nRUN make\nCMD ["/app"]\n',
    ],
    ['letters of another case', 'ARG V\nFROM alpine AS app-prod\nCOPY . /app\nFROM APP-${V}\nRUN make\nCMD ["/app"]\n'],
    [
      'a platform in front',
      'ARG V\nFROM alpine AS app-prod\nCOPY . /app\nFROM --platform=linux/amd64 app-${V} AS last\nRUN make\nCMD ["/app"]\n',
    ],
    ['double quotes', 'FROM alpine AS below\nCOPY . /app\nFROM "below"\nRUN make\nCMD ["/app"]\n'],
    ['quotes around a part', 'FROM alpine AS below\nCOPY . /app\nFROM be"lo"w\nRUN make\nCMD ["/app"]\n'],
    ['single quotes', 'FROM alpine AS below\nCOPY . /app\nFROM \'below\'\nRUN make\nCMD ["/app"]\n'],
    ['an escape', 'FROM alpine AS below\nCOPY . /app\nFROM be\\low\nRUN make\nCMD ["/app"]\n'],
    [
      'one stage after the other',
      'ARG V\nFROM alpine AS a-1\nCOPY . /app\nFROM a-${V} AS b-1\nRUN make\nFROM b-${V}\nCMD ["/app"]\n',
    ],
  ])('%s: the stage is followed', async (_name, dockerfile) => {
    const lines = dockerfile.split('\n')
    const line = (text: string): number => lines.indexOf(text) + 1
    const origin = await originOf(dockerfile, history)
    expect(ownersOf(origin)).toBe(`base own:${line('COPY . /app')} own:${line('RUN make')}`)
    expect(origin.baseReason).toBeNull()
    expect(origin.base?.reference).toBe('alpine')
  })

  it.each([
    [
      'two stages that fit alike',
      'ARG V\nFROM alpine AS app-a\nCOPY . /app\nFROM alpine AS app-b\nCOPY . /app\nFROM app-${V}\nRUN make\nCMD ["/app"]\n',
      '? own:- own:7',
    ],
    [
      'a stage that differs in its text',
      'ARG V\nFROM alpine AS app-a\nCOPY other /app\nFROM app-${V}\nRUN make\nCMD ["/app"]\n',
      '? ? own:5',
    ],
    [
      'an image or a stage, and nothing rules out the stage',
      'ARG BASE=alpine\nFROM alpine AS build\nCOPY src /src\nFROM $BASE\nRUN make\nCMD ["/app"]\n',
      '? ? own:5',
    ],
  ])('%s: not known', async (_name, dockerfile, owners) => {
    const origin = await originOf(dockerfile, history)
    expect(ownersOf(origin)).toBe(owners)
    expect(origin.baseReason?.text).toMatch(/can name/)
    expect(origin.base).toBeNull()
  })

  it.each([
    [
      'a slash',
      'ARG REGISTRY\nFROM alpine AS build\nRUN make\nFROM ${REGISTRY}/alpine\nCOPY . /app\nRUN make\nCMD ["/app"]\n',
    ],
    ['a tag', 'ARG V=3\nFROM alpine AS build\nRUN make\nFROM alpine:${V}\nCOPY . /app\nRUN make\nCMD ["/app"]\n'],
    ['a digest', 'ARG D\nFROM alpine AS build\nRUN make\nFROM alpine@${D}\nCOPY . /app\nRUN make\nCMD ["/app"]\n'],
    ['quotes around a tag', 'FROM alpine AS build\nRUN make\nFROM "alpine:3"\nCOPY . /app\nRUN make\nCMD ["/app"]\n'],
    ['no stage that it could name', 'ARG BASE=alpine\nFROM $BASE\nCOPY . /app\nRUN make\nCMD ["/app"]\n'],
    [
      'no stage in front of it',
      'ARG BASE=alpine\nFROM $BASE AS app\nCOPY . /app\nRUN make\nCMD ["/app"]\nFROM alpine AS other\nRUN other\n',
    ],
    [
      'stages that ran other instructions',
      'ARG BASE=alpine\nFROM golang AS build\nCOPY src /src\nRUN go build\nFROM $BASE\nCOPY . /app\nRUN make\nCMD ["/app"]\n',
    ],
    [
      'a stage from scratch',
      'ARG BASE=alpine\nFROM scratch AS build\nRUN make\nFROM $BASE\nCOPY . /app\nRUN make\nCMD ["/app"]\n',
    ],
    [
      'stages with more instructions than the history has entries',
      'ARG BASE=alpine\nFROM golang AS build\nRUN a\nENV B=c\nUSER d\nFROM $BASE\nCOPY . /app\nRUN make\nCMD ["/app"]\n',
    ],
  ])('an image for certain: %s', async (_name, dockerfile) => {
    const origin = await originOf(dockerfile, history)
    expect(ownersOf(origin)).toMatch(/^base own:\d+ own:\d+$/)
    expect(origin.baseReason).toBeNull()
  })
})

describe('what ONBUILD of the base ran', () => {
  const dockerfile = 'FROM acme/onbuild:1\nRUN make\nCMD ["/app"]\n'
  const own = at(NOW, MAKE, CMD)
  /** alpine, built by BuildKit, so that nothing but its time tells it apart. */
  const alpine = (created: string | null): LayerSpec[] =>
    at(created, made('ADD alpine.tar.gz /'), empty('CMD ["/bin/sh"]'))

  it.each<[string, LayerSpec[]]>([
    ['no entry has a time', [...alpine(null), ...at(null, COPY, MAKE, CMD)]],
    ['all entries have one time', [...alpine('2026-01-01T00:00:00Z'), ...at('2026-01-01T00:00:00Z', COPY, MAKE, CMD)]],
    ['it was built a minute ago', [...alpine(LONG_AGO), ...at('2026-01-01T11:59:00.5Z', COPY), ...own]],
    ['it has no time, and all else has', [...alpine(LONG_AGO), ...at(null, COPY), ...own]],
    ['its time is that of Go where none is set', [...alpine(LONG_AGO), ...at('0001-01-01T00:00:00Z', COPY), ...own]],
    ['SOURCE_DATE_EPOCH', [...alpine(LONG_AGO), ...at('2026-01-01T00:00:00Z', COPY, MAKE, CMD)]],
    ['its time is no time', [...alpine(LONG_AGO), ...at('yesterday', COPY), ...own]],
    [
      'part of it came out of the cache',
      [
        ...alpine(LONG_AGO),
        ...at('2025-12-01T00:00:00.5Z', made('COPY .npmrc /app/')),
        ...at('2026-01-01T11:59:00.5Z', COPY),
        ...own,
      ],
    ],
    [
      'a tool took the notes of the builder away',
      [...alpine(LONG_AGO), ...at(NOW, COPY, MAKE, CMD).map((layer) => ({ ...layer, comment: '' }))],
    ],
    ['it ends in metadata', [...alpine(LONG_AGO), ...at(NOW, COPY, empty('ENV A=b')), ...own]],
  ])('%s: it is not called the base', async (_name, layers) => {
    const origin = await originOf(dockerfile, layers)
    const owners = ownersOf(origin).split(' ')
    expect(owners[0]).toBe('base')
    expect(owners.slice(1, -1).every((owner) => owner === '?')).toBe(true)
    expect(owners.at(-1)).toBe('own:2')
    expect(origin.baseReason?.text).toMatch(/ONBUILD/)
  })

  it('the classic builder notes what waits: what stands above it is not called the base, however old it is', async () => {
    const layers = [
      ...at(LONG_AGO, nop('ADD file:1 in / '), nop(' ONBUILD COPY . /app', false), nop('COPY dir:2 in /app ')),
      ...at(NOW, { ...nop(''), by: '/bin/sh -c make' }, nop(' CMD ["/app"]', false)),
    ]
    expect(ownersOf(await originOf(dockerfile, layers))).toBe('base ? own:2')
  })

  it.each<[string, LayerSpec[]]>([
    [
      'a day old',
      [...alpine(LONG_AGO), ...at('2025-12-31T12:00:00.5Z', made('COPY docker-entrypoint.sh /usr/local/bin/')), ...own],
    ],
    [
      'of another builder, and a second old',
      [...ALPINE, ...at('2026-01-01T11:59:59Z', nop('COPY file:3 in /x ')), ...own],
    ],
    [
      'of debuerreotype',
      [
        {
          by: "# debian.sh --arch 'amd64' out/",
          files: [{ name: 'x', content: '1' }],
          comment: 'debuerreotype 0.15',
          created: NOW,
        },
        ...own,
      ],
    ],
    [
      'without any text, as Bazel writes them',
      [{ by: '', files: [{ name: 'x', content: '1' }], comment: '', created: '0001-01-01T00:00:00Z' }, ...own],
    ],
    [
      'of another time than SOURCE_DATE_EPOCH, and later',
      [...alpine('2026-02-01T08:00:00Z'), ...at('2026-01-01T00:00:00Z', MAKE, CMD)],
    ],
    ['one layer alone, a minute old', [...alpine('2026-01-01T11:59:00.5Z'), ...own]],
  ])('the base stays the base: %s', async (_name, layers) => {
    const origin = await originOf(dockerfile, layers)
    expect(ownersOf(origin)).toMatch(/^base(?: base)* own:2$/)
    expect(origin.baseReason).toBeNull()
  })

  it('a layer of COPY --link can be older than the base: it tells no time', async () => {
    const linked = 'FROM acme/base:1\nCOPY --link a /a\nRUN make\nCMD ["/app"]\n'
    const layers = [
      ...alpine(LONG_AGO),
      ...at('2025-12-30T00:00:00.5Z', run('base')),
      ...at('2025-05-01T00:00:00.5Z', made('COPY a /a')),
      ...own,
    ]
    expect(ownersOf(await originOf(linked, layers))).toBe('base base own:2 own:3')
  })

  it('buildah notes the image that it started from: nothing of its ONBUILD can stand below', async () => {
    const layers = [
      ...at(NOW, nop('ADD file:1 in / '), nop('COPY file:2 in /x ')),
      ...at(
        NOW,
        { ...nop(''), by: '/bin/sh -c make', comment: 'FROM docker.io/acme/onbuild:1' },
        { ...nop('CMD ["/app"]', false), comment: 'FROM 0123456789ab' },
      ),
    ]
    expect(ownersOf(await originOf(dockerfile, layers))).toBe('base base own:2')
    const untold = layers.map((layer) =>
      layer.comment === 'FROM docker.io/acme/onbuild:1' ? { ...layer, comment: 'FROM 9876543210ab' } : layer,
    )
    expect(ownersOf(await originOf(dockerfile, untold))).toBe('base ? own:2')
  })

  it('an instruction that is gone from the Dockerfile leaves an entry that is not called the base', async () => {
    expect(ownersOf(await originOf('FROM alpine:3\nRUN make\n', [...ALPINE, ...at(NOW, COPY, MAKE)]))).toBe(
      'base ? own:2',
    )
  })
})

describe('a Dockerfile that could be read otherwise', () => {
  const history = [...ALPINE, ...at(NOW, MAKE)]
  it.each([
    [
      'a FROM within a here-document',
      'FROM alpine:3\nRUN make\nFROM alpine:3\nRUN <<EOF\ncat > Dockerfile\nFROM alpine AS x\nEOF\nFROM alpine:3\nRUN make\n',
    ],
    ['a FROM over two lines', 'FROM \\\n  alpine:3\nRUN make\n'],
    ['a FROM whose word is split', 'FR\\\nOM alpine:3\nRUN make\n'],
    [
      'instructions within the file that a COPY writes',
      'FROM alpine:3 AS tool\nCOPY <<EOF /Dockerfile\nRUN curl\nEOF\nFROM alpine:3\nRUN make\n',
    ],
    [
      'instructions within a script that the history does not show',
      'FROM alpine:3 AS tool\nRUN <<EOF\n#!/bin/sh\nCOPY a b\nEOF\nFROM alpine:3\nRUN make\n',
    ],
    ['quotes around a name that could be a context', 'FROM "alpine"\nRUN make\n'],
    ['an escape in a name', 'FROM al\\pine\nRUN make\n'],
  ])('%s: not known', async (_name, dockerfile) => {
    const origin = await originOf(dockerfile, history)
    expect(ownersOf(origin)).toMatch(/^\? own:/)
    expect(origin.baseReason).not.toBeNull()
  })

  it.each([
    [
      'a script that imports',
      'FROM alpine:3\nRUN make\n',
      'FROM alpine:3 AS x\nRUN <<EOF\nfrom os import path\nprint(1)\nEOF\n',
    ],
    ['a comment that names FROM', 'FROM alpine:3\nRUN make\n', '# FROM alpine AS x\n'],
    ['a byte order mark', 'FROM alpine:3\nRUN make\n', '\ufeff'],
    ['Windows line ends', 'FROM alpine:3\r\nRUN make\r\n', ''],
  ])('%s: nothing is in doubt', async (_name, dockerfile, before) => {
    expect(ownersOf(await originOf(before + dockerfile, history))).toMatch(/^base own:\d+$/)
  })
})

describe('an image that was built in two steps', () => {
  const history = [
    ...ALPINE,
    ...at(LONG_AGO, made('COPY package.json package-lock.json /app/'), run('npm ci --prefix /app')),
    ...at(NOW, MAKE),
  ]
  it('what another Dockerfile of the checkout made is not called the base', async () => {
    const origin = await originOf('FROM acme/deps:1\nRUN make\n', history, [
      'FROM alpine:3\nCOPY package.json package-lock.json /app/\nRUN npm ci --prefix /app\n',
    ])
    expect(ownersOf(origin)).toBe('? ? ? own:2')
    expect(origin.baseReason?.text).toMatch(/^other-0\/Dockerfile of this checkout fits/)
  })

  it.each([
    ['one that has other instructions', 'FROM alpine:3\nRUN other\n'],
    ['one that says too little', 'FROM alpine:3\nCOPY . .\n'],
    ['one that does not build', 'RUN npm ci\n'],
  ])('%s does not matter', async (_name, other) => {
    expect(ownersOf(await originOf('FROM acme/deps:1\nRUN make\n', history, [other]))).toBe('base base base own:2')
  })
})

describe('entries that a builder appends', () => {
  const classic = (...more: LayerSpec[]): LayerSpec[] => [
    ...ALPINE,
    ...at(NOW, nop('COPY file:2 in /app/ '), nop(' USER 1000', false), ...more),
  ]
  it.each<[string, string, LayerSpec[]]>([
    ['docker build --label', '', classic(nop(' LABEL org.opencontainers.image.revision=abc', false))],
    ['several labels', '', classic(nop(' LABEL a=b c=two words', false))],
    ['buildah and podman', '', classic({ ...nop('LABEL "a"="b"', false), comment: 'FROM 0123456789ab' })],
    [
      'behind a LABEL of the Dockerfile',
      'LABEL a=b\n',
      classic(nop(' LABEL a=b', false), nop(' LABEL com.docker.compose.project=x', false)),
    ],
    [
      'under another shell',
      'SHELL ["/bin/sh", "-e", "-c"]\n',
      classic(
        { ...nop('', false), by: '/bin/sh -e -c #(nop)  SHELL [/bin/sh -e -c]' },
        { ...nop('', false), by: '/bin/sh -e -c #(nop)  LABEL a=b' },
      ),
    ],
    [
      'OpenShift',
      '',
      classic(
        nop(' ENV "OPENSHIFT_BUILD_NAME"="app-1" "OPENSHIFT_BUILD_NAMESPACE"="x"', false),
        nop(' LABEL "io.openshift.build.name"="app-1"', false),
      ),
    ],
  ])('%s: the lines are known all the same', async (_name, last, layers) => {
    const origin = await originOf(`FROM alpine:3\nCOPY .env /app/\nUSER 1000\n${last}`, layers)
    expect(ownersOf(origin)).toBe('base own:2')
    expect(origin.history.at(-1)).toMatchObject({ owner: 'own', lines: null })
  })

  it.each<[string, LayerSpec[]]>([
    ['BuildKit appends none', [...ALPINE, ...at(NOW, made('COPY .env /app/'), empty('USER 1000'), empty('LABEL a=b'))]],
    ['nor is anything else appended', classic(nop(' ENV A=b', false))],
    ['nor two labels', classic(nop(' LABEL a=b', false), nop(' LABEL c=d', false))],
  ])('%s', async (_name, layers) => {
    expect((await originOf('FROM alpine:3\nCOPY .env /app/\nUSER 1000\n', layers)).reason?.text).toMatch(/does not fit/)
  })
})

describe('a base without a history', () => {
  const filler = (by: string): LayerSpec => ({
    by,
    files: [{ name: 'x', content: by }],
    comment: 'buildkit.exporter.image.v0',
    created: NOW,
  })
  const own = at(NOW, COPY, MAKE, empty('USER 1000'))
  const dockerfile = 'FROM nix:2\nCOPY . /app\nRUN make\nUSER 1000\n'

  it.each<[string, LayerSpec[], string]>([
    [
      'BuildKit fills the history up: as many as the base has',
      [...own, filler('fileop target'), filler('mount / from exec make')],
      'base base own:2 own:3',
    ],
    ['one', [...own, filler('mount / from exec make')], 'base own:2 own:3'],
    [
      'more than the build has',
      [...own, filler('a'), filler('b'), filler('c'), filler('d')],
      'base base base base own:2 own:3',
    ],
    [
      'what its ONBUILD ran has entries, and is not known',
      [...at(NOW, run('onbuild')), ...own, filler('a')],
      '? ? own:2 own:3',
    ],
    [
      'it was filled up when the base was built',
      [...at(LONG_AGO, run('lower')), { ...filler('a'), created: LONG_AGO }, ...own],
      'base base own:2 own:3',
    ],
  ])('%s', async (_name, layers, owners) => {
    const origin = await originOf(dockerfile, layers)
    expect(ownersOf(origin)).toBe(owners)
    expect(
      origin.layers
        .filter(({ owner }) => owner !== 'own')
        .every(({ lines, instruction }) => lines === null && !/COPY|make/.test(instruction?.display ?? '')),
    ).toBe(true)
  })

  it('the classic builder leaves the entries out: own ones are those of the top', async () => {
    const { config } = await buildParts({
      layers: [...ALPINE, ...at(NOW, nop('COPY file:2 in /app/ '), nop(' USER 1000', false))],
    })
    const parsed = JSON.parse(config.toString()) as { history: unknown[] }
    const image = parseConfig(Buffer.from(JSON.stringify({ ...parsed, history: parsed.history.slice(2) })), 'test')
    const of = (text: string | null): Origin =>
      findOrigin({
        config: image,
        annotations: {},
        layers: image.diffIds.map((diffId) => ({ diffId, digest: null })),
        ids: [],
        provenances: [],
        dockerfiles: text === null ? [] : [parseDockerfile('Dockerfile', text)],
        all: [],
        isNamed: true,
        target: null,
      })
    expect(ownersOf(of('FROM nix:2\nCOPY .env /app/\nUSER 1000\n'))).toBe('base own:2')
    // Without a Dockerfile nothing tells which entry is whose.
    expect(of(null).layers.map(({ history }) => history)).toEqual([null, null])
    expect(of(null).baseReason?.text).toBe('no Dockerfile was given')
    expect(of('FROM nix:2\nCOPY other /other/\nUSER 1000\n').baseReason?.text).toMatch(/does not fit/)
  })

  it('a history of nothing but what was made up is that of its layers', async () => {
    const { config } = await buildParts({ layers: [filler('a'), filler('b')] })
    const image = parseConfig(config, 'test')
    const origin = findOrigin({
      config: image,
      annotations: {},
      layers: [],
      ids: [],
      provenances: [],
      dockerfiles: [],
      all: [],
      isNamed: false,
      target: null,
    })
    expect(origin.layers.map(({ history }) => history)).toEqual([0, 1])
  })
})

describe('the name of the base in the history of buildah', () => {
  const noted = (by: string, from: string): LayerSpec => ({ ...nop(by), comment: `FROM ${from}`, created: NOW })
  const dockerfile = 'FROM docker.io/library/alpine:3\nCOPY a /a\nCOPY b /b\nCOPY c /c\n'
  const build = (...from: readonly [string, string, string]): LayerSpec[] => [
    ...ALPINE,
    ...from.map((name, index) => noted(`COPY file:${index} in /${'abc'[index]} `, name)),
  ]

  it.each<[string, LayerSpec[], string]>([
    [
      'is that of the first own entry',
      build('docker.io/library/alpine:3', '0123456789ab', '1234567890ab'),
      'docker.io/library/alpine:3',
    ],
    [
      'not that of an image that the cache found under a name',
      build('docker.io/library/alpine:3', '0123456789ab', 'localhost/app:yesterday'),
      'docker.io/library/alpine:3',
    ],
    [
      'nor of two',
      build('docker.io/library/alpine:3', 'localhost/app:older', 'localhost/app:yesterday'),
      'docker.io/library/alpine:3',
    ],
    [
      'nor where the base has none',
      build('0123456789ab', '1234567890ab', 'localhost/app:yesterday'),
      'docker.io/library/alpine:3',
    ],
    [
      'another one than FROM has, where the build started from it',
      build('localhost/mirror:3', '0123456789ab', '1234567890ab'),
      'localhost/mirror:3',
    ],
  ])('%s', async (_name, layers, reference) => {
    expect((await originOf(dockerfile, layers)).base?.reference).toBe(reference)
  })

  it.each<[string, LayerSpec[], string | null]>([
    [
      'one name at the start',
      build('docker.io/library/alpine:3', '0123456789ab', '1234567890ab'),
      'docker.io/library/alpine:3',
    ],
    ['two names', build('docker.io/library/alpine:3', '0123456789ab', 'localhost/app:yesterday'), null],
    ['a name in the middle', build('0123456789ab', 'localhost/app:yesterday', '1234567890ab'), null],
    [
      'a build without layers',
      [
        ...ALPINE,
        { ...nop('COPY file:0 in /a ', false), created: NOW },
        noted('CMD ["x"]', 'docker.io/library/alpine:3'),
      ],
      'docker.io/library/alpine:3',
    ],
  ])('without a Dockerfile: %s', async (_name, layers, reference) => {
    const { config } = await buildParts({ layers })
    const image = parseConfig(config, 'test')
    const origin = findOrigin({
      config: image,
      annotations: {},
      layers: [],
      ids: [],
      provenances: [],
      dockerfiles: [],
      all: [],
      isNamed: false,
      target: null,
    })
    expect(origin.base?.reference ?? null).toBe(reference)
  })
})
