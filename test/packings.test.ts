// A table of packings, each made by its real tool (fixtures/packings/build.sh): what is in them is found, or it is listed that it
// was not looked into. Silence is the failure.
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import zlib from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { LayerScan } from '../src/layer/layer-scan.ts'
import { scanLayer } from '../src/layer/scan.ts'
import { SIGNS } from '../src/packing/signs.ts'
import { processScanner } from '../src/secrets/scanner.ts'
import { layerOf, tar } from './image-builder.ts'
import { fill } from './values.ts'
import { zip } from './zip.ts'

const folder = path.resolve(import.meta.dirname, '../fixtures/packings')
const scanner = processScanner()
const packed = (name: string): Buffer => readFileSync(path.join(folder, `${name}.bin`))

/** What they are called in a layer where the name counts. */
const PATHS: Readonly<Record<string, string>> = {
  brotli: 'srv/conf.br',
  'git-loose': 'app/.git/objects/0a/0123456789abcdef0123456789abcdef012345',
}

const scan = async (content: Buffer, name = 'srv/data', chunk = 1 << 20): Promise<LayerScan> =>
  scanLayer(layerOf(await tar([{ name, content }]), chunk), scanner, 'test')

/** The token's own place, and what was not looked into. */
function told({ matches, skipped }: LayerScan): {
  readonly inside: readonly (string | null)[]
  readonly reasons: readonly string[]
} {
  return {
    inside: matches.filter(({ value }) => /^gh[p]_Pk7x/.test(value)).map(({ inside }) => inside),
    reasons: skipped.map(({ reason }) => reason),
  }
}

/** What is opened, with the place of the token; null: in a stream without members. */
const OPENED: Readonly<Record<string, string | null>> = {
  ar: 'conf.gz',
  brotli: null,
  bzip2: null,
  'bzip2-two-streams': null,
  'cpio-newc': 'app/conf',
  'cpio-odc': 'app/conf',
  'deb-gzip': 'data.tar.gz!/etc/conf',
  'deb-xz': 'data.tar.xz!/etc/conf',
  'deb-zstd': 'data.tar.zst!/etc/conf',
  'git-bundle': 'blob ',
  'git-loose': null,
  'git-pack': 'blob ',
  'git-pack-named-bases': 'blob ',
  gzip: null,
  'gzip-behind-text': null,
  'gzip-behind-zeros': null,
  'gzip-two-members': null,
  initramfs: 'app/conf',
  'jar-adjusted': 'app/conf',
  'jar-behind-script': 'app/conf',
  jmod: 'app/conf',
  'makeself-bzip2': 'conf',
  'makeself-gzip': 'conf',
  'makeself-xz': 'conf',
  'makeself-zstd': 'conf',
  pzstd: null,
  'rpm-bzdio': 'payload!/etc/conf',
  'rpm-gzdio': 'payload!/etc/conf',
  'rpm-xzdio': 'payload!/etc/conf',
  'rpm-zstdio': 'payload!/etc/conf',
  'sh-tar-gzip': 'app/conf',
  'sh-tar-xz': 'app/conf',
  'tar-bzip2': 'app/conf',
  'tar-gzip': 'app/conf',
  'tar-xz': 'app/conf',
  'tar-zstd': 'app/conf',
  xz: null,
  'xz-behind-gzip': null,
  'xz-blocks': null,
  'xz-padded': null,
  'xz-sha256': null,
  'xz-two-streams': null,
  zip: 'app/conf',
  'zip-before-text': 'app/conf',
  'zip-behind-program': 'app/conf',
  'zip-bzip2': 'app/conf',
  zipapp: 'conf',
  zlib: null,
  zstd: null,
  'zstd-in-program': null,
  'zstd-skippable-between': null,
  'zstd-skippable-first': null,
  'zstd-two-frames': null,
}

