// Permissions as chmod, install and COPY --chmod are given them: numbers or letters.

/** What a mode makes of a file: bits that it sets, or null for letters that depend on what was there. */
export interface Mode {
  /** Anyone may write. */
  readonly worldWritable: boolean
  readonly sticky: boolean
  readonly setuid: boolean
  readonly setgid: boolean
}

/** Reads `777`, `01777`, `u=rwx,go+w`; null for what is no mode, such as a variable. */
export function readMode(text: string): Mode | null {
  if (/^[0-7]{1,5}$/.test(text)) {
    const bits = Number.parseInt(text, 8)
    return {
      worldWritable: (bits & 0o002) !== 0,
      sticky: (bits & 0o1000) !== 0,
      setuid: (bits & 0o4000) !== 0,
      setgid: (bits & 0o2000) !== 0,
    }
  }
  if (!/^[ugoa]*[-+=][rwxXstugo]*(?:[-+=][rwxXstugo]*)*(?:,[ugoa]*(?:[-+=][rwxXstugo]*)+)*$/.test(text)) return null
  const mode = { worldWritable: false, sticky: false, setuid: false, setgid: false }
  for (const clause of text.split(',')) {
    const who = /^[ugoa]*/.exec(clause)?.[0] ?? ''
    for (const [, operator, permissions = ''] of clause.matchAll(/([-+=])([rwxXstugo]*)/g)) {
      const adds = operator !== '-'
      // Without letters in front the umask keeps `w` from others.
      if (permissions.includes('w') && /[oa]/.test(who)) mode.worldWritable = adds
      if (permissions.includes('t')) mode.sticky = adds
      if (permissions.includes('s') && (who === '' || /[ua]/.test(who))) mode.setuid = adds
      if (permissions.includes('s') && (who === '' || /[ga]/.test(who))) mode.setgid = adds
    }
  }
  return mode
}
