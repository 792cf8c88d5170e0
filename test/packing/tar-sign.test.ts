// What is a tar: a header whose checksum fits, not any text that has `ustar` at that place.
import { describe, expect, it } from 'vitest'
import { HEAD, packingOf } from '../../src/packing/signs.ts'
import { tar } from '../image-builder.ts'

const told = (head: Buffer): unknown => packingOf(head.subarray(0, HEAD), '/x')

describe('a tar is told by its first header', () => {
  it('with the checksum of its bytes', async () => {
    expect(told(await tar([{ name: 'a', content: 'b' }]))).toBe('tar')
    expect(told(await tar([{ name: 'd/' }]))).toBe('tar')
  })

  it('with a checksum of signed bytes, as old programs wrote it', async () => {
    const header = await tar([{ name: 'caf\u00e9', content: 'b' }])
    const signed = [...header.subarray(0, 512)].reduce((sum, byte, at) => sum + (at >= 148 && at < 156 ? 32 : byte > 127 ? byte - 256 : byte), 0)
    header.write(`${signed.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
    expect(told(header)).toBe('tar')
  })

  it.each([
    ['a program that names the sign', Buffer.from(`${'x'.repeat(257)}ustar\0 is the sign of POSIX${' '.repeat(300)}`)],
    ['a comment in a script', Buffer.from(`${'// '.repeat(85)}//ustar${'\n'.repeat(400)}`)],
    ['a document that is short', Buffer.from(`${'x'.repeat(257)}ustar`)],
    ['zeros around it', Buffer.concat([Buffer.alloc(257), Buffer.from('ustar\0'), Buffer.alloc(300)])],
    ['a number that is none', Buffer.from(`${'x'.repeat(148)}xxxxxxxx${'x'.repeat(101)}ustar\0${'x'.repeat(300)}`)],
  ])('but not %s', (_about, head) => {
    expect(told(head)).toBeNull()
  })
})
