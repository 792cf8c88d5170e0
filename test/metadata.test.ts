// Every byte that describes an image is searched, and each has a place: a token in it fails the image at that place, and no output
// shows the token.

import zlib from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { Outcome } from '../src/outcome/outcome.ts'
import { toAnnotations } from '../src/report/annotations.ts'
import { renderSection, upsertSection } from '../src/report/comment.ts'
import { renderHistory } from '../src/report/history.ts'
import { renderJson } from '../src/report/json.ts'
import { renderSarif } from '../src/report/sarif.ts'
import { renderSummary } from '../src/report/summary.ts'
import { renderTerminal } from '../src/report/terminal.ts'
import { type Entry, extended, inHeader, type OciSpec, ociArchive, record, statement, tarOf } from './archive.ts'
import { buildImage, buildParts, sha256, tar } from './image-builder.ts'
import { judgeArchive } from './run-gate.ts'
import { fill } from './values.ts'

const TOKEN = fill('{{github-token}}')
const base64 = (text: string): string => Buffer.from(text).toString('base64')

type Location = Outcome['report']['findings'][number]['location']
type Case = readonly [
  what: string,
  archive: () => Promise<Buffer>,
  location: Partial<Location> & Record<string, unknown>,
]

const oci =
  (spec: OciSpec): (() => Promise<Buffer>) =>
  () =>
    ociArchive(spec)
/** One layer of one file and what stands in front of it. */
const layer =
  (entry: Partial<Entry>): (() => Promise<Buffer>) =>
  async () =>
    ociArchive({ layers: [await tarOf([{ name: 'app/x', content: 'x', ...entry }])] })
/** One layer, made by hand. */
const made =
  (make: () => Promise<Buffer>): (() => Promise<Buffer>) =>
  async () =>
    ociArchive({ layers: [await make()] })
const file = (entry: Partial<Entry> = {}): Promise<Buffer> => tarOf([{ name: 'app/x', content: 'x', ...entry }])

const CONFIG: readonly Case[] = [
  ['an unknown key', oci({ config: { 'x-team': { note: TOKEN } } }), { kind: 'config', field: 'x-team.note' }],
  [
    'what BuildKit tells of a build',
    oci({ config: { 'moby.buildkit.buildinfo.v1': base64(JSON.stringify({ attrs: { 'build-arg:NPM': TOKEN } })) } }),
    { kind: 'config', field: 'moby.buildkit.buildinfo.v1' },
  ],
  ['the name of a key', oci({ config: { [TOKEN]: 1 } }), { kind: 'config' }],
  [
    'the name of a key above an object',
    oci({ config: { 'x-team': { [`t ${TOKEN}`]: { a: [true] } } } }),
    { kind: 'config' },
  ],
  [
    'an assignment by key and value',
    oci({ config: { 'x-aws': { aws_secret_access_key: fill('{{aws-secret}}') } } }),
    { kind: 'config', field: 'x-aws.aws_secret_access_key' },
  ],
  ['WorkingDir', oci({ run: { WorkingDir: `/a/${TOKEN}` } }), { kind: 'config', field: 'WorkingDir' }],
  ['User', oci({ run: { User: `${TOKEN}` } }), { kind: 'config', field: 'User' }],
  ['Volumes', oci({ run: { Volumes: { [`/v/${TOKEN}`]: {} } } }), { kind: 'config' }],
  ['Shell', oci({ run: { Shell: ['/bin/sh', '-c', `echo ${TOKEN}`] } }), { kind: 'config', field: 'Shell[2]' }],
  ['Hostname', oci({ run: { Hostname: TOKEN } }), { kind: 'config', field: 'Hostname' }],
  ['Domainname', oci({ run: { Domainname: TOKEN } }), { kind: 'config', field: 'Domainname' }],
  ['StopSignal', oci({ run: { StopSignal: TOKEN } }), { kind: 'config', field: 'StopSignal' }],
  ['ExposedPorts', oci({ run: { ExposedPorts: { [`80/${TOKEN}`]: {} } } }), { kind: 'config' }],
  [
    'Healthcheck beside its test',
    oci({ run: { Healthcheck: { Test: ['NONE'], Note: TOKEN } } }),
    { kind: 'config', field: 'Healthcheck.Note' },
  ],
  [
    'an unknown key beside them',
    oci({ run: { Extra: [1, { deep: TOKEN }] } }),
    { kind: 'config', field: 'config.Extra[1].deep' },
  ],
  ['the name of a label', oci({ run: { Labels: { [TOKEN]: 'x' } } }), { kind: 'config' }],
  ['created', oci({ config: { created: TOKEN } }), { kind: 'config', field: 'created' }],
  ['variant', oci({ config: { variant: TOKEN } }), { kind: 'config', field: 'variant' }],
  ['architecture', oci({ config: { architecture: TOKEN } }), { kind: 'config', field: 'architecture' }],
  ['os.version', oci({ config: { 'os.version': TOKEN } }), { kind: 'config', field: 'os.version' }],
  [
    'what old builders left of a container',
    oci({ config: { container_config: { Hostname: TOKEN } } }),
    { kind: 'config', field: 'container_config' },
  ],
  ['the time of a history entry', oci({ history: { created: TOKEN } }), { kind: 'history', history: 0 }],
  ['an unknown key of a history entry', oci({ history: { 'x-note': { a: TOKEN } } }), { kind: 'history', history: 0 }],
]

