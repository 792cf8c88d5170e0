// Logs, metrics, traces, errors and on-call, sorted by id.
import { crc32, decodeJson, decodeText, isDrawn } from '../checks.ts'
import type { Checked, Detector, Found } from '../detector.ts'
import { named, token } from './token.ts'

const DATADOG = { issuer: 'Datadog', docs: 'https://docs.datadoghq.com/account_management/api-app-keys/' }
const GRAFANA = { issuer: 'Grafana', docs: 'https://grafana.com/docs/grafana/latest/administration/service-accounts/' }
const NEW_RELIC = {
  issuer: 'New Relic',
  revoke: 'Delete the key in the New Relic API keys page',
  docs: 'https://docs.newrelic.com/docs/apis/intro-apis/new-relic-api-keys/',
}
const SENTRY = {
  issuer: 'Sentry',
  revoke: 'Revoke the token in the Sentry settings',
  docs: 'https://docs.sentry.io/account/auth-tokens/',
}

/** Grafana tokens end in the CRC-32 of all before, as four little-endian bytes. */
function checkGrafana({ value }: Found): Checked {
  return grafanaSum(value.slice(0, -9)) === value.slice(-8)
    ? { strength: 'proven' }
    : { strength: 'possible', note: 'its checksum does not fit' }
}

function grafanaSum(body: string): string {
  const sum = Buffer.alloc(4)
  sum.writeUInt32LE(crc32(body))
  return sum.toString('hex')
}

