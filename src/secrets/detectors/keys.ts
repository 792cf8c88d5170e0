// Private keys, told by decoding them, sorted by id.

import type { Checked, Detector, Found } from '../detector.ts'
import { checkBase64Pem, checkDer, checkPem, checkPutty } from '../private-key.ts'

const REVOKE = 'Replace the key pair, and revoke its certificate or remove its public key wherever it is trusted'
/** Public test keys that ship in libraries and documentation are told by their package, not here. */
const DOCS = 'https://www.rfc-editor.org/rfc/rfc7468'

/** A service account's key stands in JSON before the account's name. */
function checkPemText({ groups, after }: Found): Checked | null {
  const checked = checkPem(groups['label'] ?? '', groups['body'] ?? '')
  const account = /^[\s\S]{0,700}?"client_email"\s*:\s*"([^"]{3,200}\.gserviceaccount\.com)"/.exec(after)?.[1]
  if (checked === null || account === undefined) return checked
  return { ...checked, facts: { ...checked.facts, account }, note: 'a Google Cloud service account' }
}

export const KEYS: readonly Detector[] = [
  {
    id: 'age-key',
    title: 'age secret key',
    docs: 'https://age-encryption.org/v1',
    revoke: 'Make a new age key and encrypt the files anew',
    literals: ['AGE-SECRET-KEY-1'],
    pattern: /(?<![A-Za-z0-9_])AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}(?![A-Z0-9])/y,
    strength: 'likely',
  },
  {
    id: 'private-key',
    title: 'Private key',
    docs: DOCS,
    revoke: REVOKE,
    literals: ['-----BEGIN '],
    pattern: /-----BEGIN (?<label>[A-Z0-9 ]{0,20}PRIVATE KEY(?: BLOCK)?)-----(?<body>(?:(?!-----)[\x09-\x7e]){40,15000}?)-----END [A-Z0-9 ]{0,20}PRIVATE KEY(?: BLOCK)?-----/y,
    window: 16_384,
    strength: 'likely',
    check: checkPemText,
  },
  {
    id: 'private-key-base64',
    title: 'Private key in base64',
    docs: DOCS,
    revoke: REVOKE,
    literals: ['LS0tLS1CRUdJTi'],
    pattern: /(?<![A-Za-z0-9+/])LS0tLS1CRUdJTi[A-Za-z0-9+/]{60,15000}={0,2}/y,
    window: 16_384,
    strength: 'likely',
    check: ({ value }) => checkBase64Pem(value),
  },
  {
    id: 'private-key-der',
    title: 'Private key (DER)',
    docs: 'https://www.rfc-editor.org/rfc/rfc5958',
    revoke: REVOKE,
    // Version 0 and the algorithm identifier of rsaEncryption, id-ecPublicKey and Ed25519, behind the outer SEQUENCE.
    literals: [
      '\x02\x01\x00\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01',
      '\x02\x01\x00\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01',
      '\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70',
      '\x02\x01\x00\x02\x82\x01\x01\x00',
      '\x02\x01\x00\x02\x82\x02\x01\x00',
    ],
    pattern: /(?<=(?<before>0(?:\x82[\s\S]{2}|\x81[\s\S]|[\x20-\x7f])))\x02\x01\x00[\s\S]{40,6000}/y,
    window: 6100,
    strength: 'proven',
    check: ({ value }) => checkDer(value),
  },
  {
    id: 'putty-key',
    title: 'PuTTY private key',
    docs: 'https://tartarus.org/~simon/putty-snapshots/htmldoc/AppendixC.html',
    revoke: REVOKE,
    literals: ['PuTTY-User-Key-File-'],
    pattern: /PuTTY-User-Key-File-[23]: (?:[\x09-\x7e]){100,15000}?Private-(?:MAC|Hash): [0-9a-f]{32,64}/y,
    window: 16_384,
    strength: 'likely',
    check: ({ value }) => checkPutty(value),
  },
]
