// Archives that are made to break readers: each ends in a clear error or a right result, none in a crash, a hang, a write, or
// a pass on unread layers.
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import zlib from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { buildFilesystem } from '../src/filesystem/filesystem.ts'
import { decodeName } from '../src/image/path.ts'
import { scanLayer } from '../src/layer/scan.ts'
import { visible, visibleJson } from '../src/report/escape.ts'
import { processScanner } from '../src/secrets/scanner.ts'
import { gzipBomb } from './bombs.ts'
import { buildImage, type FileSpec, type LayerSpec, layerOf, signHeader, tar } from './image-builder.ts'
import { judgeArchive } from './run-gate.ts'
import { fill, VALUES } from './values.ts'
import { zip } from './zip.ts'

const layer = (...files: FileSpec[]): LayerSpec => ({ by: 'COPY . / # buildkit', files })
const judged = async (layers: readonly LayerSpec[], policy = '') =>
  (await judgeArchive(await buildImage({ layers, config: { User: '1' } }), { policy })).report
const token = VALUES['github-token']?.() ?? ''

/** An extended header with one record, as PAX has it. */
async function paxHeader(flag: 'x' | 'g', key: string, value: string): Promise<Buffer> {
  const rest = ` ${key}=${value}\n`
  const length = rest.length + (rest.length + 2 > 99 ? 3 : rest.length + 1 > 9 ? 2 : 1)
  const bytes = await tar([{ name: 'pax', content: `${length}${rest}` }])
  bytes.write(flag, 156, 'latin1')
  signHeader(bytes)
  return bytes.subarray(0, 512 + Math.ceil((length || 1) / 512) * 512)
}

/** Bytes that unpack to `size` zeros. */
describe('names', () => {
  it('that point outside are taken inside the root, and nothing is written', async () => {
    const report = await judged([
      layer(
        { name: '../../../../tmp/layergate-pwned', content: token },
        { name: '/abs/k', content: fill('{{npm-token}}') },
      ),
    ])
    expect(report.findings.map(({ location }) => (location.kind === 'layer' ? location.path : ''))).toEqual([
      '/tmp/layergate-pwned',
      '/abs/k',
    ])
    expect(existsSync('/tmp/layergate-pwned')).toBe(false)
  })

  it('links that point outside lead nowhere', async () => {
    const report = await judged([
      layer(
        { name: 'etc/passwd', type: 'symlink', link: '/../../../../etc/passwd' },
        { name: 'x', type: 'symlink', link: '../../../../../etc/shadow' },
      ),
    ])
    expect(report.verdict.result).toBe('pass')
    expect(report.image?.user.isRoot).toBe(false)
  })

  it('loops of links end', async () => {
    expect(
      (
        await judged([
          layer(
            { name: 'a', type: 'symlink', link: 'b' },
            { name: 'b', type: 'symlink', link: 'a' },
            { name: 'bin/sh', type: 'symlink', link: 'sh' },
          ),
          layer({ name: 'a/deep/file', content: token }),
        ])
      ).findings,
    ).toHaveLength(1)
  })

  it.each([
    [
      'deep',
      `${'d/'.repeat(2048)}k`,
      /has more than 2048 directories \(limits\.path-parts\)/,
      'limits: { path-bytes: 100000 }\n',
    ],
    [
      'deep, in doubled slashes and dots',
      `${'d//./'.repeat(2048)}k`,
      /has more than 2048 directories/,
      'limits: { path-bytes: 100000 }\n',
    ],
    ['long', 'n'.repeat(4097), /has more than 4096 bytes \(limits\.path-bytes\)/, ''],
    ['long in UTF-8', 'ä'.repeat(2049), /has more than 4096 bytes/, ''],
    ['deep beyond all use', `${'a/'.repeat(160_000)}f`, /has more than 4096 bytes/, ''],
  ])('too %s is an error that names the limit', async (_name, name, message, policy) => {
    await expect(judged([layer({ name, content: token })], policy)).rejects.toThrow(message)
  })

  it('a link to what is too long is one too', async () => {
    await expect(judged([layer({ name: 'l', type: 'symlink', link: `${'d/'.repeat(3000)}k` })])).rejects.toThrow(
      /the link to "d\/d.* has more than 4096 bytes/,
    )
  })

  it('as deep and as long as the limits allow are read', async () => {
    const report = await judged([
      layer({ name: `${'d/'.repeat(2047)}k`, content: token }, { name: `${'n'.repeat(4096)}`, content: 'x' }),
    ])
    expect(report.findings).toHaveLength(1)
  })

  it('a hundred thousand directories, where the limits are raised, cost as much as they are long', async () => {
    const deep = 'd/'.repeat(100_000)
    const layers = [layer({ name: `${deep}k`, content: token }), layer({ name: `${deep}.wh.k`, content: '' })]
    const report = await judged(layers, 'limits: { path-bytes: 1000000, path-parts: 200000 }\n')
    expect(report.findings).toMatchObject([{ ruleId: 'deleted-secret' }])
  })

  it('line breaks, invalid UTF-8 and names of the language', async () => {
    const report = await judged([
      layer({ name: 'a\nb\x1b[2J', content: token }, { name: '__proto__/constructor', content: fill('{{npm-token}}') }),
    ])
    expect(report.findings).toHaveLength(2)
  })
})

