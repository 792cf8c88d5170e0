// The one redactor.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Redactor, redactValue } from '../../src/secrets/redact.ts'

describe('what may be shown of a value', () => {
  it.each([
    ['abcdefghijklmnopqrst', false, 'abcd…qrst'],
    ['abcdefghijkl', false, 'ab…kl'],
    ['abcdefghijk', false, '•••'],
    ['abcdefghijklmnopqrst', true, '•••'],
    ['-----BEGIN EC PRIVATE KEY-----\nx', false, '-----BEGIN EC PRIVATE KEY-----…'],
    ['20 characters and \u0001', false, '•••'],
  ])('%j', (value, guessable, shown) => {
    expect(redactValue(value, guessable)).toBe(shown)
  })
})

describe('hiding values in texts', () => {
  const redactor = (...values: string[]): Redactor => new Redactor(values.map((value) => ({ value, guessable: true })))

  it('short values only where they stand alone', () => {
    expect(redactor('app1').text('/app1/x app12 app1')).toBe('/•••/x app12 •••')
  })

  it('the password of a login in base64, and both in one', () => {
    const login = Buffer.from('svc:hunter42x').toString('base64')
    expect(redactor(login).text(`Basic ${login}, -u svc:hunter42x, hunter42x`)).toBe('Basic •••, -u •••, •••')
  })

  it('values that overlap, to the end of the last', () => {
    expect(redactor('abcdefghSECR', 'SECRETijklmn').text('x abcdefghSECRETijklmn y')).toBe('x ••• y')
  })

  it('a password that everybody tries where it is one, and not as a word of the report', () => {
    const usual = redactor('secret')
    expect(usual.text('postgres://app:secret@db/x, RUN --mount=type=secret')).toBe('postgres://app:•••@db/x, RUN --mount=type=secret')
    expect(usual.data({ secret: { detector: 'x', title: 'A secret' } })).toEqual({ secret: { detector: 'x', title: 'A secret' } })
  })

  it('lines of a key, each on its own', () => {
    expect(redactor('-----BEGIN X-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\n').text('line hkiG9w0BAQEFAASC')).toBe('line •••')
  })

  it('nothing of any value stays, whatever stands around it', () => {
    const value = fc.stringMatching(/^[A-Za-z0-9+/=_-]{8,40}$/)
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 5 }), fc.array(fc.string({ maxLength: 10 }), { maxLength: 6 }), (values, between) => {
        const text = between.map((part, index) => part + (values[index % values.length] ?? '')).join('')
        const hidden = redactor(...values).text(text)
        for (const one of values) if (text.includes(one)) expect(hidden.includes(one)).toBe(false)
      }),
      { numRuns: 500 },
    )
  })
})
