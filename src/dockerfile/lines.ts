// Where something stands in a Dockerfile.

/** Lines of the Dockerfile. `exact`: from provenance; `aligned`: history held against the Dockerfile. */
export interface DockerfileLines {
  readonly path: string
  readonly startLine: number
  readonly endLine: number
  readonly certainty: 'exact' | 'aligned'
  /** The lines are those of the Dockerfile that was built; no file of the checkout has its content. */
  readonly changed?: true
}