describe('names that are no UTF-8', () => {
  const bytes = (text: string): Buffer => Buffer.from(text, 'latin1')
  /** A layer of files whose names are bytes. */
  async function layerOfBytes(names: readonly string[], content: (index: number) => string): Promise<Buffer> {
    const parts: Buffer[] = []
    for (const [index, name] of names.entries()) {
      const one = (await tar([{ name: 'x', content: content(index) }])).subarray(0, 512 + 512)
      one.fill(0, 0, 100)
      bytes(name).copy(one)
      signHeader(one)
      parts.push(content(index) === '' ? one.subarray(0, 512) : one)
    }
    return Buffer.concat([...parts, Buffer.alloc(1024)])
  }
  const paths = async (names: readonly string[]): Promise<string[]> =>
    (await scanLayer(layerOf(await layerOfBytes(names, () => '')), processScanner(), 'test')).entries.map(
      ({ path }) => path,
    )

  it('stay two names', async () => {
    expect(
      new Set(
        await paths([
          'caf\xe9',
          'caf\xe8',
          'caf\xc3\xa9',
          'caf',
          '\xff\xfe',
          '\xff',
          'a\xc3',
          'a\xc3\xc3',
          '\xed\xa0\x80',
          '\xed\xb3\xbf',
        ]),
      ).size,
    ).toBe(10)
  })

  it('hide and link what has the same bytes', async () => {
    const lower = {
      index: 0,
      entries: (
        await scanLayer(
          layerOf(await layerOfBytes(['srv/caf\xe9', 'srv/caf\xe8'], () => token)),
          processScanner(),
          'test',
        )
      ).entries,
    }
    const upper = {
      index: 1,
      entries: (await scanLayer(layerOf(await layerOfBytes(['srv/.wh.caf\xe8'], () => '')), processScanner(), 'test'))
        .entries,
    }
    const filesystem = buildFilesystem([lower, upper])
    expect([0, 1].map((index) => filesystem.versionOf(0, index).ending?.state ?? 'present')).toEqual([
      'present',
      'deleted',
    ])
  })

  it('are shown as bytes, in JSON and at a terminal', () => {
    const name = decodeName(bytes('caf\xe9\xff'))
    expect(visible(name)).toBe('caf\\xe9\\xff')
    expect(visible('caf\u00e9 \u{1f600}')).toBe('caf\u00e9 \u{1f600}')
    expect(JSON.parse(visibleJson({ path: name, other: '\\udce9', both: `\\${name}` }))).toEqual({
      path: 'caf\\xe9\\xff',
      other: '\\udce9',
      both: '\\caf\\xe9\\xff',
    })
  })
})

