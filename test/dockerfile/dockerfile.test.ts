// A Dockerfile read as BuildKit reads it. What each case expects was printed by BuildKit's own parser (0.32).
import { describe, expect, it } from 'vitest'
import { flagValue, parentStage, parseDockerfile } from '../../src/dockerfile/dockerfile.ts'
import { readLogicalLines } from '../../src/dockerfile/logical-lines.ts'
import { fitsPattern, jsonWords, patternsOf, rawWordsOf } from '../../src/dockerfile/patterns.ts'

/** Text, and every instruction with its lines; null where the builder refuses the text. */
const CASES: readonly (readonly [text: string, lines: string | null])[] = [
  ['FROM a\nRUN <<EOF\na\nEOF\nRUN b\n', 'FROM:1-1 RUN:2-4 RUN:5-5'],
  ['FROM a\nRUN <<A <<B\na\nA\nb\nB\nRUN c\n', 'FROM:1-1 RUN:2-6 RUN:7-7'],
  ['FROM a\nRUN <<-EOF\n\ta\n\tEOF\nRUN b\n', 'FROM:1-1 RUN:2-4 RUN:5-5'],
  ["FROM a\nRUN <<'EOF'\na\nEOF\nRUN b\n", 'FROM:1-1 RUN:2-4 RUN:5-5'],
  ['FROM a\nRUN <<"EOF" cat\na\nEOF\nRUN b\n', 'FROM:1-1 RUN:2-4 RUN:5-5'],
  ['FROM a\nCOPY <<a.txt <<b.txt /dest/\nx\na.txt\ny\nb.txt\nRUN b\n', 'FROM:1-1 COPY:2-6 RUN:7-7'],
  ['FROM a\nRUN cat <<EOF > /x && \\\n echo\na\nEOF\nRUN b\n', 'FROM:1-1 RUN:2-5 RUN:6-6'],
  ['FROM a\nRUN echo <<< foo\nRUN b\n', 'FROM:1-1 RUN:2-2 RUN:3-3'],
  ['FROM a\nRUN echo $((1<<2))\nRUN b\n', 'FROM:1-1 RUN:2-2 RUN:3-3'],
  ['FROM a\nRUN echo 1 <<2\n2\nRUN b\n', 'FROM:1-1 RUN:2-3 RUN:4-4'],
  ['FROM a\nCMD <<EOF\nRUN b\n', 'FROM:1-1 CMD:2-2 RUN:3-3'],
  [
    '# syntax=docker/dockerfile:1\n# escape=`\nFROM a\nRUN x `\n  y\nRUN c:\\\nRUN z\n',
    'FROM:3-3 RUN:4-5 RUN:6-6 RUN:7-7',
  ],
  ['#escape=`\n\nFROM a\nRUN x `\n  y\nRUN c:\\\nRUN z\n', 'FROM:3-3 RUN:4-5 RUN:6-6 RUN:7-7'],
  ['\n# escape=`\nFROM a\nRUN x \\\n  y\nRUN z\n', 'FROM:3-3 RUN:4-5 RUN:6-6'],
  ['# check=skip=all\n# escape=`\nFROM a\nRUN x `\n y\n', 'FROM:3-3 RUN:4-5'],
  ['# hello\n# escape=`\nFROM a\nRUN x \\\n y\n', 'FROM:3-3 RUN:4-5'],
  ['FROM a\nRUN x \\\n# c\n\n  y \\\n\n\n  && z\nRUN w\n', 'FROM:1-1 RUN:2-8 RUN:9-9'],
  ['FROM a\nRUN x \\   \n  y\nRUN w\n', 'FROM:1-1 RUN:2-3 RUN:4-4'],
  ['FROM a\nRUN x \\\n  # c \\\n  y\nRUN w\n', 'FROM:1-1 RUN:2-4 RUN:5-5'],
  ['FROM a\nRUN x \\\n\nRUN w\n', 'FROM:1-1 RUN:2-4'],
  ['FROM a\nRUN x \\', 'FROM:1-1 RUN:2-2'],
  ['FROM a\nRUN x \\\n', 'FROM:1-1 RUN:2-2'],
  ['FROM a\nRUN x \\\n# end\n', 'FROM:1-1 RUN:2-3'],
  ['FROM a\nRUN x\\\\\nRUN y\n', 'FROM:1-1 RUN:2-2 RUN:3-3'],
  ['FROM a\r\nRUN x \\\r\n  y\r\nRUN <<EOF\r\na\r\nEOF\r\nRUN z\r\n', 'FROM:1-1 RUN:2-3 RUN:4-6 RUN:7-7'],
  ['FROM a\n  RUN x\n\tcopy a b\nrun y\n', 'FROM:1-1 RUN:2-2 COPY:3-3 RUN:4-4'],
  ['FROM a\nONBUILD RUN x \\\n y\nONBUILD COPY . .\n', 'FROM:1-1 ONBUILD:2-3 ONBUILD:4-4'],
  ['FROM a\nONBUILD RUN <<EOF\nx\nEOF\nRUN y\n', 'FROM:1-1 ONBUILD:2-4 RUN:5-5'],
  ['\ufeffFROM a\nRUN x\n', 'FROM:1-1 RUN:2-2'],
  ['FROM a\nR\\\nUN x\n', 'FROM:1-1 RUN:2-3'],
  ['FROM a\nRUN --mount=type=secret,id=x \\\n  --network=none \\\n  cmd \\\n  a\n', 'FROM:1-1 RUN:2-5'],
  ['FROM a\nCOPY --from=b <<EOF /x\nt\nEOF\n', 'FROM:1-1 COPY:2-4'],
  ['FROM a\nRUN <<EOF\n# comment\n\\\nEOF\nRUN y\n', 'FROM:1-1 RUN:2-5 RUN:6-6'],
  ['FROM a\nRUN x # <<EOF\nRUN y\n', null],
  ['FROM a\nRUN echo "<<EOF"\nRUN y\n', 'FROM:1-1 RUN:2-2 RUN:3-3'],
  ["FROM a\nRUN echo '<<EOF'\nRUN y\n", 'FROM:1-1 RUN:2-2 RUN:3-3'],
  ['FROM a\nRUN echo \\<<EOF\nRUN y\n', 'FROM:1-1 RUN:2-2 RUN:3-3'],
  ['FROM a\nRUN cat <<EOF\nunterminated\nRUN y\n', null],
  ['FROM a\nRUN cat << EOF\nRUN y\nEOF\n', 'FROM:1-1 RUN:2-4'],
  ['FROM a\nRUN 3<<EOF cat\nx\nEOF\nRUN y\n', 'FROM:1-1 RUN:2-4 RUN:5-5'],
  ['FROM a\nRUN cat <<EOF1\nx\nEOF1 \nEOF1\nRUN y\n', 'FROM:1-1 RUN:2-5 RUN:6-6'],
  ['FROM a\nENV A=b \\\n  # c\n  C=d\nRUN y\n', 'FROM:1-1 ENV:2-4 RUN:5-5'],
  ['FROM a\nLABEL x="a \\\n b"\nRUN y\n', 'FROM:1-1 LABEL:2-3 RUN:4-4'],
  [
    'ARG A=1\nARG B=$A\nFROM --platform=$BUILDPLATFORM x:${B} AS One\nRUN a\nFROM one as two\nFROM ${A:-q}\n',
    'ARG:1-1 ARG:2-2 FROM:3-3 RUN:4-4 FROM:5-5 FROM:6-6',
  ],
  ['FROM a\nUNKNOWN x\nRUN y\n', 'FROM:1-1 UNKNOWN:2-2 RUN:3-3'],
  ['FROM a\n\\\nRUN y\n', 'FROM:1-1 RUN:2-3'],
  ['FROM a\nRUN echo a \\\n\\\n b\nRUN y\n', 'FROM:1-1 RUN:2-4 RUN:5-5'],
  ['FROM a\nRUN ["a", \\\n "b"]\nRUN y\n', 'FROM:1-1 RUN:2-3 RUN:4-4'],
  ['# syntax = docker/dockerfile:1\nFROM a\n# escape=`\nRUN x \\\n y\n', 'FROM:2-2 RUN:4-5'],
  ['FROM a\nCOPY <<\'EOF\' <<-"F-2" /x/\na\nEOF\n\tb\n\tF-2\nRUN y\n', 'FROM:1-1 COPY:2-6 RUN:7-7'],
  ['FROM a\nRUN cat <<EOF | tee /a <<X\n1\nEOF\n2\nX\nRUN y\n', 'FROM:1-1 RUN:2-6 RUN:7-7'],
  ['FROM a\nADD <<E /e\nq\nE\nENV x <<E\nRUN y\n', 'FROM:1-1 ADD:2-4 ENV:5-5 RUN:6-6'],
  ['#!/usr/bin/env dockerfile\nFROM a\nRUN x\n', 'FROM:2-2 RUN:3-3'],
  ['// syntax=foo\nFROM a\n', '//:1-1 FROM:2-2'],
  ['# ESCAPE = `\nFROM a\nRUN x `\n y\nRUN z\n', 'FROM:2-2 RUN:3-4 RUN:5-5'],
  ['FROM a\n#comment \\\nRUN y\n', 'FROM:1-1 RUN:3-3'],
  ['FROM a\nRUN true; \\\n  cat <<EOF\nb\nEOF\nRUN y', 'FROM:1-1 RUN:2-5 RUN:6-6'],
  ['FROM a\nRUN cat <<EOF \\\n && y\nb\nEOF\nRUN y', 'FROM:1-1 RUN:2-5 RUN:6-6'],
  [
    'FROM a\nMAINTAINER x\nVOLUME ["/a"]\nHEALTHCHECK --interval=1s CMD x \\\n y\nSTOPSIGNAL 9\nSHELL ["a"]\n',
    'FROM:1-1 MAINTAINER:2-2 VOLUME:3-3 HEALTHCHECK:4-5 STOPSIGNAL:6-6 SHELL:7-7',
  ],
]

