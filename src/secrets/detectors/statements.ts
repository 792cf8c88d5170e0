// Passwords told by the statement that they stand in, where no name is assigned: SQL, PowerShell, calls, data source names, settings in XML,
// LDAP. Sorted by id.
import { looksSecret } from '../assignment.ts'
import { isDrawn, isOfPlaceholders } from '../checks.ts'
import type { Checked, Detector, Found } from '../detector.ts'
import { weighPassword } from './passwords.ts'

/** A password among the words of a statement: what is a variable, a column or a word of the grammar is none. */
function weighWord(value: string, facts: Readonly<Record<string, string>> = {}): Checked | null {
  const bare = value.trim()
  // What a program puts in, and what a manual calls it.
  if (
    /^[:@?&%#]|^(?:pass|env|file|fd|stdin)(?::|$)|^\$.*\$$|^\+|[{}]|^\w+\(|^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$|^[a-z]+(?:[_-][a-z]+)*$/.test(
      bare,
    )
  )
    return null
  const checked = weighPassword(bare, false, facts)
  return checked === null ? null : { ...checked, value }
}

/** What makes an account, or says who it is for: not the prose of a manual. */
const ACCOUNT =
  /\b(?:alter|create)\s+(?:or\s+replace\s+)?(?:if\s+not\s+exists\s+)?(?:user|role|login|group)\b|\bgrant\b/i

const behindUser = ({ before }: Found): boolean =>
  ACCOUNT.test(before) || /\b(?:with|login|encrypted|valid)\s*$/i.test(before)

const CHANGE = 'Change the password of the account'

