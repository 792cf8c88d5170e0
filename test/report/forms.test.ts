// Every form of a report, by the table of forms: what is in it is written, and nothing else.
import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { describe, expect, it } from 'vitest'
import { scan } from '../../src/cli/commands/scan.ts'
import { ImageError } from '../../src/error.ts'
import { FORMS } from '../../src/report/forms.ts'
import { buildImage, type LayerSpec } from '../image-builder.ts'
import { judgeArchive } from '../run-gate.ts'
import { fill } from '../values.ts'

const LOOK = { color: false, verbose: false, configPath: null, commit: null, now: new Date('2026-11-23T12:00:00.500Z') }
const formOf = (name: string) => FORMS.find((form) => form.name === name) ?? expect.fail(`there is no form ${name}`)

const DOCKERFILE = 'FROM busybox\nCOPY a.env b.env /app/\nRUN curl -k https://example.org/x -o /x\nUSER 1000\n'
const LAYERS: readonly LayerSpec[] = [
  { by: '/bin/sh -c #(nop) ADD file:1 in / ', files: [{ name: 'etc/base', content: 'x' }] },
  {
    by: 'COPY a.env b.env /app/ # buildkit',
    files: [
      { name: 'app/a.env', content: fill('T={{github-token}}\n') },
      { name: 'app/b.env', content: fill('T={{slack-token}}\n') },
    ],
  },
  { by: 'RUN /bin/sh -c curl -k https://example.org/x -o /x # buildkit', files: [{ name: 'x', content: 'x' }] },
  { by: 'USER 1000', files: null },
]
const leaking = async (dockerfile: string | null = DOCKERFILE, layers = LAYERS) =>
  judgeArchive(await buildImage({ layers, config: { User: '1000' } }), dockerfile === null ? {} : { dockerfile })

interface Suite {
  readonly '@name': string
  readonly '@tests': string
  readonly '@failures': string
  readonly '@errors': string
  readonly testcase: readonly {
    readonly '@name': string
    readonly failure?: readonly { readonly '@type': string; readonly '@message': string; readonly '#text': string }[]
    readonly error?: readonly { readonly '@type': string; readonly '@message': string }[]
    readonly 'system-out'?: string
  }[]
}

/** The one suite of a JUnit report. */
function suiteOf(xml: string): Suite {
  expect(XMLValidator.validate(xml)).toBe(true)
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '@',
    isArray: (name) => ['testcase', 'failure', 'error'].includes(name),
    htmlEntities: true,
  })
  return (parser.parse(xml) as { testsuites: { testsuite: Suite } }).testsuites.testsuite
}

interface Quality {
  readonly description: string
  readonly check_name: string
  readonly fingerprint: string
  readonly severity: string
  readonly location: { readonly path: string; readonly lines: { readonly begin: number } }
}

describe('help lists', () => {
  it.each(FORMS.map(({ name, about }) => [name, about]))('%s', (name, about) => {
    expect(scan.help()).toMatch(new RegExp(`^ +${name} +${about}$`, 'm'))
  })
})

describe('where nothing was judged', () => {
  const error = new ImageError('damaged', 'a<b>.tar: is "damaged" & short')
  it.each(FORMS.map((form) => [form.name, form] as const))('%s says so, or nothing', (name, { renderError }) => {
    const text = renderError?.(error, 'a.tar', 'a') ?? null
    if (['terminal', 'sarif', 'gitlab', 'gitlab-secrets'].includes(name)) expect(text).toBeNull()
    else expect(text).toContain('damaged')
  })

  it('junit has a test with an error: no CI takes it for a pass', () => {
    expect(suiteOf(formOf('junit').renderError?.(error, 'a.tar', 'app') ?? '')).toMatchObject({
      '@name': 'app',
      '@tests': '1',
      '@errors': '1',
      testcase: [{ '@name': 'image', error: [{ '@type': 'damaged', '@message': 'a<b>.tar: is "damaged" & short' }] }],
    })
  })
})

