// A table of packings, each made by its real tool (fixtures/packings/build.sh): what is in them is found, or it is listed that it
// was not looked into. Silence is the failure.
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import type { LayerScan } from '../src/layer/layer-scan.ts'
import { scanLayer } from '../src/layer/scan.ts'
import { Scanner } from '../src/secrets/scanner.ts'
import { layerOf, tar } from './image-builder.ts'

const folder = path.resolve(import.meta.dirname, '../fixtures/packings')
const scanner = new Scanner()
const packed = (name: string): Buffer => readFileSync(path.join(folder, `${name}.bin`))

/** What they are called in a layer where the name counts. */
const PATHS: Readonly<Record<string, string>> = {
  brotli: 'srv/conf.br',
  'git-loose': 'app/.git/objects/0a/0123456789abcdef0123456789abcdef012345',
}

const scan = async (content: Buffer, name = 'srv/data', chunk = 1 << 20): Promise<LayerScan> => scanLayer(layerOf(await tar([{ name, content }]), chunk), scanner, 'test')

/** The token's own place, and what was not looked into. */
function told({ matches, skipped }: LayerScan): { readonly inside: readonly (string | null)[]; readonly reasons: readonly string[] } {
  return { inside: matches.filter(({ value }) => /^gh[p]_Pk7x/.test(value)).map(({ inside }) => inside), reasons: skipped.map(({ reason }) => reason) }
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
