// dpkg, and the files that distroless images have of it.
import { baseName } from '../image/path.ts'
import { type AddRecord, linesOf, MAX_DATABASE, type PackageDatabase, readStatus } from './database.ts'

const MD5SUMS = /^\/var\/lib\/dpkg\/(?:info|status\.d)\/[^/]+\.md5sums$/
const STATUS = '/var/lib/dpkg/status'
const ANY_STATUS = /\/dpkg\/status(?:\.d\/[^/]+)?$/

/** `<md5>  usr/bin/x`. https://www.debian.org/doc/debian-policy/ap-pkg-controlfields.html */
function readMd5sums(name: string, content: Buffer, add: AddRecord): void {
  for (const line of linesOf(content)) {
    const checksum = line.slice(0, 32)
    add(line.slice(32).replace(/^\s+(?:\.\/)?/, ''), () =>
      /^[0-9a-f]{32}$/.test(checksum) ? { kind: 'dpkg', package: `dpkg ${name}`, algorithm: 'md5', checksum } : null,
    )
  }
}

/** Configuration files: `Package: x`, then below `Conffiles:` ` /etc/x <md5>`. https://manpages.debian.org/dpkg-query */
function readConffiles(content: Buffer, add: AddRecord): void {
  let name = ''
  let inside = false
  for (const line of linesOf(content)) {
    if (line.startsWith('Package: ')) name = line.slice('Package: '.length)
    if (!line.startsWith(' ')) inside = line === 'Conffiles:'
    const match = inside ? /^ (\/\S.*) ([0-9a-f]{32})(?: obsolete)?$/.exec(line) : null
    const [, path, checksum] = match ?? []
    const owner = `dpkg ${name}`
    if (path !== undefined && checksum !== undefined)
      add(path, () => ({ kind: 'dpkg', package: owner, algorithm: 'md5', checksum }))
  }
}

export const DPKG: PackageDatabase = {
  records: {
    wants: (path) => MD5SUMS.test(path) || path === STATUS,
    read(files, add) {
      for (const { path, content } of files) {
        if (path === STATUS) readConffiles(content, add)
        else readMd5sums(baseName(path).replace(/(?::[^:]*)?\.md5sums$/, ''), content, add)
      }
    },
  },
  packages: {
    most: (path) => (ANY_STATUS.test(path) && !path.endsWith('.md5sums') ? MAX_DATABASE : 0),
    read: (_path, text, add) => {
      if (text !== null) readStatus(text, 'Package: ', 'Version: ', (name, version) => add(`dpkg ${name}`, version))
    },
  },
}
