// Why something about the build is not known, and what would tell it.

/** What would tell: which Dockerfile was built, since none is known or another one than those at hand; which stage of it; or nothing but the provenance of a build. */
export const MISSING = ['dockerfile', 'other-dockerfile', 'stage', 'provenance'] as const

export interface Reason {
  /** In words, without a full stop. */
  readonly text: string
  readonly missing: (typeof MISSING)[number]
}

export const noDockerfile = (text: string): Reason => ({ text, missing: 'dockerfile' })
export const wrongDockerfile = (text: string): Reason => ({ text, missing: 'other-dockerfile' })
export const noStage = (text: string): Reason => ({ text, missing: 'stage' })
export const noProvenance = (text: string): Reason => ({ text, missing: 'provenance' })
