// Files that are read by their name, longer than anyone writes them: all of them are read, and what is not is listed.
import { describe, expect, it } from 'vitest'
import { processScanner } from '../../src/secrets/scanner.ts'
import { buildImage } from '../image-builder.ts'
import { judgeArchive } from '../run-gate.ts'
import { random } from '../values.ts'

const scanner = processScanner()
const password = `${random(12, undefined, 8)}-7`
const hash = `$6$${random(16, undefined, 9)}$${random(86, undefined, 10)}`

const scan = (path: string, content: Buffer) => {
  const running = scanner.start(path)
  // In pieces, as a layer gives them.
  for (let at = 0; at < content.length; at += 65_536)
    running.push(content.subarray(at, at + 65_536), at + 65_536 >= content.length)
  return running
}
const padding = (line: string, bytes: number): string => `${line}\n`.repeat(Math.ceil(bytes / (line.length + 1)))

/** A path, lines that say nothing, and the line that tells; `VALUE` is the secret. */
const FILES: readonly (readonly [path: string, filler: string, line: string, value: string])[] = [
  ['/root/.pgpass', '# a comment', `db.acme.io:5432:app:svc:VALUE`, password],
  ['/etc/shadow', 'daemon:*:19000:0:99999:7:::', `app:VALUE:19000:0:99999:7:::`, hash],
  ['/etc/nginx/.htpasswd', '# a comment', `admin:VALUE`, hash],
  ['/root/.netrc', '# a comment', `machine git.acme.io login bot password VALUE`, password],
  ['/root/.git-credentials', 'https://git.acme.io', `https://bot:VALUE@git.acme.io`, password],
  ['/root/.bash_history', 'ls -la', `export DB_PASSWORD=VALUE`, password],
  ['/etc/redis/redis.conf', '# a comment', `requirepass VALUE`, password],
  ['/root/.my.cnf', '[client]', `password=VALUE`, password],
  ['/app/prod.tfvars', 'region = "eu-1"', `db_password = "VALUE"`, password],
  ['/root/.gradle/gradle.properties', 'org.gradle.daemon=true', `mavenPassword=VALUE`, password],
  ['/root/.pypirc', '[acme]', `password = VALUE`, password],
]

describe.each(FILES)('%s', (path, filler, line, value) => {
  it.each([300 << 10, 3 << 20])('is read beyond %i bytes', (bytes) => {
    const front = padding(filler, bytes)
    const { matches, isLong } = scan(path, Buffer.from(`${front}${line.replace('VALUE', value)}\n${filler}\n`))
    expect(
      matches.filter(({ strength }) => strength !== 'harmless').map((match) => [match.value, match.line]),
    ).toContainEqual([value, front.split('\n').length])
    expect(isLong).toBe(false)
  })
})

describe('a file of more than 8 MiB', () => {
  it('is listed', async () => {
    const content = Buffer.from(`${padding('# a comment', 8 << 20)}db.acme.io:5432:app:svc:${password}\n`)
    const { report } = await judgeArchive(
      await buildImage({
        layers: [{ by: 'COPY . / # buildkit', files: [{ name: 'root/.pgpass', content }] }],
        config: { User: '1' },
      }),
    )
    expect(report.stats.skipped).toMatchObject([
      { path: '/root/.pgpass', reason: expect.stringMatching(/first 8 MiB/) },
    ])
  })

  it('is not, where its name tells nothing', () => {
    expect(scan('/app/data.txt', Buffer.alloc(9 << 20, 'x\n')).isLong).toBe(false)
  })
})

describe('what would take long', () => {
  it.each([
    ['/root/.bash_history', `export ${'PASS'.repeat(1 << 20)}`],
    ['/app/settings.xml', `<?xml version="1.0"?>${'<!--'.repeat(1 << 20)}`],
    ['/app/settings.xml', `<?xml version="1.0"?>${'<a>          '.repeat(300_000)}`],
    ['/root/.my.cnf', `${'a'.repeat(170)}\n`.repeat(20_000)],
    ['/root/.my.cnf', `password=${' '.repeat(4 << 20)}#`],
    ['/root/.pgpass', `${'a:'.repeat(2 << 20)}\n`],
    ['/etc/shadow', 'a:$6$'.repeat(800_000)],
    ['/app/auth.json', `{"http-basic":${'"a":"'.repeat(800_000)}`],
    ['/root/.git-credentials', `https://a:${'@'.repeat(2 << 20)}`],
  ])('ends: %s', (path, text) => {
    expect(scan(path, Buffer.from(text)).matches.length).toBeLessThan(1000)
  })
})
