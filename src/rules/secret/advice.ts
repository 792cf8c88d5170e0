// What to do in the Dockerfile about a secret that stands in an instruction or in what it sets, by the instruction: a label
// goes, a command reads its environment when the container starts, and only what a build uses is a build secret.

export const MOUNT = 'RUN --mount=type=secret'

/** What everybody can read who has the image. */
const PUBLIC = 'everyone who can pull the image reads it'

/** The instruction that sets a field of the configuration. */
const KEYWORDS: Readonly<Record<string, string>> = {
  Cmd: 'CMD',
  Entrypoint: 'ENTRYPOINT',
  ExposedPorts: 'EXPOSE',
  Healthcheck: 'HEALTHCHECK',
  OnBuild: 'ONBUILD',
  Shell: 'SHELL',
  StopSignal: 'STOPSIGNAL',
  User: 'USER',
  Volumes: 'VOLUME',
  WorkingDir: 'WORKDIR',
  author: 'MAINTAINER',
}

interface In {
  /** The variable or label, where it is known. */
  readonly name: string | null
  /** The RUN that mounts it, in backquotes with a space before; empty for none to show. */
  readonly mounted: string
  /** The instruction. */
  readonly text: string
}

const asBuildSecret = ({ mounted }: In): string =>
  mounted === ''
    ? `Pass it as a build secret (${MOUNT}), never as ARG, ENV or text of a command.`
    : `Pass it as a build secret, never as ARG, ENV or text of a command:${mounted}.`

const fromEnvironment = ({ name, mounted }: In): string =>
  `Remove ${name ?? 'it'} from ENV and set it when the container starts (docker run --env-file); what the build needs comes from ${mounted === '' ? `${MOUNT}${name === null ? '' : `,id=${name}`}` : `a secret mount:${mounted}`}.`

const atStart = (keyword: string) => (): string =>
  `Take it out of ${keyword}, and let the program read it from its environment or a mounted file when the container starts (docker run --env-file).`

const withoutIt = (keyword: string) => (): string => `Take it out of ${keyword}: ${PUBLIC}.`

const fetchedWith =
  (keyword: string) =>
  ({ text }: In): string =>
    /\w:\/\//.test(text)
      ? `Take it out of the URL of ${keyword}, and download in a RUN that reads it from ${MOUNT}.`
      : `Take it out of the words of ${keyword}: the names of files are stored in the image.`

/** By instruction; names sorted. */
const CHANGES: Readonly<Record<string, (about: In) => string>> = {
  ADD: fetchedWith('ADD'),
  ARG: asBuildSecret,
  CMD: atStart('CMD'),
  COPY: fetchedWith('COPY'),
  ENTRYPOINT: atStart('ENTRYPOINT'),
  ENV: fromEnvironment,
  EXPOSE: withoutIt('EXPOSE'),
  HEALTHCHECK: atStart('HEALTHCHECK'),
  LABEL: ({ name }) =>
    `Remove the label${name === null ? '' : ` ${name}`} (LABEL, or --label of the build): ${PUBLIC}.`,
  MAINTAINER: withoutIt('MAINTAINER'),
  ONBUILD: () => `Take it out of ONBUILD: the build that starts from this image mounts its own (ONBUILD ${MOUNT}).`,
  RUN: asBuildSecret,
  SHELL: withoutIt('SHELL'),
  STOPSIGNAL: withoutIt('STOPSIGNAL'),
  USER: withoutIt('USER'),
  VOLUME: withoutIt('VOLUME'),
  WORKDIR: withoutIt('WORKDIR'),
}

/** What to do about a secret in an instruction. @param keyword upper case; null where the history names none */
export const instructionChange = (keyword: string | null, about: In): string =>
  (keyword !== null && Object.hasOwn(CHANGES, keyword) ? (CHANGES[keyword] ?? asBuildSecret) : asBuildSecret)(about)

/** What to do about a secret in a field of the configuration. */
export function configChange(field: string, mounted: string): string {
  const [, group = field, name = null] = /^(Env|Labels|Annotations)\.(.*)$/s.exec(field) ?? []
  if (group === 'Annotations') return `Remove the annotation ${name} (--annotation of the build): ${PUBLIC}.`
  const keyword = group === 'Env' ? 'ENV' : group === 'Labels' ? 'LABEL' : KEYWORDS[field.replace(/[.[].*$/s, '')]
  return keyword === undefined
    ? 'Remove it from the Dockerfile: the configuration is public to all who can pull the image.'
    : instructionChange(keyword, { name, mounted, text: '' })
}
