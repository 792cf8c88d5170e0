// apk of Alpine and Wolfi, versions 2 and 3. https://wiki.alpinelinux.org/wiki/Apk_spec
import { linesOf, MAX_DATABASE, type PackageDatabase, readStatus } from './database.ts'

const INSTALLED = /^\/(?:usr\/)?lib\/apk\/db\/installed$/

export const APK: PackageDatabase = {
  records: {
    wants: (path) => INSTALLED.test(path),
    // P: package, F: directory, R: file, Z: checksum (`Q1` and base64 of the SHA-1).
    read(files, add) {
      for (const { content } of files) {
        let [name, directory, file] = ['', '', '']
        for (const line of linesOf(content)) {
          const value = line.slice(2)
          const owner = `apk ${name}`
          if (line.startsWith('P:')) name = value
          else if (line.startsWith('F:')) directory = value
          else if (line.startsWith('R:')) file = value
          else if (line.startsWith('Z:Q1'))
            add(`${directory}/${file}`, () => ({
              kind: 'apk',
              package: owner,
              algorithm: 'sha1',
              checksum: Buffer.from(value.slice(2), 'base64').toString('hex'),
            }))
        }
      }
    },
  },
  packages: {
    most: (path) => (path.endsWith('/apk/db/installed') ? MAX_DATABASE : 0),
    read: (_path, text, add) => {
      if (text !== null) readStatus(text, 'P:', 'V:', (name, version) => add(`apk ${name}`, version))
    },
  },
}
