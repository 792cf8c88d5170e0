// Keys that the program of a package makes when it is installed: another image gets other ones, and every container of an
// image the same. A path alone says nothing: the RUN that made the layer runs that program, or installs its package.
import type { BuildEvidence as Evidence } from '../../evidence/evidence.ts'
import { runsOf } from '../../evidence/layer-maker.ts'
import type { Leak } from '../../evidence/leak.ts'
import type { FilePlace, Place } from '../../evidence/place.ts'
import { baseName } from '../../image/path.ts'
import { optionsIn } from '../../shell/options.ts'
import { installs } from '../../shell/packages.ts'
import type { ShellCommand } from '../../shell/script.ts'

interface Generator {
  /** Where the key is put. */
  readonly path: RegExp
  /** Packages that make it when they are installed. */
  readonly packages: RegExp
  /** Programs that make it, whatever their words are. */
  readonly programs: RegExp
}

const GENERATORS: readonly Generator[] = [
  {
    path: /^\/etc\/ssh\/ssh_host_\w+_key$/,
    packages: /^(?:openssh(?:-server)?|ssh|dropbear.*)$/,
    programs: /^(?:sshd-keygen|dropbearkey)$/,
  },
  {
    path: /^\/etc\/ssl\/private\/ssl-cert-snakeoil\.key$/,
    packages: /^(?:ssl-cert|apache2.*|postfix|postgresql.*|dovecot.*|nginx.*)$/,
    programs: /^make-ssl-cert$/,
  },
  {
    path: /^\/etc\/pki\/tls\/private\/localhost\.key$/,
    packages: /^(?:mod_ssl|httpd)$/,
    programs: /^(?:httpd-ssl-gencerts|make-dummy-cert)$/,
  },
  { path: /^\/etc\/dovecot\/.*\.(?:key|pem)$/, packages: /^dovecot/, programs: /^mkcert\.sh$/ },
  { path: /^\/etc\/exim4?\/.*\.(?:key|pem)$/, packages: /^exim/, programs: /^exim-gencert$/ },
  {
    path: /^\/etc\/cockpit\/.*\.(?:key|pem)$/,
    packages: /^cockpit/,
    programs: /^cockpit-certificate-(?:ensure|helper)$/,
  },
  { path: /^\/etc\/unbound\/unbound_\w+\.key$/, packages: /^unbound/, programs: /^unbound-control-setup$/ },
  { path: /^\/etc\/(?:bind\/|named\/)?rndc\.key$/, packages: /^bind9?$/, programs: /^rndc-confgen$/ },
  // Certificates that a service signs itself. No package makes them here: a program does, and names them.
  {
    path: /^\/etc\/(?:ssl\/private|postfix|apache2|nginx|cups|stunnel|proftpd|vsftpd)\/.*(?:snakeoil|localhost|self-?signed)[^/]{0,255}\.(?:key|pem)$/,
    packages: /^$/,
    programs: /^$/,
  },
]

/** What package scripts make: keys of hosts and name servers. */
const KINDS = new Set(['private-key', 'private-key-der', 'rndc-key'])

/** Programs that make a key where their words say. */
const KEY_PROGRAMS = /^(?:openssl|ssh-keygen|certtool|keytool|mkcert|step|cfssl|minica)$/

function makes(command: ShellCommand, { packages, programs }: Generator, path: string): boolean {
  const { name, args } = command
  if (programs.test(name) || installs(command, (wanted) => packages.test(wanted)) !== null) return true
  if (name === 'dpkg-reconfigure') return args.some(({ value }) => packages.test(value))
  if (name === 'ssh-keygen' && path.startsWith('/etc/ssh/') && optionsIn(command).has('-A')) return true
  return KEY_PROGRAMS.test(name) && args.some(({ value }) => baseName(value) === baseName(path))
}

/** Whether the layer shows that dpkg installed such a package: as what another one depends on, or by a script. */
const installedIn = (layer: number, { packages }: Generator, { layers }: Evidence): boolean =>
  layers[layer]?.entries.some(({ path }) => {
    const name = /^\/var\/lib\/dpkg\/info\/([^/:]+)(?::\w+)?\.postinst$/.exec(path)?.[1]
    return name !== undefined && packages.test(name)
  }) === true

/** Whether a leak is a key that a program made in the build, and that nobody leaked. */
export function isGenerated(leak: Leak, place: Place, evidence: Evidence): boolean {
  if (place.kind !== 'file' || !KINDS.has(leak.detector.id) || leak.strength === 'harmless') return false
  const { path, layer } = place.version.content
  const generators = GENERATORS.filter((generator) => generator.path.test(path))
  if (generators.length === 0) return false
  if (place.owner === 'base') return true
  const runs = runsOf(layer, evidence.origin, evidence.steps)
  if (runs === null) return false
  return generators.some(
    (generator) =>
      runs.some(({ commands }) => commands.some((command) => makes(command, generator, path))) ||
      installedIn(layer, generator, evidence),
  )
}

/** Whether a RUN of the image makes this key by a program that makes keys, at a place of its own. */
export function makesKey(evidence: Evidence, { detector }: Leak, { version: { content } }: FilePlace): boolean {
  if (!KINDS.has(detector.id)) return false
  return (runsOf(content.layer, evidence.origin, evidence.steps) ?? []).some(({ commands }) =>
    commands.some(
      ({ name, args }) =>
        KEY_PROGRAMS.test(name) &&
        args.some(({ value }) => baseName(value.replace(/^.*=/, '')) === baseName(content.path)),
    ),
  )
}
