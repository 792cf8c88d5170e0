// Messaging, mail, payment, AI, data and observability services, sorted by id.
import { createHmac } from 'node:crypto'
import { crc32, decodeJson, decodeText, isFiller } from '../checks.ts'
import type { Checked, Detector, Found } from '../detector.ts'
import { token } from './token.ts'

/** Payloads that documentation shows everywhere. */
const DEMO_SUBJECTS = new Set(['1234567890', '123456789'])

/** Keys that documentation signs its examples with. */
const DEMO_KEYS = ['secret', 'your-256-bit-secret', 'key', 'password', 'test', 'a-string-secret-at-least-256-bits-long', 'your-384-bit-secret', 'your-512-bit-secret']

function isSignedWithDemoKey(token: string): boolean {
  const end = token.lastIndexOf('.')
  const signature = token.slice(end + 1)
  return DEMO_KEYS.some((key) => ['sha256', 'sha384', 'sha512'].some((hash) => createHmac(hash, key).update(token.slice(0, end)).digest('base64url') === signature))
}

/** A JWT is three parts of base64url: JSON with `alg`, JSON, signature. Five parts are JWE: ciphertext. RFC 7519 */
function checkJwt({ value }: Found): Checked | null {
  const [head, body, signature] = value.split('.')
  const header = decodeJson(head ?? '')
  const payload = decodeJson(body ?? '')
  if (header === null || payload === null || typeof header['alg'] !== 'string') return null
  if (header['alg'].toLowerCase() === 'none' || (signature ?? '').length < 16) return { strength: 'harmless', note: 'not signed' }
  const subject = payload['sub']
  if ((typeof subject === 'string' && DEMO_SUBJECTS.has(subject)) || payload['name'] === 'John Doe') return { strength: 'harmless', note: 'a public example' }
  if (isSignedWithDemoKey(value)) return { strength: 'harmless', note: 'a public example: its key is that of every tutorial' }
  const issuer = payload['iss']
  const expiry = typeof payload['exp'] === 'number' ? payload['exp'] : null
  const facts: Record<string, string> = {}
  if (typeof issuer === 'string') facts['issuer'] = issuer
  if (expiry !== null && expiry > 0 && expiry < 1e11) facts['expires'] = new Date(expiry * 1000).toISOString()
  return { facts }
}

/** Grafana tokens end in the CRC-32 of all before, as four little-endian bytes. */
function checkGrafana({ value }: Found): Checked {
  const expected = Buffer.alloc(4)
  expected.writeUInt32LE(crc32(value.slice(0, -9)))
  return value.endsWith(expected.toString('hex')) ? { strength: 'proven' } : { strength: 'possible', note: 'its checksum does not fit' }
}

