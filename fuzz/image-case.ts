// Images with a token planted somewhere. Whatever else the image does, a run on it must not pass.
import { createHash } from 'node:crypto'
import zlib from 'node:zlib'
import { contentWith, filler, gzipWith, provenToken, zstdWith } from './hide.ts'
import { LOWER, type Random } from './random.ts'
import { globalHeader, type RawEntry, rawTar, type TarForm } from './raw-tar.ts'

/** One input of the gate. */
export interface ImageCase {
  readonly archive: Buffer
  readonly dockerfile: string | null
  readonly token: string
  /** Where the token is, in words. */
  readonly where: string
}

interface LayerPlan {
  entries: RawEntry[]
  /** Bytes behind the end of the tar. */
  behind: Buffer
  by: string
}

type Json = Record<string, unknown>

/** What places may change before the image is put together. */
interface Plan {
  readonly layers: LayerPlan[]
  readonly run: Json
  readonly config: Json
  readonly manifest: Json
  readonly descriptor: Json
  readonly index: Json
  readonly dockerManifest: Json
  /** Further files of the archive. */
  readonly files: [string, Buffer][]
  readonly history: Json[]
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')
const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))
const name = (random: Random): string => random.text(3 + random.int(8), LOWER)

function pathOf(random: Random): string {
  const folders = Array.from({ length: random.int(4) }, () =>
    random.pick(['app', 'etc', 'srv', 'usr/lib', 'node_modules', 'docs', 'test', 'vendor', name(random)]),
  )
  const file = random.pick([
    name(random),
    `${name(random)}.txt`,
    '.env',
    'config.json',
    'id_rsa',
    'settings.py',
    'data.bin',
    'a.js',
    `${'n'.repeat(random.int(200))}x`,
  ])
  return `${random.pick(['', './', '/'])}${[...folders, file].join('/')}`
}

const forms: readonly [TarForm, ...TarForm[]] = ['ustar', 'gnu', 'pax', 'v7']

const harmlessEntry = (random: Random): RawEntry =>
  random.pick<() => RawEntry>([
    () => ({ name: pathOf(random), content: Buffer.from(filler(random, random.int(3000))), form: random.pick(forms) }),
    () => ({ name: `${name(random)}/`, flag: '5', mode: 0o755 }),
    () => ({ name: name(random), flag: '2', link: `../${name(random)}` }),
    () => ({ name: pathOf(random), content: random.bytes(random.int(5000)) }),
    () => ({ name: `dev/${name(random)}`, flag: '3' }),
  ])()

