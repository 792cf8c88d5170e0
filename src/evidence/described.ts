// The image that a Dockerfile describes, as far as its text tells: configuration and history of the last stage, as BuildKit
// would write them. The rules on secrets judge it as they judge an image; what is in no image stands beside it.
import type { Dockerfile, Instruction, Stage } from '../dockerfile/dockerfile.ts'
import type { DockerfileLines } from '../dockerfile/lines.ts'
import type { EntryOrigin, Origin } from '../dockerfile/origin.ts'
import { jsonWords } from '../dockerfile/patterns.ts'
import { buildFilesystem } from '../filesystem/filesystem.ts'
import type { ImageConfig } from '../image/config.ts'
import { baseName } from '../image/path.ts'
import type { SecretKind } from '../secrets/detector.ts'
import type { SecretMatch } from '../secrets/match.ts'
import type { Scanner } from '../secrets/scanner.ts'
import { type CommandCredential, credentialsOf } from './command-credentials.ts'
import { isSameValue } from './given-leaks.ts'
import { collectLeaks, type Leaks } from './leak.ts'
import { filledIn, readVariables, type Step } from './steps.ts'
import { linesIn } from './value-lines.ts'
import { Vouching } from './vouching.ts'

/** A secret that the Dockerfile says and the configuration of its image does not. */
export interface BesideSecret {
  /**
   * `file`: a here-document that COPY or ADD writes into the image; `stage`: an instruction of a stage that the image is only
   * made with, or an ARG before the first FROM; `comment`.
   */
  readonly where: 'file' | 'stage' | 'comment'
  readonly kind: SecretKind
  readonly match: SecretMatch
  /** The keyword of the instruction; empty for a comment. */
  readonly keyword: string
  /** Of a file its path in the image, of a stage its name; empty where there is none. */
  readonly name: string
  readonly lines: DockerfileLines | null
}

export interface Described {
  readonly origin: Origin
  readonly leaks: Leaks
  readonly beside: readonly BesideSecret[]
}

/** The text of an instruction in the history; only a RUN has its here-documents there, and what ONBUILD leaves. */
function historyText({ keyword, text, source, variables }: Step): string {
  if (keyword === 'ENV' || keyword === 'LABEL') return filledIn(text, variables)
  return keyword === 'RUN' || keyword === 'ONBUILD' ? wholeText(text, source) : text
}

const wholeText = (text: string, source: Instruction | null): string =>
  [text, ...(source?.documents ?? []).map(({ name, content }) => `${content}${name}`)].join('\n')

function entryOf(step: Step, index: number): EntryOrigin {
  const { keyword, source, lines } = step
  const text = historyText(step)
  const display = `${keyword ?? ''} ${text}`
  return {
    instruction: {
      index,
      keyword,
      text,
      raw: text,
      buildArgs: [],
      display,
      builder: 'buildkit',
      author: null,
      comment: null,
      created: null,
    },
    source,
    entry: { index, created: null, createdBy: display, author: null, comment: null, empty: true },
    workdir: '/',
    layer: null,
    owner: 'own',
    certainty: null,
    lines,
  }
}

/** The words of CMD, ENTRYPOINT or a health check. */
const commandOf = (text: string): string[] => jsonWords(text) ?? ['/bin/sh', '-c', text]

/** What the instructions leave in the configuration. */
function configOf(steps: readonly Step[]): ImageConfig {
  const last = (keyword: string): string | null => steps.findLast((step) => step.keyword === keyword)?.text ?? null
  const pairs = (keyword: string): Map<string, string> =>
    new Map(
      steps.flatMap(({ keyword: own, text, variables }) =>
        // A label has the old form `LABEL NAME VALUE` too.
        own === keyword
          ? readVariables('ENV', text).flatMap(({ name, value }) =>
              value === null ? [] : [[name, filledIn(value, variables)] as const],
            )
          : [],
      ),
    )
  const command = (keyword: string): string[] | null => {
    const text = last(keyword)
    return text === null ? null : commandOf(text)
  }
  const health = last('HEALTHCHECK')
  return {
    platform: { os: 'linux', architecture: 'amd64', variant: null },
    created: null,
    author: last('MAINTAINER'),
    comment: null,
    run: {
      User: last('USER'),
      Env: [...pairs('ENV')].map(([name, value]) => `${name}=${value}`),
      Cmd: command('CMD'),
      Entrypoint: command('ENTRYPOINT'),
      Labels: Object.fromEntries(pairs('LABEL')),
      OnBuild: steps.flatMap(({ keyword, text, source }) => (keyword === 'ONBUILD' ? [wholeText(text, source)] : [])),
      Healthcheck: health === null ? null : { Test: commandOf(health.replace(/^CMD\s+/i, '')) },
      WorkingDir: last('WORKDIR'),
      Shell: null,
      ExposedPorts: [],
    },
    legacy: null,
    diffIds: [],
    history: null,
  }
}

