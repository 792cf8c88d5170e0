// Code hosting, CI and the tools of developers, sorted by id.
import { base62Checksum, crc32, decodeJson, isDrawn } from '../checks.ts'
import type { Checked, Detector, Fill, Found } from '../detector.ts'
import { named, ofFiller, token } from './token.ts'

/** Tokens of 36 characters whose last six are a checksum: a right one proves it, a wrong one makes it doubtful. */
export function checkBase62({ value }: Found): Checked {
  return base62Checksum(value.slice(-36, -6)) === value.slice(-6)
    ? { strength: 'proven' }
    : { strength: 'possible', note: 'its checksum does not fit' }
}

/** A token with the right checksum, for examples. */
export function withChecksum(prefix: string, fill: Fill): string {
  const random = fill('{62:30}')
  return prefix + random + base62Checksum(random)
}

/** Atlassian tokens end in the CRC-32 of all before, in upper-case hexadecimal. */
const atlassianSum = (text: string): string => crc32(text).toString(16).toUpperCase().padStart(8, '0')

function checkAtlassian({ value }: Found): Checked {
  const text = value.replace('%3D', '=')
  return atlassianSum(text.slice(0, -8)) === text.slice(-8) ? { strength: 'proven' } : {}
}

function atlassian(prefix: string, fill: Fill): string {
  const body = `${prefix}${fill('{64:80}')}=`
  return body + atlassianSum(body)
}

/** GitLab's routable tokens end in the CRC-32 of all before, in base 36. https://docs.gitlab.com/security/tokens/ */
function checkRoutable({ value }: Found): Checked {
  const sum = /^(.*\..{2})([0-9a-z]{7})$/.exec(value)
  return sum?.[1] !== undefined && crc32(sum[1]).toString(36).padStart(7, '0') === sum[2] ? { strength: 'proven' } : {}
}

const GITHUB = {
  issuer: 'GitHub',
  revoke: 'Delete the token in the GitHub settings',
  docs: 'https://docs.github.com/authentication/keeping-your-account-and-data-secure/about-authentication-to-github#githubs-token-formats',
}
const GITLAB = {
  issuer: 'GitLab',
  revoke: 'Revoke the token in GitLab',
  docs: 'https://docs.gitlab.com/security/tokens/#token-prefixes',
}
const BITBUCKET = {
  issuer: 'Atlassian Bitbucket',
  docs: 'https://support.atlassian.com/bitbucket-cloud/docs/using-access-tokens/',
}
const CIRCLECI = {
  issuer: 'CircleCI',
  revoke: 'Revoke the token in the CircleCI settings',
  docs: 'https://circleci.com/docs/managing-api-tokens/',
}

/** Tokens of an app end by themselves, and no page lists them. */
const INSTALLATION =
  'Let it expire (an hour after it was made, GITHUB_TOKEN with its job), or end it with DELETE /installation/token'
const AUTHORIZATION = 'Revoke the authorization of the app in the GitHub settings (Applications)'

/** One of GitHub's kinds of token, which share form and checksum. */
const github = (id: string, title: string, prefix: string, opens: string, revoke = GITHUB.revoke): Detector =>
  token({
    ...GITHUB,
    id,
    revoke,
    title,
    opens,
    forms: [`${prefix}{62:36}`],
    proof: 'CRC-32 in its last six characters',
    checksum: true,
    check: checkBase62,
    examples: [(fill) => withChecksum(prefix, fill)],
    quiet: [`${prefix}{62:35}`, `${prefix}{62:37}`],
  })

const gitlab = (id: string, title: string, opens: string, forms: readonly string[], revoke = GITLAB.revoke): Detector =>
  token({ ...GITLAB, id, title, opens, forms, revoke })

