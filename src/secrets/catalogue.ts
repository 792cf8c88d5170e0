// The detectors of a run by their ids. Matches name their detector by its id, so that the scan of a layer is plain data; whoever
// wants to say more of a match asks here.
import type { SecretKind } from './detector.ts'

/** All kinds of credentials that a run looks for. */
export class Catalogue {
  readonly #kinds: ReadonlyMap<string, SecretKind>

  constructor(kinds: Iterable<SecretKind>) {
    this.#kinds = new Map([...kinds].map((kind) => [kind.id, kind]))
  }

  /** @throws RangeError for a detector that this run does not have */
  kindOf(id: string): SecretKind {
    const kind = this.#kinds.get(id)
    if (kind === undefined) throw new RangeError(`no detector is called ${JSON.stringify(id)}`)
    return kind
  }
}
