// The WebAssembly kernel against the plain search, and the scanner against itself with its input cut in other places.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SEARCHED } from '../../src/secrets/detectors/list.ts'
import { buildKernel } from '../../src/secrets/prefilter/kernel.ts'
import { prebuiltTable } from '../../src/secrets/prefilter/prebuilt.ts'
import type { Kernel } from '../../src/secrets/prefilter/search.ts'
import { buildLiteralSet, type Literal } from '../../src/secrets/prefilter/table-builder.ts'
import { literalsOf, processScanner, Scanner } from '../../src/secrets/scanner.ts'
import { VALUES } from '../values.ts'

const LITERALS: readonly Literal[] = [
  ...['ghp_', 'AKIA', 'xoxb-', '-----BEGIN ', '://', 'eyJ', 'hvs.', 'abc', 'bcd'].map((text) => ({
    text,
    ignoreCase: false,
    assignment: false,
    run: 0,
  })),
  ...['passw', 'secret', 'token', 'api_key'].map((text) => ({ text, ignoreCase: true, assignment: true, run: 0 })),
  { text: 'Twilio', ignoreCase: true, assignment: false, run: 0 },
  ...['hf_', 'sk-'].map((text) => ({ text, ignoreCase: false, assignment: false, run: 6 })),
  { text: 'Run', ignoreCase: true, assignment: true, run: 3 },
]
const SIZE = 4096

function hits(kernel: Kernel, text: Buffer, from: number): string[] {
  text.copy(kernel.window)
  const found: string[] = []
  kernel.scan(from, text.length, (position, literal, start, length) => {
    if (position >= from) found.push(`${position}:${literal}:${start}:${length}`)
  })
  return found.sort()
}

const piece = fc.oneof(
  fc.constantFrom(
    'ghp_',
    'hf_',
    'sk-',
    'runs=',
    'AKIA',
    'xoxb-',
    '-----BEGIN ',
    '://',
    'eyJ',
    'hvs.',
    'abcd',
    'PASSWORD',
    'secret_key',
    'Token',
    'api_key',
    'twilio',
    '=',
    ': ',
    '"',
    "'",
    '\n',
    'value123',
    '\0',
    'x',
  ),
  fc.string({ maxLength: 12 }),
)
const text = fc.array(piece, { maxLength: 60 }).map((parts) => Buffer.from(parts.join(''), 'latin1').subarray(0, SIZE))

describe('the prefilter', () => {
  const wasm = buildKernel(LITERALS, SIZE)
  const plain = buildKernel(LITERALS, SIZE, false)

  it('finds the literals and values that the plain search finds', () => {
    fc.assert(
      fc.property(text, fc.nat(64), (bytes, from) => {
        expect(hits(wasm, bytes, Math.min(from, bytes.length))).toEqual(
          hits(plain, bytes, Math.min(from, bytes.length)),
        )
      }),
      { numRuns: 400 },
    )
  })

  it('counts lines and finds long base64 runs as the plain search does', () => {
    fc.assert(
      fc.property(text, (bytes) => {
        bytes.copy(wasm.window)
        bytes.copy(plain.window)
        expect(wasm.lines(0, bytes.length)).toBe(plain.lines(0, bytes.length))
        const runs = (kernel: Kernel): string[] => {
          const found: string[] = []
          kernel.base64Runs(bytes.length, (position, length) => length >= 47 && found.push(`${position}+${length}`))
          return found
        }
        expect(runs(wasm)).toEqual(runs(plain))
      }),
    )
  })
})

