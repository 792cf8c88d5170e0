// Holds the alignment of history and Dockerfile against histories whose truth is known: node bench/lines.ts FILE.jsonl
//
// FILE.jsonl holds one Dockerfile a line as {"path", "text"}. For each stage of each, the histories that BuildKit, the
// classic builder, buildah and kaniko write are made by their documented rules; then the Dockerfile or the history is
// changed as it happens in life (edited since the build, another target, more stages, a base with a similar tail, ONBUILD in
// the base), and every entry's line is compared. Prints right, abstained and wrong; exits with 1 when a line is wrong, an own
// entry is called the base's, or more than 3 of 100 unchanged ones are not known.
import { readFileSync } from 'node:fs'
import { type Alignment, align } from '../src/dockerfile/align.ts'
import {
  type Dockerfile,
  type Instruction,
  parentStage,
  parseDockerfile,
  type Stage,
} from '../src/dockerfile/dockerfile.ts'
import { readHistoryEntry } from '../src/dockerfile/history.ts'
import { ownershipOf } from '../src/dockerfile/ownership.ts'
import { jsonWords } from '../src/dockerfile/patterns.ts'

const BUILDERS = ['buildkit', 'classic', 'buildah', 'kaniko'] as const
type Builder = (typeof BUILDERS)[number]

interface Made {
  readonly createdBy: string
  readonly comment: string | null
  readonly author: string | null
  /** The instruction that made it; null for one of the base. */
  readonly from: { readonly stage: number; readonly position: number } | null
  /** ONBUILD of the base ran it. */
  readonly isTriggered?: true
}

const HASH = 'a'.repeat(64)

/** Fills in variables and takes quotes off, as the builders do for most instructions. */
function filled(text: string, env: ReadonlyMap<string, string>): string {
  return text
    .replace(/\\(.)/gs, (_whole, char: string) => (char === '$' ? '\0' : char === '"' ? '\x01' : char))
    .replace(
      /\$(?:(\w+)|\{(\w+)(?:(:?[-+])((?:[^{}]|\{[^}]*\})*))?(?:[^}]*)\})/g,
      (_whole, bare: string | undefined, braced: string | undefined, operator: string | undefined, word = '') => {
        const value = env.get(bare ?? braced ?? '') ?? ''
        if (operator?.endsWith('+')) return value === '' ? '' : word
        return value === '' && operator !== undefined ? word : value
      },
    )
    .replace(/"([^"]*)"|'([^']*)'/g, (_whole, a: string | undefined, b: string | undefined) => a ?? b ?? '')
    .replaceAll('\0', '$')
    .replaceAll('\x01', '"')
}

const goList = (words: readonly string[]): string => `[${words.map((word) => JSON.stringify(word)).join(' ')}]`

interface State {
  readonly env: Map<string, string>
  readonly args: Map<string, string>
  shell: string[]
  directory: string
}

