// The one redactor.
import { deflateSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Redactor, redactValue, wordsBefore } from '../../src/secrets/redact.ts'
import { isWordLike } from '../../src/secrets/word-like.ts'
import { random, VALUES } from '../values.ts'

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
    expect(redactor('a9Z$x').text('/a9Z$x/b a9Z$xy a9Z$x')).toBe('/•••/b a9Z$xy •••')
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
    expect(usual.text('postgres://app:secret@db/x, RUN --mount=type=secret')).toBe(
      'postgres://app:•••@db/x, RUN --mount=type=secret',
    )
    expect(usual.data({ secret: { detector: 'x', title: 'A secret' } })).toEqual({
      secret: { detector: 'x', title: 'A secret' },
    })
  })

  it('lines of a key, each on its own', () => {
    expect(redactor('-----BEGIN X-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\n').text('line hkiG9w0BAQEFAASC')).toBe(
      'line •••',
    )
  })

  it('nothing of any value stays, whatever stands around it', () => {
    const value = fc.stringMatching(/^[A-Za-z0-9+/=_-]{8,40}$/).filter((text) => !isWordLike(text))
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 5 }),
        fc.array(fc.string({ maxLength: 10 }), { maxLength: 6 }),
        (values, between) => {
          const text = between.map((part, index) => part + (values[index % values.length] ?? '')).join('')
          const hidden = redactor(...values).text(text)
          for (const one of values) if (text.includes(one)) expect(hidden.includes(one)).toBe(false)
        },
      ),
      { numRuns: 500 },
    )
  })
})

const token = (seed: number): string => `gh${'p_'}${random(36, undefined, seed)}`
const base64 = (text: string | Buffer): string => Buffer.from(text).toString('base64')

/** No ten characters in a row of a value, nor of what it is written as. */
function expectHidden(shown: string, value: string): void {
  for (let at = 0; at + 10 <= value.length; at++) expect(shown).not.toContain(value.slice(at, at + 10))
}

