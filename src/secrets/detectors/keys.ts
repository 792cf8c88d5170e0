// Private keys, told by decoding them, sorted by id.
import { generateKeyPairSync } from 'node:crypto'
import { fillerKind } from '../checks.ts'
import type { Checked, Detector, Fill, Found } from '../detector.ts'
import { checkGnupgKey } from '../gnupg-key.ts'
import { checkJavaKeystore, checkPkcs12 } from '../keystore.ts'
import { checkBase64Pem, checkDer, checkPem, checkPutty } from '../private-key.ts'
import { ofFiller } from './token.ts'

const REVOKE = 'Replace the key pair, and revoke its certificate or remove its public key wherever it is trusted'
const OPENS = 'whatever trusts the public key: hosts, certificates, signatures'
/** Public test keys of libraries and documentation are recognised by their package, not here. */
const DOCS = 'https://www.rfc-editor.org/rfc/rfc7468'
const CLOUD_DOCS = 'https://cloud.google.com/iam/docs/keys-create-delete'

/** The account of a service account's JSON, which stands behind the key or in front of it. */
const serviceAccount = ({ after, before }: Found): string | null =>
  /^[\s\S]{0,700}?\\?"client_email\\?"\s*:\s*\\?"([^"\\]{3,200}\.gserviceaccount\.com)/.exec(after)?.[1] ??
  /"([^"\\]{3,80}\.gserviceaccount\.com)/.exec(before)?.[1] ??
  null

const pem = (found: Found): Checked | null =>
  checkPem(found.groups['label'] ?? '', found.groups['body'] ?? '', found.before)

const PEM = {
  literals: ['-----BEGIN '],
  pattern:
    /-----BEGIN[ +](?<label>[A-Z0-9 +]{0,30}PRIVATE[ +]KEY(?:[ +]BLOCK)?)-----(?<body>(?:(?!-----)[\x09-\x7e]){40,15000}?)-----END[ +][A-Z0-9 +]{0,30}PRIVATE[ +]KEY(?:[ +]BLOCK)?-----/y,
  window: 16_384,
  strength: 'likely',
} as const

/** A key made for the example. */
const keyPem = (): string =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()

const whole = (
  about: Pick<Detector, 'id' | 'issuer' | 'title' | 'opens' | 'docs'>,
  rest: Omit<Detector, 'id' | 'issuer' | 'title' | 'opens' | 'docs' | 'revoke'>,
): Detector => ({
  ...about,
  revoke: REVOKE,
  ...rest,
})

