// Why nothing was judged, in words for the heading of every report.

const WHY: Readonly<Record<string, string>> = {
  config: 'the configuration is wrong',
  internal: 'Layergate failed',
  interrupted: 'the run was ended',
  policy: 'the policy could not be read',
  timeout: 'the run took too long',
  usage: 'the inputs are wrong',
}

/** What kept a run from its verdict. */
export interface Failure {
  readonly code: string
  readonly message: string
}

const whyOf = (code: string): string | undefined => (Object.hasOwn(WHY, code) ? WHY[code] : undefined)

/** The title of the annotation. No colon or comma is in it, which the runner would want escaped. */
export const failureTitle = (code: string): string =>
  whyOf(code) === undefined ? 'Layergate could not judge the image' : `Layergate judged nothing because ${whyOf(code)}`

/** `IMAGE could not be read`, where the image is the reason; else whatever is. @param name marked up as the report does */
export const failureHeadline = (name: string, code: string): string =>
  whyOf(code) === undefined ? `${name} could not be read` : `${name} was not judged: ${whyOf(code)}`
