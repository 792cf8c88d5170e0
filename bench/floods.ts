// Texts that are full of what detectors look for, which cost more than other text: node bench/floods.ts [KILOBYTES [BEHIND]]
//
// Each literal of all detectors, of the signs of packings and of escapes, again and again, alone and with what may follow it. Prints
// the slowest in MB/s. The aim: 1 MB/s and more, whatever the text
import { DETECTORS } from '../src/secrets/detectors/list.ts'
import { literalsOf, Scanner } from '../src/secrets/scanner.ts'

const SIZE = Number(process.argv[2] ?? 256) * 1024
const SHOWN = 25
/** What stands behind each literal. */
const BEHIND: readonly string[] =
  process.argv[3] !== undefined ? [process.argv[3]] : ['', ' ', '"', '=', 'aB3', '\n', '%61', ' = "aZ4kQ9xL"\n']

const scanner = new Scanner()
const rows: { readonly text: string; readonly speed: number }[] = []
for (const { spec } of literalsOf(DETECTORS)) {
  for (const behind of BEHIND) {
    const text = spec.text + behind
    const bytes = Buffer.alloc(SIZE, text, 'latin1')
    const started = performance.now()
    const scan = scanner.start('app/x.txt')
    scan.push(bytes, true)
    rows.push({ text, speed: SIZE / 1e3 / (performance.now() - started) })
  }
}
rows.sort((a, b) => a.speed - b.speed)
for (const { text, speed } of rows.slice(0, SHOWN))
  console.log(`${speed.toFixed(1).padStart(8)} MB/s  ${JSON.stringify(text)}`)
console.log(`${rows.length} floods, ${rows.filter(({ speed }) => speed < 1).length} below 1 MB/s`)
