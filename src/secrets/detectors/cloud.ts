// Cloud providers, sorted by id.
import { awsAccount, decodeBase64, isFiller } from '../checks.ts'
import type { Detector } from '../detector.ts'
import { token } from './token.ts'

const AWS_DOCS = 'https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids'
const AWS_REVOKE = 'Deactivate and delete the access key in IAM, then make a new one'
const AZURE_SIGNED = 'https://learn.microsoft.com/azure/storage/common/storage-account-keys-manage'

/** The key of the storage emulator: public, the same everywhere. Its first characters are enough to know it. */
const EMULATOR_KEY = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsu'

export const CLOUD: readonly Detector[] = [
  {
    id: 'aws-access-key',
    title: 'AWS access key',
    docs: AWS_DOCS,
    revoke: AWS_REVOKE,
    literals: ['AKIA', 'ASIA', 'ABIA', 'ACCA'],
    pattern: /(?<![A-Za-z0-9+_])(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}(?![A-Za-z0-9+_=])/y,
    strength: 'possible',
    check: ({ value }) => {
      if (/EXAMPLE|FAKE|TEST/.test(value)) return { strength: 'harmless', note: 'a public example' }
      const account = awsAccount(value)
      return isFiller(value.slice(4)) || account === null ? null : { facts: { account } }
    },
  },
  token({
    id: 'aws-bedrock-key',
    title: 'AWS Bedrock API key',
    docs: 'https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys-how.html',
    revoke: 'Delete the service-specific credential in IAM',
    literals: ['ABSKQmVkcm9ja0FQSUtleS1'],
    pattern: 'ABSKQmVkcm9ja0FQSUtleS1[A-Za-z0-9+/]{80,}={0,2}',
  }),
  {
    id: 'aws-secret-key',
    title: 'AWS secret access key',
    docs: AWS_DOCS,
    revoke: AWS_REVOKE,
    literals: ['secret_access_key', 'secretaccesskey', 'secret-access-key', 'aws_secret', 'awssecret', 'aws-secret', 'aws_sec'].map((text) => ({
      text,
      ignoreCase: true,
      assignment: true,
    })),
    pattern: /[\w.-]{3,40}["'`\s\])\\]{0,4}[=:>,|]{1,3}["'`\s\\]{0,6}(?<value>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])/y,
    strength: 'likely',
    check: ({ value }) => {
      if (/EXAMPLE/.test(value)) return { strength: 'harmless', note: 'a public example' }
      return isFiller(value) || !/[a-z]/.test(value) || !/[A-Z]/.test(value) || /^[0-9a-f]+$/i.test(value) ? null : {}
    },
  },
  {
    id: 'azure-ad-client-secret',
    title: 'Microsoft Entra client secret',
    docs: 'https://learn.microsoft.com/entra/identity-platform/quickstart-register-app',
    revoke: 'Delete the client secret of the app registration in Entra',
    literals: ['0Q~', '1Q~', '2Q~', '3Q~', '4Q~', '5Q~', '6Q~', '7Q~', '8Q~', '9Q~'],
    pattern: /(?<=(?<![A-Za-z0-9_.~-])(?<before>[A-Za-z0-9_.~-]{3}))\dQ~(?:[A-Za-z0-9_.~-]{34})(?![A-Za-z0-9_.~-])/y,
    strength: 'likely',
    check: ({ value }) => (isFiller(value) ? null : {}),
  },
  {
    id: 'azure-devops-token',
    title: 'Azure DevOps token',
    docs: 'https://learn.microsoft.com/azure/devops/organizations/accounts/use-personal-access-tokens-to-authenticate',
    revoke: 'Revoke the personal access token in Azure DevOps',
    literals: ['AZDO'],
    pattern: /(?<=(?<![A-Za-z0-9])(?<before>[A-Za-z0-9]{76}))AZDO[A-Za-z0-9]{4}(?![A-Za-z0-9])/y,
    strength: 'likely',
    check: ({ value }) => (isFiller(value) ? null : {}),
  },
  {
    id: 'azure-resource-key',
    title: 'Azure resource key',
    docs: 'https://github.com/microsoft/security-utilities',
    revoke: 'Regenerate the key of the Azure resource',
    literals: ['JQQJ9'],
    pattern: /(?<=(?<![A-Za-z0-9])(?<before>[A-Za-z0-9]{52}))JQQJ99[A-Za-z0-9]{18}(?!AZDO)A[A-Z]{2}[A-Za-z0-9]{5}(?![A-Za-z0-9])/y,
    strength: 'likely',
    check: ({ value }) => (isFiller(value) ? null : {}),
  },
  {
    id: 'azure-shared-key',
    title: 'Azure shared access key',
    docs: 'https://learn.microsoft.com/azure/service-bus-messaging/service-bus-sas',
    revoke: 'Regenerate the shared access key in Azure',
    literals: [{ text: 'sharedaccesskey=', ignoreCase: true }],
    pattern: /sharedaccesskey=(?<value>[A-Za-z0-9+/]{43}=)(?![A-Za-z0-9+/=])/iy,
    strength: 'likely',
    check: ({ value }) => (isFiller(value) ? null : {}),
  },
  {
    id: 'azure-storage-key',
    title: 'Azure storage account key',
    docs: AZURE_SIGNED,
    revoke: 'Rotate the storage account key in Azure',
    literals: [
      { text: 'accountkey', ignoreCase: true },
      { text: 'account_key', ignoreCase: true },
      { text: 'storage_key', ignoreCase: true },
      { text: 'storagekey', ignoreCase: true },
    ],
    pattern: /[\w-]{0,16}["'\s]{0,3}[=:]{1,2}>?["'\s]{0,4}(?<value>[A-Za-z0-9+/]{86}==)/iy,
    strength: 'likely',
    check: ({ value }) => {
      if (value.startsWith(EMULATOR_KEY)) return { strength: 'harmless', note: 'the public key of the storage emulator' }
      return decodeBase64(value)?.length === 64 && !isFiller(value) ? {} : null
    },
  },
  token({
    id: 'digitalocean-token',
    title: 'DigitalOcean token',
    docs: 'https://docs.digitalocean.com/reference/api/create-personal-access-token/',
    revoke: 'Revoke the token in the DigitalOcean control panel',
    literals: ['dop_v1_', 'doo_v1_', 'dor_v1_'],
    pattern: 'do[por]_v1_(?<random>[0-9a-f]{64})',
  }),
  token({
    id: 'gcp-api-key',
    title: 'Google API key',
    docs: 'https://cloud.google.com/docs/authentication/api-keys',
    revoke: 'Restrict or delete the key in the Google Cloud console',
    literals: ['AIza'],
    pattern: 'AIza(?<random>[A-Za-z0-9_-]{35})',
    strength: 'possible',
  }),
  token({
    id: 'gcp-oauth-secret',
    title: 'Google OAuth client secret',
    docs: 'https://support.google.com/cloud/answer/15549257',
    revoke: 'Reset the client secret in the Google Cloud console',
    literals: ['GOCSPX-'],
    pattern: 'GOCSPX-(?<random>[A-Za-z0-9_-]{28})',
  }),
]
