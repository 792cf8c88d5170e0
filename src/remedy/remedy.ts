// What to do about a leak: the very lines, changed. From the instruction that brought the secret and the way it went: a
// pattern for .dockerignore, a secret mount where a RUN needs it, RUNs joined, a stage of its own, a variable at run time.
// https://docs.docker.com/build/building/secrets/
import { patternOf } from '../checkout/dockerignore.ts'
import { contextPath, copySources } from '../dockerfile/copy.ts'
import { flagValue, type Instruction, parentStage, type Stage } from '../dockerfile/dockerfile.ts'
import type { EntryOrigin } from '../dockerfile/origin.ts'
import { jsonWords, rawWordsOf } from '../dockerfile/patterns.ts'
import { type BuildEvidence as Evidence, fileKey } from '../evidence/evidence.ts'
import type { Leak } from '../evidence/leak.ts'
import type { FilePlace, Place } from '../evidence/place.ts'
import { baseName, cleanPath } from '../image/path.ts'
import { withoutRemoval } from '../shell/edit.ts'
import { type Edit, Plan } from './plan.ts'

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

/** One instruction of the stage that was built, with what was in force there. */
interface BuiltInstruction {
  readonly source: Instruction
  readonly entry: EntryOrigin
  readonly workdir: string
  readonly isRoot: boolean
}

/** Programs that read a credential from a file that no command names. */
const READERS: readonly (readonly [file: RegExp, programs: RegExp])[] = [
  [/\.npmrc$/, /\b(?:npm|npx|pnpm|yarn)\b/],
  [/\.yarnrc\.yml$/, /\byarn\b/],
  [/\.netrc$/, /\b(?:curl|wget|git|go|pip3?|uv|poetry)\b/],
  [/(?:pip\.conf|\.pypirc)$/, /\b(?:pip3?|twine|uv)\b/],
  [/\.git-credentials$|\.gitconfig$/, /\b(?:git|go)\b/],
  [/\.docker\/config\.json$/, /\b(?:docker|crane|skopeo|buildah)\b/],
  [/\.aws\/(?:credentials|config)$/, /\b(?:aws|terraform)\b/],
  [/\.ssh\/[^/]+$/, /\b(?:git|ssh|scp|rsync)\b/],
  [/settings\.xml$/, /\bmvnw?\b/],
  [/gradle\.properties$/, /\bgradlew?\b/],
  [/\.cargo\/credentials(?:\.toml)?$/, /\bcargo\b/],
  [/auth\.json$/, /\bcomposer\b/],
  [/nuget\.config$/i, /\b(?:dotnet|nuget)\b/i],
]
/** Programs that fetch from registries: a token in the environment is most likely theirs. */
const FETCHERS =
  /\b(?:apk|apt-get|bundle|cargo|composer|curl|dotnet|gem|git|go|gradlew?|mvnw?|npm|npx|nuget|pip3?|pnpm|poetry|uv|wget|yarn)\b/