/** What is listed, with the reason. */
const LISTED: Readonly<Record<string, RegExp>> = {
  '7z': /packed with 7z/,
  '7z-behind-script': /packed with 7z/,
  arj: /packed with arj/,
  cab: /packed with cab/,
  compress: /packed with compress/,
  'cpio-binary': /packed with cpio \(binary\)/,
  iso: /packed with ISO 9660/,
  lrzip: /packed with lrzip/,
  lz4: /packed with lz4/,
  lzip: /packed with lzip/,
  lzma: /packed with lzma/,
  lzop: /packed with lzop/,
  'rpm-lzdio': /packed with lzma/,
  rzip: /packed with rzip/,
  squashfs: /packed with squashfs/,
  'squashfs-behind-program': /packed with squashfs/,
  'tar-lzip': /packed with lzip/,
  wim: /packed with wim/,
  'xz-x86': /its filter \(x86\) is not supported/,
  'zip-aes': /it is encrypted/,
  'zip-deflate64': /method 9\) is not supported/,
  'zip-encrypted': /it is encrypted/,
  'zip-lzma': /method 14\) is not supported/,
  'zip-ppmd': /method 98\) is not supported/,
  zpaq: /packed with zpaq/,
}

describe('a packing of a real tool', () => {
  it('each is in one of the tables', () => {
    const files = readdirSync(folder).flatMap((file) => (file.endsWith('.bin') ? [file.slice(0, -4)] : []))
    expect([...Object.keys(OPENED), ...Object.keys(LISTED)].sort()).toEqual(files.sort())
  })

  it.each(Object.keys(OPENED))('%s is opened', async (name) => {
    const { inside, reasons } = told(await scan(packed(name), PATHS[name]))
    expect(reasons).toEqual([])
    expect(inside.length).toBeGreaterThan(0)
    const place = OPENED[name] ?? null
    if (place === null) expect(inside).toContain(null)
    else expect(inside.some((found) => found?.startsWith(place))).toBe(true)
  })

  it.each(Object.keys(LISTED))('%s is listed', async (name) => {
    const { reasons } = told(await scan(packed(name), PATHS[name]))
    expect(reasons).toEqual([expect.stringMatching(LISTED[name] ?? /nothing/)])
  })

  it.each([...Object.keys(OPENED), ...Object.keys(LISTED)])('%s in small pieces is the same', async (name) => {
    const whole = told(await scan(packed(name), PATHS[name]))
    expect(told(await scan(packed(name), PATHS[name], 700))).toEqual(whole)
  })

  // Half a frame in the midst of a program is no more than a chance.
  const cuttable = [...Object.keys(OPENED), ...Object.keys(LISTED)].filter((name) => name !== 'zstd-in-program')
  it.each(cuttable)('%s without its last tenth is not silent', async (name) => {
    const cut = packed(name).subarray(0, packed(name).length * 0.9)
    const { inside, reasons } = told(await scan(cut, PATHS[name]))
    expect(inside.length + reasons.length).toBeGreaterThan(0)
  })
})

const TOKEN = fill('{{github-token}}')
const secret = Buffer.from(
  `${'a line of no interest\n'.repeat(20)}GITHUB_TOKEN=${TOKEN}\n${'and one more line\n'.repeat(20)}`,
)
const filler = Buffer.from('a line of no interest\n'.repeat(40))
const text = (content: string): Buffer => Buffer.from(content, 'latin1')

/** Where the token was found, and what was listed. */
async function looked(
  content: Buffer,
  name?: string,
): Promise<{ readonly found: readonly (string | null)[]; readonly reasons: readonly string[] }> {
  const { matches, skipped } = await scan(content, name)
  return {
    found: matches.filter(({ value }) => value === TOKEN).map(({ inside }) => inside),
    reasons: skipped.map(({ reason }) => reason),
  }
}

/** The header and data of the first member of a zip. */
const local = (members: Readonly<Record<string, Buffer>>): Buffer => {
  const whole = zip(members)
  return whole.subarray(0, whole.indexOf('PK\x01\x02', 0, 'latin1'))
}

