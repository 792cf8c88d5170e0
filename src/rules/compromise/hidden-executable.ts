// Programs where nobody looks for them, or under names that are read as others.
import type { Evidence } from '../../evidence/evidence.ts'
import type { Version } from '../../filesystem/filesystem.ts'
import type { Severity } from '../../finding/finding.ts'
import { baseName } from '../../image/path.ts'
import type { ProgramKind } from '../../layer/layer-scan.ts'
import { REFERENCES, type Rule, type RuleMeta } from '../rule.ts'
import { onVersion, presentFiles } from './file-finding.ts'

const meta: RuleMeta = {
  id: 'hidden-executable',
  title: 'A program that hides',
  description:
    'A program is in a directory that anyone may write, behind a name with a dot, or under a name that reads like another; or a shell has the setuid bit.',
  remedy: 'Take it out, find out who brought it, and rebuild from a source that you trust.',
  severity: 'high',
  confidence: 'high',
  kind: 'rule',
  references: [REFERENCES.attackHidden, REFERENCES.attackMasquerade],
  enabled: true,
}

const SHELL = /^(?:ba|da|z|k|a|tc|c|fi)?sh(?:-\d.*)?$|^busybox/
/** Directories of the system, in which a name with a dot is seldom meant. */
const SYSTEM = /^\/(?:bin|sbin|lib\w*|usr|etc|opt|var|dev|run|boot|srv)\//
/** Parts of paths with a dot that tools make. */
const USUAL_DOTS =
  /\/\.(?:build-id|venv\w*|cache|local|npm|nvm|cargo|rustup|git|bin|pnpm\w*|dotnet|nuget|gem|bundle|pyenv|rbenv|sdkman|vscode\w*|config|yarn\w*|libs|dylibs|m2|gradle|conda|deno|bun|mix|hex|asdf|volta|poetry|pipx|uv|steam|wine|julia|opam|ghcup|cabal|stack|swiftpm|jenv|tfenv|krew|helm|docker|kube|terraform\.d|store|linuxbrew|linkerd2|fnm|next|nuxt|output|netlify|vercel|husky|node-gyp|electron|playwright|puppeteer|cypress|modules?)(?:\/|$)/
/** Characters that turn the direction of a name, or take no room. */
const UNSEEN = /[\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\u00ad]/u
/** Where programs are called by their name. */
const PROGRAMS = /^\/(?:usr\/)?(?:local\/)?s?bin\/[^/]+$/
const OPEN = /^\/(?:tmp|var\/tmp|dev\/shm|dev|run\/shm)\//

interface Odd {
  readonly says: string
  readonly severity: Severity
}

function oddity({ path, entry }: Version, kind: ProgramKind | null): Odd | null {
  const name = baseName(path)
  if (
    (entry.mode & 0o4000) !== 0 &&
    (kind === 'bash' || kind === 'busybox' || SHELL.test(name)) &&
    (entry.mode & 0o111) !== 0
  )
    return kind === 'busybox' && name === 'busybox'
      ? null
      : { says: 'is a shell with the setuid bit: whoever starts it is its owner', severity: 'critical' }
  if (kind === null) return null
  if (PROGRAMS.test(path) && /[^\x20-\x7e]/.test(name))
    return { says: 'has letters in its name that read like others', severity: 'high' }
  if (UNSEEN.test(path)) return { says: 'has characters in its name that nobody sees', severity: 'high' }
  if (/^\.{3,}$|^\s|\s$/.test(name) || /\/(?:\.{3,}|\s[^/]*|[^/]*\s)\//.test(path))
    return { says: 'has a name that reads like nothing', severity: 'high' }
  const isBinary = kind !== 'script'
  const isDotted = /\/\.[^/]/.test(path) && !USUAL_DOTS.test(path)
  if (isBinary && isDotted && (SYSTEM.test(path) || OPEN.test(path)))
    return { says: 'hides behind a dot, in a directory of the system', severity: 'high' }
  if (isBinary && OPEN.test(path))
    return { says: 'is a program in a directory that anyone may write', severity: 'medium' }
  return null
}

export const hiddenExecutable: Rule = {
  meta,
  *check(evidence: Evidence) {
    const kinds = evidence.layers.map(({ programs }) => new Map(programs))
    for (const version of presentFiles(evidence)) {
      const kind = kinds[version.layer]?.get(version.index) ?? null
      const odd = oddity(version, kind)
      if (odd === null || evidence.isVouched(version.layer, version.path)) continue
      yield onVersion(meta, evidence, version, {
        severity: odd.severity,
        message: `${version.path} ${odd.says}.`,
        remedy: `Take it out, and find out what it is: layergate recover IMAGE ${version.path} --to DIR.`,
        identity: ['hidden'],
      })
    }
  },
}
