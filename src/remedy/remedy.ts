// What to do about the leaks of an image: the very lines, changed. One plan for all of them, from the instructions that brought the
// secrets and the way that they went: patterns for .dockerignore, secret mounts where a RUN needs them, RUNs joined, a stage of its
// own, variables at run time. A change is planned only where it is certain: it builds, the leak is gone, and what the build and the
// container need is still there. https://docs.docker.com/build/building/secrets/
import { patternOf } from '../checkout/dockerignore.ts'
import { contextPath, copySources } from '../dockerfile/copy.ts'
import { type Dockerfile, flagValue, type Instruction, parentStage, type Stage } from '../dockerfile/dockerfile.ts'
import type { EntryOrigin } from '../dockerfile/origin.ts'
import { type BuildEvidence as Evidence, fileKey } from '../evidence/evidence.ts'
import { isExpired, type Leak } from '../evidence/leak.ts'
import type { FilePlace, Place } from '../evidence/place.ts'
import type { Step } from '../evidence/steps.ts'
import { baseName, cleanPath, parentOf } from '../image/path.ts'
import { withoutModes, withoutRemoval } from '../shell/edit.ts'
import { definedNames, type Edit, Plan } from './plan.ts'
import { areJoinable, isOfTools, mayNeed, useOf } from './uses.ts'

/** A change that makes the leak go away: it must build, and its image must be clean. */
export interface Fix {
  /** The Dockerfile, relative to the root of the checkout. */
  readonly path: string
  readonly edits: readonly Edit[]
  /** Lines for .dockerignore. */
  readonly ignore: { readonly path: string; readonly patterns: readonly string[] } | null
  /** Options that `docker build` then takes. */
  readonly build: readonly string[]
}

export interface Remedy {
  /** null where no change is certain. */
  readonly fix: Fix | null
  /** What a person has to decide, in a sentence; null where there is a change, or nothing to add. */
  readonly why: string | null
}

/** One instruction of the stage that was built, with what was in force there. */
interface BuiltInstruction {
  readonly source: Instruction
  readonly entry: EntryOrigin
  /** Its commands; null where they are not known. */
  readonly step: Step | null
  readonly workdir: string
  readonly isRoot: boolean
}

/** Leaks of one image that are planned for; nobody pastes more. */
const MAX_PLANNED = 200

/** The steps of the build that the Dockerfile shows, oldest first. */
function instructionsOf({ origin, steps }: Evidence): BuiltInstruction[] {
  const byLine = new Map(
    steps.flatMap((step) =>
      step.source !== null && step.of === 'image' ? [[step.source.startLine, step] as const] : [],
    ),
  )
  let isRoot = true
  const found: BuiltInstruction[] = []
  for (const entry of origin.history) {
    const { instruction, source, owner } = entry
    if (source !== null && owner !== 'base' && source.keyword === instruction.keyword)
      found.push({ source, entry, step: byLine.get(source.startLine) ?? null, workdir: entry.workdir, isRoot })
    if (instruction.keyword === 'USER') isRoot = /^(?:root|0)?(?::|$)/.test(instruction.text.trim())
  }
  return found
}

/** `.npmrc` is mounted under the id `npmrc`. */
const idOf = (path: string): string =>
  baseName(path)
    .replace(/^\.+/, '')
    .replace(/[^\w.-]+/g, '-') || 'secret'

const NAME = /^[A-Za-z_]\w*$/
/** What an option of RUN can hold without quotes. */
const PLAIN_PATH = /^[\w./+@~-]+$/

/** Whether a text uses a variable. */
const mentions = (text: string, name: string): boolean => NAME.test(name) && new RegExp(`\\$\\{?${name}\\b`).test(text)

const wholeText = ({ text, documents }: Instruction): string =>
  [text, ...documents.map(({ content }) => content)].join('\n')

