// Code hosting, CI, package registries, infrastructure tools, sorted by id.
import { crc32, decodeBase64, decodeText, hasBase62Checksum, isFiller, isPlaceholder } from '../checks.ts'
import type { Checked, Detector, Found } from '../detector.ts'
import { token } from './token.ts'

/** Tokens of 36 characters whose last six are a checksum: a right one proves it, a wrong one makes it doubtful. */
function checkBase62({ groups }: Found): Checked {
  const random = groups['random'] ?? ''
  return hasBase62Checksum(random.slice(0, -6), random.slice(-6)) ? { strength: 'proven' } : { strength: 'possible', note: 'its checksum does not fit' }
}

/** Atlassian tokens end in the CRC-32 of all before, in upper-case hexadecimal. */
function checkAtlassian({ value }: Found): Checked {
  const text = value.replace('%3D', '=')
  const fits = crc32(text.slice(0, -8)).toString(16).toUpperCase().padStart(8, '0') === text.slice(-8)
  return fits ? { strength: 'proven' } : {}
}

/** PyPI tokens are macaroons (v2) whose location names the index. https://github.com/pypi/warehouse/issues/6051 */
function checkPypi({ value }: Found): Checked | null {
  const macaroon = decodeBase64(value.slice('pypi-'.length))
  return macaroon?.[0] === 2 && /pypi\.org/.test(macaroon.toString('latin1')) ? { strength: 'proven' } : null
}

