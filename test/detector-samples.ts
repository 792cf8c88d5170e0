// The examples of detectors, put together.
import type { Sample } from '../src/secrets/detector.ts'
import { fillForm } from '../src/secrets/form.ts'

/** Paths and texts of samples; each `fill` takes other characters. */
export function samples(given: readonly Sample[]): { path: string; text: string }[] {
  return given.map((sample, index) => {
    let seed = index * 1000 + 7
    const fill = (form: string): string => fillForm(form, seed++)
    const make = (text: string | ((fill: (form: string) => string) => string)): string =>
      typeof text === 'string' ? fill(text) : text(fill)
    return typeof sample === 'object'
      ? { path: sample.path, text: make(sample.text) }
      : { path: 'settings.txt', text: make(sample) }
  })
}
