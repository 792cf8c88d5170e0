// What people and programs get to see.
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Ajv } from 'ajv'
import AjvDraft4 from 'ajv-draft-04'
import addFormats from 'ajv-formats'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readContext } from '../../src/github/event.ts'
import { stableName } from '../../src/image/name.ts'
import type { Outcome } from '../../src/outcome/outcome.ts'
import { toAnnotations } from '../../src/report/annotations.ts'
import { COMMENT_MARKER, type CommentContext, renderSection, upsertSection } from '../../src/report/comment.ts'
import { cell, code, markdown, visible } from '../../src/report/escape.ts'
import { renderHistory } from '../../src/report/history.ts'
import { renderJson, reportJsonSchema } from '../../src/report/json.ts'
import { shortPath } from '../../src/report/phrases.ts'
import { renderSarif } from '../../src/report/sarif.ts'
import { renderSummary } from '../../src/report/summary.ts'
import { renderTerminal } from '../../src/report/terminal.ts'
import { useFolder } from '../folder.ts'
import { buildImage, type LayerSpec } from '../image-builder.ts'
import { judgeArchive } from '../run-gate.ts'
import { fill, random, VALUES } from '../values.ts'

const DOCKERFILE = 'FROM busybox:1.36\nCOPY . /app\nRUN rm /app/.env\nRUN curl -fsSL https://get.acme.io/i.sh | sh\n'
const LAYERS: readonly LayerSpec[] = [
  { by: '/bin/sh -c #(nop) ADD file:1 in / ', files: [{ name: 'bin/', mode: 0o755 }] },
  { by: 'COPY . /app # buildkit', files: [{ name: 'app/.env', content: fill('TOKEN={{github-token}}\n') }] },
  { by: 'RUN /bin/sh -c rm /app/.env # buildkit', files: [{ name: 'app/.wh..env' }] },
  { by: 'RUN /bin/sh -c curl -fsSL https://get.acme.io/i.sh | sh # buildkit', files: [{ name: 'x', content: 'x' }] },
]
const trap = async (): Promise<Outcome> =>
  judgeArchive(await buildImage({ layers: LAYERS }), { dockerfile: DOCKERFILE })
const context: CommentContext = {
  blobUrl: 'https://github.com/acme/app/blob/0123',
  runUrl: 'https://github.com/acme/app/actions/runs/1',
  commit: '0123456789'.repeat(4),
  source: null,
}
const commentOf = (outcome: Outcome, existing: string | null = null): string =>
  upsertSection(existing, outcome.report.name, (earlier) => renderSection(outcome, context, earlier))

const every = (outcome: Outcome): Record<string, string> => ({
  json: renderJson(outcome.report),
  sarif: renderSarif(outcome, '.layergate.yml'),
  summary: renderSummary(outcome),
  comment: commentOf(outcome),
  terminal: renderTerminal(outcome, { color: false, verbose: true }),
  colour: renderTerminal(outcome, { color: true, verbose: false }),
  annotations: JSON.stringify(toAnnotations(outcome)),
  history: renderHistory(outcome, new Date('2026-11-23'), { width: 80, verbose: true }),
})

describe('facts for the person on call', () => {
  const facts = async (): Promise<Outcome> =>
    judgeArchive(
      await buildImage({
        layers: [
          {
            by: 'COPY . /app # buildkit',
            files: [{ name: 'app/url', content: `postgres://svc:${VALUES['password']?.()}@db.acme.io/x\n` }],
          },
        ],
      }),
    )

  it('are told in every report that people read', async () => {
    const { summary, comment, terminal, annotations, json } = every(await facts())
    for (const text of [summary, comment, terminal, annotations, json]) expect(text).toMatch(/db\.acme\.io/)
  })

  it('are left out of all that everyone can read: they are a map to a live key', async () => {
    const { json, ...others } = every({ ...(await facts()), isPublic: true })
    for (const [name, text] of Object.entries(others)) expect(text, name).not.toMatch(/db\.acme\.io|\bsvc\b/)
    // The report is a file of the job: whoever publishes it decides.
    expect(json).toMatch(/db\.acme\.io/)
  })

  const folder = useFolder()

  it('a repository is public unless the event says that it is private', () => {
    const file = path.join(folder.path, 'event.json')
    const isPublic = (event: unknown): boolean => {
      writeFileSync(file, JSON.stringify(event))
      return readContext({ GITHUB_EVENT_PATH: file }).isPublic
    }
    expect(isPublic({ repository: { private: true } })).toBe(false)
    expect(isPublic({ repository: { private: false } })).toBe(true)
    expect(isPublic({ repository: { private: 'x' } })).toBe(true)
    expect(isPublic({})).toBe(true)
    expect(readContext({}).isPublic).toBe(true)
  })
})

