// What was meant by a name that there is none of.
import { distance } from 'fastest-levenshtein'

/** The nearest of several names, where one is near enough to be meant. */
export function nearest(name: string, names: readonly string[]): string | null {
  const [best] = names.map((candidate) => ({ candidate, far: distance(name, candidate) })).sort((a, b) => a.far - b.far)
  return best !== undefined && best.far <= Math.max(2, Math.floor(name.length / 3)) ? best.candidate : null
}
