// Credentials told by the file that holds them, sorted by id: its name decides, its text is parsed. A password needs no form
// here, so those that everybody knows are low, and references to other places are nothing.
import { entropy, isPlaceholder, isUsualPassword } from '../checks.ts'
import type { About, FileDetector, FileValue, Sample, Strength } from '../detector.ts'
import { namedValues } from '../named-values.ts'

/** Characters of a keytab that stand for it. */
const MAX_KEYTAB = 4096
const CHANGE = 'Change the password or revoke the token'

/** What a value is worth in a file that is there to hold it; null for none. */
function worth(value: string): { strength?: Strength; note?: string } | null {
  if (
    value.length < 3 ||
    /^\$[{(A-Za-z_]|^%\w+%$|^\{\{|^<[^>]*>$|^env[.:]|^@\w+@$|^(?:null|none|nil|true|false|~|\[\]|\{\})$|^\s*$|^[*\u2022.xX]+$/i.test(
      value,
    )
  )
    return null
  if (isUsualPassword(value)) return { strength: 'harmless', note: 'a password that everybody tries' }
  return isPlaceholder(value)
    ? /example|your|change|replace|placeholder|here|redacted|insert|enter|\*\*\*|xxxx|\.\.\./i.test(value)
      ? null
      : { strength: 'harmless', note: 'it reads like an example' }
    : {}
}

interface Settings extends Omit<About, 'revoke' | 'examples'> {
  readonly revoke?: string
  readonly names: readonly string[]
  readonly path?: RegExp
  /** Which names hold the secret. */
  readonly keys: RegExp
  /** What the value must look like. */
  readonly value?: RegExp
  readonly strength?: Strength
  readonly guessable?: boolean
  /** A path and a text of a file. */
  readonly example: readonly [path: string, text: string]
  readonly quietFile?: readonly [path: string, text: string]
}

/** A file of named values, of which some are secrets. */
function settings({
  keys,
  value: form = /./,
  revoke = CHANGE,
  strength = 'likely',
  guessable = true,
  example,
  quietFile,
  ...about
}: Settings): FileDetector {
  const files = (sample: readonly [path: string, text: string]): Sample => ({ path: sample[0], text: sample[1] })
  return {
    ...about,
    revoke,
    strength,
    guessable,
    examples: [files(example)],
    quiet: quietFile === undefined ? [] : [files(quietFile)],
    *parse(text) {
      for (const { name, value, at } of namedValues(text)) {
        if (!keys.test(name) || !form.test(value)) continue
        const checked = worth(value)
        if (checked !== null) yield { value, at, facts: { name }, ...checked }
      }
    },
  }
}

const PASSWORD = /(?:^|[_.-])(?:pass(?:word|wd|phrase)?|pwd|secret)$|password$|passwd$/i
const PASSWORD_OR_TOKEN = /(?:pass(?:word|wd|phrase)?|pwd|secret|token|api_?key)$/i

/** Password hashes of crypt(5), by the scheme that they name. */
const HASH =
  /\$(?:1|apr1|5|6)\$[^$:\s]{0,64}\$[./0-9A-Za-z]{22,86}|\$2[abxy]\$\d\d\$[./0-9A-Za-z]{53}|\$(?:y|gy|7)\$[./0-9A-Za-z]{1,40}\$[./0-9A-Za-z]{1,86}\$[./0-9A-Za-z]{43}|\$argon2id?\$[^\s:]{20,200}|\$scrypt\$[^\s:]{20,200}|\{SSHA\}[A-Za-z0-9+/]{32}={0,2}|\{SHA\}[A-Za-z0-9+/]{27}=/g

/** `user:hash:…` of each line. */
function* hashes(text: string): Generator<FileValue> {
  for (const match of text.matchAll(HASH)) {
    const user = /(?:^|\n)([^:\n]{1,64}):!{0,2}$/.exec(text.slice(Math.max(0, match.index - 80), match.index))?.[1]
    if (user !== undefined) yield { value: match[0], at: match.index, facts: { user } }
  }
}

/** Shell lines that carry a credential. */
const IN_COMMAND =
  /(?:export\s{1,8}\w{0,60}(?:PASS(?:WORD)?|SECRET|TOKEN|API_?KEY)\w{0,60}=|PGPASSWORD=|MYSQL_PWD=|sshpass\s{1,8}-p\s{0,8}|--password[= ]|--token[= ]|mysql[^\n|;&]{0,80}\s-p|(?:curl|wget)[^\n|;&]{0,120}\s-u\s*[^\s:]{1,60}:|login[^\n|;&]{0,60}\s-p\s|IDENTIFIED BY\s|chpasswd\s*<<<\s*['"]?\w+:)["']?(?<value>[^\s"';|&)]{6,200})/gi

export const FILES: readonly FileDetector[] = [
  {
    id: 'actions-runner-key',
    issuer: 'GitHub Actions',
    title: 'Key of a self-hosted runner',
    opens: 'the jobs of the runner, with their secrets',
    revoke: 'Remove the runner in the settings of the repository, and register it again',
    instead: 'Register the runner when its container starts',
    docs: 'https://docs.github.com/actions/hosting-your-own-runners',
    names: ['.credentials_rsaparams'],
    strength: 'likely',
    examples: [
      {
        path: '/runner/.credentials_rsaparams',
        text: '{"d":"{b64:342}==","dp":"{b64:171}=","exponent":"AQAB","modulus":"{b64:342}==","p":"{b64:171}="}',
      },
    ],
    quiet: [{ path: '/runner/.credentials_rsaparams', text: '{"exponent":"AQAB","modulus":"{b64:342}=="}' }],
    *parse(text) {
      for (const match of text.matchAll(/"d"\s{0,8}:\s{0,8}"([A-Za-z0-9+/]{100,2000}={0,2})"/g))
        yield { value: match[1] ?? '', at: match.index + match[0].length - 1 - (match[1] ?? '').length }
    },
  },
  settings({
    id: 'ansible-inventory',
    issuer: 'Ansible',
    title: 'Password in an Ansible inventory',
    opens: 'the hosts of the inventory',
    revoke: 'Change the password on the hosts of the inventory',
    docs: 'https://docs.ansible.com/ansible/latest/inventory_guide/intro_inventory.html',
    names: ['hosts', 'hosts.ini', 'inventory', 'inventory.ini', 'group_vars.yml', 'all.yml', 'vault.yml'],
    keys: /(?:ansible_(?:ssh_|become_|sudo_|su_)?pass(?:word)?|vault_\w*(?:pass(?:word)?|secret|token))$/,
    example: ['/etc/ansible/hosts', 'web1\n[all:vars]\nansible_ssh_pass={62:12}\n'],
    quietFile: ['/ansible/vault.yml', '$ANSIBLE_VAULT;1.1;AES256\n{hex:80}\n{hex:80}\n'],
  }),
  settings({
    id: 'aws-credentials-file',
    issuer: 'Amazon Web Services',
    title: 'AWS secret access key',
    opens: 'whatever the IAM user or role may do in the account',
    revoke:
      'Deactivate and delete the access key in IAM (or at the provider that the file is for), then make a new one',
    docs: 'https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html',
    names: ['credentials', 'config', '.s3cfg', '.boto', '.passwd-s3fs'],
    path: /(?:\.aws\/(?:credentials|config)|\.s3cfg|\.boto|\.passwd-s3fs)$/,
    keys: /^(?:aws_secret_access_key|secret_key|gs_secret_access_key|aws_session_token)$/,
    value: /^[A-Za-z0-9/+=]{24,}$/,
    guessable: false,
    example: ['/root/.s3cfg', '[default]\naccess_key = x\nsecret_key = {b64:40}\n'],
    quietFile: ['/root/.aws/credentials', '[default]\naws_secret_access_key = ${AWS_SECRET}\n'],
  }),
  settings({
    id: 'bundler-config',
    issuer: 'Bundler',
    title: 'Gem source login',
    opens: 'the private gem source that it names',
    docs: 'https://bundler.io/man/bundle-config.1.html',
    names: ['config'],
    path: /\.bundle\/config$/,
    keys: /^BUNDLE_[A-Z0-9_]+__(?:COM|ORG|IO|NET|DEV|CLOUD)$/,
    example: ['/app/.bundle/config', '---\nBUNDLE_GEMS__ACME__COM: "deploy:{62:16}"\n'],
    quietFile: ['/app/.bundle/config', '---\nBUNDLE_PATH: "vendor"\n'],
  }),
  settings({
    id: 'cargo-credentials',
    issuer: 'Cargo',
    title: 'Cargo registry token',
    opens: 'publishes packages in the name of the account',
    revoke: 'Revoke the token in the settings of the registry',
    docs: 'https://doc.rust-lang.org/cargo/reference/config.html#credentials',
    names: ['credentials', 'credentials.toml'],
    path: /\.cargo\/credentials(?:\.toml)?$/,
    keys: /^(?:token|secret-key)$/,
    guessable: false,
    example: ['/root/.cargo/credentials.toml', '[registry]\ntoken = "{62:32}"\n'],
  }),
  settings({
    id: 'chef-key-file',
    issuer: 'Chef',
    title: 'Chef encrypted data bag secret',
    opens: 'all encrypted data bags',
    docs: 'https://docs.chef.io/secrets/',
    names: ['knife.rb', 'client.rb'],
    keys: /^(?:knife\[?:?secret\]?|encrypted_data_bag_secret)$/,
    example: ['/etc/chef/client.rb', 'encrypted_data_bag_secret: "{b64:60}"\n'],
  }),
  {
    id: 'chrome-logins',
    issuer: 'Chrome, Chromium, Edge',
    title: 'Saved logins of a browser',
    opens: 'all saved passwords: without a keyring their key is the same everywhere',
    revoke: 'Change all passwords that the profile holds',
    instead: 'Leave the profile of a browser out of the image',
    docs: 'https://chromium.googlesource.com/chromium/src/+/main/docs/linux/password_storage.md',
    names: ['login data', 'login data for account'],
    strength: 'possible',
    guessable: true,
    examples: [
      {
        path: '/root/.config/chromium/Default/Login Data',
        text: 'SQLite format 3\0CREATE TABLE logins (password_value BLOB)\0https://acme.io/mev10{62:32}',
      },
    ],
    quiet: [
      {
        path: '/root/.config/chromium/Default/Login Data',
        text: 'SQLite format 3\0CREATE TABLE logins (password_value BLOB)\0',
      },
    ],
    *parse(text) {
      if (!text.startsWith('SQLite format 3\0') || !text.includes('password_value')) return
      // Chromium marks what it encrypts with the version of the key.
      for (const match of text.matchAll(/v1[01][\s\S]{16}/g)) yield { value: match[0], at: match.index }
    },
  },
  {
    id: 'composer-auth',
    issuer: 'Composer',
    title: 'Composer login',
    opens: 'the private packages of the hosts that it names',
    revoke: CHANGE,
    docs: 'https://getcomposer.org/doc/articles/authentication-for-private-packages.md',
    names: ['auth.json'],
    strength: 'likely',
    guessable: true,
    examples: [
      {
        path: '/root/.composer/auth.json',
        text: '{"http-basic":{"repo.acme.io":{"username":"x","password":"{62:20}"}}}',
      },
    ],
    quiet: [{ path: '/app/auth.json', text: '{"http-basic":{}}' }],
    *parse(text) {
      if (!/"(?:http-basic|github-oauth|gitlab-token|gitlab-oauth|bearer|bitbucket-oauth)"/.test(text)) return
      for (const { name, value, at } of namedValues(text)) {
        if (!/^(?:password|consumer-secret)$/.test(name) && !/^[\w-]+(?:\.[\w-]+)+$/.test(name)) continue
        const checked = worth(value)
        if (checked !== null) yield { value, at, facts: { name }, ...checked }
      }
    },
  },
  settings({
    id: 'conda-token',
    issuer: 'conda',
    title: 'conda channel token',
    opens: 'the private channel',
    revoke: 'Revoke the token at the channel that it opens',
    docs: 'https://docs.conda.io/projects/conda/en/latest/user-guide/configuration/',
    names: ['.condarc', 'condarc'],
    keys: /channel_alias|channels|url|token|^https?$/,
    value: /\/t\/[A-Za-z0-9-]{12,}\/|^[A-Za-z0-9]{16,}/,
    example: ['/root/.condarc', 'channel_alias: https://conda.acme.io/t/{62:20}/main\n'],
    quietFile: ['/root/.condarc', 'channels:\n  - conda-forge\nssl_verify: true\n'],
  }),
  settings({
    id: 'dbeaver-credentials',
    issuer: 'DBeaver',
    title: 'Database password of DBeaver or Robo 3T',
    opens: 'the databases that the tool knows',
    docs: 'https://dbeaver.com/docs/dbeaver/',
    names: ['data-sources.json', 'robomongo.json', 'robo3t.json', '.dbeaver-credentials', 'credentials-config.json'],
    keys: /^(?:userPassword|password|encryptedPassword|sshUserPassword|sshPassphrase)$/i,
    example: ['/root/.3T/robomongo/robomongo.json', '{"connections":[{"userName":"x","userPassword":"{62:14}"}]}'],
  }),
  settings({
    id: 'editor-sftp-config',
    issuer: 'Sublime, VS Code, Atom, PhpStorm',
    title: 'Server login in an editor',
    opens: 'the server that the editor uploads to',
    docs: 'https://codexns.io/products/sftp_for_sublime/settings',
    names: [
      'sftp-config.json',
      'sftp.json',
      '.ftpconfig',
      '.remote-sync.json',
      'webservers.xml',
      'deployment-config.json',
      'sitemanager.xml',
      'recentservers.xml',
      'filezilla.xml',
      'ws_ftp.ini',
    ],
    keys: /^(?:password|pass|passphrase|pwd)$/i,
    example: ['/app/sftp-config.json', '{\n  "host": "ftp.acme.io",\n  "user": "x",\n  "password": "{62:12}",\n}'],
    quietFile: ['/app/.vscode/sftp.json', '{"host":"ftp.acme.io","username":"x","privateKeyPath":"~/.ssh/id"}'],
  }),
  {
    id: 'firefox-logins',
    issuer: 'Mozilla Firefox, Thunderbird',
    title: 'Saved logins of a browser',
    opens: 'all saved passwords, with key4.db beside it and no main password',
    revoke: 'Change all passwords that the profile holds',
    instead: 'Leave the profile out of the image',
    docs: 'https://support.mozilla.org/kb/profiles-where-firefox-stores-user-data',
    names: ['logins.json', 'signons.sqlite'],
    strength: 'possible',
    guessable: true,
    examples: [
      {
        path: '/root/.mozilla/firefox/x/logins.json',
        text: '{"logins":[{"hostname":"https://acme.io","encryptedUsername":"MDoE{b64:40}","encryptedPassword":"MDoE{b64:60}"}]}',
      },
    ],
    quiet: [{ path: '/app/logins.json', text: '{"logins":[]}' }],
    *parse(text) {
      for (const { name, value, at } of namedValues(text))
        if (name === 'encryptedPassword' && /^M[A-Za-z0-9+/=]{30,}$/.test(value))
          yield { value, at, note: 'key4.db beside it decrypts it' }
    },
  },
  settings({
    id: 'gem-credentials',
    issuer: 'RubyGems',
    title: 'RubyGems credentials',
    opens: 'publishes gems in the name of the account',
    revoke: 'Delete the API key in the RubyGems profile',
    docs: 'https://guides.rubygems.org/command-reference/',
    names: ['credentials'],
    path: /\.gem\/credentials$/,
    keys: /^:?\w*(?:api_key|rubygems|token)\w*$/,
    value: /^(?:Bearer )?[A-Za-z0-9_-]{16,}$/,
    example: ['/root/.gem/credentials', '---\n:rubygems_api_key: {hex:32}\n'],
  }),
  {
    id: 'git-credentials',
    issuer: 'Git',
    title: 'Login in a .git-credentials file',
    opens: 'the repositories of the host with the rights of the user',
    revoke: CHANGE,
    docs: 'https://git-scm.com/docs/git-credential-store',
    names: ['.git-credentials', 'git-credentials', '.git-credential-cache'],
    strength: 'likely',
    guessable: true,
    examples: [{ path: '/root/.git-credentials', text: 'https://x@acme.io:{62:14}#@git.acme.io\n' }],
    quiet: [{ path: '/root/.git-credentials', text: 'https://git.acme.io\n' }],
    *parse(text) {
      // The password ends at the last `@`, the user at the last `:` before it that a host does not hold.
      for (const match of text.matchAll(/^https?:\/\/([^:\s/]{1,200}):(\S{1,300})@([^@\s/]{1,200})/gm)) {
        const [whole, user = '', value = '', host = ''] = match
        const checked = worth(value)
        if (checked !== null)
          yield { value, at: match.index + whole.lastIndexOf(`${value}@`), facts: { user, host }, ...checked }
      }
    },
  },
  settings({
    id: 'git-host-cli',
    issuer: 'gh, hub, glab, doctl, fly',
    title: 'Token of a command-line tool',
    opens: 'what the tool may do in the name of the person',
    docs: 'https://cli.github.com/manual/gh_auth_login',
    names: ['hosts.yml', 'hub', 'config.yml', 'config.yaml', 'auth.toml', 'auth.json'],
    path: /(?:\.config\/(?:gh\/hosts\.yml|hub|glab-cli\/config\.yml|doctl\/config\.yaml|netlify\/config\.json|railway\/config\.json)|\.fly\/config\.yml|com\.vercel\.cli\/auth\.json|\.modal\.toml)$/,
    keys: /(?:^|_|-)(?:oauth_token|token|access-token|access_token)$/,
    value: /^\S{12,}$/,
    guessable: false,
    example: ['/root/.config/gh/hosts.yml', 'github.com:\n    user: x\n    oauth_token: {62:40}\n'],
    quietFile: ['/root/.config/gh/hosts.yml', 'github.com:\n    user: x\n    git_protocol: https\n'],
  }),
  settings({
    id: 'gradle-properties',
    issuer: 'Gradle',
    title: 'Password in gradle.properties',
    opens: 'the repository or the signing key that its name tells',
    docs: 'https://docs.gradle.org/current/userguide/build_environment.html',
    names: ['gradle.properties', 'local.properties', 'keystore.properties', 'key.properties', 'signing.properties'],
    keys: /(?:password|passwd|token|secret|apikey|api_key|accesskey)$/i,
    value: /^\S{4,}$/,
    example: ['/root/.gradle/gradle.properties', 'mavenUser=x\nmavenPassword={62:14}\nsigning.keyId=ABCD\n'],
    quietFile: ['/app/gradle.properties', 'org.gradle.jvmargs=-Xmx2g\nmavenPassword=${MAVEN_PASSWORD}\n'],
  }),
  {
    id: 'htpasswd-hash',
    issuer: 'Apache httpd, nginx',
    title: 'Password hash of a web server',
    opens: 'the pages behind it, once the password is guessed from its hash',
    revoke: 'Change the password',
    instead: 'Mount the file when the container starts, and not into the image',
    docs: 'https://httpd.apache.org/docs/2.4/programs/htpasswd.html',
    names: ['.htpasswd', 'htpasswd', '.htdigest', 'proftpd.passwd', 'passwords', 'users.htpasswd', 'htpasswd.users'],
    strength: 'possible',
    guessable: true,
    examples: [{ path: '/etc/nginx/.htpasswd', text: 'admin:$apr1${62:8}${62:22}\n' }],
    quiet: [{ path: '/etc/nginx/.htpasswd', text: '# admin:hash\n' }],
    parse: hashes,
  },
  settings({
    id: 'jenkins-credentials',
    issuer: 'Jenkins',
    title: 'Jenkins credential',
    opens: 'what the job uses it for; secrets/master.key beside it decrypts it',
    instead: 'Keep the home of Jenkins in a volume, and not in the image',
    docs: 'https://www.jenkins.io/doc/book/security/',
    names: ['credentials.xml'],
    keys: /^(?:password|secret|passphrase|privateKey|apiToken|bindPassword|secretBytes)$/,
    value: /^\{?[A-Za-z0-9+/=]{16,}\}?$/,
    strength: 'possible',
    example: [
      '/var/jenkins_home/credentials.xml',
      '<?xml version="1.0"?><com.x><username>bot</username><password>{AQAAABAAAAAg{b64:60}=}</password></com.x>',
    ],
  }),
  {
    id: 'jenkins-initial-password',
    issuer: 'Jenkins',
    title: 'Initial administrator password of Jenkins',
    opens: 'Jenkins as administrator',
    revoke: 'Change the password of the administrator',
    instead: 'Keep the home of Jenkins in a volume, and not in the image',
    docs: 'https://www.jenkins.io/doc/book/installing/',
    names: ['initialadminpassword', 'jenkins.log'],
    strength: 'likely',
    guessable: true,
    examples: [{ path: '/var/jenkins_home/secrets/initialAdminPassword', text: '{hex:32}\n' }],
    quiet: [{ path: '/var/jenkins_home/secrets/initialAdminPassword', text: '\n' }],
    *parse(text) {
      const match = /(?:^|installation:\s{1,8})([0-9a-f]{32})\s/.exec(text)
      if (match?.[1] !== undefined) yield { value: match[1], at: text.indexOf(match[1]) }
    },
  },
  {
    id: 'jenkins-master-key',
    issuer: 'Jenkins',
    title: 'Jenkins master key',
    opens: 'all credentials that Jenkins keeps, with credentials.xml beside it',
    revoke: 'Make Jenkins a new master key, and replace all credentials that it kept',
    instead: 'Keep the home of Jenkins in a volume, and not in the image',
    docs: 'https://www.jenkins.io/doc/book/security/',
    names: ['master.key'],
    path: /secrets\/master\.key$/,
    strength: 'likely',
    examples: [{ path: '/var/jenkins_home/secrets/master.key', text: '{hex:256}' }],
    quiet: [{ path: '/app/secrets/master.key', text: '{hex:32}' }],
    *parse(text) {
      const value = text.trim()
      if (/^[0-9a-f]{256}$/.test(value)) yield { value, at: text.indexOf(value) }
    },
  },
  settings({
    id: 'kaggle-key',
    issuer: 'Kaggle',
    title: 'Kaggle API key',
    opens: "the person's datasets, notebooks and submissions",
    revoke: 'Expire the API token in the Kaggle settings',
    docs: 'https://www.kaggle.com/docs/api',
    names: ['kaggle.json'],
    keys: /^key$/,
    value: /^[0-9a-f]{32}$/,
    guessable: false,
    example: ['/root/.kaggle/kaggle.json', '{"username":"svc","key":"{hex:32}"}'],
    quietFile: ['/root/.kaggle/kaggle.json', '{"username":"svc","key":"${KAGGLE_KEY}"}'],
  }),
  {
    id: 'kerberos-keytab',
    issuer: 'Kerberos',
    title: 'Kerberos keytab',
    opens: 'the realm in the name of its principals',
    revoke: 'Make new keys for the principals (ktadd)',
    docs: 'https://web.mit.edu/kerberos/krb5-latest/doc/basic/keytab_def.html',
    names: ['.keytab', 'krb5.keytab'],
    strength: 'likely',
    examples: [{ path: '/etc/krb5.keytab', text: '\x05\x02\0\0\0\x4b{b64:75}' }],
    quiet: [{ path: '/etc/krb5.keytab', text: 'not a keytab' }],
    *parse(text) {
      if (/^\x05[\x01\x02]\0[\s\S]{20}/.test(text)) yield { value: text.slice(0, MAX_KEYTAB), at: 0 }
    },
  },
  {
    id: 'kubeconfig-login',
    issuer: 'Kubernetes',
    title: 'Login in a kubeconfig',
    opens: 'the cluster with the rights of the user',
    revoke: 'Revoke the token or certificate of the user in the cluster',
    docs: 'https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/',
    names: [
      'config',
      'kubeconfig',
      'kubeconfig.yaml',
      'kubeconfig.yml',
      '.kubeconfig',
      'admin.conf',
      'kubelet.conf',
      'super-admin.conf',
      'k3s.yaml',
      'rke2.yaml',
    ],
    strength: 'likely',
    guessable: true,
    examples: [
      {
        path: '/root/.kube/config',
        text: 'apiVersion: v1\nkind: Config\nusers:\n- name: x\n  user:\n    token: {62:40}\n',
      },
    ],
    quiet: [
      { path: '/root/.kube/config', text: 'kind: Config\nusers:\n- name: x\n  user:\n    exec:\n      command: aws\n' },
    ],
    *parse(text) {
      if (!/kind:\s*Config|"kind":\s*"Config"/.test(text)) return
      for (const { name, value, at } of namedValues(text)) {
        if (!/^(?:token|password|id-token|refresh-token|access-token|client-secret)$/.test(name)) continue
        const checked = worth(value)
        if (checked !== null) yield { value, at, facts: { name }, ...checked }
      }
    },
  },
  settings({
    id: 'mail-program-password',
    issuer: 'esmtp, msmtp, fetchmail, getmail',
    title: 'Mail password',
    opens: 'the mailbox, and mail in its name',
    docs: 'https://marlam.de/msmtp/msmtp.html',
    names: [
      '.esmtprc',
      '.msmtprc',
      'msmtprc',
      '.fetchmailrc',
      '.muttrc',
      'muttrc',
      '.offlineimaprc',
      '.mbsyncrc',
      'sasl_passwd',
      'ssmtp.conf',
    ],
    keys: /^(?:password|remotepass|imap_pass|smtp_pass|pass|authpass)$/i,
    example: ['/root/.offlineimaprc', '[Repository R]\nremotepass = {62:14}\n'],
  }),
  {
    id: 'mail-rc-password',
    issuer: 'esmtp, msmtp, fetchmail',
    title: 'Mail password',
    opens: 'the mailbox, and mail in its name',
    revoke: CHANGE,
    docs: 'https://marlam.de/msmtp/msmtp.html',
    names: ['.esmtprc', '.msmtprc', 'msmtprc', '.fetchmailrc'],
    strength: 'likely',
    guessable: true,
    examples: [{ path: '/root/.msmtprc', text: 'account x\nhost smtp.acme.io\nuser me\npassword {62:14}\n' }],
    quiet: [{ path: '/root/.msmtprc', text: 'account x\npasswordeval "pass show mail"\n' }],
    *parse(text) {
      for (const match of text.matchAll(/\bpassword\s{1,8}(["']?)([^\s"']{3,200})\1/g)) {
        const value = match[2] ?? ''
        const checked = worth(value)
        if (checked !== null) yield { value, at: match.index + match[0].indexOf(value), ...checked }
      }
    },
  },
  settings({
    id: 'maven-settings',
    issuer: 'Maven',
    title: 'Password in Maven settings',
    opens: 'the repository that its server names',
    docs: 'https://maven.apache.org/guides/mini/guide-encryption.html',
    names: ['settings.xml', 'settings-security.xml', 'toolchains.xml'],
    keys: /^(?:password|passphrase|master)$/,
    // `{…}` is encrypted: it opens with the master password of settings-security.xml alone.
    value: /^(?!\{[^{}]*\}$|\$\{)/,
    example: [
      '/root/.m2/settings.xml',
      '<settings><servers><server><id>x</id><password>{62:14}</password></server></servers></settings>',
    ],
    quietFile: [
      '/root/.m2/settings.xml',
      '<settings><servers><server><password>${env.MAVEN_PASSWORD}</password></server></servers><!-- <password>repopwd</password> --></settings>',
    ],
  }),
  {
    id: 'msal-token-cache',
    issuer: 'Microsoft Entra ID (MSAL, az login)',
    title: 'Tokens of a signed-in person',
    opens: 'what the person can do in Azure and Microsoft 365',
    revoke: 'Revoke the sessions of the person in Entra ID',
    docs: 'https://learn.microsoft.com/entra/msal/python/advanced/msal-python-token-cache-serialization',
    names: ['msal_token_cache.json', 'msal_http_cache.bin', 'accesstokens.json', 'service_principal_entries.json'],
    strength: 'likely',
    examples: [
      {
        path: '/root/.azure/msal_token_cache.json',
        text: '{"RefreshToken":{"x":{"credential_type":"RefreshToken","secret":"0.{64:300}","client_id":"{uuid}"}}}',
      },
      {
        path: '/root/.azure/service_principal_entries.json',
        text: '[{"client_id":"{uuid}","tenant":"{uuid}","client_secret":"{62:40}"}]',
      },
    ],
    quiet: [{ path: '/root/.azure/msal_token_cache.json', text: '{"RefreshToken":{},"AccessToken":{}}' }],
    *parse(text) {
      for (const match of text.matchAll(/"(secret|refreshToken|client_secret)"\s{0,8}:\s{0,8}"([^"\\\s]{20,4000})"/g)) {
        const value = match[2] ?? ''
        // An access token is over within the hour; a JSON web token tells for itself.
        if (!value.startsWith('eyJ')) yield { value, at: match.index + match[0].length - 1 - value.length }
      }
    },
  },
  settings({
    id: 'mysql-option-file',
    issuer: 'MySQL, MariaDB',
    title: 'Password in a MySQL option file',
    opens: 'the database with the rights of the user',
    docs: 'https://dev.mysql.com/doc/refman/8.4/en/option-files.html',
    names: ['.my.cnf', 'my.cnf', 'debian.cnf', 'client.cnf', 'my.ini'],
    keys: /^(?:password|master-password)$/i,
    example: ['/root/.my.cnf', '[client]\nuser=root\npassword="{62:14}"\n'],
    quietFile: ['/etc/mysql/my.cnf', '[client]\n#password = your_password\nport = 3306\n'],
  }),
  settings({
    id: 'nuget-config',
    issuer: 'NuGet',
    title: 'Feed password in NuGet.Config',
    opens: 'the packages of the feed',
    docs: 'https://learn.microsoft.com/nuget/reference/nuget-config-file#packagesourcecredentials',
    names: ['nuget.config'],
    keys: /^ClearTextPassword$/i,
    value: /^(?!%\w+%$)/,
    example: [
      '/root/.nuget/NuGet/NuGet.Config',
      '<configuration><packageSourceCredentials><Acme><add key="Username" value="x" /><add key="ClearTextPassword" value="{62:20}" /></Acme></packageSourceCredentials></configuration>',
    ],
    quietFile: [
      '/app/nuget.config',
      '<configuration><x><add key="ClearTextPassword" value="%TOKEN%" /></x></configuration>',
    ],
  }),
  {
    id: 'pgpass',
    issuer: 'PostgreSQL',
    title: 'Password in a .pgpass file',
    opens: 'the database with the rights of the user',
    revoke: 'Change the password of the database account',
    docs: 'https://www.postgresql.org/docs/current/libpq-pgpass.html',
    names: ['.pgpass', 'pgpass.conf', 'pgpass'],
    strength: 'likely',
    guessable: true,
    examples: [{ path: '/root/.pgpass', text: 'db.acme.io:5432:app:svc:{62:14}\n' }],
    quiet: [{ path: '/root/.pgpass', text: '# hostname:port:database:username:password\n' }],
    *parse(text) {
      for (const match of text.matchAll(
        /^([^#:\n]{1,200}):(?:\d{1,5}|\*):([^:\n]{1,100}):([^:\n]{1,100}):([^\n]{1,200})$/gm,
      )) {
        const [whole, host = '', , user = '', value = ''] = match
        const checked = worth(value.trim())
        if (checked !== null)
          yield { value: value.trim(), at: match.index + whole.lastIndexOf(value), facts: { host, user }, ...checked }
      }
    },
  },
  {
    id: 'postfix-sasl-password',
    issuer: 'Postfix',
    title: 'Password of a mail relay',
    opens: 'mail in the name of the account',
    revoke: 'Change the password of the account at the relay',
    docs: 'https://www.postfix.org/SASL_README.html#client_sasl_enable',
    names: ['sasl_passwd', 'sasl_password', 'sasl_passwds'],
    strength: 'likely',
    guessable: true,
    examples: [{ path: '/etc/postfix/sasl_passwd', text: '[smtp.acme.io]:587 svc@acme.io:{62:14}\n' }],
    quiet: [
      { path: '/etc/postfix/sasl_passwd', text: '# [smtp.acme.io]:587 user:password\n[smtp.acme.io] $USER:$PASS\n' },
    ],
    *parse(text) {
      for (const match of text.matchAll(/^[^\s#]{1,200}[ \t]{1,20}(?<user>[^\s:]{1,100}):(?<value>\S{3,200})$/gm)) {
        const { user = '', value = '' } = match.groups ?? {}
        const checked = worth(value)
        const at = match.index + match[0].length - value.length
        if (checked !== null) yield { value, at, facts: { user }, ...checked }
      }
    },
  },
  settings({
    id: 'pypirc',
    issuer: 'PyPI',
    title: 'Password in a .pypirc file',
    opens: 'publishes packages in the name of the account',
    revoke: 'Remove the API token in the account settings of the index, or change the password',
    docs: 'https://packaging.python.org/en/latest/specifications/pypirc/',
    names: ['.pypirc'],
    keys: /^password$/,
    example: ['/root/.pypirc', '[acme]\nrepository = https://pypi.acme.io\nusername = x\npassword = {62:14}\n'],
    quietFile: ['/root/.pypirc', '[distutils]\nindex-servers = pypi\n'],
  }),
  {
    id: 'rails-master-key',
    issuer: 'Ruby on Rails',
    title: 'Rails master key',
    opens: 'all encrypted credentials of the application',
    revoke: 'Encrypt the credentials anew with another key, and replace the values in them',
    docs: 'https://guides.rubyonrails.org/security.html#custom-credentials',
    names: ['master.key', 'production.key', 'staging.key', 'development.key'],
    path: /config\/(?:credentials\/\w+|master)\.key$/,
    strength: 'likely',
    examples: [{ path: '/app/config/master.key', text: '{hex:32}' }],
    quiet: [{ path: '/app/config/master.key', text: 'see the wiki' }],
    *parse(text) {
      const value = text.trim()
      if (/^[0-9a-f]{32}$|^[0-9a-f]{64}$/.test(value) && entropy(value) > 2.5) yield { value, at: text.indexOf(value) }
    },
  },
  settings({
    id: 'rails-secret-key-base',
    issuer: 'Ruby on Rails',
    title: 'Rails secret key base',
    opens: 'sessions and signed cookies of the application',
    revoke: 'Make a new secret_key_base: all sessions end',
    docs: 'https://guides.rubyonrails.org/security.html',
    names: ['secrets.yml', 'secret_token.rb', '.env', '.env.production', 'environment.rb'],
    keys: /^(?:SECRET_KEY_BASE|secret_key_base|config\.secret_key_base|\w+\.secret_key_base|\w+\.secret_token)$/,
    value: /^[0-9a-f]{64,256}$/,
    guessable: false,
    example: ['/app/config/secrets.yml', 'production:\n  secret_key_base: {hex:128}\n'],
    quietFile: ['/app/config/secrets.yml', 'production:\n  secret_key_base: <%= ENV["SECRET_KEY_BASE"] %>\n'],
  }),
  settings({
    id: 'rclone-config',
    issuer: 'rclone',
    title: 'Password or token of an rclone remote',
    opens: 'the remote that its section names: a password is only obscured',
    docs: 'https://rclone.org/docs/#configuration-encryption',
    names: ['rclone.conf', '.rclone.conf'],
    keys: /^(?:pass|password2?|secret_access_key|client_secret|token|service_account_credentials|key|sas_url|bearer_token|api_key)$/,
    value: /^\S{12,}/,
    example: ['/root/.config/rclone/rclone.conf', '[box]\ntype = sftp\nuser = x\npass = {64:38}\n'],
    quietFile: ['/root/.config/rclone/rclone.conf', '# Encrypted rclone configuration File\nRCLONE_ENCRYPT_V0:\n'],
  }),
  settings({
    id: 'redis-config',
    issuer: 'Redis',
    title: 'Redis password',
    opens: 'all data of the server',
    docs: 'https://redis.io/docs/latest/operate/oss_and_stack/management/security/',
    names: ['sentinel.properties', 'redis.properties'],
    keys: PASSWORD,
    example: ['/app/redis.properties', 'redis.password={62:14}\n'],
  }),
  {
    id: 'redis-requirepass',
    issuer: 'Redis',
    title: 'Redis password',
    opens: 'all data of the server',
    revoke: CHANGE,
    docs: 'https://redis.io/docs/latest/operate/oss_and_stack/management/security/',
    names: ['redis.conf', 'sentinel.conf', 'valkey.conf', '6379.conf'],
    strength: 'likely',
    guessable: true,
    examples: [{ path: '/etc/redis/redis.conf', text: 'port 6379\nrequirepass {62:16}\n' }],
    quiet: [{ path: '/etc/redis/redis.conf', text: '# requirepass foobared\n' }],
    *parse(text) {
      for (const match of text.matchAll(
        /^[ \t]{0,8}(?:requirepass|masterauth|sentinel auth-pass \S{1,60})[ \t]{1,8}"?([^\s"#]{3,200})"?/gm,
      )) {
        const value = match[1] ?? ''
        const checked = worth(value)
        if (checked !== null) yield { value, at: match.index + match[0].lastIndexOf(value), ...checked }
      }
    },
  },
  settings({
    id: 'sbt-credentials',
    issuer: 'sbt, Ivy',
    title: 'Password in sbt or Ivy credentials',
    opens: 'the repository that its host names',
    docs: 'https://www.scala-sbt.org/1.x/docs/Publishing.html#Credentials',
    names: ['.credentials', 'sonatype.sbt', '.sbtcredentials'],
    keys: /^(?:password|pass)$/i,
    example: ['/root/.sbt/.credentials', 'realm=Acme\nhost=repo.acme.io\nuser=x\npassword={62:14}\n'],
  }),
  {
    id: 'shadow-hash',
    issuer: 'Linux',
    title: 'Password hash of an account',
    opens: 'the account, once the password is guessed from its hash',
    revoke: 'Lock the account (passwd -l), or set the password when the container starts',
    instead: 'Remove the password where the Dockerfile sets it: no process of a container needs one to run',
    docs: 'https://man7.org/linux/man-pages/man5/shadow.5.html',
    names: ['shadow', 'shadow-', 'gshadow', 'gshadow-', 'passwd', 'passwd-', 'master.passwd'],
    path: /^(?:.*\/)?etc\/(?:g?shadow|(?:master\.)?passwd)-?$/,
    strength: 'possible',
    guessable: true,
    examples: [{ path: '/etc/shadow', text: 'root:*:19000:0:99999:7:::\napp:$6${62:16}${62:86}:19000:0:99999:7:::\n' }],
    quiet: [{ path: '/etc/shadow', text: 'root:*:19000:0:99999:7:::\nbin:!:19000::::::\nnobody:!!:19000::::::\n' }],
    parse: hashes,
  },
  {
    id: 'shell-history',
    issuer: 'shells and database clients',
    title: 'Credential in a command history',
    opens: 'what the command was for',
    revoke: 'Change the password or revoke the token that the command was given',
    instead: 'Leave the history out of the image (HISTFILE=/dev/null, or remove it in the same RUN)',
    docs: 'https://www.gnu.org/software/bash/manual/html_node/Bash-History-Facilities.html',
    names: [
      '.bash_history',
      '.zsh_history',
      '.ash_history',
      '.sh_history',
      '.history',
      '.psql_history',
      '.mysql_history',
      '.python_history',
      '.node_repl_history',
      '.rediscli_history',
      '.mongorc.js',
      'fish_history',
      '.irb_history',
      'consolehost_history.txt',
    ],
    strength: 'likely',
    guessable: true,
    examples: [{ path: '/root/.bash_history', text: 'ls\nexport DB_PASSWORD={62:14}\nmysql -u root -p{62:14}\n' }],
    quiet: [{ path: '/root/.bash_history', text: 'ls -la\nexport DB_PASSWORD=$(pass show db)\nmysql -u root -p\n' }],
    *parse(text) {
      for (const match of text.matchAll(IN_COMMAND)) {
        const value = match.groups?.['value'] ?? ''
        const checked = worth(value)
        if (checked !== null && !value.startsWith('$'))
          yield { value, at: match.index + match[0].lastIndexOf(value), ...checked }
      }
    },
  },
  settings({
    id: 'snowsql-config',
    issuer: 'Snowflake',
    title: 'Password in a SnowSQL configuration',
    opens: 'the warehouse with the rights of the user',
    docs: 'https://docs.snowflake.com/en/user-guide/snowsql-config',
    names: ['config', 'connections.toml'],
    path: /\.(?:snowsql\/config|snowflake\/connections\.toml)$/,
    keys: /^(?:password|token|private_key_passphrase)$/,
    example: ['/root/.snowsql/config', '[connections]\nusername = x\npassword = {62:14}\n'],
  }),
  {
    id: 'terraform-state',
    issuer: 'Terraform, OpenTofu',
    title: 'Secret in a Terraform state',
    opens: 'what its attribute names: states hold every password in plain text',
    revoke: CHANGE,
    instead: 'Keep the state in a backend, and out of the directories that are copied',
    docs: 'https://developer.hashicorp.com/terraform/language/state/sensitive-data',
    names: ['.tfstate', 'terraform.tfstate.backup', '.backup'],
    path: /\.tfstate(?:\.backup)?$/,
    strength: 'likely',
    guessable: true,
    examples: [
      {
        path: '/app/terraform.tfstate',
        text: '{"version":4,"terraform_version":"1.9.0","resources":[{"instances":[{"attributes":{"username":"x","password":"{62:14}"}}]}]}',
      },
    ],
    quiet: [{ path: '/app/terraform.tfstate', text: '{"version":4,"terraform_version":"1.9.0","resources":[]}' }],
    *parse(text) {
      if (!/"terraform_version"/.test(text)) return
      for (const { name, value, at } of namedValues(text)) {
        if (
          !PASSWORD_OR_TOKEN.test(name) &&
          !/^(?:result|private_key|primary_access_key|secondary_access_key|primary_connection_string|client_secret|bcrypt_hash)$/.test(
            name,
          )
        )
          continue
        if (/^private_key/.test(name) || (name === 'result' && value.length < 8)) continue
        const checked = worth(value)
        if (checked !== null) yield { value, at, facts: { name }, ...checked }
      }
    },
  },
  settings({
    id: 'terraform-variables',
    issuer: 'Terraform, OpenTofu',
    title: 'Secret in Terraform variables',
    opens: 'what its name tells',
    docs: 'https://developer.hashicorp.com/terraform/language/values/variables',
    names: ['.tfvars', '.tfvars.json', 'credentials.tfrc.json', '.terraformrc', 'terraform.rc'],
    keys: PASSWORD_OR_TOKEN,
    value: /^[^\s${]{4,}$/,
    example: ['/app/prod.tfvars', 'region = "eu-1"\ndb_password = "{62:14}"\n'],
    quietFile: ['/app/prod.tfvars', 'db_password = "${var.password}"\nregion = "eu-1"\n'],
  }),
  settings({
    id: 'wifi-passphrase',
    issuer: 'wpa_supplicant, NetworkManager',
    title: 'Wi-Fi passphrase',
    opens: 'the wireless network',
    revoke: 'Change the passphrase of the network',
    instead: 'Leave it out: no container joins a wireless network',
    docs: 'https://w1.fi/wpa_supplicant/',
    names: ['wpa_supplicant.conf', '.nmconnection', 'hostapd.conf'],
    keys: /^(?:psk|wpa_passphrase|password|sae_password)$/,
    value: /^.{8,64}$/,
    example: ['/etc/wpa_supplicant/wpa_supplicant.conf', 'network={\n  ssid="x"\n  psk="{62:12}"\n}\n'],
  }),
  {
    id: 'wordpress-config',
    issuer: 'WordPress',
    title: 'Password or key in wp-config.php',
    opens: 'the database of the site, or the sessions of its users',
    revoke: 'Change the database password, and make new keys and salts',
    docs: 'https://developer.wordpress.org/advanced-administration/wordpress/wp-config/',
    names: ['wp-config.php', 'wp-config-local.php', 'wp-salt.php'],
    strength: 'likely',
    guessable: true,
    examples: [
      {
        path: '/var/www/html/wp-config.php',
        text: "<?php\ndefine('DB_PASSWORD', '{62:14}');\ndefine( 'AUTH_KEY', '{64:64}' );\n",
      },
    ],
    quiet: [
      {
        path: '/var/www/html/wp-config.php',
        text: "<?php\ndefine( 'DB_PASSWORD', getenv('DB_PASSWORD') );\ndefine('AUTH_KEY', 'put your unique phrase here');\n",
      },
    ],
    *parse(text) {
      for (const match of text.matchAll(
        /define\(\s{0,4}(["'])(DB_PASSWORD|FTP_PASS|SECRET_KEY|(?:SECURE_)?(?:AUTH|LOGGED_IN|NONCE)_(?:KEY|SALT))\1\s{0,4},\s{0,4}(["'])([^\n]{3,200}?)\3\s{0,4}\)/g,
      )) {
        const value = match[4] ?? ''
        const checked = /unique phrase/.test(value) ? null : worth(value)
        if (checked !== null)
          yield { value, at: match.index + match[0].lastIndexOf(value), facts: { name: match[2] ?? '' }, ...checked }
      }
    },
  },
]