describe('lines of instructions', () => {
  it.each(CASES)('%j', (text, expected) => {
    const { lines, error } = readLogicalLines(text)
    expect(error === null).toBe(expected !== null)
    if (expected === null) return
    expect(
      lines.map((line) => `${/\S+/.exec(line.text)?.[0].toUpperCase()}:${line.startLine}-${line.endLine}`).join(' '),
    ).toBe(expected)
  })

  it('joins continuations and leaves comments and blank lines between them out', () => {
    expect(readLogicalLines('RUN a \\\n  # why\n\n  && b \\ \n  c\n').lines).toEqual([
      {
        text: 'RUN a   && b   c',
        documents: [],
        starts: [
          { offset: 0, line: 1 },
          { offset: 6, line: 4 },
          { offset: 13, line: 5 },
        ],
        startLine: 1,
        endLine: 5,
      },
    ])
  })

  it('keeps the content of here-documents, in their order', () => {
    const [line] = readLogicalLines('COPY <<one <<-"two" /x/\n1\none\n\t2\n\ttwo\n').lines
    expect(line?.documents).toEqual([
      { name: 'one', chomp: false, content: '1\n', startLine: 2 },
      { name: 'two', chomp: true, content: '\t2\n', startLine: 4 },
    ])
  })
})

describe('stages', () => {
  const dockerfile = parseDockerfile(
    'Dockerfile',
    'ARG V=1 W="two words"\nARG BASE=app:${V}\nFROM --platform=$BUILDPLATFORM $BASE AS One\nONBUILD RUN x\nFROM one\nFROM ${NONE:-fallback}\nFROM "quoted"\nCOPY --from=One --chown=1 a b\n',
  )
  it('have lower-case names and what FROM names, arguments filled in', () => {
    expect(dockerfile.stages.map(({ name, from }) => [name, from])).toEqual([
      ['one', 'app:1'],
      [null, 'one'],
      [null, 'fallback'],
      [null, 'quoted'],
    ])
  })
  it('know the stage that they build on, the instruction that ONBUILD leaves, and flags', () => {
    const [one, two, , last] = dockerfile.stages
    expect(two !== undefined && parentStage(dockerfile, two)).toBe(one)
    expect(one?.instructions[0]?.trigger).toMatchObject({ keyword: 'RUN', text: 'x' })
    const copy = last?.instructions[0]
    expect(copy).toMatchObject({ text: 'a b', flags: ['--from=One', '--chown=1'] })
    expect(copy !== undefined && flagValue(copy, 'from')).toBe('One')
  })
})