describe('the secrets of one file', () => {
  it('are findings of their own, told in one group: what holds for all is said once', async () => {
    const content = fill('A={{github-token}}\nB={{stripe-key}}\nC={{slack-token}}\n')
    const outcome = await judgeArchive(
      await buildImage({ layers: [{ by: 'COPY . /app # buildkit', files: [{ name: 'app/.env', content }] }] }),
    )
    expect(outcome.report.findings.filter(({ secret }) => secret !== null)).toHaveLength(3)
    const { terminal, summary, comment } = every(outcome)
    expect(terminal).toMatch(
      /GitHub token ghp_[\s\S]+line 1\n[\s\S]+Stripe secret key[\s\S]+line 2\n[\s\S]+Slack token[\s\S]+line 3\n[\s\S]+all 3 of them:/,
    )
    for (const text of [terminal, summary, comment]) expect(text?.match(/\.dockerignore so that COPY/g)).toHaveLength(1)
    expect(summary).toContain('**3 secrets in `/app/.env`**')
    expect(comment).toMatch(/\*\*3 secrets\*\* in `\/app\/\.env`: GitHub token, Stripe secret key, Slack token/)
  })
})

describe('what fails comes first, and the rest is folded with its counts', () => {
  it('in the terminal, the summary and the comment', async () => {
    const { terminal, summary, comment } = every(await trap())
    expect(terminal).toMatch(
      / ● critical [\s\S]+ ○ medium [\s\S]+\n ● fails the image {3}○ is shown, and does not fail\n/,
    )
    for (const text of [summary ?? '', comment ?? '']) {
      const folded = '<details><summary>2 findings do not fail the image: 2 medium</summary>'
      expect(text).toContain(folded)
      expect(text.indexOf('GitHub token')).toBeLessThan(text.indexOf(folded))
    }
    expect(summary).toMatch(/\*\*critical, fails\*\* · `deleted-secret`/)
    expect(summary?.slice(0, summary.indexOf('<details>'))).not.toContain('missing-user')
    expect(comment?.slice(0, comment.indexOf('<details>'))).not.toContain('No USER')
  })

  it('a low finding that fails by the policy comes before a high one that does not', async () => {
    const outcome = await judgeArchive(
      await buildImage({
        layers: [
          { by: 'RUN /bin/sh -c curl -k https://a.example/x -o /x # buildkit', files: [{ name: 'x', content: 'x' }] },
        ],
      }),
      { policy: 'fail-on: medium\nmin-confidence: high\n' },
    )
    const marks = every(outcome).terminal?.match(/^ [●○]/gm) ?? []
    expect(marks).toEqual(marks.toSorted())
  })
})

describe('a long path', () => {
  it.each([
    ['/app/.env', '/app/.env'],
    [`/srv/${'folder/'.repeat(12)}conf/app.env`, '/srv/…/folder/folder/folder/folder/conf/app.env'],
    [`/${'x'.repeat(80)}/app.env`, `/${'x'.repeat(80)}/app.env`],
    [`/a/${'x'.repeat(80)}/app.env`, '/a/…/app.env'],
    [`/a/b/${'x'.repeat(80)}`, `/a/…/${'x'.repeat(80)}`],
  ])('%s loses its middle', (path, expected) => {
    expect(shortPath(path)).toBe(expected)
  })
})

