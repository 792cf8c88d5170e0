// docker/build-push-action: what it loads or writes is judged behind it. What it pushes is built into an archive, judged, and those bytes
// are pushed.
import type { YAMLMap } from 'yaml'
import { type BuildStep, dockerfileOf, gateStep, joined } from './gate-step.ts'
import { type Edit, type Job, mapAt, textAt, type WorkflowStep, whereIs } from './job.ts'

/** `my-app:${{ github.sha }}` of the first line of tags; the first tag of docker/metadata-action where its output is meant. */
function firstTag(tags: string | null): string | null {
  const [first] = tags?.split(/[\n,]/).map((tag) => tag.trim()) ?? []
  if (first === undefined || first === '') return null
  const output = /^\$\{\{\s*steps\.([\w-]+)\.outputs\.tags\s*\}\}$/.exec(first)?.[1]
  return output === undefined ? first : `\${{ fromJSON(steps.${output}.outputs.json).tags[0] }}`
}

/** What the first tag calls the image; null where only the workflow knows it. */
export function nameFromTag(tags: string | null): string | null {
  const tag = firstTag(tags)
  const name = tag?.replace(/:[^/]*$/, '') ?? null
  return name === null || name.includes('${{') ? null : name
}

/** The archive that a build which pushes writes instead: an OCI layout with all platforms and attestations. */
const ARCHIVE = '${{ runner.temp }}/image.tar'

/** The lines of an input with its key. */
function linesOf(job: Job, inputs: YAMLMap, key: string): { readonly start: number; readonly end: number } | null {
  const pair = inputs.items.find((item) => String((item as { key: unknown }).key) === key) as
    | { key: { range?: [number, number, number] | null }; value: { range?: [number, number, number] | null } | null }
    | undefined
  if (pair?.key.range == null || pair.value?.range == null) return null
  const start = job.lineOf(pair.key.range[0])
  let end = Math.max(start, job.lineOf(pair.value.range[1] - 1)) + 1
  while (end > start + 1 && (job.lines[end - 1] ?? '').trim() === '') end--
  return { start, end }
}

/** `push: ${{ github.ref_name == 'main' }}` as the condition of a step, with the one that the build has. */
function conditionOf(push: string, own: string | null): string | null {
  const bare = (text: string): string => /^\$\{\{(.*)\}\}$/s.exec(text.trim())?.[1]?.trim() ?? text.trim()
  const parts = [...(own === null ? [] : [bare(own)]), ...(push === 'true' ? [] : [bare(push)])]
  if (parts.length < 2) return parts[0] ?? null
  return parts.map((part) => `(${part})`).join(' && ')
}

/** Pushes the archive that was judged, under every tag of the build. */
function pushStep(condition: string | null, tags: readonly string[], indent: string): string[] {
  return [
    `${indent}# The bytes that were judged, not another build. GitHub's Linux runners have skopeo.`,
    ...(condition === null ? [`${indent}- env:`] : [`${indent}- if: ${condition}`, `${indent}  env:`]),
    ...tags.map((line) => `${indent}    ${line}`),
    `${indent}  run: |`,
    `${indent}    for tag in \${TAGS//,/ }; do`,
    `${indent}      skopeo copy --all --preserve-digests "oci-archive:$RUNNER_TEMP/image.tar" "docker://$tag"`,
    `${indent}    done`,
  ]
}

/** @param notes told of what a person has to do */
export function ofBuildPush(job: Job, step: WorkflowStep, action: string, notes: string[]): Edit[] {
  const where = whereIs(job, step)
  const inputs = mapAt(step.node, 'with')
  const context = textAt(inputs, 'context')
  const id = textAt(step.node, 'id')
  const metadata = id === null ? null : `\${{ steps.${id}.outputs.metadata }}`
  const common: Omit<BuildStep, 'image'> = {
    dockerfile: dockerfileOf(context, textAt(inputs, 'file'), null),
    name: null,
    context: joined(context),
    target: textAt(inputs, 'target'),
    platform: null,
    metadata,
  }
  const gate = (image: string): string[] => gateStep(action, { image, ...common }, job, step.indent)
  const platforms = (textAt(inputs, 'platforms') ?? '').split(/[\s,]+/).filter((each) => each !== '')
  // An archive of several platforms is judged for each.
  const ofArchive = (image: string): string[] =>
    platforms.length < 2
      ? gate(image)
      : platforms.flatMap((platform) =>
          gateStep(action, { ...common, image, platform, name: platform.replaceAll('/', '-') }, job, step.indent),
        )
  const file = /(?:^|[\s,])dest=([^\s,]+)/.exec(textAt(inputs, 'outputs') ?? '')?.[1]
  if (file !== undefined) return [{ before: step.end, lines: ofArchive(file) }]
  const tag = firstTag(textAt(inputs, 'tags'))
  const push = textAt(inputs, 'push') ?? 'false'
  if (push === 'false') {
    if (tag !== null && textAt(inputs, 'load') === 'true') return [{ before: step.end, lines: gate(tag) }]
    notes.push(`${where}: its build keeps no image: write load: true and tags, and put the gate behind it.`)
    return []
  }
  const gone =
    inputs === null || inputs.flow === true ? [] : ['push', 'load', 'tags'].map((key) => linesOf(job, inputs, key))
  const [pushLines, , tagLines] = gone
  if (pushLines == null || tagLines == null) {
    notes.push(
      `${where}: its build pushes${inputs?.flow === true ? ', and is written on one line' : ''}: let it write outputs: type=oci,dest=image.tar instead, put the gate with image: image.tar behind it, and push with skopeo copy --all.`,
    )
    return []
  }
  const column = /^\s*/.exec(job.lines[pushLines.start] ?? '')?.[0] ?? ''
  const own = job.lines.slice(tagLines.start, tagLines.end)
  const tags = own.map((line, index) =>
    index === 0
      ? line.trim().replace(/^tags\s*:/, 'TAGS:')
      : line.startsWith(column)
        ? line.slice(column.length)
        : line.trim(),
  )
  return [
    ...gone.flatMap((lines, index): Edit[] =>
      lines === null
        ? []
        : [
            {
              before: lines.start,
              removes: lines.end - lines.start,
              lines: index === 0 ? [`${column}outputs: type=oci,dest=${ARCHIVE}`] : [],
            },
          ],
    ),
    {
      before: step.end,
      lines: [...ofArchive(ARCHIVE), ...pushStep(conditionOf(push, textAt(step.node, 'if')), tags, step.indent)],
    },
  ]
}
