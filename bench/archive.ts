// An archive as docker save writes it, of one layer.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** Runs a command line; errors of the commands in it are not shown. */
export const sh = (command: string): string =>
  execFileSync('sh', ['-c', command], { encoding: 'utf8', maxBuffer: 1 << 26, stdio: ['ignore', 'pipe', 'ignore'] })

export async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

/**
 * Writes `to`, an archive of one layer.
 * @param layer a tar, plain or gzip
 * @param diffId SHA-256 of the plain tar
 */
export function archiveOf(layer: string, diffId: string, to: string): void {
  const config = JSON.stringify({
    architecture: 'amd64',
    os: 'linux',
    config: { User: '1000' },
    rootfs: { type: 'layers', diff_ids: [`sha256:${diffId}`] },
    history: [{ created_by: 'COPY . / # buildkit', comment: 'buildkit.dockerfile.v0' }],
  })
  const folder = path.join(path.dirname(to), path.basename(to, '.tar'))
  mkdirSync(path.join(folder, 'l'), { recursive: true })
  sh(`cp ${layer} ${folder}/l/layer.tar`)
  writeFileSync(path.join(folder, 'config.json'), config)
  writeFileSync(
    path.join(folder, 'manifest.json'),
    JSON.stringify([{ Config: 'config.json', RepoTags: ['bench:1'], Layers: ['l/layer.tar'] }]),
  )
  sh(`tar -C ${folder} -cf ${to} l config.json manifest.json && rm -rf ${folder}`)
}
