export const VERSION = '1.0.0'

/** Where the project lives: links of reports lead there, and workflows name it. */
export const REPOSITORY = 'layergate/layergate'

export const HOME = `https://github.com/${REPOSITORY}`
