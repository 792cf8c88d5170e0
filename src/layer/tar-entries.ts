// tar-stream's reader, with what it does not tell: when its last entry was taken. It says that it is finished as soon as it has
// handed on the last byte, and where no zero blocks follow, that is before the last entry was looked into.
import { extract as createExtract, type Header } from 'tar-stream'

/** The part of a streamx Readable that is used. */
export interface EntryStream {
  on(event: 'data', listener: (chunk: Buffer) => void): void
  on(event: 'end' | 'error', listener: () => void): void
  pause(): void
  resume(): void
}

/** Called once when an entry was taken, with what went wrong. */
export type Next = (error?: Error | null) => void

/** Entries of one tar, one after the other. */
export class TarEntries {
  readonly #extract = createExtract({ allowUnknownFormat: true } as never)
  readonly #closed: Promise<void>
  #failure: Error | null = null
  /** Entries that were handed on and not taken yet: none or one. */
  #busy = 0
  #idle: () => void = () => {}

  /** @param onEntry takes an entry: it reads the stream to its end, then calls `next` */
  constructor(onEntry: (header: Header, stream: EntryStream, next: Next) => void) {
    const extract = this.#extract
    this.#closed = new Promise<void>((resolve) => {
      extract.on('error', (error: Error) => {
        this.#failure ??= error
        resolve()
      })
      extract.on('close', () => resolve())
      extract.on('finish', resolve)
    })
    extract.on('entry', (header, stream, next) => {
      let isTaken = false
      this.#busy++
      stream.on('error', () => {}) // reported by the extract stream itself
      onEntry(header, stream as unknown as EntryStream, (error) => {
        if (isTaken) return
        isTaken = true
        this.#busy--
        if (error != null) this.#failure ??= error
        next(error)
        if (this.#busy === 0 || error != null) this.#idle()
      })
    })
  }

  /** What went wrong; null so far. */
  get failure(): Error | null {
    return this.#failure
  }

  /** @returns a promise to wait for before more is written, or null */
  write(chunk: Buffer): Promise<void> | null {
    return this.#extract.write(chunk)
      ? null
      : Promise.race([new Promise<void>((resolve) => this.#extract.once('drain', () => resolve())), this.#closed])
  }

  /** Ends the tar and waits until its last entry was taken, or something went wrong. @param rest the last bytes */
  async end(rest?: Buffer): Promise<void> {
    if (this.#failure === null) this.#extract.end(rest)
    await this.#closed
    if (this.#failure === null && this.#busy > 0)
      await new Promise<void>((resolve) => {
        this.#idle = resolve
      })
  }

  /** Stops, for a reason that is no fault of the tar. */
  destroy(error: Error): void {
    this.#extract.destroy(error)
  }
}
