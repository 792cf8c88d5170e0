// Which images compose builds. https://docs.docker.com/reference/compose-file/build/
import path from 'node:path'
import { isMap, parseDocument, type YAMLMap } from 'yaml'
import { dockerfileOf, joined } from './gate-step.ts'
import { keysOf, mapAt, textAt } from './job.ts'

/** A file of the repository; null where there is none. */
export type ReadFile = (file: string) => Promise<string | null>

interface ComposeImage {
  readonly service: string
  /** null where the project's name decides, which is known only when it runs. */
  readonly image: string | null
  readonly dockerfile: string | null
  readonly context: string | null
  readonly target: string | null
}

const FILES = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml']

/** @param words of the command, behind `docker compose` */
export async function composeImages(
  words: readonly string[],
  directory: string,
  read: ReadFile,
): Promise<ComposeImage[]> {
  const named = words.flatMap((word, index) =>
    /^(?:-f|--file)$/.test(words[index - 1] ?? '') ? [word] : (/^--file=(.*)$/.exec(word)?.[1] ?? []),
  )
  // A service in several files is laid together: what each file says of it is followed no further.
  const files = named.length > 0 ? named : FILES
  for (const file of files) {
    const at = path.posix.normalize(path.posix.join(directory, file))
    const text = at.startsWith('..') || path.posix.isAbsolute(at) ? null : await read(at)
    if (text !== null) return servicesIn(text, path.posix.dirname(at), words)
  }
  return []
}

function servicesIn(text: string, folder: string, words: readonly string[]): ComposeImage[] {
  const { contents, errors } = parseDocument(text)
  if (errors.length > 0 || !isMap(contents)) return []
  const services = mapAt(contents as unknown as YAMLMap, 'services')
  const wanted = keysOf(services).filter((name) => words.includes(name))
  return keysOf(services).flatMap((service): ComposeImage[] => {
    const node = mapAt(services, service)
    const short = textAt(node, 'build')
    const build = mapAt(node, 'build')
    if ((short === null && build === null) || (wanted.length > 0 && !wanted.includes(service))) return []
    const own = short ?? textAt(build, 'context')
    const context = joined(folder === '.' ? null : folder, own)
    const image = textAt(node, 'image')
    return [
      {
        service,
        image: image === null || /[$]/.test(image) ? null : image,
        dockerfile:
          dockerfileOf(context, null, null) === null && textAt(build, 'dockerfile') === null
            ? null
            : joined(context, textAt(build, 'dockerfile') ?? 'Dockerfile'),
        context,
        target: textAt(build, 'target'),
      },
    ]
  })
}
