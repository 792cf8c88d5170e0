// What the command says of itself, and the configuration that it writes.
import { OPTIONS, type OptionName } from '../option-table.ts'
import { FORMS } from '../report/forms.ts'
import { wrap } from '../report/wrap.ts'
import { REPOSITORY, VERSION } from '../version.ts'

/** Where the text of an option begins. */
const TEXT_AT = 25

/** `--fail-on SEVERITY`. */
const usageOf = (name: OptionName, value: string | null = OPTIONS[name].value): string => `--${name}${value === null ? '' : ` ${value}`}`

/** An option and what it does, `text` instead of what the table says. */
function option(name: OptionName, text: string = OPTIONS[name].help, value?: string): string {
  const usage = `  ${usageOf(name, value)}`
  return wrap(
    text,
    usage
      .padEnd(TEXT_AT - 2)
      .padEnd(usage.length + 2)
      .padEnd(TEXT_AT),
    ' '.repeat(TEXT_AT),
  ).join('\n')
}

const options = (...names: readonly OptionName[]): string => names.map((name) => option(name)).join('\n')

/** Options that are those of another command. */
const asWithScan = (...names: readonly OptionName[]): string =>
  [
    ...wrap(names.map((name) => usageOf(name).replace(' ', '·')).join(', '), '  ', '  ').map((line) => line.replaceAll('·', ' ')),
    `${' '.repeat(TEXT_AT)}as with layergate scan`,
  ].join('\n')

/** The forms of what `lint` and `diff` print. */
export const LINT_FORMATS = ['terminal', 'json', 'sarif'] as const
export const DIFF_FORMATS = ['terminal', 'json', 'markdown'] as const

const list = (words: readonly string[]): string => `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`

export const HELP = `layergate ${VERSION}: the gate that a container image passes on its way out of CI.

Usage
  layergate scan IMAGE [options]   reads every layer and judges the image
  layergate history IMAGE          the image as a table: layers, lines, findings
  layergate lint [DOCKERFILE…]     the rules that need no image, before a build
  layergate baseline create IMAGE  accepts what is there now; new findings fail
  layergate diff OLD NEW           what a change brought: two images or reports
  layergate context [DIR]          what COPY . . would take, before a build
  layergate rules                  lists the rules
  layergate detectors [ID]         kinds of credentials that are found
  layergate explain RULE           says what a rule finds, why, and what to do
  layergate init [--github]        writes .layergate.yml, or a workflow patch
  layergate schema report|config   prints a JSON Schema

IMAGE is an archive (docker save, buildx type=docker or type=oci, buildah,
kaniko, ko, crane; plain or compressed), an OCI layout directory, - for standard
input, or the name of an image of a local engine (docker, else podman). Where CI
is set, a name without a path is always an engine's. Prefixes force one:
docker-archive:, oci-archive:, oci-layout:, oci: (oci:PATH:TAG), engine: and
dir: (of skopeo).

  layergate COMMAND --help         options of a command
  layergate --version

Exit codes: 0 the image passes · 1 the policy fails it · 2 nothing was judged
`

const scanHelp = (): string => `Usage: layergate scan IMAGE [options]

${options('dockerfile', 'context', 'build-metadata', 'target', 'config', 'fail-on', 'min-confidence', 'image', 'platform', 'name', 'baseline', 'policy-from', 'timeout', 'format')}
${FORMS.map(({ name, about }) => `                         ${name.padEnd(16)}${about}`).join('\n')}
${options('output', 'verbose', 'no-color')}

Every option but --format, --output, --verbose and --no-color can come from the
environment: LAYERGATE_FAIL_ON and so on. It wins over the configuration,
options win over both.

  docker save my-app | layergate scan -
  layergate scan image.tar --format json=report.json --format sarif=report.sarif

Exit codes: 0 the image passes · 1 the policy fails it · 2 nothing was judged
`

const historyHelp = (): string => `Usage: layergate history IMAGE [options]

Prints every history entry with its layer, size, age, line of the Dockerfile,
instruction, whether it is the base's or own, and what the gate found in it.

${asWithScan('dockerfile', 'context', 'build-metadata', 'target', 'config', 'image', 'platform', 'timeout')}
${option('verbose', 'instructions are not cut')}
${option('json', 'as JSON: image, findings, warnings')}

Exit codes: 0 printed · 2 the image could not be read
`

