// One window of bytes and the searches over it, whoever does them: the WebAssembly kernel (kernel.ts) or plain JavaScript (plain.ts).

/** Called for each literal found: its position in the window, its number, and for assignments where the value stands. */
type OnHit = (position: number, literal: number, valueStart: number, valueLength: number) => void

/** Called for each run of text in another form: position and length in the window. */
type OnRun = (position: number, length: number) => void

export interface Kernel {
  /** The window: the caller writes bytes here. */
  readonly window: Buffer
  /** Finds literals in [0, end) whose rarest three bytes lie at or behind `from`. */
  scan(from: number, end: number, onHit: OnHit): void
  /** Runs of UTF-16 text of 32 bytes and more; `bigEndian` tells the byte order. */
  utf16Runs(end: number, onRun: (position: number, length: number, bigEndian: boolean) => void): void
  /** Runs of base64 characters: all of 47 and more, some shorter ones. */
  base64Runs(end: number, onRun: OnRun): void
  /** Line feeds in [from, end). */
  lines(from: number, end: number): number
}
