// A program or an archive from the network that is installed as it comes.
import { downloadsOf, isPlainHttp } from '../../evidence/downloads.ts'
import { onCommand } from '../placed.ts'
import { type BuildRule, REFERENCES, type RuleMeta } from '../rule.ts'
import { quote } from './quote.ts'

const meta: RuleMeta = {
  id: 'download-unverified',
  title: 'A download is installed without a check',
  description:
    'A program or an archive is fetched from the network and unpacked, installed or made executable without a checksum or a signature.',
  remedy: 'Check the file between download and use: echo "<sha256>  FILE" | sha256sum -c -',
  severity: 'low',
  confidence: 'high',
  kind: 'rule',
  references: [REFERENCES.cis411, REFERENCES.owaspSupplyChain, REFERENCES.nistImage, REFERENCES.attackSupplyChain],
  enabled: true,
}

export const downloadUnverified: BuildRule = {
  meta,
  *check({ steps, cut }) {
    for (const { by, command, step, url, uses } of downloadsOf(steps)) {
      const use = uses.find(({ kind }) => kind === 'install')
      // pipe-to-shell reports what runs, plain-http-download plain http, remote-add ADD.
      if (
        use === undefined ||
        use.isVerified ||
        command === null ||
        isPlainHttp(url) ||
        uses.some(({ kind }) => kind === 'run')
      )
        continue
      yield onCommand(meta, step, command, {
        message: `RUN downloads ${url ?? 'a file'} with ${by} and ${use.how}, without a check of its content (${quote(cut, use.command)}): who replaces it on the server is in the image.`,
        remedy:
          'Write down the checksum of the version that you want, and check it first: echo "<sha256>  FILE" | sha256sum -c - (or ADD --checksum=sha256:… URL FILE).',
        identity: [url ?? by, use.command.name],
      })
    }
  },
}
