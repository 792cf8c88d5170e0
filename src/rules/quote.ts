// A command as messages quote it: on one line, cut. The redactor hides what must not be shown.
const MAX_QUOTED = 90

/** The text of a command on one line, in backquotes. */
export function quote({ text }: { readonly text: string }): string {
  const line = text
    .replace(/\\?\s*\n\s*/g, ' ')
    .replace(/\s+/g, ' ')
    .replaceAll('`', "'")
    .trim()
  return `\`${line.length > MAX_QUOTED ? `${line.slice(0, MAX_QUOTED)}…` : line}\``
}