const DOCUMENTS: readonly Case[] = [
  ['an unknown key of the manifest', oci({ manifest: { 'x-note': TOKEN } }), { kind: 'manifest', field: 'x-note' }],
  ['artifactType', oci({ manifest: { artifactType: TOKEN } }), { kind: 'manifest', field: 'artifactType' }],
  [
    'an annotation of the manifest',
    oci({ manifest: { annotations: { note: TOKEN } } }),
    { kind: 'config', field: 'Annotations.note' },
  ],
  [
    'an annotation of a layer',
    oci({ layerDescriptor: { annotations: { 'com.acme.note': TOKEN } } }),
    { kind: 'manifest', field: 'layers[0].annotations.com.acme.note' },
  ],
  [
    'the media type of a layer',
    oci({ layerDescriptor: { mediaType: `application/${TOKEN}` } }),
    { kind: 'manifest', field: 'layers[0].mediaType' },
  ],
  [
    'the addresses of a layer',
    oci({ layerDescriptor: { urls: [`https://example.com/?t=${TOKEN}`] } }),
    { kind: 'manifest', field: 'layers[0].urls[0]' },
  ],
  [
    'an annotation of the configuration',
    oci({ configDescriptor: { annotations: { a: TOKEN } } }),
    { kind: 'manifest', field: 'config.annotations.a' },
  ],
  [
    'data in a descriptor',
    oci({ configDescriptor: { data: base64(`{"note":"${TOKEN}"}`) } }),
    { kind: 'manifest', field: 'config.data' },
  ],
  [
    'an annotation of the index',
    oci({ index: { annotations: { a: TOKEN } } }),
    { kind: 'index', field: 'annotations.a' },
  ],
  [
    'a tag',
    oci({ descriptor: { annotations: { 'org.opencontainers.image.ref.name': TOKEN } } }),
    { kind: 'index', field: 'manifests[0].annotations.org.opencontainers.image.ref.name' },
  ],
  [
    'a platform in the index',
    oci({ descriptor: { platform: { os: 'linux', architecture: 'amd64', 'os.features': [TOKEN] } } }),
    { kind: 'index', field: 'manifests[0].platform.os.features[0]' },
  ],
  ['an unknown key of the index', oci({ index: { 'x-note': TOKEN } }), { kind: 'index', field: 'x-note' }],
  [
    'an index below the index',
    oci({ isNested: { annotations: { a: TOKEN } } }),
    { kind: 'index', field: 'annotations.a' },
  ],
  ['oci-layout', oci({ layout: { note: TOKEN } }), { kind: 'index', field: 'oci-layout: note' }],
  ['a file that nobody reads', oci({ files: { 'notes.txt': `see ${TOKEN}` } }), { kind: 'index', field: 'notes.txt' }],
  [
    'a packed file that nobody reads',
    oci({ files: { 'blobs/sha256/left-over': zlib.gzipSync(Buffer.from(`x ${TOKEN}`)) } }),
    { kind: 'index', field: 'blobs/sha256/left-over' },
  ],
  ['the name of a file in the archive', oci({ files: { [`tmp/${TOKEN}`]: 'x' } }), { kind: 'index' }],
  [
    'a tag of docker save',
    () => buildImage({ layers: [{ by: 'COPY . /', files: [{ name: 'x' }] }], name: `app:${TOKEN}` }),
    { kind: 'manifest', field: '[0].RepoTags[0]' },
  ],
]

