// `layergate context`: what COPY . . would take along, before any build.
import { symlinkSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { type ContextInspection, inspectContext } from '../../src/checkout/inspect-context.ts'
import { contextFails, renderContext } from '../../src/report/context.ts'
import { Scanner } from '../../src/secrets/scanner.ts'
import { useFolder } from '../folder.ts'
import { VALUES } from '../values.ts'

const folder = useFolder()
const { put } = folder
const inspect = (dockerfile: string | null = null): Promise<ContextInspection> => inspectContext(folder.path, '.', dockerfile, new Scanner())
const token = VALUES['github-token']?.() ?? ''

describe('a build context', () => {
  it('shows secrets, what has no business in an image, and the lines that leave both out', async () => {
    put('src/main.ts', 'export {}\n')
    put('config/prod.env', `A=b\nTOKEN=${token}\n`)
    put('.git/objects/ab', 'x'.repeat(1000))
    put('server.pem', 'no key in it')
    put('app.log', 'log')
    const found = await inspect()
    expect(found.secrets).toMatchObject([{ path: 'config/prod.env', line: 2, severity: 'critical', title: 'GitHub token' }])
    expect(found.waste.map(({ path: name }) => name)).toEqual(['.git/', 'app.log', 'server.pem'])
    expect(found.waste[0]).toMatchObject({ bytes: 1000 })
    expect(found.patterns).toEqual(['config/prod.env', '.git', 'app.log', 'server.pem'])
    expect(contextFails(found)).toBe(true)
    const text = renderContext(found, false)
    expect(text).not.toContain(token)
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
    // The lines that it says, written, leave nothing.
    put('.dockerignore', `${found.patterns.join('\n')}\n`)
    expect(await inspect()).toMatchObject({ secrets: [], waste: [], patterns: [] })
  })

  it('is what .dockerignore leaves of it, with exceptions, and with a file of its own for a Dockerfile', async () => {
    put('secrets/a', token)
    put('secrets/b', token)
    put('.dockerignore', 'secrets\n!secrets/b\n')
    expect((await inspect()).secrets.map(({ path: name }) => name)).toEqual(['secrets/b'])
    put('app.Dockerfile', 'FROM scratch\n')
    put('app.Dockerfile.dockerignore', 'secrets\n')
    expect(await inspect('app.Dockerfile')).toMatchObject({ secrets: [], ignoreFile: 'app.Dockerfile.dockerignore' })
  })

  it('escapes names that would be patterns, and follows no link', async () => {
    put('[a]*.txt', token)
    symlinkSync('/etc/passwd', path.join(folder.path, 'link.pem'))
    expect(await inspect()).toMatchObject({ patterns: ['\\[a\\]\\*.txt'], waste: [] })
  })

  it('that is no directory is an error', async () => {
    await expect(inspectContext(folder.path, 'none', null, new Scanner())).rejects.toThrow(/none: is no directory that can be read/)
  })
})
