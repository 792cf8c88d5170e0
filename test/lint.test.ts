// Dockerfiles alone: what is found, what a comment accepts, and what is said of comments that accept nothing.
import { describe, expect, it } from 'vitest'
import { type LintResult, lintDockerfile } from '../src/lint.ts'
import { PRESETS } from '../src/policy/config.ts'
import { parseConfigText } from '../src/policy/load.ts'
import { mergeConfigs, toPolicy } from '../src/policy/policy.ts'
import { renderLint, renderLintJson } from '../src/report/lint.ts'
import { renderLintSarif } from '../src/report/sarif.ts'
import { Scanner } from '../src/secrets/scanner.ts'
import { buildImage } from './image-builder.ts'
import { judgeArchive } from './run-gate.ts'
import { random } from './values.ts'

const scanner = new Scanner()
const NOW = new Date('2026-11-24T12:00:00Z')
const lint = (text: string, policy = ''): LintResult =>
  lintDockerfile({ path: 'Dockerfile', text }, toPolicy('.layergate.yml', mergeConfigs([PRESETS['recommended'] ?? {}, parseConfigText('.layergate.yml', policy)])), scanner, NOW)
const open = ({ verdict }: LintResult): string[] =>
  verdict.findings.filter(({ suppressed }) => suppressed === null).map(({ ruleId, dockerfile }) => `${ruleId} ${dockerfile?.startLine}`)
const warnings = ({ verdict }: LintResult): string => verdict.warnings.map(({ message }) => message).join('\n')

const PIPE = 'RUN curl -fsSL http://get.acme.io | sh\n'

describe('a comment above the line', () => {
  it('accepts the finding of one rule, with its reason', () => {
    const result = lint(`FROM scratch\nUSER 1\n# layergate-ignore: pipe-to-shell our own server, in the same rack\n${PIPE}`)
    expect(open(result)).toEqual([])
    expect(result.verdict.result).toBe('pass')
    expect(result.verdict.findings[0]?.suppressed).toEqual({ by: 'inline', reason: 'our own server, in the same rack', expires: null })
  })

  it('counts until its day', () => {
    const until = (day: string): string => `FROM scratch\nUSER 1\n# layergate-ignore: pipe-to-shell moved soon until ${day}\n${PIPE}`
    expect(open(lint(until('2026-11-24')))).toEqual([])
    const late = lint(until('2026-11-23'))
    expect(open(late)).toEqual(['pipe-to-shell 4'])
    expect(warnings(late)).toContain('expired on 2026-11-23')
  })

  it('inside an instruction accepts the command below it, and no other', () => {
    const result = lint(
      'FROM scratch\nUSER 1\nRUN x \\\n # layergate-ignore: tls-verification-off its CA is not there yet\n && curl -k https://a.acme.io \\\n && wget --no-check-certificate https://b.acme.io\n',
    )
    expect(open(result)).toEqual(['tls-verification-off 6'])
  })

  it('above FROM accepts what is said of the stage', () => {
    expect(open(lint('# layergate-ignore: missing-user,base-not-allowed a job, not a service\nFROM debian:12\n'))).toEqual([])
  })

  it.each([
    ['no reason', 'pipe-to-shell', 'gives no reason'],
    ['no rule', '', 'names no rule'],
    ['a rule that is none', 'pipe-to-shel our own server', 'did you mean pipe-to-shell?'],
    ['a day that is none', 'pipe-to-shell our own until tomorrow', 'where a day is due'],
  ])('with %s accepts nothing, and that is said', (_about, words, says) => {
    const result = lint(`FROM scratch\nUSER 1\n# layergate-ignore: ${words}\n${PIPE}`)
    expect(open(result)).toEqual(['pipe-to-shell 4'])
    expect(warnings(result)).toContain(says)
  })

  it('that matches nothing is said', () => {
    expect(warnings(lint('FROM scratch\nUSER 1\n# layergate-ignore: pipe-to-shell our own server\nRUN true\n'))).toContain('matched nothing')
  })

  it('of hadolint counts for the rules that correspond, and for those alone', () => {
    expect(open(lint(`FROM scratch\n# hadolint ignore=DL3002,DL3008\nUSER root\n`))).toEqual([])
    expect(open(lint(`FROM scratch\nUSER 1\n# hadolint ignore=DL3020\n${PIPE}`))).toEqual(['pipe-to-shell 4'])
    expect(open(lint(`# hadolint global ignore=DL3002\nFROM scratch\nRUN true\nUSER root\n`))).toEqual([])
  })

  it('is no comment inside a here-document', () => {
    expect(open(lint(`FROM scratch\nUSER 1\nRUN <<EOF\n# layergate-ignore: pipe-to-shell our own server\ncurl https://a.acme.io | sh\nEOF\n`))).toEqual(['pipe-to-shell 5'])
  })

  it('counts in the image as well, for a secret that COPY took along too', async () => {
    const dockerfile = 'FROM scratch\n# layergate-ignore: secret-in-image a key of the tests\nCOPY . /app\n'
    const archive = await buildImage({
      config: { User: '1' },
      layers: [{ by: 'COPY . /app # buildkit', files: [{ name: 'app/.env', content: `PASSWORD=${random(24)}\nX=postgres://u:${random(20)}@db.acme.io/x\n` }] }],
    })
    const { report } = await judgeArchive(archive, { dockerfile })
    expect(report.findings.length).toBeGreaterThan(0)
    expect(report.findings.every(({ suppressed }) => suppressed?.by === 'inline')).toBe(true)
    expect(report.verdict.result).toBe('pass')
  })
})

