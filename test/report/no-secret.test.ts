// Both promises of the redactor: no output holds a secret, and no output differs from the truth but by secrets.
import { describe, expect, it } from 'vitest'
import { outputsOf, tryAttack } from '../adversary.ts'
import { buildImage, type ImageSpec, type LayerSpec } from '../image-builder.ts'
import { judgeArchive } from '../run-gate.ts'
import { VALUES } from '../values.ts'

describe('no output holds ten characters of a secret', () => {
  // bench/no-secret.ts tries five hundred, and every sample.
  it.each(Array.from({ length: 16 }, (_, seed) => 1000 + seed))(
    'of an image with secrets in every field and encoding: seed %i',
    async (seed) => {
      const { leaks, outputs } = await tryAttack(seed)
      expect(outputs).toBeGreaterThan(15)
      expect(leaks).toEqual([])
    },
  )
})

const HARMLESS = 'made-up_placeholder_of_the_same_length__'
const TOKEN = VALUES['github-token']?.() ?? ''

/** An image in which a text stands in every field that is quoted. */
function imageWith(text: string): { spec: ImageSpec; dockerfile: string } {
  const layers: LayerSpec[] = [
    { by: 'COPY . /app # buildkit', files: [{ name: `app/${text}.txt`, content: `GITHUB_TOKEN=${TOKEN}\n` }] },
    {
      by: `RUN /bin/sh -c ${'x'.repeat(30)} ${text} | sh && chmod 777 /srv/${text} # buildkit`,
      files: [{ name: 'x', content: 'x' }],
    },
    { by: `RUN /bin/sh -c rm /app/${text}.txt # buildkit`, files: [{ name: `app/.wh.${text}.txt` }] },
  ]
  return {
    spec: { layers, config: { User: text, Labels: { note: text }, WorkingDir: `/w/${text}` }, name: `acme/app:1` },
    dockerfile: `FROM scratch\nCOPY . /app\nRUN ${'x'.repeat(30)} ${text} | sh && chmod 777 /srv/${text}\nRUN rm /app/${text}.txt\nUSER ${text}\n`,
  }
}

describe('no output differs from the truth but by secrets', () => {
  it('of an image with words in place of the token that stands in its names and commands', async () => {
    const seen = async (text: string): Promise<object> => {
      const { spec, dockerfile } = imageWith(text)
      const { report, source } = await judgeArchive(await buildImage(spec), { dockerfile })
      const { image, findings, warnings } = report
      const rules = findings.filter(({ secret }) => secret === null).map(({ fingerprint: _, ...finding }) => finding)
      const layers = image.layers.map(({ diffId: _id, digest: _digest, ...layer }) => layer)
      const files = findings.flatMap(({ secret, location }) =>
        secret?.detector === 'github-token' && location.kind === 'layer' ? [location.path] : [],
      )
      return {
        image: { ...image, id: '', reference: '', digest: '', layers },
        rules,
        warnings,
        source: source?.lines,
        files,
      }
    }
    const shown = `${TOKEN.slice(0, 4)}…${TOKEN.slice(-4)}`
    const [secret, harmless] = [await seen(TOKEN), await seen(HARMLESS)]
    expect(JSON.parse(JSON.stringify({ ...secret, files: [] }).replaceAll(shown, HARMLESS))).toEqual({
      ...harmless,
      files: [],
    })
    expect(harmless).toMatchObject({ files: [`/app/${HARMLESS}.txt`] })
  })

  /** Each is a word that stands in names, and also somebody's password. */
  const WORDS = ['debian', 'app', 'acme', 'docker', 'production', 'scratch']

  it.each(WORDS)('the password %s is hidden where it is a password, and nowhere else', async (word) => {
    const layers: LayerSpec[] = [
      {
        by: `ADD rootfs.tar / # ${word}`,
        files: [{ name: 'usr/share/man/x', content: `machine a.io login b password ${word}\n` }],
      },
      {
        by: 'COPY . /app # buildkit',
        files: [{ name: 'app/.netrc', content: `machine git.acme.io login bot password ${word}\n` }],
      },
      {
        by: `RUN /bin/sh -c curl -k https://deb.${word}.org/${word}/x.sh | sh # buildkit`,
        files: [{ name: `srv/${word}/x`, content: 'x' }],
      },
    ]
    const dockerfile = `FROM ${word}:12\nCOPY . /app\nRUN curl -k https://deb.${word}.org/${word}/x.sh | sh\n`
    const outcome = await judgeArchive(await buildImage({ layers }), {
      dockerfile,
      dockerfilePath: `${word}/Dockerfile`,
      name: `ghcr.io/${word}/web`,
      file: `${word}.tar`,
      policy: `ignore:\n  - rule: sudo-installed\n    reason: for ${word} alone\n`,
    })
    const {
      json = '',
      sarif = '',
      terminal = '',
      annotations = '',
      markdown: summary = '',
      comment = '',
    } = outputsOf(outcome)
    expect(outcome.report.name).toBe(`ghcr.io/${word}/web`)
    expect(outcome.report.image.reference).toMatch(new RegExp(`/${word}\\.tar$`))
    for (const text of [json, terminal, summary, comment]) expect(text).toContain(`deb.${word}.org/${word}/x.sh`)
    for (const text of [json, sarif, annotations]) expect(text).toContain(`${word}/Dockerfile`)
    expect(sarif).toContain(`FROM ${word}:12`.slice(0, 4))
    expect(json).toContain(`for ${word} alone`)
    expect(json).not.toContain(`password ${word}`)
  })

  it('a word that is a password in ENV is hidden there alone', async () => {
    const layers: LayerSpec[] = [
      { by: 'ADD x / ', files: [{ name: 'etc/x', content: 'x' }] },
      {
        by: 'RUN /bin/sh -c curl -k https://storage.acme.io/x | sh && mysql -u root -pstorage99 # buildkit',
        files: [{ name: 'x', content: 'x' }],
      },
      { by: 'ENV DATABASE_URL=postgres://app:storage99@db.acme.io/storage99', files: null },
    ]
    const outcome = await judgeArchive(
      await buildImage({ layers, config: { Env: ['DATABASE_URL=postgres://app:storage99@db.acme.io/storage99'] } }),
      { file: 'storage99.tar' },
    )
    const texts = outputsOf(outcome)
    expect(outcome.report.image.reference).toMatch(/\/storage99\.tar$/)
    expect(outcome.report.image.history.map(({ createdBy }) => createdBy)).toEqual([
      'ADD x / ',
      'RUN /bin/sh -c curl -k https://storage.acme.io/x | sh && mysql -u root -p••• # buildkit',
      'ENV DATABASE_URL=postgres://app:•••@db.acme.io/storage99',
    ])
    for (const [name, text] of Object.entries(texts)) expect(text, name).not.toMatch(/-pstorage99|:storage99@/)
  })
})

