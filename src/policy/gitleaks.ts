// Carries rules of gitleaks over into a configuration: each as a detector, its allowlists as entries of `allow`. What cannot be said
// there is listed with the reason, never dropped in silence.
import { parse, TomlError } from 'smol-toml'
import { stringify } from 'yaml'
import * as z from 'zod'
import { ConfigError } from '../error.ts'
import { globOf } from '../expressions/glob.ts'
import { GROUPS } from '../secrets/detectors/list.ts'
import { type AllowEntry, allowSchema } from './allow.ts'
import { type OwnDetector, ownDetectorsSchema } from './own-detectors.ts'

const words = z.array(z.string()).default([])

const allowlistSchema = z.object({
  description: z.string().optional(),
  condition: z.string().optional(),
  commits: words,
  paths: words,
  regexes: words,
  stopwords: words,
  regexTarget: z.string().optional(),
  targetRules: words,
})
type Allowlist = z.output<typeof allowlistSchema>

const ruleSchema = z.object({
  id: z.string(),
  description: z.string().optional(),
  regex: z.string().optional(),
  path: z.string().optional(),
  secretGroup: z.number().int().optional(),
  entropy: z.number().optional(),
  skipReport: z.boolean().optional(),
  allowlist: allowlistSchema.optional(),
  allowlists: z.array(allowlistSchema).default([]),
})
type Rule = z.output<typeof ruleSchema>

const fileSchema = z.object({
  extend: z
    .object({ useDefault: z.boolean().optional(), path: z.string().optional(), url: z.string().optional() })
    .optional(),
  rules: z.array(ruleSchema).default([]),
  allowlist: allowlistSchema.optional(),
  allowlists: z.array(allowlistSchema).default([]),
})

/** What came over, and what did not. */
export interface Imported {
  /** A configuration for `extends`. */
  readonly text: string
  readonly detectors: number
  readonly allowed: number
  /** One line each: what, and why not. */
  readonly left: readonly string[]
}

const OURS: ReadonlySet<string> = new Set(GROUPS.flatMap(({ detectors }) => detectors.map(({ id }) => id)))
const REASON = 'an allowlist of gitleaks'
const MAX_TITLE = 80

function idOf(id: string): string {
  const plain = id
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
  return (OURS.has(plain) ? `gitleaks-${plain}` : plain).slice(0, 60).replace(/-$/, '')
}

/** What a check of ours says against a part; null where it takes it. */
function against(schema: z.ZodType, part: unknown): string | null {
  const parsed = schema.safeParse(part)
  return parsed.success ? null : (parsed.error.issues[0]?.message ?? 'it does not fit')
}

class Import {
  readonly detectors: OwnDetector[] = []
  readonly allow: AllowEntry[] = []
  readonly left: string[] = []

  rule(rule: Rule): void {
    const id = idOf(rule.id)
    const name = `rule ${rule.id}`
    const { regex, path, secretGroup, entropy } = rule
    if (regex === undefined) {
      this.left.push(`${name}: it looks at paths alone, and a detector looks at contents`)
      return
    }
    const glob = path === undefined ? null : globOf(path)
    if (path !== undefined && glob === null) {
      this.left.push(`${name}: its path ${JSON.stringify(path)} cannot be written as a pattern of paths`)
      return
    }
    const title = rule.description?.replace(/\s+/g, ' ').trim().slice(0, MAX_TITLE) ?? ''
    const detector: OwnDetector = {
      id,
      ...(title.length < 3 ? {} : { title }),
      pattern: regex,
      ...(secretGroup === undefined || secretGroup === 0 ? {} : { capture: secretGroup }),
      ...(glob === null ? {} : { path: glob }),
      ...(entropy === undefined ? {} : { entropy }),
    }
    const why = against(ownDetectorsSchema.element, detector)
    if (why !== null) {
      this.left.push(`${name}: ${why.replace(/^the pattern of \S+ cannot be taken: /, '')}`)
      return
    }
    this.detectors.push(detector)
    for (const list of [rule.allowlist ?? [], rule.allowlists].flat()) this.allowlist(list, [id], name)
  }