describe('base and own, in words', () => {
  const layers: readonly LayerSpec[] = [
    { by: '/bin/sh -c #(nop) ADD file:1 in / ', files: [{ name: 'etc/token', content: fill('T={{github-token}}\n') }] },
    { by: 'COPY a /app # buildkit', files: [{ name: 'app/a', content: fill('T={{slack-token}}\n') }] },
  ]
  const first = (text: string | undefined): string =>
    (text ?? '').split('\n').slice(0, 3).join(' ').replace(/\s+/g, ' ')

  it('where nothing tells them apart, that comes first, with what would tell', async () => {
    const { terminal, summary, comment } = every(await judgeArchive(await buildImage({ layers })))
    expect(first(terminal)).toMatch(
      /^Nothing tells base from own: every layer counts as own\. Reason: no Dockerfile was given\. Name the Dockerfile that was built \(--dockerfile, input dockerfile\), or build with provenance/,
    )
    for (const text of [summary, comment])
      expect(text?.split('\n\n').slice(0, 3).join()).toMatch(/Nothing tells base from own: every layer counts as own\./)
  })

  it('a part of the layers', async () => {
    const onbuild: LayerSpec[] = [
      ...layers.slice(0, 1),
      { by: 'COPY . /b # buildkit', files: [{ name: 'b', content: fill('T={{gitlab-token}}\n') }] },
      ...layers.slice(1),
    ]
    const { terminal, history } = every(
      await judgeArchive(await buildImage({ layers: onbuild }), { dockerfile: 'FROM acme/onbuild\nCOPY a /app\n' }),
    )
    expect(first(terminal)).toMatch(
      /^Nothing tells the layers of the base, acme\/onbuild, from own ones: 1 of 3 layers may be the base's and count as own\. .*ONBUILD/,
    )
    expect(terminal).not.toMatch(/Name the Dockerfile that was built/)
    expect(history).toMatch(/^base acme\/onbuild \(known by dockerfile; which layers are its is not known\)$/m)
  })

  it.each<[string, Parameters<typeof judgeArchive>[1]]>([
    ['it is known', { dockerfile: 'FROM busybox\nCOPY a /app\n' }],
    ['nothing was found in what is not known', { policy: 'rules: { secret-in-image: off }\n' }],
  ])('nothing is said where %s', async (_name, options) => {
    for (const text of Object.values(every(await judgeArchive(await buildImage({ layers }), options))))
      expect(text).not.toMatch(/Nothing tells/)
  })

  it('the history counts what is in a layer by severity', async () => {
    const files = [{ name: 'app/env', content: fill('T={{github-token}}\nDB_PASSWORD={{password}}\n') }]
    const { history } = every(
      await judgeArchive(await buildImage({ layers: [{ by: 'COPY env /app/ # buildkit', files }] })),
    )
    expect(history).toMatch(/COPY env/)
    expect(history).toMatch(/ 1 critical, 1 medium +COPY env/)
  })

  it('what a base that is not proven brought fails, and says so wherever it is told', async () => {
    const outcome = await judgeArchive(await buildImage({ layers, config: { User: '1000' } }), {
      dockerfile: 'FROM busybox\nCOPY a /app\n',
    })
    const { terminal, summary, comment, annotations, sarif, json } = every(outcome)
    for (const text of [terminal, summary, comment, annotations, sarif, json]) {
      expect(text?.replace(/\s+/g, ' ')).toMatch(/not proven/)
      expect(text?.replace(/\s+/g, ' ')).toMatch(/--metadata-file/)
    }
    expect(terminal).toMatch(/FROM busybox {3}\(base image, not proven\)/)
    expect(terminal).toMatch(/GitHub token \(base, not proven\) ghp_/)
  })
})

