// gzip in base64, as Helm, Kubernetes, cloud-init and scripts write it: whatever stands around it, and however it is broken.
import { randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { processScanner } from '../../src/secrets/scanner.ts'
import { buildImage } from '../image-builder.ts'
import { judgeArchive } from '../run-gate.ts'
import { fill } from '../values.ts'

const scanner = processScanner()
const token = fill('{{github-token}}')

const scan = (text: string, path = '/app/release.yaml') => {
  const running = scanner.start(path)
  running.push(Buffer.from(text, 'latin1'), true)
  return running
}
const values = (text: string): string[] => scan(text).matches.map(({ value }) => value)

/** gzip whose base64 takes any number of characters. */
const packed = (size: number): string =>
  gzipSync(JSON.stringify({ u: 'x'.repeat(size) + String(size * 7919), token, note: 'some more text here' })).toString(
    'base64',
  )
const lines = (text: string, width: number): string[] => text.match(new RegExp(`.{1,${width}}`, 'g')) ?? []

const FORMS: Readonly<Record<string, (base64: string) => string>> = {
  'a line of text behind it': (base64) => `  release: ${base64}\nkind: Secret\n`,
  'a line of letters behind it': (base64) =>
    `data:\n  release: ${base64}\nabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijkl\n`,
  'another base64 text behind it': (base64) =>
    `${base64}\n${Buffer.from('some more text that says nothing to anyone at all').toString('base64')}\n`,
  'no padding, and a line behind it': (base64) => `release: ${base64.replace(/=+$/, '')}\ntype: helm.sh/release.v1\n`,
  'lines of 76': (base64) => `${lines(base64, 76).join('\n')}\nend of it\n`,
  'lines of 64, indented': (base64) => `  release: |\n    ${lines(base64, 64).join('\n    ')}\n  kind: Secret\n`,
  'lines of 40, deeply indented': (base64) =>
    `x: >-\n${lines(base64, 40)
      .map((line) => ' '.repeat(24) + line)
      .join('\n')}\nname: x\n`,
  'lines of 76 that end with a carriage return': (base64) => `${lines(base64, 76).join('\r\n')}\r\nkind: Secret\r\n`,
  'JSON, quoted': (base64) => JSON.stringify({ data: { release: base64 }, kind: 'Secret' }),
  'JSON with escaped line breaks': (base64) =>
    JSON.stringify({ release: `${lines(base64, 76).join('\n')}\n`, kind: 'Secret' }),
  'JSON with escaped slashes': (base64) => `{"release":"${base64.replaceAll('/', '\\/')}","kind":"Secret"}`,
  'JSON with escaped signs': (base64) =>
    `{"release":"${base64.replaceAll('+', '\\u002b').replaceAll('/', '\\u002F')}"}`,
  'strings that code joins': (base64) => `const data = "${lines(base64, 60).join('" +\n  "')}"\n`,
  'a shell line that goes on': (base64) => `echo ${lines(base64, 60).join('\\\n')} | base64 -d | gunzip\n`,
  'lines of a comment': (base64) => `# ${lines(base64, 70).join('\n# ')}\n# kind: Secret\n`,
  'letters in front of it': (base64) => `path/to/${base64}\nkind: Secret\n`,
  'an escaped line feed in front of it': (base64) => `"x:\\n${base64}\\nkind: Secret"`,
  'a URL': (base64) => `https://acme.io/?state=${encodeURIComponent(base64)}&x=y`,
  base64url: (base64) => `release: ${base64.replaceAll('+', '-').replaceAll('/', '_')}\nkind: Secret\n`,
  'base64 of base64': (base64) => `release: ${Buffer.from(base64).toString('base64')}\nkind: Secret\n`,
}

describe.each(Object.entries(FORMS))('in %s', (_name, form) => {
  it('a token is found, whatever the length', () => {
    for (let size = 0; size < 16; size++) expect(values(form(packed(size))), `${size}`).toEqual([token])
  })
})

describe('a token is found', () => {
  it('where one or two bytes stand in front of the gzip within the base64', () => {
    for (const front of ['', 'a', 'ab', 'abc', 'abcd', 'some text of forty letters or even more: '])
      expect(
        values(`x: ${Buffer.concat([Buffer.from(front), gzipSync(`TOKEN=${token}`)]).toString('base64')}\nkind: y\n`),
        front,
      ).toEqual([token])
  })

  it('in the second of two gzips, and in the name that a header holds', () => {
    expect(values(Buffer.concat([gzipSync('nothing here'), gzipSync(`TOKEN=${token}`)]).toString('base64'))).toEqual([
      token,
    ])
    const named = gzipSync('nothing here')
    const header = Buffer.from(named.subarray(0, 10))
    header[3] = 8
    expect(
      values(`x: ${Buffer.concat([header, Buffer.from(`${token}\0`), named.subarray(10)]).toString('base64')}\n`),
    ).toEqual([token])
  })

  it('behind starts that come to nothing', () => {
    expect(values(`${'H4sIAAAAAAAAA'.repeat(300)}\n${packed(3)}\n`)).toEqual([token])
  })

  it('in a text that is cut off', () => {
    const base64 = gzipSync(Buffer.concat([Buffer.from(`TOKEN=${token}\n`), randomBytes(4000)])).toString('base64')
    expect(values(`release: ${base64.slice(0, 1000)}\n`)).toEqual([token])
  })
})

describe('what is longer than the window', () => {
  const long = (behind: string): string =>
    `release: ${gzipSync(Buffer.concat([randomBytes(2 << 20), Buffer.from(behind)])).toString('base64')}\n`

  it('is read to there, and said', async () => {
    expect(scan(long(token)).isCut).toBe(true)
    expect(scan(`${'x\n'.repeat(600_000)}${packed(5)}\n${'y\n'.repeat(600_000)}`).isCut).toBe(false)
    const { report } = await judgeArchive(
      await buildImage({
        layers: [{ by: 'COPY . / # buildkit', files: [{ name: 'x.yaml', content: long('') }] }],
        config: { User: '1' },
      }),
    )
    expect(report.stats.skipped).toMatchObject([
      { path: '/x.yaml', reason: expect.stringMatching(/gzip in base64.*more than 1 MiB/) },
    ])
  })

  it('many texts that claim to be packed end', () => {
    expect(values('H4sI'.repeat(300_000))).toEqual([])
    expect(values(`${gzipSync('x').toString('base64').slice(0, 20)}\n`.repeat(60_000))).toEqual([])
  })
})