  /** @param detectors whose findings it is about; empty for all */
  allowlist(list: Allowlist, detectors: readonly string[], name: string): void {
    const { paths, regexes, stopwords, regexTarget, commits } = list
    const say = (what: string): void => {
      this.left.push(`allowlist of ${name}: ${what}`)
    }
    if (commits.length > 0) say('commits: an image has none')
    const isTarget = regexes.length > 0 && regexTarget !== undefined && regexTarget !== '' && regexTarget !== 'secret'
    if (isTarget) say(`its expressions are for the whole ${regexTarget}, and a pattern of allow is for the value`)
    const globs = paths.map((path) => ({ path, glob: globOf(path) }))
    for (const { path, glob } of globs)
      if (glob === null) say(`the path ${JSON.stringify(path)} cannot be written as a pattern of paths`)
    const path = globs.flatMap(({ glob }) => glob ?? [])
    const values = [
      ...(isTarget ? [] : regexes),
      ...(stopwords.length === 0 ? [] : [`(?i)(?:${stopwords.map(escaped).join('|')})`]),
    ]
    const about = {
      ...(detectors.length === 0 ? {} : { detector: [...detectors] }),
      reason: list.description?.trim() || REASON,
    }
    const isBoth = /^and$|^&&$/i.test(list.condition ?? '')
    if (isBoth && (isTarget || path.length < paths.length || commits.length > 0)) {
      say('all its conditions hold together, and not all of them came over')
      return
    }
    const entries: AllowEntry[] = isBoth
      ? values.map((pattern) => ({ pattern, ...(path.length === 0 ? {} : { path }), ...about }))
      : [...values.map((pattern) => ({ pattern, ...about })), ...(path.length === 0 ? [] : [{ path, ...about }])]
    if (isBoth && values.length === 0 && path.length > 0) entries.push({ path, ...about })
    for (const entry of entries) {
      const why = against(allowSchema, entry)
      if (why === null) this.allow.push(entry)
      else say(`${entry.pattern ?? ''}: ${why.replace(/^the pattern cannot be taken: /, '')}`)
    }
  }
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')

/**
 * Reads a configuration of gitleaks.
 * @param file its name, for errors
 * @throws ConfigError where it is no such configuration
 */
export function importGitleaks(file: string, text: string): Imported {
  let value: unknown
  try {
    value = parse(text)
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    const what = error.message.split('\n')[0]?.replace(/^Invalid TOML document: /, '') ?? ''
    throw new ConfigError(`${file}:${error.line}:${error.column}: no valid TOML: ${what}.`)
  }
  const parsed = fileSchema.safeParse(value)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new ConfigError(
      `${file}: no configuration of gitleaks: ${issue?.path.join('.')}: ${issue?.message}. Name the file with its [[rules]].`,
    )
  }
  const { rules, allowlist, allowlists, extend } = parsed.data
  const made = new Import()
  if (extend?.useDefault === true)
    made.left.push('extend.useDefault: the detectors of Layergate take the place of its own rules')
  for (const other of [extend?.path ?? [], extend?.url ?? []].flat())
    made.left.push(`extend ${other}: import that file too`)
  for (const rule of rules) made.rule(rule)
  for (const list of [allowlist ?? [], allowlists].flat()) {
    const known = new Set(made.detectors.map(({ id }) => id))
    const targets = list.targetRules.map(idOf).filter((id) => known.has(id))
    if (list.targetRules.length > 0 && targets.length === 0) made.left.push('an allowlist: none of its rules came over')
    else made.allowlist(list, targets, 'all rules')
  }
  const body = stringify({ detectors: made.detectors, allow: made.allow }, { lineWidth: 0 })
  const head = [
    `Rules of gitleaks, from ${file.split('/').at(-1)}: name this file in extends of .layergate.yml.`,
    ...(made.left.length === 0 ? [] : ['', 'Not carried over:', ...made.left.map((line) => `- ${line}`)]),
  ]
  return {
    text: `${head.map((line) => `# ${line.replace(/[\r\n]+/g, ' ')}`.trimEnd()).join('\n')}\n\n${body}`,
    detectors: made.detectors.length,
    allowed: made.allow.length,
    left: made.left,
  }
}