describe('the terminal', () => {
  it('shows the verdict first, the lines, what hides, and what to do, in 80 columns', async () => {
    const text = renderTerminal(await trap(), { color: false, verbose: false })
      .replace(/^.*image\.tar/, 'image.tar')
      .replace(/ghp_….{4}/, 'ghp_…TAIL')
      .replace(/[\d.]+ s$/m, 'N s')
      .replace(/[\d.]+ kB/g, 'N kB')
    expect(text).toMatchInlineSnapshot(`
      "image.tar (archive) · linux/amd64 · N kB · 1 base
        layer + 3 own

      FAIL  1 critical · 2 medium                         .layergate.yml fails on high

      Dockerfile:2   COPY . /app
       ● critical  deleted-secret   GitHub token ghp_…TAIL
          in /app/.env (line 1), added by this line in layer 1
          Dockerfile:3   RUN rm /app/.env   hides it in layer 2; the bytes stay in
          layer 1
          → Delete the token in the GitHub settings. Add \`.env\` to .dockerignore so
            that COPY leaves it out; what the build needs comes from RUN
            --mount=type=secret. Delete pushed tags and the build cache: they keep it.
            Dockerfile:3
              - RUN rm /app/.env
            .dockerignore
              + .env

      Dockerfile:1   FROM busybox:1.36
       ○ medium    missing-user     No USER: the container runs as root
          The image sets no USER: the container runs as root.
          → Write \`USER 65532:65532\` before CMD: a number needs no account in the
            image. Kubernetes can check runAsNonRoot for a number only.

      Dockerfile:4   RUN curl -fsSL https://get.acme.io/i.sh | sh
       ○ medium    pipe-to-shell    A script from the network runs unseen
          RUN pipes what curl downloads into sh from https://get.acme.io/i.sh: whoever
          controls the server, or the way to it, runs code in the build.
          → Download, check, then run: curl -fsSLo /tmp/script
            https://get.acme.io/i.sh && echo "<sha256>  /tmp/script" | sha256sum -c -
            && sh /tmp/script

       ● fails the image   ○ is shown, and does not fail

      40 rules passed · N kB read in N s
      "
    `)
  })

  it('never goes beyond 80 columns, and says a clean image in one line', async () => {
    for (const verbose of [true, false])
      for (const line of renderTerminal(await trap(), { color: false, verbose }).split('\n'))
        expect(line.length).toBeLessThanOrEqual(80)
    const clean = await judgeArchive(await buildImage({ layers: LAYERS.slice(0, 1), config: { User: '1' } }))
    expect(renderTerminal(clean, { color: false, verbose: false }).replace(/\s+/g, ' ')).toMatch(
      /^PASS \S+ \(archive\) · 1 layer, 1\.5 kB, 43 rules, 0 findings · [\d.]+ s $/,
    )
  })
})

