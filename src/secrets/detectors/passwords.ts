// What a password is worth where a statement says that it is one.
import { isPlaceholder, isUsualPassword } from '../checks.ts'
import type { Checked } from '../detector.ts'

/** Passwords of the examples in RFC 2617, 6749 and 7617. */
export const RFC_EXAMPLES = new Set([
  '7Fjfp0ZBr1KtDRbnfVdmIw',
  'Circle Of Life',
  'gX1fBat3bV',
  'open sesame',
  'opensesame',
])

/** A text that stands for a value: `${PASSWORD}`, `$PASSWORD` alone, `{password}`, `%s`. A password may hold a `$` too. */
export const TEMPLATE =
  /^(?:\$\w+)+$|\$[{(]|\$[A-Z][A-Z0-9_]{2}|\{\{|\{[\w.]{0,60}\}|[#%<]\{|<%|%\(|^%(?:[sdv](?![0-9A-Fa-f])|\w{1,60}%$|(?![0-9A-Fa-f]{2}))|`|\\(?![$&!'"@#])/

/** The account of Oracle's samples, which the manuals of many databases repeat, also with something behind it that makes it long enough. */
export const isSampleAccount = (user: string, password: string): boolean =>
  /^scott$/i.test(user) && /^tiger(?![a-z])/i.test(password)

/** A password where a statement says that it is one: what everybody tries is low, what stands for a value is nothing. */
export function weighPassword(
  password: string,
  isExample: boolean,
  facts: Readonly<Record<string, string>>,
): Checked | null {
  if (
    password.length < 3 ||
    RFC_EXAMPLES.has(password) ||
    TEMPLATE.test(password) ||
    /^[-<{*[]|^x+$|\.\.\.|^(?:getenv|env|process|os)\b/i.test(password)
  )
    return null
  const isUsual =
    isUsualPassword(password) ||
    isPlaceholder(password.replace(/^\$+/, '')) ||
    isSampleAccount(facts['user'] ?? '', password)
  if (isUsual) return { strength: 'harmless', note: 'a default password, or an example', facts }
  return isExample ? { strength: 'harmless', note: 'for a host of examples', facts } : { facts }
}
