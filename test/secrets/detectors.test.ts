// Every detector finds its credential, and stays quiet at what only looks like one.
import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { crc32 } from '../../src/secrets/checks.ts'
import { DETECTORS } from '../../src/secrets/detectors/list.ts'
import { Scanner } from '../../src/secrets/scanner.ts'
import { fill, random, VALUES } from '../values.ts'

const HEX = '0123456789abcdef'
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const URL64 = `${BASE62}-_`
const scanner = new Scanner()

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
const pkcs8 = rsa.export({ format: 'pem', type: 'pkcs8' }).toString()
const encryptedPem = rsa.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'x' }).toString()
const grafana = (): string => {
  const body = `gl${'sa_'}${random(32, BASE62, 30)}`
  const sum = Buffer.alloc(4)
  sum.writeUInt32LE(crc32(body))
  return `${body}_${sum.toString('hex')}`
}
const atlassian = (): string => {
  const body = `ATATT${'3xFf'}${random(60, URL64, 31)}=`
  return body + crc32(body).toString(16).toUpperCase().padStart(8, '0')
}
const base64 = (text: string): string => Buffer.from(text).toString('base64')
const password = VALUES['password']?.() ?? ''
const key64 = random(86, `${BASE62}+/`, 32)

/** Detector, text, strength, path. */
const FOUND: readonly (readonly [string, string, string, string?])[] = [
  ['age-key', `AGE-SECRET-${'KEY-1'}${random(58, 'QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L', 33)}`, 'likely'],
  ['anthropic-key', `sk-${'ant-api03-'}${random(93, URL64, 34)}AA`, 'likely'],
  ['atlassian-token', atlassian(), 'proven'],
  ['aws-access-key', fill('id {{aws-id}} '), 'possible'],
  ['aws-bedrock-key', `ABSK${'QmVkcm9ja0FQSUtleS1'}${random(100, BASE62, 35)}`, 'likely'],
  ['aws-secret-key', fill('aws_secret_access_key={{aws-secret}}'), 'likely'],
  ['azure-ad-client-secret', `secret: ${random(3, BASE62, 36)}8${'Q~'}${random(34, URL64, 37)}`, 'likely'],
  ['azure-devops-token', `${random(76, BASE62, 38)}${'AZ'}DO${random(4, BASE62, 39)}`, 'likely'],
  ['azure-resource-key', `${random(52, BASE62, 40)}${'JQQJ'}99${random(18, BASE62, 41)}ACOG${random(4, BASE62, 42)}`, 'likely'],
  ['azure-shared-key', `SharedAccessKeyName=x;SharedAccess${'Key='}${random(43, BASE62, 43)}=`, 'likely'],
  ['azure-storage-key', `AccountName=acme;Account${'Key='}${key64}==;EndpointSuffix=core.windows.net`, 'likely'],
  ['basic-authorization', `Authorization: Basic ${base64(`svc:${password}`)}`, 'likely'],
  ['command-line-password', `mysql -h db -u app -p${password} -e x`, 'likely'],
  ['connection-string', `postgres://svc:${password}@db.acme.io/app`, 'likely'],
  ['databricks-token', fill('{{databricks-token}}'), 'likely'],
  ['digitalocean-token', fill('{{digitalocean-token}}'), 'likely'],
  ['discord-webhook', `https://discord.com/api/webhooks/${random(18, '123456789', 44)}/${random(68, URL64, 45)}`, 'likely'],
  ['docker-config-auth', `{"auths":{"r.acme.io":{"auth":"${base64(`deploy:${password}`)}"}}}`, 'likely'],
  ['dockerhub-token', fill('{{dockerhub-token}}'), 'likely'],
  ['gcp-api-key', `key=AI${'za'}${random(35, URL64, 46)}`, 'possible'],
  ['gcp-oauth-secret', `GOC${'SPX-'}${random(28, URL64, 47)}`, 'likely'],
  ['generic-assignment', `DB_PASSWORD=${password}`, 'possible'],
  ['github-fine-grained-token', `github_${'pat_'}${random(22, BASE62, 48)}_${random(59, BASE62, 49)}`, 'likely'],
  ['github-token', fill('{{github-token}}'), 'proven'],
  ['gitlab-token', fill('{{gitlab-token}}'), 'likely'],
  ['grafana-token', grafana(), 'proven'],
  ['huggingface-token', `h${'f_'}${random(34, BASE62.slice(10), 50)}`, 'likely'],
  ['jfrog-token', `AKC${'p'}${random(69, BASE62.slice(1).replace(/[IOl]/g, ''), 51)}`, 'likely'],
  ['jwt', fill('{{jwt}}'), 'likely'],
  ['mailgun-key', `key${'-'}${random(32, HEX, 52)}`, 'possible'],
  ['netrc-login', `machine github.com\n  login bot\n  password ${password}\n`, 'likely'],
  ['newrelic-key', `NR${'AK-'}${random(27, BASE62.slice(0, 36), 53)}`, 'likely'],
  [
    'npm-registry-login',
    `//npm.acme.io/:_auth${'Token='}${random(8, HEX, 54)}-${random(4, HEX, 55)}-4${random(3, HEX, 56)}-8${random(3, HEX, 57)}-${random(12, HEX, 58)}`,
    'likely',
  ],
  ['npm-token', fill('{{npm-token}}'), 'proven'],
  ['nuget-key', `oy${'2'}${random(43, 'abcdefghijklmnopqrstuvwxyz234567', 59)}`, 'likely'],
  ['openai-key', `sk-${'proj-'}${random(58, URL64, 60)}T3Blbk${'FJ'}${random(58, URL64, 61)}`, 'likely'],
  ['private-key', pkcs8, 'proven'],
  ['private-key-base64', `client-key-data: ${base64(pkcs8)}`, 'proven'],
  ['private-key-der', rsa.export({ format: 'der', type: 'pkcs8' }).toString('latin1'), 'proven'],
  ['pypi-token', `pypi-${'AgEIcHlwaS5vcmc'}${random(150, URL64, 62)}`, 'proven'],
  ['rubygems-key', `rubygems_${random(48, HEX, 63)}`, 'likely'],
  ['sendgrid-key', `S${'G.'}${random(22, URL64, 64)}.${random(43, URL64, 65)}`, 'likely'],
  [
    'sentry-org-token',
    `sntrys_${base64('{"iat":1,"url":"https://sentry.io","region_url":"https://us.sentry.io","org":"acme"}').replace(/=+$/, '')}_${random(43, BASE62, 66)}`,
    'proven',
  ],
  ['shopify-token', `shp${'at_'}${random(32, HEX, 67)}`, 'likely'],
  ['slack-token', fill('{{slack-token}}'), 'likely'],
  ['slack-webhook', `https://hooks.slack.com/services/T${random(9, BASE62.slice(0, 36), 68)}/B${random(9, BASE62.slice(0, 36), 69)}/${random(24, BASE62, 70)}`, 'likely'],
  ['sql-connection-string', `Server=db.acme.io;Database=app;User Id=svc;Password=${password};`, 'likely'],
  ['stripe-key', fill('{{stripe-key}}'), 'likely'],
  ['telegram-bot-token', `bot_token = ${random(10, '123456789', 71)}:A${'A'}${random(33, URL64, 72)}`, 'likely'],
  ['terraform-cloud-token', `${random(14, BASE62, 73)}.atlas${'v1.'}${random(67, BASE62, 74)}`, 'likely'],
  ['twilio-auth-token', `TWILIO_AUTH_TOKEN=${random(32, HEX, 75)}`, 'likely'],
  ['twilio-key-id', `S${'K'}${random(32, HEX, 76)}`, 'possible'],
  ['url-credentials', `https://deploy:${password}@git.acme.io/x.git`, 'likely'],
  ['vault-token', `hv${'s.'}${random(95, URL64, 77)}`, 'likely'],
]