/** Writes a comment behind a zip. */
function withComment(bytes: Buffer, comment: string): Buffer {
  const whole = Buffer.concat([bytes, text(comment)])
  whole.writeUInt16LE(comment.length, bytes.length - 2)
  return whole
}

describe('a zip is read beyond its directory', () => {
  it.each([
    ['its comment', () => withComment(zip({ a: filler }), `by ${TOKEN}`), null],
    ['the name of a member', () => zip({ [`${TOKEN}.txt`]: filler }), null],
    [
      'a member in front that the directory does not list',
      () => Buffer.concat([local({ 'hidden/one': secret }), zip({ a: filler })]),
      'hidden/one',
    ],
    [
      'one that was stored in front of it',
      () => Buffer.concat([zip({ 'first/one': secret }), zip({ a: filler })]),
      'first/one',
    ],
    [
      'one zip behind another',
      () => Buffer.concat([zip({ a: filler }), text('text between'), zip({ 'second/one': secret })]),
      'second/one',
    ],
    ['a zip whose directory is cut off', () => zip({ 'lost/one': secret, b: filler }).subarray(0, -30), 'lost/one'],
    ['a packed file behind its end', () => Buffer.concat([zip({ a: filler }), zlib.gzipSync(secret)]), null],
    [
      'a zip behind a comment of a script, within a zip',
      () => zip({ 'tool.pyz': Buffer.concat([text('#!/bin/sh\n'), zip({ 'in/one': secret })]) }),
      'tool.pyz!/in/one',
    ],
  ])('%s', async (_what, make, inside) => {
    expect((await looked(make())).found).toContain(inside)
  })

  it('a member that claims more than it has hides none behind it', async () => {
    const bytes = Buffer.concat([local({ a: filler }), local({ 'behind/one': secret }), zip({ a: filler })])
    const directory = bytes.lastIndexOf('PK\x01\x02', undefined, 'latin1')
    bytes.writeUInt32LE(0, directory + 42)
    bytes.writeUInt32LE(10_000, directory + 20)
    bytes.writeUInt32LE(directory, bytes.length - 6)
    expect((await looked(bytes)).found).toEqual(['behind/one'])
  })

  it('a member with two compressions is listed', async () => {
    const bytes = zip({ a: secret })
    bytes.writeUInt16LE(0, bytes.indexOf('PK\x01\x02', 0, 'latin1') + 10)
    expect((await looked(bytes)).reasons).toEqual(['its two headers tell of different compressions'])
  })

  it('bytes of no member are listed', async () => {
    const whole = zip({ a: filler })
    const at = whole.indexOf('PK\x01\x02', 0, 'latin1')
    const packed = zlib.deflateRawSync(secret)
    const bytes = Buffer.concat([whole.subarray(0, at), packed, whole.subarray(at)])
    bytes.writeUInt32LE(at + packed.length, bytes.length - 6)
    expect((await looked(bytes)).reasons).toEqual([expect.stringMatching(/of its bytes belong to no member/)])
  })
})

