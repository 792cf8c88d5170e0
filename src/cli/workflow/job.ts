// A job of a workflow: its steps, where they stand in the file, and changes to its lines.
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { isMap, isScalar, isSeq, LineCounter, parseDocument, type YAMLMap } from 'yaml'

/** Lines that go and lines that come. */
export interface Edit {
  /** The line before which lines are put, from 0. */
  readonly before: number
  /** How many lines go from there on; none where it is left out. */
  readonly removes?: number
  readonly lines: readonly string[]
}

/** Where workflows lie, from the root of a repository. */
export const WORKFLOWS = '.github/workflows'
/** Bytes of a workflow: GitHub takes no larger one. */
export const MAX_WORKFLOW = 1 << 20

export const EXPRESSION = /\$\{\{.*?\}\}/g

export const textAt = (map: YAMLMap | null, key: string): string | null => {
  const node: unknown = map?.get(key, true)
  return isScalar(node) && node.value !== null ? String(node.value).trim() : null
}

export const mapAt = (map: YAMLMap | null, key: string): YAMLMap | null => {
  const node: unknown = map?.get(key, true)
  return isMap(node) ? (node as YAMLMap) : null
}

export interface Job {
  /** Of the workflow, from the root of the repository. */
  readonly file: string
  readonly name: string
  readonly node: YAMLMap
  readonly workflow: YAMLMap
  readonly lines: readonly string[]
  readonly lineOf: (offset: number) => number
}

export interface WorkflowStep {
  readonly node: YAMLMap
  /** First line, from 0, and the line behind the last that says something. */
  readonly start: number
  readonly end: number
  readonly indent: string
}

export function stepsOf({ node, lines, lineOf }: Job): WorkflowStep[] {
  const steps: unknown = node.get('steps', true)
  // On one line there is nowhere to put another step.
  if (!isSeq(steps) || steps.flow === true) return []
  return steps.items.flatMap((item): WorkflowStep[] => {
    if (!isMap(item) || item.range == null) return []
    let start = lineOf(item.range[0])
    while (start > 0 && !/^\s*-/.test(lines[start] ?? '')) start--
    let end = lineOf(item.range[1] - 1) + 1
    while (end > start + 1 && /^\s*(?:#.*)?$/.test(lines[end - 1] ?? '')) end--
    return [{ node: item as YAMLMap, start, end, indent: /^\s*/.exec(lines[start] ?? '')?.[0] ?? '' }]
  })
}

export const keysOf = (map: YAMLMap | null): string[] =>
  (map?.items ?? []).map((pair) => String((pair as { key: unknown }).key))

/** The workflows of a repository, from its root, sorted. */
export const workflowFiles = async (directory: string): Promise<string[]> =>
  (await readdir(path.join(directory, WORKFLOWS)).catch(() => []))
    .filter((name) => /\.ya?ml$/.test(name))
    .sort()
    .map((name) => `${WORKFLOWS}/${name}`)

/** A workflow with its jobs; null for what is no valid YAML. */
export function parseWorkflow(
  file: string,
  text: string,
): { readonly workflow: YAMLMap; readonly jobs: readonly Job[] } | null {
  const counter = new LineCounter()
  const { contents, errors } = parseDocument(text, { lineCounter: counter })
  if (errors.length > 0 || !isMap(contents)) return null
  const workflow = contents as unknown as YAMLMap
  const lines = text.split('\n')
  const lineOf = (offset: number): number => counter.linePos(offset).line - 1
  const jobs = (mapAt(workflow, 'jobs')?.items ?? []).flatMap((pair): Job[] => {
    const { key, value } = pair as { key: unknown; value: unknown }
    return isMap(value) ? [{ file, name: String(key), node: value as YAMLMap, workflow, lines, lineOf }] : []
  })
  return { workflow, jobs }
}

/** `a, b` and what stands on several lines as a list; null where nothing is written. */
export const listAt = (map: YAMLMap | null, key: string): string[] | null =>
  textAt(map, key)
    ?.split(/[\n,]/)
    .map((each) => each.trim()) ?? null

/** Where a step stands, for a note: `.github/workflows/build.yml:12: job image`. */
export const whereIs = ({ file, name }: Job, step: WorkflowStep): string => `${file}:${step.start + 1}: job ${name}`

/** A build that a workflow makes, as far as it is known outside it. */
export interface WorkflowBuild {
  /** Where it stands, for people. */
  readonly where: string
  /** What its image is called, without registry and tag; null where nothing says. */
  readonly name: string | null
  readonly dockerfile: string | null
  readonly context: string | null
  readonly target: string | null
  /** `NAME=value`, or `NAME` where only the workflow knows the value: a variable has it here. */
  readonly args: readonly string[]
}
