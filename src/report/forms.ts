// The forms of a report of one image. What stands here is what --format takes, what help lists, and what the tests search for
// secrets and for text of an image that has an effect: a form is added here and nowhere else.
import type { GateError } from '../error.ts'
import { errorReport } from '../outcome/build-outcome.ts'
import type { Outcome } from '../outcome/outcome.ts'
import { renderGitlab } from './gitlab.ts'
import { renderGitlabSecrets } from './gitlab-secrets.ts'
import { renderJson } from './json.ts'
import { renderJunit, renderJunitError } from './junit.ts'
import { renderSarif } from './sarif.ts'
import { renderErrorSummary, renderSummary } from './summary.ts'
import { renderTerminal } from './terminal.ts'

/** What a form may ask for beside the outcome. */
interface Look {
  readonly color: boolean
  readonly verbose: boolean
  /** Lists what was found and is no finding. */
  readonly showQuiet?: boolean
  /** The configuration in the repository; null where there is none. */
  readonly configPath: string | null
  /** The commit that was built; null where nothing says it. */
  readonly commit: string | null
  /** When the run ended. */
  readonly now: Date
}

export interface Form {
  readonly name: string
  /** For help: what it is good for. */
  readonly about: string
  readonly render: (outcome: Outcome, look: Look) => string
  /**
   * What is written when nothing was judged. null: nothing is, since a list without findings would close every alert.
   * @param reference the image as the user named it
   * @param name what reports call it
   */
  readonly renderError: ((error: GateError, reference: string, name: string) => string) | null
}

export const FORMS: readonly Form[] = [
  {
    name: 'terminal',
    about: 'for people, the default',
    render: (outcome, look) => renderTerminal(outcome, look),
    renderError: null,
  },
  {
    name: 'json',
    about: 'for programs',
    render: ({ report }) => renderJson(report),
    renderError: (error, _reference, name) => renderJson(errorReport(error, name)),
  },
  {
    name: 'sarif',
    about: 'for code scanning',
    render: (outcome, { configPath }) => renderSarif(outcome, configPath),
    renderError: null,
  },
  {
    name: 'markdown',
    about: 'for job summaries',
    render: (outcome) => renderSummary(outcome),
    renderError: (error, reference) => renderErrorSummary(reference, error),
  },
  {
    name: 'junit',
    about: 'JUnit XML, one test a rule',
    render: (outcome) => renderJunit(outcome),
    renderError: (error, _reference, name) => renderJunitError(error, name),
  },
  {
    name: 'gitlab',
    about: "GitLab's Code Quality",
    render: (outcome, { configPath }) => renderGitlab(outcome, configPath),
    renderError: null,
  },
  {
    name: 'gitlab-secrets',
    about: "GitLab's report of secrets",
    render: (outcome, look) => renderGitlabSecrets(outcome, look),
    renderError: null,
  },
]
