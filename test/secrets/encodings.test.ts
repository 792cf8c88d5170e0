// One token in the forms in which images hold it: escaped, in pieces, encoded, packed, between the bytes of programs.
import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { fillForm } from '../../src/secrets/form.ts'
import { checkJavaKeystore, checkPkcs12 } from '../../src/secrets/keystore.ts'
import { processScanner } from '../../src/secrets/scanner.ts'
import { useFolder } from '../folder.ts'
import { fill } from '../values.ts'

const scanner = processScanner()
const folder = useFolder()

const find = (content: Buffer | string, where = '/app/x') => {
  const scan = scanner.start(where)
  scan.push(Buffer.isBuffer(content) ? content : Buffer.from(content, 'latin1'), true)
  return scan
}
const values = (content: Buffer | string): string[] => find(content).matches.map(({ value }) => value)

const github = fill('{{github-token}}')
const groq = fillForm('gsk_{62:52}', 4)
const login = fillForm('svc:{62:14}', 5)
const base64 = (text: string | Buffer): string => Buffer.from(text).toString('base64')
const half = Math.floor(github.length / 2)
const [head, tail] = [github.slice(0, half), github.slice(half)]

describe('a token is found', () => {
  it.each([
    ['behind a line feed in JSON', `{"env":"A=1\\n${github}\\nB=2"}`],
    ['behind an escape in a URL', `https://acme.io/?state=x%3D${github}%26y`],
    ['behind an escape in JavaScript', `"\\x3d${github}\\u0022"`],
    ['behind the colours of a terminal', `\x1b[93m${github}\x1b[0m`],
    ['in text as hex', Buffer.from(`export GITHUB_TOKEN=${github}`).toString('hex')],
    ['in base64', `data: ${base64(`GITHUB_TOKEN=${github}`)}`],
    ['in base64 in base64', base64(`data: ${base64(`GITHUB_TOKEN=${github}`)}`)],
    [
      'in base64 over lines',
      (base64(`# settings of the service\nGITHUB_TOKEN=${github}\n# and more of it`).match(/.{1,64}/g) ?? []).join(
        '\n',
      ),
    ],
    ['in gzip in base64', base64(gzipSync(`GITHUB_TOKEN=${github}`))],
    [
      'in a Helm release: gzip in base64 in base64',
      `release: ${base64(base64(gzipSync(JSON.stringify({ manifest: `token: ${github}`, chart: 'x'.repeat(400) }))))}`,
    ],
    ['in a shell line that goes on', `export TOKEN=${head}\\\n    ${tail}\n`],
    ['in a folded YAML text', `token: >-\n  ${head}\n  ${tail}\n`],
    ['in strings that code joins', `const token = "${head}" +\n  "${tail}"`],
    ['in a JSON list of lines', `["${head}",\n "${tail}"]`],
  ])('%s', (_name, text) => {
    expect(values(text)).toEqual([github])
  })

  it.each([
    ['UTF-16, little end first', Buffer.from(`GITHUB_TOKEN=${github}`, 'utf16le')],
    ['UTF-16, big end first', Buffer.from(`GITHUB_TOKEN=${github}`, 'utf16le').swap16()],
    [
      'a program whose strings touch',
      Buffer.from(`\x7fELF\0\0runtime errorindex out of range${github}goroutine stackmap`, 'latin1'),
    ],
    [
      'a source map',
      Buffer.from(
        JSON.stringify({ version: 3, sourcesContent: [`const token = '${github}'\nexport default token\n`] }),
      ),
    ],
  ])('in %s', (_name, bytes) => {
    expect(values(bytes)).toEqual([github])
  })

  it('where its length stands in front of it, as in .pyc and .class files', () => {
    // 56 characters: the length is the digit 8.
    expect(
      values(Buffer.from(`\0\0\xda\x04name\xda${String.fromCharCode(groq.length)}${groq}\xda\x05other`, 'latin1')),
    ).toEqual([groq])
    expect(
      values(
        Buffer.from(
          `\xca\xfe\xba\xbe\0\0\0\x41\x01\0${String.fromCharCode(groq.length)}${groq}\x01\0\x04Code`,
          'latin1',
        ),
      ),
    ).toEqual([groq])
    expect(values(Buffer.from(`\0\0word7${groq}`, 'latin1'))).toEqual([])
  })

  it.runIf(existsSync('/usr/bin/python3'))('in what Python compiles', () => {
    const source = path.join(folder.path, 'settings.py')
    execFileSync('/usr/bin/python3', [
      '-c',
      'import sys, py_compile; open(sys.argv[1], "w").write(sys.argv[2]); py_compile.compile(sys.argv[1], sys.argv[1] + "c")',
      source,
      `KEY = "${groq}"\nTOKEN = "${github}"\n`,
    ])
    expect(values(readFileSync(`${source}c`)).sort()).toEqual([github, groq].sort())
  })

  it.each([
    ['slashes escaped, as PHP does', `{"dsn":"postgres:\\/\\/${login}@db.acme.io\\/app"}`],
    ['a URL in a URL', `https://acme.io/?next=postgres%3A%2F%2F${login}@db.acme.io%2Fapp`],
  ])('a connection string with %s', (_name, text) => {
    expect(find(text).matches).toMatchObject([{ detector: 'connection-string', value: login.slice(4) }])
  })

  it('an AWS secret whose slashes are escaped', () => {
    const secret = fillForm('{62:18}/{62:20}+', 6)
    expect(find(`{"accessKeyId":"${fill('{{aws-id}}')}","secretAccessKey":"${secret}"}`).matches).toMatchObject([
      { strength: 'proven', value: secret },
    ])
  })
})

