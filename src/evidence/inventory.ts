// What an image holds, flat: for comparing two of them.
import type { Version } from '../filesystem/filesystem.ts'
import { parsePasswd } from '../filesystem/users.ts'
import type { Image } from '../image/image.ts'
import { readEntries } from '../layer/hash.ts'
import { addPackages, packageTextLimit } from '../packages/list.ts'
import type { Evidence } from './evidence.ts'

export interface InventoryFile {
  readonly type: string
  /** Octal, with owner and group: `0644 0:0`. */
  readonly mode: string
  readonly size: number
  /** What tells the content: a checksum, the target of a link, or the layer and entry that both images share. */
  readonly content: string
}

export interface Inventory {
  /** By path in the image; directories are left out. */
  readonly files: ReadonlyMap<string, InventoryFile>
  /** By `manager name`: the version. */
  readonly packages: ReadonlyMap<string, string>
  /** By name: uid and gid. */
  readonly accounts: ReadonlyMap<string, string>
  /** By field: `Env.PATH`, `Entrypoint`, `ExposedPorts`. */
  readonly settings: ReadonlyMap<string, string>
}

/** A package that stands in several places has several versions: all are told. */
function addVersion(found: Map<string, string>, name: string, version: string): void {
  const known = found.get(name)?.split(', ') ?? []
  if (!known.includes(version)) found.set(name, [...known, version].sort().join(', '))
}

/** @param texts of files that packages are read from, by `layer:entry` */
function packagesOf(present: readonly Version[], texts: ReadonlyMap<string, string>): Map<string, string> {
  const found = new Map<string, string>()
  for (const { path, content } of present)
    addPackages(path, texts.get(`${content.layer}:${content.index}`) ?? null, (name, version) =>
      addVersion(found, name, version),
    )
  return found
}

/** The configuration as fields with text. */
function settingsOf({ config: { run } }: Image): Map<string, string> {
  const found = new Map<string, string>()
  for (const [field, value] of Object.entries(run)) {
    if (field === 'Env' && Array.isArray(value)) {
      for (const pair of value as string[])
        found.set(`Env.${pair.split('=')[0] ?? ''}`, pair.slice(pair.indexOf('=') + 1))
    } else if (field === 'Labels' && typeof value === 'object' && value !== null) {
      for (const [name, text] of Object.entries(value)) found.set(`Labels.${name}`, String(text))
    } else if (value !== null && value !== undefined && value !== '')
      found.set(field, typeof value === 'string' ? value : JSON.stringify(value))
  }
  return found
}

/**
 * Takes stock of the final tree. Files of layers that the other image shares are identified by their place there, all others by a
 * checksum, in a second reading of their layers.
 * @param shared diff IDs that both images have
 */
export async function takeInventory(
  image: Image,
  { layers, filesystem, collected }: Evidence,
  shared: ReadonlySet<string>,
): Promise<Inventory> {
  const present = [...filesystem.present()].filter(({ entry }) => entry.type !== 'directory' && entry.whiteout === null)
  const hashed = layers.map(() => new Set<number>())
  const texts = layers.map(() => new Set<number>())
  for (const { content, entry, path } of present) {
    if (entry.type !== 'file' && entry.type !== 'hardlink') continue
    if (!shared.has(layers[content.layer]?.diffId ?? '')) hashed[content.layer]?.add(content.index)
    const most = packageTextLimit(path)
    if (most > 0 && content.entry.size <= most) texts[content.layer]?.add(content.index)
  }
  const checksums = new Map<string, string>()
  const contents = new Map<string, string>()
  for (const layer of image.layers) {
    const [own, few] = [hashed[layer.index] ?? new Set<number>(), texts[layer.index] ?? new Set<number>()]
    if (own.size + few.size === 0) continue
    const read = await readEntries(layer, own, few)
    for (const [entry, checksum] of read.checksums) checksums.set(`${layer.index}:${entry}`, `sha256:${checksum}`)
    for (const [entry, text] of read.contents) contents.set(`${layer.index}:${entry}`, text)
  }
  const contentOf = ({ content, entry }: Version): string =>
    entry.type === 'file' || entry.type === 'hardlink'
      ? (checksums.get(`${content.layer}:${content.index}`) ?? `${layers[content.layer]?.diffId} ${content.index}`)
      : `${entry.type} ${entry.link ?? ''}`
  return {
    files: new Map(
      present.map((version) => {
        const { entry, path, content } = version
        return [
          path,
          {
            type: entry.type === 'hardlink' ? 'file' : entry.type,
            mode: `${entry.mode.toString(8).padStart(4, '0')} ${entry.uid}:${entry.gid}`,
            size: content.entry.size,
            content: contentOf(version),
          },
        ]
      }),
    ),
    packages: packagesOf(present, contents),
    accounts: new Map(parsePasswd(collected('/etc/passwd') ?? '').map(({ name, uid, gid }) => [name, `${uid}:${gid}`])),
    settings: settingsOf(image),
  }
}
