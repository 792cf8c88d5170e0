// A platform team brings detectors of its own, says which values are no secrets, and sees what is quiet.
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { parseConfigText } from '../../src/policy/load.ts'
import { useFolder } from '../folder.ts'
import { buildImage } from '../image-builder.ts'
import { type Done, layergate } from '../in-process.ts'
import { VALUES } from '../values.ts'

const SALT = 'f'.repeat(32)
const ACME = `acme_${'k7Qz9mXw2Rt5Lp8Vb3NcYd4Hf6Gj1Ts0'}`
const SLACK = VALUES['slack-token']?.() ?? ''
const folder = useFolder()

const run = (args: readonly string[], stdin?: string): Promise<Done> =>
  layergate([...args], {
    directory: folder.path,
    env: { PATH: process.env['PATH'] ?? '', HOME: folder.path, TMPDIR: folder.path },
    ...(stdin === undefined ? {} : { stdin: Buffer.from(stdin) }),
  })
const scan = async (...args: readonly string[]) => {
  const { status, stdout, stderr } = await run(['scan', 'image.tar', '--format', 'json', ...args])
  expect(stderr).toBe('')
  return { status, report: JSON.parse(stdout) }
}
const text = (done: Done): string => done.stdout.replace(/\s+/g, ' ')
const DETECTOR = `salt: ${SALT}
detectors:
  - id: acme-token
    title: Acme deployment token
    pattern: '\\bacme_[A-Za-z0-9]{32}\\b'
    severity: critical
    revoke: Revoke it at https://acme.example/tokens
    examples: ['ACME_TOKEN=acme_{62:32}']
    quiet: ['acme_short']
`

beforeEach(async () => {
  const image = await buildImage({
    layers: [
      {
        by: 'COPY . / # buildkit',
        files: [
          { name: 'app/deploy.conf', content: `url = x\ntoken = ${ACME}\n` },
          { name: 'test/slack.txt', content: `${SLACK}\n` },
        ],
      },
    ],
    config: { User: '1' },
  })
  writeFileSync(path.join(folder.path, 'image.tar'), image)
  folder.put('Dockerfile', 'FROM scratch\nCOPY . /\n')
  folder.put('.layergate.yml', DETECTOR)
})

describe('own detectors', () => {
  it('find what only this organisation issues, at its line, and hide it', async () => {
    const { status, report } = await scan()
    expect(status).toBe(1)
    const finding = report.findings.find(
      (each: { secret: { detector: string } }) => each.secret?.detector === 'acme-token',
    )
    expect(finding).toMatchObject({
      ruleId: 'secret-in-image',
      severity: 'critical',
      title: 'Acme deployment token in the image',
      location: { path: '/app/deploy.conf', line: 2 },
      dockerfile: { startLine: 2 },
    })
    expect(finding.steps[0]).toBe('Revoke it at https://acme.example/tokens.')
    expect(JSON.stringify(report)).not.toContain(ACME)
    const terminal = await run(['scan', 'image.tar'])
    expect(terminal.stdout).not.toContain(ACME)
    expect(text(terminal)).toContain('Acme deployment token')
  })

  it('hide their values in what a Dockerfile says, and in error messages', async () => {
    folder.put('Dockerfile', `FROM scratch\nCOPY . /\nENV T=${ACME}\n`)
    const linted = await run(['lint'])
    expect(linted.status).toBe(1)
    expect(linted.printed).toContain('Acme deployment token')
    expect(linted.printed).not.toContain(ACME)
    folder.put('conf/deploy.conf', `token = ${ACME}\n`)
    const context = await run(['context', '.'])
    expect(context.printed).toContain('Acme deployment token')
    expect(context.printed).not.toContain(ACME)
    const missing = await run(['scan', `./${ACME}.tar`])
    expect(missing.status).toBe(2)
    expect(missing.printed).not.toContain(ACME)
  })

  it('look only where their path says', async () => {
    folder.put('.layergate.yml', `${DETECTOR}    path: '/etc/**'\n`)
    const { report } = await scan()
    expect(report.findings.map((each: { secret: { detector: string } }) => each.secret?.detector)).not.toContain(
      'acme-token',
    )
    folder.put('.layergate.yml', `${DETECTOR}    path: ['/etc/**', 'app/*.conf']\n`)
    const { report: again } = await scan()
    expect(again.findings.map((each: { secret: { detector: string } }) => each.secret?.detector)).toContain(
      'acme-token',
    )
  })

  it('are listed, and explained', async () => {
    expect(text(await run(['detectors']))).toContain('Of the configuration acme-token critical Acme deployment token')
    expect(text(await run(['explain', 'acme-token']))).toContain('revoke Revoke it at https://acme.example/tokens')
    const { report } = await scan()
    const { fingerprint } = report.findings.find(
      (each: { secret: { detector: string } }) => each.secret?.detector === 'acme-token',
    )
    expect(text(await run(['explain', fingerprint, 'image.tar']))).toContain('Acme deployment token (acme-token)')
  })

  it.each([
    ['pattern: "[a-z0-9]{40}"', 'the pattern of acme cannot be taken: it has no fixed text of 3 characters'],
    ['pattern: "acme=(a+)+$"', 'the pattern of acme cannot be taken: it takes too long for a text such as'],
    ['pattern: "acme_["', 'a class of characters does not end'],
    ['pattern: "acme_\\\\w{9}", examples: [acme_short]', 'acme does not find this example'],
    ['pattern: "acme_\\\\w+", quiet: [acme_short]', 'acme finds this text, which it must not'],
    ['pattern: "acme_\\\\w+", colour: red', 'unknown key "colour" in detectors.0'],
    ['pattern: "acme_\\\\w+", severity: info', 'detectors.0.severity: "info" is none of critical, high, medium, low'],
  ])('that cannot be are an error at their line: %s', (fields, message) => {
    expect(() => parseConfigText('.layergate.yml', `detectors:\n  - { id: acme, ${fields} }\n`)).toThrow(message)
    expect(() => parseConfigText('.layergate.yml', `detectors:\n  - { id: acme, ${fields} }\n`)).toThrow(
      /^\.layergate\.yml:2:\d+: /,
    )
  })

  it('have an id of their own', () => {
    expect(() => parseConfigText('x', 'detectors: [{ id: slack-token, pattern: "acme_\\\\w+" }]')).toThrow(
      'slack-token is a detector of Layergate',
    )
  })
})

