// An account that is root by another name, or that needs no password.
import { REFERENCES, type Rule, type RuleMeta } from '../rule.ts'
import { collectedFile, onVersion } from './file-finding.ts'

const meta: RuleMeta = {
  id: 'extra-root-account',
  title: 'A second root, or an account without a password',
  description: 'An account other than root has uid 0, or an account that can log in has an empty password.',
  remedy: 'Remove the account, or give it a uid of its own and lock its password.',
  severity: 'high',
  confidence: 'high',
  kind: 'rule',
  references: [REFERENCES.attackAccount, REFERENCES.attackAccounts],
  enabled: true,
}

/** Shells that let nobody in. */
const NO_LOGIN = /(?:^|\/)(?:nologin|false|sync|shutdown|halt|true)$/

interface Account {
  readonly name: string
  readonly password: string
  readonly uid: string
  readonly shell: string
}

const accountsIn = (text: string): Account[] =>
  text.split('\n').flatMap((line) => {
    const [name = '', password = '', uid = '', , , , shell = ''] = line.trim().split(':')
    return name === '' || name.startsWith('#') || uid === '' ? [] : [{ name, password, uid, shell }]
  })

export const extraRootAccount: Rule = {
  meta,
  *check(evidence) {
    const passwd = collectedFile(evidence, '/etc/passwd')
    if (passwd === null) return
    const accounts = accountsIn(passwd.text)
    const canLogIn = ({ shell }: Account): boolean => shell === '' || !NO_LOGIN.test(shell)
    for (const account of accounts) {
      // toor comes with systems that have a second shell for root.
      if (!/^0+$/.test(account.uid) || account.name === 'root' || account.name === 'toor' || !canLogIn(account))
        continue
      yield onVersion(meta, evidence, passwd.version, {
        message: `/etc/passwd: ${evidence.cut(account.name, 40)} has uid 0. It is root by another name.`,
        remedy: `Remove the account (userdel ${evidence.cut(account.name, 40)}), or give it a uid of its own.`,
        identity: ['uid 0', account.name],
      })
    }
    for (const account of accounts)
      if (account.password === '' && canLogIn(account))
        yield onVersion(meta, evidence, passwd.version, {
          message: `/etc/passwd: ${evidence.cut(account.name, 40)} has no password.`,
          remedy: `Lock it: passwd -l ${evidence.cut(account.name, 40)}.`,
          identity: ['no password', account.name],
        })
    const shadow = collectedFile(evidence, '/etc/shadow')
    if (shadow === null) return
    const known = new Map(accounts.map((account) => [account.name, account]))
    for (const line of shadow.text.split('\n')) {
      const [name = '', password] = line.trim().split(':')
      const account = known.get(name)
      if (password !== '' || account === undefined || account.password !== 'x' || !canLogIn(account)) continue
      yield onVersion(meta, evidence, shadow.version, {
        message: `/etc/shadow: ${evidence.cut(name, 40)} has no password: anyone becomes it, by su or over SSH.`,
        remedy: `Lock it: passwd -l ${evidence.cut(name, 40)}.`,
        identity: ['no password', name],
      })
    }
  },
}