describe('whiteouts', () => {
  const scan = async (...files: FileSpec[]) =>
    (await scanLayer(layerOf(await tar(files)), processScanner(), 'test')).entries.map(({ path, type, whiteout }) => ({
      path,
      type,
      whiteout,
    }))

  // containerd and Docker tell them by name alone.
  it.each([
    ['a directory', { name: 'd/.wh..wh..opq/' }],
    ['a link', { name: 'd/.wh..wh..opq', type: 'symlink', link: 'x' }],
    ['a hard link', { name: 'd/.wh..wh..opq', type: 'link', link: 'd/.wh.x' }],
    ['a file with content', { name: 'd/.wh..wh..opq', content: 'x' }],
    ['an empty file', { name: './d//.wh..wh..opq' }],
  ] satisfies [string, FileSpec][])('%s called .wh..wh..opq makes its directory opaque', async (_name, file) => {
    expect(await scan(file)).toEqual([
      { path: '/d/.wh..wh..opq', type: 'file', whiteout: { kind: 'opaque', hides: '/d' } },
    ])
  })

  it.each([
    ['d/.wh.x/', '/d/x'],
    ['d/.wh..wh.x', '/d/.wh.x'],
    ['.wh.x', '/x'],
    ['d/.wh....', '/d/...'],
    ['d/.wh. ', '/d/ '],
  ])('%s hides %s', async (name, hides) => {
    expect((await scan({ name }))[0]?.whiteout).toEqual({ kind: 'file', hides })
  })

  it.each(['d/.wh.', 'd/.wh..', 'd/.wh...', '.wh./', '.wh..'])(
    '%s, which engines take differently, is refused',
    async (name) => {
      await expect(scan({ name })).rejects.toThrow(/is a whiteout of no file, which engines take differently/)
    },
  )
})

