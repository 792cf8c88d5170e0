// Every detector finds its credential, and stays quiet at what only looks like one.
import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { DETECTORS, FILE_DETECTORS, GROUPS } from '../../src/secrets/detectors/list.ts'
import { fillForm } from '../../src/secrets/form.ts'
import { processScanner } from '../../src/secrets/scanner.ts'
import { samples } from '../detector-samples.ts'
import { fill, random, VALUES } from '../values.ts'

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const scanner = processScanner()

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
const pkcs8 = rsa.export({ format: 'pem', type: 'pkcs8' }).toString()
const encryptedPem = rsa.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'x' }).toString()
const base64 = (text: string): string => Buffer.from(text).toString('base64')
const password = VALUES['password']?.() ?? ''

const findings = (text: string, path = 'settings.txt') => {
  const scan = scanner.start(path)
  scan.push(Buffer.from(text, 'latin1'), true)
  return scan.matches
}

const ALL = [...DETECTORS, ...FILE_DETECTORS]

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

describe('each detector', () => {
  it.each(ALL.map((detector) => [detector.id, detector] as const))(
    '%s finds its examples, and is quiet where it should be',
    (id, { examples, quiet = [] }) => {
      for (const [index, { path, text }] of samples(examples).entries()) {
        expect(
          findings(text, path)
            .filter(({ detector }) => detector === id)
            .map(({ note }) => note),
          `example ${index + 1}: ${text.slice(0, 300)}`,
        ).toSatisfy((notes: unknown[]) => notes.length > 0)
      }
      for (const { path, text } of samples(quiet)) {
        expect(
          findings(text, path).filter(({ detector, strength }) => detector === id && strength !== 'harmless'),
          text.slice(0, 300),
        ).toEqual([])
      }
    },
  )

  it.each(
    DETECTORS.filter(({ forms, alone }) => forms !== undefined && alone === true).map(
      (detector) => [detector.id, detector] as const,
    ),
  )(
    '%s is quiet where its form is a part of something longer and no checksum proves it, or filler',
    (id, { examples, glued }) => {
      for (const { path, text } of samples(examples)) {
        const [found] = findings(text, path).filter(({ detector }) => detector === id)
        if (found === undefined) throw new Error('tested above')
        const [before, value, after] = [
          text.slice(0, found.offset),
          text.slice(found.offset, found.offset + found.length),
          text.slice(found.offset + found.length),
        ]
        const ids = (changed: string): string[] =>
          findings(changed, path).flatMap(({ detector, strength }) => (strength === 'harmless' ? [] : [detector]))
        if (glued === undefined || found.strength !== 'proven')
          expect(ids(`${before}q${value}${after}`), 'a letter in front').not.toContain(id)
        else {
          expect(ids(`${before}q${value}${after}`), 'a letter in front').toContain(id)
          expect(ids(`${before}${value}_q${after}`), 'more behind').toContain(id)
          const last = value.at(-1) === 'A' ? 'B' : 'A'
          expect(ids(`${before}q${value.slice(0, -1)}${last}${after}`), 'a wrong checksum').not.toContain(id)
        }
        const filler = value.replace(/[A-Za-z0-9]{5,}$/, (tail) => 'x'.repeat(tail.length))
        if (/x{16}$/.test(filler)) expect(ids(before + filler + after), 'filler').not.toContain(id)
      }
    },
  )

  it('has an example, or a test of its own where one cannot be put together', () => {
    expect(ALL.filter(({ examples }) => examples.length === 0).map(({ id }) => id)).toEqual([
      'java-keystore',
      'pkcs12-keystore',
    ])
  })

  it('has an id of its own, and says who issues it, what it opens, how it is revoked and where that is described', () => {
    expect(new Set(ALL.map(({ id }) => id)).size).toBe(ALL.length)
    for (const { id, issuer, title, opens, revoke, docs } of ALL) {
      expect(id).toMatch(/^[a-z0-9]+(?:-[a-z0-9]+)*$/)
      for (const text of [issuer, title, opens, revoke]) expect(text, id).toMatch(/^\S.{1,120}[^.\s]$|^any$/)
      expect(revoke, id).toMatch(/^[A-Z]/)
      expect(docs, id).toMatch(/^https:\/\//)
    }
  })

  it('is sorted by id in its group', () => {
    for (const { title, detectors } of GROUPS) {
      const ids = detectors.map(({ id }) => id)
      expect(ids, title).toEqual([...ids].sort())
    }
  })

  it('knows an encrypted PuTTY key from a plain one', () => {
    const file = (encryption: string): string =>
      fillForm(
        `PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: ${encryption}\nComment: x\nPublic-Lines: 2\n{b64:64}\n{b64:20}\nPrivate-Lines: 1\n{b64:48}\nPrivate-MAC: {hex:64}\n`,
        80,
      )
    expect(findings(file('none')).map((match) => match.strength)).toEqual(['proven'])
    expect(findings(file('aes256-cbc')).map((match) => match.strength)).toEqual(['harmless'])
  })
})

describe('an AWS key and its secret are a pair under every spelling', () => {
  const [id, secret] = [fill('{{aws-id}}'), fillForm('{62:40}', 61)]
  it.each([
    ['the SDK in JSON', `{"accessKeyId":"${id}","secretAccessKey":"${secret}"}`],
    ['the SDK of PHP', `'credentials' => ['key' => '${id}', 'aws_secret' => '${secret}']`],
    ['Java', `aws.accessKeyId=${id}\naws.secretKey=${secret}\n`],
    ['Spring', `cloud.aws.credentials.access-key=${id}\ncloud.aws.credentials.secret-key=${secret}\n`],
    ['Spring in YAML', `cloud:\n  aws:\n    credentials:\n      access-key: ${id}\n      secret-key: ${secret}\n`],
    ['short names', `AWS_ACCESS_KEY=${id} AWS_SECRET_KEY=${secret} ./deploy\n`],
    ['one line of env', `env AWS_ACCESS_KEY_ID=${id} AWS_SECRET_ACCESS_KEY=${secret} aws s3 ls`],
    ['XML', `<aws><accessKey>${id}</accessKey><secretKey>${secret}</secretKey></aws>`],
    ['the secret first', `secretKey: "${secret}"\naccessKey: "${id}"\n`],
    ['Terraform', `access_key = "${id}"\nsecret_key = "${secret}"\n`],
    ['Hadoop', `fs.s3a.access.key=${id}\nfs.s3a.secret.key=${secret}\n`],
    ['capitals', `ACCESSKEYID=${id}\nSECRETACCESSKEY=${secret}\n`],
    [
      'Hadoop in XML',
      `<property><name>fs.s3a.access.key</name><value>${id}</value></property>\n<property><name>fs.s3a.secret.key</name><value>${secret}</value></property>\n`,
    ],
    ['two arguments', `new AWS.Credentials('${id}', '${secret}')`],
    ['boto', `boto3.client("s3", "eu-west-1", ${'`'}${id}${'`'}, ${'`'}${secret}${'`'})`],
    ['s3cmd', `access_key = ${id}\nsecret = ${secret}\nhost_base = s3.internal\n`],
    ['the passwd file of s3fs', `${id}:${secret}\n`],
    ['a table of CSV', `User name,Access key ID,Secret access key\ndeploy,${id},${secret}\n`],
    ['rclone', `[s3]\ntype = s3\naccess_key_id = ${id}\nregion = eu-west-1\nsecret_access_key = ${secret}\n`],
    [
      'a map of Kubernetes',
      `- name: AWS_ACCESS_KEY_ID\n  value: ${id}\n- name: AWS_SECRET_ACCESS_KEY\n  value: ${secret}\n`,
    ],
    ['a query', `AWSAccessKeyId=${id}&AWSSecretKey=${secret}&region=eu-west-1`],
    ['a plist', `<key>AccessKey</key>\n<string>${id}</string>\n<key>SecretKey</key>\n<string>${secret}</string>\n`],
    [
      'aws configure set',
      `aws configure set aws_access_key_id ${id} && aws configure set aws_secret_access_key ${secret}`,
    ],
    [
      'a secret with an escaped slash',
      `{"accessKeyId":"${id}","secretAccessKey":"${secret.slice(0, 5)}\\/${secret.slice(6)}"}`,
    ],
  ])('%s', (_name, text) => {
    expect(findings(text).map(({ detector, strength }) => `${detector} ${strength}`)).toEqual(['aws-secret-key proven'])
  })

  it.each([
    ['the digest of a commit', fillForm('{hex:40}', 61)],
    ['a longer run', fillForm('{62:44}', 61)],
    ['letters alone', 'thisIsTheWayInWhichAKeyIsRotatedEachWeek'],
    ['the secret of the next id', `and the next ${fillForm('AKIA{32:16}', 62)}: ${secret}`],
  ])('%s behind an id is not its secret', (_name, behind) => {
    const pairs = findings(`the id ${id} and then ${behind}`).filter(({ detector }) => detector === 'aws-secret-key')
    expect(pairs.filter(({ value }) => value !== secret)).toEqual([])
  })

  it.each([
    ['duo-secret', 'accessKeyId', '{62:40}'],
    ['duo-secret', 'tasksKey', '{62:40}'],
    ['duo-secret', 'diskey_secret', '{62:40}'],
    ['duo-secret', 'SUBSKEY_SECRET', '{62:40}'],
    ['duo-secret', 'aws.accessKey', '{62:40}'],
    ['duo-secret', 'riskeyToken', '{62:40}'],
  ])('%s is not found in the middle of a word: %s', (issuer, name, form) => {
    expect(findings(`${name}=${fillForm(form, 62)}`).map(({ detector }) => detector)).not.toContain(issuer)
  })

  it.each(['SKEY', 'skey', 'duo_skey', 'app.skey', 'DUO_SKEY', 'myappSkey', 'prod-skey'])(
    'a name starts at a word: %s',
    (name) => {
      expect(findings(`${name}=${fillForm('{62:40}', 62)}`).map(({ detector }) => detector)).toContain('duo-secret')
    },
  )
})

describe('each form is found with every character of its alphabet', () => {
  const drawn = DETECTORS.filter(({ generic, strength }) => generic !== true && strength !== 'harmless').map(
    (detector) => [detector.id, detector] as const,
  )
  it.each(drawn)('%s', (id, { examples }) => {
    for (const example of examples) {
      if (typeof example !== 'string') continue
      const missed = Array.from({ length: 50 }, (_, index) => fillForm(example, 5000 + index)).filter(
        (text) => !findings(text).some(({ detector }) => detector === id),
      )
      // A prefix of three letters without a digit behind it could begin a name; `yOuR_` is taken for filler.
      expect(missed.filter((text) => !/^(?:npg_|SCW)\D+$/.test(text) && !/your[-_]/i.test(text))).toEqual([])
    }
  })

  it('a shared access signature holds %2B and %2F anywhere', () => {
    for (let at = 0; at < 43; at++) {
      const signature = fillForm('{62:43}', 70 + at)
      for (const sign of ['%2B', '%2F', '%2b', '+', '/'])
        expect(
          findings(
            `https://acme.blob.core.windows.net/c?sv=2022-11-02&sp=r&sig=${signature.slice(0, at)}${sign}${signature.slice(at + 1)}%3D`,
          ),
        ).toMatchObject([{ detector: 'azure-sas-token', strength: 'likely' }])
    }
  })

  it('a client secret of Entra holds ~ anywhere', () => {
    for (let at = 0; at < 34; at++) {
      const secret = fillForm('{62:34}', 80 + at)
      expect(
        findings(`CLIENT_SECRET=${fillForm('{62:3}', 81)}8Q~${secret.slice(0, at)}~${secret.slice(at + 1)}`),
      ).toMatchObject([{ detector: 'azure-ad-client-secret' }])
    }
  })
})

describe('a value that chance made without a digit, or with a word in it, counts', () => {
  it.each([
    ['alibaba-access-key-id', (seed: number) => `LTAI${random(20, LETTERS, seed)}`],
    ['neon-key', (seed: number) => `npg_${random(12, LETTERS, seed)}`],
    ['fireworks-key', (seed: number) => `fw_${random(24, LETTERS, seed)}`],
    ['mandrill-key', (seed: number) => `md-${random(22, LETTERS, seed)}`],
    ['modal-token', (seed: number) => `as-${random(22, LETTERS, seed)}`],
    ['render-key', (seed: number) => `rnd_${random(28, LETTERS, seed)}`],
    ['mollie-key', (seed: number) => `live_${random(30, LETTERS, seed)}`],
    ['crates-token', (seed: number) => `cio${random(32, LETTERS, seed)}`],
    ['tencent-key-id', (seed: number) => `AKID${random(32, LETTERS, seed)}`],
    ['aws-secret-key', (seed: number) => `aws_secret_access_key=${random(40, LETTERS, seed)}`],
    ['npm-registry-login', (seed: number) => `//npm.acme.io/:_password=${random(24, LETTERS, seed)}`],
    ['vault-token', (seed: number) => `hvs.${random(24, LETTERS, seed)}`],
    ['airtable-legacy-key', (seed: number) => `AIRTABLE_API_KEY=key${random(14, LETTERS, seed)}`],
    ['coinbase-key', (seed: number) => `coinbase_secret: ${random(16, LETTERS, seed)}`],
    ['discord-client-secret', (seed: number) => `DISCORD_CLIENT_SECRET=${random(32, LETTERS, seed)}`],
    ['honeycomb-legacy-key', (seed: number) => `honeycomb_api_key="${random(22, LETTERS, seed)}"`],
    ['pagerduty-key', (seed: number) => `pagerduty_token: ${random(20, LETTERS, seed)}`],
  ])('%s', (id, write) => {
    const missed = Array.from({ length: 200 }, (_, seed) => write(7000 + seed)).filter(
      (text) => !findings(text).some(({ detector, strength }) => detector === id && strength !== 'harmless'),
    )
    expect(missed.length, missed.slice(0, 5).join(' ')).toBeLessThanOrEqual(id === 'neon-key' ? 6 : 1)
  })

  it.each([
    ['npg_getUserToken', 'neon-key'],
    ['fw_getConnectionFromThePool', 'fireworks-key'],
    ['as-SomeLongNameOfAClass', 'modal-token'],
    ['rnd_generateRandomNumbersFromIt', 'render-key'],
    ['live_streamOfAllTheEventsOfAnUser', 'mollie-key'],
    ['coinbaseSecretKey: getSecretKeyOfUser', 'coinbase-key'],
    ['discord_client_secret=loadSecretFromTheEnvironmentNow_', 'discord-client-secret'],
    ['honeycombApiKey = createHoneycombApiKey', 'honeycomb-legacy-key'],
    ['pagerduty_token: settings-of-the-team', 'pagerduty-key'],
    ['AIRTABLE_API_KEY=keyboardEventHub', 'airtable-legacy-key'],
  ])('words are none: %s', (text, id) => {
    expect(findings(text).filter(({ detector }) => detector === id)).toEqual([])
  })
})

describe('a value in escaped quotes ends in front of the backslash', () => {
  it.each([
    ['a JSON string', `{"source":"const dbPassword = \\"${password}\\";\\n"}`],
    ['a source map', `{"sourcesContent":["  db_password: \\"${password}\\",\\r\\n"]}`],
    ['single quotes', `"x = { password: \\'${password}\\' }"`],
  ])('%s', (_name, text) => {
    expect(findings(text, 'app/settings.json').map(({ value }) => value)).toEqual([password])
  })

  it.each([
    'RESOURCE_OWNER_PASSWORD_GRANT: \\"password\\"',
    'CLIENT_CREDENTIALS_GRANT: \\"client_credentials\\"',
    'const USER_CREDENTIAL = \\"user_federated_identity_credential\\";',
  ])('and a word there is a word: %s', (code) => {
    expect(
      findings(`{"sourcesContent":["${code}\\r\\n"]}`, 'lib/index.cjs.map').filter(
        ({ strength }) => strength !== 'harmless',
      ),
    ).toEqual([])
  })
})

describe('what only looks like a credential is quiet or harmless', () => {
  it.each([
    ['a placeholder', `gh${'p_'}${'x'.repeat(36)}`],
    ['a bare key header', 'if (line == "-----BEGIN RSA PRIVATE KEY-----") {'],
    [
      'a key with its body left out',
      '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC...\n-----END PRIVATE KEY-----',
    ],
    ['a key of zeros', `-----BEGIN PRIVATE KEY-----\n${'A'.repeat(64)}\n${'A'.repeat(64)}\n-----END PRIVATE KEY-----`],
    [
      'a public key',
      '-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE2cyN8k0xbqkQPKYtHUXCD6yCCRUBvANy9JL2jqiiNdMTAOV5EKp+\n-----END PUBLIC KEY-----',
    ],
    ['a reference', 'password=${DB_PASSWORD}\ntoken: "{{ .Values.token }}"\nsecret = $(cat /run/secret)'],
    ['an example host', 'https://user:hunter2abc9@example.com/path'],
    ['a URL with a port', 'http://proxy.acme.io:8080/a@b'],
    [
      'code',
      'password = getPassword(user)\nself.token = token_from(request)\nconst secret = process.env.SECRET\napiKey: string\n',
    ],
    [
      'a name beside a password',
      'password_file=/run/secrets/db\ntoken_type=bearer\nsecretName: db-credentials\npassword_hash=$2b$12$abcdefghijklmnopqrstuv\n',
    ],
    ['a hash', 'token_sha256=9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'],
    ['an AWS id in base64', `data:image/png;base64,iVBORw0KGgoAK${'IA'}Q7WERTYUIOPASDFGHJKLZXCVBNM`],
    ['documentation', 'Set `password` to the password of the account. The token must be kept secret: see "tokens".'],
    ['a translation', '"password": "Passwort",\n"confirmPassword": "Passwort bestätigen",\n"secret": "Geheimnis"'],
  ])('%s', (_name, text) => {
    expect(
      findings(text, 'config.yml')
        .filter(({ strength }) => strength !== 'harmless')
        .map(({ detector, value }) => `${detector} ${value}`),
    ).toEqual([])
  })

  it('tells an encrypted key, a test key, a public example, a token of a wrong checksum', () => {
    expect(findings(encryptedPem)).toMatchObject([{ strength: 'harmless', note: 'encrypted with a passphrase' }])
    expect(findings(`sk_${'test_'}${random(24, BASE62, 90)}`)).toMatchObject([{ strength: 'harmless' }])
    expect(findings(`AK${'IA'}IOSFODNN7EXAMPLE`)).toMatchObject([{ strength: 'harmless' }])
    expect(findings(`gh${'p_'}${random(36, BASE62, 91)}`)).toMatchObject([
      { strength: 'possible', note: 'its checksum does not fit' },
    ])
  })
})

describe('facts for the person on call', () => {
  it('names the AWS account, the pair of id and secret, the user and host of a connection', () => {
    expect(
      findings(fill('[default]\naws_access_key_id={{aws-id}}\naws_secret_access_key={{aws-secret}}\n')),
    ).toMatchObject([
      {
        strength: 'proven',
        facts: { keyId: expect.stringMatching(/^AKIA….{4}$/), account: expect.stringMatching(/^\d{12}$/) },
      },
    ])
    expect(findings(`amqp://svc:${password}@mq.acme.io:5672/`)).toMatchObject([
      { facts: { user: 'svc', host: 'mq.acme.io:5672' } },
    ])
  })

  it('a password that holds an @ ends at the last one: no part of it is taken for the host', () => {
    expect(findings(`mongodb+srv://svc:${password}@x9@c0.ab1cd.mongodb.net/app`)).toMatchObject([
      { value: `${password}@x9`, facts: { host: 'c0.ab1cd.mongodb.net' } },
    ])
    expect(findings(`https://deploy:${password}@x9@git.acme.io/x.git`)).toMatchObject([
      { value: `${password}@x9`, facts: { host: 'git.acme.io' } },
    ])
  })

  it('tells every assignment of a file, each with its own line', () => {
    const text = [
      'A_PASSWORD=Winter2024!x',
      'B_SECRET=c71d05e2b98f4a3607d1e95ab2c8f043',
      'DEBUG=true',
      'C_TOKEN=Tr0ub4dor&3xKq9!',
      '<password>Pr0dPassw0rd!</password>',
    ].join('\n')
    expect(findings(text, '.env').map(({ line, value }) => `${line} ${value}`)).toEqual([
      '1 Winter2024!x',
      '2 c71d05e2b98f4a3607d1e95ab2c8f043',
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
    const [plain, escaped, encoded] = [pkcs8, JSON.stringify({ private_key: pkcs8 }), base64(pkcs8)].map(
      (text) => findings(text)[0],
    )
    expect(escaped?.identity).toBe(plain?.identity)
    expect(encoded?.identity).toBe(plain?.identity)
    expect(escaped?.value).toBe(plain?.value)
  })
})
