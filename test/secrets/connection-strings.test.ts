// Passwords of databases, with whatever signs people and generators put into them; text that stands for one is none.
import { describe, expect, it } from 'vitest'
import { processScanner } from '../../src/secrets/scanner.ts'
import { random } from '../values.ts'

const scanner = processScanner()
const found = (text: string): string[] =>
  scanner
    .scanText(text, '/app/settings.txt')
    .filter(({ strength, detector }) => strength !== 'harmless' && /connection-string$/.test(detector))
    .map(({ value }) => value)

const long = `${random(1000, undefined, 3)}7-`
const start = random(6, undefined, 5)
const end = `${random(6, undefined, 6)}7`

const PASSWORDS: Readonly<Record<string, string>> = {
  'a dollar in front': `$z${start}-${end}`,
  'a dollar inside': `${start}$z${end}`,
  'two dollars, as Compose escapes one': `${start}$$${end}`,
  'a dollar behind': `${start}${end}$`,
  'an escape in front': `%24${start}${end}`,
  'escapes inside': `${start}%40%2F${end}`,
  'a colon': `${start}:${end}`,
  'an at sign': `${start}@${end}`,
  'a double quote': `${start}"${end}`,
  'a single quote': `${start}'${end}`,
  'a question mark and an exclamation mark': `${start}?${end}!`,
  'a hash': `${start}#${end}`,
  'a thousand characters': long,
  '121 characters': random(121, undefined, 4),
  braces: `${start}{${end}`,
}

describe('a URL with a password that holds', () => {
  it.each(Object.entries(PASSWORDS))('%s', (_name, password) => {
    expect(found(`DATABASE_URL=postgres://svc:${password}@db.acme.io:5432/app\n`)).toEqual([password])
    expect(found(`redis://:${password}@cache.acme.io\n`), 'without a user').toEqual([password])
    expect(
      found(`url: mongodb://svc:${password}@db1.acme.io:27017,db2.acme.io:27017/app?replicaSet=rs0\n`),
      'for several hosts',
    ).toEqual([password])
  })

  it('is told from the one beside it', () => {
    expect(found(`A=postgres://svc:${start}7@db.acme.io/a B=mysql://svc:${end}@db.acme.io/b`)).toEqual([
      `${start}7`,
      end,
    ])
    expect(
      found(`["A=postgres://svc:${start}7@db.acme.io","B=mysql://svc:${end}@db.acme.io","MAIL=ops@acme.io"]`),
    ).toEqual([`${start}7`, end])
  })
})

describe('a list of parameters with a password that holds', () => {
  it.each(Object.entries(PASSWORDS).filter(([, password]) => !/["']/.test(password)))('%s', (_name, password) => {
    expect(found(`Server=db.acme.io;Database=app;User Id=svc;Password=${password};\n`)).toEqual([password])
  })

  it('a semicolon, in quotes', () => {
    expect(found(`Server=db.acme.io;User Id=svc;Password='${start};${end}';`)).toEqual([`${start};${end}`])
  })
})

describe('no password is', () => {
  it.each([
    '${DB_PASSWORD}',
    '$DB_PASSWORD',
    '$password',
    '$USER$PASSWORD',
    'app-$DB_PASSWORD',
    '${DB_PASSWORD:-changeme}',
    '$(cat /run/secrets/db)',
    '{password}',
    '{{ .Values.password }}',
    '%DB_PASSWORD%',
    '%s',
    '%(password)s',
    '#{password}',
    '<%= password %>',
    '<password>',
    '`cat x`',
    '****',
  ])('%s', (template) => {
    expect(found(`postgres://svc:${template}@db.acme.io/app\n`)).toEqual([])
    expect(found(`Server=db.acme.io;User Id=svc;Password=${template};\n`)).toEqual([])
  })

  it.each([
    "'postgres://svc:' + password + '@db.acme.io/app'",
    '["URL=redis://cache.acme.io:6379","MAIL=ops@acme.io"]',
    `"redis://a.acme.io:6379","x@acme.io"`,
    'redis://a:6379,redis://b:6379,x@y',
  ])('what stands between other texts: %s', (text) => {
    expect(found(text)).toEqual([])
  })
})

describe('what manuals show is no password', () => {
  it.each([
    ['the account of samples', 'postgresql+psycopg2://scott:tiger@db.internal:5432/test'],
    ['the same, made longer', 'mssql+pyodbc://scott:tiger^5HHH@mssql2017:1433/test'],
    ['the same with digits', 'oracle://SCOTT:TIGER123@ora.internal/x'],
    ['the same as parameters', 'DRIVER={x};Server=ora.internal;UID=scott;PWD=tiger1;'],
    ['an article in front', 'https://jo%40email.com:a%20secret@mueller.de:1234/x'],
    ['a word for one', 'https://user:the-password@git.internal/x'],
    ['a company that has no name', 'https://user:he%2F%2Fo1@pypi.company.com/simple'],
    ['another', 'https://user:S3cr3t77aa@git.mycompany.com/x'],
  ])('%s', (_about, text) => {
    expect(scanner.scanText(text, '/app/settings.txt').filter(({ strength }) => strength !== 'harmless')).toEqual([])
  })

  it.each([
    ['another account with that password', 'postgres://svc:tiger77@db.internal/test'],
    ['that account with another password', `postgres://scott:${start}7@db.internal/test`],
    ['a company with a name', `https://user:${start}7@git.companyname2.com/x`],
    ['a longer word', `https://user:tigerlily${start}@git.internal/x`],
  ])('but %s is', (_about, text) => {
    expect(scanner.scanText(text, '/app/settings.txt').filter(({ strength }) => strength !== 'harmless')).toHaveLength(
      1,
    )
  })

  it('nor is a list of names', () => {
    const names = "'CURLOPT_MAIL_RCPT', 'CURLOPT_PASSWORD', 'CURLOPT_READDATA', 'CURLOPT_USERPWD', 'CURLUSESSL_ALL'"
    expect(scanner.scanText(names)).toEqual([])
  })
})