const contextHelp = (): string => `Usage: layergate context [DIR] [options]

Says what COPY . . would take along from a build context (default: the current
directory): secrets, in archives too, and what has no business in an image, with
the lines for .dockerignore. What was not looked into is listed.

${option('dockerfile', 'FILE.dockerignore is used where there is one (default: the Dockerfile of DIR)')}
${option('timeout', 'what takes longer is an error (default: 3600)')}
${option('verbose', 'lists everything')}
${option('json')}

Exit codes: 0 no secret · 1 a secret (high or critical), or a file that could
not be read · 2 the directory could not be read
`

const lintHelp = (): string => `Usage: layergate lint [DOCKERFILE…|DIR…] [options]

Looks for secrets and runs the rules on commands, users and base images on
Dockerfiles alone: for editors and pre-commit hooks. No image is read; layergate
scan tells more.
Without a name all Dockerfiles below the current directory are checked.

${options('config', 'fail-on', 'min-confidence', 'timeout')}
${option('format', list(LINT_FORMATS), 'NAME')}
${option('output', 'where it goes (default: standard output)')}
${option('verbose', 'shows what is for information, and what is accepted')}

A comment on the line above accepts a finding, here and in layergate scan:
  # layergate-ignore: RULE [path=PATTERN] [detector=ID] reason [until DATE]
Those of hadolint (# hadolint ignore=DL3009) count for the same rules.

Exit codes: 0 passes · 1 the policy fails it · 2 it could not be read
`

const baselineHelp = (): string => `Usage: layergate baseline create IMAGE|REPORT [options]
       layergate baseline update IMAGE|REPORT [options]
       layergate baseline show [FILE]

Writes what an image holds now into .layergate-baseline.json: known findings are
shown and no longer fail, new ones do, fixed ones are listed. The file holds
places and hashes, never a value; commit it. REPORT is a JSON report.

${option('prune')}
${option('output', 'where it is (default: .layergate-baseline.json)')}
${option('name', 'what the image is called in it')}
${asWithScan('config', 'dockerfile', 'context', 'build-metadata', 'target', 'image', 'platform', 'timeout')}

Exit codes: 0 done · 2 it could not be read or written
`

const diffHelp = (): string => `Usage: layergate diff OLD NEW [options]

Says what a change brought: findings, user, base, packages (dpkg, apk, npm,
Python, gems), accounts, configuration, files and size. OLD and NEW are images
as with layergate scan, or JSON reports, which list no files.

${asWithScan('config', 'image', 'platform', 'timeout')}
${option('format', list(DIFF_FORMATS), 'NAME')}
${option('output', 'where it goes (default: standard output)')}
${option('verbose', 'lists everything')}

Exit codes: 0 compared · 2 one of them could not be read
`

const initHelp = (): string => `Usage: layergate init [--github]

Writes .layergate.yml with the recommended policy into the current directory.
An existing file is left alone.

${option('github')}

Exit codes: 0 done · 2 it could not be read or written
`

/** Help by command, put together when it is asked for. */
export const HELPS: Readonly<Record<string, string>> = {
  get scan() {
    return scanHelp()
  },
  get history() {
    return historyHelp()
  },
  get context() {
    return contextHelp()
  },
  get lint() {
    return lintHelp()
  },
  rules: 'Usage: layergate rules\n\nLists the rules with their severity by default.\n',
  explain: 'Usage: layergate explain RULE\n\nSays what a rule finds, why that matters, and what to write instead.\n',
  detectors:
    'Usage: layergate detectors [ID] [--json | --markdown]\n\nLists the kinds of credentials that are found, by issuer; with ID says of one\nhow it is told, what it opens and how it is revoked.\n',
  get init() {
    return initHelp()
  },
  get baseline() {
    return baselineHelp()
  },
  get diff() {
    return diffHelp()
  },
  schema: 'Usage: layergate schema report|config\n\nPrints the JSON Schema of the JSON report or of .layergate.yml.\n',
}

/** The configuration that `layergate init` writes. */
export const TEMPLATE = (salt: string): string => `# yaml-language-server: $schema=https://raw.githubusercontent.com/${REPOSITORY}/main/schema/layergate.schema.json
# What the gate lets pass. All keys: docs/CONFIGURATION.md of Layergate.
extends: recommended

# critical, high, medium, low or never
fail-on: high

# Per rule: off, a severity, or an object with options. layergate rules lists them.
# rules:
#   missing-user: high
#   base-not-allowed:
#     allow: ['gcr.io/distroless/**', 'docker.io/library/node:22-*']

# What is accepted, with a reason. An entry that matches nothing is reported.
# ignore:
#   - rule: secret-in-image
#     path: /app/test/fixtures/**
#     reason: test keys, revoked
#     expires: 2027-06-30

# Makes hashes of secrets comparable between runs. It may be public.
salt: ${salt}
`