const ATTESTATIONS: readonly Case[] = [
  [
    'the subject of a statement',
    oci({ attestations: [[{ bytes: statement({ subject: [{ name: TOKEN, digest: {} }] }) }]] }),
    { kind: 'attestation', field: 'subject[0].name' },
  ],
  [
    'a key of a predicate',
    oci({ attestations: [[{ bytes: statement({ predicate: { [TOKEN]: { a: 1 } } }) }]] }),
    { kind: 'attestation' },
  ],
  [
    'a field beside the predicate',
    oci({ attestations: [[{ bytes: statement({ 'x-note': TOKEN }) }]] }),
    { kind: 'attestation', field: 'x-note' },
  ],
  [
    'the payload of an envelope',
    oci({
      attestations: [
        [
          {
            mediaType: 'application/vnd.dsse.envelope.v1+json',
            bytes: JSON.stringify({
              payloadType: 'application/vnd.in-toto+json',
              payload: base64(statement({ predicate: { note: TOKEN } })),
              signatures: [],
            }),
          },
        ],
      ],
    }),
    { kind: 'attestation', field: 'note' },
  ],
  [
    'the key of a signature',
    oci({
      attestations: [
        [
          {
            mediaType: 'application/vnd.dsse.envelope.v1+json',
            bytes: JSON.stringify({
              payloadType: 'application/vnd.in-toto+json',
              payload: base64(statement()),
              signatures: [{ keyid: TOKEN }],
            }),
          },
        ],
      ],
    }),
    { kind: 'attestation', field: 'signatures[0].keyid' },
  ],
  [
    'a layer that is no statement',
    oci({ attestations: [[{ mediaType: 'text/plain', bytes: `note: ${TOKEN}` }]] }),
    { kind: 'attestation', predicateType: 'file' },
  ],
  [
    'a statement that is cut off',
    oci({ attestations: [[{ bytes: statement({ predicate: { note: TOKEN } }).slice(0, -3) }]] }),
    { kind: 'attestation', field: '' },
  ],
  [
    'an annotation of a statement',
    oci({ attestations: [[{ bytes: statement(), annotations: { note: TOKEN } }]] }),
    { kind: 'attestation', field: 'layers[0].annotations.note' },
  ],
  [
    'the 70th statement',
    oci({
      attestations: [
        Array.from({ length: 70 }, (_, index) => ({
          bytes: statement({ predicate: { index, note: index === 69 ? TOKEN : '' } }),
        })),
      ],
    }),
    { kind: 'attestation' },
  ],
  [
    'the 40th manifest',
    oci({
      attestations: Array.from({ length: 40 }, (_, index) => [
        { bytes: statement({ predicate: { index, note: index === 39 ? TOKEN : '' } }) },
      ]),
    }),
    { kind: 'attestation', field: 'note' },
  ],
]