describe('layers', () => {
  it('the same path three times: the last is present, the others are overwritten, all are read', async () => {
    const [a, b, c] = ['github-token', 'npm-token', 'github-token-2'].map((name) => VALUES[name]?.() ?? '') as [
      string,
      string,
      string,
    ]
    const report = await judged([
      layer({ name: 'k', content: a }, { name: 'k', content: b }, { name: 'k', content: c }),
    ])
    expect(report.findings.map(({ file }) => file?.state).sort()).toEqual(['overwritten', 'overwritten', 'present'])
  })

  it('a secret in a whiteout entry, where no extractor looks', async () => {
    const report = await judged([layer({ name: 'a', content: 'x' }), layer({ name: '.wh.a', content: token })])
    expect(report.findings).toMatchObject([{ ruleId: 'deleted-secret', location: { path: '/.wh.a', layer: 1 } }])
  })

  it('a secret behind the end of the tar', async () => {
    const behind = await tar([{ name: 'hidden', content: token }])
    const archive = await buildImage({ layers: [layer({ name: 'a', content: 'x' })], config: { User: '1' } })
    expect(archive.length).toBeGreaterThan(0)
    const first = await tar([{ name: 'a', content: 'x' }])
    const scan = await scanLayer(layerOf(Buffer.concat([first, behind])), processScanner(), 'test')
    expect(scan.entries.map(({ path, afterEnd }) => [path, afterEnd])).toEqual([
      ['/a', false],
      ['/hidden', true],
    ])
    expect(scan.matches).toHaveLength(1)
  })

  it('a directory that claims data, in a layer and in a tar inside it, hides nothing and hangs nothing', async () => {
    const claiming = await tar([{ name: 'd/' }, { name: 'd/k', content: token }])
    claiming.write('00000001000', 124, 'latin1')
    signHeader(claiming)
    const scan = async (bytes: Buffer) =>
      (await scanLayer(layerOf(bytes), processScanner(), 'test')).matches.map(({ value }) => value)
    expect(await scan(claiming)).toEqual([token])
    expect(await scan(await tar([{ name: 'x.tar', content: claiming }]))).toEqual([token])
  })

  it('a tar without an end: its last entry is read to its end, in a layer and in a tar inside it', async () => {
    // The content takes longer than the tar around it.
    const content = zlib.gzipSync(
      zlib.gzipSync(Buffer.concat([randomBytes(3 << 20), Buffer.from(`\n${token}\n`)]), { level: 1 }),
      { level: 1 },
    )
    const cut = (whole: Buffer): Buffer => whole.subarray(0, whole.length - 1024)
    const endless = cut(await tar([{ name: 'a' }, { name: 'b', content }]))
    for (const bytes of [
      endless,
      await tar([{ name: 'x.tar', content: endless }]),
      cut(await tar([{ name: 'x.tar', content: endless }])),
      await tar([{ name: 'x.tgz', content: zlib.gzipSync(endless) }]),
    ])
      for (const chunk of [1 << 20, 1 << 16]) {
        const { matches, skipped } = await scanLayer(layerOf(bytes, chunk), processScanner(), 'test')
        expect(matches.map(({ value }) => value)).toContain(token)
        expect(skipped).toEqual([])
      }
  })

  it('a flood of signs of archives, and a history without end, are bounded', async () => {
    const signs = await tar([
      {
        name: 'x.bin',
        content: Buffer.concat([Buffer.from('x'), Buffer.alloc(4 << 20, 'PK\x03\x04'), Buffer.from(`\n${token}\n`)]),
      },
    ])
    const { matches, skipped } = await scanLayer(layerOf(signs), processScanner(), 'test')
    expect(matches).toHaveLength(1)
    expect(skipped.map(({ reason }) => reason).join()).toMatch(/signs of archives/)
    const history = Array.from({ length: 12_001 }, () => ({ created_by: 'ENV A=1', empty_layer: true }))
    await expect(
      judgeArchive(await buildImage({ layers: [layer({ name: 'a' })], overrides: { history } })),
    ).rejects.toThrow(/its history has 12001 entries; up to 12000 are read/)
  })

  it('no history, null history, null config, fewer entries than layers', async () => {
    const layers = [layer({ name: 'k', content: token }), layer({ name: 'x', content: 'y' })]
    for (const overrides of [
      { history: undefined },
      { history: null, config: null },
      { history: [] },
      { history: [{ created_by: 'x' }] },
    ]) {
      const { report } = await judgeArchive(await buildImage({ layers, overrides }), {
        dockerfile: 'FROM scratch\nCOPY k /k\nCOPY x /x\n',
      })
      expect(report.findings.find(({ secret }) => secret !== null)).toMatchObject({
        ruleId: 'secret-in-image',
        dockerfile: null,
      })
      expect(report.image?.layers.map(({ createdBy }) => createdBy)).toEqual([null, null])
    }
  })

  it('more entries than the limit is an error that names it', async () => {
    await expect(
      judged(
        [layer(...Array.from({ length: 30 }, (_, index) => ({ name: `f${index}`, content: 'x' })))],
        'limits: { entries: 20 }\n',
      ),
    ).rejects.toThrow(/more than 20 entries \(limits\.entries\)/)
  })

  it('a layer that unpacks to more than the limit is an error that names it', async () => {
    const archive = await buildImage(
      { layers: [layer({ name: 'zeros', content: Buffer.alloc(8 << 20) })] },
      'containerd',
    )
    expect(archive.length).toBeLessThan(100_000)
    await expect(judgeArchive(archive, { policy: 'limits: { layer-bytes: 4000000 }\n' })).rejects.toThrow(
      /unpacks to more than 4000000 bytes \(limits\.layer-bytes\)/,
    )
  })
})

