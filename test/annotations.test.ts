// What the manifest itself carries.
import { describe, expect, it } from 'vitest'
import { buildParts, sha256, tar } from './image-builder.ts'
import { judgeArchive } from './run-gate.ts'
import { VALUES } from './values.ts'

describe('annotations of the manifest', () => {
  it('are searched like labels, and tell the base', async () => {
    const { layers, config } = await buildParts({
      layers: [{ by: 'COPY x /x # buildkit', files: [{ name: 'x', content: 'x' }] }],
      config: { User: '1' },
    })
    const [plain] = layers.map((layer) => layer.plain)
    const blob = plain ?? Buffer.alloc(0)
    const annotations = {
      deploy: VALUES['gitlab-token']?.() ?? '',
      'org.opencontainers.image.base.name': 'docker.io/library/alpine:3.22',
    }
    const manifest = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        config: {
          mediaType: 'application/vnd.oci.image.config.v1+json',
          digest: `sha256:${sha256(config)}`,
          size: config.length,
        },
        layers: [
          { mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: `sha256:${sha256(blob)}`, size: blob.length },
        ],
        annotations,
      }),
    )
    const index = JSON.stringify({
      schemaVersion: 2,
      manifests: [
        {
          mediaType: 'application/vnd.oci.image.manifest.v1+json',
          digest: `sha256:${sha256(manifest)}`,
          size: manifest.length,
        },
      ],
    })
    const files = [
      ...[config, manifest, blob].map((content) => ({ name: `blobs/sha256/${sha256(content)}`, content })),
      { name: 'index.json', content: index },
      { name: 'oci-layout', content: '{"imageLayoutVersion":"1.0.0"}' },
    ]
    const { report } = await judgeArchive(await tar(files))
    expect(report.findings).toMatchObject([
      { ruleId: 'secret-in-config', location: { kind: 'config', field: 'Annotations.deploy' } },
    ])
    expect(report.image?.base).toMatchObject({ reference: 'docker.io/library/alpine:3.22', source: 'annotation' })
  })
})
