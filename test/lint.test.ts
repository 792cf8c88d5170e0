// Dockerfiles alone: what is found, what a comment accepts, and what is said of comments that accept nothing.
import { describe, expect, it } from 'vitest'
import { type LintResult, lintDockerfile } from '../src/lint.ts'
import { PRESETS } from '../src/policy/config.ts'
import { parseConfigText } from '../src/policy/load.ts'
import { mergeConfigs, toPolicy } from '../src/policy/policy.ts'
import { renderLint, renderLintJson } from '../src/report/lint.ts'
import { renderLintSarif } from '../src/report/sarif.ts'
import { processScanner } from '../src/secrets/scanner.ts'
import { buildImage } from './image-builder.ts'
import { judgeArchive } from './run-gate.ts'
import { random, VALUES } from './values.ts'

const scanner = processScanner()
const NOW = new Date('2026-11-24T12:00:00Z')
const lint = (text: string, policy = ''): LintResult =>
  lintDockerfile(
    { path: 'Dockerfile', text },
    toPolicy('.layergate.yml', mergeConfigs([PRESETS['recommended'] ?? {}, parseConfigText('.layergate.yml', policy)])),
    scanner,
    NOW,
  )
const open = ({ verdict }: LintResult): string[] =>
  verdict.findings
    .filter(({ suppressed }) => suppressed === null)
    .map(({ ruleId, dockerfile }) => `${ruleId} ${dockerfile?.startLine}`)
const warnings = ({ verdict }: LintResult): string => verdict.warnings.map(({ message }) => message).join('\n')

const PIPE = 'RUN curl -fsSL http://get.acme.io | sh\n'