describe('words', () => {
  it.each([
    ['a "b c" d\\ e', [['a'], ['b c'], ['d e']]],
    [
      '$A/x ${B:-${C}}y',
      [
        ['', '/x'],
        ['', 'y'],
      ],
    ],
    ["'$A' \\$B", [['$A'], ['$B']]],
  ])('%j', (text, expected) => {
    expect(patternsOf(text, '\\')).toEqual(expected)
  })
  it('are held against a text with their variables open', () => {
    expect(fitsPattern(['/srv/', '/x'], '/srv/a/b/x')).toBe(true)
    expect(fitsPattern(['/srv/', '/x'], '/srv/x')).toBe(false)
    expect(fitsPattern(['a', 'b', 'c'], 'a--b--c')).toBe(true)
    expect(fitsPattern(['a', 'b', 'c'], 'a--c')).toBe(false)
  })
  it('are JSON only when all of them are texts', () => {
    expect(jsonWords('["a", "b"]')).toEqual(['a', 'b'])
    expect(jsonWords("['a']")).toBeNull()
    expect(jsonWords('[1]')).toBeNull()
  })
  it('can be had as written', () => {
    expect(rawWordsOf('A="b c" D=\'e\' f\\ g')).toEqual(['A="b c"', "D='e'", 'f\\ g'])
  })
})