const TARS: readonly Case[] = [
  ['the name of a file', layer({ name: `app/${TOKEN}.txt` }), { kind: 'tar', field: 'name', layer: 0 }],
  [
    'the name of a directory',
    layer({ name: `app/${TOKEN}/`, type: 'directory', content: '' }),
    { kind: 'tar', field: 'name' },
  ],
  ['a long name', layer({ name: `${'d/'.repeat(70)}${TOKEN}/${'x'.repeat(120)}` }), { kind: 'tar', field: 'name' }],
  ['a prefix of a name', layer({ name: `${TOKEN}/${'x'.repeat(90)}` }), { kind: 'tar', field: 'name' }],
  [
    'a name that another takes the place of',
    made(async () =>
      Buffer.concat([await extended('x', record('path', 'app/plain')), await file({ name: `app/${TOKEN}` })]),
    ),
    { kind: 'tar', path: '/app/plain', field: 'header' },
  ],
  [
    'a long name of GNU tar',
    made(async () => Buffer.concat([await extended('L', `app/${TOKEN}/${'y'.repeat(120)}\0`), await file()])),
    { kind: 'tar', field: 'name' },
  ],
  [
    'what stands behind a long name',
    made(async () => Buffer.concat([await extended('L', `app/y\0${TOKEN}`), await file()])),
    { kind: 'tar', path: '/app/y', field: 'pax' },
  ],
  [
    'the target of a symbolic link',
    layer({ type: 'symlink', linkname: `https://x:${TOKEN}@example.com/`, content: '' }),
    { kind: 'tar', path: '/app/x', field: 'link' },
  ],
  [
    'a long target',
    layer({ type: 'symlink', linkname: `/${'e/'.repeat(80)}${TOKEN}`, content: '' }),
    { kind: 'tar', path: '/app/x', field: 'link' },
  ],
  [
    'a target of a file, which has none',
    made(async () => inHeader(await file(), 157, TOKEN)),
    { kind: 'tar', path: '/app/x', field: 'link' },
  ],
  [
    'an extended attribute',
    layer({ pax: { 'SCHILY.xattr.user.note': TOKEN } }),
    { kind: 'tar', path: '/app/x', field: 'xattr' },
  ],
  [
    'an extended attribute among bytes',
    layer({ pax: { 'SCHILY.xattr.user.blob': `\u0001\u0000\u0002${TOKEN}\u0000` } }),
    { kind: 'tar', path: '/app/x', field: 'xattr' },
  ],
  [
    'an extended attribute as libarchive writes it',
    layer({ pax: { 'LIBARCHIVE.xattr.user.note': base64(`x=${TOKEN}`) } }),
    { kind: 'tar', path: '/app/x', field: 'xattr' },
  ],
  [
    'the name of an extended attribute',
    layer({ pax: { [`SCHILY.xattr.user.${TOKEN}`]: '1' } }),
    { kind: 'tar', path: '/app/x', field: 'xattr' },
  ],
  ['a comment', layer({ pax: { comment: TOKEN } }), { kind: 'tar', path: '/app/x', field: 'comment' }],
  [
    'a comment on all',
    made(async () => Buffer.concat([await extended('g', record('comment', TOKEN)), await file()])),
    { kind: 'tar', path: '/', field: 'comment' },
  ],
  ['a record that nobody knows', layer({ pax: { 'ACME.note': TOKEN } }), { kind: 'tar', path: '/app/x', field: 'pax' }],
  [
    'the name of an extended header',
    made(async () =>
      Buffer.concat([inHeader(await extended('x', record('comment', 'x')), 0, `PaxHeaders.0/${TOKEN}`), await file()]),
    ),
    { kind: 'tar', path: '/app/x', field: 'header' },
  ],
  [
    'the space behind the data of an extended header',
    made(async () => {
      const head = await extended('x', record('comment', 'x'))
      head.write(TOKEN, 700)
      return Buffer.concat([head, await file()])
    }),
    { kind: 'tar', field: 'padding' },
  ],
  [
    'the name of the owner',
    layer({ uname: TOKEN.slice(0, 31), gname: 'root', pax: { uname: TOKEN } }),
    { kind: 'tar', path: '/app/x', field: 'owner' },
  ],
  ['the name of the group', layer({ pax: { gname: TOKEN } }), { kind: 'tar', path: '/app/x', field: 'owner' }],
  [
    'the space behind a name',
    made(async () => inHeader(await file(), 20, TOKEN)),
    { kind: 'tar', path: '/app/x', field: 'header' },
  ],
  [
    'the space where a prefix stands',
    made(async () => inHeader(await file(), 346, TOKEN)),
    { kind: 'tar', path: '/app/x', field: 'header' },
  ],
  [
    'the space behind the data of a file',
    made(async () => {
      const bytes = await file()
      bytes.write(TOKEN, 600)
      return bytes
    }),
    { kind: 'tar', path: '/app/x', field: 'padding' },
  ],
]

