// Engines read layers with Go's archive/tar: what it lists of odd archives, as measured with Go 1.26, and what we make of it. Ours
// lists the same, or refuses; it never lists something else.
import { describe, expect, it } from 'vitest'
import { indexTar } from '../../src/image/tar-walk.ts'
import { scanLayer } from '../../src/layer/scan.ts'
import { DEFAULT_LIMITS } from '../../src/limits.ts'
import { processScanner } from '../../src/secrets/scanner.ts'
import { layerOf } from '../image-builder.ts'

interface Raw {
  readonly name?: string | Buffer
  /** A character; '\0' is the type of old archives. */
  readonly type?: string
  readonly link?: string
  readonly data?: string | Buffer
  /** The size field, where it is not the length of the data. */
  readonly size?: string | Buffer
  readonly magic?: 'ustar' | 'gnu' | 'none'
  /** More bytes by their position. */
  readonly at?: Readonly<Record<number, string>>
  readonly checksum?: 'unsigned' | 'signed' | 'wrong'
}

const MAGIC = { ustar: 'ustar\x0000', gnu: 'ustar  \0', none: '' }

/** One entry: header and data, byte for byte. */
function entry({
  name = 'f',
  type = '0',
  link = '',
  data = '',
  size,
  magic = 'ustar',
  at = {},
  checksum = 'unsigned',
}: Raw): Buffer {
  const bytes = Buffer.from(data)
  const header = Buffer.alloc(512)
  Buffer.from(name).copy(header)
  header.write('0000644\x000000000\x000000000\0', 100, 'latin1')
  if (Buffer.isBuffer(size)) size.copy(header, 124)
  else header.write(size ?? `${bytes.length.toString(8).padStart(11, '0')}\0`, 124, 'latin1')
  header.write('00000000000\0', 136, 'latin1')
  header.write(type, 156, 'latin1')
  header.write(link, 157)
  header.write(MAGIC[magic], 257, 'latin1')
  for (const [position, text] of Object.entries(at)) header.write(text, Number(position), 'latin1')
  header.fill(32, 148, 156)
  const sum = header.reduce(
    (total, byte) => total + (checksum === 'signed' && byte > 127 ? byte - 256 : byte),
    checksum === 'wrong' ? 1 : 0,
  )
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return Buffer.concat([header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)])
}