const findings = (text: string, path = 'settings.txt') => {
  const scan = scanner.start(path)
  scan.push(Buffer.from(text, 'latin1'), true)
  return scan.matches
}

describe('each detector finds its credential', () => {
  it.each(FOUND.map((row) => [...row] as const))('%s', (id, text, strength, path) => {
    expect(findings(text, path).map((match) => `${match.detector.id} ${match.strength}`)).toContain(`${id} ${strength}`)
  })

  it('has an example for every detector but those that need another file', () => {
    const examples = new Set(FOUND.map(([id]) => id))
    expect(DETECTORS.map(({ id }) => id).filter((id) => !examples.has(id))).toEqual(['putty-key'])
  })

  it('knows a PuTTY key, and an encrypted one from a plain one', () => {
    const file = (encryption: string): string =>
      `PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: ${encryption}\nComment: x\nPublic-Lines: 2\n${random(64, BASE62, 80)}\n${random(20, BASE62, 81)}\nPrivate-Lines: 1\n${random(48, BASE62, 82)}\nPrivate-MAC: ${random(64, HEX, 83)}\n`
    expect(findings(file('none')).map((match) => match.strength)).toEqual(['proven'])
    expect(findings(file('aes256-cbc')).map((match) => match.strength)).toEqual(['harmless'])
  })
})

