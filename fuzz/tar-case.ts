// Tars on which readers may disagree. What we take, Go's archive/tar (which Docker, containerd and podman unpack with) must take
// for the same entries.
import { BASE62, LOWER, type Random } from './random.ts'
import { globalHeader, type RawEntry, rawTar, type TarForm } from './raw-tar.ts'

const FLAGS: readonly [string, ...string[]] = [
  '0',
  '0',
  '0',
  '0',
  '\0',
  '1',
  '2',
  '3',
  '4',
  '5',
  '5',
  '6',
  '7',
  'S',
  'V',
  'M',
  'Z',
  'A',
  'N',
]
const FORMS: readonly [TarForm, ...TarForm[]] = ['ustar', 'gnu', 'pax', 'v7']

function nameOf(random: Random): string | Buffer {
  const part = (): string => random.text(1 + random.int(6), LOWER)
  return random.pick<() => string | Buffer>([
    () => `${part()}/${part()}`,
    () => `./${part()}//${part()}`,
    () => `/${part()}`,
    () => `../../${part()}`,
    () => `${part()}/../${part()}`,
    () => `${part()}/`,
    () => `${part()}/.wh.${part()}`,
    () => '.wh..wh..opq',
    () => '',
    () => '.',
    () => `${random.text(90 + random.int(200), BASE62)}`,
    () => Buffer.from([0x61, 0xff, 0xfe, 0x62]),
    () => `${part()}\n${part()}`,
    () => `${part()}\u00fc\u{1f600}`,
  ])()
}

const RECORDS: readonly [(random: Random) => [string, string], ...((random: Random) => [string, string])[]] = [
  (random) => ['path', `${random.text(4, LOWER)}/${random.text(4, LOWER)}${random.pick(['', '/', '\0x', '\n'])}`],
  (random) => ['linkpath', random.text(6, LOWER)],
  (random) => [
    'size',
    random.pick(['0', '1', '5', '512', '1024', '-1', '', 'x', '99999999999999999999', ' 5', '+5', '5.0', '05']),
  ],
  (random) => ['mtime', random.pick(['1.5', '', 'x', '-1'])],
  (random) => ['uid', random.pick(['0', '-1', 'x', '4294967296'])],
  (random) => ['GNU.sparse.name', random.text(5, LOWER)],
  (random) => ['GNU.sparse.major', random.pick(['0', '1'])],
  (random) => ['GNU.sparse.minor', random.pick(['0', '1'])],
  () => ['GNU.sparse.size', '10'],
  (random) => ['GNU.sparse.realsize', random.pick(['10', '0'])],
  () => ['GNU.sparse.map', '0,1'],
  () => ['GNU.sparse.numblocks', '1'],
  (random) => ['hdrcharset', random.pick(['BINARY', 'ISO-IR 10646 2000 UTF-8'])],
  (random) => ['comment', random.text(5, LOWER)],
  (random) => ['', random.text(3, LOWER)],
  () => ['path', ''],
  (random) => ['SCHILY.xattr.user.x', random.text(5, LOWER)],
]

function entry(random: Random): RawEntry {
  const content = random.bytes(random.pick([0, 0, 1, 5, 511, 512, 513, 2000]))
  return {
    name: nameOf(random),
    flag: random.pick(FLAGS),
    content: random.chance(2, 3) ? content : Buffer.alloc(0),
    link: random.chance(1, 4) ? random.text(5, LOWER) : '',
    form: random.pick(FORMS),
    ...(random.chance(1, 8) ? { size: random.pick([0, 1, 512, 1024, 100_000]) } : {}),
    ...(random.chance(1, 4)
      ? { pax: Array.from({ length: 1 + random.int(3) }, () => random.pick(RECORDS)(random)) }
      : {}),
    ...(random.chance(1, 20) ? { checksum: random.pick(['signed', 'wrong'] as const) } : {}),
    ...(random.chance(1, 6) ? { binary: true } : {}),
    ...(random.chance(1, 10) ? { padding: random.bytes(512) } : {}),
  }
}

/** A tar of the seed, now and then with bytes changed. */
export function tarCase(random: Random): Buffer {
  const entries = Array.from({ length: 1 + random.int(6) }, () =>
    random.chance(1, 12)
      ? globalHeader(Array.from({ length: 1 + random.int(2) }, () => random.pick(RECORDS)(random)))
      : entry(random),
  )
  const tar = rawTar(
    entries,
    random.pick([0, 1, 2, 2, 2, 20]),
    random.chance(1, 8) ? rawTar([entry(random)]) : Buffer.alloc(0),
  )
  if (random.chance(1, 4) && tar.length > 0)
    for (let i = random.int(4); i >= 0; i--) tar[random.int(tar.length)] = random.int(256)
  return random.chance(1, 10) ? tar.subarray(0, random.int(tar.length)) : tar
}
