// The change for one leak, upon what is planned already: patterns for .dockerignore, secret mounts where a RUN needs them, RUNs joined,
// a stage of its own, variables at run time. A change is planned only where it is certain: it builds, the leak is gone, and what the
// build and the container need is still there.
import type { ContextFile } from '../checkout/build-context.ts'
import { patternOf } from '../checkout/dockerignore.ts'
import { contextPath, copySources } from '../dockerfile/copy.ts'
import { flagValue, type Instruction, parentStage, type Stage } from '../dockerfile/dockerfile.ts'
import { ancestorsOf, stageNamed } from '../dockerfile/stages.ts'
import { type BuildEvidence as Evidence, fileKey } from '../evidence/evidence.ts'
import type { Leak } from '../evidence/leak.ts'
import type { FilePlace, Place } from '../evidence/place.ts'
import { baseName, cleanPath, type ImagePath, parentOf } from '../image/path.ts'
import { cacheOf } from '../packages/caches.ts'
import { withoutModes, withoutRemoval } from '../shell/edit.ts'
import { type BuiltInstruction, instructionsOfStage } from './built.ts'
import { definedNames, type Plan } from './plan.ts'
import { areJoinable, isOfTools, mayNeed, useOf } from './uses.ts'

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
export class NotCertain extends Error {}

/** @param why nothing to add where it is empty */
const refuse: (why?: string) => never = (why = '') => {
  throw new NotCertain(why)
}

const lineOf = ({ source }: BuiltInstruction): string => `${source.keyword} in line ${source.startLine}`

/** How a container gets a file that it reads when it runs: variables from a file of them, else the file itself. */
const atStart = (file: string, path: string): string =>
  /^\.env(?:\.|$)|\.env$/.test(baseName(path))
    ? `If the container reads it when it runs, give it the variables then: \`docker run --env-file ${file}\`; compose: \`env_file: ${file}\`; Kubernetes: \`envFrom\` with a \`secretRef\`.`
    : `If the container reads it when it runs, mount it then: \`docker run -v "$PWD/${file}:${path}:ro"\`; compose: \`volumes: ["./${file}:${path}:ro"]\`; Kubernetes: a Secret with \`mountPath: ${path}\` and \`subPath: ${baseName(path)}\`.`

/** A word of a command as a path of the image; null where the working directory is not known. */
function absolute(operand: string, workdir: string | null): string | null {
  if (operand.startsWith('/')) return cleanPath(operand)
  if (operand.startsWith('~/')) return cleanPath(`/root/${operand.slice(2)}`)
  return workdir === null ? null : cleanPath(`${workdir}/${operand}`)
}

const resolves =
  (path: string, workdir: string | null) =>
  (operand: string): boolean =>
    absolute(operand, workdir) === path

/** Whether nothing but the removal of a folder has to do with it. */
function isOnlyRemoval(body: string, workdir: string | null, folder: ImagePath): boolean {
  const left = withoutRemoval(body, resolves(folder, workdir))
  return left !== null && /\brm\s+-\w*f/.test(body) && !left.includes(baseName(folder))
}

/** A file on its way: what a COPY of the context brought into a stage, up to the RUN that removes it. */
interface Way {
  /** Of the stage. */
  readonly instructions: readonly BuiltInstruction[]
  /** Of the COPY or ADD among them. */
  readonly at: number
  /** In the stage. */
  readonly path: ImagePath
  /** Relative to the build context. */
  readonly inContext: string
  /** The file of the checkout, where it was found. */
  readonly known: ContextFile | undefined
  /** Of the RUN that removes it; null for none. */
  readonly removerAt: number | null
  /** The container has it. */
  readonly isLasting: boolean
  /** The layer that the COPY made; null in a stage that the image is only copied from. */
  readonly layer: number | null
}

