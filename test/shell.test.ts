// Commands out of shell text: what is run, with which words, fed by what, on which line.
import { describe, expect, it } from 'vitest'
import { parseDockerfile } from '../src/dockerfile/dockerfile.ts'
import { stepsOfDockerfile } from '../src/evidence/steps.ts'
import { readMode } from '../src/shell/modes.ts'
import { optionsIn } from '../src/shell/options.ts'
import { parseScript, type ShellCommand } from '../src/shell/script.ts'
import { oneLine } from '../src/shell/words.ts'

const names = (text: string): string[] => parseScript(text).commands.map(({ name }) => name)
const only = (text: string): ShellCommand => {
  const [command] = parseScript(text).commands
  if (command === undefined) throw new Error(`no command in ${text}`)
  return command
}

describe('commands', () => {
  it.each([
    ['lists, pipes and groups', 'a && b || c; d | e & { f; }; (g)', 'a b c d e f g'],
    [
      'conditions, loops and cases',
      'if a; then b; else c; fi; for x in 1 2; do d; done; while e; do f; done; case x in y) g;; esac',
      'a b c d e f g',
    ],
    ['functions', 'f() { a; }; b', 'a b'],
    ['substitutions', 'a "$(b `c`)" <(d)', 'a b c d'],
    ['shells in shells', `bash -lc 'a && sh -c "b; c"'`, 'bash a sh b c'],
    ['eval and su', `eval "a; b"; su app -c 'c'`, 'eval a b su c'],
    ['what only starts another', 'sudo -u app env A=b nice -n 5 timeout 5 time nohup a', 'a'],
    [
      'tools that run others',
      'find . -exec a {} \\; -exec b {} +; xargs -0 -n1 c; gosu app d; tini -- e',
      'find a b c d e',
    ],
    ['here-documents for a shell', 'bash <<EOF\na\nb\nEOF', 'bash a b'],
    ['here-documents that are no script', 'cat > f <<EOF\nrm -rf /\nEOF', 'cat'],
    ['another interpreter', 'python3 <<EOF\nimport os\nEOF', 'python3'],
    ['line continuations', 'a \\\n  b \\\n && c', 'a c'],
  ])('%s', (_about, text, wanted) => {
    expect(names(text).filter((name) => name !== '')).toEqual(wanted.split(' '))
  })

  it('fill in variables that are known, and say which words were written so', () => {
    const { commands } = parseScript(
      'V=1.2; curl -o "x-$V" "https://acme.io/${V}/${OTHER:-y}?k=$KEY" \'$V\' "$(date)"',
      new Map([['KEY', 'abc']]),
    )
    const curl = commands.find(({ name }) => name === 'curl')
    expect(curl?.args.map(({ value, kind }) => `${kind} ${value}`)).toEqual([
      'literal -o',
      'variable x-1.2',
      'variable https://acme.io/1.2/y?k=abc',
      'literal $V',
      'open $(date)',
    ])
  })

  it('forget a variable that a command sets', () => {
    const { commands } = parseScript('V=1; V=$(cat v); echo $V')
    expect(commands.find(({ name }) => name === 'echo')?.args[0]?.value).toBe('$V')
  })

  it('know what feeds them, and where they write', () => {
    const [, , tee] = parseScript('curl x | gunzip | tee a b > c 2>&1').commands
    expect(tee?.fedBy.map(({ name }) => name)).toEqual(['curl', 'gunzip'])
    expect(tee?.writes).toEqual(['c'])
    expect(parseScript('{ a; b; } > f').commands.map(({ writes }) => writes)).toEqual([['f'], ['f']])
  })

  it('say what is no valid shell, and read what can be read', () => {
    const { commands, incomplete } = parseScript('curl -k https://acme.io; if')
    expect(incomplete).toBe(true)
    expect(commands[0]?.name).toBe('curl')
  })

  it('end on hostile text', () => {
    for (const text of [
      '$('.repeat(50_000),
      '{ '.repeat(50_000),
      '`'.repeat(50_001),
      `V=$V$V; ${'V=$V$V;'.repeat(2000)} echo $V`,
    ])
      parseScript(text)
  })
})

