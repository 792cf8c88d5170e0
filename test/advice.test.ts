// What the rules on users and mounted secrets say to write: it must work where it is pasted.
import { describe, expect, it } from 'vitest'
import { buildImage, type LayerSpec } from './image-builder.ts'
import { judgeArchive } from './run-gate.ts'

async function remedyOf(
  rule: string,
  layers: readonly LayerSpec[],
  options: { readonly config?: Record<string, unknown>; readonly dockerfile?: string } = {},
): Promise<string> {
  const { report } = await judgeArchive(await buildImage({ layers, config: options.config ?? {} }), {
    dockerfile: options.dockerfile ?? null,
  })
  return report.findings.find(({ ruleId }) => ruleId === rule)?.remedy ?? ''
}

describe('a user for a server', () => {
  const layers = [{ by: 'COPY . / # buildkit', files: [{ name: 'bin/sh', content: 'x' }] }]
  it.each<[string, readonly string[], RegExp]>([
    [
      'nginx',
      ['nginx', '-g', 'daemon off;'],
      /nginx then needs a port of 1024 or more, .* or take the base nginxinc\/nginx-unprivileged\.$/,
    ],
    [
      'httpd',
      ['/usr/local/bin/httpd-foreground'],
      /httpd-foreground then needs a port of 1024 or more, .*must be that user's\.$/,
    ],
    ['node', ['node', 'server.js'], /Kubernetes can check runAsNonRoot for a number only\.$/],
  ])('%s', async (_, Cmd, expected) => {
    expect(await remedyOf('missing-user', layers, { config: { Cmd } })).toMatch(expected)
  })
})

describe('a mounted secret that is written into the layer', () => {
  const said = (command: string, file: string): Promise<string> =>
    remedyOf(
      'secret-mount-copied',
      [
        { by: 'COPY x / # buildkit', files: [{ name: 'x', content: 'x' }] },
        { by: `RUN /bin/sh -c ${command} # buildkit`, files: [{ name: file, content: 'a secret' }] },
      ],
      { dockerfile: `FROM scratch\nCOPY x /\nRUN --mount=type=secret,id=t ${command}\n` },
    )

  it.each([
    ['cp /run/secrets/t /root/.npmrc', 'root/.npmrc'],
    ['cat /run/secrets/t > /root/.npmrc', 'root/.npmrc'],
    ['cat /run/secrets/t | tee /root/.npmrc', 'root/.npmrc'],
  ])('%s: mounted in its place', async (command, file) => {
    expect(await said(command, file)).toBe(
      'Change the secret. Mount it where it is looked for, and write it nowhere: --mount=type=secret,id=t,target=/root/.npmrc.',
    )
  })

  it.each([
    [
      'echo "//r/:_authToken=$(cat /run/secrets/t)" > /root/.npmrc',
      'root/.npmrc',
      /^Change the secret\. The file is more than the secret: make the whole file the secret, .* npm also reads `\$\{NAME\}` in an \.npmrc from the environment/,
    ],
    [
      'printf "machine r login x password %s" "$(cat /run/secrets/t)" > /etc/app/netrc',
      'etc/app/netrc',
      /make the whole file the secret.*--mount=type=tmpfs,target=\/etc\/app\.$/,
    ],
  ])('%s: the bare secret is not the file', async (command, file, expected) => {
    expect(await said(command, file)).toMatch(expected)
  })
})
