// One ordered story of an image: what its history, layers, files, logs, certificates and shell histories say of time.
import { X509Certificate } from 'node:crypto'
import type { DockerfileLines } from '../dockerfile/lines.ts'
import type { Inspection } from '../evidence/inspect.ts'
import { readEntries } from '../layer/hash.ts'
import { contentOf, type FileVersion, isRegular, layerOf } from './case.ts'
import { isoTime } from './recover.ts'

/**
 * `1970`: no time was kept; `clamped`: all files of the layer that changed have the time of one moment, as SOURCE_DATE_EPOCH
 * writes it; `future`: behind the moment of this run; `newer-than-layer`: behind the moment in which its layer was made.
 */
type Mark = '1970' | 'clamped' | 'future' | 'newer-than-layer'

export interface Moment {
  /** ISO 8601, UTC. */
  readonly time: string
  readonly kind: 'image' | 'history' | 'file' | 'build' | 'package' | 'certificate' | 'git' | 'shell' | 'log'
  readonly layer: number | null
  readonly path: string | null
  /** In a few words. Texts of the image: they pass the redactor before anyone sees them. */
  readonly what: string
  readonly lines: DockerfileLines | null
  readonly marks: readonly Mark[]
}

/** Bytes of a text that is read for its times, texts of an image, and moments of one text. */
const MAX_TEXT = 4 << 20
const MAX_TEXTS = 2000
const MAX_MOMENTS = 5000
const MAX_WHAT = 200
/** Certificates of one file: a chain has a few. */
const MAX_CERTIFICATES = 8
/** Builders write years that no file of an image is of where they leave the time out. */
const FIRST_YEAR = 1990
const DAY = 86_400_000
/** A layer is stamped when it is done: what is a little newer is of another clock. */
const SLACK = 120_000
/** Files from which on one time for all of them is no chance. */
const MIN_CLAMPED = 5

type Teller = (text: string) => Iterable<{ readonly time: Date; readonly kind: Moment['kind']; readonly what: string }>

const isTime = (time: Date): boolean => !Number.isNaN(time.getTime())

function* certificates(text: string): ReturnType<Teller> & Generator {
  const found = text.match(/-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]{100,20000}-----END CERTIFICATE-----/g) ?? []
  // A bundle of authorities tells when authorities began.
  if (found.length > MAX_CERTIFICATES) return
  for (const pem of found) {
    let certificate: X509Certificate
    try {
      certificate = new X509Certificate(pem)
    } catch {
      continue
    }
    const subject = certificate.subject.replace(/\n/g, ', ')
    yield { time: new Date(certificate.validFrom), kind: 'certificate', what: `valid from here: ${subject}` }
    yield { time: new Date(certificate.validTo), kind: 'certificate', what: `valid up to here: ${subject}` }
  }
}

/** `OLD NEW NAME <MAIL> SECONDS ZONE<tab>MESSAGE` */
function* reflog(text: string): ReturnType<Teller> & Generator {
  for (const [, commit = '', who = '', seconds = '', message = ''] of text.matchAll(
    /^[0-9a-f]{40,64} ([0-9a-f]{40,64}) ([^\n<]{0,200}<[^\n>]{0,200}>) (\d{1,11}) [+-]\d{4}\t?([^\n]{0,500})$/gm,
  ))
    yield { time: new Date(Number(seconds) * 1000), kind: 'git', what: `${who}: ${message} (${commit.slice(0, 12)})` }
}

