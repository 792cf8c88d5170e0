// Bytes of an image on standard output, as they are: for pipes.

/** Writes all bytes, and returns once they are taken. */
export const writeBytes = (bytes: Buffer): Promise<void> =>
  new Promise((resolve, reject) => {
    process.stdout.write(bytes, (error) => (error == null ? resolve() : reject(error)))
  })