/** The steps of the build that the Dockerfile shows, oldest first. */
function stepsOf({ origin }: Evidence): BuiltInstruction[] {
  let isRoot = true
  const steps: BuiltInstruction[] = []
  for (const entry of origin.history) {
    const { instruction, source, owner } = entry
    if (source !== null && owner !== 'base' && source.keyword === instruction.keyword)
      steps.push({ source, entry, workdir: entry.workdir, isRoot })
    if (instruction.keyword === 'USER') isRoot = /^(?:root|0)?(?::|$)/.test(instruction.text.trim())
  }
  return steps
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

/** Whether a RUN needs the file: it names it, or runs a program that reads it by itself. */
const needsFile = ({ source: { text, documents } }: BuiltInstruction, path: string): boolean => {
  const whole = [text, ...documents.map(({ content }) => content)].join('\n')
  return whole.includes(baseName(path)) || READERS.some(([file, programs]) => file.test(path) && programs.test(whole))
}

/** Takes `NAME=value` out of ENV, ARG or LABEL. @returns the instruction's new line, null for none left */
function withoutName({ keyword, text }: Instruction, name: string): string | null {
  const words = rawWordsOf(text)
  if (keyword !== 'ARG' && !(words[0] ?? '').includes('=')) return null
  const left = words.filter((word) => (word.split('=')[0] ?? '').replace(/["']/g, '') !== name)
  return left.length === 0 ? null : `${keyword} ${left.join(' ')}`
}

const definedNames = ({ keyword, text }: Instruction): string[] => {
  const words = rawWordsOf(text)
  if (keyword === 'ENV' && !(words[0] ?? '').includes('=')) return [words[0] ?? '']
  return words.map((word) => (word.split('=')[0] ?? '').replace(/["']/g, ''))
}

class Planner {
  readonly #evidence: Evidence
  readonly #leak: Leak
  readonly #steps: readonly BuiltInstruction[]
  readonly #plan: Plan
  /** Names of arguments and variables that hold the value. */
  readonly #names = new Set<string>()

  constructor(evidence: Evidence, leak: Leak, plan: Plan) {
    this.#evidence = evidence
    this.#leak = leak
    this.#steps = stepsOf(evidence)
    this.#plan = plan
  }

  /** Plans for all places. @returns whether the leak is gone then */
  run(): boolean {
    if (this.#leak.places.some(({ owner, kind }) => owner === 'base' || (owner === 'unknown' && kind !== 'config')))
      return false
    for (const place of this.#leak.places) this.#collectNames(place)
    const files = this.#leak.places.filter((place): place is FilePlace => place.kind === 'file')
    const isDone = this.#literals() && this.#variables() && files.every((place) => this.#file(place))
    return isDone && this.#leak.places.every((place) => this.#isCovered(place))
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
  #literals(): boolean {
    const { value, detector } = this.#leak
    for (const { source, isRoot } of this.#steps) {
      if (source.keyword !== 'RUN' || !source.text.includes(value)) continue
      const body = this.#plan.body(source)
      const at = body.indexOf(value)
      if (at === -1 || source.documents.length > 0 || source.text.startsWith('[') || /\s/.test(value)) return false
      const id = detector.id
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
      this.#plan.build.add(`--secret id=${id},src=FILE`)
    }
    return true
  }

  /** ARG, ENV and LABEL go; RUNs that need the value get it as a secret. */
  #variables(): boolean {
    const needed = new Set<string>()
    const isArgument = new Set<string>()
    for (const { source } of this.#steps) {
      if (!/^(?:ARG|ENV|LABEL)$/.test(source.keyword)) continue
      let current: Instruction | null = source
      for (const name of definedNames(source).filter((defined) => this.#names.has(defined))) {
        const line: string | null = current === null ? null : withoutName(current, name)
        current = line === null ? null : { ...source, text: line.slice(source.keyword.length + 1) }
        if (source.keyword !== 'LABEL') needed.add(name)
        if (source.keyword === 'ARG') isArgument.add(name)
      }
      if (current === source) continue
      if (current === null) this.#plan.remove(source)
      else this.#plan.replace(source, [`${source.keyword} ${current.text}`])
    }
    // ENV copies an argument: both are gone, and one secret serves.
    for (const name of needed) {
      if (!NAME.test(name)) return false
      const users = this.#steps.filter(
        ({ source }) =>
          source.keyword === 'RUN' &&
          mentions([source.text, ...source.documents.map(({ content }) => content)].join('\n'), name),
      )
      const other = this.#steps.find(
        ({ source }) =>
          /^(?:COPY|ADD|WORKDIR|USER|EXPOSE|VOLUME|ENV|LABEL)$/.test(source.keyword) &&
          mentions(source.text, name) &&
          !definedNames(source).some((defined) => this.#names.has(defined)),
      )
      if (other !== undefined) return false
      const implied =
        users.length === 0 && isArgument.has(name)
          ? this.#steps.filter(({ source }) => source.keyword === 'RUN' && FETCHERS.test(source.text)).slice(0, 1)
          : users
      for (const { source, isRoot } of implied) {
        this.#plan.mountVariable(source, name, isRoot)
        this.#plan.build.add(`--secret id=${name},env=${name}`)
      }
    }
    return true
  }

  #file(place: FilePlace): boolean {
    const at = this.#steps.findIndex(({ entry }) => entry.layer === place.version.layer)
    const step = this.#steps[at]
    if (step === undefined || place.version.content !== place.version || place.inside !== null) return false
    const { keyword } = step.source
    if (keyword === 'COPY' || keyword === 'ADD') return this.#copied(place, step, at)
    return keyword === 'RUN' && this.#made(place, step, at)
  }

  /** The step that hides the file, and the operand of its rm. */
  #hider(place: FilePlace): { readonly step: BuiltInstruction; readonly at: number } | null {
    if (place.ending === null || place.ending.state !== 'deleted') return null
    const layer = place.ending.layer
    const at = this.#steps.findIndex(({ entry }) => entry.layer === layer)
    const step = this.#steps[at]
    return step === undefined || step.source.keyword !== 'RUN' ? null : { step, at }
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
  #copied(place: FilePlace, { source, workdir }: BuiltInstruction, at: number): boolean {
    const path = place.version.path
    if (flagValue(source, 'from') !== null || source.documents.length > 0) return false
    const known = this.#evidence.sources.get(fileKey(place.version.layer, place.version.index))
    const inContext = known?.inContext ?? contextPath(source, path, workdir)
    const sources = copySources(source)
    if (sources.some((name) => /^[a-z][a-z+]*:\/\/|\.(?:tar|tgz|txz|tbz2?)(?:\.\w+)?$/.test(name))) return false
    const isNamed = sources.includes(inContext)
    const hider = this.#hider(place)
    if (place.ending !== null && place.ending.layer !== place.version.layer) {
      const { layer, state } = place.ending
      const over = this.#steps.find(({ entry }) => entry.layer === layer)?.source.keyword
      // Another COPY over it stands by itself; a RUN that changes the file would miss it.
      if (hider === null && (state !== 'overwritten' || (over !== 'COPY' && over !== 'ADD'))) return false
    }
    if (hider !== null) {
      const left = withoutRemoval(this.#plan.body(hider.step.source), this.#resolves(path, hider.step.workdir))
      if (left === null) return false
      this.#plan.setBody(hider.step.source, left)
    }
    const id = idOf(path)
    const users = this.#steps
      .slice(at + 1, hider === null ? undefined : hider.at + 1)
      .filter(
        (user) => user.source.keyword === 'RUN' && this.#plan.body(user.source).trim() !== '' && needsFile(user, path),
      )
    if (/[\n\r]/.test(inContext) || (users.length > 0 && !PLAIN_PATH.test(path))) return false
    for (const user of users) {
      if (user.source.documents.length > 0 && user.source === hider?.step.source) return false
      this.#plan.mount(user.source, id, [`target=${path}`, ...(user.isRoot ? [] : ['mode=0444'])])
      this.#plan.build.add(`--secret id=${id},src=${known?.path ?? inContext}`)
    }
    if (known?.ignoredBy == null) this.#plan.ignore.add(patternOf(inContext))
    if (known !== undefined) this.#plan.ignoreFile = known.ignoreFile
    if (!isNamed) return true
    const others = sources.filter((name) => name !== inContext)
    if (others.length === 0) this.#plan.remove(source)
    else this.#plan.replace(source, [[source.keyword, ...source.flags, copyWords(source, others)].join(' ')])
    return true
  }

  /** Made and removed by RUNs: one RUN leaves nothing behind; with other steps between them, a stage of its own does. */
  #made(place: FilePlace, { source }: BuiltInstruction, at: number): boolean {
    const hider = this.#hider(place)
    if (hider === null || hider.at <= at) return false
    const between = this.#steps.slice(at, hider.at + 1).map((step) => step.source)
    const isJoinable = between.every(
      ({ keyword, documents, text }) => keyword === 'RUN' && documents.length === 0 && !text.startsWith('['),
    )
    if (
      isJoinable &&
      between.every((instruction) => inStage(this.#evidence, instruction) === inStage(this.#evidence, source))
    ) {
      this.#plan.join(between)
      return true
    }
    return this.#ownStage(hider)
  }

  /** What builds with the secret becomes a stage that is thrown away; the image takes its working directory alone. */
  #ownStage({ step: { source, workdir }, at }: { readonly step: BuiltInstruction; readonly at: number }): boolean {
    const { dockerfile } = this.#evidence.origin
    const stage = inStage(this.#evidence, source)
    if (
      dockerfile === null ||
      stage === undefined ||
      workdir === '/' ||
      stage.index !== dockerfile.stages.length - 1 ||
      parentStage(dockerfile, stage) !== null
    )
      return false
    const own = this.#steps.slice(0, at).map((step) => step.source)
    const lines = ({ startLine, endLine }: Instruction): readonly string[] =>
      dockerfile.lines.slice(startLine - 1, endLine)
    const from = stage.fromInstruction
    const name = stage.name ?? 'build'
    if (stage.name === null) this.#plan.replace(from, [`${lines(from).join(' ').trimEnd()} AS ${name}`])
    const kept = own.filter(({ keyword }) => keyword === 'ENV' || keyword === 'SHELL').flatMap(lines)
    const user = own.findLast(({ keyword }) => keyword === 'USER')
    const plain = ['FROM', ...from.flags, from.text.split(/\s+/)[0] ?? ''].join(' ')
    this.#plan.replace(source, [
      ...lines(source),
      '',
      plain,
      ...kept,
      `WORKDIR ${workdir}`,
      `COPY --from=${name} ${workdir} .`,
      ...(user === undefined ? [] : lines(user)),
    ])
    return true
  }
}

const inStage = ({ origin }: Evidence, { startLine }: Instruction): Stage | undefined =>
  origin.dockerfile?.stages.findLast(({ fromInstruction }) => fromInstruction.startLine <= startLine)

/** The words of a COPY with other sources, in the form in which it is written. */
function copyWords({ text }: Instruction, sources: readonly string[]): string {
  const json = jsonWords(text)
  return json === null ? [...sources, rawWordsOf(text).at(-1)].join(' ') : JSON.stringify([...sources, json.at(-1)])
}

/** @returns a change after which the leak is gone; null where none is certain */
export function fixOf(evidence: Evidence, leak: Leak): Fix | null {
  const { dockerfile, reason, layers } = evidence.origin
  if (dockerfile === null || reason !== null || layers.some(({ lines }) => lines?.changed === true)) return null
  const plan = new Plan(dockerfile)
  if (!new Planner(evidence, leak, plan).run()) return null
  const edits = plan.edits()
  const patterns = [...plan.ignore]
  if (edits.length === 0 && patterns.length === 0) return null
  return {
    path: dockerfile.path,
    edits,
    ignore: patterns.length === 0 ? null : { path: plan.ignoreFile, patterns },
    build: [...plan.build],
  }
}
