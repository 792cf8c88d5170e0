// The cases of the rules are data: test/rules/ID/NAME.yml describes an image and what the rule finds in it. A case whose
// name starts with `ok` finds nothing of its rule. To add one, add a file.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { RULES } from '../src/rules/list.ts'
import { type AttestationSpec, buildImage } from './image-builder.ts'
import { judgeArchive } from './run-gate.ts'
import { fill } from './values.ts'

const ROOT = path.join(import.meta.dirname, 'rules')

const fileSchema = z.union([
  z.string(),
  z.strictObject({ content: z.string().optional(), link: z.string().optional(), hardlink: z.string().optional(), mode: z.string().optional() }),
])
const caseSchema = z.strictObject({
  about: z.string(),
  dockerfile: z.string().optional(),
  policy: z.string().optional(),
  config: z.record(z.string(), z.unknown()).optional(),
  legacy: z.record(z.string(), z.unknown()).optional(),
  attestations: z.array(z.strictObject({ predicateType: z.string(), predicate: z.unknown() })).optional(),
  layers: z.array(z.strictObject({ by: z.string(), comment: z.string().optional(), files: z.record(z.string(), fileSchema).optional() })),
  expect: z
    .array(
      z.strictObject({
        severity: z.string(),
        confidence: z.string().optional(),
        line: z.int().nullable().optional(),
        hiddenAt: z.int().optional(),
        layer: z.int().optional(),
        path: z.string().optional(),
        state: z.string().optional(),
        says: z.string().optional(),
        remedy: z.string().optional(),
        alsoIn: z.int().optional(),
      }),
    )
    .default([]),
  verdict: z.enum(['pass', 'fail']).optional(),
})

const files = (entries: Record<string, z.output<typeof fileSchema>>) =>
  Object.entries(entries).map(([name, spec]) => {
    const file = typeof spec === 'string' ? { content: spec } : spec
    if (file.link !== undefined) return { name, type: 'symlink' as const, link: file.link }
    if (file.hardlink !== undefined) return { name, type: 'link' as const, link: file.hardlink }
    return { name, content: fill(file.content ?? ''), ...(file.mode === undefined ? {} : { mode: Number.parseInt(file.mode, 8) }) }
  })

describe.each(RULES.map(({ meta }) => meta.id))('%s', (id) => {
  const folder = path.join(ROOT, id)
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.yml')) : []

  it('has a case that finds and a case that does not, and a page', () => {
    expect(names.some((name) => !name.startsWith('ok'))).toBe(true)
    expect(names.some((name) => name.startsWith('ok'))).toBe(true)
    expect(readFileSync(path.join(ROOT, '../../docs/rules', `${id}.md`), 'utf8')).toMatch(/^# .+\n[\s\S]+## Before\n[\s\S]+## After\n/)
  })

  it.each(names)('%s', async (name) => {
    const raw = caseSchema.parse(parse(readFileSync(path.join(folder, name), 'utf8')))
    const archive = await buildImage(
      {
        config: JSON.parse(fill(JSON.stringify(raw.config ?? { User: '1000' }))) as Record<string, unknown>,
        ...(raw.legacy === undefined ? {} : { overrides: { container_config: JSON.parse(fill(JSON.stringify(raw.legacy))) as unknown } }),
        layers: raw.layers.map(({ by, comment, files: own }) => ({ by: fill(by), ...(comment === undefined ? {} : { comment }), files: own === undefined ? null : files(own) })),
        ...(raw.attestations === undefined ? {} : { attestations: JSON.parse(fill(JSON.stringify(raw.attestations))) as AttestationSpec[] }),
      },
      raw.attestations === undefined ? 'docker-20' : 'buildkit-oci',
    )
    const { report } = await judgeArchive(archive, { dockerfile: raw.dockerfile === undefined ? null : fill(raw.dockerfile), policy: raw.policy ?? '' })
    const found = report.findings.filter(({ ruleId, suppressed }) => ruleId === id && suppressed === null)
    if (name.startsWith('ok')) expect(raw.expect).toEqual([])
    else expect(raw.expect.length).toBeGreaterThan(0)
    expect(found.map(({ severity, message }) => `${severity}: ${message}`)).toHaveLength(raw.expect.length)
    raw.expect.forEach((wanted, index) => {
      const finding = found[index]
      expect(finding?.severity).toBe(wanted.severity)
      if (wanted.confidence !== undefined) expect(finding?.confidence).toBe(wanted.confidence)
      if (wanted.line !== undefined) expect(finding?.dockerfile?.startLine ?? null).toBe(wanted.line)
      if (wanted.layer !== undefined) expect(finding?.location).toMatchObject({ kind: 'layer', layer: wanted.layer })
      if (wanted.path !== undefined) expect(finding?.location).toMatchObject({ path: wanted.path })
      if (wanted.state !== undefined) expect(finding?.file?.state).toBe(wanted.state)
      if (wanted.says !== undefined) expect(finding?.message).toContain(wanted.says)
      if (wanted.remedy !== undefined) expect(finding?.remedy).toContain(wanted.remedy)
      if (wanted.alsoIn !== undefined) expect(finding?.related.filter(({ role }) => role === 'also-in')).toHaveLength(wanted.alsoIn)
      if (wanted.hiddenAt !== undefined) expect(finding?.related.find(({ role }) => role === 'hidden-by' || role === 'overwritten-by')?.dockerfile?.startLine).toBe(wanted.hiddenAt)
    })
    if (raw.verdict !== undefined) expect(report.verdict.result).toBe(raw.verdict)
  })
})