/** A gzip member with fields in its header: name, comment, extra field. */
function member(
  content: Buffer | string,
  { name = '', comment = '', extra = '' }: { name?: string; comment?: string; extra?: string },
): Buffer {
  const flags = (extra === '' ? 0 : 4) | (name === '' ? 0 : 8) | (comment === '' ? 0 : 16)
  const field = Buffer.concat([Buffer.from([extra.length & 255, extra.length >> 8]), Buffer.from(extra)])
  const texts = [name, comment].filter((text) => text !== '').map((text) => `${text}\0`)
  return Buffer.concat([
    Buffer.from([0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 3]),
    extra === '' ? Buffer.alloc(0) : field,
    Buffer.from(texts.join('')),
    zlib.gzipSync(content).subarray(10),
  ])
}

function skippable(content: Buffer | string): Buffer {
  const head = Buffer.from('502a4d1800000000', 'hex')
  head.writeUInt32LE(Buffer.byteLength(content), 4)
  return Buffer.concat([head, Buffer.from(content as string)])
}

/** One layer, packed. */
const packed =
  (pack: (plain: Buffer) => Buffer): (() => Promise<Buffer>) =>
  async () => {
    const plain = await file()
    return ociArchive({
      layers: [pack(plain)],
      config: { rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(plain)}`] } },
    })
  }

const PACKING: Partial<Location> & Record<string, unknown> = { kind: 'tar', path: '/', field: 'packing', layer: 0 }
const PACKINGS: readonly Case[] = [
  ['the name in a header of gzip', packed((plain) => member(plain, { name: `${TOKEN}.tar` })), PACKING],
  ['the comment in a header of gzip', packed((plain) => member(plain, { comment: `by ${TOKEN}` })), PACKING],
  ['an extra field of gzip', packed((plain) => member(plain, { extra: `AB\x04\0${TOKEN}` })), PACKING],
  [
    'the name of a later member',
    packed((plain) =>
      Buffer.concat([member(plain.subarray(0, 700), {}), member(plain.subarray(700), { name: TOKEN })]),
    ),
    PACKING,
  ],
  [
    'a frame of zstd to be skipped',
    packed((plain) => Buffer.concat([zlib.zstdCompressSync(plain), skippable(`note ${TOKEN}`)])),
    PACKING,
  ],
  [
    'a long frame to be skipped',
    packed((plain) =>
      Buffer.concat([skippable(`${' '.repeat((1 << 20) - 10)}${TOKEN} `), zlib.zstdCompressSync(plain)]),
    ),
    PACKING,
  ],
  [
    'a packed text in a frame to be skipped',
    packed((plain) =>
      Buffer.concat([
        zlib.zstdCompressSync(plain),
        skippable(zlib.zstdCompressSync(Buffer.from(`{"note":"${TOKEN}"}`))),
      ]),
    ),
    PACKING,
  ],
  [
    'the name in the header of the whole archive',
    async () => member(await ociArchive({ layers: [await file()] }), { name: TOKEN }),
    { kind: 'index', field: 'the compression of the archive' },
  ],
]

const every = (outcome: Outcome): Record<string, string> => ({
  json: renderJson(outcome.report),
  sarif: renderSarif(outcome, '.layergate.yml'),
  summary: renderSummary(outcome),
  comment: upsertSection(null, outcome.report.name, (earlier) =>
    renderSection(outcome, { blobUrl: null, runUrl: null, commit: null, source: null }, earlier),
  ),
  terminal: renderTerminal(outcome, { color: false, verbose: true }),
  annotations: JSON.stringify(toAnnotations(outcome)),
  history: renderHistory(outcome, new Date('2026-11-23'), { width: 80, verbose: true }),
})

const VALUES = [TOKEN, fill('{{aws-secret}}')]

describe.each([
  ['the configuration', CONFIG],
  ['the documents of an image and the files of its archive', DOCUMENTS],
  ['attestations', ATTESTATIONS],
  ['the tar of a layer', TARS],
  ['what packs a layer or the archive', PACKINGS],
] as const)('a token in %s', (_group, cases) => {
  it.each(cases)('%s fails, is told where, and is never shown', async (_what, archive, location) => {
    const outcome = await judgeArchive(await archive())
    const found = outcome.report.findings.filter(({ secret }) => secret !== null)
    expect(found.map((finding) => finding.location)).toEqual([expect.objectContaining(location)])
    expect(outcome.report.verdict.result).toBe('fail')
    for (const [name, text] of Object.entries(every(outcome)))
      for (const value of VALUES) expect(text.replace(/\s/g, ''), name).not.toContain(value)
  })
})

describe('an image without layers', () => {
  it('has a configuration, which is judged', async () => {
    const { report } = await judgeArchive(await ociArchive({ layers: [], run: { Env: [`TOKEN=${TOKEN}`] } }))
    expect(report.image.layers).toEqual([])
    expect(report.findings.map(({ ruleId }) => ruleId)).toContain('secret-in-env')
    expect(report.verdict.result).toBe('fail')
  })

  it('is none where its configuration tells of some', async () => {
    const archive = await ociArchive({
      layers: [],
      config: { rootfs: { type: 'layers', diff_ids: [`sha256:${'0'.repeat(64)}`] } },
    })
    await expect(judgeArchive(archive)).rejects.toThrow(/layers/)
  })
})

/** All findings of secrets. */
const secretsOf = (outcome: Outcome): Outcome['report']['findings'] =>
  outcome.report.findings.filter(({ secret }) => secret !== null)

describe('what describes an image and is no secret', () => {
  const HASH = '3f786850e387550fdab836ed7e6dc881de23001b7c9d1f0e3f786850e387550f'
  const quiet: readonly (readonly [string, () => Promise<Buffer>])[] = [
    ['names that are hashes', layer({ name: `objects/3f/${HASH.slice(2)}` })],
    [
      'names in hex and base64',
      layer({ name: 'cache/eyJ0aGlzIjoiaXMgYSBuYW1lIn0=/YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXo' }),
    ],
    ['a name that reads like an assignment', layer({ name: 'app/password=kx7Qv2!nwZr9' })],
    [
      'a target that reads like an assignment',
      layer({ type: 'symlink', linkname: 'api_key:9f8e7d6c5b4a39281706', content: '' }),
    ],
    ['names of modules about secrets', layer({ name: 'usr/share/man/man3/Crypt::Token::Secret_key9.3pm.gz' })],
    ['a name with an id of npm', layer({ name: `node_modules/.pnpm/@acme+secrets@1.2.3_${HASH.slice(0, 26)}/x` })],
    [
      'the comment of git archive',
      made(async () => Buffer.concat([await extended('g', record('comment', HASH.slice(0, 40))), await file()])),
    ],
    [
      'a capability',
      layer({ pax: { 'SCHILY.xattr.security.capability': '\u0001\u0000\u0000\u0002\u0000\u0004\u0000\u0000' } }),
    ],
    [
      'times and numbers of PAX',
      layer({ pax: { mtime: '1767225600.123456789', atime: '1767225600', uid: '4294967294', 'SCHILY.dev': '2049' } }),
    ],
    ['an SELinux label', layer({ pax: { 'RHT.security.selinux': 'system_u:object_r:container_file_t:s0:c1,c2' } })],
    ['owners by name', layer({ uname: 'postgres', gname: 'ssl-cert' })],
    [
      'annotations with digests',
      oci({
        index: {
          annotations: {
            'containerd.io/distribution.source.docker.io': 'library/alpine',
            revision: HASH.slice(0, 40),
            'secret-scan': `sha256:${HASH}`,
          },
        },
      }),
    ],
    [
      'a key that speaks of a token',
      oci({ config: { 'x-ci': { tokenPolicy: 'rotate-90-days', secretName: 'app-secrets' } } }),
    ],
    [
      'VERSION, json and repositories of docker save',
      () => buildImage({ layers: [{ by: 'COPY . /', files: [{ name: 'x' }] }] }),
    ],
  ]
  it.each(quiet)('%s', async (_what, archive) => {
    const { report } = await judgeArchive(await archive())
    expect(report.findings.filter(({ secret }) => secret !== null)).toEqual([])
    expect(report.stats.skipped).toEqual([])
  })
})

describe('one value at several places is one finding', () => {
  it('of a variable that the legacy part and the files beside it repeat there is one place', async () => {
    const Env = [`TOKEN=${TOKEN}`]
    const archive = await ociArchive({
      run: { Env },
      config: { container_config: { Env } },
      files: { 'old/json': JSON.stringify({ id: '1', config: { Env } }) },
    })
    const [finding, ...more] = secretsOf(await judgeArchive(archive))
    expect(more).toEqual([])
    expect(finding).toMatchObject({
      ruleId: 'secret-in-env',
      location: { kind: 'config', field: 'Env.TOKEN' },
      related: [],
      secret: { occurrences: 1 },
    })
  })

  it('the place with a line comes before what only repeats it', async () => {
    const archive = await ociArchive({
      by: [`RUN |1 NPM=${TOKEN} /bin/sh -c npm ci # buildkit`],
      config: { 'moby.buildkit.buildinfo.v1': base64(JSON.stringify({ attrs: { 'build-arg:NPM': TOKEN } })) },
    })
    const [finding, ...more] = secretsOf(await judgeArchive(archive))
    expect(more).toEqual([])
    expect(finding).toMatchObject({
      ruleId: 'secret-in-history',
      related: [{ role: 'also-in', location: { kind: 'config', field: 'moby.buildkit.buildinfo.v1' } }],
    })
  })

  it('a known value is looked for in every document', async () => {
    const pair = [`AWS_ACCESS_KEY_ID=${fill('{{aws-id}}')}`, `AWS_SECRET_ACCESS_KEY=${fill('{{aws-secret}}')}`].join(
      '\n',
    )
    const archive = await ociArchive({
      layers: [await file({ content: pair })],
      index: { annotations: { note: `was ${fill('{{aws-secret}}')} until May` } },
    })
    const [finding] = secretsOf(await judgeArchive(archive))
    expect([finding?.location, ...(finding?.related ?? []).map(({ location }) => location)]).toContainEqual({
      kind: 'index',
      field: 'annotations.note',
    })
  })

  it('of a directory not every file in it is a place', async () => {
    const entries = Array.from({ length: 300 }, (_, index) => ({ name: `${TOKEN}/${index}`, content: 'x' }))
    const [finding, ...more] = secretsOf(await judgeArchive(await ociArchive({ layers: [await tarOf(entries)] })))
    expect(more).toEqual([])
    expect(finding?.secret?.occurrences).toBeLessThan(50)
  })
})

