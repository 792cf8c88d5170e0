// Looks into one content that is packed, or holds packed content behind other bytes. Nothing is written to disk. What is
// damaged, too large or of a form that is not opened is listed: its raw bytes have been read all the same.
import { Feed, PackingError } from '../packing/feed.ts'
import { inflateAtOnce } from '../packing/native.ts'
import { Pipe } from '../packing/pipe.ts'
import { BEFORE_SIGN, confirmed, HEAD, type Packing, packingOf, type Told } from '../packing/signs.ts'
import { decode } from '../packing/streams.ts'
import { LAG, type SignAt } from '../secrets/content-scan.ts'
import { openAr, openCpio, openRpm, openTar } from './archives.ts'
import { openGitBundle, openGitPack, withoutGitHeader } from './git-objects.ts'
import { type Account, type NestedBudget, Stop } from './nested.ts'
import { deliver, type Opening, type Sink, type UnpackerHost } from './opening.ts'
import { openZip } from './zip.ts'

/** Compressed files up to this size are unpacked in one call. */
const AT_ONCE = 1 << 18
/** What they may unpack to. */
const MAX_AT_ONCE = 32 << 20
/** Signs in one content that are held against what follows. */
const MAX_SIGNS = 1000
/** The same where a document holds many streams. */
const MAX_STREAMS = 50_000
/** Signs that wait while an archive is read. */
const MAX_WAITING = 100_000

const STREAMS: readonly Packing[] = ['gzip', 'zstd', 'xz', 'bzip2', 'zlib', 'brotli']

export const isStream = (packing: Packing): boolean => STREAMS.includes(packing)

/** One content, from where its first packing may stand. */
export class Unpacker<S extends Sink> {
  readonly #told: Told | null
  readonly #host: UnpackerHost<S>
  readonly #budget: NestedBudget
  readonly #start: number
  readonly #isScript: boolean
  #signs: SignAt[] = []
  /** Signs that were looked at, from the first on. */
  #seen = 0
  readonly #pipe = new Pipe()
  #feed: Feed | null = null
  #running: Promise<void> | null = null
  #stopped = false
  #tried = 0
  /** Reasons that were told, each once. */
  readonly #said = new Set<string>()

  /**
   * @param told what stands at the start; null: wait for a sign
   * @param start where in the content the first byte stands that is written
   */
  constructor(told: Told | null, host: UnpackerHost<S>, budget: NestedBudget, start = 0, isScript = false) {
    this.#told = told
    this.#host = host
    this.#budget = budget
    this.#start = start
    this.#isScript = isScript
  }