function originOf(
  dockerfile: Dockerfile,
  stages: readonly Stage[],
  steps: readonly Step[],
  linesOf: (instruction: Instruction) => DockerfileLines,
): Origin {
  const stage = stages.at(-1) ?? null
  return {
    dockerfile,
    layers: [],
    history: steps.map(entryOf),
    base: null,
    baseReason: null,
    lastLines: (keyword) => steps.findLast((step) => step.keyword === keyword)?.lines ?? null,
    linesOf,
    from: stage === null ? null : linesOf(stage.fromInstruction),
    stage,
    stages,
    reason: null,
    warnings: [],
  }
}

/** Comments at their lines, and nothing else: here-documents have text of their own. */
function commentsOf({ lines, globals, stages }: Dockerfile): string {
  const instructions = [...globals, ...stages.flatMap((stage) => [stage.fromInstruction, ...stage.instructions])]
  const isText = new Set(
    instructions.flatMap(({ documents }) =>
      documents.flatMap(({ content, startLine }) => content.split('\n').map((_, index) => startLine + index)),
    ),
  )
  return lines.map((line, index) => (/^\s*#/.test(line) && !isText.has(index + 1) ? line : '')).join('\n')
}

/** Where COPY or ADD writes a here-document. */
function targetOf({ text }: Instruction, name: string): string {
  const target = (jsonWords(text) ?? text.split(/\s+/)).at(-1)?.replace(/^(["'])(.*)\1$/, '$2') ?? '/'
  return target.endsWith('/') ? `${target}${name}` : target
}

/** What the Dockerfile says beside the image. */
function* besideOf(
  dockerfile: Dockerfile,
  steps: readonly Step[],
  scanner: Scanner,
  linesOf: (instruction: Instruction) => DockerfileLines,
): Generator<Omit<BesideSecret, 'kind'>> {
  const at = (instruction: Instruction, { value, facts }: SecretMatch): DockerfileLines => ({
    ...linesOf(instruction),
    ...linesIn(instruction, value, facts['name'] ?? ''),
  })
  for (const step of steps) {
    const { keyword, source, of, stage, text } = step
    if (source === null || keyword === null) continue
    if (of === 'stage') {
      const given: readonly CommandCredential[] = step.commands.flatMap(credentialsOf)
      // credentials-in-command tells these, in the image as well.
      for (const match of scanner.scanText(`${keyword} ${wholeText(text, source)}`))
        if (!given.some((credential) => isSameValue(credential, match.value)))
          yield { where: 'stage', match, keyword, name: stage?.name ?? '', lines: at(source, match) }
    } else if (keyword === 'COPY' || keyword === 'ADD')
      for (const { name, content } of source.documents) {
        const target = targetOf(source, name)
        for (const match of scanner.scanText(content, target))
          yield { where: 'file', match, keyword, name: target, lines: at(source, match) }
      }
  }
  for (const instruction of dockerfile.globals)
    for (const match of scanner.scanText(`${instruction.keyword} ${instruction.text}`))
      yield { where: 'stage', match, keyword: instruction.keyword, name: '', lines: at(instruction, match) }
  for (const match of scanner.scanText(commentsOf(dockerfile), baseName(dockerfile.path))) {
    const line = match.line ?? 1
    yield {
      where: 'comment',
      match,
      keyword: '',
      name: '',
      lines: { path: dockerfile.path, startLine: line, endLine: line, certainty: 'exact' },
    }
  }
}

/**
 * Reads the image out of a Dockerfile.
 * @param stages the last one and those that it builds on, the lowest first
 * @param steps of the whole Dockerfile
 */
export function describedBy(
  dockerfile: Dockerfile,
  stages: readonly Stage[],
  steps: readonly Step[],
  linesOf: (instruction: Instruction) => DockerfileLines,
  scanner: Scanner,
): Described {
  const own = steps.filter(({ of }) => of === 'image')
  const origin = originOf(dockerfile, stages, own, linesOf)
  const image = { config: configOf(own), annotations: {}, documents: [], names: [] }
  const none = new Map<string, never>()
  const leaks = collectLeaks({
    image,
    scans: [],
    filesystem: buildFilesystem([]),
    origin,
    attestations: [],
    vouching: new Vouching([], origin, own, none),
    hashes: none,
    others: [],
    scanner,
  })
  const told = new Set(leaks.leaks.map(({ value }) => value))
  const seen = new Set<string>()
  const beside: BesideSecret[] = []
  for (const secret of besideOf(dockerfile, steps, scanner, linesOf)) {
    const { match } = secret
    if (told.has(match.value) || seen.has(match.identity)) continue
    seen.add(match.identity)
    beside.push({ ...secret, kind: scanner.catalogue.kindOf(match.detector) })
  }
  return { origin, leaks, beside }
}