describe('an entry of a tar that a later layer hides', () => {
  const link = { name: 'app/l', type: 'symlink', linkname: `https://x:${TOKEN}@example.com/` } as const
  const judged = async (over: readonly Entry[]): Promise<Outcome['report']['findings']> =>
    secretsOf(
      await judgeArchive(
        await ociArchive({
          layers: [await tarOf([link]), await tarOf(over)],
          by: ['COPY . /app # buildkit', 'RUN /bin/sh -c x # buildkit'],
        }),
      ),
    )

  it('a deleted link keeps its target in the layer', async () => {
    const [finding] = await judged([{ name: 'app/.wh.l' }])
    expect(finding).toMatchObject({
      ruleId: 'deleted-secret',
      title: 'GitHub token in the target of a link',
      location: { kind: 'tar', layer: 0, path: '/app/l', field: 'link' },
      file: { state: 'deleted' },
      related: [{ role: 'hidden-by', location: { kind: 'layer', layer: 1, path: '/app/.wh.l' } }],
    })
    expect(finding?.message).toMatch(/layer 1 \(.*\) hides the entry, but does not erase it/)
  })

  it('a link that leads elsewhere now was overwritten', async () => {
    const [finding] = await judged([{ ...link, linkname: '/app/other' }])
    expect(finding).toMatchObject({ ruleId: 'deleted-secret', file: { state: 'overwritten' } })
  })

  it('the same link once more is still there', async () => {
    const [finding] = await judged([link])
    expect(finding).toMatchObject({ ruleId: 'secret-in-image', file: { state: 'present' } })
  })

  it('a whiteout has a name too', async () => {
    const archive = await ociArchive({ layers: [await tarOf([{ name: `app/.wh.${TOKEN}` }])] })
    expect(secretsOf(await judgeArchive(archive))).toMatchObject([
      { ruleId: 'deleted-secret', location: { kind: 'tar', field: 'name' } },
    ])
  })
})

