// The words of a remedy fit what leaked and where it stands: a label goes, a command reads its environment, an app's token
// ends by itself, a password hash needs no build secret.
import { describe, expect, it } from 'vitest'
import type { Finding } from '../../src/finding/finding.ts'
import { buildImage, type LayerSpec } from '../image-builder.ts'
import { judgeArchive } from '../run-gate.ts'
import { random, VALUES } from '../values.ts'

const TOKEN = VALUES['github-token']?.() ?? ''
const file = (name: string, content: string, by = 'COPY . / # buildkit'): LayerSpec => ({
  by,
  files: [{ name, content }],
})
const meta = (by: string): LayerSpec => ({ by, files: null, comment: 'buildkit.dockerfile.v0' })

async function remedyOf(layers: readonly LayerSpec[], config: Record<string, unknown> = {}): Promise<string> {
  const { report } = await judgeArchive(
    await buildImage({ layers: [file('x', 'x'), ...layers], config: { User: '1', ...config } }),
  )
  const found: Finding[] = report.findings.filter(({ secret }) => secret !== null)
  expect(found.length, JSON.stringify(report.findings.map(({ message }) => message))).toBeGreaterThan(0)
  return found[0]?.remedy ?? ''
}

describe('by the instruction that holds it', () => {
  it.each<[string, string, Record<string, unknown>]>([
    [`LABEL token=${TOKEN}`, 'Remove the label token (LABEL, or --label of the build)', { Labels: { token: TOKEN } }],
    [
      `CMD ["app" "--token=${TOKEN}"]`,
      'Take it out of CMD, and let the program read it from its environment',
      { Cmd: ['app', `--token=${TOKEN}`] },
    ],
    [
      `ENTRYPOINT ["app" "${TOKEN}"]`,
      'Take it out of ENTRYPOINT, and let the program read it from its environment',
      { Entrypoint: ['app', TOKEN] },
    ],
    [
      `HEALTHCHECK &{["CMD-SHELL" "curl -H 'X: ${TOKEN}' localhost"]}`,
      'Take it out of HEALTHCHECK, and let the program read it',
      { Healthcheck: { Test: ['CMD-SHELL', `curl -H 'X: ${TOKEN}' localhost`] } },
    ],
    [
      `ONBUILD RUN curl -u ${TOKEN}: https://acme.io`,
      'ONBUILD RUN --mount=type=secret',
      { OnBuild: [`RUN curl -u ${TOKEN}: https://acme.io`] },
    ],
    [
      `WORKDIR /srv/${TOKEN}`,
      'Take it out of WORKDIR: everyone who can pull the image reads it',
      { WorkingDir: `/srv/${TOKEN}` },
    ],
    [`ENV TAG=${TOKEN}`, 'Remove TAG from ENV and set it when the container starts', { Env: [`TAG=${TOKEN}`] }],
  ])('%s', async (by, expected, config) => {
    const remedy = await remedyOf([meta(by)], config)
    expect(remedy).toContain(expected)
    if (!by.startsWith('ENV')) expect(remedy).not.toContain('build secret')
  })

  it.each<[string, LayerSpec, string]>([
    ['a label that only the history has', meta(`LABEL token=${TOKEN}`), 'Remove the label'],
    ['a command that only the history has', meta(`CMD ["app" "${TOKEN}"]`), 'Take it out of CMD'],
    [
      'a URL of ADD',
      { by: `ADD https://x:${TOKEN}@acme.io/a /a # buildkit`, files: [{ name: 'a', content: 'a' }] },
      'Take it out of the URL of ADD, and download in a RUN',
    ],
    ['an argument', meta(`ARG TOKEN=${TOKEN}`), 'Pass it as a build secret'],
    [
      'a command of the build',
      { by: `RUN /bin/sh -c curl -H "X: ${TOKEN}" acme.io # buildkit`, files: [{ name: 'b', content: 'b' }] },
      'Pass it as a build secret',
    ],
    ['an author', meta(`MAINTAINER ${TOKEN}`), 'Take it out of MAINTAINER'],
  ])('%s', async (_about, layer, expected) => {
    expect(await remedyOf([layer])).toContain(expected)
  })
})

describe('by what leaked', () => {
  const hash = `$6$${random(16)}$${random(86)}`
  const add = (prefix: string): string => (VALUES['github-token']?.() ?? '').replace(/^ghp_/, prefix)
  it.each<[string, LayerSpec, string, RegExp]>([
    [
      "a token of GitHub's app",
      file('app/.env', `TAG=${add('ghs_')}\n`),
      'Let it expire (an hour after it was made',
      /in the GitHub settings/,
    ],
    [
      'a token of a GitHub user in an app',
      file('app/.env', `TAG=${add('ghu_')}\n`),
      'Revoke the authorization of the app',
      /Delete the token/,
    ],
    [
      'credentials of AWS',
      file('root/.s3cfg', `[default]\naccess_key = x\nsecret_key = ${random(40)}\n`),
      'Deactivate and delete the access key in IAM',
      /password/,
    ],
    [
      'a password hash that a RUN set',
      file('etc/shadow', `app:${hash}:19000:0:99999:7:::\n`, 'RUN /bin/sh -c echo "app:$PW" | chpasswd # buildkit'),
      'Remove the password where the Dockerfile sets it',
      /mount=type=secret/,
    ],
    [
      'a password hash that is copied',
      file('etc/shadow', `app:${hash}:19000:0:99999:7:::\n`, 'COPY shadow /etc/shadow # buildkit'),
      'Lock the account',
      /mount=type=secret/,
    ],
    [
      'a wireless network',
      file('etc/wpa_supplicant.conf', `network={\n ssid="acme"\n psk="${random(14)}"\n}\n`),
      'Change the passphrase of the network',
      /mount=type=secret/,
    ],
    [
      'a history of commands',
      file('root/.bash_history', `mysql -u root -p${random(14)} app\n`),
      'HISTFILE=/dev/null',
      /mount=type=secret/,
    ],
    ['a job token of GitLab', file('app/.env', `TAG=glcbt-64_${random(20)}\n`), 'it ends with its job', /Revoke/],
  ])('%s', async (_about, layer, expected, wrong) => {
    const remedy = await remedyOf([layer])
    expect(remedy).toContain(expected)
    expect(remedy).not.toMatch(wrong)
  })
})
