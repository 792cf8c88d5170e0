// Running what the network sends: through a pipe, a substitution, or a file that nobody checks.
import { downloadsOf, isPlainHttp } from '../../evidence/downloads.ts'
import { isInterpreter } from '../../shell/interpreter.ts'
import { onCommand } from '../placed.ts'
import { type BuildRule, REFERENCES, type RuleMeta } from '../rule.ts'
import { quote } from './quote.ts'

const meta: RuleMeta = {
  id: 'pipe-to-shell',
  title: 'A script from the network runs unseen',
  description:
    'A RUN hands what a download yields to a shell or another interpreter, by a pipe, a substitution or a file, without a check of its content.',
  remedy: 'Download to a file, check it with sha256sum -c or a signature, then run it.',
  severity: 'medium',
  confidence: 'high',
  kind: 'rule',
  references: [REFERENCES.cis411, REFERENCES.owaspSupplyChain, REFERENCES.nistImage, REFERENCES.attackSupplyChain],
  enabled: true,
  strict: 'high',
  hadolint: ['DL4006'],
}

export const pipeToShell: BuildRule = {
  meta,
  *check({ steps, cut }) {
    for (const { by, command: download, url, uses } of downloadsOf(steps)) {
      const use = uses.find(({ kind }) => kind === 'run')
      if (use === undefined || use.isVerified) continue
      const { step, command, how } = use
      const plain = isPlainHttp(url)
      const runner = isInterpreter(command.name) ? command.name : 'sh'
      yield onCommand(
        meta,
        step,
        download !== null && download.position < command.position && command.fedBy.length > 0
          ? { position: download.position, end: command.end }
          : command,
        {
          severity: plain ? 'high' : 'medium',
          message: `RUN ${how}${url === null ? '' : ` from ${url}`}${plain ? ' over plain http' : ''}${command.fedBy.length > 0 ? '' : ` (${quote(cut, command)})`}: whoever controls the server, or the way to it, runs code in the build.`,
          remedy: `Download, check, then run: curl -fsSLo /tmp/script ${url?.replace(/^http:/, 'https:') ?? 'URL'} && echo "<sha256>  /tmp/script" | sha256sum -c - && ${runner} /tmp/script`,
          identity: [url ?? by, command.name],
        },
      )
    }
  },
}