describe('policy', () => {
  const archive = (): Promise<Buffer> => layer({ name: 'app/y', pax: { comment: TOKEN } })()

  it('an ignore by path covers what the tar says of the entry', async () => {
    const { report } = await judgeArchive(await archive(), {
      policy: 'ignore:\n  - path: /app/**\n    reason: not ours\n',
    })
    expect(report.verdict.result).toBe('pass')
  })

  it('an ignore by fingerprint survives another layer in front', async () => {
    const [finding] = secretsOf(await judgeArchive(await archive()))
    const later = await ociArchive({
      layers: [await file(), await tarOf([{ name: 'app/y', content: 'x', pax: { comment: TOKEN } }])],
    })
    expect(secretsOf(await judgeArchive(later)).map(({ fingerprint }) => fingerprint)).toEqual([finding?.fingerprint])
  })

  it('what stands in the base is the base of the layer', async () => {
    const layers = [await tarOf([{ name: 'bin/l', type: 'symlink', linkname: TOKEN }]), await file()]
    const outcome = await judgeArchive(
      await ociArchive({ layers, by: ['ADD rootfs.tar.gz / # buildkit', 'COPY . /app # buildkit'] }),
      {
        dockerfile: 'FROM docker.io/library/alpine:3.20\nCOPY . /app\n',
      },
    )
    expect(secretsOf(outcome)).toMatchObject([{ origin: 'base', location: { kind: 'tar', layer: 0 } }])
  })
})

