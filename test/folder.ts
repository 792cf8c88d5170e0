// A temporary folder for each test, removed after it.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach } from 'vitest'

export interface Folder {
  /** Of the test that runs. */
  readonly path: string
  /** Writes a file, and the directories above it. */
  put(name: string, text: string): void
}

/** Makes the folder before each test of the suite that calls it. */
export function useFolder(): Folder {
  let root = ''
  beforeEach(() => {
    root = mkdtempSync(path.join(tmpdir(), 'layergate-folder-'))
  })
  afterEach(() => rmSync(root, { recursive: true, force: true }))
  return {
    get path() {
      return root
    },
    put: (name, text) => {
      mkdirSync(path.dirname(path.join(root, name)), { recursive: true })
      writeFileSync(path.join(root, name), text)
    },
  }
}
