// Archives whose members stand one after the other: tar, ar (Debian packages, static libraries), cpio, rpm.
import { cleanPath } from '../image/path.ts'
import { NestedGuard } from '../image/tar-guard.ts'
import { type Feed, PackingError } from '../packing/feed.ts'
import { HEAD, packingOf } from '../packing/signs.ts'
import { deliver, type Opening, type Sink } from './opening.ts'
import { TarEntries } from './tar-entries.ts'

const shown = (name: string): string => cleanPath(name).slice(1)

/** A tar gives no more than it holds, and the bytes of a packed one are counted where it is unpacked. */
export async function openTar<S extends Sink>({ feed, host }: Opening<S>): Promise<void> {
  const entries = new TarEntries((header, source, next) => {
    if (header.type === 'directory') {
      next()
      return
    }
    const member = host.content(shown(header.name))
    const fail = (error: unknown): void => next(error instanceof Error ? error : new Error(String(error)))
    source.on('data', (chunk) => {
      const busy = member.push(chunk, false)
      if (busy === null) return
      source.pause()
      busy.then(() => source.resume(), fail)
    })
    source.on('end', () => {
      const done = (): void => {
        host.done(member)
        next()
      }
      const ending = member.end()
      if (ending === null) done()
      else ending.then(done, fail)
    })
    if (header.size === 0) source.resume()
  })
  const guard = new NestedGuard()
  for (let chunk = await feed.next(); chunk !== null && entries.failure === null; chunk = await feed.next()) {
    const passed = guard.push(chunk)
    const busy = passed.length > 0 ? entries.write(passed) : null
    if (busy !== null) await busy
  }
  const rest = guard.end()
  await entries.end(rest.length === 0 ? undefined : rest)
  if (entries.failure !== null) throw new PackingError('its tar is damaged', { cause: entries.failure })
  if (guard.failed) throw new PackingError('its tar is damaged, or readers differ on what it holds')
}

/** https://man7.org/linux/man-pages/man5/ar.5.html and deb(5). Members that are no archives have been read with the whole. */
export async function openAr<S extends Sink>({ feed, host }: Opening<S>): Promise<void> {
  await feed.skip(8)
  for (;;) {
    const header = await feed.peek(60)
    if (header.length === 0) return
    if (header.length < 60 || header.toString('latin1', 58, 60) !== '`\n') {
      // Bytes behind the last member.
      if (header.subarray(0, 1).toString('latin1') === '\n') await feed.skip(1)
      if ((await feed.peek(60)).toString('latin1', 58, 60) !== '`\n') return
      continue
    }
    await feed.skip(60)
    const size = Number(header.toString('latin1', 48, 58).trim())
    if (!Number.isSafeInteger(size) || size < 0) throw new PackingError('its ar archive is damaged')
    const written = header.toString('latin1', 0, 16).trim()
    const nameLength = written.startsWith('#1/') ? Math.min(size, 4096, Number(written.slice(3)) || 0) : 0
    const name =
      nameLength === 0
        ? written.replace(/\/$/, '')
        : (await feed.take(nameLength)).toString('utf8').replace(/(?<!\0)\0+$/, '')
    const length = size - nameLength
    const head = await feed.peek(Math.min(HEAD, length))
    if (packingOf(head, name) === null) await passOver(feed, length)
    else await deliver(host, shown(name), whole(feed, length))
    if (size % 2 === 1) await feed.skip(1)
  }
}

/** The content of a member, which must be all there. */
async function* whole(feed: Feed, length: number): AsyncGenerator<Buffer> {
  let left = length
  for await (const piece of feed.part(length)) {
    left -= piece.length
    yield piece
  }
  if (left > 0) throw new PackingError('it ends in the middle of a member')
}

async function passOver(feed: Feed, length: number): Promise<void> {
  for await (const _ of whole(feed, length));
}

interface CpioHeader {
  readonly size: number
  readonly nameLength: number
  readonly headerLength: number
  /** Names and contents are filled up to a multiple of this. */
  readonly align: number
}

/** newc, with or without checksum, and odc. */
function cpioHeader(head: Buffer): CpioHeader | null {
  const text = head.toString('latin1')
  if (/^07070[12][0-9A-Fa-f]{104}/.test(text)) {
    const field = (index: number): number => Number.parseInt(text.slice(6 + index * 8, 14 + index * 8), 16)
    return { size: field(6), nameLength: field(11), headerLength: 110, align: 4 }
  }
  if (/^070707[0-7]{70}/.test(text))
    return {
      size: Number.parseInt(text.slice(65, 76), 8),
      nameLength: Number.parseInt(text.slice(59, 65), 8),
      headerLength: 76,
      align: 1,
    }
  return null
}

/** https://man.freebsd.org/cgi/man.cgi?query=cpio&sektion=5. What stands behind the trailer (a second one, in an initramfs) is left. */
export async function openCpio<S extends Sink>({ feed, host }: Opening<S>): Promise<void> {
  for (;;) {
    const header = cpioHeader(await feed.peek(110))
    if (header === null) throw new PackingError('its cpio archive is damaged')
    const { size, nameLength, headerLength, align } = header
    const fill = (length: number): number => (align - (length % align)) % align
    if (nameLength > 65_536) throw new PackingError('its cpio archive is damaged')
    await feed.skip(headerLength)
    const name = (await feed.take(nameLength)).toString('utf8').replace(/\0.*$/s, '')
    await feed.skip(fill(headerLength + nameLength))
    if (name === 'TRAILER!!!') return
    if (size > 0) await deliver(host, shown(name), whole(feed, size))
    await feed.skip(fill(size))
  }
}

/** Bytes that the headers of an rpm may have. */
const MAX_RPM_HEADER = 256 << 20

/** https://rpm-software-management.github.io/rpm/manual/format_v4.html: a lead, two headers, and the payload. */
export async function openRpm<S extends Sink>({ feed, host }: Opening<S>): Promise<void> {
  await feed.skip(96)
  for (const isSignature of [true, false]) {
    const intro = await feed.take(16)
    if (intro.length < 16 || intro.readUInt32BE(0) !== 0x8eade801) throw new PackingError('its rpm headers are damaged')
    const length = intro.readUInt32BE(8) * 16 + intro.readUInt32BE(12)
    if (length > MAX_RPM_HEADER) throw new PackingError('its rpm headers are damaged')
    await passOver(feed, length + (isSignature ? (8 - (length % 8)) % 8 : 0))
  }
  const payload = async function* (): AsyncGenerator<Buffer> {
    for (let chunk = await feed.next(); chunk !== null; chunk = await feed.next()) yield chunk
  }
  await deliver(host, 'payload', payload())
}
