// Who vouches for a file, and what a match in it is worth then. A package database proves nothing by itself: anybody can write
// its lines. It counts where the layer that holds it wrote the file too and a package manager is known to have made that layer,
// or a base image to have brought it. Words of a path count only inside an installed package.
import type { Origin } from '../dockerfile/origin.ts'
import type { Version } from '../filesystem/filesystem.ts'
import { baseName } from '../image/path.ts'
import type { LayerMatch, LayerScan } from '../layer/layer-scan.ts'
import type { ContentHashes, PackageRecord } from '../packages/database.ts'
import type { InPackage } from '../packages/installed.ts'
import { merged } from '../packages/records.ts'
import type { SecretKind, Strength } from '../secrets/detector.ts'
import { isKey } from '../secrets/detectors/list.ts'
import type { SecretMatch } from '../secrets/match.ts'
import { type LayerMaker, makerOf } from './layer-maker.ts'
import type { Step } from './steps.ts'

/**
 * What a record does to a match:
 * `quiet`: all but a token that proves itself is vendor content;
 * `lower`: what is not proven is shown and does not fail, and a generic value is quiet;
 * `words`: a generic value is quiet, and a password in documentation of the system; nothing else.
 */
type Trust = 'quiet' | 'lower' | 'words'

const TRUSTS: readonly Trust[] = ['words', 'lower', 'quiet']

/** A wheel is anybody's: its RECORD never quiets an issuer's token or a key. What dpkg and apk install is a distribution's. */
function trustIn({ kind }: PackageRecord, maker: LayerMaker): Trust | null {
  if (maker.by === 'brought') return null
  if (maker.by === 'untold') return 'words'
  if (maker.by === 'staged') return maker.managers.has(kind) ? 'words' : null
  if (maker.by === 'base' || maker.managers.has(kind)) return kind === 'python' ? 'lower' : 'quiet'
  if (!maker.runsMore) return null
  return kind === 'python' ? 'words' : 'lower'
}

const STRENGTHS: readonly Strength[] = ['harmless', 'possible', 'likely', 'proven']

/** Orders strengths, the weakest first. */
export const rankOf = (strength: Strength): number => STRENGTHS.indexOf(strength)

/** A token that its checksum or structure proves is reported even where a package vouches for the file; a key is not. */
const isProvenToken = ({ detector, strength }: SecretMatch): boolean => strength === 'proven' && !isKey(detector)

/** Manual pages and documentation of what a distribution installs. */
const MANUAL = /^\/usr\/(?:local\/)?share\/(?:doc|info|man)\//

/** A manual page where man reads it: nothing else is called so there. */
const MANUAL_PAGE =
  /^\/usr\/(?:local\/)?share\/man\/(?:[\w.@-]{2,20}\/)?man\d\w{0,10}\/[^/]+\.\d\w{0,10}(?:\.(?:gz|xz|bz2|zst))?$/

/** Where a file of a Debian package is installed: `/usr/bin/x` of `data.tar.xz!/usr/bin/x!/member`; null for its control files. */
function installedAs(inside: string): string | null {
  const [archive = '', member] = inside.split('!/')
  return member === undefined || !archive.startsWith('data.tar') ? null : `/${member.replace(/^\.?\//, '')}`
}

/** The path of the innermost member but for what is compressed in itself: `/usr/share/doc/x` of `data.tar.xz!/usr/share/doc/x`. */
const memberPath = (inside: string): string => `/${inside.split('!/').at(-1)?.replace(/^\//, '')}`

/** An assignment or a password that nothing but its surroundings tells. */
const isWords = ({ generic, guessable }: SecretKind, { strength }: SecretMatch, path: string): boolean =>
  (generic === true || guessable === true) &&
  (rankOf(strength) <= rankOf('possible') || (strength === 'likely' && MANUAL.test(path)))

const TESTS =
  /\/(?:tests?|testing|__tests__|specs?|testdata|test_data|fixtures|examples?|samples?|demos?|molecule)\/|\/(?:test_[^/]*|[^/]*[_.](?:test|spec|examples?)\.[^/]*)$/i
const DOCUMENTATION =
  /\/(?:docs?|man)\/|\/(?:README|CHANGE(?:S|LOG)|HISTORY|NEWS|UPGRADING)[^/]*$|\.(?:md|mdx|markdown|rst|adoc)$/i