export const SERVICES: readonly Detector[] = [
  token({
    id: 'anthropic-key',
    title: 'Anthropic API key',
    docs: 'https://docs.anthropic.com/en/api/overview',
    revoke: 'Delete the key in the Anthropic console',
    literals: ['sk-ant-'],
    pattern: 'sk-ant-(?:api\\d{2}|admin\\d{2}|oat\\d{2}|sid\\d{2})-(?<random>[A-Za-z0-9_-]{80,120})',
  }),
  token({
    id: 'databricks-token',
    title: 'Databricks token',
    docs: 'https://docs.databricks.com/dev-tools/auth/pat.html',
    revoke: 'Revoke the personal access token in Databricks',
    literals: ['dapi'],
    pattern: 'dapi(?<random>[0-9a-f]{32})(?:-\\d)?',
  }),
  token({
    id: 'discord-webhook',
    title: 'Discord webhook',
    docs: 'https://discord.com/developers/docs/resources/webhook',
    revoke: 'Delete the webhook in the Discord channel settings',
    literals: ['discord.com/api/webhooks/', 'discordapp.com/api/webhooks/'],
    pattern: 'discord(?:app)?\\.com/api/webhooks/\\d{17,20}/(?<random>[A-Za-z0-9_-]{60,80})',
  }),
  token({
    id: 'grafana-token',
    title: 'Grafana service account token',
    docs: 'https://grafana.com/docs/grafana/latest/administration/service-accounts/',
    revoke: 'Delete the service account token in Grafana',
    literals: ['glsa_'],
    pattern: 'glsa_(?<random>[A-Za-z0-9]{32})_[0-9a-f]{8}',
    check: checkGrafana,
  }),
  token({
    id: 'huggingface-token',
    title: 'Hugging Face token',
    docs: 'https://huggingface.co/docs/hub/security-tokens',
    revoke: 'Invalidate the token in the Hugging Face settings',
    literals: ['hf_', 'api_org_'],
    pattern: '(?:hf_|api_org_)(?<random>[A-Za-z]{34})',
    check: ({ groups }) => (/[a-z]/.test(groups['random'] ?? '') && /[A-Z]/.test(groups['random'] ?? '') ? {} : null),
  }),
  {
    id: 'jwt',
    title: 'JSON web token',
    docs: 'https://www.rfc-editor.org/rfc/rfc7519',
    revoke: 'Revoke the session or rotate the key that signed it',
    literals: ['eyJ'],
    pattern: /(?<![A-Za-z0-9_./+-])eyJ[A-Za-z0-9_-]{10,2000}\.eyJ[A-Za-z0-9_-]{8,6000}\.[A-Za-z0-9_-]{0,2000}(?![A-Za-z0-9_.-])/y,
    window: 8192,
    strength: 'likely',
    check: checkJwt,
  },
  token({
    id: 'mailgun-key',
    title: 'Mailgun API key',
    docs: 'https://documentation.mailgun.com/docs/mailgun/user-manual/api-key-mgmt/rbac-mgmt',
    revoke: 'Delete the API key in Mailgun',
    literals: ['key-'],
    pattern: 'key-(?<random>[0-9a-f]{32})',
    strength: 'possible',
  }),
  token({
    id: 'newrelic-key',
    title: 'New Relic user key',
    docs: 'https://docs.newrelic.com/docs/apis/intro-apis/new-relic-api-keys/',
    revoke: 'Delete the key in the New Relic API keys page',
    literals: ['NRAK-'],
    pattern: 'NRAK-(?<random>[A-Z0-9]{27})',
  }),
  {
    id: 'openai-key',
    title: 'OpenAI API key',
    docs: 'https://platform.openai.com/docs/api-reference/authentication',
    revoke: 'Delete the key in the OpenAI dashboard',
    literals: ['T3BlbkFJ'],
    pattern: /(?<=(?<![A-Za-z0-9_-])(?<before>sk-(?:(?:proj|svcacct|admin|None)-[A-Za-z0-9_-]{20,76}|[A-Za-z0-9]{20})))T3BlbkFJ[A-Za-z0-9_-]{20,76}(?![A-Za-z0-9_-])/y,
    strength: 'likely',
    check: ({ value }) => (isFiller(value) ? null : {}),
  },
  token({
    id: 'sendgrid-key',
    title: 'SendGrid API key',
    docs: 'https://www.twilio.com/docs/sendgrid/ui/account-and-settings/api-keys',
    revoke: 'Delete the API key in SendGrid',
    literals: ['SG.'],
    pattern: 'SG\\.(?<random>[A-Za-z0-9_-]{22}\\.[A-Za-z0-9_-]{43})',
  }),
  token({
    id: 'sentry-org-token',
    title: 'Sentry organization token',
    docs: 'https://docs.sentry.io/account/auth-tokens/',
    revoke: 'Revoke the token in the Sentry settings',
    literals: ['sntrys_'],
    pattern: 'sntrys_(?<random>[A-Za-z0-9+/=]{60,400}_[A-Za-z0-9+/]{43})',
    window: 500,
    check: ({ groups }) => (decodeText((groups['random'] ?? '').split('_')[0] ?? '')?.includes('"org"') ? { strength: 'proven' } : {}),
  }),
  token({
    id: 'shopify-token',
    title: 'Shopify token',
    docs: 'https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens',
    revoke: 'Uninstall or rotate the app credentials in Shopify',
    literals: ['shpat_', 'shpca_', 'shppa_', 'shpss_'],
    pattern: 'shp(?:at|ca|pa|ss)_(?<random>[0-9a-fA-F]{32})',
  }),
  token({
    id: 'slack-token',
    title: 'Slack token',
    docs: 'https://docs.slack.dev/authentication/tokens',
    revoke: 'Revoke the token with auth.revoke or in the Slack app settings',
    literals: ['xoxb-', 'xoxp-', 'xoxa-', 'xoxr-', 'xoxs-', 'xapp-', 'xoxe-', 'xoxe.'],
    pattern:
      '(?:xox[bpars]-(?:\\d{8,14}-){1,3}[A-Za-z0-9]{16,64}|xoxa-2-[A-Za-z0-9-]{40,160}|xapp-\\d-[A-Z0-9]{8,13}-\\d{10,14}-[0-9a-f]{64}|xoxe(?:\\.xox[bp])?-\\d-[A-Za-z0-9]{140,170})',
  }),
  {
    id: 'slack-webhook',
    title: 'Slack webhook',
    docs: 'https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks',
    revoke: 'Remove the webhook in the Slack app settings',
    literals: ['hooks.slack.com/'],
    pattern: /hooks\.slack\.com\/(?:services|workflows|triggers)\/(?<value>[A-Z0-9]{8,14}\/[A-Za-z0-9]{8,24}\/[A-Za-z0-9/]{16,80})(?![A-Za-z0-9])/y,
    strength: 'likely',
    check: ({ value }) => (/0{8}|X{6}/i.test(value) || isFiller(value) ? null : {}),
  },
  token({
    id: 'stripe-key',
    title: 'Stripe secret key',
    docs: 'https://docs.stripe.com/keys',
    revoke: 'Roll the key in the Stripe dashboard',
    literals: ['sk_live_', 'rk_live_', 'sk_test_', 'rk_test_', 'whsec_'],
    pattern: '(?:[sr]k_(?:live|test)_(?:[A-Za-z0-9]{90,247}|[A-Za-z0-9]{24,34})|whsec_[A-Za-z0-9+/=]{32,64})',
    check: ({ value }) => (/_test_/.test(value) ? { strength: 'harmless', note: 'a test key' } : {}),
  }),
  {
    id: 'telegram-bot-token',
    title: 'Telegram bot token',
    docs: 'https://core.telegram.org/bots/api#authorizing-your-bot',
    revoke: 'Revoke the token with @BotFather',
    literals: [':AA'],
    pattern: /(?<=(?<![A-Za-z0-9_-])(?:bot)?(?<before>\d{8,10})):AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])/y,
    strength: 'likely',
    check: ({ value }) => (isFiller(value.slice(value.indexOf(':') + 3)) ? null : {}),
  },
  {
    id: 'twilio-auth-token',
    title: 'Twilio auth token',
    docs: 'https://www.twilio.com/docs/iam/api-keys',
    revoke: 'Rotate the auth token in the Twilio console',
    literals: [{ text: 'twilio', ignoreCase: true, assignment: true }],
    pattern: /[\w.-]{0,30}(?:token|secret|auth)[\w.-]{0,20}["'\s]{0,3}[=:]{1,2}>?["'\s]{0,4}(?<value>[0-9a-f]{32})(?![0-9A-Za-z])/iy,
    strength: 'likely',
    check: ({ value }) => (isFiller(value) ? null : {}),
  },
  token({
    id: 'twilio-key-id',
    title: 'Twilio API key id',
    docs: 'https://www.twilio.com/docs/iam/api-keys',
    revoke: 'Delete the API key in the Twilio console',
    literals: [...'0123456789abcdef'].map((digit) => `SK${digit}`),
    pattern: 'SK(?<random>[0-9a-f]{32})',
    strength: 'possible',
  }),
]