/** Programs that fetch from registries, with the words in names of variables that speak of them. */
const FETCHERS: readonly (readonly [words: RegExp, programs: RegExp])[] = [
  [/NPM|NODE|YARN|PNPM/i, /^(?:npm|npx|pnpm|yarn|bun)$/],
  [/PIP|PYPI|PYTHON|TWINE|UV_|POETRY/i, /^(?:pip3?|uv|poetry|pipenv|twine|python3?)$/],
  [/CARGO|CRATES/i, /^cargo$/],
  [/GO(?:PROXY|PRIVATE|_)|NETRC/i, /^(?:go|curl|wget|git)$/],
  [/NUGET|DOTNET/i, /^(?:dotnet|nuget)$/],
  [/MAVEN|MVN|GRADLE/i, /^(?:mvnw?|gradlew?)$/],
  [/BUNDLE|GEM|RUBY/i, /^(?:bundle|gem)$/],
  [/COMPOSER/i, /^composer$/],
]
const ANY_FETCHER =
  /^(?:bun|bundle|cargo|composer|curl|dotnet|gem|git|go|gradlew?|mvnw?|npm|npx|nuget|pip3?|pnpm|poetry|uv|wget|yarn)$/

/** RUNs that may read a variable which none of them names: programs read the environment. */
function fetchersFor(name: string, runs: readonly BuiltInstruction[]): BuiltInstruction[] {
  const own = FETCHERS.find(([words]) => words.test(name))?.[1]
  const using = (programs: RegExp): BuiltInstruction[] =>
    runs.filter(({ step }) => step?.commands.some((command) => programs.test(command.name)) === true)
  const named = own === undefined ? [] : using(own)
  return named.length > 0 ? named : using(ANY_FETCHER)
}

/** A reason to plan nothing. */
class NotCertain extends Error {}

/** @param why nothing to add where it is empty */
const refuse: (why?: string) => never = (why = '') => {
  throw new NotCertain(why)
}

const lineOf = ({ source }: BuiltInstruction): string => `${source.keyword} in line ${source.startLine}`

class Planner {
  readonly #evidence: Evidence
  readonly #leak: Leak
  readonly #instructions: readonly BuiltInstruction[]
  readonly #plan: Plan
  /** What secret mounts are called, by what they hold. */
  readonly #ids: Map<string, string>
  /** Names of arguments and variables that hold the value. */
  readonly #names = new Set<string>()

  constructor(
    evidence: Evidence,
    leak: Leak,
    instructions: readonly BuiltInstruction[],
    plan: Plan,
    ids: Map<string, string>,
  ) {
    this.#evidence = evidence
    this.#leak = leak
    this.#instructions = instructions
    this.#plan = plan
    this.#ids = ids
  }

