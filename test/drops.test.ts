// Entrypoints that start as root and do not stay it, as images write them, and those that do.
import { describe, expect, it } from 'vitest'
import { buildImage } from './image-builder.ts'
import { judgeArchive } from './run-gate.ts'

const PASSWD = 'root:x:0:0::/root:/bin/sh\napp:x:1000:1000::/app:/bin/sh\n'

/** What missing-user says of an image with such an entrypoint. */
async function said(script: string, entrypoint: readonly string[] = ['/docker-entrypoint.sh']): Promise<string> {
  const archive = await buildImage({
    config: { Entrypoint: entrypoint, Cmd: ['serve'] },
    layers: [
      {
        by: 'COPY . / # buildkit',
        files: [
          { name: 'etc/passwd', content: PASSWD },
          { name: 'docker-entrypoint.sh', content: script, mode: 0o755 },
          { name: 'usr/local/bin/start', content: '#!/bin/sh\nexec /docker-entrypoint.sh "$@"\n', mode: 0o755 },
        ],
      },
    ],
  })
  const { report } = await judgeArchive(archive)
  const [finding] = report.findings.filter(({ ruleId }) => ruleId === 'missing-user')
  return `${finding?.severity} ${
    /drops from root to (.+?) \((\S+)\)/
      .exec(finding?.message ?? '')
      ?.slice(1)
      .join(' ') ?? ''
  }`.trim()
}

describe('an entrypoint that drops from root', () => {
  it.each([
    [
      'gosu in a function',
      '#!/usr/bin/env bash\nset -Eeo pipefail\n_main() {\n\tif [ "$(id -u)" = "0" ]; then\n\t\texec gosu app "$BASH_SOURCE" "$@"\n\tfi\n\texec "$@"\n}\n_main "$@"\n',
      'info app gosu',
    ],
    ['su-exec with a group', '#!/bin/sh\nexec su-exec app:app "$@"\n', 'info app su-exec'],
    ['setpriv', '#!/bin/sh\nexec setpriv --reuid app --regid app --clear-groups -- "$0" "$@"\n', 'info app setpriv'],
    ['runuser', '#!/bin/sh\nexec runuser -u app -- "$@"\n', 'info app runuser'],
    ['su with a shell', '#!/bin/sh\nexec su -s /bin/sh app -c "serve"\n', 'info app su'],
    ['s6-setuidgid', '#!/bin/sh\nexec s6-setuidgid app serve\n', 'info app s6-setuidgid'],
    ['chroot --userspec', '#!/bin/sh\nexec chroot --userspec=1000:1000 / serve\n', 'info 1000 chroot'],
    ['a user that a variable names', '#!/bin/sh\nexec gosu "$RUN_AS" "$@"\n', 'info another gosu'],
  ])('%s', async (_about, script, wanted) => {
    expect((await said(script)).replace('another user', 'another')).toBe(wanted)
  })

  it.each([
    ['behind tini', ['/sbin/tini', '--', '/docker-entrypoint.sh']],
    ['behind dumb-init and a shell', ['dumb-init', 'sh', '/docker-entrypoint.sh']],
    ['behind another script', ['start']],
    ['in the shell form', ['/bin/sh', '-c', 'exec /docker-entrypoint.sh']],
  ])('%s', async (_about, entrypoint) => {
    expect(await said('#!/bin/sh\nexec gosu app "$@"\n', entrypoint)).toBe('info app gosu')
  })
})

describe('an entrypoint that stays root', () => {
  it.each([
    ['runs what it is given', '#!/bin/sh\nexec "$@"\n'],
    ['su without a user', '#!/bin/sh\nexec su -c "serve"\n'],
    ['gosu root', '#!/bin/sh\nexec gosu root "$@"\n'],
    ['sudo', '#!/bin/sh\nexec sudo "$@"\n'],
    ['speaks of gosu', '#!/bin/sh\n# exec gosu app "$@"\necho "no gosu app here"\nexec "$@"\n'],
    ['is no script', 'gosu app serve\n'],
  ])('%s', async (_about, script) => {
    expect(await said(script)).toBe('medium')
  })
})
