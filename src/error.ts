// Errors that a person can act on. Whoever catches one prints its message alone: one line, no stack.

/** Something that prevents a verdict. The message says what was read, where it broke and what to do. */
export class GateError extends Error {
  override readonly name: string = 'GateError'
  readonly code: string

  /** @param code a short stable word for programs, as in `error.code` of the JSON report */
  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}

/** The image could not be found, opened or read whole. */
export class ImageError extends GateError {
  override readonly name = 'ImageError'
}

/** The configuration, a policy or a baseline is wrong. */
export class ConfigError extends GateError {
  override readonly name = 'ConfigError'

  constructor(message: string, options?: { cause?: unknown }) {
    super('config', message, options)
  }
}

/** The command line or an action input is wrong. */
export class UsageError extends GateError {
  override readonly name = 'UsageError'

  constructor(message: string) {
    super('usage', message)
  }
}