describe('what could be tried until it fits', () => {
  it('a file with a guessable value has no hash in any report; one with a token has', async () => {
    const layers: LayerSpec[] = [
      {
        by: 'COPY . /app # buildkit',
        files: [
          { name: 'app/db.env', content: `DB_PASSWORD=${VALUES['password']?.()}\n` },
          { name: 'app/.pgpass', content: 'db.acme.io:5432:app:app:summer24\n' },
          { name: 'app/token', content: `${TOKEN}\n` },
        ],
      },
    ]
    const { report } = await judgeArchive(await buildImage({ layers }))
    const hashes = new Map(
      report.findings.flatMap(({ file, location }) =>
        file === null || location.kind !== 'layer' ? [] : [[location.path, file.sha256] as const],
      ),
    )
    expect(hashes.get('/app/db.env')).toBeNull()
    expect(hashes.get('/app/.pgpass')).toBeNull()
    expect(hashes.get('/app/token')).toMatch(/^[0-9a-f]{64}$/)
  })
})

describe('a change that is printed holds nothing that is hidden', () => {
  const other = VALUES['gitlab-token']?.() ?? ''
  const judged = async (line: string, env: Record<string, string>, more: { dockerfile: string; by: string }[] = []) => {
    const layers: LayerSpec[] = [
      { by: 'ADD x / ', files: [{ name: 'etc/x', content: 'x' }] },
      { by: 'RUN /bin/sh -c make # buildkit', files: [{ name: 'x', content: 'x' }] },
      { by: line, files: null },
      ...more.map(({ by }) => ({ by, files: null })),
    ]
    return judgeArchive(
      await buildImage({
        layers,
        config: { Env: Object.entries(env).map(([name, value]) => `${name}=${value}`), User: '1' },
      }),
      {
        dockerfile: `FROM busybox\nRUN make\n${line}\n${more.map(({ dockerfile }) => `${dockerfile}\n`).join('')}`,
      },
    )
  }

  it('ENV with two secrets: both go, in one change', async () => {
    const outcome = await judged(`ENV GITHUB_TOKEN=${TOKEN} GITLAB_TOKEN=${other} MODE=fast`, {
      GITHUB_TOKEN: TOKEN,
      GITLAB_TOKEN: other,
      MODE: 'fast',
    })
    const secrets = outcome.report.findings.filter(({ secret }) => secret !== null)
    expect(secrets).toHaveLength(2)
    for (const { fix } of secrets) expect(fix?.edits).toEqual([{ startLine: 3, endLine: 3, lines: ['ENV MODE=fast'] }])
  })

  it('ENV with a secret that goes and one that nobody can take out: the line is not printed, and it is said which assignment goes', async () => {
    const outcome = await judged(
      `ENV GITHUB_TOKEN=${TOKEN} GITLAB_TOKEN=${other} MODE=fast`,
      { GITHUB_TOKEN: TOKEN, GITLAB_TOKEN: other, MODE: 'fast' },
      [{ dockerfile: 'VOLUME $GITLAB_TOKEN', by: `VOLUME [${other}]` }],
    )
    const secrets = outcome.report.findings.filter(({ secret }) => secret !== null)
    expect(secrets).toHaveLength(2)
    for (const { fix } of secrets) expect(fix).toBeNull()
    expect(secrets.map(({ remedy }) => remedy).join('\n')).toMatch(
      /In Dockerfile:3, only GITHUB_TOKEN goes: another secret stands there too/,
    )
    for (const [name, text] of Object.entries(outputsOf(outcome))) expect(text, name).not.toMatch(/[+-] ENV/)
  })

  it.each([
    [
      'ENV with one secret and other settings',
      `ENV GITHUB_TOKEN=${TOKEN} MODE=fast`,
      { GITHUB_TOKEN: TOKEN, MODE: 'fast' },
      /\+ ENV MODE=fast/,
    ],
    [
      'ENV with one secret alone',
      `ENV GITHUB_TOKEN=${TOKEN}`,
      { GITHUB_TOKEN: TOKEN },
      /Dockerfile:3: GITHUB_TOKEN goes/,
    ],
  ])('%s: what comes is printed, what goes is named', async (_about, line, env, wanted) => {
    const { terminal = '', markdown: summary = '', json = '' } = outputsOf(await judged(line, env))
    for (const text of [terminal, summary]) {
      expect(text).toMatch(/Dockerfile:3: GITHUB_TOKEN goes/)
      expect(text).toMatch(wanted)
      expect(text).not.toMatch(/- ENV/)
    }
    expect(json).toContain('"edits"')
  })
})