export const KEYS: readonly Detector[] = [
  {
    id: 'age-key',
    issuer: 'age',
    title: 'age secret key',
    opens: 'all files that were encrypted to it',
    docs: 'https://age-encryption.org/v1',
    revoke: 'Make a new age key and encrypt the files anew',
    forms: ['AGE-SECRET-KEY-1{36U:58}'],
    literals: ['AGE-SECRET-KEY-1'],
    pattern: /AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}(?![A-Z0-9])/y,
    alone: true,
    strength: 'likely',
    examples: [(fill: Fill) => `AGE-SECRET-KEY-1${fill('{36U:58}').replace(/[B1IO]/g, 'Q')}`],
    quiet: ['age1{36:58}', 'AGE-SECRET-KEY-1{36U:20}'],
  },
  whole(
    {
      id: 'cosign-key',
      issuer: 'Sigstore',
      title: 'cosign private key',
      opens: 'signatures in the name of its owner',
      docs: 'https://docs.sigstore.dev/cosign/key_management/overview/',
    },
    {
      literals: ['-----BEGIN ENCRYPTED '],
      pattern:
        /-----BEGIN ENCRYPTED (?:COSIGN|SIGSTORE) PRIVATE KEY-----(?<value>[\sA-Za-z0-9+/=\\]{100,4000})-----END/y,
      window: 4200,
      strength: 'harmless',
      examples: [
        '-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n{b64:64}\n{b64:64}\n{b64:40}\n-----END ENCRYPTED SIGSTORE PRIVATE KEY-----',
      ],
      check: () => ({ note: 'encrypted with a passphrase' }),
    },
  ),
  whole(
    {
      id: 'dnssec-key',
      issuer: 'BIND',
      title: 'DNSSEC private key',
      opens: 'signatures of the zone',
      docs: 'https://bind9.readthedocs.io/en/latest/dnssec-guide.html',
    },
    {
      literals: ['Private-key-format: v1.'],
      pattern:
        /Private-key-format: v1\.\d\s{1,4}Algorithm: [^\n]{1,40}\n\s{0,4}(?:[A-Za-z0-9]{1,40}: [A-Za-z0-9+/=]{1,1400}\s{1,4}){0,3}?(?:PrivateExponent|PrivateKey|Key): (?<value>[A-Za-z0-9+/]{40,1400}={0,2})/y,
      window: 3000,
      strength: 'likely',
      examples: ['Private-key-format: v1.3\nAlgorithm: 13 (ECDSAP256SHA256)\nPrivateKey: {b64:43}=\n'],
      quiet: ['Private-key-format: v1.3\nAlgorithm: 13\n'],
    },
  ),
  {
    ...PEM,
    id: 'gcp-service-account-key',
    issuer: 'Google',
    title: 'Google Cloud service account key',
    opens: 'whatever the service account may do in its projects',
    revoke: 'Delete the key of the service account in IAM',
    docs: CLOUD_DOCS,
    proof: 'it decodes to a key, and the account stands beside it',
    examples: [
      () =>
        JSON.stringify({
          type: 'service_account',
          private_key_id: 'x',
          private_key: keyPem(),
          client_email: 'ci@acme.iam.gserviceaccount.com',
        }),
    ],
    quiet: [
      '"private_key": "-----BEGIN PRIVATE KEY-----\\n...\\n-----END PRIVATE KEY-----\\n", "client_email": "ci@acme.iam.gserviceaccount.com"',
    ],
    check: (found) => {
      const account = serviceAccount(found)
      const checked = account === null ? null : pem(found)
      return checked === null || account === null ? null : { ...checked, facts: { ...checked.facts, account } }
    },
  },
  whole(
    {
      id: 'git-crypt-key',
      issuer: 'git-crypt',
      title: 'git-crypt key',
      opens: 'all encrypted files of the repository',
      docs: 'https://github.com/AGWA/git-crypt',
    },
    {
      literals: ['\0GITCRYPTKEY'],
      pattern: /\0GITCRYPTKEY[\s\S]{40,400}/y,
      window: 420,
      strength: 'likely',
      examples: ['\0GITCRYPTKEY\0\0\0\x02\0\0\0\0\0\0\0\x03\0\0\0{b64:120}'],
      quiet: ['GITCRYPTKEY'],
    },
  ),
  whole(
    {
      id: 'gnupg-agent-key',
      issuer: 'GnuPG',
      title: 'GnuPG private key',
      opens: 'what was encrypted to it, and signatures in the name of its owner',
      docs: 'https://www.gnupg.org/documentation/manuals/gnupg/',
    },
    {
      proof: 'it reads as an S-expression with the secret number in it',
      literals: ['(11:private-key', '(21:protected-private-key', 'Key: (private-key', 'Key: (protected-private-key'],
      pattern: /(?:\((?:11:private|21:protected-private)-key|Key: \((?:protected-)?private-key)(?=[\s\S]{60})/y,
      window: 16_384,
      strength: 'likely',
      examples: [
        '(11:private-key(3:ecc(5:curve7:Ed25519)(1:q33:{b64:33})(1:d32:{b64:32})))',
        'Key: (private-key (rsa (n #00{HEX:256}#)(e #010001#)(d #{HEX:256}#)))',
        'Key: (private-key\n (ecc (curve "Ed25519")\n  (q #40{HEX:64}#)\n  (d #{HEX:32}\n     {HEX:32}#)\n ))',
      ],
      quiet: [
        '"(11:private-key"',
        'Key: (private-key(rsa(n%m)(e%m)(d%m)(p%m)(q%m)(u%m)))\0(private-key(ecc(curve %s)(q%m)(d%m)))\0some more text behind it',
        '(11:private-key(3:rsa(1:n%b)(1:e%b)(1:d%b)(1:p%b)(1:q%b)(1:u%b)))\0(21:protected-private-key(3:rsa(1:n%b)))\0text text',
        '(11:private-key(3:ecc(5:curve7:Ed25519)(1:q33:{b64:33})))                     ',
        '(11:private-key(3:ecc(1:d32:{b64:20}',
      ],
      check: ({ value, after }) => checkGnupgKey(value + after),
    },
  ),
  whole(
    {
      id: 'java-keystore',
      issuer: 'Java',
      title: 'Java keystore with a private key',
      opens: OPENS,
      docs: 'https://docs.oracle.com/en/java/javase/21/docs/specs/man/keytool.html',
    },
    {
      proof: 'it holds a key, and opens with a usual password or none',
      literals: ['\xfe\xed\xfe\xed\0\0\0', '\xce\xce\xce\xce\0\0\0'],
      pattern: /(?<![\s\S])(?:\xfe\xed\xfe\xed|\xce\xce\xce\xce)\0\0\0[\x01\x02][\s\S]{60,16000}/y,
      window: 16_384,
      strength: 'harmless',
      examples: [],
      check: ({ value }) => checkJavaKeystore(value),
    },
  ),
  whole(
    {
      id: 'jwk-private-key',
      issuer: 'JOSE (RFC 7517)',
      title: 'JSON web key with its private part',
      opens: 'tokens that look as if its owner had signed them',
      docs: 'https://www.rfc-editor.org/rfc/rfc7517',
    },
    {
      literals: ['"kty"', '\\"kty\\"'],
      pattern:
        /(?:"kty"|\\"kty\\")\s{0,3}:\s{0,3}\\?"(?:RSA|EC|OKP|oct)\\?"(?:(?!"kty")[^{}]){0,3500}?\\?"(?:d|k)\\?"\s{0,3}:\s{0,3}\\?"(?<value>[A-Za-z0-9_-]{22,1400})\\?"|(?<=\\?"(?:d|k)\\?"\s?:\s?\\?"(?<early>[A-Za-z0-9_-]{22,86})\\?"\s?,\s{0,3})(?:"kty"|\\"kty\\")/y,
      window: 4000,
      strength: 'likely',
      examples: [
        '{"kty":"EC","crv":"P-256","x":"{64:43}","y":"{64:43}","d":"{64:43}"}',
        '{"d":"{64:43}","kty":"OKP","crv":"Ed25519","x":"{64:43}"}',
      ],
      quiet: [
        '{"kty":"EC","crv":"P-256","x":"{64:43}","y":"{64:43}"}',
        '{"kty":"RSA","n":"{64:300}","e":"AQAB","alg":"RS256"}',
      ],
      check: ({ value, groups }) => {
        const secret = groups['early'] ?? value
        const checked = ofFiller(secret)
        return checked === null ? null : { ...checked, value: secret }
      },
    },
  ),
  whole(
    {
      id: 'keepass-database',
      issuer: 'KeePass',
      title: 'KeePass database',
      opens: 'all passwords in it, with its master password',
      docs: 'https://keepass.info/help/kb/kdbx.html',
    },
    {
      literals: ['\x03\xd9\xa2\x9a\x67\xfb\x4b\xb5', '\x03\xd9\xa2\x9a\x65\xfb\x4b\xb5'],
      pattern: /(?<![\s\S])\x03\xd9\xa2\x9a[\x65\x67]\xfb\x4b\xb5[\s\S]{32,500}/y,
      window: 520,
      strength: 'harmless',
      examples: ['\x03\xd9\xa2\x9a\x67\xfb\x4b\xb5\0\0\x04\0{b64:120}'],
      check: () => ({ note: 'encrypted with its master password' }),
    },
  ),
  whole(
    {
      id: 'minisign-key',
      issuer: 'minisign, signify',
      title: 'minisign or signify secret key',
      opens: 'signatures in the name of its owner',
      docs: 'https://jedisct1.github.io/minisign/',
    },
    {
      literals: ['untrusted comment: '],
      pattern: /untrusted comment: [^\n]{0,80}secret key[^\n]{0,40}\n(?<value>RW[A-Za-z0-9+/]{100,220}={0,2})/y,
      strength: 'likely',
      examples: ['untrusted comment: minisign encrypted secret key\nRWRTY0Iy{b64:200}'],
      quiet: ['untrusted comment: minisign public key\nRWQ{b64:53}'],
      // Bytes 2 and 3 name the key derivation: none for a key that is not encrypted.
      check: ({ value }) =>
        /^RW[Q-T]TY|^RWRCSw/.test(value) && !/^RWRCSwAAAAA/.test(value)
          ? { strength: 'harmless', note: 'encrypted with a passphrase' }
          : {},
    },
  ),
  whole(
    {
      id: 'openvpn-static-key',
      issuer: 'OpenVPN',
      title: 'OpenVPN static key',
      opens: 'the tunnel that it protects',
      docs: 'https://openvpn.net/community-resources/',
    },
    {
      literals: ['-----BEGIN OpenVPN '],
      pattern:
        /-----BEGIN OpenVPN (?:Static key V1|tls-crypt-v2 (?:client|server) key)-----(?<value>[\sA-Za-z0-9+/=]{200,2000})-----END/y,
      window: 2200,
      strength: 'likely',
      examples: ['-----BEGIN OpenVPN Static key V1-----\n{hex:256}\n{hex:256}\n-----END OpenVPN Static key V1-----'],
      quiet: ['-----BEGIN OpenVPN Static key V1-----\n-----END OpenVPN Static key V1-----'],
      check: ({ value }) => ofFiller(value.replace(/\s/g, '').slice(0, 200)),
    },
  ),
  whole(
    {
      id: 'pkcs12-keystore',
      issuer: 'PKCS #12',
      title: 'PKCS #12 keystore with a private key',
      opens: OPENS,
      docs: 'https://www.rfc-editor.org/rfc/rfc7292',
    },
    {
      proof: 'it holds a key, and opens with a usual password or none',
      literals: ['\x02\x01\x03\x30\x82', '\x02\x01\x03\x30\x80'],
      pattern:
        /(?<=(?<before>0\x82[\s\S]{2}|0\x80))\x02\x01\x030[\x80\x82][\s\S]{0,4}\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01(?=[\s\S]{60})/y,
      window: 16_384,
      strength: 'harmless',
      examples: [],
      check: ({ value, after }) => checkPkcs12(value + after),
    },
  ),
  {
    ...PEM,
    id: 'private-key',
    issuer: 'any (RFC 7468)',
    title: 'Private key',
    opens: OPENS,
    docs: DOCS,
    revoke: REVOKE,
    proof: 'it decodes to a key; encrypted keys and bodies that do not decode are low',
    examples: [keyPem],
    quiet: [
      'if (line == "-----BEGIN RSA PRIVATE KEY-----") {',
      '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC...\n-----END PRIVATE KEY-----',
    ],
    check: (found) =>
      serviceAccount(found) === null && !/COSIGN|SIGSTORE/.test(found.groups['label'] ?? '') ? pem(found) : null,
  },
  {
    id: 'private-key-base64',
    issuer: 'any (RFC 7468)',
    title: 'Private key in base64',
    opens: OPENS,
    docs: DOCS,
    revoke: REVOKE,
    proof: 'it decodes to a key',
    literals: ['LS0tLS1CRUdJTi'],
    pattern: /(?<![A-Za-z0-9+/])LS0tLS1CRUdJTi[A-Za-z0-9+/]{60,15000}={0,2}/y,
    window: 16_384,
    strength: 'likely',
    examples: [() => `client-key-data: ${Buffer.from(keyPem()).toString('base64')}`],
    quiet: [
      () =>
        Buffer.from(
          '-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUQ2xvdWQgZXhhbXBsZSBjZXJ0\n-----END CERTIFICATE-----',
        ).toString('base64'),
    ],
    check: ({ value }) => checkBase64Pem(value),
  },
  {
    id: 'private-key-der',
    issuer: 'any (RFC 5958)',
    title: 'Private key (DER)',
    opens: OPENS,
    docs: 'https://www.rfc-editor.org/rfc/rfc5958',
    revoke: REVOKE,
    proof: 'it decodes to a key',
    // Version 0 and the algorithm identifier of rsaEncryption, id-ecPublicKey and Ed25519, behind the outer SEQUENCE; PKCS#1.
    literals: [
      '\x02\x01\x00\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01',
      '\x02\x01\x00\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01',
      '\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70',
      '\x02\x01\x00\x02\x82\x01\x01\x00',
      '\x02\x01\x00\x02\x82\x02\x01\x00',
    ],
    pattern: /(?<=(?<before>0(?:\x82[\s\S]{2}|\x81[\s\S]|[\x20-\x7f])))\x02\x01\x00(?=[\s\S]{40})/y,
    window: 6100,
    strength: 'proven',
    examples: [
      () =>
        generateKeyPairSync('ec', { namedCurve: 'P-256' })
          .privateKey.export({ format: 'der', type: 'pkcs8' })
          .toString('latin1'),
    ],
    quiet: ['0\x82\x01\x00\x02\x01\x00\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01{b64:300}'],
    check: ({ value, after }) => checkDer(value + after),
  },
  {
    id: 'putty-key',
    issuer: 'PuTTY',
    title: 'PuTTY private key',
    opens: 'the hosts that trust its public key',
    docs: 'https://tartarus.org/~simon/putty-snapshots/htmldoc/AppendixC.html',
    revoke: REVOKE,
    literals: ['PuTTY-User-Key-File-'],
    pattern:
      /PuTTY-User-Key-File-[23]: (?:(?!PuTTY-User)[\x09-\x7e]){100,15000}?Private-(?:MAC|Hash): [0-9a-f]{32,64}/y,
    window: 16_384,
    strength: 'likely',
    examples: [
      'PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: x\nPublic-Lines: 2\n{b64:64}\n{b64:20}\nPrivate-Lines: 1\n{b64:48}\nPrivate-MAC: {hex:64}\n',
    ],
    quiet: ['PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n'],
    check: ({ value }) => checkPutty(value),
  },
  whole(
    {
      id: 'rndc-key',
      issuer: 'BIND',
      title: 'TSIG or rndc key',
      opens: 'updates and transfers of the zone, or control of the name server',
      docs: 'https://bind9.readthedocs.io/en/latest/reference.html',
    },
    {
      literals: ['algorithm hmac-', 'algorithm "hmac-', { text: 'algorithm HMAC-' }],
      pattern: /algorithm "?(?:hmac|HMAC)-[A-Za-z0-9.-]{3,24}"?;\s{1,8}secret "(?<value>[A-Za-z0-9+/]{20,100}={0,2})"/y,
      strength: 'likely',
      examples: ['key "rndc-key" {\n  algorithm hmac-sha256;\n  secret "{b64:43}=";\n};'],
      quiet: ['algorithm hmac-sha256;\n  secret "";'],
      check: ({ value }) => ofFiller(value),
    },
  ),
  whole(
    {
      id: 'tor-onion-key',
      issuer: 'Tor',
      title: 'Tor onion service key',
      opens: 'the address of the onion service',
      docs: 'https://community.torproject.org/onion-services/',
    },
    {
      literals: ['== ed25519v1-secret: type0 =='],
      pattern: /== ed25519v1-secret: type0 ==\0{3}[\s\S]{64}/y,
      strength: 'likely',
      examples: ['== ed25519v1-secret: type0 ==\0\0\0{b64:64}'],
      quiet: ['"== ed25519v1-secret: type0 =="'],
    },
  ),
  {
    id: 'wireguard-key',
    issuer: 'WireGuard',
    title: 'WireGuard key',
    opens: 'the tunnel: whoever has it can take the place of the peer',
    docs: 'https://www.wireguard.com/quickstart/',
    revoke: 'Make a new key pair, and replace the public key at all peers',
    forms: ['PrivateKey = {b64:43}='],
    literals: ['PrivateKey', 'PresharedKey', 'private_key', 'wireguard_private'],
    pattern:
      /(?:PrivateKey|PresharedKey|private_key\w{0,8}|wireguard_private\w{0,8})["']{0,1}\s{0,4}[=:]\s{0,4}["']?(?<value>[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=)(?![A-Za-z0-9+/=])/y,
    strength: 'likely',
    examples: ['[Interface]\nPrivateKey = {b64:42}A=\nAddress = 10.0.0.2/32'],
    quiet: ['PublicKey = {b64:42}A=', 'PrivateKey = {b64:42}A='],
    check: ({ value, before, after }) =>
      /\[Interface\]|\[Peer\]|Endpoint|AllowedIPs|wireguard|\bwg\d?\b/i.test(before + after) &&
      fillerKind(value) !== 'filler'
        ? ofFiller(value)
        : null,
  },
]
