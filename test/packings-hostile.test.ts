// Packings that are made to break readers: each ends, within its budget, and is listed; what stands beside it is found.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import zlib from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { scanLayer } from '../src/layer/scan.ts'
import { DEFAULT_LIMITS, limitsOf } from '../src/limits.ts'
import { processScanner } from '../src/secrets/scanner.ts'
import { gzipBomb, zerosMember, zlibBomb } from './bombs.ts'
import { layerOf, tar } from './image-builder.ts'
import { fill } from './values.ts'
import { zip } from './zip.ts'

const scanner = processScanner()
const TOKEN = fill('{{github-token}}')
const text = (content: string): Buffer => Buffer.from(content, 'latin1')
const fixture = (name: string): Buffer =>
  readFileSync(path.resolve(import.meta.dirname, `../fixtures/packings/${name}`))

/** What was listed of a content, and whether the file behind it was read. */
async function reasons(content: Buffer, limits = DEFAULT_LIMITS): Promise<string[]> {
  const layer = layerOf(
    await tar([
      { name: 'x', content },
      { name: 'z', content: TOKEN },
    ]),
  )
  const { matches, skipped, entries } = await scanLayer(layer, scanner, 'test', limits)
  expect(matches.filter(({ value, entry }) => value === TOKEN && entry === entries.length - 1)).toHaveLength(1)
  return skipped.map(({ reason }) => reason)
}

// Packs of git, by hand: https://git-scm.com/docs/gitformat-pack
function size7(value: number, first: number, bits: number): Buffer {
  const bytes: number[] = []
  let byte = first | (value % 2 ** bits)
  for (let rest = Math.floor(value / 2 ** bits); rest > 0; rest = Math.floor(rest / 128)) {
    bytes.push(byte | 128)
    byte = rest % 128
  }
  return Buffer.from([...bytes, byte])
}
const header = (type: number, size: number): Buffer => size7(size, type << 4, 4)
function offset(value: number): Buffer {
  const bytes = [value & 127]
  for (let rest = value >> 7; rest > 0; rest >>= 7) {
    rest--
    bytes.unshift(128 | (rest & 127))
  }
  return Buffer.from(bytes)
}
const blob = (content: Buffer): Buffer => Buffer.concat([header(3, content.length), zlib.deflateSync(content)])
/** Takes all of an object of `size` bytes, 64 KiB at most. */
const same = (size: number): Buffer =>
  Buffer.concat([size7(size, 0, 7), size7(size, 0, 7), Buffer.from([0xb0, size & 255, size >> 8])])
function pack(objects: readonly Buffer[], count = objects.length): Buffer {
  const head = Buffer.from('PACK\0\0\0\x02\0\0\0\0', 'latin1')
  head.writeUInt32BE(count, 8)
  return Buffer.concat([head, ...objects, Buffer.alloc(20)])
}
const on = (distance: number, delta: Buffer): Buffer =>
  Buffer.concat([header(6, delta.length), offset(distance), zlib.deflateSync(delta)])
const onNamed = (name: string, delta: Buffer): Buffer =>
  Buffer.concat([header(7, delta.length), Buffer.from(name, 'hex'), zlib.deflateSync(delta)])

describe('a bomb', () => {
  it.each([
    ['xz', () => fixture('bomb.xz')],
    ['bzip2', () => fixture('bomb.bz2')],
    ['zstd', () => zlib.zstdCompressSync(Buffer.alloc(256 << 20))],
    ['zlib', () => zlibBomb(256)],
    ['gzip of many members', () => Buffer.concat(Array.from({ length: 32 }, () => gzipBomb(8)))],
    ['zip of one member', () => zip({ a: zerosMember(256) })],
    ['bzip2 behind a script', () => Buffer.concat([text('#!/bin/sh\n'), fixture('bomb.bz2')])],
  ])('%s is cut', async (_name, make) => {
    expect(await reasons(make())).toEqual([expect.stringMatching(/unpacks to more than 200 times its size/)])
  })

  it('the budget of a layer bounds all of its archives together', async () => {
    const limits = limitsOf({ 'nested-bytes': 100_000 })
    const content = Buffer.concat(
      Array.from({ length: 4000 }, (_, index) => createHash('sha256').update(String(index)).digest()),
    )
    for (const packed of [
      zlib.gzipSync(content),
      zlib.zstdCompressSync(content),
      zip({ a: content }),
      zlib.deflateSync(content),
      pack([blob(content)]),
    ]) {
      expect(await reasons(packed, limits)).toEqual([
        expect.stringMatching(/unpack to more than 100000 bytes \(limits\.nested-bytes\)/),
      ])
    }
  })
})