describe('a comment above the line', () => {
  it('accepts the finding of one rule, with its reason', () => {
    const result = lint(
      `FROM scratch\nUSER 1\n# layergate-ignore: pipe-to-shell our own server, in the same rack\n${PIPE}`,
    )
    expect(open(result)).toEqual([])
    expect(result.verdict.result).toBe('pass')
    expect(result.verdict.findings[0]?.suppressed).toEqual({
      by: 'inline',
      reason: 'our own server, in the same rack',
      expires: null,
    })
  })

  it('counts until its day', () => {
    const until = (day: string): string =>
      `FROM scratch\nUSER 1\n# layergate-ignore: pipe-to-shell moved soon until ${day}\n${PIPE}`
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
    expect(
      open(lint('# layergate-ignore: missing-user,base-not-allowed a job, not a service\nFROM debian:12\n')),
    ).toEqual([])
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
    expect(
      warnings(lint('FROM scratch\nUSER 1\n# layergate-ignore: pipe-to-shell our own server\nRUN true\n')),
    ).toContain('matched nothing')
  })

  it('of hadolint counts for the rules that correspond, and for those alone', () => {
    expect(open(lint(`FROM scratch\n# hadolint ignore=DL3002,DL3008\nUSER root\n`))).toEqual([])
    expect(open(lint(`FROM scratch\nUSER 1\n# hadolint ignore=DL3020\n${PIPE}`))).toEqual(['pipe-to-shell 4'])
    expect(open(lint(`# hadolint global ignore=DL3002\nFROM scratch\nRUN true\nUSER root\n`))).toEqual([])
  })

  it('is no comment inside a here-document', () => {
    expect(
      open(
        lint(
          `FROM scratch\nUSER 1\nRUN <<EOF\n# layergate-ignore: pipe-to-shell our own server\ncurl https://a.acme.io | sh\nEOF\n`,
        ),
      ),
    ).toEqual(['pipe-to-shell 5'])
  })

  it('counts in the image as well, for a secret that COPY took along too', async () => {
    const dockerfile = 'FROM scratch\n# layergate-ignore: secret-in-image a key of the tests\nCOPY . /app\n'
    const archive = await buildImage({
      config: { User: '1' },
      layers: [
        {
          by: 'COPY . /app # buildkit',
          files: [{ name: 'app/.env', content: `PASSWORD=${random(24)}\nX=postgres://u:${random(20)}@db.acme.io/x\n` }],
        },
      ],
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
    for (const text of [renderLint(results, { verbose: true }), renderLintJson(results), renderLintSarif(results)])
      expect(text).not.toContain(secret)
    const archive = await buildImage({
      layers: [{ by: `RUN /bin/sh -c ${run} # buildkit`, files: [{ name: 'x', content: 'x' }] }],
    })
    expect(
      JSON.stringify(
        await judgeArchive(archive, { dockerfile }).then(({ report, source, instructions }) => [
          report,
          source,
          instructions,
        ]),
      ),
    ).not.toContain(secret)
  })

  it('name file, line, severity and rule in one line, as compilers do', () => {
    expect(renderLint([lint(`FROM scratch\nUSER 1\n${PIPE}`)], { verbose: false })).toMatch(
      /^Dockerfile:3: high: RUN pipes what curl downloads into sh .+ \[pipe-to-shell\]\n {4}→ Download/,
    )
  })

  it('end with the verdict, and say what was accepted', () => {
    const text = renderLint([lint(`FROM scratch\nUSER 1\n# layergate-ignore: pipe-to-shell our own server\n${PIPE}`)], {
      verbose: true,
    })
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
    expect(
      warnings(lint('FROM mcr.microsoft.com/windows/nanoserver\nSHELL ["powershell", "-Command"]\nRUN Get-Item x\n')),
    ).toContain('Dockerfile:3 was not read as commands in full: powershell runs it')
    expect(warnings(lint('FROM debian\nRUN if true; then\n'))).toContain('no whole shell text')
  })
})

const TOKEN = VALUES['github-token']?.() ?? ''
const NPM = VALUES['npm-token']?.() ?? ''
const secrets = ({ verdict }: LintResult): string[] =>
  verdict.findings
    .filter(({ secret }) => secret !== null)
    .map(({ ruleId, severity, dockerfile }) => `${ruleId} ${severity} ${dockerfile?.startLine}-${dockerfile?.endLine}`)

describe('a secret in the text of a Dockerfile', () => {
  const inText = (text: string): string[] => secrets(lint(`FROM debian:12\n${text}\nUSER 1\n`))

  it.each([
    ['ENV that takes it over from an argument', `ARG T=${TOKEN}\nENV GITHUB_TOKEN=$T`, 'secret-in-env critical 3-3'],
    ['ENV with the default of a variable', `ENV GITHUB_TOKEN=\${OTHER:-${TOKEN}}`, 'secret-in-env critical 2-2'],
    ['a label in quotes', `LABEL a="1" b="token ${TOKEN}"`, 'secret-in-config critical 2-2'],
    ['a MAINTAINER', `MAINTAINER ${TOKEN}`, 'secret-in-config critical 2-2'],
    ['WORKDIR', `WORKDIR /srv/${TOKEN}`, 'secret-in-history critical 2-2'],
    [
      'a token over two lines',
      `RUN curl -H "Authorization: Bearer ${TOKEN.slice(0, 12)}\\\n${TOKEN.slice(12)}" https://api.github.com`,
      'secret-in-history critical 2-3',
    ],
    [
      'the second command of a long RUN',
      `RUN true \\\n # why\n && echo ${TOKEN} > /x \\\n && true`,
      'secret-in-history critical 4-4',
    ],
    [
      'a here-document with indented end',
      `RUN <<-EOF\n\tmake\n\techo ${TOKEN}\n\tEOF`,
      'secret-in-history critical 4-4',
    ],
    [
      'a here-document of another interpreter',
      `RUN <<EOF\n#!/usr/bin/env python3\nkey = "${TOKEN}"\nEOF`,
      'secret-in-history critical 4-4',
    ],
    ['ONBUILD with a here-document', `ONBUILD RUN <<EOF\necho ${TOKEN}\nEOF`, 'secret-in-config critical 3-3'],
    ['the condition of a health check', `HEALTHCHECK CMD ["probe", "${TOKEN}"]`, 'secret-in-config critical 2-2'],
    ['a COPY of a file that is called so', `COPY ${TOKEN}.txt /x`, 'secret-in-history critical 2-2'],
    ['a lower-case instruction with spaces', `  env   GITHUB_TOKEN=${TOKEN}`, 'secret-in-env critical 2-2'],
  ])('%s', (_about, text, finding) => {
    expect(inText(text)).toEqual([finding])
  })

  it('of a stage below the last is in the image; of one beside it is not', () => {
    expect(secrets(lint(`FROM debian:12 AS base\nENV GITHUB_TOKEN=${TOKEN}\nFROM base\nUSER 1\n`))).toEqual([
      'secret-in-env critical 2-2',
    ])
    expect(secrets(lint(`FROM debian:12 AS build\nENV GITHUB_TOKEN=${TOKEN}\nFROM debian:12\nUSER 1\n`))).toEqual([
      'secret-in-attestation critical 2-2',
    ])
  })

  it('stands once, with its other places', () => {
    const { verdict } = lint(
      `FROM debian:12\nENV GITHUB_TOKEN=${TOKEN}\nRUN make \\\n && git clone https://x:${TOKEN}@github.com/a/b\nUSER 1\n`,
    )
    const found = verdict.findings.filter(({ severity }) => severity === 'critical' || severity === 'high')
    expect(found.map(({ ruleId }) => ruleId)).toEqual(['secret-in-env'])
    expect(found[0]?.related.map(({ role, dockerfile }) => `${role} ${dockerfile?.startLine}`)).toEqual([
      'also-in 2',
      'also-in 4',
    ])
  })

  it('is accepted by a comment above it', () => {
    const result = lint(
      `FROM debian:12\nUSER 1\n# layergate-ignore: secret-in-history a token of the sandbox, without rights\nRUN curl -H "Authorization: Bearer ${TOKEN}" https://x\n`,
    )
    expect(open(result)).toEqual([])
    expect(result.verdict.result).toBe('pass')
  })

  it('fails as in the policy, and says what to do', () => {
    const { verdict } = lint(`FROM debian:12\nENV MODE=fast GITHUB_TOKEN=${TOKEN}\nUSER 1\n`)
    expect(verdict.result).toBe('fail')
    expect(verdict.findings[0]).toMatchObject({
      fails: true,
      fix: { edits: [{ startLine: 2, lines: ['ENV MODE=fast'] }] },
    })
    expect(verdict.findings[0]?.remedy).toMatch(/Remove GITHUB_TOKEN from ENV/)
    expect(lint('FROM debian:12\nENV GITHUB_TOKEN=changeme\nUSER 1\n').verdict.result).toBe('pass')
  })

  it('in a comment is medium at most, and never fails', () => {
    const { verdict } = lint(`# ${TOKEN}\nFROM debian:12\nUSER 1\n# DB_PASSWORD=${random(20)}\n`)
    expect(
      verdict.findings
        .filter(({ secret }) => secret !== null)
        .map(({ ruleId, severity, dockerfile }) => `${ruleId} ${severity} ${dockerfile?.startLine}`),
    ).toEqual(['secret-in-attestation medium 1', 'secret-in-attestation low 4'])
    expect(verdict.result).toBe('pass')
  })

  it('that expired is low', () => {
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    const expired = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: '8231', iat: 1_500_000_000, exp: 1_500_003_600 })}.${random(43)}`
    expect(inText(`ENV SESSION=${expired}`)).toEqual(['secret-in-env low 2-2'])
  })

  it('is the same in the image that the Dockerfile makes: rule, severity, line, fingerprint', async () => {
    const dockerfile = `FROM scratch\nCOPY x /x\nRUN make \\\n && curl -u ci:${VALUES['password']?.()} https://x.acme.io -o /x\nENV GITHUB_TOKEN=${TOKEN}\nLABEL npm=${NPM}\nUSER 1\n`
    const run = `make  && curl -u ci:${VALUES['password']?.()} https://x.acme.io -o /x`
    const archive = await buildImage({
      config: { User: '1', Env: [`GITHUB_TOKEN=${TOKEN}`], Labels: { npm: NPM } },
      layers: [
        { by: 'COPY x /x # buildkit', files: [{ name: 'x', content: 'x' }] },
        { by: `RUN /bin/sh -c ${run} # buildkit`, files: [{ name: 'y', content: 'x' }] },
        { by: `ENV GITHUB_TOKEN=${TOKEN}`, files: null },
        { by: `LABEL npm=${NPM}`, files: null },
        { by: 'USER 1', files: null },
      ],
    })
    const { report } = await judgeArchive(archive, { dockerfile })
    const told = (findings: LintResult['verdict']['findings']): string[] =>
      findings
        .filter(({ secret }) => secret !== null)
        .map(({ ruleId, severity, confidence, dockerfile: at, fingerprint, message, fix }) =>
          JSON.stringify([ruleId, severity, confidence, at?.startLine, at?.endLine, fingerprint, message, fix]),
        )
    expect(told(lint(dockerfile).verdict.findings)).toEqual(told(report.findings))
    expect(report.findings.some(({ ruleId }) => ruleId === 'credentials-in-command')).toBe(false)
  })
})

