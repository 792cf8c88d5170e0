// What the command says of itself, and the configuration that it writes.
import { FORMS } from '../report/forms.ts'
import { REPOSITORY, VERSION } from '../version.ts'

export const HELP = `layergate ${VERSION}: the gate that a container image passes on its way out of CI.

Usage
  layergate scan IMAGE [options]     reads every layer and judges the image
  layergate history IMAGE            the image as a table: layers, lines, findings
  layergate lint [DOCKERFILE…]       the rules that need no image, before a build
  layergate baseline create IMAGE    accepts what is there now; new findings fail
  layergate diff OLD NEW             what a change brought: two images or reports
  layergate context [DIR]            what COPY . . would take along, before a build
  layergate rules                    lists the rules
  layergate detectors [ID]           lists what is found by its form, or tells of one
  layergate explain RULE             says what a rule finds, why, and what to do
  layergate init [--github]          writes .layergate.yml, or a workflow patch
  layergate schema report|config     prints a JSON Schema

IMAGE is an archive (docker save, buildx type=docker or type=oci, buildah, kaniko,
ko, crane; plain, gzip or zstd), an OCI layout directory, - for standard input, or
the name of an image of a local engine (docker, else podman). Where CI is set, a
name without a path is always an engine's. Prefixes force one: docker-archive:,
oci-archive:, oci-layout:, oci: (oci:PATH:TAG), dir: (of skopeo) and engine:.

  layergate COMMAND --help           options of a command
  layergate --version

Exit codes: 0 the image passes · 1 the policy fails it · 2 nothing was judged
`

const SCAN_HELP = `Usage: layergate scan IMAGE [options]

  --dockerfile FILE      the Dockerfile that the image was built from, for line
                         numbers; can be repeated: the one that fits is taken
                         (default: Dockerfile, else the one that fits of all
                         Dockerfiles below the current directory)
  --context DIR          the build context, to name the file that leaked (default:
                         the current directory, else that of the Dockerfile)
  --build-metadata FILE  what docker buildx build --metadata-file wrote, that text
                         itself, or a .dockerbuild record: exact lines
  --target STAGE         the stage that was built (default: the last)
  --config FILE          configuration, or a preset: recommended, strict
                         (default: .layergate.yml, where there is one)
  --fail-on SEVERITY     critical, high, medium, low or never (default: high)
  --min-confidence C     high, medium or low: findings of less never fail
  --image NAME           which image of an archive that holds several: one is judged
  --platform OS/ARCH     which platform of an image that has several
  --name NAME            what the image is called in comment, baseline and SARIF
                         (default: its name without what changes, such as a commit)
  --baseline FILE        findings of an earlier run, which do not fail; none for
                         none (default: .layergate-baseline.json, where there is one)
  --policy-from REV      whose configuration, baseline and ignores count: head (the
                         files here, the default), base (of the event of a
                         workflow), or a revision of git such as origin/main
  --timeout SECONDS      what takes longer is an error (default: limits.seconds of the
                         configuration, else 3600)
  --format NAME[=FILE]   can be repeated; one of them may go to standard output
${FORMS.map(({ name, about }) => `                         ${name.padEnd(10)}${about}`).join('\n')}
  --output FILE          where the one format goes
  --verbose              lists what is otherwise only counted
  --no-color             no colour, as with NO_COLOR

Every option but --format, --output, --verbose and --no-color can come from the
environment: LAYERGATE_FAIL_ON and so on. Options win over it, it wins over the file.

  docker save my-app | layergate scan -
  layergate scan image.tar --format json=report.json --format sarif=report.sarif

Exit codes: 0 the image passes · 1 the policy fails it · 2 nothing was judged
`

const HISTORY_HELP = `Usage: layergate history IMAGE [options]

Prints every history entry with its layer, size, age, line of the Dockerfile,
instruction, whether it is the base's or own, and what the gate found in it.

  --dockerfile FILE, --context DIR, --build-metadata FILE, --target STAGE,
  --config FILE, --image NAME, --platform OS/ARCH, --timeout SECONDS
                         as with layergate scan
  --verbose              instructions are not cut
  --json                 as JSON: image, findings, warnings

Exit codes: 0 printed · 2 the image could not be read
`

