// Each arrow between the parts of the program points one way: no file and no folder of src/ depends on itself by way of others.
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'

const SRC = path.resolve(import.meta.dirname, '../src')

type Graph = ReadonlyMap<string, ReadonlySet<string>>

/** Which files of src/ each file imports, types too. */
function importsOf(): Graph {
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  return new Map(
    files.map((file) => {
      const text = readFileSync(path.join(SRC, file), 'utf8')
      const named = [...text.matchAll(/\bfrom '(\.[^']+)'|\bimport\('(\.[^']+)'\)/g)].map(([, from, lazy]) =>
        path.normalize(path.join(path.dirname(file), from ?? lazy ?? '')),
      )
      return [file, new Set(named.filter((other) => other.endsWith('.ts')))]
    }),
  )
}

/** The same between folders; a file at the top stands for itself. */
function folders(files: Graph): Graph {
  const folderOf = (file: string): string => file.split('/')[0] ?? file
  const found = new Map<string, Set<string>>()
  for (const [file, others] of files) {
    const own = folderOf(file)
    const all = found.get(own) ?? new Set()
    for (const other of others) if (folderOf(other) !== own) all.add(folderOf(other))
    found.set(own, all)
  }
  return found
}

/** One circle, from a node back to it; null where there is none. */
function circleIn(graph: Graph): string[] | null {
  const done = new Set<string>()
  const walk = (node: string, above: readonly string[]): string[] | null => {
    if (above.includes(node)) return [...above.slice(above.indexOf(node)), node]
    if (done.has(node)) return null
    for (const next of graph.get(node) ?? []) {
      const circle = walk(next, [...above, node])
      if (circle !== null) return circle
    }
    done.add(node)
    return null
  }
  for (const node of graph.keys()) {
    const circle = walk(node, [])
    if (circle !== null) return circle
  }
  return null
}

describe('imports', () => {
  const files = importsOf()

  it('are read', () => {
    expect(files.get('gate.ts')).toContain('rules/list.ts')
    expect(folders(files).get('rules')).toContain('evidence')
  })

  it('of files have no circle', () => expect(circleIn(files)).toBeNull())

  it('of folders have no circle', () => expect(circleIn(folders(files))).toBeNull())

  it('a circle is found', () => {
    const graph: Graph = new Map([
      ['a', new Set(['b'])],
      ['b', new Set(['c'])],
      ['c', new Set(['b'])],
    ])
    expect(circleIn(graph)).toEqual(['b', 'c', 'b'])
  })
})
