// What a change brought: two images or reports held against each other.
import type { Inventory, InventoryFile } from '../evidence/inventory.ts'
import type { BaselineEntry } from '../policy/baseline.ts'
import { Comparison } from '../policy/baseline.ts'
import { HIDDEN, type Redactor } from '../secrets/redact.ts'
import type { Report } from './contract.ts'

/** One side: a report alone, or an image with all it holds. */
export interface Side {
  readonly report: Report & { readonly image: NonNullable<Report['image']> }
  readonly inventory: Inventory | null
  readonly redactor: Redactor
}

export interface Change {
  readonly name: string
  /** null: it was not there. */
  readonly old: string | null
  /** null: it is gone. */
  readonly new: string | null
}

export interface FileChange {
  readonly path: string
  readonly change: 'added' | 'removed' | 'changed'
  /** Bytes more or less. */
  readonly bytes: number
  /** What differs in a changed one. */
  readonly what: readonly ('content' | 'mode' | 'type')[]
}

export interface Difference {
  readonly old: { readonly reference: string; readonly id: string; readonly size: number; readonly layers: number }
  readonly new: { readonly reference: string; readonly id: string; readonly size: number; readonly layers: number }
  readonly findings: {
    readonly new: readonly BaselineEntry[]
    readonly fixed: readonly BaselineEntry[]
    readonly same: number
  }
  /** User, base, and what else the reports tell. */
  readonly facts: readonly Change[]
  /** null where one side is a report, which does not list them. */
  readonly packages: readonly Change[] | null
  readonly accounts: readonly Change[] | null
  readonly settings: readonly Change[] | null
  readonly files: readonly FileChange[] | null
  /** What could not be compared, in words. */
  readonly notes: readonly string[]
}

function changes(old: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): Change[] {
  const names = [...new Set([...old.keys(), ...now.keys()])].sort()
  return names.flatMap((name): Change[] => {
    const [a, b] = [old.get(name) ?? null, now.get(name) ?? null]
    return a === b ? [] : [{ name, old: a, new: b }]
  })
}

function fileChange(path: string, old: InventoryFile | undefined, now: InventoryFile | undefined): FileChange[] {
  if (old === undefined) return now === undefined ? [] : [{ path, change: 'added', bytes: now.size, what: [] }]
  if (now === undefined) return [{ path, change: 'removed', bytes: -old.size, what: [] }]
  const what: FileChange['what'][number][] = [
    ...(old.type === now.type ? [] : ['type' as const]),
    ...(old.content === now.content ? [] : ['content' as const]),
    ...(old.mode === now.mode ? [] : ['mode' as const]),
  ]
  return what.length === 0 ? [] : [{ path, change: 'changed', bytes: now.size - old.size, what }]
}

const SETTING_OF_IDENTITY = new Set(['User'])

/** Names whose values are not shown, whether or not anything recognises them. */
const SENSITIVE = /^(?:Env|Labels)\..*(?:key|token|secret|passw|pwd|credential|auth|private)/i

const withoutValue = (change: Change): Change =>
  SENSITIVE.test(change.name)
    ? { ...change, old: change.old === null ? null : HIDDEN, new: change.new === null ? null : HIDDEN }
    : change

/** Settings, each value hidden as it is behind its name: a word is a password only there. */
function hiddenSettings(redactor: Redactor, settings: ReadonlyMap<string, string>): Map<string, string> {
  return new Map(
    [...settings].map(([name, value]) => {
      const front = `${name.replace(/^\w+\./, '')}=`
      const shown = redactor.text(front + value)
      return [name, shown.startsWith(front) ? shown.slice(front.length) : HIDDEN]
    }),
  )
}

/** Why bases are not compared; one reason of both is said once. */
function basesNotKnown(images: readonly Side['report']['image'][]): string[] {
  const [first, second] = images
  if (first !== undefined && second?.baseReason === first.baseReason)
    return [`The bases of both images are not known, so they are not compared: ${first.baseReason}.`]
  return images.map(
    ({ reference, baseReason }) => `The base of ${reference} is not known, so bases are not compared: ${baseReason}.`,
  )
}

/** Compares two images or reports. */
export function compare(old: Side, now: Side): Difference {
  const describe = ({ report: { image } }: Side): Difference['old'] => ({
    reference: image.reference,
    id: image.id,
    size: image.size,
    layers: image.layers.length,
  })
  const before = old.report.baseline.record
  const after = now.report.baseline.record
  const sameSalt = before.salt === after.salt
  const blind = (entry: BaselineEntry): BaselineEntry => (sameSalt ? entry : { ...entry, valueHash: null })
  const comparison = new Comparison({ name: '', salt: before.salt, findings: before.findings.map(blind) })
  const fresh = after.findings
    .map(blind)
    .filter(
      (entry) =>
        !entry.fingerprints.every((fingerprint) =>
          comparison.knows(fingerprint, entry.rule, entry.place, entry.valueHash),
        ),
    )
  const user = ({ report: { image } }: Side): string =>
    `${image.user.configured || '(none)'}${image.user.uid === null ? '' : ` (uid ${image.user.uid})`}`
  const base = ({ report: { image } }: Side): string | null =>
    image.base === null
      ? null
      : `${image.base.reference}${image.base.digest === null ? '' : ` ${image.base.digest.slice(0, 19)}`}`
  // Where nothing tells the base of one side, it is neither new nor gone.
  const unknown = [old, now].filter(({ report: { image } }) => image.base === null && image.baseReason !== null)
  const facts: Change[] = [
    { name: 'user', old: user(old), new: user(now) },
    ...(unknown.length > 0 ? [] : [{ name: 'base', old: base(old), new: base(now) }]),
    { name: 'platform', old: old.report.image.platform, new: now.report.image.platform },
    {
      name: 'shells',
      old: old.report.image.distroless.shells.join(' '),
      new: now.report.image.distroless.shells.join(' '),
    },
    {
      name: 'package managers',
      old: old.report.image.distroless.packageManagers.join(' '),
      new: now.report.image.distroless.packageManagers.join(' '),
    },
  ].filter((fact) => fact.old !== fact.new)
  const [a, b] = [old.inventory, now.inventory]
  const hidden = <T>(list: T): T => now.redactor.data(old.redactor.data(list))
  const both = a === null || b === null ? null : { a, b }
  return {
    old: describe(old),
    new: describe(now),
    findings: { new: fresh, fixed: comparison.fixed(() => true), same: after.findings.length - fresh.length },
    facts,
    packages: both && hidden(changes(both.a.packages, both.b.packages)),
    accounts: both && hidden(changes(both.a.accounts, both.b.accounts)),
    settings:
      both &&
      hidden(
        changes(hiddenSettings(old.redactor, both.a.settings), hiddenSettings(now.redactor, both.b.settings))
          .filter(({ name }) => !SETTING_OF_IDENTITY.has(name))
          .map(withoutValue),
      ),
    files:
      both &&
      hidden(
        [...new Set([...both.a.files.keys(), ...both.b.files.keys()])]
          .sort()
          .flatMap((path) => fileChange(path, both.a.files.get(path), both.b.files.get(path))),
      ),
    notes: [
      ...basesNotKnown(unknown.map(({ report }) => report.image)),
      ...(sameSalt
        ? []
        : [
            'The two reports hash values under different salts: a value that changed in its place is not seen. salt in the configuration makes them comparable.',
          ]),
      ...(both === null ? ['A report lists no files, packages and settings: name two images to compare them.'] : []),
    ],
  }
}
