// A tar byte by byte, with every liberty that a hostile builder has: any field, any checksum, any padding.

export type TarForm = 'ustar' | 'gnu' | 'pax' | 'v7'

export interface RawEntry {
  readonly name: string | Buffer
  /** The type flag; `0` where none is given. */
  readonly flag?: string
  readonly content?: Buffer
  readonly link?: string
  /** Written in place of the content's length. */
  readonly size?: number
  readonly mode?: number
  readonly form?: TarForm
  /** Records of an extended header in front of the entry. */
  readonly pax?: readonly (readonly [string, string])[]
  readonly owner?: string
  /** Fills the last block behind the content. */
  readonly padding?: Buffer
  readonly checksum?: 'right' | 'signed' | 'wrong'
  /** Numbers in base 256. */
  readonly binary?: boolean
}

const BLOCK = 512

const padded = (content: Buffer, padding: Buffer | undefined): Buffer => {
  const rest = (BLOCK - (content.length % BLOCK)) % BLOCK
  const tail = Buffer.alloc(rest)
  padding?.copy(tail, 0, 0, Math.min(rest, padding.length))
  return Buffer.concat([content, tail])
}

/** `12 path=value\n`, where the length counts itself. */
function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`
  let length = Buffer.byteLength(rest) + 1
  while (`${length}`.length + Buffer.byteLength(rest) !== length) length = `${length}`.length + Buffer.byteLength(rest)
  return `${length}${rest}`
}

function header({
  name,
  flag = '0',
  content = Buffer.alloc(0),
  link = '',
  size,
  mode = 0o644,
  form = 'ustar',
  owner = '',
  checksum = 'right',
  binary = false,
}: RawEntry): Buffer {
  const block = Buffer.alloc(BLOCK)
  const bytes = Buffer.isBuffer(name) ? name : Buffer.from(name)
  bytes.copy(block, 0, 0, Math.min(100, bytes.length))
  block.write(mode.toString(8).padStart(7, '0'), 100, 'latin1')
  block.write('0000000', 108, 'latin1')
  block.write('0000000', 116, 'latin1')
  const length = size ?? content.length
  if (binary) {
    block[124] = 0x80
    block.writeUIntBE(length, 130, 6)
  } else block.write(length.toString(8).padStart(11, '0').slice(-11), 124, 'latin1')
  block.write('15130000000', 136, 'latin1')
  block.write(flag, 156, 1, 'latin1')
  block.write(link, 157, 100, 'utf8')
  if (form === 'gnu') block.write('ustar  \0', 257, 'latin1')
  else if (form !== 'v7') block.write('ustar\x0000', 257, 'latin1')
  if (form !== 'v7') block.write(owner, 265, 32, 'utf8')
  let sum = 8 * 32
  for (let i = 0; i < BLOCK; i++) {
    if (i >= 148 && i < 156) continue
    const byte = block[i] ?? 0
    sum += checksum === 'signed' && byte > 127 ? byte - 256 : byte
  }
  block.write(`${(checksum === 'wrong' ? sum + 1 : sum).toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return block
}

function entryBytes(entry: RawEntry): Buffer[] {
  const { name, content = Buffer.alloc(0), form = 'ustar', pax = [], link = '', padding } = entry
  const parts: Buffer[] = []
  const nameBytes = Buffer.isBuffer(name) ? name : Buffer.from(name)
  const records = [...pax]
  if (nameBytes.length > 100 && form === 'gnu') {
    const long = Buffer.concat([nameBytes, Buffer.from([0])])
    parts.push(header({ name: '././@LongLink', flag: 'L', content: long, form }), padded(long, undefined))
  } else if (nameBytes.length > 100) records.push(['path', nameBytes.toString('utf8')])
  if (Buffer.byteLength(link) > 100 && form === 'gnu') {
    const long = Buffer.from(`${link}\0`)
    parts.push(header({ name: '././@LongLink', flag: 'K', content: long, form }), padded(long, undefined))
  } else if (Buffer.byteLength(link) > 100) records.push(['linkpath', link])
  if (records.length > 0) {
    const data = Buffer.from(records.map(([key, value]) => paxRecord(key, value)).join(''))
    parts.push(header({ name: 'PaxHeaders/x', flag: 'x', content: data, form: 'pax' }), padded(data, undefined))
  }
  parts.push(header(entry), padded(content, padding))
  return parts
}

/** A tar of the entries. @param blocks of zeros at its end @param behind bytes behind these */
export const rawTar = (entries: readonly RawEntry[], blocks = 2, behind: Buffer = Buffer.alloc(0)): Buffer =>
  Buffer.concat([...entries.flatMap(entryBytes), Buffer.alloc(blocks * BLOCK), behind])

/** An extended header for all entries that follow. */
export const globalHeader = (records: readonly (readonly [string, string])[]): RawEntry => ({
  name: 'pax_global_header',
  flag: 'g',
  content: Buffer.from(records.map(([key, value]) => paxRecord(key, value)).join('')),
})
