// Inputs that are made to take time or memory, each judged by the bundled command as a user would: node bench/hostile.ts [NAME …]
//
// Prints the exit code, seconds, and the peak of the memory (GNU time). The aim: exit 0, 1 or 2 with one line, and less than 300 MB; 500 MB where
// there are hundreds of thousands of entries, which are kept, hostile or not.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import zlib from 'node:zlib'
import { Random } from '../fuzz/random.ts'
import { type RawEntry, rawTar } from '../fuzz/raw-tar.ts'

/** Megabytes that no hostile input may take, and those of an image of very many entries. */
const AIM = 300
const AIM_OF_ENTRIES = 500
const MB = 1 << 20
const random = new Random(7)
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')
const repeated = (text: string, bytes: number): Buffer => Buffer.alloc(bytes, text)

/** A docker save archive of these layers, packed with gzip. */
function image(
  layers: readonly Buffer[],
  more: Record<string, unknown> = {},
  run: Record<string, unknown> = {},
): Buffer {
  const config = Buffer.from(
    JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      config: { User: '1000', ...run },
      rootfs: { type: 'layers', diff_ids: layers.map((layer) => `sha256:${sha256(layer)}`) },
      history: layers.map(() => ({ created_by: 'COPY . / # buildkit', comment: 'buildkit.dockerfile.v0' })),
      ...more,
    }),
  )
  return rawTar([
    ...layers.map(
      (layer, index): RawEntry => ({ name: `${index}/layer.tar`, content: zlib.gzipSync(layer, { level: 1 }) }),
    ),
    { name: 'config.json', content: config },
    {
      name: 'manifest.json',
      content: Buffer.from(
        JSON.stringify([
          { Config: 'config.json', RepoTags: ['app:1'], Layers: layers.map((_, index) => `${index}/layer.tar`) },
        ]),
      ),
    },
  ])
}

const files = (
  count: number,
  content: (index: number) => Buffer,
  name = (index: number): string => `app/${index}.txt`,
): Buffer => rawTar(Array.from({ length: count }, (_, index) => ({ name: name(index), content: content(index) })))
const ids = (count: number): Buffer =>
  Buffer.from(
    Array.from({ length: count }, () => `AK${'IA'}${random.text(16, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567')}\n`).join(''),
  )
const block = ids(1000)

