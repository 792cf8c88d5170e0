// A page that runs what its visitor sends.
import { REFERENCES, type Rule, type RuleMeta } from '../rule.ts'
import { inFiles } from './signs.ts'

const meta: RuleMeta = {
  id: 'web-shell',
  title: 'A web shell',
  description: 'A page of the image runs what a request sends.',
  remedy: 'Take the image out of use, find out who brought it, and rebuild from a source that you trust.',
  severity: 'critical',
  confidence: 'high',
  kind: 'rule',
  references: [REFERENCES.attackWebShell],
  enabled: true,
}

/** What a web server runs, and what such pages are disguised as. */
const PAGES =
  /\.(?:php[3-8]?|phtml|phar|inc|jspx?|jspf|war|aspx?|ashx|asmx|cshtml|py|cgi|htaccess|ico|gif|jpe?g|png|bmp|txt|log|html?)$/i

export const webShell: Rule = {
  meta,
  *check(evidence) {
    yield* inFiles(meta, evidence, {
      isMeant: ({ path }) => PAGES.test(path),
      remedy:
        'Take the image out of use, and look at the page: layergate cat IMAGE PATH. If it is meant, let it run a fixed list of commands, never the words of a request.',
    })
  },
}