export const CODE: readonly Detector[] = [
  token({
    id: 'atlassian-token',
    issuer: 'Atlassian',
    title: 'Atlassian API token',
    opens: "Jira, Confluence and Bitbucket with the person's or project's rights",
    docs: 'https://support.atlassian.com/atlassian-account/docs/manage-api-tokens-for-your-atlassian-account/',
    revoke: 'Revoke the API token in the Atlassian account',
    forms: [
      'ATATT3x{64:20-300}={HEX:8}',
      'ATCTT3x{64:20-300}={HEX:8}',
      'ATSTT3x{64:20-300}={HEX:8}',
      'ATATT3x{64:20-300}%3D{HEX:8}',
      'ATCTT3x{64:20-300}%3D{HEX:8}',
    ],
    proof: 'CRC-32 in its last eight characters',
    checksum: true,
    check: checkAtlassian,
    examples: [
      (fill) => atlassian('ATATT3x', fill),
      (fill) => atlassian('ATCTT3x', fill),
      (fill) => atlassian('ATATT3x', fill).replace('=', '%3D'),
    ],
  }),
  token({
    ...BITBUCKET,
    id: 'bitbucket-app-password',
    title: 'Bitbucket app password',
    opens: "repositories with the person's rights",
    revoke: 'Revoke the app password in the Bitbucket settings',
    forms: ['ATBB{62:24}{HEX:8}'],
    proof: 'CRC-32 in its last eight characters',
    check: checkAtlassian,
    checksum: true,
  }),
  named({
    ...BITBUCKET,
    id: 'bitbucket-client-secret',
    title: 'Bitbucket client secret',
    opens: 'sign-ins in the name of the OAuth consumer',
    revoke: 'Delete the OAuth consumer in Bitbucket',
    names: ['bitbucket'],
    values: ['{64:64}', '{62:32}'],
    word: /secret|passw|token/i,
    examples: ['BITBUCKET_CLIENT_SECRET={62:32}'],
  }),
  token({
    id: 'bitbucket-server-token',
    issuer: 'Atlassian Bitbucket',
    title: 'Bitbucket Data Center token',
    opens: "repositories with the person's rights",
    revoke: 'Revoke the HTTP access token in Bitbucket',
    docs: 'https://confluence.atlassian.com/bitbucketserver/http-access-tokens-939515499.html',
    forms: ['BBDC-{b64:44}'],
  }),
  token({
    id: 'buildkite-token',
    issuer: 'Buildkite',
    title: 'Buildkite API token',
    opens: 'pipelines, builds and their logs within its scopes',
    revoke: 'Revoke the token in the Buildkite settings',
    docs: 'https://buildkite.com/docs/apis/managing-api-tokens',
    forms: ['bkua_{36:40}', 'bkaa_{62:20-80}', 'bkct_{62:20-80}', 'bkpat_{62:20-80}', 'bkat_{62:20-80}'],
  }),
  named({
    ...CIRCLECI,
    id: 'circleci-legacy-token',
    title: 'CircleCI token',
    opens: 'pipelines and the secrets that they see',
    names: ['circleci', 'circle_token', 'circle-token', 'circle_ci'],
    values: ['{hex:40}'],
    word: /token|key/i,
    examples: ['CIRCLECI_TOKEN={hex:40}', 'https://circleci.com/api/v1/me?circle-token={hex:40}'],
    // Badges of a README have tokens that show the status, and nothing else.
    quiet: ['CIRCLECI_SHA1={hex:40}', 'https://circleci.com/gh/acme/app.svg?style=svg&circle-token={hex:40}'],
    check: ({ before, value }) => (/\.(?:svg|png)\?[\w=&;-]{0,60}$/.test(before) && value !== '' ? null : {}),
  }),
  token({
    ...CIRCLECI,
    id: 'circleci-token',
    title: 'CircleCI token',
    opens: 'pipelines and the secrets that they see',
    forms: ['CCIPAT_{62:22}_{hex:40}', 'CCIPRJ_{62:22}_{hex:40}'],
  }),
  named({
    id: 'codecov-token',
    issuer: 'Codecov',
    title: 'Codecov upload token',
    opens: 'uploads of coverage, and what they can show of it',
    revoke: 'Regenerate the token in the Codecov settings',
    docs: 'https://docs.codecov.com/docs/codecov-tokens',
    names: ['codecov'],
    values: ['{uuid}'],
    word: /token/i,
    strength: 'possible',
    examples: ['CODECOV_TOKEN={uuid}'],
    quiet: ['codecov_report_id={uuid}'],
  }),
  named({
    id: 'coveralls-token',
    issuer: 'Coveralls',
    title: 'Coveralls repo token',
    opens: 'uploads of coverage',
    revoke: 'Regenerate the token in the Coveralls settings',
    docs: 'https://docs.coveralls.io/',
    names: ['coveralls', 'repo_token'],
    values: ['{62:32}', '{62:33}', '{62:37}'],
    word: /token/i,
    strength: 'possible',
    examples: ['COVERALLS_REPO_TOKEN={62:33}'],
  }),
  named({
    id: 'drone-token',
    issuer: 'Drone CI',
    title: 'Drone CI token',
    opens: "builds and their secrets with the person's rights",
    revoke: 'Rotate the token in the Drone account',
    docs: 'https://docs.drone.io/cli/configure/',
    names: ['drone_token', 'drone_rpc', 'droneci', 'drone_admin'],
    values: ['{62:32}', '{hex:32}'],
    examples: ['DRONE_TOKEN={62:32}'],
  }),
  named({
    id: 'gitea-token',
    issuer: 'Gitea, Forgejo',
    title: 'Gitea or Forgejo access token',
    opens: "repositories with the person's rights",
    revoke: 'Delete the token in the account settings',
    docs: 'https://docs.gitea.com/development/api-usage',
    names: ['gitea', 'forgejo', 'codeberg'],
    values: ['{hex:40}'],
    word: /token|key|secret|passw/i,
    examples: ['GITEA_TOKEN={hex:40}'],
    quiet: ['GITEA_COMMIT={hex:40}'],
  }),
  {
    ...GITHUB,
    id: 'github-app-token',
    title: 'GitHub App installation token',
    revoke: INSTALLATION,
    opens: 'the repositories that the app is installed in, for an hour',
    forms: ['ghs_{d:4-8}_eyJ{64:20-400}.{64:20-600}.{64:20-600}'],
    proof: 'its middle is a JWT',
    literals: [{ text: 'ghs_', run: 16 }],
    pattern:
      /ghs_(?:\d{1,12}_)?eyJ[A-Za-z0-9_-]{10,1000}\.[A-Za-z0-9_-]{10,1500}\.[A-Za-z0-9_-]{10,1000}(?![A-Za-z0-9_-])/y,
    window: 3600,
    alone: true,
    strength: 'likely',
    examples: [
      (fill) =>
        `ghs_${fill('{d:5}')}_${Buffer.from('{"alg":"RS256","typ":"JWT"}').toString('base64url')}.${Buffer.from(fill('{"iss":"{d:6}","exp":4076576000}')).toString('base64url')}.${fill('{64:86}')}`,
    ],
    quiet: ['ghs_{d:5}_eyJ{64:20}'],
    check: ({ value }) => {
      const jwt = value.slice(value.indexOf('eyJ')).split('.')
      return decodeJson(jwt[0] ?? '') === null ? { strength: 'harmless', note: 'its JWT does not decode' } : {}
    },
  },
  named({
    ...GITHUB,
    id: 'github-client-secret',
    title: 'GitHub OAuth client secret',
    opens: 'sign-ins in the name of the OAuth app',
    revoke: 'Make a new client secret in the settings of the OAuth app',
    names: ['github', 'gh_client', 'ghe_'],
    values: ['{hex:40}'],
    word: /secret|token|passw|auth/i,
    examples: ['GITHUB_CLIENT_SECRET={hex:40}', 'github_oauth_token = "{hex:40}"'],
    quiet: ['GITHUB_SHA={hex:40}', 'github.com/acme/x/commit/{hex:40}', 'github.com/acme/auth/tree/{hex:40}'],
    check: ({ groups }) => (/\/|commit|tree|blob|@/.test(groups['between'] ?? '') ? null : {}),
  }),
  token({
    ...GITHUB,
    id: 'github-fine-grained-token',
    title: 'GitHub fine-grained token',
    opens: 'the repositories and permissions that it is granted',
    forms: ['github_pat_{62:22}_{62:59}'],
  }),
  github(
    'github-oauth-token',
    'GitHub OAuth token',
    'gho_',
    "the person's repositories within the scopes that were granted",
    AUTHORIZATION,
  ),
  github(
    'github-refresh-token',
    'GitHub refresh token',
    'ghr_',
    'new user tokens of the GitHub App for six months',
    AUTHORIZATION,
  ),
  github(
    'github-server-token',
    'GitHub App installation token',
    'ghs_',
    'the repositories that the app is installed in, for an hour; GITHUB_TOKEN is one',
    INSTALLATION,
  ),
  github('github-token', 'GitHub token', 'ghp_', "the person's repositories, packages and settings within its scopes"),
  github(
    'github-user-token',
    'GitHub App user token',
    'ghu_',
    'what app and person may both do, for eight hours',
    AUTHORIZATION,
  ),
  gitlab('gitlab-agent-token', 'GitLab agent token', 'the connection to the Kubernetes cluster', ['glagent-{64:50}']),
  gitlab('gitlab-deploy-token', 'GitLab deploy token', 'reads the repository and its packages', ['gldt-{64:20}']),
  gitlab('gitlab-feature-flag-token', 'GitLab feature flag token', 'reads the feature flags of the project', [
    'glffct-{64:20}',
  ]),
  gitlab(
    'gitlab-feed-token',
    'GitLab feed token',
    "reads the person's feeds and calendars",
    ['glft-{64:20}', 'glft-{hex:64}-{d:1-10}'],
    'Reset the feed token in the GitLab profile',
  ),
  gitlab(
    'gitlab-incoming-mail-token',
    'GitLab incoming mail token',
    'issues in the name of the person',
    ['glimt-{64:25}'],
    'Reset the incoming email token in the GitLab profile',
  ),
  gitlab(
    'gitlab-job-token',
    'GitLab job token',
    'what the job may do, while it runs',
    ['glcbt-{Hex:1-5}_{64:20}', 'glcbt-{64:20}'],
    'Let it expire: it ends with its job',
  ),
  gitlab(
    'gitlab-oauth-secret',
    'GitLab OAuth application secret',
    'sign-ins in the name of the application',
    ['gloas-{hex:64}'],
    'Renew the secret of the application in GitLab',
  ),
  token({
    ...GITLAB,
    id: 'gitlab-routable-token',
    title: 'GitLab token',
    opens: "projects within its scopes, with its owner's rights",
    forms: [
      'glpat-{64:27-300}.{36:9}',
      'glpat-{64:27-300}.{36:2}.{36:9}',
      'glrt-{64:2}_{64:27-300}.{36:9}',
      'glrt-{64:2}_{64:27-300}.{36:2}.{36:9}',
      'glrtr-{64:27-300}.{36:9}',
      'gldt-{64:27-300}.{36:9}',
    ],
    proof: 'CRC-32 in its last seven characters',
    check: checkRoutable,
  }),
  gitlab('gitlab-runner-token', 'GitLab runner token', 'jobs of the runner, and the secrets that they see', [
    'GR1348941{64:20}',
    'glrt-{64:20-64}',
    'glrtr-{64:20-64}',
  ]),
  gitlab('gitlab-scim-token', 'GitLab SCIM token', 'makes and removes members of the group', ['glsoat-{64:20}']),
  gitlab('gitlab-session', 'GitLab session cookie', "the person's session", ['_gitlab_session={hex:32}']),
  gitlab('gitlab-token', 'GitLab token', "projects within its scopes, with its owner's rights", ['glpat-{64:20-64}']),
  gitlab('gitlab-trigger-token', 'GitLab trigger token', 'starts pipelines of the project', [
    'glptt-{hex:40}',
    'glptt-{64:40}',
  ]),
  gitlab('gitlab-workspace-token', 'GitLab workspace token', 'the workspace of the person, and what it may do', [
    'glwt-{64:20-64}',
  ]),
  token({
    id: 'harness-token',
    issuer: 'Harness',
    title: 'Harness token',
    opens: 'pipelines and their secrets within its scopes',
    revoke: 'Delete the token in the Harness profile',
    docs: 'https://developer.harness.io/docs/platform/automation/api/add-and-manage-api-keys/',
    forms: ['pat.{64:22}.{hex:24}.{62:20}', 'sat.{64:22}.{hex:24}.{62:20}'],
  }),
  token({
    id: 'infracost-key',
    issuer: 'Infracost',
    title: 'Infracost API key',
    opens: 'cost estimates in the name of the organization',
    revoke: 'Delete the key in Infracost Cloud',
    docs: 'https://www.infracost.io/docs/',
    forms: ['ico-{62:32}'],
    quiet: ['ico-{a:32}'],
    check: ({ value }) => (isDrawn(value) ? {} : null),
  }),
  {
    id: 'jenkins-crumb',
    issuer: 'Jenkins',
    title: 'Jenkins crumb',
    opens: "requests in the person's session, with its cookie",
    revoke: 'Log out of Jenkins, and use an API token in scripts',
    docs: 'https://www.jenkins.io/doc/book/security/csrf-protection/',
    forms: ['Jenkins-Crumb: {hex:32}', 'Jenkins-Crumb: {hex:64}'],
    literals: [{ text: 'jenkins-crumb', ignoreCase: true }],
    pattern: /jenkins-crumb["']?\s{0,2}[:=]\s{0,2}["']?(?<value>[0-9a-f]{64}|[0-9a-f]{32})(?![0-9A-Za-z])/iy,
    strength: 'possible',
    examples: ["-H 'Jenkins-Crumb:{hex:32}'"],
    quiet: ["-H 'Jenkins-Crumb: $CRUMB'"],
    check: ({ value }) => ofFiller(value),
  },
  {
    id: 'jenkins-setup-password',
    issuer: 'Jenkins',
    title: 'Initial administrator password of Jenkins',
    opens: 'Jenkins as administrator, until the setup is done',
    revoke: 'Finish the setup, and change the password of the administrator',
    docs: 'https://www.jenkins.io/doc/book/installing/',
    forms: ['proceed to installation: {hex:32}'],
    literals: ['to proceed to installation:'],
    pattern: /to proceed to installation:(?:\s|[*#|>]|\[[^\]\n]{0,40}\]){1,80}(?<value>[0-9a-f]{32})(?![0-9A-Za-z])/y,
    strength: 'likely',
    guessable: true,
    examples: ['Please use the following password to proceed to installation:\n\n{hex:32}\n\nThis may also be found'],
    quiet: ['Please use the following password to proceed to installation:\n\n'],
    check: ({ value }) => ofFiller(value),
  },
  named({
    id: 'jenkins-token',
    issuer: 'Jenkins',
    title: 'Jenkins API token',
    opens: "jobs and their secrets with the person's rights",
    revoke: 'Revoke the token in the Jenkins user configuration',
    docs: 'https://www.jenkins.io/doc/book/system-administration/authenticating-scripted-clients/',
    names: ['jenkins'],
    values: ['11{hex:32}', '{hex:32}', '{uuid}'],
    word: /token|passw|key|secret|api|auth/i,
    examples: ['JENKINS_API_TOKEN=11{hex:32}', 'jenkinsToken = "{uuid}"'],
    quiet: ['jenkins_build_hash={hex:32}', 'jenkins.war.md5={hex:32}'],
  }),
  token({
    id: 'launchdarkly-key',
    issuer: 'LaunchDarkly',
    title: 'LaunchDarkly key',
    opens: 'feature flags: an `api-` key changes them, an `sdk-` key reads them',
    revoke: 'Reset the key in the LaunchDarkly settings',
    docs: 'https://launchdarkly.com/docs/home/account/api',
    forms: ['sdk-{uuid}', 'api-{uuid}'],
    strength: 'possible',
    // The prefixes are words of many programs: with the name near them they are more.
    check: ({ before, after }) => (/launch_?-?darkly|\bld_/i.test(before + after) ? { strength: 'likely' } : {}),
  }),
  token({
    id: 'postman-key',
    issuer: 'Postman',
    title: 'Postman API key',
    opens: 'collections and environments, with the secrets in them',
    revoke: 'Delete the key in the Postman settings',
    docs: 'https://learning.postman.com/docs/developer/postman-api/authentication/',
    forms: ['PMAK-{hex:24}-{hex:34}', 'PMAT-{36U:26}'],
  }),
  token({
    id: 'pulumi-token',
    issuer: 'Pulumi',
    title: 'Pulumi access token',
    opens: 'stacks, their state and secrets',
    revoke: 'Delete the token in Pulumi Cloud',
    docs: 'https://www.pulumi.com/docs/pulumi-cloud/access-management/access-tokens/',
    forms: ['pul-{hex:40}'],
  }),
  token({
    id: 'readme-key',
    issuer: 'ReadMe',
    title: 'ReadMe API key',
    opens: 'the documentation of the project',
    revoke: 'Delete the key in the ReadMe dashboard',
    docs: 'https://docs.readme.com/',
    forms: ['rdme_{36:70}'],
  }),
  token({
    id: 'scalr-token',
    issuer: 'Scalr',
    title: 'Scalr API token',
    opens: 'workspaces, their state and variables',
    revoke: 'Delete the token in Scalr',
    docs: 'https://docs.scalr.io/',
    forms: ['eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJhY2Nlc3NfdG9rZW4i{64:20-300}.{64:43}'],
  }),
  token({
    id: 'semgrep-token',
    issuer: 'Semgrep',
    title: 'Semgrep web API token',
    opens: 'findings and policies of the deployment',
    revoke: 'Delete the token in Semgrep AppSec Platform',
    docs: 'https://semgrep.dev/docs/',
    forms: ['sgp_{hex:64}'],
  }),
  named({
    id: 'snyk-legacy-token',
    issuer: 'Snyk',
    title: 'Snyk token',
    opens: 'projects and findings of the organization',
    revoke: 'Revoke the token in the Snyk settings',
    docs: 'https://docs.snyk.io/snyk-api/authentication-for-api',
    names: ['snyk'],
    values: ['{uuid}'],
    word: /token|key|api|auth/i,
    examples: ['SNYK_TOKEN={uuid}'],
    quiet: ['SNYK_ORG_ID={uuid}', '"snyk-issue-id": "{uuid}"'],
  }),
  token({
    id: 'snyk-token',
    issuer: 'Snyk',
    title: 'Snyk token',
    opens: 'projects and findings of the organization',
    revoke: 'Revoke the token in the Snyk settings',
    docs: 'https://docs.snyk.io/snyk-api/authentication-for-api',
    forms: ['snyk_uat.{hex:8}.{64.:20-400}', 'snyk_sat.{hex:8}.{64.:20-400}'],
  }),
  named({
    id: 'sonar-legacy-token',
    issuer: 'Sonar',
    title: 'SonarQube or SonarCloud token',
    opens: 'analyses of the project; a user token has all rights of the person',
    revoke: 'Revoke the token in the account',
    docs: 'https://docs.sonarsource.com/sonarqube-server/latest/user-guide/managing-tokens/',
    names: ['sonar'],
    values: ['{hex:40}'],
    word: /token|login|passw/i,
    examples: ['SONAR_TOKEN={hex:40}', 'sonar.login={hex:40}'],
    quiet: ['sonar.scm.revision={hex:40}'],
  }),
  token({
    id: 'sonar-token',
    issuer: 'Sonar',
    title: 'SonarQube token',
    opens: 'analyses of the project; a user token has all rights of the person',
    revoke: 'Revoke the token in the SonarQube account',
    docs: 'https://docs.sonarsource.com/sonarqube-server/latest/user-guide/managing-tokens/',
    forms: ['squ_{hex:40}', 'sqp_{hex:40}', 'sqa_{hex:40}'],
  }),
  token({
    id: 'sourcegraph-token',
    issuer: 'Sourcegraph',
    title: 'Sourcegraph access token',
    opens: 'search over all code that the person can read',
    revoke: 'Delete the token in the Sourcegraph settings',
    docs: 'https://sourcegraph.com/docs/cli/how-tos/creating_an_access_token',
    forms: ['sgp_{hex:16}_{hex:40}', 'sgp_local_{hex:40}', 'sgp_{hex:40}', 'slk_{hex:64}'],
  }),
  {
    id: 'teamcity-token',
    issuer: 'JetBrains TeamCity',
    title: 'TeamCity access token',
    opens: "builds and their parameters with the person's rights",
    revoke: 'Delete the token in the TeamCity profile',
    docs: 'https://www.jetbrains.com/help/teamcity/managing-your-user-account.html',
    forms: ['eyJ0eXAiOiAiVENWMiJ9.{64:36}.{64:48}'],
    proof: 'its head decodes to `{"typ": "TCV2"}`',
    literals: ['eyJ0eXAiOiAiVENWMiJ9.'],
    pattern: /eyJ0eXAiOiAiVENWMiJ9\.[A-Za-z0-9_-]{20,60}\.[A-Za-z0-9_-]{30,70}(?![A-Za-z0-9_-])/y,
    alone: true,
    strength: 'likely',
    examples: ['eyJ0eXAiOiAiVENWMiJ9.{62:36}.{62:48}'],
    quiet: ['eyJ0eXAiOiAiVENWMiJ9.{62:8}'],
    check: ({ value }) => ofFiller(value),
  },
  token({
    id: 'terraform-cloud-token',
    issuer: 'HashiCorp',
    title: 'Terraform Cloud token',
    opens: 'workspaces, their state and variables',
    docs: 'https://developer.hashicorp.com/terraform/cloud-docs/users-teams-organizations/api-tokens',
    revoke: 'Delete the API token in HCP Terraform',
    forms: ['{62:14}.atlasv1.{64=:60-70}'],
  }),
  named({
    id: 'travis-token',
    issuer: 'Travis CI',
    title: 'Travis CI token',
    opens: 'builds and the secrets that they see',
    revoke: 'Regenerate the token in the Travis CI settings',
    docs: 'https://docs.travis-ci.com/user/triggering-builds/',
    names: ['travis'],
    values: ['{64:22}', '{62:20}'],
    word: /token|key|secret/i,
    strength: 'possible',
    examples: ['TRAVIS_TOKEN={62:22}'],
    quiet: ['travis_token_placeholder_value'],
    check: ({ value }) => (isDrawn(value) ? {} : null),
  }),
  token({
    id: 'wundergraph-key',
    issuer: 'WunderGraph Cosmo',
    title: 'WunderGraph Cosmo API key',
    opens: 'graphs and schemas of the organisation',
    revoke: 'Delete the key in Cosmo Studio',
    docs: 'https://cosmo-docs.wundergraph.com/studio/api-keys',
    forms: ['cosmo_{hex:32}'],
  }),
]
