// What a reader of archives is given, and how it hands on what it finds.
import type { Feed } from '../packing/feed.ts'
import type { Packing } from '../packing/signs.ts'
import type { Account, NestedBudget } from './nested.ts'

/** What unpacked bytes are handed to. */
export interface Sink {
  /** @returns a promise to wait for before more is pushed, or null */
  push(chunk: Buffer, last: boolean): Promise<void> | null
  /** @returns a promise to wait for, or null when all is done */
  end(): Promise<void> | null
}

/** The content that an archive stands in. */
export interface UnpackerHost<S extends Sink = Sink> {
  /** Its name, the innermost alone. */
  readonly path: string
  skip(reason: string, member?: string): void
  /** A new content below this one; null for the single content of a compressed file. */
  content(member: string | null): S
  done(content: S): void
  /** Why an archive or a stream may not be opened here, or null. */
  tooDeep(packing: Packing): string | null
}

/** An archive that is being opened. */
export interface Opening<S extends Sink = Sink> {
  readonly feed: Feed
  readonly host: UnpackerHost<S>
  readonly budget: NestedBudget
  readonly account: Account
}

/** Hands a whole content to a sink. */
export async function deliver<S extends Sink>(
  host: UnpackerHost<S>,
  member: string | null,
  chunks: AsyncIterable<Buffer> | Iterable<Buffer>,
): Promise<void> {
  const content = host.content(member)
  try {
    for await (const chunk of chunks) await content.push(chunk, false)
  } finally {
    await content.end()
    host.done(content)
  }
}