const KEY_FILE = /\/(?:[^/]*\.(?:pem|key|p8|p12|pfx|jks|keystore|ppk)|id_[^/]*)$/i
/** Files that people write, wherever they lie. */
const WRITTEN =
  /^(?:\.env.*|.*\.env|credentials?(?:\..*)?|secrets?(?:\..*)?|\.npmrc|\.yarnrc.*|\.pypirc|\.netrc|_netrc|\.git-credentials|\.dockercfg|\.pgpass|\.my\.cnf|application[^/]*\.(?:ya?ml|properties)|.*\.tfvars|(?:docker-)?compose[^/]*\.ya?ml)$/i

/** What Python compiles lies beside its source: `x/__pycache__/y.cpython-311.pyc` of `x/y.py`. */
const COMPILED = /^(.*)\/__pycache__\/([^/]+?)\.[\w-]+(?:\.opt-\d)?\.pyc$/

/** What a program is written in, as authors publish it. */
const CODE = /\.(?:[cm]?[jt]sx?|map|py|pyi|rb|php|java|class|kt|scala|go|rs|c|h|cc|cpp|hpp|cs|swift|lua|pl|pm|ex|erl)$/i

/** What Python compiles is as the source beside it. */
const sourcePath = (path: string): string => path.replace(COMPILED, '$1/$2.py')

/** Whether a path inside a package is that of test data or documentation. */
function isAside(inPackage: string): boolean {
  if (WRITTEN.test(baseName(inPackage))) return false
  const path = sourcePath(inPackage)
  return TESTS.test(path) || (DOCUMENTATION.test(path) && !KEY_FILE.test(path))
}

const lowered = (match: LayerMatch, strength: Strength, note: string): LayerMatch =>
  rankOf(match.strength) <= rankOf(strength)
    ? match
    : { ...match, strength, note: [match.note, note].filter(Boolean).join('; ') }

/** A match in test data or documentation of an installed package: medium at most. */
const asAside = (kind: SecretKind, match: LayerMatch, path: string, note = ASIDE): LayerMatch =>
  lowered(match, isWords(kind, match, path) ? 'harmless' : 'possible', note)

const ASIDE = 'test data or documentation of an installed package'

/**
 * What a match is worth in a file that nobody's record speaks of.
 * @param inPackage where it is in the installed package; null where the file belongs to none
 */
export function weighInPackage(
  kind: SecretKind,
  match: LayerMatch,
  path: string,
  inPackage: InPackage | null,
): LayerMatch {
  if (inPackage === null || isProvenToken(match)) return match
  if (isAside(inPackage.path)) return asAside(kind, match, path)
  if (WRITTEN.test(baseName(path))) return match
  if (inPackage.isPublished) return asAside(kind, match, path, 'as a package manager or a language publishes it')
  // Logins in published code are examples; what an issuer gave out may be a leak of the package's author.
  return kind.guessable === true && CODE.test(path)
    ? lowered(match, 'possible', 'in the code of an installed package')
    : match
}

export interface Weighed {
  readonly match: LayerMatch
  /** The package that vouches for it, so that it is no leak; null for none. */
  readonly vouchedBy: string | null
}

/** Weighs matches by what is known of the file that holds them. */
export class Vouching {
  readonly #scans: readonly LayerScan[]
  readonly #hashes: ReadonlyMap<string, ContentHashes>
  readonly #recorded: readonly ReadonlyMap<number, readonly PackageRecord[]>[]
  readonly #installed: readonly ReadonlyMap<number, InPackage>[]
  readonly #makers: readonly LayerMaker[]
  /** By layer: the entries with a match, by path and identity of what they hold. */
  readonly #sources = new Map<number, Map<string, number>>()

  /** @param hashes checksums of entries by `layer:index` */
  constructor(
    scans: readonly LayerScan[],
    origin: Origin,
    steps: readonly Step[],
    hashes: ReadonlyMap<string, ContentHashes>,
  ) {
    this.#scans = scans
    this.#hashes = hashes
    this.#recorded = scans.map(({ records }) => new Map(records))
    this.#installed = scans.map(({ installed }) => new Map(installed))
    this.#makers = scans.map((_, layer) => makerOf(layer, origin, steps))
  }

  /** The records of a file whose checksum is that of its content. */
  #records(layer: number, index: number): readonly PackageRecord[] {
    const own = this.#hashes.get(`${layer}:${index}`)
    return own === undefined
      ? []
      : (this.#recorded[layer]?.get(index) ?? []).filter(({ algorithm, checksum }) => own[algorithm] === checksum)
  }