  /** Plans for all places. @throws NotCertain */
  run(mayMakeStage: boolean): void {
    if (this.#plan.isClosed) refuse()
    const { places } = this.#leak
    if (places.some(({ owner, kind }) => owner === 'base' || (owner === 'unknown' && kind !== 'config'))) refuse()
    for (const place of places) this.#collectNames(place)
    this.#literals()
    this.#variables()
    for (const place of places) if (place.kind === 'file') this.#file(place, mayMakeStage)
    if (!places.every((place) => this.#isCovered(place))) refuse()
  }

  /** The id of a secret: another one gets another. */
  #id(wanted: string, holds: string): string {
    const known = this.#ids.get(holds)
    if (known !== undefined) return known
    const taken = new Set(this.#ids.values())
    let id = wanted
    for (let count = 2; taken.has(id); count++) id = `${wanted}-${count}`
    this.#ids.set(holds, id)
    return id
  }

  #collectNames(place: Place): void {
    if (place.kind === 'config' && place.field.startsWith('Env.')) this.#names.add(place.field.slice(4))
    if (place.kind === 'config' && place.field.startsWith('Labels.')) this.#names.add(place.field.slice(7))
    if (place.kind === 'attestation') {
      const name = /build-arg:([\w.-]+)/.exec(place.field)?.[1]
      if (name !== undefined) this.#names.add(name)
    }
    if (place.kind !== 'history') return
    const entry = this.#evidence.origin.history[place.index]
    for (const argument of entry?.instruction.buildArgs ?? [])
      if (argument.includes(this.#leak.value)) this.#names.add(argument.slice(0, argument.indexOf('=')))
    const source = entry?.source
    if (source != null && /^(?:ARG|ENV|LABEL)$/.test(source.keyword)) {
      const text = entry?.instruction.text ?? ''
      for (const name of definedNames(source)) {
        const at = text.indexOf(`${name}=`)
        if (
          at !== -1 &&
          text
            .slice(at + name.length + 1)
            .replace(/^["']/, '')
            .startsWith(this.#leak.value.slice(0, 8))
        )
          this.#names.add(name)
      }
    }
  }

  /** Where every place went: nothing may be left that the plan does not touch. */
  #isCovered(place: Place): boolean {
    if (place.kind === 'file') return true
    if (place.kind === 'config') return /^(?:Env|Labels)\./.test(place.field)
    if (place.kind === 'attestation') return /build-arg:/.test(place.field)
    if (place.kind !== 'history') return false
    const { source, instruction } = this.#evidence.origin.history[place.index] ?? {}
    if (source == null || instruction === undefined) return false
    const { value } = this.#leak
    if (source.keyword === 'RUN')
      return source.text.includes(value) || instruction.buildArgs.some((argument) => argument.includes(value))
    return /^(?:ARG|ENV|LABEL)$/.test(source.keyword) && definedNames(source).some((name) => this.#names.has(name))
  }

  /** The value itself in a RUN: read from a mounted secret in its place. */
  #literals(): void {
    const { value, detector } = this.#leak
    for (const { source, isRoot } of this.#instructions) {
      if (source.keyword !== 'RUN' || !source.text.includes(value)) continue
      const body = this.#plan.body(source)
      const at = body.indexOf(value)
      if (at === -1 || source.documents.length > 0 || source.text.startsWith('[') || /\s/.test(value)) refuse()
      const id = this.#id(detector.id, `value ${value}`)
      const read = `$(cat /run/secrets/${id})`
      const isWord = body.includes(`'${value}'`)
      const quotes = (
        body
          .slice(0, at)
          .replace(/\\./g, '')
          .replace(/"[^"]*"/g, '')
          .match(/'/g) ?? []
      ).length
      this.#plan.setBody(
        source,
        isWord
          ? body.replaceAll(`'${value}'`, `"${read}"`).replaceAll(value, read)
          : body.replaceAll(value, quotes % 2 === 1 ? `'"${read}"'` : read),
      )
      this.#plan.mount(source, id, isRoot ? [] : ['mode=0444'])
      this.#plan.option(`--secret id=${id},src=FILE`)
    }
  }

  /** ARG, ENV and LABEL go; RUNs that need the value get it as a secret. */
  #variables(): void {
    const needed = new Set<string>()
    const isArgument = new Set<string>()
    for (const { source } of this.#instructions) {
      if (!/^(?:ARG|ENV|LABEL)$/.test(source.keyword)) continue
      const names = definedNames(source).filter((defined) => this.#names.has(defined))
      if (names.length === 0) continue
      for (const name of names) {
        if (source.keyword !== 'LABEL') needed.add(name)
        if (source.keyword === 'ARG') isArgument.add(name)
      }
      this.#plan.drop(source, names)
    }
    const runs = this.#instructions.filter(({ source }) => source.keyword === 'RUN')
    // ENV copies an argument: both are gone, and one secret serves.
    for (const name of needed) {
      if (!NAME.test(name)) refuse()
      const users = runs.filter(({ source }) => mentions(wholeText(source), name))
      const other = this.#instructions.find(
        ({ source }) =>
          /^(?:COPY|ADD|WORKDIR|USER|EXPOSE|VOLUME|ENV|LABEL)$/.test(source.keyword) &&
          mentions(source.text, name) &&
          !definedNames(source).some((defined) => this.#names.has(defined)),
      )
      if (other !== undefined) refuse(`${lineOf(other)} uses ${name}, and an instruction reads no secret.`)
      const implied = users.length === 0 && isArgument.has(name) ? fetchersFor(name, runs) : users
      this.#ids.set(`variable ${name}`, name)
      for (const { source, isRoot } of implied) {
        this.#plan.mountVariable(source, name, isRoot)
        // Who gave an argument has its name.
        const given = isArgument.has(name) ? name : ([...isArgument][0] ?? name)
        this.#plan.option(`--secret id=${name},env=${given}`)
      }
    }
  }

  #file(place: FilePlace, mayMakeStage: boolean): void {
    const at = this.#instructions.findIndex(({ entry }) => entry.layer === place.version.layer)
    const instruction = this.#instructions[at]
    if (instruction === undefined || place.version.content !== place.version || place.inside !== null) refuse()
    const { keyword } = instruction.source
    if (keyword === 'COPY' || keyword === 'ADD') this.#copied(place, instruction, at)
    else if (keyword === 'RUN') this.#made(place, instruction, at, mayMakeStage)
    else refuse()
  }

  /** The RUN that hides the file. */
  #hider(place: FilePlace): { readonly run: BuiltInstruction; readonly at: number } | null {
    if (place.ending === null || place.ending.state !== 'deleted') return null
    const layer = place.ending.layer
    const at = this.#instructions.findIndex(({ entry }) => entry.layer === layer)
    const run = this.#instructions[at]
    return run === undefined || run.source.keyword !== 'RUN' ? null : { run, at }
  }

  readonly #resolves =
    (path: string, workdir: string) =>
    (operand: string): boolean =>
      cleanPath(
        operand.startsWith('/')
          ? operand
          : operand.startsWith('~/')
            ? `/root/${operand.slice(2)}`
            : `${workdir}/${operand}`,
      ) === path

  /** Left out of the context, or its COPY taken out; what needs it meanwhile mounts it. */
  #copied(place: FilePlace, { source, workdir }: BuiltInstruction, at: number): void {
    const path = place.version.path
    if (flagValue(source, 'from') !== null || source.documents.length > 0) refuse()
    const known = this.#evidence.sources.get(fileKey(place.version.layer, place.version.index))
    const inContext = known?.inContext ?? contextPath(source, path, workdir)
    const sources = copySources(source)
    if (sources.some((name) => /^[a-z][a-z+]*:\/\/|\.(?:tar|tgz|txz|tbz2?)(?:\.\w+)?$/.test(name))) refuse()
    if (/[\n\r]/.test(inContext)) refuse()
    const isNamed = sources.includes(inContext)
    const hider = this.#hider(place)
    if (place.ending !== null && place.ending.layer !== place.version.layer) {
      const { layer, state } = place.ending
      const over = this.#instructions.find(({ entry }) => entry.layer === layer)?.source.keyword
      // Another COPY over it stands by itself; a RUN that changes the file would miss it.
      if (hider === null && (state !== 'overwritten' || (over !== 'COPY' && over !== 'ADD'))) refuse()
    }
    if (hider !== null) {
      const left = withoutRemoval(this.#plan.body(hider.run.source), this.#resolves(path, hider.run.workdir))
      if (left === null)
        refuse(`${lineOf(hider.run)} moves it, or removes it with other files: take it out of that command by hand.`)
      this.#plan.setBody(hider.run.source, left)
    }
    this.#mountWhereRead(place, at, hider?.at ?? null, isNamed, inContext, known?.path ?? inContext)
    this.#checkOtherStages(inContext, path)
    if (known?.ignoredBy == null) this.#plan.leaveOut(patternOf(inContext))
    if (known !== undefined) this.#plan.ignoreFile = known.ignoreFile
    if (!isNamed) return
    if (sources.length === 1) this.#checkFolder(place, source, workdir, at)
    this.#plan.drop(source, [inContext])
  }

  /** RUNs that read the file get it as a mount. @param until the RUN that takes it away; null where the container has it */
  #mountWhereRead(
    place: FilePlace,
    at: number,
    until: number | null,
    isNamed: boolean,
    inContext: string,
    file: string,
  ): void {
    const path = place.version.path
    const readers: BuiltInstruction[] = []
    let open: BuiltInstruction | null = null
    for (const run of this.#instructions.slice(at + 1, until === null ? undefined : until + 1)) {
      const { source, step, workdir } = run
      if (source.keyword !== 'RUN' || this.#plan.body(source).trim() === '') continue
      const use = step === null ? 'open' : useOf(step, path, workdir)
      if (use === 'writes') this.#takeModesOut(run, path)
      if (
        use === 'reads' ||
        (use === 'writes' && step !== null && useOf(step, path, workdir, { passesModes: true }) === 'reads')
      )
        readers.push(run)
      if (use === 'open') open ??= run
    }
    const isLasting = place.ending === null || (until === null && place.ending.layer === place.version.layer)
    if (isLasting && (!isOfTools(path) || (isNamed && readers.length === 0)))
      refuse(
        `If the container reads it when it runs, mount it then: docker run -v "$PWD/${inContext}:${path}:ro", secrets of compose and Kubernetes.`,
      )
    if (open !== null && !(isOfTools(path) && readers.length > 0))
      refuse(`Nobody can tell whether ${lineOf(open)} reads it: if so, mount it there.`)
    if (readers.length > 0 && !PLAIN_PATH.test(path)) refuse()
    const id = this.#id(idOf(path), `file ${path}`)
    for (const { source, isRoot } of readers) {
      if (source.documents.length > 0) refuse()
      this.#plan.mount(source, id, [`target=${path}`, ...(isRoot ? [] : ['mode=0444'])])
      this.#plan.option(`--secret id=${id},src=${file}`)
    }
  }

  /** A mount has its mode: chmod and chown of it go. What changes its content cannot work on it. */
  #takeModesOut(run: BuiltInstruction, path: string): void {
    const { source, step, workdir, isRoot } = run
    const isTarget = this.#resolves(path, workdir)
    if (step === null || !isRoot || useOf(step, path, workdir, { passesModes: true }) === 'writes')
      refuse(`${lineOf(run)} writes to it or around it, and a mount cannot be written to.`)
    for (let left = withoutModes(this.#plan.body(source), isTarget); left !== null; left = withoutModes(left, isTarget))
      this.#plan.setBody(source, left)
  }

  /** Another stage that takes the same file from the context would lose it. */
  #checkOtherStages(inContext: string, path: string): void {
    for (const { source, of, keyword, flags, stage } of this.#evidence.steps) {
      if (of !== 'stage' || source === null || (keyword !== 'COPY' && keyword !== 'ADD')) continue
      if ((flags ?? source.flags).some((flag) => flag.startsWith('--from='))) continue
      const sources = copySources(source)
      const holds = sources.length === 0 || sources.some((name) => name === '' || inContext.startsWith(`${name}/`))
      if (sources.includes(inContext)) refuse(`${keyword} in line ${source.startLine} takes it too.`)
      if (!holds) continue
      const reader = this.#evidence.steps.find(
        (step) => step.stage === stage && step.of === 'stage' && mayNeed(step, path),
      )
      if (reader !== undefined) refuse(`Another stage needs it (line ${reader.source?.startLine ?? source.startLine}).`)
    }
  }

  /** A folder that only this COPY made may be needed later. */
  #checkFolder({ version: { path, layer } }: FilePlace, source: Instruction, workdir: string, at: number): void {
    const folder = parentOf(path)
    if (folder === '/' || folder === workdir || workdir.startsWith(`${folder}/`)) return
    const isElsewhere = this.#evidence.layers
      .slice(0, layer)
      .some(({ entries }) =>
        entries.some(
          ({ path: other, whiteout }) => whiteout === null && (other === folder || other.startsWith(`${folder}/`)),
        ),
      )
    if (isElsewhere) return
    const later = this.#instructions.slice(at + 1).find(({ source: other, workdir: there }) => {
      const text = other.keyword === 'RUN' ? this.#plan.body(other) : other.text
      return (
        there.startsWith(folder) ||
        text.includes(folder) ||
        (other.keyword === 'RUN' && text.includes(baseName(folder)))
      )
    })
    // WORKDIR makes its folder, and a mount the one that it needs.
    if (later !== undefined && later.source.keyword !== 'WORKDIR' && !this.#plan.mountsIn(later.source, folder))
      refuse(`${source.keyword} makes ${folder} too, which ${lineOf(later)} may need.`)
  }

  /** Made and removed by RUNs: one RUN leaves nothing behind; with other steps between them, a stage of its own does. */
  #made(place: FilePlace, { source }: BuiltInstruction, at: number, mayMakeStage: boolean): void {
    const hider = this.#hider(place)
    if (hider === null || hider.at <= at) refuse()
    const between = this.#instructions.slice(at, hider.at + 1)
    const isPlain = between.every(
      ({ source: { keyword, documents, text, flags } }) =>
        keyword === 'RUN' &&
        documents.length === 0 &&
        !text.startsWith('[') &&
        flags.every((flag) => flag.startsWith('--mount=') || source.flags.includes(flag)),
    )
    if (
      isPlain &&
      between.every((other) => inStage(this.#evidence, other.source) === inStage(this.#evidence, source))
    ) {
      if (!areJoinable(between.flatMap(({ step }) => step ?? [])) || between.some(({ step }) => step === null))
        refuse(`Make and remove it in one RUN: lines ${source.startLine} to ${hider.run.source.endLine}.`)
      this.#plan.join(between.map((each) => each.source))
      return
    }
    if (!mayMakeStage) refuse()
    this.#ownStage(hider)
  }

  /** Whether an instruction leaves files outside a directory, which the image would lose: accounts, packages, programs. */
  #makesOutside({ entry: { layer } }: BuiltInstruction, directory: string): boolean {
    const secrets = new Set(this.#leak.places.map((place) => (place.kind === 'file' ? place.version.path : '')))
    const { entries = [] } = layer === null ? {} : (this.#evidence.layers[layer] ?? {})
    return entries.some(
      ({ path, type, whiteout }) =>
        whiteout === null &&
        type !== 'directory' &&
        !secrets.has(path) &&
        !path.startsWith(`${directory}/`) &&
        !/^\/(?:var\/)?tmp\//.test(path),
    )
  }

  /** What builds with the secret becomes a stage that is thrown away; the image takes its working directory alone. */
  #ownStage({ run: { source, workdir }, at }: { readonly run: BuiltInstruction; readonly at: number }): void {
    const { dockerfile } = this.#evidence.origin
    const stage = inStage(this.#evidence, source)
    if (
      dockerfile === null ||
      stage === undefined ||
      workdir === '/' ||
      !this.#plan.isEmpty ||
      stage.index !== dockerfile.stages.length - 1 ||
      parentStage(dockerfile, stage) !== null
    )
      refuse()
    if (this.#instructions.slice(0, at + 1).some((each) => this.#makesOutside(each, workdir)))
      refuse(
        `Build with it in a stage of its own (lines up to ${source.endLine}), and copy from that what the image needs.`,
      )
    const own = this.#instructions.slice(0, at).map((each) => each.source)
    const lines = ({ startLine, endLine }: Instruction): readonly string[] =>
      dockerfile.lines.slice(startLine - 1, endLine)
    const from = stage.fromInstruction
    const name = stage.name ?? 'build'
    const kept = own.filter(({ keyword }) => keyword === 'ENV' || keyword === 'SHELL').flatMap(lines)
    const user = own.findLast(({ keyword }) => keyword === 'USER')
    const plain = ['FROM', ...from.flags, from.text.split(/\s+/)[0] ?? ''].join(' ')
    const last = [
      ...lines(source),
      '',
      plain,
      ...kept,
      `WORKDIR ${workdir}`,
      `COPY --from=${name} ${workdir} .`,
      ...(user === undefined ? [] : lines(user)),
    ]
    this.#plan.replaceForGood([
      ...(stage.name === null ? [[from, [`${lines(from).join(' ').trimEnd()} AS ${name}`]] as const] : []),
      [source, last],
    ])
  }
}

const inStage = ({ origin }: Evidence, { startLine }: Instruction): Stage | undefined =>
  origin.dockerfile?.stages.findLast(({ fromInstruction }) => fromInstruction.startLine <= startLine)

/** A leak whose change is certain, with the instructions that it changes. */
interface Planned {
  readonly leak: Leak
  readonly asked: Plan['asked']
}

/** Plans for all leaks, one after the other, each upon what is planned for those before. */
function planAll(evidence: Evidence, dockerfile: Dockerfile): ReadonlyMap<Leak, Remedy> {
  const instructions = instructionsOf(evidence)
  let ids: ReadonlyMap<string, string> = new Map()
  const remedies = new Map<Leak, Remedy>()
  const planned: Planned[] = []
  let plan = new Plan(dockerfile)
  const worth = evidence.leaks.filter(
    ({ strength, facts }) => strength !== 'harmless' && !isExpired(facts, evidence.now),
  )
  // A stage of its own leaves nothing to change beside it: first comes what needs none.
  for (const mayMakeStage of [false, true]) {
    for (const leak of worth.slice(0, MAX_PLANNED)) {
      if (planned.some((each) => each.leak === leak)) continue
      const [next, nextIds] = [plan.begin(), new Map(ids)]
      try {
        new Planner(evidence, leak, instructions, next, nextIds).run(mayMakeStage)
      } catch (error) {
        if (!(error instanceof NotCertain)) throw error
        remedies.set(leak, { fix: null, why: error.message === '' ? null : error.message })
        continue
      }
      ;[plan, ids] = [next, nextIds]
      planned.push({ leak, asked: next.asked })
    }
  }
  const edits = plan.edits()
  for (const group of groupsOf(planned)) {
    const touched = new Set(group.flatMap(({ asked }) => [...asked.touched]))
    const own = edits.filter(({ startLine }) => touched.has(startLine))
    const patterns = [...new Set(group.flatMap(({ asked }) => [...asked.ignore]))]
    const fix: Fix | null =
      own.length === 0 && patterns.length === 0
        ? null
        : {
            path: dockerfile.path,
            edits: own,
            ignore: patterns.length === 0 ? null : { path: plan.ignoreFile, patterns },
            build: [...new Set(group.flatMap(({ asked }) => [...asked.build]))],
          }
    for (const { leak } of group) remedies.set(leak, { fix, why: null })
  }
  return remedies
}

/** Leaks that change an instruction together have one change. */
function groupsOf(planned: readonly Planned[]): Planned[][] {
  let groups: Planned[][] = []
  for (const each of planned) {
    const touches = (group: readonly Planned[]): boolean =>
      group.some(({ asked }) => [...each.asked.touched].some((line) => asked.touched.has(line)))
    const together = groups.filter(touches)
    groups = [...groups.filter((group) => !together.includes(group)), [...together.flat(), each]]
  }
  return groups
}

const NOTHING: Remedy = { fix: null, why: null }
/** The plan is made once for an image, however many findings ask. */
const plans = new WeakMap<Evidence, ReadonlyMap<Leak, Remedy>>()

/** @returns a change after which the leak is gone, with all that has to change with it; or why none is certain */
export function remedyFor(evidence: Evidence, leak: Leak): Remedy {
  const { dockerfile, reason, layers } = evidence.origin
  if (dockerfile === null || reason !== null || layers.some(({ lines }) => lines?.changed === true)) return NOTHING
  const known = plans.get(evidence) ?? planAll(evidence, dockerfile)
  plans.set(evidence, known)
  return known.get(leak) ?? NOTHING
}
