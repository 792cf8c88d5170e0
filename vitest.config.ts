import { defineConfig } from 'vitest/config'

/** Files share their modules: the detectors are compiled once in each worker, not once in each file. */
const common = {
  // The young generation of a worker holds what a file of tests makes: collecting it took a seventh of the time.
  execArgv: ['--max-semi-space-size=64'],
  isolate: false,
  testTimeout: 60_000,
  hookTimeout: 120_000,
}

export default defineConfig({
  test: {
    maxWorkers: '100%',
    projects: [
      { test: { ...common, name: 'unit', include: ['test/**/*.test.ts'], exclude: ['test/engine/**'] } },
      {
        test: { ...common, name: 'engine', include: ['test/engine/**/*.test.ts'], globalSetup: 'test/engine/setup.ts' },
      },
    ],
  },
})