  /** The record that says most for a file. */
  #best(layer: number, index: number): { readonly trust: Trust; readonly record: PackageRecord } | null {
    const maker = this.#makers[layer] ?? { by: 'brought' }
    const found = this.#records(layer, index).flatMap((record) => {
      const trust = trustIn(record, maker)
      return trust === null ? [] : [{ trust, record }]
    })
    return found.sort((a, b) => TRUSTS.indexOf(b.trust) - TRUSTS.indexOf(a.trust))[0] ?? null
  }

  /** What a match is worth in the file that holds it. */
  weigh(kind: SecretKind, match: LayerMatch, version: Version): Weighed {
    if (isProvenToken(match)) return { match, vouchedBy: null }
    const { layer, path } = version
    const index = this.#sourceOf(match, version) ?? version.index
    const best = this.#best(layer, index)
    if (best?.trust === 'quiet') return { match, vouchedBy: best.record.package }
    const isWritten = WRITTEN.test(baseName(path))
    const words = best?.record.package ?? (this.#isOfNpm(layer, index) ? 'the npm package that holds it' : null)
    if (words !== null && isWords(kind, match, path) && !isWritten) return { match, vouchedBy: words }
    if (best?.trust === 'lower' && match.strength !== 'proven' && !isWritten)
      return {
        match: lowered(match, 'possible', `it is as ${best.record.package} was published, by its own record`),
        vouchedBy: null,
      }
    // The manual of a package that lies there as it was downloaded.
    if (
      /\.(?:deb|rpm)$/.test(path) &&
      match.inside !== null &&
      isWords(kind, match, path) &&
      MANUAL.test(memberPath(match.inside))
    )
      return { match: asAside(kind, match, path), vouchedBy: null }
    if (kind.guessable === true && MANUAL_PAGE.test(path))
      return { match: asAside(kind, match, path, 'an example in a manual page'), vouchedBy: null }
    return { match: this.#inPackage(kind, match, layer, index, path), vouchedBy: null }
  }

  /**
   * The entry of the same layer that a file repeats a value of: of a compiled file of Python its source, of a package that lies
   * there as it was downloaded the file that was installed from it. null for anything else.
   */
  #sourceOf({ identity, inside }: LayerMatch, { layer, path }: Version): number | null {
    const compiled = COMPILED.exec(path)
    const source =
      compiled !== null
        ? `${compiled[1]}/${compiled[2]}.py`
        : inside !== null && path.endsWith('.deb')
          ? installedAs(inside)
          : null
    const scan = this.#scans[layer]
    if (source === null || scan === undefined) return null
    let known = this.#sources.get(layer)
    if (known === undefined) {
      known = new Map()
      for (const match of scan.matches)
        known.set(`${merged(scan.entries[match.entry]?.path ?? '')} ${match.identity}`, match.entry)
      this.#sources.set(layer, known)
    }
    return known.get(`${merged(source)} ${identity}`) ?? null
  }

  /** Whether npm or its like, or a base, put a file there as a part of a package. There are no checksums: it quiets words alone. */
  #isOfNpm(layer: number, index: number): boolean {
    const maker = this.#makers[layer] ?? { by: 'brought' }
    const isMade = maker.by === 'base' || maker.by === 'untold' || (maker.by !== 'brought' && maker.managers.has('npm'))
    return (
      isMade &&
      this.#installed[layer]?.has(index) === true &&
      (this.#scans[layer]?.entries[index]?.path.includes('/node_modules/') ?? false)
    )
  }

  /** Whether a package vouches for a file that was not looked into wholly: then it is the vendor's. @param path members behind `!/` */
  vouchesFor(layer: number, path: string): boolean {
    const { records = [], entries } = this.#scans[layer] ?? {}
    const file = path.split('!/')[0]
    const noted = records.flatMap(([index]) => (entries?.[index]?.path === file ? [index] : []))
    return noted.length > 0 && noted.every((index) => this.#best(layer, index)?.trust === 'quiet')
  }

  /** What a match is worth as a part of an installed package. */
  #inPackage(kind: SecretKind, match: LayerMatch, layer: number, index: number, path: string): LayerMatch {
    const known = this.#installed[layer]?.get(index)
    if (known !== undefined) return weighInPackage(kind, match, path, known)
    const own = this.#scans[layer]?.entries[index]?.path ?? path
    const site = /\/(?:site|dist)-packages(?=\/)/.exec(own)
    const isRecorded = site !== null && this.#records(layer, index).some((record) => record.kind === 'python')
    return isRecorded
      ? weighInPackage(kind, match, path, { path: own.slice(site.index + site[0].length), isPublished: false })
      : match
  }
}