describe('what nobody could look into', () => {
  it('is listed without a layer, and fails where the policy says so', async () => {
    const archive = await ociArchive({
      files: { 'extra.7z': Buffer.concat([Buffer.from([0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c]), Buffer.alloc(600, 1)]) },
    })
    const { report } = await judgeArchive(archive)
    expect(report.stats.skipped).toMatchObject([{ layer: null, path: 'extra.7z' }])
    const strict = await judgeArchive(archive, { policy: 'skipped: fail\n' })
    expect(strict.report.verdict.result).toBe('fail')
    expect(strict.report.findings.find(({ ruleId }) => ruleId === 'content-not-inspected')?.location).toEqual({
      kind: 'index',
      field: 'extra.7z',
    })
  })

  it('files of an image that is not judged belong to that image, which is named', async () => {
    const parts = await Promise.all(
      ['x', TOKEN].map((content) => buildParts({ layers: [{ by: 'COPY . /', files: [{ name: 'x', content }] }] })),
    )
    const files = parts.flatMap(({ layers, config }, index) => [
      { name: `${index}.json`, content: config },
      { name: `${String(index).repeat(64)}/layer.tar`, content: layers[0]?.plain ?? '' },
      { name: `${String(index).repeat(64)}/json`, content: JSON.stringify({ note: index === 1 ? TOKEN : '' }) },
    ])
    const manifest = parts.map((_, index) => ({
      Config: `${index}.json`,
      RepoTags: [`app:${index}`],
      Layers: [`${String(index).repeat(64)}/layer.tar`],
    }))
    const archive = await tar([...files, { name: 'manifest.json', content: JSON.stringify(manifest) }])
    const first = await judgeArchive(archive, { image: 'app:0' })
    expect(secretsOf(first)).toEqual([])
    expect(first.report.notJudged).toEqual([expect.stringContaining('app:1')])
    expect(secretsOf(await judgeArchive(archive, { image: 'app:1' }))).toMatchObject([
      { location: { kind: 'layer', path: '/x' } },
    ])
  })
})