describe('what only looks like a credential is quiet or harmless', () => {
  it.each([
    ['a placeholder', `gh${'p_'}${'x'.repeat(36)}`],
    ['a bare key header', 'if (line == "-----BEGIN RSA PRIVATE KEY-----") {'],
    ['a key with its body left out', '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC...\n-----END PRIVATE KEY-----'],
    ['a key of zeros', `-----BEGIN PRIVATE KEY-----\n${'A'.repeat(64)}\n${'A'.repeat(64)}\n-----END PRIVATE KEY-----`],
    ['a public key', '-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE2cyN8k0xbqkQPKYtHUXCD6yCCRUBvANy9JL2jqiiNdMTAOV5EKp+\n-----END PUBLIC KEY-----'],
    ['a reference', 'password=${DB_PASSWORD}\ntoken: "{{ .Values.token }}"\nsecret = $(cat /run/secret)'],
    ['an example host', 'https://user:hunter2abc9@example.com/path'],
    ['a URL with a port', 'http://proxy.acme.io:8080/a@b'],
    ['code', 'password = getPassword(user)\nself.token = token_from(request)\nconst secret = process.env.SECRET\napiKey: string\n'],
    ['a name beside a password', 'password_file=/run/secrets/db\ntoken_type=bearer\nsecretName: db-credentials\npassword_hash=$2b$12$abcdefghijklmnopqrstuv\n'],
    ['a hash', 'token_sha256=9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'],
    ['an AWS id in base64', `data:image/png;base64,iVBORw0KGgoAK${'IA'}Q7WERTYUIOPASDFGHJKLZXCVBNM`],
    ['documentation', 'Set `password` to the password of the account. The token must be kept secret: see "tokens".'],
    ['a translation', '"password": "Passwort",\n"confirmPassword": "Passwort bestätigen",\n"secret": "Geheimnis"'],
  ])('%s', (_name, text) => {
    expect(
      findings(text, 'config.yml')
        .filter(({ strength }) => strength !== 'harmless')
        .map(({ detector, value }) => `${detector.id} ${value}`),
    ).toEqual([])
  })

  it('tells an encrypted key, a test key, a public example, a token of a wrong checksum', () => {
    expect(findings(encryptedPem)).toMatchObject([{ strength: 'harmless', note: 'encrypted with a passphrase' }])
    expect(findings(`sk_${'test_'}${random(24, BASE62, 90)}`)).toMatchObject([{ strength: 'harmless' }])
    expect(findings(`AK${'IA'}IOSFODNN7EXAMPLE`)).toMatchObject([{ strength: 'harmless' }])
    expect(findings(`gh${'p_'}${random(36, BASE62, 91)}`)).toMatchObject([{ strength: 'possible', note: 'its checksum does not fit' }])
  })
})

describe('facts for the person on call', () => {
  it('names the AWS account, the pair of id and secret, the user and host of a connection', () => {
    expect(findings(fill('[default]\naws_access_key_id={{aws-id}}\naws_secret_access_key={{aws-secret}}\n'))).toMatchObject([
      { strength: 'proven', facts: { keyId: expect.stringMatching(/^AKIA….{4}$/), account: expect.stringMatching(/^\d{12}$/) } },
    ])
    expect(findings(`amqp://svc:${password}@mq.acme.io:5672/`)).toMatchObject([{ facts: { user: 'svc', host: 'mq.acme.io:5672' } }])
  })

  it('tells every assignment of a file, each with its own line', () => {
    const text = ['A_PASSWORD=Winter2024!x', 'B_SECRET=9f8e7d6c5b4a39281706f5e4d3c2b1a0', 'DEBUG=true', 'C_TOKEN=Tr0ub4dor&3xKq9!', '<password>Pr0dPassw0rd!</password>'].join('\n')
    expect(findings(text, '.env').map(({ line, value }) => `${line} ${value}`)).toEqual([
      '1 Winter2024!x',
      '2 9f8e7d6c5b4a39281706f5e4d3c2b1a0',
      '4 Tr0ub4dor&3xKq9!',
      '5 Pr0dPassw0rd!',
    ])
  })

  it('names the token inside a login in base64, and hides the login too', () => {
    const login = base64(fill('x-access-token:{{github-token}}'))
    expect(findings(`[http]\n\textraheader = AUTHORIZATION: basic ${login}\n`)).toMatchObject([
      { value: fill('{{github-token}}'), strength: 'proven', encoding: 'base64', companion: login },
    ])
  })

  it('knows one key whether it stands in PEM, in JSON or in base64', () => {
    const [plain, escaped, encoded] = [pkcs8, JSON.stringify({ private_key: pkcs8 }), base64(pkcs8)].map((text) => findings(text)[0])
    expect(escaped?.identity).toBe(plain?.identity)
    expect(encoded?.identity).toBe(plain?.identity)
    expect(escaped?.value).toBe(plain?.value)
  })
})
