// The cases of the rules are data: test/rules/ID/NAME.yml describes an image and what the rule finds in it. A case whose
// name starts with `ok` finds nothing of its rule. To add one, add a file.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import * as z from 'zod'
import { type Instruction, parseDockerfile } from '../src/dockerfile/dockerfile.ts'
import { jsonWords } from '../src/dockerfile/patterns.ts'
import { readVariables } from '../src/evidence/steps.ts'
import type { Finding } from '../src/finding/finding.ts'
import { lintDockerfile } from '../src/lint.ts'
import { PRESETS } from '../src/policy/config.ts'
import { parseConfigText } from '../src/policy/load.ts'
import { mergeConfigs, toPolicy } from '../src/policy/policy.ts'
import { BUILD_RULES, findRule, RULES } from '../src/rules/list.ts'
import { processScanner } from '../src/secrets/scanner.ts'
import { type AttestationSpec, buildImage } from './image-builder.ts'
import { judgeArchive } from './run-gate.ts'
import { fill } from './values.ts'

const ROOT = path.join(import.meta.dirname, 'rules')

const fileSchema = z.union([
  z.string(),
  z.strictObject({
    content: z.string().optional(),
    link: z.string().optional(),
    hardlink: z.string().optional(),
    mode: z.string().optional(),
  }),
])
const caseSchema = z.strictObject({
  about: z.string(),
  dockerfile: z.string().optional(),
  policy: z.string().optional(),
  iocs: z.string().optional(),
  config: z.record(z.string(), z.unknown()).optional(),
  legacy: z.record(z.string(), z.unknown()).optional(),
  attestations: z.array(z.strictObject({ predicateType: z.string(), predicate: z.unknown() })).optional(),
  layers: z.array(
    z.strictObject({
      by: z.string(),
      comment: z.string().optional(),
      files: z.record(z.string(), fileSchema).optional(),
      behind: z.record(z.string(), fileSchema).optional(),
    }),
  ),
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

/** Dockerfiles, each with what a rule finds in it: by `layergate lint`, in the image that it makes, and by the history of that image alone. */
const linesSchema = z.array(
  z.strictObject({
    about: z.string(),
    dockerfile: z.string(),
    /** The Dockerfile that it was taken from. */
    source: z.string().optional(),
    /** Files of the image, in the layer of the last RUN, COPY or ADD. */
    files: z.record(z.string(), fileSchema).optional(),
    policy: z.string().optional(),
    expect: z
      .array(
        z.strictObject({
          severity: z.string(),
          line: z.int(),
          endLine: z.int().optional(),
          says: z.string().optional(),
        }),
      )
      .default([]),
    /** `false`: the history of the image does not tell it. */
    history: z.boolean().default(true),
    /** What the image shows otherwise than the Dockerfile alone; none: the same. */
    image: z.array(z.strictObject({ severity: z.string() })).optional(),
  }),
)

const FROM = 'FROM debian:12\n'

/** The history that BuildKit writes for the last stage of a Dockerfile, with one file for each layer. */
function historyOf(text: string, own: Record<string, z.output<typeof fileSchema>>) {
  const { stages } = parseDockerfile('Dockerfile', text)
  // BuildKit writes no entry for ONBUILD.
  const instructions = (stages.at(-1)?.instructions ?? []).filter(({ keyword }) => keyword !== 'ONBUILD')
  const makesLayer = (keyword: string): boolean => /^(?:RUN|COPY|ADD)$/.test(keyword)
  const last = instructions.findLast(({ keyword }) => makesLayer(keyword))
  return [
    {
      by: '/bin/sh -c #(nop) ADD file:0 in / ',
      files: [{ name: 'etc/passwd', content: 'root:x:0:0::/root:/bin/sh\n' }],
    },
    ...instructions.map((instruction, index) => {
      const { keyword, text: own_, documents, flags } = instruction
      // BuildKit leaves other flags out.
      const kept = flags.filter((flag) => /^--(?:parents|chown|chmod)/.test(flag))
      // The body of a here-document without a command is the command; that of a COPY is in its layer alone.
      const words = /^<<-?\w+$/.test(own_)
        ? (documents[0]?.content ?? '')
        : [
            [...kept, own_].join(' '),
            ...(keyword === 'RUN' ? documents : []).map(({ name, content }) => `${content}${name}`),
          ].join('\n')
      const by = `${keyword} ${keyword === 'RUN' && !own_.startsWith('[') ? '/bin/sh -c ' : ''}${words} # buildkit`
      return {
        by,
        files: makesLayer(keyword)
          ? [{ name: `made/by-${index}`, content: 'x' }, ...(instruction === last ? files(own) : [])]
          : null,
      }
    }),
  ]
}

/** What instructions leave in the configuration, but for ENV and USER. */
function commandsOf(instructions: readonly Instruction[]): Record<string, unknown> {
  const words = (keyword: string): string[] | undefined => {
    const text = instructions.findLast((instruction) => instruction.keyword === keyword)?.text.replace(/^CMD\s+/, '')
    return text === undefined ? undefined : (jsonWords(text) ?? ['/bin/sh', '-c', text])
  }
  const labels = instructions.flatMap(({ keyword, text }) =>
    keyword === 'LABEL' ? readVariables('LABEL', text).map(({ name, value }) => [name, value] as const) : [],
  )
  const [cmd, entrypoint, health] = [words('CMD'), words('ENTRYPOINT'), words('HEALTHCHECK')]
  return {
    ...(cmd === undefined ? {} : { Cmd: cmd }),
    ...(entrypoint === undefined ? {} : { Entrypoint: entrypoint }),
    ...(health === undefined ? {} : { Healthcheck: { Test: health } }),
    ...(labels.length === 0 ? {} : { Labels: Object.fromEntries(labels) }),
    OnBuild: instructions.flatMap(({ keyword, text }) => (keyword === 'ONBUILD' ? [text] : [])),
  }
}

const files = (entries: Record<string, z.output<typeof fileSchema>>) =>
  Object.entries(entries).map(([name, spec]) => {
    const file = typeof spec === 'string' ? { content: spec } : spec
    if (file.link !== undefined) return { name, type: 'symlink' as const, link: file.link }
    if (file.hardlink !== undefined) return { name, type: 'link' as const, link: file.hardlink }
    return {
      name,
      content: fill(file.content ?? ''),
      ...(file.mode === undefined ? {} : { mode: Number.parseInt(file.mode, 8) }),
    }
  })

describe.each(RULES.map(({ meta }) => meta.id))('%s', (id) => {
  const folder = path.join(ROOT, id)
  const names = existsSync(folder)
    ? readdirSync(folder).filter((name) => name.endsWith('.yml') && name !== 'lines.yml')
    : []
  const file = path.join(folder, 'lines.yml')
  const lines = existsSync(file) ? linesSchema.parse(parse(readFileSync(file, 'utf8'))) : []

  it('has a case that finds and a case that does not, and a page', () => {
    expect(names.some((name) => !name.startsWith('ok')) || lines.some(({ expect: wanted }) => wanted.length > 0)).toBe(
      true,
    )
    expect(names.some((name) => name.startsWith('ok')) || lines.some(({ expect: wanted }) => wanted.length === 0)).toBe(
      true,
    )
    expect(readFileSync(path.join(ROOT, '../../docs/rules', `${id}.md`), 'utf8')).toMatch(
      /^# .+\n[\s\S]+## Before\n[\s\S]+## After\n/,
    )
  })

  it.runIf(BUILD_RULES.some(({ meta }) => meta.id === id))('has at least four near-misses', () => {
    const good =
      names.filter((name) => name.startsWith('ok')).length +
      lines.filter(({ expect: wanted }) => wanted.length === 0).length
    expect(good).toBeGreaterThanOrEqual(4)
  })

  it.each(lines)('$about', async ({ dockerfile, policy = '', expect: wanted, files: own = {}, history, image }) => {
    const text = fill(/^FROM /m.test(dockerfile) ? dockerfile : FROM + dockerfile)
    const settings = `rules:\n  ${id}: { severity: ${findRule(id)?.meta.severity} }\n`
    const on = findRule(id)?.meta.enabled === true ? policy : `${settings}${policy}`
    const shown = (findings: readonly Finding[]): string[] =>
      findings
        .filter(({ ruleId, suppressed }) => ruleId === id && suppressed === null)
        .map(({ severity, dockerfile: at }) => `${severity} ${at?.startLine}`)

    if (BUILD_RULES.some(({ meta }) => meta.id === id)) {
      const config = mergeConfigs([PRESETS['recommended'] ?? {}, parseConfigText('.layergate.yml', on)])
      const { verdict } = lintDockerfile(
        { path: 'Dockerfile', text },
        toPolicy('.layergate.yml', config),
        processScanner(),
        new Date('2026-11-24'),
      )
      const found = verdict.findings.filter(({ ruleId, suppressed }) => ruleId === id && suppressed === null)
      expect(shown(found), JSON.stringify(found.map(({ message }) => message))).toEqual(
        wanted.map(({ severity, line }) => `${severity} ${line}`),
      )
      wanted.forEach(({ says, endLine }, index) => {
        if (says !== undefined) expect(found[index]?.message).toContain(says)
        if (endLine !== undefined) expect(found[index]?.dockerfile?.endLine).toBe(endLine)
      })
    }

    const { stages } = parseDockerfile('Dockerfile', text)
    const last = stages.at(-1)?.instructions ?? []
    const env = last
      .filter(({ keyword }) => keyword === 'ENV')
      .flatMap(({ text: pairs }) => readVariables('ENV', pairs).map(({ name, value }) => `${name}=${value}`))
    const user = last.findLast(({ keyword }) => keyword === 'USER')?.text ?? ''
    const archive = await buildImage({
      config: { Env: env, User: user, ...(id.startsWith('secret-') ? commandsOf(last) : {}) },
      layers: historyOf(text, own),
    })
    const scanned = await judgeArchive(archive, { dockerfile: text, policy: on })
    const expected =
      image === undefined
        ? wanted.map(({ severity, line }) => `${severity} ${line}`)
        : image.map(({ severity }) => severity)
    const inImage = shown(scanned.report.findings).map((entry) =>
      image === undefined ? entry : (entry.split(' ')[0] ?? ''),
    )
    expect(inImage, JSON.stringify(scanned.report.findings.map(({ message }) => message))).toEqual(expected)
    if (history && stages.length === 1) {
      const alone = await judgeArchive(archive, { policy: on })
      expect(shown(alone.report.findings).map((entry) => entry.split(' ')[0])).toEqual(
        image === undefined ? wanted.map(({ severity }) => severity) : image.map(({ severity }) => severity),
      )
    }
  })

  it.each(names)('%s', async (name) => {
    const raw = caseSchema.parse(parse(readFileSync(path.join(folder, name), 'utf8')))
    const archive = await buildImage(
      {
        config: JSON.parse(fill(JSON.stringify(raw.config ?? { User: '1000' }))) as Record<string, unknown>,
        ...(raw.legacy === undefined
          ? {}
          : { overrides: { container_config: JSON.parse(fill(JSON.stringify(raw.legacy))) as unknown } }),
        layers: raw.layers.map(({ by, comment, files: own, behind }) => ({
          by: fill(by),
          ...(behind === undefined ? {} : { behind: files(behind) }),
          ...(comment === undefined ? {} : { comment }),
          files: own === undefined ? null : files(own),
        })),
        ...(raw.attestations === undefined
          ? {}
          : { attestations: JSON.parse(fill(JSON.stringify(raw.attestations))) as AttestationSpec[] }),
      },
      raw.attestations === undefined ? 'docker-20' : 'buildkit-oci',
    )
    const { report } = await judgeArchive(archive, {
      dockerfile: raw.dockerfile === undefined ? null : fill(raw.dockerfile),
      policy: raw.policy ?? '',
      ...(raw.iocs === undefined ? {} : { iocs: raw.iocs }),
    })
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
      if (wanted.alsoIn !== undefined)
        expect(finding?.related.filter(({ role }) => role === 'also-in')).toHaveLength(wanted.alsoIn)
      if (wanted.hiddenAt !== undefined)
        expect(
          finding?.related.find(({ role }) => role === 'hidden-by' || role === 'overwritten-by')?.dockerfile?.startLine,
        ).toBe(wanted.hiddenAt)
    })
    if (raw.verdict !== undefined) expect(report.verdict.result).toBe(raw.verdict)
  })
})
