// Microsoft Azure, sorted by id. Its newer keys carry the name of their service at a fixed place.
// https://github.com/microsoft/security-utilities
import { decodeBase64, fillerKind } from '../checks.ts'
import type { Checked, Detector, Found } from '../detector.ts'
import { named, ofFiller, token } from './token.ts'

const IDENTIFIABLE = 'https://github.com/microsoft/security-utilities'

/** The key of the storage emulator: public, the same everywhere. Its first characters are enough to know it. */
const EMULATOR_KEY = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsu'

/** A key with the signature of its service in it: 64 bytes, 32 bytes or 39 bytes of base64. */
function signed(id: string, service: string, signature: string, size: 88 | 56 | 52 | 44, opens: string): Detector {
  const [alphabet, before, end] = {
    88: ['b64', 76, '=='],
    56: ['64', 44, '=='],
    52: ['b64', 42, ''],
    44: ['b64', 33, '='],
  }[size] as [string, number, string]
  const inside = alphabet === '64' ? 'A-Za-z0-9_-' : 'A-Za-z0-9+/'
  const rest = size === 52 ? '[A-D][A-Za-z0-9+/]{5}' : `[${inside}]{6}`
  const form = `{${alphabet}:${before}}${signature}${size === 52 ? 'A{62:5}' : `{62:5}${size === 44 ? 'A' : 'Q'}`}${end}`
  return {
    id,
    issuer: 'Microsoft Azure',
    title: `${service} key`,
    opens,
    revoke: `Regenerate the key of the ${service.replace(/^Azure /, '')} resource`,
    docs: IDENTIFIABLE,
    forms: [form],
    proof: `\`${signature}\` at its fixed place`,
    literals: [{ text: signature, run: 6 }],
    pattern: new RegExp(
      `(?<=(?<![${inside}])(?<before>[${inside}]{${before}}))${signature.replace('+', '\\+')}${rest}${end}(?![A-Za-z0-9+/=_-])`,
      'y',
    ),
    strength: 'likely',
    examples: [form],
    quiet: [form.replace(String(before), String(before - 1)), `${form.replace(/={1,2}$/, '')}{62:8}`],
    check: ({ value }) => ofFiller(value),
  }
}