/** What a builder writes for one instruction; null for nothing. */
function written(
  builder: Builder,
  instruction: Instruction,
  state: State,
  values: ReadonlyMap<string, string>,
): string | null {
  const { keyword, text, documents, flags } = instruction
  const nop = (body: string): string =>
    builder === 'buildkit'
      ? body
      : `${state.shell.join(' ')} #(nop) ${builder === 'classic' && !/^(?:COPY|ADD|WORKDIR)/.test(body) ? ' ' : ''}${body}`
  const exec = jsonWords(text)
  const known = new Map([...state.args, ...state.env])
  switch (keyword) {
    case 'RUN': {
      const args = [...state.args].map(([name, value]) => `${name}=${value}`)
      const prefix = args.length === 0 ? '' : `|${args.length} ${args.join(' ')} `
      const [first] = documents
      let body = text
      if (first !== undefined) {
        const content = first.chomp ? first.content.replace(/^\t+/gm, '') : first.content
        const alone = documents.length === 1 && /^<<-?\s*\S+$/.test(text)
        body = alone
          ? content.startsWith('#!')
            ? `/dev/pipes/${first.name}`
            : content
          : text + documents.map((document) => `\n${document.content}${document.name}`).join('')
      }
      if (builder === 'kaniko') return `RUN ${text}`
      if (exec !== null)
        return builder === 'buildkit'
          ? `RUN ${prefix}${exec.join(' ')} # buildkit`
          : builder === 'classic'
            ? `${prefix}${exec.join(' ')}`
            : `${prefix}/bin/sh -c ${text}`
      const shown = builder === 'buildah' && flags.length > 0 ? `${flags.join(' ')} ` : ''
      return `${builder === 'buildkit' ? 'RUN ' : ''}${prefix}${state.shell.join(' ')} ${shown}${body}${builder === 'buildkit' ? ' # buildkit' : ''}`
    }
    case 'COPY':
    case 'ADD': {
      const words = (exec ?? text.match(/(?:"[^"]*"|'[^']*'|\\.|[^\s"'\\])+/g) ?? []).map((word) => filled(word, known))
      if (builder === 'kaniko') return `${keyword} ${[...flags, text].join(' ')}`
      if (builder !== 'buildkit') return nop(`${keyword} multi:${HASH} in ${words.at(-1)} `)
      const kept = flags.filter((flag) => /^--(?:chown|chmod)=/.test(flag)).map((flag) => filled(flag, known))
      const sources = words.slice(0, -1).filter((word) => !word.startsWith('<<'))
      return `${[keyword, ...kept, ...sources, ...documents.map(({ name }) => `<<${name}`), words.at(-1)].join(' ')} # buildkit`
    }
    case 'WORKDIR': {
      const to = filled(text, known)
      state.directory = to.startsWith('/') ? to : `${state.directory}/${to}`
      state.directory = state.directory.replace(/\/+/g, '/').replace(/(?<=.)\/$/, '')
      return nop(`WORKDIR ${builder === 'buildah' ? text : state.directory}`)
    }
    case 'ENV':
    case 'LABEL': {
      const old = !/^[^\s=]+=/.test(text)
      const pairs = old
        ? [`${text.split(/\s+/)[0]}=${text.replace(/^\S+\s+/, '')}`]
        : (text.match(/(?:"(?:\\.|[^"])*"|'[^']*'|\\.|[^\s"'\\])+/gs) ?? [])
      const plain = pairs.map((pair) => filled(pair, known))
      if (keyword === 'ENV')
        for (const pair of plain) state.env.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1))
      return nop(`${keyword} ${builder === 'buildah' ? text : plain.join(' ')}`)
    }
    case 'ARG': {
      const shown = text.split(/\s+(?=\w+(?:=|$))/).map((word) => {
        const [name = '', ...rest] = word.split('=')
        const value = values.get(name) ?? (rest.length === 0 ? undefined : filled(rest.join('='), known))
        if (value !== undefined) state.args.set(name, value)
        return builder === 'buildkit' && value !== undefined ? `${name}=${value}` : word
      })
      return nop(`ARG ${builder === 'buildah' ? [...state.args.keys()].sort().join(' ') || text : shown.join(' ')}`)
    }
    case 'CMD':
    case 'ENTRYPOINT':
      return nop(`${keyword} ${builder === 'buildah' ? text : goList(exec ?? [...state.shell, text])}`)
    case 'SHELL':
      state.shell = exec ?? state.shell
      return nop(builder === 'buildah' ? `SHELL ${text}` : `SHELL [${state.shell.join(' ')}]`)
    case 'EXPOSE': {
      const ports = filled(text, known).split(/\s+/)
      return nop(
        `EXPOSE ${builder === 'buildkit' ? `[${ports.map((port) => (port.includes('/') ? port : `${port}/tcp`)).join(' ')}]` : ports.join(' ')}`,
      )
    }
    case 'VOLUME':
      return nop(
        `VOLUME ${builder === 'buildah' ? text : `[${(exec ?? text.split(/\s+/)).map((word) => filled(word, known)).join(' ')}]`}`,
      )
    case 'HEALTHCHECK':
      return nop(
        `HEALTHCHECK ${builder === 'buildah' ? text : `{Test:[CMD-SHELL ${text.replace(/^CMD\s+/, '')}] Interval:0s}`}`,
      )
    case 'ONBUILD':
      return builder === 'buildkit' ? null : nop(`ONBUILD ${text}`)
    case 'USER':
    case 'STOPSIGNAL':
      return nop(`${keyword} ${builder === 'buildah' ? text : filled(text, known)}`)
    default:
      return nop(`${keyword} ${text}`)
  }
}

const BASE: readonly Made[] = [
  {
    createdBy: "# debian.sh --arch 'amd64' out/ 'bookworm' '@1704067200'",
    comment: 'debuerreotype 0.15',
    author: null,
    from: null,
  },
  { createdBy: 'CMD ["bash"]', comment: 'buildkit.dockerfile.v0', author: null, from: null },
]

const commentOf = (builder: Builder): string | null =>
  builder === 'buildkit' ? 'buildkit.dockerfile.v0' : builder === 'buildah' ? 'FROM 0123456789ab' : null

/** The history of one stage on its base. @param triggered what the base's ONBUILD runs */
function historyOf(
  builder: Builder,
  dockerfile: Dockerfile,
  stage: Stage,
  base: readonly Made[],
  values: ReadonlyMap<string, string>,
): Made[] {
  const stages: Stage[] = []
  for (let at: Stage | null = stage; at !== null; at = parentStage(dockerfile, at)) stages.unshift(at)
  const made: Made[] = stages[0]?.from.toLowerCase() === 'scratch' ? [] : [...base]
  const state: State = { env: new Map(), args: new Map(), shell: ['/bin/sh', '-c'], directory: '/' }
  let triggers: readonly Instruction[] = []
  for (const { index, instructions } of stages) {
    const steps = [
      ...triggers.map((ran) => ({ ran, position: -1 })),
      ...instructions.map((ran, position) => ({ ran, position })),
    ]
    for (const { ran, position } of steps) {
      const createdBy = written(builder, ran, state, values)
      // kaniko writes entries for the steps that made a layer alone.
      if (createdBy === null || (builder === 'kaniko' && !['RUN', 'COPY', 'ADD'].includes(ran.keyword))) continue
      made.push({
        createdBy,
        comment: commentOf(builder),
        author: builder === 'kaniko' ? 'kaniko' : null,
        from: { stage: index, position },
      })
    }
    triggers = instructions.flatMap(({ trigger }) => (trigger === null ? [] : [trigger]))
  }
  return made
}

/** Where the instructions of the built Dockerfile stand in the one that is given; null: they are not there any more. */
type Lines = (from: { readonly stage: number; readonly position: number }) => number | null

const linesOf =
  (dockerfile: Dockerfile, shift = 0): Lines =>
  ({ stage, position }) => {
    const at = dockerfile.stages[stage]
    const instruction = position === -1 ? at?.fromInstruction : at?.instructions[position]
    return instruction === undefined ? null : instruction.startLine + shift
  }

const counts = new Map<
  string,
  { right: number; abstained: number; wrong: number; base: number; untold: number; cases: number; silent: number }
>()
const examples: string[] = []

function compare(
  name: string,
  what: string,
  given: Dockerfile,
  made: readonly Made[],
  lines: Lines,
  target: string | null,
): void {
  // Times as builders write them: the base is of last year, the build took a minute; what ONBUILD of the base ran is part of it.
  const created = ({ from, isTriggered }: Made): string =>
    from === null && isTriggered !== true ? '2025-01-01T00:00:00.5Z' : '2026-01-01T00:00:00.5Z'
  const history = made.map((entry, index) => ({
    ...readHistoryEntry({ ...entry, index, created: created(entry), empty: false }),
    empty: false,
  }))
  const result = align(given, history, target)
  const alignment: Alignment | null = 'alignment' in result ? result.alignment : null
  const { entries } = ownershipOf({
    history,
    pairing: history.map((_, index) => index),
    alignment,
    traced: null,
    reason: null,
    dockerfiles: [given],
    isNamed: true,
    all: [],
  })
  const count = counts.get(name) ?? { right: 0, abstained: 0, wrong: 0, base: 0, untold: 0, cases: 0, silent: 0 }
  counts.set(name, count)
  const own = made.filter(({ from }) => from !== null).length
  if (own === 0) return
  count.cases++
  if (alignment === null || alignment.instructions.size === 0) count.silent++
  made.forEach(({ from, createdBy, isTriggered }, index) => {
    const truth = from === null ? null : lines(from)
    const line = alignment?.instructions.get(index)?.startLine ?? null
    if ((from !== null || isTriggered === true) && entries[index]?.owner === 'base') count.base++
    if (from === null && isTriggered !== true && alignment !== null && entries[index]?.owner !== 'base') count.untold++
    if (line !== null && line !== truth) {
      count.wrong++
      if (examples.length < 20)
        examples.push(`${name}: ${what}: entry ${index} (${createdBy.slice(0, 60)}) got line ${line}, true is ${truth}`)
    } else if (from !== null && truth !== null) {
      if (line === truth) count.right++
      else count.abstained++
    }
  })
  if (name.startsWith('unchanged') && result !== null && 'reason' in result && examples.length < 20)
    examples.push(`${name}: ${what}: ${result.reason}`)
}

/** A small generator of numbers that is the same in every run. */
let seed = 7
const pick = (count: number): number => {
  seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
  return seed % Math.max(1, count)
}

const [file = ''] = process.argv.slice(2)
if (file === '') {
  console.error('usage: node bench/lines.ts FILE.jsonl')
  process.exit(2)
}
const corpus = readFileSync(file, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as { readonly path: string; readonly text: string })
const values = new Map([
  ['VERSION', '9.9.9'],
  ['TARGETARCH', 'amd64'],
])

/** The Dockerfile with the lines of some instructions changed; lines of others move along. */
function edited(dockerfile: Dockerfile, change: (lines: string[]) => void): Dockerfile {
  const lines = [...dockerfile.lines]
  change(lines)
  return parseDockerfile(dockerfile.path, lines.join('\n'))
}

for (const { path, text } of corpus) {
  const dockerfile = parseDockerfile(path, text)
  if (dockerfile.error !== null) continue
  for (const stage of dockerfile.stages) {
    const isLast = stage.index === dockerfile.stages.length - 1
    for (const builder of BUILDERS) {
      const made = historyOf(builder, dockerfile, stage, BASE, values)
      const what = `${path}, stage ${stage.index}`
      const truth = linesOf(dockerfile)
      if (isLast) compare(`unchanged, ${builder}`, what, dockerfile, made, truth, null)
      else if (stage.name !== null) compare(`named target, ${builder}`, what, dockerfile, made, truth, stage.name)
      if (!isLast) compare('another target, not named', what, dockerfile, made, truth, null)
      if (!isLast) continue
      // A comment above and one more stage, before or behind.
      const shifted = parseDockerfile(path, `# a comment\n\n${dockerfile.escapeCharacter === '`' ? '' : text}`)
      if (dockerfile.escapeCharacter !== '`')
        compare('comment added above', what, shifted, made, linesOf(dockerfile, 2), null)
      compare(
        'stage added behind',
        what,
        parseDockerfile(path, `${text.trimEnd()}\nFROM busybox AS added\nRUN true\nCMD ["x"]\n`),
        made,
        truth,
        null,
      )
      // A base whose last entries look like the first, or the last, of the build.
      const own = made.filter(({ from }) => from !== null)
      if (stage.from.toLowerCase() !== 'scratch' && parentStage(dockerfile, stage) === null && own.length > 1) {
        const asBase = (entries: readonly Made[]): Made[] => entries.map((entry) => ({ ...entry, from: null }))
        for (const tail of [own.slice(0, 2), own.slice(-2), own]) {
          if (builder !== 'kaniko')
            compare(
              'base with a similar tail',
              what,
              dockerfile,
              historyOf(builder, dockerfile, stage, [...BASE, ...asBase(tail)], values),
              truth,
              null,
            )
        }
        // What ONBUILD of the base ran: nothing in the history tells that it is no part of the base, and no line of ours made it.
        const triggered: Made[] = [
          {
            createdBy:
              builder === 'buildkit'
                ? 'COPY . /usr/src/app # buildkit'
                : `/bin/sh -c #(nop) COPY dir:${HASH} in /usr/src/app `,
            comment: commentOf(builder),
            author: builder === 'kaniko' ? 'kaniko' : null,
            from: null,
            isTriggered: true,
          },
        ]
        compare(
          'ONBUILD in the base',
          what,
          dockerfile,
          historyOf(builder, dockerfile, stage, [...BASE, ...triggered], values),
          truth,
          null,
        )
      }
      // Edited since the build.
      const editable = stage.instructions.filter(({ startLine, endLine }) => startLine === endLine)
      const one = editable[pick(editable.length)]
      if (one === undefined) continue
      const position = stage.instructions.indexOf(one)
      compare(
        'a line changed',
        what,
        edited(dockerfile, (lines) => lines.splice(one.startLine - 1, 1, `${one.keyword} ${one.text}-changed`)),
        made,
        truth,
        null,
      )
      const removed = edited(dockerfile, (lines) => lines.splice(one.startLine - 1, 1))
      compare(
        'a line removed',
        what,
        removed,
        made,
        (from) => {
          const line = truth(from)
          if (line === null || (from.stage === stage.index && from.position === position)) return null
          return line > one.startLine ? line - 1 : line
        },
        null,
      )
      const doubled = edited(dockerfile, (lines) => lines.splice(one.startLine - 1, 0, `RUN echo added`))
      compare(
        'a line added',
        what,
        doubled,
        made,
        (from) => ((truth(from) ?? 0) >= one.startLine ? (truth(from) ?? 0) + 1 : truth(from)),
        null,
      )
      const next = stage.instructions[position + 1]
      // Of two COPY to one place the classic builder keeps no name: nothing tells that they were swapped.
      if (
        next !== undefined &&
        next.startLine === next.endLine &&
        next.startLine === one.startLine + 1 &&
        next.keyword !== one.keyword
      ) {
        const swapped = edited(dockerfile, (lines) =>
          lines.splice(one.startLine - 1, 2, lines[next.startLine - 1] ?? '', lines[one.startLine - 1] ?? ''),
        )
        compare(
          'two lines swapped',
          what,
          swapped,
          made,
          (from) => {
            const line = truth(from)
            return line === one.startLine ? next.startLine : line === next.startLine ? one.startLine : line
          },
          null,
        )
      }
    }
  }
}

let failed = false
console.log(
  `${'case'.padEnd(28)} ${'images'.padStart(7)} ${'no line'.padStart(8)}   ${'right'.padStart(7)} ${'abstained'.padStart(9)} ${'wrong'.padStart(6)} ${'own called base'.padStart(16)} ${'base not known'.padStart(15)}`,
)
for (const [name, { right, abstained, wrong, base, untold, cases, silent }] of [...counts].sort(([a], [b]) =>
  a < b ? -1 : 1,
)) {
  console.log(
    `${name.padEnd(28)} ${String(cases).padStart(7)} ${String(silent).padStart(8)}   ${String(right).padStart(7)} ${String(abstained).padStart(9)} ${String(wrong).padStart(6)} ${String(base).padStart(16)} ${String(untold).padStart(15)}`,
  )
  if (wrong > 0 || base > 0 || (name.startsWith('unchanged') && abstained > 0.03 * (right + abstained))) failed = true
}
for (const example of examples) console.log(example)
process.exitCode = failed ? 1 : 0
