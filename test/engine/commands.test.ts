// Rules on commands over an image that a real engine built: what its layers hold, on the physical lines of its Dockerfile.
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Report } from '../../src/outcome/contract.ts'
import { random } from '../values.ts'
import { type Engine, hasEngine, joinEngine } from './engine.ts'

const CLI = path.join(import.meta.dirname, '../../dist/cli.js')

let engine: Engine

const DOCKERFILE = `# syntax is the engine's own
FROM scratch AS base
ADD root.tar /
FROM base AS tools
RUN echo made > /made && \\
    true || \\
    curl -k https://a.acme.io/tool
FROM base
RUN --mount=type=secret,id=token \\
    set -e; \\
    # kept for later
    cat /run/secrets/token > /app.conf; \\
    cat /run/secrets/token > /gone; rm /gone
RUN --mount=type=secret,id=token wc -c < /run/secrets/token > /length
COPY --from=tools /made /made
COPY entry.sh /entry.sh
RUN busybox mkdir -p /srv/a /srv/b && \\
    busybox chmod 777 /srv/a && \\
    busybox chmod 777 /srv/b && busybox chmod 755 /srv/b
ENTRYPOINT ["/entry.sh"]
`

describe.skipIf(!hasEngine())('an image of a real engine', () => {
  const secret = random(24, undefined, 91)
  let report: Report
  let text = ''

  beforeAll(async () => {
    engine = joinEngine()
    const context = path.join(engine.work, 'context')
    engine.writeRoot(context)
    writeFileSync(path.join(context, 'token'), secret)
    writeFileSync(
      path.join(context, 'entry.sh'),
      '#!/bin/sh\nset -e\nif [ "$(id -u)" = 0 ]; then\n  exec setpriv --reuid=app --clear-groups "$0" "$@"\nfi\nexec "$@"\n',
      {
        mode: 0o755,
      },
    )
    writeFileSync(path.join(context, 'Dockerfile'), DOCKERFILE)
    const built = engine.docker(
      [
        'build',
        '--network',
        'host',
        '--secret',
        'id=token,src=context/token',
        '-t',
        'layergate-test:commands',
        'context',
      ],
      { DOCKER_BUILDKIT: '1' },
    )
    expect(built.status, built.stderr).toBe(0)
    const scanned = spawnSync(process.execPath, [CLI, 'scan', 'layergate-test:commands', '--format', 'json'], {
      cwd: context,
      encoding: 'utf8',
      env: { ...process.env, DOCKER_HOST: engine.host },
      maxBuffer: 1 << 26,
    })
    text = scanned.stdout
    report = JSON.parse(text) as Report
  })
  afterAll(() => engine.leave())

  const lines = (rule: string): (number | undefined)[] =>
    report.findings.filter(({ ruleId }) => ruleId === rule).map(({ dockerfile }) => dockerfile?.startLine)

  it('tells the secret that a RUN writes into its layer, and not the one that it removes or counts', () => {
    expect(lines('secret-mount-copied')).toEqual([12])
    expect(text).not.toContain(secret)
  })

  it('tells what a stage that is not shipped was made with', () => {
    expect(lines('tls-verification-off')).toEqual([7])
  })

  it('asks the final tree what a mode came to', () => {
    expect(lines('world-writable')).toEqual([18])
  })

  it('reads the entrypoint, which drops from root by itself', () => {
    expect(report.findings.filter(({ ruleId }) => ruleId === 'missing-user')).toMatchObject([
      { severity: 'info', message: expect.stringContaining('/entry.sh drops from root to app (setpriv)') as string },
    ])
  })
})