describe('junit', () => {
  it('has a test for each rule, and a failure for each finding that fails', async () => {
    const outcome = await leaking()
    const suite = suiteOf(formOf('junit').render(outcome, LOOK))
    const { passed, findings } = { passed: outcome.report.verdict.passed, findings: outcome.report.findings }
    expect(suite.testcase.map((test) => test['@name'])).toEqual(
      [...new Set([...passed, ...findings.map(({ ruleId }) => ruleId)])].sort(),
    )
    expect(suite['@tests']).toBe(String(suite.testcase.length))
    const secrets = suite.testcase.find((test) => test['@name'] === 'secret-in-image')
    expect(secrets?.failure).toHaveLength(2)
    expect(secrets?.failure?.map((failure) => failure['@message'])).toEqual(
      expect.arrayContaining([expect.stringMatching(/^GitHub token.*\(Dockerfile:2\)$/)]),
    )
    expect(suite.testcase.filter(({ failure }) => failure !== undefined)).toHaveLength(Number(suite['@failures']))
    expect(suite.testcase.find((test) => test['@name'] === passed[0])).toEqual({
      '@classname': 'layergate',
      '@name': passed[0],
    })
  })

  it('shows what does not fail in the output of its test', async () => {
    const outcome = await leaking()
    const mild = outcome.report.findings.filter(({ fails, severity }) => !fails && severity !== 'info')
    expect(mild.length).toBeGreaterThan(0)
    const suite = suiteOf(formOf('junit').render(outcome, LOOK))
    for (const { ruleId, severity } of mild)
      expect(suite.testcase.find((test) => test['@name'] === ruleId)?.['system-out']).toContain(`${severity}: `)
  })

  it.each([
    '</failure><testcase name="x"/>',
    '<![CDATA[',
    ']]>',
    '&lt;&#60;',
    '"\' a="b',
    '\u0001\u001b\u202e\uffff\u{10ffff}',
    '<!-- x',
    '<?xml ?>',
  ])('a file called %j changes nothing', async (name) => {
    const files = [{ name: `app/${name}`, content: fill('T={{github-token}}\n') }]
    const outcome = await leaking(null, [{ by: 'COPY . /app # buildkit', files }])
    const xml = formOf('junit').render(outcome, LOOK)
    const plain = formOf('junit').render(
      await leaking(null, [
        { by: 'COPY . /app # buildkit', files: [{ name: 'app/x', content: fill('T={{github-token}}\n') }] },
      ]),
      LOOK,
    )
    const shape = (text: string) => suiteOf(text).testcase.map((test) => [test['@name'], test.failure?.length ?? 0])
    expect(shape(xml)).toEqual(shape(plain))
    // What XML has no character for is shown as an escape.
    expect(xml).not.toMatch(/[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u)
  })
})

describe('gitlab', () => {
  it('has each finding on its line, with a severity of the platform', async () => {
    const outcome = await leaking()
    const found = JSON.parse(formOf('gitlab').render(outcome, LOOK)) as Quality[]
    expect(found).toHaveLength(outcome.report.findings.filter(({ suppressed }) => suppressed === null).length)
    expect(found.filter(({ check_name: rule }) => rule === 'secret-in-image')).toMatchObject([
      { severity: 'blocker', location: { path: 'Dockerfile', lines: { begin: 2 } } },
      { severity: 'critical', location: { path: 'Dockerfile', lines: { begin: 2 } } },
    ])
    for (const { severity, fingerprint, description } of found) {
      expect(['info', 'minor', 'major', 'critical', 'blocker']).toContain(severity)
      expect(fingerprint).toMatch(/^[0-9a-f]{32}$/)
      expect(description.length).toBeGreaterThan(20)
    }
    expect(new Set(found.map(({ fingerprint }) => fingerprint)).size).toBe(found.length)
  })

  it('points at the configuration where no line is known', async () => {
    const found = JSON.parse(
      formOf('gitlab').render(await leaking(null), { ...LOOK, configPath: 'ci/gate.yml' }),
    ) as Quality[]
    for (const { location } of found) expect(location).toEqual({ path: 'ci/gate.yml', lines: { begin: 1 } })
  })
})

interface Vulnerability {
  readonly id: string
  readonly name: string
  readonly severity: string
  readonly solution: string
  readonly identifiers: readonly { readonly type: string; readonly name: string; readonly value: string }[]
  readonly location: {
    readonly file: string
    readonly commit: { readonly sha: string }
    readonly start_line?: number
    readonly end_line?: number
  }
}

describe('gitlab-secrets', () => {
  interface Secrets {
    readonly version: string
    readonly scan: Readonly<Record<string, unknown>>
    readonly vulnerabilities: readonly Vulnerability[]
  }
  const secretsOf = async (dockerfile: string | null, look: object = {}): Promise<Secrets> =>
    JSON.parse(formOf('gitlab-secrets').render(await leaking(dockerfile), { ...LOOK, ...look })) as Secrets

  it('has what the schema asks for, and the secrets alone, on their lines', async () => {
    const sha = 'c'.repeat(40)
    const { version, scan, vulnerabilities } = await secretsOf(DOCKERFILE, { commit: sha })
    expect(version).toMatch(/^15\.\d+\.\d+$/)
    const program = {
      id: 'layergate',
      name: 'Layergate',
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/) as unknown,
      vendor: { name: 'Layergate' },
    }
    expect(scan).toMatchObject({
      type: 'secret_detection',
      status: 'success',
      end_time: '2026-11-23T12:00:00',
      analyzer: program,
      scanner: program,
    })
    expect(scan['start_time']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/)
    expect(vulnerabilities.map(({ identifiers }) => identifiers.map(({ value }) => value))).toEqual([
      ['github-token', 'secret-in-image'],
      ['slack-token', 'secret-in-image'],
    ])
    for (const { id, name, severity, solution, identifiers, location } of vulnerabilities) {
      expect(id).toMatch(/^[0-9a-f]{32}$/)
      expect(name.length).toBeLessThanOrEqual(255)
      expect(solution.length).toBeLessThanOrEqual(7000)
      expect(['Info', 'Low', 'Medium', 'High', 'Critical']).toContain(severity)
      for (const { type, name: of, value } of identifiers)
        for (const text of [type, of, value]) expect(text).not.toBe('')
      expect(location).toEqual({ file: 'Dockerfile', commit: { sha }, start_line: 2, end_line: 2 })
    }
  })

  it('names a file also where no line is known, and no commit as GitLab does', async () => {
    const { vulnerabilities } = await secretsOf(null, { configPath: 'ci/gate.yml' })
    expect(vulnerabilities).toHaveLength(2)
    for (const { location } of vulnerabilities)
      expect(location).toEqual({ file: 'ci/gate.yml', commit: { sha: '0000000' } })
  })
})
