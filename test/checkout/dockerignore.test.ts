// .dockerignore. What each case expects is what moby's own matcher (patternmatcher 0.6) says.
import { describe, expect, it } from 'vitest'
import { ignoredBy, parseDockerignore, patternOf } from '../../src/checkout/dockerignore.ts'

describe('a path is kept out of the build context', () => {
  it.each([
    ['*.pem', 'a.pem', true],
    ['*.pem', 'keys/a.pem', false],
    ['**/*.pem', 'keys/a.pem', true],
    ['**/*.pem', 'a.pem', true],
    ['keys', 'keys/deep/a.pem', true],
    ['/keys/', 'keys/a.pem', true],
    ['keys/**', 'keys/a/b', true],
    ['keys/**', 'keys', false],
    ['a**b', 'a/x/b', true],
    ['**b', 'x/ab', true],
    ['**', 'x/y', true],
    ['?.txt', 'a.txt', true],
    ['?.txt', 'ab.txt', false],
    ['[a-c].txt', 'b.txt', true],
    ['[^a-c].txt', 'b.txt', false],
    ['\\*', '*', true],
    ['\\*', 'x', false],
    ['./a/../b', 'b', true],
    ['../a', 'a', false],
    ['*\n!a.txt', 'a.txt', false],
    ['*\n!a.txt', 'b.txt', true],
    ['dir\n!dir/keep', 'dir/keep', false],
    ['dir\n!dir/keep', 'dir/other', true],
    ['!a\n*', 'a', true],
    ['# a comment\n\n  spaced  ', 'spaced', true],
    ['.env', 'config/.env', false],
  ])('%j, %s: %s', (text, path, expected) => {
    expect(ignoredBy(parseDockerignore(text), path) !== null).toBe(expected)
  })

  it('by the last pattern that matches, which is named with its line', () => {
    expect(ignoredBy(parseDockerignore('*.log\n!keep.log\n**/*.log\n'), 'keep.log')).toEqual({
      pattern: '**/*.log',
      line: 3,
    })
  })

  it('in a time that does not depend on the pattern', () => {
    const dockerignore = parseDockerignore(`${'*a'.repeat(200)}b\n${'**/a'.repeat(100)}/b`)
    expect(ignoredBy(dockerignore, `${'a/'.repeat(500)}c`)).toBeNull()
  })
})

describe('the pattern of a path keeps it out', () => {
  it.each([
    'a.env',
    'keys/a b.pem',
    '*',
    'a[1].txt',
    'b\\c',
    '!important',
    '#notes',
    ' padded ',
    'caf\udce9.txt',
    'a\u0001b',
    'a\u202eb',
    'x\ty',
    'dir/',
    '?',
  ])('%j', (name) => {
    const pattern = patternOf(name)
    // One line that an editor shows as it is, and that Docker does not trim.
    expect(pattern).toMatch(/^[\x20-\x7e]+$/)
    expect(pattern.trim()).toBe(pattern)
    expect(ignoredBy(parseDockerignore(`${pattern}\n`), name.replace(/\/$/, ''))).not.toBeNull()
    expect(ignoredBy(parseDockerignore(`${pattern}\n`), 'another/name')).toBeNull()
  })
})
