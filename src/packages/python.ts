// Python's wheels and eggs. https://packaging.python.org/specifications/recording-installed-packages/
import { baseName, parentOf } from '../image/path.ts'
import { type AddRecord, linesOf, type PackageDatabase } from './database.ts'

/** `path,sha256=<base64url>,size`. */
function readRecord(name: string, sitePackages: string, content: Buffer, add: AddRecord): void {
  for (const line of linesOf(content)) {
    const end = line.indexOf(',sha256=')
    if (end === -1) continue
    add(`${sitePackages}/${line.slice(0, end).replace(/^"|"$/g, '')}`, () => {
      const checksum = /^,sha256=([A-Za-z0-9_-]+),\d*\r?$/.exec(line.slice(end))?.[1]
      return checksum === undefined
        ? null
        : {
            kind: 'python',
            package: `python ${name}`,
            algorithm: 'sha256',
            checksum: Buffer.from(checksum, 'base64url').toString('hex'),
          }
    })
  }
}

export const PYTHON: PackageDatabase = {
  records: {
    wants: (path) => /\.dist-info\/(?:RECORD|direct_url\.json)$/.test(path),
    read(files, add) {
      // A package that was installed from a directory or a URL was made here: its own record proves nothing.
      const madeHere = new Set(files.flatMap(({ path }) => /^(.*)\/direct_url\.json$/.exec(path)?.[1] ?? []))
      for (const { path, content } of files) {
        const folder = parentOf(path)
        if (path.endsWith('/RECORD') && !madeHere.has(folder))
          readRecord(baseName(folder).replace(/\.dist-info$/, ''), parentOf(folder), content, add)
      }
    },
  },
  packages: {
    most: () => 0,
    read: (path, _text, add) => {
      const [, name, version] =
        /\/(?:site|dist)-packages\/([^/]+?)-([^-/]+)\.(?:dist|egg)-info(?:\/(?:METADATA|PKG-INFO))?$/.exec(path) ?? []
      if (name !== undefined && version !== undefined)
        add(`python ${name.toLowerCase().replace(/[-_.]+/g, '-')}`, version)
    },
  },
}