describe('a token in whatever form it is written', () => {
  const value = token(1)
  const redactor = new Redactor([{ value, guessable: false }])
  const lines = (text: string, width: number, joint: string): string =>
    text.match(new RegExp(`.{1,${width}}`, 'g'))?.join(joint) ?? ''
  const forms: Record<string, string> = {
    base64: base64(value),
    'base64 behind one other byte': base64(`x${value}`),
    'base64 behind two': base64(`xy${value}z`),
    'base64 in base64': base64(base64(`a ${value}`)),
    'base64 for URLs': Buffer.from(`??>${value}`).toString('base64url'),
    'base64 behind a word': `Basic${base64(`svc:${value}`)}`,
    'base64 in a path': `/app/${base64(value)}/x`,
    'base64 in lines': lines(base64(`{"a":"${value}"}`), 20, '\n'),
    'base64 in lines that are escaped': lines(base64(`{"a":"${value}"}`), 24, '\\n'),
    'base64 in strings that are joined': `"${lines(base64(`a: ${value}`), 16, '" + "')}"`,
    'base64 of UTF-16': base64(Buffer.from(`$t = "${value}"`, 'utf16le')),
    hex: Buffer.from(value).toString('hex'),
    'upper-case hex': Buffer.from(value).toString('hex').toUpperCase(),
    'hex with colons': lines(Buffer.from(value).toString('hex'), 2, ':'),
    'percent signs alone': [...Buffer.from(value)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
    'upper-case percent signs': encodeURIComponent(`/${value}?`).replace('_', '%5F'),
    'unicode escapes': value.replace('_', '\\u005f'),
    'unicode escapes, all': [...value].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''),
    'HTML entities': value.replace('_', '&#95;'),
    'HTML entities in hex': [...value].map((c) => `&#x${c.charCodeAt(0).toString(16)};`).join(''),
    'octal escapes': value.replace('_', '\\137'),
    'a continued line': `${value.slice(0, 17)}\\\n      ${value.slice(17)}`,
    'strings that are joined': `"${value.slice(0, 9)}" + "${value.slice(9)}"`,
    'shell quotes in the middle': `'${value.slice(0, 9)}''${value.slice(9)}'`,
    'lines of five': lines(value, 5, '\n'),
    'a part that somebody cut off': value.slice(7, 29),
    'glued to other letters': `x${value}y`,
    gzip: base64(gzipSync(`password of the build: ${value}\n`)),
    'gzip in base64 behind a word': `data:${base64(gzipSync(`{"token":"${value}"}`))}`,
    zlib: base64(deflateSync(`{"token":"${value}"}`)),
  }

  it.each(Object.entries(forms))('%s', (_name, form) => {
    const shown = redactor.text(`RUN tool --with ${form} --and more`)
    expect(shown).toMatch(/^RUN tool --with .*(?:•••|…).* --and more$/s)
    expectHidden(shown, value)
    // Two characters at each end of base64 belong to what stands beside the value too.
    if (!form.includes('H4sI') && !form.includes('eJ'))
      for (const shift of [0, 1, 2]) expectHidden(shown, base64('x'.repeat(shift) + value).slice(4, -4))
  })

  it('in quotes, escapes and entities, a password with signs', () => {
    const password = `p@s/w"r'd$${random(6)}\\x&`
    const hidden = new Redactor([{ value: password, guessable: true }])
    for (const form of [
      password,
      JSON.stringify(password).slice(1, -1),
      JSON.stringify(JSON.stringify(password)),
      encodeURIComponent(password),
      encodeURIComponent(password).replace(/%../g, (escaped) => escaped.toLowerCase()),
      password.replace(/[$"\\]/g, '\\$&'),
      `'${password.replaceAll("'", "'\\''")}'`,
      password.replaceAll('/', '\\/').replaceAll('"', '\\u0022').replaceAll('&', '\\u0026'),
      password.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll("'", '&#39;'),
    ])
      expect(hidden.text(`a ${form} b`).replace(/["'\\]/g, '')).toBe('a ••• b')
  })

  it('a key in lines of any width, escaped, or in one line', () => {
    const pem = VALUES['pkcs8-key']?.() ?? ''
    const body = pem.split('\n').slice(1, -1).join('')
    const known = new Redactor([{ value: pem, guessable: false }])
    const head = '-----BEGIN PRIVATE KEY-----'
    for (const form of [
      body,
      ...[8, 19, 48, 76].map((width) => `${head}\n${lines(body, width, '\n')}\n`),
      `${head}\\n${lines(body, 64, '\\n')}`,
      `${head} ${lines(body, 64, ' ')}`,
      base64(pem),
      lines(base64(`${head}\n${lines(body, 40, '\n')}`), 76, '\n'),
      JSON.stringify({ key: `${head}\n${lines(body, 30, '\r\n')}` }),
    ]) {
      const shown = known.text(`ENV KEY=${form} X`).replace(/[\s\\]|\\n/g, '')
      // What DER begins with is in every key and certificate.
      expectHidden(shown, body.slice(40))
    }
  })
})

describe('what is shortened', () => {
  const value = token(2)
  const redactor = new Redactor([{ value, guessable: false }])
  const unknowing = new Redactor([], (text) => (text.includes(value) ? [{ value, guessable: false }] : []))

  it.each([20, 44, 60, 90, 120, 160, 200] as const)(
    'shows no part of a token wherever it stands around %i characters',
    (most) => {
      for (let offset = 0; offset <= 300; offset++) {
        const text = `${'ab '.repeat(100).slice(0, offset)}${value} > /t ${'c'.repeat(120)}`
        for (const from of ['start', 'end', 'words'] as const)
          for (const each of [redactor, unknowing]) {
            const cut = each.cut(text, most, from)
            expect(cut.length).toBeLessThanOrEqual(most + 2)
            for (let at = 4; at + 5 < value.length; at++)
              expect(cut, `${offset} ${from}`).not.toContain(value.slice(at - 4, at + 1))
          }
      }
    },
  )

  it('keeps the start, the end, or whole words', () => {
    const plain = new Redactor([])
    expect(plain.cut('aaa bbb ccc', 8)).toBe('aaa bbb…')
    expect(plain.cut('aaa bbb ccc', 8, 'end')).toBe('…bbb ccc')
    expect(plain.cut('aaa bbb ccc', 8, 'words')).toBe('aaa bbb …')
    expect(plain.cut('a'.repeat(50), 8, 'words')).toBe('…')
    expect(plain.cut('aaa', 3)).toBe('aaa')
  })
})

describe('a password that is a word', () => {
  const found = 'RUN mysql -u root -pdebian && PGPASSWORD=debian psql'
  const redactor = new Redactor([
    { value: 'debian', guessable: true, after: ['db_password', ...wordsBefore(found, 'debian')] },
  ])

  it.each([
    [found, 'RUN mysql -u root -p••• && PGPASSWORD=••• psql'],
    ['ENV DB_PASSWORD=debian', 'ENV DB_PASSWORD=•••'],
    ['ENV DB_PASSWORD debian', 'ENV DB_PASSWORD •••'],
    ['{"db_password": "debian"}', '{"db_password": "•••"}'],
    ['postgres://app:debian@db/x', 'postgres://app:•••@db/x'],
  ])('is hidden where it stands as one: %s', (text, shown) => {
    expect(redactor.text(text)).toBe(shown)
  })

  it.each([
    'FROM debian:12',
    'https://deb.debian.org/debian',
    'debian/Dockerfile:3',
    'the debian image',
    'ENV DISTRO=debian',
    '/etc/debian_version',
    'DB_PASSWORD=debian12',
    'ghcr.io/acme/debian',
  ])('stays a word in %s', (text) => {
    expect(redactor.text(text)).toBe(text)
  })

  it('stays in names, whatever stands in front of it', () => {
    expect(
      redactor.data({ reference: 'db_password:debian', path: '/x/PGPASSWORD=debian', text: 'PGPASSWORD=debian' }),
    ).toEqual({
      reference: 'db_password:debian',
      path: '/x/PGPASSWORD=debian',
      text: 'PGPASSWORD=•••',
    })
  })

  it.each(['debian', 'Debian12', 'app-prod', 'dbPassword', 'APP', 'changeme', '20240101', 'my.service', 'p@ssw0rd'])(
    '%s is one',
    (word) => {
      expect(isWordLike(word)).toBe(true)
    },
  )

  it.each([
    'x7Kq2!',
    'Zk8f-2kLqpw97',
    'kxqvnwzrmtbphj',
    'correct-horse-battery-staple',
    'a$b',
    'QWxhZGRpbjpvcGVu',
    'deb1an',
  ])('%s is none', (value) => {
    expect(isWordLike(value)).toBe(false)
  })
})

describe('texts that have nothing to do with a value', () => {
  it('stay as they are, also where they share words, hosts or headers with one', () => {
    const key = VALUES['pkcs8-key']?.() ?? ''
    const redactor = new Redactor(
      [
        `https://hooks.example-chat.com/services/${random(9)}/${random(11, undefined, 3)}`,
        `prod-service-account-${random(12)}`,
        `AccountName=production;AccountKey=${random(30)}`,
        key,
      ].map((value) => ({
        value,
        guessable: false,
      })),
    )
    for (const text of [
      'RUN curl https://hooks.example-chat.com/services/ --fail',
      'prod-service-account-reader',
      'AccountName=production;AccountKey=$KEY',
      '-----BEGIN PRIVATE KEY-----',
      'https://example-chat.com/hooks',
    ])
      expect(redactor.text(text)).toBe(text)
  })

  it('lines keep their number where a value goes over several', () => {
    const value = token(4)
    const redactor = new Redactor([{ value, guessable: false }])
    expect(redactor.lines(['FROM a', `RUN x ${value.slice(0, 6)}\\`, `  ${value.slice(6)} y`])).toEqual([
      'FROM a',
      'RUN x ghp_…'.replace('…', `…${value.slice(-4)}`),
      '••• y',
    ])
  })
})

describe('many values and long texts', () => {
  it('end in time, however they repeat', () => {
    const repeated = new Redactor([{ value: `${'a'.repeat(16_000)}9`, guessable: false }])
    expect(repeated.text('a'.repeat(300_000)).length).toBeLessThan(20)
    const many = new Redactor(Array.from({ length: 20_000 }, (_, index) => ({ value: token(index), guessable: false })))
    const text = `${'some words of a long text, '.repeat(4000)}${token(19_999)}`
    expect(many.text(text)).toBe(text.replace(token(19_999), redactValue(token(19_999), false)))
  })
})
