// Finds the public values of published packages and writes src/secrets/known-public.ts: test keys, keys of examples, tokens of
// documentation, which are in every image that installs those packages. Run by hand, where Debian, PyPI and npm are reached:
//
//   node scripts/known-values.ts FOLDER [--list]
//
// FOLDER keeps what was downloaded. --list prints each value's kind and place instead, for a person to look at: what a person
// could have leaked by mistake (a token that proves itself, a password) is never taken.
import { execFileSync } from 'node:child_process'
import { createReadStream, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Digest, Layer } from '../src/image/image.ts'
import type { LayerMatch } from '../src/layer/layer-scan.ts'
import { scanLayer } from '../src/layer/scan.ts'
import { isKey } from '../src/secrets/detectors/list.ts'
import { publicHash } from '../src/secrets/known.ts'
import { Scanner } from '../src/secrets/scanner.ts'

/** What plain images and common apps install, and what is known to ship keys of tests and examples. */
const DEBIAN = `
  apt awscli base-files bash ca-certificates certbot cmake-data coreutils curl dirmngr dovecot-core dpkg git gnupg gnutls-bin golang-1.19-src gpg gpg-agent gpgsm
  gpgv libapt-pkg6.0 libc6 libcrypt-ssleay-perl libcurl3-gnutls libcurl4 libgcrypt20 libgnutls30 libio-socket-ssl-perl libmojolicious-perl libnss3
  libpython3.11-minimal libpython3.11-stdlib libpython3.11-testsuite libssh-4 libssh2-1 libssl-dev libssl3 libsystemd0 npm openssh-client openssh-server openssl
  openvpn passwd perl-base perl-modules-5.36 postfix python3-certbot python3-cryptography python3-jwt python3-minimal python3-paramiko python3-pip python3-pip-whl
  python3-requests python3-setuptools python3-twisted python3-urllib3 python3.11 python3.11-minimal systemd wget wireguard-tools`

const PYPI = `
  ansible ansible-core asyncssh awscli boto3 botocore cryptography django ecdsa flask gevent google-auth jwcrypto oauthlib paramiko pip psycopg2-binary pycryptodome
  pycryptodomex pyjwt pyopenssl requests rsa setuptools sqlalchemy tornado trustme twisted urllib3 virtualenv werkzeug wheel`

const NPM = `
  npm@8 npm@9 npm@10 npm@11 yarn pnpm corepack node-gyp debug@2.6.9 agent-base asn1.js aws-sdk browserify-sign express hapi hawk http-signature https-proxy-agent jsonwebtoken
  jws mqtt node-forge node-rsa oauth parse-asn1 passport public-encrypt request samlify selfsigned socket.io spdy ssh2 ssh2-streams sshpk tough-cookie ursa
  webpack-dev-server ws xml-crypto xml-encryption`

const names = (text: string): string[] => text.trim().split(/\s+/)
const [folder = '', ...flags] = process.argv.slice(2)
if (folder === '') {
  console.error('usage: node scripts/known-values.ts FOLDER [--list]')
  process.exit(2)
}

/** Downloads one package into a folder of its own, once. @returns its files; none where it is not to be had */
function fetched(registry: string, name: string, download: (into: string) => void): string[] {
  const into = path.join(folder, registry, name.replace(/[/@]/g, '_'))
  if (!existsSync(into)) {
    mkdirSync(into, { recursive: true })
    try {
      download(into)
    } catch {
      console.error(`${registry} ${name}: not downloaded`)
    }
  }
  return readdirSync(into).map((file) => path.join(into, file))
}

const run = (cwd: string, program: string, ...args: string[]): void =>
  void execFileSync(program, args, { cwd, stdio: 'ignore' })

/** A file as the one entry of a layer; the tar of a Debian package as the layer itself. */
function layerOf(file: string): Layer {
  const tar = path.join(folder, 'layer.tar')
  if (file.endsWith('.deb')) execFileSync('sh', ['-c', 'dpkg-deb --fsys-tarfile "$1" > "$2"', 'sh', file, tar])
  else execFileSync('tar', ['-C', path.dirname(file), '-cf', tar, path.basename(file)])
  const none = `sha256:${'0'.repeat(64)}` as Digest
  return {
    index: 0,
    diffId: none,
    digest: null,
    mediaType: null,
    storedSize: 0,
    open: () => createReadStream(tar, { highWaterMark: 1 << 20 }),
  } as unknown as Layer
}

/** What everybody has who has the package: keys, and tokens that only their form tells. No passwords, no token that proves itself. */
function isPublic({ detector, strength }: LayerMatch): boolean {
  const { generic, guessable } = scanner.catalogue.kindOf(detector)
  if (strength === 'harmless' || generic === true || guessable === true) return false
  return isKey(detector) || strength !== 'proven'
}

const scanner = new Scanner()
const found = new Map<string, { readonly hash: string; readonly source: string }>()

async function take(source: string, files: readonly string[]): Promise<void> {
  for (const file of files) {
    try {
      const scan = await scanLayer(layerOf(file), scanner, source)
      for (const match of scan.matches) {
        const where = `${scan.entries[match.entry]?.path}${match.inside === null ? '' : `!/${match.inside}`}`
        if (flags.includes('--list') && match.strength !== 'harmless' && match.strength !== 'possible')
          console.log(`${isPublic(match) ? 'public' : 'left  '} ${match.strength} ${match.detector} ${source} ${where}`)
        const hash = publicHash(match.identity)
        if (isPublic(match) && !found.has(hash)) found.set(hash, { hash, source })
      }
    } catch (error) {
      console.error(`${file}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
}

for (const name of names(DEBIAN))
  await take(
    `Debian ${name}`,
    fetched('debian', name, (into) => run(into, 'apt-get', 'download', name)),
  )
for (const name of names(PYPI))
  await take(
    `PyPI ${name}`,
    fetched('pypi', name, (into) =>
      run(into, 'pip', 'download', '-q', '--no-deps', '--only-binary', ':all:', '-d', into, name),
    ),
  )
for (const name of names(NPM))
  await take(
    `npm ${name}`,
    fetched('npm', name, (into) => run(into, 'npm', 'pack', '--silent', name)),
  )

const bySource = new Map<string, string[]>()
for (const { hash, source } of found.values()) bySource.set(source, [...(bySource.get(source) ?? []), hash].sort())
const lines = [...bySource].map(([source, hashes]) => `${source}: ${hashes.join(' ')}`).sort()
writeFileSync(
  path.join(import.meta.dirname, '../src/secrets/known-public.ts'),
  `// Written by scripts/known-values.ts: values that published packages hold, and that are public by it. Each line is a package and the
// first 8 bytes of the SHA-256 of each value (of a key, of what it decodes to). Read by known.ts.
export const KNOWN_PUBLIC = \`
${lines.join('\n')}
\`
`,
)
console.log(`${found.size} values of ${bySource.size} packages`)