const CONTEXT_HELP = `Usage: layergate context [DIR] [options]

Says what COPY . . would take along from a build context (default: the current
directory): secrets, in archives too, and what has no business in an image, with
the lines for .dockerignore. What was not looked into is listed.

  --dockerfile FILE      FILE.dockerignore is used where there is one (default:
                         the Dockerfile of DIR)
  --timeout SECONDS      what takes longer is an error (default: 3600)
  --verbose              lists everything
  --json                 as JSON

Exit codes: 0 no secret · 1 a secret (high or critical), or a file that could
not be read · 2 the directory could not be read
`

const LINT_HELP = `Usage: layergate lint [DOCKERFILE…|DIR…] [options]

Looks for secrets and runs the rules on commands, users and base images on
Dockerfiles alone: for editors and pre-commit hooks. No image is read; layergate
scan tells more.
Without a name all Dockerfiles below the current directory are checked.

  --config FILE          configuration, or a preset: recommended, strict
                         (default: .layergate.yml, where there is one)
  --fail-on SEVERITY     critical, high, medium, low or never (default: high)
  --min-confidence C     high, medium or low: findings of less never fail
  --timeout SECONDS      what takes longer is an error (default: 3600)
  --format NAME          terminal, json or sarif
  --output FILE          where it goes (default: standard output)
  --verbose              shows what is for information, and what is accepted

A comment on the line above accepts a finding, here and in layergate scan:
  # layergate-ignore: RULE [path=PATTERN] [detector=ID] reason [until YYYY-MM-DD]
Those of hadolint (# hadolint ignore=DL3009) count for the rules that correspond.

Exit codes: 0 passes · 1 the policy fails it · 2 it could not be read
`

const BASELINE_HELP = `Usage: layergate baseline create IMAGE|REPORT [options]
       layergate baseline update IMAGE|REPORT [options]
       layergate baseline show [FILE]

Writes what an image holds now into .layergate-baseline.json: known findings are
shown and no longer fail, new ones do, fixed ones are listed. The file holds places
and hashes, never a value; commit it. REPORT is a JSON report (report.json).

  --prune                with update: takes out what is gone, and takes in nothing
  --output FILE          where it is (default: .layergate-baseline.json)
  --name NAME            what the image is called in it
  --config FILE, --dockerfile FILE, --context DIR, --build-metadata FILE,
  --target STAGE, --image NAME, --platform OS/ARCH, --timeout SECONDS
                         as with layergate scan

Exit codes: 0 done · 2 it could not be read or written
`

const DIFF_HELP = `Usage: layergate diff OLD NEW [options]

Says what a change brought: findings, user, base, packages (dpkg, apk, npm, Python,
gems), accounts, configuration, files and size. OLD and NEW are images as with layergate
scan, or JSON reports, which list no files.

  --config FILE, --image NAME, --platform OS/ARCH, --timeout SECONDS
                         as with layergate scan
  --format NAME          terminal, json or markdown
  --output FILE          where it goes (default: standard output)
  --verbose              lists everything

Exit codes: 0 compared · 2 one of them could not be read
`

const INIT_HELP = `Usage: layergate init [--github]

Writes .layergate.yml with the recommended policy into the current directory.
An existing file is left alone.

  --github               writes nothing: finds the steps of .github/workflows that
                         build an image, and prints the patch that puts the gate
                         between build and push. layergate init --github | git apply

Exit codes: 0 done · 2 it could not be read or written
`

export const HELPS: Readonly<Record<string, string>> = {
  scan: SCAN_HELP,
  history: HISTORY_HELP,
  context: CONTEXT_HELP,
  lint: LINT_HELP,
  rules: 'Usage: layergate rules\n\nLists the rules with their severity by default.\n',
  explain: 'Usage: layergate explain RULE\n\nSays what a rule finds, why that matters, and what to write instead.\n',
  detectors:
    'Usage: layergate detectors [ID] [--json | --markdown]\n\nLists the kinds of credentials that are found, by issuer; with ID says of one how it\nis told, what it opens and how it is revoked.\n',
  init: INIT_HELP,
  baseline: BASELINE_HELP,
  diff: DIFF_HELP,
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
