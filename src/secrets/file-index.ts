// Which files are read by their name, found without a pattern for each file.
import type { FileDetector } from './detector.ts'

export class FileIndex {
  readonly #byName = new Map<string, FileDetector[]>()

  constructor(detectors: readonly FileDetector[]) {
    for (const detector of detectors) {
      for (const name of detector.names) this.#byName.set(name, [...(this.#byName.get(name) ?? []), detector])
    }
  }

  /** The detectors that read a file: by its base name, or by an ending of it. */
  of(path: string): readonly FileDetector[] {
    const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase()
    const found = [...(this.#byName.get(name) ?? [])]
    for (let dot = name.indexOf('.', 1); dot !== -1; dot = name.indexOf('.', dot + 1))
      found.push(...(this.#byName.get(name.slice(dot)) ?? []))
    return found.filter(
      (detector, index) =>
        found.indexOf(detector) === index && (detector.path === undefined || detector.path.test(path)),
    )
  }
}
