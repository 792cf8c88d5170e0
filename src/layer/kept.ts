// Archives that can only be read in any order are kept in memory, up to a size.
import type { Feed } from '../packing/feed.ts'
import { type NestedBudget, Stop } from './nested.ts'

/** Archives whose directory stands at the end are held in memory; larger ones are left out. */
const MAX_KEPT = 96 << 20
/** From here on a buffer of the full size is taken: memory is used as it is written to, and nothing is copied twice. */
const LARGE = 1 << 20

/**
 * Takes all that is left in a feed, and hands it to `use`.
 * @throws Stop when it is too large
 */
export async function keep(
  feed: Feed,
  budget: NestedBudget,
  what: string,
  use: (bytes: Buffer) => Promise<void>,
): Promise<void> {
  let buffer = Buffer.alloc(0)
  let size = 0
  let held = 0
  try {
    for (let chunk = await feed.next(); chunk !== null; chunk = await feed.next()) {
      if (size + chunk.length > MAX_KEPT) throw new Stop(`${what} of more than ${MAX_KEPT} bytes are not opened`)
      budget.hold(chunk.length)
      held += chunk.length
      if (size + chunk.length > buffer.length) {
        const larger = Buffer.allocUnsafeSlow(
          size + chunk.length > LARGE ? MAX_KEPT : Math.max(size + chunk.length, Math.min(LARGE, size * 2)),
        )
        buffer.copy(larger, 0, 0, size)
        buffer = larger
      }
      chunk.copy(buffer, size)
      size += chunk.length
    }
    await use(buffer.subarray(0, size))
  } finally {
    budget.release(held)
  }
}

/** What is in memory, piece by piece. */
export async function* pieces(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += LARGE) yield bytes.subarray(at, at + LARGE)
}