describe('one leak, one finding, in the image as well', () => {
  it.each([
    ['an issuer token in a URL', `git clone https://x:${TOKEN}@github.com/a/b`, 'secret-in-history critical'],
    ['a token in a header', `curl -H "Authorization: Bearer ${TOKEN}" https://x`, 'secret-in-history critical'],
    ['a token in a variable', `NPM_TOKEN=${NPM} npm ci`, 'secret-in-history critical'],
    ['a password of a command', `curl -u ci:${VALUES['password']?.()} https://x`, 'secret-in-history high'],
    ['a password of a variable', `PGPASSWORD=${VALUES['password']?.()} psql`, 'secret-in-history high'],
    ['a registry login', `npm config set //npm.acme.io/:_authToken=${NPM}`, 'secret-in-history critical'],
    ['what no detector knows', `vault login ${VALUES['password']?.()}`, 'credentials-in-command high'],
  ])('%s', async (_about, run, finding) => {
    const archive = await buildImage({
      config: { User: '1' },
      layers: [{ by: `RUN /bin/sh -c ${run} # buildkit`, files: [{ name: 'x', content: 'x' }] }],
    })
    const { report } = await judgeArchive(archive)
    expect(
      report.findings
        .filter(({ ruleId }) => /^secret|^credentials/.test(ruleId))
        .map(({ ruleId, severity }) => `${ruleId} ${severity}`),
    ).toEqual([finding])
    expect(report.verdict.result).toBe('fail')
  })

  it('a build argument that a command uses is told where it is set', async () => {
    const dockerfile = `FROM scratch\nARG T=${TOKEN}\nRUN curl -H "Authorization: Bearer $T" https://x\n`
    const found = lint(dockerfile).verdict.findings.filter(({ ruleId }) => /^secret|^credentials/.test(ruleId))
    expect(found.map(({ ruleId, dockerfile: at }) => `${ruleId} ${at?.startLine}`)).toEqual(['secret-in-history 2'])
  })
})