describe('options', () => {
  it.each([
    ['clustered, with a value at the end', 'curl -fsSLo out https://x', ['-o', 'out']],
    ['clustered, with a value inside', 'curl -sooutput https://x', ['-o', 'output']],
    ['long, joined', 'wget --output-document=f u', ['--output-document', 'f']],
    ['long, apart', 'wget --output-document f u', ['--output-document', 'f']],
    ['abbreviated', 'wget --output-doc f u', ['--output-document', 'f']],
  ])('%s', (_about, text, [name = '', value]) => {
    const options = optionsIn(only(text))
    expect(options.value(name)?.value).toBe(value)
    expect(options.has(name)).toBe(true)
  })

  it('end at --, and tell operands from values', () => {
    expect(optionsIn(only('curl -H "A: b" -- -k')).has('-k')).toBe(false)
    expect(optionsIn(only('git -C dir clone -b main url to')).operands.map(({ value }) => value)).toEqual([
      'clone',
      'url',
      'to',
    ])
  })
})

describe('modes', () => {
  it.each([
    ['777', 'w'],
    ['0666', 'w'],
    ['1777', 'wt'],
    ['4755', 'u'],
    ['2775', 'g'],
    ['a+w', 'w'],
    ['o=rw', 'w'],
    ['ugo+rwx', 'w'],
    ['u=rwx,go=rx', ''],
    ['+x', ''],
    ['+w', ''],
    ['u+s', 'u'],
    ['+s', 'ug'],
    ['o-w', ''],
    ['a+rwX,o-w', ''],
    ['+t', 't'],
  ])('%s', (text, wanted) => {
    const mode = readMode(text)
    expect(
      [mode?.worldWritable && 'w', mode?.sticky && 't', mode?.setuid && 'u', mode?.setgid && 'g']
        .filter(Boolean)
        .join(''),
    ).toBe(wanted)
  })

  it('are not what looks like none', () => {
    for (const text of ['$MODE', 'app', '999', '--reference=x']) expect(readMode(text)).toBe(null)
  })
})

describe('lines', () => {
  const lineOf = (text: string, name: string): (number | undefined)[] => {
    const dockerfile = parseDockerfile('Dockerfile', text)
    const stage = dockerfile.stages.at(-1)
    if (stage === undefined) throw new Error('no stage')
    const steps = stepsOfDockerfile(dockerfile, stage, ({ startLine, endLine }) => ({
      path: 'Dockerfile',
      startLine,
      endLine,
      certainty: 'exact',
    }))
    return steps.flatMap((step) =>
      step.commands
        .filter((command) => command.name === name)
        .map(({ position, end }) => step.linesAt(position, end)?.startLine),
    )
  }

  it.each([
    ['continuations with comments and empty lines', 'FROM a\nRUN x \\\n # why\n\n  && y \\\n  && hit\n', [6]],
    ['a Windows line end', 'FROM a\r\nRUN x && \\\r\n hit\r\n', [3]],
    ['another escape character', '# escape=`\nFROM a\nSHELL ["/bin/sh", "-c"]\nRUN x && `\n hit\n', [5]],
    [
      'here-documents, the second one too',
      'FROM a\nRUN <<A sh && cat <<B\nhit\nA\nno\nB\nRUN <<-E\n\tx\n\thit\n\tE\n',
      [3, 9],
    ],
    ['a quoted script over several lines', "FROM a\nRUN bash -c 'x; \\\n  hit; \\\n  y'\n", [3]],
    ['the exec form', 'FROM a\nRUN ["sh", \\\n "-c", "hit"]\n', [2]],
    ['flags on lines of their own', 'FROM a\nRUN --mount=type=cache,target=/x \\\n    hit\n', [3]],
    ['a second command on a line', 'FROM a\nRUN x; hit; \\\n hit\n', [2, 3]],
  ])('%s', (_about, text, wanted) => {
    expect(lineOf(text, 'hit')).toEqual(wanted)
  })
})

describe('a quoted command', () => {
  it('stands on one line', () => {
    expect(oneLine('a \\\n   b\n c')).toBe('a b c')
  })
})
