// Small files that later steps read, collected while the layer passes by.
import { holdsRecords } from '../packages/list.ts'

/** Bytes of one collected file that are kept; a larger one is left out and listed as skipped. */
export const MAX_EXTRACT = 8 << 20

const COLLECTED: readonly RegExp[] = [
  /^\/etc\/(?:passwd|group|os-release)$/,
  /^\/usr\/lib\/os-release$/,
  // Who may become root.
  /^\/etc\/sudoers(?:\.d\/[^/]+)?$/,
  // Who logs in, and what is loaded or runs by itself.
  /^\/etc\/(?:shadow|ld\.so\.preload|crontab|rc\.local|profile|bash\.bashrc)$/,
  /^\/etc\/(?:cron\.(?:d|hourly|daily|weekly|monthly)|crontabs|profile\.d|init\.d|local\.d|supervisor\/conf\.d|rc\.d)\/[^/]+$/,
  /^\/etc\/periodic\/[^/]+\/[^/]+$|^\/var\/spool\/cron\/(?:crontabs\/)?[^/]+$/,
  /^\/(?:etc|usr\/lib|lib)\/systemd\/system\/[^/]+\.(?:service|timer)$/,
  /^\/(?:root|home\/[^/]+)\/\.(?:bashrc|bash_profile|bash_login|profile|zshrc|zprofile)$/,
  // Python runs these whenever it starts.
  /\/(?:site|dist)-packages\/(?:[^/]+\.pth|sitecustomize\.py|usercustomize\.py)$/,
  /\/\.ssh\/authorized_keys2?$|^\/etc\/(?:ssh|dropbear)\/authorized_keys/,
]

/** Whether a file is collected, and what for. */
export function collectorOf(path: string): 'extract' | 'database' | null {
  if (COLLECTED.some((pattern) => pattern.test(path))) return 'extract'
  return holdsRecords(path) ? 'database' : null
}

/** Bytes of a script that is kept, and how many of a layer. */
export const MAX_SCRIPT = 256 << 10
export const MAX_SCRIPTS = 500

/** Files that may be an entrypoint; only those that begin with `#!` are kept. */
const SCRIPTS =
  /^\/(?!usr\/(?:share|lib|include)\/|lib\/|etc\/init\.d\/|proc\/|sys\/)(?:[^/]+\/){0,5}(?=[^/]+$)(?:[^/]*(?:entry-?point|start|run|init|boot|launch|serve|main|cmd)|[^/]+\.(?:sh|bash)$)/i

/** Whether a file may be an entrypoint. */
export const mayBeEntrypoint = (path: string): boolean => SCRIPTS.test(path)