/** The history of a shell with times: `#SECONDS` above a command, or `: SECONDS:0;COMMAND`. */
function* shellHistory(text: string): ReturnType<Teller> & Generator {
  for (const [, above, command = '', seconds, other = ''] of text.matchAll(
    /^(?:#(\d{9,10})\n([^\n]{1,2000})|: (\d{9,10}):\d{1,9};([^\n]{1,2000}))$/gm,
  ))
    yield {
      time: new Date(Number(above ?? seconds) * 1000),
      kind: 'shell',
      what: above === undefined ? other : command,
    }
}

/** Lines of dpkg's and apt's logs, and lines that begin with a time. */
function* log(text: string): ReturnType<Teller> & Generator {
  for (const [, time = '', rest = ''] of text.matchAll(
    /^\[?(?:Start-Date: )?(\d{4}-\d{2}-\d{2}[T ]{1,2}\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?(?:Z|[+-]\d{2}:?\d{2})?)\]?([^\n]{0,500})$/gm,
  )) {
    const iso = time.replace(/ +/, 'T').replace(',', '.')
    const zoned = /(?:Z|[+-]\d{2}:?\d{2})$/.test(iso) ? iso : `${iso}Z`
    const isPackage = /^ (?:install|upgrade|remove|purge|configure|status) /.test(rest)
    yield { time: new Date(zoned), kind: isPackage ? 'package' : 'log', what: rest.trim() }
  }
}

/** Files that tell times in their text. */
const TELLERS: readonly (readonly [path: RegExp, teller: Teller])[] = [
  [
    /^(?!\/usr\/share\/ca-certificates\/|\/etc\/ssl\/certs\/|\/etc\/pki\/ca-trust\/).*\.(?:pem|crt|cer)$/i,
    certificates,
  ],
  [/\/\.git\/logs\/|\/logs\/(?:HEAD|refs\/)/, reflog],
  [/\/\.(?:bash|zsh|sh|ash|ksh|python|mysql|psql|node_repl)_history$|\/\.zhistory$/, shellHistory],
  [/^\/var\/log\/|\.log$/, log],
]

const tellerOf = (path: string): Teller | null => TELLERS.find(([pattern]) => pattern.test(path))?.[1] ?? null

/** What texts of the image say of time. */
async function toldMoments(inspection: Inspection, versions: readonly FileVersion[]): Promise<Moment[]> {
  const wanted = versions
    .filter(
      (version) =>
        isRegular(version) && version.version.content.entry.size <= MAX_TEXT && tellerOf(version.path) !== null,
    )
    .slice(0, MAX_TEXTS)
  const byLayer = new Map<number, FileVersion[]>()
  for (const version of wanted) {
    const { layer } = contentOf(version)
    byLayer.set(layer, [...(byLayer.get(layer) ?? []), version])
  }
  const moments: Moment[] = []
  for (const [layer, own] of byLayer) {
    const { contents } = await readEntries(
      layerOf(inspection.image.layers, layer),
      new Set(),
      new Set(own.map((version) => contentOf(version).index)),
    )
    for (const version of own) {
      let left = MAX_MOMENTS
      for (const { time, kind, what } of tellerOf(version.path)?.(contents.get(contentOf(version).index) ?? '') ?? []) {
        if (!isTime(time) || left-- <= 0) continue
        moments.push({
          time: time.toISOString(),
          kind,
          layer: version.layer,
          path: version.path,
          what,
          lines: version.lines,
          marks: [],
        })
      }
    }
  }
  return moments
}

/** When each layer was made, by its history entry; null where nothing tells. */
function madeTimes({ evidence: { origin } }: Inspection): (number | null)[] {
  return origin.layers.map(({ history }) => {
    const created = history === null ? null : (origin.history[history]?.entry.created ?? null)
    const time = created === null ? Number.NaN : new Date(created).getTime()
    return Number.isNaN(time) || new Date(time).getUTCFullYear() < FIRST_YEAR ? null : time
  })
}

/** Layers whose files all have the time of one moment. */
function clampedLayers(versions: readonly FileVersion[]): ReadonlyMap<number, number> {
  const times = new Map<number, Map<number, number>>()
  for (const { layer, entry } of versions) {
    if (entry.type !== 'file') continue
    const known = times.get(layer) ?? new Map<number, number>()
    times.set(layer, known.set(entry.mtime, (known.get(entry.mtime) ?? 0) + 1))
  }
  const clamped = new Map<number, number>()
  for (const [layer, counts] of times) {
    const files = [...counts.values()].reduce((sum, count) => sum + count, 0)
    const [time, most] = [...counts].sort(([, a], [, b]) => b - a)[0] ?? [0, 0]
    if (files >= MIN_CLAMPED && most >= files * 0.9) clamped.set(layer, time)
  }
  return clamped
}

const VERBS: Readonly<Record<FileVersion['state'], string>> = {
  present: '',
  deleted: ', deleted later',
  overwritten: ', overwritten later',
  replaced: ', replaced later',
}

function fileMoments(inspection: Inspection, versions: readonly FileVersion[], now: Date): Moment[] {
  const made = madeTimes(inspection)
  const clamped = clampedLayers(versions)
  return versions.flatMap((version): Moment[] => {
    const { entry, layer, path } = version
    const time = isoTime(entry.mtime)
    if (time === null || entry.type === 'directory') return []
    const at = entry.mtime * 1000
    const madeAt = made[layer] ?? null
    const marks: Mark[] = []
    if (new Date(at).getUTCFullYear() < FIRST_YEAR) marks.push('1970')
    else if (clamped.get(layer) === entry.mtime) marks.push('clamped')
    if (at > now.getTime() + DAY) marks.push('future')
    else if (madeAt !== null && at > madeAt + SLACK) marks.push('newer-than-layer')
    return [
      { time, kind: 'file', layer, path, what: `${entry.type}${VERBS[version.state]}`, lines: version.lines, marks },
    ]
  })
}

/** Levels of a statement that are looked at. */
const MAX_DEPTH = 6

/** The times that provenance names: `buildStartedOn` of SLSA 0.2, `startedOn` of SLSA 1. */
function* timesIn(value: unknown, depth = 0): Generator<readonly [key: string, time: string]> {
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return
  for (const [key, inner] of Object.entries(value)) {
    if (/^(?:build)?(?:S|s)tartedOn$|^(?:build)?(?:F|f)inishedOn$/.test(key) && typeof inner === 'string')
      yield [key, inner]
    else if (!Array.isArray(inner)) yield* timesIn(inner, depth + 1)
  }
}

function buildMoments({ image, evidence: { origin } }: Inspection): Moment[] {
  const moments: Moment[] = []
  const add = (
    time: string | null | undefined,
    kind: Moment['kind'],
    what: string,
    more: Partial<Moment> = {},
  ): void => {
    const date = time == null ? new Date(Number.NaN) : new Date(time)
    if (isTime(date))
      moments.push({
        time: date.toISOString(),
        kind,
        layer: null,
        path: null,
        what,
        lines: null,
        marks: date.getUTCFullYear() < FIRST_YEAR ? ['1970'] : [],
        ...more,
      })
  }
  add(image.config.created, 'image', 'the image was made, by its configuration')
  for (const { entry, layer, lines, instruction } of origin.history)
    add(entry.created, 'history', instruction.display, { layer, lines })
  for (const { statement } of image.attestations)
    for (const [key, time] of timesIn(statement))
      add(time, 'build', `the build ${key.endsWith('tartedOn') ? 'started' : 'ended'}, by its provenance`)
  return moments
}

/** All moments, in order. @param versions of all files @param now of this run */
export async function timelineOf(
  inspection: Inspection,
  versions: readonly FileVersion[],
  now: Date,
): Promise<readonly Moment[]> {
  const moments = [
    ...buildMoments(inspection),
    ...fileMoments(inspection, versions, now),
    ...(await toldMoments(inspection, versions)),
  ]
  return moments
    .map((moment) => ({ ...moment, what: inspection.redactor.cut(moment.what.replace(/\s+/g, ' '), MAX_WHAT) }))
    .sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0))
}
