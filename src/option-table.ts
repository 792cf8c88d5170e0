// Every option of the commands, once: from this table come what a command parses, its help, the LAYERGATE_* variables, the inputs of
// the action and the settings of a run. docs/CONFIGURATION.md and action.yml say the same at length; tests compare the names.

interface OptionSpec {
  /** What it takes, in help; null for a switch. */
  readonly value: string | null
  /** It can be repeated. */
  readonly multiple?: true
  /** It says how an image is read and judged: it can come from the environment, and from an input of the action. */
  readonly setting?: {
    /** The input, where it has another name than the option. */
    readonly input?: string
  }
  readonly help: string
}

export const OPTIONS = {
  dockerfile: {
    value: 'FILE',
    multiple: true,
    setting: {},
    help: 'the Dockerfile that the image was built from, for line numbers; can be repeated: the one that fits is taken (default: Dockerfile, else the one that fits of all Dockerfiles below the current directory)',
  },
  context: {
    value: 'DIR',
    setting: {},
    help: 'the build context, to name the file that leaked (default: the current directory, else that of the Dockerfile)',
  },
  'build-metadata': {
    value: 'FILE',
    setting: {},
    help: 'what docker buildx build --metadata-file wrote, that text itself, or a .dockerbuild record: exact lines',
  },
  target: { value: 'STAGE', setting: {}, help: 'the stage that was built (default: the last)' },
  config: {
    value: 'FILE',
    setting: {},
    help: 'configuration, or a preset: recommended, strict (default: .layergate.yml, where there is one)',
  },
  'fail-on': { value: 'SEVERITY', setting: {}, help: 'critical, high, medium, low or never (default: high)' },
  'min-confidence': { value: 'C', setting: {}, help: 'high, medium or low: findings of less never fail' },
  // The action has an input `image` for what is judged.
  image: {
    value: 'NAME',
    setting: { input: 'image-name' },
    help: 'which image of an archive that holds several: one is judged',
  },
  platform: { value: 'OS/ARCH', setting: {}, help: 'which platform of an image that has several' },
  name: {
    value: 'NAME',
    setting: {},
    help: 'what the image is called in comment, baseline and SARIF (default: its name without what changes, such as a commit)',
  },
  baseline: {
    value: 'FILE',
    setting: {},
    help: 'findings of an earlier run, which do not fail; none for none (default: .layergate-baseline.json, where there is one)',
  },
  'policy-from': {
    value: 'REV',
    help: 'whose configuration, baseline and ignores count: head (the files here, the default), base (of the event of a workflow), or a revision of git such as origin/main',
  },
  timeout: {
    value: 'SECONDS',
    setting: {},
    help: 'what takes longer is an error (default: limits.seconds of the configuration, else 3600)',
  },
  format: { value: 'NAME[=FILE]', multiple: true, help: 'can be repeated; one of them may go to standard output' },
  output: { value: 'FILE', help: 'where the one format goes' },
  verbose: { value: null, help: 'lists what is otherwise only counted' },
  'show-quiet': {
    value: null,
    help: 'lists what was found and is no finding: known public values, what packages vouch for, what allow names',
  },
  'no-color': { value: null, help: 'no colour, as with NO_COLOR' },
  json: { value: null, help: 'short for --format json' },
  markdown: { value: null, help: 'short for --format markdown' },
  build: {
    value: 'COMMAND',
    help: 'what builds IMAGE, such as docker build -t IMAGE . (workflow: as .github/workflows does). It is run before and after, and both images are scanned: a change that does not build, or leaves its leak, is taken back. Options for secrets are put into it',
  },
  'dry-run': { value: null, help: 'changes no file: prints what would be changed' },
  patch: { value: 'FILE', help: 'changes no file: writes a patch for git apply' },
  reason: { value: 'TEXT', help: 'why this is no problem; every report shows it' },
  until: { value: 'DATE', help: 'the last day on which it counts, YYYY-MM-DD (default: no end)' },
  prune: { value: null, help: 'with update: takes out what is gone, and takes in nothing' },
  layer: { value: 'N', help: 'only what this layer brought, counted from 0' },
  deleted: { value: null, help: 'only what is hidden: deleted, overwritten, replaced' },
  secrets: { value: null, help: 'only what holds a secret' },
  to: {
    value: 'DIR',
    help: 'a new or empty folder; - for standard output: the bytes of one file, of several a tar',
  },
  ioc: { value: 'FILE', help: 'indicators of an attack: hashes, names, domains, addresses, URLs, one a line' },
  verify: { value: 'DIR', help: 'says what of a case is missing, was changed or added' },
  'show-secrets': { value: null, help: 'prints the bytes as they are; refused in a workflow' },
  github: {
    value: null,
    help: 'writes nothing: finds the steps of .github/workflows that build an image, and prints the patch that puts the gate between build and push. layergate init --github | git apply',
  },
} as const satisfies Readonly<Record<string, OptionSpec>>

export type OptionName = keyof typeof OPTIONS

type SettingOption = {
  [Name in OptionName]: (typeof OPTIONS)[Name] extends { readonly setting: object } ? Name : never
}[OptionName]

type CamelCase<Name extends string> = Name extends `${infer First}-${infer Rest}`
  ? `${First}${Capitalize<CamelCase<Rest>>}`
  : Name

/** `failOn` of the option `fail-on`. */
export type SettingName = CamelCase<SettingOption>

const camelCase = (name: string): string => name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())

/** An option that is a setting, with its names everywhere. */
export interface SettingSource {
  readonly setting: SettingName
  readonly option: SettingOption
  /** Of the action. */
  readonly input: string
  /** Of the environment. */
  readonly variable: string
}

/** `LAYERGATE_FAIL_ON`. */
export const variableOf = (option: string): string => `LAYERGATE_${option.toUpperCase().replaceAll('-', '_')}`

export const SETTINGS: readonly SettingSource[] = Object.entries<OptionSpec>(OPTIONS).flatMap(
  ([option, { setting }]) =>
    setting === undefined
      ? []
      : [
          {
            setting: camelCase(option) as SettingName,
            option: option as SettingOption,
            input: setting.input ?? option,
            variable: variableOf(option),
          },
        ],
)
