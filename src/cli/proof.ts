// Changes that are proved: the image is built and scanned before and after. What does not build, and what leaves its leak, is taken back.

import { parseDockerfile } from '../dockerfile/dockerfile.ts'
import { UsageError } from '../error.ts'
import { compare, type Difference, type Side } from '../outcome/compare.ts'
import { findingsWith } from '../outcome/fix.ts'
import type { Outcome } from '../outcome/outcome.ts'
import type { Change } from '../remedy/apply.ts'
import { definedNames } from '../remedy/plan.ts'
import type { Fix } from '../remedy/remedy.ts'
import type { Refused } from '../report/fixes.ts'
import type { Settings } from '../settings.ts'
import { type BuildCommand, build, withOptions } from './builder.ts'
import { changesOf, make, takeBack } from './changes.ts'
import type { Host } from './command.ts'
import { judgeImage } from './reports.ts'

export interface Proof {
  readonly outcome: Outcome
  readonly kept: readonly Fix[]
  readonly changes: readonly Change[]
  readonly refused: readonly Refused[]
  /** Before and after; null where no change was kept. */
  readonly difference: Difference | null
}

/** What can be wrong with some changes. */
type Trial =
  | { readonly isProved: true; readonly difference: Difference }
  | { readonly isProved: false; readonly why: string; readonly output: string }

/** Lines of the builder that are shown. */
const MAX_LINES = 12

/** The last lines of what the builder said, without its steps that went well. */
const lastLines = (output: string): string[] =>
  output
    .split(/[\r\n]+/)
    .filter((line) => line.trim() !== '' && !/^#\d+ (?:sha256:|CACHED|CANCELED|DONE)/.test(line))
    .slice(-MAX_LINES)

class Prover {
  readonly #reference: string
  readonly #command: string
  readonly #settings: Settings
  readonly #host: Host
  #made: readonly Change[] = []

  constructor(reference: string, command: string, settings: Settings, host: Host) {
    this.#reference = reference
    this.#command = command
    this.#settings = settings
    this.#host = host
  }

  async #judge(salt: string | null): Promise<Side & { readonly outcome: Outcome }> {
    const outcome = await judgeImage(this.#reference, this.#settings, this.#host, {
      ...(salt === null ? {} : { baseline: { name: '', file: { schemaVersion: 1, salt, images: {} } } }),
      inventory: { shared: new Set() },
    })
    const { report, inventory, redactor } = outcome
    return { report, inventory, redactor, outcome }
  }

  /** The files as they would be with some changes, built and scanned. They stay so. */
  async #try(before: Side, fixes: readonly Fix[]): Promise<Trial> {
    const changes = await changesOf(fixes)
    const { command, missing } = this.#commandFor(fixes, changes)
    if (command === null) return { isProved: false, why: `${missing}.`, output: '' }
    await this.#make(changes)
    const built = await build(command, this.#host.over)
    if (!built.isDone)
      return { isProved: false, why: `The build fails with it (${built.ending}):`, output: built.output }
    const after = await this.#judge(before.report.baseline.record.salt)
    const difference = compare(before, after)
    const fingerprints = new Set(findingsWith(before.report.findings, fixes).map(({ fingerprint }) => fingerprint))
    const left = after.report.findings.find(({ fingerprint }) => fingerprints.has(fingerprint))
    if (left !== undefined)
      return { isProved: false, why: `It builds, but this is still there: ${left.title}.`, output: '' }
    const [added] = difference.findings.new
    return added === undefined
      ? { isProved: true, difference }
      : { isProved: false, why: `It builds, but brings a new finding: ${added.title} (${added.place}).`, output: '' }
  }

  #commandFor(fixes: readonly Fix[], changes: readonly Change[]): BuildCommand {
    const dockerfiles = changes.filter(({ path }) => fixes.some((fix) => fix.path === path))
    const left = dockerfiles.flatMap(({ path, after }) => {
      const { globals, stages } = parseDockerfile(path, after)
      return [...globals, ...stages.flatMap(({ instructions }) => instructions)]
    })
    // Another stage may still take an argument that this one takes as a secret.
    const isArgument = (name: string): boolean =>
      left.some((instruction) => instruction.keyword === 'ARG' && definedNames(instruction).includes(name))
    return withOptions(this.#command, [...new Set(fixes.flatMap((fix) => fix.build))], process.env, isArgument)
  }

  async #make(changes: readonly Change[]): Promise<void> {
    for (const change of changes) {
      await make([change])
      this.#made = [...this.#made, change]
    }
  }

  #takeBack(): void {
    takeBack(this.#made)
    this.#made = []
  }

  async run(fixesOf: (outcome: Outcome) => readonly Fix[]): Promise<Proof> {
    const first = await build(this.#command, this.#host.over)
    if (!first.isDone)
      throw new UsageError(
        `--build: the build fails before anything is changed (${first.ending}): ${lastLines(first.output).at(-1)?.trim() ?? 'it says nothing'}`,
      )
    const before = await this.#judge(null)
    const fixes = fixesOf(before.outcome)
    // However the run ends, no change stays that is not proved.
    const onExit = (): void => this.#takeBack()
    process.once('exit', onExit)
    try {
      const all = fixes.length === 0 ? null : await this.#try(before, fixes)
      if (all === null || all.isProved)
        return {
          outcome: before.outcome,
          kept: fixes,
          changes: this.#settled(),
          refused: [],
          difference: all?.difference ?? null,
        }
      this.#takeBack()
      return await this.#oneByOne(before, fixes, all)
    } finally {
      this.#takeBack()
      process.off('exit', onExit)
    }
  }

  /** The changes that are made stay. */
  #settled(): readonly Change[] {
    const made = this.#made
    this.#made = []
    return made
  }

  /** Each change upon those that are proved, so that one that does not work takes no other with it. */
  async #oneByOne(before: Side & { readonly outcome: Outcome }, fixes: readonly Fix[], all: Trial): Promise<Proof> {
    let kept: readonly Fix[] = []
    let difference: Difference | null = null
    const refused: Refused[] = []
    for (const fix of fixes) {
      const trial = fixes.length === 1 ? all : await this.#try(before, [...kept, fix])
      this.#takeBack()
      if (trial.isProved) {
        kept = [...kept, fix]
        difference = trial.difference
      } else refused.push({ fix, why: trial.why, output: lastLines(trial.output) })
    }
    const changes = await changesOf(kept)
    const { command } = this.#commandFor(kept, changes)
    await this.#make(changes)
    // The image of the last trial is not that of the files.
    if (command !== null) await build(command, this.#host.over)
    return { outcome: before.outcome, kept, changes: this.#settled(), refused, difference }
  }
}

/**
 * Builds, scans, changes the files, builds and scans again.
 * @param command the user's, for the shell
 * @throws GateError where the first build fails, or an image cannot be judged; then no file is changed
 */
export const prove = (
  reference: string,
  command: string,
  settings: Settings,
  host: Host,
  fixesOf: (outcome: Outcome) => readonly Fix[],
): Promise<Proof> => new Prover(reference, command, settings, host).run(fixesOf)
