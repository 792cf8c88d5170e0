// Cloud providers, sorted by id. Those of Microsoft stand in azure.ts.
import { awsAccount, decodeBase64, fillerKind, isDrawn } from '../checks.ts'
import type { Checked, Detector } from '../detector.ts'
import { named, ofFiller, token } from './token.ts'

const AWS_DOCS = 'https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids'
const AWS_REVOKE = 'Deactivate and delete the access key in IAM, then make a new one'
const AWS_OPENS = 'whatever the IAM user or role may do in the account'

/** A value that looks drawn, as keys of 40 characters of base64 are: no hash, no path. */
const isDrawnKey = (value: string): boolean => isDrawn(value) && !/^[0-9a-f]+$/i.test(value)

/** The first secret access key behind an id, in front of the next id: forty characters that stand alone and are no hash. */
function secretBehind(behind: string): Checked | null {
  const [own = ''] = behind.split(/A[KS]IA[A-Z2-7]{16}/)
  for (const [run] of own.matchAll(/(?<![A-Za-z0-9/+])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])/g)) {
    if (/EXAMPLE|FAKE/.test(run) || !isDrawnKey(run) || !/[0-9]/.test(run)) continue
    const checked = ofFiller(run)
    return checked === null ? null : { ...checked, value: run }
  }
  return null
}

