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

/** What each kind of server runs, and what such pages are disguised as. */
const DISGUISE = String.raw`ico|gif|jpe?g|png|bmp|txt|log|html?`
const PAGES: Readonly<Record<string, RegExp>> = {
  php: new RegExp(String.raw`\.(?:php[3-8]?|phtml|phar|inc|htaccess|${DISGUISE})$`, 'i'),
  jsp: new RegExp(String.raw`\.(?:jspx?|jspf|${DISGUISE})$`, 'i'),
  aspx: new RegExp(String.raw`\.(?:aspx?|ashx|asmx|cshtml|${DISGUISE})$`, 'i'),
  python: /\.(?:py|cgi|wsgi)$/i,
  node: /\.[cm]?[jt]sx?$/i,
}

export const webShell: Rule = {
  meta,
  *check(evidence) {
    yield* inFiles(meta, evidence, {
      isMeant: (_version, sign, name) => PAGES[/:(\w+)/.exec(sign)?.[1] ?? '']?.test(name) === true,
      remedy:
        'Take the image out of use, and look at the page: layergate cat IMAGE PATH. If it is meant, let it run a fixed list of commands, never the words of a request.',
    })
  },
}
