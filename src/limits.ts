// What keeps a hostile image from taking the machine: one table, from which the configuration's schema, the defaults and the
// texts of errors come.

const GIB = 2 ** 30

/** Each limit by its key in the configuration: the default, and what it bounds. */
export const LIMITS = {
  'layer-bytes': { value: 64 * GIB, about: 'uncompressed bytes of one layer; default 64 GiB' },
  entries: { value: 2_000_000, about: 'entries of one layer; default 2,000,000' },
  'nested-bytes': { value: GIB, about: 'bytes that the archives inside one layer may unpack to; default 1 GiB' },
  'nested-depth': { value: 4, about: 'archives in archives; default 4' },
  'path-bytes': { value: 4096, about: 'bytes of one path in a layer; default 4,096' },
  'path-parts': { value: 2048, about: 'directories of one path in a layer; default 2,048' },
  matches: {
    value: 5000,
    about:
      'matches of detectors that are kept of one image; default 5,000, ten times what 5 GB of programs and packages have',
  },
  records: { value: 2_000_000, about: 'files that the package databases of one layer name; default 2,000,000' },
  'extract-bytes': {
    value: 96 * 2 ** 20,
    about:
      'bytes of small files (users, scripts; package databases while their layer is read) that are kept of one image; default 96 MiB',
  },
  'spool-bytes': {
    value: 64 * GIB,
    about: 'bytes of a packed or piped archive that are written to the temporary directory; default 64 GiB',
  },
  'json-depth': {
    value: 256,
    about: 'arrays and objects in each other in a manifest, configuration or attestation; default 256',
  },
  seconds: { value: 3600, about: 'seconds of wall clock that a run may take; default 3,600' },
} as const

export type LimitName = keyof typeof LIMITS

/** The value of every limit. */
export type Limits = Readonly<Record<LimitName, number>>

/** Values given, over the defaults. */
export function limitsOf(given: { readonly [name in LimitName]?: number | undefined }): Limits {
  return Object.fromEntries(
    Object.entries(LIMITS).map(([name, { value }]) => [name, given[name as LimitName] ?? value]),
  ) as Limits
}

export const DEFAULT_LIMITS: Limits = limitsOf({})

/** For bytes that were read within the limits before. */
export const NO_LIMITS: Limits = Object.fromEntries(
  Object.keys(LIMITS).map((name) => [name, Number.POSITIVE_INFINITY]),
) as Limits

/** The sentence that ends an error about a limit. */
export const raise = (name: LimitName): string =>
  `(limits.${name}). Raise the limit if the image is meant to be like this.`
