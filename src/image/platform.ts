// Platforms as engines compare them. https://github.com/containerd/platforms/blob/v1.0.0/database.go

/** What an image says of its platform where it does not know. */
export const UNKNOWN = 'unknown'

/** https://github.com/opencontainers/image-spec/blob/v1.1.1/image-index.md: os/architecture/variant */
export interface Platform {
  readonly os: string
  readonly architecture: string
  readonly variant: string | null
}

export const platformName = ({ os, architecture, variant }: Platform): string =>
  [os, architecture, ...(variant ? [variant] : [])].join('/')

const ARCHITECTURES: Readonly<Record<string, string>> = {
  x86_64: 'amd64',
  'x86-64': 'amd64',
  i386: '386',
  aarch64: 'arm64',
  armhf: 'arm',
  armel: 'arm',
}

const osOf = ({ os }: Platform): string => (os.toLowerCase() === 'macos' ? 'darwin' : os.toLowerCase())

function architectureOf({ architecture }: Platform): string {
  const lower = architecture.toLowerCase()
  return ARCHITECTURES[lower] ?? lower
}

/**
 * Whether an index and a configuration speak of one platform, as far as both name it. Variants are left out: builders fill them
 * in at one place only.
 */
export const isSamePlatform = (declared: Platform, own: Platform): boolean =>
  own.architecture === UNKNOWN ||
  ((declared.os === '' || osOf(declared) === osOf(own)) &&
    (declared.architecture === '' || architectureOf(declared) === architectureOf(own)))
