// Ruby's gems: the name of the specification tells name and version. https://guides.rubygems.org/specification-reference/
import type { PackageDatabase } from './database.ts'

export const GEM: PackageDatabase = {
  packages: {
    most: () => 0,
    read: (path, _text, add) => {
      const [, name, version] = /\/specifications\/(?:default\/)?([^/]+)-(\d[^/-]*)\.gemspec$/.exec(path) ?? []
      if (name !== undefined && version !== undefined) add(`gem ${name}`, version)
    },
  },
}
