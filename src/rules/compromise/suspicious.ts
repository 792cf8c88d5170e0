// What a script does that no honest one has to, and addresses that attackers use: reasons, in words.
import { indicatorsIn } from '../../secrets/indicators.ts'

/** Hosts that hand out what anybody put there, or lead into a network that nobody sees. */
const HOSTS: readonly (readonly [host: RegExp, what: string])[] = [
  [
    /(?:pastebin\.com\/raw|paste\.ee\/r|hastebin\.com\/raw|rentry\.co\/[\w-]+\/raw|ghostbin\.\w+\/|controlc\.com|dpaste\.\w+\/|termbin\.com|ix\.io\/\w|sprunge\.us\/\w|0x0\.st\/\w)/i,
    'a paste site',
  ],
  [
    /(?:transfer\.sh\/|file\.io\/|anonfiles\.com|gofile\.io|catbox\.moe|bashupload\.com|oshi\.at\/|temp\.sh\/)/i,
    'a site for files of anybody',
  ],
  [
    /\.(?:ngrok(?:-free)?\.(?:io|app|dev)|trycloudflare\.com|serveo\.net|loca\.lt|localhost\.run|pagekite\.me|telebit\.io|bore\.pub|portmap\.io)\b/i,
    'a tunnel',
  ],
  [/\.onion(?:\.(?:to|ws|ly|pet|cab))?\b/i, 'a hidden service of Tor'],
  [
    /\.(?:duckdns\.org|no-ip\.(?:com|org|biz)|ddns\.net|hopto\.org|zapto\.org|dyndns\.org|sytes\.net|myftp\.org|servebeer\.com)\b/i,
    'dynamic DNS',
  ],
]

/** A public address: not private, local, link-local, of a carrier, or of the examples that RFC 5737 keeps for manuals (those are what tests write). */
const isPublicAddress = (address: string): boolean => {
  const parts = address.split('.').map(Number)
  const [a = 0, b = 0] = parts
  if (parts.length !== 4 || parts.some((part) => part > 255)) return false
  return !(
    a === 0 ||
    a === 10 ||
    a === 127 ||
    a >= 224 ||
    (a === 169 && b === 254) ||
    (a === 172 && b >= 16 && b < 32) ||
    (a === 192 && b === 168) ||
    (a === 100 && b >= 64 && b < 128)
  )
}

/** Addresses of a text that nobody should have to fetch from, each with what it is. */
export function suspiciousAddresses(text: string): readonly { readonly url: string; readonly what: string }[] {
  const found: { url: string; what: string }[] = []
  for (const [url, host = ''] of text.matchAll(
    /\b(?:https?|ftp|tcp|socks5h?):\/\/(?:[^\s/@"'<>|;]{1,100}@)?([^\s/:"'<>|;)]{3,200})[^\s"'<>|;)]{0,200}/gi,
  )) {
    const known = HOSTS.find(([pattern]) => pattern.test(url))
    if (known !== undefined) found.push({ url, what: known[1] })
    else if (/^\d{1,3}(?:\.\d{1,3}){3}$/.test(host) && isPublicAddress(host))
      found.push({ url, what: 'a bare address' })
  }
  return found
}

const HABITS: readonly (readonly [habit: RegExp, what: string])[] = [
  [
    /\b(?:curl|wget)\b[^\n|;]{0,250}\|\s{0,3}(?:sudo\s{1,3})?(?:\/(?:usr\/)?bin\/)?(?:ba|da|z|a)?sh\b/,
    'it runs what it downloads',
  ],
  [/\b(?:ba|da|z|a)?sh\s{1,3}(?:-c\s{1,3})?["']?(?:<\(|\$\(|`)\s{0,3}(?:curl|wget)\b/, 'it runs what it downloads'],
  [
    /\bbase64\s{1,3}(?:-d|-D|--decode)\b[^\n|;]{0,80}\|\s{0,3}(?:\/(?:usr\/)?bin\/)?(?:ba|da|z|a)?sh\b/,
    'it runs what it decodes',
  ],
  [
    /(?:^|[;&|]\s{0,3}|\*\s{1,3}(?:root\s{1,3})?|ExecStart=)(?:nohup\s{1,3}|setsid\s{1,3})?(?:\/dev\/shm|\/var\/tmp|\/tmp)\/\.?[\w.-]{1,60}(?:\s|$|;|&)/m,
    'it starts a program from a directory that anyone may write',
  ],
]

/** Why the text of a script, a job or a unit is suspicious; empty where it is not. */
export function suspicionsIn(text: string): string[] {
  const commands = text
    .split('\n')
    .filter((line) => !/^[ \t]{0,40}(?:#|;|\/\/)/.test(line))
    .join('\n')
  return [
    ...new Set([
      ...indicatorsIn(commands).map(({ detector }) => detector.title),
      ...HABITS.flatMap(([habit, what]) => (habit.test(commands) ? [what] : [])),
      ...suspiciousAddresses(commands).map(({ what }) => `it calls ${what}`),
    ]),
  ]
}
