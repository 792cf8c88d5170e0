// Package and image registries, sorted by id.
import { decodeBase64, decodeText, isDrawn, isFiller, isPlaceholder, isUsualPassword, mayBeDrawn } from '../checks.ts'
import type { Checked, Detector, Found } from '../detector.ts'
import { checkBase62, withChecksum } from './code.ts'
import { named, ofFiller, token } from './token.ts'

const PUBLISH = 'publishes packages in the name of the account'
const NPM = { issuer: 'npm', docs: 'https://docs.npmjs.com/about-access-tokens' }
const JFROG = {
  issuer: 'JFrog',
  revoke: 'Revoke the token in the JFrog platform',
  docs: 'https://jfrog.com/help/r/jfrog-platform-administration-documentation/access-tokens',
}

/** PyPI tokens are macaroons (v2) whose location names the index. https://github.com/pypi/warehouse/issues/6051 */
function checkPypi({ value }: Found): Checked | null {
  const macaroon = decodeBase64(value.slice('pypi-'.length))
  return macaroon?.[0] === 2 && /pypi\.org/.test(macaroon.toString('latin1')) ? { strength: 'proven' } : null
}

export const PACKAGES: readonly Detector[] = [
  token({
    id: 'anaconda-token',
    issuer: 'Anaconda',
    title: 'Anaconda token',
    opens: 'private channels, and uploads to them',
    revoke: 'Remove the token in the Anaconda settings',
    docs: 'https://www.anaconda.com/docs/',
    forms: ['/t/{62:2}-{uuid}'],
    examples: ['https://conda.anaconda.org/t/ab-{uuid}/acme'],
  }),
  token({
    id: 'clojars-token',
    issuer: 'Clojars',
    title: 'Clojars deploy token',
    opens: PUBLISH,
    revoke: 'Disable the token in the Clojars settings',
    docs: 'https://github.com/clojars/clojars-web/wiki/Deploy-Tokens',
    forms: ['CLOJARS_{hex:60}'],
  }),
  named({
    id: 'cloudsmith-key',
    issuer: 'Cloudsmith',
    title: 'Cloudsmith API key',
    opens: 'repositories and their packages',
    revoke: 'Refresh the key in the Cloudsmith settings',
    docs: 'https://help.cloudsmith.io/',
    names: ['cloudsmith'],
    values: ['{hex:40}'],
  }),
  token({
    id: 'crates-token',
    issuer: 'crates.io',
    title: 'crates.io token',
    opens: PUBLISH,
    revoke: 'Revoke the token in the crates.io settings',
    docs: 'https://crates.io/settings/tokens',
    forms: ['cio{62:32}'],
    quiet: ['cio{a:32}', 'socio{62:32}'],
    check: ({ value }) => (isDrawn(value) ? {} : null),
  }),
  token({
    id: 'deno-token',
    issuer: 'Deno',
    title: 'Deno Deploy token',
    opens: 'the projects of the account',
    revoke: 'Revoke the token in the Deno Deploy settings',
    docs: 'https://docs.deno.com/deploy/',
    forms: ['ddp_{62:36}', 'ddo_{62:36}', 'ddw_{62:36}'],
  }),
  {
    id: 'docker-config-auth',
    issuer: 'Docker',
    title: 'Registry login in a Docker configuration',
    opens: 'pulls and pushes of the images that the account may touch',
    docs: 'https://docs.docker.com/reference/cli/docker/login/#credential-stores',
    revoke: 'Change the registry password or revoke the token that it holds',
    proof: 'it decodes to `user:password`',
    literals: ['"auth"', '"identitytoken"', '"registrytoken"'],
    pattern: /"(?:auth|identitytoken|registrytoken)"\s{0,4}:\s{0,4}"(?<value>[A-Za-z0-9+/=_.-]{8,4000})"/y,
    window: 4200,
    strength: 'likely',
    guessable: true,
    examples: [
      (fill) => `{"auths":{"r.acme.io":{"auth":"${Buffer.from(fill('deploy:{62:14}')).toString('base64')}"}}}`,
    ],
    quiet: ['{"auths":{"r.acme.io":{}},"credsStore":"desktop"}', '{"auth": "{hex:32}"}'],
    check: ({ value, groups, before }) => {
      if (groups['value'] === undefined) return null
      const login = decodeText(value)
      const split = login?.indexOf(':') ?? -1
      if (login === null || split < 1)
        return value.length > 40 && !isFiller(value) && /token/.test(before + value) ? {} : null
      const password = login.slice(split + 1)
      return password.length < 3 || isPlaceholder(password) ? null : { facts: { user: login.slice(0, split) } }
    },
  },
  token({
    id: 'docker-swarm-token',
    issuer: 'Docker',
    title: 'Docker Swarm join token or unlock key',
    opens: 'the cluster: whoever has it can join as a node',
    revoke: 'Rotate it with docker swarm join-token --rotate',
    docs: 'https://docs.docker.com/engine/swarm/join-nodes/',
    forms: ['SWMTKN-1-{36:50}-{36:25}', 'SWMKEY-1-{b64:43}'],
  }),
  token({
    id: 'dockerhub-token',
    issuer: 'Docker',
    title: 'Docker Hub access token',
    opens: 'pulls and pushes of the images that the account may touch',
    docs: 'https://docs.docker.com/security/access-tokens/',
    revoke: 'Delete the access token in the Docker Hub account settings',
    forms: ['dckr_pat_{64:27}', 'dckr_oat_{64:32}'],
  }),
  token({
    id: 'gemfury-token',
    issuer: 'Gemfury',
    title: 'Gemfury token',
    opens: 'private packages of the account',
    revoke: 'Delete the token in the Gemfury dashboard',
    docs: 'https://gemfury.com/help/tokens/',
    forms: ['{62:20}@gem.fury.io'],
    examples: ['https://{62:20}@gem.fury.io/acme/'],
  }),
  named({
    id: 'gradle-publish-secret',
    issuer: 'Gradle',
    title: 'Gradle plugin portal secret',
    opens: PUBLISH,
    revoke: 'Regenerate the keys in the plugin portal profile',
    docs: 'https://plugins.gradle.org/docs/publish-plugin',
    names: ['gradle.publish', 'gradle_publish'],
    values: ['{62:32}'],
    examples: ['gradle.publish.secret={62:32}', 'gradle.publish.key={62:32}'],
  }),
  named({
    id: 'hex-key',
    issuer: 'Hex',
    title: 'Hex API key',
    opens: PUBLISH,
    revoke: 'Revoke the key with mix hex.user key revoke',
    docs: 'https://hex.pm/docs/usage',
    names: ['hex_api_key', 'hex_pm', 'hexpm'],
    values: ['{hex:32}'],
    examples: ['HEX_API_KEY={hex:32}'],
  }),
  {
    ...JFROG,
    id: 'jfrog-encrypted-password',
    title: 'JFrog Artifactory encrypted password',
    opens: "repositories with the person's rights: it is taken in place of the password",
    forms: ['AP{HEX:1}{62:10+}'],
    literals: [
      { text: 'art-api', ignoreCase: true },
      { text: 'artif', ignoreCase: true },
      { text: 'jfrog', ignoreCase: true },
    ],
    pattern: /(?:art-api|artif|jfrog)[^;\n]{0,40}?[=:\s"'](?<value>AP[0-9A-F][A-Za-z0-9]{8,90})(?![A-Za-z0-9])/iy,
    strength: 'likely',
    examples: ['X-JFrog-Art-Api: AP6{62:40}', 'artif-key:AP6{62:30}'],
    quiet: ['jfrog APPLICATION_SETTINGS'],
    check: ({ value }) => (/^AP[0-9A-F]/.test(value) ? ofFiller(value) : null),
  },
  token({
    ...JFROG,
    id: 'jfrog-key',
    title: 'JFrog Artifactory API key',
    opens: "repositories with the person's rights",
    forms: ['AKCp{58:69}'],
  }),
  token({
    ...JFROG,
    id: 'jfrog-token',
    title: 'JFrog reference token',
    opens: "repositories with the person's rights within its scopes",
    forms: ['cmVmdGtu{62:56}'],
    proof: 'it decodes to `reftkn:`',
    examples: [(fill) => Buffer.from(fill('reftkn:01:{d:10}:{62:27}')).toString('base64')],
    check: ({ value }) => (decodeText(value)?.startsWith('reftkn:') ? {} : null),
  }),
  token({
    id: 'jsr-token',
    issuer: 'JSR',
    title: 'JSR token',
    opens: PUBLISH,
    revoke: 'Revoke the token in the JSR account',
    docs: 'https://jsr.io/docs',
    forms: ['jsrp_{62:36}', 'jsrd_{62:36}'],
  }),
  named({
    id: 'npm-legacy-token',
    issuer: 'npm',
    title: 'npm access token',
    opens: 'private packages, and publishing within its scopes',
    revoke: 'Revoke the token with npm token revoke',
    docs: 'https://docs.npmjs.com/about-access-tokens',
    names: ['npm_token', 'npm_auth_token', 'npmtoken'],
    values: ['{uuid}'],
    examples: ['NPM_TOKEN={uuid}'],
    quiet: ['NPM_TOKEN_ID={uuid}', 'NPM_CONFIG_UUID={uuid}'],
  }),
  {
    ...NPM,
    id: 'npm-registry-login',
    title: 'npm registry login',
    opens: 'private packages of the registry, and publishing where the account may',
    docs: 'https://docs.npmjs.com/cli/configuring-npm/npmrc#auth-related-configuration',
    revoke: 'Revoke the token of the npm registry',
    literals: [':_authToken', ':_auth', ':_password', '_authToken', 'npmAuthToken', 'npmAuthIdent'],
    pattern:
      /(?::_authToken|_authToken|:_auth|:_password|npmAuthToken|npmAuthIdent)["'\s]{0,3}[=:]["'\s]{0,3}(?<value>[A-Za-z0-9_.+/=:-]{8,400})/y,
    window: 420,
    strength: 'likely',
    examples: ['//npm.acme.io/:_authToken={uuid}', '//npm.acme.io/:_password={b64:24}=', 'npmAuthToken: "{uuid}"'],
    quiet: [
      '//registry.npmjs.org/:_authToken=${NPM_TOKEN}',
      'npmAuthToken: "${NPM_TOKEN}"',
      '//r/:_authToken=%NPM_TOKEN%',
    ],
    check: ({ value }) => {
      if (!mayBeDrawn(value)) return null
      if (isPlaceholder(value)) return null
      // `_auth` and `_password` are base64: a login that everybody tries is one of documentation.
      const login = decodeText(value)
      if (login !== null && isUsualPassword(login.slice(login.indexOf(':') + 1)))
        return { strength: 'harmless', note: 'a default password, or an example' }
      return ofFiller(value)
    },
  },
  token({
    ...NPM,
    id: 'npm-token',
    title: 'npm access token',
    opens: 'private packages, and publishing within its scopes',
    revoke: 'Revoke the token with npm token revoke',
    forms: ['npm_{62:36}'],
    proof: 'CRC-32 in its last six characters',
    checksum: true,
    check: checkBase62,
    examples: [(fill) => withChecksum('npm_', fill)],
    quiet: ['npm_config_registry_url_of_the_company_x', 'npm_{62:35}'],
  }),
  named({
    id: 'nuget-feed-key',
    issuer: 'NuGet',
    title: 'NuGet feed key',
    opens: 'publishes packages to the feed',
    docs: 'https://learn.microsoft.com/nuget/nuget-org/scoped-api-keys',
    revoke: 'Make a new key for the feed',
    names: ['nuget'],
    values: ['{36:46}', '{uuid}'],
    examples: ['nuget key = {36:46}', 'NUGET_API_KEY={uuid}'],
    quiet: ['nuget.package.id={uuid}'],
  }),
  token({
    id: 'nuget-key',
    issuer: 'NuGet',
    title: 'NuGet API key',
    opens: PUBLISH,
    docs: 'https://learn.microsoft.com/nuget/nuget-org/scoped-api-keys',
    revoke: 'Delete the API key on nuget.org',
    forms: ['oy2{36:43}'],
    quiet: ['toy2{36:43}', 'oy2{a:43}'],
    check: ({ value }) => (/\d/.test(value.slice(3)) ? {} : null),
  }),
  token({
    id: 'packagist-token',
    issuer: 'Private Packagist',
    title: 'Private Packagist token',
    opens: 'private packages of the organization',
    revoke: 'Revoke the token in Private Packagist',
    docs: 'https://packagist.com/docs',
    forms: [
      'packagist_ack_{hex:56-68}',
      'packagist_ort_{hex:56-68}',
      'packagist_out_{hex:56-68}',
      'packagist_uut_{hex:56-68}',
      'packagist_urt_{hex:56-68}',
    ],
  }),
  token({
    id: 'pypi-token',
    issuer: 'PyPI',
    title: 'PyPI API token',
    opens: PUBLISH,
    docs: 'https://pypi.org/help/#apitoken',
    revoke: 'Remove the API token in the PyPI account settings',
    forms: ['pypi-AgEIcHlwaS5vcmc{64:50-600}', 'pypi-AgENdGVzdC5weXBpLm9yZw{64:50-600}'],
    proof: 'a macaroon that names the index',
    check: checkPypi,
    quiet: ['pypi-AgEIcHlwaS5vcmc{64:10}'],
  }),
  token({
    id: 'rubygems-key',
    issuer: 'RubyGems',
    title: 'RubyGems API key',
    opens: PUBLISH,
    docs: 'https://guides.rubygems.org/api-key-scopes/',
    revoke: 'Delete the API key in the RubyGems profile',
    forms: ['rubygems_{hex:48}'],
  }),
]
