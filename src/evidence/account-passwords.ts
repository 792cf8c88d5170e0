// Passwords that commands give to accounts: chpasswd, passwd, useradd -p, usermod -p, smbpasswd.
import { optionsIn } from '../shell/options.ts'
import type { ShellCommand } from '../shell/script.ts'

/** An account that a command gives a password. */
export interface AccountPassword {
  /** null where it is not known. */
  readonly account: string | null
  readonly how: string
  /** The password or its hash; null where it is not among the words. */
  readonly value: string | null
  /** `literal`: the password itself is among the words; `unknown`: it comes from a file or a program. */
  readonly kind: 'literal' | 'hash' | 'variable' | 'empty' | 'unknown'
}

/** A hash that no password has: it locks the account. */
const isLocked = (value: string): boolean => /^(?:[!*x]|LK|NP|locked)*$/.test(value)

/** crypt(5) by the scheme that it names; the oldest names none, and is 13 characters long. */
const HASH = /^!?(?:\$(?:\d\w?|y|gy|md5|sha1|argon2\w*|scrypt)\$|\{\w+\}|_[./0-9A-Za-z]{19}$)/
const OLD_HASH = /^[./0-9A-Za-z]{13}$/
/** Letters and digits around a variable that are no password of their own. */
const MIN_REST = 3
const EXPANSION = /\$(?:\{[^}]{0,1000}\}|\([^)]{0,1000}\)|\w+)|`[^`]{0,1000}`/g

/** What is said, and whether no variable or substitution was written in it. */
interface Said {
  readonly text: string
  readonly isLiteral: boolean
}

/** `printf '%s:%s\n' root PASSWORD`: the format again for what is left of the words. */
function printed([format = '', ...words]: readonly string[]): string {
  const left = [...words]
  let text = ''
  do {
    const before = left.length
    text += format.replace(/%[-\d.]{0,10}[sbq]/g, () => left.shift() ?? '')
    if (left.length === before) break
  } while (left.length > 0)
  return text
}

/** What a command says into the input of the next, as a person would read it. */
function said({ name, args, input }: ShellCommand): Said {
  if (input !== null) return { text: input, isLiteral: false }
  const words = args.map(({ value }) => value)
  const isLiteral = args.every(({ kind }) => kind === 'literal')
  const lines = (text: string): string => text.replace(/\\n/g, '\n')
  if (name === 'echo') return { text: lines(words.join(' ').replace(/^(?:-[neE]{1,3}\s{1,8}){1,3}/, '')), isLiteral }
  if (name === 'printf') return { text: lines(printed(words)), isLiteral }
  return { text: name === 'yes' ? (words[0] ?? '') : '', isLiteral }
}

/** The password that `openssl passwd`, `mkpasswd` or `crypt(…)` in code makes a hash of; null for none among the words. */
function hashedBy(command: ShellCommand): string | null {
  const { name, args, fedBy } = command
  const words = args.map(({ value }) => value)
  if (name === 'openssl' || name === 'mkpasswd') {
    if (name === 'openssl' && words[0] !== 'passwd') return null
    const options = name === 'openssl' ? /^-(?:salt|in|rand)$/ : /^(?:-[mSRP]|--(?:method|salt|rounds|password-fd))$/
    const operand = args.find(
      ({ value }, index) =>
        !value.startsWith('-') && !options.test(words[index - 1] ?? '') && !(name === 'openssl' && index === 0),
    )
    if (operand !== undefined) return operand.kind === 'literal' ? operand.value : null
    const feeder = fedBy.at(-1)
    const fed = feeder === undefined ? null : said(feeder)
    return fed?.isLiteral === true ? fed.text.trim() || null : null
  }
  return /^(?:perl|python|php|ruby)[\d.]*$/.test(name)
    ? (/\b(?:crypt|password_hash|hash|encrypt|using)\w{0,20}[\s(]{1,8}["']([^"'$]{1,200})["']/.exec(
        words.join(' '),
      )?.[1] ?? null)
    : null
}

/** Tells what stands where a password is expected. */
function passwordIn(
  value: string,
  command: ShellCommand,
  { isLiteral, isEncrypted }: { isLiteral: boolean; isEncrypted: boolean },
): Pick<AccountPassword, 'value' | 'kind'> {
  if (value === '') return { value, kind: 'empty' }
  const around = [command, ...command.fedBy]
  if (!isLiteral && /\$\(|`/.test(value)) {
    const hashed = around.flatMap(({ substituted }) => substituted).map(hashedBy)
    const password = hashed.find((each) => each !== null)
    if (password !== undefined && password !== null) return { value: password, kind: 'literal' }
  }
  if (HASH.test(value) || (isEncrypted && OLD_HASH.test(value))) return { value, kind: 'hash' }
  // A variable is reported where it is set.
  const rest = value.replace(EXPANSION, '')
  const isVariable =
    !isLiteral &&
    ((rest !== value && rest.replace(/\W/g, '').length < MIN_REST) ||
      !around.some(({ text, input }) => text.includes(value) || input?.includes(value)))
  return { value, kind: isVariable ? 'variable' : 'literal' }
}

