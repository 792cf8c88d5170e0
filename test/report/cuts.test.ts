// Nothing shortens a text that comes from outside but the redactor: a secret that is cut before it is hidden is hidden no more. The
// types of the sources tell where a string is cut at a fixed length; what is none of ours to hide is listed here with the reason.
import path from 'node:path'
import type { Expression, Node } from 'typescript/unstable/ast'
import { isCallExpression, isPropertyAccessExpression } from 'typescript/unstable/ast/is'
import { API } from 'typescript/unstable/sync'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const ROOT = path.join(import.meta.dirname, '../..')

/** Files that may cut strings, and what of. */
const ALLOWED: Readonly<Record<string, string>> = {
  'src/secrets/redact.ts': 'the one that hides first',
}

/** Cuts of digests, dates and words of our own, by the text of the receiver. */
const OWN =
  /(?:hash|hashed|digest|digest \?\? diffId\)|fingerprint|commit|headSha|keyedHash|\.id|digest\('hex'\)|toISOString\(\)|facts\['expires'\]\??)$/i

/** Where a parser cuts at a place that it found, which is no shortening. */
const FOUND =
  /^(?:at|[a-z]\w*(?:At|End|Start)|behind|body|colon|dot|end|equals|from|first|i|index|length|line|pos|position|shell|size|slash|split|start|to)$/

interface Cut {
  readonly file: string
  readonly text: string
  readonly receiver: string
}

function cutsIn(api: API): Cut[] {
  const [project] = api.updateSnapshot({ openProjects: [path.join(ROOT, 'tsconfig.json')] }).getProjects()
  if (project === undefined) throw new Error('tsconfig.json names no project')
  const cuts: Cut[] = []
  for (const name of project.program.getSourceFileNames()) {
    const file = path.relative(ROOT, name)
    const source = file.startsWith(`src${path.sep}`) ? project.program.getSourceFile(name) : undefined
    if (source === undefined) continue
    const calls: { receiver: Expression; text: string; args: string[] }[] = []
    const textOf = ({ pos, end }: Pick<Node, 'pos' | 'end'>): string => source.text.slice(pos, end).trim()
    const visit = (node: Node): void => {
      if (
        isCallExpression(node) &&
        isPropertyAccessExpression(node.expression) &&
        /^(?:slice|substring|substr)$/.test(node.expression.name.text)
      )
        calls.push({ receiver: node.expression.expression, text: textOf(node), args: node.arguments.map(textOf) })
      node.forEachChild(visit)
    }
    visit(source)
    if (calls.length === 0) continue
    const types = project.checker.getTypeAtLocation(calls.map(({ receiver }) => receiver))
    for (const [index, { receiver, text, args }] of calls.entries()) {
      const type = types[index]
      if (
        type === undefined ||
        !/^(?:string|"[^"]*"|`[^`]*`)(?: \| undefined)?$/.test(project.checker.typeToString(type))
      )
        continue
      const [first = '', last] = args
      // From the start to a length, or the last characters: `slice(4)` takes off what is known to stand there.
      const isCut = last !== undefined ? first === '0' : /-/.test(first)
      if (!isCut || FOUND.test(last ?? '') || /indexOf\(|\.length\b|\bend\b|\.position$|^-\d$/i.test(last ?? ''))
        continue
      cuts.push({ file, text: text.replace(/\s+/g, ' '), receiver: textOf(receiver).replace(/\s+/g, ' ') })
    }
  }
  return cuts
}

describe('strings that are cut at a length', () => {
  let api: API
  beforeAll(() => {
    api = new API({ cwd: ROOT })
  })
  afterAll(() => api.close())

  /** Places where a cut says nothing of a text from outside. */
  const CHECKED = new Set([
    'src/evidence/find-build.ts: text.slice(0, 1)',
    // Times, and names of files that only whoever recovers them reads.
    "src/forensics/recover.ts: (name.split('/').at(-1) ?? '').replace(/[^A-Za-z0-9._-]+/g, '_').slice(-MAX_NAME)",
    "src/report/files.ts: (isoTime(version.entry.mtime) ?? '').slice(0, 16)",
    'src/report/files.ts: moment.time.slice(0, 16)',
    'src/report/files.ts: other.time.slice(0, 16)',
    // What a responder searches for.
    'src/forensics/iocs.ts: text.toLowerCase().slice(0, 64)',
    // Patterns of a configuration, and of the files that layergate import reads.
    'src/expressions/anchored.ts: (own.text + rest.text).slice(0, MAX_LITERAL)',
    'src/policy/own-detectors.ts: `${dear.prefix}${dear.unit.repeat(3)}`.slice(0, 40)',
    'src/policy/gitleaks.ts: (OURS.has(plain) ? `gitleaks-${plain}` : plain).slice(0, 60)',
    "src/policy/gitleaks.ts: rule.description?.replace(/\\s+/g, ' ').trim().slice(0, MAX_TITLE)",
    'src/dockerfile/fits.ts: ` ${history.slice(0, -text.length - 1)}`.slice(-MAX_FRONT)',
    'src/evidence/downloads.ts: mode.slice(-3)',
    'src/evidence/repeats.ts: value.slice(0, KEY)',
    'src/packages/dpkg.ts: line.slice(0, 32)',
    'src/packages/installed.ts: path.slice(match[0].length - 1)',
    // Ids of images, keyed hashes of an ignore: digests.
    'src/image/same.ts: ids[index]?.slice(0, 19)',
    'src/policy/judge.ts: entry.value?.slice(0, 24)',
    'src/policy/loosening.ts: value?.slice(0, 24)',
    // The lead that it was given.
    'src/report/terminal.ts: first.slice(plain.length)',
    'src/image/engine.ts: (stderr + text).slice(-MAX_KEPT)',
    'src/remedy/planner.ts: this.#leak.value.slice(0, 8)',
    'src/report/difference.ts: line.slice(0, 1)',
    // Lines are broken there, and nothing is lost: see wrap.test.ts.
    'src/report/wrap.ts: text.slice(0, Math.max(1, room) + 1)',
    'src/report/wrap.ts: head.slice(0, Math.max(1, room))',
    'src/report/wrap.ts: text.slice(0, MOST * MARKS)',
    'src/shell/words.ts: word.value.slice(0, MAX_WORD)',
  ])

  it('are cut by the redactor, or are none that come from an image, a Dockerfile or a checkout', () => {
    const cuts = cutsIn(api)
    // The guard sees the redactor's own, and knows strings from lists.
    expect(cuts.some(({ text }) => /groups\.slice|findings\.slice/.test(text))).toBe(false)
    expect(cuts.filter(({ file }) => file === 'src/secrets/redact.ts').length).toBeGreaterThan(2)
    const others = cuts.filter(
      // What a detector looks at is no output: the value and its facts leave through the redactor.
      ({ file, receiver, text }) =>
        ALLOWED[file] === undefined &&
        !/^src\/secrets\/(?!masks|last-look)/.test(file) &&
        !OWN.test(receiver) &&
        !CHECKED.has(`${file}: ${text}`),
    )
    expect(
      others.map(({ file, text }) => `${file}: ${text}`),
      'hide first: use cut() of the redactor (evidence.cut in a rule, outcome.redactor.cut in a report, cutText elsewhere)',
    ).toEqual([])
  })
})