/** The path in the stage that a `COPY --from=` took a file from; null where that is not certain. */
function pathInStage(instruction: Instruction, path: string, workdir: string | null): ImagePath | null {
  const sources = copySources(instruction)
  const found = contextPath(instruction, path, workdir)
  const isSure = sources.includes(found) || (sources.length === 1 && !/[*?[$]/.test(sources[0] ?? ''))
  return isSure ? cleanPath(`/${found}`) : null
}

/** The COPY of the context that brought a file into a stage; null where several may have, or none. */
function broughtBy(
  instructions: readonly BuiltInstruction[],
  path: ImagePath,
  known: ContextFile | undefined,
): number | null {
  const brings = ({ source, workdir }: BuiltInstruction): 'file' | 'folder' | null => {
    if ((source.keyword !== 'COPY' && source.keyword !== 'ADD') || flagValue(source, 'from') !== null) return null
    const target = absolute(source.text.trim().split(/\s+/).at(-1) ?? '', workdir)
    if (target === null || source.text.startsWith('[') || source.documents.length > 0) return null
    const sources = copySources(source)
    const inContext = contextPath(source, path, workdir)
    if (known !== undefined && known.inContext !== inContext) return null
    if (sources.includes(inContext)) return path === target || parentOf(path) === target ? 'file' : null
    const isFolder = sources.length === 1 && (target === '/' || path.startsWith(`${target}/`))
    // Without the file at hand, only the whole context is sure to have it.
    return isFolder && (known !== undefined || sources[0] === '') ? 'folder' : null
  }
  const found = instructions.flatMap((instruction, index) => {
    const kind = brings(instruction)
    return kind === null ? [] : [{ kind, index }]
  })
  const named = found.filter(({ kind }) => kind === 'file')
  const [only, ...others] = named.length > 0 ? named : found
  return only === undefined || others.length > 0 || (named.length === 1 && found.length > 1) ? null : only.index
}

/** Plans for one leak. */
export class Planner {
  readonly #evidence: Evidence
  readonly #leak: Leak
  readonly #instructions: readonly BuiltInstruction[]
  #plan: Plan
  /** What secret mounts are called, by what they hold. */
  #ids: Map<string, string>
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

  /** Plans for all places. @returns the plan, with the names of its secret mounts @throws NotCertain */
  run(mayMakeStage: boolean): { readonly plan: Plan; readonly ids: ReadonlyMap<string, string> } {
    if (this.#plan.isClosed) refuse()
    const { places } = this.#leak
    if (places.some(({ owner, kind }) => owner === 'base' || (owner === 'unknown' && kind !== 'config'))) refuse()
    for (const place of places) this.#collectNames(place)
    this.#literals()
    this.#variables()
    for (const place of places) if (place.kind === 'file') this.#file(place, mayMakeStage)
    if (!places.every((place) => this.#isCovered(place))) refuse()
    return { plan: this.#plan, ids: this.#ids }
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
    const at = this.#instructions.findIndex(({ layer }) => layer === place.version.layer)
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
    const at = this.#instructions.findIndex((each) => each.layer === layer)
    const run = this.#instructions[at]
    return run === undefined || run.source.keyword !== 'RUN' ? null : { run, at }
  }

  #copied(place: FilePlace, instruction: BuiltInstruction, at: number): void {
    const { source, workdir } = instruction
    const { path, layer, index } = place.version
    if (source.documents.length > 0) refuse()
    const hider = this.#hider(place)
    if (place.ending !== null && place.ending.layer !== layer) {
      const { layer: later, state } = place.ending
      const over = this.#instructions.find((each) => each.layer === later)
      // Another COPY over it stands by itself; a RUN that changes the file would miss it.
      const isCopied = over?.source.keyword === 'COPY' || over?.source.keyword === 'ADD'
      if (hider === null && (state !== 'overwritten' || !isCopied))
        refuse(
          over?.source.keyword === 'RUN' && state === 'overwritten'
            ? `${lineOf(over)} changes it: take the value out of the file, and let what reads it take it from its environment or a mounted file.`
            : '',
        )
    }
    const known = this.#evidence.sources.get(fileKey(layer, index))
    const isLasting = place.ending === null || (hider === null && place.ending.layer === layer)
    if (flagValue(source, 'from') !== null) {
      this.#takenFromStage(place, instruction, hider?.run ?? null, known, isLasting)
      return
    }
    const inContext = known?.inContext ?? contextPath(source, path, workdir)
    this.#leaveOut({
      instructions: this.#instructions,
      at,
      path,
      inContext,
      known,
      removerAt: hider?.at ?? null,
      isLasting,
      layer,
    })
  }

  /** Left out of the context, or its COPY taken out; what needs it meanwhile mounts it. */
  #leaveOut(way: Way): void {
    const { instructions, at, path, inContext, known, removerAt } = way
    const copy = instructions[at]
    if (copy === undefined || /[\n\r]/.test(inContext)) refuse()
    const sources = copySources(copy.source)
    if (sources.some((name) => /^[a-z][a-z+]*:\/\/|\.(?:tar|tgz|txz|tbz2?)(?:\.\w+)?$/.test(name))) refuse()
    const isNamed = sources.includes(inContext)
    const remover = removerAt === null ? undefined : instructions[removerAt]
    const folder = remover === undefined ? null : this.#takeRemovalOut(remover, path, isNamed)
    const readers = this.#mountWhereRead(way, isNamed)
    // The folder of a mount cannot be removed while it is mounted.
    if (folder !== null && remover !== undefined && readers.includes(remover)) {
      this.#plan.setBody(remover.source, folder.rest)
      this.#plan.append(remover.source, `RUN ${folder.removal}`)
    }
    this.#checkOtherStages(inContext, path, copy.source)
    if (known?.ignoredBy == null) this.#plan.leaveOut(patternOf(inContext))
    if (known !== undefined) this.#plan.ignoreFile = known.ignoreFile
    if (!isNamed) return
    if (sources.length === 1) this.#checkFolder(way, copy)
    this.#plan.drop(copy.source, [inContext])
  }

  /**
   * Takes a file out of the `rm` that names it.
   * @returns for one that removes a folder with it: that command, and what else the RUN does; null where the file was named
   */
  #takeRemovalOut(
    { source, workdir }: BuiltInstruction,
    path: string,
    isNamed: boolean,
  ): { readonly removal: string; readonly rest: string } | null {
    const body = this.#plan.body(source)
    const left = withoutRemoval(body, resolves(path, workdir))
    if (left !== null) {
      this.#plan.setBody(source, left)
      return null
    }
    let folder = ''
    const rest = withoutRemoval(body, (operand) => {
      const whole = absolute(operand, workdir)
      if (whole === null || whole === '/' || !path.startsWith(`${whole}/`)) return false
      folder = whole
      return true
    })
    // Without -f, a folder that is gone with its COPY fails.
    if (rest === null || !PLAIN_PATH.test(folder) || (isNamed && !/\brm\s+-\w*f/.test(body)))
      refuse(
        `RUN in line ${source.startLine} moves it, or removes it with other files: take it out of that command by hand.`,
      )
    return { removal: `rm -rf ${folder}`, rest }
  }

  /** RUNs that read the file get it as a mount. */
  #mountWhereRead(
    { instructions, at, path, inContext, known, removerAt, isLasting }: Way,
    isNamed: boolean,
  ): BuiltInstruction[] {
    const readers: BuiltInstruction[] = []
    let open: BuiltInstruction | null = null
    for (const run of instructions.slice(at + 1, removerAt === null ? undefined : removerAt + 1)) {
      const { source, step, workdir } = run
      if (source.keyword !== 'RUN' || this.#plan.body(source).trim() === '') continue
      if (workdir === null) refuse()
      const use = step === null ? 'open' : useOf(step, path, workdir)
      if (use === 'writes') this.#takeModesOut(run, path)
      if (
        use === 'reads' ||
        (use === 'writes' && step !== null && useOf(step, path, workdir, { passesModes: true }) === 'reads')
      )
        readers.push(run)
      if (use === 'open') open ??= run
    }
    if (isLasting && (!isOfTools(path) || (isNamed && readers.length === 0)))
      refuse(atStart(known?.path ?? inContext, path))
    if (open !== null && !(isOfTools(path) && readers.length > 0))
      refuse(`Nobody can tell whether ${lineOf(open)} reads it: if so, mount it there.`)
    if (readers.length > 0 && !PLAIN_PATH.test(path)) refuse()
    const id = this.#id(idOf(path), `file ${path}`)
    for (const { source, isRoot } of readers) {
      if (source.documents.length > 0) refuse()
      this.#plan.mount(source, id, [`target=${path}`, ...(isRoot ? [] : ['mode=0444'])])
      this.#plan.option(`--secret id=${id},src=${known?.path ?? inContext}`)
    }
    return readers
  }

  /** A mount has its mode: chmod and chown of it go. What changes its content cannot work on it. */
  #takeModesOut(run: BuiltInstruction, path: string): void {
    const { source, step, workdir, isRoot } = run
    const isTarget = resolves(path, workdir)
    if (step === null || workdir === null || !isRoot || useOf(step, path, workdir, { passesModes: true }) === 'writes')
      refuse(`${lineOf(run)} writes to it or around it, and a mount cannot be written to.`)
    for (let left = withoutModes(this.#plan.body(source), isTarget); left !== null; left = withoutModes(left, isTarget))
      this.#plan.setBody(source, left)
  }

  /** A stage that the image copies from keeps the file: the build mounts it there, or removes it before anything is copied. */
  #takenFromStage(
    place: FilePlace,
    { source, workdir }: BuiltInstruction,
    hider: BuiltInstruction | null,
    known: ContextFile | undefined,
    isLasting: boolean,
  ): void {
    const { dockerfile } = this.#evidence.origin
    const stage = dockerfile === null ? null : stageNamed(dockerfile, flagValue(source, 'from') ?? '')
    const path = pathInStage(source, place.version.path, workdir)
    const instructions = stage === null ? null : instructionsOfStage(this.#evidence, stage)
    if (stage === null || instructions === null || path === null || !PLAIN_PATH.test(path)) refuse()
    if (isLasting && !isOfTools(path)) refuse(atStart(known?.path ?? baseName(path), place.version.path))
    if (this.#isTakenElsewhere(stage, source, path)) refuse()
    if (hider !== null) this.#takeRemovalOut(hider, place.version.path, false)
    const isTaken = copySources(source).includes(path.slice(1))
    if (isTaken) this.#plan.drop(source, [path.slice(1)])
    const at = broughtBy(instructions, path, known)
    const [plan, ids] = [this.#plan, this.#ids]
    try {
      if (at === null) refuse()
      const copy = instructions[at]
      const inContext = known?.inContext ?? (copy === undefined ? '' : contextPath(copy.source, path, copy.workdir))
      ;[this.#plan, this.#ids] = [plan.branch(), new Map(ids)]
      this.#leaveOut({
        instructions,
        at,
        path,
        inContext,
        known,
        removerAt: null,
        isLasting: false,
        layer: null,
      })
    } catch (error) {
      if (!(error instanceof NotCertain)) throw error
      ;[this.#plan, this.#ids] = [plan, ids]
      // What a stage removes before something is copied from it is in no image.
      const last = stage.instructions.at(-1) ?? stage.fromInstruction
      const isRoot = instructions.at(-1)?.isRoot === true && instructions.at(-1)?.source.keyword !== 'USER'
      const hasShell = instructions.some(({ step }) => step?.keyword === 'RUN' && step.unread === null)
      if (!isRoot || !hasShell || instructions.some(({ source: { keyword } }) => keyword === 'SHELL')) throw error
      this.#plan.append(last, `RUN rm ${path}`)
    }
  }

  /** Whether another instruction takes the file from the stage by its name, or builds on the stage and may read it. */
  #isTakenElsewhere(stage: Stage, own: Instruction, path: string): boolean {
    const { dockerfile } = this.#evidence.origin
    return (
      dockerfile === null ||
      dockerfile.stages.some((other) => {
        const buildsOn = ancestorsOf(dockerfile, other).includes(stage)
        return other.instructions.some((instruction) => {
          const step = this.#evidence.steps.find(({ source }) => source === instruction)
          const isNamed =
            instruction !== own &&
            flagValue(instruction, 'from') !== null &&
            stageNamed(dockerfile, flagValue(instruction, 'from') ?? '') === stage &&
            copySources(instruction).includes(path.slice(1))
          const isMounted = instruction.flags.some((flag) => /^--mount=.*\bfrom=/.test(flag))
          return isNamed || isMounted || (buildsOn && (step === undefined || mayNeed(step, path)))
        })
      })
    )
  }

  /** Another stage that takes the same file from the context would lose it. */
  #checkOtherStages(inContext: string, path: string, own: Instruction): void {
    const from = inStage(this.#evidence, own)
    for (const { source, keyword, flags, stage } of this.#evidence.steps) {
      if (source === null || source === own || (keyword !== 'COPY' && keyword !== 'ADD') || stage === from) continue
      if ((flags ?? source.flags).some((flag) => flag.startsWith('--from='))) continue
      const sources = copySources(source)
      const holds = sources.length === 0 || sources.some((name) => name === '' || inContext.startsWith(`${name}/`))
      if (sources.includes(inContext)) refuse(`${keyword} in line ${source.startLine} takes it too.`)
      if (!holds) continue
      const reader = this.#evidence.steps.find((step) => step.stage === stage && mayNeed(step, path))
      if (reader !== undefined) refuse(`Another stage needs it (line ${reader.source?.startLine ?? source.startLine}).`)
    }
  }

  /** A folder that only this COPY made may be needed later. */
  #checkFolder({ path, layer, instructions, at }: Way, { source, workdir }: BuiltInstruction): void {
    const folder = parentOf(path)
    if (folder === '/' || folder === workdir || workdir?.startsWith(`${folder}/`) === true) return
    const isElsewhere = this.#evidence.layers
      .slice(0, layer ?? 0)
      .some(({ entries }) =>
        entries.some(
          ({ path: other, whiteout }) => whiteout === null && (other === folder || other.startsWith(`${folder}/`)),
        ),
      )
    if (isElsewhere) return
    const later = instructions.slice(at + 1).find(({ source: other, workdir: there }) => {
      const text = other.keyword === 'RUN' ? this.#plan.body(other) : other.text
      return (
        there?.startsWith(folder) === true ||
        text.includes(folder) ||
        (other.keyword === 'RUN' && text.includes(baseName(folder)))
      )
    })
    // WORKDIR makes its folder, and a mount the one that it needs; rm -rf needs none.
    if (later === undefined || later.source.keyword === 'WORKDIR' || this.#plan.mountsIn(later.source, folder)) return
    const removed =
      later.source.keyword === 'RUN' && isOnlyRemoval(this.#plan.body(later.source), later.workdir, folder)
    if (!removed) refuse(`${source.keyword} makes ${folder} too, which ${lineOf(later)} may need.`)
  }

  /** Made and removed by RUNs: one RUN leaves nothing behind; with other steps between them, a stage of its own does. */
  #made(place: FilePlace, instruction: BuiltInstruction, at: number, mayMakeStage: boolean): void {
    const { source } = instruction
    const hider = this.#hider(place)
    if (hider === null && this.#emptiesCache(place, instruction)) return
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

  /** What a package manager keeps goes at the end of the RUN that fetched it. @returns false where that cannot be written */
  #emptiesCache({ version: { path } }: FilePlace, { source, step, isRoot }: BuiltInstruction): boolean {
    const command = cacheOf(path)?.emptiedBy ?? null
    if (command === null || !isRoot || step === null || !areJoinable([step])) return false
    if (source.documents.length > 0 || source.text.startsWith('[')) return false
    if (!this.#plan.body(source).includes(command)) this.#plan.appendCommand(source, command)
    return true
  }

  /** Whether an instruction leaves files outside a directory, which the image would lose: accounts, packages, programs. */
  #makesOutside({ layer }: BuiltInstruction, directory: string): boolean {
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
      workdir === null ||
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