describe('JSON', () => {
  it('is what its schema says', async () => {
    const ajv = new Ajv({ strict: false })
    ;(addFormats as unknown as (to: Ajv) => void)(ajv)
    const validate = ajv.compile(
      Object.fromEntries(Object.entries(reportJsonSchema()).filter(([key]) => key !== '$schema')),
    )
    expect(validate(JSON.parse(renderJson((await trap()).report)))).toBe(true)
  })

  it('names layers, lines, states and relations as the contract does', async () => {
    const { report } = await trap()
    expect(
      report.image.layers.map(({ index, base, dockerfile, whiteouts }) => [
        index,
        base,
        dockerfile?.startLine ?? null,
        whiteouts,
      ]),
    ).toEqual([
      [0, true, null, 0],
      [1, false, 2, 0],
      [2, false, 3, 1],
      [3, false, 4, 0],
    ])
    expect(report.findings[0]).toMatchObject({
      ruleId: 'deleted-secret',
      location: { kind: 'layer', layer: 1, path: '/app/.env', line: 1, offset: 6 },
      dockerfile: { path: 'Dockerfile', startLine: 2, endLine: 2, certainty: 'aligned' },
      related: [
        {
          role: 'hidden-by',
          location: { kind: 'layer', layer: 2, path: '/app/.wh..env' },
          dockerfile: { startLine: 3 },
        },
      ],
      file: { state: 'deleted', mode: '0644', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
      secret: {
        detector: 'github-token',
        length: 40,
        occurrences: 1,
        keyedHash: expect.stringMatching(/^hmac-sha256:[0-9a-f]{64}$/),
      },
      origin: 'own',
    })
  })

  it('is the same for the same image', async () => {
    const [one, two] = [await trap(), await trap()].map(({ report }) =>
      renderJson({
        ...report,
        image: report.image && { ...report.image, reference: '' },
        stats: { ...report.stats, seconds: 0 },
      }),
    )
    expect(one).toBe(two)
  })
})

describe('SARIF', () => {
  it('is valid, and points at the line, with the hiding line beside it', async () => {
    const schema = JSON.parse(readFileSync(path.join(import.meta.dirname, 'sarif-schema-2.1.0.json'), 'utf8')) as object
    const ajv = new (AjvDraft4 as unknown as typeof Ajv)({ strict: false, unicodeRegExp: false })
    ;(addFormats as unknown as (to: Ajv) => void)(ajv)
    const sarif = JSON.parse(renderSarif(await trap(), '.layergate.yml')) as {
      runs: { results: { locations: unknown[]; relatedLocations?: unknown[]; message: { text: string } }[] }[]
    }
    const validate = ajv.compile(schema)
    expect(validate(sarif), JSON.stringify(validate.errors)).toBe(true)
    expect(sarif.runs[0]?.results[0]).toMatchObject({
      ruleId: 'deleted-secret',
      level: 'error',
      locations: [
        { physicalLocation: { artifactLocation: { uri: 'Dockerfile' }, region: { startLine: 2, endLine: 2 } } },
      ],
      relatedLocations: [{ id: 1, physicalLocation: { region: { startLine: 3 } } }],
    })
    expect(sarif.runs[0]?.results[0]?.message.text).toContain('](1)')
  })

  it('has a file of the repository for every result, also when no line is known', async () => {
    const outcome = await judgeArchive(await buildImage({ layers: LAYERS }))
    const { runs } = JSON.parse(renderSarif(outcome, 'policy/.layergate.yml')) as {
      runs: { results: { message: { text: string } }[] }[]
    }
    expect(runs[0]?.results[0]).toMatchObject({
      locations: [{ physicalLocation: { artifactLocation: { uri: 'policy/.layergate.yml' } } }],
    })
    expect(runs[0]?.results[0]?.message.text).toMatch(/^line not known: /)
  })

  it('has one category for an image however it is built, and one alert for each finding', async () => {
    const layers: LayerSpec[] = [
      {
        by: 'COPY . /app # buildkit',
        files: [{ name: 'app/.env', content: fill('A={{github-token}}\nB={{gitlab-token}}\n') }],
      },
    ]
    const outcome = await judgeArchive(await buildImage({ layers, config: { User: '1' } }), {
      name: 'ghcr.io/acme/my app',
    })
    const { runs } = JSON.parse(renderSarif(outcome, 'x')) as {
      runs: {
        automationDetails: { id: string }
        results: { partialFingerprints: Record<string, string>; baselineState?: string }[]
      }[]
    }
    expect(runs[0]?.automationDetails.id).toBe('layergate/ghcr.io/acme/my-app/')
    const prints = (runs[0]?.results ?? []).map(
      ({ partialFingerprints }) => partialFingerprints['primaryLocationLineHash'],
    )
    expect(prints).toHaveLength(2)
    expect(new Set(prints).size).toBe(2)
    expect(runs[0]?.results[0]?.baselineState).toBeUndefined()
    const { record } = outcome.report.baseline
    const again = await judgeArchive(await buildImage({ layers, config: { User: '1' } }), {
      baseline: { name: 'b', file: { schemaVersion: 1, salt: record.salt, images: { image: record.findings } } },
    })
    expect(renderSarif(again, 'x').match(/"baselineState": "unchanged"/g)).toHaveLength(2)
  })

  it.each(['/etc/policy.yml', '../policy.yml', ''])('points at no file outside the repository: %j', async (config) => {
    const outcome = await judgeArchive(await buildImage({ layers: LAYERS }))
    const { report } = outcome
    const outside = {
      ...outcome,
      report: {
        ...report,
        findings: report.findings.map((finding) => ({
          ...finding,
          dockerfile: { path: '/tmp/Dockerfile', startLine: 1, endLine: 1, certainty: 'exact' as const },
        })),
      },
    }
    for (const each of [outcome, outside])
      for (const [, uri = ''] of renderSarif(each, config).matchAll(/"uri": "([^"]*)"/g))
        expect(uri).toMatch(/^[^/:.][^:]*$|^\.layergate\.yml$/)
  })

  it('leaves out the least grave beyond the limit of the platform, and says so', async () => {
    const outcome = await trap()
    const [finding] = outcome.report.findings
    if (finding === undefined) throw new Error('no finding')
    const many = { ...outcome, report: { ...outcome.report, findings: Array.from({ length: 5200 }, () => finding) } }
    const { runs } = JSON.parse(renderSarif(many, 'x')) as {
      runs: { results: unknown[]; invocations: { toolConfigurationNotifications: { message: { text: string } }[] }[] }[]
    }
    expect(runs[0]?.results).toHaveLength(5000)
    expect(runs[0]?.invocations[0]?.toolConfigurationNotifications.at(-1)?.message.text).toContain(
      '200 of 5200 results are left out',
    )
  })

  it('leaves out what is ignored', async () => {
    const outcome = await judgeArchive(await buildImage({ layers: LAYERS }), {
      policy: 'ignore: [{ rule: deleted-secret, reason: revoked }]\n',
    })
    expect(renderSarif(outcome, 'x')).not.toContain('"ruleId": "deleted-secret"')
  })
})

describe('the comment', () => {
  it('keeps the sections of other images and replaces its own', () => {
    const first = upsertSection(null, 'app:1', () => 'one')
    const both = upsertSection(first, 'web:1', () => 'two')
    const again = upsertSection(both, 'app:1', () => 'three')
    expect(again.startsWith(COMMENT_MARKER)).toBe(true)
    expect(again).toContain('three')
    expect(again).toContain('two')
    expect(again).not.toContain('one')
  })

  it('keeps the last word of every image, whatever comes in which order, below the limit', () => {
    const name = fc.string({ minLength: 1, maxLength: 12, unit: 'binary' })
    const text = fc.record({
      icon: fc.constantFrom('❌', '✅', '⚠️'),
      words: fc.string({ maxLength: 40 }),
      length: fc.integer({ min: 0, max: 30_000 }),
    })
    fc.assert(
      fc.property(fc.array(fc.tuple(name, text), { minLength: 1, maxLength: 12 }), (writes) => {
        let comment: string | null = null
        const last = new Map<string, string>()
        for (const [image, { icon, words, length }] of writes) {
          const first = `### ${icon} ${code(`${image}${words}`)}`
          comment = upsertSection(
            comment,
            image,
            () => `${first}\n\ncounts\n\n<details><summary>x</summary>\n\n${'y'.repeat(length)}\n\n</details>`,
          )
          expect(comment.length).toBeLessThanOrEqual(65_536)
          last.set(image, first)
          // A person who edits the comment in a browser changes its line ends.
          if (length % 2 === 1) comment = comment.replaceAll('\n', '\r\n')
        }
        const lines = (comment ?? '').split(/\r?\n/)
        for (const first of last.values()) expect(lines).toContain(first)
        expect(lines.filter((line) => line.startsWith('<!-- layergate:image '))).toHaveLength(last.size)
        // Writing a section anew as it stands changes nothing.
        const [image] = writes[0] ?? ['']
        const again = upsertSection(comment, image, (earlier) => earlier ?? '')
        expect(upsertSection(again, image, (earlier) => earlier ?? '')).toBe(again)
      }),
      { numRuns: 200 },
    )
  })

  it('remembers what was open without taking the room of what is told', async () => {
    const layers: LayerSpec[] = Array.from({ length: 60 }, (_, index) => ({
      by: `COPY ${index} /x # buildkit`,
      files: [
        { name: `x/${'deep/'.repeat(50)}${index}`, content: `dop_${'v1_'}${random(64, '0123456789abcdef', index)}` },
      ],
    }))
    const comment = commentOf(await judgeArchive(await buildImage({ layers })))
    expect(/^<!-- layergate:memory (.*) -->$/m.exec(comment)?.[1]?.length).toBeLessThanOrEqual(6000)
    const after = commentOf(await judgeArchive(await buildImage({ layers: layers.slice(1) })), comment)
    expect(after.match(/^- ✅ /gm)).toHaveLength(1)
    expect(after.match(/^\| 🔴|^\| 🟠/gm)?.length).toBeGreaterThan(1)
  })

  it('names an image without what changes from build to build', () => {
    const none = { image: null, platform: null, target: null, dockerfile: null }
    const names = [
      `app:${'a'.repeat(40)}`,
      'app:3f2a91c',
      'app:pr-12',
      'app:sha-3f2a91c',
      'app:v1.2.3',
      'app:20261124.1',
      'app:latest',
      `app@sha256:${'b'.repeat(64)}`,
      'engine:app:1',
    ]
    for (const name of names) expect(stableName(name, none), name).toBe('app')
    expect(stableName('localhost:5000/acme/app:debug-3f2a91c', none)).toBe('localhost:5000/acme/app:debug')
    expect(
      ['./out/my-app.tar', '/tmp/my-app.tar.gz', 'oci-layout:out/my-app/', 'docker-archive:my-app.tar'].map((file) =>
        stableName(file, none),
      ),
    ).toEqual(Array(4).fill('my-app'))
    expect(stableName('image.tar', { ...none, platform: 'linux/arm64', dockerfile: './web/Dockerfile' })).toBe(
      'image (linux/arm64, web/Dockerfile)',
    )
  })

  it('stays below the limit of the platform', async () => {
    const layers: LayerSpec[] = Array.from({ length: 400 }, (_, index) => ({
      by: `COPY ${'long-name/'.repeat(30)}${index} /x # buildkit`,
      files: [{ name: `x/${'deep/'.repeat(40)}${index}`, content: fill(`{{github-token}}${index}`) }],
    }))
    const outcome = await judgeArchive(await buildImage({ layers }))
    expect(commentOf(outcome).length).toBeLessThan(65_536)
    expect(Buffer.byteLength(renderSummary(outcome))).toBeLessThan(1 << 20)
  })
})

describe('annotations', () => {
  it('are on the line, short and complete', async () => {
    const { annotations } = toAnnotations(await trap())
    expect(annotations[0]).toMatchObject({
      level: 'error',
      title: 'GitHub token stays in the image',
      file: 'Dockerfile',
      startLine: 2,
      endLine: 2,
    })
    expect(annotations[0]?.message).toMatch(
      /^\/app\/\.env line 1 is in layer 1, added by this line\. Line 3 \(RUN rm \/app\/\.env\) hides it but does not erase it: anyone who can pull the image can read it\./,
    )
  })

  it('are at most ten of a kind; the rest is counted', async () => {
    const files = Array.from({ length: 14 }, (_, index) => ({
      name: `k${index}`,
      content: `dop_${'v1_'}${random(64, '0123456789abcdef', 100 + index)}`,
    }))
    const outcome = await judgeArchive(
      await buildImage({ layers: [{ by: 'COPY . / # buildkit', files }], config: { User: '1' } }),
    )
    const { annotations, left } = toAnnotations(outcome)
    expect(annotations.filter(({ level }) => level === 'error')).toHaveLength(10)
    expect(left).toBe(4)
  })
})

describe('text from the image is data', () => {
  const evil = [
    '::error::pwned',
    '%0A::set-output name=x::y',
    '\n::stop-commands::x',
    '</details><script>alert(1)</script>',
    '| a | b |',
    '[x](javascript:alert(1))',
    '@everyone #1',
    '\x1b[2J\x1b[31mred',
    '\u202egnp.exe',
    '`code`',
    '<!-- layergate -->',
    '<!-- layergate:end -->',
    'https://evil.example/?x=1',
  ]

  it.each(evil)('%j changes no output', async (text) => {
    const layers: LayerSpec[] = [
      {
        by: `COPY ${text} /app # buildkit`,
        files: [{ name: `app/${text.replace(/\//g, '_')}`, content: fill('{{github-token}}') }],
      },
      { by: `RUN /bin/sh -c rm x ${text} # buildkit`, files: [{ name: `app/.wh.${text.replace(/\//g, '_')}` }] },
    ]
    const outcome = await judgeArchive(await buildImage({ layers, config: { User: text, Labels: { [text]: text } } }))
    const all = every(outcome)
    for (const [name, output] of Object.entries(all)) {
      if (name !== 'colour') expect(output, name).not.toMatch(/\x1b/)
      expect(output.replace(/\x1b\[\d+m/g, ''), name).not.toMatch(/\x1b/)
      expect(output, name).not.toMatch(/[\u202a-\u202e\u2066-\u2069\u200b]/)
      if (name === 'terminal' || name === 'colour' || name === 'summary' || name === 'comment')
        expect(output, name).not.toMatch(/^::/m)
    }
    for (const name of ['summary', 'comment']) {
      const outside = (all[name] ?? '').replace(/(`+)[\s\S]*?\1/g, '')
      expect(outside, name).not.toMatch(/<script|\]\(javascript:|@everyone|https:\/\/evil/)
    }
    expect((all['comment']?.match(/<!-- layergate -->/g) ?? []).length).toBe(
      1 + (text === '<!-- layergate -->' ? countInCode(all['comment'] ?? '') : 0),
    )
  })

  /** A marker inside a code span is shown, not read: ours is looked for at the start alone. */
  const countInCode = (comment: string): number =>
    [...comment.matchAll(/(`+)[\s\S]*?\1/g)].reduce(
      (sum, [span]) => sum + (span.match(/<!-- layergate -->/g) ?? []).length,
      0,
    )

  it('has one way for each kind of output', () => {
    expect(visible('a\n\x1b[1m\u202e')).toBe('a\\n\\e[1m\\u{202e}')
    expect(code('a`b|c')).toBe('``a`b|c``')
    expect(cell(`${code('a|b')} ${markdown('c|d')}`)).toBe('`a\\|b` c\\|d')
    expect(markdown('<b> @user #12 *x* www.a.b')).toBe('&lt;b&gt; @<!-- -->user \\#<!-- -->12 \\*x\\* www<!-- -->.a.b')
  })
})

describe('no output holds a secret', () => {
  const names = Object.keys(VALUES)
  const planted = names.map((name) => VALUES[name]?.() ?? '')

  it('wherever it stands: files, paths, history, environment, labels, the Dockerfile, nested archives', async () => {
    const all = names.map(
      (name, index) =>
        `${name.includes('password') ? 'DB_PASSWORD' : name.includes('aws-secret') ? 'aws_secret_access_key' : 'VALUE'}_${index}=${planted[index]?.replace(/\n/g, '\\n')}`,
    )
    const bare = planted.filter((value) => !/[\n/]/.test(value))
    const layers: LayerSpec[] = [
      { by: `ARG ${all[0]}`, files: null },
      {
        by: `COPY . /app # buildkit`,
        files: [
          { name: 'app/.env', content: planted.map((value, index) => `${all[index]}\n${value}\n`).join('\n') },
          ...bare.map((value) => ({ name: `app/${value}/file`, content: value })),
          {
            name: 'app/b64',
            content: planted.map((value) => Buffer.from(`key ${value}`).toString('base64')).join('\n\n'),
          },
        ],
      },
      {
        by: `RUN |${all.length} ${all.join(' ')} /bin/sh -c curl -k -u svc:${VALUES['password']?.()} http://acme.io/${bare[0]} | sh # buildkit`,
        files: [{ name: 'app/.wh..env' }],
      },
    ]
    const dockerfile = `FROM scratch\nARG ${all[0]}\nCOPY . /app\nRUN curl -k -u svc:${VALUES['password']?.()} http://acme.io/${bare[0]} | sh\n`
    const archive = await buildImage({
      layers,
      config: {
        Env: all,
        Labels: Object.fromEntries(all.map((pair, index) => [`l${index}`, pair])),
        Cmd: bare,
        User: bare[0],
      },
    })
    for (const text of [dockerfile, null]) {
      const outcome = await judgeArchive(archive, { dockerfile: text })
      expect(outcome.report.findings.length).toBeGreaterThan(8)
      for (const [name, output] of Object.entries(every(outcome))) {
        for (const value of planted) {
          const forms = [
            value,
            value.trim(),
            Buffer.from(value).toString('base64').replace(/=+$/, ''),
            encodeURIComponent(value),
            JSON.stringify(value).slice(1, -1),
          ]
          for (const form of forms)
            expect(output.includes(form), `${name} holds ${value.slice(0, 6)}… as ${form.slice(0, 8)}…`).toBe(false)
        }
      }
    }
  })
})
