// Which directory of the checkout was the build context: told by the files that an image holds, since nobody else may say it.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { buildImage } from '../image-builder.ts'
import { judgeArchive } from '../run-gate.ts'
import { VALUES } from '../values.ts'

const CONTENT = `TOKEN=${VALUES['github-token']?.()}\n`
const DOCKERFILE = 'FROM scratch\nWORKDIR /app\nCOPY . .\nRUN rm build.env\n'

let checkout = ''
beforeEach(async () => {
  checkout = await mkdtemp(path.join(tmpdir(), 'layergate-context-'))
})
afterEach(() => rm(checkout, { recursive: true, force: true }))

async function ignoredIn(files: readonly string[], dockerfilePath: string): Promise<unknown> {
  for (const file of files) {
    await mkdir(path.dirname(path.join(checkout, file)), { recursive: true })
    await writeFile(path.join(checkout, file), CONTENT)
  }
  const image = await buildImage({
    layers: [
      { by: 'WORKDIR /app', files: null, comment: 'buildkit.dockerfile.v0' },
      { by: 'COPY . . # buildkit', files: [{ name: 'app/build.env', content: CONTENT }] },
      { by: 'RUN /bin/sh -c rm build.env # buildkit', files: [{ name: 'app/.wh.build.env' }] },
    ],
    config: { User: '1' },
  })
  const { report } = await judgeArchive(image, { dockerfile: DOCKERFILE, dockerfilePath, checkout })
  return report.findings.find(({ secret }) => secret !== null)?.fix?.ignore
}

describe('.dockerignore of the build context', () => {
  it.each<[string, readonly string[], string, string]>([
    ['the root', ['build.env'], 'Dockerfile', '.dockerignore'],
    [
      'the folder of the Dockerfile',
      ['services/api/build.env'],
      'services/api/Dockerfile',
      'services/api/.dockerignore',
    ],
    ['the root, for a Dockerfile in a folder', ['build.env'], 'docker/Dockerfile', '.dockerignore'],
    ['another folder', ['services/api/build.env'], 'docker/api.Dockerfile', 'services/api/.dockerignore'],
    [
      'another folder, for a Dockerfile at the root',
      ['services/api/build.env'],
      'Dockerfile',
      'services/api/.dockerignore',
    ],
    ['unclear: several folders have the file', ['a/build.env', 'b/build.env'], 'docker/Dockerfile', '.dockerignore'],
  ])('%s', async (_, files, dockerfile, expected) => {
    expect(await ignoredIn(files, dockerfile)).toEqual({ path: expected, patterns: ['build.env'] })
  })

  it('a file beside the Dockerfile that has its name wins', async () => {
    await writeFile(path.join(checkout, 'Dockerfile.dockerignore'), 'dist\n')
    expect(await ignoredIn(['build.env'], 'Dockerfile')).toEqual({
      path: 'Dockerfile.dockerignore',
      patterns: ['build.env'],
    })
  })
})