export const CODE: readonly Detector[] = [
  token({
    id: 'atlassian-token',
    title: 'Atlassian API token',
    docs: 'https://support.atlassian.com/atlassian-account/docs/manage-api-tokens-for-your-atlassian-account/',
    revoke: 'Revoke the API token in the Atlassian account',
    literals: ['ATATT3x', 'ATCTT3x', 'ATSTT3x'],
    pattern: 'AT(?:A|C|S)TT3x[A-Za-z0-9_-]{20,300}(?:=|%3D)[0-9A-F]{8}',
    window: 400,
    check: checkAtlassian,
  }),
  {
    id: 'docker-config-auth',
    title: 'Registry login in a Docker configuration',
    docs: 'https://docs.docker.com/reference/cli/docker/login/#credential-stores',
    revoke: 'Change the registry password or revoke the token that it holds',
    literals: ['"auth"', '"identitytoken"', '"registrytoken"'],
    pattern: /"(?:auth|identitytoken|registrytoken)"\s{0,4}:\s{0,4}"(?<value>[A-Za-z0-9+/=_.-]{8,4000})"/y,
    window: 4200,
    strength: 'likely',
    guessable: true,
    check: ({ value, groups, before }) => {
      if (groups['value'] === undefined) return null
      const login = decodeText(value)
      const split = login?.indexOf(':') ?? -1
      if (login === null || split < 1) return value.length > 40 && !isFiller(value) && /token/.test(before + value) ? {} : null
      const password = login.slice(split + 1)
      return password.length < 3 || isPlaceholder(password) ? null : { facts: { user: login.slice(0, split) } }
    },
  },
  token({
    id: 'dockerhub-token',
    title: 'Docker Hub access token',
    docs: 'https://docs.docker.com/security/access-tokens/',
    revoke: 'Delete the access token in the Docker Hub account settings',
    literals: ['dckr_pat_', 'dckr_oat_'],
    pattern: 'dckr_(?:pat_(?=[A-Za-z0-9_-]{27}(?![A-Za-z0-9_-]))|oat_(?=[A-Za-z0-9_-]{32}(?![A-Za-z0-9_-])))(?<random>[A-Za-z0-9_-]{27,32})',
  }),
  token({
    id: 'github-fine-grained-token',
    title: 'GitHub fine-grained token',
    docs: 'https://docs.github.com/authentication/keeping-your-account-and-data-secure/about-authentication-to-github#githubs-token-formats',
    revoke: 'Delete the token in the GitHub settings',
    literals: ['github_pat_'],
    pattern: 'github_pat_(?<random>[A-Za-z0-9]{22}_[A-Za-z0-9]{59})',
  }),
  token({
    id: 'github-token',
    title: 'GitHub token',
    docs: 'https://docs.github.com/authentication/keeping-your-account-and-data-secure/about-authentication-to-github#githubs-token-formats',
    revoke: 'Delete the token in the GitHub settings',
    literals: ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'],
    pattern: 'gh[pousr]_(?<random>[A-Za-z0-9]{36})',
    check: checkBase62,
  }),
  token({
    id: 'gitlab-token',
    title: 'GitLab token',
    docs: 'https://docs.gitlab.com/security/tokens/#token-prefixes',
    revoke: 'Revoke the token in GitLab',
    literals: ['glpat-', 'glptt-', 'gldt-', 'glrt-', 'glrtr-', 'GR1348941', 'glcbt-', 'glft-', 'glimt-', 'glagent-', 'gloas-', 'glsoat-', 'glffct-'],
    pattern:
      '(?:glptt-(?<hex>[0-9a-f]{40})|glagent-[A-Za-z0-9_-]{50}|gloas-[0-9a-f]{64}|glimt-[A-Za-z0-9_-]{25}|glcbt-[0-9a-fA-F]{1,5}_[A-Za-z0-9_-]{20}|gl(?:pat|rt|rtr|cbt)-[A-Za-z0-9_-]{27,300}\\.[0-9a-z.]{9,12}|gl(?:pat|dt|rt|rtr|ft|soat|ffct)-[A-Za-z0-9_-]{20,64}|GR1348941[A-Za-z0-9_-]{20})',
    window: 400,
  }),
  token({
    id: 'jfrog-token',
    title: 'JFrog Artifactory token',
    docs: 'https://jfrog.com/help/r/jfrog-platform-administration-documentation/access-tokens',
    revoke: 'Revoke the token in the JFrog platform',
    literals: ['AKCp', 'cmVmdGtu'],
    pattern: '(?:AKCp[1-9A-HJ-NP-Za-km-z]{69}|cmVmdGtu[A-Za-z0-9]{56})',
    check: ({ value }) => (value.startsWith('AKCp') || decodeText(value)?.startsWith('reftkn:') ? {} : null),
  }),
  {
    id: 'npm-registry-login',
    title: 'npm registry login',
    docs: 'https://docs.npmjs.com/cli/configuring-npm/npmrc#auth-related-configuration',
    revoke: 'Revoke the token of the npm registry',
    literals: [':_authToken', ':_auth', ':_password', '_authToken', 'npmAuthToken', 'npmAuthIdent'],
    pattern: /:?(?:_authToken|_auth|_password|npmAuthToken|npmAuthIdent)["'\s]{0,3}[=:]["'\s]{0,3}(?<value>[A-Za-z0-9_.+/=:-]{8,400})/y,
    window: 420,
    strength: 'likely',
    check: ({ value }) => (isPlaceholder(value) || isFiller(value) || !/\d/.test(value) ? null : {}),
  },
  token({
    id: 'npm-token',
    title: 'npm access token',
    docs: 'https://docs.npmjs.com/about-access-tokens',
    revoke: 'Revoke the token with npm token revoke',
    literals: ['npm_'],
    pattern: 'npm_(?<random>[A-Za-z0-9]{36})',
    check: checkBase62,
  }),
  token({
    id: 'nuget-key',
    title: 'NuGet API key',
    docs: 'https://learn.microsoft.com/nuget/nuget-org/scoped-api-keys',
    revoke: 'Delete the API key on nuget.org',
    literals: ['oy2'],
    pattern: 'oy2(?<random>[a-z2-7]{43})',
    check: ({ groups }) => (/\d/.test(groups['random'] ?? '') ? {} : null),
  }),
  token({
    id: 'pypi-token',
    title: 'PyPI API token',
    docs: 'https://pypi.org/help/#apitoken',
    revoke: 'Remove the API token in the PyPI account settings',
    literals: ['pypi-AgEIcHlwaS5vcmc', 'pypi-AgENdGVzdC5weXBpLm9yZw'],
    pattern: 'pypi-(?:AgEIcHlwaS5vcmc|AgENdGVzdC5weXBpLm9yZw)(?<random>[A-Za-z0-9_-]{50,1000})',
    window: 1100,
    check: checkPypi,
  }),
  token({
    id: 'rubygems-key',
    title: 'RubyGems API key',
    docs: 'https://guides.rubygems.org/api-key-scopes/',
    revoke: 'Delete the API key in the RubyGems profile',
    literals: ['rubygems_'],
    pattern: 'rubygems_(?<random>[0-9a-f]{48})',
  }),
  {
    id: 'terraform-cloud-token',
    title: 'Terraform Cloud token',
    docs: 'https://developer.hashicorp.com/terraform/cloud-docs/users-teams-organizations/api-tokens',
    revoke: 'Delete the API token in HCP Terraform',
    literals: ['.atlasv1.'],
    pattern: /(?<=(?<![A-Za-z0-9])(?<before>[A-Za-z0-9]{14}))\.atlasv1\.[A-Za-z0-9_=-]{60,70}(?![A-Za-z0-9_-])/y,
    strength: 'likely',
    check: ({ value }) => (isFiller(value) ? null : {}),
  },
  token({
    id: 'vault-token',
    title: 'HashiCorp Vault token',
    docs: 'https://developer.hashicorp.com/vault/docs/concepts/tokens#token-prefixes',
    revoke: 'Revoke the token with vault token revoke',
    literals: ['hvs.', 'hvb.', 'hvr.'],
    pattern: 'hv[sbr]\\.(?<random>[A-Za-z0-9_-]{24,300})',
    window: 320,
    check: ({ value }) => (/\d/.test(value) ? {} : null),
  }),
]
