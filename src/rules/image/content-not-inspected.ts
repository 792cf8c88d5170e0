// What could not be looked into beyond its raw bytes: said, never left silent.
import { placed } from '../placed.ts'
import type { Rule, RuleMeta } from '../rule.ts'

const meta: RuleMeta = {
  id: 'content-not-inspected',
  title: 'Content that was not looked into',
  description:
    'An archive inside a layer is encrypted, damaged, of an unsupported form or too large to be opened. Its raw bytes were read all the same.',
  remedy: 'Unpack the archive in the image, store it as zip, tar, gzip, zstd, xz or bzip2, or raise the limit.',
  severity: 'medium',
  confidence: 'high',
  kind: 'rule',
  references: [],
  enabled: true,
  strict: 'high',
}

/** Members that are named in one message. */
const MAX_NAMED = 3

export const contentNotInspected: Rule = {
  meta,
  *check({ skipped, origin }) {
    const files = new Map<string, (typeof skipped)[number][]>()
    for (const part of skipped) {
      const key = `${part.layer} ${part.path.split('!/')[0] ?? part.path}`
      files.set(key, [...(files.get(key) ?? []), part])
    }
    for (const parts of files.values()) {
      const [first] = parts
      if (first === undefined) continue
      const path = first.path.split('!/')[0] ?? first.path
      const inner = parts.filter((part) => part.path !== path)
      const named = inner.slice(0, MAX_NAMED).map((part) => `${part.path.slice(path.length + 2)} (${part.reason})`)
      const more = inner.length > MAX_NAMED ? ` and ${inner.length - MAX_NAMED} more` : ''
      const what =
        inner.length === 0
          ? `was not looked into: ${first.reason}`
          : `was not looked into wholly: ${named.join(', ')}${more}`
      const layer = first.layer === null ? undefined : origin.layers[first.layer]
      yield placed(meta, {
        message: `${path} in ${first.layer === null ? 'the archive' : `layer ${first.layer}`} ${what}.`,
        remedy: meta.remedy,
        location:
          first.layer === null
            ? { kind: 'index', field: path }
            : { kind: 'layer', layer: first.layer, path, line: null, offset: null },
        dockerfile: layer?.lines ?? null,
        origin: layer?.owner ?? 'unknown',
        identity: [path],
      })
    }
  },
}