function ofChpasswd(command: ShellCommand, { text, isLiteral }: Said): AccountPassword[] {
  const how = 'chpasswd'
  const isEncrypted = optionsIn(command).has('-e', '--encrypted')
  const pairs = text.split('\n').flatMap((line): AccountPassword[] => {
    const match = /^[\s"']*(?:-e\s+)?([\w.$@{}-]+):([^"']*)/.exec(line)
    return match?.[1] === undefined
      ? []
      : [{ account: match[1], how, ...passwordIn((match[2] ?? '').trim(), command, { isLiteral, isEncrypted }) }]
  })
  return pairs.length === 0
    ? [{ account: null, how, value: null, kind: 'unknown' }]
    : pairs.filter(({ value }) => value === '' || !isLocked(value ?? ''))
}

/** The passwords that a command sets. */
export function accountPasswords(command: ShellCommand): AccountPassword[] {
  const { name, args, fedBy, input } = command
  const options = optionsIn(command)
  const account = options.operands.at(-1)?.value ?? null
  const feeder = fedBy.at(-1)
  const fed: Said =
    input !== null
      ? { text: input, isLiteral: false }
      : feeder === undefined
        ? { text: '', isLiteral: false }
        : said(feeder)
  const isFed = fedBy.length > 0 || input !== null
  if (name === 'chpasswd') return ofChpasswd(command, fed)
  if (/^(?:useradd|usermod)$/.test(name)) {
    const word = options.value('-p', '--password')
    return word === null || isLocked(word.value)
      ? []
      : [
          {
            account,
            how: `${name} -p`,
            ...passwordIn(word.value, command, { isLiteral: word.kind === 'literal', isEncrypted: true }),
          },
        ]
  }
  if (name === 'passwd') {
    if (options.has('-d', '--delete'))
      return [{ account, how: 'passwd -d (an empty password)', value: null, kind: 'empty' }]
    if (options.has('-l', '--lock', '-u', '--unlock', '-e', '--expire', '-S', '--status')) return []
    return options.has('--stdin') || isFed ? [ofInput(command, 'passwd', account, fed)] : []
  }
  if (name === 'smbpasswd') return isFed && options.has('-s') ? [ofInput(command, 'smbpasswd -s', account, fed)] : []
  return name === 'adduser' && args.some(({ value }) => value === '--password')
    ? [{ account, how: 'adduser --password', value: null, kind: 'unknown' }]
    : []
}

/** What is typed twice: the first line counts. */
function ofInput(
  command: ShellCommand,
  how: string,
  account: string | null,
  { text, isLiteral }: Said,
): AccountPassword {
  const first = text.split('\n')[0]?.trim() ?? ''
  return first === ''
    ? { account, how, value: null, kind: 'unknown' }
    : { account, how, ...passwordIn(first, command, { isLiteral, isEncrypted: false }) }
}
