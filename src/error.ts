// Errors that a person can act on. Whoever catches one prints its message alone: one line, no stack.

/** Something that prevents a verdict. The message says what was read, where it broke and what to do. */
export class GateError extends Error {
  override readonly name: string = 'GateError'
  readonly code: string
  /** The line that is wrong, where it is one of a file. */
  readonly at: FileLine | null

  /** @param code a short stable word for programs, as in `error.code` of the JSON report */
  constructor(code: string, message: string, { at = null, ...options }: GateErrorOptions = {}) {
    super(message, options)
    this.code = code
    this.at = at
  }
}

/** A line of a file, as the message names the file. */
export interface FileLine {
  readonly file: string
  readonly line: number
}

interface GateErrorOptions {
  readonly cause?: unknown
  readonly at?: FileLine | null
}

/** The image could not be found, opened or read whole. */
export class ImageError extends GateError {
  override readonly name = 'ImageError'
}

/** The configuration, a policy or a baseline is wrong. */
export class ConfigError extends GateError {
  override readonly name = 'ConfigError'

  constructor(message: string, options?: GateErrorOptions) {
    super('config', message, options)
  }
}

/** It cannot be told whose policy counts, or that policy cannot be read. */
export class PolicyError extends GateError {
  override readonly name = 'PolicyError'

  constructor(message: string, options?: GateErrorOptions) {
    super('policy', message, options)
  }
}

/** The command line or an action input is wrong. */
export class UsageError extends GateError {
  override readonly name = 'UsageError'

  constructor(message: string) {
    super('usage', message)
  }
}

/** The code of an error of the operating system, `ENOENT`; empty for any other error. */
export const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '')

/** Errors of the operating system as a person would say them. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EBUSY: 'it is in use',
  EDQUOT: 'the quota of the disk is used up',
  EFBIG: 'it would be too large',
  EIO: 'the disk failed',
  EISDIR: 'it is a directory, no file',
  ELOOP: 'its symbolic links run in a circle',
  EMFILE: 'too many files are open',
  ENAMETOOLONG: 'its name is too long',
  ENOENT: 'no such file or directory',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of its path is no directory',
  ENXIO: 'it is a socket or device that nobody answers',
  EPERM: 'the operation is not permitted',
  EROFS: 'the file system is read-only',
  ERR_INVALID_ARG_VALUE: 'its name is none that a file can have',
}

/** Why the operating system refused, in words: `permission denied`. */
export function reasonOf(error: unknown): string {
  const code = codeOf(error)
  return REASONS[code] ?? (code === '' ? 'unknown error' : code)
}