describe('allow', () => {
  const quiet = async (entry: string) => {
    folder.put('.layergate.yml', `${DETECTOR}allow:\n  - ${entry}\n`)
    const { report } = await scan()
    return {
      detectors: report.findings.map((each: { secret: { detector: string } }) => each.secret?.detector),
      quiet: report.quiet,
      allowed: report.stats.allowed,
    }
  }

  it.each([
    ['{ path: /test/**, reason: keys of our tests }', 'slack-token'],
    ['{ detector: slack-token, reason: we use none }', 'slack-token'],
    ['{ pattern: ^acme_k7, reason: our public test token }', 'acme-token'],
    ['{ detector: [acme-token, slack-token], path: "/app/*.conf", reason: so it is }', 'acme-token'],
  ])('%s', async (entry, detector) => {
    const found = await quiet(entry)
    const other = detector === 'acme-token' ? 'slack-token' : 'acme-token'
    expect(found.detectors).toContain(other)
    expect(found.detectors).not.toContain(detector)
    expect(found.quiet).toMatchObject([{ why: 'allowed', detector }])
    expect(found.allowed).toBe(1)
  })

  it('takes a value by the hash that layergate hash prints, wherever it stands', async () => {
    const hashed = await run(['hash'], `${ACME}\n`)
    expect(hashed).toMatchObject({ status: 0, stderr: '' })
    expect(hashed.stdout).toMatch(/^hmac-sha256:[0-9a-f]{64}\n$/)
    const found = await quiet(`{ value: '${hashed.stdout.trim()}', reason: our public test token }`)
    expect(found.detectors).toEqual(['slack-token'])
    const other = await run(['hash'], `${ACME.replace('k7', 'k8')}\n`)
    expect((await quiet(`{ value: '${other.stdout.trim()}', reason: another }`)).detectors).toContain('acme-token')
  })

  it('counts no longer than its day', async () => {
    expect((await quiet('{ path: /test/**, reason: for now, expires: 2020-01-01 }')).detectors).toContain('slack-token')
  })

  it.each([
    ['allow: [{ reason: why not }]', 'an allow entry needs a value, a pattern, a detector or a path'],
    ['allow: [{ path: /x }]', 'allow.0.reason is missing'],
    ['allow: [{ pattern: "(a+)+$", reason: because }]', 'it takes longer and longer for longer values'],
    ['allow: [{ value: abc, reason: because }]', 'a value is written as layergate hash prints it'],
    ['allow: [{ detectr: x, reason: because }]', 'Did you mean "detector"?'],
  ])('is an error that says so: %s', (config, message) => {
    expect(() => parseConfigText('x', config)).toThrow(message)
  })

  it('names detectors that there are', async () => {
    folder.put('.layergate.yml', 'allow: [{ detector: slack-tokn, reason: because }]\n')
    const done = await run(['scan', 'image.tar'])
    expect(done).toMatchObject({ status: 2, stdout: '' })
    expect(done.stderr).toContain('there is no detector "slack-tokn". Did you mean slack-token?')
  })
})