describe('the scanner', () => {
  const scanner = processScanner()
  const planted = [
    'github-token',
    'gitlab-token',
    'slack-token',
    'stripe-key',
    'npm-token',
    'jwt',
    'ec-key',
    'digitalocean-token',
  ].map((name) => VALUES[name]?.() ?? '')

  /** Values in half a megabyte of other text, near every border of a window. */
  const content = (): Buffer => {
    const parts: string[] = []
    for (let i = 0; i < 3000; i++)
      parts.push(
        `${'lorem ipsum dolor sit amet '.repeat(1 + (i % 23))}\n`,
        i % 40 === 0 ? `k${i} ${planted[(i / 40) % planted.length]}\n` : '',
      )
    return Buffer.from(parts.join(''))
  }

  const scan = (bytes: Buffer, size: number): string[] => {
    const running = scanner.start('notes.txt')
    for (let at = 0; at < bytes.length; at += size)
      running.push(bytes.subarray(at, at + size), at + size >= bytes.length)
    return running.matches.map(
      ({ detector, value, offset, line }) => `${offset} ${line} ${detector} ${value.slice(0, 12)}`,
    )
  }

  it('finds each value once, with its line, wherever the chunks end', () => {
    const bytes = content()
    const whole = scan(bytes, bytes.length)
    expect(whole).toHaveLength(75)
    for (const size of [1 << 20, 65_536, 30_011, 16_384, 5000]) expect(scan(bytes, size)).toEqual(whole)
  })

  it('finds the same without SIMD', () => {
    const bytes = content().subarray(0, 200_000)
    const running = new Scanner(undefined, false).start('notes.txt')
    running.push(bytes, true)
    expect(running.matches.map(({ offset }) => offset)).toEqual(
      scan(bytes, bytes.length).map((match) => Number(match.split(' ')[0])),
    )
  })

  it.each([
    ['UTF-16 LE', (value: string) => Buffer.from(`key: ${value} and more text`, 'utf16le'), 'utf-16'],
    ['UTF-16 BE', (value: string) => Buffer.from(`key: ${value} and more text`, 'utf16le').swap16(), 'utf-16'],
    ['base64', (value: string) => Buffer.from(`data: ${Buffer.from(`token ${value}`).toString('base64')}`), 'base64'],
    [
      'base64 in lines of 64',
      (value: string) =>
        Buffer.from(
          (
            Buffer.from(`some text before it, and then ${value} and after`)
              .toString('base64')
              .match(/.{1,64}/g) ?? []
          ).join('\n  '),
        ),
      'base64',
    ],
    [
      'base64 in base64',
      (value: string) => Buffer.from(Buffer.from(Buffer.from(`token ${value}`).toString('base64')).toString('base64')),
      'base64',
    ],
    [
      'a file without line breaks',
      (value: string) => Buffer.from(`${'a,'.repeat(700_000)}"${value}"${',b'.repeat(700_000)}`),
      'raw',
    ],
  ])('finds a token in %s', (_name, encode, encoding) => {
    const value = VALUES['github-token']?.() ?? ''
    const running = scanner.start('file')
    running.push(encode(value), true)
    expect(running.matches.map((match) => [match.detector, match.value, match.encoding])).toEqual([
      ['github-token', value, encoding],
    ])
  })
})

describe('the prebuilt table', () => {
  const literals = literalsOf(SEARCHED).map(({ spec }) => spec)

  it('is the one that the literals of all detectors compile to', () => {
    expect(
      Buffer.from(prebuiltTable(literals) ?? []).equals(buildLiteralSet(literals, { isThorough: true }).image),
    ).toBe(true)
  })

  it('is not taken for other literals', () => {
    expect(prebuiltTable(literals.slice(1))).toBeNull()
    expect(
      prebuiltTable(literals.map((literal, index) => (index === 7 ? { ...literal, run: literal.run + 1 } : literal))),
    ).toBeNull()
  })
})

describe('more literals behind one hash than the kernel has room for', () => {
  it('are searched for all the same', () => {
    const literals = Array.from({ length: 300 }, () => ({ text: 'abc', ignoreCase: false, assignment: false, run: 0 }))
    const kernel = buildKernel(literals, 1024)
    kernel.window.write('xxabcxx', 'latin1')
    const hits: number[] = []
    kernel.scan(0, 7, (position) => hits.push(position))
    expect(hits).toEqual(literals.map(() => 2))
  })
})