describe('commands in the history', () => {
  it.each([
    ['a pipeline of thousands', `curl x ${'| cat '.repeat(20_000)}`],
    ['substitutions in substitutions', '$( '.repeat(40_000)],
    ['thousands of commands', 'eval "$(curl x)"; '.repeat(6000)],
    ['copies of copies', `curl -O https://x.io/f; ${'cp f d/; cp * e/; '.repeat(6000)}`],
    [
      'thousands of files and words',
      `${Array.from({ length: 2000 }, (_, i) => `curl -O https://x.io/f${i}`).join(';')}; chmod +x ${'a*b '.repeat(15_000)}`,
    ],
    ['a text of megabytes', `curl https://x.io | sh; ${'a'.repeat(3_000_000)}`],
  ])('%s end', async (_name, text) => {
    const report = (
      await judgeArchive(
        await buildImage({
          layers: [{ by: `RUN /bin/sh -c ${text} # buildkit`, files: [{ name: 'k', content: token }] }],
          config: { User: '1' },
        }),
      )
    ).report
    expect(report.findings.some(({ ruleId }) => ruleId === 'secret-in-image')).toBe(true)
  })
})

describe('archives inside layers', () => {
  const inside = async (name: string, content: Buffer, policy = '') => judged([layer({ name, content })], policy)
  const nested = async (depth: number): Promise<Buffer> => {
    let bytes = await tar([{ name: 'key', content: token }])
    for (let i = 0; i < depth; i++)
      bytes = zlib.gzipSync(await tar([{ name: `level${i}.tgz`, content: i === 0 ? zlib.gzipSync(bytes) : bytes }]))
    return bytes
  }

  it.each([
    ['gzip', () => zlib.gzipSync(token), 'token.gz', undefined],
    ['zstd', () => zlib.zstdCompressSync(Buffer.from(token)), 'token.zst', undefined],
    ['tar', () => tar([{ name: 'conf/key', content: token }]), 'a.tar', 'conf/key'],
    [
      'tar.gz under any name',
      async () => zlib.gzipSync(await tar([{ name: 'conf/key', content: token }])),
      'data.bin',
      'conf/key',
    ],
    ['zip', () => zip({ 'WEB-INF/key': Buffer.from(token) }), 'app.jar', 'WEB-INF/key'],
    [
      'zip in zip in tar.gz',
      async () =>
        zlib.gzipSync(
          await tar([{ name: 'outer.zip', content: zip({ 'inner.zip': zip({ key: Buffer.from(token) }) }) }]),
        ),
      'x',
      'outer.zip!/inner.zip!/key',
    ],
  ])('a secret in %s', async (_name, make, file, member) => {
    const { findings } = await inside(file, Buffer.from(await make()))
    expect(findings).toHaveLength(1)
    expect(findings[0]?.location).toMatchObject({
      kind: 'layer',
      path: `/${file}`,
      ...(member === undefined ? {} : { inside: member }),
    })
  })

  it('deeper than the limit is listed, not opened', async () => {
    const report = await inside('deep.tgz', await nested(5))
    expect(report.findings.map(({ ruleId }) => ruleId)).toEqual(['content-not-inspected'])
    expect(report.stats.skipped[0]?.reason).toMatch(/nested deeper than 4/)
  })

  it('a bomb is cut and listed, and the raw bytes around it are read', async () => {
    const report = await judged([layer({ name: 'b.gz', content: gzipBomb(300) }, { name: 'after', content: token })])
    expect(report.stats.skipped).toMatchObject([
      { path: '/b.gz', reason: expect.stringMatching(/more than 200 times its size/) },
    ])
    expect(report.findings.map(({ ruleId }) => ruleId).sort()).toEqual(['content-not-inspected', 'secret-in-image'])
  })

  it('a zip bomb of many members stops at the budget', async () => {
    const member = Buffer.alloc(1 << 20)
    const report = await inside(
      'b.zip',
      zip(Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`m${index}`, member]))),
    )
    expect(report.stats.skipped[0]?.reason).toMatch(/200 times its size/)
  })

  it('a member that names a path outside is only read', async () => {
    const { findings } = await inside('a.zip', zip({ '../../../../tmp/layergate-zip': Buffer.from(token) }))
    expect(findings[0]?.location).toMatchObject({ inside: '../../../../tmp/layergate-zip' })
    expect(existsSync('/tmp/layergate-zip')).toBe(false)
  })

  it.each([
    ['a damaged gzip', Buffer.concat([zlib.gzipSync('x'.repeat(10_000)).subarray(0, 30), Buffer.from('garbage')])],
    ['a damaged zip', zip({ a: Buffer.from('x') }).subarray(0, 30)],
    ['a damaged tar', Buffer.concat([Buffer.alloc(257), Buffer.from('ustar\0'), Buffer.alloc(700, 1)])],
    ['xz', Buffer.concat([Buffer.from('fd377a585a00', 'hex'), Buffer.alloc(100)])],
    ['7z', Buffer.concat([Buffer.from('377abcaf271c', 'hex'), Buffer.alloc(100)])],
  ])('%s is listed', async (_name, content) => {
    expect((await inside('x', content)).stats.skipped).toHaveLength(1)
  })

  it.each([
    [
      'a global path',
      async () =>
        Buffer.concat([
          await paxHeader('g', 'path', 'x'),
          await tar([{ name: 'k.gz', content: zlib.gzipSync(token) }]),
        ]),
    ],
    [
      'a global size',
      async () =>
        Buffer.concat([
          await paxHeader('g', 'size', '0'),
          await tar([{ name: 'k.gz', content: zlib.gzipSync(token) }]),
        ]),
    ],
    [
      'a sparse name',
      async () =>
        Buffer.concat([
          await paxHeader('x', 'GNU.sparse.name', 'y'),
          await tar([{ name: 'k.gz', content: zlib.gzipSync(token) }]),
        ]),
    ],
    [
      'a lone block of zeros',
      async () =>
        Buffer.concat([
          (await tar([{ name: 'a', content: 'x' }])).subarray(0, 1024),
          Buffer.alloc(512),
          await tar([{ name: 'k.gz', content: zlib.gzipSync(token) }]),
        ]),
    ],
    [
      'half a header',
      async () =>
        Buffer.concat([
          (await tar([{ name: 'k.gz', content: zlib.gzipSync(token) }])).subarray(0, 1024),
          Buffer.alloc(100, 1),
        ]),
    ],
  ])('a tar that readers take differently is listed, and searched as far as it goes: %s', async (_name, make) => {
    for (const content of [await make(), zlib.gzipSync(await make())]) {
      const report = await inside('x', content)
      expect(report.stats.skipped).toMatchObject([{ reason: expect.stringMatching(/its tar is damaged/) }])
      expect(report.findings.some(({ ruleId }) => ruleId === 'secret-in-image')).toBe(true)
    }
  })

  it('a tar with a global comment, as git archive writes it, is opened', async () => {
    const report = await inside(
      'x.tar',
      Buffer.concat([
        await paxHeader('g', 'comment', 'a'.repeat(40)),
        await tar([{ name: 'k.gz', content: zlib.gzipSync(token) }]),
      ]),
    )
    expect(report.stats.skipped).toEqual([])
    expect(report.findings[0]?.location).toMatchObject({ inside: 'k.gz' })
  })

  it('an encrypted zip is listed with its members', async () => {
    const bytes = zip({ secret: Buffer.from('x') })
    bytes.writeUInt16LE(1, 6)
    bytes.writeUInt16LE(1, bytes.indexOf(Buffer.from('504b0102', 'hex')) + 8)
    expect((await inside('x.zip', bytes)).stats.skipped).toEqual([
      { layer: 0, path: '/x.zip!/secret', reason: 'it is encrypted' },
    ])
  })
})