  /** Tells of a sign; before the bytes are written in which it stands. */
  sign(sign: SignAt): void {
    if (this.#stopped || (this.#feed !== null && sign.at < this.#feed.position)) return
    if (this.#signs.length < MAX_WAITING) this.#signs.push(sign)
    else this.#say('it holds more signs of archives than are looked into')
  }

  write(chunk: Buffer, last: boolean): Promise<void> | null {
    if (this.#running === null) {
      if (last && chunk.length < AT_ONCE && (this.#told === 'gzip' || this.#told === 'zlib')) {
        const done = this.#unpackAtOnce(this.#told, chunk)
        if (done !== undefined) {
          this.#running = done
          return done
        }
      }
      this.#feed = new Feed(() => this.#pipe.read(), this.#start)
      this.#running = this.#run(this.#feed).finally(() => {
        this.#stopped = true
        this.#signs = []
        this.#pipe.stop()
      })
      // Whoever ends the content waits for it.
      this.#running.catch(() => {})
    }
    return this.#pipe.write(chunk)
  }

  end(): Promise<void> | null {
    this.#pipe.end()
    return this.#running
  }

  /** Small compressed files are many (manual pages, changelogs, git objects): one call each. @returns undefined where that does not do */
  #unpackAtOnce(packing: 'gzip' | 'zlib', chunk: Buffer): Promise<void> | null | undefined {
    if (this.#host.tooDeep(packing) !== null) return undefined
    const inflated = inflateAtOnce(chunk, packing, Math.min(this.#budget.left, MAX_AT_ONCE))
    // What is left behind it is looked at, too.
    if (inflated === null || inflated.read !== chunk.length) return undefined
    const { bytes } = inflated
    try {
      this.#budget.spend(bytes.length, { packed: chunk.length, unpacked: 0 })
    } catch (error) {
      this.#host.skip(String(error instanceof Error ? error.message : error))
      return null
    }
    const content = this.#host.content(null)
    return settle([() => content.push(withoutGitHeader(this.#host.path, bytes), true), () => content.end()], () =>
      this.#host.done(content),
    )
  }

  async #run(feed: Feed): Promise<void> {
    let told = this.#told
    for (;;) {
      told ??= await this.#nextSign(feed)
      if (told === null) return
      const start = feed.position
      let goesOn = false
      try {
        await this.#open(told, feed)
        goesOn = feed.position > start
      } catch (error) {
        if (error instanceof Stop) {
          this.#host.skip(error.message)
          return
        }
        if (!(error instanceof PackingError)) throw error
        this.#host.skip(error.message)
      }
      // Padding is no content; what follows it may be.
      if (goesOn) await feed.skipZeros()
      told = goesOn ? packingOf(await feed.peek(HEAD), '') : null
    }
  }

  #say(reason: string): void {
    if (!this.#said.has(reason)) this.#host.skip(reason)
    this.#said.add(reason)
  }

  async #open(told: Told, feed: Feed): Promise<void> {
    if (typeof told === 'object') {
      this.#say(`archives packed with ${told.closed} are not opened`)
      return
    }
    const reason = this.#host.tooDeep(told)
    if (reason !== null) {
      this.#say(reason)
      return
    }
    const start = feed.position
    // Bytes are read ahead; as many again are allowed for.
    const account: Account = {
      get packed(): number {
        return feed.position - start
      },
      unpacked: 0,
    }
    const opening: Opening<S> = { feed, host: this.#host, budget: this.#budget, account }
    switch (told) {
      case 'zip':
        return openZip(opening)
      case 'tar':
        return openTar(opening)
      case 'ar':
        return openAr(opening)
      case 'cpio':
        return openCpio(opening)
      case 'rpm':
        return openRpm(opening)
      case 'git-pack':
        return openGitPack(opening)
      case 'git-bundle':
        return openGitBundle(opening)
      default:
        return this.#openStream(told, opening)
    }
  }

  async #openStream(
    kind: 'gzip' | 'zstd' | 'xz' | 'bzip2' | 'zlib' | 'brotli',
    { feed, host, budget, account }: Opening<S>,
  ): Promise<void> {
    let held = 0
    const memory = (bytes: number): void => {
      if (bytes <= held) return
      budget.hold(bytes - held)
      held = bytes
    }
    const unpacked = async function* (): AsyncGenerator<Buffer> {
      let isFirst = true
      for await (const chunk of decode(kind, feed, { memory })) {
        budget.spend(chunk.length, account)
        yield isFirst && kind === 'zlib' ? withoutGitHeader(host.path, chunk) : chunk
        isFirst = false
      }
    }
    try {
      await deliver(host, null, unpacked())
    } catch (error) {
      if (!(error instanceof PackingError)) throw error
      // A packing that only the name suggests may be something else.
      if (kind === 'brotli' && account.unpacked === 0) return
      throw new PackingError(`it does not decompress to its end (${kind}: ${error.message})`, { cause: error })
    } finally {
      budget.release(held)
    }
  }

  /** Passes over bytes up to the next sign that holds. */
  async #nextSign(feed: Feed): Promise<Told | null> {
    for (;;) {
      const next = this.#signs[this.#seen++]
      if (next === undefined) {
        this.#signs = []
        this.#seen = 0
        if (!(await feed.pass(LAG + BEFORE_SIGN))) return null
        continue
      }
      if (next.at < feed.position) continue
      const most = next.sign === 'pdf-stream' || next.sign === 'png-text' ? MAX_STREAMS : MAX_SIGNS
      if (++this.#tried > most) {
        this.#host.skip(`it holds more than ${most} signs of archives; what follows was not looked into`)
        return null
      }
      await feed.skip(next.at - feed.position)
      const told = await confirmed(next.sign, feed, next.at, this.#isScript)
      if (told !== null) return told
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
