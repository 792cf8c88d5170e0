// What the runner is told to mask.
import { describe, expect, it } from 'vitest'
import type { Strength } from '../../src/secrets/detector.ts'
import { DETECTORS } from '../../src/secrets/detectors/list.ts'
import { masksOf } from '../../src/secrets/masks.ts'
import { buildImage } from '../image-builder.ts'
import { judgeArchive } from '../run-gate.ts'
import { random, VALUES } from '../values.ts'

const [detector] = DETECTORS
if (detector === undefined) throw new Error('no detector')
const masks = (...values: (string | [string, Strength])[]): string[] =>
  masksOf(
    values.map((given) =>
      typeof given === 'string'
        ? { detector, value: given, strength: 'likely' }
        : { detector, value: given[0], strength: given[1] },
    ),
  )

describe('what is masked', () => {
  it('a token, whole', () => {
    const token = VALUES['github-token']?.() ?? ''
    expect(masks(token)).toEqual([token])
  })

  it('a key line by line, without header, footer and a short last line', () => {
    const lines = masks(
      `-----BEGIN RSA PRIVATE KEY-----\n${random(64)}\n${random(64, undefined, 2)}\nAQAB\n-----END RSA PRIVATE KEY-----\n`,
    )
    expect(lines).toEqual([random(64), random(64, undefined, 2)])
  })

  it('also where its line ends are written as escapes, or as Windows has them', () => {
    expect(masks(`-----BEGIN X-----\\n${random(64)}\\n-----END X-----`)).toEqual([random(64)])
    expect(masks(`-----BEGIN X-----\r\n${random(64)}\r\n-----END X-----`)).toEqual([random(64)])
  })

  it.each([
    ['an ordinary word', 'password'],
    ['a word of another language', 'Passwort'],
    ['a word with a number', 'debian2024'],
    ['words joined by a sign', 'my-app-prod'],
    ['words of a sentence', 'a quick brown fox'],
    ['a few characters', 'x7Kq2!'],
    ['structure of JSON', '{\n"type": {\n},\n]\n'],
    ['a header of a key', '-----BEGIN OPENSSH PRIVATE KEY-----'],
    ['the headers in a key', 'Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,0011\n'],
    ['raw bytes', '0\x82\x04\xbd\x02\x01\x00abcdefgh9K2x7QpL'],
    ['bytes read as text', `${random(12)}\u00e9\u0001\u0002`],
  ])('not %s', (_about, value) => {
    expect(masks(value)).toEqual([])
  })

  it('nothing harmless, and the worst first', () => {
    const [one, two, three, four] = [1, 2, 3, 4].map((seed) => random(30, undefined, seed))
    expect(
      masks([one ?? '', 'possible'], [two ?? '', 'harmless'], [three ?? '', 'proven'], [four ?? '', 'likely']),
    ).toEqual([three, four, one])
  })

  it('two hundred at most: the proven ones stay', () => {
    const many = Array.from({ length: 300 }, (_, seed): [string, Strength] => [
      random(30, undefined, seed + 1),
      seed < 250 ? 'possible' : 'proven',
    ])
    const found = masks(...many)
    expect(found).toHaveLength(200)
    for (const [value] of many.slice(250)) expect(found).toContain(value)
  })

  it('of an image: values of findings alone, not what a package vouches for or a manual says', async () => {
    const token = VALUES['github-token']?.() ?? ''
    const manual = 'machine a.io login b password debian\nmachine c.io login d password Passwort\n'
    const { masks: found } = await judgeArchive(
      await buildImage({
        layers: [
          {
            by: 'COPY . /app # buildkit',
            files: [
              { name: 'app/.env', content: `GITHUB_TOKEN=${token}\nAWS=AKIAIOSFODNN7EXAMPLE\n` },
              { name: 'usr/share/man/man5/netrc.5', content: manual },
            ],
          },
        ],
      }),
    )
    expect(found).toEqual([token])
  })
})
