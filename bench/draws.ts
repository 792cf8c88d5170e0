// How many issued values each detector loses by chance: its examples are filled again and again with other characters.
//
//   node bench/draws.ts [ROUNDS]
//
// A value that has no digit, spells a word or looks like filler is drawn now and then, and must count all the same. Prints the
// detectors that lose any, with the share and the last value that was lost, and the total.
import { DETECTORS, FILE_DETECTORS } from '../src/secrets/detectors/list.ts'
import { fillForm } from '../src/secrets/form.ts'
import { Scanner } from '../src/secrets/scanner.ts'

const rounds = Number(process.argv[2] ?? 500)
const scanner = new Scanner()

const isFound = (detector: string, path: string, text: string): boolean => {
  const scan = scanner.start(path)
  scan.push(Buffer.from(text, 'latin1'), true)
  return scan.matches.some((match) => match.detector === detector && match.strength !== 'harmless')
}

const losses: { readonly id: string; readonly share: number; readonly lost: string }[] = []
let [drawn, missed] = [0, 0]
let seed = Date.now() % 1_000_000_007
for (const { id, examples } of [...DETECTORS, ...FILE_DETECTORS]) {
  let [tried, count, lost] = [0, 0, '']
  for (const example of examples) {
    const { path, text } = typeof example === 'object' ? example : { path: 'settings.txt', text: example }
    for (let round = 0; round < rounds; round++) {
      const filled = typeof text === 'string' ? fillForm(text, seed++) : text((form) => fillForm(form, seed++))
      tried++
      if (isFound(id, path, filled)) continue
      count++
      lost = filled
    }
  }
  // Encrypted keys and the like are harmless whatever is drawn.
  if (count === tried) continue
  drawn += tried
  missed += count
  if (count > 0) losses.push({ id, share: count / tried, lost })
}

for (const { id, share, lost } of losses.sort((a, b) => b.share - a.share))
  console.log(`${(100 * share).toFixed(2).padStart(6)} %  ${id.padEnd(28)} ${JSON.stringify(lost.slice(0, 80))}`)
console.log(`${drawn} values drawn, ${missed} lost`)