describe('the outputs', () => {
  const password = random(24, undefined, 77)
  const spaced = `${random(9, undefined, 3)} ${random(9, undefined, 4)} ${random(9, undefined, 5)}`
  const TEXT = `FROM debian:12\nRUN echo ${'long '.repeat(14)} && curl -u ci:${password} https://a.acme.io/${'p'.repeat(40)} -o /a \\\n && sshpass -p '${spaced}' ssh -o StrictHostKeyChecking=no ci@a.acme.io ls -la /some/where/far/away && mysql -psecret -e x\n`

  it('hold no credential of a command, whole or in part, wherever the quote is cut', () => {
    const results = [lint(TEXT)]
    for (const text of [renderLint(results, { verbose: true }), renderLintJson(results), renderLintSarif(results)])
      for (const part of [password, ...spaced.split(' '), '-psecret']) expect(text).not.toContain(part)
  })

  it.each([
    ['chpasswd', `echo 'root:${random(12)}' | chpasswd`],
    ['chpasswd from a here-document', `chpasswd <<EOF\nroot:${random(12)}\nEOF`],
    ['passwd', `printf '${random(12)}\\n${random(12)}\\n' | passwd root`],
    ['a hash', `usermod -p '${random(12)}' root`],
    ['a usual one', `echo root:toor1 | chpasswd`],
  ])('hold no password of an account: %s', async (_about, run) => {
    const secret = run.includes('toor1') ? 'root:toor1' : random(12)
    const dockerfile = `FROM scratch\nRUN ${run}\n`
    const results = [lint(dockerfile)]
    expect(results[0]?.verdict.findings.some(({ ruleId }) => ruleId === 'password-set')).toBe(true)
    for (const text of [renderLint(results, { verbose: true }), renderLintJson(results), renderLintSarif(results)]) expect(text).not.toContain(secret)
    const archive = await buildImage({ layers: [{ by: `RUN /bin/sh -c ${run} # buildkit`, files: [{ name: 'x', content: 'x' }] }] })
    expect(JSON.stringify(await judgeArchive(archive, { dockerfile }).then(({ report, source, instructions }) => [report, source, instructions]))).not.toContain(secret)
  })

  it('name file, line, severity and rule in one line, as compilers do', () => {
    expect(renderLint([lint(`FROM scratch\nUSER 1\n${PIPE}`)], { verbose: false })).toMatch(
      /^Dockerfile:3: high: RUN pipes what curl downloads into sh .+ \[pipe-to-shell\]\n {4}→ Download/,
    )
  })

  it('end with the verdict, and say what was accepted', () => {
    const text = renderLint([lint(`FROM scratch\nUSER 1\n# layergate-ignore: pipe-to-shell our own server\n${PIPE}`)], { verbose: true })
    expect(text).toContain('Dockerfile:4: accepted: pipe-to-shell (our own server)')
    expect(text).toMatch(/\nPASS {2}Dockerfile · nothing found · \d+ rules passed · 1 accepted\n$/)
  })

  it('are the same from run to run', () => {
    expect(renderLintJson([lint(TEXT)])).toBe(renderLintJson([lint(TEXT)]))
  })
})

describe('text that is no Dockerfile', () => {
  it.each([
    ['no FROM', 'RUN true\n', 'no FROM'],
    ['a here-document without an end', 'FROM a\nRUN <<EOF\nx\n', 'has no end'],
  ])('%s is refused, with the file', (_about, text, says) => {
    expect(() => lint(text)).toThrow(says)
    expect(() => lint(text)).toThrow('Dockerfile')
  })
})

describe('a RUN that is not read', () => {
  it('is said, with its line and why', () => {
    expect(warnings(lint('FROM mcr.microsoft.com/windows/nanoserver\nSHELL ["powershell", "-Command"]\nRUN Get-Item x\n'))).toContain(
      'Dockerfile:3 was not read as commands in full: powershell runs it',
    )
    expect(warnings(lint('FROM debian\nRUN if true; then\n'))).toContain('no whole shell text')
  })
})