describe('a git pack', () => {
  const base = Buffer.from('0123456789abcdef'.repeat(2000))
  it.each([
    [
      'whose objects name each other',
      pack([onNamed('11'.repeat(20), same(100)), onNamed('22'.repeat(20), same(100))]),
      /2 objects .* what they are built on is not in the pack/,
    ],
    [
      'with an object built on itself',
      pack([on(0, same(10))]),
      /1 objects .* what they are built on is not in the pack/,
    ],
    [
      'with an object built on what is in front of the pack',
      pack([blob(base), on(1_000_000, same(base.length))]),
      /what they are built on is not in the pack/,
    ],
    [
      'with a delta for another object',
      pack([blob(base), on(blob(base).length, same(77))]),
      /what differs does not fit/,
    ],
    [
      'with a delta that reaches too far',
      pack([blob(text('short')), on(blob(text('short')).length, Buffer.from([5, 100, 0xb0, 100, 0]))]),
      /what differs does not fit/,
    ],
    ['that claims four thousand million objects', pack([blob(base)], 0xffff_ffff), /git pack is damaged/],
    [
      'with an object that is damaged',
      pack([Buffer.concat([header(3, 100), text('no zlib at all')])]),
      /git pack is damaged/,
    ],
    [
      'with an object of a size that is not true',
      pack([Buffer.concat([header(3, 5), zlib.deflateSync(base)])]),
      /git pack is damaged/,
    ],
    [
      'of an unknown kind of object',
      pack([Buffer.concat([header(5, 5), zlib.deflateSync(text('12345'))])]),
      /git pack is damaged/,
    ],
    ['that is cut off', pack([blob(base), blob(base)]).subarray(0, 150), /git pack is damaged/],
  ])('%s is listed', async (_name, bytes, reason) => {
    expect(await reasons(bytes)).toEqual([expect.stringMatching(reason)])
  })

  it('a long chain and many on one are read', async () => {
    const chain = [blob(base)]
    for (let i = 0; i < 300; i++) chain.push(on(chain.at(-1)?.length ?? 0, same(base.length)))
    expect(await reasons(pack(chain))).toEqual([])
    const fan = [blob(base)]
    for (let i = 0, at = fan[0]?.length ?? 0; i < 300; i++) {
      fan.push(on(at, same(base.length)))
      at += fan.at(-1)?.length ?? 0
    }
    expect(await reasons(pack(fan))).toEqual([])
  })

  it('a secret that only an older state holds, as what differs from the newer one, is found', async () => {
    const newer = Buffer.from(`${'a line\n'.repeat(30)}GITHUB_TOKEN=\n`)
    const older = Buffer.concat([newer.subarray(0, 210), Buffer.from(`GITHUB_TOKEN=${TOKEN}\n`)])
    const delta = Buffer.concat([
      size7(newer.length, 0, 7),
      size7(older.length, 0, 7),
      Buffer.from([0x90, 210]),
      Buffer.from([older.length - 210]),
      older.subarray(210),
    ])
    const bytes = pack([blob(newer), on(blob(newer).length, delta)])
    const { matches } = await scanLayer(
      layerOf(await tar([{ name: 'repo/.git/objects/pack/pack-1.pack', content: bytes }])),
      scanner,
      'test',
    )
    expect(matches.map(({ value, inside }) => [value, inside])).toEqual([
      [TOKEN, `blob ${createHash('sha1').update(`blob ${older.length}\0`).update(older).digest('hex')}`],
    ])
  })
})

describe('a size that is not true', () => {
  const cpio = (field: number, value: string): Buffer => {
    const fields = Array.from({ length: 13 }, () => '00000000')
    fields[11] = '00000002'
    fields[field] = value
    return Buffer.from(`070701${fields.join('')}a\0${'x'.repeat(100)}`)
  }
  it.each([
    ['of a member of cpio', cpio(6, 'ffffffff'), /ends in the middle of a member/],
    ['of a name in cpio', cpio(11, 'ffffffff'), /cpio archive is damaged/],
    ['of a member of ar', Buffer.from(`!<arch>\n${'a/'.padEnd(48)}${'9999999999'}\`\nxx`), null],
    [
      'of the headers of an rpm',
      Buffer.concat([
        Buffer.from('edabeedb', 'hex'),
        Buffer.alloc(92),
        Buffer.from('8eade80100000000ffffffffffffffff', 'hex'),
        Buffer.alloc(50),
      ]),
      /rpm headers are damaged/,
    ],
    [
      'of a frame of zstd to be skipped',
      Buffer.concat([zlib.zstdCompressSync('x'), Buffer.from('502a4d18ffffffff', 'hex')]),
      /unexpected end of file/,
    ],
    ['of an extra field of gzip', Buffer.from('1f8b0804000000000003ffff', 'hex'), /gzip/],
  ])('%s ends', async (_name, bytes, reason) => {
    const listed = await reasons(bytes)
    if (reason !== null) expect(listed).toEqual([expect.stringMatching(reason)])
    else expect(listed.length).toBeLessThanOrEqual(1)
  })
})

describe('memory', () => {
  it('streams that want much of it at once are listed', async () => {
    // A window of 128 MiB each, by the headers alone.
    const wide = (content: Buffer): Buffer => {
      const block = Buffer.alloc(3)
      block.writeUIntLE((content.length << 3) | 1, 0, 3)
      return Buffer.concat([Buffer.from('28b52ffd0088', 'hex'), block, content])
    }
    const inner = wide(Buffer.from(`GITHUB_TOKEN=${fill('{{github-token-2}}')}`))
    expect(await reasons(inner)).toEqual([])
    expect(await reasons(wide(inner))).toEqual([expect.stringMatching(/takes more than the 128 MiB of memory/)])
  })

  it('tens of thousands of small parts are read', async () => {
    for (const one of [zlib.gzipSync('a'), zlib.zstdCompressSync(Buffer.from('a'))]) {
      expect(await reasons(Buffer.concat(Array.from({ length: 5000 }, () => one)))).toEqual([])
    }
  })
})
