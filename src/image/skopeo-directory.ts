// A directory as `skopeo copy … dir:PATH` writes it: manifest.json is the manifest itself, blobs lie beside it under their
// digests. It is shown as an OCI layout. https://github.com/containers/image/blob/v5.34.0/directory/directory_transport.go
import { digestOf, hexOf } from './digest.ts'
import type { ImageFiles } from './files.ts'

/** Whether a directory is one: a manifest that is an object, where docker save writes a list. */
export async function isSkopeoDirectory(files: ImageFiles): Promise<boolean> {
  if ((await files.has('index.json')) || !(await files.has('manifest.json'))) return false
  return /^\s*\{/.test((await files.read('manifest.json')).toString('latin1', 0, 64))
}

/** The files of such a directory under the names of a layout. */
export async function asLayout(files: ImageFiles): Promise<ImageFiles> {
  const manifest = await files.read('manifest.json')
  const own = hexOf(digestOf(manifest))
  const index = Buffer.from(
    JSON.stringify({ schemaVersion: 2, manifests: [{ digest: digestOf(manifest), size: manifest.length }] }),
  )
  /** The manifests of several platforms have names of their own. */
  const nameOf = async (name: string): Promise<string> => {
    const [, algorithm, hex] = /^blobs\/(sha\d+)\/([0-9a-f]+)$/.exec(name) ?? []
    if (algorithm === undefined || hex === undefined) return name === 'manifest.json' ? '' : name
    if (hex === own) return 'manifest.json'
    const plain = algorithm === 'sha256' ? hex : `${algorithm}-${hex}`
    return (await files.has(plain)) ? plain : `${plain}.manifest.json`
  }
  const layoutName = (name: string): string => {
    if (name === 'manifest.json') return `blobs/sha256/${own}`
    const [, algorithm = 'sha256', hex] = /^(?:(sha\d+)-)?([0-9a-f]{64,128})(?:\.manifest\.json)?$/.exec(name) ?? []
    return hex === undefined ? name : `blobs/${algorithm}/${hex}`
  }
  return {
    where: files.where,
    limits: files.limits,
    has: async (name) => name === 'index.json' || (name !== 'manifest.json' && (await files.has(await nameOf(name)))),
    size: async (name) => files.size(await nameOf(name)),
    read: async (name) => (name === 'index.json' ? index : files.read(await nameOf(name))),
    async *stream(name) {
      yield* files.stream(await nameOf(name))
    },
    list: async () => (await files.list()).map(layoutName),
    real: async (name) => {
      if (name === 'index.json') return name
      const real = name === 'manifest.json' ? null : await files.real(await nameOf(name))
      return real === null ? null : layoutName(real)
    },
    close: () => files.close(),
  }
}