export const CLOUD: readonly Detector[] = [
  token({
    id: 'alibaba-access-key-id',
    issuer: 'Alibaba Cloud',
    title: 'Alibaba Cloud access key id',
    opens: 'nothing without its secret: it names the account',
    revoke: 'Disable the access key in RAM',
    docs: 'https://www.alibabacloud.com/help/en/ram/user-guide/create-an-accesskey-pair',
    forms: ['LTAI{62:12-20}'],
    strength: 'possible',
    check: ({ value }) => (isDrawn(value.slice(4)) ? {} : null),
  }),
  named({
    id: 'alibaba-secret-key',
    issuer: 'Alibaba Cloud',
    title: 'Alibaba Cloud access key secret',
    opens: 'whatever the RAM user may do in the account',
    revoke: 'Disable the access key in RAM',
    docs: 'https://www.alibabacloud.com/help/en/ram/user-guide/create-an-accesskey-pair',
    names: ['alibaba', 'aliyun', 'alicloud', 'accesskeysecret', 'access_key_secret', 'oss_secret'],
    values: ['{62:30}'],
    word: /secret/i,
    check: ({ value }) => (isDrawnKey(value) ? {} : null),
    examples: ['ALIBABA_CLOUD_ACCESS_KEY_SECRET={62:30}', 'accessKeySecret: "{62:30}"'],
    quiet: ['aliyunSecretManagerClientFactoryBean'],
  }),
  {
    id: 'aws-access-key',
    issuer: 'Amazon Web Services',
    title: 'AWS access key',
    opens: AWS_OPENS,
    docs: AWS_DOCS,
    revoke: AWS_REVOKE,
    forms: ['AKIA{32:16}', 'ASIA{32:16}'],
    proof: 'the account number that it encodes; with its secret beside it it is proven',
    literals: ['AKIA', 'ASIA', 'ABIA', 'ACCA'].map((text) => ({ text, run: 16 })),
    pattern: /(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9+_=/])/y,
    alone: true,
    strength: 'possible',
    examples: ['AKIA{32:16}', 'ASIA{32:16}'],
    quiet: ['AKIA{32:15}', 'AKIA{32:17}', 'AIDA{32:16}', 'data:image/png;base64,iVBORw0KGgoAKIA{32:16}QAAAA'],
    check: ({ value, before }) => {
      if (/[A-Za-z0-9+/]{12}[+/]$/.test(before)) return null
      if (/EXAMPLE|FAKE|TEST|DEMO|DUMMY/.test(value) || fillerKind(value.slice(4)) === 'example')
        return { strength: 'harmless', note: 'a public example' }
      const account = awsAccount(value)
      // Real ones are base32: a digit 0, 1, 8 or 9 was made up.
      if (account === null || /[0189]/.test(value.slice(4)) || fillerKind(value.slice(4)) === 'filler')
        return { strength: 'harmless', note: 'no key id that AWS gives out: it was made up' }
      return { facts: { account } }
    },
  },
  token({
    id: 'aws-appsync-key',
    issuer: 'Amazon Web Services',
    title: 'AWS AppSync API key',
    opens: 'the GraphQL API that it belongs to, for a year at most',
    revoke: 'Delete the API key of the AppSync API',
    docs: 'https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html',
    forms: ['da2-{36:26}'],
    strength: 'possible',
  }),
  token({
    id: 'aws-bedrock-key',
    issuer: 'Amazon Web Services',
    title: 'AWS Bedrock API key',
    opens: 'calls of the models, paid by the account',
    revoke: 'Delete the service-specific credential in IAM',
    docs: 'https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys-how.html',
    forms: ['ABSK{b64=:100-269}'],
    proof: 'it decodes to `BedrockAPIKey-`',
    examples: [
      'ABSKQmVkcm9ja0FQSUtleS1{b64:109}',
      (fill) => `ABSK${Buffer.from(fill('BedrockAPIKey-{36:4}-at-{d:12}:{b64:44}')).toString('base64')}`,
    ],
    check: ({ value }) => {
      const decoded = decodeBase64(value.slice(4).replace(/={1,2}$/, ''))?.toString('latin1') ?? ''
      if (decoded.startsWith('BedrockAPIKey-'))
        return {
          facts: Object.fromEntries(
            /-at-(\d{12})/
              .exec(decoded)
              ?.slice(1, 2)
              .map((account) => ['account', account]) ?? [],
          ),
        }
      return isDrawnKey(value) ? { strength: 'possible' } : null
    },
  }),
  token({
    id: 'aws-bedrock-session-key',
    issuer: 'Amazon Web Services',
    title: 'AWS Bedrock short-term API key',
    opens: 'calls of the models for twelve hours at most',
    revoke: 'Let it expire, or revoke the sessions of the role that made it',
    docs: 'https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys-how.html',
    forms: ['bedrock-api-key-{b64=:100-400}'],
  }),
  token({
    id: 'aws-mws-token',
    issuer: 'Amazon Web Services',
    title: 'Amazon MWS token',
    opens: 'a seller account in Amazon Marketplace',
    revoke: 'Revoke the developer access in Seller Central',
    docs: 'https://developer-docs.amazon.com/sp-api/docs',
    forms: ['amzn.mws.{uuid}'],
  }),
  {
    id: 'aws-secret-key',
    issuer: 'Amazon Web Services',
    title: 'AWS secret access key',
    opens: AWS_OPENS,
    docs: AWS_DOCS,
    revoke: AWS_REVOKE,
    forms: ['{b64:40}'],
    proof: 'an access key id beside it',
    literals: [
      ...['AKIA', 'ASIA'].map((text) => ({ text })),
      ...[
        'secret_access_key',
        'secretaccesskey',
        'secret-access-key',
        'aws_secret',
        'awssecret',
        'aws-secret',
        'aws_sec',
        'aws_key',
        'awskey',
        's3_secret',
        'aws.secret',
        's3.secret',
        'secret_key',
        'secret-key',
        'secret.key',
        'secretkey',
      ].map((text) => ({
        text,
        ignoreCase: true,
        assignment: true,
      })),
    ],
    // By its name, or behind the id that it belongs to, whatever stands between the two.
    pattern:
      /(?:A[KS]IA[A-Z2-7]{16}(?<behind>[^A-Za-z0-9][\s\S]{0,300})|(?<name>[\w.-]{3,40})["'`\s\])\\]{0,4}[=:>,|]{1,3}["'`\s\\]{0,6}(?<value>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=]))/y,
    window: 330,
    strength: 'likely',
    context: true,
    examples: ['aws_secret_access_key={b64:40}', '"SecretAccessKey": "{b64:40}"', 'AWS_SECRET_KEY: {b64:40}'],
    quiet: [
      'aws_secret_access_key={hex:40}',
      'aws_secret_access_key={b64:41}',
      'aws_secret_access_key_file=/run/secrets/aws',
    ],
    check: ({ value, groups, before, after }) => {
      const { behind } = groups
      if (behind !== undefined) return secretBehind(behind)
      if (groups['value'] === undefined) return null
      if (/EXAMPLE|FAKE/.test(value)) return { strength: 'harmless', note: 'a public example' }
      if (!isDrawnKey(value) && fillerKind(value) !== 'example') return null
      const checked = ofFiller(value)
      // `secret_key` is a word of many programs: alone it is one more assignment, with AWS or an id near it more.
      const near = `${before}${groups['name'] ?? ''}${after}`
      return checked === null || /aws|amazon|s3|AKIA|ASIA|access/i.test(near)
        ? checked
        : { strength: 'possible', ...checked }
    },
  },
  named({
    id: 'aws-session-token',
    issuer: 'Amazon Web Services',
    title: 'AWS session token',
    opens: 'whatever the role may do, with its key, for hours',
    revoke: 'Revoke the active sessions of the role in IAM',
    docs: 'https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_use-resources.html',
    names: ['session_token', 'sessiontoken', 'security_token', 'securitytoken'],
    values: ['{b64=:160-600}'],
    word: /token/i,
    strength: 'possible',
    examples: ['AWS_SESSION_TOKEN=IQoJb3JpZ2luX2Vj{b64:300}'],
    quiet: ['session_token={hex:64}'],
    check: ({ value }) =>
      /^(?:IQoJb3JpZ2lu|FwoGZXIvYXdz|FQoGZXIvYXdz|AgoJb3JpZ2lu)/.test(value) ? { strength: 'likely' } : null,
  }),
  named({
    id: 'civo-key',
    issuer: 'Civo',
    title: 'Civo API key',
    opens: 'clusters and machines of the account',
    revoke: 'Regenerate the key in the Civo settings',
    docs: 'https://www.civo.com/docs/account/api-keys',
    names: ['civo'],
    values: ['{62:50}'],
  }),
  token({
    id: 'digitalocean-token',
    issuer: 'DigitalOcean',
    title: 'DigitalOcean token',
    opens: 'droplets, volumes, databases and DNS of the account',
    revoke: 'Revoke the token in the DigitalOcean control panel',
    docs: 'https://docs.digitalocean.com/reference/api/create-personal-access-token/',
    forms: ['dop_v1_{hex:64}', 'doo_v1_{hex:64}', 'dor_v1_{hex:64}'],
  }),
  token({
    id: 'exoscale-key-id',
    issuer: 'Exoscale',
    title: 'Exoscale API key id',
    opens: 'nothing without its secret: it names the key',
    revoke: 'Revoke the key in the Exoscale portal',
    docs: 'https://community.exoscale.com/documentation/iam/',
    forms: ['EXO{hex:24}'],
    strength: 'possible',
  }),
  token({
    id: 'firebase-server-key',
    issuer: 'Google',
    title: 'Firebase Cloud Messaging server key',
    opens: 'notifications to all users of the application',
    revoke: 'Delete the server key in the Firebase console',
    docs: 'https://firebase.google.com/docs/cloud-messaging',
    forms: ['AAAA{64:7}:APA91b{64:100-180}'],
    // Tokens of devices, which browsers and servers hand around, have the same form.
    quiet: ['https://fcm.googleapis.com/fcm/send/c{64:10}:APA91b{64:134}'],
  }),
  token({
    id: 'gcp-api-key',
    issuer: 'Google',
    title: 'Google API key',
    opens: 'the APIs that the key is not restricted from; in a web page it is often public by design',
    revoke: 'Restrict or delete the key in the Google Cloud console',
    docs: 'https://cloud.google.com/docs/authentication/api-keys',
    forms: ['AIza{64:35}'],
    strength: 'possible',
  }),
  token({
    id: 'gcp-bound-api-key',
    issuer: 'Google',
    title: 'Google API key (Gemini)',
    opens: 'calls of the models and what its service account may do',
    revoke: 'Delete the key in Google AI Studio or the Google Cloud console',
    docs: 'https://ai.google.dev/gemini-api/docs/api-key',
    forms: ['AQ.Ab8RN6{64:44}'],
  }),
  token({
    id: 'gcp-hmac-key-id',
    issuer: 'Google',
    title: 'Google Cloud Storage HMAC key id',
    opens: 'nothing without its secret: it names the service account',
    revoke: 'Deactivate and delete the HMAC key in the Cloud Storage settings',
    docs: 'https://cloud.google.com/storage/docs/authentication/hmackeys',
    forms: ['GOOG1E{36U:55}', 'GOOG{36U:20}'],
    strength: 'possible',
  }),
  named({
    id: 'gcp-oauth-legacy-secret',
    issuer: 'Google',
    title: 'Google OAuth client secret',
    opens: 'sign-ins in the name of the application',
    revoke: 'Reset the client secret in the Google Cloud console',
    docs: 'https://support.google.com/cloud/answer/15549257',
    names: ['client_secret', 'clientsecret', 'client-secret'],
    values: ['{64:24}'],
    strength: 'possible',
    word: /secret/i,
    examples: ['{"client_id":"{d:12}-{36:32}.apps.googleusercontent.com","client_secret":"{64:24}"}'],
    quiet: ['"client_secret":"{64:24}"'],
    check: ({ before, after }) =>
      /googleusercontent|accounts\.google|oauth2\.googleapis/.test(before + after) ? { strength: 'likely' } : null,
  }),
  token({
    id: 'gcp-oauth-refresh-token',
    issuer: 'Google',
    title: 'Google OAuth refresh token',
    opens: "the person's account, within the scopes that were granted, until it is revoked",
    revoke: 'Remove the access of the application in the Google account',
    docs: 'https://developers.google.com/identity/protocols/oauth2',
    forms: ['1//0{64:40-110}'],
    check: ({ value }) => (isDrawn(value.slice(4)) ? {} : null),
  }),
  token({
    id: 'gcp-oauth-secret',
    issuer: 'Google',
    title: 'Google OAuth client secret',
    opens: 'sign-ins in the name of the application',
    revoke: 'Reset the client secret in the Google Cloud console',
    docs: 'https://support.google.com/cloud/answer/15549257',
    forms: ['GOCSPX-{64:28}'],
  }),
  token({
    id: 'gcp-oauth-token',
    issuer: 'Google',
    title: 'Google OAuth access token',
    opens: 'the account within the scopes that were granted, for an hour',
    revoke: 'Revoke the token, and find the refresh token or key that made it',
    docs: 'https://developers.google.com/identity/protocols/oauth2',
    forms: ['ya29.{64.:30-400}'],
  }),
  named({
    id: 'hetzner-token',
    issuer: 'Hetzner',
    title: 'Hetzner Cloud API token',
    opens: 'servers, volumes and networks of the project',
    revoke: 'Delete the token in the Hetzner console',
    docs: 'https://docs.hetzner.com/cloud/api/getting-started/generating-api-token/',
    names: ['hcloud', 'hetzner'],
    values: ['{62:64}'],
    check: ({ value }) => (isDrawnKey(value) ? {} : null),
    quiet: ['hcloud_image_sha256={hex:64}'],
  }),
  named({
    id: 'huawei-secret-key',
    issuer: 'Huawei Cloud',
    title: 'Huawei Cloud secret key',
    opens: 'whatever the IAM user may do in the account',
    revoke: 'Delete the access key in IAM',
    docs: 'https://support.huaweicloud.com/intl/en-us/usermanual-iam/iam_02_0003.html',
    names: ['huaweicloud', 'huawei_cloud', 'hw_secret', 'huawei'],
    values: ['{62:40}'],
    word: /secret|_sk\b/i,
    check: ({ value }) => (isDrawnKey(value) ? {} : null),
    examples: ['HUAWEICLOUD_SECRET_KEY={62:40}'],
  }),
  named({
    id: 'ibm-cloud-key',
    issuer: 'IBM',
    title: 'IBM Cloud API key',
    opens: 'whatever the person or service id may do in the account',
    revoke: 'Delete the key in IBM Cloud IAM',
    docs: 'https://cloud.ibm.com/docs/account?topic=account-manapikey',
    names: ['ibmcloud', 'ibm_cloud', 'bluemix', 'ibm-cloud', 'ibm_api', 'ic_api', 'watson'],
    values: ['{64:44}', '{64:43}'],
    check: ({ value }) => (isDrawnKey(value) ? {} : null),
  }),
  named({
    id: 'ibm-cos-hmac-key',
    issuer: 'IBM',
    title: 'IBM Cloud Object Storage HMAC key',
    opens: 'the buckets of the service credential',
    revoke: 'Delete the service credential in IBM Cloud',
    docs: 'https://cloud.ibm.com/docs/cloud-object-storage',
    names: ['cos_hmac', 'ibm_cos', 'cos-hmac', 'cos_secret', 'secret_access_key'],
    values: ['{hex:48}'],
    word: /secret/i,
    examples: ['COS_HMAC_SECRET_ACCESS_KEY={hex:48}'],
  }),
  named({
    id: 'linode-token',
    issuer: 'Akamai (Linode)',
    title: 'Linode access token',
    opens: 'machines, volumes and clusters of the account',
    revoke: 'Revoke the token in the Akamai cloud manager',
    docs: 'https://techdocs.akamai.com/linode-api/reference/get-started',
    names: ['linode'],
    values: ['{hex:64}'],
    quiet: ['linode_cli_sha256={hex:64}'],
  }),
  named({
    id: 'ovh-secret',
    issuer: 'OVHcloud',
    title: 'OVHcloud application secret or consumer key',
    opens: 'the account within the rights of the consumer key',
    revoke: 'Delete the application in the OVHcloud API console',
    docs: 'https://help.ovhcloud.com/csm/en-api-getting-started-ovhcloud-api',
    names: ['ovh'],
    values: ['{62:32}', '{hex:32}'],
    word: /secret|consumer/i,
    examples: ['OVH_APPLICATION_SECRET={62:32}', 'ovh_consumer_key = {62:32}'],
    quiet: ['ovh_project_id={hex:32}'],
  }),
  token({
    id: 'scaleway-key-id',
    issuer: 'Scaleway',
    title: 'Scaleway access key id',
    opens: 'nothing without its secret: it names the key',
    revoke: 'Delete the API key in the Scaleway console',
    docs: 'https://www.scaleway.com/en/docs/iam/how-to/create-api-keys/',
    forms: ['SCW{36U:17}'],
    strength: 'possible',
    check: ({ value }) => (/\d/.test(value) ? {} : null),
    quiet: ['SCWINDOWCLASSNAMESEXT'],
  }),
  named({
    id: 'scaleway-secret-key',
    issuer: 'Scaleway',
    title: 'Scaleway secret key',
    opens: 'whatever the key may do in the organization',
    revoke: 'Delete the API key in the Scaleway console',
    docs: 'https://www.scaleway.com/en/docs/iam/how-to/create-api-keys/',
    names: ['scw_secret', 'scaleway', 'scw-secret'],
    values: ['{uuid}'],
    word: /secret|token/i,
    examples: ['SCW_SECRET_KEY={uuid}'],
    quiet: ['scaleway_organization_id={uuid}'],
  }),
  token({
    id: 'tencent-key-id',
    issuer: 'Tencent Cloud',
    title: 'Tencent Cloud secret id',
    opens: 'nothing without its secret key: it names the key',
    revoke: 'Disable the key in CAM',
    docs: 'https://www.tencentcloud.com/document/product/598/32675',
    forms: ['AKID{62:32}'],
    strength: 'possible',
    check: ({ value }) => (isDrawnKey(value) ? {} : null),
  }),
  named({
    id: 'tencent-secret-key',
    issuer: 'Tencent Cloud',
    title: 'Tencent Cloud secret key',
    opens: 'whatever the CAM user may do in the account',
    revoke: 'Disable the key in CAM',
    docs: 'https://www.tencentcloud.com/document/product/598/32675',
    names: ['tencent', 'qcloud', 'cos_secret_key', 'tencentcloud'],
    values: ['{62:32}'],
    word: /secret_?key/i,
    check: ({ value }) => (isDrawnKey(value) ? {} : null),
    examples: ['TENCENTCLOUD_SECRET_KEY={62:32}'],
  }),
  token({
    id: 'upcloud-token',
    issuer: 'UpCloud',
    title: 'UpCloud API token',
    opens: 'servers and storage of the account',
    revoke: 'Delete the token in the UpCloud control panel',
    docs: 'https://upcloud.com/docs/',
    forms: ['ucat_{36U:26}'],
  }),
  token({
    id: 'volcengine-key-id',
    issuer: 'Volcengine',
    title: 'Volcengine access key id',
    opens: 'nothing without its secret: it names the key',
    revoke: 'Disable the access key in IAM',
    docs: 'https://www.volcengine.com/docs/6291/65568',
    forms: ['AKLT{62:40-68}'],
    strength: 'possible',
  }),
  named({
    id: 'vultr-key',
    issuer: 'Vultr',
    title: 'Vultr API key',
    opens: 'machines and DNS of the account',
    revoke: 'Regenerate the key in the Vultr console',
    docs: 'https://docs.vultr.com/platform/other/api',
    names: ['vultr'],
    values: ['{36U:36}'],
  }),
  token({
    id: 'yandex-key',
    issuer: 'Yandex Cloud',
    title: 'Yandex Cloud API key',
    opens: 'whatever the service account may do',
    revoke: 'Delete the key of the service account',
    docs: 'https://yandex.cloud/en/docs/iam/concepts/authorization/api-key',
    forms: ['AQVN{64:35-38}'],
    check: ({ value }) => (isDrawnKey(value) ? {} : null),
  }),
  {
    id: 'yandex-token',
    issuer: 'Yandex Cloud',
    title: 'Yandex Cloud IAM token',
    opens: 'whatever the person or service account may do, for twelve hours',
    revoke: 'Revoke the token with yc iam revoke-token',
    docs: 'https://yandex.cloud/en/docs/iam/concepts/authorization/iam-token',
    forms: ['t1.{64:100-300}.{64:86}'],
    literals: [{ text: 't1.9eu', run: 24 }],
    pattern: /t1\.9eu[A-Za-z0-9_=-]{80,400}\.[A-Za-z0-9_-]{86}(?![A-Za-z0-9_-])/y,
    window: 520,
    alone: true,
    strength: 'likely',
    examples: ['t1.9eu{64:180}.{64:86}'],
    quiet: ['t1.9eu{64:40}'],
    check: ({ value }) => ofFiller(value),
  },
]
