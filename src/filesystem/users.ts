// Who a container runs as: the configured user, resolved in the image's own /etc/passwd and /etc/group as runtimes do.
// https://github.com/moby/sys/blob/user/v0.4.0/user/user.go
import type { LayerScan } from '../layer/layer-scan.ts'
import type { Filesystem } from './filesystem.ts'

export interface Account {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

export interface RunUser {
  /** As in the configuration; empty for none. */
  readonly configured: string
  /** null when the name is not in the image. */
  readonly uid: number | null
  readonly gid: number | null
  /** null when not known. */
  readonly isRoot: boolean | null
}

/** The content of a collected file of the final tree; null where there is none. */
export function readCollected(filesystem: Filesystem, scans: readonly LayerScan[], path: string): string | null {
  const version = filesystem.find(path)
  if (version === null) return null
  const { layer, index } = version.content
  return scans[layer]?.extracts.find(({ entry }) => entry === index)?.text ?? null
}

/** Lines of /etc/passwd: name:password:uid:gid:… */
export function parsePasswd(text: string): Account[] {
  return text.split('\n').flatMap((line) => {
    const [name = '', , uid = '', gid = ''] = line.split(':')
    return name !== '' && /^\d+$/.test(uid) ? [{ name, uid: Number(uid), gid: Number(gid) || 0 }] : []
  })
}

function parseGroup(text: string): { name: string; gid: number }[] {
  return text.split('\n').flatMap((line) => {
    const [name = '', , gid = ''] = line.split(':')
    return name !== '' && /^\d+$/.test(gid) ? [{ name, gid: Number(gid) }] : []
  })
}

/**
 * @param configured `config.User`: `name`, `uid`, `name:group`, `uid:gid` or empty
 * @param passwd text of /etc/passwd, null for none
 */
export function resolveUser(configured: string, passwd: string | null, group: string | null): RunUser {
  const trimmed = configured.trim()
  const [user = '', groupName] = trimmed.split(':')
  const accounts = parsePasswd(passwd ?? '')
  const name = user === '' ? '0' : user
  const account = accounts.find((candidate) => candidate.name === name) ?? null
  const uid = account?.uid ?? (/^\d+$/.test(name) ? Number(name) : name === 'root' && passwd === null ? 0 : null)
  const byId = account ?? accounts.find((candidate) => candidate.uid === uid) ?? null
  const gid =
    groupName === undefined || groupName === '' ? (byId?.gid ?? (uid === null ? null : 0)) : groupId(groupName, group)
  return { configured: trimmed, uid, gid, isRoot: uid === null ? null : uid === 0 }
}

function groupId(name: string, group: string | null): number | null {
  const found = parseGroup(group ?? '').find((candidate) => candidate.name === name)
  return found?.gid ?? (/^\d+$/.test(name) ? Number(name) : null)
}