/** How writers escape a text. */
const WRITERS: Readonly<Record<string, (text: string) => string>> = {
  PHP: (text) => JSON.stringify(text).replaceAll('/', '\\/'),
  Gson: (text) => JSON.stringify(text).replace(/[=&<>']/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`),
  '.NET': (text) =>
    JSON.stringify(text).replace(/[+&<>']/g, (c) => `\\u00${c.charCodeAt(0).toString(16).toUpperCase()}`),
  'JavaScript for HTML': (text) =>
    JSON.stringify(text).replace(/[/<>]/g, (c) => `\\u00${c.charCodeAt(0).toString(16).toUpperCase()}`),
  'Java properties': (text) =>
    `value=${text
      .replaceAll('\\', '\\\\')
      .replace(/[:=#!]/g, '\\$&')
      .replaceAll('\n', '\\n')}`,
  'a URL': (text) => `next=${encodeURIComponent(text)}`,
  XML: (text) => `<value>${text.replace(/[&<>+"']/g, (c) => `&#${c.charCodeAt(0)};`)}</value>`,
  'JSON in JSON': (text) => JSON.stringify(JSON.stringify({ value: text }).replaceAll('/', '\\/')),
}

describe('escapes are undone for every kind', () => {
  const pem = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .privateKey.export({ format: 'pem', type: 'pkcs8' })
    .toString()
  const signed = (size: number): string =>
    `${fillForm(`{b64:${Math.floor(size / 2)}}`, 31)}+/${fillForm(`{b64:${size - 2 - Math.floor(size / 2)}}`, 32)}`
  const VALUES: readonly (readonly [id: string, text: string])[] = [
    ['slack-webhook', fillForm('https://hooks.slack.com/services/T{36U:10}/B{36U:10}/{62:24}', 21)],
    ['discord-webhook', fillForm('https://discord.com/api/webhooks/{d:18}/{62:68}', 22)],
    [
      'azure-storage-key',
      `DefaultEndpointsProtocol=https;AccountName=acme;AccountKey=${signed(86)}==;EndpointSuffix=core.windows.net`,
    ],
    [
      'azure-shared-key',
      `Endpoint=sb://acme.servicebus.windows.net/;SharedAccessKeyName=x;SharedAccessKey=${signed(43)}=`,
    ],
    [
      'azure-sas-token',
      `https://acme.blob.core.windows.net/c?sv=2022-11-02&sp=r&se=2031-01-01T00%3A00%3A00Z&sig=${encodeURIComponent(`${signed(43)}=`)}`,
    ],
    ['connection-string', `postgresql://${login}@db.acme.io:5432/app`],
    ['sql-connection-string', `Server=db.acme.io;Database=app;User Id=svc;Password=${fillForm('{62:14}7', 23)};`],
    ['private-key', pem],
  ]
  it.each(VALUES.flatMap(([id, text]) => Object.keys(WRITERS).map((writer) => [id, writer, text] as const)))(
    '%s as %s writes it',
    (id, writer, text) => {
      const found = find(WRITERS[writer]?.(text) ?? '').matches.filter(
        ({ strength }) => strength === 'likely' || strength === 'proven',
      )
      expect(found.map(({ detector }) => detector)).toContain(id)
    },
  )

  it('the place is that of the escaped text, which is hidden with the value', () => {
    const text = `{"url":"${fillForm('https:\\/\\/hooks.slack.com\\/services\\/T{36U:10}\\/B{36U:10}\\/{62:24}', 24)}"}`
    const [match] = find(text).matches
    expect(text.slice(match?.offset, (match?.offset ?? 0) + (match?.length ?? 0))).toBe(match?.companion)
    expect(match?.companion?.replaceAll('\\/', '/')).toBe(match?.value)
  })

  it.each(['%DB_PASSWORD%', '\\u0024{PASSWORD}', '&#36;{PASSWORD}', '\\${DB_PASSWORD}'])(
    '%s is no password',
    (password) => {
      expect(values(`Server=db.acme.io;User Id=svc;Password=${password};`)).toEqual([])
    },
  )

  it('a text that is full of literals and escapes ends', () => {
    for (const piece of ['-----BEGIN \\/', 'AccountKey\\u003d', '%2BACR', 'sig=%2F', '\\://a:b\\u0026', '"kty"\\/'])
      expect(find(piece.repeat(50_000)).matches.length).toBeLessThan(1000)
  })
})

describe('what is derived has a budget', () => {
  it('gzip in base64 beyond it is left out, and said', () => {
    const bomb = base64(gzipSync(Buffer.alloc(80 << 20)))
    const scan = find(`a: ${bomb.slice(0, 200_000)}\ntoken: ${github}\n`)
    expect(scan.overBudget).toBe(true)
    expect(scan.matches.map(({ value }) => value)).toEqual([github])
  })

  it('damaged gzip is no match and no error', () => {
    expect(values(base64(gzipSync(`x ${github}`).subarray(0, 20)).padEnd(80, 'A'))).toEqual([])
  })
})

describe('keystores', () => {
  const key = generateKeyPairSync('rsa', { modulusLength: 2048 })
    .privateKey.export({ format: 'pem', type: 'pkcs8' })
    .toString()

  /** A PKCS #12 file, made by OpenSSL. */
  function pkcs12(password: string, withKey = true): Buffer {
    const [pem, cert, out] = ['k.pem', 'c.pem', 'x.p12'].map((name) => path.join(folder.path, name)) as [
      string,
      string,
      string,
    ]
    const openssl = (...args: string[]): Buffer =>
      execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'ignore'], input: undefined })
    execFileSync('sh', ['-c', 'cat > "$0"', pem], { input: key })
    openssl('req', '-x509', '-new', '-key', pem, '-subj', '/CN=acme', '-out', cert)
    openssl(
      'pkcs12',
      '-export',
      ...(withKey ? ['-inkey', pem] : ['-nokeys']),
      '-in',
      cert,
      '-passout',
      `pass:${password}`,
      '-out',
      out,
    )
    return readFileSync(out)
  }

  it.runIf(existsSync('/usr/bin/openssl'))(
    'a PKCS #12 file that a usual password opens is proven, another is encrypted, one without a key is nothing',
    () => {
      expect(find(pkcs12('changeit')).matches).toMatchObject([{ detector: 'pkcs12-keystore', strength: 'proven' }])
      expect(find(pkcs12('')).matches).toMatchObject([{ strength: 'proven', note: 'it has no password' }])
      expect(find(pkcs12('k8dF-2lq9Xz')).matches).toMatchObject([{ strength: 'harmless' }])
      expect(checkPkcs12(pkcs12('changeit', false).toString('latin1'))).toBeNull()
    },
  )

  /** A JKS file of one entry, as keytool writes it. */
  async function jks(tag: 1 | 2, password: string): Promise<Buffer> {
    const { createHash } = await import('node:crypto')
    const text = (value: string): Buffer => Buffer.concat([Buffer.from([0, value.length]), Buffer.from(value)])
    const size = (length: number): Buffer => Buffer.from([0, 0, length >> 8, length & 255])
    const certificate = Buffer.concat([text('X.509'), size(100), Buffer.alloc(100, 7)])
    const entry = Buffer.concat([
      Buffer.from([0, 0, 0, tag]),
      text('acme'),
      Buffer.alloc(8, 1),
      ...(tag === 1 ? [size(120), Buffer.alloc(120, 9), size(1), certificate] : [certificate]),
    ])
    const body = Buffer.concat([Buffer.from('feedfeed0000000200000001', 'hex'), entry])
    const digest = createHash('sha1')
      .update(Buffer.from(password, 'utf16le').swap16())
      .update('Mighty Aphrodite')
      .update(body)
      .digest()
    return Buffer.concat([body, digest])
  }

  it('a JKS file with a private key counts, one of certificates does not', async () => {
    expect(find(await jks(1, 'changeit')).matches).toMatchObject([{ detector: 'java-keystore', strength: 'proven' }])
    expect(find(await jks(1, 'k8dF-2lq9Xz')).matches).toMatchObject([{ strength: 'harmless' }])
    expect(find(await jks(2, 'changeit')).matches).toEqual([])
    expect(checkJavaKeystore('\xfe\xed\xfe\xed')).toBeNull()
  })
})
