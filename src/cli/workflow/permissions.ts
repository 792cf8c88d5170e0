// What the gate needs beyond what a job has, least rights only.
import { isMap, isScalar } from 'yaml'
import type { Edit, Job } from './job.ts'

/** @param notes told of what a person has to look at */
export function permissionEdits(job: Job, notes: string[]): Edit[] {
  const own: unknown = job.node.get('permissions', true)
  const line = (offset: number): number => job.lineOf(offset)
  const first = job.node.items[0] as unknown as { key?: { range?: [number, number, number] | null } } | undefined
  const at = first?.key?.range?.[0]
  if (at === undefined) return []
  const indent = ' '.repeat(at - job.lines.slice(0, line(at)).reduce((sum, text) => sum + text.length + 1, 0))
  const wanted = 'pull-requests: write # the comment of the gate; leave it out and annotations and summary still work'
  if (isMap(own)) {
    if (own.has('pull-requests')) return []
    const item = own.items[0] as unknown as { key: { range?: [number, number, number] | null } } | undefined
    if (item?.key.range == null) {
      notes.push(
        `${job.file}: job ${job.name} has no permissions at all: the gate needs contents: read, and pull-requests: write for its comment.`,
      )
      return []
    }
    const column = /^\s*/.exec(job.lines[line(item.key.range[0])] ?? '')?.[0] ?? `${indent}  `
    return [{ before: line(item.key.range[0]), lines: [`${column}${wanted}`] }]
  }
  if (isScalar(own)) return []
  const above: unknown = job.workflow.get('permissions', true)
  if (isScalar(above) && above.value === 'write-all') return []
  const inherited = isMap(above)
    ? above.items.map(
        (pair) => `${String((pair as { key: unknown }).key)}: ${String((pair as { value: unknown }).value)}`,
      )
    : []
  const [start = 0, end = 0] = job.node.range ?? []
  const ghcr = job.lines.slice(line(start), line(end) + 1).some((text) => /ghcr\.io/.test(text)) && !isMap(above)
  const rights = [
    ...new Set([
      ...(inherited.some((right) => right.startsWith('contents:')) ? [] : ['contents: read']),
      ...inherited,
      ...(ghcr ? ['packages: write'] : []),
    ]),
  ].filter((right) => !right.startsWith('pull-requests:'))
  if (inherited.includes('pull-requests: write')) return []
  if (!isMap(above))
    notes.push(
      `${job.file}: job ${job.name} gets permissions of its own; what else it does with GITHUB_TOKEN needs its right there.`,
    )
  return [
    {
      before: line(at),
      lines: [`${indent}permissions:`, ...rights.map((right) => `${indent}  ${right}`), `${indent}  ${wanted}`],
    },
  ]
}
