// Unpacks one archive inside a layer as its bytes come in: gzip, zstd, zip, tar. Nothing is written to disk, and a damaged
// archive is listed: its raw bytes have been read all the same.
import type { Transform } from 'node:stream'
import zlib from 'node:zlib'
import { extract as createExtract } from 'tar-stream'
import { cleanPath } from '../filesystem/path.ts'
import { decompressor } from '../image/compression.ts'
import { NestedGuard } from '../image/tar-guard.ts'
import { eachZipMember, MAX_ZIP, type NestedBudget, type Packing } from './nested.ts'

/** The part of a streamx Readable that is used. */
export interface EntryStream {
  on(event: 'data', listener: (chunk: Buffer) => void): void
  on(event: 'end', listener: () => void): void
  pause(): void
  resume(): void
}

/** What unpacked bytes are handed to. */
export interface Sink {
  /** @returns a promise to wait for before more is pushed, or null */
  push(chunk: Buffer, last: boolean): Promise<void> | null
  /** @returns a promise to wait for, or null when all is done */
  end(): Promise<void> | null
}

export interface UnpackerHost<S extends Sink> {
  skip(reason: string, member?: string): void
  /** A new content below this one; null for the single content of a compressed file. */
  content(member: string | null): S
  done(content: S): void
}

/** One archive. */
export class Unpacker<S extends Sink> {
  readonly #packing: Packing
  readonly #budget: NestedBudget
  readonly #host: UnpackerHost<S>
  #packed = 0
  #unpacked = 0
  #stopped = false
  #zip: Buffer[] = []
  readonly #guard = new NestedGuard()
  #stream: Transform | ReturnType<typeof createExtract> | null = null
  /** Settles when all that was unpacked is scanned; null when there is nothing to wait for. */
  #finished: Promise<void> | null = null

  constructor(packing: Packing, budget: NestedBudget, host: UnpackerHost<S>) {
    this.#packing = packing
    this.#budget = budget
    this.#host = host
  }

  #stop(reason: string): void {
    if (this.#stopped) return
    this.#stopped = true
    this.#zip = []
    this.#host.skip(reason)
    this.#stream?.destroy(new Error(reason))
  }

  write(chunk: Buffer, last: boolean): Promise<void> | null {
    this.#packed += chunk.length
    if (this.#stopped) return null
    if (this.#packing === 'zip') {
      if (this.#packed > MAX_ZIP) this.#stop(`zip archives of more than ${MAX_ZIP} bytes are not opened`)
      else this.#zip.push(last && this.#zip.length === 0 ? chunk : Buffer.from(chunk))
      return null
    }
    if (this.#packing === 'gzip' && last && this.#stream === null && chunk.length < 1 << 18) return this.#gunzipAtOnce(chunk)
    this.#stream ??= this.#packing === 'tar' ? this.#openTar() : this.#openCompressed(this.#packing)
    const stream = this.#stream
    // The chunk is a view of a buffer that others read too; streams keep it, nobody writes to it.
    const bytes = this.#packing === 'tar' ? this.#guard.push(chunk) : chunk
    if (bytes.length === 0 || stream.write(bytes)) return null
    const drained = new Promise<void>((resolve) => stream.once('drain', resolve))
    return this.#finished === null ? drained : Promise.race([drained, this.#finished])
  }

  end(): Promise<void> | null {
    if (this.#packing === 'zip') return this.#stopped ? null : this.#unzip()
    if (this.#stream !== null && !this.#stopped) {
      const rest = this.#packing === 'tar' ? this.#guard.end() : null
      this.#stream.end(rest === null || rest.length === 0 ? undefined : rest)
    }
    return this.#finished
  }

  /** Small compressed files are many (manual pages, changelogs): one call each. */
  #gunzipAtOnce(chunk: Buffer): Promise<void> | null {
    let bytes: Buffer
    try {
      bytes = zlib.gunzipSync(chunk, { maxOutputLength: Math.max(1, Math.min(this.#budget.left, 32 << 20)) })
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') {
        this.#stream = this.#openCompressed('gzip')
        this.#stream.write(chunk)
        return null
      }
      this.#stop('it does not decompress')
      return null
    }
    const stop = this.#budget.spend(bytes.length, chunk.length, bytes.length)
    if (stop !== null) {
      this.#stop(stop)
      return null
    }
    const content = this.#host.content(null)
    this.#finished = settle([() => content.push(bytes, true), () => content.end()], () => this.#host.done(content))
    return this.#finished
  }

  #openCompressed(packing: 'gzip' | 'zstd'): Transform {
    const stream = decompressor(packing)
    const content = this.#host.content(null)
    this.#finished = (async () => {
      try {
        for await (const chunk of stream as AsyncIterable<Buffer>) {
          this.#unpacked += chunk.length
          const stop = this.#budget.spend(chunk.length, this.#packed, this.#unpacked)
          if (stop !== null) {
            this.#stop(stop)
            break
          }
          await content.push(chunk, false)
        }
      } catch {
        this.#stop('it does not decompress to its end')
      }
      await content.end()
      this.#host.done(content)
    })()
    return stream
  }

  #openTar(): ReturnType<typeof createExtract> {
    const extract = createExtract({ allowUnknownFormat: true } as never)
    extract.on('entry', (header, stream, next) => {
      if (header.type === 'directory') {
        next()
        return
      }
      const member = this.#host.content(cleanPath(header.name).slice(1))
      const source = stream as unknown as EntryStream & { on(event: 'error', listener: () => void): void }
      source.on('error', () => {})
      source.on('data', (chunk) => {
        this.#unpacked += chunk.length
        // A plain tar gives no more than it holds, and the bytes of a packed one are counted where it is unpacked.
        const busy = member.push(chunk, false)
        if (busy === null) return
        source.pause()
        void busy.then(() => source.resume())
      })
      source.on('end', () => {
        const done = (): void => {
          this.#host.done(member)
          next()
        }
        const ending = member.end()
        if (ending === null) done()
        else void ending.then(done)
      })
      if (header.size === 0) source.resume()
    })
    this.#finished = new Promise<void>((resolve) => {
      extract.on('error', () => {
        this.#stop('its tar is damaged')
        resolve()
      })
      extract.on('close', () => resolve())
      extract.on('finish', () => {
        if (this.#guard.failed) this.#stop('its tar is damaged, or readers differ on what it holds')
        resolve()
      })
    })
    return extract
  }

  async #unzip(): Promise<void> {
    const bytes = this.#zip.length === 1 ? (this.#zip[0] ?? Buffer.alloc(0)) : Buffer.concat(this.#zip)
    this.#zip = []
    try {
      await eachZipMember(bytes, this.#budget, async (name, content, reason) => {
        if (content === null) return this.#host.skip(reason, name)
        const member = this.#host.content(name)
        await member.push(content, true)
        await member.end()
        this.#host.done(member)
      })
    } catch (error) {
      this.#host.skip(error instanceof Error ? `not all of it could be unpacked: ${error.message}` : 'it is damaged')
    }
  }
}

/** Runs steps that may or may not have to be waited for. */
function settle(steps: readonly (() => Promise<void> | null)[], then: () => void): Promise<void> | null {
  for (let i = 0; i < steps.length; i++) {
    const busy = steps[i]?.() ?? null
    if (busy !== null) return busy.then(() => settle(steps.slice(i + 1), then) ?? undefined)
  }
  then()
  return null
}