/** Each input, made when it is its turn. */
const INPUTS: Readonly<Record<string, () => Buffer>> = {
  'nothing hostile': () => image([files(10, () => Buffer.from('x'))]),
  'the same 1,000 ids in 5,000 files': () => image([files(5000, () => block)]),
  '1,000 ids of their own in 2,000 files': () => image([files(2000, () => ids(1000))]),
  'ids in base64': () => image([files(200, () => Buffer.from(ids(1000).toString('base64')))]),
  'ids in UTF-16': () => image([files(200, () => Buffer.from(ids(1000).toString('latin1'), 'utf16le'))]),
  'a path of 160,000 parts': () =>
    image([rawTar([{ name: `${'a/'.repeat(160_000)}f`, content: Buffer.from('x'), form: 'gnu' }])]),
  '20,000 paths of 1,000 parts': () =>
    image([
      rawTar(
        Array.from({ length: 20_000 }, (_, index) => ({
          name: `${'a/'.repeat(1000)}${index}`,
          content: Buffer.alloc(0),
          form: 'gnu' as const,
        })),
      ),
    ]),
  '200,000 empty files': () => image([files(200_000, () => Buffer.alloc(0))]),
  '100,000 whiteouts': () =>
    image([
      files(100_000, () => Buffer.alloc(0)),
      files(
        100_000,
        () => Buffer.alloc(0),
        (index) => `app/.wh.${index}.txt`,
      ),
    ]),
  '40,000 records of packages in 20 databases': () =>
    image([
      rawTar(
        Array.from({ length: 20 }, (_, at) => ({
          name: `var/lib/dpkg/info/p${at}.md5sums`,
          content: Buffer.from(
            Array.from(
              { length: 40_000 },
              (_, index) => `${'0'.repeat(32)}  usr/share/${at}/${index}/${'n'.repeat(100)}\n`,
            ).join(''),
          ),
        })),
      ),
    ]),
  'short records of packages': () =>
    image([
      rawTar(
        Array.from({ length: 40 }, (_, at) => ({
          name: `var/lib/dpkg/info/p${at}.md5sums`,
          content: repeated(`${'0'.repeat(32)}  a\n`, 8 * MB - 4),
        })),
      ),
    ]),
  '5,000 variables and 5,000 entries of the history': () =>
    image(
      [files(1, () => Buffer.from('x'))],
      {
        history: [
          { created_by: 'COPY . /' },
          ...Array.from({ length: 5000 }, (_, index) => ({ created_by: `ENV V${index}=${index}`, empty_layer: true })),
        ],
      },
      { Env: Array.from({ length: 5000 }, (_, index) => `V${index}=value${index}`) },
    ),
  '3,000 tokens in variables': () =>
    image(
      [files(1, () => Buffer.from('x'))],
      {},
      {
        Env: Array.from(
          { length: 3000 },
          (_, index) => `V${index}=glp${'at-'}${random.text(20, 'abcdefghijklmnopqrstuvwxyz0123456789')}`,
        ),
      },
    ),
  'JKS magic': () =>
    image([
      files(
        1,
        () => repeated('\xfe\xed\xfe\xed\0\0\0\x02', 4 * MB),
        () => 'a.jks',
      ),
    ]),
  'starts of JSON web tokens': () => image([files(1, () => repeated('eyJ', 4 * MB))]),
  'starts of JSON web tokens with dots': () => image([files(1, () => repeated('eyJhbGciOiJIUzI1NiJ9.', 4 * MB))]),
  'PuTTY keys without an end': () =>
    image([files(1, () => repeated('PuTTY-User-Key-File-2: ssh-rsa\nPrivate-Lines: 99999\n', 4 * MB))]),
  'PEM keys without an end': () => image([files(1, () => repeated(`-----BEGIN RSA ${'PRIVATE'} KEY-----\n`, 4 * MB))]),
  'logins without an end': () => image([files(1, () => repeated('https://a:', 4 * MB))]),
  'passwords of letters': () =>
    image([
      files(1, () =>
        Buffer.from(
          Array.from({ length: 20_000 }, () => `DB_PASSWORD=${random.text(60, 'abcdefghijklmnopqrstuvwxyz')}!\n`).join(
            '',
          ),
        ),
      ),
    ]),
  'a large .pgpass': () =>
    image([
      files(
        1,
        () => repeated('db.example.com:5432:*:app:hunter2hunter2\n', 16 * MB),
        () => 'root/.pgpass',
      ),
    ]),
  'zeros in gzip': () => image([files(1, () => zlib.gzipSync(Buffer.alloc(512 * MB)))]),
  'zeros in zstd': () => image([files(1, () => zlib.zstdCompressSync(Buffer.alloc(512 * MB)))]),
  'gzip in gzip in gzip': () =>
    image([files(1, () => zlib.gzipSync(zlib.gzipSync(zlib.gzipSync(Buffer.alloc(1024 * MB)))))]),
  'an archive in gzip': () => zlib.gzipSync(image([files(1, () => Buffer.alloc(64 * MB))])),
  'a configuration of brackets': () =>
    image([files(1, () => Buffer.from('x'))], { note: JSON.parse(`${'['.repeat(1000)}${']'.repeat(1000)}`) }),
  'a manifest of brackets': () => rawTar([{ name: 'manifest.json', content: Buffer.from('['.repeat(1_000_000)) }]),
  '1,000 commands in a RUN': () =>
    image([files(1, () => Buffer.from('x'))], {
      history: [
        {
          created_by: `RUN /bin/sh -c ${Array.from({ length: 1000 }, (_, index) => `curl -k https://x/${index} | sh`).join(' && ')} # buildkit`,
        },
      ],
    }),
  'a RUN of brackets': () =>
    image([files(1, () => Buffer.from('x'))], {
      history: [{ created_by: `RUN /bin/sh -c ${'$('.repeat(20_000)} # buildkit` }],
    }),
}

const wanted = process.argv.slice(2)
const folder = mkdtempSync(path.join(tmpdir(), 'layergate-hostile-'))
const cli = path.resolve(import.meta.dirname, '../dist/cli.js')
let wrong = 0
try {
  for (const [name, make] of Object.entries(INPUTS)) {
    if (wanted.length > 0 && !wanted.some((part) => name.includes(part))) continue
    mkdirSync(folder, { recursive: true })
    const file = path.join(folder, 'image.tar')
    writeFileSync(file, make())
    const started = performance.now()
    const { stdout, stderr, status } = spawnSync(
      '/usr/bin/time',
      ['-f', '%M', process.execPath, cli, 'scan', file, '--format', 'json'],
      {
        encoding: 'utf8',
        maxBuffer: 1 << 30,
        timeout: 600_000,
        env: { ...process.env, NO_COLOR: '1' },
      },
    )
    const seconds = (performance.now() - started) / 1000
    const peak = Number(/(\d+)\s*$/.exec(stderr)?.[1] ?? 0) / 1000
    const told =
      status === 2 ? (stderr.split('\n').find((line) => line.startsWith('layergate')) ?? 'nothing is told') : ''
    const isWrong =
      !(status === 0 || status === 1 || (status === 2 && told.startsWith('layergate'))) ||
      peak > (/^\d+,000 (?:paths|empty|whiteouts)/.test(name) ? AIM_OF_ENTRIES : AIM)
    if (isWrong) wrong++
    console.log(
      `${isWrong ? 'WRONG' : 'ok   '} ${name.padEnd(50)} exit ${status}  ${seconds.toFixed(1).padStart(6)} s  ${peak.toFixed(0).padStart(5)} MB  ${(stdout.length / 1e6).toFixed(1).padStart(6)} MB of report  ${told.slice(0, 160)}`,
    )
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
console.log(`${wrong} wrong`)
process.exitCode = wrong === 0 ? 0 : 1
