// All regular expressions of a folder of sources: literals, and those that are put together, as far as their text is known.
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { parseSync } from 'oxc-parser'

export interface Expression {
  /** Relative to the folder. */
  readonly file: string
  readonly line: number
  readonly source: string
  readonly flags: string
}

interface Node {
  readonly type: string
  readonly start: number
  readonly [name: string]: unknown
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'

function visit(value: unknown, onNode: (node: Node) => void): void {
  if (Array.isArray(value)) for (const item of value) visit(item, onNode)
  else if (isNode(value)) {
    onNode(value)
    for (const child of Object.values(value)) visit(child, onNode)
  }
}

/** What stands for a part of a pattern that is known only when the program runs: all of these are escaped names. */
const SOME_NAME = 'name'

/** The text of an expression, as far as it is written in the file. */
function textOf(node: unknown, constants: ReadonlyMap<string, unknown>): string {
  if (!isNode(node)) return SOME_NAME
  if (node.type === 'Literal' && typeof node['value'] === 'string') return node['value']
  if (node.type === 'Identifier' && constants.has(String(node['name'])))
    return textOf(constants.get(String(node['name'])), constants)
  if (node.type === 'TemplateLiteral') {
    const quasis = node['quasis'] as { value: { cooked: string } }[]
    const parts = node['expressions'] as unknown[]
    return quasis
      .map(({ value }, index) => value.cooked + (index < parts.length ? textOf(parts[index], constants) : ''))
      .join('')
  }
  // `['one', 'two'].join('|')`.
  const callee = node['callee']
  if (
    node.type === 'CallExpression' &&
    isNode(callee) &&
    isNode(callee['object']) &&
    callee['object'].type === 'ArrayExpression'
  )
    return (callee['object']['elements'] as unknown[])
      .map((element) => textOf(element, constants))
      .join(textOf((node['arguments'] as unknown[])[0], constants))
  return SOME_NAME
}

/** @param folder sources in TypeScript, searched with all folders below it */
export function findExpressions(folder: string): Expression[] {
  const found: Expression[] = []
  // The kernel is AssemblyScript, and has none.
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.ts') && !name.includes('prefilter/kernel/'),
  )
  for (const file of files.sort()) {
    const text = readFileSync(path.join(folder, file), 'utf8')
    const { program, errors } = parseSync(file, text)
    if (errors.length > 0) throw new Error(`${file} cannot be parsed`)
    const constants = new Map<string, unknown>()
    visit(program, (node) => {
      if (node.type === 'VariableDeclarator' && isNode(node['id']) && typeof node['id']['name'] === 'string')
        constants.set(node['id']['name'], node['init'])
    })
    const add = (node: Node, source: string, flags: string): void => {
      found.push({ file, line: text.slice(0, node.start).split('\n').length, source, flags })
    }
    visit(program, (node) => {
      const regex = node['regex'] as { pattern: string; flags: string } | undefined
      if (node.type === 'Literal' && regex !== undefined) add(node, regex.pattern, regex.flags)
      if (node.type !== 'NewExpression' || !isNode(node['callee']) || node['callee']['name'] !== 'RegExp') return
      const [source, flags] = node['arguments'] as unknown[]
      // Flags that are known only when the program runs are taken for none.
      const given = isNode(flags) && flags.type !== 'CallExpression' ? textOf(flags, constants) : ''
      add(node, textOf(source, constants), given)
    })
  }
  return found
}