/** What later layers do to a path. */
function hide(plan: Plan, at: number, path: string, random: Random): string {
  const later = plan.layers[at + 1 + random.int(3)]
  if (later === undefined) return ''
  const clean = path.replace(/^\.?\//, '')
  const slash = clean.lastIndexOf('/')
  const [folder, file] = [clean.slice(0, slash + 1), clean.slice(slash + 1)]
  switch (random.int(4)) {
    case 0:
      later.entries.push({ name: `${folder}.wh.${file}` })
      return ', deleted later'
    case 1:
      later.entries.push({ name: `${folder}.wh..wh..opq` })
      return ', below an opaque directory'
    case 2:
      later.entries.push({ name: clean, content: Buffer.from('new') })
      return ', overwritten later'
    default:
      return ''
  }
}

/** Puts a token into a plan, and says where. */
type Planting = (plan: Plan, token: string, random: Random) => string

/** In the content of a file, which has the most ways. */
const inFile: Planting = (plan, token, random) => {
  const { bytes, how } = contentWith(token, random)
  const path = pathOf(random)
  const at = random.int(plan.layers.length)
  plan.layers[at]?.entries.push({ name: path, content: bytes, form: random.pick(forms) })
  return `${how} at ${path} in layer ${at}${hide(plan, at, path, random)}`
}

const PLACES: readonly [Planting, ...Planting[]] = [
  (plan, token, random) => {
    const { bytes, how } = contentWith(token, random)
    const at = random.int(plan.layers.length)
    const layer = plan.layers[at]
    if (layer !== undefined) layer.behind = Buffer.concat([rawTar([{ name: 'behind', content: bytes }])])
    return `${how} behind the end of layer ${at}`
  },
  (plan, token, random) => {
    plan.layers[random.int(plan.layers.length)]?.entries.push({
      name: pathOf(random),
      flag: '2',
      link: `https://x:${token}@example.com/`,
    })
    return 'the target of a symbolic link'
  },
  (plan, token, random) => {
    const key = random.pick(['comment', 'SCHILY.xattr.user.note', 'VENDOR.note', 'uname', 'LIBARCHIVE.x'])
    plan.layers[random.int(plan.layers.length)]?.entries.push({
      name: pathOf(random),
      content: Buffer.from('x'),
      pax: [[key, token]],
    })
    return `the record ${key} of an extended header`
  },
  (plan, token, random) => {
    plan.layers[random.int(plan.layers.length)]?.entries.push(globalHeader([['comment', token]]), harmlessEntry(random))
    return 'the comment of a global extended header'
  },
  (plan, token, random) => {
    plan.layers[random.int(plan.layers.length)]?.entries.push({
      name: `srv/${token}${random.pick(['', '.txt', '/'])}`,
      content: Buffer.alloc(0),
    })
    return 'the name of a file'
  },
  (plan, token, random) => {
    plan.layers[random.int(plan.layers.length)]?.entries.push({
      name: pathOf(random),
      content: Buffer.from('x'),
      padding: Buffer.from(`\n${token}\n`),
    })
    return 'the padding behind a file'
  },
  (plan, token, random) => {
    plan.history[random.int(plan.history.length)] = {
      created_by: `RUN /bin/sh -c echo ${token} | tee /x # buildkit`,
      comment: 'buildkit.dockerfile.v0',
      empty_layer: false,
    }
    return 'the history'
  },
  (plan, token, random) => {
    const key = random.pick(['comment', 'author', 'created'])
    const entry = plan.history[random.int(plan.history.length)]
    if (entry !== undefined) entry[key] = token
    return `${key} of the history`
  },
  (plan, token, random) => {
    const key = random.pick(['Env', 'Cmd', 'Entrypoint', 'OnBuild', 'Shell'])
    plan.run[key] = [`X=${token}`]
    return `config.${key}`
  },
  (plan, token, random) => {
    const key = random.pick(['Labels', 'Volumes', 'ExposedPorts'])
    plan.run[key] = key === 'Labels' ? { note: token } : { [token]: {} }
    return `config.${key}`
  },
  (plan, token, random) => {
    const key = random.pick(['Hostname', 'Domainname', 'StopSignal', 'User', 'WorkingDir', 'X-Team'])
    plan.run[key] = `/a/${token}`
    return `config.${key}`
  },
  (plan, token, random) => {
    const key = random.pick(['author', 'docker_version', 'moby.buildkit.buildinfo.v1', 'x-note', 'container'])
    plan.config[key] = key.startsWith('moby') ? json({ attrs: { 'build-arg:X': token } }).toString('base64') : token
    return `${key} of the configuration`
  },
  (plan, token, random) => {
    const [target, what] = random.pick<[Json, string]>([
      [plan.manifest, 'manifest'],
      [plan.descriptor, 'descriptor'],
      [plan.index, 'index'],
    ])
    target['annotations'] = { 'com.example.note': token }
    return `an annotation of the ${what}`
  },
  (plan, token, random) => {
    plan.manifest[random.pick(['x-note', 'artifactType'])] = token
    return 'an unknown key of the manifest'
  },
  (plan, token, random) => {
    plan.dockerManifest[random.pick(['Note', 'Parent', 'x'])] = token
    return 'an unknown key of manifest.json'
  },
]

/** Dockerfiles that claim the image for a base, as far as they can. */
function dockerfileFor(plan: Plan, random: Random): string | null {
  if (random.chance(1, 3)) return null
  const said = plan.layers.map(({ by }) => by.replace(/ # buildkit$/, '').replace(/^RUN \/bin\/sh -c /, 'RUN '))
  const own = said.slice(random.int(said.length + 1))
  const from = random.pick([
    'alpine:3.20',
    'acme/onbuild',
    'base-${TARGETARCH}',
    '"alpine"',
    'app-${V}',
    'scratch',
    'b\\ase',
    'registry.example/x@sha256:00',
  ])
  const stage = random.chance(1, 2)
    ? `FROM alpine:3 AS ${random.pick(['base-amd64', 'app-prod', 'x', 'base'])}\n${said.slice(0, random.int(said.length + 1)).join('\n')}\n`
    : ''
  return `${random.chance(1, 2) ? 'ARG V\n' : ''}${stage}FROM ${from}\n${own.join('\n')}\n${random.pick(['', 'USER 1000\n', 'CMD ["/bin/app"]\n'])}`
}

const pressed = (tar: Buffer, random: Random): { bytes: Buffer; mediaType: string } => {
  const type = 'application/vnd.oci.image.layer.v1.tar'
  const how = random.pick(['plain', 'plain', 'gzip', 'zstd'])
  if (how === 'gzip') return { bytes: gzipWith(tar, random), mediaType: `${type}+gzip` }
  return how === 'zstd' ? { bytes: zstdWith(tar, random), mediaType: `${type}+zstd` } : { bytes: tar, mediaType: type }
}

/** Puts an image together in one of the forms of archives. */
function archiveOf(plan: Plan, token: string, form: 'docker' | 'oci', random: Random): Buffer {
  const tars = plan.layers.map(({ entries, behind }) => rawTar(entries, random.pick([2, 2, 2, 20]), behind))
  const stored = tars.map((tar) => pressed(tar, random))
  const config = json({
    architecture: 'amd64',
    os: 'linux',
    created: '2026-01-01T00:00:00Z',
    config: plan.run,
    rootfs: { type: 'layers', diff_ids: tars.map((tar) => `sha256:${sha256(tar)}`) },
    ...(random.chance(1, 8) && !JSON.stringify(plan.history).includes(token) ? {} : { history: plan.history }),
    ...plan.config,
  })
  const files: [string, Buffer][] = [...plan.files]
  const docker = (names: readonly string[], configName: string): [string, Buffer] => [
    'manifest.json',
    json([{ Config: configName, RepoTags: ['app:1'], Layers: names, ...plan.dockerManifest }]),
  ]
  if (form === 'docker') {
    const names = stored.map(({ bytes }, index) => `${index}-${sha256(bytes).slice(0, 12)}/layer.tar`)
    for (const [index, { bytes }] of stored.entries()) files.push([names[index] ?? '', bytes])
    files.push([`${sha256(config)}.json`, config], docker(names, `${sha256(config)}.json`))
  } else {
    const blob = (bytes: Buffer): string => {
      files.push([`blobs/sha256/${sha256(bytes)}`, bytes])
      return `sha256:${sha256(bytes)}`
    }
    const manifest = json({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: blob(config), size: config.length },
      layers: stored.map(({ bytes, mediaType }) => ({ mediaType, digest: blob(bytes), size: bytes.length })),
      ...plan.manifest,
    })
    const descriptor = {
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      digest: blob(manifest),
      size: manifest.length,
      ...plan.descriptor,
    }
    files.push(
      ['oci-layout', json({ imageLayoutVersion: '1.0.0' })],
      ['index.json', json({ schemaVersion: 2, manifests: [descriptor], ...plan.index })],
    )
    if (random.chance(1, 2) || Object.keys(plan.dockerManifest).length > 0)
      files.push(
        docker(
          stored.map(({ bytes }) => `blobs/sha256/${sha256(bytes)}`),
          `blobs/sha256/${sha256(config)}`,
        ),
      )
  }
  const unique = [...new Map(files)]
  const archive = rawTar(
    (random.chance(1, 3) ? random.shuffle(unique) : unique).map(([file, content]) => ({ name: file, content })),
  )
  return random.chance(1, 8) ? zlib.gzipSync(archive) : archive
}

/** The case of a seed. */
export function imageCase(random: Random): ImageCase {
  const token = provenToken(random)
  const count = 1 + random.int(4)
  const commands = [
    'COPY . /app # buildkit',
    'RUN /bin/sh -c make -C /app all # buildkit',
    'ADD rootfs.tar.gz / # buildkit',
    'RUN /bin/sh -c apt-get update && apt-get install -y curl # buildkit',
  ]
  const layers = Array.from(
    { length: count },
    (): LayerPlan => ({
      entries: Array.from({ length: random.int(5) }, () => harmlessEntry(random)),
      behind: Buffer.alloc(0),
      by: commands[random.int(commands.length)] ?? '',
    }),
  )
  const plan: Plan = {
    layers,
    run: { User: '1000', Cmd: ['/bin/app'], Env: ['PATH=/bin'] },
    config: {},
    manifest: {},
    descriptor: {},
    index: {},
    dockerManifest: {},
    files: [],
    history: layers.map(({ by }) => ({
      created: '2026-01-01T00:00:00Z',
      created_by: by,
      comment: 'buildkit.dockerfile.v0',
    })),
  }
  const dockerfile = dockerfileFor(plan, random)
  const where = (random.chance(1, 3) ? inFile : random.pick(PLACES))(plan, token, random)
  const isOci =
    [plan.manifest, plan.descriptor, plan.index].some((document) => Object.keys(document).length > 0) ||
    random.chance(1, 2)
  return { archive: archiveOf(plan, token, isOci ? 'oci' : 'docker', random), dockerfile, token, where }
}