export const STATEMENTS: readonly Detector[] = [
  {
    id: 'call-argument',
    title: 'Password or key as an argument of a call',
    issuer: 'any',
    opens: 'what the call sets up',
    docs: 'https://cheatsheetseries.owasp.org/cheatsheets/Secrets_Management_Cheat_Sheet.html',
    revoke: 'Change the password or revoke the key',
    examples: [
      'builder.setPassword("{62:8}-{62:6}7")',
      "client.with_password('{62:8}-{62:6}7')",
      'new BasicAWSCredentials("AKIA{32:16}", "{b64:40}").withApiKey("{62:32}")',
      'config.clientSecret("{62:32}")',
    ],
    quiet: [
      'builder.setPassword("password")',
      'builder.setPassword(password)',
      'form.label_password("Choose a password!")',
      'client.setApiKey("YOUR_API_KEY")',
      'validatePassword("{62:8}-{62:6}7")',
    ],
    literals: ['assword(', 'ecret(', 'piKey(', 'pi_key(', 'ccessKey(', 'ccess_key('],
    pattern:
      /(?<=(?:^|[^A-Za-z0-9_]|(?<![A-Za-z0-9_])(?:set|with|set_|with_|add|use)(?:[A-Z][a-z]{1,20}|[a-z]{1,20}_){0,2}|[cC]lient_?|[dD]b_?|[uU]ser_?|[pP])[PpSsAa])(?:assword|ecret|pi_?[kK]ey|ccess_?[kK]ey)\(\s{0,8}(?:"(?<double>[^"\n]{6,200})"|'(?<single>[^'\n]{6,200})')\s{0,8}\)/y,
    strength: 'possible',
    guessable: true,
    generic: true,
    check: ({ value: whole, groups }) => {
      const value = groups['double'] ?? groups['single'] ?? ''
      return looksSecret(value, whole.startsWith('assword'), true) ? { value } : null
    },
  },
  {
    id: 'call-password',
    title: 'Password in a call that opens a connection',
    issuer: 'any',
    opens: 'the database that the call connects to',
    docs: 'https://cheatsheetseries.owasp.org/cheatsheets/Secrets_Management_Cheat_Sheet.html',
    revoke: CHANGE,
    examples: [
      "new PDO('mysql:host=db;dbname=app', 'svc', '{62:12}7')",
      "mysqli_connect('db', 'svc', '{62:12}7', 'app')",
      'new mysqli("db", "svc", "{62:12}7", "app")',
      'DriverManager.getConnection("jdbc:mysql://db/app", "svc", "{62:12}7")',
      "pymysql.connect('db', 'svc', '{62:12}7', 'app')",
      'new System.Net.NetworkCredential("svc", "{62:12}7")',
    ],
    quiet: [
      "new PDO('mysql:host=db', $user, $password)",
      "mysqli_connect('localhost', 'my_user', 'my_password', 'world')",
      'DriverManager.getConnection("jdbc:mysql://db/app", "root", "")',
      "pymysql.connect('db', 'svc', password, 'app')",
      'new mysqli("db", "svc", "DB_PASSWORD")',
    ],
    literals: [
      'new PDO(',
      'mysqli_connect(',
      'new mysqli(',
      '.getConnection(',
      'pymysql.connect(',
      'MySQLdb.connect(',
      'NetworkCredential(',
    ],
    pattern:
      /(?:NetworkCredential\(\s{0,20}["'](?<account>[^"'\n]{1,60})["']\s{0,20},\s{0,20}["'](?<given>[^"'\n]{4,100})["']|(?:new (?:PDO|mysqli)|mysqli_connect|\.getConnection|(?:pymysql|MySQLdb)\.connect)\(\s{0,20}["'][^"'\n]{1,150}["']\s{0,20},\s{0,20}["'](?<user>[^"'\n]{1,60})["']\s{0,20},\s{0,20}["'](?<value>[^"'\n]{4,100})["'])/y,
    window: 420,
    strength: 'likely',
    guessable: true,
    check: ({ groups }) => {
      const value = groups['value'] ?? groups['given'] ?? ''
      const user = groups['user'] ?? groups['account'] ?? ''
      return value === user ? null : weighWord(value, { user })
    },
  },
  {
    id: 'cloud-init-password',
    title: 'Password of an account in cloud-init',
    issuer: 'cloud-init',
    opens: 'the machine, as that account',
    docs: 'https://cloudinit.readthedocs.io/en/latest/reference/modules.html#set-passwords',
    revoke: 'Change the password of the account',
    examples: ['#cloud-config\nchpasswd:\n  list: |\n    root:{62:12}7\n', 'chpasswd:\n  list:\n    - ops:{62:12}7\n'],
    quiet: [
      'chpasswd:\n  list: |\n    root:RANDOM\n',
      'chpasswd:\n  expire: false\n',
      'chpasswd:\n  list: |\n    root:$6$x\n',
    ],
    literals: ['chpasswd:'],
    pattern:
      /chpasswd:[ \t]{0,8}\n(?:[ \t]{1,8}expire:[^\n]{1,20}\n)?[ \t]{1,8}list:[ \t]{0,4}\|?-?[ \t]{0,4}\n[ \t]{1,12}(?:-[ \t]{1,4})?(?<user>[a-z_][\w-]{0,30}):(?<value>[^\s$:][^\s:]{3,80})/y,
    strength: 'likely',
    guessable: true,
    check: ({ value, groups: { user = '' } }) => (/^R$|^RANDOM$/.test(value) ? null : weighWord(value, { user })),
  },
  {
    id: 'go-data-source',
    title: 'Data source name with a password',
    issuer: 'any',
    opens: 'the database that it names',
    docs: 'https://github.com/go-sql-driver/mysql#dsn-data-source-name',
    revoke: CHANGE,
    examples: ['svc:{62:12}7@tcp(db.acme.io:3306)/app', 'DSN="svc:{62:12}7@unix(/run/mysqld.sock)/app"'],
    quiet: ['user:password@tcp(localhost:5555)/dbname', '%s:%s@tcp(%s)/%s', 'root:@tcp(db)/x', '$U:$P@tcp(db)/x'],
    literals: ['@tcp(', '@unix('],
    looksBack: true,
    pattern: /(?<=(?<![\w.%$-])(?<user>[\w.-]{1,40}):(?<password>[^\s:@/"'`<>(){}]{4,50}))@(?:tcp|unix)\(/y,
    strength: 'likely',
    guessable: true,
    check: ({ groups: { user = '', password = '' } }) => {
      return password === user ? null : weighWord(password, { user })
    },
  },
  {
    id: 'ldap-bind-password',
    title: 'Password of an LDAP account',
    issuer: 'LDAP',
    opens: 'the directory, as the account that programs read it with',
    docs: 'https://sssd.io/docs/ldap/ldap-provider.html',
    revoke: CHANGE,
    examples: ['binddn cn=reader,dc=acme\nbindpw {62:12}7\n', 'ldap_default_authtok = {62:12}7\n', 'rootpw {62:12}7\n'],
    quiet: ['#bindpw secret', 'bindpw ${BIND_PW}', '#bindpw secret\nrootpw {SSHA}x', 'bindpw_file /run/x'],
    literals: ['bindpw ', 'bindpw\t', 'ldap_default_authtok', 'rootpw ', 'rootpw\t'],
    pattern:
      /(?<=(?:^|\n)[ \t]{0,8}(?:root)?)(?:bindpw|rootpw|ldap_default_authtok)[ \t]{0,8}(?:=|[ \t])[ \t]{0,8}(?<value>[^\s#{][^\s]{3,100})/y,
    strength: 'likely',
    guessable: true,
    check: ({ value }) => weighWord(value),
  },
  {
    id: 'powershell-password',
    title: 'Password in PowerShell',
    issuer: 'Microsoft',
    opens: 'the account that the command signs in with',
    docs: 'https://learn.microsoft.com/powershell/module/microsoft.powershell.security/convertto-securestring',
    revoke: CHANGE,
    examples: [
      "ConvertTo-SecureString '{62:12}7' -AsPlainText -Force",
      'ConvertTo-SecureString -String "{62:12}7" -AsPlainText -Force',
      "Connect-Thing -User svc -Password '{62:12}7'",
    ],
    quiet: [
      'ConvertTo-SecureString $password -AsPlainText -Force',
      'ConvertTo-SecureString "P@ssw0rd" -AsPlainText -Force',
      "Connect-Thing -Password '<password>'",
      'Connect-Thing -Password "$env:PW"',
    ],
    literals: [
      "-Password '",
      '-Password "',
      "ConvertTo-SecureString '",
      'ConvertTo-SecureString "',
      "-String '",
      '-String "',
    ].map((text) => ({ text, ignoreCase: true })),
    pattern: /(?:-Password|ConvertTo-SecureString|-String) (?:'(?<single>[^'\n]{4,100})'|"(?<double>[^"\n]{4,100})")/iy,
    strength: 'likely',
    guessable: true,
    check: (found) => {
      const value = found.groups['single'] ?? found.groups['double'] ?? ''
      if (/-String /i.test(found.value) && !/SecureString\s*$/i.test(found.before)) return null
      return weighWord(value)
    },
  },
  {
    id: 'sql-account-password',
    title: 'Password of a database account in SQL',
    issuer: 'SQL',
    opens: 'the database, as that account',
    docs: 'https://dev.mysql.com/doc/refman/8.4/en/create-user.html',
    revoke: CHANGE,
    examples: [
      "CREATE USER 'svc'@'%' IDENTIFIED BY '{62:12}7';",
      "CREATE ROLE svc LOGIN PASSWORD '{62:12}7';",
      'psql -c "ALTER USER svc WITH PASSWORD \'{62:12}7\'"',
      "CREATE LOGIN svc WITH PASSWORD = '{62:12}7'",
    ],
    quiet: [
      "CREATE USER 'svc'@'%' IDENTIFIED BY 'password';",
      "CREATE ROLE svc LOGIN PASSWORD '$PW';",
      "ALTER USER svc WITH PASSWORD ':pw'",
      "the password 'Kx9-mmQ4-77ZZ' is one",
      "IDENTIFIED BY '<secret>'",
    ],
    literals: [
      "identified by '",
      'identified by "',
      "password by '",
      " password '",
      " password = '",
      " password '",
    ].map((text) => ({
      text,
      ignoreCase: true,
    })),
    pattern:
      /(?:identified by|password by| password(?: =)?) (?:'(?<single>[^'\n]{4,100})'|"(?<double>[^"\n]{4,100})")/iy,
    strength: 'likely',
    guessable: true,
    check: (found) => {
      const value = found.groups['single'] ?? found.groups['double'] ?? ''
      if (/^ password/i.test(found.value) ? !behindUser(found) : !ACCOUNT.test(found.before)) return null
      // A statement in a test or a manual has a word there.
      const checked = weighWord(value)
      return checked === null || (value.length >= 8 && isDrawn(value) && !isOfPlaceholders(value))
        ? checked
        : { strength: 'possible', ...checked }
    },
  },
  {
    id: 'xml-setting',
    title: 'Password or key in a setting',
    issuer: 'any',
    opens: 'whatever the name beside it says',
    docs: 'https://learn.microsoft.com/dotnet/framework/configure-apps/file-schema/appsettings/add-element-for-appsettings',
    revoke: 'Change the password or revoke the key',
    examples: [
      '<add key="DbPassword" value="{62:12}7" />',
      '<key>api_token</key>\n<string>{62:12}7</string>',
      '<property name="hibernate.connection.password" value="{62:12}7"/>',
    ],
    quiet: [
      '<add key="DbPassword" value="%PW%" />',
      '<add key="PasswordLength" value="12345678" />',
      '<key>CFBundleName</key>\n<string>{62:12}</string>',
      '<key>password</key>\n<string>$(PASSWORD)</string>',
      '<add key="TokenUrl" value="https://login.acme.io/token" />',
    ],
    literals: ['<add key="', '<property name="', '</key>'],
    pattern:
      /(?:<(?:add key|property name)="(?<name>[\w.:-]{0,60}(?:password|passwd|pwd|passphrase|secret|apikey|api[_.-]key|token))" value="(?<value>[^"\n<>]{6,100})"|(?<=<key>[\w .:-]{0,40}(?:password|passwd|secret|apikey|api[_ -]key|token))<\/key>\s{0,40}<string>(?<plist>[^<\n]{6,100})<\/string>)/iy,
    strength: 'possible',
    guessable: true,
    generic: true,
    check: ({ groups, value: whole }) => {
      const value = groups['plist'] ?? groups['value'] ?? whole
      if (/^(?:https?:|\/|true$|false$)|^[A-Za-z ]+$|^\d+$/.test(value)) return null
      return weighWord(value)
    },
  },
]