/** A record as PAX writes it, its own length in front. */
function record(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`
  let length = rest.length + 1
  while (String(length).length + rest.length !== length) length++
  return `${length}${rest}`
}
const pax = (...records: readonly string[]): Buffer =>
  entry({ type: 'x', name: 'PaxHeaders/f', data: records.join('') })
const global = (...records: readonly string[]): Buffer =>
  entry({ type: 'g', name: 'pax_global_header', data: records.join('') })
const long = (name: string): Buffer => entry({ type: 'L', name: '././@LongLink', data: `${name}\0`, magic: 'gnu' })
const END = Buffer.alloc(1024)
const tarOf = (...parts: readonly Buffer[]): Buffer => Buffer.concat([...parts, END])
const after = entry({ name: 'after' })
/** Data that is an entry to whoever takes it for headers. */
const hidden = entry({ name: 'hidden', data: 'hidden' })
const sparseMap = '1\n0\n4\n'.padEnd(512, '\0')

/** What Go lists: `name type size`; `refuses` where it ends in an error. */
type Go = readonly string[] | 'refuses'

const ROWS: readonly (readonly [what: string, tar: Buffer, go: Go, ours: 'as Go' | 'refused'])[] = [
  ['a file', tarOf(entry({ data: 'one' }), after), ['f file 3', 'after file 0'], 'as Go'],
  ['a name in two parts', tarOf(entry({ at: { 345: 'a/b' } })), ['a/b/f file 0'], 'as Go'],
  ['a name of GNU', tarOf(long('a/long/name'), entry({ magic: 'gnu' })), ['a/long/name file 0'], 'as Go'],
  ['an empty name of GNU', tarOf(long(''), entry({ magic: 'gnu' })), ['f file 0'], 'as Go'],
  ['a name of PAX', tarOf(pax(record('path', 'a/long/name')), entry({})), ['a/long/name file 0'], 'as Go'],
  ['an empty path of PAX', tarOf(pax(record('path', '')), entry({})), ['f file 0'], 'as Go'],
  ['a path of PAX twice', tarOf(pax(record('path', 'a'), record('path', 'b')), entry({})), ['b file 0'], 'as Go'],
  [
    'two headers of PAX',
    tarOf(pax(record('path', 'a')), pax(record('comment', 'x')), entry({})),
    ['f file 0'],
    'as Go',
  ],
  ['one name of GNU and of PAX', tarOf(long('a'), pax(record('path', 'a')), entry({})), ['a file 0'], 'as Go'],
  ['two names, of GNU and of PAX', tarOf(long('a'), pax(record('path', 'b')), entry({})), ['a file 0'], 'refused'],
  ['two names, of PAX and of GNU', tarOf(pax(record('path', 'b')), long('a'), entry({})), ['a file 0'], 'refused'],
  [
    'two links, of GNU and of PAX',
    tarOf(
      entry({ type: 'K', data: 'a\0', magic: 'gnu' }),
      pax(record('linkpath', 'b')),
      entry({ type: '2', link: 'c' }),
    ),
    ['f symlink 0'],
    'refused',
  ],
  [
    'a global comment, as git archive writes it',
    tarOf(global(record('comment', 'a'.repeat(40))), entry({})),
    ['f file 0'],
    'as Go',
  ],
  [
    'a global path',
    tarOf(global(record('path', 'manifest.json')), pax(record('comment', 'x')), entry({})),
    ['f file 0'],
    'refused',
  ],
  [
    'a global linkpath',
    tarOf(global(record('linkpath', 'x')), pax(record('comment', 'x')), entry({ type: '2', link: 'y' })),
    ['f symlink 0'],
    'refused',
  ],
  [
    'a global size',
    tarOf(global(record('size', '1024')), pax(record('comment', 'x')), entry({}), hidden),
    ['f file 0', 'hidden file 6'],
    'refused',
  ],
  [
    'a global size of nothing',
    tarOf(global(record('size', '0')), pax(record('comment', 'x')), entry({ data: hidden })),
    ['f file 1024'],
    'refused',
  ],
  ['a global sparse name', tarOf(global(record('GNU.sparse.name', 'x')), entry({})), ['f file 0'], 'refused'],
  [
    'a global sparse map',
    tarOf(
      global(record('GNU.sparse.major', '1'), record('GNU.sparse.minor', '0')),
      pax(record('comment', 'x')),
      entry({ data: sparseMap }),
    ),
    ['f file 512'],
    'refused',
  ],
  ['a global owner', tarOf(global(record('uid', '0'), record('mtime', '1')), entry({})), ['f file 0'], 'as Go'],
  [
    'a global header behind the header of an entry',
    tarOf(pax(record('path', 'a')), global(record('comment', 'x')), entry({})),
    ['f file 0'],
    'refused',
  ],
  [
    'a global header behind a name of GNU',
    tarOf(long('a'), global(record('comment', 'x')), entry({})),
    ['f file 0'],
    'refused',
  ],
  [
    'a sparse name without a sparse entry',
    tarOf(pax(record('GNU.sparse.name', 'other')), entry({ data: 'x' })),
    ['f file 1'],
    'refused',
  ],
  [
    'a sparse name of an unknown version',
    tarOf(pax(record('GNU.sparse.major', '2'), record('GNU.sparse.name', 'other')), entry({ data: 'x' })),
    ['f file 1'],
    'refused',
  ],
  [
    'sparse 0.0',
    tarOf(
      pax(
        record('GNU.sparse.size', '9'),
        record('GNU.sparse.numblocks', '1'),
        record('GNU.sparse.offset', '0'),
        record('GNU.sparse.numbytes', '4'),
      ),
      entry({ data: 'data' }),
    ),
    ['f file 9'],
    'refused',
  ],
  [
    'sparse 0.1',
    tarOf(
      pax(
        record('GNU.sparse.size', '9'),
        record('GNU.sparse.numblocks', '1'),
        record('GNU.sparse.map', '0,4'),
        record('GNU.sparse.name', 'real'),
      ),
      entry({ data: 'data' }),
    ),
    ['real file 9'],
    'refused',
  ],
  [
    'sparse 1.0',
    tarOf(
      pax(
        record('GNU.sparse.major', '1'),
        record('GNU.sparse.minor', '0'),
        record('GNU.sparse.realsize', '9'),
        record('GNU.sparse.name', 'real'),
      ),
      entry({ data: `${sparseMap}data` }),
    ),
    ['real file 9'],
    'refused',
  ],
  [
    'a sparse entry of GNU',
    tarOf(
      entry({
        type: 'S',
        magic: 'gnu',
        data: 'data',
        at: { 386: '00000000000\x0000000000004\0', 483: '00000000011\0' },
      }),
    ),
    ['f other 9'],
    'refused',
  ],
  [
    'a signed checksum',
    tarOf(entry({ name: 'käse', data: 'x', checksum: 'signed' }), after),
    ['käse file 1', 'after file 0'],
    'as Go',
  ],
  [
    'a signed checksum of a long name',
    tarOf(entry({ type: 'L', name: 'ä', data: 'a/b\0', magic: 'gnu', checksum: 'signed' }), entry({})),
    ['a/b file 0'],
    'as Go',
  ],
  ['a wrong checksum', tarOf(entry({ checksum: 'wrong' })), 'refuses', 'as Go'],
  [
    'a hard link with a size',
    tarOf(entry({ type: '1', link: 'x', size: '00000001000\0' }), after),
    ['f link 0', 'after file 0'],
    'as Go',
  ],
  [
    'a hard link with a size and what could be its data',
    tarOf(entry({ type: '1', link: 'x', size: '00000001000\0' }), hidden),
    ['f link 0', 'hidden file 6'],
    'as Go',
  ],
  [
    'a symbolic link with a size',
    tarOf(entry({ type: '2', link: 'x', size: '00000001000\0' }), after),
    ['f symlink 0', 'after file 0'],
    'as Go',
  ],
  [
    'a device with a size',
    tarOf(entry({ type: '3', size: '00000001000\0' }), after),
    ['f character-device 0', 'after file 0'],
    'as Go',
  ],
  [
    'a pipe with a size',
    tarOf(entry({ type: '6', size: '00000001000\0' }), after),
    ['f fifo 0', 'after file 0'],
    'as Go',
  ],
  [
    'a directory with a size',
    tarOf(entry({ type: '5', name: 'd/', size: '00000001000\0' }), after),
    ['d/ directory 0', 'after file 0'],
    'as Go',
  ],
  [
    'a link with a size of PAX',
    tarOf(pax(record('size', '512')), entry({ type: '1', link: 'x' }), hidden),
    ['f link 0', 'hidden file 6'],
    'refused',
  ],
  [
    'a directory with a size of PAX',
    tarOf(pax(record('size', '512')), entry({ type: '5', name: 'd/' }), after),
    ['d/ directory 0', 'after file 0'],
    'as Go',
  ],
  [
    'a directory of old archives',
    tarOf(entry({ type: '\0', name: 'd/', magic: 'none' }), after),
    ['d/ directory 0', 'after file 0'],
    'as Go',
  ],
  [
    'a directory of old archives that claims data',
    tarOf(entry({ type: '\0', name: 'd/', magic: 'none', size: '00000001000\0' }), hidden),
    ['d/ directory 0', 'hidden file 6'],
    'refused',
  ],
  ['a file whose name ends in a slash', tarOf(entry({ name: 'd/' }), after), ['d/ file 0', 'after file 0'], 'refused'],
  [
    'a file whose name ends in a slash, with data',
    tarOf(entry({ name: 'd/', data: 'x' }), after),
    ['d/ file 1', 'after file 0'],
    'refused',
  ],
  [
    'a file of old archives',
    tarOf(entry({ type: '\0', magic: 'none', data: 'x' }), after),
    ['f file 1', 'after file 0'],
    'as Go',
  ],
  ['a contiguous file', tarOf(entry({ type: '7', data: 'x' }), after), ['f file 1', 'after file 0'], 'as Go'],
  [
    'a type that nobody knows, with data',
    tarOf(entry({ type: 'V', data: 'x' }), after),
    ['f other 1', 'after file 0'],
    'as Go',
  ],
  [
    'a header of Solaris',
    tarOf(entry({ type: 'X', data: record('path', 'x') }), after),
    ['f other 9', 'after file 0'],
    'as Go',
  ],
  [
    'a long name of the oldest GNU form',
    tarOf(entry({ type: 'N', data: 'x' }), after),
    ['f other 1', 'after file 0'],
    'refused',
  ],
  ['a lone block of zeros', Buffer.concat([entry({}), Buffer.alloc(512), after, END]), 'refuses', 'as Go'],
  ['an entry behind the end', Buffer.concat([entry({}), END, after, END]), ['f file 0'], 'as Go'],
  ['no end', entry({}), ['f file 0'], 'as Go'],
  ['half an end', Buffer.concat([entry({}), Buffer.alloc(512)]), ['f file 0'], 'as Go'],
  ['half a header', Buffer.concat([entry({}), after.subarray(0, 100)]), 'refuses', 'as Go'],
  ['a prefix of star', tarOf(entry({ at: { 345: 'a/b', 508: 'tar\0' } })), ['a/b/f file 0'], 'as Go'],
  [
    'a prefix of star that is full',
    tarOf(entry({ at: { 345: 'p'.repeat(131), 476: '00000000000 00000000000 ', 508: 'tar\0' } })),
    [`${'p'.repeat(131)}/f file 0`],
    'refused',
  ],
  ['times of GNU', tarOf(entry({ magic: 'gnu', at: { 345: '00000000001\x0000000000002\0' } })), ['f file 0'], 'as Go'],
  [
    'text where GNU keeps times',
    tarOf(entry({ magic: 'gnu', at: { 345: 'sub/folder' } })),
    ['sub/folder/f file 0'],
    'refused',
  ],
  [
    'a size of base 256',
    tarOf(entry({ data: 'abc', size: Buffer.from([0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3]) }), after),
    ['f file 3', 'after file 0'],
    'as Go',
  ],
  ['a size below zero', tarOf(entry({ size: Buffer.alloc(12, 0xff) }), after), 'refuses', 'as Go'],
  [
    'a size beyond all use',
    tarOf(entry({ size: Buffer.from([0x80, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]) }), after),
    'refuses',
    'as Go',
  ],
  [
    'a size behind blanks',
    tarOf(entry({ data: 'abc', size: '          3\0' }), after),
    ['f file 3', 'after file 0'],
    'as Go',
  ],
  [
    'a size in front of blanks',
    tarOf(entry({ data: 'abc', size: '3           ' }), after),
    ['f file 3', 'after file 0'],
    'as Go',
  ],
  ['an empty size', tarOf(entry({ size: '\0' }), after), ['f file 0', 'after file 0'], 'as Go'],
  ['a size that is no number', tarOf(entry({ size: '0000000000x\0' }), after), 'refuses', 'as Go'],
  ['a size of two numbers', tarOf(entry({ data: 'abc', size: '3 1000\0' }), after), 'refuses', 'as Go'],
  ['a record without a line end', tarOf(pax('11 path=abc'), entry({})), 'refuses', 'as Go'],
  ['a record that is longer than the header', tarOf(pax('99 path=abc\n'), entry({})), 'refuses', 'as Go'],
  ['a record without a length', tarOf(pax('path=abc\n'), entry({})), 'refuses', 'as Go'],
  ['a record without a value', tarOf(pax('9 pathx\n\n'), entry({})), 'refuses', 'as Go'],
  ['a record with a sign', tarOf(pax('+13 path=abc\n'), entry({})), ['abc file 0'], 'refused'],
  ['a record with zeros in front', tarOf(pax('0014 path=abc\n'), entry({})), ['abc file 0'], 'as Go'],
  ['a zero in a path', tarOf(pax(record('path', 'a\0b')), entry({})), 'refuses', 'as Go'],
  [
    'a size of PAX',
    tarOf(pax(record('size', '3')), entry({ data: 'abc', size: '00000000000\0' }), after),
    ['f file 3', 'after file 0'],
    'as Go',
  ],
  [
    'a size of PAX that is no number',
    tarOf(pax(record('size', '3x')), entry({ data: 'abc' }), after),
    'refuses',
    'as Go',
  ],
  ['a size of PAX below zero', tarOf(pax(record('size', '-3')), entry({ data: 'abc' }), after), 'refuses', 'as Go'],
  [
    'a size of PAX with a sign',
    tarOf(pax(record('size', '+3')), entry({ data: 'abc' }), after),
    ['f file 3', 'after file 0'],
    'refused',
  ],
  [
    'names that are no UTF-8',
    tarOf(entry({ name: Buffer.from('caf\xe9', 'latin1') }), entry({ name: Buffer.from('caf\xe8', 'latin1') })),
    ['caf\udce9 file 0', 'caf\udce8 file 0'],
    'as Go',
  ],
]

const withIndex = async (bytes: Buffer): Promise<string[]> =>
  (
    await indexTar(
      'test',
      bytes.length,
      async (offset, length) => bytes.subarray(offset, offset + length),
      DEFAULT_LIMITS,
    )
  )
    .filter(({ afterEnd }) => !afterEnd)
    .map(({ name, type, size }) => `${name} ${type} ${size}`)

/** The entries that a scan sees, read in pieces of a size. */
const withScan = async (bytes: Buffer, piece: number): Promise<string[]> =>
  (await scanLayer(layerOf(bytes, piece), processScanner(), 'test')).entries
    .filter(({ afterEnd }) => !afterEnd)
    .map(({ path, size }) => `${path} ${size}`)

describe('an archive as Go reads it', () => {
  it.each(ROWS)('%s', async (_what, bytes, go, ours) => {
    const listed = await withIndex(bytes).catch(() => 'refuses' as const)
    expect(listed).toEqual(ours === 'refused' ? 'refuses' : go)
  })

  // There, tar-stream reads: wherever headers are cut, it must see what the walk sees.
  it.each(ROWS)('as a layer, in pieces: %s', async (_what, bytes, go, ours) => {
    const expected =
      ours === 'refused' || go === 'refuses'
        ? 'refuses'
        : go.map((line) => {
            const [, name = '', size = ''] = /^(.*?)\/? \S+ (\d+)$/.exec(line) ?? []
            return `/${name} ${size}`
          })
    for (const piece of [1 << 20, 512, 700, 61])
      expect(await withScan(bytes, piece).catch(() => 'refuses')).toEqual(expected)
  })
})
