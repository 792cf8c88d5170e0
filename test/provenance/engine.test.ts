// Provenance that the engine keeps beside its images, read through a docker that answers as Docker 28 and 29 do.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { engineProvenance } from '../../src/provenance/engine.ts'

let folder = ''
const before = process.env['PATH']
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'layergate-docker-'))
  process.env['PATH'] = `${folder}:${before}`
})
afterEach(() => {
  process.env['PATH'] = before
  rmSync(folder, { recursive: true, force: true })
})

/** A docker that knows these calls, by their words, and fails on all others. */
function docker(answers: Record<string, unknown>): void {
  const cases = Object.entries(answers).map(
    ([words, answer]) =>
      `'${words}') cat <<'END'\n${typeof answer === 'string' ? answer : JSON.stringify(answer)}\nEND\n;;`,
  )
  writeFileSync(path.join(folder, 'docker'), `#!/bin/sh\ncase "$*" in\n${cases.join('\n')}\n*) exit 1;;\nesac\n`)
  chmodSync(path.join(folder, 'docker'), 0o755)
}

const INSPECT = 'image inspect --format {{json .}} app:1'
const PROVENANCE = {
  buildDefinition: {
    resolvedDependencies: [{ uri: 'pkg:docker/node@22?platform=linux%2Famd64', digest: { sha256: 'a'.repeat(64) } }],
  },
}
const NODE = [{ reference: 'node:22', digest: `sha256:${'a'.repeat(64)}` }]

describe('the record of a build in the local engine', () => {
  it('is the one that the engine names (containerd store)', async () => {
    docker({
      [INSPECT]: { Id: 'sha256:1', Identity: { Build: [{ Ref: 'default/default/abc' }] } },
      'buildx history inspect attachment --type provenance default/default/abc': PROVENANCE,
    })
    expect((await engineProvenance('app:1'))?.materials).toEqual(NODE)
  })

  it('is found by the digest of the image among the newest (graph driver)', async () => {
    docker({
      [INSPECT]: { Id: 'sha256:2' },
      'buildx history ls --format json': '{"ref":"b/b/one"}\n{"ref":"b/b/two"}',
      'buildx history inspect --format json b/b/one': { Attachments: [{ Digest: 'sha256:1' }] },
      'buildx history inspect --format json b/b/two': {
        Attachments: [{ Digest: 'sha256:2', Type: 'application/vnd.oci.image.config.v1+json' }],
      },
      'buildx history inspect attachment --type provenance b/b/two': PROVENANCE,
    })
    expect((await engineProvenance('app:1'))?.materials).toEqual(NODE)
  })

  it.each<[string, Record<string, unknown>]>([
    ['without such an image', {}],
    ['without buildx', { [INSPECT]: { Id: 'sha256:2' } }],
    [
      'without a record of it',
      {
        [INSPECT]: { Id: 'sha256:2' },
        'buildx history ls --format json': '{"ref":"b/b/one"}',
        'buildx history inspect --format json b/b/one': { Attachments: [] },
      },
    ],
    ['that answers with something else', { [INSPECT]: 'no JSON' }],
    [
      'whose record names an option',
      {
        [INSPECT]: { Identity: { Build: [{ Ref: '--help' }] } },
        'buildx history ls --format json': '{"ref":"--help"}',
      },
    ],
  ])('is none in an engine %s', async (_name, answers) => {
    docker(answers)
    expect(await engineProvenance('app:1')).toBeNull()
  })
})
