// A key id of AWS and its secret in two variables, labels or fields are one leak.
import { describe, expect, it } from 'vitest'
import { lintDockerfile } from '../../src/lint.ts'
import { PRESETS } from '../../src/policy/config.ts'
import { mergeConfigs, toPolicy } from '../../src/policy/policy.ts'
import { processScanner } from '../../src/secrets/scanner.ts'
import { fill } from '../values.ts'

const POLICY = toPolicy('.layergate.yml', mergeConfigs([PRESETS['recommended'] ?? {}]))
const [id, secret] = [fill('{{aws-id}}'), fill('{{aws-secret}}')]
const otherId = `${id.slice(0, -1)}${id.endsWith('A') ? 'B' : 'A'}`
const otherSecret = `${secret.slice(0, -2)}${secret.endsWith('7Q') ? '8R' : '7Q'}`

const found = (...lines: readonly string[]): string[] =>
  lintDockerfile(
    { path: 'Dockerfile', text: `FROM scratch\n${lines.join('\n')}\nUSER 1\n` },
    POLICY,
    processScanner(),
    new Date('2026-11-26'),
  )
    .verdict.findings.filter((finding) => finding.secret !== null)
    .map((finding) => `${finding.secret?.detector} ${finding.severity} ${finding.dockerfile?.startLine}`)

describe('a key id and its secret', () => {
  it.each<[string, readonly string[], string]>([
    ['one ENV', [`ENV AWS_ACCESS_KEY_ID=${id} AWS_SECRET_ACCESS_KEY=${secret}`], 'aws-secret-key critical 2'],
    ['two ENV', [`ENV AWS_ACCESS_KEY_ID=${id}`, `ENV AWS_SECRET_ACCESS_KEY=${secret}`], 'aws-secret-key critical 3'],
    [
      'the secret first',
      [`ENV AWS_SECRET_ACCESS_KEY=${secret}`, `ENV AWS_ACCESS_KEY_ID=${id}`],
      'aws-secret-key critical 2',
    ],
    ['two labels', [`LABEL key=${id}`, `LABEL aws_secret=${secret}`], 'aws-secret-key critical 3'],
    ['one RUN', [`RUN AWS_ACCESS_KEY_ID=${id} AWS_SECRET_ACCESS_KEY=${secret} aws s3 ls`], 'aws-secret-key critical 2'],
    [
      'an ARG and an ENV of both',
      [`ENV AWS_ACCESS_KEY_ID=${id}`, `ENV AWS_SECRET_ACCESS_KEY=${secret}`, `ARG AWS_SECRET_ACCESS_KEY=${secret}`],
      'aws-secret-key critical 3',
    ],
  ])('are one finding in %s', (_about, lines, expected) => {
    expect(found(...lines)).toEqual([expected])
  })

  it.each<[string, readonly string[], readonly string[]]>([
    ['an id without a secret', [`ENV AWS_ACCESS_KEY_ID=${id}`], ['aws-access-key medium 2']],
    ['a secret without an id', [`ENV AWS_SECRET_ACCESS_KEY=${secret}`], ['aws-secret-key high 2']],
    [
      'an id in a label, the secret in ENV',
      [`LABEL key=${id}`, `ENV AWS_SECRET_ACCESS_KEY=${secret}`],
      ['aws-secret-key high 3', 'aws-access-key medium 2'],
    ],
    [
      'two of each, of which nobody knows which is whose',
      [
        `ENV A_ACCESS_KEY_ID=${id}`,
        `ENV B_ACCESS_KEY_ID=${otherId}`,
        `ENV A_SECRET_ACCESS_KEY=${secret}`,
        `ENV B_SECRET_ACCESS_KEY=${otherSecret}`,
      ],
      ['aws-secret-key high 4', 'aws-secret-key high 5', 'aws-access-key medium 2', 'aws-access-key medium 3'],
    ],
    [
      'an id that stands elsewhere too',
      [`LABEL key=${id}`, `ENV AWS_ACCESS_KEY_ID=${id}`, `ENV AWS_SECRET_ACCESS_KEY=${secret}`],
      ['aws-secret-key critical 4', 'aws-access-key medium 3'],
    ],
  ])('are told apart: %s', (_about, lines, expected) => {
    expect(found(...lines)).toEqual(expected)
  })
})
