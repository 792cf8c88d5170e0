// What the rules on commands and users find in real Dockerfiles: node bench/commands.ts FILE.jsonl [--rule ID] [--sample N]
// FILE holds a JSON object a line: { repo, path, text }. Without --rule it prints a table: how often each rule finds something,
// and in how many files. With --rule it prints what that rule finds, --sample N of them, evenly spread, to be judged by eye.
// The judgements are kept in bench/commands.md.
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { GateError } from '../src/error.ts'
import type { Finding } from '../src/finding/finding.ts'
import { lintDockerfile } from '../src/lint.ts'
import { PRESETS } from '../src/policy/config.ts'
import { mergeConfigs, toPolicy } from '../src/policy/policy.ts'
import { BUILD_RULES } from '../src/rules/list.ts'
import { Scanner } from '../src/secrets/scanner.ts'

const { values, positionals } = parseArgs({
  options: { rule: { type: 'string' }, sample: { type: 'string' }, severity: { type: 'string' } },
  allowPositionals: true,
})
const [file] = positionals
if (file === undefined) throw new Error('usage: node bench/commands.ts FILE.jsonl [--rule ID] [--sample N]')

const scanner = new Scanner()
// Every rule is on, with its own severity.
const all = Object.fromEntries(
  BUILD_RULES.filter(({ meta }) => !meta.enabled).map(({ meta }) => [meta.id, { severity: meta.severity }]),
)
const policy = toPolicy('all', mergeConfigs([PRESETS['recommended'] ?? {}, { rules: all }]))
const recommended = toPolicy('recommended', PRESETS['recommended'] ?? {})
const found: { finding: Finding; where: string; lines: string[] }[] = []
let files = 0
let unread = 0
let commands = 0
const refused: string[] = []
const failing: string[] = []
const started = performance.now()
for (const line of readFileSync(file, 'utf8').split('\n')) {
  if (line === '') continue
  const { repo, path, text } = JSON.parse(line) as { repo: string; path: string; text: string }
  files++
  try {
    const result = lintDockerfile({ path, text }, policy, scanner, new Date('2026-11-24'))
    unread += result.verdict.warnings.filter(({ code }) => code === 'run-not-read').length
    commands += text.split(/^RUN/m).length - 1
    for (const finding of result.verdict.findings) {
      const at = finding.dockerfile
      found.push({
        finding,
        where: `${repo}/${path}:${at?.startLine ?? 0}`,
        lines: at === null ? [] : result.lines.slice(at.startLine - 1, at.endLine),
      })
    }
    if (lintDockerfile({ path, text }, recommended, scanner, new Date('2026-11-24')).verdict.result === 'fail')
      failing.push(`${repo}/${path}`)
  } catch (error) {
    if (!(error instanceof GateError)) throw error
    refused.push(`${repo}/${error.message}`)
  }
}
const seconds = (performance.now() - started) / 1000

if (values.rule !== undefined) {
  const own = found.filter(
    ({ finding }) =>
      finding.ruleId === values.rule && (values.severity === undefined || finding.severity === values.severity),
  )
  const wanted = Number(values.sample ?? own.length)
  const step = Math.max(1, own.length / wanted)
  for (let at = 0; at < own.length; at += step) {
    const one = own[Math.floor(at)]
    if (one !== undefined)
      console.log(
        `${one.where} ${one.finding.severity}: ${one.finding.message}\n${one.lines.map((line) => `    | ${line.trim()}`).join('\n')}`,
      )
  }
} else {
  console.log(
    `${files} Dockerfiles, ${commands} RUN instructions, ${seconds.toFixed(1)} s; ${unread} RUN not read in full; ${refused.length} refused`,
  )
  for (const text of refused) console.log(`  refused: ${text}`)
  console.log(`${failing.length} fail with the recommended policy:`)
  for (const text of failing) console.log(`  ${text}`)
  console.log('\n| rule | severity | findings | files |\n|---|---|---|---|')
  for (const { meta } of BUILD_RULES)
    for (const severity of ['critical', 'high', 'medium', 'low', 'info']) {
      const own = found.filter(({ finding }) => finding.ruleId === meta.id && finding.severity === severity)
      if (own.length > 0)
        console.log(
          `| ${meta.id} | ${severity} | ${own.length} | ${new Set(own.map(({ where }) => where.replace(/:\d+$/, ''))).size} |`,
        )
    }
}