describe('layergate hash', () => {
  it.each([
    ['hunter2', 'could be guessed'],
    ['correcthorsebattery', 'could be guessed'],
    ['aaaaaaaaaaaaaaaaaaaaaaaa', 'could be guessed'],
    ['', 'There is no value on standard input'],
    [`${ACME}\n${ACME}\n`, 'several lines'],
  ])('refuses %j', async (value, why) => {
    const done = await run(['hash'], value)
    expect(done).toMatchObject({ status: 2, stdout: '' })
    expect(done.stderr).toContain(why)
    if (value !== '') expect(done.stderr).not.toContain(value)
  })

  it('takes no value as an argument, and does not repeat it', async () => {
    const done = await run(['hash', ACME], '')
    expect(done.status).toBe(2)
    expect(done.printed).not.toContain(ACME)
  })

  it('asks for a salt', async () => {
    folder.put('.layergate.yml', 'fail-on: high\n')
    expect((await run(['hash'], ACME)).stderr).toContain('layergate init writes one')
  })

  it('is the same for a key, however it is written', async () => {
    const key = VALUES['ec-key']?.() ?? ''
    const [unix, windows] = [await run(['hash'], key), await run(['hash'], key.replaceAll('\n', '\r\n'))]
    expect(unix.status).toBe(0)
    expect(windows.stdout).toBe(unix.stdout)
  })
})

describe('what is quiet', () => {
  it('is listed with its reason, and explained by its id', async () => {
    folder.put('.layergate.yml', `${DETECTOR}allow:\n  - { path: '/test/**', reason: keys of our tests }\n`)
    const shown = await run(['scan', 'image.tar', '--show-quiet'])
    expect(text(shown)).toMatch(
      /Quiet \(layergate explain ID IMAGE tells more\) [0-9a-f]{12} Slack token, \/test\/slack\.txt line 1 in layer 0: allowed: “keys of our tests”/,
    )
    expect(text(await run(['scan', 'image.tar']))).not.toContain('keys of our tests')
    const { report } = await scan()
    const explained = await run(['explain', report.quiet[0].id, 'image.tar'])
    expect(text(explained)).toContain(
      'Slack token (slack-token): no finding Why it is quiet The configuration allows it: “keys of our tests”.',
    )
    expect(shown.printed).not.toContain(SLACK)
    expect(explained.printed).not.toContain(SLACK)
  })

  it('says so where nothing is', async () => {
    expect(text(await run(['scan', 'image.tar', '--show-quiet']))).toContain('nothing was found that is no finding')
  })
})

describe('layergate import gitleaks', () => {
  const RULES = `title = "ours"
[extend]
useDefault = true

[[rules]]
id = "Acme Token"
description = "Acme deployment token"
regex = '''(?i)[\\w.-]{0,50}?(?:acme)[\\s'"]{0,3}(?:=|:)[\\s'"]{0,5}([a-z0-9_]{37})(?:['"\\s;]|$)'''
keywords = ["acme"]
entropy = 3.5
  [[rules.allowlists]]
  stopwords = ["example.com"]
  paths = ['''(?:^|/)testdata/''']

[[rules]]
id = "forty"
regex = '''[a-z0-9]{40}'''

[[rules]]
id = "slack-token"
regex = '''xoxz-[0-9]{12}'''
path = '''\\.env$'''

[[rules]]
id = "by-path"
path = '''id_rsa$'''

[allowlist]
commits = ["abc"]
paths = ['''\\.(?:png|jpg)$''', '''[a-z]+''']
regexes = ['''^test_''']
regexTarget = "line"
`

  it('writes what can be carried over, and lists what cannot', async () => {
    folder.put('gitleaks.toml', RULES)
    const done = await run(['import', 'gitleaks', 'gitleaks.toml', '--output', 'gitleaks.yml'])
    expect(done.status).toBe(0)
    const told = done.stderr.replace(/\s+/g, ' ')
    expect(told).toContain('2 detectors and 3 allow entries carried over, 6 not:')
    for (const left of [
      'extend.useDefault: the detectors of Layergate take the place of its own rules',
      'rule forty: it has no fixed text of 3 characters',
      'rule by-path: it looks at paths alone',
      'allowlist of all rules: commits: an image has none',
      'its expressions are for the whole line',
      'the path "[a-z]+" cannot be written as a pattern of paths',
    ])
      expect(told).toContain(left)
    folder.put('.layergate.yml', 'extends: ./gitleaks.yml\n')
    const { status, report } = await scan()
    expect(status).toBe(1)
    expect(report.findings.map((each: { title: string }) => each.title)).toContain('Slack token in the image')
    const listed = text(await run(['detectors']))
    expect(listed).toContain('acme-token high Acme deployment token')
    expect(listed).toContain('gitleaks-slack-token high')
  })

  it('says where a file is no configuration', async () => {
    folder.put('bad.toml', '[[rules]]\nid = \n')
    expect((await run(['import', 'gitleaks', 'bad.toml'])).stderr).toMatch(/bad\.toml:2:\d+: no valid TOML/)
    folder.put('other.toml', 'rules = 3\n')
    expect((await run(['import', 'gitleaks', 'other.toml'])).stderr).toContain('no configuration of gitleaks: rules')
    expect((await run(['import', 'trufflehog', 'x'])).stderr).toContain('Name one file')
  })
})
