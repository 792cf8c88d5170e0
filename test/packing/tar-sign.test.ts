// What is a tar: a header with a checksum, not any text that has `ustar` at the place of the sign.
import { describe, expect, it } from 'vitest'
import { HEAD, packingOf } from '../../src/packing/signs.ts'
import { tar } from '../image-builder.ts'

const told = (head: Buffer): unknown => packingOf(head.subarray(0, HEAD), '/x')

describe('a tar is told by its first header', () => {
  it('with a checksum', async () => {
    expect(told(await tar([{ name: 'a', content: 'b' }]))).toBe('tar')
    expect(told(await tar([{ name: 'd/' }]))).toBe('tar')
  })

  it('with a checksum that is wrong: then it is damaged, and listed as that', async () => {
    const header = await tar([{ name: 'a', content: 'b' }])
    header.write('000000\0 ', 148, 'latin1')
    expect(told(header)).toBe('tar')
  })

  it.each([
    ['a program that names the sign', Buffer.from(`${'x'.repeat(257)}ustar\0 is the sign of POSIX${' '.repeat(300)}`)],
    ['a comment in a script', Buffer.from(`${'// '.repeat(85)}//ustar${'\n'.repeat(400)}`)],
    ['a document that is short', Buffer.from(`${'x'.repeat(257)}ustar`)],
    ['a number that is none', Buffer.from(`${'x'.repeat(148)}xxxxxxxx${'x'.repeat(101)}ustar\0${'x'.repeat(300)}`)],
  ])('but not %s', (_about, head) => {
    expect(told(head)).toBeNull()
  })
})