describe('an instruction that there is none of', () => {
  it.each([
    ['RUNN true', 'line 2: RUNN is no instruction (did you mean RUN?)'],
    ['COPPY . .', 'line 2: COPPY is no instruction (did you mean COPY?)'],
    ['FROMM debian:12', 'line 2: FROMM is no instruction (did you mean FROM?)'],
    ['entrypont ["/app"]', 'line 2: ENTRYPONT is no instruction (did you mean ENTRYPOINT?)'],
    ['PUBLISH 80', 'line 2: PUBLISH is no instruction.'],
    ['apt-get install -y curl', 'line 2: APT-GET is no instruction'],
    [`${VALUES['github-token']?.()} x`, 'line 2: this is no instruction'],
  ])('%s', (line, says) => {
    expect(() => lint(`FROM scratch\n${line}\n`)).toThrow(says)
  })

  it('is none where a syntax line names another language', () => {
    expect(() => lint('# syntax=acme.io/their/language:1\nFROM scratch\nINCLUDE other\nUSER 1\n')).not.toThrow()
    expect(() => lint('# syntax=docker/dockerfile:1\nFROM scratch\nINCLUDE other\n')).toThrow(
      'INCLUDE is no instruction',
    )
  })

  it.each([
    'run true',
    'HealthCheck NONE',
    'STOPSIGNAL 9',
    'SHELL ["sh"]',
    'ONBUILD RUN true',
    'MAINTAINER me',
    'VOLUME /x',
    'EXPOSE 80',
  ])('is not %s', (line) => {
    expect(() => lint(`FROM scratch\n${line}\nUSER 1\n`)).not.toThrow()
  })
})

describe('a value that stands on several lines', () => {
  const token = VALUES['github-token']?.() ?? ''

  it('names them all, each once, in order', () => {
    const text = renderLint(
      [
        lint(
          `FROM scratch\nARG T=${token}\nENV T=${token}\nLABEL t=${token}\nRUN echo ${token} && \\\n echo ${token}\nUSER 1\n`,
        ),
      ],
      { verbose: false },
    )
    expect(text).toMatch(/^Dockerfile:3: critical: .*\n {4}also on lines 2, 4 and 5\n/m)
    expect(text).not.toContain(token)
  })

  it.each([
    ['two', `ENV T=${token}\nLABEL t=${token}`, 'also on line 3'],
    ['one', `ENV T=${token}`, null],
  ])('%s', (_about, lines, says) => {
    const text = renderLint([lint(`FROM scratch\n${lines}\nUSER 1\n`)], { verbose: false })
    if (says === null) expect(text).not.toContain('also on')
    else expect(text).toContain(`    ${says}\n`)
  })
})

describe('a password of an account that a detector knows too is one finding', () => {
  const password = VALUES['password']?.() ?? ''
  it.each([
    ['with ENV', `ENV DB_PASSWORD=${password}\nRUN echo "root:${password}" | chpasswd`, 'secret-in-env'],
    ['with usermod', `RUN usermod --password=${password} app`, 'secret-in-history'],
    ['with LABEL', `LABEL password=${password}\nRUN useradd -p ${password} app`, 'secret-in-config'],
    [
      'with a variable of the command',
      `RUN PASSWORD=${password} ./x && echo ${password} | passwd --stdin root`,
      'secret-in-history',
    ],
    [
      'with a URL',
      `ENV DB=postgres://app:${password}@db.internal/x\nRUN printf '%s:%s\\n' root ${password} | chpasswd`,
      'secret-in-env',
    ],
  ])('%s', (_about, lines, rule) => {
    const { verdict } = lint(`FROM scratch\n${lines}\nUSER 1\n`)
    expect(verdict.findings.map(({ ruleId, severity }) => `${ruleId} ${severity}`)).toEqual([`${rule} high`])
  })
})
