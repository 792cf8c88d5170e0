// Users, package records, programs.

import { createHash } from 'node:crypto'
import zlib from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { resolveUser } from '../../src/filesystem/users.ts'
import { buildImage, sha256 } from '../image-builder.ts'
import { judgeArchive } from '../run-gate.ts'
import { VALUES } from '../values.ts'

const PASSWD = 'root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001::/app:/bin/sh\nalias:x:0:5::/:/bin/sh\n'
const GROUP = 'root:x:0:\nstaff:x:50:\n'

describe('the user of a container', () => {
  it.each([
    ['', 0, 0, true],
    ['root', 0, 0, true],
    ['0', 0, 0, true],
    ['0:50', 0, 50, true],
    ['app', 1000, 1001, false],
    ['app:staff', 1000, 50, false],
    ['1000', 1000, 1001, false],
    ['4711', 4711, 0, false],
    ['alias', 0, 5, true],
    ['nobody', null, null, null],
  ])('%j', (configured, uid, gid, isRoot) => {
    expect(resolveUser(configured, PASSWD, GROUP)).toMatchObject({ uid, gid, isRoot })
  })
})

const key = `${VALUES['ec-key']?.()}\n`
const image = (files: Record<string, string | Buffer>) =>
  buildImage({
    config: { User: '1000' },
    layers: [
      {
        by: 'RUN /bin/sh -c apt-get install -y libx && apk add libx && pip install x # buildkit',
        files: Object.entries(files).map(([name, content]) => ({ name, content })),
      },
    ],
  })
const secrets = async (files: Record<string, string | Buffer>) => {
  const { report } = await judgeArchive(await image(files))
  return { found: report.findings.filter(({ secret }) => secret !== null).length, vouched: report.stats.vouchedFiles }
}
const md5 = (text: string): string => createHash('md5').update(text).digest('hex')

describe('who vouches for a file', () => {
  it('dpkg, by what its status says of configuration files', async () => {
    const status = `Package: other\nStatus: install ok installed\n\nPackage: x\nConffiles:\n /etc/x/test.key ${md5(key)}\n /etc/x/gone ${md5('gone')} obsolete\nDescription: x\n`
    expect(await secrets({ 'etc/x/test.key': key, 'var/lib/dpkg/status': status })).toEqual({ found: 0, vouched: 1 })
    expect(await secrets({ 'etc/x/test.key': `${key}\n`, 'var/lib/dpkg/status': status })).toEqual({
      found: 1,
      vouched: 0,
    })
  })

  it('dpkg, for what is packed in a file of its own', async () => {
    const packed = zlib.gzipSync(key)
    expect(
      await secrets({
        'usr/lib/x/keys.gz': packed,
        'var/lib/dpkg/info/libx.md5sums': `${createHash('md5').update(packed).digest('hex')}  usr/lib/x/keys.gz\n`,
      }),
    ).toEqual({
      found: 0,
      vouched: 1,
    })
  })

  it('dpkg, by its md5sums', async () => {
    expect(
      await secrets({
        'usr/lib/x/test.key': key,
        'var/lib/dpkg/info/libx:amd64.md5sums': `${md5(key)}  usr/lib/x/test.key\n`,
      }),
    ).toEqual({ found: 0, vouched: 1 })
  })

  it('dpkg under the other name of a merged directory', async () => {
    expect(
      await secrets({ 'usr/lib/x/test.key': key, 'var/lib/dpkg/info/libx.md5sums': `${md5(key)}  lib/x/test.key\n` }),
    ).toEqual({ found: 0, vouched: 1 })
  })

  it('apk, by its SHA-1', async () => {
    const sha1 = createHash('sha1').update(key).digest('base64')
    expect(
      await secrets({
        'etc/ssl/test.key': key,
        'lib/apk/db/installed': `P:libx\nV:1\nF:etc/ssl\nR:test.key\nZ:Q1${sha1}\n\n`,
      }),
    ).toEqual({ found: 0, vouched: 1 })
  })

  it('not Python, where it is a key: a RECORD of a wheel is anybody’s', async () => {
    const site = 'usr/lib/python3/site-packages'
    const record = `x/test.key,sha256=${Buffer.from(sha256(key), 'hex').toString('base64url')},${key.length}\nx-1.0.dist-info/RECORD,,\n`
    expect(await secrets({ [`${site}/x/test.key`]: key, [`${site}/x-1.0.dist-info/RECORD`]: record })).toEqual({
      found: 1,
      vouched: 0,
    })
  })

  it('not Python when the package was made in this build', async () => {
    const site = 'usr/lib/python3/site-packages'
    const record = `x/test.key,sha256=${Buffer.from(sha256(key), 'hex').toString('base64url')},${key.length}\n`
    expect(
      await secrets({
        [`${site}/x/test.key`]: key,
        [`${site}/x-1.0.dist-info/RECORD`]: record,
        [`${site}/x-1.0.dist-info/direct_url.json`]: '{"url":"file:///src"}',
      }),
    ).toMatchObject({ found: 1 })
  })

  it('nobody when the content differs from the record', async () => {
    expect(
      await secrets({
        'usr/lib/x/test.key': key,
        'var/lib/dpkg/info/libx.md5sums': `${md5('other')}  usr/lib/x/test.key\n`,
      }),
    ).toEqual({ found: 1, vouched: 0 })
  })

  it('nobody for a token that its checksum proves', async () => {
    const token = `token ${VALUES['github-token']?.()}\n`
    expect(
      await secrets({ 'usr/lib/x/t': token, 'var/lib/dpkg/info/libx.md5sums': `${md5(token)}  usr/lib/x/t\n` }),
    ).toEqual({ found: 1, vouched: 0 })
  })
})