/** A shared access signature says when it ends. */
function checkSas({ value, groups, before, after }: Found): Checked | null {
  const text = before + value + after
  if (!/[?&;"'\s]s[vpr]=|[?&]se=|^s[vpr]=/.test(text)) return null
  const filler = fillerKind(groups['signature'] ?? value)
  if (filler === 'filler') return null
  const end = /[?&;]?\bse=(\d{4}-\d\d-\d\d(?:T[\d:%A-Fa-f]+Z)?)/.exec(text)?.[1]
  const expires = end === undefined ? NaN : Date.parse(decodeURIComponent(end))
  const facts = Number.isNaN(expires) ? {} : { expires: new Date(expires).toISOString() }
  return filler === 'example' ? { facts, strength: 'harmless', note: 'it reads like an example' } : { facts }
}

export const AZURE: readonly Detector[] = [
  {
    id: 'azure-ad-client-secret',
    issuer: 'Microsoft Entra',
    title: 'Microsoft Entra client secret',
    opens: 'whatever the application is granted in the tenant',
    docs: 'https://learn.microsoft.com/entra/identity-platform/quickstart-register-app',
    revoke: 'Delete the client secret of the app registration in Entra',
    forms: ['{62:3}{d:1}Q~{64~:34}'],
    literals: [...'0123456789'].map((digit) => ({ text: `${digit}Q~`, run: 20 })),
    pattern: /(?<=(?<![A-Za-z0-9_.~-])(?<before>[A-Za-z0-9_.~-]{3}))\dQ~(?:[A-Za-z0-9_.~-]{34})(?![A-Za-z0-9_.~-])/y,
    strength: 'likely',
    examples: ['{62:3}8Q~{64~:33}c'],
    quiet: ['{62:3}8Q~{62:20}', '{62:9}8Q~{62:34}'],
    check: ({ value }) => ofFiller(value),
  },
  signed('azure-api-management-key', 'Azure API Management', 'APIM', 88, 'the APIs behind the gateway'),
  token({
    id: 'azure-app-configuration',
    issuer: 'Microsoft Azure',
    title: 'Azure App Configuration connection string',
    opens: 'all settings of the store, secrets among them',
    revoke: 'Regenerate the access keys of the store',
    docs: 'https://learn.microsoft.com/azure/azure-app-configuration/howto-disable-access-key-authentication',
    forms: [
      '.azconfig.io;Id={64.:4-60};Secret={b64=:36-100}',
      '.azconfig.io;Id={64.:1-30}:{b64=:8-40};Secret={b64=:36-100}',
    ],
    examples: ['Endpoint=https://acme.azconfig.io;Id=h3Kd;Secret={b64:43}='],
  }),
  signed('azure-batch-key', 'Azure Batch', '+ABa', 88, 'the jobs and pools of the account'),
  signed('azure-container-registry-key', 'Azure Container Registry', '+ACR', 52, 'all images of the registry'),
  signed('azure-cosmos-key', 'Azure Cosmos DB', 'ACDb', 88, 'all data of the account'),
  named({
    id: 'azure-devops-legacy-token',
    issuer: 'Microsoft Azure DevOps',
    title: 'Azure DevOps token',
    opens: "the organization's code, pipelines and packages within its scopes",
    docs: 'https://learn.microsoft.com/azure/devops/organizations/accounts/use-personal-access-tokens-to-authenticate',
    revoke: 'Revoke the personal access token in Azure DevOps',
    names: ['azure', 'ado_pat', 'ado_token', 'azdo', 'devops', 'vsts', 'system_accesstoken'],
    values: ['{32l:52}'],
    examples: ['AZURE_DEVOPS_PAT={32l:52}', 'ado_pat =  "{32l:52}"'],
    quiet: ['azure_pipeline_commit={hex:40}'],
  }),
  {
    id: 'azure-devops-token',
    issuer: 'Microsoft Azure DevOps',
    title: 'Azure DevOps token',
    opens: "the organization's code, pipelines and packages within its scopes",
    docs: 'https://learn.microsoft.com/azure/devops/organizations/accounts/use-personal-access-tokens-to-authenticate',
    revoke: 'Revoke the personal access token in Azure DevOps',
    forms: ['{62:76}AZDO{62:4}'],
    proof: '`AZDO` at its fixed place',
    literals: [{ text: 'AZDO', run: 4 }],
    pattern: /(?<=(?<![A-Za-z0-9])(?<before>[A-Za-z0-9]{76}))AZDO[A-Za-z0-9]{4}(?![A-Za-z0-9])/y,
    strength: 'likely',
    examples: ['{62:76}AZDO{62:4}', '{62:52}JQQJ99ALACAAAAAAAAAAAAASAZDO{62:4}'],
    quiet: ['{62:75}AZDO{62:4}', '{62:90}AZDO{62:4}'],
    // As issued, it has a run of A in front of the signature.
    check: ({ value }) => ofFiller(value.replace(/A{6,}/g, '')),
  },
  token({
    id: 'azure-entra-token',
    issuer: 'Microsoft Entra',
    title: 'Microsoft Entra refresh token',
    opens: "the person's tenant, within the scopes that were granted, until it is revoked",
    revoke: "Revoke the person's sessions in Entra",
    docs: 'https://learn.microsoft.com/entra/identity-platform/refresh-tokens',
    forms: ['0.A{64:20-60}.AgABAwEA{64:200+}', '1.A{64:20-60}.AgABAwEA{64:200+}'],
    examples: ['0.A{64:40}.AgABAwEA{64:300}'],
  }),
  signed('azure-event-hubs-key', 'Azure Event Hubs', '+AEh', 44, 'the events of the namespace'),
  signed('azure-functions-key', 'Azure Functions', 'AzFu', 56, 'calls of the functions'),
  signed('azure-iot-key', 'Azure IoT Hub', 'AIoT', 44, 'the devices of the hub'),
  signed('azure-machine-learning-key', 'Azure Machine Learning', '+AMC', 44, 'calls of the endpoint'),
  named({
    id: 'azure-notification-hubs-key',
    issuer: 'Microsoft Azure',
    title: 'Azure Notification Hubs key',
    opens: 'notifications to all devices of the hub',
    revoke: 'Regenerate the access policy keys of the hub',
    docs: 'https://learn.microsoft.com/azure/notification-hubs/notification-hubs-push-notification-security',
    names: ['notificationhub', 'notification_hub', 'notification-hub'],
    values: ['{b64:39-46}='],
    examples: ['"notificationHubKey": "{b64:43}="'],
  }),
  named({
    id: 'azure-openai-key',
    issuer: 'Microsoft Azure',
    title: 'Azure OpenAI or AI services key',
    opens: 'calls of the models, paid by the subscription',
    revoke: 'Regenerate the key of the resource',
    docs: 'https://learn.microsoft.com/azure/ai-services/authentication',
    names: [
      'azure_openai',
      'azureopenai',
      'azure-openai',
      'azure_oai',
      'azure_cognitive',
      'cognitive',
      'speech_key',
      'azure_ai',
      'azure_search',
      'azure_speech',
      'azure_translator',
      'openai.azure.com',
    ],
    values: ['{hex:32}'],
    examples: ['AZURE_OPENAI_API_KEY={hex:32}', 'azure_openai_secret={hex:32}'],
    quiet: ['azure_openai_deployment_id={hex:32}'],
  }),
  signed('azure-redis-key', 'Azure Cache for Redis', 'AzCa', 44, 'all data of the cache'),
  signed('azure-relay-key', 'Azure Relay', '+ARm', 44, 'the connections of the namespace'),
  {
    id: 'azure-resource-key',
    issuer: 'Microsoft Azure',
    title: 'Azure resource key',
    opens: 'the resource that it is of: AI services, container registry, functions',
    docs: IDENTIFIABLE,
    revoke: 'Regenerate the key of the Azure resource',
    forms: ['{62:52}JQQJ99{62:18}A{A:2}{62:5}'],
    proof: '`JQQJ99` at its fixed place',
    literals: [{ text: 'JQQJ9', run: 24 }],
    pattern:
      /(?<=(?<![A-Za-z0-9])(?<before>[A-Za-z0-9]{52}))JQQJ9[A-Za-z0-9][A-Za-z0-9]{18}(?!AZDO)A[A-Z]{2}[A-Za-z0-9]{5}(?![A-Za-z0-9])/y,
    strength: 'likely',
    examples: ['{62:52}JQQJ99{62:18}ACOG{62:4}', '{62:52}JQQJ99{62:18}AZCR{62:4}'],
    quiet: ['{62:51}JQQJ99{62:18}ACOG{62:4}'],
    check: ({ value }) => ofFiller(value),
  },
  {
    id: 'azure-sas-token',
    issuer: 'Microsoft Azure',
    title: 'Azure shared access signature',
    opens: 'the container, blob or queue that the URL names, until it ends',
    docs: 'https://learn.microsoft.com/azure/storage/common/storage-sas-overview',
    revoke: 'Remove the stored access policy, or rotate the account key that signed it',
    forms: ['sig={62:43}%3D'],
    proof: 'the parameters of its URL, and their end date',
    literals: [{ text: 'sig=', run: 20 }],
    pattern: /sig=(?<signature>(?:[A-Za-z0-9]|%2[BbFf]|[+/]){42,60}(?:=|%3[Dd]))(?![A-Za-z0-9])/y,
    alone: true,
    strength: 'likely',
    examples: ['?sv=2023-11-03&sr=b&sp=r&se=2099-01-01T00%3A00%3A00Z&spr=https&sig={62:43}%3D'],
    quiet: ['sig={62:43}%3D', '?sv=1&sig={62:20}%3D'],
    check: checkSas,
  },
  signed('azure-search-key', 'Azure AI Search', 'AzSe', 52, 'all indexes of the service'),
  signed('azure-service-bus-key', 'Azure Service Bus', '+ASb', 44, 'the messages of the namespace'),
  {
    id: 'azure-shared-key',
    issuer: 'Microsoft Azure',
    title: 'Azure shared access key',
    opens: 'the namespace that the connection string names: Service Bus, Event Hubs, IoT',
    docs: 'https://learn.microsoft.com/azure/service-bus-messaging/service-bus-sas',
    revoke: 'Regenerate the shared access key in Azure',
    forms: ['SharedAccessKey={b64:43}='],
    literals: [
      { text: 'sharedaccesskey=', ignoreCase: true },
      { text: 'accesskey=', ignoreCase: true },
    ],
    pattern: /(?:sharedaccesskey|accesskey)=(?<value>[A-Za-z0-9+/]{43}=)(?![A-Za-z0-9+/=])/iy,
    strength: 'likely',
    examples: ['Endpoint=sb://acme.servicebus.windows.net/;SharedAccessKeyName=x;SharedAccessKey={b64:43}='],
    quiet: ['SharedAccessKey={b64:20}='],
    check: ({ value }) => ofFiller(value),
  },
  signed('azure-storage-account-key', 'Azure Storage account', '+ASt', 88, 'all data of the storage account'),
  {
    id: 'azure-storage-key',
    issuer: 'Microsoft Azure',
    title: 'Azure storage account key',
    opens: 'all data of the storage or Cosmos DB account',
    docs: 'https://learn.microsoft.com/azure/storage/common/storage-account-keys-manage',
    revoke: 'Rotate the storage account key in Azure',
    forms: ['AccountKey={b64:86}=='],
    proof: 'it decodes to 64 bytes',
    literals: ['accountkey', 'account_key', 'storage_key', 'storagekey', 'cosmos', 'batch_key', 'documentdb'].map(
      (text) => ({ text, ignoreCase: true }),
    ),
    pattern: /[\w-]{3,24}["'\s]{0,3}[=:]{1,2}>?["'\s]{0,4}(?<value>[A-Za-z0-9+/]{80,110}={0,2})(?![A-Za-z0-9+/=])/iy,
    strength: 'likely',
    examples: ['AccountName=acme;AccountKey={b64:86}==;EndpointSuffix=core.windows.net'],
    quiet: ['AccountKey={b64:60}==', 'storage_key={b64:140}'],
    check: ({ value }) => {
      if (value.startsWith(EMULATOR_KEY))
        return { strength: 'harmless', note: 'the public key of the storage emulator' }
      const checked = ofFiller(value)
      return checked === null || decodeBase64(value.replace(/={1,2}$/, ''))?.length === 64
        ? checked
        : { strength: 'possible', note: 'not of the length that Azure gives out', ...checked }
    },
  },
  {
    id: 'azure-subscription-key',
    issuer: 'Microsoft Azure',
    title: 'Azure API subscription key',
    opens: 'the APIs behind the gateway, in the name of the subscription',
    docs: 'https://learn.microsoft.com/azure/api-management/api-management-subscriptions',
    revoke: 'Regenerate the subscription key in API Management',
    forms: ['Ocp-Apim-Subscription-Key: {hex:32}'],
    literals: [
      { text: 'apim-subscription-key', ignoreCase: true },
      { text: 'subscription-key', ignoreCase: true },
    ],
    pattern:
      /(?:apim-subscription-key|subscription-key)["'\\]{0,2}\s{0,2}[:=,]\s{0,2}["'\\]{0,2}(?<value>[0-9a-f]{32})(?![0-9A-Za-z])/iy,
    strength: 'likely',
    examples: ['headers = {"Ocp-Apim-Subscription-Key": "{hex:32}"}'],
    quiet: ['"Ocp-Apim-Subscription-Key": "{hex:12}"'],
    check: ({ value }) => ofFiller(value),
  },
]
