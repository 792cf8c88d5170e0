// Passwords that no issuer's form tells: in a file of settings or in ENV what looks drawn fails, elsewhere it is shown.
import { describe, expect, it } from 'vitest'
import { isDrawnValue, isSettingsFile } from '../../src/rules/secret/settings.ts'
import { fillForm } from '../../src/secrets/form.ts'
import { buildImage, type LayerSpec } from '../image-builder.ts'
import { judgeArchive } from '../run-gate.ts'

const VALUE = fillForm('{62:8}-{62:6}7', 3)

const severityOf = async (
  layer: Omit<LayerSpec, 'files'> & { readonly files: LayerSpec['files'] },
  config: Record<string, unknown> = {},
): Promise<string | undefined> => {
  const { report } = await judgeArchive(await buildImage({ layers: [layer], config: { User: '1', ...config } }), {
    dockerfile: `FROM scratch\n${layer.by.replace(/ # buildkit$/, '').replace('/bin/sh -c ', '')}\n`,
  })
  const finding = report.findings.find(({ secret }) => secret !== null)
  return finding === undefined ? undefined : `${finding.severity}${finding.fails ? ', fails' : ''}`
}
const copied = (name: string, content: string): LayerSpec => ({
  by: 'COPY . / # buildkit',
  files: [{ name, content }],
})

describe('a generic value', () => {
  it.each<[string, string, string]>([
    ['.env', 'app/.env', `DB_PASSWORD=${VALUE}\n`],
    ['.env.production', 'app/.env.production', `export JWT_SECRET='${VALUE}${VALUE}'\n`],
    ['prod.env', 'etc/prod.env', `SMTP_PASSWORD="${VALUE}"\n`],
    ['secrets.yml', 'app/config/secrets.yml', `production:\n  db_password: ${VALUE}\n`],
    ['credentials.json', 'app/credentials.json', `{ "password": "${VALUE}" }\n`],
    ['application-prod.yml', 'app/application-prod.yml', `spring:\n  datasource:\n    password: ${VALUE}\n`],
    ['application.properties', 'app/application.properties', `spring.datasource.password=${VALUE}\n`],
    ['prod.tfvars', 'infra/prod.tfvars', `db_password = "${VALUE}"\n`],
    ['compose.yaml', 'app/compose.yaml', `services:\n  db:\n    environment:\n      POSTGRES_PASSWORD: ${VALUE}\n`],
  ])('in %s that COPY brought fails', async (_, name, content) => {
    expect(await severityOf(copied(name, content))).toBe('high, fails')
  })

  it('in ENV fails', async () => {
    const layer = { by: `ENV DB_PASSWORD=${VALUE}`, files: null, comment: 'buildkit.dockerfile.v0' }
    expect(await severityOf(layer, { Env: [`DB_PASSWORD=${VALUE}`] })).toBe('high, fails')
  })

  it.each<[string, LayerSpec]>([
    ['a template', copied('app/.env.example', `DB_PASSWORD=${VALUE}\n`)],
    ['a test', copied('app/test/.env', `DB_PASSWORD=${VALUE}\n`)],
    ['a package', copied('app/node_modules/x/.env', `DB_PASSWORD=${VALUE}\n`)],
    ['another file', copied('app/notes.txt', `DB_PASSWORD=${VALUE}\n`)],
    [
      'a file that a RUN made',
      { by: 'RUN /bin/sh -c make config # buildkit', files: [{ name: 'app/.env', content: `DB_PASSWORD=${VALUE}\n` }] },
    ],
    ['a word with a year', copied('app/.env', 'DB_PASSWORD=Sommer2024!\n')],
  ])('is shown, and does not fail, in %s', async (_, layer) => {
    expect(await severityOf(layer)).toBe('medium')
  })

  it.each(['changeme123', 'postgres', '${DB_PASSWORD}', 'your-password-here', '<password>', 'secret'])(
    '%s is none',
    async (value) => {
      expect(await severityOf(copied('app/.env', `DB_PASSWORD=${value}\n`))).toBeUndefined()
    },
  )
})

describe('a file of settings', () => {
  it.each([
    '/app/.env',
    '/app/.env.local',
    '/app/.envrc',
    '/app/secrets.toml',
    '/app/credentials',
    '/app/prod.secrets.yaml',
    '/app/docker-compose.prod.yml',
  ])('%s', (path) => {
    expect(isSettingsFile(path)).toBe(true)
  })

  it.each([
    '/app/.env.sample',
    '/app/.env.dist',
    '/app/example.env',
    '/app/terraform.tfvars.example',
    '/app/compose.example.yml',
    '/app/secrets.py',
    '/usr/lib/python3/dist-packages/x/.env',
    '/app/docs/.env',
    '/app/environment.ts',
  ])('%s is none', (path) => {
    expect(isSettingsFile(path)).toBe(false)
  })
})

describe('a value that looks drawn', () => {
  it.each(['k7#Qz!p2Vw', '9f2c41d07be355aa', 'Xk29-mmQ4-77ZZ', 'p@55w0rD-9931x'])('%s', (value) => {
    expect(isDrawnValue(value)).toBe(true)
  })

  it.each(['short1!', 'Password123', 'admin-2024', 'changeme', 'aaaaaaaaaaaa1!', 'my-app-name', '12345678'])(
    '%s does not',
    (value) => {
      expect(isDrawnValue(value)).toBe(false)
    },
  )
})
