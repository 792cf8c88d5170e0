// What package managers keep for the next time: where it lies, and what empties it.

export interface PackageCache {
  /** In words. */
  readonly name: string
  readonly path: RegExp
  /** Programs that fill it. */
  readonly by: RegExp
  readonly remedy: string
  /** The command that empties it, for caches that hold what a distribution publishes, and nothing of the project; null for others. */
  readonly emptiedBy: string | null
}

const HOME = String.raw`\/(?:root|home\/[^/]+|var\/www|app|usr\/src\/app)`
const CACHES: readonly PackageCache[] = [
  {
    name: 'apk’s package cache',
    path: /^\/var\/cache\/apk\/|^\/etc\/apk\/cache\//,
    by: /^apk$/,
    remedy: 'Write apk add --no-cache.',
    emptiedBy: 'rm -rf /var/cache/apk/*',
  },
  {
    name: 'apt’s downloaded packages',
    path: /^\/var\/cache\/apt\//,
    by: /^(?:apt|apt-get|aptitude)$/,
    remedy: 'End the RUN with apt-get clean, or mount it: --mount=type=cache,target=/var/cache/apt.',
    emptiedBy: 'apt-get clean',
  },
  {
    name: 'apt’s package lists',
    path: /^\/var\/lib\/apt\/lists\//,
    by: /^(?:apt|apt-get|aptitude)$/,
    remedy: 'End the same RUN with rm -rf /var/lib/apt/lists/*.',
    emptiedBy: 'rm -rf /var/lib/apt/lists/*',
  },
  {
    name: 'Cargo’s registry',
    path: /\/\.?cargo\/registry\/(?:cache|index)\//,
    by: /^cargo$/,
    remedy: 'Build in a stage of its own, or mount it: --mount=type=cache,target=/usr/local/cargo/registry.',
    emptiedBy: null,
  },
  {
    name: 'Composer’s cache',
    path: new RegExp(`^${HOME}\\/\\.(?:composer|cache\\/composer)\\/`),
    by: /^(?:composer|php)$/,
    remedy: 'Mount it: --mount=type=cache,target=/root/.composer/cache, or end the RUN with composer clear-cache.',
    emptiedBy: null,
  },
  {
    name: 'conda’s packages',
    path: /\/(?:opt\/conda|miniconda3?|anaconda3?|miniforge3?)\/pkgs\/.+\.(?:conda|tar\.bz2)$/,
    by: /^(?:conda|mamba|micromamba)$/,
    remedy: 'End the RUN with conda clean -afy.',
    emptiedBy: null,
  },
  {
    name: 'Go’s build cache',
    path: new RegExp(`^${HOME}\\/\\.cache\\/go-build\\/|^\\/go\\/pkg\\/mod\\/cache\\/`),
    by: /^go$/,
    remedy: 'Build in a stage of its own, or mount it: --mount=type=cache,target=/root/.cache/go-build.',
    emptiedBy: null,
  },
  {
    name: 'npm’s cache',
    path: new RegExp(`^${HOME}\\/\\.npm\\/_cacache\\/`),
    by: /^(?:npm|npx|node)$/,
    remedy: 'Mount it: --mount=type=cache,target=/root/.npm, or end the RUN with npm cache clean --force.',
    emptiedBy: null,
  },
  {
    name: 'pip’s cache',
    path: new RegExp(`^${HOME}\\/\\.cache\\/(?:pip|uv)\\/`),
    by: /^(?:pip\d?|python[\d.]*|uv)$/,
    remedy: 'Write pip install --no-cache-dir, or mount it: --mount=type=cache,target=/root/.cache/pip.',
    emptiedBy: null,
  },
  {
    name: 'yarn’s cache',
    path: new RegExp(
      `^${HOME}\\/\\.(?:cache\\/yarn|yarn\\/(?:berry\\/)?cache)\\/|^\\/usr\\/local\\/share\\/\\.cache\\/yarn\\/`,
    ),
    by: /^yarn$/,
    remedy: 'End the RUN with yarn cache clean, or mount it: --mount=type=cache,target=/usr/local/share/.cache.',
    emptiedBy: null,
  },
  {
    name: 'yum’s cache',
    path: /^\/var\/cache\/(?:yum|dnf|libdnf5)\//,
    by: /^(?:yum|dnf5?|microdnf|tdnf)$/,
    remedy: 'End the RUN with dnf clean all (yum clean all).',
    emptiedBy: 'rm -rf /var/cache/dnf /var/cache/libdnf5 /var/cache/yum',
  },
  {
    name: 'zypper’s cache',
    path: /^\/var\/cache\/zypp\//,
    by: /^zypper$/,
    remedy: 'End the RUN with zypper clean --all.',
    emptiedBy: 'rm -rf /var/cache/zypp',
  },
]

/** One test for nearly all paths. */
const ANY_CACHE = new RegExp(CACHES.map(({ path }) => path.source).join('|'))

/** The cache that a file belongs to; null for none. @param path of a file of an image */
export const cacheOf = (path: string): PackageCache | null =>
  ANY_CACHE.test(path) ? (CACHES.find((cache) => cache.path.test(path)) ?? null) : null