describe('packed content behind or among other bytes', () => {
  const gz = zlib.gzipSync(secret)
  const program = Buffer.concat([text('\x7fELF\x02\x01\x01'), Buffer.alloc(3000, 7)])
  it.each([
    ['gzip behind a script', Buffer.concat([text('#!/bin/sh\nexit 0\n'), gz]), null],
    [
      'gzip behind a script and two others',
      Buffer.concat([
        text('#!/bin/sh\n'),
        zlib.gzipSync('one'),
        text('\n--\n'),
        zlib.gzipSync('two'),
        text('\n--\n'),
        gz,
      ]),
      null,
    ],
    ['gzip within a program', Buffer.concat([program, gz, program]), null],
    ['gzip behind a picture', Buffer.concat([text('\x89PNG\r\n\x1a\n'), Buffer.alloc(500, 9), gz]), null],
    ['a tar in gzip behind text', Buffer.concat([text('readme\n'), zlib.gzipSync(filler), gz]), null],
    ['zip behind a picture', Buffer.concat([text('\xff\xd8\xff\xe0'), Buffer.alloc(2000, 3), zip({ k: secret })]), 'k'],
    ['zip behind a page of text', Buffer.concat([filler, zip({ k: secret })]), 'k'],
    ['zstd within a program', Buffer.concat([program, zlib.zstdCompressSync(secret), program]), null],
    ['a tar, zeros and gzip', null, null],
    ['zlib behind gzip', Buffer.concat([zlib.gzipSync(filler), zlib.deflateSync(secret)]), null],
    ['gzip at the end of two megabytes', Buffer.concat([Buffer.alloc(2 << 20, 65), text('\n'), gz]), null],
    ['gzip across the border of two pieces', Buffer.concat([Buffer.alloc((1 << 20) - 1538, 65), gz]), null],
    [
      'behind signs that hold nothing',
      Buffer.concat([filler, ...Array.from({ length: 500 }, () => text('\x1f\x8b\x08\0\0\0\0\0\0\x03\xff\xff')), gz]),
      null,
    ],
  ])('%s', async (_what, given, inside) => {
    const content = given ?? Buffer.concat([await tar([{ name: 'a', content: 'x' }]), Buffer.alloc(4096), gz])
    const { found, reasons } = await looked(content)
    expect(found.length + reasons.length).toBeGreaterThan(0)
    if (given !== null) expect(found).toContain(inside)
  })

  it('behind more signs than anyone would try, it is listed', async () => {
    const decoys = Array.from({ length: 1200 }, () => text('\x1f\x8b\x08\0\0\0\0\0\0\x03\xff\xff'))
    expect(await looked(Buffer.concat([filler, ...decoys, gz]))).toEqual({
      found: [],
      reasons: [expect.stringMatching(/more than 1000 signs of archives/)],
    })
  })

  it('a program that knows the signs of archives is none', async () => {
    const signs = Object.keys(SIGNS).map((sign) => Buffer.concat([text(sign), Buffer.alloc(61, 0xc3)]))
    expect((await scan(Buffer.concat([program, ...signs, ...signs, program]))).skipped).toEqual([])
  })

  it.each([
    ['a text that begins with x', text('x^2 + y^2 = z^2\n'.repeat(40))],
    ['a text that begins with a number', text('070701 is the sign of cpio\n'.repeat(40))],
    ['a picture', Buffer.concat([text('\x89PNG\r\n\x1a\n'), Buffer.alloc(500, 9)])],
    [
      'a document of words about archives',
      text('PK, BZh, Rar!, 7z, LZIP, hsqs, ustar and PACK are signs of archives.\n'.repeat(30)),
    ],
    ['zeros', Buffer.alloc(5000)],
    ['an empty archive of git', text('PACK')],
    ['a file called like brotli', filler],
  ])('%s is none', async (what, content) => {
    expect((await scan(content, what.includes('brotli') ? 'a.br' : 'a')).skipped).toEqual([])
  })
})

describe('depth', () => {
  it('a compressed tar is one archive: four of them are opened', async () => {
    let bytes = secret
    for (let i = 0; i < 4; i++) bytes = zlib.gzipSync(await tar([{ name: `level${i}`, content: bytes }]))
    expect((await looked(bytes)).found).toEqual(['level3!/level2!/level1!/level0'])
    expect((await looked(zlib.gzipSync(await tar([{ name: 'level4', content: bytes }])))).reasons).toEqual([
      expect.stringMatching(/nested deeper than 4/),
    ])
  })

  it('streams in streams end', async () => {
    let bytes = secret
    for (let i = 0; i < 5; i++) bytes = zlib.gzipSync(bytes)
    expect((await looked(bytes)).found).toEqual([null])
    expect((await looked(zlib.gzipSync(bytes))).reasons).toEqual([expect.stringMatching(/nested deeper than 4/)])
  })
})