export const OBSERVABILITY: readonly Detector[] = [
  named({
    id: 'airbrake-key',
    issuer: 'Airbrake',
    title: 'Airbrake key',
    opens: 'errors of the project',
    revoke: 'Regenerate the key in the Airbrake settings',
    docs: 'https://docs.airbrake.io/',
    names: ['airbrake'],
    values: ['{hex:32}', '{hex:40}'],
    strength: 'possible',
  }),
  token({
    id: 'axiom-token',
    issuer: 'Axiom',
    title: 'Axiom token',
    opens: 'logs of the organization',
    revoke: 'Delete the token in the Axiom settings',
    docs: 'https://axiom.co/docs/reference/tokens',
    forms: ['xaat-{uuid}', 'xapt-{uuid}'],
  }),
  named({
    id: 'bugsnag-key',
    issuer: 'BugSnag',
    title: 'BugSnag key',
    opens: 'errors of the project',
    revoke: 'Regenerate the key in the BugSnag settings',
    docs: 'https://docs.bugsnag.com/',
    names: ['bugsnag'],
    values: ['{hex:32}'],
    strength: 'possible',
  }),
  token({
    id: 'checkly-key',
    issuer: 'Checkly',
    title: 'Checkly API key',
    opens: 'checks and their environment variables',
    revoke: 'Delete the key in the Checkly settings',
    docs: 'https://www.checklyhq.com/docs/',
    forms: ['cu_{hex:32}'],
  }),
  token({
    id: 'coralogix-key',
    issuer: 'Coralogix',
    title: 'Coralogix API key',
    opens: 'logs of the account',
    revoke: 'Delete the key in the Coralogix settings',
    docs: 'https://coralogix.com/docs/',
    forms: ['cxtp_{62:30}', 'cxup_{62:30}', 'cxth_{62:30}'],
  }),
  named({
    ...DATADOG,
    id: 'datadog-api-key',
    title: 'Datadog API key',
    opens: "sends metrics and logs in the organization's name",
    revoke: 'Revoke the API key in the Datadog organization settings',
    names: ['datadog', 'dd_api', 'ddapi', 'dd-api'],
    values: ['{hex:32}'],
    examples: ['DD_API_KEY={hex:32}', 'datadog:\n  apiKey: "{hex:32}"'],
    quiet: ['datadog_trace_id={hex:32}'],
  }),
  named({
    ...DATADOG,
    id: 'datadog-app-key',
    title: 'Datadog application key',
    opens: "reads and changes what the person may in the organization's account",
    revoke: 'Revoke the application key in the Datadog organization settings',
    names: ['datadog', 'dd_app', 'ddapp', 'dd-app'],
    values: ['{hex:40}', 'ddapp_{62:34}'],
    examples: ['DD_APP_KEY={hex:40}'],
    quiet: ['datadog_agent_commit={hex:40}'],
    word: /key|token|secret|passw/i,
  }),
  token({
    id: 'dynatrace-token',
    issuer: 'Dynatrace',
    title: 'Dynatrace token',
    opens: 'metrics, logs and configuration within its scopes',
    revoke: 'Delete the token in the Dynatrace settings',
    docs: 'https://docs.dynatrace.com/docs/manage/identity-access-management/access-tokens-and-oauth-clients/access-tokens',
    forms: [
      'dt0c01.{32:24}.{32:64}',
      'dt0s01.{32:24}.{32:64}',
      'dt0s02.{32:8}.{32:64}',
      'dt0s08.{32:8}.{32:64}',
      'dt0s16.{32:8}.{32:64}',
      'dt0c01.{36U:24}.{36U:64}',
    ],
  }),
  named({
    id: 'elastic-api-key',
    issuer: 'Elastic',
    title: 'Elasticsearch API key',
    opens: 'the indexes that the key is granted',
    revoke: 'Invalidate the API key in Elasticsearch',
    docs: 'https://www.elastic.co/docs/deploy-manage/api-keys/elasticsearch-api-keys',
    names: ['elastic', 'apikey', 'es_api'],
    values: ['{b64:58}==', '{b64:60}'],
    proof: 'it decodes to `id:key`',
    examples: [(fill) => `ELASTIC_API_KEY=${Buffer.from(fill('{62:20}:{62:22}')).toString('base64')}`],
    check: ({ value }) => (/^[\w-]{20}:[\w-]{22}$/.test(decodeText(value) ?? '') ? {} : null),
  }),
  token({
    id: 'elastic-token',
    issuer: 'Elastic',
    title: 'Elastic token',
    opens: 'the deployments that the key is granted',
    revoke: 'Revoke the key in the Elastic Cloud console',
    docs: 'https://www.elastic.co/docs/deploy-manage/api-keys',
    forms: ['essu_{b64=:60-300}', 'AAEAAWVsYXN0aWMv{b64=:30-200}'],
  }),
  token({
    ...GRAFANA,
    id: 'grafana-cloud-token',
    title: 'Grafana Cloud token',
    opens: 'the stacks that its access policy names',
    revoke: 'Delete the token in the Grafana Cloud access policies',
    docs: 'https://grafana.com/docs/grafana-cloud/security-and-account-management/authentication-and-permissions/access-policies/',
    forms: ['glc_eyJ{b64=:40-400}'],
    proof: 'it decodes to JSON with the organization',
    examples: [
      (fill) =>
        `glc_${Buffer.from(fill('{"o":"{d:6}","n":"acme-{a:6}","k":"{62:24}","m":{"r":"us"}}')).toString('base64')}`,
    ],
    check: ({ value }) => {
      const json = decodeJson(value.slice(4))
      return json !== null && json['k'] !== undefined
        ? { strength: 'proven', facts: { organization: String(json['o'] ?? '') } }
        : {}
    },
  }),
  token({
    ...GRAFANA,
    id: 'grafana-legacy-key',
    title: 'Grafana API key',
    opens: 'dashboards and data sources of the organization',
    revoke: 'Delete the API key in Grafana',
    forms: ['eyJrIjoi{b64=:40-400}'],
    proof: 'it decodes to JSON with key, name and id',
    examples: [(fill) => Buffer.from(fill('{"k":"{62:32}","n":"acme","id":1}')).toString('base64')],
    check: ({ value }) => {
      const json = decodeJson(value)
      return json !== null && typeof json['k'] === 'string' && typeof json['n'] === 'string'
        ? { strength: 'proven' }
        : null
    },
  }),
  token({
    ...GRAFANA,
    id: 'grafana-token',
    title: 'Grafana service account token',
    opens: 'dashboards and data sources with the rights of the service account',
    revoke: 'Delete the service account token in Grafana',
    forms: ['glsa_{62:32}_{hex:8}'],
    proof: 'CRC-32 in its last eight characters',
    checksum: true,
    check: checkGrafana,
    examples: [
      (fill) => {
        const body = fill('glsa_{62:32}')
        return `${body}_${grafanaSum(body)}`
      },
    ],
  }),
  token({
    id: 'honeycomb-key',
    issuer: 'Honeycomb',
    title: 'Honeycomb key',
    opens: 'events of the environment',
    revoke: 'Disable the key in the Honeycomb settings',
    docs: 'https://docs.honeycomb.io/configure/environments/manage-api-keys/',
    forms: ['hcaik_{36:58}', 'hcxik_{36:58}', 'hcamk_{36:58}', 'hcxmk_{36:58}', 'hcalk_{36:58}', 'hcxlk_{36:58}'],
  }),
  named({
    id: 'honeycomb-legacy-key',
    issuer: 'Honeycomb',
    title: 'Honeycomb key',
    opens: 'events of the team',
    revoke: 'Disable the key in the Honeycomb settings',
    docs: 'https://docs.honeycomb.io/configure/environments/manage-api-keys/',
    names: ['honeycomb'],
    values: ['{hex:32}', '{62:22}'],
  }),
  named({
    id: 'logdna-key',
    issuer: 'Mezmo (LogDNA)',
    title: 'Mezmo key',
    opens: 'logs of the account',
    revoke: 'Delete the key in the Mezmo settings',
    docs: 'https://docs.mezmo.com/',
    names: ['logdna', 'mezmo'],
    values: ['{hex:32}'],
  }),
  named({
    id: 'loggly-token',
    issuer: 'SolarWinds Loggly',
    title: 'Loggly token',
    opens: 'sends logs in the name of the account',
    revoke: 'Retire the token in the Loggly settings',
    docs: 'https://documentation.solarwinds.com/en/success_center/loggly/',
    names: ['loggly'],
    values: ['{uuid}'],
  }),
  named({
    id: 'logzio-token',
    issuer: 'Logz.io',
    title: 'Logz.io token',
    opens: 'sends logs, or reads them with an API token',
    revoke: 'Delete the token in the Logz.io settings',
    docs: 'https://docs.logz.io/',
    names: ['logzio', 'logz.io', 'logz_io'],
    values: ['{uuid}'],
  }),
  token({
    ...NEW_RELIC,
    id: 'newrelic-insights-key',
    title: 'New Relic insert or query key',
    opens: 'sends events, or reads them with a query key',
    forms: ['NRII-{64:32}', 'NRIQ-{64:32}', 'NRRA-{hex:42}', 'NRSP-{62:34}'],
  }),
  token({
    ...NEW_RELIC,
    id: 'newrelic-key',
    title: 'New Relic user key',
    opens: "the account with the person's rights",
    forms: ['NRAK-{36U:27}'],
  }),
  token({
    ...NEW_RELIC,
    id: 'newrelic-license-key',
    title: 'New Relic license key',
    opens: "sends data in the account's name",
    forms: ['{hex:36}NRAL', 'eu01xx{hex:30}NRAL', 'eu01xx{hex:30}FFFFNRAL'],
    examples: ['{hex:36}NRAL', 'eu01xx{hex:30}NRAL'],
  }),
  named({
    id: 'opsgenie-key',
    issuer: 'Atlassian Opsgenie',
    title: 'Opsgenie API key',
    opens: 'alerts and on-call schedules',
    revoke: 'Delete the API key in Opsgenie',
    docs: 'https://support.atlassian.com/opsgenie/docs/api-key-management/',
    names: ['opsgenie', 'genie_key', 'geniekey'],
    values: ['{uuid}'],
    quiet: ['opsgenie_alert_id={uuid}'],
  }),
  named({
    id: 'pagerduty-key',
    issuer: 'PagerDuty',
    title: 'PagerDuty API or integration key',
    opens: 'incidents and on-call schedules',
    revoke: 'Remove the key in PagerDuty',
    docs: 'https://support.pagerduty.com/main/docs/api-access-keys',
    names: ['pagerduty', 'pager_duty'],
    values: ['u+{64:18}', 'y_{64:18}', '{64:20}', '{hex:32}', 'R0{36U:30}'],
    examples: ['PAGERDUTY_API_KEY=u+{62:18}', 'pagerduty_token: {62:20}', 'pagerduty_routing_key={hex:32}'],
  }),
  token({
    id: 'pagerduty-user-key',
    issuer: 'PagerDuty',
    title: 'PagerDuty API key',
    opens: 'incidents and on-call schedules',
    revoke: 'Remove the key in PagerDuty',
    docs: 'https://support.pagerduty.com/main/docs/api-access-keys',
    forms: ['pdus+_{64:4}_{uuid}', 'pdeu+_{64:4}_{uuid}'],
  }),
  token({
    id: 'posthog-key',
    issuer: 'PostHog',
    title: 'PostHog personal API key',
    opens: 'analytics of all projects of the person',
    revoke: 'Delete the key in the PostHog settings',
    docs: 'https://posthog.com/docs/api',
    forms: ['phx_{62:43-50}', 'phs_{62:43-50}'],
    quiet: ['phc_{62:43}'],
  }),
  token({
    id: 'prefect-key',
    issuer: 'Prefect',
    title: 'Prefect API key',
    opens: 'flows and their blocks, secrets among them',
    revoke: 'Delete the key in Prefect Cloud',
    docs: 'https://docs.prefect.io/',
    forms: ['pnu_{62:36}', 'pnb_{62:36}'],
  }),
  named({
    id: 'rollbar-token',
    issuer: 'Rollbar',
    title: 'Rollbar access token',
    opens: 'errors of the project',
    revoke: 'Delete the token in the Rollbar settings',
    docs: 'https://docs.rollbar.com/docs/access-tokens',
    names: ['rollbar'],
    values: ['{hex:32}', '{hex:64}'],
    strength: 'possible',
  }),
  named({
    ...SENTRY,
    id: 'sentry-legacy-token',
    title: 'Sentry token',
    opens: "the organizations with the person's rights within its scopes",
    names: ['sentry'],
    values: ['{hex:64}'],
    word: /token|auth|secret/i,
    examples: ['SENTRY_AUTH_TOKEN={hex:64}'],
    quiet: ['SENTRY_RELEASE_HASH={hex:64}'],
  }),
  token({
    ...SENTRY,
    id: 'sentry-org-token',
    title: 'Sentry organization token',
    opens: 'releases and source maps of the organization',
    forms: ['sntrys_eyJ{b64=:60-400}_{b64:43}'],
    proof: 'it decodes to JSON with the organization',
    examples: [
      (fill) =>
        `sntrys_${Buffer.from(
          fill('{"iat":17{d:8}.{d:6},"url":"https://sentry.io","region_url":"https://us.sentry.io","org":"acme"}'),
        )
          .toString('base64')
          .replace(/={1,2}$/, '')}_${fill('{62:43}')}`,
    ],
    check: ({ value }) => {
      const json = decodeJson(value.split('_')[1] ?? '')
      return json !== null && typeof json['org'] === 'string'
        ? { strength: 'proven', facts: { organization: json['org'] } }
        : {}
    },
  }),
  token({
    ...SENTRY,
    id: 'sentry-user-token',
    title: 'Sentry user token',
    opens: "the organizations with the person's rights within its scopes",
    forms: ['sntryu_{hex:64}', 'sntrya_{hex:64}', 'sntryi_{hex:64}'],
  }),
  named({
    id: 'splunk-token',
    issuer: 'Splunk',
    title: 'Splunk token',
    opens: 'sends events through the HTTP event collector',
    revoke: 'Delete the token in the Splunk data inputs',
    docs: 'https://docs.splunk.com/Documentation/Splunk/latest/Data/UsetheHTTPEventCollector',
    names: ['splunk', 'hec_token', 'hec-token'],
    values: ['{uuid}'],
    examples: ['SPLUNK_HEC_TOKEN={uuid}'],
    word: /token|key|hec|authorization/i,
    quiet: ['splunk_channel_id={uuid}'],
  }),
  named({
    id: 'statuspage-key',
    issuer: 'Atlassian Statuspage',
    title: 'Statuspage API key',
    opens: 'status pages, incidents and their subscribers',
    revoke: 'Delete the key in the Statuspage user settings',
    docs: 'https://developer.statuspage.io/#section/Authentication',
    names: ['statuspage'],
    values: ['{hex:64}', '{uuid}'],
  }),
  named({
    id: 'sumologic-key',
    issuer: 'Sumo Logic',
    title: 'Sumo Logic access key',
    opens: 'logs of the account',
    revoke: 'Delete the access key in the Sumo Logic security settings',
    docs: 'https://help.sumologic.com/docs/manage/security/access-keys/',
    names: ['sumologic', 'sumo_logic', 'sumo_access'],
    values: ['{62:64}'],
    check: ({ value }) => (isDrawn(value) ? {} : null),
  }),
]
