// Running what the network sends: through a pipe, a substitution, or a file that nobody checks.
import type { RunCommands } from '../evidence/evidence.ts'
import type { ShellCommand } from '../shell/script.ts'
import { placed } from './placed.ts'
import { REFERENCES, type Rule, type RuleMeta } from './rule.ts'

const meta: RuleMeta = {
  id: 'pipe-to-shell',
  title: 'A script from the network runs unseen',
  description: 'A RUN hands what a download yields to a shell or another interpreter, by a pipe, a substitution or a file, without a check of its content.',
  remedy: 'Download to a file, check it with sha256sum -c or a signature, then run it.',
  severity: 'medium',
  confidence: 'high',
  kind: 'rule',
  references: [REFERENCES.owaspSupplyChain, REFERENCES.attackSupplyChain],
  enabled: true,
}

const DOWNLOADERS = new Set(['aria2c', 'curl', 'fetch', 'http', 'https', 'lwp-download', 'wget', 'xh'])
const INTERPRETERS = /^(?:(?:ba|da|a|z|k|mk|tc|c|fi)?sh|python(?:\d(?:\.\d+)?)?|perl|ruby|node|nodejs|deno|bun|php\d?|pwsh|osascript|lua|Rscript)$/
const CHECKERS = /^(?:sha(?:1|224|256|384|512)sum|shasum|md5sum|b2sum|openssl|gpg|gpgv|gpg2|cosign|minisign|signify|rhash|slsa-verifier|sq|sqv)$/

const downloads = (command: ShellCommand): boolean => DOWNLOADERS.has(command.name)

/** The interpreter reads its script from standard input: no script file and no `-c` text among its words. */
function readsInput({ name, args }: ShellCommand): boolean {
  if (name === 'source' || name === '.') return args[0] === '/dev/stdin'
  if (!INTERPRETERS.test(name)) return false
  const stops = args.findIndex((arg) => arg === '-' || arg === '-s' || arg === '--' || arg === '/dev/stdin' || /^-[a-z]*s[a-z]*$/.test(arg ?? ''))
  const words = stops === -1 ? args : args.slice(0, stops)
  if (words.some((arg) => arg !== null && /^(?:-c|-e|-m|-r|-[a-z]*c)$/.test(arg))) return false
  return !words.some((arg) => arg !== null && !arg.startsWith('-') && arg !== '')
}

/** The text or file that the interpreter runs is what a download yields. */
const runsSubstituted = ({ name, substituted }: ShellCommand): boolean =>
  (INTERPRETERS.test(name) || name === 'eval' || name === 'source' || name === '.') && substituted.some(downloads)

/** The file that a download writes; null when it goes to standard output. */
function downloadedFile(command: ShellCommand): string | null {
  const { name, args, writes } = command
  if (writes[0] !== undefined) return writes[0]
  const words = args.map((arg) => arg ?? '')
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? ''
    const joined = /^(?:--output|--output-document)=(.+)$/.exec(word)?.[1]
    if (joined !== undefined) return joined
    if (/^(?:-o|--output|--output-document|-O)$/.test(word) && !(name === 'curl' && word === '-O')) return words[i + 1] ?? null
    if (name === 'curl' && /^-[a-zA-Z]*o$/.test(word)) return words[i + 1] ?? null
    if (name === 'wget' && /^-[a-zA-Z]*O$/.test(word)) return words[i + 1] ?? null
    if (name === 'wget' && /^-O./.test(word)) return word.slice(2)
  }
  const remoteName = name === 'wget' || (name === 'curl' && words.some((word) => /^-[a-zA-Z]*O[a-zA-Z]*$|^--remote-name$/.test(word)))
  const url = words.findLast((word) => /^(?:https?|ftp):/.test(word))
  return remoteName && url !== undefined ? (/([^/?#]+)(?:[?#].*)?$/.exec(url)?.[1] ?? null) : null
}

const sameFile = (a: string, b: string): boolean => a === b || a.replace(/^\.\//, '') === b.replace(/^\.\//, '')

/** Whether a command runs a file: as a program, as the interpreter's script, or into it. */
function runsFile({ name, args, text }: ShellCommand, file: string): boolean {
  const words = args.map((arg) => arg ?? '')
  if (INTERPRETERS.test(name) || name === 'source' || name === '.') return words.some((word) => sameFile(word, file))
  const program = /^\s*(?:\w+=\S*\s+|sudo\s+(?:-\S+\s+)*)*(\S+)/.exec(text)?.[1] ?? ''
  return program.includes('/') && sameFile(program, file)
}

interface Hit {
  readonly command: ShellCommand
  readonly download: ShellCommand
  readonly how: string
}

function* hitsOf(run: RunCommands): Generator<Hit> {
  const files: { file: string; download: ShellCommand }[] = []
  for (const command of run.commands) {
    const feeder = command.fedBy.find(downloads)
    if (feeder !== undefined && readsInput(command)) yield { command, download: feeder, how: `pipes what ${feeder.name} downloads into ${command.name}` }
    if (runsSubstituted(command)) {
      const download = command.substituted.find(downloads)
      if (download !== undefined) yield { command, download, how: `runs what ${download.name} downloads` }
    }
    if (CHECKERS.test(command.name)) files.length = 0
    const ran = files.find(({ file }) => runsFile(command, file))
    if (ran !== undefined) yield { command, download: ran.download, how: `runs ${ran.file}, which ${ran.download.name} downloaded, without a check` }
    const written = downloads(command) ? downloadedFile(command) : command.name === 'tee' && command.fedBy.some(downloads) ? (command.args[0] ?? null) : null
    if (written !== null && written !== '-' && !written.startsWith('/dev/'))
      files.push({ file: written, download: downloads(command) ? command : (command.fedBy.find(downloads) ?? command) })
  }
}

const urlOf = (command: ShellCommand): string | null => command.args.find((arg) => arg !== null && /^["']?(?:https?|ftp):\/\//.test(arg)) ?? null

export const pipeToShell: Rule = {
  meta,
  *check({ runs }) {
    for (const run of runs) {
      const seen = new Set<string>()
      for (const { command, download, how } of hitsOf(run)) {
        const url = urlOf(download)
        const key = `${url}|${command.name}`
        if (seen.has(key)) continue
        seen.add(key)
        const plain = url !== null && /^["']?(?:http|ftp):/.test(url)
        yield placed(meta, {
          severity: plain ? 'high' : 'medium',
          message: `RUN ${how}${url === null ? '' : ` from ${url}`}${plain ? ' over plain http' : ''}: whoever controls the server, or the way to it, runs code in the build.`,
          remedy: `Download, check, then run: curl -fsSLo /tmp/script.sh ${url?.replace(/^http:/, 'https:') ?? 'URL'} && echo "<sha256>  /tmp/script.sh" | sha256sum -c - && ${INTERPRETERS.test(command.name) ? command.name : 'sh'} /tmp/script.sh`,
          location: { kind: 'history', history: run.entry.entry.index },
          dockerfile: run.entry.lines,
          origin: run.entry.owner,
          identity: [url ?? download.name, command.name],
        })
      }
    }
  },
}
